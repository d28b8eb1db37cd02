"""Values as JSON: one spelling for hashing, one for reading, and a parser that refuses ambiguous texts."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence, Set
from functools import cache
from typing import Any

Json = Any
"""A JSON value."""
JsonObject = dict[str, Json]
"""A JSON object whose shape is known to whoever reads it: a schema, a message of a protocol, a parsed page."""


def to_jsonable(value: object) -> Any:
    """Convert a value to JSON types: pydantic models and dataclasses are dumped, mappings and sequences copied.

    Raises TypeError that names the type JSON cannot hold.
    """
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    if isinstance(value, Mapping):
        return {key if isinstance(key, str) else _refuse_key(key): to_jsonable(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, (bytes, bytearray, memoryview)):
        return [to_jsonable(item) for item in value]
    if isinstance(value, Set):  # sorted: the order of a set of texts differs from process to process
        return sorted((to_jsonable(item) for item in value), key=canonical_json)
    from pydantic_core import PydanticSerializationError, to_jsonable_python

    if getattr(type(value), "is_media", False):
        raise TypeError(f"{type(value).__name__} is not JSON: it stands alone or in a list, not deeper in a value")
    try:
        return to_jsonable_python(value)
    except (PydanticSerializationError, ValueError) as error:
        raise TypeError(f"{type(value).__name__} is not JSON: {error}") from None


def _refuse_key(key: object) -> str:
    raise TypeError(f"{key!r} cannot be a key in JSON: keys must be text")


def canonical_json(value: object) -> str:
    """Write a value as JSON in its one spelling, so that equal values have equal texts: keys sorted, no spaces.

    Raises ValueError for NaN and infinities, TypeError for what JSON cannot hold.
    """
    return json.dumps(to_jsonable(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def readable_json(value: object) -> str:
    """Write a value as JSON on one line, its keys in their own order."""
    return json.dumps(to_jsonable(value), ensure_ascii=False)


def prompt_text(value: object) -> str:
    """Return the prompt for an agent that is handed a value: text as it is, data as JSON, an object with its own `__str__` by that."""
    if isinstance(value, str):
        return value
    has_words = "__str__" in vars(type(value)) and not hasattr(value, "model_dump")
    return str(value) if has_words else readable_json(value)


def sha256(*parts: object) -> str:
    """Return the SHA-256 hash of the canonical JSON of the parts, as 64 hexadecimal digits."""
    return hashlib.sha256(canonical_json(list(parts)).encode("utf-8", "surrogatepass")).hexdigest()


def strict_json(text: str) -> Any:
    """Parse JSON; raise ValueError for duplicate keys, NaN and infinities, which `json.loads` takes."""
    try:
        value = _from_json()(text, allow_inf_nan=False)
    except (ValueError, TypeError):  # a TypeError for a lone surrogate
        return _STRICT.decode(text)  # its message says where
    if type(value) is dict and len(value) == text.count(":"):
        return value  # as many colons as keys that are left: no key was there twice
    return _STRICT.decode(text)


@cache
def _from_json() -> Callable[..., Any]:
    from pydantic_core import from_json

    return from_json


def _check_unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        repeated = sorted({key for key, _ in pairs if sum(1 for other, _ in pairs if other == key) > 1})
        raise ValueError(f"the key {repeated[0]!r} is there twice")
    return found


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} cannot be written in JSON")


_STRICT = json.JSONDecoder(object_pairs_hook=_check_unique, parse_constant=_refuse_constant)
