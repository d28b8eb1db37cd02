"""What the agent loop asks of an agent's guards. They are in `guards/`, which is loaded only for agents that have some."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

from sayso.tools import ToolResult
from sayso.workflows import Run

from .messages import Reply

if TYPE_CHECKING:
    from .text_streamer import TextStreamer


class HeldReasoning(Protocol):
    """A model's reasoning on its way to listeners."""

    def feed(self, piece: str) -> None:
        """Take in a piece, and publish what may be shown."""
        ...

    def finish(self) -> None:
        """Publish the rest."""
        ...


class ReplyGuard(Protocol):
    """The guards of one agent, as its loop sees them."""

    def make_streamer(self, run: Run, turn: int, *, native: bool) -> TextStreamer:
        """Return what publishes a reply while it streams, without what a guard may still replace or refuse."""
        ...

    def hold_reasoning(self, run: Run, turn: int) -> HeldReasoning:
        """Return the same for the reasoning that a provider sends apart."""
        ...

    async def guard_reply(self, run: Run, turn: int, conversation: Any, reply: Reply) -> Reply:
        """Return the reply as it may be stored, shown and acted on. It is a part of the step that asks the model."""
        ...

    def take_verdicts(self, run: Run, turn: int, conversation: Any, parsed: Any, reply: Reply) -> Any:
        """Return a parsed reply with what the guards did to its calls. Raises GuardRefused."""
        ...

    async def guard_results(self, run: Run, turn: int, parsed: Any, results: list[ToolResult]) -> list[ToolResult]:
        """Return the results of calls as the model may read them."""
        ...

    async def guard_answer(self, run: Run, turn: int, answer: Any, calls: Sequence[object]) -> Any:
        """Return the answer of a reply with calls in it, the values of which have been filled in. Raises GuardRefused."""
        ...
