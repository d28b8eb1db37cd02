"""Runs in a file: a program is killed, another goes on; a write happens once all the same."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from sayso.tools import Approve, ToolContext, UsageError, tool
from sayso.workflows import CallFailed, DurableEngine, Run, engine, parallel, sequential

from .replays import yes


@tool.write(card="Note: {text}")
async def note(text: str) -> str:
    """Writes a note."""
    return f"noted {text}"


async def text_of(value: int) -> str:
    return f"value {value}"


FLOW = sequential(text_of, parallel(note, note, join=lambda a, b: f"{a}, {b}"))


async def test_a_run_that_waits_goes_on_in_another_engine_of_the_same_file(tmp_path: Path) -> None:
    first = DurableEngine(f"sqlite:///{tmp_path}/runs.db")
    paused = await FLOW.run(1, engine=first, run_id="r1")
    digests = [request.digest for request in paused.pending]
    await paused.resume({digests[0]: Approve(by="ada")})
    first.close()

    second = DurableEngine(f"sqlite:///{tmp_path}/runs.db")
    again = await FLOW.run(1, engine=second, run_id="r1")
    assert [request.digest for request in again.pending] == digests[1:]
    assert (await again.resume({digests[1]: Approve(by="bob")})).output == "noted value 1, noted value 1"
    assert (await FLOW.run(1, engine=second, run_id="r1", approve=None)).output == "noted value 1, noted value 1"
    second.close()


PROGRAM = """
import asyncio, os, signal, sys
from pathlib import Path
from sayso import Approve, Run, engine, sequential, tool
from sayso.tools import ToolContext

log, file, die_at = Path(sys.argv[1]), sys.argv[2], sys.argv[3]

def die(point):
    if point == die_at:
        os.kill(os.getpid(), signal.SIGKILL)

def write(line):
    with log.open("a") as out:
        out.write(line + "\\n")

@tool.write(idempotent=%(idempotent)s)
async def act(text: str, context: ToolContext[None]) -> str:
    '''Acts.'''
    die("before")
    if context.key not in (log.read_text() if log.exists() else ""):
        write(f"effect {context.key}")
    die("after")
    return "done"

async def model(value):
    write("model")
    die("model")
    return "hello"

async def code(run: Run, value):
    text = await run.step("model", model, value)
    die("proposed")
    done = await run.call(act, text=text)
    die("receipt")
    return done

async def approve(request):
    die("asked")
    return Approve()

async def main():
    result = await sequential(code).run("x", engine=engine(f"sqlite:///{file}"), run_id="r1", approve=approve)
    print(result.output)

asyncio.run(main())
"""
POINTS = ("model", "proposed", "asked", "before", "after", "receipt")


def run_program(folder: Path, die_at: str, idempotent: bool) -> subprocess.CompletedProcess[str]:
    """The program, killed at the point (or not)."""
    program = folder / "program.py"
    program.write_text(PROGRAM % {"idempotent": idempotent}, encoding="utf-8")
    return subprocess.run([sys.executable, program, folder / "log", folder / "runs.db", die_at], capture_output=True, text=True, timeout=60)


@pytest.mark.skipif(sys.platform == "win32", reason="kill -9 is POSIX")
@pytest.mark.parametrize("point", POINTS)
def test_a_program_killed_at_any_point_goes_on_and_acts_once(point: str, tmp_path: Path) -> None:
    killed = run_program(tmp_path, point, idempotent=True)
    assert killed.returncode == -signal.SIGKILL
    again = run_program(tmp_path, "never", idempotent=True)
    assert (again.returncode, again.stdout) == (0, "done\n"), again.stderr
    lines = (tmp_path / "log").read_text().split("\n")
    assert sum(line.startswith("effect") for line in lines) == 1
    assert lines.count("model") == (2 if point == "model" else 1)


@pytest.mark.skipif(sys.platform == "win32", reason="kill -9 is POSIX")
@pytest.mark.parametrize("point", ["before", "after"])
def test_a_write_without_a_key_that_was_cut_off_is_unknown_and_not_repeated(point: str, tmp_path: Path) -> None:
    run_program(tmp_path, point, idempotent=False)
    again = run_program(tmp_path, "never", idempotent=False)
    assert again.returncode == 1
    assert "It is not known whether act happened" in again.stderr
    effects = (tmp_path / "log").read_text().count("effect")
    assert effects == (1 if point == "after" else 0)


async def test_a_step_that_failed_last_is_tried_again_when_the_run_is(tmp_path: Path) -> None:
    tries: list[int] = []

    async def flaky(value: int) -> int:
        tries.append(value)
        if len(tries) == 1:
            raise ConnectionError("endpoint is down")
        return value

    first = DurableEngine(f"sqlite:///{tmp_path}/runs.db")
    with pytest.raises(ConnectionError):
        await sequential(flaky).run(1, engine=first, run_id="r1")
    first.close()
    second = DurableEngine(f"sqlite:///{tmp_path}/runs.db")
    assert (await sequential(flaky).run(1, engine=second, run_id="r1")).output == 1
    second.close()


def test_a_file_that_cannot_be_used_is_said_clearly(tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("this is no database, and it is long enough to look like none " * 20)
    newer = sqlite3.connect(tmp_path / "newer.db")
    newer.execute("CREATE TABLE sayso_about (name TEXT PRIMARY KEY, value TEXT NOT NULL)")
    newer.execute("INSERT INTO sayso_about VALUES ('format', '99')")
    newer.commit()
    newer.close()
    for name, told in (("text.db", "cannot be used"), ("newer.db", "newer Sayso"), ("no/such/folder.db", "cannot be opened")):
        with pytest.raises(UsageError, match=told):
            engine(f"sqlite:///{tmp_path}/{name}")


async def test_a_run_asked_for_twice_at_once_is_carried_once() -> None:
    done: list[str] = []

    @tool.write
    async def act(context: ToolContext[None]) -> str:
        """Acts."""
        done.append(context.key)
        return "done"

    async def code(run: Run, value: Any) -> Any:
        return await run.call(act)

    home, flow = engine(), sequential(code)
    both = await asyncio.gather(*(flow.run("x", engine=home, run_id="r1", approve=yes) for _ in range(50)))
    assert ([result.output for result in both], len(done)) == (["done"] * 50, 1)
    paused = await flow.run("x", engine=home, run_id="r2")
    decisions = {paused.pending[0].digest: Approve()}
    results = await asyncio.gather(*(paused.resume(decisions) for _ in range(50)), return_exceptions=True)
    assert len(done) == 2
    assert all(getattr(result, "output", "done") == "done" for result in results)
    assert not any(isinstance(result, CallFailed) for result in results)


@pytest.mark.parametrize("turns", [0, 1, 3, 10])
async def test_a_run_that_is_stopped_while_it_is_being_claimed_can_go_on(turns: int, database_url: str) -> None:
    home, flow = engine(database_url), sequential(plus_one, plus_one, name="flow")
    task = asyncio.ensure_future(flow.run(1, engine=home, run_id="r1"))
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait({task})
    assert task.cancelled()
    assert (await asyncio.wait_for(flow.run(1, engine=home, run_id="r1"), 120)).output == 3
    home.close()


async def plus_one(value: int) -> int:
    return value + 1
