"""What holds for all tests: property tests search as long as they say, none recognises what the runs of another have handed out, and none
reads what another has left in a cache of pages.
"""

from __future__ import annotations

import gc
import os
import sys
import tempfile
from collections.abc import Generator
from contextlib import suppress
from importlib import import_module
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

TESTS = Path(__file__).parent

os.environ.setdefault("SAYSO_EMBEDDER", "minilm")  # the large one has tests of its own, and takes five times as long
settings.register_profile("sayso", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("sayso")


def pytest_configure(config: pytest.Config) -> None:
    """Give each process of the tests a cache of pages of its own."""
    cache = tempfile.TemporaryDirectory(prefix="sayso-tests-", ignore_cleanup_errors=True)
    config.add_cleanup(cache.cleanup)
    os.environ["XDG_CACHE_HOME"] = cache.name


def pytest_runtest_setup() -> None:
    """Forget what was handed out. A hook, for as a fixture it would be a tenth of what a small test costs."""
    if handed_out := sys.modules.get("sayso.workflows.runs.handed_out"):  # some tests look at what is loaded
        handed_out.HANDED_OUT.texts.clear()


@pytest.hookimpl(wrapper=True)
def pytest_collection(session: pytest.Session) -> Generator[None, object, object]:
    """Collect tests without collecting garbage: the million objects that this makes stay, and no collection visits them later."""
    gc.disable()
    try:
        if session.config.args_source is pytest.Config.ArgsSource.TESTPATHS:
            _import_own_part_first()
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def _import_own_part_first() -> None:
    """Import the test modules, in each worker from another one on: of what pytest has to rewrite, each then rewrites only its part."""
    worker, workers = os.environ.get("PYTEST_XDIST_WORKER", "gw0"), os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")
    files = sorted(TESTS.rglob("test_*.py"))
    first = len(files) * int(worker.removeprefix("gw")) // int(workers)
    for file in files[first:] + files[:first]:
        with suppress(Exception, pytest.skip.Exception):  # it is told when the module is collected
            import_module(".".join(file.relative_to(TESTS.parent).with_suffix("").parts))


def pytest_xdist_auto_num_workers() -> int:
    """One worker more than cores: tests that wait for a process, a server or a browser leave a core idle."""
    return (os.cpu_count() or 1) + 1
