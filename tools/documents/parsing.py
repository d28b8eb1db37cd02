"""Extract text from PDF, HTML, office documents and e-books. Runs in the worker process: its input may be hostile."""

from __future__ import annotations

import io
import logging
import re
import time
from base64 import b64decode
from typing import TYPE_CHECKING

from lxml.html import HtmlElement

from ..canonical import JsonObject
from ..installing import build_install_command
from ..web.as_seen import show_as_seen
from ..web.charsets import clean, decode
from ..web.html_tree import parse_tree
from ..web.visible import visible_text
from .epub import read_epub
from .errors import FileUnreadable, refuse_garbled
from .open_document import read_open_document
from .packages import Package
from .slides import read_slides
from .word import read_word

if TYPE_CHECKING:
    from pypdf import PdfReader

PACKAGES = {"Word": read_word, "OpenDocument": read_open_document, "PowerPoint": read_slides, "EPUB": read_epub}
MOST_BYTES = 15_000_000
"""The most text of one file, as the worker sends it (six bytes for a letter outside ASCII). More is refused, not cut."""
_MARK = "\ue000"  # as many as the level before each heading's text; a private character, which is taken out of the page first
_MARKED = re.compile(rf"^{_MARK}+", re.MULTILINE)
_LIGATURES = {0xFB00: "ff", 0xFB01: "fi", 0xFB02: "fl", 0xFB03: "ffi", 0xFB04: "ffl", 0xFB05: "st", 0xFB06: "st"}
_COLUMN_GAP = re.compile(r"[ \xa0]{3,}|[ \xa0]*\t[ \t\xa0]*")
_HYPHENATED = re.compile(r"(?<=[^\W\d_])-\n(?=[a-zà-öø-ÿ])")
_NO_TITLE = re.compile(
    r"^\W*(?:untitled|anonymous|unspecified|no title|microsoft word|powerpoint presentation|document ?\d*\W*$)"
    r"|\.(?:docx?|pptx?|tex|dvi|indd|qxd|pdf|odt)$",
    re.IGNORECASE,
)
"""Titles that are of no use: programs write them where the author gave none."""


def warm() -> None:
    """Load modules that are otherwise loaded late, before the worker hardens itself."""
    import charset_normalizer  # noqa: F401
    import pypdf  # noqa: F401

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # a broken PDF causes a warning for each page


def read_html(body_base64: str) -> JsonObject:
    """Read a page: {"title", "text", "headings": [[start, level, heading], ...]}. Hidden parts and navigation are left out."""
    decoded, codec = decode(b64decode(body_base64))
    return _read_page(decoded, codec)


def read_package(body_base64: str, kind: str) -> JsonObject:
    """Read an office document or e-book, `kind` being a key of PACKAGES, as `read_html` does. Raises FileUnreadable."""
    package = Package(b64decode(body_base64))
    title, html = PACKAGES[kind](package)
    title = " ".join(clean(title).split())
    parsed = _read_page(html)
    return parsed | ({} if not title or _NO_TITLE.search(title) else {"title": title[:300]})


def _read_page(html: str, codec: str = "utf-8") -> JsonObject:
    tree = parse_tree(clean(html).replace(_MARK, ""))
    if tree is None:
        return {"title": "", "text": "", "headings": []}
    title = _find_title(tree)
    show_as_seen(tree)
    for element in tree.iter("h1", "h2", "h3", "h4", "h5", "h6"):
        if element.text_content().strip():
            element.text = _MARK * int(element.tag[1]) + (element.text or "").lstrip()
    text = clean(visible_text(tree) or visible_text(tree, furniture=True))  # once more: &#8203; and &shy; are characters only now
    refuse_garbled(text, codec)
    _refuse_too_long(text)
    return {"title": title, **_remove_marks(text)}


def _find_title(tree: HtmlElement) -> str:
    for path in ("//head/title", "//h1"):
        for element in tree.xpath(path):
            if text := " ".join(clean(element.text_content()).split()):
                return text[:300]
    return ""


def _remove_marks(text: str) -> JsonObject:
    """Return the text without its marks, and the headings that they marked."""
    parts, headings, at, length = list[str](), list[tuple[int, int, str]](), 0, 0
    for mark in _MARKED.finditer(text):
        parts.append(text[at : mark.start()])
        length += mark.start() - at
        at = mark.end()
        headings.append((length, len(mark[0]), text[at : at + 300].partition("\n")[0]))
    parts.append(text[at:])
    return {"text": "".join(parts).replace(_MARK, ""), "headings": headings}


def read_pdf(body_base64: str, password: str, columns: str = " ", seconds: float = 0.0) -> JsonObject:
    """Read a PDF: {"title", "pages": [text, ...]}. Raises FileUnreadable that says why it cannot be read.

    `columns` is written between texts of a line that stand far apart. With `seconds`, no page is begun after that time.
    """
    from pypdf import PdfReader
    from pypdf.errors import DependencyError

    try:
        reader = PdfReader(io.BytesIO(b64decode(body_base64)))
        _decrypt(reader, password)
        title = _read_pdf_title(reader)
        pages, length = list[str](), 0
        began = time.monotonic()
        for page in reader.pages:
            pages.append(_tidy_page(page.extract_text(), columns))
            length += _refuse_too_long(pages[-1], length)
            if seconds and time.monotonic() - began > seconds:
                break
    except DependencyError:
        needed = build_install_command("documents")
        raise FileUnreadable(f"it is encrypted with AES, for which one more package is needed: {needed}") from None
    except (FileUnreadable, MemoryError):
        raise
    except Exception as error:  # noqa: BLE001 - a broken file may raise anything, says pypdf
        raise FileUnreadable(f"it is a damaged PDF ({_shorten(error)}); open it in a viewer and save it again") from None
    if not any(pages):
        number = f"{len(pages)} page{'s hold' if len(pages) != 1 else ' holds'}"
        raise FileUnreadable(f"its {number} no text that can be read, perhaps only pictures; run OCR over it first")
    return {"title": title, "pages": pages}


def _decrypt(reader: PdfReader, password: str) -> None:
    if reader.is_encrypted and not (reader.decrypt("") or reader.decrypt(password)):
        problem = "that password does not open it" if password else "it needs a password: pass password= or, to sayso ask, --password"
        raise FileUnreadable(f"it is encrypted and {problem}")


def _read_pdf_title(reader: PdfReader) -> str:
    title = reader.metadata.title if reader.metadata else None
    title = " ".join(clean(str(title or "")).split())
    return "" if _NO_TITLE.search(title) else title[:300]


def _tidy_page(text: str, columns: str = " ") -> str:
    text = clean(text.translate(_LIGATURES))
    apart = (_COLUMN_GAP.sub(columns, line.strip()) for line in _HYPHENATED.sub("", text).split("\n"))
    lines = (re.sub(r"[ \t\xa0]+", " ", line).strip() for line in apart)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _refuse_too_long(text: str, before: int = 0) -> int:
    """Return the length of the text as it is sent. Raises FileUnreadable when that is too long together with `before`."""
    length = len(text) if text.isascii() else len(text.encode("ascii", "backslashreplace"))
    if before + length > MOST_BYTES:
        raise FileUnreadable(f"it holds more than {MOST_BYTES // 1_000_000} MB of text; split it")
    return length


def _shorten(error: BaseException) -> str:
    return " ".join(str(error).split())[:120] or type(error).__name__
