"""The drawing of a run's workflow: what is written, with how often each box was reached and how it stands."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

import sayso
from sayso.tools.errors import RunError, ToolError
from sayso.web.back_office import BackOffice
from sayso.web.flow_chart import FlowCharts, Part
from sayso.web.people import Person, SignIn
from sayso.workflows import App, conditional, iterate, map_each, parallel, sequential


async def numbers(count: int) -> list[int]:
    """Return so many numbers."""
    return list(range(count))


async def count(found: list[Any]) -> int:
    """Return how many there are."""
    return len(found)


async def odd_fails(number: int) -> int:
    """Return an even number."""
    if number % 2:
        raise ToolError("odd\u202e")
    return number


@sayso.tool.write(card="Publish {text}")
async def publish(text: str) -> str:
    """Publish a text."""
    return text


FLOWS: dict[str, tuple[Any, object]] = {
    "items that fail": (
        sequential(numbers, map_each(odd_fails, on_error="collect", name="each"), count, name="a"),
        "numbers 1 done | for each item [odd_fails 2 failed 2 done (odd\\u{202e})] | count 1 done",
    ),
    "side by side, one waits": (
        parallel(numbers, publish.using(text="x"), name="b"),
        "{numbers 1 done; publish 1 waiting}",
    ),
    "a choice": (
        conditional(lambda count: "many" if count > 2 else "few", {"many": numbers, "few": odd_fails}, name="c"),
        "choice | {many: numbers 1 done; few: odd_fails}",
    ),
    "rounds": (
        iterate(odd_fails, until=lambda number: number > 4, max_rounds=2, name="d"),
        "again, at most 2 rounds [odd_fails 2 done | until]",
    ),
}


def write(part: Part) -> str:
    """Return a drawing on one line."""
    label = f"{part['label']}: " if "label" in part else ""
    if part["shape"] == "box":
        counts = " ".join(f"{count} {status}" for status, count in part["counts"].items())
        return label + " ".join(filter(None, [part["title"], counts, f"({part['error']})" if part["error"] else ""]))
    between, ends = ("; ", "{}") if part["shape"] == "beside" else (" | ", "[]" if part["shape"] == "frame" else ("", ""))
    inside = f"{ends[0]}{between.join(map(write, part['parts']))}{ends[1]}"
    return label + (f"{part['title']} {inside}" if part["shape"] == "frame" else inside)


@pytest.mark.parametrize(("flow", "drawn"), FLOWS.values(), ids=FLOWS)
async def test_a_run_is_drawn_with_its_counts(tmp_path: Path, flow: Any, drawn: str) -> None:
    office = BackOffice(App(flows=[flow]), f"sqlite:///{tmp_path}/runs.db", SignIn([Person("ada")]), works=False, cookie="c")
    with suppress(RunError):  # rounds used up
        await flow.run(4, engine=office.engine, run_id="one")
    charts = FlowCharts(office)
    row = await office.engine.run("one")
    first, again = await charts.draw(row), await charts.draw(row)
    assert first == again
    assert first is not None
    assert write(first) == drawn
    await office.end()
