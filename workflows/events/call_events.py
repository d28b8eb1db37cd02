"""The events of calls: tools that begin and end, approvals that are asked for and given."""

from __future__ import annotations

from dataclasses import dataclass, field

from sayso.tools.approval.requests import ApprovalRequest
from sayso.tools.canonical import Json, JsonObject

from .run_events import RunEvent


@dataclass(frozen=True, kw_only=True, slots=True)
class ToolBegan(RunEvent):
    """A call is performed: `call` is its place ("3.0" is reply 3, call 0). A write has its idempotency `key`; it was allowed by then."""

    call: str
    tool: str
    arguments: JsonObject = field(default_factory=dict)
    key: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ToolFinished(RunEvent):
    """A call is over: "done", "failed", "rejected" (nothing was performed) or "unknown" (a person has to find out).

    `result` is what the model reads, `origin` where it is from. The labels are "tool", "untrusted" or "" (nobody vouches for it), and
    "public" or "private". `raised` is the exception of a tool that raised one, `seconds` how long it was performed. `cut_off` says that the
    run ended while it was under way.
    """

    call: str
    tool: str
    outcome: str
    result: Json = None
    origin: str = ""
    trust: str = ""
    secrecy: str = ""
    key: str = ""
    raised: str = ""
    cut_off: bool = False
    seconds: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class ApprovalRequested(RunEvent):
    """A call waits for somebody's decision; `request` is all of what is asked. In JSON it has the `values` of its arguments beside it."""

    request: ApprovalRequest


@dataclass(frozen=True, kw_only=True, slots=True)
class ApprovalTaken(RunEvent):
    """A decision was taken up, once: "approve", "edit" or "reject", `by` whom, from `place`, `decided_at`.

    `arguments` are those of an edit: a new request follows. `signed` says that its approver has signed it.
    """

    digest: str
    decision: str
    by: str = ""
    place: str = ""
    decided_at: float | None = None
    reason: str = ""
    arguments: JsonObject = field(default_factory=dict)
    signed: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class ApprovalExpired(RunEvent):
    """Nobody decided in time, so nothing was done."""

    digest: str


@dataclass(frozen=True, kw_only=True, slots=True)
class CallDenied(RunEvent):
    """The policy forbids a call; nobody is asked and nothing is done."""

    tool: str
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ApproverRaised(RunEvent):
    """The approver raised, or gave an answer that does not count; the request stays open."""

    digest: str
    error: str


@dataclass(frozen=True, kw_only=True, slots=True)
class GrantsOpened(RunEvent):
    """The execution begins with these standing approvals, each with its id and in words."""

    grants: tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class GrantApplied(RunEvent):
    """A standing approval allowed a call, so nobody was asked."""

    grant: str
    tool: str
    key: str
