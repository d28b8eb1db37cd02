"""What a write is performed with is what the card showed, and what it is without a card: whatever the types of its parameters do to values.

Either the value comes back from the JSON of the request exactly, or the call is refused by the argument's name before anybody is asked.
"""

from __future__ import annotations

import dataclasses
import enum
import hashlib
import itertools
import json
import uuid
from collections import deque
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from ipaddress import IPv4Address
from pathlib import Path
from typing import Annotated, Any, Generic, Literal, NamedTuple, TypeVar
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import (
    AfterValidator,
    AliasChoices,
    AliasPath,
    BaseModel,
    BeforeValidator,
    ByteSize,
    ConfigDict,
    Field,
    HttpUrl,
    Json,
    PlainSerializer,
    PrivateAttr,
    RootModel,
    StringConstraints,
    computed_field,
    field_serializer,
    field_validator,
    model_serializer,
)
from pydantic.dataclasses import dataclass as pydantic_dataclass
from typing_extensions import TypedDict

from sayso import Agent, ScriptedModel, tool
from sayso.agents import Reply, call
from sayso.tools import Approve, Tool, UsageError
from sayso.tools.approval.requests import approve_all
from sayso.tools.definition.exact_json import is_same
from sayso.workflows import MemoryEngine

T = TypeVar("T")
TICKS = itertools.count()


class Colour(enum.Enum):
    RED = "red"


class Level(enum.IntEnum):
    LOW = 1


class Excluded(BaseModel):
    to: str
    bcc: str = Field("", exclude=True)


class Serialised(BaseModel):
    amount: Decimal
    note: str = ""

    @field_serializer("amount")
    def in_cents(self, amount: Decimal) -> int:
        return int(amount)

    @field_serializer("note")
    def short(self, note: str) -> str:
        return note[:2]


class Rewritten(BaseModel):
    to: str

    @model_serializer
    def nothing(self) -> dict[str, str]:
        return {"to": "nobody"}


class Aliased(BaseModel):
    to: str = Field(alias="recipient")
    sent_by: str = Field("", validation_alias="from", serialization_alias="sender")
    many: str = Field("", validation_alias=AliasChoices("first", "second"))
    deep: str = Field("", validation_alias=AliasPath("inside", 0))


class Swapped(BaseModel):
    debit: str = Field(alias="credit")
    credit: str = Field(alias="debit")


class Counted(BaseModel):
    a: int

    @computed_field  # type: ignore[prop-decorator]
    @property
    def twice(self) -> int:
        return 2 * self.a


class Open(BaseModel):
    model_config = ConfigDict(extra="allow")
    a: int


class OpenAndCounted(Counted):
    model_config = ConfigDict(extra="allow")


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True)
    on: date
    tags: frozenset[str] = frozenset()


class Stamped(BaseModel):
    number: int = Field(default_factory=lambda: next(TICKS))


class Remembers(BaseModel):
    a: int
    _seen: int = PrivateAttr(default_factory=lambda: next(TICKS))


class Numbers(RootModel[list[Decimal]]): ...


class Box(BaseModel, Generic[T]):
    inside: T


class Cat(BaseModel):
    kind: Literal["cat"]
    name: str


class Dog(BaseModel):
    kind: Literal["dog"]
    name: str


class One(BaseModel):
    a: int
    b: int = 0


class Other(BaseModel):
    a: int
    c: int = 0


@dataclasses.dataclass
class Route:
    begin: str
    end: str
    name: str = dataclasses.field(init=False)

    def __post_init__(self) -> None:
        self.name = f"{self.begin}-{self.end}"


@dataclasses.dataclass
class Numbered:
    a: int
    number: int = dataclasses.field(init=False)

    def __post_init__(self) -> None:
        self.number = next(TICKS)


@pydantic_dataclass
class Short:
    end: str = Field(alias="to")
    note: str = Field("", exclude=True)


class Point(NamedTuple):
    x: int
    y: float = 0.0


class Options(TypedDict, total=False):
    a: int
    when: date


class Recipient(BaseModel):
    address: str

    @field_validator("address")
    @classmethod
    def add_host(cls, address: str) -> str:
        return f"{address}@example.org"


