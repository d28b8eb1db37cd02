"""What an endpoint refuses of a request to the Responses API, in whose words ever, and what to leave out. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from sayso.tools.canonical import JsonObject

from .openai_errors import ErrorResponse
from .requesting import LeftOut
from .responses_request import ENCRYPTED, name_item, name_item_field

_REFUSES = re.compile(
    r"unsupported|not\W+support|does not support|unrecogni[sz]ed|unknown|unexpected|not permitted|not allowed|extra_forbidden|unavailable|"
    r"must be verified|not enabled|additional propert|deprecated",
    re.I,
)
_FIELDS = ("temperature", "top_p", "parallel_tool_calls", "max_output_tokens", "store", "tool_choice", "include")
_ITEM_FIELD = re.compile(r"input\W{0,4}\d+\W{0,4}(?:content\W{0,4}\d+\W{0,4})?([a-z_]+)")
_NEEDED = frozenset({"type", "role", "content", "call_id", "name", "arguments", "output", "text", "encrypted_content", "summary"})
_NO_SUCH_ITEM = re.compile(r"\bitems?\b.{0,120}\b(?:not found|not persisted)|no (?:such )?item", re.I | re.DOTALL)
_OF_ITEMS = re.compile(r"reasoning|encrypted|\b(?:rs|fc|msg)_\w|\bitems?\b|\binput\b|thinking", re.I)
_OF_MEDIA = re.compile(r"image|audio|file|vision|multimodal", re.I)
REASONING = "the reasoning of earlier turns"


def find_refused(answer: ErrorResponse, body: JsonObject) -> LeftOut | None:
    """Return what of `body` a refusal is about; None where nothing can be left out."""
    if answer.status not in (400, 404, 422):
        return None
    if (field := _find_field(answer.text, body)) is not None:
        return LeftOut(frozenset({field}), _WORDS.get(field, field))
    kept = [item for item in _filter_items(body) if "id" in item or item.get("type") == "reasoning"]
    if not kept:
        return None
    if (item_field := _find_item_field(answer.text, kept)) is not None:
        return LeftOut(frozenset({name_item_field(item_field)}), "")
    is_of_items = _OF_ITEMS.search(answer.text) and not _OF_MEDIA.search(answer.text)
    return LeftOut(_find_items(answer.text, kept), REASONING) if is_of_items else None


_WORDS = {
    ENCRYPTED: "",
    "store": "",
    "max_output_tokens": "max_tokens",
    "reasoning.effort": "reasoning_effort",
    "json_schema": "structured output",
    "json_object": "JSON output",
}


_OTHER_API = re.compile(r"chat.?completions", re.I)
_THIS_API = r"(?:/responses\b|\bresponses\W{0,2} (?:api|endpoint|operation))"
_NO = r"\b(?:not|unsupported|unavailable|unknown|invalid)\b"
_NO_API = re.compile(rf"{_THIS_API}[^.]{{0,80}}{_NO}|{_NO}[^.]{{0,80}}{_THIS_API}", re.I)
_OF_MODEL = re.compile(r"model|deployment|\bitems?\b|input", re.I)


def has_no_responses(answer: ErrorResponse) -> bool:
    """Tell whether an answer says that there is no Responses API, or none for this model."""
    if answer.status in (405, 501):
        return True
    if answer.status not in (400, 403, 404, 422):
        return False
    if _NO_API.search(answer.text) or (_OTHER_API.search(answer.text) and re.search(_THIS_API, answer.text, re.I)):
        return True
    return answer.status == 404 and not _OF_MODEL.search(answer.text)


def _find_field(text: str, body: JsonObject) -> str | None:
    """Return the field of the body that a refusal is about."""
    named = _find_param(text)
    if ENCRYPTED in (body.get("include") or ()) and (
        named.startswith("include") or re.search(r"reasoning\.encrypted_content|encrypted content is not supported", text, re.I)
    ):
        return ENCRYPTED
    text_format = body.get("text", {}).get("format") if isinstance(body.get("text"), Mapping) else None
    if text_format and re.search(r"text\.format|response.?format|json.?schema|json.?object|structured.?output|guided|grammar", text, re.I):
        return str(text_format.get("type"))
    if not _REFUSES.search(text):
        return None
    reasoning = body.get("reasoning")
    for part in reasoning if isinstance(reasoning, Mapping) else ():
        if re.search(
            rf"reasoning\W{{1,3}}{part}\b|\breasoning {part}|reasoning summaries" if part == "summary" else rf"reasoning.{part}\b", text
        ):
            return f"reasoning.{part}"
    return next((name for name in _FIELDS if name in body and (named == name or re.search(rf"(?<![\w.]){name}(?!\w)", text))), None)


def _find_param(text: str) -> str:
    """Return the parameter that an error body names: "include", "input[1].status"."""
    try:
        error = json.loads(text)
    except ValueError:
        return ""
    error = error.get("error", error) if isinstance(error, Mapping) else None
    return str(error.get("param") or "") if isinstance(error, Mapping) else ""


def _filter_items(body: JsonObject) -> list[JsonObject]:
    items = body.get("input")
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def _find_item_field(text: str, kept: Sequence[JsonObject]) -> str | None:
    """Return the field of items that is not taken: one that is named, or their ids, where these are looked up and nothing was stored."""
    if _NO_SUCH_ITEM.search(text) and any("id" in item for item in kept):
        return "id"
    found = _ITEM_FIELD.search(text) if _REFUSES.search(text) else None
    return found[1] if found and found[1] not in _NEEDED else None


def _find_items(text: str, kept: Sequence[JsonObject]) -> frozenset[str]:
    """Return the items to send no more: up to the one that is named, else all.

    What an organisation, a key or a model cannot read of one turn it cannot read of those before.
    """
    named = [number for number, item in enumerate(kept) if any(_names(text, item.get(name)) for name in ("id", "call_id"))]
    refused = kept[: named[-1] + 1] if named else kept
    return frozenset(name_item(item)[0] for item in refused if name_item(item))


def _names(text: str, value: object) -> bool:
    return isinstance(value, str) and len(value) > 3 and value in text
