"""Examples of several agents at one task: a team, an essay, a coder and its critic."""

from __future__ import annotations

from pathlib import Path

import pytest

from sayso import ScriptedModel
from sayso.agents import ModelRequest
from sayso.tools import LimitReached
from sayso.tools.web import SearchResult

from .running import example, ran


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


async def found(query: str, limit: int) -> list[SearchResult]:
    """A search that knows one page for each query, and one for all."""
    return [
        SearchResult("Bar", "http://bar.example/", "Open daily."),
        SearchResult(query, f"http://{query[6:]}.example/", f"About {query}."),
    ]


async def test_an_essay_is_drafted_criticised_and_rewritten_from_numbered_sources() -> None:
    essay = example("essay")
    drafts: list[str] = []

    def says(request: ModelRequest) -> str:
        if request.schema is not None:
            return OUTLINE
        if "You check an essay" in str(request.messages[0]):
            return "Name the source." if "[" not in request.question else "OK."
        drafts.append(request.question)
        return "Open daily [1], says [9]." if "Critique:\nName the source." in request.question else "Open daily."

    done = await essay.essay(ScriptedModel(says, repeat=True), found).run("Ramen")
    assert str(done.output).splitlines() == [
        "# Ramen",
        "",
        "Open daily [1], says [9].",
        "",
        "[1] http://bar.example/",
        "[9] no such source",
    ]
    assert "[1] Bar: Open daily.\n[2] ramen price: About ramen price.\n[3] ramen hours: About ramen hours." in drafts[0]
    assert len(drafts) == 2


async def test_an_essay_on_what_nobody_writes_about_says_so() -> None:
    async def nothing(query: str, limit: int) -> list[SearchResult]:
        return []

    drafts: list[str] = []

    def says(request: ModelRequest) -> str:
        drafts.append(request.question)
        return OUTLINE if request.schema is not None else "OK"

    done = await example("essay").essay(ScriptedModel(says, repeat=True), nothing).run("Ramen")
    assert "None were found. Say so." in drafts[1]
    assert str(done.output).endswith("No source is named.")


def test_a_place_to_search_that_is_none_is_named(tmp_path: Path) -> None:
    done = ran("essay.py", "Ramen", "--search", "the moon", cwd=tmp_path)
    assert (done.returncode, "'the moon' is no place to search" in done.stderr) == (2, True)
