"""Writes the databases of `test_old_database.py`. It was run with the code of commit 6f7a18e, and runs with no other:

    git worktree add ../old 6f7a18e && cp -r tests/workflows/old_database ../old/tests/workflows && cd ../old
    make .venv/dev PYTHON=python3.11 && .venv/bin/python -m tests.workflows.old_database.write OUT

for Python 3.11, 3.12 and 3.13: a request for approval holds for the bytecode of its tool, which each of them compiles otherwise. OUT is
then given `sqlite-3.11.tar.xz` and `postgres-3.11.tar.xz`, each with the database and the book of the effects that were made meanwhile.

Three things are not as they are for a user. Requests wait for a century and not for a week, or the tests would end with the week. Programs
are named after no machine. And the places in ChatTurn and ResearchTask, which `sayso` makes absolute, are relative, so that the databases
can be opened in any folder. On Python 3.12 and later SQLite before 3.42 is taught a function without which the old code cannot write.
"""

from __future__ import annotations

import asyncio
import importlib
import io
import os
import socket
import sqlite3
import subprocess
import sys
import tarfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from sayso import Approve, Edit, Limits, Reject
from sayso.workflows import Worker, engine
from sayso.workflows import approval as calls  # type: ignore[attr-defined, unused-ignore]

from . import old_app, old_values

CENTURY = 100 * 366 * 24 * 3600.0
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
MODEL_AT = "http://127.0.0.1:9/v1"
"""Where the model of the chat was; nothing listens there later, and nobody needs it: what it said is kept."""


def kind(path: str) -> Any:
    """A class by its path."""
    module, _, name = path.partition(":")
    return getattr(importlib.import_module(module), name)


async def begin(home: Any, flow: str, value: Any, run_id: str, **options: Any) -> Any:
    """Carry a run of the app to its first pause."""
    return await old_app.APP.flow(flow).run(value, engine=home, run_id=run_id, deps=old_app.shop(), **options)


async def yes_to(result: Any, *wanted: str) -> Any:
    """Approve what waits and whose card begins so, and carry on."""
    return await result.resume({each.digest: Approve(by="ada", place="writer") for each in result.pending if each.card.startswith(wanted)})


async def by_worker(url: str, *runs: str) -> None:
    """Let a worker carry these runs until they wait."""
    worker = Worker(old_app.APP, url)
    working = asyncio.ensure_future(worker.work())
    home = engine(url)
    while {(await home.run(run)).state for run in runs} & {"queued", "running"}:  # noqa: ASYNC110  another program's doing
        await asyncio.sleep(0.1)
    worker.stop()
    await working
    home.close()


async def write_waiting(url: str) -> None:
    """Everything that can be written by one program that ends as it should."""
    home: Any = engine(url, app=old_app.APP)
    await begin(home, "clerk", "two cakes, please", "agent")
    await begin(home, "writer", "Write to bob.", "text-agent")
    await begin(home, "chief", "Get two cakes.", "delegation")
    await yes_to(await begin(home, "coder", "Write and pay.", "program"), "Mail to cy")
    await begin(home, "evening", "cake", "evening")
    half = await begin(home, "evening", "cake", "evening-half")
    half = await yes_to(half, "Mail to ada", "Pack cup")
    await half.resume({each.digest: decision for each in half.pending if (decision := half_decided(each)) is not None})
    await begin(home, "evening", "cake", "evening-decided")
    await home.decide("evening-decided", {each.digest: Approve(by="ada") for each in await home.requests("evening-decided")})
    old_app.VALUES[:] = old_values.values(kind)
    await begin(home, "values", "all", "values")
    old_app.VALUES[:] = [*map(old_values_failed(kind), old_values.errors(kind))]
    await begin(home, "values", "errors", "errors")
    await begin(home, "wishing", await old_app.take("pie"), "wishing", limits=Limits(tokens=1000, cost_usd=1, seconds=3600))
    with suppress(old_app.SoldOut):
        await yes_to(await begin(home, "baking", "bread", "baking"), "Mail to fay")
    await begin(home, "doing", "it", "doing")
    private = await begin(home, "private_research", "Burgle", "private-research")
    await yes_to(private, "search")
    await begin(home, "open_research", "Burgle", "open-research")
    await yes_to(await begin(home, "writer", "Write to bob.", "done"), "Mail")
    with suppress(kind("sayso.tools.errors:LimitReached")):
        await begin(home, "clerk", "two cakes, please", "limited", limits=Limits(tool_calls=1))
    await begin(home, "writer", "Write to bob.", "cancelled")
    await home.cancel("cancelled")
    await home.submit("clerk", "two cakes, please", run_id="queued")
    await home.submit("clerk", "two cakes, please", run_id="handed-in")
    home.dispatch.enqueue("old", "handed-in#1.0")  # as a worker does that dies before any has begun it
    home.close()


