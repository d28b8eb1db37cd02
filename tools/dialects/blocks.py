"""How each part of a text is settled: a call, code, thinking aloud, an invented result. Each moves the scan behind its part."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator
from functools import partial

from .boundaries import call_end, json_end
from .call import is_signature, may_be_signature, read_arguments
from .gemma import HEAD as GEMMA_HEAD
from .gemma import read_gemma
from .harmony import ENDS, read_header, read_message
from .json_calls import Item, Unmarked, read_calls, read_one
from .python_calls import read_list
from .scan import Scan
from .section import Sink, announcing_json_end, parse, read_headed, read_section
from .sections import SECTIONS, Section
from .source import Waiting, find, next_literal, reach, skip_space
from .surroundings import closing_in_line, open_tag
from .values import Problem, ReadCall

Steps = Generator[None, None, None]
Found = Generator[None, None, "tuple[int, list[Item]] | None"]
_RUNS = {mark: re.compile(f"{mark}*") for mark in "`~"}
_INFO = re.compile(r"[ \t]*([\w+\-.]*)[ \t]*")
# A name and the beginning of its arguments; an object that goes on with "type" or "properties" is the definition of a tool.
_CALL_WITH_ARGUMENTS = re.compile(
    r"\s*\[?\s*\{\s*[\"'](?:name|tool_name|tool|function)[\"']\s*:\s*[\"']([\w.\-:/]+)[\"']\s*,\s*"
    r"[\"'](?:arguments|parameters|args|input|params)[\"']\s*:\s*\{\s*(?:\}|[\"'](?!t|p))()"
)
_CALLING = ("tool_code", "tool_call", "tool_calls", "function_call", "function_calls")
_FENCED_SECTION = Section(frozenset(), ("```",))


class _Held:
    """Keeps what is read until it is known whether it is only a mention."""

    def __init__(self) -> None:
        self.items: list[Item] = []

    def announce(self, name: str) -> None:
        """A mention is not announced, and this may be one."""

    def take(self, items: list[Item]) -> None:
        self.items += items


def settle_call(scan: Scan, start: int, place: int, reading: Callable[[Sink], Found]) -> Steps:
    """A call or calls from `start`, found by what stands at `place`; prose where it is none, a mention where quotes are around it."""
    if not (yield from _read_unless_quoted(scan, start, reading)):
        scan.seek = max(scan.at, scan.after_failure(place))


def _read_unless_quoted(scan: Scan, start: int, reading: Callable[[Sink], Found]) -> Generator[None, None, bool]:
    """Whether there was something to read from `start`. It is kept as calls, or as prose where quotes are around it."""
    quote = scan.line.open_quote or open_tag(scan.source.text, start)
    sink = _Held() if quote else scan
    found = yield from reading(sink)
    if found is None:
        return False
    end, items = found
    sink.take(items)
    if isinstance(sink, _Held):
        if (yield from closing_in_line(scan.source, quote, end)) >= 0:
            scan.quote(end)
            return True
        scan.take(sink.items)
    scan.line.skip(scan.source.text, start, end)
    scan.pass_over(end)
    return True


def named_call(scan: Scan, start: int, place: int, name: str, sink: Sink) -> Found:
    """NAME(...); None where it is only the tool's signature."""
    shape = scan.known.find(name)
    assert shape is not None
    steps = call_end(scan.source, place + 1)
    told = False
    while True:
        try:
            next(steps)
        except StopIteration as done:
            found = done.value
            break
        if not told and not may_be_signature(shape, scan.source.text[place + 1 : place + 2 + scan.rules.longest_parameter]):
            told = True
            sink.announce(shape.name)
        yield
    if found.end >= 0 and is_signature(shape, scan.source.text, place + 1, found.commas, found.end - 1):
        return None
    if not told:
        sink.announce(shape.name)
    text = scan.source.text
    if found.end < 0:
        span = (start, found.stopped)
        return found.stopped, [shape.problem(text[start : found.stopped], span, f"a closing parenthesis: {shape.signature}")]
    return found.end, [read_arguments(shape, text, place + 1, found.commas, found.end - 1, (start, found.end))]


def named_json(scan: Scan, start: int, place: int, name: str, sink: Sink) -> Found:
    """NAME on a line of its own, and its arguments, or the whole call once more, as JSON below it."""
    shape = scan.known.marked(name)
    assert shape is not None
    found = yield from json_end(scan.source, place)
    value = parse(scan.source.text, place, found, scan.source.ended)
    if value is None or found.end < 0 or not isinstance(value[0], dict):
        return None
    if not all(map(shape.takes, value[0])):
        scan.say(place)
        return (yield from bare_json(scan, place, sink))
    end = found.end
    if scan.source.text[start:place].endswith("```json\n"):
        after = yield from skip_space(scan.source, end)
        close = yield from next_literal(scan.source, after, ("```",))
        end = after + 3 if close else end
    return end, [read_one(shape, value[0], (start, end), value[1])]


