"""Compute digits of an exact real expression: at one precision and at twice that, until both agree. Runs in the worker.

sympy's own evalf gives up on sums that hold sin(10^4000), and takes seconds where this takes milliseconds.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .sympy_types import Expression, Float, mpmath, sympy

mp, mpf, S = mpmath.mp, mpmath.mpf, sympy.S

MOST_BITS = 40_000
SPARE_BITS = 64
TRIED_BITS = 800  # of a solution put back: of the 240 digits a root keeps 120
AS_GOOD_AS_ZERO = 1e-40
BITS_A_DIGIT = 3.33


class _PrecisionLost(Exception):
    """The current precision is too low to see a part of the expression at all."""


def evaluate_to_digits(value: Expression, digits: int, most_bits: int = MOST_BITS) -> Float | None:
    """Return the value as an mpf of which so many digits are right. None where `most_bits` do not give them, as for an exact zero."""
    # Numbers that are much longer than the digits asked for need their own length to be seen at all.
    bits = int(digits * BITS_A_DIGIT) + SPARE_BITS + count_bits(value)
    known = _evaluate_at_bits(value, bits)
    limit = max(most_bits, 2 * bits)
    while bits * 2 <= limit:
        bits *= 2
        better = _evaluate_at_bits(value, bits)
        if known is not None and better is not None and abs(known - better) <= abs(better) * mpf(10) ** -(digits + 3):
            return better
        known = better
    return None


def count_bits(value: Expression) -> int:
    """Return the bits of all rational numbers in an expression. Below this precision 1 + 10^-400 is 1."""
    return sum(max(int(atom.p).bit_length(), int(atom.q).bit_length()) for atom in value.atoms(sympy.Rational))


def _evaluate_at_bits(value: Expression, bits: int) -> Float | None:
    with mp.workprec(bits):
        try:
            return _evaluate(value)
        except (_PrecisionLost, ZeroDivisionError, ValueError, OverflowError):
            return None


def _evaluate(value: Expression) -> Float:
    """Return the value at the current precision. Raise _PrecisionLost for a part that comes out as zero."""
    result: Float
    if value.is_Rational:
        result = mpf(int(value.p)) / int(value.q)
        return result
    if value is S.Pi or value is S.Exp1:
        result = +mp.pi if value is S.Pi else +mp.e
        return result
    if isinstance(value, sympy.polys.rootoftools.ComplexRootOf):
        result = mpf(value.evalf(int(mp.prec / BITS_A_DIGIT))._mpf_)
        return result
    arguments = [_evaluate(argument) for argument in value.args]
    if value.is_Pow or value.func.__name__ == "power_value":
        result = _evaluate_power(*arguments)
    else:
        function = _FUNCTIONS.get(value.func)
        if function is None:
            raise _PrecisionLost
        result = function(*arguments)
    # sympy has removed what is zero, so a part that comes out as zero has lost all its digits.
    is_float = isinstance(result, mpf)
    if not is_float or result == 0 or not mpmath.isfinite(result):
        raise _PrecisionLost
    return result


def _evaluate_power(base: Float, exponent: Float) -> Float:
    if base == 1:
        raise _PrecisionLost  # 1 + tiny, and the exponent may be large
    if mpmath.isint(exponent):
        # mpmath multiplies whole powers out; for huge ones the logarithm is faster, and the sign is put back.
        return base ** int(exponent) if abs(exponent) < 2**20 else mpmath.exp(exponent * mpmath.log(abs(base))) * (-1) ** int(exponent)
    return base**exponent


_FUNCTIONS: dict[object, Callable[..., Any]] = {
    sympy.Add: lambda *terms: mpmath.fsum(terms),
    sympy.Mul: lambda *factors: mpmath.fprod(factors),
    sympy.Abs: abs,
    sympy.exp: mpmath.exp,
    sympy.log: mpmath.log,
    sympy.sin: mpmath.sin,
    sympy.cos: mpmath.cos,
    sympy.tan: mpmath.tan,
    sympy.cot: mpmath.cot,
    sympy.sec: mpmath.sec,
    sympy.csc: mpmath.csc,
    sympy.asin: mpmath.asin,
    sympy.acos: mpmath.acos,
    sympy.atan: mpmath.atan,
    sympy.acot: mpmath.acot,
    sympy.atan2: mpmath.atan2,
    sympy.sinh: mpmath.sinh,
    sympy.cosh: mpmath.cosh,
    sympy.tanh: mpmath.tanh,
    sympy.coth: mpmath.coth,
    sympy.asinh: mpmath.asinh,
    sympy.acosh: mpmath.acosh,
    sympy.LambertW: mpmath.lambertw,
    sympy.sign: mpmath.sign,
}


def is_solution(equation: Expression, unknown: Expression, solution: Expression) -> bool:
    """Tell whether an equation's expression is zero where the unknown has this value, and every part of it is real there.

    sqrt(5x + 2) = sqrt(3x - 1) is true at -3/2 for complex roots. In a real calculator neither side exists there.
    """
    with mp.workprec(TRIED_BITS + count_bits(solution) + count_bits(equation)):
        try:
            there = (
                mpf(int(solution.p)) / int(solution.q)
                if solution.is_Rational
                else evaluate_to_digits(solution, int(mp.prec / BITS_A_DIGIT))
            )
            if there is None:
                return False
            size: Float = max([mpf(1), *(abs(_evaluate_with(part, unknown, there)) for part in sympy.Add.make_args(equation))])
            return bool(abs(_evaluate_with(equation, unknown, there)) < size * AS_GOOD_AS_ZERO)
        except (_PrecisionLost, ZeroDivisionError, ValueError, OverflowError):
            return False


def _evaluate_with(value: Expression, unknown: Expression, there: Float) -> Float:
    """Return the value of an expression with one unknown. Unlike in `_evaluate`, it may be zero."""
    if value == unknown:
        return there
    if not value.has(unknown):
        number = evaluate_to_digits(value, int(mp.prec / BITS_A_DIGIT))
        if number is None:
            raise _PrecisionLost
        return number
    arguments = [_evaluate_with(argument, unknown, there) for argument in value.args]
    function = (lambda base, exponent: base**exponent) if value.is_Pow else _FUNCTIONS.get(value.func)
    if function is None:
        raise _PrecisionLost
    result: Float = mpmath.mpmathify(function(*arguments))
    is_complex = isinstance(result, mpmath.mpc)
    if is_complex:  # the root of a zero that came out a hair below it
        size: Float = max(mpf(1), abs(result.real))
        if abs(result.imag) > size * AS_GOOD_AS_ZERO:
            raise _PrecisionLost
        result = result.real
    if not mpmath.isfinite(result):
        raise _PrecisionLost
    return result