def half_decided(request: Any) -> Any:
    """An edit for one request, a no for another; the rest goes on waiting."""
    if request.tool == "order":
        return Edit({"dish": "pie", "count": 3}, by="ada")
    return Reject("too much", by="ada") if request.card == "Mail to dan: 4 x cake, please" else None


def old_values_failed(kind: Any) -> Any:
    """How a branch that failed is kept where failures are collected."""
    failed = kind("sayso.workflows.branches:Failed")
    return lambda error: failed("branch", error)


async def write_letters(url: str) -> None:
    """A run that waits for a signal, let go of by a worker."""
    home: Any = engine(url, app=old_app.APP)
    await home.submit("letters", "Gil", run_id="letters")
    home.close()
    await by_worker(url, "letters")


async def write_keyed(url: str) -> None:
    """A run whose log is chained with a key."""
    home: Any = engine(url, app=old_app.APP)
    await begin(home, "doing", "it with a key", "keyed")
    home.close()


async def write_chat(url: str) -> None:
    """A conversation as `sayso chat --database` has it: a turn that is done, and one with an order that waits."""
    from sayso.agents import Reply, call
    from sayso.builtin_app import ChatTurn
    from sayso.cli import chosen_model
    from sayso.kept_chat import converse_kept
    from tests.agents import fake_openai

    replies = [
        Reply(calls=(call("MENU", item="cheeseburger"),)),
        "630 calories.",
        Reply("They are on their way!", calls=(call("ORDER", item="Cheeseburger", quantity=2),)),
    ]
    with fake_openai.FakeOpenAI(replies) as endpoint:
        endpoint._server.server_close()
        endpoint._server.__init__(("127.0.0.1", 9), fake_openai._Answering)  # type: ignore[misc]
        endpoint._server.fake = endpoint
        model = chosen_model("fake", MODEL_AT)
        settings = ChatTurn("", "fake", MODEL_AT, "orders.db", "9876", "1234 My Street")
        assert await converse_kept(model, settings, url, "burgers") == 3


async def write_dying(url: str, run_id: str, flow: str, value: Any, by: str) -> None:
    """A run whose program is killed in the middle of a write: at a point that the environment names."""
    home: Any = engine(url, app=old_app.APP)
    if by == "worker":
        await home.submit(flow, value, run_id=run_id)
        home.close()
        await by_worker(url, run_id)
        home = engine(url)
        await home.decide(run_id, {each.digest: Approve(by="ada") for each in await home.requests(run_id)})
        home.close()
        await by_worker(url, run_id)
    else:
        await yes_to(await begin(home, flow, value, run_id), "")
    raise AssertionError("this program should be dead by now")


async def write_research(url: str, run_id: str, kill: bool) -> None:
    """A research of `sayso research --search sample --database`, stopped in the middle in good order, as by Ctrl-C, or by a kill."""
    from sayso.builtin_app import RESEARCH, RESEARCH_GRANTS, ResearchTask, builtin_app

    home: Any = engine(url, app=builtin_app())
    task = ResearchTask("BettaBurgers", None, None, "sample", 1, "report.md")

    stream = RESEARCH.stream_emitted(task, limits=Limits(model_calls=500), engine=home, run_id=run_id, grants=RESEARCH_GRANTS)
    try:
        async for event in stream:
            if type(event).__name__ == "StepStarted" and "/find.0" in event.run:
                if kill:
                    os.kill(os.getpid(), 9)
                break
    finally:
        await stream.aclose()
        home.close()


DYING = {
    # run id: flow, value, who carries it, where it dies
    "ordering": ("ordering", "cake", "worker", "after the order"),
    "paying-before": ("paying", 8, "program", "before the payment of 8"),
    "paying-after": ("paying", 9, "program", "after the payment of 9"),
    "posting": ("posting", "a parcel", "program", "after the post"),
}


SAID = "How many calories has a cheeseburger?\nTwo cheeseburgers, please.\n"


