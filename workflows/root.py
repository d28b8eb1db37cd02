"""A run with all its children: its journal, its inbox, who waits, who listens and who answers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from sayso.tools.approvals import ApprovalRequest, Decision
from sayso.tools.errors import Cancelled, RunError

from .events import BranchEnded, BranchFailed, BranchStarted
from .limits import NO_USAGE, Usage, used_by
from .line import Entry, Failure, MemoryRun, Suspended, in_time
from .result import NOTHING, RunResult
from .run import Scope, WorkflowCode

if TYPE_CHECKING:
    from .memory import MemoryEngine


CANCEL = "cancel the run"
HELD_BACK_SECONDS = 0.2
"""How long a run whose other branches neither wait nor work (a semaphore of its own holds them back) is given before it counts as
paused: long enough for a branch that was let go to begin its next step, short enough that nobody notices."""


class Root:
    """One run with all its children: its journal, its inbox, who waits and who listens."""

    __slots__ = (
        "activity",
        "asked",
        "asker",
        "asking",
        "attempt",
        "attempts",
        "carried",
        "carrier",
        "clock",
        "emitted",
        "engine",
        "error",
        "fresh",
        "history",
        "id",
        "inbox",
        "journal",
        "later",
        "leaves",
        "listeners",
        "looking",
        "order",
        "parked",
        "pending",
        "prompts",
        "result",
        "sharing",
        "suspends",
        "task",
        "told",
        "top",
        "value",
        "waits",
        "waits_only",
        "watched",
        "workflow",
    )

    def __init__(self, engine: MemoryEngine, run_id: str, workflow: WorkflowCode, value: Any, fresh: Callable[[], Scope]) -> None:
        self.engine, self.id, self.workflow, self.value, self.fresh = engine, run_id, workflow, value, fresh
        self.clock = engine.clock
        self.journal: dict[str, dict[str, Any]] = {}
        self.order: list[Entry] = []
        self.inbox: dict[tuple[str, str], Any] = {}
        self.pending: dict[str, ApprovalRequest] = {}
        self.prompts: dict[tuple[str, str], Any] = {}  # what models were sent, by run and step
        self.history: list[Any] | None = [] if engine.record else None
        self.listeners: list[asyncio.Queue[Any]] = []
        self.watched = engine.record
        self.told: dict[str, type] = {}  # of each branch, what was said of it last
        self.emitted: dict[str, int] = {}  # of each run, how many events of its own were told
        self.attempts = 0
        self.attempt = ""
        self.task: asyncio.Task[RunResult[Any]] | None = None
        self.result: RunResult[Any] | None = None
        self.suspends = self.waits_only = self.carried = self.looking = False
        self.sharing: list[asyncio.Future[RunResult[Any]]] = []
        self.error: Exception | None = None
        self.carrier: asyncio.Task[Any] | None = None
        self.top: MemoryRun | None = None
        self.later: asyncio.TimerHandle | None = None
        self.leaves, self.activity, self.asking = 1, 0, 0
        self.parked: set[str] = set()  # the runs that wait for somebody to send something, with no end of their own
        self.waits: dict[tuple[str, str], asyncio.Future[Any]] = {}
        self.asked: asyncio.Queue[tuple[ApprovalRequest, Scope]] | None = None
        self.asker: asyncio.Task[None] | None = None

    def _begin(self, suspends: bool) -> None:
        """A new execution of the run: nobody waits and nobody is being asked yet."""
        self.attempts += 1
        self.attempt = self.engine.attempt(self)
        self.suspends = suspends
        if self.attempts > 1:
            self.waits_only, self.error = False, None
            self.leaves, self.asking, self.looking = 1, 0, False
            self.parked, self.waits, self.asked, self.asker = set(), {}, None, None

    async def carry(self, *, suspends: bool) -> RunResult[Any]:
        """Run the workflow's code over the journal, to its end or to where it can only wait.

        Whoever asks while it is under way shares that execution: a run is never carried twice at once.
        """
        while self.carried:
            shared = await self.shared()
            if suspends or shared.finished:
                return shared
        self.carried = True
        try:
            result = await self._carry(suspends)
        except BaseException as error:
            self.carried, self.carrier = False, None
            if isinstance(error, Exception):
                self.error = error
                self._forget(error)
            self._share(error)
            raise
        self.carried, self.carrier = False, None
        if self.sharing:
            self._share(result)
        if self.attempts == 1 and result.finished:
            self.engine.let_go(self)
        return result

    def shared(self) -> asyncio.Future[RunResult[Any]]:
        """The end, or the next pause, of the execution that is under way."""
        shared: asyncio.Future[RunResult[Any]] = asyncio.get_running_loop().create_future()
        self.sharing.append(shared)
        if self.parked:
            self._look_again()
        return shared

    def _forget(self, error: BaseException) -> None:
        """The failures that ended the run are not kept: when it is run again, what failed is tried again.

        A failure that the workflow's code dealt with stays: what came after it was decided by it.
        """
        causes = set[int]()
        _collect(error, causes)
        for run_id, kept in self.journal.items():
            while kept:
                name = next(reversed(kept))
                if not (isinstance(kept[name], Failure) and id(kept[name].error) in causes):
                    break
                del kept[name]
                self.engine.forget(self, run_id, name)

    def cancel(self) -> None:
        """Stop before the next step; a write under way is finished first. A run that is cancelled stays so."""
        if self.cancelled or (self.result is not None and self.result.finished):
            return
        self.send(self.id, CANCEL, True)
        if self.carrier is not None:
            self.carrier.cancel()

    @property
    def cancelled(self) -> bool:
        """Whether somebody cancelled the run."""
        return (self.id, CANCEL) in self.inbox

    def _share(self, end: RunResult[Any] | BaseException) -> None:
        """The execution is over: whoever shared it gets the same end."""
        sharing, self.sharing = self.sharing, []
        for shared in sharing:
            if shared.done():
                continue
            if isinstance(end, RunResult):
                shared.set_result(end)
            elif isinstance(end, asyncio.CancelledError):
                shared.cancel()
            else:
                shared.set_exception(end)
                shared.exception()  # whoever asked may be gone by now

    async def _carry(self, suspends: bool) -> RunResult[Any]:
        scope = self.fresh()
        if self.inbox and self.cancelled:
            raise self._was_cancelled(scope)
        self._begin(suspends)
        if self.attempts > 1:
            scope.meter.begin_with(self.used(self.id))
        self.carrier = carrier = asyncio.current_task()
        limits = scope.meter.limits
        seconds = limits.seconds if limits is not None else None
        self.top = self.engine.run_type(self, self.id, scope)
        work = self.workflow(self.top, self.value)
        try:
            value = await (work if seconds is None else in_time(work, seconds))
            if self.inbox and self.cancelled:
                await asyncio.sleep(0)  # it came too late to stop anything; here it is heard, and not in the caller's code
            self.result = self._result(value, scope)
        except asyncio.CancelledError:
            if self.cancelled and carrier is not None and carrier.uncancel() <= 0:
                raise self._was_cancelled(scope) from None
            if not self.suspended or (carrier is not None and carrier.cancelling()):
                raise
            self.result = self._result(NOTHING, scope)
        except RunError as error:
            error.run_id = error.run_id or self.id
            error.partial = error.partial or self._result(NOTHING, scope)
            raise
        except BaseException:  # Suspended, or a group that the workflow's own TaskGroup made of it
            if not self.suspended:
                raise
            self.result = self._result(NOTHING, scope)
        finally:
            self.top = None
            if self.later is not None:
                self.later.cancel()
                self.later = None
            if self.asker is not None:
                self.asker.cancel()
                with suppress(asyncio.CancelledError):
                    await self.asker
        return self.result

    def used(self, run_id: str) -> Usage:
        """What a run and those below it have used in earlier executions, by their journals."""
        total = NO_USAGE
        for run, kept in self.journal.items():
            if run == run_id or run.startswith(f"{run_id}/"):
                for name, value in kept.items():
                    total += used_by(name, value)
        return total

    def _was_cancelled(self, scope: Scope) -> Cancelled:
        error = Cancelled(f"Run {self.id} was cancelled.")
        error.run_id, error.partial = self.id, self._result(NOTHING, scope)
        return error

    def _result(self, value: Any, scope: Scope) -> RunResult[Any]:
        messages = tuple(scope.transcripts.get(self.id, ()))
        return RunResult(self.id, value, tuple(self.pending.values()), scope.meter.usage, messages, self.engine)

    # who listens

    def note(self, event: Any) -> None:
        """Tell an event to the listeners and, where events are recorded, keep it."""
        if self.history is not None:
            self.history.append(event)
        for queue in self.listeners:
            queue.put_nowait(event)

    def sent(self, run: str, name: str, prompt: Any) -> None:
        """Keep what a step sends to a model."""
        self.prompts[run, name] = prompt

    def note_branch(self, event: BranchStarted | BranchEnded | BranchFailed) -> None:
        """Tell of a branch, once: a resumed run goes through the branches that it has told of before."""
        before = self.told.get(event.run)
        if before is not type(event) and (before is None or type(event) is not BranchStarted):
            self.told[event.run] = type(event)
            self.note(event)

    def whisper(self, event: Any) -> None:
        """Tell a transient event (a piece of text) to the listeners; it is not kept."""
        for queue in self.listeners:
            queue.put_nowait(event)

    def listen(self) -> asyncio.Queue[Any]:
        """A queue of the events from now on."""
        queue: asyncio.Queue[Any] = asyncio.Queue()
        self.listeners.append(queue)
        self.watched = True
        return queue

    # who waits

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
        self.engine.sent(self, run_id, topic, value)
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
        if not self.suspends:  # started in the background: it stays where it is, and whoever resumed it is told
            assert self.top is not None
            self._share(self._result(NOTHING, self.top.scope))
            return
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

    async def _ask_one_by_one(self, asked: asyncio.Queue[tuple[ApprovalRequest, Scope]]) -> None:
        from .approval import decision_of

        while True:
            request, scope = await asked.get()
            decision = await decision_of(scope.approve, request, self.note) if request.digest in self.pending else None
            if decision is not None:
                await self.decided(request, self.engine.stamped(decision))
            self.asking -= 1
            if decision is None:
                self._look_again()


def _collect(error: BaseException, causes: set[int]) -> None:
    """The error, what it was raised from, and the members of a group."""
    if id(error) in causes:
        return
    causes.add(id(error))
    members = error.exceptions if isinstance(error, BaseExceptionGroup) else ()
    for each in (error.__cause__, error.__context__, *members):
        if each is not None:
            _collect(each, causes)
