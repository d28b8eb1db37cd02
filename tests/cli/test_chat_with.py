"""`sayso chat module:agent`: talking with an agent of one's own, kept over programs, with its card in the terminal."""

from __future__ import annotations

from pathlib import Path

import pexpect
import pytest

from .commands import in_a_terminal, sayso, sayso_here

DESK = '''
from sayso import Agent, App, ScriptedModel, tool
from sayso.agents import Reply, call

@tool.read(trust="tool", secrecy="public")
async def calories(item: str) -> str:
    """Look an item up."""
    return "520 kcal"

@tool.write(card="Mail to {to}")
async def mail(to: str) -> str:
    """Send a mail."""
    with open("sent.txt", "a") as file:
        file.write(to + "\\n")
    return "sent"

def count(request):
    return f"That is message {len(request.messages)}."

def answer(request):
    said = "" if hasattr(request.messages[-1], "results") else request.messages[-1].text
    if "mail" in said:
        return Reply(calls=(call("mail", to="ada"),))
    if "kcal" in said:
        return Reply(calls=(call("calories", item="burger"),))
    return count(request)

desk = Agent(ScriptedModel(answer, repeat=True), name="desk", tools=[calories, mail])
quiet = Agent(ScriptedModel(count, repeat=True), name="quiet", tools=[calories])
app = App(agents=[desk, quiet], name="shop")
number = 7
'''


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "desk.py").write_text(DESK)
    (tmp_path / "wrong.py").write_text(DESK)  # a module is loaded once in a program
    return tmp_path


def test_one_talks_with_an_agent_of_ones_own_says_yes_in_the_terminal_and_goes_on_in_another_program(folder: Path) -> None:
    child = in_a_terminal("chat", "desk.py:desk", "--run-id", "c", "--database", "sqlite:///runs.db", cwd=folder)
    child.expect("Continue it at any time: sayso chat desk.py:desk --run-id c")
    child.expect("you> ")
    child.sendline("how many kcal?")
    child.expect(r"\(calories\(item=burger\)\)")
    child.expect(r"\(calories done: 520 kcal\)")
    child.expect(r"That is message 3\.")
    child.expect("you> ")
    child.sendline("mail Ada")
    child.expect("Mail to ada")
    child.sendline("y")
    child.expect(r"\(mail done: sent\)")
    child.expect(r"That is message 7\.")
    child.expect("you> ")
    child.sendeof()
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0
    assert (folder / "sent.txt").read_text() == "ada\n"
    again = sayso("chat", "desk.py:desk", "--run-id", "c", "--database", "sqlite:///runs.db", cwd=folder, text="Hello\n")
    assert (again.returncode, again.stdout.strip()) == (0, "That is message 9.")


WRONG = {
    "an app of several": ("wrong.py:app", "is an app with 2 agents (desk, quiet)"),
    "no agent": ("wrong.py:number", "one can talk with an agent"),
    "not there": ("wrong.py:nobody", "has no 'nobody'"),
    "a slash": ("wrong.py:desk", "cannot be named"),
}


def test_what_one_cannot_talk_with_is_told(folder: Path) -> None:
    for name, why in WRONG.values():
        words = ["--run-id", "a/b"] if why == "cannot be named" else []
        done = sayso_here("chat", name, *words, cwd=folder)
        assert (done.returncode != 0, why in " ".join(done.stderr.split())) == (True, True), done
    assert "a model of its own" in sayso_here("chat", "wrong.py:desk", "--model", "gpt-5", cwd=folder).stderr
