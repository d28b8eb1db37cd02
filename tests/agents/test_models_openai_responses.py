"""Models over OpenAI's Responses API, against a server that plays its rules: whole stories, whole and streamed."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from sayso import Agent, Approve, engine, tool
from sayso.agents.agent_events import ModelDowngraded, ReasoningStreamed
from sayso.agents.messages import NativeCall, ProviderData, Reply, Sampling, UserMessage
from sayso.agents.models.model import CallDelta, Delta, Finished, ModelRequest, ReasoningDelta, TextDelta
from sayso.agents.models.openai_chat import OpenAIChat
from sayso.agents.models.openai_responses import OpenAIResponses
from sayso.tools.errors import IncompleteReply, ModelError
from sayso.workflows import RunEnded, RunResult, Usage

from .fake_openai import FakeOpenAI, HttpError, Raw
from .fake_responses import Calls, FakeResponses, Says, Thinks, Turn
from .responses_rules import Body, Rules

HELLO = ModelRequest((UserMessage("hello"),))


@pytest.fixture(autouse=True)
def _no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(autouse=True, scope="module")
def _nothing_is_left_open() -> Iterator[None]:
    yield
    gc.collect()  # a socket left open warns here, and a warning fails the test


class Naps(list[float]):
    """A sleep that takes no time and is remembered."""

    async def __call__(self, seconds: float) -> None:
        self.append(seconds)


def responses(server: FakeResponses, **options: Any) -> OpenAIResponses:
    return OpenAIResponses("gpt", base_url=server.base_url, **{"api_key": "key", "takes_tools": True, "sleep": Naps(), **options})


async def stream(model: OpenAIResponses, request: ModelRequest = HELLO) -> list[Delta]:
    return [delta async for delta in model.stream(request)]


# ---- what arrives ----

EVERY_KIND = [Thinks("They greet."), Says("Hello.", phase="commentary"), Calls("search", {"query": "Grüße"}), Calls("read")]


def kept_of_every_kind(server: FakeResponses) -> ProviderData:
    output = [
        {
            "id": "rs_0001",
            "type": "reasoning",
            "summary": [{"type": "summary_text", "text": "They greet."}],
            "encrypted_content": "gAAA0001c90=",
        },
        {
            "id": "msg_0002",
            "type": "message",
            "status": "completed",
            "role": "assistant",
            "content": [{"type": "output_text", "text": "Hello.", "annotations": [], "logprobs": []}],
            "phase": "commentary",
        },
        {
            "id": "fc_0003",
            "type": "function_call",
            "status": "completed",
            "call_id": "call_0003xyz",
            "name": "search",
            "arguments": '{"query": "Gr\\u00fc\\u00dfe"}',
        },
        {"id": "fc_0004", "type": "function_call", "status": "completed", "call_id": "call_0004xyz", "name": "read", "arguments": "{}"},
    ]
    return ProviderData("responses 127.0.0.1", {"output": output})


COUNTED = {
    "input_tokens": 100,
    "input_tokens_details": {"cached_tokens": 80, "cache_write_tokens": 0},
    "output_tokens": 50,
    "output_tokens_details": {"reasoning_tokens": 40},
    "total_tokens": 150,
}
USED = Usage(100, 50, model_calls=1, cached_tokens=80, reasoning_tokens=40)


@pytest.mark.parametrize("ignores_stream", [False, True], ids=["streamed", "answered whole all the same"])
async def test_the_deltas_of_a_reply(ignores_stream: bool) -> None:
    with FakeResponses([Turn(EVERY_KIND, usage=COUNTED)], pieces=99, ignores_stream=ignores_stream) as server:
        deltas = await stream(responses(server))
        assert deltas == [
            ReasoningDelta("They greet."),
            TextDelta("Hello."),
            CallDelta(0, "call_0003xyz", "search", '{"query": "Gr\\u00fc\\u00dfe"}'),
            CallDelta(1, "call_0004xyz", "read", "{}"),
            Finished("tool_calls", USED, kept_of_every_kind(server)),
        ]
        assert server.requests[0]["stream"] is True


@pytest.mark.parametrize("ignores_stream", [False, True], ids=["whole", "streamed all the same"])
async def test_a_whole_reply(ignores_stream: bool) -> None:
    with FakeResponses([Turn(EVERY_KIND, usage=COUNTED)], ignores_stream=ignores_stream) as server:
        assert await responses(server).complete(HELLO) == Reply(
            "Hello.",
            (NativeCall("call_0003xyz", "search", '{"query": "Gr\\u00fc\\u00dfe"}'), NativeCall("call_0004xyz", "read", "{}")),
            "They greet.",
            USED,
            "tool_calls",
            kept_of_every_kind(server),
        )
        assert "stream" not in server.requests[0]


async def test_the_pieces_of_a_reply() -> None:
    with FakeResponses([[Thinks("hm, ja"), Says("Grüße für dich"), Calls("search", {"q": 1})]], pieces=5) as server:
        deltas = await stream(responses(server))
        assert [delta for delta in deltas if not isinstance(delta, Finished)] == [
            ReasoningDelta("hm, j"),
            ReasoningDelta("a"),
            TextDelta("Grüße"),
            TextDelta(" für "),
            TextDelta("dich"),
            CallDelta(0, "call_0003xyz", "search", '{"q":'),
            CallDelta(0, arguments=" 1}"),
        ]


async def test_a_refusal_is_what_was_said() -> None:
    with FakeResponses([[Says("I cannot help with that.", refusal=True)]] * 2) as server:
        assert (await responses(server).complete(HELLO)).text == "I cannot help with that."
        assert (
            "".join(delta.text for delta in await stream(responses(server)) if isinstance(delta, TextDelta)) == "I cannot help with that."
        )


# ---- stories ----


@tool.read
def search(query: str) -> str:
    """Search places."""
    return f"Two places for {query}."


@tool.read
def read(page: int) -> str:
    """Read a page."""
    return f"Page {page}."


@tool.write
def order(dish: str) -> str:
    """Order a dish."""
    return f"{dish} is on its way."


class City(BaseModel):
    name: str


async def run(way: str, agent: Agent[Any], text: str, **options: Any) -> RunResult[Any]:
    """Run the agent whole, where nobody listens, or streamed."""
    if way == "whole":
        return await agent.run(text, **options)
    events = [event async for event in agent.run_stream(text, **options)]
    assert isinstance(events[-1], RunEnded)
    return events[-1].result


WAYS = pytest.mark.parametrize("way", ["whole", "streamed"])
SEARCHES = [Thinks("Where?"), Calls("search", {"query": "burgers"})]


def types(body: Body) -> list[str]:
    """Return the input of a request in a word for each item."""
    return [str(item["type"] if "id" in item or "role" not in item else item["role"]) for item in body["input"]]


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
    thought_away = Turn([Thinks(summary)], incomplete="max_output_tokens", usage=COUNTED)
    with FakeResponses([thought_away]) as server, pytest.raises(IncompleteReply, match="with reasoning, before the first word"):
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


# ---- what came with a turn and is refused ----


async def tell(way: str, agent: Agent[Any], text: str, **options: Any) -> tuple[str, list[str]]:
    """Return the answer, and what the model went on without."""
    events = [event async for event in agent.run_stream(text, **options)]
    assert isinstance(events[-1], RunEnded)
    return events[-1].result.output, [event.without for event in events if isinstance(event, ModelDowngraded)]


@WAYS
async def test_thoughts_of_another_organisation_are_left_out(way: str) -> None:
    with FakeResponses([SEARCHES, "Two.", SEARCHES, "Here.", "Bye."]) as server:
        agent = Agent(responses(server), tools=[search])
        history = (await run(way, agent, "Where?")).messages
        server.forget_keys()
        result = await run(way, agent, "Where exactly?", history=history)
        assert (result.output, len(server.refused)) == ("Here.", 1)
        assert types(server.requests[3])[1:] == [
            *("function_call", "function_call_output", "assistant", "user"),
            *("reasoning", "function_call", "function_call_output"),
        ]
        assert (await run(way, agent, "Bye", history=result.messages)).output == "Bye."
        assert len(server.refused) == 1, "it is remembered"


async def test_thoughts_that_are_left_out_are_told() -> None:
    with FakeResponses([SEARCHES, "Two.", "Here."]) as server:
        agent = Agent(responses(server), tools=[search])
        history = (await agent.run("Where?")).messages
        server.forget_keys()
        assert await tell("", agent, "Where exactly?", history=history) == ("Here.", ["the reasoning of earlier turns"])


async def test_in_the_middle_of_a_run_a_key_is_changed() -> None:
    def change_key(body: Body) -> Sequence[Any]:
        server.forget_keys()
        return [Thinks(), Calls("read", {"page": 1})]

    with FakeResponses([SEARCHES, change_key, "Two."]) as server:
        answer, without = await tell("", Agent(responses(server), tools=[search, read]), "Where?")
        assert (answer, without, len(server.refused)) == ("Two.", ["the reasoning of earlier turns"], 1)
        assert types(server.requests[2])[1:] == ["function_call", "function_call_output"] * 2


@WAYS
async def test_another_model_that_does_not_reason(way: str) -> None:
    with FakeResponses([SEARCHES, "Two.", SEARCHES[1:], "Here."]) as server:
        history = (await run(way, Agent(responses(server), tools=[search]), "Where?")).messages
        server.rules = Rules(reasons=False)
        agent = Agent(responses(server), tools=[search])
        assert (await run(way, agent, "Where exactly?", history=history)).output == "Here."
        assert len(server.refused) == 2, "include, then the reasoning"
        assert server.requests[3].get("include") is None


@WAYS
async def test_ids_that_are_looked_up_in_vain_are_left_out(way: str) -> None:
    with FakeResponses([SEARCHES, "Two."], rules=Rules(takes_ids_of_nothing_stored=False)) as server:
        assert (await run(way, Agent(responses(server), tools=[search]), "Where?")).output == "Two."
        assert len(server.refused) == 1
        assert types(server.requests[1])[1:] == ["reasoning", "function_call", "function_call_output"]
        assert all("id" not in item for item in server.requests[1]["input"])


@WAYS
async def test_ids_that_are_looked_up_in_vain_and_required(way: str) -> None:
    rules = Rules(takes_ids_of_nothing_stored=False, needs_ids=True)
    with FakeResponses([SEARCHES, [Thinks(), Calls("read", {"page": 1})], "Two."], rules=rules) as server:
        assert (await run(way, Agent(responses(server), tools=[search, read]), "Where?")).output == "Two."
        assert types(server.requests[2])[1:] == ["function_call", "function_call_output"] * 2
        assert len(server.refused) == 3, "the ids, the thought, and the next thought"


@WAYS
async def test_what_the_user_stores_goes_back_by_its_ids(way: str) -> None:
    stored = Sampling(extra_body={"store": True, "include": []})
    with FakeResponses([SEARCHES, "Two."], rules=Rules(takes_ids_of_nothing_stored=False)) as server:
        assert (await run(way, Agent(responses(server, sampling=stored), tools=[search]), "Where?")).output == "Two."
        assert server.refused == []


async def test_what_is_left_out_once_is_left_out_and_then_the_run_fails() -> None:
    never = HttpError(400, "Item 'rs_0001' of type 'reasoning' was provided without its required following item.")
    with FakeResponses([SEARCHES, never, never]) as server:
        with pytest.raises(ModelError, match="required following item"):
            await Agent(responses(server), tools=[search]).run("Where?")
        assert len(server.requests) == 3


# ---- settings ----


async def test_what_a_reasoning_model_refuses_is_left_out_remembered_and_told() -> None:
    sampling = Sampling(temperature=0.5, top_p=0.9, max_tokens=5, reasoning_effort="low", seed=1)
    with FakeResponses(["One.", "Two."]) as server:
        agent = Agent(responses(server, sampling=sampling))
        assert await tell("", agent, "Hi") == ("One.", ["seed", "temperature", "top_p"])
        assert await tell("", agent, "Hi") == ("Two.", [])
        assert len(server.refused) == 2
        assert server.requests[1]["max_output_tokens"] == 16
        assert server.requests[1]["reasoning"] == {"effort": "low"}


async def test_a_model_that_does_not_reason_is_not_asked_for_thoughts_again() -> None:
    with FakeResponses(["One.", "Two."], rules=Rules(reasons=False)) as server:
        model = responses(server, sampling=Sampling(reasoning_effort="low", temperature=0.5))
        assert await tell("", Agent(model), "Hi") == ("One.", ["reasoning_effort"])
        assert await tell("", Agent(model), "Hi") == ("Two.", [])
        assert [name for name in ("include", "reasoning", "temperature") if name in server.requests[1]] == ["temperature"]


async def test_the_thoughts_that_may_be_shown_are_streamed() -> None:
    sampling = Sampling(extra_body={"reasoning": {"summary": "auto"}})
    with FakeResponses([[Thinks("They greet."), Says("Hello.")]]) as server:
        events = [event async for event in Agent(responses(server, sampling=sampling)).run_stream("Hi")]
        assert "".join(event.text for event in events if isinstance(event, ReasoningStreamed)) == "They greet."
        assert server.requests[0]["reasoning"] == {"summary": "auto"}


# ---- where there is no Responses API ----

NONE: dict[str, HttpError] = {
    "Ollama, llama.cpp, an older version": HttpError(404, body="404 page not found"),
    "FastAPI": HttpError(404, body={"detail": "Not Found"}),
    "OpenAI, behind a proxy": HttpError(404, "Invalid URL (POST /v1/responses)"),
    "Azure, an older version": HttpError(404, body={"error": {"code": "404", "message": "Resource not found"}}),
    "a server that has the path for something else": HttpError(405, body={"detail": "Method Not Allowed"}),
    "a model for the other API": HttpError(404, "This model is only supported in v1/chat/completions and not in v1/responses."),
    "a model for the other API, in other words": HttpError(400, "The requested model 'gpt' is not supported in the v1/responses endpoint."),
    "Azure": HttpError(400, "The responses operation does not work with the specified model, gpt. Please choose different model."),
    "a gateway": HttpError(400, "gpt does not support the Responses API"),
}


@WAYS
@pytest.mark.parametrize("answer", NONE.values(), ids=NONE)
async def test_a_model_without_the_responses_api_goes_on_over_chat_completions(way: str, answer: HttpError) -> None:
    calls = Reply("", (NativeCall("a", "search", '{"query": "burgers"}'),))
    with FakeOpenAI([calls, "Two.", "Here."], pages={"/v1/responses": answer}) as server:
        model = OpenAIResponses("gpt", base_url=server.base_url, takes_tools=True)
        assert (await run(way, Agent(model, tools=[search]), "Where?")).output == "Two."
        assert (await run(way, Agent(model), "Where exactly?")).output == "Here."
        assert len([seen for seen in server.looked_at if seen.startswith("/v1/responses")]) == 1


async def test_going_on_over_chat_completions_is_told_once() -> None:
    with FakeOpenAI(["One.", "Two."]) as server:
        agent = Agent(OpenAIResponses("gpt", base_url=server.base_url, takes_tools=True))
        assert await tell("", agent, "Hi") == ("One.", ["the Responses API"])
        assert await tell("", agent, "Hi") == ("Two.", [])


ONLY_RESPONSES = {
    "gpt-5-pro": "This model is only supported in v1/responses and not in v1/chat/completions.",
    "gpt-5.4": "Function tools with reasoning_effort are not supported for gpt-5.4 in /v1/chat/completions. "
    "Please use /v1/responses instead.",
    "gpt-5.6": "Function tools with reasoning_effort are not supported for gpt-5.6-terra in /v1/chat/completions. "
    "To use function tools, use /v1/responses or set reasoning_effort to 'none'.",
}


@WAYS
@pytest.mark.parametrize("words", ONLY_RESPONSES.values(), ids=ONLY_RESPONSES)
async def test_a_model_that_has_only_the_responses_api_is_asked_so_from_then_on(way: str, words: str) -> None:
    with FakeResponses([SEARCHES, "Two.", "Bye."], pages={"/v1/chat/completions": HttpError(400, words)}) as server:
        model = OpenAIChat("gpt", base_url=server.base_url, takes_tools=True, sampling=Sampling(reasoning_effort="low"))
        agent = Agent(model, tools=[search])
        result = await run(way, agent, "Where?")
        assert result.output == "Two."
        assert (await run(way, agent, "Bye", history=result.messages)).output == "Bye."
        assert server.refused == []
        assert [path for path in server.paths if "/v1/" in path] == ["/v1/chat/completions", *["/v1/responses"] * 3]
        assert types(server.requests[2]) == ["user", "reasoning", "function_call", "function_call_output", "message", "user"]
        assert server.requests[0]["reasoning"] == {"effort": "low"}


async def test_going_on_over_the_responses_api_is_told_once() -> None:
    with FakeResponses(["One.", "Two."], pages={"/v1/chat/completions": HttpError(404, ONLY_RESPONSES["gpt-5-pro"])}) as server:
        agent = Agent(OpenAIChat("gpt", base_url=server.base_url, takes_tools=True))
        assert await tell("", agent, "Hi") == ("One.", ["chat completions"])
        assert await tell("", agent, "Hi") == ("Two.", [])


@WAYS
async def test_a_model_that_is_asked_in_no_way(way: str) -> None:
    neither = HttpError(400, ONLY_RESPONSES["gpt-5-pro"])
    with FakeOpenAI([neither], pages={"/v1/responses": NONE["a gateway"]}) as server:
        for made in (OpenAIChat, OpenAIResponses):
            server.requests.clear()
            with pytest.raises(ModelError, match="is not asked so over"):
                await run(way, Agent(made("gpt", base_url=server.base_url, takes_tools=True)), "Hi")


@WAYS
async def test_a_model_that_is_not_there_is_no_missing_api(way: str) -> None:
    with FakeResponses([HttpError(404, "The model 'gpt' does not exist or you do not have access to it.")]) as server:
        with pytest.raises(ModelError, match="There is no model 'gpt'"):
            await run(way, Agent(responses(server)), "Hi")
        assert server.paths == ["/v1/responses"]


# ---- who is asked ----


def test_openai_without_a_key() -> None:
    with pytest.raises(ModelError, match=r"There is no key for 'gpt-5\.6' at OpenAI"):
        Agent(OpenAIResponses("gpt-5.6")).run_sync("Hi")


# ---- errors ----

FAILED: dict[str, tuple[Turn, str, bool]] = {
    "the server failed": (Turn([], failed=("server_error", "An error occurred.")), "broke off: An error occurred", True),
    "a limit by minute": (
        Turn([], failed=("rate_limit_exceeded", "Rate limit reached for gpt on tokens per min (TPM). Please try again in 3s.")),
        "is asked too often",
        True,
    ),
    "no credit": (Turn([], failed=("insufficient_quota", "You exceeded your current quota, check billing.")), "no credit left", False),
    "a forbidden prompt": (Turn([], failed=("invalid_prompt", "Invalid prompt: it was flagged.")), "refuses the request", False),
    "a policy": (Turn([], failed=("bio_policy", "Not allowed.")), "refuses the request", False),
    "a bad image": (Turn([], failed=("image_too_large", "The image is too large.")), "refuses the request", False),
    "too long": (
        Turn([], failed=("context_length_exceeded", "Your input exceeds the context window of this model.")),
        "longer than its context",
        False,
    ),
    "an event of an error": (Turn([], error_event=("server_error", "Down."), events=2), "broke off: Down", True),
    "an event of an error that is final": (
        Turn([], error_event=("context_length_exceeded", "Your input exceeds the context window of this model."), events=1),
        "longer than its context",
        False,
    ),
    "cut off before the first word": (Turn([Says("Hello.")], events=2), "broke off", True),
}


@WAYS
@pytest.mark.parametrize(("turn", "words", "passes"), FAILED.values(), ids=FAILED)
async def test_a_response_that_failed(way: str, turn: Turn, words: str, passes: bool) -> None:
    with FakeResponses([turn] * 4) as server:
        naps = Naps()
        with pytest.raises(ModelError, match=words):
            await run(way, Agent(responses(server, sleep=naps)), "Hi")
        assert (len(server.requests), len(naps)) == ((4, 3) if passes else (1, 0))
    if passes:
        with FakeResponses([turn, "Hello."]) as server:
            assert (await run(way, Agent(responses(server)), "Hi")).output == "Hello."


async def test_a_connection_that_is_cut_in_a_reply_is_tried_again_where_nobody_listens() -> None:
    cut = Turn([Says("Hello, you there.")], events=6)
    with FakeResponses([cut, "Hello."]) as server:
        assert (await Agent(responses(server)).run("Hi")).output == "Hello."
    with FakeResponses([cut, "Hello."]) as server:
        with pytest.raises(ModelError, match="broke off"):
            await run("streamed", Agent(responses(server)), "Hi")
        assert len(server.requests) == 1


async def test_thoughts_that_cannot_be_read_may_be_told_in_the_stream() -> None:
    words = "The encrypted content gAAA...c90= could not be verified."
    bad = Turn([], failed=("invalid_encrypted_content", words))
    with FakeResponses([SEARCHES, bad, "Two."]) as server:
        assert await tell("", Agent(responses(server), tools=[search]), "Where?") == ("Two.", ["the reasoning of earlier turns"])
        assert types(server.requests[2])[1:] == ["function_call", "function_call_output"]


NO_REPLIES = {
    "a web page": (Raw("<!doctype html><p>Log in", "text/html"), "answered with a web page"),
    "half a JSON text": (Raw('{"object": "response", "output": [', "application/json"), "something that is not"),
    "JSON without a bottom": (Raw('{"output":' + "[" * 9999 + "]" * 9999 + "}", "application/json"), "something that is not"),
    "nothing": (Raw("", "text/event-stream"), "broke off"),
    "a chat completion": (Raw('{"choices": []}', "application/json"), "something that is not"),
}


@WAYS
@pytest.mark.parametrize(("answer", "words"), NO_REPLIES.values(), ids=NO_REPLIES)
async def test_what_is_no_response(way: str, answer: Raw, words: str) -> None:
    with FakeResponses([answer] * 4) as server, pytest.raises(ModelError, match=words):
        await run(way, Agent(responses(server)), "Hi")


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
