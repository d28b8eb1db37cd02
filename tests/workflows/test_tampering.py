"""Each kind of change that somebody can make by SQL is found by `verify`, and with a key nothing of it is performed."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, suppress
from pathlib import Path
from typing import Any

import pytest

from sayso.tools import Approve, Reject, RunError, ToolContext, UsageError, tool
from sayso.workflows import App, CallFailed, DurableEngine, Limits, Run, Worker, engine, sequential
from sayso.workflows.durable.chain import Keys, Row, journal_keys, link_rows
from sayso.workflows.durable.records import RunRow
from sayso.workflows.runs.codec import to_json

from .postgres_server import new_database
from .sql import change, read_tables, restore_tables

PAID: list[str] = []


@tool.write(idempotent=True)
async def pay(to: str, context: ToolContext[Any]) -> str:
    """Pays."""
    PAID.append(to)
    return f"paid {to}"


async def paying(run: Run, to: str) -> str:
    if to == "nobody":
        raise RunError("there is nobody to pay")
    word = await run.wait("word") if to == "told" else ""
    try:
        return str(await run.call(pay, to=f"{to}{word}"))
    except CallFailed as error:
        return error.result.text


FLOW = sequential(paying, name="paying")
APP = App([FLOW], name="shop")
TABLES = ("sayso_runs", "sayso_log", "sayso_inbox", "sayso_approvals")
KEY = "a key that only the programs have"


@pytest.fixture(autouse=True)
def _nothing_paid() -> None:
    PAID.clear()


@pytest.fixture(scope="module", params=["sqlite", "sqlite with a key", "postgres with a key"])
def prepared(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A database with runs in every state; the keys are in the environment."""
    folder = tmp_path_factory.mktemp("runs")
    is_sqlite = request.param.startswith("sqlite")
    url = f"sqlite:///{folder}/runs.db" if is_sqlite else new_database(request.getfixturevalue("postgres"))
    with pytest.MonkeyPatch.context() as patch:
        if "key" in request.param:
            patch.setenv("SAYSO_JOURNAL_KEY", KEY)
        asyncio.run(prepare(url))
        yield url


async def prepare(url: str) -> None:
    with closing(engine(url, app=APP)) as home:
        for run in ("waiting", "decided", "done", "rejected"):
            await FLOW.run(run, engine=home, run_id=run)
        (request,) = await home.requests("decided")
        await home.decide("decided", {request.digest: Approve(by="ada", place="desk")})
        for run, decision in (("done", Approve(by="ada")), ("rejected", Reject("no", by="bob"))):
            (request,) = await home.requests(run)
            await home.resume(run, {request.digest: decision})
        with suppress(RunError):
            await FLOW.run("nobody", engine=home, run_id="failed")
        await home.submit("paying", "queued", run_id="queued", limits=Limits(tool_calls=3))
        await home.submit("paying", "cancelled", run_id="cancelled")
        await home.cancel("cancelled")
        await home.submit("paying", "told", run_id="told")
        await home.signal("told/paying.0", "word", " softly")
        for run in RUNS:
            assert (await home.verify(run)).problems == (), run


RUNS = ("waiting", "decided", "done", "rejected", "failed", "queued", "cancelled", "told")


@pytest.fixture
def url(prepared: str) -> Iterator[str]:
    """The database, as it was before each test."""
    saved = read_tables(prepared, *TABLES)
    yield prepared
    restore_tables(prepared, saved)


