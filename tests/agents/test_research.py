"""The research agent below its door: what it believes, what it drops, and that a page cannot give it orders."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from sayso.agents import Agent, ScriptedModel
from sayso.agents.models.extractive import ANSWERS, ExtractiveReader, split_sentences
from sayso.agents.models.model import ModelRequest
from sayso.agents.research.aspects import MOST_ASPECTS, RESTAURANTS, choose_aspects, count_cues, find_aspects
from sayso.agents.research.pipeline import CompetitorResearch
from sayso.agents.research.report import Claim, Competitor, FailedPage, Report, Source, make_slug
from sayso.agents.research.report_markdown import escape_markdown
from sayso.agents.research.run import research
from sayso.agents.research.site_names import find_business_name
from sayso.agents.research.site_reading import choose_link, cut_parts, measure_coverage, order_parts, pack_parts
from sayso.agents.research.stage_prompts import Findings
from sayso.agents.research.state import VisitedPage, check_quotes
from sayso.agents.sample_web import serve
from sayso.tools import ModelError
from sayso.tools.errors import NothingFound, SearchFailed
from sayso.tools.web import SearchResult, Web
from sayso.tools.web.search import SearchBlocked
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


LINKS = {
    # name: links of the site (path and text), what is known already, and the page that is read next
    "what it sells comes first": ([("/legal", "Legal"), ("/about", "About"), ("/eat#top", "Our menu")], "", "/eat"),
    "then what is still unknown": (
        [("/eat", "Menu"), ("/find-us", "Find us")],
        "Our menu has burgers for you. The menu changes.",
        "/find-us",
    ),
    "store does not stand in restored": ([("/restored-furniture", "Restored by hand"), ("/x/y/stores", "Stores")], "", "/x/y/stores"),
    "other sites are not asked": ([("http://b.example/menu", "Menu"), ("/about", "About")], "", "/about"),
    "a part of the site on a host of its own is": ([("http://shop.a.example/prices", "Prices")], "", "http://shop.a.example/prices"),
    "the same page under another name is not": (
        [("/index.html", "Home"), ("/#menu", "Menu"), ("http://www.a.example/", "Prices")],
        "",
        None,
    ),
    "pictures and carts are not": ([("/menu.jpg", "Menu"), ("/cart", "Your order"), ("/login", "Order online: log in")], "", None),
    "news of then come last": ([("/news/menu-prices-2021", "Our menu prices in 2021"), ("/eat", "Menu")], "", "/eat"),
    "a price list in a file": ([("/docs/rate-card-2026.pdf", "Rate card (PDF)"), ("/team", "Team")], "", "/docs/rate-card-2026.pdf"),
    "a page in German": ([("/impressum", "Impressum"), ("/oeffnungszeiten", "Öffnungszeiten")], "", "/oeffnungszeiten"),
    "a page in Japanese": ([("/b", "採用"), ("/a", "料金")], "", "/a"),
    "words that say nothing are better than no page": ([("/deep/down/here", "Words"), ("/words", "Words")], "", "/words"),
}


@pytest.mark.parametrize(("links", "known", "following"), LINKS.values(), ids=LINKS)
def test_the_next_page_is_the_one_that_promises_most_about_what_is_unknown(
    links: list[tuple[str, str]], known: str, following: str | None
) -> None:
    site = "http://a.example/"
    absolute = [(url if "://" in url else f"http://a.example{url}", text) for url, text in links]
    covered = measure_coverage([page(known)], RESTAURANTS)
    expected = f"http://a.example{following}" if following and "://" not in following else following
    assert choose_link(site, absolute, [site], RESTAURANTS, covered) == expected


def test_a_long_page_is_cut_between_paragraphs_and_a_table_keeps_its_header() -> None:
    rows = [f"Dish {number} | ${number}.50" for number in range(60)]
    text = "\n".join(["About us", "We cook.", "", "Prices", "Dish | Price", *rows, "", "Opening hours", "Daily from 9 to 5."])
    parts = cut_parts(text, 400)
    assert all(len(part) <= 500 for part in parts)
    assert [part for part in parts[1:-1] if not part.startswith("Prices\nDish | Price\n")] == []
    assert "Opening hours\nDaily from 9 to 5." in parts[-1]
    told = "\n".join(parts)
    assert [line for line in text.splitlines() if line not in told] == []  # nothing is left out


def test_a_line_without_an_end_is_cut_where_sentences_end() -> None:
    text = " ".join(f"Sentence {number} says a little." for number in range(200))
    parts = cut_parts(text, 500)
    assert " ".join(" ".join(parts).split()) == text
    assert all(part.endswith(".") and len(part) <= 510 for part in parts)


def test_what_says_most_about_the_unknown_is_asked_first_and_small_parts_share_a_question() -> None:
    dull = page("\n".join(["Lorem ipsum dolor sit amet consectetur."] * 20))
    prices = page("A burger costs $5 and fries cost $3, the price of a shake is $4.")
    ordered = order_parts([dull, prices], RESTAURANTS, {})
    assert [part.page for part in ordered] == [1, 0]
    assert [[part.page for part in question] for question in pack_parts(ordered)] == [[0, 1]]
    assert [len(question) for question in pack_parts(ordered, 100)] == [1, 1]


TRADES = {
    "burgers": ("Smashwick - burger restaurant | Menu. Smash burgers in 27 restaurants", "ordering"),
    "a roastery": ("Rösterei Nord - Versand von Kaffee, Laden in Kiel", "delivery and returns"),
    "a program": ("Notedown: the workspace app for teams. Cloud, API, integrations", "platforms and integrations"),
    "a repair service": ("Fix-It: repair service and cleaning, book an appointment", "qualifications"),
    "a bicycle maker": ("Velo AG, Hersteller: e bike with battery and motor of 250 watt", "specifications"),
    "nobody knows": ("Quibble Ltd", "customers"),
}


@pytest.mark.parametrize(("words", "aspect"), TRADES.values(), ids=TRADES)
def test_the_aspects_are_those_of_the_trade(words: str, aspect: str) -> None:
    assert aspect in [each.name for each in choose_aspects(words)]


def test_aspects_are_what_a_plan_names_and_no_more_than_can_be_asked() -> None:
    named = find_aspects(["Prices", "prices ", "Roast levels", "", *(f"aspect {number}" for number in range(20))])
    assert [aspect.name for aspect in named[:2]] == ["prices", "roast levels"]
    assert len(named) == MOST_ASPECTS
    assert count_cues("Our roasts come in three levels.", named[1]) == 2


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
    said: dict[int, str] = {}

    def compares(answer: dict[str, Any]) -> list[dict[str, Any]]:
        return [{"text": "All are green.", "facts": [999]}, {"text": "One is green.", "facts": [1]}, {"text": said[2], "facts": [2, 999]}]

    first = (await research.run("BettaBurgers", search="sample", competitors=2)).output
    said.update({number: f"{company.name}: {claim.text}" for number, company, claim in first.number_claims()})
    report = (await research.run("BettaBurgers", model=script("Comparison", points=compares), search="sample", competitors=2)).output
    assert [point.claims for point in report.comparison if point.text == said[2]] == [(2,)]
    assert not [point for point in report.comparison if "green" in point.text]
    assert {each.text for each in report.withdrawn if not each.company} == {"All are green.", "One is green."}


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


async def blocked(query: str, limit: int) -> Sequence[SearchResult]:
    raise SearchBlocked("duckduckgo", "it keeps programs out (status 202)", retryable=False)


async def test_a_search_that_is_blocked_is_not_an_empty_one() -> None:
    with pytest.raises(SearchFailed, match=r"keeps programs out \(status 202\).* is not known"):
        await research.run("BettaBurgers", search=blocked)
