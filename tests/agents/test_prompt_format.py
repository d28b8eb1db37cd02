"""In which form an agent talks with its model: as the endpoint says, as the model's family was taught, or as it is told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from sayso.agents import Agent, AssistantMessage, Reply, Sampling, ToolMessage, call
from sayso.agents.models.openai_chat import OpenAIChat
from sayso.tools import calculator, tool
from sayso.tools.dialects import DIALECTS, ReadCall
from sayso.tools.errors import IncompleteReply, ModelError, UsageError

from .fake_openai import FakeOpenAI, HttpError, Line


@tool.read
def weather(city: str, days: int = 1) -> str:
    """The weather in a city."""
    return f"{city}: sunny for {days} day(s)"


CHATML = "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}{% endfor %}"
KNOWS_TOOLS = "{% if tools %}{{ tools | tojson }}{% endif %}" + CHATML
OLLAMA = {"/api/version": {"version": "0.31.0"}}

ENDPOINTS: Mapping[str, tuple[str, Mapping[str, object], str]] = {
    "says nothing of itself": ("fake", {}, "native"),
    "llama.cpp whose template knows tools": ("fake", {"/props": {"chat_template_caps": {"supports_tools": True}}}, "native"),
    "llama.cpp whose template does not": ("fake", {"/props": {"chat_template_caps": {"supports_tools": False}}}, "call"),
    "llama.cpp of old, tools in the template": ("fake", {"/props": {"chat_template": KNOWS_TOOLS}}, "native"),
    "llama.cpp of old, no tools in the template": ("fake", {"/props": {"chat_template": CHATML}}, "call"),
    "llama.cpp with tools in a template of its own": (
        "f",
        {"/props": {"chat_template": "", "chat_template_tool_use": KNOWS_TOOLS}},
        "native",
    ),
    "a family that is known by name": ("qwen2.5-coder-0.5b-instruct", {"/props": {"chat_template": CHATML}}, "hermes"),
    "a family that the server knows": ("default", {"/props": {"chat_template": CHATML, "model_path": "/m/Mistral-7B.gguf"}}, "mistral"),
    "ollama, with tools": ("qwen3", {**OLLAMA, "/api/show": {"capabilities": ["completion", "tools"]}}, "native"),
    "ollama, without": ("gemma3:1b", {**OLLAMA, "/api/show": {"capabilities": ["completion"]}}, "gemma"),
    "ollama, without, a name of the user's": (
        "mine",
        {**OLLAMA, "/api/show": {"capabilities": [], "details": {"family": "llama"}}},
        "llama3",
    ),
    "ollama of old": ("mine", {**OLLAMA, "/api/show": {"template": "{{ .Prompt }}"}}, "call"),
    "ollama of old, with tools": ("mine", {**OLLAMA, "/api/show": {"template": "{{ if .Tools }}{{ .Tools }}{{ end }}"}}, "native"),
    "ollama that does not know the model": ("mine", OLLAMA, "native"),
    "somebody else's version page": ("fake", {"/api/version": {"build": 7}, "/api/show": {"capabilities": []}}, "native"),
    "a page that is no llama.cpp": ("fake", {"/props": {"hello": "world"}}, "native"),
    "a page that is no object": ("fake", {"/props": ["tools"]}, "native"),
}


def written(dialect: str, **arguments: object) -> Line:
    """A call of `weather` as a model of that family writes it, or in the provider's own field."""
    if dialect == "native":
        return Reply(calls=(call("weather", **arguments),))
    return DIALECTS[dialect].render(ReadCall("weather", arguments), tools=[weather])


async def answer(server: FakeOpenAI, model: str, dialect: str = "auto") -> str:
    """What the agent answers to a question about Oslo."""
    agent = Agent(OpenAIChat(model, base_url=server.base_url), instructions="Be brief.", tools=[weather], dialect=dialect)
    return (await agent.run("What is the weather in Oslo?")).output


def told(request: Mapping[str, Any]) -> str:
    """What the model is told before the conversation."""
    first = request["messages"][0]
    assert first["role"] == "system"
    return str(first["content"])


