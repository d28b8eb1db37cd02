"""Functions as libraries have them: each is called as its author meant, with arguments as a model writes them, or refused in words."""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import enum
import functools
import io
import math
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Annotated, Any, Generic, Literal, NewType, NotRequired, ParamSpec, Self, TypeVar

import pytest
from pydantic import AfterValidator, AliasChoices, BaseModel, BeforeValidator, Field, RootModel, field_validator, validate_call
from typing_extensions import TypedDict, Unpack

from sayso import Agent, Approve, ScriptedModel, tool
from sayso.agents import Reply, call
from sayso.tools import InvalidArguments, ToolContext, UsageError

P = ParamSpec("P")
T = TypeVar("T")
UserId = NewType("UserId", int)


def logged(function: Callable[P, T]) -> Callable[P, T]:
    @functools.wraps(function)
    def inner(*args: P.args, **kwargs: P.kwargs) -> T:
        return function(*args, **kwargs)

    return inner


@logged
def forecast(city: str, days: int = 2) -> str:
    """Tell the weather."""
    return f"{city} {days}"


@functools.lru_cache
def square(number: int) -> int:
    """Square a number."""
    return number * number


@functools.singledispatch
def show(value: int | str, mark: str = "!") -> str:
    """Show a value."""
    return "anything"


@show.register
def _(value: int, mark: str = "!") -> str:
    return f"number{mark}"


def join(first: str, *others: str, mark: str = ",") -> str:
    """Join texts."""
    return mark.join((first, *others))


def total(context: ToolContext[dict[str, int]], *numbers: Annotated[int, Field(ge=0, description="What to add")]) -> int:
    """Add numbers."""
    return sum(numbers) + context.deps["more"]


def send(to: str, context: ToolContext[dict[str, int]], _key: str = "k", **headers: str) -> str:
    """Send."""
    return f"{to} {_key} {context.deps['more']} {headers}"


class Paint(TypedDict):
    color: str
    size: NotRequired[int]


def paint(*names: str, **how: Unpack[Paint]) -> str:
    """Paint."""
    return f"{names} {how}"


NOTHING: Any = object()


def greet(name: str = NOTHING) -> str:
    """Greet."""
    return "whom?" if name is NOTHING else name


def by_place(a: int, b: int = 2, /, c: int = 3) -> int:
    """Put digits together."""
    return a * 100 + b * 10 + c


@validate_call
def note(number: Annotated[int, Field(gt=0)], text: str = "") -> str:
    """Write a note."""
    return f"{number} {text}"


def read_number(number: Annotated[int, BeforeValidator(lambda given: str(given).replace(",", ""))]) -> int:
    """Read a number."""
    return number


class User(BaseModel):
    name: str = Field(alias="fullName")
    email: Annotated[str, AfterValidator(str.lower)] = Field(validation_alias=AliasChoices("email", "e_mail"))

    @field_validator("email")
    @classmethod
    def has_at(cls, email: str) -> str:
        if "@" not in email:
            raise ValueError("no @ in it")
        return email


def create(user: User) -> str:
    """Create a user."""
    return f"{user.name} {user.email}"


class Page(BaseModel, Generic[T]):
    items: list[T]


class Tags(RootModel[list[str]]):
    """Tags."""


def count(page: Page[int], tags: Tags, users: Sequence[UserId] = ()) -> int:
    """Count what is there."""
    return len(page.items) + len(tags.root) + len(users)


class Level(enum.Enum):
    LOW = 1
    HIGH = 2
    TOP = 2  # noqa: PIE796  another name of the same


class Options(TypedDict):
    words: str
    limit: NotRequired[int]


def search(options: Options, level: Level = Level.LOW, order: Literal["up", "down"] = "up", most: int = 10) -> str:
    """Search."""
    return f"{options['words']} {options.get('limit', 7)} {level.name} {order} {most}"


@dataclasses.dataclass
class Cart:
    items: list[str] = dataclasses.field(default_factory=list)

    def add(self, item: str, pieces: int = 1) -> Self:
        """Add an item."""
        return dataclasses.replace(self, items=[*self.items, item * pieces])

    def sum_up(self, *, rate: decimal.Decimal = decimal.Decimal("1.25")) -> decimal.Decimal:
        """Sum up."""
        return rate * 2


async def count_up(number: int) -> AsyncIterator[int]:
    """Count."""
    for each in range(number):
        yield each


