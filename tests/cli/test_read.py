"""`sayso read`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .commands import sayso, sayso_here

TOOLS = [
    {"type": "function", "function": {"name": "weather", "parameters": {"properties": {"city": {"type": "string"}}, "required": ["city"]}}}
]
DESK = """
from sayso import Agent, ScriptedModel, tool

@tool.read(trust="tool")
async def weather(city: str) -> str:
    "Tell the weather."

agent = Agent(ScriptedModel("-"), tools=[weather])
tools = [weather]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "tools.json").write_text(json.dumps(TOOLS))
    (tmp_path / "desk.py").write_text(DESK)
    (tmp_path / "reply.txt").write_text("I will look.\n<weather>\n<city>Oslo</city>\n</weather>\n")
    return tmp_path


@pytest.mark.parametrize("tools", ["tools.json", "desk.py:agent", "desk.py:tools", "desk.py:weather"])
def test_the_calls_of_a_reply_are_shown(folder: Path, tools: str) -> None:
    ran = sayso("read", "reply.txt", "--tools", tools, cwd=folder)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, 'text       I will look.\ncall       weather(city="Oslo")\n', "")


def test_a_reading_is_json_with_the_message_that_openai_would_have_sent(folder: Path) -> None:
    ran = sayso(
        "read", "-", "--tools", "tools.json", "--json", cwd=folder, text='<tool_call>{"name": "weather", "arguments": {"city": "Oslo"}}'
    )
    read = json.loads(ran.stdout)
    assert [(call["tool"], call["arguments"]) for call in read["calls"]] == [("weather", {"city": "Oslo"})]
    function = {"name": "weather", "arguments": '{"city": "Oslo"}'}
    assert read["message"] == {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"id": "call_0", "type": "function", "function": function}],
    }


def test_a_provider_s_message_is_read_as_well(folder: Path) -> None:
    call = {"id": "a", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Oslo"}'}}
    (folder / "message.json").write_text(json.dumps({"role": "assistant", "content": "One moment.", "tool_calls": [call]}))
    ran = sayso_here("read", "message.json", "--message", "--tools", "tools.json", cwd=folder)
    assert (ran.returncode, ran.stdout) == (0, 'text       One moment.\ncall       weather(city="Oslo")\n')


def test_what_was_meant_as_a_call_and_cannot_be_read_is_told_and_ends_with_1(folder: Path) -> None:
    ran = sayso_here("read", "-", "--tools", "tools.json", cwd=folder, text='<tool_call>{"name": "weather", "arguments": {}}</tool_call>')
    assert (ran.returncode, ran.stdout) == (1, "problem    weather with {}\n           expected: weather(city); 'city' is missing\n")
    assert (
        sayso_here("read", "-", "--tools", "tools.json", cwd=folder, text="Nothing here.").stdout == "text       Nothing here.\nNo call.\n"
    )


WRONG = {
    "no such file": (["gone.txt"], "gone.txt cannot be read: No such file or directory"),
    "tools that are not JSON": (["reply.txt", "--tools", "broken.json"], "broken.json is not JSON"),
    "a schema without a name": (["reply.txt", "--tools", "nameless.json"], "nameless.json has no function schema"),
    "no tools in it": (["reply.txt", "--tools", "desk.py:DESK"], "desk.py has no 'DESK'"),
    "an unknown dialect": (["reply.txt", "--dialect", "klingon"], "There is no dialect 'klingon'"),
    "a text as a message": (["reply.txt", "--message"], "reply.txt is not a message"),
}


@pytest.mark.parametrize(("arguments", "told"), WRONG.values(), ids=WRONG)
def test_wrong_usage_is_said_clearly(folder: Path, arguments: list[str], told: str) -> None:
    (folder / "broken.json").write_text("[")
    (folder / "nameless.json").write_text('[{"parameters": {}}]')
    ran = sayso_here("read", *arguments, cwd=folder)
    assert (ran.returncode, ran.stdout, told in ran.stderr) == (2, "", True), ran.stderr


def test_the_commands_in_the_documentation_are_right(folder: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "dialects.md").read_text(encoding="utf-8")
    (folder / "mine.py").write_text("def parse(text, tools):\n    return []\n")  # it reads no call, and so not what it should
    commands = [line.partition("#")[0].split() for line in page.splitlines() if line.startswith("sayso read ")]
    assert [sayso(*command[1:], cwd=folder).returncode for command in commands] == [0, 0, 0, 1]


def test_a_mention_is_shown_with_its_reason(folder: Path) -> None:
    ran = sayso_here("read", "-", "--tools", "tools.json", cwd=folder, text='Write "weather(Oslo)".')
    assert ran.stdout == (
        'text       Write "weather(Oslo)".\nmention    weather, at 7 to 20\n           no call, since it stands in quotes\nNo call.\n'
    )
