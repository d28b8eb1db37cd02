"""Use DBOS for runs: an execution of a run is a DBOS workflow, and queued executions are given to one worker each.

DBOS is one per process. Its steps are not used (see the package); its version is pinned, so that a new release of a program still finds the
runs of the old one, and its values are JSON, so that nobody who can write the database can have code executed.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import threading
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sayso.tools.errors import UsageError
from sayso.tools.installing import build_install_command

from .database import find_path

VERSION = "journal-1"
NAME = "sayso"
WIDE = 300
THREADS = 16
QUEUE_SECONDS = 0.1

T = TypeVar("T")
ExecuteRun = Callable[[str], Awaitable[str]]
"""Executes the queued run of that id, and says in a word what became of it."""


def queue_name(app: str) -> str:
    """Return the name of the queue of an application's runs."""
    return f"sayso-{app}"


@dataclass(slots=True, eq=False)
class _Local:
    """An execution by the program that asked for it: DBOS says when it has begun, the program when it is over."""

    begun: Future[None] = field(default_factory=Future)
    over: Future[None] = field(default_factory=Future)


class Dispatch:
    """DBOS on one database, in this process."""

    def __init__(self, url: str, owner: str, listens_to: str | None = None, execute: ExecuteRun | None = None) -> None:
        self.url, self.owner, self._listens_to, self.execute = url, owner, listens_to, execute
        self.local: dict[str, _Local] = {}
        self._under_way = 0
        self._is_guest = False

    async def within(self, name: str, work: Callable[[], Awaitable[T]]) -> T:
        """Do the work while the DBOS workflow of that name is under way.

        The work stays in the caller's task and event loop; DBOS has a loop of its own, for it would change the thread pool of the caller's.
        """
        if not LAUNCHED or LAUNCHED[0] is not self:
            await asyncio.to_thread(self.launch)
        local = self.local[name] = _Local()
        self._under_way += 1
        recording = asyncio.run_coroutine_threadsafe(_record(name), _LOOPS[0])
        try:
            await asyncio.wrap_future(local.begun)
            return await work()
        finally:
            self._under_way -= 1
            self.local.pop(name, None)
            local.over.set_result(None)
            # The database may be gone: the run has raised that by then, and what DBOS says of it adds nothing.
            recorded = asyncio.gather(asyncio.wrap_future(recording), return_exceptions=True)
            await asyncio.shield(recorded)

    def launch(self) -> None:
        """Start DBOS on this database; what this process had on another one must be over."""
        with _LAUNCHING:
            current = LAUNCHED[0] if LAUNCHED else None
            if current is self:
                return
            if current is not None:
                if current._under_way:
                    place = current.url.rpartition("@")[2]
                    raise UsageError(f"This program has runs under way on {place}; its durable runs go to one database at a time.")
                current.stop()
            self._launch()
            LAUNCHED.append(self)

    def _launch(self) -> None:
        dbos = _import_dbos()
        if not _REGISTERED:
            attempt = dbos.DBOS.workflow(name=ATTEMPT, max_recovery_attempts=None)(_execute_attempt)
            _REGISTERED.append((dbos.SetWorkflowID, attempt))
            loop = asyncio.new_event_loop()
            threading.Thread(target=loop.run_forever, name="sayso-dbos", daemon=True).start()
            _LOOPS.append(loop)
        dbos.DBOS(
            config={
                "name": NAME,
                "system_database_url": _dbos_url(self.url),
                "executor_id": self.owner,
                "application_version": VERSION,
                "run_admin_server": False,
                "max_executor_threads": THREADS,
                "log_level": "CRITICAL",
                "serializer": dbos.DBOSPortableJSONSerializer(),
                "notification_listener_polling_interval_sec": 1.0,
                **({"db_engine_kwargs": {"connect_args": {"factory": _Unhurried}}} if self.url.startswith("sqlite:") else {}),
            }
        )
        logging.getLogger("dbos").setLevel(logging.CRITICAL)
        try:
            dbos.DBOS.listen_queues([self._listens_to] if self._listens_to else [])
        except dbos.error.DBOSException:  # the application has started DBOS for itself: what is executed here is noted in its database
            if self._listens_to:
                raise UsageError("This program has started DBOS for itself; a worker needs a process of its own.") from None
            self._is_guest = True
            return
        dbos.DBOS.launch()
        if self._listens_to:
            options = {"worker_concurrency": WIDE, "polling_interval_sec": QUEUE_SECONDS, "on_conflict": "always_update"}
            dbos.DBOS.register_queue(self._listens_to, **options)

    def stop(self) -> None:
        """End DBOS in this process."""
        if self in LAUNCHED:
            LAUNCHED.remove(self)
            if not self._is_guest:
                _import_dbos().DBOS.destroy()

    def enqueue(self, app: str, name: str) -> None:
        """Put an execution in the queue of its application; once for each name."""
        self.launch()
        options = {"queue_name": queue_name(app), "workflow_name": ATTEMPT, "workflow_id": name, "app_version": VERSION}
        _import_dbos().DBOS.enqueue_workflow_with_options(options, name)

    def take_over(self, owner: str, app: str) -> None:
        """Put what a dead worker had begun back into the queue; what is done of it by then ends at once."""
        dbos = _import_dbos().DBOS
        names = [each.workflow_id for each in dbos.list_workflows(executor_id=owner, status="PENDING", load_input=False, load_output=False)]
        if names:
            dbos.resume_workflows(names, queue_name=queue_name(app))