@pytest.mark.parametrize(("model", "pages", "expected"), ENDPOINTS.values(), ids=ENDPOINTS)
async def test_calls_are_asked_for_as_the_endpoint_takes_them(model: str, pages: Mapping[str, object], expected: str) -> None:
    with FakeOpenAI([written(expected, city="Oslo"), "It is sunny in Oslo."], pages=pages) as server:
        assert await answer(server, model) == "It is sunny in Oslo."
    first, second = server.requests
    if expected == "native":
        assert (first["tools"], told(first)) == ([weather.openai_schema()], "Be brief.")
        assert [message["role"] for message in second["messages"]] == ["system", "user", "assistant", "tool"]
    else:
        assert "tools" not in first
        assert told(first) == "Be brief.\n\n" + DIALECTS[expected].ask([weather])
        assert first.get("stop") == (list(DIALECTS[expected].stop) or None)
        assert [message["role"] for message in second["messages"][-3:]] == ["user", "assistant", "user"]
        assert "Oslo: sunny for 1 day(s)" in second["messages"][-1]["content"]


async def test_an_endpoint_is_asked_once_what_it_can_do() -> None:
    pages = {**OLLAMA, "/api/show": {"capabilities": ["completion"]}}
    with FakeOpenAI(["One.", "Two.", "Three."], pages=pages) as server:
        model = OpenAIChat("gemma3:1b", base_url=server.base_url, api_key="sk-mine")
        first, second = Agent(model, tools=[weather]), Agent(model, tools=[weather])
        assert [(await agent.run("Hi")).output for agent in (first, first, second)] == ["One.", "Two.", "Three."]
    assert server.looked_at == ["/props", "/api/version", '/api/show {"model": "gemma3:1b"}']
    assert set(server.authorizations) == {"Bearer sk-mine"}


async def test_an_agent_without_tools_only_asks_a_server_on_this_machine_how_much_it_does_at_once() -> None:
    with FakeOpenAI(["Hello."]) as server:
        agent = Agent(OpenAIChat("fake", base_url=server.base_url))
        assert (await agent.run("Hi")).output == "Hello."
    assert server.looked_at == ["/props", "/api/version"]


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_any_dialect_can_be_chosen_by_name_whatever_the_endpoint_says(dialect: str) -> None:
    pages = {"/props": {"chat_template_caps": {"supports_tools": True}}}
    with FakeOpenAI([written(dialect, city="Oslo", days=2), "It is sunny."], pages=pages) as server:
        assert await answer(server, "fake", dialect) == "It is sunny."
    first, second = server.requests
    assert "tools" not in first
    assert DIALECTS[dialect].ask([weather]) in told(first)
    assert "Oslo: sunny for 2 day(s)" in second["messages"][-1]["content"]


def test_a_dialect_that_does_not_exist_is_refused() -> None:
    with pytest.raises(UsageError, match="There is no dialect 'klingon'"):
        Agent("gpt-5-mini", dialect="klingon")


REFUSALS = {
    "ollama": HttpError(400, "registry.ollama.ai/library/gemma:2b does not support tools"),
    "llama.cpp": HttpError(500, "tools param requires --jinja flag"),
    "vllm": HttpError(400, '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set'),
    "openrouter": HttpError(404, "No endpoints found that support tool use. To learn more about provider routing, visit our docs."),
}


@pytest.mark.parametrize("refusal", REFUSALS.values(), ids=REFUSALS)
async def test_a_model_that_refuses_tools_is_asked_again_in_text_and_that_is_remembered(refusal: HttpError) -> None:
    with FakeOpenAI([refusal, 'weather(city="Oslo")', "It is sunny.", "Bye."]) as server:
        agent = Agent(OpenAIChat("fake", base_url=server.base_url), tools=[weather])
        result = await agent.run("What is the weather in Oslo?")
        assert result.output == "It is sunny."
        assert (await agent.run("Thanks!", history=result.messages)).output == "Bye."
    refused, again, _, last = server.requests
    assert ("tools" in refused, "tools" in again, "tools" in last) == (True, False, False)
    assert told(again) == told(last) == DIALECTS["call"].ask([weather])
    assert [message["content"] for message in last["messages"]].count("What is the weather in Oslo?") == 1


