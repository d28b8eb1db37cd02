"""A timeline: the events of a run, and what they come to at each position: how often, how long, and its status."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import TypeVar

from sayso.tools.approval.requests import Reject
from sayso.tools.calls import Outcome

from .events import (
    ApprovalAsked,
    ApprovalDecided,
    BranchEnded,
    BranchFailed,
    BranchStarted,
    StepEnded,
    StepFailed,
    StepRetried,
    StepStarted,
    WriteSettled,
)

E = TypeVar("E")
PositionPath = tuple[str, ...]
"""A position below the root of a run: ("quotes.0", "fetch")."""


class Status(StrEnum):
    """The status of a position."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    WAITING = "waiting"


class PositionState:
    """One step or branch of a run: its status, its seconds, how often it was tried again, and why it failed."""

    __slots__ = ("error", "retries", "seconds", "started_at", "status")

    def __init__(self, started_at: float) -> None:
        self.started_at: float = started_at
        self.seconds: float = 0.0
        self.retries: int = 0
        self.error: str = ""
        self.status: Status = Status.RUNNING


class Timeline:
    """Reads events as they come. Events carry no time, so it looks at the clock for each.

    `events` are all of them, `positions` what they come to, in the order in which they started.
    """

    __slots__ = ("_clock", "_requests", "events", "positions")

    def __init__(self, events: Iterable[object] = (), *, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._requests: dict[str, PositionPath] = {}
        self.events: list[object] = []
        self.positions: dict[PositionPath, PositionState] = {}
        for event in events:
            self.add(event)

    def add(self, event: E) -> E:
        """Add an event and return it."""
        self.events.append(event)
        match event:
            case StepStarted(run, name):
                self._start(find_position(run, name))
            case BranchStarted(run, _):
                self._start(find_position(run))
            case StepEnded(run, name):
                self._end(find_position(run, name), Status.DONE)
            case BranchEnded(run, _):
                self._end(find_position(run), Status.DONE)
            case StepFailed(run, name, error):
                self._end(find_position(run, name), Status.FAILED, error)
            case BranchFailed(run, _, error):
                self._end(find_position(run), Status.FAILED, error)
            case StepRetried(run, name):
                self._start(find_position(run, name)).retries += 1
            case ApprovalAsked(run, request):
                self._requests[request.digest] = self._requests[request.key] = path = find_position(run, request.position)
                self._start(path).status = Status.WAITING
            case ApprovalDecided(_, digest, Reject(reason)) if digest in self._requests:
                self._end(self._requests[digest], Status.FAILED, reason or "the answer was no")
            case ApprovalDecided(_, digest) if digest in self._requests:
                self._start(self._requests[digest]).status = Status.RUNNING
            case WriteSettled(_, _, key, outcome) if key in self._requests and outcome != Outcome.DONE:
                self._end(self._requests[key], Status.FAILED, outcome)
        return event

    def _start(self, path: PositionPath) -> PositionState:
        state = self.positions.get(path)
        if state is None:
            state = self.positions[path] = PositionState(self._clock())
        elif state.status is not Status.WAITING:
            state.status = Status.RUNNING
        return state

    def _end(self, path: PositionPath, status: Status, error: str = "") -> None:
        state = self.positions.get(path)
        if state is None:  # nobody listened yet when it started
            state = self.positions[path] = PositionState(self._clock())
        state.seconds, state.status, state.error = self._clock() - state.started_at, status, error


def find_position(run: str, name: str = "") -> PositionPath:
    """Return the position of a step or branch below the root. The steps of one call (its proposal, intent, effect) have the same one."""
    below = tuple(run.split("/")[1:])
    if not name:
        return below
    first, colon, rest = name.partition(":")
    if colon and first in ("read", "propose", "intent", "effect"):
        name = rest
    head, edit, number = name.rpartition(".edit")
    return (*below, head if edit and number.isdigit() else name)
