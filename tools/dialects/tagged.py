"""Parse calls whose arguments stand one by one between tags, as the records of the families say."""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from dataclasses import dataclass
from functools import lru_cache
from html import unescape as unescape_entities
from typing import NamedTuple

from .coerce import CoercionError, coerce_text, list_types
from .growing import Growing, growing, match
from .json_calls import parse_json_arguments
from .json_end import find_json_end
from .lenient_json import parse_json
from .parsed_calls import Announce, CallParser, Item
from .signatures import ToolSignature, ToolSignatures
from .text_buffer import Incremental, TextBuffer, find, match_literal, skip_space, wait_for


@dataclass(frozen=True, slots=True)
class Tags:
    """How one form writes an argument, and what ends its call."""

    argument: Growing  # its opening tag: the name in group 1, attributes in group 2 where there are any
    begins: tuple[str, ...]  # what the opening tag begins with
    closes: tuple[str, ...]  # its closing tags
    ends: tuple[str, ...]  # the call's closing tags
    ends_before: tuple[str, ...] = ()  # markers that end the call too, but belong to what is around it


class Element(NamedTuple):
    """An element that is a call by itself: its opening tag, with the tool's name in group 1, and how arguments stand inside."""

    pattern: Growing
    tags: Tags


def invoke_tags(prefix: str, word: str = "invoke") -> Tags:
    """Return the tags of <invoke name="..."> with a prefix such as `antml:`. Its parameters may be without it."""
    prefixes = tuple(dict.fromkeys((prefix, "")))
    return Tags(
        growing(rf'<(?:{"|".join(map(re.escape, prefixes))})parameter\s+name="([^"]*)"([^>]*)>'),
        tuple(f"<{each}parameter" for each in prefixes),
        tuple(f"</{each}parameter>" for each in prefixes),
        (f"</{prefix}{word}>",),
        tuple(f"</{prefix}{name}>" for name in SECTION_WORDS if name != word),
    )


SECTION_WORDS = ("function_calls", "tool_calls", "tool_call", "calls")
"""The names of elements around calls, behind a prefix."""
_PREFIX = r"(?:[A-Za-z]\w{0,23}:|｜[^｜<>\s]{1,24}｜ ?)"
PREFIXED_CALL = growing(rf'<({_PREFIX})(invoke|function_call)\s{{1,8}}name="([^"<>\n]{{1,128}})"[ \t]{{0,8}}/?>')
"""A call in the form of Claude, whatever prefix its tags have: group 1 is the prefix, group 2 the element, group 3 the tool's name."""
PREFIXED_SECTION = growing(rf"<({_PREFIX})({'|'.join(SECTION_WORDS)})>")
"""An element around such calls."""


@lru_cache(maxsize=64)
def invoke_element(prefix: str, word: str = "invoke") -> Element:
    """Return the element <invoke name="..."> with this prefix."""
    return Element(growing(rf'<{re.escape(prefix + word)}\s+name="([^"<>\n]+)"[ \t]*/?>'), invoke_tags(prefix, word))


# A closing tag of the call counts where one of these, or the end of the text, follows. Elsewhere the value mentions it.
_AFTER_CALL = ("<function=", "<tool_call>", "</function_calls>")
_LONGEST_TAG = 160


def find_prefixed(text: str, at: int) -> tuple[str, Element] | None:
    """Return the element of a call that opens at `at` with a prefix of any kind, with its opening tag; None where none does."""
    found = PREFIXED_CALL.whole.match(text, at)
    return (found[0], invoke_element(found[1], found[2])) if found else None


def may_be_prefixed(text: str, at: int) -> bool:
    """Tell whether what stands at the end of the text may become a call, or an element around some, with any prefix."""
    return (PREFIXED_CALL.so_far.match(text, at) or PREFIXED_SECTION.so_far.match(text, at)) is not None


def parse_element(buffer: TextBuffer, at: int, element: Element, tools: ToolSignatures, announce: Announce) -> CallParser:
    """Parse the call that begins at `at`. Return None where the element is only mentioned."""
    pattern, tags = element
    head = yield from match(buffer, pattern, at, _LONGEST_TAG)
    if head is None:
        return None
    name = unescape_entities(head[1])
    if tools.find_marked(name) is not None:
        announce(name, at)
    if head[0].endswith("/>"):  # an element without a body: a call without arguments
        return head.end(), [_build_call(name, {}, (at, head.end()), tools)]
    position = yield from skip_space(buffer, head.end())
    if buffer.text.startswith("{", position):
        return (yield from parse_json_element(buffer, at, position, name, tags.ends[0], tools))
    if not tags.begins:
        close = yield from find(buffer, tags.ends[0], head.end(), in_call=True)
        end = close + len(tags.ends[0]) if close >= 0 else len(buffer.text)
        if close < 0 or tools.find_marked(name) is None:
            return end, [_report_unreadable(buffer, at, end, name, tools, f"{tags.ends[0]} at the end")]
        return end, [_build_call(name, buffer.text[head.end() : close].strip(), (at, end), tools)]
    # Without known tools, or with an unknown name, an opening tag alone could be prose about the form.
    stops = (*tags.begins, *tags.ends, *tags.ends_before)
    if (tools.find_marked(name) is None or not tools.by_name) and not (yield from match_literal(buffer, position, stops)):
        return None  # prose about the form: "<function=NAME> opens a call"
    return (yield from parse_tagged_arguments(buffer, at, head.end(), name, tags, tools))