async def test_native_only_means_native_only() -> None:
    with FakeOpenAI([REFUSALS["ollama"]]) as server, pytest.raises(ModelError, match="takes no tools"):
        await answer(server, "fake", "native")
    assert server.looked_at == ["/props", "/api/version"]  # how much it does at once, and not whether it takes tools


async def test_what_was_said_natively_goes_on_in_text() -> None:
    with FakeOpenAI([Reply(calls=(call("weather", city="Oslo"),)), "Sunny.", "weather(city=Rome)", "Sunny too."]) as server:
        native = Agent(OpenAIChat("fake", base_url=server.base_url), tools=[weather], dialect="native")
        written_out = Agent(OpenAIChat("fake", base_url=server.base_url), tools=[weather], dialect="call")
        first = await native.run("What is the weather in Oslo?")
        assert (await written_out.run("And in Rome?", history=first.messages)).output == "Sunny too."
    said = server.requests[2]["messages"]
    assert all("tool_calls" not in message and message["role"] != "tool" for message in said)
    assert [message["content"] for message in said[-5:-2]] == [
        "What is the weather in Oslo?",
        'weather(city="Oslo")',
        DIALECTS["call"].render_results([("weather", "Oslo: sunny for 1 day(s)")], "0"),
    ]


async def test_examples_are_real_turns_in_the_form_that_is_asked_for() -> None:
    examples = [("Weather in Rome?", 'Let me see. weather("Rome", 3)'), ("Hello!", "Hello! Which city?")]
    with FakeOpenAI(["Hi."]) as server:
        agent = Agent(OpenAIChat("fake", base_url=server.base_url), tools=[weather], dialect="hermes", examples=examples)
        await agent.run("Hi")
    assert [message["content"] for message in server.requests[0]["messages"][1:]] == [
        "Weather in Rome?",
        'Let me see. <tool_call>\n{"name": "weather", "arguments": {"city": "Rome", "days": 3}}\n</tool_call>',
        "Hello!",
        "Hello! Which city?",
        "Hi",
    ]


