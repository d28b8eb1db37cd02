"""Whatever a program makes of its history, the request is one that OpenAI takes: cut, doubled, mixed with other providers', changed."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from sayso.agents.messages import AssistantMessage, Message, ProviderData, SystemMessage, ToolMessage, UserMessage
from sayso.agents.models.model import ModelRequest
from sayso.agents.models.responses_request import build_body
from sayso.testing.responses_rules import Issued, check_request
from sayso.tools import ToolCall, ToolResult

from .changed_histories import change_history

HERE = "responses api.openai.com"
TOOLS = [{"type": "function", "function": {"name": "search", "parameters": {"type": "object"}}}]
KINDS = st.lists(st.sampled_from(["thinks", "says", "calls", "misspells"]), min_size=1, max_size=5)


class Past:
    """A conversation that was had: its messages, and what the server has handed out."""

    def __init__(self) -> None:
        self.messages: list[Message] = [SystemMessage("Be brief.")]
        self.issued = Issued()
        self.count = 0

    def add_turn(self, number: int, kinds: list[str], provider: str) -> None:
        """Add a question, a reply of these items, and the results of its calls. Call ids begin anew in each run."""
        output: list[dict[str, Any]] = []
        calls: list[ToolCall] = []
        thought = ""
        for kind in kinds:
            self.count += 1
            item = self._make_item(kind, f"{self.count:04}")
            output.append(item)
            if item["type"] == "reasoning":
                thought = item["id"]
                self.issued.encrypted[thought] = item["encrypted_content"]
            elif thought:
                self.issued.needs[item["id"]] = thought
            if item["type"] == "function_call":
                understood = kind == "calls"
                calls.append(ToolCall(f"{number % 2}.{len(calls)}", item["name"], {"query": "x"} if understood else {}))
        text = "\n\n".join(item["content"][0]["text"] for item in output if item["type"] == "message")
        self.messages.append(UserMessage(f"Question {number}"))
        self.messages.append(AssistantMessage(text, tuple(calls), bool(calls), provider_data=ProviderData(provider, {"output": output})))
        if calls:
            self.messages.append(ToolMessage(tuple(ToolResult(call.id, "found") for call in calls), native=True))

    def _make_item(self, kind: str, number: str) -> dict[str, Any]:
        if kind == "thinks":
            return {"type": "reasoning", "id": f"rs_{number}", "summary": [], "encrypted_content": f"gAAA{number}", "status": None}
        if kind == "says":
            content = [{"type": "output_text", "text": f"Said {number}.", "annotations": []}]
            return {"type": "message", "id": f"msg_{number}", "role": "assistant", "status": "completed", "content": content}
        call = {"type": "function_call", "id": f"fc_{number}", "call_id": f"call_{number}", "status": "completed"}
        return call | (
            {"name": "search", "arguments": '{"query": "x"}'} if kind == "calls" else {"name": "functions.search", "arguments": '{"q'}
        )


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[Message], Issued]:
    past = Past()
    for number, (kinds, provider) in enumerate(draw(st.lists(st.tuples(KINDS, st.sampled_from([HERE, "chat other"])), max_size=4))):
        past.add_turn(number, kinds, provider)
    messages, _ = change_history(draw, past.messages)
    return [*messages, UserMessage("And now?")], past.issued


@settings(max_examples=300, deadline=None)
@given(histories())
def test_any_history_is_a_request_that_is_taken(history: tuple[list[Message], Issued]) -> None:
    messages, issued = history
    check_request(build_body("gpt", ModelRequest(messages, tools=TOOLS), HERE), issued)


@settings(max_examples=100, deadline=None)
@given(histories())
def test_without_ids_and_without_what_came_with_any_turn(history: tuple[list[Message], Issued]) -> None:
    messages, issued = history
    request = ModelRequest(messages, tools=TOOLS)
    items = build_body("gpt", request, HERE)["input"]
    refused = frozenset(f"item {item['id']}" for item in items if "id" in item)
    check_request(build_body("gpt", request, HERE, frozenset({"item.id"})), issued)
    assert all("id" not in item for item in build_body("gpt", request, HERE, refused)["input"])
