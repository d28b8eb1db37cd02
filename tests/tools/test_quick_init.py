"""A frozen dataclass that is filled quickly is the same to everybody who uses it."""

from __future__ import annotations

import copy
import inspect
import pickle
from collections.abc import Callable
from dataclasses import FrozenInstanceError, dataclass, replace

import pytest

from sayso.tools import Outcome, ToolCall, ToolResult, UsageError
from sayso.tools.effects import Secrecy, Trust
from sayso.tools.quick_init import fill_quickly
from sayso.workflows import RunResult

RESULT = ToolResult("0.0", "520 calories", Outcome.FAILED, "calories", "untrusted", "private")
MADE = {
    "a call": ToolCall("0.0", "calories", {"item": "cheeseburger"}),
    "a result, its labels given as texts": RESULT,
    "a run's result, which is generic": RunResult("r1", 17),
}


@dataclass(frozen=True, slots=True)
class Noted(ToolResult):
    """A result with a field more."""

    note: str = ""


SAME: dict[str, Callable[[object], object]] = {
    "copied": copy.copy,
    "copied deeply": copy.deepcopy,
    "replaced": lambda value: replace(value),  # type: ignore[type-var]
    "pickled": lambda value: pickle.loads(pickle.dumps(value)),
}


@pytest.mark.parametrize("value", MADE.values(), ids=MADE)
@pytest.mark.parametrize("again", SAME.values(), ids=SAME)
def test_what_is_made_of_it_again_is_the_same(value: object, again: Callable[[object], object]) -> None:
    other = again(value)
    assert (other, type(other), repr(other)) == (value, type(value), repr(value))


@pytest.mark.parametrize("value", [*MADE.values(), Noted("0.0", "", note="a")], ids=[*MADE, "a subclass"])
def test_nobody_can_change_it(value: object) -> None:
    name = type(value).__match_args__[0]  # type: ignore[attr-defined]
    with pytest.raises(FrozenInstanceError):
        setattr(value, name, "other")
    with pytest.raises(FrozenInstanceError):
        delattr(value, name)


def test_its_labels_are_checked_as_before() -> None:
    assert (RESULT.trust, RESULT.secrecy) == (Trust.UNTRUSTED, Secrecy.PRIVATE)
    with pytest.raises(UsageError, match="'trusted' is not a Trust"):
        ToolResult("0.0", "", trust="trusted")  # type: ignore[arg-type]


def test_its_arguments_are_those_of_a_dataclass() -> None:
    @dataclass(frozen=True, slots=True)
    class Point:
        x: int
        y: int = 2

    written = inspect.signature(Point)
    quick = fill_quickly(Point)
    assert list(inspect.signature(quick).parameters) == list(written.parameters)
    assert (quick(1), quick(y=3, x=1)) == (quick(1, 2), quick(1, 3))
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'x'"):
        quick()  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="unexpected keyword argument 'z'"):
        quick(1, z=3)  # type: ignore[call-arg]


def test_a_subclass_has_its_own_fields() -> None:
    noted = Noted("0.0", "520", note="by hand")
    assert (type(noted), noted.note, noted.content, noted == ToolResult("0.0", "520")) == (Noted, "by hand", "520", False)
