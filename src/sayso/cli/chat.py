"""`sayso chat`: the food-order bot in the terminal. It orders only after a yes to the card."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sayso.agents import Agent
from sayso.agents.agent_events import ModelRetried, TextSaid, TextWithdrawn
from sayso.console import next_line, plain, terminal
from sayso.tools import RunError, calculator
from sayso.tools.approval.cards import escape_lines
from sayso.tools.errors import UsageError
from sayso.tools.ordering.order_desk import MENU, ORDER, Counter, Customer, OrderDesk
from sayso.workflows import RunEnded, RunResult

if TYPE_CHECKING:
    from sayso.agents import Message, Model

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
    """The agent behind the chat."""
    return Agent(model, name="order_bot", instructions=INSTRUCTIONS, tools=TOOLS, examples=EXAMPLES, dialect=dialect)


async def converse(model: Model, book: Path, customer: str, address: str, dialect: str = "auto") -> int:
    """Talk until the input ends. Gives 3 when an order waits and nobody can be asked, 1 when the last turn failed."""
    agent = order_bot(model, dialect)
    desk = opened_desk(book)
    if sys.stdin.isatty():
        print(f"Talking with {plain(model.name)}. Ctrl-D ends it.", file=sys.stderr)
    messages: tuple[Message, ...] = ()
    code = 0
    with desk:
        counter = Counter(desk, Customer(customer, address))
        async for line in said_lines():
            try:
                result = await answered(agent.run_stream(line, history=messages, deps=counter, approve=terminal))
            except RunError as error:
                print(f"sayso: {plain(str(error))}", file=sys.stderr, flush=True)
                code = 1
                continue
            code = 0
            if result.pending:
                for request in result.pending:
                    print(escape_lines(request.card))
                print("sayso: this waits for your yes, which only a terminal can give. Nothing was ordered.", file=sys.stderr)
                return 3
            messages = tuple(result.messages)
    return code


def opened_desk(book: Path) -> OrderDesk:
    """The order book. UsageError where it cannot be opened."""
    try:
        book.parent.mkdir(parents=True, exist_ok=True)
        return OrderDesk(book)
    except (OSError, sqlite3.Error) as error:
        raise UsageError(f"The order book {book} cannot be opened: {error}. Give another file with --desk.") from None


async def said_lines() -> AsyncIterator[str]:
    """What the customer says, line by line, until the end of input or a good-bye."""
    while (line := await next_line("you> ")) is not None:
        if line.strip().lower() in ("exit", "quit", "bye"):
            return
        if line.strip():
            yield line.strip()


async def answered(events: AsyncIterator[Any]) -> RunResult[str]:
    """One turn: its text as it comes, then its result."""
    result: RunResult[Any] | None = None
    said = False
    async for event in events:
        match event:
            case TextSaid(_, _, text):
                sys.stdout.write(plain(text))
                sys.stdout.flush()
                said = True
            case TextWithdrawn() if said:
                sys.stdout.write("\n")
                said = False
            case ModelRetried(_, attempt, wait, why):
                print(f"(try {attempt} failed: {plain(why)} Again in {wait:.0f} s.)", file=sys.stderr, flush=True)
            case RunEnded(ended):
                result = ended
    if said:
        print(flush=True)
    if result is None:
        raise RunError("The turn ended without a result.")
    return result
