"""The smallest steps that tests of shapes are made of, and a write that is held."""

from __future__ import annotations

import asyncio

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


class HeldWrite:
    """A write that has begun, and is under way until it may end."""

    def __init__(self) -> None:
        self.begun, self.may_end, self.done = asyncio.Event(), asyncio.Event(), list[str]()

        @tool.write
        async def act() -> str:
            """Acts."""
            self.begun.set()
            await self.may_end.wait()
            self.done.append("acted")
            return "acted"

        self.act = act