INBOX = "UPDATE sayso_inbox SET {} WHERE root = '{}'"
KINDS: dict[str, tuple[str, tuple[str, ...], str]] = {
    # what: the run, the statements, words of the problem that names it
    "an approval put into the inbox": ("waiting", ("INSERT-APPROVAL",), "has no hash|is marked proposed"),
    "an approval put in and marked": (
        "waiting",
        ("INSERT-APPROVAL", "UPDATE sayso_approvals SET state = 'approved', decided_by = 'ada', decided_at = 1 WHERE root = 'waiting'"),
        "has no hash",
    ),
    "a request marked approved": (
        "waiting",
        ("UPDATE sayso_approvals SET state = 'approved' WHERE root = 'waiting'",),
        "is marked approved",
    ),
    "a request marked done": ("decided", ("UPDATE sayso_approvals SET state = 'done' WHERE root = 'decided'",), "is marked done"),
    "a done one opened again": ("done", ("UPDATE sayso_approvals SET state = 'proposed' WHERE root = 'done'",), "is marked proposed"),
    "a done one to be executed again": (
        "done",
        ("UPDATE sayso_approvals SET state = 'executing' WHERE root = 'done'",),
        "is marked executing",
    ),
    "a rejected one marked approved": ("rejected", ("UPDATE sayso_approvals SET state = 'approved' WHERE root = 'rejected'",), "is marked"),
    "a decision in the inbox edited": ("decided", (INBOX.format("value = replace(value, 'desk', 'bank')", "decided"),), "it was changed"),
    "a decision turned over": (
        "done",
        (INBOX.format("value = replace(value, 'Approve', 'Reject')", "done"),),
        "not in the inbox as it was",
    ),
    "a decision's time": ("decided", (INBOX.format("at = at - 1", "decided"),), "it was changed"),
    "a decision's run": ("decided", (INBOX.format("run = 'waiting'", "decided"),), "it was changed"),
    "a decision taken out": ("decided", ("DELETE FROM sayso_inbox WHERE root = 'decided'",), "is marked approved"),
    "a received decision taken out": ("done", ("DELETE FROM sayso_inbox WHERE root = 'done'",), "is not in the inbox"),
    "two decisions swapped": (
        "done",
        (INBOX.format("value = (SELECT value FROM sayso_inbox AS other WHERE other.root = 'rejected')", "done"),),
        "not in the inbox as it was",
    ),
    "a signal edited": ("told", (INBOX.format("value = '\"loudly\"'", "told"),), "it was changed"),
    "a signal for another topic": ("told", (INBOX.format("topic = 'other'", "told"),), "it was changed"),
    "its hash taken off": ("decided", (INBOX.format("hash = NULL", "decided"),), "has no hash"),
    "who decided": ("done", ("UPDATE sayso_approvals SET decided_by = 'eve' WHERE root = 'done'",), "said to be 'eve'"),
    "who decided, before it was received": (
        "decided",
        ("UPDATE sayso_approvals SET decided_by = NULL WHERE root = 'decided'",),
        "who decided",
    ),
    "when it was decided": ("done", ("UPDATE sayso_approvals SET decided_at = decided_at + 1 WHERE root = 'done'",), "when the request"),
    "a decider of nothing": ("waiting", ("UPDATE sayso_approvals SET decided_by = 'ada' WHERE root = 'waiting'",), "nobody has"),
    "the output": ("done", ("UPDATE sayso_runs SET output = replace(output, 'paid', 'sent') WHERE id = 'done'",), "the output"),
    "the output taken away": ("done", ("UPDATE sayso_runs SET output = NULL WHERE id = 'done'",), "the output"),
    "an output for one that waits": ("waiting", ("UPDATE sayso_runs SET output = '{}' WHERE id = 'waiting'",), "the output"),
    "the error": ("failed", ("UPDATE sayso_runs SET error = replace(error, 'nobody', 'somebody') WHERE id = 'failed'",), "the error"),
    "an error for a done one": ("done", ("UPDATE sayso_runs SET error = '1' WHERE id = 'done'",), "the error"),
    "failed made done": ("failed", ("UPDATE sayso_runs SET state = 'done' WHERE id = 'failed'",), "its state is done"),
    "done made queued": ("done", ("UPDATE sayso_runs SET state = 'queued' WHERE id = 'done'",), "its state is queued"),
    "waiting made queued": ("waiting", ("UPDATE sayso_runs SET state = 'queued' WHERE id = 'waiting'",), "its state is queued"),
    "waiting made cancelled": ("waiting", ("UPDATE sayso_runs SET state = 'cancelled' WHERE id = 'waiting'",), "its state is cancelled"),
    "queued made new": ("queued", ("UPDATE sayso_runs SET state = 'new' WHERE id = 'queued'",), "its state is new"),
    "queued made cancelled": ("queued", ("UPDATE sayso_runs SET state = 'cancelled' WHERE id = 'queued'",), "its state is cancelled"),
    "cancelled made queued": ("cancelled", ("UPDATE sayso_runs SET state = 'queued' WHERE id = 'cancelled'",), "its state is queued"),
    "made running by somebody": (
        "waiting",
        ("UPDATE sayso_runs SET state = 'running', owner = 'eve' WHERE id = 'waiting'",),
        "its state is running",
    ),
    "the owner": ("done", ("UPDATE sayso_runs SET owner = 'eve' WHERE id = 'done'",), "its owner is eve"),
    "the attempt": ("done", ("UPDATE sayso_runs SET attempt = attempt + 1 WHERE id = 'done'",), "it says execution 3"),
    "when it goes on": ("waiting", ("UPDATE sayso_runs SET wake_at = 1 WHERE id = 'waiting'",), "goes on by itself"),
    "the limits": ("queued", ("UPDATE sayso_runs SET limits = 'null' WHERE id = 'queued'",), "the limits"),
    "the limits of one that waits": (
        "waiting",
        ("UPDATE sayso_runs SET limits = '{\"tool_calls\": 99}' WHERE id = 'waiting'",),
        "the limits",
    ),
    "the input": ("done", ("UPDATE sayso_runs SET input = '\"eve\"' WHERE id = 'done'",), "the input"),
    "the input of what nobody has begun": ("queued", ("UPDATE sayso_runs SET input = '\"eve\"' WHERE id = 'queued'",), "the input"),
    "the flow": ("queued", ("UPDATE sayso_runs SET flow = 'other' WHERE id = 'queued'",), "the flow"),
    "the app": ("waiting", ("UPDATE sayso_runs SET app = 'other' WHERE id = 'waiting'",), "the app 'other'"),
    "when it was created": (
        "queued",
        ("UPDATE sayso_runs SET created_at = created_at - 99 WHERE id = 'queued'",),
        "at which it was created",
    ),
    "the head": ("waiting", ("UPDATE sayso_runs SET head = 'x' WHERE id = 'waiting'",), "the head that is stored"),
    "a request's arguments": (
        "waiting",
        ("UPDATE sayso_approvals SET request = replace(request, 'waiting', 'eve') WHERE root = 'waiting'",),
        "is not the one",
    ),
    "a request's sources": (
        "waiting",
        ("UPDATE sayso_approvals SET request = replace(request, 'shown', 'drawn') WHERE root = 'waiting'",),
        "is not the one",
    ),
    "the card": ("waiting", ("UPDATE sayso_approvals SET card = 'Pay a friend' WHERE root = 'waiting'",), "is not the one"),
    "the digest": ("waiting", ("UPDATE sayso_approvals SET digest = 'x' WHERE root = 'waiting'",), "is not in the database any more"),
    "the key of a request": ("waiting", ("UPDATE sayso_approvals SET key = 'x' WHERE root = 'waiting'",), "is not the one"),
    "the tool of a request": ("waiting", ("UPDATE sayso_approvals SET tool = 'x' WHERE root = 'waiting'",), "is not the one"),
    "the run of a request": ("waiting", ("UPDATE sayso_approvals SET run = 'x' WHERE root = 'waiting'",), "is not the one"),
    "the end of a request": (
        "waiting",
        ("UPDATE sayso_approvals SET expires_at = expires_at + 9 WHERE root = 'waiting'",),
        "is not the one",
    ),
    "a request taken out": ("waiting", ("DELETE FROM sayso_approvals WHERE root = 'waiting'",), "is not in the database any more"),
    "a request put in": (
        "waiting",
        (
            "INSERT INTO sayso_approvals SELECT 'x', key, root, run, tool, card, request, state, asked_at, expires_at, decided_by, "
            "decided_at FROM sayso_approvals WHERE root = 'waiting'",
        ),
        "is not the one",
    ),
    "a request moved to another run": (
        "waiting",
        ("UPDATE sayso_approvals SET root = 'done' WHERE root = 'waiting'",),
        "not in the database",
    ),
    "a result in the log": (
        "done",
        ("UPDATE sayso_log SET value = replace(value, 'paid', 'sent') WHERE root = 'done' AND kind = 'kept'",),
        "changed",
    ),
    "a time in the log": ("done", ("UPDATE sayso_log SET at = at + 1 WHERE root = 'done' AND number = 4",), "row 4"),
    "a row taken out": ("done", ("DELETE FROM sayso_log WHERE root = 'done' AND number = 5",), "row 5: missing"),
    "the last rows taken out": ("done", ("DELETE FROM sayso_log WHERE root = 'done' AND number > 6",), "missing at the end"),
    "the last rows taken out, with a head that fits": (
        "done",
        (
            "DELETE FROM sayso_log WHERE root = 'done' AND number > 6",
            "UPDATE sayso_runs SET number = 6, head = (SELECT hash FROM sayso_log WHERE root = 'done' AND number = 6) WHERE id = 'done'",
        ),
        "its state is done|is not in the inbox|is not the one it ended with|is marked done",
    ),
    "two rows swapped": (
        "done",
        (
            "UPDATE sayso_log SET number = -4 WHERE root = 'done' AND number = 4",
            "UPDATE sayso_log SET number = 4 WHERE root = 'done' AND number = 5",
            "UPDATE sayso_log SET number = 5 WHERE root = 'done' AND number = -4",
        ),
        "row 4",
    ),
    "another run's log": (
        "waiting",
        (
            "DELETE FROM sayso_log WHERE root = 'waiting'",
            "INSERT INTO sayso_log SELECT 'waiting', number, at, run, kind, name, value, hash FROM sayso_log WHERE root = 'done'",
        ),
        "its log is that of the run done",
    ),
    "a log taken out": (
        "queued",
        ("DELETE FROM sayso_log WHERE root = 'queued'", "UPDATE sayso_runs SET number = 0, head = '' WHERE id = 'queued'"),
        "its log is missing",
    ),
    "an input that is not JSON": ("waiting", ("UPDATE sayso_runs SET input = '{' WHERE id = 'waiting'",), "the input"),
    "limits that are not JSON": ("waiting", ("UPDATE sayso_runs SET limits = '{' WHERE id = 'waiting'",), "cannot be read"),
    "a request that is not JSON": ("waiting", ("UPDATE sayso_approvals SET request = '{' WHERE root = 'waiting'",), "is not the one"),
    "a decision that is not JSON": ("decided", (INBOX.format("value = '{'", "decided"),), "it was changed"),
    "a log that is not JSON": ("done", ("UPDATE sayso_log SET value = '{' WHERE root = 'done'",), "row 1"),
    "a hash in another script": ("decided", (INBOX.format("hash = 'é'", "decided"),), "it was changed|without a key"),
    "a row before the first": ("done", ("INSERT INTO sayso_log VALUES ('done', -1, 1, 'done', 'kept', 'x', '1', 'x')",), "row -1"),
    "a cancel put in": (
        "waiting",
        ("INSERT INTO sayso_inbox (root, run, topic, value, at) VALUES ('waiting', 'waiting', 'cancel the run', 'true', 1)",),
        "it is cancelled|has no hash",
    ),
    "a row added": (
        "waiting",
        (
            "INSERT INTO sayso_log SELECT root, number + 1, at, run, kind, name, value, hash FROM sayso_log WHERE root = 'waiting' "
            "AND number = (SELECT max(number) FROM sayso_log WHERE root = 'waiting')",
        ),
        "changed|the head",
    ),
}


