"""The first signal lets a command end well; a second one ends it at once."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from .commands import environment, listens_to_ctrl_c

STUBBORN = """
import asyncio
from sayso.cli.stopping import StopSignals

async def work():
    print("at work", flush=True)
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        print("ending", flush=True)
        {then}
    return 0

with StopSignals() as signals:
    signals.run(work())
"""
CODES = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129}


def started(then: str) -> subprocess.Popen[str]:
    """A program that does something when it is to end."""
    command = [sys.executable, "-c", STUBBORN.format(then=then)]
    return subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, text=True, preexec_fn=listens_to_ctrl_c)


@pytest.mark.parametrize("number", CODES, ids=lambda number: number.name)
def test_a_second_signal_ends_it_at_once(number: signal.Signals) -> None:
    with started("await asyncio.Event().wait()") as process:
        assert process.stdout is not None
        for line in ("at work\n", "ending\n"):
            assert process.stdout.readline() == line
            process.send_signal(number)
        assert process.wait(timeout=120) == CODES[number]


LATE = """
import os, signal
from sayso.cli.stopping import StopSignals, Stopped

async def work():
    os.kill(os.getpid(), signal.SIGTERM)  # it has nothing left to wait for
    return 0

try:
    with StopSignals() as signals:
        signals.run(work())
except Stopped as stopped:
    print(stopped, stopped.exit_code)
"""


def test_a_signal_that_comes_when_the_work_is_done_is_told_as_well() -> None:
    ran = subprocess.run([sys.executable, "-c", LATE], env=environment(), capture_output=True, text=True, check=False, timeout=120)
    assert (ran.stdout, ran.stderr) == ("It was told to end (SIGTERM). 143\n", "")


LEFT_BEHIND = """
import asyncio, threading
from sayso.cli.stopping import StopSignals, end_process

async def work():
    computes = asyncio.ensure_future(asyncio.to_thread(threading.Event().wait))
    await asyncio.sleep(0)
    print("done")
    return 3

with StopSignals() as signals:
    code = signals.run(work())
end_process(code)
"""


def test_a_thread_that_computes_for_ever_keeps_no_command_from_its_end() -> None:
    ran = subprocess.run([sys.executable, "-c", LEFT_BEHIND], env=environment(), capture_output=True, text=True, check=False, timeout=120)
    assert (ran.returncode, ran.stdout, ran.stderr) == (3, "done\n", "")


def test_a_program_that_is_told_to_ignore_a_signal_ignores_it() -> None:
    command = [sys.executable, "-c", STUBBORN.format(then="raise")]
    ignoring = subprocess.Popen(
        command, env=environment(), stdout=subprocess.PIPE, text=True, preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN)
    )
    with ignoring as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "at work\n"
        process.send_signal(signal.SIGHUP)  # nohup
        process.send_signal(signal.SIGTERM)
        assert process.stdout.readline() == "ending\n"
        assert process.wait(timeout=120) != 129
