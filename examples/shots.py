"""Zero-, one- and few-shot side by side: the same model and the same orders, shown no, one and three examples of a kitchen ticket."""

from __future__ import annotations

import tomllib
from pathlib import Path

import stand_ins
from sayso import Agent, Sampling, command, follow, map_each, parallel
from sayso.agents import Model

KITCHEN = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
ROW = "{:<28} {:<32} {:<32} {}".format


def cook(model: Model, shots: int) -> Agent[str]:
    """The writer of tickets, shown so many examples."""
    sampling = Sampling(temperature=0, max_tokens=60)
    examples = KITCHEN["examples"][:shots]
    return Agent(model, name=f"{shots}-shot", instructions=KITCHEN["instructions"], examples=examples, sampling=sampling)


def marked(said: str, ticket: str) -> str:
    """What was said to an order, after a tick where it is the ticket."""
    return f"{'✓' if said.strip() == ticket else ' '} {' '.join(said.split())[:29]}"


async def main(*, database: str = "", model: Model) -> str:
    """Compare the three on the same orders. With --database sqlite:///shots.db what was said is kept, and an interrupted run goes on."""
    orders, tickets = zip(*KITCHEN["orders"], strict=True)
    flow = map_each(parallel(cook(model, 0), cook(model, 1), cook(model, 3)), concurrency=4, name="shots")
    said = await follow(flow, orders, database=database, about=model.name)
    cells = [[marked(each, ticket) for each in row] for ticket, row in zip(tickets, said, strict=True)]
    right = [sum(cell.startswith("✓") for cell in column) for column in zip(*cells, strict=True)]
    lines = [
        ROW("ticket", "zero-shot", "one-shot", "few-shot"),
        *(ROW(*row) for row in zip(tickets, *zip(*cells, strict=True), strict=True)),
    ]
    return "\n".join([*lines, ROW(f"right, of {len(tickets)}", *right)])


if __name__ == "__main__":
    command(main, offline=stand_ins.cook)
