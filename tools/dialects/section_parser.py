"""Parse the calls between the markers of a section, in any form: JSON, Python, tags, or a name and its arguments."""

from __future__ import annotations

import re
from functools import cache

from .child_elements import parse_child_elements
from .families.gemma import HEAD as GEMMA_HEAD
from .families.gemma import parse_gemma_call
from .json_calls import NotACall, parse_calls, parse_json_arguments
from .json_end import JsonEnd, find_json_end, parse_json_at
from .markers import (
    BODY_PARSERS,
    CALL_ENDS,
    CALL_SEPARATORS,
    ELEMENTS,
    JOINTS,
    LEADS,
    NAME_SEPARATORS,
    SECTIONS,
    TAGS_AFTER_NAME,
    CallSection,
)
from .parsed_calls import CallParser, CallSink
from .python_calls import parse_call_list, parse_python_call
from .read_events import Problem
from .signatures import ToolSignatures
from .tagged import Element, find_prefixed, may_be_prefixed, parse_element, parse_tagged_arguments
from .text_buffer import Incremental, TextBuffer, find, match_literal, skip_closing_fence, skip_repeats, skip_space

_NAME = r"[\w.\-:/]*\w"
_LEAD, _JOINT = "|".join(LEADS), "|".join(JOINTS)
# R1 puts the JSON into a fence.
_HEADER = re.compile(rf"(?:{_LEAD})?\s*({_NAME})\s*(?:{_JOINT})?\s*(```(?:json)?)?\s*(?=\{{)")
_NAME_ALONE = re.compile(rf"({_NAME})")
_SEPARATED = "|".join(marker for marker in map(re.escape, NAME_SEPARATORS) if marker in _JOINT)
_TAGGED_HEADER = re.compile(rf"({_NAME})\s*(?:(?:{_SEPARATED})\s*)?(?=({'|'.join(map(re.escape, TAGS_AFTER_NAME))}))")
# A lead, and behind it an element in the form of another family.
_ELEMENT_AFTER_LEAD = re.compile(rf"(?:{_LEAD})[\w.\-]*\s*(?=<\w)")
_HEADER_SO_FAR = re.compile(r"[\w.\-:/\s<>|｜▁\\\[\]`✿]*\Z")
_LONGEST_HEADER = 300
# LangChain's agent for XML: the name in one element, the input in another.
_NAME_THEN_INPUT = re.compile(rf"({_NAME})\s*</tool>\s*<tool_input>")
_UNOPENED_ENDS = (*SECTIONS["<tool_call>"].closes, *CALL_ENDS)
_NO_SECTION = CallSection(frozenset(), ())
# The tool's name is announced as soon as it has arrived, behind at most an id, a type and an index.
_OTHER_KEYS = r"(?:[\"'](?:id|tool_call_id|type|index)[\"']\s*:\s*(?:[\"'][\w.\-]*[\"']|\d+)\s*,\s*)*"
_FIRST_NAME = re.compile(
    rf"\s*\[?\s*\{{\s*{_OTHER_KEYS}[\"'](?:(?:name|tool_name|tool|function)[\"']\s*:\s*[\"']([\w.\-:/]+)[\"']|([\w.\-:/]+)[\"']\s*:\s*\{{)"
)
_ALL_ENDS = sorted({close for section in SECTIONS.values() for close in section.closes}, key=len, reverse=True)
# Where the section itself has no closing marker, these still belong to its last call.
_CALL_ENDS = re.compile(rf"(?:\s*(?:{'|'.join(map(re.escape, CALL_ENDS))}))*")
_MARKERS = (*CALL_SEPARATORS, *SECTIONS, *_ALL_ENDS, *ELEMENTS, "```json", "```tool_code", "```python", "```")
_MARKER_PREFIXES = frozenset(marker[:size] for marker in _MARKERS for size in range(len(marker)))
_PARTIAL_FENCES = frozenset(f"```{word[:size]}" for word in ("json", "tool_code", "python") for size in range(len(word)))
# Fences wait in their own way, below. A stray bracket is skipped like a marker.
_EXTENDABLE = ("]", *(marker for marker in _MARKERS if marker != "```" and marker in _MARKER_PREFIXES))
_LONGEST_MARKER = max(map(len, _MARKERS))


