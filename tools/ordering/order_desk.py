"""The order desk: a menu, an order book in SQLite, and the tools ORDER and MENU."""

from __future__ import annotations

import asyncio
import re
import sqlite3
import threading
import time
import weakref
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from ..connections import close_when_idle
from ..definition.decorators import AsyncTool, tool
from ..definition.tool import Arguments, ToolContext
from ..effects import Secrecy, Trust
from ..errors import ToolError, UsageError
from ..private_files import create_private_file
from . import earlier_card
from .menu import HOUSE_MENU, Menu, Wish, format_usd, many

MOST = 100
Row = tuple[int, str, str, int, str, str, str]
NUMBER_WORDS = {word: number for number, word in enumerate("one two three four five six seven eight nine ten eleven twelve".split(), 1)}
_SCHEMA = """
CREATE TABLE IF NOT EXISTS orders (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE CHECK (key <> ''),
    item TEXT NOT NULL,
    quantity INTEGER NOT NULL CHECK (quantity > 0),
    customer TEXT NOT NULL,
    address TEXT NOT NULL,
    total_usd TEXT NOT NULL
)
"""


_INSERT = """
INSERT INTO orders (key, item, quantity, customer, address, total_usd) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT(key) DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer."""

    number: str
    address: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Order:
    """A row of the order book; `key` is its idempotency key."""

    number: int
    key: str
    item: str
    quantity: int
    customer: str
    address: str
    total_usd: Decimal


@dataclass(frozen=True, slots=True)
class Quote:
    """What an order costs, exactly."""

    wish: Wish
    quantity: int

    @property
    def price_usd(self) -> Decimal:
        """Return the price of one."""
        return self.wish.dish.price_usd

    @property
    def total_usd(self) -> Decimal:
        """Return the price of all."""
        return self.price_usd * self.quantity


class OrderDesk:
    """An order book that accepts each key once. Safe across threads and processes; close it, or use it in a `with`."""

    def __init__(self, path: Path | str = ":memory:", menu: Menu = HOUSE_MENU) -> None:
        self.menu = menu
        self._lock = threading.Lock()
        if str(path) != ":memory:":
            with suppress(OSError):  # SQLite says better what is wrong
                create_private_file(Path(path))  # it holds names and addresses
        self._db = sqlite3.connect(str(path), check_same_thread=False, timeout=10, isolation_level=None)
        self.close: Callable[[], object] = weakref.finalize(self, close_when_idle, self._db, self._lock)
        self._db.execute("PRAGMA synchronous=FULL")  # an order is on the disk before its receipt is returned
        _retry_while_locked(lambda: self._db.execute("PRAGMA journal_mode=WAL"))
        _retry_while_locked(lambda: self._db.execute(_SCHEMA))

    def place(self, key: str, item: str, quantity: int, customer: str, address: str) -> Order:
        """Place an order and return it. The same key again returns the first order; raises ToolError if that has other content."""
        if not key:
            raise UsageError("An order needs its own key, so that it is placed once; place() was given an empty one.")
        placed = self.find(key)  # before the menu, which may have changed since then: a placed order stays placed
        if placed is None:
            placed = self._insert(key, self.menu.wish(item), quantity, customer, address)
        if placed.item != item:
            item = str(self.menu.wish(item))
        if (placed.item, placed.quantity, placed.customer, placed.address) != (item, quantity, customer, address):
            raise ToolError(f"The key {key[:12]} was used for another order: {many(placed.quantity, placed.item)}.")
        return placed

    def _insert(self, key: str, wish: Wish, quantity: int, customer: str, address: str) -> Order:
        """Insert a row and return it, or the row that another process made with this key in the meantime."""
        if not 1 <= quantity <= MOST:
            raise ToolError(f"{quantity} dishes cannot be ordered; order 1 to {MOST}.")
        row = (key, str(wish), quantity, customer, address, str(Quote(wish, quantity).total_usd))
        with self._lock:
            self._db.execute(_INSERT, row)
        placed = self.find(key)
        assert placed is not None, "the insert above has committed"
        return placed

    def quote(self, item: str, quantity: int) -> Quote:
        """Return what an order would cost now. Raises ToolError for what is not on the menu."""
        return Quote(self.menu.wish(item), quantity)

    def find(self, key: str) -> Order | None:
        """Return the order with that key, or None."""
        with self._lock:
            row = self._db.execute("SELECT * FROM orders WHERE key = ?", (key,)).fetchone()
        return None if row is None else _to_order(row)

    def orders(self) -> list[Order]:
        """Return all orders, oldest first."""
        with self._lock:
            return [_to_order(row) for row in self._db.execute("SELECT * FROM orders ORDER BY number")]

    def __enter__(self) -> OrderDesk:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _retry_while_locked(work: Callable[[], object]) -> None:
    """Try for two seconds: SQLite does not wait (`timeout`) when two processes change the journal mode at once."""
    for _ in range(200):
        try:
            work()
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):
                raise
            time.sleep(0.01)
        else:
            return
    work()


def _to_order(row: Row) -> Order:
    number, key, item, quantity, customer, address, total_usd = row
    return Order(number, key, item, quantity, customer, address, Decimal(total_usd))


