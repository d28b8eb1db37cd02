"""A tool: a typed function that a model may ask for, with what it can do to the world and how it is shown."""

from __future__ import annotations

import asyncio
import inspect
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, TypeVar, cast

from ..calls import Content, ToolCall
from ..canonical import canonical_json, readable_json, sha256, strict_json
from ..effects import Effect, Secrecy, Trust
from ..errors import InvalidArguments, ToolError, UsageError
from ..threads import in_a_thread
from .schema import Signature, arguments_model, as_json, schema_of, signature_of, text_parameters, validated

if TYPE_CHECKING:
    from pydantic import BaseModel

    from ..sandbox import Sandbox
    from .code_tool import Program

P = ParamSpec("P")
R = TypeVar("R")
DepsT = TypeVar("DepsT")

Card = str | Callable[[Mapping[str, Any]], str]
Inline = Callable[[object, str, str], str]
"""Writes a value into the text: `inline(value, before, after)`, with the last 200 characters before the call and a few words after it."""
Lookup = Callable[[str], Awaitable[object | None]]
Prepare = Callable[[Mapping[str, Any], "ToolContext[Any]"], Mapping[str, Any]]
Caution = Callable[[Mapping[str, Any], "ToolContext[Any]"], str]


@dataclass(frozen=True, slots=True)
class ToolContext(Generic[DepsT]):
    """What the application hands a tool beside the model's arguments.

    `key` is the idempotency key of this call: the same before and after a crash, different for each call.
    `user_text` is what the user wrote last; `call` is the call being performed (None when code calls the tool).
    """

    deps: DepsT
    key: str = ""
    call: ToolCall | None = None
    user_text: str = ""


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Tool(Generic[P, R]):
    """A function with a schema, an effect and a card. Made by `@tool.pure`, `@tool.read`, `@tool.egress` or `@tool.write`.

    `carried_by` is the workflow of a tool that was made of one (`agent.as_tool()`): a run carries its calls out as children of its own.
    """

    function: Callable[P, R]
    name: str
    effect: Effect
    description: str
    card: Card | None = None
    timeout_seconds: float | None = None
    requires_approval: bool = False
    ends_turn: bool = False
    idempotent: bool = False
    lookup: Lookup | None = None
    trust: Trust = Trust.TOOL
    secrecy: Secrecy = Secrecy.PUBLIC
    inline: Inline | None = None
    prepare: Prepare | None = None
    caution: Caution | None = None
    """What a person should look at twice before they say yes to these arguments; empty where there is nothing."""
    cost_usd: float | Callable[[Mapping[str, Any]], float] = 0.0
    from_user: tuple[str, ...] = ()
    sandbox: Sandbox | None = None
    program: Program | None = None
    awaited: Callable[..., Awaitable[Any]] | None = None
    """The same function for an event loop: what it would block for, it awaits."""
    effect_stated: bool = True
    workflow: Any = None
    bound: Mapping[str, object] = field(default_factory=dict)
    parameter_texts: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def signature(self) -> Signature:
        """The parameters that a caller fills in, without the bound ones and the context."""
        full = signature_of(self.function, ToolContext)
        return Signature(tuple(p for p in full.parameters if p.name not in self.bound), full.context, full.hints, full.returns)

    @cached_property
    def arguments(self) -> type[BaseModel]:
        """The pydantic model that a call's arguments are checked with."""
        return arguments_model(self.name, self.signature)

    @cached_property
    def parameters(self) -> dict[str, Any]:
        """The JSON schema of the arguments."""
        return schema_of(self.arguments, self.signature, self.parameter_texts)

    @cached_property
    def version(self) -> str:
        """A hash of name, schema, card and code: an approval given for one version does not hold for another."""
        from .fingerprint import code_text

        card = self.card if isinstance(self.card, str) else code_text(self.card)
        return f"2.{sha256(self.name, self.parameters, str(self.effect), card, code_text(self.function))[:16]}"

    @cached_property
    def version_in_0_1_0(self) -> str:
        """The version as requests have it that were written by Sayso 0.1.0 and still wait."""
        code = getattr(self.function, "__code__", None)
        return sha256(self.name, self.parameters, self.card if isinstance(self.card, str) else "", code.co_code.hex() if code else "")[:16]

    @cached_property
    def asks_nothing(self) -> bool:
        """Whether the tool has no use for a ToolContext."""
        return self.signature.context is None and self.prepare is None and self.lookup is None and self.caution is None

    @cached_property
    def is_async(self) -> bool:
        """Whether the function must be awaited."""
        return inspect.iscoroutinefunction(self.function)

    @cached_property
    def _wants_text(self) -> frozenset[str]:
        return text_parameters(self.parameters)

    def check(self, arguments: Mapping[str, object]) -> dict[str, Any]:
        """The arguments as the function's types, defaults filled in, bound ones added. Raises InvalidArguments."""
        checked = validated(self.name, self.arguments, arguments, self._wants_text)
        if self.bound:
            checked.update(self.bound)
        return checked

    @cached_property
    def _all_arguments(self) -> tuple[type[BaseModel], frozenset[str]]:
        if not self.bound:
            return self.arguments, self._wants_text
        signature = signature_of(self.function, ToolContext)
        model = arguments_model(self.name, signature)
        return model, text_parameters(schema_of(model, signature, {}))

    def parse_frozen(self, frozen: str) -> dict[str, Any]:
        """The typed arguments of a frozen call: those in its bytes and no others, bound ones too. Raises InvalidArguments."""
        model, wants_text = self._all_arguments
        return validated(self.name, model, json.loads(frozen), wants_text)

    def final(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Checked arguments as they come back from the bytes that a card shows, a digest covers and a write is performed from.

        Raises InvalidArguments for what JSON has no word for, UsageError where the bytes give other arguments each time.
        """
        try:
            frozen = canonical_json(arguments)
        except ValueError:
            raise InvalidArguments(self.name, ["a number is not finite (NaN or infinity), or too long to be written down"]) from None
        except TypeError as error:
            raise UsageError(f"{self.name} cannot be asked about: {error}. Its arguments must be JSON.") from None
        parse_frozen = self.parse_frozen(frozen)
        if parse_frozen == arguments:
            return dict(arguments)
        again = canonical_json(parse_frozen)
        if again != frozen and canonical_json(self.parse_frozen(again)) != again:
            raise UsageError(
                f"The arguments of {self.name} are other ones each time they are checked, so nobody can be asked about them. "
                "Let its types check values, not change them."
            )
        return parse_frozen

    async def perform(self, arguments: Mapping[str, Any], context: ToolContext[Any]) -> Any:
        """Call the function with checked arguments and give its value as JSON (or a Content of it); effects are the caller's to guard.

        Blocking functions run in a thread unless they are PURE, which is quick by nature.
        """
        if self.program is not None:
            raise self._needs_a_run()
        if self.signature.context:
            arguments = {**arguments, self.signature.context: context}
        function: Any = self.function
        if self.sandbox is not None:
            from ..sandbox import run_function_sandboxed

            value = await run_function_sandboxed(function, dict(arguments), self.sandbox)
        elif self.awaited is not None:
            value = await self.awaited(**arguments)
        elif self.is_async:
            value = await function(**arguments)
        elif self.effect is Effect.PURE:
            value = function(**arguments)
        else:
            value = await in_a_thread(function, **arguments)
        if inspect.iscoroutine(value):  # a decorator that says `def` around an async function
            value = await value
        if type(value) is str:
            return value
        if isinstance(value, Content):
            return replace(value, value=as_json(value.value, self.name))
        return as_json(value, self.name)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run the function, for all but WRITE: a write needs a run that can ask first."""
        if self._only_in_a_run:
            raise self._needs_a_run()
        return cast(R, cast(Callable[..., Any], self.function)(*args, **{**self.bound, **kwargs}))

    @property
    def _only_in_a_run(self) -> bool:
        return self.effect is Effect.WRITE or self.requires_approval or self.program is not None

    def _needs_a_run(self) -> UsageError:
        why = "asks before it acts" if self.program is None else "calls other tools, some of which may ask first"
        return UsageError(
            f"{self.name} {why}, so it cannot be called like a function. "
            f"Give it to an Agent, use it as a step of a workflow, or call it inside a run: await run.call({self.name}, ...)."
        )

    def using(self, **bound: object) -> Tool[..., R]:
        """This tool with some arguments fixed by the program; the model neither sees nor chooses them."""
        known = {parameter.name for parameter in self.signature.parameters}
        for name in bound:
            if name not in known:
                raise UsageError(f"{self.name} has no argument {name!r}; it has: {', '.join(sorted(known)) or 'none'}.")
        return replace(cast("Tool[..., R]", self), bound={**self.bound, **bound})

    def openai_schema(self) -> dict[str, Any]:
        """This tool as an entry of `tools=` in a chat-completions request."""
        return {"type": "function", "function": {"name": self.name, "description": self.description, "parameters": self.parameters}}

    def answer(self, tool_call: Any) -> dict[str, Any]:
        """Answer one tool call of your own model loop: the `role: tool` message to append, errors included.

        Takes the openai client's object or a dict. Raises UsageError for a WRITE (it needs a run) and for another tool's call.
        """
        call_id, name, arguments = _openai_call(tool_call)
        if name != self.name:
            raise UsageError(f"{self.name} was handed a call of {name!r}.")
        if self._only_in_a_run:
            raise self._needs_a_run()
        try:
            checked = self.check(_arguments_object(self.name, arguments))
            content = self._answer_text(checked)
        except ToolError as error:
            content = f"Error: {error}"
        return {"role": "tool", "tool_call_id": call_id, "content": content}

    def _answer_text(self, checked: Mapping[str, Any]) -> str:
        try:
            asyncio.get_running_loop()
            in_loop = True
        except RuntimeError:
            in_loop = False  # the tool is not run in here: this error would be the context of its own
        if not in_loop:
            value = asyncio.run(self.perform(checked, ToolContext(None)))
        else:
            if self.is_async:
                raise UsageError(
                    f"{self.name} is async; inside a running event loop write: await asyncio.to_thread({self.name}.answer, call)."
                )
            context = {self.signature.context: ToolContext(None)} if self.signature.context else {}
            value = as_json(cast(Callable[..., Any], self.function)(**checked, **context), self.name)
        return value if isinstance(value, str) else readable_json(value)

    def __repr__(self) -> str:
        return f"<{self.effect} tool {self.name}>"


def _openai_call(tool_call: Any) -> tuple[str, str, str | Mapping[str, object]]:
    if isinstance(tool_call, Mapping):
        function = tool_call["function"]
        return str(tool_call.get("id", "")), function["name"], function["arguments"]
    return tool_call.id, tool_call.function.name, tool_call.function.arguments


def _arguments_object(tool_name: str, arguments: str | Mapping[str, object]) -> Mapping[str, object]:
    if isinstance(arguments, Mapping):
        return arguments
    try:
        parsed = strict_json(arguments or "{}")
    except ValueError as error:
        raise InvalidArguments(tool_name, [f"the arguments are not JSON ({error})"]) from None
    if not isinstance(parsed, dict):
        raise InvalidArguments(tool_name, [f"the arguments are a JSON {type(parsed).__name__}, not an object"])
    return parsed
