"""A desk that takes orders, as it was and with another prompt: for tests of recorded cases."""

from __future__ import annotations

from pathlib import Path

from sayso import Agent, App, ScriptedModel, tool
from sayso.agents import ModelRequest, Reply, call


@tool.write(card="Order {quantity} x {item}")
async def order(item: str, quantity: int) -> str:
    """Order food."""
    Path("kitchen.txt").write_text(item, encoding="utf-8")  # noqa: ASYNC240  a trace
    return f"{quantity} x {item} ordered"


def answer(request: ModelRequest) -> Reply | str:
    """Order a burger, then say so."""
    asked_now = len(request.messages) == 2
    return Reply(calls=(call("order", item="burger", quantity=1),)) if asked_now else "That is all."


def make(instructions: str) -> Agent[str]:
    """Return a waiter."""
    return Agent(ScriptedModel(answer, repeat=True), name="waiter", instructions=instructions, tools=[order])


waiter = make("Take the order.")
app = App(flows=[waiter], name="desk")
changed = App(flows=[make("Take the order politely.")], name="desk")
