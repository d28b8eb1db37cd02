"""What the events of a run come to, place by place: how often, how long, and how it stands."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import Any

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

Path = tuple[str, ...]
"""A place below the root of a run: ("quotes.0", "fetch")."""


class Standing(StrEnum):
    """How a place stands."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    WAITING = "waiting"


class Place:
    """One step or branch of a run: how it stands, how long it took, how often it was tried again."""

    __slots__ = ("begun", "error", "retries", "seconds", "standing")

    def __init__(self, begun: float) -> None:
        self.begun, self.seconds, self.retries, self.error = begun, 0.0, 0, ""
        self.standing = Standing.RUNNING


class Timeline:
    """Takes in events as they come; events carry no time, so it looks at the clock for each.

    `events` are all of them, `places` what they come to, in the order in which they began.
    """

    __slots__ = ("_asked", "_clock", "events", "places")

    def __init__(self, events: Iterable[Any] = (), *, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._asked: dict[str, Path] = {}
        self.events: list[Any] = []
        self.places: dict[Path, Place] = {}
        for event in events:
            self.take(event)

    def take(self, event: Any) -> Any:
        """Take one event in, and give it back."""
        self.events.append(event)
        match event:
            case StepStarted(run, name):
                self._began(path_of(run, name))
            case BranchStarted(run, _):
                self._began(path_of(run))
            case StepEnded(run, name):
                self._ended(path_of(run, name), Standing.DONE)
            case BranchEnded(run, _):
                self._ended(path_of(run), Standing.DONE)
            case StepFailed(run, name, error):
                self._ended(path_of(run, name), Standing.FAILED, error)
            case BranchFailed(run, _, error):
                self._ended(path_of(run), Standing.FAILED, error)
            case StepRetried(run, name):
                self._began(path_of(run, name)).retries += 1
            case ApprovalAsked(run, request):
                self._asked[request.digest] = self._asked[request.key] = path = path_of(run, request.position)
                self._began(path).standing = Standing.WAITING
            case ApprovalDecided(_, digest, Reject(reason)) if digest in self._asked:
                self._ended(self._asked[digest], Standing.FAILED, reason or "the answer was no")
            case ApprovalDecided(_, digest) if digest in self._asked:
                self._began(self._asked[digest]).standing = Standing.RUNNING
            case WriteSettled(_, _, key, outcome) if key in self._asked and outcome != Outcome.DONE:
                self._ended(self._asked[key], Standing.FAILED, outcome)
        return event

    def _began(self, path: Path) -> Place:
        place = self.places.get(path)
        if place is None:
            place = self.places[path] = Place(self._clock())
        elif place.standing is not Standing.WAITING:
            place.standing = Standing.RUNNING
        return place

    def _ended(self, path: Path, standing: Standing, error: str = "") -> None:
        place = self.places.get(path)
        if place is None:  # the beginning was not heard
            place = self.places[path] = Place(self._clock())
        place.seconds, place.standing, place.error = self._clock() - place.begun, standing, error


def path_of(run: str, name: str = "") -> Path:
    """The place of a step or branch below the root. The steps of one call (its proposal, intent, effect) are one place."""
    below = tuple(run.split("/")[1:])
    if not name:
        return below
    first, colon, rest = name.partition(":")
    if colon and first in ("read", "propose", "intent", "effect"):
        name = rest
    head, edit, number = name.rpartition(".edit")
    return (*below, head if edit and number.isdigit() else name)
