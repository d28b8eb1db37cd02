"""Tool signatures: names, and parameters in order with their JSON schemas. All that a parser of calls has to know of tools."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cached_property

from .coerce import CoercionError, accepts_only_text, coerce_value, find_plain_types, list_types
from .lenient_json import parse_json
from .read_events import Problem, ReadCall
from .schema_references import resolve_references

_ARGUMENT_WORDS = ("arguments", "parameters", "args", "input", "params", "kwargs")
ARGUMENTS = (
    *_ARGUMENT_WORDS,
    *(f"{what}_{word}" for what in ("action", "tool", "function") for word in _ARGUMENT_WORDS),
    *(f"{what}{word.title()}" for what in ("action", "tool", "function") for word in _ARGUMENT_WORDS),
)
"""The keys under which models put a call's arguments."""

_WRAPPERS = frozenset((*ARGUMENTS, "properties"))


class ToolSignature:
    """One tool as a parser sees it: its name, and its parameters with their schemas in order."""

    __slots__ = ("closed", "is_pure", "name", "plain_types", "properties", "required", "text_parameter", "text_parameters")

    def __init__(self, name: str, parameters: Mapping[str, object], *, is_pure: bool = False) -> None:
        self.name: str = name
        self.is_pure: bool = is_pure  # a call changes nothing, and its value may stand in its place
        parameters = resolve_references(parameters)
        properties, required = parameters.get("properties"), parameters.get("required")
        self.properties: Mapping[str, object] = properties if isinstance(properties, Mapping) else {}
        self.required: tuple[str, ...] = tuple(required) if isinstance(required, (list, tuple)) else ()
        self.closed: bool = parameters.get("additionalProperties") is False
        self.text_parameters: list[str] = [key for key, schema in self.properties.items() if accepts_only_text(schema)]
        self.plain_types: Mapping[str, tuple[type, ...]] = {key: find_plain_types(schema) for key, schema in self.properties.items()}
        # The name of the parameter, where the tool takes one text and nothing else.
        self.text_parameter: str | None = self.text_parameters[0] if self.text_parameters and len(self.properties) == 1 else None

    @property
    def signature(self) -> str:
        """Return the form of a call, as error messages show it: ORDER(item, customer?)."""
        return f"{self.name}({', '.join(key if key in self.required else f'{key}?' for key in self.properties)})"

    def find_parameter(self, name: str) -> str | None:
        """Return the parameter of that name. Another case will do if only one parameter can be meant."""
        if name in self.properties:
            return name
        close = [key for key in self.properties if key.casefold() == name.casefold()]
        return close[0] if len(close) == 1 else None

    def has_parameter(self, name: str) -> bool:
        """Tell whether there is a parameter of that name."""
        return self.find_parameter(name) is not None

    def build_call(self, arguments: Mapping[str, object], span: tuple[int, int], notes: tuple[str, ...] = ()) -> ReadCall:
        """Return the call with its arguments coerced to the schema. Raise CoercionError where they do not fit it."""
        coerced: dict[str, object] = {}
        if len(arguments) == 1 and (key := next(iter(arguments))) in _WRAPPERS and (inner := self._unwrap(key, arguments[key])):
            arguments, notes = inner, (*notes, "arguments taken out of one more object")
        for key, value in arguments.items():
            if type(value) in self.plain_types.get(key, ()) and key not in coerced:
                coerced[key] = value
                continue
            name = self.find_parameter(key) or key
            if name in coerced:
                raise CoercionError(f"each argument once, not {name} twice")
            # Models write null for "not given". Where the schema has no null, leaving it out is the one reading.
            if value is None and name not in self.required and _refuses_null(self.properties.get(name)):
                notes = (*notes, f"{name} left out: it was null")
                continue
            coerced[name] = coerce_value(value, self.properties.get(name), name)
        missing = [name for name in self.required if name not in coerced]
        if missing:
            raise CoercionError(f"{self.signature}; {', '.join(repr(name) for name in missing)} is missing")
        if self.closed and (extra := [name for name in coerced if name not in self.properties]):
            kept = self.leave_out_extra(coerced)
            if kept is coerced:
                raise CoercionError(f"{self.signature}; there is no argument {extra[0]!r}")
            return ReadCall(self.name, kept, span, (*notes, *(f"{name} left out: there is no such argument" for name in extra)))
        return ReadCall(self.name, coerced, span, notes)

    def leave_out_extra(self, arguments: Mapping[str, object]) -> Mapping[str, object]:
        """Return the one argument of a tool that takes one text, without what a small model repeats of the schema beside it.

        Of {"expression": "2+2", "type": "string"} that is the expression. Other arguments come back as they are.
        """
        texts = {name: arguments[name] for name in self.properties if isinstance(arguments.get(name), str)}
        return texts if self.closed and len(texts) == len(self.properties) == 1 < len(arguments) else arguments

    def _unwrap(self, key: str, value: object) -> Mapping[str, object]:
        """Return the arguments that stand one level deeper, as in {"arguments": {"city": "Oslo"}}; an empty mapping where none do."""
        if self.has_parameter(key):
            return {}
        if isinstance(value, str):
            try:
                value, _ = parse_json(value.strip())
            except ValueError:
                return {}
        return value if isinstance(value, Mapping) and all(map(self.has_parameter, value)) else {}

    def report_problem(self, seen: str, span: tuple[int, int], expected: object) -> Problem:
        """Return a problem with a call of this tool."""
        return Problem(seen[:200], span, str(expected), self.name)


