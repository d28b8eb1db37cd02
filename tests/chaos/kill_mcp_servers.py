"""MCP servers killed at every point between a question and its effect, on SQLite and Postgres: one order each, and its result.

    python tests/chaos/kill_mcp_servers.py [--url postgresql://...]

`--seconds` below 30 leaves Postgres out.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent / "workflows"), str(HERE.parent / "mcp")]

from killed import POINTS, see_through  # noqa: E402  the folder of the tests is no package of ours
from postgres_server import new_database, server  # noqa: E402  as above


async def try_all(make_url: Callable[[], str] | None, kind: str) -> int:
    """Return how many points ended otherwise than with one order and its result."""
    wrong = 0
    for point in POINTS:
        with tempfile.TemporaryDirectory() as folder:
            url = f"sqlite:///{folder}/runs.db" if make_url is None else make_url()
            orders, told = await see_through(url, Path(folder), point)
        is_right = (orders, told) == (["3 burger"], "{'ordered': 'burger', 'number': 3}")
        wrong += not is_right
        print(
            f"{kind}, killed {point}: {len(orders)} order{'s' if len(orders) != 1 else ''}; {told}{'' if is_right else '   WRONG'}",
            flush=True,
        )
    return wrong


def main() -> int:
    """Try all points; the exit code says whether any was wrong."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--url", default="")
    parser.add_argument("--seconds", type=float, default=60.0)
    given = parser.parse_args()
    wrong = asyncio.run(try_all(None, "SQLite"))
    if given.seconds >= 30 or given.url:
        with ExitStack() as stack:
            home = given.url or stack.enter_context(server())
            wrong += asyncio.run(try_all(lambda: new_database(home), "Postgres"))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
