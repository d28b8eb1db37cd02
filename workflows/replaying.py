"""Replay that cannot act: code is run over a journal, and the first difference is told. No step, write or wait is ever done."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Any, NamedTuple

from sayso.tools.errors import ReplayError

from .codec import to_json
from .line import Entry, StrictRun
from .memory import MemoryEngine
from .result import RunResult
from .root import Root
from .run import Scope, WorkflowCode

BEYOND = "beyond the journal"


class Difference(NamedTuple):
    """Where code and journal part: in run `run`, at its `number`-th kept step, the journal has `expected` and the code asks for `asked`.

    "" for `expected` is the end of the journal, "" for `asked` the end of the code.
    """

    run: str
    number: int
    expected: str
    asked: str

    def __str__(self) -> str:
        expected = f"has {self.expected!r}" if self.expected else "ends"
        asked = f"asks for {self.asked!r}" if self.asked else "ends"
        return f"{self.run}, step {self.number}: the journal {expected}, the code {asked}."


class Replayed(NamedTuple):
    """What a replay found: how many kept steps fit, the first difference (None where there is none), and what the code gave.

    `waits` names the steps and waits that the journal of a run that is not over does not have yet; they were not done.
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
    fresh: Callable[[], Scope] = Scope,
) -> Replayed:
    """Run the code against the journal of a run, touching neither model, web nor tools.

    `entries` is `engine.journal(run_id)` or `await engine.kept(run_id)`. Of a run that is `finished` the code must ask for all that is kept
    and nothing more, and give `output` where that is handed in. What the code raises, it is taken to have raised then.
    """
    home = _Home()
    root = home.restore(workflow, value, run_id, entries, fresh)
    assert isinstance(root, _Root)
    try:
        given: RunResult[Any] = await root.carry(suspends=True)
    except Exception:  # noqa: BLE001  a run that failed fails in its replay too; the comparison is of its steps
        return root.found(None, finished)
    if finished and given.finished and output is not ... and to_json(given.value) != to_json(output) and root.first(finished) is None:
        return root.found(given.value)._replace(
            difference=Difference(run_id, root.steps, f"the output {output!r}", f"to give {given.value!r}")
        )
    return root.found(given.value if given.finished else None, finished)


class _Home(MemoryEngine):
    """An engine that carries nothing out."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__(strict=True, record=False)
        self.run_type = _ReplayRun

    def make_root(self, run_id: str, workflow: WorkflowCode, value: Any, fresh: Callable[[], Scope]) -> Root:
        """A run that is only replayed."""
        return _Root(self, run_id, workflow, value, fresh)


class _Root(Root):
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

    @property
    def steps(self) -> int:
        """How many kept steps the code has asked for."""
        return sum(line.at for line in self.lines)

    def first(self, finished: bool) -> Difference | None:
        """The first place where journal and code part."""
        if self.difference is not None or not finished:
            return self.difference
        for line, asked in self.beyond:
            return Difference(line.id, line.at + 1, "", asked)
        done = {line.id: line.at for line in self.lines}
        for run, kept in self.journal.items():
            if (at := done.get(run, 0)) < len(kept):
                return Difference(run, at + 1, list(kept)[at], "")
        return None

    def found(self, output: Any, finished: bool = False) -> Replayed:
        """What was found."""
        waits = () if finished else tuple(f"{line.id}: {asked}" for line, asked in self.beyond)
        return Replayed(self.steps, self.first(finished), waits, output)


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

    async def step(self, name: str, op: Callable[..., Awaitable[Any]], *args: Any, preemptible: bool = False) -> Any:
        """What was kept of the step."""
        return await self._given(name)

    async def wait(self, topic: str | None, timeout_seconds: float | None = None) -> Any:
        """What was kept of the wait."""
        if timeout_seconds is not None and f"until:{self._at}" in self._names[self._at : self._at + 1]:
            await self._given(f"until:{self._at}")  # a durable engine keeps when a time is over
        return await self._given(f"wait:{topic}" if topic is not None else f"sleep:{self._at}")

    async def _given(self, name: str) -> Any:
        if self._at == len(self._names):
            self.root.beyond.append((self, name))
            return await self.root.receive(self.id, f"{BEYOND}: {name}", None)
        if (expected := self._names[self._at]) != name:
            self.root.difference = self.root.difference or Difference(self.id, self._at + 1, expected, name)
            raise ReplayError(str(self.root.difference))
        return self._replayed(name)
