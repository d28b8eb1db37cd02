"""Statistics of stored runs: what was counted by hand is what `sayso stats` counts, however the runs ended."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from sayso.agents import Agent, Reply, ScriptedModel, call
from sayso.agents.evaluation import Case, Suite, evaluate
from sayso.agents.evaluation.run_stats import collect_stats, find_error_kind, find_percentile
from sayso.agents.evaluation.statistics import Interval
from sayso.agents.evaluation.stats_page import write_stats_html
from sayso.agents.evaluation.stats_words import draw_bar, draw_spark, show_money, show_seconds
from sayso.agents.evaluation.version_stats import subtract
from sayso.cli.main import run as sayso
from sayso.tools import tool
from sayso.tools.approval.requests import Approve, Edit, Reject
from sayso.tools.errors import UsageError
from sayso.workflows import DurableEngine, Usage, split

from ...workflows.postgres_server import new_database, server


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    with server() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/runs.db" if request.param == "sqlite" else new_database(request.getfixturevalue("postgres"))


@tool.write
async def mail(to: str) -> str:
    """Send a mail."""
    return f"sent to {to}"


class Clock:
    """A clock that the test moves."""

    def __init__(self, day: str) -> None:
        self.set(day)

    def set(self, day: str) -> None:
        self.now = datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()

    def __call__(self) -> float:
        return self.now


def mailer(clock: Clock, seconds: float = 2.0) -> Agent[str]:
    """An agent that mails Ada; each of its two model calls takes so long and costs a cent."""

    class Slow(ScriptedModel):
        async def complete(self, request: Any) -> Reply:
            clock.now += seconds
            return await super().complete(request)

    used = Usage(1000, 100, 0.01)
    return Agent(Slow(Reply(calls=(call("mail", to="ada"),), usage=used), Reply("Done.", usage=used)), name="mailer", tools=[mail])


async def fill(home: DurableEngine, clock: Clock) -> None:
    """Three runs in one week, with a night's wait in each, and one that fails in the next."""
    for number, decision in enumerate((Approve(by="bo"), Reject("no", by="bo"), Edit({"to": "bob"}, by="bo"))):
        clock.set("2026-11-17T18:00")
        result = await mailer(clock).run("x", engine=home, run_id=f"m{number}", user="ada" if number else "cy")
        clock.set("2026-11-18T09:00")
        result = await result.resume({request.digest: decision for request in result.pending})
        if result.pending:  # the edited call is asked about as it now is
            clock.now += 60
            await result.resume({request.digest: Approve() for request in result.pending})
    clock.set("2026-11-25T12:00")
    with pytest.raises(ValueError, match="no"):
        await Agent(ScriptedModel(ValueError("no")), name="broken").run("x", engine=home, run_id="b1")
    await home.give_feedback("m0", True, by="cy")
    await home.give_feedback("m0", False, by="bo")
    await home.give_feedback("m1", False, by="ada")
    await home.give_feedback("m1", True, by="ada")


async def test_what_was_counted_by_hand_is_what_is_counted(place: str) -> None:
    clock = Clock("2026-11-17T18:00")
    home = DurableEngine(place, clock=clock)
    await fill(home, clock)
    for _ in range(2):  # computed, and again as it was kept
        stats = await collect_stats(home)
        mails, broken = stats.agents
        assert [each.agent for each in stats.agents] == ["mailer", "broken"]
        assert (mails.figures.runs, mails.figures.users, mails.figures.states) == (3, 2, {"done": 3})
        assert (round(mails.figures.cost_usd, 4), mails.figures.model_calls, mails.figures.input_tokens) == (0.06, 6, 6000)
        assert mails.figures.seconds_p50 == pytest.approx(4, abs=0.01)  # two calls of two seconds, and no night
        assert mails.figures.seconds_p95 == pytest.approx(4, abs=0.01)
        assert (mails.figures.asked, mails.figures.decisions) == (4, {"approved": 2, "edited": 1, "rejected": 1})
        assert mails.figures.decision_seconds_p50 == pytest.approx(15 * 3600 - 2, abs=1)
        assert (mails.figures.up, mails.figures.down) == (2, 1)
        assert broken.figures.errors == {"ValueError": 1}
        assert [(each.begins, each.figures.runs) for each in stats.periods] == [("2026-11-16", 3), ("2026-11-23", 1)]
        assert (stats.total.runs, stats.total.errors, stats.total.states) == (4, {"ValueError": 1}, {"done": 3, "failed": 1})
    home.close()