@cache
def _separator_pattern(closes: tuple[str, ...], fresh: bool) -> re.Pattern[str]:
    """Compile a pattern for what may stand between calls: white space, commas, and markers other than the section's own end."""
    markers = [
        marker
        for marker in (*CALL_SEPARATORS, *SECTIONS, *_ALL_ENDS, "```json", "```tool_code", "```python", "```")
        if marker not in closes
    ]
    markers = [marker for marker in markers if marker not in ("functools[", *BODY_PARSERS)]
    # Behind a call a stray bracket is skipped; before the first one a bracket opens the calls.
    brackets = "" if fresh else "|}" if "]" in closes else r"|[}\]]"
    return re.compile(rf"(?:[\s,;]+|{'|'.join(map(re.escape, sorted(markers, key=len, reverse=True)))}{brackets})*")


def parse_section(
    buffer: TextBuffer, start: int, opening: str, section: CallSection, tools: ToolSignatures, sink: CallSink
) -> Incremental[int]:
    """Parse the section that begins at `start` into the sink. Return its end, or -1 where the marker is only mentioned."""
    if opening in BODY_PARSERS:
        return (yield from _parse_body(buffer, start, opening, section, tools, sink))
    at = start + len(opening) - (1 if opening == "functools[" else 0)  # its bracket opens the list itself
    # `last` is behind the last call, or -1 while there is none.
    last = -1
    while True:
        if opening:
            at = skip_repeats(buffer.text, at, opening)
        at = yield from _skip_separators(buffer, at, section.closes, fresh=last < 0)
        if close := (yield from match_literal(buffer, at, section.closes)):
            return at + len(close)
        if at >= len(buffer.text):
            _mark_as_searched(buffer, start, at)
            return last if last < 0 or not section.closes else at
        parsed = yield from _parse_item(buffer, start if last < 0 else at, at, section, tools, sink)
        if parsed is None:
            _mark_as_searched(buffer, start, at)
            return _CALL_ENDS.match(buffer.text, last).end() if last >= 0 else last  # type: ignore[union-attr]
        last, items = parsed
        at = last
        sink.add(items)


def _mark_as_searched(buffer: TextBuffer, start: int, at: int) -> None:
    """Note that no call begins at the markers that were skipped. A fence among them is still a fence."""
    fence = buffer.text.find("`", start, at)
    buffer.no_start_before = at if fence < 0 else fence
    buffer.searched_to = max(buffer.searched_to, at)


def _skip_separators(buffer: TextBuffer, at: int, closes: tuple[str, ...], *, fresh: bool) -> Incremental[int]:
    pattern = _separator_pattern(closes, fresh)
    while True:
        found = pattern.match(buffer.text, at)
        if buffer.ended:
            return found.end() if found else at
        # ```js may become ```json, which is a separator, or stay what it is.
        if found is not None and buffer.text[found.end() - 3 : found.end() + 12] in _PARTIAL_FENCES:
            yield
            continue
        longer = _find_extendable_marker(buffer.text, at, found.end() if found else at, pattern)
        if longer >= 0:
            at = longer  # wait: what looks like one marker may become another, as <tool_call> in <tool_calls>
            yield
            continue
        at = found.end() if found else at
        tail = buffer.text[at : at + _LONGEST_MARKER]
        if tail not in _MARKER_PREFIXES:
            return at
        yield


def _find_extendable_marker(text: str, at: int, end: int, pattern: re.Pattern[str]) -> int:
    """Return the offset of a marker that is the prefix of another one and may still become it, or -1."""
    for marker in _EXTENDABLE:
        position = text.rfind(marker, at, end)
        if position >= 0 and text[position : position + _LONGEST_MARKER] in _MARKER_PREFIXES:
            before = pattern.match(text, at, position)
            if before is not None and before.end() == position:
                return position
    return -1


def _parse_item(buffer: TextBuffer, start: int, at: int, section: CallSection, tools: ToolSignatures, sink: CallSink) -> CallParser:
    character = buffer.text[at]
    if character == "{" or character == "[":
        return (yield from _parse_json_or_list(buffer, start, at, section, tools, sink))
    if character == "<":
        while (found := _find_element(buffer.text, at)) is None and may_be_prefixed(buffer.text, at) and not buffer.ended:
            yield
        if found is not None:
            return (yield from parse_element(buffer, at, found, tools, sink.announce))
        return (yield from parse_child_elements(buffer, at, tools, sink))
    return (yield from _parse_named(buffer, at, section, tools, sink))


