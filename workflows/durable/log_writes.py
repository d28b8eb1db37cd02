"""Write what belongs to the log of a run: its start, its claims, and what its executions add. Each function is (part of) one transaction.

Many runs are written together: what a hundred runs under way have gathered is one guarded update and one insert on Postgres, and on SQLite
one transaction. A run's rows count only where its claim still holds, and the statement that moves the run on is the one that asks: a
program that has lost a run writes nothing of it any more, so it begins no write, for its intent is not stored.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sayso.tools.errors import RunIdTaken

from ..runs.codec import SEALED_MARK, to_json
from ..runs.events import ApprovalAsked, WriteSettled, WriteStarted
from ..runs.same_run import Asked, check_same_run, check_same_user
from . import records
from .chain import KEY_ID_AT, START, Keys, Row, link_rows
from .database import Session
from .records import Claimed, InboxRow, LogChanged, NewRun, RunRow, Superseded

SUSPECT_DEATHS, SUSPECT_PAUSE_SECONDS, SUSPECT_BUSY_SECONDS = 2, 5.0, 60.0
"""With how many deaths in a row a run is a suspect: it may be what kills its programs. For each death it waits so long; where there is
always something else to do so much longer, so that it has its turn all the same."""
ALONE_DEATHS = 4
"""With how many deaths in a row a program executes a run beside no other such suspect: else what is innocent would be lost again and again
with the run that kills."""

FindChange = Callable[[Session, RunRow, Sequence[Row]], str]
"""Returns why a run is not to be executed, for what is stored of it was changed; empty if it may be."""

_RUN = ", ".join(RunRow._fields)
_LOG = {
    "root": "text",
    "number": "int",
    "at": "double precision",
    "run": "text",
    "kind": "text",
    "name": "text",
    "value": "text",
    "hash": "text",
}
_ASKED = {
    "digest": "text",
    "key": "text",
    "root": "text",
    "run": "text",
    "tool": "text",
    "card": "text",
    "request": "text",
    "state": "text",
    "asked_at": "double precision",
    "expires_at": "double precision",
}


class RunEnd(NamedTuple):
    """What becomes of a run that is let go of: it waits, is over, or is to be executed elsewhere.

    Where more was sent to it by then than the `known` values, it goes on instead: its end is not written.
    """

    state: str
    wake_at: float | None = None
    output: str | None = None
    error: str | None = None
    known: int | None = None


class Addition(NamedTuple):
    """What a claimed run has gathered for its log, with the events among it that move requests on, and its end if it is one."""

    run: RunRow
    rows: tuple[Row, ...]
    events: tuple[object, ...]
    now: float
    ending: RunEnd | None = None


class Added(NamedTuple):
    """A claimed run as it is after an addition; `goes_on` says that its end was not written, for something was sent to it."""

    run: RunRow
    goes_on: bool = False


# a run's start


def create_or_find(session: Session, new: NewRun, keys: Keys | None, is_sqlite: bool) -> RunRow:
    """Add a run with the first rows of its log, or find it; it is locked.

    Raises RunIdTaken if the run of that id is of another flow, has another input, or was forgotten.
    """
    created = {"limits": json.loads(new.limits), "state": new.state}
    if new.user:
        created["user"] = new.user
    rows = (
        Row(0, new.now, new.id, "started", new.flow, new.input),
        Row(0, new.now, new.id, "created", new.app, json.dumps(created)),
    )
    chain = link_rows(START, 0, rows, keys)
    made = session.execute(
        "INSERT INTO sayso_runs (id, flow, app, input, limits, state, attempt, owner, number, head, created_at, changed_at, for_user) "
        "SELECT :id, :flow, :app, :input, :limits, :state, 0, NULL, :number, :head, :now, :now, :user "
        "WHERE NOT EXISTS (SELECT 1 FROM sayso_forgotten WHERE id = :hashed_id) ON CONFLICT (id) DO NOTHING "
        f"RETURNING {_RUN}",
        {**new._asdict(), "number": len(chain), "head": chain[-1].hash, "hashed_id": records.hash_id(new.id)},
    ).fetchone()
    if made is not None:
        insert_rows(session, {new.id: chain}, is_sqlite)
        return RunRow(*made)
    row = records.run_row(session, new.id, locked=True, is_sqlite=is_sqlite)
    if row is None:
        raise RunIdTaken(f"There was a run {new.id!r}, which was forgotten. It is not executed again. Give another run_id.")
    if (row.flow, row.input) != (new.flow, new.input):
        check_same_run(new.id, Asked(row.flow, _read_input(row.id, row.input)), Asked(new.flow, _read_input(new.id, new.input)))
    if new.user != row.for_user:
        check_same_user(new.id, row.for_user, new.user)
    return row


def _read_input(run_id: str, text: str) -> str:
    """Return an input with its secrets in the open. Raises SecretLocked without their key."""
    if SEALED_MARK not in text:
        return text
    from .secret_keys import unseal_text  # late, for load time: few inputs have secrets

    return json.dumps(unseal_text(run_id, text))


# claims


def claim_queued(
    session: Session,
    app: str,
    flows: Sequence[str],
    left: Sequence[str],
    owner: str,
    most: int,
    keys: Keys | None,
    find_change: FindChange,
    now: float,
    is_sqlite: bool,
    *,
    resumed: int | None = None,
    suspects: bool = False,
    is_busy: bool = False,
) -> list[Claimed]:
    """Claim queued runs of an app that are of these flows, at most `most`, with one statement; what another program claims is passed over.

    Each run is claimed in the order in which it was queued. Of runs that were executed before (a decision came, their program died) the
    first `resumed` come before all others, half if that is not said: so they do not wait behind a flood of new runs, nor do those wait for
    ever behind them. The runs in `left` are left to others. A run with a key that is not among the `keys` is left to programs that have it;
    one that was changed fails by name. Claims no suspects, or only those that have waited, the one with the fewest deaths first; one with
    ALONE_DEATHS only where this program executes no other such run.
    """
    if not flows:  # Postgres knows no empty list
        return []
    ids = [f":{key_id}" if key_id else "" for key_id in (keys.by_id if keys is not None else ())]
    known = f"substr(head, {KEY_ID_AT}) IN {_each('ids', is_sqlite)} OR " if ids else ""
    but = f"AND id NOT IN {_each('left', is_sqlite)} " if left else ""
    lock = "" if is_sqlite else " FOR UPDATE SKIP LOCKED"  # an SQLite file is locked as a whole
    which, order = "deaths < :suspect", "changed_at, created_at, id"
    if suspects:
        pause = SUSPECT_PAUSE_SECONDS + (SUSPECT_BUSY_SECONDS if is_busy else 0)
        others = "SELECT 1 FROM sayso_runs AS other WHERE other.state = 'running' AND other.owner = :owner AND other.deaths >= :alone"
        which = f"deaths >= :suspect AND changed_at + {pause} * deaths <= :now AND (deaths < :alone OR NOT EXISTS ({others}))"
        order, resumed = "deaths, changed_at, created_at, id", 0
    which = (
        f"state = 'queued' AND app = :app AND flow IN {_each('flows', is_sqlite)} {but}AND ({known}substr(head, 1, 1) <> 'k') AND {which}"
    )
    values = {"app": app, "owner": owner, "now": now, "suspect": SUSPECT_DEATHS, "alone": ALONE_DEATHS, "most": most}
    values["resumed"] = (most + 1) // 2 if resumed is None else resumed
    values |= {name: _list(given, is_sqlite) for name, given in (("flows", flows), ("left", left), ("ids", ids)) if given}
    found = session.execute(
        f"WITH resumed AS MATERIALIZED (SELECT id FROM sayso_runs WHERE {which} AND attempt > 0 ORDER BY {order} LIMIT :resumed{lock}), "
        f"oldest AS MATERIALIZED (SELECT id FROM sayso_runs WHERE {which} AND id NOT IN (SELECT id FROM resumed) ORDER BY {order} "
        f"LIMIT :most - (SELECT COUNT(*) FROM resumed){lock}), "
        "chosen AS MATERIALIZED (SELECT id AS chosen_id FROM resumed UNION ALL SELECT id FROM oldest) "
        "UPDATE sayso_runs SET state = 'running', attempt = attempt + 1, owner = :owner, changed_at = :now, wake_at = NULL, error = NULL "
        f"FROM chosen WHERE id = chosen_id RETURNING {_RUN}",
        values,
    )
    runs = sorted((RunRow(*row) for row in found.fetchall()), key=lambda run: (run.created_at, run.id))
    return _begin_claimed(session, runs, keys, find_change, now, is_sqlite) if runs else []


def _begin_claimed(
    session: Session, runs: Sequence[RunRow], keys: Keys | None, find_change: FindChange, now: float, is_sqlite: bool
) -> list[Claimed]:
    """Load all that is stored of claimed runs, and note in their logs that an execution begins; a run that was changed fails."""
    ids = {"ids": _list([run.id for run in runs], is_sqlite)}
    logs: dict[str, list[Row]] = {run.id: [] for run in runs}
    inboxes: dict[str, list[InboxRow]] = {run.id: [] for run in runs}
    for root, *row in session.execute(
        f"SELECT {', '.join(_LOG)} FROM sayso_log WHERE root IN {_each('ids', is_sqlite)} AND number > 0 ORDER BY root, number", ids
    ).fetchall():
        logs[root].append(Row(*row))
    for row in session.execute(
        f"SELECT {', '.join(InboxRow._fields)} FROM sayso_inbox WHERE root IN {_each('ids', is_sqlite)} ORDER BY at, run, topic", ids
    ).fetchall():
        inboxes[row[0]].append(InboxRow(*row))
    claimed, chains = list[Claimed](), dict[str, list[Row]]()
    for run in runs:
        log = logs[run.id]
        if keys is not None and (problem := find_change(session, run._replace(attempt=run.attempt - 1), log)):
            session.execute(
                "UPDATE sayso_runs SET state = 'failed', attempt = attempt - 1, owner = NULL, error = :error WHERE id = :id",
                {"id": run.id, "error": json.dumps(to_json(LogChanged(problem)))},
            )
            continue
        chain = chains[run.id] = link_begun(run, log, keys, now)
        claimed.append(Claimed(run._replace(number=chain[-1].number, head=chain[-1].hash), [*log, *chain], inboxes[run.id]))
    _move_heads(session, [each.run for each in claimed], is_sqlite)
    insert_rows(session, chains, is_sqlite)
    return claimed


def _move_heads(session: Session, runs: Sequence[RunRow], is_sqlite: bool) -> None:
    if is_sqlite:
        for run in runs:
            session.execute("UPDATE sayso_runs SET number = :number, head = :head WHERE id = :id", run._asdict())
    elif runs:
        session.execute(
            "UPDATE sayso_runs SET number = new.number, head = new.head FROM unnest(CAST(:ids AS text[]), CAST(:numbers AS int[]), "
            "CAST(:heads AS text[])) AS new (id, number, head) WHERE sayso_runs.id = new.id",
            {"ids": [run.id for run in runs], "numbers": [run.number for run in runs], "heads": [run.head for run in runs]},
        )


def link_begun(run: RunRow, log: Sequence[Row], keys: Keys | None, now: float) -> list[Row]:
    """Return the rows that say that an execution of a claimed run begins, as they follow its log."""
    begun = Row(0, now, run.id, "begun", str(run.attempt), json.dumps({"by": run.owner, "limits": json.loads(run.limits)}))
    first = () if log else (Row(0, now, run.id, "started", run.flow, run.input),)  # it was created by an older Sayso
    return link_rows(run.head or START, run.number, (*first, begun), keys)


def claim(
    session: Session, row: RunRow, log: Sequence[Row], owner: str, limits: str | None, keys: Keys | None, now: float, is_sqlite: bool
) -> Claimed:
    """Claim a locked run, whose log this is: from here on only this claim's writes count."""
    run = row._replace(state=records.RUNNING, attempt=row.attempt + 1, owner=owner, limits=row.limits if limits is None else limits)
    chain = link_begun(run, log, keys, now)
    run = run._replace(number=chain[-1].number, head=chain[-1].hash)
    session.execute(
        "UPDATE sayso_runs SET state = 'running', attempt = :attempt, owner = :owner, limits = :limits, changed_at = :now, "
        "number = :number, head = :head, wake_at = NULL, error = NULL WHERE id = :id",
        {**run._asdict(), "now": now},
    )
    insert_rows(session, {row.id: chain}, is_sqlite)
    return Claimed(run, [*log, *chain], records.inbox_rows(session, row.id))


