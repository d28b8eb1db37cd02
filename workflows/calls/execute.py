"""Execute a call: check it, rule on it, ask about it, perform it once, and store what came of it.

A call that needs no approval goes straight through (`perform_reads`). A write, and whatever else must be asked about, takes the long way
(`execute_with_approval`): propose, ask, wait, store the intent, perform with the key, store the result. Each is a step or wait of the run.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from sayso.tools.approval.cards import escape_invisible, render_card, require_text, show_value
from sayso.tools.approval.policy import Allow, Ask, Deny, Ruling, decide
from sayso.tools.approval.requests import (
    CLOCKS_DIFFER_SECONDS,
    MODEL,
    WORKFLOW,
    ApprovalRequest,
    Approve,
    Edit,
    Origin,
    Reject,
    is_named,
    matches_tool,
    propose,
    read_shown,
)
from sayso.tools.calls import Content, Outcome, ToolCall, ToolResult, find_labels, replace_labelled, strip_labels
from sayso.tools.definition.secret import HIDDEN_MARK, map_hidden, show_mask, show_plain
from sayso.tools.definition.tool import AnyTool, ToolContext
from sayso.tools.effects import CLEAN, Effect, Secrecy
from sayso.tools.errors import RunError, ToolError
from sayso.tools.tool_questions import Asking

from ..runs.events import ApprovalAsked, ApprovalDecided, GrantUsed, RequestExpired, WriteSettled, WriteStarted
from ..runs.limits import Intent, is_refunded
from ..runs.protocols import Run
from .code_tool_calls import execute_code_tool
from .perform import (
    UNDER_WAY,
    ExactlyOnceWrite,
    compute_cost,
    make_context,
    make_failure,
    needs_no_approval,
    perform_reads,
    prepare_arguments,
    take_refusal,
)
from .secret_calls import apply_edit, mask_edit, mask_result, note_secrets, reveal_arguments

if TYPE_CHECKING:  # late, for load time
    from sayso.tools.approval.source_finder import ArgumentSources

APPROVAL_SECONDS = 7 * 24 * 3600.0
MOST_EDITS = 20
Yeses = tuple[tuple[ApprovalRequest, Approve], ...]


class CallFailed(RunError):
    """A call made by workflow code did not end DONE; `result` says how it ended."""

    def __init__(self, tool: str, result: ToolResult) -> None:
        self.tool: str = tool
        self.result: ToolResult = result
        super().__init__(f"{tool} ended {result.outcome}: {result.text}")


def find_unsourced_arguments(run: Run, call: ToolCall, tool: AnyTool) -> tuple[str, ...]:
    """Return the arguments of a model's call that should come from the user or the application, and do not."""
    if not tool.from_user:
        return ()
    from sayso.tools.approval.provenance import find_unsourced  # late, for load time: few tools ask for it

    provenance = run.scope.provenance
    return find_unsourced(tool, call.arguments, provenance.background(), run.scope.deps, made=provenance.made)


def reject_unsourced(run: Run, call: ToolCall, tool: AnyTool, unsourced: Sequence[str]) -> ToolResult:
    """Return the refusal of a call with values that the model made up, or the error of a call that could not be performed anyway."""
    from sayso.tools.approval.provenance import explain_unsourced  # late, for load time

    try:
        prepare_arguments(tool, call.arguments, make_context(run, call, tool))
    except ToolError as error:
        return take_refusal(run, call, tool, error)
    return make_failure(call, explain_unsourced(tool, unsourced, call.arguments, run.scope.provenance.background()))


async def call_tool(run: Run, tool: AnyTool, arguments: Mapping[str, object], position: str) -> object:
    """Execute a call by workflow code and return the tool's value.

    Raises ToolError for a refusal by the tool, CallFailed where the answer was no or nobody knows whether a write happened.
    """
    if (rules := run.scope.rules).grants:
        run.scope.rules = rules.bind(tool, run.scope.bindings)
    provenance = run.scope.provenance

    def take(content: Content) -> object:
        bare = strip_labels(content.value)
        provenance.labels = provenance.labels.union(find_labels(content))
        provenance.take(ToolResult("", bare, origin=content.origin, trust=content.trust, secrecy=content.secrecy or Secrecy.PRIVATE))
        return bare

    bare = {name: replace_labelled(value, take) for name, value in arguments.items()}
    result = await execute_call(run, ToolCall(position, tool.name, bare), tool, position, chooser=WORKFLOW)
    if result.outcome is Outcome.DONE:
        return result.content
    if result.outcome is Outcome.FAILED:
        raise ToolError(result.text)
    raise CallFailed(tool.name, result)


