"""Parse calls that are elements of a tool's own name: <weather><city>Oslo</city></weather>, as Cline, Roo and Kilo ask for them.

Such an element is a call only where its children, or the attributes of <weather city="Oslo"/>, are that tool's parameters. Any other is
prose, or HTML.
"""

from __future__ import annotations

import re
from html import unescape as unescape_entities
from typing import NamedTuple

from ..coerce import CoercionError, coerce_text
from ..family import Family
from ..growing import Growing, growing, match
from ..json_calls import parse_json_arguments
from ..parsed_calls import Announce, CallParser, Item
from ..signatures import ToolSignature, ToolSignatures
from ..tagged import Tags, parse_json_element, parse_tagged_arguments
from ..text_buffer import TextBuffer, match_literal, skip_space

_XML_NAME = re.compile(r"[A-Za-z_][\w.\-]*\Z", re.ASCII)
_ATTRIBUTE = re.compile(r"""\s+([\w.\-:]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_LONGEST_HEAD = 4_000  # an element with attributes may hold a text


class ToolElement(NamedTuple):
    """The element of one tool: its name, and how its arguments stand inside."""

    name: str
    tags: Tags
    head: Growing


def list_tool_elements(tools: ToolSignatures) -> dict[str, ToolElement]:
    """Return the elements of these tools by what their opening tags begin with."""
    return {f"<{tool.name}": _make_element(tool) for tool in tools.by_name.values() if _XML_NAME.match(tool.name)}


def _make_element(tool: ToolSignature) -> ToolElement:
    names = [name for name in tool.properties if _XML_NAME.match(name)]
    argument = growing(rf"<({'|'.join(map(re.escape, names)) or '(?!)'})>()")
    begins, closes = tuple(f"<{name}>" for name in names), tuple(f"</{name}>" for name in names)
    tags = Tags(argument, begins or ("<>",), closes or ("</>",), (f"</{tool.name}>",))
    head = growing(rf"<{re.escape(tool.name)}((?:\s+[\w.\-:]+\s*=\s*(?:\"[^\"]*\"|'[^']*'))*)\s*(/?)>")
    return ToolElement(tool.name, tags, head)


def parse_tool_element(buffer: TextBuffer, at: int, element: ToolElement, tools: ToolSignatures, announce: Announce) -> CallParser:
    """Parse the element of a tool that begins at `at`. Return None where it is prose, or an element of HTML with this name."""
    head = yield from match(buffer, element.head, at, _LONGEST_HEAD)
    if head is None:
        return None
    tool = tools.by_name[element.name]
    if head[1] or head[2]:
        given = {name: double or single for name, double, single in _ATTRIBUTE.findall(head[1])}
        is_call = head[2] and all(map(tool.has_parameter, given)) and (given or not tool.required)
        if not is_call:
            return None
        announce(tool.name, at)
        return head.end(), [_read_attributes(tool, given, (at, head.end()))]
    position = yield from skip_space(buffer, head.end())
    if buffer.text.startswith("{", position):
        announce(tool.name, at)
        return (yield from parse_json_element(buffer, at, position, tool.name, element.tags.ends[0], tools))
    here = yield from match_literal(buffer, position, (*element.tags.begins, *element.tags.ends))
    if not here or (here in element.tags.ends and tool.required):
        return None
    announce(tool.name, at)
    return (yield from parse_tagged_arguments(buffer, at, head.end(), tool.name, element.tags, tools))


def _read_attributes(tool: ToolSignature, given: dict[str, str], span: tuple[int, int]) -> Item:
    try:
        arguments = {
            name: coerce_text(unescape_entities(text), tool.properties.get(tool.find_parameter(name) or name), name, raw=True)
            for name, text in given.items()
        }
    except CoercionError as error:
        return tool.report_problem(f"<{tool.name}> with {given}", span, error)
    return parse_json_arguments(tool, arguments, span)


# Asked for by programs, not known to models: so no dialect writes it. A tool of a server (MCP) stands in an element of its own.
FAMILIES = (Family(name="cline", also="", sections={"<use_mcp_tool>": "</use_mcp_tool>"}),)
