"""The CALCULATOR tool: its schema, its answers, and how a value reads inside a sentence."""

from __future__ import annotations

import asyncio
from typing import Literal

import pytest

from sayso.tools import CalculationError, Effect, ToolContext, ToolError, UsageError, fill, tool
from sayso.tools.calculation import calculator
from sayso.tools.calculation.calculator_tool import format_inline
from sayso.tools.sandbox import close_all

READS = {
    "before a currency word": ("147.74554437890625", "you would have ", " dollars", "147.75"),
    "after a currency sign": ("147.74554437890625", "you would have $", ".", "147.75"),
    "elsewhere": ("147.74554437890625", "x = ", ".", "147.745544379"),
    "half a cent goes up": ("0.125", "$", "", "0.13"),
    "a debt": ("-3.455", "$", "", "-3.46"),
    "whole money": ("24", "$", ".", "24"),
    "tens of cents": ("24.5", "€", ".", "24.50"),
    "a sign before that is there already": ("$3,600", "pay $", ".", "3,600"),
    "a word after that says the sign": ("$3,600", "pay ", " dollars", "3,600"),
    "a sign of the next number": ("1.4142135623731", "x = ", " €7.50", "1.41421356237"),
    "a percentage": ("25%", "That is ", " of it", "25%"),
    "a percentage before its sign": ("25%", "That is ", "% of it", "25"),
    "a percentage before its word": ("25%", "That is ", " percent of it", "25"),
    "a sign of the next call": ("1.4142135623731", "x = ", " €CALCULATOR(", "1.41421356237"),
    "a sign after, and a word": ("147.7455", "", " € in all", "147.75"),
    "its own sign": ("$3,600", "pay ", ".", "$3,600"),
    "long whole numbers stay whole": ("123456789012345678", "", "", "123456789012345678"),
    "a spelling": ("3*x**2", "it is ", "", "3*x**2"),
    "a unit": ("30 km/h", "at ", "", "30 km/h"),
    "another word": ("1.23456789012345", "", " dogs", "1.23456789012"),
    "a fraction of a cent": ("-0.001", "$", "", "0"),
}


@pytest.mark.parametrize(("value", "before", "after", "text"), READS.values(), ids=READS)
def test_a_value_reads_as_the_sentence_around_it_asks(value: str, before: str, after: str, text: str) -> None:
    assert format_inline(value, before, after) == text


def test_a_sign_between_two_calls_belongs_to_the_second() -> None:
    assert fill("CALCULATOR(1/7) €CALCULATOR(1/7) CALCULATOR(1/7) € in all", [calculator]) == ("0.142857142857 €0.14 0.14 € in all")


def test_an_inline_function_is_shown_the_end_of_a_long_text() -> None:
    shown: list[str] = []

    def inline(value: object, before: str, after: str) -> str:
        shown.append(before)
        return f"<{value}>"

    @tool.pure(inline=inline)
    def double(number: int) -> int:
        """Double a number."""
        return 2 * number

    assert fill("a" * 1000 + " double(1)" * 300, [double]) == "a" * 1000 + " <2>" * 300
    assert shown[:2] == ["a" * 199 + " ", "a" * 195 + " <2> "]
    assert {len(before) for before in shown} == {200}


