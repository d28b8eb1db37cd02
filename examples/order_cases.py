"""The order bot under evaluation: does it answer from the menu, and ask before it orders exactly what was wanted? Nothing is ordered."""

from __future__ import annotations

from pathlib import Path

import food_order

import stand_ins
from sayso import Agent, command
from sayso.agents import Model
from sayso.agents.evaluation import evaluate, read_suite
from sayso.agents.evaluation.results_table import print_evaluation
from sayso.tools.ordering.order_desk import MENU, ORDER, Counter, OrderDesk

CASES = Path(__file__).with_name("data") / "order_cases.yaml"


def make_bot(model: Model, instructions: str = food_order.INSTRUCTIONS) -> Agent[str]:
    """The bot of food_order.py, without the e-mail after it."""
    return Agent(model, name="order_bot", tools=[ORDER, MENU], instructions=instructions, examples=food_order.EXAMPLES)


def open_desk() -> Counter:
    """An order book of its own for each case, at which Ada is signed in."""
    return Counter(OrderDesk(), food_order.ADA)


bot = make_bot(
    stand_ins.order_bot
)  # sayso eval examples/data/order_cases.yaml examples/order_cases.py:bot --deps examples/order_cases.py:open_desk


async def main(*, model: Model, repeat: int = 1, writes: str = "ask", max_cost: float | None = None) -> int:
    """Execute the cases and show what passed; 1 if something did not."""
    evaluation = await evaluate(read_suite(CASES), make_bot(model), deps=open_desk, repeat=repeat, writes=writes, max_cost_usd=max_cost)
    print_evaluation(evaluation)
    return 0 if evaluation.passed else 1


if __name__ == "__main__":
    command(main, offline=stand_ins.order_bot)
