"""What goes over the bridge to pydantic-ai and back: a transcript as its messages, options as its settings, a response as ours. Pure."""

from __future__ import annotations

import json
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sayso.tools import Audio, Image
from sayso.tools.canonical import JsonObject
from sayso.tools.media import Media, Part
from sayso.workflows import Usage

from ..messages import NativeCall, ProviderData, Reply, Sampling
from .model import ModelRequest
from .turns import NOTHING, RESULTS_HOLD, AssistantTurn, SentCall, SentResult, UserTurn, choose_tool, is_same_text, make_turns, mend_text

if TYPE_CHECKING:
    from pydantic_ai.messages import ModelMessage, ModelRequestPart, ModelResponse, ToolCallPart, UserContent
    from pydantic_ai.models import ModelRequestParameters
    from pydantic_ai.tools import ToolDefinition

_FINISHES = {"tool_call": "tool_calls", None: "stop"}


@dataclass(frozen=True, slots=True)
class BridgedRequest:
    """A request as pydantic-ai takes it; `settings` is its ModelSettings."""

    messages: Sequence[ModelMessage]
    settings: JsonObject
    parameters: ModelRequestParameters


def build_bridged(request: ModelRequest, provider: str, without: frozenset[str], *, holds_schema: bool) -> BridgedRequest:
    """Return the request. `provider` names whom the turns' own data may go back to, `without` the settings that it has refused."""
    from pydantic_ai.models import ModelRequestParameters
    from pydantic_ai.output import OutputObjectDefinition

    made = make_turns(request.messages)
    # A conversation that has calls in it is refused without tools, also where no more calls are wanted.
    called = dict.fromkeys(call.name for turn in made.turns if isinstance(turn, AssistantTurn) for call in turn.calls)
    tools = request.tools or [{"name": name} for name in called]
    parameters = ModelRequestParameters(function_tools=[_build_tool(tool) for tool in tools])
    is_object = request.schema is not None and request.schema.get("type") == "object"
    if request.schema is not None and is_object and holds_schema and not request.tools and "format" not in without:
        described = OutputObjectDefinition(dict(request.schema), str(request.schema.get("title") or "answer"))
        parameters = replace(parameters, output_mode="native", output_object=described)
    settings = build_settings(request.sampling, choose_tool(request.sampling, made) if request.tools else "none" if tools else "")
    if request.tools:
        settings["cache"] = True  # the next request of the run repeats all of this one; providers without a cache pass it over
    kept = {name: value for name, value in settings.items() if name not in without}
    return BridgedRequest(build_messages(made.turns, str(mend_text(made.instructions)), provider), kept, parameters)


def build_messages(turns: Sequence[UserTurn | AssistantTurn], instructions: str, provider: str) -> list[ModelMessage]:
    """Return the turns as pydantic-ai's messages: requests and responses by turns, a request last."""
    from pydantic_ai.messages import ModelRequest as TheirRequest
    from pydantic_ai.messages import UserPromptPart

    messages: list[ModelMessage] = []
    parts: list[ModelRequestPart] = []
    for turn in turns:
        if isinstance(turn, UserTurn):
            parts.append(UserPromptPart([_build_part(part) for part in turn.parts] or str(mend_text(turn.text))))
            continue
        response = _restore(turn, provider) or _rebuild(turn)
        if parts:
            messages.append(TheirRequest(parts, instructions=instructions or None))
        messages.append(response)
        called = _find_calls(response)
        parts = [_build_result(call, result) for call, result in zip(called, turn.results, strict=True)]
        if media := [_build_part(part) for result in turn.results for part in result.media]:
            parts.append(UserPromptPart([RESULTS_HOLD, *media]))
    if not parts and not (messages and turns):
        parts = [UserPromptPart(NOTHING)]
    if parts:
        messages.append(TheirRequest(parts, instructions=instructions or None))
    return messages


def _build_part(part: Part) -> UserContent:
    """Return a part of a message as pydantic-ai has it; each provider's own class there refuses what it does not take."""
    from pydantic_ai.messages import AudioUrl, BinaryContent, DocumentUrl, ImageUrl

    match part:
        case str():
            return str(mend_text(part))
        case Media(url=""):
            return BinaryContent(part.bytes, media_type=part.media_type or "application/octet-stream")
        case Image():
            return ImageUrl(part.url, media_type=part.media_type or None)
        case Audio():
            return AudioUrl(part.url, media_type=part.media_type or None)
    return DocumentUrl(part.url, media_type=part.media_type or None)


def _find_calls(response: ModelResponse) -> list[ToolCallPart]:
    from pydantic_ai.messages import ToolCallPart

    return [part for part in response.parts if isinstance(part, ToolCallPart)]


def _build_result(call: ToolCallPart, result: SentResult) -> ModelRequestPart:
    from pydantic_ai.messages import ToolReturnPart

    text = str(mend_text(result.text))
    return ToolReturnPart(call.tool_name, text, call.tool_call_id, outcome="failed" if result.is_error else "success")


