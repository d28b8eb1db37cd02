"""A coder and its critic: problems in the form of HumanEval solved at once, with reflection, and by the best of several tries.

The critic runs the examples of the docstring and tells the coder what they say. Best-of-n does not tell: it tries several times and keeps
what the examples like best. The hidden tests only count. All model-written code runs behind the walls of `run_python`.
"""

from __future__ import annotations

import ast
import asyncio
import builtins
import doctest
import gzip
import re
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from cyclopts.types import ExistingFile
from cyclopts.validators import Number
from pydantic import BaseModel, ValidationError

from sayso import Agent, Run, Sampling, ScriptedModel, best_of, command, map_each, reflect, sequential
from sayso.agents import Model, ModelRequest
from sayso.tools import Sandbox, UsageError
from sayso.tools.python_code import PythonResult, run_python
from sayso.workflows import Workflow

PROBLEMS = Path(__file__).with_name("data") / "problems.jsonl"
INSTRUCTIONS = "You write Python. Complete the function: answer with all of it in one code block, and nothing else."
BOX = Sandbox(seconds=5)
Count = Annotated[int, Parameter(validator=Number(gte=1, lte=1000))]


class Problem(BaseModel):
    """One line of a HumanEval file."""

    prompt: str
    entry_point: str
    canonical_solution: str
    test: str

    @property
    def examples(self) -> list[str]:
        """The docstring's own examples, as tests: ">>> f(1)" with what it gives below, and "f(1) == 2" or "f(1) returns 2" in a line."""
        told, shown = self.docstring, dict[str, str]()
        with suppress(ValueError):  # a docstring whose lines are not indented alike
            shown |= {each.source.strip(): each.want for each in doctest.DocTestParser().get_examples(told)}
        shown |= re.findall(rf"({self.entry_point}\(.*\)) *(?:=+>?|-+>|[→➞]|(?:should )?returns?) *(.+?)\.?$", told, re.MULTILINE)
        return [test for call, value in shown.items() if (test := as_test(call, value, self.prompt))]

    @property
    def docstring(self) -> str:
        """What the prompt says of the function."""
        with suppress(SyntaxError):
            for node in ast.parse(f"{self.prompt}    pass").body:
                if isinstance(node, ast.FunctionDef) and node.name == self.entry_point:
                    return ast.get_docstring(node) or ""
        return ""

    async def tried(self, code: str, tests: Sequence[str]) -> PythonResult:
        """What comes of the code, after what stands above the function or (for its body alone) all of the prompt, and of the tests."""
        above, head, _ = self.prompt.partition(f"def {self.entry_point}(")
        return await asyncio.to_thread(run_python, (above if head in code else self.prompt) + code, tests, sandbox=BOX)

    async def solved_by(self, code: str) -> bool:
        """Whether the hidden test passes."""
        return (await self.tried(code, [f"{self.test}\ncheck({self.entry_point})"])).ok


def as_test(call: str, value: str, prompt: str) -> str:
    """A call and its value as a test; nothing where they are no Python: docstrings also show steps, errors, prints and prose."""
    with suppress(ValueError, SyntaxError, RecursionError, MemoryError):
        test = f"assert {call} == {ast.literal_eval(value.strip())!r}"
        names = {node.id for node in ast.walk(ast.parse(test)) if isinstance(node, ast.Name)}
        known = all(hasattr(builtins, name) or f"def {name}(" in prompt for name in names)
        return test if known and not call.startswith("print(") else ""
    return ""


async def code_in(reply: str) -> str:
    """The code of a reply: its longest code block, or all of it."""
    return max(re.findall(r"```(?:python|py)?[ \t]*\n(.*?)(?:```|\Z)", reply, re.DOTALL), key=len, default=reply)


def coder(model: Model, temperature: float) -> Workflow[object, str]:
    """Writes code for a prompt, or better code after a critique."""
    sampling = Sampling(temperature=temperature, max_tokens=600)
    return sequential(Agent(model, name="coder", instructions=INSTRUCTIONS, sampling=sampling), code_in, name="coder")


def ways(model: Model, problem: Problem, tries: int) -> dict[str, Workflow[object, str]]:
    """Three ways from the prompt to code."""

    async def critic(code: str) -> str:
        """What is wrong as far as the prompt's examples tell; nothing when they pass."""
        result = await problem.tried(code, problem.examples)
        return "" if result.ok else result.text

    async def liking(code: str) -> int:
        """How many of the prompt's examples pass; -1 when the code does not even run."""
        result = await problem.tried(code, problem.examples)
        return -1 if result.error else result.tests - len(result.failures)

    return {
        "zero-shot": coder(model, 0),
        "reflection": reflect(coder(model, 0), critic, rounds=2),
        f"best of {tries}": best_of(coder(model, 0.8), tries, score=liking),
    }


def table(marks: Sequence[dict[str, bool]]) -> str:
    """How many problems each way solves, and what it changes against the first."""
    lines = []
    for way in marks[0]:
        pairs = [(mark["zero-shot"], mark[way]) for mark in marks]
        changes = "" if way == "zero-shot" else f"   fixed {pairs.count((False, True))}, lost {pairs.count((True, False))}"
        lines.append(f"{way:<12} {sum(right for _, right in pairs):>3} of {len(marks)} pass{changes}")
    return "\n".join(lines)


def beginner(request: ModelRequest) -> str:
    """Stands in for a model: knows every solution, and writes every third one wrong until it is criticised or tries with chance."""
    problems = problems_in(PROBLEMS)
    known = ((place, each) for place, each in enumerate(problems) if each.prompt in request.question)
    place, problem = next(known, (0, None))
    if problem is None:
        raise UsageError("The script only knows the problems of data/problems.jsonl. Name a model: --base-url URL, or --model NAME.")
    sure = request.sampling.temperature or "Critique:" in request.question
    return f"```python\n{problem.prompt}{problem.canonical_solution if sure or place % 3 else '    return None'}\n```"


def problems_in(file: Path) -> list[Problem]:
    """The problems of a JSONL file, also of one that is packed (HumanEval.jsonl.gz)."""
    body = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
    lines = [line for line in body.decode(errors="replace").split("\n") if line.strip()]
    try:
        problems = [Problem.model_validate_json(line) for line in lines]
    except ValidationError:
        problems = []
    if not problems:
        raise UsageError(f"{file} is no HumanEval file: lines of JSON with prompt, entry_point, canonical_solution and test.")
    return problems


async def main(file: ExistingFile = PROBLEMS, *, most: Count = 1000, tries: Count = 3, at_once: Count = 2, model: Model) -> str:
    """Solve the problems of a HumanEval file in three ways, and count.

    Parameters
    ----------
    most
        How many problems, from the first.
    tries
        The n of best-of-n.
    at_once
        How many problems are worked on at the same time.
    """

    async def attempt(run: Run, problem: Problem) -> dict[str, bool]:
        flows = ways(model, problem, tries).items()
        marks = {way: await problem.solved_by(await run.child(way, flow.carry, problem.prompt)) for way, flow in flows}
        print(f"{problem.entry_point:<20} " + "   ".join(f"{way} {'✓' if right else '✗'}" for way, right in marks.items()), flush=True)
        return marks

    return table(await map_each(attempt, concurrency=at_once)(problems_in(file)[:most]))


if __name__ == "__main__":
    command(main, offline=ScriptedModel(beginner, repeat=True, name="a script"))
