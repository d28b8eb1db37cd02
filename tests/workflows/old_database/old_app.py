"""The app whose runs wait in the databases of `test_old_database.py`.

LEAVE THE FUNCTIONS OF THIS FILE AS THEY ARE, to the letter. The databases were written by commit 6f7a18e with exactly this code: the names
of functions and flows are positions in their journals, and a request for approval holds for the bytecode of the tool that it was made for.
Only import lines may follow what they import.
"""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

from pydantic import BaseModel

from sayso import (
    Agent,
    App,
    Limits,
    Run,
    ScriptedModel,
    ToolContext,
    ToolError,
    best_of,
    conditional,
    iterate,
    map_each,
    parallel,
    reflect,
    sequential,
    step,
    tool,
)
from sayso.agents import Reply, call
from sayso.agents.models.extractive import ExtractiveReader
from sayso.agents.research.pipeline import CompetitorResearch
from sayso.tools import Secrecy, python_tool
from sayso.tools.web import SearchResult


class Size(Enum):
    BIG = "big"
    SMALL = "small"


class Place(NamedTuple):
    street: str
    number: int


@dataclass(frozen=True)
class Wish:
    dish: str
    count: int
    price: Decimal
    share: Fraction
    day: date
    at: datetime
    where: Place
    size: Size
    tags: frozenset[str]


class Ticket(BaseModel):
    number: int
    words: str
    sizes: tuple[Size, ...] = ()


class SoldOut(Exception):
    def __init__(self, dish: str) -> None:
        self.dish = dish
        super().__init__(f"{dish} is sold out")


class Shop:
    """What the tools find in their context: a file in which each effect is a line."""

    def __init__(self, folder: Path) -> None:
        self.book = folder / "effects.txt"

    def write(self, what: str, key: str) -> None:
        with self.book.open("a") as book:
            book.write(f"{what} {key}\n")

    def has(self, key: str) -> bool:
        return self.book.exists() and f" {key}\n" in self.book.read_text()


def shop() -> Shop:
    return Shop(Path(os.environ["OLD_SHOP"]))


def dies(point: str) -> None:
    """Kill this program at the point that the environment names."""
    if os.environ.get("OLD_DEATH") == point:
        os.kill(os.getpid(), signal.SIGKILL)


# tools


@tool.write(card="Mail to {to}: {text}")
async def mail(to: str, text: str, *, context: ToolContext[Shop]) -> str:
    """Writes a mail."""
    context.deps.write(f"mail to {to}: {text}", context.key)
    return f"mailed {to}"


def order_card(arguments: Any) -> str:
    """A card that a function makes."""
    many = "one" if arguments["count"] == 1 else str(arguments["count"])
    polite = arguments["dish"] in {"cake", "pie", "bread"}
    return f"Order {many} x {arguments['dish']}{', please' if polite else ''}"


@tool.write(card=order_card, cost_usd=2.5, idempotent=True)
async def order(dish: str, count: int = 1, *, context: ToolContext[Shop]) -> dict[str, Any]:
    """Orders a dish.

    Args:
        dish: What to order.
        count: How many.
    """
    if dish == "nothing":
        raise ToolError("there is nothing to order")
    parts = [f"{dish} {number + 1}" for number in range(count)]
    if not context.deps.has(context.key):
        context.deps.write(f"order {count} {dish}", context.key)
    dies("after the order")
    return {"dish": dish, "parts": parts, "total": (lambda each: each * count)(250) / 100}


@tool.write(card="Pack {what}", timeout_seconds=20)
def pack(what: str, context: ToolContext[Shop]) -> str:
    """Packs a thing, in a thread."""
    if what == "air":
        raise SoldOut(what)
    context.deps.write(f"pack {what}", context.key)
    return f"{what}, packed"


@tool.write(card="Post {what}")
async def post(what: str, context: ToolContext[Shop]) -> str:
    """Posts a thing; nobody can be asked whether it was posted."""
    context.deps.write(f"post {what}", context.key)
    dies("after the post")
    return f"posted {what}"


async def looked_up(key: str) -> str | None:
    return "paid, as was looked up" if shop().has(key) else None


@tool.write(card="Pay {dollars} dollars", lookup=looked_up)
async def pay(dollars: int, context: ToolContext[Shop]) -> str:
    """Pays; whether it was paid can be looked up."""
    dies(f"before the payment of {dollars}")
    context.deps.write(f"pay {dollars}", context.key)
    dies(f"after the payment of {dollars}")
    return f"paid {dollars}"


