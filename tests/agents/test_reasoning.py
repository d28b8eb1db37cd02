"""What a model thinks aloud: kept as reasoning, not shown, not sent back, and not leaked while it streams."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from sayso.agents import Agent, Reply, ScriptedModel, call
from sayso.agents.agent_events import ReasoningStreamed, TextStreamed, TextWithdrawn
from sayso.agents.messages import AssistantMessage
from sayso.agents.models.model import ModelRequest
from sayso.agents.reasoning import OnlyReasoning, ReasoningSplitter, TextPart, split_reasoning
from sayso.tools import tool
from sayso.tools.calculation import calculator


@tool.read
def clock(zone: str = "here") -> str:
    """Tells the time."""
    return f"noon {zone}"


TEXTS = {
    "a scratchpad": ("<scratchpad>2 + 2 = 4</scratchpad>\n\nIt is 4.", "It is 4.", "2 + 2 = 4"),
    "a thought": ("<think>\nhm\n</think>\n\nIt is 4.", "It is 4.", "\nhm\n"),
    "in capitals": ("<Scratchpad>2 + 2 = 4</Scratchpad>\n\nIt is <THINK>not 5</THINK>4.", "It is 4.", "2 + 2 = 4not 5"),
    "in the middle": ("Well. <scratchpad>4?</scratchpad> It is 4.", "Well.  It is 4.", "4?"),
    "two of them": ("<think>a</think>One.<think>b</think> Two.", "One. Two.", "ab"),
    "begun in the prompt": ("hm, 4\n</think>\nIt is 4.", "It is 4.", "hm, 4\n"),
    "no end": ("<think>I was cut off", "", "I was cut off"),
    "nothing in it": ("<think></think>It is 4.", "It is 4.", ""),
    "another's mark inside": ("<think>a </scratchpad> b</think>4", "4", "a </scratchpad> b"),
    "spoken of": ("R1 writes `<think>` first, then \"</think>\".", "R1 writes `<think>` first, then \"</think>\".", ""),
    "in a fence": ("```xml\n<think>\nx\n</think>\n```\n", "```xml\n<think>\nx\n</think>\n```\n", ""),
    "half a mark": ("1 <thin and 2 <", "1 <thin and 2 <", ""),
    "other marks": ("[THINK]hm[/THINK]4", "4", "hm"),
    "none": ("a < b [1] and </p>", "a < b [1] and </p>", ""),
}  # fmt: skip


@pytest.mark.parametrize(("text", "said", "thought"), TEXTS.values(), ids=TEXTS)
def test_a_text_is_parted(text: str, said: str, thought: str) -> None:
    assert split_reasoning(text) == (said, thought)


OPEN = {
    "a thought without end": ("Well. <think>hm", "Well. <think>hm", ""),
    "which ends in the beginning of a mark": ("<think>hm</thi", "<think>hm</thi", ""),
    "only its mark": ("<think>", "<think>", ""),
    "its mark behind another thought": ("<think>a</think>b<think>", "b<think>", "a"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "said", "thought"), OPEN.values(), ids=OPEN)
def test_a_thought_without_end_can_be_left_where_it_is(text: str, said: str, thought: str) -> None:
    assert split_reasoning(text, keep_open=True) == (said, thought)


def is_mentioned(before: str) -> bool:
    """Whether what follows stands in code or quotes, by looking at the whole text."""
    line = before[before.rfind("\n") + 1 :]
    return before.count("```") % 2 == 1 or line.count("`") % 2 == 1 or line.endswith(('"', "'", "“", "‘"))


@given(st.lists(st.sampled_from(["`", "``", "```", "\n", "a", " ", '"', "“"]), max_size=12))
def test_a_mark_in_code_or_quotes_is_only_mentioned(parts: list[str]) -> None:
    before = "".join(parts)
    expected = (before + "<think>b", "") if is_mentioned(before) else (before, "b")
    assert split_reasoning(before + "<think>b") == expected


@given(
    st.lists(st.sampled_from(["<think>", "</think>", "<scratchpad>", "</scratchpad>", "`", "```", "\n", "a", " ", "<", '"']), max_size=12),
    st.lists(st.integers(1, 9), max_size=40),
)
def test_it_is_parted_the_same_however_it_is_cut(parts: list[str], cuts: list[int]) -> None:
    text = rest = "".join(parts)
    thoughts, said, thought = ReasoningSplitter(), "", ""
    pieces = list[Any]()
    for cut in cuts:
        pieces += thoughts.feed(rest[:cut])
        rest = rest[cut:]
    for part in [*pieces, *thoughts.feed(rest), *thoughts.finish()]:
        if isinstance(part, OnlyReasoning):
            assert part.text.startswith(said)
            said = ""
        said, thought = (said + part.text, thought) if isinstance(part, TextPart) else (said, thought + part.text)
    assert (said, thought) == split_reasoning(text)


AGENTS: dict[str, dict[str, Any]] = {
    "no tools": {},
    "calls in text": {"tools": [clock], "dialect": "call"},
    "native calls": {"tools": [clock], "dialect": "native"},
}


@pytest.mark.parametrize("options", AGENTS.values(), ids=AGENTS)
@pytest.mark.parametrize("pieces", [0, 1, 7])
async def test_a_thought_is_kept_and_neither_told_nor_sent_back(options: dict[str, Any], pieces: int) -> None:
    sent: list[str] = []

    def second(request: ModelRequest) -> str:
        sent.extend(message.text for message in request.messages if isinstance(message, AssistantMessage))
        return "Bye."

    agent = Agent(ScriptedModel("<scratchpad>she likes tea</scratchpad>\nHello.", second, pieces=pieces), **options)
    told = [event async for event in agent.stream_emitted("hi")]
    result = told[-1].result
    assert "".join(event.text for event in told if isinstance(event, TextStreamed)).strip() == result.output == "Hello."
    assert "".join(event.text for event in told if isinstance(event, ReasoningStreamed)) == "she likes tea"
    assert result.messages[-1] == AssistantMessage("Hello.", reasoning="she likes tea", finish="stop")
    assert (await agent.run("bye", history=result.messages)).output == "Bye."
    assert sent[-1] == "Hello."
    assert not any("tea" in text for text in sent)


@pytest.mark.parametrize("options", AGENTS.values(), ids=AGENTS)
async def test_what_was_told_before_the_end_of_a_thought_is_taken_back(options: dict[str, Any]) -> None:
    agent = Agent(ScriptedModel("tea, surely</think>Hello.", pieces=1), **options)
    said = ""
    events = [event async for event in agent.stream_emitted("hi")]
    for event in events:
        said = "" if isinstance(event, TextWithdrawn) else said + event.text if isinstance(event, TextStreamed) else said
    assert (said, events[-1].result.output) == ("Hello.", "Hello.")


async def test_a_call_after_a_thought_is_answered_in_its_place() -> None:
    text = "<think>CALCULATOR(1+1)?</think>That is CALCULATOR(100 * 1.05^8) dollars."
    result = await Agent(ScriptedModel(text, takes_tools=False), tools=[calculator], dialect="call").run("how much?")
    assert result.output == "That is 147.75 dollars."
    assert result.messages[-1].text == "That is CALCULATOR(100 * 1.05^8) dollars."


async def test_a_mark_inside_an_argument_stays() -> None:
    text = '<tool_call>{"name": "clock", "arguments": {"zone": "<think>x</think>"}}</tool_call>'
    agent = Agent(ScriptedModel(f"<think>hm</think>{text}", "Noon.", takes_tools=False), tools=[clock], dialect="hermes")
    result = await agent.run("the time?")
    (asked,) = [message for message in result.messages if isinstance(message, AssistantMessage) and message.calls]
    assert asked.calls[0].arguments == {"zone": "<think>x</think>"}


class Colour(BaseModel):
    name: str


async def test_a_typed_answer_comes_after_the_thought() -> None:
    agent = Agent(ScriptedModel('<think>{"name": "red"}?</think>{"name": "green"}'), output=Colour)
    assert (await agent.run("a colour")).output == Colour(name="green")


async def test_a_native_call_may_follow_a_thought() -> None:
    said = Reply("<think>I look</think>I look at the clock.", calls=(call("clock"),))
    result = await Agent(ScriptedModel(said, "Noon."), tools=[clock]).run("the time?")
    assert (result.messages[1].text, result.messages[1].reasoning) == ("I look at the clock.", "I look")


@tool.pure
def sign() -> str:
    """Write the sign of dollars."""
    return "$"


SAID_BEFORE = [
    "sign()CALCULATOR(1/7) each",
    "USD CALCULATOR(1/7)CALCULATOR(1/7)",
    "sign()</think>It is CALCULATOR(1/7).",
    "`$`\n<think>$</think>CALCULATOR(1/7).",
]


@pytest.mark.parametrize("text", SAID_BEFORE)
@pytest.mark.parametrize("pieces", [1, 3, 100])
async def test_a_value_reads_the_same_while_it_streams(text: str, pieces: int) -> None:
    agent = Agent(ScriptedModel("Now: " + text, pieces=pieces), tools=[sign, calculator], dialect="call")
    said = ""
    events = [event async for event in agent.stream_emitted("How much?")]
    for event in events:
        if isinstance(event, TextWithdrawn):
            said = ""
        elif isinstance(event, TextStreamed):
            said += event.text
    assert said.strip() == events[-1].result.output
