"""Servers at an address: ones that want a token, are not there, forget sessions; and Sayso's own, with a run on both sides."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from sayso import Agent, Approve, Edit, ScriptedModel, mcp
from sayso.agents.messages import ToolMessage
from sayso.mcp_server import AppServer
from sayso.mcp_server.http import serve_http
from sayso.tools import ApprovalRequest, Outcome
from sayso.tools.mcp import McpError

from . import desk


class Forgetful(BaseHTTPRequestHandler):
    """A server of the older protocol whose second session is the first that it keeps; others as the path says."""

    sessions = 0
    calls = 0
    is_called, is_refused = threading.Event(), threading.Event()

    def do_POST(self) -> None:
        message = json.loads(self.rfile.read(int(self.headers["content-length"])))
        number, method = message.get("id"), message.get("method")
        if self.path != "/mcp":
            return self.answer(int(self.path[1:]), b"<html>", {"content-type": "text/html"})
        if method == "initialize":
            Forgetful.sessions += 1
            result: dict[str, Any] = {
                "protocolVersion": message["params"]["protocolVersion"],
                "capabilities": {"tools": {}},
                "serverInfo": {"name": "x", "version": "1"},
            }
            return self.reply(number, result, {"mcp-session-id": f"s{Forgetful.sessions}"})
        if method == "server/discover":
            return self.answer(400, b"no", {})
        if number is None:
            return self.answer(202, b"", {})
        if method == "tools/list":
            pay = {"name": "pay", "inputSchema": {"type": "object"}, "outputSchema": {"type": "object"}}
            return self.reply(
                number, {"tools": [pay, *({"name": name, "inputSchema": {"type": "object"}} for name in ("break_off", "busy"))]}
            )
        if self.headers.get("x-too-often"):
            return self.answer(429, b"slow down", {})
        if message["params"]["name"] == "busy":
            Forgetful.is_called.wait(10)
            return self.answer_whole(429, Forgetful.is_refused)
        if message["params"]["name"] == "break_off":
            Forgetful.calls += 1
            Forgetful.is_called.set()
            Forgetful.is_refused.wait(10)
            return self.error(number, -32603, "something broke on the way")
        if self.headers.get("mcp-session-id") == "s1":
            return self.forget()
        Forgetful.calls += 1
        return self.reply(number, {"structuredContent": {"paid": 3}})  # no content, and not what its schema says it has

    def do_GET(self) -> None:
        """Refuse the stream beside the calls, in the middle of the first one."""
        if self.headers.get("x-no-stream"):
            self.answer(405, b"", {})
            return
        Forgetful.is_called.wait(10)
        self.answer_whole(403, Forgetful.is_refused)

    def answer_whole(self, status: int, was_read: threading.Event) -> None:
        self.answer(status, b"", {})
        self.wfile.flush()
        self.connection.shutdown(socket.SHUT_WR)
        self.rfile.read()  # until whoever asked has read the answer
        was_read.set()

    def forget(self) -> None:
        """Answer as the protocol says, or as the servers of the TypeScript SDK do: with an error that is of no request."""
        if (said := self.headers.get("x-forgets")) is None:
            return self.answer(404, b"Session not found", {})
        body = {"jsonrpc": "2.0", "id": None, "error": {"code": -32000, "message": said}}
        return self.answer(400, json.dumps(body).encode(), {"content-type": "application/json"})

    def do_DELETE(self) -> None:
        self.answer(405, b"", {})

    def error(self, number: object, code: int, message: str) -> None:
        body = json.dumps({"jsonrpc": "2.0", "id": number, "error": {"code": code, "message": message}}).encode()
        self.answer(200, body, {"content-type": "application/json"})

    def reply(self, number: object, result: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        body = json.dumps({"jsonrpc": "2.0", "id": number, "result": result}).encode()
        self.answer(200, body, {"content-type": "application/json", **(headers or {})})

    def answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "content-length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def forgetful() -> Iterator[str]:
    Forgetful.sessions = Forgetful.calls = 0
    Forgetful.is_called, Forgetful.is_refused = threading.Event(), threading.Event()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Forgetful)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        Forgetful.is_called.set()
        server.shutdown()
        thread.join()
        server.server_close()


async def say_yes(request: ApprovalRequest) -> Approve | Edit:
    return Edit({"decision": "approve"}) if request.tool == "mcp_question" else Approve(by="ada")


@pytest.mark.parametrize("said", ["", "Bad Request: No valid session ID provided", "Bad Request: Mcp-Session-Id header is required"])
async def test_a_session_that_the_server_has_forgotten_is_begun_anew_and_the_call_is_made_once(said: str) -> None:
    with forgetful() as url:
        servers = mcp(f"{url}/mcp", headers={"x-forgets": said} if said else {})
        run = await Agent(ScriptedModel("pay()", "Over."), tools=[servers]).run("go", approve=say_yes)
    (result,) = [result for message in run.messages if isinstance(message, ToolMessage) for result in message.results]
    assert (result.outcome, json.loads(result.text), Forgetful.calls, Forgetful.sessions) == (Outcome.DONE, {"paid": 3}, 1, 2)


async def test_another_refusal_of_a_request_leaves_a_doubt_and_is_not_made_again() -> None:
    with forgetful() as url:
        servers = mcp(f"{url}/mcp", headers={"x-forgets": "the payment session is over"})
        run = await Agent(ScriptedModel("pay()", "Over."), tools=[servers]).run("go", approve=say_yes)
    (result,) = [result for message in run.messages if isinstance(message, ToolMessage) for result in message.results]
    assert (result.outcome, Forgetful.calls, Forgetful.sessions) == (Outcome.UNKNOWN, 0, 1)


async def test_a_call_that_broke_off_is_in_doubt_whatever_the_server_says_of_the_stream_beside_it() -> None:
    """A stream that is refused (HTTP 403) says nothing of the call: that nothing was done would be a lie, and the model would pay again."""
    with forgetful() as url:
        run = await Agent(ScriptedModel("break_off()", "Over."), tools=[mcp(f"{url}/mcp")]).run("go", approve=say_yes)
    (result,) = [result for message in run.messages if isinstance(message, ToolMessage) for result in message.results]
    assert (result.outcome, Forgetful.calls) == (Outcome.UNKNOWN, 1)
    assert "something broke on the way" in result.text


async def test_a_call_that_broke_off_is_in_doubt_whatever_the_server_says_of_another_call() -> None:
    """Runs that share a connection hear of each other's refusals: what came too often was the other call, and this one may have paid."""
    with forgetful() as url:
        async with mcp(f"{url}/mcp", headers={"x-no-stream": "1"}).connect() as tools:
            agents = [Agent(ScriptedModel(f"{name}()", "Over."), name=name, tools=tools) for name in ("break_off", "busy")]
            runs = await asyncio.gather(*(each.run("go", approve=say_yes) for each in agents))
    found = [result for run in runs for message in run.messages if isinstance(message, ToolMessage) for result in message.results]
    assert [result.outcome for result in found] == [Outcome.UNKNOWN, Outcome.FAILED]
    assert ("something broke on the way" in found[0].text, "asked too often (HTTP 429)" in found[1].text) == (True, True)


