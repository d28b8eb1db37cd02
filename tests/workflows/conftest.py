"""What the tests of runs share: a Postgres server for as long as the tests run."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from .postgres_server import NoServer, new_database, server


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A server. Without one the tests fail where CI runs them, and say why they are skipped elsewhere."""
    started = server()
    try:
        url = started.__enter__()
    except NoServer as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))
    yield url
    started.__exit__(None, None, None)


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A new database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/runs.db"
    return new_database(request.getfixturevalue("postgres"))