def _build_call(name: str, arguments: object, span: tuple[int, int], tools: ToolSignatures) -> Item:
    tool = tools.find_marked(name)
    return tools.report_unknown(name, span) if tool is None else parse_json_arguments(tool, arguments, span)


def parse_json_element(buffer: TextBuffer, at: int, position: int, name: str, closing: str, tools: ToolSignatures) -> CallParser:
    """Parse <function=NAME>{...}</function>, as Functionary and Llama 3.1 write it, and DeepSeek between the tags of a call."""
    found = yield from find_json_end(buffer, position)
    if found.end < 0:
        position = yield from find(buffer, closing, found.stopped)
        end = position + len(closing) if position >= 0 else len(buffer.text)
        return end, [_report_unreadable(buffer, at, end, name, tools, f"one JSON object and {closing}")]
    written = buffer.text[position : found.end]
    end = found.end
    after = yield from skip_space(buffer, end)
    close = yield from match_literal(buffer, after, (closing,))
    if close:
        end = after + len(close)
    tool = tools.find_marked(name)
    if tool is None:
        return end, [tools.report_unknown(name, (at, end))]
    try:
        value, notes = parse_json(written)
    except ValueError as error:
        return end, [tool.report_problem(buffer.text[at:end], (at, end), f"JSON ({error})")]
    return end, [parse_json_arguments(tool, value, (at, end), notes)]


def parse_tagged_arguments(buffer: TextBuffer, start: int, at: int, name: str, tags: Tags, tools: ToolSignatures) -> CallParser:
    """Parse arguments, each between its tags, up to the closing tag of the call."""
    given: dict[str, str] = {}
    attributes: dict[str, str] = {}
    notes: tuple[str, ...] = ()
    stops = (*tags.begins, *tags.ends, *tags.ends_before)
    expected = ""
    tool = tools.find_marked(name)
    while True:
        position = yield from skip_space(buffer, at)
        here = yield from match_literal(buffer, position, stops)
        if here not in tags.begins:
            if here in tags.ends and here:
                at = position + len(here)
            elif here:
                at = position
                notes = (*notes, "closing tag added") if tags.ends else notes
            # The reply ends behind an argument. It is whole only if the tool takes no more; else it may have been cut off.
            elif position >= len(buffer.text) and tool is not None and _has_all_parameters(tool, given, tools):
                at, notes = position, (*notes, "closing tag added")
            elif position >= len(buffer.text):
                at, expected = position, f"{(*tags.ends, *tags.ends_before)[0]} at the end"
            else:
                at = yield from _skip_to_end(buffer, position, stops)
                expected = f"arguments in {tags.begins[0]} tags, not {buffer.text[position : min(at, position + 60)]!r}"
            break
        argument = yield from match(buffer, tags.argument, position)
        if argument is None:
            at = yield from _skip_to_end(buffer, position + 1, stops)
            expected = f"arguments in {tags.begins[0]} tags, not {buffer.text[position : min(at, position + 60)]!r}"
            break
        key = _read_key(argument, tool)
        buffer.arguments.append((key, argument.end(), -1))
        end, after, added = yield from _find_value_end(buffer, argument.end(), tags, tool, {*given, key})
        if end < 0:
            return len(buffer.text), [_report_unreadable(buffer, start, len(buffer.text), name, tools, f"{tags.closes[0]} after {key}")]
        buffer.arguments[-1] = key, argument.end(), end
        # Servers take the first or the last. Which one the model meant is not known.
        if key in given:
            expected = expected or f"each argument once, not {key} twice"
        given[key], attributes[key], at = buffer.text[argument.end() : end], argument[2], after
        notes = (*notes, "closing tag added") if added else notes
    span = (start, at)
    if expected:
        return at, [_report_unreadable(buffer, start, at, name, tools, expected)]
    if tool is None:
        return at, [tools.report_unknown(name, span)]
    try:
        arguments = {
            key: _coerce_value(value, attributes[key], tool.properties.get(tool.find_parameter(key) or key), key)
            for key, value in given.items()
        }
        return at, [tool.build_call(arguments, span, tuple(dict.fromkeys(notes)))]
    except CoercionError as error:
        return at, [tool.report_problem(buffer.text[start:at], span, error)]


def _has_all_parameters(tool: ToolSignature, given: Mapping[str, str], tools: ToolSignatures) -> bool:
    """Tell whether a call that breaks off behind an argument is complete, since the tool takes no more than these."""
    return bool(tools.by_name) and {tool.find_parameter(key) for key in given} >= set(tool.properties)


