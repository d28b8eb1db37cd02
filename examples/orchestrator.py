"""Orchestrator and workers: one agent cuts a task into parts, workers do them side by side, an editor makes one text of them."""

from __future__ import annotations

from pydantic import BaseModel

from sayso import Agent, Limits, Run, ScriptedModel, command, map_each, sequential
from sayso.agents import Model, ModelRequest
from sayso.workflows import Workflow

TASK = "Plan the opening day of a small ramen bar with 20 seats."
ORCHESTRATE = """Cut the task into two to four parts that can be worked on at the same time, each without knowing of the others.
A worker does not see the task: say in the assignment all that it has to know."""
ORCHESTRATED = (
    (
        "Write a leaflet for a new bicycle shop that also repairs.",
        '[{"title": "Bicycles", "assignment": "Name three kinds of bicycles that a small shop sells, with a price for each."}, '
        '{"title": "Repairs", "assignment": "Name three repairs that a bicycle shop does while you wait, with a price for each."}]',
    ),
)
EDITED = (
    (
        '[{"title": "Bicycles", "text": "City bicycles cost from 400 euros."}, {"title": "Repairs", "text": "A flat tyre: 20 minutes."}]',
        "City bicycles cost from 400 euros. A flat tyre is mended in 20 minutes.",
    ),
)
WORK = "Do what the assignment says, in at most four sentences. Be concrete."
EDIT = "Make one text of these parts: every fact of theirs, no repetition, no contradiction, nothing added. Begin with the result itself."


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
    orchestrator = Agent(lead, name="orchestrator", output=list[Part], instructions=ORCHESTRATE, examples=ORCHESTRATED)
    worker = Agent(workers, name="worker", instructions=WORK)
    editor = Agent(lead, name="editor", instructions=EDIT, examples=EDITED)

    async def work(run: Run, part: Part) -> Piece:
        return Piece(title=part.title, text=await run.child("worker", worker.carry, part.assignment))

    return sequential(orchestrator, map_each(work, concurrency=4), editor, name="team", limits=Limits(model_calls=10))


def script(request: ModelRequest) -> str:
    """Stands in for a model."""
    if request.schema is not None:
        return '[{"title": "Menu", "assignment": "Choose three ramen."}, {"title": "Staff", "assignment": "Who serves 20 seats?"}]'
    said = {"Choose three ramen.": "Miso, shoyu and one vegan bowl.", "Who serves 20 seats?": "Two cooks and two waiters."}
    return said.get(
        request.question, "Open at noon with three bowls, miso, shoyu and a vegan one; two cooks and two waiters serve the 20 seats."
    )


async def main(task: str = TASK, *, model: Model) -> str:
    """Do a task with a team of agents."""
    return await team(model, model)(task)


if __name__ == "__main__":
    command(main, offline=ScriptedModel(script, repeat=True, name="a script, whatever is asked"))
