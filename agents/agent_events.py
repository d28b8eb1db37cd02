"""Events that an agent publishes while it works: pieces of text and announcements.

They go to listeners. What tells of a retry, of less than was asked for or of another model is stored as well, where runs are stored. `tell`
returns the public form of each: see `sayso.events`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:  # late, for load time: most runs are heard by nobody
    from sayso.workflows.events.event_types import AnyEvent


class TextStreamed(NamedTuple):
    """A piece of the answer's text, calls already replaced by their values."""

    run: str
    turn: int
    text: str

    def tell(self, time: float) -> AnyEvent:
        """Return the public event."""
        from sayso.workflows.events.event_types import TextPiece  # late, as above

        return TextPiece(run=self.run, time=time, position=f"model:{self.turn}", turn=self.turn, text=self.text)


class ReasoningStreamed(NamedTuple):
    """A piece of the model's reasoning."""

    run: str
    turn: int
    text: str

    def tell(self, time: float) -> AnyEvent:
        """Return the public event."""
        from sayso.workflows.events.event_types import ThoughtPiece  # late, as above

        return ThoughtPiece(run=self.run, time=time, position=f"model:{self.turn}", turn=self.turn, text=self.text)


class CallAnnounced(NamedTuple):
    """The model is about to ask for this tool; `call` counts the calls of its reply."""

    run: str
    turn: int
    tool: str
    call: int = 0

    def tell(self, time: float) -> AnyEvent:
        """Return the public event."""
        from sayso.workflows.events.event_types import CallOpened  # late, as above

        return CallOpened(run=self.run, time=time, position=f"model:{self.turn}", turn=self.turn, call=self.call, tool=self.tool)


class ArgumentsStreamed(NamedTuple):
    """A piece of the arguments of a call, as the model writes them. Not where they may be secret or are looked at by a guard."""

    run: str
    turn: int
    call: int
    text: str

    def tell(self, time: float) -> AnyEvent:
        """Return the public event."""
        from sayso.workflows.events.event_types import ArgumentsPiece  # late, as above

        return ArgumentsPiece(run=self.run, time=time, position=f"model:{self.turn}", turn=self.turn, call=self.call, text=self.text)


class TextWithdrawn(NamedTuple):
    """The text of this turn is not part of the answer: it was reasoning, or the model is asked again after its calls."""

    run: str
    turn: int

    def tell(self, time: float) -> AnyEvent:
        """Return the public event."""
        from sayso.workflows.events.event_types import TextRetracted  # late, as above

        return TextRetracted(run=self.run, time=time, position=f"model:{self.turn}", turn=self.turn)


class ModelRetried(NamedTuple):
    """A model call is tried again: attempt `attempt` failed with `why`."""

    run: str
    attempt: int
    wait_seconds: float
    why: str

    @property
    def is_stored(self) -> bool:
        """Return that it is kept where runs are stored."""
        return True

    def tell(self, time: float) -> AnyEvent:
        """Return the public event."""
        from sayso.workflows.events.event_types import RequestRetried  # late, as above

        return RequestRetried(run=self.run, time=time, attempt=self.attempt, wait_seconds=self.wait_seconds, why=self.why)


class ModelDowngraded(NamedTuple):
    """The model goes on without something that was asked for: a sampling option, or tools in the provider's own field."""

    run: str
    without: str
    why: str

    @property
    def is_stored(self) -> bool:
        """Return that it is kept where runs are stored."""
        return True

    def tell(self, time: float) -> AnyEvent:
        """Return the public event."""
        from sayso.workflows.events.event_types import RequestDowngraded  # late, as above

        return RequestDowngraded(run=self.run, time=time, without=self.without, why=self.why)


class ModelSwitched(NamedTuple):
    """A model was down or refused, and the next of the agent's `fallback` models is asked instead."""

    run: str
    failed: str
    next: str
    why: str

    @property
    def is_stored(self) -> bool:
        """Return that it is kept where runs are stored."""
        return True

    def tell(self, time: float) -> AnyEvent:
        """Return the public event."""
        from sayso.workflows.events.event_types import ModelChanged  # late, as above

        return ModelChanged(run=self.run, time=time, failed=self.failed, next=self.next, why=self.why)
