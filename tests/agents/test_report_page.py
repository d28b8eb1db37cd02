"""The HTML report in a real browser: no request, no error, the proof on hover, on focus and beneath; on a phone, in print, for all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from sayso.agents.research.price_chart import compare_prices
from sayso.agents.research.report import Claim, Competitor, Considered, FailedPage, LeftOut, Point, Report, Source, Withdrawn
from sayso.agents.research.report_html import write_html
from sayso.agents.research.report_seals import is_text_changed, seal_report
from sayso.agents.research.report_values import Change, ChangeKind, Contradiction, KeyPoint, SourceKind

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

HOSTILE = '<script>document.title="gone"</script><img src=http://evil.example/x> "quoted" & \u202eback'
MENU = "Our menu\n\nA burger costs $9.50.\n\nFries are $3.25 and come in two sizes.\n\n" + HOSTILE


def make_report(competitors: int = 2) -> Report:
    def column(number: int) -> Competitor:
        name = f"Rival {number}" if number else "Betta"
        claims = (
            Claim("what it sells", HOSTILE, HOSTILE, number + 1),
            Claim(
                "prices",
                f"A burger of {name} costs ${9 + number}.50.",
                "A burger costs $9.50.",
                number + 1,
                written="model",
                dated="2026-05",
            ),
            Claim("prices", "Fries are $3.25.", "Fries are $3.25", number + 1, old=True),
            *(
                Claim("prices", f"{thing}, price: {price}.", f"A {thing.lower()} is {price}", number + 1, "data", "", thing, "price", price)
                for thing, price in (("Cheeseburger", f"${7 + number}.50"), ("Double cheeseburger", f"${9 + number}.50"))
            ),
            Claim("what it sells", "Wifi: none.", "Wifi: none", number + 1, "data", "", "Wifi", "", "none"),
        )
        return Competitor(
            name, f"http://rival{number}.example/", f"Sells burgers in the same town. {HOSTILE}", claims, "Burgers in Columbus"
        )

    return Report(
        company=f"Betta {HOSTILE}",
        made_at="2026-11-29T10:00:00Z",
        written_by="Written by a model.",
        plan=("Search.", "Read."),
        queries=("burgers",),
        competitors=tuple(column(number) for number in range(1, competitors + 1)),
        comparison=(Point("Betta has the cheapest burger.", (2, 8)), Point(HOSTILE, (1,))),
        sources=tuple(
            Source(
                number + 1,
                f"http://rival{number}.example/menu",
                HOSTILE,
                "2026-11-29T09:00:00Z",
                "a" * 64,
                f"s{number}",
                "2026-05-01",
                kind=SourceKind.PRESS if number == 1 else SourceKind.OWN,
            )
            for number in range(competitors + 1)
        ),
        failed_pages=(FailedPage("http://closed.example/", f"It is behind a wall. {HOSTILE}"),),
        aspects=("what it sells", "prices", "opening hours"),
        client=column(0),
        considered=(Considered("List", "list.example", "http://list.example/", False, "It is a directory.", HOSTILE),),
        withdrawn=(Withdrawn("Rival 1", "All burgers are free.", "a number that the page does not say"),),
        dropped_claims=1,
        stopped="The 5 minutes were over.",
        left_out=(LeftOut("site", HOSTILE, "http://late.example/", "The 5 minutes were over."),),
        changed_since="2026-05-01T10:00:00Z",
        changes=(
            Change(ChangeKind.NEW_SITE, "Rival 1", why=HOSTILE, page="http://rival1.example/"),
            Change(ChangeKind.CHANGED, "Betta", "prices", "Cheeseburger, price: $7.25.", "Cheeseburger, price: $7.50.", claim=4),
            Change(ChangeKind.UNREADABLE, "Betta", "prices", HOSTILE, why="It is behind a wall.", page="http://rival0.example/old"),
        ),
        contradictions=(Contradiction("Betta", "Cheeseburger, price", (4, 5), (4,)),),
        summary=(KeyPoint("whom", f"2 competitors of {HOSTILE} were read."), KeyPoint("prices", "Betta begins at $7.50.", (4,))),
    )


def write(report: Report, folder: Path) -> str:
    page = folder / "report.html"
    page.write_text(write_html(report, {source.snapshot: MENU for source in report.sources}), encoding="utf-8")
    return page.as_uri()


def test_text_of_strangers_is_only_shown() -> None:
    page = write_html(make_report(), {})
    assert "<script" not in page
    assert "<img" not in page
    assert "\u202e" not in page
    assert "&lt;script&gt;" in page


def priced(name: str, *rows: tuple[str, str, str]) -> Competitor:
    claims = (Claim("prices", f"{thing}, {label}: {value}.", value, 1, "data", "", thing, label, value) for thing, label, value in rows)
    return Competitor(name, f"http://{name.lower()}.example/", "", tuple(claims))


COMPARED: dict[str, tuple[list[tuple[str, str, str]], list[tuple[str, str, str]], list[str]]] = {
    "one thing in one currency": ([("City bike", "price", "€20")], [("Kids' bike", "price", "15 €")], ["Bike, in EUR: B €15, A €20"]),
    "two currencies": ([("City bike", "price", "€20")], [("City bike", "price", "$20")], []),
    "two things": ([("City bike", "price", "€20")], [("Helmet", "price", "€5")], []),
    "hour and day, by the label": ([("City bike", "1 hour", "€5")], [("City bike", "1 day", "€20")], []),
    "day and half day": ([("City bike", "half day", "€12")], [("City bike", "day", "€20")], []),
    "a day, by label and by value": (
        [("City bike", "day", "€20")],
        [("City bike", "price", "€18 per day")],
        ["Bike per day, in EUR: B €18, A €20"],
    ),
    "250 g and 1 kg": ([("Espresso", "250 g", "€8")], [("Espresso", "1 kg", "€28")], []),
    "plans by the month": ([("Nest", "price", "€9 per month")], [("Solo", "month", "€12")], ["Plans per month, in EUR: A €9, B €12"]),
    "plans by the month and by the year": ([("Nest", "price", "€9 per month")], [("Solo", "price", "€99 per year")], []),
    "a plan and a plan for each user": ([("Nest", "price", "€9 per month")], [("Solo", "per user", "€9 per month")], []),
    "a sentence is about more than its price": (
        [("", "description", "Bowls of ramen for $9")],
        [("", "description", "Bikes for $900")],
        [],
    ),
    "up to is no price": ([("Cup", "price", "up to €9")], [("Cup", "price", "€4")], []),
}


@pytest.mark.parametrize(("one", "other", "charts"), COMPARED.values(), ids=COMPARED)
def test_only_like_is_compared_with_like(one: Any, other: Any, charts: list[str]) -> None:
    compared = compare_prices((priced("A", *one), priced("B", *other)))
    assert [f"{each.title}: {', '.join(f'{found.name} {found.lowest.said}' for found in each.ranges)}" for each in compared] == charts


def test_a_chart_has_the_lowest_and_the_highest_price_of_each_site() -> None:
    (compared,) = compare_prices(make_report().columns)
    assert (compared.title, [(each.name, each.lowest.said, each.highest.said, each.lowest.claim) for each in compared.ranges]) == (
        "Cheeseburger, in USD",
        [("Betta", "$7.50", "$9.50", 4), ("Rival 1", "$8.50", "$10.50", 10), ("Rival 2", "$9.50", "$11.50", 16)],
    )
    assert compare_prices(make_report(0).columns) == ()


@pytest.fixture
def opened(browser: Browser, tmp_path: Path) -> Iterator[Page]:
    """The report in a window of its own; at the end nothing but the file was asked for, and nothing was said on the console."""
    page = browser.new_page(viewport={"width": 1200, "height": 900})
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(write(make_report(), tmp_path))
    yield page
    page.close()
    assert [url for url in asked if not url.startswith("file:")] == []
    assert said == []


def test_the_source_of_a_sentence_shows_on_hover(opened: Page) -> None:
    sentence = opened.locator("#claim-2 summary")
    tip = sentence.locator(".tip")
    assert not tip.is_visible()
    sentence.hover()
    assert tip.is_visible()
    assert "rival0.example source 1 · its own site · dated 2026-05 · read 2026-11-29" in tip.inner_text()
    assert "A burger costs $9.50." in tip.inner_text()


def test_the_keyboard_reaches_each_sentence_and_opens_its_proof(opened: Page) -> None:
    sentence = opened.locator("#claim-2 summary")
    opened.locator("#claim-6 summary").focus()  # what it sells stands before prices
    opened.keyboard.press("Tab")
    assert sentence.evaluate("node => node === document.activeElement")
    assert sentence.locator(".tip").is_visible()
    opened.keyboard.press("Enter")
    proof = opened.locator("#claim-2 .proof")
    assert proof.locator("mark").inner_text() == "A burger costs $9.50."
    assert "Our menu" in proof.locator("blockquote").inner_text()
    assert "2026-11-29 09:00 UTC" in proof.inner_text()


def test_a_mark_in_the_summary_leads_to_its_claim(opened: Page) -> None:
    mark = opened.get_by_text("Betta has the cheapest burger.").locator(".mark").first
    mark.focus()
    assert "A burger costs $9.50." in mark.locator(".tip").inner_text()
    mark.click()
    assert opened.locator("#claim-2").evaluate("node => node.matches(':target')")


@pytest.mark.parametrize(("scheme", "width"), [("light", 1200), ("dark", 360)])
def test_axe_finds_nothing_that_keeps_somebody_out(opened: Page, scheme: Any, width: int) -> None:
    opened.emulate_media(color_scheme=scheme)
    opened.set_viewport_size({"width": width, "height": 800})
    opened.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    opened.evaluate((files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8"))
    violations = opened.evaluate("axe.run().then(found => found.violations.map(each => each.id + ': ' + each.nodes[0].html))")
    assert violations == []


def test_a_phone_scrolls_only_the_table_sideways(opened: Page) -> None:
    opened.set_viewport_size({"width": 360, "height": 700})
    assert opened.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert opened.evaluate("[...document.querySelectorAll('.rows')].every(each => each.scrollWidth <= each.clientWidth)")


def test_a_phone_shows_the_client_beside_each_other_site(opened: Page) -> None:
    opened.set_viewport_size({"width": 360, "height": 700})
    opened.evaluate("document.querySelector('.wide').scrollBy(1000, 0)")
    seen = opened.evaluate(
        "[...document.querySelectorAll('.wide thead th')].map(each => each.getBoundingClientRect()).map(each => [each.left, each.right])"
    )
    assert [(round(left), round(right)) for left, right in (seen[0], seen[-1])] == [(17, 181), (179, 343)]


STRANGE = {
    "a script": "</script><script>document.title='gone'</script>",
    "an attribute": "\" onmouseover=alert(1) x='",
    "an end of everything": "</details></li></table></section></main><style>*{display:none}</style><form action=http://evil.example>",
    "a frame": "<iframe src=http://evil.example></iframe><object data=x><embed src=x><base href=http://evil.example>",
    "an address of a script": "javascript:alert(1)",
    "an address that is none": "http://[bad",
    "another direction": "abc\u202ecod.exe\u2066x\u2069\u200f",
    "from right to left": "قهوة الصباح 1998",
    "Japanese": "星空珈琲焙煎所" * 40,
    "10,000 letters": "x" * 10_000,
    "10,000 words": "word " * 10_000,
    "nothing": "",
    "zero bytes": "a\x00b\x1b[31m",
    "Markdown": "[a](http://evil.example) ![x](http://evil.example/x.png) <!-- sayso-seal 00:00 -->",
}


@pytest.mark.parametrize("text", STRANGE.values(), ids=STRANGE)
def test_nothing_that_strangers_wrote_is_more_than_text(browser: Browser, tmp_path: Path, text: str) -> None:
    report = make_report(1)
    claim = Claim(text, text, text, 1, "data", text, text, text, text)
    column = Competitor(text, text, text, (claim, replace(claim, topic="prices", value=f"{text} $3")), text)
    report = replace(
        report,
        company=text,
        written_by=text,
        competitors=(column,),
        sources=(Source(1, text, text, text, text, text, text), *report.sources[1:]),
        failed_pages=(FailedPage(text, text),),
        considered=(Considered(text, text, text, False, text, text),),
        withdrawn=(Withdrawn(text, text, text),),
        comparison=(Point(text, (1, 99)),),
        summary=(KeyPoint("whom", text), KeyPoint(text, text, (1, 99))),
        left_out=(LeftOut(text, text, text, text),),
        changes=(
            Change(ChangeKind.NEW_SITE, text, text, text, text, text, text, 99),
            Change(ChangeKind.GONE, text, text, text, text, text),
        ),
        contradictions=(Contradiction(text, text, (1, 2, 99), (1,)),),
        plan=(text,),
        queries=(text,),
        stopped=text,
    )
    window = browser.new_page(viewport={"width": 360, "height": 700})
    said: list[str] = []
    window.on("console", lambda message: said.append(message.text))
    window.on("request", lambda request: said.append(request.url))
    window.goto(write(report, tmp_path))
    assert [each for each in said if not each.startswith("file:")] == []
    assert window.locator("script, iframe, object, embed, img, form, base, [onmouseover], [onerror]").count() == 0
    assert all(href.startswith(("#", "http://")) for href in window.evaluate("[...document.links].map(each => each.getAttribute('href'))"))
    assert window.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert window.locator("main").is_visible()
    window.close()
    assert not is_text_changed(write_html(report, {}))
    assert not is_text_changed(seal_report(report).markdown())


def test_print_shows_the_quote_of_each_sentence(opened: Page) -> None:
    opened.emulate_media(media="print")
    assert all(tip.is_visible() for tip in opened.locator(".claims .tip").all())
    assert opened.locator(".paper table").count() == 1
    assert not opened.locator(".wide").is_visible()


def test_a_report_of_twenty_competitors_opens_at_once(browser: Browser, tmp_path: Path) -> None:
    page = browser.new_page()
    page.goto(write(make_report(20), tmp_path))
    assert page.locator(".column").count() == 21
    page.close()
