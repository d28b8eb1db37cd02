"""The database of runs as one program uses it: its transactions, and its name among the programs."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar, TypeVarTuple

from sayso.tools.approval.requests import Approve, Decision, Edit, Reject
from sayso.tools.canonical import Json
from sayso.tools.errors import RunError, UsageError

from ..runs.codec import SEALED_MARK, from_json, to_json
from ..runs.protocols import Earlier
from ..runs.run_secrets import HOLDS_A_SECRET
from . import records, run_lists
from .chain import Keys, Row, check_seal, describe_unknown_key, find_key_id, fingerprint, journal_keys, verify_rows
from .database import Database, DatabaseLost, Session
from .forgotten import close_when_forgotten
from .lease import Lease, LeaseTimes, Watch
from .liveness import Life, Locks, has_lease, is_process_gone, is_this_process, make_locks, new_owner
from .log_writes import Added, Addition, add_all
from .news import CHANNEL, News
from .records import ApprovalRow, InboxRow, LogChanged, RunRow, Superseded

if TYPE_CHECKING:  # late, for load time: an app loads the shapes
    from sayso.tools.approval.signatures import Approvers

    from .app import App
    from .heads import Heads
    from .stored_caps import DurableLedger

log: logging.Logger = logging.getLogger(__name__)
AGAIN_SECONDS = 0.5
"""How soon a write to a database that is away is tried again."""
T = TypeVar("T")
Ts = TypeVarTuple("Ts")
STATES = {Approve: "approved", Edit: "edited", Reject: "rejected"}


class RunStore:
    """What the engine of a program and its executions share. Raises UsageError where the database cannot be used."""

    most_characters: int | None = None
    """How many characters of a run can be stored; None where the disk says it."""

    def __init__(self, url: str, app: App | None, times: LeaseTimes, clock: Callable[[], float]) -> None:
        self.app: App | None = app
        self.keys: Keys | None = journal_keys()
        self.times: LeaseTimes = times
        self.clock: Callable[[], float] = clock
        self.approvers: Approvers | None = None  # whose signed decisions count, if not anybody's
        self.heads: Heads | None = None  # where the heads of logs are kept, if anywhere
        self.ledger: DurableLedger | None = None  # where there are money caps
        self.database: Database = Database(url)
        self.locks: Locks = make_locks(self.database)
        self.watch: Watch = Watch(times)
        self.owner: str = ""
        self.stopped_state = records.INTERRUPTED  # a worker's runs are queued for the others instead
        self._hashed_since: float | None = None
        self._lease: Lease | None = None
        self._is_away = False
        self.news: News = News(self.database)

    @cached_property
    def lease(self) -> Lease:
        """Return this program's lease; it is taken the first time."""
        owner = new_owner()
        lease = Lease(self.database.url, self.locks, owner, self.times, self.clock, stopped_state=self.stopped_state)
        lease.begin()
        close_when_forgotten(self, lease.end)
        self._lease, self.owner = lease, owner
        return lease

    def register(self) -> str:
        """Return this program's name among those that execute runs; its lock and its lease are taken the first time."""
        return self.lease.owner

    def close(self) -> None:
        """Give back what is left of this program's runs, and let go of its lease."""
        if self._lease is not None:
            self._lease.end()

    def find_life(self, session: Session, owner: str, beat: int | None) -> Life:
        """Return what is known of a program; `beat` is the counter of its lease, None where it has none."""
        if owner == self.owner:
            return Life.ALIVE
        if beat == records.DEAD_BEAT:
            return Life.DEAD
        is_gone = is_process_gone(owner)
        if is_gone:
            return Life.DEAD
        life = Life.ALIVE if is_gone is False else self.locks.find_life(owner, session)
        if life is Life.ALIVE and has_lease(owner) and self.watch.has_expired(owner, records.NO_BEAT if beat is None else beat):
            return Life.GONE
        return life

    def is_orphan(self, session: Session, row: RunRow) -> bool:
        """Return whether nobody executes a running run any more: neither this program nor another that is not gone."""
        owner = row.owner or ""
        if self._lease is not None and owner == self.owner:
            return self._lease.carried.get(row.id) != row.attempt
        life = self.find_life(session, owner, records.find_beat(session, owner))
        if life is Life.DEAD:
            records.record_death(session, owner)
        return life is not Life.ALIVE

    def release_dead(self, session: Session, now: float) -> list[str]:
        """Queue the runs of programs that have died, or have lost their lock or their lease; return their names."""
        gone = records.release_dead(session, self.find_life, now, self.database.is_sqlite)
        for owner, life in gone.items():
            self.watch.forget(owner)
            if life is Life.DEAD:
                self.locks.clear(owner)
        return list(gone)

    def find_earlier(self, session: Session, performers: list[str]) -> Earlier:
        """Return what is known of the programs that have claimed a run to perform a write. What this process has begun it knows itself."""
        others = [owner for owner in performers if not is_this_process(owner)]
        if not others:
            return Earlier.NEVER_BEGAN
        are_dead = all(self.find_life(session, owner, records.find_beat(session, owner)) is Life.DEAD for owner in others)
        return Earlier.DEAD if are_dead else Earlier.MAY_ACT

    async def do_patiently(self, work: Callable[[Session], T]) -> T:
        """Do the work; again for a while where the database is away. The work may happen twice, so it must not matter that it does."""
        return await self._try_patiently(self.database.do, work)

    async def add(self, addition: Addition) -> Added:
        """Add to the log of a claimed run, in one transaction with what other runs add by then. Raises Superseded; else as do_patiently."""
        return await self._try_patiently(self.database.do_together, addition, self._add_all)

    def keep_unwritten(self, addition: Addition) -> None:
        """Leave what the database did not take to the lease's thread; nothing is added where the run is somebody else's then."""
        self.lease.unwritten[addition.run.id] = lambda session: self._add_all(session, [addition])

    async def check_claim(self, claimed: RunRow) -> None:
        """Raise Superseded if a claim does not hold any more."""
        await self.do_patiently(lambda session: records.check_claim(session, claimed))

    async def read_inbox(self, run_id: str) -> list[InboxRow]:
        """Return what was sent to a run and its children."""
        return await self.do_patiently(lambda session: records.inbox_rows(session, run_id))

    def _add_all(self, session: Session, additions: Sequence[Addition]) -> list[Added | Superseded]:
        return add_all(session, additions, self.keys, self.database.is_sqlite)

    async def _try_patiently(self, work: Callable[[*Ts], Awaitable[T]], *args: *Ts) -> T:
        gives_up_at = time.monotonic() + self.times.patience_seconds
        while True:
            try:
                done = await work(*args)
            except DatabaseLost as error:
                if time.monotonic() >= gives_up_at:
                    raise
                if not self._is_away:  # one line for an outage, however many runs meet it
                    self._is_away = True
                    log.warning("%s Runs wait for it, each for up to %g s.", error, self.times.patience_seconds)
            else:
                self._is_away = False
                return done
            await asyncio.sleep(min(AGAIN_SECONDS, self.times.patience_seconds))

    def find_row(self, session: Session, run_id: str, *, locked: bool = False) -> RunRow:
        """Return the row of a run, or of the run that a child belongs to. Raises UsageError if there is none."""
        root_id = run_id.partition("/")[0]
        row = records.run_row(session, root_id, locked=locked, is_sqlite=self.database.is_sqlite)
        if row is None:
            if (forgotten := records.find_forgotten(session, root_id)) is not None:
                day = time.strftime("%Y-%m-%d", time.localtime(forgotten[0]))
                raise UsageError(f"Run {root_id!r} was forgotten on {day}; the head of its log was {forgotten[1] or '(none)'}.")
            known = ", ".join(each.id for each in run_lists.find_runs(session, limit=8)) or "none"
            raise UsageError(f"There is no run {root_id!r} in {self.database.place}. The latest: {known}.")
        if locked and row.head.startswith("k"):
            self.check_key(row)
        return row

    def check_key(self, row: RunRow) -> None:
        """Raise RunError for a run that is written with a key which this program does not have: what it wrote would not count."""
        key_id = find_key_id(row.head)
        if key_id is not None and (self.keys is None or key_id not in self.keys.by_id):
            raise RunError(f"Run {row.id} is {describe_unknown_key(key_id)}. Without it nothing that this program writes would count.")

    def load_log(self, session: Session, row: RunRow) -> list[Row]:
        """Return the log of a run that is about to be claimed. Raises LogChanged if it is not what programs with the key have written."""
        if row.head.startswith("k"):
            self.check_key(row)
        log = records.log_rows(session, row.id)
        if problem := self.find_change(session, row, log):
            raise LogChanged(problem)
        return log

    def find_change(self, session: Session, row: RunRow, log: Sequence[Row]) -> str:
        """Return why a run is not to be executed: with keys, a log that is not what programs with them have written. Empty if it is."""
        if self.keys is None:
            return ""
        from .verification import UNREADABLE, compare_start  # late, for load time: most programs have no key

        problems = list(verify_rows(log, row.number, row.head, self.keys).problems)
        try:
            problems += compare_start(row, log, self.find_hashed_since(session), self.keys)
        except UNREADABLE:
            problems.append("how it was begun cannot be read.")
        if not problems:
            return ""
        more = f" ({len(problems)} problems)" if len(problems) > 1 else ""
        return f"Run {row.id} is not executed, for its log is not what was written{more}: {problems[0]} See: sayso verify {row.id}"

    def find_hashed_since(self, session: Session) -> float:
        """Return when the inbox of this database got its hashes (seconds since 1970)."""
        if self._hashed_since is None:
            found = session.execute("SELECT applied_at FROM sayso_migrations WHERE number = 2").fetchone()
            self._hashed_since = float(found[0]) if found else 0.0
        return self._hashed_since

    def find_refusal(self, row: InboxRow) -> str:
        """Return why something in the inbox does not count: with keys, what a program without one has put there."""
        return "" if self.keys is None else check_seal(row.hash, row.sealed, self.keys)

    async def send(self, run_id: str, topic: str, value: object, now: float) -> InboxRow:
        """Put a value into the inbox of a run or a child; return the row that counts, the first for the topic."""
        written = json.dumps(to_json(value, f"the signal {topic!r}"))

        def send(session: Session) -> InboxRow:
            self.find_row(session, run_id, locked=True)
            return self.put(session, run_id, topic, value, written, now)

        return await self.do_patiently(send)

    def put(self, session: Session, run_id: str, topic: str, value: object, written: str, now: float, *, again: bool = False) -> InboxRow:
        """Put a value into the inbox of a locked run; a decision also moves its request on. Return the row that counts.

        `again` says that what was decided before does not count. A signed decision has a place of its own, which no other can take.
        """
        if isinstance(value, Edit):
            written = self._seal_edit(session, run_id, topic, value, written)
        if isinstance(value, (Approve, Edit, Reject)):
            records.decide(session, run_id, topic.removeprefix("approve:"), STATES[type(value)], value.by, now, again=again)
            if value.statement:
                topic = f"{topic}{records.MARK}{fingerprint(value.statement)[:16]}"
        self.tell(session)
        return records.send(session, InboxRow(run_id.partition("/")[0], run_id, topic, written, now, None), self.keys)

    def tell(self, session: Session) -> None:
        """Tell the programs that listen that there is something to look for, once this transaction is committed."""
        if not self.database.is_sqlite:
            session.execute(f"SELECT pg_notify('{CHANNEL}', '')")

    def find_replaceable(self, session: Session, root: str, decisions: Mapping[str, Decision]) -> list[ApprovalRow]:
        """Return the requests of a locked run that are decided, but not so that it counts: they may be decided as these decisions say."""
        rows = [row for row in run_lists.find_approvals(session, root) if row.state in STATES.values() and row.digest in decisions]
        inbox = records.inbox_rows(session, root)
        return [row for row in rows if self._may_replace(session, row, inbox, decisions[row.digest])]

    def _may_replace(self, session: Session, row: ApprovalRow, inbox: Sequence[InboxRow], decision: Decision) -> bool:
        topic = f"approve:{row.digest}"
        if records.is_received(session, row.root, row.run, topic):
            return False
        sent = [each for each in inbox if (each.run, each.place) == (row.run, topic) and not self.find_refusal(each)]
        return not any(self._counts(each, row, decision) for each in sent)

    def _counts(self, sent: InboxRow, row: ApprovalRow, decision: Decision) -> bool:
        """Return whether what was sent counts before a decision. Without approvers nobody here knows whether a signature does."""
        before = from_json(read_stored(row.root, sent.value))
        if self.approvers is None:
            return not decision.statement
        return isinstance(before, (Approve, Edit, Reject)) and not self.approvers.find_problem(before, from_json(json.loads(row.request)))

    def _seal_edit(self, session: Session, run_id: str, topic: str, edit: Edit, written: str) -> str:
        root = run_id.partition("/")[0]
        asked = [row for row in run_lists.find_approvals(session, root) if topic == f"approve:{row.digest}"]
        request = from_json(json.loads(asked[0].request)) if asked else None
        if request is None or not request.secrets:
            return written
        from .secret_keys import seal_edit  # late, for load time: few requests have secrets

        return seal_edit(root, request, edit, written)


def read_stored(root: str, text: str) -> Json:
    """Return what was stored of a run as JSON text, with its secrets in the open. Raises SecretLocked without their key."""
    if SEALED_MARK not in text:
        return json.loads(text)
    from .secret_keys import unseal_text  # late, for load time: few runs have secrets

    return unseal_text(root, text)


def seal_input(run_id: str, flow: object, value: object, given: str) -> str:
    """Return the input of a run as it is stored: the secrets in an earlier conversation encrypted. Raises UsageError without a key."""
    find_secrets = getattr(flow, "find_secrets", None)
    texts = find_secrets(value) if find_secrets is not None else ()
    if not texts:
        return given
    from .secret_keys import SealedSecrets  # late, for load time: few inputs have secrets

    secrets = SealedSecrets(run_id)
    secrets.add(texts, HOLDS_A_SECRET)
    return json.dumps(secrets.seal(json.loads(given)))
