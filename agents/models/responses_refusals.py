"""What an endpoint refuses of a request to the Responses API, in whose words ever, and what to leave out. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from sayso.tools.canonical import JsonObject

from .provider_errors import ErrorResponse, is_too_long_prompt
from .refused_fields import find_named_field
from .requesting import LeftOut
from .responses_request import ENCRYPTED, name_item, name_item_field

_REFUSES = re.compile(
    r"unsupported|not\W+support|does not support|unrecogni[sz]ed|unknown|unexpected|not permitted|not allowed|extra_forbidden|unavailable|"
    r"must be verified|not enabled|additional propert|deprecated",
    re.I,
)
_ITEM_FIELD = re.compile(r"input\W{0,4}\d+\W{0,4}(?:content\W{0,4}\d+\W{0,4})?([a-z_]+)")
_NEEDED = frozenset({"type", "role", "content", "call_id", "name", "arguments", "output", "text", "encrypted_content", "summary"})
_NO_SUCH_ITEM = re.compile(r"\bitems?\b.{0,120}\b(?:not found|not persisted)|no (?:such )?item", re.I | re.DOTALL)
_OF_ITEMS = re.compile(r"reasoning|encrypted|\b(?:rs|fc|msg)_\w|\bitems?\b|\binput\b|thinking", re.I)
_OF_MEDIA = re.compile(r"image|audio|file|vision|multimodal", re.I)
REASONING = "the reasoning of earlier turns"


def find_refused(answer: ErrorResponse, body: JsonObject) -> LeftOut | None:
    """Return what of `body` a refusal is about; None where nothing can be left out."""
    text = answer.text
    if answer.status not in (400, 404, 422) or is_too_long_prompt(text):
        return None
    # "Reasoning" may mean the items, or how much of it was asked for: the items first.
    return _find_own_field(text, body) or _find_field(text, body) or _find_kept(text, body) or _find_field(text, body, loosely=True)


def _find_kept(text: str, body: JsonObject) -> LeftOut | None:
    """Return what went back with earlier turns and is not taken: a field of all their items, or the items themselves."""
    items = body.get("input")
    sent = [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []
    kept = [item for item in sent if "id" in item or item.get("type") == "reasoning"]
    if not kept:
        return None
    if (item_field := _find_item_field(text, kept)) is not None:
        return LeftOut(frozenset({name_item_field(item_field)}), "")
    is_of_items = _OF_ITEMS.search(text) and not _OF_MEDIA.search(text)
    return LeftOut(_find_items(text, kept), REASONING) if is_of_items else None


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


def _find_own_field(text: str, body: JsonObject) -> LeftOut | None:
    """Return the field that a refusal is about, of those that chat completions do not have."""
    if ENCRYPTED in (body.get("include") or ()) and (
        _find_param(text).startswith("include") or re.search(r"reasoning\.encrypted_content|encrypted content is not supported", text, re.I)
    ):
        return LeftOut(frozenset({ENCRYPTED}), "")
    if not _REFUSES.search(text):
        return None
    if "store" in body and re.search(r"(?<![\w.])store(?!\w)", text) and not _NO_SUCH_ITEM.search(text):
        return LeftOut(frozenset({"store"}), "")
    reasoning = body.get("reasoning")
    if isinstance(reasoning, Mapping) and "summary" in reasoning and re.search(r"reasoning\W{1,3}summar(?:y|ies)\b", text):
        return LeftOut(frozenset({"reasoning.summary"}), "reasoning.summary")
    return None


def _find_field(text: str, body: JsonObject, *, loosely: bool = False) -> LeftOut | None:
    """Return the field that a refusal is about, of those that chat completions have, too."""
    found = find_named_field(text, _name_as_chat(body), loosely=loosely)
    return found and found._replace(names=frozenset({"reasoning.effort" if name == "reasoning_effort" else name for name in found.names}))


def _name_as_chat(body: JsonObject) -> JsonObject:
    """Return the fields of a body under the names that chat completions have for them."""
    named: JsonObject = {
        name: body[name] for name in ("stream", "temperature", "top_p", "parallel_tool_calls", "tool_choice") if name in body
    }
    if "max_output_tokens" in body:
        named["max_output_tokens"] = body["max_output_tokens"]
    reasoning, text = body.get("reasoning"), body.get("text")
    if isinstance(reasoning, Mapping) and "effort" in reasoning:
        named["reasoning_effort"] = reasoning["effort"]
    if isinstance(text, Mapping) and isinstance(text.get("format"), Mapping):
        named["response_format"] = text["format"]
    return named


def _find_param(text: str) -> str:
    """Return the parameter that an error body names: "include", "input[1].status"."""
    try:
        error = json.loads(text)
    except ValueError:
        return ""
    error = error.get("error", error) if isinstance(error, Mapping) else None
    return str(error.get("param") or "") if isinstance(error, Mapping) else ""


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
