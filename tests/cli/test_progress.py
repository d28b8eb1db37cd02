"""Progress for people: a tree in a terminal, lines elsewhere."""

from __future__ import annotations

import asyncio
import io
from typing import Any

import pytest

from sayso.cli.progress import ProgressTree
from sayso.tools import Approve, Decision, tool
from sayso.tools.approval.requests import ApprovalRequest
from sayso.workflows import MemoryEngine, Run, map_each, parallel, sequential, step
from sayso.workflows.events.event_types import ChildBegan, StageReached, StepBegan
from sayso.workflows.runs.events import Progress


async def one_more(value: int) -> int:
    return value + 1


async def fails(value: int) -> int:
    raise ValueError("broken \x1b[31m")


@tool.write(card="Note {text}")
async def note(text: int) -> str:
    """Notes."""
    return f"noted {text}"


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


class Clock:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def text_of(tree: ProgressTree) -> list[str]:
    """The tree as lines."""
    from rich.console import Console

    console = Console(file=io.StringIO(), width=100, color_system=None)
    console.print(tree.draw())
    return console.file.getvalue().splitlines()  # type: ignore[attr-defined,no-any-return]


async def carried(flow: Any, value: Any, tree: ProgressTree, **options: Any) -> ProgressTree:
    """The tree after the run."""
    with tree:
        async for event in flow.run_events(value, engine=MemoryEngine(clock=Clock()), **options):
            tree.take(event)
    return tree


async def test_a_tree_says_what_is_done_what_waits_and_what_is_folded_up() -> None:
    flow = sequential(one_more, parallel(sequential(one_more, one_more, name="inner"), note))
    tree = await carried(flow, 1, ProgressTree("Notes", stream=io.StringIO(), clock=Clock()))
    assert text_of(tree) == [
        "Notes  ",
        "├── ✓ one_more.0",
        "└── • parallel.1",
        "    ├── ✓ inner.0",
        "    └── • note.1",
        "        └── ? note  waits for an approval",
    ]


def test_a_tree_of_many_shows_what_goes_on_and_counts_the_rest() -> None:
    clock = Clock()
    tree = ProgressTree("Many", stream=io.StringIO(), clock=clock)
    for number in range(100):
        tree.take(ChildBegan(run=f"r1/item.{number}", time=0, name=f"item.{number}"))
    clock.now = 2.5
    lines = text_of(tree)
    assert lines[1] == "├── • item.0  2.5 s"
    assert lines[-1] == "└── and 60 more"
    assert len(lines) == 42


async def test_of_many_that_are_done_the_latest_are_shown() -> None:
    tree = await carried(map_each(one_more), list(range(30)), ProgressTree("x", stream=io.StringIO(), clock=Clock()))
    assert text_of(tree)[1:] == [*(f"├── ✓ one_more.{number}" for number in range(18, 30)), "└── and 18 more"]


async def test_what_goes_on_is_shown_however_much_is_done() -> None:
    tree = ProgressTree("Map", stream=io.StringIO(), clock=Clock())
    await carried(map_each(one_more), list(range(200)), tree)
    for number in range(20):
        tree.take(ChildBegan(run=f"r1/late.{number}", time=0, name=f"late.{number}"))
    assert text_of(tree)[1:] == [*(f"├── • late.{number}" for number in range(20)), "└── and 200 more"]


async def test_without_a_terminal_stages_failures_and_questions_are_lines() -> None:
    stream = io.StringIO()
    tree = ProgressTree("x", stream=stream)
    tree.take(StageReached(run="r1", time=0, stage="search", detail="bur\x1bgers"))
    flow = parallel(note, sequential(step(fails, retries=1, backoff_seconds=0)), on_error="collect")
    await carried(flow, 1, tree, run_id="r1")
    assert stream.getvalue().splitlines() == [
        "  search     bur\\u{1b}gers",
        "  waits      r1/note.0: Note 1",
        "  retry      r1/sequential.1/fails.0: try 2 in 0.0 s, because of: broken \\u{1b}[31m",
        "  failed     r1/sequential.1/fails.0: broken \\u{1b}[31m",
    ]


async def speaks(run: Run, value: int) -> int:
    run.publish(Progress(run.id, "count", f"Counting from {value}"))
    counted = await run.child("inner", sequential(one_more, one_more), value)
    run.publish(Progress(run.id, "count", f"Counted to {counted}"))
    return counted


