"""Compare all that is stored of a run with its log: the row of the run, what was sent to it, the requests and what became of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from sayso.tools.canonical import Json

from ..runs.execution import CANCEL
from . import records
from .chain import Keys, Row, check_seal, fingerprint
from .records import ApprovalRow, InboxRow, RunRow
from .stored_feedback import StoredFeedback, find_changed_feedback

LIFE = ("started", "created", "begun", "ended")
STATES = {"Approve": "approved", "Edit": "edited", "Reject": "rejected"}


class Stored(NamedTuple):
    """All that a database has of one run; `hashed_since` is when its inbox got hashes (seconds since 1970)."""

    run: RunRow
    log: Sequence[Row]
    inbox: Sequence[InboxRow]
    approvals: Sequence[ApprovalRow]
    hashed_since: float
    feedback: Sequence[StoredFeedback] = ()


UNREADABLE = (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError)


def find_disagreements(stored: Stored, keys: Keys | None) -> tuple[str, ...]:
    """Return a sentence for each thing stored beside the log that says something else than the log, or cannot even be read."""
    parts: tuple[tuple[str, Callable[[], list[str]]], ...] = (
        ("how it was begun", lambda: compare_start(stored.run, stored.log, stored.hashed_since, keys)),
        ("its state", lambda: _compare_state(stored, find_consumed(stored.log))),
        ("its end", lambda: _compare_end(stored.run, stored.log)),
        ("its inbox", lambda: _compare_inbox(stored, find_consumed(stored.log), keys)),
        ("its feedback", lambda: find_changed_feedback(stored.feedback, keys)),
        ("its requests", lambda: _compare_requests(stored, find_consumed(stored.log), keys)),
    )
    problems: list[str] = []
    for what, compare in parts:
        try:
            problems += compare()
        except UNREADABLE as error:
            problems.append(f"{what} cannot be compared with the log, for it cannot be read ({type(error).__name__}).")
    return tuple(problems)


def find_notes(stored: Stored) -> tuple[str, ...]:
    """Return what cannot be compared, because an older Sayso has not written it down."""
    if stored.log and not any(row.kind == "created" for row in stored.log):
        return ("It was begun by an older Sayso: state and input are compared, but limits and the ends of that time are not in its log.",)
    return ()


def compare_start(run: RunRow, log: Sequence[Row], hashed_since: float, keys: Keys | None) -> list[str]:
    """Return what the run's row says otherwise than the log about how it was begun: what an execution is about to go by."""
    if not log:
        is_old = run.number == run.attempt == 0 and run.created_at < hashed_since  # queued by an older Sayso
        if is_old and keys is not None and not keys.accepts_unkeyed:
            return ["it was queued without a key."]
        return [] if is_old else ["its log is missing."]
    first, created = log[0], next((row for row in log if row.kind == "created"), None)
    begun = [row for row in log if row.kind == "begun"]
    problems = []
    if first.run != run.id:
        problems.append(f"its log is that of the run {first.run}.")
    if first.kind != "started" or _differ(first.value, run.input):
        problems.append("the input that is stored with the run is not the one it was started with.")
    if first.name != run.flow or (created is not None and created.name != run.app):
        problems.append(f"the flow {run.flow!r} of the app {run.app!r} is not the one it was started as.")
    if created is not None and created.at != run.created_at:
        problems.append("the time at which it was created is not that of its log.")
    if created is not None and json.loads(created.value).get("user", "") != run.for_user:
        problems.append("the user that is stored with the run is not the one it was started for.")
    given = [json.loads(row.value).get("limits", ...) for row in (created, *begun) if row is not None]
    if given and given[-1] is not ... and given[-1] != json.loads(run.limits):
        problems.append("the limits that are stored with the run are not those it was given.")
    attempt = int(begun[-1].name) if begun else 0
    if run.attempt != attempt:
        problems.append(f"it says execution {run.attempt}, its log says {attempt}.")
    return problems


# the state of the run, and its end


