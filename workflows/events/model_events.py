"""The events of a model: what it is asked, what streams while it replies, what it replied, and what was done about a failure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from .run_events import RunEvent


@dataclass(frozen=True, kw_only=True, slots=True)
class SentMessage:
    """A message that a model is sent: who says it ("system", "user", "assistant", "tool"), and its text."""

    role: str
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class AskedCall:
    """A call as a model wrote it, in its provider's own field: the arguments are the text that it wrote."""

    id: str
    tool: str
    arguments: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelRequested(RunEvent):
    """A model is asked: turn `turn` of its run. `messages` are those that it is sent for the first time.

    In turn 0 these are all, with instructions and history; which of them a window left out, the HistoryTrimmed before it says. `tools`
    names the tools that it is offered in its provider's own field.
    """

    turn: int
    model: str = ""
    messages: tuple[SentMessage, ...] = ()
    tools: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class TextPiece(RunEvent):
    """A piece of the answer, as it is shown: calls in the text are replaced by their values."""

    is_streamed: ClassVar[bool] = True
    turn: int
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class TextRetracted(RunEvent):
    """What was shown of this turn is no part of the answer: the model goes on after its calls, or it was a thought."""

    is_streamed: ClassVar[bool] = True
    turn: int


@dataclass(frozen=True, kw_only=True, slots=True)
class ThoughtPiece(RunEvent):
    """A piece of what the model thinks before it answers."""

    is_streamed: ClassVar[bool] = True
    turn: int
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class CallOpened(RunEvent):
    """The model begins to write a call of `tool`. `call` counts the calls of the reply from 0. Nothing is allowed or done by that."""

    is_streamed: ClassVar[bool] = True
    turn: int
    call: int
    tool: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ArgumentsPiece(RunEvent):
    """A piece of the arguments of call `call`, as the model writes them: JSON text, where it calls in its provider's own field."""

    is_streamed: ClassVar[bool] = True
    turn: int
    call: int
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelReplied(RunEvent):
    """A whole reply, as the model wrote it, after `seconds`.

    `model` is the one that answered. `finish` is how the reply ended ("stop", "length", "tool_calls", ...). `first_token_seconds` is known
    where the reply was streamed. `cached_tokens` are those of the input that the provider had cached.
    """

    turn: int
    model: str = ""
    text: str = ""
    thoughts: str = ""
    calls: tuple[AskedCall, ...] = ()
    finish: str = ""
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    reasoning_tokens: int = 0
    cost_usd: float = 0.0
    seconds: float = 0.0
    first_token_seconds: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelFailed(RunEvent):
    """A model gave no reply that counts: `error` says why, `error_type` names the class. `cut_off` as in StepFinished."""

    turn: int
    model: str = ""
    error: str = ""
    error_type: str = ""
    cut_off: bool = False
    seconds: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestRetried(RunEvent):
    """A request to a model is tried again: attempt `attempt` failed because of `why`, the next follows in `wait_seconds`."""

    attempt: int
    wait_seconds: float
    why: str


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestDowngraded(RunEvent):
    """A model goes on without something that was asked for: a sampling option, tools in its provider's own field."""

    without: str
    why: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelChanged(RunEvent):
    """A model was down or refused, and the next of the agent's `fallback` is asked."""

    failed: str
    next: str
    why: str


@dataclass(frozen=True, kw_only=True, slots=True)
class HistoryTrimmed(RunEvent):
    """Something of the conversation is not sent any more, or sent shortened, so that it fits the model's context.

    `tokens_before` and `tokens` are the length of what was to be sent and of what is, `room` how long it may be, `counted_by` who counted.
    They are the same where the run only goes on with what was left out before. `dropped` and `shortened` are references: "m17" is
    `result.messages[16]`. `summary` stands for what was dropped; `problem` says why there is none.
    """

    turn: int
    model: str
    tokens_before: int
    tokens: int
    room: int
    dropped: tuple[str, ...] = ()
    shortened: tuple[str, ...] = ()
    summary: str = ""
    counted_by: str = ""
    problem: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class TextGuarded(RunEvent):
    """A guard has replaced, refused or let pass a text: `did` says which, `place` what it is, `tool` whose arguments or results.

    `failed` says that it could not look at the text.
    """

    guard: str
    place: str
    did: str
    why: str
    tool: str = ""
    failed: bool = False
