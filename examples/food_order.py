"""A food-order bot with two writes: the order, and an e-mail that confirms it. Both ask first."""

from __future__ import annotations

from sayso import Agent, ScriptedModel, ToolContext, command, terminal, tool
from sayso.agents import Model, Reply, call
from sayso.tools import Approver
from sayso.tools.order_desk import MENU, ORDER, Counter, Customer, OrderDesk

OUTBOX: list[str] = []
SCRIPT = (
    Reply(calls=(call("MENU", item="cheeseburger"),)),
    Reply(calls=(call("ORDER", item="cheeseburger"),)),
    Reply(calls=(call("mail", text="One cheeseburger is on its way to you."),)),
    "Your cheeseburger (630 calories) is on its way, and a confirmation is in your inbox.",
)
WISH = "How many calories has a cheeseburger? If under 700, send me one."
INSTRUCTIONS = """You take orders for a restaurant. Answer questions about the menu with MENU.
Take an order with ORDER, then confirm it with mail. The customer is signed in: leave customer and address out unless they name others.
Otherwise just answer."""
EXAMPLES = (("Hello!", "Hello! What would you like to eat?"),)


@tool.write(card="E-mail to {to}: {text}")
async def mail(to: str, text: str, context: ToolContext[Counter]) -> str:
    """Send an e-mail to the customer."""
    OUTBOX.append(f"{to}: {text}")
    return "sent"


async def serve(model: Model, wish: str, desk: OrderDesk, approve: Approver) -> str:
    """Answer one customer."""
    tools = [ORDER, MENU, mail.using(to="ada@example.org")]
    bot = Agent(model, name="order_bot", tools=tools, instructions=INSTRUCTIONS, examples=EXAMPLES)
    result = await bot.run(wish, deps=Counter(desk, Customer("9876", "1234 My Street", "Ada")), approve=approve)
    return result.output if result.finished else f"Waits for your yes: {result.pending[0].card}"


async def main(wish: str = WISH, *, model: Model) -> str:
    """Take one order from Ada, who is signed in."""
    with OrderDesk() as desk:
        answer = await serve(model, wish, desk, terminal)
        return f"{answer}\n{len(desk.orders())} orders, {len(OUTBOX)} e-mails"


if __name__ == "__main__":
    command(main, offline=ScriptedModel(*SCRIPT, name="a script"))