async def test_days_are_those_of_the_time_zone_and_empty_ones_are_shown(place: str) -> None:
    clock = Clock("2026-11-17T18:00")
    home = DurableEngine(place, clock=clock)
    echo = Agent(ScriptedModel("Done.", repeat=True), name="echo")
    for day in ("2026-11-16T23:30", "2026-11-19T12:00"):
        clock.set(day)
        await echo.run("x", engine=home, user="ada")
    days = [(each.begins, each.figures.runs) for each in (await collect_stats(home, per="day")).periods]
    assert days == [("2026-11-16", 1), ("2026-11-17", 0), ("2026-11-18", 0), ("2026-11-19", 1)]
    berlin = [(each.begins, each.figures.runs) for each in (await collect_stats(home, per="day", zone="Europe/Berlin")).periods]
    assert berlin == [("2026-11-17", 1), ("2026-11-18", 0), ("2026-11-19", 1)]
    since = datetime(2026, 11, 18, tzinfo=UTC).timestamp()
    assert (await collect_stats(home, since=since)).total.runs == 1
    assert (await collect_stats(home, until=since, agent="echo", user="ada")).total.runs == 1
    assert (await collect_stats(home, agent="other")).total.runs == 0
    home.close()


async def test_runs_that_wait_or_grow_are_counted_as_they_are_now(place: str) -> None:
    clock = Clock("2026-11-17T18:00")
    home = DurableEngine(place, clock=clock)
    paused = await mailer(clock).run("x", engine=home, run_id="m0")
    before = (await collect_stats(home)).total
    assert (before.states, before.decisions, round(before.cost_usd, 2), before.seconds_p50) == ({"waiting": 1}, {"open": 1}, 0.01, None)
    clock.now += 3600
    await paused.resume({request.digest: Approve() for request in paused.pending})
    after = (await collect_stats(home)).total
    assert (after.states, after.decisions, round(after.cost_usd, 2)) == ({"done": 1}, {"approved": 1}, 0.02)
    home.close()


async def test_a_clock_that_goes_back_makes_no_negative_time(place: str) -> None:
    clock = Clock("2026-11-17T18:00")
    home = DurableEngine(place, clock=clock)
    await mailer(clock, seconds=-500).run("x", engine=home, run_id="m0")
    await Agent(ScriptedModel("Done."), name="echo").run("x", engine=home)
    stats = await collect_stats(home)
    assert stats.total.seconds_p50 == 0
    home.close()


async def test_versions_are_compared_with_intervals_over_users(place: str) -> None:
    clock = Clock("2026-11-17T18:00")
    home = DurableEngine(place, clock=clock)

    async def plain(text: str) -> str:
        return "plain"

    async def warm(text: str) -> str:
        return "warm"

    flow = split("tone", {"plain": plain, "warm": warm})
    for number in range(60):
        run = f"r{number}"
        version = (await flow.run("x", engine=home, run_id=run, user=f"guest {number // 2}")).output
        await home.give_feedback(run, version == "warm" or number % 5 == 0)
    (tone,) = (await collect_stats(home)).splits
    first, other = tone.versions
    assert (first.runs + other.runs, first.users + other.users, {first.version, other.version}) == (60, 30, {"plain", "warm"})
    assert first.measures["thumbs up"].cases == first.users
    assert other.differences["thumbs up"].seen
    assert not other.differences["done"].seen
    home.close()


async def test_an_empty_database_has_no_runs(place: str) -> None:
    home = DurableEngine(place)
    stats = await collect_stats(home, per="day")
    assert (stats.total.runs, stats.total.seconds_p50, stats.agents, stats.periods, stats.splits) == (0, None, (), (), ())
    assert "There are no runs" in write_stats_html(stats)
    home.close()


async def test_what_is_no_time_is_refused(tmp_path: Path) -> None:
    home = DurableEngine(f"sqlite:///{tmp_path}/runs.db")
    for options, why in (
        ({"per": "year"}, "per='year' is not a period"),
        ({"zone": "Mars"}, "There is no time zone 'Mars'"),
        ({"since": 5.0, "until": 5.0}, "ends before it begins"),
        ({"since": float("nan")}, "ends before it begins"),
    ):
        with pytest.raises(UsageError, match=why):
            await collect_stats(home, **options)  # type: ignore[arg-type]
    home.close()


async def test_an_output_that_somebody_broke_is_counted_by_its_log(tmp_path: Path) -> None:
    home = DurableEngine(f"sqlite:///{tmp_path}/runs.db")
    used = Usage(1000, 100, 0.01)
    await Agent(ScriptedModel(Reply("Done.", usage=used)), name="echo").run("x", engine=home, run_id="r1")
    await home.database.do(lambda session: session.execute('UPDATE sayso_runs SET output = \'{"usage": {"="\''))
    assert (await collect_stats(home)).total.cost_usd == 0.01
    home.close()


