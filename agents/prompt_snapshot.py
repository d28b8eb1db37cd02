"""What a model is sent, as a run keeps it so that a replay can tell a changed prompt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sayso.tools.canonical import canonical_json
from sayso.workflows.runs.prompt_difference import kept_text

from .messages import AssistantMessage, Message, SystemMessage, ToolMessage, UserMessage
from .prompt_format import form_as

if TYPE_CHECKING:
    from .model_call import ModelTurn


def sent(exchange: ModelTurn, turn: int, form: Sequence[Any] | None = None) -> dict[str, Any]:
    """What turn `turn` sends for the first time: all of it in turn 0, later what follows the model's last reply.

    `form` is the form in which it was sent then: a replay asks no endpoint, and would not know.
    """
    transcript = exchange.transcript
    if turn:
        start = len(transcript)  # from the end: a long transcript is not read again each turn
        while not isinstance(transcript[start - 1], AssistantMessage):
            start -= 1
        return {"messages": [_told(message) for message in transcript[start:]]}
    own = exchange.form
    held = own if form is None or list(own.kind) == list(form) else form_as(exchange.agent, *form)
    said = transcript[len(own.opening) :]
    typed = exchange.agent.typed
    return {
        "form": list(held.kind),
        "tools": list(held.schemas),
        "answer": None if typed is None else typed.schema,
        "messages": [_told(message) for message in (*held.opening, *(said if held is own else held.fits(said)))],
    }


def _told(message: Message) -> list[str]:
    match message:
        case SystemMessage(text):
            return ["system", kept_text(text)]
        case UserMessage(text):
            return ["user", kept_text(text)]
        case AssistantMessage(text, calls, native):
            made = [f"{call.tool}({canonical_json(dict(call.arguments))})" for call in calls] if native else []
            return ["assistant", kept_text("\n".join([*([text] if text else []), *made]))]
        case ToolMessage(results):
            return ["tool", kept_text("\n".join(f"{result.origin}: {result.text}" for result in results))]
