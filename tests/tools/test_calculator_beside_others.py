"""The calculator beside others: rows of the kinds in their test suites, and what it says where they differ from each other.

The values in data/other_calculators.jsonl were worked out by math.js (64 digits), mpmath and Python's fractions, not by this calculator.
"""

from __future__ import annotations

import json
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from sayso.tools.calculation import CalculationError, calculate

ROWS = [json.loads(line) for line in (Path(__file__).parents[1] / "data" / "other_calculators.jsonl").read_text("utf-8").splitlines()]


@pytest.mark.parametrize("kind", sorted({row["kind"] for row in ROWS}))
def test_it_has_the_values_that_others_have(kind: str) -> None:
    found = {row["expression"]: _told(row["expression"]) for row in ROWS if row["kind"] == kind}
    assert found == {row["expression"]: row["value"] for row in ROWS if row["kind"] == kind}


def _told(expression: str) -> str:
    result = calculate(expression)
    return str(result.exact) if not isinstance(result.exact, str) and not result.label else result.text


# (expression, what this one says, what others say)
DIFFERENT = {
    "a minus before a power": ("-3^2", "-9", "9 in spreadsheets, -9 in mathematics"),
    "towers": ("2^3^2", "512", "64 where powers go left to right (tinyexpr, Excel)"),
    "the caret": ("5^3", "125", "6 where it is exclusive or (C, Python)"),
    "remainder of a negative": ("-8 % 3", "1", "-2 in C, JavaScript and Qalculate"),
    "division of whole numbers": ("5/4", "5/4", "1 in evalexpr and C"),
    "floor of a division": ("-7 // 2", "-4", "-3 where it is cut off towards zero"),
    "half away from zero": ("round(2.5) + round(-3.5)", "-1", "-2 in Python, which rounds to even"),
    "zero to the zero": ("0^0", "1", "undefined in fend and SpeedCrunch"),
    "more than there are": ("ncr(2, 4)", "0", "not a number in tinyexpr"),
    "the log of a power of ten": ("log(1) + log10(1000)", "3", "log is the one to base 10 in tinyexpr, bc has only l"),
    "a leading zero": ("017", "17", "15 where it means octal"),
    "the remainder of a decimal": ("8.4 % 3", "12/5", "2.4000000000000004 in floats"),
    "a percentage added": ("100 + 10%", "110", "100.1 where % is a hundredth, as in Excel; 110 in fend and on pocket calculators"),
    "percentages added": ("10% + 5%", "3/20", "0.105 on pocket calculators"),
    "words for signs": ("5 minus 3", "2", "an error in most"),
}


@pytest.mark.parametrize(("expression", "value", "others"), DIFFERENT.values(), ids=DIFFERENT)
def test_where_others_differ_it_has_one_documented_reading(expression: str, value: str, others: str) -> None:
    assert calculate(expression).exact == Fraction(value), others


# others give a value, each another one
REFUSED = {
    "a small number's remainder, or a percentage": "3 % 5",
    "math.js: (8/2)*4, others 8/(2*4)": "8/2(2+2)",
    "math.js: a product, fend: a repeating decimal": "0.1(6)",
    "nothing but a repeating decimal": "0.(3)",
    "math.js: 720, others 15": "3!! + 5!!",
    "math.js: 2*e, others cut off": "2e",
    "math.js: a product": "3!10",
    "math.js: a product after brackets": "(2+3)2",
    "Qalculate: one number": "123 456",
    "fend: 11": "1,1",
    "tinyexpr: the last one": "1,2+1",
    "SpeedCrunch: a decimal comma": "1+,5",
    "comments": "2 + 3 # - 4",
    "bits": "5 & 3",
    "bits turned": "~2",
    "shifts": "23 << 1",
    "comparison": "2 < 3",
    "and": "1 and 0",
    "a choice": "1 ? 2 : 3",
    "complex numbers": "3i + 4",
    "a root of a negative": "sqrt(-4)",
    "infinity": "1/0",
    "not a number": "0/0",
    "mod with nothing": "1 % 0",
    "a factorial of a fraction": "4.8!",
    "backslash": "5\\2",
    "a string": '"3" + 4',
    "two statements": "a = 3; a * 2",
    "a matrix": "[1, 2] * 2",
    "a range": "2:5",
    "elementwise": "4 .* 2",
    "an open bracket": "1/sin(pi",
    "a bracket too many": "4+5+6)*(1+2",
    "a unit squared": "5 m^2",
    "a space in a number": "2.7 e3",
    "a space after e": "2.7e 3",
    "half an exponent": "3e0.5",
}