async def test_rows_of_another_program_are_left_out_and_counted(tmp_path: Path) -> None:
    home = DurableEngine(f"sqlite:///{tmp_path}/runs.db")
    echo = Agent(ScriptedModel("Done.", repeat=True), name="echo")
    for number in range(5):
        await echo.run("x", engine=home, run_id=f"r{number}")
    for number, change in enumerate(("flow = x'ff'", "created_at = 1e300", "created_at = 'x'", "for_user = x'00'")):
        await home.database.do(lambda session, n=number, c=change: session.execute(f"UPDATE sayso_runs SET {c} WHERE id = 'r{n}'"))
    stats = await collect_stats(home)
    assert (stats.total.runs, stats.unreadable) == (1, 4)
    assert "4 runs are left out, for their rows cannot be read." in write_stats_html(stats)
    home.close()


async def test_runs_of_evaluations_are_no_runs_of_users(tmp_path: Path) -> None:
    home = DurableEngine(f"sqlite:///{tmp_path}/runs.db")
    echo = Agent(ScriptedModel("Done.", repeat=True), name="echo")
    await echo.run("x", engine=home)
    suite = Suite(name="hours", cases=(Case(name="a", input="x"), Case(name="b", input="y")))
    await evaluate(suite, echo, store=home)
    stats = await collect_stats(home)
    assert (stats.total.runs, stats.evaluations) == (1, 3)
    home.close()


def test_difference_and_words() -> None:
    assert subtract(Interval(0.6, 0.5, 0.7, 50, "t"), Interval(0.4, 0.3, 0.5, 50, "t")).seen
    assert subtract(Interval(1, None, None, 2, "none"), Interval(1, 0, 1, 2, "t")) == (0, None, None)
    assert [find_percentile([1, 2, 3, 4], share) for share in (0.5, 0.95)] == [2, 4]
    assert [find_error_kind(text) for text in ('{"$": "ModelError", "=": 1}', '{"$": "shop.errors:TooDear"', None, "x")] == [
        "ModelError",
        "TooDear",
        "unknown",
        "unknown",
    ]
    assert (draw_spark([0, 1, 8]), draw_bar(3, 12, 4), draw_bar(0, 12, 4), draw_bar(0.01, 12, 4)) == (" ▂█", "█", "", "▏")
    assert [show_money(usd) for usd in (0, 0.0042, 12.3, 1200)] == ["$0.00", "$0.0042", "$12.30", "$1,200.00"]
    assert [show_seconds(seconds) for seconds in (None, 0.0421, 8, 95, 700, 9000, 200_000)] == [
        "-",
        "0.042 s",
        "8 s",
        "95 s",
        "11.7 min",
        "2.5 h",
        "2.3 d",
    ]


def said(place: str, *arguments: str) -> tuple[int, str]:
    with redirect_stdout(StringIO()) as out, redirect_stderr(out):
        code = sayso(["stats", *arguments, "--database", place])
    return code, out.getvalue()


def test_the_command_prints_writes_a_page_and_says_what_is_wrong(tmp_path: Path) -> None:
    import asyncio

    place, clock = f"sqlite:///{tmp_path}/runs.db", Clock("2026-11-17T18:00")

    async def make() -> None:
        home = DurableEngine(place, clock=clock)
        await fill(home, clock)
        home.close()

    asyncio.run(make())
    code, shown = said(place)
    assert (code, "4 runs of 2 users: 3 done, 1 failed" in shown, "1 ValueError" in shown, "2026-11-16" in shown) == (0, True, True, True)
    data: dict[str, Any] = json.loads(said(place, "--per", "day", "--json")[1])
    assert (data["total"]["runs"], data["per"], data["agents"][0]["agent"]) == (4, "day", "mailer")
    assert said(place, "--html", str(tmp_path / "stats.html"))[0] == 0
    page = (tmp_path / "stats.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert "mailer" in page
    for arguments, why in (
        (("--since", "yesterday"), "--since 'yesterday' is not a time"),
        (("--since", "2026-13-01"), "is not a time"),
        (("--zone", "Mars"), "There is no time zone"),
        (("--html", str(tmp_path)), "cannot be written"),
        (("--per", "year"), "year"),
        (("--agent", "mialer"), "Agents and workflows with runs: broken, mailer."),
    ):
        code, words = said(place, *arguments)
        assert (code, why in words) == (2, True), words
    assert "There are no runs in this time." in said(place, "--since", "2027-01-01")[1]
