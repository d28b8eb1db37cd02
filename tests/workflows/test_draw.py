"""A workflow drawn: as it is built, and after a run with counts, times and where it stopped."""

from __future__ import annotations

import re
from typing import Any

import pytest

from sayso.tools import Approve, Reject, tool
from sayso.workflows import (
    MemoryEngine,
    Workflow,
    best_of,
    conditional,
    engine,
    iterate,
    map_each,
    parallel,
    reflect,
    sequential,
    step,
)
from sayso.workflows.events.timeline import Status, Timeline, find_position
from sayso.workflows.shapes.mermaid import mermaid

from .replays import yes
from .small_steps import one_more, size_of


async def as_list(value: Any) -> list[Any]:
    return [value, value]


async def fails(value: Any) -> Any:
    raise ValueError('broken "here"\nand <there>')


async def critique(text: Any) -> str:
    return "better!"


@tool.write(card="Note {value}")
async def note(value: Any) -> str:
    """Notes."""
    return f"noted {value}"


def drawn(*lines: str) -> str:
    return "\n".join(("flowchart TD", "  begin((in))", *(f"  {line}" for line in lines))) + "\n"


SHAPES: dict[str, tuple[Workflow[Any, Any], str]] = {
    "one after another": (
        sequential(one_more, note),
        drawn('n1["one_more"]', 'n2{{"note"}}', "n1 --> n2", "finish((out))", "begin --> n1", "n2 --> finish"),
    ),
    "one of several ways": (
        conditional(size_of, {"big": one_more}, default=note),
        drawn(
            'n1{"size_of"}',
            "n2(( ))",
            'n3["one_more"]',
            'n1 -->|"big"| n3',
            "n3 --> n2",
            'n4{{"note"}}',
            'n1 -->|"otherwise"| n4',
            "n4 --> n2",
            "finish((out))",
            "begin --> n1",
            "n2 --> finish",
        ),
    ),
    "again until": (
        iterate(one_more, until=lambda value: value > 3, max_rounds=9),
        drawn(
            'n1["one_more"]',
            'n2{"?"}',
            "n1 --> n2",
            'n2 -->|"again, at most 9 rounds"| n1',
            "finish((out))",
            "begin --> n1",
            "n2 --> finish",
        ),
    ),
    "side by side": (
        parallel(one_more, step(size_of), join=lambda a, b: a),
        drawn(
            "n1(( ))",
            'n2["join"]',
            'n3["one_more"]',
            "n1 --> n3",
            "n3 --> n2",
            'n4[["size_of"]]',
            "n1 --> n4",
            "n4 --> n2",
            "finish((out))",
            "begin --> n1",
            "n2 --> finish",
        ),
    ),
    "each item": (
        map_each(one_more, concurrency=2),
        drawn('subgraph s1["map_each: each item, 2 at once"]', '  n2["one_more"]', "end", "finish((out))", "begin --> n2", "n2 --> finish"),
    ),
}


@pytest.mark.parametrize(("workflow", "text"), SHAPES.values(), ids=SHAPES)
def test_a_shape_is_drawn(workflow: Workflow[Any, Any], text: str) -> None:
    assert mermaid(workflow) == text


EVERYTHING = sequential(
    parallel(one_more, sequential(one_more, one_more, name="inner"), join=max),
    conditional(size_of, {"big": one_more}, default=iterate(one_more, until=lambda value: value > 8, max_rounds=20)),
    reflect(one_more_or_none := step(lambda value: str(value), name="write"), critique, rounds=3),
    as_list,
    map_each(sequential(as_list, note, name="noting")),
    best_of(as_list, 2, score=len),
)


