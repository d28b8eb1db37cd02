"""Define what a run tells, as public values: each says which run, when, at which position, and what happened there.

They are read from a run under way or, afterwards, from what is stored of it: both tell the same. Pieces of text, thoughts and arguments are
told while they stream and are not stored, so they have no number.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from sayso.tools.approval.requests import ApprovalRequest
from sayso.tools.canonical import Json, JsonObject

VERSION = 1
"""The version of the events as JSON. A newer one is refused by name; a version gains fields and loses none."""


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


# the run


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


# what it is made of


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


# the model


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
    """A guard has replaced, refused or let pass a text: `did` says which, `place` what it is, `tool` whose arguments or results."""

    guard: str
    place: str
    did: str
    why: str
    tool: str = ""


# tools


@dataclass(frozen=True, kw_only=True, slots=True)
class ToolBegan(RunEvent):
    """A call is performed: `call` is its place ("3.0" is reply 3, call 0). A write has its idempotency `key`; it was allowed by then."""

    call: str
    tool: str
    arguments: JsonObject = field(default_factory=dict)
    key: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ToolFinished(RunEvent):
    """A call is over: "done", "failed", "rejected" (nothing was performed) or "unknown" (a person has to find out).

    `result` is what the model reads, `origin` where it is from. The labels are "tool", "untrusted" or "" (nobody vouches for it), and
    "public" or "private". `raised` is the exception of a tool that raised one, `seconds` how long it was performed. `cut_off` says that the
    run ended while it was under way.
    """

    call: str
    tool: str
    outcome: str
    result: Json = None
    origin: str = ""
    trust: str = ""
    secrecy: str = ""
    key: str = ""
    raised: str = ""
    cut_off: bool = False
    seconds: float = 0.0


# approvals


@dataclass(frozen=True, kw_only=True, slots=True)
class ApprovalRequested(RunEvent):
    """A call waits for somebody's decision; `request` is all of what is asked. In JSON it has the `values` of its arguments beside it."""

    request: ApprovalRequest


@dataclass(frozen=True, kw_only=True, slots=True)
class ApprovalTaken(RunEvent):
    """A decision was taken up, once: "approve", "edit" or "reject", `by` whom, from `place`, `decided_at`.

    `arguments` are those of an edit: a new request follows. `signed` says that its approver has signed it.
    """

    digest: str
    decision: str
    by: str = ""
    place: str = ""
    decided_at: float | None = None
    reason: str = ""
    arguments: JsonObject = field(default_factory=dict)
    signed: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class ApprovalExpired(RunEvent):
    """Nobody decided in time, so nothing was done."""

    digest: str


@dataclass(frozen=True, kw_only=True, slots=True)
class CallDenied(RunEvent):
    """The policy forbids a call; nobody is asked and nothing is done."""

    tool: str
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ApproverRaised(RunEvent):
    """The approver raised, or gave an answer that does not count; the request stays open."""

    digest: str
    error: str


@dataclass(frozen=True, kw_only=True, slots=True)
class GrantsOpened(RunEvent):
    """The execution begins with these standing approvals, each with its id and in words."""

    grants: tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class GrantApplied(RunEvent):
    """A standing approval allowed a call, so nobody was asked."""

    grant: str
    tool: str
    key: str


# limits, errors, and what people and programs tell


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


AnyEvent = (
    RunBegan
    | RunPaused
    | RunFinished
    | ChildBegan
    | ChildFinished
    | StepBegan
    | StepFinished
    | StepRepeated
    | SignalTaken
    | LabelsGained
    | RoundFinished
    | ModelRequested
    | TextPiece
    | TextRetracted
    | ThoughtPiece
    | CallOpened
    | ArgumentsPiece
    | ModelReplied
    | ModelFailed
    | RequestRetried
    | RequestDowngraded
    | ModelChanged
    | HistoryTrimmed
    | TextGuarded
    | ToolBegan
    | ToolFinished
    | ApprovalRequested
    | ApprovalTaken
    | ApprovalExpired
    | CallDenied
    | ApproverRaised
    | GrantsOpened
    | GrantApplied
    | LimitHit
    | StageReached
    | OwnEvent
)
