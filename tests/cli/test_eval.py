"""`sayso eval` as typed: the table, the files, the exit codes, what is refused, and what happens after Ctrl-C and kill -9."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

AGENT = '''
import os, time
from sayso import Agent, ScriptedModel, tool

ASKED = os.path.join(os.path.dirname(__file__), "asked")

@tool.write(card="E-mail to {to}")
async def mail(to: str) -> str:
    """Send an e-mail."""
    open(os.path.join(os.path.dirname(__file__), "sent"), "a").write(to + "\\n")
    return "sent"

def answer(request):
    last = request.messages[-1]
    if hasattr(last, "results"):
        return "Done."
    with open(ASKED, "a") as asked:
        asked.write(last.text + "\\n")
    if "slow" in last.text:
        time.sleep(0.25)
    if "mail" in last.text:
        return 'mail(to="ada@example.org")'
    return {"France": "Paris", "Italy": "Rome"}.get(last.text, "I do not know.")

agent = Agent(ScriptedModel(answer, repeat=True), name="geo", tools=[mail])

async def shout(text: str) -> str:
    return text.upper()

number = 7
'''
GOOD = {"name": "capitals", "cases": [{"name": "france", "input": "France", "contains": "Paris"}]}
ONE_BAD = {
    "name": "capitals",
    "cases": [
        {"name": "france", "input": "France", "contains": "Paris"},
        {"name": "italy", "input": "Italy", "contains": "Rome"},
        {"name": "spain", "input": "Spain", "contains": "Madrid"},
    ],
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "geo.py").write_text(AGENT)
    write(tmp_path / "good.json", GOOD)
    write(tmp_path / "bad.json", ONE_BAD)
    return tmp_path


def write(path: Path, cases: object) -> None:
    path.write_text(json.dumps(cases, indent=1))


def sayso(folder: Path, *arguments: str, code: int | None = None) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SAYSO")}
    done = subprocess.run(
        [sys.executable, "-m", "sayso", "eval", *arguments], cwd=folder, env=environment, capture_output=True, text=True, timeout=120
    )
    assert code is None or done.returncode == code, done.stdout + done.stderr
    return done


def test_a_table_says_what_passed_and_why_the_rest_did_not(folder: Path) -> None:
    shown = sayso(folder, "bad.json", "geo.py:agent", code=1).stdout
    lines = [re.sub(r" +", " ", re.sub(r"\d+\.\d{2}(?=\n|$)", "#", line)).strip() for line in shown.splitlines()]
    assert lines[:4] == ["case result contains cost seconds", "france passed 1.00 - #", "italy passed 1.00 - #", "spain failed 0.00 - #"]
    assert lines[4].startswith("spain (bad.json:")
    assert lines[5:7] == ['contains “Madrid”: The answer does not contain "Madrid".', "It answered: I do not know."]
    assert "contains 0.67 0.09 to 0.99 2 1" in lines
    assert lines[-2].startswith("2 of 3 passed, 1 failed. Cost -, ")
    assert lines[-1].startswith("To see a run: sayso show RUN --database sqlite:///")
    assert sayso(folder, "good.json", "geo:agent", code=0).stdout.splitlines()[-1].startswith("1 of 1 passed. Cost -, ")


def test_results_are_written_and_compared_with_a_baseline(folder: Path) -> None:
    sayso(folder, "bad.json", "geo.py:shout", "--json", "first.json", code=1)
    written = json.loads((folder / "first.json").read_text())
    assert (written["format"], written["counts"]["failed"], written["results"][0]["text"]) == ("sayso-evaluation/1", 3, "FRANCE")
    shown = sayso(folder, "bad.json", "geo.py:agent", "--baseline", "first.json", code=1).stdout
    assert "passes now, and not before: france, italy" in shown
    assert re.search(r"passed +0 +0\.667 +\+0\.667", shown)


def test_nothing_is_sent_unless_it_is_said_so(folder: Path) -> None:
    write(folder / "mail.json", {"cases": [{"name": "mail", "input": "mail Ada", "approvals": "mail"}]})
    for writes, code in (("ask", 0), ("pretend", 0), ("reject", 0)):
        sayso(folder, "mail.json", "geo.py:agent", "--writes", writes, code=code)
    assert not (folder / "sent").exists()
    sayso(folder, "mail.json", "geo.py:agent", "--writes", "perform", code=0)
    assert (folder / "sent").read_text() == "ada@example.org\n"


REFUSED = {
    "no file": (["none.json", "geo.py:agent"], "none.json"),
    "no module": (["good.json", "nothing:agent"], "There is no module 'nothing'"),
    "no such name": (["good.json", "geo.py:agnet"], "geo.py has no 'agnet'"),
    "no agent": (["good.json", "geo.py:number"], "7 cannot be evaluated: it is not an agent, a workflow or an async function."),
    "a tool of a function": (["good.json", "geo.py:answer"], "Write async def answer(...)"),
    "no case": (["good.json", "geo.py:agent", "--only", "germany"], "No case fits --only 'germany'. Cases of capitals: france."),
    "writes": (["good.json", "geo.py:agent", "--writes", "yes"], "Write one of: ask, reject, pretend, perform."),
    "no folder": (["good.json", "geo.py:agent", "--json", "no/where.json"], "there is no folder no"),
    "no baseline": (["good.json", "geo.py:agent", "--baseline", "good.json"], "good.json holds no results of an evaluation"),
    "no count": (["good.json", "geo.py:agent", "--repeat", "0"], "--repeat"),
}


@pytest.mark.parametrize(("arguments", "message"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_evaluated_is_told_before_anything_is_executed(folder: Path, arguments: list[str], message: str) -> None:
    done = sayso(folder, *arguments, code=2)
    assert message in re.sub(r"\s+", " ", re.sub(r"[│╭╮╰╯─]", "", done.stderr + done.stdout))
    assert not (folder / "asked").exists()


def test_some_cases_are_chosen_by_name(folder: Path) -> None:
    sayso(folder, "bad.json", "geo.py:agent", "--only", "*a*y", "--only", "france", code=0)
    assert sorted((folder / "asked").read_text().split()) == ["France", "Italy"]


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=["Ctrl-C", "SIGTERM", "kill -9"])
def test_what_was_stopped_goes_on_and_asks_nothing_twice_that_is_done(folder: Path, number: signal.Signals) -> None:
    write(folder / "slow.json", {"cases": [{"name": str(each), "input": f"slow {each}", "contains": "know"} for each in range(8)]})
    command = [sys.executable, "-m", "sayso", "eval", "slow.json", "geo.py:agent", "--concurrency", "1"]
    program = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    until = time.monotonic() + 60
    while not ((folder / "asked").exists() and len((folder / "asked").read_text().splitlines()) >= 4) and time.monotonic() < until:
        time.sleep(0.01)
    program.send_signal(number)
    shown, told = program.communicate(timeout=60)
    if number is not signal.SIGKILL:
        assert re.search(r"[2-7] of [2-7] passed", shown)  # what is done by then is shown
        assert program.returncode == 128 + number
        assert "of 8 done and stored: the same command continues." in told
    sayso(folder, "slow.json", "geo.py:agent", "--concurrency", "1", code=0)
    asked = (folder / "asked").read_text().splitlines()
    assert len(set(asked)) == 8
    assert len(asked) <= 9  # only what was under way is asked again
    sayso(folder, "slow.json", "geo.py:agent", code=0)
    assert len((folder / "asked").read_text().splitlines()) == len(asked) + 8  # it was over: this is another evaluation
