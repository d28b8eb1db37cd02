"""Hooks: your own functions that look at each call and each reply of an agent's run, and may refuse it. A hook can only take away."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sayso.tools import ToolCall, ToolResult
from sayso.tools.definition.tool import ToolContext
from sayso.tools.errors import SaysoError, ToolError, UsageError
from sayso.tools.raised import describe_exception

from .messages import Message, Reply

_log = logging.getLogger("sayso.hooks")
Refusal = str | None
"""Why it is refused; None where it is not."""
BeforeTool = Callable[[ToolCall, ToolContext[Any]], Refusal | Awaitable[Refusal]]
AfterTool = Callable[[ToolCall, ToolResult, ToolContext[Any]], Refusal | Awaitable[Refusal]]
BeforeModel = Callable[[Sequence[Message], ToolContext[Any]], Refusal | Awaitable[Refusal]]
AfterModel = Callable[[Reply, ToolContext[Any]], Refusal | Awaitable[Refusal]]


@dataclass(frozen=True, slots=True)
class Hooks:
    """An agent's hooks, each in the order in which they are asked."""

    before_tool: tuple[BeforeTool, ...] = ()
    after_tool: tuple[AfterTool, ...] = ()
    before_model: tuple[BeforeModel, ...] = ()
    after_model: tuple[AfterModel, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.before_tool or self.after_tool or self.before_model or self.after_model)


def make_hooks(agent: str, **lists: object) -> Hooks:
    """Return the hooks of an agent. Raises UsageError for what is no list of functions."""
    made: dict[str, Any] = {}
    for name, hooks in lists.items():
        several = tuple(hooks) if isinstance(hooks, Iterable) and not isinstance(hooks, (str, bytes)) else None
        if several is None or not all(callable(hook) for hook in several):
            raise UsageError(f"{agent} was given {name}={hooks!r}. Write a list of functions: {name}=[check_amount].")
        made[name] = several
    return Hooks(**made)


async def ask_each(hooks: Sequence[Callable[..., Any]], given: tuple[object, ...]) -> list[str]:
    """Return the name and the reason of the first hook that refuses; empty where none does. One that fails refuses."""
    for hook in hooks:
        name = str(getattr(hook, "__name__", type(hook).__name__))
        try:
            said: object = hook(*given)
            if inspect.isawaitable(said):
                said = await said
        except ToolError as error:
            return [name, str(error)]
        except SaysoError:
            raise
        except Exception as error:  # noqa: BLE001  nobody has looked at it, so it does not pass
            _log.error("the hook %s raised %s", name, describe_exception(error), exc_info=error)
            return [name, f"it failed with {type(error).__name__}"]
        if said is not None and not isinstance(said, str):
            return [name, f"it returned {type(said).__name__}; a hook returns None, or why it refuses"]
        if said is not None:
            return [name, said or "it gave no reason"]
    return []
