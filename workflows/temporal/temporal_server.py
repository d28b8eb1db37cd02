"""Connect to a Temporal server, and work for it: keep runs, and show that what is executed here is alive."""

from __future__ import annotations

import asyncio
import logging
import os
import threading
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import Future
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any, NamedTuple, TypeVar
from urllib.parse import parse_qsl, urlsplit
from weakref import WeakValueDictionary

from sayso.tools.errors import RunError, UsageError
from sayso.tools.installing import build_install_command

from ..durable.database import DatabaseLost
from ..durable.forgotten import close_when_forgotten

try:
    from temporalio import activity
    from temporalio.client import (
        Client,
        RPCTimeoutOrCancelledError,
        WorkflowExecutionStatus,
        WorkflowHandle,
        WorkflowQueryFailedError,
        WorkflowUpdateFailedError,
    )
    from temporalio.exceptions import ApplicationError
    from temporalio.service import RPCError, RPCStatusCode
    from temporalio.worker import Worker as Polling
except ImportError:
    raise UsageError(f"Temporal needs an extra: {build_install_command('temporal')}") from None

from .keeper import HOLD, RunKeeper

log: logging.Logger = logging.getLogger(__name__)
T = TypeVar("T")
PORT, MOST_HELD, CLOSE_SECONDS = 7233, 10_000, 5.0
MOST_UPDATES = 5
"""How many updates of one run this program has under way; a server takes ten, of all programs."""
STALE, STALE_TRIES = "TMPRL1100", 5
"""How Temporal calls a copy of a workflow that is not what its history says, and how often it is asked: each program may have one."""
ENDED_MEANWHILE = "AcceptedUpdateCompletedWorkflow"
"""How Temporal calls the failure of an update that a workflow had taken, and ended before it was done."""
BETTER = "SQLite or Postgres"
SOON = timedelta(seconds=1)
"""How long a workflow task waits for the program that had the workflow in memory; then any other takes it."""


class TemporalAddress(NamedTuple):
    """Where runs are: a server and a namespace, and what stands before the ids and queues of those who share that."""

    target: str
    namespace: str
    prefix: str

    @property
    def place(self) -> str:
        """Return it for people."""
        return f"{self.target}/{self.namespace}"

    @property
    def keepers(self) -> str:
        """Return the queue of the workflows that keep runs."""
        return f"{self.prefix}sayso-runs"

    def find_queue(self, app: str) -> str:
        """Return the queue of an app's workers."""
        return f"{self.prefix}sayso-app-{app}"


def read_address(url: str) -> TemporalAddress:
    """Return what temporal://host:7233/namespace?prefix=desk- names. Raises UsageError for what cannot be read."""
    how = "Write temporal://host:7233/namespace."
    try:
        parts = urlsplit(url)
        port = parts.port or PORT
    except ValueError as error:
        raise UsageError(f"{url!r} cannot be read: {error}. {how}") from None
    namespace, options = parts.path.strip("/") or "default", dict(parse_qsl(parts.query, keep_blank_values=True))
    prefix = options.pop("prefix", "")
    if not parts.hostname or "/" in namespace or parts.username or parts.password:
        raise UsageError(f"{url!r} does not name a host and a namespace. {how}")
    if options:
        raise UsageError(f"{url!r} has the option {next(iter(options))!r}. The one option there is: ?prefix=NAME.")
    return TemporalAddress(f"{parts.hostname}:{port}", namespace, prefix)


