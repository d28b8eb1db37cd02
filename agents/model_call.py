"""One model call: usage reserved, request sent, deltas streamed to listeners, usage counted, and the calls in the reply parsed."""

from __future__ import annotations

import hashlib
from asyncio import Event
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sayso.tools import ToolCall, ToolResult
from sayso.tools.calls import Outcome
from sayso.tools.canonical import JsonObject, canonical_json
from sayso.tools.definition.secret_stream import SecretStream
from sayso.tools.dialects import (
    Problem,
    ReadCall,
    Reading,
    ToolSignatures,
    read_native_calls,
)
from sayso.tools.dialects.reader import is_prose, read
from sayso.tools.dialects.signatures import ToolSignature
from sayso.tools.errors import InputTooLong, ModelError, UsageError
from sayso.workflows import Run
from sayso.workflows.runs.handed_out import HANDED_OUT
from sayso.workflows.runs.limits import NO_USAGE, Meter, Usage

from .agent_events import ReasoningStreamed
from .messages import AssistantMessage, Message, NativeCall, Reply, SystemMessage, ToolMessage, UserMessage
from .model_conversation import ModelConversation
from .model_switches import ask_other_model, fit_window, switch_model, switch_to_text
from .models.model import CallDelta, Delta, Finished, ReasoningDelta, TextDelta
from .prompt_format import make_prompt_format
from .reasoning import split_reasoning
from .text_streamer import TextStreamer

LONGEST_SNAPSHOT = 10_000  # characters of a message that a run stores of a prompt
NOT_FINISHED = Finished()
"""The end of a reply whose model does not say how it ended."""
SHORT_TEXT = 1000
"""Characters of a question, or of a result, with which a conversation of one or two turns fits any model, and is not measured."""


async def ask_model(run: Run, turn: int, conversation: ModelConversation) -> Reply:
    """Return the model's reply to the transcript so far: the run's step `model:{turn}`, counted against its limits.

    Raises ModelError, LimitReached.
    """
    meter, reserved, first = run.scope.meter, None, None
    newest: Any  # the results of calls, or what the program asks
    if (
        turn > 1
        or not conversation.is_short
        or (turn and (len(newest := conversation.transcript[-1][0]) > 1 or len(str(newest[0].content)) > SHORT_TEXT))
    ):
        await fit_window(run, turn, conversation)
    if meter.reserves:
        reserved, first = await _reserve(run, conversation)
    used, position = NO_USAGE, f"model:{turn}"
    if reserved is None:
        meter.begin_model_call(None)
    else:
        _begin_reserved(meter, reserved, first)
    try:
        run.record_prompt(position, snapshot_prompt, conversation, turn)
        reply: Reply = await run.step(position, fetch_reply, run, turn, conversation, preemptible=True)
        used = reply.usage
        if reply.model_index != conversation.model_index:  # a resumed run: the switch was made before
            await ask_other_model(conversation, reply.model_index, may_ask=run.is_live)
        return reply
    finally:
        if reserved is not None:
            meter.end_model_call(used, reserved)
            if first is not None:
                meter.end_first_cost(first, told=used is not NO_USAGE)
        elif used is not NO_USAGE:
            meter.end_model_call(used, None)


def _begin_reserved(meter: Meter, reserved: Usage, first: Event | None) -> None:
    try:
        meter.begin_model_call(reserved)
    except BaseException:
        if first is not None:
            meter.end_first_cost(first, told=False)
        raise


async def _reserve(run: Run, conversation: ModelConversation) -> tuple[Usage, Event | None]:
    """Return what the next call may use, and, if it is the first to tell what calls cost, the event that others wait for."""
    from .usage_estimate import estimate_sent, estimate_usage  # late, for load time

    meter, first = run.scope.meter, None
    reserved = estimate_usage(conversation, meter)
    if meter.limits_cost and not reserved.cost_usd and run.is_live and getattr(conversation.spec.model, "base_url", None) is None:
        first = await meter.await_first_cost()
        reserved = estimate_usage(conversation, meter)
    try:
        run.expect_cost(reserved.cost_usd, estimate_sent(conversation, reserved))
    except BaseException:
        if first is not None:
            meter.end_first_cost(first, told=False)
        raise
    return reserved, first


