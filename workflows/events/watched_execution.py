"""An execution that somebody reads the events of, now or later: what it emitted with the time, and who follows it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from sayso.tools.errors import Cancelled, UsageError

from ..runs.execution import AnyResult, Execution
from .event_reader import MISSING, Began, EventReader, Over
from .event_types import AnyEvent, RunFinished, RunPaused
from .watched_run import WatchedRun

log: logging.Logger = logging.getLogger(__name__)
Listener = Callable[[AnyEvent], object]
"""Is called with each event as it happens. What it raises is logged, and does not touch the run."""


class WatchedExecution(Execution):
    """An execution in memory whose events are kept. They are read when somebody asks for them, so that nobody pays who does not."""

    __slots__ = ("_begun", "_followers", "_read", "_reader", "_streamed_to", "_taken", "notes", "told")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.make_run = WatchedRun
        self.told: list[tuple[object, float]] = []
        self.notes: dict[tuple[str, str], Any] = {}
        self._followers: list[Listener] = []
        self._streamed_to: list[Listener] = []
        self._reader: EventReader | None = None
        self._read: list[AnyEvent] = []
        self._taken = self._begun = 0

    # what is told

    async def _execute(self, suspends: bool) -> AnyResult:
        flow = self.flow or getattr(getattr(self.workflow, "__self__", None), "name", "")  # one without an id of its own has no name
        self._begun = max(self._begun, self.attempts) + 1  # one that is cancelled before its first step is no attempt
        self.tell(Began(flow, self.user, self.value, self._begun))
        self.is_shared: bool = True  # so that a pause is noticed, though nobody may have joined
        try:
            result = await super()._execute(suspends)
        except BaseException as error:
            self.tell(Over(describe_end(error), error=error))
            raise
        self.tell(Over("done", result.value) if result.finished else Over("waiting"))
        return result

    def pause(self) -> None:
        """Suspend the run; one in the background stays where it is."""
        super().pause()
        if not self.may_suspend:
            self.is_shared = True
            if not isinstance(self.told[-1][0], Over):
                self.tell(Over("waiting"))

    def emit(self, event: object, is_own: bool = False) -> None:
        """Hand an event to the listeners, and keep it with the time."""
        super().emit(event, is_own)
        self.tell(event)

    def tell(self, event: object) -> None:
        """Keep what happened, and hand its public events to those who follow."""
        self.told.append((event, self.clock()))
        if self._followers:
            known = len(self._read)
            hand_out(self._followers, self.read_events()[known:])

    def put_nowait(self, event: object) -> None:
        """Take what the run publishes while it streams, as one of its listeners: it is handed on, and not kept."""
        hand_out(self._streamed_to, read_streamed(event, self.clock()))

    # who reads it

    def read_events(self) -> list[AnyEvent]:
        """Return the stored events so far."""
        if self._reader is None:
            mask = self.journal.secrets
            self._reader = EventReader(self.id, self, lambda value: mask.mask_json(value) if mask.texts else value)
        while self._taken < len(self.told):
            event, time = self.told[self._taken]
            self._taken += 1
            self._read += [each for each in self._reader.take(event, time) if not each.is_streamed]
        return self._read

    def follow(self, listener: Listener, *, streamed: bool = True) -> Callable[[], None]:
        """Hand each event to a listener from now on; with what streams if asked for. Return how to stop it."""
        self.read_events()
        self._followers.append(listener)
        if streamed:
            self._streamed_to.append(listener)
            self.listeners.append(self)

        def stop() -> None:
            self._followers.remove(listener)
            if streamed:
                self._streamed_to.remove(listener)
                del self.listeners[next(index for index, each in enumerate(self.listeners) if each is self)]

        return stop

    def find_result(self, run: str, name: str) -> object:
        """Return what a step came to."""
        return self.journal.results.get(run, {}).get(name, MISSING)

    def find_sent(self, run: str, name: str) -> Mapping[str, Any] | None:
        """Return what a step has sent to its model, or which calls it makes."""
        return self.notes.get((run, name))


def describe_end(error: BaseException) -> str:
    """Return the state of a run that ended with an error."""
    if isinstance(error, Cancelled):
        return "cancelled"
    return "failed" if isinstance(error, Exception) else "interrupted"


def read_streamed(event: object, time: float) -> Iterator[AnyEvent]:
    """Yield the public event of what streams; nothing for what is stored as well."""
    from ..runs.events import Progress  # late, for load time
    from .event_types import StageReached

    if isinstance(event, Progress):
        yield StageReached(run=event.run, time=time, stage=event.stage, detail=event.detail)
    elif (tell := getattr(event, "tell", None)) is not None:
        told: AnyEvent = tell(time)
        if told.is_streamed:
            yield told


def hand_out(listeners: Sequence[Listener], events: Iterable[AnyEvent]) -> None:
    """Hand events to listeners. What one raises is logged: a broken listener breaks no run."""
    for event in events:
        for listener in tuple(listeners):
            try:
                listener(event)
            except Exception:
                log.exception("A listener raised at %s of run %s; the run goes on.", type(event).__name__, event.run)


async def follow_events(execution: WatchedExecution, run_id: str, since: int, through_pauses: bool) -> AsyncGenerator[AnyEvent, None]:
    """Yield the stored events of a run or child from number `since` on, then live ones until the run ends, or pauses where that counts."""
    queue: asyncio.Queue[AnyEvent | None] = asyncio.Queue()
    stored = list(execution.read_events())
    stop = execution.follow(queue.put_nowait)
    task = execution.task
    if task is not None:
        task.add_done_callback(lambda _: queue.put_nowait(None))  # one that is cancelled before it began tells nothing
    try:
        last = stored[-1] if stored else None
        for event in stored:
            if event.number is not None and event.number >= since and is_of(event, run_id):
                yield event
        if not through_pauses and type(last) is RunPaused:
            return
        is_begun = execution.is_running or (task is not None and not task.done())
        while is_begun or (through_pauses and type(last) is not RunFinished):
            following = await queue.get()
            if following is None:
                return
            last = event = following
            if (event.number is None or event.number >= since) and is_of(event, run_id):
                yield event
            if type(event) is RunFinished or (type(event) is RunPaused and not through_pauses):
                return
    finally:
        stop()


async def watch(execution: Execution, take_result: Callable[[AnyResult], object] | None = None) -> AsyncGenerator[AnyEvent, None]:
    """Execute a run here and yield its events, what streams among them; `take_result` is called with what it came to.

    Raises what the run raises; leaving early cancels it.
    """
    follow = getattr(execution, "follow", None)
    if follow is None:
        raise UsageError("This engine keeps no events. Give the run another: engine=sayso.engine().")
    queue: asyncio.Queue[AnyEvent | None] = asyncio.Queue()
    stop = follow(queue.put_nowait)
    task = asyncio.get_running_loop().create_task(execution.execute(suspends=True))
    task.add_done_callback(lambda _: queue.put_nowait(None))
    try:
        while (event := await queue.get()) is not None:
            yield event
        result = await task
        if take_result is not None:
            take_result(result)
    finally:
        stop()
        if not task.done():
            task.cancel()
            await asyncio.wait({task})


def is_of(event: AnyEvent, run_id: str) -> bool:
    """Return whether an event is of this run or of one below it. What ends the run is told to all who follow a part of it."""
    return "/" not in run_id or event.run == run_id or event.run.startswith(f"{run_id}/")
