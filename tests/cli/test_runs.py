"""Runs that are kept: started in one terminal, killed, approved from another, gone on with, and shown to be whole."""

from __future__ import annotations

import json
import re
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pexpect
import pytest

from ..agents.fake_openai import FakeOpenAI
from .commands import environment, in_a_terminal, sayso, sayso_here
from .test_chat import CARD, ORDERED, book

KEPT = ("--database", "sqlite:///runs.db")


@pytest.fixture
def endpoint() -> Iterator[FakeOpenAI]:
    """A model that orders a burger whatever is said."""
    with FakeOpenAI([ORDERED], repeat=True) as fake:
        yield fake


def chatting(endpoint: FakeOpenAI, folder: Path, *more: str) -> pexpect.spawn[str]:
    """`sayso chat --database` in a terminal."""
    return in_a_terminal("chat", "--base-url", endpoint.base_url, "--run-id", "c", *KEPT, *more, cwd=folder)


def ends(child: pexpect.spawn[str]) -> int | None:
    """The exit code of a program that ends."""
    child.expect(pexpect.EOF)
    child.close()
    return child.exitstatus


def waiting(endpoint: FakeOpenAI, folder: Path) -> str:
    """The digest of an order that waits in a run file, made by a chat without a terminal."""
    ran = sayso("chat", "--base-url", endpoint.base_url, "--run-id", "c", *KEPT, cwd=folder, text="Send me a burger!\n")
    assert (ran.returncode, ran.stdout.splitlines()[0]) == (3, CARD), ran.stderr
    (entry,) = json.loads(sayso_here("runs", "--json", *KEPT, cwd=folder).stdout)
    assert (entry["run"], entry["state"], entry["flow"]) == ("c.1", "waiting", "chat")
    (request,) = entry["waits_for"]
    assert request["card"] == CARD
    return str(request["digest"])


def test_killed_while_the_card_is_shown_approved_elsewhere_and_resumed_it_orders_once(endpoint: FakeOpenAI, tmp_path: Path) -> None:
    child = chatting(endpoint, tmp_path)
    child.expect_exact("you> ")
    child.sendline("Send me a burger!")
    child.expect_exact("Approve? [y/N, v to view all] ")
    child.kill(signal.SIGKILL)
    child.close()
    table = sayso_here("runs", *KEPT, cwd=tmp_path).stdout
    assert re.search(r"^c\.1 +chat +died +[0-9a-f]{12} You are about to order: 1 burger", table, re.MULTILINE), table
    (entry,) = json.loads(sayso_here("runs", "--json", *KEPT, cwd=tmp_path).stdout)

    approved = in_a_terminal("approve", "c.1", entry["waits_for"][0]["digest"][:12], *KEPT, cwd=tmp_path)
    approved.expect_exact(CARD)
    approved.expect_exact("Approve? [y/N, v to view all] ")
    approved.sendline("y")
    approved.expect_exact("is approved. Run c.1 continues when a worker takes it")
    assert ends(approved) == 0
    assert book(tmp_path) == []

    resumed = sayso_here("resume", "c.1", *KEPT, cwd=tmp_path)
    assert (resumed.returncode, resumed.stdout) == (0, "Ok, it's on the way!\n"), resumed.stderr
    again = sayso_here("resume", "c.1", *KEPT, cwd=tmp_path)
    assert (again.returncode, again.stdout) == (0, "Ok, it's on the way!\n")
    assert book(tmp_path) == [("burger", "1234 My Street")]
    assert len(endpoint.requests) == 1

    shown = sayso_here("show", "c.1", *KEPT, cwd=tmp_path).stdout
    for told in (
        "asked     chat: Send me a burger!",
        CARD,
        '(you wrote this: "Send me a burger!")',
        "stopped without ending the run",
        "(terminal) at",
        "receipt",
    ):
        assert told in shown
    assert sayso_here("verify", "c.1", *KEPT, cwd=tmp_path).returncode == 0


def test_a_conversation_goes_on_where_it_was_with_what_was_said_before(tmp_path: Path) -> None:
    with FakeOpenAI([ORDERED, "You ordered a burger."]) as endpoint:
        waiting(endpoint, tmp_path)
        child = chatting(endpoint, tmp_path)
        child.expect_exact("you> Send me a burger!")
        child.expect_exact("Approve? [y/N, v to view all] ")
        child.sendline("y")
        child.expect_exact("on the way")
        child.expect_exact("you> ")
        child.sendline("What did I order?")
        child.expect_exact("You ordered a burger.")
        child.expect_exact("you> ")
        child.sendeof()
        assert ends(child) == 0
        said = [message["content"] for message in endpoint.requests[-1]["messages"]]
    assert said[-1] == "What did I order?"
    assert said.count(said[0]) == 1  # the instructions, once
    assert "Send me a burger!" in said[-4:]
    assert book(tmp_path) == [("burger", "1234 My Street")]
    assert [run["run"] for run in json.loads(sayso_here("runs", "--json", *KEPT, cwd=tmp_path).stdout)] == ["c.2", "c.1"]