def tamper(url: str, statements: tuple[str, ...]) -> None:
    for statement in statements:
        if statement == "INSERT-APPROVAL":
            insert_approval(url, "waiting")
        else:
            change(url, statement)


def insert_approval(url: str, root: str) -> None:
    ((run, digest),) = change(url, f"SELECT run, digest FROM sayso_approvals WHERE root = '{root}'")
    values = {"run": run, "topic": f"approve:{digest}", "value": json.dumps(to_json(Approve(by="ada", at=time.time()))), "at": time.time()}
    change(url, f"INSERT INTO sayso_inbox (root, run, topic, value, at) VALUES ('{root}', :run, :topic, :value, :at)", values)


@pytest.mark.parametrize("prepared", ["sqlite", "postgres with a key"], indirect=True, scope="module")
@pytest.mark.parametrize(("run", "statements", "words"), KINDS.values(), ids=KINDS)
async def test_verify_names_what_was_changed(url: str, run: str, statements: tuple[str, ...], words: str) -> None:
    tamper(url, statements)
    with closing(DurableEngine(url, app=APP)) as home:
        problems = " ".join((await home.verify(run)).problems)
    assert any(word in problems for word in words.split("|")), problems


async def test_verify_all_names_what_belongs_to_no_run(url: str) -> None:
    change(url, "DELETE FROM sayso_runs WHERE id = 'done'")
    with closing(DurableEngine(url, app=APP)) as home:
        assert await home.find_orphans() == ("done",)