async def execute_call(run: Run, call: ToolCall, tool: AnyTool, position: str, *, chooser: str = MODEL) -> ToolResult:
    """Execute one call: by the workflow that the tool was made of, as a read, or with approval. `chooser` filled its arguments in."""
    if tool.workflow is not None:
        from .delegation import perform_delegated  # late, for load time: few tools are made of workflows

        (result,) = await perform_delegated(run, f"read:{position}", [(call, tool)])
    elif needs_no_approval(run, tool):
        if tool.secret_schema is None:  # a secret is taken note of when the tool is called, and not stored before
            from ..runs.call_difference import snapshot_call  # late, for load time: most runs read for their model alone

            run.record_prompt(f"read:{position}", snapshot_call, call)
        (result,) = await perform_reads(run, f"read:{position}", [(call, tool)])
    else:
        result = await execute_with_approval(run, call, tool, position, chooser=chooser)
    return result


async def _execute_program_call(run: Run, call: ToolCall, tool: AnyTool, position: str) -> ToolResult:
    """Execute one call that a model's program makes: what the model made up is asked about."""
    was_asked = run.replays(f"propose:{position}")  # a resumed run does what its journal says
    unsourced = () if was_asked or run.replays(f"read:{position}") else find_unsourced_arguments(run, call, tool)
    if unsourced or was_asked:
        return await execute_with_approval(run, call, tool, position, unsourced)
    return await execute_call(run, call, tool, position)


async def execute_with_approval(
    run: Run, call: ToolCall, tool: AnyTool, position: str, unsourced: tuple[str, ...] = (), *, chooser: str = MODEL
) -> ToolResult:
    """Execute a call that writes, must be asked about or calls other tools; `position` is where it stands in the run ("ORDER:3.0").

    `unsourced` names the arguments that the model made up where the user should have given them; `chooser` filled the arguments in.
    """
    if tool.program is not None and not tool.requires_approval:
        return await execute_code_tool(run, call, tool, tool.program, position, _execute_program_call)
    try:
        arguments = _freeze_arguments(run, call, tool, call.arguments, position)
    except ToolError as error:
        return take_refusal(run, call, tool, error)
    edited: frozenset[str] = frozenset()
    agreed: tuple[str, ...] = ()
    yeses: Yeses = ()
    for edit in range(MOST_EDITS):  # an edit is a new request, and so is the question to the next of several people
        asked_at = position if edit == 0 else f"{position}.edit{edit}"
        request, answer = await _find_answer(run, call, tool, arguments, Origin(chooser, edited, unsourced, agreed), asked_at)
        if tool.asks_person:
            from .person_answers import take_answer  # late, for load time: few agents ask questions

            return take_answer(run, call, tool, request, answer)
        if isinstance(answer, ToolResult):
            if tool.effect is Effect.WRITE:
                run.scope.provenance.settled = f"{tool.name} was refused"
            return answer
        if edited and isinstance(answer, (Allow, Approve)) and run.scope.call_guard is not None:
            performed = {name: value for name, value in read_shown(request.arguments).items() if name not in tool.bound}
            run.scope.call_guard.note_performed(replace(call, arguments=performed))
        if isinstance(answer, Edit):
            try:
                arguments, call, changed = _take_edit(run, call, tool, request, answer, f"{position}.edit{edit + 1}")
            except ToolError as error:
                return make_failure(call, f"The person who was asked wanted other arguments, which do not fit: {error}", Outcome.REJECTED)
            edited, unsourced, agreed, yeses = edited | changed, (), (), ()
            if (refused := await _guard_edit(run, call, position, edit + 1)) is not None:
                return refused
        elif tool.approvals > 1 and isinstance(answer, Approve) and len(agreed := _agree(agreed, answer)) < tool.approvals:
            yeses = (*yeses, (request, answer))
        elif isinstance(answer, Allow) and tool.effect is not Effect.WRITE:
            typed = _parse_arguments(run, tool, request) if run.is_live else {}
            is_checked = run.scope.approvers is not None and not run.replays(f"read:{asked_at}")
            if is_checked and (why := await _find_refusal(run, call, tool, request, answer, typed, Origin(chooser, edited, unsourced))):
                return make_failure(call, f"{why} Nothing was done.", Outcome.REJECTED)
            asked = {name: value for name, value in typed.items() if name not in tool.bound}
            (result,) = await perform_reads(run, f"read:{asked_at}", [(replace(call, arguments=asked), tool)])
            return result
        else:
            return await _perform_write(run, call, tool, request, answer, Origin(chooser, edited, unsourced), asked_at, yeses)
    return make_failure(call, "The request was edited or asked about too often. Nothing was done.", Outcome.REJECTED)


