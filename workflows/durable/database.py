"""Connect to the database of runs, with the SQL that SQLite and Postgres share.

All work goes through one thread, in order, so that an event loop never waits for a disk and what was queued first is on the disk first.
What has gathered while the disk was busy is written to a file together: a thousand runs that go on at once do not wait a thousand times.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
import sqlite3
import stat
import threading
import time
import weakref
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar
from urllib.parse import parse_qsl, urlsplit

from sayso.tools.errors import RunError, UsageError
from sayso.tools.installing import build_install_command
from sayso.tools.private_files import Access, create_private_file, take_from_others

from .forgotten import close_when_forgotten
from .forks import LEFT_ALONE, do_in_forks, wait_before_forks
from .migrations import MIGRATIONS, Migration, migrate
from .migrations import Session as Session

T = TypeVar("T")
Item = TypeVar("Item")
TOGETHER = 100
"""For how many runs one transaction on a server writes: it locks their rows."""
BUSY_SECONDS, BUSY_TOLD_SECONDS, BUSY_PAUSE_SECONDS = 60.0, 4.0, 0.05
"""How long a lock that another program holds is waited for, after how long that is said, and the pause between two looks."""
OLDEST_SQLITE = (3, 35, 0)
LOCK_NOT_AVAILABLE = "55P03"
"""What Postgres says of a lock that did not come in time."""
UNDONE = ("40P01", "40001")
"""What Postgres says of a transaction that it has undone because of another one: a deadlock, a serialization failure."""
READ_ONLY = "25006"
"""What Postgres says of a write to a standby."""
CUT = (None, "57P01")
"""What Postgres says of a connection that was cut: nothing any more, or that somebody ended it."""
log: logging.Logger = logging.getLogger(__name__)
_NAMED = re.compile(r":(\w+)")


class DatabaseLost(RunError):
    """The database of runs cannot be written any more. What it holds is safe; the run can be resumed when the database is back."""


class Connection:
    """One connection to the database at a URL, used by one thread. It is opened when it is first used, and again after it was lost.

    `busy_seconds` is how long a file that somebody else writes to is waited for.
    """

    def __init__(self, url: str, *, busy_seconds: float | None = None) -> None:
        self.url: str = url
        self.is_sqlite: bool = url.startswith("sqlite:")
        self.place: str = find_path(url) if self.is_sqlite else find_server(url)  # never a password
        self.busy_seconds: float = BUSY_SECONDS if busy_seconds is None else busy_seconds
        self.raw: Any = None
        self._was_open = self._is_committing = False
        self.in_use: Final = threading.RLock()
        _OPEN.add(self)
        wait_before_forks(self, self.in_use)

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """Begin a transaction; it is committed at the end of the block, or undone where that raises."""
        with self.in_use:
            raw = self.open()
            self._is_committing = False
            if self.is_sqlite:
                self.wait_for_others(partial(raw.execute, "BEGIN IMMEDIATE"))
                try:
                    yield raw
                    self.wait_for_others(partial(raw.execute, "COMMIT"))
                except BaseException:
                    if raw.in_transaction:
                        raw.execute("ROLLBACK")
                    raise
            else:
                try:
                    with raw.transaction():
                        yield _PostgresSession(raw)
                        self._is_committing = True
                except self.errors as error:
                    if getattr(error, "sqlstate", None) == READ_ONLY:
                        raw.close()  # a server that has become a standby may keep its connections open: a new one finds the primary
                    raise

    def open(self) -> Any:
        """Return the connection of the driver. Raises UsageError where it cannot be opened, DatabaseLost where it cannot be any more."""
        if self.raw is None or (not self.is_sqlite and self.raw.closed):
            try:
                self.raw = _sqlite(self.url, min(self.busy_seconds, BUSY_TOLD_SECONDS)) if self.is_sqlite else connect(self.url)
            except UsageError as error:
                if self._was_open:
                    raise DatabaseLost(str(error)) from None
                raise
            self._was_open = True
        return self.raw

    def wait_for_others(self, work: Callable[[], T]) -> T:
        """Do the work, again as long as another program holds the lock it takes: a backup or a browser of the file, a long transaction.

        Says so once. Raises the database's error after `busy_seconds`.
        """
        began, is_told = time.monotonic(), False
        while True:
            try:
                return work()
            except Exception as error:
                waited = time.monotonic() - began
                if not is_busy(error) or waited >= self.busy_seconds:
                    raise
                if waited >= BUSY_TOLD_SECONDS and self.busy_seconds >= BUSY_SECONDS and not is_told:
                    log.warning(
                        "%s is locked by another program; waiting until it lets go, for at most %d s.", self.place, self.busy_seconds
                    )
                    is_told = True
                time.sleep(BUSY_PAUSE_SECONDS)

    def read(self) -> Session:
        """Return the connection as it is, outside a transaction."""
        raw = self.open()
        session: Session = raw if self.is_sqlite else _PostgresSession(raw)
        return session

    @property
    def was_cut(self) -> bool:
        """Return whether the connection was lost before the last transaction was committed, so that nothing of that has happened."""
        return not self.is_sqlite and self.raw is not None and bool(self.raw.closed) and not self._is_committing

    @property
    def errors(self) -> tuple[type[Exception], ...]:
        """Return what the driver raises."""
        if self.is_sqlite:
            return (sqlite3.Error,)
        import psycopg

        return (psycopg.Error,)

    def translate(self, error: BaseException) -> BaseException:
        """Return an error of the driver as a DatabaseLost; another as it is."""
        if isinstance(error, self.errors):
            return DatabaseLost(f"The database of runs ({self.place}) could not be used: {explain_error(error)}")
        return error

    def close(self) -> None:
        """Close it; it is opened again when it is next used."""
        raw, self.raw = self.raw, None
        if raw is not None:
            raw.close()


_OPEN: weakref.WeakSet[Connection] = weakref.WeakSet()


def _leave_connections() -> None:
    for connection in list(_OPEN):
        LEFT_ALONE.append(connection.raw)
        connection.raw = None


do_in_forks(_leave_connections)


class Database:
    """The database at a URL. Raises UsageError if it cannot be used, DatabaseLost if it no longer can."""

    def __init__(self, url: str, migrations: tuple[Migration, ...] = MIGRATIONS) -> None:
        self.url: str = url
        self._process, self._migrations = os.getpid(), migrations
        self.connection: Connection = Connection(url)
        self.is_sqlite: bool = self.connection.is_sqlite
        self.place: str = self.connection.place
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="sayso-database")
        self._gathered: deque[_Work] = deque()
        self._gathering = threading.Lock()
        self._thread.submit(self._open).result()
        self._is_open = threading.Event()
        self._is_open.set()
        self.close: Callable[[], None] = close_when_forgotten(
            self, partial(_close, self._thread, self.connection, self._process, self._is_open)
        )

    @property
    def is_open(self) -> bool:
        """Return whether it has not been closed, and was made by this process."""
        return self._is_open.is_set() and self._process == os.getpid()

    async def do(self, work: Callable[[Session], T]) -> T:
        """Do the work in one transaction, in the database's thread, and return its result. It ends even when the caller is cancelled."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[T] = loop.create_future()
        self._submit(_Work(work, done, loop))
        return await done

    async def do_together(self, item: Item, work: Callable[[Session, Sequence[Item]], Sequence[T | Exception]]) -> T:
        """Do the work for an item in one transaction with all other items that have come for it by then; else as `do` does.

        It returns for each item a result, or the error that is its own. Where it raises one, each item is tried by itself.
        """
        loop = asyncio.get_running_loop()
        done: asyncio.Future[T] = loop.create_future()
        self._submit(_Work(work, done, loop, item))
        return await done

    def do_now(self, work: Callable[[Session], T]) -> T:
        """Do the work as `do` does, and block until it is done."""
        done: Future[T] = Future()
        self._submit(_Work(work, done))
        return done.result()

    def _submit(self, work: _Work) -> None:
        if not self._is_open.is_set():
            raise UsageError(f"The engine on {self.place} was closed; make another with engine(...).")
        if self._process != os.getpid():
            raise UsageError(
                f"The engine on {self.place} was made by process {self._process}, and this is process {os.getpid()}, forked from it. "
                "Make an engine of its own after the fork: engine(url)."
            )
        with self._gathering:
            self._gathered.append(work)
            is_first = len(self._gathered) == 1
        if is_first:  # else the thread has not come to the one before it yet, and goes on until nothing is left
            self._thread.submit(self._write_gathered)

    def _write_gathered(self) -> None:
        """Do what has gathered by now, and what gathers meanwhile."""
        while self._gathered:
            batch = self._take()
            try:
                ends = self._write(batch)
            except Exception as error:  # noqa: BLE001  whoever asked for the work gets the error, whatever it was
                ends = [_End(each, None, self.connection.translate(error)) for each in batch]
            _settle(ends)

    def _take(self) -> list[_Work]:
        """Return what is done under one commit: in a file all there is; on a server, where others lock rows too, each by itself.

        What writes for many runs does so there as well, for those that are here by now.
        """
        if self.is_sqlite:
            return [self._gathered.popleft() for _ in range(len(self._gathered))]
        first = self._gathered.popleft()
        if first.item is ALONE:
            return [first]
        batch, left = [first], list[_Work]()
        for each in [self._gathered.popleft() for _ in range(len(self._gathered))]:
            fits = each.item is not ALONE and each.work == first.work and len(batch) < TOGETHER
            (batch if fits else left).append(each)
        self._gathered.extendleft(reversed(left))
        return batch

    def _write(self, batch: list[_Work], repeats: int = 4) -> list[_End]:
        """Do the work in one transaction; return how each ends once it is on the disk."""
        try:
            with self.connection.transaction() as session:
                if len(batch) == 1:
                    return _do_all(session, batch)
                return [end for works in _group(batch) for end in self._do_beside_others(session, works)]
        except self.connection.errors as error:
            # An idle connection is cut for many reasons, and of two transactions that wait for each other the server undoes one.
            is_undone = getattr(error, "sqlstate", None) in UNDONE
            if not repeats or not (self.connection.was_cut or is_undone):
                raise
            if is_undone:
                time.sleep(BUSY_PAUSE_SECONDS)  # the other one shall get what it waits for
        return self._write(batch, repeats - 1)

    def _do_beside_others(self, session: Session, works: list[_Work]) -> list[_End]:
        """Do work, or what is done together; a failure undoes this only, and of what is done together each is then tried by itself."""
        session.execute("SAVEPOINT work")
        try:
            ends = _do_all(session, works)
        except Exception as error:  # noqa: BLE001  as above; an error that ends the whole transaction fails in the next statement
            session.execute("ROLLBACK TO work")
            ends = [_End(works[0], None, self.connection.translate(error))] if len(works) == 1 else []
        session.execute("RELEASE work")
        return ends or [end for each in works for end in self._do_beside_others(session, [each])]

    def _open(self, repeats: int = 2) -> None:
        try:
            self.connection.wait_for_others(self._connect_and_migrate)
        except self.connection.errors as error:
            if repeats and getattr(error, "sqlstate", "") in CUT:  # of SQLite it says nothing
                return self._open(repeats - 1)
            raise UsageError(f"The database of runs ({self.place}) cannot be used: {explain_error(error)}") from None

    def _connect_and_migrate(self) -> None:
        try:
            session, transaction = self.connection.read(), self.connection.transaction
            migrate(session, transaction, self.place, self._migrations, is_sqlite=self.is_sqlite)
            with transaction() as writing:
                writing.execute("DELETE FROM sayso_about WHERE name = ''")  # nothing; but whether it may be written is better known now
        except BaseException:
            self.connection.close()
            raise


