"""Ask the worker process for symbolic work: code goes there as JSON, and a rational or a spelled value comes back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from .exact import evaluate
from .instructions import Code, Instruction, count_operands
from .number_text import format_value
from .rational import Rational, as_pair, reduce_fraction
from .refusal import ErrorCode, NotRational, Refused

KEPT_DIGITS = 40  # of an irrational value, before more are asked for
SECONDS = 1.6  # so that a call ends within 2 s on a busy machine too, with what it takes to end the worker
MEMORY_MB = 1_024
MAX_STEPS = 200
TARGET = f"{__name__.rpartition('.')[0]}.symbolic_worker:evaluate"


# Not JsonObject of `canonical`, for load time: that module brings hashlib and json, which no rational result needs.
Answer = dict[str, Any]
"""The worker's answer as JSON: a rational, a spelling with digits, a refusal, or a trace."""


class Symbolic:
    """A value that is not rational: its exact spelling, and its first digits where it is one number."""

    __slots__ = ("digits", "spelling")

    def __init__(self, spelling: str, digits: str | None) -> None:
        self.spelling: str = spelling
        self.digits: str | None = digits


def evaluate_in_worker(code: Code, digits: int = KEPT_DIGITS) -> Rational | Symbolic:
    """Return the value of an expression's code, computed in the worker. Raise Refused where it has none."""
    return _find_date(code) or _decode_answer(_call_worker(code, digits, False))


async def evaluate_in_worker_async(code: Code) -> Rational | Symbolic:
    """Return the same while the event loop goes on."""
    if (day := _find_date(code)) is not None:
        return day
    # late, for load time: most expressions are rational and start no worker
    from ..sandbox import acall_sandboxed

    with _refuse_worker_failures():
        answer = await acall_sandboxed(TARGET, encode_code(code), KEPT_DIGITS, False, seconds=SECONDS, memory_mb=MEMORY_MB)
    return _decode_answer(_check_answer(answer))


def _find_date(code: Code) -> Symbolic | None:
    """Return the date that is the value of code. Refuse a date as a part of a sum: as a variable it has no sum of its own."""
    dates = [str(value) for opcode, _, value in code if opcode == "date"]
    if not dates:
        return None
    if len(code) > 1:
        raise Refused("A date in a variable is no number; write the date where its name stands.", ErrorCode.SYNTAX_NOT_ALLOWED)
    return Symbolic(dates[0], None)


def _call_worker(code: Code, digits: int, traced: bool) -> Answer:
    # late, for load time, as above
    from ..sandbox import call_sandboxed

    with _refuse_worker_failures():
        answer = call_sandboxed(TARGET, encode_code(code), digits, traced, seconds=SECONDS, memory_mb=MEMORY_MB)
    return _check_answer(answer)


@contextmanager
def _refuse_worker_failures() -> Iterator[None]:
    """Turn failures of the worker into a refusal of the expression."""
    # late, for load time, as above
    from ..sandbox import SandboxDied, SandboxError, SandboxMemory, SandboxRaised, SandboxTimeout

    try:
        yield
    except SandboxTimeout:
        raise Refused("This takes longer than 2 seconds to work out.", ErrorCode.TOO_LARGE, 0) from None
    except SandboxMemory:
        raise Refused(f"This takes more than {MEMORY_MB:,} MB to work out.", ErrorCode.TOO_LARGE, 0) from None
    except SandboxDied:
        raise Refused("The worker process for symbolic calculations ended in the middle; try again.", ErrorCode.UNDECIDED, 0) from None
    except SandboxRaised as failure:  # sympy has its own bugs; they are no answer, and no reason to end the run
        raise Refused("The symbolic part failed on this expression; write it in another way.", ErrorCode.UNDECIDED, 0) from failure
    except SandboxError as missing:
        raise Refused(f"This needs the symbolic part, which does not run here: {missing}", ErrorCode.UNDECIDED, 0) from missing


def _check_answer(answer: Answer) -> Answer:
    if "refused" in answer:
        raise Refused(answer["refused"], ErrorCode(answer["code"]), answer["at"])
    return answer


def _decode_answer(answer: Answer) -> Rational | Symbolic:
    if "rational" in answer:
        return reduce_fraction(*as_pair(decode_number(answer["rational"])))  # which refuses what is too long for this process
    return Symbolic(answer["spelling"], answer["digits"])


def encode_code(code: Code) -> list[list[object]]:
    """Return code as JSON. Numbers are hexadecimal, which has no limit on their length and no rounding."""
    return [[opcode, at, [hex(part) for part in as_pair(value)] if opcode == "number" else value] for opcode, at, value in code]


def decode_code(code: Sequence[Sequence[Any]]) -> list[Instruction]:
    """Return code from JSON."""
    return [(opcode, at, decode_number(value) if opcode == "number" else value) for opcode, at, value in code]


def encode_number(number: Rational) -> list[str]:
    """Return a number as JSON."""
    return [hex(part) for part in as_pair(number)]


def decode_number(parts: Sequence[str]) -> Rational:
    """Return a number from JSON."""
    top, bottom = (int(part, 16) for part in parts)
    return top if bottom == 1 else (top, bottom)


def render_steps(code: Code, value: Rational | Symbolic) -> tuple[str, ...]:
    """Return one line for each operation: its operands and its value."""
    if any(opcode == "date" for opcode, _, _ in code):
        return ()
    if isinstance(value, Symbolic):
        texts: list[str] = _call_worker(code, 15, True)["trace"]
    else:
        try:
            texts = _trace(code)
        except NotRational:  # sqrt(2)*sqrt(2) is rational, its parts are not
            texts = _call_worker(code, 15, True)["trace"]
    return tuple(_render_lines(code, texts))


def _trace(code: Code) -> list[str]:
    """Return the text of the value after each instruction."""
    texts: list[str] = []
    stack: list[Rational] = []
    for instruction in code:
        count = count_operands(instruction)
        given = [("number", 0, number) for number in stack[len(stack) - count :]]
        del stack[len(stack) - count :]
        stack.append(evaluate([*given, instruction]))
        texts.append(format_value(stack[-1]))
    return texts


def _render_lines(code: Code, texts: list[str]) -> list[str]:
    lines: list[str] = []
    stack: list[str] = []
    for instruction, text in zip(code, texts, strict=True):
        opcode, _, value = instruction
        count = count_operands(instruction)
        given = stack[len(stack) - count :]
        del stack[len(stack) - count :]
        stack.append(text)
        if count and opcode not in ("unit", "negate") and len(lines) < MAX_STEPS:
            done = f"{value[0]}({', '.join(given)})" if opcode == "call" else _render_operator(opcode, given)
            lines.extend([f"{done} = {text}"] if done != text else [])
    return lines


def _render_operator(opcode: str, given: list[str]) -> str:
    if opcode in ("percent", "factorial"):
        return f"{given[0]}{'%' if opcode == 'percent' else '!'}"
    left, right = (f"({text})" if text.startswith("-") or " " in text else text for text in given)
    return f"{left}{opcode}{right}" if opcode == "^" else f"{left} {opcode} {right}"
