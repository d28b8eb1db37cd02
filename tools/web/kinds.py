"""Kinds of content: what counts as a page, by the server's Content-Type and by the first bytes."""

from __future__ import annotations

from .body import read_content_length
from .page_errors import NotAPage
from .transport import Response

_READABLE = ("text/html", "application/xhtml+xml", "text/plain", "text/markdown", "application/pdf", "application/x-pdf")
_DATA = ("application/json", "text/json")
_MAGIC = (
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
    if not kind or kind in _READABLE or is_data(kind):
        return
    raise NotAPage(url, f"of type {ascii(kind)[1:-1]}", read_content_length(response))


def is_data(content_type: str) -> bool:
    """Return whether a Content-Type is that of a JSON document."""
    kind = content_type.partition(";")[0].strip().lower()
    return kind in _DATA or (kind.startswith("application/") and kind.endswith("+json"))


def is_document(content_type: str, body: bytes) -> bool:
    """Return whether a body is a PDF, by its first bytes, or a JSON document, by its Content-Type."""
    return body[:1024].lstrip().startswith(b"%PDF-") or is_data(content_type)


def refuse_by_content(url: str, body: bytes) -> None:
    """Raise NotAPage for bytes that are not a page, whatever their Content-Type says."""
    start = body[:1024].lstrip()
    for magic, name in _MAGIC:
        if start.startswith(magic):
            raise NotAPage(url, name, len(body))
    if b"\x00\x00\x00" in start and not start.startswith(b"%PDF-"):
        raise NotAPage(url, "binary data", len(body))
