"""Parse calls that are elements: the tool's name stands in a tag, and the arguments in tags, in attributes, or as JSON inside."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from html import unescape as unescape_entities
from typing import NamedTuple

from .growing import Growing, growing, match
from .json_calls import parse_json_arguments, parse_json_call
from .json_end import find_json_end
from .lenient_json import unescape
from .parsed_calls import CallParser, Incremental, Item
from .signatures import ARGUMENTS, ToolSignature
from .tagged import Tags, build_call, parse_tagged_arguments
from .text_buffer import TextBuffer, find, find_closing_quote, match_literal, skip_space


class Element(NamedTuple):
    """An element that is a call by itself."""

    pattern: Growing  # up to the tool's name, which is group 1; attributes may follow, unless the pattern ends with the tag's own end
    tags: Tags
    is_tool: bool = False  # its name is the tool's own: a call only where the arguments inside are that tool's


SECTION_WORDS = ("function_calls", "tool_calls", "tool_call", "calls")
"""The names of elements around calls, behind a prefix."""
_PREFIX = r"(?:[A-Za-z][\w\-]{0,23}:|｜{1,2}[^｜<>\s]{1,24}｜{1,2} ?)"
_NAMED = (
    r"""(?:\s+(?:id|type|call_id|index)\s*=\s*["'][^"'<>]{0,80}["'])*\s+(?:name|tool|tool_name|function)\s*=\s*["']"""
    r"""((?:[^"'<>\n]|<\|\w+\|>){1,128})["']"""
)
"""The attribute that names the tool, maybe behind an id."""
PREFIXED_CALL = growing(rf"<({_PREFIX})(invoke|function_call)(?=\s)")
"""A call in the form of Claude, whatever prefix its tags have: group 1 is the prefix, group 2 the element."""
PREFIXED_SECTION = growing(rf"<({_PREFIX}|[A-Za-z][\w\-]{{0,23}}_)({'|'.join(SECTION_WORDS)}|function_call)>")
"""An element around such calls."""
_CUT_OFF = re.compile(r"[^\W\d][\w.\-:]*(?:=[^\s<>]*)?")
SUFFIXED_SECTION = growing(r"<(tool_calls?)(:[^<>\s:]{1,24})>")
"""An element around calls, with a suffix that every mark in it has."""
_CONTAINERS = tuple(f"<{word}>" for word in ARGUMENTS)
_ATTRIBUTE = growing(r"""([^\W\d][\w.\-:]*)\s*=\s*(["'])""")
_BARE_VALUE = growing(r"""([^\W\d][\w.\-:]*)=([^\s"'<>=()\[\]{},]{1,80})(?=[\s<])""")
_XML_NAME = re.compile(r"[A-Za-z_][\w.\-]*\Z", re.ASCII)
_CHILD = re.compile(r"\s*<(\w[\w.\-]*)>(.*?)</\1>\s*", re.DOTALL)
_LONGEST_TAG = 160


def invoke_tags(prefix: str, word: str = "invoke") -> Tags:
    """Return the tags of <invoke name="..."> with a prefix such as `antml:`. Its parameters may be without it."""
    prefixes = tuple(dict.fromkeys((prefix, "")))
    return Tags(
        growing(rf'<(?:{"|".join(map(re.escape, prefixes))})parameter\s+name=["\']([^"\'<>]*)["\']([^>]*)>'),
        tuple(f"<{each}parameter" for each in prefixes),
        tuple(f"</{each}parameter>" for each in prefixes),
        (f"</{prefix}{word}>",),
        tuple(f"</{prefix}{name}>" for name in SECTION_WORDS if name != word),
    )


@lru_cache(maxsize=64)
def invoke_element(prefix: str, word: str = "invoke") -> Element:
    """Return the element <invoke name="..."> with this prefix."""
    return Element(element_pattern(prefix + word), invoke_tags(prefix, word))


def element_pattern(tag: str) -> Growing:
    """Return the pattern of an element with this tag that names its tool in an attribute."""
    return growing(f"<{re.escape(tag)}{_NAMED}")


def tool_element(tool: ToolSignature) -> Element | None:
    """Return the element of a tool's own name, or None where that cannot be the name of an element."""
    if not _XML_NAME.match(tool.name):
        return None
    tags = _child_tags(tuple(filter(_XML_NAME.match, tool.properties)), (f"</{tool.name}>",), ())
    return Element(growing(rf"<({re.escape(tool.name)})(?=[\s/>])"), tags, is_tool=True)


