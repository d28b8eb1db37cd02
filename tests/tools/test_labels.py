"""Labels are a closed type: their texts are taken as the labels, and whatever else is written is refused where it is written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from enum import StrEnum
from typing import Any

import pytest

from sayso.tools import Content, Effect, Grant, Labels, Outcome, Secrecy, Tool, ToolResult, Trust, UsageError, tool
from sayso.tools.calls import find_labels, strip_labels
from sayso.workflows.runs.codec import from_json


def look() -> str:
    """Looks."""
    return "seen"


class Lookalike(StrEnum):
    """Another enum, whose member is spelled like a label."""

    UNTRUSTED = "untrusted"
    PRIVATE = "private"


DOORS: dict[str, Callable[[Any, Any], Any]] = {
    "@tool.read": lambda trust, secrecy: tool.read(trust=trust, secrecy=secrecy)(look),
    "@tool.pure": lambda trust, secrecy: tool.pure(trust=trust, secrecy=secrecy)(look),
    "@tool.egress": lambda trust, secrecy: tool.egress(trust=trust, secrecy=secrecy)(look),
    "@tool.write": lambda trust, secrecy: tool.write(trust=trust, secrecy=secrecy)(look),
    "@tool": lambda trust, secrecy: tool(trust=trust, secrecy=secrecy)(look),
    "Tool": lambda trust, secrecy: Tool(function=look, name="look", effect=Effect.READ, description="Looks.", trust=trust, secrecy=secrecy),
    "a copy of a tool": lambda trust, secrecy: replace(tool.read(look), trust=trust, secrecy=secrecy),
    "Content": lambda trust, secrecy: Content("text", "origin", trust, secrecy),
    "ToolResult": lambda trust, secrecy: ToolResult("0.0", "text", trust=trust, secrecy=secrecy),
    "a copy of a result": lambda trust, secrecy: replace(ToolResult("0.0", "text"), trust=trust, secrecy=secrecy),
    "a stored result": lambda trust, secrecy: from_json(
        {"$": "ToolResult", "=": {"call_id": "0.0", "content": "text", "trust": trust, "secrecy": secrecy}}
    ),
}
NO_LABELS: dict[str, tuple[Any, Any]] = {
    "a typo": ("untrusted", "privat"),
    "another typo": ("untrustd", "private"),
    "capitals": ("UNTRUSTED", "private"),
    "spaces": ("untrusted ", "private"),
    "the two in each other's place": (Secrecy.PRIVATE, Trust.UNTRUSTED),
    "the other's text": ("private", "untrusted"),
    "another enum": (Lookalike.UNTRUSTED, Lookalike.PRIVATE),
    "true": (True, "private"),
    "false": (False, "private"),
    "a number": ("untrusted", 1),
    "nothing": ("", "private"),
    "a list": (["untrusted"], "private"),
}


@pytest.mark.parametrize("door", DOORS.values(), ids=DOORS)
def test_a_text_is_the_label_it_names(door: Callable[[Any, Any], Any]) -> None:
    made = door("untrusted", "private")
    assert (type(made.trust), made.trust, type(made.secrecy), made.secrecy) == (Trust, Trust.UNTRUSTED, Secrecy, Secrecy.PRIVATE)


@pytest.mark.parametrize("labels", NO_LABELS.values(), ids=NO_LABELS)
@pytest.mark.parametrize("door", DOORS.values(), ids=DOORS)
def test_what_is_no_label_is_refused_by_name(door: Callable[[Any, Any], Any], labels: tuple[Any, Any]) -> None:
    with pytest.raises(UsageError, match=r"is not a (Trust|Secrecy) \(.*(trust|secrecy)=.*\)\. Write one of '"):
        door(*labels)


def test_nobody_vouches_for_what_has_no_trust_and_every_result_has_a_secrecy() -> None:
    assert ToolResult("0.0", "text", trust=None).labels == Labels(unvouched=True)
    with pytest.raises(UsageError, match="None is not a Secrecy"):
        ToolResult("0.0", "text", secrecy=None)  # type: ignore[arg-type]


def test_the_message_names_the_tool() -> None:
    with pytest.raises(UsageError) as refused:
        tool.read(secrecy="privat")(look)  # type: ignore[call-overload]
    assert str(refused.value) == "'privat' is not a Secrecy (the tool look, secrecy=). Write one of 'public', 'private'."


@pytest.mark.parametrize("effect", ["reed", "WRITE", None, True, Trust.TOOL])
def test_an_effect_that_is_none_is_refused(effect: Any) -> None:
    with pytest.raises(UsageError, match="is not an Effect"):
        Tool(function=look, name="look", effect=effect, description="Looks.")


def test_an_effect_that_is_given_as_text_is_the_effect() -> None:
    made: Any = Tool(function=look, name="look", effect="write", description="Looks.")  # type: ignore[arg-type]
    assert made.effect is Effect.WRITE
    with pytest.raises(UsageError, match="asks before it acts"):
        made()


@pytest.mark.parametrize("outcome", ["finished", None, True])
def test_an_outcome_that_is_none_is_refused(outcome: Any) -> None:
    with pytest.raises(UsageError, match="is not an Outcome"):
        ToolResult("0.0", "text", outcome)
    assert ToolResult("0.0", "text", "failed").outcome is Outcome.FAILED  # type: ignore[arg-type]


@pytest.mark.parametrize("label", ["private", 1, None, "no", Trust.UNTRUSTED])
def test_labels_are_true_or_false(label: Any) -> None:
    with pytest.raises(UsageError, match=r"Labels\((untrusted|private|unvouched)="):
        Labels(untrusted=label)


def test_labels_are_joined_with_a_trust_and_a_secrecy() -> None:
    assert Labels().join("untrusted", "private").join(None, Secrecy.PUBLIC) == Labels(untrusted=True, private=True, unvouched=True)
    with pytest.raises(UsageError, match="is not a Trust"):
        Labels().join("private", "private")  # type: ignore[arg-type]


DEFAULTS: dict[str, tuple[Any, Trust | None, Secrecy]] = {
    "pure": (tool.pure, Trust.TOOL, Secrecy.PUBLIC),
    "read": (tool.read, None, Secrecy.PRIVATE),
    "egress": (tool.egress, Trust.UNTRUSTED, Secrecy.PUBLIC),
    "write": (tool.write, None, Secrecy.PUBLIC),
}


@pytest.mark.parametrize(("kind", "trust", "secrecy"), DEFAULTS.values(), ids=DEFAULTS)
def test_what_a_tool_does_not_say_follows_from_its_effect(kind: Any, trust: Trust | None, secrecy: Secrecy) -> None:
    bare, said_nothing = kind(look), kind(trust=None, secrecy=None)(look)
    by_hand: Any = Tool(function=look, name="look", effect=bare.effect, description="Looks.")
    assert {(each.trust, each.secrecy) for each in (bare, said_nothing, by_hand)} == {(trust, secrecy)}


def test_joined_labels_only_grow() -> None:
    every = [Labels(a, b, c) for a in (False, True) for b in (False, True) for c in (False, True)]
    for one in every:
        for other in every:
            joined = one.union(other)
            assert joined == other.union(one)
            assert joined.union(one) == joined
            assert (joined.untrusted, joined.private, joined.unvouched) == (
                one.untrusted or other.untrusted,
                one.private or other.private,
                one.unvouched or other.unvouched,
            )


PAGE = Content("a page", "https://x.example", "untrusted", "public")
DIARY = Content("4711", "diary", Trust.TOOL, Secrecy.PRIVATE)
BOTH = Labels(untrusted=True, private=True)


@pytest.mark.parametrize(
    ("value", "labels"),
    [
        ("text", Labels()),
        ({"a": [1, {"b": PAGE}]}, Labels(untrusted=True)),
        ([PAGE, DIARY], BOTH),
        ((PAGE, {"x": DIARY}), BOTH),
        (Content([PAGE], "here", Trust.TOOL, Secrecy.PRIVATE), BOTH),
        (Content("said nothing of"), Labels(private=True, unvouched=True)),
        (ToolResult("0.0", "x", trust="untrusted"), Labels(untrusted=True)),
    ],
    ids=str,
)
def test_labels_are_found_wherever_a_value_holds_them(value: object, labels: Labels) -> None:
    assert find_labels(value) == labels


def test_a_value_that_holds_itself_is_looked_at_once() -> None:
    around: list[object] = [PAGE]
    around.append(around)
    assert find_labels(around) == Labels(untrusted=True)
    assert strip_labels([PAGE, {"x": DIARY}, "y"]) == ["a page", {"x": "4711"}, "y"]


def test_a_grant_has_no_labels() -> None:
    with pytest.raises(TypeError):
        Grant(tool="mail", trust="user")  # type: ignore[call-arg]
