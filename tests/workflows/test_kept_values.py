"""Values on their way through a journal: whatever is kept comes back as it was, and what would not is refused by its place."""

from __future__ import annotations

import json
import math
from collections import Counter, OrderedDict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from fractions import Fraction
from pathlib import PurePath
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, SecretStr, computed_field

from sayso.agents.messages import Conversation, UserMessage
from sayso.tools import Approve, Edit, LimitReached, Reject
from sayso.tools.errors import NotFinished, RunError
from sayso.workflows import CallFailed, Draft, Usage
from sayso.workflows.runs.codec import NotJson, from_json, to_json
from sayso.workflows.runs.journal import Failure


class Colour(Enum):
    RED = "red"
    PAIR = (1, 2)


class Level(IntEnum):
    LOW = 1


class Word(StrEnum):
    YES = "yes"


class Point(NamedTuple):
    x: Any
    y: Any = None


@dataclass(frozen=True, slots=True)
class Box:
    name: str
    inside: Any = None
    tags: tuple[str, ...] = ()


class Claim(BaseModel):
    text: str
    quote: str | None = None
    at: datetime | None = None
    inner: list[Claim] = Field(default_factory=list)


def through(value: Any) -> Any:
    """What a file gives back."""
    return from_json(json.loads(json.dumps(to_json(value))))


