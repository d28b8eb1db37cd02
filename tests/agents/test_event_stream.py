"""The events of a stream are the same wherever the network cuts it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from sayso.agents.models.event_stream import AnswerTooLong, read_event_data

CASES = {
    "one event": (b'data: {"a": 1}\n\n', ['{"a": 1}']),
    "no space after the colon": (b"data:x\n\n", ["x"]),
    "two spaces: one is data": (b"data:  x\n\n", [" x"]),
    "carriage returns": (b"data: x\r\rdata: y\r\r", ["x", "y"]),
    "both": (b"data: x\r\n\r\ndata: y\r\n\r\n", ["x", "y"]),
    "mixed": (b"data: x\r\n\ndata: y\n\r\n", ["x", "y"]),
    "several lines of data": (b"data: x\ndata: y\n\n", ["x\ny"]),
    "an empty line of data": (b"data: x\ndata:\ndata: y\n\n", ["x\n\ny"]),
    "comments keep it alive": (b": ping\n\n:\n\ndata: x\n\n", ["x"]),
    "a comment within an event": (b"data: x\n: ping\ndata: y\n\n", ["x\ny"]),
    "a name, an id and a time to wait": (b"event: delta\nid: 7\nretry: 10\ndata: x\n\n", ["x"]),
    "an event without data": (b"event: ping\n\ndata: x\n\n", ["x"]),
    "another field that begins so": (b"database: x\ndata: y\n\n", ["y"]),
    "no field at all": (b"data\n\n: x\n\n", []),
    "no empty line at the end": (b"data: x\n\ndata: half", ["x"]),
    "empty lines before and after": (b"\n\n\ndata: x\n\n\n\n", ["x"]),
    "letters of two, three and four bytes": ("data: é…🍔\n\n".encode(), ["é…🍔"]),
    "line ends of Unicode are data": ("data: a\u2028b\u0085c\n\n".encode(), ["a\u2028b\u0085c"]),
    "nothing": (b"", []),
}


@pytest.mark.parametrize(("stream", "data"), CASES.values(), ids=CASES)
async def test_events_are_read_wherever_the_stream_is_cut(stream: bytes, data: list[str]) -> None:
    for size in (1, 2, 3, 5, len(stream) or 1):
        assert [each async for each in read_event_data(_cut(stream, size))] == data


async def test_an_event_in_a_hundred_thousand_pieces_is_read_in_no_time() -> None:
    stream = b"data: " + b"x" * 100_000 + b"\n\n"
    assert [len(each) async for each in read_event_data(_cut(stream, 1))] == [100_000]


@pytest.mark.parametrize("piece", [b"data: xxxxxxxx", b"data: xxxxxx\n"], ids=["no line end", "no empty line"])
async def test_an_event_without_an_end_is_given_up(piece: bytes) -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield piece

    with pytest.raises(AnswerTooLong, match="more than 1,000 bytes"):
        assert [each async for each in read_event_data(endless(), longest=1000)]


async def test_many_events_may_be_longer_than_one() -> None:
    assert len([each async for each in read_event_data(_cut(b"data: x\n\n" * 100, 7), longest=10)]) == 100


async def test_what_is_not_utf_8_is_told() -> None:
    with pytest.raises(UnicodeDecodeError):
        assert [each async for each in read_event_data(_cut(b"data: \xff\n\n", 1))]


async def _cut(stream: bytes, size: int) -> AsyncIterator[bytes]:
    for start in range(0, len(stream), size):
        yield stream[start : start + size]
        yield b""
