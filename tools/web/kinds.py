"""Kinds of content: what counts as a page, by the server's Content-Type and by the first bytes."""

from __future__ import annotations

from .body import read_content_length
from .page_errors import NotAPage
from .transport import Response

_READABLE = ("text/html", "application/xhtml+xml", "text/plain", "text/markdown")
_MAGIC = (
    (b"%PDF-", "a PDF"),
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"PK\x03\x04", "a ZIP archive or office document"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"\x7fELF", "a program"),
    (b"\xd0\xcf\x11\xe0", "an office document"),
)


def refuse_by_type(url: str, response: Response, content_type: str) -> None:
    """Raise NotAPage for a Content-Type that is not text, before its body is read."""
    kind = content_type.partition(";")[0].strip().lower()
    if not kind or kind in _READABLE:
        return
    name = {"application/pdf": "a PDF"}.get(kind, f"of type {ascii(kind)[1:-1]}")
    raise NotAPage(url, name, read_content_length(response))


def refuse_by_content(url: str, body: bytes) -> None:
    """Raise NotAPage for bytes that are not a page, whatever their Content-Type says."""
    start = body[:1024].lstrip()
    for magic, name in _MAGIC:
        if start.startswith(magic):
            raise NotAPage(url, name, len(body))
    if b"\x00\x00\x00" in start:
        raise NotAPage(url, "binary data", len(body))
