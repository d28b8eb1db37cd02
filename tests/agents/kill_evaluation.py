"""An evaluation that is killed before each of its statements to the database, and started again until it is shown.

    python kill_evaluation.py FOLDER FIRST STEP

Everything is loaded once, and each of the programs that die is a fork of this one. What the programs did stands in a file, a line each:
"asked CASE TURN" (a model), "judged CASE" (a score with a model), "stored CASE". Prints a JSON list with a story for each statement.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from sayso import Agent, ScriptedModel, tool
from sayso.agents import ModelRequest
from sayso.agents.evaluation import Case, CaseRun, Evaluation, ScoreResult, evaluate
from sayso.agents.evaluation.results_table import format_evaluation
from sayso.workflows import DurableEngine

CASES = [f"case-{number}" for number in range(5)]
LOG, TABLES = "log", "tables"


def note(folder: Path, line: str) -> None:
    """Append a line that outlives this program."""
    with (folder / LOG).open("a") as log:
        log.write(f"{line}\n")


@tool.read
async def look_up(name: str) -> str:
    """Look something up."""
    return f"There is a {name}."


@dataclass(frozen=True)
class Paid:
    """A judge that never says the same twice."""

    folder: Path
    model: str = "judge"
    name: str = "judge"

    def __repr__(self) -> str:
        return "Paid()"

    async def __call__(self, run: CaseRun) -> ScoreResult:
        note(self.folder, f"judged {run.case.name}")
        return ScoreResult(score=self.name, value=round(Random().random(), 6), cost_usd=0.01)


@dataclass(frozen=True)
class Found:
    """Passes where the answer has what was looked up."""

    name: str = "found"

    async def __call__(self, run: CaseRun) -> ScoreResult:
        return ScoreResult(score=self.name, value=1.0, passed=run.case.name in run.record.text and run.case.name != "case-3")


async def run(folder: Path, kill_at: int | None, kill_while_shown: bool = False) -> None:
    """Evaluate, and die before the statement of that number, counted from the first one to a database that is ready."""

    def answer(request: ModelRequest) -> str:
        last: Any = request.messages[-1]
        name = next(text for message in request.messages if (text := str(getattr(message, "text", ""))).startswith("case-"))
        turn = 1 if hasattr(last, "results") else 0
        note(folder, f"asked {name} {turn}")
        return f"Yes: {last.results[0].text}" if turn else f'look_up(name="{name}")'

    statements = 0

    def count(statement: str) -> None:
        nonlocal statements
        statements += 1
        if statements == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def show(evaluation: Evaluation) -> None:
        with (folder / TABLES).open("a") as tables:
            tables.write(json.dumps(format_evaluation(evaluation)) + "\n")
        if kill_while_shown:
            os.kill(os.getpid(), signal.SIGKILL)

    engine = DurableEngine(f"sqlite:///{folder}/runs.db")
    engine.database.do_now(lambda session: session.set_trace_callback(count))  # type: ignore[attr-defined]
    agent = Agent(ScriptedModel(answer, repeat=True), name="finder", tools=[look_up])
    await evaluate(
        [Case(name=name, input=name, scores=(Found(), Paid(folder))) for name in CASES],
        agent,
        concurrency=2,
        store=engine,
        on_result=lambda result: note(folder, f"stored {result.case.name}"),
        show=show,
    )
    engine.close()


def fork(folder: Path, kill_at: int | None = None, kill_while_shown: bool = False) -> bool:
    """Evaluate in a program of its own; return whether it was killed."""
    child = os.fork()
    if child == 0:
        try:
            asyncio.run(run(folder, kill_at, kill_while_shown))
            os._exit(0)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    if os.WIFEXITED(status) and os.WEXITSTATUS(status):
        raise SystemExit(f"The evaluation in {folder} raised an error.")
    return os.WIFSIGNALED(status)


def tell(folder: Path, deaths: int) -> dict[str, object]:
    """Return what happened in a folder."""
    tables = [json.loads(line) for line in (folder / TABLES).read_text().splitlines()]
    return {"log": (folder / LOG).read_text().splitlines(), "tables": tables, "deaths": deaths}


def main(root: Path, first: int, step: int) -> None:
    """Kill before the statements first, first + step, ...; the last story is of a program that nobody killed."""
    stories, kill_at = list[dict[str, object]](), first
    while True:
        folder = root / str(kill_at)
        folder.mkdir()
        was_killed = fork(folder, kill_at)
        deaths = int(was_killed)
        if was_killed and kill_at % 2:  # every other one dies again, where it is shown
            deaths += fork(folder, kill_while_shown=True)
        if was_killed:
            fork(folder)
        stories.append(tell(folder, deaths))
        if not was_killed:
            break
        kill_at += step
    print(json.dumps(stories))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
