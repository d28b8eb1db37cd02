"""Passages of documents, and how they are shown to a model."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from ..effects import Labels

NOT_IN_THE_DOCUMENTS = "Not in the documents."
_LOOKS_LIKE_A_NUMBER = re.compile(r"[\[【](?=\s*DOC\b)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of a document: text[start:end] of the text of `file`.

    `number` is what `[DOC n]` means in this index; `page` counts from 1 and is 0 in a file without pages; `headings` are those above it,
    the highest first; `link` leads to the file, for a PDF to the page. `public` is set for a page of the open web.
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
    public: bool = False

    @property
    def labels(self) -> Labels:
        """Return that others wrote it, and that it is private unless it is known to be public."""
        return Labels(untrusted=True, private=not self.public)

    @property
    def place(self) -> str:
        """Return its position for people: "Parking policy, page 3" or "Handbook, Visitors > Parking"."""
        headings = [heading for heading in self.headings if heading and heading != self.title]
        page = [f"page {self.page}"] if self.page else []
        return ", ".join([self.title, *page, *([" > ".join(headings)] if headings else [])])

    def __str__(self) -> str:
        # A document that contains "[DOC 1]" must not pass for another one.
        return f"[DOC {self.number}] {_escape_citations(self.place)}\n{_escape_citations(self.text)}"


def _escape_citations(text: str) -> str:
    return _LOOKS_LIKE_A_NUMBER.sub("(", text)


def show_passages(passages: Iterable[Passage]) -> str:
    """Write the passages for a model, each under its `[DOC n]`; "Not in the documents." if there are none."""
    return "\n\n".join(map(str, passages)) or NOT_IN_THE_DOCUMENTS


def name_passages(nearest: Iterable[Passage]) -> str:
    """Write "Not in the documents." and where the nearest passages are, each under its number, its file behind it."""
    named = "; ".join(f"[DOC {each.number}] {_escape_citations(f'{each.place} ({each.file})')}" for each in nearest)
    return f"{NOT_IN_THE_DOCUMENTS} Nearest: {named}" if named else NOT_IN_THE_DOCUMENTS
