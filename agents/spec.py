"""An agent's instructions, tools and settings as a plain value. The loop and everything below it read this, never the Agent itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MethodType
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from sayso.tools.definition.tool import AnyTool, HasDict, Tool
from sayso.tools.effects import Effect
from sayso.tools.errors import UsageError

from .messages import AssistantMessage, Conversation, Sampling
from .typed_output import TypedOutput

if TYPE_CHECKING:
    from sayso.tools.dialects import ToolSignatures

    from .guards.guarding import Guarding
    from .guards.verdicts import Guard
    from .hooks import Hooks
    from .messages import Reply
    from .models.model import Model, ModelRequest
    from .tool_sources import OpenedTools
    from .windows.values import Window

Out_co = TypeVar("Out_co", covariant=True)
READ_AGAIN = "read_again"
"""The tool that an agent is given once something was left out of its conversation; see `windows`."""
Example = tuple[str, ...]
"""A user's text and the reply the model should give; or a user's text, a call, its result, and the reply after it."""


@dataclass(frozen=True, kw_only=True, eq=False, slots=True)
class AgentSpec(HasDict, Generic[Out_co]):
    """An agent's instructions, tools and settings.

    `output` is None where the answer is plain text. `dialect` is "auto", "native", or the name of a text dialect. `output_tries` is how
    often the model may try to give an answer of the output type. `fallback` are models that are asked when the one before is down or
    refuses. `window` is how a long conversation is made to fit: True by what is known of the model, False not at all. `guards` look at
    what the agent is asked, says, calls with and reads. One that `is_quiet` works for another: its text is not shown as it is written.
    `opened` are the tools of this run that may change while it lasts, by the place of their source in `tools=`.
    """

    name: str
    model_or_name: str | Model
    instructions: str = ""
    tools: Mapping[str, AnyTool]
    examples: tuple[Example, ...] = ()
    output: TypedOutput[Out_co] | None = None
    sampling: Sampling
    dialect: str = "auto"
    output_tries: int = 3
    fallback: tuple[str | Model, ...] = ()
    window: Window | int | bool = True
    is_quiet: bool = False
    guards: tuple[Guard, ...] = ()
    hooks: Hooks | None = None
    opened: Mapping[int, OpenedTools] = field(default_factory=dict)

    @cached_property
    def guarding(self) -> Guarding:
        """Return the agent's guards, in the order in which they look."""
        from .guards.guarding import Guarding  # late, for load time: few agents have any

        return Guarding(self.guards)

    @cached_property
    def fallback_specs(self) -> tuple[AgentSpec[Out_co], ...]:
        """Return the same agent on each of its fallback models."""
        return tuple(replace(self, model_or_name=model, fallback=()) for model in self.fallback)

    @cached_property
    def model(self) -> Model:
        """Return the model. A name is looked up on first use, so an agent can be declared without a key or a network."""
        if not isinstance(self.model_or_name, str):
            return self.model_or_name
        from .models.named import model_from  # late for load time: a model object needs no client

        return model_from(self.model_or_name)

    @cached_property
    def complete(self) -> Callable[[ModelRequest], Awaitable[Reply]] | None:
        """Return how the model gives a whole reply; None where it can only stream.

        It only streams where it does so in its own way and inherits `complete`: what its `stream` does would be left out.
        """
        model, both = self.model, {"complete", "stream"}
        own: Mapping[str, object] = next((vars(each) for each in type(model).__mro__ if not both.isdisjoint(vars(each))), {})
        return getattr(model, "complete", None) if "complete" in own and "stream" not in getattr(model, "__dict__", ()) else None

    @cached_property
    def signatures(self) -> ToolSignatures:
        """Return the tools' names and parameters in the form that readers of calls take."""
        from sayso.tools.dialects import collect_signatures  # late for load time

        return collect_signatures(tuple(self.tools.values()))

    @cached_property
    def takes_secrets(self) -> bool:
        """Return whether a secret may stand in the arguments of a tool."""
        return any(tool.secret_schema is not None for tool in self.tools.values())

    @cached_property
    def looks_at_replies(self) -> bool:
        """Return whether there is something to do with a reply before it is stored."""
        return bool(self.guards) or any(tool.secret_schema is not None for tool in self.tools.values())

    @cached_property
    def publishes_at_end(self) -> bool:
        """Tell whether a reply's text is published only when the reply is complete.

        Prose around a write waits until the write has ended, half a JSON value is not an answer, and a guard may need all of it.
        """
        if self.is_quiet or self.output is not None or any(tool.effect is Effect.WRITE or tool.from_user for tool in self.tools.values()):
            return True
        return bool(self.guards) and self.guarding.holds_output


def index_tools(tools: Iterable[AnyTool], agent: str) -> dict[str, AnyTool]:
    """Return the tools by name, in order. Raises UsageError for what is not a Tool, and for two tools of one name."""
    by_name: dict[str, AnyTool] = {}
    for each in tools:
        tool: Any = each
        if isinstance(tool, MethodType) and isinstance(tool.__func__, Tool):  # @classmethod above @tool.read, from Python 3.13 on
            tool = replace(tool.__func__, function=MethodType(tool.__func__.function, tool.__self__))
        if not isinstance(tool, Tool):
            raise UsageError(f"{agent} was given {tool!r} as a tool. Declare it with @tool.read, @tool.pure, @tool.egress or @tool.write.")
        if tool.name in by_name:
            raise UsageError(f"{agent} has two tools named {tool.name!r}; give one of them name= (of an MCP server, prefix=).")
        _ = tool.signature  # a tool that could not be called is refused now, not when a model asks for it
        by_name[tool.name] = tool
    return by_name


def split_sources(tools: Any, agent: str) -> tuple[list[AnyTool], list[Any]]:
    """Return the tools among what an agent was given, and what gives each run tools of its own: tool servers, or one function."""
    if callable(tools) and not isinstance(tools, (Tool, type)) and not isinstance(tools, Iterable):
        return [], [tools]
    if isinstance(tools, Tool) or not isinstance(tools, Iterable):
        raise UsageError(f"{agent} was given tools={tools!r}. Write a list of tools: tools=[...], or a function that returns one.")
    given = list(tools)
    return [each for each in given if not hasattr(each, "open_tools")], [each for each in given if hasattr(each, "open_tools")]


def check_text_dialect(name: str) -> None:
    """Raise UsageError for a name that is not a text dialect's."""
    from sayso.tools.dialects import DIALECTS  # late for load time

    if name not in DIALECTS:
        raise UsageError(f"There is no dialect {name!r}. Dialects: auto, native, {', '.join(sorted(DIALECTS))}.")


def find_history_secrets(spec: AgentSpec[object], asked: Conversation) -> frozenset[str]:
    """Return the secrets that the model has written into calls of the agent's tools in an earlier conversation."""
    calls = [call for message in asked.history if isinstance(message, AssistantMessage) for call in message.calls]
    found = [tool.find_secret_texts(call.arguments) for call in calls if (tool := spec.tools.get(call.tool)) is not None]
    return frozenset[str]().union(*(texts for texts in found if texts))
