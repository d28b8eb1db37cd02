"""What a research may use: it ends with a report of what was found until then, and names what it left out and why."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from sayso import research
from sayso.agents import ScriptedModel
from sayso.agents.models.extractive import ExtractiveReader
from sayso.agents.models.model import Delta, Finished, Model, ModelRequest
from sayso.agents.research.budget import Budget, BudgetEnded, BudgetWatch, share_pages
from sayso.agents.research.page_tools import Pages
from sayso.agents.research.pipeline import CompetitorResearch
from sayso.agents.research.report import Claim, Report
from sayso.agents.research.report_check import check_report
from sayso.agents.research.sources import index_in_thread, open_sources
from sayso.agents.research.state import Candidate, Visit, VisitedPage
from sayso.agents.research.tally import Tally, say_left
from sayso.tools.errors import LimitReached, UsageError
from sayso.tools.web import LocalIndex, SearchResult
from sayso.tools.web.pages import Page
from sayso.tools.web.search import SearchBlocked
from sayso.workflows import Limits, Usage, engine
from sayso.workflows.runs.replaying import replay

from .small_webs import Web, read_prices, show_texts
from .test_research_stories import web

__all__ = ("web",)


class Clock:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


async def researched(web: Web, model: Model, *, clock: Callable[[], float] | None = None, **budget: float) -> Report:
    """The report on the client, made with a budget, each page stored beside it."""
    async with open_sources(str(web.folder), None, web.folder.parent / "snapshots") as (search, pages):
        options: dict[str, Any] = {} if clock is None else {"clock": clock}
        flow = CompetitorResearch(model, search, pages, competitors=2, budget=Budget(**budget), **options)  # type: ignore[arg-type]
        home = engine(strict=True)
        ran = await flow.run("Crumb Brothers", grants=flow.grants, engine=home, run_id="r")
        again = await replay(flow.execute, "Crumb Brothers", home.journal("r"), run_id="r", output=ran.output)
        assert again.same, again.difference  # what was refused is stored, and refused again
    assert check_report(ran.output, web.folder.parent / "snapshots") == []
    return ran.output


@dataclass
class FillingDisk:
    """Pages whose folder takes no file any more after so many of them."""

    pages: Pages
    folder: Path
    takes: int

    async def page(self, url: str) -> Page:
        if self.takes == 0:
            self.folder.rename(self.folder.with_name("kept"))
            self.folder.touch()  # a file where the folder was
        self.takes -= 1
        return await self.pages.page(url)


@pytest.mark.parametrize(("takes", "competitors"), [(1, 0), (2, 1)])
async def test_a_disk_that_takes_no_more_pages_ends_it_with_what_was_read_and_asks_for_no_approval(
    web: Web, tmp_path: Path, takes: int, competitors: int
) -> None:
    async with open_sources(str(web.folder), None, tmp_path / "pages") as (search, pages):
        disk = FillingDisk(pages, tmp_path / "pages", takes)
        flow = CompetitorResearch(ExtractiveReader(), search, disk, competitors=2, concurrency=1)  # type: ignore[arg-type]
        report = (await flow.run("Crumb Brothers", grants=flow.grants)).output
    assert report.stopped == "Pages cannot be stored: File exists."
    assert (len(report.competitors), len(left_out(report, "site"))) == (competitors, 2 - competitors)
    assert check_report(report, tmp_path / "kept") == []


def left_out(report: Report, what: str) -> list[str]:
    """What was left out of a kind."""
    return [each.name for each in report.left_out if each.what == what]


PAGES = {
    # the most pages: how many competitors the report has, and who was not visited
    1: (0, ["Golden Crust", "Millstone"]),
    2: (1, ["Golden Crust"]),
    3: (2, []),
    100: (2, []),
}


@pytest.mark.parametrize(("most", "read", "unvisited"), [(most, *expected) for most, expected in PAGES.items()])
async def test_no_more_pages_are_asked_for_than_were_allowed_and_every_site_gets_its_share(
    web: Web, most: int, read: int, unvisited: list[str]
) -> None:
    report = await researched(web, ExtractiveReader(), max_pages=most)
    assert len(report.sources) + len(report.failed_pages) <= most
    assert (len(report.competitors), sorted(left_out(report, "site"))) == (read, unvisited)
    assert report.client is not None
    told = f"The {most} page{'' if most == 1 else 's'} that it may ask for" if unvisited else ""
    assert report.stopped.startswith(told)
    assert bool(report.stopped) is bool(unvisited)
    assert all(name in report.markdown() for name in unvisited)


async def test_where_the_time_ends_the_sites_that_were_read_are_compared(web: Web) -> None:
    clock = Clock()

    def late(request: ModelRequest) -> str:
        if (request.schema or {})["title"] == "Findings" and "Millstone" in request.question:
            clock.now = 301.0
        return read_prices(request)

    report = await researched(web, ScriptedModel(late, repeat=True, name="late"), clock=clock, minutes=5)
    assert report.stopped == "The 5 minutes that it had were over."
    assert report.client is not None
    assert "A loaf of rye bread costs $4.20 at Crumb Brothers." in {claim.text for claim in report.client.claims}
    told = {competitor.name for competitor in report.competitors}
    assert "Millstone" in told
    assert "Golden Crust" in told or any("Golden Crust" in each.name for each in report.left_out)
    assert left_out(report, "comparison")


async def test_a_model_that_never_answers_is_broken_off_when_the_time_is_over(web: Web) -> None:
    clock = Clock()

    class Hangs:
        """Answers all but the questions about Millstone's pages."""

        name, takes_tools = "hangs", True

        async def stream(self, request: ModelRequest) -> AsyncGenerator[Delta]:
            if (request.schema or {})["title"] == "Findings":
                clock.now = 299.0 - 45.0  # a second is left to find something; the rest is kept back for the comparison
                if "Millstone" in request.question:
                    await asyncio.Event().wait()
            async for delta in ScriptedModel(read_prices, repeat=True).stream(request):
                yield delta

    report = await researched(web, Hangs(), clock=clock, minutes=5)
    assert report.stopped == "The 5 minutes that it had were over."
    assert "1 part of the pages of Millstone, about which nothing was asked" in left_out(report, "questions")
    assert report.client is not None