class Clock:
    """Each look is a twentieth of a second later; a step is looked at twice."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 0.05
        return self.now


def labels(text: str) -> list[str]:
    """What the boxes say, in order."""
    return re.findall(r'n\d+(?:\[\[|\{\{|\(\[|\[/|[\[{])"([^"]*)"', text)


async def test_after_a_run_each_place_says_how_often_it_was_reached() -> None:
    home = engine()
    await EVERYTHING.run(3, engine=home, run_id="r1", approve=yes)
    events = [event async for event in home.events("r1")]
    text = mermaid(EVERYTHING, events)
    assert labels(text) == [
        "max",
        "one_more<br/>1x",
        "one_more<br/>1x",
        "one_more<br/>1x",
        "size_of<br/>1x",
        "one_more",
        "one_more<br/>4x",
        "?",
        "write<br/>4x",
        "critique<br/>3x",
        "accepts",
        "as_list<br/>1x",
        "as_list<br/>2x",
        "note<br/>2x",
        "as_list<br/>2x",
        "len",
    ]
    assert "classDef done" in text
    assert "classDef failed" not in text


async def test_times_are_told_by_whoever_looked_at_a_clock() -> None:
    story = Timeline()
    async for event in sequential(one_more, one_more).run_events(1, engine=MemoryEngine(clock=Clock())):
        story.add(event)
    assert labels(mermaid(sequential(one_more, one_more), story)) == ["one_more<br/>1x, 100 ms", "one_more<br/>1x, 100 ms"]


async def test_where_it_stopped_is_marked_with_the_reason() -> None:
    story, flow = Timeline(), sequential(one_more, step(fails, retries=1, backoff_seconds=0), note)
    with pytest.raises(ValueError, match="broken"):
        [story.add(event) async for event in flow.run_events(1, engine=MemoryEngine(clock=Clock()))]
    text = mermaid(flow, story)
    assert labels(text) == [
        "one_more<br/>1x, 100 ms",
        "fails<br/>1x, 200 ms<br/>tried again 1x<br/>failed: broken #34;here#34; and #60;there#62;",
        "note",
    ]
    assert text.endswith("  class n1 done\n  class n2 failed\n")


async def test_a_write_that_waits_is_marked_and_so_is_one_that_was_refused() -> None:
    home, flow = engine(), sequential(one_more, map_each_of_two(), step(str, name="text"))
    paused = await flow.run(1, engine=home, run_id="r1")
    assert "note<br/>2x<br/>2 waiting for a yes" in labels(mermaid(flow, [event async for event in home.events("r1")]))
    first, second = paused.pending
    with pytest.raises(Exception, match="said no"):
        await paused.resume({first.digest: Approve(), second.digest: Reject()})
    text = mermaid(flow, [event async for event in home.events("r1")])
    told = "note<br/>2x<br/>1 failed: note ended rejected: The user said no. Nothing was done.<br/>1 stopped here"
    assert told in labels(text)


async def test_a_write_that_was_refused_in_a_branch_is_marked_though_the_run_went_on() -> None:
    home, flow = engine(), parallel(sequential(one_more, note), one_more, on_error="collect")
    paused = await flow.run(1, engine=home, run_id="r1")
    await paused.resume({paused.pending[0].digest: Reject("not today")})
    text = mermaid(flow, [event async for event in home.events("r1")])
    assert labels(text) == ["one_more<br/>1x", "note<br/>1x<br/>failed: not today", "one_more<br/>1x"]


def map_each_of_two() -> Workflow[Any, Any]:
    return sequential(as_list, map_each(note))


def test_names_are_shown_as_they_are_and_obeyed_nowhere() -> None:
    sly = step(str, name='x"]; click n1 "javascript:alert(1)"\n%%{init}%%#<b>')
    (label,) = labels(mermaid(sequential(sly)))
    assert label == "x#34;]#59; click n1 #34;javascript:alert(1)#34;#10;#37;#37;{init}#37;#37;#35;#60;b#62;"


def test_a_place_is_below_the_run() -> None:
    assert find_position("r1") == ()
    assert find_position("r1/a.0/b.1", "x.2") == ("a.0", "b.1", "x.2")
    assert find_position("r1", "model:0") == ("model:0",)


async def test_a_story_knows_how_each_place_stands() -> None:
    story = Timeline([event async for event in sequential(one_more, note).run_events(1)])
    assert {path: state.status for path, state in story.positions.items()} == {
        ("one_more.0",): Status.DONE,
        ("note.1",): Status.WAITING,
    }


# Each was looked at with Mermaid's own parser (11.17), which takes the drawing and gives the label back.
LABELS = {
    "words of Mermaid": ("end", "end"),
    "brackets": ("a[b](c){d}", "a[b](c){d}"),
    "quotation marks and entities": ('"x" &amp; #35;', "#34;x#34; #38;amp#59; #35;35#59;"),
    "a directive": ("%%{init: {}}%%", "#37;#37;{init: {}}#37;#37;"),
    "Markdown": ("**x** `y` ~~z~~ __init__ a_b", "#42;#42;x#42;#42; #96;y#96; #126;#126;z#126;#126; #95;_init_#95; a_b"),
    "a list": ("1. x", "1#46; x"),
    "a longer list": ("12) x", "12#41; x"),
    "a dash": ("- x", "#45; x"),
    "a formula": ("$$x^2$$", "#36;#36;x^2#36;#36;"),
    "a line break": ("a\nb", "a#10;b"),
    "a direction": ("a direction LR b", "a #100;irection LR b"),
    "other scripts": ("日本 🍔", "日本 🍔"),
}


@pytest.mark.parametrize(("name", "label"), LABELS.values(), ids=LABELS)
def test_a_name_is_shown_as_it_is(name: str, label: str) -> None:
    drawn = mermaid(conditional(len, {name: sequential(step(str, name="x"))}))
    assert f'|"{label}"|' in drawn
