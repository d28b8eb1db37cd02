"""An essay writer: outline, research, draft, critique, rewrite. Every fact names a source that was found."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass

from pydantic import BaseModel

from sayso import Agent, ScriptedModel, command, parallel, reflect, sequential
from sayso.agents import Model, ModelRequest, places
from sayso.tools.web import Search, SearchResult
from sayso.workflows import Workflow

TOPIC = "How small burger chains set themselves apart"
OUTLINE = (
    "Outline a short essay: its title, and two or three questions that it answers, each in a few words as one would search the web for it."
)
WRITE = """Write the essay in two or three short paragraphs. Use only what the sources say, and name the source after each fact, like [2].
When you are given a critique, write the whole essay again and do what the critique asks."""
CRITICISE = """You check an essay. Say only OK when its questions are answered, each fact names a source, and nothing is said twice.
Otherwise say in at most three short lines what to change."""


class Outline(BaseModel):
    """What the essay will answer."""

    title: str
    questions: list[str]


@dataclass(frozen=True)
class Notes:
    """What was found for an outline, numbered, as the writer reads it."""

    outline: Outline
    sources: tuple[SearchResult, ...]

    def __str__(self) -> str:
        asked = "\n".join(f"- {question}" for question in self.outline.questions)
        found = "\n".join(f"[{number}] {source.title}: {source.snippet}" for number, source in enumerate(self.sources, 1))
        return f"{self.outline.title}\n\nQuestions:\n{asked}\n\nSources:\n{found or 'None were found. Say so.'}"


@dataclass(frozen=True)
class Essay:
    """The text, and the sources that it may name."""

    text: str
    notes: Notes

    def __str__(self) -> str:
        named = sorted({int(number) for number in re.findall(r"\[(\d+)\]", self.text)})
        lines = [f"[{n}] {self.notes.sources[n - 1].url}" if 0 < n <= len(self.notes.sources) else f"[{n}] no such source" for n in named]
        return "\n".join([f"# {self.notes.outline.title}", "", self.text, "", *(lines or ["No source is named."])])


async def as_they_are(notes: Notes) -> Notes:
    """The notes themselves, which stay beside the text."""
    return notes


def essay(model: Model, search: Search) -> Workflow[str, Essay]:
    """From a topic to an essay; the draft is criticised and rewritten at most twice."""

    async def research(outline: Outline) -> Notes:
        found = await asyncio.gather(*(search(question, 3) for question in outline.questions[:5]))
        return Notes(outline, tuple({source.url: source for sources in found for source in sources}.values()))

    outliner = Agent(model, name="outline", output=Outline, instructions=OUTLINE)
    writer = Agent(model, name="writer", instructions=WRITE)
    critic = Agent(model, name="critic", instructions=CRITICISE)
    return sequential(outliner, research, parallel(reflect(writer, critic, rounds=2), as_they_are, join=Essay), name="essay")


def script(request: ModelRequest) -> str:
    """Stands in for a model: quotes the first sources that it is given, and is asked once to add a second one."""
    if request.schema is not None:
        return Outline(title=TOPIC, questions=["burger chain signature", "burger prices", "local beef"]).model_dump_json()
    if "You check an essay" in str(request.messages[0]):
        return "OK" if "[2]" in request.question else "Name a second source."
    found = re.findall(r"^(\[\d+\]) .*?: (.*)$", request.question, re.MULTILINE)[: 1 + ("Critique:" in request.question)]
    return "\n\n".join(f"{snippet} {number}" for number, snippet in found)


async def main(topic: str = TOPIC, *, search: str = "sample", model: Model) -> str:
    """Write an essay.

    Parameters
    ----------
    search
        Where to look: sample (a small web of invented restaurants), duckduckgo, a folder, or a site's address.
    """
    async with places(search) as (find, _):
        return str(await essay(model, find)(topic))


if __name__ == "__main__":
    command(main, offline=ScriptedModel(script, repeat=True, name="a script"))
