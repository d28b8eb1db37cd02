"""What a run gives back: its output, or what it waits for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from sayso.tools.approval.requests import ApprovalRequest, Decision
from sayso.tools.errors import NotFinished, UsageError

from .limits import Usage

if TYPE_CHECKING:
    from .protocols import Engine

B_co = TypeVar("B_co", covariant=True)


class _Nothing:
    """No value yet."""


NOTHING = _Nothing()


@dataclass(frozen=True, slots=True)
class RunResult(Generic[B_co]):
    """The end of a run, or its pause: `pending` holds the requests that wait for a decision.

    `messages` is the transcript where the run was an agent's, `usage` what was used so far. `unanswered` is what an approver did instead
    of answering: an error, or what is no decision.
    """

    run_id: str
    value: B_co | _Nothing
    pending: tuple[ApprovalRequest, ...] = ()
    usage: Usage = field(default_factory=Usage)
    messages: tuple[Any, ...] = ()
    engine: Engine | None = field(default=None, repr=False, compare=False)
    unanswered: str = field(default="", repr=False, compare=False)

    @property
    def finished(self) -> bool:
        """Whether there is an output."""
        return not isinstance(self.value, _Nothing)

    @property
    def output(self) -> B_co:
        """What the run came to. Raises NotFinished while approvals are open."""
        if isinstance(self.value, _Nothing):
            cards = "; ".join(request.card for request in self.pending)
            why = f" The approver did not answer ({self.unanswered})." if self.unanswered else ""
            error = NotFinished(
                f"Run {self.run_id} waits for {len(self.pending)} approval{'s' if len(self.pending) != 1 else ''}: {cards}{why} "
                "Answer with: await result.resume({request.digest: Approve()}) for each of result.pending."
            )
            error.run_id, error.partial = self.run_id, self
            raise error
        return self.value

    async def resume(self, decisions: Mapping[str, Decision] | None = None) -> RunResult[B_co]:
        """Hand in decisions, by digest, and carry the run on to its end or next pause. Raises UsageError for what is not open."""
        if self.finished:
            for digest in decisions or ():
                raise UsageError(f"Run {self.run_id} is finished: it has no open request {digest[:12]!r}.")
            return self
        if self.engine is None:
            raise NotFinished(f"Run {self.run_id} has no engine to go on in.")
        resumed: RunResult[B_co] = await self.engine.resume(self.run_id, decisions or {})
        return resumed