async def _guard_edit(run: Run, call: ToolCall, position: str, number: int) -> ToolResult | None:
    """Return why a call may not be made as a person has changed it: a hook that refuses sees that too."""
    guard = run.scope.call_guard
    if guard is None or run.replays(f"propose:{position}.edit{number}"):  # the journal of an earlier version has it asked about
        return None
    return await guard.guard_edit(run, call, number)


def _agree(agreed: tuple[str, ...], answer: Approve) -> tuple[str, ...]:
    """Return who has said yes by now. Who gives no name, or has said it before, is nobody else."""
    return agreed if is_named(answer.by, ("", *agreed)) else (*agreed, answer.by)


def _describe_agreed(tool: AnyTool, agreed: tuple[str, ...]) -> str:
    """Return what a card says where several people must say yes."""
    so_far = f"{show_value(', '.join(agreed))} said yes; it needs somebody else." if agreed else "Nobody has said yes so far."
    return f"{tool.approvals} people must say yes to this. {so_far}"


def _freeze_arguments(run: Run, call: ToolCall, tool: AnyTool, arguments: Mapping[str, object], position: str) -> Mapping[str, object]:
    """Return the arguments to ask about, as they come back from the bytes that are stored. A ToolError is an answer for the model."""
    if run.replays(f"propose:{position}"):  # they are in the stored request, and the application is not asked again
        return arguments
    if tool.secret_schema is not None:
        note_secrets(run, tool, arguments)
    checked = tool.check(arguments)
    given = tool.bound if tool.prepare is None else {**tool.bound, **tool.prepare(checked, make_context(run, call, tool))}
    if tool.secret_schema is not None and given:
        note_secrets(run, tool, given)
    return tool.normalise({**checked, **given}, given)


def _parse_arguments(run: Run, tool: AnyTool, request: ApprovalRequest) -> Mapping[str, object]:
    """Return the typed arguments of a request, its secrets in the open. Raises SecretLocked, before anything is done."""
    return tool.parse_frozen(reveal_arguments(run, request) if HIDDEN_MARK in request.arguments else request.arguments)


def _take_edit(
    run: Run, call: ToolCall, tool: AnyTool, request: ApprovalRequest, edit: Edit, position: str
) -> tuple[Mapping[str, object], ToolCall, frozenset[str]]:
    """Return the arguments to ask about instead, the call as the person wants it, and the names of what they wrote just now."""
    if run.replays(f"propose:{position}"):  # as far as it can be told from what was shown: no secret is revealed for a replay
        shown = read_shown(request.arguments)
        changed = frozenset(name for name, value in edit.arguments.items() if shown.get(name, ...) != map_hidden(value, show_mask))
        return edit.arguments, replace(call, arguments=edit.arguments), changed
    wanted = apply_edit(run, tool, request, edit)
    arguments = _freeze_arguments(run, call, tool, wanted, position)
    before, now = json.loads(reveal_arguments(run, request)), tool.freeze(arguments, show_plain)
    changed = frozenset(name for name in edit.arguments if name not in before or before[name] != now.get(name))
    # As they will be performed: a hook compares 500 with a number, and the person may have sent "500".
    return arguments, replace(call, arguments={name: arguments.get(name, value) for name, value in wanted.items()}), changed


