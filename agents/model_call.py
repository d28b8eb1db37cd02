"""One model call: reserved, streamed, told to whoever listens, settled."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from sayso.tools.dialects import AllWasReasoning, CallRead, CallStarted, Reader, ReasoningRead, TextRead
from sayso.tools.effects import Effect
from sayso.tools.errors import ModelError, ToolError, ToolsRefused, UsageError
from sayso.tools.filling import end_of
from sayso.workflows import Run, Usage
from sayso.workflows.runs.limits import NO_USAGE, Meter

from .agent import Agent
from .agent_events import CallAnnounced, ReasoningSaid, TextSaid, TextWithdrawn
from .messages import Message, NativeCall, Reply, Sampling, ToolMessage
from .models.model import CallDelta, ModelRequest, ReasoningDelta, Retrying, TextDelta
from .prompt_format import PromptFormat
from .prompt_snapshot import sent
from .reasoning import AllWasThought, Part, Said, Thought, Thoughts

UNSAID_REPLY_TOKENS = 4096  # set aside for a reply where neither agent nor model says how long it may be


class ModelTurn:
    """A conversation under way: its form, and what is sent each turn. The transcript in `request` is live: each turn adds to it."""

    __slots__ = ("_characters", "_measured", "agent", "form", "request", "transcript")

    def __init__(
        self, agent: Agent[Any], form: PromptFormat, transcript: list[Message], retrying: Callable[[Retrying], None] | None
    ) -> None:
        self.agent, self.form, self.transcript = agent, form, transcript
        schema = None if agent.typed is None else agent.typed.schema
        self.request = ModelRequest(transcript, form.schemas, form.sampling, schema, retrying, form.grammar)
        self._characters = self._measured = 0

    def go_on_in_text(self) -> None:
        """The same conversation with a model that takes no tools: it is told how to write calls, and what was said stays said."""
        said = self.transcript[len(self.form.opening) :]
        self.form = form = self.agent.write_calls_as_text()
        self.transcript[:] = [*form.opening, *form.fits(said)]
        self.request = replace(self.request, tools=(), sampling=form.sampling, grammar=form.grammar)
        self._characters = self._measured = 0

    def characters(self) -> int:
        """Return how long the transcript is, as English text. Each message is measured once: turns only add to the transcript."""
        self._characters += sum(_length(message) for message in self.transcript[self._measured :])
        self._measured = len(self.transcript)
        return self._characters


async def ask_model(run: Run, turn: int, exchange: ModelTurn) -> Reply:
    """The model's reply to the transcript so far, as the run's step `model:{turn}`; counted against the limits."""
    meter, agent = run.scope.meter, exchange.agent
    reserved = reservation(exchange, meter) if meter.reserves else None
    meter.begin_model_call(reserved)
    used, name = NO_USAGE, f"model:{turn}"
    try:
        run.record_prompt(name, sent, exchange, turn)
        reply: Reply = await run.step(name, stream_reply, run, turn, exchange, preemptible=True)
        used = reply.usage
        if reply.finish == "content_filter":
            raise ModelError(f"The content filter of {agent.model.name} cut its reply off. Ask differently, or another model.")
    finally:
        meter.end_model_call(used, reserved)
    return reply


async def stream_reply(run: Run, turn: int, exchange: ModelTurn) -> Reply:
    """Take in the model's deltas, passing on what may be shown at once."""
    agent = exchange.agent
    text: list[str] = []
    reasoning: list[str] = []
    calls: dict[int, StreamedCall] = {}
    finish, usage = "stop", NO_USAGE
    heard = run.heard
    voice = TextStreamer(agent, run, turn) if heard and not agent.speaks_last else None
    deltas = agent.model.stream(exchange.request)
    try:
        async for delta in deltas:
            if isinstance(delta, TextDelta):
                text.append(delta.text)
                if voice is not None:
                    voice.say(delta.text)
            elif isinstance(delta, CallDelta):
                if (call := calls.get(delta.index)) is None:
                    call = calls[delta.index] = StreamedCall()
                call.add(delta)
                if heard and delta.name:
                    run.publish(CallAnnounced(run.id, turn, delta.name))
            elif isinstance(delta, ReasoningDelta):
                reasoning.append(delta.text)
                run.publish(ReasoningSaid(run.id, turn, delta.text))
            else:
                finish, usage = delta.reason, delta.usage
    except ToolsRefused:
        if agent.dialect != "auto" or not exchange.request.tools:
            raise
        exchange.go_on_in_text()
        return await stream_reply(run, turn, exchange)
    except BaseException:  # cancelled or broken off: the connection is given back now, not when the garbage is collected
        await deltas.aclose()
        raise
    if voice is not None:
        voice.end()
    native = tuple([calls[index].whole() for index in sorted(calls)]) if calls else ()
    return Reply("".join(text), native, "".join(reasoning), usage, finish)


class StreamedCall:
    """A native call of which pieces are still coming."""

    __slots__ = ("_arguments", "_id", "_name")

    def __init__(self) -> None:
        self._id = self._name = ""
        self._arguments: list[str] = []

    def add(self, delta: CallDelta) -> None:
        """Take in a piece. The first id counts: some endpoints send another with each piece."""
        self._id = self._id or delta.id
        self._name += delta.name
        self._arguments.append(delta.arguments)

    def whole(self) -> NativeCall:
        """Return the call, its arguments joined."""
        return NativeCall(self._id, self._name, "".join(self._arguments))


