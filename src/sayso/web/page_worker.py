"""Executes the runs of a page in its program, and hands on what their models write while they write it."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sayso.workflows.durable.run_worker import Worker

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sayso.workflows import App
    from sayso.workflows.durable.durable_execution import DurableExecution
    from sayso.workflows.durable.records import Claimed

MOST_BEHIND = 5000
"""How many events a page may be behind before its stream is ended; it reads the run anew then."""


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

    @contextmanager
    def follow(self, run_id: str) -> Iterator[asyncio.Queue[object]]:
        """Return a queue of what a run says from now on, as long as the block lasts."""
        self._loop = asyncio.get_running_loop()
        queue: asyncio.Queue[object] = asyncio.Queue(MOST_BEHIND)
        self._followers.setdefault(run_id, []).append(queue)
        try:
            yield queue
        finally:
            self._followers[run_id].remove(queue)
            if not self._followers[run_id]:
                del self._followers[run_id]

    def hand_over(self, run_id: str, event: object) -> None:
        """Hand an event from the thread that executes the run to those who follow it."""
        if self._loop is not None and run_id in self._followers:
            self._loop.call_soon_threadsafe(self._publish, run_id, event)

    def _publish(self, run_id: str, event: object) -> None:
        for queue in self._followers.get(run_id, ()):
            if not queue.full():
                queue.put_nowait(event)


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
