"""An assistant that answers from a company's documents, with a link to each source; given a PDF, you chat with that."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Iterable
from pathlib import Path

from sayso import Agent, command
from sayso.agents import Model
from sayso.agents.models.extractive import ExtractiveReader
from sayso.console import plain
from sayso.tools.documents import NOT_IN_THE_DOCUMENTS, CitedAnswer, Documents, shown

COMPANY = Path(__file__).with_name("data") / "company"
RULES = f"""Answer the question in one or two sentences, only from the passages above it. Quote the words that matter, exactly and in
quotation marks, and write the number of their passage after them. Only if no passage answers the question, say: {NOT_IN_THE_DOCUMENTS}"""
CANTEEN = """[DOC 41] The canteen, Lunch
Lunch is served from noon to two. On Fridays there is fish.

[DOC 42] The canteen, Prices
A meal costs 6 euros for staff, and guests pay 9 euros.
"""
EXAMPLES = (
    (f"{CANTEEN}\nDo you have lunch?", 'Yes, "Lunch is served from noon to two" [DOC 41].'),
    (f"{CANTEEN}\nHow much do I pay for a guest?", 'For a meal, "guests pay 9 euros" [DOC 42].'),
    (f"{CANTEEN}\nWho cooks?", NOT_IN_THE_DOCUMENTS),
)


async def answers(model: Model, documents: Documents, questions: Iterable[str]) -> AsyncIterator[CitedAnswer]:
    """An answer to each question; a follow-up ("And for staff?") is looked up with the question before it."""
    assistant, history, before = Agent(model, name="assistant", instructions=RULES, examples=EXAMPLES), (), ""
    for question in questions:
        passages = documents.search(question) or documents.search(f"{before} {question}")
        if passages:
            result = await assistant.run(f"{shown(passages)}\n\n{question}", history=history)
            history = result.messages[-4:]
            yield documents.cited(result.output)
        else:
            yield documents.cited(NOT_IN_THE_DOCUMENTS)
        before = question


def typed() -> Iterable[str]:
    """Questions from the terminal, or from a pipe, until an empty line."""
    while question := (input("> ") if sys.stdin.isatty() else sys.stdin.readline()).strip():
        yield question


async def main(question: str = "", *, documents: Path = COMPANY, model: Model) -> int:
    """Answer a question from documents (a folder, or one file); without a question, read them line by line."""
    with Documents.of_folder(documents) as opened:
        for skipped in opened.skipped:
            print(f"Not read: {skipped}", file=sys.stderr)
        async for answer in answers(model, opened, [question] if question else typed()):
            print(
                plain("\n".join([str(answer), *(f"Check this: {problem}" for problem in answer.problems if answer.citations)])), end="\n\n"
            )
    return 0


if __name__ == "__main__":
    command(main, offline=ExtractiveReader())
