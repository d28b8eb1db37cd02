"""Tell which programs are alive: each holds a lock named after it, and the system releases it when the program dies, however it dies.

A lock is not a lease: a program that is stopped (SIGSTOP) keeps it. A program whose lock on Postgres is lost with its connection must stop
claiming; between the loss and its end only the keys of writes keep them from happening twice.
"""

from __future__ import annotations

import hashlib
import os
import re
import socket
import sys
import weakref
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

from sayso.tools.private_files import OWNER, Access, create_private_file, create_private_folder

from .database import Database, connect, find_access, find_path

if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        """Take the lock of an open file. BlockingIOError if somebody has it."""
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError as error:
            raise BlockingIOError(str(error)) from error
else:
    import fcntl

    def _lock(descriptor: int) -> None:
        """Take the lock of an open file. BlockingIOError if somebody has it."""
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


class Liveness(Protocol):
    """Holds this program's lock, and tells whether another's is held."""

    def hold(self, owner: str) -> None:
        """Take the lock of that name, until the program ends."""
        ...

    def is_dead(self, owner: str) -> bool:
        """Return whether nobody holds the lock of that name."""
        ...

    def is_held(self) -> bool:
        """Return whether this program still holds its own lock."""
        ...


def new_owner() -> str:
    """Make a name that no other program has had, of machine, process and chance."""
    machine = re.sub(r"[^\w-]", "-", socket.gethostname())[:40]
    return f"{machine}-{os.getpid()}-{os.urandom(4).hex()}"


def make_liveness(database: Database) -> Liveness:
    """Return the locks that go with a database."""
    if database.is_sqlite:
        return FileLiveness(Path(f"{find_path(database.url)}-alive"), find_access(database.url))
    return PostgresLiveness(database.url)


class FileLiveness:
    """Locked files in a folder beside the SQLite file. Local disks only: over NFS locks are not to be trusted (nor is SQLite)."""

    def __init__(self, folder: Path, access: Access = OWNER) -> None:
        self.folder, self._access = folder, access
        self._held: dict[str, int] = {}
        self._end = weakref.finalize(self, _let_go_of_files, self._held, folder)

    def hold(self, owner: str) -> None:
        """Take the lock of that name."""
        create_private_folder(self.folder, self._access)
        create_private_file(self.folder / owner, self._access)
        descriptor = os.open(self.folder / owner, os.O_RDWR)
        _lock(descriptor)  # a name that nobody else has
        self._held[owner] = descriptor

    def is_dead(self, owner: str) -> bool:
        """Return whether nobody holds it; the file of a dead program is removed."""
        if owner in self._held:
            return False
        place = self.folder / owner
        try:
            descriptor = os.open(place, os.O_RDWR)
        except FileNotFoundError:
            return True
        try:
            _lock(descriptor)
        except BlockingIOError:
            return False
        else:
            with suppress(FileNotFoundError):
                place.unlink()
            return True
        finally:
            os.close(descriptor)

    def is_held(self) -> bool:
        """Return True: the lock of a file is held for as long as the program lives."""
        return True


def _let_go_of_files(held: dict[str, int], folder: Path) -> None:
    for owner, descriptor in held.items():
        with suppress(OSError):
            (folder / owner).unlink()
        os.close(descriptor)
    with suppress(OSError):
        folder.rmdir()  # where no other program has a lock


class PostgresLiveness:
    """Advisory locks of a connection of their own; the server lets go of them when the connection is gone."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._connection: Any = None
        self._held: set[str] = set()

    def hold(self, owner: str) -> None:
        """Take the lock of that name."""
        self._connect().execute("SELECT pg_advisory_lock(%s)", (_number(owner),))
        self._held.add(owner)

    def is_dead(self, owner: str) -> bool:
        """Return whether nobody holds it."""
        if owner in self._held:
            return False
        number = _number(owner)
        (free,) = self._connect().execute("SELECT pg_try_advisory_lock(%s)", (number,)).fetchone()
        if free:
            self._connect().execute("SELECT pg_advisory_unlock(%s)", (number,))
        return bool(free)

    def is_held(self) -> bool:
        """Return whether the connection, and so the lock, is still there."""
        import psycopg

        try:
            self._connect().execute("SELECT 1")
        except psycopg.Error:
            return False
        return True

    def _connect(self) -> Any:
        if self._connection is None:
            self._connection = connect(self.url)
            weakref.finalize(self, self._connection.close)
        return self._connection


def _number(owner: str) -> int:
    return int.from_bytes(hashlib.sha256(f"sayso:{owner}".encode()).digest()[:8], "big", signed=True)
