"""What a chat completion used, in any provider's counts. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from sayso.workflows import Usage

from .endpoint import Endpoint

# In the details of OpenAI's counts; beside them at DeepSeek, Moonshot, Anthropic.
_CACHED = ("cached_tokens", "prompt_cache_hit_tokens", "cache_read_input_tokens")


def make_usage(at: Endpoint, counts: Mapping[str, object]) -> Usage:
    """Return the usage of one call. What only the total counts was written: Gemini and xAI leave thinking out of `completion_tokens`."""
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


def _get_object(counts: Mapping[str, object], name: str) -> Mapping[str, object]:
    value = counts.get(name)
    return value if isinstance(value, Mapping) else {}


def _get_first(counts: Mapping[str, object], *names: str) -> int:
    return next(filter(None, (_get_count(counts, name) for name in names)), 0)


def _get_count(counts: Mapping[str, object], name: str) -> int:
    value = counts.get(name)
    if isinstance(value, str) and value.isascii() and value.isdigit():  # a gateway's
        return int(value)
    return max(0, int(value)) if isinstance(value, (int, float)) else 0