Hashed = Annotated[str, AfterValidator(lambda text: hashlib.sha256(text.encode()).hexdigest())]
Grows = Annotated[str, AfterValidator(lambda text: f"{text}!")]
Stripped = Annotated[str, StringConstraints(strip_whitespace=True, to_lower=True)]
Cents = Annotated[int, BeforeValidator(lambda value: round(float(value) * 100))]
Rounded = Annotated[float, PlainSerializer(lambda value: round(value, 1))]
Ticket = Annotated[str, AfterValidator(lambda text: f"{text}{next(TICKS)}")]

Money = Annotated[float, BeforeValidator(lambda text: float(text.strip("$")))]  # of a number: AttributeError
German = Annotated[date, BeforeValidator(lambda text: datetime.strptime(text, "%d.%m.%Y").date())]

CARRIED: dict[str, tuple[Any, Any]] = {
    "an excluded field": (Excluded, {"to": "a", "bcc": "b"}),
    "an excluded field, deep": (dict[str, list[Excluded]], {"x": [{"to": "a", "bcc": "b"}]}),
    "field serializers": (Serialised, {"amount": "1.25", "note": "long"}),
    "a model serializer": (Rewritten, {"to": "ada"}),
    "a serializer on the parameter": (Rounded, 1.26),
    "aliases": (Aliased, {"recipient": "a", "from": "b", "second": "c", "inside": ["d"]}),
    "aliases that are swapped": (Swapped, {"credit": "x", "debit": "y"}),
    "a computed field": (Counted, {"a": 2}),
    "fields beside those of the model": (Open, {"a": 1, "b": {"c": 2}}),
    "a computed field beside others": (OpenAndCounted, {"a": 2, "b": 3}),
    "no strict frozen model": (Frozen | None, None),
    "a default from a factory": (Stamped, {}),
    "a root model": (Numbers, ["1.10", "2"]),
    "a generic model": (Box[date], {"inside": "2026-01-01"}),
    "a discriminated union": (Annotated[Cat | Dog, Field(discriminator="kind")], {"kind": "dog", "name": "Rex"}),
    "models that look alike": (One | Other, {"a": 1, "c": 2}),
    "an int or text, text": (int | str, "5"),
    "an int or text, int": (str | int, 5),
    "an int or text from the left": (Annotated[int | str, Field(union_mode="left_to_right")], "5"),
    "a date or text": (date | str, "2026-01-01"),
    "a number as text": (int, "1"),
    "a text as number": (str, 5),
    "a whole float": (float, 1),
    "minus zero": (float, -0.0),
    "a small float": (float, 5e-324),
    "a long decimal": (Decimal, "0.1000000000000000055511151231257827"),
    "a decimal from a float": (Decimal, 0.1),
    "an amount with its zeros": (Decimal, "10.00"),
    "a large int": (int, 10**400),
    "a time with its zone": (datetime, "2026-03-29T02:30:00+01:00"),
    "a time without one": (datetime, "2026-03-29T02:30:00.000001"),
    "a time from a number": (datetime, 1_700_000_000),
    "a date": (date, "2026-03-29"),
    "a time of day": (time, "12:00:00.5"),
    "a duration": (timedelta, "P1DT0.000001S"),
    "a set": (set[int], [3, 1, 1]),
    "a frozen set of texts": (frozenset[str], ["b", "a"]),
    "a tuple": (tuple[int, str], [1, "a"]),
    "a deque": (deque[int], [1, 2]),
    "bytes": (bytes, "ä"),
    "an enum": (Colour, "red"),
    "an int enum": (Level, 1),
    "int keys": (dict[int, str], {"1": "a"}),
    "date keys": (dict[date, int], {"2026-01-01": 1}),
    "a UUID": (uuid.UUID, "12345678123456781234567812345678"),
    "a path": (Path, "a/../b"),
    "a URL": (HttpUrl, "HTTP://Example.org"),
    "an address": (IPv4Address, "127.0.0.1"),
    "a size": (ByteSize, "1.5kib"),
    "a dataclass with a field of its own": (Route, {"begin": "a", "end": "b"}),
    "a dataclass of pydantic": (Short, {"to": "a", "note": "b"}),
    "a named tuple": (Point, [1, 2]),
    "a typed dict": (Options, {"when": "2026-01-01"}),
    "stripped": (Stripped, "  Ada "),
    "anything": (Any, {"a": [1, 2.5, None, True, "x"]}),
}
REFUSED: dict[str, tuple[Any, Any]] = {
    "hashed each time": (Hashed, "a"),
    "longer each time": (Grows, "a"),
    "in another unit each time": (Cents, "1.5"),
    "another one each time": (Ticket, "a"),
    "read from texts only": (Money, "$5"),
    "a date as people write it": (German, "3.5.2026"),
    "a validator of a field": (Recipient, {"address": "ada"}),
    "JSON in a text": (Json[list[int]], "[1, 2]"),
    "a private field": (Remembers, {"a": 1}),
    "a dataclass that counts": (Numbered, {"a": 1}),
}


