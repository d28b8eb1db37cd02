"""Fields of a provider that are kept as they came, and put together from the pieces of a stream."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..canonical import JsonObject

_STREAMED = frozenset(
    ("reasoning_content", "reasoning", "reasoning_text", "thinking", "thought", "text", "summary", "content", "transcript")
)
"""Texts that come in pieces. Any other text comes whole, and the last one counts."""
_CONTINUED = frozenset(("text", "thinking", "summary", "signature"))


def keep(kept: JsonObject, key: str, value: object) -> None:
    """Add a field, or a piece of it, to what is kept. None, [] and {} are nothing.

    Texts that providers stream are joined; objects are merged by the same rule; lists grow, where an item that continues one of those
    before (the same index, or no index and the type of the last one) is merged with it. Of anything else the last counts.
    """
    if not _is_empty(value):
        _merge(kept, key, value)


def _is_empty(value: object) -> bool:
    return value is None or (isinstance(value, (list, tuple, Mapping)) and not value)


def _merge(kept: JsonObject, key: str, value: object) -> None:
    before = kept.get(key)
    if _is_empty(value):
        kept.setdefault(key, value)  # inside of a field it is as it came
    elif isinstance(value, str) and isinstance(before, str):
        kept[key] = before + value if key in _STREAMED else value or before
    elif isinstance(value, Mapping):
        kept[key] = _merge_fields(before if isinstance(before, dict) else {}, value)
    elif isinstance(value, (list, tuple)):
        kept[key] = _add_items(before if isinstance(before, list) else [], value)
    else:
        kept[key] = value


def _merge_fields(kept: JsonObject, more: Mapping[str, object]) -> JsonObject:
    for key, value in more.items():
        _merge(kept, str(key), value)
    return kept


def _add_items(items: list[object], more: list[object] | tuple[object, ...]) -> list[object]:
    before = list(items)  # the items of one list are not pieces of each other
    for item in more:
        if not isinstance(item, Mapping):
            items.append(item)
        elif (continued := _find_continued(before, item)) is not None:
            _merge_fields(continued, item)
        else:
            items.append(_merge_fields({}, item))
        before = [each for each in before if isinstance(each, dict) and "index" in each]  # without one, only the first goes on
    return items


def _find_continued(items: Sequence[object], item: Mapping[str, object]) -> JsonObject | None:
    """Return the item that this one continues: see OpenRouter's `reasoning_details`."""
    index, kind = item.get("index"), item.get("type")
    if index is not None:
        return next((each for each in items if isinstance(each, dict) and each.get("index") == index and each.get("type") == kind), None)
    last = items[-1] if items else None
    if not isinstance(last, dict) or last.get("type") != kind or _CONTINUED.isdisjoint(item):
        return None
    return None if last.get("signature") or last.get("id") != item.get("id", last.get("id")) else last