@lru_cache(maxsize=256)
def _child_tags(names: tuple[str, ...], ends: tuple[str, ...], ends_before: tuple[str, ...]) -> Tags:
    """Return the tags of arguments that are elements of their own names."""
    argument = growing(rf"<({'|'.join(map(re.escape, names)) or '(?!)'})>()")
    return Tags(argument, tuple(f"<{name}>" for name in names) or ("<>",), ("</{key}>",), ends, ends_before)


def find_prefixed(text: str, at: int) -> Element | None:
    """Return the element of a call that opens at `at` with a prefix of any kind; None where none does."""
    found = PREFIXED_CALL.whole.match(text, at)
    return invoke_element(found[1], found[2]) if found else None


def may_be_prefixed(text: str, at: int) -> bool:
    """Tell whether what stands at the end of the text may become a call, or an element around some, with any prefix."""
    return (PREFIXED_CALL.so_far.match(text, at) or PREFIXED_SECTION.so_far.match(text, at)) is not None


def parse_element(buffer: TextBuffer, at: int, element: Element, *, in_section: bool = False) -> CallParser:
    """Parse the call that begins at `at`. Return None where the element is only mentioned."""
    head = yield from match(buffer, element.pattern, at, _LONGEST_TAG)
    if head is None:
        return None
    name, position = unescape_entities(head[1]), head.end()
    tool = buffer.tools.find_marked(name)
    given: dict[str, str] = {}
    if buffer.text.startswith(">", position):
        position += 1
    elif element.tags.begins and head[0][-1] not in ">\n=]":
        attributes, position = yield from read_attributes(buffer, position, (">", "/>"))
        if attributes is None or position >= len(buffer.text):
            cut_off = _ATTRIBUTE.whole.search(buffer.text, head.end()) if position >= len(buffer.text) else None
            if tool is None or cut_off is None or not tool.has_parameter(cut_off[1]):
                return None
            return position, [buffer.report(name, at, position, "a tag that is closed with >")]
        given = {key: text for key, text in attributes.items() if element.is_tool or (tool is not None and tool.has_parameter(key))}
        closed = buffer.text.startswith("/>", position)
        position += 2 if closed else 1
        if tool is not None and not given and (whole := [key for key in attributes if key in ARGUMENTS]):
            buffer.sink.announce(tool.name, at)
            if not closed:
                after = yield from skip_space(buffer, position)
                close_tag = yield from match_literal(buffer, after, element.tags.ends)
                position = after + len(close_tag) if close_tag else position
            return position, [parse_json_arguments(tool, attributes[whole[0]], (at, position))]
        if element.is_tool and tool is not None and not all(map(tool.has_parameter, given)):
            return None
        if closed and element.is_tool and tool is not None and not given and tool.required:
            return None
        if closed:
            buffer.find_tool(name, at)
            return position, [build_call(buffer, (at, position), name, given)]
    return (yield from parse_body(buffer, at, position, name, element, given, in_section=in_section))


def read_attributes(buffer: TextBuffer, at: int, closes: tuple[str, ...]) -> Incremental[tuple[dict[str, str] | None, int]]:
    """Return key="value" pairs, and where one of `closes` or the end of the text follows them. None where something else does."""
    given: dict[str, str] = {}
    is_xml = closes[0] == ">"
    while True:
        at = yield from skip_space(buffer, at)
        if at >= len(buffer.text) or (yield from match_literal(buffer, at, closes)):
            return given, at
        if not is_xml and (bare := (yield from match(buffer, _BARE_VALUE, at))) and bare[1] not in given:
            given[bare[1]], at = bare[2], bare.end()
            continue
        pair = yield from match(buffer, _ATTRIBUTE, at)
        if pair is None or pair[1] in given:
            is_cut_off = not is_xml and buffer.ended and _CUT_OFF.fullmatch(buffer.text, at) is not None
            return None, len(buffer.text) if is_cut_off else at
        quote, begin = pair[2], pair.end()
        if is_xml:
            close = yield from find(buffer, quote, begin)
        else:
            close = (yield from find_closing_quote(buffer, quote, begin)) - 1
        if close < 0:
            return None, len(buffer.text)
        written = buffer.text[begin:close]
        given[pair[1]] = unescape_entities(written) if is_xml else unescape(written)
        at = close + 1


