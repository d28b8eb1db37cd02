"""Models by name, and what they cost."""

from __future__ import annotations

from typing import Any

import pytest

from sayso.agents import Agent
from sayso.agents.models.named import model_from
from sayso.agents.models.prices import price
from sayso.agents.models.scripted import ScriptedModel
from sayso.tools.errors import LimitReached, ModelError, UsageError
from sayso.workflows import Limits

from .fake_openai import FakeOpenAI, Raw


@pytest.fixture(autouse=True)
def _no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)


def test_a_model_is_handed_back() -> None:
    model = ScriptedModel("hello")
    assert model_from(model) is model


def test_a_bare_name_is_a_model_of_openai(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-1")
    assert repr(model_from("gpt-5-mini")) == "OpenAIChat('gpt-5-mini', base_url='https://api.openai.com/v1')"


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
