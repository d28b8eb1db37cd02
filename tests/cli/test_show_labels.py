"""`sayso show` says what a run inside a step has read, and what a run began with."""

from __future__ import annotations

from pathlib import Path

from sayso.agents import Agent, Reply, ScriptedModel, call
from sayso.tools import tool
from sayso.workflows import engine, sequential

from .commands import sayso_here


@tool.egress
async def page() -> str:
    """Reads a page."""
    return "The kitchen is closed on Mondays."


reader = Agent(ScriptedModel(Reply(calls=(call("page"),)), "The kitchen is closed on Mondays.", repeat=True), tools=[page])


async def ask(text: str) -> str:
    return (await reader.run(text)).output


async def keep(text: str) -> str:
    return text


def test_labels_that_another_run_brought_in_are_shown(tmp_path: Path) -> None:
    home = engine(f"sqlite:///{tmp_path}/runs.db")
    asked = sequential(ask, name="asking").run_sync("What is new?", engine=home, run_id="r1")
    sequential(keep, name="keeping").run_sync(f"Note: {asked.output}", engine=home, run_id="r2")
    home.close()
    shown = []
    for run_id in ("r1", "r2"):
        printed = sayso_here("show", run_id, "--database", f"sqlite:///{tmp_path}/runs.db", cwd=tmp_path).stdout
        shown += [line.partition("  labels  ")[2].strip() for line in printed.splitlines() if "  labels  " in line]
    assert shown == ["ask.0: has read what is untrusted", "the run: has read what is untrusted"]
