"""A food-order bot with two writes: the order, and an e-mail that confirms it. Both ask first.

python examples/food_order.py                                              (a scripted model)
python examples/food_order.py --base-url http://localhost:11434/v1#qwen3   (a real one)
"""

from __future__ import annotations

import asyncio
import sys

from sayso import Agent, ScriptedModel, ToolContext, terminal, tool
from sayso.agents import Model, Reply, call, model_from
from sayso.tools import Approver
from sayso.tools.order_desk import MENU, ORDER, Counter, Customer, OrderDesk

OUTBOX: list[str] = []
SCRIPT = (
    Reply(calls=(call("MENU", item="cheeseburger"),)),
    Reply(calls=(call("ORDER", item="cheeseburger"),)),
    Reply(calls=(call("mail", text="One cheeseburger is on its way to you."),)),
    "Your cheeseburger (630 calories) is on its way, and a confirmation is in your inbox.",
)


@tool.write(card="E-mail to {to}: {text}")
async def mail(to: str, text: str, context: ToolContext[Counter]) -> str:
    """Send an e-mail to the customer."""
    OUTBOX.append(f"{to}: {text}")
    return "sent"


async def serve(model: Model, wish: str, desk: OrderDesk, approve: Approver) -> str:
    """Answer one customer."""
    tools = [ORDER, MENU, mail.using(to="ada@example.org")]
    bot = Agent(model, name="order_bot", tools=tools, instructions="Take the order, then confirm it.")
    result = await bot.run(wish, deps=Counter(desk, Customer("9876", "1234 My Street", "Ada")), approve=approve)
    return result.output if result.finished else f"Waits for your yes: {result.pending[0].card}"


def main() -> None:
    """Take one order."""
    model = model_from(sys.argv[-1]) if "--base-url" in sys.argv else ScriptedModel(*SCRIPT)
    with OrderDesk() as desk:
        print(asyncio.run(serve(model, "How many calories has a cheeseburger? If under 700, send me one.", desk, terminal)))
        print(len(desk.orders()), "orders,", len(OUTBOX), "e-mails")


if __name__ == "__main__":
    main()
