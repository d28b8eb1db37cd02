"""Sixty signatures as people write them: the schema is the one that pydantic gives of the function,
and each parameter has its description.

Pydantic is asked with the same strictness: an unknown key of a dataclass or a TypedDict is refused, not dropped.
"""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import enum
import ipaddress
import pathlib
import typing
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Literal, NamedTuple, NewType, NotRequired, Optional, Required, Union

import pytest
from pydantic import AnyUrl, BaseModel, ConfigDict, Discriminator, Field, PositiveInt, SecretStr, Tag, TypeAdapter
from typing_extensions import Doc, TypedDict

from sayso import tool
from sayso.tools import ToolContext


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Size(enum.IntEnum):
    SMALL = 1
    LARGE = 2


class Unit(enum.StrEnum):
    METRE = "m"
    FOOT = "ft"


class Item(BaseModel):
    """A thing."""

    name: str = Field(description="Its name", min_length=1)
    pieces: int = 1


class Tree(BaseModel):
    label: str
    children: list[Tree] = []


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int = 9


class Dog(BaseModel):
    kind: Literal["dog"]
    good: bool = True


class Aliased(BaseModel):
    from_: str = Field(alias="from")


class Closed(BaseModel):
    model_config = ConfigDict(extra="forbid")
    x: int


@dataclasses.dataclass
class Place:
    lat: float
    lon: float = 0.0


class Options(TypedDict, total=False):
    name: Required[str]
    depth: int


class Row(TypedDict):
    id: int
    note: NotRequired[str]


class Point(NamedTuple):
    x: int
    y: int = 0


Id = NewType("Id", int)
Pet = Annotated[Cat | Dog, Field(discriminator="kind")]
T = typing.TypeVar("T")


class Page(BaseModel, typing.Generic[T]):
    items: list[T]


def which(value: Any) -> str:
    return "cat" if "lives" in value else "dog"


Chosen = Annotated[Annotated[Cat, Tag("cat")] | Annotated[Dog, Tag("dog")], Discriminator(which)]


# fmt: off
def s01(a: str): "x"
def s02(a: str, b: int = 2): "x"
def s03(a: int, *, b: float = 1.5): "x"
def s04(a: bool = False): "x"
def s05(a: str | None): "x"
def s06(a: str | None = None): "x"
def s07(a: Optional[int] = None): "x"  # noqa: UP045
def s08(a: Union[int, str]): "x"  # noqa: UP007
def s09(a: list[str]): "x"
def s10(a: list[str] = []): "x"  # noqa: B006
def s11(a: dict[str, int]): "x"
def s12(a: dict[str, list[float]] | None = None): "x"
def s13(a: set[int]): "x"
def s14(a: frozenset[str]): "x"
def s15(a: tuple[int, str]): "x"
def s16(a: tuple[int, ...]): "x"
def s17(a: Sequence[str]): "x"
def s18(a: Mapping[str, Any]): "x"
def s19(a: Any): "x"
def s20(a: Literal["a", "b"] = "a"): "x"
def s21(a: Literal[1, "b", None]): "x"
def s22(a: Colour): "x"
def s23(a: Size = Size.SMALL): "x"
def s24(a: Unit | None = None): "x"
def s25(a: datetime.date): "x"
def s26(a: datetime.datetime | None = None): "x"
def s27(a: datetime.time): "x"
def s28(a: datetime.timedelta): "x"
def s29(a: decimal.Decimal): "x"
def s30(a: uuid.UUID): "x"
def s31(a: pathlib.Path): "x"
def s32(a: AnyUrl): "x"
def s33(a: ipaddress.IPv4Address): "x"
def s34(a: SecretStr): "x"
def s35(a: bytes): "x"
def s36(a: PositiveInt): "x"
def s37(a: Annotated[int, Field(ge=1, le=5)] = 3): "x"
def s38(a: Annotated[str, Field(pattern="^[a-z]+$", max_length=9)]): "x"
def s39(a: Annotated[list[int], Field(min_length=1)]): "x"
def s40(a: Item): "x"
def s41(a: list[Item]): "x"
def s42(a: Item | None = None): "x"
def s43(a: Tree): "x"
def s44(a: Pet): "x"
def s45(a: list[Pet]): "x"
def s46(a: Cat | Dog): "x"
def s47(a: Chosen): "x"
def s48(a: Aliased): "x"
def s49(a: Closed): "x"
def s50(a: Place): "x"
def s51(a: Options): "x"
def s52(a: list[Row]): "x"
def s53(a: Point): "x"
def s54(a: Id): "x"
def s55(a: Page[Item]): "x"
def s56(a: dict[Colour, Item]): "x"
def s57(a: int = Field(default=3, ge=0)): "x"
def s58(a: list[int] = Field(default_factory=list)): "x"  # noqa: B008
def s59(schema: str, json: int = 1, copy: bool = False): "x"
def s60(a: complex | str = "1"): "x"
# fmt: on

