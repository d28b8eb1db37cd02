"""A server killed between the answer and the effect, and after it: one order, and its result for whoever comes back. All points: chaos."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from .killed import see_through

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="kill -9 is POSIX")


async def test_there_is_one_order_in_a_file_when_the_server_is_killed_before_it_is_made(tmp_path: Path) -> None:
    orders, told = await see_through(f"sqlite:///{tmp_path}/runs.db", tmp_path, "before the commit")
    assert (orders, told) == (["3 burger"], "{'ordered': 'burger', 'number': 3}")


async def test_there_is_one_order_on_a_server_when_it_is_killed_after_it_was_made(tmp_path: Path, postgres: str) -> None:
    from ..workflows.postgres_server import new_database

    orders, told = await see_through(new_database(postgres), tmp_path, "after the commit")
    assert (orders, told) == (["3 burger"], "{'ordered': 'burger', 'number': 3}")
