"""How a reply ended decides whether it is the answer: never half a reply, and never nothing."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from pydantic import BaseModel

from sayso import Agent, Sampling, ScriptedModel, tool
from sayso.agents import OpenAIChat, Reply, call
from sayso.agents.agent_events import ModelSwitched, TextStreamed, TextWithdrawn
from sayso.agents.models.model import ModelRequest
from sayso.tools import calculator
from sayso.tools.approval.requests import approve_all
from sayso.tools.errors import IncompleteReply, ModelError, OutputError, ToolsRefused, UsageError
from sayso.workflows import RunEnded

from .fake_openai import FakeOpenAI

MADE: list[str] = []


@tool.read
def price(item: str) -> str:
    """Return the price of an item."""
    return f"{item} costs $5"


@tool.write(card="Note: {text}")
def note(text: str) -> str:
    """Write a note."""
    MADE.append(text)
    return "noted"


ASKS = Reply(calls=(call("price", item="bun"),), finish="tool_calls")
CUT_CALL = Reply(calls=(call("price", item="bun")._replace(arguments='{"item": "bu'),), finish="length")

ANSWERS = {
    "a word": ((Reply("Five."),), "Five."),
    "a provider's own word for the end": ((Reply("Five.", finish="eos"),), "Five."),
    "nothing, then a word": ((Reply(""), Reply("Five.")), "Five."),
    "only blanks, then a word": ((Reply(" \n"), Reply("Five.")), "Five."),
    "only a thought, then a word": ((Reply("", reasoning="Hm."), Reply("Five.")), "Five."),
    "only a written thought": ((Reply("<think>Hm.</think>"), Reply("Five.")), "Five."),
    "nothing that can be seen": ((Reply("\u200b\n\ufeff"), Reply("Five.")), "Five."),
    "nothing after a call": ((ASKS, Reply(""), Reply("Five.")), "Five."),
    "asks for a call and makes none": ((Reply("", finish="tool_calls"), ASKS, Reply("Five.")), "Five."),
    "nothing, a call, nothing": ((Reply(""), ASKS, Reply(""), Reply("Five.")), "Five."),
    "a call that was cut off": ((CUT_CALL, ASKS, Reply("Five.")), "Five."),
}


@pytest.mark.parametrize(("lines", "answer"), ANSWERS.values(), ids=ANSWERS)
async def test_what_is_not_an_answer_is_asked_for_again(lines: tuple[Reply, ...], answer: str) -> None:
    model = ScriptedModel(*lines)
    result = await Agent(model, tools=[price]).run("How much?")
    assert (result.output, model.requests, result.messages[-1].finish) == (answer, len(lines), lines[-1].finish)


ERRORS = {
    "half a reply": ((Reply("It costs", finish="length"),), "cut off at max_tokens=50", "It costs"),
    "half a reply after a call": ((ASKS, Reply("It costs", finish="length")), "cut off at max_tokens=50", "It costs"),
    "a thought without an end": (
        (Reply("", reasoning="Let me see", finish="length"),),
        "all its tokens \\(max_tokens=50\\) on reasoning",
        "",
    ),
    "a written thought without an end": (
        (Reply("<think>Let me see", finish="length"),),
        "all its tokens \\(max_tokens=50\\) on reasoning",
        None,
    ),
    "nothing, and it is cut off": ((Reply("", finish="length"),), "cut off at max_tokens=50", ""),
    "silent twice": ((Reply(""), Reply("")), "said nothing, and nothing again", ""),
    "silent twice after a call": ((ASKS, Reply(""), Reply(" ")), "said nothing, and nothing again", " "),
    "filtered": ((Reply("It costs", finish="content_filter"),), "content filter of scripted", "It costs"),
    "a call that was filtered": ((ASKS._replace(finish="content_filter"),), "content filter of scripted", ""),
    "died": ((Reply("It costs", finish="error"),), "broke off in the middle", "It costs"),
    "calls that are cut off again and again": ((CUT_CALL, CUT_CALL), "cut off at max_tokens=50", ""),
}


@pytest.mark.parametrize(("lines", "words", "text"), ERRORS.values(), ids=ERRORS)
async def test_no_half_reply_and_no_empty_one_is_an_answer(lines: tuple[Reply, ...], words: str, text: str | None) -> None:
    with pytest.raises(IncompleteReply, match=words) as caught:
        await Agent(ScriptedModel(*lines), tools=[price], sampling=Sampling(max_tokens=50)).run("How much?")
    assert caught.value.finish == lines[-1].finish
    assert text is None or caught.value.text == text
    assert caught.value.partial.messages[-1].finish == lines[-1].finish


async def test_the_longest_reply_may_be_an_option_of_the_model() -> None:
    with FakeOpenAI([Reply("It costs", finish="length")]) as server:
        model = OpenAIChat("fake", base_url=server.base_url, sampling=Sampling(max_tokens=8))
        with pytest.raises(IncompleteReply, match="cut off at max_tokens=8"):
            await Agent(model).run("How much?")


async def test_words_beside_a_call_are_no_answer_where_they_were_cut_off() -> None:
    cut = Reply("You would have CALCULATOR(2 + 3) dol", finish="length")
    assert (await Agent(ScriptedModel(cut, "5 dollars."), tools=[calculator]).run("How much?")).output == "5 dollars."


async def test_a_write_is_made_once_however_the_replies_after_it_end() -> None:
    MADE.clear()
    writes = Reply(calls=(call("note", text="buns"),), finish="tool_calls")
    with pytest.raises(IncompleteReply):
        await Agent(ScriptedModel(writes, "", ""), tools=[note], approve=approve_all).run("Note it")
    assert MADE == ["buns"]


class City(BaseModel):
    name: str


CUT_TYPED = {
    "an object inside an open list": '[{"name": "Oslo"}, {"na',
    "an object inside an open object": '{"cities": {"name": "Oslo"}, "ru',
    "a number": "12",
}


@pytest.mark.parametrize("cut", CUT_TYPED.values(), ids=CUT_TYPED)
async def test_half_a_typed_answer_is_none(cut: str) -> None:
    with pytest.raises(OutputError, match="cut off at max_tokens"):
        await Agent(ScriptedModel(Reply(cut, finish="length"), repeat=True), output=int if cut == "12" else City).run("Which?")


async def test_a_typed_answer_that_is_whole_counts_though_the_words_after_it_are_cut_off() -> None:
    assert (await Agent(ScriptedModel(Reply('{"name": "Oslo"} That is the c', finish="length")), output=City).run("Which?")).output == City(
        name="Oslo"
    )


WORDS_OR_CITY: dict[str, tuple[str, object]] = {
    "words": ("I need to know the country.", "I need to know the country."),
    "the other type": ('{"name": "Oslo"}', City(name="Oslo")),
    "in a fence": ('```json\n{"name": "Oslo"}\n```', City(name="Oslo")),
    "words with braces": ("Write {country} in full.", "Write {country} in full."),
    "a word in quotes": ('"Oslo"', '"Oslo"'),
}


@pytest.mark.parametrize(("said", "output"), WORDS_OR_CITY.values(), ids=WORDS_OR_CITY)
@pytest.mark.parametrize("kind", [str | City, City | str, Annotated[str | City, "told"]], ids=["str first", "str last", "annotated"])
async def test_words_are_an_answer_where_the_type_has_str_in_it(kind: object, said: str, output: object) -> None:
    schemas: list[object] = []

    def look(request: ModelRequest) -> str:
        schemas.append(request.schema)
        return said

    assert ((await Agent(ScriptedModel(look), output=kind).run("Which?")).output, schemas) == (output, [None])


async def test_json_that_does_not_fit_is_asked_for_again_where_words_would_do() -> None:
    assert (await Agent(ScriptedModel('{"nam": "Oslo"}', '{"name": "Oslo"}'), output=str | City).run("Which?")).output == City(name="Oslo")


# ---- other models ----


class NoKey:
    """A model that cannot be asked."""

    name = "no-key"

    @property
    def takes_tools(self) -> bool:
        raise UsageError("There is no key.")


async def test_the_next_model_is_asked_when_one_is_down() -> None:
    down, second = ScriptedModel(ModelError("It is down."), name="first"), ScriptedModel(ASKS, "Five.", name="second")
    agent = Agent(down, tools=[price], fallback=[NoKey(), second])  # type: ignore[list-item]
    events = [event async for event in agent.stream_emitted("How much?", run_id="r1")]
    assert [event for event in events if isinstance(event, ModelSwitched)] == [ModelSwitched("r1", "first", "second", "It is down.")]
    ended = events[-1]
    assert isinstance(ended, RunEnded)
    assert (ended.result.output, down.requests, second.requests) == ("Five.", 1, 2)


@pytest.mark.parametrize("finish", ["content_filter", "error"])
async def test_the_next_model_is_asked_when_one_is_filtered_or_dies_and_its_words_are_withdrawn(finish: str) -> None:
    agent = Agent(ScriptedModel(Reply("It co", finish=finish)), fallback=[ScriptedModel("Five.", name="second")])
    events = [event async for event in agent.stream_emitted("How much?")]
    told = [event[2:] if isinstance(event, TextStreamed) else () for event in events if isinstance(event, (TextStreamed, TextWithdrawn))]
    assert told == [("It co",), (), ("Five.",)]


async def test_without_a_model_that_answers_the_last_error_is_raised_with_what_is_wrong_with_the_others() -> None:
    agent = Agent(ScriptedModel(ModelError("It is down.")), fallback=[ScriptedModel(ModelError("Down, too.")), NoKey()])  # type: ignore[list-item]
    with pytest.raises(ModelError, match="Down, too") as caught:
        await agent.run("How much?")
    assert "There is no key." in caught.value.__notes__[0]


async def test_a_fallback_model_that_takes_no_tools_is_asked_for_calls_as_text() -> None:
    second = ScriptedModel("price(bun)", "Five.", takes_tools=False)
    first = ScriptedModel(ASKS, ToolsRefused("No tools any more."), ModelError("It is down."))
    result = await Agent(first, tools=[price], fallback=[second]).run("How much?")
    assert (result.output, second.requests) == ("Five.", 2)


async def test_sampling_can_be_given_to_one_run() -> None:
    seen: list[Sampling] = []

    def look(request: ModelRequest) -> str:
        seen.append(request.sampling)
        return "Hi."

    agent = Agent(ScriptedModel(look, repeat=True), sampling=Sampling(temperature=0, max_tokens=9))
    await agent.run("Hi", sampling=Sampling(max_tokens=7, reasoning_effort="low"))
    await agent.run("Hi")
    assert seen == [Sampling(temperature=0, max_tokens=7, reasoning_effort="low"), Sampling(temperature=0, max_tokens=9)]


def test_one_model_is_not_a_list_of_models() -> None:
    with pytest.raises(UsageError, match="fallback='gpt-5-mini' is not a list"):
        Agent(ScriptedModel("Hi."), fallback="gpt-5-mini")


@pytest.mark.parametrize("value", ["grüß", "a\r\nX-Other: b", "\ud83d", 3])
def test_a_header_that_cannot_be_sent_is_refused_by_name(value: Any) -> None:
    with pytest.raises(UsageError, match="extra_headers has 'X-Title'"):
        Sampling(extra_headers={"X-Title": value})