def test_two_terminals_that_approve_at_once_order_once(endpoint: FakeOpenAI, tmp_path: Path) -> None:
    digest = waiting(endpoint, tmp_path)
    command = [sys.executable, "-m", "sayso", "approve", "c.1", "--yes", digest, *KEPT]
    both = [subprocess.Popen(command, cwd=tmp_path, env=environment(), stderr=subprocess.PIPE, text=True) for _ in range(2)]
    told = [each.communicate(timeout=60)[1] for each in both]
    assert sorted(each.returncode for each in both) == [0, 1], told
    assert sum("was decided already by" in text for text in told) == 1
    assert sayso_here("resume", "c", *KEPT, cwd=tmp_path).returncode == 0  # the latest turn of the conversation
    assert book(tmp_path) == [("burger", "1234 My Street")]


def test_nothing_is_approved_blindly(endpoint: FakeOpenAI, tmp_path: Path) -> None:
    digest = waiting(endpoint, tmp_path)
    piped = sayso("approve", "c.1", *KEPT, cwd=tmp_path, text="y\nyes\n")
    assert piped.returncode == 3
    assert CARD in piped.stderr
    assert f"sayso approve c.1 --yes {digest[:16]}" in piped.stderr
    wrong = {digest[:7]: 2, "0" * 64: 2, "": 2}
    for given, code in wrong.items():
        refused = sayso_here("approve", "c.1", "--yes", given, *KEPT, cwd=tmp_path)
        assert (refused.returncode, refused.stderr.count("\n")) == (code, 1), refused.stderr
    child = in_a_terminal("approve", "c.1", *KEPT, cwd=tmp_path)
    child.expect_exact("Approve? [y/N, v to view all] ")
    child.sendline("")
    child.expect_exact("Left open.")
    assert ends(child) == 3
    assert sayso_here("resume", "c.1", *KEPT, cwd=tmp_path).returncode == 3
    assert book(tmp_path) == []


def test_an_edit_is_a_new_request_and_a_rejection_is_told(endpoint: FakeOpenAI, tmp_path: Path) -> None:
    digest = waiting(endpoint, tmp_path)
    for change in ("quantity=two", "quantity=-", "colour=red", "quantity"):
        refused = sayso_here("edit", "c.1", digest, change, *KEPT, cwd=tmp_path)
        assert (refused.returncode, refused.stderr.count("\n")) == (2, 1), refused.stderr
    assert sayso_here("edit", "c.1", digest, "quantity=2", "address=7 Oak Road", *KEPT, cwd=tmp_path).returncode == 0
    asked = sayso_here("resume", "c.1", *KEPT, cwd=tmp_path)
    assert (asked.returncode, asked.stdout[:49]) == (3, "You are about to order: 2 burgers for $7.50 each,")
    late = sayso_here("approve", "c.1", "--yes", digest, *KEPT, cwd=tmp_path)
    assert (late.returncode, "was decided already by" in late.stderr) == (1, True)
    assert sayso_here("reject", "c.1", "--reason", "too dear", *KEPT, cwd=tmp_path).returncode == 0
    assert sayso_here("cancel", "c.1", *KEPT, cwd=tmp_path).returncode == 0
    assert sayso_here("cancel", "c.1", *KEPT, cwd=tmp_path).returncode == 1
    shown = sayso_here("show", "c.1", *KEPT, cwd=tmp_path).stdout
    assert '"quantity": 2' in shown
    assert book(tmp_path) == []


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A run file with an order that waits, and its digest."""
    folder = tmp_path_factory.mktemp("untouched")
    with FakeOpenAI([ORDERED], repeat=True) as endpoint:
        return folder / "runs.db", waiting(endpoint, folder)


TAMPERED = {
    "a value": (
        "UPDATE sayso_log SET value = replace(value, 'burger', 'steak') WHERE kind = 'told' AND number = {told}",
        "row {told} (told",
    ),
    "no JSON": ("UPDATE sayso_log SET value = 'x' WHERE number = {told}", "row {told} (told"),
    "a row gone": ("DELETE FROM sayso_log WHERE number = {told}", "row {told}: missing"),
    "the end gone": ("DELETE FROM sayso_log WHERE number >= {told}", "missing at the end"),
    "the card": ("UPDATE sayso_approvals SET card = 'Nothing much'", "is not the one that the log says was asked"),
}


@pytest.mark.parametrize(("statement", "told"), TAMPERED.values(), ids=TAMPERED)
def test_a_changed_file_is_found_out(statement: str, told: str, untouched: tuple[Path, str], tmp_path: Path) -> None:
    source, digest = untouched
    with closing(sqlite3.connect(source)) as file, closing(sqlite3.connect(tmp_path / "runs.db")) as copy:
        file.backup(copy)
    head = json.loads(sayso_here("export", "c.1", *KEPT, cwd=tmp_path).stdout)["verify"]["head"]
    whole = sayso_here("verify", "c.1", "--head", head, *KEPT, cwd=tmp_path)
    assert (whole.returncode, "The head is the one that you stored." in whole.stdout) == (0, True)
    with sqlite3.connect(tmp_path / "runs.db") as file:
        (number,) = file.execute("SELECT number FROM sayso_log WHERE name = 'ApprovalAsked'").fetchone()
        file.execute(statement.format(told=number))
    file.close()
    verified = sayso_here("verify", "c.1", *KEPT, cwd=tmp_path)
    assert (verified.returncode, told.format(told=number) in verified.stdout) == (1, True), verified.stdout
    for command in (("show", "c.1"), ("export", "c.1"), ("runs",)):
        assert sayso_here(*command, *KEPT, cwd=tmp_path).returncode == 0
    if "card" in statement:
        assert sayso_here("approve", "c.1", "--yes", digest, *KEPT, cwd=tmp_path).returncode == 0  # what is shown comes from the request
