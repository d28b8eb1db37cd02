"""One id stands for one run: asked for again with another flow or input it is refused by name, at every door and on every engine."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from sayso import Agent, ScriptedModel
from sayso.tools import Approve, UsageError, tool
from sayso.tools.errors import RunIdTaken
from sayso.workflows import App, Limits, MemoryEngine, Run, engine, sequential

from ..cli.commands import sayso

DONE: list[object] = []


async def keep(value: Any) -> Any:
    """A step."""
    DONE.append(value)
    return value


@tool.write
async def mail(text: Any) -> str:
    """Send a mail."""
    DONE.append(f"mailed {text}")
    return f"mailed {text}"


async def of_a_function(run: Run, value: Any) -> Any:
    """A workflow that is a function."""
    return await run.step("keep", keep, value)


FLOW = sequential(keep, name="flow")
OTHER = sequential(keep, name="other")
WAITING = sequential(keep, mail, name="waiting")
APP = App(name="desk", flows=[FLOW, OTHER])


def bot(name: str = "bot") -> Agent[Any]:
    """An agent that says yes."""
    return Agent(ScriptedModel("Yes.", repeat=True), name=name, instructions="Say yes.")


Door = Callable[[Any, Any], Awaitable[Any]]
"""Asks an engine for the run r1 with a value."""


async def stream(home: Any, value: Any) -> None:
    async for _ in FLOW.run_stream(value, engine=home, run_id="r1"):
        pass


async def start_and_wait(code: Any, home: Any, value: Any) -> Any:
    await home.start(code, value, run_id="r1")
    return await home.result("r1")


DOORS: dict[str, Door] = {
    "run of a workflow": lambda home, value: FLOW.run(value, engine=home, run_id="r1"),
    "run of an agent": lambda home, value: bot().run(value, engine=home, run_id="r1"),
    "run_stream": stream,
    "start of a workflow": lambda home, value: start_and_wait(FLOW, home, value),
    "start of its code": lambda home, value: start_and_wait(FLOW.execute, home, value),
    "start of a function": lambda home, value: start_and_wait(of_a_function, home, value),
    "a run that waits": lambda home, value: WAITING.run(value, engine=home, run_id="r1"),
}
REFUSED = r"Run 'r1' was started with another input: \"burger\", and now \"pizza\"\. .*give another run_id"


@pytest.fixture(autouse=True)
def nothing_done() -> None:
    """No step."""
    DONE.clear()


@pytest.mark.parametrize("door", DOORS.values(), ids=DOORS)
async def test_another_input_is_refused_by_name_and_nothing_is_done(home: Any, door: Door) -> None:
    await door(home, "burger")
    done = list(DONE)
    with pytest.raises(RunIdTaken, match=REFUSED):
        await door(home, "pizza")
    await door(home, "burger")  # the same again is the same run
    assert done == DONE


@pytest.mark.parametrize("door", DOORS.values(), ids=DOORS)
async def test_another_program_is_refused_as_well(database_url: str, door: Door) -> None:
    first = engine(database_url)
    await door(first, "burger")
    first.close()
    second, done = engine(database_url), list(DONE)
    with pytest.raises(RunIdTaken, match=REFUSED):
        await door(second, "pizza")
    second.close()
    third = engine(database_url)
    await door(third, "burger")
    assert done == DONE
    third.close()


async def test_another_flow_is_refused_by_name(home: Any) -> None:
    await FLOW.run("burger", engine=home, run_id="r1")
    for asks in (OTHER.run("burger", engine=home, run_id="r1"), bot().run("burger", engine=home, run_id="r1")):
        with pytest.raises(RunIdTaken, match=r"Run 'r1' is one of the flow 'flow', and was asked for as one of '(other|bot)'"):
            await asks
    with pytest.raises(RunIdTaken, match="'of_a_function'"):
        await home.start(of_a_function, "burger", run_id="r1")
    assert DONE == ["burger"]


async def test_a_flow_that_changes_its_input_is_the_same_run_when_it_is_asked_for_again(home: Any) -> None:
    async def take(run: Run, value: list[int]) -> int:
        value.append(9)
        return len(value)

    for _ in range(2):
        await home.start(take, [1, 2], run_id="r1")
        assert await home.result("r1") == 3


class Thing:
    """A value that JSON does not take."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Thing) and other.name == self.name

    __hash__ = None  # type: ignore[assignment]


async def test_in_memory_values_that_json_does_not_take_are_compared_as_they_are() -> None:
    home = MemoryEngine()
    await FLOW.run(Thing("cup"), engine=home, run_id="r1")
    await FLOW.run(Thing("cup"), engine=home, run_id="r1")
    with pytest.raises(RunIdTaken):
        await FLOW.run(Thing("plate"), engine=home, run_id="r1")


ALIKE: dict[str, tuple[Any, Any, bool]] = {
    "the order of keys": ({"a": 1, "b": 2}, {"b": 2, "a": 1}, True),
    "the order of a set": ({"x", "y", "z"}, {"z", "y", "x"}, True),
    "1 and True": (1, True, False),
    "1 and 1.0": (1, 1.0, False),
    "a text and a number": ("1", 1, False),
    "a list and a tuple": ([1], (1,), False),
    "None and an empty text": (None, "", False),
    "white space": ("burger", "burger ", False),
}


