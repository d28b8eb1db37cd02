"""Write and read runs: claims, the log, the inbox, approvals. Each function is (part of) one transaction."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from sayso.tools.errors import RunError

from ..runs.codec import to_json
from ..runs.events import ApprovalAsked, WriteSettled, WriteStarted
from ..runs.journal import Entry
from ..runs.same_run import Asked, check_same_run
from .chain import START, Row, link_rows
from .database import Session

NEW, QUEUED, RUNNING, WAITING, INTERRUPTED = "new", "queued", "running", "waiting", "interrupted"
DONE, FAILED, CANCELLED = "done", "failed", "cancelled"
ENDED = (DONE, FAILED, CANCELLED)
TOGETHER = 100
"""How many rows one statement inserts; SQLite allows 32,766 values in one."""


class Superseded(RunError):
    """Another program executes the run by now; what this one would still write does not count."""


class RunRow(NamedTuple):
    """A run as the database knows it; times are seconds since 1970.

    `state` is new, queued, running, waiting (for a decision), interrupted (its program was stopped), done, failed or cancelled.
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


class NewRun(NamedTuple):
    """A run that is to be added to the database; `input` and `limits` are JSON."""

    id: str
    flow: str
    app: str
    input: str
    limits: str
    state: str
    now: float


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


class Claimed(NamedTuple):
    """A run that this program may execute now, with all that was stored of it."""

    run: RunRow
    log: list[Row]
    inbox: list[tuple[str, str, str]]


_RUN = ", ".join(RunRow._fields)
_APPROVAL = ", ".join(ApprovalRow._fields)


def run_row(session: Session, run_id: str, *, locked: bool = False, is_sqlite: bool = True) -> RunRow | None:
    """Return a run by its id; `locked` locks it until the transaction ends (SQLite locks the whole file anyway)."""
    lock = " FOR UPDATE" if locked and not is_sqlite else ""
    found = session.execute(f"SELECT {_RUN} FROM sayso_runs WHERE id = :id{lock}", {"id": run_id}).fetchone()
    return RunRow(*found) if found else None


def run_rows(session: Session, states: Sequence[str] = (), limit: int = 1000) -> list[RunRow]:
    """Return runs, the one that changed last first."""
    wanted = " OR ".join(f"state = :s{index}" for index in range(len(states))) or "1 = 1"
    values: dict[str, object] = {f"s{index}": state for index, state in enumerate(states)}
    found = session.execute(f"SELECT {_RUN} FROM sayso_runs WHERE {wanted} ORDER BY changed_at DESC LIMIT {int(limit)}", values)
    return [RunRow(*row) for row in found.fetchall()]


def create(session: Session, new: NewRun) -> bool:
    """Add a run; False if it was there already."""
    made = session.execute(
        "INSERT INTO sayso_runs (id, flow, app, input, limits, state, attempt, owner, number, head, created_at, changed_at) "
        "VALUES (:id, :flow, :app, :input, :limits, :state, 0, NULL, 0, '', :now, :now) ON CONFLICT (id) DO NOTHING RETURNING id",
        new._asdict(),
    )
    return made.fetchone() is not None


def create_or_find(session: Session, new: NewRun, is_sqlite: bool) -> RunRow:
    """Add a run, or find it; it is locked. Raises RunIdTaken if the run of that id is of another flow, or has another input."""
    is_new = create(session, new)
    row = run_row(session, new.id, locked=True, is_sqlite=is_sqlite)
    assert row is not None
    if not is_new:
        check_same_run(new.id, Asked(row.flow, row.input), Asked(new.flow, new.input))
    return row


def claim_queued(session: Session, app: str, flows: Sequence[str], owner: str, most: int, now: float, is_sqlite: bool) -> list[Claimed]:
    """Claim the oldest queued runs of an app that are of these flows, at most `most`; what another program is claiming is passed over."""
    names = {f"flow{index}": flow for index, flow in enumerate(flows)}
    lock = "" if is_sqlite else " FOR UPDATE SKIP LOCKED"  # an SQLite file is locked as a whole
    found = session.execute(
        f"WITH oldest AS MATERIALIZED (SELECT id AS oldest_id FROM sayso_runs WHERE state = 'queued' AND app = :app "
        f"AND flow IN ({', '.join(f':{name}' for name in names)}) ORDER BY created_at, id LIMIT {int(most)}{lock}) "
        "UPDATE sayso_runs SET state = 'running', attempt = attempt + 1, owner = :owner, changed_at = :now, wake_at = NULL, error = NULL "
        f"FROM oldest WHERE id = oldest_id RETURNING {_RUN}",
        {"app": app, "owner": owner, "now": now, **names},
    )
    runs = sorted((RunRow(*row) for row in found.fetchall()), key=lambda run: (run.created_at, run.id))
    return [Claimed(run, log_rows(session, run.id), inbox_rows(session, run.id)) for run in runs]


