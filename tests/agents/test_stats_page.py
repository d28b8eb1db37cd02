"""The page of statistics in a real browser: no request, light and dark, nothing in a name is more than text."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from sayso.agents.evaluation.run_stats import AgentFigures, Figures, PeriodFigures, RunStats
from sayso.agents.evaluation.statistics import bootstrap_interval
from sayso.agents.evaluation.stats_page import write_stats_html
from sayso.agents.evaluation.version_stats import SplitStats, VersionDifference, VersionStats

if TYPE_CHECKING:
    from playwright.sync_api import Browser

HOSTILE = '</script><script>document.title="gone"</script><img src=http://evil.example/x onerror=alert(1)> "quoted" & \u202eback'


def figures(runs: int = 40, kind: str = "ModelError") -> Figures:
    return Figures(
        runs=runs,
        users=7,
        states={"done": runs - 3, "failed": 3} if runs else {},
        cost_usd=runs * 0.02,
        spend_usd=0.0,
        input_tokens=120_000,
        output_tokens=9_000,
        model_calls=80,
        tool_calls=12,
        seconds_p50=2.4,
        seconds_p95=31.0,
        asked=9,
        decisions={"approved": 6, "rejected": 2, "open": 1},
        decision_seconds_p50=700.0,
        decision_seconds_p95=9000.0,
        errors={kind: 3},
        up=12,
        down=5,
    )


def make_stats(name: str = "desk", days: int = 9) -> RunStats:
    periods = tuple(PeriodFigures(f"2026-11-{day:02}", figures(40 if day % 3 else 0)) for day in range(1, days + 1))
    measures = {"thumbs up": bootstrap_interval([0.0, 1.0] * 20), "cost": bootstrap_interval([0.1, 0.2] * 20, bounds=None)}
    versions = (
        VersionStats(name, 20, 10, measures, {}),
        VersionStats(
            f"{name} 2", 20, 10, measures, {"thumbs up": VersionDifference(0.2, 0.1, 0.3), "cost": VersionDifference(0.0, None, None)}
        ),
    )
    agents = (AgentFigures(name, figures(kind=name), periods),)
    return RunStats(per="day", zone="UTC", total=figures(kind=name), agents=agents, periods=periods, splits=(SplitStats(name, versions),))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_asks_for_nothing_and_axe_finds_nothing(browser: Browser, tmp_path: Path, scheme: Any) -> None:
    path = tmp_path / "stats.html"
    path.write_text(write_stats_html(make_stats()), encoding="utf-8")
    page = browser.new_page(viewport={"width": 1200, "height": 900}, color_scheme=scheme)
    told: list[str] = []
    page.on("request", lambda request: told.append(request.url))
    page.on("console", lambda message: told.append(message.text))
    page.goto(path.as_uri())
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    page.evaluate((files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8"))
    violations = page.evaluate("axe.run().then(found => found.violations.map(each => each.id + ': ' + each.nodes[0].html))")
    assert violations == []
    assert [each for each in told if not each.startswith("file:")] == []
    assert page.locator("svg.columns").count() == 6
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.set_viewport_size({"width": 360, "height": 700})
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.close()


@pytest.mark.parametrize("name", [HOSTILE, "x" * 5000, "\" onmouseover=alert(1) x='", "星空珈琲" * 50, "\ud83d", "a\x00b"])
def test_a_name_is_only_text(name: str) -> None:
    page = write_stats_html(make_stats(name))
    for part in ("<script", "<img", "\u202e", '" onmouseover', "\x00", "\ud83d"):
        assert part not in page


def test_numbers_stand_in_tables_as_well() -> None:
    page = write_stats_html(make_stats())
    for told in (
        "37 done, 3 failed",
        "12 up, 5 down",
        "$0.80",
        "9: 6 approved, 2 rejected, 1 open",
        "+20.0% (+10.0% to +30.0%)",
        "11.7 min",
    ):
        assert told in page


def test_one_period_and_four_hundred_are_pages_too() -> None:
    assert "2026-11-01" in write_stats_html(make_stats(days=1))
    assert len(write_stats_html(make_stats(days=400))) < 1_000_000
