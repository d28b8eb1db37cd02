"""Working a program out on rational numbers, each cost checked before it is spent."""

from __future__ import annotations

from collections.abc import Callable

from .elementary import fact
from .functions import FUNCTIONS
from .rational import Rational, add, divide, floor_divide, modulo, multiply, negate, power, subtract
from .refusal import NotRational, Refused, Why
from .units import Code

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
    """Hundredths."""
    return divide(number, 100)


UNARY: dict[str, Callable[[Rational], Rational]] = {"negate": negate, "percent": percent, "factorial": fact}


def evaluate(code: Code) -> Rational:
    """The value of a program. Raises NotRational where it is not rational, Refused (with the token) where there is none."""
    stack: list[Rational] = []
    at = counted_bits = 0
    try:
        for verb, at, value in code:  # noqa: B007 - where it was, when something is refused
            if verb == "number":
                stack.append(value)
            elif verb in BINARY:
                right = stack.pop()
                stack[-1] = BINARY[verb](stack[-1], right)
            elif verb in UNARY:
                stack[-1] = UNARY[verb](stack[-1])
            elif verb == "call":
                name, count = value
                arguments = stack[-count:]
                del stack[-count:]
                stack.append(FUNCTIONS[name][0](*arguments))
                if name in COUNTING:
                    counted_bits += stack[-1].bit_length()  # type: ignore[union-attr]  # how many is a whole number
                    if counted_bits > MOST_COUNTED_BITS:
                        raise Refused("All values of comb and perm together are too long.", Why.TOO_LARGE)
            elif verb != "unit":
                raise NotRational  # a constant or an unknown
    except Refused as refusal:
        raise Refused(refusal.reason, refusal.code, at) from None
    return stack[0]