@pytest.mark.parametrize("text", [7, None, b"CALCULATOR(1+1)"])
def test_only_text_is_filled(text: object) -> None:
    with pytest.raises(UsageError, match="takes a text"):
        fill(text, [calculator])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("tools", "told"),
    [(calculator, "takes a list of tools"), (None, "takes a list of tools"), ([calculator.openai_schema()], "it takes Tools")],
)
def test_tools_to_fill_with_are_a_list_of_tools(tools: object, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        fill("CALCULATOR(1+1)", tools)  # type: ignore[arg-type]


def test_the_tool_is_pure_and_takes_one_text() -> None:
    assert (calculator.name, calculator.effect) == ("CALCULATOR", Effect.PURE)
    assert list(calculator.parameters["properties"]) == ["expression"]
    assert calculator("100 * 1.05^8") == "147.74554437890625"


def test_a_refusal_is_an_answer_that_the_model_can_use() -> None:
    call = {"id": "c1", "function": {"name": "CALCULATOR", "arguments": '{"expression": "17 % 340"}'}}
    answer = calculator.answer(call)
    assert answer["tool_call_id"] == "c1"
    assert answer["content"].startswith("Error: This can mean 17% of 340 or the remainder of 17 / 340; write 17% * 340 or 17 mod 340.")
    call["function"] = {"name": "CALCULATOR", "arguments": '{"expression": "48/2"}'}
    assert calculator.answer(call)["content"] == "24"


LEAKED = {
    "a part of the schema beside it": ("CALCULATOR", '{"expression": "48/2", "type": "string"}', "24"),
    "a part of the schema alone": ("CALCULATOR", '{"type": "string"}', "'expression' is missing"),
    "marks around the name": ("functions.CALCULATOR<|channel|>commentary", '{"expression": "48/2"}', "24"),
    "a fence and a trailing comma": ("CALCULATOR", '```json\n{"expression": "48/2",}\n```', "24"),
    "the object twice": ("CALCULATOR", '{"expression": "48/2"}{"expression": "48/2"}', "24"),
    "an object": ("CALCULATOR", {"expression": "48/2"}, "24"),
    "two objects": ("CALCULATOR", '{"expression": "1"}{"expression": "2"}', "there are 2 of them"),
}


@pytest.mark.parametrize(("name", "arguments", "said"), LEAKED.values(), ids=LEAKED)
def test_a_call_of_a_loop_of_your_own_is_read_like_any_other(name: str, arguments: object, said: str) -> None:
    answer = calculator.answer({"id": "c1", "function": {"name": name, "arguments": arguments}})
    assert said in answer["content"]


async def test_the_event_loop_goes_on_while_the_worker_calculates() -> None:
    turns = 0

    async def turning() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    close_all()  # so that a worker has to be started, which takes as long as a hard expression
    other = asyncio.create_task(turning())
    value = await calculator.perform({"expression": "sqrt(2) * sqrt(8) + sin(pi/5)^2 + cos(pi/5)^2"}, ToolContext(None))
    other.cancel()
    assert (value, turns > 100) == ("5", True)


async def test_awaited_or_not_the_calculator_says_the_same() -> None:
    for expression in ("1/3", "sqrt(2)", "1/0", "2 +", "x + 1"):
        told = []
        for calculation in (calculator.perform({"expression": expression}, ToolContext(None)), asyncio.to_thread(calculator, expression)):
            try:
                told.append(await calculation)
            except CalculationError as error:
                told.append(str(error))
        assert told[0] == told[1]


def test_the_tool_says_that_an_angle_was_in_radians_but_not_in_the_middle_of_a_sentence() -> None:
    assert calculator("sin(30)") == "-0.988031624092862 (the angle is in radians; for degrees write sin(30°))"
    assert calculator("log(1000)") == "6.90775527898214 (log is the natural logarithm here; log10 is the one to base 10)"
    assert calculator("log(8, 2) + log10(100) + ln(1)") == "5"
    assert fill("It is CALCULATOR(log(1000)).", [calculator]) == "It is 6.90775527898."
    assert calculator("sin(30°)") == "0.5"
    assert calculator("sin(pi/6)") == "0.5"
    assert fill("It is CALCULATOR(sin(30)) high.", [calculator]) == "It is -0.988031624093 high."


MISFIT = "First CALCULATOR(1/0), then CALCULATOR(2+2), last CALCULATOR(3+3"
FILLED = {
    "keep": "First CALCULATOR(1/0), then 4, last CALCULATOR(3+3",
    "mark": "First [CALCULATOR(1/0): Division by zero.], then 4, "
    "last [CALCULATOR(3+3: a closing parenthesis: CALCULATOR(expression) was expected.]",
}


@pytest.mark.parametrize(("on_error", "filled"), FILLED.items(), ids=FILLED)
def test_a_call_that_cannot_be_computed_is_kept_or_marked(on_error: Literal["keep", "mark"], filled: str) -> None:
    assert fill(MISFIT, [calculator], on_error=on_error) == filled
    with pytest.raises(ToolError, match="closing parenthesis"):
        fill(MISFIT, [calculator])
    with pytest.raises(UsageError, match='is "raise", "keep" or "mark"'):
        fill(MISFIT, [calculator], on_error="drop")  # type: ignore[arg-type]
