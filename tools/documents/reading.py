"""One file to a document: what kind it is, its title, its text and the sections of it."""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePath
from typing import Any, NamedTuple

from ..sandbox import SandboxError, call_sandboxed
from ..sandbox.errors import SandboxDied, SandboxMemory, SandboxTimeout
from ..web.charsets import clean, decode
from .cutting import Heading, Section, by_heading, markdown_headings
from .errors import FileUnreadable

_PARSING = f"{__name__.rpartition('.')[0]}.parsing"
MEMORY_MB = 1024


class Kind(StrEnum):
    """How a file is read."""

    MARKDOWN = "Markdown"
    TEXT = "text"
    HTML = "HTML"
    PDF = "PDF"


KINDS = {
    **dict.fromkeys((".md", ".markdown", ".mdown"), Kind.MARKDOWN),
    **dict.fromkeys((".txt", ".text", ".rst", ".adoc", ".org", ".log"), Kind.TEXT),
    **dict.fromkeys((".html", ".htm", ".xhtml"), Kind.HTML),
    ".pdf": Kind.PDF,
}
"""What is read, by the ending of the name."""


class Read(NamedTuple):
    """A document as it was read."""

    title: str
    text: str
    sections: list[Section]


@dataclass(frozen=True, kw_only=True, slots=True)
class HowToRead:
    """What one file may cost, and the password for those that need one."""

    password: str = ""
    seconds: float = 60.0
    most_mb: float = 50.0


def kind_of(name: str) -> Kind | None:
    """How a file of that name is read; None when it is not."""
    return KINDS.get(PurePath(name).suffix.lower())


def read_document(name: str, body: bytes, how: HowToRead) -> Read:
    """Read a file's bytes. FileUnreadable says why they cannot be read."""
    kind = Kind.PDF if body[:1024].lstrip().startswith(b"%PDF-") else kind_of(name)
    match kind:
        case Kind.PDF:
            return _pdf(name, body, how)
        case Kind.HTML:
            return _html(name, body, how)
        case Kind.MARKDOWN | Kind.TEXT:
            return _text(name, body, kind)
        case None:
            raise FileUnreadable(not_read(name))


def not_read(name: str) -> str:
    """Why a file of that name is passed over."""
    return f"{PurePath(name).suffix or 'a name without an ending'} is not read; Markdown, text, HTML and PDF are"


def _text(name: str, body: bytes, kind: Kind) -> Read:
    text = _decoded(body)
    headings = markdown_headings(text) if kind is Kind.MARKDOWN else []
    title = next((heading.text for heading in headings if heading.level == 1 and heading.text), "")
    return Read(title or _named(name), text, by_heading(text, headings))


def _decoded(body: bytes) -> str:
    text, _ = decode(body)
    start = text[:100_000]
    # A text in any charset has hardly a control character; a picture or program has one in eight bytes.
    odd = len(re.findall(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f\ufffd]", start))
    if odd * 50 > len(start):
        raise FileUnreadable("it is a binary file, not text")
    text = clean(text)
    if not text.strip():
        raise FileUnreadable("it is empty")
    return text


def _html(name: str, body: bytes, how: HowToRead) -> Read:
    if not body.strip():
        raise FileUnreadable("it is empty")
    parsed = _parsed("read_html", how, body)
    text = parsed["text"]
    if not text.strip():
        raise FileUnreadable("it has no text that a reader would see")
    headings = [Heading(start, start + len(heading), level, " ".join(heading.split())) for start, level, heading in parsed["headings"]]
    return Read(parsed["title"] or _named(name), text, by_heading(text, headings))


def _pdf(name: str, body: bytes, how: HowToRead) -> Read:
    if not body.strip():
        raise FileUnreadable("it is empty")
    parsed = _parsed("read_pdf", how, body, how.password)
    sections, at = list[Section](), 0
    for number, page in enumerate(parsed["pages"], 1):
        sections.append(Section(at, at + len(page), (), number))
        at += len(page) + 1
    return Read(parsed["title"] or _named(name), "\f".join(parsed["pages"]), sections)


def _parsed(function: str, how: HowToRead, body: bytes, *more: Any) -> dict[str, Any]:
    encoded = b64encode(body).decode("ascii")
    try:
        parsed: dict[str, Any] = call_sandboxed(f"{_PARSING}:{function}", encoded, *more, seconds=how.seconds, memory_mb=MEMORY_MB)
    except SandboxTimeout:
        raise FileUnreadable(f"reading it took longer than {how.seconds:g} s; give more with seconds_per_file=") from None
    except SandboxMemory:
        raise FileUnreadable(f"reading it needs more than {MEMORY_MB} MB of memory; split it") from None
    except SandboxDied as error:
        raise FileUnreadable(f"reading it broke the reader ({error.reason})") from None
    except SandboxError as error:
        raise FileUnreadable(f"reading it failed: {error}") from None
    return parsed


def _named(name: str) -> str:
    """A title made of the file's name."""
    return re.sub(r"[-_]+", " ", PurePath(name).stem).strip().capitalize() or name
