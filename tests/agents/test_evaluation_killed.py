"""An evaluation that is killed at any point and started again does no case twice, and shows the same table."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="kill -9 is POSIX")
PROGRAM = Path(__file__).with_name("kill_evaluation.py")
CASES, CONCURRENCY, STEP = 5, 2, 83


def plain(table: str) -> str:
    """Return a table without what depends on the clock or the judge's mood."""
    return re.sub(r"\d+\.\d+", "#", re.sub(r" +", " ", table))


@pytest.mark.slow
def test_an_evaluation_killed_at_any_point_does_no_case_twice_and_shows_the_same_table(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, PROGRAM, tmp_path, "1", str(STEP)], capture_output=True, text=True, timeout=250, check=True)
    *stories, undisturbed = json.loads(done.stdout)
    assert len(stories) * STEP > 100  # it was killed at many points
    assert Counter(undisturbed["log"]) == {
        **{f"asked case-{case} {turn}": 1 for case in range(CASES) for turn in (0, 1)},
        **{f"judged case-{case}": 1 for case in range(CASES)},
        **{f"stored case-{case}": 1 for case in range(CASES)},
    }
    for number, story in enumerate(stories):
        where = f"killed before statement {1 + number * STEP}"
        assert len(set(story["tables"])) == 1, f"{where}: it showed two different tables"
        assert plain(story["tables"][0]) == plain(undisturbed["tables"][0]), where
        stored = set[str]()
        for line in story["log"]:
            what, case, *_ = line.split()
            assert what == "stored" or case not in stored, f"{where}: {line!r} after it was stored"
            stored |= {case} if what == "stored" else set()
        counts = Counter(line for line in story["log"] if not line.startswith("stored"))
        again = {line.split()[1] for line, times in counts.items() if times > 1}
        assert max(counts.values()) <= 2, where  # only what was under way when it was killed, and not stored yet, is done again
        assert len(again) <= CONCURRENCY, f"{where}: {again}"
