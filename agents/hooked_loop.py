"""The loop of an agent with hooks. What a hook says is stored as a step of the run, so a resumed run does what it said then."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sayso.tools import Outcome, ToolCall, ToolResult
from sayso.tools.definition.tool import AnyTool, ToolContext
from sayso.tools.effects import Effect
from sayso.tools.errors import GuardRefused
from sayso.workflows import Run
from sayso.workflows.runs.protocols import CallGuard

from .hooks import Hooks, ask_each
from .loop import AgentLoop, execute_calls
from .messages import Conversation, Reply
from .model_call import ParsedReply, ask_model
from .model_conversation import ModelConversation
from .reply_end import AskedAgain
from .spec import AgentSpec, Out_co

_CAME = {
    Outcome.DONE: "It was done.",
    Outcome.FAILED: "Nothing was done.",
    Outcome.REJECTED: "Nothing was done.",
    Outcome.UNKNOWN: "It is not known whether it was done. It is not tried again; a person has to find out.",
}
"""What a model is told of a write whose result is kept from it."""


@dataclass(slots=True, eq=False)
class HookedLoop(AgentLoop[Out_co]):
    """The loop of an agent with hooks."""

    async def converse(self, run: Run, asked: Conversation) -> Out_co:
        """Converse as AgentLoop does, with the hooks asked about each call, also about those that a model's program makes."""
        guard = run.scope.call_guard
        run.scope.call_guard = HookedCalls(self.spec, guard)
        try:
            return await AgentLoop.converse(self, run, asked)
        finally:
            run.scope.call_guard = guard

    async def ask_model(self, run: Run, turn: int, conversation: ModelConversation) -> Reply:
        """Ask the model, where no hook refuses what it would be sent or what it said. Raises GuardRefused."""
        hooks, context = _hooks_of(self.spec), _make_context(run)
        if hooks.before_model:
            sent = tuple(conversation.transcript)
            refused = await run.step(f"hooks:before_model:{turn}", ask_each, hooks.before_model, (sent, context))
            self._stop(refused, "input")
        reply = await ask_model(run, turn, conversation)
        if hooks.after_model:
            refused = await run.step(f"hooks:after_model:{turn}", ask_each, hooks.after_model, (reply, context))
            self._stop(refused, "output")
        return reply

    def _stop(self, refused: list[str], place: str) -> None:
        if refused:
            raise GuardRefused(self.spec.name, refused[0], place, refused[1])

    async def execute_calls(self, spec: AgentSpec[object], run: Run, parsed: ParsedReply, again: AskedAgain) -> list[ToolResult]:
        """Execute the calls that no hook refuses, and show the model the results that none refuses."""
        hooks, calls = _hooks_of(self.spec), parsed.calls
        if hooks.before_tool and calls:
            verdicts = await run.step(f"hooks:before_tool:{calls[0].id}", _ask_about_calls, run, hooks, calls)
            refused = [_refuse(call, *verdict) for call, verdict in zip(calls, verdicts, strict=True) if verdict]
            allowed = [call for call, verdict in zip(calls, verdicts, strict=True) if not verdict]
            parsed = ParsedReply(parsed.message, allowed, [*parsed.refused, *refused], parsed.prose)
        results = await execute_calls(spec, run, parsed, again)
        if hooks.after_tool and calls:
            guard = run.scope.call_guard
            changed = guard.performed if isinstance(guard, HookedCalls) else {}
            by_id = {call.id: changed.get(call.id, call) for call in parsed.calls}
            asked = [(by_id[result.call_id], result) for result in results if result.call_id in by_id]
            if asked:
                verdicts = await run.step(f"hooks:after_tool:{calls[0].id}", _ask_about_results, run, hooks, asked)
                shown = {
                    call.id: _hide(result, spec.tools.get(call.tool), verdict)
                    for (call, result), verdict in zip(asked, verdicts, strict=True)
                }
                results = [shown.get(result.call_id, result) for result in results]
        return results


@dataclass(slots=True, eq=False)
class HookedCalls:
    """Asks the hooks about the calls that a model's program makes; the guards of the agent, where there are any, look too.

    `performed` are the calls that a person has changed, by id, as they were performed.
    """

    spec: AgentSpec[Any]
    inner: CallGuard | None
    performed: dict[str, ToolCall] = field(default_factory=dict, init=False)

    async def guard_result(self, run: Run, tool: AnyTool, result: ToolResult) -> ToolResult:
        """Return a result as the guards leave it: the hooks are asked about it by the loop."""
        return result if self.inner is None else await self.inner.guard_result(run, tool, result)

    async def guard_call(self, run: Run, call: ToolCall) -> ToolCall | ToolResult:
        """Return a call that a program makes, or the result that says which hook refused it."""
        looked = call if self.inner is None else await self.inner.guard_call(run, call)
        hooks = _hooks_of(self.spec)
        if isinstance(looked, ToolResult) or not hooks.before_tool:
            return looked
        (verdict,) = await run.step(f"hooks:before_tool:{call.id}", _ask_about_calls, run, hooks, [looked])
        return _refuse(looked, *verdict) if verdict else looked

    async def guard_edit(self, run: Run, call: ToolCall, number: int) -> ToolResult | None:
        """Return the result that says which hook refuses a call as a person has changed it. A hook sees whatever may be performed."""
        hooks = _hooks_of(self.spec)
        if not hooks.before_tool:
            return None
        position = f"hooks:before_tool:{call.id}.edit{number}"
        (verdict,) = await run.step(position, _ask_about_calls, run, hooks, [call])
        return _refuse(call, *verdict) if verdict else None

    def note_performed(self, call: ToolCall) -> None:
        """Keep a call as a person has changed it: that is what the hooks are asked about once it is done."""
        self.performed[call.id] = call


def _hooks_of(spec: AgentSpec[Any]) -> Hooks:
    assert isinstance(spec.hooks, Hooks)
    return spec.hooks


def _make_context(run: Run, call: ToolCall | None = None) -> ToolContext[object]:
    user_texts = run.scope.provenance.user_texts
    last = user_texts[-1] if user_texts else ""
    return ToolContext(run.scope.deps, "", call, last if isinstance(last, str) else last.text)


async def _ask_about_calls(run: Run, hooks: Hooks, calls: Sequence[ToolCall]) -> list[list[str]]:
    return [await ask_each(hooks.before_tool, (call, _make_context(run, call))) for call in calls]


async def _ask_about_results(run: Run, hooks: Hooks, asked: Sequence[tuple[ToolCall, ToolResult]]) -> list[list[str]]:
    return [await ask_each(hooks.after_tool, (call, result, _make_context(run, call))) for call, result in asked]


def _refuse(call: ToolCall, hook: str, why: str) -> ToolResult:
    return ToolResult(call.id, f"Nothing was done: {hook} refused the call ({why}).", Outcome.REJECTED, call.tool)


def _hide(result: ToolResult, tool: AnyTool | None, verdict: Sequence[str]) -> ToolResult:
    """Return a result without what a hook keeps from the model. What a write has done stays done."""
    if not verdict:
        return result
    hook, why = verdict
    text = f"What {result.origin or 'it'} returned is not shown: {hook} refused it ({why})."
    if tool is not None and tool.effect is Effect.WRITE:
        return replace(result, content=f"{_CAME[result.outcome]} {text}")
    return replace(result, content=text, outcome=result.outcome if result.outcome is not Outcome.DONE else Outcome.REJECTED)
