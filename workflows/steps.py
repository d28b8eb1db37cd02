"""What a step may be, and how each kind is carried out: function, tool, workflow."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Generic, TypeVar, cast, overload

from sayso.tools.definition import Tool
from sayso.tools.errors import LimitReached, StepTimeout, UsageError, WorkflowError
from sayso.tools.threads import in_a_thread

from .doors import Workflow, position_name
from .events import StepRetried
from .run import Run
from .step_types import JSON_TYPES, article, misfit, said_types

A = TypeVar("A")
B = TypeVar("B")

LAMBDA = (lambda: None).__name__

Carry = Callable[[Any, str, Any], Awaitable[Any]]
"""How a node is carried out: the run, the node's position in it, the value. It may hand on an awaitable of the run's own: a coroutine
around it would cost as much as the step."""


class Node:
    """One place of a workflow: what stands there, what it is called, how it is carried out, what it takes and gives where that is said."""

    __slots__ = ("carry", "gives", "kind", "name", "takes", "thing")

    def __init__(self, name: str, kind: str, carry: Carry, thing: Any, takes: type | None = None, gives: type | None = None) -> None:
        self.name, self.kind, self.carry, self.thing = name, kind, carry, thing
        self.takes, self.gives = takes, gives

    def __repr__(self) -> str:
        return f"<{self.kind} {self.name}>"


def node(thing: Any) -> Node:
    """The node for a step. WorkflowError says what cannot be one."""
    if isinstance(thing, Node):
        return thing
    if isinstance(thing, Step):
        return Node(thing.name, "step", thing.carry_as, thing, *said_types(thing.function, 0))
    if isinstance(thing, Workflow):
        return Node(thing.name, thing.kind, _carry_workflow(thing), thing, thing.takes, thing.gives)
    if isinstance(thing, Tool):
        returns = thing.signature.returns  # what it takes is for the tool to check; what it gives comes back as JSON
        return Node(thing.name, "tool", _carry_tool(thing), thing, None, returns if returns in JSON_TYPES else None)
    return _function_node(thing)


def hand_over(name: str, given: str, after: Node) -> WorkflowError:
    """The error for two neighbours that do not fit, by name."""
    return WorkflowError(f"{name}: {given}, and {after.name} takes {article(after.takes)}. Change one of them or put a step between.")


def gave_another(name: str, each: Node, value: Any) -> WorkflowError:
    """The error for a step that does not keep to what it says it gives."""
    return WorkflowError(f"{name}: {each.name} says that it gives {article(each.gives)}, and gave {article(type(value))}.")


def fitting(name: str, each: Node, value: Any) -> Any:
    """The value, if the node can take it. Raises WorkflowError, in the name of the shape that hands it over."""
    if each.takes is not None and type(value) is not each.takes and misfit(value, each.takes):
        raise hand_over(name, f"it was handed {article(type(value))}", each)
    return value


def as_said(name: str, each: Node, value: Any) -> Any:
    """The value that a node gave, if it is what the node says it gives. Raises WorkflowError, in the name of the shape around it."""
    if each.gives is not None and type(value) is not each.gives and misfit(value, each.gives):
        raise gave_another(name, each, value)
    return value


def _carry_workflow(workflow: Workflow[Any, Any]) -> Carry:
    def carry(run: Run, position: str, value: Any) -> Awaitable[Any]:
        return run.child(position, workflow.carry, value, limits=workflow.limits)

    return carry


def _carry_tool(tool: Tool[..., Any]) -> Carry:
    parameters = [parameter.name for parameter in tool.signature.parameters]
    needed = [parameter.name for parameter in tool.signature.parameters if parameter.default is parameter.empty]

    async def carry(run: Any, position: str, value: Any) -> Any:
        from .approval import call_tool

        return await call_tool(run, tool, _arguments(tool, parameters, needed, value), position)

    return carry


def _arguments(tool: Tool[..., Any], parameters: list[str], needed: list[str], value: Any) -> Mapping[str, Any]:
    """What a value means to a tool: its only open argument, or all of them by name."""
    if not parameters:
        return {}
    if len(parameters) > 1 and isinstance(value, Mapping):
        return cast(Mapping[str, Any], value)
    if len(needed) > 1:
        raise WorkflowError(
            f"The tool {tool.name} takes {', '.join(parameters)} and was handed one {type(value).__name__}. "
            f"Hand it a dict of its arguments, or fix some of them: {tool.name}.using({needed[0]}=...)."
        )
    return {(needed or parameters)[0]: value}


def _function_node(function: Any) -> Node:
    if inspect.iscoroutine(function):
        function.close()
        raise WorkflowError(f"{function.__name__} was called where it is wanted as a step. Hand over {function.__name__} itself.")
    if not callable(function):
        raise WorkflowError(f"{function!r} is no step. A step is an async function, a tool, an agent or another workflow.")
    name = name_of(function)
    if isinstance(function, type):
        raise WorkflowError(f"{name} is a class, and a step is one of its objects. Hand over {name}(...).")
    _gives_one_value(function, name)
    if not is_async(function):
        how = "Lift it: step(lambda ...)." if name == LAMBDA else f"Write async def {name}(...), or lift it: step({name})."
        raise WorkflowError(f"{name} is not async, so it cannot be awaited as a step. {how}")
    parameters = list(inspect.signature(function).parameters.values())
    places = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    if takes_run(places):
        return Node(name, "code", _carry_code(cast(Callable[..., Awaitable[Any]], function)), function, *said_types(function, 1))
    any_number = any(p.kind is p.VAR_POSITIONAL for p in parameters)
    if not (places or any_number) or len([p for p in places if p.default is p.empty]) > 1:
        raise WorkflowError(f"{name} takes {len(places)} arguments; a step takes one value, workflow code takes (run: Run, value).")
    if named := [p.name for p in parameters if p.kind is p.KEYWORD_ONLY and p.default is p.empty]:
        raise WorkflowError(f"{name} needs {named[0]}=, and a step is given one value. Fix it: functools.partial({name}, {named[0]}=...).")

    def carry(run: Run, position: str, value: Any) -> Awaitable[Any]:
        return run.step(position, function, value)

    return Node(name, "step", carry, function, *said_types(function, 0))


def _gives_one_value(function: Any, name: str) -> None:
    if inspect.isasyncgenfunction(function) or inspect.isgeneratorfunction(function):
        raise WorkflowError(f"{name} yields values, and a step gives one: let it return them as a list.")


def look(thing: Any) -> Node:
    """A node; a plain function that only looks (a choice, a test, a score) needs no step of its own."""
    if isinstance(thing, (Workflow, Tool, Step, Node)) or not callable(thing) or is_async(thing):
        return node(thing)

    async def carry(run: Any, position: str, value: Any) -> Any:
        return await given(run, position, thing(value))

    return Node(name_of(thing), "look", carry, thing, None, said_types(thing, 0)[1])


async def given(run: Any, position: str, value: Any) -> Any:
    """What a plain function gave. Where that is a coroutine (a lambda around an async call), it is a step of its own."""
    if not inspect.iscoroutine(value):
        return value
    try:
        return await run.step(position, _awaited, value)
    finally:
        value.close()  # in a replay the result is kept, and nobody awaits it


async def _awaited(value: Awaitable[Any]) -> Any:
    return await value


def name_of(function: Any) -> str:
    """What a function is called; a partial one as the function within, another callable as its class."""
    inner = getattr(function, "func", function)
    return str(getattr(inner, "__name__", type(inner).__name__))


def refuse_lambdas(workflow: Any, place: str = "") -> None:
    """Raise WorkflowError, naming the place, for steps that a journal cannot tell by their names: a lambda, two functions of one name.

    Functions that only look (`until=`, `choose`) and joins are code of the workflow, not steps, and may be lambdas.
    """
    if not isinstance(workflow, Workflow):
        return
    place = f"{place}/{workflow.name}" if place else workflow.name
    named: dict[str, Any] = {}
    for index, part in enumerate(workflow.parts):
        if part.kind in ("look", "join"):
            continue
        if part.name == LAMBDA:
            raise WorkflowError(
                f"Step {index} of {place} is a lambda, and this engine keeps what steps give by their names. "
                "Write it as a def, or name it: step(..., name=...)."
            )
        known_by = _known_by(part.thing)
        if known_by is not None and named.setdefault(part.name, known_by) != known_by:
            raise WorkflowError(
                f"{place} has two different steps named {part.name!r}, and this engine keeps what steps give by their names. "
                "Give one of them another: step(..., name=...)."
            )
        refuse_lambdas(part.thing, place)


def _known_by(thing: Any) -> Any:
    """What tells a step from another of its name: a function's code, so closures of one function are that function."""
    return thing.known_by if isinstance(thing, Workflow) else getattr(getattr(thing, "function", thing), "__code__", None)


