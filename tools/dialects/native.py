"""Calls in the provider's own field (native tool calling): names, and arguments as JSON text."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from ..canonical import strict_json
from .read_events import Problem, ReadCall
from .signatures import ToolSignatures


class NativeCallLike(Protocol):
    """A call as a provider's API returns it."""

    @property
    def name(self) -> str: ...
    @property
    def arguments(self) -> str: ...


def read_native_calls(calls: Iterable[NativeCallLike], tools: ToolSignatures) -> list[ReadCall | Problem]:
    """Return each call, or the problem with it, in order. The JSON is read strictly: no server has a reason to break it."""
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