def parse_body(
    buffer: TextBuffer, start: int, at: int, name: str, element: Element, given: Mapping[str, str], *, in_section: bool
) -> CallParser:
    """Parse what stands inside of an element, from `at` on: JSON, arguments in tags of any kind, or a text."""
    tool, tags = buffer.tools.find_marked(name), element.tags
    position = yield from skip_space(buffer, at)
    here = yield from match_literal(buffer, position, (*tags.begins, *tags.ends, *tags.ends_before))
    is_json = buffer.text.startswith("{", position) and bool(tags.begins)
    opening = ""
    if not here and not is_json:
        opening = yield from match_literal(buffer, position, _CONTAINERS)
        names = tuple(filter(_XML_NAME.match, tool.properties)) if tool is not None else ()
        if element.is_tool and opening == "<input>":
            opening = ""  # an element of HTML
        if tool is not None and (not opening or tool.has_parameter(opening[1:-1])) and not element.is_tool:
            children = _child_tags(names, tags.ends, tags.ends_before)
            here, opening = (yield from match_literal(buffer, position, children.begins)), ""
            tags = children if here else tags
    is_argument = bool(opening) or is_json or here in tags.begins
    if element.is_tool:
        assert tool is not None
        if not is_argument and not (here and (given or not tool.required)):
            return None  # an element of HTML with the name of a tool
    # Without known tools, with an unknown name or without its end, an opening tag alone could be prose about the form.
    elif (
        tags.begins
        and not (here or is_argument)
        and not (in_section and not tags.ends)
        and not (tags.ends and tool and buffer.tools.by_name)
    ):
        return None
    if is_json:
        return (yield from parse_json_call(buffer, start, position, name, tags.ends))
    if opening:
        return (yield from _parse_container(buffer, start, position + len(opening), name, f"</{opening[1:]}", tags))
    if not tags.begins:
        if tool is None and buffer.text[at - 1] != ">":
            return None
        return (yield from parse_text_input(buffer, start, at, name, tags.ends[0]))
    return (yield from parse_tagged_arguments(buffer, start, at, name, tags, given))


def parse_text_input(buffer: TextBuffer, start: int, at: int, name: str, closing: str, *, may_stop: bool = False) -> CallParser:
    """Parse an input up to `closing`: JSON, or the text of a tool that takes one text. Without a tag it `may_stop` at the end."""
    tool = buffer.find_tool(name, start)
    close = yield from find(buffer, closing, at, in_call=True)
    end = close + len(closing) if close >= 0 else len(buffer.text)
    if close < 0 and tool is None and not may_stop:
        return None
    if tool is None or (close < 0 and not may_stop):
        return end, [buffer.report(name, start, end, f"{closing} at the end")]
    notes = () if close >= 0 else ("closing tag added",)
    return end, [parse_json_arguments(tool, buffer.text[at : close if close >= 0 else end].strip(), (start, end), notes)]


def _parse_container(buffer: TextBuffer, start: int, at: int, name: str, closing: str, tags: Tags) -> CallParser:
    """Parse what stands in <arguments> or the like: arguments in elements of their names, JSON, or a text."""
    tool = buffer.tools.find_marked(name)
    position = yield from skip_space(buffer, at)
    names = tuple(filter(_XML_NAME.match, tool.properties)) if tool is not None else ()
    for inside in (_child_tags(names, (closing,), ()), tags, invoke_tags("")):
        if (yield from match_literal(buffer, position, inside.begins)):
            break
    else:
        inside = None
    if inside is not None:
        parsed = yield from parse_tagged_arguments(buffer, start, at, name, replace(inside, ends=(closing,), ends_before=()))
        assert parsed is not None
        end, items = parsed
    else:
        buffer.find_tool(name, start)
        if buffer.text.startswith("{", position):  # the closing tag may stand in a text of the JSON too
            found = yield from find_json_end(buffer, position)
            position = max(position, found.end)
        close = yield from find(buffer, closing, position, in_call=True)
        end = close + len(closing) if close >= 0 else len(buffer.text)
        body = buffer.text[at:close] if close >= 0 else None
        items = [_read_container(buffer, (start, end), name, body, closing)]
    after = yield from skip_space(buffer, end)
    close_tag = yield from match_literal(buffer, after, tags.ends)
    return (after + len(close_tag) if close_tag else end), items


def _read_container(buffer: TextBuffer, span: tuple[int, int], name: str, body: str | None, closing: str) -> Item:
    tool = buffer.tools.find_marked(name)
    if tool is None or body is None:
        return buffer.report(name, *span, f"{closing} at the end")
    if not body.lstrip().startswith("<") and (body.lstrip().startswith("{") or not body.strip() or tool.text_parameter):
        return parse_json_arguments(tool, body, span)
    given: dict[str, str] = {}
    at = 0
    while child := _CHILD.match(body, at):
        if child[1] in given:
            return buffer.report(name, *span, f"each argument once, not {child[1]} twice")
        given[child[1]], at = child[2], child.end()
    if at < len(body):
        return buffer.report(name, *span, "each argument in an element of its name")
    return build_call(buffer, span, name, given)
