"""A tool with which an agent asks the person a question: it waits in the same inbox as approvals, for seconds or for days."""

from __future__ import annotations

from dataclasses import replace

from .definition.decorators import AsyncTool, tool
from .definition.tool import Arguments, ToolContext
from .errors import UsageError

ANSWER = "answer"
"""The argument that the person fills in, by an Edit."""


def _write_card(arguments: Arguments) -> str:
    choices = arguments["choices"] or []
    listed = "".join(f"\n- {choice}" for choice in choices)
    return f"The agent asks: {arguments['question']}{listed}"


def _leave_open(arguments: Arguments, context: ToolContext[object]) -> dict[str, object]:
    return {ANSWER: ""}  # whatever a model wrote there


@tool.read(name="ask_user", requires_approval=True, trust="user", secrecy="public", card=_write_card, prepare=_leave_open)
async def _ask_user(question: str, choices: list[str] | None = None, answer: str = "") -> str:
    """Ask the user something that you need to know and cannot find out. Wait for the answer.

    Args:
        question: One question, in whole sentences.
        choices: The answers to choose from, where there are few.
        answer: Leave this out. The user writes it.
    """
    raise UsageError("ask_user is answered by a person. Give it to an agent: Agent(..., tools=[ask_user]).")


ask_user: AsyncTool[..., str] = replace(_ask_user, asks_person=True)
