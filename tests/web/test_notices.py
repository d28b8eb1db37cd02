"""Messages that a request waits: to a webhook, with a link that opens its card once and decides nothing by itself."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import httpx2
import pytest

from .conftest import CHROMIUM, Served, Visitor, wait_until


class Webhook(HTTPServer):
    """A webhook on this machine that keeps what it was told; the first time it is busy."""

    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []
        self.answers = [503]
        super().__init__(("127.0.0.1", 0), _Receiver)

    @property
    def place(self) -> str:
        return f"127.0.0.1:{self.server_port}"


class _Receiver(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        webhook = self.server
        assert isinstance(webhook, Webhook)
        told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        status = webhook.answers.pop() if webhook.answers else 200
        if status == 200:
            webhook.told.append({"path": self.path, **told})
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    server = Webhook()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_message_has_no_value_and_its_link_opens_one_card_once(
    serve: Callable[..., Served], webhook: Webhook, request: pytest.FixtureRequest
) -> None:
    to = f"http://{webhook.place}"
    served = serve("--notify", f"ada={to}/ada", "--notify", f"{to}/team", "--notify", f"carol={to}/carol", "--notify-allow", webhook.place)
    bob = served.sign_in("bob")
    digest = bob.wait_for_card(bob.say("chat-00000001", "wire the rent to Ada Lovelace"))
    other = bob.wait_for_card(bob.say("chat-00000002", "I order a burger"))
    told = wait_until(lambda: found if len(found := [each for each in webhook.told if each["request"] == digest]) == 2 else None)
    assert {each["path"] for each in told} == {"/ada", "/team"}, "carol may not decide this"
    text = json.dumps(told)
    assert [value for value in ("Lovelace", "DE02", "1250", "rent") if value in text] == []
    assert "shop asks for wire" in text
    channel = next(each["link"] for each in told if each["path"] == "/team")
    assert channel.endswith(f"/#/inbox/{digest}"), "a channel's link signs nobody in"
    link = next(each["link"] for each in told if each["path"] == "/ada")
    assert httpx2.get(link.partition("#")[0]).status_code == 200, "whoever scans the link has only the empty page"
    token = link.partition("#card=")[2]
    client = httpx2.Client(base_url=served.url)
    served.clients.append(client)
    assert client.post("/api/open-link", json={"token": token[:-2] + "AA"}).status_code == 403
    if CHROMIUM is not None:
        decide_in_the_browser(request.getfixturevalue("browser"), link)
    else:
        assert client.post("/api/open-link", json={"token": token}).status_code == 200
        me = client.get("/api/me").json()
        visitor = Visitor(client, me)
        client.headers["X-Sayso-Token"] = me["token"]
        assert visitor.post(f"cards/{digest}/approve")[0] == 400, "it is not confirmed"
        assert visitor.post(f"cards/{other}/approve", {"confirmed": True})[0] == 404
        assert visitor.post(f"cards/{digest}/approve", {"confirmed": True})[0] == 200
    assert client.post("/api/open-link", json={"token": token}).json()["error"].startswith("This link was used already")
    bob.wait_for_state("chat-00000001.1", "done")
    decided = next(line for line in bob.get("inbox")["decided"] if line["digest"] == digest)
    assert decided["decided_by"] == "ada"


def decide_in_the_browser(browser: Any, link: str) -> None:
    page = browser.new_page()
    page.goto(link)
    page.get_by_role("button", name="Open the card").click()
    page.wait_for_selector(".card .sentence:has-text('Transfer 1250 EUR')")
    assert page.locator("nav .place:visible").all_text_contents() == ["Inbox1"]
    page.wait_for_timeout(600)
    page.get_by_role("button", name="Approve").click()
    assert page.locator(".card .outcome").count() == 0, "it is not confirmed"
    page.get_by_label("I have read the card").check()
    page.get_by_role("button", name="Approve").click()
    page.wait_for_selector(".card .outcome")
    page.context.close()


def test_whoever_might_have_decided_is_told_that_nobody_did(serve: Callable[..., Served], webhook: Webhook) -> None:
    webhook.answers.clear()
    served = serve("--notify", f"ada=http://{webhook.place}/ada", "--notify-allow", webhook.place)
    ada = served.sign_in("ada")
    digest = ada.wait_for_card(ada.say("chat-00000001", "I order a burger"))
    wait_until(lambda: webhook.told)
    with sqlite3.connect(served.folder / "runs.db", timeout=120) as database:
        database.execute("UPDATE sayso_approvals SET expires_at = 1 WHERE digest = ?", [digest])
    wait_until(lambda: [each for each in webhook.told if each["event"] == "request_expired"])
    assert [line["state"] for line in ada.get("inbox")["decided"]] == ["expired"]


def test_the_address_of_a_webhook_is_kept_nowhere(serve: Callable[..., Served], webhook: Webhook) -> None:
    webhook.answers.clear()
    gone = HTTPServer(("127.0.0.1", 0), _Receiver)
    gone.server_close()
    options = ("--notify", f"ada=http://127.0.0.1:{gone.server_port}/pass-word", "--notify", f"http://{webhook.place}/pass-word")
    served = serve(*options, "--notify-allow", webhook.place, "--notify-allow", f"127.0.0.1:{gone.server_port}")
    ada = served.sign_in("ada")
    ada.wait_for_card(ada.say("chat-00000001", "I order a burger"))
    wait_until(lambda: webhook.told, 60)  # after the one that is gone
    served.stop()
    said = (served.folder / "errors.txt").read_text()
    assert f"Nobody was told at 127.0.0.1:{gone.server_port} that a request waits" in said
    assert "pass-word" not in said
    assert [path.name for path in served.folder.iterdir() if b"pass-word" in path.read_bytes()] == []


WRONG = {
    "this machine": ("http://127.0.0.1:9/x", "public http and https addresses"),
    "a private network": ("http://192.168.1.7/x", "public http and https addresses"),
    "the metadata of a cloud": ("http://169.254.169.254/latest", "public http and https addresses"),
    "a file": ("file:///etc/passwd", "has no URL"),
    "nobody": ("zoe=https://hooks.example/x", "'zoe', who cannot sign in"),
}


@pytest.mark.parametrize("address", ["10.0.0.0/8", "proxy.local", ""])
def test_a_proxy_is_named_by_its_address(tmp_path: Any, address: str) -> None:
    from tests.cli.commands import sayso_here

    shown = sayso_here("serve", "--port", "0", "--trust-header", "X-User", "--trust-from", address, cwd=tmp_path)
    assert shown.returncode == 2
    assert f"--trust-from {address!r} is not an address" in shown.stderr


@pytest.mark.parametrize(("to", "said"), WRONG.values(), ids=WRONG)
def test_a_place_that_may_not_be_told_is_refused_at_the_start(tmp_path: Any, to: str, said: str) -> None:
    from tests.cli.commands import sayso_here

    shown = sayso_here("serve", "--database", "sqlite:///runs.db", "--port", "0", "--notify", to, cwd=tmp_path)
    assert shown.returncode == 2
    assert said in shown.stderr
