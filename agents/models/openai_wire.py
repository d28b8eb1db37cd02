"""Chat completions on the wire: a request as its JSON body. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence

from sayso.tools import ToolResult
from sayso.tools.canonical import JsonObject, readable_json

from ..messages import AssistantMessage, Message, Sampling, SystemMessage, ToolMessage, UserMessage
from .model import ModelRequest

# ---- the request ----


def build_body(model: str, request: ModelRequest, without: frozenset[str] = frozenset()) -> JsonObject:
    """Return the body of a request, leaving out or renaming the fields that the endpoint has refused (`without`)."""
    body: JsonObject = {"model": model, "messages": build_messages(request.messages), "stream": True}
    body["stream_options"] = {"include_usage": True}
    if request.grammar:
        body["grammar"] = request.grammar
    if request.tools:
        body["tools"] = [dict(tool) for tool in request.tools]
    if request.schema is not None and (response_format := _build_response_format(request.schema, without)):
        body["response_format"] = response_format
    body |= _build_sampling(request.sampling)
    if "max_tokens" in without and "max_tokens" in body:
        body["max_completion_tokens"] = body["max_tokens"]
    return {key: value for key, value in body.items() if key not in without}


def _build_response_format(schema: Mapping[str, object], without: frozenset[str]) -> JsonObject | None:
    if "json_schema" not in without:
        name = re.sub(r"[^a-zA-Z0-9_-]", "_", str(schema.get("title") or "answer"))[:64]
        return {"type": "json_schema", "json_schema": {"name": name, "schema": dict(schema), "strict": False}}
    is_object = schema.get("type") == "object" or "$ref" in schema  # under json_object neither a list nor a bare word is allowed
    return {"type": "json_object"} if is_object and "json_object" not in without else None


def _build_sampling(sampling: Sampling) -> JsonObject:
    given = {
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "max_tokens": sampling.max_tokens,
        "stop": None if sampling.stop is None else list(sampling.stop),
        "seed": sampling.seed,
        "logit_bias": None if sampling.logit_bias is None else dict(sampling.logit_bias),
        "top_k": sampling.top_k,
        "repetition_penalty": sampling.repetition_penalty,
        "repeat_penalty": sampling.repetition_penalty,  # llama.cpp's word for it; servers pass over the word they do not know
    }
    return {key: value for key, value in given.items() if value is not None}


def build_messages(messages: Sequence[Message]) -> list[JsonObject]:
    """Return the transcript as chat messages."""
    tools: dict[str, str] = {}
    wired: list[JsonObject] = []
    for message in messages:
        match message:
            case SystemMessage(text):
                if wired and wired[0]["role"] == "system":  # many chat templates take one, at the beginning
                    wired[0]["content"] += f"\n\n{text}"
                else:
                    wired.insert(0, {"role": "system", "content": text})
            case UserMessage(text=text):
                wired.append({"role": "user", "content": text})
            case AssistantMessage():
                tools |= {call.id: call.tool for call in message.calls}
                wired.append(_build_assistant(message))
            case ToolMessage(results, True):
                wired += [{"role": "tool", "tool_call_id": make_wire_id(result.call_id), "content": result.text} for result in results]
            case ToolMessage(results, False, shown):
                wired.append({"role": "user", "content": shown or "\n\n".join(_frame_result(result, tools) for result in results)})
    return wired


def _build_assistant(message: AssistantMessage) -> JsonObject:
    if not (message.native and message.calls):
        return {"role": "assistant", "content": message.text}
    calls = [
        {"id": make_wire_id(call.id), "type": "function", "function": {"name": call.tool, "arguments": readable_json(call.arguments)}}
        for call in message.calls
    ]
    return {"role": "assistant", "content": message.text or None, "tool_calls": calls}


def _frame_result(result: ToolResult, tools: Mapping[str, str]) -> str:
    return f"[result of {tools.get(result.call_id, 'the call')}]\n{result.text}\n[end of result]"


def make_wire_id(call_id: str) -> str:
    """Return a call's id as every provider takes it. The strictest is Mistral: exactly nine letters or digits."""
    numbers = re.fullmatch(r"(0|[1-9][0-9]{0,2})\.(0|[1-9][0-9]?)", call_id)
    if numbers:
        return f"call{numbers[1]:0>3}{numbers[2]:0>2}"
    return "c" + hashlib.sha256(call_id.encode("utf-8", "surrogatepass")).hexdigest()[:8]


# ---- what an endpoint does not take ----

_REFUSES = re.compile(
    r"unsupported|not\W+support|unrecogni[sz]ed|unknown|unexpected|not permitted|not allowed|extra_forbidden|unavailable", re.I
)
_PLAIN_FIELDS = ("temperature", "top_p", "top_k", "repetition_penalty", "repeat_penalty", "logit_bias", "seed", "stop")


def find_refused_field(answer: str, body: JsonObject) -> str | None:
    """Return the field of `body` that a refusal is about, for `build_body(without=)`; None where nothing can be left out."""
    if "max_tokens" in body and "max_completion_tokens" in answer:
        return "max_tokens"
    if "stream_options" in body and re.search(r"stream_options|include_usage", answer):
        return "stream_options"
    if "response_format" in body and re.search(r"response.?format|json.?schema|json.?object|guided|grammar", answer, re.I):
        return str(body["response_format"]["type"])
    if not _REFUSES.search(answer):
        return None
    return next((name for name in _PLAIN_FIELDS if name in body and re.search(rf"(?<![\w.]){name}(?!\w)", answer)), None)
