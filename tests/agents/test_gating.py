"""What is published of a writer's claims: its own words, the page's words in their place, or nothing, each with a reason."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sayso.agents.research.aspects import find_aspects
from sayso.agents.research.gating import gate_claims
from sayso.agents.research.report import Claim
from sayso.agents.research.stage_prompts import Findings
from sayso.agents.research.state import VisitedPage, check_quotes

TEXT = """Tideline Coffee

Tideline Coffee has roasted coffee in Hull since 2009. In 2021 a bag cost $9.50; a 250 g bag of the house blend costs $14.25 today.

We plan to open 40 shops by 2030.

Families

They get a seat without waiting.

~~Espresso $3.20~~ Espresso $3.60"""
PAGE = VisitedPage("http://tideline.example/", "Tideline Coffee", TEXT, (), "2026-11-29T09:00:00Z", "0" * 64, "s")

CLAIMS = {
    "in its own words": (
        ("Since 2009 Tideline Coffee has been roasting in Hull.", "Tideline Coffee has roasted coffee in Hull since 2009."),
        [("Since 2009 Tideline Coffee has been roasting in Hull.", "model")],
        [],
    ),
    "the page's own words": (
        ("Tideline Coffee has roasted coffee in Hull since 2009.", "Tideline Coffee has roasted coffee in Hull since 2009."),
        [("Tideline Coffee has roasted coffee in Hull since 2009.", "quote")],
        [],
    ),
    "a plan told as a fact": (
        ("Tideline Coffee has 40 shops.", "We plan to open 40 shops by 2030."),
        None,
        [("Tideline Coffee has 40 shops.", True)],
    ),
    "an old price as today's": (
        ("A bag has cost $9.50 since January 2026.", "In 2021 a bag cost $9.50"),
        None,
        [("A bag has cost $9.50 since January 2026.", None)],
    ),
    "what its end makes of it is cut off": (
        (
            "Since 2009 Tideline Coffee has been roasting in Hull, making it the perfect choice for families.",
            "Tideline Coffee has roasted coffee in Hull since 2009.",
        ),
        [("Since 2009 Tideline Coffee has been roasting in Hull.", "model")],
        [("Since 2009 Tideline Coffee has been roasting in Hull, making it the perfect choice for families.", True)],
    ),
    "a second clause that the page does not say is cut off": (
        (
            "Since 2009 Tideline Coffee has been roasting in Hull, and it has won many awards.",
            "Tideline Coffee has roasted coffee in Hull since 2009.",
        ),
        [("Since 2009 Tideline Coffee has been roasting in Hull.", "model")],
        [("Since 2009 Tideline Coffee has been roasting in Hull, and it has won many awards.", True)],
    ),
    "words of the business about itself": (
        ("Since 2009 we have been roasting in Hull.", "Tideline Coffee has roasted coffee in Hull since 2009."),
        [("Tideline Coffee has roasted coffee in Hull since 2009.", "quote")],
        [("Since 2009 we have been roasting in Hull.", True)],
    ),
    "no whole sentence": (
        ("Roasting of coffee in Hull since 2009.", "Tideline Coffee has roasted coffee in Hull since 2009."),
        [("Tideline Coffee has roasted coffee in Hull since 2009.", "quote")],
        [("Roasting of coffee in Hull since 2009.", True)],
    ),
    "a quote that says nothing": (
        ("Tideline Coffee makes coffee.", "Tideline Coffee"),
        None,
        [("Tideline Coffee makes coffee.", None)],
    ),
    "words that make no sense alone": (
        ("They get a seat without waiting.", "They get a seat without waiting."),
        [],
        [("They get a seat without waiting.", False)],
    ),
}


@pytest.mark.parametrize(("written", "kept", "taken_away"), CLAIMS.values(), ids=CLAIMS)
def test_what_a_writer_claims_is_kept_replaced_or_dropped(
    written: tuple[str, str], kept: list[tuple[str, str]] | None, taken_away: list[tuple[str, bool | None]]
) -> None:
    text, quote = written
    claims, withdrawn = gate_claims([Claim("prices", text, quote, 0)], [PAGE], "Tideline Coffee")
    if kept is not None:
        assert [(claim.text, claim.written) for claim in claims] == kept
    else:
        assert text not in [claim.text for claim in claims]
    assert [each.text for each in withdrawn] == [text for text, _ in taken_away]
    assert all(each.reason for each in withdrawn)
    assert all(each.replaced == bool(claims) for each in withdrawn)


def test_of_a_long_quote_the_line_stays_that_the_writer_spoke_of() -> None:
    """A model that copies a whole list is quoted with the row that its sentence is about, and a label is never told without its value."""
    page = replace(PAGE, text="Rental\n\nCity bike, one day\n149 kr\nBox bike, three hours\n199 kr\nHelmet\n25 kr")
    claims, _ = gate_claims([Claim("prices", "A box bike costs only 99 kr for three hours.", page.text, 0)], [page], "Cykel")
    assert [claim.text for claim in claims] == ["Box bike, three hours: 199 kr."]


TOPICS = {
    "as it was named": ("company", "Tideline Coffee was founded in 2009.", "company"),
    "a deposit is no qualification": ("qualifications", "A deposit of 100 euros is taken by card.", "prices"),
    "shops are no offer": ("what it sells", "Tideline Coffee has nine shops in six towns.", "locations"),
    "hours are no place": ("locations", "Ouvert du mardi au samedi de 9 h 30 à 19 h.", "opening hours"),
    "nothing better is known": ("ordering", "Tideline Coffee provides instructions for its machines.", "ordering"),
    "an aspect of the plan's own": ("sustainability", "All bags cost $14.25.", "sustainability"),
    "no aspect at all": ("how much is it", "A bag costs $14.25.", "prices"),
}


@pytest.mark.parametrize(("named", "text", "topic"), TOPICS.values(), ids=TOPICS)
def test_a_claim_stands_under_the_aspect_that_it_is_about(named: str, text: str, topic: str) -> None:
    names = ["what it sells", "prices", "locations", "opening hours", "ordering", "qualifications", "company", "sustainability"]
    findings = Findings.model_validate({"claims": [{"topic": named, "text": text, "quote": text, "page": 1}]})
    (claim,), _ = check_quotes(findings, [replace(PAGE, text=text)], find_aspects(names))
    assert claim.topic == topic
