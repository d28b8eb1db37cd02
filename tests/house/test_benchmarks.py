"""`make bench` executes each benchmark whatever becomes of the others, tells what became of each, and loses no row of RESULTS.md."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .tree import ROOT

pytestmark = pytest.mark.skipif(os.name != "posix", reason="what takes too long is ended as a group of processes")

BEFORE = """# Results

## One

2026-01-01, a machine

| what | measured | limit | |
| --- | ---: | ---: | --- |
| speed | 9 s | ≤ 5 s | MISSED |
| size | 9 MB |  |  |

A note, with a table by hand:

| model | right |
| --- | --- |
| small | 3 |
"""
SCRIPTS = {
    "a_crash": "raise RuntimeError('no server')",
    "b_exit": "import sys; sys.exit('nothing to measure')",
    "c_missed": "from _table import Row, finish\nfinish('Three', [Row('speed', 7, 's', 5)])",
    "d_stuck": "import threading; threading.Event().wait()",
    "e_fewer": "from _table import Row, finish\nfinish('One', [Row('speed', 4, 's', 5)])",
    "f_both": "from _table import Row, finish_several\nfinish_several({'Two': [Row('x', 1, 's')], 'Four': [Row('y', 2, 's')]})",
    "g_one": "from _table import Row, finish\nfinish('One', [Row('speed', 4, 's', 5), Row('length', 8, 'MB')])",
}


def bench(folder: Path, *names: str, options: tuple[str, ...] = ("--write",)) -> subprocess.CompletedProcess[str]:
    """Execute these benchmarks as `make bench` does."""
    for name in ("_all", "_table"):
        shutil.copy(ROOT / "benchmarks" / f"{name}.py", folder)
    (folder / "RESULTS.md").write_text(BEFORE, encoding="utf-8")
    for name in names:
        (folder / f"{name}.py").write_text(SCRIPTS[name], encoding="utf-8")
    command = [sys.executable, "_all.py", *options]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)


def test_a_benchmark_that_fails_is_named_and_the_others_still_run(tmp_path: Path) -> None:
    ran = bench(tmp_path, *SCRIPTS, options=("--write", "--most-minutes", "0.03"))
    told = [line.split("min", 1)[1].split(None, 1) for line in ran.stderr.splitlines() if " min  " in line]
    assert ran.returncode == 1
    assert [" ".join(" ".join(each).split()) for each in told] == [
        "a_crash.py CRASHED (exit code 1)",
        "b_exit.py CRASHED (exit code 1)",
        "c_missed.py MISSED a limit",
        "d_stuck.py STOPPED after 2 s",
        "e_fewer.py CRASHED (exit code 1)",
        "f_both.py done",
        "g_one.py done",
        "all",
    ]
    assert "rows of it were not measured:\n  size\n" in ran.stderr
    results = (tmp_path / "RESULTS.md").read_text(encoding="utf-8")
    assert [line for line in results.splitlines() if line.startswith("| ") and "---" not in line and "what" not in line] == [
        "| speed | 4 s | ≤ 5 s | met |",
        "| length | 8 MB |  |  |",
        "| model | right |",
        "| small | 3 |",
        "| speed | 7 s | ≤ 5 s | MISSED |",
        "| x | 1 s |  |  |",
        "| y | 2 s |  |  |",
    ]


def test_a_table_that_would_lose_rows_stays_as_it_was(tmp_path: Path) -> None:
    assert bench(tmp_path, "e_fewer").returncode == 1
    assert (tmp_path / "RESULTS.md").read_text(encoding="utf-8") == BEFORE
    assert bench(tmp_path, "e_fewer", options=()).returncode == 0
