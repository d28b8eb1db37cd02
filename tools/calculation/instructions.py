"""The instructions of a parsed expression: reverse Polish notation for a stack machine.

`1 + 2 * 3` is number 1, number 2, number 3, *, +. Operands come first, so no pass over the code needs recursion.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Instruction = tuple[str, int, Any]
"""Opcode, number of the token that it comes from, and value.

The value of `number` is a Rational, of `call` the function's name and its count of arguments, of `constant`, `symbol` and `unit` a name;
operators have None.
"""
Code = Sequence[Instruction]


def count_operands(instruction: Instruction) -> int:
    """Return how many values an instruction pops from the stack."""
    opcode, _, value = instruction
    if opcode in ("number", "constant", "symbol", "date"):
        return 0
    if opcode == "call":
        return int(value[1])
    return 1 if opcode in ("negate", "percent", "factorial", "unit", "convert") else 2
