"""The providers that a ProviderServer plays: the protocol, the address, the rules, and what comes with a turn."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from sayso.agents.messages import Reply

from . import rules
from .rules import Body, Rule


class PlayedProtocol(StrEnum):
    """The protocol that a provider speaks."""

    CHAT = "chat"
    RESPONSES = "responses"
    ANTHROPIC = "anthropic"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayedProvider:
    """A provider: its protocol, the path behind the host, the name of a model there, its rules.

    `dress` adds to a message of the model what the provider sends with it, and wants back. `leak` is what it leaves behind the name of a
    call. `pages` are other paths that it answers with JSON.
    """

    protocol: PlayedProtocol
    path: str = "/v1"
    model: str = "some-model"
    rules: tuple[Rule, ...] = ()
    dress: Callable[[Body, Reply, int], None] | None = None
    leak: str = ""
    pages: Mapping[str, Body] | None = None


def _sign(message: Body, reply: Reply, number: int) -> None:
    """Sign the first call, as Gemini does."""
    for call in (message.get("tool_calls") or ())[:1]:
        call["extra_content"] = {"google": {"thought_signature": f"signature-{number}"}}


def _think(message: Body, reply: Reply, number: int) -> None:
    message["reasoning_content"] = reply.reasoning or f"Let me see, {number}."


def _think_in_details(message: Body, reply: Reply, number: int) -> None:
    text = reply.reasoning or f"Let me see, {number}."
    message["reasoning"] = text
    message["reasoning_details"] = [
        {"type": "reasoning.text", "text": text, "signature": f"signature-{number}", "format": "anthropic-claude-v1", "index": 0},
        {"type": "reasoning.encrypted", "data": f"gAAA{number}", "format": "anthropic-claude-v1", "index": 1},
    ]


def _think_aloud(message: Body, reply: Reply, number: int) -> None:
    message["reasoning"] = reply.reasoning or f"Let me see, {number}."


PROVIDERS: Mapping[str, PlayedProvider] = {
    "openai-chat": PlayedProvider(protocol=PlayedProtocol.CHAT, model="gpt-5.6", rules=rules.OPENAI_RULES),
    "openai-responses": PlayedProvider(protocol=PlayedProtocol.RESPONSES, model="gpt-5.6", rules=rules.RESPONSES_RULES),
    "azure-chat": PlayedProvider(
        protocol=PlayedProtocol.CHAT, path="/openai/deployments/bun?api-version=2024-10-21", model="bun", rules=rules.AZURE_RULES
    ),
    "azure-responses": PlayedProvider(protocol=PlayedProtocol.RESPONSES, path="/openai/v1", model="bun", rules=rules.RESPONSES_RULES),
    "gemini": PlayedProvider(
        protocol=PlayedProtocol.CHAT, path="/v1beta/openai", model="gemini-3-pro", rules=rules.GEMINI_RULES, dress=_sign
    ),
    "deepseek": PlayedProvider(protocol=PlayedProtocol.CHAT, model="deepseek-reasoner", rules=rules.DEEPSEEK_RULES, dress=_think),
    "kimi": PlayedProvider(protocol=PlayedProtocol.CHAT, model="kimi-k2-thinking", rules=rules.KIMI_RULES, dress=_think),
    "openrouter": PlayedProvider(
        protocol=PlayedProtocol.CHAT,
        path="/api/v1",
        model="anthropic/claude-sonnet-4.5",
        rules=rules.OPENROUTER_RULES,
        dress=_think_in_details,
    ),
    "ollama": PlayedProvider(
        protocol=PlayedProtocol.CHAT,
        model="qwen3:8b",
        rules=rules.OLLAMA_RULES,
        dress=_think_aloud,
        pages={
            "/api/version": {"version": "0.13.0"},
            "/api/show": {"capabilities": ["completion", "tools"], "details": {"family": "qwen3"}},
        },
    ),
    "vllm-gpt-oss": PlayedProvider(
        protocol=PlayedProtocol.CHAT, model="openai/gpt-oss-20b", rules=rules.CHAT_RULES, dress=_think_aloud, leak="<|channel|>commentary"
    ),
    "anthropic": PlayedProvider(protocol=PlayedProtocol.ANTHROPIC, path="", model="claude-sonnet-4-5", rules=rules.ANTHROPIC_RULES),
    "anthropic-compatible": PlayedProvider(
        protocol=PlayedProtocol.ANTHROPIC, path="/anthropic", model="glm-4.6", rules=rules.ANTHROPIC_RULES
    ),
}
"""All of them by name."""
