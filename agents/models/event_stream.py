"""The events of a `text/event-stream` answer, wherever the network cuts it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterable, AsyncIterator, Iterator

LONGEST_EVENT = 64 * 2**20
"""How many bytes an event may have, or an answer that is one piece: an endpoint that never ends a line would fill the memory."""

_LINE_END = re.compile(rb"\r\n|\r|\n")


class AnswerTooLong(ValueError):
    """An answer, or an event of one, has more bytes than are read of it."""

    def __init__(self, most: int) -> None:
        self.most: int = most
        super().__init__(f"more than {most:,} bytes without an end")


async def read_event_data(chunks: AsyncIterable[bytes], longest: int = LONGEST_EVENT) -> AsyncIterator[str]:
    """Yield the data of each event. One without data, or without the empty line at its end, is none.

    Raises UnicodeDecodeError for what is not UTF-8, AnswerTooLong for an event without an end.
    """
    data, size = list[bytes](), 0
    async for line in _read_lines(chunks, longest):
        if not line:
            if data:
                yield b"\n".join(data).decode()
                data.clear()
                size = 0
        elif line.startswith(b"data:"):
            data.append(line[6:] if line.startswith(b"data: ") else line[5:])
            size += len(line)
            _check_length(size, longest)


async def _read_lines(chunks: AsyncIterable[bytes], longest: int) -> AsyncIterator[bytes]:
    """Yield the lines, each once it has ended. An end is never the middle of a character: in UTF-8 these bytes are only themselves."""
    begun, size, after_return = list[bytes](), 0, False
    async for chunk in chunks:
        if after_return and chunk:
            chunk = chunk.removeprefix(b"\n")
            after_return = False
        if not chunk:
            continue
        after_return = chunk.endswith(b"\r")
        for end, piece in _split(chunk):
            begun.append(piece)
            size += len(piece)
            if end:
                yield b"".join(begun)
                begun.clear()
                size = 0
            else:
                _check_length(size, longest)


async def read_whole(chunks: AsyncIterable[bytes], longest: int = LONGEST_EVENT) -> bytes:
    """Return an answer that is one piece. Raises AnswerTooLong."""
    pieces, size = list[bytes](), 0
    async for piece in chunks:
        pieces.append(piece)
        size += len(piece)
        _check_length(size, longest)
    return b"".join(pieces)


def _check_length(size: int, longest: int) -> None:
    if size > longest:
        raise AnswerTooLong(longest)


def _split(chunk: bytes) -> Iterator[tuple[bool, bytes]]:
    """Yield the pieces between line ends, and whether one follows."""
    start = 0
    for end in _LINE_END.finditer(chunk):
        yield True, chunk[start : end.start()]
        start = end.end()
    if start < len(chunk):
        yield False, chunk[start:]
