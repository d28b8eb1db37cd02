"""Where a parameter can be described, and what of it the model sees."""

# The functions here are only looked at: those with a docstring have no body.
# pyright: reportReturnType=false

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal, NamedTuple, NotRequired, Optional

import pytest
import typing_extensions
from pydantic import BaseModel, Field, StringConstraints
from typing_extensions import Doc

from sayso.tools import InvalidArguments, tool


def in_field(city: Annotated[str, Field(description="The city")]) -> str: ...
def in_field_with_rules(city: Annotated[str, Field(description="The city", min_length=2, max_length=9)]) -> str: ...
def in_field_with_a_default(city: Annotated[str, Field(description="The city")] = "Rome") -> str: ...
def in_field_that_is_the_default(city: str = Field("Rome", description="The city")) -> str: ...
def in_field_that_has_the_default(city: Annotated[str, Field(default="Rome", description="The city")]) -> str: ...
def in_text(city: Annotated[str, "The city"]) -> str: ...
def in_text_of_lines(city: Annotated[str, "The\n    city"]) -> str: ...
def in_doc(city: Annotated[str, Doc("The city")]) -> str: ...
def in_text_beside_rules(city: Annotated[str, "The city", Field(max_length=9)]) -> str: ...
def in_text_beside_other_rules(city: Annotated[str, StringConstraints(max_length=9), Doc("The city")]) -> str: ...
def in_field_before_text(city: Annotated[str, "a comment", Field(description="The city")]) -> str: ...
def inside_optional(city: Optional[Annotated[str, Field(description="The city")]] = None) -> str: ...  # noqa: UP045
def inside_a_union(city: Annotated[str, "The city"] | None = None) -> str: ...
def around_optional(city: Annotated[str | None, Doc("The city")] = None) -> str: ...
def twice_annotated(city: Annotated[Annotated[str, "The city"], Field(max_length=9)]) -> str: ...
def of_a_choice(city: Annotated[Literal["Rome", "Oslo"], "The city"]) -> str: ...
def of_a_list(city: Annotated[list[str], Field(description="The city", min_length=1)]) -> str: ...


City = typing_extensions.TypeAliasType("City", Annotated[str, "The city"])
Town = typing_extensions.TypeAliasType("Town", Annotated[str, Field(description="The city", min_length=2)])


def in_an_alias(city: City) -> str: ...
def in_an_alias_with_rules(city: Town) -> str: ...
def in_an_optional_alias(city: City | None = None) -> str: ...


def in_docstring(city: str) -> str:
    """Say.

    Args:
        city: The city
    """


def in_docstring_and_hint(city: Annotated[str, Field(description="another", max_length=9)]) -> str:
    """Say.

    Args:
        city: The city
    """


def in_docstring_and_default(city: str = Field("Rome", description="another")) -> str:
    """Say.

    Args:
        city: The city
    """


def in_hint_and_docstring_of_another(city: Annotated[str, Field(description="The city")], days: int) -> str:
    """Say.

    Args:
        days: How many
    """


def in_hint_and_empty_in_docstring(city: Annotated[str, "The city"]) -> str:
    """Say.

    Args:
        city:
    """


WAYS = [
    in_field,
    in_field_with_rules,
    in_field_with_a_default,
    in_field_that_is_the_default,
    in_field_that_has_the_default,
    in_text,
    in_text_of_lines,
    in_doc,
    in_text_beside_rules,
    in_text_beside_other_rules,
    in_field_before_text,
    inside_optional,
    inside_a_union,
    around_optional,
    twice_annotated,
    of_a_choice,
    of_a_list,
    in_an_alias,
    in_an_alias_with_rules,
    in_an_optional_alias,
    in_docstring,
    in_docstring_and_hint,
    in_docstring_and_default,
    in_hint_and_docstring_of_another,
    in_hint_and_empty_in_docstring,
]


@pytest.mark.parametrize("way", WAYS)
def test_a_description_reaches_the_schema(way: Callable[..., str]) -> None:
    made = tool.read(description="Say.")(way)
    assert made.parameters["properties"]["city"]["description"] == "The city"
    assert made.openai_schema()["function"]["parameters"] == made.parameters


