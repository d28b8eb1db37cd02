"""A page whose database goes away and comes back, again and again: it says so, goes on, and every order that was approved is placed once.

python tests/chaos/page_without_database.py [--seconds 60]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

import httpx2

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from tests.web.conftest import Served, Visitor, wait_until
from tests.workflows.postgres_server import new_database, own_server


def ask(ada: Visitor, path: str) -> int:
    """Return the status of an answer; 0 where there is none."""
    try:
        return ada.client.get(f"/api/{path}").status_code
    except httpx2.HTTPError:
        return 0


def main(seconds: float) -> None:
    """Order, take the database away while it is approved, bring it back, and count the orders."""
    until, rounds = time.monotonic() + seconds, 0
    with tempfile.TemporaryDirectory() as folder, own_server() as postgres:
        served = Served(Path(folder), ("--user", "ada:approver")).start("--database", new_database(postgres.url))
        try:
            ada = served.sign_in("ada")
            while rounds == 0 or time.monotonic() < until:
                run = ada.say(f"chat-{rounds:08x}", "I order a burger")
                digest = ada.wait_for_card(run)
                postgres.stop()
                wait_until(lambda: ask(ada, "inbox") == 503)
                postgres.start()
                wait_until(lambda: ask(ada, "inbox") == 200)
                assert ada.post(f"cards/{digest}/approve")[0] == 200
                ada.wait_for_state(run, "done")
                rounds += 1
                assert len(served.orders()) == rounds
        finally:
            served.stop()
            served.leave()
    print(f"The database was away {rounds} times; each of {rounds} orders was placed once.")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60)
    main(parser.parse_args().seconds)