async def fetch_reply(run: Run, turn: int, conversation: ModelConversation) -> Reply:
    """Return the model's reply: in one piece where nobody listens and the model can, else streamed.

    A model that refuses tools is asked for calls as text; one that is down or refuses altogether gives way to the agent's next one.
    """
    if HANDED_OUT.texts and not turn:
        asked = [message.text for message in conversation.transcript if isinstance(message, UserMessage)]
        run.scope.provenance.recognise(asked, conversation.transcript)
    spent, again = NO_USAGE, ""
    while True:
        try:
            if again and again != "shorter" and conversation.spec.window is not False:
                from .windows.sending import fit_other_model  # late, for load time

                await fit_other_model(run, turn, conversation)
            spec = conversation.spec
            if run.listeners:
                reply = await _stream_to_listeners(run, turn, conversation)
            elif spec.complete is None:
                reply = await stream_reply(run, turn, conversation, spec.model.stream(conversation.request))
            else:
                reply = await spec.complete(conversation.request)
        except ModelError as error:
            if isinstance(error, InputTooLong) and again != "shorter":
                from .windows.sending import fit_after_refusal  # late, for load time

                if await fit_after_refusal(run, turn, conversation, error):
                    again = "shorter"
                    continue
            if not switch_to_text(conversation, error) and not await switch_model(run, turn, conversation, str(error), error):
                raise
            again = "another model"
            continue
        if not isinstance(reply, Reply):
            name = conversation.spec.model.name
            raise UsageError(f"complete() of the model {name} returned {reply!r}, which is not a Reply. Write: return Reply(text, calls).")
        if reply.finish in ("content_filter", "error") and await switch_model(
            run, turn, conversation, f"its reply ended with {reply.finish!r}"
        ):
            spent, again = spent + reply.usage, "another model"
            continue
        break
    if conversation.model_index:
        name = conversation.spec.model.name
        reply = reply._replace(usage=spent + reply.usage, model_index=conversation.model_index, model=name)
    return await _look_at_reply(run, turn, conversation, reply) if spec.looks_at_replies else reply


async def _stream_to_listeners(run: Run, turn: int, conversation: ModelConversation) -> Reply:
    """Return the model's reply, streamed to those who listen, with how long its first piece took."""
    from .heard_deltas import HeardDeltas  # late, for load time: most runs are heard by nobody

    heard = HeardDeltas(run, turn, conversation)
    reply = await stream_reply(run, turn, conversation, heard.pass_on(conversation.spec.model.stream(conversation.request)))
    return reply._replace(first_token_seconds=heard.first_token_seconds)


async def _look_at_reply(run: Run, turn: int, conversation: ModelConversation, reply: Reply) -> Reply:
    """Return a reply past the agent's guards, and take note of the secrets in it: before it is stored."""
    if conversation.guard is not None:
        reply = await conversation.guard.guard_reply(run, turn, conversation, reply)
    if conversation.spec.takes_secrets:
        _note_secrets(conversation, run, reply, turn)
    return reply


async def stream_reply(run: Run, turn: int, conversation: ModelConversation, deltas: AsyncGenerator[Delta, None]) -> Reply:
    """Collect the model's deltas into a reply, and publish those that may be shown at once."""
    spec = conversation.spec
    # None before the first: a thousand runs that wait hold three containers less each, which the garbage collector would visit.
    text: list[str] | None = None
    reasoning: list[str] | None = None
    calls: dict[int, list[CallDelta]] | None = None
    end = NOT_FINISHED
    streamer, guard = None, conversation.guard
    if run.listeners and not spec.publishes_at_end:
        native = conversation.format.speaks_of_tools
        streamer = TextStreamer(spec, run, turn, native=native) if guard is None else guard.make_streamer(run, turn, native=native)
    thoughts = None if guard is None or spec.is_quiet else guard.hold_reasoning(run, turn)
    masked = SecretStream(run.secrets.texts) if run.secrets.texts else None
    try:
        async for delta in deltas:
            if isinstance(delta, TextDelta):
                if text is None:
                    text = []
                text.append(delta.text)
                if streamer is not None:
                    streamer.feed(delta.text)
            elif isinstance(delta, CallDelta):
                if calls is None:
                    calls = {}
                calls.setdefault(delta.index, []).append(delta)
            elif isinstance(delta, ReasoningDelta):
                if reasoning is None:
                    reasoning = []
                reasoning.append(delta.text)
                if thoughts is None and not spec.is_quiet:
                    _publish_reasoning(run, turn, delta.text if masked is None else masked.feed(delta.text))
                elif thoughts is not None:
                    thoughts.feed(delta.text)
            else:
                end = delta
    except BaseException:  # cancelled or broken off: the connection is given back now, not when the garbage is collected
        await deltas.aclose()
        raise
    if streamer is not None:
        streamer.finish()
    if thoughts is not None:
        thoughts.finish()
    if masked is not None:
        _publish_reasoning(run, turn, masked.finish())
    return Reply(
        "".join(text) if text else "",
        join_calls(calls) if calls else (),
        "".join(reasoning) if reasoning else "",
        end.usage,
        end.reason,
        end.provider_data,
    )


