"""How long an endpoint asks to wait, and what it is quoted with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sayso.agents.models.endpoint import Endpoint, is_local_host
from sayso.agents.models.provider_errors import ErrorResponse, explain_refusal, quote_message
from sayso.agents.models.rate_limits import read_retry_after

NOON = 1_767_268_800.0  # Thu, 01 Jan 2026 12:00:00 GMT
KEY = "mykey-0123456789"
AT = Endpoint("m", "https://ada:secret@models.example.org/v1", KEY, "given as api_key=", 10)
WAITS = {
    "not said": ({}, None),
    "seconds": ({"retry-after": "12"}, 12.0),
    "parts of a second": ({"retry-after": " 0.25 "}, 0.25),
    "milliseconds": ({"retry-after-ms": "250", "retry-after": "12"}, 0.25),
    "a date": ({"retry-after": "Thu, 01 Jan 2026 12:00:30 GMT"}, 30.0),
    "a date that is past": ({"retry-after": "Thu, 01 Jan 2026 11:00:00 GMT"}, 0.0),
    "less than nothing": ({"retry-after": "-3"}, None),
    "nonsense": ({"retry-after": "soon"}, None),
    "no number": ({"retry-after": "nan"}, None),
    "too many digits": ({"retry-after": "9" * 400}, None),
}


@pytest.mark.parametrize(("headers", "seconds"), WAITS.values(), ids=WAITS)
def test_how_long_an_endpoint_asks_to_wait(headers: dict[str, str], seconds: float | None) -> None:
    assert read_retry_after(headers, NOON) == seconds


LIMITS = [json.loads(line) for line in (Path(__file__).parents[1] / "data" / "rate_limit_answers.jsonl").read_text("utf-8").splitlines()]
"""Answers as issues about real endpoints quote them, shortened: each is waited for (so many seconds, or not said how many) or final."""
FINAL = {"no credit": "has no credit left", "a day": "a quota of more than a minute", "too large": "is larger than"}


@pytest.mark.parametrize("row", LIMITS, ids=[row["name"] for row in LIMITS])
def test_a_limit_of_a_minute_is_waited_for_and_what_lasts_is_final(row: dict[str, Any]) -> None:
    refused = explain_refusal(AT, ErrorResponse(row["status"], row["headers"], row["body"]), NOON)
    assert refused.retryable is row["waits"], refused
    assert refused.retry_after_seconds == (None if row["seconds"] is None else pytest.approx(row["seconds"])), refused
    assert FINAL.get(row["final"], "") in str(refused)


@given(st.text())
def test_no_header_breaks_it(text: str) -> None:
    assert (read_retry_after({"retry-after": text}, NOON) or 0) >= 0


QUOTES = {
    "openai": ('{"error": {"message": "Bad.", "type": "x"}}', ": Bad."),
    "a bare message": ('{"message": "Bad"}', ": Bad."),
    "ollama": ('{"error": "model not found"}', ": model not found."),
    "fastapi": ('{"detail": "Not Found"}', ": Not Found."),
    "a string": ('"why?"', ": why?"),
    "a page": ("<html><style>p {}</style><h1>502</h1> Bad\n\n gateway", ": 502 Bad gateway."),
    "nothing": ("", "."),
    "the key": ('{"error": {"message": "' + KEY + ' is wrong"}}', ": *** is wrong."),
    "half of a key": ('{"error": {"message": "wrong: sk-proj-****abcd"}}', ": wrong: sk-***."),
    "a long story": ("x" * 1000, ": " + "x" * 499 + "…"),
}


@pytest.mark.parametrize(("text", "words"), QUOTES.values(), ids=QUOTES)
def test_what_the_endpoint_said_is_quoted_on_one_line_without_the_key(text: str, words: str) -> None:
    assert quote_message(AT, text) == words


@given(st.sampled_from([400, 401, 403, 404, 408, 409, 418, 422, 429, 500, 503]), st.text(), st.text())
def test_no_answer_gets_the_key_or_a_password_into_an_error(status: int, before: str, after: str) -> None:
    message = str(explain_refusal(AT, ErrorResponse(status, {}, f"{before}{KEY}{after}"), NOON))
    assert KEY not in message
    assert "secret" not in message
    assert KEY not in repr(AT)


@pytest.mark.parametrize(
    ("url", "hinted"), [("http://localhost:11434", True), ("http://localhost:11434/v1", False), ("http://localhost:11434/v1/", False)]
)
def test_a_base_url_without_its_end_is_hinted_at(url: str, hinted: bool) -> None:
    error = explain_refusal(Endpoint("m", url, "none", "", 1), ErrorResponse(404, {}, "404 page not found"), NOON)
    assert ("end in /v1" in str(error)) is hinted


HOSTS = {"localhost": True, "127.0.0.1": True, "127.9.9.9": True, "::1": True, "127.0.0.1.example.org": False, "10.0.0.1": False, "": False}


@pytest.mark.parametrize(("host", "here"), HOSTS.items())
def test_which_hosts_are_this_machine(host: str, here: bool) -> None:
    assert is_local_host(host) is here


TOO_LONG = {
    "llama.cpp": "request (6019 tokens) exceeds the available context size (4096 tokens), try increasing it",
    "openai": "This model's maximum context length is 128000 tokens. However, your messages resulted in 140000 tokens.",
    "anthropic": "prompt is too long: 210000 tokens > 200000 maximum",
}


@pytest.mark.parametrize("words", TOO_LONG.values(), ids=TOO_LONG)
def test_a_conversation_that_is_too_long_is_said_to_be(words: str) -> None:
    error = explain_refusal(AT, ErrorResponse(400, {}, words), NOON)
    assert str(error).startswith("The prompt for 'm' at https://models.example.org/v1 is longer than its context (400): ")
    assert str(error).endswith(". Give it less (history, documents, tools), or a model or server with more context.")
    assert not error.retryable
