"""A key or a prompt never goes to a host that was not named: every host that is asked, and every header that is sent."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sayso.agents.models.hosts import normalize_url, parse_host_port
from sayso.agents.models.providers import PROVIDERS, Protocol, Provider
from sayso.tools.errors import UsageError

from .pretend_internet import PROMPT, PretendInternet

WATCHED = [
    *dict.fromkeys(variable for each in PROVIDERS for variable in (*each.key_variables, *(name for _, name in each.header_variables))),
    "OPENAI_ADMIN_KEY",
    "OPENAI_CUSTOM_HEADERS",
    "OPENAI_WEBHOOK_SECRET",
    "ANTHROPIC_AUTH_TOKEN",
    "ANTHROPIC_CUSTOM_HEADERS",
    "AZURE_OPENAI_AD_TOKEN",
    "GOOGLE_GENAI_API_KEY",
]
CANARIES = {name: f"canary-{name}" for name in WATCHED} | {
    "OPENAI_CUSTOM_HEADERS": "X-Leaked: canary-OPENAI_CUSTOM_HEADERS\nAuthorization: Bearer canary-OPENAI_CUSTOM_HEADERS",
    "ANTHROPIC_CUSTOM_HEADERS": "X-Leaked: canary-ANTHROPIC_CUSTOM_HEADERS",
}
ELSEWHERE = dict.fromkeys(("GOOGLE_GEMINI_BASE_URL", "GROQ_BASE_URL", "MISTRAL_BASE_URL"), "https://unnamed.example/v1")
HEADERS_OF = {"anthropic": {"ANTHROPIC_CUSTOM_HEADERS"}}  # they are for Anthropic's host, and go nowhere else
AZURE = "https://resource.openai.azure.com"
ASKED = [each for each in PROVIDERS if each.protocol is not Protocol.BRIDGE]


def host_of(provider: Provider) -> str:
    return urlsplit(provider.url or AZURE).hostname or ""


def canaries(text: str) -> set[str]:
    return set(re.findall(r"canary-(\w+)", text))


def test_each_provider_gets_its_own_key_and_no_other(tmp_path: Path) -> None:
    questions: list[dict[str, Any]] = [{"name": each.spelling} for each in ASKED]
    with PretendInternet(tmp_path, map(host_of, ASKED)) as internet:
        told = internet.ask(questions, {**CANARIES, **ELSEWHERE, "AZURE_OPENAI_ENDPOINT": AZURE})
    assert {each.spelling: answer["hosts"] for each, answer in zip(ASKED, told, strict=True)} == {
        each.spelling: [host_of(each)] for each in ASKED
    }
    sent: dict[str, set[str]] = {}
    for each in internet.asked:
        sent.setdefault(each.host, set()).update(canaries(each.headers + each.body + each.path))
    assert sent == {
        urlsplit(each.url or AZURE).netloc: {
            each.key_variables[0],
            "PROMPT",
            *(name for _, name in each.header_variables),
            *HEADERS_OF.get(each.prefix, ()),
        }
        for each in ASKED
    }


PAIR = {"OPENAI_BASE_URL": "https://gateway.example/v1"}
HOSTS = {
    "base_url=, without a key": ({"name": "m", "base_url": "https://gateway.example/v1"}, "gateway.example", set()),
    "base_url=, with its key": (
        {"name": "m", "base_url": "https://gateway.example/v1", "api_key": "canary-GIVEN"},
        "gateway.example",
        {"GIVEN"},
    ),
    "a URL as the name": ({"name": "https://gateway.example/v1#m"}, "gateway.example", set()),
    "OPENAI_BASE_URL has the key of its pair": ({"name": "m", "environment": PAIR}, "gateway.example", {"OPENAI_API_KEY"}),
    "OPENAI_BASE_URL and a provider's name": ({"name": "openai:m", "environment": PAIR}, "gateway.example", {"OPENAI_API_KEY"}),
    "OPENAI_BASE_URL and another provider's": ({"name": "groq:m", "environment": PAIR}, "api.groq.com", {"GROQ_API_KEY"}),
    "base_url= beside OPENAI_BASE_URL": (
        {"name": "m", "base_url": "https://other.example/v1", "environment": PAIR},
        "other.example",
        set(),
    ),
    "another port of that host": (
        {"name": "m", "base_url": "https://gateway.example:444/v1", "environment": PAIR},
        None,
        set(),
    ),
    "Anthropic's protocol elsewhere": ({"name": "anthropic:m", "base_url": "https://gateway.example"}, "gateway.example", set()),
    "ANTHROPIC_BASE_URL has the key of its pair": (
        {"name": "anthropic:m", "environment": {"ANTHROPIC_BASE_URL": "https://gateway.example"}},
        "gateway.example",
        {"ANTHROPIC_API_KEY", "ANTHROPIC_CUSTOM_HEADERS"},
    ),
    "a provider's URL": ({"name": "https://api.groq.com/openai/v1#m"}, "api.groq.com", {"GROQ_API_KEY"}),
    "a provider's URL in OPENAI_BASE_URL": (
        {"name": "m", "environment": {"OPENAI_BASE_URL": "https://api.groq.com/openai/v1"}},
        "api.groq.com",
        {"GROQ_API_KEY"},
    ),
    "a region of OpenAI": (
        {"name": "https://eu.api.openai.com/v1#gpt-5"},
        "eu.api.openai.com",
        {"OPENAI_API_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID"},
    ),
    "upper case": ({"name": "https://API.OpenAI.COM/v1#gpt-5"}, "api.openai.com", {"OPENAI_API_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID"}),
    "a host that begins like OpenAI's": ({"name": "https://api.openai.com.evil.example/v1#gpt-5"}, "api.openai.com.evil.example", set()),
    "a host that ends like OpenAI's": ({"name": "https://evilapi.openai.com/v1#gpt-5"}, "evilapi.openai.com", set()),
    "a host of OpenAI that has no models": ({"name": "https://openai.com/v1#gpt-5"}, "openai.com", set()),
    "look-alike letters": ({"name": "https://\u0430pi.openai.com/v1#gpt-5"}, "xn--pi-6kc.openai.com", set()),
    "a host with a host in its path": ({"name": "https://evil.example/api.openai.com/v1#gpt-5"}, "evil.example", set()),
    "a user's name and password": ({"name": "https://ada:secret@gateway.example/v1#m"}, "gateway.example", set()),
    "ollama in the cloud": ({"name": "https://ollama.com/v1#m"}, "ollama.com", {"OLLAMA_API_KEY"}),
    "OLLAMA_HOST far away": (
        {"name": "ollama:m", "environment": {"OLLAMA_HOST": "https://gpu.example"}},
        "gpu.example",
        {"OLLAMA_API_KEY"},
    ),
    "OLLAMA_HOST over plain http": ({"name": "ollama:m", "environment": {"OLLAMA_HOST": "gpu.example"}}, "gpu.example", set()),
    "a dated version at Azure": (
        {"name": "azure:d 1", "environment": {"AZURE_OPENAI_ENDPOINT": AZURE, "OPENAI_API_VERSION": "2024-10-21"}},
        "resource.openai.azure.com",
        {"AZURE_OPENAI_API_KEY"},
    ),
}


def test_a_key_goes_with_the_host_that_it_is_for(tmp_path: Path) -> None:
    with PretendInternet(tmp_path, [host for _, host, _ in HOSTS.values() if host]) as internet:
        told = internet.ask([question for question, _, _ in HOSTS.values()], {**CANARIES, **ELSEWHERE})
        asked = list(internet.asked)
    seen: dict[str, tuple[Any, set[str]]] = {}
    for (name, (_, host, _)), answer in zip(HOSTS.items(), told, strict=True):
        assert len(answer["hosts"]) == 1, (name, answer)
        mine = []
        while host and asked and asked[0].host.partition(":")[0].rstrip(".") == host:
            mine.append(asked.pop(0))
            if mine[-1].body.count(PROMPT):
                break
        seen[name] = (host, set().union(*(canaries(each.headers) for each in mine)))
    assert seen == {name: (host, sent) for name, (_, host, sent) in HOSTS.items()}
    assert asked == []


def test_what_is_for_openai_does_not_cross_the_bridge(tmp_path: Path) -> None:
    names = ["pydantic-ai:deepseek:deepseek-chat", "pydantic-ai:openrouter:x/y"]
    with PretendInternet(tmp_path, ["api.deepseek.com", "openrouter.ai"]) as internet:
        internet.ask([{"name": name} for name in names], CANARIES)
    assert {each.host: canaries(each.headers) for each in internet.asked} == {
        "api.deepseek.com": {"DEEPSEEK_API_KEY"},
        "openrouter.ai": {"OPENROUTER_API_KEY"},
    }


def test_a_redirect_is_not_followed(tmp_path: Path) -> None:
    hosts = ["gateway.example", "api.openai.com", "api.anthropic.com", "api.groq.com", "elsewhere.example"]
    names = [
        "https://gateway.example/v1#m",
        "https://gateway.example/v1",
        "openai-chat:gpt-5",
        "openai:gpt-5",
        "anthropic:m",
        "groq:m",
        "groq:",
        "ollama:m",
    ]
    with PretendInternet(tmp_path, hosts, redirect="https://elsewhere.example/v1/chat/completions") as internet:
        told = internet.ask([{"name": name} for name in names], CANARIES)
    assert {each.host for each in internet.asked} == {
        "gateway.example",
        "api.openai.com",
        "api.anthropic.com",
        "api.groq.com",
        "localhost:11434",
    }
    for answer in told:
        assert "sends the request on to https://elsewhere.example/v1/chat/completions (307). It was not sent there" in answer["told"]


NO_HOSTS = {
    "another host before an @": "https://api.openai.com@evil.example/v1#m",
    "another host and port before an @": "https://api.openai.com:443@evil.example/v1#m",
    "this machine before an @": "http://localhost@evil.example/v1#m",
    "an address before an @": "http://[::1]:80@evil.example/v1#m",
    "a host in other signs before an @": "https://api%2eopenai%2ecom@evil.example/v1#m",
    "a backslash": "https://api.openai.com\\@evil.example/v1#m",
    "a tab": "https://api.openai.com\t.evil.example/v1#m",
    "a blank": "https://api.openai.com .evil.example/v1#m",
    "a percent sign": "https://api.openai.com%2eevil.example/v1#m",
    "no host": "https:///v1#m",
    "plain http to a provider": "http://api.openai.com/v1#gpt-5",
    "an unknown name": "qwen3",
    "a name of Ollama's": "qwen3:8b",
    "an unknown prefix": "opanai:gpt-5",
    "litellm's way to write it": "ollama/qwen3",
}


PIECES = [
    "api.openai.com",
    "evil.example",
    "@",
    ":",
    "/",
    "//",
    "\\",
    "?",
    "#",
    "%2e",
    "%40",
    ".",
    "443",
    "v1",
    "[",
    "]",
    "::1",
    "\t",
    " ",
    "\u3002",
]
PIECES += ["\uff0e", "\u0430pi", "ß", "xn--", "-", "_", "localhost", "\x00", "\u200b", ";", ",", "*", "|", "'", "$", "&"]


@settings(max_examples=500, deadline=None)
@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=7))
@example(["api.openai.com", "\\", "@", "evil.example"])
def test_our_reading_of_a_url_is_that_of_the_client_that_asks(pieces: list[str]) -> None:
    try:
        url = normalize_url("https://" + "".join(pieces))
    except UsageError:
        return
    ours = parse_host_port(url)
    try:
        theirs = httpx2.URL(url)
    except httpx2.InvalidURL:
        return  # nobody is asked
    assert ours is not None
    assert (ours.host, ours.port) == (theirs.raw_host.decode().lower().removesuffix("."), theirs.port or 443)


@pytest.mark.parametrize("name", NO_HOSTS.values(), ids=NO_HOSTS)
def test_a_name_that_could_mean_two_hosts_is_refused(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from sayso.agents import model_from

    monkeypatch.setenv("OPENAI_API_KEY", "sk-1")
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    with pytest.raises(UsageError) as caught:
        model_from(name)
    assert "sk-1" not in str(caught.value)