def make_tool(hint: Any) -> tuple[Tool[..., Any], list[Any]]:
    received: list[Any] = []

    async def function(value: Any) -> str:
        received.append(value)
        return "done"

    function.__annotations__ = {"value": hint, "return": str}
    return tool.write(name="write", description="Writes.")(function), received


async def perform(hint: Any, argument: Any, *, resumed: bool) -> tuple[list[Any], Any]:
    """Return what the function received, and what the card said; after a restart (all over JSON) or at once."""
    write, received = make_tool(hint)
    agent = Agent(ScriptedModel(Reply(calls=(call("write", value=argument),)), "Done."), tools=[write])
    engine = MemoryEngine(strict=resumed)
    paused = await agent.run("write", engine=engine, run_id="r1")
    (request,) = paused.pending
    assert received == []
    shown = json.loads(request.arguments)["value"]
    result = await (engine.resume("r1", {request.digest: Approve()}) if resumed else paused.resume({request.digest: Approve()}))
    assert result.output == "Done."
    return received, shown


@pytest.mark.parametrize("resumed", [False, True], ids=["at once", "over JSON"])
@pytest.mark.parametrize(("hint", "argument"), CARRIED.values(), ids=CARRIED)
async def test_the_function_gets_what_was_shown(hint: Any, argument: Any, resumed: bool) -> None:
    write, _ = make_tool(hint)
    unasked = write.check({"value": argument})["value"]  # what it would get without a card
    (received,), shown = await perform(hint, argument, resumed=resumed)
    if hint is not Stamped:  # each has a number of its own
        assert is_same(received, unasked)
    written = write.freeze({"value": received}, lambda secret: secret)["value"]
    assert written == shown


@pytest.mark.parametrize(("hint", "argument"), REFUSED.values(), ids=REFUSED)
async def test_a_value_that_json_does_not_bring_back_is_refused_by_name(hint: Any, argument: Any) -> None:
    with pytest.raises(UsageError, match="write cannot be asked about: its argument 'value' does not come back unchanged"):
        await perform(hint, argument, resumed=False)


class Careless(BaseModel):
    price: float = 0
    share: Decimal = 0  # type: ignore[assignment]
    folder: Path = "."  # type: ignore[assignment]
    tags: tuple[str, ...] = []  # type: ignore[assignment]


@dataclasses.dataclass
class CarelessToo:
    price: float = 0
    share: Decimal = 1  # type: ignore[assignment]


async def test_defaults_that_pydantic_does_not_check_are_converted_once() -> None:
    received: list[Any] = []

    @tool.write
    async def careless(a: Careless, b: CarelessToo, price: float = 1, folder: Path = "~") -> str:  # type: ignore[assignment]
        """Write."""
        received.append((price, folder, a, b))
        return "done"

    paused = await Agent(ScriptedModel(Reply(calls=(call("careless", a={}, b={}),)), "Done."), tools=[careless]).run("write")
    arguments = json.loads(paused.pending[0].arguments)
    assert arguments["a"] == {"price": 0.0, "share": "0", "folder": ".", "tags": []}
    await paused.resume({paused.pending[0].digest: Approve()})
    exact = Careless(price=0.0, share=Decimal(0), folder=Path(), tags=())
    assert received == [(1.0, Path("~"), exact, CarelessToo(0.0, Decimal(1)))]
    assert {type(each) for each in (received[0][0], received[0][2].price, received[0][3].price)} == {float}


async def test_a_default_that_is_no_value_of_its_type_is_refused_by_name() -> None:
    received: list[object] = []
    nothing: Any = {}  # as people write it who check no types

    @tool.write
    async def mail(to: str, note: str = nothing) -> None:
        """Mails."""
        received.append(note)

    with pytest.raises(UsageError, match="its argument 'note' does not come back unchanged"):
        await Agent(ScriptedModel(Reply(calls=(call("mail", to="ada"),)), "Done."), tools=[mail]).run("write", approve=approve_all)
    assert received == []


