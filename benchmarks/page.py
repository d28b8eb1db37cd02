"""The page with 10,000 runs and a run of 10,000 events, in Chromium: first paint, the longest task while scrolling, nodes.

    python benchmarks/page.py [--runs 10000] [--items 3400]

It needs Debian's chromium and playwright. Besides wall times, which other work on the machine lengthens, it prints what the browser and the
server computed.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

FLOW = '''
from sayso import App
from sayso.workflows import map_each, sequential

async def number(text: str) -> list[int]:
    """Return so many numbers."""
    return list(range(int(text)))

async def square(number: int) -> int:
    """Return the square of a number."""
    return number * number

async def add(numbers: list[int]) -> int:
    """Return the sum."""
    return sum(numbers)

app = App(flows=[sequential(number, map_each(square, name="squares"), add, name="sums")], name="sums")
'''
RUN = """
import asyncio, sys
from sayso import engine
from sums import app
async def main(url, items):
    home = engine(url, app=app)
    for name, count in (("small", "2"), ("large", items)):
        await home.start(app.flow("sums"), count, run_id=name)
        await home.result(name)
    home.close()
asyncio.run(main(sys.argv[1], sys.argv[2]))
"""
LONG_TASKS = """window.longest = 0; new PerformanceObserver((list) => {
    for (const each of list.getEntries()) window.longest = Math.max(window.longest, each.duration) }).observe({type: "longtask"})"""


def fill(folder: Path, runs: int, items: int) -> None:
    """Execute a small and a large run, and write the row of the small one many times."""
    (folder / "sums.py").write_text(FLOW)
    subprocess.run([sys.executable, "-c", RUN, f"sqlite:///{folder}/runs.db", str(items)], check=True, cwd=folder)
    with sqlite3.connect(folder / "runs.db") as database:
        columns = [row[1] for row in database.execute("PRAGMA table_info(sayso_runs)")]
        others = ", ".join(f"changed_at - {runs} + counted.n" if name == "changed_at" else name for name in columns if name != "id")
        names = ", ".join(name for name in columns if name != "id")
        database.execute(
            f"WITH RECURSIVE counted(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < {runs}) "
            f"INSERT INTO sayso_runs (id, {names}) SELECT 'copy-' || n, {others} FROM sayso_runs, counted WHERE sayso_runs.id = 'small'"
        )


def read_cpu(pid: int) -> float:
    """Return the CPU seconds of a process."""
    parts = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(parts[11]) + int(parts[12])) / os.sysconf("SC_CLK_TCK")


def look(browser: Browser, link: str, place: str, ready: str, pid: int) -> tuple[str, str, str, str, str]:
    """Open a place of the page anew, scroll through it, and return what was measured."""
    context = browser.new_context(viewport={"width": 1280, "height": 860})
    page = context.new_page()
    page.add_init_script(LONG_TASKS)
    session = context.new_cdp_session(page)
    session.send("Performance.enable")
    page.goto(link)
    page.wait_for_selector("nav.places")
    page.goto("about:blank")
    computed, cpu, began = metric(session, "TaskDuration"), read_cpu(pid), time.perf_counter()
    page.goto(f"{link.partition('#')[0]}#/{place}")
    page.wait_for_selector(ready)
    seconds = time.perf_counter() - began
    used = read_cpu(pid) - cpu
    computed = metric(session, "TaskDuration") - computed
    page.evaluate("window.longest = 0")
    nodes = count(page)
    for _ in range(40):
        page.mouse.wheel(0, 3000)
        page.wait_for_timeout(30)
        if page.locator("button:has-text('More runs')").is_visible():
            page.get_by_role("button", name="More runs").click()
        nodes = max(nodes, count(page))
    longest = page.evaluate("window.longest")
    context.close()
    return place, f"{seconds:.2f} s", f"{used * 1000:.0f} + {computed * 1000:.0f} ms", f"{longest:.0f} ms", str(nodes)


def metric(session: CDPSession, name: str) -> float:
    """Return one of the browser's own figures."""
    metrics: list[dict[str, Any]] = session.send("Performance.getMetrics")["metrics"]
    return next(float(each["value"]) for each in metrics if each["name"] == name)


def count(page: Page) -> int:
    """Return how many elements the page has."""
    found: int = page.evaluate("document.querySelectorAll('*').length")
    return found


def measure(folder: Path) -> None:
    """Serve the database, look at its places, and print the table."""
    command = [sys.executable, "-m", "sayso", "serve", "sums.py:app", "--port", "0", "--database", f"sqlite:///{folder}/runs.db"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=folder)
    assert server.stdout is not None
    server.stdout.readline()
    link = re.search(r"http\S+", server.stdout.readline())
    assert link is not None
    print("| place | first paint (1 s) | computed by server + browser | longest task while scrolling (200 ms) | most elements (2,000) |")
    print("| --- | --- | --- | --- | --- |")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for place, ready in (("inbox", ".empty"), ("runs", "a.run"), ("runs/large", ".event")):
            print("|", " | ".join(look(browser, link[0], place, ready, server.pid)), "|", flush=True)
        browser.close()
    server.terminate()
    server.wait(20)
    server.stdout.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--items", type=int, default=3400)
    options, _ = parser.parse_known_args()  # --write: it writes no table
    with tempfile.TemporaryDirectory() as place:
        fill(Path(place), options.runs, options.items)
        measure(Path(place))