class _Alone(Enum):
    ALONE = "alone"


ALONE = _Alone.ALONE
"""The item of work that is done by itself."""


@dataclass(frozen=True, slots=True, eq=False)
class _Work:
    work: Callable[..., Any]
    done: Future[Any] | asyncio.Future[Any]
    loop: asyncio.AbstractEventLoop | None = None
    item: object = ALONE


class _End(NamedTuple):
    work: _Work
    value: object
    error: BaseException | None = None

    def settle(self) -> None:
        """Give whoever waits for the work its result, or its error; it may be gone by then."""
        done = self.work.done
        if done.done():
            return
        if self.error is not None:
            done.set_exception(self.error)
        else:
            done.set_result(self.value)


def _group(batch: list[_Work]) -> list[list[_Work]]:
    """Return what is done together, in the order in which the first of each came."""
    groups: dict[object, list[_Work]] = {}
    for each in batch:
        groups.setdefault(each if each.item is ALONE else each.work, []).append(each)
    return list(groups.values())


def _do_all(session: Session, works: list[_Work]) -> list[_End]:
    """Do work that is alone, or one work for all of its items."""
    first = works[0]
    if first.item is ALONE:
        return [_End(first, first.work(session))]
    values = first.work(session, [each.item for each in works])
    return [
        _End(each, None, value) if isinstance(value, Exception) else _End(each, value) for each, value in zip(works, values, strict=True)
    ]