# what an execution adds


class _Move(NamedTuple):
    """A run as an addition leaves it, and the rows that are linked to its chain. `ending` is None where it goes on."""

    run: RunRow
    before: int
    chain: list[Row]
    addition: Addition
    ending: RunEnd | None


def add_all(session: Session, additions: Sequence[Addition], keys: Keys | None, is_sqlite: bool) -> list[Added | Superseded]:
    """Add what runs have gathered to their logs, each as far as its claim still holds; a run is among them once.

    Returns for each what became of it, in their order: a run that is somebody else's by now has a Superseded, and nothing of it is stored.
    """
    with_news = _find_news(session, additions, is_sqlite)
    moves = [_link(each, keys, goes_on=each.run.id in with_news) for each in additions]
    held = (_hold_one_by_one if is_sqlite else _hold_together)(session, moves)
    stored = [move for move in moves if move.run.id in held]
    insert_rows(session, {move.run.id: move.chain for move in stored}, is_sqlite)
    _move_requests(session, stored, is_sqlite)
    return [_tell(session, move, move.run.id in held) for move in moves]


def _link(addition: Addition, keys: Keys | None, *, goes_on: bool) -> _Move:
    run, rows = addition.run, addition.rows
    if goes_on:
        rows = tuple(row for row in rows if row.kind != "ended")
    chain = link_rows(run.head or START, run.number, rows, keys)
    after = run._replace(number=chain[-1].number, head=chain[-1].hash) if chain else run
    return _Move(after, run.number, chain, addition, None if goes_on else addition.ending)


