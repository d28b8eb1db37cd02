"""How long a model takes until its first token, and from there to its last. Measured around the model: a run does nothing more."""

from __future__ import annotations

import copy
import time
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, TypeVar

from ..agent import Agent
from ..models.model import CallDelta, Delta, Finished, Model, ModelRequest

A = TypeVar("A", bound=Agent[Any])
BURST = 0.001
"""Seconds. What comes in less time was held back on the way, and tells nothing of when it was written."""


class ReplyTimes(NamedTuple):
    """The times of one reply, in seconds since it was asked for. None for a reply that came at once: nobody knows its first token."""

    first_token: float | None
    last_token: float | None
    output_tokens: int


@dataclass(slots=True)
class ModelTimes:
    """The times of a run's replies, in the order in which they ended."""

    replies: list[ReplyTimes] = field(default_factory=list)

    @property
    def first_token_seconds(self) -> float | None:
        """Return how long the first reply's first token took; None where that is unknown."""
        return self.replies[0].first_token if self.replies else None

    @property
    def tokens_per_second(self) -> float | None:
        """Return how many tokens a second the model writes after the first one of each reply; None where that is unknown."""
        seconds, tokens = 0.0, 0
        for first, last, written in self.replies:
            if first is None or last is None or written < 2:
                return None
            seconds, tokens = seconds + last - first, tokens + written - 1
        return tokens / seconds if seconds else None


# A case runs in a task of its own, and so do its branches, which inherit this.
_TIMES: ContextVar[ModelTimes | None] = ContextVar("model_times", default=None)


@contextmanager
def measure_model_times() -> Iterator[ModelTimes]:
    """Collect the times of the timed models (see `time_model`) that are asked inside this block, by this task and by those it starts."""
    times = ModelTimes()
    token = _TIMES.set(times)
    try:
        yield times
    finally:
        _TIMES.reset(token)


class TimedModel:
    """Another model, asked for its reply in pieces, and timed. In everything else it is that model."""

    def __init__(self, model: Model, clock: Callable[[], float] = time.perf_counter) -> None:
        self.model: Model = model
        self._clock = clock

    def __getattr__(self, name: str) -> Any:
        # `complete` is not handed on: a whole reply has no first token.
        if name in ("complete", "model") or name.startswith("__"):
            raise AttributeError(name)
        return getattr(self.model, name)

    @property
    def name(self) -> str:
        """Return the model's name."""
        return self.model.name

    @property
    def takes_tools(self) -> bool:
        """Tell whether the model takes tools in its provider's own field."""
        return self.model.takes_tools

    async def stream(self, request: ModelRequest) -> AsyncGenerator[Delta]:
        """Yield the model's deltas, and note when they came. Raises ModelError."""
        asked = self._clock()
        first = last = None
        kinds: list[object] = []
        deltas = self.model.stream(request)
        try:
            async for delta in deltas:
                if isinstance(delta, Finished):
                    _note(first, last, kinds, delta)
                else:
                    last = self._clock() - asked
                    first = last if first is None else first
                    kinds.append((type(delta), delta.index if isinstance(delta, CallDelta) else 0))
                yield delta
        finally:
            await deltas.aclose()


def _note(first: float | None, last: float | None, kinds: list[object], end: Finished) -> None:
    """Note a reply's times. One that came whole has one piece of each kind: its text, its reasoning, each of its calls."""
    times = _TIMES.get()
    if times is None:
        return
    in_pieces = first is not None and last is not None and last - first > BURST and len(kinds) > len(set(kinds))
    times.replies.append(ReplyTimes(first if in_pieces else None, last if in_pieces else None, end.usage.output_tokens))


def time_model(agent: A) -> A:
    """Return the same agent with its model timed. A model that replies in one piece only stays untimed: its times are unknown."""
    return replace_in_agent(agent, model=TimedModel(agent.model))


def replace_in_agent(agent: A, *, model: str | Model | None = None, instructions: str | None = None) -> A:
    """Return the same agent with another model, or other instructions, or both. The one that was given stays as it is."""
    changes: dict[str, Any] = {}
    if model is not None:
        changes["model_or_name"] = model
    if instructions is not None:
        changes["instructions"] = instructions
    other = copy.copy(agent)
    other.__dict__.pop("_loop", None)  # it was made of the old spec
    other.spec = replace(agent.spec, **changes)
    return other