def later(at: datetime.datetime, by: datetime.timedelta = datetime.timedelta(hours=1)) -> str:
    """Tell a later time."""
    return (at + by).isoformat()


WORKS: dict[str, tuple[Callable[..., object], dict[str, Any], object]] = {
    "a decorator with ParamSpec": (forecast, {"city": "Oslo"}, "Oslo 2"),
    "lru_cache": (square, {"number": 3}, 9),
    "single dispatch": (show, {"value": 3, "mark": "?"}, "number?"),
    "single dispatch, its first function": (show, {"value": "x"}, "anything"),
    "*others": (join, {"first": "a", "others": ["b", "c"], "mark": "-"}, "a-b-c"),
    "*others, none": (join, {"first": "a"}, "a"),
    "*numbers after a context": (total, {"numbers": [1, 2]}, 13),
    "**headers": (send, {"to": "ada", "headers": {"cc": "bo"}}, "ada k 10 {'cc': 'bo'}"),
    "**headers, none": (send, {"to": "ada"}, "ada k 10 {}"),
    "**headers as JSON in a text": (send, {"to": "ada", "headers": '{"cc": "bo"}'}, "ada k 10 {'cc': 'bo'}"),
    "*names, and the keys of a TypedDict": (paint, {"names": ["a"], "how": {"color": "red"}}, "('a',) {'color': 'red'}"),
    "by place only": (by_place, {"a": 1, "c": 5}, 125),
    "validate_call": (note, {"number": 2, "text": "ab"}, "2 ab"),
    "a validator before": (read_number, {"number": "1,000"}, 1000),
    "aliases": (create, {"user": {"fullName": "Ada", "e_mail": "ADA@X.org"}}, "Ada ada@x.org"),
    "generic and root models, NewType": (count, {"page": {"items": [1]}, "tags": ["a"], "users": [7, 8]}, 4),
    "TypedDict, enum with an alias": (search, {"options": {"words": "x"}, "level": 2}, "x 7 HIGH up 10"),
    "null for what is left out": (search, {"options": {"words": "x"}, "level": None, "order": None, "most": None}, "x 7 LOW up 10"),
    "a dataclass that returns itself": (Cart().add, {"item": "x", "pieces": 2}, {"items": ["xx"]}),
    "a Decimal by name only": (Cart().sum_up, {}, "2.50"),
    "a method in a partial": (functools.partial(Cart().add, "y"), {"pieces": 2}, {"items": ["yy"]}),
    "an async generator": (count_up, {"number": 3}, [0, 1, 2]),
    "dates": (later, {"at": "2026-01-01T00:00:00Z", "by": "PT2H"}, "2026-01-01T02:00:00+00:00"),
}


@pytest.mark.parametrize("kind", ["read", "write"])
@pytest.mark.parametrize(("function", "given", "expected"), WORKS.values(), ids=WORKS)
async def test_it_is_called_as_its_author_meant(function: Any, given: dict[str, Any], expected: object, kind: str) -> None:
    async def say_yes(request: Any) -> Approve:
        return Approve(by="ada")

    made = tool.read(function) if kind == "read" else tool.write(function)
    model = ScriptedModel(Reply(calls=(call(made.name, **given),)), "Over.")
    run = await Agent(model, tools=[made]).run("Go", approve=say_yes, deps={"more": 10})
    assert run.messages[-2].results[0].content == expected  # type: ignore[attr-defined]


def test_a_list_of_places_has_the_rule_of_each_and_your_own_loop_calls_it_too() -> None:
    rule = {"type": "array", "items": {"type": "integer", "minimum": 0, "description": "What to add"}, "default": []}
    assert tool.read(total).parameters["properties"] == {"numbers": rule}
    asked = {"id": "1", "function": {"name": "join", "arguments": '{"first": "a", "others": ["b"]}'}}
    assert tool.read(join).answer(asked)["content"] == "a,b"


def test_an_object_of_names_has_the_rule_of_its_values_and_your_own_code_calls_it_by_name() -> None:
    rule = {"type": "object", "additionalProperties": {"type": "string"}, "default": {}}
    assert tool.read(send).parameters["properties"] == {"to": {"type": "string"}, "headers": rule}
    assert tool.read(paint).parameters["required"] == ["how"]
    assert tool.read(paint)("a", color="red") == "('a',) {'color': 'red'}"


