"""Whatever a program makes of its history, the request is one that Anthropic takes: cut, doubled, mixed with other providers', changed."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from sayso.agents.messages import AssistantMessage, Message, ProviderData, Sampling, SystemMessage, ToolMessage, UserMessage
from sayso.agents.models.anthropic_request import THINKING_BLOCKS, build_request
from sayso.agents.models.model import ModelRequest
from sayso.testing.anthropic_rules import check_request
from sayso.tools import ToolCall, ToolResult
from sayso.tools.calls import Outcome

from .changed_histories import change_history
from .fake_anthropic import redacted, text, think, use

HERE = "anthropic api.anthropic.com"
TOOLS = [{"type": "function", "function": {"name": "search", "parameters": {"type": "object"}}}]
KINDS = st.lists(st.sampled_from(["thinks", "hides", "says", "blank", "calls", "misspells"]), min_size=1, max_size=5)
PROVIDERS = st.sampled_from([HERE, HERE, "anthropic elsewhere", "responses api.openai.com"])
MODELS = st.sampled_from(
    ["claude-opus-5-5", "claude-sonnet-5-5", "claude-opus-4-6", "claude-haiku-4-5", "claude-opus-4-1", "claude-3-haiku-x"]
)
EFFORTS = st.sampled_from([None, "none", "low", "max"])


class Past:
    """A conversation that was had, and the blocks of its calls by their ids."""

    def __init__(self) -> None:
        self.messages: list[Message] = [SystemMessage("Be brief.")]
        self.issued: dict[str, list[dict[str, Any]]] = {}
        self.count = 0

    def add_turn(self, number: int, kinds: list[str], provider: str, outcome: Outcome) -> None:
        """Add a question, a reply of these blocks, and the results of its calls. Our call ids begin anew in each run."""
        blocks: list[dict[str, Any]] = []
        for kind in kinds:
            self.count += 1
            blocks.append(self._make_block(kind))
        uses = [block for block in blocks if block["type"] == "tool_use"]
        calls = tuple(ToolCall(f"{number % 2}.{at}", block["name"], block["input"]) for at, block in enumerate(uses))
        said = "".join(block["text"] for block in blocks if block["type"] == "text")
        self.messages.append(UserMessage(f"Question {number}"))
        data = ProviderData(provider, {"content": blocks})
        self.messages.append(AssistantMessage(said, calls, bool(calls), provider_data=data))
        if calls:
            results = tuple(ToolResult(call.id, "" if number % 3 else "found", outcome) for call in calls)
            self.messages.append(ToolMessage(results, native=True))
        if provider == HERE:
            self.issued |= {block["id"]: blocks for block in uses}

    def _make_block(self, kind: str) -> dict[str, Any]:
        match kind:
            case "thinks":
                return think(f"Thought {self.count}.")
            case "hides":
                return redacted(f"data {self.count}")
            case "says":
                return text(f"Said {self.count}. ")
            case "blank":
                return text("\n\n")
        return use("search" if kind == "calls" else "functions.search", {"query": "x"}, f"toolu_{self.count:04}")


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[Message], dict[str, list[dict[str, Any]]]]:
    past = Past()
    turns = draw(st.lists(st.tuples(KINDS, PROVIDERS, st.sampled_from(Outcome)), max_size=4))
    for number, (kinds, provider, outcome) in enumerate(turns):
        past.add_turn(number, kinds, provider, outcome)
    messages, is_whole = change_history(draw, past.messages)
    last = draw(st.sampled_from([[UserMessage("And now?")], [UserMessage("")], []]))
    return [*messages, *last], past.issued if is_whole else {}


def is_asked_by_nobody(messages: list[Message]) -> bool:
    """Tell whether the model's own words are the last: no program asks a model to answer itself."""
    last = next((message for message in reversed(messages) if not isinstance(message, SystemMessage)), None)
    return isinstance(last, AssistantMessage) and not last.calls


@settings(max_examples=400, deadline=None)
@given(histories(), MODELS, EFFORTS, st.booleans(), st.booleans())
def test_any_history_is_a_request_that_is_taken(
    history: tuple[list[Message], dict[str, Any]], model: str, effort: str | None, has_tools: bool, forgets: bool
) -> None:
    messages, issued = history
    if is_asked_by_nobody(messages):
        messages = [*messages, UserMessage("Go on.")]
    request = ModelRequest(messages, TOOLS if has_tools else (), Sampling(reasoning_effort=effort, temperature=0.5))
    refused = frozenset({THINKING_BLOCKS} if forgets else ())
    built = build_request(model, HERE, request, refused=refused)
    check_request(built.body, {"authorization": "Bearer key", **built.headers}, {} if forgets else issued)
