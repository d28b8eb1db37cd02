"""Events that an agent publishes while it works: pieces of text and announcements. They go to listeners and are not stored."""

from __future__ import annotations

from typing import NamedTuple


class TextStreamed(NamedTuple):
    """A piece of the answer's text, calls already replaced by their values."""

    run: str
    turn: int
    text: str


class ReasoningStreamed(NamedTuple):
    """A piece of the model's reasoning."""

    run: str
    turn: int
    text: str


class CallAnnounced(NamedTuple):
    """The model is about to ask for this tool."""

    run: str
    turn: int
    tool: str


class TextWithdrawn(NamedTuple):
    """The text of this turn is not part of the answer: it was reasoning, or the model is asked again after its calls."""

    run: str
    turn: int


class ModelRetried(NamedTuple):
    """A model call is tried again: attempt `attempt` failed with `why`."""

    run: str
    attempt: int
    wait_seconds: float
    why: str


class ModelDowngraded(NamedTuple):
    """The model goes on without something that was asked for: a sampling option, or tools in the provider's own field."""

    run: str
    without: str
    why: str


class ModelSwitched(NamedTuple):
    """A model was down or refused, and the next of the agent's `fallback` models is asked instead."""

    run: str
    failed: str
    next: str
    why: str
