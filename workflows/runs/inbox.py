"""What is sent to a run, who waits for it, who answers requests, and when all that a run can do is wait."""

from __future__ import annotations

import asyncio
import inspect
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Protocol, cast

from sayso.tools.approval.requests import ApprovalRequest, Approver, Decision, is_decision

from .events import ApproverFailed

if TYPE_CHECKING:  # late, for load time: only who configures approvers needs it
    from sayso.tools.approval.signatures import Approvers

HELD_BACK_SECONDS = 0.2
"""How long a run whose other branches neither wait nor work (a semaphore of its own holds them back) is given before it counts as
paused: long enough for a branch that was let go to begin its next step, short enough that nobody notices."""
SECONDS_TO_STOP = 1.0
"""How long an approver that is cancelled may take to end; one that takes longer is left behind, and what it answers counts for nothing."""


NOTHING_YET: Final = cast("dict[Any, Any]", MappingProxyType({}))
"""What each table of a run is until something is put into it: one for all, which cannot be written to. A run that waits for its model needs
none, and half a dozen dicts for each of a thousand runs would have the garbage collector come more often."""

_AT_REST = (None, None, None, False, False, False, 0)
"""What an inbox begins with: one unpacking in place of seven assignments, for every run has one."""


_UNASKED = (False, False, "", 1, 0, None)
"""What an execution begins with, unpacked at once for the same reason."""


class Suspended(BaseException):
    """Unwinds a run whose every branch waits. Not an Exception: no handler of the workflow's code should take it for a failure."""


class NotAnswered(Exception):
    """The approver did something else than to decide; the text says what."""


class Branch(Protocol):
    """A run or child run, as the inbox sees it."""

    open_children: int

    def is_working(self) -> bool:
        """Return whether it or a child goes on by itself: is in a step, sleeps, or waits with a timeout."""
        ...


