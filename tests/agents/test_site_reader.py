"""Sites that are read in worker processes say the same as sites that are read here, and a worker that dies costs nothing."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import suppress
from dataclasses import dataclass, replace

import pytest

from sayso.agents.research import site_reader
from sayso.agents.research.aspects import SETS
from sayso.agents.research.profile import make_profile
from sayso.agents.research.report_values import Considered
from sayso.agents.research.site_findings import examine_site, find_on_site
from sayso.agents.research.site_reader import MEMORY_MB, WORTH, SiteReader, count_processors
from sayso.agents.research.state import Candidate, SearchHit, Visit, VisitedPage
from sayso.tools.sandbox.calls import get_pool
from sayso.tools.sandbox.settings import Profile
from sayso.tools.web.fields import Field

TEXTS = (
    "Tidewheel\nTidewheel rents city bikes in Ghent.\nA city bike costs €14 a day.\nWe open at 9:00 and close at 18:00, except on Sundays.",
    "Prices\nBike | per day | per week\nCity bike | 14 € | 60 €\nCargo bike | 35 € | 150 €\n~~18 €~~ Helmets are free until 2031.",
    "Über uns\nWir verleihen Fahrräder seit 1998 und haben neun Mitarbeiter.\n予約は必要です。",
)
PROFILE = make_profile("bike rental in Ghent", [SearchHit("Tidewheel", "http://tidewheel.example/", "Rents bikes.")], (), kind="market")
BEFORE = Considered("Tidewheel", "tidewheel.example", "http://tidewheel.example/", competes=True, reason="It rents bikes.")
ASPECTS = SETS["retail"]


def make_visit() -> Visit:
    """A visit of three pages: sentences, a table with data, other languages and a lone surrogate."""
    field = Field("Cargo bike", "per week", "150 €", "table", "Cargo bike | 35 € | 150 €")
    pages = tuple(
        VisitedPage(
            f"http://tidewheel.example/{at}", "Tidewheel \ud800", text, (("http://x.example/", "x"),), "2026-11-30T00:00:00Z", "", ""
        )
        for at, text in enumerate(TEXTS)
    )
    return Visit(Candidate("Tidewheel", "http://tidewheel.example/", ""), (replace(pages[0], fields=(field,)), *pages[1:]), ())


def get_worker_pids() -> frozenset[int]:
    """The workers that read sites."""
    return get_pool(Profile(preload=(site_reader.__name__,), memory_mb=MEMORY_MB, boot_counts=True)).pids


def test_a_worker_finds_what_is_found_here_and_its_death_costs_nothing() -> None:
    visit = make_visit()
    here = examine_site(PROFILE, BEFORE, ["other.example"], visit, ASPECTS, "market"), find_on_site(visit, ASPECTS, "market", 1)
    reader = SiteReader(uses_workers=True)

    async def read() -> tuple[object, object]:
        return (
            await reader.examine(PROFILE, BEFORE, ["other.example"], visit, ASPECTS, "market"),
            await reader.find(visit, ASPECTS, "market", 1),
        )

    assert asyncio.run(read()) == here
    assert here[0][1] is not None
    assert here[0][1].last.claims
    assert get_worker_pids()

    async def read_with_dying_workers() -> object:
        reading = asyncio.create_task(read())
        while not reading.done():  # each worker, as soon as it is there
            for pid in get_worker_pids():
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            await asyncio.sleep(0)
        return reading.result()

    assert asyncio.run(read_with_dying_workers()) == here


@dataclass(frozen=True)
class Machine:
    """How many sites are expected on a machine of so many processors, and whether workers read them."""

    sites: int
    processors: int
    uses_workers: bool


@pytest.mark.parametrize(
    "machine",
    [Machine(WORTH, 2, True), Machine(WORTH - 1, 2, False), Machine(500, 1, False), Machine(1, 64, False)],
    ids=["many sites", "few sites", "one processor", "one site"],
)
def test_workers_are_for_many_sites_and_several_processors(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: range(machine.processors), raising=False)
    reader = SiteReader()
    reader.expect(machine.sites)
    assert (reader.uses_workers, reader.at_once) == (machine.uses_workers, machine.processors if machine.uses_workers else 1)
    assert count_processors() == machine.processors
