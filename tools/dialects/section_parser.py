"""Parse the calls between the markers of a section, in any form: JSON, Python, tags, or a name and its arguments."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache

from .elements import Element, find_prefixed, may_be_prefixed, parse_element, read_attributes, tool_element
from .escaped_json import ESCAPED_START, parse_escaped_json
from .families.gemma import HEAD as GEMMA_HEAD
from .families.gemma import OWN_QUOTES, parse_gemma_call
from .growing import match
from .json_calls import NotACall, parse_calls, parse_json_arguments, parse_json_call
from .json_end import JsonEnd, find_json_end, parse_json_at
from .markers import (
    BODY_PARSERS,
    CALL_ENDS,
    CALL_SEPARATORS,
    INNER_ELEMENTS,
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
from .tagged import Tags, build_call, parse_tagged_arguments
from .text_buffer import Incremental, TextBuffer, find, match_literal, search_end, skip_closing_fence, skip_repeats, skip_space, wait_for

_NAME = r"[\w.\-:/]*\w"
_LEAD, _JOINT = "|".join(LEADS), "|".join(JOINTS)
# R1 puts the JSON into a fence.
_HEADER = re.compile(rf"(?:{_LEAD})?\s*({_NAME})\s*(?:{_JOINT})?\s*(```(?:json)?)?\s*(?=\{{)")
_NAME_ALONE = re.compile(rf"[\"']?((?:{_NAME})?)[\"']?")
_SEPARATED = "|".join(marker for marker in map(re.escape, NAME_SEPARATORS) if marker in _JOINT)
_TAGGED_HEADER = re.compile(rf"({_NAME})\s*(?:(?:{_SEPARATED})\s*)?(?=({'|'.join(map(re.escape, TAGS_AFTER_NAME))}))")
# A lead, and behind it an element in the form of another family.
_ELEMENT_AFTER_LEAD = re.compile(rf"(?:{_LEAD})[\w.\-]*\s*(?=<\w)")
_HEADER_SO_FAR = re.compile(r"[\w.\-:/=\s<>|｜▁\\\[\]`✿]*\Z")
_LONGEST_HEADER = 300
_FIRST_WORDS = re.compile(r"(?:[^\s<>{}()\[\]]+[ \t]?){0,2}")
_LONGEST_UNREADABLE = 4_000
_LONGEST_WORDS = 200
# LangChain's agent for XML: the name in one element, the input in another.
_NAME_THEN_INPUT = re.compile(rf"({_NAME})\s*</tool>\s*<tool_input>")
_UNOPENED_ENDS = (*SECTIONS["<tool_call>"].closes, *CALL_ENDS)
_NO_SECTION = CallSection(frozenset(), ())
# The tool's name is announced as soon as it has arrived, behind at most an id, a type and an index.
_OTHER_KEYS = r"(?:[\"'](?:id|tool_call_id|type|index)[\"']\s*:\s*(?:[\"'][\w.\-]*[\"']|\d+)\s*,\s*)*"
_FIRST_NAME = re.compile(
    rf"\s*\[?\s*\{{\s*{_OTHER_KEYS}[\"'](?:(?:name|tool_name|tool|function)[\"']\s*:\s*[\"']([\w.\-:/]+)[\"']|([\w.\-:/]+)[\"']\s*:\s*\{{)"
)
_ELEMENT_OPENING = re.compile("|".join(map(re.escape, sorted(INNER_ELEMENTS, key=len, reverse=True))))
_TAG_NAME = re.compile(r"<([A-Za-z_][\w.\-]*)(?=[\s/>])")
_ALL_ENDS = sorted({close for section in SECTIONS.values() for close in section.closes}, key=len, reverse=True)
# Where the section itself has no closing marker, these still belong to its last call.
_CALL_ENDS = re.compile(rf"(?:\s*(?:{'|'.join(map(re.escape, CALL_ENDS))}))*")
_MARKERS = (*CALL_SEPARATORS, *SECTIONS, *_ALL_ENDS, *INNER_ELEMENTS, "```json", "```tool_code", "```python", "```")
_MARKER_PREFIXES = frozenset(marker[:size] for marker in _MARKERS for size in range(len(marker)))
_PARTIAL_FENCES = frozenset(f"```{word[:size]}" for word in ("json", "tool_code", "python") for size in range(len(word)))
# Fences wait in their own way, below. A stray bracket is skipped like a marker.
_EXTENDABLE = ("]", *(marker for marker in _MARKERS if marker != "```" and marker in _MARKER_PREFIXES))
_LONGEST_MARKER = max(map(len, _MARKERS))


@cache
def _close_with(tags: Tags, closes: tuple[str, ...]) -> Tags:
    """Return the tags of a form whose calls end at the end of their section, too."""
    return replace(tags, ends_before=tuple(dict.fromkeys((*tags.ends_before, *closes))))


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
        if parsed is None and last < 0 and (end := (yield from _find_unreadable(buffer, start, at, opening, section, tools))) >= 0:
            name = next((name for name in tools.names if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", buffer.text[at:end])), None)
            sink.add([Problem(buffer.text[at:end][:200], (start, end), "a call between these marks", name)])
            return end
        if parsed is None:
            _mark_as_searched(buffer, start, at)
            return _CALL_ENDS.match(buffer.text, last).end() if last >= 0 else last  # type: ignore[union-attr]
        last, items = parsed
        at = last
        sink.add(items)


def _find_unreadable(
    buffer: TextBuffer, start: int, at: int, opening: str, section: CallSection, tools: ToolSignatures
) -> Incremental[int]:
    """Return the end of a section that was meant as a call, though nothing in it can be read; -1 where its marks are only mentioned.

    It was meant where an object, a tag or a tool's name soon follows the opening mark, or where the marks stand on lines of their own.
    """
    if not opening or not section.closes:
        return -1
    yield from wait_for(buffer, at + _LONGEST_WORDS)
    words = _FIRST_WORDS.match(buffer.text, at, at + _LONGEST_WORDS)
    is_named = bool(tools.by_name) and words is not None and any(tools.find_marked(word) for word in words[0].split())
    limit = at + (_LONGEST_UNREADABLE if is_named or buffer.text[at] in "{[<" else _LONGEST_WORDS)
    closes = re.compile("|".join(map(re.escape, section.closes)))
    begin = at
    while not (close := closes.search(buffer.text, begin, limit)):
        if buffer.ended or len(buffer.text) >= limit:
            return -1
        begin = max(at, len(buffer.text) - 40)
        yield
    inside = buffer.text[at : close.start()]
    if inside[0] in "{[<" or (is_named and len(inside.split()) > 1):
        return close.end()
    yield from wait_for(buffer, close.end() + 1)
    lines = buffer.text[start - 1 : start], buffer.text[close.end() : close.end() + 1]
    return close.end() if set(lines) <= {"", "\n"} and "\n\n" not in inside else -1


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
        while not (found := _find_elements(buffer.text, at, tools)) and may_be_prefixed(buffer.text, at) and not buffer.ended:
            yield
        for element in found:
            parsed = yield from parse_element(buffer, at, element, tools, sink.announce, in_section=True)
            if parsed is not None:
                return parsed
        return None
    return (yield from _parse_named(buffer, at, section, tools, sink))


def _find_elements(text: str, at: int, tools: ToolSignatures) -> list[Element]:
    """Return the elements of calls that may stand at `at`."""
    known = [INNER_ELEMENTS[found[0]]] if (found := _ELEMENT_OPENING.match(text, at)) else []
    if prefixed := find_prefixed(text, at):
        known.append(prefixed)
    named = _TAG_NAME.match(text, at)
    if named and (tool := tools.by_name.get(named[1])) and (own := tool_element(tool)):
        known.append(own)
    return known


def _parse_json_or_list(buffer: TextBuffer, start: int, at: int, section: CallSection, tools: ToolSignatures, sink: CallSink) -> CallParser:
    if buffer.text[at] == "[":
        inner = yield from skip_space(buffer, at + 1)
        if buffer.text[inner : inner + 1].isalpha() or buffer.text[inner : inner + 1] == "_":
            return (yield from parse_call_list(buffer, at, tools, sink.announce, marked=True))
    if buffer.text[at] == "{" and (yield from match(buffer, ESCAPED_START, at)):
        escaped = yield from parse_escaped_json(buffer, at, tools)
        if escaped is not None:
            return escaped
    # The list may yet hold a name of ours, so it is announced before its end has arrived.
    found = yield from find_json_end_announcing(buffer, start, at, tools, sink)
    span = (start, found.end if found.end >= 0 else len(buffer.text))
    value = parse_json_at(buffer.text, at, found, buffer.ended)
    if value is None:
        end, seen = span[1], buffer.text[at : span[1]]
        if found.end < 0:
            end = yield from search_end(buffer, found.stopped, section.closes)
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
            if (yield from match(buffer, OWN_QUOTES, header.end())):
                return (yield from parse_gemma_call(buffer, at, header, tools))
            return (yield from _parse_header_call(buffer, at, header, section, tools, sink))
        if tagged := _TAGGED_HEADER.match(text, at):
            tags = _close_with(TAGS_AFTER_NAME[tagged[2]], section.closes)
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
    return (yield from _parse_name_and_pairs(buffer, at, section, tools, sink))


def _parse_name_and_pairs(buffer: TextBuffer, at: int, section: CallSection, tools: ToolSignatures, sink: CallSink) -> CallParser:
    """Parse the name of a tool with key="value" behind it, or alone, where that is all that stands between the markers of a section."""
    while (alone := _NAME_ALONE.match(buffer.text, at)) and alone.end() == len(buffer.text) and not buffer.ended:
        yield
    tool = tools.by_name.get(alone[1]) if alone else None
    if alone is None or tool is None or not section.closes:
        return None
    given, end = yield from read_attributes(buffer, alone.end(), section.closes)
    if not given and (end < len(buffer.text) if given is None else tool.required):
        return None
    sink.announce(tool.name, at)
    if given is None:
        return end, [tool.report_problem(buffer.text[at:end], (at, end), f'key="value" for each argument: {tool.signature}')]
    return end, [build_call(buffer, (at, end), tool.name, given, {}, (), tools)]


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
    parsed = yield from parse_json_call(buffer, at, header.end(), header[1], tools, behind=section.closes)
    if parsed is None or not header[2]:
        return parsed
    return (yield from skip_closing_fence(buffer, parsed[0])), parsed[1]


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