async def test_where_a_run_speaks_its_words_stand_for_the_positions() -> None:
    failing = sequential(speaks, step(fails, retries=1, backoff_seconds=0), name="failing")
    flow = parallel(sequential(speaks, note), failing, on_error="collect")
    tree = await carried(flow, 1, ProgressTree("Numbers", stream=io.StringIO(), clock=Clock()))
    assert text_of(tree) == [
        "Numbers  Counted to 3",
        "├── ✓ Counted to 3",
        "├── ? note.1  waits for an approval",
        "└── ✗ failing.1  broken \\u{1b}[31m",
        "    ├── ✓ Counted to 3",
        "    └── ✗ fails.1  tried again 1x  broken \\u{1b}[31m",
    ]


async def speaks_and_fails(run: Run, value: int) -> int:
    run.publish(Progress(run.id, "count", f"Counting from {value}"))
    counted: int = await run.child("inner", sequential(fails), value)
    return counted


async def test_without_a_terminal_a_failure_is_named_by_what_was_said_there() -> None:
    stream = io.StringIO()
    await carried(parallel(one_more, speaks_and_fails, on_error="collect"), 1, ProgressTree("x", stream=stream), run_id="r1")
    assert stream.getvalue().splitlines() == [
        "  count      Counting from 1",
        "  failed     Counting from 1: broken \\u{1b}[31m",
    ]


async def test_a_run_that_says_everything_in_words_shows_no_position() -> None:
    stream = io.StringIO()
    tree = ProgressTree("x", in_words=True, stream=stream, clock=Clock())
    await carried(parallel(one_more, speaks_and_fails, on_error="collect"), 1, tree, run_id="r1")
    assert stream.getvalue().splitlines() == ["  count      Counting from 1"]
    assert text_of(tree) == ["x  Counting from 1", "└── ✗ Counting from 1  broken \\u{1b}[31m"]


class Closed(io.StringIO):
    """A stream that nobody reads any more."""

    def write(self, text: str) -> int:
        raise BrokenPipeError(32, "Broken pipe")


async def test_a_run_goes_on_when_nobody_reads_its_progress_any_more() -> None:
    ended: list[object] = []
    with ProgressTree("x", stream=Closed()) as tree:
        async for event in sequential(speaks, one_more).run_events(1):
            tree.take(event)
            ended.append(event)
    assert type(ended[-1]).__name__ == "RunFinished"


async def test_the_tree_is_away_while_a_step_asks_in_the_terminal() -> None:
    stream = Terminal()
    tree = ProgressTree("Choice", stream=stream, asking=("selection",), clock=Clock())
    drawn: list[bool] = []

    async def ask(value: int) -> int:
        await asyncio.sleep(0)  # whoever asks lets the tree go first
        before = stream.tell()
        tree.take(ChildBegan(run="r1/x", time=0, name="x"))
        drawn.append(stream.tell() != before)
        return value

    async def asks(run: Run, value: int) -> int:
        return await run.step("selection", ask, value)

    await carried(sequential(asks, one_more), 1, tree)
    assert drawn == [False]
    assert "✓ one_more.1" in stream.getvalue()


async def test_a_terminal_gets_the_tree_and_it_steps_aside_while_somebody_is_asked() -> None:
    stream = Terminal()
    drawn_while_asked: list[bool] = []
    tree = ProgressTree("Notes", stream=stream, clock=Clock())

    async def approve(request: ApprovalRequest) -> Decision:
        before = stream.tell()
        tree.take(StepBegan(run="r1", time=0, position="late"))
        drawn_while_asked.append(stream.tell() != before)
        return Approve()

    await carried(sequential(one_more, note), 1, tree, approve=tree.approve_with(approve))
    assert drawn_while_asked == [False]
    assert "✓ note.1" in stream.getvalue()


@pytest.mark.parametrize("stream", [io.StringIO(), Terminal()], ids=["lines", "tree"])
async def test_an_error_goes_through(stream: io.StringIO) -> None:
    with pytest.raises(ValueError, match="broken"):
        await carried(sequential(fails), 1, ProgressTree("x", stream=stream))
    assert "failed" in stream.getvalue() or "✗" in stream.getvalue()