def test_nothing_else_of_a_hint_is_lost() -> None:
    @tool.read
    def weather(
        city: Annotated[str, Field(description="The city", min_length=2, examples=["Rome"])],
        days: Annotated[int, "How many", Field(ge=1, le=9)] = 3,
        unit: Annotated[Literal["C", "F"], Doc("The unit")] = "C",
    ) -> str:
        """Say what the weather will be."""
        return f"{city} {days} {unit}"

    assert weather.parameters == {
        "properties": {
            "city": {"description": "The city", "examples": ["Rome"], "minLength": 2, "type": "string"},
            "days": {"default": 3, "description": "How many", "maximum": 9, "minimum": 1, "type": "integer"},
            "unit": {"default": "C", "description": "The unit", "enum": ["C", "F"], "type": "string"},
        },
        "required": ["city"],
        "type": "object",
        "additionalProperties": False,
    }
    arguments: dict[str, Any] = weather.check({"city": "Rome"})
    assert weather(**arguments) == "Rome 3 C"
    for wrong in ({"city": "R"}, {"city": "Rome", "days": 0}, {"city": "Rome", "unit": "K"}):
        with pytest.raises(InvalidArguments):
            weather.check(wrong)


class Place(BaseModel):
    city: Annotated[str, "The city"]
    street: Annotated[str, Field(description="The street")]
    number: int = Field(1, description="The number")


@dataclass
class Order:
    item: Annotated[str, Field(description="What")]
    count: Annotated[int, Doc("How many")]
    place: Place


class Wish(typing_extensions.TypedDict):
    what: Annotated[str, "A wish"]
    until: NotRequired[Annotated[str, Field(description="A day")]]


class Hope(typing_extensions.TypedDict):
    what: typing_extensions.NotRequired[Annotated[str, Doc("A hope")]]


class Pair(NamedTuple):
    left: Annotated[str, "The left one"]


@tool.read
def nested(
    orders: Annotated[list[Order], "The orders"],
    wishes: dict[str, Wish],
    tags: list[Annotated[str, "A tag"]],
    prices: dict[str, Annotated[float, Field(description="A price", ge=0)]],
    hope: Hope | None = None,
) -> str:
    """Say."""
    return ""


def described(schema: Any, at: str = "") -> dict[str, str]:
    """Every description in a schema, by where it is."""
    if not isinstance(schema, dict):
        return {}
    own = {at: schema["description"]} if isinstance(schema.get("description"), str) else {}
    return own | {place: text for key, value in schema.items() for place, text in described(value, f"{at}/{key}".lstrip("/")).items()}


def test_descriptions_inside_of_types_stay_where_they_are() -> None:
    found = {place.replace("/properties", ""): text for place, text in described(nested.parameters).items() if not place.endswith("Order")}
    assert found == {
        "$defs/Place/city": "The city",
        "$defs/Place/street": "The street",
        "$defs/Place/number": "The number",
        "$defs/Order/item": "What",
        "$defs/Order/count": "How many",
        "$defs/Wish/what": "A wish",
        "$defs/Wish/until": "A day",
        "$defs/Hope/what": "A hope",
        "properties/orders": "The orders",
        "properties/tags/items": "A tag",
        "properties/prices/additionalProperties": "A price",
    }


def test_types_that_hold_no_types_are_left_alone() -> None:
    @tool.read
    def pick(one: Literal["a", "b"], pair: tuple[int, ...] = (), many: set[Annotated[int, "n"]] = set(), at: Pair | None = None) -> str:  # noqa: B006
        """Pick."""
        return f"{one}{pair}{many}"

    assert pick.parameters["properties"]["one"] == {"enum": ["a", "b"], "type": "string"}
    assert pick.parameters["properties"]["many"]["items"] == {"description": "n", "type": "integer"}
    arguments: dict[str, Any] = pick.check({"one": "a", "pair": [1], "many": [2]})
    assert pick(**arguments) == "a(1,){2}"
