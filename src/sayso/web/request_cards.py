"""Requests for approval as the page shows them: a line of the inbox, and the whole card with what may be changed on it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from sayso.cli.display import read_text, to_plain
from sayso.cli.edit import find_tool
from sayso.cli.open_requests import read_request
from sayso.tools.approval.cards import escape_lines, show_value
from sayso.tools.approval.requests import ApprovalRequest, is_named, read_shown
from sayso.tools.calls import ToolResult
from sayso.tools.canonical import readable_json
from sayso.tools.errors import SaysoError
from sayso.workflows.calls.perform import compute_cost

from .desk import Arranged
from .people import ALL_RUNS

if TYPE_CHECKING:
    from sayso.tools.definition.tool import AnyTool
    from sayso.workflows import App
    from sayso.workflows.durable.database import Session
    from sayso.workflows.durable.engine import DurableEngine
    from sayso.workflows.durable.records import ApprovalRow

    from .people import Person

_LINE = (
    "SELECT a.digest, a.root, a.run, a.tool, a.card, a.state, a.asked_at, a.expires_at, a.decided_by, a.decided_at, r.flow, r.for_user, "
    "r.state AS run_state, a.request FROM sayso_approvals a JOIN sayso_runs r ON r.id = a.root"
)
MOST_LINES, MOST_OPEN = 1000, 10_000
"""How many open requests an inbox is sent, and of how many it is told when they are decided."""
_NO_ROLES = '"roles": {"$": "tuple", "=": []}'
EDITED = re.compile(r"\.edit\d+$")
"""What stands at the end of the position of a request that came of an edit."""


class RequestLine(NamedTuple):
    """A request as a line of the inbox; times are seconds since 1970."""

    digest: str
    root: str
    run: str
    tool: str
    card: str
    state: str
    asked_at: float
    expires_at: float
    decided_by: str | None
    decided_at: float | None
    flow: str
    user: str
    run_state: str
    roles: tuple[str, ...]


def find_open(session: Session, now: float, limit: int = MOST_OPEN) -> list[str]:
    """Return the digests of the open requests of all runs, the oldest first."""
    rows = session.execute(
        f"SELECT digest FROM sayso_approvals WHERE state = 'proposed' AND expires_at > :now ORDER BY asked_at, digest LIMIT {int(limit)}",
        {"now": now},
    )
    return [row[0] for row in rows.fetchall()]


def read_decided(session: Session, now: float, limit: int = 30) -> list[RequestLine]:
    """Return the requests that were decided last, or ended without a decision."""
    where = "WHERE a.state <> 'proposed' OR a.expires_at <= :now"
    order = f"ORDER BY COALESCE(a.decided_at, a.expires_at) DESC LIMIT {int(limit)}"
    return [_make_line(row, now) for row in session.execute(f"{_LINE} {where} {order}", {"now": now}).fetchall()]


def read_lines(session: Session, digests: Sequence[str], now: float) -> list[RequestLine]:
    """Return these requests, whatever became of them."""
    lines: list[RequestLine] = []
    for first in range(0, len(digests), 500):
        batch = {f"d{number}": digest for number, digest in enumerate(digests[first : first + 500])}
        found = session.execute(f"{_LINE} WHERE a.digest IN ({', '.join(f':{name}' for name in batch)})", batch)
        lines += [_make_line(row, now) for row in found.fetchall()]
    return lines


def _make_line(row: Sequence[Any], now: float) -> RequestLine:
    """Return a row as a line. A database does not say of itself that a request has expired: the run finds it when it goes on."""
    line = RequestLine._make([*row[:-1], _read_roles(row[-1])])
    is_over = line.state == "proposed" or (line.state == "closed" and line.decided_at is None)
    return line._replace(state="expired") if is_over and line.expires_at <= now else line


def _read_roles(request: str) -> tuple[str, ...]:
    """Return the roles that a stored request asks for: they hold where its tool is not known here, or another one of that name is."""
    if _NO_ROLES in request or '"roles"' not in request:  # most ask for none; an older one does not say
        return ()
    with suppress(ValueError, TypeError, AttributeError):  # one that was changed in the database is not decided at all
        stored = read_text(request)
        return stored.roles if isinstance(stored, ApprovalRequest) else ()
    return ()


def may_see(person: Person, line: RequestLine, arranged: Arranged, tool: AnyTool | None) -> bool:
    """Return whether a person is shown a request: one of their own run, one handed to them, one that their role is asked for."""
    if person.only:
        return person.only == line.digest
    return person.sees_all or line.user == person.name or arranged.handed_to == person.name or _has_role(person, line, tool)


def why_not(person: Person, line: RequestLine, arranged: Arranged, tool: AnyTool | None) -> str:
    """Return why a person may not decide a request, as a sentence; empty if they may."""
    roles = find_roles(line, tool)
    if person.only not in ("", line.digest):
        return "You came by a link to another request."
    if arranged.handed_to and arranged.handed_to != person.name:
        return f"This request was handed to {arranged.handed_to}."
    if roles and not _has_role(person, line, tool):
        return f"{line.tool} is approved by people with the role {' or '.join(roles)}."
    if not roles and not (ALL_RUNS in person.roles or line.user == person.name or arranged.handed_to == person.name):
        return "This request belongs to somebody else's run."
    if arranged.claimed_by and arranged.claimed_by != person.name:
        return f"{arranged.claimed_by} has claimed this request."
    return ""


def find_roles(line: RequestLine, tool: AnyTool | None) -> tuple[str, ...]:
    """Return the roles of which a person must have one to decide a request; empty if it asks for none. Older ones do not say it."""
    return line.roles or (() if tool is None else tool.roles)


def _has_role(person: Person, line: RequestLine, tool: AnyTool | None) -> bool:
    return not person.roles.isdisjoint(find_roles(line, tool))


def to_line(line: RequestLine, arranged: Arranged, refusal: str) -> dict[str, object]:
    """Return a line of the inbox as JSON data; `refusal` says why the person who reads it may not decide."""
    shown: dict[str, object] = line._asdict()
    del shown["run_state"]
    shown["claimed_by"], shown["handed_to"], shown["handed_by"] = arranged.claimed_by, arranged.handed_to, arranged.handed_by
    shown["refusal"] = refusal
    return shown


async def read_card(engine: DurableEngine, line: RequestLine, app: App) -> dict[str, object]:
    """Return the whole card of a request as JSON data. Raises RunError where it is not what was asked any more."""
    rows = await engine.approvals(line.root)
    row = next(each for each in rows if each.digest == line.digest)
    request = read_request(await engine.run(line.root), row, await engine.find_asked(line.root))
    tool = find_tool(request.tool, app, line.flow, request.tool_version)
    alike = find_alike(rows, row)
    became: dict[str, object] = {}
    if line.state != "proposed":
        became = await _find_result(engine, line, request)
        later = [each.digest for each in alike if each.asked_at > row.asked_at]
        became |= {"next": later[0]} if later and line.state in ("edited", "approved") else {}
    return {
        **became,
        "card": request.card,  # the one that the digest covers, whatever a column of the database says
        "run_over": line.run_state in ("done", "failed", "cancelled"),
        "shown": [{"name": each.name, "value": each.value, "source": each.source, "quote": each.quote} for each in request.shown],
        "warnings": list(request.warnings),
        "position": request.position,
        "key": request.key,
        "cost_usd": _find_cost(tool, request),
        "fields": _describe_fields(tool, request),
        "roles": list(find_roles(line, tool)),
        "approvals_needed": 1 if tool is None else tool.approvals,
        "approved_by": find_agreed(alike, row),
        **(
            {"choices": [{"value": each, "text": show_value(each)} for each in listed]}
            if (listed := find_choices(tool, request)) is not None
            else {}
        ),
    }


def find_alike(rows: Sequence[ApprovalRow], row: ApprovalRow) -> list[ApprovalRow]:
    """Return the requests about one call, in the order they were asked: as proposed, after each edit, for each of several people."""
    place = _find_place(row)
    return [each for each in rows if each.run == row.run and _find_place(each) == place]


def _find_place(row: ApprovalRow) -> str:
    request = read_text(row.request)
    return EDITED.sub("", request.position) if isinstance(request, ApprovalRequest) else row.digest


def find_agreed(alike: Sequence[ApprovalRow], row: ApprovalRow) -> list[str]:
    """Return who has said yes to this call before this request of it was asked, and since it was edited last."""
    agreed: list[str] = []
    for each in alike:
        if each.digest == row.digest:
            break
        if each.state == "edited":
            agreed = []
        elif each.state == "approved" and each.decided_by and not is_named(each.decided_by, agreed):
            agreed.append(each.decided_by)
    return agreed


async def _find_result(engine: DurableEngine, line: RequestLine, request: ApprovalRequest) -> dict[str, object]:
    """Return what came of a decided request: the result of its call, where there is one."""
    for row in await engine.log(line.root):
        if row.kind == "kept" and row.run == line.run and row.name == f"effect:{request.position}":
            result = read_text(row.value)
            if isinstance(result, ToolResult):
                text = result.content if isinstance(result.content, str) else readable_json(to_plain(result.content))
                return {"result": {"outcome": str(result.outcome), "text": escape_lines(text[:4000])}}
    return {}


def _find_cost(tool: AnyTool | None, request: ApprovalRequest) -> float:
    """Return what the call costs by what its tool says; 0 where nobody knows."""
    if tool is None or not tool.cost_usd or request.secrets:
        return 0.0
    try:
        return compute_cost(tool, tool.parse_frozen(request.arguments))
    except (SaysoError, ValueError, TypeError):
        return 0.0


def describe_question(tool: AnyTool | None, request: ApprovalRequest) -> dict[str, object] | None:
    """Return the JSON schema of an answer, where a request is a question to a person and no act: the choices are its `examples`."""
    listed = find_choices(tool, request)
    return None if listed is None else {"type": "string", **({"examples": listed} if listed else {})}


def find_choices(tool: AnyTool | None, request: ApprovalRequest) -> list[str] | None:
    """Return the answers that a question offers, as the model wrote them; None where the request is no question."""
    if tool is None or not tool.asks_person:
        return None
    choices = read_shown(request.arguments).get("choices")
    return [str(choice) for choice in choices] if isinstance(choices, list) else []


def _describe_fields(tool: AnyTool | None, request: ApprovalRequest) -> list[dict[str, object]]:
    """Return the arguments that a person may change, each with its value and, where the tool is known, its schema.

    `text` is the value as JSON: a browser's own numbers are exact up to 2**53 only.
    """
    bound = tool.bound if tool is not None else {}
    schemas: Mapping[str, Any] = tool.parameters.get("properties", {}) if tool is not None else {}
    shown = read_shown(request.arguments)
    stored = json.loads(request.arguments)
    return [
        {
            "name": name,
            "value": value,
            "text": json.dumps(value, ensure_ascii=False, indent=2),
            "schema": schemas.get(name),
            "hidden": stored[name] != value,
        }
        for name, value in shown.items()
        if name not in bound
    ]
