"""The functions that people have, as tools: methods, partials, generators, types of the function around, what they return and raise."""

from __future__ import annotations

import asyncio
import datetime
import functools
import math
import sqlite3
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, Protocol, Required, TypedDict

import pytest
from pydantic import BaseModel, Field, SecretStr

from sayso import Agent, Approve, Limits, ScriptedModel, engine, tool
from sayso.agents import Reply, call
from sayso.tools import Image, LimitReached, Outcome, Sandbox, UsageError
from sayso.tools.errors import ModelError

if TYPE_CHECKING:
    from decimal import Decimal as Money


def told(made: Any, **arguments: object) -> str:
    """Return what the model is told of one call."""
    model = ScriptedModel(Reply(calls=(call(made.name if hasattr(made, "name") else "sell", **arguments),)), "Done.")
    result = Agent(model, tools=[made]).run_sync("Go")
    assert result.output == "Done."
    return str(result.messages[-2].results[0].text)


class Shop:
    """Sells things."""

    def __init__(self) -> None:
        self.sold = 0

    @tool.read
    def sell(self, pieces: int) -> str:
        """Sell some."""
        self.sold += pieces
        return f"{self.sold} sold"

    @tool.read
    @classmethod
    def outer(cls, pieces: int) -> str:
        """Sell some."""
        return f"{cls.__name__} {pieces}"

    @classmethod
    @tool.read
    def inner(cls, pieces: int) -> str:
        """Sell some."""
        return f"{cls.__name__} {pieces}"

    @staticmethod
    @tool.read
    def static(pieces: int) -> str:
        """Sell some."""
        return f"static {pieces}"

    def plain(self, pieces: int) -> str:
        """Sell some."""
        return f"plain {pieces}"

    async def __call__(self, pieces: int) -> str:
        """Sell some."""
        return f"called {pieces}"


def add(a: int, pieces: int) -> str:
    """Add."""
    return f"{a} and {pieces}"


def count(pieces: int) -> Iterator[int]:
    """Count."""
    yield from range(pieces)


async def count_async(pieces: int) -> AsyncIterator[str]:
    """Count."""
    for number in range(pieces):
        yield str(number)


def awaited(pieces: int) -> Any:
    """Sell some."""
    return Shop()(pieces)


MADE: dict[str, tuple[Callable[[], Any], str]] = {
    "a method": (lambda: Shop().sell, "2 sold"),
    "a class method below the decorator": (lambda: Shop.outer, "Shop 2"),
    "a class method above it": (lambda: Shop().inner, "Shop 2"),
    "a static method": (lambda: Shop().static, "static 2"),
    "a bound method": (lambda: tool.read(Shop().plain), "plain 2"),
    "an object that can be called": (lambda: tool.read(name="call_shop")(Shop()), "called 2"),
    "a partial": (lambda: tool.read(functools.partial(add, 1)), "1 and 2"),
    "a partial by name": (lambda: tool.read(functools.partial(add, a=1)), "1 and 2"),
    "a generator": (lambda: tool.read(count), "[0, 1]"),
    "an async generator": (lambda: tool.read(count_async), '["0", "1"]'),
    "a function that returns a coroutine": (lambda: tool.read(awaited), "called 2"),
}


@pytest.mark.parametrize(("make", "text"), MADE.values(), ids=MADE)
def test_what_a_tool_is_made_of(make: Callable[[], Any], text: str) -> None:
    made = make()
    assert list(made.parameters["properties"]) == ["pieces"]
    assert told(made, pieces=2) == text


def test_a_method_keeps_the_state_of_its_instance_and_is_one_tool() -> None:
    shop = Shop()
    assert told(shop.sell, pieces=2) == "2 sold"
    assert told(shop.sell, pieces=3) == "5 sold"
    assert shop.sell.is_function_of(shop.sell)
    assert not shop.sell.is_function_of(Shop().sell)


