"""`calculate`: text to an exact result."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import TYPE_CHECKING

from .exact import evaluate
from .grammar import Program, parse
from .rational import Rational, negate, reduced, within_digits, written_number
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
    expression = str.__str__(expression)  # a subclass may read differently at each look
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
        return parse(str.__str__(value), _NO_VARIABLES)
    if isinstance(value, Result):
        code = list(value._code)
        return Program(code, any(verb == "unit" for verb, _, _ in code), any(verb == "symbol" for verb, _, _ in code))
    try:
        return Program([("number", 0, _number_of(value))], False, False)
    except Refused as refusal:
        raise CalculationError(name, 0, f"The variable {name}: {refusal.reason}", refusal.code) from None


def _number_of(value: object) -> Rational:
    """A number as an exact rational. Read through its own type, so that what a subclass overrides has no say in it."""
    from decimal import Decimal

    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal, Fraction)):
        raise Refused(f"{type(value).__name__} is no number; give a number, text, or a Result.", Why.SYNTAX_NOT_ALLOWED)
    if isinstance(value, int):
        return within_digits(int.__index__(value))
    if isinstance(value, Fraction):
        return reduced(within_digits(int(value.numerator)), within_digits(int(value.denominator)))
    # a float means the shortest decimal that it prints as: 0.1 is one tenth
    sign, digits, exponent = Decimal.as_tuple(Decimal(float.__repr__(value)) if isinstance(value, float) else value)
    if not isinstance(exponent, int):
        raise Refused(f"{value} is not a number one can calculate with.", Why.MATH_DOMAIN)
    magnitude = written_number("".join(map(str, digits)), exponent)
    return negate(magnitude) if sign else magnitude
