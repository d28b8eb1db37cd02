"""A session with one server, as long as a run: connected at the first call, connected anew when the server has died, never called twice."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass, field

import httpx2
import mcp_types as types
from mcp import Client
from mcp.shared.exceptions import MCPError
from pydantic import ValidationError

from ..canonical import JsonObject
from ..errors import SaysoError, ToolError
from ..tool_questions import Asking
from .contents import finish_call
from .errors import CallFailedThere, CallLost, McpError, find_cause
from .http_transport import connect_http
from .listing import MOST_PAGES, MOST_TOOLS, ListedTool, read_tool
from .open_calls import Came, OpenCall, OpenCalls, Told
from .server_questions import MOST_QUESTIONS, ServerAsked, ServerQuestions, keep_given
from .server_spec import ServerSpec
from .stdio import LocalServer, Streams

MOST_STARTS = 3
"""How often a server that dies is started in one run."""
LISTING_SECONDS = 30.0
CLOSING_SECONDS = 8.0
_NO_SESSION = re.compile(r"\bsession[ -]id\b|\bserver not initialized\b", re.IGNORECASE)
_BEFORE_THE_CALL = frozenset({-32000, -32001, types.INVALID_REQUEST})
_REFUSED = (types.INVALID_PARAMS, types.METHOD_NOT_FOUND)
"""The codes of errors that a server answers with before it does anything."""
_CLOSED = "Connection closed"
"""What the protocol's package says, itself, of a connection that has ended."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SessionOptions:
    """How servers are started and waited for."""

    connect_seconds: float = 60.0
    call_seconds: float = 60.0
    sandbox: bool = True
    read: tuple[str, ...] = ()
    write: tuple[str, ...] = ()


class _SessionForgotten(ToolError):
    """The server does not know the session any more, as after its restart. Nothing was done."""