async def test_a_small_model_is_shown_examples_where_the_agent_has_none() -> None:
    with FakeOpenAI(["Hi."]) as server:
        await Agent(OpenAIChat("fake", base_url=server.base_url), tools=[weather], dialect="call").run("Hi")
    turns = server.requests[0]["messages"][1:-1]
    assert [message["role"] for message in turns] == ["user", "assistant"] * (len(turns) // 2)
    assert 2 <= len(turns) // 2 <= 5
    assert [message["content"] for message in turns[:2]] == ["Please use weather with city red bicycles.", 'weather(city="red bicycles")']
    assert "weather(" not in turns[-1]["content"]


async def test_the_agents_own_stop_marks_hold() -> None:
    with FakeOpenAI(["Hi."]) as server:
        agent = Agent(OpenAIChat("fake", base_url=server.base_url), tools=[weather], dialect="call", sampling=Sampling(stop=["END"]))
        result = await agent.run("Hi")
    assert server.requests[0]["stop"] == ["END"]
    assert isinstance(result.messages[-1], AssistantMessage)
    assert not any(isinstance(message, ToolMessage) for message in result.messages)


async def test_an_example_may_show_a_call_and_its_result() -> None:
    examples = [("Rome?", "weather(Rome)", "Rome: rain", "It rains in Rome."), ("Hello!", "Hello!")]
    with FakeOpenAI(["Hi."]) as server:
        agent = Agent(OpenAIChat("fake", base_url=server.base_url), tools=[weather], dialect="hermes", examples=examples)
        await agent.run("Hi")
    assert [message["content"] for message in server.requests[0]["messages"][1:]] == [
        "Rome?",
        '<tool_call>\n{"name": "weather", "arguments": {"city": "Rome"}}\n</tool_call>',
        DIALECTS["hermes"].render_results([("weather", "Rome: rain")], "0"),
        "It rains in Rome.",
        "Hello!",
        "Hello!",
        "Hi",
    ]


async def test_a_call_inside_a_sentence_stands_alone_where_the_dialect_has_none_in_prose() -> None:
    examples = [("100 at 5 % for 8 years?", "You would have CALCULATOR(100 * 1.05^8) dollars.")]
    shown: dict[str, list[str]] = {}
    for dialect in ("call", "hermes"):
        with FakeOpenAI(["Hi."]) as server:
            agent = Agent(OpenAIChat("fake", base_url=server.base_url), tools=[calculator], dialect=dialect, examples=examples)
            await agent.run("Hi")
        shown[dialect] = [message["content"] for message in server.requests[0]["messages"][2:-1]]
    assert shown["call"] == ["You would have CALCULATOR(100 * 1.05^8) dollars."]
    assert shown["hermes"] == [
        '<tool_call>\n{"name": "CALCULATOR", "arguments": {"expression": "100 * 1.05^8"}}\n</tool_call>',
        DIALECTS["hermes"].render_results([("CALCULATOR", "147.745544379")], "0"),
        "You would have 147.75 dollars.",
    ]


async def test_a_model_that_calls_natively_is_shown_no_written_result() -> None:
    examples = [("Rome?", "weather(Rome)", "Rome: rain", "It rains in Rome."), ("Hello!", "Hello!")]
    with FakeOpenAI(["Hi."]) as server:
        await Agent(OpenAIChat("fake", base_url=server.base_url), tools=[weather], examples=examples).run("Hi")
    assert [message["content"] for message in server.requests[0]["messages"]] == ["Hello!", "Hello!", "Hi"]


async def test_a_model_that_says_nothing_is_asked_once_more_where_it_writes_calls() -> None:
    with FakeOpenAI(["", "weather(Oslo)", "Sunny."]) as server:
        assert await answer(server, "fake", "call") == "Sunny."
    asked_again = "What is the weather in Oslo?\n\nYou said nothing. Write a call as shown above, or answer me."
    assert server.requests[1]["messages"][-1]["content"] == asked_again
    with FakeOpenAI(["", "weather(Oslo)", "", "Sunny."]) as server:
        assert await answer(server, "fake", "call") == "Sunny."
    with FakeOpenAI(["", ""]) as server, pytest.raises(IncompleteReply, match="said nothing, and nothing again"):
        await answer(server, "fake", "call")


async def test_after_a_call_that_could_not_be_carried_out_the_model_is_asked_to_mend_it() -> None:
    with FakeOpenAI(["weather(Oslo, days=soon)", "weather(Oslo, days=later)", "weather(Oslo)", "Sunny."]) as server:
        assert await answer(server, "fake", "call") == "Sunny."
    endings = [request["messages"][-1]["content"].splitlines()[-1] for request in server.requests[1:]]
    enough = "Now answer me in a sentence with what the result says."
    assert endings == ["Write the call again without that mistake, or answer me without it.", enough, enough]


BARE_CALL = '{"name": "weather", "arguments": {"city": "Oslo"}}'
READ_IN_WORDS = {"auto": [BARE_CALL, "Hello!", "It makes CALCULATOR(2 * 3)."], "native": ["Hello!"]}


@pytest.mark.parametrize(("dialect", "shown"), READ_IN_WORDS.items(), ids=READ_IN_WORDS)
async def test_a_model_that_takes_tools_is_not_shown_a_form_in_which_its_calls_are_not_read(dialect: str, shown: list[str]) -> None:
    # Qwen2.5-Coder behind llama.cpp copied "ORDER(...) They will be with you soon!" from an example, and nothing was ordered.
    examples = [
        ("Rome?", "weather(Rome) I am looking."),
        ("Oslo?", BARE_CALL),
        ("Hello!", "Hello!"),
        ("Twice 3?", "It makes CALCULATOR(2 * 3)."),
    ]
    with FakeOpenAI(["Hi."], pages={"/props": {"chat_template_caps": {"supports_tools": True}}}) as server:
        agent = Agent(OpenAIChat("fake", base_url=server.base_url), tools=[weather, calculator], examples=examples, dialect=dialect)
        await agent.run("Hi")
    assert [message["content"] for message in server.requests[0]["messages"] if message["role"] == "assistant"] == shown
