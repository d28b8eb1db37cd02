"""Programs whose hand-overs fit; `reveal` lines say what a checker must know of the result."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal, Unpack, assert_type

from pydantic import BaseModel

from sayso import research
from sayso.agents import Agent, Prompt
from sayso.agents.research.report import Report
from sayso.tools import Content, Labels, Secrecy, ToolContext, ToolResult, Trust, tool
from sayso.workflows import (
    Draft,
    Failed,
    Limits,
    MemoryEngine,
    Run,
    RunOptions,
    RunResult,
    Sequential,
    Workflow,
    best_of,
    conditional,
    iterate,
    map_each,
    parallel,
    reflect,
    sequential,
    step,
)


class Mail(BaseModel):
    complaint: bool


async def length(text: str) -> int:
    return len(text)


async def half(number: int) -> float:
    return number / 2


async def more(number: int) -> int:
    return number + 1


async def words(number: float) -> list[str]:
    return [str(number)]


async def code(run: Run, number: int) -> str:
    return str(await run.step("half", half, number))


def loud(text: str) -> str:
    return text.upper()


@tool.write(card="E-mail to {to}: {text}")
async def mail(to: str, text: str) -> str:
    """Sends."""
    return f"sent {text} to {to}"


@tool.read
async def look_up(text: str) -> int:
    """Looks up."""
    return len(text)


@tool.read
def size_of(number: int) -> str:
    """Says how big."""
    return "big" if number > 10 else "small"


@tool.read
def stock(dish: str, context: ToolContext[dict[str, int]]) -> int:
    """Says how many are left."""
    return context.deps[dish]


@tool.write(card="Order {number}")
async def order(number: int, context: ToolContext[dict[str, int]]) -> str:
    """Orders."""
    return f"{number} ordered with key {context.key}"


@tool.read(timeout_seconds=2)
def colour(table: str, name: str, context: ToolContext[int]) -> float:
    """Says a colour's number."""
    return 0.5


async def write(task: str | Draft) -> str:
    return str(task)


async def critique(text: str) -> list[str]:
    return []


writer = Agent("gpt-5-mini", name="writer")
router = Agent("gpt-5-mini", name="router", output=Mail)

assert_type(sequential(length, half), Sequential[str, float])
assert_type(sequential(length, more, more, more, half), Sequential[str, float])
assert_type(sequential(length, more, more, more, half).then(words).then(map_each(length)), Sequential[str, list[int]])
assert_type(
    sequential(length, code).then(writer).then(step(loud)).then(look_up).then(size_of).then(mail.using(to="a@b.c")), Sequential[str, str]
)
assert_type(sequential(length, more, more, more, half, words), Sequential[str, Any])
assert_type(sequential(length, more, more, more, more).run_sync("x", limits=Limits(seconds=3)).output, int)
assert_type(sequential(length, code), Sequential[str, str])
assert_type(sequential(length, code, look_up), Sequential[str, int])
assert_type(sequential(length, code, mail.using(to="ada@example.org")), Sequential[str, str])
assert_type(sequential(length, step(size_of), step(loud, retries=2)), Sequential[str, str])
assert_type(sequential(length, code, step(router, retries=2, timeout_seconds=9)), Sequential[str, Mail])
assert_type(sequential(step(sequential(length, more), retries=2), step(size_of, retries=1)), Sequential[str, str])
assert_type(sequential(sequential(length, more), half, name="inner"), Sequential[str, float])
assert_type(sequential(length, code, writer, router), Sequential[str, Mail])
assert_type(sequential(stock, order, stock), Sequential[str, int])
assert_type(sequential(length, size_of, colour.using(table="web")), Sequential[str, float])
assert_type(sequential(order, stock).run_sync(3).output, int)
assert_type(parallel(size_of, order, half), Workflow[int, tuple[str, str, float]])
assert_type(map_each(size_of), Workflow[Iterable[int], list[str]])
mixed: Workflow[int, str] = conditional(size_of, {"big": size_of, "small": order, "none": code})
routed: Workflow[str, str | Mail] = conditional(length, {3: writer, 4: router, 5: sequential(length, code)})
assert_type(best_of(stock, 2, score=size_of), Workflow[str, int])
assert_type(parallel(length, loud_later := step(loud)), Workflow[str, tuple[int, str]])
assert_type(parallel(half, more, code), Workflow[int, tuple[float, int, str]])


def total(a: float, b: int) -> float:
    return a + b


async def sum_up(numbers: list[float]) -> float:
    return sum(numbers)


async def joined(a: float, b: int) -> str:
    return f"{a}{b}"


assert_type(parallel(half, more, join=total), Workflow[int, float])
summed: Workflow[int, float] = parallel(half, more, join=lambda a, b: a + b)
assert_type(parallel(half, more, join=joined), Workflow[int, str])
assert_type(parallel(half, more, code, half, more), Workflow[int, tuple[float, int, str, float, int]])
five: Workflow[int, str] = parallel(half, more, code, half, more, join=lambda a, b, c, d, e: c.upper(), name="five", limits=None)
assert_type(parallel(half, more, code, half, more, code), Workflow[int, Any])
assert_type(parallel(half, more, join=writer), Workflow[int, str])
assert_type(parallel(half, half, join=sequential(sum_up)), Workflow[int, float])
assert_type(map_each(length), Workflow[Iterable[str], list[int]])
assert_type(map_each(length, concurrency=3, on_error="collect"), Workflow[Iterable[str], list[int | Failed]])
assert_type(conditional(size_of, {"big": half, "small": half}), Workflow[int, float])
assert_type(conditional(lambda number: number > 3, {True: more}, default=more), Workflow[int, int])
assert_type(iterate(more, until=lambda number: number > 9, max_rounds=9), Workflow[int, int])
assert_type(best_of(length, 3, score=lambda number: -number), Workflow[str, int])
assert_type(best_of(writer, 3, score=len).output_type, type | None)
reviewed: Workflow[str, str] = reflect(write, critique, accept=lambda problems: not problems)
agents: Workflow[str, str] = reflect(writer, writer)


