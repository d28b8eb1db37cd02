"""Refusals as issues about real endpoints quote them (`source`), and what the next request is built without."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sayso.agents.models.endpoint import Endpoint
from sayso.agents.models.provider_errors import ErrorResponse, explain_refusal
from sayso.agents.models.refused_fields import find_refused
from sayso.tools.errors import ToolsRefused

AT = Endpoint("m", "https://models.example.org/v1", "k", "given as api_key=", 10)
ROWS = [json.loads(line) for line in (Path(__file__).parents[1] / "data" / "refusal_answers.jsonl").read_text("utf-8").splitlines()]


def body_with(fields: list[str]) -> dict[str, Any]:
    """Return a body with these fields: any value will do."""
    body: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "Hi"}], "stream": "stream" in fields}
    for field in fields:
        match field:
            case "stream":
                body["stream_options"] = {"include_usage": True}
            case "response_format":
                body["response_format"] = {"type": "json_schema"}
            case "json_object":
                body["response_format"] = {"type": "json_object"}
            case "reasoning_content":
                body["messages"].append({"role": "assistant", "content": None, "reasoning_content": "hm", "tool_calls": []})
            case _:
                body[field] = "low"
    return body


@pytest.mark.parametrize("row", ROWS, ids=[row["name"] for row in ROWS])
def test_what_a_refusal_is_about(row: dict[str, Any]) -> None:
    answer = ErrorResponse(row["status"], {}, row["body"])
    found = find_refused(answer, body_with(row["sent"]))
    if isinstance(row["without"], list):
        assert found is not None
        assert sorted(found.names) == row["without"]
        return
    assert found is None
    refusal = explain_refusal(AT, answer, 0.0)
    assert isinstance(refusal, ToolsRefused) is (row["without"] == "tools")
    assert ("is longer than its context" in str(refusal)) is (row["without"] == "context")


NOT_ABOUT_FIELDS = {
    "a value out of range": ("temperature must be between 0 and 2", 400),
    "a length that is too large": ("max_tokens is too large: 100000. This model supports at most 4096 completion tokens.", 400),
    "what was not sent": ("'logit_bias' is not supported", 400),
    "a word that ends in it": ("non_stop is not supported", 400),
    "something else": ("the messages are empty", 400),
    "a key": ("temperature", 401),
    "the request, quoted": (
        json.dumps({"detail": [{"msg": "Field required", "loc": ["body", "messages"], "input": {"temperature": 1}}]}),
        422,
    ),
}


@pytest.mark.parametrize(("words", "status"), NOT_ABOUT_FIELDS.values(), ids=NOT_ABOUT_FIELDS)
def test_a_refusal_about_something_else_leaves_nothing_out(words: str, status: int) -> None:
    assert find_refused(ErrorResponse(status, {}, words), body_with(["temperature", "stop", "max_tokens", "tools"])) is None


@given(
    st.sampled_from([400, 408, 422, 500]),
    st.text() | st.recursive(st.none() | st.text(), lambda inner: st.dictionaries(st.text(), inner)).map(json.dumps),
)
def test_no_refusal_takes_away_the_tools_or_the_messages(status: int, text: str) -> None:
    found = find_refused(ErrorResponse(status, {}, text), body_with(["tools", "temperature"]))
    assert found is None or not found.names & {"tools", "messages", "model"}
