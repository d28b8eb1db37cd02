"""Values on their way through a journal: JSON that remembers the type of what is not JSON by itself.

A pydantic model, dataclass, named tuple, enum, tuple, set, date, decimal or fraction is written as `{"$": TYPE, "=": ...}` and read back as
the same type. TYPE is a short tag for the types of Sayso (see `stored_types`) and `module:QualName` for those of an application, which must
already be loaded when they are read: a journal cannot name code into a process.
"""

from __future__ import annotations

import dataclasses
import enum
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache
from typing import Any, cast

from sayso.tools.canonical import Json, JsonObject
from sayso.tools.errors import SaysoError, UsageError

SEALED = "sealed"
"""The tag of what is encrypted in a database because a secret stands in it. Read without its key, it is the same with stars."""
SEALED_MARK = f'"$": "{SEALED}"'
"""What stands in a stored JSON text with something encrypted, and in no other."""

DEEPEST = 250
"""How deep a stored value may be nested: reading it back takes two of Python's 1,000 frames a level."""
SHOWN_PLACE = 80


class NotJson(UsageError):
    """A value that cannot be stored. The message says where it stands and what it is."""


class Lost(SaysoError):
    """An error of a stored run whose class cannot be made again. Its text is that of the error."""


@cache
def _type_table() -> tuple[Callable[[type], str | None], Callable[[str], type | None]]:
    from .stored_types import find_type, tag_of  # late, for load time: a run that lives in memory stores no types

    return tag_of, find_type


@cache
def _text_types() -> dict[str, tuple[type, Callable[[str], object]]]:
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


def to_json(value: object, where: str = "value", depth: int = 0) -> Json:
    """Write a value as JSON types. Raises NotJson for what cannot be stored; the message begins with `where` it stands."""
    if value is None or type(value) in (str, bool, int):
        return value
    if type(value) is float:
        if value != value or value in (float("inf"), float("-inf")):
            raise NotJson(f"{where} is {value!r}, which JSON cannot represent.")
        return value
    if depth > DEEPEST:
        raise NotJson(
            f"{where[:SHOWN_PLACE]}… is nested more than {DEEPEST} deep, or holds itself. Hand on less, or its text (json.dumps)."
        )
    if type(value) is list:
        return [to_json(item, f"{where}[{index}]", depth + 1) for index, item in enumerate(value)]
    if isinstance(value, Mapping) and type(value).__module__ in ("builtins", "collections", "types"):
        written: JsonObject = {}
        for key, item in value.items():
            if type(key) is not str:
                raise NotJson(f"{where} has the key {key!r}, and JSON keys are text.")
            written[key] = to_json(item, f"{where}.{key}", depth + 1)
        return {"$": "dict", "=": written} if "$" in written else written
    return _write_typed(value, where, depth)


def _write_typed(value: Any, where: str, depth: int) -> JsonObject:
    kind = type(value)
    for name, (text_type, _) in _text_types().items():
        if kind is text_type:
            return {"$": name, "=": value.isoformat() if hasattr(value, "isoformat") else str(value)}
    tag = _type_table()[0](kind)
    if isinstance(value, enum.Enum):
        return {"$": tag or _name_class(kind, where), "=": to_json(value.value, where, depth + 1)}
    if isinstance(value, tuple) and (fields := getattr(value, "_fields", None)) is not None:
        return {
            "$": tag or _name_class(kind, where),
            "=": [to_json(item, f"{where}.{name}", depth + 1) for name, item in zip(fields, value, strict=True)],
        }
    if kind in (tuple, set, frozenset):
        items = sorted(value, key=repr) if kind is not tuple else value
        return {"$": kind.__name__, "=": [to_json(item, f"{where}[{index}]", depth + 1) for index, item in enumerate(items)]}
    if dataclasses.is_dataclass(kind):
        names = [field.name for field in dataclasses.fields(kind) if field.init]
        return {
            "$": tag or _name_class(kind, where),
            "=": {name: to_json(getattr(value, name), f"{where}.{name}", depth + 1) for name in names},
        }
    if isinstance(value, Exception):
        # An error is stored wherever its class was made: it is read back as Lost if that cannot be found.
        return {"$": tag or _path(kind), "=": {"message": str(value), "attributes": _write_attributes(value)}}
    if hasattr(kind, "model_validate"):
        return {"$": tag or _name_class(kind, where), "=": _write_model(value, where)}
    raise NotJson(
        f"{where} is a {kind.__module__}.{kind.__qualname__}, and only JSON, models, dataclasses and tuples are stored between steps."
    )


