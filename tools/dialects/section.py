"""Reads what stands between the marks of a section, whichever form it has: JSON, Python, tags, or a name and its arguments."""

from __future__ import annotations

import re
from collections.abc import Generator
from functools import cache
from typing import Protocol

from .boundaries import JsonEnd, json_end
from .gemma import HEAD as GEMMA_HEAD
from .gemma import read_gemma
from .json_calls import Item, Unmarked, read_calls, read_one
from .lenient_json import read_json
from .minimax import CLOSE as MINIMAX_CLOSE
from .minimax import OPEN as MINIMAX_OPEN
from .minimax import read_minimax
from .python_calls import read_list, read_named
from .sections import BETWEEN, GAPS, SECTIONS, Section
from .signatures import Shapes
from .source import Source, Waiting, behind_fence, behind_repeats, find, next_literal, skip_space
from .tagged import BEHIND_NAME, ELEMENTS, read_element, read_tagged
from .values import Problem


class Sink(Protocol):
    """Who is told of calls as they are read."""

    def announce(self, name: str) -> None: ...
    def take(self, items: list[Item]) -> None: ...


Step = Generator[None, None, "tuple[int, list[Item]] | None"]
_NAME = r"[\w.\-:/]*\w"
_SEPARATOR = (
    r"(?:<\|tool_call_argument_begin\|>|\[CALL_ID\][^\[{]{0,64}\[ARGS\]|\[ARGS\]"
    r"|<｜tool(?:[▁_ ]|\\_)sep｜>|<tool_sep(?::opensource)?>|<\|tool_call:args\|>|<\|message\|>|<\|content\|>"
    r"|<\|plamo:end_tool_name:plamo\|>\s*<\|plamo:begin_tool_arguments:plamo\|>)"
)
_HEADER = re.compile(
    rf"(?:function<｜tool(?:[▁_ ]|\\_)sep｜>|(?:[\w\-]+)?<\|tool_call:name\|>)?\s*({_NAME})\s*{_SEPARATOR}?\s*(```(?:json)?)?\s*(?=\{{)"
)
_TAGGED_HEADER = re.compile(rf"({_NAME})\s*(?:<tool_sep(?::opensource)?>\s*)?(?=({'|'.join(map(re.escape, BEHIND_NAME))}))")
_ELEMENT_AFTER_TYPE = re.compile(r"function<｜tool(?:[▁_ ]|\\_)sep｜>[\w.\-]*\s*(?=<\w)")
_HEADER_SO_FAR = re.compile(r"[\w.\-:/\s<>|｜▁\\\[\]`]*\Z")
_LONGEST_HEADER = 300
_ENDS = ("</tool_call>", "<|tool_call_end|>", "<end_of_tool_call>", *(f"<｜tool{gap}call{gap}end｜>" for gap in GAPS))
_UNMARKED = Section(frozenset(), ())
_ASIDE = r"(?:[\"'](?:id|tool_call_id|type|index)[\"']\s*:\s*(?:[\"'][\w.\-]*[\"']|\d+)\s*,\s*)*"
_FIRST_NAME = re.compile(
    rf"\s*\[?\s*\{{\s*{_ASIDE}[\"'](?:(?:name|tool_name|tool|function)[\"']\s*:\s*[\"']([\w.\-:/]+)[\"']|([\w.\-:/]+)[\"']\s*:\s*\{{)"
)
_ALL_CLOSES = sorted({close for section in SECTIONS.values() for close in section.closes}, key=len, reverse=True)
_ENDS_OF_CALL = re.compile(r"(?:\s*(?:<\|tool_call_end\|>|<\|tool_call:end\|>|<｜tool(?:[▁_ ]|\\_)call(?:[▁_ ]|\\_)end｜>))*")
_MARKS = (*BETWEEN, *SECTIONS, *_ALL_CLOSES, *ELEMENTS, "```json", "```tool_code", "```python", "```")
_BEGINNINGS = frozenset(mark[:size] for mark in _MARKS for size in range(len(mark)))
_HALF_FENCES = frozenset(f"```{word[:size]}" for word in ("json", "tool_code", "python") for size in range(len(word)))
# Fences have their own way of waiting; a stray bracket is passed over as a mark is.
_EXTENDABLE = ("]", *(mark for mark in _MARKS if mark != "```" and mark in _BEGINNINGS))
_LONGEST_MARK = max(map(len, _MARKS))


@cache
def _between(closes: tuple[str, ...], fresh: bool) -> re.Pattern[str]:
    """What may stand between calls and says nothing: white space, commas, and marks that are not this section's end."""
    marks = [mark for mark in (*BETWEEN, *SECTIONS, *_ALL_CLOSES, "```json", "```tool_code", "```python", "```") if mark not in closes]
    marks = [mark for mark in marks if mark not in ("functools[", MINIMAX_OPEN)]
    brackets = "" if fresh else "|}" if "]" in closes else r"|[}\]]"
    return re.compile(rf"(?:[\s,;]+|{'|'.join(map(re.escape, sorted(marks, key=len, reverse=True)))}{brackets})*")