def _publish_reasoning(run: Run, turn: int, text: str) -> None:
    if text:
        run.publish(ReasoningStreamed(run.id, turn, text))


def _note_secrets(conversation: ModelConversation, run: Run, reply: Reply, turn: int) -> None:
    """Take note of the secrets that the model has written into calls, before its reply is stored.

    Of a call that cannot be read, all of it may be one.
    """
    parsed = parse_reply(conversation, reply, turn)
    unread = {result.call_id for result in parsed.refused}
    for call in parsed.message.calls:
        tool = conversation.spec.tools.get(call.tool)
        if call.id in unread:
            if tool is None or tool.secret_schema is not None:
                written = [each.arguments for each in reply.calls if each.name == call.tool]
                run.secrets.add([reply.text[slice(*call.span)], *written], f"{call.tool} takes a secret")
        elif tool is not None and (texts := tool.find_secret_texts(call.arguments)):
            run.secrets.add(texts, f"{tool.name} takes a secret")


def join_calls(pieces: Mapping[int, Sequence[CallDelta]]) -> tuple[NativeCall, ...]:
    """Return the native calls that came in these pieces, in the order of their numbers."""
    return tuple([join_call(pieces[index]) for index in sorted(pieces)])


def join_call(pieces: Sequence[CallDelta]) -> NativeCall:
    """Return the native call that came in these pieces. The first id counts: some endpoints send another with each piece."""
    call_id = name = ""
    arguments: list[str] = []
    for piece in pieces:
        call_id = call_id or piece.id
        name += piece.name
        arguments.append(piece.arguments)
    return NativeCall(call_id, name, "".join(arguments))


def snapshot_prompt(conversation: ModelConversation, turn: int, stored_kind: tuple[bool, str, bool] | None = None) -> JsonObject:
    """Return the messages that turn `turn` sends for the first time, as JSON that a run stores and a replay compares.

    In turn 0 these are all messages, with tools and answer schema; later the ones after the model's last reply. `stored_kind` is the
    `PromptFormat.kind` that was stored: a replay asks no endpoint, so it cannot find out which format was chosen then.
    """
    transcript = conversation.transcript
    if turn:
        start = len(transcript)  # from the end: a long transcript is not read again each turn
        while not isinstance(transcript[start - 1], AssistantMessage):
            start -= 1
        return {"messages": [_snapshot_message(message) for message in transcript[start:]]}
    spec, chosen = conversation.spec, conversation.format
    messages: Sequence[Message] = transcript[len(chosen.opening) :]
    format = chosen
    if stored_kind is not None and list(chosen.kind) != list(stored_kind):
        format = make_prompt_format(spec, *stored_kind)
        messages = format.convert_history(messages)
    named = {} if stored_kind is not None else {"model": spec.model.name}  # for whoever reads the run; it is not compared
    return {
        **named,
        "form": list(format.kind),
        "tools": list(format.schemas),
        "answer": None if spec.output is None else spec.output.schema,
        "messages": [_snapshot_message(message) for message in (*format.opening, *messages)],
    }


def _snapshot_message(message: Message) -> list[str]:
    """Return the role and the text of a message; a long text by its beginning and its hash, for the log has it elsewhere in full."""
    match message:
        case SystemMessage(text):
            role = "system"
        case UserMessage(text):
            role, text = "user", "\n".join(map(str, message.parts)) if message.parts else text
        case AssistantMessage(text, calls, native):
            role = "assistant"
            written = [f"{call.tool}({canonical_json(dict(call.arguments))})" for call in calls] if native else []
            text = "\n".join([*([text] if text else []), *written])
        case ToolMessage(results):
            role, text = "tool", "\n".join(f"{result.origin}: {result.text}" for result in results)
    if len(text) > LONGEST_SNAPSHOT:
        text = f"{text[:2000]}\n... ({len(text)} characters, sha256 {hashlib.sha256(text.encode(errors='replace')).hexdigest()})"
    return [role, text]


