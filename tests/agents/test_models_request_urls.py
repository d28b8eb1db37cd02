"""Where requests go, for base URLs as people copy them; against a real server where the host can be one."""

from __future__ import annotations

import pytest

from sayso import Agent
from sayso.agents.models.endpoint import Endpoint
from sayso.agents.models.openai_chat import OpenAIChat
from sayso.agents.models.request_urls import Address, find_address, join_path

from .fake_openai import FakeOpenAI

AZURE = "https://acme.openai.azure.com"
ADDRESSES = {
    "plain": ("https://h.example/v1", Address("https://h.example/v1", {})),
    "with a slash": ("https://h.example/v1/", Address("https://h.example/v1", {})),
    "with a query": ("https://h.example/v1?version=2&x=", Address("https://h.example/v1", {"version": "2", "x": ""})),
    "the whole address": ("https://h.example/v1/chat/completions", Address("https://h.example/v1", {})),
    "a deployment of azure's": (
        f"{AZURE}/openai/deployments/gpt/chat/completions?api-version=2024-10-21",
        Address(f"{AZURE}/openai/deployments/gpt", {"api-version": "2024-10-21"}),
    ),
    "azure's host with a version": (
        f"{AZURE}/?api-version=2024-10-21",
        Address(f"{AZURE}/openai/deployments/m", {"api-version": "2024-10-21"}),
    ),
    "azure's host alone": (AZURE, Address(f"{AZURE}/openai/v1", {})),
    "azure's newer address": (f"{AZURE}/openai/v1/", Address(f"{AZURE}/openai/v1", {})),
    "foundry": (
        "https://acme.services.ai.azure.com/models?api-version=2024-05-01-preview",
        Address("https://acme.services.ai.azure.com/models", {"api-version": "2024-05-01-preview"}),
    ),
    "no host of azure's": ("https://openai.azure.com.evil.example", Address("https://openai.azure.com.evil.example", {})),
}


@pytest.mark.parametrize(("url", "address"), ADDRESSES.values(), ids=ADDRESSES)
def test_where_requests_go(url: str, address: Address) -> None:
    assert find_address(Endpoint("m", url, "key", "", 1)) == address


@pytest.mark.parametrize(
    ("url", "path", "joined"),
    [
        ("http://h/v1", "/models", "http://h/v1/models"),
        ("http://h/v1/?a=1", "/models?b=2", "http://h/v1/models?a=1&b=2"),
        ("http://h/v1/chat/completions?a=1", "/chat/completions", "http://h/v1/chat/completions?a=1"),
    ],
)
def test_a_path_goes_before_the_query(url: str, path: str, joined: str) -> None:
    assert join_path(url, path) == joined


@pytest.mark.parametrize("end", ["?api-version=1", "/chat/completions?api-version=1", "/?api-version=1"])
async def test_an_address_with_a_query_is_asked_at_its_path(end: str) -> None:
    with FakeOpenAI(["Hello."]) as server:
        result = await Agent(OpenAIChat("fake", base_url=server.base_url + end, api_key="mine")).run("Hi")
        assert result.output == "Hello."
        assert server.paths == ["/v1/chat/completions?api-version=1"]
        assert set(server.looked_at) <= {"/props", "/api/version"}


@pytest.mark.parametrize(("key", "header"), [("0123abc", "api-key"), ("eyJ0eXAi.eyJ.x", "Authorization")], ids=["a key", "a token"])
def test_azure_takes_a_key_in_its_own_header_and_a_token_as_everybody(key: str, header: str) -> None:
    assert list(Endpoint("m", f"{AZURE}/openai/v1", key, "", 1).headers) == [header]
