"""An answer to a question: its text, the passages that it cites with the words that bear it out, and what was left out of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from sayso.tools.documents import NOT_IN_THE_DOCUMENTS

Outcome = Literal["answered", "not found", "talk"]
_ROUND = str.maketrans("[]【】", "()()")
NOTHING_READ = "No document was read for this."


@dataclass(frozen=True, slots=True)
class CitedPassage:
    """A passage that an answer cites: its mark in the text ("[DOC 7]"), where it stands, and the words that bear the answer out."""

    mark: str
    place: str
    link: str
    quotes: tuple[str, ...] = ()

    def __str__(self) -> str:
        return "\n".join([f"{self.mark} {show_place(self.place)}: {self.link}", *(f"    “{quote}”" for quote in self.quotes)])


def show_place(place: str) -> str:
    """Return where a passage stands as it may be listed: a title that is written like a citation must not pass for one."""
    return place.translate(_ROUND)


@dataclass(frozen=True, slots=True)
class LeftOutSentence:
    """A sentence of the model that no passage states, and why not."""

    sentence: str
    reason: str


@dataclass(frozen=True, slots=True)
class CheckedAnswer:
    """An answer: each sentence of `text` is stated by a passage that it cites.

    `outcome` is "answered", "not found" (then `sources` are the nearest passages) or "talk" (then nothing was looked up).
    `searched` is what was searched for: the question, then other words for it. `read` counts the passages that were read. `written` is the
    name of the model that wrote the text; empty where sentences are quoted.
    """

    question: str
    text: str
    outcome: Outcome
    sources: tuple[CitedPassage, ...] = ()
    searched: tuple[str, ...] = ()
    read: int = 0
    written: str = ""
    left_out: tuple[LeftOutSentence, ...] = ()
    unread: tuple[str, ...] = ()
    """The pages that could not be read, each with the reason."""
    near: bool = True
    """Whether the passages that were found seem to be about what was asked."""

    @property
    def found(self) -> bool:
        """Return whether the question was answered from a passage."""
        return self.outcome == "answered"

    def __str__(self) -> str:
        return "\n".join(_show(self))


def _show(answer: CheckedAnswer) -> Iterator[str]:
    yield answer.text
    if answer.outcome == "not found":
        yield from _show_nearest(answer)
    elif answer.sources:
        yield ""
        yield from map(str, answer.sources)
    if not answer.read:
        yield NOTHING_READ
    for left_out in answer.left_out:
        yield f"Left out: “{left_out.sentence}” {left_out.reason}".rstrip()


def _show_nearest(answer: CheckedAnswer) -> Iterator[str]:
    if answer.searched[1:]:
        yield f"Searched for: {'; '.join(answer.searched)}."
    if answer.sources:
        yield "Nearest:" if answer.near else "Nearest, but about other matters:"
        for source in answer.sources:
            yield f"- {show_place(source.place)}: {source.link}"
            yield from (f"    “{quote}”" for quote in source.quotes)


def say_not_found(where: str) -> str:
    """Return the sentence for a question that has no answer in the documents, or in what else was read."""
    return NOT_IN_THE_DOCUMENTS if where == "documents" else "Not on the pages that were found."
