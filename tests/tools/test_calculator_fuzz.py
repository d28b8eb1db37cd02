"""The calculator against Fraction, and against any text at all."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from fractions import Fraction

from hypothesis import given, settings
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
        return f"({left[0]} {sign} {right[0]})", None
    return f"({left[0]} {sign} {right[0]})", BINARY[sign](left[1], right[1])


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


@settings(max_examples=400, deadline=None)
@given(trees)
def test_any_tree_has_the_value_that_fractions_give(tree: Tree) -> None:
    text, expected = tree
    try:
        found = calculate(text).exact
    except CalculationError as error:
        assert expected is None or error.code == "too_large"
        return
    assert found == expected


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 999), st.sampled_from(["+", "-", "*", "/", "//", "**"])), min_size=1, max_size=7), st.integers(1, 9)
)
def test_precedence_is_pythons(pairs: list[tuple[int, str]], last: int) -> None:
    pairs = [(number % 4 + 1 if sign == "**" else number, sign) for number, sign in pairs]
    if sum(sign == "**" for _, sign in pairs) > 2:
        return
    text = "".join(f"{number}{sign}" for number, sign in pairs) + str(last % 4 + 1)
    with_fractions = "".join(f"F({number}){sign}" for number, sign in pairs) + f"F({last % 4 + 1})"
    expected = eval(with_fractions, {"F": Fraction})  # the test's own text; the calculator has no eval to compare with
    assert calculate(text).exact == expected


@settings(max_examples=1_000, deadline=None)
@given(
    st.text(
        st.sampled_from(list("0123456789+-*/^%()!,.$€²⁻×÷π=[]eE \n_x\x00'½") + ["**", "//", "sqrt(", "max(", "of", "km", "1e400"]),
        max_size=14,
    )
)
def test_any_text_has_a_value_or_a_place_where_it_fails(text: str) -> None:
    try:
        result = calculate(text)
    except CalculationError as error:
        assert 0 <= error.position <= len(text)
        assert error.reason
    else:
        assert result.text


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=30))
def test_any_unicode_has_a_value_or_a_place_where_it_fails(text: str) -> None:
    try:
        calculate(text)
    except CalculationError as error:
        assert 0 <= error.position <= len(text)


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
