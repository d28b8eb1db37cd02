"""The calculator against Fraction, and against any text at all."""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable
from fractions import Fraction

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from sayso.tools.calculation import CalculationError, calculate

Tree = tuple[str, Fraction | None]
BINARY: dict[str, Callable[[Fraction, Fraction], Fraction]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": lambda left, right: Fraction(left // right),
    "%": operator.mod,
}


def _number(value: Fraction) -> str:
    digits = str(value.numerator)
    return digits if value.denominator == 1 else f"{float(value)!r}"


def _joined(left: Tree, sign: str, right: Tree) -> Tree:
    if left[1] is None or right[1] is None or (sign in ("/", "//", "%") and right[1] == 0):
        return f"({left[0]} {'mod' if sign == '%' else sign} {right[0]})", None
    # "3 % 5" of two literals is refused: it may be a percentage
    written = "mod" if sign == "%" else sign
    return f"({left[0]} {written} {right[0]})", BINARY[sign](left[1], right[1])


def _raised(base: Tree, exponent: int) -> Tree:
    text = f"({base[0]})^{exponent}"
    return text, None if base[1] is None or (base[1] == 0 and exponent < 0) else base[1] ** exponent


leaves = st.builds(
    lambda value: (_number(value), value),
    st.one_of(st.integers(0, 10**6).map(Fraction), st.integers(0, 4_000).map(lambda n: Fraction(n, 8))),
)
trees: st.SearchStrategy[Tree] = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(_joined, inner, st.sampled_from(sorted(BINARY)), inner),
        st.builds(_raised, inner, st.integers(-4, 4)),
        st.builds(lambda tree: (f"(-{tree[0]})", None if tree[1] is None else -tree[1]), inner),
    ),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None)
@given(trees)
def test_any_tree_has_the_value_that_fractions_give(tree: Tree) -> None:
    text, expected = tree
    try:
        found = calculate(text).exact
    except CalculationError as error:
        assert expected is None or error.code == "too_large"  # noqa: PT017 - most texts do have a value
        return
    assert found == expected


PYTHONS: dict[type[ast.operator], Callable[[Fraction, Fraction], Fraction]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: BINARY["//"],
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}


def _python(node: ast.expr) -> Fraction:
    """What Python's own grammar makes of an expression, worked out on Fractions."""
    match node:
        case ast.Constant(value=int(number)):
            return Fraction(number)
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            return -_python(inner)
        case ast.BinOp(left=left, op=sign, right=right):
            return PYTHONS[type(sign)](_python(left), _python(right))
        case _:
            raise AssertionError(ast.dump(node))


signs = st.sampled_from(["+", "-", "*", "/", "//", " % ", "**", "*-", "--", "**-"])


@settings(max_examples=250, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 3), signs), min_size=1, max_size=7), st.integers(1, 3))
def test_precedence_is_pythons(pairs: list[tuple[int, str]], last: int) -> None:
    text = "".join(f"{number}{sign}" for number, sign in pairs) + str(last)
    assume(text.count("**") <= 2)  # 3**3**3 is the most, which Fraction can still write out
    assume("**" not in text.replace("**", "", 1) or "**-" not in text)  # a tower with a minus in it need not be rational
    try:
        expected = _python(ast.parse(text, mode="eval").body)
        text = text.replace("%", "mod")  # "1 % 2" is refused: it may be a percentage
    except ZeroDivisionError:
        with pytest.raises(CalculationError, match="zero"):
            calculate(text)
        return
    try:
        found = calculate(text).exact
    except CalculationError as error:
        assert error.code == "too_large"  # noqa: PT017 - most texts do have a value
        return
    assert found == expected


PIECES = [*"0123456789+-*/^%()!,.$€²⁻×÷π=[]eE \n_x\x00'½", "**", "//", "sqrt(", "max(", "of", "km", "1e400"]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join))
def test_any_text_has_a_value_or_a_place_where_it_fails(text: str) -> None:
    try:
        result = calculate(text)
    except CalculationError as error:
        assert 0 <= error.position <= len(text)  # noqa: PT017
        assert error.reason  # noqa: PT017
    else:
        assert result.text


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=30))
def test_any_unicode_has_a_value_or_a_place_where_it_fails(text: str) -> None:
    try:
        calculate(text)
    except CalculationError as error:
        assert 0 <= error.position <= len(text)  # noqa: PT017


@settings(max_examples=300, deadline=None)
@given(st.fractions(), st.integers(0, 30))
def test_decimals_are_the_exact_value_rounded(value: Fraction, places: int) -> None:
    scaled = abs(value) * 10**places
    expected = Fraction(math.floor(scaled + Fraction(1, 2)), 10**places)
    found = Fraction(calculate("x", x=value).decimal(places))
    assert found == (expected if value >= 0 else -expected)


@settings(max_examples=300, deadline=None)
@given(st.fractions(min_value=-(10**9), max_value=10**9, max_denominator=10**6))
def test_the_text_is_within_half_of_the_twelfth_digit(value: Fraction) -> None:
    found = Fraction(calculate("x", x=value).text)
    assert abs(found - value) <= abs(value) * Fraction(1, 10**11) / 2
