"""How a function is declared to be a tool: `@tool.pure`, `@tool.read`, `@tool.egress`, `@tool.write`."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from typing import TYPE_CHECKING, Any, ParamSpec, Protocol, TypeVar, cast, overload

from ..effects import Effect, Secrecy, Trust
from ..errors import UsageError
from .schema import described
from .tool import Card, Caution, Inline, Lookup, Prepare, Tool

if TYPE_CHECKING:
    from ..sandbox import Sandbox

P = ParamSpec("P")
R = TypeVar("R")

# To a run every tool is awaited, whichever kind its function is. A checker is told so by these two classes: what `awaited` says is all
# that it knows of a tool as a step. An async function is also one that gives a coroutine, hence the ignores: the first overload that fits
# is the one that is meant.


class AsyncTool(Tool[P, Coroutine[Any, Any, R]]):
    """A tool whose function is async."""

    if TYPE_CHECKING:

        @property
        def awaited(self) -> Callable[P, Awaitable[R]]: ...
        def using(self, **bound: object) -> AsyncTool[..., R]: ...


class SyncTool(Tool[P, R]):
    """A tool whose function gives its value at once."""

    if TYPE_CHECKING:

        @property
        def awaited(self) -> Callable[P, Awaitable[R]]: ...
        def using(self, **bound: object) -> SyncTool[..., R]: ...


class Decorator(Protocol):
    """What `@tool.write(...)` returns: it turns the function below it into a Tool."""

    @overload
    def __call__(self, function: Callable[P, Coroutine[Any, Any, R]], /) -> AsyncTool[P, R]: ...  # type: ignore[overload-overlap]
    @overload
    def __call__(self, function: Callable[P, R], /) -> SyncTool[P, R]: ...


class _Kind:
    """One way to declare a tool: bare (`@tool.read`) or with options (`@tool.read(name=...)`)."""

    def __init__(self, effect: Effect, trust: Trust, secrecy: Secrecy, *, stated: bool = True) -> None:
        self._effect, self._trust, self._secrecy, self._stated = effect, trust, secrecy, stated

    @overload
    def __call__(self, function: Callable[P, Coroutine[Any, Any, R]], /) -> AsyncTool[P, R]: ...  # type: ignore[overload-overlap]
    @overload
    def __call__(self, function: Callable[P, R], /) -> SyncTool[P, R]: ...
    @overload
    def __call__(
        self,
        *,
        name: str | None = None,
        description: str | None = None,
        card: Card | None = None,
        timeout_seconds: float | None = None,
        requires_approval: bool = False,
        ends_turn: bool = False,
        idempotent: bool = False,
        lookup: Lookup | None = None,
        trust: Trust | None = None,
        secrecy: Secrecy | None = None,
        inline: Inline | None = None,
        prepare: Prepare | None = None,
        caution: Caution | None = None,
        cost_usd: float | Callable[[Mapping[str, Any]], float] = 0.0,
        from_user: tuple[str, ...] = (),
        sandbox: Sandbox | None = None,
        awaited: Callable[..., Awaitable[Any]] | None = None,
    ) -> Decorator: ...

    def __call__(self, function: Any = None, **options: Any) -> Any:
        def decorate(function: Callable[P, R]) -> Tool[P, R]:
            return _make(function, self._effect, self._trust, self._secrecy, self._stated, options)

        return decorate if function is None else decorate(function)


class _ToolDecorator(_Kind):
    """`@tool.pure`, `@tool.read`, `@tool.egress`, `@tool.write`; a bare `@tool` is a WRITE: nobody said what it can do."""

    pure = _Kind(Effect.PURE, Trust.TOOL, Secrecy.PUBLIC)
    read = _Kind(Effect.READ, Trust.TOOL, Secrecy.PRIVATE)
    egress = _Kind(Effect.EGRESS, Trust.UNTRUSTED, Secrecy.PUBLIC)
    write = _Kind(Effect.WRITE, Trust.TOOL, Secrecy.PUBLIC)


tool = _ToolDecorator(Effect.WRITE, Trust.TOOL, Secrecy.PUBLIC, stated=False)


def _make(function: Callable[P, R], effect: Effect, trust: Trust, secrecy: Secrecy, stated: bool, options: dict[str, Any]) -> Tool[P, R]:
    name = options.pop("name", None) or getattr(function, "__name__", "")
    if not name.isidentifier():
        raise UsageError(f"A tool needs a name that can be called, not {name!r}; write @tool.read(name='...').")
    text, parameter_texts = described(function)
    description = options.pop("description", None) or text
    if not description:
        raise UsageError(f"The tool {name} has no docstring; its first line tells the model what it is for.")
    if options.get("ends_turn") and effect is not Effect.WRITE:
        raise UsageError(f"The tool {name} has ends_turn=True, which is for writes only.")
    options["from_user"] = _parameters_named(name, function, options.get("from_user", ()))
    options["trust"] = options.get("trust") or trust
    options["secrecy"] = options.get("secrecy") or secrecy
    kind: type[Tool[..., Any]] = AsyncTool if inspect.iscoroutinefunction(function) else SyncTool
    made = kind(
        function=function,
        name=name,
        effect=effect,
        description=description,
        effect_stated=stated,
        parameter_texts=parameter_texts,
        **options,
    )
    if "<locals>" not in getattr(function, "__qualname__", ""):  # a local function may name types that only its maker can see later
        _ = made.signature
    return cast("Tool[P, R]", made)


def _parameters_named(name: str, function: Callable[..., Any], from_user: str | Iterable[str]) -> tuple[str, ...]:
    named = (from_user,) if isinstance(from_user, str) else tuple(from_user)
    known = inspect.signature(function).parameters
    for each in named:
        if each not in known:
            raise UsageError(f"The tool {name} has from_user={each!r}, which is none of its parameters: {', '.join(known) or 'none'}.")
    return named
