"""What the engine of a program and its executions share where runs are on a Temporal server."""

from __future__ import annotations

import asyncio
import contextvars
import json
import logging
from collections.abc import Callable
from contextlib import suppress
from functools import cached_property
from typing import Any, NoReturn

from temporalio import activity
from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError

from sayso.tools.approval.requests import Approve, Edit, Reject
from sayso.tools.errors import UsageError

from ..durable import records
from ..durable.app import App
from ..durable.chain import START, Keys, Row, fingerprint, journal_keys, link_rows
from ..durable.database import DatabaseLost
from ..durable.lease import Lease, LeaseTimes, read_clock
from ..durable.liveness import new_owner
from ..durable.log_writes import Added, Addition
from ..durable.news import News, Receiver
from ..durable.records import InboxRow, NewRun, RunRow, Superseded
from ..durable.store import STATES, RunStore
from ..runs.codec import to_json
from ..runs.events import ApprovalAsked, WriteSettled, WriteStarted
from ..runs.same_run import Asked, check_same_run, check_same_user
from .keeper import KEEPER, Stored
from .temporal_server import TemporalServer

log: logging.Logger = logging.getLogger(__name__)
LOOK_SECONDS = 1.0
"""How often a run that is executed here asks its keeper what was sent."""


class NoDatabase:
    """Stands where runs on a database have theirs, and says so."""

    is_sqlite = False

    def __init__(self, place: str) -> None:
        self.place = place

    async def do(self, work: object) -> NoReturn:
        """Raise UsageError."""
        self.do_now(work)

    async def do_together(self, item: object, work: object) -> NoReturn:
        """Raise UsageError."""
        self.do_now(work)

    def do_now(self, work: object) -> NoReturn:
        """Raise UsageError."""
        raise UsageError(f"Runs on Temporal do not support this ({self.place}). docs/durable.md lists the differences.")


class TemporalLease(Lease):
    """What this program executes. Its life is shown to the server by the activities that hold its runs, in the thread of the client."""

    def __post_init__(self) -> None:
        self._holding: dict[tuple[str, int], tuple[asyncio.AbstractEventLoop, asyncio.Event]] = {}

    def begin(self) -> None:
        """Do nothing: the first held run begins it."""

    def end(self) -> None:
        """Do nothing: the server sees it."""

    def forget(self, run_id: str, attempt: int) -> None:
        """Note that a claimed run is not executed here any more."""
        super().forget(run_id, attempt)
        if (holding := self._holding.get((run_id, attempt))) is not None:
            loop, event = holding
            with suppress(RuntimeError):  # it is closed
                loop.call_soon_threadsafe(event.set)

    async def hold(self, run_id: str, attempt: int) -> None:
        """Tell the server that this program lives, until it lets go of a run."""
        event = asyncio.Event()
        self._holding[run_id, attempt] = asyncio.get_running_loop(), event
        try:
            while self.carried.get(run_id) == attempt and not event.is_set():
                self.beat()
                with suppress(TimeoutError):
                    await asyncio.wait_for(event.wait(), self.times.renew_seconds / 2)
        finally:
            del self._holding[run_id, attempt]

    def beat(self) -> None:
        """Tell the server from an activity that this program lives."""
        activity.heartbeat()
        self.renewed_at: float = read_clock()


class TemporalNews(News):
    """Asks the keeper of each run that is executed here what was sent."""

    def __init__(self, server: TemporalServer) -> None:
        self._server = server
        self._asking: dict[tuple[str, int], asyncio.Task[None]] = {}
        self._told: dict[str, int] = {}  # since the last look: how many values had been sent when something was added to a run

    def note(self, run_id: str, sent: int) -> None:
        """Note what a keeper said of its inbox while it added to its log: it needs no question then."""
        self._told[run_id] = sent

    def watch(self, receiver: Receiver, lease: Lease) -> None:
        """Hand news to an execution, until `leave`."""
        loop = asyncio.get_running_loop()
        self._asking[receiver.claim] = loop.create_task(self._ask(receiver), context=contextvars.Context())

    def leave(self, receiver: Receiver) -> None:
        """Hand no more news to an execution."""
        self._told.pop(receiver.claim[0], None)
        if (asking := self._asking.pop(receiver.claim, None)) is not None:
            asking.cancel()

    async def _ask(self, receiver: Receiver) -> None:
        run_id, attempt = receiver.claim
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            if 0 <= self._told.pop(run_id, -1) <= receiver.count_received():
                continue
            with suppress(DatabaseLost, UsageError):
                found = await self._server.query(run_id, "look_for_news", receiver.count_received())
                if found["attempt"] != attempt:
                    receiver.end_lost()
                    return
                if found["inbox"] and receiver.claim in self._asking:
                    receiver.receive_news([InboxRow(*row) for row in found["inbox"]])


