"""Functions of one number, for rational results. NotRational leaves the rest to the symbolic part."""

from __future__ import annotations

from collections.abc import Callable
from math import factorial, log10

from .rational import (
    MAX_DIGITS,
    Rational,
    add,
    as_pair,
    divide,
    domain_error,
    floor,
    is_less,
    multiply,
    negate,
    power,
    reduce_fraction,
    sign,
    too_large_error,
)
from .refusal import ErrorCode, NotRational, Refused

MAX_FACTORIAL = 1_500
LN_10 = 2.302585092994046
MOST_EXPONENT = int(MAX_DIGITS * LN_10)  # of e^x, for the result to stay within the digits
MAX_LOG_DENOMINATOR = 12


def require_whole(number: Rational, what: str) -> int:
    """Return the number as an int. Refuse one that is not whole; `what` begins the sentence."""
    if type(number) is int:
        return number
    raise domain_error(f"{what} needs whole numbers.")


def exact_factorial(number: Rational) -> Rational:
    """Return n! for whole n from 0 to MAX_FACTORIAL."""
    if type(number) is not int or number < 0:
        raise domain_error("A factorial is defined here for whole numbers from 0.")
    if number > MAX_FACTORIAL:
        raise Refused(f"A factorial goes up to {MAX_FACTORIAL:,}!.", ErrorCode.TOO_LARGE)
    return factorial(number)


def sqrt(number: Rational) -> Rational:
    """Return the square root."""
    if sign(number) < 0:
        raise domain_error("The square root of a negative number is not real.")
    return power(number, (1, 2))


def root(number: Rational, degree: Rational) -> Rational:
    """Return the real root of whole degree, of a negative number too where the degree is odd."""
    degree = require_whole(degree, "The degree of a root")
    if degree == 0:
        raise domain_error("There is no root of degree 0.")
    if sign(number) < 0:
        if degree % 2 == 0:
            raise domain_error("A root of even degree of a negative number is not real.")
        return negate(power(negate(number), reduce_fraction(1, degree)))
    return power(number, reduce_fraction(1, degree))


def cbrt(number: Rational) -> Rational:
    """Return the real cube root."""
    return root(number, 3)


def absolute(number: Rational) -> Rational:
    """Return |x|."""
    return negate(number) if sign(number) < 0 else number


def ceil(number: Rational) -> Rational:
    """Return the smallest whole number that is not below x."""
    return -floor(negate(number))


def trunc(number: Rational) -> Rational:
    """Return x without its decimals."""
    return ceil(number) if sign(number) < 0 else floor(number)


def round_half_away(number: Rational, places: Rational = 0) -> Rational:
    """Return x to so many decimals. A half goes away from zero, as at school and with money."""
    places = require_whole(places, "Rounding to decimals")
    if abs(places) > MAX_DIGITS:
        raise too_large_error("The number of decimals")
    scale = reduce_fraction(10**places, 1) if places >= 0 else reduce_fraction(1, 10**-places)
    scaled = multiply(absolute(number), scale)
    nearest = divide(floor(add(scaled, (1, 2))), scale)
    return negate(nearest) if sign(number) < 0 else nearest


def exp(number: Rational) -> Rational:
    """Return e^x for x = 0, which alone is rational (Lindemann 1882). Refuse what would be too long."""
    if number == 0:
        return 1
    top, bottom = as_pair(number)
    # e^x is computed by the symbolic part, which must not be asked for more digits than a result may have.
    if abs(top) > bottom * MOST_EXPONENT:
        raise too_large_error()
    raise NotRational


def logarithm(number: Rational, base: Rational | None = None) -> Rational:
    """Return the logarithm to a base, or the natural one."""
    if sign(number) <= 0:
        raise domain_error("A logarithm is defined for numbers above zero.")
    if base is None:
        if number == 1:
            return 0
        raise NotRational
    if sign(base) <= 0 or base == 1:
        raise domain_error("The base of a logarithm is above zero and not 1.")
    found = _exact_logarithm(number, base)
    if found is None:
        raise NotRational
    return found


def _exact_logarithm(number: Rational, base: Rational) -> Rational | None:
    """Return p/q with base^p = x^q for a small q, as log(8, 4) = 3/2, or None. The guess is made in floats and proved in whole numbers."""
    above, below = _log10_of(number), _log10_of(base)
    # The logarithms of long numbers are estimates; a ratio beyond this could not be proved by powers within the limit.
    if not above or not below or abs(above) > abs(below) * MAX_DIGITS * 4:
        return 0 if number == 1 else None
    for q in range(1, MAX_LOG_DENOMINATOR + 1):
        p = round(above / below * q)
        # The guess must be a hair's breadth from whole before the powers are computed.
        if p and abs(p - above / below * q) < 1e-9 * abs(p) and abs(q * above) < MAX_DIGITS:
            try:
                if power(base, p) == power(number, q):
                    return reduce_fraction(p, q)
            except (NotRational, Refused):  # too long to compare, so not provable here
                return None
    return None


def _log10_of(number: Rational) -> float:
    top, bottom = as_pair(number)
    return log10(top) - log10(bottom)


def log2(number: Rational) -> Rational:
    """Return the logarithm to base 2."""
    return logarithm(number, 2)


def log10_(number: Rational) -> Rational:
    """Return the logarithm to base 10."""
    return logarithm(number, 10)


def exact_at(point: Rational, value: Rational) -> Callable[[Rational], Rational]:
    """Return a function that knows its one rational value at a rational argument (by Lindemann and Weierstrass there is no other)."""

    def function(number: Rational) -> Rational:
        if number == point:
            return value
        raise NotRational

    return function


def exact_within_one(name: str, point: Rational, value: Rational) -> Callable[[Rational], Rational]:
    """Return the same for a function that is real from -1 to 1."""
    known = exact_at(point, value)

    def function(number: Rational) -> Rational:
        if is_less(1, absolute(number)):
            raise domain_error(f"{name} is real only from -1 to 1.")
        return known(number)

    return function


def exact_bounded(point: Rational, value: Rational) -> Callable[[Rational], Rational]:
    """Return the same for a function that grows like e^|x|."""
    known = exact_at(point, value)

    def function(number: Rational) -> Rational:
        # e^|x| bounds the value: where it would be too long, so is the result.
        try:
            exp(number)
        except NotRational:
            exp(negate(number))
        return known(number)

    return function


def atan2(y: Rational, x: Rational) -> Rational:
    """Return the angle of the point (x, y), where it is 0."""
    if y == 0:
        if x == 0:
            raise domain_error("The angle of (0, 0) is not defined.")
        if sign(x) > 0:
            return 0
    raise NotRational


def defer_to_symbolic(*numbers: Rational) -> Rational:
    """Raise NotRational: this is work for the symbolic part alone."""
    raise NotRational
