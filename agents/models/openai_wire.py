"""Chat completions on the wire: a request as its JSON body, and the JSON pieces of an answer as deltas. Pure."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sayso.tools import ToolResult
from sayso.tools.canonical import JsonObject, readable_json

from ..messages import AssistantMessage, Message, Sampling, SystemMessage, ToolMessage, UserMessage
from .model import CallDelta, Delta, ModelRequest, ReasoningDelta, TextDelta

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


# ---- the answer ----


@dataclass(slots=True)
class ReplyReader:
    """Reads the pieces of one answer, in whatever shade of the format the endpoint speaks; afterwards it knows `finish` and `usage`."""

    finish: str = ""
    usage: Mapping[str, object] = field(default_factory=dict)
    has_content: bool = False
    _ids: list[str] = field(default_factory=list)
    _named: set[int] = field(default_factory=set)
    _positions: dict[int, int] = field(default_factory=dict)

    def feed(self, chunk: object) -> list[Delta]:
        """Return the deltas of one piece; none for a piece that only keeps the connection open."""
        if not isinstance(chunk, Mapping):
            return []
        if isinstance(usage := chunk.get("usage"), Mapping):
            self.usage = usage
        choice = next((choice for choice in _filter_objects(chunk.get("choices")) if not choice.get("index")), None)
        if choice is None:
            return []
        # A whole answer has a `message` where a piece has a `delta`; some endpoints do not stream however they are asked.
        piece = choice.get("delta") or choice.get("message")
        deltas = list(self._read_piece(piece)) if isinstance(piece, Mapping) else []
        if choice.get("finish_reason"):
            self.finish = "tool_calls" if choice["finish_reason"] == "function_call" else str(choice["finish_reason"])
        self.has_content = self.has_content or bool(deltas)
        return deltas

    def _read_piece(self, piece: Mapping[str, object]) -> Iterator[Delta]:
        thought = piece.get("reasoning_content") or piece.get("reasoning")
        if thought and isinstance(thought, str):
            yield ReasoningDelta(thought)
        content = piece.get("content") or piece.get("refusal")
        if content and isinstance(content, str):
            yield TextDelta(content)
        elif isinstance(content, list):
            yield from _read_parts(content)
        for call in _filter_objects(piece.get("tool_calls")):
            yield from self._read_call(call)
        if isinstance(legacy := piece.get("function_call"), Mapping):
            yield from self._read_call({"index": 0, "function": legacy})

    def _read_call(self, piece: Mapping[str, object]) -> Iterator[Delta]:
        function = piece.get("function")
        function = function if isinstance(function, Mapping) else {}
        call_id, name, arguments = str(piece.get("id") or ""), str(function.get("name") or ""), function.get("arguments")
        position = self._find_position(piece.get("index"), call_id, name)
        if self._ids[position]:
            call_id = ""  # some repeat the id with every piece
        self._ids[position] = self._ids[position] or call_id
        if position in self._named:
            name = ""
        elif name:
            self._named.add(position)
        text = arguments if isinstance(arguments, str) else "" if arguments is None else json.dumps(arguments, ensure_ascii=False)
        if call_id or name or text:
            yield CallDelta(position, call_id, name, text)

    def _find_position(self, index: object, call_id: str, name: str) -> int:
        """Return which call a piece belongs to. Some endpoints give no index, others give 0 to every call: a new id begins a new call."""
        last = self._positions.get(index) if isinstance(index, int) else (len(self._ids) - 1 if self._ids else None)
        if last is not None:
            other_id = bool(call_id and self._ids[last] and call_id != self._ids[last])
            named_again = not isinstance(index, int) and bool(name) and last in self._named and not call_id
            if not (other_id or named_again):
                return last
        self._ids.append("")
        if isinstance(index, int):
            self._positions[index] = len(self._ids) - 1
        return len(self._ids) - 1


def _read_parts(content: object) -> Iterator[Delta]:
    """Yield the deltas of content that is a list of parts: text, or thinking that is itself a list."""
    for part in _filter_objects(content):
        if isinstance(text := part.get("text"), str) and text:
            yield TextDelta(text)
        elif isinstance(thinking := part.get("thinking"), list):
            yield from (ReasoningDelta(inner.text) for inner in _read_parts(thinking) if isinstance(inner, TextDelta))


def _filter_objects(values: object) -> list[Mapping[str, object]]:
    """Return the objects in what should be a list of objects."""
    return [value for value in values if isinstance(value, Mapping)] if isinstance(values, list) else []