def _compare_state(stored: Stored, consumed: Mapping[tuple[str, str], Json]) -> list[str]:
    run = stored.run
    last = _last_of_life(stored.log)
    if last is None:
        return [] if run.state in (records.NEW, records.QUEUED, records.CANCELLED) else [f"its state is {run.state}, and it has no log."]
    problems = []
    expected = _expected_states(stored, last, consumed)
    if run.state not in expected:
        problems.append(f"its state is {run.state}, by its log and inbox it is {' or '.join(sorted(expected))}.")
    owner = json.loads(last.value).get("by") if last.kind == "begun" and run.state == records.RUNNING else None
    if run.owner != owner:
        problems.append(f"its owner is {run.owner or 'nobody'}, its log says {owner or 'nobody'}.")
    if run.state == records.WAITING and last.kind == "ended":
        wake_at = _value_of(last).get("wake_at", ...)
        if wake_at is not ... and wake_at != run.wake_at:
            problems.append("the time at which it goes on by itself is not that of its log.")
    return problems


def _last_of_life(log: Sequence[Row]) -> Row | None:
    return next((row for row in reversed(log) if row.kind in LIFE), None)


def _expected_states(stored: Stored, last: Row, consumed: Mapping[tuple[str, str], Json]) -> set[str]:
    """Return the states that a run may have whose log was last written to like this: what others do to it is not in the log."""
    was_cancelled = any(row.topic == CANCEL for row in stored.inbox)
    match last.kind, last.name:
        case ("started" | "created", _) | ("ended", records.WAITING) if was_cancelled:
            return {records.CANCELLED}  # at once, for nobody was executing it
        case "started", _:
            states = {records.NEW, records.QUEUED}
        case "created", _:
            states = {str(_value_of(last)["state"])}
        case "begun", _:
            states = {records.RUNNING, records.QUEUED, records.INTERRUPTED}  # given back, or taken from a program that is gone
        case "ended", records.WAITING:
            states = {records.WAITING} | ({records.QUEUED} if _has_news(stored, consumed) else set())
        case _, name:
            states = {name}
    return states | ({records.CANCELLED} if was_cancelled and not states & set(records.ENDED) else set())


def _has_news(stored: Stored, consumed: Mapping[tuple[str, str], Json]) -> bool:
    """Return whether something was sent to a waiting run, or a request of it expired: then it is queued."""
    news = any((row.run, row.place) not in consumed for row in stored.inbox)
    wake_at = _value_of(_last_of_life(stored.log)).get("wake_at", 0.0)
    return news or (wake_at is not None and stored.run.changed_at >= wake_at)


def _compare_end(run: RunRow, log: Sequence[Row]) -> list[str]:
    last = _last_of_life(log)
    if last is None or last.kind != "ended":
        told = ("output",) if run.state == records.INTERRUPTED else ("output", "error")  # its error says why workers leave it
        return [f"it has an {name}, and its log no end." for name in told if getattr(run, name) is not None]
    value = _value_of(last)
    if not value and last.value == "null":  # an older Sayso has not written it down
        return []
    stated = {name: value.get(name) for name in ("output", "error")}
    return [
        f"the {name} that is stored with the run is not the one it ended with."
        for name, digits in stated.items()
        if (None if getattr(run, name) is None else fingerprint(getattr(run, name))) != digits
    ]


# what was sent


def find_consumed(log: Sequence[Row]) -> dict[tuple[str, str], Json]:
    """Return what the runs have received so far, by run and topic; None where a wait was over without."""
    kept = [row for row in log if row.kind == "kept" and row.name.startswith("wait:")]
    return {(row.run, row.name.removeprefix("wait:")): json.loads(row.value) for row in kept}


def _compare_inbox(stored: Stored, consumed: Mapping[tuple[str, str], Json], keys: Keys | None) -> list[str]:
    problems = []
    for (run, topic), value in consumed.items():
        sent = [row for row in stored.inbox if (row.run, row.place) == (run, topic)]
        if value is not None and not any(_parse(row.value) == value for row in sent):
            problems.append(f"what {run} has received under {topic[:60]!r} is not in the inbox{'' if not sent else ' as it was'}.")
    for row in stored.inbox:
        is_received = row.hash is None and consumed.get((row.run, row.place)) == _parse(row.value) is not None
        if is_received or (row.hash is None and keys is None and row.at < stored.hashed_since):
            continue  # written by an older Sayso
        if why := check_seal(row.hash, row.sealed, keys):
            problems.append(f"what was sent to {row.run} under {row.topic[:60]!r} does not count: {why}.")
    return problems


# requests, and what became of them