def _find_element(text: str, at: int) -> Element | None:
    known = next((opening for opening in ELEMENTS if text.startswith(opening, at)), None)
    if known is not None:
        return ELEMENTS[known]
    prefixed = find_prefixed(text, at)
    return prefixed[1] if prefixed else None


def _parse_json_or_list(buffer: TextBuffer, start: int, at: int, section: CallSection, tools: ToolSignatures, sink: CallSink) -> CallParser:
    if buffer.text[at] == "[":
        inner = yield from skip_space(buffer, at + 1)
        if buffer.text[inner : inner + 1].isalpha() or buffer.text[inner : inner + 1] == "_":
            return (yield from parse_call_list(buffer, at, tools, sink.announce, marked=True))
    # The list may yet hold a name of ours, so it is announced before its end has arrived.
    found = yield from find_json_end_announcing(buffer, start, at, tools, sink)
    span = (start, found.end if found.end >= 0 else len(buffer.text))
    value = parse_json_at(buffer.text, at, found, buffer.ended)
    if value is None:
        end, seen = span[1], buffer.text[at : span[1]]
        if found.end < 0:
            end = yield from _skip_unreadable(buffer, found.stopped, section.closes)
            seen = buffer.text[at:end]
        name = _FIRST_NAME.match(buffer.text, at)
        return end, [Problem(seen[:200], (start, end), "a call as complete JSON", name[1] or None if name else None)]
    end = found.end if found.end >= 0 else found.stopped
    try:
        return end, parse_calls(value[0], tools, (start, end), value[1], marked=True)
    except NotACall:
        return end, [Problem(buffer.text[at:end][:200], (start, end), "an object with 'name' and 'arguments'")]


def find_json_end_announcing(
    buffer: TextBuffer, start: int, at: int, tools: ToolSignatures, sink: CallSink, pattern: re.Pattern[str] = _FIRST_NAME
) -> Incremental[JsonEnd]:
    """Run `find_json_end` from `at`, and announce the tool of each call from `start` as soon as the pattern finds its name."""
    steps = find_json_end(buffer, at)
    announced = 0
    while True:
        try:
            next(steps)
        except StopIteration as done:
            result: JsonEnd = done.value
            return result
        buffer.json_is_call = True
        # Of a list each object may be a call. The others are not looked at before the name of this one has arrived.
        begins = buffer.json_items or [at]
        while announced < len(begins) and (found := pattern.match(buffer.text, begins[announced])):
            announced += 1
            name = found[1] or found[2]
            if tools.find_marked(name):
                buffer.json_at = begins[announced - 1]
                sink.announce(name, start)
        yield


def _skip_unreadable(buffer: TextBuffer, at: int, closes: tuple[str, ...]) -> Incremental[int]:
    """Return the offset behind the section's end, or the end of the text."""
    if not closes:
        while not buffer.ended:
            yield
        return len(buffer.text)
    end = yield from find(buffer, closes[0], at)
    return end + len(closes[0]) if end >= 0 else len(buffer.text)


def _parse_named(buffer: TextBuffer, at: int, section: CallSection, tools: ToolSignatures, sink: CallSink) -> CallParser:
    """Parse a name and its arguments: NAME[ARGS]{...}, functions.NAME:0<...>{...}, call:NAME{...}, NAME(...), NAME<arg_key>..."""
    while True:
        text = buffer.text
        # The order matters: call:NAME{ would match the general header as well.
        if gemma := GEMMA_HEAD.match(text, at):
            if tools.find_marked(gemma[1]):
                sink.announce(gemma[1], at)
            return (yield from parse_gemma_call(buffer, at, gemma, tools))
        if divided := _NAME_THEN_INPUT.match(text, at):
            return (yield from _parse_text_input(buffer, at, divided.end(), divided[1], "</tool_input>", tools, sink))
        if header := _HEADER.match(text, at):
            return (yield from _parse_header_call(buffer, at, header, section, tools, sink))
        if tagged := _TAGGED_HEADER.match(text, at):
            tags = TAGS_AFTER_NAME[tagged[2]]
            if tagged[2] in tags.ends_before and tools.find_marked(tagged[1]) is None:
                return None  # prose about the markers: "between <tool_call> and </tool_call>"
            if tools.find_marked(tagged[1]):
                sink.announce(tagged[1], at)
            return (yield from parse_tagged_arguments(buffer, at, tagged.end(), tagged[1], tags, tools))
        if typed_element := _ELEMENT_AFTER_LEAD.match(text, at):
            yield from _skip_separators(buffer, typed_element.end(), section.closes, fresh=True)
            return (yield from _parse_item(buffer, at, typed_element.end(), section, tools, sink))
        if buffer.ended or len(text) - at > _LONGEST_HEADER or not _HEADER_SO_FAR.match(text, at):
            break
        yield
    named = yield from parse_python_call(buffer, at, tools, sink.announce, marked=True)
    if named is not None:
        return named[0], [named[1]]
    return (yield from _parse_name_alone(buffer, at, section, tools))


