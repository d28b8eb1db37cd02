"""Parse the calls that Continue asks models for: a fence ```tool with TOOL_NAME: and arguments between BEGIN_ARG: and END_ARG."""

from __future__ import annotations

import re

from .coerce import CoercionError, coerce_text
from .growing import growing, match
from .json_calls import parse_json_arguments
from .parsed_calls import CallParser
from .signatures import ToolSignatures
from .text_buffer import TextBuffer, find, match_literal, skip_space

FENCE = "tool"
"""The info string of these fences."""
_HEAD = growing(r"\s*TOOL_NAME:[ \t]*([\w.\-:/]+)[ \t]*\r?\n")
_ARGUMENT = re.compile(r"BEGIN_ARG:[ \t]*([\w.\-]+)[ \t]*\r?\n")


def parse_fenced_tool(buffer: TextBuffer, start: int, at: int, fence: str, tools: ToolSignatures) -> CallParser:
    """Parse the body of a fence that begins at `at`. Return None where it is other text."""
    head = yield from match(buffer, _HEAD, at)
    if head is None:
        return None
    given: dict[str, str] = {}
    position = head.end()
    expected = ""
    while True:
        position = yield from skip_space(buffer, position)
        here = yield from match_literal(buffer, position, ("BEGIN_ARG:", fence))
        if here != "BEGIN_ARG:":
            break
        line = yield from find(buffer, "\n", position)
        argument = _ARGUMENT.match(buffer.text, position)
        end = (yield from find(buffer, "END_ARG", line)) if line >= 0 and argument else -1
        if argument is None or end < 0:
            expected = "BEGIN_ARG: with the argument's name, its value, and END_ARG, each on lines of their own"
            break
        given[argument[1]] = buffer.text[argument.end() : end].removesuffix("\n").removesuffix("\r")
        position = end + len("END_ARG")
    close = yield from find(buffer, fence, position)
    end = close + len(fence) if close >= 0 else len(buffer.text)
    span = (start, end)
    tool = tools.find_marked(head[1])
    if tool is None:
        return end, [tools.report_unknown(head[1], span)]
    try:
        if expected or buffer.text[position:close].strip():
            raise CoercionError(expected or "nothing but arguments before the end of the fence")
        arguments = {
            name: coerce_text(text, tool.properties.get(tool.find_parameter(name) or name), name, raw=True) for name, text in given.items()
        }
    except CoercionError as error:
        return end, [tool.report_problem(buffer.text[start:end], span, f"{tool.signature}; {error}")]
    return end, [parse_json_arguments(tool, arguments, span)]