def _settle(ends: list[_End]) -> None:
    """Hand out results: each event loop is woken once for all of its own."""
    by_loop: dict[asyncio.AbstractEventLoop | None, list[_End]] = {}
    for end in ends:
        by_loop.setdefault(end.work.loop, []).append(end)
    for loop, its in by_loop.items():
        if loop is None:
            _settle_here(its)
            continue
        with suppress(RuntimeError):  # it is closed, and nobody waits in it any more
            loop.call_soon_threadsafe(_settle_here, its)


def _settle_here(ends: list[_End]) -> None:
    for end in ends:
        end.settle()


class _PostgresSession:
    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def execute(self, statement: str, values: Mapping[str, object] | None = None) -> Any:
        return self._connection.execute(_name_as_psycopg(statement), values)

    def executemany(self, statement: str, rows: Sequence[Sequence[object]], /) -> Any:
        raise NotImplementedError("psycopg sends a statement for each row; write one with unnest.")


@lru_cache(256)
def _name_as_psycopg(statement: str) -> str:
    return _NAMED.sub(r"%(\1)s", statement)


def normalise_url(url: str) -> str:
    """Return the URL in the form in which two of the same database are the same text."""
    if not url.startswith("sqlite:"):
        return url
    group = find_access(url).group
    return f"sqlite:///{find_path(url)}{f'?group={group}' if group else ''}"