class TextStreamer:
    """Says a reply's text while it streams. A PURE call is said as its value, once the word after it is known ("147.75 dollars").

    Where a write may follow, or the answer is typed, nothing is said before the whole reply is settled: see `loop.converse`.
    """

    def __init__(self, agent: Agent[Any], run: Run, turn: int) -> None:
        self._run, self._turn, self._agent = run, turn, agent
        self._before = ""  # the end of what was said
        self._call: Any = None
        self._after = ""
        self._told = False
        self._reader = Reader(agent.signatures, agent.dialect) if agent.reads_text else None
        self._thoughts = Thoughts()

    def say(self, piece: str) -> None:
        """Pass on what cannot be part of a call."""
        if self._reader is None:
            self._tell_parts(self._thoughts.feed(piece))
            return
        self._take(self._reader.feed(piece))

    def end(self) -> None:
        """Pass on what is left."""
        if self._reader is None:
            self._tell_parts(self._thoughts.finish())
            return
        self._take(self._reader.finish())
        self._say_call()

    def _tell_parts(self, parts: Sequence[Part]) -> None:
        for part in parts:
            match part:
                case Said(text):
                    self._tell(text)
                case Thought(text):
                    self._tell_thought(text)
                case AllWasThought(text):
                    self._take_back(text)

    def _take(self, events: Sequence[Any]) -> None:
        for event in events:
            match event:
                case TextRead(text):
                    self._after += text
                    if not self._call or _a_word_follows(self._after):
                        self._say_call()
                case CallStarted(tool):
                    self._run.publish(CallAnnounced(self._run.id, self._turn, tool))
                case CallRead(call):
                    self._say_call(f"{call.tool}(")
                    self._call = call
                case ReasoningRead(text):
                    self._tell_thought(text)
                case AllWasReasoning(text):
                    self._call, self._after = None, ""
                    self._take_back(text)

    def _say_call(self, following: str = "") -> None:
        if self._call is not None:
            self._tell(value_in_place(self._agent, self._call, self._before, self._after + following))
        self._tell(self._after)
        self._call, self._after = None, ""

    def _tell(self, text: str) -> None:
        if text:
            self._told = True
            self._before = end_of(self._before, text)
            self._run.publish(TextSaid(self._run.id, self._turn, text))

    def _tell_thought(self, text: str) -> None:
        self._run.publish(ReasoningSaid(self._run.id, self._turn, text))

    def _take_back(self, thought: str) -> None:
        if self._told:
            self._told, self._before = False, ""
            self._run.publish(TextWithdrawn(self._run.id, self._turn))
        self._tell_thought(thought)


def _a_word_follows(text: str) -> bool:
    return re.match(r"\s*\S+\s|\s{4}|.{32}", text, re.DOTALL) is not None


def value_in_place(agent: Agent[Any], call: Any, before: str, after: str) -> str:
    """How a PURE call reads where it stands; nothing for any other call, which is answered by its result."""
    tool = agent.tools.get(call.tool)
    if tool is None or tool.effect is not Effect.PURE or tool.is_async or tool.signature.context:
        return ""
    try:
        value: Any = tool.function(**tool.check(call.arguments))
    except ToolError:
        return ""
    return tool.inline(value, before, after) if tool.inline else str(value)


def reservation(exchange: ModelTurn, meter: Meter) -> Usage:
    """The most that the call can use: what is sent at four characters a token, and all the tokens the reply may have.

    UsageError where nobody knows what a call costs and a limit depends on it.
    """
    from .models.endpoint import is_here
    from .models.prices import price

    agent, request = exchange.agent, exchange.request
    name, base_url = agent.model.name, getattr(agent.model, "base_url", None)  # the same name may cost nothing on this machine
    characters = exchange.characters() + len(json.dumps([*request.tools, request.schema]))
    own: Sampling | None = getattr(agent.model, "sampling", None)
    output_tokens = agent.sampling.max_tokens or (own.max_tokens if own is not None else None) or UNSAID_REPLY_TOKENS
    input_tokens = characters // 4 + 1
    cost = price(name, input_tokens, output_tokens, base_url=base_url)
    if cost is None and base_url is not None and not is_here(base_url) and meter.limits_cost:
        raise UsageError(
            f"No price is known for {name!r} at {base_url}, so Limits(cost_usd=...) cannot be kept. "
            "Limit tokens or model_calls, or ask another model."
        )
    return Usage(input_tokens, output_tokens, cost or 0.0)


def _length(message: Message) -> int:
    if isinstance(message, ToolMessage):
        return sum(_characters(result.text) for result in message.results)
    called = sum(len(call.arguments) for call in message.calls) if isinstance(message, Reply) else 0
    return _characters(message.text) + called


def _characters(text: str) -> int:
    """How many English ones it is as long as: in other scripts a token holds one or two."""
    return len(text) if text.isascii() else len(text) + 3 * (len(text.encode(errors="replace")) - len(text)) // 2