def _write_model(value: Any, where: str) -> Json:
    # A secret is dumped as stars and an excluded field not at all: what would not come back is refused now, not missed later.
    written: Json = value.model_dump(mode="json", by_alias=True)
    try:
        lost = type(value).model_validate(written).__dict__ != value.__dict__
    except ValueError as error:
        raise NotJson(f"{where} is a {type(value).__qualname__} that cannot be read back from its own JSON: {error}") from None
    if lost:
        raise NotJson(f"{where} is a {type(value).__qualname__} that JSON does not bring back unchanged (a secret, an excluded field?).")
    return written


def _write_attributes(error: Exception) -> JsonObject:
    # What cannot be stored of an error (a connection, a response) is left out: to raise NotJson here would hide the error itself.
    attributes: JsonObject = {}
    for name, item in vars(error).items():
        if name not in ("partial", "__notes__"):
            with suppress(NotJson):
                attributes[name] = to_json(item, name)
    return attributes


def _name_class(kind: type, where: str) -> str:
    """Return the name under which a class of an application is stored. Raises NotJson for one that cannot be found by it."""
    if "<locals>" in kind.__qualname__:
        raise NotJson(f"{where} is a {kind.__qualname__}, which cannot be found again; move the class out of the function.")
    return _path(kind)


def _path(kind: type) -> str:
    return f"{kind.__module__}:{kind.__qualname__}"


def from_json(data: Json) -> Any:
    """Read what `to_json` wrote. Raises NotJson for a type that this program does not know."""
    if isinstance(data, list):
        return [from_json(item) for item in data]
    if not isinstance(data, dict):
        return data
    if "$" not in data:
        return {key: from_json(item) for key, item in data.items()}
    name, inner = data["$"], data["="]
    if name == "dict":
        return {key: from_json(item) for key, item in inner.items()}
    if name == SEALED:
        return inner["shown"]
    if name in ("tuple", "set", "frozenset"):
        return {"tuple": tuple, "set": set, "frozenset": frozenset}[name](from_json(item) for item in inner)
    if name in _text_types():
        return _text_types()[name][1](inner)
    return _read_typed(_type_table()[1](name) or _find_own_type(name, inner), inner)


def read_value(data: Json) -> object:
    """Return a stored value. One whose type is unknown in this program is returned as JSON data, without the names of types."""
    try:
        value: object = from_json(data)
    except (NotJson, ValueError, TypeError, KeyError, AttributeError):
        return strip_types(data)
    return value


def strip_types(data: Json) -> Json:
    """Return stored JSON without the names of types."""
    if isinstance(data, list):
        return [strip_types(item) for item in data]
    if not isinstance(data, dict):
        return data
    if data.keys() == {"$", "="}:
        return strip_types(data["="])
    return {key: strip_types(item) for key, item in data.items()}


def _find_own_type(name: str, inner: Json) -> type:
    """Return the class of an application at `module:QualName`, if the module is loaded; Lost for an error that is not."""
    module, colon, qualname = name.partition(":")
    if not colon:
        raise NotJson(f"The journal holds a {name!r}, which this version of Sayso does not know. Read it with the version that wrote it.")
    found: object = sys.modules.get(module)
    for part in qualname.split("."):
        found = getattr(found, part, None)
    if isinstance(found, type):
        return found
    if isinstance(inner, dict) and inner.keys() == {"message", "attributes"}:
        return Lost
    raise NotJson(f"The journal holds a {qualname} of {module}, which this program has not loaded. Import it before the run is resumed.")


def _read_typed(kind: type, inner: Json) -> Any:
    # The class decides how its JSON is read, so that a class that is no value (a function's, a process's) is never made.
    make = cast("Callable[..., Any]", kind)
    if issubclass(kind, enum.Enum):
        return make(from_json(inner))
    if issubclass(kind, tuple) and isinstance(inner, list):
        return make(*[from_json(item) for item in inner])
    if issubclass(kind, Exception):
        return _read_error(kind, inner)
    if (validate := getattr(kind, "model_validate", None)) is not None:
        return validate(inner)
    if hasattr(kind, "__dataclass_fields__") or hasattr(kind, "_fields"):  # by name; a named tuple too, if it was a dataclass once
        return make(**{name: from_json(item) for name, item in inner.items()})
    raise NotJson(f"The journal holds a {kind.__qualname__}, and values of that class are not stored in a journal.")


def _read_error(kind: type[Exception], inner: JsonObject) -> Exception:
    # An error's __init__ makes its sentence from parts; here the sentence is what was stored.
    error = kind.__new__(kind)
    Exception.__init__(error, inner["message"])
    for name, item in inner["attributes"].items():
        setattr(error, name, from_json(item))
    return error
