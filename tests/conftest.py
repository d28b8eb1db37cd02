"""What holds for all tests: property tests search as long as they say, however busy the machine is, and no engine is left at work."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("sayso", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("sayso")


@pytest.fixture(autouse=True)
def nothing_is_left_at_work() -> Iterator[None]:
    """The threads of DBOS draw random numbers, which a property test that runs beside them takes for its own."""
    yield
    dispatch = sys.modules.get("sayso.workflows.durable.dispatch")
    for launched in list(dispatch.LAUNCHED) if dispatch else ():
        launched.stop()
