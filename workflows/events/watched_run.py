"""Runs whose events are read: they note which calls a step makes and what their models are sent, so that events can tell it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import Any

from sayso.tools.calls import ToolCall
from sayso.tools.canonical import JsonObject

from ..runs.capped_run import CappedRun
from ..runs.execution import Execution
from ..runs.journaled_run import JournaledRun
from ..runs.protocols import B, Scope, Ts
from .plain_values import to_plain_json

Note = Callable[[str, str, JsonObject], None]
"""Takes what a step of a run sends or calls: the run, the step, and JSON."""


class WatchedRun(JournaledRun):
    """A run that tells of its retries also where nobody listens, and stores which calls a step of reads makes."""

    __slots__ = ()

    keeps_notices = True

    async def step(self, name: str, op: Callable[[*Ts], Awaitable[B]], *args: *Ts, preemptible: bool = False) -> B:
        """Do `op(*args)` once and store its result; what it calls is noted first."""
        if name.startswith("reads:") and self._at == len(self._names):
            note_calls(self, name, args)
        return await super().step(name, op, *args, preemptible=preemptible)

    def record_prompt(self, name: str, prompt: Callable[..., object], *args: object) -> None:
        """Store what step `name` is about to send to a model, `prompt(*args)`."""
        if self._at == len(self._names) and name not in self._results:
            self.note(name, prompt(*args))

    def note(self, name: str, sent: object) -> None:
        """Store what a step sends or calls."""
        self._journal.store_prompt(self.id, name, sent)
        if isinstance(notes := getattr(self.execution, "notes", None), dict):
            notes[self.id, name] = sent

    def publish(self, event: object) -> None:
        """Hand an event to whoever listens. What tells of a retry, of less than was asked for or of another model is stored."""
        if getattr(event, "is_stored", False):
            self.execution.emit(event)
        else:
            super().publish(event)


class WatchedCappedRun(WatchedRun, CappedRun):
    """A watched run under money caps."""

    __slots__ = ()

    def __init__(self, execution: Execution, run_id: str, scope: Scope) -> None:
        CappedRun.__init__(self, execution, run_id, scope)


def note_calls(run: WatchedRun, name: str, args: Iterable[object]) -> None:
    """Store which calls a step of reads makes, before it makes them."""
    calls = [{"id": each.id, "tool": each.tool, "arguments": to_plain_json(dict(each.arguments))} for each in _find_calls(args)]
    if calls:
        run.note(name, {"calls": calls})


def _find_calls(args: Iterable[Any]) -> Iterator[ToolCall]:
    """Yield the calls among the arguments of a step: one, or a list of calls with their tools."""
    for each in args:
        if isinstance(each, ToolCall):
            yield each
        elif isinstance(each, (list, tuple)):
            yield from (pair[0] for pair in each if isinstance(pair, tuple) and pair and isinstance(pair[0], ToolCall))