def alone(url: str, *what: str, dies: str = "", **more: str) -> None:
    """A part of the work in a program of its own."""
    command = [sys.executable, "-m", "tests.workflows.old_database.write", "--part", url, *what]
    ran = subprocess.run(command, env={**os.environ, "OLD_DEATH": dies, **more}, input=SAID, text=True, check=False)
    assert ran.returncode == (-9 if dies else 0), (what, ran.returncode)


def write_all(url: str) -> None:
    """All runs into the database at the URL."""
    alone(url, "letters")
    for run_id, (_, _, _, death) in DYING.items():  # the one of a worker first: a worker takes over what it finds
        alone(url, "dying", run_id, dies=death)
    alone(url, "waiting")
    alone(url, "keyed", SAYSO_JOURNAL_KEY="a key")
    alone(url, "chat")
    alone(url, "research", "research-stopped", "")
    alone(url, "research", "research-killed", "kill", dies="in the research")


def part(url: str, what: str, *more: str) -> None:
    """What `alone` asks for."""
    calls.APPROVAL_SECONDS = CENTURY
    socket.gethostname = lambda: "old"
    if sys.version_info >= (3, 12) and sqlite3.sqlite_version_info < (3, 42):
        patch_dbos()
    match what:
        case "waiting":
            asyncio.run(write_waiting(url))
        case "letters":
            asyncio.run(write_letters(url))
        case "keyed":
            asyncio.run(write_keyed(url))
        case "chat":
            asyncio.run(write_chat(url))
        case "research":
            asyncio.run(write_research(url, more[0], bool(more[1])))
        case "dying":
            flow, value, by, _ = DYING[more[0]]
            asyncio.run(write_dying(url, more[0], flow, value, by))


def patch_dbos() -> None:
    """Teach SQLite before 3.42 the `unixepoch('subsec')` that DBOS writes under Python 3.12 and later, as today's code does."""
    from sayso.workflows.durable import dispatch

    class Knowing(dispatch._Unhurried):
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options)
            self.create_function("unixepoch", 1, lambda modifier: time.time_ns() // 1_000_000 / 1000)

    dispatch._Unhurried = Knowing  # type: ignore[misc]


def packed(out: Path, name: str, files: dict[str, bytes]) -> None:
    """The files as one archive."""
    with tarfile.open(out / f"{name}-{PYTHON}.tar.xz", "w:xz") as archive:
        for file, content in files.items():
            about = tarfile.TarInfo(file)
            about.size = len(content)
            archive.addfile(about, io.BytesIO(content))


def write_sqlite(out: Path, folder: Path) -> None:
    """The SQLite file, without what its programs left beside it."""
    os.environ["OLD_SHOP"] = str(folder)
    write_all(f"sqlite:///{folder}/runs.db")
    with sqlite3.connect(folder / "runs.db") as database:
        database.execute(f"VACUUM INTO '{folder}/packed.db'")
    packed(out, "sqlite", {"runs.db": (folder / "packed.db").read_bytes(), "effects.txt": (folder / "effects.txt").read_bytes()})


def write_postgres(out: Path, folder: Path) -> None:
    """The Postgres database as SQL."""
    from tests.workflows.postgres_server import binaries, new_database, server

    os.environ["OLD_SHOP"] = str(folder)
    with server() as at:
        url = new_database(at)
        write_all(url)
        command = [binaries() / "pg_dump", "--no-owner", "--no-privileges", "--inserts", "--rows-per-insert=100", url]
        dump = subprocess.run(command, check=True, capture_output=True).stdout
    lines = [line for line in dump.splitlines(keepends=True) if not line.startswith((b"\\", b"--"))]  # \restrict is for psql alone
    packed(out, "postgres", {"runs.sql": b"".join(lines), "effects.txt": (folder / "effects.txt").read_bytes()})


def main() -> None:
    if sys.argv[1] == "--part":
        part(*sys.argv[2:])
        return
    import tempfile

    out = Path(sys.argv[1]).absolute()
    wanted = sys.argv[2:] or ["sqlite", "postgres"]
    for name, work in (("sqlite", write_sqlite), ("postgres", write_postgres)):
        if name in wanted:
            with tempfile.TemporaryDirectory() as folder:
                here = Path.cwd()
                os.environ["PYTHONPATH"] = str(here)
                os.chdir(folder)
                work(out, Path(folder))
                os.chdir(here)


if __name__ == "__main__":
    main()