def _read_key(argument: re.Match[str], tool: ToolSignature | None) -> str:
    """Return the argument's name. Quotes around it are left out where only that makes it one of the tool's."""
    key = unescape_entities(argument[1].strip(" \t\r\n"))
    bare = key.strip("\"'")
    return bare if bare and tool is not None and tool.find_parameter(key) is None and tool.has_parameter(bare) else key


def _find_value_end(
    buffer: TextBuffer, at: int, tags: Tags, tool: ToolSignature | None, given: Set[str]
) -> Incremental[tuple[int, int, bool]]:
    """Return where the value ends, where to read on, and whether the closing tag had to be added.

    A closing tag belongs to the value unless another argument or the end of the call follows it. On a line of its own, the opening tag of
    an argument that is not yet `given` ends the value, though its closing tag was forgotten.
    """
    opened = yield from skip_space(buffer, at)
    yield from wait_for(buffer, opened + 9)
    begin = at
    if buffer.text.startswith("<![CDATA[", opened):
        begin = yield from _skip_cdata(buffer, opened)
        if begin < 0:
            return -1, -1, False
    follow = (*tags.begins, *tags.ends, *tags.ends_before)
    pattern = re.compile("|".join(map(re.escape, (*tags.closes, *tags.ends, *(f"\n{opening}" for opening in tags.begins)))))
    while True:
        found = pattern.search(buffer.text, begin)
        if found is None:
            if buffer.ended:
                return -1, -1, False
            begin = max(begin, len(buffer.text) - 40)
            buffer.certain_to = _find_half_tag(buffer.text, begin, (*tags.closes, *tags.ends, *tags.begins))
            yield
            continue
        # An opening tag at the start of a line, inside of a value: the closing tag was forgotten, or the value is XML.
        if found[0].startswith("\n"):
            begin = found.start() + 1
            following = yield from match(buffer, tags.argument, begin)
            if following is not None and tool is not None and (key := _read_key(following, tool)) not in given and tool.has_parameter(key):
                return begin, begin, True
            continue
        closed = found[0] in tags.closes
        position = yield from skip_space(buffer, found.end())
        here = yield from match_literal(buffer, position, follow if closed else (*tags.ends_before, *_AFTER_CALL))
        if here or position >= len(buffer.text):  # otherwise the tag belongs to the value
            return found.start(), found.end() if closed else found.start(), not closed
        begin = found.end()


def _find_half_tag(text: str, at: int, tags: tuple[str, ...]) -> int:
    """Return where a tag stands that has arrived in part, or the end of the text. It may begin on a line of its own."""
    begin = text.find("<", at)
    while begin >= 0 and not any(tag.startswith(text[begin:]) for tag in tags):
        begin = text.find("<", begin + 1)
    end = begin if begin >= 0 else len(text)
    return end - 1 if end > at and text[end - 1] == "\n" else end


def _skip_cdata(buffer: TextBuffer, at: int) -> Incremental[int]:
    while True:
        position = yield from find(buffer, "]]>", at)
        if position < 0:
            return -1
        at = position + 3
        yield from wait_for(buffer, at + 9)
        if not buffer.text.startswith("<![CDATA[", at):
            return at


def _skip_to_end(buffer: TextBuffer, at: int, stops: tuple[str, ...]) -> Incremental[int]:
    """Return the offset behind what cannot be read: its closing tag, or the end of the text."""
    # The first stop opens an argument, and so is no end of what cannot be read.
    pattern = re.compile("|".join(map(re.escape, stops[1:])) or r"\Z")
    while True:
        found = pattern.search(buffer.text, at)
        if found is not None:
            return found.end()
        if buffer.ended:
            return len(buffer.text)
        at = max(at, len(buffer.text) - 40)
        yield


def _coerce_value(written: str, attributes: str, schema: object, name: str) -> object:
    text = _strip_cdata(written)
    if text is not None:
        return coerce_text(text, schema, name, raw=True) if schema is not None else text
    text = written
    # Chat templates put a value on lines of its own; one line break on each side is theirs.
    if text.startswith(("\r\n", "\n")):
        text = text[1:] if text[0] == "\n" else text[2:]
        text = text[:-1] if text.endswith("\n") else text
    # DSML says of each value whether it is a text.
    if 'string="true"' in attributes:
        return text
    if not list_types(schema) and 'string="false"' in attributes:
        return coerce_text(text.strip(), schema, name)
    try:
        return coerce_text(text, schema, name, raw=True)
    except CoercionError:
        if text.strip() in ("null", "None"):
            return None
        raise


def _strip_cdata(written: str) -> str | None:
    text = written.strip()
    if not (text.startswith("<![CDATA[") and text.endswith("]]>")):
        return None
    # ]]> inside of CDATA is written as two sections, as XML asks.
    return text[9:-3].replace("]]]]><![CDATA[>", "]]>")


def _report_unreadable(buffer: TextBuffer, start: int, end: int, name: str, tools: ToolSignatures, expected: str) -> Item:
    tool = tools.find_marked(name)
    if tool is None:
        return tools.report_unknown(name, (start, end))
    return tool.report_problem(buffer.text[start:end], (start, end), f"{tool.signature}; {expected}")
