"""`sayso approve`, `reject`, `edit` and `cancel`: decisions about a run, from any terminal, for exactly what was shown."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from sayso.cli.main import Exit
from sayso.cli.run_database import AppPlace, DatabaseUrl, and_code, and_where, found, opened
from sayso.cli.run_report import decided, moment, readable
from sayso.console import answer_to, card_lines, plain, user_name
from sayso.tools.approval.cards import show_value
from sayso.tools.approval.requests import ApprovalRequest, Approve, Decision, Edit, Reject, compute_digest, idempotency_key
from sayso.tools.errors import RunError, ToolError, UsageError

if TYPE_CHECKING:
    from sayso.tools import Tool
    from sayso.workflows import App
    from sayso.workflows.durable.engine import DurableEngine
    from sayso.workflows.durable.records import ApprovalRow, RunRow

SHORTEST = 8

RunId = Annotated[str, Parameter(help="A run's id, as `sayso runs` shows it.")]


def approve(
    run: RunId,
    digest: str | None = None,
    *,
    yes: Annotated[str | None, Parameter(name="--yes", help="Approve the request with this digest without asking.")] = None,
    database: DatabaseUrl = None,
) -> int:
    """Say yes to a request that waits. Shows the card and asks; what is approved is exactly the call on the card.

    Parameters
    ----------
    digest
        Which request, where there are several: its digest, or at least 8 characters of it.
    """
    if yes is not None and digest is not None and not (digest.startswith(yes) or yes.startswith(digest)):
        raise UsageError(f"--yes {yes} and {digest} are two requests. Name one.")
    return asyncio.run(_approve(run, digest if yes is None else yes, yes is not None, database))


async def _approve(name: str, digest: str | None, without_asking: bool, database: str | None) -> int:
    async with opened(database) as engine:
        row = await found(engine, name)
        open_ones = await _open_requests(engine, row, digest)
        left = 0
        for request in open_ones:
            print(card_lines(request), file=sys.stderr)
            print(f"    request {request.digest[:16]}, open until {moment(request.expires_at)}", file=sys.stderr, flush=True)
            if not without_asking and not await answer_to("Approve? [y/N, v to view all] ", request):
                left += 1
                continue
            place = "command line" if without_asking else "terminal"
            await _decide(engine, row, request, Approve(by=user_name(), place=place), database)
        if left:
            return _left_open(row, [request.digest for request in open_ones], database)
    return Exit.OK


def _left_open(row: RunRow, digests: Sequence[str], database: str | None) -> int:
    where = and_where(database)
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        print("sayso: without a terminal nobody can be asked. After reading the card:", file=sys.stderr)
        for digest in digests:
            print(f"  sayso approve {row.id} --yes {digest[:16]}{where}", file=sys.stderr)
    else:
        print(f"Left open. To refuse it: sayso reject {row.id}{where}", file=sys.stderr)
    return Exit.WAITS


def reject(run: RunId, digest: str | None = None, *, reason: str = "", database: DatabaseUrl = None) -> int:
    """Say no to a request that waits; the model is told the reason.

    Parameters
    ----------
    digest
        Which request, where there are several: its digest, or at least 8 characters of it.
    reason
        Why not, in words for the model.
    """

    async def rejected() -> int:
        async with opened(database) as engine:
            row = await found(engine, run)
            request = _the_one(row, await _open_requests(engine, row, digest))
            print(card_lines(request), file=sys.stderr, flush=True)
            await _decide(engine, row, request, Reject(reason, by=user_name(), place="command line"), database)
        return Exit.OK

    return asyncio.run(rejected())


def edit(run: RunId, digest: str, *changes: str, app: AppPlace = None, database: DatabaseUrl = None) -> int:
    """Ask for other arguments: `name=value ...`. The changed call is a new request, with a card of its own that waits for its own yes.

    Parameters
    ----------
    digest
        Which request: its digest, or at least 8 characters of it.
    changes
        The arguments that are to be different, as name=value; text as it is, anything else as JSON.
    """
    from sayso.cli.load_app import app_named

    if not changes:
        raise UsageError("What is to be different? Write name=value, such as quantity=2.")

    async def edited() -> int:
        code = app_named(app)
        async with opened(database, code) as engine:
            row = await found(engine, run)
            request = _the_one(row, await _open_requests(engine, row, digest))
            known = tool_named(request.tool, code) if app is not None or row.app == code.name else None
            arguments = with_changes(request, changes, known)
            await _decide(engine, row, request, Edit(arguments, by=user_name(), place="command line"), database)
        return Exit.OK

    return asyncio.run(edited())


def cancel(run: RunId, *, database: DatabaseUrl = None) -> int:
    """Stop a run before its next step, wherever it is carried; a write under way is finished first."""

    async def cancelled() -> int:
        async with opened(database) as engine:
            row = await found(engine, run)
            if row.state in ("done", "failed", "cancelled"):
                raise RunError(f"Run {row.id} is {row.state} already; there is nothing to cancel.")
            await engine.free(row)
            await engine.cancel(row.id)
            state = (await engine.run(row.id)).state
            stops = "is cancelled" if state == "cancelled" else "stops before its next step"
            print(f"Run {row.id} {stops}.", file=sys.stderr)
        return Exit.OK

    return asyncio.run(cancelled())


async def _decide(engine: DurableEngine, row: RunRow, request: ApprovalRequest, decision: Decision, database: str | None) -> None:
    try:
        await engine.decide(row.id, {request.digest: decision})
    except UsageError:  # somebody was faster
        await _open_requests(engine, row, request.digest)
        raise
    word = decided(request.digest, decision)[0]
    goes_on = _going_on(engine, await engine.run(row.id), and_where(database))
    print(f"Request {request.digest[:12]} is {word}. {goes_on}", file=sys.stderr, flush=True)


def _going_on(engine: DurableEngine, row: RunRow, where: str) -> str:
    if row.state == "running" and not engine.is_orphan(row):
        return f"Run {row.id} goes on where it is carried."
    return f"Run {row.id} goes on when a worker takes it, or here: sayso resume {row.id}{and_code(row)}{where}"


async def _open_requests(engine: DurableEngine, row: RunRow, digest: str | None) -> list[ApprovalRequest]:
    """The requests that are meant, whole and open. UsageError for a digest that is none, RunError for one that is decided or expired."""
    rows = await engine.approvals(row.id)
    if digest is not None:
        rows = [_named(rows, row, digest.lower())]
        _refuse_settled(row, rows[0])
    waiting = [each for each in rows if each.state == "proposed"]
    if not waiting:
        raise RunError(f"Run {row.id} waits for no approval; it is {row.state}.")
    still = [each for each in waiting if each.expires_at > time.time()]
    if not still:
        raise RunError(
            f"The request {waiting[-1].digest[:12]} of run {row.id} expired at {moment(waiting[-1].expires_at)}; nothing is done."
        )
    return [_whole(row, each) for each in still]


def _named(rows: Sequence[ApprovalRow], row: RunRow, digest: str) -> ApprovalRow:
    known = ", ".join(each.digest[:12] for each in rows) or "none"
    if len(digest) < SHORTEST:
        raise UsageError(f"{digest!r} is too short for a digest: give at least {SHORTEST} characters. Requests of {row.id}: {known}.")
    meant = [each for each in rows if each.digest.startswith(digest)]
    if len(meant) != 1:
        seen = "no request" if not meant else f"{len(meant)} requests"
        raise UsageError(f"Run {row.id} has {seen} with the digest {show_value(digest)[:70]}. Requests: {known}.")
    return meant[0]


def _refuse_settled(row: RunRow, each: ApprovalRow) -> None:
    if each.state == "closed":
        raise RunError(f"The request {each.digest[:12]} is closed: run {row.id} is {row.state}.")
    if each.state != "proposed":
        by = f" by {show_value(each.decided_by)}" if each.decided_by else ""
        at = f" at {moment(each.decided_at)}" if each.decided_at is not None else ""
        raise RunError(f"The request {each.digest[:12]} was decided already{by}{at}; it stands as {each.state}. Nothing was changed.")


def _whole(row: RunRow, each: ApprovalRow) -> ApprovalRequest:
    """The stored request, if it is still what its digest was made of: nobody is shown one thing and approves another."""
    try:
        request = readable(json.loads(each.request))
        digest = compute_digest(request.key, request.tool_version, request.schema_hash, request.card, request.nonce, request.expires_at)
        key = idempotency_key(request.run_id, request.position, request.tool, request.arguments)
        values = {name: show_value(value) for name, value in json.loads(request.arguments).items()}
        whole = (digest, key) == (each.digest, request.key) and values == {argument.name: argument.value for argument in request.shown}
    except (ValueError, TypeError, AttributeError):
        whole = False
    if not whole:
        raise RunError(f"The request {each.digest[:12]} was changed in the database; it is not decided. See: sayso verify {row.id}")
    return request  # type: ignore[no-any-return]


def _the_one(row: RunRow, requests: Sequence[ApprovalRequest]) -> ApprovalRequest:
    if len(requests) > 1:
        cards = "; ".join(f"{request.digest[:12]} {request.card}" for request in requests)
        raise UsageError(f"Run {row.id} has {len(requests)} open requests; name one: {plain(cards)}")
    return requests[0]


# what an edit says


def with_changes(request: ApprovalRequest, changes: Sequence[str], tool: Tool[..., Any] | None) -> dict[str, Any]:
    """The request's arguments with the changes in them, typed as the tool has them. UsageError for what does not fit."""
    bound = tool.bound if tool is not None else {}
    arguments = {name: value for name, value in json.loads(request.arguments).items() if name not in bound}
    kinds: Mapping[str, Any] = tool.parameters.get("properties", {}) if tool is not None else {}
    for change in changes:
        name, equals, text = change.partition("=")
        names = list(kinds or arguments)
        if not equals or name not in names:
            raise UsageError(f"{show_value(change)!r} changes no argument. Write name=value; {request.tool} has {', '.join(names)}.")
        arguments[name] = typed(text, kinds.get(name), arguments.get(name))
    if tool is not None:
        try:
            tool.check(arguments)
        except ToolError as error:
            raise UsageError(str(error)) from None
    return arguments


