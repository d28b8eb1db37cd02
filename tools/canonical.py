"""Values as JSON: one spelling for hashing, one for reading, and a reader that refuses what is ambiguous."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence, Set
from functools import cache
from typing import Any


def plain(value: object) -> Any:
    """The value as JSON types: pydantic models and dataclasses dumped, mappings and sequences copied. TypeError names what is not JSON."""
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    if isinstance(value, Mapping):
        return {_key(key): plain(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, (bytes, bytearray, memoryview)):
        return [plain(item) for item in value]
    if isinstance(value, Set):  # in an order of its own each time it is made
        return sorted((plain(item) for item in value), key=canonical_json)
    from pydantic_core import PydanticSerializationError, to_jsonable_python

    try:
        return to_jsonable_python(value)
    except (PydanticSerializationError, ValueError) as error:
        raise TypeError(f"{type(value).__name__} is not JSON: {error}") from None


def _key(key: object) -> str:
    if isinstance(key, str):
        return key
    raise TypeError(f"{key!r} is no JSON key: it must be text")


def canonical_json(value: object) -> str:
    """The one spelling of a JSON value: keys sorted, no spaces, no NaN. Equal values have equal texts."""
    return json.dumps(plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def readable_json(value: object) -> str:
    """The value as compact JSON text in the order it was made."""
    return json.dumps(plain(value), ensure_ascii=False)


def prompt_text(value: Any) -> str:
    """What an agent is asked when it is handed a value: text as it is, data as JSON, anything with words of its own by those."""
    if isinstance(value, str):
        return value
    has_words = "__str__" in vars(type(value)) and not hasattr(value, "model_dump")
    return str(value) if has_words else readable_json(value)


def sha256(*parts: object) -> str:
    """The hash of the canonical JSON of the parts, as 64 hexadecimal digits."""
    return hashlib.sha256(canonical_json(list(parts)).encode("utf-8", "surrogatepass")).hexdigest()


def strict_json(text: str) -> Any:
    """`json.loads` that refuses duplicate keys, NaN and infinities with a ValueError."""
    try:
        value = _from_json()(text, allow_inf_nan=False)
    except (ValueError, TypeError):  # a TypeError for a lone surrogate
        return _STRICT.decode(text)  # says better what is wrong
    if type(value) is dict and len(value) == text.count(":"):
        return value  # one colon for each key that was kept: no key was there twice
    return _STRICT.decode(text)


@cache
def _from_json() -> Any:
    from pydantic_core import from_json

    return from_json


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        repeated = sorted({key for key, _ in pairs if sum(1 for other, _ in pairs if other == key) > 1})
        raise ValueError(f"the key {repeated[0]!r} is there twice")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON value")


_STRICT = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_no_constant)