class Opaque: ...


def called_back(value: Callable[[int], int]) -> None: ...
def of_a_class(value: Opaque) -> None: ...
def of_two(value: int, other: list[Opaque]) -> None: ...


@pytest.mark.parametrize(("function", "name"), [(called_back, "value"), (of_a_class, "value"), (of_two, "other")])
def test_a_type_that_no_schema_can_describe_is_refused_by_name(function: Any, name: str) -> None:
    with pytest.raises(UsageError, match=rf"The tool {function.__name__}: the type of {name!r} cannot be described to a model"):
        _ = tool.write(description="Writes.")(function).parameters


BOUND: dict[str, tuple[Any, Any]] = {
    "a text for a date": (date, "2026-01-01"),
    "an excluded field": (Excluded, Excluded(to="a", bcc="b")),
    "a zone that becomes an offset": (datetime, datetime(2026, 3, 29, 1, tzinfo=ZoneInfo("Europe/Rome"))),
}


async def test_what_the_application_binds_is_converted_once_or_refused() -> None:
    for hint, value in BOUND.values():
        write, received = make_tool(hint)
        agent = Agent(ScriptedModel(Reply(calls=(call("write"),)), "Done."), tools=[write.using(value=value)])
        paused = await agent.run("write")
        await paused.resume({paused.pending[0].digest: Approve()})
        assert received == [date(2026, 1, 1) if value == "2026-01-01" else value]


SCALARS = st.one_of(
    st.tuples(st.just(int), st.integers(-(10**30), 10**30)),
    st.tuples(st.just(float), st.floats(allow_nan=False, allow_infinity=False)),
    st.tuples(st.just(str), st.text(st.characters(exclude_categories=["Cs"]), max_size=20)),
    st.tuples(st.just(bool), st.booleans()),
    st.tuples(st.just(Decimal), st.decimals(allow_nan=False, allow_infinity=False).map(str)),
    st.tuples(st.just(datetime), st.datetimes().map(datetime.isoformat)),
    st.tuples(st.just(date), st.dates().map(date.isoformat)),
    st.tuples(st.just(timedelta), st.integers(-(10**9), 10**9)),
    st.tuples(st.just(bytes), st.text(st.characters(exclude_categories=["Cs"]), max_size=20)),
    st.tuples(st.just(uuid.UUID), st.uuids().map(str)),
    st.tuples(st.just(Stripped), st.text(st.characters(exclude_categories=["Cs"]), max_size=20)),
    st.tuples(st.just(Rounded), st.floats(allow_nan=False, allow_infinity=False)),
    st.tuples(st.just(int | str), st.one_of(st.integers(), st.integers().map(str))),
    st.tuples(
        st.just(float | Decimal | str), st.one_of(st.floats(allow_nan=False, allow_infinity=False), st.decimals(allow_nan=False).map(str))
    ),
    st.tuples(st.just(Hashed), st.just("a")),
)


class Holder(BaseModel, Generic[T]):
    inside: T = Field(alias="in", exclude=True)
    beside: str = Field("b", serialization_alias="out")


FAMILY = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        inner.map(lambda pair: (list[pair[0]], [pair[1]])),  # type: ignore[name-defined]
        inner.map(lambda pair: (tuple[pair[0], ...], [pair[1], pair[1]])),  # type: ignore[name-defined]
        inner.map(lambda pair: (dict[str, pair[0]], {"k": pair[1]})),  # type: ignore[name-defined]
        inner.map(lambda pair: (pair[0] | None, pair[1])),
        inner.map(lambda pair: (Holder[pair[0]], {"in": pair[1]})),  # type: ignore[name-defined]
    ),
    max_leaves=4,
)


@given(FAMILY)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_every_type_is_carried_exactly_or_refused(case: tuple[Any, Any]) -> None:
    hint, argument = case
    write, _ = make_tool(hint)
    checked = write.check({"value": argument})
    try:
        normal = write.normalise(checked)
    except UsageError as refused:
        assert "its argument 'value' does not come back unchanged" in str(refused)  # noqa: PT017  either is right
        return
    frozen = json.dumps(write.freeze(normal, lambda secret: secret))
    assert is_same(write.parse_frozen(frozen), checked)
    assert is_same(normal, checked)
