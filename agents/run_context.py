"""The instructions and tools that an agent has in one run: written and chosen by functions of its context, opened at tool servers."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import Any, TypeVar

from sayso.tools.definition.tool import AnyTool, ToolContext
from sayso.tools.errors import ReplayError, UsageError
from sayso.workflows import Run

from .spec import AgentSpec, index_tools
from .tool_sources import InstructionsFunction, OpenedTools, ToolsFunction, ToolSource

Out = TypeVar("Out")


def make_run_context(run: Run) -> ToolContext[object]:
    """Return what the application handed to the run, for its own functions."""
    user_texts = run.scope.provenance.user_texts
    last = user_texts[-1] if user_texts else ""
    return ToolContext(run.scope.deps, "", None, last if isinstance(last, str) else last.text)


async def write_instructions(run: Run, spec: AgentSpec[Out], write: InstructionsFunction) -> AgentSpec[Out]:
    """Return the agent with the instructions of this run: written once, a step of the run. Raises UsageError for what is no text."""
    return replace(spec, instructions=await run.step("instructions", _write, spec.name, write, make_run_context(run)))


async def _write(agent: str, write: InstructionsFunction, context: ToolContext[object]) -> str:
    said: object = write(context)
    if inspect.isawaitable(said):
        said = await said
    if not isinstance(said, str):
        raise UsageError(f"{agent} has a function as instructions=, which returned {type(said).__name__}; it returns the text.")
    return said


@asynccontextmanager
async def open_sources(run: Run, spec: AgentSpec[Out], sources: Sequence[ToolSource | ToolsFunction]) -> AsyncIterator[AgentSpec[Out]]:
    """Yield the agent with the tools of this run. Raises UsageError for two of one name."""
    async with AsyncExitStack() as stack:
        tools = list(spec.tools.values())
        opened: dict[int, OpenedTools] = {}
        for number, source in enumerate(sources):
            if isinstance(source, ToolSource):
                opened[number] = await stack.enter_async_context(source.open_tools(run, f"tools:{number}"))
                tools += opened[number].tools
            else:
                tools += await _choose_tools(run, spec.name, source, f"tools:{number}")
        yield replace(spec, tools=index_tools(tools, spec.name), opened=opened)


async def _choose_tools(run: Run, agent: str, choose: ToolsFunction, position: str) -> list[AnyTool]:
    """Return the tools that a function of the context gives. A resumed run has those of its beginning, no other and no more.

    The function is asked again then, for a tool itself is not stored: which ones it gave is a step of the run.
    """
    found: Any = choose(make_run_context(run))
    if inspect.isawaitable(found):
        found = await found
    if not isinstance(found, Iterable) or isinstance(found, (str, bytes)):
        raise UsageError(f"{agent} has a function as tools=, which returned {type(found).__name__}; it returns a list of tools.")
    by_name = index_tools(found, agent)
    chosen: list[str] = await run.step(position, _list_names, list(by_name))
    if gone := [name for name in chosen if name not in by_name]:
        error = ReplayError(
            f"Run {run.id} had the tool {gone[0]} when it began, and the function in tools= of {agent} does not give it any more. "
            "Resume it with the deps that it began with."
        )
        error.run_id = run.id
        raise error
    return [by_name[name] for name in chosen]


async def _list_names(names: list[str]) -> list[str]:
    return names
