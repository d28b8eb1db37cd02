"""Kinds of content: what counts as a page, by the server's Content-Type and by the first bytes."""

from __future__ import annotations

from .body import read_content_length
from .page_errors import NotAPage
from .transport import Response

PARSE_PAGE = "sayso.tools.web.parse:parse_page"
PARSE_PDF = "sayso.tools.web.pdf_pages:parse_pdf"
_READABLE = frozenset(
    (
        *("text/html", "application/xhtml+xml", "text/plain", "text/markdown", "text/x-markdown", "text/csv", "text/tab-separated-values"),
        *("application/json", "text/json", "application/ld+json", "application/pdf", "application/x-pdf"),
    )
)
_UNNAMED = ("application/octet-stream", "binary/octet-stream", "application/force-download", "application/download")
_PDF = b"%PDF-"
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
    """Raise NotAPage for a Content-Type that is not text, PDF or JSON, before its body is read."""
    kind = content_type.partition(";")[0].strip().lower()
    if not kind or kind in _READABLE or kind.endswith("+json"):
        return
    if kind in _UNNAMED and url.partition("?")[0].lower().endswith(".pdf"):
        return  # many a server does not know what it serves; its first bytes are looked at
    raise NotAPage(url, f"of type {ascii(kind)[1:-1]}", read_content_length(response))


def refuse_by_content(url: str, body: bytes) -> None:
    """Raise NotAPage for bytes that are not a page, whatever their Content-Type says."""
    if is_pdf(body):
        return
    start = body[:1024].lstrip()
    for magic, name in _MAGIC:
        if start.startswith(magic):
            raise NotAPage(url, name, len(body))
    if b"\x00\x00\x00" in start:
        raise NotAPage(url, "binary data", len(body))


def is_pdf(body: bytes) -> bool:
    """Return whether these bytes are a PDF, which may begin with a few others."""
    return _PDF in body[:1024] and not body[:1024].lstrip().startswith(b"<")


def choose_parser(body: bytes) -> str:
    """Return the function that parses this body, as the worker is asked for it."""
    return PARSE_PDF if is_pdf(body) else PARSE_PAGE
