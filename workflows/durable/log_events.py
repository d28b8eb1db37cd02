"""Read the events of a run from its log, and follow them while it goes on, here or elsewhere."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from contextlib import aclosing, suppress
from typing import TYPE_CHECKING, Any, Protocol

from sayso.tools.errors import SaysoError

from ..events.event_fields import has_its_types
from ..events.event_reader import MISSING, Began, EventReader, Over, Unread
from ..events.event_types import AnyEvent, ModelRequested
from ..events.watched_execution import Listener, hand_out, is_of, read_streamed
from ..runs.codec import SEALED_MARK, read_value
from ..runs.execution import AnyResult, EventSink
from ..runs.limits import Usage
from ..runs.stored_types import find_type
from . import records
from .chain import Row
from .news import POLL_SECONDS

if TYPE_CHECKING:
    from .durable_journal import DurableJournal
    from .records import RunRow


class ExecutedHere(Protocol):
    """A run that is executed in this program, as those who read its events see it."""

    id: str
    listeners: list[EventSink]
    notes: dict[tuple[str, str], Mapping[str, Any]] | None
    saved: DurableJournal

    def join(self) -> asyncio.Future[AnyResult]:
        """Return the end, or the next pause."""
        ...


class KeepsLogs(Protocol):
    """An engine, as those who follow a log see it."""

    async def run(self, run_id: str) -> RunRow:
        """Return the row of a run. Raises UsageError if there is none."""
        ...

    async def log(self, run_id: str, since: int = 0) -> list[Row]:
        """Return the log of a run after row `since`."""
        ...

    def find_here(self, run_id: str) -> ExecutedHere | None:
        """Return the execution of a run in this event loop."""
        ...


GATHER_SECONDS = 0.12
"""How long after something was emitted here the log is read: by then it is written."""


class LogEvents:
    """Takes the rows of a run's log in order, and yields the events that they tell."""

    def __init__(self, root: str) -> None:
        self.root = root
        self.reader: EventReader = EventReader(root, self)
        self._results: dict[tuple[str, str], object] = {}
        self._sent: dict[tuple[str, str], Any] = {}
        self._flow = self._user = ""
        self._input: object = None

    @property
    def usage(self) -> Usage:
        """Return what the run has used, as far as its log was taken."""
        return self.reader.usage

    def take(self, row: Row, run: RunRow | None = None) -> Iterator[AnyEvent]:
        """Yield the events of the next row. `run` is the run as it is now: what it came to is not in its log.

        A row that cannot be read, because it was changed, is an event that says so: a reader of many runs goes on.
        """
        try:
            told = list(self._read_row(row, run))
        except (SaysoError, ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError):
            told = None
        if told is None or not all(map(has_its_types, told)):
            why = f"row {row.number} ({row.kind} {row.name}) cannot be read; see: sayso verify {self.root}"
            told = list(self.reader.take(Unread(self.root, "UnreadableRow", why), row.at))
        yield from told

    def _read_row(self, row: Row, run: RunRow | None) -> Iterator[AnyEvent]:
        match row.kind:
            case "started":
                self._flow, self._input = row.name, _read(row.value)
            case "created":
                created = json.loads(row.value)
                self._user = str(created.get("user", "")) if isinstance(created, dict) else ""
            case "begun":
                by = json.loads(row.value).get("by", "")
                began = Began(self._flow, self._user, self._input, int(row.name), str(by))
                yield from self.reader.take(began, row.at)
            case "kept":
                self._results[row.run, row.name] = _read(row.value)
            case "forgotten":
                self._results.pop((row.run, row.name), None)
            case "sent":
                self._sent[row.run, row.name] = _read(row.value) if SEALED_MARK in row.value else json.loads(row.value)
            case "event" | "told":
                value = _read(row.value)
                known = find_type(row.name) is not None and not isinstance(value, (dict, list))
                yield from self.reader.take(value if known else Unread(row.run, row.name.rpartition(":")[2], value), row.at)
            case "ended":
                yield from self.reader.take(_read_end(row, run), row.at)
            case _:
                pass

    def find_result(self, run: str, name: str) -> object:
        """Return what a step came to."""
        return self._results.get((run, name), MISSING)

    def find_sent(self, run: str, name: str) -> Mapping[str, Any] | None:
        """Return what a step has sent to its model, or which calls it makes."""
        return self._sent.get((run, name))


class ExecutionEvents(LogEvents):
    """The events of a run that is executed here, as they happen: after those of its log, with the numbers that they get there."""

    def __init__(self, execution: ExecutedHere) -> None:
        super().__init__(execution.id)
        self._execution, secrets = execution, execution.saved.secrets
        self.reader: EventReader = EventReader(execution.id, self, lambda value: secrets.mask_json(value) if secrets.texts else value)

    def find_result(self, run: str, name: str) -> object:
        """Return what a step came to."""
        found = self._execution.saved.results.get(run, {}).get(name, MISSING)
        return super().find_result(run, name) if found is MISSING else found  # a run that is taken over has loaded nothing yet

    def find_sent(self, run: str, name: str) -> Mapping[str, Any] | None:
        """Return what a step has sent to its model, or which calls it makes."""
        return (self._execution.notes or {}).get((run, name)) or super().find_sent(run, name)

    def begin(self, log: Sequence[Row], listeners: Sequence[Listener]) -> None:
        """Take in the log of a claimed run, and tell listeners of the execution that begins; those that can recall are told all before."""
        told = [event for row in log for event in self.take(row)]
        for listener in listeners:
            if (recall := getattr(listener, "recall", None)) is not None:
                recall(told[:-1])
        hand_out(listeners, told[-1:])

    def describe_end(self, state: str, output: str | None, error: str | None) -> Over:
        """Return how the execution ends, from the JSON that is stored of it."""
        value = _read(output) if output is not None else None
        return Over(state, value.get("value") if isinstance(value, dict) else value, None if error is None else _read(error))

    def read(self, event: object) -> list[AnyEvent]:
        """Return the stored events of what is emitted now."""
        return [each for each in self.reader.take(event, self._execution.saved.last_at) if not each.is_streamed]


