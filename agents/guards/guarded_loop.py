"""The loop of an agent with guards: what is asked, what is answered, and what tools return go past them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sayso.tools import Outcome, ToolCall, ToolResult
from sayso.tools.calls import note_guard
from sayso.tools.definition.tool import AnyTool
from sayso.tools.effects import Effect
from sayso.tools.errors import GuardRefused
from sayso.workflows import Run

from ..agent_events import ReasoningStreamed, TextStreamed, TextWithdrawn
from ..loop import AgentLoop
from ..messages import AssistantMessage, Conversation, Reply, UserMessage
from ..messages.values import GuardActed
from ..model_call import ParsedReply
from ..model_conversation import ModelConversation
from ..spec import AgentSpec, Out_co
from .guarded_input import guard_input, leave_out, tell
from .guarded_reply import change_call, explain_refused_call, guard_reply
from .guarded_stream import GuardedReasoning, GuardedStreamer
from .guarding import Guarding, Leaves, Passed, streams
from .verdicts import TextPlace


class GuardedLoop(AgentLoop[Out_co]):
    """The loop of an agent with guards."""

    async def converse(self, run: Run, asked: Conversation) -> Out_co:
        """Converse as AgentLoop does. What a guard refuses is never sent to the model. Raises GuardRefused."""
        asked, refused = await guard_input(run, self.spec, asked)
        guard = RunGuards(self.spec)
        if refused is not None:
            refusal: Out_co = guard.refuse_input(run, asked, refused)
            return refusal
        run.scope.call_guard = guard
        try:
            kind = AgentLoop
            if self.spec.hooks is not None:
                from ..hooked_loop import HookedLoop  # late, for load time: few agents have any

                kind = HookedLoop
            answer = await kind(self.spec, self.formats, guard).converse(run, asked)
        finally:
            run.scope.call_guard = None
        if guard.untold is not None and isinstance(answer, str) and run.listeners:
            run.publish(TextWithdrawn(run.id, guard.untold))
            run.publish(TextStreamed(run.id, guard.untold, run.secrets.mask(answer)))
        return answer


@dataclass(slots=True, eq=False)
class RunGuards:
    """The guards in one run. `untold` is the turn whose text could not be published while it came, for a guard had failed."""

    spec: AgentSpec[Any]
    untold: int | None = None
    _streamer: GuardedStreamer | None = field(default=None, init=False)

    @property
    def guarding(self) -> Guarding:
        """Return the guards."""
        return self.spec.guarding

    def make_streamer(self, run: Run, turn: int, *, native: bool) -> GuardedStreamer:
        """Return what publishes a reply while it streams."""
        self._streamer = GuardedStreamer(self.spec, run, turn, native=native)
        return self._streamer

    def hold_reasoning(self, run: Run, turn: int) -> GuardedReasoning:
        """Return what publishes the reasoning that a provider sends apart."""
        return GuardedReasoning(self.spec.guarding, run, turn, is_quiet=self.spec.is_quiet)

    async def guard_reply(self, run: Run, turn: int, conversation: ModelConversation, reply: Reply) -> Reply:
        """Return the reply as the guards leave it."""
        guarded = await guard_reply(run, turn, conversation, reply)
        if self.guarding.holds_output and guarded.reasoning and run.listeners and not self.spec.is_quiet:
            run.publish(ReasoningStreamed(run.id, turn, run.secrets.mask(guarded.reasoning)))
        self.untold = turn if self._streamer is not None and self._streamer.has_failed else None
        self._streamer = None
        return guarded

    def take_verdicts(self, run: Run, turn: int, conversation: ModelConversation, parsed: ParsedReply, reply: Reply) -> ParsedReply:
        """Return a parsed reply with the refused calls in it, each with its refusal as the result, and notes on the changed ones."""
        calls, added, refused = list(parsed.message.calls), list[ToolCall](), list(parsed.refused)
        for verdict in reply.verdicts:
            if verdict.call < 0:
                self.untold = None
                answer = self._refuse(run, turn, verdict.guard, TextPlace.OUTPUT, verdict.why, reply.text)
                return ParsedReply(AssistantMessage(answer, finish=reply.finish), (), (), answer)
            if verdict.changed:
                at = calls.index(parsed.calls[verdict.call])
                calls[at] = replace(calls[at], notes=(*calls[at].notes, *(note_guard(verdict.guard, name) for name in verdict.changed)))
                continue
            call = ToolCall(f"{turn}.{len(calls) + len(added)}", verdict.tool, {}, (0, 0), ("refused by a guard",))
            added.append(call)
            why = explain_refused_call(verdict.tool, verdict.guard, verdict.why)
            refused.append(ToolResult(call.id, why, Outcome.REJECTED, verdict.tool))
        by_id = {call.id: call for call in calls}
        native = parsed.message.native or (not calls and conversation.format.native)
        text = parsed.message.text or ("" if native else f"[refused: {', '.join(call.tool for call in added)}]")
        message = parsed.message._replace(text=text, calls=(*calls, *added), native=native)
        return ParsedReply(message, [by_id[call.id] for call in parsed.calls], refused, parsed.prose)

    async def guard_result(self, run: Run, tool: AnyTool, result: ToolResult) -> ToolResult:
        """Return a tool's result past the local guards, before it is stored."""
        acted: list[GuardActed] = []
        try:
            looked = self._look(result, tool, acted)
        except RecursionError:
            looked = replace(result, content="What it returned is nested too deeply to be looked at, and is not shown.")
        await tell(run, acted)
        return looked

    async def guard_call(self, run: Run, call: ToolCall) -> ToolCall | ToolResult:
        """Return a call that a model's program makes past the local guards."""
        leaves = Leaves(dict(call.arguments))
        passed = self.guarding.look(leaves.texts, TextPlace.ARGUMENTS, call.tool)
        await tell(run, passed.acted)
        if passed.refused is not None:
            why = explain_refused_call(call.tool, passed.refused.guard, passed.refused.why)
            return ToolResult(call.id, why, Outcome.REJECTED, call.tool)
        return change_call(call, leaves, passed) if passed.changed else call

    async def guard_edit(self, run: Run, call: ToolCall, number: int) -> ToolResult | None:
        """Return nothing: guards look at what models write, and a person has written this."""
        return None

    def note_performed(self, call: ToolCall) -> None:
        """Do nothing: guards look at the result alone."""

    async def guard_results(self, run: Run, turn: int, parsed: ParsedReply, results: list[ToolResult]) -> list[ToolResult]:
        """Return the results of a reply's calls past all guards. What needs an endpoint is a step of the run."""
        tools = {call.id: self.spec.tools.get(call.tool) for call in parsed.message.calls}
        acted: list[GuardActed] = []
        looked = [self._look(result, tools.get(result.call_id), acted) for result in results]
        await tell(run, acted)
        if all(map(streams, self.guarding.find(TextPlace.RESULTS))):
            return looked
        if self.guarding.has_chance(TextPlace.RESULTS):
            return await run.step(f"guard:results:{turn}", self._check_results, run, looked, tools)
        return await self._check_results(run, looked, tools)

    async def guard_answer(self, run: Run, turn: int, answer: Any, calls: Sequence[object]) -> Any:
        """Return an answer in whose text the values of calls have been filled in, past the guards of the output."""
        if not calls or not isinstance(answer, str):
            return answer
        if self.guarding.holds_output and self.guarding.has_chance(TextPlace.OUTPUT):
            passed = await run.step(f"guard:answer:{turn}", self.guarding.check, [answer], TextPlace.OUTPUT)
        else:
            passed = await self.guarding.check([answer], TextPlace.OUTPUT)
        await tell(run, passed.acted)
        if passed.refused is not None:
            self.untold = None
            return self._refuse(run, turn, passed.refused.guard, TextPlace.OUTPUT, passed.refused.why, passed.refused.answer)
        return passed.texts[0]

    def refuse_input(self, run: Run, asked: Conversation, refused: GuardActed) -> Any:
        """Return the guard's answer to what it refused, without asking the model. Raises GuardRefused where it has none."""
        answer = self._refuse(run, 0, refused.guard, TextPlace.INPUT, refused.why, refused.answer)
        left = UserMessage(leave_out(refused), by_program=True)
        run.scope.transcripts[run.id] = [*asked.history, left, AssistantMessage(answer, finish="refused")]
        if self.spec.output is None:
            run.publish(TextStreamed(run.id, 0, run.secrets.mask(answer)))
            return answer
        return self.spec.output.parse(answer)

    def _refuse(self, run: Run, turn: int, guard: str, place: TextPlace, why: str, answer: str) -> str:
        """Return the answer that stands in the place of what a guard refused, and publish it."""
        output = self.spec.output
        if not answer or not (output is None or output.takes_words):
            if run.listeners:
                run.publish(TextWithdrawn(run.id, turn))
            raise GuardRefused(self.spec.name, guard, place, why)
        if place is TextPlace.OUTPUT and run.listeners and not self.spec.publishes_at_end:
            run.publish(TextWithdrawn(run.id, turn))
            run.publish(TextStreamed(run.id, turn, run.secrets.mask(answer)))
        return answer

    def _look(self, result: ToolResult, tool: AnyTool | None, acted: list[GuardActed]) -> ToolResult:
        origin = self.guarding.look([result.origin], TextPlace.RESULTS, result.origin)
        if origin.refused is not None or origin.changed:  # an address may say as much as a page
            result = replace(result, origin=tool.name if tool is not None else "")
        leaves = Leaves(result.content)
        passed = self.guarding.look(leaves.texts, TextPlace.RESULTS, result.origin)
        return self._take(result, tool, leaves, passed, acted)

    async def _check_results(self, run: Run, results: Sequence[ToolResult], tools: dict[str, AnyTool | None]) -> list[ToolResult]:
        checked, acted = list[ToolResult](), list[GuardActed]()
        for result in results:
            leaves = Leaves(result.content)
            passed = await self.guarding.check(leaves.texts, TextPlace.RESULTS, result.origin)
            checked.append(self._take(result, tools.get(result.call_id), leaves, passed, acted))
        await tell(run, acted)
        return checked

    def _take(self, result: ToolResult, tool: AnyTool | None, leaves: Leaves, passed: Passed, acted: list[GuardActed]) -> ToolResult:
        """Return a result with what the guards have left of it. What a write has done stays done."""
        acted += passed.acted
        if not passed.acted or not (passed.changed or passed.refused):
            return result
        content = leaves.rebuild(passed.texts)
        if passed.refused is None and not (tool is not None and tool.effect is Effect.PURE and type(content) is not type(result.content)):
            return replace(result, content=content)
        last = passed.refused or passed.acted[-1]
        text = f"What {result.origin or 'it'} returned is not shown: the guard {last.guard} refused it ({last.why})."
        is_write = tool is not None and tool.effect is Effect.WRITE
        if is_write and result.outcome is Outcome.DONE:
            text = f"It was done. {text}"
        return replace(result, content=text, outcome=result.outcome if is_write or result.outcome is not Outcome.DONE else Outcome.REJECTED)
