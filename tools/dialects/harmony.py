"""gpt-oss: messages with a channel and a recipient in their header. A message to functions.NAME is a call; `analysis` is thinking."""

from __future__ import annotations

import re
from collections.abc import Generator
from typing import NamedTuple

from .json_calls import Item, read_one
from .section import Sink, announcing_json_end, parse
from .signatures import Shapes
from .source import Source, next_literal, skip_space

_LONGEST_HEADER = 240
_MESSAGE = "<|message|>"
_TO = re.compile(r"to=([\w.\-:/]+)")
_CHANNEL = re.compile(r"<\|channel\|>\s*(\w+)")
_NOBODY = frozenset(("assistant", "user", "all", "system"))
_END = re.compile(r"<\|(?:call|end|return)\|>")
ENDS = ("<|call|>", "<|end|>", "<|return|>")


class Header(NamedTuple):
    """Who a message is for, in which channel, and where its body begins."""

    recipient: str
    channel: str
    body: int


def read_header(source: Source, at: int) -> Generator[None, None, Header | None]:
    """The header from `at` to <|message|>; None where there is none near."""
    while True:
        place = source.text.find(_MESSAGE, at, at + _LONGEST_HEADER)
        if place >= 0:
            break
        if source.ended or len(source.text) - at >= _LONGEST_HEADER:
            return None
        yield
    written = source.text[at:place]
    to = _TO.search(written)
    channels = _CHANNEL.findall(written)
    if to and to[1] == "self":
        return Header("", "analysis", place + len(_MESSAGE))
    recipient = to[1] if to and to[1] not in _NOBODY else ""
    return Header(recipient, channels[-1] if channels else "", place + len(_MESSAGE))


def read_message(
    source: Source, start: int, header: Header, known: Shapes, sink: Sink
) -> Generator[None, None, tuple[int, list[Item]] | None]:
    """The call in a message to a tool. None where its body is not JSON: something else may be in it."""
    shape = known.marked(header.recipient) if known.by_name or header.recipient.startswith("functions.") else None
    if shape is not None:
        sink.announce(shape.name)
    place = yield from skip_space(source, header.body)
    if source.text[place : place + 1] != "{":
        if shape is None:
            end = yield from _body_end(source, header.body)
            return end, [known.unknown(header.recipient, (start, end))]
        return None
    found = yield from announcing_json_end(source, place, known, sink)
    value = parse(source.text, place, found, source.ended)
    end = found.end if found.end >= 0 else found.stopped
    after = yield from skip_space(source, end)
    close = yield from next_literal(source, after, ENDS)
    end = after + len(close) if close else end
    span = (start, end)
    if shape is None:
        return end, [known.unknown(header.recipient, span)]
    if value is None:
        return end, [shape.problem(source.text[place:end], span, f"arguments as complete JSON: {shape.signature}")]
    return end, [read_one(shape, value[0], span, value[1])]


def _body_end(source: Source, at: int) -> Generator[None, None, int]:
    """Behind the mark that ends the message, or the end of the text."""
    while True:
        found = _END.search(source.text, at)
        if found is not None:
            return found.end()
        if source.ended:
            return len(source.text)
        at = max(at, len(source.text) - 10)
        yield
