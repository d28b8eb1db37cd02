"""One model call: usage reserved, request sent, deltas streamed to listeners, usage counted, and the calls in the reply parsed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from sayso.tools import ToolCall, ToolResult
from sayso.tools.calls import Outcome
from sayso.tools.canonical import JsonObject, canonical_json
from sayso.tools.dialects import (
    Problem,
    ReadCall,
    Reading,
    ToolSignatures,
    is_prose,
    read,
    read_native_calls,
)
from sayso.tools.dialects.signatures import ToolSignature
from sayso.tools.errors import ModelError, ToolsRefused, UsageError
from sayso.tools.media import Media
from sayso.workflows import Run, Usage
from sayso.workflows.runs.handed_out import HANDED_OUT
from sayso.workflows.runs.limits import NO_USAGE, Meter

from .agent_events import CallAnnounced, ModelSwitched, ReasoningStreamed, TextWithdrawn
from .messages import AssistantMessage, Message, NativeCall, Reply, Sampling, SystemMessage, ToolMessage, UserMessage
from .models.model import CallDelta, Downgraded, Finished, ModelRequest, ReasoningDelta, TextDelta
from .prompt_format import FormatChoice, PromptFormat, make_prompt_format
from .reasoning import split_reasoning
from .text_streamer import TextStreamer

if TYPE_CHECKING:
    from .spec import AgentSpec

LONGEST_SNAPSHOT = 10_000  # characters of a message that a run stores of a prompt
NOT_FINISHED = Finished()
"""The end of a reply whose model does not say how it ended."""
DEFAULT_REPLY_TOKENS = 4096  # reserved for a reply where neither agent nor model says how long it may be
MEDIA_CHARACTERS = 6000  # what an image or a page of a file is counted as, in characters of text: about 1,500 tokens


@dataclass(slots=True, eq=False)
class ModelConversation:
    """A conversation under way. `transcript` is live: each turn adds to it, and `request.messages` is the same list.

    `sampling` is what the run was asked with. `model_index` tells which of the agent's models is asked: 0 is its own.
    """

    spec: AgentSpec[object]
    formats: FormatChoice
    format: PromptFormat
    transcript: list[Message]
    request: ModelRequest
    sampling: Sampling | None = None
    model_index: int = field(default=0, init=False)
    _characters: int = field(default=0, init=False)
    _measured: int = field(default=0, init=False)

    def switch_to_text(self) -> None:
        """Go on with a model that refuses tools: its instructions say how to write calls, and the messages so far are converted."""
        self._switch_to(self._get_formats(self.model_index).switch_to_text())

    async def switch_model(self, index: int, *, may_ask: bool) -> None:
        """Go on with one of the agent's fallback models; 0 is its own. Raises UsageError for a model that cannot be asked at all."""
        formats = self._get_formats(index)
        format = await formats.choose(may_ask=may_ask)
        self.spec, self.model_index = formats.spec, index
        self._switch_to(format)

    def _get_formats(self, index: int) -> FormatChoice:
        return self.formats.fallbacks[index - 1] if index else self.formats

    def _switch_to(self, format: PromptFormat) -> None:
        history = self.transcript[len(self.format.opening) :]
        self.format = format
        self.transcript[:] = [*format.opening, *format.convert_history(history)]
        sampling = format.sampling if self.sampling is None else format.sampling.override(self.sampling)
        self.request = replace(self.request, tools=format.schemas, sampling=sampling, grammar=format.grammar)
        self._characters = self._measured = 0

    def count_characters(self) -> int:
        """Return how long the transcript is, as English text. Each message is measured once: turns only add to the transcript."""
        self._characters += sum(_measure_message(message) for message in self.transcript[self._measured :])
        self._measured = len(self.transcript)
        return self._characters


async def ask_model(run: Run, turn: int, conversation: ModelConversation) -> Reply:
    """Return the model's reply to the transcript so far: the run's step `model:{turn}`, counted against its limits.

    Raises ModelError, LimitReached.
    """
    meter = run.scope.meter
    reserved = estimate_usage(conversation, meter) if meter.reserves else None
    meter.begin_model_call(reserved)
    used, position = NO_USAGE, f"model:{turn}"
    try:
        run.record_prompt(position, snapshot_prompt, conversation, turn)
        reply: Reply = await run.step(position, fetch_reply, run, turn, conversation, preemptible=True)
        used = reply.usage
        if reply.model_index != conversation.model_index:  # a resumed run: the switch was made before
            await conversation.switch_model(reply.model_index, may_ask=run.is_live)
    finally:
        if reserved is not None or used is not NO_USAGE:
            meter.end_model_call(used, reserved)
    return reply


async def fetch_reply(run: Run, turn: int, conversation: ModelConversation) -> Reply:
    """Return the model's reply: in one piece where nobody listens and the model can, else streamed.

    A model that refuses tools is asked for calls as text; one that is down or refuses altogether gives way to the agent's next one.
    """
    if HANDED_OUT.texts and not turn:
        asked = [message.text for message in conversation.transcript if isinstance(message, UserMessage)]
        run.scope.provenance.recognise(asked, conversation.transcript)
    spent = NO_USAGE
    while True:
        complete = None if run.listeners else conversation.spec.complete
        try:
            reply: Reply = await (stream_reply(run, turn, conversation) if complete is None else complete(conversation.request))
        except ModelError as error:
            if not _switch_to_text(conversation, error) and not await _switch_model(run, turn, conversation, str(error), error):
                raise
            continue
        if not isinstance(reply, Reply):
            name = conversation.spec.model.name
            raise UsageError(f"complete() of the model {name} returned {reply!r}, which is no Reply. Write: return Reply(text, calls).")
        if reply.finish in ("content_filter", "error") and await _switch_model(
            run, turn, conversation, f"its reply ended with {reply.finish!r}"
        ):
            spent += reply.usage
            continue
        break
    if conversation.model_index:
        reply = reply._replace(usage=spent + reply.usage, model_index=conversation.model_index)
    if conversation.spec.takes_secrets:
        _note_secrets(conversation, run, reply, turn)
    return reply