def _restore(turn: AssistantTurn, provider: str) -> ModelResponse | None:
    """Return the response that the turn came in; None if it is not this provider's, or does not say what the turn says."""
    from pydantic import ValidationError
    from pydantic_ai.messages import ModelMessagesTypeAdapter

    kept = turn.provider_data
    if kept is None or kept.provider != provider:
        return None
    try:
        [response] = ModelMessagesTypeAdapter.validate_python([kept.data.get("response")])
    except ValidationError:  # another version's
        return None
    if response.kind != "response" or len(_find_calls(response)) != len(turn.calls):
        return None
    if not is_same_text("".join(text for text, _ in _iter_words(response)), turn.text):
        return None
    for part, call in zip(_find_calls(response), turn.calls, strict=True):
        part.tool_name = call.name if part.tool_name != call.name and not _is_name(part.tool_name) else part.tool_name
        if not _is_object(part.args):
            part.args = call.arguments
    return response


def _is_name(name: str) -> bool:
    return name.replace("-", "").replace("_", "").isalnum() and name.isascii() and len(name) <= 64


def _is_object(arguments: object) -> bool:
    if isinstance(arguments, str):
        try:
            arguments = json.loads(arguments)
        except ValueError:
            return False
    return isinstance(arguments, Mapping)


def _rebuild(turn: AssistantTurn) -> ModelResponse:
    from pydantic_ai.messages import ModelResponse, TextPart

    parts: list[TextPart | ToolCallPart] = [TextPart(str(mend_text(turn.text)))] if turn.text.strip() else []
    return ModelResponse([*parts, *map(_build_call, turn.calls)])


def _build_call(call: SentCall) -> ToolCallPart:
    from pydantic_ai.messages import ToolCallPart

    return ToolCallPart(call.name, str(mend_text(call.arguments)), call.id)


def _build_tool(tool: Mapping[str, object]) -> ToolDefinition:
    from pydantic_ai.tools import ToolDefinition

    function = tool.get("function")
    function = function if isinstance(function, Mapping) else tool
    schema = function.get("parameters")
    described = str(mend_text(function["description"])) if function.get("description") else None
    parameters = {"type": "object", **(schema if isinstance(schema, Mapping) else {})}
    return ToolDefinition(name=str(function.get("name")), parameters_json_schema=parameters, description=described)


def build_settings(sampling: Sampling, choice: str) -> JsonObject:
    """Return sampling options as pydantic-ai's ModelSettings. The SDKs behind it try once: tries and waits are ours."""
    effort = sampling.reasoning_effort
    given: JsonObject = {
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "top_k": sampling.top_k,
        "max_tokens": sampling.max_tokens,
        "seed": sampling.seed,
        "logit_bias": None if sampling.logit_bias is None else dict(sampling.logit_bias),
        "stop_sequences": None if sampling.stop is None else list(sampling.stop),
        "parallel_tool_calls": sampling.parallel_tool_calls,
        "tool_choice": None if choice in ("", "auto") else choice if choice in ("none", "required") else [choice],
        "thinking": False if effort == "none" else effort,
        "extra_body": None if sampling.extra_body is None else dict(sampling.extra_body),
        "extra_headers": None if sampling.extra_headers is None else dict(sampling.extra_headers),
        "max_retries": 0,
    }
    return {name: value for name, value in given.items() if value is not None}


OUR_NAMES = {"stop_sequences": "stop", "thinking": "reasoning_effort", "cache": ""}
"""What the user calls a setting that is left out, where it is not what pydantic-ai calls it."""


def find_not_taken(sampling: Sampling, not_taken: Container[str]) -> set[str]:
    """Return the options that were asked for and that the model does not take, by the user's names."""
    asked = build_settings(sampling, "" if sampling.tool_choice in (None, "auto") else "required")
    penalty = {"repetition_penalty"} if sampling.repetition_penalty is not None else set()
    return {OUR_NAMES.get(name, name) for name in asked if name in not_taken and name != "max_retries"} | penalty


def read_response(response: ModelResponse, provider: str) -> Reply:
    """Return the response as a reply."""
    calls = tuple(NativeCall(call.tool_call_id, call.tool_name, call.args_as_json_str()) for call in _find_calls(response))
    texts, thoughts = zip(*_iter_words(response), strict=True) if response.parts else ((), ())
    reason = response.finish_reason
    finish = "tool_calls" if calls and reason in (None, "stop") else _FINISHES.get(reason, str(reason))
    return Reply("".join(texts), calls, "".join(thoughts), _read_usage(response), finish, _keep(response, provider))


def _iter_words(response: ModelResponse) -> Iterator[tuple[str, str]]:
    """Yield the text and the thinking of each part."""
    for part in response.parts:
        content = getattr(part, "content", None) or ""
        yield (content if part.part_kind == "text" else ""), (content if part.part_kind == "thinking" else "")


def _keep(response: ModelResponse, provider: str) -> ProviderData | None:
    """Return what goes back with the turn; None where it is nothing but text."""
    from pydantic_ai.messages import ModelMessagesTypeAdapter

    if all(part.part_kind == "text" and not part.id and not part.provider_details for part in response.parts):
        return None
    [kept] = ModelMessagesTypeAdapter.dump_python([response], mode="json", exclude_none=True)
    return ProviderData(provider, {"response": kept})


def _read_usage(response: ModelResponse) -> Usage:
    usage = response.usage
    try:
        cost = float(response.cost().total_price) if response.model_name else 0.0
    except (LookupError, ValueError, AssertionError):  # no price is known
        cost = 0.0
    thought = max([usage.output_reasoning_tokens, *(usage.details.get(name, 0) for name in ("reasoning_tokens", "thoughts_tokens"))])
    return Usage(usage.input_tokens, usage.output_tokens, cost, 1, cached_tokens=usage.cache_read_tokens, reasoning_tokens=thought)
