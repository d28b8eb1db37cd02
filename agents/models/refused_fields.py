"""What a refusal is about, in any provider's words, and what to leave out of the next request. Pure.

The rule: a refusal that names a field which was sent, and does not only say that its value is out of range, is about that field. A list of
verbs would never end ("only 1 is allowed", "deprecated for this model", "cannot both be specified"); the names of the fields do.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from sayso.tools.canonical import JsonObject

from .provider_errors import ErrorResponse, is_too_long_prompt, wants_responses
from .requesting import WHOLE, LeftOut

_NAMES = {
    "stream_options": r"stream_?options|include_usage",
    "temperature": "temperature",
    "top_p": r"top[_ -]?p",
    "top_k": r"top[_ -]?k",
    "repetition_penalty": r"repetition[_ ]?penalty",
    "repeat_penalty": r"repeat[_ ]?penalty",
    "logit_bias": r"logit[_ ]?bias",
    "seed": "seed",
    "stop": r"stop(?:[_ -]?(?:sequences?|words?|strings?|tokens?))?",
    "reasoning_effort": r"reasoning[_ .]?effort",
    "parallel_tool_calls": r"(?:disable_)?parallel[_ ](?:tool[_ ]|function[_ ])?(?:calls?|calling|use)",
    "tool_choice": r"tool[_ ]?choice",
    "grammar": "grammar",
    "response_format": r"response[_ ]?formats?|json[_ -]?(?:schema|object|mode)|response_(?:json_)?schema|text\.format",
    "max_tokens": r"max_?tokens",
    "max_completion_tokens": r"max_?completion_?tokens",
    "max_output_tokens": r"max_?output_?tokens",
}
"""Optional fields of a body, each with the words for it: providers spell them in their own way, or in that of the provider behind them."""

_LOOSE_NAMES = {
    "temperature": r"sampling",
    "top_p": r"sampling",
    "top_k": r"sampling",
    "reasoning_effort": "reasoning|thinking|effort",
    "response_format": r"structured[_ ]outputs?|guided\w*|grammar|schema|mime[_ ]?type",
}
"""What they are also called, in sentences about other fields, too."""

_NUMBERS = (
    "temperature",
    "top_p",
    "top_k",
    "repetition_penalty",
    "repeat_penalty",
    "logit_bias",
    "seed",
    "stop",
    "max_tokens",
    "max_completion_tokens",
    "max_output_tokens",
)

_TOLD = {
    "stream_options": "",
    "repeat_penalty": "",
    "max_tokens": "",
    "max_output_tokens": "max_tokens",
    "json_schema": "structured output",
    "json_object": "JSON output",
}
"""The user's word for what is left out, where it is another; none where the user misses nothing."""

_RANGE = re.compile(
    r"between|\brange\b|at (?:most|least)|(?:less|greater|more|larger|smaller|lower|higher|fewer) than|"
    r"too (?:large|small|long|short|many|high|low|big)|"
    r"\b(?:max|min)(?:imum)?\b|exceed|[<>]=?\s*-?\d|[\[(]\s*-?\d+(?:\.\d+)?\s*,|取值范围|大于|小于|不能超过",
    re.I,
)
_NOT_TAKEN = re.compile(
    r"unsupported|not\W+(?:be )?support|unset|deprecated|not (?:allowed|permitted)|\bonly\b.{0,40}\b(?:allowed|supported)|unrecogni[sz]ed|"
    r"unknown (?:field|param|arg|name|key)|unexpected|extra|不支持",
    re.I,
)
_WANTED = re.compile(
    r"missing|must (?:also )?be (?:passed|sent|provided|included|present|preserved|set)|required|requires|not found|缺少|必须", re.I
)
_PLURAL = re.compile(r"both|mutually exclusive|together|only one of|同时", re.I)
_NO_STREAM = re.compile(r"\bstream(?:ing|ed)?\b", re.I)
_ONLY_STREAM = re.compile(
    r"non[- _]?stream|非流式|stream\W{0,3}[=:]\W{0,2}false|"
    r"only (?:be )?(?:support\w*|works? with|available (?:in|with)|called (?:in|with)) (?:the )?stream|"
    r"stream\w*\W+must be (?:set to )?true|"
    r"(?:requires?|enable|use|must use)(?: the)? stream|仅支持流式|只支持流式",
    re.I,
)
_TOOLS_MISSED = re.compile(
    r"tools?=?\W{0,3} ?param|tool_?config|`tools`|define tools|\btools\b.{0,40}(?:must be|required|defined|missing|empty)", re.I
)
_ASKED = frozenset({"role", "content", "tool_calls", "name"})
_ASKED_OF_CALLS = frozenset({"id", "type", "function"})


def find_refused(answer: ErrorResponse, body: JsonObject) -> LeftOut | None:
    """Return what of `body` a refusal is about; None where nothing can be left out."""
    words, named = _read_refusal(answer.text)
    strong = bool(_NOT_TAKEN.search(words))
    if answer.status not in (400, 404, 422) and not (answer.status in (500, 501) and strong):
        return None
    if is_too_long_prompt(words) or wants_responses(words):
        return None
    if "tools" not in body and any(message.get("tool_calls") for message in body["messages"]) and _TOOLS_MISSED.search(words):
        return LeftOut(frozenset({"+calls_as_text"}), "")
    if re.search(r"after role\W+tool", words, re.I):
        return LeftOut(frozenset({"+turn_after_results"}), "")
    return _find_stream(words, named, body) or _find_kept(words, named, body) or _find_field(words, named, body, strong)


