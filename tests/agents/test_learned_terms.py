"""Words of a trade that no table has are learnt from competitors in other languages, and those that use them are found then."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sayso.agents.research.choosing import judge
from sayso.agents.research.learned_terms import find_told, learn_terms
from sayso.agents.research.more_queries import more_queries
from sayso.agents.research.profile import ClientProfile, make_profile
from sayso.agents.research.report_values import Claim, Considered
from sayso.agents.research.site_kinds import SiteKind
from sayso.agents.research.state import Candidate, SearchHit, Visit, VisitedPage

CLIENT = SearchHit("Nailbound | Farrier in Ludlow", "http://nailbound.example/", "Farrier who trims and shoes horses, ponies and donkeys.")


def make_client() -> ClientProfile:
    return make_profile("Nailbound", (CLIENT,))


def make_visit(host: str, title: str, text: str, *, competes: bool = True) -> Visit:
    url = f"http://{host}/"
    page = VisitedPage(url, title, text, (), "2026-01-01T00:00:00Z", "0" * 64, "s")
    claims = (Claim("prices", "52 €.", "52 €", 0),) if competes else ()
    kind = SiteKind.COMPETITOR if competes else SiteKind.UNRELATED
    return Visit(Candidate(host, url, ""), (page,), (), claims=claims, judged=Considered(host, host, url, competes, "", kind=kind))


BRANDT = "Hufbeschlag im Allgäu\n\nJonas Brandt beschlägt Pferde und Ponys.\n\nHufbeschlag rundum 158 €\n\nSchmiedgasse 11, 87435 Kempten"
LEARNT = {
    "a German competitor": (make_visit("brandt.example", "Hufbeschlag in Kempten – Hufwerk Brandt", BRANDT), ("Hufbeschlag",)),
    "one that does not compete": (
        make_visit("brandt.example", "Hufbeschlag in Kempten – Hufwerk Brandt", BRANDT, competes=False),
        (),
    ),
    "one in the client's language": (
        make_visit("hammer.example", "Hoofwork in Kington – Hammer", "Hoofwork for horses. We do the hoofwork of all the horses here."),
        (),
    ),
    "a Japanese one, without its name and its town": (
        make_visit(
            "takahara.example",
            "高原装蹄所|那須の装蹄・削蹄",
            "高原装蹄所は那須の馬を装蹄しています。\n\n削蹄 7,700円\n\n栃木県那須郡那須町高久乙3-15",
        ),
        ("装蹄", "削蹄"),
    ),
}


@pytest.mark.parametrize(("visit", "words"), LEARNT.values(), ids=LEARNT)
def test_the_words_of_a_competitor_in_another_language_are_learnt(visit: Visit, words: tuple[str, ...]) -> None:
    learned = learn_terms(make_client(), [visit]).learned
    assert tuple(term.text for term in learned) == words


def test_who_uses_a_learnt_word_is_searched_for_and_competes() -> None:
    bridge = make_visit("brandt.example", "Hufbeschlag in Kempten – Hufwerk Brandt", BRANDT)
    text = "Hufbeschlag zwischen Bern und Thun\n\nWir sind drei Schmiede mit Fachausweis.\n\nBeschlag rundum CHF 230.–"
    other = make_visit("aare.example", "Schmiede Aare – Hufbeschlag Region Bern", text, competes=False)
    before, after = make_client(), learn_terms(make_client(), [bridge, other])
    assert "Hufbeschlag" in more_queries(after, ())
    assert "Hufbeschlag" not in more_queries(before, ())
    assert find_told(after, [other]) == [other]
    assert other.judged is not None
    seen = replace(other.judged, competes=True)
    assert [judge(profile, seen, other.pages).competes for profile in (before, after)] == [False, True]