def _read(text: str) -> object:
    try:
        return read_value(json.loads(text))
    except (ValueError, RecursionError):  # the log was changed; `sayso verify` says where
        return text


def _read_end(row: Row, run: RunRow | None) -> Over:
    """Return how an execution ended. What the run came to, the run itself knows."""
    output: object = None
    error: object = None
    with suppress(ValueError, TypeError, KeyError, AttributeError):
        ended = json.loads(row.value)
        error = _read(json.dumps(ended["raised"])) if "raised" in ended else None
    if run is not None and run.state == row.name:
        with suppress(ValueError, TypeError, KeyError, AttributeError):
            if run.output is not None:
                output = _read(run.output)  # its secrets stay encrypted: no event has one
                output = output.get("value") if isinstance(output, dict) else output
            if run.error is not None and error is None:  # of an older Sayso
                error = _read(run.error)
    return Over(row.name, output, error)


async def follow_log(
    engine: KeepsLogs, clock: Callable[[], float], run_id: str, since: int, through_pauses: bool
) -> AsyncGenerator[AnyEvent, None]:
    """Yield the stored events of a run or child from number `since` on, then those that are added, until it ends or pauses.

    While it is executed here, what streams comes in between, each piece after the request that it answers.
    """
    root, at, asked, held = run_id.partition("/")[0], 0, set[tuple[str, int]](), list[AnyEvent]()
    reader, tap = LogEvents(root), _Tap()
    await engine.run(root)  # raises for a run that is not there
    try:
        while True:
            tap.attach(engine, root)
            before = await engine.run(root)
            log = await engine.log(root, at)
            run = await engine.run(root) if any(row.kind == "ended" for row in log) else before
            for row in log:
                at = row.number
                for event in reader.take(row, run):
                    if isinstance(event, ModelRequested):
                        asked.add((event.run, event.turn))
                    if event.number is not None and event.number >= since and is_of(event, run_id):
                        yield event
            if not through_pauses and tap.is_paused and run.number <= at:
                return  # it waits in this program, which holds it
            goes_on = run.state in (records.NEW, records.QUEUED, records.RUNNING) or run.number > at
            if not goes_on and (run.state in records.ENDED or not through_pauses):
                return
            async with aclosing(tap.wait(clock, asked, held)) as pieces:
                async for piece in pieces:
                    if is_of(piece, run_id):
                        yield piece
    finally:
        tap.detach()


class _Tap:
    """Takes what a run that is executed here streams, as one of its listeners."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[object] = asyncio.Queue()
        self._execution: ExecutedHere | None = None
        self._pause: asyncio.Future[AnyResult] | None = None

    def attach(self, engine: KeepsLogs, root: str) -> None:
        """Listen to the execution of the run in this event loop, if there is one."""
        execution = engine.find_here(root)
        if execution is not None and execution is not self._execution:
            self.detach()
            self._execution = execution
            execution.listeners.append(self._queue)
            self._pause = execution.join()

    @property
    def is_paused(self) -> bool:
        """Return whether the run waits for a decision, and all that it told is written."""
        if self._execution is None or self._pause is None or not self._pause.done() or self._pause.cancelled():
            return False
        is_over = self._pause.exception() is not None or self._pause.result().finished
        return not is_over and not self._execution.saved.has_unsaved

    def detach(self) -> None:
        """Listen no more."""
        if self._execution is not None:
            with suppress(ValueError):
                self._execution.listeners.remove(self._queue)
        self._execution = None

    async def wait(self, clock: Callable[[], float], asked: set[tuple[str, int]], held: list[AnyEvent]) -> AsyncGenerator[AnyEvent, None]:
        """Yield the pieces that come until it is time to read the log again; those whose request was not read yet are held."""
        loop = asyncio.get_running_loop()
        until = loop.time() + POLL_SECONDS
        for piece in _let_out(held, asked):
            yield piece
        while (left := until - loop.time()) > 0:
            try:
                event = await asyncio.wait_for(self._queue.get(), left)
            except TimeoutError:
                return
            pieces = list(read_streamed(event, clock()))
            if not pieces:  # it is stored: the log has it soon
                until = min(until, loop.time() + GATHER_SECONDS)
            held += pieces
            for piece in _let_out(held, asked):
                yield piece


def _let_out(held: list[AnyEvent], asked: set[tuple[str, int]]) -> list[AnyEvent]:
    """Return the pieces whose request is known, and keep the others."""
    out = [each for each in held if (turn := getattr(each, "turn", None)) is None or (each.run, turn) in asked]
    held[:] = [each for each in held if each not in out]
    return out
