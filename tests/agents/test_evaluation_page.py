"""The page of an evaluation in a real browser: failures side by side, no request, nothing that a model wrote is more than text."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from sayso.agents.evaluation import ApprovalRecord, CallRecord, Case, CaseResult, Evaluation, NotRun, RunRecord, ScoreResult, SourceText
from sayso.agents.evaluation.html_report import write_evaluation_html
from sayso.tools.calls import Outcome

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

HOSTILE = '</script><script>document.title="gone"</script><img src=http://evil.example/x onerror=alert(1)> "quoted" & \u202eback'
ANSWER = "A burger costs $9.50 and fries cost $3.25."


def judge(name: str, expected: object = None, *scores: ScoreResult, text: str = "", **made: Any) -> CaseResult:
    record = RunRecord(
        run_id="r1",
        flow="desk",
        input=HOSTILE,
        output=made.pop("output", ANSWER),
        text=made.pop("answer", ANSWER),
        calls=(CallRecord("order", {"item": f"burger {text}"}, Outcome.DONE, f"ordered {text}"), CallRecord("pay", {"usd": 9.5}, None)),
        approvals=(ApprovalRecord("order", {}, f"You have ordered: 1 burger {text}", "rejected", f"too dear {text}"),),
        sources=(SourceText("1", f"A burger costs $9.50. {text}", "http://shop.example/menu"), SourceText("2", text, f"javascript:{text}")),
        models=(f"gpt-5-mini{text}",),
        seconds=1.25,
        error=made.pop("error", ""),
    )
    return CaseResult(
        case=Case(name=name, input=f"What does it cost? {text}", expected=expected, place="cases.yaml:3"),
        record=record,
        scores=scores,
        **made,
    )


def make_evaluation(text: str = "") -> Evaluation:
    failed = ScoreResult(
        score=f"exact {text}", value=0.0, passed=False, reason=f"Not the same. {text}", details=(f"The price differs. {text}",)
    )
    measured = ScoreResult(score="faithfulness", value=0.875)
    silent = ScoreResult(score="judge", value=None, reason=f"No model. {text}")
    return Evaluation(
        id=f"e1{text}",
        suite=f"desk {text}",
        subject=f"agent {text}",
        results=(
            judge(
                f"a wrong price {text}",
                "A burger costs $9.80 and fries cost $3.25.",
                failed,
                measured,
                text=text,
                difference=f"Differs. {text}",
            ),
            judge(f"a failure {text}", "x", failed, text=text, error=f"The model answered 500. {text}"),
            judge(f"JSON {text}", {"sizes": [1, 2]}, silent, text=text, output={"sizes": [1, 3]}, answer='{"sizes": [1, 3]}'),
            judge(f"a good one {text}", ANSWER, ScoreResult(score="exact", value=1.0, passed=True), text=text, repeat=1),
        ),
        not_run=(NotRun(Case(name=f"late {text}", input="x"), 0, f"The money was used up. {text}"),),
        repeat=2,
        database=f"runs.db{text}",
    )


def write(evaluation: Evaluation, folder: Path) -> str:
    page = folder / "evaluation.html"
    page.write_text(write_evaluation_html(evaluation), encoding="utf-8")
    return page.as_uri()


@pytest.fixture
def opened(browser: Browser, tmp_path: Path) -> Iterator[Page]:
    """The page in a window of its own; at the end nothing but the file was asked for, and nothing was said on the console."""
    page = browser.new_page(viewport={"width": 1200, "height": 900})
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.goto(write(make_evaluation(), tmp_path))
    yield page
    page.close()
    assert [url for url in asked if not url.startswith("file:")] == []
    assert said == []


def test_what_failed_stands_beside_what_was_expected(opened: Page) -> None:
    first = opened.locator("article").first
    expected, got = first.locator(".side").all()
    assert [mark.inner_text() for mark in expected.locator("mark").all()] == ["80"]
    assert [mark.inner_text() for mark in got.locator("mark").all()] == ["50"]
    assert expected.bounding_box()["y"] == got.bounding_box()["y"]  # type: ignore[index]
    assert "Not the same." in expected.inner_text()
    assert "The price differs." in expected.inner_text()
    for said in (
        'order(item="burger ")',
        "done: ordered",
        "pay(usd=9.5)",
        "waits for a decision",
        "You have ordered: 1 burger",
        "rejected: too dear",
    ):
        assert said in got.inner_text()
    got.locator("summary").first.click()
    assert "A burger costs $9.50." in got.locator("details").first.inner_text()


def test_the_page_says_how_many_passed_and_what_was_not_run(opened: Page) -> None:
    assert "4 results: 1 failed, 1 error, 1 not judged, 1 passed, 1 not run" in opened.locator(".made").inner_text()
    assert opened.locator(".verdict").inner_text() == "It did not pass."
    assert "The model answered 500." in opened.locator("article").nth(1).inner_text()
    assert "The money was used up." in opened.locator("main").inner_text()
    assert "a good one repeat 2" in " ".join(opened.get_by_role("region", name="Table of what passed").inner_text().split())


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_that_keeps_somebody_out(opened: Page, scheme: Any) -> None:
    opened.emulate_media(color_scheme=scheme)
    opened.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    opened.evaluate((files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8"))
    violations = opened.evaluate("axe.run().then(found => found.violations.map(each => each.id + ': ' + each.nodes[0].html))")
    assert violations == []


STRANGE = {
    "a script": HOSTILE,
    "an end of everything": "</details></li></article></main><style>*{display:none}</style><form action=http://evil.example>",
    "a frame": "<iframe src=http://evil.example></iframe><object data=x><embed src=x><base href=http://evil.example>",
    "an attribute": "\" onmouseover=alert(1) x='",
    "10,000 letters": "x" * 10_000,
    "Japanese": "星空珈琲焙煎所" * 40,
    "zero bytes": "a\x00b\x1b[31m",
    "half a letter": "\ud83d",
}


@pytest.mark.parametrize("text", STRANGE.values(), ids=STRANGE)
def test_nothing_that_a_model_wrote_is_more_than_text(browser: Browser, tmp_path: Path, text: str) -> None:
    window = browser.new_page(viewport={"width": 360, "height": 700})
    said: list[str] = []
    window.on("console", lambda message: said.append(message.text))
    window.on("request", lambda request: said.append(request.url))
    window.goto(write(make_evaluation(text), tmp_path))
    assert [each for each in said if not each.startswith("file:")] == []
    assert window.locator("script, iframe, object, embed, img, form, base, [onmouseover], [onerror]").count() == 0
    assert all(
        href.startswith(("#", "http://shop")) for href in window.evaluate("[...document.links].map(each => each.getAttribute('href'))")
    )
    assert window.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert window.locator("main").is_visible()
    window.close()


def test_a_script_in_an_output_is_shown(tmp_path: Path) -> None:
    page = write_evaluation_html(make_evaluation(HOSTILE))
    assert "<script" not in page
    assert "<img" not in page
    assert "\u202e" not in page
    assert "&lt;script&gt;" in page


def test_an_evaluation_without_results_is_a_page_too() -> None:
    assert "0 results: none." in write_evaluation_html(Evaluation(id="e", suite="s", subject="a", results=()))


def test_long_texts_are_compared_and_cut_in_time() -> None:
    answer = " ".join(f"word{number % 7}" for number in range(100_000))
    page = write_evaluation_html(
        Evaluation(
            id="e",
            suite="s",
            subject="a",
            results=(judge("long", answer, ScoreResult(score="exact", value=0.0, passed=False), answer=f"{answer} end"),),
        )
    )
    assert "more characters" in page
    assert len(page) < 200_000