@tool
async def bare(text: str, context: ToolContext[Shop]) -> str:
    """A tool that does not say what it does."""
    context.deps.write(f"bare {text}", context.key)
    return text


@tool.read
async def diary() -> str:
    """Reads something private."""
    return "Dear diary, today I ate cake."


@tool.read(secrecy=Secrecy.PUBLIC)
async def stock(dish: str) -> dict[str, int]:
    """Says how many there are."""
    return {dish: 7}


@tool.egress(cost_usd=0.01)
async def look_up(what: str) -> str:
    """Asks the web."""
    return f"{what} is 2 dollars"


# an agent


def clerk_says(request: Any) -> Any:
    """Reads twice in one reply, orders, and says so."""
    if len(request.messages) <= 2:
        return Reply("I look.", calls=(call("stock", dish="cake"), call("look_up", what="cake")))
    if len(request.messages) <= 4:
        return Reply("I order.", calls=(call("order", dish="cake", count=2),), reasoning="Two are wanted.")
    return '{"number": 7, "words": "Two cakes come.", "sizes": ["big"]}'


CLERK = Agent(
    ScriptedModel(clerk_says, repeat=True, name="clerk-model"),
    name="clerk",
    instructions="Sell cake.",
    tools=[stock, look_up, order],
    output=Ticket,
)


def writer_says(request: Any) -> Any:
    """A call in the text, as models without native calls write it."""
    return "The mail is out." if hasattr(request.messages[-1], "results") else 'mail(to="bob", text="two cakes")'


WRITER = Agent(ScriptedModel(writer_says, repeat=True), name="writer", instructions="Write.", tools=[mail], dialect="call")


def chief_says(request: Any) -> Any:
    """Delegates, then answers."""
    return Reply(calls=(call("clerk", task="two cakes"),)) if len(request.messages) <= 2 else "The clerk has done it."


CHIEF = Agent(
    ScriptedModel(chief_says, repeat=True),
    name="chief",
    instructions="Delegate.",
    tools=[CLERK.as_tool(description="Sells cake.")],
    limits=Limits(model_calls=9, cost_usd=5),
)

CODE = "first = mail(to='cy', text='from code')\nboth = [first, pay(dollars=3)]\nboth"


def coder_says(request: Any) -> Any:
    """Writes a program that calls two tools which ask."""
    return Reply(calls=(call("PYTHON", code=CODE),)) if len(request.messages) <= 2 else f"It gave {request.messages[-1].results[0].text}"


CODER = Agent(ScriptedModel(coder_says, repeat=True), name="coder", instructions="Code.", tools=[python_tool([mail, pay])])


# a workflow with every shape


async def take(text: str) -> Wish:
    where = Place("My Street", 1234)
    at = datetime(2026, 11, 29, 12, 30, tzinfo=UTC)
    return Wish(text, 2, Decimal("3.25"), Fraction(1, 3), date(2026, 11, 29), at, where, Size.BIG, frozenset({"sweet", "round"}))


def size_of(wish: Wish) -> str:
    return wish.size.value


async def big(wish: Wish) -> Ticket:
    return Ticket(number=wish.count, words=wish.dish, sizes=(wish.size, Size.SMALL))


async def small(wish: Wish) -> Ticket:
    return Ticket(number=0, words=wish.dish)


async def count_up(ticket: Ticket) -> Ticket:
    return ticket.model_copy(update={"number": ticket.number + 1})


def is_enough(ticket: Ticket) -> bool:
    return ticket.number >= 4


async def draft(task: Any) -> str:
    return f"{task.text}, please" if hasattr(task, "critique") else f"{task.number} x {task.words}"


async def critic(text: str) -> list[str]:
    return [] if text.endswith("please") else ["Be polite."]


async def tried(text: str) -> str:
    return text


async def invoice(run: Run, text: str) -> str:
    """Workflow code: a wait that has a time, a sleep, and two writes one after the other."""
    await run.wait("never", timeout_seconds=0.01)
    await run.wait(None, timeout_seconds=0.01)
    first = await run.call(mail, to="ada", text=text)
    second = await run.call(mail, to="ada", text=f"{text}, again")
    return f"{first} twice" if first == second else "?"


async def things(text: str) -> list[str]:
    return ["cup", "air", "plate"]


async def as_task(text: str) -> str:
    return f"Sell: {text}"


