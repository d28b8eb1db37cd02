"""How long a model's context is, and how its tokens are counted: by the server, by the price list, by a refusal; and it is said by whom."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from sayso.agents import Agent, LocalModel, OpenAIChat, Sampling, ScriptedModel, ServerSettings, model_from
from sayso.agents.messages import AssistantMessage, Message, UserMessage
from sayso.agents.models.endpoint_tokens import find_length
from sayso.agents.models.refused_lengths import read_length
from sayso.agents.windows import ContextTrimmed, Window, count_tokens
from sayso.agents.windows.counting import estimate_tokens, find_openai_encoding
from sayso.agents.windows.lengths import find_length as find_model_length
from sayso.tools.errors import IncompleteReply, InputTooLong

from .fake_openai import FakeOpenAI, HttpError
from .test_windows import WORDS, talk
from .tiny_gguf import write_tiny_gguf


@pytest.fixture(autouse=True)
def _no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)


def characters(body: dict[str, Any]) -> int:
    return sum(len(message["content"]) for message in body["messages"])


async def trimmed(agent: Agent[str], history: list[Message]) -> list[ContextTrimmed]:
    return [event async for event in agent.stream_emitted("And now?", history=history) if isinstance(event, ContextTrimmed)]


def test_llama_cpp_says_how_long_its_context_is_and_counts_tokens() -> None:
    pages = {
        "/props": {"chat_template_caps": {"supports_tools": True}, "total_slots": 1, "default_generation_settings": {"n_ctx": 1000}},
        "/tokenize": lambda: {"tokens": [0] * 40},  # whatever it is sent
    }
    with FakeOpenAI(["Fine."], repeat=True, pages=pages) as server:
        (event,) = asyncio.run(trimmed(Agent(OpenAIChat("fake", base_url=server.base_url)), talk(40)))
        assert event.counted_by == "the tokenizer of fake"
        assert event.tokens <= event.room < 750
        assert len(server.requests) == 1
        assert any(each.startswith("/tokenize ") for each in server.looked_at)


def test_a_tokenizer_that_stops_answering_gives_way_to_an_estimate() -> None:
    pages: dict[str, Any] = {"/props": {"default_generation_settings": {"n_ctx": 1000}}, "/tokenize": HttpError(500, "no")}
    with FakeOpenAI(["Fine."], repeat=True, pages=pages) as server:
        (event,) = asyncio.run(trimmed(Agent(OpenAIChat("fake", base_url=server.base_url)), talk(40)))
        assert event.counted_by == "an estimate"


OLLAMA = {"/api/version": {"version": "0.13"}}
LOADED = {"models": [{"name": "fake:latest", "context_length": 1000}]}
LM_STUDIO = {"data": [{"id": "fake", "max_context_length": 9000, "loaded_context_length": 1000}]}
SERVERS: dict[str, dict[str, Any]] = {
    "Ollama, as loaded": {**OLLAMA, "/api/show": {"parameters": ""}, "/api/ps": LOADED},
    "Ollama, as the model says": {**OLLAMA, "/api/show": {"parameters": 'stop "x"\nnum_ctx                        1000'}},
    "LM Studio": {"/api/v0/models": LM_STUDIO},
    "text-generation-inference": {"/info": {"model_id": "fake", "max_total_tokens": 1000}},
}


@pytest.mark.parametrize("pages", SERVERS.values(), ids=SERVERS)
def test_a_server_on_this_machine_is_asked(pages: dict[str, Any]) -> None:
    with FakeOpenAI(["Fine."], repeat=True, pages=pages) as server:
        (event,) = asyncio.run(trimmed(Agent(OpenAIChat("fake", base_url=server.base_url)), talk(40)))
        assert event.room < 750
        assert characters(server.requests[0]) < 3000


LISTS: dict[str, tuple[object, int | None]] = {
    "vLLM": ({"object": "list", "data": [{"id": "m", "object": "model", "max_model_len": 40960}]}, 40960),
    "Groq": ({"data": [{"id": "other", "context_window": 1}, {"id": "m", "context_window": 131072}]}, 131072),
    "Together, a bare list": ([{"id": "m", "context_length": 32768}], 32768),
    "another model": ({"data": [{"id": "n", "max_model_len": 40960}]}, None),
    "nothing said": ({"data": [{"id": "m"}]}, None),
    "nothing at all": (None, None),
    "words": ("no", None),
    "a text for a number": ({"data": [{"id": "m", "context_length": "long"}]}, None),
}


@pytest.mark.parametrize(("listed", "length"), LISTS.values(), ids=LISTS)
def test_lists_of_models_are_read(listed: object, length: int | None) -> None:
    assert find_length(listed, "m") == length


# In the words of the providers; most are in bug reports of langchain, vLLM, LM Studio, LiteLLM and pi.
REFUSALS: dict[str, tuple[str, int | None]] = {
    "llama.cpp": ("request (6019 tokens) exceeds the available context size (4096 tokens), try increasing it", 4096),
    "llama.cpp, older": (
        '{"error":{"message":"the request exceeds the available context size","n_prompt_tokens":6019,"n_ctx":4096}}',
        4096,
    ),
    "OpenAI": ("This model's maximum context length is 128000 tokens. However, your messages resulted in 140000 tokens.", 128000),
    "OpenAI, with the reply": (
        "This model's maximum context length is 4097 tokens, however you requested 4500 tokens (500 in your prompt; 4000 for the "
        "completion).",
        4097,
    ),
    "Responses": ("Your input exceeds the context window of this model.", None),
    "Anthropic": ("prompt is too long: 210000 tokens > 200000 maximum", 200000),
    "Anthropic, with the reply": ("input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000", 200000),
    "vLLM": ("The decoder prompt (length 129933) is longer than the maximum model length of 128000. Make sure that", 128000),
    "SGLang": (
        "Requested token count exceeds the model's maximum context length of 40960 tokens. You requested a total of 50000 tokens.",
        40960,
    ),
    "Gemini": ("The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).", 1048576),
    "TGI": ("`inputs` tokens + `max_new_tokens` must be <= 4096. Given: 5000 `inputs` tokens and 100 `max_new_tokens`", 4096),
    "Alibaba": ("<400> InternalError.Algo.InvalidParameter: Range of input length should be [1, 30720]", 30720),
    "OpenRouter": (
        "This endpoint's maximum context length is 131072 tokens. However, you requested about 150000 tokens (140000 of text input, "
        "10000 in the output).",
        131072,
    ),
    "Moonshot": ("Invalid request: Your request exceeded model token limit: 8192", 8192),
    "Cohere": ("too many tokens: total number of tokens in the prompt exceeds the limit of 128000 tokens. Try a shorter prompt", 128000),
    "Copilot": ("prompt token count of 70000 exceeds the limit of 64000", 64000),
    "xAI": ("This model's maximum prompt length is 131072 but the request contains 537812 tokens.", 131072),
    "Mistral": ("Prompt contains 140000 tokens and 0 draft tokens, too large for model with 131072 maximum context length", 131072),
    "LM Studio": (
        "Trying to keep the first 111490 tokens when context the overflows. However, the model is loaded with context length of only "
        "32768 tokens, which is not enough.",
        32768,
    ),
    "ExLlama": ("max_seq_len 2048 exceeded: prompt tokens 5000", 2048),
    "Groq": ("Please reduce the length of the messages or completion.", None),
    "Bedrock": ("Input is too long for requested model.", None),
}


@pytest.mark.parametrize(("words", "length"), REFUSALS.values(), ids=REFUSALS)
def test_a_refusal_is_read_for_the_length(words: str, length: int | None) -> None:
    assert read_length(words) == length


def test_an_endpoint_of_unknown_length_is_asked_once_more_with_less() -> None:
    refusal = HttpError(400, REFUSALS["vLLM"][0].replace("128000", "1500"))
    with FakeOpenAI([refusal, "Fine.", "Fine."]) as server:
        agent = Agent(OpenAIChat("fake", base_url=server.base_url), sampling=Sampling(max_tokens=300))
        result = agent.run_sync("And now?", history=talk(40))
        assert result.output == "Fine."
        assert [characters(body) < 5000 for body in server.requests] == [False, True]
        agent.run_sync("And then?", history=result.messages)
        assert characters(server.requests[2]) < 5000


def test_a_question_that_is_longer_than_what_was_learned_is_an_error_that_says_so() -> None:
    refusal = HttpError(400, REFUSALS["vLLM"][0].replace("128000", "1500"))
    with FakeOpenAI([refusal]) as server, pytest.raises(InputTooLong, match="words of the last message") as caught:
        Agent(OpenAIChat("fake", base_url=server.base_url)).run_sync(WORDS * 200)
    assert len(server.requests) == 1
    assert caught.value.context_tokens == 1500


def test_a_refusal_without_a_word_is_taken_for_what_its_status_says() -> None:
    with FakeOpenAI([HttpError(413, body=""), "Fine."]) as server:
        assert Agent(OpenAIChat("fake", base_url=server.base_url)).run_sync("And now?", history=talk(40)).output == "Fine."
        assert characters(server.requests[1]) < characters(server.requests[0]) * 0.8


def test_what_the_price_list_knows_is_not_asked() -> None:
    for name, key, length in (("openai-chat:gpt-4o", "sk-x", 128_000), ("anthropic:claude-sonnet-4-5", "sk-ant-x", 200_000)):
        assert asyncio.run(find_model_length(model_from(name, api_key=key))) == length


ENCODINGS = {
    "gpt-5-mini": "o200k_base",
    "gpt-4o-2024-08-06": "o200k_base",
    "gpt-4.1": "o200k_base",
    "o3": "o200k_base",
    "openai/gpt-oss-120b": "o200k_base",
    "ft:gpt-4o:org::id": "o200k_base",
    "gpt-4-turbo": "cl100k_base",
    "gpt-3.5-turbo": "cl100k_base",
    "claude-sonnet-4-5": "",
    "qwen3": "",
    "gemini-2.5-flash": "",
}


@pytest.mark.parametrize(("model", "encoding"), ENCODINGS.items())
def test_which_tokenizer_a_model_has(model: str, encoding: str) -> None:
    assert find_openai_encoding(model) == encoding


TEXTS = {
    "English": (WORDS, 14),
    "German": ("Der Burger des Tages steht auf der Tafel neben der Tür.", 13),
    "Chinese": ("今天的汉堡写在门旁边的黑板上。", 14),
    "code": ("def add(a: int, b: int) -> int:\n    return a + b\n", 19),
    "half of a pair": ("a\ud800b", 3),
}


@pytest.mark.parametrize(("text", "tokens"), TEXTS.values(), ids=TEXTS)
def test_openai_s_tokens_are_counted_as_openai_does(text: str, tokens: int) -> None:
    pytest.importorskip("bpe_openai")
    counted = asyncio.run(count_tokens(OpenAIChat("gpt-4o", api_key="sk-x"), text))
    assert counted == (tokens, "bpe-openai (o200k_base)")
    assert tokens // 3 <= estimate_tokens(text) <= tokens * 2


def test_a_function_of_yours_counts() -> None:
    def by_words(text: str) -> int:
        return len(text.split())

    agent = Agent(ScriptedModel("Fine."), window=Window(tokens=800, count=by_words))
    (event,) = asyncio.run(trimmed(agent, talk(40)))
    assert event.counted_by == "by_words"


def test_a_real_llama_cpp_is_talked_to_for_longer_than_its_context(tmp_path: Path) -> None:
    """Weights by chance: it babbles, and counts as the real ones do."""
    file = write_tiny_gguf(tmp_path / "tiny.gguf")
    settings = ServerSettings(context_tokens=512)
    with LocalModel(file, on_progress=lambda line: None, settings=settings, sampling=Sampling(max_tokens=20, seed=1)) as model:
        length = asyncio.run(model.find_length())
        assert length is not None
        assert 256 <= length <= 512
        counted = asyncio.run(count_tokens(model, "Tell me something about burgers."))
        assert counted.counted_by == "the tokenizer of tiny"
        agent = Agent(model, instructions="Be brief.")
        history: list[Message] = []
        for turn in range(12):
            words = f"Question {turn}. " + "Tell me more. " * 4
            history += [UserMessage(words), AssistantMessage(words)]
        (event,) = asyncio.run(trimmed_or_cut(agent, history))
        assert event.tokens <= event.room < length


async def trimmed_or_cut(agent: Agent[str], history: list[Message]) -> list[ContextTrimmed]:
    """A babbler may never end its reply, which is an error of its own."""
    found: list[ContextTrimmed] = []
    try:
        async for event in agent.stream_emitted("And now?", history=history):
            found += [event] if isinstance(event, ContextTrimmed) else []
    except IncompleteReply:
        pass
    return found


def test_a_model_of_yours_says_how_long_its_context_is_and_counts() -> None:
    class Own(ScriptedModel):
        context_tokens = 900

        async def count_tokens(self, texts: list[str]) -> list[int]:
            return [len(text.split()) for text in texts]

    (event,) = asyncio.run(trimmed(Agent(Own("Fine.", name="own")), talk(60)))
    assert event.counted_by == "the tokenizer of own"
    assert event.tokens <= event.room < 700
