"""In which form an agent and its model talk: how calls are written, and what opens the conversation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from sayso.tools.dialects import DIALECTS, ReadCall, Shapes, dialect_for_model, read

from .messages import AssistantMessage, Message, Sampling, SystemMessage, ToolMessage, UserMessage

if TYPE_CHECKING:
    from .agent import Agent

HISTORY_BOUNDARY = "0"  # an earlier conversation is shown again, not read again


class Form(NamedTuple):
    """How a conversation is held. `dialect` is how calls are written where they are text; `opening` comes before the user's words."""

    native: bool
    dialect: str
    schemas: tuple[dict[str, Any], ...]
    sampling: Sampling
    opening: tuple[Message, ...]
    grammar: str = ""

    def fits(self, history: Sequence[Message]) -> tuple[Message, ...]:
        """An earlier conversation in this form: a model that is given no tools is shown no native calls."""
        return tuple(history) if self.native else tuple(self._as_text(message) for message in history)

    def _as_text(self, message: Message) -> Message:
        match message:
            case AssistantMessage(text, calls, True) if calls:
                written = DIALECTS[self.dialect].render(*(ReadCall(call.tool, call.arguments) for call in calls))
                return replace(message, text=f"{text}\n{written}".strip(), native=False)
            case ToolMessage(results, True):
                return ToolMessage(results, shown=self.shown([(result.origin, result.text) for result in results], HISTORY_BOUNDARY))
        return message

    def shown(self, results: Sequence[tuple[str, str]], boundary: str) -> str:
        """Results (tool, text) as the next message of a conversation in text."""
        return DIALECTS[self.dialect].render_results(results, boundary)


async def form_for(agent: Agent[Any], *, asks: bool = True) -> Form:
    """The form that the agent's dialect asks for; "auto" asks the endpoint what it can do."""
    if not agent.tools:
        return _form(agent, agent.model.takes_tools, written_in(agent, ""), "")
    abilities = getattr(agent.model, "abilities", None)  # an endpoint has them; a script and your own model need not
    known = await abilities() if asks and abilities is not None and agent.dialect == "auto" else None
    native = agent.dialect == "native" or (agent.dialect == "auto" and agent.model.takes_tools)
    return _form(agent, native, written_in(agent, known.family if known else ""), "")


def in_text(agent: Agent[Any]) -> Form:
    """The form for a model that was said to take tools and then refused them."""
    return _form(agent, False, written_in(agent, ""), "")


def written_in(agent: Agent[Any], family: str) -> str:
    """The dialect in which calls are asked for and shown back when they are text."""
    if agent.dialect not in ("auto", "native"):
        return agent.dialect
    return dialect_for_model(agent.model.name) or dialect_for_model(family) or "call"


def _form(agent: Agent[Any], native: bool, dialect: str, grammar: str) -> Form:
    tools = list(agent.tools.values())
    asks = bool(tools) and not native
    parts = [agent.instructions]
    if asks:
        parts.append(DIALECTS[dialect].ask(tools))
    if agent.typed is not None:
        parts.append(agent.typed.instruction)
    text = "\n\n".join(part for part in parts if part)
    turns = _turns(agent.examples or (DIALECTS[dialect].examples(tools) if asks else ()), agent.shapes if asks else None, dialect)
    opening = (*([SystemMessage(text)] if text else []), *turns)
    schemas = () if asks else tuple(tool.openai_schema() for tool in tools)
    sampling = agent.sampling
    if asks and sampling.stop is None and DIALECTS[dialect].stop:
        sampling = replace(sampling, stop=DIALECTS[dialect].stop)
    return Form(native, dialect, schemas, sampling, opening, grammar)


def _turns(examples: Iterable[tuple[str, str]], known: Shapes | None, dialect: str) -> list[Message]:
    """The examples as real turns, each call in them in the form that the model is asked for."""
    turns: list[Message] = []
    for asked, said in examples:
        turns += [UserMessage(asked), AssistantMessage(said if known is None else rewritten(said, known, dialect))]
    return turns


def rewritten(text: str, known: Shapes, dialect: str) -> str:
    """The text with its calls written in the dialect; as it is where they already are, or where one cannot be read."""
    found = read(text, known)
    in_dialect = read(text, known, dialect)
    if found.problems or in_dialect.calls == found.calls:
        return text
    for call in reversed(found.calls):
        start, end = call.span
        text = f"{text[:start]}{DIALECTS[dialect].render(call, tools=known)}{text[end:]}"
    return text
