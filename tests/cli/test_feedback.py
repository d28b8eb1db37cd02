"""Feedback on the command line: give, list, withdraw; it stands in runs, show and export."""

from __future__ import annotations

import asyncio
import json
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path

import pytest

from sayso.cli.main import run as sayso
from sayso.workflows import engine, sequential


async def cook(dish: str) -> str:
    return f"{dish}, cooked"


@pytest.fixture
def place(tmp_path: Path) -> str:
    """A database with two runs."""

    async def fill(url: str) -> str:
        home = engine(url)
        for run, user in (("r1", "ada"), ("r2", "bob")):
            await sequential(cook, name="kitchen").run("pasta", engine=home, run_id=run, user=user)
        home.close()
        return url

    return asyncio.run(fill(f"sqlite:///{tmp_path}/runs.db"))


def said(place: str, *arguments: str) -> tuple[int, str]:
    with redirect_stdout(StringIO()) as out, redirect_stderr(out):
        code = sayso([*arguments, "--database", place])
    return code, out.getvalue()


def test_a_thumb_with_a_note_stands_in_runs_show_and_export(place: str) -> None:
    assert said(place, "feedback", "r1", "down", "--note", "My pasta was cold", "--by", "ada")[0] == 0
    code, shown = said(place, "show", "r1")
    assert (code, "thumb down by ada at" in shown, "My pasta was cold" in shown, "kitchen for ada" in shown) == (0, True, True, True)
    listed = json.loads(said(place, "runs", "--feedback", "down", "--json")[1])
    assert [(each["run"], each["user"], each["up"], each["down"]) for each in listed] == [("r1", "ada", 0, 1)]
    assert "1 down" in said(place, "runs")[1]
    assert [each["run"] for each in json.loads(said(place, "runs", "--user", "bob", "--json")[1])] == ["r2"]
    exported = json.loads(said(place, "export", "r1")[1])
    assert [(each["by"], each["verdict"], each["note"]) for each in exported["feedback"]] == [("ada", "down", "My pasta was cold")]
    redacted = said(place, "export", "r1", "--redact")[1]
    assert "pasta" not in redacted
    assert json.loads(redacted)["run"]["for_user"] == "[text left out]"
    assert said(place, "verify", "r1")[0] == 0


def test_thumbs_are_replaced_withdrawn_and_listed(place: str) -> None:
    said(place, "feedback", "r1", "up", "--by", "ada")
    said(place, "feedback", "r1", "down", "--by", "ada")
    said(place, "feedback", "r2", "up", "--by", "cy")
    listed = json.loads(said(place, "feedback", "--json")[1])
    assert [(each["run"], each["by"], each["verdict"]) for each in listed] == [("r1", "ada", "down"), ("r2", "cy", "up")]
    said(place, "feedback", "r1", "withdraw", "--by", "ada")
    assert said(place, "feedback", "r1") == (0, "There is no feedback on run r1.\n")
    assert said(place, "feedback", "r1", "--history")[1].count("\n") == 3


@pytest.mark.parametrize(
    ("arguments", "code", "why"),
    [
        (("feedback", "r9", "up"), 2, "There is no run 'r9'"),
        (("feedback", "r1", "--note", "bad"), 2, "Say whether it was good: sayso feedback r1 down"),
        (("feedback", "r1", "withdraw", "--by", "ada"), 2, "'ada' has given no feedback"),
        (("feedback", "r1", "withdraw", "--note", "x"), 2, "withdrawn without a note"),
        (("feedback", "r1", "meh"), 2, "meh"),
        (("feedback", "--by", "ada"), 2, "Name the run"),
        (("runs", "--feedback", "bad"), 2, "bad"),
        (("runs", "--user", "eve"), 0, "There are no runs of eve."),
    ],
)
def test_what_makes_no_sense_is_said(place: str, arguments: tuple[str, ...], code: int, why: str) -> None:
    got, words = said(place, *arguments)
    assert (got, why in words) == (code, True), words
