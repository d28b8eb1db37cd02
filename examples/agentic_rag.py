"""Agentic RAG as a flowchart: route, retrieve, grade, rewrite and try again, answer with citations, check the citations."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from pydantic import BaseModel

from sayso import Agent, Run, ScriptedModel, command, conditional, iterate, reflect, sequential
from sayso.agents import Model, ModelRequest
from sayso.agents.models.passage_quotes import passages_about, quoted_passages
from sayso.tools.documents import NOT_IN_THE_DOCUMENTS, Documents, Passage, shown
from sayso.workflows import Draft, Workflow

COMPANY = Path(__file__).with_name("data") / "company"
ROUTE = """Questions about the company (rules, rooms, money, people, computers) go to "documents"; greetings, thanks and talk about anything
else go to "talk"."""
GRADE = "You see passages, each under a number such as [DOC 7], and a question. List the numbers of those that help to answer it."
REWRITE = "A search found nothing of use. Write other search words for the question, as a company's documents would put it. Only the words."
ANSWER = """Answer the question in one or two sentences, only from the passages above it. Quote the words that matter, exactly and in
quotation marks, and write the number of their passage after them."""
LUNCH = """[DOC 41] The canteen, Lunch
Lunch is served from noon to two.

[DOC 42] The canteen, Prices
A meal costs 6 euros.

When is lunch?"""
ANSWERED = ((LUNCH, 'Lunch "is served from noon to two" [DOC 41].'),)
GRADED = ((LUNCH, '{"useful": [41]}'), (LUNCH.replace("When is lunch?", "Who is the manager?"), '{"useful": []}'))
ROUTED = (("When is lunch?", '{"way": "documents"}'), ("How are you today?", '{"way": "talk"}'))
TALK = "You are a company's assistant. Answer in one friendly sentence, and offer to look things up in the company's documents."


class Route(BaseModel):
    """Which way a question goes."""

    way: Literal["documents", "talk"]


class Grade(BaseModel):
    """The numbers of the passages that help."""

    useful: list[int]


@dataclass(frozen=True)
class Hunt:
    """A question, what to search for next, what was searched for, and the passages that help to answer it."""

    question: str
    query: str
    searched: tuple[str, ...] = ()
    useful: tuple[Passage, ...] = ()

    def __str__(self) -> str:
        other = f" (searched for: {', '.join(self.searched[1:])})" if self.searched[1:] else ""
        return f"{shown(self.useful)}\n\n{self.question}{other}"


def agentic_rag(light: Model, large: Model, documents: Documents, *, tries: int = 3) -> Workflow[str, str]:
    """From a question to an answer; the light model routes, grades and rewrites, the large one writes."""
    router = Agent(light, name="router", output=Route, instructions=ROUTE, examples=ROUTED)
    grader = Agent(light, name="grader", output=Grade, instructions=GRADE, examples=GRADED)
    rewriter = Agent(light, name="rewriter", instructions=REWRITE)
    writer = Agent(large, name="writer", instructions=ANSWER, examples=ANSWERED)
    talk = Agent(light, name="talk", instructions=TALK)

    async def way(route: Route) -> str:
        return route.way

    async def begin(question: str) -> Hunt:
        return Hunt(question, question)

    async def retrieve(hunt: Hunt) -> Hunt:
        return replace(hunt, searched=(*hunt.searched, hunt.query), useful=tuple(documents.search(hunt.query, 4)))

    async def grade(run: Run, hunt: Hunt) -> Hunt:
        graded = await run.child("grader", grader.carry, str(hunt)) if hunt.useful else Grade(useful=[])
        return replace(hunt, useful=tuple(passage for passage in hunt.useful if passage.number in graded.useful))

    def over(hunt: Hunt) -> bool:
        return bool(hunt.useful) or len(hunt.searched) >= tries

    async def keep(hunt: Hunt) -> Hunt:
        return hunt

    async def rewrite(run: Run, hunt: Hunt) -> Hunt:
        query: str = await run.child("rewriter", rewriter.carry, f"{hunt.question}\nSearched for: {', '.join(hunt.searched)}")
        return replace(hunt, query=query.strip(' "'))

    async def write(run: Run, task: Hunt | Draft) -> str:
        found = task.task if isinstance(task, Draft) else task
        return await run.child("writer", writer.carry, str(task)) if found.useful else NOT_IN_THE_DOCUMENTS

    async def check(answer: str) -> tuple[str, ...]:
        return documents.cited(answer).problems if answer != NOT_IN_THE_DOCUMENTS else ()

    async def with_sources(answer: str) -> str:
        return "\n".join([str(documents.cited(answer)), *(f"Check this: {problem}" for problem in await check(answer))])

    look = iterate(sequential(retrieve, grade, conditional(over, {True: keep, False: rewrite})), until=over, max_rounds=tries, name="look")
    looked_up = sequential(begin, look, reflect(write, check, rounds=1, name="answer"), with_sources, name="looked_up")
    return conditional(sequential(router, way, name="route"), {"documents": looked_up, "talk": talk}, name="agentic_rag")


def script(request: ModelRequest) -> str:
    """Stands in for a model: routes by the question mark, keeps the passages that share two words, and quotes."""
    title = (request.schema or {}).get("title")
    material, _, asked = request.question.split("\n\nYour last version:")[0].rpartition("\n")
    if title == "Route":
        return Route(way="documents" if "?" in asked else "talk").model_dump_json()
    if title == "Grade":
        return Grade(useful=passages_about(asked, material)).model_dump_json()
    if "search words" in str(request.messages[0]):
        return "parking for visitors" if "car" in material else "something else"
    return quoted_passages(asked, material) or "Hello! Ask me about the company's documents."


async def main(question: str = "Where do guests leave their car?", *, documents: Path = COMPANY, draw: bool = False, model: Model) -> str:
    """Answer a question from documents (a folder, or one file); --draw prints the flowchart instead."""
    with Documents.of_folder(documents) as opened:
        flow = agentic_rag(model, model, opened)
        return flow.mermaid() if draw else await flow(question)


if __name__ == "__main__":
    command(main, offline=ScriptedModel(script, repeat=True, name="a script"))
