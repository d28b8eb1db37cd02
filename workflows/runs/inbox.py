"""Who waits in a run and for what, who answers, and when all that a run can do is wait."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from sayso.tools.approval.requests import ApprovalRequest, Decision

from .events import ApproverFailed
from .memory_run import MemoryRun, Suspended
from .protocols import Scope

if TYPE_CHECKING:
    from .memory_engine import MemoryEngine
    from .run_result import RunResult

HELD_BACK_SECONDS = 0.2
"""How long a run whose other branches neither wait nor work (a semaphore of its own holds them back) is given before it counts as
paused: long enough for a branch that was let go to begin its next step, short enough that nobody notices."""


class Inbox:
    """The inbox of a run and its children, the branches that wait for it, and the approver who is asked one request at a time."""

    __slots__ = (
        "activity",
        "asked",
        "asker",
        "asking",
        "inbox",
        "later",
        "leaves",
        "looking",
        "parked",
        "pending",
        "sharing",
        "suspends",
        "top",
        "unanswered",
        "waits",
        "waits_only",
    )

    engine: MemoryEngine

    def __init__(self) -> None:
        self.inbox: dict[tuple[str, str], Any] = {}
        self.pending: dict[str, ApprovalRequest] = {}
        self.sharing: list[asyncio.Future[RunResult[Any]]] = []
        self.top: MemoryRun | None = None
        self.suspends = False
        self.activity = 0
        self.later: asyncio.TimerHandle | None = None
        self._nobody_waits()

    def _nobody_waits(self) -> None:
        """So a new execution begins."""
        self.waits_only = self.looking = False
        self.unanswered = ""
        self.leaves, self.asking = 1, 0
        self.parked: set[str] = set()  # the runs that wait for somebody to send something, with no end of their own
        self.waits: dict[tuple[str, str], asyncio.Future[Any]] = {}
        self.asked: asyncio.Queue[tuple[ApprovalRequest, Scope]] | None = None
        self.asker: asyncio.Task[None] | None = None

    async def _nobody_asks(self) -> None:
        """So an execution ends: nothing of it is left running."""
        if self.later is not None:
            self.later.cancel()
            self.later = None
        if self.asker is not None:
            self.asker.cancel()
            with suppress(asyncio.CancelledError):
                await self.asker

    def note(self, event: Any) -> None:
        """Tell an event; for the run to say how."""
        raise NotImplementedError

    @property
    def suspended(self) -> bool:
        """Whether this execution was unwound because it could only wait."""
        return self.suspends and self.waits_only

    def branch_begins(self, parent: MemoryRun) -> None:
        """A child begins: it takes its parent's place as the tip of a branch, or is one more."""
        self.activity += 1
        if parent._open:
            self.leaves += 1
        parent._open += 1

    def branch_ends(self, parent: MemoryRun) -> None:
        """A child ends."""
        self.activity += 1
        parent._open -= 1
        if parent._open:
            self.leaves -= 1
        if self.parked:
            self._look_again()

    def work_ends(self) -> None:
        """A step or a wait is over while others wait."""
        self.activity += 1
        self._look_again()

    async def receive(self, run_id: str, topic: str | None, timeout_seconds: float | None) -> Any:
        """What the inbox has for the topic, now or when it comes."""
        if topic is None:
            await asyncio.sleep(timeout_seconds or 0)
            return None
        place = (run_id, topic)
        if place in self.inbox:
            return self.inbox[place]
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self.waits[place] = future
        parked = topic.startswith("approve:") or timeout_seconds is None
        self.activity += 1
        if parked:
            self.parked.add(run_id)
            self._look_again()
        try:
            async with asyncio.timeout(timeout_seconds):
                return await future
        except TimeoutError:
            return None
        finally:
            self.activity += 1
            self.parked.discard(run_id)
            del self.waits[place]

    def send(self, run_id: str, topic: str, value: Any) -> None:
        """Put a value into the inbox; the first for a topic counts."""
        place = (run_id, topic)
        if place in self.inbox:
            return
        self.inbox[place] = value
        future = self.waits.get(place)
        if future is not None and not future.done():
            future.set_result(value)

    def _look_again(self) -> None:
        if (self.suspends or self.sharing) and not self.looking:
            self.looking = True
            asyncio.get_running_loop().call_soon(self._look, 3, self.activity)

    def _look(self, hops: int, activity: int) -> None:
        # A branch that ends may wake a sibling that was held back by a semaphore; that takes a few turns of the event loop.
        if hops and self.parked:
            hops = hops - 1 if activity == self.activity else 3
            asyncio.get_running_loop().call_soon(self._look, hops, self.activity)
            return
        self.looking = False
        if not self.parked:
            return
        if len(self.parked) >= self.leaves:
            if self._only_waits():
                self._pause()
        elif self.later is None:
            # Fewer wait than there are branches: the others work, or are held back by a lock that one who waits holds.
            self.later = asyncio.get_running_loop().call_later(HELD_BACK_SECONDS, self._look_later, self.activity)

    def _look_later(self, activity: int) -> None:
        self.later = None
        if activity != self.activity:
            self._look_again()
        elif self._only_waits():
            self._pause()

    def _only_waits(self) -> bool:
        nobody_answers = not self.asking and (self.asked is None or self.asked.empty())
        return nobody_answers and self.may_be_long() and self.top is not None and not self.top.works()

    def may_be_long(self) -> bool:
        """Whether what is waited for is worth unwinding the run: an approval is, a signal is expected from this program."""
        return any(topic.startswith("approve:") for _, topic in self.waits)

    def _pause(self) -> None:
        self.waits_only = True
        for future in self.waits.values():
            if not future.done():
                future.set_exception(Suspended())

    # who answers

    def ask(self, request: ApprovalRequest, scope: Scope) -> None:
        """Hand a request to the approver, one at a time, in the order they were made."""
        self.pending[request.digest] = request
        if scope.approve is None or (request.run_id, request.topic) in self.inbox:
            return
        if self.asked is None:
            self.asked = asyncio.Queue()
            self.asker = asyncio.get_running_loop().create_task(self._ask_one_by_one(self.asked))
        self.asking += 1
        self.asked.put_nowait((request, scope))

    async def decided(self, request: ApprovalRequest, decision: Decision) -> None:
        """An approver has answered."""
        self.send(request.run_id, request.topic, decision)

    def _not_answered(self, event: ApproverFailed) -> None:
        self.unanswered = event.error
        self.note(event)

    async def _ask_one_by_one(self, asked: asyncio.Queue[tuple[ApprovalRequest, Scope]]) -> None:
        from ..calls.execute import decision_of

        while True:
            request, scope = await asked.get()
            decision = await decision_of(scope.approve, request, self._not_answered) if request.digest in self.pending else None
            if decision is not None:
                await self.decided(request, self.engine.stamped(decision))
            self.asking -= 1
            if decision is None:
                self._look_again()