# with a key, what was changed is not performed


WITH_KEY = pytest.mark.parametrize("prepared", ["sqlite with a key", "postgres with a key"], indirect=True, scope="module")
WITHOUT_KEY = pytest.mark.parametrize("prepared", ["sqlite"], indirect=True, scope="module")


@WITH_KEY
async def test_an_approval_that_was_put_in_is_not_obeyed_and_takes_no_place(url: str) -> None:
    insert_approval(url, "waiting")
    change(url, "UPDATE sayso_approvals SET state = 'approved', decided_by = 'ada', decided_at = 1 WHERE root = 'waiting'")
    with closing(DurableEngine(url, app=APP)) as home:
        ((digest,),) = change(url, "SELECT digest FROM sayso_approvals WHERE root = 'waiting'")
        assert (not (await home.resume("waiting", {})).finished, PAID) == (True, [])
        assert (await home.resume("waiting", {digest: Approve(by="ada")})).output == "paid waiting"
        problems = (await home.verify("waiting")).problems
    assert (len(problems), "has no hash" in problems[0]) == (1, True)  # it stays, for people to find


@WITH_KEY
async def test_a_signal_that_was_put_in_takes_no_place(url: str) -> None:
    change(url, "UPDATE sayso_inbox SET value = '\"eve\"' WHERE root = 'told'")
    with closing(DurableEngine(url, app=APP)) as home:
        await home.signal("told/paying.0", "word", " softly")
        paused = await home.resume("told", {})
        assert json.loads(paused.pending[0].arguments) == {"to": "told softly"}


