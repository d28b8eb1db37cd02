"""What a call used, by the counts of real providers."""

from __future__ import annotations

from typing import Any

import pytest

from sayso.agents.models.endpoint import Endpoint
from sayso.agents.models.reply_usage import read_chat_usage
from sayso.workflows import Usage

AT = Endpoint("m", "http://localhost:1/v1", "k", "", 1)
COUNTS: dict[str, tuple[dict[str, Any], Usage]] = {
    "plain": ({"prompt_tokens": 10, "completion_tokens": 2, "total_tokens": 12}, Usage(10, 2)),
    "no total": ({"prompt_tokens": 10, "completion_tokens": 2}, Usage(10, 2)),
    "gemini, thinking in the total only": (
        {"prompt_tokens": 1000, "completion_tokens": 50, "total_tokens": 3050},
        Usage(1000, 2050, reasoning_tokens=2000),
    ),
    "xai, thinking beside it": (
        {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 112, "completion_tokens_details": {"reasoning_tokens": 100}},
        Usage(9, 103, reasoning_tokens=100),
    ),
    "openai, cached and reasoning": (
        {
            "prompt_tokens": 100,
            "completion_tokens": 30,
            "total_tokens": 130,
            "prompt_tokens_details": {"cached_tokens": 64},
            "completion_tokens_details": {"reasoning_tokens": 20},
        },
        Usage(100, 30, cached_tokens=64, reasoning_tokens=20),
    ),
    "deepseek": (
        {"prompt_tokens": 100, "completion_tokens": 3, "total_tokens": 103, "prompt_cache_hit_tokens": 64, "prompt_cache_miss_tokens": 36},
        Usage(100, 3, cached_tokens=64),
    ),
    "moonshot": ({"prompt_tokens": 100, "completion_tokens": 3, "total_tokens": 103, "cached_tokens": 64}, Usage(100, 3, cached_tokens=64)),
    "cached beside the prompt": (
        {"prompt_tokens": 10, "completion_tokens": 3, "total_tokens": 113, "cache_read_input_tokens": 100},
        Usage(110, 3, cached_tokens=100),
    ),
    "a total that is too small": ({"prompt_tokens": 10, "completion_tokens": 2, "total_tokens": 2}, Usage(10, 2)),
    "anthropic's names": ({"input_tokens": 10, "output_tokens": 2}, Usage(10, 2)),
    "numbers as text, of a gateway": ({"prompt_tokens": "10", "completion_tokens": "2"}, Usage(10, 2)),
    "nothing": ({}, Usage()),
    "nonsense": ({"prompt_tokens": "many", "completion_tokens": None, "total_tokens": -3, "prompt_tokens_details": []}, Usage()),
}


@pytest.mark.parametrize(("counts", "usage"), COUNTS.values(), ids=COUNTS)
def test_what_a_call_used(counts: dict[str, Any], usage: Usage) -> None:
    used = read_chat_usage(AT, counts)
    assert used == usage + Usage(model_calls=1)


def test_cached_tokens_cost_less() -> None:
    at = Endpoint("gpt-5-mini", "https://api.openai.com/v1", "k", "", 1)
    counts: dict[str, Any] = {"prompt_tokens": 10_000, "completion_tokens": 10}
    cached = counts | {"prompt_tokens_details": {"cached_tokens": 9_000}}
    assert 0 < read_chat_usage(at, cached).cost_usd < read_chat_usage(at, counts).cost_usd / 2
