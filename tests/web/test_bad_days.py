"""What goes wrong around the page: a port that is taken, a database that is away, two servers, a browser that never reads."""

from __future__ import annotations

import socket
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from starlette.requests import Request

from sayso.web.doors import TurnedAway, read_json
from sayso.web.people import TrustedHeader
from sayso.workflows import engine

from ..cli.commands import sayso_here
from .conftest import Served

if TYPE_CHECKING:
    from playwright.sync_api import Browser


def test_a_port_that_is_taken_is_said(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        shown = sayso_here("serve", "--database", "sqlite:///runs.db", "--port", str(port), cwd=tmp_path)
    assert shown.returncode == 1
    assert f"cannot be served at 127.0.0.1:{port}: Address already in use. Give another port" in shown.stderr


def test_a_newer_database_is_not_served(tmp_path: Path) -> None:
    engine(f"sqlite:///{tmp_path}/runs.db").close()
    with sqlite3.connect(tmp_path / "runs.db") as database:
        database.execute("UPDATE sayso_about SET value = '99' WHERE name = 'format'")
    shown = sayso_here("serve", "--database", "sqlite:///runs.db", "--port", "0", cwd=tmp_path)
    assert (shown.returncode, "was written by a newer Sayso" in shown.stderr) == (1, True)


WRONG = {
    "a header without an address": (("--trust-header", "X-User"), "belong together"),
    "nobody": (("--user", ":approver"), "names nobody"),
    "twice": (("--user", "ada", "--user", "ada:approver"), "named twice"),
    "an app that is none": (("json:dumps",), "needs an App"),
    "no database": (("--database", "runs.db"), "not a database URL"),
}


@pytest.mark.parametrize(("options", "said"), WRONG.values(), ids=WRONG)
def test_a_wrong_option_is_one_sentence(tmp_path: Path, options: tuple[str, ...], said: str) -> None:
    shown = sayso_here("serve", *options, "--port", "0", cwd=tmp_path)
    assert shown.returncode == 2
    assert said in shown.stderr


async def test_a_browser_that_goes_away_in_the_middle_of_a_change_is_no_error_of_the_server() -> None:
    sent = iter([{"type": "http.request", "body": b'{"a": ', "more_body": True}, {"type": "http.disconnect"}])

    async def receive() -> Any:
        return next(sent)

    scope = {"type": "http", "method": "POST", "headers": [(b"content-type", b"application/json")]}
    with pytest.raises(TurnedAway, match="ended in the middle"):
        await read_json(Request(scope, receive))


def test_an_app_without_agents_has_an_inbox_and_says_that_nobody_talks(serve: Callable[..., Served], browser: Browser) -> None:
    served = serve(people=("--user", "ada:approver"), SHOP_APP="empty")
    page = browser.new_page()
    page.goto(served.links["ada"])
    page.wait_for_selector(".empty:has-text('Nothing waits for you')")
    page.goto(f"{served.url}/#/chat")
    page.wait_for_selector(".empty:has-text('This app has no agent to talk with')")
    page.context.close()


def test_two_servers_on_one_database_take_one_answer_and_tell_each_other(serve: Callable[..., Served]) -> None:
    one, two = serve(), serve()
    here, there = one.sign_in("ada"), two.sign_in("ada")
    digests = [here.wait_for_card(here.say(f"chat-0000000{number}", "I order a burger")) for number in range(4)]
    assert {line["digest"] for line in there.get("inbox")["open"]} == set(digests)
    with ThreadPoolExecutor(8) as both:
        answers = [both.submit(who.post, f"cards/{digest}/approve") for digest in digests for who in (here, there)]
        statuses = sorted(answer.result()[0] for answer in answers)
    assert statuses == [200] * 4 + [409] * 4
    for number in range(4):
        there.wait_for_state(f"chat-0000000{number}.1", "done")
    assert len(one.orders()) == 4


def test_a_proxy_says_who_is_there_and_nobody_else_can(serve: Callable[..., Served]) -> None:
    served = serve("--trust-header", "X-User", "--trust-from", "127.0.0.1")
    visitor = served.sign_in("bob")
    visitor.client.cookies.clear()
    assert visitor.client.get("/api/me", headers={"X-User": "ada"}).json()["name"] == "ada"
    assert visitor.client.get("/api/me", headers={"X-User": "mallory"}).json()["roles"] == []
    assert visitor.client.get("/api/me").status_code == 401
    twice = visitor.client.get("/api/me", headers=[("X-User", "ada"), ("X-User", "bob")])
    assert twice.status_code == 401, "one of them the visitor may have sent"
    elsewhere = TrustedHeader("X-User", frozenset({"10.0.0.1"}))
    assert (elsewhere.find_name({"x-user": "ada"}, "127.0.0.1"), elsewhere.find_name({"x-user": "ada"}, "10.0.0.1")) == ("", "ada")
