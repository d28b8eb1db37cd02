"""The engine of runs on a Temporal server: the executions and the protocol of the durable engine, over keepers in place of a database."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from temporalio.client import Client

from sayso.tools.approval.requests import Decision, Edit
from sayso.tools.errors import RunIdTaken, UsageError

from ..durable import records
from ..durable.app import App
from ..durable.chain import ChainVerdict, Row, verify_rows
from ..durable.durable_execution import DurableExecution
from ..durable.engine import DurableEngine
from ..durable.lease import LeaseTimes
from ..durable.liveness import is_process_gone, is_this_process
from ..durable.records import ApprovalRow, Claimed, InboxRow, NewRun, RunRow
from ..durable.store import seal_input
from ..runs.codec import from_json, to_json
from ..runs.limits import Limits, limits_text
from ..runs.memory_engine import BaseEngine, check_open, check_run_id, check_signed
from ..runs.protocols import Earlier, RunResult, Scope, WorkflowCode
from ..runs.same_run import check_user
from ..workflow import Workflow
from .keeper import KEEPER
from .temporal_store import TemporalStore

if TYPE_CHECKING:  # late, for load time
    from sayso.tools.approval.signatures import Approvers

    from ..caps import Cap
    from ..durable.heads import Heads
    from ..events.event_types import AnyEvent
    from ..runs.capped_run import Ledger
    from ..runs.grant_records import StandingApproval


LISTED = 1000
"""How many runs are looked at for a list: each is asked by itself."""
CLAIMABLE = (records.NEW, records.QUEUED, records.WAITING, records.INTERRUPTED, records.FAILED)


class TemporalExecution(DurableExecution):
    """One run, executed here under a claim that its keeper has given."""

    __slots__ = ()
    store: TemporalStore

    async def create(self) -> None:
        """Begin the workflow that keeps the run."""
        await self.store.create(self._describe())

    async def _ask_for_claim(self, tried: list[int]) -> Claimed | RunRow:
        store, new = self.store, self._describe()
        row = await store.create(new)
        while True:
            tried.append(row.attempt + 1)
            store.lease.carried[self.id] = row.attempt + 1  # before the keeper asks whether it is held here
            asked = {
                "owner": store.owner,
                "attempt": row.attempt,
                "limits": new.limits if new.limits != "null" else None,
                "now": self.clock(),
                "queue": "" if self.by_worker else store.private_queue,
            }
            told = await store.server.update(self.id, "claim", asked)
            if told is None:  # it ended meanwhile
                row = await store.create(new)
                if row.state in (records.DONE, records.CANCELLED):
                    return row
                continue
            before, row = row, RunRow(*told["row"])
            if told["claimed"]:
                return Claimed(row, [Row(*each) for each in told["log"]], [InboxRow(*each) for each in told["inbox"]])
            if row.attempt == before.attempt or row.state not in CLAIMABLE:
                return row

    async def find_earlier(self, key: str, attempt: str) -> Earlier:
        """Return what is known of the programs that may have begun the write `key` since `attempt`: dead, where this machine shows it."""
        number = attempt.rpartition("#")[2].partition(".")[0]
        log = (await self.store.server.query(self.id, "log_since", 0))["log"]
        rows = [Row(*each) for each in log]
        begun = [row for row in rows if (row.kind, row.name) in (("begun", number), ("repeated", key))]
        others = [owner for owner in (json.loads(row.value)["by"] for row in begun) if not is_this_process(owner)]
        if not begun:
            return Earlier.MAY_ACT
        if not others:
            return Earlier.NEVER_BEGAN
        return Earlier.DEAD if all(is_process_gone(owner) for owner in others) else Earlier.MAY_ACT

    async def find_stored(self, name: str) -> object:
        """Return None: a keeper knows one run."""
        return None


class TemporalEngine(DurableEngine):
    """Runs on a Temporal server. With an `app` they can be resumed here by their id alone. Raises UsageError for a URL that names none."""

    __slots__ = ()
    store: TemporalStore

    def __init__(
        self,
        url: str,
        *,
        app: App | None = None,
        clock: Callable[[], float] = time.time,
        times: LeaseTimes | None = None,
        approvers: Approvers | None = None,
        heads: str | Path | Heads | None = None,
        caps: Iterable[Cap] | None = None,
        listeners: Iterable[Callable[[AnyEvent], object]] = (),
    ) -> None:
        BaseEngine.__init__(self, strict=True, clock=clock, listeners=listeners)
        self.store = TemporalStore(url, app, times or LeaseTimes(), clock)
        self.given_caps: tuple[Cap, ...] | None = None
        self.given_approvers: Approvers | None = approvers
        self.count_caps(None if caps is None else tuple(caps))
        self.keep_heads(heads or os.environ.get("SAYSO_HEADS"))
        self.choose(app)

    def _make(self, run_id: str, workflow: WorkflowCode, value: object, make_scope: Callable[[], Scope]) -> DurableExecution:
        return TemporalExecution(self.store, run_id, workflow, value, make_scope, self.clock, self, self.read_result)

    def count_caps(self, caps: Sequence[Cap] | None) -> None:
        """Raise UsageError for money caps: they are counted over all runs, and a keeper knows one."""
        self.ledger: Ledger | None = None
        if caps:
            raise UsageError("Money caps need a database: keep those runs in SQLite or Postgres. Limits(cost_usd=) of a run hold here too.")

    def keep_heads(self, where: str | Path | Heads | None) -> None:
        """Raise UsageError for a place for heads: they go with a database."""
        if where:
            raise UsageError("Heads are kept of logs in a database: keep those runs in SQLite or Postgres.")

    # what an application does with runs

    async def submit(
        self, flow: Workflow[Any, Any] | str, value: object, *, run_id: str, limits: Limits | None = None, user: str | None = None
    ) -> None:
        """Queue a run of the app for its workers; submitting the same again does nothing. Raises RunIdTaken for another run of that id."""
        if self.app is None:
            raise UsageError("submit() needs the app that the workers run. Give it to the engine: engine(url, app=App(flows=[...])).")
        check_run_id(run_id)
        whose = "" if user is None else check_user(user)
        workflow = self.app.flow(flow if isinstance(flow, str) else flow.name)
        value = value.content if isinstance(value, RunResult) else value
        given = seal_input(run_id, workflow, value, json.dumps(to_json(value, f"the input of run {run_id}")))
        new = NewRun(run_id, workflow.name, self.app.name, given, limits_text(limits), records.QUEUED, self.clock(), whose)
        row = await self.store.create(new)
        if row.app != self.app.name:
            raise RunIdTaken(f"Run {run_id!r} is of the app {row.app!r}, not of {self.app.name!r}. Give another run_id.")
        if limits is not None and row.limits != new.limits:
            raise RunIdTaken(f"Run {run_id!r} has other limits by now: {row.limits}. Give another run_id, or no limits.")

    async def cancel(self, run_id: str) -> None:
        """Stop a run and its children before their next step, wherever it is executed; a write under way is finished first."""
        await self.store.read_row(run_id)
        await self.store.server.update(run_id, "cancel", self.clock())
        if (execution := self.find_here(run_id)) is not None:
            execution.cancel()

    async def decide(self, run_id: str, decisions: Mapping[str, Decision]) -> None:
        """Hand in decisions by digest; whoever executes the run receives them. UsageError for a request that is not open."""
        stamped = self.stamp_all(decisions)
        rows = {row.digest: row for row in await self.approvals(run_id) if row.state == "proposed"}
        check_open(run_id, stamped, rows)
        requests = {digest: from_json(json.loads(rows[digest].request)) for digest in stamped}
        if self.approvers is not None:
            check_signed(self.approvers, stamped, requests)
        if any(isinstance(decision, Edit) and requests[digest].secrets for digest, decision in stamped.items()):
            raise UsageError("A request with secrets cannot be edited on Temporal: approve or reject it.")
        now = self.clock()
        sent = [await self.store.send(rows[digest].run, f"approve:{digest}", decision, now) for digest, decision in stamped.items()]
        if (execution := self.find_here(run_id)) is not None:
            execution.receive_rows(sent)

    async def grants(self, run_id: str) -> tuple[StandingApproval, ...]:
        """Return the standing approvals of a run: which it has, how often each was used, and which were withdrawn."""
        from ..runs.grant_records import list_grants  # late, for load time

        root_id = (await self.run(run_id)).id
        rows = [row for row in await self.log(root_id) if row.kind in ("event", "told") and row.name in ("GrantsGiven", "GrantUsed")]
        inbox = await self.store.read_inbox(root_id)
        sent = {row.place: from_json(json.loads(row.value)) for row in inbox if row.run == root_id}
        return list_grants([from_json(json.loads(row.value)) for row in rows], sent)

    # what is kept

    async def run(self, run_id: str) -> RunRow:
        """Return the row of a run, or of the run that a child belongs to. Raises UsageError if there is none."""
        return await self.store.read_row(run_id)

    async def read_row(self, run_id: str) -> RunRow:
        """Return the row of a run as `run` does."""
        return await self.store.read_row(run_id)

    async def log(self, run_id: str, since: int = 0) -> list[Row]:
        """Return the log of a whole run after row `since`."""
        found = await self.store.server.query(run_id, "log_since", since)
        return [Row(*row) for row in found["log"]]

    async def approvals(self, run_id: str) -> list[ApprovalRow]:
        """Return all requests of a run, with what became of them."""
        found = await self.store.server.query(run_id, "requests")
        columns: list[list[Any]] = [
            [*each["row"][:7], each["state"], *each["row"][7:], each.get("by"), each.get("at")] for each in found.values()
        ]
        made = [ApprovalRow(*each) for each in columns]
        return sorted(made, key=lambda row: (row.asked_at, row.digest))

    async def open_approvals(self, run_id: str | None = None, *, limit: int | None = None, after: str | None = None) -> list[ApprovalRow]:
        """Return the rows of the open requests, of one run or of all, as far as the server's list of workflows has them by now."""
        rows = await self.open_approvals_of([run_id] if run_id is not None else await self._list_ids("ExecutionStatus = 'Running'", LISTED))
        if after is not None:
            places = [number for number, row in enumerate(rows, 1) if row.digest == after]
            rows = rows[places[0] :] if places else rows
        return rows[:limit]

    async def open_approvals_of(self, run_ids: Sequence[str]) -> list[ApprovalRow]:
        """Return the rows of the open requests of these runs, oldest first."""
        found = await asyncio.gather(*map(self.approvals, run_ids))
        return sorted((row for rows in found for row in rows if row.state == "proposed"), key=lambda row: (row.asked_at, row.digest))

    async def runs(
        self,
        *states: str,
        limit: int = 1000,
        feedback: Literal["up", "down"] | None = None,
        user: str | None = None,
        after: RunRow | str | None = None,
    ) -> list[RunRow]:
        """Return runs, in these states or all, as far as the server's list of workflows has them by now; the last changed first."""
        if feedback is not None:
            raise UsageError("Feedback is kept beside runs in a database: keep those runs in SQLite or Postgres.")
        if after is not None:
            raise UsageError("Runs on Temporal are listed on one page; the server's own pages list more: temporal workflow list.")
        rows = await asyncio.gather(*(self.run(row_id) for row_id in await self._list_ids("", LISTED)))
        wanted = [row for row in rows if (not states or row.state in states) and user in (None, row.for_user)]
        return sorted(wanted, key=lambda row: row.changed_at, reverse=True)[:limit]

    async def _list_ids(self, also: str, limit: int) -> list[str]:
        server, query = self.store.server, f"WorkflowType = '{KEEPER}'" + (f" AND {also}" if also else "")
        prefix = server.address.prefix

        async def read(client: Client) -> list[str]:  # a run that failed and goes on has several workflows of one id
            found = {each.id: None async for each in client.list_workflows(query, limit=limit)}
            return [each.removeprefix(prefix) for each in found if each.startswith(prefix)]

        return await server.ask(read)

    async def verify(self, run_id: str) -> ChainVerdict:
        """Recompute the hash chain of a run. The server signs nothing, so it shows accidental change only."""
        row, log = await self.run(run_id), await self.log(run_id, records.BEFORE_ALL)
        return verify_rows(log, row.number, row.head, None)

    def is_orphan(self, row: RunRow) -> bool:
        """Return False: the server itself releases what a dead program left."""
        return False

    async def free(self, row: RunRow) -> bool:
        """Return False: the server itself releases what a dead program left."""
        return False

    @property
    def is_open(self) -> bool:
        """Return whether it has not been closed."""
        return self.store.server.is_open

    def close(self) -> None:
        """Let go of the server; runs under way here must be over."""
        self.store.close()
