"""A worker that cannot start says why in one sentence, what to do, and ends with an exit code; one that only has to wait waits."""

from __future__ import annotations

import os
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from .commands import environment, sayso

APP = """
from sayso import App, sequential
async def keep(value: str) -> str:
    return value
app = App(name="desk", flows=[sequential(keep, name="flow")])
"""
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="permissions and signals are POSIX")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with an app."""
    (tmp_path / "desk.py").write_text(APP)
    return tmp_path


def with_run(path: Path) -> None:
    """A run file with a queued run."""
    made = sayso("start", "desk.py:app", "flow", "x", "--run-id", "r1", "--database", f"sqlite:///{path}", cwd=path.parent)
    assert made.returncode == 0, made.stderr


def read_only_file(path: Path) -> None:
    with_run(path)
    path.chmod(0o400)


def read_only_folder(path: Path) -> None:
    path.parent.chmod(0o500)


def locks_in_a_file(path: Path) -> None:
    """The folder for the locks of living programs cannot be made."""
    path.with_name("runs.db-alive").touch(mode=0o600)


def as_an_ordinary_user() -> list[str]:
    """What makes root obey permissions, where the tests are run by root."""
    if os.getuid() != 0:
        return []
    if shutil.which("setpriv") is None:
        pytest.skip("root obeys no permissions, and there is no setpriv")
    return ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-dac_override,-dac_read_search"]


FULL = "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))"
FILES: dict[str, tuple[Callable[[Path], object], str, str]] = {
    "a file that may not be written": (read_only_file, "", "you may not write there"),
    "a folder that may not be written": (
        read_only_folder,
        "",
        "unable to open database file. Is its folder there, and may you write to it?",
    ),
    "a full disk": (lambda path: None, FULL, "is the disk full"),
    "no room for its lock": (locks_in_a_file, "", "runs.db-alive"),
    "no file but a text": (lambda path: path.write_text("no database, but long enough to be one" * 9), "", "it is some other file"),
}


@pytest.mark.parametrize(("make", "before", "told"), FILES.values(), ids=FILES)
def test_a_file_that_cannot_be_used_is_one_sentence(make: Callable[[Path], object], before: str, told: str, folder: Path) -> None:
    make(folder / "runs.db")
    program = f"{before or 'pass'}\nimport sys; from sayso.cli.main import run; sys.exit(run(sys.argv[1:]))"
    command = [*as_an_ordinary_user(), sys.executable, "-c", program, "worker", "desk.py:app", "--database", "sqlite:///runs.db"]
    ran = subprocess.run(command, cwd=folder, env=environment(), capture_output=True, text=True, timeout=60, check=False)
    folder.chmod(0o700)
    assert (ran.returncode, told in ran.stderr, ran.stderr.count("\n"), ran.stdout) == (1, True, 1, ""), ran.stderr
    assert ran.stderr.startswith("sayso: ")


@contextmanager
def refusing(code: str, text: str) -> Iterator[str]:
    """A server that refuses every connection as Postgres does; its URL."""
    fields = f"SFATAL\0VFATAL\0C{code}\0M{text}\0\0".encode()
    answer = b"E" + (len(fields) + 4).to_bytes(4, "big") + fields

    def serve() -> None:
        while True:
            try:
                client, _ = server.accept()
            except OSError:
                return
            with client:
                if client.recv(1024)[4:8] == bytes.fromhex("04d2162f"):  # may it be encrypted? No: then it asks again
                    client.sendall(b"N")
                    client.recv(1024)
                client.sendall(answer)

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"postgresql://me:secret@127.0.0.1:{server.getsockname()[1]}/runs"
        finally:
            server.shutdown(socket.SHUT_RDWR)
            server.close()
            thread.join()


SERVERS: dict[str, tuple[str, str, str]] = {
    "it is starting": ("57P03", "the database system is starting up", "it is not ready yet; try again in a moment"),
    "it is going": ("57P03", "the database system is shutting down", "it is not ready yet; try again in a moment"),
    "too many are connected": ("53300", "sorry, too many clients already", "raise max_connections, or end other programs"),
    "too many of this user": ("53300", 'too many connections for role "me"', "raise max_connections, or end other programs"),
    "a wrong password": ("28P01", 'password authentication failed for user "me"', "the URL may carry it, or ~/.pgpass, or PGPASSWORD"),
    "no such user": ("28000", 'role "me" does not exist', "create it: createuser NAME"),
    "no such database": ("3D000", 'database "runs" does not exist', "create it first: createdb NAME"),
    "a pool that keeps no session": (
        "26000",
        'prepared statement "_pg3_0" does not exist',
        "a pool in transaction mode stands before it; use pool_mode = session, or the server itself",
    ),
    "a standby": (
        "25006",
        "cannot execute INSERT in a read-only transaction",
        "it is a standby; name all servers in the URL, with ?target_session_attrs=read-write",
    ),
    "not let in": ("28000", 'no pg_hba.conf entry for host "127.0.0.1", user "me"', "the server's pg_hba.conf must let you in"),
    "no room": ("53100", "could not extend file: No space left on device", "its disk is full"),
}


@pytest.mark.parametrize(("code", "text", "told"), SERVERS.values(), ids=SERVERS)
def test_a_server_that_refuses_is_one_sentence(code: str, text: str, told: str, folder: Path) -> None:
    with refusing(code, text) as url:
        ran = sayso("worker", "desk.py:app", "--database", url, cwd=folder)
    assert (ran.returncode, ran.stderr.count("\n"), "secret" in ran.stderr, ran.stdout) == (1, 1, False, ""), ran.stderr
    assert re.fullmatch(rf"sayso: The database of runs \(127\.0\.0\.1/runs\) .*{re.escape(text)} \({re.escape(told)}\)\.\n", ran.stderr), (
        ran.stderr
    )


URLS = {
    "a port that is not a number": "postgresql://me@host:many/runs",
    "a bracket": "postgresql://[host/runs",
    "an option that is none": "postgresql://me@127.0.0.1:9/runs?no_such_option=1",
    "no name that can be looked up": "postgresql://me@nowhere.invalid/runs",
}


@pytest.mark.parametrize("url", URLS.values(), ids=URLS)
def test_a_url_that_is_none_is_one_sentence(url: str, folder: Path) -> None:
    ran = sayso("worker", "desk.py:app", "--database", url, cwd=folder)
    assert (ran.returncode in (1, 2), ran.stderr.count("\n"), ran.stderr[:7], ran.stdout) == (True, 1, "sayso: ", ""), ran.stderr


def test_a_locked_file_is_waited_for_and_said_in_a_line(folder: Path) -> None:
    """A backup or a browser of the file holds it while the worker starts and while it works."""
    with_run(folder / "runs.db")
    command = [sys.executable, "-m", "sayso", "worker", "desk.py:app", "--database", "sqlite:///runs.db"]
    with closing(sqlite3.connect(folder / "runs.db", isolation_level=None)) as browser:
        browser.execute("BEGIN EXCLUSIVE")
        worker = subprocess.Popen(command, cwd=folder, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert worker.stdout is not None
        assert worker.stderr is not None
        line = worker.stderr.readline()
        browser.execute("COMMIT")
    assert line == f"{folder}/runs.db is locked by another program; waiting until it lets go, for at most 60 s.\n"
    assert worker.stdout.readline().startswith("Worker ")
    worker.terminate()
    assert worker.wait(120) == 0
    worker.communicate()
