"""A database that commit 6f7a18e has written, with waiting runs of every kind, is taken up by today's code: nothing is lost or done twice.

If a test here fails after something was moved or renamed, stored data knew the old name. `old_database/write.py` says how the databases
were written; never write them anew with newer code. What must stay as it was:

- the names of steps and flows, which are positions: functions that the shipped flows use as steps keep their names;
- name, schema, card and bytecode (with the names it uses) of every shipped tool that may be asked about: ORDER, search, visit;
- the tables with their columns, the words for kinds and states, field names of whatever a run keeps;
- the tags of stored types. A class may be moved and renamed if `stored_types.py` says where it is now.
"""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import sqlite3
import sys
import tarfile
from collections.abc import Iterator
from contextlib import chdir, closing, redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from sayso.agents.research.page_tools import make_search_tool, make_visit_tool
from sayso.cli.builtin_app import builtin_app
from sayso.cli.main import run as sayso
from sayso.tools import Approve, Sandbox, python_tool
from sayso.tools.approval.requests import matches_tool
from sayso.tools.canonical import sha256
from sayso.tools.errors import Cancelled, LimitReached
from sayso.tools.ordering.order_desk import ORDER
from sayso.tools.web import fetch_page, web_search
from sayso.workflows import CallFailed, Worker, engine
from sayso.workflows.runs.codec import from_json
from sayso.workflows.runs.stored_types import FORMER, find_type

from ..agents.fake_openai import FakeOpenAI
from ..cli.commands import sayso as in_a_process
from .old_database import old_app, old_values
from .postgres_server import new_database

FOLDER = Path(__file__).parent / "old_database"
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
NOTHING: Any = None
APP = f"{old_app.__name__}:APP"


class Old(NamedTuple):
    """A copy of the old database, and the folder with what its tools have done and will do."""

    url: str
    folder: Path

    @property
    def effects(self) -> list[str]:
        """Every effect with the key it was made with, as lines."""
        return (self.folder / "effects.txt").read_text().splitlines()

    def home(self) -> Any:
        """An engine on it, with the app."""
        return engine(self.url, app=old_app.APP)

    def sayso(self, *arguments: str, expected: int = 0) -> str:
        """What a command says, run in the folder."""
        with chdir(self.folder), redirect_stdout(StringIO()) as out, redirect_stderr(out):
            code = sayso([*arguments, "--database", self.url])
        assert code == expected, out.getvalue()
        return out.getvalue()


SAFELY: dict[str, Any] = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}  # Python 3.11.4 and later


def copied(database: str, folder: Path, postgres: str) -> Old:
    """What the old code left, in a folder or on a server of its own."""
    name = FOLDER / f"{database}-{PYTHON}.tar.xz"
    assert name.exists(), f"No database was written under Python {PYTHON}. Write it with the code of 6f7a18e: {FOLDER / 'write.py'}"
    with tarfile.open(name) as archive:
        archive.extractall(folder, **SAFELY)
    if database == "sqlite":
        return Old(f"sqlite:///{folder}/runs.db", folder)
    import psycopg

    url = new_database(postgres)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute((folder / "runs.sql").read_bytes())
    return Old(url, folder)


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def copies(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Old]]:
    """Two copies: one is only looked at, in the other each test takes up runs of its own."""
    folders = {name: tmp_path_factory.mktemp(name) for name in ("looked_at", "taken_up")}
    server = request.getfixturevalue("postgres") if request.param == "postgres" else ""
    yield {name: copied(request.param, folder, server) for name, folder in folders.items()}
    for folder in folders.values():
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def untouched(copies: dict[str, Old], monkeypatch: pytest.MonkeyPatch) -> Old:
    """The database as it was written."""
    monkeypatch.setenv("OLD_SHOP", str(copies["looked_at"].folder))
    return copies["looked_at"]


@pytest.fixture
def old(copies: dict[str, Old], monkeypatch: pytest.MonkeyPatch) -> Old:
    """The database whose runs are taken up."""
    monkeypatch.setenv("OLD_SHOP", str(copies["taken_up"].folder))
    monkeypatch.setenv("OLD_OVEN", "on")
    return copies["taken_up"]