def read_section(source: Source, start: int, opening: str, section: Section, known: Shapes, sink: Sink) -> Waiting:
    """The calls of the section that begins at `start`; where it ends, or -1 where the mark is only spoken of."""
    if opening == MINIMAX_OPEN:
        return (yield from _minimax(source, start, known, sink))
    at = start + len(opening) - (1 if opening.endswith("s[") else 0)
    last = -1
    while True:
        if opening:
            at = behind_repeats(source.text, at, opening)
        at = yield from _skip(source, at, section.closes, fresh=last < 0)
        for close in section.closes:
            if source.text.startswith(close, at):
                return at + len(close)
        if at >= len(source.text):
            _nothing_before(source, start, at)
            return last if last < 0 or not section.closes else at
        read = yield from _read_item(source, start if last < 0 else at, at, section, known, sink)
        if read is None:
            _nothing_before(source, start, at)
            return _ENDS_OF_CALL.match(source.text, last).end() if last >= 0 else last  # type: ignore[union-attr]
        last, items = read
        at = last
        sink.take(items)


def _nothing_before(source: Source, start: int, at: int) -> None:
    """The marks that were passed over open nothing; a fence among them is one all the same."""
    fence = source.text.find("`", start, at)
    source.barren = at if fence < 0 else fence
    source.far = max(source.far, at)


def _skip(source: Source, at: int, closes: tuple[str, ...], *, fresh: bool) -> Waiting:
    pattern = _between(closes, fresh)
    while True:
        found = pattern.match(source.text, at)
        if found is not None and source.text[found.end() - 3 : found.end() + 12] in _HALF_FENCES and not source.ended:
            yield
            continue
        longer = _may_be_longer(source.text, at, found.end() if found else at, pattern)
        if longer >= 0 and not source.ended:
            at = longer  # what looks like one mark may become another
            yield
            continue
        at = found.end() if found else at
        tail = source.text[at : at + _LONGEST_MARK]
        if source.ended or (tail not in _BEGINNINGS):
            return at
        yield


def _may_be_longer(text: str, at: int, end: int, pattern: re.Pattern[str]) -> int:
    """Where a mark stands on its own that is also the beginning of another, with which the text stops; -1 where none does."""
    for mark in _EXTENDABLE:
        place = text.rfind(mark, at, end)
        if place >= 0 and text[place : place + _LONGEST_MARK] in _BEGINNINGS:
            before = pattern.match(text, at, place)
            if before is not None and before.end() == place:
                return place
    return -1


def _read_item(source: Source, start: int, at: int, section: Section, known: Shapes, sink: Sink) -> Step:
    character = source.text[at]
    if character == "{" or character == "[":
        return (yield from _bracketed(source, start, at, section, known, sink))
    if character == "<":
        for opening in ELEMENTS:
            if source.text.startswith(opening, at):
                return (yield from read_element(source, at, opening, known, sink.announce))
        return None
    return (yield from _named(source, at, section, known, sink))


def _bracketed(source: Source, start: int, at: int, section: Section, known: Shapes, sink: Sink) -> Step:
    if source.text[at] == "[":
        second = yield from _second(source, at)
        if second.isalpha() or second == "_":
            return (yield from read_list(source, at, known, sink.announce, marked=True))
    found = yield from announcing_json_end(source, at, known, sink)
    span = (start, found.end if found.end >= 0 else len(source.text))
    value = parse(source.text, at, found, source.ended)
    if value is None:
        end, seen = span[1], source.text[at : span[1]]
        if found.end < 0:
            end = yield from _give_up(source, found.stopped, section.closes)
            seen = source.text[at:end]
        name = _FIRST_NAME.match(source.text, at)
        return end, [Problem(seen[:200], (start, end), "a call as complete JSON", name[1] or None if name else None)]
    end = found.end if found.end >= 0 else found.stopped
    try:
        return end, read_calls(value[0], known, (start, end), value[1], marked=True)
    except Unmarked:
        return end, [Problem(source.text[at:end][:200], (start, end), "an object with 'name' and 'arguments'")]


def _second(source: Source, at: int) -> Generator[None, None, str]:
    """The first character inside the bracket."""
    place = yield from skip_space(source, at + 1)
    return source.text[place : place + 1]