async def test_a_call_that_came_too_often_has_done_nothing_and_no_proxy_is_asked_for_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with forgetful() as url:
        servers = mcp(f"{url}/mcp", headers={"x-too-often": "1"})
        run = await Agent(ScriptedModel("pay()", "Over."), tools=[servers]).run("go", approve=say_yes)
    (result,) = [result for message in run.messages if isinstance(message, ToolMessage) for result in message.results]
    assert (result.outcome, Forgetful.calls) == (Outcome.FAILED, 0)
    assert "was asked too often (HTTP 429), and did nothing" in result.text


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/401", "Sayso does not sign in by OAuth by itself: get a token"),
        ("/403", "wants to know who you are (HTTP 403)"),
        ("/404", "The address of a server often ends in /mcp."),
        ("/500", "does not answer as an MCP server (HTTP 500)"),
        ("/200", "does not answer as an MCP server"),
    ],
)
async def test_an_address_that_will_not_do_says_what_to_do(path: str, told: str) -> None:
    with forgetful() as url, pytest.raises(McpError) as raised:
        await Agent(ScriptedModel("Over."), tools=[mcp(f"{url}{path}")]).run("go")
    assert told in str(raised.value)


async def test_an_agent_of_one_program_orders_at_the_desk_of_another_with_a_yes_on_either_side(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAYSO_MCP_TOKEN", "t" * 20)
    served = AppServer(desk.app, f"sqlite:///{tmp_path}/runs.db")
    listening: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    async with served.working():
        serving = asyncio.create_task(serve_http(served, "127.0.0.1", 0, listening.set_result))
        url = f"http://127.0.0.1:{await listening}/mcp"
        with pytest.raises(McpError, match="HTTP 401"):
            await Agent(ScriptedModel("Over."), tools=[mcp(url)]).run("go")
        servers = mcp(url, headers={"Authorization": f"Bearer {'t' * 20}"}, tools=["order"])
        run = await Agent(ScriptedModel("order(what='tea', number=2)", "Over."), tools=[servers]).run("go", approve=say_yes)
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
    assert run.output == "Over."
    assert desk.orders() == ["2 tea"]
