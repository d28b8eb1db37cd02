"""What is known of a model's context, and what of a conversation is sent to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from ..messages import Message
from .counting import TokenCounter
from .items import find_question
from .places import Ranges
from .values import Item

MOST_KEPT = 16
"""Conversations of an agent that are remembered, of those that were long."""


@dataclass(slots=True, eq=False)
class ModelContext:
    """What is known of one model of an agent: the length of its context, and how its tokens are counted. It is found out once.

    `earlier` are the last conversations that were long, with what was sent of each, so that the next run goes on from there.
    """

    length: int | None = None
    counter: TokenCounter | None = None
    spare: float = 1.0
    is_found: bool = False
    asked: int = 0
    earlier: list[tuple[Sequence[Message], SentWindow]] = field(default_factory=list)

    def find_earlier(self, transcript: Sequence[Message]) -> SentWindow | None:
        """Return what was sent of the conversation that this one goes on with; None where it is not among the last ones."""
        for index, (messages, sent) in enumerate(self.earlier):
            seen = sent.seen
            if 0 < seen < len(transcript) and messages[seen - 1] == transcript[seen - 1] and messages[:seen] == transcript[:seen]:
                del self.earlier[index]
                return sent.copy(find_question(transcript, 0))
        return None

    def forget(self, transcript: Sequence[Message]) -> None:
        """Forget a conversation whose messages have been written anew: they are no longer where they were."""
        self.earlier = [each for each in self.earlier if each[0] is not transcript]

    def keep(self, transcript: Sequence[Message], sent: SentWindow) -> None:
        """Remember a conversation. The list and what is sent of it are those of the run, and grow with it."""
        self.earlier.insert(0, (transcript, sent))
        del self.earlier[MOST_KEPT:]

    def learn(self, told: int | None, sent: int) -> None:
        """Take note of a refusal as too long: by the length that it names, else by what was sent."""
        if told is not None and (self.length is None or told < self.length):
            self.length = told
        elif self.length is None:
            self.length = max(512, sent * 3 // 4)
        else:
            self.spare *= 0.75


class Summed(NamedTuple):
    """A summary that stands for what was dropped: the places, the key that it is kept under, its text, and how a model is shown it."""

    places: Ranges
    key: str
    text: str
    shown: str


@dataclass(slots=True, eq=False)
class SentWindow:
    """What is sent of one conversation. `items` are those that are sent, `seen` is how much of the transcript they stand for.

    `messages` is None as long as all is sent as it is. `is_told` says that the run has an event of what is left out. `tried` is what a
    summary was last asked for: one that failed is not asked for each turn.
    """

    room: int
    opening_tokens: int = 0
    items: list[Item] = field(default_factory=list)
    seen: int = 0
    tokens: int = 0
    dropped: Ranges = ()
    shortened: frozenset[int] = frozenset()
    is_told: bool = False
    summed: Summed | None = None
    tried: Ranges = ()
    messages: list[Message] | None = None
    opening: Sequence[Message] = ()
    offers_reading: bool = False

    def copy(self, question_place: int) -> SentWindow:
        """Return it for another run, which has told nothing yet, and whose question is at that place."""
        items = [item._replace(is_current=False) if item.is_current and item.place <= question_place else item for item in self.items]
        messages = None if self.messages is None else [*self.messages]
        return replace(self, items=items, is_told=False, messages=messages)
