"""Signed decisions on the page: the browser signs with a key that stays in it, and nothing unsigned counts."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

import sayso
from sayso.tools.approval.requests import Approve, Decision, Edit, Reject
from sayso.tools.approval.signatures import describe_statement, sign
from sayso.tools.approval.signing_keys import make_key_pair
from sayso.web.back_office import BackOffice
from sayso.web.people import Person, SignIn
from sayso.web.site import make_site
from sayso.workflows import App, sequential

from .conftest import Served
from .test_page import Seen, find_violations

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

KEY, OTHER = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()


@sayso.tool.write(card="Ship parcel {number}")
async def ship(number: int) -> str:
    """Ship a parcel."""
    return f"Parcel {number} is on its way."


class Desk:
    """A page whose app counts signed decisions only, and one request."""

    def __init__(self, office: BackOffice, sign_in: SignIn) -> None:
        self.office, self.sign_in, self.digest = office, sign_in, ""

    async def ask(self, name: str, path: str, data: dict[str, Any] | None = None) -> tuple[int, dict[str, Any]]:
        """Ask the page as somebody; with data it is a change."""
        headers = {"Authorization": f"Bearer {self.sign_in.link_token(name)}"}
        async with httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=make_site(self.office)), base_url="http://page", headers=headers
        ) as client:
            answer = await (client.get(f"/api/{path}") if data is None else client.post(f"/api/{path}", json=data))
        return answer.status_code, answer.json()


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    flow = sequential(ship, name="shipping")
    people = [Person(name, frozenset({"approver"})) for name in ("ada", "bob")]
    sign_in = SignIn(people, "a secret of the tests")
    app = App(flows=[flow], approvers={"ada": KEY.public_key().public_bytes_raw()})
    made = Desk(BackOffice(app, f"sqlite:///{tmp_path}/runs.db", sign_in, works=False, cookie="c"), sign_in)
    for number, name in ((7, "one"), (8, "two")):
        await flow.run(number, engine=made.office.engine, run_id=name)
    made.digest = (await made.office.engine.requests("one"))[0].digest
    yield made
    await made.office.end()


MADE: dict[str, tuple[str, Decision, Ed25519PrivateKey, dict[str, object], str]] = {
    "another key": ("one", Approve(by="ada", place="page"), OTHER, {}, "the signature is not that of 'ada'"),
    "another request": ("two", Approve(by="ada", place="page"), KEY, {}, "has signed is something else (digest"),
    "another verdict": ("one", Reject(by="ada", place="page"), KEY, {}, "has signed is something else (reason, verdict)"),
    "another place": ("one", Approve(by="ada", place="terminal"), KEY, {}, "has signed is something else (place)"),
    "another name": ("one", Approve(by="bob", place="page"), KEY, {}, "'bob' is not among the approvers"),
    "after it expired": ("one", Approve(by="ada", place="page"), KEY, {"at": 9e9}, "after the request expired"),
}


@pytest.mark.parametrize(("run", "decision", "key", "options", "why"), MADE.values(), ids=MADE)
async def test_a_statement_that_is_not_of_the_approver_for_exactly_this_is_refused(
    desk: Desk, run: str, decision: Decision, key: Ed25519PrivateKey, options: dict[str, Any], why: str
) -> None:
    (request,) = await desk.office.engine.requests(run)
    statement = sign(decision, request, key, **options).statement
    status, answer = await desk.ask("ada", f"cards/{desk.digest}/approve", {"statement": statement})
    assert (status, why in answer["error"]) == (403, True), answer
    assert (await desk.ask("ada", f"cards/{desk.digest}"))[1]["state"] == "proposed"


async def test_what_is_not_signed_does_not_count_and_the_page_says_what_to_do(desk: Desk) -> None:
    for change in ("approve", "reject", "edit"):
        status, answer = await desk.ask("ada", f"cards/{desk.digest}/{change}", {"changes": {"number": 8}})
        assert status == 403
        assert f"sayso approve one {desk.digest[:12]} --key FILE" in answer["error"]
    status, answer = await desk.ask("bob", f"cards/{desk.digest}/approve", {})
    assert (status, answer["error"]) == (403, "Here only decisions count that are signed with the key of ada.")
    assert [(await desk.ask(name, "me"))[1]["signing"] is None for name in ("ada", "bob")] == [False, True]
    assert (await desk.ask("ada", f"cards/{desk.digest}/claim", {}))[0] == 200


async def test_a_program_signs_an_edit_and_then_the_changed_card(desk: Desk) -> None:
    (request,) = await desk.office.engine.requests("one")
    edit = sign(Edit({"number": 9}, by="ada", place="page"), request, KEY)
    hashed = (await desk.ask("ada", f"cards/{desk.digest}/edit-hash", {"changes": {"number": 9}}))[1]
    assert hashed["arguments"] == describe_statement(edit.statement)["arguments"]
    for changes, status in (({"number": 10}, 403), ({"number": 9}, 200)):
        assert (await desk.ask("ada", f"cards/{desk.digest}/edit", {"changes": changes, "statement": edit.statement}))[0] == status


@pytest.fixture
def signing(browser: Browser, serve: Callable[..., Served], tmp_path: Path) -> Iterator[tuple[Page, Served, Path]]:
    """Return ada's page of an app that counts her signed decisions only, and the file with her key."""
    public = make_key_pair("ada", tmp_path / "ada.key")
    served = serve(SHOP_APPROVER=public)
    seen = Seen(served.url)
    page = seen.watch(browser.new_page())
    page.goto(served.links["ada"])
    page.wait_for_selector("nav.places")
    yield page, served, tmp_path / "ada.key"
    page.context.close()
    refused = "Failed to load resource: the server responded with a status of 403 (Forbidden)"
    assert ([each for each in seen.complaints if each != refused], seen.strangers) == ([], [])


