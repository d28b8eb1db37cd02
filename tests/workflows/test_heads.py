"""A database that is set back pays twice, whatever its rows carry; a head that is kept elsewhere stops it before the second payment."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from sayso.tools import Approve, RunError, ToolContext, UsageError, tool
from sayso.workflows import App, DurableEngine, Run, sequential
from sayso.workflows.durable.heads import FileHeads, Head, make_heads

from .sql import change, read_tables, restore_tables

TABLES = ("sayso_runs", "sayso_log", "sayso_inbox", "sayso_approvals")
PAID: list[str] = []


@tool.write
async def pay(to: str, context: ToolContext[Any]) -> str:
    """Pays."""
    PAID.append(to)
    return f"paid {to}"


async def paying(run: Run, to: str) -> str:
    return str(await run.call(pay, to=to))


FLOW = sequential(paying, name="paying")


class Kept:
    """Heads in memory, for a program that keeps them where it likes."""

    def __init__(self) -> None:
        self.heads: dict[str, Head] = {}
        self.is_away = False

    async def read(self, run_id: str) -> Head | None:
        if self.is_away:
            raise ConnectionError("nobody answers")
        return self.heads.get(run_id)

    def write(self, run_id: str, head: Head) -> None:
        self.heads[run_id] = head


class Server(BaseHTTPRequestHandler):
    """Heads by URL."""

    heads: dict[str, bytes]

    def do_GET(self) -> None:
        found = self.server.heads.get(self.path)  # type: ignore[attr-defined]
        self.send_response(200 if found else 404)
        self.end_headers()
        self.wfile.write(found or b"")

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        allowed = self.headers["Authorization"] == "Bearer let me"
        if allowed:
            self.server.heads[self.path] = body  # type: ignore[attr-defined]
        self.send_response(204 if allowed else 401)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture(params=["object", "file", "url"])
def heads(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A place for heads of each kind."""
    monkeypatch.setenv("SAYSO_HEADS_TOKEN", "let me")
    if request.param == "object":
        yield Kept()
    elif request.param == "file":
        yield tmp_path / "heads.jsonl"
    else:
        with HTTPServer(("127.0.0.1", 0), Server) as server:
            server.heads = {}  # type: ignore[attr-defined]
            threading.Thread(target=server.serve_forever, daemon=True).start()
            yield f"http://127.0.0.1:{server.server_port}/runs/"
            server.shutdown()


@pytest.fixture
def url(tmp_path: Path) -> str:
    PAID.clear()
    return f"sqlite:///{tmp_path}/runs.db"


def home(url: str, heads: Any = None) -> Any:
    return closing(DurableEngine(url, app=App([FLOW], heads=heads)))


async def pay_and_set_back(url: str, heads: Any) -> str:
    """Pay, then make the database what it was before; return the digest of the request."""
    with home(url, heads) as engine:
        (request,) = (await FLOW.run("shop", engine=engine, run_id="r1")).pending
        before = read_tables(url, *TABLES)
        assert (await engine.resume("r1", {request.digest: Approve()})).output == "paid shop"
        assert (await engine.verify("r1")).problems == ()
        restore_tables(url, before)
        return str(request.digest)


async def test_a_database_that_was_set_back_is_stopped_before_it_pays_again(url: str, heads: Any) -> None:
    digest = await pay_and_set_back(url, heads)
    with home(url, heads) as engine:
        assert "it was set back" in " ".join((await engine.verify("r1")).problems)
        with pytest.raises(RunError, match=r"Run r1 is stopped: its log has \d+ rows, and had \d+ .* it was set back"):
            await engine.resume("r1", {digest: Approve()})
    assert PAID == ["shop"]


async def test_without_one_nothing_shows_it(url: str) -> None:
    digest = await pay_and_set_back(url, None)
    with home(url) as engine:
        assert (await engine.verify("r1")).problems == ()
        assert (await engine.resume("r1", {digest: Approve()})).output == "paid shop"
    assert PAID == ["shop", "shop"]  # as docs/approvals.md says