def _refuses_null(schema: object) -> bool:
    allowed = list_types(schema)
    return bool(allowed) and "null" not in allowed


class _AnySignature(ToolSignature):
    """A tool of which only the name is known, from the call itself. It takes any argument."""

    __slots__ = ()

    def __init__(self, name: str) -> None:
        super().__init__(name, {})

    def has_parameter(self, name: str) -> bool:
        return True


class ToolSignatures:
    """The tools of one agent, looked up by name in any case where that is unambiguous.

    Without any tool there is nothing to check calls against: a call that its form marks as one is then read as it is written.
    """

    def __init__(self, signatures: Iterable[ToolSignature]) -> None:
        self.by_name: dict[str, ToolSignature] = {tool.name: tool for tool in signatures}
        folded: dict[str, list[ToolSignature]] = {}
        for tool in self.by_name.values():
            folded.setdefault(tool.name.casefold(), []).append(tool)
        self._by_folded_name = {name: found[0] for name, found in folded.items() if len(found) == 1}
        self.compiled: dict[tuple[str, bool], object] = {}  # by dialect and `native`: a CompiledDialect, which the reader puts here

    def find(self, name: str) -> ToolSignature | None:
        """Return the tool of that name. Another case will do if only one tool can be meant."""
        return self.by_name.get(name) or self._by_folded_name.get(name.casefold())

    def find_marked(self, name: str) -> ToolSignature | None:
        """Return the tool of a call that its form marks as one.

        Around the name may stand what no tool's name is made of: quotes, `functions.`, `:0`, `(query)`, markers of a model's format; and
        words may be joined in another way, as in `getTime` for get_time. All of it counts only where one tool can be meant.
        """
        tool = self.by_name.get(name) or self.find(name.strip().strip("\"'`"))
        if tool is not None:
            return tool
        bare = _AFTER_NAME.sub("", name.strip().strip("\"'`"))
        if (numbered := _NUMBERED.fullmatch(bare)) and (tool := self.find(numbered[1])):
            return tool
        if not self.by_name:
            # Without tools every namespace could be part of the name, so only OpenAI's `functions.` is cut off.
            bare = _FUNCTIONS.sub("", bare)
            return _AnySignature(bare) if _NAME.fullmatch(bare) else None
        if tool := self.find(_NAMESPACE.sub("", bare)):
            return tool
        words = [word for word in _BETWEEN_WORDS.split(_MARKERS.sub(" ", bare)) if word]
        found = {tool.name: tool for word in words if (tool := self.find(word) or self._by_joined_name.get(_join_words(word)))}
        around = [word for word in words if self.find(word) is None and _join_words(word) not in self._by_joined_name]
        return next(iter(found.values())) if len(found) == 1 and all(map(_is_around_name, around)) else None

    @cached_property
    def _by_joined_name(self) -> dict[str, ToolSignature]:
        names = [_join_words(name) for name in self.by_name]
        return {joined: tool for joined, tool in zip(names, self.by_name.values(), strict=True) if names.count(joined) == 1}

    def report_unknown(self, name: str, span: tuple[int, int]) -> Problem:
        """Return the problem with a call of a tool that does not exist."""
        return Problem(f"a call of {name[:80]!r}", span, f"one of the tools {', '.join(self.names) or '(there are none)'}", name[:80])

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Return the names in alphabetical order, for error messages."""
        return tuple(sorted(self.by_name))

    @cached_property
    def prefixes(self) -> frozenset[str]:
        """Return every prefix of a name, case folded. Streamed text that ends in one of them may become a call."""
        return frozenset(name.casefold()[:size] for name in self.by_name for size in range(1, len(name) + 1))

    @cached_property
    def folded_names(self) -> frozenset[str]:
        """Return the names, case folded."""
        return frozenset(name.casefold() for name in self.by_name)

    @cached_property
    def longest_name(self) -> int:
        """Return the length of the longest name."""
        return max(map(len, self.by_name), default=0)


def _join_words(name: str) -> str:
    return name.replace("_", "").replace("-", "").casefold()


def _is_around_name(word: str) -> bool:
    return word.isdecimal() or word.casefold() in _AROUND_NAMES


# <|channel|>, </tool_call>, <｜tool▁sep｜>, [ARGS]
_MARKERS = re.compile(r"<[|｜][^<>]*[|｜]>|</?\w+>|\[[A-Z_]+\]")
_BETWEEN_WORDS = re.compile(r"[^\w\-]+")
_NAMESPACE = re.compile(r"^(?:functions?|tools?|default_api|tool_calls?|api)[.:/]")  # a tool's own name may have a dot in it
# The namespaces that models were trained with, and what harmony writes into the header of a call.
_AROUND_NAMES = frozenset(
    "function functions tool tools tool_call tool_calls default_api api call multi_tool_use "
    "assistant commentary analysis final to json".split()
)
_FUNCTIONS = re.compile(r"^functions[.:/]")
_NUMBERED = re.compile(r"functions_(.+?)_\d+")  # functions.NAME:0, as a server may spell it
_AFTER_NAME = re.compile(r":\d+$|\([\w\s,:=?]*\)$")
_NAME = re.compile(r"(?=[\w.\-/:]*\w)[\w.\-/:]{1,128}")
