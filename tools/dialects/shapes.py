"""What a reader must know of tools: their names, and their parameters in order with their JSON schemas."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any


class Shape:
    """One tool as a reader sees it."""

    __slots__ = ("name", "properties", "required", "text")

    def __init__(self, name: str, parameters: Mapping[str, Any]) -> None:
        self.name = name
        self.properties: Mapping[str, Any] = parameters.get("properties") or {}
        self.required: tuple[str, ...] = tuple(parameters.get("required") or ())
        self.text = [key for key, rule in self.properties.items() if isinstance(rule, Mapping) and rule.get("type") == "string"]

    @property
    def signature(self) -> str:
        """The call form, as an error shows it: ORDER(item, customer?)."""
        return f"{self.name}({', '.join(key if key in self.required else f'{key}?' for key in self.properties)})"


class Shapes:
    """The tools of one agent, looked up by name in any case where that is unambiguous."""

    def __init__(self, shapes: Iterable[Shape]) -> None:
        self.by_name = {shape.name: shape for shape in shapes}
        folded: dict[str, list[Shape]] = {}
        for shape in self.by_name.values():
            folded.setdefault(shape.name.casefold(), []).append(shape)
        self._folded = {name: found[0] for name, found in folded.items() if len(found) == 1}

    def find(self, name: str) -> Shape | None:
        """The tool of that name; another case will do if only one tool can be meant."""
        return self.by_name.get(name) or self._folded.get(name.casefold())

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The known names, for an error's text."""
        return tuple(sorted(self.by_name))

    @cached_property
    def opening(self) -> re.Pattern[str]:
        """Where a call NAME( may begin."""
        names = "|".join(re.escape(name) for name in sorted(self.by_name, key=len, reverse=True))
        return re.compile(rf"(?<![\w.])(?:{names})\(", re.IGNORECASE)

    @cached_property
    def longest(self) -> int:
        """The length of the longest name."""
        return max(map(len, self.by_name), default=0)


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
        return Shape(function["name"], function.get("parameters") or {})
    return Shape(tool.name, tool.parameters)
