"""Models by name, and what they cost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sayso.agents import Agent
from sayso.agents.models.endpoint import find_endpoint
from sayso.agents.models.named import model_from
from sayso.agents.models.names import read_name
from sayso.agents.models.openai_chat import OpenAIChat
from sayso.agents.models.prices import price
from sayso.agents.models.providers import PROVIDERS
from sayso.agents.models.scripted import ScriptedModel
from sayso.tools.errors import LimitReached, ModelError, UsageError
from sayso.workflows import Limits

from .fake_openai import FakeOpenAI, Raw


@pytest.fixture(autouse=True)
def _no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for each in PROVIDERS:
        for name in (*each.key_variables, each.url_variable):
            monkeypatch.delenv(name, raising=False)


def test_a_model_is_handed_back() -> None:
    model = ScriptedModel("hello")
    assert model_from(model) is model


def test_a_bare_name_that_is_known_is_its_providers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-1")
    assert repr(model_from("gpt-5-mini")) == "OpenAIResponses('gpt-5-mini', base_url='https://api.openai.com/v1')"


AT_OPENAI = "https://api.openai.com/v1"
NAMES = {
    "openai:gpt-5-mini": (AT_OPENAI, "gpt-5-mini"),
    "OpenAI : gpt-5-mini ": (AT_OPENAI, "gpt-5-mini"),
    "openai:a-name-of-next-year": (AT_OPENAI, "a-name-of-next-year"),
    "openai-chat:gpt-5": (AT_OPENAI, "gpt-5"),
    "GPT-5-mini": (AT_OPENAI, "gpt-5-mini"),
    "o3": (AT_OPENAI, "o3"),
    "o4-mini-2025-04-16": (AT_OPENAI, "o4-mini-2025-04-16"),
    "chatgpt-4o-latest": (AT_OPENAI, "chatgpt-4o-latest"),
    "ft:gpt-4o:org::id": (AT_OPENAI, "ft:gpt-4o:org::id"),
    "ft:gpt-4.1-2025-04-14:My-Org:Suffix:AbC1": (AT_OPENAI, "ft:gpt-4.1-2025-04-14:My-Org:Suffix:AbC1"),
    "google:gemini-3-pro": ("https://generativelanguage.googleapis.com/v1beta/openai", "gemini-3-pro"),
    "gemini-2.5-flash": ("https://generativelanguage.googleapis.com/v1beta/openai", "gemini-2.5-flash"),
    "google-gla:gemini-3-pro": ("https://generativelanguage.googleapis.com/v1beta/openai", "gemini-3-pro"),
    "openrouter:anthropic/claude-sonnet-4.5:thinking": ("https://openrouter.ai/api/v1", "anthropic/claude-sonnet-4.5:thinking"),
    "groq:moonshotai/kimi-k2-instruct": ("https://api.groq.com/openai/v1", "moonshotai/kimi-k2-instruct"),
    "deepseek:deepseek-v3.2": ("https://api.deepseek.com", "deepseek-v3.2"),
    "deepseek-reasoner": ("https://api.deepseek.com", "deepseek-reasoner"),
    "kimi:kimi-k2-thinking": ("https://api.moonshot.ai/v1", "kimi-k2-thinking"),
    "kimi-k2-0905-preview": ("https://api.moonshot.ai/v1", "kimi-k2-0905-preview"),
    "mistral:mistral-small-2506": ("https://api.mistral.ai/v1", "mistral-small-2506"),
    "mistral-large-latest": ("https://api.mistral.ai/v1", "mistral-large-latest"),
    "codestral-2508": ("https://api.mistral.ai/v1", "codestral-2508"),
    "grok-4-fast-reasoning": ("https://api.x.ai/v1", "grok-4-fast-reasoning"),
    "command-a-03-2025": ("https://api.cohere.ai/compatibility/v1", "command-a-03-2025"),
    "accounts/fireworks/models/deepseek-v3p1": ("https://api.fireworks.ai/inference/v1", "accounts/fireworks/models/deepseek-v3p1"),
    "qwen3-max": ("https://dashscope-intl.aliyuncs.com/compatible-mode/v1", "qwen3-max"),
    "together:Qwen/Qwen3-235B-A22B": ("https://api.together.xyz/v1", "Qwen/Qwen3-235B-A22B"),
    "huggingface:meta-llama/Llama-3.3-70B-Instruct:fireworks-ai": (
        "https://router.huggingface.co/v1",
        "meta-llama/Llama-3.3-70B-Instruct:fireworks-ai",
    ),
    "ollama:qwen3": ("http://localhost:11434/v1", "qwen3"),
    "ollama:hf.co/bartowski/Qwen2.5-GGUF:Q4_K_M": ("http://localhost:11434/v1", "hf.co/bartowski/Qwen2.5-GGUF:Q4_K_M"),
    "llamacpp:qwen.gguf": ("http://localhost:8080/v1", "qwen.gguf"),
    "lmstudio:qwen/qwen3-4b-2507": ("http://localhost:1234/v1", "qwen/qwen3-4b-2507"),
    "vllm:Qwen/Qwen3-8B": ("http://localhost:8000/v1", "Qwen/Qwen3-8B"),
    "http://localhost:8000/v1#ollama:qwen3": ("http://localhost:8000/v1", "ollama:qwen3"),
    "http://localhost:8000/v1#ft:a:b::c#d": ("http://localhost:8000/v1", "ft:a:b::c#d"),
    "http://localhost:11434#qwen3": ("http://localhost:11434/v1", "qwen3"),
    "http://localhost:11434/#qwen3": ("http://localhost:11434/v1", "qwen3"),
    "http://localhost:8000/v1/chat/completions#m": ("http://localhost:8000/v1", "m"),
    "http://localhost:11434/api#qwen3": ("http://localhost:11434/v1", "qwen3"),
    "http://gpu:11434/api/chat#qwen3": ("http://gpu:11434/v1", "qwen3"),
    "https://api.groq.com/openai/#m": ("https://api.groq.com/openai/v1", "m"),
    "https://generativelanguage.googleapis.com/v1beta#m": ("https://generativelanguage.googleapis.com/v1beta/openai", "m"),
    "https://generativelanguage.googleapis.com/v1beta/openai/#m": ("https://generativelanguage.googleapis.com/v1beta/openai/", "m"),
    "https://r.openai.azure.com/openai/#m": ("https://r.openai.azure.com/openai/v1", "m"),
    "https://api.deepseek.com/v1#m": ("https://api.deepseek.com/v1", "m"),
    "https://api.groq.com#m": ("https://api.groq.com/openai/v1", "m"),
}


@pytest.mark.parametrize("name", NAMES)
def test_a_name_says_whom_to_ask_for_what(name: str) -> None:
    url, model = NAMES[name]
    named = model_from(name, api_key="k")
    assert (named.name, getattr(named, "base_url", "")) == (model, url)


# What to write instead stands first.
REFUSED = {
    "qwen3": "ollama:qwen3",
    "qwen3:8b": "ollama:qwen3:8b",
    "llama3.3": "ollama:llama3.3",
    "gpt-oss": "ollama:gpt-oss",
    "gpt-oss:20b": "ollama:gpt-oss:20b",
    "deepseek-r1:8b": "ollama:deepseek-r1:8b",
    "deepseek-r1": "ollama:deepseek-r1",
    "mistral-nemo": "ollama:mistral-nemo",
    "mistral": "ollama:mistral",
    "gemma3": "ollama:gemma3",
    "mistral:7b-instruct": "ollama:mistral:7b-instruct",
    "mistral:latest": "ollama:mistral:latest",
    "kimi-k2:1t-cloud": "ollama:kimi-k2:1t-cloud",
    "Qwen/Qwen3-8B": "huggingface:Qwen/Qwen3-8B",
    "mistralai/Mistral-7B-Instruct-v0.3": "huggingface:mistralai/Mistral-7B-Instruct-v0.3",
    "openai/gpt-oss-20b": "huggingface:openai/gpt-oss-20b",
    "openai/gpt-5": "openai:gpt-5",
    "vertex_ai/gemini-2.5-pro": "vertex:gemini-2.5-pro",
    "ollama/qwen3": "ollama:qwen3",
    "ollama_chat/qwen3": "ollama:qwen3",
    "anthropic/claude-sonnet-4-5": "anthropic:claude-sonnet-4-5",
    "opanai:gpt-5": "openai:gpt-5",
    "Ollma:qwen3": "ollama:qwen3",
    "open-router:openai/gpt-5": "openrouter:openai/gpt-5",
    ":qwen3": "ollama:qwen3",
    "gpt-5 mini": "openai:gpt-5-mini",
    "gpt-4:latest": "ollama:gpt-4:latest",
    "gpt-2": "ollama:gpt-2",
    "google_genai:gemini-3-pro": "google:gemini-3-pro",
    "azure/gpt-5": "azure:gpt-5",
    "groq/llama-3.3-70b-versatile": "groq:llama-3.3-70b-versatile",
    "ollama/gemma3:4b": "ollama:gemma3:4b",
    "ollama\uff1aqwen3": "ollama:qwen3",
    "hf.co/bartowski/Qwen2.5-GGUF:Q4_K_M": "ollama:hf.co/bartowski/Qwen2.5-GGUF:Q4_K_M",
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_name_that_does_not_say_whom_to_ask_is_refused_with_one_that_does(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-1")
    with pytest.raises(UsageError) as caught:
        model_from(name)
    assert str(caught.value).partition("rite ")[2].removeprefix("one of: ").split(", ")[0] == REFUSED[name]
    as_it_is = f"OpenAIChat({name!r}, base_url='http://localhost:1/v1')"
    assert repr(model_from(name, base_url="http://localhost:1/v1")) == as_it_is
    monkeypatch.setenv("OPENAI_BASE_URL", "http://localhost:1/v1")
    assert repr(model_from(name)) == as_it_is


def test_providers_whose_key_is_set_are_suggested(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GROQ_API_KEY", "k")
    with pytest.raises(UsageError, match=r"Write one of: ollama:gpt-oss-120b, groq:gpt-oss-120b, http://HOST/v1#gpt-oss-120b\."):
        model_from("gpt-oss-120b")


def test_what_is_no_name_is_said() -> None:
    nothing: Any = None
    for name, message in {
        nothing: "None is neither a model",
        "local:": "No model was named after 'local:'",
        " ": "No model was named",
    }.items():
        with pytest.raises(UsageError, match=message):
            model_from(name)


def test_a_prefix_and_a_base_url_are_a_provider_at_another_address() -> None:
    assert repr(model_from("ollama:qwen3", base_url="http://gpu:11434")) == "OpenAIChat('qwen3', base_url='http://gpu:11434/v1')"


def test_a_prefix_without_a_name_asks_what_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    with FakeOpenAI(models=["qwen3", "llama3"]) as server:
        monkeypatch.setenv("OLLAMA_HOST", server.base_url.removesuffix("/v1"))
        with pytest.raises(ModelError, match=r"has 2 models: llama3, qwen3\. Name one, like ollama:llama3$"):
            model_from("ollama:")
        server.models = ["qwen3"]
        assert model_from("Ollama: ").name == "qwen3"
    with pytest.raises(UsageError, match=r"No model was named\. Name one, like model='openai:gpt-5"):
        model_from("openai:", api_key="k")


OLLAMA_HOSTS = {
    "gpu": "http://gpu:11434/v1",
    "gpu:1234": "http://gpu:1234/v1",
    ":1234": "http://127.0.0.1:1234/v1",
    "0.0.0.0": "http://127.0.0.1:11434/v1",
    "0.0.0.0:8080": "http://127.0.0.1:8080/v1",
    "[::1]:1234": "http://[::1]:1234/v1",
    "::1": "http://[::1]:11434/v1",
    "http://gpu": "http://gpu:80/v1",
    "https://gpu.example": "https://gpu.example:443/v1",
    "https://gpu.example/ollama/": "https://gpu.example:443/ollama",
    "http://gpu:11434/v1": "http://gpu:11434/v1",
    '"gpu:1234"': "http://gpu:1234/v1",
}


@pytest.mark.parametrize("host", OLLAMA_HOSTS)
def test_ollama_is_where_its_own_variable_says(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OLLAMA_HOST", host)
    assert getattr(model_from("ollama:qwen3"), "base_url", "") == OLLAMA_HOSTS[host]


AZURE = {
    "a resource": ({"AZURE_OPENAI_ENDPOINT": "https://r.openai.azure.com"}, "https://r.openai.azure.com/openai/v1"),
    "with a slash": ({"AZURE_OPENAI_ENDPOINT": "https://r.openai.azure.com/"}, "https://r.openai.azure.com/openai/v1"),
    "the whole address": ({"AZURE_OPENAI_ENDPOINT": "https://r.openai.azure.com/openai/v1/"}, "https://r.openai.azure.com/openai/v1/"),
    "an address with a version": (
        {"AZURE_OPENAI_ENDPOINT": "https://r.openai.azure.com/?api-version=2024-10-21"},
        "https://r.openai.azure.com/?api-version=2024-10-21",
    ),
    "the host of a gateway": ({"AZURE_OPENAI_ENDPOINT": "https://company.azure-api.net/"}, "https://company.azure-api.net/openai/v1"),
    "a dated version": (
        {"AZURE_OPENAI_ENDPOINT": "https://r.openai.azure.com", "OPENAI_API_VERSION": "2024-10-21"},
        "https://r.openai.azure.com/openai/deployments/my%20gpt?api-version=2024-10-21",
    ),
    "the version without dates": (
        {"AZURE_OPENAI_ENDPOINT": "https://r.openai.azure.com", "OPENAI_API_VERSION": "preview"},
        "https://r.openai.azure.com/openai/v1",
    ),
    "a resource of Foundry": ({"AZURE_OPENAI_ENDPOINT": "https://r.services.ai.azure.com"}, "https://r.services.ai.azure.com/openai/v1"),
}


@pytest.mark.parametrize(("environment", "url"), AZURE.values(), ids=AZURE)
def test_a_deployment_at_azure(environment: dict[str, str], url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    model = model_from("azure:my gpt", api_key="k")
    assert (model.name, getattr(model, "base_url", "")) == ("my gpt", url)


OTHERS_KEYS = {
    "Anthropic's at OpenAI": (
        "openai:gpt-5",
        "sk-ant-api03-canary",
        "The key given as api_key= is one of Anthropic's, and api.openai.com is OpenAI's",
    ),
    "OpenAI's at Groq": ("groq:m", "sk-proj-canary", "is one of OpenAI's, and api.groq.com is Groq's"),
    "OpenRouter's at DeepSeek": ("deepseek:m", "sk-or-v1-canary", "is one of OpenRouter's, and api.deepseek.com is DeepSeek's"),
}


@pytest.mark.parametrize(("name", "key", "message"), OTHERS_KEYS.values(), ids=OTHERS_KEYS)
def test_a_key_of_another_provider_is_not_sent(name: str, key: str, message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        model_from(name, api_key=key)
    assert "canary" not in str(caught.value)
    assert model_from("m", base_url="https://gateway.example/v1", api_key=key).name == "m"  # a gateway may take any
    monkeypatch.setenv("OPENAI_API_KEY", "gsk_canary")
    with pytest.raises(UsageError, match="The key from OPENAI_API_KEY is one of Groq's"):
        model_from("gpt-5-mini")


OPENAI_ADDRESSES = {
    "https://api.openai.com/v1": "sk-1",
    "https://api.openai.com./v1": "sk-1",
    "https://API.openai.com:8443/v1": "sk-1",
    "https://jp.api.openai.com/v1": "sk-1",
    "https://api.openai.com.evil.example/v1": "none",
    "https://api.openai.com-evil.example/v1": "none",
    "https://notapi.openai.com/v1": "none",
    "https://xn--pi-6kc.openai.com/v1": "none",
    "http://api.openai.com.evil.example/v1": "none",
    "http://127.0.0.1.evil.example/v1": "none",
    "http://localhost.evil.example/v1": "none",
    "http://[::1]:8000/v1": "none",
}


@pytest.mark.parametrize("url", OPENAI_ADDRESSES)
def test_the_key_for_openai_is_for_hosts_of_openai(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-1")
    assert find_endpoint("m", url, None, 1).key == OPENAI_ADDRESSES[url]


SECRETS = {
    "no scheme": {"name": "m", "base_url": "ada:canary@gateway.example/v1"},
    "not a port": {"name": "https://ada:ca/canary@gateway.example/v1#m"},
    "two addresses": {"name": "https://ada:canary@gateway.example/v1#m", "base_url": "https://gateway.example/v1?api_key=canary"},
    "an @ in the password": {"name": "http://ada:p@canary@localhost:1/v1"},
    "a key in the query": {"name": "http://localhost:1/v1?key=canary"},
    "a token before the host": {"name": "https://canary.canary@gateway.example/v1#m"},
}


@pytest.mark.parametrize("arguments", SECRETS.values(), ids=SECRETS)
def test_no_error_shows_what_stands_in_a_url_as_a_secret(arguments: dict[str, Any]) -> None:
    with pytest.raises((UsageError, ModelError)) as caught:
        model_from(**arguments)
    assert "canary" not in str(caught.value)


def test_openai_chat_without_an_address_takes_models_of_openai_only(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ollama:qwen3", "qwen3", "claude-sonnet-4-5"):
        with pytest.raises(UsageError, match=f"'{name}' is not known to be a model of OpenAI's"):
            OpenAIChat(name, api_key="k")
    assert OpenAIChat("gpt-5-mini", api_key="k").base_url == AT_OPENAI


def test_the_guide_lists_every_provider_and_its_variables() -> None:
    guide = (Path(__file__).parents[2] / "docs" / "models.md").read_text("utf-8")
    for provider in PROVIDERS:
        assert f"`{provider.prefix}:" in guide, provider.prefix
        for variable in (*provider.key_variables[:1], *filter(None, [provider.url_variable])):
            assert f"`{variable}`" in guide, variable


def test_openais_own_address_in_the_environment_names_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "https://eu.api.openai.com/v1")
    assert repr(model_from("gpt-5-mini", api_key="k")) == "OpenAIResponses('gpt-5-mini', base_url='https://eu.api.openai.com/v1')"
    assert getattr(model_from("deepseek-chat", api_key="k"), "base_url", "") == "https://api.deepseek.com"
    with pytest.raises(UsageError, match="Write one of: ollama:qwen3"):
        model_from("qwen3", api_key="k")


def test_quotes_that_an_env_file_leaves_are_no_part_of_a_key_or_url(monkeypatch: pytest.MonkeyPatch) -> None:
    with FakeOpenAI(models=["qwen3"]) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", f'"{server.base_url}"\r')
        monkeypatch.setenv("OPENAI_API_KEY", "'sk-1'\n")
        assert repr(model_from("")) == f"OpenAIChat('qwen3', base_url='{server.base_url}')"
        assert server.authorizations == ["Bearer sk-1"]


def test_no_prefix_is_two_providers_and_each_example_is_its_own() -> None:
    prefixes = [prefix for each in PROVIDERS for prefix in each.prefixes]
    assert len(prefixes) == len(set(prefixes))
    assert [read_name(f"{prefix}:m", "http://h/v1").model for each in PROVIDERS if each.url for prefix in each.prefixes] == ["m"] * sum(
        len(each.prefixes) for each in PROVIDERS if each.url
    )


def test_an_endpoint_and_a_name_come_in_one_string_or_in_two() -> None:
    in_one = model_from("http://localhost:11434/v1#qwen3:0.6b")
    in_two = model_from("qwen3:0.6b", base_url="http://localhost:11434/v1")
    assert repr(in_one) == repr(in_two) == "OpenAIChat('qwen3:0.6b', base_url='http://localhost:11434/v1')"
    assert in_one.name == "qwen3:0.6b"


def test_a_base_url_in_the_environment_is_where_bare_names_are_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://localhost:8000/v1")
    assert repr(model_from("qwen3")) == "OpenAIChat('qwen3', base_url='http://localhost:8000/v1')"


def test_an_endpoint_with_one_model_needs_no_name() -> None:
    with FakeOpenAI(models=["qwen3"]) as server:
        assert model_from(server.base_url).name == "qwen3"
        assert model_from("", base_url=server.base_url, api_key="sk-mine").name == "qwen3"
        assert server.authorizations == ["Bearer none", "Bearer sk-mine"]


def test_an_endpoint_with_several_models_lists_them() -> None:
    with FakeOpenAI(models=["b", "a"]) as server:
        with pytest.raises(ModelError) as caught:
            model_from(server.base_url)
        assert str(caught.value) == f"{server.base_url} has 2 models: a, b. Name one after a '#', like {server.base_url}#a"


def test_an_endpoint_without_models_says_so() -> None:
    with FakeOpenAI(models=[]) as server, pytest.raises(ModelError, match="lists no models"):
        model_from(server.base_url)


NO_LISTS = {
    "a web page": (Raw("<!doctype html><title>Sign in</title>", "text/html"), "answered with a web page: Sign in"),
    "broken JSON": (Raw('{"data": [', "application/json"), "answered with something that is not a chat completion"),
    "another JSON": (Raw("[1]", "application/json"), "answered with something that is not a chat completion"),
}


@pytest.mark.parametrize(("models", "message"), NO_LISTS.values(), ids=NO_LISTS)
def test_what_is_no_list_of_models_is_shown(models: Raw, message: str) -> None:
    with FakeOpenAI(models=models) as server, pytest.raises(ModelError, match=message):
        model_from(server.base_url)


def test_a_base_url_that_ends_too_early_is_named() -> None:
    with FakeOpenAI() as server, pytest.raises(ModelError, match="Most base URLs end in /v1"):
        model_from(server.base_url.removesuffix("/v1"))


def test_an_endpoint_that_is_not_there_is_named() -> None:
    with FakeOpenAI() as server:
        pass
    with pytest.raises(ModelError, match=f"{server.base_url} cannot be reached: Connection refused"):
        model_from(server.base_url)


WRONG = {
    "no key": ({"name": "gpt-5-mini"}, "There is no key for 'gpt-5-mini' at OpenAI. Set OPENAI_API_KEY"),
    "no key for OpenAI's own address": ({"name": "https://api.openai.com/v1#gpt-5-mini"}, "There is no key for 'gpt-5-mini'"),
    "no name": ({"name": "", "api_key": "sk-1"}, "No model was named"),
    "no scheme": ({"name": "localhost:11434/v1#qwen3"}, "If it is an endpoint, write it with its scheme: http://localhost:11434/v1#qwen3"),
    "two endpoints": ({"name": "http://localhost:1/v1#m", "base_url": "http://localhost:2/v1"}, "Give one of them"),
    "a base URL that is none": ({"name": "m", "base_url": "localhost"}, "'localhost' is not a base URL"),
}


@pytest.mark.parametrize(("arguments", "message"), WRONG.values(), ids=WRONG)
def test_what_names_no_model_is_said_before_any_call(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        model_from(**arguments)


def test_prices_come_from_a_list_and_unknown_models_have_none() -> None:
    whole = price("gpt-5-mini", 1_000_000, 100_000)
    cached = price("gpt-5-mini", 1_000_000, 100_000, cached_tokens=900_000)
    assert whole is not None
    assert cached is not None
    assert 0 < cached < whole < 10
    assert price("gpt-5-mini", 1_000_000, 100_000, base_url="https://api.openai.com/v1") == whole
    assert price("no-such-model", 10, 10) is None
    assert price("gpt-5-mini", 10, 10, base_url="http://localhost:11434/v1") is None


def test_more_cached_than_was_sent_counts_as_all_of_it() -> None:
    assert price("gpt-5-mini", 10, 0, cached_tokens=99) == price("gpt-5-mini", 10, 0, cached_tokens=10)


async def test_a_model_on_this_machine_costs_nothing_whatever_its_name() -> None:
    with FakeOpenAI(["Hello."]) as server:
        agent = Agent(model_from("gpt-5-mini", base_url=server.base_url), limits=Limits(cost_usd=0.000001))
        result = await agent.run("Hi")
    assert (result.output, result.usage.cost_usd) == ("Hello.", 0.0)


def test_a_limit_on_dollars_is_refused_where_nobody_knows_the_price() -> None:
    elsewhere = model_from("my-model", base_url="https://models.example.org/v1", api_key="k")
    with pytest.raises(UsageError, match=r"No price is known for 'my-model' at https://models\.example\.org/v1"):
        Agent(elsewhere, limits=Limits(cost_usd=1)).run_sync("hi")
    with pytest.raises(LimitReached, match="tokens"):  # a limit that can be kept is
        Agent(elsewhere, limits=Limits(tokens=10)).run_sync("hi")


async def test_a_model_that_has_a_price_is_reserved_before_it_is_asked() -> None:
    agent = Agent(ScriptedModel("Hello.", name="gpt-5-mini"), limits=Limits(cost_usd=0.000001))
    with pytest.raises(LimitReached, match="cost_usd"):
        await agent.run("Hi")
