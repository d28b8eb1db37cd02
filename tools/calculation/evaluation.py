"""Evaluate an expression: `calculate` turns text into an exact result."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

from .exact import evaluate
from .expression_parser import ParsedExpression, parse_expression
from .instructions import Code
from .rational import Rational, check_digits, negate, reduce_fraction, scale_digits
from .refusal import CalculationError, ErrorCode, NotRational, Refused
from .result import Result
from .symbolic_client import Symbolic, evaluate_in_worker, evaluate_in_worker_async
from .tokens import locate_token
from .units import PLAIN, Label, derive_label

Variable = int | float | str | Decimal | Fraction | Result

_NO_VARIABLES: dict[str, ParsedExpression] = {}


def calculate(expression: str, /, **variables: Variable) -> Result:
    """Return the exact value of an expression. Names in it are the keyword arguments. Raise CalculationError where it has none.

    A variable given as text is an expression itself: `r="5%"`, `price="$1,200"`.
    """
    code, label, needs_symbols = _parse(expression, variables)
    try:
        value = None if needs_symbols else _evaluate_exactly(code)
        if value is None:
            value = evaluate_in_worker(code)
    except Refused as refusal:
        raise _locate(expression, refusal) from None
    return Result(expression, value, code, label)


async def calculate_async(expression: str, /, **variables: Variable) -> Result:
    """Return what `calculate` does. The event loop goes on while the worker is busy with what needs symbols."""
    code, label, needs_symbols = _parse(expression, variables)
    try:
        value = None if needs_symbols else _evaluate_exactly(code)
        if value is None:
            value = await evaluate_in_worker_async(code)
    except Refused as refusal:
        raise _locate(expression, refusal) from None
    return Result(expression, value, code, label)


def _parse(expression: str, variables: Mapping[str, Variable]) -> tuple[Code, Label, bool]:
    """Return the code of an expression, the label of its value, and whether it needs symbols."""
    if not isinstance(expression, str):
        raise CalculationError(
            expression, 0, f"An expression is text (str), not {type(expression).__name__}.", ErrorCode.SYNTAX_NOT_ALLOWED
        )
    expression = str.__str__(expression)  # a subclass may read differently at each look
    known = {name: _parse_variable(name, value) for name, value in variables.items()} if variables else _NO_VARIABLES
    code, has_units, has_symbols = parse_expression(expression, known)
    try:
        return code, derive_label(code) if has_units else PLAIN, has_symbols
    except Refused as refusal:
        raise _locate(expression, refusal) from None


def _evaluate_exactly(code: Code) -> Rational | Symbolic | None:
    """Return the rational value, or None where there is no such value and the symbolic part has to find it."""
    try:
        return evaluate(code)
    except NotRational:
        return None


def _locate(expression: str, refusal: Refused) -> CalculationError:
    return CalculationError(expression, locate_token(expression, refusal.at or 0), refusal.reason, refusal.code)


def _parse_variable(name: str, value: object) -> ParsedExpression:
    """Return a variable's value as parsed code and not as a number, so that an irrational one stays exact."""
    if isinstance(value, str):
        return parse_expression(str.__str__(value), _NO_VARIABLES)
    if isinstance(value, Result):
        # The code and not the value: sqrt(2) stays exact, and its label comes along.
        code = list(value._code)
        return ParsedExpression(code, any(opcode == "unit" for opcode, _, _ in code), any(opcode == "symbol" for opcode, _, _ in code))
    try:
        return ParsedExpression([("number", 0, _to_rational(value))], False, False)
    except Refused as refusal:
        raise CalculationError(name, 0, f"The variable {name}: {refusal.reason}", refusal.code) from None


def _to_rational(value: object) -> Rational:
    """Return a number as an exact rational. It is read through its own type, so that overrides of a subclass have no effect."""
    # bool is an int in Python, but True is no number to calculate with.
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal, Fraction)):
        raise Refused(f"its value must be a number, text or a Result, not {type(value).__name__}.", ErrorCode.SYNTAX_NOT_ALLOWED)
    if isinstance(value, int):
        return check_digits(int.__index__(value))
    if isinstance(value, Fraction):
        return reduce_fraction(check_digits(int(value.numerator)), check_digits(int(value.denominator)))
    # a float means the shortest decimal that it prints as: 0.1 is one tenth
    sign, digits, exponent = Decimal.as_tuple(Decimal(float.__repr__(value)) if isinstance(value, float) else value)
    if not isinstance(exponent, int):
        raise Refused(f"{value} is not a number one can calculate with.", ErrorCode.MATH_DOMAIN)
    magnitude = scale_digits("".join(map(str, digits)), exponent)
    return negate(magnitude) if sign else magnitude
