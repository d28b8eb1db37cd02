"""Orchestrator and workers: one agent cuts a task into parts, workers do them side by side, an editor makes one text of them."""

from __future__ import annotations

import tomllib
from pathlib import Path

from pydantic import BaseModel

import stand_ins
from sayso import Agent, Limits, Run, command, follow, map_each, sequential
from sayso.agents import Model
from sayso.workflows import Workflow

TOLD = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))


class Part(BaseModel):
    """What one worker is asked."""

    title: str
    assignment: str


class Piece(BaseModel):
    """What one worker hands in."""

    title: str
    text: str


def team(lead: Model, workers: Model) -> Workflow[str, str]:
    """A large model may lead and edit, and small ones work; however many parts there are, ten model calls are the end."""
    orchestrator = Agent(lead, name="orchestrator", output=list[Part], **TOLD["orchestrator"])
    worker = Agent(workers, name="worker", **TOLD["worker"])
    editor = Agent(lead, name="editor", **TOLD["editor"])

    async def work(run: Run, part: Part) -> Piece:
        return Piece(title=part.title, text=await run.child("worker", worker, part.assignment))

    return sequential(orchestrator, map_each(work, concurrency=4), editor, name="team", limits=Limits(model_calls=10))


async def main(task: str = "Plan the opening day of a small ramen bar with 20 seats.", *, database: str = "", model: Model) -> str:
    """Do a task with a team of agents. With --database sqlite:///team.db an interrupted task goes on where it was."""
    return await follow(team(model, model), task, database=database, about=model.name)


if __name__ == "__main__":
    command(main, offline=stand_ins.team)