async def _find_answer(
    run: Run,
    call: ToolCall,
    tool: AnyTool,
    arguments: Mapping[str, object],
    origin: Origin,
    position: str,
) -> tuple[ApprovalRequest, Allow | Approve | Edit | ToolResult]:
    """Return the stored request and what became of it: allowed, approved, edited, or a result that ends the call."""
    request, ruling = await run.step(f"propose:{position}", _propose, run, call, tool, arguments, origin, position)
    if isinstance(ruling, Deny):
        return request, make_failure(call, ruling.reason, Outcome.REJECTED)
    if isinstance(ruling, Allow):
        if ruling.grant:
            await run.emit(GrantUsed(run.id, ruling.grant, tool.name, request.key))
        return request, ruling
    await run.emit(ApprovalAsked(run.id, request))
    decision = await run.ask(request)
    # `at` is from the clock of the engine that took the decision in, never from whoever decided.
    if decision is None or (decision.at is not None and decision.at > request.expires_at):
        await run.emit(RequestExpired(run.id, request.digest))
        return request, make_failure(call, "Nobody decided in time; the request has expired. Nothing was done.", Outcome.REJECTED)
    if decision.at is not None and decision.at < request.proposed_at - CLOCKS_DIFFER_SECONDS:
        why = "By the clock the decision came before the question: the clock was set back, so nobody knows whether it was in time."
        return request, make_failure(call, f"{why} Nothing was done.", Outcome.REJECTED)
    told = mask_edit(run, tool, decision) if isinstance(decision, Edit) and tool.secret_schema is not None else decision
    await run.emit(ApprovalDecided(run.id, request.digest, told))
    if isinstance(decision, Reject):
        no = f"The user said no{': ' + decision.reason if decision.reason else ''}. Nothing was done."
        return request, make_failure(call, no, Outcome.REJECTED)
    return request, decision


async def _propose(
    run: Run, call: ToolCall, tool: AnyTool, arguments: Mapping[str, object], origin: Origin, position: str
) -> tuple[ApprovalRequest, Ruling]:
    """Rule on a call and make the request for it. Chance and clock happen here, inside a step: what is stored is shown and performed."""
    now = run.clock()
    ruling, sources = await _rule(run, call, tool, arguments, origin, now)
    caution = _find_caution(run, call, tool, arguments) if tool.caution is not None else ""
    asks = ruling.warning if isinstance(ruling, Ask) else ""
    so_far = _describe_agreed(tool, origin.agreed) if tool.approvals > 1 else ""
    request = propose(
        tool,
        arguments,
        run_id=run.id,
        position=position,
        sources=sources.texts,
        quotes=sources.quotes,
        nonce=secrets.token_hex(16),
        now=now,
        expires_at=now + APPROVAL_SECONDS,
        warnings=tuple(filter(None, (so_far, caution, asks, *sources.warnings))),
        hide=partial(run.secrets.hide, place=json.dumps([run.id, position, tool.name])),
        context=make_context(run, call, tool),
    )
    return request, ruling


def _find_caution(run: Run, call: ToolCall, tool: AnyTool, arguments: Mapping[str, object]) -> str:
    found: object = tool.caution(arguments, make_context(run, call, tool)) if tool.caution is not None else ""
    caution = escape_invisible(require_text(found, tool.name, "caution")) if found is not None else ""
    return run.secrets.mask(caution) if caution and run.secrets.texts else caution