def claim(session: Session, row: RunRow, owner: str, limits: str | None, now: float) -> Claimed:
    """Claim a locked run: from here on only this claim's writes count."""
    limits = row.limits if limits is None else limits
    values = {"id": row.id, "owner": owner, "limits": limits, "now": now}
    session.execute(
        "UPDATE sayso_runs SET state = 'running', attempt = attempt + 1, owner = :owner, limits = :limits, changed_at = :now, "
        "wake_at = NULL, error = NULL WHERE id = :id",
        values,
    )
    log = log_rows(session, row.id)
    inbox = inbox_rows(session, row.id)
    return Claimed(row._replace(state=RUNNING, attempt=row.attempt + 1, owner=owner, limits=limits), log, inbox)


def log_rows(session: Session, root: str, since: int = 0) -> list[Row]:
    """Return the log of a run after row `since`."""
    found = session.execute(
        "SELECT number, at, run, kind, name, value, hash FROM sayso_log WHERE root = :root AND number > :since ORDER BY number",
        {"root": root, "since": since},
    )
    return [Row(*row) for row in found.fetchall()]


def inbox_rows(session: Session, root: str) -> list[tuple[str, str, str]]:
    """Return what was sent to a run and its children: run, topic, value as JSON."""
    found = session.execute("SELECT run, topic, value FROM sayso_inbox WHERE root = :root", {"root": root})
    return [(run, topic, value) for run, topic, value in found.fetchall()]


def append(session: Session, run: RunRow, rows: Sequence[Row], key: bytes | None, now: float) -> RunRow:
    """Add rows to the log of a claimed run and return the run as it is then. Raises Superseded if the claim does not hold any more."""
    chain = link_rows(run.head or START, run.number, rows, key)
    number, head = chain[-1].number, chain[-1].hash
    held = session.execute(
        "UPDATE sayso_runs SET number = :number, head = :head, changed_at = :now "
        "WHERE id = :id AND attempt = :attempt AND state = 'running' AND number = :before RETURNING id",
        {"id": run.id, "attempt": run.attempt, "before": run.number, "number": number, "head": head, "now": now},
    )
    if not held.fetchall():
        raise Superseded(f"Run {run.id} is executed elsewhere, or was stopped; what was done here since then is not stored.")
    columns = Row._fields
    for first in range(0, len(chain), TOGETHER):
        batch = chain[first : first + TOGETHER]
        places = ", ".join(f"(:root, {', '.join(f':{column}{index}' for column in columns)})" for index in range(len(batch)))
        values = {f"{column}{index}": value for index, row in enumerate(batch) for column, value in zip(columns, row, strict=True)}
        session.execute(f"INSERT INTO sayso_log (root, {', '.join(columns)}) VALUES {places}", {"root": run.id, **values})
    return run._replace(number=number, head=head)


def record_approval(session: Session, root: str, event: object, now: float) -> None:
    """Record a request that is asked, or move it on when its write starts and ends."""
    match event:
        case ApprovalAsked(run, request):
            session.execute(
                f"INSERT INTO sayso_approvals ({_APPROVAL}) VALUES (:digest, :key, :root, :run, :tool, :card, :request, 'proposed', "
                ":asked_at, :expires_at, NULL, NULL) ON CONFLICT (digest) DO NOTHING",
                {
                    "digest": request.digest,
                    "key": request.key,
                    "root": root,
                    "run": run,
                    "tool": request.tool,
                    "card": request.card,
                    "request": json.dumps(to_json(request)),
                    "asked_at": request.proposed_at,
                    "expires_at": request.expires_at,
                },
            )
        case WriteStarted(_, _, key):
            session.execute("UPDATE sayso_approvals SET state = 'executing' WHERE key = :key AND state = 'approved'", {"key": key})
        case WriteSettled(_, _, key, outcome):
            values = {"key": key, "outcome": str(outcome)}
            session.execute("UPDATE sayso_approvals SET state = :outcome WHERE key = :key AND state = 'executing'", values)


def send(session: Session, root: str, run: str, topic: str, value: str, now: float) -> str:
    """Put a value into the inbox of a locked run; return the one that counts, the first for the topic. A waiting run is queued."""
    values = {"root": root, "run": run, "topic": topic, "value": value, "now": now}
    session.execute(
        "INSERT INTO sayso_inbox (root, run, topic, value, at) VALUES (:root, :run, :topic, :value, :now) "
        "ON CONFLICT (run, topic) DO NOTHING",
        values,
    )
    (counts,) = session.execute("SELECT value FROM sayso_inbox WHERE run = :run AND topic = :topic", values).fetchone()
    session.execute("UPDATE sayso_runs SET state = 'queued', changed_at = :now WHERE id = :root AND state = 'waiting'", values)
    return str(counts)


