"""What an agent says while it works: pieces of text and announcements, for whoever listens. None of them is kept."""

from __future__ import annotations

from typing import NamedTuple


class TextSaid(NamedTuple):
    """A piece of the answer's text, calls already replaced by their values."""

    run: str
    turn: int
    text: str


class ReasoningSaid(NamedTuple):
    """A piece of what the model thinks aloud."""

    run: str
    turn: int
    text: str


class CallAnnounced(NamedTuple):
    """The model is about to ask for this tool."""

    run: str
    turn: int
    tool: str


class TextWithdrawn(NamedTuple):
    """What was said in this turn is not part of the answer: it was thought aloud, or a call in it failed and the model is asked again."""

    run: str
    turn: int


class ModelRetried(NamedTuple):
    """A model call is tried again: attempt `attempt` failed with `why`."""

    run: str
    attempt: int
    wait_seconds: float
    why: str