class TemporalStore(RunStore):
    """Talks with the workflows that keep runs."""

    most_characters = 1_900_000
    """A claim is answered with the log of the run, and a server takes 2 MB at once: a larger answer would fail the workflow for ever."""

    def __init__(self, url: str, app: App | None, times: LeaseTimes, clock: Callable[[], float]) -> None:
        if journal_keys() is not None:
            raise UsageError("Runs on Temporal have no keys: the server signs nothing. Take SAYSO_JOURNAL_KEY away, or use Postgres.")
        self.app: App | None = app
        self.keys: Keys | None = None
        self.times: LeaseTimes = times
        self.clock: Callable[[], float] = clock
        self.approvers = self.heads = self.ledger = None
        self.owner: str = new_owner()
        self.server: TemporalServer = TemporalServer(url, self._hold, f"sayso-program-{self.owner}")
        self.private_queue: str = f"sayso-program-{self.owner}"
        self.database: Any = NoDatabase(self.server.address.place)
        self.news = news = TemporalNews(self.server)
        self._note_sent = news.note
        self.stopped_state = records.INTERRUPTED

    @cached_property
    def lease(self) -> TemporalLease:
        """Return what this program executes."""
        nobody: Any = None
        return TemporalLease(self.server.address.target, nobody, self.owner, self.times, self.clock)

    async def _hold(self, run_id: str, attempt: int) -> None:
        await self.lease.hold(run_id, attempt)

    def close(self) -> None:
        """Let go of the server."""
        self.server.close()

    # a run's start

    async def create(self, new: NewRun) -> RunRow:
        """Begin the workflow that keeps a run, or find it. Raises RunIdTaken if the run of that id is another one."""
        created: dict[str, Any] = {"limits": json.loads(new.limits), "state": new.state} | ({"user": new.user} if new.user else {})
        first = Row(0, new.now, new.id, "started", new.flow, new.input), Row(0, new.now, new.id, "created", new.app, json.dumps(created))
        chain = link_rows(START, 0, first, None)
        row = RunRow(
            new.id, new.flow, new.app, new.input, new.limits, new.state, 0, None, len(chain), chain[-1].hash, new.now, new.now, None, None,
            None, new.user,
        )  # fmt: skip
        fresh: Stored = {"row": list(row), "log": [list(each) for each in chain], "inbox": [], "approvals": {}}
        await self._begin(row, fresh, WorkflowIDReusePolicy.REJECT_DUPLICATE)
        known = await self.read_row(new.id)
        if (known.flow, known.input) != (new.flow, new.input):
            check_same_run(new.id, Asked(known.flow, known.input), Asked(new.flow, new.input))
        if new.user != known.for_user:
            check_same_user(new.id, known.for_user, new.user)
        if known.state == records.FAILED:  # its workflow is over; the run goes on in another one, with all that was kept
            kept = await self.server.query(new.id, "all")
            kept["row"] = list(known._replace(state=records.QUEUED if known.app else records.INTERRUPTED))
            await self._begin(known, kept, WorkflowIDReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY)
            known = await self.read_row(new.id)
        return known

    async def _begin(self, row: RunRow, kept: Stored, reuse: WorkflowIDReusePolicy) -> None:
        address = self.server.address
        queue = address.find_queue(row.app) if row.app else ""

        async def begin(client: Client) -> None:
            await client.start_workflow(
                KEEPER,
                {**kept, "queue": queue, "lease_seconds": self.times.expire_seconds},
                id=f"{address.prefix}{row.id}",
                task_queue=address.keepers,
                id_reuse_policy=reuse,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            )

        with suppress(WorkflowAlreadyStartedError):
            await self.server.ask(begin)

    async def read_row(self, run_id: str) -> RunRow:
        """Return the row of a run. Raises UsageError if there is none."""
        return RunRow(*await self._try_patiently(self.server.query, run_id, "row"))

    # what an execution adds, and what is sent to it

    async def add(self, addition: Addition) -> Added:
        """Add to the log of a claimed run. Raises Superseded where it is somebody else's by now, DatabaseLost."""
        run, ending = addition.run, addition.ending
        rows = [list(row) for row in addition.rows]
        asked: Stored = {
            "attempt": run.attempt,
            "owner": run.owner,
            "before": run.number,
            "rows": rows,
            "now": addition.now,
            "requests": [change for event in addition.events if (change := _describe(run.id, event)) is not None],
            "ending": ending._asdict() if ending is not None else None,
        }
        # The same addition again, after an answer that did not come, is the same update.
        same = f"{run.attempt}.{run.number}.{fingerprint(json.dumps(asked))[:24]}"
        told = await self._try_patiently(self.server.update, run.id, "add", asked, same)
        if told is None or not told["held"]:
            raise Superseded(f"Run {run.id} is executed elsewhere, or was stopped; later results of this program are not stored.")
        return Added(run._replace(number=told["number"], head=told["head"]), told["goes_on"])

    def keep_unwritten(self, addition: Addition) -> None:
        """Do nothing: what the server did not take is done again by whoever takes the run over."""

    async def check_claim(self, claimed: RunRow) -> None:
        """Raise Superseded if a claim does not hold any more."""
        now = await self.read_row(claimed.id)
        if (now.state, now.attempt, now.owner) != (records.RUNNING, claimed.attempt, claimed.owner):
            raise Superseded(f"Run {claimed.id} is executed elsewhere, or was stopped; nothing more of it is begun here.")

    async def read_inbox(self, run_id: str) -> list[InboxRow]:
        """Return what was sent to a run and its children."""
        found = await self._try_patiently(self.server.query, run_id, "look_for_news", -1)
        return [InboxRow(*row) for row in found["inbox"]]

    async def send(self, run_id: str, topic: str, value: object, now: float) -> InboxRow:
        """Put a value into the inbox of a run or a child; return the row that counts, the first for the topic."""
        written, decided = json.dumps(to_json(value, f"the signal {topic!r}")), None
        if isinstance(value, (Approve, Edit, Reject)):
            decided = {
                "digest": topic.removeprefix("approve:"),
                "state": STATES[type(value)],
                "by": value.by,
                "at": now,
            }
            if value.statement:
                topic = f"{topic}{records.MARK}{fingerprint(value.statement)[:16]}"
        row = InboxRow(run_id.partition("/")[0], run_id, topic, written, now, None)
        counts = await self._try_patiently(self.server.update, run_id, "send", {"row": list(row), "decided": decided})
        if counts is None and (await self.read_row(row.root)).state == records.FAILED:
            raise UsageError(
                f"Run {row.root} has failed, and on Temporal a failed run receives nothing until it goes on. Have it go on first: start or "
                "submit it again under its id."
            )
        return row if counts is None else InboxRow(*counts)


def _describe(root: str, event: object) -> Stored | None:
    """Return what an event changes about a request, as the keeper reads it."""
    match event:
        case ApprovalAsked(run, request):
            about = (request.digest, request.key, root, run, request.tool, request.card, json.dumps(to_json(request)))
            return {"to": "proposed", "row": [*about, request.proposed_at, request.expires_at]}
        case WriteStarted(_, _, key):
            return {"key": key, "from": "approved", "to": "executing"}
        case WriteSettled(_, _, key, outcome):
            return {"key": key, "from": "executing", "to": str(outcome)}
    return None
