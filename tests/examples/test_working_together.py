"""Examples of several agents at one task: a team, an essay, a coder and its critic."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from sayso import ScriptedModel
from sayso.agents import ModelRequest
from sayso.tools import LimitReached, RunError
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


FACTS = (
    "Ramen bars are open daily, from noon to ten, and on Sundays too [1].",
    "A bowl costs about eleven euros, and one with an egg costs more.",
)


BARE = f"This names no source: {FACTS[1][:60]}"


async def test_an_essay_is_drafted_criticised_and_rewritten_from_numbered_sources() -> None:
    essay = example("essay")
    drafts: list[str] = []

    def says(request: ModelRequest) -> str:
        if request.schema is not None:
            return OUTLINE
        if "You check an essay" in str(request.messages[0]):
            return "Say what it costs." if "costs" not in request.question else "OK."
        drafts.append(request.question.partition("Critique:\n")[2])
        return FACTS[0] if len(drafts) == 1 else "\n\n".join([*FACTS, "So says [9]."])

    done = await essay.essay(ScriptedModel(says, repeat=True), found).run("Ramen")
    assert done.output.page.splitlines() == [
        "# Ramen",
        "",
        FACTS[0],
        "",
        FACTS[1],
        "",
        "So says [9].",
        "",
        "[1] http://bar.example/",
        "Check this: There is no source [9].",
        f"Check this: {BARE}",
    ]
    assert str(replace(done.output, text="")).endswith(
        "[1] Bar: Open daily.\n[2] ramen price: About ramen price.\n[3] ramen hours: About ramen hours."
    )
    assert drafts == ["", "Say what it costs.\n\nWrite a better version.", f"There is no source [9].\n{BARE}\n\nWrite a better version."]


async def test_an_essay_on_what_nobody_writes_about_says_so() -> None:
    async def nothing(query: str, limit: int) -> list[SearchResult]:
        return []

    with pytest.raises(RunError, match=r"Nothing was found for: ramen price; ramen hours\. Try another topic"):
        await example("essay").essay(ScriptedModel(OUTLINE), nothing).run("Ramen")


def test_a_place_to_search_that_is_none_is_named(tmp_path: Path) -> None:
    done = ran("essay.py", "Ramen", "--search", "the moon", cwd=tmp_path)
    assert (done.returncode, "'the moon' cannot be searched" in done.stderr) == (2, True)
