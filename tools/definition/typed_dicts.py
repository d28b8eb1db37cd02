"""`typing.TypedDict` before Python 3.12, of which pydantic cannot tell which keys are required: rebuilt as one of typing_extensions."""

from __future__ import annotations

import sys
import typing
from collections.abc import Callable
from typing import Any

_REBUILT: dict[type, Any] = {}
_MARKED = {"Required": True, "NotRequired": False}


def rebuild_typed_dict(hint: Any, change: Callable[[Any], Any]) -> Any:
    """Return the same TypedDict as pydantic reads it, `change` done to the type of each key; anything else as it is.

    One that holds itself is left as it is, and refused by pydantic in words.
    """
    if sys.version_info >= (3, 12) or type(hint).__name__ != "_TypedDictMeta" or type(hint).__module__ != "typing":
        return hint
    if hint not in _REBUILT:
        _REBUILT[hint] = hint  # while its own keys are looked at
        _REBUILT[hint] = _rebuild(hint, change)
    return _REBUILT[hint]


def _rebuild(hint: Any, change: Callable[[Any], Any]) -> Any:
    import typing_extensions  # late, for load time

    fields: dict[str, Any] = {}
    for key, kind in typing.get_type_hints(hint, include_extras=True).items():
        marker = getattr(typing.get_origin(kind), "_name", "")
        is_required = _MARKED.get(marker, key in hint.__required_keys__)
        inner = change(typing.get_args(kind)[0] if marker in _MARKED else kind)
        fields[key] = inner if is_required else typing_extensions.NotRequired[inner]
    make: Any = typing_extensions.TypedDict  # the form that makes one of a dict, of which type checkers know only the literal
    made: Any = make(hint.__name__, fields)
    made.__module__, made.__doc__, made.__qualname__ = hint.__module__, hint.__doc__, hint.__qualname__
    return made
