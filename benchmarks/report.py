"""How fast a large report is written, checked and opened: 20 competitors with 40 claims each, with the pages that they rest on.

python benchmarks/report.py [--write]

The HTML is opened in the system's Chromium, without a network; each number is the median of 7.
"""

from __future__ import annotations

import hashlib
import random
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from _table import Row, finish
from playwright.sync_api import Browser, sync_playwright

from sayso.agents.research.report import Claim, Competitor, Considered, Point, Report, Source
from sayso.agents.research.report_check import check_report, read_report
from sayso.agents.research.report_finishing import finish_report
from sayso.agents.research.report_values import SourceKind, hash_text
from sayso.tools.web.snapshots import Snapshot, store_snapshot

SITES, CLAIMS, PAGES, TIMES = 20, 40, 6, 7
ASPECTS = ("what it sells", "prices", "locations", "opening hours", "ordering", "company", "what sets it apart")
WORDS = "coffee roasts shop morning bread street harbour old river small every day open tea beans quiet corner table green north".split()
AWAY = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"


def make_page(folder: Path, url: str, chance: random.Random) -> tuple[Snapshot, list[str]]:
    """Store a page of 250 sentences; return its snapshot and the sentences."""
    sentences = [f"{' '.join(chance.choices(WORDS, k=12)).capitalize()} {number}." for number in range(250)]
    sentences += [f"Item {number} | ${chance.randrange(200, 4000) / 100:.2f}" for number in range(10)]
    text = "\n".join(sentences)
    body = text.encode()
    snapshot = Snapshot(url, url, "2026-11-29T09:00:00Z", hashlib.sha256(body).hexdigest(), 200, "text/html", text)
    store_snapshot(folder, snapshot, body)
    return snapshot, sentences


def make_report(folder: Path) -> Report:
    """Return a report of so many sites and claims whose pages are stored in the folder."""
    chance = random.Random(20)
    sources: list[Source] = []
    columns: list[Competitor] = []
    for site in range(SITES + 1):
        home = f"http://site{site}.example/"
        claims: list[Claim] = []
        for page in range(PAGES):
            snapshot, sentences = make_page(folder, f"{home}{page}", chance)
            number = len(sources) + 1
            told = f"Page {page} of site {site}"
            sources.append(
                Source(
                    number, snapshot.url, told, snapshot.fetched_at, snapshot.sha256, snapshot.name, "2026-11-01",
                    hash_text(snapshot.text), SourceKind.OWN,
                )
            )  # fmt: skip
            for place in range(CLAIMS // PAGES + (page < CLAIMS % PAGES)):
                quote = sentences[-1 - place] if place < 3 else chance.choice(sentences[:250])
                item, _, value = quote.partition(" | ")
                if value:
                    claims.append(Claim("prices", f"{item}, price: {value}.", quote, number, "data", "", item, "price", value))
                else:
                    claims.append(Claim(chance.choice(ASPECTS), quote, quote, number))
        columns.append(Competitor(f"Site {site}", home, "It sells coffee and tea in the same town.", tuple(claims), "coffee and tea"))
    considered = tuple(Considered(each.name, each.name, each.url, True, each.reason, score=3.0) for each in columns[1:])
    made = Report(
        company="Site 0", made_at="2026-11-29T10:00:00Z", written_by="No language model.", plan=("Search.",), queries=("coffee",),
        competitors=tuple(columns[1:]), comparison=(Point("Site 1 has the most shops.", (41,)),), sources=tuple(sources), failed_pages=(),
        aspects=ASPECTS, client=columns[0], considered=considered,
    )  # fmt: skip
    return finish_report(made)


def measure(action: Callable[[], object]) -> float:
    """Return the milliseconds that an action takes."""
    taken = []
    for _ in range(TIMES):
        began = time.perf_counter()
        action()
        taken.append(1e3 * (time.perf_counter() - began))
    return statistics.median(taken)


def open_page(browser: Browser, page: Path) -> tuple[float, float, float, int]:
    """Return the milliseconds until the page has loaded, until something is seen, and that the page's thread computes for it.

    The last number is how many requests and messages there were.
    """
    window = browser.new_page(viewport={"width": 1280, "height": 900})
    tools = window.context.new_cdp_session(window)
    tools.send("Performance.enable", {"timeDomain": "threadTicks"})
    told: list[str] = []
    window.on("request", lambda request: told.append(request.url))
    window.on("console", lambda message: told.append(message.text))
    window.on("pageerror", lambda error: told.append(str(error)))
    window.goto(page.as_uri())
    loaded = window.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd")
    painted = window.evaluate("new Promise(done => requestAnimationFrame(() => setTimeout(() => done(performance.now()))))")
    measured = {each["name"]: each["value"] for each in tools.send("Performance.getMetrics")["metrics"]}
    window.close()
    return loaded, painted, 1e3 * measured["TaskDuration"], len([each for each in told if not each.startswith(("file:", "data:"))])


def main() -> list[Row]:
    """Return all rows."""
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        report = make_report(folder / "snapshots")
        path = report.save(folder / "site.md", formats=("md", "json", "html", "csv"))
        page = path.with_suffix(".html")
        chromium = shutil.which("chromium") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", AWAY])
        opened = [open_page(browser, page) for _ in range(TIMES)]
        browser.close()
        claims = len(report.number_claims())
        read = read_report(path.with_suffix(".json"))
        problems = check_report(read, folder / "snapshots")
        print(*problems[:5], sep="\n")
        what = f"{SITES} competitors, {claims} claims, {len(report.sources)} pages"
        return [
            Row(f"HTML of {what}", page.stat().st_size / 1e6, "MB"),
            Row("it has loaded in Chromium", statistics.median(each[0] for each in opened), "ms", limit=1000),
            Row("it is seen", statistics.median(each[1] for each in opened), "ms", limit=1000),
            Row("its thread computes", statistics.median(each[2] for each in opened), "ms", limit=1000),
            Row("requests and console messages", max(each[3] for each in opened), "of them", limit=0),
            Row("HTML, written", measure(lambda: report.html(folder / "snapshots")), "ms"),
            Row("report, finished: summary, contradictions, seals", measure(lambda: finish_report(replace(report, seals=()))), "ms"),
            Row("sayso check", measure(lambda: check_report(read, folder / "snapshots")), "ms"),
            Row("problems that it finds in a report that nobody changed", len(problems), "problems", limit=0),
        ]


if __name__ == "__main__":
    finish("Reports", main())