@dataclass(frozen=True, slots=True)
class Counter:
    """The `deps` of the order desk's tools: the desk, and the customer who is signed in."""

    desk: OrderDesk
    customer: Customer | None = None


def complete_order(arguments: Arguments, context: ToolContext[Counter]) -> Mapping[str, object]:
    """Return the order as it would be placed: the dish as the menu names it, and the signed-in customer if the model names none."""
    signed_in = context.deps.customer
    customer = arguments["customer"].strip() or (signed_in.number if signed_in else "")
    address = " ".join(arguments["address"].split()) or (signed_in.address if signed_in and customer == signed_in.number else "")
    if not customer:
        raise ToolError("Nobody is signed in, so the order needs a customer number. Ask for it.")
    if re.search(r"\s", customer):  # small models put the address here
        raise ToolError(f"{customer!r} is not a customer number. The order of the arguments is item, customer, address.")
    if not address:
        raise ToolError("The order needs an address to deliver to. Ask for it.")
    quantity, item = parse_quantity(arguments["item"], arguments["quantity"])
    if not 1 <= quantity <= MOST:
        raise ToolError(f"{quantity} dishes cannot be ordered; order 1 to {MOST}.")
    return {"item": str(context.deps.desk.menu.wish(item)), "quantity": quantity, "customer": customer, "address": address}


def warn_of_other_customer(arguments: Arguments, context: ToolContext[Counter]) -> str:
    """Return a warning if the order is for another customer than the one who is signed in."""
    signed_in, customer = context.deps.customer, arguments["customer"]
    if signed_in is None or customer == signed_in.number:
        return ""
    return f"This is an order of customer {customer}, who would be charged. You are customer {signed_in.number}."


def parse_quantity(item: str, quantity: int) -> tuple[int, str]:
    """Return the number and the dish in "2 cheeseburgers" or "burger x2". Raises ToolError when `quantity` is another number."""
    said = " ".join(item.split())
    before = re.match(r"(?P<number>\d{1,9}|[a-z]+)(?: ?[x×])? (?P<dish>.+)$", said, re.IGNORECASE)
    after = re.match(r"(?P<dish>.+?) ?[x×] ?(?P<number>\d{1,9})$", said, re.IGNORECASE)
    for found in filter(None, (before, after)):
        digits = found["number"]
        number = int(digits) if digits.isdecimal() else NUMBER_WORDS.get(digits.lower())
        if number is None:
            continue
        if quantity not in (1, number):
            raise ToolError(f"Is it {number} or {quantity}? The item is {item!r} and the quantity {quantity}.")
        return number, found["dish"]
    return quantity, item


def ask_about_order(arguments: Arguments, context: ToolContext[Counter]) -> str:
    """Return the question that is put to the customer, with the price as the menu has it now."""
    quantity, item = arguments["quantity"], arguments["item"]
    quote = context.deps.desk.quote(item, quantity)
    each = f"{format_usd(quote.price_usd)} each, " if quantity != 1 else ""
    return (
        f"You are about to order: {many(quantity, item)} for {each}{format_usd(quote.total_usd)} in total, for delivery to: "
        f"{arguments['address']}. Is this correct? (If yes, your credit card will be charged {format_usd(quote.total_usd)})"
    )


def order_tool(desk: OrderDesk | None = None) -> AsyncTool[..., str]:
    """Return ORDER. With a desk it can look up by key whether an order was placed, so that a crash leaves no order in doubt."""

    async def lookup(key: str) -> object | None:
        found = await asyncio.to_thread(desk.find, key) if desk is not None else None
        return None if found is None else receipt(found)

    @tool.write(
        name="ORDER",
        card=ask_about_order,
        earlier_card=earlier_card.card,
        ends_turn=True,
        idempotent=True,
        prepare=complete_order,
        lookup=lookup if desk is not None else None,
        caution=warn_of_other_customer,
        from_user=("item", "customer", "address"),
        trust=Trust.TOOL,  # a receipt: the dish as the menu has it, and what the customer has approved
    )
    async def order(item: str, customer: str = "", address: str = "", quantity: int = 1, *, context: ToolContext[Counter]) -> str:
        """Order food for delivery. Leave customer and address out for the customer who is signed in.

        Args:
            item: What to order, as on the menu, like "Burger" or "Burger without pickles".
            customer: The customer number.
            address: Where to deliver.
            quantity: How many.
        """
        placed = await asyncio.to_thread(context.deps.desk.place, context.key, item, quantity, customer, address)
        return receipt(placed)

    return order


def receipt(order: Order) -> str:
    """Write the receipt of a placed order for the customer."""
    return f"Order {order.number} is placed: {many(order.quantity, order.item)}, {format_usd(order.total_usd)}, to {order.address}."


@tool.read(name="MENU", trust=Trust.TOOL, secrecy=Secrecy.PUBLIC)  # our own menu: no guest writes in it
def menu(item: str = "", *, context: ToolContext[Counter]) -> str:
    """Look at the menu: prices, calories, toppings. With an item, only that one.

    Args:
        item: A dish or topping; leave it out for the whole menu.
    """
    return context.deps.desk.menu.about(item)


ORDER = order_tool()
MENU = menu
