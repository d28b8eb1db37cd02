"""A model: one method that turns a request into a stream of deltas. Provider shapes stop here."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from sayso.tools.quick_init import fill_quickly
from sayso.workflows import Usage
from sayso.workflows.runs.limits import NO_USAGE

from ..messages import Message, ProviderData, Reply, Sampling, UserMessage

PLAIN = Sampling()


@dataclass(frozen=True, slots=True)
class TextDelta:
    """A piece of the reply's text."""

    text: str


@dataclass(frozen=True, slots=True)
class ReasoningDelta:
    """A piece of the model's reasoning, or of a summary of it; it is not part of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class CallDelta:
    """A piece of a native tool call; pieces of calls with different `index` may come interleaved."""

    index: int
    id: str = ""
    name: str = ""
    arguments: str = ""


@dataclass(frozen=True, slots=True)
class Finished:
    """The end of a reply: why it ended, what it used, and what the provider wants back with the turn.

    `reason` is "stop", "length", "tool_calls", "content_filter" or, for anything else, the provider's own word.
    """

    reason: str = "stop"
    usage: Usage = NO_USAGE
    provider_data: ProviderData | None = None


Delta = TextDelta | ReasoningDelta | CallDelta | Finished


@dataclass(frozen=True, slots=True)
class Retrying:
    """A request failed and will be tried again: the try's number (the first is 1), the wait before the next, and why."""

    attempt: int
    wait_seconds: float
    why: str


@dataclass(frozen=True, slots=True)
class Downgraded:
    """The model goes on without something that was asked for: "temperature", "tools" (calls are written as text), ...

    `why` says who refused it, in words.
    """

    without: str
    why: str


Notice = Retrying | Downgraded
"""What a model tells while it works on a request."""


@fill_quickly
@dataclass(frozen=True, slots=True)
class ModelRequest:
    """One request to a model. `messages` is the live transcript: read it, do not store it.

    `tools` are OpenAI function schemas, empty when calls are to be written as text; `schema` is the JSON schema of a typed answer.
    `notify` is told of each failed try that is followed by another, and of what is left out of the request. `grammar` is the GBNF grammar
    that the reply must follow, where the endpoint can hold a model to one.
    """

    messages: Sequence[Message]
    tools: Sequence[Mapping[str, object]] = ()
    sampling: Sampling = PLAIN
    schema: Mapping[str, object] | None = None
    notify: Callable[[Notice], None] | None = None
    grammar: str = ""

    @property
    def question(self) -> str:
        """Return the user's last message; empty where there is none."""
        return next((message.text for message in reversed(self.messages) if isinstance(message, UserMessage)), "")


class Model(Protocol):
    """Anything that answers: an endpoint, a local model, the extractive reader, a script."""

    @property
    def name(self) -> str:
        """Return the model's name, for events, prices and the choice of dialect."""
        ...

    @property
    def takes_tools(self) -> bool:
        """Tell whether calls go through the provider's own field; if not, they are asked for and read as text."""
        ...

    def stream(self, request: ModelRequest) -> AsyncGenerator[Delta]:
        """Yield the reply, piece by piece, with exactly one Finished at its end. Raises ModelError."""
        ...


class WholeReplyModel(Model, Protocol):
    """A model that can also be asked for a reply in one piece, which costs less. It is asked so while nobody listens to the run."""

    async def complete(self, request: ModelRequest) -> Reply:
        """Return the whole reply. Raises ModelError."""
        ...


def find_max_tokens(asked: Sampling, model: Model) -> int | None:
    """Return how many tokens a reply may have: by the request, else by the model's own options; None where neither says it."""
    own: Sampling | None = getattr(model, "sampling", None)
    return asked.max_tokens or (own.max_tokens if own is not None else None)
