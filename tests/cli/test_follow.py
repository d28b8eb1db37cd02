"""`follow`: a flow with its progress, kept in a database so that an interrupted program goes on where it was."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

from .commands import environment, listens_to_ctrl_c

PROGRAM = """
import asyncio, os, sys
from pathlib import Path
from sayso import command, follow, map_each

async def double(number: int) -> int:
    with Path("log").open("a") as log:
        print(number, file=log, flush=True)
    print("doing", number, flush=True)
    if number == 2 and not Path("again").exists():
        if sys.argv[1:] == ["--how", "die"]:
            os._exit(9)
        await asyncio.sleep(60)
    return 2 * number

async def main(*, how: str = "") -> str:
    return str(await follow(map_each(double, concurrency=1, name="doubles"), [1, 2, 3], database="sqlite:///kept.db"))

command(main)
"""


def start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    (folder / "program.py").write_text(PROGRAM)
    command = [sys.executable, "-W", "error", "program.py", *arguments]
    return subprocess.Popen(
        command, cwd=folder, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=listens_to_ctrl_c
    )


def finish(folder: Path) -> list[str]:
    """Run the program again, to its end, and return what was done in both runs."""
    (folder / "again").touch()
    out, err = start(folder).communicate(timeout=60)
    assert out.splitlines()[-1:] == ["[2, 4, 6]"], err
    return (folder / "log").read_text().split()


def test_a_program_that_dies_goes_on_where_it_was(tmp_path: Path) -> None:
    start(tmp_path, "--how", "die").communicate(timeout=60)
    assert finish(tmp_path) == ["1", "2", "2", "3"]
    assert finish(tmp_path) == ["1", "2", "2", "3"], "a finished run is not done again"


def test_a_program_that_is_interrupted_says_where_its_work_is_and_goes_on(tmp_path: Path) -> None:
    program = start(tmp_path)
    assert program.stdout is not None
    assert [program.stdout.readline(), program.stdout.readline()] == ["doing 1\n", "doing 2\n"]
    program.send_signal(signal.SIGINT)
    _, err = program.communicate(timeout=120)
    assert program.returncode == 130
    assert "What is done is kept in sqlite:///kept.db: the same command goes on there." in err
    assert finish(tmp_path) == ["1", "2", "2", "3"]
