"""Calls in the provider's own field: names and JSON arguments."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..canonical import strict_json
from .signatures import Shapes
from .values import Problem, ReadCall


def native_calls(calls: Iterable[Any], known: Shapes) -> list[ReadCall | Problem]:
    """Each call (an object with .name and .arguments, the JSON text) read or refused, in order."""
    return [_native_call(call.name, call.arguments, known) for call in calls]


def _native_call(name: str, arguments: str, known: Shapes) -> ReadCall | Problem:
    shape = known.find(name)
    if shape is None:
        return Problem(f"a call of {name!r}", (0, 0), f"one of the tools {', '.join(known.names) or '(there are none)'}", name)
    try:
        value = strict_json(arguments) if arguments.strip() else {}
    except ValueError as error:
        return Problem(f"{name} with {arguments[:200]}", (0, 0), f"arguments as one JSON object ({error})", name)
    if not isinstance(value, dict):
        return Problem(f"{name} with {arguments[:200]}", (0, 0), "arguments as one JSON object", name)
    return ReadCall(shape.name, value)
