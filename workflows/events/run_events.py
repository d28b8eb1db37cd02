"""The events of a run as a whole and of its parts: executions, children, steps, limits, and what a workflow tells itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from sayso.tools.canonical import Json


@dataclass(frozen=True, kw_only=True, slots=True)
class RunEvent:
    """What all events have.

    `run` is the run or child ("r1/writer.0"), `time` seconds since 1970, `position` the place in that run ("model:0", "ORDER:0.0"; "" for
    the run itself). `number` counts the stored events of the whole run, children included, from 0: `engine.events(run_id, since=number)`
    goes on from there. It is None for what is told while it streams and not stored.
    """

    is_streamed: ClassVar[bool] = False
    run: str
    time: float
    position: str = ""
    number: int | None = None

    @property
    def parent(self) -> str:
        """Return the run that this one is a child of; "" for the run that was started."""
        return self.run.rpartition("/")[0]

    @property
    def root(self) -> str:
        """Return the run that was started."""
        return self.run.partition("/")[0]


@dataclass(frozen=True, kw_only=True, slots=True)
class RunBegan(RunEvent):
    """An execution of the run begins: of `flow`, for `user`, with `input`. The first is `execution` 1; a resumed run has several."""

    flow: str = ""
    user: str = ""
    input: Json = None
    execution: int = 1
    by: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class _UsedSoFar(RunEvent):
    """What the whole run has used until now, children and earlier executions included."""

    model_calls: int = 0
    tool_calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float = 0.0
    spend_usd: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class RunPaused(_UsedSoFar):
    """Every branch of the run waits: for the requests with these digests, or for what is sent to it. It has the usage so far."""

    waits_for: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class RunFinished(_UsedSoFar):
    """The execution is over: "done", "failed", "cancelled" or "interrupted" (its program was stopped; the run can be resumed).

    `output` is what it came to, `error` the sentence of what ended it; `error_type` names its class. The usage is that of the whole run.
    """

    state: str
    output: Json = None
    error: str = ""
    error_type: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ChildBegan(RunEvent):
    """A child begins: an agent, a nested workflow, a branch. `run` is the child, `name` its name in its parent."""

    name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ChildFinished(RunEvent):
    """A child is over: with a result, or with the `error` that it raised. `cut_off` as in StepFinished."""

    name: str
    error: str = ""
    cut_off: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class StepBegan(RunEvent):
    """A step of a workflow begins: one of its functions, or of Sayso's own steps that ask no model and call no tool."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StepFinished(RunEvent):
    """A step is over after `seconds`, with its `output`, or with the `error` that it raised. `failed` says which.

    `cut_off` says that it did not fail itself: the run ended while it was under way, with this error.
    """

    output: Json = None
    error: str = ""
    failed: bool = False
    cut_off: bool = False
    seconds: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class StepRepeated(RunEvent):
    """A step is tried again: attempt `attempt` follows in `wait_seconds`, because of `error`."""

    attempt: int
    wait_seconds: float
    error: str


@dataclass(frozen=True, kw_only=True, slots=True)
class SignalTaken(RunEvent):
    """What the run has waited for is there: what was sent to it under `topic`, or nothing where its time was over first."""

    topic: str
    value: Json = None


@dataclass(frozen=True, kw_only=True, slots=True)
class LabelsGained(RunEvent):
    """From here on the run has read what is untrusted, private, or vouched for by nobody: at `position`, or "" with what it began with.

    What a tool has brought in, its ToolFinished says. This is of what a run inside a step has read, and of values that carry labels.
    """

    untrusted: bool = False
    private: bool = False
    unvouched: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class RoundFinished(RunEvent):
    """One round of an iteration or a reflection is over."""

    round: int


@dataclass(frozen=True, kw_only=True, slots=True)
class LimitHit(RunEvent):
    """A limit of the run is used up: `limit` is its name, `allowed` and `seen` the numbers."""

    limit: str
    allowed: float
    seen: float
    error: str


@dataclass(frozen=True, kw_only=True, slots=True)
class StageReached(RunEvent):
    """A stage of a longer job, for people to read."""

    is_streamed: ClassVar[bool] = True
    stage: str
    detail: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class OwnEvent(RunEvent):
    """An event of the workflow's own (`run.emit`): the name of its class, and its value as JSON."""

    name: str
    value: Json = None
