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


def is_same(one: Any, other: Any, *, checks_defaults: bool = True) -> bool:
    """Return whether two typed values are the same for a function that receives them: equal, and of the same types at every depth.

    Without `checks_defaults`, fields of models that were left to their defaults may differ, and whole numbers may be other numbers by then:
    pydantic takes a default as it is, `price: float = 0` as an int.
    """
    kind = type(one)
    if kind is not type(other):
        return not checks_defaults and kind is int and type(other).__name__ in ("float", "Decimal") and bool(one == other)
    if one is None or kind in (str, bool, int, bytes):
        return bool(one == other)
    if kind is float or kind.__name__ == "Decimal":  # by name, for load time
        return repr(one) == repr(other)  # -0.0 is no 0.0, and 1.00 no 1
    if is_secret_value(one):
        return is_same(one.get_secret_value(), other.get_secret_value(), checks_defaults=checks_defaults)
    if kind in (dict, list, tuple, set, frozenset) or isinstance(one, tuple):
        return _is_same_collection(one, other, checks_defaults)
    if hasattr(one, "tzinfo"):  # a datetime or a time
        return bool(one == other) and _find_zone(one) == _find_zone(other) and one.fold == other.fold
    if hasattr(kind, "__pydantic_root_model__"):
        return _is_same_model(one, other, checks_defaults)
    if dataclasses.is_dataclass(kind):
        names = [field.name for field in dataclasses.fields(kind)]
        return all(is_same(getattr(one, name, None), getattr(other, name, None), checks_defaults=checks_defaults) for name in names)
    return bool(one == other)


def _is_same_model(one: Any, other: Any, checks_defaults: bool) -> bool:
    fields, others = read_fields(one) or {}, read_fields(other) or {}
    checked = fields if checks_defaults else {name: value for name, value in fields.items() if name in one.model_fields_set}
    hidden = (one.__pydantic_private__ or {}, other.__pydantic_private__ or {})
    return (
        fields.keys() == others.keys()
        and all(is_same(value, others[name], checks_defaults=checks_defaults) for name, value in checked.items())
        and _is_same_collection(*hidden, checks_defaults)
    )


def _is_same_collection(one: Any, other: Any, checks_defaults: bool) -> bool:
    if len(one) != len(other):
        return False
    if isinstance(one, dict):
        same = all(key in other and is_same(item, other[key], checks_defaults=checks_defaults) for key, item in one.items())
        return same and _has_same_kinds(one, other)
    if isinstance(one, (set, frozenset)):
        return one == other and _has_same_kinds(one, other)
    return all(is_same(*pair, checks_defaults=checks_defaults) for pair in zip(one, other, strict=True))


def _has_same_kinds(one: Any, other: Any) -> bool:
    """Return whether equal keys, or members of a set, have equal types too: 1 and True are one key."""
    kinds = {each: type(each) for each in one}
    return all(kinds.get(each) is type(each) for each in other)


def _find_zone(time: Any) -> tuple[object, object]:
    return time.utcoffset(), getattr(time.tzinfo, "key", None)  # a ZoneInfo knows when its clocks change; what JSON brings back does not
