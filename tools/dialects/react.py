"""ReAct: "Action: NAME", then "Action Input: ...". What follows a line "Observation:" is invented and nothing in it is a call."""

from __future__ import annotations

import re
from collections.abc import Generator
from typing import NamedTuple

from .boundaries import call_end, json_end
from .call import read_arguments
from .json_calls import Item, read_one
from .section import Sink, parse
from .signatures import Shape, Shapes
from .source import Source, Waiting, behind_fence, reach, skip_space
from .typing_values import Unreadable, typed

_INPUT = r"[`*]*Action[ _]Input(?: \d)?[`*]*:[`*]*[ \t]*"
_NAME = re.compile(rf"[ \t]*(?:\r?\n[ \t]*)?[ \t`\"'*\[]*([\w.\-:/]*\w)[`\"'*\]]*[ \t]*\r?(?:\n\s*{_INPUT}|\s*(?=\{{))", re.IGNORECASE)
_NAME_SO_FAR = re.compile(
    r"[ \t]*(?:\r?\n?[ \t]*)?[ \t`\"'*\[]*[\w.\-:/]*[`\"'*\]]*[ \t]*\r?(?:\n\s*[`*]*(?:[A-Za-z _]{0,13}\d?[`*]*:?[`*]*)?)?\Z"
)
_IN_BRACKETS = re.compile(r"[ \t]*([\w.\-]+)\[([^\n]*)\][ \t]*(?=\n|\Z)")
_IN_BRACKETS_SO_FAR = re.compile(r"[ \t]*[\w.\-]+\[[^\n]*\Z")
_LONGEST = 300
_LONGEST_LABEL = 160
_NEXT = re.compile(r"\n[ \t]{0,100}[`*]*(?:Observation|Thought|Action|Action Input|Final Answer)[`*]*:")
_NAMED_OR_QUOTED = re.compile(r"[^\W\d]\w*\s*[=:]|[\"'“]")
_FENCE = re.compile(r"```\w*\s*")

Step = Generator[None, None, "tuple[int, list[Item]] | None"]


class _Bare(NamedTuple):
    """An input that is no JSON."""

    written: str


def read_action(source: Source, start: int, at: int, known: Shapes, sink: Sink) -> Step:
    """The call whose line begins at `start` and whose label `Action:` ends at `at`; None where there is none."""
    while True:
        text = source.text
        head = _NAME.match(text, at)
        bracketed = _IN_BRACKETS.match(text, at)
        if bracketed is not None and (source.ended or bracketed.end() < len(text)):
            return _search_form(bracketed, start, known)
        if head is not None and (source.ended or head.end() < len(text)):
            break
        so_far = _NAME_SO_FAR.match(text, at) or _IN_BRACKETS_SO_FAR.match(text, at)
        if source.ended or (so_far is None and head is None) or len(text) - at > _LONGEST:
            return None
        yield
    shape = known.marked(head[1])
    if shape is not None:
        sink.announce(shape.name)
    end, given, notes, wrong = yield from _input(source, head.end(), shape)
    span = (start, end)
    if shape is None:
        return end, [known.unknown(head[1], span)]
    if wrong:
        return end, [shape.problem(source.text[start:end], span, wrong)]
    if isinstance(given, _Bare):
        return end, [_as_in_parentheses(shape, given.written, span)]
    return end, [read_one(shape, given, span, notes)]


def _search_form(found: re.Match[str], start: int, known: Shapes) -> tuple[int, list[Item]] | None:
    """Action: Search[what to look for]"""
    shape = known.find(found[1])
    if shape is None or shape.only_text is None:
        return None
    span = (start, found.end())
    try:
        value = typed(found[2], shape.properties[shape.only_text], shape.only_text)
    except Unreadable as error:
        return span[1], [shape.problem(found[0], span, error)]
    return span[1], [read_one(shape, {shape.only_text: value}, span)]


def _input(source: Source, at: int, shape: Shape | None) -> Generator[None, None, tuple[int, object, tuple[str, ...], str]]:
    """Where the input ends, its value, repairs, and what is wrong with it."""
    place = yield from skip_space(source, at)
    yield from reach(source, place + 16)
    fence = _FENCE.match(source.text, place)
    if fence is not None:
        place = yield from skip_space(source, fence.end())
    if source.text[place : place + 1] == "{":
        found = yield from json_end(source, place)
        value = parse(source.text, place, found, source.ended)
        end = found.end if found.end >= 0 else (yield from _raw_end(source, found.stopped))
        if fence is not None and found.end >= 0:
            end = yield from behind_fence(source, end)
        if value is None:
            return end, None, (), f"the input as complete JSON{f': {shape.signature}' if shape else ''}"
        return end, value[0], value[1], ""
    end = yield from _raw_end(source, place)
    written = source.text[place:end].strip()
    if fence is not None:
        written = written.removesuffix("```").strip()
    if shape is not None and not shape.properties and written.casefold() in ("", "none", "null", "n/a", '""', "{}"):
        return end, {}, (), ""
    if shape is not None and not written and not shape.required:
        return end, {}, (), ""
    if shape is None or not written or (shape.only_text is None and not _as_arguments(written)):
        return end, None, (), f"the input as one JSON object{f': {shape.signature}' if shape else ''}"
    if shape.only_text is None:
        return end, _Bare(written.strip("`")), (), ""
    return end, {shape.only_text: typed(written, shape.properties[shape.only_text], shape.only_text)}, (), ""


def _as_arguments(written: str) -> bool:
    """Whether this is one line of arguments with their names, or in quotes. Bare words could be a sentence."""
    return "\n" not in written and _NAMED_OR_QUOTED.match(written.strip("`")) is not None


def _as_in_parentheses(shape: Shape, written: str, span: tuple[int, int]) -> Item:
    """Arguments without JSON, as they stand in NAME(...)."""
    inside = Source()
    inside.add(f"{written})")
    inside.ended = True
    steps = call_end(inside, 0)
    try:
        while True:
            next(steps)
    except StopIteration as done:
        found = done.value
    if found.end != len(written) + 1:
        return shape.problem(written, span, f"the input as one JSON object: {shape.signature}")
    return read_arguments(shape, written, 0, found.commas, len(written), span)


def _raw_end(source: Source, at: int) -> Waiting:
    while True:
        found = _NEXT.search(source.text, at)
        if found is not None:
            return found.start()
        if source.ended:
            return len(source.text)
        line = source.text.rfind("\n", at)
        at = line if line >= 0 and len(source.text) - line < _LONGEST_LABEL else len(source.text)
        yield
