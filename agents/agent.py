"""An agent: a model, what it is told, the tools it may ask for, and the type of its answer."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast, overload

from sayso.tools import Tool
from sayso.tools.approval.policy import Grants
from sayso.tools.approval.requests import Approver
from sayso.tools.canonical import prompt_text, readable_json
from sayso.tools.effects import Effect
from sayso.tools.errors import UsageError
from sayso.workflows import Engine, Limits, Run, RunResult, Workflow
from sayso.workflows.workflow import in_a_loop, streamed

from .messages import Conversation, Message, Sampling, SystemMessage, UserMessage
from .typed_output import TypedOutput
from .untrusted_text import own_words

if TYPE_CHECKING:
    from sayso.tools.definition.decorators import AsyncTool
    from sayso.tools.dialects import ToolSignatures

    from .models.model import Model
    from .prompt_format import PromptFormat

Out = TypeVar("Out")
AGENT_LIMITS = Limits(model_calls=20)


class Agent(Workflow[Any, Out], Generic[Out]):
    """Asks a model until it has an answer, carrying out what the model asks for: reads at once, writes only after a yes.

    `model` is a name ("gpt-5-mini", "http://localhost:11434/v1#qwen3") or a Model. `examples` are pairs of what a user says and what the
    model should say (a text, or a value of the output type), or four texts where a call comes between: said, call, result, answer. They go
    to the model as real turns. `output` is the type of the answer. `approve` answers for its writes where the caller gives no approver.
    `dialect` is how calls are written: "auto", "native", or the name of a text dialect.
    """

    kind = "agent"

    @overload
    def __init__(
        self: Agent[str],
        model: str | Model,
        *,
        name: str = ...,
        instructions: str = ...,
        tools: Iterable[Tool[..., Any]] = ...,
        examples: Sequence[tuple[Any, ...]] = ...,
        limits: Limits | None = ...,
        approve: Approver | None = ...,
        sampling: Sampling | None = ...,
        dialect: str = ...,
        output_tries: int = ...,
    ) -> None: ...
    @overload
    def __init__(
        self,
        model: str | Model,
        *,
        name: str = ...,
        instructions: str = ...,
        tools: Iterable[Tool[..., Any]] = ...,
        examples: Sequence[tuple[Any, ...]] = ...,
        output: type[Out],
        limits: Limits | None = ...,
        approve: Approver | None = ...,
        sampling: Sampling | None = ...,
        dialect: str = ...,
        output_tries: int = ...,
    ) -> None: ...
    @overload  # a Literal and a union are no type[...] to checkers
    def __init__(
        self: Agent[Any],
        model: str | Model,
        *,
        name: str = ...,
        instructions: str = ...,
        tools: Iterable[Tool[..., Any]] = ...,
        examples: Sequence[tuple[Any, ...]] = ...,
        output: object,
        limits: Limits | None = ...,
        approve: Approver | None = ...,
        sampling: Sampling | None = ...,
        dialect: str = ...,
        output_tries: int = ...,
    ) -> None: ...
    def __init__(
        self,
        model: str | Model,
        *,
        name: str = "agent",
        instructions: str = "",
        tools: Iterable[Tool[..., Any]] = (),
        examples: Sequence[tuple[Any, ...]] = (),
        output: Any = str,
        limits: Limits | None = None,
        approve: Approver | None = None,
        sampling: Sampling | None = None,
        dialect: str = "auto",
        output_tries: int = 3,
    ) -> None:
        super().__init__(name, AGENT_LIMITS if limits is None else limits)
        self._model = model
        self.instructions = instructions
        self.tools: Mapping[str, Tool[..., Any]] = _by_name(tools, name)
        self.examples = tuple(_example(*each) for each in examples)
        self.typed: TypedOutput[Out] | None = None if output is str else TypedOutput(output)
        self.approve = approve
        self.sampling = sampling or Sampling()
        self.dialect = _known_dialect(dialect)
        self.output_tries = output_tries
        self.known_form: PromptFormat | None = None
        # Prose around a write waits until the write is settled, and half a JSON value is no answer: these say their text at the end.
        self.speaks_last = self.typed is not None or any(tool.effect is Effect.WRITE or tool.from_user for tool in self.tools.values())

    @cached_property
    def model(self) -> Model:
        """The model; a name is looked up when it is first asked."""
        if not isinstance(self._model, str):
            return self._model
        from .models.named import model_from

        return model_from(self._model)

    @cached_property
    def reads_text(self) -> bool:
        """Whether calls are looked for in a reply's text."""
        return bool(self.tools) and self.dialect != "native"

    @cached_property
    def signatures(self) -> ToolSignatures:
        """The tools as a reader of calls sees them."""
        from sayso.tools.dialects import collect_signatures

        return collect_signatures(tuple(self.tools.values()))

    async def form(self, *, asks: bool = True) -> PromptFormat:
        """In which form its conversations are held; found out once, where the endpoint may be asked."""
        if self.known_form is not None:
            return self.known_form
        from .prompt_format import choose_prompt_format

        form = await choose_prompt_format(self, asks=asks)
        if asks:
            self.known_form = form
        return form

    def write_calls_as_text(self) -> PromptFormat:
        """From now on calls are text: the model was said to take tools, and refuses them."""
        from .prompt_format import in_text

        self.known_form = in_text(self)
        return self.known_form

    async def continued(self, history: Sequence[Message]) -> tuple[Message, ...]:
        """An earlier conversation without its opening, which this one has itself."""
        opening = (await self.form()).opening
        begin = len(opening) if tuple(history[: len(opening)]) == opening else 0
        return tuple(message for message in history[begin:] if not isinstance(message, SystemMessage))

    def _asked(self, value: Any, history: tuple[Message, ...]) -> Conversation:
        if not isinstance(value, Conversation):
            return Conversation(prompt_text(value), history)
        if history:
            raise UsageError(f"{self.name} was given a Conversation and a history; a Conversation has its own: prompt.fill(history=...).")
        return value

    def find_user_texts(self, value: Any) -> Iterable[str]:
        """The user's words: what is asked now and what was asked before, without what is quoted from others."""
        if not isinstance(value, Conversation):
            return super().find_user_texts(value)
        if not value.history:
            return (own_words(value.text),)
        said = [own_words(each.text) for each in value.history if isinstance(each, UserMessage) and not each.example]
        return [*said, own_words(value.text)]

    def effects(self) -> Iterator[Effect]:
        """The effects of its tools."""
        for tool in self.tools.values():
            yield tool.effect

    @property
    def identity(self) -> Any:
        """What it is told and may do: two agents of one name that differ in these are two."""
        return self.instructions, tuple(self.tools)

    def as_tool(self, *, name: str | None = None, description: str = "") -> AsyncTool[[Any], Out]:
        """This agent as a tool of another; without a `description` its instructions say what it is for. See Workflow.as_tool."""
        if not (description or self.instructions):
            raise UsageError(f"{self.name} has no instructions to say what it is for; write {self.name}.as_tool(description='...').")
        return super().as_tool(name=name, description=description or f"Asks an agent that is told: {self.instructions}")

    @cached_property
    def _converse(self) -> Callable[[Any, Run, Conversation], Coroutine[Any, Any, Out]]:
        from .loop import converse

        return converse

    def execute(self, run: Run, value: Any) -> Coroutine[Any, Any, Out]:
        """Converse until there is an answer; see `loop.converse`."""
        return self._converse(self, run, self._asked(value, ()))

    async def run(
        self,
        value: Any,
        *,
        history: Sequence[Message] = (),
        deps: Any = None,
        approve: Approver | None = None,
        limits: Limits | None = None,
        engine: Engine | None = None,
        run_id: str | None = None,
        grants: Grants = (),
    ) -> RunResult[Out]:
        """Answer `value`, after `history` (an earlier result's `.messages`) if that is given; or a Conversation, which a Prompt makes.

        Otherwise as Workflow.run.
        """
        asked = self._asked(value, await self.continued(history) if history else ())
        opened = self._open(asked, deps, approve or self.approve, limits, engine, run_id, grants)
        result: RunResult[Out] = await opened.execute(suspends=True)
        return result

    def run_sync(
        self,
        value: Any,
        *,
        history: Sequence[Message] = (),
        deps: Any = None,
        approve: Approver | None = None,
        limits: Limits | None = None,
        engine: Engine | None = None,
        run_id: str | None = None,
        grants: Grants = (),
    ) -> RunResult[Out]:
        """`run` for programs without an event loop."""
        return cast(
            RunResult[Out],
            in_a_loop(
                lambda: self.run(
                    value, history=history, deps=deps, approve=approve, limits=limits, engine=engine, run_id=run_id, grants=grants
                ),
                "run_sync",
            ),
        )

    async def run_stream(
        self,
        value: Any,
        *,
        history: Sequence[Message] = (),
        deps: Any = None,
        approve: Approver | None = None,
        limits: Limits | None = None,
        engine: Engine | None = None,
        run_id: str | None = None,
        grants: Grants = (),
    ) -> AsyncIterator[Any]:
        """The events of the run as they happen, pieces of text among them, its RunEnded last."""
        asked = self._asked(value, await self.continued(history) if history else ())
        async for event in streamed(self._open(asked, deps, approve or self.approve, limits, engine, run_id, grants)):
            yield event


def _known_dialect(name: str) -> str:
    if name in ("auto", "native"):
        return name
    from sayso.tools.dialects import DIALECTS

    if name not in DIALECTS:
        raise UsageError(f"There is no dialect {name!r}. Dialects: auto, native, {', '.join(sorted(DIALECTS))}.")
    return name


def _example(asked: Any, *said: Any) -> tuple[str, ...]:
    """An example as text: a question as the agent would be asked it, an answer of the output type as the model should write it."""
    return prompt_text(asked), *(each if isinstance(each, str) else readable_json(each) for each in said)


def _by_name(tools: Iterable[Tool[..., Any]], agent: str) -> dict[str, Tool[..., Any]]:
    named: dict[str, Tool[..., Any]] = {}
    for tool in tools:
        if not isinstance(tool, Tool):
            raise UsageError(f"{agent} was given {tool!r} as a tool. Declare it with @tool.read, @tool.pure, @tool.egress or @tool.write.")
        if tool.name in named:
            raise UsageError(f"{agent} has two tools named {tool.name!r}; give one of them name=.")
        named[tool.name] = tool
    return named
