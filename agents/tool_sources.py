"""Where an agent's instructions and tools come from where they are no constants: a tool server, functions of the context."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol, runtime_checkable

from sayso.tools.definition.tool import AnyTool, ToolContext
from sayso.workflows import Run

InstructionsFunction = Callable[[ToolContext[Any]], str | Awaitable[str]]
ToolsFunction = Callable[[ToolContext[Any]], Iterable[AnyTool] | Awaitable[Iterable[AnyTool]]]


class OpenedTools(Protocol):
    """The tools of a source in a run. They may change while it lasts."""

    @property
    def tools(self) -> Sequence[AnyTool]:
        """Return them as they are known."""
        ...

    def has_changed(self) -> bool:
        """Return whether there may be others by now."""
        ...

    async def list_again(self, run: Run, position: str, /) -> Sequence[AnyTool]:
        """Return the tools as they are now; what is looked up for them is a step of the run, `position`."""
        ...


@runtime_checkable
class ToolSource(Protocol):
    """Gives a run its tools, for as long as the run is executed here."""

    def open_tools(self, run: Run, position: str, /) -> AbstractAsyncContextManager[OpenedTools]:
        """Yield the tools. What is looked up for them is a step of the run, `position`, so that a resumed run has the same."""
        ...