class TemporalServer:
    """A Temporal server, as one program uses it: a client and the program's workers, in an event loop and a thread of their own.

    So no event loop of the program has to outlive them, and code of users that blocks keeps no one from saying that this program lives.
    """

    def __init__(self, url: str, hold: Callable[[str, int], Awaitable[None]], queue: str) -> None:
        self.address: TemporalAddress = read_address(url)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="sayso-temporal", daemon=True)
        self._begun = threading.Lock()
        self._client: Future[Client] | None = None
        self._polling = list[Polling]()
        self._queue, self._process = queue, os.getpid()
        self._queries: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()
        self._updates: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()

        @activity.defn(name=HOLD)
        async def hold_run(run_id: str, attempt: int) -> None:
            await hold(run_id, attempt)

        self._hold = hold_run
        self.close: Callable[[], None] = close_when_forgotten(self, partial(_close, self._loop, self._thread, self._polling, self._process))

    @property
    def is_open(self) -> bool:
        """Return whether it has not been closed, and was made by this process."""
        return not self._loop.is_closed() and self._process == os.getpid()

    async def call(self, work: Coroutine[Any, Any, T]) -> T:
        """Do something in the event loop of the client."""
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self._loop))

    async def connect(self) -> Client:
        """Return the client; use it by `call`. Raises UsageError where no server answers."""
        if not self.is_open:
            raise UsageError(f"The engine on {self.address.place} was closed, or made by another process; make another with engine(...).")
        with self._begun:
            if not self._thread.is_alive():
                self._thread.start()
            if self._client is None or (self._client.done() and self._client.exception() is not None):
                work = _connect(self.address, self._polling, self._hold, self._queue)
                self._client = asyncio.run_coroutine_threadsafe(work, self._loop)
        return await asyncio.shield(asyncio.wrap_future(self._client))

    async def work(self, queue: str, activities: list[Callable[..., Any]], most: int) -> Polling:
        """Have this program work for a queue, until it is closed or what is returned is shut down (by `call`)."""
        client = await self.connect()

        async def begin_here() -> Polling:
            worker = Polling(client, task_queue=queue, activities=activities, max_concurrent_activities=most)
            begin(worker, self._polling)
            return worker

        return await self.call(begin_here())

    async def ask(self, work: Callable[[Client], Coroutine[Any, Any, T]]) -> T:
        """Return what the server answers. Raises UsageError for a namespace that is not there, RunError for what it never takes."""
        client = await self.connect()

        async def ask() -> T:
            try:
                return await work(client)
            except RPCError as error:
                raise self._explain(error) from None

        return await self.call(ask())

    async def query(self, run_id: str, name: str, *args: object) -> Any:
        """Return what the keeper of a run answers. Raises UsageError where there is no such run, DatabaseLost where nobody answers."""
        client = await self.connect()

        async def ask() -> Any:
            try:
                return await self._find(client, run_id).query(name, args=args)
            except WorkflowQueryFailedError as error:
                kind = _AskAgain if STALE in str(error) else DatabaseLost
                raise kind(f"The Temporal server ({self.address.place}) refused: {error}") from None

        return await self._ask(run_id, self._queries, 1, ask)

    async def update(self, run_id: str, name: str, asked: object, update_id: str | None = None) -> Any:
        """Have the keeper of a run do something, once for each `update_id`; it is written down when this returns. None if it is over."""
        client = await self.connect()

        async def ask() -> Any:
            try:
                return await self._find(client, run_id).execute_update(name, asked, id=update_id)
            except WorkflowUpdateFailedError as error:
                if isinstance(error.cause, ApplicationError) and error.cause.type == ENDED_MEANWHILE:
                    return None
                raise DatabaseLost(f"The Temporal server ({self.address.place}) refused: {error.cause}") from None
            except RPCTimeoutOrCancelledError:  # a connection that broke is one, too; the client tells no more of it
                raise DatabaseLost(f"The Temporal server ({self.address.place}) did not answer.") from None

        try:
            return await self._ask(run_id, self._updates, MOST_UPDATES, ask)
        except _Over:
            return None

    def _find(self, client: Client, run_id: str) -> WorkflowHandle[Any, Any]:
        return client.get_workflow_handle(f"{self.address.prefix}{run_id.partition('/')[0]}")

    async def _ask(self, run_id: str, turns: WeakValueDictionary[str, asyncio.Semaphore], most: int, ask: Callable[[], Awaitable[T]]) -> T:
        async def answer() -> T:
            turn = turns.setdefault(run_id.partition("/")[0], asyncio.Semaphore(most))
            async with turn:  # a server refuses more of them at once for one workflow
                try:
                    return await ask()
                except RPCError as error:
                    raise await self._look_into(run_id, error) from None

        for tries_left in reversed(range(STALE_TRIES)):
            try:
                return await self.call(answer())
            except _AskAgain:
                if not tries_left:
                    raise
        raise AssertionError("the last try returns or raises")

    async def _look_into(self, run_id: str, error: RPCError) -> Exception:
        """Return what an answer means that is none. Of a run that is not found the server is asked what became of it."""
        if error.status is not RPCStatusCode.NOT_FOUND or _is_of_namespace(error):
            return self._explain(error)
        try:
            found = await self._find(await self.connect(), run_id).describe()
        except RPCError as second:
            if second.status is not RPCStatusCode.NOT_FOUND or _is_of_namespace(second):
                return self._explain(second)
            return UsageError(f"There is no run {run_id.partition('/')[0]!r} in {self.address.place}.")
        # One that runs was begun since, or goes on in another workflow.
        kind = _AskAgain if found.status is WorkflowExecutionStatus.RUNNING else _Over
        return kind(f"The Temporal server ({self.address.place}) could not be used: {error}")

    def _explain(self, error: RPCError) -> Exception:
        """Return an answer of the server in our words: what will never be taken, or what another try may mend."""
        if _is_of_namespace(error):
            return UsageError(
                f"There is no namespace {self.address.namespace!r} on {self.address.target}. Make it (temporal operator namespace create "
                f"{self.address.namespace}), or name another one: temporal://host:port/NAMESPACE."
            )
        if error.status is RPCStatusCode.INVALID_ARGUMENT or "larger than max" in str(error):
            return RunError(
                f"The Temporal server ({self.address.place}) does not take this: {error}. Runs that are too much for it fit {BETTER}."
            )
        return DatabaseLost(f"The Temporal server ({self.address.place}) could not be used: {error}")


