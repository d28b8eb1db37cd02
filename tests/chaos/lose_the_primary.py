"""A Postgres primary that crashes under load and is replaced by its synchronous standby: no run is lost, none orders twice.

    python tests/chaos/lose_the_primary.py --runs 60 --times 3

Programs connect as docs/operations.md says: with both servers in the URL, and `target_session_attrs=read-write`.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "workflows"))

import psycopg  # noqa: E402
from kill_workers import approve_all, end, make_home, started  # noqa: E402  the folder of the tests is no package of ours
from postgres_server import Server, own_server  # noqa: E402
from psycopg import sql  # noqa: E402

from sayso.tools import UsageError  # noqa: E402


def wait_for_standby(primary: Server, name: str) -> None:
    """Confirm no commit from now on that the standby lacks; return when it follows."""
    with psycopg.connect(f"{primary.url}/postgres", autocommit=True) as connection:
        connection.execute(sql.SQL("ALTER SYSTEM SET synchronous_standby_names = {}").format(name))
        connection.execute("SELECT pg_reload_conf()")
        while connection.execute("SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'").fetchone() != (1,):
            time.sleep(0.05)


def promote(standby: Server) -> None:
    """Make the standby the primary."""
    with psycopg.connect(f"{standby.url}/postgres", autocommit=True) as connection:
        connection.execute("SELECT pg_promote()")


async def lose(runs: int, times: int, folder: Path) -> list[str]:
    """Have two workers execute the runs while the primary crashes `times` times; return what went wrong."""
    with own_server() as first:
        with psycopg.connect(f"{first.url}/postgres", autocommit=True) as connection:
            connection.execute("CREATE DATABASE runs")
        primary, standby = first, first.make_standby("standby0")
        wait_for_standby(primary, "standby0")
        hosts = ",".join(each.url.rpartition("@")[2] for each in (primary, standby))
        url = f"postgresql://sayso@{hosts}/runs?target_session_attrs=read-write"
        home = make_home(url)
        crew = [started(url, folder) for _ in range(2)]
        begun = time.monotonic()
        submitted = lost = 0
        try:
            while time.monotonic() - begun < 90 + runs:
                with suppress(UsageError, psycopg.Error, OSError):  # a program that meets the crash itself tries again
                    while submitted < runs * (lost + 1) // (times + 1):
                        await home.submit("desk", f"shop {submitted}", run_id=f"r{submitted}")
                        submitted += 1
                    await approve_all(home)
                    states = Counter(row.state for row in await home.runs())
                    if lost == times and states["done"] == runs:
                        break
                    if lost < times and states["done"] > runs * lost // (times + 1):  # in the middle of the work
                        primary.stop(signal.SIGQUIT)
                        promote(standby)
                        lost += 1
                        primary, standby = standby, standby.make_standby(f"standby{lost}", primary.port)
                        wait_for_standby(primary, f"standby{lost}")
                await asyncio.sleep(0.1)
        finally:
            states, orders, wrong = await end(home, crew, folder, runs)
            for server in {primary, standby} - {first}:
                server.stop(signal.SIGQUIT)
    print(f"  {runs} runs, {lost} primaries lost, {time.monotonic() - begun:.0f} s: {dict(states)}; {orders}")
    if lost != times:
        wrong.append(f"{lost} of {times} primaries were lost")
    return wrong


def main() -> int:
    """Lose the primary, and say what that cost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=60)
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=None, help="below 60: a shorter form")
    given = parser.parse_args()
    runs, times = (given.runs, given.times) if given.seconds is None or given.seconds >= 60 else (12, 1)
    with tempfile.TemporaryDirectory(prefix="sayso-chaos-") as folder:
        wrong = asyncio.run(lose(runs, times, Path(folder)))
    for line in wrong[:20]:
        print(f"  WRONG {line}")
    print("lose_the_primary: " + ("something was lost or doubled" if wrong else "nothing lost, nothing doubled"))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
