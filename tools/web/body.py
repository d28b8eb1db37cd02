"""Read a response body under caps that are counted while it arrives and while it is unpacked."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from .page_errors import ConnectionFailed, NotAPage, PageTooLarge, format_size
from .transport import Response

_PIECE = 64 * 1024
_RATIO_FLOOR = 256 * 1024  # small pages of much repetition pack well by nature


@dataclass(frozen=True, slots=True, kw_only=True)
class Caps:
    """The most that is read of a response. With `cut` a longer one is cut instead of raising PageTooLarge."""

    max_bytes: int = 5_000_000
    max_decoded: int = 10_000_000
    max_ratio: int = 200
    max_headers: int = 100
    max_header_bytes: int = 64 * 1024
    cut: bool = False


def check_headers(url: str, response: Response, caps: Caps) -> None:
    """Raise PageTooLarge for too many or too long headers."""
    if len(response.headers) > caps.max_headers:
        raise PageTooLarge(url, f"it sends {len(response.headers)} headers, {caps.max_headers} are read")
    size = sum(len(name) + len(value) + 4 for name, value in response.headers)
    if size > caps.max_header_bytes:
        raise PageTooLarge(url, f"its headers have {format_size(size)}, {format_size(caps.max_header_bytes)} are read")


def read_content_length(response: Response) -> int | None:
    """Return the Content-Length in bytes, None unless it is one plain number."""
    text = response.header("content-length")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


async def read_body(url: str, response: Response, caps: Caps) -> bytes:
    """Return the unpacked body. Raises PageTooLarge at the first byte too many, whatever the headers promised, and ConnectionFailed."""
    declared = read_content_length(response)
    if declared is not None and declared > caps.max_bytes and not caps.cut:
        raise PageTooLarge(url, f"it has {format_size(declared)}, {format_size(caps.max_bytes)} are read")
    unpacker = _make_unpacker(url, response.header("content-encoding"))
    wire, body = 0, bytearray()
    async for chunk in response.chunks:
        wire += len(chunk)
        for piece in unpacker.unpack(chunk):
            body += piece
            limit = _check_caps(wire, len(body), caps)
            if limit and caps.cut:
                return bytes(body[: caps.max_decoded])
            if limit:
                raise PageTooLarge(url, limit)
    if not unpacker.complete:
        raise ConnectionFailed(url, "its compressed data ends early")
    return bytes(body)


def _check_caps(wire: int, decoded: int, caps: Caps) -> str:
    if wire > caps.max_bytes:
        return f"it has more than {format_size(caps.max_bytes)}"
    if decoded > caps.max_decoded:
        return f"it unpacks to more than {format_size(caps.max_decoded)}"
    if decoded > _RATIO_FLOOR and decoded > caps.max_ratio * wire:
        return f"it unpacks to more than {caps.max_ratio} times its size"
    return ""


class _Plain:
    complete = True

    def unpack(self, chunk: bytes) -> Iterator[bytes]:
        yield chunk


class _Packed:
    """gzip or deflate, unpacked a piece at a time so that a small chunk never becomes a large buffer."""

    def __init__(self, url: str, encoding: str) -> None:
        self._url, self._deflate = url, encoding == "deflate"
        self._started = False
        # wbits=47: zlib finds out by the header whether it is gzip or zlib.
        self._zlib = zlib.decompressobj(47)

    @property
    def complete(self) -> bool:
        return self._zlib.eof or not self._started

    def unpack(self, chunk: bytes) -> Iterator[bytes]:
        if self._deflate and not self._started and chunk and (chunk[0] & 0x0F) != 8:
            self._zlib = zlib.decompressobj(-zlib.MAX_WBITS)  # some servers send deflate without its zlib header
        self._started = self._started or bool(chunk)
        try:
            while chunk and not self._zlib.eof:
                yield self._zlib.decompress(chunk, _PIECE)
                chunk = self._zlib.unconsumed_tail
        except zlib.error:
            raise ConnectionFailed(self._url, "its compressed data is damaged") from None


def _make_unpacker(url: str, encoding: str) -> _Plain | _Packed:
    encoding = encoding.strip().lower()
    if encoding in ("", "identity"):
        return _Plain()
    if encoding in ("gzip", "x-gzip", "deflate"):
        return _Packed(url, encoding)
    raise NotAPage(url, f"packed as {encoding[:40]!a}, which was not asked for")
