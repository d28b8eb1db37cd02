"""Declare a function to be a tool: `@tool.pure`, `@tool.read`, `@tool.egress`, `@tool.write`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final, ParamSpec, Protocol, TypedDict, TypeVar, Unpack, cast, overload

from ..effects import AnyEffect, AnySecrecy, AnyTrust, Effect
from ..errors import UsageError
from .callables import check_callable, find_code, find_name, is_async, is_method
from .hints import find_local_names
from .schema import parse_docstring, read_parameters
from .tool import AnyTool, Arguments, Card, Caution, Inline, Lookup, Prepare, RequiresApproval, Tool
from .tool_names import check_name

if TYPE_CHECKING:
    from ..sandbox import Sandbox
    from .schema_tool import Perform, SchemaTool

    class SchemaToolOptions(TypedDict, total=False):
        """The options of `tool.from_schema(...)` beside its own; `Tool` says what each means."""

        card: Card | None
        timeout_seconds: float | None
        requires_approval: RequiresApproval
        ends_turn: bool
        idempotent: bool
        lookup: Lookup | None
        settles_within_seconds: float | None
        trust: AnyTrust | None
        secrecy: AnySecrecy | None
        prepare: Prepare | None
        caution: Caution | None
        cost_usd: float | Callable[[Arguments], float]
        approvals: int
        roles: tuple[str, ...]
        from_user: tuple[str, ...]

    class ToolOptions(SchemaToolOptions, total=False):
        """The options of `@tool.read(...)` and its siblings; `Tool` says what each means."""

        name: str | None
        description: str | None
        earlier_card: Card | None
        inline: Inline | None
        sandbox: Sandbox | None
        async_function: Callable[..., Awaitable[object]] | None


P = ParamSpec("P")
R = TypeVar("R", covariant=True)
S = TypeVar("S")

# A run awaits every tool, whether its function is async or not. These two classes say so to a type checker: a step is typed by
# `async_function` alone. An async function is also a function that returns a coroutine, hence the ignores: the first overload that fits is
# the one that is meant.


class AsyncTool(Tool[P, Coroutine[Any, Any, R]]):
    """A tool whose function is async."""

    if TYPE_CHECKING:

        @property
        def async_function(self) -> Callable[P, Awaitable[R]]: ...  # pyright: ignore[reportIncompatibleVariableOverride]
        def using(self, **bound: object) -> AsyncTool[..., R]: ...


class SyncTool(Tool[P, R]):
    """A tool whose function is not async."""

    if TYPE_CHECKING:

        @property
        def async_function(self) -> Callable[P, Awaitable[R]]: ...  # pyright: ignore[reportIncompatibleVariableOverride]
        def using(self, **bound: object) -> SyncTool[..., R]: ...


class Decorator(Protocol):
    """The return type of `@tool.write(...)`: it turns the function below it into a Tool."""

    @overload
    def __call__(self, function: Callable[P, Coroutine[Any, Any, S]], /) -> AsyncTool[P, S]: ...  # type: ignore[overload-overlap]
    @overload
    def __call__(self, function: Callable[P, S], /) -> SyncTool[P, S]: ...


class _Kind:
    """One way to declare a tool: bare (`@tool.read`) or with options (`@tool.read(name=...)`)."""

    def __init__(self, effect: Effect, *, stated: bool = True) -> None:
        self._effect, self._stated = effect, stated

    @overload
    def __call__(self, function: Callable[P, Coroutine[Any, Any, S]], /) -> AsyncTool[P, S]: ...  # type: ignore[overload-overlap]
    @overload
    def __call__(self, function: Callable[P, S], /) -> SyncTool[P, S]: ...
    @overload
    def __call__(self, **options: Unpack[ToolOptions]) -> Decorator: ...

    def __call__(self, function: Callable[..., object] | None = None, **options: Unpack[ToolOptions]) -> AnyTool | Decorator:
        def decorate(function: Callable[..., object], /) -> AnyTool:
            return _make_tool(function, self._effect, self._stated, options)

        return cast("Decorator", decorate) if function is None else decorate(function)


class _ToolDecorator(_Kind):
    """`@tool.pure`, `@tool.read`, `@tool.egress`, `@tool.write`; a bare `@tool` makes a WRITE, since its effect is not stated."""

    pure: Final = _Kind(Effect.PURE)
    read: Final = _Kind(Effect.READ)
    egress: Final = _Kind(Effect.EGRESS)
    write: Final = _Kind(Effect.WRITE)

    @staticmethod
    def from_schema(
        perform: Perform,
        /,
        *,
        name: str,
        schema: Mapping[str, Any] | None,
        description: str = "",
        effect: AnyEffect | None = None,
        identity: str = "",
        version: str = "",
        **options: Unpack[SchemaToolOptions],
    ) -> SchemaTool:
        """Return a tool that is described by a JSON Schema: of a tool server, of an OpenAPI operation.

        `perform` is async and is given the arguments (a dict of JSON), and a ToolContext if it takes a second one. A `name` that endpoints
        would refuse is mapped; `given_name` keeps it. `effect` is WRITE where nobody says. What it returns is untrusted unless `trust=`
        says otherwise. An approval holds for this `identity` (which server), `version`, name, description and schema: a change of any is
        another tool, and asks again. Raises UsageError for a schema that no call could be checked with.
        """
        from .schema_tool import tool_from_schema  # late, for load time: most tools are functions

        _check_options(name, cast("ToolOptions", options))
        given: dict[str, Any] = {"trust": "untrusted", **options}
        own: dict[str, Any] = {"name": name, "description": description, "schema": schema, "identity": identity, "version": version}
        return tool_from_schema(perform, effect=effect, options=given, **own)


tool: _ToolDecorator = _ToolDecorator(Effect.WRITE, stated=False)


def _make_tool(function: Callable[..., object], effect: Effect, stated: bool, options: ToolOptions) -> AnyTool:
    if isinstance(function, staticmethod):
        function = function.__func__
    name = str(options.get("name") or find_name(function))
    check_callable(function, name)
    check_name(name)
    text, parameter_texts = parse_docstring(function)
    description = options.get("description") or text
    if not description:
        raise UsageError(f"The tool {name} has no docstring; its first line tells the model what it is for.")
    if options.get("ends_turn") and effect is not Effect.WRITE:
        raise UsageError(f"The tool {name} has ends_turn=True, which is for writes only.")
    _check_options(name, options)
    fields: dict[str, Any] = {
        **options,
        "name": name,
        "description": description,
        "from_user": _check_parameter_names(name, function, options.get("from_user", ())),
    }
    is_local = "<locals>" in getattr(find_code(function), "__qualname__", "")
    if is_local and (names := find_local_names(find_code(function))):
        fields["local_names"] = names
    kind = cast("type[AnyTool]", AsyncTool if is_async(function) else SyncTool)
    made = kind(function=function, effect=effect, effect_stated=stated, parameter_texts=parameter_texts, **fields)
    if not is_local and not is_method(function):  # the hints of a local function may name types that exist only later
        _ = made.signature
    return made


def _check_options(name: str, options: ToolOptions) -> None:
    asks: object = options.get("requires_approval", False)
    if not isinstance(asks, bool) and not callable(asks):
        raise UsageError(f"The tool {name} has requires_approval={asks!r}. Write True, or a function of the arguments that returns a bool.")
    seconds: object = options.get("settles_within_seconds")
    if seconds is None:
        return
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not 0 <= seconds < float("inf"):
        raise UsageError(f"The tool {name} has settles_within_seconds={seconds!r}. Write a number of seconds, 0 or more.")
    if options.get("lookup") is None:
        raise UsageError(
            f"The tool {name} has settles_within_seconds= and no lookup=. Give it a lookup= function, or leave settles_within_seconds= out."
        )


def _check_parameter_names(name: str, function: Callable[..., object], from_user: str | Iterable[str]) -> tuple[str, ...]:
    named = (from_user,) if isinstance(from_user, str) else tuple(from_user)
    if not named:
        return ()
    known = [parameter.name for parameter in read_parameters(find_code(function), name)] if named else []
    for each in named:
        if each not in known:
            raise UsageError(
                f"The tool {name} has from_user={each!r}, but no such parameter. Its parameters: {', '.join(known) or 'none'}."
            )
    return named
