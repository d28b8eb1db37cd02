"""The result of a run: its output, or the requests that it waits for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from sayso.tools.approval.requests import ApprovalRequest, Decision
from sayso.tools.errors import NotFinished, UsageError

from .limits import Usage

B_co = TypeVar("B_co", covariant=True)


class _Nothing:
    """No value yet."""


NOTHING = _Nothing()


class Resumes(Protocol):
    """An engine, as a result needs it."""

    async def resume(self, run_id: str, decisions: Mapping[str, Decision]) -> RunResult[Any]:
        """Hand in decisions by digest, and execute the run to its end or its next pause."""
        ...


@dataclass(frozen=True, slots=True)
class RunResult(Generic[B_co]):
    """The end of a run, or its pause: `pending` holds the requests that wait for a decision.

    `messages` is the transcript of an agent's run, `usage` what was used so far. `unanswered` says what the approver did instead of
    deciding: it raised an error, or returned something else.
    """

    run_id: str
    value: B_co | _Nothing
    pending: tuple[ApprovalRequest, ...] = ()
    usage: Usage = field(default_factory=Usage)
    messages: tuple[Any, ...] = ()
    engine: Resumes | None = field(default=None, repr=False, compare=False)
    unanswered: str = field(default="", repr=False, compare=False)

    @property
    def finished(self) -> bool:
        """Return whether there is an output."""
        return not isinstance(self.value, _Nothing)

    @property
    def output(self) -> B_co:
        """Return the output. Raises NotFinished while approvals are open."""
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
        """Hand in decisions by digest, and execute the run to its end or its next pause. UsageError for a request that is not open."""
        if self.finished:
            for digest in decisions or ():
                raise UsageError(f"Run {self.run_id} is finished: it has no open request {digest[:12]!r}.")
            return self
        if self.engine is None:
            raise NotFinished(f"Run {self.run_id} cannot be resumed from this result. Use: await engine.resume({self.run_id!r}, ...).")
        resumed: RunResult[B_co] = await self.engine.resume(self.run_id, decisions or {})
        return resumed
