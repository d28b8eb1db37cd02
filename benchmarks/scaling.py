"""Does time grow with the length of a reply, or with its square? Each row is the time for ten times as much beside the time for one."""

from __future__ import annotations

import asyncio
import gc
import json
import time
from collections.abc import AsyncGenerator, Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from _table import Row, finish

from sayso import Agent, Limits, tool
from sayso.agents import ModelRequest, Reply, ScriptedModel
from sayso.agents.messages import NativeCall
from sayso.agents.models.model import CallDelta, Delta, Finished, ReasoningDelta, TextDelta
from sayso.agents.reasoning import split_reasoning
from sayso.tools import calculator, fill
from sayso.tools.dialects import Reader
from sayso.workflows import Usage

RATIO = 13.0  # ten times as much may take this many times as long
WORDS = "Of $100 at 5 % you have $CALCULATOR(100 * 1.05^8) after eight years; "


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


def seconds(once: Callable[[], object]) -> float:
    """The least of a few runs, by the processor's clock."""
    taken = []
    for _ in range(3):
        gc.collect()
        start = time.process_time()
        once()
        taken.append(time.process_time() - start)
    return min(taken)


def streamed(agent: Agent[Any], question: str = "Go on.", **options: Any) -> None:
    """Run it with a listener that only listens."""

    async def listen() -> None:
        async for _ in agent.run_stream(question, **options):
            pass

    asyncio.run(listen())


def text_in_pieces(text: str, size: int = 4) -> list[Delta]:
    """A reply of text as a model streams it."""
    return [*[TextDelta(text[at : at + size]) for at in range(0, len(text), size)], Finished("stop", Usage())]


def filled(count: int) -> None:
    fill(WORDS * count, [calculator])


def inline(count: int) -> None:
    Agent(ScriptedModel(WORDS * count), tools=[calculator], dialect="call").run_sync("Go on.")


def inline_streamed(count: int) -> None:
    streamed(Agent(Pieces(text_in_pieces(WORDS * count)), tools=[calculator], dialect="call"))


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


def calls_in_marks(count: int) -> None:
    text = '<tool_call>\n{"name": "note", "arguments": {"text": "a"}}\n</tool_call>\n' * count
    streamed(Agent(Pieces(text_in_pieces(text), takes_tools=False), tools=[note], dialect="hermes"))


def calls_streamed(count: int) -> None:
    calls: list[Delta] = [CallDelta(at, f"c{at}", "note", '{"text": "a"}') for at in range(count)]
    streamed(Agent(Pieces([*calls, Finished("tool_calls", Usage())]), tools=[note]))


def turns(count: int, limits: Limits) -> None:
    lines: list[Reply | str] = [Reply("", (NativeCall(f"c{turn}", "note", '{"text": "a"}'),)) for turn in range(count)]
    Agent(ScriptedModel(*lines, "Done."), tools=[note]).run_sync("Go on.", limits=limits)


ROWS: dict[str, tuple[Callable[[int], None], int]] = {
    "fill: calls in a text": (filled, 300),
    "inline calls in a reply": (inline, 200),
    "inline calls in a reply, streamed": (inline_streamed, 100),
    "text, streamed": (text_streamed, 5_000),
    "text beside tools, streamed": (text_streamed_beside_tools, 5_000),
    "thoughts in a text, streamed": (thoughts_streamed, 500),
    "marks in code, streamed": (code_streamed, 300),
    "marks in one line": (one_line_of_marks, 1000),
    "reasoning, streamed": (reasoning_streamed, 5_000),
    "arguments of a native call, streamed": (arguments_streamed, 5_000),
    "arguments in a provider's chunks": (arguments_in_chunks, 5_000),
    "calls in marks of one reply, streamed": (calls_in_marks, 100),
    "native calls of one reply, streamed": (calls_streamed, 200),
    "turns of a run": (lambda count: turns(count, Limits(model_calls=10**6)), 100),
    "turns of a run with Limits(tokens=...)": (lambda count: turns(count, Limits(model_calls=10**6, tokens=10**12)), 100),
}


def rows() -> Iterator[Row]:
    for what, (once, count) in ROWS.items():
        once(count)
        small, large = seconds(partial(once, count)), seconds(partial(once, 10 * count))
        yield Row(f"{what}: {10 * count:,} beside {count:,} ({1e3 * small:.1f} ms, {1e3 * large:.0f} ms)", large / small, "times", RATIO)


if __name__ == "__main__":
    finish("Scaling", list(rows()))