def _find_news(session: Session, additions: Sequence[Addition], is_sqlite: bool) -> Collection[str]:
    """Lock the runs that are about to wait, and return those to which more was sent than they know."""
    known = {each.run.id: each.ending.known for each in additions if each.ending is not None and each.ending.known is not None}
    if not known:
        return ()
    values, lock = {"ids": _list(list(known), is_sqlite)}, "" if is_sqlite else " FOR UPDATE"
    found = session.execute(f"SELECT id, state, attempt FROM sayso_runs WHERE id IN {_each('ids', is_sqlite)} ORDER BY id{lock}", values)
    held = {(run_id, attempt) for run_id, state, attempt in found.fetchall() if state == records.RUNNING}
    # After the lock, in a statement of its own: whoever sends something locks the run first, so nothing can come in between.
    counted = session.execute(f"SELECT root, COUNT(*) FROM sayso_inbox WHERE root IN {_each('ids', is_sqlite)} GROUP BY root", values)
    sent: dict[str, int] = dict(counted.fetchall())
    return {
        each.run.id
        for each in additions
        if each.run.id in known and (each.run.id, each.run.attempt) in held and sent.get(each.run.id, 0) != known[each.run.id]
    }


_KEPT = "state = 'running' AND sayso_runs.attempt = {0}attempt AND sayso_runs.owner = {0}owner AND sayso_runs.number = {0}before"


