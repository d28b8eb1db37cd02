"""The agent loop: ask the model, parse its reply, execute its calls, until there is an answer."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Generic

from sayso.tools import Outcome, ToolCall, ToolResult
from sayso.tools.approval.background import Made, Said
from sayso.tools.definition.tool import AnyTool
from sayso.tools.dialects import DIALECTS, split_at_calls
from sayso.tools.effects import CLEAN, Effect, Labels
from sayso.tools.errors import OutputError, UnknownTool
from sayso.tools.inline_calls import append_context, preview_following
from sayso.workflows import Run
from sayso.workflows.calls.execute import (
    execute_with_approval,
    find_unsourced_arguments,
    reject_unsourced,
)
from sayso.workflows.calls.perform import make_failure, needs_no_approval, perform_reads
from sayso.workflows.calls.secret_calls import mask_result

from .agent_events import ModelDowngraded, ModelRetried, TextStreamed, TextWithdrawn
from .messages import AssistantMessage, Conversation, Message, Reply, SystemMessage, ToolMessage, UserMessage
from .model_call import SHORT_TEXT, ParsedReply, ask_model, parse_reply
from .model_conversation import ModelConversation
from .models.model import ModelRequest, Notice, Retrying
from .prompt_format import FormatChoice
from .reply_end import WHOLE, AskedAgain, Ending, ask_for_reply, explain_ending, judge_ending
from .reply_guard import ReplyGuard
from .spec import READ_AGAIN, AgentSpec, Out_co
from .typed_output import InvalidOutput
from .untrusted_text import FENCE_START, find_untrusted_texts


@dataclass(slots=True, eq=False)
class AgentLoop(Generic[Out_co]):
    """The loop of one agent, with the prompt format that is chosen for its model."""

    spec: AgentSpec[Out_co]
    formats: FormatChoice
    guard: ReplyGuard | None = None

    if TYPE_CHECKING:

        async def ask_model(self, run: Run, turn: int, conversation: ModelConversation) -> Reply: ...
        async def execute_calls(self, spec: AgentSpec[object], run: Run, parsed: ParsedReply, again: AskedAgain) -> list[ToolResult]: ...

    async def converse(self, run: Run, asked: Conversation) -> Out_co:
        """Converse with the model until it answers: a value of the output type, or text where the agent has none.

        Every effect and every chance goes through `run`. Raises LimitReached, ModelError, OutputError.
        """
        spec, formats = self.spec, self.formats
        format = formats.chosen or await formats.choose(may_ask=run.is_live)
        transcript: list[Message] = [*format.opening, *(format.convert_history(asked.history) if asked.history else ()), asked.question]
        if asked.history or asked.labels is not None or FENCE_START in asked.text:
            record_provenance(spec, run, asked)
        run.scope.transcripts[run.id], provenance = transcript, run.scope.provenance
        notify = partial(publish_notice, run) if run.listeners or run.keeps_notices else None
        sampling = format.sampling if asked.sampling is None else format.sampling.override(asked.sampling)
        schema = None if spec.output is None else spec.output.response_schema
        request = ModelRequest(transcript, format.schemas, sampling, schema, notify, format.grammar)
        is_short = not (asked.history or format.is_long or asked.parts) and len(asked.text) <= SHORT_TEXT
        conversation = ModelConversation(spec, formats, format, transcript, request, asked.sampling, is_short, self.guard)
        turn, again = 0, AskedAgain()
        answer: Any
        while True:
            if turn and conversation.spec.opened:
                await _take_changed_tools(run, turn, conversation)
            reply = await self.ask_model(run, turn, conversation)
            parsed = parse_reply(conversation, reply, turn)
            if reply.verdicts and self.guard is not None:
                parsed = self.guard.take_verdicts(run, turn, conversation, parsed, reply)
            read = provenance.labels
            transcript.append(parsed.message if read is CLEAN else parsed.message._replace(labels=read))
            has_calls, ending = parsed.calls or parsed.refused, judge_ending(reply, parsed)
            if (ending is not WHOLE or again.is_last_try) and not again.may_go_on(
                ending, has_calls=bool(has_calls), is_typed=bool(spec.output)
            ):
                raise explain_ending(ending, conversation.spec.model, reply, conversation.request.sampling)
            if has_calls:
                results = await self.execute_calls(conversation.spec, run, parsed, again)
                if self.guard is not None:
                    results = await self.guard.guard_results(run, turn, parsed, results)
                if ending is WHOLE and parsed.prose and (answer := find_answer_beside_calls(spec, parsed, results)) is not None:
                    break
                if run.listeners:
                    run.publish(TextWithdrawn(run.id, turn))
                transcript.append(make_tool_message(run, conversation, parsed, results, ask_to_repair=again.to_repair(results)))
            elif spec.output is None:
                answer = parsed.prose
                if ending is WHOLE:
                    break
                transcript.append(UserMessage(ask_for_reply(conversation.format, bool(spec.tools)), by_program=True))
            else:
                try:
                    answer = spec.output.parse(parsed.prose, is_cut=ending is Ending.CUT_OFF)
                    break
                except InvalidOutput as error:
                    transcript.append(_ask_for_output(spec, again, error, parsed.prose, None if read is CLEAN else read))
            turn += 1
        if has_calls and self.guard is not None:
            answer = await self.guard.guard_answer(run, turn, answer, parsed.calls)
        _take_answer(run, turn, conversation, spec, answer)
        return answer  # type: ignore[no-any-return]  # Out_co is str where no output type was given


async def _take_changed_tools(run: Run, turn: int, conversation: ModelConversation) -> None:
    from .changed_tools import take_changed_tools  # late, for load time: few agents have tools that change

    await take_changed_tools(run, turn, conversation)


def _take_answer(run: Run, turn: int, conversation: ModelConversation, spec: AgentSpec[Any], answer: Any) -> None:
    """Publish an answer where that was not done yet, and take note of it; no model is sent the conversation any more."""
    if conversation.long_results:
        from .long_results import restore_long_results  # late, for load time: few results are long

        restore_long_results(run, conversation)
    if run.listeners and spec.publishes_at_end and spec.output is None and not spec.is_quiet:
        run.publish(TextStreamed(run.id, turn, run.secrets.mask(answer)))
    run.scope.provenance.add_made(Made(spec.name, answer))


def _ask_for_output(spec: AgentSpec[object], again: AskedAgain, error: InvalidOutput, said: str, labels: Labels | None) -> UserMessage:
    """Return what a model is told whose answer is not of the output type. Raises OutputError after its last try."""
    assert spec.output is not None
    if not again.for_output(spec.output_tries):
        raise OutputError(f"{spec.name} gave no valid answer in {spec.output_tries} tries: {error}.", said) from None
    return UserMessage(f"That does not fit: {error}. {spec.output.instruction}", labels=labels, by_program=True)


async def execute_calls(spec: AgentSpec[object], run: Run, parsed: ParsedReply, again: AskedAgain) -> list[ToolResult]:
    """Return the results of a reply's calls, in the order of the calls.

    Neighbours that need no approval are executed side by side, as one step (or, where they are agents and workflows, each as a child of the
    run); writes one by one, in order. A call with arguments that should be the user's and are not is sent back to the model, once for each
    tool: with one that `again` knows of already, a person is asked.
    """
    results = list(parsed.refused)
    if results and spec.takes_secrets:
        results = [_leave_out_secrets(spec, result) for result in results]
    sent_back_before = again.unsourced
    group: list[tuple[ToolCall, AnyTool]] = []
    for call in parsed.calls:
        tool = spec.tools.get(call.tool)
        if tool is None:
            results.append(make_failure(call, str(UnknownTool(call.tool, sorted(spec.tools)))))
            continue
        unsourced: tuple[str, ...] = ()
        was_asked = False
        if tool.from_user:  # a resumed run does what its journal says, whatever would be found in the words and the data of today
            was_asked = run.replays(f"propose:{tool.name}:{call.id}")
            unsourced = () if run.replays(f"reads:{call.id}") else find_unsourced_arguments(run, call, tool)
            if unsourced and not was_asked and tool.name not in sent_back_before:
                again.unsourced |= {tool.name}
                results.append(reject_unsourced(run, call, tool, unsourced))
                continue
        joins = not (unsourced or was_asked) and (tool.workflow is not None or needs_no_approval(run, tool))
        if group and not (joins and (tool.workflow is None) is (group[0][1].workflow is None)):
            results += await _execute_group(run, group)
            group = []
        if joins:
            group.append((call, tool))
        else:
            results.append(await execute_with_approval(run, call, tool, f"{tool.name}:{call.id}", unsourced))
    if group:
        results += await _execute_group(run, group)
    if run.secrets.texts:
        results = [mask_result(run, result) for result in results]
    if len(results) > 1:
        order = {call.id: index for index, call in enumerate(parsed.message.calls)}
        results.sort(key=lambda result: order[result.call_id])
    return results


if not TYPE_CHECKING:  # as they are, without a call in between: an agent with hooks has others
    AgentLoop.ask_model, AgentLoop.execute_calls = staticmethod(ask_model), staticmethod(execute_calls)


def _leave_out_secrets(spec: AgentSpec[object], refused: ToolResult) -> ToolResult:
    """Return the refusal of an unreadable call without what was seen of it, where that may be a secret."""
    tool = spec.tools.get(refused.origin)
    takers = spec.tools.values() if tool is None else (tool,)
    if not any(each.secret_schema is not None for each in takers):
        return refused
    return replace(
        refused, content="This call was not understood and nothing was done. Write it again, with every argument as the tool says."
    )


def _execute_group(run: Run, group: Sequence[tuple[ToolCall, AnyTool]]) -> Awaitable[list[ToolResult]]:
    call, tool = group[0]
    position = f"reads:{call.id}"
    if tool.workflow is None:
        return perform_reads(run, position, group)
    from sayso.workflows.calls.delegation import perform_delegated  # late for load time: few agents have agents as tools

    return perform_delegated(run, position, group)


def find_answer_beside_calls(spec: AgentSpec[object], parsed: ParsedReply, results: Sequence[ToolResult]) -> str | None:
    """Return the reply's own prose where it already is the answer, with the values of its PURE calls in it; else None.

    It is where every call is done, and is either a PURE call in the text or a call of a tool that ends the turn.
    """
    if spec.output is not None or parsed.refused or not parsed.prose.strip():
        return None
    by_id = {result.call_id: result for result in results}
    for call in parsed.calls:
        tool = spec.tools.get(call.tool)
        in_text = tool is not None and tool.effect is Effect.PURE and call.span[1] > 0
        if tool is None or not (in_text or tool.ends_turn) or by_id[call.id].outcome is not Outcome.DONE:
            return None
    return parsed.prose if parsed.message.native else fill_in_results(spec, parsed, by_id)


def fill_in_results(spec: AgentSpec[object], parsed: ParsedReply, by_id: Mapping[str, ToolResult]) -> str:
    """Return the prose with the value of each PURE call where the call stood. A write that ends the turn leaves nothing behind."""
    stood = split_at_calls(parsed.message.text, spec.signatures, spec.dialect)
    results = iter([by_id[call.id] for call in sorted(parsed.calls, key=lambda call: call.span)])
    parts: list[str] = []
    before = ""
    for index, piece in enumerate(stood):
        if isinstance(piece, str):
            part = piece
        else:
            result, tool = next(results), spec.tools[piece.tool]
            if tool.effect is not Effect.PURE:
                _strip_end(parts)
                before = before.rstrip(" \t")
                continue
            part = tool.inline(result.content, before, preview_following(stood, index)) if tool.inline else result.text
        parts.append(part)
        before = append_context(before, part)
    return "".join(parts).strip()


def _strip_end(parts: list[str]) -> None:
    """Drop the blanks at the end of a text in parts."""
    while parts:
        parts[-1] = parts[-1].rstrip(" \t")
        if parts[-1]:
            return
        parts.pop()


def make_tool_message(
    run: Run, conversation: ModelConversation, parsed: ParsedReply, results: Sequence[ToolResult], *, ask_to_repair: bool
) -> ToolMessage:
    """Return the results as the model is shown them. `ask_to_repair` asks it to write the failed calls again."""
    read = None if run.scope.provenance.labels is CLEAN else run.scope.provenance.labels
    native = parsed.message.native
    if native:
        return ToolMessage(tuple(results), native, "", read)
    tools = {call.id: call.tool for call in parsed.message.calls}
    # A page cannot know it, so a page cannot end its frame.
    boundary = hashlib.sha256(f"{run.id} {run.attempt}".encode("utf-8", "surrogatepass")).hexdigest()[:8]
    named = [(tools[result.call_id], result.text) for result in results]
    shown = DIALECTS[conversation.format.dialect].render_results(named, boundary, failed=ask_to_repair)
    return ToolMessage(tuple(results), shown=shown, labels=read)


def publish_notice(run: Run, notice: Notice) -> None:
    """Publish what a model tells while it works on a request as an event of the run."""
    if isinstance(notice, Retrying):
        run.publish(ModelRetried(run.id, notice.attempt, notice.wait_seconds, notice.why))
    else:
        run.publish(ModelDowngraded(run.id, notice.without, notice.why))


def record_provenance(spec: AgentSpec[object], run: Run, asked: Conversation) -> None:
    """Join what an earlier conversation read, computed and settled to the run's, and what is quoted: it is still in the context.

    A message keeps the labels of its run, so they hold where the results that were read are no longer in the history.
    """
    provenance = run.scope.provenance
    calls: dict[str, ToolCall] = {}
    for message in asked.messages:
        if not isinstance(message, SystemMessage) and message.labels is not None:
            provenance.labels = provenance.labels.union(message.labels)
        if isinstance(message, AssistantMessage):
            calls = {call.id: call for call in message.calls}
        elif isinstance(message, ToolMessage):
            for result in message.results:
                provenance.take(result)
                call = calls.get(result.call_id)
                tool = spec.tools.get(call.tool) if call is not None else None
                if call is not None and tool is not None and tool.effect is Effect.PURE and result.outcome is Outcome.DONE:
                    provenance.add_made(Made(call.tool, result.content, call.arguments))
        else:
            for quoted in find_untrusted_texts(message.text):
                provenance.take(quoted)
    if asked.history:
        provenance.user_texts = date_user_texts(provenance.user_texts, find_said(spec, asked))


def find_said(spec: AgentSpec[object], asked: Conversation) -> list[Said]:
    """Return what the user said, oldest first: how many turns ago, and which write was settled or refused after it.

    A call of a tool that this agent does not have counts as a write, and so does one without a result: nobody knows what became of it.
    """
    said: list[Said] = []
    turns, settled = 0, ""
    failed: set[str] = set()
    for message in reversed(asked.messages):
        if isinstance(message, ToolMessage):
            failed = {result.call_id for result in message.results if result.outcome is Outcome.FAILED}
        elif isinstance(message, AssistantMessage):
            writes = [call.tool for call in message.calls if call.id not in failed and is_write(spec, call.tool)]
            settled = settled or (f"{writes[-1]} was settled" if writes else "")
            failed = set()
        elif message.user_texts:
            said += [Said(text, turns, settled) for text in message.user_texts]
            turns += 1
    return said[::-1]


def is_write(spec: AgentSpec[object], name: str) -> bool:
    """Return whether a tool of that name writes, as far as this agent knows."""
    return name != READ_AGAIN if name not in spec.tools else spec.tools[name].effect is Effect.WRITE


def date_user_texts(texts: Sequence[str | Said], said: Sequence[Said]) -> tuple[str | Said, ...]:
    """Return the user's texts, each with when it was said where the conversation has it; the last one of equal texts is the latest."""
    dated: dict[str, list[Said]] = {}
    for each in said:
        dated.setdefault(each.text, []).append(each)
    found = [dated[text].pop() if isinstance(text, str) and dated.get(text) else text for text in reversed(texts)]
    return tuple(reversed(found))
