"""The order bot under evaluation, as a program and by `sayso eval`."""

from __future__ import annotations

from pathlib import Path

from ..cli.commands import sayso_here
from .running import EXAMPLES, ran_here, run


def test_the_stand_in_passes_its_cases_and_nothing_is_ordered(tmp_path: Path) -> None:
    lines = run("order_cases.py", "--repeat", 2, cwd=tmp_path).splitlines()
    assert sum("passed 2 of 2" in line for line in lines) == 6
    assert lines[-1].startswith("12 of 12 passed.")


def test_pretended_orders_are_told_as_failures_of_the_cases_that_wait(tmp_path: Path) -> None:
    done = ran_here("order_cases.py", "--writes", "perform", cwd=tmp_path)
    assert done.returncode == 0, done.stdout  # each case has an order book of its own, in memory
    assert "writes is 'yes'" in ran_here("order_cases.py", "--writes", "yes", cwd=tmp_path).stderr


def test_the_command_line_takes_the_same_cases(tmp_path: Path) -> None:
    bot, desk = (f"{EXAMPLES}/order_cases.py:{name}" for name in ("bot", "open_desk"))
    done = sayso_here("eval", f"{EXAMPLES}/data/order_cases.yaml", bot, "--deps", desk, "--only", "*order*", cwd=tmp_path)
    assert (done.returncode, "2 of 2 passed." in done.stdout) == (0, True), done.stdout + done.stderr


def test_recorded_orders_are_the_same_until_the_instructions_change(tmp_path: Path) -> None:
    lines = run("recorded_orders.py", "--out", "orders", cwd=tmp_path).splitlines()
    assert lines[:4] == [
        "order-1: the same: MENU done",
        "order-2: the same: ORDER done",
        "order-3: the same: ORDER rejected",
        "order-4: the same: ORDER waits",
    ]
    assert [line for line in lines[4:] if line.startswith("order-")] == [
        f"order-{number}: different: order-{number}, step 1: at 'model:0' the code sends the model something else."
        for number in range(1, 5)
    ]
    assert sum("Be polite." in line for line in lines) == 4
    assert len(list((tmp_path / "orders" / "recordings").glob("*.json"))) == 4
