"""The how-to pages as their readers follow them: files saved under their names, cells and tests executed, Slack and curl played."""

from __future__ import annotations

import ast
import hashlib
import hmac
import json
import os
import re
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from types import ModuleType
from urllib.parse import quote

import httpx2
import nbformat
import pytest
from nbclient import NotebookClient

from sayso.agents import Reply, call
from sayso.testing import ProviderServer
from sayso.testing.loopback import LoopbackRequest, LoopbackServer

DOCS = Path(__file__).parents[2] / "docs"


def blocks(page: str) -> list[str]:
    """Return the code of a page."""
    return re.findall(r"```py\n(.*?)```", (DOCS / f"{page}.md").read_text(encoding="utf-8"), re.DOTALL)


def load(source: str) -> ModuleType:
    """Return a module with the code of a page."""
    module = ModuleType("howto")
    exec(compile(source, "howto", "exec"), module.__dict__)
    return module


async def test_fastapi_answers_as_the_page_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("fastapi")
    monkeypatch.chdir(tmp_path)
    first, mounted = blocks("fastapi")
    shop = load(first + mounted)
    transport = httpx2.ASGITransport(app=shop.app)
    headers = {"Authorization": "Bearer ada's token"}
    async with httpx2.AsyncClient(transport=transport, base_url="http://shop", headers=headers) as client:
        cards = (await client.post("/chats/ada-1", json={"text": "A burger, please."})).json()["cards"]
        assert [card["card"] for card in cards] == ["Order 1 x burger?"]
        assert (await client.post("/chats/ada-1", json={"text": "Hello?"})).status_code == 409
        place = f"/chats/ada-1/cards/{cards[0]['digest']}"
        assert (await client.post("/chats/ada-1/cards/another", json={"approve": True})).status_code == 404
        assert (await client.post(place, json={"approve": True})).json() == {"answer": "Your burger is on its way."}
        assert (await client.post(place, json={"approve": True})).status_code == 404
        assert (await client.post("/chats/ada-1", json={"text": "A burger, please."}, headers={"Authorization": "x"})).status_code == 401
        streamed = (await client.post("/chats/ada-2/stream", json={"text": "A burger, please."})).text
        kinds = [json.loads(line[6:])["event"] for line in streamed.splitlines() if line.startswith("data: ")]
        assert (kinds[0], kinds[-1], "approval_requested" in kinds) == ("run_began", "run_paused", True)
    shop.runs.close()


def test_the_notebook_shows_a_card_and_goes_on(tmp_path: Path) -> None:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in blocks("notebook")])
    NotebookClient(notebook, timeout=60, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}).execute()
    asked, decided = (cell.outputs for cell in notebook.cells[1:])
    assert "application/vnd.jupyter.widget-view+json" in asked[0]["data"]  # the card and its buttons
    assert decided[0]["text"] == "I told Ada. ['ada@example.org']\n"


def test_the_tests_of_the_page_pass(tmp_path: Path) -> None:
    program, *tests = blocks("testing")
    (tmp_path / "desk.py").write_text(program, encoding="utf-8")
    (tmp_path / "test_desk.py").write_text("".join(tests), encoding="utf-8")
    settings = ["-p", "no:cacheprovider", "-p", "no:xdist", "-o", "asyncio_mode=auto", "-o", "asyncio_default_fixture_loop_scope=function"]
    command = [sys.executable, "-m", "pytest", "-q", *settings, "--rootdir", str(tmp_path), "test_desk.py"]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120)
    assert "6 passed" in ran.stdout, ran.stdout


class Slack:
    """Slack on loopback: it keeps the messages that were posted, and clicks their buttons."""

    def __init__(self) -> None:
        self.posted: list[dict[str, object]] = []
        self.server = LoopbackServer(self._take)

    def _take(self, request: LoopbackRequest) -> None:
        self.posted.append(request.body or {})
        request.send(200, b'{"ok": true}')

    def click(self, name: str, user: str = "U024ADA") -> bytes:
        """Return the body that Slack sends for a click on the last message."""
        blocks: list[dict[str, list[dict[str, str]]]] = self.posted[-1]["blocks"]  # type: ignore[assignment]
        (value,) = {button["value"] for button in blocks[1]["elements"]}
        payload = {"type": "block_actions", "user": {"id": user}, "actions": [{"action_id": name, "value": value}]}
        return f"payload={quote(json.dumps(payload))}".encode()


def signed(body: bytes, secret: str = "secret", *, ago: float = 0.0) -> dict[str, str]:
    """Return the headers with which Slack signs a body."""
    sent_at = str(int(time.time() - ago))
    signature = hmac.new(secret.encode(), f"v0:{sent_at}:".encode() + body, hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": sent_at, "X-Slack-Signature": f"v0={signature}"}


async def test_slack_decides_by_a_signed_click_of_a_named_person_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with ExitStack() as stack:
        await _decide_in_slack(stack, tmp_path, monkeypatch)


async def _decide_in_slack(stack: ExitStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SLACK_TOKEN", "xoxb-1")
    monkeypatch.setenv("SLACK_SIGNING_SECRET", "secret")
    slack = Slack()
    slack.server.start()
    stack.callback(slack.server.close)
    monkeypatch.setenv("SLACK_URL", f"{slack.server.url}/api/chat.postMessage")
    wish = Reply(calls=(call("refund", order=77, amount_usd=20),))
    model = stack.enter_context(ProviderServer("openai-chat", wish, "Done."))
    monkeypatch.setenv("SAYSO_MODEL", f"{model.base_url}#gpt-5.6")
    desk = load(blocks("slack")[0])
    stack.callback(desk.runs.close)
    await desk.ask("Refund order 77, please: 20 dollars.", "refund-77")
    assert "Refund 20 dollars for order 77" in json.dumps(slack.posted[-1])
    transport = httpx2.ASGITransport(app=desk.app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://desk") as client:
        yes, stranger = slack.click("Approve"), slack.click("Approve", "U666EVE")
        for body, headers, status in (
            (yes, {}, 401),
            (yes, signed(yes, "another"), 401),
            (yes, signed(yes, ago=400), 401),
            (yes, {**signed(yes), "X-Slack-Signature": "v0=é"}, 401),
            (stranger, signed(stranger), 403),
            (yes, signed(yes), 200),
            (yes, signed(yes), 409),
        ):
            sent = [(name.encode(), value.encode()) for name, value in headers.items()]
            assert (await client.post("/slack", content=body, headers=sent)).status_code == status
    assert (await desk.runs.result("refund-77")) == "Done."


def test_the_agent_asks_before_it_uses_the_server_of_the_page(tmp_path: Path) -> None:
    server, agent = blocks("first-mcp")
    (tmp_path / "stock.py").write_text(server, encoding="utf-8")
    (tmp_path / "cook.py").write_text(agent, encoding="utf-8")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    command = [sys.executable, "cook.py"]
    environment = {**os.environ, "PATH": path}
    ran = subprocess.run(command, cwd=tmp_path, env=environment, input="y\n", capture_output=True, text=True, check=False, timeout=120)
    assert ran.stdout == "Call count of the MCP server sayso.\nApprove? [y/N] There are 12 buns.\n", ran.stderr


@pytest.mark.parametrize("page", ["fastapi", "notebook", "testing", "slack", "first-mcp"])
def test_every_how_to_begins_with_a_task(page: str) -> None:
    text = (DOCS / f"{page}.md").read_text(encoding="utf-8")
    first = text.split("\n\n")[1].split()[0]
    assert first in {"Serve", "Try", "Test", "Let", "Give"}
    for block in blocks(page):
        compile(block, page, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
