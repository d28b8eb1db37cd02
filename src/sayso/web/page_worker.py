"""Executes the runs of a page in its program, and hands on what their models write while they write it."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sayso.agents.agent_events import TextStreamed, TextWithdrawn
from sayso.workflows.durable.run_worker import Worker
from sayso.workflows.runs.events import StepEnded, StepFailed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sayso.workflows import App
    from sayso.workflows.durable.durable_execution import DurableExecution
    from sayso.workflows.durable.records import Claimed

MOST_BEHIND = 5000
"""How many events a page may be behind before its stream is ended; it reads the run anew then."""
MOST_KEPT_RUNS = 500
"""Of how many runs is kept what their models have begun to write."""


class _Tap(asyncio.Queue[object]):
    """Stands among the listeners of an execution, and hands its events to the event loop of the pages."""

    def __init__(self, live: LiveRuns, run_id: str) -> None:
        super().__init__()
        self._live, self._run = live, run_id

    def put_nowait(self, item: object) -> None:
        self._live.hand_over(self._run, item)


class LiveRuns:
    """The runs that somebody follows, and what they have said since the last thing that was stored."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._followers: dict[str, list[asyncio.Queue[object]]] = {}
        self._expected: set[str] = set()
        self._said: dict[str, defaultdict[str, list[object]]] = {}  # by run and part of it: what is not stored yet, for who comes later

    def expect(self, run_id: str) -> None:
        """Listen to a run that is about to be submitted here."""
        self._loop = asyncio.get_running_loop()
        self._expected.add(run_id)

    def is_followed(self, run_id: str) -> bool:
        """Return whether anybody follows a run, or is about to."""
        return run_id in self._expected or run_id in self._followers

    def forget(self, run_id: str) -> None:
        """Do no longer listen to a run that has ended."""
        self._expected.discard(run_id)
        self._said.pop(run_id, None)

    @contextmanager
    def follow(self, run_id: str) -> Iterator[asyncio.Queue[object]]:
        """Return a queue of what a run says from now on, as long as the block lasts; what it has begun to say comes first."""
        self._loop = asyncio.get_running_loop()
        queue: asyncio.Queue[object] = asyncio.Queue(MOST_BEHIND)
        for event in [event for part in self._said.get(run_id, {}).values() for event in part][:MOST_BEHIND]:
            queue.put_nowait(event)
        self._followers.setdefault(run_id, []).append(queue)
        try:
            yield queue
        finally:
            self._followers[run_id].remove(queue)
            if not self._followers[run_id]:
                del self._followers[run_id]

    def hand_over(self, run_id: str, event: object) -> None:
        """Hand an event from the thread that executes the run to those who follow it."""
        if self._loop is not None and self.is_followed(run_id):
            self._loop.call_soon_threadsafe(self._publish, run_id, event)

    def _publish(self, run_id: str, event: object) -> None:
        self._keep(run_id, event)
        for queue in self._followers.get(run_id, ()):
            if not queue.full():
                queue.put_nowait(event)

    def _keep(self, run_id: str, event: object) -> None:
        """Keep what a model writes until its reply is stored: a page that is loaded meanwhile begins with it."""
        part = getattr(event, "run", "")
        if isinstance(event, (StepEnded, StepFailed)):
            if event.name.startswith("model:") and run_id in self._said:
                self._said[run_id].pop(part, None)
        elif hasattr(event, "turn") and hasattr(event, "tell"):
            said = self._said.setdefault(run_id, defaultdict(list))[part]
            if isinstance(event, TextWithdrawn):  # a guard may have refused it: who comes later is not told it at all
                said[:] = [each for each in said if not (isinstance(each, TextStreamed) and each.turn == event.turn)]
            if len(said) < MOST_BEHIND:
                said.append(event)
            if len(self._said) > MOST_KEPT_RUNS:
                del self._said[next(iter(self._said))]


class PageWorker(Worker):
    """A worker whose runs can be followed as they go."""

    def __init__(self, app: App, url: str, live: LiveRuns) -> None:
        super().__init__(app, url)
        self.live = live

    def _open(self, claimed: Claimed) -> DurableExecution:
        execution = super()._open(claimed)
        if self.live.is_followed(claimed.run.id):
            execution.listeners.append(_Tap(self.live, claimed.run.id))
            execution.is_watched = True
        return execution
