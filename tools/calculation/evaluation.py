"""`calculate`: text to an exact result."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import TYPE_CHECKING

from .exact import evaluate
from .grammar import Program, parse
from .rational import Rational, reduced
from .refusal import CalculationError, NotRational, Refused, Why
from .result import Result
from .symbols import Symbolic, ask, awaited
from .tokens import place_of
from .units import PLAIN, Code, Label, label_of

if TYPE_CHECKING:
    from decimal import Decimal

    Variable = int | float | str | Decimal | Fraction | Result

_NO_VARIABLES: dict[str, Program] = {}


def calculate(expression: str, /, **variables: Variable) -> Result:
    """The exact value of an expression; names in it are the keyword arguments. Raises CalculationError.

    A variable given as text may be anything that is an expression itself: `r="5%"`, `price="$1,200"`.
    """
    code, label, needs_symbols = _read(expression, variables)
    try:
        value = None if needs_symbols else _rational(code)
        if value is None:
            value = ask(code)
    except Refused as refusal:
        raise _at_its_place(expression, refusal) from None
    return Result(expression, value, code, label)


async def calculated(expression: str, /, **variables: Variable) -> Result:
    """`calculate` on an event loop: it goes on while the worker is busy with what needs symbols."""
    code, label, needs_symbols = _read(expression, variables)
    try:
        value = None if needs_symbols else _rational(code)
        if value is None:
            value = await awaited(code)
    except Refused as refusal:
        raise _at_its_place(expression, refusal) from None
    return Result(expression, value, code, label)


def _read(expression: str, variables: Mapping[str, Variable]) -> tuple[Code, Label, bool]:
    """The program that a text is, the label of its value, and whether it has symbols in it."""
    if not isinstance(expression, str):
        raise CalculationError(expression, 0, f"An expression is text (str), not {type(expression).__name__}.", Why.SYNTAX_NOT_ALLOWED)
    known = {name: _program_of(name, value) for name, value in variables.items()} if variables else _NO_VARIABLES
    code, has_units, has_symbols = parse(expression, known)
    try:
        return code, label_of(code) if has_units else PLAIN, has_symbols
    except Refused as refusal:
        raise _at_its_place(expression, refusal) from None


def _rational(code: Code) -> Rational | Symbolic | None:
    try:
        return evaluate(code)
    except NotRational:
        return None


def _at_its_place(expression: str, refusal: Refused) -> CalculationError:
    return CalculationError(expression, place_of(expression, refusal.at or 0), refusal.reason, refusal.code)


def _program_of(name: str, value: object) -> Program:
    """A variable's value as a program, so that an irrational one stays exact."""
    if isinstance(value, str):
        return parse(value, _NO_VARIABLES)
    if isinstance(value, Result):
        code = list(value._code)
        return Program(code, any(verb == "unit" for verb, _, _ in code), any(verb == "symbol" for verb, _, _ in code))
    from decimal import Decimal

    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal, Fraction)):
        reason = f"The variable {name} is {type(value).__name__}; give a number, text, or a Result."
        raise CalculationError(name, 0, reason, Why.SYNTAX_NOT_ALLOWED)
    try:
        # a float means the shortest decimal that it prints as: 0.1 is one tenth
        number = Fraction(repr(value)) if isinstance(value, float) else Fraction(value)
        return Program([("number", 0, reduced(*number.as_integer_ratio()))], False, False)
    except (ValueError, OverflowError):
        raise CalculationError(
            name, 0, f"The variable {name} is {value}, which is not a number one can calculate with.", Why.MATH_DOMAIN
        ) from None
    except Refused as refusal:
        raise CalculationError(name, 0, f"The variable {name}: {refusal.reason}", refusal.code) from None