numbers = Agent("gpt-5-mini", name="numbers", output=list[int])
chooser = Agent("gpt-5-mini", name="chooser", output=Literal["long", "short"], examples=[("Hello!", "short"), ("Oh", "long")])
chosen: Workflow[str, int] = conditional(chooser, {"long": length, "short": length})
assert_type(Agent("gpt-5-mini", output=Mail, examples=[("Cold!", Mail(complaint=True))]), Agent[Mail])


async def is_complaint(found: Mail) -> bool:
    return found.complaint


def sort(found: Mail) -> str:
    return "sorry" if found.complaint else "thanks"


async def graded(text: str) -> Mail:
    return Mail(complaint=not text)


async def values(question: str) -> dict[str, object]:
    return {"question": question}


prompt = Prompt("Answer.", question="{question}")
both = parallel(sequential(length, more), map_each(stock), join=lambda one, many: one + len(many))

assert_type(sequential(router, is_complaint), Sequential[Any, bool])
assert_type(sequential(router).then(is_complaint), Sequential[Any, bool])
assert_type(sequential(numbers, map_each(more), map_each(order)), Sequential[Any, list[str]])
assert_type(best_of(numbers, 3, score=len), Workflow[Any, list[int]])
assert_type(sequential(router, conditional(sort, {"sorry": is_complaint, "thanks": is_complaint})), Sequential[Any, bool])
assert_type(iterate(sequential(more, more), until=lambda number: number > 9, max_rounds=9), Workflow[int, int])
assert_type(sequential(values, prompt, router, is_complaint), Sequential[str, bool])
assert_type(map_each(router, on_error="collect"), Workflow[Iterable[Any], list[Mail | Failed]])
corrected: Workflow[str, str] = reflect(write, graded, accept=lambda found: found.complaint)
chief = Agent(
    "gpt-5-mini", tools=[writer.as_tool(description="Writes."), sequential(length, more).as_tool(name="size", description="Sizes.")]
)


async def by_hand(run: Run, text: str) -> Mail:
    """Workflow code: the types go through children and steps."""
    assert_type(await run.child("size", sequential(length, half), text), float)
    assert_type(await run.step("size", length, text), int)
    assert_type(await run.child("code", code, 3), str)
    return await run.child("router", router, text)


async def main() -> None:
    result = await sequential(length, half).run("x")
    assert_type(result, RunResult[float])
    assert_type(result.output, float)
    assert_type(await sequential(length, code)("x"), str)
    assert_type(sequential(length).run_sync("x").output, int)


def question_once(agent: Agent[Mail], text: str, **options: Unpack[RunOptions]) -> RunResult[Mail]:
    """A function of one's own takes the options of a run and hands them on."""
    return agent.run_sync(text, history=(), **options)


async def with_options() -> None:
    home, limits = MemoryEngine(), Limits(cost_usd=1)
    answered = question_once(router, "Cold!", deps=3, approve=None, limits=limits, engine=home, run_id="r1", grants=())
    assert_type(answered.output, Mail)
    assert_type(await router.run("Cold!", history=answered.messages, engine=home), RunResult[Mail])
    assert_type(await research.run("BettaBurgers", model="gpt-5-mini", competitors=5, limits=limits, run_id="r2"), RunResult[Report])
    async for event in sequential(length).run_stream("x", run_id="r3", limits=limits):
        print(event)
    async for event in writer.run_stream("x", history=answered.messages, deps=home):
        print(event)


@tool.read(trust="untrusted", secrecy="private")
async def inbox() -> Content:
    """Labels may be written as their texts."""
    return Content("a mail", "inbox", "untrusted", secrecy=Secrecy.PUBLIC)


def label() -> None:
    assert_type(Content("text", trust="user").trust, Trust | None)
    assert_type(ToolResult("0.0", "text", trust="tool", secrecy="public").secrecy, Secrecy)
    assert_type(tool.read(trust=Trust.TOOL)(length).trust, Trust | None)
    assert_type(Labels().join("untrusted", Secrecy.PRIVATE), Labels)
    assert_type(sequential(length).run_sync("x").content, Content)
    assert_type(sequential(length).run_sync("x").labels, Labels)


@tool.write
async def post(to: str, text: str) -> int:
    """Post a letter."""
    return len(to + text)


@tool.read
def look_word(word: str, context: ToolContext[int]) -> str:
    """Look a word up."""
    return word


async def calls(run: Run, value: int) -> int:
    assert_type(await run.call(look_word, word="x"), str)
    bound: int = await run.call(post.using(to="Ada"), text="Hello")
    assert bound
    return await run.call(post, to="Ada", text="Hello")


def chosen_size(number: int) -> Literal["big", "small"]:
    return "big" if number > 5 else "small"


def is_big(number: int) -> bool:
    return number > 5


async def chosen_later(number: int) -> Literal["big", "small"]:
    return "big" if number > 5 else "small"


assert_type(conditional(chosen_size).ways({"big": half, "small": half}), Workflow[int, float])
assert_type(conditional(chosen_later, name="size").ways({"big": half}, default=half), Workflow[int, float])
several: Workflow[int, Any] = conditional(chosen_size).ways({"big": half, "small": code})


async def revise(task: str | Draft[str, str, list[str]]) -> str:
    return task.text.upper() if isinstance(task, Draft) else task


revised: Workflow[str, str] = reflect(revise, critique)
