"""The models of an answer's steps: one for all, and others where a step has one of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from sayso.tools.errors import UsageError

from ..agent import Agent
from ..messages import Sampling
from . import told

if TYPE_CHECKING:
    from ..models.model import Model

STEPS = ("router", "judge", "rewriter", "writer")
REPLY_TOKENS = {"router": 30, "judge": 60, "rewriter": 80, "writer": 300}
THINKING_TOKENS = 4_000
"""What a model that is not on this machine may use to think before its reply."""


@dataclass(frozen=True, slots=True)
class StepAgents:
    """An agent for each step that has a model; None where a step does without."""

    router: Agent[Any] | None
    judge: Agent[list[int]] | None
    rewriter: Agent[str] | None
    writer: Agent[str] | None
    insister: Agent[str] | None
    """The writer, told that there is an answer."""


def make_agents(model: str | Model | None, models: Mapping[str, str | Model], dialect: str = "auto") -> StepAgents:
    """Return the agents of the steps: of `models` by the step's name, else of `model`. Raises UsageError for a step that there is not."""
    for step in models.keys() - set(STEPS):
        raise UsageError(f"There is no step {step!r}. Steps with a model: {', '.join(STEPS)}.")
    chosen = {step: models.get(step, model) for step in STEPS}

    def agent(step: str, instructions: str, examples: Any, output: Any = str, name: str = "") -> Any:
        named = chosen[step]
        if named is None:
            return None
        sampling = _choose_sampling(named, step)
        return Agent(
            named, name=step, instructions=instructions.strip(), examples=examples, output=output, sampling=sampling, dialect=dialect
        )

    return StepAgents(
        agent("router", told.ROUTE, told.ROUTE_EXAMPLES, Literal["documents", "talk"]),
        agent("judge", told.JUDGE, told.JUDGE_EXAMPLES, list[int]),
        agent("rewriter", told.REWRITE, told.REWRITE_EXAMPLES),
        agent("writer", told.WRITE, told.WRITE_EXAMPLES),
        agent("writer", told.INSIST, told.INSIST_EXAMPLES, name="insister"),
    )


def _choose_sampling(model: str | Model, step: str) -> Sampling:
    """Return how long a step's reply may be; the likeliest words are wanted but where a question is put in other words."""
    from ..models.local.local_model import LocalModel  # late, for load time

    tokens = REPLY_TOKENS[step] + (0 if isinstance(model, LocalModel) else THINKING_TOKENS)
    return Sampling(max_tokens=tokens, temperature=None if step == "rewriter" else 0.0)
