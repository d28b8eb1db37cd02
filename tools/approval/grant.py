"""Grants: standing approvals of a tool, each for calls whose arguments fit its rules."""

from __future__ import annotations

from asyncio import CancelledError
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from inspect import iscoroutine
from math import isfinite
from typing import Any, NamedTuple

from ..calls import ToolCall
from ..canonical import Json, readable_json, sha256
from ..definition.exact_json import is_same, write_exactly
from ..definition.secret import show_plain
from ..definition.tool import AnyTool, Tool
from ..errors import UsageError
from .cards import escape_invisible, show_value


@dataclass(frozen=True, kw_only=True, slots=True)
class Grant:
    """A standing approval: a rule on a tool and its arguments, with an end: `until` (seconds since 1970), and that of the run in any case.

    `tool` is the tool itself, or the name of one that the agent or workflow has. It covers this tool and no other of its name: the same
    function in the same version. What it binds (`mail.using(to=...)`) is a rule too.
    `arguments` maps names to the allowed value, which is compared exactly (1 is neither 1.0 nor True), or to a function that returns True
    for a value that is allowed; an argument that is not named may be anything.
    It covers nothing in a run that has read something private, something of strangers, or something that nobody vouches for (a tool that
    does not say `trust=`): whatever a model does then may be what that text wants, in whatever words.
    """

    tool: AnyTool | str
    arguments: Mapping[str, object | Callable[[Any], bool]] = field(default_factory=dict)
    until: float | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.tool, (str, Tool)):
            raise UsageError(f"Grant(tool={self.tool!r}) takes a tool, or the name of one.")
        if not isinstance(self.arguments, Mapping) or not all(isinstance(name, str) for name in self.arguments):
            raise UsageError(f"Grant(tool={self.tool_name!r}) has arguments={self.arguments!r}. Write a dict of rules: {{'to': 'ada'}}.")
        # What its giver changes later changes nothing: the rules are those of now.
        object.__setattr__(self, "arguments", {name: rule if callable(rule) else deepcopy(rule) for name, rule in self.arguments.items()})
        if self.until is not None and (
            isinstance(self.until, bool) or not isinstance(self.until, (int, float)) or not isfinite(self.until)
        ):
            raise UsageError(f"Grant(tool={self.tool_name!r}) has until={self.until!r}. Write seconds since 1970: time.time() + 3600.")

    @property
    def tool_name(self) -> str:
        """Return the name of its tool."""
        return self.tool if isinstance(self.tool, str) else self.tool.name

    @property
    def rules(self) -> Mapping[str, object]:
        """Return the rules on arguments: what the tool binds, and what `arguments` says."""
        return self.arguments if isinstance(self.tool, str) or not self.tool.bound else {**self.arguments, **self.tool.bound}

    @property
    def id(self) -> str:
        """Return 12 hexadecimal digits, the same in every process: the grant's name in the log, and for whoever withdraws it."""
        return sha256(self.tool_name, {name: _identify(rule) for name, rule in self.rules.items()}, self.until)[:12]

    def __str__(self) -> str:
        rules = ", ".join(f"{name} {_describe(rule)}" for name, rule in self.rules.items())
        return f"{self.tool_name}({rules or 'any arguments'})"

    def covers(self, call: ToolCall, now: float, tool: AnyTool | None = None) -> bool:
        """Return whether the grant allows this call of `tool` at this time (seconds since 1970), with its final arguments."""
        if call.tool != self.tool_name or (self.until is not None and now >= self.until):
            return False
        if not isinstance(self.tool, str) and (tool is None or not is_same_tool(self.tool, tool)):
            return False
        return all(name in call.arguments and _fits(rule, call.arguments[name]) for name, rule in self.rules.items())


class GivenGrant(NamedTuple):
    """A grant as the log tells of it: `text` is its tool and rules, `version` that of the tool, empty where only a name is known."""

    id: str
    text: str
    tool: str
    version: str
    until: float | None


def describe_grant(grant: Grant) -> GivenGrant:
    """Return what the log tells of a grant."""
    version = "" if isinstance(grant.tool, str) else grant.tool.unbound.version
    return GivenGrant(grant.id, escape_invisible(str(grant)), grant.tool_name, version, grant.until)


def is_same_tool(one: AnyTool, other: AnyTool) -> bool:
    """Return whether two tools are one: the same function under one name and version, whatever of its arguments is bound."""
    return one.name == other.name and one.is_function_of(other) and one.unbound.version == other.unbound.version


def answer_of(rule: Callable[[Any], object], value: object) -> object:
    """Return what an application's function says of a value, or the error that it raises. It gets a copy, which it may change."""
    try:
        answer = rule(deepcopy(value))
    except (Exception, CancelledError) as error:  # noqa: BLE001  a rule that fails allows nothing, and cancels nothing
        return error
    if iscoroutine(answer):
        answer.close()  # an async function says nothing here
    return answer


def _fits(rule: object, value: object) -> bool:
    if callable(rule):
        return answer_of(rule, value) is True
    try:
        return is_same(write_exactly(rule, show_plain), write_exactly(value, show_plain))
    except TypeError:  # JSON has no such value, so no call has it
        return False


def _identify(rule: object) -> Json:
    from ..definition.fingerprint import code_text  # late, for load time

    if callable(rule):
        return ["function", getattr(rule, "__qualname__", type(rule).__qualname__), code_text(rule)]
    try:
        return ["value", write_exactly(rule, show_plain)]
    except TypeError:
        return ["value", repr(rule)]


def _describe(rule: object) -> str:
    if callable(rule):
        return f"by {getattr(rule, '__name__', type(rule).__name__)}"
    try:
        return f"= {show_value(readable_json(write_exactly(rule, lambda _: '********')))}"
    except TypeError:
        return f"= {show_value(repr(rule))}"
