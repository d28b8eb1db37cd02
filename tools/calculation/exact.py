"""Evaluate code on rational numbers. Each cost is checked before it is spent."""

from __future__ import annotations

from collections.abc import Callable

from .elementary import exact_factorial
from .function_table import FUNCTIONS
from .instructions import Code
from .rational import Rational, add, divide, floor_divide, modulo, multiply, negate, power, subtract
from .refusal import ErrorCode, NotRational, Refused

BINARY: dict[str, Callable[[Rational, Rational], Rational]] = {
    "+": add,
    "-": subtract,
    "*": multiply,
    "/": divide,
    "//": floor_divide,
    "%": modulo,
    "^": power,
}


COUNTING = frozenset({"comb", "perm"})
MOST_COUNTED_BITS = 2_000_000  # of all their values: a long one takes 3 ms, and there may be 500 in an expression


def percent(number: Rational) -> Rational:
    """Return x / 100."""
    return divide(number, 100)


UNARY: dict[str, Callable[[Rational], Rational]] = {"negate": negate, "percent": percent, "factorial": exact_factorial}


def evaluate(code: Code) -> Rational:
    """Return the value of an expression's code.

    Raise NotRational where it is not rational, Refused (with the number of the token) where there is none.
    """
    stack: list[Rational] = []
    at = counted_bits = 0
    try:
        for opcode, at, value in code:  # noqa: B007 - where it was, when something is refused
            if opcode == "number":
                stack.append(value)
            elif opcode in BINARY:
                right = stack.pop()
                stack[-1] = BINARY[opcode](stack[-1], right)
            elif opcode in UNARY:
                stack[-1] = UNARY[opcode](stack[-1])
            elif opcode == "call":
                name, count = value
                arguments = stack[-count:]
                del stack[-count:]
                stack.append(FUNCTIONS[name][0](*arguments))
                if name in COUNTING:
                    # Each value is within the limit, but 500 long ones in one expression would take seconds.
                    counted_bits += stack[-1].bit_length()  # type: ignore[union-attr]  # how many is a whole number
                    if counted_bits > MOST_COUNTED_BITS:
                        raise Refused("All values of comb and perm together are too long.", ErrorCode.TOO_LARGE)
            elif opcode != "unit":
                raise NotRational  # a constant or an unknown
    except Refused as refusal:
        raise Refused(refusal.reason, refusal.code, at) from None
    return stack[0]
