"""Parse one detected block: a call, a code fence, reasoning, an invented tool result. Each parser moves the state behind its block."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

from .elements import Element, parse_element
from .explaining import acts, explains_before, explains_behind
from .families.harmony import ENDS, parse_header, parse_message
from .json_calls import FIRST_KEY, KEYS, NotACall, find_named_tool, may_be_call, parse_calls, parse_json_arguments
from .json_end import decode_strict, find_json_end, parse_json_at
from .markers import ELEMENTS, SECTIONS, CallSection
from .mentions import Form, Surroundings
from .named_call import is_link
from .parsed_calls import CallParser, Incremental, Item, MentionSink
from .python_calls import parse_call_list
from .read_events import Problem, ReadCall
from .scanner_state import ScannerState
from .section_parser import find_json_end_announcing, parse_section
from .text_buffer import find, match_literal, skip_space

_END_OF_ANALYSIS = re.compile(r"<\|(?:end|start|channel|return|call|eom|eot)\|>")
_FENCE_RUNS = {marker: re.compile(f"{marker}*") for marker in "`~"}
_INFO_STRING = re.compile(r"[ \t]*([\w+\-.]*)[ \t]*")
# A name and the beginning of its arguments; an object that goes on with "type" or "properties" is the definition of a tool.
_CALL_WITH_ARGUMENTS = re.compile(
    r"\s*\[?\s*\{\s*(?:[\"'](?:tool_calls|function|function_call)[\"']\s*:\s*\[?\s*\{\s*)?"
    r"(?:[\"'](?:id|type|index)[\"']\s*:\s*(?:[\"'][\w\-]{0,80}[\"']|\d{1,9})\s*,\s*){0,3}"
    r"[\"'](?:name|tool_name|tool|function)[\"']\s*:\s*[\"']([\w.\-:/]+)[\"']\s*,\s*"
    r"[\"'](?:arguments|parameters|args|input|params)[\"']\s*:\s*\{\s*(?:\}|[\"'](?!(?:type|properties)[\"'])[^\"']{1,100}[\"'])()"
)
_SPACE, _NEVER = re.compile(r"\s*"), re.compile(r"(?!)")
_DATA = "in JSON that is not a call"
_ENDED = object()
_CALL_FENCES = ("tool_code", "tool_call", "tool_calls", "function_call", "function_calls")
_LONGEST_LINE = 200
_FENCED_SECTION = CallSection(frozenset(), ("```",))
_FENCED_MARKS = tuple(marker for marker in (*SECTIONS, *ELEMENTS) if marker[0] == "<")


def parse_named_json(state: ScannerState, start: int, position: int, name: str) -> CallParser:
    """Parse NAME on a line of its own with JSON below it: its arguments, or the whole call once more."""
    tool = state.tools.find_marked(name)
    assert tool is not None
    found = yield from find_json_end(state.buffer, position)
    value = parse_json_at(state.buffer.text, position, found, state.buffer.ended)
    if value is None or found.end < 0 or not isinstance(value[0], dict):
        return None
    if not value[0] and tool.required and state.buffer.text[start:position].rstrip().endswith(":"):
        return None  # a member of an object: "find: {}"
    if not all(map(tool.has_parameter, value[0])):
        state.emit_text(position)  # the name was prose: "weather\n{"name": "weather", "arguments": ...}"
        return (yield from parse_bare_json(state, position))
    end = found.end
    if state.buffer.text[start] == "[":  # [weather] {...} [END_TOOL_REQUEST], as LM Studio asks for it
        after = yield from skip_space(state.buffer, end)
        close = yield from match_literal(state.buffer, after, ("[END_TOOL_REQUEST]", f"[/{tool.name}]"))
        if not close and "\n" in state.buffer.text[start:position]:
            return None  # a section of a file of settings
        end = after + len(close) if close else end
    if state.buffer.text[start:position].endswith("```json\n"):
        after = yield from skip_space(state.buffer, end)
        close = yield from match_literal(state.buffer, after, ("```",))
        end = after + 3 if close else end
    return end, [parse_json_arguments(tool, value[0], (start, end), value[1])]


def parse_json_in_prose(state: ScannerState, start: int) -> Incremental[None]:
    """Parse an object or a list that begins at `start`. Data goes by at once: what is no call needs no look at what stands around it."""
    end = _find_data_end(state, start)
    if end == start and not state.buffer.ended:
        steps = find_json_end(state.buffer, start)
        while not ((head := _CALL_WITH_ARGUMENTS.match(state.buffer.text, start)) and state.tools.find_marked(head[1])):
            if next(steps, _ENDED) is _ENDED:
                end = _find_data_end(state, start)
                break
            yield
    if end > start:
        state.note_set_aside(start, end, _DATA)
        state.emit_quoted(end)
        return
    yield from state.parse_call(start, start, parse_bare_json(state, start), Form.UNMARKED)


def parse_data(state: ScannerState, at: int, place: str, *, opens_reply: bool) -> Incremental[None]:
    """Set aside a value inside of JSON that is no call: what looks like a call in it is data.

    Where it is the one member of an object that opens the reply, the object around it may be meant as a call's: that is a problem.
    """
    found = yield from find_json_end(state.buffer, at)
    end = found.end if found.end >= 0 else max(at + 1, found.stopped)
    value = parse_json_at(state.buffer.text, at, found, state.buffer.ended)
    inside = value[0] if value is not None else None
    if opens_reply and isinstance(inside, dict) and (tool := find_named_tool(inside, state.tools)):
        state.add([tool.report_problem(state.buffer.text[:end], (0, end), f"a call by itself, not under {place}: {tool.signature}")])
    else:
        state.note_set_aside(at, end, _DATA)
    state.emit_quoted(end)


def _find_data_end(state: ScannerState, at: int) -> int:
    """Return the offset behind the JSON values from `at` on, one behind the other, that are whole and no calls."""
    text, end = state.buffer.text, at
    while (found := decode_strict(state.buffer, at)) is not None and not may_be_call(found[0], state.tools):
        end = found[1]
        following = FIRST_KEY.whole.match(text, at := _SPACE.match(text, end).end())  # type: ignore[union-attr]
        if following is None or following[1] not in KEYS:
            break
    return end


def parse_bare_json(state: ScannerState, position: int) -> CallParser:
    """Parse an object or a list in the form of a call, or several joined by `;`. Other JSON is data, and nothing in it is a call."""
    end, at = -1, position
    while True:
        found = yield from find_json_end_announcing(state.buffer, at, at, _CALL_WITH_ARGUMENTS)
        value = parse_json_at(state.buffer.text, at, found, state.buffer.ended)
        behind = found.end if found.end >= 0 else found.stopped
        if value is None:
            head = _CALL_WITH_ARGUMENTS.match(state.buffer.text, at)
            tool = state.tools.find(head[1]) if head else None
            if tool is None:
                break
            return behind, [state.buffer.report(tool.name, at, behind, "a call as complete JSON")]
        try:
            state.buffer.sink.add(parse_calls(value[0], state.tools, (at, behind), value[1], marked=False))
        except NotACall:
            if end < 0:
                state.note_set_aside(at, behind, _DATA)
                state.emit_quoted(behind)
            break
        end = behind
        at = yield from skip_space(state.buffer, end)
        if state.buffer.text[at : at + 1] != ";":
            break
        at = yield from skip_space(state.buffer, at + 1)
        if state.buffer.text[at : at + 1] != "{":
            break
    return (end, []) if end >= 0 else None


def parse_call_list_in_prose(state: ScannerState, position: int, certain: bool) -> CallParser:
    """Parse [NAME(...), NAME(...)]. Unless this is `certain` to be a call, one without arguments is prose: "the syntax is [name()]"."""
    if certain:
        listed = yield from parse_call_list(state.buffer, position, marked=False)
        return None if listed is not None and (yield from is_link(state, listed[0] - 1)) else listed
    # It is announced only once it is certain, for what was announced cannot be taken back.
    state.buffer.sink = MentionSink()
    found = yield from parse_call_list(state.buffer, position, marked=False)
    return found if found is not None and all(isinstance(item, ReadCall) and item.arguments for item in found[1]) else None


class _Fence(NamedTuple):
    """A code fence: where its body begins, what closes it, and the calls that it is nothing but, with the offset behind them."""

    opened: int
    marks: str
    items: list[Item]
    end: int = 0
    is_certain: bool = False  # its info string says that a call is in it


def parse_fence(state: ScannerState, start: int, position: int) -> Incremental[None]:
    """Parse a code fence. Calls that it holds are made, unless the line before it or behind it explains how calls are written.

    So is a fence behind such an example, unless the line before it says that this is done now.
    What an info string or a label in front calls a call is one in any case.
    """
    state.buffer.sink = MentionSink()
    fence = yield from _read_fence(state, start, position)
    if fence.items and start == position and not fence.is_certain:
        line = state.surroundings.line_before
        explains = explains_before(line) or (state.shows_calls and not acts(line))
        state.shows_calls = explains or (yield from _is_explained_behind(state, fence.end))
    if fence.items and (start < position or fence.is_certain or not state.shows_calls):
        state.add(fence.items)
        state.skip_call(fence.end)
        return
    yield from _skip_code(state, fence.opened, fence.marks)


def _is_explained_behind(state: ScannerState, at: int) -> Incremental[bool]:
    """Tell whether the next line that is not blank explains how calls are written."""
    at = yield from skip_space(state.buffer, at)
    while True:
        line = state.buffer.text[at : at + _LONGEST_LINE].partition("\n")
        if line[1] or len(line[0]) == _LONGEST_LINE or state.buffer.ended:
            return explains_behind(line[0])
        yield


def _read_fence(state: ScannerState, start: int, position: int) -> Incremental[_Fence]:
    """Read the fence at `position`: its calls, where it holds nothing but JSON calls, or its info string says `tool_code` or the like."""
    opened = yield from _find_run_end(state, position)
    marks = state.buffer.text[position:opened]
    info = _INFO_STRING.match(state.buffer.text, opened)
    # The info string may still grow: ``` becomes ```json.
    while info is not None and info.end() == len(state.buffer.text) and not state.buffer.ended and info.end() - opened < 40:
        yield
        info = _INFO_STRING.match(state.buffer.text, opened)
    assert info is not None
    body = yield from skip_space(state.buffer, info.end())
    # The info string says that it is a call, so any form may stand inside: Gemma writes Python there.
    if info[1] in state.dialect.fences:
        parsed = yield from _parse_fenced_element(state, info.end(), state.dialect.fences[info[1]], marks)
        if parsed is not None:
            return _Fence(opened, marks, parsed[1], parsed[0], is_certain=True)
    certain = info[1] in _CALL_FENCES
    is_section = state.dialect.call_fences and (
        certain or (info[1] == "xml" and (yield from match_literal(state.buffer, body, _FENCED_MARKS)))
    )
    if is_section and (section := (yield from _parse_fenced_section(state, info.end(), certain=certain))):
        return _Fence(opened, marks, section[1], section[0], is_certain=certain)
    if "json" in state.dialect.forms and state.buffer.text[body : body + 1] in ("{", "["):
        items, end = yield from _parse_fenced_json(state, start, body, marks)
        return _Fence(opened, marks, items, end)
    return _Fence(opened, marks, [])


def _find_run_end(state: ScannerState, position: int) -> Incremental[int]:
    """Return the offset behind the backticks or tildes that stand here. Those that open a fence say how many close it (CommonMark 4.5)."""
    run, end = _FENCE_RUNS[state.buffer.text[position]], position
    while True:
        end = run.match(state.buffer.text, end).end()  # type: ignore[union-attr]
        if end < len(state.buffer.text) or state.buffer.ended:
            return end
        yield


def _parse_fenced_element(state: ScannerState, at: int, element: Element, fence: str) -> CallParser:
    """Parse the body of a fence that begins at `at` as one call, which the closing fence ends."""
    tags = replace(element.tags, ends_before=(fence,))
    parsed = yield from parse_element(state.buffer, at, element._replace(tags=tags))
    if parsed is None:
        return None
    position = yield from skip_space(state.buffer, parsed[0])
    close = yield from match_literal(state.buffer, position, (fence,))
    return (position + len(close) if close else parsed[0]), parsed[1]


def _parse_fenced_section(state: ScannerState, body: int, *, certain: bool) -> CallParser:
    """Parse the body of a fence as a section. Return None where it holds something else.

    Where the info string does not say for `certain` that calls are in it, all of it has to be calls of known tools.
    """
    state.buffer.sink = sink = MentionSink()
    parsed = yield from parse_section(state.buffer, body, "", _FENCED_SECTION)
    if parsed is None:
        return None
    end = parsed[0]
    is_whole = end == len(state.buffer.text) or state.buffer.text.endswith("```", 0, end)
    if not certain and not (is_whole and all(item.tool and state.tools.find_marked(item.tool) for item in sink.items)):
        return None
    return end, sink.items


def _parse_fenced_json(state: ScannerState, start: int, body: int, fence: str) -> Incremental[tuple[list[Item], int]]:
    """Return the calls of a fence whose whole body is JSON calls of known tools, and the offset behind it; no items otherwise."""
    values: list[tuple[object, tuple[str, ...]]] = []
    at = body
    while True:
        found = yield from find_json_end(state.buffer, at)
        value = parse_json_at(state.buffer.text, at, found, state.buffer.ended)
        if value is None:
            head = _CALL_WITH_ARGUMENTS.match(state.buffer.text, at)
            tool = state.tools.find(head[1]) if head and found.end < 0 and state.buffer.ended else None
            end = len(state.buffer.text)
            if tool is None or found.stopped < end:
                return [], at
            # The reply breaks off inside of a call: whether it would have been the whole body of the fence is not known.
            return [state.buffer.report(tool.name, start, end, "a call as complete JSON")], end
        values.append(value)
        end = found.end if found.end >= 0 else found.stopped
        at = yield from skip_space(state.buffer, end)
        if state.buffer.text[at : at + 1] in (",", ";"):
            at = yield from skip_space(state.buffer, at + 1)
        if state.buffer.text[at : at + 1] not in ("{", "["):
            break
    # Anything behind the last value makes the fence a document.
    close = yield from match_literal(state.buffer, at, (fence,))
    if not close and at < len(state.buffer.text):
        return [], at
    after = at + len(close)
    notes: tuple[str, ...] = () if close else ("closing fence added",)
    items: list[Item] = []
    # All of the values are calls, or none: a list with one call among data is a document.
    for parsed, repairs in values:
        try:
            items += parse_calls(parsed, state.tools, (start, after), (*repairs, *notes), marked=False)
        except NotACall:
            return [], at
    if any(isinstance(item, Problem) and state.tools.find(item.tool or "") is None for item in items):
        return [], at  # documentation of tools that do not exist here
    return items, after


def _emit_until(
    state: ScannerState, pattern: re.Pattern[str], emit: Callable[[int], None], longest: int
) -> Incremental[re.Match[str] | None]:
    """Emit the text up to the next match, of which `longest` characters may have arrived without it. Return None where none comes."""
    at = state.at
    while (found := pattern.search(state.buffer.text, at)) is None and not state.buffer.ended:
        at = max(at, len(state.buffer.text) - longest)
        emit(at)
        yield
    emit(len(state.buffer.text) if found is None else found.start())
    return found


def _skip_code(state: ScannerState, begin: int, fence: str) -> Incremental[None]:
    """Emit code up to the closing fence as prose. Nothing in it is a call."""
    state.surroundings.begin_code()
    state.emit_quoted(begin)
    found = yield from _emit_until(state, re.compile(re.escape(fence)), state.emit_quoted, len(fence) - 1)
    if found is not None:
        state.emit_quoted((yield from _find_run_end(state, found.start())))
    state.note_set_aside(begin, state.at, "in a code block")
    if found is not None:
        state.surroundings.end_code()


def parse_reasoning(state: ScannerState, body: int, closing: str) -> Incremental[None]:
    """Emit reasoning up to its closing marker. Where that never comes, calls that the reply ends in are calls, if nothing else follows."""
    state.skip_to(body)
    pattern = re.compile("|".join(map(re.escape, (closing, *state.dialect.calls_ending_reasoning))))
    longest = max(len(closing), 30)  # of a marker that may have arrived in part
    at, first_marker = body, -1
    while True:
        found = pattern.search(state.buffer.text, at)
        if found is not None and found[0] == closing:
            state.emit_reasoning(found.start())
            state.skip_to(found.end())
            return
        if found is not None:
            if first_marker < 0:
                first_marker = found.start()
                state.emit_reasoning(first_marker)
            at = found.end()
            continue
        if state.buffer.ended:
            break
        at = max(at, len(state.buffer.text) - longest)
        if first_marker < 0:
            state.emit_reasoning(max(state.at, at))
        yield
    state.emit_reasoning(_find_trailing_calls(state, first_marker) if first_marker >= 0 else len(state.buffer.text))
    state.seek = state.at


def _find_trailing_calls(state: ScannerState, lowest: int) -> int:
    """Return the offset where the calls begin that the text ends in, or its length where it does not end in calls."""
    text, begin = state.buffer.text, len(state.buffer.text)
    # From the end backwards, call by call: each has to end where the one behind it begins.
    while True:
        end = len(text[lowest:begin].rstrip()) + lowest
        opened = [
            text.rfind(marker, lowest, end)
            for marker, closes in state.dialect.calls_ending_reasoning.items()
            if text.endswith(closes, lowest, end)
        ]
        if max(opened, default=-1) < 0:
            return begin if begin < len(text) else len(text)
        begin = max(opened)


def parse_reasoning_end(state: ScannerState, position: int, end: int) -> Incremental[None]:
    """Turn all before this marker into reasoning, since its opening marker was in the prompt. A second such marker is dropped."""
    if not state.reasoning:
        state.reclassify_as_reasoning(position)
    state.skip_to(end)
    yield from ()


def end_stripped_thought(state: ScannerState, end: int, behind: int) -> Incremental[None]:
    """Turn all before `end` into reasoning, without the word "analysis" that it begins with, and read on at `behind`."""
    state.reclassify_as_reasoning(end, len("analysis"))
    state.at, state.seek = behind, max(behind, end + 1)
    yield from ()


def parse_invented(state: ScannerState, body: int) -> Incremental[None]:
    """Emit a tool result or a turn of the user that the model invented as prose, and all that follows: no call is made behind it."""
    at = yield from skip_space(state.buffer, body)
    if at >= len(state.buffer.text):
        state.skip_to(at)
        return
    yield from _emit_until(state, _NEVER, state.emit_quoted, 0)
    state.note_set_aside(at, state.at, "behind a turn or a result that the model made up")


def drop_invented_turn(state: ScannerState) -> Incremental[None]:
    """Drop the rest of the reply: a token of the chat template says that somebody else speaks."""
    yield from _emit_until(state, _NEVER, state.skip_to, 0)


def skip_template_token(state: ScannerState, end: int) -> Incremental[None]:
    """Drop a token of the model's chat template. A line begins behind it."""
    state.skip_to(end)
    state.surroundings = Surroundings()
    yield from ()


def parse_harmony_message(state: ScannerState, start: int, position: int) -> Incremental[None]:
    """Parse a message of gpt-oss: a call, reasoning (channel `analysis`), or text for the user."""
    header = yield from parse_header(state.buffer, start)
    if header is None:
        close = yield from find(state.buffer, "|>", position)
        state.skip_to(close + 2 if close >= 0 else len(state.buffer.text))
        return
    if header.recipient and (yield from state.parse_call(start, start, parse_message(state.buffer, start, header))):
        return
    state.skip_to(header.body)
    state.surroundings = Surroundings()
    if header.channel == "analysis":
        yield from _parse_analysis(state)


def _parse_analysis(state: ScannerState) -> Incremental[None]:
    found = yield from _emit_until(state, _END_OF_ANALYSIS, state.emit_reasoning, 11)
    state.skip_to(len(state.buffer.text) if found is None else found.end() if found[0] in ENDS else found.start())
