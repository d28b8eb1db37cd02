"""Read runs, their logs, inboxes and approvals, and write what others do to them. Each function is (part of) one transaction."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache
from typing import NamedTuple

from sayso.tools.errors import RunError

from ..runs.codec import to_json
from ..runs.journal import Entry
from .chain import Keys, Row, check_seal, fingerprint, seal
from .database import Session
from .liveness import Life

NEW, QUEUED, RUNNING, WAITING, INTERRUPTED = "new", "queued", "running", "waiting", "interrupted"
DONE, FAILED, CANCELLED = "done", "failed", "cancelled"
ENDED = (DONE, FAILED, CANCELLED)
BEFORE_ALL = -(2**31)
"""Before every number that a row of the log can have: the first row that a program writes is 1."""
MARK = "\x1fsayso:"
"""Stands between a topic and what tells apart several values that were sent for it, of which one counts."""


class Superseded(RunError):
    """Another program executes the run by now; what this one would still write does not count."""


class LogChanged(RunError):
    """What is stored of a run is not what was written, so it is not executed."""


class RunRow(NamedTuple):
    """A run as the database knows it; times are seconds since 1970.

    `state` is new, queued, running, waiting (for a decision), interrupted (its program was stopped), done, failed or cancelled.
    `for_user` says whose run it is; "" where nobody was named.
    """

    id: str
    flow: str
    app: str
    input: str
    limits: str
    state: str
    attempt: int
    owner: str | None
    number: int
    head: str
    created_at: float
    changed_at: float
    wake_at: float | None
    output: str | None
    error: str | None
    for_user: str = ""

    @property
    def mark(self) -> str:
        """Return its place in a list of runs: what follows it is the next page."""
        return f"{self.changed_at!r}:{self.id}"


class NewRun(NamedTuple):
    """A run that is to be added to the database; `input` and `limits` are JSON."""

    id: str
    flow: str
    app: str
    input: str
    limits: str
    state: str
    now: float
    user: str = ""


class ApprovalRow(NamedTuple):
    """A request for approval: proposed, approved, edited, rejected or expired; then executing, done, failed, rejected or unknown."""

    digest: str
    key: str
    root: str
    run: str
    tool: str
    card: str
    request: str
    state: str
    asked_at: float
    expires_at: float
    decided_by: str | None
    decided_at: float | None


class InboxRow(NamedTuple):
    """What was sent to a run or a child; `value` is JSON, `hash` is made of the rest (None: by an older Sayso)."""

    root: str
    run: str
    topic: str
    value: str
    at: float
    hash: str | None

    @property
    def place(self) -> str:
        """Return the topic that it was sent for: several decisions on one request have a row each."""
        return self.topic.partition(MARK)[0]

    @property
    def sealed(self) -> tuple[object, ...]:
        """Return what the hash is made of."""
        return ("inbox", *self[:5])


class Claimed(NamedTuple):
    """A run that this program may execute now, with all that was stored of it."""

    run: RunRow
    log: list[Row]
    inbox: list[InboxRow]


_RUN = ", ".join(RunRow._fields)
_APPROVAL = ", ".join(ApprovalRow._fields)
_INBOX = ", ".join(InboxRow._fields)


def run_row(session: Session, run_id: str, *, locked: bool = False, is_sqlite: bool = True) -> RunRow | None:
    """Return a run by its id; `locked` locks it until the transaction ends (SQLite locks the whole file anyway)."""
    lock = " FOR UPDATE" if locked and not is_sqlite else ""
    found = session.execute(f"SELECT {_RUN} FROM sayso_runs WHERE id = :id{lock}", {"id": run_id}).fetchone()
    return RunRow(*found) if found else None


def hash_id(run_id: str) -> str:
    """Return what is kept of the id of a run that was forgotten."""
    return fingerprint(f"run {run_id}")


def find_forgotten(session: Session, run_id: str) -> tuple[float, str] | None:
    """Return when a run was forgotten, and the head hash that its log had; None for one that was not."""
    found = session.execute("SELECT forgotten_at, head FROM sayso_forgotten WHERE id = :id", {"id": hash_id(run_id)}).fetchone()
    return None if found is None else (float(found[0]), str(found[1]))


def log_rows(session: Session, root: str, since: int = 0) -> list[Row]:
    """Return the log of a run after row `since`."""
    found = session.execute(
        "SELECT number, at, run, kind, name, value, hash FROM sayso_log WHERE root = :root AND number > :since ORDER BY number",
        {"root": root, "since": since},
    )
    return [Row(*row) for row in found.fetchall()]


def find_stored(session: Session, user: str, name: str) -> str | None:
    """Return what the latest run of a user with a step of that name has stored for it, as JSON text."""
    found = session.execute(
        "SELECT value FROM sayso_runs JOIN sayso_log ON sayso_log.root = sayso_runs.id "
        "WHERE for_user = :user AND for_user <> '' AND kind = 'kept' AND name = :name ORDER BY created_at DESC, id LIMIT 1",
        {"user": user, "name": name},
    ).fetchone()
    return None if found is None else str(found[0])


def inbox_rows(session: Session, root: str) -> list[InboxRow]:
    """Return what was sent to a run and its children, in the order it came."""
    found = session.execute(f"SELECT {_INBOX} FROM sayso_inbox WHERE root = :root ORDER BY at, run, topic", {"root": root})
    return [InboxRow(*row) for row in found.fetchall()]


def check_claim(session: Session, run: RunRow) -> None:
    """Raise Superseded if the claim does not hold any more."""
    now = run_row(session, run.id)
    if now is None or (now.state, now.attempt, now.owner) != (RUNNING, run.attempt, run.owner):
        raise Superseded(f"Run {run.id} is executed elsewhere, or was stopped; nothing more of it is begun here.")


def send(session: Session, row: InboxRow, keys: Keys | None) -> InboxRow:
    """Put a value into the inbox of a locked run; return the one that counts, the first for the topic. A waiting run is queued.

    With keys, a value that was put there by a program without one does not count, and takes no place.
    """
    values = row._replace(hash=seal(("inbox", *row[:5]), keys))._asdict()
    session.execute(
        f"INSERT INTO sayso_inbox ({_INBOX}) VALUES (:root, :run, :topic, :value, :at, :hash) ON CONFLICT (run, topic) DO NOTHING", values
    )
    counts = InboxRow(*session.execute(f"SELECT {_INBOX} FROM sayso_inbox WHERE run = :run AND topic = :topic", values).fetchone())
    if keys is not None and check_seal(counts.hash, counts.sealed, keys):
        others = [each for each in inbox_rows(session, row.root) if (each.run, each.place) == (row.run, row.place)]
        valid = [each for each in others if not check_seal(each.hash, each.sealed, keys)]
        if not valid:
            return send(session, row._replace(topic=f"{row.place}{MARK}{fingerprint(row.value + str(row.at))[:16]}"), keys)
        counts = valid[0]
    session.execute(
        "UPDATE sayso_runs SET state = 'queued', changed_at = :now WHERE id = :root AND state = 'waiting'",
        {"root": row.root, "now": row.at},
    )
    return counts


def is_received(session: Session, root: str, run: str, topic: str) -> bool:
    """Return whether the run has received what was sent for the topic, and goes by it."""
    values = {"root": root, "run": run, "name": f"wait:{topic}"}
    found = session.execute("SELECT 1 FROM sayso_log WHERE root = :root AND run = :run AND kind = 'kept' AND name = :name", values)
    return found.fetchone() is not None


def decide(session: Session, run: str, digest: str, state: str, by: str, now: float, *, again: bool = False) -> bool:
    """Move a request of a run from proposed to what was decided; False if it was decided before, or belongs to another run.

    `again` says that what was decided before does not count.
    """
    before = "('proposed', 'approved', 'edited', 'rejected')" if again else "('proposed')"
    moved = session.execute(
        "UPDATE sayso_approvals SET state = :state, decided_by = :by, decided_at = :now "
        f"WHERE digest = :digest AND run = :run AND state IN {before} RETURNING digest",
        {"digest": digest, "run": run, "state": state, "by": by, "now": now},
    )
    return moved.fetchone() is not None


def find_orphans(session: Session) -> list[str]:
    """Return the ids of runs that are not there any more, while something of them is."""
    parts = " UNION ".join(
        f"SELECT root FROM {table} WHERE root NOT IN (SELECT id FROM sayso_runs)"
        for table in ("sayso_log", "sayso_inbox", "sayso_approvals", "sayso_feedback")
    )
    return sorted(root for (root,) in session.execute(parts).fetchall())


MOST_DEATHS = 10
"""With how many deaths in a row a run is not handed to workers any more. By the pauses of a suspect that is some five minutes."""
FindLife = Callable[[Session, str, int | None], Life]
"""Tells what is known of a program, by its name and the counter of its lease."""


@cache
def say_given_up() -> str:
    """Return the error of a run that workers leave, because too many of their programs were lost with it, as it is stored."""
    text = (
        f"At least {MOST_DEATHS} programs in a row were lost while they executed this run, before it stored another step: they crashed, "
        "were killed (out of memory?), or a call held Python's lock for longer than the lease lasts. So workers leave it. "
        "Look into its next step."
    )
    return json.dumps(to_json(RunError(text)))


def release_dead(session: Session, find_life: FindLife, now: float, is_sqlite: bool) -> dict[str, Life]:
    """Queue the runs whose program has died or lost its lock or lease, and record a death that is proven. Return these programs.

    A run with which too many programs have died is interrupted, and says so in its error: a person decides whether it is tried again.
    A run in whose row a program was stopped is passed over: the server undoes that soon.
    """
    lock = "" if is_sqlite else " FOR UPDATE SKIP LOCKED"
    owners = session.execute(
        "SELECT DISTINCT sayso_runs.owner, beat FROM sayso_runs LEFT JOIN sayso_leases ON sayso_leases.owner = sayso_runs.owner "
        "WHERE state = 'running'"
    ).fetchall()
    lives: dict[str, Life] = {owner: find_life(session, owner, beat) for owner, beat in owners if owner is not None}
    gone: dict[str, Life] = {owner: life for owner, life in lives.items() if life is not Life.ALIVE}
    for owner, life in gone.items():
        if life is Life.DEAD:
            record_death(session, owner)
        session.execute(
            f"WITH left_over AS MATERIALIZED (SELECT id AS left_id FROM sayso_runs WHERE owner = :owner AND state = 'running'{lock}) "
            "UPDATE sayso_runs SET state = CASE WHEN app <> '' AND deaths + 1 < :most THEN 'queued' ELSE 'interrupted' END, owner = NULL, "
            "error = CASE WHEN deaths + 1 < :most THEN error ELSE :given_up END, changed_at = :now, deaths = deaths + 1 "
            "FROM left_over WHERE id = left_id",
            {"owner": owner, "now": now, "most": MOST_DEATHS, "given_up": say_given_up()},
        )
    return gone


# leases: a counter for each program, or DEAD_BEAT for one that is proven dead

DEAD_BEAT, NO_BEAT = -1, -2
"""The counters of a program whose death is on record, and of one without a lease: somebody has deleted it, or it is about to be kept."""


def renew_lease(session: Session, owner: str, is_sqlite: bool) -> set[tuple[str, int]]:
    """Raise the counter of a program; return the runs that are its own, each with the attempt that claimed it. One statement."""
    join, separator = ("group_concat", "char(31)") if is_sqlite else ("string_agg", "chr(31)")
    (owned,) = session.execute(
        "INSERT INTO sayso_leases (owner, beat) VALUES (:owner, 0) "
        "ON CONFLICT (owner) DO UPDATE SET beat = CASE WHEN sayso_leases.beat < 0 THEN 0 ELSE sayso_leases.beat + 1 END "
        f"RETURNING (SELECT {join}(attempt || ' ' || id, {separator}) FROM sayso_runs WHERE owner = :owner AND state = 'running')",
        {"owner": owner},
    ).fetchone()
    found = (each.partition(" ") for each in (owned or "").split("\x1f") if each)
    return {(run_id, int(attempt)) for attempt, _, run_id in found}


def find_beat(session: Session, owner: str) -> int | None:
    """Return the counter of a program's lease; None where it has none."""
    row = session.execute("SELECT beat FROM sayso_leases WHERE owner = :owner", {"owner": owner}).fetchone()
    return None if row is None else int(row[0])


