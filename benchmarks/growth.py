"""Does time grow as the work grows, or with its square? Each row is a way in which users' work grows, at three doublings.

The figure is the exponent of the last doubling (1 is linear, 2 the square), by the processor's clock, so it holds on a busy machine.
Python's garbage collector rests meanwhile: it comes by in steps, and whether one more falls into a doubling says nothing.

python benchmarks/growth.py [--whole] [--only WORD] [--write]
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import itertools
import json
import logging
import math
import random
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from _table import Row, finish

from sayso import Agent, Approve, Limits, engine, iterate, map_each, parallel, sequential, step, tool
from sayso.agents import ModelRequest, Reply, ScriptedModel
from sayso.agents.messages import NativeCall, from_openai
from sayso.agents.models.model import CallDelta, Delta, Finished, ReasoningDelta, TextDelta
from sayso.agents.reasoning import split_reasoning
from sayso.tools import calculator, fill
from sayso.tools.definition.tool import AnyTool
from sayso.tools.dialects import Reader
from sayso.tools.documents import IndexEntry, PassageIndex
from sayso.tools.web.parse import parse_html
from sayso.workflows import DurableEngine, RoundsUsedUp, Usage

MOST = 1.15
"""The largest exponent: a sort, and memory that no longer fits a cache, cost a little more than their share."""
RETAKES = 10
"""How often the last two counts of a row that seems to grow too fast are measured again, in turns."""
WHOLE = 8
"""How many times as much the whole measurement does."""
WORDS = "Of $100 at 5 % you have $CALCULATOR(100 * 1.05^8) after eight years; "
FREE = Limits(model_calls=10**7)


@dataclass
class Pieces:
    """A model that sends one long reply in small pieces."""

    deltas: list[Delta]
    name: str = "pieces"
    takes_tools: bool = True

    async def stream(self, request: ModelRequest) -> AsyncGenerator[Delta]:
        """The pieces once, then a closing word."""
        deltas, self.deltas = self.deltas, [TextDelta("Done."), Finished("stop", Usage())]
        for delta in deltas:
            yield delta


@tool.read(trust="tool", secrecy="public")  # a script of ours
async def note(text: str) -> str:
    """Read a note."""
    return text[:10]


@tool.read
async def letter(number: int) -> str:
    """Read a letter that somebody else wrote."""
    return f"Dear Ada, letter {number} has {number * 7919 % 10007} words, and is from Bob of {number * 31 % 977} Station Road."


@tool.write(card="Mail to {to}: {text}")
async def mail(to: str, text: str) -> str:
    """Send a mail."""
    return f"sent to {to}"


async def agree(_: object) -> Approve:
    """Approve whatever is asked."""
    return Approve()


def streamed(agent: Agent[Any], question: str = "Go on.", **options: Any) -> None:
    """Run it with a listener that only listens."""

    async def listen() -> None:
        async for _ in agent.stream_emitted(question, **options):
            pass

    asyncio.run(listen())


def text_in_pieces(text: str, size: int = 4) -> list[Delta]:
    """A reply of text as a model streams it."""
    return [*[TextDelta(text[at : at + size]) for at in range(0, len(text), size)], Finished("stop", Usage())]


def calling(name: str, *arguments: object) -> Reply:
    """A reply that calls a tool once for each."""
    return Reply("", tuple(NativeCall(f"c{at}", name, json.dumps(each)) for at, each in enumerate(arguments)))


@contextmanager
def stored_runs() -> Iterator[DurableEngine]:
    """An engine on an SQLite file of its own."""
    with tempfile.TemporaryDirectory() as folder:
        home = engine(f"sqlite:///{Path(folder)}/runs.db")
        try:
            yield home
        finally:
            home.close()


# turns


def turns(count: int, limits: Limits = FREE, **options: Any) -> None:
    lines = [calling("note", {"text": "a"}) for _ in range(count)]
    Agent(ScriptedModel(*lines, "Done."), tools=[note]).run_sync("Go on.", limits=limits, **options)


def turns_with_cost(count: int) -> None:
    lines = [calling("note", {"text": "a"}) for _ in range(count)]
    model = ScriptedModel(*lines, "Done.", name="gpt-5-mini")
    Agent(model, tools=[note]).run_sync("Go on.", limits=Limits(model_calls=10**7, cost_usd=10**6))


def turns_streamed(count: int) -> None:
    streamed(Agent(ScriptedModel(*[calling("note", {"text": "a"}) for _ in range(count)], "Done."), tools=[note]), limits=FREE)


def turns_in_text(count: int) -> None:
    lines = ['<tool_call>\n{"name": "note", "arguments": {"text": "a"}}\n</tool_call>' for _ in range(count)]
    Agent(ScriptedModel(*lines, "Done.", takes_tools=False), tools=[note], dialect="hermes").run_sync("Go on.", limits=FREE)


def turns_with_letters(count: int) -> None:
    lines = [calling("letter", {"number": at}) for at in range(count)]
    Agent(ScriptedModel(*lines, "Done."), tools=[letter]).run_sync("Go on.", limits=FREE)


def turns_of_sums(count: int) -> None:
    lines = [calling("CALCULATOR", {"expression": f"{at} + 1"}) for at in range(count)]
    Agent(ScriptedModel(*lines, "Done."), tools=[calculator]).run_sync("Go on.", limits=FREE)


def turns_of_writes(count: int) -> None:
    lines = [reply for at in range(count) for reply in (calling("letter", {"number": at}), calling("mail", {"to": "ada", "text": f"{at}"}))]
    Agent(ScriptedModel(*lines, "Done."), tools=[letter, mail]).run_sync("Go on.", limits=FREE, approve=agree)


def turns_stored(count: int) -> None:
    with stored_runs() as home:
        turns(count, engine=home)


def turns_resumed(count: int) -> None:
    lines = [calling("note", {"text": "a"}) for _ in range(count)]

    async def run() -> None:
        agent = Agent(ScriptedModel(*lines, calling("mail", {"to": "ada", "text": "x"}), "Done."), tools=[note, mail])
        result = await agent.run("Go on.", limits=FREE)
        await result.resume({each.digest: Approve() for each in result.pending})

    asyncio.run(run())


def messages_of_history(count: int) -> None:
    agent = Agent(ScriptedModel("Yes.", repeat=True))
    earlier = [{"role": role, "content": f"word {at}"} for at in range(count) for role in ("user", "assistant")]
    agent.run_sync("Go on.", history=from_openai(earlier))


# tools and fields


def make_function(name: str, parameters: str) -> Callable[..., Any]:
    """An async function with these parameters, which says what it was called with."""
    space: dict[str, Any] = {}
    exec(f"async def {name}({parameters}) -> str:\n    'Do what is asked for.'\n    return 'done'", space)
    made: Callable[..., Any] = space[name]
    return made


def make_tools(count: int) -> list[AnyTool]:
    return [tool.read(make_function(f"look_{at}", "text: str")) for at in range(count)]


def tools(count: int) -> None:
    agent = Agent(ScriptedModel(calling(f"look_{count - 1}", {"text": "a"}), "Done."), tools=make_tools(count))
    agent.run_sync("Go on.")


def tools_in_text(count: int) -> None:
    text = f'<tool_call>\n{{"name": "look_{count - 1}", "arguments": {{"text": "a"}}}}\n</tool_call>'
    Agent(ScriptedModel(text, "Done.", takes_tools=False), tools=make_tools(count), dialect="hermes").run_sync("Go on.")


def tools_declared(count: int) -> None:
    for _ in range(count):

        @tool.read
        async def look(text: str, times: int = 1) -> str:
            """Look for a text.

            Args:
                text: What to look for.
            """
            return text


def fields(count: int) -> None:
    made = tool.read(make_function("look", ", ".join(f"field_{at}: str" for at in range(count))))
    Agent(ScriptedModel(calling("look", {f"field_{at}": "a" for at in range(count)}), "Done."), tools=[made]).run_sync("Go on.")


def fields_of_a_write(count: int) -> None:
    made = tool.write(make_function("act", ", ".join(f"field_{at}: str" for at in range(count))))
    arguments = {f"field_{at}": f"value {at}" for at in range(count)}
    Agent(ScriptedModel(calling("act", arguments), "Done."), tools=[made]).run_sync("Go on.", approve=agree)


def items_of_an_argument(count: int) -> None:
    @tool.read(trust="tool")
    async def add(numbers: list[int]) -> int:
        """Add numbers."""
        return sum(numbers)

    Agent(ScriptedModel(calling("add", {"numbers": list(range(count))}), "Done."), tools=[add]).run_sync("Go on.")


# bytes


def result_bytes(count: int) -> None:
    @tool.read
    async def look() -> str:
        """Look."""
        return "word " * count

    Agent(ScriptedModel(calling("look", {}), "Done."), tools=[look]).run_sync("Go on.")


def result_bytes_before_a_write(count: int) -> None:
    @tool.read
    async def look() -> str:
        """Look."""
        return " ".join(f"word{at}" for at in range(count))

    text = " ".join(f"word{at}" for at in range(0, count, 10))
    lines = (calling("look", {}), calling("mail", {"to": "ada", "text": text}), "Done.")
    Agent(ScriptedModel(*lines), tools=[look, mail]).run_sync("Go on.", approve=agree)


def page_bytes(count: int) -> None:
    paragraphs = "".join(f"<p>Of the {at} offers <b>this one</b> costs ${at}.99 a month.</p>" for at in range(count))
    parse_html(f"<html><body><main><h1>Prices</h1>{paragraphs}</main></body></html>", "https://example.org/")


def answer_bytes(count: int) -> None:
    Agent(ScriptedModel("word " * count), tools=[note, calculator]).run_sync("Go on.")


# calls in a text


def filled(count: int) -> None:
    fill(WORDS * count, [calculator])


def inline(count: int) -> None:
    Agent(ScriptedModel(WORDS * count), tools=[calculator], dialect="call").run_sync("Go on.")


def inline_streamed(count: int) -> None:
    streamed(Agent(Pieces(text_in_pieces(WORDS * count)), tools=[calculator], dialect="call"))


def calls_in_marks(count: int) -> None:
    text = '<tool_call>\n{"name": "note", "arguments": {"text": "a"}}\n</tool_call>\n' * count
    streamed(Agent(Pieces(text_in_pieces(text), takes_tools=False), tools=[note], dialect="hermes"))


def calls_of_a_reply(count: int) -> None:
    Agent(ScriptedModel(calling("note", *[{"text": "a"}] * count), "Done."), tools=[note]).run_sync("Go on.")


def calls_streamed(count: int) -> None:
    calls: list[Delta] = [CallDelta(at, f"c{at}", "note", '{"text": "a"}') for at in range(count)]
    streamed(Agent(Pieces([*calls, Finished("tool_calls", Usage())]), tools=[note]))


def letters_of_a_reply(count: int) -> None:
    Agent(ScriptedModel(calling("letter", *[{"number": at} for at in range(count)]), "Done."), tools=[letter]).run_sync("Go on.")


# deltas


def text_streamed(count: int) -> None:
    streamed(Agent(Pieces(text_in_pieces("word " * count)), dialect="native"))


def text_streamed_beside_tools(count: int) -> None:
    streamed(Agent(Pieces(text_in_pieces("word " * count)), tools=[note]))


def thoughts_streamed(count: int) -> None:
    streamed(Agent(Pieces(text_in_pieces("<think>hm </think>well " * count)), dialect="native"))


def code_streamed(count: int) -> None:
    streamed(Agent(Pieces(text_in_pieces("a `<think>` and ```\n<think>\n``` " * count)), dialect="native"))


def one_line_of_marks(count: int) -> None:
    split_reasoning('`x` "<think>" ' * count)


def reasoning_streamed(count: int) -> None:
    streamed(Agent(Pieces([*[ReasoningDelta("hm ")] * count, TextDelta("Yes."), Finished("stop", Usage())])))


def arguments_streamed(count: int) -> None:
    whole = json.dumps({"text": "word " * count})
    pieces = [CallDelta(0, "", "", whole[at : at + 4]) for at in range(0, len(whole), 4)]
    streamed(Agent(Pieces([CallDelta(0, "c1", "note", ""), *pieces, Finished("tool_calls", Usage())]), tools=[note]))


def arguments_in_chunks(count: int) -> None:
    reader = Reader([note])
    whole = json.dumps({"text": "word " * count})
    reader.feed({"choices": [{"delta": {"tool_calls": [{"index": 0, "id": "c1", "function": {"name": "note", "arguments": ""}}]}}]})
    for at in range(0, len(whole), 4):
        reader.feed({"choices": [{"delta": {"tool_calls": [{"index": 0, "function": {"arguments": whole[at : at + 4]}}]}}]})
    assert reader.close().calls[0].arguments["text"]


# branches, failures, pending writes


async def double(number: int) -> int:
    return 2 * number


async def add_one(number: int) -> int:
    return number + 1


async def refuse(number: int) -> int:
    raise ValueError(f"{number} is refused")


def branches(count: int) -> None:
    parallel(*[step(double, name=f"double_{at}") for at in range(count)]).run_sync(1)


def items(count: int) -> None:
    map_each(double).run_sync(range(count))


def items_read(count: int) -> None:
    map_each(note).run_sync(["a"] * count)


def items_read_of_others(count: int) -> None:
    map_each(letter).run_sync(range(count))


def items_read_with_limits(count: int) -> None:
    map_each(note).run_sync(["a"] * count, limits=Limits(tool_calls=10**7, tokens=10**9))


def agents_side_by_side(count: int) -> None:
    model = ScriptedModel("Yes.", repeat=True)
    map_each(Agent(model, name="one")).run_sync(["a"] * count)


def agents_as_tools(count: int) -> None:
    helper = Agent(ScriptedModel("Yes.", repeat=True), name="helper").as_tool(description="Helps.")
    Agent(ScriptedModel(calling("helper", *[{"task": "a"}] * count), "Done."), tools=[helper]).run_sync("Go on.", limits=FREE)


def rounds(count: int) -> None:
    with suppress(RoundsUsedUp):
        iterate(add_one, until=lambda _: False, max_rounds=count).run_sync(0)


def steps(count: int) -> None:
    sequential(*[step(add_one, name=f"add_{at}") for at in range(count)]).run_sync(0)


def failures_collected(count: int) -> None:
    map_each(refuse, on_error="collect").run_sync(range(count))


def failures_one_by_one(count: int) -> None:
    map_each(refuse, on_error="collect", concurrency=8).run_sync(range(count))


def failures_of_tools(count: int) -> None:
    lines = [calling("note", {"wrong": 1}) for _ in range(count)]
    Agent(ScriptedModel(*lines, "Done."), tools=[note]).run_sync("Go on.", limits=FREE)


def pending_writes(count: int) -> None:
    flow = map_each(mail.using(text="hello"))

    async def run() -> None:
        result = await flow.run([f"ada{at}@example.org" for at in range(count)])
        assert len(result.pending) == count
        await result.resume({each.digest: Approve() for each in result.pending})

    asyncio.run(run())


def pending_writes_stored(count: int) -> None:
    flow = map_each(mail.using(text="hello"), name="mails")

    async def run() -> None:
        with stored_runs() as home:
            result = await flow.run([f"ada{at}@example.org" for at in range(count)], engine=home)
            assert len(result.pending) == count
            await result.resume({each.digest: Approve() for each in result.pending})

    asyncio.run(run())


def writes_of_a_reply(count: int) -> None:
    reply = calling("mail", *[{"to": f"ada{at}", "text": "x"} for at in range(count)])
    Agent(ScriptedModel(reply, "Done."), tools=[mail]).run_sync("Go on.", approve=agree)


# passages, runs, events


def passages_added(count: int) -> None:
    with PassageIndex() as index:
        index.add_all(IndexEntry(f"Passage {at} tells of number {at * 7919 % 10007} and its neighbours.", at) for at in range(count))


def runs_side_by_side(count: int) -> None:
    agent = Agent(ScriptedModel("Yes.", repeat=True))

    async def run() -> None:
        await asyncio.gather(*(agent.run("Go on.") for _ in range(count)))

    asyncio.run(run())


def runs_stored(count: int) -> None:
    agent = Agent(ScriptedModel("Yes.", repeat=True), name="one")

    async def run() -> None:
        with stored_runs() as home:
            await asyncio.gather(*(agent.run("Go on.", engine=home) for _ in range(count)))

    asyncio.run(run())


def events_told(count: int) -> None:
    async def run() -> None:
        home = engine()
        await home.start(map_each(note), ["a"] * count, run_id="r1")
        seen = [event async for event in home.events("r1")]
        assert len(seen) >= count

    asyncio.run(run())


def events_read_again(count: int) -> None:
    async def run() -> None:
        with stored_runs() as home:
            await map_each(note).run(["a"] * count, engine=home, run_id="r1")
            seen = [event async for event in home.events("r1")]
            assert len(seen) >= count
            assert not (await home.verify("r1")).problems

    asyncio.run(run())


class Way(NamedTuple):
    """A way in which work grows: what is done, and how much of it at first."""

    work: Callable[[int], None]
    first: int


WAYS: dict[str, Way] = {
    "turns": Way(turns, 1_000),
    "turns, Limits(tokens=)": Way(lambda count: turns(count, Limits(model_calls=10**7, tokens=10**12)), 200),
    "turns, Limits(cost_usd=)": Way(turns_with_cost, 100),
    "turns, streamed": Way(turns_streamed, 500),
    "turns, calls as text": Way(turns_in_text, 100),
    "turns that read what others wrote": Way(turns_with_letters, 500),
    "turns that calculate": Way(turns_of_sums, 500),
    "turns that read and write": Way(turns_of_writes, 25),
    "turns, stored": Way(turns_stored, 25),
    "turns, then a pause and a yes": Way(turns_resumed, 500),
    "turns before, as history=": Way(messages_of_history, 500),
    "tools of an agent": Way(tools, 25),
    "tools of an agent, calls as text": Way(tools_in_text, 25),
    "tools declared": Way(tools_declared, 200),
    "fields of a tool": Way(fields, 250),
    "fields of a write": Way(fields_of_a_write, 200),
    "items of a list argument": Way(items_of_an_argument, 50_000),
    "words of a result": Way(result_bytes, 200_000),
    "words of a result before a write": Way(result_bytes_before_a_write, 25_000),
    "words of an answer": Way(answer_bytes, 200_000),
    "paragraphs of a page": Way(page_bytes, 200),
    "fill: calls in a text": Way(filled, 200),
    "inline calls of a reply": Way(inline, 100),
    "inline calls of a reply, streamed": Way(inline_streamed, 50),
    "calls in marks of a reply, streamed": Way(calls_in_marks, 100),
    "native calls of a reply": Way(calls_of_a_reply, 1_000),
    "native calls of a reply, streamed": Way(calls_streamed, 1_000),
    "native calls of a reply that read what others wrote": Way(letters_of_a_reply, 1_000),
    "pieces of a text": Way(text_streamed, 2_500),
    "pieces of a text beside tools": Way(text_streamed_beside_tools, 1_250),
    "pieces of thoughts in a text": Way(thoughts_streamed, 500),
    "pieces of marks in code": Way(code_streamed, 250),
    "marks in one line": Way(one_line_of_marks, 2_500),
    "pieces of reasoning": Way(reasoning_streamed, 5_000),
    "pieces of a native call's arguments": Way(arguments_streamed, 5_000),
    "pieces of a call's arguments, as a provider sends them": Way(arguments_in_chunks, 2_500),
    "branches of parallel": Way(branches, 250),
    "items of map_each": Way(items, 1_500),
    "items of map_each, each read": Way(items_read, 500),
    "items of map_each, each read of others": Way(items_read_of_others, 1_000),
    "items of map_each, each read, with limits": Way(items_read_with_limits, 500),
    "agents side by side": Way(agents_side_by_side, 250),
    "agents asked as tools": Way(agents_as_tools, 100),
    "rounds of iterate": Way(rounds, 1_000),
    "steps of sequential": Way(steps, 1_000),
    "failures collected": Way(failures_collected, 250),
    "failures collected, 8 at a time": Way(failures_one_by_one, 250),
    "failures of a tool, told to the model": Way(failures_of_tools, 100),
    "pending writes, decided at once": Way(pending_writes, 200),
    "pending writes, stored": Way(pending_writes_stored, 25),
    "writes of a reply": Way(writes_of_a_reply, 50),
    "passages added": Way(passages_added, 1_000),
    "runs side by side": Way(runs_side_by_side, 500),
    "runs side by side, stored": Way(runs_stored, 25),
    "events of a run": Way(events_told, 250),
    "events of a stored run, read again and verified": Way(events_read_again, 50),
}


def seconds(work: Callable[[int], None], count: int) -> float:
    """The time of one take, by the processor's clock."""
    gc.disable()
    start = time.process_time()
    work(count)
    taken = time.process_time() - start
    gc.enable()
    return taken


