"""Calls in the provider's own field (native tool calling): names, and arguments as JSON text."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Protocol

from ..dialects.arguments import read_arguments
from ..dialects.coerce import CoercionError
from ..dialects.json_calls import parse_calls
from ..dialects.lenient_json import parse_json
from ..dialects.read_events import Problem, ReadCall
from ..dialects.signatures import ToolSignatures

_PARALLEL = re.compile(r"(?:functions\.)?multi_tool_use\.\w+|(?:functions\.)?parallel")


class NativeCallLike(Protocol):
    """A call as a provider's API returns it."""

    @property
    def name(self) -> str: ...
    @property
    def arguments(self) -> str: ...


def read_native_calls(calls: Iterable[NativeCallLike], tools: ToolSignatures) -> list[ReadCall | Problem]:
    """Return each call, or the problem with it, in order; for `multi_tool_use.parallel`, the calls in it.

    Servers leak the marks of a model's own format into this field too, so it is read like a call that is written in text.
    """
    items: list[ReadCall | Problem] = []
    for call in calls:
        items += _read_native_call(call.name, call.arguments, tools)
    return items


def _read_native_call(name: str, written: str, tools: ToolSignatures) -> list[ReadCall | Problem]:
    tool = tools.find(name)
    notes: tuple[str, ...] = ()
    if tool is None and tools.by_name and (tool := tools.find_marked(name)):
        notes = (f"the name was written {name[:80]!r}",)
    if tool is None:
        return _read_parallel(written, tools) if _PARALLEL.fullmatch(name.strip()) else [tools.report_unknown(name, (0, 0))]
    try:
        arguments, more = read_arguments(tool, written)
    except CoercionError as error:
        return [Problem(f"{tool.name} with {written[:200]}", (0, 0), str(error), tool.name)]
    return [ReadCall(tool.name, arguments, (0, 0), (*notes, *more))]


def _read_parallel(written: str, tools: ToolSignatures) -> list[ReadCall | Problem]:
    """Read several calls in one, which OpenAI's models write where they were trained to."""
    try:
        value, notes = parse_json(written)
        return parse_calls(value, tools, (0, 0), notes, marked=True)
    except ValueError as error:
        return [Problem(f"several calls: {written[:200]}", (0, 0), f"each call by itself ({error})")]