def is_async(function: Any) -> bool:
    """Whether calling it gives something to await: an async function, or an object whose __call__ is one."""
    if isinstance(function, type):
        return False
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(getattr(function, "__call__", None))  # noqa: B004


def takes_run(parameters: list[inspect.Parameter]) -> bool:
    """Whether a function is workflow code: its first parameter is a Run (by its hint, or by its name)."""
    if len(parameters) < 2:
        return False
    hint = parameters[0].annotation
    return hint is Run or (isinstance(hint, str) and hint.rpartition(".")[2] == "Run") or parameters[0].name == "run"


def _carry_code(function: Callable[..., Awaitable[Any]]) -> Carry:
    def carry(run: Run, position: str, value: Any) -> Awaitable[Any]:
        return run.child(position, function, value)

    return carry


class Step(Generic[A, B]):
    """A function with options: how often it is tried, how long it may take. Made by `step`."""

    __slots__ = ("_awaited", "backoff_seconds", "function", "name", "retries", "timeout_seconds")

    def __init__(
        self, function: Callable[[A], Any], name: str, retries: int, backoff_seconds: float, timeout_seconds: float | None
    ) -> None:
        if not callable(function):
            raise UsageError(f"step() takes a function, not {function!r}.")
        for option, number in {"retries": retries, "backoff_seconds": backoff_seconds, "timeout_seconds": timeout_seconds}.items():
            if number is not None and not (isinstance(number, (int, float)) and number >= 0):
                raise UsageError(f"The step {name} has {option}={number!r}; it takes a number, not below zero.")
        self.function, self.name, self.retries = function, position_name(name, "step"), retries
        self.backoff_seconds, self.timeout_seconds = backoff_seconds, timeout_seconds
        _gives_one_value(function, name)
        self._awaited = is_async(function)

    def __repr__(self) -> str:
        return f"<step {self.name}>"

    async def __call__(self, value: A) -> B:
        """One try, in the time it has; a sync function runs in a thread."""
        call = self.function(value) if self._awaited else self._in_a_thread(value)
        if self.timeout_seconds is None:
            return cast(B, await call)
        timer = asyncio.timeout(self.timeout_seconds)
        try:
            async with timer:
                return cast(B, await call)
        except TimeoutError:
            if timer.expired():
                raise StepTimeout(f"The step {self.name} took longer than its {self.timeout_seconds:g} s.") from None
            raise

    async def _in_a_thread(self, value: A) -> Any:
        result = await in_a_thread(self.function, value)
        return await result if inspect.iscoroutine(result) else result  # a lambda, or a decorator's wrapper, around an async call

    async def carry_as(self, run: Any, position: str, value: Any) -> Any:
        """All tries are one step of the run: what is kept is the last one's result."""
        return await run.step(position, self._tried, run, position, value)

    async def _tried(self, run: Any, position: str, value: Any) -> Any:
        if not self.retries:
            return await self(value)
        from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_attempt, wait_exponential_jitter

        async def tell(state: RetryCallState) -> None:
            error = state.outcome.exception() if state.outcome else None
            wait_seconds = state.next_action.sleep if state.next_action else 0.0
            await run.emit(StepRetried(run.id, position, state.attempt_number + 1, wait_seconds, str(error)))

        trying = AsyncRetrying(
            stop=stop_after_attempt(self.retries + 1),
            wait=wait_exponential_jitter(multiplier=self.backoff_seconds, max=60, jitter=self.backoff_seconds),
            retry=retry_if_exception(_may_pass),
            before_sleep=tell,
            reraise=True,
        )
        return await trying(self, value)


