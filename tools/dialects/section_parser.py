"""Parse the calls between the markers of a section, in any form: JSON, Python, tags, or a name and its arguments."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache

from .elements import Element, find_prefixed, may_be_prefixed, parse_element, parse_text_input, read_attributes, tool_element
from .families.gemma import HEAD as GEMMA_HEAD
from .families.gemma import OWN_QUOTES, parse_gemma_call
from .growing import growing, match
from .json_calls import ESCAPED_START, NotACall, parse_calls, parse_escaped_json, parse_json_call
from .json_end import JsonEnd, decode_whole, parse_json_at, walk_to_json_end
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
from .parsed_calls import CallParser, Incremental, Item, MentionSink, ParsedCalls
from .python_calls import parse_call_list, parse_python_call
from .read_events import Problem, ReadCall
from .tagged import Tags, build_call, parse_tagged_arguments
from .text_buffer import TextBuffer, find, match_literal, run_whole, search_end, skip_closing_fence, skip_repeats, skip_space, wait_for

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
_PROGRAM = growing(r"\s*<code>")
_MAY_BE_ESCAPED = ("{", "\\", "")  # or has not arrived
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
_FENCES = ("```json", "```tool_code", "```python", "```")
_MARKERS = (*CALL_SEPARATORS, *SECTIONS, *_ALL_ENDS, *INNER_ELEMENTS, *_FENCES)
_MARKER_PREFIXES = frozenset(marker[:size] for marker in _MARKERS for size in range(len(marker)))
_LONGEST_MARKER = max(map(len, _MARKERS))


@cache
def _close_with(tags: Tags, closes: tuple[str, ...]) -> Tags:
    """Return the tags of a form whose calls end at the end of their section, too."""
    return replace(tags, ends_before=tuple(dict.fromkeys((*tags.ends_before, *closes))))


@cache
def _separator_pattern(closes: tuple[str, ...], fresh: bool, ended: bool) -> re.Pattern[str]:
    """Compile a pattern for what may stand between calls: white space, commas, and markers other than the section's own end.

    Unless the text has `ended`, a marker at its end that is the beginning of another one is left, since it may become that one.
    """
    markers = {*CALL_SEPARATORS, *SECTIONS, *_ALL_ENDS, *_FENCES} - {*closes, *BODY_PARSERS, "functools["}
    if not fresh:  # behind a call a stray bracket is skipped; before the first one a bracket opens the calls
        markers |= {"}", "]"} - {*closes}
    parts = [r"[\s,;]+"]
    for marker in sorted(markers, key=len, reverse=True):
        longer = [each[len(marker) :] for each in _MARKERS if each.startswith(marker) and each != marker]
        rests = {re.escape(rest[:size]) for rest in longer for size in range(len(rest))}
        parts.append(re.escape(marker) + (rf"(?!(?:{'|'.join(sorted(rests))})\Z)" if rests and not ended else ""))
    return re.compile(f"(?:{'|'.join(parts)})*")


def parse_section(buffer: TextBuffer, start: int, opening: str, section: CallSection) -> CallParser:
    """Parse the section that begins at `start`, its calls into the sink. Return None where the marker is only mentioned."""
    if opening in BODY_PARSERS:
        return (yield from _parse_body(buffer, start, opening, section))
    at = start + len(opening) - (1 if opening == "functools[" else 0)  # its bracket opens the list itself
    # `last` is behind the last call, or -1 while there is none.
    last = -1
    while True:
        if opening:
            at = skip_repeats(buffer.text, at, opening)
        at = yield from _skip_separators(buffer, at, section.closes, fresh=last < 0)
        if close := (yield from match_literal(buffer, at, section.closes)):
            return (at + len(close), []) if last >= 0 else (yield from _parse_empty(buffer, start, at + len(close)))
        if at >= len(buffer.text):
            _mark_as_searched(buffer, start, at)
            return None if last < 0 else (at if section.closes else last, [])
        parsed = yield from _parse_item(buffer, start if last < 0 else at, at, section, opening)
        if parsed is None and last < 0 and (end := (yield from _find_unreadable(buffer, start, at, opening, section))) >= 0:
            expected = "a call between these marks"
            buffer.sink.add([Problem(buffer.text[at:end][:200], (start, end), expected, _find_tool_in(buffer, at, end))])
            return end, []
        if parsed is None:
            _mark_as_searched(buffer, start, at)
            return None if last < 0 else (_CALL_ENDS.match(buffer.text, last).end(), [])  # type: ignore[union-attr]
        last, items = parsed
        at = last
        buffer.sink.add(items)


def parse_suffixed_section(buffer: TextBuffer, start: int, opening: re.Match[str]) -> CallParser:
    """Parse the section that `opening` begins as if none of its marks had a suffix. Return None where it is not closed."""
    word, suffix = opening[1], opening[2]
    close = yield from find(buffer, f"</{word}{suffix}>", opening.end())
    if close < 0:
        return None
    span = start, close + len(f"</{word}{suffix}>")
    inside = re.sub(rf"(</?\w+){re.escape(suffix)}>", r"\1>", buffer.text[opening.end() : close])
    plain = TextBuffer(buffer.tools, inside if word == "tool_calls" else f"<tool_call>{inside}</tool_call>", ended=True)
    plain.sink = sink = MentionSink()
    at, parsed = 0, None
    while (at := run_whole(skip_space(plain, at))) < len(plain.text):
        if plain.text.startswith("<tool_call>", at):
            parsed = run_whole(parse_section(plain, at, "<tool_call>", SECTIONS["<tool_call>"]))
        if parsed is None or parsed[0] <= at:
            return span[1], [Problem(buffer.text[slice(*span)][:200], span, "calls between these marks")]
        at, items = parsed
        sink.add(items)
    return span[1], [item._replace(span=span) if isinstance(item, ReadCall) else replace(item, span=span) for item in sink.items]


def _parse_empty(buffer: TextBuffer, start: int, end: int) -> CallParser:
    """Report marks with no call between them. Those inside of a line are only mentioned: "in <tool_call></tool_call> tags"."""
    if (yield from _stands_alone(buffer, start, end)):
        return end, [Problem(buffer.text[start:end][:200], (start, end), "a call between these marks")]
    _mark_as_searched(buffer, start, end)
    return None


def _stands_alone(buffer: TextBuffer, start: int, end: int) -> Incremental[bool]:
    """Tell whether nothing else stands on the lines of a part of the text."""
    yield from wait_for(buffer, end + 1)
    return {buffer.text[start - 1 : start], buffer.text[end : end + 1]} <= {"", "\n"}


def _find_unreadable(buffer: TextBuffer, start: int, at: int, opening: str, section: CallSection) -> Incremental[int]:
    """Return the end of a section that was meant as a call, though nothing in it can be read; -1 where its marks are only mentioned.

    It was meant where an object, a tag or a tool's name soon follows the opening mark, or where the marks stand on lines of their own.
    """
    if not opening or not section.closes:
        return -1
    yield from wait_for(buffer, at + _LONGEST_WORDS)
    words = _FIRST_WORDS.match(buffer.text, at, at + _LONGEST_WORDS)
    is_named = bool(buffer.tools.by_name) and words is not None and any(map(buffer.tools.find_marked, words[0].split()))
    limit = at + (_LONGEST_UNREADABLE if is_named or buffer.text[at] in "{[<" else _LONGEST_WORDS)
    closes = re.compile("|".join(map(re.escape, section.closes)))
    begin = at
    while not (close := closes.search(buffer.text, begin, limit)):
        if buffer.ended or len(buffer.text) >= limit:
            is_cut_off = buffer.text[at] in "{[<" and len(buffer.text) < at + _LONGEST_WORDS
            is_meant = opening[:2] == "<|" or _find_tool_in(buffer, at, len(buffer.text)) is not None
            return len(buffer.text) if is_cut_off and is_meant else -1
        begin = max(at, len(buffer.text) - 40)
        yield
    inside = buffer.text[at : close.start()]
    if inside[0] in "{[<" or (is_named and len(inside.split()) > 1):
        return close.end()
    return close.end() if "\n\n" not in inside and (yield from _stands_alone(buffer, start, close.end())) else -1


def _find_tool_in(buffer: TextBuffer, at: int, end: int) -> str | None:
    """Return the first tool's name in a part of the text."""
    return next((name for name in buffer.tools.names if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", buffer.text[at:end])), None)


def _mark_as_searched(buffer: TextBuffer, start: int, at: int) -> None:
    """Note that no call begins at the markers that were skipped. A fence among them is still a fence."""
    fence = buffer.text.find("`", start, at)
    buffer.no_start_before = at if fence < 0 else fence
    buffer.searched_to = max(buffer.searched_to, at)


def _skip_separators(buffer: TextBuffer, at: int, closes: tuple[str, ...], *, fresh: bool) -> Incremental[int]:
    while True:
        at = _separator_pattern(closes, fresh, buffer.ended).match(buffer.text, at).end()  # type: ignore[union-attr]
        if buffer.ended or buffer.text[at : at + _LONGEST_MARKER] not in _MARKER_PREFIXES:
            return at
        yield


def _parse_item(buffer: TextBuffer, start: int, at: int, section: CallSection, opening: str) -> CallParser:
    character = buffer.text[at]
    if character == "{" or character == "[":
        return (yield from _parse_json_or_list(buffer, start, at, section))
    if character == "<":
        while not (found := _find_elements(buffer, at)) and may_be_prefixed(buffer.text, at) and not buffer.ended:
            yield
        for element in found:
            parsed = yield from parse_element(buffer, at, element, in_section=True)
            if parsed is not None:
                return parsed
        return None
    return (yield from _parse_named(buffer, at, section, opening))


def _find_elements(buffer: TextBuffer, at: int) -> list[Element]:
    """Return the elements of calls that may stand at `at`."""
    known = [INNER_ELEMENTS[found[0]]] if (found := _ELEMENT_OPENING.match(buffer.text, at)) else []
    if prefixed := find_prefixed(buffer.text, at):
        known.append(prefixed)
    named = _TAG_NAME.match(buffer.text, at)
    if named and (tool := buffer.tools.by_name.get(named[1])) and (own := tool_element(tool)):
        known.append(own)
    return known


def _parse_json_or_list(buffer: TextBuffer, start: int, at: int, section: CallSection) -> CallParser:
    if buffer.text[at] == "[":
        inner = yield from skip_space(buffer, at + 1)
        if buffer.text[inner : inner + 1].isalpha() or buffer.text[inner : inner + 1] == "_":
            return (yield from parse_call_list(buffer, at, marked=True))
    if buffer.text[at] == "{" and buffer.text[at + 1 : at + 2] in _MAY_BE_ESCAPED and (yield from match(buffer, ESCAPED_START, at)):
        escaped = yield from parse_escaped_json(buffer, at)
        if escaped is not None:
            return escaped
    # The list may yet hold a name of ours, so it is announced before its end has arrived.
    found = yield from find_json_end_announcing(buffer, start, at)
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
        items = parse_calls(value[0], buffer.tools, (start, end), value[1], marked=True)
    except NotACall:
        return end, [Problem(buffer.text[at:end][:200], (start, end), "an object with 'name' and 'arguments'")]
    return (yield from _parse_program(buffer, start, end, items, section.closes))


def _parse_program(buffer: TextBuffer, start: int, end: int, items: list[Item], closes: tuple[str, ...]) -> Incremental[ParsedCalls]:
    """Parse <code>...</code> behind a call of which one argument is an empty text: there Qwen-Agent lets a model write a program."""
    call = items[0] if len(items) == 1 else None
    if not isinstance(call, ReadCall):
        return end, items
    opened = yield from match(buffer, _PROGRAM, end)
    if opened is None:
        return end, items
    empty = [name for name, value in call.arguments.items() if value == ""]
    close = opened.end()
    while True:  # a program may have the tag in it: its own stands before what closes the call, or at the end of the text
        close = yield from find(buffer, "</code>", close, in_call=True)
        if close < 0:
            return len(buffer.text), [buffer.report(call.tool, start, len(buffer.text), "</code> at the end")]
        end = close + len("</code>")
        after = yield from skip_space(buffer, end)
        if after == len(buffer.text) or (yield from match_literal(buffer, after, closes)):
            break
        close = end
    if len(empty) != 1:
        return end, [buffer.report(call.tool, start, end, "one argument that is an empty text, whose place <code> takes")]
    program = buffer.text[opened.end() : close].strip("\n")
    return end, [ReadCall(call.tool, {**call.arguments, empty[0]: program}, (start, end), call.notes)]


def find_json_end_announcing(buffer: TextBuffer, start: int, at: int, pattern: re.Pattern[str] = _FIRST_NAME) -> Incremental[JsonEnd]:
    """Run `find_json_end` from `at`, and announce the tool of each call from `start` as soon as the pattern finds its name."""
    if whole := decode_whole(buffer, at):
        return whole
    steps = walk_to_json_end(buffer, at)
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
            if buffer.tools.find_marked(name):
                buffer.json_at = begins[announced - 1]
                buffer.sink.announce(name, start)
        yield


def _parse_named(buffer: TextBuffer, at: int, section: CallSection, opening: str = "") -> CallParser:
    """Parse a name and its arguments: NAME[ARGS]{...}, functions.NAME:0<...>{...}, call:NAME{...}, NAME(...), NAME<arg_key>..."""
    while True:
        text = buffer.text
        # The order matters: call:NAME{ would match the general header as well.
        if gemma := GEMMA_HEAD.match(text, at):
            return (yield from parse_gemma_call(buffer, at, gemma))
        if divided := _NAME_THEN_INPUT.match(text, at):
            # Programs that ask for this stop at its end.
            return (yield from parse_text_input(buffer, at, divided.end(), divided[1], "</tool_input>", may_stop=True))
        if header := _HEADER.match(text, at):
            if (yield from match(buffer, OWN_QUOTES, header.end())):
                return (yield from parse_gemma_call(buffer, at, header))
            return (yield from _parse_header_call(buffer, at, header, section))
        if tagged := _TAGGED_HEADER.match(text, at):
            tags = _close_with(TAGS_AFTER_NAME[tagged[2]], (*section.closes, opening) if opening else section.closes)
            if tagged[2] in tags.ends_before and buffer.tools.find_marked(tagged[1]) is None:
                return None  # prose about the markers: "between <tool_call> and </tool_call>"
            return (yield from parse_tagged_arguments(buffer, at, tagged.end(), tagged[1], tags))
        if typed_element := _ELEMENT_AFTER_LEAD.match(text, at):
            yield from _skip_separators(buffer, typed_element.end(), section.closes, fresh=True)
            return (yield from _parse_item(buffer, at, typed_element.end(), section, opening))
        if buffer.ended or len(text) - at > _LONGEST_HEADER or not _HEADER_SO_FAR.match(text, at):
            break
        yield
    named = yield from parse_python_call(buffer, at, marked=True)
    if named is not None:
        return named[0], [named[1]]
    return (yield from _parse_name_and_pairs(buffer, at, section))


def _parse_name_and_pairs(buffer: TextBuffer, at: int, section: CallSection) -> CallParser:
    """Parse the name of a tool with key="value" behind it, or alone, where that is all that stands between the markers of a section."""
    while (alone := _NAME_ALONE.match(buffer.text, at)) and alone.end() == len(buffer.text) and not buffer.ended:
        yield
    tool = buffer.tools.by_name.get(alone[1]) if alone else None
    if alone is None or tool is None or not section.closes:
        return None
    given, end = yield from read_attributes(buffer, alone.end(), (*section.closes, *CALL_ENDS))
    if not given and (end < len(buffer.text) if given is None else tool.required):
        return None
    buffer.sink.announce(tool.name, at)
    if given is None:
        return end, [buffer.report(tool.name, at, end, 'key="value" for each argument')]
    return end, [build_call(buffer, (at, end), tool.name, given)]


def parse_unopened_call(buffer: TextBuffer, at: int) -> CallParser:
    """Parse NAME and its arguments where no marker precedes them."""
    found = yield from _parse_named(buffer, at, _NO_SECTION)
    if found is None:
        return None
    position = yield from skip_space(buffer, found[0])
    close = yield from match_literal(buffer, position, _UNOPENED_ENDS)
    return (position + len(close) if close else found[0]), found[1]


def _parse_header_call(buffer: TextBuffer, at: int, header: re.Match[str], section: CallSection) -> CallParser:
    parsed = yield from parse_json_call(buffer, at, header.end(), header[1], behind=section.closes)
    if parsed is None or not header[2]:
        return parsed
    return (yield from skip_closing_fence(buffer, parsed[0])), parsed[1]


def _parse_body(buffer: TextBuffer, start: int, opening: str, section: CallSection) -> CallParser:
    """Wait for the end of the section, then hand its body to the parser of its form."""
    opened, closing = start + len(opening), section.closes[0]
    close = yield from find(buffer, closing, opened)
    body_end = close if close >= 0 else len(buffer.text)
    end = close + len(closing) if close >= 0 else body_end
    return end, BODY_PARSERS[opening](buffer.text[opened:body_end], (start, end), buffer.tools)