def test_what_a_partial_gives_by_name_is_not_the_models_to_change() -> None:
    assert "was not called: there is no argument 'a'" in told(tool.read(functools.partial(add, a=1)), a=5, pieces=2)


def hinted_for_checkers_only(price: Money) -> str:
    """Look."""
    return str(price)


def returns_for_checkers_only(price: int) -> Money:
    """Look."""
    return price  # type: ignore[return-value]


REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "a method without its instance": (lambda: Agent("m", tools=[Shop.sell]), "The tool sell is a method of Shop. Take it from an instance"),
    "a class": (lambda: tool.read(Shop), "is a class. Write a function"),
    "no function": (lambda: tool.read(name="x")(5), "5 is not a function"),  # type: ignore[call-overload]
    "a name in another script": (lambda: tool.read(name="読む")(count), "letters of ASCII"),
    "a name too long": (lambda: tool.read(name="a" * 65)(count), "has 65 letters; endpoints take 64"),
    "a hint that only checkers know": (lambda: tool.read(hinted_for_checkers_only), "type hint of 'price' cannot be read"),
    "a card of an argument that there is not": (lambda: tool.write(card="Pay {cents}", description="x")(add), "(KeyError: 'cents')"),
    "a card that formats a number": (lambda: tool.write(card="Pay {a:.2f}", description="x")(add), "each a text on the card"),
    "a card with a brace too many": (lambda: tool.write(card="Pay {a", description="x")(add), "cannot be filled in (ValueError"),
    "a function in C without a signature": (lambda: tool.read(description="x")(math.hypot), "whose parameters cannot be read"),
    "a type that pydantic cannot build": (lambda: tool.read(description="x")(typed_by_a_protocol).parameters, "the type of 'edges'"),
    "a name that pydantic keeps": (lambda: tool.read(description="x")(keeps), "has the parameter 'model_config'"),
}


class Edge(Protocol):
    size: int


def typed_by_a_protocol(edges: Edge) -> None: ...


def keeps(model_config: str) -> str:
    return model_config


