"""How a call is carried out: checked, ruled on, asked about, performed once, and its receipt kept.

A call that needs no question goes straight through (`perform_reads`). A write, and whatever else must be asked about, takes the long way
(`settle`): propose, ask, wait, keep the intent, perform with the key, keep the receipt. Each of these is a step or wait of the run.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sayso.tools.approvals import (
    ApprovalRequest,
    Approve,
    Approver,
    Decision,
    Edit,
    Reject,
    propose,
    source_of,
    still_fits,
)
from sayso.tools.calls import Content, Outcome, ToolCall, ToolResult
from sayso.tools.definition import Tool, ToolContext
from sayso.tools.effects import Effect
from sayso.tools.errors import RunError, ToolError
from sayso.tools.from_user import invented, told
from sayso.tools.policy import Allow, Deny, decide

from .events import ApprovalAsked, ApprovalDecided, ApproverFailed, WriteSettled, WriteStarted
from .limits import Intent
from .programs import carry_program

AnyTool = Tool[..., Any]
APPROVAL_SECONDS = 7 * 24 * 3600.0


class CallFailed(RunError):
    """A call made by workflow code did not end DONE; `result` says how it ended."""

    def __init__(self, tool: str, result: ToolResult) -> None:
        self.tool, self.result = tool, result
        super().__init__(f"{tool} ended {result.outcome}: {result.text}")


NO_CONTEXT: ToolContext[Any] = ToolContext(None)


def context_for(run: Any, call: ToolCall, tool: AnyTool, key: str = "") -> ToolContext[Any]:
    """What the application hands the tool for this call; nothing to a tool that asks for nothing."""
    if tool.asks_nothing:
        return NO_CONTEXT
    said = run.scope.seen.user_texts
    return ToolContext(run.scope.deps, key, call, said[-1] if said else "")


def prepared(tool: AnyTool, arguments: Mapping[str, Any], context: ToolContext[Any]) -> dict[str, Any]:
    """The checked arguments, completed by the tool from what the application knows. A ToolError is an answer for the model, no question."""
    checked = tool.check(arguments)
    return checked if tool.prepare is None else {**checked, **tool.prepare(checked, context)}


def result_of(call: ToolCall, tool: AnyTool, value: Any) -> ToolResult:
    """A tool's value as the result of the call, with the tool's labels where the value has none of its own."""
    if isinstance(value, Content):
        return ToolResult(
            call.id, value.value, Outcome.DONE, value.origin or tool.name, value.trust or tool.trust, value.secrecy or tool.secrecy
        )
    return ToolResult(call.id, value, Outcome.DONE, tool.name, tool.trust, tool.secrecy)


def failed(call: ToolCall, text: str, outcome: Outcome = Outcome.FAILED) -> ToolResult:
    """A result that says why there is none."""
    return ToolResult(call.id, text, outcome, call.tool)


async def perform_in_time(tool: AnyTool, arguments: Mapping[str, Any], context: ToolContext[Any]) -> Any:
    """Perform the tool, in the time it has. Raises ToolError when the time is over: for a read, nothing happened."""
    timer = asyncio.timeout(tool.timeout_seconds)
    try:
        async with timer:
            return await tool.perform(arguments, context)
    except TimeoutError:
        if timer.expired():
            raise ToolError(f"{tool.name} gave no answer within {tool.timeout_seconds} s.") from None
        raise


async def perform_read(run: Any, call: ToolCall, tool: AnyTool) -> ToolResult:
    """One call that needs no question."""
    context = context_for(run, call, tool)
    try:
        arguments = tool.check(call.arguments) if tool.prepare is None else prepared(tool, call.arguments, context)
        performing = tool.perform(arguments, context) if tool.timeout_seconds is None else perform_in_time(tool, arguments, context)
        return result_of(call, tool, await performing)
    except ToolError as error:
        return failed(call, str(error))


async def perform_reads(run: Any, name: str, calls: Sequence[tuple[ToolCall, AnyTool]]) -> list[ToolResult]:
    """Calls that need no question, side by side, as one step of the run. Counts them against the limits."""
    run.scope.meter.count_tool_calls(len(calls))
    if len(calls) == 1:
        results = [await run.step(name, perform_read, run, *calls[0])]
    else:
        results = await run.step(name, _together, run, calls)
    for result in results:
        run.scope.seen.take(result)
    return results


async def _together(run: Any, calls: Sequence[tuple[ToolCall, AnyTool]]) -> list[ToolResult]:
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(perform_read(run, call, tool)) for call, tool in calls]
    return [task.result() for task in tasks]


def goes_straight(run: Any, call: ToolCall, tool: AnyTool) -> bool:
    """Whether the call may join its neighbours in one step: no write, and nobody to ask."""
    if tool.effect is Effect.WRITE or tool.program is not None:
        return False
    scope = run.scope
    if tool.effect is not Effect.EGRESS and not tool.requires_approval:
        return True
    return isinstance(decide(call, tool, scope.seen.labels, scope.rules, now=run.clock()), Allow)


def invented_in(run: Any, call: ToolCall, tool: AnyTool) -> tuple[str, ...]:
    """The arguments of a model's call that should come from the user or the application, and do not."""
    return invented(tool, call.arguments, run.scope.seen.user_texts, run.scope.deps) if tool.from_user else ()