def bare_json(scan: Scan, place: int, sink: Sink) -> Found:
    """An object or a list that has the form of a call, or several with `;` between them.

    Anything else is data, and nothing in it is a call.
    """
    end, at = -1, place
    while True:
        found = yield from announcing_json_end(scan.source, at, scan.known, sink, _CALL_WITH_ARGUMENTS)
        value = parse(scan.source.text, at, found, scan.source.ended)
        behind = found.end if found.end >= 0 else found.stopped
        if value is None:
            meant = _CALL_WITH_ARGUMENTS.match(scan.source.text, at)
            shape = scan.known.find(meant[1]) if meant else None
            if shape is None:
                break
            sink.take([shape.problem(scan.source.text[at:behind], (at, behind), f"a call as complete JSON: {shape.signature}")])
            return behind, []
        try:
            sink.take(read_calls(value[0], scan.known, (at, behind), value[1], marked=False))
        except Unmarked:
            if end < 0:
                scan.quote(behind)
            break
        end = behind
        at = yield from skip_space(scan.source, end)
        if scan.source.text[at : at + 1] != ";":
            break
        at = yield from skip_space(scan.source, at + 1)
        if scan.source.text[at : at + 1] != "{":
            break
    return (end, []) if end >= 0 else None


def list_of_names(scan: Scan, place: int, certain: bool, sink: Sink) -> Found:
    """[NAME(...), NAME(...)]; unless it is `certain` that this is a call, one that has no arguments is none: "the syntax is [name()]"."""
    if certain:
        return (yield from read_list(scan.source, place, scan.known, sink.announce, marked=False))
    found = yield from read_list(scan.source, place, scan.known, _Held().announce, marked=False)
    return found if found is not None and all(isinstance(item, ReadCall) and item.arguments for item in found[1]) else None


def headed(scan: Scan, start: int, sink: Sink) -> Found:
    """NAME and its arguments in a family's own form, without the mark before them."""
    return (yield from read_headed(scan.source, start, scan.known, sink))


def gemma_call(scan: Scan, start: int, sink: Sink) -> Found:
    """call:NAME{...}"""
    head = GEMMA_HEAD.match(scan.source.text, start)
    assert head is not None
    sink.announce(head[1])
    return (yield from read_gemma(scan.source, start, head, scan.known))


def section(scan: Scan, start: int, opening: str, sink: Sink) -> Found:
    """What stands between the marks of a section."""
    end = yield from read_section(scan.source, start, opening, SECTIONS[opening], scan.known, sink)
    return (end, []) if end >= 0 else None


def settle_code(scan: Scan, start: int, place: int) -> Steps:
    """A fence: a call where its whole body is one as JSON, or where it says that it is one; otherwise code."""
    opened = yield from _run_end(scan, place)
    fence = scan.source.text[place:opened]
    info = _INFO.match(scan.source.text, opened)
    while info is not None and info.end() == len(scan.source.text) and not scan.source.ended and info.end() - opened < 40:
        yield
        info = _INFO.match(scan.source.text, opened)
    assert info is not None
    body = yield from skip_space(scan.source, info.end())
    if info[1] in _CALLING and (yield from _fenced_section(scan, start, place, info.end())):
        return
    if scan.rules.json and scan.source.text[body : body + 1] in ("{", "["):
        items, end = yield from _fenced_json(scan, start, body, fence)
        if items:
            scan.take(items)
            scan.line.skip(scan.source.text, start, end)
            scan.pass_over(end)
            return
    yield from _to_fence_end(scan, opened, fence)


def _run_end(scan: Scan, place: int) -> Waiting:
    """Behind the marks of a fence."""
    run, end = _RUNS[scan.source.text[place]], place
    while True:
        end = run.match(scan.source.text, end).end()  # type: ignore[union-attr]
        if end < len(scan.source.text) or scan.source.ended:
            return end
        yield


def _fenced_section(scan: Scan, start: int, place: int, body: int) -> Generator[None, None, bool]:
    held = _Held()
    end = yield from read_section(scan.source, body, "", _FENCED_SECTION, scan.known, held)
    if end < 0:
        return False
    scan.take(held.items)
    scan.line.skip(scan.source.text, start, end)
    scan.pass_over(end)
    return True


def _fenced_json(scan: Scan, start: int, body: int, fence: str) -> Generator[None, None, tuple[list[Item], int]]:
    """The calls of a fence whose whole body is JSON calls of known tools; nothing otherwise."""
    values: list[tuple[object, tuple[str, ...]]] = []
    at = body
    while True:
        found = yield from json_end(scan.source, at)
        value = parse(scan.source.text, at, found, scan.source.ended)
        if value is None:
            return [], at
        values.append(value)
        end = found.end if found.end >= 0 else found.stopped
        at = yield from skip_space(scan.source, end)
        if scan.source.text[at : at + 1] in (",", ";"):
            at = yield from skip_space(scan.source, at + 1)
        if scan.source.text[at : at + 1] not in ("{", "["):
            break
    close = yield from next_literal(scan.source, at, (fence,))
    if not close and at < len(scan.source.text):
        return [], at
    after = at + len(close)
    notes: tuple[str, ...] = () if close else ("closing fence added",)
    items: list[Item] = []
    for parsed, repairs in values:
        try:
            items += read_calls(parsed, scan.known, (start, after), (*repairs, *notes), marked=False)
        except Unmarked:
            return [], at
    if any(isinstance(item, Problem) and scan.known.find(item.tool or "") is None for item in items):
        return [], at  # a document about tools that are not here
    return items, after


