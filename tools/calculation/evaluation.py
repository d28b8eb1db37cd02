"""Evaluate an expression: `calculate` turns text into an exact result."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction

from .exact import evaluate
from .expression_parser import ParsedExpression, parse_expression
from .instructions import Code
from .rational import Rational, check_digits, negate, reduce_fraction, scale_digits
from .refusal import CalculationError, ErrorCode, NotRational, Refused
from .result import Result
from .symbolic_client import Symbolic, evaluate_in_worker, evaluate_in_worker_async
from .tokens import locate_token, needs_notation
from .units import PLAIN, Label, convert_units

Variable = int | float | str | Decimal | Fraction | Result

_UNKNOWN = (ErrorCode.UNKNOWN_NAME, ErrorCode.UNKNOWN_FUNCTION)
# A comma before a year is no decimal comma: March 14, 2019. Neither is one behind an equation: 2x = 10, find x.
_PLAIN_COMMA = re.compile(r"\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)|=[^,]*, *[a-z]", re.IGNORECASE)
_NO_VARIABLES: dict[str, ParsedExpression] = {}


def calculate(expression: str, /, **variables: Variable) -> Result:
    """Return the exact value of an expression. Names in it are the keyword arguments. Raise CalculationError where it has none.

    A variable given as text is an expression itself: `r="5%"`, `price="$1,200"`.
    """
    parsed, code, label = _parse(expression, variables)
    try:
        value = None if parsed.has_symbols else _evaluate_exactly(code)
        if value is None:
            value = evaluate_in_worker(code)
    except Refused as refusal:
        raise _locate(expression, refusal, parsed.starts) from None
    return Result(expression, value, parsed.code, label)


async def calculate_async(expression: str, /, **variables: Variable) -> Result:
    """Return what `calculate` does. The event loop goes on while the worker is busy with what needs symbols."""
    parsed, code, label = _parse(expression, variables)
    try:
        value = None if parsed.has_symbols else _evaluate_exactly(code)
        if value is None:
            value = await evaluate_in_worker_async(code)
    except Refused as refusal:
        raise _locate(expression, refusal, parsed.starts) from None
    return Result(expression, value, parsed.code, label)


def _parse(expression: str, variables: Mapping[str, Variable]) -> tuple[ParsedExpression, Code, Label]:
    """Return an expression as it is parsed, its code with units converted, and the label of its value."""
    if not isinstance(expression, str):
        raise CalculationError(
            expression, 0, f"An expression is text (str), not {type(expression).__name__}.", ErrorCode.SYNTAX_NOT_ALLOWED
        )
    expression = str.__str__(expression)  # a subclass may read differently at each look
    known = {name: _parse_variable(name, value) for name, value in variables.items()} if variables else _NO_VARIABLES
    parsed = _parse_either(expression, known)
    if not parsed.has_units:
        return parsed, parsed.code, PLAIN
    try:
        label, code = convert_units(parsed.code)
    except Refused as refusal:
        raise _locate(expression, refusal, parsed.starts) from None
    return parsed, code, label


def _parse_either(expression: str, known: Mapping[str, ParsedExpression]) -> ParsedExpression:
    """Return an expression parsed by the strict grammar, or else as people write sums."""
    strict: CalculationError | None = None
    if not needs_notation(expression):
        try:
            return parse_expression(expression, known, suggests=False)
        except CalculationError as error:
            if error.code is ErrorCode.TOO_LARGE or (error.code is ErrorCode.AMBIGUOUS and not _PLAIN_COMMA.search(expression)):
                raise
            strict = error
    from .notation_parser import parse_notation  # late, for load time: most sums are in the strict grammar

    try:
        return parse_notation(expression, known)
    except CalculationError as error:
        # What came further says more; at one place a character that no sum has says more than a name that is not known.
        # Two readings that are offered say more than either.
        if strict is None or error.position > strict.position or error.code is ErrorCode.AMBIGUOUS:
            raise
        if error.position == strict.position and error.code not in _UNKNOWN:
            raise
    return parse_expression(expression, known)  # which says more of the same error


def _evaluate_exactly(code: Code) -> Rational | Symbolic | None:
    """Return the rational value, or None where there is no such value and the symbolic part has to find it."""
    try:
        return evaluate(code)
    except NotRational:
        return None


def _locate(expression: str, refusal: Refused, starts: Sequence[int]) -> CalculationError:
    at = refusal.at or 0
    position = (starts[at] if at < len(starts) else len(expression)) if starts else locate_token(expression, at)
    return CalculationError(expression, position, refusal.reason, refusal.code)


def _parse_variable(name: str, value: object) -> ParsedExpression:
    """Return a variable's value as parsed code and not as a number, so that an irrational one stays exact."""
    if isinstance(value, str):
        return _parse_either(str.__str__(value), _NO_VARIABLES)
    if isinstance(value, Result):
        # The code and not the value: sqrt(2) stays exact, and its label comes along.
        code = [each for each in value._code if each[0] != "unit" or each[2] != "%"]  # 25% is 1/4 in a sum
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
