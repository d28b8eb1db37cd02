"""A comparison as a page in a real browser, as a table and as JSON; nothing that a model wrote is more than text."""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from sayso import ScriptedModel
from sayso.agents.evaluation import Case, Comparison, compare
from sayso.agents.evaluation.comparison_document import write_comparison
from sayso.agents.evaluation.comparison_page import write_comparison_html
from sayso.agents.evaluation.comparison_table import format_comparison
from sayso.agents.evaluation.scores import Contains

if TYPE_CHECKING:
    from playwright.sync_api import Browser

HOSTILE = '</td></table><script>document.title="gone"</script><img src=http://evil.example/x onerror=alert(1)> \u202eback \x1b[31m'


async def make_comparison(text: str = "") -> Comparison:
    cases = [
        Case(name=f"case {number} {text}", input=str(number), scores=(Contains("yes", name=f"says yes {text}"),)) for number in range(12)
    ]
    models = {
        f"small{text}": ScriptedModel(f"no {text}", repeat=True, name="m"),
        f"large{text}": ScriptedModel(f"yes {text}", repeat=True, name="m"),
    }
    return await compare(cases, models=models, prompts={"short": "Be short."})


async def test_the_table_has_the_measures_that_are_known_and_what_they_show() -> None:
    table = format_comparison(await make_comparison()).splitlines()
    assert table[0] == "cases: 12 cases, mean (95 % interval)"
    assert table[1].split() == ["small", "large"]
    assert table[2].split("  ")[0] == "cases passed"
    assert not any(line.startswith("time to the first token") for line in table)
    assert "Cases passed: +100 (+47 to +100) points for large over 12 cases." in table


async def test_the_document_has_what_is_known_and_null_for_the_rest() -> None:
    document = json.loads(write_comparison(await make_comparison()))
    rows = {row["measure"]: row for row in document["measures"]}
    assert list(rows) == ["cases passed", "cost", "first token", "tokens a second", "seconds"]
    assert rows["first token"]["variants"] == {"small": None, "large": None}
    passed = rows["cases passed"]["differences"]["large"]
    assert (passed["mean"], passed["seen"], passed["cases"]) == (1.0, True, 12)
    assert document["variants"][1]["fixed"] == [f"case {number} " for number in range(12)]
    assert document["variants"][0]["cost_usd"] is None


async def test_a_hostile_name_stays_text_in_table_and_page() -> None:
    comparison = await make_comparison(HOSTILE)
    assert "\x1b" not in format_comparison(comparison)
    page = write_comparison_html(comparison)
    assert "<script" not in page
    assert "<img" not in page
    assert "\u202e" not in page
    assert "&lt;script&gt;" in page


@pytest.fixture
def page_file(tmp_path: Path) -> Path:
    with ThreadPoolExecutor(1) as another:  # the browser has a loop of its own in this thread
        comparison = another.submit(asyncio.run, make_comparison()).result()
    page = tmp_path / "comparison.html"
    page.write_text(write_comparison_html(comparison), "utf-8")
    return page


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_asks_for_nothing_and_keeps_nobody_out(browser: Browser, page_file: Path, scheme: Any) -> None:
    window = browser.new_page(viewport={"width": 900, "height": 900})
    asked: list[str] = []
    window.on("request", lambda request: asked.append(request.url))
    window.emulate_media(color_scheme=scheme)
    window.goto(page_file.as_uri())
    measures = window.get_by_role("region", name="Table of measures").inner_text()
    assert "100 % (74 to 100)" in measures
    assert "case 3" in window.get_by_role("region", name="Table of cases").inner_text()
    window.evaluate((files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8"))
    assert window.evaluate("axe.run().then(found => found.violations.map(each => each.id + ': ' + each.nodes[0].html))") == []
    assert [url for url in asked if not url.startswith("file:")] == []
    window.close()
