"""What a tool returns that wants something of a person before it goes on: questions, and what it wants back with the answers.

A run stores both, puts the questions where approvals wait, and performs the call once more with the answers in the ToolContext.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .canonical import JsonObject

QUESTION_TOOL = "mcp_question"
"""The name under which a question is listed with the approvals that wait."""


@dataclass(frozen=True, slots=True)
class ToolQuestion:
    """A question to the person: `card` is what they read, `fields` what they may fill in by an Edit, `asker` whose program asks."""

    key: str
    card: str
    fields: Mapping[str, object]
    asker: str
    identity: str
    about: str


@dataclass(frozen=True, slots=True)
class Asking:
    """A call that waits for answers. `state` is the tool's own, and given back to it."""

    questions: tuple[ToolQuestion, ...]
    state: JsonObject
    call_id: str = ""
