"""In which form an agent and its model talk: how calls are written, and what opens the conversation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from sayso.tools import fill
from sayso.tools.dialects import DIALECTS, ReadCall, ToolSignatures, dialect_for_model, read
from sayso.tools.effects import Effect
from sayso.tools.errors import ToolError, UsageError

from .messages import AssistantMessage, Message, Sampling, SystemMessage, ToolMessage, UserMessage
from .models.call_grammar import grammar_for
from .typed_output import NotTheType, TypedOutput

if TYPE_CHECKING:
    from .agent import Agent

Example = Sequence[str]
"""What a user says and what the model should say; or what a user says, the call, its result, and what the model should say then."""
HISTORY_BOUNDARY = "0"  # an earlier conversation is shown again, not read again


class PromptFormat(NamedTuple):
    """How a conversation is held. `dialect` is how calls are written where they are text, and `written` says that the model was told so;
    `opening` comes before the user's words."""

    native: bool
    dialect: str
    schemas: tuple[dict[str, Any], ...]
    sampling: Sampling
    opening: tuple[Message, ...]
    grammar: str = ""
    written: bool = False

    @property
    def kind(self) -> tuple[bool, str, bool]:
        """What tells it from the agent's other forms; see `form_as`."""
        return self.native, self.dialect, bool(self.grammar)

    def fits(self, history: Sequence[Message]) -> tuple[Message, ...]:
        """An earlier conversation in this form: a model that is given no tools is shown no native calls."""
        return tuple(history) if self.native else tuple(self._as_text(message) for message in history)

    def _as_text(self, message: Message) -> Message:
        match message:
            case AssistantMessage(text, calls, True) if calls:
                written = DIALECTS[self.dialect].render(*(ReadCall(call.tool, call.arguments) for call in calls))
                return message._replace(text=f"{text}\n{written}".strip(), native=False)
            case ToolMessage(results, True):
                return ToolMessage(results, shown=self.shown([(result.origin, result.text) for result in results], HISTORY_BOUNDARY))
        return message

    def shown(self, results: Sequence[tuple[str, str]], boundary: str, *, failed: bool = False) -> str:
        """Results (tool, text) as the next message of a conversation in text; `failed` where no call could be carried out."""
        return DIALECTS[self.dialect].render_results(results, boundary, failed=failed)


async def choose_prompt_format(agent: Agent[Any], *, asks: bool = True) -> PromptFormat:
    """The form that the agent's dialect asks for; "auto" asks the endpoint what it can do."""
    if not agent.tools:
        return _form(agent, agent.model.takes_tools, written_in(agent, ""), held=False)
    abilities = getattr(agent.model, "abilities", None)  # an endpoint has them; a script and your own model need not
    constrain = getattr(agent.model, "constrain", False)
    wanted = agent.dialect == "auto" or constrain
    known = await abilities() if asks and abilities is not None and wanted else None
    native = agent.dialect == "native" or (agent.dialect == "auto" and agent.model.takes_tools)
    return _form(agent, native, written_in(agent, known.family if known else ""), held=constrain and known is not None and known.grammar)


def in_text(agent: Agent[Any]) -> PromptFormat:
    """The form for a model that was said to take tools and then refused them."""
    return _form(agent, False, written_in(agent, ""), held=False)


def form_as(agent: Agent[Any], native: bool, dialect: str, held: bool) -> PromptFormat:
    """The form of that kind."""
    return _form(agent, native, dialect, held=held)


def written_in(agent: Agent[Any], family: str) -> str:
    """The dialect in which calls are asked for and shown back when they are text."""
    if agent.dialect not in ("auto", "native"):
        return agent.dialect
    return dialect_for_model(agent.model.name) or dialect_for_model(family) or "call"


def _form(agent: Agent[Any], native: bool, dialect: str, *, held: bool) -> PromptFormat:
    """The form; `held` says that the endpoint can hold the model to a grammar, and is to."""
    tools = list(agent.tools.values())
    asks = bool(tools) and not native
    grammar = grammar_for(dialect, tools) if held and asks else ""
    parts = [agent.instructions]
    if asks:
        parts.append(DIALECTS[dialect].ask(tools))
    if agent.typed is not None:
        _check_examples(agent, agent.typed)
        parts.append(agent.typed.instruction)
    text = "\n\n".join(part for part in parts if part)
    examples = agent.examples or (DIALECTS[dialect].examples(tools) if asks else ())
    turns = _turns(agent, examples, dialect, asks=asks, exact=bool(grammar))
    opening = (*([SystemMessage(text)] if text else []), *turns)
    schemas = () if asks else tuple(tool.openai_schema() for tool in tools)
    sampling = agent.sampling
    if asks and sampling.stop is None and DIALECTS[dialect].stop:
        sampling = replace(sampling, stop=DIALECTS[dialect].stop)
    return PromptFormat(native, dialect, schemas, sampling, opening, grammar, asks)


def _check_examples(agent: Agent[Any], typed: TypedOutput[Any]) -> None:
    """Raises UsageError for an answer that the agent would refuse. With tools, a call may stand in its place."""
    for number, (*_, answer) in enumerate(() if agent.tools else agent.examples, 1):
        try:
            typed.read(answer)
        except NotTheType as error:
            raise UsageError(f"Example {number} of {agent.name} is no answer that it takes: {error}.") from None


def _turns(agent: Agent[Any], examples: Iterable[Example], dialect: str, *, asks: bool, exact: bool) -> list[Message]:
    """The examples as real turns, each call in them in the form that the model is asked for."""
    turns: list[Message] = []
    for asked, said, *then in examples:
        if asks and not then and not DIALECTS[dialect].in_prose:
            said, then = called_apart(said, agent)
        if then and not asks:
            continue  # a model that calls natively has seen calls; without its call, the answer would look made up
        turns += [UserMessage(asked), AssistantMessage(rewritten(said, agent.signatures, dialect, exact=exact) if asks else said)]
        if then:
            results = [(call.tool, then[0]) for call in read(said, agent.signatures).calls]
            turns += [UserMessage(DIALECTS[dialect].render_results(results, HISTORY_BOUNDARY)), AssistantMessage(then[1])]
    return turns


def called_apart(said: str, agent: Agent[Any]) -> tuple[str, list[str]]:
    """An example with PURE calls inside its prose, for a dialect that has no calls in prose: the calls alone; their results, and the prose
    with the values in it. Any other example as it is."""
    found = read(said, agent.signatures)
    tools = [agent.tools[call.tool] for call in found.calls]
    if found.problems or len(tools) != 1 or not found.text.strip() or tools[0].effect is not Effect.PURE or tools[0].is_async:
        return said, []
    start, end = found.calls[0].span
    try:
        return said[start:end], [fill(said[start:end], tools), fill(said, tools)]
    except ToolError:
        return said, []


def rewritten(text: str, known: ToolSignatures, dialect: str, *, exact: bool = False) -> str:
    """The text with its calls written in the dialect; as it is where one cannot be read, or unless `exact` where they can be read in it."""
    found = read(text, known)
    if found.problems or (not exact and read(text, known, dialect).calls == found.calls):
        return text
    for call in reversed(found.calls):
        start, end = call.span
        text = f"{text[:start]}{DIALECTS[dialect].render(call, tools=known)}{text[end:]}"
    return text
