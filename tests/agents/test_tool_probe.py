"""Whether tools that are sent are seen, dropped or refused is found out from the endpoint's own count of the prompt."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sayso.agents.models.endpoint import find_endpoint
from sayso.agents.models.tool_probe import ToolsSent, probe_tools

from .fake_openai import FakeOpenAI, HttpError, Raw, Said

Body = dict[str, Any]


def counted(prompt_tokens: object) -> Raw:
    """A reply of one token, with the endpoint's count of the prompt."""
    choice = {"index": 0, "message": {"role": "assistant", "content": "Hi"}, "finish_reason": "length"}
    return Raw(json.dumps({"choices": [choice], "usage": {"prompt_tokens": prompt_tokens}}), "application/json")


def sees(body: Body) -> Said:
    """An endpoint whose model sees its tools."""
    return counted(10 + 60 * len(body.get("tools", ())))


def drops(body: Body) -> Said:
    """One that passes over them."""
    return counted(10)


def refuses(body: Body) -> Said:
    """One that says no."""
    return HttpError(400, "tools are not supported") if "tools" in body else counted(10)


ENDPOINTS = {
    "sees them": (sees, ToolsSent.SEEN),
    "drops them": (drops, ToolsSent.DROPPED),
    "refuses them": (refuses, ToolsSent.REFUSED),
    "counts nothing": (lambda body: counted(0), ToolsSent.UNKNOWN),
    "counts in words": (lambda body: counted("ten"), ToolsSent.UNKNOWN),
    "does not answer": (lambda body: HttpError(503), ToolsSent.UNKNOWN),
    "is a web page": (lambda body: Raw("<html>", "text/html"), ToolsSent.UNKNOWN),
}


@pytest.mark.parametrize(("says", "found"), ENDPOINTS.values(), ids=ENDPOINTS)
async def test_what_becomes_of_tools(says: Any, found: ToolsSent) -> None:
    with FakeOpenAI([says], repeat=True) as server:
        assert await probe_tools(find_endpoint("m", server.base_url, None, 10)) is found


async def test_nobody_there_is_no_answer() -> None:
    assert await probe_tools(find_endpoint("m", "http://127.0.0.1:9/v1", None, 10)) is ToolsSent.UNKNOWN
