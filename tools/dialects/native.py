"""Calls in the provider's own field: names and JSON arguments."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..canonical import strict_json
from .read_events import Problem, ReadCall
from .signatures import ToolSignatures


def read_native_calls(calls: Iterable[Any], tools: ToolSignatures) -> list[ReadCall | Problem]:
    """Each call (an object with .name and .arguments, the JSON text) read or refused, in order."""
    return [_read_native_call(call.name, call.arguments, tools) for call in calls]


def _read_native_call(name: str, arguments: str, tools: ToolSignatures) -> ReadCall | Problem:
    tool = tools.find(name)
    if tool is None:
        return Problem(f"a call of {name!r}", (0, 0), f"one of the tools {', '.join(tools.names) or '(there are none)'}", name)
    try:
        value = strict_json(arguments) if arguments.strip() else {}
    except ValueError as error:
        return Problem(f"{name} with {arguments[:200]}", (0, 0), f"arguments as one JSON object ({error})", name)
    if not isinstance(value, dict):
        return Problem(f"{name} with {arguments[:200]}", (0, 0), "arguments as one JSON object", name)
    return ReadCall(tool.name, value)
