"""Signing on the command line: a key is made, decisions carry its signature, and what is not signed is not performed."""

from __future__ import annotations

import shutil
import sqlite3
import stat
import sys
from contextlib import closing
from pathlib import Path

import pytest

from .commands import environment, sayso, sayso_here

APP = """
from pathlib import Path
from typing import Any
from sayso import App, Run, ToolContext, sequential, tool

@tool.write(card="Pay {to}")
async def pay(to: str, context: ToolContext[Any]) -> str:
    '''Pays.'''
    with Path("paid.txt").open("a") as book:
        book.write(to)
    return f"paid {to}"

async def paying(run: Run, to: str) -> str:
    return str(await run.call(pay, to=to))

app = App([sequential(paying, name="paying")], name="till", approvers={"ada": Path("ada.pub")})
"""
HERE = ("--database", "sqlite:///runs.db")
WITH_APP = ("--app", "till.py:app", *HERE)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an app that ada approves for, her key, and a run of it that waits for her."""
    folder = tmp_path_factory.mktemp("till")
    (folder / "till.py").write_text(APP)
    made = sayso_here("keys", "new", "ada", cwd=folder)
    assert (made.returncode, made.stdout.startswith('approvers={"ada": "ed25519:')) == (0, True), made.stderr
    assert sayso("start", "till.py:app", "paying", "shop", "--run-id", "r1", *HERE, cwd=folder).returncode == 0
    assert sayso("resume", "r1", *WITH_APP, cwd=folder).returncode == 3
    return folder


@pytest.fixture
def folder(prepared: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(prepared, tmp_path, dirs_exist_ok=True))


def digest(folder: Path) -> str:
    with closing(sqlite3.connect(folder / "runs.db")) as database:
        return str(database.execute("SELECT digest FROM sayso_approvals").fetchone()[0])


def test_what_is_not_signed_takes_no_place_and_what_is_signed_is_performed(folder: Path) -> None:
    unsigned = sayso_here("approve", "r1", "--yes", digest(folder), *HERE, cwd=folder)  # without the app nobody knows who may approve
    assert unsigned.returncode == 0
    assert (sayso("resume", "r1", *WITH_APP, cwd=folder).returncode, (folder / "paid.txt").exists()) == (3, False)
    shown = sayso_here("show", "r1", *HERE, cwd=folder).stdout
    assert "a decision does not count: it is not signed" in shown
    assert "it does not count, and the request stays open" in shown
    assert f"sayso approve r1 {digest(folder)[:12]} --key KEY_FILE" in shown
    assert "sign yours with --key FILE" in sayso_here("approve", "r1", "--yes", digest(folder), *HERE, cwd=folder).stderr
    assert "sign yours with --key FILE" in sayso_here("reject", "r1", *HERE, cwd=folder).stderr
    signed = sayso_here("approve", "r1", "--yes", digest(folder), "--key", "ada.key", *HERE, cwd=folder)
    assert (signed.returncode, "is approved" in signed.stderr) == (0, True), signed.stderr
    done = sayso("resume", "r1", *WITH_APP, cwd=folder)
    assert (done.returncode, done.stdout, (folder / "paid.txt").read_text()) == (0, "paid shop\n", "shop")
    again = sayso_here("approve", "r1", "--yes", digest(folder), "--key", "ada.key", *HERE, cwd=folder)
    assert (again.returncode, "was decided already by ada" in again.stderr) == (1, True), again.stderr
    assert sayso_here("verify", "r1", *HERE, cwd=folder).returncode == 0


def test_a_signed_no_is_a_no(folder: Path) -> None:
    no = sayso_here("reject", "r1", "--reason", "too dear", "--key", "ada.key", *HERE, cwd=folder)
    assert no.returncode == 0, no.stderr
    ended = sayso("resume", "r1", *WITH_APP, cwd=folder)
    assert ("The user said no: too dear" in ended.stderr, (folder / "paid.txt").exists()) == (True, False)


WRONG = {
    "no such key": (("--key", "bob.key"), "There is no key bob.key"),
    "a public key": (("--key", "ada.pub", "--as", "ada"), "is a public key. Sign with the private one"),
    "a name without a key": (("--as", "ada"), "needs a key to sign with"),
}


@pytest.mark.parametrize(("options", "words"), WRONG.values(), ids=WRONG)
def test_what_cannot_sign_is_one_sentence(folder: Path, options: tuple[str, ...], words: str) -> None:
    told = sayso_here("approve", "r1", "--yes", digest(folder), *options, *HERE, cwd=folder)
    assert (told.returncode, words in told.stderr) == (2, True), told.stderr


def test_a_request_whose_warnings_were_changed_is_not_shown(folder: Path) -> None:
    with closing(sqlite3.connect(folder / "runs.db")) as database, database:
        database.execute("UPDATE sayso_approvals SET request = replace(request, 'you wrote this', 'the bank says so')")
        database.execute("UPDATE sayso_approvals SET request = replace(request, '\"warnings\": ', '\"warnings\":  ')")
        changed = database.execute("UPDATE sayso_approvals SET request = replace(request, 'the workflow', 'the bank') RETURNING request")
        assert changed.fetchall()
    told = sayso_here("approve", "r1", "--yes", digest(folder), *HERE, cwd=folder)
    assert (told.returncode, "was changed in the database" in told.stderr) == (1, True), told.stderr


def test_all_runs_are_verified_together(folder: Path) -> None:
    whole = sayso_here("verify", "--all", *HERE, cwd=folder)
    assert (whole.returncode, whole.stdout) == (0, "1 run: unchanged.\n")
    with closing(sqlite3.connect(folder / "runs.db")) as database, database:
        database.execute("UPDATE sayso_runs SET owner = 'eve'")
        database.execute("INSERT INTO sayso_inbox (root, run, topic, value, at) VALUES ('gone', 'gone', 'x', '1', 1)")
    told = sayso_here("verify", "--all", *HERE, cwd=folder)
    assert told.returncode == 1
    assert [line.partition(":")[0] for line in told.stdout.splitlines()] == ["r1", "gone", "1 run"]
    assert sayso_here("verify", *HERE, cwd=folder).returncode == 2
    assert sayso_here("verify", "r1", "--all", *HERE, cwd=folder).returncode == 2


def test_heads_are_kept_by_the_environment_and_compared(folder: Path) -> None:
    with closing(sqlite3.connect(folder / "runs.db")) as database, database:
        before = database.execute("SELECT number, head FROM sayso_runs").fetchone()
    assert sayso("resume", "r1", *WITH_APP, cwd=folder, SAYSO_HEADS="heads.jsonl").returncode == 3
    kept = sayso_here("verify", "r1", "--heads", "heads.jsonl", *HERE, cwd=folder)
    assert (kept.returncode, "The head that is kept elsewhere is that of row" in kept.stdout) == (0, True), kept.stdout
    misspelled = sayso_here("verify", "r1", "--heads", "haeds.jsonl", *HERE, cwd=folder)
    assert "No head of this run is kept there, so none was compared." in misspelled.stdout
    assert "For 1 of them no head is kept there" in sayso_here("verify", "--all", "--heads", "haeds.jsonl", *HERE, cwd=folder).stdout
    with closing(sqlite3.connect(folder / "runs.db")) as database, database:
        database.execute("DELETE FROM sayso_log WHERE number > ?", before[:1])
        database.execute("UPDATE sayso_runs SET number = ?, head = ?, attempt = 1", before)
    told = sayso_here("verify", "r1", "--heads", "heads.jsonl", *HERE, cwd=folder)
    assert (told.returncode, "it was set back" in told.stdout) == (1, True), told.stdout
    assert sayso_here("verify", "r1", *HERE, cwd=folder).returncode == 0  # nothing else shows it


@pytest.mark.skipif(sys.platform == "win32", reason="modes are POSIX")
def test_the_private_key_is_its_owners_alone(folder: Path) -> None:
    assert stat.S_IMODE((folder / "ada.key").stat().st_mode) == 0o600
    again = sayso_here("keys", "new", "ada", cwd=folder)
    assert (again.returncode, "never overwritten" in again.stderr) == (2, True)
    assert environment().get("SAYSO_KEY") is None


def test_without_the_code_of_the_tool_a_number_is_not_edited_into_a_text(tmp_path: Path) -> None:
    app = (
        APP.replace("to: str", "cents: int")
        .replace("to=to", "cents=500")
        .replace("{to}", "{cents}")
        .replace("book.write(to)", "book.write('x')")
    )
    (tmp_path / "till.py").write_text(
        app.replace("paid {to}", "paid")
        .replace("paying(run: Run, cents: int)", "paying(run: Run, to: str)")
        .replace(', approvers={"ada": Path("ada.pub")}', "")
    )
    assert sayso("start", "till.py:app", "paying", "shop", "--run-id", "r1", *HERE, cwd=tmp_path).returncode == 0
    assert sayso("resume", "r1", *WITH_APP, cwd=tmp_path).returncode == 3
    told = sayso_here("edit", "r1", digest(tmp_path), "cents=lots", *HERE, cwd=tmp_path)
    assert (told.returncode, "'cents=lots' gives a text, and cents is 500" in told.stderr) == (2, True), told.stderr
    assert sayso_here("edit", "r1", digest(tmp_path), "cents=300", *HERE, cwd=tmp_path).returncode == 0
