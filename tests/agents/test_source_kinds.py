"""Who speaks on a page that was read: by its address, its links and its words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sayso.agents.research.report_values import SourceKind
from sayso.agents.research.source_kinds import find_source_kind, settle_kinds
from sayso.agents.research.state import Candidate, Visit, VisitedPage

SHOP = "Fern Cycles sells bicycles. We are in Ghent. Our shop opens at 9. Call us: tel 09 123 45 67. A city bike costs €450."
LISTED = "The best bike shops. Fern Cycles 4.5/5. Velo 4.1/5. Kogge 3.9/5. Sponsored: we may earn a commission from these shops."
NEWS = "By Ann Example\nFern Cycles opens a shop\nThe shop opened on Monday, its owner told our correspondent. The newspaper was there."
FORUM = "Forum: bicycles\nThread: where to rent a bike?\nPosts: 12\nLog in to reply."


def page(url: str, title: str, text: str, links: tuple[str, ...] = (), asked: str = "") -> VisitedPage:
    sponsored = ("sponsored",) * len(links)
    return VisitedPage(url, title, text, tuple((link, "x") for link in links), "", "", url, asked=asked or url, rels=sponsored)


CASES: dict[str, tuple[str, VisitedPage, SourceKind]] = {
    "a business of itself": ("competitors", page("http://fern.example/", "Fern Cycles", SHOP), SourceKind.OWN),
    "a business of itself, for a topic": ("topic", page("http://fern.example/", "Fern Cycles", SHOP), SourceKind.OWN),
    "a newspaper": ("topic", page("http://post.example/2026/fern", "Fern Cycles opens | The Post", NEWS), SourceKind.PRESS),
    "a list that is paid for": (
        "topic",
        page("http://top10.example/", "Top 10", LISTED, ("http://a.example/", "http://b.example/")),
        SourceKind.PAID,
    ),
    "a forum": ("topic", page("http://talk.example/t/1", "Where to rent? - Bike Forum", FORUM), SourceKind.FORUM),
    "an encyclopedia that everybody knows": ("topic", page("https://en.wikipedia.org/wiki/Bicycle", "Bicycle", SHOP), SourceKind.REFERENCE),
    "a directory that everybody knows": ("topic", page("https://www.yelp.com/biz/fern", "Fern", SHOP), SourceKind.DIRECTORY),
    "a platform": ("topic", page("https://www.facebook.com/fern", "Fern", SHOP), SourceKind.OTHER),
}


@pytest.mark.parametrize(("kind", "read", "who"), CASES.values(), ids=CASES)
def test_a_page_shows_who_speaks(kind: str, read: VisitedPage, who: SourceKind) -> None:
    assert find_source_kind(read, Visit(Candidate("X", read.url, ""), (read,), ()), kind) is who


def test_a_page_of_another_site_behind_an_advertisement_is_paid_for() -> None:
    own = page("http://fern.example/", "Fern Cycles", SHOP)
    visit = Visit(Candidate("Fern", own.url, ""), (own,), ())
    ad = page("http://velo.example/", "Velo", SHOP, asked="http://velo.example/?gclid=abc")
    assert find_source_kind(ad, visit, "competitors") is SourceKind.PAID
    assert find_source_kind(replace(own, asked="http://fern.example/?gclid=abc"), visit, "competitors") is SourceKind.OWN


def test_all_pages_of_a_newspaper_are_press() -> None:
    kinds = {
        "a": ("http://post.example/1", SourceKind.PRESS),
        "b": ("http://www.post.example/2", SourceKind.OWN),
        "c": ("http://fern.example/", SourceKind.OWN),
    }
    assert settle_kinds(kinds) == {"a": SourceKind.PRESS, "b": SourceKind.PRESS, "c": SourceKind.OWN}
