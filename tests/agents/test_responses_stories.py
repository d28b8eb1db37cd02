"""Stories over OpenAI's Responses API, against a server that plays its rules: calls, histories, pauses, endings."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from sayso import Agent, Approve, engine, tool
from sayso.agents.messages import NativeCall, Reply, Sampling, from_json, to_json
from sayso.agents.models.openai_chat import OpenAIChat
from sayso.testing.responses_rules import Body
from sayso.tools import Image, approve_all
from sayso.tools.errors import IncompleteReply

from .fake_openai import FakeOpenAI, HttpError
from .fake_responses import Calls, FakeResponses, Says, Thinks, Turn
from .responses_desk import SEARCHES, WAYS, order, read, responses, run, search, types


@pytest.fixture(autouse=True, scope="module")
def _nothing_is_left_open() -> Iterator[None]:
    yield
    gc.collect()  # a socket left open warns here, and a warning fails the test


THOUGHT = {"output_tokens": 40, "output_tokens_details": {"reasoning_tokens": 40}}


class City(BaseModel):
    name: str


@WAYS
async def test_a_call_and_its_result(way: str) -> None:
    with FakeResponses(
        [[*SEARCHES, Thinks("More?"), Calls("read", {"page": 2})], [Thinks(), Calls("search", {"query": "x"})], "Two."]
    ) as server:
        agent = Agent(responses(server), tools=[search, read], instructions="Be brief.")
        assert (await run(way, agent, "Where?")).output == "Two."
        assert server.refused == []
        assert types(server.requests[2]) == [
            *("system", "user"),
            *("reasoning", "function_call", "reasoning", "function_call", "function_call_output", "function_call_output"),
            *("reasoning", "function_call", "function_call_output"),
        ]
        assert [item["output"] for item in server.requests[2]["input"] if "output" in item] == [
            "Two places for burgers.",
            "Page 2.",
            "Two places for x.",
        ]
        assert server.requests[2]["store"] is False
        assert set(server.paths) == {"/v1/responses"}


@WAYS
async def test_a_run_that_waits_for_a_person_goes_on_in_another_program(way: str, tmp_path: Path) -> None:
    orders = [Thinks("Hungry."), Calls("search", {"query": "burgers"}), Calls("order", {"dish": "Burger"})]
    with FakeResponses([[Thinks("Where?"), Calls("read", {"page": 1})], orders, "Enjoy."]) as server:
        first = engine(f"sqlite:///{tmp_path}/runs.db")
        paused = await run(way, Agent(responses(server), tools=[search, read, order]), "A burger!", engine=first, run_id="r1")
        assert [request.tool for request in paused.pending] == ["order"]
        first.close()
        second = engine(f"sqlite:///{tmp_path}/runs.db")
        await second.decide("r1", {request.digest: Approve() for request in paused.pending})
        done = await run(way, Agent(responses(server), tools=[search, read, order]), "A burger!", engine=second, run_id="r1")
        second.close()
        assert done.output == "Enjoy."
        assert server.refused == []
        assert types(server.requests[2])[-5:] == [
            "reasoning",
            "function_call",
            "function_call",
            "function_call_output",
            "function_call_output",
        ]
        assert server.requests[2]["input"][-1]["output"] == "Burger is on its way."


@WAYS
async def test_a_history_over_runs(way: str) -> None:
    turns = [[*SEARCHES, Calls("read", {"page": 1})], [Thinks(), Says("Two.", phase="final_answer")]]
    with FakeResponses([*turns, *turns, "Bye."]) as server:
        agent = Agent(responses(server), tools=[search, read])
        result = await run(way, agent, "Where?")
        result = await run(way, agent, "Where else?", history=result.messages)
        result = await run(way, Agent(responses(server)), "Bye", history=result.messages)
        assert result.output == "Bye."
        assert server.refused == []
        assert types(server.requests[4]).count("reasoning") == 4
        assert [item["phase"] for item in server.requests[4]["input"] if "phase" in item] == ["final_answer"] * 2


@WAYS
async def test_a_history_from_another_provider_is_rebuilt(way: str) -> None:
    with FakeOpenAI([Reply("", (NativeCall("a", "search", '{"query": "burgers"}'),)), "Two."]) as chat:
        model = OpenAIChat("other", base_url=chat.base_url, takes_tools=True)
        history = (await Agent(model, tools=[search]).run("Where?")).messages
    with FakeResponses(["Here."]) as server:
        assert (await run(way, Agent(responses(server), tools=[search]), "Where exactly?", history=history)).output == "Here."
        assert server.refused == []
        assert types(server.requests[0]) == ["user", "function_call", "function_call_output", "assistant", "user"]


@WAYS
async def test_a_history_goes_on_over_chat_completions(way: str) -> None:
    with FakeResponses([SEARCHES, "Two."]) as server:
        history = (await run(way, Agent(responses(server), tools=[search]), "Where?")).messages
    with FakeOpenAI(["Here."]) as chat:
        agent = Agent(OpenAIChat("other", base_url=chat.base_url, takes_tools=True), tools=[search])
        assert (await run(way, agent, "Where exactly?", history=history)).output == "Here."
        assert "rs_0001" not in str(chat.requests[0])
        assert "encrypted" not in str(chat.requests[0])


CUTS = {"its result": slice(1, 3), "its call": slice(2, None), "in the middle of two turns": slice(3, None)}


@WAYS
@pytest.mark.parametrize("cut", CUTS.values(), ids=CUTS)
async def test_a_history_that_is_cut(way: str, cut: slice) -> None:
    with FakeResponses([SEARCHES, [Thinks(), Calls("read", {"page": 1})], "Two.", "Here."]) as server:
        agent = Agent(responses(server), tools=[search, read])
        history = (await run(way, agent, "Where?")).messages
        assert (await run(way, agent, "Where exactly?", history=history[cut])).output == "Here."
        assert server.refused == []


@WAYS
async def test_the_same_conversation_twice_in_a_history(way: str) -> None:
    with FakeResponses([SEARCHES, "Two.", "Here."]) as server:
        agent = Agent(responses(server), tools=[search])
        history = (await run(way, agent, "Where?")).messages
        assert (await run(way, agent, "Where exactly?", history=[*history, *history])).output == "Here."
        assert server.refused == []


@WAYS
async def test_calls_that_no_tool_is_there_for(way: str) -> None:
    calls = [
        Thinks(),
        Calls("functions.search", {"query": "burgers"}),
        Calls("multi_tool_use.parallel", {}),
        Calls("search", '{"query": "bur'),
    ]
    with FakeResponses([calls, "Sorry."]) as server:
        assert (await run(way, Agent(responses(server), tools=[search]), "Where?")).output == "Sorry."
        assert server.refused == []
        assert types(server.requests[1])[1:] == ["reasoning", *["function_call"] * 3, *["function_call_output"] * 3]


@WAYS
async def test_half_a_character(way: str) -> None:
    @tool.read
    def cut() -> str:
        """Read half."""
        return "half \ud83c"

    with FakeResponses([[Thinks(), Says("a\ud83c"), Calls("cut")], "Two."]) as server:
        assert (await run(way, Agent(responses(server), tools=[cut], instructions="\udf54"), "b\udf54")).output == "Two."
        assert server.refused == []
        assert [item.get("output") for item in server.requests[1]["input"]][-1] == "half \ufffd"
        assert types(server.requests[1])[-4:] == ["reasoning", "message", "function_call", "function_call_output"]


@WAYS
async def test_a_typed_answer(way: str) -> None:
    with FakeResponses([[Thinks(), Says('{"name": 1}')], [Thinks(), Says('{"name": "Rome"}')]]) as server:
        assert (await run(way, Agent(responses(server), output=City), "Which city?")).output == City(name="Rome")
        assert server.refused == []
        assert server.requests[0]["text"]["format"]["name"] == "City"
        assert types(server.requests[1])[-3:] == ["reasoning", "message", "user"]


@WAYS
async def test_a_typed_answer_where_only_any_object_can_be_asked_for(way: str) -> None:
    no_schema = HttpError(400, "Invalid parameter: 'text.format' of type 'json_schema' is not supported with this model.")
    with FakeResponses([no_schema, '{"name": "Rome"}']) as server:
        assert (await run(way, Agent(responses(server), output=City), "Which city?")).output == City(name="Rome")
        assert server.refused == []
        assert server.requests[1]["text"] == {"format": {"type": "json_object"}}


@WAYS
async def test_a_reply_that_is_cut_off_is_no_answer(way: str) -> None:
    cut = Turn([Thinks("Hm."), Says("Once upon")], incomplete="max_output_tokens")
    with FakeResponses([cut]) as server:
        with pytest.raises(IncompleteReply, match="cut off") as raised:
            await run(way, Agent(responses(server)), "A story")
        assert (raised.value.finish, raised.value.text) == ("length", "Once upon")


@WAYS
@pytest.mark.parametrize("summary", ["Hm.", ""], ids=["with a summary", "without"])
async def test_all_tokens_thought_away(way: str, summary: str) -> None:
    thought_away = Turn([Thinks(summary)], incomplete="max_output_tokens", usage=THOUGHT)
    with FakeResponses([thought_away]) as server, pytest.raises(IncompleteReply, match="on reasoning, before the first word"):
        await run(way, Agent(responses(server)), "A story")


@WAYS
async def test_a_call_that_is_cut_off_is_asked_for_again(way: str) -> None:
    cut = Turn([Thinks("Where?"), Calls("search", '{"query": "bur')], incomplete="max_output_tokens")
    with FakeResponses([cut, SEARCHES, "Two."]) as server:
        assert (await run(way, Agent(responses(server), tools=[search]), "Where?")).output == "Two."
        assert server.refused == []


@WAYS
async def test_a_filtered_reply(way: str) -> None:
    filtered = Turn([Says("How to")], incomplete="content_filter")
    with FakeResponses([filtered]) as server, pytest.raises(IncompleteReply, match="content filter"):
        await run(way, Agent(responses(server)), "Something bad")


# ---- calls written as text ----


@WAYS
async def test_a_model_that_refuses_tools_writes_its_calls(way: str) -> None:
    no_tools = HttpError(400, "Tools are not supported with this model.")
    with FakeResponses([no_tools, [Thinks(), Says('search("burgers")')], [Thinks(), Says("Two.")], "Bye."]) as server:
        agent = Agent(responses(server, takes_tools=None), tools=[search])
        result = await run(way, agent, "Where?")
        assert result.output == "Two."
        assert (await run(way, agent, "Bye", history=result.messages)).output == "Bye."
        assert server.refused == []
        assert ["tools" in body for body in server.requests] == [True, False, False, False]
        assert types(server.requests[3])[-7:] == ["user", "reasoning", "message", "user", "reasoning", "message", "user"]


@WAYS
async def test_calls_in_a_dialect_of_the_agents_own(way: str) -> None:
    written = '<tool_call>\n{"name": "search", "arguments": {"query": "burgers"}}\n</tool_call>'
    with FakeResponses([[Thinks(), Says(written)], "Two."]) as server:
        assert (await run(way, Agent(responses(server), tools=[search], dialect="hermes"), "Where?")).output == "Two."
        assert server.refused == []
        assert types(server.requests[1])[-4:] == ["user", "reasoning", "message", "user"]


# ---- more of an agent's life ----


@tool.write(ends_turn=True)
def note(text: str) -> str:
    """Note it."""
    return "noted"


@WAYS
async def test_a_call_that_ends_the_turn_has_a_result_in_the_next_request(way: str) -> None:
    with FakeResponses([[Thinks(), Says("I note that."), Calls("note", {"text": "x"})], "Bye."]) as server:
        agent = Agent(responses(server), tools=[note], approve=approve_all)
        result = await run(way, agent, "Note it")
        assert result.output == "I note that."
        assert (await run(way, agent, "Bye", history=result.messages)).output == "Bye."
        assert server.refused == []
        assert types(server.requests[1])[1:] == ["reasoning", "message", "function_call", "function_call_output", "user"]


@WAYS
async def test_an_agent_as_a_tool_has_a_conversation_of_its_own(way: str) -> None:
    turns = [[Thinks(), Calls("helper", {"task": "Where?"})], SEARCHES, [Thinks(), Says("Two.")], "They are two."]
    with FakeResponses(turns) as server:
        helper = Agent(responses(server), tools=[search], name="helper", instructions="Help.")
        boss = Agent(responses(server), tools=[helper.as_tool()])
        assert (await run(way, boss, "Where?")).output == "They are two."
        assert server.refused == []
        assert types(server.requests[3]) == ["user", "reasoning", "function_call", "function_call_output"]


@WAYS
async def test_another_model_goes_on_where_the_first_one_fails(way: str) -> None:
    down = HttpError(500, "down")
    with FakeOpenAI([Reply("", (NativeCall("a", "search", '{"query": "burgers"}'),)), down]) as chat, FakeResponses(["Two."]) as server:
        first = OpenAIChat("other", base_url=chat.base_url, takes_tools=True, max_tries=1)
        agent = Agent(first, tools=[search], fallback=[responses(server)])
        assert (await run(way, agent, "Where?")).output == "Two."
        assert server.refused == []
        assert types(server.requests[0]) == ["user", "function_call", "function_call_output"]


@WAYS
async def test_a_call_that_has_to_be_made_is_made_once(way: str) -> None:
    with FakeResponses([SEARCHES, "Two."]) as server:
        agent = Agent(responses(server), tools=[search, read], sampling=Sampling(tool_choice="search", parallel_tool_calls=False))
        assert (await run(way, agent, "Where?")).output == "Two."
        assert [body["tool_choice"] for body in server.requests] == [{"type": "function", "name": "search"}, "auto"]
        assert [body["parallel_tool_calls"] for body in server.requests] == [False, False]


@WAYS
async def test_two_runs_at_a_time_with_one_model(way: str) -> None:
    def turn(body: Body) -> Sequence[Any] | str:
        asked = next(item["content"] for item in body["input"] if item.get("role") == "user")
        return f"Two for {asked}." if "output" in body["input"][-1] else [Thinks(), Calls("search", {"query": asked})]

    with FakeResponses([turn] * 8) as server:
        agent = Agent(responses(server), tools=[search])
        results = await asyncio.gather(*(run(way, agent, text) for text in ("a", "b", "c", "d")))
        assert [result.output for result in results] == ["Two for a.", "Two for b.", "Two for c.", "Two for d."]
        assert server.refused == []


@WAYS
async def test_a_history_through_json_keeps_what_came_with_it(way: str) -> None:
    with FakeResponses([SEARCHES, [Thinks(), Says("Two.")], "Here."]) as server:
        agent = Agent(responses(server), tools=[search])
        kept = to_json((await run(way, agent, "Where?")).messages)
        assert (await run(way, agent, "Where exactly?", history=from_json(kept))).output == "Here."
        assert server.refused == []
        assert types(server.requests[2]) == ["user", "reasoning", "function_call", "function_call_output", "reasoning", "message", "user"]


@WAYS
async def test_an_image_in_a_question_and_in_a_result(way: str) -> None:
    @tool.read
    def photo() -> Image:
        """Look."""
        return Image(data=b"\x89PNG\r\n\x1a\nx")

    with FakeResponses([[Thinks(), Calls("photo")], "A cat."]) as server:
        asked = ["What is it?", Image(url="https://example.org/cat.png")]
        assert (await run(way, Agent(responses(server), tools=[photo]), asked)).output == "A cat."
        assert server.refused == []
        question, *_, result = server.requests[1]["input"]
        assert [part["type"] for part in question["content"]] == ["input_text", "input_image"]
        assert [part["type"] for part in result["output"]] == ["input_text", "input_image"]
