"""What the parsers of pages return, as JSON."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from ..canonical import Json, JsonObject
from .charsets import clean
from .fields import Field
from .page_data import read_text_fields

MAX_TEXT = 500_000
_TEXTS = ("title", "description", "text", "evidence", "published", "language", "canonical", "charset", "robots", "wall", "problem")


def make_result(*, fields: Iterable[Field] = (), **found: Json) -> JsonObject:
    """Return a result with all its keys.

    `wall` says what a page asks for in place of showing itself, `problem` why it cannot be read, `scripted` that scripts draw it.
    """
    rest: JsonObject = {"links": [], "json_ld": [], "scripted": False}
    return {**dict.fromkeys(_TEXTS, ""), **rest, **found, "fields": [asdict(field) for field in fields]}


def make_text_result(text: str, *, title: str = "", charset: str = "") -> JsonObject:
    """Return the result of a page that is plain text."""
    text = tidy(text)
    first = next((line.strip(" #") for line in text.split("\n") if line.strip(" #")), "")
    return make_result(title=title or first[:300], text=text, evidence=text, fields=read_text_fields(text), charset=charset)


def tidy(text: str) -> str:
    """Return the text without spaces at the ends of lines, with at most one empty line at a time, and cut where it is too long."""
    lines = (line.rstrip() for line in clean(text).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()[:MAX_TEXT]


def name_of(url: str) -> str:
    """Return the name of a file in words, for the title of one that has none: "price list" for /docs/price-list.pdf."""
    return re.sub(r"[-_]+", " ", unquote(PurePosixPath(urlsplit(url).path).stem))[:300]