def _is_of_namespace(error: RPCError) -> bool:
    return error.status is RPCStatusCode.NOT_FOUND and str(error).startswith("Namespace ")


async def _connect(address: TemporalAddress, polling: list[Polling], hold: Callable[..., Any], queue: str) -> Client:
    """Connect, and begin to work for the keepers of runs and for what this program holds."""
    try:
        client = await Client.connect(address.target, namespace=address.namespace)
    except (RuntimeError, RPCError) as error:
        raise UsageError(f"The Temporal server {address.place} cannot be reached: {error}. Is it up, and is that its port?") from None
    for each in (
        Polling(client, task_queue=address.keepers, workflows=[RunKeeper], sticky_queue_schedule_to_start_timeout=SOON),
        Polling(client, task_queue=queue, activities=[hold], max_concurrent_activities=MOST_HELD),
    ):
        begin(each, polling)
    return client


def begin(worker: Polling, polling: list[Polling]) -> None:
    """Have this program work for a queue, in this event loop, until it is closed."""
    polling.append(worker)
    _WORKING.add(working := asyncio.get_running_loop().create_task(worker.run(), name="sayso-temporal"))
    working.add_done_callback(_end)


_WORKING: set[asyncio.Task[None]] = set()


def _end(working: asyncio.Task[None]) -> None:
    _WORKING.discard(working)
    if not working.cancelled() and (error := working.exception()) is not None:
        log.warning("This program works no more for Temporal: %s", error)


def _close(loop: asyncio.AbstractEventLoop, thread: threading.Thread, polling: list[Polling], process: int) -> None:
    if process != os.getpid() or loop.is_closed():
        return
    if thread.is_alive():

        async def shut_down() -> None:
            await asyncio.gather(*(each.shutdown() for each in polling if each.is_running))

        with suppress(TimeoutError):
            asyncio.run_coroutine_threadsafe(shut_down(), loop).result(CLOSE_SECONDS)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(CLOSE_SECONDS)
    if not loop.is_running():
        loop.close()


class _AskAgain(DatabaseLost):
    """What was asked may be answered a moment later.

    A program had a copy of the keeper in memory that had missed an update, from a query that was answered while another program worked on
    the update, and has thrown it away; or the run was begun just now.
    """


class _Over(DatabaseLost):
    """The run has ended, so its keeper takes nothing any more."""
