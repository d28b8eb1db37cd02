"""Performing a write: once, to its end, and told apart by what is known when something goes wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from sayso.tools.calls import Outcome, ToolCall, ToolResult
from sayso.tools.definition.tool import Tool, ToolContext
from sayso.tools.errors import ToolError

from .call_results import failed, refused, result_of

AnyTool = Tool[..., Any]


class ExactlyOnceWrite:
    """One started write: awaited to its end, and told apart by what is known of it when something goes wrong."""

    def __init__(
        self,
        tool: AnyTool,
        arguments: Mapping[str, Any],
        context: ToolContext[Any],
        call: ToolCall,
        key: str,
        begun_before: bool,
        fits: bool,
    ) -> None:
        self.tool, self.arguments, self.context, self.call, self.key = tool, arguments, context, call, key
        self.begun_before, self.fits = begun_before, fits
        self.cancelled = False

    async def perform(self) -> ToolResult:
        """The result of the write; a cancellation that comes meanwhile is noted and carried out after it."""
        task = asyncio.get_running_loop().create_task(self._settled())
        while not task.done():
            try:
                await asyncio.shield(task)
            except asyncio.CancelledError:
                if task.cancelled():  # the loop itself is closing
                    raise
                self.cancelled = True
        return task.result()

    async def _settled(self) -> ToolResult:
        if self.begun_before and not self.fits:
            return self._unknown("an earlier attempt was cut off, and the tool is no longer the one that was asked about")
        if self.begun_before:
            return await self._after_doubt("an earlier attempt was cut off")
        return await self._tried(again=True)

    async def _tried(self, *, again: bool) -> ToolResult:
        timer = asyncio.timeout(self.tool.timeout_seconds)
        try:
            async with timer:
                return result_of(self.call, self.tool, await self.tool.perform(self.arguments, self.context))
        except ToolError as error:
            if getattr(error, "nothing_happened", True):
                return refused(self.call, self.tool, str(error))
            why = str(error)  # a sandboxed write that was killed may have left something behind
        except Exception as error:  # noqa: BLE001  whatever it was, the write may have happened: only ToolError says it did not
            why = f"no answer within {self.tool.timeout_seconds:g} s" if timer.expired() else f"{type(error).__name__}: {error}"
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is None or task.cancelling():  # the loop itself is closing
                raise
            why = "something inside it was cancelled"
        return await self._after_doubt(why) if again else self._unknown(why)

    async def _after_doubt(self, why: str) -> ToolResult:
        """Idempotent: the same key again. With a lookup: look first. Neither: nobody knows, and a person decides."""
        tool = self.tool
        if tool.lookup is not None:
            try:
                found = await tool.lookup(self.key)
            except Exception as error:  # noqa: BLE001  a look-up that fails leaves the doubt where it was
                return self._unknown(f"{why}; looking it up failed too ({type(error).__name__}: {error})")
            if found is not None:
                return result_of(self.call, tool, found)
            return await self._tried(again=False)
        if tool.idempotent:
            return await self._tried(again=False)
        return self._unknown(why)

    def _unknown(self, why: str) -> ToolResult:
        doubt = f"It is not known whether {self.tool.name} happened ({why})."
        text = f"{doubt} It is not tried again; a person has to find out (key {self.key[:16]})."
        return failed(self.call, text, Outcome.UNKNOWN)
