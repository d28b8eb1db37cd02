"""Functions of many numbers, computed exactly: divisors, sums, statistics, combinations."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cmp_to_key
from math import comb, gcd, lcm, lgamma, log10, perm

from .elementary import LN_10, require_whole, sqrt
from .rational import LIMIT, MAX_DIGITS, Rational, add, divide, domain_error, is_less, multiply, negate, subtract, too_large_error


def greatest_common_divisor(*numbers: Rational) -> Rational:
    """Return the greatest common divisor."""
    return gcd(*(require_whole(number, "gcd") for number in numbers))


def least_common_multiple(*numbers: Rational) -> Rational:
    """Return the least common multiple. Refuse it as soon as it passes the limit."""
    result = 1
    for number in numbers:
        result = lcm(result, require_whole(number, "lcm"))
        if result >= LIMIT:
            raise too_large_error()
    return result


def minimum(*numbers: Rational) -> Rational:
    """Return the smallest."""
    # Comparisons go through is_less: tuples would compare by their numerators.
    result = numbers[0]
    for number in numbers[1:]:
        if is_less(number, result):
            result = number
    return result


def maximum(*numbers: Rational) -> Rational:
    """Return the largest."""
    return negate(minimum(*map(negate, numbers)))


def sum_exactly(*numbers: Rational) -> Rational:
    """Return the sum."""
    result: Rational = 0
    for number in numbers:
        result = add(result, number)
    return result


def mean(*numbers: Rational) -> Rational:
    """Return the arithmetic mean."""
    return divide(sum_exactly(*numbers), len(numbers))


def compare(left: Rational, right: Rational) -> int:
    """Return -1, 0 or 1: the sign of left - right."""
    return is_less(right, left) - is_less(left, right)


def median(*numbers: Rational) -> Rational:
    """Return the middle value, or the mean of the two in the middle."""
    ordered = sorted(numbers, key=cmp_to_key(compare))
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else divide(add(ordered[middle - 1], ordered[middle]), 2)


def pvariance(*numbers: Rational) -> Rational:
    """Return the variance of a whole population."""
    return _variance(numbers, len(numbers))


def variance(*numbers: Rational) -> Rational:
    """Return the variance of a sample: the sum of squares is divided by n - 1 (Bessel's correction)."""
    return _variance(numbers, len(numbers) - 1)


def _variance(numbers: Sequence[Rational], divisor: int) -> Rational:
    middle = mean(*numbers)
    distances = [subtract(number, middle) for number in numbers]
    return divide(sum_exactly(*(multiply(distance, distance) for distance in distances)), divisor)


def stdev(*numbers: Rational) -> Rational:
    """Return the standard deviation of a sample."""
    return sqrt(variance(*numbers))


def pstdev(*numbers: Rational) -> Rational:
    """Return the standard deviation of a whole population."""
    return sqrt(pvariance(*numbers))


def combinations(of: Rational, taken: Rational) -> Rational:
    """Return n! / (k! (n-k)!), the ways to choose without order."""
    n, k = _counts(of, taken)
    if k > n:
        return 0
    # comb(n, k) is comb(n, n - k); the smaller one bounds the work.
    k = min(k, n - k)
    # lgamma gives the digits of k!, by which the product is divided.
    _check_choices(n, k, lgamma(k + 1) / LN_10 if k < 10 * MAX_DIGITS else 0.0)
    return _within(comb(n, k))


def permutations(of: Rational, taken: Rational) -> Rational:
    """Return n! / (n-k)!, the ways to choose in order."""
    n, k = _counts(of, taken)
    if k > n:
        return 0
    _check_choices(n, k, 0.0)
    return _within(perm(n, k))


def _counts(of: Rational, taken: Rational) -> tuple[int, int]:
    n, k = require_whole(of, "Choosing"), require_whole(taken, "Choosing")
    if n < 0 or k < 0:
        raise domain_error("Choosing needs whole numbers from 0.")
    return n, k


def _check_choices(n: int, k: int, saved_digits: float) -> None:
    """Refuse a product of k factors up to n, divided by a number of `saved_digits` digits, that would pass the limit. k bounds the time."""
    if k > 4 * MAX_DIGITS or (k and k * log10(max(n - k, 1)) - saved_digits > MAX_DIGITS + 1):
        raise too_large_error()


def _within(number: int) -> int:
    if number < LIMIT:
        return number
    raise too_large_error()


def hypot(*numbers: Rational) -> Rational:
    """Return the square root of the sum of squares."""
    return sqrt(sum_exactly(*(multiply(number, number) for number in numbers)))