def _compare_requests(stored: Stored, consumed: Mapping[tuple[str, str], Json], keys: Keys | None) -> list[str]:
    asked = {event["="][1]["="]["digest"]: event["="][1] for event in _events(stored.log, "ApprovalAsked")}
    known = {approval.digest: approval for approval in stored.approvals}
    problems = [f"the request {digest[:12]} is not in the database any more." for digest in asked if digest not in known]
    started = {event["="][2] for event in _events(stored.log, "WriteStarted")}
    settled = {event["="][2]: _plain(event["="][3]) for event in _events(stored.log, "WriteSettled")}
    cut_off = records.find_cut_off(stored.log) if stored.run.state == records.CANCELLED else ()
    for approval in stored.approvals:
        request = asked.get(approval.digest)
        if request is None or _parse(approval.request) != request or _columns(approval) != _columns_of(request["="], stored.run.id):
            problems.append(f"the request {approval.digest[:12]} is not the one that the log says was asked.")
            continue
        decision = _find_decision(stored, approval, consumed, keys)
        if approval.key in settled and decision is not None:
            states = {settled[approval.key]}
        elif approval.key in started and decision is not None:
            states = {"executing"}
        else:
            states = _find_states(stored.run, approval, decision, consumed)
        if approval.key in cut_off and decision is not None:
            states.add("unknown")
        if approval.state not in states:
            said = " or ".join(sorted(states))
            problems.append(f"the request {approval.digest[:12]} is marked {approval.state}, by the log it is {said}.")
        problems += _compare_decider(stored, approval, decision)
    return problems


def _find_decision(
    stored: Stored, approval: ApprovalRow, consumed: Mapping[tuple[str, str], Json], keys: Keys | None
) -> Mapping[str, Any] | None:
    """Return the decision on a request, as JSON: the one that the run has received, or the first in the inbox that counts."""
    received = consumed.get((approval.run, f"approve:{approval.digest}"))
    if received is not None:
        return _as_object(received)
    for row in _decisions(stored, approval):
        if keys is None or not check_seal(row.hash, row.sealed, keys):
            return _as_object(_parse(row.value))
    return None


def _decisions(stored: Stored, approval: ApprovalRow) -> list[InboxRow]:
    return [row for row in stored.inbox if (row.run, row.place) == (approval.run, f"approve:{approval.digest}")]


def _find_states(
    run: RunRow, approval: ApprovalRow, decision: Mapping[str, Any] | None, consumed: Mapping[tuple[str, str], Json]
) -> set[str]:
    ended = run.state in (records.DONE, records.CANCELLED)
    if decision is None:
        return {"closed" if ended else "proposed"}
    states = {STATES.get(str(decision.get("$", "")).rpartition(":")[2], "proposed")}
    if ended and consumed.get((approval.run, f"approve:{approval.digest}")) is None:
        states.add("closed")  # it was decided when the run was over
    return states


def _compare_decider(stored: Stored, approval: ApprovalRow, decision: Mapping[str, Any] | None) -> list[str]:
    who = f"who decided on the request {approval.digest[:12]}"
    if decision is None or approval.state in ("closed", "proposed"):
        is_said = approval.decided_by is not None or approval.decided_at is not None
        return [f"{who} is said ({approval.decided_by!r}), and nobody has."] if is_said else []
    by = _as_object(decision.get("=")).get("by")
    times = [row.at for row in _decisions(stored, approval)]
    if by != approval.decided_by:
        return [f"{who} is said to be {approval.decided_by!r}, the decision says {by!r}."]
    if times and approval.decided_at not in times:
        return [f"when the request {approval.digest[:12]} was decided is not what the inbox says."]
    return []


def _columns(approval: ApprovalRow) -> tuple[object, ...]:
    return (*approval[:6], approval.asked_at, approval.expires_at)


def _columns_of(request: Mapping[str, Any], root: str) -> tuple[object, ...]:
    of = request
    return (of["digest"], of["key"], root, of["run_id"], of["tool"], of["card"], of["proposed_at"], of["expires_at"])


def _events(log: Sequence[Row], name: str) -> list[Any]:
    return [json.loads(row.value) for row in log if row.kind == "told" and row.name == name]


def _plain(value: Json) -> str:
    return str(value["="] if isinstance(value, Mapping) else value)


def _as_object(value: Json) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _value_of(row: Row | None) -> Mapping[str, Any]:
    return _as_object(json.loads(row.value)) if row is not None else {}


def _parse(text: str) -> Json:
    try:
        return json.loads(text)
    except ValueError:
        return ...


def _differ(one: str, other: str) -> bool:
    return bool(_parse(one) != _parse(other))