def _switch_to_text(conversation: ModelConversation, error: ModelError) -> bool:
    """Go on with calls as text where the model refuses tools. Return False where that is no way."""
    if not isinstance(error, ToolsRefused) or conversation.spec.dialect != "auto" or not conversation.request.tools:
        return False
    conversation.switch_to_text()
    if conversation.request.notify is not None:
        conversation.request.notify(Downgraded("tools", str(error)))
    return True


async def _switch_model(run: Run, turn: int, conversation: ModelConversation, why: str, error: ModelError | None = None) -> bool:
    """Go on with the agent's next model that can be asked, and publish it. Return False where there is none."""
    failed, fallbacks = conversation.spec.model.name, conversation.formats.fallbacks
    for index in range(conversation.model_index + 1, len(fallbacks) + 1):
        try:
            await conversation.switch_model(index, may_ask=True)
        except UsageError as unusable:  # it has no key, say: the error that the run began with tells more
            if error is not None:
                error.add_note(f"The fallback model {fallbacks[index - 1].spec.model_or_name!r} cannot be asked: {unusable}")
            continue
        if run.listeners:
            run.publish(TextWithdrawn(run.id, turn))
        run.publish(ModelSwitched(run.id, failed, conversation.spec.model.name, why))
        return True
    return False


async def stream_reply(run: Run, turn: int, conversation: ModelConversation) -> Reply:
    """Collect the model's deltas into a reply, and publish those that may be shown at once."""
    spec = conversation.spec
    text: list[str] = []
    reasoning: list[str] = []
    calls: dict[int, list[CallDelta]] = {}
    end = NOT_FINISHED
    streamer = None
    if run.listeners and not spec.publishes_at_end:
        streamer = TextStreamer(spec, run, turn, native=conversation.format.speaks_of_tools)
    deltas = spec.model.stream(conversation.request)
    try:
        async for delta in deltas:
            if isinstance(delta, TextDelta):
                text.append(delta.text)
                if streamer is not None:
                    streamer.feed(delta.text)
            elif isinstance(delta, CallDelta):
                calls.setdefault(delta.index, []).append(delta)
                if run.listeners and delta.name:
                    run.publish(CallAnnounced(run.id, turn, delta.name))
            elif isinstance(delta, ReasoningDelta):
                reasoning.append(delta.text)
                run.publish(ReasoningStreamed(run.id, turn, delta.text))
            else:
                end = delta
    except BaseException:  # cancelled or broken off: the connection is given back now, not when the garbage is collected
        await deltas.aclose()
        raise
    if streamer is not None:
        streamer.finish()
    native = tuple([join_call(calls[index]) for index in sorted(calls)]) if calls else ()
    return Reply("".join(text), native, "".join(reasoning), end.usage, end.reason, end.provider_data)


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


def join_call(pieces: Sequence[CallDelta]) -> NativeCall:
    """Return the native call that came in these pieces. The first id counts: some endpoints send another with each piece."""
    call_id = name = ""
    arguments: list[str] = []
    for piece in pieces:
        call_id = call_id or piece.id
        name += piece.name
        arguments.append(piece.arguments)
    return NativeCall(call_id, name, "".join(arguments))


def estimate_usage(conversation: ModelConversation, meter: Meter) -> Usage:
    """Return the most that the call can use: the prompt at four characters a token, and all the tokens the reply may have.

    Raises UsageError where a limit depends on what the call costs and no price is known.
    """
    from .models.hosts import is_local_url, show_url  # late, for load time
    from .models.prices import price

    model, request = conversation.spec.model, conversation.request
    base_url = getattr(model, "base_url", None)  # the same name may cost nothing on this machine
    characters = conversation.count_characters() + len(json.dumps([*request.tools, request.schema]))
    own: Sampling | None = getattr(model, "sampling", None)
    output_tokens = request.sampling.max_tokens or (own.max_tokens if own is not None else None) or DEFAULT_REPLY_TOKENS
    input_tokens = characters // 4 + 1
    cost = price(model.name, input_tokens, output_tokens, base_url=base_url)
    if cost is None and base_url is not None and not is_local_url(base_url) and meter.limits_cost:
        raise UsageError(
            f"No price is known for {model.name!r} at {show_url(base_url)}, so Limits(cost_usd=...) cannot be kept. "
            "Limit tokens or model_calls, or use another model."
        )
    return Usage(input_tokens, output_tokens, cost or 0.0)


def _measure_message(message: Message) -> int:
    if isinstance(message, ToolMessage):
        return sum(_measure_text(result.text) + len(result.media) * MEDIA_CHARACTERS for result in message.results)
    media = sum(isinstance(part, Media) for part in message.parts) if isinstance(message, UserMessage) else 0
    return _measure_text(message.text) + media * MEDIA_CHARACTERS


def _measure_text(text: str) -> int:
    """Return the number of English characters that take as many tokens: in other scripts a token holds one or two characters."""
    return len(text) if text.isascii() else len(text) + 3 * (len(text.encode(errors="replace")) - len(text)) // 2


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
    return {
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


@dataclass(slots=True, eq=False)
class ParsedReply:
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
