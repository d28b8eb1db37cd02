"""Researches of small webs, as a user sees them: what is read, in which order, what is asked again, and what a person may change."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from sayso import research
from sayso.agents import ScriptedModel
from sayso.agents.models.model import ModelRequest
from sayso.agents.research.report import Report
from sayso.agents.research.state import Selection
from sayso.tools.errors import IncompleteReply, NothingFound, UsageError
from sayso.tools.web import load_snapshot
from sayso.workflows.runs.events import Progress

from .small_webs import Web, read_prices, show_texts

FILLER = "The rain in the valley was long this year and the river came up to the second step of the mill.\n\n"


@pytest.fixture
def web(tmp_path: Path) -> Web:
    """The client, Crumb Brothers, and two bakeries beside it."""
    made = Web(tmp_path / "web")
    made.add_bakery("crumbbrothers.example", "Crumb Brothers", "A loaf of rye bread costs $4.20 at Crumb Brothers.")
    made.add_bakery("goldencrust.example", "Golden Crust", "A loaf of rye bread costs $3.90 at Golden Crust.")
    made.add_bakery("millstone.example", "Millstone", "A loaf of rye bread costs $5.10 at Millstone.")
    return made


async def researched(web: Web, **options: object) -> Report:
    """The report on the client."""
    model = ScriptedModel(read_prices, repeat=True, name="reader")
    options = {"model": model, "competitors": 2, **options}
    return (await research.run("Crumb Brothers", search=str(web.folder), **options)).output  # type: ignore[arg-type]


async def test_the_client_is_the_first_column_and_no_competitor(web: Web) -> None:
    report = await researched(web)
    assert report.columns[0].name == "Crumb Brothers"
    assert sorted(each.name for each in report.competitors) == ["Golden Crust", "Millstone"]
    assert any("$4.20" in text for text in show_texts(report, "Crumb Brothers"))
    assert [each.reason for each in report.considered if each.host == "crumbbrothers.example"] == ["It is Crumb Brothers itself."]


async def test_a_site_that_was_not_needed_is_named_as_such(web: Web) -> None:
    report = await researched(web, competitors=1)
    (left,) = [each for each in report.considered if each.competes and each.name != report.competitors[0].name]
    assert left.reason == "It may compete: its pages were not read, as many as were asked for come before it."


async def test_the_end_of_a_long_page_is_read(web: Web, tmp_path: Path) -> None:
    web.add_bakery("goldencrust.example", "Golden Crust", *[FILLER * 5] * 60, "A wedding cake costs $310.00 at Golden Crust.")
    report = await researched(web, snapshots=tmp_path / "snapshots")
    assert any("$310.00" in text for text in show_texts(report, "Golden Crust"))
    (source,) = [source for source in report.sources if "goldencrust" in source.url]
    assert len(load_snapshot(tmp_path / "snapshots" / f"{source.snapshot}.json").text) > 25_000


async def test_the_page_with_what_is_unknown_is_read_and_the_privacy_page_is_not(web: Web) -> None:
    links = (("/privacy", "Privacy"), ("/restored", "Restored by hand"), ("/hours", "When we are open"))
    web.add_bakery("goldencrust.example", "Golden Crust", "A loaf of rye bread costs $3.90 at Golden Crust.", links=links)
    web.add("goldencrust.example/privacy", "Privacy", "We keep your data for $9.99 a year.")
    web.add("goldencrust.example/restored", "Restored", "A chair was restored for $80.00 by Golden Crust.")
    web.add("goldencrust.example/hours", "Hours", "Open from 6:00 to 18:00 at Golden Crust, all days but Monday.")
    report = await researched(web, pages=2, rounds=1)
    read = {source.url for source in report.sources if "goldencrust" in source.url}
    assert {url.rpartition("/")[2].removesuffix(".html") for url in read} == {"", "hours"}


async def test_what_is_unknown_of_most_is_searched_for_on_the_sites(web: Web) -> None:
    for host, name in (("goldencrust.example", "Golden Crust"), ("millstone.example", "Millstone")):
        # No link leads there: only a search for it does. It is not found by the first words either.
        web.add(f"{host}/h", f"{name} opening hours", f"Open from 7:00 to 17:00 at {name}.")
    assert any("7:00" in text for text in show_texts(await researched(web, pages=1, rounds=2), "Millstone"))
    once = await researched(web, pages=1, rounds=1)
    assert not any("7:00" in text for text in show_texts(once, "Millstone"))


async def test_a_person_takes_one_out_and_asks_for_something_else(web: Web) -> None:
    seen: list[Selection] = []

    async def choose(selection: Selection) -> Selection:
        seen.append(selection)
        kept = tuple(each for each in selection.candidates if each.name != "Millstone")
        return replace(selection, candidates=kept, aspects=("prices", "Gluten"))

    report = await researched(web, choose=choose)
    assert sorted(each.name for each in seen[0].candidates) == ["Golden Crust", "Millstone"]
    assert [each.name for each in report.competitors] == ["Golden Crust"]
    assert report.aspects == ("prices", "gluten")


async def test_a_site_that_was_given_is_visited_though_no_search_found_it(web: Web) -> None:
    web.add("plainloaf.example", "Plain Loaf", "A roll costs $0.60 at Plain Loaf.")
    report = await researched(web, sites=["http://plainloaf.example/"], competitors=1)
    assert [each.name for each in report.competitors] == ["Plain Loaf"]
    with pytest.raises(UsageError, match="no scheme at all"):
        await researched(web, sites=["no scheme at all"])
    with pytest.raises(UsageError, match="is not the address of a site"):
        await researched(web, sites=["mailto:ada@plainloaf.example"])


async def test_a_part_that_a_model_cannot_answer_is_told_and_the_rest_is_kept(web: Web) -> None:
    def fails_at_millstone(request: ModelRequest) -> Iterator[object]:
        if (request.schema or {}).get("title") == "Findings" and "Millstone" in request.question:
            raise IncompleteReply("The reply was cut off.", finish="length", text="")
        return read_prices(request)  # type: ignore[return-value]

    told = []
    model = ScriptedModel(fails_at_millstone, repeat=True, name="reader")  # type: ignore[arg-type]
    async for event in research.stream_emitted("Crumb Brothers", model=model, search=str(web.folder), competitors=2):
        if isinstance(event, Progress) and event.stage == "failed":
            told.append(event.detail)
    assert [line for line in told if "No usable answer about a part of millstone.example" in line]


KINDS = {"a market": ("bakery in Ulm", "market", "The market for bakery in Ulm"), "a topic": ("rye bread", "topic", "rye bread")}


@pytest.mark.parametrize(("what", "kind", "title"), KINDS.values(), ids=KINDS)
async def test_a_market_and_a_topic_have_no_client(web: Web, what: str, kind: str, title: str) -> None:
    report = (await research.run(what, kind=kind, search=str(web.folder), competitors=3)).output  # type: ignore[arg-type]
    assert (report.kind, report.client) == (kind, None)
    assert report.markdown().startswith(f"# {title}\n")
    assert len(report.competitors) == 3


async def test_an_option_that_makes_no_sense_is_said(web: Web) -> None:
    for option, value in (("kind", "friends"), ("rounds", 0), ("pages", 0), ("competitors", 0)):
        with pytest.raises(UsageError, match=option):
            await researched(web, **{option: value})


async def test_a_company_that_no_page_names_has_no_report(web: Web) -> None:
    with pytest.raises(NothingFound, match="Quibbleworks"):
        await research.run("Quibbleworks", search=str(web.folder))


async def test_both_prices_of_a_sentence_are_told_and_the_older_one_as_past(web: Web) -> None:
    news = ("news.html", "News of Golden Crust")
    web.add_bakery("goldencrust.example", "Golden Crust", "A loaf of rye bread costs $3.90 at Golden Crust.", links=(news,))
    web.add("goldencrust.example/news", "News of Golden Crust", "June 3, 2020", "A loaf of rye bread costs $3.10 at Golden Crust.")
    report = await researched(web)
    (found,) = report.contradictions
    claims = {number: claim for number, _, claim in report.number_claims()}
    assert [("3.90" in claims[each].text, claims[each].old) for each in found.claims] == [(True, False), (False, True)]
    assert (found.company, [claims[each].dated for each in found.stale]) == ("Golden Crust", ["2020-06-03"])
    assert not any("3.10" in point.text for point in (*report.comparison, *(each for each in report.summary if each.about == "prices")))
    assert "no longer so" in report.markdown()
