"""Pairs of tools that differ in one thing only. Loaded in several processes to see that versions are the same in each."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import functools
import operator
import re
import sys
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from sayso.tools import Sandbox, python_tool, tool
from sayso.tools.definition.tool import AnyTool
from sayso.tools.ordering.order_desk import ORDER
from sayso.tools.web import fetch_page, web_search

Function = Callable[..., Any]
NOTHING: Any = None


def make(function: Function, **options: Any) -> AnyTool:
    return tool.write(name="pay", description="Pay.", **options)(function)


def pay(cents: int) -> str:
    return f"paid {cents}"


def keep(cents: int) -> str:
    return f"kept {cents}"


def logged(function: Function) -> Function:
    @functools.wraps(function)
    def call(cents: int) -> str:
        return str(function(cents))

    return call


def loud(function: Function) -> Function:
    @functools.wraps(function)
    def call(cents: int) -> str:
        return str(function(cents)).upper()

    return call


def times(number: object) -> Function:
    def decorate(function: Function) -> Function:
        @functools.wraps(function)
        def call(cents: int) -> str:
            return str(function(cents)) + str(number)

        return call

    return decorate


def counted(function: Function, start: int = 0) -> Function:
    calls = start

    @functools.wraps(function)
    def call(cents: int) -> str:
        nonlocal calls
        calls += 1
        return str(function(cents))

    return call


def remembering(function: Function, known: dict[int, str]) -> Function:
    @functools.wraps(function)
    def call(cents: int) -> str:
        if cents not in known:
            known[cents] = str(function(cents))
        return known[cents]

    return call


def routed(routes: dict[str, Function]) -> Function:
    def call(cents: int) -> str:
        return str(routes["small" if cents < 100 else "large"](cents))

    return call


class Retry:
    """A decorator that is a class."""

    def __init__(self, function: Function, most: int = 1) -> None:
        self.function, self.most = function, most
        self.calls = 0
        functools.update_wrapper(self, function)

    def __call__(self, cents: int) -> str:
        self.calls += 1
        return str(self.function(cents))


class Till:
    """Something whose methods are tools."""

    def __init__(self, account: str) -> None:
        self.account = account
        self.total = 0

    def pay(self, cents: int) -> str:
        self.total += cents
        return self.account

    @classmethod
    def close(cls, cents: int) -> str:
        return cls.__name__

    @staticmethod
    def empty(cents: int) -> str:
        return ""


class OtherTill(Till):
    def pay(self, cents: int) -> str:
        return self.account * 2


def with_default(account: str) -> Function:
    def call(cents: int, account: str = account) -> str:
        return account

    return call


def with_keyword(account: str) -> Function:
    def call(cents: int, *, account: str = account) -> str:
        return account

    return call


def used(cents: int) -> str:
    return helper(cents)


def helper(cents: int) -> str:
    return f"{cents}"


def other_helper(cents: int) -> str:
    return f"{cents + 1}"


def used_with(chosen: Function) -> Function:
    """The same function in a module where its helper is another one."""
    from types import FunctionType

    names = {**globals(), "helper": FunctionType(chosen.__code__, shared := {}, "helper")}
    shared.update(names)
    made = FunctionType(used.__code__, shared, "used")
    made.__annotations__ = {"cents": int, "return": str}
    return made


def catching(cents: int) -> str:
    try:
        return str(cents)
    except ValueError:
        return "none"


def not_catching(cents: int) -> str:
    try:
        return str(cents)
    except TypeError:
        return "none"


@contextlib.contextmanager
def account(name: str) -> Iterator[str]:
    yield name


def entered(name: str) -> Function:
    @account(name)
    def call(cents: int) -> str:
        return ""

    return call


async def pay_later(cents: int) -> str:
    return f"paid {cents}"


async def keep_later(cents: int) -> str:
    return f"kept {cents}"


async def find(key: str) -> str | None:
    return None


async def find_always(key: str) -> str | None:
    return "paid"


small, smaller = lambda cents: cents + 1, lambda cents: cents + 2
for each in (small, smaller):
    each.__annotations__ = {"cents": int, "return": int}


def dispatched(chosen: Function) -> Function:
    @functools.singledispatch
    def call(cents: int) -> str:
        return ""

    call.register(int, chosen)
    call.__annotations__ = {"cents": int, "return": str}
    return call


@dataclasses.dataclass(frozen=True)
class Account:
    """A value that a function closes over."""

    name: str
    opened: datetime.date = datetime.date(2026, 1, 1)


class Limit(NamedTuple):
    """A named tuple that a function closes over."""

    cents: int


class Cents(int):
    """A number of its own type."""


@tool.pure
def rate(cents: int) -> int:
    """Convert."""
    return cents * 2


@tool.pure(name="rate", description="Convert.")
def other_rate(cents: int) -> int:
    return cents * 3


def converting(chosen: AnyTool) -> Function:
    def call(cents: int) -> str:
        return str(chosen(cents))

    return call


DIFFERENT: dict[str, tuple[AnyTool, AnyTool]] = {
    "two functions": (make(pay), make(keep)),
    "two functions under one functools.wraps": (make(logged(pay)), make(logged(keep))),
    "two decorators around one function": (make(logged(pay)), make(loud(pay))),
    "decorated and not": (make(pay), make(logged(pay))),
    "decorators in another order": (make(logged(loud(pay))), make(loud(logged(pay)))),
    "deep under decorators": (make(logged(loud(times(3)(pay)))), make(logged(loud(times(3)(keep))))),
    "the argument of a decorator": (make(times(3)(pay)), make(times(4)(pay))),
    "the argument of a decorator, equal but of another type": (make(times(1)(pay)), make(times(True)(pay))),
    "a function as the argument of a decorator": (make(times(helper)(pay)), make(times(other_helper)(pay))),
    "a tuple as the argument of a decorator": (make(times((1, "a"))(pay)), make(times((1, "b"))(pay))),
    "a class as decorator": (make(Retry(pay)), make(Retry(keep))),
    "the option of a class as decorator": (make(Retry(pay, 1)), make(Retry(pay, 2))),
    "under lru_cache": (make(functools.lru_cache(pay)), make(functools.lru_cache(keep))),
    "lru_cache under a decorator": (make(logged(functools.lru_cache(pay))), make(logged(functools.lru_cache(keep)))),
    "a default": (make(with_default("ada")), make(with_default("eve"))),
    "a default of a keyword": (make(with_keyword("ada")), make(with_keyword("eve"))),
    "a method of another object": (make(Till("ada").pay), make(Till("eve").pay)),
    "a method of another class": (make(Till("ada").pay), make(OtherTill("ada").pay)),
    "a class method of another class": (make(Till.close), make(OtherTill.close)),
    "the function of a partial": (make(logged(functools.partial(pay))), make(logged(functools.partial(keep)))),
    "the arguments of a partial": (make(times(functools.partial(pay, 1))(pay)), make(times(functools.partial(pay, 2))(pay))),
    "the keywords of a partial": (make(times(functools.partial(pay, cents=1))(pay)), make(times(functools.partial(pay, cents=2))(pay))),
    "two lambdas of one line": (make(small), make(smaller)),
    "a helper in the same module": (make(used_with(helper)), make(used_with(other_helper))),
    "what is caught": (make(catching), make(not_catching)),
    "functions in a table": (make(routed({"small": pay, "large": pay})), make(routed({"small": pay, "large": keep}))),
    "two functions of C": (make(times(operator.add)(pay)), make(times(operator.sub)(pay))),
    "a manager as decorator": (make(entered("ada")), make(entered("eve"))),
    "an object that it closes over": (make(times(Account("ada"))(pay)), make(times(Account("eve"))(pay))),
    "a number of 10,000 digits": (make(times(10**10_000)(pay)), make(times(10**10_000 + 1)(pay))),
    "a named tuple": (make(times(Limit(1))(pay)), make(times(Limit(2))(pay))),
    "a number of its own type": (make(times(Cents(1))(pay)), make(times(Cents(2))(pay))),
    "a date in such an object": (make(times(Account("a"))(pay)), make(times(Account("a", datetime.date(2026, 1, 2)))(pay))),
    "a method of such an object": (make(times(Till("ada"))(pay)), make(times(OtherTill("ada"))(pay))),
    "a number of money": (make(times(Decimal("1.0"))(pay)), make(times(Decimal("1.00"))(pay))),
    "a path": (make(times(Path("a"))(pay)), make(times(Path("b"))(pay))),
    "a pattern": (make(times(re.compile("a" * 300))(pay)), make(times(re.compile("a" * 300 + "b"))(pay))),
    "a tool that it calls": (make(converting(rate)), make(converting(other_rate))),
    "the function of a pattern of calls": (make(logged(functools.partial(times(3)(pay)))), make(logged(functools.partial(times(3)(keep))))),
    "a function for a type": (make(dispatched(helper)), make(dispatched(other_helper))),
    "the function for an event loop": (make(pay, async_function=pay_later), make(pay, async_function=keep_later)),
    "with a function for an event loop and without": (make(pay, async_function=pay_later), make(pay)),
    "how it is looked up": (make(pay, lookup=find), make(pay, lookup=find_always)),
    "a decorated look-up": (make(pay, lookup=logged(find)), make(pay, lookup=logged(find_always))),
    "a card under a decorator": (make(pay, card=logged(helper)), make(pay, card=logged(other_helper))),
    "whether it may be repeated": (make(pay, idempotent=True), make(pay)),
    "with walls and without": (make(pay, sandbox=Sandbox()), make(pay)),
    "what a sandbox may write": (make(pay, sandbox=Sandbox(write=["a"])), make(pay, sandbox=Sandbox(write=["b"]))),
    "the network of a sandbox": (make(pay, sandbox=Sandbox(network=True)), make(pay, sandbox=Sandbox())),
}
counting, retrying, paid = counted(pay), Retry(pay), Till("ada")
counting(1)
retrying(1)
paid.pay(5)
SAME: dict[str, tuple[AnyTool, AnyTool]] = {
    "one function": (make(pay), make(pay)),
    "decorated alike": (make(logged(times(3)(pay))), make(logged(times(3)(pay)))),
    "called before": (make(counted(pay)), make(counting)),
    "an object that was called before": (make(Retry(pay)), make(retrying)),
    "a method that was called before": (make(Till("ada").pay), make(paid.pay)),
    "what was remembered": (make(remembering(pay, {})), make(remembering(pay, {1: "paid 1"}))),
    "a set": (make(times(frozenset("abcdef"))(pay)), make(times(frozenset("fedcba"))(pay))),
    "what is said on the way": (make(pay, timeout_seconds=3), make(pay, caution=lambda *_: "")),
}


def versions() -> dict[str, str]:
    pairs = {**{f"1 {name}": pair for name, pair in DIFFERENT.items()}, **{f"2 {name}": pair for name, pair in SAME.items()}}
    own = {f"{name} {number}": each.version for name, pair in pairs.items() for number, each in enumerate(pair)}
    return own | {each.name: each.version for each in (ORDER, web_search(NOTHING), fetch_page(NOTHING), python_tool([ORDER]))}


if __name__ == "__main__":
    import json

    if "--late" in sys.argv:
        print(json.dumps(dict(reversed(versions().items()))))
    else:
        print(json.dumps(versions()))