def sent_back(run: Any, call: ToolCall, tool: AnyTool, strays: Sequence[str]) -> ToolResult:
    """What the model is told of a call with values that it made up; or first, that the call could not be carried out at all."""
    try:
        prepared(tool, call.arguments, context_for(run, call, tool))
    except ToolError as error:
        return failed(call, str(error))
    return failed(call, told(tool, strays, call.arguments))


async def settle(run: Any, call: ToolCall, tool: AnyTool, position: str, strays: tuple[str, ...] = ()) -> ToolResult:
    """Carry out a call that writes, must be asked about or calls others; `position` is its place in the run ("ORDER:3.0").

    `strays` are the arguments that the model made up where the user should have given them.
    """
    if tool.program is not None and not tool.requires_approval:
        return await carry_program(run, call, tool, tool.program, position, carry_call)
    try:
        arguments = prepared(tool, call.arguments, context_for(run, call, tool))
    except ToolError as error:
        return failed(call, str(error))
    given = frozenset(name for name, value in arguments.items() if name in tool.bound or call.arguments.get(name) in (None, "") != value)
    for edit in range(20):  # an edit is a new request; nobody edits twenty times
        place = position if edit == 0 else f"{position}.edit{edit}"
        request, answer = await _ruled(run, call, tool, arguments, given, place, strays)
        if isinstance(answer, ToolResult):
            return answer
        if isinstance(answer, Edit):
            try:
                arguments = prepared(tool, answer.arguments, context_for(run, call, tool))
            except ToolError as error:
                return failed(call, f"The person who was asked wanted other arguments, which do not fit: {error}", Outcome.REJECTED)
            given, strays = frozenset(name for name in arguments if name in tool.bound), ()
            continue
        return await _perform_once(run, call, tool, request, place)
    return failed(call, "The request was edited too often.", Outcome.REJECTED)


async def carry_call(run: Any, call: ToolCall, tool: AnyTool, position: str) -> ToolResult:
    """Carry out one call that a model's program makes: what it made up is asked about."""
    if strays := invented_in(run, call, tool):
        return await settle(run, call, tool, position, strays)
    return await _carry(run, call, tool, position)


async def _carry(run: Any, call: ToolCall, tool: AnyTool, position: str) -> ToolResult:
    """Carry out one call: handed to whoever carries it, the short way, or the long one."""
    if tool.carried_by is not None:
        from .delegation import perform_delegated

        (result,) = await perform_delegated(run, f"read:{position}", [(call, tool)])
        return result
    if goes_straight(run, call, tool):
        (result,) = await perform_reads(run, f"read:{position}", [(call, tool)])
        return result
    return await settle(run, call, tool, position)


async def _ruled(
    run: Any, call: ToolCall, tool: AnyTool, arguments: Mapping[str, Any], given: frozenset[str], place: str, strays: tuple[str, ...]
) -> tuple[ApprovalRequest, Approve | Edit | ToolResult]:
    """The stored request and what became of it: approved, edited, or a result that ends the call."""
    request, ruling = await run.step(f"propose:{place}", _propose, run, call, tool, arguments, given, place, strays)
    if isinstance(ruling, Deny):
        return request, failed(call, ruling.reason, Outcome.REJECTED)
    if isinstance(ruling, Allow):
        return request, Approve(by="standing approval")
    await run.emit(ApprovalAsked(run.id, request))
    decision: Decision | None = await run.ask(request)
    if decision is None or (decision.at is not None and decision.at > request.expires_at):
        return request, failed(call, "Nobody decided in time; the request has expired and nothing was done.", Outcome.REJECTED)
    await run.emit(ApprovalDecided(run.id, request.digest, decision))
    if isinstance(decision, Reject):
        no = f"The user said no{': ' + decision.reason if decision.reason else ''}. Nothing was done."
        return request, failed(call, no, Outcome.REJECTED)
    return request, decision


async def _propose(
    run: Any, call: ToolCall, tool: AnyTool, arguments: Mapping[str, Any], given: frozenset[str], place: str, strays: tuple[str, ...]
) -> tuple[ApprovalRequest, Any]:
    """Chance and clock happen here, inside a step: what is stored is what is shown, signed off and performed."""
    scope, now = run.scope, run.clock()
    background = scope.seen.background()
    tainted = frozenset(name for name, value in arguments.items() if source_of(value, background).startswith("from "))
    final = ToolCall(call.id, call.tool, arguments, call.span, call.notes)
    ruling = decide(final, tool, scope.seen.labels, scope.rules, now=now, tainted=tainted, invented=strays)
    warning = getattr(ruling, "warning", "")
    request = propose(
        tool,
        arguments,
        run_id=run.id,
        position=place,
        given=given,
        background=background,
        nonce=secrets.token_hex(16),
        now=now,
        expires_at=now + APPROVAL_SECONDS,
        warnings=(warning,) if warning else (),
    )
    return request, ruling