def _may_pass(error: BaseException) -> bool:
    """Whether another try may go better: not after a mistake in the program, and not when a limit is used up."""
    return isinstance(error, Exception) and not isinstance(error, (UsageError, LimitReached))


@overload
def step(
    function: Callable[[A], Awaitable[B]],
    *,
    name: str | None = None,
    retries: int = 0,
    backoff_seconds: float = 0.5,
    timeout_seconds: float | None = None,
) -> Step[A, B]: ...
@overload
def step(
    function: Callable[[A], B],
    *,
    name: str | None = None,
    retries: int = 0,
    backoff_seconds: float = 0.5,
    timeout_seconds: float | None = None,
) -> Step[A, B]: ...


def step(
    function: Callable[[A], Any],
    *,
    name: str | None = None,
    retries: int = 0,
    backoff_seconds: float = 0.5,
    timeout_seconds: float | None = None,
) -> Step[A, Any]:
    """Lift a function, sync or async, to a step with options.

    `retries` more tries follow a failure, after `backoff_seconds` that double each time; `timeout_seconds` is for each try. A sync
    function runs in a thread. A tool whose function is sync is lifted as it is: `step(tool)`.
    """
    if isinstance(function, Tool) and not (name or retries or timeout_seconds):
        return cast("Step[A, Any]", Lifted(function))
    if isinstance(function, (Workflow, Tool, Step)):
        raise UsageError(f"{function!r} is a step already; options of step(...) are for plain functions.")
    return Step(function, name or name_of(function), retries, backoff_seconds, timeout_seconds)


class Lifted(Workflow[Any, Any]):
    """A tool with a sync function, for type checkers: to them it gives a value, not something to await. As a step every tool will do."""

    kind = "tool"

    def __init__(self, tool: Tool[..., Any]) -> None:
        super().__init__(tool.name)
        self.node = node(tool)

    async def carry(self, run: Run, value: Any) -> Any:
        """Call the tool."""
        return await self.node.carry(run, self.name, value)
