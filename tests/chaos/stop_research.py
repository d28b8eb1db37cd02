"""A research that is stopped at random moments: a good partial report each time, and one that was killed goes on where it was.

    python tests/chaos/stop_research.py [--seconds 60] [--stops 50] [--kills 20] [--seed 1]

Ctrl-C and SIGTERM come after a random line of its progress and a little later, with and without `--database`: exit code 130 or 143, no
traceback, no half file, and a report that `sayso check` passes, or a sentence that nothing had been found; every sixth is a research that
was killed and is stopped again while `sayso resume` goes on with it. `kill -9` comes with `--database`: the same command under the same
`--run-id` finishes, and no question is paid twice whose answer was stored. `--seconds` below 60 makes a shorter form of it.
"""

from __future__ import annotations

import argparse
import json
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent.parent))

from sayso.agents.models.extractive import ANSWERS  # noqa: E402
from sayso.agents.research.report_check import check_report, read_report  # noqa: E402
from tests.agents.fake_openai import FakeOpenAI  # noqa: E402  the folder of the tests is no package of ours
from tests.cli.commands import environment, listens_to_ctrl_c  # noqa: E402

LIMIT_SECONDS = 120
CODES = {signal.SIGINT: 130, signal.SIGTERM: 143}


class Ended(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str


def answered(body: dict[str, Any]) -> str:
    """A model that answers each question of the research by its schema."""
    title = body["response_format"]["json_schema"]["schema"]["title"]
    return json.dumps(ANSWERS[title](body["messages"][-1]["content"]))


def start(folder: Path, *more: str) -> subprocess.Popen[str]:
    """A research of the sample web."""
    return begin(folder, "research", "BettaBurgers", "--search", "sample", "--competitors", "2", *more)


def begin(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    """A command, with its output and progress read from pipes."""
    command = [sys.executable, "-m", "sayso", *arguments]
    pipe = subprocess.PIPE
    return subprocess.Popen(
        command, cwd=folder, env=environment(), text=True, stdout=pipe, stderr=pipe, preexec_fn=listens_to_ctrl_c, start_new_session=True
    )


def stop(process: subprocess.Popen[str], number: int, lines: int, later: float) -> Ended:
    """End a command after so many lines of its progress, and a little later."""
    assert process.stderr is not None
    shown = []
    for _ in range(lines):
        shown.append(process.stderr.readline())
    threading.Event().wait(later)  # a random moment: nothing depends on it
    process.send_signal(number)
    out, err = process.communicate(timeout=LIMIT_SECONDS)
    return Ended(process.returncode, out, "".join(shown) + err)


def find_problems(folder: Path, ended: Ended, code: int) -> list[str]:
    """What is wrong with how a research ended that was told to end."""
    problems = [] if ended.code in (code, -(code - 128)) else [f"exit code {ended.code}, not {code}"]
    if "Traceback" in ended.err:
        problems.append(f"a traceback: {ended.err[-2000:]}")
    problems += [f"a half file: {path.name}" for path in folder.rglob(".*") if path.is_file()]
    if not ended.out.strip():
        began = any(each in ended.err for each in ("Researching", "Run "))
        said = "Nothing had been found" in ended.err or "interrupted" in ended.err or "told to end" in ended.err
        return problems + ([] if said or not began or ended.code < 0 else [f"neither a report nor a sentence: {ended.err[-500:]}"])
    path = (folder / ended.out.strip()).with_suffix(".json")
    report = read_report(path)
    problems += check_report(report, path.parent / "snapshots")
    for ending in (".md", ".html"):
        problems += [] if path.with_suffix(ending).is_file() else [f"no {ending}"]
    return problems


def stop_many(chance: random.Random, stops: int, lines: int) -> list[str]:
    """Stop researches at random moments; gives what went wrong."""
    wrong = []
    kept = 0
    for index in range(stops):
        number = signal.SIGTERM if index % 4 == 3 else signal.SIGINT
        stored = ("--database", "sqlite:///runs.db", "--run-id", "r") if index % 2 else ()
        after, later, is_resumed = chance.randrange(lines + 1), chance.uniform(0, 0.4), index % 6 == 5
        with tempfile.TemporaryDirectory() as made:
            folder = Path(made)
            if is_resumed:
                stop(start(folder, *stored), signal.SIGKILL, chance.randrange(3, lines + 1), 0)
            process = begin(folder, "resume", "r", *stored[:2]) if is_resumed else start(folder, *stored)
            ended = stop(process, number, after, later)
            done = ended.code == 0 and "competitors," in ended.err  # it was quicker than the signal
            problems = [] if done else find_problems(folder, ended, CODES[number])
            kept += bool(ended.out.strip())
            how = ", resumed" if is_resumed else ", stored" if stored else ""
            where = f"{signal.Signals(number).name} after line {after} + {later:.2f} s{how}"
            wrong += tell(where, problems)
    print(f"{stops} stops: {kept} with a report, {len(wrong)} problems", flush=True)
    return wrong


def tell(where: str, problems: list[str]) -> list[str]:
    """Print what went wrong at a moment, and return it."""
    for each in problems:
        print(f"{where}: {each}", flush=True)
    return problems


def kill_many(chance: random.Random, kills: int, lines: int) -> list[str]:
    """Kill stored researches at random moments, and let them go on; gives what went wrong."""
    wrong = []
    for _ in range(kills):
        after, later = chance.randrange(1, lines + 1), chance.uniform(0, 0.4)
        with tempfile.TemporaryDirectory() as made, FakeOpenAI([answered], repeat=True) as endpoint:
            folder = Path(made)
            options = ("--database", "sqlite:///runs.db", "--run-id", "r", "--base-url", endpoint.base_url)
            stop(start(folder, *options), signal.SIGKILL, after, later)
            asked = len(endpoint.requests)
            stored = count_answers(folder / "runs.db")
            process = start(folder, *options)
            out, err = process.communicate(timeout=LIMIT_SECONDS)
            problems = find_problems(folder, Ended(130 if process.returncode == 0 else process.returncode, out, err), 130)
            questions = Counter(json.dumps(body, sort_keys=True) for body in endpoint.requests)
            twice = sum(times - 1 for times in questions.values())
            if twice > asked - stored:
                problems.append(f"{twice} questions were asked twice; {asked} were asked before, of which {stored} were stored")
            wrong += tell(f"kill -9 after line {after} + {later:.2f} s", problems)
    print(f"{kills} kills: {len(wrong)} problems", flush=True)
    return wrong


def count_answers(database: Path) -> int:
    """How many answers of models are stored."""
    if not database.exists():
        return 0
    with closing(sqlite3.connect(database)) as connection:
        try:
            (number,) = connection.execute("SELECT count(*) FROM sayso_log WHERE name LIKE 'model:%' AND kind = 'step'").fetchone()
        except sqlite3.OperationalError:
            return 0
    return int(number)


def main() -> int:
    """Say what went wrong, and return 1 if anything did."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--stops", type=int, default=50)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    chosen = parser.parse_args()
    part = min(1.0, chosen.seconds / 60)
    print(f"seed {chosen.seed}")
    chance = random.Random(chosen.seed)
    with tempfile.TemporaryDirectory() as made:
        _, err = start(Path(made)).communicate(timeout=LIMIT_SECONDS)
    lines = len(err.splitlines())
    wrong = stop_many(chance, round(chosen.stops * part), lines)
    wrong += kill_many(chance, round(chosen.kills * part), lines)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
