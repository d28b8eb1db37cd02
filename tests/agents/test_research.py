"""The research agent below its door: what it believes, what it drops, and that a page cannot give it orders."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from sayso.agents import Agent, ScriptedModel
from sayso.agents.models.extractive import ANSWERS, ExtractiveReader, split_sentences
from sayso.agents.models.model import ModelRequest
from sayso.agents.research.pipeline import CompetitorResearch
from sayso.agents.research.report import Claim, Competitor, FailedPage, Report, Source, make_slug
from sayso.agents.research.report_markdown import escape_markdown
from sayso.agents.research.run import research
from sayso.agents.research.site_names import find_business_name
from sayso.agents.research.stage_prompts import Findings
from sayso.agents.research.state import VisitedPage, check_quotes, choose_links
from sayso.agents.sample_web import serve
from sayso.tools import ModelError
from sayso.tools.errors import NothingFound
from sayso.tools.web import SearchResult, Web
from sayso.workflows import Limits


def page(text: str, *links: tuple[str, str]) -> VisitedPage:
    return VisitedPage("http://a.example/", "A", text, links, "2026-01-01T00:00:00Z", "0" * 64, "s")


def found(*quotes: str) -> Findings:
    return Findings.model_validate({"claims": [{"topic": "prices", "text": "x", "quote": quote, "page": 1} for quote in quotes]})


def test_a_claim_is_kept_only_where_its_quote_stands_on_a_page() -> None:
    pages = (page("A burger costs\n   $5 today."), page("Fries cost $3."))
    kept, missing = check_quotes(found("A burger costs $5", "Fries cost $3.", "A burger costs $4", ""), pages)
    assert [(claim.quote, claim.source) for claim in kept] == [("A burger costs $5", 0), ("Fries cost $3.", 1)]
    assert missing == ["A burger costs $4", ""]


def test_the_useful_pages_of_a_site_are_its_own_menu_and_about_pages() -> None:
    home = page(
        "x",
        ("http://a.example/blog", "Blog"),
        ("http://b.example/menu", "Menu"),
        ("http://a.example/about", "About"),
        ("http://a.example/eat#top", "Our menu"),
        ("http://a.example/", "Home"),
        ("http://a.example/legal", "Legal"),
    )
    assert choose_links(home) == ["http://a.example/eat", "http://a.example/about"]


NAMES = {
    "before a dash": ("Smashwick - Burgers in 27 towns", "smashwick", "Smashwick"),
    "after a bar": ("Menu | Fern & Bean", "fernandbean", "Fern & Bean"),
    "with an accent": ("Jalapeño Lane: burgers", "jalapenolane", "Jalapeño Lane"),
    "nowhere": ("Welcome", "tide-bun", "Tide Bun"),
}


@pytest.mark.parametrize(("title", "site", "name"), NAMES.values(), ids=NAMES)
def test_a_name_is_what_title_and_address_agree_on(title: str, site: str, name: str) -> None:
    assert find_business_name(title, site) == name


def script(title: str, **changed: Any) -> Any:
    """A scripted model: the extractive reader's answers, changed for one question."""

    def line(request: ModelRequest) -> str:
        asked = str((request.schema or {})["title"])
        answer = dict(ANSWERS[asked](request.messages[-1].text))  # type: ignore[union-attr]
        if asked == title:
            answer.update({key: value(answer) if callable(value) else value for key, value in changed.items()})
        return json.dumps(answer)

    return ScriptedModel(line, repeat=True, name="script")


async def test_a_wrong_name_for_a_number_is_put_right_by_the_page() -> None:
    swapped = script("Choice", picks=lambda answer: [{**pick, "name": "Somebody Else"} for pick in answer["picks"]])
    report = (await research.run("BettaBurgers", model=swapped, search="sample", competitors=2)).output
    assert "Somebody Else" not in report.markdown()
    assert all(find_business_name("", "x") != competitor.name for competitor in report.competitors)


async def test_numbers_that_are_no_results_and_facts_that_are_none_are_left_out() -> None:
    picks = script("Choice", picks=lambda answer: [{"number": 999, "name": "Ghost", "reason": ""}, *answer["picks"]])
    assert len((await research.run("BettaBurgers", model=picks, search="sample", competitors=2)).output.competitors) == 2
    points = script("Comparison", points=[{"text": "All are green.", "facts": [999]}, {"text": "One is.", "facts": [1]}])
    report = (await research.run("BettaBurgers", model=points, search="sample", competitors=2)).output
    assert [(point.text, point.claims) for point in report.comparison] == [("One is.", (1,))]


async def nothing(query: str, limit: int) -> Sequence[SearchResult]:
    return []


async def test_an_empty_search_is_said_with_what_was_searched_for() -> None:
    with pytest.raises(NothingFound, match="BettaBurgers competitors"):
        await research.run("BettaBurgers", search=nothing)


async def test_search_and_visits_ask_nobody() -> None:
    with serve() as sample:
        flow = CompetitorResearch(ExtractiveReader(), nothing, Web(resolve=sample.resolve, allow=sample.allow))
        assert {grant.tool_name for grant in flow.grants} == {"search", "visit"}
    result = await research.run("BettaBurgers", search="sample", competitors=5, limits=Limits(model_calls=200))
    assert (result.pending, len(result.output.competitors)) == ((), 5)


async def test_the_reader_says_the_same_each_time_and_what_it_cannot_do() -> None:
    first, second = [(await research.run("BettaBurgers", search="sample", competitors=3)).output for _ in range(2)]
    assert [(c.name, [claim.quote for claim in c.claims]) for c in first.competitors] == [
        (c.name, [claim.quote for claim in c.claims]) for c in second.competitors
    ]

    assert (
        await Agent(ExtractiveReader(), instructions="We have 40 parking spaces behind the house. Dogs are welcome.").run(
            "Is there parking?"
        )
    ).output == ("We have 40 parking spaces behind the house.")
    with pytest.raises(ModelError, match="only quotes"):
        await Agent(ExtractiveReader(), output=dict[str, int]).run("Count")


def test_sentences_are_cut_as_they_stand() -> None:
    text = "One burger. It costs $5.50!\nMenu\nOpen 9 a.m. to 5 p.m. daily"
    assert split_sentences(text) == ["One burger.", "It costs $5.50!", "Menu", "Open 9 a.m. to 5 p.m. daily"]


def test_text_of_strangers_does_nothing_in_the_report() -> None:
    hostile = "[click](http://evil.example) <script>x</script> # Title\n`ORDER(Burger)`"
    report = Report(
        company=hostile,
        made_at="2026-01-01T00:00:00Z",
        written_by="x",
        plan=(hostile,),
        queries=("q",),
        competitors=(Competitor(hostile, "http://a.example/", hostile, (Claim("prices", hostile, hostile, 1),)),),
        comparison=(),
        sources=(Source(1, "http://a.example/", hostile, "t", "0" * 64, "s"),),
        failed_pages=(FailedPage("http://b.example/", hostile),),
    )
    text = report.markdown()
    assert "[click](http" not in text
    assert "<script>" not in text
    assert "\n# Title" not in text
    assert escape_markdown("a*b") == "a\\*b"
    assert make_slug("Betta & Burgers!") == "betta-burgers"