def test_a_person_signs_in_the_browser_with_a_key_that_never_leaves_it(signing: tuple[Page, Served, Path]) -> None:
    page, served, key = signing
    ada = served.sign_in("ada")
    run = ada.say("chat-00000001", "I order a burger")
    digest = ada.wait_for_card(run)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.post_data or ""))
    page.goto(f"{served.url}/#/inbox/{digest}")
    page.wait_for_selector(".signing")
    assert find_violations(page) == []
    assert page.get_by_role("button", name="Approve").count() == 0
    page.set_input_files("#key-file", key.with_suffix(".pub"))
    page.wait_for_selector(".signing .problem:has-text('holds no private key')")
    page.get_by_role("button", name="Make a key in this browser").click()
    assert 'approvers={"ada": "ed25519:' in (page.text_content(".key-line") or "")
    assert find_violations(page) == []
    page.get_by_role("button", name="Use another key").click()
    page.set_input_files("#key-file", key)
    page.get_by_role("button", name="Edit").click()
    page.get_by_label("quantity").fill("3")
    page.wait_for_timeout(600)  # a card that has just appeared takes no answer
    page.get_by_role("button", name="Ask with these values").click()
    page.get_by_role("link", name="To the new card").click()
    page.reload()  # the key is still there
    page.wait_for_selector(".sentence:has-text('3 burgers')")
    page.wait_for_timeout(600)
    page.get_by_role("button", name="Approve").click()
    ada.wait_for_state(run, "done")
    assert served.orders() == [(3, "burger")]
    kept = page.evaluate("""() => new Promise((done) => { const opening = indexedDB.open("sayso"); opening.onsuccess = () => {
        const all = opening.result.transaction("keys").objectStore("keys").getAll();
        all.onsuccess = async () => { const { sign } = all.result[0];
            done([sign.extractable, await crypto.subtle.exportKey("pkcs8", sign).then(() => "read", (error) => error.name)]); }; }; })""")
    assert kept == [False, "InvalidAccessError"], "no script of the page can read the key"
    secret = "".join(key.read_text().splitlines()[1:-1])
    assert [each for each in sent if secret in each or "PRIVATE" in each] == []
    with closing(sqlite3.connect(served.folder / "runs.db")) as database:
        rows = database.execute("SELECT value FROM sayso_log WHERE name = 'ApprovalDecided' ORDER BY number").fetchall()
    stated = [describe_statement(found) for (row,) in rows for found in re.findall(r"sayso-decision-v1\.[\w.-]+", row)]
    assert [(each["verdict"], each["by"], each["place"]) for each in stated] == [("edit", "ada", "page"), ("approve", "ada", "page")]
