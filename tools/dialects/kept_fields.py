"""Fields of a provider that are kept as they came, and put together from the pieces of a stream."""

from __future__ import annotations

from collections.abc import Mapping

from ..canonical import JsonObject

_STREAMED = frozenset(
    ("reasoning_content", "reasoning", "reasoning_text", "thinking", "thought", "text", "summary", "content", "transcript")
)
"""Texts that come in pieces. Any other text comes whole, and the last one counts."""
_CONTINUED = frozenset(("text", "thinking", "summary", "signature"))


def keep(kept: JsonObject, key: str, value: object) -> None:
    """Add a field, or a piece of it, to what is kept.

    Texts that providers stream are joined; objects are merged by the same rule; lists grow, where an item that continues the one before
    (the same index, or no index and the same type) is merged with it. Of anything else the last counts. None, [] and {} are nothing.
    """
    if value is None or (isinstance(value, (list, tuple, Mapping)) and not value):
        return
    before = kept.get(key)
    if isinstance(value, str) and isinstance(before, str):
        kept[key] = before + value if key in _STREAMED else value or before
    elif isinstance(value, Mapping):
        merged = before if isinstance(before, dict) else {}
        for inner, each in value.items():
            keep(merged, str(inner), each)
        kept[key] = merged
    elif isinstance(value, (list, tuple)):
        kept[key] = _add_items(before if isinstance(before, list) else [], value)
    else:
        kept[key] = value


def _add_items(items: list[object], more: list[object] | tuple[object, ...]) -> list[object]:
    for item in more:
        continued = _find_continued(items, item) if isinstance(item, Mapping) else None
        if continued is not None and isinstance(item, Mapping):
            for key, value in item.items():
                keep(continued, str(key), value)
            continue
        if isinstance(item, Mapping):
            copied: JsonObject = {}
            for key, value in item.items():
                keep(copied, str(key), value)
            items.append(copied)
        else:
            items.append(item)
    return items


def _find_continued(items: list[object], item: Mapping[str, object]) -> JsonObject | None:
    """Return the item that this one continues: see OpenRouter's `reasoning_details`."""
    index, kind = item.get("index"), item.get("type")
    if index is not None:
        return next((each for each in items if isinstance(each, dict) and each.get("index") == index and each.get("type") == kind), None)
    last = items[-1] if items else None
    if not isinstance(last, dict) or last.get("type") != kind or _CONTINUED.isdisjoint(item):
        return None
    return None if last.get("signature") or last.get("id") != item.get("id", last.get("id")) else last
