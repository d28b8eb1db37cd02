"""What changed since an earlier report: in values, in sentences, in sites; and what only was not looked at again."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from sayso.agents.research.report import Claim, Competitor, FailedPage, LeftOut, Report, Source
from sayso.agents.research.report_changes import NOT_READ, describe_change, find_changes
from sayso.agents.research.report_values import ChangeKind, hash_text
from sayso.agents.research.run import research
from sayso.tools.errors import UsageError

MENU = "http://smashwick.example/menu"
BEFORE = "Double Smash | $7.95\nWe have 27 restaurants.\nDogs are welcome."
PRICE = Claim("prices", "Double Smash, price: $7.95.", "Double Smash | $7.95", 1, "data", "", "Double Smash", "price", "$7.95")
DOGS = Claim("what it sells", "Dogs are welcome.", "Dogs are welcome", 1)


def report(*claims: Claim, text: str = BEFORE, url: str = MENU) -> Report:
    """A report on one competitor, from one page."""
    return Report(
        company="Betta",
        made_at="2026-05-01T10:00:00Z",
        written_by="x",
        plan=(),
        queries=(),
        competitors=(Competitor("Smashwick", "http://smashwick.example/", "", claims),),
        comparison=(),
        sources=(Source(1, url, "Menu", "2026-05-01T09:00:00Z", "a" * 64, "s", text_sha256=hash_text(text)),),
        failed_pages=(),
    )


EARLIER = report(PRICE, DOGS)
NEW_PRICE = replace(PRICE, text="Double Smash, price: $8.25.", value="$8.25", quote="Double Smash | $8.25")
CHANGED = BEFORE.replace("7.95", "8.25")
NO_DOGS = "Double Smash | $7.95"
WALL = FailedPage(MENU, "It asks to log in.")

CASES: dict[str, tuple[Report, dict[str, str], list[str]]] = {
    "nothing": (report(PRICE, DOGS), {}, []),
    "a value": (
        report(NEW_PRICE, DOGS, text=CHANGED),
        {MENU: CHANGED},
        ["changed: Smashwick, prices: Double Smash, price: $7.95. → Double Smash, price: $8.25."],
    ),
    "the same amount in other letters": (
        report(replace(PRICE, text="Double Smash, price: 7.95 USD.", value="7.95 USD"), DOGS, text=CHANGED),
        {MENU: CHANGED},
        [],
    ),
    "a sentence that the page no longer has": (
        report(PRICE, text=NO_DOGS),
        {MENU: NO_DOGS},
        ["gone: Smashwick, what it sells: no longer said: Dogs are welcome."],
    ),
    "a sentence that the page still has, and nobody told": (report(PRICE, text=CHANGED), {MENU: CHANGED}, []),
    "a sentence that was told now, of a page that has not changed": (report(PRICE, DOGS, replace(DOGS, text="27 restaurants.")), {}, []),
    "a sentence that is new on the page": (
        report(PRICE, DOGS, Claim("hours", "Open all day.", "Open all day", 1), text=f"{BEFORE}\nOpen all day."),
        {},
        ["new: Smashwick, hours: new: Open all day."],
    ),
    "a page behind a wall": (
        replace(report(PRICE, url="http://smashwick.example/"), failed_pages=(WALL,)),
        {},
        [f"no longer readable: Smashwick, what it sells: its page can no longer be read: Dogs are welcome. {WALL.why}"],
    ),
    "a page that was not visited": (
        report(PRICE, url="http://smashwick.example/"),
        {},
        [f"not read this time: Smashwick, what it sells: not looked at again: Dogs are welcome. {NOT_READ}"],
    ),
    "a page that there was no time for": (
        replace(report(PRICE, url="http://smashwick.example/"), stopped="The 5 minutes were over."),
        {},
        ["not read this time: Smashwick, what it sells: not looked at again: Dogs are welcome. The 5 minutes were over."],
    ),
    "a site that there was no time for": (
        replace(EARLIER, competitors=(), left_out=(LeftOut("site", "Smashwick", "http://smashwick.example/", "The 5 minutes were over."),)),
        {},
        ["gone site: Smashwick is no longer in the report. The 5 minutes were over."],
    ),
    "a site under another scheme and name": (
        replace(EARLIER, competitors=(Competitor("Smashwick Ltd", "https://www.smashwick.example/", "", (PRICE, DOGS)),)),
        {},
        [],
    ),
}


@pytest.mark.parametrize(("later", "texts", "told"), CASES.values(), ids=CASES)
def test_a_change_is_told_and_nothing_else_is(later: Report, texts: dict[str, str], told: list[str]) -> None:
    assert [f"{each.kind}: {describe_change(each)}" for each in find_changes(EARLIER, later, texts)] == told


@pytest.fixture
def web(tmp_path: Path) -> Path:
    """Two roasters, and one who competes with them."""
    for host, price in (("bramblecup", "9.80"), ("copperfinch", "12.99"), ("thirdgrove", "17.90")):
        name = host.title()
        folder = tmp_path / "web" / f"{host}.example"
        folder.mkdir(parents=True)
        (folder / "index.html").write_text(
            f"<title>{name} | Coffee roasters</title><h1>{name}</h1><p>{name} is a coffee roaster with a coffee subscription and cafés.</p>"
            f"<table><tr><th>Coffee</th><th>Price</th></tr><tr><td>House espresso</td><td>${price}</td></tr></table>",
            encoding="utf-8",
        )
    return tmp_path / "web"


def test_a_second_research_says_what_changed(web: Path, tmp_path: Path) -> None:
    first = research.run_sync("Bramblecup", search=str(web), competitors=2).output
    path = first.save(tmp_path / "first.md").with_suffix(".json")
    page = web / "copperfinch.example" / "index.html"
    page.write_text(page.read_text(encoding="utf-8").replace("$12.99", "$13.49"), encoding="utf-8")
    shutil.rmtree(web / "thirdgrove.example")
    again = [research.run_sync("Bramblecup", search=str(web), competitors=2, again=earlier).output for earlier in (first, path)]
    for later in again:
        assert later.changed_since == first.made_at
        assert {change.kind for change in later.changes} == {ChangeKind.CHANGED, ChangeKind.GONE_SITE}
        assert any("$12.99" in change.before and "$13.49" in change.after and change.claim for change in later.changes)
        assert "Since last time" in later.markdown()
        assert "$13.49" in later.html()


def test_an_earlier_report_has_to_be_on_the_same(web: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is about the competitors of 'Betta', not about the competitors of 'Bramblecup'"):
        research.run_sync("Bramblecup", search=str(web), again=EARLIER)
    (tmp_path / "broken.json").write_text("{", encoding="utf-8")
    with pytest.raises(UsageError, match="is not a report of sayso research"):
        research.run_sync("Bramblecup", search=str(web), again=tmp_path / "broken.json")
