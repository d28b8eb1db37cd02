"""The state of an answer that is being looked for: what was searched for, which passages were found, and which of them help."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sayso.tools.documents import Passage


@dataclass(frozen=True, slots=True)
class SearchRound:
    """One search: its words, the passages it found with the best first, whether they seem to answer, and what a judge chose of them."""

    words: str
    passages: tuple[Passage, ...] = ()
    fits: bool = False
    chosen: tuple[int, ...] = ()
    """The numbers of the passages that a judge found to help."""


@dataclass(frozen=True, slots=True)
class Hunt:
    """A question and the searches for its answer so far. `unread` are pages that could not be read, each with the reason."""

    question: str
    rounds: tuple[SearchRound, ...] = ()
    unread: tuple[str, ...] = ()
    words: str = ""
    """What to search for next."""
    is_talk: bool = False

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
    def useful(self) -> tuple[Passage, ...]:
        """Return the passages to answer from: those that a judge chose, else those of the searches that seem to answer.

        A careless judge that chooses nothing cannot turn a question away that its own words answer.
        """
        known = {passage.number: passage for passage in self.passages}
        if chosen := [known[number] for each in reversed(self.rounds) for number in each.chosen if number in known]:
            return tuple(dict.fromkeys(chosen))
        return next((each.passages for each in self.rounds if each.fits), ())

    def judge(self, chosen: tuple[int, ...]) -> Hunt:
        """Return the hunt with what a judge chose of the passages that were found last."""
        return replace(self, rounds=(*self.rounds[:-1], replace(self.last, chosen=chosen)))