ATTEMPT = "sayso.attempt"
LAUNCHED: list[Dispatch] = []
_LAUNCHING = threading.Lock()
_REGISTERED: list[tuple[Callable[[str], AbstractContextManager[object]], ExecuteRun]] = []
"""What names a workflow of DBOS, and the one workflow, which is registered with DBOS once in a process."""
_LOOPS: list[asyncio.AbstractEventLoop] = []
"""The event loop of DBOS in this process."""


def _import_dbos() -> Any:
    try:
        import dbos
    except ImportError:
        raise UsageError(f"Runs that outlive their program need an extra: {build_install_command('durable')}") from None
    return dbos


async def _record(name: str) -> None:
    """Have DBOS note an execution of this program, as its workflow of that name, until it is over."""
    set_workflow_id, attempt = _REGISTERED[0]
    with set_workflow_id(name):
        await attempt(name)


async def _execute_attempt(name: str) -> str:
    """Execute what DBOS has begun: the one workflow that DBOS knows of us."""
    dispatch = LAUNCHED[0]
    local = dispatch.local.get(name)
    if local is not None:
        local.begun.set_result(None)
        await asyncio.wrap_future(local.over)
        return "executed by its own program"
    if dispatch.execute is None:
        return "no worker"
    return await dispatch.execute(name.rpartition("#")[0])


class _Unhurried(sqlite3.Connection):
    """A connection of DBOS to SQLite.

    The disk may take its time with what DBOS notes: what is lost of that with the power is handed in again from our own rows.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.execute("PRAGMA synchronous=NORMAL")
        if sqlite3.sqlite_version_info < KNOWS_SUBSEC:
            self.create_function("unixepoch", 1, _unixepoch)


KNOWS_SUBSEC = (3, 42)
"""The SQLite that knows unixepoch('subsec'). DBOS writes that into its tables under Python 3.12 and newer, whatever SQLite there is, and
an older one answers with NULL. A database that such a Python has made may be used under 3.11, so Python's version is not asked for."""


def _unixepoch(modifier: object) -> float | None:
    return time.time_ns() // 1_000_000 / 1000 if modifier == "subsec" else None


def _dbos_url(url: str) -> str:
    if url.startswith("sqlite:"):
        return f"sqlite:///{find_path(url)}"
    return url.replace("postgres://", "postgresql://", 1)
