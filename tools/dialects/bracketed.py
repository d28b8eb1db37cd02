"""Calls that some models fall back to: [Calling tool="NAME" key="value"]."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator

from .boundaries import string_end
from .json_calls import Item
from .lenient_json import unescape
from .signatures import Shapes
from .source import Source, skip_space
from .typing_values import Unreadable, typed

OPEN = '[Calling tool="'
_HEAD = re.compile(r'\[Calling tool="([\w.\-:/]*\w)"')
_PAIR = re.compile(r'([^\W\d]\w*)="')
_PAIR_SO_FAR = re.compile(r"(?:[^\W\d]\w*=?)?\Z")
_LONGEST = 160

Read = Generator[None, None, "tuple[int, list[Item]] | None"]


def read_bracketed(source: Source, at: int, known: Shapes, announce: Callable[[str], None]) -> Read:
    """The call that begins at `at`; None where it is only spoken of."""
    while (head := _HEAD.match(source.text, at)) is None:
        if source.ended or len(source.text) - at > _LONGEST or '"' in source.text[at + len(OPEN) : at + _LONGEST]:
            return None
        yield
    shape = known.marked(head[1])
    if shape is not None:
        announce(shape.name)
    given: dict[str, str] = {}
    place = yield from skip_space(source, head.end())
    while not source.text.startswith("]", place):
        pair = yield from _pair(source, place)
        end = -1 if pair is None else (yield from string_end(source, pair.end() - 1))
        if pair is None or end < 0 or pair[1] in given:
            stopped = place if end < 0 else end
            return (
                (stopped, [shape.problem(source.text[at:stopped], (at, stopped), 'key="value", each key once, and ]')]) if shape else None
            )
        given[pair[1]] = unescape(source.text[pair.end() : end - 1])
        place = yield from skip_space(source, end)
    span = (at, place + 1)
    if shape is None:
        return span[1], [known.unknown(head[1], span)]
    try:
        arguments = {key: typed(value, shape.properties.get(shape.parameter(key) or key), key, raw=True) for key, value in given.items()}
        return span[1], [shape.call(arguments, span)]
    except Unreadable as error:
        return span[1], [shape.problem(source.text[slice(*span)], span, error)]


def _pair(source: Source, place: int) -> Generator[None, None, re.Match[str] | None]:
    while (found := _PAIR.match(source.text, place)) is None and not source.ended and _PAIR_SO_FAR.match(source.text, place):
        yield
    return found
