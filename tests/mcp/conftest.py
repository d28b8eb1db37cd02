"""What the tests of MCP share: databases, and a folder for what an app has done."""

from __future__ import annotations

from pathlib import Path

import pytest

from ..workflows.conftest import database_url as database_url
from ..workflows.conftest import postgres as postgres


@pytest.fixture(autouse=True)
def desk_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the desk's merchant; each test has its own keys and pins."""
    monkeypatch.setenv("DESK", str(tmp_path))
    monkeypatch.setenv("SAYSO_MCP_KEY", "k" * 40)
    monkeypatch.setenv("SAYSO_MCP_PINS", str(tmp_path / "pins.json"))
    return tmp_path
