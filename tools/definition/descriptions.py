"""Descriptions in type hints: `Annotated[str, "text"]` and `Annotated[str, Doc("text")]` (PEP 727), in nested classes too.

pydantic itself reads `Annotated[str, Field(description="text")]` and ignores the other two.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Callable, Iterator, Mapping
from dataclasses import is_dataclass
from typing import Annotated, Any, ClassVar

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue

from .typed_dicts import rebuild_typed_dict

_MARKERS = frozenset({"Required", "NotRequired", "ReadOnly"})  # by name: typing and typing_extensions have each their own


class ArgumentsSchema(GenerateJsonSchema):
    """Writes the schema of a call's arguments. A class (`type[int]`) is refused: JSON has none, though pydantic writes {} for it."""

    # A default that JSON cannot hold (a sentinel) is the function's own affair: the model may leave the argument out.
    ignored_warning_kinds: ClassVar[set[Any]] = {*GenerateJsonSchema.ignored_warning_kinds, "non-serializable-default"}  # type: ignore[misc]

    def is_subclass_schema(self, schema: Any) -> JsonSchemaValue:
        """Refuse a class, as pydantic does what it cannot write."""
        return self.handle_invalid_for_json_schema(schema, "a class")


def add_descriptions(hint: Any) -> Any:
    """Return the hint with each text that describes a type, at any depth, as a pydantic Field."""
    from pydantic import Field

    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    if text := read_alias_description(hint):
        return Annotated[hint, Field(description=text)]
    if origin is Annotated:
        text = _read_description(hint)
        found = Annotated[(add_descriptions(parts[0]), *hint.__metadata__)]  # type: ignore[valid-type]  # made here
        return Annotated[found, Field(description=text)] if text else found
    if not _holds_types(origin):
        return rebuild_typed_dict(hint, add_descriptions) if origin is None else hint
    changed = tuple(add_descriptions(part) for part in parts)
    if changed == parts:
        return hint
    return typing.Union[changed] if origin in (typing.Union, types.UnionType) else origin[changed]  # noqa: UP007  # no `|` of a tuple


def read_alias_description(hint: Any) -> str:
    """Return the description in a type alias: `type City = Annotated[str, "The city"]`. In the schema it stands behind a `$ref`."""
    aliased = getattr(hint, "__value__", None)  # not looked into any further: an alias may be recursive
    return "" if aliased is None else _read_description(aliased, with_fields=True)


def describe_nested(schema: Mapping[str, Any], hints: Mapping[str, Any]) -> None:
    """Write the texts in the hints of nested classes (models, dataclasses, TypedDicts, NamedTuples) into their `$defs`."""
    for kind in _find_classes(list(hints.values())):
        properties = schema.get("$defs", {}).get(kind.__name__, {}).get("properties", {})
        for name, hint in _read_fields(kind).items():
            if (text := _read_description(hint)) and name in properties:
                properties[name].setdefault("description", text)


def _read_description(hint: Any, *, with_fields: bool = False) -> str:
    """Return the text beside a type; empty where pydantic finds a description of its own, unless that is asked for."""
    from pydantic.fields import FieldInfo

    while getattr(typing.get_origin(hint), "_name", "") in _MARKERS:
        hint = typing.get_args(hint)[0]
    metadata = getattr(hint, "__metadata__", ()) if typing.get_origin(hint) is Annotated else ()
    fields = [each.description for each in metadata if isinstance(each, FieldInfo) and each.description]
    if fields:
        return fields[-1] if with_fields else ""
    texts = [each if isinstance(each, str) else getattr(each, "documentation", None) for each in metadata]
    return next((" ".join(text.split()) for text in texts if isinstance(text, str)), "")


def _holds_types(origin: Any) -> bool:
    """Tell whether the arguments of a generic are types: those of a union or a collection are, those of Literal or Callable are not."""
    if origin in (typing.Union, types.UnionType):
        return True
    return isinstance(origin, type) and origin is not Callable and origin.__module__ in ("builtins", "collections", "collections.abc")


def _find_classes(hints: list[Any]) -> Iterator[type]:
    """Yield every class with fields of its own that the hints name, each once."""
    seen: set[type] = set()
    while hints:
        hint = hints.pop()
        hints += [part for part in typing.get_args(hint) if part is not Ellipsis]
        if isinstance(hint, type) and hint not in seen and (fields := _read_fields(hint)):
            seen.add(hint)
            hints += fields.values()
            yield hint


def _read_fields(kind: type) -> Mapping[str, Any]:
    from pydantic import BaseModel

    is_named = hasattr(kind, "__required_keys__") or hasattr(kind, "_fields")  # a TypedDict of either module; a NamedTuple
    if not (is_named or is_dataclass(kind) or issubclass(kind, BaseModel)):
        return {}
    try:
        return typing.get_type_hints(kind, include_extras=True)
    except (NameError, TypeError):  # a class of a function names types that only that function knows
        return {}
