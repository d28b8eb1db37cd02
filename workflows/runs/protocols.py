"""Define what workflow code sees of a run, what an application sees of an engine, what a run is given, and its result."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Coroutine, Iterable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, Protocol, TypeVar, TypeVarTuple, overload, runtime_checkable

from sayso.tools.approval.background import Background, Growing, Made, Said, branch_off, join_branch
from sayso.tools.approval.policy import NO_RULES, Allow, Ask, Deny, Rules
from sayso.tools.approval.requests import ApprovalRequest, Approve, Approver, Decision, Edit, Reject
from sayso.tools.calls import PLAIN, Content, ToolCall, ToolResult
from sayso.tools.definition.moments import next_number
from sayso.tools.definition.tool import AnyTool, Tool, ToolContext
from sayso.tools.effects import CLEAN, LABELS, Labels
from sayso.tools.errors import NotFinished, UsageError
from sayso.tools.quick_init import fill_quickly
from sayso.tools.raised import RaisedResult

from .handed_out import HANDED_OUT
from .limits import NO_USAGE, Intent, Limits, Meter, Usage
from .run_secrets import RunSecrets

if TYPE_CHECKING:  # late, for load time: only who configures approvers needs it
    from sayso.tools.approval.signatures import Approvers
    from sayso.tools.definition.decorators import AsyncTool, SyncTool

    from ..events.event_types import AnyEvent

P = ParamSpec("P")
R = TypeVar("R")
A = TypeVar("A")
B = TypeVar("B")
Ts = TypeVarTuple("Ts")
A_contra = TypeVar("A_contra", contravariant=True)
B_co = TypeVar("B_co", covariant=True)


class _Nothing:
    """No value yet."""


NOTHING = _Nothing()


@fill_quickly
@dataclass(frozen=True, slots=True)
class RunResult(Generic[B_co]):
    """The end of a run, or its pause: `pending` holds the requests that wait for a decision.

    `messages` is the transcript of an agent's run, `usage` what was used so far. `unanswered` says what the approver did instead of
    deciding: it raised an error, or returned something else. `labels` is what the run has read: the output may hold any of it. Hand the
    result itself to the next run, or its `content`, and that run begins with these labels. `problems` are the results of calls whose tool
    raised an exception of its own (a bug, a service that is down): the model was told and went on, `problem.raised` is for you.
    """

    run_id: str
    value: B_co | _Nothing
    pending: tuple[ApprovalRequest, ...] = ()
    usage: Usage = NO_USAGE
    messages: tuple[Any, ...] = ()
    engine: Engine | None = field(default=None, repr=False, compare=False)
    unanswered: str = field(default="", repr=False, compare=False)
    labels: Labels = CLEAN
    problems: tuple[RaisedResult, ...] = ()

    @property
    def content(self) -> Content:
        """Return the output with the labels of the run, to hand on. Raises NotFinished while approvals are open."""
        return Content(self.output, f"run {self.run_id}", self.labels.trust, self.labels.secrecy)

    @property
    def finished(self) -> bool:
        """Return whether there is an output."""
        return not isinstance(self.value, _Nothing)

    @property
    def output(self) -> B_co:
        """Return the output. Raises NotFinished while approvals are open. Code inside another run reads it with its labels."""
        if isinstance(self.value, _Nothing):
            cards = "; ".join(request.summary for request in self.pending)
            why = f" The approver did not answer ({self.unanswered})." if self.unanswered else ""
            error = NotFinished(
                f"Run {self.run_id} waits for {len(self.pending)} approval{'s' if len(self.pending) != 1 else ''}: {cards}{why} "
                "Answer with: await result.resume({request.digest: Approve()}) for each of result.pending."
                if self.pending
                else f"Run {self.run_id} waits for what its code asks for with run.wait(topic). Send it to the run that waits, by its own "
                f"id: await engine.signal('{self.run_id}/STEP.0', topic, value)."
            )
            error.run_id, error.partial = self.run_id, self
            raise error
        if self.labels != CLEAN and (enclosing := ENCLOSING.get()) is not None:
            enclosing.take_labels(self.labels)
        return self.value

    def _repr_html_(self) -> str:
        """Return the result as a notebook shows it."""
        from ..result_display import write_result  # late, for load time

        return write_result(self)

    def _repr_markdown_(self) -> str:
        """Return the result as Markdown, for what shows no HTML."""
        from ..result_display import write_result_markdown  # late, for load time

        return write_result_markdown(self)

    def _ipython_display_(self) -> None:
        """Show the result in a notebook: one that waits with its cards, and buttons that decide."""
        from ..result_display import show_result  # late, for load time

        show_result(self)

    async def resume(self, decisions: Mapping[str, Decision] | None = None) -> RunResult[B_co]:
        """Hand in decisions by digest, and execute the run to its end or its next pause. UsageError for a request that is not open."""
        if self.finished:
            for digest in decisions or ():
                raise UsageError(f"Run {self.run_id} is finished: it has no open request {digest[:12]!r}.")
            return self
        if self.engine is None:
            raise NotFinished(f"Run {self.run_id} cannot be resumed from this result. Use: await engine.resume({self.run_id!r}, ...).")
        resumed: RunResult[B_co] = await self.engine.resume(self.run_id, decisions or {})
        return resumed


NO_BACKGROUND = Background()
ENCLOSING: ContextVar[Provenance | None] = ContextVar("sayso_enclosing", default=None)
"""What the run has read in which this code is executed. A run that is started inside another one (by a function of a step, by a tool,
however deep) hands its output on as a plain text: so it begins with what that run had read, and hands back what it read itself. It can
only add labels; nothing is allowed because of it."""
BEGUN_WITH = "labels:"
"""The name under which a run stores what it began with of other runs."""
RECOGNISED = "labels::texts"
"""The name under which it stores, after that, which parts of its user's texts are the words of others: another program knows of none."""
UNLABELLED = PLAIN | {ToolResult, ApprovalRequest, Approve, Edit, Reject, Allow, Ask, Deny, Intent}
"""Types whose values are not searched for labels when a step returns them: they have none, or whoever asked takes them in."""
WorkflowCode = Callable[["Run", Any], Awaitable[Any]]


