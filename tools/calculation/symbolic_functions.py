"""The operations on sympy objects, each with its domain checked. Rationals are computed as everywhere else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cmp_to_key
from typing import Any

from mpmath.libmp import to_int

from .exact import BINARY, UNARY
from .function_table import FUNCTIONS
from .numeric import count_bits, evaluate_to_digits, is_solution
from .rational import MAX_DIGITS, as_pair, domain_error, too_large_error
from .rational import Rational as Exact
from .refusal import ErrorCode, NotRational, Refused
from .sympy_types import Expression, Float, Function, Value, mpmath, sympy

Integer, Rational, S = sympy.Integer, sympy.Rational, sympy.S
TrigonometricFunction = sympy.functions.elementary.trigonometric.TrigonometricFunction

LN_10 = 2.302585092994046
FEW_BITS = 1_000  # of the first look at a value that may be zero
MOST_SIMPLIFIED_BITS = 2_000  # numbers longer than this keep sympy's simplification busy for seconds
MAX_FACTORED = 2**100  # sympy factors what it takes a root of
MAX_ROOT = 1_000  # roots of higher degree are kept as numbers
MAX_DEGREE = 24  # of a polynomial to be solved
TRIALS = tuple(Rational(top, 7) for top in (3, -4, 12, -16, 40, -1, 90, -55, 1, 25, -300))  # values that unknowns may have


class power_value(Function):  # type: ignore[misc]  # noqa: N801 - it prints as it is named
    """A power of rationals that sympy must not expand or simplify.

    (7301/7300)^3650 is small, but its digits are not; for 5^(1/10^300) sympy would look for the minimal polynomial.
    """

    nargs = 2
    is_real = True
    is_positive = True

    def _sympystr(self, printer: Any) -> str:
        return f"({printer._print(self.args[0])})**({printer._print(self.args[1])})"


class real_size(Function):  # type: ignore[misc]  # noqa: N801 - as above
    """|x| of a real x."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> Expression:
        return sympy.sign(self.args[0])


def apply(name: str, arguments: Sequence[Value]) -> Value:
    """Apply an operation: on rationals exactly as everywhere else, and with symbols where that has no rational value."""
    expressions = [argument for argument in arguments if not isinstance(argument, tuple)]
    if len(expressions) < len(arguments):
        raise Refused("This has more than one value, so it cannot be calculated with.", ErrorCode.MATH_DOMAIN)
    if all(argument.is_Rational for argument in expressions):
        exactly: Callable[..., Exact] = BINARY.get(name) or UNARY.get(name) or FUNCTIONS[name][0]
        try:
            return to_sympy(exactly(*map(from_sympy, expressions)))
        except NotRational:
            pass
    value = SYMBOLIC[name](*expressions)
    return value if isinstance(value, tuple) else _require_real(value)


def _require_real(value: Expression) -> Expression:
    """Return the value if it exists and is real, else refuse it."""
    value = sympy.sympify(value)
    if value.has(S.NaN, S.ComplexInfinity, S.Infinity, S.NegativeInfinity, sympy.AccumBounds):
        raise domain_error("The value is not defined.")
    if value.has(S.ImaginaryUnit):  # .is_real would say more, after a search that can take seconds; each function checks its domain
        raise domain_error("The value is not a real number.")
    if value.is_Rational and not (abs(value.p) < 10**MAX_DIGITS and value.q < 10**MAX_DIGITS):
        raise too_large_error()
    return value


def to_sympy(number: Exact) -> Expression:
    top, bottom = as_pair(number)
    return Integer(top) if bottom == 1 else Rational(top, bottom)


def from_sympy(value: Expression) -> Exact:
    return int(value.p) if value.q == 1 else (int(value.p), int(value.q))


def _sign(value: Expression) -> int:
    """Return -1, 0 or 1. Raise Refused where it cannot be decided."""
    if value.is_Rational:
        return bool(value > 0) - bool(value < 0)
    if value.free_symbols:
        raise Refused("The sign of an expression with unknowns is not known.", ErrorCode.UNDECIDED)
    number = evaluate_to_digits(value, 5, FEW_BITS)
    # The cheap proof of zero first, then more digits, then the simplifications that can take seconds.
    if number is None and sympy.expand(value) == 0:
        return 0
    number = number or evaluate_to_digits(value, 5)
    if number is not None:
        return 1 if number > 0 else -1
    if count_bits(value) < MOST_SIMPLIFIED_BITS and (sympy.radsimp(value) == 0 or sympy.simplify(value) == 0):
        return 0
    raise Refused("It cannot be decided whether a value here is exactly zero.", ErrorCode.UNDECIDED)


def is_zero(value: Expression) -> bool:
    """Tell whether the value is proved to be zero."""
    try:
        return _sign(value) == 0
    except Refused:
        return False


