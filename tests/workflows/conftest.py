"""What the tests of runs share: a Postgres server for as long as the tests run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sayso.workflows import DurableEngine, MemoryEngine, engine

from .postgres_server import new_database, server
from .temporal_server import new_home, temporal_server


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A server."""
    with server() as url:
        yield url


@pytest.fixture(scope="session")
def temporal() -> Iterator[str]:
    """A Temporal server."""
    with temporal_server() as target:
        yield target


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A new database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/runs.db"
    return new_database(request.getfixturevalue("postgres"))


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    """An engine of each kind that has all that an engine can have."""
    yield from make_home(request, tmp_path)


def make_home(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    """An engine of the kind that the fixture asks for."""
    match request.param:
        case "memory":
            made: MemoryEngine | DurableEngine = engine(strict=True)
        case "sqlite":
            made = engine(f"sqlite:///{tmp_path}/runs.db")
        case "temporal":
            made = engine(new_home(request.getfixturevalue("temporal")))
        case _:
            made = engine(new_database(request.getfixturevalue("postgres")))
    yield made
    if isinstance(made, DurableEngine):
        made.close()