class CallGuard(Protocol):
    """Looks at what tools return, and at the calls that a model's program makes, before anybody else does."""

    async def guard_result(self, run: Run, tool: AnyTool, result: ToolResult) -> ToolResult:
        """Return a result as it may be stored and read. It never raises: a write has been done by then."""
        ...

    async def guard_call(self, run: Run, call: ToolCall) -> ToolCall | ToolResult:
        """Return a call as it may be made, or the result that says why it may not."""
        ...

    async def guard_edit(self, run: Run, call: ToolCall, number: int) -> ToolResult | None:
        """Return why a call may not be made as a person has changed it (for the `number`th time); None where it may be asked about."""
        ...

    def note_performed(self, call: ToolCall) -> None:
        """Note a call as a person has changed it, which is performed now. A resumed run notes it again."""
        ...


class Provenance:
    """What a run has read so far: labels, the user's words, the texts of others. Grows as results come in.

    `made` is what its PURE tools computed and its agents wrote, `settled` the last write that was settled ("ORDER was done").
    A child begins with what its parent had read, and hands back what it read itself when it ends: so what a branch has read does not depend
    on how fast its neighbours are, and is the same when the run is resumed.
    """

    unvouched: str
    settled: str

    __slots__ = ("_background", "labels", "made", "problems", "read_texts", "settled", "unvouched", "user_texts")

    def __init__(self, user_texts: Iterable[str | Said] = ()) -> None:
        self.user_texts: tuple[str | Said, ...] = tuple(user_texts)
        self.labels: Labels = CLEAN
        self.unvouched = self.settled = ""  # `unvouched` is the first tool that nobody vouched for
        self.read_texts: list[tuple[str, str]] | Growing[tuple[str, str]] | tuple[()] = ()  # lists once something is in them
        self.made: list[Made] | Growing[Made] | tuple[()] = ()
        self.problems: tuple[RaisedResult, ...] = ()
        self._background = NO_BACKGROUND

    def take(self, result: ToolResult) -> None:
        """Join a result's labels, and remember a text that has any so that a card can say where a value is from."""
        if (labels := LABELS[result.trust, result.secrecy]) is not CLEAN:
            if labels.unvouched and not self.unvouched:
                self.unvouched = result.origin
            self.labels = self.labels.union(labels)
            self._add_text(result.origin, result.text)
            if isinstance(result, RaisedResult):
                self.problems = (*self.problems, result)

    def _add_text(self, origin: str, text: str) -> None:
        if not self.read_texts:
            self.read_texts = []
        self.read_texts.append((origin, text))

    def add_made(self, made: Made) -> None:
        """Remember a value that was made in the run."""
        if not self.made:
            self.made = []
        self.made.append(made)

    def recognise(
        self, texts: Iterable[str | Said], history: Sequence[object] = (), places: list[list[Any]] | None = None
    ) -> tuple[str | Said, ...]:
        """Take in what other runs have handed out and is in these texts now, and return the texts without it.

        What the messages of the `history` say as well is left: the user has seen it. Where it was is added to `places`.
        """
        left = list[str | Said]()
        for number, each in enumerate(texts):
            text = each if isinstance(each, str) else each.text
            for found in HANDED_OUT.find(text, history):
                self.labels, self.unvouched = self.labels.union(found.labels), self.unvouched or found.origin
                others = found.find_all(text)
                if places is not None and (start := text.find(others)) >= 0:
                    places.append([found.origin, number, start, len(others)])
                text = text.replace(others, " ")
                if (found.origin, others) not in self.read_texts:
                    self._add_text(found.origin, others)
            left.append(text if isinstance(each, str) else replace(each, text=text))
        return tuple(left)

    def take_places(self, places: Iterable[Sequence[Any]]) -> None:
        """Take out of the user's texts what an earlier execution has recognised there."""
        texts = list(self.user_texts)
        for origin, number, start, length in places:
            each = texts[number]
            text = each if isinstance(each, str) else each.text
            others = text[start : start + length]
            text, self.unvouched = text.replace(others, " "), self.unvouched or origin
            self._add_text(origin, others)
            texts[number] = text if isinstance(each, str) else replace(each, text=text)
        self.user_texts = tuple(texts)

    def take_labels(self, labels: Labels) -> None:
        """Join the labels of a value that the run is given."""
        self.labels = self.labels.union(labels)

    def for_child(self) -> Provenance:
        """Return what a child begins with."""
        child = Provenance(self.user_texts)
        child.labels, child.unvouched, child.settled = self.labels, self.unvouched, self.settled
        child.read_texts, child.made = branch_off(self.read_texts), branch_off(self.made)
        child._background = self.background()  # one index of texts for all
        return child

    def govern(self, execution: object, scope: Scope) -> None:
        """Change what a run may do that is begun inside this one, by whatever code; here it does as its own caller says."""

    def take_from(self, child: Provenance) -> None:
        """Join what a child has read."""
        if child.labels is not self.labels:
            self.labels = self.labels.union(child.labels)
            self.unvouched = self.unvouched or child.unvouched
        if child.read_texts:
            self.read_texts = join_branch(self.read_texts, child.read_texts)
        if child.made:
            self.made = join_branch(self.made, child.made)
        if child.problems:
            self.problems += child.problems
        self.settled = child.settled or self.settled

    def background(self) -> Background:
        """Return the texts as a card needs them, with an index of them that grows as they do."""
        before = self._background
        is_same = before.user_texts is self.user_texts
        if not is_same or before.read_texts is not self.read_texts:
            above = before if isinstance(self.read_texts, Growing) and self.read_texts.before is before.read_texts else before.above
            self._background = Background(self.user_texts, self.read_texts, before.said_index if is_same else [], above)
            if before.read_texts is self.read_texts:
                self._background.read_index = before.read_index
        return self._background


