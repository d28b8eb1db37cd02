"""Finding the open requests of a run, and handing in a decision for exactly what was shown."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from sayso.cli.display import format_time, read_text
from sayso.cli.options import KEY_VARIABLE
from sayso.cli.run_database import app_option, database_option
from sayso.tools.approval.cards import show_value
from sayso.tools.approval.requests import ApprovalRequest, Approve, Decision, Edit, Reject, compute_digest, idempotency_key, read_shown
from sayso.tools.errors import RunError, UsageError

if TYPE_CHECKING:
    from sayso.workflows.durable.engine import DurableEngine
    from sayso.workflows.durable.records import ApprovalRow, RunRow

MIN_DIGEST = 8
DECIDED = ("approved", "edited", "rejected")
SIGN_HINT = "If that decision does not count because it is not signed (sayso show {run} says so), sign yours with --key FILE."


async def find_open_requests(engine: DurableEngine, row: RunRow, digest: str | None, signer: Signer | None = None) -> list[ApprovalRequest]:
    """Return the open requests of a run, or the one with this digest. For a signer they are open until the run has received a decision.

    Raises UsageError if no request has the digest, and RunError if the request is decided, has expired, or was changed in the database.
    """
    rows = await engine.approvals(row.id)
    open_states = ("proposed", *DECIDED) if signer is not None else ("proposed",)
    if digest is not None:
        rows = [_find_by_digest(rows, row, digest.lower())]
        _refuse_decided(row, rows[0], open_states)
    waiting = [each for each in rows if each.state in open_states]
    if not waiting:
        if row.state == "waiting" and any(each.state in DECIDED for each in rows):
            raise RunError(f"Run {row.id} has no request without a decision. {SIGN_HINT.format(run=row.id)}")
        raise RunError(f"Run {row.id} waits for no approval; it is {row.state}.")
    still_open = [each for each in waiting if each.expires_at > time.time()]
    if not still_open:
        last = waiting[-1]
        raise RunError(f"The request {last.digest[:12]} of run {row.id} expired at {format_time(last.expires_at)}; nothing is done.")
    asked = await engine.find_asked(row.id)
    return [read_request(row, each, asked) for each in still_open]


async def find_open_request(engine: DurableEngine, row: RunRow, digest: str | None, signer: Signer | None = None) -> ApprovalRequest:
    """Return the one open request that is meant. Raises UsageError, with their cards, if there are several."""
    requests = await find_open_requests(engine, row, digest, signer)
    if len(requests) > 1:
        cards = "; ".join(f"{request.digest[:12]} {request.summary}" for request in requests)
        raise UsageError(f"Run {row.id} has {len(requests)} open requests. Name one by its digest: {show_value(cards)}")
    return requests[0]


class Signer(NamedTuple):
    """Who signs decisions on the command line: a private key's file, and the name in the app."""

    key: Path
    name: str


def find_signer(key: Path | None, name: str | None) -> Signer | None:
    """Return who signs; None without a key, here and in the environment. Raises UsageError for a name without a key."""
    if key is None and (known := os.environ.get(KEY_VARIABLE)):
        key = Path(known)
    if key is None:
        if name is not None:
            raise UsageError(f"--as {name} needs a key to sign with. Give --key FILE, or set {KEY_VARIABLE}.")
        return None
    if not key.is_file():
        raise UsageError(f"There is no key {key}. Make one with: sayso keys new NAME")
    return Signer(key, name or key.stem)


async def decide(
    engine: DurableEngine,
    row: RunRow,
    request: ApprovalRequest,
    decision: Decision,
    database: str | None,
    signer: Signer | None = None,
) -> None:
    """Hand in the decision, signed where there is a signer, and say on standard error what happens next."""
    if signer is not None:
        from sayso.tools.approval.signatures import sign  # late, for load time

        decision = sign(decision, request, signer.key, by=signer.name)
    try:
        await engine.decide(row.id, {request.digest: decision})
    except UsageError:  # somebody else decided meanwhile: raise the error that says who
        await find_open_requests(engine, row, request.digest)
        raise
    word = {Approve: "approved", Edit: "edited", Reject: "rejected"}[type(decision)]
    row = await engine.run(row.id)
    if row.state == "running" and not engine.is_orphan(row):
        next_step = f"The program that executes run {row.id} continues it."
    else:
        command = f"sayso resume {row.id}{app_option(row)}{database_option(database)}"
        next_step = f"Run {row.id} continues when a worker takes it, or here: {command}"
    print(f"Request {request.digest[:12]} is {word}. {next_step}", file=sys.stderr, flush=True)


def _find_by_digest(rows: Sequence[ApprovalRow], row: RunRow, digest: str) -> ApprovalRow:
    known = ", ".join(each.digest[:12] for each in rows) or "none"
    if len(digest) < MIN_DIGEST:
        raise UsageError(
            f"The digest {digest!r} is too short: give at least {MIN_DIGEST} characters of it. Requests of run {row.id}: {known}."
        )
    matching = [each for each in rows if each.digest.startswith(digest)]
    if len(matching) != 1:
        seen = "no request" if not matching else f"{len(matching)} requests"
        raise UsageError(f"Run {row.id} has {seen} with the digest {show_value(digest)[:70]}. Requests: {known}.")
    return matching[0]


def _refuse_decided(row: RunRow, each: ApprovalRow, open_states: Sequence[str]) -> None:
    if each.state == "closed":
        raise RunError(f"The request {each.digest[:12]} is closed: run {row.id} is {row.state}.")
    if each.state not in open_states:
        by = f" by {show_value(each.decided_by)}" if each.decided_by else ""
        at = f" at {format_time(each.decided_at)}" if each.decided_at is not None else ""
        hint = f" {SIGN_HINT.format(run=row.id)}" if row.state == "waiting" and each.state in DECIDED else ""
        raise RunError(f"The request {each.digest[:12]} was decided already{by}{at}; its state is {each.state}. Nothing was changed.{hint}")


def read_request(row: RunRow, each: ApprovalRow, asked: Mapping[str, object]) -> ApprovalRequest:
    """Return the stored request if it is what the log says was asked and fits its digest: nobody is shown one and approves another."""
    try:
        request = read_text(each.request)
        if request != asked.get(each.digest):
            request = None
        if isinstance(request, ApprovalRequest) and _is_unchanged(request, each.digest):
            return request
    except (ValueError, TypeError, AttributeError):
        pass  # it was changed so that it cannot even be read
    raise RunError(f"The request {each.digest[:12]} was changed in the database, so it cannot be decided. See: sayso verify {row.id}")


def _is_unchanged(request: ApprovalRequest, digest: str) -> bool:
    key = idempotency_key(request.run_id, request.position, request.tool, request.arguments)
    made = compute_digest(request.key, request.tool_version, request.schema_hash, request.card, request.nonce, request.expires_at)
    values = {name: show_value(value) for name, value in read_shown(request.arguments).items()}
    return (made, key) == (digest, request.key) and values == {argument.name: argument.value for argument in request.shown}
