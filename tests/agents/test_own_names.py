"""The client's own name is taken out before words are weighed as its trade: what its pages say elsewhere decides."""

from __future__ import annotations

import pytest

from sayso.agents.models.extractive import make_plan
from sayso.agents.research.choosing import judge, measure_sameness
from sayso.agents.research.own_names import cut_name
from sayso.agents.research.profile import make_profile
from sayso.agents.research.report import Considered
from sayso.agents.research.state import SearchHit, VisitedPage

NEIGHBOURS = {
    "a printer named after what it prints with": (
        "Ink & Rye",
        "Ink & Rye – print shop in Sheffield",
        "Ink & Rye prints business cards, flyers and booklets in Sheffield.",
        "print",
        ("ink", "rye"),
    ),
    "a name with an English word for a fish": (
        "BettaBurgers",
        "BettaBurgers - a family of burger restaurants",
        "Our burgers are cooked to order in every restaurant. Burgers, only betta. Try the Betta Burger, or a side of Betta fries with the "
        "Betta sauce.",
        "burgers",
        ("betta",),
    ),
    "dentists": (
        "Anchor Dental",
        "Anchor Dental | Dentist in Hull",
        "Anchor Dental is a dental practice near Anchor Quay.",
        "dental",
        ("anchor",),
    ),
    "a studio with singing bowls": (
        "Copper Yoga",
        "Copper Yoga – yoga studio in Leeds",
        "Yoga classes every day. Copper Yoga ends each yoga class with copper singing bowls.",
        "yoga",
        ("copper",),
    ),
    "a baker": ("Pixel Bakery", "Pixel Bakery", "Pixel Bakery bakes bread and cakes. A bakery in York since 2012.", "bakery", ("pixel",)),
    "plant burgers": (
        "Fern & Bean",
        "Fern & Bean: plant burgers",
        "Fern and Bean makes burgers of vegetables. Our burger restaurants are vegan.",
        "burgers",
        ("fern", "bean"),
    ),
    "the trade is in the name as well": (
        "Blue Bottle Coffee",
        "Blue Bottle Coffee | Fresh coffee",
        "We roast coffee in Oakland. Coffee subscriptions for every home.",
        "coffee",
        ("blue", "bottle"),
    ),
    "the trade stands in nothing but the name": ("Juniper Coffee", "Juniper Coffee", "Open daily.", "coffee", ("juniper",)),
    "a kitchen that mends bicycles": (
        "The Bike Kitchen",
        "The Bike Kitchen",
        "A workshop for bicycles. We repair bicycles. The Bike Kitchen is open on Mondays.",
        "bicycles",
        ("kitchen",),
    ),
    "a German print shop": (
        "Druckerei Ahorn",
        "Druckerei Ahorn | Druckerei in Ulm",
        "Die Druckerei Ahorn druckt Plakate. Ihre Druckerei für Plakate.",
        "Druckerei",
        ("ahorn",),
    ),
}


@pytest.mark.parametrize(("company", "title", "snippet", "trade", "no_trade"), NEIGHBOURS.values(), ids=NEIGHBOURS)
def test_what_the_pages_say_beside_the_name_decides_the_trade(
    company: str, title: str, snippet: str, trade: str, no_trade: tuple[str, ...]
) -> None:
    host = "".join(filter(str.isalnum, company.replace("&", "and").removeprefix("The "))).lower()
    hits = (
        SearchHit(title, f"http://{host}.example/", snippet),
        SearchHit(f"{company} Brewing", "http://namesake.example/", f"{company} Brewing makes beer."),
        SearchHit(f"Northside {trade}", "http://northside.example/", f"Northside has {trade} for everybody."),
        SearchHit("Fresh ink and bean news", "http://news.example/", "Ink, beans, copper and anchors."),
    )
    profile = make_profile(company, hits)
    assert measure_sameness(profile, trade) >= 2, profile.leads
    words = {term.text.casefold() for term in profile.leads}
    assert words.isdisjoint(no_trade), words
    queries = make_plan(f"Company: {company}\nCompetitors wanted: 5\n- {title}: {snippet}\n")["queries"]
    assert isinstance(queries, list)
    assert set(str(queries[0]).casefold().split()).isdisjoint(no_trade), queries


CUTS = {
    "as it is written": ("Ink & Rye prints cards.", "Ink & Rye", "We prints cards."),
    "joined by a word": ("Come to Ink and Rye.", "Ink & Rye", "Come to We."),
    "as one word": ("InkRye: prints", "Ink & Rye", "We: prints"),
    "apart": ("Betta Burgers, Ohio", "BettaBurgers", "We, Ohio"),
    "without its legal form": ("Pixel Bakery bakes.", "Pixel Bakery Ltd", "We bakes."),
    "small letters are words": ("We are a bike shop.", "The Bike Shop", "We are a bike shop."),
    "a part of another word": ("Notional is no name.", "Notion", "Notional is no name."),
}


@pytest.mark.parametrize(("text", "company", "cut"), CUTS.values(), ids=CUTS)
def test_a_name_is_cut_however_it_is_joined(text: str, company: str, cut: str) -> None:
    assert cut_name(text, company) == cut


CALLED = {
    "a café that is a burger chain": ("Lane Café", "A small chain of burger restaurants. Burgers, breakfast and coffee.", True),
    "a café with burgers on its menu": ("Lane Café", "Coffee, cake and, on Fridays, burgers.", False),
}


@pytest.mark.parametrize(("name", "text", "competes"), CALLED.values(), ids=CALLED)
def test_who_calls_itself_by_both_trades_competes(name: str, text: str, *, competes: bool) -> None:
    hits = [SearchHit("Bun Union | burger restaurants", "http://bununion.example/", "Burger restaurants in Ohio. Burgers and fries.")]
    profile = make_profile("Bun Union", hits)
    page = VisitedPage("http://lanecafe.example/", f"{name} | {text}", text, (), "2026-01-01T00:00:00Z", "0" * 64, "s")
    considered = Considered(name, "lanecafe.example", page.url, competes=True, reason="", quote="", page=page.url)
    assert judge(profile, considered, [page]).competes is competes
