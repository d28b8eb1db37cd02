"""What an import costs above a bare interpreter, in time and memory. Its bytecode is cached, as pip leaves it.

python benchmarks/imports.py [--write]
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys

from _table import Row, finish

MEASURE = """
import time
start = time.perf_counter()
{code}
taken = time.perf_counter() - start
import resource
print(taken * 1e3, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


def measured(code: str, times: int = 15) -> tuple[float, float]:
    """Milliseconds and megabytes, each the median of new processes, after one that writes the bytecode."""
    command = [sys.executable, "-c", MEASURE.format(code=code)]
    writes = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
    runs = [subprocess.run(command, env=writes, capture_output=True, text=True, check=True) for _ in range(times + 1)]
    pairs = [tuple(map(float, run.stdout.split())) for run in runs[1:]]
    return statistics.median(pair[0] for pair in pairs), statistics.median(pair[1] for pair in pairs)


def main() -> list[Row]:
    """All rows."""
    _, bare = measured("pass")
    rows = []
    for what, code, most_ms, most_mb in (
        ("from sayso.agents import Agent", "from sayso.agents import Agent", 100, 30),
        ("from sayso import Agent, sequential, engine", "from sayso import Agent, sequential, engine", 100, 30),
        ("from sayso.tools import calculate", "from sayso.tools import calculate", 30, 30),
    ):
        taken, format_bytes = measured(code)
        rows += [Row(what, taken, "ms", limit=most_ms), Row(f"{what}: memory", format_bytes - bare, "MB", limit=most_mb)]
    return rows


if __name__ == "__main__":
    finish("Imports", main())
