"""An app over MCP, with the MCP package's own client: each write asks, is done once, and gives everybody the same result."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import mcp_types as types
import pytest
from mcp import Client
from mcp.shared.exceptions import MCPError

from sayso import App, Reject, engine, tool
from sayso.mcp_server import AppServer
from sayso.mcp_server.resources import Resources
from sayso.tools import Approve, Grant, UsageError
from sayso.tools.documents import Documents
from sayso.workflows import DurableEngine, Worker

from . import desk

BURGER = {"what": "burger", "number": 3}


@asynccontextmanager
async def serving(url: str, app: App = desk.app, **options: Any) -> AsyncIterator[AppServer]:
    served = AppServer(app, url, **options)
    async with served.working():
        yield served


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/runs.db"


class Person:
    """Answers what a client shows them."""

    def __init__(self, action: str = "accept", **content: Any) -> None:
        self.answer = types.ElicitResult(action=action, content=content or None)  # type: ignore[arg-type]
        self.asked: list[str] = []

    async def __call__(self, context: object, params: types.ElicitRequestParams) -> types.ElicitResult:
        self.asked.append(params.message)
        return self.answer


def text(result: types.CallToolResult) -> str:
    return "\n".join(block.text for block in result.content if isinstance(block, types.TextContent))


ANSWERS = {
    "yes": (Person(decision="approve"), ["3 burger"], '{"ordered": "burger", "number": 3}'),
    "no": (Person(decision="reject", reason="too many"), [], "The user said no: too many. Nothing was done."),
    "declined": (Person("decline"), [], "The user said no. Nothing was done."),
    "dismissed": (Person("cancel"), [], "Nobody has decided. Nothing has been done."),
    "a form sent back empty": (Person(), [], "Nobody has decided. Nothing has been done."),
    "another word": (Person(decision="yes"), [], "Nobody has decided. Nothing has been done."),
}


@pytest.mark.parametrize("mode", ["auto", "legacy"])
@pytest.mark.parametrize(("person", "done", "told"), ANSWERS.values(), ids=ANSWERS)
async def test_a_write_is_done_after_a_yes_in_its_form_and_after_nothing_else(
    mode: str, person: Person, done: list[str], told: str, url: str
) -> None:
    async with serving(url) as served, Client(served.server, mode=mode, elicitation_callback=person) as client:
        result = await client.call_tool("order", BURGER)
        assert (desk.orders(), told in text(result)) == (done, True)
        assert (await client.call_tool("price", {"what": "tea"})).content == [types.TextContent(text="tea: 2.50")]
    assert "Order 3 of burger?" in person.asked[-1]
    assert 'what   = "burger"   (the model chose it)' in person.asked[-1]
    assert "Request " in person.asked[-1]


async def test_tools_agents_and_workflows_are_listed_with_what_they_do_and_take(url: str) -> None:
    async with serving(url) as served, Client(served.server) as client:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        hints = {
            name: (tool.annotations.read_only_hint, tool.annotations.open_world_hint) for name, tool in tools.items() if tool.annotations
        }
        assert hints["order"] == hints["buyer"] == hints["twice"] == (False, True)
        assert hints["price"] == hints["shout"] == hints["sayso_result"] == (True, False)
        assert tools["order"].input_schema["required"] == ["what"]
        assert tools["buyer"].input_schema["required"] == ["task"]
        assert "guests" in json.dumps(tools["plan"].input_schema)
        assert text(await client.call_tool("plan", {"input": {"guests": 3, "what": "tea"}})) == "3 x tea"
        assert text(await client.call_tool("shout", {"input": "hello"})) == "HELLO"
        (image,) = (await client.call_tool("photo", {})).content
        assert isinstance(image, types.ImageContent)
        assert [prompt.name for prompt in (await client.list_prompts()).prompts] == ["buyer"]
        assert "Task: lunch" in str((await client.get_prompt("buyer", {"task": "lunch"})).messages[0].content)


WRONG = {
    "an argument is missing": ("order", {}, "'what' is missing"),
    "an argument too many": ("order", {"what": "x", "to": "y"}, "there is no argument 'to'"),
    "of another type": ("order", {"what": "x", "number": "many"}, "'number'"),
    "no task": ("buyer", {"prompt": "x"}, "takes one argument, 'task'"),
    "no text": ("buyer", {"task": 3}, "takes 'task' as a text"),
    "an input of another type": ("plan", {"input": {"guests": "some"}}, "input.guests"),
    "it raises": ("broken", {}, "ConnectionError"),
    "another's run": ("sayso_result", {"run": "r1"}, "There is no run 'r1'"),
}


@pytest.mark.parametrize(("name", "arguments", "told"), WRONG.values(), ids=WRONG)
async def test_what_does_not_fit_is_told_to_the_clients_model_and_nothing_secret(
    name: str, arguments: dict[str, Any], told: str, url: str
) -> None:
    async with serving(url) as served, Client(served.server) as client:
        result = await client.call_tool(name, arguments)
    assert (result.is_error, told in text(result), "hunter2" in text(result)) == (True, True, False)
    assert desk.orders() == []


async def test_an_agent_asks_through_the_client_and_parallel_writes_ask_one_by_one(url: str) -> None:
    person = Person(decision="approve")
    async with serving(url) as served, Client(served.server, elicitation_callback=person) as client:
        assert text(await client.call_tool("buyer", {"task": "buy lunch"})) == "It is ordered."
        assert text(await client.call_tool("twice", {"input": 2})) == "2"
    assert sorted(desk.orders()) == ["2 burger", "2 milk", "2 tea"]
    assert len(person.asked) == 3


async def question(client: Client) -> types.InputRequiredResult:
    asked = await client.session.call_tool("order", BURGER, allow_input_required=True)
    assert isinstance(asked, types.InputRequiredResult)
    return asked


async def answer(
    client: Client, asked: types.InputRequiredResult, decision: str, arguments: dict[str, Any] | None = None
) -> types.CallToolResult:
    responses: types.InputResponses = {
        key: types.ElicitResult(action="accept", content={"decision": decision}) for key in asked.input_requests or {}
    }
    result = await client.session.call_tool(
        "order", arguments or BURGER, input_responses=responses, request_state=asked.request_state, allow_input_required=True
    )
    assert isinstance(result, types.CallToolResult)
    return result


async def test_the_same_answer_again_returns_the_stored_result_and_another_one_is_refused(url: str) -> None:
    async with serving(url) as served, Client(served.server, elicitation_callback=Person()) as client:
        asked = await question(client)
        first, again, other = [await answer(client, asked, decision) for decision in ("approve", "approve", "reject")]
    assert (text(first), text(again), desk.orders()) == ('{"ordered": "burger", "number": 3}', text(first), ["3 burger"])
    assert other.is_error
    assert "was approved by an MCP client (mcp: mcp) already" in text(other)
    async with serving(url) as served, Client(served.server, elicitation_callback=Person()) as client:  # another process, another day
        assert text(await answer(client, asked, "approve")) == text(first)
        assert desk.orders() == ["3 burger"]


async def test_two_clients_of_two_servers_that_answer_at_once_see_one_order_and_one_result(database_url: str) -> None:
    async with (
        serving(database_url) as one,
        serving(database_url) as other,
        Client(one.server, elicitation_callback=Person()) as a,
        Client(other.server, elicitation_callback=Person()) as b,
    ):
        asked = await question(a)
        results = await asyncio.gather(*(answer(client, asked, "approve") for client in (a, b, a, b)))
    assert {text(result) for result in results} == {'{"ordered": "burger", "number": 3}'}
    assert desk.orders() == ["3 burger"]


async def test_a_state_is_for_its_own_call_and_key(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving(url) as served, Client(served.server, elicitation_callback=Person()) as client:
        asked = await question(client)
        with pytest.raises(MCPError, match="Invalid or expired requestState"):
            await answer(client, asked, "approve", {"what": "burger", "number": 300})
        forged = asked.model_copy(update={"request_state": json.dumps({"run": "r1", "asked": []})})
        with pytest.raises(MCPError, match="Invalid or expired requestState"):
            await answer(client, forged, "approve")
    monkeypatch.setenv("SAYSO_MCP_KEY", "x" * 40)
    async with serving(url) as served, Client(served.server, elicitation_callback=Person()) as client:
        with pytest.raises(MCPError, match="Invalid or expired requestState"):
            await answer(client, asked, "approve")
    monkeypatch.setenv("SAYSO_MCP_KEY", f"{'x' * 40},{'k' * 40}")  # a key that was exchanged opens what it has sealed
    async with serving(url) as served, Client(served.server, elicitation_callback=Person()) as client:
        assert text(await answer(client, asked, "approve")) == '{"ordered": "burger", "number": 3}'
    assert desk.orders() == ["3 burger"]


async def test_a_client_that_cannot_ask_is_told_who_is_and_what_others_decide_counts(url: str) -> None:
    async with serving(url, wait_seconds=0.1) as served, Client(served.server) as client:
        waiting = await client.call_tool("order", BURGER)
        run = (waiting.meta or {})["sayso/run"]
        assert ("cannot ask its person" in text(waiting), "Order 3 of burger?" in text(waiting), desk.orders()) == (True, True, [])
        elsewhere = engine(url)
        (request,) = await elsewhere.requests(run)
        await elsewhere.decide(run, {request.digest: Approve(by="ada", place="terminal")})
        elsewhere.close()
        served._wait_seconds = 20.0
        assert text(await client.call_tool("sayso_result", {"run": run})) == '{"ordered": "burger", "number": 3}'
    assert desk.orders() == ["3 burger"]


@pytest.mark.parametrize("carries_on", ["a worker", "this program"])
async def test_what_was_asked_over_mcp_is_approved_and_done_where_no_server_runs_any_more(carries_on: str, url: str) -> None:
    async with serving(url, wait_seconds=0.1) as served, Client(served.server) as client:
        waiting = await client.call_tool("order", BURGER)
        run = (waiting.meta or {})["sayso/run"]
    granted = App(
        tools=[desk.order], name="desk", grants=[Grant(tool=desk.order)]
    )  # a standing approval of the app covers nothing from outside
    elsewhere = engine(url, app=granted)
    assert isinstance(elsewhere, DurableEngine)
    assert not (await elsewhere.resume(run, {})).finished
    (request,) = await elsewhere.requests(run)
    await elsewhere.decide(run, {request.digest: Approve(by="ada", place="terminal")})
    if carries_on == "a worker":
        worker = Worker(granted, url)
        working = asyncio.ensure_future(worker.work())
        assert (await elsewhere.result(run)).content == {"ordered": "burger", "number": 3}
        worker.stop()
        await working
    assert (await elsewhere.resume(run, {})).finished
    elsewhere.close()
    assert desk.orders() == ["3 burger"]


@pytest.mark.parametrize(
    ("mode", "decision"), [("auto", Approve(by="ada")), ("legacy", Approve(by="ada")), ("legacy", Reject("no", by="ada"))]
)
async def test_a_decision_in_a_terminal_counts_while_the_client_is_being_asked(mode: str, decision: Approve | Reject, url: str) -> None:
    async with serving(url) as served:
        elsewhere = engine(url)

        async def slow(context: object, params: types.ElicitRequestParams) -> types.ElicitResult:
            (request,) = await elsewhere.requests()
            await elsewhere.decide(request.run_id, {request.digest: decision})
            if mode == "legacy":
                await asyncio.Event().wait()  # its person never comes back
            return types.ElicitResult(action="accept", content={"decision": "approve"})

        async with Client(served.server, mode=mode, elicitation_callback=slow) as client:
            result = await client.call_tool("order", BURGER)
        elsewhere.close()
    assert (desk.orders() == ["3 burger"]) is isinstance(decision, Approve)
    assert result.is_error is isinstance(decision, Reject)


@tool.write(card="Pay {euros} euros?", approvals=2)
async def pay(euros: int) -> str:
    """Pay."""
    return f"paid {euros}"


@tool.write(card="Fire {name}?", roles=("boss",))
async def fire(name: str) -> str:
    """Fire somebody."""
    return f"fired {name}"


async def test_clients_are_nobody_by_name_whatever_they_call_themselves_and_have_no_role(url: str) -> None:
    app = App(tools=[pay, fire], name="office")
    names = [types.Implementation(name=name, version="1") for name in ("ada", "bob", "eve")]
    person = Person(decision="approve")
    async with serving(url, app, wait_seconds=0.1) as served:
        for info in names:
            async with Client(served.server, elicitation_callback=person, client_info=info) as client:
                waiting = await client.call_tool("pay", {"euros": 5})
                assert "This needs the yes of several people, each by their name" in text(waiting)
                told = text(await client.call_tool("fire", {"name": "Ada"}))
                assert "Only somebody with the role boss decides this" in told
    assert person.asked == []


async def test_documents_and_reports_are_read_by_the_names_they_are_listed_under(url: str, tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "pets.md").write_text("# Pets\n\nDogs may come to the office on Fridays.\n")
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports" / "betta.md").write_text("A report.")
    (tmp_path / "reports" / "secret.md").symlink_to(tmp_path / "docs" / "pets.md")
    with Documents.of_folder(tmp_path / "docs", embedder=None) as documents:
        async with serving(url, resources=Resources(documents, tmp_path / "reports")) as served, Client(served.server) as client:
            listed = [resource.uri for resource in (await client.list_resources()).resources]
            assert listed == ["sayso://documents/pets.md", "sayso://reports/betta.md"]
            for uri, words in (
                *zip(listed, ("Dogs may come", "A report."), strict=True),
                ("sayso://documents/search/When%20may%20dogs%20come%3F", "Fridays"),
            ):
                (content,) = (await client.read_resource(uri)).contents
                assert isinstance(content, types.TextResourceContents)
                assert words in content.text
            for uri in ("sayso://reports/../docs/pets.md", "sayso://reports/secret.md", "file:///etc/passwd"):
                with pytest.raises(MCPError, match="There is no resource"):
                    await client.read_resource(uri)


def test_keys_and_names_that_will_not_do_are_refused_before_anything_is_served(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAYSO_MCP_KEY", "short")
    with pytest.raises(UsageError, match="Key 1 of SAYSO_MCP_KEY has 5 characters"):
        AppServer(desk.app, url)
    monkeypatch.delenv("SAYSO_MCP_KEY")
    AppServer(desk.app, url).engine.close()
    assert (Path(url.removeprefix("sqlite:///")).with_name("runs.db.mcp-key").stat().st_mode & 0o777) == 0o600


def test_a_server_for_other_machines_needs_a_token(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from sayso.mcp_server.http import serve_http

    served = AppServer(desk.app, url)
    with pytest.raises(UsageError, match="Set SAYSO_MCP_TOKEN"):
        asyncio.run(serve_http(served, "0.0.0.0", 0, print))
    served.engine.close()
