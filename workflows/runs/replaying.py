"""Replay that cannot act: code is run over a journal, and the first difference is told. No step, write or wait is ever done."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from typing import Any, NamedTuple

from sayso.tools.approval.requests import ApprovalRequest
from sayso.tools.errors import LimitReached, ReplayError

from .codec import from_json, to_json
from .execution import Execution
from .memory_engine import MemoryEngine
from .memory_run import Entry, StrictRun, Suspended
from .prompt_difference import difference_of
from .protocols import B, Scope, Ts, WorkflowCode
from .run_result import RunResult

BEYOND = "beyond the journal"
Prompts = Mapping[tuple[str, str], Any]
"""What models were sent, by the run and the step that sent it."""


class Difference(NamedTuple):
    """Where code and journal part: in run `run`, at its `number`-th kept step, the journal has `expected` and the code asks for `asked`.

    "" for `expected` is the end of the journal, "" for `asked` the end of the code. `messages` is what differs in what a model is sent.
    With `at_end` all steps are the same, and what they come to is not.
    """

    run: str
    number: int
    expected: str
    asked: str
    messages: str = ""
    at_end: bool = False

    def __str__(self) -> str:
        if self.at_end:
            return f"{self.run}, after step {self.number}: the run {self.expected}, the code {self.asked}."
        if self.messages:
            return f"{self.run}, step {self.number}: at {self.asked!r} the code sends the model something else.\n{self.messages}"
        expected = f"has {self.expected!r}" if self.expected else "ends"
        asked = f"asks for {self.asked!r}" if self.asked else "ends"
        return f"{self.run}, step {self.number}: the journal {expected}, the code {asked}."


class Replayed(NamedTuple):
    """What a replay found: how many kept steps fit, the first difference (None where there is none), and what the code gave.

    `waits` names the steps and waits that the journal does not have; they were not done.
    """

    steps: int
    difference: Difference | None
    waits: tuple[str, ...] = ()
    output: Any = None

    @property
    def same(self) -> bool:
        """Whether the code does what the journal says."""
        return self.difference is None


async def replay(
    workflow: WorkflowCode,
    value: Any,
    entries: Iterable[Entry],
    *,
    run_id: str = "r1",
    finished: bool = True,
    output: Any = ...,
    error: Exception | None = None,
    waits_for: Collection[tuple[str, str]] = (),
    prompts: Prompts | None = None,
    fresh: Callable[[], Scope] = Scope,
) -> Replayed:
    """Run the code against the journal of a run, touching neither model, web nor tools.

    `entries` is `engine.journal(run_id)` or `await engine.kept(run_id)`, `prompts` what `engine.prompts(run_id)` has. Of a run that is
    `finished` the code must ask for all that is kept and nothing more, and give `output` where that is handed in. Of one that ended with
    an `error` it must raise the same, or come to where the journal ends. Of one that waits, it must come to what the run
    `waits_for`: (run, name of the wait). For a run of a database, `await engine.replay(run_id)` hands all of this in.
    """
    home = _Home()
    root = home.restore(workflow, value, run_id, entries, fresh)
    assert isinstance(root, _Root)
    root.prompts.update(prompts or {})
    finished = finished and error is None
    try:
        given: RunResult[Any] = await root.execute(suspends=True)
    except Exception as raised:  # noqa: BLE001  a run that failed fails in its replay too; what it raises is compared
        return root.found(None, root.difference or root.raises_otherwise(raised, error, finished))
    difference = root.first(finished, ended=given.finished)
    if difference is None and error is not None and given.finished:
        difference = root.ends_otherwise(f"ended with {_told(error)}", f"gives {given.value!r}")
    if difference is None and finished and output is not ... and to_json(given.value) != to_json(output):
        difference = root.ends_otherwise(f"gave {output!r}", f"gives {given.value!r}")
    difference = difference or root.does_not_wait(waits_for)
    return root.found(given.value if given.finished else None, difference)


class _Home(MemoryEngine):
    """An engine that carries nothing out."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__(strict=True, record=False)
        self.run_type = _ReplayRun

    def make_root(self, run_id: str, workflow: WorkflowCode, value: Any, fresh: Callable[[], Scope]) -> Execution:
        """A run that is only replayed."""
        return _Root(self, run_id, workflow, value, fresh)


