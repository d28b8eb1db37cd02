"""Rational numbers as an int or a reduced pair (numerator, denominator > 1): exact as Fraction, at a fifth of its cost."""

from __future__ import annotations

import sys
from math import gcd, isqrt, log10

from .refusal import ErrorCode, NotRational, Refused

# what Python itself turns into text by default, or less where it is set to less, so that str() and json of a result never fail
MAX_DIGITS = min(4_300, sys.get_int_max_str_digits() or 4_300)
LIMIT: int = 10**MAX_DIGITS
MANY = 10**9  # an exponent beyond this is refused, or left to the symbolic part, for any base but 0, 1 and -1

Rational = int | tuple[int, int]


def too_large_error(what: str = "The result") -> Refused:
    """Return the refusal of a number that would be longer than the limit."""
    return Refused(f"{what} has more than {MAX_DIGITS:,} digits.", ErrorCode.TOO_LARGE)


def domain_error(reason: str) -> Refused:
    """Return the refusal of a value that does not exist or is not real."""
    return Refused(reason, ErrorCode.MATH_DOMAIN)


def as_pair(number: Rational) -> tuple[int, int]:
    """Return numerator and denominator."""
    return (number, 1) if type(number) is int else number  # type: ignore[return-value]


def reduce_fraction(numerator: int, denominator: int) -> Rational:
    """Return numerator / denominator in lowest terms. The denominator is not zero."""
    common = gcd(numerator, denominator)
    if denominator < 0:
        common = -common
    if common != 1:
        numerator //= common
        denominator //= common
    if not (-LIMIT < numerator < LIMIT and denominator < LIMIT):
        raise too_large_error()
    return numerator if denominator == 1 else (numerator, denominator)


def add(left: Rational, right: Rational) -> Rational:
    """Return left + right."""
    if type(left) is int and type(right) is int:
        total = left + right
        if -LIMIT < total < LIMIT:
            return total
        raise too_large_error()
    (a, b), (c, d) = as_pair(left), as_pair(right)
    return reduce_fraction(a * d + c * b, b * d)


def subtract(left: Rational, right: Rational) -> Rational:
    """Return left - right."""
    if type(left) is int and type(right) is int:
        total = left - right
        if -LIMIT < total < LIMIT:
            return total
        raise too_large_error()
    (a, b), (c, d) = as_pair(left), as_pair(right)
    return reduce_fraction(a * d - c * b, b * d)


def multiply(left: Rational, right: Rational) -> Rational:
    """Return left * right."""
    if type(left) is int and type(right) is int:
        product = left * right
        if -LIMIT < product < LIMIT:
            return product
        raise too_large_error()
    (a, b), (c, d) = as_pair(left), as_pair(right)
    return reduce_fraction(a * c, b * d)


def divide(left: Rational, right: Rational) -> Rational:
    """Return left / right."""
    if right == 0:
        raise domain_error("Division by zero.")
    (a, b), (c, d) = as_pair(left), as_pair(right)
    return reduce_fraction(a * d, b * c)


def floor(number: Rational) -> int:
    """Return the largest whole number that is not above x."""
    return number if type(number) is int else number[0] // number[1]  # type: ignore[index]


def floor_divide(left: Rational, right: Rational) -> Rational:
    """Return the floor of left / right."""
    return floor(divide(left, right))


def modulo(left: Rational, right: Rational) -> Rational:
    """Return the remainder of floor division. It has the sign of the divisor."""
    if right == 0:
        raise domain_error("The remainder of a division by zero is not defined.")
    return subtract(left, multiply(right, floor_divide(left, right)))


def negate(number: Rational) -> Rational:
    """Return -x."""
    return -number if type(number) is int else (-number[0], number[1])  # type: ignore[index]


def sign(number: Rational) -> int:
    """Return -1, 0 or 1."""
    top = number if type(number) is int else number[0]  # type: ignore[index]
    return (top > 0) - (top < 0)


def is_less(left: Rational, right: Rational) -> bool:
    """Tell whether left < right."""
    (a, b), (c, d) = as_pair(left), as_pair(right)
    return a * d < c * b