def typed(text: str, schema: Mapping[str, Any] | None, now: Any) -> Any:
    """What was typed, as the schema wants it, or else as the value that is there now: text as it is, anything else as JSON."""
    takes_text = "string" in _types(schema) if schema is not None else isinstance(now, str)
    if takes_text:
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text  # the tool's check says what it wants


def _types(schema: Mapping[str, Any]) -> set[str]:
    own = schema.get("type", ())
    types = {own} if isinstance(own, str) else set(own)
    if isinstance(schema.get("enum"), list) or isinstance(schema.get("const"), str):
        types |= {"string" for each in [*schema.get("enum", ()), schema.get("const")] if isinstance(each, str)}
    for part in (*schema.get("anyOf", ()), *schema.get("oneOf", ())):
        types |= _types(part)
    return types


def tool_named(name: str, app: App) -> Tool[..., Any] | None:
    """The tool of that name among those that the app's flows are put together from."""
    return next((tool for flow in app.names for tool in tools_of(app.flow(flow)) if tool.name == name), None)


def tools_of(thing: Any) -> Iterator[Tool[..., Any]]:
    """The tools in a flow: a step's own, an agent's, those of the parts."""
    from sayso.tools import Tool

    if isinstance(thing, Tool):
        yield thing
    yield from getattr(thing, "tools", {}).values()
    for part in getattr(thing, "parts", ()):
        yield from tools_of(part.step)