class Dear:
    """The extractive reader, whose calls are priced as those of a model whose price is known before."""

    name, takes_tools, calls = "gpt-5-mini", True, 0

    async def stream(self, request: ModelRequest) -> AsyncGenerator[Delta]:
        self.calls += 1
        async for delta in ExtractiveReader().stream(request):
            yield Finished(delta.reason, Usage(cost_usd=0.01)) if isinstance(delta, Finished) else delta


@pytest.mark.parametrize("allowed", [0.03, 0.04, 0.05, 0.5])
async def test_a_model_call_that_would_go_over_the_limit_is_not_made(web: Web, allowed: float) -> None:
    model = Dear()
    report = await researched(web, model, max_cost=allowed)
    assert model.calls * 0.01 <= allowed
    assert bool(report.stopped) is (allowed < 0.5)
    assert bool(report.left_out) is (allowed < 0.5)
    assert report.stopped == "" or f"and {allowed:g} are allowed" in report.stopped


async def test_a_budget_that_pays_for_nothing_says_that_nothing_was_found(web: Web) -> None:
    model = Dear()
    with pytest.raises(BudgetEnded, match=r"are allowed\. Nothing was found before that"):
        await research.run("Crumb Brothers", model=model, search=str(web.folder), max_cost=0.0001)
    assert model.calls == 0


@pytest.mark.parametrize("model", [ExtractiveReader(), ScriptedModel(read_prices, repeat=True, name="reader")], ids=["quotes", "writes"])
async def test_time_that_ends_before_any_other_site_was_found_leaves_a_report_on_the_client(web: Web, model: Model) -> None:
    clock = Clock()
    async with open_sources(str(web.folder), None, web.folder.parent / "snapshots") as (search, pages):

        async def finds_the_client_alone(query: str, limit: int) -> Sequence[SearchResult]:
            if asked:
                clock.now = 301.0 if client_is_read() else 0.0
            asked.append(query)
            return [found for found in await search(query, limit) if "crumbbrothers" in found.url]

        def client_is_read() -> bool:
            return any((web.folder.parent / "snapshots").glob("*"))

        asked: list[str] = []
        flow = CompetitorResearch(model, finds_the_client_alone, pages, competitors=2, budget=Budget(minutes=5), clock=clock)
        home = engine(strict=True)
        report = (await flow.run("Crumb Brothers", grants=flow.grants, engine=home, run_id="r")).output
        again = await replay(flow.execute, "Crumb Brothers", home.journal("r"), run_id="r", output=report)
        assert again.same, again.difference
    assert (report.stopped, report.competitors) == ("The 5 minutes that it had were over.", ())
    assert "A loaf of rye bread costs $4.20 at Crumb Brothers." in show_texts(report, "Crumb Brothers")
    assert report.summary[0].text.startswith("No competitor of Crumb Brothers was read")
    assert left_out(report, "search")
    assert check_report(report, web.folder.parent / "snapshots") == []


