"""Irrational and symbolic values with sympy objects, built bottom-up from a parsed program; runs in the worker, never on text.

Every value is real and checked after each step. What cannot be decided (is this zero?) within the digits allowed is refused, not guessed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import sympy
from sympy import Expr, Integer, Rational, S

from .exact import BINARY, UNARY
from .functions import FUNCTIONS
from .rational import MAX_DIGITS, pair, too_large, undefined, write_whole
from .refusal import NotRational, Refused, Why
from .symbols import decoded, encoded_number

LN_10 = 2.302585092994046
SURE_DIGITS = 60  # two values that agree in so many digits are tried for equality
MOST_DIGITS = 12_000  # working precision of one numeric estimate
MAX_DEGREE = 60  # of a polynomial to be solved


class power_value(sympy.Function):  # type: ignore[misc]  # noqa: N801 - it prints as it is named
    """A rational to a large whole power, kept unexpanded: (7301/7300)^3650 is small, but its digits are not."""

    nargs = 2
    is_real = True
    is_positive = True

    def _eval_evalf(self, prec: int) -> Any:
        import mpmath

        base, exponent = self.args
        with mpmath.workprec(prec + 40 + int(exponent).bit_length()):
            value = mpmath.exp(int(exponent) * mpmath.log(mpmath.mpf(int(base.p)) / int(base.q)))
        return sympy.Float._new(value._mpf_, prec)

    def _sympystr(self, printer: Any) -> str:
        return f"({self.args[0]})**{self.args[1]}"
