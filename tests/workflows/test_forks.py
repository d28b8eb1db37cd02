"""A process that is forked from a program with an engine makes its own, by the same URL, and leaves the parent's alone."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="only POSIX forks")

PROGRAM = """
import asyncio, multiprocessing, os, sys, warnings
from sayso import engine, sequential, tool
from sayso.tools import UsageError
warnings.simplefilter("ignore", DeprecationWarning)  # newer Pythons warn of a fork beside threads

async def double(value: int) -> int:
    return 2 * value

FLOW = sequential(double, name="flow")

def run(home, number, run_id):
    return asyncio.run(FLOW.run(number, engine=home, run_id=run_id)).output

def pooled(number):
    return run(engine(sys.argv[1]), number, f"pooled-{number}")

if __name__ == "__main__":
    home = engine(sys.argv[1])
    print(run(home, 1, "before"), flush=True)
    if (child := os.fork()) == 0:
        try:
            run(home, 2, "by the parent's engine")
        except UsageError as error:
            print("Make an engine of its own after the fork: engine(url)." in str(error), flush=True)
        own = engine(sys.argv[1])
        print(own is home, run(own, 2, "forked"), flush=True)
        own.close()
        os._exit(0)
    os.waitpid(child, 0)
    with multiprocessing.get_context("fork").Pool(2) as pool:
        print(sum(pool.map(pooled, range(4))), flush=True)
    print(run(home, 3, "after"))
    print({row.state for row in asyncio.run(home.runs())}, len(asyncio.run(home.runs())))
    home.close()
"""


def test_a_forked_process_makes_its_own_engine_by_the_same_url(database_url: str) -> None:
    ran = subprocess.run([sys.executable, "-c", PROGRAM, database_url], capture_output=True, text=True, timeout=60, check=False)
    assert ran.stdout.splitlines() == ["2", "True", "False 4", "12", "6", "{'done'} 7"], ran.stderr
