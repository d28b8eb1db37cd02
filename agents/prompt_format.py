"""The format in which an agent and its model converse: how calls are written, and which messages open the conversation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from sayso.tools import fill
from sayso.tools.canonical import JsonObject
from sayso.tools.dialects import DIALECTS, ReadCall, ToolSignatures, dialect_for_model, read
from sayso.tools.effects import Effect
from sayso.tools.errors import ToolError, UsageError

from .messages import AssistantMessage, Message, Sampling, SystemMessage, ToolMessage, UserMessage
from .models.call_grammar import grammar_for
from .typed_output import InvalidOutput

if TYPE_CHECKING:
    from .spec import AgentSpec

LONG_OPENING = 2000
"""Characters of instructions that any model takes, and no tokens need be counted for."""
HISTORY_BOUNDARY = "0"  # an earlier conversation is shown again, and nothing in it is parsed again


@dataclass(frozen=True, slots=True)
class PromptFormat:
    """How a conversation is held.

    With `native`, calls go through the provider's own field and `schemas` describe the tools. Otherwise calls are text in `dialect`, and
    `tools_in_prompt` says that the system message describes the tools. `opening` is what comes before the user's words. `grammar` is the
    GBNF grammar that holds the model to the dialect, where the endpoint takes one. With `speaks_of_tools` the model calls natively, and
    NAME(...) in its prose is a call only of PURE tools. A script calls in its lines, whatever it is sent (`writes_calls`). `is_long` says
    that the opening or the tools may be more than some model takes.
    """

    native: bool
    dialect: str
    schemas: tuple[JsonObject, ...]
    sampling: Sampling
    opening: tuple[Message, ...]
    grammar: str = ""
    tools_in_prompt: bool = False
    speaks_of_tools: bool = False
    is_long: bool = False

    @property
    def kind(self) -> tuple[bool, str, bool]:
        """Return what tells it from the agent's other formats: the arguments of `make_prompt_format`."""
        return self.native, self.dialect, bool(self.grammar)

    def convert_history(self, history: Sequence[Message]) -> tuple[Message, ...]:
        """Return an earlier conversation in this format: a model that is given no tools is shown calls and results as text."""
        if self.native:
            return tuple(history)
        dialect = DIALECTS[self.dialect]
        converted: list[Message] = []
        for message in history:
            match message:
                case AssistantMessage(text, calls, True) if calls:
                    as_text = dialect.render(*(ReadCall(call.tool, call.arguments) for call in calls))
                    converted.append(message._replace(text=f"{text}\n{as_text}".strip(), native=False))
                case ToolMessage(results, True):
                    as_text = dialect.render_results([(result.origin, result.text) for result in results], HISTORY_BOUNDARY)
                    converted.append(ToolMessage(results, shown=as_text))
                case _:
                    converted.append(message)
        return tuple(converted)


@dataclass(slots=True, eq=False)
class FormatChoice:
    """An agent's prompt format: chosen on first use, and changed to text when the endpoint turns out to refuse tools.

    `context` is what is known of the length of the model's context; see `windows`.
    """

    spec: AgentSpec[object]
    chosen: PromptFormat | None = None
    context: object = field(default=None, init=False)
    _fallbacks: tuple[FormatChoice, ...] | None = field(default=None, init=False)

    @property
    def fallbacks(self) -> tuple[FormatChoice, ...]:
        """Return the same choice for each of the agent's fallback models."""
        if self._fallbacks is None:
            self._fallbacks = tuple(FormatChoice(spec) for spec in self.spec.fallback_specs)
        return self._fallbacks

    async def choose(self, *, may_ask: bool = True) -> PromptFormat:
        """Return the format that the agent's dialect asks for. "auto" asks the endpoint what it can do, until it answers.

        With `may_ask` False (a replay) no endpoint is asked, and the choice is not remembered.
        """
        if self.chosen is not None:
            return self.chosen
        spec, model = self.spec, self.spec.model
        native, family, constrained, is_known = model.takes_tools, "", False, True
        if spec.tools:
            constrain = getattr(model, "constrain", False)
            abilities = getattr(model, "abilities", None)  # an endpoint has them; a script and a model of the user's need not
            if may_ask and abilities is not None and (spec.dialect == "auto" or constrain):
                known = await abilities()
                family, constrained, is_known = known.family, constrain and known.grammar, known.answered
            # After the question: only then does the model know whether it takes tools.
            native = spec.dialect == "native" or (spec.dialect == "auto" and model.takes_tools)
        chosen = make_prompt_format(spec, native, family, constrained)
        if may_ask and is_known:
            self.chosen = chosen
        return chosen

    def switch_to_text(self) -> PromptFormat:
        """Return the format for calls as text, and remember it: the model was expected to take tools, and refuses them."""
        self.chosen = make_prompt_format(self.spec, False, "", False)
        return self.chosen


