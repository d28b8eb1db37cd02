"""Calls as JSON objects: the usual spellings of name and arguments, alone, in a list, or as OpenAI shapes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .lenient_json import read_json
from .signatures import ARGUMENTS, Shape, Shapes
from .typing_values import Unreadable, typed
from .values import Problem, ReadCall

NAMES = ("name", "tool_name", "tool", "function_name", "function", "action", "recipient_name")
_ASIDE = frozenset(
    ("id", "type", "tool_call_id", "call_id", "index", "thought", "thoughts", "reasoning", "explanation", "content", "role", "description")
)
_WRAPPED = ("function", "function_call", "tool_call", "tool_use", "call")
_LISTS = ("tool_calls", "tool_uses", "calls", "function_calls", "tools")
KEYS = frozenset((*NAMES, *ARGUMENTS, *_ASIDE, *_WRAPPED, *_LISTS))
"""The keys one of which a call's object begins with."""

Item = ReadCall | Problem


class Unmarked(ValueError):
    """The value is no call: it is data."""


def read_calls(value: Any, known: Shapes, span: tuple[int, int], notes: tuple[str, ...] = (), *, marked: bool) -> list[Item]:
    """The calls of a JSON value. Raises Unmarked where it has not the form of a call; with `marked`, the place says that it is one."""
    if isinstance(value, list):
        if not value and not marked:
            raise Unmarked
        return [item for each in value for item in _read_each(each, known, span, notes, marked=marked)]
    if not isinstance(value, Mapping):
        raise Unmarked
    for key in _LISTS:
        if isinstance(value.get(key), list) and value[key] and set(value) - {key} <= _ASIDE:
            return read_calls(value[key], known, span, notes, marked=marked)
    for key in _WRAPPED:
        inner = value.get(key)
        if isinstance(inner, Mapping) and set(value) - {key} <= _ASIDE:
            return read_calls(inner, known, span, notes, marked=marked)
    return [_read_one(value, known, span, notes, marked=marked)]


def _read_each(value: Any, known: Shapes, span: tuple[int, int], notes: tuple[str, ...], *, marked: bool) -> list[Item]:
    """One of a list. In a marked place, what is no call does not take the others with it."""
    try:
        return read_calls(value, known, span, notes, marked=marked)
    except Unmarked:
        if not marked:
            raise
        return [Problem(str(value)[:200], span, "an object with 'name' and 'arguments'")]


def _read_one(value: Mapping[str, Any], known: Shapes, span: tuple[int, int], notes: tuple[str, ...], *, marked: bool) -> Item:
    name_key = next((key for key in NAMES if isinstance(value.get(key), str)), None)
    arguments_key = next((key for key in ARGUMENTS if key in value), None)
    if name_key is None:
        return _by_name_as_key(value, known, span, notes, marked=marked)
    name = value[name_key]
    shape = known.marked(name)
    extra = set(value) - {name_key, arguments_key} - _ASIDE
    if arguments_key is None and not marked and (shape is None or len(value) > 1 or not known.by_name):
        raise Unmarked
    if shape is None:
        if not marked and extra:
            raise Unmarked
        return known.unknown(name, span)
    given = value[arguments_key] if arguments_key is not None else {}
    if not marked and (extra or _is_schema(given, shape)):
        raise Unmarked
    if extra:
        seen = f"{name} with the keys {', '.join(sorted(map(str, value)))}"
        return shape.problem(seen, span, f"its arguments in one object under 'arguments': {shape.signature}")
    return read_one(shape, given, span, notes)


def read_one(shape: Shape, given: Any, span: tuple[int, int], notes: tuple[str, ...] = ()) -> Item:
    """A call of this tool with these arguments: an object, or JSON in a text."""
    try:
        arguments, more = _as_object(shape, given)
        return shape.call(arguments, span, (*notes, *more))
    except Unreadable as error:
        return shape.problem(f"{shape.name} with {given}", span, error)


def _as_object(shape: Shape, given: Any) -> tuple[Mapping[str, Any], tuple[str, ...]]:
    if given is None:
        return {}, ()
    if isinstance(given, Mapping):
        return given, ()
    if isinstance(given, str):
        if not given.strip():
            return {}, ()
        try:
            value, notes = read_json(given.strip())
        except ValueError as error:
            if shape.only_text and not given.lstrip().startswith("{"):
                return {shape.only_text: given}, (f"the text is {shape.only_text}",)
            raise Unreadable(f"arguments as one JSON object ({error})") from None
        if isinstance(value, Mapping):
            return value, notes
        if shape.only_text and isinstance(value, (str, int, float)):
            return {shape.only_text: typed(given, shape.properties[shape.only_text], shape.only_text)}, (f"the text is {shape.only_text}",)
    raise Unreadable(f"arguments as one JSON object: {shape.signature}")


def _is_schema(given: Any, shape: Shape) -> bool:
    """Whether these are no arguments but the definition of a tool, repeated."""
    return isinstance(given, Mapping) and "properties" in given and "properties" not in shape.properties


def _by_name_as_key(value: Mapping[str, Any], known: Shapes, span: tuple[int, int], notes: tuple[str, ...], *, marked: bool) -> Item:
    """{"NAME": {arguments}}, which only a marked place makes a call."""
    if marked and len(value) == 1:
        ((name, given),) = value.items()
        shape = known.marked(name) if known.by_name or name not in KEYS else None
        if shape is not None and isinstance(given, Mapping):
            return read_one(shape, given, span, notes)
    if marked:
        return Problem(str(dict(value))[:200], span, "an object with 'name' and 'arguments'")
    raise Unmarked