class Inbox(ABC):
    """The inbox of a run and its children, the branches that wait, and the approver, who is asked one request at a time.

    `inbox` holds what was sent by run and topic, `pending` the open requests by digest. A run that can only wait is suspended: every
    wait raises Suspended, and the run is unwound. Nothing alive is stored; resuming executes the code over the journal.
    """

    is_suspended: bool
    active_branches: int
    is_checking: bool
    unanswered: str
    open_questions: int

    __slots__ = (
        "active_branches",
        "activity",
        "approver_task",
        "approvers",
        "blocked",
        "clock",
        "inbox",
        "is_checking",
        "is_shared",
        "is_suspended",
        "may_suspend",
        "offered",
        "open_questions",
        "pauses_always",
        "pending",
        "questions",
        "recheck",
        "root_run",
        "unanswered",
        "waits",
    )

    approvers: Approvers | None  # whose signed decisions count, if not anybody's
    root_run: Branch | None
    recheck: asyncio.TimerHandle | None
    may_suspend: bool
    pauses_always: bool  # it is unwound whatever it waits for
    is_shared: bool  # somebody waits for the end of an execution that does not suspend
    activity: int
    approver_task: asyncio.Task[None] | None

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock: Callable[[], float] = clock
        self.inbox: dict[tuple[str, str], object] = NOTHING_YET
        self.pending: dict[str, ApprovalRequest] = NOTHING_YET
        self.offered: dict[tuple[str, str], list[object]] = NOTHING_YET  # decisions that came before their request
        self.approvers, self.root_run, self.recheck, self.may_suspend, self.pauses_always, self.is_shared, self.activity = _AT_REST
        self.reset_waits()

    def reset_waits(self) -> None:
        """Begin a new execution: nobody waits, and nobody is asked yet."""
        (self.is_suspended, self.is_checking, self.unanswered, self.active_branches, self.open_questions, self.approver_task) = _UNASKED
        self.blocked: dict[str, None] = NOTHING_YET  # the runs that wait for somebody to send something, without a timeout
        self.waits: dict[tuple[str, str], asyncio.Future[object]] = NOTHING_YET
        self.questions: deque[tuple[ApprovalRequest, Approver]] | None = None

    async def stop_asking(self) -> None:
        """End an execution: nothing of it is left running."""
        if self.recheck is not None:
            self.recheck.cancel()
            self.recheck = None
        if self.approver_task is not None:
            self.approver_task.cancel()
            await asyncio.wait({self.approver_task})

    @abstractmethod
    def emit(self, event: object) -> None:
        """Hand an event to the listeners; for the execution to say how."""

    # who waits

    def begin_branch(self, parent: Branch) -> None:
        """Count a child that begins: it takes its parent's place as the tip of a branch, or is one more."""
        self.activity += 1
        if parent.open_children:
            self.active_branches += 1
        parent.open_children += 1

    def end_branch(self, parent: Branch) -> None:
        """Count a child that ends."""
        self.activity += 1
        parent.open_children -= 1
        if parent.open_children:
            self.active_branches -= 1
        if self.blocked:
            self.check_idle_soon()

    def count_activity(self) -> None:
        """Count a step or a wait that has ended while others wait."""
        self.activity += 1
        self.check_idle_soon()

    async def receive(self, run_id: str, topic: str | None, timeout_seconds: float | None) -> object:
        """Return what was sent for the topic, now or when it comes; None after the timeout. Without a topic, sleep."""
        if topic is None:
            await asyncio.sleep(timeout_seconds or 0)
            return None
        address = (run_id, topic)
        if address in self.inbox:
            return self.inbox[address]
        future: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        self.waits = self.waits or {}
        self.waits[address] = future
        self.activity += 1
        if topic.startswith("approve:") or timeout_seconds is None:
            self.blocked = self.blocked or {}
            self.blocked[run_id] = None
            self.check_idle_soon()
        try:
            async with asyncio.timeout(timeout_seconds):
                return await future
        except TimeoutError:
            return None
        finally:
            self.activity += 1
            self._unblock(run_id)
            del self.waits[address]

    def send(self, run_id: str, topic: str, value: object) -> None:
        """Put a value into the inbox; the first for a topic counts. Of decisions, the first that an approver has signed."""
        address = (run_id, topic)
        if address in self.inbox or (self.approvers is not None and topic.startswith("approve:") and not self._accepts(address, value)):
            return
        self.inbox = self.inbox or {}
        self.inbox[address] = value
        future = self.waits.get(address)
        if future is not None and not future.done():
            future.set_result(value)
            self.activity += 1
            self._unblock(run_id)  # it goes on in the next turn of the event loop

    def _unblock(self, run_id: str) -> None:
        if self.blocked:
            self.blocked.pop(run_id, None)

    def _accepts(self, address: tuple[str, str], value: object) -> bool:
        """Return whether a decision counts. One that comes before its request is looked at when that is asked."""
        run_id, topic = address
        request = self.pending.get(topic.removeprefix("approve:"))
        if request is None or request.run_id != run_id:
            self.offered = self.offered or {}
            self.offered.setdefault(address, []).append(value)
            return False
        if problem := self.find_problem(request, value):
            self.emit(ApproverFailed(run_id, request.digest, f"a decision does not count: {problem}"))
        return not problem

    def find_problem(self, request: ApprovalRequest, decision: object) -> str:
        """Return why a decision does not count, where only the signed ones of certain people do; empty if it does."""
        if self.approvers is None:
            return ""
        return self.approvers.find_problem(decision, request) if is_decision(decision) else "it is not a decision"

    # when all wait

    def check_idle_soon(self) -> None:
        """Look in a few turns of the event loop whether the run can only wait. It does not while an approver is asked."""
        if (self.may_suspend or self.is_shared) and not (self.is_checking or self.open_questions):
            self.is_checking = True
            asyncio.get_running_loop().call_soon(self.check_idle, 3, self.activity)

    def check_idle(self, turns: int, activity: int) -> None:
        """Pause the run if every branch waits."""
        # A branch that ends may wake a sibling that was held back by a semaphore; that takes a few turns of the event loop.
        if turns and self.blocked:
            turns = turns - 1 if activity == self.activity else 3
            asyncio.get_running_loop().call_soon(self.check_idle, turns, self.activity)
            return
        self.is_checking = False
        if not self.blocked:
            return
        if len(self.blocked) >= self.active_branches:
            if self.all_blocked():
                self.pause()
        elif self.recheck is None:
            # Fewer wait than there are branches: the others work, or are held back by a lock that one who waits holds.
            self.recheck = asyncio.get_running_loop().call_later(HELD_BACK_SECONDS, self._check_again, self.activity)

    def _check_again(self, activity: int) -> None:
        self.recheck = None
        if activity != self.activity:
            self.check_idle_soon()
        elif self.is_saving():  # a database may take long, and the branch goes on then
            self.recheck = asyncio.get_running_loop().call_later(HELD_BACK_SECONDS, self._check_again, activity)
        elif self.all_blocked():
            self.pause()

    @abstractmethod
    def is_saving(self) -> bool:
        """Return whether a branch waits for what it has stored to be written down."""

    def all_blocked(self) -> bool:
        """Return whether the run can only wait, and for long: no branch works, no approver is being asked, and a decision may take days.

        A signal is expected from this program.
        """
        may_take_long = self.pauses_always or any(topic.startswith("approve:") for _, topic in self.waits)
        return not self.open_questions and may_take_long and self.root_run is not None and not self.root_run.is_working()

    @abstractmethod
    def pause(self) -> None:
        """Pause the run, whose every branch waits; for the execution to say how."""

    # who answers

    def ask_approver(self, request: ApprovalRequest, approve: Approver | None) -> None:
        """Hand a request to the approver, one at a time, in the order they were made."""
        self.add_request(request)
        for value in self.offered.pop((request.run_id, request.topic), ()) if self.offered else ():
            self.send(request.run_id, request.topic, value)
        if approve is None or (request.run_id, request.topic) in self.inbox:
            return
        self.open_questions += 1
        if self.questions is None:
            self.questions = deque()
        self.questions.append((request, approve))
        if self.approver_task is None:
            self.approver_task = asyncio.get_running_loop().create_task(self._ask_one_by_one())

    def add_request(self, request: ApprovalRequest) -> None:
        """Add an open request."""
        self.pending = self.pending or {}
        self.pending[request.digest] = request

    async def take_decision(self, request: ApprovalRequest, decision: Decision) -> None:
        """Take up an approver's decision."""
        self.send(request.run_id, request.topic, decision)

    async def _ask_one_by_one(self) -> None:
        while self.questions:
            request, approve = self.questions.popleft()
            problem = ""
            try:
                await self._ask(request, approve)
            except Exception as error:  # noqa: BLE001  whatever it was, it leaves the request open: it must not decide anything
                problem = str(error) if isinstance(error, NotAnswered) else f"{type(error).__name__}: {error}"
            if problem:
                self.unanswered = problem
                self.emit(ApproverFailed(request.run_id, request.digest, problem))
            self.open_questions -= 1
            if self.blocked:
                self.check_idle_soon()
        self.approver_task = None

    async def _ask(self, request: ApprovalRequest, approve: Approver) -> None:
        """Ask the approver, unless the request was answered elsewhere, and take up its decision."""
        answered = self.waits.get((request.run_id, request.topic))
        if answered is None or answered.done():
            return
        decision = await ask_approver(approve, request, answered)
        if decision is not None:
            if self.approvers is not None and (problem := self.find_problem(request, decision)):
                raise NotAnswered(f"its decision does not count: {problem}")
            # Stamped by our own clock: a decision does not say itself when it was made.
            await self.take_decision(request, replace(decision, at=self.clock()))


