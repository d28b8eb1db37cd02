"""Evaluate code on sympy objects, in the worker process. No text reaches sympy's parsers, and the answer is JSON.

Every value is real and checked after each step. What cannot be decided within the digits allowed (is this zero?) is refused, not guessed.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from mpmath.libmp import to_rational, to_str

from .exact import UNARY
from .instructions import Code
from .number_text import TEXT_DIGITS, format_value
from .numeric import evaluate_to_digits
from .refusal import ErrorCode, Refused
from .symbolic_client import Answer, decode_code, encode_number
from .symbolic_functions import apply, from_sympy, is_zero, power_value, to_sympy
from .sympy_types import Expression, StrPrinter, Value, sympy

Integer, Rational, S = sympy.Integer, sympy.Rational, sympy.S
SURE_DIGITS = 60  # two values that agree in so many digits are tried for equality
MOST_DENOMINATOR = 1_000_000  # of a rational that an irrational spelling is tried for


def evaluate(code: Sequence[Sequence[object]], digits: int, traced: bool) -> Answer:
    """Return the value of an expression's code as JSON: a rational, or a spelling with so many digits, or a refusal.

    With `traced`, return the text of the value after each instruction instead.
    """
    machine = _StackMachine(decode_code(code))
    try:
        value = machine.run(traced)
        if traced:
            return {"trace": machine.trace}
        return _encode_answer(value, digits)
    except Refused as refusal:
        return {"refused": refusal.reason, "code": refusal.code.value, "at": machine.at}


def warm() -> None:
    """Load what sympy loads late, before the process is sandboxed and before a caller waits."""
    sys.set_int_max_str_digits(0)  # sympy prints the numbers of its errors; this process is ours, and the length of numbers is limited
    evaluate(
        [["number", 0, ["0x2", "0x1"]], ["call", 1, ["sqrt", 1]], ["constant", 2, "pi"], ["call", 3, ["sin", 1]], ["*", 4, None]], 20, False
    )
    x = ["symbol", 0, "x"]
    evaluate(
        [x, ["number", 0, ["0x2", "0x1"]], ["^", 0, None], ["number", 0, ["0x2", "0x1"]], ["-", 0, None], ["call", 0, ["solve", 1]]],
        20,
        False,
    )


class _StackMachine:
    """Runs the code on a stack. `at` is the number of the token of the current instruction."""

    def __init__(self, code: Code) -> None:
        self.code = code
        self.at = 0
        self.trace: list[str] = []

    def run(self, traced: bool) -> Value:
        stack: list[Value] = []
        for opcode, at, value in self.code:
            self.at = at
            if opcode == "number":
                stack.append(to_sympy(value))
            elif opcode == "constant":
                stack.append({"pi": S.Pi, "e": S.Exp1, "tau": 2 * S.Pi}[value])
            elif opcode == "symbol":
                stack.append(sympy.Symbol(value, real=True))
            elif opcode != "unit":
                count = value[1] if opcode == "call" else 1 if opcode in UNARY else 2
                arguments = stack[-count:]
                del stack[-count:]
                stack.append(apply(value[0] if opcode == "call" else opcode, arguments))
            if traced:
                self.trace.append(_trace_text(stack[-1]))
        return stack[0]


def _encode_answer(value: Value, digits: int) -> Answer:
    if isinstance(value, tuple):
        return {"spelling": " or ".join(map(_spell_solution, value)), "digits": None}
    if value.free_symbols:
        return {"spelling": _spell(value), "digits": None}
    value = _find_rational(value)
    if value.is_Rational:
        return {"rational": encode_number(from_sympy(value))}
    number = evaluate_to_digits(value, digits)
    if number is None:
        raise Refused("The value is too close to zero to give its digits, and cannot be shown to be zero.", ErrorCode.UNDECIDED)
    return {"spelling": _spell(value), "digits": str(to_str(number._mpf_, digits, strip_zeros=False))}


def _find_rational(value: Expression) -> Expression:
    """Return the rational number that the value is proved to be, such as 1 for sin(1)^2 + cos(1)^2, else the value."""
    # A power_value stands for digits that are too many: sympy must not try to prove anything about it.
    if value.is_Rational or value.has(power_value):
        return value
    number = evaluate_to_digits(value, SURE_DIGITS + 20)
    if number is None:
        return S.Zero if is_zero(value) else value
    # A value that agrees with a short rational to 60 digits is probably that number; whether it is, sympy has to prove.
    exactly = Rational(*to_rational(number._mpf_))
    nearest = exactly.limit_denominator(MOST_DENOMINATOR) if abs(exactly) < 10**20 else Integer(round(exactly))
    if abs(exactly - nearest) < Rational(1, 10**SURE_DIGITS) and is_zero(value - nearest):
        return nearest
    return value


def _spell(value: Expression) -> str:
    return str(_Spelling().doprint(value))


def _spell_solution(value: Expression) -> str:
    """Return one of several solutions as text: a root that has no short formula as 15 digits."""
    if not value.has(sympy.polys.rootoftools.ComplexRootOf):
        return _spell(value)
    number = evaluate_to_digits(value, TEXT_DIGITS)
    return _spell(value) if number is None else str(to_str(number._mpf_, TEXT_DIGITS))


def _trace_text(value: Value) -> str:
    if isinstance(value, tuple):
        return " or ".join(map(_spell_solution, value))
    if value.is_Rational:
        return format_value(from_sympy(value))
    return _spell(value)


class _Spelling(StrPrinter):  # type: ignore[misc]
    """Spells values as the parser reads them: e is e."""

    def _print_Exp1(self, expr: Expression) -> str:  # noqa: N802 - sympy finds it by this name
        return "e"
