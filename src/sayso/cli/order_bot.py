"""The food-order bot of `sayso chat`: an agent with a menu, an order book and a calculator."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

from sayso.agents import Agent
from sayso.tools import calculator
from sayso.tools.errors import UsageError
from sayso.tools.ordering.order_desk import MENU, ORDER, OrderDesk

if TYPE_CHECKING:
    from sayso.agents import Model

INSTRUCTIONS = """\
You take orders for a restaurant and answer questions about its menu. The customer is signed in: leave customer and address out unless they
name others. To order, call ORDER once and then say a short friendly sentence. For prices, calories and toppings call MENU with the dish.
Never calculate yourself: call CALCULATOR. Otherwise just answer."""
EXAMPLES = (
    ("Send me a burger!", "ORDER(Burger) Ok, it's on the way!"),
    ("How many calories are in the fries?", "MENU(Fries)", "Fries: $3.25, 380 calories", "The fries have 380 calories."),
    ("Hello!", "Hello! What would you like to eat?"),
    (
        "Two lemonades to 7 Oak Road, Ulm, please.",
        'ORDER(item="Lemonade", address="7 Oak Road, Ulm", quantity=2) They will be with you soon!',
    ),
    (
        "If I put $100 in a savings account at 5% a year, what do I have after 8 years?",
        "After 8 years you would have CALCULATOR(100 * 1.05^8) dollars.",
    ),
)

TOOLS = (ORDER, MENU, calculator)


def order_bot(model: Model, dialect: str = "auto") -> Agent[str]:
    """Make the agent that takes orders."""
    return Agent(model, name="order_bot", instructions=INSTRUCTIONS, tools=TOOLS, examples=EXAMPLES, dialect=dialect)


def open_desk(book: Path) -> OrderDesk:
    """Open the order book, an SQLite file that is created if need be. Raises UsageError if it cannot be opened."""
    try:
        book.parent.mkdir(parents=True, exist_ok=True)
        return OrderDesk(book)
    except (OSError, sqlite3.Error) as error:
        raise UsageError(f"The order book {book} cannot be opened: {error}. Give another file with --desk.") from None
