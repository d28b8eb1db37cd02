"""Calls under way, and the question for which a server of a protocol before 2026-07-28 holds one: it asks while it works, and waits."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any

import mcp_types as types

from ..canonical import JsonObject
from .errors import CallLost
from .server_questions import NOT_NOW, ServerAsked

Came = types.CallToolResult | types.InputRequiredResult | ServerAsked
Told = list[str]
"""Lines about what was asked while a call was under way, for its result."""
FormAnswer = types.ElicitResult | types.ErrorData
TextAnswer = types.CreateMessageResult | types.CreateMessageResultWithTools | types.ErrorData


@dataclass(eq=False)
class OpenCall:
    """A call under way. `told` are lines about what was asked meanwhile and answered without a person.

    `status` is that of the HTTP error with which it was answered, and 0 where there was none, or nobody can tell whose it was.
    """

    sending: Coroutine[Any, Any, types.CallToolResult | types.InputRequiredResult]
    told: list[str]
    asks: JsonObject
    status: int = 0
    request: types.InputRequest | None = None
    answer: asyncio.Future[Any] | None = None
    asked: asyncio.Future[None] | None = None
    _task: asyncio.Task[types.CallToolResult | types.InputRequiredResult] | None = None

    @property
    def has_begun(self) -> bool:
        """Return whether it has a task of its own."""
        return self._task is not None

    def begin(self) -> asyncio.Task[types.CallToolResult | types.InputRequiredResult]:
        """Return its task, which goes on while its server is held."""
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self.sending)
        return self._task

    def cancel(self) -> None:
        """Give it up."""
        if self._task is not None:
            self._task.cancel()


@dataclass(eq=False)
class OpenCalls:
    """The calls of a session that are under way, and those that are held until a person has answered (`has_person`: one is there)."""

    server: str
    has_person: bool
    under_way: list[OpenCall] = field(default_factory=list)
    held: dict[str, OpenCall] = field(default_factory=dict)

    def note_status(self, status: int, sent: JsonObject) -> None:
        """Note an HTTP error with the one call that it answers. Of two that ask the same nobody can tell which one it was."""
        said = sent.get("params")
        asks = {name: said.get(name) for name in ("name", "arguments")} if sent["method"] == "tools/call" and isinstance(said, dict) else {}
        asked = [call for call in self.under_way if call.asks == asks]
        if len(asked) == 1:
            asked[0].status = status

    async def wait(self, call: OpenCall) -> Came:
        """Return what a call comes to: its result, or what its server asks."""
        self.under_way.append(call)
        try:
            if not self.has_person and not call.has_begun:
                return await call.sending  # whatever it asks is answered at once
            task = call.begin()
            asked = call.asked = asyncio.get_running_loop().create_future()
            either: set[asyncio.Future[Any]] = {task, asked}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if task.done() or call.request is None:
                return await task
            name = secrets.token_hex(8)
            self.held[name] = call
            return ServerAsked({"0": call.request}, waiting=name, told=call.told)
        finally:
            self.under_way.remove(call)
            if call not in self.held.values():
                call.cancel()

    def take(self, name: str, answer: object) -> OpenCall:
        """Return the held call of that name, its server answered. Raises CallLost where it is not held any more."""
        call = self.held.pop(name, None)
        if call is None or call.answer is None or call.answer.done():
            raise CallLost(
                f"the MCP server {self.server} asked something while it worked, and was ended before the answer came: it asks in the way "
                "of a protocol before 2026-07-28, and has to be answered while it runs"
            )
        call.answer.set_result(answer)
        return call

    def end(self) -> None:
        """Give up what is held: the session ends."""
        for call in self.held.values():
            call.cancel()
            if call.answer is not None and not call.answer.done():
                call.answer.cancel()
        self.held.clear()

    async def elicit(self, context: object, params: types.ElicitRequestParams) -> FormAnswer:
        """Answer a form that comes in the middle of a call: by a person, or with a cancel where there is none to ask."""
        what = "that an address be opened" if isinstance(params, types.ElicitRequestURLParams) else "a form"
        answer: FormAnswer = await self._hold(types.ElicitRequest(params=params), types.ElicitResult(action="cancel"), what)
        return answer

    async def generate(self, context: object, params: types.CreateMessageRequestParams) -> TextAnswer:
        """Answer a request for a text from a model in the same way."""
        answer: TextAnswer = await self._hold(types.CreateMessageRequest(params=params), NOT_NOW, "a text from a model") or NOT_NOW
        return answer

    async def _hold(self, request: types.InputRequest, otherwise: Any, what: str) -> Any:
        if not self.has_person or len(self.under_way) != 1 or self.held:
            why = "nobody was there to answer" if not self.has_person else "several calls were under way, so nobody was asked"
            for call in self.under_way:
                call.told.append(f"(While it worked, {self.server} asked for {what}; {why}.)")
            return otherwise
        (call,) = self.under_way
        call.request, call.answer = request, asyncio.get_running_loop().create_future()
        if call.asked is not None:
            call.asked.set_result(None)
        return await call.answer