def record_death(session: Session, owner: str) -> None:
    """Record that a program is proven dead, for those who cannot see that from where they are."""
    session.execute(
        f"INSERT INTO sayso_leases (owner, beat) VALUES (:owner, {DEAD_BEAT}) ON CONFLICT (owner) DO UPDATE SET beat = {DEAD_BEAT}",
        {"owner": owner},
    )


def end_lease(session: Session, owner: str) -> None:
    """Remove the lease of a program that executes no more runs."""
    session.execute("DELETE FROM sayso_leases WHERE owner = :owner", {"owner": owner})


def find_owned(session: Session, owner: str) -> list[tuple[str, int]]:
    """Return the runs that a program has claimed, each with the attempt."""
    found = session.execute("SELECT id, attempt FROM sayso_runs WHERE owner = :owner AND state = 'running'", {"owner": owner})
    return [(run_id, int(attempt)) for run_id, attempt in found.fetchall()]


def give_back(session: Session, run_id: str, attempt: int, owner: str, state: str, now: float) -> None:
    """Give back a run that its program does not execute any more: one of an app is queued, another gets `state`."""
    session.execute(
        "UPDATE sayso_runs SET state = CASE WHEN app <> '' THEN 'queued' ELSE :state END, owner = NULL, changed_at = :now "
        "WHERE id = :id AND attempt = :attempt AND owner = :owner AND state = 'running'",
        {"id": run_id, "attempt": attempt, "owner": owner, "state": state, "now": now},
    )


