"""What the tests of runs share: a Postgres server for as long as the tests run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from .postgres_server import new_database, server


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A server."""
    with server() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A new database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/runs.db"
    return new_database(request.getfixturevalue("postgres"))
