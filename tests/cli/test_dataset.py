"""`sayso dataset`: runs of a database and files become training data; files are checked before they are uploaded."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from sayso import Agent, ScriptedModel, engine, tool
from sayso.agents import Reply, call
from sayso.tools import Approve, Reject

from .commands import sayso_here

QUESTIONS = (
    "When do you open?",
    "Is there parking behind the house?",
    "Do you deliver pizza on Sunday?",
    "Who is the owner?",
    "May dogs come in?",
)


@tool.write(card="Book a table for {people}")
async def book(people: int) -> str:
    """Book a table."""
    return "booked"


async def _fill(where: Path) -> None:
    store = engine(f"sqlite:///{where}")
    for number, question in enumerate(QUESTIONS):
        answer = "Sorry, I do not know." if number == 3 else f"Yes, answer {number}; write to desk{number}@example.org."
        await Agent(ScriptedModel(answer), name="desk").run(question, engine=store, run_id=f"talk-{number}")
        store_thumb = number not in (1, 4)
        if store_thumb:
            await store.give_feedback(f"talk-{number}", number != 3, note="right" if number == 0 else "", by="ada")
    await store.give_feedback("talk-2", False, by="bob")
    wish = Reply(calls=(call("book", people=3),))
    for run_id, decision in (("booked", Approve()), ("refused", Reject("we are four"))):
        paused = await Agent(ScriptedModel(wish, "Done."), name="booking", tools=[book]).run(
            f"A table, {run_id}", engine=store, run_id=run_id
        )
        await store.resume(run_id, {paused.pending[0].digest: decision})
    await Agent(ScriptedModel(wish), name="booking", tools=[book]).run("Another table", engine=store, run_id="waits")
    store.close()


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """A folder with runs.db: five talks, two bookings that were decided, and one that waits."""
    asyncio.run(_fill(tmp_path / "runs.db"))
    return tmp_path


def rows(path: Path) -> list[dict[str, Any]]:
    """The rows of a file."""
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def make(folder: Path, *arguments: str, code: int = 0) -> tuple[str, str]:
    """What `sayso dataset ARGUMENTS --out out` prints, with the database of the folder."""
    done = sayso_here("dataset", *arguments, "--database", "sqlite:///runs.db", cwd=folder)
    assert done.returncode == code, done.stderr
    return done.stdout, done.stderr


def test_all_finished_runs_become_conversations(runs: Path) -> None:
    out, told = make(runs, "--out", "out")
    found = rows(runs / "out" / "train.jsonl")
    assert out.splitlines()[0] == "out/train.jsonl  7 rows"
    assert [message.get("weight") for row in found for message in row["messages"] if message.get("tool_calls")] == [None, 0]
    assert "Replaced: e-mail address (4)." in told
    assert "OpenAI takes no fewer than 10" in told


def test_good_runs_are_chosen_by_thumbs_by_score_and_by_name(runs: Path) -> None:
    make(runs, "--feedback", "up", "--out", "up")
    assert [each["source"] for each in rows(runs / "up" / "provenance.jsonl")] == ["talk-0"]  # people differ about talk-2
    assert rows(runs / "up" / "provenance.jsonl")[0]["why"] == "thumbs up: right"
    _, told = make(runs, "--flow", "desk", "--score", "not_contains=Sorry", "--score", "max_turns=1", "--out", "score")
    assert {each["source"] for each in rows(runs / "score" / "provenance.jsonl")} == {"talk-0", "talk-1", "talk-2", "talk-4"}
    assert "Left out: 1, since it does not pass the score" in told
    make(runs, "talk-1", "talk-4", "--out", "named")
    assert [each["source"] for each in rows(runs / "named" / "provenance.jsonl")] == ["talk-1", "talk-4"]


def test_decisions_are_preferences(runs: Path) -> None:
    out, told = make(runs, "--flow", "booking", "--format", "preference", "--for", "trl", "--out", "out")
    assert [row["label"] for row in rows(runs / "out" / "train.unpaired.jsonl")] == [True, False]
    assert "There is no pair" in told
    assert "train.unpaired.jsonl  2 rows" in out


WRONG = {
    "no folder": ((), 2, "Say where to write the data set: --out FOLDER"),
    "the name of a file as the folder": (("--out", "out.jsonl"), 2, "--out names a folder, for train.jsonl"),
    "no such run": (("nobody", "--out", "out"), 2, "nobody"),
    "a run that waits": (("waits", "--out", "out"), 4, "it is not finished"),
    "nothing chosen": (("--flow", "none", "--out", "out"), 4, "There is no finished run of 'none'"),
    "no thumb": (("--flow", "booking", "--feedback", "up", "--out", "out"), 4, "with thumbs up"),
    "an unknown score": (("--score", "goodness=1", "--out", "out"), 2, "there is no score 'goodness'"),
    "a score without a value": (("--score", "max_turns", "--out", "out"), 2, "max_turns needs a value"),
    "wrong shares": (("--split", "80/30", "--out", "out"), 2, "add up to 110, and not to 100"),
    "lines of conversations": (("--for", "text", "--out", "out"), 2, "Lines of text take the format prompt-completion"),
    "an unknown format": (("--format", "parquet", "--out", "out"), 2, ""),
    "a file as the folder": (("--out", "runs.db"), 2, "runs.db is a file. Name a folder"),
    "no such file": (("none.jsonl", "--out", "out"), 2, "There is no file none.jsonl"),
    "a slot without a template": (("none.csv", "--slot", "a=b", "--out", "out"), 2, "--slot fills a slot of a template"),
    "an unknown slot": (("none.csv", "--template", "generation", "--slot", "a=b", "--out", "out"), 2, "has no slot 'a'"),
    "a database as a file": (("runs.db", "--out", "out"), 2, "Name it with --database sqlite:///runs.db"),
    "nothing to check": (("--check",), 2, "No file was named"),
}


@pytest.mark.parametrize(("arguments", "code", "message"), WRONG.values(), ids=WRONG)
def test_what_cannot_be_done_is_one_sentence(arguments: tuple[str, ...], code: int, message: str, runs: Path) -> None:
    _, told = make(runs, *arguments, code=code)
    assert message in told
    assert not (runs / "out").exists()


def test_a_table_is_put_into_a_template_and_lines_of_text(tmp_path: Path) -> None:
    (tmp_path / "reviews.csv").write_text("text,label\nMy pasta was cold,food\nThe waiter was rude,service\n", encoding="utf-8")
    wanted = ("--template", "classification", "--slot", "labels=food, service", "--format", "prompt-completion")
    assert sayso_here("dataset", "reviews.csv", *wanted, "--out", "a", cwd=tmp_path).returncode == 0
    assert [row["completion"] for row in rows(tmp_path / "a" / "train.jsonl")] == ["food", "service"]
    assert sayso_here("dataset", "reviews.csv", *wanted, "--for", "text", "--escape", "--out", "b", cwd=tmp_path).returncode == 0
    again = ("dataset", "b/train.txt", "--escape", "--format", "prompt-completion", "--out", "c")
    assert sayso_here(*again, cwd=tmp_path).returncode == 0
    assert (tmp_path / "c" / "train.jsonl").read_text() == (tmp_path / "a" / "train.jsonl").read_text()


def test_a_file_is_checked_with_lines_and_an_exit_code(tmp_path: Path) -> None:
    bad = {"messages": [{"role": "human", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]}
    good = [
        {"messages": [{"role": "user", "content": f"Question {n}"}, {"role": "assistant", "content": f"Answer {n}"}]} for n in range(10)
    ]
    (tmp_path / "good.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in good), encoding="utf-8")
    (tmp_path / "bad.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in [*good, bad, bad]), encoding="utf-8")
    fine = sayso_here("dataset", "--check", "good.jsonl", cwd=tmp_path)
    assert (fine.returncode, fine.stdout) == (0, "good.jsonl: 10 rows of conversations for OpenAI, nothing that is refused.\n")
    wrong = sayso_here("dataset", "--check", "bad.jsonl", cwd=tmp_path)
    assert wrong.returncode == 1
    assert 'bad.jsonl:11: messages[0].role is "human", which is not a role (and line 12). Write "user".' in wrong.stdout
    found = json.loads(sayso_here("dataset", "--check", "bad.jsonl", "--json", cwd=tmp_path).stdout)
    assert [(each["line"], each["refused"]) for each in found[0]["problems"] if each["refused"]] == [(11, True), (12, True)]
