"""A timeline: the events of a run, and what they come to at each position: how often, how long, and its status."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from sayso.tools.calls import Outcome

from .event_types import (
    AnyEvent,
    ApprovalRequested,
    ApprovalTaken,
    ChildBegan,
    ChildFinished,
    ModelFailed,
    ModelReplied,
    ModelRequested,
    StepBegan,
    StepFinished,
    StepRepeated,
    ToolBegan,
    ToolFinished,
)

PositionPath = tuple[str, ...]
"""A position below the root of a run: ("quotes.0", "fetch")."""


class Status(StrEnum):
    """The status of a position."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    WAITING = "waiting"


class PositionState:
    """One step, call or child of a run: its status, its seconds, how often it was tried again, and why it failed."""

    __slots__ = ("error", "retries", "seconds", "started_at", "status")

    def __init__(self, started_at: float) -> None:
        self.started_at: float = started_at
        self.seconds: float = 0.0
        self.retries: int = 0
        self.error: str = ""
        self.status: Status = Status.RUNNING


class Timeline:
    """Reads the events of a run, as they come (`flow.run_events`) or as they are stored (`engine.events`).

    `events` are all of them, `positions` what they come to, in the order in which they started.
    """

    __slots__ = ("_requests", "events", "positions")

    def __init__(self, events: Iterable[AnyEvent] = ()) -> None:
        self._requests: dict[str, PositionPath] = {}
        self.events: list[AnyEvent] = []
        self.positions: dict[PositionPath, PositionState] = {}
        for event in events:
            self.add(event)

    def __repr__(self) -> str:
        return f"<Timeline of {len(self.events)} events at {len(self.positions)} positions>"

    def add(self, event: AnyEvent) -> AnyEvent:
        """Add an event and return it."""
        self.events.append(event)
        path = find_position(event.run, event.position)
        if getattr(event, "cut_off", False):
            return event  # it stopped there
        match event:
            case StepBegan() | ChildBegan() | ModelRequested() | ToolBegan():
                self._start(path, event.time)
            case StepFinished(failed=True) | ModelFailed():
                self._end(path, Status.FAILED, event.time, event.error)
            case ChildFinished():
                self._end(path, Status.FAILED if event.error else Status.DONE, event.time, event.error)
            case StepFinished() | ModelReplied():
                self._end(path, Status.DONE, event.time)
            case StepRepeated():
                self._start(path, event.time).retries += 1
            case ApprovalRequested():
                self._requests[event.request.digest] = path
                self._start(path, event.time).status = Status.WAITING
            case ApprovalTaken() if event.digest in self._requests:
                self._take_decision(self._requests[event.digest], event)
            case ToolFinished():
                self._end_call(path, event)
            case _:
                pass
        return event

    def _take_decision(self, path: PositionPath, event: ApprovalTaken) -> None:
        if event.decision == "reject":
            self._end(path, Status.FAILED, event.time, event.reason or "the answer was no")
        else:
            self._start(path, event.time).status = Status.RUNNING

    def _end_call(self, path: PositionPath, event: ToolFinished) -> None:
        if event.outcome == Outcome.DONE:
            self._end(path, Status.DONE, event.time)
        elif event.outcome != Outcome.REJECTED or path not in self.positions or self.positions[path].status is not Status.FAILED:
            self._end(path, Status.FAILED, event.time, event.outcome)  # of a rejected call its decision has said why

    def _start(self, path: PositionPath, time: float) -> PositionState:
        state = self.positions.get(path)
        if state is None:
            state = self.positions[path] = PositionState(time)
        elif state.status is not Status.WAITING:
            state.status = Status.RUNNING
        return state

    def _end(self, path: PositionPath, status: Status, time: float, error: str = "") -> None:
        state = self.positions.get(path)
        if state is None:  # nobody listened yet when it started
            state = self.positions[path] = PositionState(time)
        state.seconds, state.status, state.error = time - state.started_at, status, error


def find_position(run: str, position: str = "") -> PositionPath:
    """Return a position below the root: of a run or child, and the place in it."""
    below = tuple(run.split("/")[1:])
    return (*below, position) if position else below
