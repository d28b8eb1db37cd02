"""An essay writer: outline, research, draft, critique, rewrite. Every paragraph names a source that was found."""

from __future__ import annotations

import asyncio
import re
import tomllib
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import BaseModel

import stand_ins
from sayso import Agent, Run, command, reflect, sequential
from sayso.agents import Model, open_sources
from sayso.tools import RunError
from sayso.tools.web import Search, SearchResult
from sayso.workflows import Draft, Workflow

TOLD = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
MARK = re.compile(r"\[\d+\]")


class Outline(BaseModel):
    """What the essay will answer."""

    title: str
    questions: list[str]


@dataclass(frozen=True)
class Essay:
    """An outline, what was found for it under marks like [2], and the text, once there is one; the writer reads its `__str__`."""

    outline: Outline
    sources: dict[str, SearchResult]
    text: str = ""

    def __str__(self) -> str:
        found = "\n".join(f"{mark} {source.title}: {source.snippet}" for mark, source in self.sources.items())
        return self.text or f"{self.outline.title}\n\nQuestions: {'; '.join(self.outline.questions)}\n\nSources:\n{found}"

    @property
    def problems(self) -> list[str]:
        """What can be seen to be wrong without a model."""
        unknown = [mark for mark in dict.fromkeys(MARK.findall(self.text)) if mark not in self.sources]
        bare = [part[:60] for part in self.text.split("\n\n") if len(part) > 60 and not MARK.search(part)]
        return [*(f"There is no source {mark}." for mark in unknown), *(f"This names no source: {part}" for part in bare[:3])]

    @property
    def page(self) -> str:
        """The essay with its sources, and with what is still wrong."""
        sources = [f"{mark} {source.url}" for mark, source in self.sources.items() if mark in self.text]
        return "\n".join([f"# {self.outline.title}", "", self.text, "", *sources, *(f"Check this: {each}" for each in self.problems)])


def essay(model: Model, search: Search) -> Workflow[str, Essay]:
    """From a topic to an essay; the draft is criticised, first by rules and then by a model, and rewritten at most twice."""
    outliner = Agent(model, name="outline", output=Outline, **TOLD["outline"])
    writer = Agent(model, name="writer", **TOLD["writer"])
    critic = Agent(model, name="critic", **TOLD["critic"])

    async def research(outline: Outline) -> Essay:
        found = await asyncio.gather(*(search(question, 3) for question in outline.questions[:5]))
        if not any(found):
            raise RunError(f"Nothing was found for: {'; '.join(outline.questions[:5])}. Try another topic, or --search duckduckgo.")
        sources = {source.url: source for results in found for source in results}.values()
        return Essay(outline, {f"[{number}]": source for number, source in enumerate(sources, 1)})

    async def write(run: Run, task: Essay | Draft) -> Essay:
        notes = task.task if isinstance(task, Draft) else task
        return replace(notes, text=await run.child("writer", writer, str(task)))

    async def criticise(run: Run, draft: Essay) -> str:
        asked = f"Questions: {'; '.join(draft.outline.questions)}\n\n{draft}"
        return "\n".join(draft.problems) or await run.child("critic", critic, asked)

    return sequential(outliner, research, reflect(write, criticise, rounds=2), name="essay")


async def main(topic: str = "How small burger chains set themselves apart", *, search: str = "sample", model: Model) -> str:
    """Write an essay from what is found in a place: sample (invented restaurants), duckduckgo, a folder, or a site's address."""
    async with open_sources(search) as (find, _):
        return (await essay(model, find)(topic)).page


if __name__ == "__main__":
    command(main, offline=stand_ins.essayist)
