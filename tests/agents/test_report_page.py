"""The HTML report in a real browser: no request, no error, the proof on hover, on focus and beneath; on a phone, in print, for all."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from sayso.agents.research.price_chart import compare_prices
from sayso.agents.research.report import Claim, Competitor, Considered, FailedPage, Point, Report, Source, Withdrawn
from sayso.agents.research.report_html import write_html

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
HOSTILE = '<script>document.title="gone"</script><img src=http://evil.example/x> "quoted" & \u202eback'
MENU = "Our menu\n\nA burger costs $9.50.\n\nFries are $3.25 and come in two sizes.\n\n" + HOSTILE
AWAY = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"


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
        comparison=(Point("Betta has the cheapest burger.", (2, 5)), Point(HOSTILE, (1,))),
        sources=tuple(
            Source(number + 1, f"http://rival{number}.example/menu", HOSTILE, "2026-11-29T09:00:00Z", "a" * 64, f"s{number}", "2026-05-01")
            for number in range(competitors + 1)
        ),
        failed_pages=(FailedPage("http://closed.example/", f"It is behind a wall. {HOSTILE}"),),
        aspects=("what it sells", "prices", "opening hours"),
        client=column(0),
        considered=(Considered("List", "list.example", "http://list.example/", False, "It is a directory.", HOSTILE),),
        withdrawn=(Withdrawn("Rival 1", "All burgers are free.", "a number that the page does not say"),),
        dropped_claims=1,
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


def test_prices_compare_in_one_currency_and_leave_out_old_ones() -> None:
    compared = compare_prices(make_report().columns)
    assert compared is not None
    assert (compared.title, [(each.name, str(each.lowest), each.count) for each in compared.ranges]) == (
        "Prices in USD",
        [("Betta", "9.50", 1), ("Rival 1", "10.50", 1), ("Rival 2", "11.50", 1)],
    )
    assert compare_prices(make_report(0).columns) is None


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed, so the HTML report was not looked at in a browser (Debian: apt install chromium)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", AWAY])
        yield opened
        opened.close()


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
    assert "rival0.example, dated 2026-05" in tip.inner_text()
    assert "A burger costs $9.50." in tip.inner_text()


def test_the_keyboard_reaches_each_sentence_and_opens_its_proof(opened: Page) -> None:
    sentence = opened.locator("#claim-2 summary")
    opened.locator("#claim-1 summary").focus()
    opened.keyboard.press("Tab")
    assert sentence.evaluate("node => node === document.activeElement")
    assert sentence.locator(".tip").is_visible()
    opened.keyboard.press("Enter")
    proof = opened.locator("#claim-2 .proof")
    assert proof.locator("mark").inner_text() == "A burger costs $9.50."
    assert "Our menu" in proof.locator("blockquote").inner_text()
    assert "2026-11-29 09:00 UTC" in proof.inner_text()


def test_a_mark_in_the_summary_leads_to_its_claim(opened: Page) -> None:
    opened.locator(".points .mark").first.click()
    assert opened.locator("#claim-2").evaluate("node => node.matches(':target')")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_that_keeps_somebody_out(opened: Page, scheme: Any) -> None:
    opened.emulate_media(color_scheme=scheme)
    for summary in opened.locator("summary").all():
        summary.click()
    opened.evaluate((files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8"))
    violations = opened.evaluate("axe.run().then(found => found.violations.map(each => each.id + ': ' + each.nodes[0].html))")
    assert violations == []


def test_a_phone_scrolls_only_the_table_sideways(opened: Page) -> None:
    opened.set_viewport_size({"width": 375, "height": 700})
    assert opened.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_print_shows_the_quote_of_each_sentence(opened: Page) -> None:
    opened.emulate_media(media="print")
    assert all(tip.is_visible() for tip in opened.locator(".tip").all())


def test_a_report_of_twenty_competitors_opens_at_once(browser: Browser, tmp_path: Path) -> None:
    page = browser.new_page()
    page.goto(write(make_report(20), tmp_path))
    assert page.locator(".column").count() == 21
    page.close()