async def ask_approver(approve: Approver, request: ApprovalRequest, answered: asyncio.Future[Any]) -> Decision | None:
    """Ask an approver and return its decision. None if it leaves the request open, or if `answered` is done first: then it is cancelled.

    Raises NotAnswered for everything else that it does. Its task is its own, so what it cancels or is cancelled by is not the run; only
    KeyboardInterrupt and SystemExit reach the event loop, and end the program.
    """
    loop = asyncio.get_running_loop()
    asking, either = loop.create_task(_call(approve, request)), loop.create_future()

    def end(done: asyncio.Future[Any]) -> None:
        if done is asking and not asking.cancelled():
            asking.exception()  # retrieved, whoever is left to look at it
        if not either.done():
            either.set_result(None)

    # By hand: asyncio.wait takes as long as all else that is done to ask.
    asking.add_done_callback(end)
    answered.add_done_callback(end)
    try:
        await either
    finally:
        answered.remove_done_callback(end)
        if not asking.done():
            asking.cancel()
            await asyncio.wait({asking}, timeout=SECONDS_TO_STOP)
    if answered.done():
        return None
    if asking.cancelled():
        raise NotAnswered("it was cancelled")
    if (error := asking.exception()) is not None:
        raise NotAnswered(f"{type(error).__name__}: {error}".removesuffix(": "))
    decision = asking.result()
    if decision is not None and not is_decision(decision):
        raise NotAnswered(f"it returned {decision!r}, which is not a decision")
    return decision


async def _call(approve: Approver, request: ApprovalRequest) -> Decision | None:
    answer: object = approve(request)
    if not inspect.isawaitable(answer):
        raise TypeError(f"it is not async: it returned {answer!r} at once. Write: async def")
    decision: Decision | None = await answer
    return decision
