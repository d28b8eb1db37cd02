"""An essay writer: outline, research, draft, critique, rewrite. Every paragraph names a source that was found."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass

from pydantic import BaseModel

from sayso import Agent, Run, ScriptedModel, command, reflect, sequential
from sayso.agents import Model, ModelRequest, places
from sayso.tools import RunError
from sayso.tools.web import Search, SearchResult
from sayso.workflows import Draft, Workflow

TOPIC = "How small burger chains set themselves apart"
OUTLINE = "Outline a short essay: its title, and two or three questions that it answers, in two to four words each, for a search."
OUTLINED = (("Why people bake bread at home", '{"title": "Bread of one\'s own", "questions": ["bread prices", "why people bake"]}'),)
WRITE = """Write the essay in two or three short paragraphs, without headings or lists. Use only what the sources say, and name the source
after each fact, like [2]. When you are given a critique, write the whole essay again and do what the critique asks."""
BREAD = """Bread of one's own

Questions: bread prices; why people bake

Sources:
[1] Bakers' price list: A loaf costs 4 euros in a shop; flour for one costs 1 euro.
[2] Survey: Six of ten who bake at home say that they do it for the smell."""
WRITTEN = (
    (BREAD, "A loaf costs 4 euros in a shop, its flour 1 euro [1].\n\nYet most do not bake to save: six of ten name the smell [2]."),
)
CRITICISE = """You check an essay. Say only OK when its questions are answered and nothing is said twice.
Otherwise say in at most three short lines what to change."""
LONGEST_WORDS = 350


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
        found = "\n".join(f"[{number}] {source.title}: {source.snippet}" for number, source in enumerate(self.sources, 1))
        return f"{self.outline.title}\n\nQuestions: {'; '.join(self.outline.questions)}\n\nSources:\n{found}"


@dataclass(frozen=True)
class Essay:
    """The text, and the notes that it was written from."""

    text: str
    notes: Notes

    def __str__(self) -> str:
        return self.text

    @property
    def problems(self) -> list[str]:
        """What can be seen to be wrong without a model."""
        named = {int(number) for number in re.findall(r"\[(\d+)\]", self.text)}
        unknown = [f"There is no source [{number}]." for number in sorted(named - set(range(1, len(self.notes.sources) + 1)))]
        bare = [
            f"This names no source: {part[:60]}" for part in self.text.split("\n\n") if len(part) > 60 and not re.search(r"\[\d+\]", part)
        ]
        long = [f"At most {LONGEST_WORDS} words."] if len(self.text.split()) > LONGEST_WORDS else []
        return unknown + bare[:3] + long

    @property
    def page(self) -> str:
        """The essay with its sources, and with what is still wrong."""
        sources = [f"[{number}] {source.url}" for number, source in enumerate(self.notes.sources, 1) if f"[{number}]" in self.text]
        return "\n".join([f"# {self.notes.outline.title}", "", self.text, "", *sources, *(f"Check this: {each}" for each in self.problems)])


def essay(model: Model, search: Search) -> Workflow[str, Essay]:
    """From a topic to an essay; the draft is criticised, first by rules and then by a model, and rewritten at most twice."""
    outliner = Agent(model, name="outline", output=Outline, instructions=OUTLINE, examples=OUTLINED)
    writer = Agent(model, name="writer", instructions=WRITE, examples=WRITTEN)
    critic = Agent(model, name="critic", instructions=CRITICISE)

    async def research(outline: Outline) -> Notes:
        found = await asyncio.gather(*(search(question, 3) for question in outline.questions[:5]))
        if not any(found):
            raise RunError(f"Nothing was found for: {'; '.join(outline.questions[:5])}. Try another topic, or --search duckduckgo.")
        return Notes(outline, tuple({source.url: source for sources in found for source in sources}.values()))

    async def write(run: Run, task: Notes | Draft) -> Essay:
        return Essay(await run.child("writer", writer.carry, str(task)), task.task if isinstance(task, Draft) else task)

    async def criticise(run: Run, draft: Essay) -> str:
        questions = "; ".join(draft.notes.outline.questions)
        return "\n".join(draft.problems) or await run.child("critic", critic.carry, f"Questions: {questions}\n\n{draft}")

    return sequential(outliner, research, reflect(write, criticise, rounds=2), name="essay")


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
        return (await essay(model, find)(topic)).page


if __name__ == "__main__":
    command(main, offline=ScriptedModel(script, repeat=True, name="a script, whatever is asked"))
