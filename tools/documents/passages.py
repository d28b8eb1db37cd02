"""A passage of a document, and how passages are shown to a model."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

NOT_IN_THE_DOCUMENTS = "Not in the documents."
_LOOKS_LIKE_A_NUMBER = re.compile(r"[\[【](?=\s*DOC\b)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of a document: text[start:end] of what was read of `file`.

    `number` is what `[DOC n]` means in this index; `page` counts from 1 and is 0 where there are no pages; `headings` are those above it,
    the highest first; `link` leads to the file, for a PDF to the page.
    """

    number: int
    file: str
    title: str
    text: str
    headings: tuple[str, ...] = ()
    page: int = 0
    start: int = 0
    end: int = 0
    link: str = ""

    @property
    def place(self) -> str:
        """Where it stands, for people: "Parking policy, page 3" or "Handbook, Visitors > Parking"."""
        headings = [heading for heading in self.headings if heading and heading != self.title]
        page = [f"page {self.page}"] if self.page else []
        return ", ".join([self.title, *page, *([" > ".join(headings)] if headings else [])])

    def __str__(self) -> str:
        # A document that writes "[DOC 1]" itself must not pass for another one.
        return f"[DOC {self.number}] {_own(self.place)}\n{_own(self.text)}"


def _own(text: str) -> str:
    return _LOOKS_LIKE_A_NUMBER.sub("(", text)


def shown(passages: Iterable[Passage]) -> str:
    """The passages as a model reads them, each under its `[DOC n]`; a plain "not in the documents" when there are none."""
    return "\n\n".join(map(str, passages)) or NOT_IN_THE_DOCUMENTS
