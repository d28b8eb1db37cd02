"""Tell what is known of the program that a name belongs to: alive, gone from its lock, or proven dead.

Each program that executes runs holds a lock named after it, which the system releases when it dies: the fast sign of death. A lock that is
free proves a death only where the system itself looks after it (a file on this machine); an advisory lock of Postgres goes with its
connection, which a living program may lose. The slow sign is the lease (see lease.py), and it proves no death either.
"""

from __future__ import annotations

import hashlib
import os
import re
import socket
import sys
import weakref
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from sayso.tools.private_files import OWNER, Access, create_private_file, create_private_folder

from .database import Database, Session, find_access, find_path
from .forks import close_in_forks

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


class Life(StrEnum):
    """What is known of a program: it lives (or nobody can tell), it has lost its lock and may still act, or it can act no more."""

    ALIVE = "alive"
    GONE = "gone"
    DEAD = "dead"


class Owner(NamedTuple):
    """A program's name in parts. `place` names the kernel that has run since its last boot, and the process ids that it counts."""

    machine: str
    place: str
    pid: int
    started: int
    chance: str


def new_owner() -> str:
    """Make a name that no other program has had: of machine, place, process, its start and chance."""
    machine = re.sub(r"[^\w-]", "-", socket.gethostname())[:40]
    pid = os.getpid()
    name = f"{machine}.{_find_place()}.{pid}.{_find_start(pid) or 0}.{os.urandom(4).hex()}"
    _MADE_HERE[name] = pid
    return name


_MADE_HERE: dict[str, int] = {}  # with the process, since a fork has them too


def read_owner(name: str) -> Owner | None:
    """Return the parts of a program's name. None for a name that an older version gave: it says too little to prove a death."""
    parts = name.split(".")
    if len(parts) != 5 or not (parts[2].isdigit() and parts[3].isdigit()):
        return None
    return Owner(parts[0], parts[1], int(parts[2]), int(parts[3]), parts[4])


def has_lease(owner: str) -> bool:
    """Return whether a program of that name keeps a lease; those of older versions have a lock only."""
    return read_owner(owner) is not None


def is_this_process(name: str) -> bool:
    """Return whether a name was made in this very process: each of its engines has one."""
    return _MADE_HERE.get(name) == os.getpid()


def is_process_gone(name: str) -> bool | None:
    """Return whether the process of that name has ended, by its id and start. None where that cannot be told from here."""
    owner = read_owner(name)
    if owner is None or not owner.place or owner.place != _find_place():
        return None
    try:
        os.kill(owner.pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:  # somebody else's, so it is there
        pass
    started = _find_start(owner.pid)
    return started is not None and started != owner.started  # unreadable: somebody has the id, and it may be the same


def _find_place() -> str:
    """Return a name for what process ids mean here: the boot of this kernel, and the container. Empty where there is none."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        names = [str(Path("/proc/self/ns/pid").readlink())]
        with suppress(OSError):  # an old kernel; the start of a process is counted from the boot
            names.append(str(Path("/proc/self/ns/time").readlink()))
    except OSError:
        return ""
    return hashlib.sha256("\n".join((boot, *names)).encode()).hexdigest()[:12]


def _find_start(pid: int) -> int | None:
    """Return when a process started, in ticks since the boot; None where that cannot be read, 0 for one that has ended (a zombie)."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    fields = stat.rpartition(")")[2].split()  # a program's name may hold anything
    state, threads, started = fields[0], int(fields[17]), int(fields[19])
    return 0 if state in "ZX" and threads <= 1 else started


class Locks(Protocol):
    """Holds this program's lock, and tells whether another's is held."""

    def hold(self, owner: str, connection: Any) -> bool:
        """Take the lock of that name, until the program ends; again where it was lost. `connection` is that of the lease.

        Returns whether it is held: somebody may be trying it at this very moment.
        """
        ...

    def find_life(self, owner: str, session: Session) -> Life:
        """Return what the lock alone says of its holder."""
        ...

    def let_go(self, owner: str) -> None:
        """Let go of the lock of that name: its program executes no more runs."""
        ...

    def clear(self, owner: str) -> None:
        """Remove what is left of the lock of a program whose death is on record."""
        ...


