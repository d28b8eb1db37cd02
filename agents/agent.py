"""An agent: a model, its instructions, the tools it may call, and the type of its answer."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Coroutine, Iterable, Iterator, Mapping, Sequence
from contextlib import aclosing
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypedDict, TypeVar, Unpack, overload

from sayso.tools.approval.background import Said, iter_said
from sayso.tools.approval.requests import Approver
from sayso.tools.calls import TOO_DEEP, find_labels, replace_labelled
from sayso.tools.canonical import prompt_text, readable_json
from sayso.tools.definition.tool import AnyTool
from sayso.tools.effects import CLEAN, Labels
from sayso.tools.errors import UsageError
from sayso.tools.media import Media, split_parts
from sayso.workflows import Limits, Run, RunOptions, RunResult, Workflow
from sayso.workflows.workflow import run_in_new_loop, stream_events

from .messages import Conversation, Message, Sampling, SystemMessage
from .spec import AgentSpec, check_text_dialect, find_history_secrets, index_tools, split_sources
from .typed_output import TypedOutput
from .untrusted_text import FENCE_START, fence_content

if TYPE_CHECKING:
    from sayso.tools.definition.decorators import AsyncTool
    from sayso.workflows import RunEnded
    from sayso.workflows.events.event_types import AnyEvent

    from .guards.verdicts import Guard
    from .hooks import AfterModel, AfterTool, BeforeModel, BeforeTool
    from .loop import AgentLoop
    from .models.model import Model
    from .prompts import Nearest
    from .tool_sources import InstructionsFunction, ToolsFunction, ToolSource
    from .windows.values import Window

Out = TypeVar("Out")
AGENT_LIMITS = Limits(model_calls=20)


class AgentOptions(TypedDict, total=False):
    """The arguments of Agent besides its model and output type."""

    name: str
    instructions: str | InstructionsFunction
    tools: Iterable[AnyTool | ToolSource] | ToolsFunction
    examples: Sequence[tuple[object, ...]] | Nearest
    limits: Limits | None
    approve: Approver | None
    sampling: Sampling | None
    dialect: str
    output_tries: int
    fallback: Sequence[str | Model]
    window: Window | int | bool
    guards: Sequence[Guard]
    before_tool: Sequence[BeforeTool]
    after_tool: Sequence[AfterTool]
    before_model: Sequence[BeforeModel]
    after_model: Sequence[AfterModel]


class Agent(Workflow[Any, Out], Generic[Out]):
    """Asks a model until it has an answer, executing the calls in its replies: reads at once, writes only after an approval.

    - `model`: a name ("gpt-5-mini", "ollama:qwen3", "http://localhost:8000/v1#qwen3") or a Model.
    - `instructions`, `tools`: texts and tools, or functions of the context (its `deps`) that return them for each run: docs/tools.md.
    - `output`: the type of the answer; text by default. `output_tries` is how often the model may try to give it.
    - `approve`: decides on writes if the caller of a run gives no approver.
    - `examples`: pairs of a user's text and the answer that the model should give (a text, or a value of the output type), or four texts
      with a call between: text, call, result, answer. They go to the model as real turns. `examples_from(runs)` in their place chooses
      those nearest to the question.
    - `dialect`: how the model writes calls: "auto", "native", or the name of a text dialect.
    - `fallback`: models to ask, in order, when the one before is down or refuses; each switch is an event.
    - `window`: how to make a long conversation fit: a number of tokens, a Window, or False to send it whole; by default as much as the
      model takes.
    - `guards`: check the questions and answers, calls and results: docs/guards.md.
    - `before_tool`, `after_tool`, `before_model`, `after_model`: hooks, which may refuse a call or a reply: docs/tools.md.
    """

    kind = "agent"
    declares_tools = True
    run_options: ClassVar[frozenset[str]] = RunOptions.__optional_keys__ | {"history", "sampling"}

    @overload
    def __init__(self: Agent[str], model: str | Model, **options: Unpack[AgentOptions]) -> None: ...
    @overload
    def __init__(self, model: str | Model, *, output: type[Out], **options: Unpack[AgentOptions]) -> None: ...
    @overload  # a Literal and a union are no type[...] to checkers
    def __init__(self: Agent[Any], model: str | Model, *, output: object, **options: Unpack[AgentOptions]) -> None: ...
    def __init__(
        self,
        model: str | Model,
        *,
        name: str = "agent",
        instructions: str | InstructionsFunction = "",
        tools: Iterable[AnyTool | ToolSource] | ToolsFunction = (),
        examples: Sequence[tuple[object, ...]] | Nearest = (),
        output: object = str,
        limits: Limits | None = None,
        approve: Approver | None = None,
        sampling: Sampling | None = None,
        dialect: str = "auto",
        output_tries: int = 3,
        fallback: Sequence[str | Model] = (),
        window: Window | int | bool = True,
        guards: Sequence[Guard] = (),
        before_tool: Sequence[BeforeTool] = (),
        after_tool: Sequence[AfterTool] = (),
        before_model: Sequence[BeforeModel] = (),
        after_model: Sequence[AfterModel] = (),
    ) -> None:
        super().__init__(name, AGENT_LIMITS if limits is None else limits)
        if dialect not in ("auto", "native"):
            check_text_dialect(dialect)
        if isinstance(fallback, str) or not isinstance(fallback, Sequence):
            raise UsageError(f"fallback={fallback!r} is not a list of models. Write fallback=[{fallback!r}].")
        if window is not True:
            from .windows.values import make_window  # late, for load time

            make_window(window)
        if guards:
            from .guards.guarding import check_guards  # late, for load time: few agents have any

            guards = check_guards(guards)
        hooks = None
        if before_tool or after_tool or before_model or after_model:
            from .hooks import make_hooks  # late, as above

            hooks = make_hooks(name, before_tool=before_tool, after_tool=after_tool, before_model=before_model, after_model=after_model)
        own, self._sources = split_sources(tools, name)
        self._write_instructions = instructions if callable(instructions) else None
        self.approve = approve
        self._nearest = None if isinstance(examples, Sequence) else examples
        self.spec: AgentSpec[Out] = AgentSpec(
            name=self.name,
            model_or_name=model,
            instructions="" if callable(instructions) else instructions,
            tools=index_tools(own, name),
            examples=tuple(_example_as_text(*each) for each in examples) if isinstance(examples, Sequence) else (),
            output=None if output is str else TypedOutput(output),
            sampling=sampling or Sampling(),
            dialect=dialect,
            output_tries=output_tries,
            fallback=tuple(fallback),
            window=window,
            guards=tuple(guards),
            hooks=hooks,
        )

    @property
    def model(self) -> Model:
        """Return the model; a name is looked up on first use."""
        return self.spec.model

    @cached_property
    def _loop(self) -> AgentLoop[Out]:
        return _make_loop(self.spec)  # once, for an import in a function takes microseconds each time

    async def strip_opening(self, history: Sequence[Message]) -> tuple[Message, ...]:
        """Return an earlier conversation without its opening (instructions, examples), which the agent puts before it again."""
        _check_history(history)
        opening = (await self._loop.formats.choose()).opening
        if self._write_instructions is not None:  # each run has its own
            opening = tuple(each for each in opening if not isinstance(each, SystemMessage))
            history = [each for each in history if not isinstance(each, SystemMessage)]
        begin = len(opening) if tuple(history[: len(opening)]) == opening else 0
        if self._nearest is not None:
            from .prompts import select_turns  # late, for load time

            return tuple(select_turns(history[begin:]))  # the examples of the next question are others
        return tuple(message for message in history[begin:] if not isinstance(message, SystemMessage))

    def _make_conversation(self, value: object, history: tuple[Message, ...], sampling: Sampling | None = None) -> Conversation:
        if not isinstance(value, Conversation):
            asked = Conversation(value, history) if isinstance(value, str) else make_conversation(value, history)
        elif history:
            raise UsageError(f"{self.name} was given a Conversation and a history; a Conversation has its own: prompt.fill(history=...).")
        else:
            asked = value
        return asked if sampling is None else asked._replace(sampling=sampling)

    async def guard_input(self, value: object) -> Conversation:
        """Return what is asked as it may be stored: what guards refuse or replace is no longer in it. `run` does it by itself.

        Use it before a run is queued or begun by an engine, which stores what it is given.
        """
        from .guards.guarded_input import guard_before  # late, for load time: few agents have any guards

        return await guard_before(self.spec, self._make_conversation(value, ()))

    def find_user_texts(self, value: object) -> Iterable[str | Said]:
        """Return the user's words: what is asked now and what was asked before, without the untrusted text quoted in it."""
        if not isinstance(value, Conversation):
            return super().find_user_texts(value)
        if not value.history and value.said is None and FENCE_START not in value.text:
            return (value.text,)
        return value.user_texts

    def take_outside(self, value: object, labels: Labels) -> Conversation:
        """Return the task of another program: the user has said none of it."""
        return Conversation(str(value), (), labels, ())

    def own_tools(self) -> Iterator[AnyTool]:
        """Yield the agent's tools, and those that its code tools may call."""
        for tool in self.spec.tools.values():
            yield tool
            if tool.program is not None:
                yield from tool.program.functions.values()

    def find_secrets(self, value: object) -> frozenset[str]:
        """Return the secrets in the calls of an earlier conversation that the value goes on with."""
        return find_history_secrets(self.spec, value) if isinstance(value, Conversation) and value.history else frozenset()

    @property
    def identity(self) -> object:
        """Return what tells the agent from another one of its name: its instructions and the names of its tools."""
        written = self._write_instructions
        return self.spec.instructions if written is None else getattr(written, "__qualname__", ""), tuple(self.spec.tools)

    def as_tool(self, *, name: str | None = None, description: str = "") -> AsyncTool[[Any], Out]:
        """Return this agent as a tool of another; without a `description` its instructions say what it is for. See Workflow.as_tool."""
        instructions = self.spec.instructions
        if not (description or instructions):
            raise UsageError(
                f"{self.name} has no instructions that tell another agent its purpose. Write {self.name}.as_tool(description='...')."
            )
        return super().as_tool(name=name, description=description or f"Asks an agent that is told: {instructions}")

    # A coroutine of its own would cost as much as a step; pyright knows only the class of those that `async def` makes.
    def execute(self, run: Run, value: object) -> Coroutine[Any, Any, Out]:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Converse with the model until there is an answer; see `AgentLoop.converse`."""
        asked = value if isinstance(value, Conversation) else self._make_conversation(value, ())
        if self._sources or self._write_instructions is not None:
            return self._converse_in_context(run, asked)
        return self._loop.converse(run, asked) if self._nearest is None else self._converse_with_examples(run, asked, self._nearest)

    async def _converse_in_context(self, run: Run, asked: Conversation) -> Out:
        """Converse with the instructions and tools of this run. What its sources open is open until it ends or pauses."""
        from .run_context import open_sources, write_instructions  # late, for load time: few agents have any

        spec = self.spec if self._write_instructions is None else await write_instructions(run, self.spec, self._write_instructions)
        async with open_sources(run, spec, self._sources) as spec:
            loop = _make_loop(spec)
            if self._nearest is None:
                return await loop.converse(run, asked)
            return await self._converse_with_examples(run, asked, self._nearest, loop)

    async def _converse_with_examples(self, run: Run, asked: Conversation, nearest: Nearest, loop: AgentLoop[Out] | None = None) -> Out:
        """Look up the examples that are nearest to the question, as a step: a resumed run is shown the same."""
        from .prompts import find_example_turns  # late, for load time

        turns: tuple[Message, ...] = await run.step("examples", find_example_turns, nearest, asked.text)
        return await (loop or self._loop).converse(run, asked._replace(history=(*turns, *asked.history)))

    # mypy takes an option more in a subclass, as it should; pyright compares `history` with the dict that all of RunOptions come in.
    async def run(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, value: Any, *, history: Sequence[Message] = (), sampling: Sampling | None = None, **options: Unpack[RunOptions]
    ) -> RunResult[Out]:
        """Answer `value`, a question or a Conversation (which a Prompt makes), after `history`: an earlier result's `.messages`.

        `sampling` counts before the agent's own, for this run. The other options are those of Workflow.run.
        """
        conversation = self._make_conversation(value, await self.strip_opening(history) if history else (), sampling)
        if self.spec.guards:
            conversation = await self.guard_input(conversation)
        return await self._open(conversation, **options).execute(suspends=True)

    def run_sync(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, value: Any, *, history: Sequence[Message] = (), sampling: Sampling | None = None, **options: Unpack[RunOptions]
    ) -> RunResult[Out]:
        """Call `run` from a program without an event loop."""
        return run_in_new_loop(lambda: self.run(value, history=history, sampling=sampling, **options), "run_sync")

    async def run_events(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, value: Any, *, history: Sequence[Message] = (), sampling: Sampling | None = None, **options: Unpack[RunOptions]
    ) -> AsyncGenerator[AnyEvent, None]:
        """Answer as `run` does and yield the public events as they happen, RunFinished or RunPaused last: see sayso.events."""
        conversation = self._make_conversation(value, await self.strip_opening(history) if history else (), sampling)
        if self.spec.guards:
            conversation = await self.guard_input(conversation)
        async with aclosing(super().run_events(conversation, **options)) as told:
            async for event in told:
                yield event

    async def run_stream(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, value: Any, *, history: Sequence[Message] = (), sampling: Sampling | None = None, **options: Unpack[RunOptions]
    ) -> AsyncGenerator[AnyEvent | RunEnded, None]:
        """Answer as `run` does and yield what `run_events` does, and RunEnded with the result last."""
        conversation = self._make_conversation(value, await self.strip_opening(history) if history else (), sampling)
        if self.spec.guards:
            conversation = await self.guard_input(conversation)
        async with aclosing(super().run_stream(conversation, **options)) as told:
            async for event in told:
                yield event

    async def stream_emitted(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, value: Any, *, history: Sequence[Message] = (), sampling: Sampling | None = None, **options: Unpack[RunOptions]
    ) -> AsyncGenerator[Any, None]:
        """Answer as `run` does and yield what the engine itself emits: see `Workflow.stream_emitted`."""
        conversation = self._make_conversation(value, await self.strip_opening(history) if history else (), sampling)
        if self.spec.guards:
            conversation = await self.guard_input(conversation)
        async for event in stream_events(self._open(conversation, **options)):
            yield event


def _make_loop(spec: AgentSpec[Out]) -> AgentLoop[Out]:
    # Late for load time: many programs only declare an agent.
    from .prompt_format import FormatChoice

    if spec.guards:
        from .guards.guarded_loop import GuardedLoop  # late, for load time: few agents have any

        return GuardedLoop(spec, FormatChoice(spec))
    if spec.hooks is not None:
        from .hooked_loop import HookedLoop  # late, as above

        return HookedLoop(spec, FormatChoice(spec))
    from .loop import AgentLoop  # late, as above

    return AgentLoop(spec, FormatChoice(spec))


def make_conversation(value: object, history: tuple[Message, ...] = ()) -> Conversation:
    """Return a value as what an agent is asked: the texts of others in it in fences, its labels beside it."""
    try:
        value = replace_labelled(value, lambda content: content)  # a run's result by its content
        labels, said, fenced = find_labels(value), tuple(iter_said(value)), replace_labelled(value, fence_content)
        parts = tuple(part if isinstance(part, Media) else prompt_text(part) for part in split_parts(fenced))
    except RecursionError:
        raise UsageError(TOO_DEEP) from None
    asked = Conversation("", history, None if labels is CLEAN else labels, said)
    if not parts:
        return asked._replace(text=prompt_text(fenced))
    return asked._replace(text="\n\n".join(part for part in parts if isinstance(part, str)), parts=parts)


def _check_history(history: object) -> None:
    """Raise UsageError for a history that is not a sequence of messages; it says how messages come out of JSON."""
    if isinstance(history, Sequence) and not isinstance(history, (str, bytes)):
        others = [message for message in history if not isinstance(message, Message)]
        if not others:
            return
        other = others[0]
    else:
        other = history
    how = "history= takes the .messages of an earlier result"
    if isinstance(other, Mapping) and "role" in other:
        raise UsageError(f"{str(other)[:80]} is not a message. {how}; OpenAI's messages are read by messages.from_openai(...).")
    raise UsageError(f"{str(other)[:80]} is not a message. {how}; from JSON they are read by messages.from_json(...), see docs/models.md.")


def _example_as_text(asked: object, *replies: object) -> tuple[str, ...]:
    """Return an example as text: a question as the agent would be asked it, an answer of the output type as the model should write it."""
    return prompt_text(asked), *(each if isinstance(each, str) else readable_json(each) for each in replies)
