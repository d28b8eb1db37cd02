"""What an evaluation costs above the runs that it makes, and what becomes of one that is killed.

python benchmarks/evaluations.py [--write]
"""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from _table import Row, finish

from sayso import Agent, ScriptedModel, engine, tool
from sayso.agents import ModelRequest
from sayso.agents.evaluation import Case, evaluate
from sayso.agents.evaluation.scores import CallMade, Contains

CASES, STEP = 500, 13
KILLS = Path(__file__).parents[1] / "tests" / "agents" / "kill_evaluation.py"


@tool.read(trust="tool")
async def look_up(name: str) -> str:
    """Look something up."""
    return f"There is a {name}."


def answer(request: ModelRequest) -> str:
    """One call, then the answer."""
    last = request.messages[-1]
    return results[0].text if (results := getattr(last, "results", ())) else f'look_up(name="{getattr(last, "text", "")}")'


AGENT = Agent(ScriptedModel(answer, repeat=True), name="finder", tools=[look_up])
SUITE = [
    Case(name=str(number), input=f"thing {number}", scores=(Contains(f"thing {number}"), CallMade("look_up"))) for number in range(CASES)
]


async def measure(folder: Path) -> list[Row]:
    """The rows about time, in CPU seconds: other programs of the machine do not count."""
    await evaluate(SUITE[:5], AGENT)  # all is loaded
    begun = time.process_time()
    for case in SUITE:
        await AGENT.run(case.input)
    runs = time.process_time() - begun
    begun = time.process_time()
    assert (await evaluate(SUITE, AGENT)).passed
    in_memory = time.process_time() - begun
    store = engine(f"sqlite:///{folder}/runs.db")
    begun = time.process_time()
    for number, case in enumerate(SUITE):
        await AGENT.run(case.input, engine=store, run_id=f"r{number}")
    stored_runs = time.process_time() - begun
    store.close()
    begun = time.process_time()
    assert (await evaluate(SUITE, AGENT, store=folder / "evaluation.db", keep_open=True)).passed
    stored = time.process_time() - begun
    begun = time.process_time()
    assert (await evaluate(SUITE, AGENT, store=folder / "evaluation.db", keep_open=True)).passed
    again = time.process_time() - begun
    return [
        Row("a case in memory: run, record, two scores", in_memory / CASES * 1e3, "ms", 3),
        Row("the run alone", runs / CASES * 1e3, "ms"),
        Row("a case in SQLite", stored / CASES * 1e3, "ms", 30),
        Row("the run alone, in SQLite", stored_runs / CASES * 1e3, "ms"),
        Row(f"{CASES} stored cases shown again", again, "s", 10),
    ]


def kill(folder: Path) -> list[Row]:
    """The rows about evaluations that die before a statement to their database, half of them twice, and are started again."""
    done = subprocess.run([sys.executable, KILLS, folder, "1", str(STEP)], capture_output=True, text=True, check=True)
    *stories, undisturbed = json.loads(done.stdout)
    wanted = plain(undisturbed["tables"][0])
    others = sum(len(set(story["tables"])) > 1 or plain(story["tables"][0]) != wanted for story in stories)
    twice = 0
    for story in stories:
        stored = set[str]()
        for what, case, *_ in map(str.split, story["log"]):
            twice += what != "stored" and case in stored
            stored |= {case} if what == "stored" else set()
    repeated = [sum(times > 1 for line, times in Counter(story["log"]).items() if not line.startswith("stored")) for story in stories]
    return [
        Row("points at which an evaluation was killed", len(stories), ""),
        Row("deaths", sum(story["deaths"] for story in stories), ""),
        Row("other tables afterwards", others, "", 0),
        Row("questions of a case that was done, asked again", twice, "", 0),
        Row("questions under way, asked again at each death", sum(repeated) / len(stories), "", 2),
    ]


def plain(table: str) -> str:
    """A table without what the clock and a judge that never says the same twice have written."""
    return re.sub(r"\d+\.\d+", "#", re.sub(r" +", " ", table))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        (Path(made) / "kills").mkdir()
        finish("Evaluations", [*asyncio.run(measure(Path(made))), *kill(Path(made) / "kills")])