SIGNATURES: list[Callable[..., Any]] = [each for name, each in sorted(globals().items()) if name[:1] == "s" and name[1:].isdigit()]


def bare(schema: Any, *, is_map: bool = False) -> Any:
    """Return a schema without titles and descriptions, as far as these are no properties."""
    if isinstance(schema, list):
        return [bare(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    dropped = () if is_map else ("title", "description")
    return {key: bare(value, is_map=key in ("properties", "$defs") and not is_map) for key, value in schema.items() if key not in dropped}


@pytest.mark.parametrize("function", SIGNATURES, ids=lambda function: str(function.__annotations__)[:60])
def test_the_schema_is_the_one_that_pydantic_gives(function: Any) -> None:
    theirs: Any = bare(TypeAdapter(function, config=ConfigDict(extra="forbid")).json_schema())
    theirs.setdefault("properties", {})
    assert bare(tool.read(function).parameters) == theirs


def test_there_are_sixty() -> None:
    assert len(SIGNATURES) == 60


# descriptions

GOOGLE = """Order something.

Args:
    item: What to order,
        in one word.
    pieces (int, optional): How many.

Returns:
    A number.
"""
NUMPY = """Order something.

Parameters
----------
item : str
    What to order,
    in one word.
pieces : int, optional
    How many.

Returns
-------
str
    A number.
"""
REST = """Order something.

:param item: What to order,
    in one word.
:type item: str
:param int pieces: How many.
:return: A number.
"""
EPYDOC = """Order something.

@param item: What to order,
    in one word.
@type item: str
@param pieces: How many.
@return: A number.
"""
NO_PARAMETERS = """Order something.

Returns:
    A number.
"""


WHAT, HOW_MANY = "What to order, in one word.", "How many."


def plain(item: str, pieces: int = 1) -> str: ...
def fields(item: Annotated[str, Field(description=WHAT)], pieces: Annotated[int, Field(description=HOW_MANY)] = 1) -> str: ...
def words(item: Annotated[str, "What to order, in one word."], pieces: Annotated[int, Doc(HOW_MANY)] = 1) -> str: ...
def default_fields(item: str = Field(description=WHAT), pieces: int = Field(1, description=HOW_MANY)) -> str: ...


DESCRIBED: dict[str, tuple[Callable[..., str], str]] = {
    "Google": (plain, GOOGLE),
    "NumPy": (plain, NUMPY),
    "reST": (plain, REST),
    "epydoc": (plain, EPYDOC),
    "Annotated with Field": (fields, NO_PARAMETERS),
    "Annotated with plain words and Doc": (words, NO_PARAMETERS),
    "Field as the default": (default_fields, NO_PARAMETERS),
    "Google and Field": (fields, GOOGLE),
}


@pytest.mark.parametrize(("function", "docstring"), DESCRIBED.values(), ids=DESCRIBED)
def test_each_parameter_has_its_description(function: Callable[..., str], docstring: str) -> None:
    def made() -> str: ...

    for name in ("__signature__", "__annotations__", "__defaults__", "__code__"):
        if hasattr(function, name):
            setattr(made, name, getattr(function, name))
    made.__doc__ = docstring
    described = tool.read(name="order")(made)
    told = {name: rule["description"] for name, rule in described.parameters["properties"].items()}
    assert told == {"item": "What to order, in one word.", "pieces": "How many."}
    assert described.description.startswith("Order something.")
    assert not any(mark in described.description for mark in ("How many", "@param", ":param", "----"))


def test_the_context_is_never_in_a_schema() -> None:
    def look(item: str, context: ToolContext[Any], other: int = 1) -> str: ...

    assert list(tool.read(description="Look.")(look).parameters["properties"]) == ["item", "other"]