def make_locks(database: Database) -> Locks:
    """Return the locks that go with a database."""
    if database.is_sqlite:
        return FileLocks(Path(f"{find_path(database.url)}-alive"), find_access(database.url))
    return PostgresLocks()


class FileLocks:
    """Locked files in a folder beside the SQLite file. Local disks only: over NFS locks are not to be trusted (nor is SQLite).

    A process that is forked from this one would hold them too, and long after this one has died: it closes them as it begins.
    """

    def __init__(self, folder: Path, access: Access = OWNER) -> None:
        self.folder: Path = folder
        self._access = access
        self._held: dict[str, int] = {}
        close_in_forks(self, self._held)
        weakref.finalize(self, _let_go_of_files, self._held, folder, os.getpid())

    def hold(self, owner: str, connection: Any = None) -> bool:
        """Take the lock of that name; again where somebody has removed its file."""
        place, held = self.folder / owner, self._held.get(owner)
        with suppress(FileNotFoundError):
            if held is not None and os.path.samestat(os.fstat(held), place.stat()):
                return True
        try:
            descriptor = self._make(place)
        except FileNotFoundError:  # the last of the other programs has just removed the folder
            descriptor = self._make(place)
        if held is not None:
            os.close(held)
        self._held[owner] = descriptor
        return True

    def _make(self, place: Path) -> int:
        """Make a locked file. It has its name only once it is locked: a free lock would prove a death to whoever looks in between."""
        making = place if sys.platform == "win32" else place.with_name(f".{place.name}")
        create_private_folder(self.folder, self._access)
        create_private_file(making, self._access)
        descriptor = os.open(making, os.O_RDWR)
        try:
            _lock(descriptor)
            if making != place:
                making.rename(place)
        except OSError:
            os.close(descriptor)
            raise
        return descriptor

    def find_life(self, owner: str, session: Session | None = None) -> Life:
        """Return ALIVE for a held lock, DEAD for a free one. A file that is not there proves nothing: it can be removed by hand."""
        if owner in self._held:
            return Life.ALIVE
        try:
            descriptor = os.open(self.folder / owner, os.O_RDWR)
        except FileNotFoundError:
            return Life.GONE
        except OSError:  # another user's, whose locks we cannot try
            return Life.ALIVE
        try:
            _lock(descriptor)
        except BlockingIOError:
            return Life.ALIVE
        else:
            return Life.DEAD
        finally:
            os.close(descriptor)

    def let_go(self, owner: str) -> None:
        """Remove the file, then let go of it: a lock that is free is that of a dead program."""
        descriptor = self._held.pop(owner, None)
        if descriptor is not None:
            _let_go_of_files({owner: descriptor}, self.folder, os.getpid())

    def clear(self, owner: str) -> None:
        """Remove the file of a program whose death is on record."""
        with suppress(OSError):
            (self.folder / owner).unlink()


def _let_go_of_files(held: dict[str, int], folder: Path, pid: int) -> None:
    if pid != os.getpid():  # a fork of the program that holds them
        return
    for owner, descriptor in held.items():
        with suppress(OSError):
            (folder / owner).unlink()
            os.close(descriptor)  # not where the file stays: a free lock would prove a death
    with suppress(OSError):
        folder.rmdir()  # where no other program has a lock


class PostgresLocks:
    """Advisory locks of the lease's connection; the server lets go of them when the connection is gone."""

    def hold(self, owner: str, connection: Any) -> bool:
        """Take the lock of that name with this connection, which has to be a new one."""
        (is_held,) = connection.execute("SELECT pg_try_advisory_lock(%s)", (_number(owner),)).fetchone()
        return bool(is_held)

    def find_life(self, owner: str, session: Session) -> Life:
        """Return ALIVE for a held lock. A free one proves no death: it goes with a connection, and that may be cut."""
        (free,) = session.execute("SELECT pg_try_advisory_xact_lock(:number)", {"number": _number(owner)}).fetchone()
        return Life.GONE if free else Life.ALIVE

    def let_go(self, owner: str) -> None:
        """Do nothing: the lock goes with the connection of the lease."""

    def clear(self, owner: str) -> None:
        """Do nothing: the server keeps nothing of a lock that is free."""


def _number(owner: str) -> int:
    return int.from_bytes(hashlib.sha256(f"sayso:{owner}".encode()).digest()[:8], "big", signed=True)