def _magnitude(value: Expression) -> float:
    """Return the value as a float, for estimates. Huge ones are infinite."""
    number = evaluate_to_digits(value, 5)
    return 0.0 if number is None else float(number)


def _divide(left: Expression, right: Expression) -> Expression:
    if right.free_symbols or _sign(right) != 0:
        return left / right
    raise domain_error("Division by zero.")


def _power(base: Expression, exponent: Expression) -> Expression:
    if base.free_symbols or exponent.free_symbols:
        if exponent.is_Rational and (abs(exponent.p) > MAX_DEGREE or exponent.q > MAX_DEGREE):
            raise Refused(f"A power of an unknown goes up to {MAX_DEGREE}.", ErrorCode.TOO_LARGE)
        return sympy.Pow(base, exponent)
    sign = _sign(base)
    if sign == 0:
        below = _sign(exponent)
        if below < 0:
            raise domain_error("Division by zero: zero to a negative power is not defined.")
        return S.One if below == 0 else S.Zero
    if sign < 0 and not exponent.is_Integer:
        raise domain_error("A negative number to a power that is not whole is not real.")
    # The size of the power is estimated before sympy sees it: log|base| * exponent.
    size = evaluate_to_digits(sympy.log(base if sign > 0 else -base, evaluate=False) * exponent, 5)
    if size is not None and abs(float(size)) > MAX_DIGITS * LN_10:
        raise too_large_error()
    if base.is_Rational and exponent.is_Integer:
        # sympy would expand a rational to a whole power into all of its digits.
        unsigned: Expression = power_value(abs(base), exponent)
        return -unsigned if sign < 0 and exponent.is_odd else unsigned
    if base.is_Rational and exponent.is_Rational and (exponent.q > MAX_ROOT or max(base.p, base.q) >= MAX_FACTORED):
        return power_value(base, exponent)
    if isinstance(base, power_value) and exponent.is_Rational:
        return _power_of_rationals(base.args[0], base.args[1] * exponent)
    if base == S.Exp1:
        return sympy.exp(exponent)
    return sympy.Pow(base, exponent)


def _power_of_rationals(base: Expression, exponent: Expression) -> Expression:
    value = apply("^", [base, exponent])
    assert not isinstance(value, tuple)  # only equations have several
    return value