def announcing_json_end(
    source: Source, at: int, known: Shapes, sink: Sink, pattern: re.Pattern[str] = _FIRST_NAME
) -> Generator[None, None, JsonEnd]:
    """`json_end`, telling the tool's name as soon as the pattern finds it."""
    steps = json_end(source, at)
    told = False
    while True:
        try:
            next(steps)
        except StopIteration as done:
            result: JsonEnd = done.value
            return result
        if not told and (found := pattern.match(source.text, at)):
            told = True
            name = found[1] or found[2]
            if known.marked(name):
                sink.announce(name)
        yield


def parse(text: str, at: int, found: JsonEnd, ended: bool) -> tuple[object, tuple[str, ...]] | None:
    """The value, with closing brackets added where nothing else is missing; None where it cannot be read."""
    written = text[at : found.end if found.end >= 0 else found.stopped]
    notes: tuple[str, ...] = ()
    if found.end < 0:
        last = written.rstrip()[-1:]
        at_mark = text.startswith("</", found.stopped) or text.startswith("<|", found.stopped) or text.startswith("```", found.stopped)
        whole = at_mark and last not in ",:{[" and set(found.open) <= {"{", "["}
        if not whole and not (ended and found.stopped >= len(text) and found.open == "{" and last == "}"):
            return None
        written = written.rstrip() + "".join("}" if bracket == "{" else "]" for bracket in reversed(found.open))
        notes = ("closing bracket added",)
    try:
        value, repairs = read_json(written)
    except ValueError:
        return None
    return value, (*notes, *repairs)


def _give_up(source: Source, at: int, closes: tuple[str, ...]) -> Waiting:
    """Behind the section's end, or the end of the text."""
    if not closes:
        while not source.ended:
            yield
        return len(source.text)
    end = yield from find(source, closes[0], at)
    return end + len(closes[0]) if end >= 0 else len(source.text)


def _named(source: Source, at: int, section: Section, known: Shapes, sink: Sink) -> Step:
    """A name and its arguments: NAME[ARGS]{...}, functions.NAME:0<...>{...}, call:NAME{...}, NAME(...), NAME<arg_key>..."""
    while True:
        text = source.text
        if gemma := GEMMA_HEAD.match(text, at):
            if known.marked(gemma[1]):
                sink.announce(gemma[1])
            return (yield from read_gemma(source, at, gemma, known))
        if header := _HEADER.match(text, at):
            return (yield from _header_and_json(source, at, header, section, known, sink))
        if tagged := _TAGGED_HEADER.match(text, at):
            tags = BEHIND_NAME[tagged[2]]
            if tagged[2] in tags.ends_before and known.marked(tagged[1]) is None:
                return None  # "between <tool_call> and </tool_call>"
            if known.marked(tagged[1]):
                sink.announce(tagged[1])
            return (yield from read_tagged(source, at, tagged.end(), tagged[1], tags, known))
        if typed_element := _ELEMENT_AFTER_TYPE.match(text, at):
            yield from _skip(source, typed_element.end(), section.closes, fresh=True)
            return (yield from _read_item(source, at, typed_element.end(), section, known, sink))
        if source.ended or len(text) - at > _LONGEST_HEADER or not _HEADER_SO_FAR.match(text, at):
            break
        yield
    named = yield from read_named(source, at, known, sink.announce, marked=True)
    return (named[0], [named[1]]) if named is not None else None


def read_headed(source: Source, at: int, known: Shapes, sink: Sink) -> Step:
    """NAME and its arguments, though no mark is before them."""
    found = yield from _named(source, at, _UNMARKED, known, sink)
    if found is None:
        return None
    place = yield from skip_space(source, found[0])
    close = yield from next_literal(source, place, _ENDS)
    return (place + len(close) if close else found[0]), found[1]


def _header_and_json(source: Source, at: int, header: re.Match[str], section: Section, known: Shapes, sink: Sink) -> Step:
    shape = known.marked(header[1])
    if shape is not None:
        sink.announce(shape.name)
    found = yield from json_end(source, header.end())
    value = parse(source.text, header.end(), found, source.ended)
    end = found.end if found.end >= 0 else found.stopped
    if value is None and found.end < 0:
        end = yield from _give_up(source, found.stopped, section.closes)
    if header[2] and found.end >= 0:
        end = yield from behind_fence(source, end)
    span = (at, end)
    if shape is None:
        return end, [known.unknown(header[1], span)]
    if value is None:
        return end, [shape.problem(source.text[at:end], span, f"arguments as complete JSON: {shape.signature}")]
    return end, [read_one(shape, value[0], span, value[1])]


def _minimax(source: Source, start: int, known: Shapes, sink: Sink) -> Waiting:
    opened = start + len(MINIMAX_OPEN)
    close = yield from find(source, MINIMAX_CLOSE, opened)
    body_end = close if close >= 0 else len(source.text)
    end = close + len(MINIMAX_CLOSE) if close >= 0 else body_end
    sink.take(read_minimax(source.text[opened:body_end], (start, end), known))
    return end
