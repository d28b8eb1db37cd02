"""What CONTRIBUTING says of adding a tool, a provider, a shape, an engine and a command, done from outside."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import TypeVar

from sayso import Agent, Approve, Run, sequential, tool
from sayso.agents import CallDelta, Finished, ModelRequest, TextDelta
from sayso.workflows import MemoryEngine, Workflow
from sayso.workflows.runs.execution import Execution
from sayso.workflows.runs.journal import StrictJournal
from sayso.workflows.runs.journaled_run import JournaledRun
from sayso.workflows.runs.protocols import Scope, WorkflowCode
from sayso.workflows.shapes.nodes import make_node

from .tree import ROOT

T = TypeVar("T")


@tool.write(card="Water the {plant}")
async def water(plant: str) -> str:
    """Water a plant."""
    return f"The {plant} is wet."


class Gardener:
    """A provider: it asks for the tool once, and then says what the tool returned."""

    name, takes_tools = "gardener", True

    async def stream(self, request: ModelRequest) -> AsyncGenerator[TextDelta | CallDelta | Finished]:
        """Yield a call, or the last result as text."""
        last = request.messages[-1]
        results = getattr(last, "results", ())
        yield TextDelta(results[0].text) if results else CallDelta(0, "c1", "water", '{"plant": "fern"}')
        yield Finished()


async def test_a_tool_and_a_provider() -> None:
    result = await Agent(Gardener(), tools=[water]).run("Look after the fern")
    assert [request.card for request in result.pending] == ["Water the fern"]
    result = await result.resume({request.digest: Approve() for request in result.pending})
    assert result.output == "The fern is wet."


class Twice(Workflow[str, str]):
    """A shape: its step, two times."""

    kind = "twice"

    def __init__(self, step: object) -> None:
        super().__init__("twice")
        self.parts = (make_node(step),)

    async def execute(self, run: Run, value: str) -> str:
        """Hand the value through the step twice."""
        (step,) = self.parts
        return str(await step.execute(run, f"{step.name}.1", await step.execute(run, f"{step.name}.0", value)))


async def shout(text: str) -> str:
    """Add an exclamation mark."""
    return f"{text}!"


async def test_a_shape() -> None:
    assert (await Twice(Twice(shout)).run("Hello")).output == "Hello!!!!"


class Counting(StrictJournal):
    """A journal that counts what is stored."""

    __slots__ = ("stored",)

    def __init__(self) -> None:
        super().__init__()
        self.stored: list[str] = []

    def store(self, run_id: str, name: str, value: T) -> T:
        """Store the result of a step, and its name."""
        self.stored.append(name)
        return super().store(run_id, name, value)


class CountingEngine(MemoryEngine):
    """An engine whose runs have that journal."""

    def _make(self, run_id: str, workflow: WorkflowCode, value: object, make_scope: Callable[[], Scope]) -> Execution:
        journal = Counting()
        return Execution(run_id, workflow, value, make_scope, journal=journal, make_run=JournaledRun, clock=self.clock, engine=self)


async def test_an_engine() -> None:
    home = CountingEngine(strict=True)
    result = await sequential(shout, shout).run("Hello", engine=home, run_id="r1")
    journal = home.executions["r1"].journal
    assert (result.output, isinstance(journal, Counting) and journal.stored) == ("Hello!!", ["shout.0", "shout.1"])


COMMAND = '''"""`sayso greet`: say hello."""

from __future__ import annotations


def greet(name: str) -> int:
    """Say hello."""
    print(f"Hello, {name}.")
    return 0
'''


def test_a_command(tmp_path: Path) -> None:
    package = tmp_path / "sayso"
    shutil.copytree(ROOT / "src" / "sayso", package, ignore=shutil.ignore_patterns("__pycache__", "tools", "workflows", "agents"))
    for room in ("tools", "workflows", "agents"):
        (package / room).symlink_to(ROOT / room)
    (package / "cli" / "greet.py").write_text(COMMAND, encoding="utf-8")
    main = package / "cli" / "main.py"
    main.write_text(main.read_text("utf-8").replace("COMMANDS = {", 'COMMANDS = {\n    "greet": "Say hello.",', 1), encoding="utf-8")
    command = [sys.executable, "-m", "sayso", "greet", "Ada"]
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    ran = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert (ran.stdout, ran.stderr, ran.returncode) == ("Hello, Ada.\n", "", 0)
