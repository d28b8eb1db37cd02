"""A coder and its critic: problems in the form of HumanEval solved at once, with reflection, and by the best of several tries.

The critic runs the examples of the docstring and tells the coder what they say. Best-of-n does not tell: it tries several times and keeps
what the examples like best. The hidden tests only count.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated

from cyclopts import Parameter
from cyclopts.types import ExistingFile
from cyclopts.validators import Number

import stand_ins
from humaneval import PROBLEMS, Problem, problems_in
from sayso import Agent, Run, Sampling, best_of, command, follow, map_each, reflect, sequential
from sayso.agents import Model
from sayso.workflows import Workflow

INSTRUCTIONS = "You write Python. Complete the function: answer with all of it in one code block, and nothing else."
Count = Annotated[int, Parameter(validator=Number(gte=1, lte=1000))]


async def code_in(reply: str) -> str:
    """The code of a reply: its longest code block, or all of it."""
    return max(re.findall(r"```(?:python|py)?[ \t]*\n(.*?)(?:```|\Z)", reply, re.DOTALL), key=len, default=reply)


def coder(model: Model, temperature: float) -> Workflow[object, str]:
    """Writes code for a prompt, or better code after a critique."""
    sampling = Sampling(temperature=temperature, max_tokens=600)
    return sequential(Agent(model, name="coder", instructions=INSTRUCTIONS, sampling=sampling), code_in, name="coder")


def ways(model: Model, problem: Problem, tries: int) -> dict[str, Workflow[object, str]]:
    """Three ways from the prompt to code."""
    return {
        "zero-shot": coder(model, 0),
        "reflection": reflect(coder(model, 0), problem.critique, rounds=2),
        f"best of {tries}": best_of(coder(model, 0.8), tries, score=problem.score),
    }


def table(marks: Sequence[dict[str, bool]]) -> str:
    """How many problems each way solves, and what it changes against the first."""
    lines: list[str] = []
    for way in marks[0]:
        pairs = [(mark["zero-shot"], mark[way]) for mark in marks]
        changes = f"   fixed {pairs.count((False, True))}, lost {pairs.count((True, False))}" if way != "zero-shot" else ""
        lines.append(f"{way:<12} {sum(right for _, right in pairs):>3} of {len(marks)} pass{changes}")
    return "\n".join(lines)


async def main(
    file: ExistingFile = PROBLEMS, *, most: Count = 1000, tries: Count = 3, at_once: Count = 2, database: str = "", model: Model
) -> str:
    """Solve the first --most problems of a HumanEval file, --at-once at a time, in three ways; --database URL keeps what is done."""

    async def attempt(run: Run, problem: Problem) -> dict[str, bool]:
        flows = ways(model, problem, tries).items()
        marks = {way: await run.step(f"{way} passes", problem.solved_by, await run.child(way, flow, problem.prompt)) for way, flow in flows}
        print(f"{problem.entry_point:<20} " + "   ".join(f"{way} {'✓' if right else '✗'}" for way, right in marks.items()), flush=True)
        return marks

    flow = map_each(attempt, concurrency=at_once, name="coder")
    marks = await follow(flow, problems_in(file)[:most], database=database, about=f"{model.name} {tries}")
    return table(marks)


if __name__ == "__main__":
    command(main, offline=stand_ins.beginner)