async def test_a_log_that_was_written_anew_is_stopped(url: str, heads: Any) -> None:
    from sayso.workflows.durable.chain import Row, link_rows

    with home(url, heads) as engine:
        (request,) = (await FLOW.run("shop", engine=engine, run_id="r1")).pending
        found = change(url, "SELECT number, at, run, kind, name, value, hash FROM sayso_log ORDER BY number")
        chain = link_rows("", 0, [Row(*each)._replace(at=each[1] + 1) for each in found], None)
        for row in chain:
            change(url, "UPDATE sayso_log SET at = :at, hash = :hash WHERE number = :number", row._asdict())
        change(url, "UPDATE sayso_runs SET head = :hash", chain[-1]._asdict())
        with pytest.raises(RunError, match="it was written anew"):
            await engine.resume("r1", {request.digest: Approve()})
    assert PAID == []


async def test_a_place_that_is_away_stops_the_write_and_not_the_run(url: str) -> None:
    kept = Kept()
    with home(url, kept) as engine:
        (request,) = (await FLOW.run("shop", engine=engine, run_id="r1")).pending
        kept.is_away = True
        with pytest.raises(RunError, match=r"cannot be used .ConnectionError: nobody answers"):
            await engine.resume("r1", {request.digest: Approve()})
        assert PAID == []
        kept.is_away = False
        assert (await engine.resume("r1", {})).output == "paid shop"
    assert PAID == ["shop"]


async def test_a_payment_that_was_cut_off_is_not_made_again_from_a_log_that_was_set_back(url: str) -> None:
    """The head is kept after the intent and before the effect: between them nothing can be undone unseen."""
    seen: list[tuple[int, int]] = []

    class Watching(Kept):
        def write(self, run_id: str, head: Head) -> None:
            super().write(run_id, head)
            ((intents,),) = change(url, f"SELECT count(*) FROM sayso_log WHERE name LIKE 'intent:%' AND number <= {head.number}")
            seen.append((intents, len(PAID)))

    with home(url, Watching()) as engine:
        (request,) = (await FLOW.run("shop", engine=engine, run_id="r1")).pending
        await engine.resume("r1", {request.digest: Approve()})
    assert seen == [(0, 0), (1, 0), (1, 1)]  # at the pause, after the intent, at the end


def test_a_file_of_heads_is_only_added_to_and_says_when_it_was_cut(tmp_path: Path) -> None:
    file = FileHeads(tmp_path / "heads")
    assert file.read("r1") is None
    for number in (3, 9, 6):
        file.write("r1", Head(number, f"h{number}"))
    file.write("r2", Head(1, "x"))
    assert (file.read("r1"), FileHeads(tmp_path / "heads").read("r1")) == (Head(9, "h9"), Head(9, "h9"))
    with (tmp_path / "heads").open("ab") as half:
        half.write(b'{"run": "r1", "num')
    assert file.read("r1") == Head(9, "h9")  # somebody is writing
    lines = (tmp_path / "heads").read_text().splitlines()
    (tmp_path / "heads").write_text(lines[0] + "\n")
    with pytest.raises(ValueError, match="was cut"):
        file.read("r1")
    (tmp_path / "heads").unlink()
    with pytest.raises(ValueError, match="is gone"):
        file.read("r1")
    assert json.loads(lines[0]) == {"run": "r1", "number": 3, "head": "h3"}


def test_a_file_of_heads_is_read_by_many_threads(tmp_path: Path) -> None:
    file = FileHeads(tmp_path / "heads")
    with (tmp_path / "heads").open("a") as lines:
        lines.writelines(f'{{"run": "r", "number": {number}, "head": "h"}}\n' for number in range(5000))
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(file.read, ["r"] * 64)) == {Head(4999, "h")}
    assert file.read("r") == Head(4999, "h")


@pytest.mark.parametrize("where", ["", 7, object(), lambda run: None])
def test_what_is_no_place_for_heads_is_refused(where: Any) -> None:
    with pytest.raises(UsageError, match="is not a place for heads"):
        make_heads(where)
