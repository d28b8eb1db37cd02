"""What is said in a conversation with a model: four kinds of message, and the transcript they make."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sayso.tools import ToolCall, ToolResult


@dataclass(frozen=True, slots=True)
class SystemMessage:
    """What the application tells the model before the conversation."""

    text: str


@dataclass(frozen=True, slots=True)
class UserMessage:
    """What the user says, or what the program says in the user's place."""

    text: str


@dataclass(frozen=True, slots=True)
class AssistantMessage:
    """One reply of the model as it was written.

    `text` is the raw text (calls written in text still in it); `calls` are all calls that were read from it, native or written;
    `native` says that they came through the provider's own field. `reasoning` is kept, not shown, not sent back.
    """

    text: str
    calls: tuple[ToolCall, ...] = ()
    native: bool = False
    reasoning: str = ""


@dataclass(frozen=True, slots=True)
class ToolMessage:
    """The results of a reply's calls, in the order of the calls."""

    results: tuple[ToolResult, ...]
    native: bool = False


Message = SystemMessage | UserMessage | AssistantMessage | ToolMessage


@dataclass(frozen=True, slots=True)
class Usage:
    """What model calls used: tokens in and out, and US dollars where the price is known."""

    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float = 0.0
    model_calls: int = 0
    tool_calls: int = 0

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
            self.cost_usd + other.cost_usd,
            self.model_calls + other.model_calls,
            self.tool_calls + other.tool_calls,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Sampling:
    """How a model samples; None leaves it to the endpoint. `top_k` and `repetition_penalty` go to endpoints that take them."""

    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    max_tokens: int | None = None
    repetition_penalty: float | None = None
    logit_bias: Mapping[str, float] | None = None
    stop: Sequence[str] | None = None
    seed: int | None = None


@dataclass(frozen=True, slots=True)
class NativeCall:
    """A call as a provider delivers it: the arguments are still its JSON text."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole reply of a model: what `ScriptedModel` is given, and what a model's deltas add up to."""

    text: str = ""
    calls: tuple[NativeCall, ...] = ()
    reasoning: str = ""
    usage: Usage = field(default_factory=Usage)
    finish: str = "stop"
