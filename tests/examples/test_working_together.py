"""Examples of several agents at one task: a team, an essay, a coder and its critic."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from sayso import Run, ScriptedModel
from sayso.agents import FoundPassages, ModelRequest
from sayso.tools import LimitReached, RunError
from sayso.tools.documents import Passage

from .running import example, ran_here


async def test_parts_are_worked_on_apart_and_put_together() -> None:
    seen: list[str] = []

    def lead(request: ModelRequest) -> str:
        if request.schema is not None:
            return 'Here you are:\n[{"title": "A", "assignment": "Do a."}, {"title": "B", "assignment": "Do b."}]'
        seen.append(request.question)
        return "a and b"

    workers = ScriptedModel(lambda request: f"{request.question} Done.", repeat=True)
    done = await example("orchestrator").team(ScriptedModel(lead, repeat=True), workers).run("Do it.")
    assert (done.output, done.usage.model_calls) == ("a and b", 4)
    assert seen == ['[{"title": "A", "text": "Do a. Done."}, {"title": "B", "text": "Do b. Done."}]']


async def test_a_plan_of_a_hundred_parts_ends_at_the_limit() -> None:
    plan = "[" + ", ".join(['{"title": "A", "assignment": "Do a."}'] * 100) + "]"
    workers = ScriptedModel("Done.", repeat=True)
    with pytest.raises(LimitReached):
        await example("orchestrator").team(ScriptedModel(plan), workers).run("Do it.")
    assert workers.requests == 9


OUTLINE = '{"title": "Ramen", "questions": ["ramen price", "ramen hours"]}'
FACTS = ["The ramen at this bar costs 12 euros.", "The bar is open daily from noon to ten."]


class Bar:
    """A source of passages: one about the price, one about the hours, and nothing where it is empty."""

    where, grants = "web", ()

    def __init__(self, *facts: str) -> None:
        self.passages = tuple(
            Passage(at, "", "Bar", fact, link=f"http://bar.example/{at}", public=True) for at, fact in enumerate(facts, 1)
        )

    def mark(self, number: int) -> str:
        return f"[{number}]"

    async def look(self, run: Run, words: str, known: Sequence[Passage]) -> FoundPassages:
        return FoundPassages(self.passages, fits=True)


async def test_an_essay_is_drafted_criticised_with_its_sources_and_rewritten() -> None:
    critiques: list[str] = []
    asked_of_the_critic: list[str] = []
    drafts = iter(["Ramen costs 9 euros at this bar [1].", f"{FACTS[0]} [2]", f"{FACTS[0]}\n\n{FACTS[1]} So says a cook from Kyoto [1]."])

    def says(request: ModelRequest) -> str:
        if request.schema is not None:
            return OUTLINE
        if "You check an essay" in str(request.messages[0]):
            asked_of_the_critic.append(request.question)
            return "Say when it is open."
        critiques.append(request.question.partition("Critique:\n")[2])
        return next(drafts)

    done = await example("essay").essay(ScriptedModel(says, repeat=True), Bar(*FACTS)).run("Ramen")
    assert done.output.page.splitlines() == [
        "# Ramen",
        "",
        "The ramen at this bar costs 12 euros [1].",
        "",
        "The bar is open daily from noon to ten [2].",
        "",
        "[1] http://bar.example/1",
        "[2] http://bar.example/2",
        "Left out: So says a cook from Kyoto. The passage says nothing of this.",
    ]
    assert critiques == [
        "",
        "No source says this:\nRamen costs 9 euros at this bar. The passage says 12 euros, not 9 euros.",
        "Say when it is open.",
    ]
    (seen,) = asked_of_the_critic
    assert all(fact in seen for fact in FACTS)


async def test_an_essay_on_what_nobody_writes_about_says_so() -> None:
    with pytest.raises(RunError, match=r"Nothing was found for: ramen price; ramen hours\. Try another topic"):
        await example("essay").essay(ScriptedModel(OUTLINE), Bar()).run("Ramen")


def test_a_place_to_search_that_is_none_is_named(tmp_path: Path) -> None:
    done = ran_here("essay.py", "Ramen", "--search", "the moon", cwd=tmp_path)
    assert (done.returncode, "'the moon' cannot be searched" in done.stderr) == (2, True)
