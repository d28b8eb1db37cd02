"""The events of a `text/event-stream` answer, wherever the network cuts it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterable, AsyncIterator, Iterator

_LINE_END = re.compile(rb"\r\n|\r|\n")


async def read_event_data(chunks: AsyncIterable[bytes]) -> AsyncIterator[str]:
    """Yield the data of each event. One without data, or without the empty line at its end, is none.

    Raises UnicodeDecodeError for what is not UTF-8.
    """
    data = list[bytes]()
    async for line in _read_lines(chunks):
        if not line:
            if data:
                yield b"\n".join(data).decode()
                data.clear()
        elif line.startswith(b"data:"):
            data.append(line[6:] if line.startswith(b"data: ") else line[5:])


async def _read_lines(chunks: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
    """Yield the lines, each once it has ended. An end is never the middle of a character: in UTF-8 these bytes are only themselves."""
    begun, after_return = list[bytes](), False
    async for chunk in chunks:
        if after_return and chunk:
            chunk = chunk.removeprefix(b"\n")
            after_return = False
        if not chunk:
            continue
        after_return = chunk.endswith(b"\r")
        for end, piece in _split(chunk):
            begun.append(piece)
            if end:
                yield b"".join(begun)
                begun.clear()


def _split(chunk: bytes) -> Iterator[tuple[bool, bytes]]:
    """Yield the pieces between line ends, and whether one follows."""
    start = 0
    for end in _LINE_END.finditer(chunk):
        yield True, chunk[start : end.start()]
        start = end.end()
    if start < len(chunk):
        yield False, chunk[start:]