def find_access(url: str) -> Access:
    """Return who may use the file that an sqlite:/// URL names: `?group=staff` shares it. Raises UsageError for any other option."""
    options = dict(parse_qsl(url.partition("?")[2], keep_blank_values=True))
    group = options.pop("group", "")
    if options:
        raise UsageError(f"{url!r} has the option {next(iter(options))!r}. The one option there is shares the file: ?group=NAME.")
    return Access(group)


def make_private(path: Path, access: Access) -> None:
    """Create the file for those who may use it, or take it from all others; what SQLite puts beside it gets the same permissions."""
    file = path.resolve()  # of a link, what it points to
    if access.group:
        _check_shared_folder(file.parent, access)
    if create_private_file(file, access):
        return
    beside = [file, *(file.with_name(file.name + ending) for ending in ("-wal", "-shm", "-journal")), path.with_name(f"{path.name}-alive")]
    found = {each.name: take_from_others(each, access) for each in beside}
    if taken := [name for name, was_open in found.items() if was_open]:
        log.warning(
            "%s could be read by other users of this machine; from now on by %s. To share it: sqlite:///...?group=NAME.",
            " and ".join(taken),
            f"the group {access.group} alone" if access.group else "its owner alone",
        )
    if left := [name for name, was_open in found.items() if was_open is None]:
        log.warning(
            "%s belongs to another user, and others can read it. Its owner shares it with sqlite:///...?group=NAME.", " and ".join(left)
        )