async def _perform_once(run: Any, call: ToolCall, tool: AnyTool, request: ApprovalRequest, place: str) -> ToolResult:
    """The approved call: intent, effect, receipt. Once begun it is awaited to its end, whatever is cancelled meanwhile."""
    fits = still_fits(request, tool)
    arguments = tool.thawed(request.arguments) if fits else {}
    cost = (tool.cost_usd(arguments) if callable(tool.cost_usd) else tool.cost_usd) if fits else 0.0
    run.scope.meter.count_tool_calls(1)
    # Whether the tool is the one that was asked about is looked at once, before the intent: a write that was done stays done
    # when the run is resumed with a newer tool.
    intent: Intent = await run.step(f"intent:{place}", _intend, run, fits, cost)
    if not intent.attempt:
        return failed(call, f"{tool.name} is no longer the tool that was asked about, so nothing was done.", Outcome.REJECTED)
    await run.emit(WriteStarted(run.id, tool.name, request.key))
    once = _Once(tool, arguments, context_for(run, call, tool, request.key), call, request.key, intent.attempt != run.attempt, fits)
    result: ToolResult = await run.step(f"effect:{place}", once.perform)
    if intent.cost_usd and result.outcome in (Outcome.FAILED, Outcome.REJECTED):
        run.scope.meter.refund(intent.cost_usd)
    run.scope.seen.take(result)
    await run.emit(WriteSettled(run.id, tool.name, request.key, result.outcome))
    if once.cancelled:
        raise asyncio.CancelledError
    return result


async def _intend(run: Any, fits: bool, cost: float) -> Intent:
    if not fits:
        return Intent("", 0.0)
    if cost:
        run.scope.meter.spend(cost)
    return Intent(run.attempt, cost)


class _Once:
    """One started write: awaited to its end, and told apart by what is known of it when something goes wrong."""

    def __init__(
        self,
        tool: AnyTool,
        arguments: Mapping[str, Any],
        context: ToolContext[Any],
        call: ToolCall,
        key: str,
        begun_before: bool,
        fits: bool,
    ) -> None:
        self.tool, self.arguments, self.context, self.call, self.key = tool, arguments, context, call, key
        self.begun_before, self.fits = begun_before, fits
        self.cancelled = False

    async def perform(self) -> ToolResult:
        """The result of the write; a cancellation that comes meanwhile is noted and carried out after it."""
        task = asyncio.get_running_loop().create_task(self._settled())
        while not task.done():
            try:
                await asyncio.shield(task)
            except asyncio.CancelledError:
                if task.cancelled():  # the loop itself is closing
                    raise
                self.cancelled = True
        return task.result()

    async def _settled(self) -> ToolResult:
        if self.begun_before and not self.fits:
            return self._unknown("an earlier attempt was cut off, and the tool is no longer the one that was asked about")
        if self.begun_before:
            return await self._after_doubt("an earlier attempt was cut off")
        return await self._tried(again=True)

    async def _tried(self, *, again: bool) -> ToolResult:
        timer = asyncio.timeout(self.tool.timeout_seconds)
        try:
            async with timer:
                return result_of(self.call, self.tool, await self.tool.perform(self.arguments, self.context))
        except ToolError as error:
            if getattr(error, "nothing_happened", True):
                return failed(self.call, str(error))
            why = str(error)  # a sandboxed write that was killed may have left something behind
        except Exception as error:  # noqa: BLE001  whatever it was, the write may have happened: only ToolError says it did not
            why = f"no answer within {self.tool.timeout_seconds:g} s" if timer.expired() else f"{type(error).__name__}: {error}"
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is None or task.cancelling():  # the loop itself is closing
                raise
            why = "something inside it was cancelled"
        return await self._after_doubt(why) if again else self._unknown(why)

    async def _after_doubt(self, why: str) -> ToolResult:
        """Idempotent: the same key again. With a lookup: look first. Neither: nobody knows, and a person decides."""
        tool = self.tool
        if tool.lookup is not None:
            try:
                found = await tool.lookup(self.key)
            except Exception as error:  # noqa: BLE001  a look-up that fails leaves the doubt where it was
                return self._unknown(f"{why}; looking it up failed too ({type(error).__name__}: {error})")
            if found is not None:
                return result_of(self.call, tool, found)
            return await self._tried(again=False)
        if tool.idempotent:
            return await self._tried(again=False)
        return self._unknown(why)

    def _unknown(self, why: str) -> ToolResult:
        doubt = f"It is not known whether {self.tool.name} happened ({why})."
        text = f"{doubt} It is not tried again; a person has to find out (key {self.key[:16]})."
        return failed(self.call, text, Outcome.UNKNOWN)


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


async def call_tool(run: Any, tool: AnyTool, arguments: Mapping[str, Any], position: str) -> Any:
    """A call by workflow code. Gives the tool's value; raises ToolError for a refusal by the tool, CallFailed for a no or a doubt."""
    call = ToolCall(position, tool.name, arguments)
    result = await _carry(run, call, tool, position)
    if result.outcome is Outcome.DONE:
        return result.content
    if result.outcome is Outcome.FAILED:
        raise ToolError(result.text)
    raise CallFailed(tool.name, result)