def find_performers(session: Session, root: str, key: str, since: str) -> list[str]:
    """Return the programs that have begun the write `key`: the one that claimed the run as attempt number `since`, and who repeated it."""
    rows = session.execute(
        "SELECT value FROM sayso_log WHERE root = :root AND ((kind = 'begun' AND name = :attempt) OR (kind = 'repeated' AND name = :key)) "
        "ORDER BY number",
        {"root": root, "attempt": since, "key": key},
    ).fetchall()
    return [json.loads(value)["by"] for (value,) in rows]


def wake(session: Session, now: float, is_sqlite: bool) -> None:
    """Queue the runs whose wait is over, but for those that another program is just moving on."""
    lock = "" if is_sqlite else " FOR UPDATE SKIP LOCKED"
    session.execute(
        f"WITH due AS MATERIALIZED (SELECT id AS due_id FROM sayso_runs WHERE state = 'waiting' AND wake_at <= :now{lock}) "
        "UPDATE sayso_runs SET state = 'queued', wake_at = NULL, changed_at = :now FROM due WHERE id = due_id",
        {"now": now},
    )


def stop_idle(session: Session, root: str, now: float) -> None:
    """End a cancelled run that nobody executes."""
    stopped = session.execute(
        "UPDATE sayso_runs SET state = 'cancelled', owner = NULL, wake_at = NULL, error = NULL, changed_at = :now "
        "WHERE id = :root AND state <> 'running' RETURNING id",
        {"root": root, "now": now},
    )
    if stopped.fetchone():
        session.execute("UPDATE sayso_approvals SET state = 'closed' WHERE root = :root AND state = 'proposed'", {"root": root})
        mark_cut_off(session, root)


