"""How much code a reader passes through: Sayso's own functions and files on three journeys, counted with sys.setprofile when warm.

The model is scripted and writes its call as text, which is the longer way: a native call skips the reader of calls. A function counts once
however often it is called, in whichever thread; lambdas and comprehensions count with the function around them.

python benchmarks/journeys.py [--write] [--list]
"""

from __future__ import annotations

import ast
import asyncio
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

from _table import Row, finish

import sayso
from sayso import Agent, Approve, engine, tool
from sayso.agents import ScriptedModel

PACKAGE = Path(sayso.__file__).parent
FOLDERS = (*(str((PACKAGE / room).resolve()) for room in ("tools", "workflows", "agents")), str(PACKAGE.resolve()))


@tool.read(trust="tool", secrecy="public")  # a script of ours
async def calories(item: str) -> str:
    """Look an item up."""
    return "520 calories"


@tool.write(card="E-mail to {to}: {text}", trust="tool")
async def mail(to: str, text: str) -> str:
    """Send an e-mail."""
    return "sent"


async def approve(request: Any) -> Approve:
    """Say yes to every request."""
    return Approve()


def agent(call: str) -> Agent[str]:
    """Return an agent whose model writes this call, and then an answer."""
    return Agent(ScriptedModel(call, "Done."), tools=[calories, mail])


READ = 'CALORIES("cheeseburger")'
WRITE = 'MAIL("ada@example.org", "Hi")'


class Journeys:
    """The three journeys, with one database for all runs."""

    def __init__(self, folder: str) -> None:
        self.engine = engine(f"sqlite:///{folder}/runs.db")
        self.runs = 0

    async def read_and_answer(self) -> None:
        """Ask, read with one tool, and answer."""
        assert (await agent(READ).run("How many?")).output == "Done."

    async def approved_write(self) -> None:
        """Ask, write after an approver allowed it, and answer."""
        assert (await agent(WRITE).run("Write to Ada", approve=approve)).output == "Done."

    async def durable_write(self) -> None:
        """Ask, pause at a write in a database, resume with an approval, and answer."""
        self.runs += 1
        result = await agent(WRITE).run("Write to Ada", engine=self.engine, run_id=f"run{self.runs}")
        result = await result.resume({request.digest: Approve() for request in result.pending})
        assert result.output == "Done."


class Passed:
    """Collects the code objects of Sayso that are entered, in any thread that starts after it was made, while it is switched on."""

    def __init__(self) -> None:
        self.codes: set[CodeType] = set()
        self.on = False
        threading.setprofile(self)

    def __call__(self, frame: FrameType, event: str, _argument: object) -> None:
        """Note the function that is entered."""
        if self.on and event == "call" and frame.f_code.co_filename.startswith(FOLDERS):
            self.codes.add(frame.f_code)

    async def during(self, journey: Callable[[], Awaitable[None]]) -> set[tuple[str, str, int]]:
        """Return the functions that a journey passes once everything it needs is loaded and cached."""
        for _ in range(3):
            await journey()
        self.codes.clear()
        self.on = True
        sys.setprofile(self)
        try:
            await journey()
        finally:
            sys.setprofile(None)
            self.on = False
        return self.functions()

    def functions(self) -> set[tuple[str, str, int]]:
        """Return file, name and first line of each function; what stands inside of a function is part of it."""
        named = {code for code in self.codes if not code.co_name.startswith("<") or code.co_name == "<module>"}
        return {(code.co_filename, code.co_qualname, code.co_firstlineno) for code in named}


def longest(functions: set[tuple[str, str, int]]) -> int:
    """Return how many lines the longest of the functions has."""
    lengths = [0]
    wanted = {(file, line) for file, _, line in functions}
    for file in {file for file, _, _ in functions}:
        for node in ast.walk(ast.parse(Path(file).read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno is not None:
                first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
                if (file, first) in wanted:
                    lengths.append(node.end_lineno - node.lineno + 1)
    return max(lengths)


def print_list(what: str, functions: set[tuple[str, str, int]]) -> None:
    """Print the functions of a journey, file by file."""
    print(f"\n{what}")
    for file, number in sorted(Counter(file for file, _, _ in functions).items()):
        print(f"  {number:3} {file}")
        for _, name, line in sorted(each for each in functions if each[0] == file):
            print(f"        {name}:{line}")


async def main(show: bool) -> list[Row]:
    """Return all rows."""
    rows, passed = [], Passed()
    with tempfile.TemporaryDirectory() as folder:
        journeys = Journeys(folder)
        for what, journey, most_functions, most_files in (
            ("prompt, one read tool, answer", journeys.read_and_answer, 100, 28),
            ("approved write", journeys.approved_write, 150, 32),
            ("durable write, paused and resumed", journeys.durable_write, 230, 42),
        ):
            functions = await passed.during(journey)
            rows += [
                Row(f"{what}: functions", len(functions), "functions", limit=most_functions),
                Row(f"{what}: files", len({file for file, _, _ in functions}), "files", limit=most_files),
                Row(f"{what}: longest function", longest(functions), "lines", limit=60),
            ]
            if show:
                print_list(what, functions)
    return rows


if __name__ == "__main__":
    listed = "--list" in sys.argv
    sys.argv = [each for each in sys.argv if each != "--list"]
    finish("Journeys", asyncio.run(main(listed)))
