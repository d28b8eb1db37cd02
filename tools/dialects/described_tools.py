"""Tools and function schemas as signatures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

from ..effects import Effect
from .signatures import ToolSignature, ToolSignatures

if TYPE_CHECKING:
    from ..definition.tool import AnyTool

_MOST_CACHED = 256
ToolOrSchema: TypeAlias = "AnyTool | Mapping[str, object]"
"""A Tool, or a function schema as OpenAI (`parameters`) or Anthropic (`input_schema`) write it."""


def describe_tool(tool: ToolOrSchema) -> tuple[str, str, Mapping[str, object]]:
    """Return the name, the description and the JSON schema of the parameters."""
    if not isinstance(tool, Mapping):
        return tool.name, tool.description, tool.parameters
    function = tool.get("function", tool)
    assert isinstance(function, Mapping)
    return function["name"], function.get("description") or "", function.get("parameters") or function.get("input_schema") or {}


_CACHE: dict[tuple[int, ...], tuple[tuple[ToolOrSchema, ...], ToolSignatures]] = {}


def _make_signature(tool: ToolOrSchema) -> ToolSignature:
    name, _, parameters = describe_tool(tool)
    return ToolSignature(name, parameters, is_pure=not isinstance(tool, Mapping) and tool.effect is Effect.PURE)


def collect_signatures(tools: ToolSignatures | Sequence[ToolOrSchema]) -> ToolSignatures:
    """Return the signatures of Tools or function schemas. The same tools give the same object, from a cache."""
    if isinstance(tools, ToolSignatures):
        return tools
    key = tuple(map(id, tools))
    cached = _CACHE.get(key)
    if cached is not None:
        return cached[1]
    signatures = ToolSignatures(map(_make_signature, tools))
    if len(_CACHE) >= _MOST_CACHED:
        _CACHE.clear()
    _CACHE[key] = (tuple(tools), signatures)  # the tools are stored too: an id may be used again once its object is gone
    return signatures