def same(one: Any, other: Any) -> bool:
    """Equal, and of equal types all the way down."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(same(left, right) for left, right in zip(one, other, strict=True))
    if isinstance(one, Box):
        return same((one.name, one.inside, one.tags), (other.name, other.inside, other.tags))
    return bool(one == other)


moments = st.datetimes() | st.datetimes(timezones=st.just(UTC)) | st.datetimes(timezones=st.just(timezone(timedelta(hours=5, minutes=30))))
leaves = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(alphabet=st.characters()),
    st.decimals(allow_nan=False, allow_infinity=False),
    st.fractions(),
    st.dates(),
    moments,
    st.sampled_from([Colour.RED, Colour.PAIR, Level.LOW, Word.YES]),
    st.frozensets(st.integers(), max_size=4),
    st.builds(Claim, text=st.text(max_size=5), at=st.none() | st.datetimes(timezones=st.just(UTC))),
)
keys = st.text(max_size=4) | st.sampled_from(["$", "=", "$$", "_fields"])
values = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(keys, inner, max_size=4),
        st.lists(inner, max_size=3).map(tuple),
        st.builds(Point, inner, inner),
        st.builds(Box, st.text(max_size=5), inner),
    ),
    max_leaves=12,
)


@given(values)
def test_whatever_is_kept_comes_back_equal_and_of_the_same_types(value: Any) -> None:
    assert same(through(value), value)


OURS: dict[str, Any] = {
    "decisions": [Approve(by="ada", at=1.5), Edit({"to": "bob", "$": 1}), Reject("no")],
    "a draft": Draft("task", ("text",), {"say": "longer"}),
    "usage": Usage(1, 2, 0.5),
}


@pytest.mark.parametrize("value", OURS.values(), ids=OURS)
def test_our_own_values_come_back(value: Any) -> None:
    assert same(through(value), value)


@pytest.mark.parametrize(
    "error",
    [
        ValueError("broken"),
        KeyError("x"),
        OSError(2, "no such file"),
        RunError("stopped"),
        NotFinished("waits"),
        LimitReached("tokens", 5, 6),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_comes_back_as_its_kind_with_its_sentence(error: Exception) -> None:
    back = through(Failure(error)).error
    assert type(back) is type(error)
    assert str(error) in str(back)
    assert {name: getattr(back, name) for name in vars(error)} == vars(error)


def test_an_error_with_a_result_keeps_it() -> None:
    from sayso.tools import Outcome, ToolResult

    back = through(CallFailed("ORDER", ToolResult("0.0", "sold out", Outcome.UNKNOWN, "ORDER")))
    assert (back.tool, back.result.outcome) == ("ORDER", Outcome.UNKNOWN)


class Sealed(BaseModel):
    password: SecretStr


class Excluding(BaseModel):
    name: str
    notes: str = Field(default="", exclude=True)


class Counting(BaseModel):
    model_config = ConfigDict(extra="forbid")
    number: int

    @computed_field
    def double(self) -> int:
        return self.number * 2


class Aliased(BaseModel):
    model_config = ConfigDict(populate_by_name=True)
    size: int = Field(alias="Size")


REFUSED: dict[str, tuple[Any, str]] = {
    "a number that is none": ({"a": [math.nan]}, r"value\.a\[0\] is nan"),
    "infinity in a tuple": ((1, math.inf), r"value\[1\] is inf"),
    "bytes": (Box("x", [b"raw"]), r"value\.inside\[0\] is a builtins\.bytes"),
    "a key that is not text": ({"a": {1: 2}}, r"value\.a has the key 1"),
    "a function": ([len], r"value\[0\] is a builtins\.builtin_function"),
    "a path": (PurePath("a"), "pathlib"),
    "an object in a named tuple": (Point(1, object()), r"value\.y is a builtins\.object"),
    "a class": (Box, "value is a builtins.type"),
    "text of a kind of its own": (type("Loud", (str,), {})("x"), "Loud"),
    "a secret in a model": (Sealed(password=SecretStr("hunter2")), "does not bring back unchanged"),
    "a field that is left out": (Excluding(name="a", notes="b"), "does not bring back unchanged"),
    "a model that refuses its own JSON": (Counting(number=1), "cannot be read back"),
}


@pytest.mark.parametrize(("value", "told"), REFUSED.values(), ids=REFUSED)
def test_what_would_not_come_back_is_refused_by_its_place(value: Any, told: str) -> None:
    with pytest.raises(NotJson, match=told) as caught:
        to_json(value)
    assert "hunter2" not in str(caught.value)


def test_a_model_with_other_names_outside_comes_back() -> None:
    assert through(Aliased.model_validate({"size": 3})) == Aliased.model_validate({"size": 3})
    assert through(Excluding(name="a")) == Excluding(name="a")


def test_ordered_and_counting_dicts_become_plain_ones() -> None:
    assert through(OrderedDict(b=1, a=2)) == {"b": 1, "a": 2}
    assert through(Counter("aab")) == {"a": 2, "b": 1}


UNSAFE = {
    "a function": {"$": "os:system", "=": ["true"]},
    "a class that is no value": {"$": "subprocess:Popen", "=": {"args": ["true"]}},
    "a module that is not loaded": {"$": "antigravity:fly", "=": []},
    "a class of a module, through another": {"$": "json:codecs.Codec", "=": {}},
    "nothing at all": {"$": ":", "=": {}},
    "a tag that is not text": {"$": "builtins:dict", "=": {}},
}


@pytest.mark.parametrize("data", UNSAFE.values(), ids=UNSAFE)
def test_what_a_journal_names_is_not_made_unless_it_is_a_kind_of_value(data: Any) -> None:
    import sys

    with pytest.raises(NotJson):
        from_json(data)
    assert "antigravity" not in sys.modules


def test_a_value_that_was_kept_by_name_is_read_though_its_class_is_a_named_tuple_now() -> None:
    said = {"$": "tuple", "=": [{"$": "sayso.agents.messages:UserMessage", "=": {"text": "Hi", "example": True}}]}
    kept = {"$": "sayso.agents.messages:Conversation", "=": {"text": "A burger, please", "history": said}}
    assert from_json(kept) == Conversation("A burger, please", (UserMessage("Hi", example=True),))


@dataclass
class Derived:
    name: str
    length: int = field(init=False)

    def __post_init__(self) -> None:
        self.length = len(self.name)


def test_a_field_that_is_worked_out_is_worked_out_again() -> None:
    assert through(Derived("abc")) == Derived("abc")


def test_dates_and_money_are_exact() -> None:
    values = [date(2026, 1, 2), Decimal("1.10"), Fraction(1, 3), datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC)]
    assert [str(each) for each in through(values)] == [str(each) for each in values]
