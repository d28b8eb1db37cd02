"""Values on their way through a journal: JSON that remembers the type of what is not JSON by itself.

A pydantic model, dataclass, named tuple, enum, tuple, set, date, decimal or fraction is written as `{"$": TYPE, "=": ...}` and read back as
the same type. TYPE is a short tag for the types of Sayso (see `stored_types`) and `module:QualName` for those of an application, which must
already be loaded when they are read: a journal cannot name code into a process.
"""

from __future__ import annotations

import dataclasses
import enum
import sys
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from typing import Any

from sayso.tools.errors import SaysoError, UsageError

from .stored_types import find_type, tag_of


class NotJson(UsageError):
    """A value that cannot be kept; the message says where it stands and what it is."""


class Lost(SaysoError):
    """An error that was kept by a run and whose class cannot be made again; its text says what it was."""


@cache
def _textual() -> dict[str, tuple[type, Any]]:
    # Loaded when such a value first comes by: most runs have none, and these modules take their time.
    import datetime
    from decimal import Decimal
    from fractions import Fraction

    return {
        "datetime": (datetime.datetime, datetime.datetime.fromisoformat),
        "date": (datetime.date, datetime.date.fromisoformat),
        "decimal": (Decimal, Decimal),
        "fraction": (Fraction, Fraction),
    }


def to_json(value: Any, place: str = "value") -> Any:
    """The value as JSON types. NotJson names the place of what is not."""
    if value is None or type(value) in (str, bool, int):
        return value
    if type(value) is float:
        if value != value or value in (float("inf"), float("-inf")):
            raise NotJson(f"{place} is {value!r}, which JSON has no word for.")
        return value
    if type(value) is list:
        return [to_json(item, f"{place}[{index}]") for index, item in enumerate(value)]
    if isinstance(value, Mapping) and type(value).__module__ in ("builtins", "collections", "types"):
        return _mapping(value, place)
    return _tagged(value, place)


def _mapping(value: Mapping[Any, Any], place: str) -> dict[str, Any]:
    for key in value:
        if type(key) is not str:
            raise NotJson(f"{place} has the key {key!r}, and JSON keys are text.")
    written = {key: to_json(item, f"{place}.{key}") for key, item in value.items()}
    return {"$": "dict", "=": written} if "$" in written else written


def _tagged(value: Any, place: str) -> dict[str, Any]:
    kind = type(value)
    for name, (textual, _) in _textual().items():
        if kind is textual:
            return {"$": name, "=": value.isoformat() if hasattr(value, "isoformat") else str(value)}
    if isinstance(value, enum.Enum):
        return {"$": _name(kind, place), "=": to_json(value.value, place)}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return {"$": _name(kind, place), "=": [to_json(item, f"{place}.{name}") for name, item in zip(value._fields, value, strict=True)]}
    if kind in (tuple, set, frozenset):
        items = sorted(value, key=repr) if kind is not tuple else value
        return {"$": kind.__name__, "=": [to_json(item, f"{place}[{index}]") for index, item in enumerate(items)]}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = [field.name for field in dataclasses.fields(value) if field.init]
        return {"$": _name(kind, place), "=": {name: to_json(getattr(value, name), f"{place}.{name}") for name in fields}}
    if isinstance(value, Exception):
        return {"$": tag_of(f"{kind.__module__}:{kind.__qualname__}"), "=": {"message": str(value), "attributes": _facts(value)}}
    if hasattr(kind, "model_validate"):
        return {"$": _name(kind, place), "=": _model(value, place)}
    raise NotJson(
        f"{place} is a {kind.__module__}.{kind.__qualname__}, and only JSON, models, dataclasses and tuples are kept between steps."
    )


def _model(value: Any, place: str) -> Any:
    # A secret is dumped as stars and an excluded field not at all: what would not come back is refused now, not missed later.
    written = value.model_dump(mode="json", by_alias=True)
    try:
        lost = type(value).model_validate(written).__dict__ != value.__dict__
    except ValueError as error:
        raise NotJson(f"{place} is a {type(value).__qualname__} that cannot be read back from its own JSON: {error}") from None
    if lost:
        raise NotJson(
            f"{place} is a {type(value).__qualname__} that does not come back from JSON as it was (a secret, an excluded field?)."
        )
    return written


def _facts(error: Exception) -> dict[str, Any]:
    # What cannot be kept of an error (a connection, a response) is left out: to raise NotJson here would hide the error itself.
    facts: dict[str, Any] = {}
    for key, item in vars(error).items():
        if key not in ("partial", "__notes__"):
            with suppress(NotJson):
                facts[key] = to_json(item, key)
    return facts


def _name(kind: type, place: str) -> str:
    if "<locals>" in kind.__qualname__:
        raise NotJson(f"{place} is a {kind.__qualname__}, which cannot be found again; move the class out of the function.")
    return tag_of(f"{kind.__module__}:{kind.__qualname__}")


def from_json(data: Any) -> Any:
    """The value that `to_json` wrote."""
    if isinstance(data, list):
        return [from_json(item) for item in data]
    if not isinstance(data, dict):
        return data
    if "$" not in data:
        return {key: from_json(item) for key, item in data.items()}
    tag, inner = data["$"], data["="]
    if tag == "dict":
        return {key: from_json(item) for key, item in inner.items()}
    if tag in ("tuple", "set", "frozenset"):
        return {"tuple": tuple, "set": set, "frozenset": frozenset}[tag](from_json(item) for item in inner)
    if tag in _textual():
        return _textual()[tag][1](inner)
    return _made(_found(tag, inner), inner)


def _found(tag: str, inner: Any) -> Any:
    if (ours := find_type(tag)) is not None:
        return ours
    module, colon, qualname = tag.partition(":")
    if not colon:
        raise NotJson(f"The journal holds a {tag!r}, which this version of Sayso does not know. Read it with the version that wrote it.")
    found: Any = sys.modules.get(module)
    for part in qualname.split("."):
        found = getattr(found, part, None)
    if isinstance(found, type):
        return found
    if isinstance(inner, dict) and inner.keys() == {"message", "attributes"}:
        return Lost
    raise NotJson(f"The journal holds a {qualname} of {module}, which this program has not loaded. Import it before the run is resumed.")


def _made(kind: Any, inner: Any) -> Any:
    if issubclass(kind, enum.Enum):
        return kind(from_json(inner))
    if issubclass(kind, tuple) and isinstance(inner, list):
        return kind(*[from_json(item) for item in inner])
    if issubclass(kind, Exception):
        return _error(kind, inner)
    if hasattr(kind, "model_validate"):
        return kind.model_validate(inner)
    if hasattr(kind, "__dataclass_fields__") or hasattr(kind, "_fields"):  # by name; a named tuple too, if it was a dataclass once
        return kind(**{name: from_json(item) for name, item in inner.items()})
    raise NotJson(f"The journal holds a {kind.__qualname__}, which is no kind of value that a journal keeps.")


def _error(kind: type[Exception], inner: Any) -> Exception:
    # An error's __init__ makes its sentence from parts; here the sentence is what was kept.
    error = kind.__new__(kind)
    Exception.__init__(error, inner["message"])
    for name, item in inner["attributes"].items():
        setattr(error, name, from_json(item))
    return error