EVENING = ["Mail to ada: 4 x cake, please", "Mail to dan: 4 x cake, please", "Order 2 x cake, please", "Pack air", "Pack cup", "Pack plate"]
HALF = ["Mail to ada: 4 x cake, please, again", "Order 3 x pie, please", "Pack air", "Pack plate"]
QUERIES = ["visit(url=http://tidebun.example/)"]
BURGERS = "You have ordered: 2 cheeseburgers for delivery to: 1234 My Street. Is this correct? (If yes, your credit card will be charged)"
STANDING: dict[str, tuple[str, str, list[str]]] = {
    # run id: flow, state, the cards that wait
    "agent": ("clerk", "waiting", ["Order 2 x cake, please"]),
    "text-agent": ("writer", "waiting", ["Mail to bob: two cakes"]),
    "delegation": ("chief", "waiting", ["Order 2 x cake, please"]),
    "program": ("coder", "waiting", ["Pay 3 dollars"]),
    "evening": ("evening", "waiting", EVENING),
    "evening-half": ("evening", "waiting", HALF),
    "evening-decided": ("evening", "queued", []),
    "values": ("values", "waiting", ["Mail to eve: 68 values"]),
    "errors": ("values", "waiting", ["Mail to eve: 7 values"]),
    "letters": ("letters", "waiting", []),
    "baking": ("baking", "failed", []),
    "wishing": ("wishing", "waiting", ["Mail to ivy: pie"]),
    "keyed": ("doing", "waiting", ["bare(text=it with a key)"]),
    "doing": ("doing", "waiting", ["bare(text=it)"]),
    "private-research": ("private_research", "waiting", QUERIES),
    "open-research": ("open_research", "waiting", ["Mail to hal: Burgle: Tide Bun; 3 claims"]),
    "done": ("writer", "done", []),
    "limited": ("clerk", "failed", []),
    "cancelled": ("writer", "cancelled", []),
    "queued": ("clerk", "queued", []),
    "handed-in": ("clerk", "queued", []),
    "ordering": ("ordering", "died", []),
    "paying-before": ("paying", "died", []),
    "paying-after": ("paying", "died", []),
    "posting": ("posting", "died", []),
    "burgers.1": ("chat", "done", []),
    "burgers.2": ("chat", "waiting", [BURGERS]),
    "research-stopped": ("research", "interrupted", []),
    "research-killed": ("research", "died", []),
}


def test_every_run_is_listed_with_what_it_waits_for(untouched: Old) -> None:
    listed = json.loads(untouched.sayso("runs", "--json"))
    standing = {each["run"]: (each["flow"], each["state"], sorted(one["card"] for one in each["waits_for"])) for each in listed}
    assert standing == STANDING


