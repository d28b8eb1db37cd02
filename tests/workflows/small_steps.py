"""The smallest steps that tests of shapes are made of."""

from __future__ import annotations

from sayso.tools import tool


async def one_more(value: int) -> int:
    """Adds one."""
    return value + 1


async def twice(value: int) -> int:
    """Doubles."""
    return value * 2


@tool.read
def size_of(value: int) -> str:
    """Says how big."""
    return "big" if value > 10 else "small"
