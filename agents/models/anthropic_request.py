"""A request to Anthropic's Messages API: its JSON body, its headers, and what had to be left out. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sayso.tools.canonical import JsonObject

from ..messages import Sampling
from .anthropic_turns import THINKING, build_messages, has_unthought_calls
from .claude_models import ClaudeModel, find_claude_model
from .model import ModelRequest
from .provider_errors import ErrorResponse
from .requesting import LeftOut
from .turns import choose_tool, make_turns, mend_text

API_VERSION = "2026-10-21"
OLDER_API_VERSION = "2023-06-01"
"""The newer version takes no temperature, top_p and top_k from any model; the older one goes on taking them from those that have them."""

_SAMPLING = ("temperature", "top_p", "top_k")
_NOT_ANTHROPICS = ("repetition_penalty", "logit_bias", "seed")
_BUDGETS = {"minimal": 1_024, "low": 2_048, "medium": 8_192, "high": 16_384, "xhigh": 32_768, "max": 32_768}
_LEAST_BUDGET = 1_024
_EPHEMERAL = {"type": "ephemeral"}


@dataclass(slots=True)
class AnthropicRequest:
    """What is sent, and what was asked for and is not sent: the name of each option, and why."""

    body: JsonObject
    headers: dict[str, str] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)


def build_request(
    model: str, provider: str, request: ModelRequest, *, cache: bool | None = None, refused: frozenset[str] = frozenset()
) -> AnthropicRequest:
    """Return the request. `provider` names whom the turns' own data may go back to; `refused` is what that endpoint does not take.

    `cache` sets breakpoints of the prompt cache; None sets them where they pay: where there are tools, the next request of the run repeats
    all of this one within minutes.
    """
    sampling, takes = request.sampling, find_claude_model(model)
    made = make_turns(request.messages)
    messages = build_messages(made, provider, keeps_thinking=THINKING_BLOCKS not in refused)
    built = AnthropicRequest({"model": model, "max_tokens": _find_max_tokens(sampling, takes, refused), "messages": messages})
    if made.instructions:
        built.body["system"] = mend_text(made.instructions)
    _add_tools(built, request, choose_tool(sampling, made), takes, refused)
    tools = built.body.get("tools", [])
    _add_thinking(built, sampling, takes, refused)
    _add_schema(built, request, takes, refused)
    _add_sampling(built, model, sampling, takes, refused)
    if (bool(request.tools) if cache is None else cache) and "cache_control" not in refused:
        _add_breakpoints(built.body)
    for name, value in (sampling.extra_body or {}).items():
        mine = built.body.get(name)
        if name == "tools" and isinstance(value, Sequence):  # the provider's own, beside the agent's
            value = [*tools, *value]
        built.body[name] = {**mine, **value} if isinstance(mine, dict) and isinstance(value, Mapping) else value
    built.headers = {"anthropic-version": OLDER_API_VERSION if any(name in built.body for name in _SAMPLING) else API_VERSION}
    built.headers |= sampling.extra_headers or {}
    return built


def _find_max_tokens(sampling: Sampling, takes: ClaudeModel, refused: frozenset[str]) -> int:
    """Return how long the reply may be: as asked, else as long as the model can. An endpoint that says how long at most is believed."""
    caps = [int(name.partition("<=")[2]) for name in refused if "<=" in name]
    return min([sampling.max_tokens or takes.max_tokens, *caps])


def _add_tools(built: AnthropicRequest, request: ModelRequest, choice: str, takes: ClaudeModel, refused: frozenset[str]) -> None:
    sampling = request.sampling
    if not request.tools:
        # A conversation that has calls in it is refused without tools, also where no more calls are wanted.
        if called := _find_called(built.body["messages"]):
            built.body["tools"] = [{"name": name, "input_schema": {"type": "object"}} for name in called]
            built.body["tool_choice"] = {"type": "none"}
        return
    built.body["tools"] = [_build_tool(tool) for tool in request.tools]
    kind = {"": "auto", "auto": "auto", "none": "none", "required": "any", "any": "any"}.get(choice, "tool")
    if kind in ("any", "tool") and ("tool_choice" in refused or not takes.is_forced):
        built.left_out["tool_choice"] = "the model cannot be made to call a tool"
        kind = "auto"
    chosen: JsonObject = {"type": kind} | ({"name": choice} if kind == "tool" else {})
    if sampling.parallel_tool_calls is False and kind != "none":
        chosen["disable_parallel_tool_use"] = True
    if chosen != {"type": "auto"}:
        built.body["tool_choice"] = chosen


def _build_tool(tool: Mapping[str, object]) -> JsonObject:
    function = tool.get("function")
    function = function if isinstance(function, Mapping) else tool
    schema = function.get("parameters")
    schema = {"type": "object", **schema} if isinstance(schema, Mapping) else {"type": "object"}
    described = {"description": mend_text(function["description"])} if function.get("description") else {}
    return {"name": function.get("name"), **described, "input_schema": schema}


def _find_called(turns: Iterable[JsonObject]) -> list[str]:
    """Return the names of the tools that were called in the conversation, each once."""
    return list(dict.fromkeys(block["name"] for turn in turns for block in turn["content"] if block["type"] == "tool_use"))


def _add_thinking(built: AnthropicRequest, sampling: Sampling, takes: ClaudeModel, refused: frozenset[str]) -> None:
    """Add how much the model is to think, where that was asked for."""
    if sampling.reasoning_effort is not None:
        _choose_thinking(built, sampling.reasoning_effort, takes, refused)
    if f"thinking {built.body.get('thinking', {}).get('type')}" in refused:
        del built.body["thinking"]


def _choose_thinking(built: AnthropicRequest, effort: str, takes: ClaudeModel, refused: frozenset[str]) -> None:
    if effort == "none":
        if takes.off and takes.thinking == "adaptive":
            built.body["thinking"] = {"type": takes.off}
        elif takes.thinking == "adaptive":
            built.body["output_config"] = {"effort": "low"}
            built.left_out["reasoning_effort"] = "the model always thinks; it is asked for the least effort"
        return
    if takes.efforts and "effort" not in refused:
        built.body["output_config"] = {"effort": takes.fit_effort(effort)}
    if takes.thinking == "adaptive" and THINKING_WHEN_FORCED in refused and _is_forced(built.body):
        built.left_out["reasoning_effort"] = _FORCED
    elif takes.thinking == "adaptive":
        built.body["thinking"] = {"type": "adaptive"}
    elif why := _find_what_forbids_a_budget(built, takes):
        built.left_out["reasoning_effort"] = why
    else:
        room = built.body["max_tokens"]
        budget = _BUDGETS.get(effort, _BUDGETS["medium"])
        built.body["thinking"] = {"type": "enabled", "budget_tokens": budget if budget < room else max(_LEAST_BUDGET, room // 2)}


def _find_what_forbids_a_budget(built: AnthropicRequest, takes: ClaudeModel) -> str:
    """Return why thinking with a budget cannot be asked for in this request; empty where it can."""
    if takes.thinking == "none":
        return "the model does not think"
    if built.body["max_tokens"] <= _LEAST_BUDGET:
        return f"thinking needs max_tokens above {_LEAST_BUDGET}"
    if _is_forced(built.body):
        return _FORCED
    if has_unthought_calls(built.body["messages"]):
        return "the calls that are being answered came without thinking of this model"
    return ""


def _is_forced(body: JsonObject) -> bool:
    return body.get("tool_choice", {}).get("type") in ("any", "tool")


def _add_schema(built: AnthropicRequest, request: ModelRequest, takes: ClaudeModel, refused: frozenset[str]) -> None:
    if request.schema is None or "format" in refused or not takes.holds_schema:
        return
    schema = _restrict_schema(request.schema)
    if schema is not None:
        built.body["output_config"] = {**built.body.get("output_config", {}), "format": {"type": "json_schema", "schema": schema}}


def _restrict_schema(schema: Mapping[str, object]) -> JsonObject | None:
    """Return the schema in the words that Anthropic takes; None for one that it cannot hold a reply to. The instructions have it anyway."""
    from anthropic import transform_schema  # late: it belongs to the extra

    is_object = schema.get("type") == "object" or "$ref" in schema
    if not is_object or _has_free_keys(schema) or _is_recursive(schema):
        return None
    try:
        restricted: JsonObject = transform_schema(dict(schema))
    except (ValueError, TypeError, AttributeError, AssertionError):  # what it says of a schema with Any in it
        return None
    return restricted


def _has_free_keys(schema: object) -> bool:
    """Tell whether an object with keys that the schema does not name stands in it: they would be forbidden."""
    if isinstance(schema, Mapping):
        is_open = schema.get("type") == "object" and schema.get("additionalProperties", False) is not False
        is_bare = schema.get("type") == "object" and not isinstance(schema.get("properties"), Mapping) and "title" not in schema
        return is_open or is_bare or any(_has_free_keys(value) for value in schema.values())
    return isinstance(schema, list) and any(_has_free_keys(value) for value in schema)


def _is_recursive(schema: Mapping[str, object]) -> bool:
    """Tell whether a definition of the schema holds itself."""
    definitions = schema.get("$defs")
    definitions = definitions if isinstance(definitions, Mapping) else {}
    reach = {name: set(_find_references(part)) for name, part in definitions.items()}
    for _ in reach:
        reach = {name: seen.union(*(reach.get(other, set()) for other in seen)) for name, seen in reach.items()}
    return any(name in seen for name, seen in reach.items()) or "#" in set(_find_references(schema))


def _find_references(schema: object) -> Iterable[str]:
    if isinstance(schema, Mapping):
        if isinstance(reference := schema.get("$ref"), str):
            yield reference.rpartition("/")[2]
        for value in schema.values():
            yield from _find_references(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from _find_references(value)


def _add_sampling(built: AnthropicRequest, model: str, sampling: Sampling, takes: ClaudeModel, refused: frozenset[str]) -> None:
    """Add what the model takes of the sampling options, by the rules of Anthropic."""
    body, thinks = built.body, built.body.get("thinking", {}).get("type") in ("enabled", "adaptive")
    for name in (*_SAMPLING, *_NOT_ANTHROPICS):
        value = getattr(sampling, name)
        if value is None or name in refused:
            continue
        if name in _NOT_ANTHROPICS or not takes.samples:
            built.left_out[name] = f"{model} does not take it"
        elif thinks and not (name == "top_p" and value >= 0.95):
            if (name, value) != ("temperature", 1):
                built.left_out[name] = "the model does not take it while it thinks"
        elif name == "top_p" and "temperature" in body:
            built.left_out[name] = "the model takes temperature or top_p, not both"
        else:
            body[name] = value
    if sampling.stop is not None and "stop_sequences" not in refused:
        if words := [text for text in sampling.stop if text.strip()]:
            body["stop_sequences"] = words
        if len(words) < len(sampling.stop):
            built.left_out["stop"] = "a stop sequence has to hold more than white space"


def _add_breakpoints(body: JsonObject) -> None:
    """Mark the end of what is the same in every run (tools, then instructions), and the end of the conversation so far."""
    if "system" in body:
        body["system"] = [{"type": "text", "text": body["system"], "cache_control": _EPHEMERAL}]
    elif "tools" in body:
        body["tools"][-1] = {**body["tools"][-1], "cache_control": _EPHEMERAL}
    last = body["messages"][-1]
    if last["role"] == "user":
        last["content"] = [*last["content"][:-1], {**last["content"][-1], "cache_control": _EPHEMERAL}]


# ---- what an endpoint does not take ----

THINKING_BLOCKS = "the thinking of earlier turns"
THINKING_WHEN_FORCED = "thinking where a tool is forced"
_FORCED = "the model does not think where it has to call a tool"
_LEAST_ROOM = 1_024


def is_lasting(field: str) -> bool:
    """Tell whether what was refused once is refused for ever; the rest depends on the conversation."""
    return field != THINKING_BLOCKS and not field.startswith("room<=")


def find_refused(answer: ErrorResponse, body: JsonObject) -> LeftOut | None:
    """Return what of `body` a refusal is about, for `build_request(refused=)`; None where nothing can be left out."""
    text = answer.text
    if answer.status not in (400, 422):
        return None
    if found := re.search(r"max_tokens\W+\d+ > (\d+)", text):
        return LeftOut(frozenset({f"max_tokens<={found[1]}"}), f"max_tokens above {found[1]}")
    if found := re.search(r"exceed context limit: (\d+) \+ (\d+) > (\d+)", text):
        room = int(found[3]) - int(found[1])
        return LeftOut(frozenset({f"room<={room}"}), f"max_tokens above {room}") if room >= _LEAST_ROOM else None
    if re.search(r"thinking may not be enabled when", text, re.I) and _is_forced(body):
        return LeftOut(frozenset({THINKING_WHEN_FORCED}), "reasoning_effort")
    if re.search(r"signature|cannot be modified|bound to a different conversation|must contain thinking", text) and "thinking" in text:
        has_any = any(block["type"] in THINKING for turn in body["messages"] for block in turn["content"])
        return LeftOut(frozenset({THINKING_BLOCKS}), THINKING_BLOCKS) if has_any else None
    named = [(found.start(), name) for name, words, _ in _REFUSED if _has(name, body) and (found := re.search(words, text, re.I))]
    if not named:
        return None
    name = min(named)[1]
    told = next(told for known, _, told in _REFUSED if known == name)
    return LeftOut(frozenset({f"thinking {body['thinking']['type']}" if name == "thinking" else name}), told)


# By what name it is left out, the words of refusals that are about it, and the user's word for it.
_REFUSED = (
    ("format", r"output_config(?!\.effort)|output_format|json_schema|structured output|grammar|schema is too complex", "structured output"),
    ("effort", r"\beffort\b|output_config", "reasoning_effort"),
    ("tool_choice", r"tool_choice", "tool_choice"),
    ("thinking", r"thinking", "reasoning_effort"),
    ("top_p", r"top_p", "top_p"),
    ("temperature", r"temperature(?!` and `top_p)", "temperature"),  # of both it is top_p that has to go
    ("top_k", r"top_k", "top_k"),
    ("cache_control", r"cache_control", ""),
    ("stop_sequences", r"stop_sequences", "stop"),
)


def _has(name: str, body: JsonObject) -> bool:
    """Tell whether the body has what can be left out under this name."""
    if name in ("format", "effort"):
        return name in body.get("output_config", {})
    if name == "tool_choice":
        return _is_forced(body)
    return name in body or (name == "cache_control" and "cache_control" in str(body))
