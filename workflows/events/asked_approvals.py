"""Read what becomes of requests for approval, and of the writes that they are for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from sayso.tools.approval.policy import Deny
from sayso.tools.approval.requests import ApprovalRequest, Edit, Reject, read_shown
from sayso.tools.calls import Outcome, ToolResult
from sayso.tools.tool_questions import QUESTION_TOOL

from ..runs import events as emitted
from . import event_types as public
from .call_positions import split_position, strip_edit
from .calls_under_way import CallsUnderWay
from .event_types import AnyEvent

APPROVALS = (
    emitted.ApprovalAsked,
    emitted.ApprovalDecided,
    emitted.RequestExpired,
    emitted.ApproverFailed,
    emitted.GrantsGiven,
    emitted.GrantUsed,
    emitted.WriteStarted,
    emitted.WriteSettled,
)


class AskedApprovals:
    """Knows the requests of a run, and tells what becomes of each."""

    def __init__(self, calls: CallsUnderWay, plain: Callable[[object], Any]) -> None:
        self._calls, self._plain = calls, plain
        self._requests: dict[str, ApprovalRequest] = {}  # by digest, by key, and by run and position
        self.open: dict[str, None] = {}  # the digests that wait

    def read_proposal(self, run: str, value: Any, time: float) -> Iterator[AnyEvent]:
        """Take note of a request that is about to be asked, and yield that the policy denies it, where it does."""
        request, ruling = value
        if not isinstance(request, ApprovalRequest):
            return
        self._requests[request.digest] = self._requests[request.key] = self._requests[f"{run} {request.position}"] = request
        if isinstance(ruling, Deny):
            yield public.CallDenied(run=run, time=time, position=strip_edit(request.position), tool=request.tool, reason=ruling.reason)
            yield from self.reject(request, ruling.reason, time)

    def find_asked(self, run: str, position: str) -> ApprovalRequest | None:
        """Return the request of a call at this position."""
        return self._requests.get(f"{run} {position}")

    def reject(self, request: ApprovalRequest, reason: str, time: float) -> Iterator[AnyEvent]:
        """Yield that the call of a request ended without being performed."""
        if request.tool == QUESTION_TOOL:
            return  # the call that has asked goes on
        tool, call = split_position(request.position)
        result = ToolResult(call, reason, Outcome.REJECTED, request.tool)
        self._calls.under_way.setdefault((request.run_id, call), (tool, time))
        yield from self._calls.end(request.run_id, call, result, time, key=request.key)

    def read(self, event: Any, time: float) -> Iterator[AnyEvent]:
        """Yield the public events of one of APPROVALS."""
        match event:
            case emitted.ApprovalAsked(run, request):
                self.open[request.digest] = None
                yield public.ApprovalRequested(run=run, time=time, position=strip_edit(request.position), request=request)
            case emitted.ApprovalDecided(run, digest, decision):
                yield from self._read_decision(run, digest, decision, time)
            case emitted.RequestExpired(run, digest):
                self.open.pop(digest, None)
                yield public.ApprovalExpired(run=run, time=time, position=self._place(digest), digest=digest)
                if digest in self._requests:
                    yield from self.reject(self._requests[digest], "Nobody decided in time.", time)
            case emitted.ApproverFailed(run, digest, error):
                yield public.ApproverRaised(run=run, time=time, position=self._place(digest), digest=digest, error=error)
            case emitted.GrantsGiven(run, grants):
                yield public.GrantsOpened(run=run, time=time, grants=tuple((each.id, each.text) for each in grants))
            case emitted.GrantUsed(run, grant, tool, key):
                yield public.GrantApplied(run=run, time=time, position=self._place(key), grant=grant, tool=tool, key=key)
            case emitted.WriteStarted(run, tool, key):
                known = self._requests.get(key)
                call = split_position(known.position)[1] if known else key
                arguments = read_shown(known.arguments) if known else {}
                yield from self._calls.begin(run, call, tool, arguments, time, key)
            case emitted.WriteSettled(run, tool, key, outcome):
                if key not in self._calls.settled and key in self._requests:
                    call = split_position(self._requests[key].position)[1]
                    yield from self._calls.end(run, call, ToolResult(call, None, Outcome(outcome), tool), time, key=key)

    def _read_decision(self, run: str, digest: str, decision: Any, time: float) -> Iterator[AnyEvent]:
        self.open.pop(digest, None)
        kind = "reject" if isinstance(decision, Reject) else "edit" if isinstance(decision, Edit) else "approve"
        yield public.ApprovalTaken(
            run=run,
            time=time,
            position=self._place(digest),
            digest=digest,
            decision=kind,
            by=decision.by,
            place=decision.place,
            decided_at=decision.at,
            reason=self._plain(decision.reason) if isinstance(decision, Reject) else "",
            arguments=self._plain(dict(decision.arguments)) if isinstance(decision, Edit) else {},
            signed=bool(decision.statement),
        )
        if isinstance(decision, Reject) and digest in self._requests:
            yield from self.reject(self._requests[digest], f"The user said no{': ' + decision.reason if decision.reason else ''}.", time)

    def _place(self, digest: str) -> str:
        return strip_edit(self._requests[digest].position) if digest in self._requests else ""