class HeadGuard(Protocol):
    """Compares the log of a run with the head that is kept elsewhere, where one is: only that shows rows that were cut off."""

    async def compare(self) -> None:
        """Raise LogChanged if the log does not go on from the head that is kept elsewhere."""
        ...

    async def advance(self) -> None:
        """Compare, and keep the present head."""
        ...

    async def keep(self) -> None:
        """Compare and keep the present head of a run that is let go of; what is wrong is only told."""
        ...


@dataclass(slots=True, eq=False)
class Scope:
    """What a run was given by its caller and hands on to its children, and what it has read and used so far.

    `transcripts` holds the messages of each agent's run by run id. `begun` is a number that grows with each execution and each binding of
    a tool's arguments: what was bound before is the application's. `approvers` are those whose
    signed decisions count, if not anybody's; `head_guard` compares the log with what is kept elsewhere. `bindings` holds
    the tools that workflow code has called, where a grant is for one by its name. `call_guard` looks at what tools return before
    it is stored; it is that of the agent whose run it is, and no child's.
    """

    approve: Approver | None = None
    deps: object = None
    meter: Meter = field(default_factory=Meter)
    rules: Rules = NO_RULES
    provenance: Provenance = field(default_factory=Provenance)
    transcripts: dict[str, Sequence[object]] = field(default_factory=dict)
    begun: int = field(default_factory=next_number)
    approvers: Approvers | None = None
    head_guard: HeadGuard | None = None
    bindings: dict[str, AnyTool] = field(default_factory=dict)
    call_guard: CallGuard | None = None

    def for_child(self, limits: Limits | None, provenance: Provenance | None = None) -> Scope:
        """Return the scope of a child, with limits of its own on top. It reads for itself, and counts for itself what it replays."""
        meter = self.meter
        if meter.is_replaying is not None and meter.parent is not None:
            meter = meter.parent
        if limits is not None:
            meter = Meter(limits, meter)
        own = provenance or self.provenance.for_child()
        child = Scope(self.approve, self.deps, meter, self.rules, own, self.transcripts, self.begun)
        child.approvers, child.head_guard, child.bindings = self.approvers, self.head_guard, self.bindings
        return child


