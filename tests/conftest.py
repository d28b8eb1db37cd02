"""What holds for all tests: property tests search as long as they say, none recognises what the runs of another have handed out, and none
reads what another has left in a cache of pages.
"""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

os.environ.setdefault("SAYSO_EMBEDDER", "minilm")  # the large one has tests of its own, and takes five times as long
settings.register_profile("sayso", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("sayso")


@pytest.fixture(autouse=True)
def nothing_handed_out() -> None:
    from sayso.workflows.runs.handed_out import HANDED_OUT  # late: some tests look at what is loaded

    HANDED_OUT.texts.clear()


@pytest.fixture(autouse=True)
def no_pages_of_others(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "cache"))


def pytest_xdist_auto_num_workers() -> int:
    """One worker more than cores: tests that wait for a process, a server or a browser leave a core idle."""
    return (os.cpu_count() or 1) + 1