def measure(name: str, way: Way, times: int, takes: int) -> Iterator[Row]:
    """Measure a way at three doublings, the least of a few takes."""
    counts = [way.first * times * 2**doubling for doubling in range(4)]
    way.work(way.first)  # what is loaded late
    gc.collect()
    # What else the machine does only ever adds time, and to all counts alike where they take turns; what really grows does so each time.
    taken = [min(each) for each in zip(*([seconds(way.work, count) for count in counts] for _ in range(takes)), strict=True)]
    for _ in range(RETAKES):
        if math.log2(taken[3] / taken[2]) <= MOST:
            break
        taken[2:] = [min(before, seconds(way.work, count)) for before, count in zip(taken[2:], counts[2:], strict=True)]
    exponent = math.log2(taken[3] / taken[2])
    print(f"{name}: {', '.join(f'{each:.3f}' for each in taken)} s: {exponent:.2f}", file=sys.stderr, flush=True)
    yield Row(f"{name}: {counts[3]:,} in {taken[3]:.2f} s", exponent, "", MOST)


PASSAGES = 1_000_000
QUESTIONS = (
    "Is there parking for staff?",
    "Who pays the monthly fee for the garage?",
    "What is the price of the contract, and when is it renewed?",
)


def make_passages(count: int) -> Iterator[IndexEntry]:
    """Yield passages of words that are as common as those of a language, and some that questions ask for."""
    chance = random.Random(5)
    words = ["".join(chance.choice("bcdfghklmnprst") + chance.choice("aeiou") for _ in range(chance.randint(2, 4))) for _ in range(40_000)]
    weights = list(itertools.accumulate(1 / (at + 10) for at in range(len(words))))
    asked = "parking staff employees refund order price contract renewal invoice holiday office garage monthly fee".split()
    for at in range(count):
        text = chance.choices(words, cum_weights=weights, k=30)
        yield IndexEntry(" ".join([*text, *chance.sample(asked, 2), "of the and"]), at)


def search_in_many() -> Iterator[Row]:
    """Measure a search in a million passages, the slowest of some questions."""
    with tempfile.TemporaryDirectory() as folder, PassageIndex(Path(folder) / "passages.db") as index:
        entries = make_passages(PASSAGES)
        while batch := list(itertools.islice(entries, 50_000)):
            index.add_all(batch)
        taken = []
        for question in QUESTIONS:
            index.search(question)
            start = time.process_time()
            index.search(question)
            taken.append(time.process_time() - start)
    yield Row(f"a search in {PASSAGES:,} passages, the slowest of {len(QUESTIONS)}", max(taken) * 1e3, "ms", 100)


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--whole", action="store_true", help=f"{WHOLE} times as much, some ten minutes")
    parser.add_argument("--only", default="", help="only ways with this in their name")
    options, sys.argv[1:] = parser.parse_known_args()
    found = [row for name, way in WAYS.items() if options.only in name for row in measure(name, way, WHOLE if options.whole else 1, 2)]
    if options.whole and options.only in "passages":
        found += search_in_many()
    finish("Growth, whole" if options.whole else "Growth", found)
