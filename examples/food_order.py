"""A food-order bot that answers questions about the menu, with two writes: the order, and an e-mail that confirms it. Both ask first."""

from __future__ import annotations

import stand_ins
from sayso import Agent, Run, command, sequential, terminal, tool
from sayso.agents import Model
from sayso.tools.ordering.order_desk import MENU, ORDER, Counter, Customer, OrderDesk
from sayso.workflows import CallFailed, Workflow

INSTRUCTIONS = """You take orders for a restaurant. Answer questions about the menu with MENU, and take an order with ORDER.
The customer is signed in: leave customer and address out unless they name others. Otherwise just answer."""
EXAMPLES = (
    ("Hello!", "Hello! What would you like to eat?"),
    ("How many calories are in the fries?", "MENU(fries)", "Fries: $3.25, 380 calories", "The fries have 380 calories."),
    ("Two milkshakes, please!", "ORDER(item=Milkshake, quantity=2) They are on their way!"),
)
ADA = Customer("9876", "1234 My Street", "Ada")
OUTBOX: list[str] = []


@tool.write(card="E-mail to {to}: {text}", trust="tool")  # it returns its own words
async def mail(to: str, text: str) -> str:
    """Send an e-mail; here, into a list."""
    OUTBOX.append(f"{to}: {text}")
    return "sent"


mail_ada = mail.using(to="ada@example.org")  # before any run begins: the card says that the application gave it


def counter(model: Model, desk: OrderDesk) -> Workflow[str, str]:
    """The bot, then an e-mail about what stands in the order book, whatever the model says that it did."""
    bot = Agent(model, name="order_bot", tools=[ORDER, MENU], instructions=INSTRUCTIONS, examples=EXAMPLES)

    async def ordered() -> list[str]:
        return [f"{order.quantity} x {order.item} to {order.address}, ${order.total_usd}" for order in desk.orders()]

    async def confirm(run: Run, answer: str) -> str:
        try:
            for line in await run.step("ordered", ordered):
                await run.call(mail_ada, text=f"Thank you for your order: {line}.")
        except CallFailed as no:
            return f"{answer}\n(No e-mail: {no})"
        return answer

    return sequential(bot, confirm, name="counter")


async def main(wish: str = "How many calories has a cheeseburger? If under 700, send me one.", *, model: Model) -> str:
    """Take one order from Ada, who is signed in."""
    with OrderDesk() as desk:
        result = await counter(model, desk).run(wish, deps=Counter(desk, ADA), approve=terminal)
        answer = result.output if result.finished else f"Waits for your yes: {result.pending[0].summary}"
        return f"{answer}\n{len(desk.orders())} orders, {len(OUTBOX)} e-mails"


if __name__ == "__main__":
    command(main, offline=stand_ins.order_bot)