def power(base: Rational, exponent: Rational) -> Rational:
    """Return base ** exponent where that is rational, and raise NotRational where it is only real. The cost is known before it is spent."""
    if type(exponent) is int:
        return _whole_power(base, exponent)
    if sign(base) < 0:
        hint = " The real root of odd degree is root(x, n) or cbrt(x)." if as_pair(exponent)[1] % 2 else ""
        raise domain_error(f"A negative number to a power that is not whole is not real.{hint}")
    if base == 0:
        return _zero_power(sign(exponent))
    top, degree = as_pair(exponent)
    a, b = as_pair(base)
    root_a, root_b = exact_root(a, degree), exact_root(b, degree)
    if root_a is None or root_b is None:
        check_magnitude(base, exponent)
        raise NotRational
    return _whole_power(reduce_fraction(root_a, root_b), top)


def _zero_power(exponent_sign: int) -> int:
    if exponent_sign < 0:
        raise domain_error("Division by zero: zero to a negative power is not defined.")
    return 1 if exponent_sign == 0 else 0


def _whole_power(base: Rational, exponent: int) -> Rational:
    if base == 0:
        return _zero_power((exponent > 0) - (exponent < 0))
    if base in (1, -1):
        return 1 if base == 1 or exponent % 2 == 0 else -1
    a, b = as_pair(base)
    size = abs(exponent)
    # log10 has 53 right bits, so the last digit of the limit is judged on the value itself
    if size > MANY or size * max(log10(abs(a)), log10(b)) > MAX_DIGITS + 1:
        if b == 1 or abs(a) == 1:
            raise too_large_error()
        check_magnitude(base if sign(base) > 0 else negate(base), exponent)
        raise NotRational  # (7301/7300)^3650 is small; only its digits are too many to write out
    if exponent < 0:
        a, b = (b, a) if a > 0 else (-b, -a)
    top, bottom = a**size, b**size
    if not (-LIMIT < top < LIMIT and bottom < LIMIT):
        if bottom == 1 or abs(top) == 1:
            raise too_large_error()
        raise NotRational
    return top if bottom == 1 else (top, bottom)


def check_magnitude(base: Rational, exponent: Rational) -> None:
    """Refuse a power of a positive number whose whole part, or whose leading zeros, would pass the limit."""
    a, b = as_pair(base)
    top, bottom = as_pair(exponent)
    # ratios of long numbers: log10 of each, never the float of either
    size = log10(a) - log10(b)
    # For a base very close to 1 both logarithms are equal as floats: log(1 + x) is about x.
    if size == 0:
        size = (a - b) / b / 2.302585092994046
    if size and log10(abs(size)) + log10(abs(top)) - log10(bottom) > log10(MAX_DIGITS):
        raise too_large_error()


def exact_root(number: int, degree: int) -> int | None:
    """Return the whole number whose `degree`-th power is `number` (not negative), or None."""
    if number in (0, 1):
        return number
    if degree == 2:
        root = isqrt(number)
    elif degree >= number.bit_length():
        return None
    else:
        root = floor_root(number, degree)
    return None if root**degree != number else root


def floor_root(number: int, degree: int) -> int:
    """Return the floor of the root of a positive number, by Newton's method on whole numbers (Cohen 1993, algorithm 1.7.1)."""
    # Start above the root: from there Newton's steps fall until they reach its floor.
    guess = 1 << -(-number.bit_length() // degree)
    while True:
        better = ((degree - 1) * guess + number // guess ** (degree - 1)) // degree
        if better >= guess:
            return guess
        guess = better


def parse_number(token: str) -> Rational:
    """Return the exact value of a number as it is written: 0.1 is one tenth."""
    if token.isdecimal() and len(token) <= MAX_DIGITS:
        return int(token)
    mantissa, _, shift = token.lower().partition("e")
    before, _, after = mantissa.partition(".")
    # int() of a long exponent would cost time before it is refused.
    if len(shift) > 6:
        raise _exponent_error()
    return scale_digits(before + after, int(shift or 0), len(after))


def scale_digits(digits: str, shift: int, decimals: int = 0) -> Rational:
    """Return digits * 10^shift, with so many of the digits after the point."""
    if len(digits) > MAX_DIGITS:
        raise too_large_error("The number")
    if abs(shift) > MAX_DIGITS:
        raise _exponent_error()
    number, scale = int(digits), shift - decimals
    return reduce_fraction(number * 10**scale, 1) if scale >= 0 else reduce_fraction(number, 10**-scale)


def check_digits(number: int) -> int:
    """Return the number. Refuse one that is longer than the limit."""
    if -LIMIT < number < LIMIT:
        return number
    raise too_large_error("The number")


def _exponent_error() -> Refused:
    return Refused(f"The exponent of a number is at most {MAX_DIGITS:,}.", ErrorCode.TOO_LARGE)
