"""What grows with the work grows in step with it: counted in calls of functions, of Python's and of C's, not in seconds."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from sayso import Agent, Approve, Limits, map_each, sequential, tool
from sayso.agents import Reply, ScriptedModel, call
from sayso.agents.messages import from_openai
from sayso.tools.approval.background import Growing, branch_off

FREE = Limits(model_calls=10**6)


@tool.read
async def letter(number: int) -> str:
    """Read a letter that somebody else wrote."""
    return f"Letter {number} is from Bob of {number * 31 % 977} Station Road, and says nothing of much interest to anybody."


@tool.write(card="Mail: {text}")
async def mail(text: str, to: str = "ada") -> str:
    """Send a mail."""
    return f"sent to {to}"


async def agree(_: object) -> Approve:
    """Approve whatever is asked."""
    return Approve()


def count_calls(work: Callable[[int], object], size: int) -> int:
    """Return how many functions are called, and how often generators go on, while so much is done."""
    count = 0

    def note(frame: FrameType, event: str, argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(note)
    try:
        work(size)
    finally:
        sys.setprofile(None)
    return count


def read_history(size: int) -> None:
    rows: list[dict[str, Any]] = []
    for at in range(size):
        called = {"id": f"c{at}", "function": {"name": "look", "arguments": "{}"}}
        rows += [{"role": "user", "content": "?"}, {"role": "assistant", "content": "", "tool_calls": [called]}]
        rows += [{"role": "tool", "tool_call_id": f"c{at}", "content": "x"}, {"role": "assistant", "content": "!"}]
    from_openai(rows)


def read_results_of_one_reply(size: int) -> None:
    calls = [{"id": f"c{at}", "function": {"name": "look", "arguments": "{}"}} for at in range(size)]
    results = [{"role": "tool", "tool_call_id": f"c{at}", "content": "x"} for at in range(size)]
    from_openai([{"role": "assistant", "content": "", "tool_calls": calls}, *results])


def read_and_write_in_turns(size: int) -> None:
    lines = [
        line for at in range(size) for line in (Reply("", (call("letter", number=at),)), Reply("", (call("mail", text=f"word {at}"),)))
    ]
    Agent(ScriptedModel(*lines, "Done."), tools=[letter, mail]).run_sync("Go on.", limits=FREE, approve=agree)


def write_after_reading(size: int) -> None:
    sequential(map_each(letter), map_each(mail)).run_sync(range(size), approve=agree)


def write_many_fields(size: int) -> None:
    space: dict[str, Any] = {}
    exec(f"async def act({', '.join(f'field_{at}: str' for at in range(size))}) -> str:\n    'Act.'\n    return 'done'", space)
    arguments = {f"field_{at}": f"value {at}" for at in range(size)}
    model = ScriptedModel(Reply("", (call("act", **arguments),)), "Done.")
    Agent(model, tools=[tool.write(space["act"])]).run_sync("Go on.", approve=agree)


@pytest.mark.parametrize(
    ("work", "size"),
    [
        (read_history, 200),
        (read_results_of_one_reply, 200),
        (read_and_write_in_turns, 20),
        (write_after_reading, 40),
        (write_many_fields, 40),
    ],
)
def test_twice_as_much_takes_twice_as_many_calls(work: Callable[[int], object], size: int) -> None:
    work(2 * size)  # what is loaded late, and patterns that are compiled once
    before, after = count_calls(work, size), count_calls(work, 2 * size)
    assert after <= 2.1 * before


def test_the_transcript_of_a_run_is_not_written_out_when_its_loop_is_closed() -> None:
    class Silent:
        def __repr__(self) -> str:
            raise AssertionError("nobody asked for it")

    async def make(value: int) -> Silent:
        return Silent()

    assert isinstance(sequential(make).run_sync(1).output, Silent)


def test_a_branch_sees_what_was_there_when_it_began_and_copies_none_of_it() -> None:
    before = [1, 2]
    branch = branch_off(before)
    assert isinstance(branch, Growing)
    inner = branch_off(branch)
    assert isinstance(inner, Growing)
    before.append(9)
    branch.append(3)
    inner.extend([4, 5])
    assert (list(branch), list(inner)) == ([1, 2, 3], [1, 2, 4, 5])
    assert (inner[0], inner[-1], inner[1:3], len(inner), list(reversed(inner))) == (1, 5, [2, 4], 4, [5, 4, 2, 1])
    assert branch.before is before
    with pytest.raises(IndexError):
        inner[4]


def test_a_branch_knows_what_its_parent_read_before_it_and_not_what_it_read_meanwhile() -> None:
    asked: list[str] = []

    async def note(request: Any) -> Approve:
        asked.append(next(each.source for each in request.shown if each.name == "text"))
        return Approve()

    async def read(value: object) -> list[str]:
        return ["Letter 3 is from Bob of 93 Station Road, and says nothing of much interest to anybody.", "something else"]

    flow = sequential(map_each(letter), read, map_each(mail))
    asyncio.run(flow.run(range(5), approve=note))
    assert asked == ["from letter", "the workflow gave it, after reading letter"]
