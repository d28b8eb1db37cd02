"""Problems in the form of HumanEval: read from its files, tried with the docstring's own examples, judged by the hidden test.

All code that a model wrote runs behind the walls of `run_python`.
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

from pydantic import BaseModel, ValidationError

from sayso.tools import Sandbox, UsageError
from sayso.tools.python_code import PythonResult, run_python

PROBLEMS = Path(__file__).with_name("data") / "problems.jsonl"
BOX = Sandbox(seconds=5)


class Problem(BaseModel):
    """One line of a HumanEval file."""

    prompt: str
    entry_point: str
    canonical_solution: str
    test: str

    @property
    def examples(self) -> list[str]:
        """The docstring's own examples, as tests: ">>> f(1)" with what it gives below, and "f(1) == 2" or "f(1) returns 2" in a line."""
        docstring, shown = self.docstring, dict[str, str]()
        with suppress(ValueError):  # a docstring whose lines are not indented alike
            shown |= {each.source.strip(): each.want for each in doctest.DocTestParser().get_examples(docstring)}
        shown |= re.findall(rf"({self.entry_point}\(.*\)) *(?:=+>?|-+>|[→➞]|(?:should )?returns?) *(.+?)\.?$", docstring, re.MULTILINE)
        return [test for call, value in shown.items() if (test := as_test(call, value, self.prompt))]

    @property
    def docstring(self) -> str:
        """What the prompt says of the function."""
        with suppress(SyntaxError):
            for node in ast.parse(f"{self.prompt}    pass").body:
                if isinstance(node, ast.FunctionDef) and node.name == self.entry_point:
                    return ast.get_docstring(node) or ""
        return ""

    async def critique(self, code: str) -> str:
        """What the docstring's examples say against the code; nothing when they pass."""
        result = await self.tried(code, self.examples)
        return "" if result.ok else result.text

    async def score(self, code: str) -> int:
        """How many of the docstring's examples pass; -1 when the code does not even run."""
        result = await self.tried(code, self.examples)
        return -1 if result.error else result.tests - len(result.failures)

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


def problems_in(file: Path) -> list[Problem]:
    """The problems of a JSONL file, also of one that is packed (HumanEval.jsonl.gz)."""
    body = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
    lines = [line for line in body.decode(errors="replace").split("\n") if line.strip()]
    try:
        problems = [Problem.model_validate_json(line) for line in lines]
    except ValidationError:
        problems = []
    if not problems:
        fields = "prompt, entry_point, canonical_solution and test"
        raise UsageError(f"{file} is not a HumanEval file. Each line must be a JSON object with {fields}.")
    return problems
