"""Replay without acting: code is executed over a journal, and the first difference is reported. No step, write or wait is ever done."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple, cast

from sayso.tools.approval.requests import ApprovalRequest, Approver
from sayso.tools.calls import find_labels
from sayso.tools.canonical import Json
from sayso.tools.effects import CLEAN, Labels
from sayso.tools.errors import LimitReached, ReplayError

from .call_difference import compare_calls, compare_reads
from .codec import from_json, to_json
from .execution import AnyResult, Execution
from .inbox import Suspended
from .journal import Entry, StrictJournal
from .journaled_run import JournaledRun
from .memory_engine import check_step_names
from .prompt_difference import compare_prompts
from .protocols import NOTHING, B, Provenance, RunResult, Scope, Ts, WorkflowCode

BEYOND = "beyond the journal"
PROPOSED = 6
"""The arguments of the step that asks about a call: run, call, tool, arguments, who gave them, position."""
Prompts = Mapping[tuple[str, str], object]
"""What models were sent, by the run and the step that sent it."""
Hide = Callable[[Json], Json]
"""Returns JSON with what must not be stored in it as stars."""


class Difference(NamedTuple):
    """Where code and journal part: in run `run`, at its `number`-th stored step, the journal has `expected` and the code asks for `asked`.

    "" for `expected` is the end of the journal, "" for `asked` the end of the code. `messages` is what differs in what a model is sent,
    `call` what differs in a call. With `at_end` all steps are the same, and what they come to is not.
    """

    run: str
    number: int
    expected: str
    asked: str
    messages: str = ""
    at_end: bool = False
    call: str = ""

    def __str__(self) -> str:
        if self.at_end:
            return f"{self.run}, after step {self.number}: the run {self.expected}, the code {self.asked}."
        if self.call:
            return f"{self.run}, step {self.number}: at {self.asked!r} the code makes another call.\n{self.call}"
        if self.messages:
            return f"{self.run}, step {self.number}: at {self.asked!r} the code sends the model something else.\n{self.messages}"
        expected = f"has {self.expected!r}" if self.expected else "ends"
        asked = f"asks for {self.asked!r}" if self.asked else "ends"
        return f"{self.run}, step {self.number}: the journal {expected}, the code {asked}."


class Reached(NamedTuple):
    """What the code of a replay was given and made of it: by run, the stored results it asked for, and the transcripts of its agents.

    `finished` says that it returned its output.
    """

    results: Mapping[str, Mapping[str, object]]
    transcripts: Mapping[str, Sequence[object]]
    finished: bool = False
    labels: Labels = CLEAN


class Replayed(NamedTuple):
    """What a replay found: how many stored steps fit, the first difference (None where there is none), and what the code returned.

    `waits` names the steps and waits that the journal does not have; they were not done. `reached` is how far the code came.
    """

    steps: int
    difference: Difference | None
    waits: tuple[str, ...] = ()
    output: object = None
    reached: Reached = Reached({}, {})

    @property
    def same(self) -> bool:
        """Return whether the code does what the journal says."""
        return self.difference is None


async def replay(
    workflow: WorkflowCode,
    value: object,
    entries: Iterable[Entry],
    *,
    run_id: str = "r1",
    finished: bool = True,
    output: object = ...,
    error: Exception | None = None,
    waits_for: Collection[tuple[str, str]] = (),
    prompts: Prompts | None = None,
    make_scope: Callable[[], Scope] = Scope,
    hide: Hide | None = None,
) -> Replayed:
    """Execute the code over the journal of a run, touching neither model, web nor tools.

    `entries` is `engine.journal(run_id)` or `await engine.read_journal(run_id)`, `prompts` is `engine.prompts(run_id)`. Of a run that is
    `finished` the code must ask for all that is stored and nothing more, and return `output` where that is given. Of one that ended with
    an `error` it must raise the same, or come to where the journal ends. Of one that waits, it must come to what the run
    `waits_for`: (run, name of the wait). `hide` is what was done to stored prompts before they were stored: it is done to those of now.
    For a run of a database, `await engine.replay(run_id)` supplies all of this.
    """
    check_step_names(workflow)
    execution = _ReplayExecution(run_id, workflow, from_json(to_json(value, f"the input of run {run_id}")), entries, prompts, make_scope)
    execution.hide = hide
    finished = finished and error is None
    try:
        result = await execution.execute(suspends=True)
    except Exception as raised:  # noqa: BLE001  a run that failed fails in its replay too; what it raises is compared
        return execution.report(None, execution.difference or execution.compare_error(raised, error, finished))
    difference = execution.first_difference(finished, ended=result.finished)
    if difference is None and error is not None and result.finished:
        difference = execution.differs_at_end(f"ended with {_describe(error)}", f"returns {result.value!r}")
    if difference is None and finished and output is not ... and to_json(result.value) != to_json(output):
        difference = execution.differs_at_end(f"returned {output!r}", f"returns {result.value!r}")
    difference = difference or execution.compare_waits(waits_for)
    return execution.report(result.value if result.finished else None, difference)


class _ReplayExecution(Execution):
    """A run that is only replayed: what is beyond its journal is waited for, and never comes."""

    __slots__ = ("beyond", "difference", "hide", "prompts", "runs")

    def __init__(
        self,
        run_id: str,
        workflow: WorkflowCode,
        value: object,
        entries: Iterable[Entry],
        prompts: Prompts | None,
        make_scope: Callable[[], Scope],
    ) -> None:
        journal = StrictJournal()
        super().__init__(run_id, workflow, value, make_scope, journal=journal, make_run=self._make_run, clock=time.time)
        journal.load(entries)
        self.attempts = 1
        self.pauses_always = True  # nobody sends anything
        self.prompts: Prompts = prompts or {}
        self.hide: Hide | None = None
        self.runs: list[_ReplayRun] = []
        self.beyond: list[tuple[_ReplayRun, str]] = []
        self.difference: Difference | None = None

    def _make_run(self, _execution: Execution, run_id: str, scope: Scope) -> _ReplayRun:
        return _ReplayRun(self, run_id, scope)

    def ask_approver(self, request: ApprovalRequest, approve: Approver | None) -> None:
        """Ask nobody."""

    def _begin_with_others(self, scope: Scope, enclosing: Provenance | None) -> None:
        """Begin with the labels of the input alone: what the run began with of others is in its journal."""
        scope.provenance.take_labels(find_labels(self.value))

    def _make_result(self, value: object, scope: Scope) -> AnyResult:
        """Return the result; a replay hands nothing out, so other runs of this program do not remember it."""
        messages, read = tuple(scope.transcripts.get(self.id, ())), scope.provenance
        pending = tuple(self.pending.values())
        return RunResult(self.id, value, pending, scope.meter.usage, messages, labels=read.labels, problems=read.problems)

    def _note_error(self, error: BaseException, scope: Scope) -> None:
        """Remember nothing of an error, as above."""

    @property
    def steps(self) -> int:
        """Return how many stored steps the code has asked for."""
        return sum(run.at for run in self.runs)

    def first_difference(self, finished: bool, *, ended: bool) -> Difference | None:
        """Return where journal and code part first: at a step that is not stored, in a run that is over, or at one never asked for."""
        if self.difference is not None:
            return self.difference
        if finished:
            for run, asked in self.beyond:
                return Difference(run.id, run.at + 1, "", asked)
        if not (ended or finished):
            return None
        done = {run.id: run.at for run in self.runs}
        for run_id, results in self.journal.results.items():
            if (at := done.get(run_id, 0)) < len(results) and not (run_id not in done and _is_aside(run_id)):
                return Difference(run_id, at + 1, list(results)[at], "")
        return None

    def compare_error(self, raised: Exception, error: Exception | None, finished: bool) -> Difference | None:
        """Return a difference if the code raises what the run did not."""
        if error is not None and _is_alike(raised, error):
            return None
        if error is not None:
            return self.differs_at_end(f"ended with {_describe(error)}", f"raises {_describe(raised)}")
        return self.differs_at_end("came to its end" if finished else "went on", f"raises {_describe(raised)}")

    def differs_at_end(self, expected: str, asked: str) -> Difference:
        """Return the difference of a run whose steps are the same, and come to something else."""
        return Difference(self.id, self.steps, expected, asked, at_end=True)

    def compare_waits(self, waits_for: Collection[tuple[str, str]]) -> Difference | None:
        """Return the first of the waits that the code does not come to."""
        reached = {(run.id, asked) for run, asked in self.beyond}
        for run_id, name in waits_for:
            if (run_id, name) not in reached:
                run = next((each for each in self.runs if each.id == run_id), None)
                instead = next((asked for each, asked in self.beyond if each.id == run_id), "")
                return Difference(run_id, run.at + 1 if run is not None else 1, name, instead)
        return None

    def report(self, output: object, difference: Difference | None) -> Replayed:
        """Return what was found."""
        waits = tuple(f"{run.id}: {asked}" for run, asked in self.beyond)
        return Replayed(self.steps, difference, waits, output, self._find_reached())

    def _find_reached(self) -> Reached:
        taken = {run.id: run.at for run in self.runs}
        results = {
            run: dict(islice(stored.items(), taken.get(run, len(stored))))
            for run, stored in self.journal.results.items()
            if run in taken or (_is_aside(run) and run.rpartition("/")[0] in taken)
        }
        scope, finished = self.scope, self.result is not None and self.result.finished
        return Reached(results, scope.transcripts if scope else {}, finished, scope.provenance.labels if scope else CLEAN)


class _ReplayRun(JournaledRun):
    """A run that returns what was stored, and does nothing."""

    __slots__ = ("_replayed",)

    is_live = False

    def __init__(self, execution: _ReplayExecution, run_id: str, scope: Scope) -> None:
        super().__init__(execution, run_id, scope)
        self._replayed = execution
        execution.runs.append(self)

    @property
    def at(self) -> int:
        """Return how many of its stored steps were asked for."""
        return self._at

    def record_prompt(self, name: str, prompt: Callable[..., object], *args: object) -> None:
        """Compare what is sent to a model with what was sent then."""
        stored = self._replayed.prompts.get((self.id, name))
        if not isinstance(stored, Mapping) or not (self.replays(name) or self._at == len(self._names)):
            return  # another step is next, which says more
        if "call" in stored:
            now = to_json(prompt(*args))
            if call := compare_reads(name.removeprefix("read:").rpartition(".")[0], stored["call"], now["call"]):
                raise self._differs(name, name, call=call)
            return
        now, hide = to_json(prompt(*args, stored.get("form"))), self._replayed.hide
        if messages := compare_prompts(stored, now if hide is None else hide(now)):
            raise self._differs(name, name, messages)

    async def step(self, name: str, op: Callable[[*Ts], Awaitable[B]], *args: *Ts, preemptible: bool = False) -> B:
        """Return what was stored of the step. Where it asked about a call, the call of now is compared with that."""
        result: B = await self._take(name)
        if name.startswith("propose:") and isinstance(result, tuple) and len(args) == PROPOSED:
            _, _, tool, arguments, *_ = cast("tuple[Any, ...]", args)
            if call := compare_calls(cast("ApprovalRequest", result[0]), tool, arguments):
                self._at -= 1
                raise self._differs(name, name, call=call)
        return result

    async def wait(self, topic: str | None, timeout_seconds: float | None = None) -> Any:
        """Return what was stored of the wait."""
        if timeout_seconds is not None and f"until:{self._at}" in self._names[self._at : self._at + 1]:
            await self._take(f"until:{self._at}")  # a durable engine stores when a time is over
        return await self._take(f"wait:{topic}" if topic is not None else f"sleep:{self._at}")

    async def _take(self, name: str) -> Any:
        if self.execution.is_suspended:  # what the code does in its `finally` while the replay is unwound is no part of the run
            raise Suspended
        stored = self._take_stored(name)
        if stored is NOTHING:
            self._replayed.beyond.append((self, name))
            return await self.execution.receive(self.id, f"{BEYOND}: {name}", None)
        return stored

    def _differs(self, expected: str, name: str, messages: str = "", call: str = "") -> ReplayError:
        difference = Difference(self.id, self._at + 1, expected, name, messages, call=call)
        self._replayed.difference = self._replayed.difference or difference
        return ReplayError(str(self._replayed.difference))


def _is_aside(run_id: str) -> bool:
    """Return whether a run is a summary of what no longer fitted: what it came to is a step of its parent, and that is replayed."""
    return run_id.rpartition("/")[2].startswith("summary:")


def _is_alike(one: Exception, other: Exception) -> bool:
    if isinstance(one, LimitReached) and isinstance(other, LimitReached):
        return one.limit == other.limit  # how far above it the run was depends on who was quicker
    return type(one).__name__ == type(from_json(to_json(other))).__name__ and str(one) == str(other)


def _describe(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
