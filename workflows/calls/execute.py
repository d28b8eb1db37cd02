"""How a call is carried out: checked, ruled on, asked about, performed once, and its receipt kept.

A call that needs no question goes straight through (`perform_reads`). A write, and whatever else must be asked about, takes the long way
(`settle`): propose, ask, wait, keep the intent, perform with the key, keep the receipt. Each of these is a step or wait of the run.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from sayso.tools.approval.cards import escape_invisible
from sayso.tools.approval.policy import Allow, Deny, decide
from sayso.tools.approval.requests import (
    APPLICATION,
    YOU,
    ApprovalRequest,
    Approve,
    Approver,
    Decision,
    Edit,
    Reject,
    find_source,
    matches_tool,
    propose,
)
from sayso.tools.calls import Outcome, ToolCall, ToolResult
from sayso.tools.canonical import canonical_json, to_jsonable
from sayso.tools.definition.tool import Tool, ToolContext
from sayso.tools.effects import Effect
from sayso.tools.errors import InvalidArguments, RunError, ToolError

from ..runs.events import ApprovalAsked, ApprovalDecided, ApproverFailed, WriteSettled, WriteStarted
from ..runs.limits import Intent, Spent, gave_back
from ..runs.protocols import Run
from ..runs.timing import in_time
from .call_results import failed, refused, result_of
from .code_tool_calls import execute_code_tool
from .spending import cost_of, paid_reads, results_of
from .write_once import ExactlyOnceWrite

AnyTool = Tool[..., Any]
APPROVAL_SECONDS = 7 * 24 * 3600.0
CLOCKS_DIFFER_SECONDS = 24 * 3600.0
"""How far the clocks of two machines may be apart (one may keep a wrong time zone); one set back further than that is noticed."""
EXPIRED = "Nobody decided in time; the request has expired."


class CallFailed(RunError):
    """A call made by workflow code did not end DONE; `result` says how it ended."""

    def __init__(self, tool: str, result: ToolResult) -> None:
        self.tool, self.result = tool, result
        super().__init__(f"{tool} ended {result.outcome}: {result.text}")


NO_CONTEXT: ToolContext[Any] = ToolContext(None)


def context_for(run: Run, call: ToolCall, tool: AnyTool, key: str = "") -> ToolContext[Any]:
    """What the application hands the tool for this call; nothing to a tool that asks for nothing."""
    if not tool.needs_context:
        return NO_CONTEXT
    said = run.scope.provenance.user_texts
    return ToolContext(run.scope.deps, key, call, said[-1] if said else "")


def prepare_arguments(tool: AnyTool, arguments: Mapping[str, Any], context: ToolContext[Any]) -> dict[str, Any]:
    """The checked arguments, completed by the tool from what the application knows. A ToolError is an answer for the model, no question."""
    checked = tool.check(arguments)
    return checked if tool.prepare is None else {**checked, **tool.prepare(checked, context)}


def normalise_arguments(tool: AnyTool, arguments: Mapping[str, Any], context: ToolContext[Any]) -> dict[str, Any]:
    """The arguments as they come back from the bytes that are asked about. A ToolError is an answer for the model."""
    return tool.normalise(prepare_arguments(tool, arguments, context))


def perform_in_time(tool: AnyTool, arguments: Mapping[str, Any], context: ToolContext[Any]) -> Awaitable[Any]:
    """Perform the tool, in the time it has. Raises ToolError when the time is over: for a read, nothing happened."""
    late = f"{tool.name} gave no answer within {tool.timeout_seconds} s."
    return in_time(tool.perform(arguments, context), tool.timeout_seconds, lambda: ToolError(late))


async def perform_read(run: Run, call: ToolCall, tool: AnyTool) -> ToolResult:
    """One call that needs no question."""
    context = context_for(run, call, tool)
    try:
        arguments = tool.check(call.arguments) if tool.prepare is None else prepare_arguments(tool, call.arguments, context)
        performing = tool.perform(arguments, context) if tool.timeout_seconds is None else perform_in_time(tool, arguments, context)
        return result_of(call, tool, await performing)
    except InvalidArguments as error:
        return failed(call, str(error))
    except ToolError as error:
        return refused(call, tool, str(error))


async def perform_reads(run: Run, name: str, calls: Sequence[tuple[ToolCall, AnyTool]]) -> list[ToolResult]:
    """Calls that need no question, side by side, as one step of the run. Counts them against the limits."""
    run.scope.meter.count_tool_calls(len(calls))
    value: ToolResult | Spent | list[ToolResult]
    if len(calls) == 1 and not calls[0][1].cost_usd:
        value = await run.step(name, perform_read, run, *calls[0])
    elif any(tool.cost_usd for _, tool in calls):
        value = await paid_reads(run, name, calls, partial(_together, run, calls))
    else:
        value = await run.step(name, _together, run, calls)
    results = [value] if type(value) is ToolResult else results_of(value)
    for result in results:
        run.scope.provenance.take(result)
    return results


async def _together(run: Run, calls: Sequence[tuple[ToolCall, AnyTool]]) -> list[ToolResult]:
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(perform_read(run, call, tool)) for call, tool in calls]
    return [task.result() for task in tasks]


def without_bound(tool: AnyTool, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments that a caller fills in: an edit may repeat what the program has bound, and not change it."""
    return {name: value for name, value in arguments.items() if name not in tool.bound or value != to_jsonable(tool.bound[name])}


