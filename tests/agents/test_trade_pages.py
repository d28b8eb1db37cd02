"""Pages of trades that nobody wrote rules for, in the markup of real ones: all that they hold as data is told, once, under its aspect."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path

import pytest

from sayso.agents.models.extractive import find_claims
from sayso.agents.research.aspects import SETS
from sayso.agents.research.field_claims import claim_fields
from sayso.agents.research.ranking import rank_claims
from sayso.agents.research.stage_prompts import findings_question
from sayso.agents.research.state import VisitedPage
from sayso.tools.web import Field, find_quote
from sayso.tools.web.parse import parse_page

PAGES = Path(__file__).parent.parent / "data" / "trade_pages"
TRADES = {
    "dentist": ("Tidemark Dental", "services"),
    "dance": ("Tanzschule Wirbel", "services"),
    "ferry": ("Skärlinjen", "services"),
    "hosting": ("Kelpstack", "software"),
    "tools": ("Rivet Row Tool Hire", "services"),
    "bakery": ("Boulangeries Lormeau", "retail"),
    "brewery": ("Birrificio Tramontana", "generic"),
    "clinic": ("みなと歯科クリニック", "services"),
    "crossing": ("Traversier Baie-Comble", "services"),
}


def read(name: str) -> VisitedPage:
    url = f"http://{name}.example/"
    got = parse_page(url, "text/html; charset=utf-8", b64encode((PAGES / f"{name}.html").read_bytes()).decode())
    fields = tuple(Field(**field) for field in got["fields"])  # type: ignore[union-attr, arg-type]
    return VisitedPage(url, str(got["title"]), str(got["evidence"]), (), "2026-11-29T00:00:00Z", "0" * 64, "s", fields)


@pytest.mark.parametrize("name", TRADES)
def test_what_a_page_holds_as_data_is_told_once_and_under_its_aspect(name: str) -> None:
    company, kind = TRADES[name]
    page = read(name)
    claims = rank_claims(claim_fields((page,), company, SETS[kind]), (page,), company, SETS[kind])
    wanted = (PAGES / f"{name}.txt").read_text("utf-8").splitlines()
    assert [f"{claim.topic} | {claim.text}" for claim in claims] == wanted
    assert all(find_quote(claim.quote, page.text) for claim in claims)


TERMS = {
    "dentist": "A missed appointment is charged at £30 unless you cancel 24 hours before.",
    "ferry": "Öppet alla dagar 6–22.",
    "hosting": "Can I get my money back? Yes, within 45 days.",
    "tools": "Terms: No hire to anybody under 18.",
    "bakery": "Nos farines viennent de trois moulins bretons.",
    "brewery": "Un gruppo ha al massimo quattordici persone.",
    "clinic": "クレジットカードをご利用いただけます。",
    "crossing": "Le paiement par carte est accepté à bord.",
}


@pytest.mark.parametrize(("name", "text"), TERMS.items())
def test_terms_of_a_business_are_found_in_its_sentences_and_lists(name: str, text: str) -> None:
    company, kind = TRADES[name]
    page = read(name)
    found = find_claims(findings_question(company, "competitors", SETS[kind], [(1, page.title, page.url, page.text)]))
    assert text in [claim["text"] for claim in found["claims"]]  # type: ignore[attr-defined]
