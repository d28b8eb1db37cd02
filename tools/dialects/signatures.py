"""What a reader must know of tools: their names, and their parameters in order with their JSON schemas."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

from .lenient_json import read_json
from .references import resolved
from .typing_values import Unreadable, fitted, kinds, takes_text
from .values import Problem, ReadCall

ARGUMENTS = ("arguments", "parameters", "args", "input", "params", "action_input", "tool_input", "kwargs", "tool_args")
"""The names under which models put a call's arguments."""


class Shape:
    """One tool as a reader sees it."""

    __slots__ = ("closed", "name", "properties", "required", "text")

    def __init__(self, name: str, parameters: Mapping[str, Any]) -> None:
        self.name = name
        parameters = resolved(parameters)
        properties = parameters.get("properties")
        self.properties: Mapping[str, Any] = properties if isinstance(properties, Mapping) else {}
        self.required: tuple[str, ...] = tuple(parameters.get("required") or ())
        self.closed = parameters.get("additionalProperties") is False
        self.text = [key for key, rule in self.properties.items() if takes_text(rule)]

    @property
    def signature(self) -> str:
        """The call form, as an error shows it: ORDER(item, customer?)."""
        return f"{self.name}({', '.join(key if key in self.required else f'{key}?' for key in self.properties)})"

    @property
    def only_text(self) -> str | None:
        """The parameter's name, where the tool takes one text and nothing else."""
        return self.text[0] if self.text and len(self.properties) == 1 else None

    def parameter(self, name: str) -> str | None:
        """The parameter of that name; another case will do if only one can be meant."""
        if name in self.properties:
            return name
        close = [key for key in self.properties if key.casefold() == name.casefold()]
        return close[0] if len(close) == 1 else None

    def takes(self, name: str) -> bool:
        """Whether there is a parameter of that name."""
        return self.parameter(name) is not None

    def call(self, arguments: Mapping[str, object], span: tuple[int, int], notes: tuple[str, ...] = ()) -> ReadCall:
        """The call with its arguments as the schema wants them. Unreadable where they are not."""
        given: dict[str, object] = {}
        if inside := self._wrapped(arguments):
            arguments, notes = inside, (*notes, "arguments taken out of one more object")
        for key, value in arguments.items():
            name = self.parameter(key) or key
            if name in given:
                raise Unreadable(f"{name} once")
            if value is None and name not in self.required and _refuses_null(self.properties.get(name)):
                notes = (*notes, f"{name} left out: it was null")
                continue
            given[name] = fitted(value, self.properties.get(name), name)
        self.check_names(given)
        return ReadCall(self.name, given, span, notes)

    def _wrapped(self, arguments: Mapping[str, object]) -> Mapping[str, object]:
        """The arguments, where all of them stand once more under a name such as `arguments`, which the tool has not; else nothing."""
        ((key, value),) = arguments.items() if len(arguments) == 1 else (("", None),)
        if key not in (*ARGUMENTS, "properties") or self.takes(key):
            return {}
        if isinstance(value, str):
            try:
                value, _ = read_json(value.strip())
            except ValueError:
                return {}
        return value if isinstance(value, Mapping) and all(map(self.takes, value)) else {}

    def check_names(self, given: Mapping[str, object]) -> None:
        """Unreadable where a required argument is missing or one is not known."""
        missing = [name for name in self.required if name not in given]
        if missing:
            raise Unreadable(f"{self.signature}; {', '.join(repr(name) for name in missing)} is missing")
        if self.closed and (extra := [name for name in given if name not in self.properties]):
            raise Unreadable(f"{self.signature}; there is no argument {extra[0]!r}")

    def problem(self, seen: str, span: tuple[int, int], expected: object) -> Problem:
        """A problem with a call of this tool."""
        return Problem(seen[:200], span, str(expected), self.name)


def _refuses_null(rule: Any) -> bool:
    allowed = kinds(rule)
    return bool(allowed) and "null" not in allowed


class _Anything(Shape):
    """A tool of which nothing is known but what the text says."""

    __slots__ = ()

    def __init__(self, name: str) -> None:
        super().__init__(name, {})

    def takes(self, name: str) -> bool:
        return True


class Shapes:
    """The tools of one agent, looked up by name in any case where that is unambiguous.

    Without any tool there is nothing to check against: a call whose format marks it as one is then read as it is written.
    """

    def __init__(self, shapes: Iterable[Shape]) -> None:
        self.by_name = {shape.name: shape for shape in shapes}
        folded: dict[str, list[Shape]] = {}
        for shape in self.by_name.values():
            folded.setdefault(shape.name.casefold(), []).append(shape)
        self._folded = {name: found[0] for name, found in folded.items() if len(found) == 1}
        self.rules: dict[str, Any] = {}  # what a reader has worked out for a dialect

    def find(self, name: str) -> Shape | None:
        """The tool of that name; another case will do if only one tool can be meant."""
        return self.by_name.get(name) or self._folded.get(name.casefold())

    def marked(self, name: str) -> Shape | None:
        """The tool of a call that its format marks as one: the name may be led by `functions.` or end in `:0` or `(query)`."""
        name = name.strip().strip("\"'`")
        shape = self.find(name)
        if shape is None:
            bare = (_NAMESPACE if self.by_name else _FUNCTIONS).sub("", _AFTER_NAME.sub("", name))
            shape = self.find(bare)
            if shape is None and not self.by_name and _NAME.fullmatch(bare):
                return _Anything(bare)
        return shape

    def unknown(self, name: str, span: tuple[int, int]) -> Problem:
        """The problem with a call of a tool that is not there."""
        return Problem(f"a call of {name[:80]!r}", span, f"one of the tools {', '.join(self.names) or '(there are none)'}", name[:80])

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The known names, for an error's text."""
        return tuple(sorted(self.by_name))

    @cached_property
    def beginnings(self) -> frozenset[str]:
        """Everything that a known name begins with, case folded: text that ends in one of these may become a call."""
        return frozenset(name.casefold()[:size] for name in self.by_name for size in range(1, len(name) + 1))

    @cached_property
    def folded(self) -> frozenset[str]:
        """The known names, case folded."""
        return frozenset(name.casefold() for name in self.by_name)

    @cached_property
    def longest(self) -> int:
        """The length of the longest name."""
        return max(map(len, self.by_name), default=0)


_NAMESPACE = re.compile(r"^(?:functions?|tools?|default_api|tool_calls?|api)[.:/]")
_FUNCTIONS = re.compile(r"^functions[.:/]")
_AFTER_NAME = re.compile(r":\d+$|\([\w\s,:=?]*\)$")
_NAME = re.compile(r"(?=[\w.\-/:]*\w)[\w.\-/:]{1,128}")
_KNOWN: dict[tuple[int, ...], tuple[tuple[Any, ...], Shapes]] = {}


def shapes(tools: Shapes | Sequence[Any]) -> Shapes:
    """The shapes of Tools or OpenAI function schemas; made once for the same tools."""
    if isinstance(tools, Shapes):
        return tools
    key = tuple(map(id, tools))
    known = _KNOWN.get(key)
    if known is not None:
        return known[1]
    made = Shapes(_shape(tool) for tool in tools)
    if len(_KNOWN) >= 256:
        _KNOWN.clear()
    _KNOWN[key] = (tuple(tools), made)  # the tools are kept so that their ids stay theirs
    return made


def _shape(tool: Any) -> Shape:
    if isinstance(tool, Mapping):
        function = tool.get("function", tool)
        return Shape(function["name"], function.get("parameters") or function.get("input_schema") or {})
    return Shape(tool.name, tool.parameters)
