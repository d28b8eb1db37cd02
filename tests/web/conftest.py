"""A served shop, people who are signed in, and a browser that reaches no other machine."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from ..workflows.conftest import postgres as postgres  # the server of those tests

if TYPE_CHECKING:
    from playwright.sync_api import Browser

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
AWAY = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
SHOP = Path(__file__).parent / "page_shop.py"
PEOPLE = ("--user", "ada:approver", "--user", "bob", "--user", "carol:treasurer")


@dataclass
class Served:
    """A page that is served by a process of its own, and its people."""

    folder: Path
    people: tuple[str, ...] = PEOPLE
    environment: dict[str, str] = field(default_factory=dict)
    port: int = 0
    process: subprocess.Popen[str] | None = None
    links: dict[str, str] = field(default_factory=dict)
    clients: list[httpx2.Client] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self, *options: str) -> Served:
        """Start the server, at the same address as before if there was one."""
        self.links.clear()
        command = [sys.executable, "-m", "sayso", "serve", f"{SHOP}:app", "--port", str(self.port), *self.people, *options]
        environment = {**os.environ, "SAYSO_PAGE_TOKEN": "a secret of the tests", "SAYSO_DATABASE": f"sqlite:///{self.folder}/runs.db"}
        environment |= {"SHOP_ORDERS": str(self.folder / "orders.db"), **self.environment}
        errors = (self.folder / "errors.txt").open("a")
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True, cwd=self.folder, env=environment)
        errors.close()
        assert self.process.stdout is not None
        while len(self.links) < len(self.people) // 2 or not self.port:
            line = self.process.stdout.readline()
            if not line:
                raise AssertionError((self.folder / "errors.txt").read_text())
            if found := re.search(r"at http://127\.0\.0\.1:(\d+)/", line):
                self.port = int(found[1])
            if found := re.search(r"  (\w+) signs in with: (\S+)", line):
                self.links[found[1]] = found[2]
        return self

    def stop(self) -> None:
        """Stop the server, if it still runs."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(120)
            if self.process.stdout is not None:
                self.process.stdout.close()
            self.process = None

    def leave(self) -> None:
        """Close the connections of all visitors."""
        for client in self.clients:
            client.close()

    def sign_in(self, name: str) -> Visitor:
        """Return somebody who is signed in, and asks as the page does."""
        client = httpx2.Client(base_url=self.url, headers={"Sec-Fetch-Site": "same-origin", "Origin": self.url}, timeout=120)
        self.clients.append(client)
        answer = client.post("/api/sign-in", json={"token": self.links[name].partition("#token=")[2]})
        assert answer.status_code == 200, answer.text
        me = client.get("/api/me").json()
        client.headers["X-Sayso-Token"] = me["token"]
        return Visitor(client, me)

    def orders(self) -> list[tuple[Any, ...]]:
        """Return what stands in the order book."""
        with sqlite3.connect(self.folder / "orders.db") as book:
            return book.execute("SELECT quantity, item FROM orders ORDER BY number").fetchall()


@dataclass
class Visitor:
    """Somebody who is signed in, without a browser."""

    client: httpx2.Client
    me: dict[str, Any]

    def get(self, path: str) -> dict[str, Any]:
        """Return what the API answers."""
        data: dict[str, Any] = self.client.get(f"/api/{path}").json()
        return data

    def post(self, path: str, data: dict[str, Any] | None = None, **options: Any) -> tuple[int, dict[str, Any]]:
        """Make a change; return the status and the answer."""
        answer = self.client.post(f"/api/{path}", json=data or {}, **options)
        return answer.status_code, answer.json()

    def say(self, chat: str, text: str) -> str:
        """Say something in a conversation and return the run."""
        status, answer = self.post(f"chats/{chat}/turns", {"text": text, "agent": "shop"})
        assert status == 200, answer
        run: str = answer["run"]
        return run

    def wait_for_card(self, run: str) -> str:
        """Return the digest of the open request of a run, once there is one."""
        return wait_until(lambda: next((line["digest"] for line in self.get("inbox")["open"] if line["root"] == run), None))

    def wait_for_state(self, run: str, *states: str) -> dict[str, Any]:
        """Return a run once it is in one of these states."""
        return wait_until(lambda: found if (found := self.get(f"runs/{run}")).get("state") in states else None)


def wait_until(look: Callable[[], Any], seconds: float = 120) -> Any:
    """Return what `look` finds, as soon as it finds something."""
    until = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < until, "it did not come"
        time.sleep(0.05)
    return found


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A served shop; of each module one."""
    started = Served(tmp_path_factory.mktemp("shop")).start()
    yield started
    started.stop()
    started.leave()


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Served]]:
    """Return what starts a server of the test's own."""
    started: list[Served] = []

    def start(*options: str, people: tuple[str, ...] = PEOPLE, **environment: str) -> Served:
        started.append(Served(tmp_path, people, environment).start(*options))
        return started[-1]

    yield start
    for each in started:
        each.stop()
        each.leave()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed, so the page was not looked at in a browser (Debian: apt install chromium)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", AWAY])
        yield opened
        opened.close()