async def test_limits_of_a_run_hold_beside_the_budget_and_raise_as_in_every_run(web: Web) -> None:
    for limits in (Limits(cost_usd=0.03), Limits(model_calls=2)):
        with pytest.raises(LimitReached):
            await research.run("Crumb Brothers", model=Dear(), search=str(web.folder), max_cost=1, limits=limits)
    model = Dear()
    report = (await research.run("Crumb Brothers", model=model, search=str(web.folder), max_cost=0.04, limits=Limits(cost_usd=5))).output
    assert report.stopped
    assert model.calls * 0.01 <= 0.04


WRONG: list[dict[str, Any]] = [
    *({"minutes": value} for value in (0, -1, float("nan"), float("inf"), "five", True)),
    *({"max_cost": value} for value in (0, -0.5, float("nan"), "1", False)),
    *({"max_pages": value} for value in (0, -3, 2.5, "7", True, float("nan"))),
    {"concurrency": 0},
]


@pytest.mark.parametrize("wrong", WRONG, ids=str)
async def test_a_budget_that_is_none_is_refused_by_name(wrong: dict[str, Any], web: Web) -> None:
    with pytest.raises(UsageError, match=f"{next(iter(wrong))}="):
        await research.run("Crumb Brothers", search=str(web.folder), **wrong)


async def test_a_search_that_is_blocked_later_on_takes_nothing_away(web: Web) -> None:
    async with open_sources(str(web.folder)) as (search, _):
        asked: list[str] = []

        async def blocked_later(query: str, limit: int) -> Sequence[SearchResult]:
            asked.append(query)
            if any(name in query for name in ("Golden Crust", "Millstone")):
                raise SearchBlocked("duckduckgo", "it keeps programs out (status 202)", retryable=False)
            return await search(query, limit)

        model = ScriptedModel(read_prices, repeat=True, name="reader")
        # One of the sites is asked about again: nothing is known of most aspects.
        report = (await research.run("Crumb Brothers", model=model, search=blocked_later, web=_)).output
    assert {competitor.name for competitor in report.competitors} == {"Golden Crust", "Millstone"}
    assert report.stopped == ""
    refused = [each for each in report.left_out if each.what == "search"]
    assert refused
    assert all("keeps programs out (status 202)" in each.why for each in refused)


@pytest.mark.parametrize(
    ("left", "sites", "shares"), [(None, 2, [None, None]), (0, 3, []), (2, 3, [1, 1]), (7, 3, [3, 2, 2]), (9, 0, []), (-1, 2, [])]
)
def test_pages_are_shared_out(left: int | None, sites: int, shares: list[int | None]) -> None:
    assert share_pages(left, sites) == shares


def test_what_is_said_of_a_site_that_is_done() -> None:
    clock = Clock()
    watch = BudgetWatch(Budget(max_cost=0.5, minutes=10), clock=clock)
    tally = Tally(watch, 2, clock=clock)
    tally.expect(5)
    claims = tuple(Claim("prices", str(number), "q", 1) for number in range(12))
    visit = Visit(Candidate("Crumb", "http://crumb.example/", ""), (), (), claims, dropped=2)
    read = replace(visit, pages=(VisitedPage("http://crumb.example/", "Crumb", "text", (), "", "", ""),))
    said = []
    for site in (visit, read, read, replace(read, claims=())):
        began = tally.begin()
        clock.now += 110
        said.append(tally.end("crumb.example", site, began, 0.04))
    assert said == [
        "Reading crumb.example, 1 of 5: not read, $0.04 of $0.50, about 4 minutes left",
        "Reading crumb.example, 2 of 5: 12 claims kept, 2 dropped, $0.04 of $0.50, about 4 minutes left",
        "Reading crumb.example, 3 of 5: 12 claims kept, 2 dropped, $0.04 of $0.50, about 2 minutes left",
        "Reading crumb.example, 4 of 5: 0 claims kept, 2 dropped, $0.04 of $0.50, about 2 minutes left",
    ]


LEFT = {0: "less than a minute", 49: "less than a minute", 65: "about 1 minute", 130: "about 2 minutes", 6000: "about 2 hours"}


@pytest.mark.parametrize(("seconds", "words"), LEFT.items())
def test_the_time_that_is_left_is_told_in_words(seconds: float, words: str) -> None:
    assert say_left(seconds) == f"{words} left"


async def test_an_index_that_nobody_waits_for_any_more_is_not_made_to_its_end() -> None:
    begun, ended = threading.Event(), threading.Event()

    def build(check: Callable[[], None]) -> LocalIndex:
        begun.set()
        try:
            while True:
                check()
        finally:
            ended.set()

    waits = asyncio.create_task(index_in_thread(build))
    assert await asyncio.to_thread(begun.wait, 30)
    waits.cancel()
    assert await asyncio.to_thread(ended.wait, 30)