def make_prompt_format(spec: AgentSpec[object], native: bool, family: str, constrained: bool) -> PromptFormat:
    """Return the format of this kind. `constrained` says that the endpoint is to hold written calls to a grammar.

    Calls as text are written in the dialect that the agent names, else in that of the model's family (by the model's name, or as the
    endpoint says: `family`), else as NAME(arguments).

    Raises UsageError for an example whose answer the agent would not accept.
    """
    dialect = spec.dialect
    if dialect in ("auto", "native"):
        dialect = dialect_for_model(spec.model.name) or dialect_for_model(family) or "call"
    tools = list(spec.tools.values())
    as_text = bool(tools) and not native
    grammar = grammar_for(dialect, tools) if constrained and as_text else ""
    parts = [spec.instructions]
    if as_text:
        parts.append(DIALECTS[dialect].ask(tools))
    if spec.output is not None:
        _check_examples(spec)
        parts.append(spec.output.instruction)
    text = "\n\n".join(part for part in parts if part)
    examples = spec.examples or (DIALECTS[dialect].examples(tools) if as_text else ())
    turns = _example_turns(spec, examples, dialect, as_text=as_text, exact=bool(grammar)) if examples else []
    opening = (*([SystemMessage(text)] if text else []), *turns)
    schemas = () if as_text else tuple(tool.openai_schema() for tool in tools)
    sampling = spec.sampling
    if as_text and sampling.stop is None and DIALECTS[dialect].stop:
        sampling = replace(sampling, stop=DIALECTS[dialect].stop)
    speaks_of_tools = native and not getattr(spec.model, "writes_calls", False)
    is_long = len(text) > LONG_OPENING or len(turns) > 4 or len(tools) > 12
    return PromptFormat(native, dialect, schemas, sampling, opening, grammar, as_text, speaks_of_tools, is_long)


def _check_examples(spec: AgentSpec[object]) -> None:
    """Raise UsageError for an answer that the agent would refuse. With tools, a call may stand in its place."""
    assert spec.output is not None
    for number, (*_, answer) in enumerate(() if spec.tools else spec.examples, 1):
        try:
            spec.output.parse(answer)
        except InvalidOutput as error:
            raise UsageError(f"The answer in example {number} of {spec.name} does not fit the agent's output type: {error}.") from None


def _example_turns(
    spec: AgentSpec[object], examples: Iterable[Sequence[str]], dialect: str, *, as_text: bool, exact: bool
) -> list[Message]:
    """Return the examples as real turns, each call in them written as the model is asked to write it."""
    turns: list[Message] = []
    for asked, reply, *then in examples:
        if as_text and not then and not DIALECTS[dialect].in_prose:
            reply, then = split_inline_call(reply, spec)
        if not as_text and (then or not _is_read_as_written(reply, spec)):
            continue  # a model that calls natively has seen calls; without its call, the answer would look made up
        turns += [UserMessage(asked), AssistantMessage(rewrite_calls(reply, spec.signatures, dialect, exact=exact) if as_text else reply)]
        if then:
            results = [(call.tool, then[0]) for call in read(reply, spec.signatures).calls]
            turns += [UserMessage(DIALECTS[dialect].render_results(results, HISTORY_BOUNDARY)), AssistantMessage(then[1])]
    return turns


def _is_read_as_written(reply: str, spec: AgentSpec[object]) -> bool:
    """Tell whether each call in an example is one in the words of a model that takes tools. It copies what it is shown."""
    written = read(reply, spec.signatures).calls if spec.tools else ()
    if not written or spec.dialect == "native":
        return not written
    return read(reply, spec.signatures, native=not getattr(spec.model, "writes_calls", False)).calls == written


def split_inline_call(reply: str, spec: AgentSpec[object]) -> tuple[str, list[str]]:
    """Split an example whose prose holds one PURE call, for a dialect that has no calls in prose.

    Return the call alone, and a list of its result and the prose with the value in it. Any other example is returned as it is, with an
    empty list.
    """
    found = read(reply, spec.signatures)
    tools = [spec.tools[call.tool] for call in found.calls]
    if found.problems or len(tools) != 1 or not found.text.strip() or tools[0].effect is not Effect.PURE or tools[0].is_async:
        return reply, []
    start, end = found.calls[0].span
    try:
        return reply[start:end], [fill(reply[start:end], tools), fill(reply, tools)]
    except ToolError:
        return reply, []


def rewrite_calls(text: str, known: ToolSignatures, dialect: str, *, exact: bool = False) -> str:
    """Return the text with its calls written in the dialect.

    A text with a call that cannot be read stays as it is; unless `exact`, so does one whose calls can be read in the dialect already.
    """
    found = read(text, known)
    if found.problems or (not exact and read(text, known, dialect).calls == found.calls):
        return text
    for call in reversed(found.calls):
        start, end = call.span
        text = f"{text[:start]}{DIALECTS[dialect].render(call, tools=known)}{text[end:]}"
    return text