def _values_of(move: _Move) -> dict[str, object]:
    run, ending = move.run, move.ending or RunEnd(records.RUNNING)
    lives = move.ending is not None or any(row.kind == "kept" for row in move.chain)  # it got further than before
    owner_after = run.owner if ending.state == records.RUNNING else None
    return {
        "id": run.id,
        "attempt": run.attempt,
        "owner": run.owner,
        "before": move.before,
        "after": run.number,
        "new_head": run.head,
        "now": float(move.addition.now),
        "lives": int(lives),
        "new_state": ending.state,
        "owner_after": owner_after,
        "wake": None if ending.wake_at is None else float(ending.wake_at),
        "new_output": ending.output,
        "new_error": ending.error,
    }


def _write_set(new: str) -> str:
    """Return what an addition changes of a run; `new` stands before the names of its values."""
    return (
        f"state = {new}new_state, owner = {new}owner_after, number = {new}after, head = {new}new_head, changed_at = {new}now, "
        f"wake_at = {new}wake, output = {new}new_output, error = {new}new_error, deaths = CASE WHEN {new}lives = 1 THEN 0 ELSE deaths END"
    )


_MOVE = {
    "id": "text",
    "attempt": "int",
    "owner": "text",
    "before": "int",
    "after": "int",
    "new_head": "text",
    "now": "double precision",
    "lives": "int",
    "new_state": "text",
    "owner_after": "text",
    "wake": "double precision",
    "new_output": "text",
    "new_error": "text",
}
_MOVE_ONE = f"UPDATE sayso_runs SET {_write_set(':')} WHERE id = :id AND {_KEPT.format(':')}"
_MOVE_ALL = (
    f"UPDATE sayso_runs SET {_write_set('moved.')} FROM unnest({', '.join(f'CAST(:{name} AS {kind}[])' for name, kind in _MOVE.items())}) "
    f"AS moved ({', '.join(_MOVE)}) WHERE sayso_runs.id = moved.id AND {_KEPT.format('moved.')} RETURNING sayso_runs.id"
)


