"""The door to the symbolic part: a program goes to the worker as JSON, a rational or a spelled value comes back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from .rational import Rational, pair, reduced
from .refusal import NotRational, Refused, Why
from .units import Code
from .writing import text_of

KEPT_DIGITS = 40  # of an irrational value, before more are asked for
SECONDS = 1.6  # so that a call ends within 2 s on a busy machine too, with what it takes to end the worker
MEMORY_MB = 1_024
MAX_STEPS = 200
TARGET = f"{__name__.rpartition('.')[0]}.symbolic:evaluate"


class Symbolic:
    """A value that is no rational number: its exact spelling, and its first digits where it is one number."""

    __slots__ = ("digits", "spelling")

    def __init__(self, spelling: str, digits: str | None) -> None:
        self.spelling, self.digits = spelling, digits


def ask(code: Code, digits: int = KEPT_DIGITS) -> Rational | Symbolic:
    """The value of a program, worked out with symbols in the worker. Raises Refused."""
    return _value_of(_call(code, digits, False))


async def awaited(code: Code) -> Rational | Symbolic:
    """The same while the event loop goes on."""
    from ..sandbox import acall_sandboxed

    with _failures_refused():
        answer = await acall_sandboxed(TARGET, encoded(code), KEPT_DIGITS, False, seconds=SECONDS, memory_mb=MEMORY_MB)
    return _value_of(_given(answer))


def _call(code: Code, digits: int, traced: bool) -> dict[str, Any]:
    from ..sandbox import call_sandboxed

    with _failures_refused():
        answer = call_sandboxed(TARGET, encoded(code), digits, traced, seconds=SECONDS, memory_mb=MEMORY_MB)
    return _given(answer)


@contextmanager
def _failures_refused() -> Iterator[None]:
    """What goes wrong around the worker, as a refusal of the expression."""
    from ..sandbox import SandboxDied, SandboxError, SandboxMemory, SandboxRaised, SandboxTimeout

    try:
        yield
    except SandboxTimeout:
        raise Refused("This takes longer than 2 seconds to work out.", Why.TOO_LARGE, 0) from None
    except SandboxMemory:
        raise Refused(f"This takes more than {MEMORY_MB:,} MB to work out.", Why.TOO_LARGE, 0) from None
    except SandboxDied:
        raise Refused("The worker process that does symbolic calculations ended in the middle; try again.", Why.UNDECIDED, 0) from None
    except SandboxRaised as failure:  # sympy has its own bugs; they are no answer, and no reason to end the run
        raise Refused("The symbolic part failed on this expression; write it in another way.", Why.UNDECIDED, 0) from failure
    except SandboxError as missing:
        raise Refused(f"This needs the symbolic part, which does not run here: {missing}", Why.UNDECIDED, 0) from missing


def _given(answer: dict[str, Any]) -> dict[str, Any]:
    if "refused" in answer:
        raise Refused(answer["refused"], Why(answer["code"]), answer["at"])
    return answer


def _value_of(answer: dict[str, Any]) -> Rational | Symbolic:
    if "rational" in answer:
        return reduced(*pair(decoded_number(answer["rational"])))  # which refuses what is too long for this process
    return Symbolic(answer["spelling"], answer["digits"])


def encoded(code: Code) -> list[list[Any]]:
    """A program as JSON; numbers in hexadecimal, which has no limit on its length and no rounding."""
    return [[verb, at, [hex(part) for part in pair(value)] if verb == "number" else value] for verb, at, value in code]


def decoded(code: Sequence[Sequence[Any]]) -> list[tuple[str, int, Any]]:
    """A program from JSON."""
    return [(verb, at, decoded_number(value) if verb == "number" else value) for verb, at, value in code]


def encoded_number(number: Rational) -> list[str]:
    """A number as JSON."""
    return [hex(part) for part in pair(number)]


def decoded_number(parts: Sequence[str]) -> Rational:
    """A number from JSON."""
    top, bottom = (int(part, 16) for part in parts)
    return top if bottom == 1 else (top, bottom)


def work_shown(code: Code, value: Rational | Symbolic) -> tuple[str, ...]:
    """One line for each operation: what was put together, and what came out."""
    if isinstance(value, Symbolic):
        texts: list[str] = _call(code, 15, True)["trace"]
    else:
        try:
            texts = _traced(code)
        except NotRational:  # sqrt(2)*sqrt(2) is rational, its parts are not
            texts = _call(code, 15, True)["trace"]
    return tuple(_lines(code, texts))


def _traced(code: Code) -> list[str]:
    """The text of the value after each instruction."""
    from .exact import evaluate

    texts: list[str] = []
    stack: list[Rational] = []
    for instruction in code:
        count = operands_of(instruction)
        given = [("number", 0, number) for number in stack[len(stack) - count :]]
        del stack[len(stack) - count :]
        stack.append(evaluate([*given, instruction]))
        texts.append(text_of(stack[-1]))
    return texts


def operands_of(instruction: tuple[str, int, Any]) -> int:
    """How many values an instruction takes from the stack."""
    verb, _, value = instruction
    if verb in ("number", "constant", "symbol"):
        return 0
    if verb == "call":
        return int(value[1])
    return 1 if verb in ("negate", "percent", "factorial", "unit") else 2


def _lines(code: Code, texts: list[str]) -> list[str]:
    lines: list[str] = []
    stack: list[str] = []
    for instruction, text in zip(code, texts, strict=True):
        verb, _, value = instruction
        count = operands_of(instruction)
        given = stack[len(stack) - count :]
        del stack[len(stack) - count :]
        stack.append(text)
        if count and verb not in ("unit", "negate") and len(lines) < MAX_STEPS:
            done = _written(verb, value, given)
            lines.extend([f"{done} = {text}"] if done != text else [])
    return lines


def _written(verb: str, value: Any, given: list[str]) -> str:
    if verb == "call":
        return f"{value[0]}({', '.join(given)})"
    if verb in ("percent", "factorial"):
        return f"{given[0]}{'%' if verb == 'percent' else '!'}"
    left, right = (f"({text})" if text.startswith("-") or " " in text else text for text in given)
    return f"{left}{verb}{right}" if verb == "^" else f"{left} {verb} {right}"