def _check_shared_folder(folder: Path, access: Access) -> None:
    """Raise UsageError for a folder in which what SQLite makes would not belong to the group."""
    group_id, seen = access.find_group_id(), folder.stat()
    if not (seen.st_mode & stat.S_ISGID and seen.st_gid == group_id):
        raise UsageError(
            f"{folder} does not give its files to the group {access.group!r}, and SQLite makes some beside the run file. "
            f"Write: chgrp {access.group} {folder} && chmod g+rwxs {folder}"
        )


def find_path(url: str) -> str:
    """Return the absolute path of the file that an sqlite:/// URL names. Raises UsageError if it names none."""
    path = url.removeprefix("sqlite:///").partition("?")[0]
    if not url.startswith("sqlite:///") or not path or path == ":memory:":
        raise UsageError(f"{url!r} does not name a file. Write sqlite:///runs.db, or sqlite:////var/lib/runs.db for an absolute path.")
    return str(Path(path).absolute())


def _sqlite(url: str, busy_seconds: float) -> sqlite3.Connection:
    path = find_path(url)
    refuse_old_sqlite(sqlite3.sqlite_version_info)
    with suppress(OSError):  # SQLite says better what is wrong with the folder
        make_private(Path(path), find_access(url))
    try:
        connection = sqlite3.connect(path, isolation_level=None, timeout=busy_seconds, check_same_thread=False)
    except sqlite3.Error as error:
        raise UsageError(f"The run file {path} cannot be opened: {error}. Is its folder there, and may you write to it?") from None
    try:
        connection.execute("PRAGMA journal_mode=WAL")  # readers do not wait for writers; it stays with the file
        connection.execute("PRAGMA synchronous=FULL")  # an intent must have reached the disk
        require_json(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def refuse_old_sqlite(version: tuple[int, ...]) -> None:
    """Raise UsageError for an SQLite that cannot tell which rows an UPDATE changed (RETURNING, since 3.35 of 2021)."""
    if version < OLDEST_SQLITE:
        oldest, found = (".".join(map(str, each)) for each in (OLDEST_SQLITE, version))
        raise UsageError(
            f"Runs in a file need SQLite {oldest} or newer; this Python has {found}. Use another Python, or a Postgres server."
        )


def require_json(connection: sqlite3.Connection) -> None:
    """Raise UsageError for an SQLite that was built without its JSON functions (all have them since 3.38 of 2022, unless left out)."""
    try:
        connection.execute("SELECT 1 FROM json_each('[]')")
    except sqlite3.DatabaseError as error:
        if "json_each" not in str(error):  # a full disk, a file that is none: whoever opens it says so
            raise
        raise UsageError(
            f"Runs in a file need SQLite's JSON functions, and the SQLite {sqlite3.sqlite_version} of this Python was built without them. "
            "Use another Python, or a Postgres server."
        ) from None


def is_busy(error: Exception) -> bool:
    """Return whether another program holds the lock that was asked for."""
    if isinstance(error, sqlite3.Error):
        return getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY
    return getattr(error, "sqlstate", None) == LOCK_NOT_AVAILABLE


def connect(url: str) -> Any:
    try:
        import psycopg
        from psycopg.conninfo import conninfo_to_dict
    except ImportError:
        raise UsageError(f"Postgres needs an extra: {build_install_command('durable')}") from None
    try:
        connection = psycopg.connect(**{**KEEPALIVE, **conninfo_to_dict(url)}, autocommit=True)
        connection.execute("SELECT set_config('idle_in_transaction_session_timeout', %s, false)", (f"{IDLE_SECONDS}s",))
        return connection
    except psycopg.Error as error:
        raise UsageError(f"The database of runs ({find_server(url)}) cannot be reached: {explain_error(error)}") from None


def find_server(url: str) -> str:
    """Return the servers and the name of the database that a URL of Postgres names. Raises UsageError for a URL that is none."""
    try:
        parts = urlsplit(url)
        hosts = [urlsplit(f"//{host}").hostname or "local" for host in parts.netloc.rpartition("@")[2].split(",")]
    except ValueError as error:
        raise UsageError(f"The URL of the database of runs cannot be read: {error}. Write postgresql://user@host/name.") from None
    return f"{','.join(hosts)}{parts.path}"


IDLE_SECONDS = 10
"""After how long the server undoes the transaction of a program that was stopped in the middle of it, with the locks it holds."""
KEEPALIVE: dict[str, Any] = {
    "connect_timeout": 10,
    "keepalives": 1,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 11_000,
}
"""A server that is gone is noticed after some 11 seconds, unless the URL says otherwise: the last one is for what was sent and is not
acknowledged, where the others rest. Without it a statement to a network that drops everything takes a quarter of an hour to fail."""


NOT_READY = "it is not ready yet; try again in a moment"
ADVICE = {
    "prepared statement": "a pool in transaction mode stands before it; use pool_mode = session, or the server itself",
    "read-only transaction": "it is a standby; name all servers in the URL, with ?target_session_attrs=read-write",
    "lock timeout": "another program uses its tables for long; wait until it is done",
    "permission denied": "may that user make tables there?",
    "starting up": NOT_READY,
    "shutting down": NOT_READY,
    "not yet accepting": NOT_READY,
    "recovery mode": NOT_READY,
    "too many": "raise max_connections, or end other programs",
    "remaining connection slots": "raise max_connections, or end other programs",
    "pg_hba": "the server's pg_hba.conf must let you in",
    "No space left": "its disk is full",
    'role "': "create it: createuser NAME",
    "locked": "another program holds it for long; wait until it is done",
    "readonly": "you may not write there, and even reading it takes that",
    "read-only": "you may not write there",
    "disk I/O": "is the disk full, or is it something else than a file?",
    "not a database": "it is some other file; name another one",
    "malformed": "the file is damaged; restore a copy",
    'database "': "create it first: createdb NAME",
    "password": "the URL may carry it, or ~/.pgpass, or PGPASSWORD",
    "Connection refused": "is the server up, and is that its port?",
    "resolve host": "is the name of the server right?",
    "No such file": "is the server up?",
    "closed the connection": "is it being restarted? Wait until it is back",
    "terminating connection": "is it being restarted? Wait until it is back",
    "timeout": "is the server up, and may it be reached from here?",
}


def explain_error(error: BaseException) -> str:
    """Return a database's error in one sentence, with what to do about it."""
    text = " ".join(str(error).split()).rstrip(".")
    for more in (" Is the server running", " This probably means", " DETAIL: ", " Multiple connection attempts failed"):
        text = text.partition(more)[0]
    advice = next((advice for word, advice in ADVICE.items() if word in text), "")
    return f"{text}{f' ({advice})' if advice else ''}."


async def to_the_end(work: Awaitable[T]) -> T:
    """Await work to its end, however often this is cancelled meanwhile; a cancellation is raised after it."""
    task, cancelled = asyncio.ensure_future(work), False
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError:
            cancelled = True
    if cancelled:
        if not task.cancelled():
            task.exception()  # so that asyncio does not complain that nobody asked for it
        raise asyncio.CancelledError
    return task.result()


def _close(thread: ThreadPoolExecutor, connection: Connection, process: int, is_open: threading.Event) -> None:
    is_open.clear()
    if process != os.getpid():  # a fork of the program that has made it
        return
    thread.shutdown(wait=True)
    connection.close()