async def words_of(ticket: Ticket) -> str:
    return f"{ticket.words} ({type(ticket).__name__})"


async def failing(text: str) -> str:
    raise SoldOut(text)


def together(invoiced: str, packed: Any, sold: str, failed: Any, mailed: str) -> list[Any]:
    """The results, with what was collected of the failures."""
    return [invoiced, list(packed), sold, [failed], mailed]


async def report(results: list[Any]) -> str:
    """What came of all of it, as text; the failures by their kind and what they say."""
    lines = []
    for result in results:
        if isinstance(result, list):
            lines += [f"{each.name}: {type(each.error).__name__}: {each.error}" if hasattr(each, "error") else str(each) for each in result]
        else:
            lines.append(str(result))
    return "\n".join(lines)


EVENING = sequential(
    take,
    conditional(size_of, {"big": big, "small": small}),
    iterate(count_up, until=is_enough, max_rounds=5),
    reflect(draft, critic, rounds=2),
    best_of(tried, 2, score=len),
    parallel(
        invoice,
        sequential(things, map_each(pack, on_error="collect"), name="packing"),
        sequential(as_task, CLERK, words_of, name="selling"),
        failing,
        mail.using(to="dan"),
        join=together,
        on_error="collect",
    ),
    report,
    name="evening",
    limits=Limits(tool_calls=50, spend_usd=20),
)


# small flows, each with a way of its own to be unfinished

VALUES: list[Any] = []


async def collected(what: str) -> list[Any]:
    """What the script that wrote the databases has put here: a value of every type that Sayso keeps."""
    return list(VALUES)


async def kept(run: Run, values: list[Any]) -> list[Any]:
    """Asks, and hands on what was kept."""
    await run.call(mail, to="eve", text=f"{len(values)} values")
    return values


async def letter(run: Run, name: str) -> str:
    return f"{name}: {await run.wait('letter')}"


async def wishes(run: Run, wish: Wish) -> Wish:
    """A run whose input is of a type of the app's own."""
    await run.call(mail, to="ivy", text=wish.dish)
    return wish


async def needs_the_oven(text: str) -> str:
    """Fails until the oven is on."""
    if not os.environ.get("OLD_OVEN"):
        raise SoldOut("heat")
    return f"{text}, baked"


async def searches(query: str, limit: int) -> list[SearchResult]:
    """Two competitors for whatever is asked."""
    return [
        SearchResult("Tide Bun - burgers by the sea", "http://tidebun.example/", "Burgers by the sea."),
        SearchResult("Fern Grill: burgers", "http://ferngrill.example/", "Burgers in the wood."),
    ]


class Pages:
    """A web of two pages."""

    async def page(self, url: str) -> Any:
        name = "Tide Bun" if "tide" in url else "Fern Grill"
        text = f"{name} sells burgers. A burger costs $5 at {name}. {name} opened in 1999 and has 12 restaurants."
        snapshot = SimpleNamespace(text=text, fetched_at="2026-11-29T12:00:00Z", sha256="0" * 64, name=f"{name}.txt")
        return SimpleNamespace(final_url=url, title=f"{name} - burgers", snapshot=snapshot, links=(), fields=(), published="", canonical="")


def researcher(name: str) -> Any:
    return CompetitorResearch(ExtractiveReader(), searches, Pages(), competitors=1, name=name)  # type: ignore[arg-type]


async def read_diary(run: Run, company: str) -> str:
    """From here on the run has read something private, so whatever tells an outsider something asks."""
    await run.call(diary)
    return company


async def in_short(found: Any) -> str:
    claims = sum(len(each.claims) for each in found.competitors)
    return f"{found.company}: {', '.join(each.name for each in found.competitors)}; {claims} claims"


FLOWS = (
    EVENING,
    sequential(collected, kept, name="values"),
    sequential(letter, name="letters"),
    sequential(mail.using(to="fay"), step(needs_the_oven, retries=1, backoff_seconds=0.01), mail.using(to="gus"), name="baking"),
    sequential(wishes, name="wishing"),
    sequential(post, name="posting"),
    sequential(step(pay), name="paying"),
    sequential(order.using(count=3), name="ordering"),
    sequential(bare, name="doing"),
    sequential(read_diary, researcher("private"), in_short, name="private_research"),
    sequential(researcher("open"), in_short, mail.using(to="hal"), name="open_research"),
)
APP = App(flows=FLOWS, agents=[CLERK, WRITER, CHIEF, CODER], name="old", deps=shop)
