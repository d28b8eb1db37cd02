"""What the tests of MCP share: databases, and a folder for what an app has done."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ..workflows.postgres_server import new_database, server


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


@pytest.fixture(autouse=True)
def desk_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the desk's merchant; each test has its own keys and pins."""
    monkeypatch.setenv("DESK", str(tmp_path))
    monkeypatch.setenv("SAYSO_MCP_KEY", "k" * 40)
    monkeypatch.setenv("SAYSO_MCP_PINS", str(tmp_path / "pins.json"))
    return tmp_path