def _parse_name_alone(buffer: TextBuffer, at: int, section: CallSection, tools: ToolSignatures) -> CallParser:
    """Parse the name of a tool that needs no arguments, where it is all that stands between the markers of a section."""
    alone = _NAME_ALONE.match(buffer.text, at)
    tool = tools.by_name.get(alone[1]) if alone else None
    if alone is None or tool is None or tool.required or section is _NO_SECTION:
        return None
    position = yield from skip_space(buffer, alone.end())
    close = yield from match_literal(buffer, position, section.closes)
    if not close and position < len(buffer.text):
        return None
    return alone.end(), [parse_json_arguments(tool, {}, (at, alone.end()))]


def _parse_text_input(
    buffer: TextBuffer, start: int, at: int, name: str, closing: str, tools: ToolSignatures, sink: CallSink
) -> CallParser:
    """Parse an input up to `closing`: JSON, or the text of a tool that takes one text. Programs that ask for this stop at its end."""
    tool = tools.find_marked(name)
    if tool is not None:
        sink.announce(tool.name, start)
    close = yield from find(buffer, closing, at, in_call=True)
    end = close + len(closing) if close >= 0 else len(buffer.text)
    notes = () if close >= 0 else ("closing tag added",)
    if tool is None:
        return end, [tools.report_unknown(name, (start, end))]
    return end, [parse_json_arguments(tool, buffer.text[at : close if close >= 0 else end].strip(), (start, end), notes)]


def parse_unopened_call(buffer: TextBuffer, at: int, tools: ToolSignatures, sink: CallSink) -> CallParser:
    """Parse NAME and its arguments where no marker precedes them."""
    found = yield from _parse_named(buffer, at, _NO_SECTION, tools, sink)
    if found is None:
        return None
    position = yield from skip_space(buffer, found[0])
    close = yield from match_literal(buffer, position, _UNOPENED_ENDS)
    return (position + len(close) if close else found[0]), found[1]


def _parse_header_call(
    buffer: TextBuffer, at: int, header: re.Match[str], section: CallSection, tools: ToolSignatures, sink: CallSink
) -> CallParser:
    tool = tools.find_marked(header[1])
    if tool is not None:
        sink.announce(tool.name, at)
    found = yield from find_json_end(buffer, header.end())
    value = parse_json_at(buffer.text, header.end(), found, buffer.ended)
    end = found.end if found.end >= 0 else found.stopped
    if value is None and found.end < 0:
        end = yield from _skip_unreadable(buffer, found.stopped, section.closes)
    if header[2] and found.end >= 0:
        end = yield from skip_closing_fence(buffer, end)
    span = (at, end)
    if tool is None:
        return end, [tools.report_unknown(header[1], span)]
    if value is None:
        return end, [tool.report_problem(buffer.text[at:end], span, f"arguments as complete JSON: {tool.signature}")]
    return end, [parse_json_arguments(tool, value[0], span, value[1])]


def _parse_body(
    buffer: TextBuffer, start: int, opening: str, section: CallSection, tools: ToolSignatures, sink: CallSink
) -> Incremental[int]:
    """Wait for the end of the section, then hand its body to the parser of its form."""
    opened, closing = start + len(opening), section.closes[0]
    close = yield from find(buffer, closing, opened)
    body_end = close if close >= 0 else len(buffer.text)
    end = close + len(closing) if close >= 0 else body_end
    sink.add(BODY_PARSERS[opening](buffer.text[opened:body_end], (start, end), tools))
    return end
