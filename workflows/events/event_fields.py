"""Check that the fields of an event have the types that they say: what was changed in a database may hold anything."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import is_dataclass
from functools import cache
from types import UnionType
from typing import Any, ClassVar, get_args, get_origin, get_type_hints

Check = Callable[[object], bool]


def has_its_types(event: object) -> bool:
    """Return whether every field of an event, and of the values in it, is of its type; a JSON value may be any."""
    kind: Any = type(event)
    return _check_of(kind)(event)


@cache
def _check_of(hint: Any) -> Check:
    origin, parts = get_origin(hint), get_args(hint)
    if hint is Any:
        return lambda value: True
    if hint is float:
        return lambda value: isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 1e300
    if hint is int:
        return lambda value: isinstance(value, int) and not isinstance(value, bool)
    if isinstance(hint, UnionType):
        checks = tuple(map(_check_of, parts))
        return lambda value: any(check(value) for check in checks)
    if origin is tuple:
        return _check_of_tuple(parts)
    if is_dataclass(hint) and isinstance(hint, type):
        return _check_of_fields(hint)
    kind: Any = origin or hint
    return lambda value: isinstance(value, kind)


def _check_of_tuple(parts: tuple[Any, ...]) -> Check:
    if parts[1:] == (...,):
        each = _check_of(parts[0])
        return lambda value: isinstance(value, tuple) and all(map(each, value))
    checks = tuple(map(_check_of, parts))
    return lambda value: isinstance(value, tuple) and len(value) == len(checks) and all(map(lambda check, item: check(item), checks, value))


def _check_of_fields(kind: type) -> Check:
    hints = {name: hint for name, hint in get_type_hints(kind).items() if get_origin(hint) is not ClassVar}
    checks = tuple((name, _check_of(hint)) for name, hint in hints.items() if hint is not Any)
    return lambda value: isinstance(value, kind) and all(check(getattr(value, name)) for name, check in checks)
