"""Who calls over HTTP is who decides: a state, a run and a yes are of the person who is signed in, and of nobody else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import mcp_types as types
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError

from sayso import App, tool
from sayso.mcp_server import AppServer
from sayso.mcp_server.callers import Callers
from sayso.mcp_server.http import read_callers, serve_http
from sayso.tools import UsageError
from sayso.web.desk import ApprovalDesk
from sayso.web.people import TrustedHeader, read_people

from . import desk
from .test_serving import text

PEOPLE = read_people(["ada", "bob", "tess:treasurer", "root:approver"])


@tool.write(card="Refund {amount}?", roles=("treasurer",))
async def refund(amount: int) -> str:
    """Give money back."""
    return f"{amount} went back"


@tool.write(card="Fire {name}?", approvals=2, roles=("treasurer", "approver"))
async def fire(name: str) -> str:
    """Fire somebody."""
    return f"{name} was fired"


APP = App(tools=[desk.order, refund, fire], name="desk")


@asynccontextmanager
async def listening(tmp_path: Path, callers: Callers) -> AsyncIterator[tuple[AppServer, str]]:
    served = AppServer(APP, f"sqlite:///{tmp_path}/runs.db", wait_seconds=0)
    bound: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    async with served.working():
        serving = asyncio.create_task(serve_http(served, "127.0.0.1", 0, bound.set_result, callers))
        try:
            yield served, f"http://127.0.0.1:{await bound}/mcp"
        finally:
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)


@asynccontextmanager
async def client(url: str, headers: dict[str, str], **options: Any) -> AsyncIterator[Client]:
    async with (
        httpx2.AsyncClient(headers=headers) as http,
        Client(streamable_http_client(url, http_client=http), **options) as made,
    ):
        yield made


def token(callers: Callers, name: str) -> dict[str, str]:
    assert callers.sign_in is not None
    return {"authorization": f"Bearer {callers.sign_in.link_token(name)}"}


async def say_yes(context: object, params: types.ElicitRequestParams) -> types.ElicitResult:
    return types.ElicitResult(action="accept", content={"decision": "approve"})


async def ask(of: Client, name: str, **arguments: object) -> Any:
    return await of.session.call_tool(name, arguments, allow_input_required=True)


async def answer(of: Client, asked: types.InputRequiredResult, name: str, **arguments: object) -> types.CallToolResult:
    yes: dict[str, Any] = {key: types.ElicitResult(action="accept", content={"decision": "approve"}) for key in asked.input_requests or {}}
    came = await of.session.call_tool(name, arguments, input_responses=yes, request_state=asked.request_state, allow_input_required=True)
    assert isinstance(came, types.CallToolResult)
    return came


async def test_a_stolen_state_opens_nothing_and_the_yes_is_of_who_is_signed_in(tmp_path: Path) -> None:
    callers = read_callers(PEOPLE)
    async with (
        listening(tmp_path, callers) as (served, url),
        client(url, token(callers, "ada"), elicitation_callback=say_yes) as ada,
        client(url, token(callers, "bob"), elicitation_callback=say_yes) as bob,
    ):
        asked = await ask(ada, "order", what="tea")
        with pytest.raises(MCPError):
            await answer(bob, asked, "order", what="tea")
        assert desk.orders() == []
        (run,) = await served.engine.runs()
        assert "There is no run" in text(await bob.call_tool("sayso_result", {"run": run.id}))
        done = await answer(ada, asked, "order", what="tea")
        assert (desk.orders(), text(done)) == (["1 tea"], '{"ordered": "tea", "number": 1}')
        assert text(await ada.call_tool("sayso_result", {"run": run.id})) == text(done)
        (row,) = await served.engine.approvals(run.id)
        assert (row.decided_by, (await served.engine.run(run.id)).for_user) == ("ada", "ada")


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_a_role_is_asked_for_over_mcp_as_on_the_page(mode: str, tmp_path: Path) -> None:
    callers = read_callers(PEOPLE)
    async with (
        listening(tmp_path, callers) as (_, url),
        client(url, token(callers, "ada"), mode=mode, elicitation_callback=say_yes) as ada,
        client(url, token(callers, "tess"), mode=mode, elicitation_callback=say_yes) as tess,
    ):
        waits = text(await ada.call_tool("refund", {"amount": 5}))
        assert "refund is approved by people with the role treasurer. Nothing has been done." in waits
        assert text(await tess.call_tool("refund", {"amount": 5})) == "5 went back"
        once = text(await tess.call_tool("fire", {"name": "Bo"}))
        assert "You have approved this already. Another person has to approve it too." in once


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_a_yes_of_who_may_not_decide_any_more_counts_for_nothing(mode: str, tmp_path: Path) -> None:
    callers = read_callers(PEOPLE)
    async with listening(tmp_path, callers) as (served, url):

        async def say_yes_too_late(context: object, params: types.ElicitRequestParams) -> types.ElicitResult:
            (run,) = await served.engine.runs()
            (row,) = await served.engine.approvals(run.id)
            await ApprovalDesk(served.engine.database).hand_on(row.digest, "root", "root", served.engine.clock())
            return types.ElicitResult(action="accept", content={"decision": "approve"})

        async with client(url, token(callers, "tess"), mode=mode, elicitation_callback=say_yes_too_late) as tess:
            came = text(await tess.call_tool("refund", {"amount": 5}))
        (run,) = await served.engine.runs()
        (row,) = await served.engine.approvals(run.id)
    assert ("This request was handed to root." in came, row.state) == (True, "proposed")


async def test_the_session_of_an_older_client_is_of_who_began_it(tmp_path: Path) -> None:
    callers = read_callers(PEOPLE)
    hello = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "x", "version": "1"}}
    common = {"accept": "application/json, text/event-stream"}
    async with listening(tmp_path, callers) as (_, url), httpx2.AsyncClient(headers=common) as http:
        begun = await http.post(
            url, json={"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello}, headers=token(callers, "ada")
        )
        session = {"mcp-session-id": begun.headers["mcp-session-id"], "mcp-protocol-version": "2025-06-18"}
        listing = {"jsonrpc": "2.0", "id": 2, "method": "tools/list"}
        by_bob = await http.post(url, json=listing, headers={**session, **token(callers, "bob")})
        by_ada = await http.post(url, json=listing, headers={**session, **token(callers, "ada")})
    assert (by_bob.status_code, by_ada.status_code) == (404, 200)


HEADER = "X-Forwarded-User"
HERE, ELSEWHERE = TrustedHeader(HEADER, frozenset({"127.0.0.1"})), TrustedHeader(HEADER, frozenset({"10.0.0.7"}))
DOORS: dict[str, tuple[TrustedHeader | None, list[tuple[str, str]], int]] = {
    "the proxy names somebody": (HERE, [(HEADER, "ada")], 200),
    "somebody else names somebody": (ELSEWHERE, [(HEADER, "ada")], 401),
    "a name that a visitor has added": (HERE, [(HEADER, "ada"), (HEADER, "root")], 401),
    "no name": (HERE, [], 401),
    "a header that nobody trusts": (None, [(HEADER, "ada")], 401),
    "the secret itself": (None, [("authorization", f"Bearer {'s' * 20}")], 401),
    "a token cut short": (None, [("authorization", "Bearer YWRh.")], 401),
    "letters that are none of ASCII": (None, [("authorization", "Bearer YWRh.\xff")], 401),
}


@pytest.mark.parametrize(("trusted", "headers", "status"), DOORS.values(), ids=DOORS)
async def test_only_who_is_named_gets_in(
    trusted: TrustedHeader | None, headers: list[tuple[str, str]], status: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAYSO_MCP_TOKEN", "s" * 20)
    sent: list[Any] = []
    hello = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "x", "version": "1"}}
    message = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello}
    async with listening(tmp_path, read_callers(PEOPLE, trusted)) as (_, url), httpx2.AsyncClient() as http:
        given = [("accept", "application/json, text/event-stream"), *headers]
        raw = [(name.encode(), value.encode("latin-1")) for name, value in given]
        sent.append(await http.post(url, json=message, headers=raw))
    assert sent[0].status_code == status


def test_tokens_stay_the_same_with_a_secret_and_are_not_those_of_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAYSO_MCP_TOKEN", "s" * 20)
    one, other = read_callers(PEOPLE), read_callers(PEOPLE)
    assert token(one, "ada") == token(other, "ada") != token(one, "bob")
    from sayso.web.people import SignIn

    assert SignIn(PEOPLE, "s" * 20).read_link_token(token(one, "ada")["authorization"].removeprefix("Bearer ")) is None
    monkeypatch.setenv("SAYSO_MCP_TOKEN", "short")
    with pytest.raises(UsageError, match="at least 16"):
        read_callers(PEOPLE)
