"""Agentic RAG as a flowchart: route, retrieve, grade, rewrite and try again, answer with citations, check the citations."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import stand_ins
from sayso import Agent, Run, command, conditional, iterate, reflect, sequential
from sayso.agents import Model
from sayso.tools.documents import NOT_IN_THE_DOCUMENTS, Documents, Passage, show_passages
from sayso.workflows import Workflow, mermaid

COMPANY = Path(__file__).with_name("data") / "company"
TOLD = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))


@dataclass(frozen=True)
class Hunt:
    """A question, what was searched for, and the passages that help to answer it."""

    question: str
    searched: tuple[str, ...] = ()
    useful: tuple[Passage, ...] = ()

    def __str__(self) -> str:
        other = f" (searched for: {', '.join(self.searched[1:])})" if self.searched[1:] else ""
        return f"{show_passages(self.useful)}\n\n{self.question}{other}"


def agentic_rag(light: Model, large: Model, documents: Documents, *, tries: int = 3) -> Workflow[str, str]:
    """From a question to an answer; the light model routes, grades and rewrites, the large one writes."""
    router = Agent(light, name="route", output=Literal["documents", "talk"], **TOLD["route"])
    grader = Agent(light, name="grader", output=list[int], **TOLD["grade"])
    rewriter = Agent(light, name="rewriter", **TOLD["rewrite"])
    writer = Agent(large, name="write", **TOLD["write"])
    talker = Agent(light, name="talk", **TOLD["talk"])

    async def begin(question: str) -> Hunt:
        return Hunt(question)

    async def rewrite(run: Run, hunt: Hunt) -> Hunt:
        asked = f"{hunt.question}\nSearched for: {', '.join(hunt.searched)}"
        words = await run.child("rewriter", rewriter, asked) if hunt.searched else hunt.question
        return replace(hunt, searched=(*hunt.searched, words.strip(' "')))

    async def retrieve(hunt: Hunt) -> Hunt:
        return replace(hunt, useful=tuple(documents.search(hunt.searched[-1], 4)))

    async def grade(run: Run, hunt: Hunt) -> Hunt:
        numbers = await run.child("grader", grader, str(hunt)) if hunt.useful else []
        return replace(hunt, useful=tuple(passage for passage in hunt.useful if passage.number in numbers))

    def found(hunt: Hunt) -> bool:
        return bool(hunt.useful)

    def over(hunt: Hunt) -> bool:
        return found(hunt) or len(hunt.searched) >= tries

    async def give_up(hunt: Hunt) -> str:
        return NOT_IN_THE_DOCUMENTS

    async def check(answer: str) -> tuple[str, ...]:
        return documents.check_citations(answer).problems

    async def with_sources(answer: str) -> str:
        return "\n".join([str(documents.check_citations(answer)), *(f"Check this: {problem}" for problem in await check(answer))])

    look = iterate(sequential(rewrite, retrieve, grade), until=over, max_rounds=tries, name="look")
    answer = conditional(found, {True: reflect(writer, check, rounds=1), False: give_up}, name="answer")
    looked_up = sequential(begin, look, answer, with_sources, name="looked_up")
    return conditional(router, {"documents": looked_up, "talk": talker}, name="agentic_rag")


async def main(question: str = "Where do guests leave their car?", *, documents: Path = COMPANY, draw: bool = False, model: Model) -> str:
    """Answer a question from documents (a folder, or one file); --draw prints the flowchart instead."""
    with Documents.of_folder(documents) as opened:
        flow = agentic_rag(model, model, opened)
        return mermaid(flow) if draw else await flow(question)


if __name__ == "__main__":
    command(main, offline=stand_ins.librarian)