@pytest.mark.parametrize(("before", "now", "same"), ALIKE.values(), ids=ALIKE)
async def test_which_inputs_are_the_same(before: Any, now: Any, same: bool) -> None:
    home = engine(strict=True)
    await FLOW.run(before, engine=home, run_id="r1")
    if same:
        await FLOW.run(now, engine=home, run_id="r1")
    else:
        with pytest.raises(RunIdTaken):
            await FLOW.run(now, engine=home, run_id="r1")


class Order(BaseModel):
    """An order, of which a later version of the program knows more."""

    dish: str
    number: int = 1


@dataclass(frozen=True)
class Trip:
    """A trip, as above."""

    to: str
    by: str = "train"


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ('{"$": "%s:Order", "=": {"dish": "soup"}}', Order(dish="soup")),
        ('{"$": "%s:Trip", "=": {"to": "Rome"}}', Trip("Rome")),
    ],
)
async def test_an_input_from_before_its_class_had_a_new_field_is_the_same(database_url: str, written: str, value: Any) -> None:
    home = engine(database_url)
    await FLOW.run(value, engine=home, run_id="r1")
    older = {"input": written % __name__}
    await home.database.do(lambda session: session.execute("UPDATE sayso_runs SET input = :input", older))
    home.close()
    later = engine(database_url)
    assert (await FLOW.run(value, engine=later, run_id="r1")).output == value
    later.close()


async def test_a_run_is_submitted_once_and_another_one_under_its_id_is_refused(database_url: str) -> None:
    home = engine(database_url, app=APP)
    limits = Limits(cost_usd=1)
    await home.submit("flow", "burger", run_id="r1", limits=limits)
    await home.submit("flow", "burger", run_id="r1", limits=limits)
    await home.submit(FLOW, "burger", run_id="r1")
    with pytest.raises(RunIdTaken, match=REFUSED):
        await home.submit("flow", "pizza", run_id="r1", limits=limits)
    with pytest.raises(RunIdTaken, match="flow 'flow', and was asked for as one of 'other'"):
        await home.submit("other", "burger", run_id="r1", limits=limits)
    with pytest.raises(RunIdTaken, match=r"Run 'r1' has other limits by now: {\"cost_usd\": 1}"):
        await home.submit("flow", "burger", run_id="r1", limits=Limits(cost_usd=2))
    elsewhere = engine(database_url, app=App(name="kitchen", flows=[FLOW]))
    with pytest.raises(RunIdTaken, match="Run 'r1' is of the app 'desk', and was submitted to the app 'kitchen'"):
        await elsewhere.submit("flow", "burger", run_id="r1")
    await FLOW.run("burger", engine=elsewhere, run_id="r2")
    with pytest.raises(RunIdTaken, match="Run 'r1' was started with another input"):
        await FLOW.run("pizza", engine=elsewhere, run_id="r1")
    for each in (home, elsewhere):
        each.close()


async def test_a_run_that_failed_may_be_tried_again_with_larger_limits_but_not_with_another_input(home: Any) -> None:
    flow = sequential(keep, mail, name="waiting", limits=Limits(tool_calls=5))
    paused = await flow.run("burger", engine=home, run_id="r1")
    with pytest.raises(RunIdTaken):
        await flow.run("pizza", engine=home, run_id="r1", limits=Limits(tool_calls=9))
    again = await flow.run("burger", engine=home, run_id="r1", limits=Limits(tool_calls=9))
    assert (await again.resume({paused.pending[0].digest: Approve(by="ada")})).output == "mailed burger"


BAD_IDS = {"a slash": "a/b", "nothing": "", "a number": 5, "a zero byte": "a\0b", "half a character": "a\ud800"}


@pytest.mark.parametrize("run_id", BAD_IDS.values(), ids=BAD_IDS)
async def test_what_cannot_be_a_run_id_is_refused_by_name(database_url: str, run_id: Any) -> None:
    home = engine(database_url, app=APP)
    for asks in (home.submit("flow", "x", run_id=run_id), home.start(FLOW, "x", run_id=run_id)):
        with pytest.raises(UsageError, match="cannot be a run id"):
            await asks
    assert await home.runs() == []
    home.close()


APP_FILE = """
from sayso import App, sequential
async def keep(value: str) -> str:
    return value
app = App(name="desk", flows=[sequential(keep, name="flow"), sequential(keep, name="other")])
"""


def test_the_command_line_refuses_it_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "desk.py").write_text(APP_FILE)
    kept = ("--run-id", "lunch", "--database", "sqlite:///runs.db")
    assert sayso("start", "desk.py:app", "flow", "burger", *kept, cwd=tmp_path).returncode == 0
    assert sayso("start", "desk.py:app", "flow", "burger", *kept, cwd=tmp_path).returncode == 0
    told = {
        ("flow", "pizza"): 'sayso: Run \'lunch\' was started with another input: "burger", and now "pizza".',
        ("other", "burger"): "sayso: Run 'lunch' is one of the flow 'flow', and was asked for as one of 'other'.",
    }
    for (flow, value), sentence in told.items():
        ran = sayso("start", "desk.py:app", flow, value, *kept, cwd=tmp_path)
        assert (ran.returncode, ran.stderr.startswith(sentence), ran.stderr.count("\n")) == (2, True, 1), ran.stderr
