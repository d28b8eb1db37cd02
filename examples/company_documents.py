"""An assistant that answers from a company's documents, with a link to each source; given a PDF, you chat with that."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import AsyncIterator, Iterable
from pathlib import Path

from sayso import Agent, command
from sayso.agents import Model
from sayso.agents.models.extractive import ExtractiveReader
from sayso.console import escape_controls
from sayso.tools.documents import NOT_IN_THE_DOCUMENTS, CitedAnswer, Documents, show_passages

COMPANY = Path(__file__).with_name("data") / "company"
TOLD = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))


async def answers(model: Model, documents: Documents, questions: Iterable[str]) -> AsyncIterator[CitedAnswer]:
    """An answer to each question; a follow-up ("And for staff?") is looked up with the question before it."""
    assistant, history, before = Agent(model, name="assistant", **TOLD), (), ""
    for question in questions:
        passages = documents.search(question) or documents.search(f"{before} {question}")
        if passages:
            result = await assistant.run(f"{show_passages(passages)}\n\n{question}", history=history)
            history = result.messages[-4:]
            yield documents.check_citations(result.output)
        else:
            yield documents.check_citations(NOT_IN_THE_DOCUMENTS)
        before = question


def typed() -> Iterable[str]:
    """Questions from the terminal, or from a pipe, until an empty line."""
    while question := (input("> ") if sys.stdin.isatty() else sys.stdin.readline()).strip():
        yield question


async def main(question: str = "", *, documents: Path = COMPANY, model: Model) -> None:
    """Answer a question from documents (a folder, or one file); without a question, read them line by line."""
    with Documents.of_folder(documents) as opened:
        for skipped in opened.skipped:
            print(f"Not read: {skipped}", file=sys.stderr)
        async for answer in answers(model, opened, [question] if question else typed()):
            print(
                escape_controls("\n".join([str(answer), *(f"Check this: {problem}" for problem in answer.problems)])),
                end="\n\n",
                flush=True,
            )


if __name__ == "__main__":
    command(main, offline=ExtractiveReader())
