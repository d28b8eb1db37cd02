"""What a call in a worker costs: warm, cold, after a worker was killed, and of a user's function. Run: python benchmarks/sandbox.py"""

from __future__ import annotations

import asyncio
import importlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from _table import Row, finish

from sayso.tools import ToolContext
from sayso.tools.sandbox import SandboxTimeout, acall_sandboxed, call_sandboxed, close_all
from sayso.tools.sandbox.calls import get_pool
from sayso.tools.sandbox.settings import Profile

TARGET = "sayso.tools.canonical:canonical_json"
VALUE = {"b": 1, "a": [2]}
ECHO = "import os\nwhile data := os.read(0, 65536): os.write(1, data)"
CALLS = 5000


def per_call_us(call: Callable[[], object]) -> float:
    """The median of ten rounds, in microseconds a call."""
    rounds = []
    for _ in range(10):
        start = time.perf_counter()
        for _ in range(CALLS // 10):
            call()
        rounds.append((time.perf_counter() - start) / (CALLS // 10) * 1e6)
    return statistics.median(rounds)


def bare_pipe_us() -> float:
    """The floor: one line to a bare interpreter and back, no JSON, no deadline."""
    with subprocess.Popen([sys.executable, "-I", "-S", "-c", ECHO], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        to, back = child.stdin.fileno(), child.stdout.fileno()

        def ping() -> None:
            os.write(to, b"x" * 100)
            os.read(back, 65536)

        ping()
        taken = per_call_us(ping)
        child.stdin.close()
    return taken


async def async_us() -> float:
    """A warm call awaited on an event loop, the median of ten rounds."""
    await acall_sandboxed(TARGET, VALUE)
    rounds = []
    for _ in range(10):
        start = time.perf_counter()
        for _ in range(CALLS // 10):
            await acall_sandboxed(TARGET, VALUE)
        rounds.append((time.perf_counter() - start) / (CALLS // 10) * 1e6)
    return statistics.median(rounds)


def seconds_of(call: Callable[[], object]) -> float:
    """How long one call takes."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def replacement_seconds(profile: Profile, stuck: str, *args: object) -> tuple[float, float]:
    """After a kill: how long the next call takes, and until the pool has a warm spare again."""
    pool = get_pool(profile)
    pool.call(TARGET, [1], {}, 10)
    pool.warm()
    with suppress(SandboxTimeout):
        pool.call(stuck, list(args), {}, 0.05)
    killed = time.perf_counter()
    next_call = seconds_of(lambda: pool.call(TARGET, [1], {}, 10))
    pool.warm()
    return next_call, time.perf_counter() - killed


USERS = """
from sayso.tools import Sandbox, tool
{imports}
@tool.read(sandbox=Sandbox(seconds=20, preload={preload!r}))
def count(text: str) -> int:
    'Count the words.'
    return len(text.split())
"""


async def users_ms(imports: str = "", preload: tuple[str, ...] = ()) -> tuple[float, float]:
    """A call of a user's function: the first, and the median of those after it. Each is a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        name = f"users_{len(sys.modules)}"
        (Path(folder) / f"{name}.py").write_text(USERS.format(imports=imports, preload=preload))
        sys.path.append(folder)
        count = importlib.import_module(name).count
        times = []
        for _ in range(31 if preload or not imports else 5):
            start = time.perf_counter()
            assert await count.perform({"text": "to be or not to be"}, ToolContext(None)) == 6
            times.append((time.perf_counter() - start) * 1e3)
        sys.path.remove(folder)
    return times[0], statistics.median(times[1:])


def main() -> list[Row]:
    """All rows."""
    megabyte = "x" * 1_000_000
    large = statistics.median(seconds_of(lambda: call_sandboxed(TARGET, megabyte)) for _ in range(20))
    rows = [
        Row("cold first call", seconds_of(lambda: call_sandboxed(TARGET, VALUE)) * 1e3, "ms"),
        Row("bare pipe, there and back", bare_pipe_us(), "us"),
        Row("warm call", per_call_us(lambda: call_sandboxed(TARGET, VALUE)), "us", limit=100),
        Row("warm call, awaited", asyncio.run(async_us()), "us", limit=100),
        Row("warm call with 1 MB each way", large * 1e3, "ms"),
    ]
    for name, preload in {"a small worker": (), "a worker with sympy": ("sympy",)}.items():
        profile = Profile(preload=("sayso.tools.canonical", "time", *preload))
        next_call, replaced = replacement_seconds(profile, "time:sleep", 60)
        rows += [
            Row(f"{name} killed: next call", next_call * 1e3, "ms", limit=20),
            Row(f"{name} killed: replaced after", replaced * 1e3, "ms", limit=500),
        ]
    first, users = asyncio.run(users_ms())
    rows += [
        Row("a user's function, a process for each call", users, "ms", limit=10),
        Row("a user's function: first call", first, "ms"),
        Row("a user's function whose module imports sympy", asyncio.run(users_ms("import sympy"))[1], "ms"),
        Row("the same with preload=['sympy']", asyncio.run(users_ms("import sympy", ("sympy",)))[1], "ms"),
    ]
    close_all()
    return rows


if __name__ == "__main__":
    finish("Sandbox", main())