class Executable(Protocol[A_contra, B_co]):
    """An agent or a workflow, as a type checker sees it."""

    def execute(self, run: Run, value: A_contra) -> Awaitable[B_co]:
        """Execute its own code in a run."""
        ...


@runtime_checkable
class Runnable(Executable[Any, Any], Protocol):
    """An agent or a workflow, as an engine sees it."""

    limits: Limits | None

    def find_user_texts(self, value: Any) -> Iterable[str | Said]:
        """Return the texts in the value that are the caller's own words."""
        ...

    def check_step_names(self) -> None:
        """Raise WorkflowError for steps that a journal cannot tell apart by name."""
        ...


class Earlier(StrEnum):
    """What is known of those who may have begun a write before: nobody has, they can act no more, or they still may."""

    NEVER_BEGAN = "never began"
    DEAD = "dead"
    MAY_ACT = "may act"


class TakesContextByName(Protocol[B_co]):
    """A function whose parameter `context` can be given by its name alone, among any others."""

    def __call__(self, *args: Any, context: ToolContext[Any], **arguments: Any) -> Awaitable[B_co]: ...


class ContextTool(Protocol[B_co]):
    """A tool whose function takes a ToolContext last, as a checker sees it: who calls it gives the other arguments only."""

    @property
    def async_function(
        self,
    ) -> (
        Callable[[ToolContext[Any]], Awaitable[B_co]]
        | Callable[[Any, ToolContext[Any]], Awaitable[B_co]]
        | Callable[[Any, Any, ToolContext[Any]], Awaitable[B_co]]
        | Callable[[Any, Any, Any, ToolContext[Any]], Awaitable[B_co]]
        | Callable[[Any, Any, Any, Any, ToolContext[Any]], Awaitable[B_co]]
        | TakesContextByName[B_co]
    ):
        """Return the function as a run calls it."""
        ...