def needs_no_approval(run: Run, call: ToolCall, tool: AnyTool) -> bool:
    """Whether the call may join its neighbours in one step: no write, and nobody to ask."""
    if tool.effect is Effect.WRITE or tool.program is not None:
        return False
    # The rows of `decide` that need neither the final arguments nor where they come from.
    return not tool.requires_approval and (tool.effect is not Effect.EGRESS or not run.scope.provenance.labels.private)


def find_unsourced_arguments(run: Run, call: ToolCall, tool: AnyTool) -> tuple[str, ...]:
    """The arguments of a model's call that should come from the user or the application, and do not."""
    if not tool.from_user:
        return ()
    from sayso.tools.approval.provenance import find_unsourced

    return find_unsourced(tool, call.arguments, run.scope.provenance.user_texts, run.scope.deps)


def reject_unsourced(run: Run, call: ToolCall, tool: AnyTool, unsourced: Sequence[str]) -> ToolResult:
    """What the model is told of a call with values that it made up; or first, that the call could not be carried out at all."""
    from sayso.tools.approval.provenance import explain_unsourced

    try:
        prepare_arguments(tool, call.arguments, context_for(run, call, tool))
    except ToolError as error:
        return failed(call, str(error))
    return failed(call, explain_unsourced(tool, unsourced, call.arguments))


async def execute_with_approval(run: Run, call: ToolCall, tool: AnyTool, position: str, unsourced: tuple[str, ...] = ()) -> ToolResult:
    """Carry out a call that writes, must be asked about or calls others; `position` is its place in the run ("ORDER:3.0").

    `strays` are the arguments that the model made up where the user should have given them.
    """
    if tool.program is not None and not tool.requires_approval:
        return await execute_code_tool(run, call, tool, tool.program, position, execute_call)
    try:
        arguments = _arguments(run, call, tool, call.arguments, position)
    except ToolError as error:
        return failed(call, str(error))
    given = {name: APPLICATION for name in arguments if name in tool.bound or call.arguments.get(name) in (None, "")}
    for edit in range(20):  # an edit is a new request; nobody edits twenty times
        place = position if edit == 0 else f"{position}.edit{edit}"
        request, answer = await _ruled(run, call, tool, arguments, given, place, unsourced)
        if isinstance(answer, ToolResult):
            return answer
        if isinstance(answer, Edit):
            before = json.loads(request.arguments)
            try:
                arguments = _arguments(run, call, tool, without_bound(tool, answer.arguments), f"{position}.edit{edit + 1}")
            except ToolError as error:
                return failed(call, f"The person who was asked wanted other arguments, which do not fit: {error}", Outcome.REJECTED)
            now = json.loads(canonical_json(arguments))
            given = {name: APPLICATION for name in arguments if name in tool.bound} | {
                name: YOU for name in answer.arguments if name not in before or before[name] != now.get(name)
            }
            unsourced = ()
            continue
        if isinstance(answer, Allow) and tool.effect is not Effect.WRITE:
            asked = {name: value for name, value in json.loads(request.arguments).items() if name not in tool.bound}
            (result,) = await perform_reads(run, f"read:{place}", [(replace(call, arguments=asked), tool)])
            return result
        return await _perform_once(run, call, tool, request, place, answer.until if isinstance(answer, Allow) else None)
    return failed(call, "The request was edited too often.", Outcome.REJECTED)


