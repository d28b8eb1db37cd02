"""A workflow as a drawing, before a run and after it."""

from __future__ import annotations

from sayso.workflows import conditional, engine, parallel, sequential


async def fetch(value: int) -> int:
    return value + 1


async def weigh(value: int) -> int:
    return value * 2


async def big(value: int) -> int:
    return value


FLOW = sequential(parallel(fetch, weigh, join=max), conditional(lambda value: value > 3, {True: big}, default=fetch))


def test_every_place_of_a_workflow_is_in_its_drawing() -> None:
    drawing = FLOW.mermaid()
    assert drawing.startswith("flowchart TD\n")
    for name in ("fetch", "weigh", "max", "big"):
        assert name in drawing


async def test_after_a_run_the_drawing_says_what_was_done() -> None:
    home = engine()
    await FLOW.run(5, engine=home, run_id="r1")
    drawing = FLOW.mermaid([event async for event in home.events("r1")])
    assert "classDef done" in drawing
    assert drawing != FLOW.mermaid()