def forged_row(url: str, run: str, at: str, name: str, value: object, keys: Keys | None) -> None:
    """Add a row to the end of a log, with a chain that is right under these keys."""
    ((number, head),) = change(url, f"SELECT number, head FROM sayso_runs WHERE id = '{run}'")
    (row,) = link_rows(head, number, [Row(0, time.time(), at, "kept", name, json.dumps(to_json(value)))], keys)
    columns = row._asdict()
    change(url, f"INSERT INTO sayso_log VALUES ('{run}', :number, :at, :run, :kind, :name, :value, :hash)", columns)
    change(url, f"UPDATE sayso_runs SET number = :number, head = :hash WHERE id = '{run}'", columns)


def forge_approval(url: str) -> None:
    ((run, digest),) = change(url, "SELECT run, digest FROM sayso_approvals WHERE root = 'waiting'")
    forged_row(url, "waiting", run, f"wait:approve:{digest}", Approve(by="ada", at=time.time()), None)


def forge_with_a_guess(url: str) -> None:
    ((run, digest),) = change(url, "SELECT run, digest FROM sayso_approvals WHERE root = 'waiting'")
    forged_row(url, "waiting", run, f"wait:approve:{digest}", Approve(by="ada", at=time.time()), Keys("", {"": b"a guess"}))