def _hold_one_by_one(session: Session, moves: Sequence[_Move]) -> Collection[str]:
    """Move each run on whose claim holds, and return their ids."""
    return {move.run.id for move in moves if session.execute(_MOVE_ONE, _values_of(move)).rowcount}


def _hold_together(session: Session, moves: Sequence[_Move]) -> Collection[str]:
    """Move all runs on whose claims hold, with one statement, and return their ids."""
    each = [_values_of(move) for move in moves]
    held = session.execute(_MOVE_ALL, {name: [values[name] for values in each] for name in _MOVE})
    return {run_id for (run_id,) in held.fetchall()}


def _tell(session: Session, move: _Move, is_held: bool) -> Added | Superseded:
    run, goes_on = move.run, move.addition.ending is not None and move.ending is None
    if is_held:
        return Added(run, goes_on)
    now = records.run_row(session, run.id)
    if move.chain and now is not None and (now.attempt, now.number, now.head) == (run.attempt, run.number, run.head):
        return Added(run, goes_on)  # the connection was lost before the commit of these very rows was confirmed
    return Superseded(f"Run {run.id} is executed elsewhere, or was stopped; later results of this program are not stored.")


def insert_rows(session: Session, chains: Mapping[str, Iterable[Row]], is_sqlite: bool) -> None:
    """Add rows to the logs of runs, by their ids."""
    _insert(session, "sayso_log", _LOG, [(root, *row) for root, chain in chains.items() for row in chain], is_sqlite)


# requests for approval


def _move_requests(session: Session, moves: Sequence[_Move], is_sqlite: bool) -> None:
    """Record the requests that are asked, and move them on when their writes start and end; what is open when a run is over is closed."""
    asked, started, settled = list[tuple[object, ...]](), list[str](), dict[str, list[str]]()
    for move in moves:
        for event in move.addition.events:
            match event:
                case ApprovalAsked(run, request):
                    written = json.dumps(to_json(request))
                    about = (request.digest, request.key, move.run.id, run, request.tool, request.card, written, "proposed")
                    asked.append((*about, float(request.proposed_at), float(request.expires_at)))
                case WriteStarted(_, _, key):
                    started.append(key)
                case WriteSettled(_, _, key, outcome):
                    settled.setdefault(str(outcome), []).append(key)
    _insert(session, "sayso_approvals", _ASKED, asked, is_sqlite, "ON CONFLICT (digest) DO NOTHING")
    over = [move.run.id for move in moves if move.ending is not None and move.ending.state in (records.DONE, records.CANCELLED)]
    cancelled = [move.run.id for move in moves if move.ending is not None and move.ending.state == records.CANCELLED]
    changes = [("executing", "approved", "key", started)]
    changes += [(outcome, "executing", "key", keys) for outcome, keys in settled.items()]
    changes += [("closed", "proposed", "root", over)]
    for after, before, column, which in changes:
        if which:
            session.execute(
                f"UPDATE sayso_approvals SET state = :after WHERE state = :before AND {column} IN {_each('which', is_sqlite)}",
                {"after": after, "before": before, "which": _list(which, is_sqlite)},
            )
    for root in cancelled:
        records.mark_cut_off(session, root)


# many values in one statement, in the words of both databases


def _each(name: str, is_sqlite: bool) -> str:
    """Return the values of a list, as SQL."""
    return f"(SELECT value FROM json_each(:{name}))" if is_sqlite else f"(SELECT unnest(CAST(:{name} AS text[])))"


def _list(values: Sequence[str], is_sqlite: bool) -> object:
    return json.dumps(values) if is_sqlite else list(values)


def _insert(
    session: Session, table: str, columns: Mapping[str, str], rows: Sequence[tuple[Any, ...]], is_sqlite: bool, but: str = ""
) -> None:
    """Insert rows; `columns` are the types of the columns by their names."""
    if not rows:
        return
    names = ", ".join(columns)
    if is_sqlite:
        session.executemany(f"INSERT INTO {table} ({names}) VALUES ({', '.join('?' * len(columns))}) {but}", rows)
        return
    arrays = ", ".join(f"CAST(:{name} AS {kind}[])" for name, kind in columns.items())
    given = dict(zip(columns, map(list, zip(*rows, strict=True)), strict=True))
    session.execute(f"INSERT INTO {table} ({names}) SELECT * FROM unnest({arrays}) {but}", given)
