"""The closed list of names: functions with how many arguments they take, other spellings, and constants."""

from __future__ import annotations

from collections.abc import Callable

from .elementary import (
    absolute,
    atan2,
    cbrt,
    ceil,
    defer_to_symbolic,
    exact_at,
    exact_bounded,
    exact_factorial,
    exact_within_one,
    exp,
    log2,
    log10_,
    logarithm,
    root,
    round_half_away,
    sqrt,
    trunc,
)
from .lists import (
    combinations,
    greatest_common_divisor,
    hypot,
    least_common_multiple,
    maximum,
    mean,
    median,
    minimum,
    permutations,
    pstdev,
    pvariance,
    stdev,
    sum_exactly,
    variance,
)
from .rational import Rational, floor, power, sign

ANY = 1_000  # arguments of a function that takes any number of them

Function = Callable[..., Rational]
# name: (function, fewest arguments, most arguments)
FUNCTIONS: dict[str, tuple[Function, int, int]] = {
    "abs": (absolute, 1, 1),
    "acos": (exact_within_one("acos", 1, 0), 1, 1),
    "asin": (exact_within_one("asin", 0, 0), 1, 1),
    "atan": (exact_at(0, 0), 1, 1),
    "atan2": (atan2, 2, 2),
    "cbrt": (cbrt, 1, 1),
    "ceil": (ceil, 1, 1),
    "comb": (combinations, 2, 2),
    "cos": (exact_at(0, 1), 1, 1),
    "cosh": (exact_bounded(0, 1), 1, 1),
    "degrees": (exact_at(0, 0), 1, 1),
    "diff": (defer_to_symbolic, 1, 2),
    "exp": (exp, 1, 1),
    "factorial": (exact_factorial, 1, 1),
    "floor": (floor, 1, 1),
    "gcd": (greatest_common_divisor, 1, ANY),
    "hypot": (hypot, 1, ANY),
    "lcm": (least_common_multiple, 1, ANY),
    "ln": (logarithm, 1, 1),
    "log": (logarithm, 1, 2),
    "log10": (log10_, 1, 1),
    "log2": (log2, 1, 1),
    "max": (maximum, 1, ANY),
    "mean": (mean, 1, ANY),
    "median": (median, 1, ANY),
    "min": (minimum, 1, ANY),
    "perm": (permutations, 2, 2),
    "pow": (power, 2, 2),
    "pstdev": (pstdev, 1, ANY),
    "pvariance": (pvariance, 1, ANY),
    "radians": (exact_at(0, 0), 1, 1),
    "root": (root, 2, 2),
    "round": (round_half_away, 1, 2),
    "sign": (sign, 1, 1),
    "simplify": (defer_to_symbolic, 1, 1),
    "sin": (exact_at(0, 0), 1, 1),
    "sinh": (exact_bounded(0, 0), 1, 1),
    "solve": (defer_to_symbolic, 1, 2),
    "sqrt": (sqrt, 1, 1),
    "stdev": (stdev, 2, ANY),
    "sum": (sum_exactly, 1, ANY),
    "tan": (exact_at(0, 0), 1, 1),
    "tanh": (exact_at(0, 0), 1, 1),
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
    "cosine": "cos",
    "derivative": "diff",
    "fact": "factorial",
    "fsum": "sum",
    "int": "trunc",
    "ncr": "comb",
    "npr": "perm",
    "power": "pow",
    "sgn": "sign",
    "sine": "sin",
    "std": "stdev",
    "tangent": "tan",
}
CONSTANTS = frozenset({"pi", "e", "tau"})
OF_SYMBOLS = frozenset({"solve", "diff", "simplify"})  # inside these a single letter is an unknown
# These may take their numbers as a list: mean([1, 2, 3]).
TAKES_LIST = frozenset(name for name, (_, _, most) in FUNCTIONS.items() if most == ANY)
