"""Lists of runs and requests: page by page, at the same cost however much there is; what is stuck; figures for Prometheus."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from sayso import Agent, Approve, sequential, tool
from sayso.agents import Reply, ScriptedModel, call
from sayso.tools import UsageError
from sayso.tools.errors import RunError, RunIdTaken
from sayso.workflows import (
    App,
    CallFailed,
    DurableEngine,
    count_prunable,
    engine,
    find_stuck,
    forget_run,
    metrics_app,
    prune_runs,
)
from sayso.workflows.durable.database import Session
from sayso.workflows.durable.retention import Retention

from .postgres_server import new_database

DAY = 86400.0


@tool.write(card="Mail to {to}")
async def mail(to: str) -> str:
    """Send a mail."""
    return "sent"


@tool.write(card="Pay {to}")
async def pay(to: str) -> str:
    """Pay somebody."""
    raise OSError("the line was cut")


async def same(value: str) -> str:
    return value


flow = sequential(same, name="same")
asking = sequential(mail, name="asking")
paying = sequential(pay, name="paying")


@pytest.fixture
def home(database_url: str) -> Iterator[DurableEngine]:
    made = engine(database_url, app=App(flows=[flow, asking, paying]))
    yield made
    made.close()


def seed(session: Session, count: int) -> None:
    """As many runs, each with a log of three rows, of which every tenth waits for an approval."""
    for at in range(count):
        waits = at % 10 == 0
        values = {"id": f"seeded{at:05}", "state": "waiting" if waits else "done", "at": 1_790_000_000.0 + at, "user": f"user{at % 7}"}
        session.execute(
            "INSERT INTO sayso_runs (id, flow, app, input, limits, state, attempt, number, head, created_at, changed_at, for_user) "
            "VALUES (:id, 'same', 'app', '\"x\"', 'null', :state, 1, 3, 'h', :at, :at, :user)",
            values,
        )
        if waits:
            session.execute(
                "INSERT INTO sayso_approvals (digest, key, root, run, tool, card, request, state, asked_at, expires_at) "
                "VALUES (:digest, :id, :id, :id, 'mail', 'Mail', '{}', 'proposed', :at, :at)",
                {**values, "digest": f"{at:08x}"},
            )


async def test_pages_have_every_run_once_whichever_are_chosen(home: DurableEngine) -> None:
    await home.database.do(lambda session: seed(session, 60))
    for options in ({}, {"user": "user3"}):
        whole = [row.id for row in await home.runs(**options)]  # type: ignore[arg-type]
        pages: list[str] = []
        after: Any = None
        while page := await home.runs(limit=7, after=after, **options):  # type: ignore[arg-type]
            pages += [row.id for row in page]
            after = page[-1].mark
        assert pages == whole == sorted(whole, reverse=True)
    assert [row.id for row in await home.runs("waiting", limit=2)] == ["seeded00050", "seeded00040"]
    assert [row.id async for row in home.each_run()] == [f"seeded{at:05}" for at in range(60)]
    first = await home.open_approvals(limit=4)
    rest = await home.open_approvals(after=first[-1].digest)
    assert [row.root for row in (*first, *rest)] == [f"seeded{at:05}" for at in range(0, 60, 10)]
    with pytest.raises(UsageError, match="is not a place in a list"):
        await home.runs(after="run1")
    with pytest.raises(UsageError, match="no request with the digest 'eeee'"):
        await home.open_approvals(after="eeee")


async def test_a_page_reads_as_many_rows_as_it_has_however_many_there_are(database_url: str) -> None:
    if not database_url.startswith("sqlite"):
        pytest.skip("steps of SQLite's own machine are counted")
    steps = []
    for count in (200, 1600):
        home = engine(f"{database_url}{count}")
        await home.database.do(lambda session, count=count: seed(session, count))
        counted = 0

        def note() -> int:
            nonlocal counted
            counted += 1
            return 0

        home.database.connection.raw.set_progress_handler(note, 1)
        await home.runs(limit=20)
        await home.runs(limit=20, user="user3")
        await home.open_approvals(limit=10)
        home.database.connection.raw.set_progress_handler(None, 0)
        steps.append(counted)
        home.close()
    assert steps[1] < 1.3 * steps[0]


async def test_what_is_stuck_is_named_with_why_and_what_to_do(home: DurableEngine) -> None:
    await pay_and_lose_the_line(home)
    await home.submit(flow, "x", run_id="queued")
    await flow.run("x", engine=home, run_id="fine")

    def change(session: Session) -> None:
        session.execute("UPDATE sayso_runs SET changed_at = changed_at - 100 WHERE id = 'queued'")
        seed(session, 3)
        session.execute("UPDATE sayso_runs SET state = 'running', owner = 'gone.1.2.3', attempt = 1 WHERE id = 'seeded00001'")
        session.execute("UPDATE sayso_runs SET state = 'queued', deaths = 2 WHERE id = 'seeded00002'")

    await home.database.do(change)
    found = {each.run.id: each.why for each in await find_stuck(home)}
    assert list(found) == ["unknown", "seeded00002", "seeded00001", "queued"]
    assert found["seeded00001"] == "Its program is gone."
    assert found["unknown"] == "It is not known whether one of its writes happened."
    assert found["seeded00002"] == "It is there whenever its program dies."
    assert found["queued"].startswith("No worker of the app 'app' has taken it for 1")
    assert "fine" not in found


async def agree() -> Approve:
    return Approve()


async def pay_and_lose_the_line(home: DurableEngine) -> None:
    """A run with a write of which nobody knows what became."""
    with pytest.raises(CallFailed):
        await paying.run("bob", engine=home, run_id="unknown", approve=lambda _: agree())


async def test_figures_for_prometheus_are_counted_in_the_database_and_served(home: DurableEngine) -> None:
    await asking.run("ada", engine=home, run_id="waits")
    await flow.run("x", engine=home, run_id="over")
    await home.submit(flow, "x", run_id="queued")
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    await metrics_app(home)({"type": "http", "method": "GET", "path": "/metrics"}, lambda: agree(), send)  # type: ignore[arg-type, return-value]
    assert (sent[0]["status"], dict(sent[0]["headers"])[b"content-type"]) == (200, b"text/plain; version=0.0.4; charset=utf-8")
    text = sent[1]["body"].decode()
    lines = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    wanted = {'sayso_runs{state="waiting"}': "1", 'sayso_runs{state="queued"}': "1", 'sayso_runs_ended_last_minute{state="done"}': "1"}
    wanted |= {"sayso_requests_open": "1", "sayso_writes_unknown": "0", 'sayso_runs{state="running"}': "0"}
    assert {name: lines[name] for name in wanted} == wanted
    assert float(lines["sayso_claims_per_second"]) == pytest.approx(2 / 60)
    assert 0 < float(lines["sayso_commit_seconds"]) < 60
    assert text.count("# TYPE") == len({name.partition("{")[0] for name in lines})


async def test_what_is_forgotten_is_gone_and_its_id_is_never_executed_again(home: DurableEngine) -> None:
    done = await flow.run("x", engine=home, run_id="over")
    kept = await flow.run("y", engine=home, run_id="kept")
    await home.give_feedback("over", True, by="ada")
    assert (done.output, kept.output) == ("x", "y")
    await forget_run(home, "over")
    for table in ("sayso_log", "sayso_inbox", "sayso_approvals", "sayso_feedback"):
        left = await home.database.do(lambda session, table=table: session.execute(f"SELECT root FROM {table}").fetchall())
        assert ("over",) not in left
    assert (await home.verify("kept")).problems == ()
    assert await home.find_orphans() == ()
    with pytest.raises(UsageError, match=r"Run 'over' was forgotten on 20\d\d-\d\d-\d\d; the head of its log was "):
        await home.run("over")
    for again in (flow.run("x", engine=home, run_id="over"), home.submit(flow, "x", run_id="over")):
        with pytest.raises(RunIdTaken, match=r"was forgotten\. It is not executed again"):
            await again


async def test_what_waits_or_is_unknown_is_not_forgotten(home: DurableEngine) -> None:
    await asking.run("ada", engine=home, run_id="waits")
    await pay_and_lose_the_line(home)
    with pytest.raises(RunError, match="Run waits is waiting"):
        await forget_run(home, "waits")
    with pytest.raises(RunError, match="It is not known whether a write of run unknown happened"):
        await forget_run(home, "unknown")
    assert (await forget_run(home, "unknown", with_unknown=True)).id == "unknown"


async def test_what_ended_long_ago_is_pruned_in_small_transactions(database_url: str) -> None:
    now = time.time() - 100 * DAY
    home = DurableEngine(database_url, app=App(flows=[flow, paying], keep_days=30), clock=lambda: now)
    await home.database.do(lambda session: seed(session, 250))
    await home.database.do(lambda session: session.execute("UPDATE sayso_runs SET changed_at = 1000 WHERE state = 'done'"))
    await pay_and_lose_the_line(home)
    await flow.run("x", engine=home, run_id="young")
    now += 29 * DAY
    assert tuple(await count_prunable(home, 30)) == (225, 0)
    retention = Retention("app", 30)
    left = []
    for _ in range(4):
        await retention.prune(home.store)
        left.append(len(await home.runs("done")))
    assert left == [126, 26, 1, 1]
    now += 2 * DAY
    assert tuple(await count_prunable(home, 30)) == (1, 1)
    assert tuple(await prune_runs(home, 30)) == (1, 1)
    assert [row.id for row in await home.runs("done", "failed")] == ["unknown"]
    assert len(await home.runs("waiting")) == 25
    with pytest.raises(UsageError, match="keep_days=0"):
        App(keep_days=0)
    home.close()


async def test_a_machine_whose_clock_is_years_ahead_forgets_nothing(postgres: str) -> None:
    postgres_url = new_database(postgres)
    right = DurableEngine(postgres_url, app=App(flows=[flow], keep_days=30))
    await flow.run("x", engine=right, run_id="young")
    ahead = DurableEngine(postgres_url, clock=lambda: time.time() + 1000 * DAY)
    await Retention("app", 30).prune(ahead.store)
    assert (tuple(await count_prunable(ahead, 30)), tuple(await prune_runs(ahead, 30))) == ((0, 0), (0, 0))
    assert (await right.run("young")).state == "done"
    for each in (right, ahead):
        each.close()


async def test_a_conversation_whose_first_turns_were_forgotten_goes_on(home: DurableEngine) -> None:
    for number in (1, 2, 3):
        await flow.run("x", engine=home, run_id=f"talk.{number}")
    await forget_run(home, "talk.1")
    assert [row.id for row in await home.find_numbered("talk")] == ["talk.2", "talk.3"]
    assert await home.find_numbered("nobody") == []


async def test_an_agent_and_its_requests_are_listed_by_page(home: DurableEngine) -> None:
    lines = [Reply("", (call("mail", to=f"ada{at}"),)) for at in range(3)]
    for at, line in enumerate(lines):
        await Agent(ScriptedModel(line, "Done."), tools=[mail], name="bot").run("Write.", engine=home, run_id=f"r{at}")
    first = await home.requests(limit=2)
    (last,) = await home.requests(after=first[-1].digest)
    assert [each.run_id for each in (*first, last)] == ["r0", "r1", "r2"]