async def _rule(
    run: Run, call: ToolCall, tool: AnyTool, arguments: Mapping[str, object], origin: Origin, now: float
) -> tuple[Ruling, ArgumentSources]:
    """Return what the policy says of a call with its final arguments, and where these are from."""
    from sayso.tools.approval.source_finder import SourceFinder, find_argument_sources  # late, for load time

    scope, provenance = run.scope, run.scope.provenance
    secrets = run.secrets.pattern
    finder = SourceFinder(provenance.background(), settled=provenance.settled, made=provenance.made, deps=scope.deps, hidden=secrets)
    sources = find_argument_sources(finder, call, tool, arguments, origin, scope.begun)
    if run.secrets.texts:
        sources = sources.mask(run.secrets.mask)
    final = ToolCall(call.id, call.tool, arguments, call.span, call.notes)
    labels = provenance.labels if sources.labels is CLEAN else provenance.labels.union(sources.labels)
    rules = scope.rules.without(await run.find_withdrawn()) if scope.rules.grants else scope.rules
    unvouched = provenance.unvouched
    ruling = decide(final, tool, labels, rules, now=now, tainted=sources.tainted, unsourced=origin.unsourced, unvouched=unvouched)
    return Ask() if isinstance(ruling, Allow) and (sources.is_doubted or tool.approvals > 1) else ruling, sources


async def _find_refusal(
    run: Run,
    call: ToolCall,
    tool: AnyTool,
    request: ApprovalRequest,
    answer: Allow | Approve,
    arguments: Mapping[str, object],
    origin: Origin,
    yeses: Yeses = (),
) -> str:
    """Return why a stored yes does not count; empty if it does. The card may say something else by now, or only signed ones count.

    A database that somebody else can write may say that a person or a standing approval allowed the call: signature and rules are
    looked at again, with keys and rules from the application's code.
    """
    if tool.looks_up and request.tool_version == tool.version and (changed := _find_other_card(run, call, tool, request)):
        return changed
    if run.scope.approvers is None:
        return ""
    if isinstance(answer, Approve):
        problems = (run.scope.approvers.find_problem(each, asked) for asked, each in (*yeses, (request, answer)))
        problem = next(filter(None, problems), "")
        return f"The approval of {tool.name} does not count: {problem}." if problem else ""
    ruling, _ = await _rule(run, call, tool, arguments, origin, run.clock())
    return "" if isinstance(ruling, Allow) else f"No standing approval covers this call of {tool.name}."


def _find_other_card(run: Run, call: ToolCall, tool: AnyTool, request: ApprovalRequest) -> str:
    """Return what is to be said where a card that looks something up (a price) says something else than was shown; empty if it does not."""
    try:
        card = render_card(tool.card, tool.name, read_shown(request.arguments), make_context(run, call, tool))
    except ToolError as error:
        return f"{tool.name} was asked about, and cannot be done as it was shown any more: {error}."
    return "" if card == request.card else f"What was shown of {tool.name} has changed. It would be now: {card}"


