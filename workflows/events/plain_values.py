"""Values of a run as plain JSON, for whoever reads its events."""

from __future__ import annotations

from sayso.tools.canonical import Json

from ..runs.codec import NotJson, strip_types, to_json


def to_plain_json(value: object) -> Json:
    """Return a value as JSON without the names of types; media by their names; what has no JSON form as its repr."""
    if value is None or type(value) in (str, int, bool):
        return value
    if getattr(type(value), "is_media", False):
        return str(value)
    if isinstance(value, (list, tuple)) and any(getattr(type(each), "is_media", False) for each in value):
        return [to_plain_json(each) for each in value]
    if isinstance(value, tuple) and (fields := getattr(value, "_fields", None)):  # by name, and only what says something
        usual = getattr(value, "_field_defaults", {})
        named = zip(fields, value, strict=True)  # nothing where something is usual says something too
        return {name: to_plain_json(item) for name, item in named if item not in (None, "", (), 0) or item != usual.get(name, item)}
    try:
        return strip_types(to_json(value))
    except NotJson:
        return repr(value)
