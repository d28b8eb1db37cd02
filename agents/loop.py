"""The agent loop: ask the model, read its reply, carry out its calls, until there is an answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from itertools import count
from typing import Any

from sayso.tools import Outcome, Tool, ToolCall, ToolResult
from sayso.tools.canonical import sha256
from sayso.tools.dialects import split_at_calls
from sayso.tools.effects import Effect, Trust
from sayso.tools.errors import OutputError, UnknownTool
from sayso.tools.filling import end_of, following
from sayso.workflows import Run
from sayso.workflows.calls.call_results import failed
from sayso.workflows.calls.execute import (
    execute_with_approval,
    find_unsourced_arguments,
    needs_no_approval,
    perform_reads,
    reject_unsourced,
)

from .agent import Agent
from .agent_events import ModelRetried, TextSaid, TextWithdrawn
from .messages import AssistantMessage, Conversation, Message, ToolMessage, UserMessage
from .model_call import ModelTurn, ask_model
from .models.model import Retrying
from .parse_reply import Read, parse_reply
from .prompt_format import PromptFormat
from .typed_output import NotTheType
from .untrusted_text import quotes_others, texts_of_others

AnyAgent = Agent[Any]
SAY_SOMETHING = "You said nothing. Write a call as shown above, or answer me."
"""To a small model that ends before it begins; it does so when a call is due whose marks it was not taught."""
NOBODY: frozenset[str] = frozenset()


async def converse(agent: AnyAgent, run: Run, asked: Conversation) -> Any:
    """Converse with the model until it answers; every effect and every chance goes through `run`.

    Raises LimitReached, ModelError, OutputError.
    """
    form = agent.known_form or await agent.form(asks=run.acts)
    transcript: list[Message] = [*form.opening, *form.fits(asked.history), UserMessage(asked.text)]
    if asked.history or quotes_others(asked.text):
        remember(run, asked)
    run.scope.transcripts[run.id] = transcript
    exchange = ModelTurn(agent, form, transcript, tell_retries(run) if run.heard else None)
    tries, asked_to_speak, mend = 0, False, False
    asked_again: set[str] = set()
    for turn in count():
        reply = await ask_model(run, turn, exchange)
        read = parse_reply(agent, reply, turn)
        transcript.append(read.message)
        if read.calls or read.refused:
            results = await execute_calls(agent, run, read, asked_again)
            if (words := closing_words(agent, read, results)) is not None:
                return said_at_last(agent, run, turn, words)
            if run.heard:
                run.publish(TextWithdrawn(run.id, turn))
            mend = not mend and all_failed(results)  # once; who fails twice is asked to answer
            transcript.append(shown_back(exchange.form, run, read, results, mend=mend))
            continue
        if agent.typed is None:
            if read.prose.strip() or asked_to_speak or not exchange.form.written:
                return said_at_last(agent, run, turn, read.prose)
            asked_to_speak = True
            transcript.append(UserMessage(SAY_SOMETHING))
            continue
        try:
            return agent.typed.read(read.prose)
        except NotTheType as wrong:
            tries += 1
            cut = " The reply was cut off at max_tokens." if reply.finish == "length" else ""
            if tries >= agent.output_tries:
                raise OutputError(f"{agent.name} gave no valid answer in {tries} tries: {wrong}.{cut}", read.prose) from None
            transcript.append(UserMessage(f"That does not fit: {wrong}. {agent.typed.instruction}"))
    raise AssertionError("count() does not end")


def all_failed(results: Sequence[ToolResult]) -> bool:
    """Whether no call of a reply could be carried out."""
    return results[0].outcome is Outcome.FAILED and all(result.outcome is Outcome.FAILED for result in results)


async def execute_calls(agent: AnyAgent, run: Run, read: Read, asked_again: set[str]) -> list[ToolResult]:
    """The results of a reply's calls: neighbours that need no question together, in parallel, as one step; writes one by one, in order.

    Neighbours that other agents carry out go side by side too, each a child of the run. A call whose values should be the user's and are
    not is sent back, once for each tool; those in `asked_again` are asked about.
    """
    results = list(read.refused)
    asked_again_before = frozenset(asked_again) if asked_again else NOBODY
    together: list[tuple[ToolCall, Tool[..., Any]]] = []
    for call in read.calls:
        tool = agent.tools.get(call.tool)
        if tool is None:
            results.append(failed(call, str(UnknownTool(call.tool, sorted(agent.tools)))))
            continue
        unsourced = find_unsourced_arguments(run, call, tool) if tool.from_user else ()
        if unsourced and tool.name not in asked_again_before:
            asked_again.add(tool.name)
            results.append(reject_unsourced(run, call, tool, unsourced))
            continue
        straight = not unsourced and (tool.workflow is not None or needs_no_approval(run, call, tool))
        if together and not (straight and _alike(together[0][1], tool)):
            results += await _perform(run, together)
            together = []
        if straight:
            together.append((call, tool))
        else:
            results.append(await execute_with_approval(run, call, tool, f"{tool.name}:{call.id}", unsourced))
    if together:
        results += await _perform(run, together)
    if len(results) > 1:
        places = {call.id: place for place, call in enumerate(read.message.calls)}
        results.sort(key=lambda result: places[result.call_id])
    return results


def _alike(one: Tool[..., Any], other: Tool[..., Any]) -> bool:
    return (one.workflow is None) is (other.workflow is None)


def _perform(run: Run, together: list[tuple[ToolCall, Tool[..., Any]]]) -> Awaitable[list[ToolResult]]:
    call, tool = together[0]
    name = f"reads:{call.id}"
    if tool.workflow is None:
        return perform_reads(run, name, together)
    from sayso.workflows.calls.delegation import perform_delegated

    return perform_delegated(run, name, together)


def closing_words(agent: AnyAgent, read: Read, results: Sequence[ToolResult]) -> str | None:
    """The reply's own words, where they already are the answer: every call in its prose is done and was either PURE, and so is replaced by
    its value, or a write that closes. None when the model has to be asked again."""
    if agent.typed is not None or read.refused or not read.prose.strip():
        return None
    by_id = {result.call_id: result for result in results}
    for call in read.calls:
        tool = agent.tools.get(call.tool)
        written = tool is not None and tool.effect is Effect.PURE and call.span[1] > 0
        if tool is None or not (written or tool.ends_turn) or by_id[call.id].outcome is not Outcome.DONE:
            return None
    return filled(agent, read, by_id)


def said_at_last(agent: AnyAgent, run: Run, turn: int, words: str) -> str:
    """The answer; told now where it could not be told while it streamed."""
    if agent.speaks_last:
        run.publish(TextSaid(run.id, turn, words))
    return words


def filled(agent: AnyAgent, read: Read, by_id: dict[str, ToolResult]) -> str:
    """The prose with the value of each PURE call where it stood; nothing for a closing write, and no marks of either."""
    if read.message.native:
        return read.prose
    stood = split_at_calls(read.message.text, agent.signatures, agent.dialect)
    results = iter([by_id[call.id] for call in sorted(read.calls, key=lambda call: call.span)])
    parts: list[str] = []
    before = ""
    for place, piece in enumerate(stood):
        if isinstance(piece, str):
            part = piece
        else:
            result, tool = next(results), agent.tools[piece.tool]
            if tool.effect is not Effect.PURE:
                strip_end(parts)
                before = before.rstrip(" \t")
                continue
            part = tool.inline(result.content, before, following(stood, place)) if tool.inline else result.text
        parts.append(part)
        before = end_of(before, part)
    return "".join(parts).strip()


def strip_end(parts: list[str]) -> None:
    """Drop the blanks at the end of a text that is kept in parts."""
    while parts:
        parts[-1] = parts[-1].rstrip(" \t")
        if parts[-1]:
            return
        parts.pop()


def shown_back(form: PromptFormat, run: Run, read: Read, results: Sequence[ToolResult], *, mend: bool) -> ToolMessage:
    """The results as the model sees them next; `mend` asks it to write failed calls again."""
    if read.message.native:
        return ToolMessage(tuple(results), native=True)
    tools = {call.id: call.tool for call in read.message.calls}
    boundary = sha256(run.id, run.attempt)[:8]  # a page cannot know it, so a page cannot end its frame
    shown = form.shown([(tools[result.call_id], result.text) for result in results], boundary, failed=mend)
    return ToolMessage(tuple(results), shown=shown)


def tell_retries(run: Run) -> Callable[[Retrying], None]:
    """Turns a model's failed tries into events of the run."""
    return lambda failed: run.publish(ModelRetried(run.id, failed.attempt, failed.wait_seconds, failed.why))


def remember(run: Run, asked: Conversation) -> None:
    """What an earlier conversation read is still in the context, so its labels hold on; so do those of texts that a prompt quotes."""
    for message in asked.history:
        if isinstance(message, ToolMessage):
            for result in message.results:
                run.scope.provenance.take(result)
        elif not isinstance(message, AssistantMessage):
            remember_quoted(run, message.text)
    remember_quoted(run, asked.text)


def remember_quoted(run: Run, text: str) -> None:
    """The texts of others in a message."""
    for quoted, origin, secrecy in texts_of_others(text):
        run.scope.provenance.take(ToolResult("", quoted, Outcome.DONE, origin, Trust.UNTRUSTED, secrecy))
