"""The closed list of functions, and their values where these are rational; NotRational hands the rest to the symbolic part."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cmp_to_key
from math import comb, factorial, gcd, lcm, lgamma, log10, perm

from .rational import (
    LIMIT,
    MAX_DIGITS,
    Rational,
    add,
    divide,
    floor,
    is_less,
    multiply,
    negate,
    pair,
    power,
    reduced,
    sign,
    subtract,
    too_large,
    undefined,
)
from .refusal import NotRational, Refused, Why

MAX_FACTORIAL = 1_500
ANY = 1_000  # arguments of a function that takes any number of them
LN_10 = 2.302585092994046
MAX_LOG_DENOMINATOR = 12


def whole(number: Rational, what: str) -> int:
    """The number, which must be whole."""
    if type(number) is int:
        return number
    raise undefined(f"{what} needs whole numbers.")


def fact(number: Rational) -> Rational:
    """n!, for whole n from 0 to the limit."""
    if type(number) is not int or number < 0:
        raise undefined("A factorial is defined here for whole numbers from 0.")
    if number > MAX_FACTORIAL:
        raise Refused(f"A factorial goes up to {MAX_FACTORIAL:,}!.", Why.TOO_LARGE)
    return factorial(number)


def sqrt(number: Rational) -> Rational:
    """The square root."""
    if sign(number) < 0:
        raise undefined("The square root of a negative number is not real.")
    return power(number, (1, 2))


def root(number: Rational, degree: Rational) -> Rational:
    """The real root of whole degree; of a negative number too where the degree is odd."""
    degree = whole(degree, "The degree of a root")
    if degree == 0:
        raise undefined("There is no root of degree 0.")
    if sign(number) < 0:
        if degree % 2 == 0:
            raise undefined("A root of even degree of a negative number is not real.")
        return negate(power(negate(number), reduced(1, degree)))
    return power(number, reduced(1, degree))


def cbrt(number: Rational) -> Rational:
    """The real cube root."""
    return root(number, 3)


def absolute(number: Rational) -> Rational:
    """The number without its sign."""
    return negate(number) if sign(number) < 0 else number


def ceil(number: Rational) -> Rational:
    """The smallest whole number that is not below it."""
    return -floor(negate(number))


def trunc(number: Rational) -> Rational:
    """The whole part."""
    return ceil(number) if sign(number) < 0 else floor(number)


def rounded(number: Rational, places: Rational = 0) -> Rational:
    """The nearest number with so many decimals; a half goes away from zero, as at school and as with money."""
    places = whole(places, "Rounding to decimals")
    if abs(places) > MAX_DIGITS:
        raise too_large("The number of decimals")
    scale = reduced(10**places, 1) if places >= 0 else reduced(1, 10**-places)
    scaled = multiply(absolute(number), scale)
    nearest = divide(floor(add(scaled, (1, 2))), scale)
    return negate(nearest) if sign(number) < 0 else nearest


def greatest_divisor(*numbers: Rational) -> Rational:
    """The greatest common divisor."""
    return gcd(*(whole(number, "gcd") for number in numbers))


def least_multiple(*numbers: Rational) -> Rational:
    """The least common multiple; refused as soon as it passes the limit."""
    result = 1
    for number in numbers:
        result = lcm(result, whole(number, "lcm"))
        if result >= LIMIT:
            raise too_large()
    return result


def least(*numbers: Rational) -> Rational:
    """The smallest."""
    result = numbers[0]
    for number in numbers[1:]:
        if is_less(number, result):
            result = number
    return result


def greatest(*numbers: Rational) -> Rational:
    """The largest."""
    return negate(least(*map(negate, numbers)))


def total(*numbers: Rational) -> Rational:
    """The sum."""
    result: Rational = 0
    for number in numbers:
        result = add(result, number)
    return result


def mean(*numbers: Rational) -> Rational:
    """The arithmetic mean."""
    return divide(total(*numbers), len(numbers))


def compare(left: Rational, right: Rational) -> int:
    """-1, 0 or 1: the sign of left - right."""
    return is_less(right, left) - is_less(left, right)


def median(*numbers: Rational) -> Rational:
    """The middle value, or the mean of the two in the middle."""
    ordered = sorted(numbers, key=cmp_to_key(compare))
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else divide(add(ordered[middle - 1], ordered[middle]), 2)


def pvariance(*numbers: Rational) -> Rational:
    """The variance of a whole population."""
    return _variance(numbers, len(numbers))


def variance(*numbers: Rational) -> Rational:
    """The variance of a sample (n - 1)."""
    return _variance(numbers, len(numbers) - 1)


def _variance(numbers: Sequence[Rational], divisor: int) -> Rational:
    middle = mean(*numbers)
    distances = [subtract(number, middle) for number in numbers]
    return divide(total(*(multiply(distance, distance) for distance in distances)), divisor)


def stdev(*numbers: Rational) -> Rational:
    """The standard deviation of a sample (n - 1)."""
    return sqrt(variance(*numbers))


def pstdev(*numbers: Rational) -> Rational:
    """The standard deviation of a whole population."""
    return sqrt(pvariance(*numbers))


def combinations(of: Rational, taken: Rational) -> Rational:
    """The ways to choose without order."""
    n, k = _counts(of, taken)
    if k > n:
        return 0
    k = min(k, n - k)
    _check_choices(n, k, lgamma(k + 1) / LN_10 if k < 10 * MAX_DIGITS else 0.0)
    return _within(comb(n, k))


def permutations(of: Rational, taken: Rational) -> Rational:
    """The ways to choose in order."""
    n, k = _counts(of, taken)
    if k > n:
        return 0
    _check_choices(n, k, 0.0)
    return _within(perm(n, k))


def _counts(of: Rational, taken: Rational) -> tuple[int, int]:
    n, k = whole(of, "Choosing"), whole(taken, "Choosing")
    if n < 0 or k < 0:
        raise undefined("Choosing needs whole numbers from 0.")
    return n, k


def _check_choices(n: int, k: int, saved_digits: float) -> None:
    """A product of k factors up to n, divided by one of `saved_digits` digits, must stay within the limit; k bounds the time."""
    if k > 4 * MAX_DIGITS or (k and k * log10(max(n - k, 1)) - saved_digits > MAX_DIGITS + 1):
        raise too_large()


def _within(number: int) -> int:
    if number < LIMIT:
        return number
    raise too_large()


def exp(number: Rational) -> Rational:
    """e to the number."""
    if number == 0:
        return 1
    top, bottom = pair(number)
    if abs(top) > bottom * 11_513:  # 5,000 digits of e^x
        raise too_large()
    raise NotRational


def logarithm(number: Rational, base: Rational | None = None) -> Rational:
    """The natural logarithm, or the one to a base."""
    if sign(number) <= 0:
        raise undefined("A logarithm is defined for numbers above zero.")
    if base is None:
        if number == 1:
            return 0
        raise NotRational
    if sign(base) <= 0 or base == 1:
        raise undefined("The base of a logarithm is above zero and not 1.")
    found = _exact_logarithm(number, base)
    if found is None:
        raise NotRational
    return found


def _exact_logarithm(number: Rational, base: Rational) -> Rational | None:
    """p/q with base^p = number^q for a small q: log(8, 4) is 3/2. Guessed in floats, proved in whole numbers."""
    above, below = _digits(number), _digits(base)
    if not above or not below or abs(above) > abs(below) * MAX_DIGITS * 4:
        return 0 if number == 1 else None
    for q in range(1, MAX_LOG_DENOMINATOR + 1):
        p = round(above / below * q)
        if p and abs(p - above / below * q) < 1e-9 * abs(p) and abs(q * above) < MAX_DIGITS:
            try:
                if power(base, p) == power(number, q):
                    return reduced(p, q)
            except (NotRational, Refused):  # too long to compare, so not provable here
                return None
    return None


def _digits(number: Rational) -> float:
    top, bottom = pair(number)
    return log10(top) - log10(bottom)


def log2(number: Rational) -> Rational:
    """The logarithm to base 2."""
    return logarithm(number, 2)


def log10_(number: Rational) -> Rational:
    """The logarithm to base 10."""
    return logarithm(number, 10)


def hypot(*numbers: Rational) -> Rational:
    """The square root of the sum of squares."""
    return sqrt(total(*(multiply(number, number) for number in numbers)))


def _known_at(point: Rational, value: Rational) -> Callable[[Rational], Rational]:
    """A function whose one rational value at a rational argument is known."""

    def function(number: Rational) -> Rational:
        if number == point:
            return value
        raise NotRational

    return function


def _within_one(name: str, point: Rational, value: Rational) -> Callable[[Rational], Rational]:
    known = _known_at(point, value)

    def function(number: Rational) -> Rational:
        if is_less(1, absolute(number)):
            raise undefined(f"{name} is real only from -1 to 1.")
        return known(number)

    return function


def _bounded(point: Rational, value: Rational) -> Callable[[Rational], Rational]:
    known = _known_at(point, value)

    def function(number: Rational) -> Rational:
        try:
            exp(number)
        except NotRational:
            exp(negate(number))
        return known(number)

    return function


def atan2(y: Rational, x: Rational) -> Rational:
    """The angle of the point (x, y)."""
    if y == 0:
        if x == 0:
            raise undefined("The angle of (0, 0) is not defined.")
        if sign(x) > 0:
            return 0
    raise NotRational


def symbolic_only(*numbers: Rational) -> Rational:
    """Work for the symbolic part alone."""
    raise NotRational


Function = Callable[..., Rational]
# name: (function, fewest arguments, most arguments)
FUNCTIONS: dict[str, tuple[Function, int, int]] = {
    "abs": (absolute, 1, 1),
    "acos": (_within_one("acos", 1, 0), 1, 1),
    "asin": (_within_one("asin", 0, 0), 1, 1),
    "atan": (_known_at(0, 0), 1, 1),
    "atan2": (atan2, 2, 2),
    "cbrt": (cbrt, 1, 1),
    "ceil": (ceil, 1, 1),
    "comb": (combinations, 2, 2),
    "cos": (_known_at(0, 1), 1, 1),
    "cosh": (_bounded(0, 1), 1, 1),
    "degrees": (_known_at(0, 0), 1, 1),
    "diff": (symbolic_only, 1, 2),
    "exp": (exp, 1, 1),
    "factorial": (fact, 1, 1),
    "floor": (floor, 1, 1),
    "gcd": (greatest_divisor, 1, ANY),
    "hypot": (hypot, 1, ANY),
    "lcm": (least_multiple, 1, ANY),
    "ln": (logarithm, 1, 1),
    "log": (logarithm, 1, 2),
    "log10": (log10_, 1, 1),
    "log2": (log2, 1, 1),
    "max": (greatest, 1, ANY),
    "mean": (mean, 1, ANY),
    "median": (median, 1, ANY),
    "min": (least, 1, ANY),
    "perm": (permutations, 2, 2),
    "pow": (power, 2, 2),
    "pstdev": (pstdev, 1, ANY),
    "pvariance": (pvariance, 1, ANY),
    "radians": (_known_at(0, 0), 1, 1),
    "root": (root, 2, 2),
    "round": (rounded, 1, 2),
    "sign": (sign, 1, 1),
    "simplify": (symbolic_only, 1, 1),
    "sin": (_known_at(0, 0), 1, 1),
    "sinh": (_bounded(0, 0), 1, 1),
    "solve": (symbolic_only, 1, 2),
    "sqrt": (sqrt, 1, 1),
    "stdev": (stdev, 2, ANY),
    "sum": (total, 1, ANY),
    "tan": (_known_at(0, 0), 1, 1),
    "tanh": (_known_at(0, 0), 1, 1),
    "trunc": (trunc, 1, 1),
    "variance": (variance, 2, ANY),
}
ALIASES = {
    "arccos": "acos",
    "arcsin": "asin",
    "arctan": "atan",
    "average": "mean",
    "avg": "mean",
    "binomial": "comb",
    "ceiling": "ceil",
    "choose": "comb",
    "derivative": "diff",
    "fact": "factorial",
    "ncr": "comb",
    "npr": "perm",
    "std": "stdev",
}
CONSTANTS = frozenset({"pi", "e", "tau"})
OF_SYMBOLS = frozenset({"solve", "diff", "simplify"})  # inside these a single letter is an unknown
TAKES_LIST = frozenset(name for name, (_, _, most) in FUNCTIONS.items() if most == ANY)
