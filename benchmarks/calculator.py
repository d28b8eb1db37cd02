"""The calculator beside other ways to work out arithmetic text: time for each, and what each answers to 0.1 + 0.2.

    python benchmarks/calculator.py

simpleeval, asteval and numexpr are measured where they are installed. Times are the median of several rounds. The school problems are in
corpora beside the repository (../shared/corpora, or where SAYSO_CORPORA says); without them only speed is measured.
"""

from __future__ import annotations

import ast
import json
import operator
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from statistics import median
from timeit import repeat
from typing import Any

from _table import Row, finish

from sayso.tools.calculation import calculate

MIXED = ("1+2*3", "48/2", "(60-5)*0.2+3.5", "100*1.05**8", "(12.5*4+3)/7-2**3", "(1+2)*(3-4)/5+6*7-8/9")
ROUNDS, CALLS = 5, 1_000
CORPORA = Path(os.environ.get("SAYSO_CORPORA") or Path(__file__).resolve().parents[2] / "shared" / "corpora")
PROBLEMS = {"gsm8k_calculator_train.jsonl": 0, "svamp_calculator.jsonl": 1}  # rows, and how many of them have a wrong answer
OPERATORS: dict[type, Callable[..., Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
    ast.USub: operator.neg,
}


def walk(node: ast.AST) -> Any:
    """Evaluate with the least that works: Python's parser and a walk over its tree, in floats and without any limit."""
    if isinstance(node, ast.Expression):
        return walk(node.body)
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.BinOp):
        return OPERATORS[type(node.op)](walk(node.left), walk(node.right))
    if isinstance(node, ast.UnaryOp):
        return OPERATORS[type(node.op)](walk(node.operand))
    raise ValueError(ast.dump(node))


def list_contestants() -> Iterator[tuple[str, Callable[[str], Any], int]]:
    """Yield name, function and calls per round."""
    yield "ast walk (floats)", lambda text: walk(ast.parse(text, mode="eval")), CALLS
    yield "sayso calculate (exact)", calculate, CALLS
    try:
        from simpleeval import simple_eval  # pyright: ignore[reportMissingImports]

        yield "simpleeval", simple_eval, CALLS
    except ImportError:
        pass
    try:
        from asteval import Interpreter  # pyright: ignore[reportMissingImports]

        interpreter = Interpreter()
        yield "asteval", interpreter, CALLS
    except ImportError:
        pass
    try:
        import numexpr  # pyright: ignore[reportMissingImports]

        yield "numexpr", lambda text: numexpr.evaluate(text).item(), CALLS // 10
    except ImportError:
        pass
    from sympy import sympify

    yield "sympify", sympify, CALLS // 50


def measure_microseconds(function: Callable[[str], Any], text: str, calls: int) -> float:
    """Return the time of one call, in the median round."""
    return median(repeat(lambda: function(text), number=calls, repeat=ROUNDS)) / calls * 1e6


def measure_import() -> float:
    """Return the milliseconds that `from sayso.tools.calculation import calculate` costs above a bare interpreter."""
    code = "import time; t = time.perf_counter(); from sayso.tools.calculation import calculate; print((time.perf_counter() - t) * 1e3)"
    return median(float(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout) for _ in range(9))


def count_wrong_answers() -> Iterator[Row]:
    """Yield how many problems of each file get another value than the file says."""
    for name, known_bad in PROBLEMS.items():
        if (CORPORA / name).exists():
            rows = [json.loads(line) for line in (CORPORA / name).read_text(encoding="utf-8").splitlines()]
            wrong = sum(abs(calculate(row["expression"]).fraction - _expected(row)) > 1e-9 for row in rows)
            yield Row(f"{name}: other values in {len(rows):,} rows", wrong, "rows", limit=known_bad)


def _expected(row: dict[str, Any]) -> Fraction:
    return Fraction(row["exact"]) if "exact" in row else Fraction(row["expected"])


def main() -> list[Row]:
    """Return all rows."""
    means = {
        name: sum(measure_microseconds(function, text, calls) for text in MIXED) / len(MIXED)
        for name, function, calls in list_contestants()
    }
    base, *_ = means.values()
    ours = next(name for name in means if name.startswith("sayso"))
    calculate("sqrt(2)")  # starts the worker
    return [
        *(Row(f"mean of {len(MIXED)} expressions, {name}", mean, "us") for name, mean in means.items()),
        Row("calculate / ast walk", means[ours] / base, "x", limit=2.0),
        Row("sqrt(2) in the warm worker, whole call", measure_microseconds(calculate, "sqrt(2)", 200), "us"),
        Row("import", measure_import(), "ms", limit=30),
        *count_wrong_answers(),
    ]


if __name__ == "__main__":
    finish("Calculator", main())
