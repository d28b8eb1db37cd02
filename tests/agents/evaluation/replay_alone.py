"""Replays the cases of a folder again and again, in a process that may open no socket, start no program and write no file."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from sayso import Agent, tool
from sayso.agents import OpenAIChat
from sayso.agents.evaluation import Case, replay_case

REFUSED = ("socket.", "subprocess.", "sqlite3.", "os.system", "os.exec", "os.fork", "os.rename", "os.remove", "os.mkdir", "urllib.")
SEEN: list[str] = []


@tool.write(card="Order {quantity} x {item}")
async def order(item: str, quantity: int) -> str:
    """Order food."""
    Path("kitchen.txt").write_text(item, encoding="utf-8")  # noqa: ASYNC240  a trace, should it ever be called
    return f"{quantity} x {item} ordered"


@tool.egress(trust="untrusted", secrecy="public")
async def menu(kind: str) -> str:
    """Return what there is to eat."""
    _, writer = await asyncio.open_connection("127.0.0.1", 9)
    writer.close()
    return kind


def make_waiter(instructions: str) -> Agent[str]:
    """The waiter over a model at an address where nobody listens."""
    model = OpenAIChat("m", base_url="http://127.0.0.1:9/v1", api_key="none")
    return Agent(model, name="waiter", instructions=instructions, tools=[menu, order])


def refuse(event: str, arguments: tuple[Any, ...]) -> None:
    """Refuse what a replay must not do, whoever asks for it, and note it."""
    if event == "open":
        mode, flags = arguments[1], arguments[2]
        is_written = (isinstance(mode, str) and set(mode) & set("wax+")) or (isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR))
        if is_written:
            SEEN.append(f"wrote {arguments[0]}")
            raise PermissionError("a replay writes no file")
    elif event.startswith(REFUSED):
        SEEN.append(event)
        raise PermissionError(f"a replay does not do that: {event}")


async def main(folder: Path, instructions: str, rounds: int) -> None:
    """Replay, and print what became of it as JSON."""
    cases = [Case(name=path.stem, input=None, recording=str(path)) for path in sorted(folder.glob("*.json"))] * rounds  # noqa: ASYNC240
    sys.addaudithook(refuse)  # the event loop has its sockets by now
    started = time.perf_counter()
    replayed = [await replay_case(case, make_waiter(instructions)) for case in cases]
    seconds = time.perf_counter() - started
    print(json.dumps({"seconds": seconds, "seen": SEEN, "differences": [str(each.difference or "") for each in replayed]}))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
