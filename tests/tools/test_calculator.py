"""The calculator at its public door: values, refusals, results."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from sayso.tools import ToolError, UsageError
from sayso.tools.calculation import CalculationError, Result, calculate

EXACT = {
    "the course's sentence": ("100 * 1.05^8", "14774554437890625/100000000000000"),
    "decimals are rationals": ("0.1+0.2", "3/10"),
    "thirds stay thirds": ("1/3*3", "1"),
    "power is right-associative": ("3**2**2", "81"),
    "minus binds looser than power": ("-4**2", "-16"),
    "a negative exponent": ("2^-2", "1/4"),
    "a chain of signs": ("5--3+-+2", "6"),
    "floored remainder": ("-7 % 3", "2"),
    "remainder has the divisor's sign": ("7 % -3", "-2"),
    "remainder of fractions": ("7.5 % 2", "3/2"),
    "floored division": ("-9 // 4", "-3"),
    "division and remainder go left to right": ("20 // 3 % 4 * 2", "4"),
    "big integers": ("12345678901234567890*10", "123456789012345678900"),
    "leading and trailing dots": (".5 + 5.", "11/2"),
    "exponents of ten": ("1e3 + 2.5E-1", "4001/4"),
    "a percentage of": ("20% of 50", "10"),
    "percent before an operator": ("50%*20", "10"),
    "percent at the end": ("20*50%", "10"),
    "one plus percent has one reading": ("(1+5%)^2", "441/400"),
    "factorial before power": ("2^3!", "64"),
    "minus factorial": ("-3!", "-6"),
    "groups of three": ("1,234,567.5 * 2", "2469135"),
    "commas in calls separate": ("max(1,234)", "234"),
    "a product without a sign": ("2(3+4)", "14"),
    "brackets side by side": ("(1+2)(3+4)", "21"),
    "product before power": ("2(3)^2", "18"),
    "superscripts": ("2³ + 10⁻¹", "81/10"),
    "unicode operators": ("6×4÷3−2·1", "6"),
    "fullwidth digits": ("９＋１", "10"),
    "roots that come out": ("sqrt(81) + cbrt(-27) + root(32, 5)", "8"),
    "a rational power that comes out": ("(4/9)^1.5", "8/27"),
    "logarithms that come out": ("log(8, 4) + log10(0.01) + log2(32)", "9/2"),
    "a half is rounded away from zero": ("round(2.5) + round(-2.5) + round(1.005, 2)", "101/100"),
    "rounding to tens": ("round(1250, -2)", "1300"),
    "floor, ceil, trunc": ("floor(-1.5) + ceil(-1.5) + trunc(-1.5)", "-4"),
    "lists": ("sum([1, 2, 3.5]) + mean(1, 2) + median(3, 1, 2, 10)", "21/2"),
    "divisors": ("gcd(12, 18) + lcm(4, 6)", "18"),
    "choices": ("comb(52, 5) + perm(5, 2) + nCr(5, 7)", "2598980"),
    "deviation that comes out": ("stdev(1, 3, 5)", "2"),
    "zero to the zero": ("0^0", "1"),
    "huge exponents of one": ("1^(10^4000) + (-1)^(10^4000+1)", "0"),
    "names in capitals": ("SQRT(4) + Max(1, 2)", "4"),
    "a line that goes on": ("(1 +\n2)", "3"),
    "the limit of digits": ("10^4299 / 10^4298", "10"),
    "a new line after an operator": ("1 +\n 2", "3"),
    "spaces around": ("  \t1 + 1\n", "2"),
}
REFUSED = {
    "empty": ("", 0, "syntax_error"),
    "spaces only": ("   ", 0, "syntax_error"),
    "an open end": ("3 +", 3, "syntax_error"),
    "an open power": ("2**3**", 6, "syntax_error"),
    "an open bracket": ("((3)", 0, "syntax_error"),
    "a bracket too many": ("(3))", 3, "syntax_error"),
    "empty brackets": ("()", 1, "syntax_error"),
    "adjacent numbers": ("3 4", 2, "syntax_error"),
    "number after bracket": ("(3)4", 3, "syntax_error"),
    "two dots": ("1.2.3", 3, "syntax_error"),
    "wrong groups": ("4,56", 1, "ambiguous"),
    "a group too long": ("1,2345", 1, "ambiguous"),
    "a leading zero group": ("0,123", 1, "ambiguous"),
    "indian groups": ("1,00,000", 1, "ambiguous"),
    "a group after a space": ("1, 234", 1, "ambiguous"),
    "an amount in a call": ("max($1,200, 5)", 6, "ambiguous"),
    "division and implicit product": ("8/2(2+2)", 3, "ambiguous"),
    "division and implicit constant": ("1/2pi", 3, "ambiguous"),
    "power and implicit product": ("2^3(4)", 3, "ambiguous"),
    "percent plus": ("10% + 5", 4, "ambiguous"),
    "percent minus with spaces": ("10% - 5", 4, "ambiguous"),
    "percent in an exponent": ("2^5%", 3, "ambiguous"),
    "double factorial": ("5!!", 1, "ambiguous"),
    "cut-off exponent": ("2e", 1, "ambiguous"),
    "cut-off exponent after a point": ("102.e + 7", 4, "ambiguous"),
    "cut-off exponent of a fraction": (".25e-pi", 3, "ambiguous"),
    "mapping makes no operators": ("2××3", 2, "syntax_error"),
    "a star and a times sign": ("2*×3", 2, "syntax_error"),
    "unknown name": ("y+1", 0, "unknown_name"),
    "trailing words": ("4 and 5 oranges", 2, "unknown_name"),
    "not a number": ("nan+1", 0, "unknown_name"),
    "infinity": ("1 + inf", 4, "unknown_name"),
    "a word after a division": ("48/2 clips", 5, "unknown_name"),
    "unknown function": ("system(1)", 0, "unknown_function"),
    "dunder": ("__import__('os')", 11, "syntax_not_allowed"),
    "attribute": ("(1).real", 3, "syntax_not_allowed"),
    "text": ("'abc'", 1, "unknown_name"),
    "list": ("[7]", 0, "syntax_not_allowed"),
    "lambda": ("lambda: 1", 6, "syntax_not_allowed"),
    "comparison": ("1 < 2", 2, "syntax_not_allowed"),
    "NUL": ("1+\x002", 2, "syntax_not_allowed"),
    "a separator control": ("1\x1c+2", 1, "syntax_not_allowed"),
    "zero-width space in a number": ("1\u200b000", 2, "syntax_error"),
    "arabic digits": ("٣+٤", 0, "syntax_not_allowed"),
    "fullwidth letters": ("ｐｉ", 0, "syntax_not_allowed"),
    "a superscript alone": ("²3", 0, "syntax_not_allowed"),
    "two lines": ("1\n+2", 2, "syntax_error"),
    "division by zero": ("3/0", 1, "math_domain"),
    "zero by zero": ("0/0", 1, "math_domain"),
    "remainder by zero": ("5 % 0", 2, "math_domain"),
    "zero to a negative power": ("0^-1", 1, "math_domain"),
    "log of zero": ("log(0)*2", 0, "math_domain"),
    "root of a negative": ("sqrt(-4)", 0, "math_domain"),
    "negative to a fraction": ("(-8)^(1/3)", 4, "math_domain"),
    "factorial of a fraction": ("0.5!", 3, "math_domain"),
    "factorial of a negative": ("(-1)!", 4, "math_domain"),
    "asin out of range": ("asin(2)", 0, "math_domain"),
    "gcd of fractions": ("gcd(1.5, 2)", 0, "math_domain"),
    "a tower": ("8**8**8**8", 4, "too_large"),
    "a huge factorial": ("factorial(5*10**6)", 0, "too_large"),
    "a chain of factorials": ("((9!)!)!", 5, "too_large"),
    "a huge exponent of ten": ("1e88888888", 0, "too_large"),
    "a power of powers": ("(2**64)**(2**40)", 7, "too_large"),
    "a product past the limit": ("10^4000 * 10^400", 8, "too_large"),
    "a huge choice": ("comb(10^9, 10^8)", 0, "too_large"),
    "a huge rounding": ("round(1, 10^9)", 0, "too_large"),
    "euros and dollars": ("$5 + €3", 3, "labels"),
    "metres and seconds": ("5 m + 3 s", 4, "labels"),
    "twenty kilometres or a hundred over five": ("100/5 km", 3, "ambiguous"),
    "divided by a fraction of a unit": ("6 m / 1/4 m", 7, "ambiguous"),
    "a unit with a power": ("5 m^2", 3, "ambiguous"),
    "a unit with a superscript": ("5 m²", 3, "ambiguous"),
    "a sign without an amount": ("2 + $", 5, "syntax_error"),
    "two signs": ("$5€", 0, "labels"),
    "arguments missing": ("sqrt()", 0, "syntax_error"),
    "arguments too many": ("sqrt(1, 2)", 0, "syntax_error"),
    "a constant like a function": ("pi(3)", 0, "ambiguous"),
}


@pytest.mark.parametrize(("expression", "value"), EXACT.values(), ids=EXACT)
def test_an_expression_has_its_exact_value(expression: str, value: str) -> None:
    assert calculate(expression).exact == Fraction(value)


@pytest.mark.parametrize(("expression", "position", "code"), REFUSED.values(), ids=REFUSED)
def test_what_has_no_one_value_is_refused_with_its_place(expression: str, position: int, code: str) -> None:
    with pytest.raises(CalculationError) as caught:
        calculate(expression)
    assert (caught.value.position, caught.value.code) == (position, code)
    assert caught.value.reason.endswith((".", "?"))
    assert isinstance(caught.value, ToolError)


TEXTS = {
    "a decimal that ends": ("100 * 1.05^8", "147.74554437890625"),
    "one that never ends": ("1/3", "0.333333333333333"),
    "a whole number": ("10/5", "2"),
    "rounded up": ("2/3", "0.666666666666667"),
    "long whole numbers": ("2^100", "1267650600228229401496703205376"),
    "very small": ("1e-30", "1e-30"),
    "very large and not whole": ("10^50/3", "3.33333333333333e49"),
    "many digits that end": ("1.05^100", "131.501257846303"),
    "money": ("$1,200 * 3", "$3,600"),
    "money with cents": ("$10 / 4", "$2.50"),
    "money rounded": ("$10 / 3", "$3.33"),
    "a debt": ("$5 - $8", "-$3"),
    "a sign before a power": ("$2^3 - $-1", "$9"),
    "a sign after": ("5€ * 2", "€10"),
    "a currency word": ("12.5 dollars * 2", "$25"),
    "a ratio of money": ("$40 / $8", "5"),
    "less than a cent": ("$1/1000", "$0.001"),
    "a unit": ("15 km * 2", "30 km"),
    "a speed": ("60 km / 2 h", "30 km/h"),
    "a wage": ("$15/hour * 8 hours", "$120"),
    "a price per hour": ("$120 / 8 hours", "$15/h"),
    "an area": ("3 m * 4 m", "12 m^2"),
    "zero": ("0 * 5", "0"),
}


@pytest.mark.parametrize(("expression", "text"), TEXTS.values(), ids=TEXTS)
def test_a_result_reads_as_people_write(expression: str, text: str) -> None:
    assert str(calculate(expression)) == calculate(expression).text == text


def test_variables_come_as_numbers_texts_and_results() -> None:
    assert f"{calculate('p*(1+r)^n', p=100, r='5%', n=8):.2f}" == "147.75"
    assert calculate("a + b + c + d", a=0.1, b=Decimal("0.2"), c=Fraction(1, 3), d="1/6").exact == Fraction(4, 5)
    assert calculate("price * n", price="$1,200", n=3).text == "$3,600"
    assert calculate("2 total + e", total=calculate("1/3"), e=0).exact == Fraction(2, 3)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), Decimal("NaN"), True, None, b"1"])
def test_a_variable_that_is_no_number_is_refused_by_name(value: object) -> None:
    with pytest.raises(CalculationError, match="variable rate"):
        calculate("rate * 2", rate=value)  # type: ignore[arg-type]


def test_a_variable_before_a_bracket_is_not_guessed_to_be_a_product() -> None:
    with pytest.raises(CalculationError, match=r"write x \* "):
        calculate("x(3)", x=2)


def test_the_error_points_at_the_place() -> None:
    with pytest.raises(CalculationError) as caught:
        calculate("2 + bananas * 3")
    assert str(caught.value) == "The name 'bananas' is not known.\n  2 + bananas * 3\n      ^"
    again = pickle.loads(pickle.dumps(caught.value))
    assert (str(again), again.position, again.code) == (str(caught.value), 4, "unknown_name")


def test_the_caret_is_found_in_a_long_expression_too() -> None:
    with pytest.raises(CalculationError) as caught:
        calculate("1+" * 200 + "?" + "+1" * 200)
    shown, caret = str(caught.value).splitlines()[1:]
    assert shown[caret.index("^")] == "?"
    assert len(shown) < 70


@pytest.mark.parametrize("expression", [b"1+1", None, 7])
def test_only_text_is_calculated(expression: object) -> None:
    with pytest.raises(CalculationError, match="An expression is text"):
        calculate(expression)  # type: ignore[arg-type]


BOUNDED = {
    "10,001 characters": "1" * 10_001,
    "300,000 digits": "7" * 300_000,
    "10,000 brackets": "(" * 10_000,
    "30,000 nested sums": "(1+" * 30_000 + "1" + ")" * 30_000,
    "5,000 signs": "-" * 5_000 + "1",
    "a tower of powers": "2^" * 4_000 + "2",
    "5,000 terms": "1+" * 4_999 + "1",
    "a number of 6,000 digits": "9" * 6_000,
    "a factorial in each term": "*".join(["1500!"] * 100),
    "a sum of many fractions": "+".join(f"1/{n}" for n in range(1, 1_500)),
    "many arguments": f"gcd({','.join(['10^4299'] * 900)})",
    "a median of long numbers": f"median({','.join(f'10^4000+{n}' for n in range(400))})",
    "percents": "5%" * 3_000,
    "many long choices": "-".join(["comb(14000, 7000)"] * 480),
    "many roots that come out": "-".join(["cbrt(10^4299)"] * 390),
}


@pytest.mark.parametrize("expression", BOUNDED.values(), ids=BOUNDED)
def test_no_text_takes_long(expression: str) -> None:
    import time

    started = time.process_time()
    try:
        result: object = calculate(expression).text
    except CalculationError as error:
        result = str(error)
    assert time.process_time() - started < 1.5, result


def test_a_thousand_terms_and_sixty_levels_are_no_problem() -> None:
    assert calculate("+".join(["1"] * 1_000)).exact == 1_000
    assert calculate("(1+" * 59 + "1" + ")" * 59).exact == 60


def test_a_result_is_frozen_and_equal_to_its_value() -> None:
    result = calculate("3/4")
    with pytest.raises(AttributeError, match="frozen"):
        result.text = "1"  # type: ignore[misc]
    assert result == calculate("0.75") == Fraction(3, 4) == result.fraction
    assert result == 0.75
    assert result == Decimal("0.75")
    assert result != "0.75"
    assert hash(result) == hash(Fraction(3, 4))
    assert calculate("$5") != calculate("5")
    assert calculate("$5") == calculate("10 dollars / 2")
    assert not calculate("2-2")
    assert pickle.loads(pickle.dumps(result)) == result
    assert repr(result) == "<Result '3/4' = 0.75>"


def test_a_result_becomes_other_numbers() -> None:
    result = calculate("22/7")
    assert (float(result), result.fraction) == (22 / 7, Fraction(22, 7))
    assert int(calculate("6/3")) == 2
    with pytest.raises(CalculationError, match="not whole"):
        int(result)
    assert float(calculate("10^400 / 10^399")) == 10.0


def test_decimals_are_rounded_once_from_the_exact_value() -> None:
    result = calculate("1.005")
    assert result.decimal(2) == Decimal("1.01")
    assert result.decimal(2, ROUND_HALF_EVEN) == Decimal("1.00")
    assert calculate("147.749").decimal(2, ROUND_DOWN) == Decimal("147.74")
    assert calculate("-0.125").decimal(2) == Decimal("-0.13")
    assert calculate("2/3").decimal(30) == Decimal("0.666666666666666666666666666667")
    # rounded to 28 digits first, this would be a half, and go up
    assert calculate("0.5 - 10^-60").decimal(0) == 0


@pytest.mark.parametrize("places", [-1, 1_001, 10**9, "2", 2.5, True, None])
def test_decimals_are_a_small_whole_number(places: object) -> None:
    with pytest.raises(UsageError, match="0 to 1000"):
        calculate("1/3").decimal(places)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="ROUND_HALF_UP"):
        calculate("1/3").decimal(2, "UP")


@pytest.mark.parametrize("spec", ["99999999999", ".1000000000f", ".1000000000e", "1000000000d", ".999999999%"])
def test_a_format_of_a_billion_is_refused(spec: str) -> None:
    with pytest.raises(UsageError):
        format(calculate("7"), spec)


def test_a_number_too_large_for_a_float_is_not_infinity() -> None:
    for expression in ("10^4000", "exp(9000)", "-(10^400)/3"):
        with pytest.raises(CalculationError, match="too large for a float"):
            float(calculate(expression))
    assert float(calculate("1e-4000")) == 0.0


FORMATS = {
    ".2f": "1234.57",
    ",.2f": "1,234.57",
    ".0f": "1235",
    "10.1f": "    1234.6",
    ".1%": "123456.7%",
    ".3e": "1.235e+3",
    "": "1234.567",
}


@pytest.mark.parametrize(("spec", "text"), FORMATS.items(), ids=FORMATS)
def test_a_result_is_formatted_like_a_number(spec: str, text: str) -> None:
    assert format(calculate("1234.567"), spec) == text


def test_whole_results_and_texts_are_formatted_too() -> None:
    assert f"{calculate('6*7'):05d}" == "00042"
    assert f"{calculate('1/8'):.1%}" == "12.5%"
    assert f"{calculate('$1,200*3'):>10}" == "    $3,600"
    assert f"{calculate('10^6'):,}" == "1,000,000"
    assert f"{calculate('1/4'):>6s}" == "  0.25"
    assert f"{calculate('1/3'):.60e}" == f"3.{'3' * 60}e-1"
    assert f"{calculate('sqrt(2)'):.50e}" == "1.41421356237309504880168872420969807856967187537695e+0"


def test_the_steps_show_the_work_in_order() -> None:
    assert calculate("100 * 1.05^8").steps == ("1.05^8 = 1.4774554437890625", "100 * 1.4774554437890625 = 147.74554437890625")
    assert calculate("max(2, 3)! - 10%*20").steps == (
        "max(2, 3) = 3",
        "3! = 6",
        "10% = 0.1",
        "0.1 * 20 = 2",
        "6 - 2 = 4",
    )
    assert calculate("7").steps == ()


def test_every_school_problem_is_worked_out_exactly() -> None:
    sample = (Path(__file__).parents[1] / "data" / "calculator_sample.jsonl").read_text(encoding="utf-8")
    rows = [json.loads(line) for line in sample.splitlines()]
    assert [row for row in rows if calculate(row["expression"]).exact != Fraction(row["exact"])] == []


def test_the_calculator_alone_is_light() -> None:
    code = (
        "import sys; from sayso.tools.calculation import calculate; calculate('$1,200 * (1 + 5%)^8').text;"
        "print([name for name in ('sympy', 'mpmath', 'pydantic', 'openai', 'asyncio', 'dataclasses', 'inspect') if name in sys.modules])"
    )
    seen = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert seen.stdout.strip() == "[]"


def test_where_python_writes_fewer_digits_so_does_the_calculator() -> None:
    code = (
        "from sayso.tools.calculation import CalculationError, calculate\n"
        "for text in ('9'*700, '10^1000', 'floor(10^1000*sqrt(2))', '10^600'):\n"
        "    try: print(len(calculate(text).text))\n"
        "    except CalculationError as error: print(error.code)"
    )
    seen = subprocess.run([sys.executable, "-X", "int_max_str_digits=640", "-c", code], capture_output=True, text=True, check=True)
    assert seen.stdout.split() == ["too_large", "too_large", "too_large", "601"]


def test_a_result_is_what_calculate_says_it_is() -> None:
    assert isinstance(calculate("1"), Result)
    assert calculate("1").expression == "1"
