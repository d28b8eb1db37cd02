"""The execution of a run in a database: claimed before it begins, and let go of at its end or its pause."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from sayso.tools.approval.requests import ApprovalRequest, Decision
from sayso.tools.canonical import Json
from sayso.tools.errors import Cancelled, RunError, UsageError

from ..events.event_reader import Over
from ..events.watched_execution import Listener, hand_out, read_streamed
from ..events.watched_run import WatchedRun
from ..runs.codec import from_json, to_json
from ..runs.execution import AnyResult, Execution
from ..runs.limits import limits_text
from ..runs.protocols import Earlier, Engine, HeadGuard, Scope, WorkflowCode
from . import records
from .chain import fingerprint
from .database import DatabaseLost, Session, to_the_end
from .durable_journal import DurableJournal
from .log_writes import RunEnd, create_or_find
from .log_writes import claim as claim_run
from .news import POLL_SECONDS
from .records import Claimed, InboxRow, NewRun, RunRow, Superseded
from .store import RunStore, seal_input

if TYPE_CHECKING:  # late, for load time: few programs listen to the events of all runs
    from .log_events import ExecutionEvents

log: logging.Logger = logging.getLogger(__name__)
FindEnd = Callable[[RunRow], Awaitable[AnyResult]]
"""Returns what a run came to that nobody executes."""


class Unreadable(RunError):
    """What is stored of a run is of types that this program does not know: those of newer code, or of a module that is not loaded here."""


class DurableExecution(Execution):
    """One run with all its children, executed here under a claim: only the writes of the program that claimed the run last count."""

    value: Any
    inbox: dict[tuple[str, str], object]
    offered: dict[tuple[str, str], list[object]]
    pending: dict[str, ApprovalRequest]
    attempts: int
    attempt_prefix: str
    head_guard: HeadGuard | None
    branch_events: dict[str, type]

    __slots__ = (
        "_events",
        "_find_end",
        "_followers",
        "_rows",
        "by_worker",
        "claimed_before",
        "event_listeners",
        "loop",
        "notes",
        "saved",
        "store",
    )

    def __init__(
        self,
        store: RunStore,
        run_id: str,
        workflow: WorkflowCode,
        value: object,
        make_scope: Callable[[], Scope],
        clock: Callable[[], float],
        engine: Engine,
        find_end: FindEnd,
    ) -> None:
        self.store = store
        self.saved: DurableJournal = DurableJournal(store, run_id, clock)
        super().__init__(run_id, workflow, value, make_scope, journal=self.saved, make_run=WatchedRun, clock=clock, engine=engine)
        self._find_end = find_end
        self.event_listeners: tuple[Listener, ...] = ()
        self.notes: dict[tuple[str, str], Mapping[str, Any]] | None = None  # what steps send and call, where somebody hears of it
        self._events: ExecutionEvents | None = None
        self._followers: list[Listener] = []
        self._rows: set[tuple[str, str]] = set()  # of the inbox, by run and topic
        self.by_worker: bool = False
        self.claimed_before: Claimed | None = None  # a worker claims many runs at once, before it opens them
        self.loop: asyncio.AbstractEventLoop | None = None

    @property
    def user(self) -> str:
        """Return whose run it is: as the database says, once it was claimed."""
        return self.saved.claimed.for_user if hasattr(self.saved, "claimed") else super().user

    @property
    def flow(self) -> str:
        """Return the name of the agent or workflow that is run, as the database says."""
        return self.saved.claimed.flow if hasattr(self.saved, "claimed") else super().flow

    # claiming and letting go

    async def create(self) -> None:
        """Put the run into the database, for others to send to, before anybody executes it."""
        new, store = self._describe(), self.store

        def create(session: Session) -> None:
            if store.ledger is not None:
                store.ledger.check_start(session, new)
            create_or_find(session, new, store.keys, store.database.is_sqlite)

        await store.database.do(create)

    def _describe(self) -> NewRun:
        app = self.store.app
        assert self.asked is not None
        flow, given = self.asked.flow, seal_input(self.id, getattr(self.workflow, "__self__", None), self.value, str(self.asked.input))
        limits = limits_text(self.make_scope().meter.limits)
        return NewRun(
            self.id, flow, app.name if app is not None and flow in app else "", given, limits, records.NEW, self.clock(), self.asked.user
        )

    async def _execute(self, suspends: bool) -> AnyResult:
        while True:
            claimed, self.claimed_before = self.claimed_before or await self._claim(), None
            if isinstance(claimed, Claimed):
                try:
                    await self._take(claimed)
                    return await self._execute_claimed(suspends)
                except Superseded as error:  # somebody else has the run by now: its end is ours, and if nobody goes on with it we do
                    if self.by_worker or error is not self.saved.lost:
                        raise
                finally:
                    self.store.lease.forget(self.id, claimed.run.attempt)
            elif claimed.state != records.RUNNING:
                self.result = await self._find_end(claimed)
                return self.result
            await asyncio.sleep(POLL_SECONDS)

    async def _claim(self) -> Claimed | RunRow:
        """Claim the run, or return it as it is where it cannot be claimed."""
        lease, tried = self.store.lease, [0]
        claiming = asyncio.ensure_future(self._ask_for_claim(tried))

        async def let_go() -> None:
            claimed = await claiming
            if isinstance(claimed, Claimed):
                try:
                    self.saved.begin(claimed)
                    await self._end(self.store.stopped_state)
                finally:
                    lease.forget(self.id, claimed.run.attempt)

        try:
            claimed = await asyncio.shield(claiming)
        except DatabaseLost:  # it may have been claimed all the same: then the lease gives it back
            lease.forget(self.id, tried[-1])
            raise
        except asyncio.CancelledError:  # a claim that comes when we are stopped is let go of, for nobody else could execute the run
            with suppress(asyncio.CancelledError, DatabaseLost):
                await to_the_end(let_go())
            raise
        if not isinstance(claimed, Claimed):
            lease.forget(self.id, tried[-1])
        return claimed

    async def _ask_for_claim(self, tried: list[int]) -> Claimed | RunRow:
        """Claim the run if it can be; the attempt is added to `tried` before it is known whether it was."""
        store, now, new = self.store, self.clock(), self._describe()
        lease, is_sqlite = store.lease, store.database.is_sqlite

        def claim(session: Session) -> Claimed | RunRow:
            if store.ledger is not None:
                store.ledger.check_start(session, new)
            row = create_or_find(session, new, store.keys, is_sqlite)
            if (row.owner, row.attempt) != (lease.owner, tried[-1]) and (
                row.state == records.DONE or (row.state == records.RUNNING and not store.is_orphan(session, row))
            ):  # it cannot be claimed, and it is no claim of ours whose commit was not confirmed
                return row
            limits = new.limits if new.limits != "null" else None
            is_keyed = store.keys is not None or row.head.startswith("k")
            log = store.load_log(session, row) if is_keyed else records.log_rows(session, self.id)
            lease.claim_in(session, [(self.id, row.attempt + 1)])
            tried.append(row.attempt + 1)
            return claim_run(session, row, log, lease.owner, limits, store.keys, now, is_sqlite)

        return await store.do_patiently(claim)

    async def _take(self, claimed: Claimed) -> None:
        """Take over all that the database has of the run, as this program's state of it. Raises Unreadable, and lets go of the run."""
        self.loop = asyncio.get_running_loop()
        self.store.lease.held.add((self.id, claimed.run.attempt))
        self.inbox, self.pending, self.offered = {}, {}, {}
        self._rows = set()  # each execution receives all that was sent
        self.attempts = claimed.run.attempt - 1
        self.attempt_prefix = f"{self.id}#{claimed.run.attempt}."
        self.result = None
        if self.event_listeners:
            from .log_events import ExecutionEvents  # late, for load time

            self.notes, self._events = {}, ExecutionEvents(self)
            self._events.begin(claimed.log, self.event_listeners)
        if self.store.heads is not None:
            from .head_guard import DurableHeadGuard  # late, for load time: most programs keep no heads

            self.head_guard = DurableHeadGuard(self.store, self.saved, self.store.heads)
        try:
            self.branch_events = self.saved.begin(claimed)
            self.value = from_json(self.saved.read(claimed.run.input))
            self.receive_rows(claimed.inbox)
        except Exception as error:  # noqa: BLE001  its input, its log or what was sent to it, of types that are not known here
            await self._end(self.store.stopped_state)
            raise Unreadable(f"Run {self.id} cannot be read here, and is left to programs that can: {error}") from None

    def receive_rows(self, rows: Iterable[InboxRow]) -> None:
        """Receive what is in the inbox of the database and is not known here yet."""
        for row in rows:
            if (row.run, row.topic) in self._rows:
                continue
            self._rows.add((row.run, row.topic))
            if self.store.keys is not None and (why := self.store.find_refusal(row)):
                log.warning("What was sent to run %s under %r does not count: %s. See: sayso verify %s", row.run, row.place, why, self.id)
                continue
            try:
                value = from_json(self.saved.read(row.value))
            except (ValueError, TypeError, KeyError, AttributeError, UsageError) as error:
                if not row.topic.startswith("approve:"):
                    raise
                log.warning("A decision that was sent to run %s cannot be read, so it does not count: %s", row.run, error)
                continue
            self.send(row.run, row.topic.partition(records.MARK)[0], value)

    async def _execute_claimed(self, suspends: bool) -> AnyResult:
        """Execute the run under the claim, and let go of it as it ended."""
        self.store.news.watch(self, self.store.lease)
        try:
            while True:
                result = await super()._execute(suspends)
                if result.finished:
                    output = {"value": result.value, "usage": result.usage, "messages": list(result.messages), "labels": result.labels}
                    await self._end(records.DONE, "output", to_json(output, "the run's output"))
                    return result
                if await self._let_go():
                    return result
        except Cancelled:
            await self._end(records.CANCELLED)
            raise
        except Exception as error:
            if error is self.saved.lost:
                raise
            self.saved.forget_failures(error)
            await self._end(records.FAILED, "error", to_json(error))
            raise
        except BaseException:  # this program is being stopped; the run is not over
            await asyncio.shield(self._end(self.store.stopped_state))
            raise
        finally:
            self.store.news.leave(self)
            self.saved.stop_timer()

    async def _let_go(self) -> bool:
        """Let go of a run that can only wait; False if something was sent meanwhile, and it goes on."""
        wake_at = min((request.expires_at for request in self.pending.values()), default=None)
        self.saved.add("ended", self.id, records.WAITING, {"wake_at": wake_at})
        if await self.saved.save(RunEnd(records.WAITING, wake_at, known=self.known_at_pause)):
            if self.head_guard is not None:
                await self.head_guard.keep()
            self._tell(Over(records.WAITING))
            return True
        self.receive_rows(await self.store.read_inbox(self.id))
        return False

    async def _end(self, state: str, what: str = "", value: Json = None) -> None:
        """End the execution: the run is in that state then, with its "output" or its "error" where it is over."""
        secrets = self.saved.sealed
        stored = secrets.seal(value) if secrets.texts else value
        text = json.dumps(stored)
        if what == "output":
            self.saved.take_room(f"The output of run {self.id}", text)
        # The row of the run has the error of its last execution only: that of an earlier one is told from the log.
        told = {"raised": stored} if what == "error" else {}
        self.saved.add("ended", self.id, state, {what: fingerprint(text), **told} if what else {})
        if self._events is not None:
            self._tell(self._events.describe_end(state, text if what == "output" else None, text if what == "error" else None))
        output, error = (text if what == name else None for name in ("output", "error"))
        with suppress(Superseded, DatabaseLost):  # then it is not ours to end
            await self.saved.save(RunEnd(state, output=output, error=error))
            if self.head_guard is not None:
                await self.head_guard.keep()

    def emit(self, event: object, is_own: bool = False) -> None:
        """Hand an event to the listeners, and store it."""
        super().emit(event, is_own)
        self._tell(event)

    def put_nowait(self, event: object) -> None:
        """Take what the run publishes while it streams, as one of its listeners, and hand it on."""
        hand_out(self._followers, read_streamed(event, self.clock()))

    def follow(self, listener: Listener) -> Callable[[], None]:
        """Hand each event of the next execution to a listener, and what streams. Return how to stop it."""
        self.event_listeners = (*self.event_listeners, listener)
        self._followers.append(listener)
        self.listeners.append(self)

        def stop() -> None:
            self.event_listeners = tuple(each for each in self.event_listeners if each is not listener)
            self._followers.remove(listener)
            del self.listeners[next(index for index, each in enumerate(self.listeners) if each is self)]

        return stop

    def _tell(self, event: object) -> None:
        """Hand what happens to those who listen to the events of all runs."""
        if self._events is not None:
            hand_out(self.event_listeners, self._events.read(event))

    async def find_earlier(self, key: str, attempt: str) -> Earlier:
        """Return what is known of the programs that may have begun the write `key` since `attempt`, a name like "r1#2.1"."""
        number = attempt.rpartition("#")[2].partition(".")[0]

        def look(session: Session) -> Earlier:
            performers = records.find_performers(session, self.id, key, number)
            return self.store.find_earlier(session, performers) if performers else Earlier.MAY_ACT

        return await self.store.do_patiently(look)

    async def find_stored(self, name: str) -> object:
        """Return what the user's latest run that has a step of that name has stored for it; None for none, or for what cannot be read."""
        user = self.user
        found = await self.store.do_patiently(lambda session: records.find_stored(session, user, name))
        with suppress(ValueError, TypeError, KeyError, UsageError):
            return None if found is None else from_json(json.loads(found))
        return None

    # what other programs send

    async def find_withdrawn(self) -> Collection[str]:
        """Return the ids of the standing approvals that were withdrawn until now, as the database has them this moment."""
        self.receive_rows(await self.store.read_inbox(self.id))
        return await super().find_withdrawn()

    @property
    def claim(self) -> tuple[str, int]:
        """Return the run's id and the attempt that claimed it."""
        return self.id, self.saved.claimed.attempt

    def count_received(self) -> int:
        """Return of how many values it knows."""
        return len(self._rows)

    def receive_news(self, rows: list[InboxRow]) -> None:
        """Receive what other programs have sent: decisions, signals, a cancel."""
        was_cancelled = self.cancel_address in self.inbox
        self.receive_rows(rows)
        if self.cancel_address in self.inbox and not was_cancelled and self.executing_task is not None:
            self.executing_task.cancel()  # once: while a write is awaited each cancel counts

    def end_lost(self) -> None:
        """End what waits here for a run that somebody else has by now: nobody would ever answer it."""
        if self.saved.lost is not None:
            return
        self.saved.lost = lost = Superseded(f"Run {self.id} is executed elsewhere; nothing more of it is begun here.")
        lost.run_id = self.id
        for future in self.waits.values():
            if not future.done():
                future.set_exception(lost)

    def interrupt(self) -> None:
        """Stop executing it here, from whatever thread; the run is not over."""

        def cancel() -> None:
            if self.executing_task is not None:
                self.executing_task.cancel()

        if self.loop is not None and self.is_running:
            self.loop.call_soon_threadsafe(cancel)

    async def take_decision(self, request: ApprovalRequest, decision: Decision) -> None:
        """Take up an approver's decision: it counts if it is the first, and once it is on the disk."""
        try:
            if self.saved.has_unsaved:
                await self.saved.save()
            self.receive_rows([await self.store.send(request.run_id, request.topic, decision, self.clock())])
        except (Superseded, DatabaseLost) as error:  # the decision is not stored, so it does not count; the run gets the reason
            self.saved.lost = error
            waiting = self.waits.get((request.run_id, request.topic))
            if waiting is not None and not waiting.done():
                waiting.set_exception(error)