@pytest.mark.parametrize("key", ["to", "context", "_key", "self", "fixed"])
def test_a_key_of_an_object_of_names_takes_the_place_of_no_parameter(key: str) -> None:
    """What the application gives (a context, a partial's argument, a hidden default) is not the model's to say, under any name."""

    class Desk:
        def send(self, to: str, context: ToolContext[None], _key: str = "k", fixed: str = "", **headers: str) -> str:
            """Send."""
            return f"{to} {_key} {fixed} {headers}"

    made = tool.write(functools.partial(Desk().send, fixed="by us"))
    assert made.check({"to": "ada", "headers": {"cc": "bo"}}) == {"to": "ada", "headers": {"cc": "bo"}}
    with pytest.raises(InvalidArguments, match=f"'{key}' is an argument of its own"):
        made.check({"to": "ada", "headers": {key: "mallory"}})


def test_a_key_of_an_object_of_names_takes_the_place_of_nothing_in_any_decorator() -> None:
    def of_tenant(function: Callable[..., str]) -> Callable[..., str]:
        @functools.wraps(function)
        def inner(*given: Any, _tenant: str = "us", **named: Any) -> str:
            return f"{_tenant} {function(*given, **named)}"

        return inner

    def logged(function: Callable[..., str]) -> Callable[..., str]:
        @functools.wraps(function)
        def outer(*given: Any, **named: Any) -> str:
            return function(*given, **named)

        return outer

    with pytest.raises(InvalidArguments, match="'_tenant' is an argument of its own"):
        tool.write(logged(of_tenant(send))).check({"to": "ada", "headers": {"_tenant": "mallory"}})


async def test_who_is_asked_sees_each_key_of_an_object_of_names() -> None:
    asked: list[Any] = []

    async def say_yes(request: Any) -> Approve:
        asked.append(request)
        return Approve(by="ada")

    model = ScriptedModel(Reply(calls=(call("send", to="ada", headers={"bcc": "mallory"}),)), "Over.")
    made = tool.write(card="A mail to {to}")(send)
    await Agent(model, tools=[made]).run("Go", approve=say_yes, deps={"more": 10})
    assert {each.name: each.value for each in asked[0].shown} == {"to": "ada", "headers": '{"bcc": "mallory"}'}


def test_a_default_that_is_no_json_is_left_out_of_the_schema_without_a_warning() -> None:
    assert tool.read(greet).parameters["properties"] == {"name": {"type": "string"}}
    assert (tool.read(greet).check({}), tool.read(greet)()) == ({"name": NOTHING}, "whom?")
    with pytest.raises(UsageError, match="a default for 'name' that cannot be asked about"):
        _ = tool.write(greet).parameters


async def test_your_own_loop_calls_it_inside_an_event_loop() -> None:
    asked = {"id": "1", "function": {"name": "by_place", "arguments": '{"a": 1}'}}
    assert tool.read(by_place).answer(asked)["content"] == "123"


def hidden(_cache: int = 1, words: str = "", /) -> str:
    """Search."""
    return words


def hidden_before(_cache: int = 1, *words: str) -> str:
    """Search."""
    return words[0]


def request(url: str, **options) -> str:  # type: ignore[no-untyped-def]
    """Send."""
    return url


def of_class(kind: type[int]) -> str:
    """Make."""
    return ""


def of_file(file: io.TextIOBase) -> str:
    """Read."""
    return ""


class Negation:
    @functools.singledispatchmethod
    def negate(self, value: int) -> int:
        """Negate."""
        return -value


REFUSED: dict[str, tuple[Callable[..., object], str]] = {
    "**options without a type": (request, "no type hint for 'options'"),
    "its own parameter before one by place": (hidden, "takes 'words' by its place, after '_cache', which a model does not fill in"),
    "its own parameter before *words": (hidden_before, "Put '_cache' last."),
    "a class": (of_class, "the type of 'kind' cannot be described to a model"),
    "a file": (of_file, "the type of 'file' cannot be described to a model"),
    "a function in C": (math.hypot, "is a function whose parameters cannot be read"),
    "single dispatch of a method": (Negation().negate, "(or write a function around that)"),
}


@pytest.mark.parametrize(("function", "told"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_work_is_refused_in_words(function: Callable[..., object], told: str) -> None:
    if function is REFUSED["single dispatch of a method"][0] and sys.version_info >= (3, 14):
        pytest.skip("there it is bound like any method")
    with pytest.raises(UsageError) as raised:
        _ = tool.read(function).parameters
    assert told in str(raised.value)