def link_all_anew(url: str) -> None:
    """Compute the whole chain without the key, after a change."""
    rows = [
        Row(*each)
        for each in change(url, "SELECT number, at, run, kind, name, value, hash FROM sayso_log WHERE root = 'waiting' ORDER BY number")
    ]
    change(url, "DELETE FROM sayso_log WHERE root = 'waiting'")
    change(url, "UPDATE sayso_runs SET number = 0, head = '', input = '\"eve\"' WHERE id = 'waiting'")
    chain = link_rows("", 0, [row._replace(value=row.value.replace('"waiting"', '"eve"')) for row in rows], None)
    for row in chain:
        change(url, "INSERT INTO sayso_log VALUES ('waiting', :number, :at, :run, :kind, :name, :value, :hash)", row._asdict())
    change(url, "UPDATE sayso_runs SET number = :number, head = :hash WHERE id = 'waiting'", chain[-1]._asdict())


def change_the_input(url: str) -> None:
    change(url, "UPDATE sayso_runs SET input = '\"eve\"' WHERE id = 'waiting'")


def raise_the_limits(url: str) -> None:
    change(url, "UPDATE sayso_runs SET limits = '{\"tool_calls\": 1000}' WHERE id = 'waiting'")


def take_a_row_out(url: str) -> None:
    change(url, "DELETE FROM sayso_log WHERE root = 'waiting' AND number = 4")


ATTACKS = (forge_approval, forge_with_a_guess, link_all_anew, change_the_input, raise_the_limits, take_a_row_out)


@WITH_KEY
@pytest.mark.parametrize("attack", ATTACKS)
async def test_a_run_whose_log_was_changed_is_not_executed(url: str, attack: Any) -> None:
    attack(url)
    told = pytest.raises(RunError, match="not executed, for its log is not what was written")
    with closing(DurableEngine(url, app=APP)) as home, told:
        await home.resume("waiting", {})
    assert PAID == []


@asynccontextmanager
async def working(url: str) -> AsyncIterator[None]:
    worker = Worker(APP, url)
    task = asyncio.ensure_future(worker.work())
    try:
        yield
    finally:
        worker.stop()
        await task


async def state_of(home: DurableEngine, run: str, *states: str) -> RunRow:
    async with asyncio.timeout(120):
        while (row := await home.run(run)).state not in states:  # noqa: ASYNC110  it is the worker's doing
            await asyncio.sleep(0.02)
    return row


@WITH_KEY
async def test_a_worker_ends_a_queued_run_that_was_changed_and_a_forged_one_by_name_and_goes_on(url: str) -> None:
    change(url, "UPDATE sayso_runs SET input = '\"eve\"' WHERE id = 'queued'")
    columns = ", ".join(RunRow._fields[1:])
    change(url, f"INSERT INTO sayso_runs (id, {columns}) SELECT 'forged', {columns} FROM sayso_runs WHERE id = 'queued'")
    change(url, "UPDATE sayso_runs SET number = 0, head = '' WHERE id = 'forged'")
    with closing(DurableEngine(url, app=APP)) as home:
        async with working(url):
            rows = [await state_of(home, run, "failed") for run in ("queued", "forged")]
            assert (await state_of(home, "decided", "done")).state == "done"
    assert ["is not executed, for its log is not what was written" in (row.error or "") for row in rows] == [True, True]
    assert PAID == ["decided"]


