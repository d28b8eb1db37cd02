"""The closed list of names: functions with how many arguments they take, other spellings, constants."""

from __future__ import annotations

from collections.abc import Callable

from .elementary import (
    _bounded,
    _known_at,
    _within_one,
    absolute,
    atan2,
    cbrt,
    ceil,
    exp,
    fact,
    log2,
    log10_,
    logarithm,
    root,
    rounded,
    sqrt,
    symbolic_only,
    trunc,
)
from .lists import (
    combinations,
    greatest,
    greatest_divisor,
    hypot,
    least,
    least_multiple,
    mean,
    median,
    permutations,
    pstdev,
    pvariance,
    stdev,
    total,
    variance,
)
from .rational import Rational, floor, power, sign

ANY = 1_000  # arguments of a function that takes any number of them

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
