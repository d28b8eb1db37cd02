"""The state of an answer that is being looked for: what was searched for, which passages were found, and which of them help."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sayso.tools.documents import Passage

from .answer import CheckedAnswer


@dataclass(frozen=True, slots=True)
class SearchRound:
    """One search: its words, the passages it found with the best first, whether they seem to answer, and what a judge chose of them."""

    words: str
    passages: tuple[Passage, ...] = ()
    fits: bool = False
    chosen: tuple[int, ...] = ()
    """The numbers of the passages that a judge found to help."""

    @property
    def useful(self) -> tuple[Passage, ...]:
        """Return the passages that a judge chose."""
        return tuple(passage for passage in self.passages if passage.number in self.chosen)


@dataclass(frozen=True, slots=True)
class Hunt:
    """A question, the searches for its answer so far, and the answer once there is one.

    `unread` are the pages that could not be read, each with the reason.
    """

    question: str
    rounds: tuple[SearchRound, ...] = ()
    unread: tuple[str, ...] = ()
    words: str = ""
    """What to search for next."""
    is_talk: bool = False
    answer: CheckedAnswer | None = None
    shown: tuple[tuple[int, ...], ...] = ()
    """The numbers of the passages that a writer has found no answer in, each time that it was asked."""

    @property
    def last(self) -> SearchRound:
        """Return the last search."""
        return self.rounds[-1]

    @property
    def searched(self) -> tuple[str, ...]:
        """Return what was searched for, in order."""
        return tuple(each.words for each in self.rounds)

    @property
    def passages(self) -> tuple[Passage, ...]:
        """Return all passages that were found, each once."""
        return tuple({passage.number: passage for each in self.rounds for passage in each.passages}.values())

    @property
    def fits(self) -> bool:
        """Return whether the passages of any search seem to answer."""
        return any(each.fits for each in self.rounds)

    def judge(self, chosen: tuple[int, ...]) -> Hunt:
        """Return the hunt with what a judge chose of the passages that were found last."""
        return replace(self, rounds=(*self.rounds[:-1], replace(self.last, chosen=chosen)))
