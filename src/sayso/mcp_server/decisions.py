"""A person's answer that comes over MCP: asked for with the card and the digest, read strictly, and compared with what was decided."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import mcp_types as types

from sayso.console import format_card
from sayso.tools.approval.requests import ApprovalRequest, Approve, Decision, Reject, is_decision
from sayso.tools.errors import UsageError
from sayso.web.people import Person
from sayso.workflows import DurableEngine
from sayso.workflows.durable import records
from sayso.workflows.runs.codec import from_json

APPROVE, REJECT = "approve", "reject"
KEY_LENGTH = 16
"""How many characters of a digest name a request in an exchange with a client."""
SCHEMA: types.ElicitRequestedSchema = {
    "type": "object",
    "properties": {
        "decision": {
            "type": "string",
            "title": "Decision",
            "description": "approve: do exactly this, once. reject: do nothing.",
            "enum": [APPROVE, REJECT],
        },
        "reason": {"type": "string", "title": "Reason", "description": "Why not; the model is told."},
    },
    "required": ["decision"],
}


class DecidedOtherwise(Exception):
    """The request was decided before, and not as this answer says."""


def make_question(request: ApprovalRequest) -> types.ElicitRequestFormParams:
    """Return the form that asks a person about a request: its card, whole, with its digest."""
    card = "\n".join(line.removeprefix("  ") for line in format_card(request).strip("\n").split("\n"))
    return types.ElicitRequestFormParams(message=f"{card}\n\nRequest {request.digest}", requested_schema=SCHEMA)


BY = "an MCP client"
"""Who decides over MCP where nobody is named: one and the same for all clients. What a client calls itself would be as many as it likes."""


def read_answer(answer: object, place: str, person: Person | None) -> Decision | None:
    """Return what an answer decides, in the name of who is signed in; None if nothing.

    Only the word "approve" in the form is a yes: no form filled in by itself is one.
    """
    if not isinstance(answer, types.ElicitResult) or answer.action == "cancel":
        return None
    content, by = answer.content or {}, BY if person is None else person.name
    said, reason = content.get("decision"), str(content.get("reason") or "")
    if answer.action == "decline" or said == REJECT:
        return Reject(reason, by=by, place=place)
    return Approve(by=by, place=place) if said == APPROVE else None


def find_digest(key: str, asked: Sequence[str]) -> str | None:
    """Return the digest of the request that a key of an exchange names, None if it was not asked about."""
    return next((digest for digest in asked if len(key) == KEY_LENGTH and digest.startswith(key)), None)


async def hand_in(engine: DurableEngine, run_id: str, decisions: Mapping[str, Decision]) -> None:
    """Hand in decisions. What was decided just so before is handed in already. Raises DecidedOtherwise for what was decided otherwise."""
    for digest, decision in decisions.items():
        try:
            await engine.decide(run_id, {digest: decision})
        except UsageError as error:
            before = await _find_decision(engine, run_id, digest)
            if before is None:
                if await _is_over(engine, run_id, digest):
                    continue  # it has expired, or the run was stopped: the run says so itself
                raise
            if type(before) is not type(decision):
                raise DecidedOtherwise(_explain(before, decision)) from error


async def _find_decision(engine: DurableEngine, run_id: str, digest: str) -> Decision | None:
    rows = await engine.database.do(lambda session: records.inbox_rows(session, run_id))
    for row in rows:
        if row.place == f"approve:{digest}":
            sent = from_json(json.loads(row.value))
            return sent if is_decision(sent) else None
    return None


async def _is_over(engine: DurableEngine, run_id: str, digest: str) -> bool:
    return any(
        row.digest == digest and (row.state == "closed" or row.expires_at <= engine.clock()) for row in await engine.approvals(run_id)
    )


def _explain(before: Decision, now: Decision) -> str:
    words = {"Approve": "approved", "Reject": "rejected", "Edit": "changed"}
    by = f" by {before.by}" if before.by else ""
    place = f" ({before.place})" if before.place else ""
    return (
        f"This request was {words[type(before).__name__]}{by}{place} already, so the answer that it be {words[type(now).__name__]} was not "
        "taken. Nothing was changed by it."
    )
