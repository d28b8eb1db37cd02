"""What a reply used, of what its provider counted: one function for each protocol. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite

from sayso.workflows import Usage

from .endpoint import Endpoint

# In the details of OpenAI's counts; beside them at DeepSeek, Moonshot, and Anthropic's models behind a gateway.
_CACHED = ("cached_tokens", "prompt_cache_hit_tokens", "cache_read_input_tokens")


def read_chat_usage(at: Endpoint, counts: Mapping[str, object]) -> Usage:
    """Return what a chat completion used. Tokens that only the total counts are output: thinking, at Gemini and xAI."""
    from .prices import price  # late, for load time

    sent = _get_first(counts, "prompt_tokens", "input_tokens", "prompt_eval_count")
    written = _get_first(counts, "completion_tokens", "output_tokens", "eval_count")
    details = _get_object(counts, "prompt_tokens_details")
    cached = max(_get_count(each, name) for each in (details, counts) for name in _CACHED)
    reasoning = _get_count(_get_object(counts, "completion_tokens_details"), "reasoning_tokens") or _get_count(counts, "reasoning_tokens")
    rest = max(0, _get_count(counts, "total_tokens") - sent - written)
    if cached > sent and rest == cached:  # counted beside the prompt
        sent += rest
    else:
        written += rest
        reasoning = max(reasoning, rest)
    cost = price(at.model, sent, written, cached_tokens=cached, base_url=at.url) if sent or written else None
    return Usage(sent, written, cost or 0.0, model_calls=1, cached_tokens=min(cached, sent), reasoning_tokens=min(reasoning, written))


_CHAT_COUNTS = {
    "input_tokens": "prompt_tokens",
    "input_tokens_details": "prompt_tokens_details",
    "output_tokens": "completion_tokens",
    "output_tokens_details": "completion_tokens_details",
}
"""What the Responses API counts, in the words of chat completions."""


def read_responses_usage(at: Endpoint, counts: Mapping[str, object]) -> Usage:
    """Return what a reply over the Responses API used."""
    return read_chat_usage(at, {_CHAT_COUNTS.get(name, name): value for name, value in counts.items()})


def read_anthropic_usage(at: Endpoint, counts: Mapping[str, object]) -> Usage:
    """Return what a reply of Anthropic's used. What it read from its cache and wrote there is counted beside the input, not in it."""
    from .prices import price  # late, for load time

    read, created = _get_count(counts, "cache_read_input_tokens"), _get_count(counts, "cache_creation_input_tokens")
    sent, written = _get_count(counts, "input_tokens") + read + created, _get_count(counts, "output_tokens")
    thought = _get_count(_get_object(counts, "output_tokens_details"), "thinking_tokens")
    cost = price(at.model, sent, written, cached_tokens=read, cache_write_tokens=created, base_url=at.url) if sent or written else None
    return Usage(sent, written, cost or 0.0, model_calls=1, cached_tokens=read, reasoning_tokens=thought)


def _get_object(counts: Mapping[str, object], name: str) -> Mapping[str, object]:
    value = counts.get(name)
    return value if isinstance(value, Mapping) else {}


def _get_first(counts: Mapping[str, object], *names: str) -> int:
    return next(filter(None, (_get_count(counts, name) for name in names)), 0)


def _get_count(counts: Mapping[str, object], name: str) -> int:
    value = counts.get(name)
    if isinstance(value, str) and value.isascii() and value.isdigit():  # a gateway's
        return int(value)
    return max(0, int(value)) if isinstance(value, (int, float)) and isfinite(value) else 0  # json reads NaN and 1e999