class _Root(Execution):
    """A run that is only replayed: what is beyond its journal is waited for, and never comes."""

    __slots__ = ("beyond", "difference", "lines")

    def __init__(self, engine: MemoryEngine, run_id: str, workflow: WorkflowCode, value: Any, fresh: Callable[[], Scope]) -> None:
        super().__init__(engine, run_id, workflow, value, fresh)
        self.lines: list[_ReplayRun] = []
        self.beyond: list[tuple[_ReplayRun, str]] = []
        self.difference: Difference | None = None

    def may_be_long(self) -> bool:
        """Every wait is: nobody sends anything."""
        return True

    def ask(self, request: ApprovalRequest, scope: Scope) -> None:
        """Nobody is asked."""

    @property
    def steps(self) -> int:
        """How many kept steps the code has asked for."""
        return sum(line.at for line in self.lines)

    def first(self, finished: bool, *, ended: bool) -> Difference | None:
        """The first place where journal and code part: steps that are not kept, in a run that is over; kept steps that nobody asked for."""
        if self.difference is not None:
            return self.difference
        if finished:
            for line, asked in self.beyond:
                return Difference(line.id, line.at + 1, "", asked)
        return self._left_over() if ended or finished else None

    def _left_over(self) -> Difference | None:
        done = {line.id: line.at for line in self.lines}
        for run, kept in self.journal.items():
            if (at := done.get(run, 0)) < len(kept):
                return Difference(run, at + 1, list(kept)[at], "")
        return None

    def raises_otherwise(self, raised: Exception, error: Exception | None, finished: bool) -> Difference | None:
        """That the code raises what the run did not."""
        if error is not None and _alike(raised, error):
            return None
        if error is not None:
            return self.ends_otherwise(f"ended with {_told(error)}", f"raises {_told(raised)}")
        return self.ends_otherwise("came to its end" if finished else "went on", f"raises {_told(raised)}")

    def ends_otherwise(self, expected: str, asked: str) -> Difference:
        """That the same steps come to something else."""
        return Difference(self.id, self.steps, expected, asked, at_end=True)

    def does_not_wait(self, waits_for: Collection[tuple[str, str]]) -> Difference | None:
        """The first of the waits that the code does not come to."""
        reached = {(line.id, asked) for line, asked in self.beyond}
        for run, name in waits_for:
            if (run, name) not in reached:
                line = next((each for each in self.lines if each.id == run), None)
                instead = next((asked for each, asked in self.beyond if each.id == run), "")
                return Difference(run, line.at + 1 if line is not None else 1, name, instead)
        return None

    def found(self, output: Any, difference: Difference | None) -> Replayed:
        """What was found."""
        return Replayed(self.steps, difference, tuple(f"{line.id}: {asked}" for line, asked in self.beyond), output)


class _ReplayRun(StrictRun):
    """A line that gives what was kept, and does nothing."""

    __slots__ = ()

    root: _Root
    acts = False

    def __init__(self, root: _Root, run_id: str, scope: Scope) -> None:
        super().__init__(root, run_id, scope)
        root.lines.append(self)

    @property
    def at(self) -> int:
        """How many of its kept steps were asked for."""
        return self._at

    def record_prompt(self, name: str, prompt: Callable[..., Any], *args: Any) -> None:
        """What is sent to a model is compared with what was sent then."""
        kept = self.root.prompts.get((self.id, name))
        if kept is None or not (self.replays(name) or self._at == len(self._names)):
            return  # another step is next, which says more
        if messages := difference_of(kept, to_json(prompt(*args, kept.get("form")))):
            self._differs(Difference(self.id, self._at + 1, name, name, messages))

    async def step(self, name: str, op: Callable[[*Ts], Awaitable[B]], *args: *Ts, preemptible: bool = False) -> B:
        """What was kept of the step."""
        kept: B = await self._given(name)
        return kept

    async def wait(self, topic: str | None, timeout_seconds: float | None = None) -> Any:
        """What was kept of the wait."""
        if timeout_seconds is not None and f"until:{self._at}" in self._names[self._at : self._at + 1]:
            await self._given(f"until:{self._at}")  # a durable engine keeps when a time is over
        return await self._given(f"wait:{topic}" if topic is not None else f"sleep:{self._at}")

    async def _given(self, name: str) -> Any:
        if self.root.waits_only:  # what the code does in its `finally` while the replay is unwound is no part of the run
            raise Suspended
        if self._at == len(self._names):
            self.root.beyond.append((self, name))
            return await self.root.receive(self.id, f"{BEYOND}: {name}", None)
        if (expected := self._names[self._at]) != name:
            self._differs(Difference(self.id, self._at + 1, expected, name))
        return self._replayed(name)

    def _differs(self, difference: Difference) -> None:
        self.root.difference = self.root.difference or difference
        raise ReplayError(str(self.root.difference))


def _alike(one: Exception, other: Exception) -> bool:
    if isinstance(one, LimitReached) and isinstance(other, LimitReached):
        return one.limit == other.limit  # how far above it the run was depends on who was quicker
    return type(one).__name__ == type(from_json(to_json(other))).__name__ and str(one) == str(other)


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
