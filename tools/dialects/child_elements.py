"""Parse calls whose name and arguments are elements: Claude 2's <tool_name> and <parameters>, Cherry Studio's <name> and <arguments>."""

from __future__ import annotations

import re

from .coerce import CoercionError, coerce_text
from .growing import growing, match
from .json_calls import parse_json_arguments
from .json_end import find_json_end
from .parsed_calls import CallParser, CallSink, Item
from .signatures import ARGUMENTS, ToolSignature, ToolSignatures
from .text_buffer import Incremental, TextBuffer, find, match_literal, skip_space

# Cline names the server (MCP) before the tool.
_HEAD = growing(
    r"(?:<server_name>[^<]{0,80}</server_name>\s*)?<((?:tool_|function_)?name)>\s*([\w.\-:/]{1,128})\s*</((?:tool_|function_)?name)>"
)
_OPENINGS = tuple(f"<{key}>" for key in ARGUMENTS)
_CHILD = re.compile(r"\s*<(\w[\w.\-]*)>(.*?)</\1>\s*", re.DOTALL)


def parse_child_elements(buffer: TextBuffer, at: int, tools: ToolSignatures, sink: CallSink) -> CallParser:
    """Parse the call whose element for the name begins at `at`. Return None where none does."""
    head = yield from match(buffer, _HEAD, at)
    if head is None or head[1] != head[3]:
        return None
    tool = tools.find_marked(head[2])
    if tool is not None:
        sink.announce(tool.name, at)
    position = yield from skip_space(buffer, head.end())
    opening = yield from match_literal(buffer, position, _OPENINGS)
    body, end = ("", head.end()) if not opening else (yield from _find_body(buffer, position + len(opening), f"</{opening[1:]}"))
    if tool is None:
        return end, [tools.report_unknown(head[2], (at, end))]
    if body is None:
        return end, [tool.report_problem(buffer.text[at:end], (at, end), f"{tool.signature}; </{opening[1:]} at the end")]
    return end, [_parse_body(tool, body, (at, end))]


def _find_body(buffer: TextBuffer, at: int, closing: str) -> Incremental[tuple[str | None, int]]:
    """Return what stands before the closing tag, and the offset behind that. None where there is no closing tag."""
    position = yield from skip_space(buffer, at)
    if buffer.text.startswith("{", position):  # the closing tag may stand in a text of the JSON too
        found = yield from find_json_end(buffer, position)
        position = max(position, found.end)
    close = yield from find(buffer, closing, position, in_call=True)
    return (buffer.text[at:close], close + len(closing)) if close >= 0 else (None, len(buffer.text))


def _parse_body(tool: ToolSignature, body: str, span: tuple[int, int]) -> Item:
    if not body.strip() or body.lstrip().startswith("{"):
        return parse_json_arguments(tool, body, span)
    try:
        arguments: dict[str, object] = {}
        at = 0
        while at < len(body):
            child = _CHILD.match(body, at)
            if child is None:
                raise CoercionError(f"{tool.signature}, each argument in an element of its name")
            if child[1] in arguments:
                raise CoercionError(f"each argument once, not {child[1]} twice")
            schema = tool.properties.get(tool.find_parameter(child[1]) or child[1])
            arguments[child[1]], at = coerce_text(child[2], schema, child[1], raw=True), child.end()
        return parse_json_arguments(tool, arguments, span)
    except CoercionError as error:
        return tool.report_problem(body, span, error)