NO_TOOLS = ToolSignatures([ToolSignature("", {})])
"""One tool that nobody can name: without any, whatever looks like a call would be read as one."""


class ParsedReply(NamedTuple):
    """A reply as it was understood: the message for the transcript, its calls in order, and an error result for each unreadable call.

    `prose` is the text outside the calls.
    """

    message: AssistantMessage
    calls: Sequence[ToolCall]
    refused: Sequence[ToolResult]
    prose: str


def parse_reply(conversation: ModelConversation, reply: Reply, turn: int) -> ParsedReply:
    """Find the calls in a reply. Native calls count before any in the text; an ambiguous or broken call becomes an error result.

    Reasoning in the text (`<think>`) is moved to the message's `reasoning`: it is neither shown nor sent back.
    """
    spec, calls, text = conversation.spec, reply.calls, reply.text
    if not spec.tools and not calls and spec.dialect not in ("auto", "native"):
        return _strip_family_marks(spec.dialect, reply)
    if calls or not spec.tools or spec.dialect == "native":
        text, reasoning = split_reasoning(text) if text else ("", "")
        if reasoning:
            reply = reply._replace(text=text, reasoning=reply.reasoning + reasoning)
        if not calls:
            return ParsedReply(_make_message(text, reply), (), (), text)
        return _number_calls(read_native_calls(calls, spec.signatures), reply, turn, text, native=True)
    native, signatures = conversation.format.speaks_of_tools, spec.signatures
    if is_prose(text, signatures, spec.dialect, native):
        return ParsedReply(_make_message(text, reply), (), (), text)
    reading = read(text, signatures, spec.dialect, native=native)
    if reading.reasoning:
        reply = reply._replace(reasoning=reply.reasoning + reading.reasoning)
        text, _ = split_reasoning(reply.text, keep_open=True)
        without = read(text, signatures, spec.dialect, native=native)
        if _has_same_calls(without, reading):  # not where reasoning is part of a call
            reply, reading = reply._replace(text=text), without
    if not reading.calls and not reading.problems:
        text = reading.text if reply.reasoning else reply.text
        return ParsedReply(_make_message(text, reply), (), (), reading.text)
    found: list[ReadCall | Problem] = [*reading.calls, *reading.problems]
    return _number_calls(sorted(found, key=lambda item: item.span), reply, turn, reading.text, native=False)


def _make_message(text: str, reply: Reply, calls: tuple[ToolCall, ...] = (), native: bool = False) -> AssistantMessage:
    return AssistantMessage(text, calls, native, reply.reasoning, None, reply.finish, reply.provider_data)


def _has_same_calls(one: Reading, other: Reading) -> bool:
    calls = [[(call.tool, call.arguments) for call in each.calls] for each in (one, other)]
    return calls[0] == calls[1] and len(one.problems) == len(other.problems)


def _strip_family_marks(dialect: str, reply: Reply) -> ParsedReply:
    """Parse a reply that cannot hold a call, of a model of a named family: drop the family's marks and the reasoning between them."""
    reading = read(reply.text, NO_TOOLS, dialect)
    if not reading.reasoning or reading.problems:
        return ParsedReply(_make_message(reply.text, reply), (), (), reply.text)
    reply = reply._replace(reasoning=reply.reasoning + reading.reasoning)
    return ParsedReply(_make_message(reading.text, reply), (), (), reading.text)


def _number_calls(items: Iterable[ReadCall | Problem], reply: Reply, turn: int, prose: str, *, native: bool) -> ParsedReply:
    """Give each call its position as id. Text formats have no ids, and providers repeat theirs."""
    calls: list[ToolCall] = []
    refused: list[ToolResult] = []
    for index, item in enumerate(items):
        call_id = f"{turn}.{index}"
        if isinstance(item, ReadCall):
            calls.append(ToolCall(call_id, item.tool, item.arguments, item.span, item.notes))
        else:
            cut = " The reply was cut off at its longest length: write less." if reply.finish == "length" else ""
            error = f"This call was not understood and nothing was done. Seen: {item.seen}. Expected: {item.expected}.{cut}"
            refused.append(ToolResult(call_id, error, Outcome.FAILED, item.tool or ""))
            calls.append(ToolCall(call_id, item.tool or "unknown", {}, item.span, ("not understood",)))
    message = _make_message(reply.text, reply, tuple(calls), native)
    if refused:
        not_understood = {result.call_id for result in refused}
        calls = [call for call in calls if call.id not in not_understood]
    return ParsedReply(message, calls, refused, prose)