@WITH_KEY
async def test_a_forged_run_that_pretends_to_be_old_is_named_too(url: str) -> None:
    columns = ", ".join(RunRow._fields[1:])
    change(url, f"INSERT INTO sayso_runs (id, {columns}) SELECT 'forged', {columns} FROM sayso_runs WHERE id = 'queued'")
    change(url, "UPDATE sayso_runs SET number = 0, head = '', created_at = 1 WHERE id = 'forged'")
    with closing(DurableEngine(url, app=APP)) as home:
        assert (await home.verify("forged")).problems == ("it was queued without a key.",)


# keys that are exchanged, and programs that have another or none


@WITH_KEY
async def test_a_program_without_the_key_or_with_another_is_refused_by_name(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SAYSO_JOURNAL_KEY")
    for keys, words in ((None, "SAYSO_JOURNAL_KEY, which is not set"), ("new=secret", "SAYSO_JOURNAL_KEY, which is not set")):
        if keys:
            monkeypatch.setenv("SAYSO_JOURNAL_KEYS", keys)
        with closing(DurableEngine(url, app=APP)) as home:
            (request,) = await home.requests("waiting")
            for writing in (home.resume("waiting", {}), home.decide("waiting", {request.digest: Approve()}), home.cancel("waiting")):
                with pytest.raises(RunError, match=words):
                    await writing
            assert "row 1: written with" in " ".join((await home.verify("waiting")).problems)


@WITH_KEY
async def test_keys_are_exchanged_under_runs_that_wait(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAYSO_JOURNAL_KEYS", "2027=new 2026=old")  # the first writes; the one without an id stays for its rows
    with closing(DurableEngine(url, app=APP)) as home:
        (request,) = await home.requests("waiting")
        assert (await home.resume("waiting", {request.digest: Approve()})).output == "paid waiting"
        verdict = await home.verify("waiting")
        assert (verdict.problems, verdict.keyed, verdict.head.endswith(":2027")) == ((), True, True)
    monkeypatch.setenv("SAYSO_JOURNAL_KEYS", "2026=old")
    with closing(DurableEngine(url, app=APP)) as home:
        assert "written with the key '2027', which is not set; add 2027=SECRET" in " ".join((await home.verify("waiting")).problems)


@WITHOUT_KEY
async def test_rows_of_before_there_was_a_key_are_refused_until_they_are_accepted(
    prepared: str, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if journal_keys() is not None:
        pytest.skip("a database without keys is wanted")
    monkeypatch.setenv("SAYSO_JOURNAL_KEYS", "2027=new")
    with closing(DurableEngine(url, app=APP)) as home, pytest.raises(RunError, match="written without the key"):
        await home.resume("decided", {})
    monkeypatch.setenv("SAYSO_JOURNAL_KEYS", "2027=new unkeyed")
    with closing(DurableEngine(url, app=APP)) as home:
        assert (await home.resume("decided", {})).output == "paid decided"
        assert (await home.verify("decided")).problems == ()
    monkeypatch.setenv("SAYSO_JOURNAL_KEYS", "2027=new")
    with closing(DurableEngine(url, app=APP)) as home:
        assert "rows 1 to" in " ".join((await home.verify("decided")).problems)


@pytest.mark.parametrize("keys", ["2027", "=x", "2027=", "a b=c", "2027=x 2027=y", "ü=x", f"{'i' * 33}=x"])
def test_keys_that_cannot_be_read_are_refused_without_saying_them(keys: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SAYSO_JOURNAL_KEYS", keys)
    with pytest.raises(UsageError, match="SAYSO_JOURNAL_KEYS") as refused:
        engine(f"sqlite:///{tmp_path}/runs.db")
    assert keys not in str(refused.value)