class Run(Protocol):
    """A run as workflow code sees it: steps and waits one after another, children side by side."""

    def clock(self) -> float:
        """Return seconds since 1970, by the engine's clock. Use it inside a step."""
        ...

    @property
    def id(self) -> str:
        """Return the run's id, such as "r1"; a child is "r1/quotes.0"."""
        ...

    @property
    def user(self) -> str:
        """Return whose run it is, as its starter said (`user=`); "" where nobody did."""
        ...

    @property
    def scope(self) -> Scope:
        """Return what the caller gave (approver, deps, limits, rules), and what the run has read and used."""
        ...

    @property
    def secrets(self) -> RunSecrets:
        """Return the secrets that the run has met, to hide and to reveal."""
        ...

    @property
    def attempt(self) -> str:
        """Return the name of this execution: a run resumed after a crash is another attempt."""
        ...

    @property
    def listeners(self) -> Sequence[object]:
        """Return who listens to the events right now."""
        ...

    @property
    def keeps_notices(self) -> bool:
        """Return whether what a model tells while it works on a request is stored, though nobody may listen right now."""
        ...

    @property
    def is_live(self) -> bool:
        """Return whether anything outside may be asked or touched; not in a replay."""
        ...

    async def step(self, name: str, op: Callable[[*Ts], Awaitable[B]], *args: *Ts, preemptible: bool = False) -> B:
        """Do `op(*args)` once and store its result; a resumed run gets the stored result."""
        ...

    def replays(self, name: str) -> bool:
        """Return whether `name` is the next step and its result is stored, so that it will not be done."""
        ...

    async def find_withdrawn(self) -> Collection[str]:
        """Return the ids of the standing approvals that were withdrawn until now, from whatever program. Use it inside a step."""
        ...

    async def find_stored(self, name: str) -> object:
        """Return what the user's latest run that has a step of that name has stored for it; None for none. Use it inside a step."""
        ...

    async def ask(self, request: ApprovalRequest) -> Decision | None:
        """Put a request to the approver and wait for the decision, wherever it comes from. None when the request has expired."""
        ...

    def record_prompt(self, name: str, prompt: Callable[..., object], *args: object) -> None:
        """Store what step `name` is about to send to a model, `prompt(*args)`, so that a replay can compare it."""
        ...

    async def wait(self, topic: str | None, timeout_seconds: float | None = None) -> Any:
        """Return what was sent to this run under `topic`; None after the timeout. Without a topic, sleep."""
        ...

    @overload
    async def child(
        self, name: str, workflow: Executable[A, B], value: A, *, limits: Limits | None = None, provenance: Provenance | None = None
    ) -> B: ...
    @overload
    async def child(
        self,
        name: str,
        workflow: Callable[[Run, A], Awaitable[B]],
        value: A,
        *,
        limits: Limits | None = None,
        provenance: Provenance | None = None,
    ) -> B: ...
    async def child(
        self, name: str, workflow: Any, value: Any, *, limits: Limits | None = None, provenance: Provenance | None = None
    ) -> Any:
        """Execute a nested run and return its result: of an agent, a workflow (both with limits of their own), or workflow code.

        `provenance` is what it begins with, where several begin together: else one that is quick would be read by those after it.
        """
        ...

    async def emit(self, event: object) -> None:
        """Hand an event to whoever listens, and store it where runs are stored. A resumed run does not emit it again."""
        ...

    @overload
    def call(self, tool: AsyncTool[P, R], /, *no: P.args, **arguments: P.kwargs) -> Coroutine[Any, Any, R]: ...
    @overload
    def call(self, tool: SyncTool[P, R], /, *no: P.args, **arguments: P.kwargs) -> Coroutine[Any, Any, R]: ...
    @overload  # a context is the application's: such a tool is checked by what it returns alone
    def call(self, tool: ContextTool[R], /, **arguments: object) -> Coroutine[Any, Any, R]: ...
    @overload
    def call(self, tool: Tool[P, Any], /, *no: P.args, **arguments: P.kwargs) -> Coroutine[Any, Any, Any]: ...
    def call(self, tool: Any, /, *no: Any, **arguments: Any) -> Coroutine[Any, Any, Any]:
        """Call a tool as a model would, its arguments by name: checked, ruled on, asked about if it writes, done once. Return its value."""
        ...

    def publish(self, event: object) -> None:
        """Hand an event to whoever listens right now; it is not stored."""
        ...

    def expect_cost(self, usd: float, sent_usd: float) -> None:
        """Take note of the most that the next model call can cost, and of what its prompt alone does: caps reserve it."""
        ...

    async def find_earlier(self, key: str, attempt: str) -> Earlier:
        """Return what is known of the programs that may have begun the write `key` since `attempt`."""
        ...

    async def record_repeat(self, key: str) -> None:
        """Record that this execution is about to perform the write `key` again. Raises an error where the run is somebody else's by now."""
        ...


class Engine(Protocol):
    """Where runs live: in memory, in a file, in a database."""

    async def start(
        self, workflow: WorkflowCode | Runnable, value: object, *, run_id: str, scope: Scope | None = None, user: str | None = None
    ) -> None:
        """Start a run, for a user where one is named; starting the same id again does nothing."""
        ...

    async def signal(self, run_id: str, topic: str, value: object) -> None:
        """Send a value to a run; the first for a topic counts, the others do nothing."""
        ...

    async def cancel(self, run_id: str) -> None:
        """Stop a run and its children before their next step."""
        ...

    async def result(self, run_id: str) -> Any:
        """Wait for a run's result; raises what it raised."""
        ...

    def events(self, run_id: str, since: int = 0, *, through_pauses: bool = False) -> AsyncIterator[AnyEvent]:
        """Yield the events of a run and its children from number `since` on, then live ones until it ends or pauses: see sayso.events."""
        ...

    def follow_emitted(self, run_id: str, since: int = 0) -> AsyncIterator[Any]:
        """Yield what was emitted, as it is stored, from number `since` on, then live until the run ends or pauses."""
        ...

    async def resume(self, run_id: str, decisions: Mapping[str, Decision]) -> RunResult[Any]:
        """Hand in decisions by digest, and execute the run to its end or its next pause."""
        ...