def _to_fence_end(scan: Scan, at: int, fence: str) -> Steps:
    """Code up to the closing fence. It is prose, and nothing in it is a call."""
    while True:
        close = scan.source.text.find(fence, at)
        if close >= 0:
            end = close + len(fence)
            yield from reach(scan.source, end + 1)
            while scan.source.text.startswith(fence[0], end):
                end += 1
                yield from reach(scan.source, end + 1)
            scan.quote(end)
            scan.line.reset()
            scan.line.fresh = False
            return
        if scan.source.ended:
            scan.quote(len(scan.source.text))
            return
        at = max(at, len(scan.source.text) - len(fence) + 1)
        scan.quote(at)
        yield


def settle_thought(scan: Scan, body: int, closing: str) -> Steps:
    """Thinking aloud up to its closing mark. Where that never comes, calls between their marks end it, if they are all that follows."""
    scan.pass_over(body)
    pattern = re.compile("|".join(map(re.escape, (closing, *scan.rules.ending_thought))))
    longest = max(len(closing), 30)
    at, marked = body, -1
    while True:
        found = pattern.search(scan.source.text, at)
        if found is not None and found[0] == closing:
            scan.think(found.start())
            scan.pass_over(found.end())
            return
        if found is not None:
            if marked < 0:
                marked = found.start()
                scan.think(marked)
            at = found.end()
            continue
        if scan.source.ended:
            break
        at = max(at, len(scan.source.text) - longest)
        if marked < 0:
            scan.think(max(scan.at, at))
        yield
    scan.think(_calls_at_the_end(scan, marked) if marked >= 0 else len(scan.source.text))
    scan.seek = scan.at


def _calls_at_the_end(scan: Scan, lowest: int) -> int:
    """Where the calls begin with which the text ends; its end where it does not end in calls."""
    text, begin = scan.source.text, len(scan.source.text)
    while True:
        end = len(text[lowest:begin].rstrip()) + lowest
        opened = [text.rfind(mark, lowest, end) for mark, closes in scan.rules.ending_thought.items() if text.endswith(closes, lowest, end)]
        if max(opened, default=-1) < 0:
            return begin if begin < len(text) else len(text)
        begin = max(opened)


def settle_end_of_thought(scan: Scan, place: int, end: int) -> Steps:
    """The end of a thought whose beginning was in the prompt: what came before was thinking. A second one is only a mark."""
    if not scan.reasoning:
        scan.all_was_reasoning(place)
    scan.pass_over(end)
    yield from ()


def settle_invented(scan: Scan, body: int, closing: str) -> Steps:
    """An invented result: prose, and nothing in it is a call. Without a closing mark it goes on to the end.

    A mark at the end of all is where the model stopped: it says nothing.
    """
    at = yield from skip_space(scan.source, body)
    if at >= len(scan.source.text):
        scan.pass_over(at)
        return
    while True:
        close = scan.source.text.find(closing, at) if closing else -1
        if close >= 0:
            scan.quote(close + len(closing))
            return
        if scan.source.ended:
            scan.quote(len(scan.source.text))
            return
        at = max(at, len(scan.source.text) - len(closing) + 1) if closing else len(scan.source.text)
        scan.quote(at)
        yield


def settle_silent(scan: Scan, end: int) -> Steps:
    """A mark of the model's template."""
    scan.pass_over(end)
    yield from ()


def settle_message(scan: Scan, start: int, place: int) -> Steps:
    """A message of gpt-oss: a call, thinking, or words for the user."""
    header = yield from read_header(scan.source, start)
    if header is None:
        end = yield from _behind_mark(scan, place)
        scan.pass_over(end)
        return
    if header.recipient and (yield from _read_unless_quoted(scan, start, partial(read_message, scan.source, start, header, scan.known))):
        return
    scan.pass_over(header.body)
    scan.line.reset()
    if header.channel == "analysis":
        yield from _analysis(scan, header.body)


def _behind_mark(scan: Scan, place: int) -> Generator[None, None, int]:
    close = yield from find(scan.source, "|>", place)
    return close + 2 if close >= 0 else len(scan.source.text)


def _analysis(scan: Scan, at: int) -> Steps:
    pattern = re.compile(r"<\|(?:end|start|channel|return|call|eom|eot)\|>")
    while True:
        found = pattern.search(scan.source.text, at)
        if found is not None:
            scan.think(found.start())
            scan.pass_over(found.end() if found[0] in ENDS else found.start())
            return
        if scan.source.ended:
            scan.think(len(scan.source.text))
            scan.seek = scan.at
            return
        at = max(at, len(scan.source.text) - 11)
        scan.think(at)
        yield