def mark_cut_off(session: Session, root: str) -> None:
    """Mark the writes as unknown that were cut off in a run that is cancelled: no execution will look what became of them."""
    for key in find_cut_off(log_rows(session, root)):
        session.execute(
            "UPDATE sayso_approvals SET state = 'unknown' WHERE root = :root AND key = :key AND state IN ('approved', 'executing')",
            {"root": root, "key": key},
        )


def find_cut_off(log: Sequence[Row]) -> set[str]:
    """Return the keys of the writes that were begun, by the log of a run, and of which it does not say what became."""
    keys, begun = dict[tuple[str, str], set[str]](), find_under_way(log)
    for row in log:
        if row.kind == "kept" and row.name.startswith("propose:") and (place := _find_place(row)) in begun:
            with suppress(ValueError, TypeError, LookupError):  # no request: it is a step of that name, or nobody had to be asked
                keys.setdefault(place, set()).add(str(json.loads(row.value)["="][0]["="]["key"]))
    return {key for place in begun for key in keys.get(place, ())}


def find_under_way(log: Sequence[Row]) -> set[tuple[str, str]]:
    """Return the places, by run, of the writes that were begun and of which a log does not say what became."""
    begun = set[tuple[str, str]]()
    for row in log:
        if row.kind == "kept" and row.name.startswith(("intent:", "effect:")):
            # An intent that names no attempt was not to be begun after all.
            is_settled = row.name.startswith("effect:") or '"=": ["",' in row.value
            (begun.discard if is_settled else begun.add)(_find_place(row))
    return begun


def _find_place(row: Row) -> tuple[str, str]:
    return row.run, row.name.partition(":")[2].partition(".edit")[0]


def count_sent(session: Session, owner: str) -> dict[str, int]:
    """Count what was sent to each run that a program executes."""
    found = session.execute(
        "SELECT root, COUNT(*) FROM sayso_inbox "
        "WHERE root IN (SELECT id FROM sayso_runs WHERE state = 'running' AND owner = :owner) GROUP BY root",
        {"owner": owner},
    )
    return {root: int(count) for root, count in found.fetchall()}


def entries(log: Sequence[Row], *, with_failure: bool = False) -> list[Entry]:
    """Return each step's stored result, in order, less what was forgotten; `with_failure` with what ended the last execution."""
    stored: dict[tuple[str, str], Entry] = {}
    last = max((row.number for row in log if row.kind == "begun"), default=0)
    for row in log:
        if with_failure and row.kind == "forgotten" and row.number > last:
            continue
        if row.kind == "kept":
            stored[row.run, row.name] = Entry(row.run, row.name, json.loads(row.value))
        elif row.kind == "forgotten":
            stored.pop((row.run, row.name), None)
    return list(stored.values())


def prompts(log: Sequence[Row]) -> dict[tuple[str, str], object]:
    """Return what models were sent, by the run and the step that sent it; of one that was sent again the last."""
    return {(row.run, row.name): json.loads(row.value) for row in log if row.kind == "sent"}
