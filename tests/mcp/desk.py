"""An app to serve: an order desk whose merchant is a database of its own. `DIE` names the point at which the program kills itself, once."""

from __future__ import annotations

import os
import signal
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from sayso import Agent, App, Image, ScriptedModel, ToolContext, parallel, sequential, tool


def merchant() -> sqlite3.Connection:
    database = sqlite3.connect(Path(os.environ["DESK"]) / "merchant.db", timeout=20)
    database.execute("CREATE TABLE IF NOT EXISTS orders (key TEXT PRIMARY KEY, what TEXT)")
    return database


def orders() -> list[str]:
    database = merchant()
    found = [what for (what,) in database.execute("SELECT what FROM orders")]
    database.close()
    return found


if "DIE" in os.environ:
    (Path(os.environ["DESK"]) / "pid").write_text(str(os.getpid()))


def die(point: str) -> None:
    died = Path(os.environ["DESK"]) / "died"
    if os.environ.get("DIE") == point and not died.exists():
        died.write_text("once")
        os.kill(os.getpid(), signal.SIGKILL)


@tool.write(card="Order {number} of {what}?", idempotent=True)
async def order(what: str, context: ToolContext[None], number: int = 1) -> dict[str, object]:
    """Order something to eat."""
    die("before the commit")
    database = merchant()
    with database:
        database.execute("INSERT OR IGNORE INTO orders VALUES (?, ?)", (context.key, f"{number} {what}"))
    database.close()
    die("after the commit")
    return {"ordered": what, "number": number}


@tool.read(trust="tool", secrecy="public")
def price(what: str) -> str:
    """Return what something costs."""
    return f"{what}: 2.50"


@tool.read
def broken() -> str:
    """Break."""
    raise ConnectionError("postgresql://ada:hunter2@db")


@tool.read
def photo() -> Image:
    """Show the burger."""
    return Image(data=b"\x89PNG\r\n\x1a\n" + b"0" * 20)


@dataclass(frozen=True)
class Party:
    """A party."""

    guests: int
    what: str


async def plan(party: Party) -> str:
    return f"{party.guests} x {party.what}"


async def shout(value: str) -> str:
    return value.upper()


def count(*done: object) -> int:
    return len(done)


buyer = Agent(ScriptedModel("order(what='burger', number=2)", "It is ordered."), name="buyer", tools=[order])
twice = parallel(order.using(what="tea"), order.using(what="milk"), join=count, name="twice")
app = App(
    flows=[sequential(shout, name="shout"), sequential(plan, name="plan"), twice],
    agents=[buyer],
    tools=[order, price, broken, photo],
    name="desk",
)
