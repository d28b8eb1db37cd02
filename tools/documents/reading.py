"""Read one file as a document: its kind, title, text and sections."""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePath
from typing import NamedTuple

from ..canonical import Json, JsonObject
from ..sandbox import SandboxError, call_sandboxed
from ..sandbox.errors import SandboxDied, SandboxMemory, SandboxTimeout
from ..web.charsets import clean, decode
from .cutting import Heading, TextSection, find_markdown_headings, split_by_heading
from .errors import FileUnreadable, refuse_garbled

_PARSING = f"{__name__.rpartition('.')[0]}.parsing"
MEMORY_MB = 1024


class Kind(StrEnum):
    """How a file is read."""

    MARKDOWN = "Markdown"
    TEXT = "text"
    HTML = "HTML"
    PDF = "PDF"
    WORD = "Word"
    OPEN_DOCUMENT = "OpenDocument"
    SLIDES = "PowerPoint"
    EPUB = "EPUB"


KINDS = {
    **dict.fromkeys((".md", ".markdown", ".mdown"), Kind.MARKDOWN),
    **dict.fromkeys((".txt", ".text", ".rst", ".adoc", ".org", ".log"), Kind.TEXT),
    **dict.fromkeys((".html", ".htm", ".xhtml"), Kind.HTML),
    ".pdf": Kind.PDF,
    **dict.fromkeys((".docx", ".docm", ".dotx"), Kind.WORD),
    **dict.fromkeys((".odt", ".ott", ".odp"), Kind.OPEN_DOCUMENT),
    **dict.fromkeys((".pptx", ".ppsx", ".pptm"), Kind.SLIDES),
    ".epub": Kind.EPUB,
}
"""The kinds of files that are read, by the ending of the name."""
NAMED_KINDS = "Markdown, text, HTML, PDF, Word (.docx), PowerPoint (.pptx), OpenDocument (.odt, .odp) and EPUB"
_NEWER = {
    ".doc": ".docx",
    ".dot": ".docx",
    ".rtf": ".docx",
    ".pages": ".docx or PDF",
    ".ppt": ".pptx",
    ".key": ".pptx or PDF",
    ".sxw": ".odt",
}


class DocumentText(NamedTuple):
    """A document that was read."""

    title: str
    text: str
    sections: list[TextSection]


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadOptions:
    """Limits for reading one file, and the password for encrypted ones."""

    password: str = ""
    seconds: float = 60.0
    most_mb: float = 50.0

    def name_limits(self) -> str:
        """Return what decides, but for the file, whether it can be read; empty with a password, which is stored nowhere."""
        return "" if self.password else f"{self.seconds:g} s, {self.most_mb:g} MB"


def choose_kind(name: str) -> Kind | None:
    """Return how a file of that name is read; None if it is not read."""
    return KINDS.get(PurePath(name).suffix.lower())


def read_document(name: str, body: bytes, how: ReadOptions) -> DocumentText:
    """Read a file's bytes as a document. Raises FileUnreadable that says why they cannot be read."""
    kind = Kind.PDF if body[:1024].lstrip().startswith(b"%PDF-") else choose_kind(name)
    match kind:
        case Kind.PDF:
            return _read_pdf(name, body, how)
        case Kind.HTML:
            return _read_sections(name, body, how, "read_html")
        case Kind.WORD | Kind.OPEN_DOCUMENT | Kind.SLIDES | Kind.EPUB:
            return _read_sections(name, body, how, "read_package", kind.value)
        case Kind.MARKDOWN | Kind.TEXT:
            return _read_text(name, body, kind)
        case None:
            raise FileUnreadable(explain_kind(name))


def explain_kind(name: str) -> str:
    """Return the reason why a file of that name is skipped."""
    ending = PurePath(name).suffix
    if newer := _NEWER.get(ending.lower()):
        return f"{ending} is not read; save it as {newer}"
    return f"{ending or 'a name without an ending'} is not read; {NAMED_KINDS} are"


def _read_text(name: str, body: bytes, kind: Kind) -> DocumentText:
    text = _decode(body)
    headings = find_markdown_headings(text) if kind is Kind.MARKDOWN else []
    title = next((heading.text for heading in headings if heading.level == 1 and heading.text), "")
    return DocumentText(title or _make_title(name), text, split_by_heading(text, headings))


def _decode(body: bytes) -> str:
    text, codec = decode(body)
    start = text[:100_000]
    # A text has hardly a control character in any charset; in a picture or program one byte in eight is one.
    odd = len(re.findall(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f\ufffd]", start))
    if odd * 50 > len(start):
        raise FileUnreadable("it is a binary file, not text")
    refuse_garbled(text, codec)
    text = clean(text)
    if not text.strip():
        raise FileUnreadable("it is empty")
    return text


def _read_sections(name: str, body: bytes, how: ReadOptions, reader: str, *more: str) -> DocumentText:
    if not body.strip():
        raise FileUnreadable("it is empty")
    parsed = _parse_in_worker(reader, how, body, *more)
    text = parsed["text"]
    if not text.strip():
        raise FileUnreadable("it has no text that a reader would see")
    headings = [Heading(start, start + len(heading), level, " ".join(heading.split())) for start, level, heading in parsed["headings"]]
    return DocumentText(parsed["title"] or _make_title(name), text, split_by_heading(text, headings))


def _read_pdf(name: str, body: bytes, how: ReadOptions) -> DocumentText:
    if not body.strip():
        raise FileUnreadable("it is empty")
    parsed = _parse_in_worker("read_pdf", how, body, how.password)
    sections, at = list[TextSection](), 0
    for number, page in enumerate(parsed["pages"], 1):
        sections.append(TextSection(at, at + len(page), (), number))
        at += len(page) + 1
    return DocumentText(parsed["title"] or _make_title(name), "\f".join(parsed["pages"]), sections)


def _parse_in_worker(function: str, how: ReadOptions, body: bytes, *more: Json) -> JsonObject:
    encoded = b64encode(body).decode("ascii")
    try:
        parsed: JsonObject = call_sandboxed(f"{_PARSING}:{function}", encoded, *more, seconds=how.seconds, memory_mb=MEMORY_MB)
    except SandboxTimeout:
        raise FileUnreadable(f"reading it took longer than {how.seconds:g} s; pass more with seconds_per_file=") from None
    except SandboxMemory:
        raise FileUnreadable(f"reading it needs more than {MEMORY_MB} MB of memory; split it") from None
    except SandboxDied as error:
        raise FileUnreadable(f"reading it crashed the reader ({error.reason})") from None
    except SandboxError as error:
        raise FileUnreadable(f"reading it failed: {error}") from None
    return parsed


def _make_title(name: str) -> str:
    """Return a title made of the file's name."""
    return re.sub(r"[-_]+", " ", PurePath(name).stem).strip().capitalize() or name
