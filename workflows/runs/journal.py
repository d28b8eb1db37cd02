"""The journal of a run: what its steps returned, stored as they end and returned again when the run is resumed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar, NamedTuple, TypeVar

from sayso.tools.calls import Outcome
from sayso.tools.errors import ToolError

from .codec import from_json, to_json
from .limits import NO_USAGE, Usage, count_steps, results_of
from .run_secrets import RunSecrets

T = TypeVar("T")


class Entry(NamedTuple):
    """One stored result as JSON: of the step or wait `name` of the run `run`."""

    run: str
    name: str
    value: object


class Failure(NamedTuple):
    """The stored result of a step that raised: a resumed run raises the same."""

    error: Exception


@dataclass(slots=True, eq=False)
class Journal:
    """Results by run id and step name. This one holds the objects themselves, for as long as the program lives.

    StrictJournal holds them as JSON, as a database would; DurableJournal (in durable/) writes them to one. A run calls `save` where
    `has_unsaved` says so, before it goes on.
    """

    is_strict: ClassVar[bool] = False
    is_durable: ClassVar[bool] = False
    results: dict[str, dict[str, object]] = field(default_factory=dict)
    emitted: dict[str, int] | None = None
    """How many events the code of each run has emitted, once one has."""
    has_unsaved: bool = False
    lost: Exception | None = None
    """Why nothing can be stored any more."""
    secrets: RunSecrets = field(default_factory=RunSecrets)

    def store(self, run_id: str, name: str, value: T) -> T:
        """Store the result of a step, and return it as a resumed run will see it."""
        self.results[run_id][name] = value
        return value

    def forget(self, run_id: str, name: str) -> None:
        """Remove a failure that ended the run."""
        del self.results[run_id][name]

    def store_prompt(self, run_id: str, name: str, prompt: object) -> None:
        """Store what a step is about to send to a model, where prompts are stored."""

    def record_event(self, event: object, is_own: bool) -> None:
        """Store an event, where events are stored; `is_own` says that the workflow's code emitted it."""

    async def save(self) -> object:
        """Write down what is not written yet."""
        return None

    def is_saving(self) -> bool:
        """Return whether a branch waits for what it has stored to be written down, and goes on then."""
        return False

    def is_doubtful(self) -> bool:
        """Return whether others may have taken the run over, so that `check_claim` has to be asked before anything is begun."""
        return False

    async def check_claim(self) -> None:
        """Raise an error if the run is somebody else's by now."""

    async def record_repeat(self, run_id: str, key: str) -> None:
        """Store that a write is about to be performed again, where that is stored. Raises an error if the run is somebody else's by now."""

    def forget_failures(self, error: BaseException) -> None:
        """Remove the failures that ended the run: when it is resumed, what failed is tried again.

        A failure that the workflow's code dealt with stays: what came after it was decided by it.
        """
        causes: dict[int, BaseException] = {}
        _collect_causes(error, causes)
        for run_id, results in self.results.items():
            while results:
                name = next(reversed(results))
                if not _is_among(causes, name, results[name]):
                    break
                self.forget(run_id, name)

    def count_usage(self, run_id: str) -> Usage:
        """Return what a run and those below it have used in earlier executions."""
        total = NO_USAGE
        for run, results in self.results.items():
            if run == run_id or run.startswith(f"{run_id}/"):
                total += count_steps(results)
        return total


@dataclass(slots=True, eq=False)
class StrictJournal(Journal):
    """A journal in memory whose every value goes through JSON, with what models were sent."""

    is_strict = True
    entries: list[Entry] = field(default_factory=list)
    prompts: dict[tuple[str, str], object] = field(default_factory=dict)
    """By run and step."""

    def store(self, run_id: str, name: str, value: T) -> T:
        """Store the result of a step as JSON. Raises NotJson."""
        written = to_json(value, f"the result of {name!r} in run {run_id}")
        if not isinstance(value, Failure):  # what is raised now and what is stored stay the same error
            value = from_json(written)
        self.results[run_id][name] = value
        self.entries.append(Entry(run_id, name, written))
        return value

    def forget(self, run_id: str, name: str) -> None:
        """Remove a failure that ended the run."""
        del self.results[run_id][name]
        self.entries = [entry for entry in self.entries if (entry.run, entry.name) != (run_id, name)]

    def store_prompt(self, run_id: str, name: str, prompt: object) -> None:
        """Store what a step is about to send to a model."""
        self.prompts[run_id, name] = prompt

    def load(self, entries: Iterable[Entry]) -> None:
        """Add results that an earlier execution has stored."""
        for entry in entries:
            self.results.setdefault(entry.run, {})[entry.name] = from_json(entry.value)
            self.entries.append(entry)


def _is_among(causes: Mapping[int, BaseException], name: str, value: object) -> bool:
    """Return whether a stored result is one of the failures. A read that a tool refused is stored as a result with the tool's words."""
    if isinstance(value, Failure):
        return id(value.error) in causes
    if not name.startswith("read:"):
        return False
    refusals = [result.text for result in results_of(value) if result.outcome is Outcome.FAILED]
    return any(isinstance(cause, ToolError) and str(cause) in refusals for cause in causes.values())


def _collect_causes(error: BaseException, causes: dict[int, BaseException]) -> None:
    """Add the error, what it was raised from, and the members of a group, by id."""
    if id(error) in causes:
        return
    causes[id(error)] = error
    members = error.exceptions if isinstance(error, BaseExceptionGroup) else ()
    for each in (error.__cause__, error.__context__, *members):
        if each is not None:
            _collect_causes(each, causes)