@dataclass(eq=False)
class McpSession:
    """The session of a run with one server. Close it in the end."""

    spec: ServerSpec
    options: SessionOptions
    questions: ServerQuestions
    open_calls: OpenCalls
    listed: dict[str, ListedTool] = field(default_factory=dict, init=False)
    problems: list[str] = field(default_factory=list, init=False)
    _client: Client | None = field(default=None, init=False)
    _keeper: asyncio.Task[None] | None = field(default=None, init=False)
    _leaving: asyncio.Event = field(default_factory=asyncio.Event, init=False)
    _connecting: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)
    _starts: int = field(default=0, init=False)
    _local: LocalServer | None = field(default=None, init=False)
    _status: int = field(default=0, init=False)
    is_stale: bool = field(default=False, init=False)
    _mended: list[str] = field(default_factory=list, init=False)

    async def list(self) -> list[ListedTool]:
        """Return what the server lists now. Raises McpError."""
        await self._connect()
        return list(self.listed.values())

    async def list_now(self) -> Sequence[ListedTool]:
        """Return what the server lists by now, asked again where it has said that this has changed. Raises McpError."""
        client = await self._connect()
        if self.is_stale:
            await self._list_again(client)
        return [*self.listed.values()]

    @property
    def hashes(self) -> set[str]:
        """Return the hashes of what was listed last."""
        return {tool.hash for tool in self.listed.values()}

    async def call(self, known: ListedTool, arguments: Mapping[str, object], *, is_write: bool) -> object:
        """Call a tool as it was listed when the run began, and return what it gives.

        Raises ToolError where nothing happened: the server is not there, the tool is another by now, its arguments are refused; CallLost
        where nobody knows.
        """
        try:
            client = await self._connect()
            if is_write or self.is_stale:
                client = await self._list_before(client)
        except McpError as error:
            raise ToolError(f"{error} Nothing was done.") from None
        self._check_unchanged(known)
        told: Told = []
        try:
            return await self._talk(known, arguments, await self._send(client, known.name, arguments, told), told, is_write=is_write)
        except _SessionForgotten:
            try:
                await self.close()
                client = await self._connect()
            except McpError as error:
                raise ToolError(f"{error} Nothing was done.") from None
            self._check_unchanged(known)
            return await self._talk(known, arguments, await self._send(client, known.name, arguments, told), told, is_write=is_write)

    async def go_on(
        self, known: ListedTool, arguments: Mapping[str, object], state: JsonObject, answers: Mapping[str, object], *, is_write: bool
    ) -> object:
        """Go on with a call whose server has asked something, and return what it gives. Raises as `call` does."""
        try:
            asked = ServerAsked.from_json(state)
            given = await self._answer(asked, answers, asked.told)
            if asked.waiting:
                came = await self._wait(self.open_calls.take(asked.waiting, given.get("0")))
            else:
                client = await self._connect()
                self._check_unchanged(known)
                came = await self._send(client, known.name, arguments, asked.told, keep_given(given, self.spec.name), asked.state)
            return await self._talk(known, arguments, came, asked.told, is_write=is_write)
        except (CallLost, CallFailedThere):
            raise
        except (McpError, ToolError) as error:  # before it asked, it may have done something
            raise CallLost(f"it had asked something in the middle of this call. {error}") from None

    async def _talk(self, known: ListedTool, arguments: Mapping[str, object], came: Came, told: Told, *, is_write: bool) -> object:
        """Return what a call gives, or the questions with which it waits. What no person is asked about is answered here."""
        for pause in (0.05, 0.1, 0.25, *[0.25] * 400):
            if isinstance(came, types.CallToolResult):
                said = "\n".join(block.text for block in came.content if isinstance(block, types.TextContent)) if came.is_error else ""
                if said and self._local is not None and (hint := self._local.find_hint(said)):
                    told.append(f"({hint})")
                return finish_call(came, told, is_write=is_write)
            asked = came if isinstance(came, ServerAsked) else ServerAsked(came.input_requests or {}, came.request_state, told=told)
            if len(asked.requests) > MOST_QUESTIONS:
                raise CallLost(f"the MCP server {self.spec.name} asked {len(asked.requests)} questions at once")
            questions = [self.questions.write(key, request) for key, request in asked.requests.items()]
            if any(questions):
                return Asking(tuple(filter(None, questions)), asked.to_json())
            given = await self._answer(asked, {}, told)
            if not given:
                await asyncio.sleep(pause)
            client = await self._connect()
            came = await self._send(client, known.name, arguments, told, keep_given(given, self.spec.name), asked.state)
        raise CallLost(f"the MCP server {self.spec.name} has asked again and again, and never answered")

    async def _answer(self, asked: ServerAsked, answers: Mapping[str, object], told: Told) -> dict[str, types.InputResponse | None]:
        return {key: await self.questions.answer(request, answers.get(key), told) for key, request in asked.requests.items()}

    async def _list_before(self, client: Client) -> Client:
        """List the tools before a call, and return the client; a new one where the server has died since the last call."""
        try:
            await self._list_again(client)
        except McpError:
            await self._find_end()
            if self._local is not None and self._local.is_alive:
                raise  # it is there, and does not list
            await self.close()
            return await self._connect()
        return client

    def _check_unchanged(self, known: ListedTool) -> None:
        now = self.listed.get(known.name)
        if now is None or now.hash != known.hash:
            what = "does not have this tool any more" if now is None else "has changed this tool (its description, schema or hints)"
            raise ToolError(
                f"The MCP server {self.spec.name} {what} since it was listed, so the approval does not cover it. Nothing was done. "
                "From its next turn on an agent has the changed tool, and each call of that asks again."
            )

    async def _send(
        self,
        client: Client,
        name: str,
        arguments: Mapping[str, object],
        told: Told,
        responses: types.InputResponses | None = None,
        state: str | None = None,
    ) -> Came:
        sending = client.session.call_tool(name, dict(arguments), input_responses=responses, request_state=state, allow_input_required=True)
        return await self._wait(OpenCall(sending, told, {"name": name, "arguments": dict(arguments)}))

    async def _wait(self, call: OpenCall) -> Came:
        """Wait for what a call comes to, and say in words what goes wrong."""
        seconds = self.spec.timeout_seconds or self.options.call_seconds
        try:
            async with asyncio.timeout(seconds):
                return await self.open_calls.wait(call)
        except TimeoutError:
            await self.close()  # it may be at work on it still, and is not asked anything more
            raise CallLost(f"the MCP server {self.spec.name} gave no answer within {seconds:g} s, and was ended") from None
        except MCPError as error:
            if error.code in _REFUSED:
                raise ToolError(f"The MCP server {self.spec.name} refused the call: {error.message[:2000]}") from None
            if call.status in (401, 403) and error.code != types.CONNECTION_CLOSED:
                raise ToolError(
                    f"The MCP server {self.spec.name} does not accept the token that it was sent (HTTP {call.status})."
                ) from None
            if call.status == 429:
                raise ToolError(
                    f"The MCP server {self.spec.name} was asked too often (HTTP 429), and did nothing. Ask again later."
                ) from None
            # HTTP 404 in a session, or what the TypeScript SDK's servers say: it does not know it any more, and has done nothing.
            if (call.status == 404 and "session" in error.message.lower()) or (
                call.status == 400 and _NO_SESSION.search(error.message) and error.code in _BEFORE_THE_CALL
            ):
                raise _SessionForgotten("the server has forgotten the session, twice") from None
            if error.code != types.CONNECTION_CLOSED or error.message != _CLOSED:  # servers use that code for whatever went wrong there
                status = f" (HTTP {call.status})" if call.status else ""
                raise CallLost(f"the MCP server {self.spec.name} answered with an error{status}: {error.message[:2000]}") from None
            why = await self._find_end()
            await self.close()
            raise CallLost(f"the MCP server {self.spec.name} gave no answer: {why}") from None
        except (ValidationError, RuntimeError) as error:  # a result that is none, or not what its output schema says
            raise CallLost(f"the MCP server {self.spec.name} answered nonsense: {str(error)[:500]}") from None
        except SaysoError:
            raise
        except Exception as error:  # noqa: BLE001  whatever broke, nobody knows what came of the call
            await self.close()
            raise CallLost(f"the connection to the MCP server {self.spec.name} broke: {find_cause(error)!r}") from None

    # connecting

    async def _connect(self) -> Client:
        """Return the client, connected. Raises McpError, in words for whoever wrote the name of the server."""
        async with self._connecting:
            if self._client is not None and self._keeper is not None and not self._keeper.done():
                return self._client
            await self._end()
            if self._starts >= MOST_STARTS:
                raise McpError(
                    f"The MCP server {self.spec.name} has died {MOST_STARTS} times in this run; it is not started again.",
                    server=self.spec.name,
                )
            self._starts += 1
            self._status = 0
            try:
                async with asyncio.timeout(self.options.connect_seconds):
                    try:
                        await self._open("auto")
                    except MCPError as error:
                        # Some older servers end when they are asked what they do not know.
                        if error.code != types.CONNECTION_CLOSED or not self.spec.command or self._has_problem():
                            raise
                        await self._end()
                        await self._open("legacy")
            except TimeoutError:
                printed = ", and printed what is not a message of the protocol" if self._local is not None and self._local.noise else ""
                late = f"did not answer within {self.options.connect_seconds:g} s{printed}"
                await self._end()
                raise McpError(self._explain(late), server=self.spec.name) from None
            except McpError:
                await self._end()
                raise
            except Exception as error:  # noqa: BLE001  whatever a stranger's server makes of a connection
                found = find_cause(error)
                why = await self._explain_failure(found)
                await self._end()
                raise McpError(why, server=self.spec.name) from None
            assert self._client is not None
            return self._client

    def _has_problem(self) -> bool:
        return self._local is not None and bool(self._local.problem)

    async def _open(self, mode: str) -> None:
        """Start the task that keeps the connection: a connection is opened and closed by one task, and calls come from many."""
        self._leaving = asyncio.Event()
        opened: asyncio.Future[Client] = asyncio.get_running_loop().create_future()
        self._keeper = asyncio.get_running_loop().create_task(self._keep(mode, opened, self._leaving), name=f"mcp:{self.spec.name}")
        try:
            client = await opened
        except asyncio.CancelledError:
            self._keeper.cancel()
            raise
        await self._list_again(client)
        self._client = client

    async def _keep(self, mode: str, opened: asyncio.Future[Client], leaving: asyncio.Event) -> None:
        try:
            client = Client(
                self._make_transport(),
                mode=mode,
                cache=None,
                elicitation_callback=self.open_calls.elicit,
                sampling_callback=self.open_calls.generate if self.questions.sample is not None else None,
                message_handler=self._take_message,
                client_info=types.Implementation(name="sayso", version="1"),
            )
            async with client:
                if not opened.done():
                    opened.set_result(client)
                await leaving.wait()
        except BaseException as error:
            if not opened.done():
                opened.set_exception(find_cause(error))
            elif isinstance(error, asyncio.CancelledError):
                raise

    def _make_transport(self) -> AbstractAsyncContextManager[Streams]:
        if self.spec.command:
            options = self.options
            self._local = LocalServer(self.spec, options.sandbox, options.read, options.write)
            self._local.problems = self._mended
            return self._local.connect()
        return connect_http(self.spec, self.options.call_seconds, self._note_status, self._mended)

    def _note_status(self, status: int, sent: JsonObject) -> None:
        self._status = status
        self.open_calls.note_status(status, sent)

    async def _take_message(self, message: object) -> None:
        """Note that the server says its tools have changed: they are listed again before the next call."""
        if isinstance(message, types.ToolListChangedNotification):
            self.is_stale = True

    async def _list_again(self, client: Client) -> None:
        found: dict[str, ListedTool] = {}
        self._mended.clear()
        problems = self._mended
        cursor: str | None = None
        cursors: set[str] = set()
        try:
            async with asyncio.timeout(LISTING_SECONDS):
                for _ in range(MOST_PAGES):
                    page = await client.list_tools(cursor=cursor, cache_mode="bypass")
                    for each in page.tools:
                        _take_tool(each, found, problems)
                    if (cursor := page.next_cursor) is None or len(found) >= MOST_TOOLS:
                        break
                    if cursor in cursors:
                        problems.append("it lists one page again and again; the listing ends there")
                        break
                    cursors.add(cursor)
        except TimeoutError:
            raise McpError(self._explain(f"did not list its tools within {LISTING_SECONDS:g} s"), server=self.spec.name) from None
        except MCPError as error:
            if error.code == types.METHOD_NOT_FOUND:
                raise McpError(self._explain("has no tools"), server=self.spec.name) from None
            if self._client is None:
                raise
            raise McpError(self._explain(f"did not list its tools ({error.message[:300]})"), server=self.spec.name) from None
        except ValidationError as error:
            raise McpError(
                self._explain(f"lists tools that are none ({error.errors(include_url=False)[0]['msg']})"), server=self.spec.name
            ) from None
        self.listed, self.problems, self.is_stale = found, list(problems), False

    # when it goes wrong

    def _explain(self, what: str) -> str:
        said = f" It said: {self._local.quote()}" if self._local is not None and self._local.said else ""
        return f"The MCP server {self.spec.name} {what}.{said}"

    async def _find_end(self) -> str:
        if self._local is None:
            return f"the connection was closed{f' (HTTP {self._status})' if self._status else ''}"
        if self._local.process is not None:
            with suppress(TimeoutError):  # its exit code comes a moment after its last word
                await asyncio.wait_for(self._local.process.wait(), 0.5)
        return self._local.describe_end()

    async def _explain_failure(self, error: BaseException) -> str:
        """Return why a server cannot be connected to, and what to do."""
        name = self.spec.name
        if self._status in (401, 403):
            return (
                f"The MCP server {name} wants to know who you are (HTTP {self._status}). Sayso does not sign in by OAuth by itself: get a "
                "token from its provider and give it, mcp(url, headers={'Authorization': 'Bearer ...'})."
            )
        if isinstance(error, RuntimeError) and "protocol version" in str(error):
            return f"The MCP server {name} speaks no version of the protocol that this program knows. {error}"
        if self._local is not None and self._local.process is not None:
            end = await self._find_end()
            if isinstance(error, MCPError) and error.code != types.CONNECTION_CLOSED:
                return f"The MCP server {name} does not speak MCP as this program does: {error.message[:500]}. {end}"
            no_mcp = " Is it an MCP server? It printed what is not a message of the protocol." if self._local.noise else ""
            return f"The MCP server {name} could not be connected to: {end}{no_mcp}"
        if isinstance(error, httpx2.ConnectError):
            return f"The MCP server {name} is not there: nothing answers at {self.spec.address}."
        if self._status == 404:
            return f"The MCP server {name} is not at {self.spec.address} (HTTP 404). The address of a server often ends in /mcp."
        if isinstance(error, MCPError) and error.code == types.UNSUPPORTED_PROTOCOL_VERSION:
            return f"The MCP server {name} speaks no version of the protocol that this program knows: {error.message[:300]}"
        status = f" (HTTP {self._status})" if self._status else ""
        why = error.message if isinstance(error, MCPError) else str(error) or type(error).__name__
        return f"{self.spec.address} does not answer as an MCP server{status}: {why[:500]}"

    async def close(self) -> None:
        """End the session, and the server where it was started for it. A later call connects anew."""
        async with self._connecting:
            await self._end()

    async def _end(self) -> None:
        self.open_calls.end()
        self._client, keeper, self._keeper = None, self._keeper, None
        if keeper is None:
            return
        self._leaving.set()
        done, _ = await asyncio.wait({keeper}, timeout=CLOSING_SECONDS)
        if not done:
            keeper.cancel()
            await asyncio.wait({keeper}, timeout=CLOSING_SECONDS)
        if keeper.done() and not keeper.cancelled():
            keeper.exception()


def _take_tool(each: types.Tool, found: dict[str, ListedTool], problems: list[str]) -> None:
    """Take a tool of a listing in; one that is malformed, or of a name that is taken, is left out and told of."""
    name = each.name
    if name in found:
        problems.append(f"{name!r} is listed twice; the first counts")
        return
    hints = each.annotations.model_dump(by_alias=True, exclude_none=True) if each.annotations is not None else {}
    found[name] = read_tool(name, each.description, each.input_schema, hints)