@pytest.mark.parametrize("expression", REFUSED.values(), ids=REFUSED)
def test_what_others_read_in_several_ways_is_refused_at_its_place(expression: str) -> None:
    with pytest.raises(CalculationError) as caught:
        calculate(expression)
    assert 0 <= caught.value.position <= len(expression)
    assert str(caught.value).splitlines()[-1].strip() == "^"


NO_SOLUTION = {
    "two imaginary sides": "solve(sqrt(5x + 2) = sqrt(3x - 1), x)",
    "two complex logarithms": "solve(ln(2x - 3) = ln(3x), x)",
    "a root is never negative": "solve(sqrt(x) = -1, x)",
    "a polynomial without real roots": "solve(x^24 + x^23 + x^22 + 3, x)",
    "a fraction without zeros": "solve(1/x = 0, x)",
}
SOLVED = {
    "three real roots without real formula": ("solve(x^3 - 3x + 1 = 0, x)", "-1.87938524157182 or 0.347296355333861 or 1.53208888623796"),
    "a high degree": ("solve(x^24 - x - 1, x)", "-0.906127185084138 or 1.02993969667052"),
    "a zero taken away by the divisor": ("solve((x^2 - 1)/(x - 1) = 0, x)", "-1"),
    "one of two is real": ("solve(sqrt(3x) = sqrt(1/(x - 6)), x)", "6.05505046330389"),
    "a root of a hair below zero": ("solve(sqrt(x^2 - 2) = 0, x)", "-sqrt(2) or sqrt(2)"),
    "one formula is real": ("solve(y = exp(4x), x)", "log(y**(1/4))"),
    "real for some": ("solve(a*x^2 + b = 0, x)", "-sqrt(-b/a) or sqrt(-b/a)"),
}
UNDECIDED = {
    "a sine above one": "solve(3*sin(a^2*x - b) = 4, x)",
    "no formula": "solve(a*x^5 + b*x + c, x)",
    "cases": "solve(a*x^4 + b*x^3 + c*x^2 + d*x + f, x)",
    "an odd root": "solve(x + 2 = cbrt(x), x)",
    "infinitely many": "solve(sin(x) = 1/2, x)",
}


@pytest.mark.parametrize("expression", NO_SOLUTION.values(), ids=NO_SOLUTION)
def test_no_solution_is_said_where_there_is_none(expression: str) -> None:
    with pytest.raises(CalculationError, match="There is no real solution"):
        calculate(expression)


@pytest.mark.parametrize(("expression", "text"), SOLVED.values(), ids=SOLVED)
def test_only_real_solutions_are_listed_and_all_of_them(expression: str, text: str) -> None:
    assert calculate(expression).text == text


@pytest.mark.parametrize("expression", UNDECIDED.values(), ids=UNDECIDED)
def test_what_is_not_solved_is_not_said_to_have_no_solution(expression: str) -> None:
    with pytest.raises(CalculationError) as caught:
        calculate(expression)
    assert caught.value.code == "undecided"


class Text(str):
    """A str that shows something else at each look."""

    __slots__ = ()

    def __len__(self) -> int:
        raise AssertionError("the text's own code ran")

    isascii = translate = __str__ = __len__  # type: ignore[assignment]


class Number(float):
    """A float that prints as another."""

    def __repr__(self) -> str:
        return "__import__('os')"


class Whole(int):
    """An int that converts to another."""

    def as_integer_ratio(self) -> tuple[int, int]:  # type: ignore[override]
        return 7, 0


def test_texts_and_numbers_are_read_as_what_they_are() -> None:
    assert calculate(Text("1+1")).exact == 2
    assert calculate("x + y + z", x=Text("2*3"), y=Number(0.5), z=Whole(4)).exact == Fraction(21, 2)


TOO_LONG = {
    "an exponent of a billion": Decimal("1e999999999"),
    "a billion zeros after the point": Decimal("1e-999999999"),
    "a whole number": 10**5_000,
    "a fraction": Fraction(1, 10**5_000),
    "many digits": Decimal("1" * 5_000),
}


@pytest.mark.parametrize("value", TOO_LONG.values(), ids=TOO_LONG)
def test_a_variable_past_the_limit_is_refused_before_it_is_written_out(value: Decimal | Fraction | int) -> None:
    with pytest.raises(CalculationError, match="variable x") as caught:
        calculate("x", x=value)
    assert caught.value.code == "too_large"


def test_a_long_variable_used_often_is_refused_before_it_is_copied() -> None:
    with pytest.raises(CalculationError, match="parts") as caught:
        calculate("x+" * 4_000 + "x", x="+".join(["1"] * 900))
    assert caught.value.code == "too_large"


def test_zero_has_no_remainder_by_an_irrational_number() -> None:
    assert calculate("0 % pi + (0 % sqrt(2))*5").exact == 0