def _arguments(run: Run, call: ToolCall, tool: AnyTool, arguments: Mapping[str, Any], place: str) -> Mapping[str, Any]:
    """The arguments to ask about; of a request that is kept already they are in it, and the application is not asked again."""
    return arguments if run.replays(f"propose:{place}") else normalise_arguments(tool, arguments, context_for(run, call, tool))


async def execute_call(run: Run, call: ToolCall, tool: AnyTool, position: str) -> ToolResult:
    """Carry out one call that a model's program makes: what it made up is asked about."""
    if unsourced := find_unsourced_arguments(run, call, tool):
        return await execute_with_approval(run, call, tool, position, unsourced)
    return await _execute(run, call, tool, position)


async def _execute(run: Run, call: ToolCall, tool: AnyTool, position: str) -> ToolResult:
    """Carry out one call: handed to whoever carries it, the short way, or the long one."""
    if tool.workflow is not None:
        from .delegation import perform_delegated

        (result,) = await perform_delegated(run, f"read:{position}", [(call, tool)])
        return result
    if needs_no_approval(run, call, tool):
        (result,) = await perform_reads(run, f"read:{position}", [(call, tool)])
        return result
    return await execute_with_approval(run, call, tool, position)


async def _ruled(
    run: Run, call: ToolCall, tool: AnyTool, arguments: Mapping[str, Any], given: Mapping[str, str], place: str, unsourced: tuple[str, ...]
) -> tuple[ApprovalRequest, Allow | Approve | Edit | ToolResult]:
    """The stored request and what became of it: allowed, approved, edited, or a result that ends the call."""
    request, ruling = await run.step(f"propose:{place}", _propose, run, call, tool, arguments, given, place, unsourced)
    if isinstance(ruling, Deny):
        return request, failed(call, ruling.reason, Outcome.REJECTED)
    if isinstance(ruling, Allow):
        return request, ruling
    await run.emit(ApprovalAsked(run.id, request))
    decision: Decision | None = await run.ask(request)
    if decision is None or (late := not_in_time(request, decision)):
        why = late if decision else EXPIRED
        return request, failed(call, f"{why} Nothing was done.", Outcome.REJECTED)
    await run.emit(ApprovalDecided(run.id, request.digest, decision))
    if isinstance(decision, Reject):
        no = f"The user said no{': ' + decision.reason if decision.reason else ''}. Nothing was done."
        return request, failed(call, no, Outcome.REJECTED)
    return request, decision


def not_in_time(request: ApprovalRequest, decision: Decision) -> str:
    """Why a decision does not count for when it came, by the clock of whoever took it in; empty where it does."""
    if decision.at is not None and decision.at > request.expires_at:
        return EXPIRED
    if decision.at is not None and decision.at < request.proposed_at - CLOCKS_DIFFER_SECONDS:
        return "By the clock the decision came before the question: the clock was set back, so nobody knows whether it was in time."
    return ""