def find_named_field(text: str, body: JsonObject, *, loosely: bool) -> LeftOut | None:
    """Return the field of `body` that a refusal names. The fields have chat's names.

    With `loosely` they may also be named by words that mean other fields, too.
    """
    words, named = _read_refusal(text)
    return _find_stream(words, named, body) or _find_field(words, named, body, bool(_NOT_TAKEN.search(words)), loosely=loosely)


def _find_stream(words: str, named: str, body: JsonObject) -> LeftOut | None:
    """Return "stream" or WHOLE, where it is about how the reply is sent."""
    if not body.get("stream"):
        return LeftOut(frozenset({WHOLE}), "") if _ONLY_STREAM.search(words) else None
    is_refused = _NOT_TAKEN.search(words) or re.search(
        r"cannot|verified|disabled|not (?:enabled|available)|must be (?:set to )?false", words
    )
    if named == "stream" or (is_refused and _NO_STREAM.search(words) and not re.search("stream_options|include_usage", words)):
        return LeftOut(frozenset({"stream"}), "streaming")
    return None


def _find_kept(words: str, named: str, body: JsonObject) -> LeftOut | None:
    """Return the fields that went back with the model's turns, or the one that was missed there. The user does not miss them."""
    if (wanted := re.search(r"reasoning_content|thought[_ ]?signature", words)) and _WANTED.search(words) and not _NOT_TAKEN.search(words):
        return LeftOut(frozenset({f"+{'reasoning_content' if wanted[0].startswith('r') else 'thought_signature'}"}), "")
    kept = set(_iter_kept(body))
    if not kept:
        return None
    if not words.strip() or re.search(r"signature|encrypted", words, re.I):
        return LeftOut(frozenset(kept), "")
    found = {name for name in kept if named == name or re.search(rf"(?<![a-z_]){re.escape(name)}(?![a-z_])", words)}
    return LeftOut(frozenset(found), "") if found else None


def _iter_kept(body: JsonObject) -> Iterator[str]:
    for message in body["messages"]:
        yield from message.keys() - _ASKED - {"tool_call_id"}
        if message["role"] == "assistant" and isinstance(message["content"], list):
            yield "content"
        for call in message.get("tool_calls") or ():
            yield from call.keys() - _ASKED_OF_CALLS


def _find_field(words: str, named: str, body: JsonObject, strong: bool, *, loosely: bool = True) -> LeftOut | None:
    """Return the field of the body."""
    if "max_tokens" in body and "max_completion_tokens" in words:
        return LeftOut(frozenset({"max_tokens"}), "")
    places = _find_places(_NAMES, words, named, body)
    if not places and loosely:
        places = _find_places(_LOOSE_NAMES, words, named, body)
        places = places or _find_quoted_value(words, body)
    if not places:
        return None
    # Of two that do not go together the later one goes: "`temperature` and `top_p` cannot both be specified".
    field = (max if _PLURAL.search(words) else min)(places, key=lambda name: places[name])
    if field in _NUMBERS and _RANGE.search(words) and not strong:
        return None
    field = str(body["response_format"]["type"]) if field == "response_format" else field
    return LeftOut(frozenset({field}), _TOLD.get(field, field))


def _find_quoted_value(words: str, body: JsonObject) -> dict[str, int]:
    """Return where the value of a field is quoted instead of its name: "'minimal' is not supported with this model"."""
    sent = {name: value for name in ("reasoning_effort", "tool_choice") if isinstance(value := body.get(name), str)}
    found = {name: re.search(rf"[\"'`]{re.escape(value)}[\"'`]", words) for name, value in sent.items()}
    return {name: place.start() for name, place in found.items() if place}


def _find_places(names: Mapping[str, str], words: str, named: str, body: JsonObject) -> dict[str, int]:
    """Return where the fields that were sent are named; the parameter that the error names is at the beginning of all."""
    places: dict[str, int] = {}
    for name, pattern in names.items():
        if name in body:
            if re.match(rf"(?:{pattern})(?![a-z0-9_])", named, re.I):
                places[name] = -1
            elif found := re.search(rf"(?<![a-z0-9_])(?:{pattern})(?![a-z0-9_])", words, re.I):
                places[name] = found.start()
    return places


def _read_refusal(text: str) -> tuple[str, str]:
    """Return the words of a refusal, and the parameter that it names, if any. What it quotes of the request is not its words."""
    try:
        body = json.loads(text)
    except ValueError:
        return text, ""
    named = next(_iter_named(body), "")
    return " ".join([*_iter_words(body), named]), re.split(r"[.\[]", named)[0]


_QUOTES = frozenset({"input", "ctx", "url", "request_id", "id", "user_id", "request", "body"})


def _iter_words(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield " ".join(_iter_nested(value))
    elif isinstance(value, Mapping):
        for key, each in value.items():
            if key not in _QUOTES:
                yield from _iter_words(each)
    elif isinstance(value, list):
        for each in value:
            yield from _iter_words(each)


def _iter_nested(text: str) -> Iterator[str]:
    """Yield the words of a text, which may be another provider's JSON."""
    try:
        inner = json.loads(text)
    except ValueError:
        yield text
    else:
        yield from _iter_words(inner) if isinstance(inner, (Mapping, list)) else [text]


def _iter_named(value: object) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, each in value.items():
            if key in ("param", "parameter", "argument") and isinstance(each, str):
                yield each
            elif key == "loc" and isinstance(each, list):  # FastAPI's: ["body", "stop"]
                yield ".".join(str(part) for part in each if part != "body")
            elif key not in _QUOTES:
                yield from _iter_named(each)
    elif isinstance(value, list):
        for each in value:
            yield from _iter_named(each)