@pytest.mark.parametrize("run", STANDING)
def test_the_story_of_a_run_is_told_and_its_log_verifies(untouched: Old, run: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if run == "keyed":
        monkeypatch.setenv("SAYSO_JOURNAL_KEY", "a key")
    untouched.sayso("verify", run)
    assert len(untouched.sayso("show", run).splitlines()) > 1


async def test_every_row_of_every_log_can_be_read(untouched: Old) -> None:
    home = untouched.home()
    rows = [row for run in STANDING for row in await home.log(run)]
    home.close()
    assert {row.kind for row in rows} == {"started", "begun", "kept", "forgotten", "sent", "event", "told", "ended"}
    for row in rows:
        from_json(json.loads(row.value))


def tools() -> list[Any]:
    """The tools that were asked about: those of the app, also with bound arguments, of the research and of the chat."""
    own = [old_app.mail, old_app.order, old_app.pack, old_app.pay, old_app.bare]
    bound = [old_app.mail.using(to=name) for name in ("dan", "hal")]
    return [*own, *bound, make_search_tool(NOTHING), make_visit_tool(NOTHING), ORDER]


async def test_every_request_matches_tool_its_tool(untouched: Old) -> None:
    home = untouched.home()
    requests = await home.requests()
    home.close()
    assert len(requests) == sum(len(cards) for _, _, cards in STANDING.values())
    assert [request.card for request in requests if not any(matches_tool(request, tool) for tool in tools())] == []


def test_what_may_be_asked_about_of_what_we_ship_is_the_same_tool_as_then() -> None:
    """`tool_versions.json` has, by Python version, what the code of 6f7a18e gave; a request that waits holds for no other version.

    Not read_page: since then it gives parts, links and passages. A request of the former one that waits is not performed, and its model
    is told so: it asks again, and nothing is lost by that, for it is a read.
    """
    shipped = [ORDER, make_search_tool(NOTHING), make_visit_tool(NOTHING), web_search(NOTHING)]
    shipped.append(python_tool(sandbox=Sandbox(network=True)))
    versions = {tool.name: [tool.version_2, sha256(tool.parameters)[:16]] for tool in shipped}
    then = json.loads((FOLDER / "tool_versions.json").read_text())[PYTHON]
    assert versions == {name: version for name, version in then.items() if name != "read_page"}
    assert fetch_page(NOTHING).version_2 != then["read_page"][0]


def columns_at(url: str) -> list[tuple[str, str, str]]:
    """The columns of our tables: table, name, type."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as database:
            tables = database.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'sayso%' ORDER BY name").fetchall()
            return [(table, *row[1:]) for (table,) in tables for row in database.execute(f"PRAGMA table_info({table})")]
    import psycopg

    with psycopg.connect(url) as connection:
        query = "SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_name LIKE 'sayso%' ORDER BY 1, 2"
        return connection.execute(query).fetchall()


def test_a_new_database_has_the_same_tables(untouched: Old, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    is_sqlite = untouched.url.startswith("sqlite")
    url = f"sqlite:///{tmp_path}/new.db" if is_sqlite else new_database(request.getfixturevalue("postgres"))
    engine(url).close()
    assert columns_at(url) == columns_at(untouched.url)


REPLAYED = [run for run, (_, state, _) in STANDING.items() if state in ("waiting", "done", "failed")]


RESEARCHES = ("private-research", "open-research")


def is_other_prompt(difference: Any) -> bool:
    """Since then a research's models are told which aspects to look for; its steps are still the same, so it is resumed."""
    return difference is not None and difference.expected == difference.asked == "model:0" and "aspects" in difference.messages


DROPPED_EXAMPLES = [
    "  - user: Send me a burger!",
    "  - assistant: ORDER(Burger) Ok, it's on the way!",
    "  - user: Two lemonades to 7 Oak Road, Ulm, please.",
    '  - assistant: ORDER(item="Lemonade", address="7 Oak Road, Ulm", quantity=2) They will be with you soon!',
]


@pytest.mark.parametrize("run", REPLAYED)
async def test_todays_code_asks_for_what_the_journal_holds(untouched: Old, run: str) -> None:
    app = builtin_app() if STANDING[run][0] in ("chat", "research") else old_app.APP
    home = engine(untouched.url, app=app)
    replayed = await home.replay(run)
    home.close()
    if STANDING[run][0] == "chat":  # since then a model that takes tools is shown no example whose call it must not write
        assert replayed.difference is not None
        lines = replayed.difference.messages.splitlines()
        assert [line for line in lines if "is power" not in line] == DROPPED_EXAMPLES  # the calculator is described in other words
    elif run in RESEARCHES:
        assert is_other_prompt(replayed.difference)
    else:
        assert replayed.difference is None


async def finished(home: Any, run: str) -> Any:
    """The run approved, again and again, to its end."""
    result = await home.resume(run, {request.digest: Approve(by="bob") for request in await home.requests(run)})
    while result.pending:
        result = await result.resume({request.digest: Approve(by="bob") for request in result.pending})
    return result


async def done_by(home: Any, old: Old, run: str) -> list[str]:
    """The effects of the run's requests."""
    keys = {each.key for each in await home.approvals(run)}
    return sorted(line.rpartition(" ")[0] for line in old.effects if line.rpartition(" ")[2] in keys)


# What the words of an error are is not stored: they are left out below.
PACKED = "mailed ada twice\ncup, packed\npack.1: CallFailed\nplate, packed\nTwo cakes come. (Ticket)\nfailing.3: SoldOut\n"
MAILED = ["mail to ada: 4 x cake, please", "mail to ada: 4 x cake, please, again"]
ENDS: dict[str, tuple[Any, list[str]]] = {
    # run id: its output, and what was done for it once
    "agent": (old_app.Ticket(number=7, words="Two cakes come.", sizes=(old_app.Size.BIG,)), ["order 2 cake"]),
    "text-agent": ("The mail is out.", ["mail to bob: two cakes"]),
    "delegation": ("The clerk has done it.", ["order 2 cake"]),
    "program": ("It gave Value: ['mailed cy', 'paid 3']", ["mail to cy: from code", "pay 3"]),
    "evening": (f"{PACKED}mailed dan", [*MAILED, "mail to dan: 4 x cake, please", "order 2 cake", "pack cup", "pack plate"]),
    "evening-half": (f"{PACKED}Failed(name='mail.4', error=CallFailed", [*MAILED, "order 3 pie", "pack cup", "pack plate"]),
    "private-research": ("Burgle: Tide Bun; 3 claims", []),
    "open-research": ("mailed hal", ["mail to hal: Burgle: Tide Bun; 3 claims"]),
    "baking": ("mailed gus", ["mail to fay: bread", "mail to gus: mailed fay, baked"]),
    "keyed": ("it with a key", ["bare it with a key"]),
    "done": ("The mail is out.", ["mail to bob: two cakes"]),
}


@pytest.mark.parametrize("run", ENDS)
async def test_a_run_is_approved_and_finished(old: Old, run: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if run == "keyed":
        monkeypatch.setenv("SAYSO_JOURNAL_KEY", "a key")
    home = old.home()
    output, effects = ENDS[run]
    result = await finished(home, run)
    given = re.sub(r"(CallFailed|SoldOut)[:(].*", r"\1", result.output) if isinstance(result.output, str) else result.output
    assert (given, await done_by(home, old, run)) == (output, effects)
    assert (await home.verify(run)).problems == ()
    difference = (await home.replay(run)).difference
    assert is_other_prompt(difference) if run in RESEARCHES else difference is None
    home.close()


def kind(path: str) -> Any:
    """A class by the path that it had."""
    assert path in FORMER
    return find_type(path)


async def test_every_kept_type_comes_back_as_it_was(old: Old) -> None:
    home = old.home()
    assert (await finished(home, "values")).output == old_values.values(kind)
    failures = (await finished(home, "errors")).output
    home.close()
    assert [(type(each.error), vars(each.error)) for each in failures] == [(type(error), vars(error)) for error in old_values.errors(kind)]
    assert [str(each.error) for each in failures] == [
        "there is none",
        "mail was not called: to: missing.",
        "There is no tool 'male'. Tools: mail.",
        "Limit reached: tool_calls = 3 (this would make it 4). Raise Limits(tool_calls=...) to go on.",
        "evening was not done after 3 rounds. The last value is in .best; raise max_rounds or loosen until=.",
        "The search with duckduckgo failed: no answer. Try again later or with other words.",
        "Nothing was found.",
    ]


async def test_an_input_of_the_apps_own_type_is_read(old: Old) -> None:
    home = old.home()
    assert (await finished(home, "wishing")).output == await old_app.take("pie")
    home.close()


async def test_a_signal_ends_a_wait(old: Old) -> None:
    home = old.home()
    await home.signal("letters/letter.0", "letter", "Dear Gil")
    assert (await home.resume("letters", {})).output == "Gil: Dear Gil"
    home.close()


async def test_a_run_that_failed_or_was_cancelled_says_so(old: Old) -> None:
    home = old.home()
    with pytest.raises(LimitReached, match="tool_calls = 1"):
        await home.result("limited")
    with pytest.raises(Cancelled):
        await home.result("cancelled")
    home.close()


async def test_a_worker_takes_up_what_is_queued_and_what_the_dead_have_left(old: Old) -> None:
    worker = Worker(old_app.APP, old.url)
    working = asyncio.ensure_future(worker.work())
    home = old.home()
    runs = ("evening-decided", "queued", "handed-in", "ordering", "paying-before", "paying-after", "posting")
    async with asyncio.timeout(120):
        while {(await home.run(run)).state for run in runs} & {"queued", "running"}:  # noqa: ASYNC110  it is the worker's doing
            await asyncio.sleep(0.05)
        for run in ("evening-decided", "queued", "handed-in"):
            while (await home.run(run)).state != "done":
                await home.decide(run, {request.digest: Approve(by="bob") for request in await home.requests(run)})
                await asyncio.sleep(0.05)
    worker.stop()
    await working
    assert {run: await done_by(home, old, run) for run in runs} == {
        "evening-decided": ENDS["evening"][1],
        "queued": ["order 2 cake"],
        "handed-in": ["order 2 cake"],
        "ordering": ["order 3 cake"],
        "paying-before": [],
        "paying-after": ["pay 9"],
        "posting": ["post a parcel"],
    }
    assert await home.result("ordering") == {"dish": "cake", "parts": ["cake 1", "cake 2", "cake 3"], "total": 7.5}
    assert await home.result("paying-after") == "paid, as was looked up"
    for run in ("paying-before", "posting"):  # nobody can prove from here that the program is dead that had begun it: a person is asked
        with pytest.raises(CallFailed, match="unknown"):
            await home.result(run)
    home.close()


def test_a_run_of_an_app_is_approved_and_resumed_from_the_command_line(old: Old) -> None:
    (waiting,) = [each for each in json.loads(old.sayso("runs", "--json")) if each["run"] == "doing"]
    old.sayso("approve", "doing", "--yes", waiting["waits_for"][0]["digest"])
    assert old.sayso("resume", "doing", "--app", APP).splitlines()[-1] == "it"
    assert [line.rpartition(" ")[0] for line in old.effects].count("bare it") == 1


def test_an_order_in_a_chat_is_approved_from_elsewhere_and_the_conversation_goes_on(old: Old) -> None:
    (waiting,) = [each for each in json.loads(old.sayso("runs", "--json")) if each["run"] == "burgers.2"]
    old.sayso("approve", "burgers.2", "--yes", waiting["waits_for"][0]["digest"])
    resumed = in_a_process("resume", "burgers.2", "--database", old.url, cwd=old.folder)  # for its order book is named by a relative path
    assert (resumed.returncode, resumed.stdout.splitlines()[-1:]) == (0, ["They are on their way!"]), resumed.stderr
    with sqlite3.connect(old.folder / "orders.db") as book:
        assert book.execute("SELECT item, quantity, customer, address FROM orders").fetchall() == [
            ("cheeseburger", 2, "9876", "1234 My Street")
        ]
    book.close()
    with FakeOpenAI(["You are welcome."]) as endpoint:
        where = ("--run-id", "burgers", "--base-url", endpoint.base_url, "--database", old.url)
        ran = in_a_process("chat", *where, cwd=old.folder, text="Thanks!\n")
    assert (ran.returncode, ran.stdout) == (0, "You are welcome.\n"), ran.stderr
    said = [message["content"] for message in endpoint.requests[0]["messages"] if message["role"] in ("user", "assistant")]
    assert [text for text in said if "cheeseburger" in str(text) or "way" in str(text) or "Thanks" in str(text)][-3:] == [
        "Two cheeseburgers, please.",
        "They are on their way!",
        "Thanks!",
    ]


@pytest.mark.parametrize("run", ["research-stopped", "research-killed"])
def test_a_research_that_was_stopped_in_the_middle_is_resumed(old: Old, run: str) -> None:
    said = old.sayso("resume", run)
    assert "1 competitor, " in said
    report = json.loads((old.folder / "report.json").read_text())
    assert (report["company"], len(report["competitors"])) == ("BettaBurgers", 1)
    assert json.loads(old.sayso("runs", "--json", "--state", "done"))