async def _propose(
    run: Run, call: ToolCall, tool: AnyTool, arguments: Mapping[str, Any], given: Mapping[str, str], place: str, unsourced: tuple[str, ...]
) -> tuple[ApprovalRequest, Any]:
    """Chance and clock happen here, inside a step: what is stored is what is shown, signed off and performed."""
    scope, now = run.scope, run.clock()
    background = scope.provenance.background()
    sources = {name: given.get(name) or find_source(value, background) for name, value in arguments.items()}
    tainted = frozenset(name for name, source in sources.items() if source not in (YOU, APPLICATION))
    final = ToolCall(call.id, call.tool, arguments, call.span, call.notes)
    ruling = decide(final, tool, scope.provenance.labels, scope.rules, now=now, tainted=tainted, unsourced=unsourced)
    caution = escape_invisible(tool.caution(arguments, context_for(run, call, tool))) if tool.caution is not None else ""
    request = propose(
        tool,
        arguments,
        run_id=run.id,
        position=place,
        sources=sources,
        nonce=secrets.token_hex(16),
        now=now,
        expires_at=now + APPROVAL_SECONDS,
        warnings=tuple(filter(None, (caution, getattr(ruling, "warning", "")))),
    )
    return request, ruling


async def _perform_once(run: Run, call: ToolCall, tool: AnyTool, request: ApprovalRequest, place: str, until: float | None) -> ToolResult:
    """The approved call: intent, effect, receipt. Once begun it is awaited to its end, whatever is cancelled meanwhile.

    What a standing approval allowed is not begun after its end.
    """
    fits = matches_tool(request, tool)
    arguments = tool.parse_frozen(request.arguments) if fits else {}
    cost = cost_of(tool, arguments) if fits and tool.cost_usd else 0.0
    run.scope.meter.count_tool_calls(1)
    # Whether the tool is the one that was asked about is looked at once, before the intent: a write that was done stays done
    # when the run is resumed with a newer tool.
    intent: Intent = await run.step(f"intent:{place}", _intend, run, fits, cost, until)
    if not intent.attempt:
        changed = f"{tool.name} is no longer the tool that was asked about, so nothing was done."
        over = f"The standing approval that allowed {tool.name} has ended, so nothing was done."
        return failed(call, over if fits and until is not None else changed, Outcome.REJECTED)
    await run.emit(WriteStarted(run.id, tool.name, request.key))
    once = ExactlyOnceWrite(
        tool, arguments, context_for(run, call, tool, request.key), call, request.key, intent.attempt != run.attempt, fits
    )
    counted = run.replays(f"effect:{place}")  # with the journal
    result: ToolResult = await run.step(f"effect:{place}", once.perform)
    if intent.cost_usd and gave_back(result) and not counted:
        run.scope.meter.refund(intent.cost_usd)
    run.scope.provenance.take(result)
    await run.emit(WriteSettled(run.id, tool.name, request.key, result.outcome))
    if once.cancelled:
        raise asyncio.CancelledError
    return result


async def _intend(run: Run, fits: bool, cost: float, until: float | None) -> Intent:
    if not fits or (until is not None and run.clock() >= until):
        return Intent("", 0.0)
    if cost:
        run.scope.meter.spend(cost)
    return Intent(run.attempt, cost)


async def decision_of(approve: Approver | None, request: ApprovalRequest, note: Callable[[Any], None]) -> Decision | None:
    """Ask the approver. None and an exception leave the request pending; neither ever means yes."""
    if approve is None:
        return None
    try:
        decision = await approve(request)
    except Exception as error:  # noqa: BLE001  an approver is the user's code, and its failure must not decide anything
        note(ApproverFailed(request.run_id, request.digest, f"{type(error).__name__}: {error}"))
        return None
    if decision is not None and not isinstance(decision, (Approve, Edit, Reject)):
        note(ApproverFailed(request.run_id, request.digest, f"gave {decision!r}, which is no decision"))
        return None
    return decision


async def call_tool(run: Run, tool: AnyTool, arguments: Mapping[str, Any], position: str) -> Any:
    """A call by workflow code. Gives the tool's value; raises ToolError for a refusal by the tool, CallFailed for a no or a doubt."""
    call = ToolCall(position, tool.name, arguments)
    result = await _execute(run, call, tool, position)
    if result.outcome is Outcome.DONE:
        return result.content
    if result.outcome is Outcome.FAILED:
        raise ToolError(result.text)
    raise CallFailed(tool.name, result)