def _floor(value: Expression) -> Expression:
    if value.free_symbols:
        raise Refused("Rounding needs a number, not an expression with unknowns.", ErrorCode.UNDECIDED)
    if value.is_Rational:
        return Integer(value.p // value.q)
    # The nearest whole number needs as many digits as it has itself, and some to tell on which side of it the value is.
    estimate = evaluate_to_digits(value, 5)
    size = 0 if estimate is None else max(0, int(mpmath.log10(abs(estimate))))
    if size > MAX_DIGITS:
        raise too_large_error()
    number = evaluate_to_digits(value, size + 25)
    nearest = S.Zero if number is None else Integer(to_int(number._mpf_, "n"))
    return nearest - 1 if _sign(value - nearest) < 0 else nearest


def _ceil(value: Expression) -> Expression:
    return -_floor(-value)


def _trunc(value: Expression) -> Expression:
    return _floor(value) if _sign(value) >= 0 else _ceil(value)


def _round(value: Expression, places: Expression = S.Zero) -> Expression:
    if not places.is_Integer or abs(places) > 1_000:
        raise domain_error("Rounding to decimals needs a whole number of them, up to 1,000.")
    scale = Integer(10) ** places
    sign = _sign(value)
    return sign * _floor(abs(value) * scale + S.Half) / scale if sign else S.Zero


def _modulo(left: Expression, right: Expression) -> Expression:
    return left - right * _floor(_divide(left, right))


def _absolute(value: Expression) -> Expression:
    return sympy.Abs(value) if value.free_symbols else -value if _sign(value) < 0 else value


def _sqrt(value: Expression) -> Expression:
    return _root(value, Integer(2))


def _root(value: Expression, degree: Expression) -> Expression:
    if not degree.is_Integer or degree == 0:
        raise domain_error("The degree of a root is a whole number other than 0.")
    if value.free_symbols and degree % 2:  # sympy's is the complex one where the value is negative, and solves for that
        raise Refused("An odd root of an unknown is not worked out; x^(1/3) is, from 0 upwards.", ErrorCode.UNDECIDED)
    if not value.free_symbols and _sign(value) < 0:
        if degree % 2 == 0:
            raise domain_error("A root of even degree of a negative number is not real.")
        return -_power(-value, 1 / degree)
    return _power(value, 1 / degree)


def _log(value: Expression, base: Expression | None = None) -> Expression:
    if not value.free_symbols and _sign(value) <= 0:
        raise domain_error("A logarithm is defined for numbers above zero.")
    if base is None:
        return sympy.log(value)
    if base.free_symbols or _sign(base) <= 0 or _sign(base - 1) == 0:
        raise domain_error("The base of a logarithm is above zero and not 1.")
    return sympy.log(value) / sympy.log(base)


def _inverse_trig(function: Callable[..., Expression], name: str) -> Callable[[Expression], Expression]:
    def apply_checked(value: Expression) -> Expression:
        if not value.free_symbols and _sign(1 - value**2) < 0:
            raise domain_error(f"{name} is real only from -1 to 1.")
        return _apply_unevaluated(function, value)

    return apply_checked


def _apply_unevaluated(function: Callable[..., Expression], value: Expression) -> Expression:
    """Return asin(sin(x)) and the like as they stand."""
    return function(value, evaluate=not value.has(TrigonometricFunction))


def _tan(value: Expression) -> Expression:
    if not value.free_symbols and _sign(sympy.cos(value)) == 0:
        raise domain_error("The tangent is not defined here.")
    return sympy.tan(value)


def _atan2(y: Expression, x: Expression) -> Expression:
    # Not sympy's own: it takes log(tanh(20)), which is -1e-17, for zero and turns the angle by a whole circle.
    if y.free_symbols or x.free_symbols:
        return sympy.atan2(y, x)
    above, right = _sign(y), _sign(x)
    if right == 0:
        if above == 0:
            raise Refused("The angle of (0, 0) is not defined.", ErrorCode.MATH_DOMAIN)
        return above * S.Pi / 2
    angle = _apply_unevaluated(sympy.atan, y / x)
    return angle if right > 0 else angle + (S.Pi if above >= 0 else -S.Pi)


def _hyperbolic(function: Callable[[Expression], Expression]) -> Callable[[Expression], Expression]:
    def apply_checked(value: Expression) -> Expression:
        if not value.free_symbols and abs(_magnitude(value)) > MAX_DIGITS * LN_10:
            raise too_large_error()
        return function(value)

    return apply_checked


def _pick_extreme(wanted: int) -> Callable[..., Expression]:
    def pick(*values: Expression) -> Expression:
        best = values[0]
        for value in values[1:]:
            if _sign(value - best) == wanted:
                best = value
        return best

    return pick


def _mean(*values: Expression) -> Expression:
    mean: Expression = sympy.Add(*values) / len(values)
    return mean


def _median(*values: Expression) -> Expression:
    def compare(left: Expression, right: Expression) -> int:
        return _sign(left - right)

    ordered = sorted(values, key=cmp_to_key(compare))
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def _variance(*values: Expression) -> Expression:
    return _squares(values) / (len(values) - 1)


def _pvariance(*values: Expression) -> Expression:
    return _squares(values) / len(values)


def _squares(values: Sequence[Expression]) -> Expression:
    middle = _mean(*values)
    squares: Expression = sympy.Add(*((value - middle) ** 2 for value in values))
    return squares


def _needs_rationals(*values: Expression) -> Expression:
    raise domain_error("This needs whole numbers.")


def _find_unknown(expression: Expression, symbol: Expression | None) -> Expression:
    if symbol is None:
        found = sorted(expression.free_symbols, key=str)
        if len(found) != 1:
            raise Refused("Say for which unknown, as in solve(x^2 = y, x).", ErrorCode.AMBIGUOUS)
        return found[0]
    if not symbol.is_Symbol:
        raise Refused("The second argument is the unknown, a single letter.", ErrorCode.SYNTAX_ERROR)
    return symbol


def _solve(equation: Expression, symbol: Expression | None = None) -> Value:
    """Return the real solutions in order: one is a number to go on with, several are not."""
    unknown = _find_unknown(equation, symbol)
    if equation.free_symbols.difference((unknown,)):
        return _one_or_all(_solve_for(equation, unknown))
    return _one_or_all(sorted(map(_require_real, _roots(equation, unknown)), key=_sort_key))


def _roots(equation: Expression, unknown: Expression) -> Sequence[Expression]:
    """Return where an expression is zero.

    For fractions of polynomials these are all real roots, exactly; otherwise those that sympy finds and that hold when they are put back.
    """
    # x + 1/x = 2 becomes (x^2 - 2x + 1) / x: zeros of the numerator, where the denominator is not zero.
    above, below = sympy.fraction(sympy.together(equation))
    if above == 0:
        raise domain_error("Every number is a solution.")
    if above.is_polynomial(unknown) and below.is_polynomial(unknown):
        numerator, denominator = sympy.Poly(above, unknown), sympy.Poly(below, unknown)
        if numerator.domain.is_ZZ or numerator.domain.is_QQ:
            while (shared := numerator.gcd(denominator)).degree() > 0:  # there the fraction is not defined
                numerator = numerator.quo(shared)
            return [root for root, _ in numerator.real_roots(multiple=False)]
    solutions: Any = sympy.solveset(equation, unknown, domain=S.Reals)
    if solutions == S.Reals:
        raise domain_error("Every number is a solution.")
    if solutions == S.EmptySet or isinstance(solutions, sympy.FiniteSet):
        return [value for value in solutions if is_solution(equation, unknown, value)]
    raise Refused("No finite list of solutions was found.", ErrorCode.UNDECIDED)


def _solve_for(equation: Expression, unknown: Expression) -> list[Expression]:
    """Return formulas for one unknown in terms of the others, without those that are real for none of the values tried."""
    found = sympy.solve(equation, unknown)
    if not found or any(value.has(sympy.Piecewise) for value in found):
        raise Refused("No formula for the solutions was found.", ErrorCode.UNDECIDED)
    real = [_require_real(value) for value in found if not value.has(S.ImaginaryUnit) and _is_real_somewhere(value)]
    if not real:
        raise Refused("No formula with real values was found.", ErrorCode.UNDECIDED)
    return real


def _is_real_somewhere(formula: Expression) -> bool:
    """Tell whether a formula is real for some values of its unknowns: asin(4/3) is real nowhere, sqrt(-b/a) where b is negative."""
    symbols = sorted(formula.free_symbols, key=str)
    return any(
        sympy.N(
            formula.subs({symbol: TRIALS[(n * (position + 2) + position) % len(TRIALS)] for position, symbol in enumerate(symbols)}), 8
        ).is_real
        for n in range(len(TRIALS))
    )


def _sort_key(value: Expression) -> Float:
    return evaluate_to_digits(value, 20) or mpmath.mpf(0)


def _one_or_all(found: list[Expression]) -> Value:
    if not found:
        raise domain_error("There is no real solution.")
    return found[0] if len(found) == 1 else tuple(found)


def _diff(expression: Expression, symbol: Expression | None = None) -> Expression:
    if symbol is None and not expression.free_symbols:
        return S.Zero
    # every part is real here, so |u|' is sign(u) u'; sympy would take the parts of a complex u
    found = sympy.diff(expression.replace(sympy.Abs, real_size), _find_unknown(expression, symbol)).replace(real_size, sympy.Abs)
    if found.has(sympy.DiracDelta, sympy.Derivative, sympy.Subs):
        raise domain_error("This has no derivative in some places.")
    return found


SYMBOLIC: dict[str, Callable[..., Value]] = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "/": _divide,
    "//": lambda left, right: _floor(_divide(left, right)),
    "%": _modulo,
    "^": _power,
    "negate": lambda value: -value,
    "percent": lambda value: value / 100,
    "factorial": _needs_rationals,
    "abs": _absolute,
    "acos": _inverse_trig(sympy.acos, "acos"),
    "asin": _inverse_trig(sympy.asin, "asin"),
    "atan": lambda value: _apply_unevaluated(sympy.atan, value),
    "atan2": _atan2,
    "cbrt": lambda value: _root(value, Integer(3)),
    "ceil": _ceil,
    "comb": _needs_rationals,
    "cos": sympy.cos,
    "cosh": _hyperbolic(sympy.cosh),
    "degrees": lambda value: value * 180 / S.Pi,
    "diff": _diff,
    "exp": lambda value: _power(S.Exp1, value),
    "floor": _floor,
    "gcd": _needs_rationals,
    "hypot": lambda *values: _sqrt(sympy.Add(*(value**2 for value in values))),
    "lcm": _needs_rationals,
    "ln": _log,
    "log": _log,
    "log10": lambda value: _log(value, Integer(10)),
    "log2": lambda value: _log(value, Integer(2)),
    "max": _pick_extreme(1),
    "mean": _mean,
    "median": _median,
    "min": _pick_extreme(-1),
    "perm": _needs_rationals,
    "pow": _power,
    "pstdev": lambda *values: _sqrt(_pvariance(*values)),
    "pvariance": _pvariance,
    "radians": lambda value: value * S.Pi / 180,
    "root": _root,
    "round": _round,
    "sign": lambda value: Integer(_sign(value)),
    "simplify": sympy.simplify,
    "sin": sympy.sin,
    "sinh": _hyperbolic(sympy.sinh),
    "solve": _solve,
    "sqrt": _sqrt,
    "stdev": lambda *values: _sqrt(_variance(*values)),
    "sum": sympy.Add,
    "tan": _tan,
    "tanh": _hyperbolic(sympy.tanh),
    "trunc": _trunc,
    "variance": _variance,
}
