"""Questions that a tool asks while it works: each waits where approvals wait, and the tool goes on with the answers, once.

They are steps and waits of the run, so a resumed run finds them, and what was answered meanwhile.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from sayso.tools.approval.requests import ApprovalRequest, Decision, propose
from sayso.tools.calls import Outcome, ToolCall, ToolResult
from sayso.tools.definition.decorators import tool as declare
from sayso.tools.definition.tool import AnyTool, ToolContext
from sayso.tools.effects import Effect
from sayso.tools.tool_questions import QUESTION_TOOL, Asking, ToolQuestion

from ..runs.events import ApprovalAsked, ApprovalDecided, RequestExpired
from ..runs.protocols import Run

ASK_SECONDS = 7 * 24 * 3600.0
MOST_ROUNDS = 10
"""How often a tool may ask within one call."""
Answers = Mapping[str, Decision | None]


async def go_on_reading(
    run: Run,
    call: ToolCall,
    tool: AnyTool,
    asking: Asking,
    position: str,
    context: ToolContext[object],
    perform: Callable[..., Awaitable[Any]],
) -> ToolResult:
    """Return what a read comes to that asks while it works; `perform(run, call, tool, answered=context)` lets it go on."""
    result: ToolResult | Asking = asking
    for number in range(MOST_ROUNDS):
        if not isinstance(result, Asking):
            return result
        place = f"{position}.ask{number}"
        answered = await _ask(run, result, tool, place, context)
        result = await run.step(f"reads:{place}", partial(perform, answered=answered), run, call, tool)
    return result if not isinstance(result, Asking) else _give_up(call, tool)


async def go_on_writing(
    run: Run,
    call: ToolCall,
    tool: AnyTool,
    asking: Asking,
    request: ApprovalRequest,
    context: ToolContext[object],
    perform: Callable[[str, str | None, ToolContext[object]], Awaitable[ToolResult | Asking]],
) -> ToolResult:
    """Return what an approved write comes to that asks while it works; `perform(place, begun_by, context)` lets it go on.

    Each time it goes on is begun once, as the write itself: one that was cut off by then is in doubt.
    """
    result: ToolResult | Asking = asking
    for number in range(MOST_ROUNDS):
        if not isinstance(result, Asking):
            return result
        place = f"{request.position}.ask{number}"
        answered = await _ask(run, result, tool, place, context)
        begun_by = await run.step(f"until:{place}", _note_attempt, run)
        result = await perform(place, None if begun_by == run.attempt else begun_by, answered)
    return result if not isinstance(result, Asking) else _give_up(call, tool)


async def _note_attempt(run: Run) -> str:
    return run.attempt


def _give_up(call: ToolCall, tool: AnyTool) -> ToolResult:
    outcome = Outcome.UNKNOWN if tool.effect is Effect.WRITE else Outcome.FAILED
    return ToolResult(call.id, f"{tool.name} has asked {MOST_ROUNDS} times while it worked, and was given up.", outcome, call.tool)


async def _ask(run: Run, asking: Asking, tool: AnyTool, place: str, context: ToolContext[object]) -> ToolContext[object]:
    """Put the questions to a person who may decide on the tool, one after the other; return the context with which it goes on."""
    answers: dict[str, Decision | None] = {}
    for index, question in enumerate(asking.questions):
        request: ApprovalRequest = await run.step(f"propose:{place}.{index}", _propose, run, question, tool.roles, f"{place}.{index}")
        answers[question.key] = await _find_answer(run, request)
    return replace(context, answers=answers, state=asking.state)


async def _find_answer(run: Run, request: ApprovalRequest) -> Decision | None:
    await run.emit(ApprovalAsked(run.id, request))
    decision = await run.ask(request)
    if decision is None or (decision.at is not None and decision.at > request.expires_at):
        await run.emit(RequestExpired(run.id, request.digest))
        return None
    await run.emit(ApprovalDecided(run.id, request.digest, decision))
    approvers = run.scope.approvers
    return None if approvers is not None and run.is_live and approvers.find_problem(decision, request) else decision


async def _propose(run: Run, question: ToolQuestion, roles: tuple[str, ...], position: str) -> ApprovalRequest:
    async def answer(arguments: Mapping[str, object]) -> None:
        """Perform nothing: the answer goes to whoever asks."""

    made = declare.from_schema(
        answer,
        name=QUESTION_TOOL,
        schema={"type": "object", "properties": {name: {} for name in question.fields}},
        description=question.about,
        effect=Effect.WRITE,
        identity=question.identity,
        card=question.card.replace("{", "{{").replace("}", "}}"),
        roles=roles,
    )
    now = run.clock()
    return propose(
        made,
        question.fields,
        run_id=run.id,
        position=position,
        sources=dict.fromkeys(question.fields, question.asker),
        nonce=secrets.token_hex(16),
        now=now,
        expires_at=now + ASK_SECONDS,
        warnings=("A stranger's program wrote this. What you fill in goes to it.",),
    )
