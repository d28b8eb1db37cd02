"""The calculator beyond rational numbers: exact spellings, right digits, honest refusals; through the worker."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import mpmath
import pytest

from sayso.tools.calculation import CalculationError, calculate
from sayso.tools.calculation.expression_parser import parse_expression
from sayso.tools.calculation.symbolic_client import encode_code
from sayso.tools.calculation.symbolic_worker import evaluate

SPELLED = {
    "a root": ("sqrt(2)", "sqrt(2)"),
    "a root simplified": ("sqrt(8) + sqrt(2)", "3*sqrt(2)"),
    "a power": ("2^0.5", "sqrt(2)"),
    "pi": ("2 pi", "2*pi"),
    "e": ("exp(1)", "e"),
    "an angle": ("acos(0.5)", "pi/3"),
    "a logarithm": ("log(2, 10)", "log(2)/log(10)"),
    "a deviation": ("stdev(1, 2, 3, 4)", "sqrt(15)/3"),
    "a derivative": ("diff(x^3 + 2x, x)", "3*x**2 + 2"),
    "a derivative of a size": ("diff(x*abs(x - 1), x)", "x*sign(x - 1) + Abs(x - 1)"),
    "simplified": ("simplify((x^2 - 1)/(x - 1))", "x + 1"),
    "two solutions": ("solve(x^2 = 2, x)", "-sqrt(2) or sqrt(2)"),
    "a solution with other letters": ("solve(a*x + b = 0, x)", "-b/a"),
}
RATIONAL = {
    "a square of a root": ("sqrt(3)*sqrt(3)", "3"),
    "pi out of a sine": ("sin(pi) + cos(pi) + tan(pi/4)", "0"),
    "an identity": ("sin(1)^2 + cos(1)^2", "1"),
    "a product of conjugates": ("(sqrt(2) + 1)*(sqrt(2) - 1)", "1"),
    "nested roots": ("sqrt(5 + 2*sqrt(6)) - sqrt(2) - sqrt(3)", "0"),
    "a logarithm of a power": ("ln(e^5)", "5"),
    "the floor of a long one": ("floor(sqrt(2)*10^20)", "141421356237309504880"),
    "the floor of nearly an integer": ("floor(exp(pi*sqrt(163)))", "262537412640768743"),
    "the floor of an integer in disguise": ("floor(sqrt(2)^2)", "2"),
    "one solution": ("solve(2x + 3 = 7) + 1", "3"),
    "rounded": ("round(pi, 5)", "314159/100000"),
}
REFUSED = {
    "tangent of a right angle": ("tan(pi/2)", "math_domain"),
    "a hidden zero below": ("1/(sin(1)^2 + cos(1)^2 - 1)", "math_domain"),
    "a negative base": ("(-2)^pi", "math_domain"),
    "the log of a negative": ("ln(1 - pi)", "math_domain"),
    "out of the range of acos": ("acos(pi)", "math_domain"),
    "no real solution": ("solve(x^2 + 1 = 0)", "math_domain"),
    "counting with two values": ("solve(x^2 = 4) + 1", "math_domain"),
    "choices of pi": ("comb(pi, 2)", "math_domain"),
    "e to much": ("exp(100000)", "too_large"),
    "e to e to much": ("exp(exp(20))", "too_large"),
    "e to very little": ("exp(-20000)", "too_large"),
    "a long polynomial": ("solve(x^1000 - 1)", "too_large"),
    "too close to call": ("atan(1/2) + atan(1/3) - pi/4 + 0", "undecided"),
    "for which unknown": ("solve(x + y = 1)", "ambiguous"),
}


@pytest.mark.parametrize(("expression", "spelling"), SPELLED.values(), ids=SPELLED)
def test_what_is_not_rational_stays_exact(expression: str, spelling: str) -> None:
    assert calculate(expression).exact == spelling


@pytest.mark.parametrize(("expression", "value"), RATIONAL.values(), ids=RATIONAL)
def test_what_is_rational_in_the_end_is_found_to_be(expression: str, value: str) -> None:
    assert calculate(expression).exact == Fraction(value)


@pytest.mark.parametrize(("expression", "code"), REFUSED.values(), ids=REFUSED)
def test_what_is_not_real_not_defined_or_not_decided_is_refused(expression: str, code: str) -> None:
    with pytest.raises(CalculationError) as caught:
        calculate(expression)
    assert caught.value.code == code


DIGITS = {
    "sqrt(2)": lambda: mpmath.sqrt(2),
    "2^pi": lambda: mpmath.power(2, mpmath.pi),
    "sin(10^22)": lambda: mpmath.sin(mpmath.mpf(10) ** 22),
    "cos(10^300) + 1": lambda: mpmath.cos(mpmath.mpf(10) ** 300) + 1,
    "100*(1 + 0.05/365)^3650": lambda: 100 * (1 + mpmath.mpf(5) / 36500) ** 3650,
    "(1 + 1e-10)^(1e10)": lambda: (1 + mpmath.mpf(10) ** -10) ** (10**10),
    "atan2(-1, -2)": lambda: mpmath.atan2(-1, -2),
    "asin(sin(ln(tanh(19.33))))": lambda: mpmath.log(mpmath.tanh(mpmath.mpf("19.33"))),
    "acos(cos(10)) + atan(tan(2))": lambda: mpmath.acos(mpmath.cos(10)) + mpmath.atan(mpmath.tan(2)),
    "atan2(ln(tanh(19.33)), -7)": lambda: -mpmath.pi,
    "sinh(1)/cosh(1) + tanh(1)": lambda: 2 * mpmath.tanh(1),
    "exp(-9000)": lambda: mpmath.exp(-9000),
    "pi % 1 + -pi % 1": lambda: mpmath.mpf(1),
    "(10^400 + 1)^(1/3)": lambda: mpmath.root(mpmath.mpf(10) ** 400 + 1, 3),
    "cbrt(-2)": lambda: -mpmath.cbrt(2),
    "hypot(1, 2)": lambda: mpmath.sqrt(5),
    "degrees(1)": lambda: 180 / mpmath.pi,
    "pi - 3.14159265358979323846264338327950288": lambda: mpmath.pi - mpmath.mpf("3.14159265358979323846264338327950288"),
    "solve(x^5 - x - 1)": lambda: mpmath.findroot(lambda x: x**5 - x - 1, 1.17),
    "1e300^0.001 * log2(3)": lambda: mpmath.power(10, 0.3) * mpmath.log(3, 2),
}


@pytest.mark.parametrize("expression", DIGITS)
def test_the_digits_are_right(expression: str) -> None:
    with mpmath.workdps(700):
        expected = Decimal(str(mpmath.nstr(DIGITS[expression](), 30)))
    found = Decimal(calculate(expression).text.replace("e", "E"))
    assert abs(found - expected) <= abs(expected) * Decimal("1e-14")


def test_more_decimals_are_worked_out_when_they_are_asked_for() -> None:
    assert str(calculate("sqrt(2)").decimal(60)) == "1.414213562373095048801688724209698078569671875376948073176680"
    assert f"{calculate('pi'):.3f}" == "3.142"
    assert float(calculate("e")) == 2.718281828459045
    assert calculate("10^30*pi").decimal(20) == Decimal("3141592653589793238462643383279.50288419716939937511")


def test_an_irrational_variable_stays_exact() -> None:
    root = calculate("sqrt(2)")
    assert calculate("r^2", r=root).exact == 2
    assert calculate("r*2 km", r=root).text == "2.82842712474619 km"
    with pytest.raises(CalculationError, match="is not a fraction"):
        _ = root.fraction


def test_steps_of_irrational_work_keep_their_spelling() -> None:
    assert calculate("sqrt(2)*sqrt(8) + 1").steps == ("sqrt(8) = 2*sqrt(2)", "sqrt(2) * 2*sqrt(2) = 4", "4 + 1 = 5")


def test_money_with_a_root_in_it_is_rounded_to_cents() -> None:
    assert calculate("$100 * sqrt(2)").text == "$141.42"


def test_the_worker_answers_a_refusal_with_the_place() -> None:
    code = encode_code(parse_expression("1 + tan(pi/2)", {}).code)
    assert evaluate(code, 20, False) == {"refused": "The tangent is not defined here.", "code": "math_domain", "at": 2}
