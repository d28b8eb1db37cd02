"""Typed arguments as JSON that a card shows and a write is performed from: each value as it is, whatever its class says about dumping it.

`Field(exclude=True)`, serializers and aliases change what `model_dump` writes, so it is not used: a value that a person was not shown
would be performed, or another one than was shown. What is written here is read back and compared with `is_same`.
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Mapping, Sequence, Set
from typing import Any

from ..canonical import Json, canonical_json
from .secret import Hide, is_secret_value


def write_exactly(value: Any, hide: Hide) -> Json:
    """Return a typed value as JSON, fields by their Python names. What stands in a secret (SecretStr) is given to `hide`.

    Raises TypeError that names the type JSON cannot hold.
    """
    kind = type(value)
    if value is None or kind in (str, bool, int, float):
        return value
    if is_secret_value(value):
        return hide(write_exactly(value.get_secret_value(), hide))
    if isinstance(value, enum.Enum):
        return write_exactly(value.value, hide)
    if isinstance(value, Mapping):
        return {_write_key(key): write_exactly(item, hide) for key, item in value.items()}
    if (fields := read_fields(value)) is not None:
        if getattr(kind, "__pydantic_root_model__", False):
            return write_exactly(fields["root"], hide)
        return {name: write_exactly(item, hide) for name, item in fields.items()}
    # Subclasses: a size in bytes, a text with methods. As the base has it, whatever their own __str__ says.
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, (int, float)):
        return int.__int__(value) if isinstance(value, int) else float.__float__(value)
    if isinstance(value, Set):  # sorted: the order of a set of texts differs from process to process
        return sorted((write_exactly(item, hide) for item in value), key=canonical_json)
    if isinstance(value, Sequence) and not isinstance(value, (bytes, bytearray, memoryview)):
        return [write_exactly(item, hide) for item in value]
    return _write_leaf(value)


def _write_leaf(value: Any) -> Json:
    from pydantic_core import PydanticSerializationError, to_jsonable_python

    try:
        return to_jsonable_python(value)
    except (PydanticSerializationError, ValueError) as error:
        raise TypeError(f"{type(value).__name__} is not JSON: {error}") from None


def _write_key(key: object) -> str:
    written = write_exactly(key, _refuse_secret_key)
    if isinstance(written, bool) or not isinstance(written, (str, int)):
        raise TypeError(f"{key!r} cannot be a key in JSON: keys must be text")
    return str(written)


def _refuse_secret_key(_: Json) -> Json:
    raise TypeError("a secret cannot be a key in JSON")


def read_fields(value: Any) -> dict[str, Any] | None:
    """Return the fields of a model or dataclass by their Python names, with what a model was given beside them. None for anything else."""
    kind = type(value)
    if hasattr(kind, "__pydantic_root_model__"):
        return {**{name: value.__dict__[name] for name in kind.model_fields}, **(value.__pydantic_extra__ or {})}
    if dataclasses.is_dataclass(kind):
        found = {field.name: getattr(value, field.name) for field in dataclasses.fields(kind) if field.init}
        allows_more = getattr(kind, "__pydantic_config__", {}).get("extra") == "allow"
        return {**vars(value), **found} if allows_more else found
    return None


def is_same(one: Any, other: Any) -> bool:
    """Return whether two typed values are the same for a function that receives them: equal, and of the same types at every depth."""
    kind = type(one)
    if kind is not type(other):
        return False
    if one is None or kind in (str, bool, int, bytes):
        return bool(one == other)
    if kind is float or kind.__name__ == "Decimal":  # by name, for load time
        return repr(one) == repr(other)  # -0.0 is no 0.0, and 1.00 no 1
    if is_secret_value(one):
        return is_same(one.get_secret_value(), other.get_secret_value())
    if kind in (dict, list, tuple, set, frozenset) or isinstance(one, tuple):
        return _is_same_collection(one, other)
    if hasattr(one, "tzinfo"):  # a datetime or a time
        return (
            bool(one == other) and one.utcoffset() == other.utcoffset() and _find_zone(one) == _find_zone(other) and one.fold == other.fold
        )
    if hasattr(kind, "__pydantic_root_model__"):
        hidden = (one.__pydantic_private__ or {}, other.__pydantic_private__ or {})
        return _is_same_collection(read_fields(one), read_fields(other)) and _is_same_collection(*hidden)
    if dataclasses.is_dataclass(kind):
        names = [field.name for field in dataclasses.fields(kind)]
        return all(is_same(getattr(one, name, None), getattr(other, name, None)) for name in names)
    return bool(one == other)


def _is_same_collection(one: Any, other: Any) -> bool:
    if len(one) != len(other):
        return False
    if isinstance(one, dict):
        return all(key in other and is_same(item, other[key]) for key, item in one.items()) and _has_same_kinds(one, other)
    if isinstance(one, (set, frozenset)):
        return one == other and _has_same_kinds(one, other)
    return all(map(is_same, one, other))


def _has_same_kinds(one: Any, other: Any) -> bool:
    """Return whether equal keys, or members of a set, have equal types too: 1 and True are one key."""
    kinds = {each: type(each) for each in one}
    return all(kinds.get(each) is type(each) for each in other)


def _find_zone(time: Any) -> tuple[object, object]:
    return time.utcoffset(), getattr(time.tzinfo, "key", None)  # a ZoneInfo knows when its clocks change; what JSON brings back does not