def decide(session: Session, run: str, digest: str, state: str, by: str, now: float) -> bool:
    """Move a request of a run from proposed to what was decided; False if it was decided before, or belongs to another run."""
    moved = session.execute(
        "UPDATE sayso_approvals SET state = :state, decided_by = :by, decided_at = :now "
        "WHERE digest = :digest AND run = :run AND state = 'proposed' RETURNING digest",
        {"digest": digest, "run": run, "state": state, "by": by, "now": now},
    )
    return moved.fetchone() is not None


def approval_rows(session: Session, root: str | None = None, *, only_open: bool = False) -> list[ApprovalRow]:
    """Return requests in the order they were made."""
    where = ["1 = 1"] + (["root = :root"] if root else []) + (["state = 'proposed'"] if only_open else [])
    found = session.execute(
        f"SELECT {_APPROVAL} FROM sayso_approvals WHERE {' AND '.join(where)} ORDER BY asked_at, digest", {"root": root} if root else {}
    )
    return [ApprovalRow(*row) for row in found.fetchall()]


def pause(session: Session, root: str, attempt: int, known: int, wake_at: float | None, now: float, is_sqlite: bool) -> bool:
    """Let go of a run that can only wait; False if more was sent to it than the `known` values."""
    run_row(session, root, locked=True, is_sqlite=is_sqlite)
    (sent,) = session.execute("SELECT COUNT(*) FROM sayso_inbox WHERE root = :root", {"root": root}).fetchone()
    if sent != known:
        return False
    let_go(session, root, attempt, WAITING, now, wake_at=wake_at)
    return True


def let_go(
    session: Session,
    root: str,
    attempt: int,
    state: str,
    now: float,
    *,
    wake_at: float | None = None,
    output: str | None = None,
    error: str | None = None,
) -> None:
    """Let go of a run that waits, is over, or is to be executed elsewhere."""
    values = {"id": root, "attempt": attempt, "state": state, "now": now, "wake": wake_at, "output": output, "error": error}
    session.execute(
        "UPDATE sayso_runs SET state = :state, owner = NULL, changed_at = :now, wake_at = :wake, output = :output, error = :error "
        "WHERE id = :id AND attempt = :attempt AND state = 'running'",
        values,
    )
    if state in (DONE, CANCELLED):
        session.execute("UPDATE sayso_approvals SET state = 'closed' WHERE root = :id AND state = 'proposed'", values)


def release_dead(session: Session, is_dead: Callable[[str], bool], now: float) -> list[str]:
    """Queue the runs whose program has died; return the names of the dead programs."""
    owners = [row[0] for row in session.execute("SELECT DISTINCT owner FROM sayso_runs WHERE state = 'running'").fetchall()]
    dead = [owner for owner in owners if is_dead(owner)]
    for owner in dead:
        session.execute(
            "UPDATE sayso_runs SET state = 'queued', owner = NULL, changed_at = :now WHERE owner = :owner AND state = 'running'",
            {"owner": owner, "now": now},
        )
    return dead


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
        "UPDATE sayso_runs SET state = 'cancelled', owner = NULL, wake_at = NULL, changed_at = :now "
        "WHERE id = :root AND state <> 'running' RETURNING id",
        {"root": root, "now": now},
    )
    if stopped.fetchone():
        session.execute("UPDATE sayso_approvals SET state = 'closed' WHERE root = :root AND state = 'proposed'", {"root": root})


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


def find_disagreements(row: RunRow, log: Sequence[Row], approvals: Sequence[ApprovalRow]) -> tuple[str, ...]:
    """Return a sentence for each thing stored beside the log that says something else than the log."""
    problems = []
    if log and (log[0].kind != "started" or json.loads(log[0].value) != json.loads(row.input)):
        problems.append("the input that is stored with the run is not the one it was started with.")
    asked = {event["="][1]["="]["digest"]: event["="][1] for event in _events(log, "ApprovalAsked")}
    for approval in approvals:
        request = asked.get(approval.digest)
        if request is None or request != json.loads(approval.request) or request["="]["card"] != approval.card:
            problems.append(f"the request {approval.digest[:12]} is not the one that the log says was asked.")
    return tuple(problems)


def _events(log: Sequence[Row], name: str) -> list[Any]:
    return [json.loads(row.value) for row in log if row.kind == "told" and row.name == name]
