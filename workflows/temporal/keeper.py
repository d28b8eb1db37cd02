"""The Temporal workflow of a run: it holds the log, the inbox and the claim, and hands the run to whoever executes it.

All that it does follows from what it is sent, so a replay of its history leads to the same state. Code of users never runs in it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from random import Random
from typing import Any

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError

from ..durable import records
from ..durable.chain import START, Row, link_rows
from ..durable.log_writes import ALONE_DEATHS, SUSPECT_DEATHS, SUSPECT_PAUSE_SECONDS, link_begun
from ..durable.records import InboxRow, RunRow
from ..runs.execution import CANCEL

Stored = dict[str, Any]
"""What goes to Temporal and comes back: JSON."""
EXECUTE, HOLD, KEEPER = "sayso.execute", "sayso.hold", "sayso.run"
ONCE = RetryPolicy(maximum_attempts=1)
LONG = timedelta(days=3650)
MOST_UPDATES = 1900
"""After how many updates a run goes on in another Temporal run: a server takes 2,000 of one."""


@workflow.defn(name=KEEPER, sandboxed=False)
class RunKeeper:
    """Keeps one run. `given` is its row, its first rows, and what an earlier Temporal run of it has kept."""

    @workflow.init
    def __init__(self, given: Stored) -> None:
        self.row: RunRow = RunRow(*given["row"])
        self.log: list[Row] = [Row(*each) for each in given["log"]]
        self.inbox: list[InboxRow] = [InboxRow(*each) for each in given["inbox"]]
        self.approvals: dict[str, Stored] = given["approvals"]
        self.queue: str = str(given["queue"])
        self.lease_seconds: float = float(given["lease_seconds"])
        self.deaths: int = 0
        self.holders: set[asyncio.Task[None]] = set()
        self.updates: int = 0
        self.is_full: bool = False

    @workflow.run
    async def run(self, given: Stored) -> Stored:
        """See the run through to its end."""
        while True:
            await self._see_through()
            await workflow.wait_condition(lambda: not self._has_to_end() or self._is_left())
            if self.row.state in records.ENDED:
                break
            if self._has_to_end():
                workflow.continue_as_new({**self.all(), "queue": self.queue, "lease_seconds": self.lease_seconds})
        if self.row.state == records.FAILED:  # its log is kept; whoever asks for it again begins another Temporal run with it
            raise ApplicationError(f"Run {self.row.id} failed.", type="sayso.failed", non_retryable=True)
        return {"state": self.row.state}

    def _is_left(self) -> bool:
        """Return whether nobody holds the run any more, or is just being answered."""
        return not self.holders and workflow.all_handlers_finished()

    def _has_to_end(self) -> bool:
        """Return whether this Temporal run is over: the run is, or goes on in another one and is executed by nobody right now."""
        return self.row.state in records.ENDED or (self.is_full and self.row.state != records.RUNNING)

    async def _see_through(self) -> None:
        """Have the run executed until it is over, or has to go on in another Temporal run."""
        while not self._has_to_end():
            if self.row.state == records.QUEUED and self.queue:
                await self._have_it_executed()
                continue
            wake_at = self.row.wake_at if self.row.state == records.WAITING else None
            left = None if wake_at is None else max(0.0, wake_at - workflow.time())
            try:
                await workflow.wait_condition(self._has_changed(self.row.state), timeout=left)
            except TimeoutError:
                if self.row.state == records.WAITING:
                    self._become(records.QUEUED)

    def _has_changed(self, state: str) -> Any:
        return lambda: self.row.state != state

    def _become(self, state: str) -> None:
        self.row = self.row._replace(state=state, owner=None, wake_at=None)

    async def _have_it_executed(self) -> None:
        """Hand the run to a worker of its app; where that dies, or cannot read it, the run is queued again."""
        if self.deaths >= SUSPECT_DEATHS:
            await workflow.sleep(self.find_pause(workflow.random()))
        before = self.row.attempt
        with suppress(ActivityError):
            await self._start(EXECUTE, self.queue, None, self.row.id)
        if self.row.state == records.QUEUED and self.row.attempt == before:
            await workflow.sleep(SUSPECT_PAUSE_SECONDS)  # nobody has claimed it: it cannot be read there
        self._release(self.row.attempt)

    def find_pause(self, chance: Random) -> float:
        """Return for how many seconds a suspect waits. Keepers know nothing of each other, so those lost together part by chance."""
        pause = SUSPECT_PAUSE_SECONDS * self.deaths
        if self.deaths >= ALONE_DEATHS and self.is_since("spread suspects"):
            pause += chance.uniform(0, SUSPECT_PAUSE_SECONDS * 2**self.deaths)
        return pause

    def is_since(self, change: str) -> bool:
        """Return whether this is executed by the code since a change, and not replayed as it was before."""
        return workflow.patched(change)

    async def _start(self, name: str, queue: str, soon: timedelta | None, *args: object) -> None:
        beats = timedelta(seconds=self.lease_seconds)
        await workflow.execute_activity(
            name,
            args=args,
            task_queue=queue,
            heartbeat_timeout=beats,
            start_to_close_timeout=LONG,
            schedule_to_start_timeout=soon,
            retry_policy=ONCE,
        )

    async def _watch_holder(self, queue: str, attempt: int) -> None:
        """Have the program that has claimed the run say that it lives, for as long as it executes it."""
        with suppress(ActivityError):
            await self._start(HOLD, queue, timedelta(seconds=self.lease_seconds), self.row.id, attempt)
        self._release(attempt)

    def _release(self, attempt: int) -> None:
        """Queue the run if the program that had claimed it is gone."""
        if self.row.state == records.RUNNING and self.row.attempt == attempt:
            self.deaths += 1
            is_given_up = self.deaths >= records.MOST_DEATHS and self.is_since("most deaths")
            self._become(records.QUEUED if self.row.app and not is_given_up else records.INTERRUPTED)
            if is_given_up:
                self.row = self.row._replace(error=records.say_given_up())

    # what programs do to it

    @workflow.update
    async def claim(self, asked: Stored) -> Stored:
        """Claim the run for a program, unless another executes it or it is over."""
        self.updates += 1
        if self.row.state in (records.DONE, records.CANCELLED, records.RUNNING) or asked["attempt"] != self.row.attempt:
            return {"claimed": False, "row": list(self.row)}
        limits = self.row.limits if asked["limits"] is None else asked["limits"]
        run = self.row._replace(
            state=records.RUNNING, attempt=self.row.attempt + 1, owner=asked["owner"], limits=limits, wake_at=None, error=None
        )
        chain = link_begun(run, self.log, None, asked["now"])
        self.log += chain
        self.row = run._replace(number=chain[-1].number, head=chain[-1].hash, changed_at=asked["now"])
        if asked["queue"]:
            watching = asyncio.create_task(self._watch_holder(asked["queue"], self.row.attempt))
            self.holders.add(watching)
            watching.add_done_callback(self.holders.discard)
        return {"claimed": True, **self.all()}

    @workflow.update
    async def add(self, asked: Stored) -> Stored:
        """Add rows to the log, and end the execution; nothing where the run is somebody else's by now."""
        self.updates += 1
        run, ending = self.row, asked["ending"]
        if (run.state, run.attempt, run.owner, run.number) != (records.RUNNING, asked["attempt"], asked["owner"], asked["before"]):
            return {"held": False}
        goes_on = ending is not None and ending["known"] is not None and ending["known"] != len(self.inbox)
        rows = [Row(*row) for row in asked["rows"]]
        chain = link_rows(run.head or START, run.number, [row for row in rows if not (goes_on and row.kind == "ended")], None)
        self.log += chain
        if chain:
            run = run._replace(number=chain[-1].number, head=chain[-1].hash)
        is_over = ending is not None and not goes_on
        if any(row.kind == "kept" for row in chain) or (is_over and self.deaths and self.is_since("an end counts")):
            self.deaths = 0
        self.row = run._replace(changed_at=asked["now"])
        for change in asked["requests"]:
            self._move_request(change)
        if ending is None and self.updates >= MOST_UPDATES and self._can_be_let_go_of():
            self.is_full = True
            self._become(records.QUEUED if self.row.app else records.INTERRUPTED)
            return {"held": False}
        if ending is not None and not goes_on:
            self._become(ending["state"])
            self.row = self.row._replace(wake_at=ending["wake_at"], output=ending["output"], error=ending["error"])
            self._close_requests()
        return {"held": True, "goes_on": goes_on, "number": self.row.number, "head": self.row.head, "sent": len(self.inbox)}

    def _can_be_let_go_of(self) -> bool:
        """Return whether no write is under way, so that what is written by now is all that whoever goes on has to know."""
        return not records.find_under_way(self.log) and self.is_since("goes on in another")

    def _move_request(self, change: Stored) -> None:
        if change["to"] == "proposed":
            self.approvals.setdefault(change["row"][0], {"row": change["row"], "state": "proposed"})
            return
        for approval in self.approvals.values():
            if approval["row"][1] == change["key"] and approval["state"] == change["from"]:
                approval["state"] = change["to"]

    def _close_requests(self) -> None:
        if self.row.state in (records.DONE, records.CANCELLED):
            for approval in self.approvals.values():
                if approval["state"] == "proposed":
                    approval["state"] = "closed"
        cut_off = records.find_cut_off(self.log) if self.row.state == records.CANCELLED else ()
        for approval in self.approvals.values():
            if approval["row"][1] in cut_off and approval["state"] in ("approved", "executing"):
                approval["state"] = "unknown"

    @workflow.update
    async def send(self, asked: Stored) -> list[Any]:
        """Put a value into the inbox and return the row that counts, the first for its topic. A waiting run goes on."""
        self.updates += 1
        return list(self._receive(asked))

    @workflow.signal(name="send")
    async def receive(self, asked: Stored) -> None:
        """Put a value into the inbox, by whoever can signal a workflow: {"row": [root, run, topic, JSON, at, null]}."""
        if self.row.state not in records.ENDED:
            self._receive(asked)

    def _receive(self, asked: Stored) -> InboxRow:
        row = InboxRow(*asked["row"])
        for known in self.inbox:
            if (known.run, known.topic) == (row.run, row.topic):
                return known
        self.inbox.append(row)
        decided = asked.get("decided")
        if decided is not None and (approval := self.approvals.get(decided["digest"])) is not None and approval["state"] == "proposed":
            approval.update(decided)
        if self.row.state == records.WAITING:
            self._become(records.QUEUED)
        return row

    @workflow.update
    async def cancel(self, now: float) -> None:
        """Cancel the run: at once where nobody executes it, else whoever does so is told."""
        self.updates += 1
        root = self.row.id
        self._receive({"row": [root, root, CANCEL, "true", now, None]})
        if self.row.state != records.RUNNING:
            self._become(records.CANCELLED)
            self.row = self.row._replace(error=None)
            self._close_requests()

    # what programs ask of it

    @workflow.query
    def all(self) -> Stored:
        """Return all that is kept of the run."""
        return {
            "row": list(self.row),
            "log": [list(row) for row in self.log],
            "inbox": [list(row) for row in self.inbox],
            "approvals": self.approvals,
        }

    @workflow.query(name="row")
    def tell_row(self) -> list[Any]:
        """Return the row of the run."""
        return list(self.row)

    @workflow.query
    def log_since(self, number: int) -> Stored:
        """Return the row of the run, and its log after a row."""
        return {"row": list(self.row), "log": [list(row) for row in self.log if row.number > number]}

    @workflow.query
    def look_for_news(self, known: int) -> Stored:
        """Return which attempt executes the run, and what was sent, if that is more than is known."""
        inbox = [list(row) for row in self.inbox] if len(self.inbox) > known else []
        return {"attempt": self.row.attempt if self.row.state == records.RUNNING else None, "inbox": inbox}

    @workflow.query
    def requests(self) -> Mapping[str, Stored]:
        """Return the requests of the run, with what became of them."""
        return self.approvals
