"""An essay writer: outline, research, draft, critique, rewrite. Every sentence is stated by the source that it names, or left out."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import BaseModel

import stand_ins
from sayso import Agent, Run, command, follow, reflect, sequential, step
from sayso.agents import Model, PassageSource, WebSource, look_up, open_sources
from sayso.tools import RunError
from sayso.tools.documents import Passage, settle_answer
from sayso.workflows import Draft, Workflow

TOLD = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))


class Outline(BaseModel):
    """What the essay will answer."""

    title: str
    questions: list[str]


@dataclass(frozen=True)
class Essay:
    """An outline, the passages that were found for it, and the text, once there is one; `problems` are what no passage states of it."""

    outline: Outline
    sources: tuple[Passage, ...]
    text: str = ""
    problems: tuple[str, ...] = ()

    def __str__(self) -> str:
        found = "\n\n".join(f"[{source.number}] {source.title}\n{source.text}" for source in self.sources)
        text = f"\n\nEssay:\n{self.text}" if self.text else ""
        return f"{self.outline.title}\n\nQuestions: {'; '.join(self.outline.questions)}\n\nSources:\n{found}{text}"

    @property
    def page(self) -> str:
        """The essay with its sources, and with what was left out."""
        sources = [f"[{source.number}] {source.link}" for source in self.sources if f"[{source.number}]" in self.text]
        text = self.text or "Nothing that was written stands in the sources."
        return "\n".join([f"# {self.outline.title}", "", text, "", *sources, *(f"Left out: {problem}" for problem in self.problems)])


def essay(model: Model, source: PassageSource) -> Workflow[str, Essay]:
    """From a topic to an essay; what no source states and what a critic says goes back to the writer at most twice."""
    outliner = Agent(model, name="outline", output=Outline, **TOLD["outline"])
    writer = Agent(model, name="writer", **TOLD["writer"])
    critic = Agent(model, name="critic", **TOLD["critic"])

    async def research(run: Run, outline: Outline) -> Essay:
        sources = await look_up(run, source, outline.questions[:5])
        if not sources:
            raise RunError(f"Nothing was found for: {'; '.join(outline.questions[:5])}. Try another topic, or --search duckduckgo.")
        return Essay(outline, sources)

    async def write(run: Run, task: Essay | Draft) -> Essay:
        notes = task.task if isinstance(task, Draft) else task
        asked = f"{notes}\n\nYour last version:\n{task.text.text}\n\nCritique:\n{task.critique}" if isinstance(task, Draft) else str(notes)
        return replace(notes, text=await run.child("writer", writer, asked))

    async def criticise(run: Run, draft: Essay) -> str:
        unstated = "\n".join(settle(draft).problems)
        return f"No source says this:\n{unstated}" if unstated else await run.child("critic", critic, str(draft))

    return sequential(outliner, research, reflect(write, criticise, rounds=2), step(settle), name="essay")


def settle(draft: Essay) -> Essay:
    """Give each sentence the source that states it, and take out those that none states."""
    settled = settle_answer(draft.text, draft.sources, lambda number: f"[{number}]")
    return replace(draft, text=settled.text, problems=tuple(f"{sentence} {reason}" for sentence, reason in settled.removed))


async def main(
    topic: str = "How small burger chains set themselves apart", *, search: str = "sample", database: str = "", model: Model
) -> str:
    """Write an essay from what is found in a place (sample, duckduckgo, a folder, a site's address); --database URL keeps what is done."""
    async with open_sources(search) as (find, web):
        flow = essay(model, WebSource(find, web, pages=3, top=3))
        return (await follow(flow, topic, database=database, about=f"{model.name} {search}")).page


if __name__ == "__main__":
    command(main, offline=stand_ins.essayist)
