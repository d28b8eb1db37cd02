"""Calls written in prose: what is one, what is only mentioned, what is refused; and that a cut stream reads the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sayso.tools import Reader, read, tool
from sayso.tools.dialects import DIALECTS, CallRead, CallStarted, ReadCall, TextRead, collect_signatures, read_native_calls
from sayso.tools.ordering.order_desk import ORDER


@tool.pure(name="CALCULATOR")
def calculator(expression: str) -> str:
    """Calculates."""
    return expression


@tool.read
def book(room: int, guests: int = 1, breakfast: bool = False, size: float | None = None, bed: str = "single") -> str:
    """Books."""
    return "ok"


TOOLS = [calculator, ORDER, book]

CALLS: Mapping[str, tuple[str, list[tuple[str, dict[str, Any]]], str]] = {
    "an expression": (
        "you would have CALCULATOR(100 * 1.05^8) dollars",
        [("CALCULATOR", {"expression": "100 * 1.05^8"})],
        "you would have  dollars",
    ),
    "brackets in it": ("CALCULATOR((1+2)*(3+4))", [("CALCULATOR", {"expression": "(1+2)*(3+4)"})], ""),
    "quoted": ('CALCULATOR("48/2")', [("CALCULATOR", {"expression": "48/2"})], ""),
    "by keyword": ("CALCULATOR(expression='48/2')", [("CALCULATOR", {"expression": "48/2"})], ""),
    "commas in an expression": ("CALCULATOR(max(1, 2))", [("CALCULATOR", {"expression": "max(1, 2)"})], ""),
    "bare words": (
        "ORDER(Burger, 9876, 1234 My Street) Ok!",
        [("ORDER", {"item": "Burger", "customer": "9876", "address": "1234 My Street"})],
        " Ok!",
    ),
    "a comma in the last text": (
        "ORDER(Burger, 9876, 1234 My Street, Springfield)",
        [("ORDER", {"item": "Burger", "customer": "9876", "address": "1234 My Street, Springfield"})],
        "",
    ),
    "an apostrophe": ("ORDER(Burger, 1, 5 O'Brien St)", [("ORDER", {"item": "Burger", "customer": "1", "address": "5 O'Brien St"})], ""),
    "an object": ('ORDER({"item": "Burger", "quantity": 2})', [("ORDER", {"item": "Burger", "quantity": 2})], ""),
    "places, then keywords": ("book(7, breakfast=true)", [("book", {"room": 7, "breakfast": True})], ""),
    "typed by the schema": (
        "book('7', \"2\", True, 1.5, double)",
        [("book", {"room": 7, "guests": 2, "breakfast": True, "size": 1.5, "bed": "double"})],
        "",
    ),
    "an equals sign in the one text": ("CALCULATOR(a?x=1,y=2)", [("CALCULATOR", {"expression": "a?x=1,y=2"})], ""),
    "names in quotes": ('ORDER("item": "Burger", "quantity": 2)', [("ORDER", {"item": "Burger", "quantity": 2})], ""),
    "arrows": ('ORDER(item => "Burger", quantity => 2)', [("ORDER", {"item": "Burger", "quantity": 2})], ""),
    "another case": ("calculator(1+1)", [("CALCULATOR", {"expression": "1+1"})], ""),
    "two": ("CALCULATOR(1) and CALCULATOR(2)", [("CALCULATOR", {"expression": "1"}), ("CALCULATOR", {"expression": "2"})], " and "),
    "in a fence: a mention": ("```\nORDER(Burger, 1, x)\n```", [], "```\nORDER(Burger, 1, x)\n```"),
    "in inline code: a mention": ("write `ORDER(Burger)` to order", [], "write `ORDER(Burger)` to order"),
    "in quotes: a mention": ('say "ORDER(Burger)" to order', [], 'say "ORDER(Burger)" to order'),
    "part of another name": ("REORDER(Burger)", [], "REORDER(Burger)"),
    "only the word": ("your ORDER is ready (soon)", [], "your ORDER is ready (soon)"),
    "an unknown name": ("f(2) is not needed", [], "f(2) is not needed"),
}


@pytest.mark.parametrize(("text", "calls", "prose"), CALLS.values(), ids=CALLS)
def test_a_call_is_read_as_it_is_meant(text: str, calls: list[tuple[str, dict[str, Any]]], prose: str) -> None:
    reading = read(text, TOOLS)
    assert ([(call.tool, dict(call.arguments)) for call in reading.calls], reading.problems, reading.text) == (calls, (), prose)
    for call in reading.calls:
        assert text[slice(*call.span)].upper().startswith(f"{call.tool.upper()}(")


REFUSED = {
    "never closed": ("ORDER(Burger, 9876", "closing parenthesis"),
    "a missing argument": ("book(guests=2)", "'room' is missing"),
    "a word for a number": ("book(seven)", "room as integer, not 'seven'"),
    "half a number": ("book(7.5)", "room as integer, not '7.5'"),
    "an argument twice": ("book(room=1, room=2)", "each argument once, not room twice"),
    "two readings": ("ORDER(Burger, 9876, 5 Elm Street, 2, 0)", ""),
    "a text behind a quoted one": ('ORDER(item="Burger", "large")', "'\"large\"' does not belong to any of its arguments"),
    "a keyword without a value": ("ORDER(item=, quantity=2)", "item has no value"),
    "a place without a value": ("ORDER(, 9876)", "item has no value"),
    "a text behind the one quoted text": ('CALCULATOR("48/2", 3)', "'3' does not belong to any of its arguments"),
    "a keyword for the one text that is not the tool's": ('CALCULATOR(expr="48/2")', "'expression' is missing"),
    "a name in quotes that is not the tool's": ('book("number": 7)', "no argument 'number'"),
    "a keyword that is not the tool's, behind a quoted text": (
        'ORDER(item: "Burger, large", note: "no onions", customer: "9876")',
        "no argument 'note'",
    ),
    "nothing": ("CALCULATOR()", "'expression' is missing"),
}


@pytest.mark.parametrize(("text", "expected"), REFUSED.values(), ids=REFUSED)
def test_what_has_no_one_reading_is_a_problem_and_never_a_call(text: str, expected: str) -> None:
    reading = read(text, TOOLS)
    assert reading.calls == () or text == REFUSED["two readings"][0]
    if not reading.calls:
        (problem,) = reading.problems
        assert expected in problem.expected


@pytest.mark.parametrize("text", [row[0] for row in (*CALLS.values(), *REFUSED.values())])
def test_every_cut_of_the_stream_reads_the_same(text: str) -> None:
    whole = read(text, TOOLS)
    for cut in range(len(text) + 1):
        reader = Reader(TOOLS)
        events = [*reader.feed(text[:cut]), *reader.feed(text[cut:]), *reader.finish()]
        assert reader.close() == whole
        assert "".join(event.text for event in events if isinstance(event, TextRead)) == whole.text
        assert tuple(event.call for event in events if isinstance(event, CallRead)) == whole.calls


def test_prose_is_passed_on_at_once_and_a_call_is_announced_before_it_is_complete() -> None:
    reader = Reader(TOOLS)
    assert reader.feed("Hello there, ") == [TextRead("Hello there, ")]
    assert reader.feed("ORD") == []
    assert reader.feed("ER(Bur") == [CallStarted("ORDER")]
    assert reader.feed("ger)") == []  # a brace behind it would make it code
    assert reader.feed("!") == [CallRead(ReadCall("ORDER", {"item": "Burger"}, (13, 26))), TextRead("!")]


def test_a_long_argument_may_come_in_small_pieces_at_no_growing_cost() -> None:
    reader = Reader(TOOLS)
    reader.feed("ORDER(Burger, 9876, ")
    for _ in range(50_000):
        assert reader.feed("ab") == []
    assert [type(event) for event in [*reader.feed(")"), *reader.finish()]] == [CallRead]


@pytest.mark.parametrize("length", range(990, 1_011))
@pytest.mark.parametrize("lead", ["", "Well. "])
def test_a_broken_call_in_json_of_any_length_is_read_to_its_end(lead: str, length: int) -> None:
    begun = '{"name": "ORDER", "arguments": {"item": "'
    for text in (lead + begun.ljust(length, "a"), (lead + begun).ljust(length, "a")):
        whole = read(text, TOOLS, "json")
        assert (whole.calls, len(whole.problems)) == ((), 1)
        reader = Reader(TOOLS, "json")
        reader.feed(text[:500])
        reader.feed(text[500:])
        assert reader.close() == whole


@given(st.text(alphabet="ORDER(),`\"'= ab12CALCULATOR\n", max_size=60), st.data())
def test_no_text_is_too_strange_to_read_and_no_cut_changes_it(text: str, data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(text)))
    whole = read(text, TOOLS)
    reader = Reader(TOOLS)
    reader.feed(text[:cut])
    reader.feed(text[cut:])
    assert reader.close() == whole


WORDS = st.text(alphabet=st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=20)


@given(item=WORDS, customer=WORDS, address=WORDS, quantity=st.integers(-5, 500))
def test_what_is_rendered_is_read_back(item: str, customer: str, address: str, quantity: int) -> None:
    arguments: dict[str, object] = {"item": item, "customer": customer, "address": address, "quantity": quantity}
    text = DIALECTS["call"].render(ReadCall("ORDER", arguments))
    assert [(call.tool, call.arguments) for call in read(text, TOOLS).calls] == [("ORDER", arguments)]


NATIVE = {
    "whole": ('{"item": "Burger"}', True),
    "empty": ("", True),
    "not JSON": ('{"item": ', False),
    "a list": ("[1]", False),
    "a key twice": ('{"item": "Burger", "item": "Fries"}', False),
    "not a number": ('{"quantity": NaN}', False),
    "a bracket too many": ('{"item": "Burger"}}', True),
    "a copy that breaks off": ('{"item": "Burger"}{"item":', True),
    "another that breaks off": ('{"item": "Burger"}{"quantity":', False),
    "a key twice, and a bracket too many": ('{"item": "Burger", "item": "Fries"}}', False),
    "words behind it": ('{"item": "Burger"} for Ada', False),
    "a label": ('json\n{"item": "Burger"}', True),
    "a byte order mark": ('\ufeff{"item": "Burger"}', True),
}


@pytest.mark.parametrize(("arguments", "good"), NATIVE.values(), ids=NATIVE)
def test_a_native_call_is_read_strictly(arguments: str, good: bool) -> None:
    class Call:
        name = "ORDER"

        def __init__(self) -> None:
            self.arguments = arguments

    (item,) = read_native_calls([Call()], collect_signatures(TOOLS))
    assert isinstance(item, ReadCall) is good


EXPRESSIONS = ("48/2", "360*.1", "(1 + 2) * 3", "-4^2", "5% * 80", "sqrt(16)/2", "2*(3+(4-1))", "1,250 + 3", "7")
FRAMES = (
    "{}",
    "So it is {}.",
    "We need {} to get the total, not f(2).",
    "In all {} dollars ({} of them today) and then {}!",
    "First:\n{}\nThen the rest.",
    "ein Preis von {}€ — genau.",
)
SPELLINGS = (
    "CALCULATOR({})",
    'CALCULATOR("{}")',
    "CALCULATOR('{}')",
    "CALCULATOR(expression='{}')",
    "CALCULATOR( {} )",
    'Calculator({{"expression": "{}"}})',
)


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("frame", FRAMES)
def test_a_sum_is_read_wherever_it_stands(frame: str, spelling: str) -> None:
    for expression in EXPRESSIONS:
        reading = read(frame.replace("{}", spelling.format(expression)), [calculator])
        assert [dict(call.arguments) for call in reading.calls] == [{"expression": expression}] * frame.count("{}")
        assert (reading.text, reading.problems) == (frame.replace("{}", ""), ())