async def _perform_write(
    run: Run,
    call: ToolCall,
    tool: AnyTool,
    request: ApprovalRequest,
    answer: Allow | Approve,
    origin: Origin,
    position: str,
    yeses: Yeses = (),
) -> ToolResult:
    """Perform the approved call: intent, effect, result. Once begun it is awaited to its end, whatever is cancelled meanwhile.

    What a standing approval allowed is not begun after its end, or when it was withdrawn. `yeses` are those of others before this one.
    """
    allowed = answer if isinstance(answer, Allow) else None
    fits = matches_tool(request, tool) and (request.run_id, request.position) == (run.id, position)
    replayed = run.replays(f"intent:{position}")
    is_new = fits and run.is_live and not replayed
    arguments = _parse_arguments(run, tool, request) if is_new else {}
    cost = compute_cost(tool, arguments) if is_new and tool.cost_usd else 0.0
    is_checked = is_new and (run.scope.approvers is not None or tool.looks_up)
    refusal = await _find_refusal(run, call, tool, request, answer, arguments, origin, yeses) if is_checked else ""
    guard = run.scope.head_guard
    run.scope.meter.count_tool_calls(1)
    if guard is not None and not replayed:
        await guard.compare()
    # Whether the tool is the one that was asked about is looked at once, before the intent: a write that was done stays done
    # when the run is resumed with a newer tool.
    intent = await run.step(f"intent:{position}", _intend, run, fits, cost, allowed, refusal)
    if not intent.attempt:
        changed = f"{tool.name} is no longer the tool that was asked about, so nothing was done."
        end = "has ended" if allowed is not None and allowed.until is not None else "was withdrawn"
        over = f"The standing approval that allowed {tool.name} {end}, so nothing was done."
        return make_failure(call, intent.why or (over if fits and allowed is not None else changed), Outcome.REJECTED)
    await run.emit(WriteStarted(run.id, tool.name, request.key))
    was_counted = run.replays(f"effect:{position}")  # with the journal
    if replayed and fits and run.is_live and not was_counted:  # an earlier execution was cut off in between
        arguments = _parse_arguments(run, tool, request)
        refusal = await _find_refusal(run, call, tool, request, answer, arguments, origin, yeses)
    if guard is not None and not was_counted:
        await guard.advance()
    context = make_context(run, call, tool, request.key)
    begun_by = None if intent.attempt == run.attempt else intent.attempt
    write = ExactlyOnceWrite(run, tool, arguments, context, call, request.key, begun_by, fits, refusal)
    result = await _perform_step(run, tool, write, position)
    if isinstance(result, Asking):
        result, write = await _go_on(run, call, tool, request, context, result, write)
    UNDER_WAY.discard(request.key)  # what it came to is stored
    if intent.cost_usd and is_refunded(result) and not was_counted:
        run.scope.meter.refund(intent.cost_usd)
    run.scope.provenance.take(result)
    if result.outcome is not Outcome.FAILED:  # after a failure, in which nothing happened, the user's words still stand
        run.scope.provenance.settled = f"{tool.name} was {'done' if result.outcome is Outcome.DONE else 'tried'}"
    await run.emit(WriteSettled(run.id, tool.name, request.key, result.outcome))
    if write.is_cancelled:
        raise asyncio.CancelledError
    return result


async def _go_on(
    run: Run,
    call: ToolCall,
    tool: AnyTool,
    request: ApprovalRequest,
    context: ToolContext[object],
    asking: Asking,
    write: ExactlyOnceWrite,
) -> tuple[ToolResult, ExactlyOnceWrite]:
    """Return what a write comes to that asks a person while it works, and its last part."""
    from .asked_meanwhile import go_on_writing  # late, for load time: few tools ask while they work

    async def go_on(place: str, begun_by: str | None, answered: ToolContext[object]) -> ToolResult | Asking:
        nonlocal write
        typed = _parse_arguments(run, tool, request) if run.is_live else {}
        write = ExactlyOnceWrite(run, tool, typed, answered, call, request.key, begun_by, matches_tool(request, tool))
        return await _perform_step(run, tool, write, place)

    return await go_on_writing(run, call, tool, asking, request, context, go_on), write


async def _perform_step(run: Run, tool: AnyTool, write: ExactlyOnceWrite, position: str) -> ToolResult | Asking:
    """Perform a write as a step. Masked before it is stored: the secrets of the call are known by now, from its proposal or its request."""
    is_looked_at = run.secrets.texts or run.scope.call_guard is not None
    return await run.step(f"effect:{position}", partial(_perform_masked, run, tool, write) if is_looked_at else write.perform)


async def _perform_masked(run: Run, tool: AnyTool, write: ExactlyOnceWrite) -> ToolResult | Asking:
    result = await write.perform()
    if isinstance(result, Asking):
        return result
    if run.scope.call_guard is not None:
        result = await run.scope.call_guard.guard_result(run, tool, result)
    return mask_result(run, result) if run.secrets.texts else result


async def _intend(run: Run, fits: bool, cost: float, allowed: Allow | None, refusal: str) -> Intent:
    """Store which attempt is about to perform the write; none where it may not be performed any more."""
    if refusal:
        return Intent("", 0.0, f"{refusal} Nothing was done.")
    if not fits or (allowed is not None and allowed.until is not None and run.clock() >= allowed.until):
        return Intent("", 0.0)
    if allowed is not None and allowed.grant and allowed.grant in await run.find_withdrawn():
        return Intent("", 0.0)
    if cost:
        run.scope.meter.spend(cost)
    return Intent(run.attempt, cost)