@pytest.mark.parametrize(("make", "why"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_work_is_refused_when_the_tool_is_made(make: Callable[[], Any], why: str) -> None:
    with pytest.raises(UsageError) as caught:
        make()
    assert why in str(caught.value)


def by_place(item: str, /, pieces: int = 1, *, gift: bool = False) -> str:
    """Order."""
    return f"{pieces} {item}{' wrapped' if gift else ''}"


async def wait_by_place(item: str = "bun", /) -> str:
    """Order."""
    return item


def test_a_function_that_takes_its_arguments_by_place_only_is_called_with_them() -> None:
    assert told(tool.read(by_place), item="bun", gift=True) == "1 bun wrapped"
    assert (told(tool.read(wait_by_place)), told(tool.pure(by_place), item="bun", pieces=2)) == ("bun", "2 bun")
    with pytest.raises(UsageError, match="in a sandbox write it without"):
        _ = tool.read(sandbox=Sandbox())(by_place).signature


class Half(TypedDict, total=False):
    item: Required[Annotated[str, "The name"]]
    pieces: int


def test_a_typed_dict_of_the_standard_library_is_described_on_every_python() -> None:
    @tool.read(trust="tool", secrecy="public")
    def order(lines: list[Half]) -> str:
        """Order."""
        return str(lines)

    described = {"type": "string", "description": "The name"}
    (kind,) = order.parameters["$defs"].values()
    assert (kind["properties"], kind["required"]) == ({"item": described, "pieces": {"type": "integer"}}, ["item"])
    assert told(order, lines=[{"item": "bun"}]) == "[{'item': 'bun'}]"


RAISED_INSIDE = {
    "a limit of an agent inside": (LimitReached("cost_usd", 1, 2), Outcome.FAILED),
    "a model that is not there": (ModelError("no answer"), Outcome.FAILED),
    "Sayso called wrongly": (UsageError("There is no engine 'x'."), Outcome.FAILED),
}


@pytest.mark.parametrize(("error", "outcome"), RAISED_INSIDE.values(), ids=RAISED_INSIDE)
def test_what_a_tools_own_code_raises_is_its_result_whoever_defined_the_error(error: Exception, outcome: Outcome) -> None:
    @tool.read
    def look() -> str:
        """Look."""
        raise error

    result = Agent(ScriptedModel(Reply(calls=(call("look"),)), "Over."), tools=[look]).run_sync("Go")
    assert (result.output, result.messages[-2].results[0].outcome) == ("Over.", outcome)
    assert [problem.raised for problem in result.problems] == [f"{type(error).__name__}: {error}"]


def test_nothing_depends_on_what_a_function_says_that_it_returns() -> None:
    assert told(tool.read(returns_for_checkers_only), price=3) == "3"


def test_a_docstring_of_a_form_of_its_own_is_read_as_it_is() -> None:
    def look(word: str) -> str:
        """Look.

        Args:
            word Offset in cells.
        """
        return word

    assert tool.read(look).description == "Look.\n\nArgs:\n    word Offset in cells."


def test_types_of_the_function_around_are_known() -> None:
    class Order(BaseModel):
        pieces: int

    @tool.read
    def check(order: Order, more: list[Order] | None = None) -> str:
        """Check."""
        return f"{order.pieces} {more}"

    assert told(check, order={"pieces": 2}) == "2 None"


# what a model sends


class Line(BaseModel):
    """One line."""

    item: str
    pieces: int = 1


TAGS: Any = Field(default_factory=set)
NOTHING: Any = None  # as people write it who check no types


@tool.read
def order(lines: list[Line], note: str = NOTHING, tags: set[str] = TAGS, schema: str = "x", _seen: int = 3) -> str:
    """Order."""
    return f"{[(line.item, line.pieces) for line in lines]} {note} {sorted(tags)} {schema} {_seen}"


SENT: dict[str, tuple[dict[str, Any], str]] = {
    "as it should be": ({"lines": [{"item": "a"}]}, "[('a', 1)] None [] x 3"),
    "a list as text": ({"lines": '[{"item": "a", "pieces": 2}]'}, "[('a', 2)] None [] x 3"),
    "objects as texts in a list": ({"lines": ['{"item": "a"}']}, "[('a', 1)] None [] x 3"),
    "JSON in a text that is wanted as text": ({"lines": [], "note": "[1]"}, "[] [1] [] x 3"),
    "a set as text": ({"lines": [], "tags": '["b", "a"]'}, "[] None ['a', 'b'] x 3"),
    "null for a text that defaults to None": ({"lines": [], "note": None}, "[] None [] x 3"),
    "a parameter named as a method of pydantic's": ({"lines": [], "schema": "y"}, "[] None [] y 3"),
    "a list as text that does not fit either": (
        {"lines": "[1]"},
        "order was not called: 'lines': input should be a valid list, got '[1]'.",
    ),
    "a parameter of the function's own": ({"lines": [], "_seen": 5}, "order was not called: there is no argument '_seen'"),
}


@pytest.mark.parametrize(("arguments", "text"), SENT.values(), ids=SENT)
def test_what_a_model_sends_is_read_where_there_is_one_reading(arguments: dict[str, Any], text: str) -> None:
    assert told(order, **arguments).startswith(text)


# what they return

PNG = b"\x89PNG\r\n\x1a\n123"


class Point(NamedTuple):
    x: int
    y: int


@dataclass
class Photo:
    taken: datetime.date
    picture: bytes


class Worded:
    def __str__(self) -> str:
        return "in words"


def make_row() -> Any:
    database = sqlite3.connect(":memory:")
    database.row_factory = sqlite3.Row
    return database.execute("SELECT 1 AS a, 'b' AS c").fetchone()


RETURNED: dict[str, tuple[Any, object]] = {
    "years as keys": ({2025: 1.5}, {"2025": 1.5}),
    "dates, pairs and None as keys": ({datetime.date(2025, 1, 1): 1, ("a", 1): 2, None: 3}, {"2025-01-01": 1, "a, 1": 2, "null": 3}),
    "no number": ({"x": float("nan")}, {"x": "nan"}),
    "text as bytes": (b"text", "text"),
    "bytes of no known type": (b"\xff\xfe", "[2 bytes of no type that a model reads, sha256 b3d510ef04275ca8]"),
    "a picture as bytes": (PNG, Image(data=PNG)),
    "a picture inside a value": ({"picture": PNG}, [{"picture": "[image image/png]"}, Image(data=PNG)]),
    "a dataclass with a picture": (
        Photo(datetime.date(2025, 1, 1), PNG),
        [{"taken": "2025-01-01", "picture": "[image image/png]"}, Image(data=PNG)],
    ),
    "a secret": ({"key": SecretStr("hunter2")}, {"key": "**********"}),
    "a row of a database": (make_row(), {"a": 1, "c": "b"}),
    "an object that says itself": (Worded(), "in words"),
    "views": ({"a": 1}.values(), [1]),
    "an error": (ValueError("bad"), "ValueError: bad"),
}


@pytest.mark.parametrize(("value", "content"), RETURNED.values(), ids=RETURNED)
async def test_what_a_tool_gives_back(value: Any, content: object) -> None:
    @tool.read
    def look() -> Any:
        """Look."""
        return value

    result = await Agent(ScriptedModel(Reply(calls=(call("look"),)), "Done."), tools=[look]).run("Go", engine=engine(strict=True))
    assert result.messages[-2].results[0].content == content


class Nothing: ...


LOOP: list[object] = []
LOOP.append(LOOP)
UNWRITABLE = {"an object": Nothing(), "a list in itself": LOOP, "two keys that are one": {1: "a", "1": "b"}, "a lock": threading.Lock()}


@pytest.mark.parametrize("value", UNWRITABLE.values(), ids=UNWRITABLE)
def test_what_json_cannot_hold_is_told_to_the_model_of_a_read_and_a_write_stays_done(value: object, caplog: Any) -> None:
    @tool.read
    def look() -> Any:
        """Look."""
        return value

    @tool.write
    def put() -> Any:
        """Put."""
        return value

    async def yes(request: object) -> Approve:
        return Approve(by="ada")

    model = ScriptedModel(Reply(calls=(call("look"), call("put"))), "Done.")
    result = Agent(model, tools=[look, put]).run_sync("Go", approve=yes)
    read, written = result.messages[-2].results
    assert (read.outcome, written.outcome) == (Outcome.FAILED, Outcome.DONE)
    assert "UnshownValue: look returned a" in read.content
    assert "It is done. What came back cannot be shown: put returned a" in written.content


# what they raise


async def test_a_reads_exception_is_its_result_and_the_bug_is_seen(caplog: pytest.LogCaptureFixture) -> None:
    @tool.read
    def stock(item: str) -> str:
        """Look."""
        raise ConnectionError(f"postgres://shop:pass@db/{item}")

    @tool.read
    async def price(item: str) -> str:
        """Look."""
        return {}[item]

    @tool.read
    async def leave() -> str:
        """Look."""
        sys.exit(3)

    @tool.read
    async def give_up() -> str:
        """Look."""
        raise asyncio.CancelledError

    calls = (call("stock", item="bun"), call("price", item="bun"), call("leave"), call("give_up"))
    model = ScriptedModel(Reply(calls=calls), "I cannot see the stock.")
    result = await Agent(model, tools=[stock, price, leave, give_up]).run("Any buns?", engine=engine(strict=True))
    assert result.output == "I cannot see the stock."
    assert [each.text for each in result.messages[-2].results] == [
        "stock failed: ConnectionError: postgres://shop:pass@db/bun",
        "price failed: KeyError: 'bun'",
        "leave failed: RuntimeError: leave called exit(3)",
        "give_up failed: RuntimeError: something inside it was cancelled",
    ]
    assert result.problems == result.messages[-2].results
    assert (result.labels.private, result.labels.untrusted) == (True, True)
    assert {record.name for record in caplog.records} == {"sayso.tools"}
    assert all("Traceback" in record.getMessage() and result.run_id in record.getMessage() for record in caplog.records)


async def test_a_writes_exception_leaves_it_unknown_and_is_seen(caplog: pytest.LogCaptureFixture) -> None:
    @tool.write
    def pay(cents: int) -> str:
        """Pay."""
        raise TimeoutError("the bank is silent")

    result = await Agent(ScriptedModel(Reply(calls=(call("pay", cents=5),)), "?"), tools=[pay]).run("Pay")
    result = await result.resume({result.pending[0].digest: Approve(by="ada")})
    (problem,) = result.problems
    assert (problem.outcome, problem.raised) == (Outcome.UNKNOWN, "TimeoutError: the bank is silent")
    assert "It is not known whether pay happened (TimeoutError: the bank is silent)" in problem.text
    assert len(caplog.records) == 1


def test_a_secret_in_an_exception_is_stars(caplog: pytest.LogCaptureFixture) -> None:
    @tool.read
    def log_in(key: SecretStr) -> str:
        """Log in."""
        raise ValueError(f"wrong key {key.get_secret_value()}")

    assert told(log_in, key="hunter2-and-more") == "log_in failed: ValueError: wrong key **********"
    assert "hunter2" not in caplog.text


# what hangs


def test_a_read_that_hangs_holds_neither_the_run_nor_its_limit_of_seconds() -> None:
    free = threading.Event()

    @tool.read
    def slow() -> str:
        """Look."""
        free.wait(60)
        return "late"

    agent = Agent(ScriptedModel(Reply(calls=(call("slow"),)), "Done."), tools=[slow])
    with pytest.raises(LimitReached, match="seconds"):
        agent.run_sync("Go", limits=Limits(seconds=0.05))
    (thread,) = [each for each in threading.enumerate() if each.name.startswith("sayso slow")]
    assert thread.daemon
    free.set()
    thread.join()


def test_a_write_past_its_timeout_is_unknown_and_its_thread_is_named_and_awaited_at_the_end_of_the_program() -> None:
    program = """
import time
from sayso import Agent, Approve, ScriptedModel, tool
from sayso.agents import Reply, call

@tool.write(timeout_seconds=0.05)
def pay(cents: int) -> str:
    "Pay."
    time.sleep(2)
    print("the write has ended")
    return "paid"

async def yes(request):
    return Approve(by="ada")

result = Agent(ScriptedModel(Reply(calls=(call("pay", cents=5),)), "Done."), tools=[pay]).run_sync("Pay", approve=yes)
print(result.messages[-2].results[0].outcome, result.messages[-2].results[0].text)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    first, last = done.stdout.splitlines()
    assert first.startswith("unknown It is not known whether pay happened (no answer within 0.05 s; its thread 'sayso pay ")
    assert last == "the write has ended"


def test_a_generator_without_end_is_an_error() -> None:
    @tool.read
    def forever() -> Iterator[int]:
        """Look."""
        while True:
            yield 1

    assert told(forever) == "forever failed: RuntimeError: it yields more than 10000 values"


def test_descriptions_of_parameters_may_be_plain_words_or_fields() -> None:
    @tool.read
    def weather(city: Annotated[str, "The city"], days: Annotated[int, Field(description="How many", ge=1)] = 3) -> str:
        """Look."""
        return f"{city} {days}"

    assert weather.parameters["properties"] == {
        "city": {"type": "string", "description": "The city"},
        "days": {"type": "integer", "description": "How many", "minimum": 1, "default": 3},
    }
