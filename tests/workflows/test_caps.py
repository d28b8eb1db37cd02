"""What runs may cost together: each model call is reserved before it is made, so nobody spends more, however many ask at once."""

from __future__ import annotations

import asyncio
import math
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from sayso.agents import Agent, Reply, Sampling, ScriptedModel
from sayso.agents.models.model import ModelRequest
from sayso.tools import tool
from sayso.tools.errors import CapReached, LimitReached, ModelError, UsageError
from sayso.workflows import App, Cap, DurableEngine, MemoryEngine, Usage, engine, parallel, sequential
from sayso.workflows.caps import find_period

from .postgres_server import new_database

SHORT = Sampling(max_tokens=1000)  # of gpt-5-mini: $0.002
PRICE = 0.002


def desk(cost_usd: float = PRICE, name: str = "desk", *lines: Any) -> Agent[str]:
    """An agent whose calls can cost a little more than $0.002 and cost so much."""
    reply = Reply("Done.", usage=Usage(100, 1000, cost_usd))
    return Agent(ScriptedModel(*(lines or (reply,)), repeat=True, name="gpt-5-mini"), name=name, sampling=SHORT)


class Homes:
    """Engines of one kind; on a database each is a program of its own."""

    def __init__(self, url: str | None) -> None:
        self.url, self.now, self.memory = url, 1_796_000_000.0, MemoryEngine
        self.made: list[DurableEngine] = []
        self.first: Any = None

    def open(self, *caps: Cap, **options: Any) -> Any:
        """Another program with these caps; in memory there is one."""
        if self.url is None:
            self.first = self.first or MemoryEngine(clock=lambda: self.now, caps=caps, strict=True)
            return self.first
        self.made.append(DurableEngine(self.url, clock=lambda: self.now, caps=caps or None, **options))
        return self.made[-1]


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def homes(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Homes]:
    match request.param:
        case "memory":
            made = Homes(None)
        case "sqlite":
            made = Homes(f"sqlite:///{tmp_path}/runs.db")
        case _:
            made = Homes(new_database(request.getfixturevalue("postgres")))
    yield made
    for each in made.made:
        each.close()


async def count(home: Any, user: str, most: int = 9, agent: Agent[str] | None = None) -> int:
    """How many runs a user gets."""
    for number in range(most):
        try:
            await (agent or desk()).run(f"{number}", engine=home, user=user)
        except CapReached:
            return number
    return most


async def test_each_user_has_so_much_a_day(homes: Homes) -> None:
    home = homes.open(Cap(usd=0.0055, by="user"))
    assert [await count(home, "ada"), await count(home, "bob"), await count(home, "ada")] == [2, 2, 0]
    homes.now += 86_400
    assert await count(home, "ada") == 2
    homes.now -= 86_400  # a clock that goes back brings no money back
    assert await count(home, "ada") == 0


async def test_the_error_says_which_cap_how_much_and_until_when(homes: Homes) -> None:
    homes.now = datetime(2026, 11, 30, 22, 30, tzinfo=UTC).timestamp()
    home = homes.open(Cap(usd=0.003, by=("user", "agent"), zone="Europe/Berlin"))
    await desk().run("1", engine=home, user="ada")
    with pytest.raises(CapReached) as caught:
        await desk().run("2", engine=home, user="ada")
    assert str(caught.value).startswith(
        "The cap of $0.003 a day for each user and agent is reached (user 'ada', agent 'desk'): $0.002 used, and this model call could cost"
    )
    assert "free again at 2026-12-01 00:00 Europe/Berlin" in str(caught.value)
    assert (caught.value.allowed, caught.value.free_at) == (0.003, datetime(2026, 11, 30, 23, tzinfo=UTC).timestamp())
    assert isinstance(caught.value, LimitReached)
    homes.now = caught.value.free_at
    await desk().run("3", engine=home, user="ada")


async def test_no_run_begins_where_nothing_is_left(homes: Homes) -> None:
    home = homes.open(Cap(usd=0.002))
    cheap = Agent(ScriptedModel(Reply("Done.", usage=Usage(100, 1000, 0.002)), repeat=True, name="gpt-5-mini"), name="desk")
    await Agent(cheap.spec.model, name="desk", sampling=Sampling(max_tokens=900)).run("1", engine=home, user="ada")
    with pytest.raises(CapReached, match="so no run is begun"):
        await cheap.run("2", engine=home, run_id="r2", user="bob")
    assert "r2" not in home.executions or isinstance(home, DurableEngine)
    if isinstance(home, DurableEngine):
        with pytest.raises(CapReached, match="so no run is begun"):
            await home.start(cheap, "3", run_id="r3")
        assert [row.id for row in await home.runs() if row.id in ("r2", "r3")] == []


async def test_of_many_that_ask_at_once_as_many_go_on_as_there_is_money_for(homes: Homes) -> None:
    began, gate = 0, asyncio.Event()
    caps = [Cap(usd=0.0125, per="month"), Cap(usd=1, by="user")]
    programs = [homes.open(*caps) for _ in range(3)]

    class Slow(ScriptedModel):
        async def complete(self, request: ModelRequest) -> Reply:
            nonlocal began
            began += 1
            await gate.wait()
            return Reply("Done.", usage=Usage(100, 1000, PRICE))

    async def ask(number: int) -> str:
        agent = Agent(Slow("", repeat=True, name="gpt-5-mini"), name="desk", sampling=SHORT)
        try:
            return (await agent.run("x", engine=programs[number % 3], run_id=f"r{number}", user=f"guest {number}")).output
        except CapReached:
            return "refused"
        finally:
            ended.append(number)
            if len(ended) == 16 - 6:  # all others wait for the model
                gate.set()

    ended: list[int] = []
    said = await asyncio.gather(*map(ask, range(16)))
    assert (said.count("Done."), said.count("refused"), began) == (6, 10, 6)


async def test_branches_of_one_run_share_what_is_left(homes: Homes) -> None:
    home = homes.open(Cap(usd=0.0025))
    flow = parallel(desk(name="a"), desk(name="b"), desk(name="c"), on_error="collect", name="three")
    output = (await flow.run("x", engine=home)).output
    assert [isinstance(each, str) for each in output].count(True) == 1


async def test_what_a_call_did_not_use_is_given_back_and_what_failed_costs_nothing(homes: Homes) -> None:
    home = homes.open(Cap(usd=0.0045))
    with pytest.raises(ModelError):
        await desk(0, "desk", ModelError("down")).run("x", engine=home)
    assert await count(home, "ada", agent=desk(0.0001)) == 9
    assert await count(home, "ada", agent=desk(0.002)) == 1


async def test_a_call_that_is_cancelled_counts_as_its_prompt(homes: Homes) -> None:
    home, began = homes.open(Cap(usd=0.0045)), asyncio.Event()

    class Endless(ScriptedModel):
        async def complete(self, request: ModelRequest) -> Reply:
            began.set()
            await asyncio.Event().wait()
            raise AssertionError

    for _ in range(4):
        began.clear()
        work = asyncio.create_task(Agent(Endless("", name="gpt-5-mini"), name="desk", sampling=SHORT).run("x", engine=home))
        await began.wait()
        work.cancel()
        with pytest.raises(asyncio.CancelledError):
            await work
    assert await count(home, "ada") == 2


async def test_what_a_killed_program_had_reserved_is_free_once_the_caps_are_counted_anew(database_url: str) -> None:
    home = DurableEngine(database_url, caps=[Cap(usd=0.0065)])
    await desk().run("1", engine=home)
    await home.database.do(lambda session: session.execute("UPDATE sayso_caps SET used_usd = used_usd + 0.003"))  # as its death leaves it
    assert await count(home, "ada") == 0
    await home.recount_caps()
    assert await count(home, "ada") == 2
    home.close()


STRANGE = {"negative": -5.0, "not a number": math.nan}


@pytest.mark.parametrize("cost", STRANGE.values(), ids=STRANGE)
async def test_a_call_that_says_it_cost_less_than_nothing_counts_as_what_it_had_reserved(tmp_path: Path, cost: float) -> None:
    home = MemoryEngine(caps=[Cap(usd=0.005)])
    assert await count(home, "ada", agent=desk(cost)) == 2


async def test_a_model_that_costs_nothing_is_not_counted(homes: Homes) -> None:
    home = homes.open(Cap(usd=0))
    free = Agent(ScriptedModel("Done.", repeat=True, name="llama-on-this-machine"), name="desk")
    assert (await free.run("x", engine=home)).output == "Done."
    with pytest.raises(CapReached):
        await desk().run("x", engine=home)


async def test_a_model_without_a_listed_price_counts_what_it_says_itself(homes: Homes) -> None:
    runs = homes.open(Cap(usd=0.005, per="day"))
    own = Agent(ScriptedModel(Reply("Done.", usage=Usage(100, 1000, 0.004)), repeat=True, name="of-my-own"), name="desk")
    await own.run("Hello", engine=runs)
    await own.run("Hello", engine=runs)  # what it costs is known once it was asked
    with pytest.raises(CapReached, match=r"\$0\.008 used"):
        await own.run("Hello", engine=runs)


async def test_only_the_runs_that_a_cap_is_for_are_counted(homes: Homes) -> None:
    home = homes.open(Cap(usd=0.003, agent="chat"), Cap(usd=0.0055, user="ada"))
    assert await count(home, "ada", agent=desk(name="chat")) == 1
    assert await count(home, "bob", agent=desk(name="chat")) == 0
    assert await count(home, "ada", agent=desk(name="report")) == 1
    assert await count(home, "bob", agent=desk(name="report")) == 9


async def test_a_cap_counts_what_was_spent_before_it_was_set(database_url: str) -> None:
    without = DurableEngine(database_url)
    await desk().run("1", engine=without, user="ada")
    await desk().run("2", engine=without, user="ada")
    capped = DurableEngine(database_url, caps=[Cap(usd=0.0075, by="user")])
    assert [await count(capped, "ada"), await count(capped, "bob")] == [1, 3]
    without.close()
    capped.close()


async def test_a_refused_run_goes_on_once_there_is_money_again(database_url: str) -> None:
    now = [1_796_000_000.0]
    agent = desk()
    home = DurableEngine(database_url, app=App(agents=[agent], caps=[Cap(usd=0.003)]), clock=lambda: now[0])
    await agent.run("1", engine=home)
    with pytest.raises(CapReached):
        await agent.run("2", engine=home, run_id="r2")
    row = await home.run("r2")
    assert row.state == "failed"
    with pytest.raises(CapReached, match="free again at"):
        await home.result("r2")
    now[0] += 86_400
    assert (await home.resume("r2", {})).output == "Done."
    home.close()


async def test_a_run_that_waits_for_a_person_goes_on_without_money(database_url: str) -> None:
    sent = []

    @tool.write
    async def mail(to: str) -> str:
        """Send a mail."""
        sent.append(to)
        return "sent"

    home = DurableEngine(database_url, caps=[Cap(usd=0.003)])
    flow = sequential(mail, name="mailing")
    paused = await flow.run("ada", engine=home)
    await desk().run("1", engine=home)
    from sayso.tools import Approve

    await paused.resume({request.digest: Approve() for request in paused.pending})
    assert sent == ["ada"]
    home.close()


PROGRAM = """
import asyncio, sys
from sayso.agents import Agent, Reply, Sampling, ScriptedModel
from sayso.tools.errors import CapReached
from sayso.workflows import Cap, Usage, engine

async def main():
    home = engine(sys.argv[1], caps=[Cap(usd=0.0305)])
    agent = Agent(ScriptedModel(Reply("Done.", usage=Usage(100, 1000, 0.002)), repeat=True, name="gpt-5-mini"),
                  name="desk", sampling=Sampling(max_tokens=1000))
    done = 0
    for number in range(12):
        try:
            await agent.run("x", engine=home)
            done += 1
        except CapReached:
            pass
    print(done)

asyncio.run(main())
"""


def test_two_programs_cannot_both_take_the_last_dollar(database_url: str) -> None:
    programs = [subprocess.Popen([sys.executable, "-c", PROGRAM, database_url], stdout=subprocess.PIPE, text=True) for _ in range(2)]
    assert sum(int(program.communicate()[0]) for program in programs) == 15


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "negative": ({"usd": -1}, "Cap(usd=-1) is not an amount of money"),
    "not a number": ({"usd": math.nan}, "Cap(usd=nan) is not an amount of money"),
    "without end": ({"usd": math.inf}, "Cap(usd=inf) is not an amount of money"),
    "a text": ({"usd": "5"}, "Cap(usd='5') is not an amount of money"),
    "yes": ({"usd": True}, "Cap(usd=True) is not an amount of money"),
    "a year": ({"usd": 5, "per": "year"}, "Cap(per='year') is not a period. Periods: hour, day, week, month."),
    "by colour": ({"usd": 5, "by": "colour"}, "Cap(by='colour'): runs are counted by user, by agent, or by both"),
    "no zone": ({"usd": 5, "zone": "Mars/Base"}, "There is no time zone 'Mars/Base' here"),
}


@pytest.mark.parametrize(("given", "why"), WRONG.values(), ids=WRONG)
def test_what_is_no_cap_is_refused(given: dict[str, Any], why: str) -> None:
    with pytest.raises(UsageError) as caught:
        Cap(**given)
    assert str(caught.value).startswith(why)


def test_a_number_is_no_cap_and_two_places_may_not_differ(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="5 is not a cap"):
        engine(caps=[5])  # type: ignore[list-item]
    with pytest.raises(UsageError, match="5 is not a cap"):
        engine(caps=5)  # type: ignore[call-overload]
    with pytest.raises(UsageError, match="name different caps"):
        engine(f"sqlite:///{tmp_path}/runs.db", app=App(caps=[Cap(usd=1)]), caps=[Cap(usd=2)])


PERIODS: dict[str, tuple[str, str, str, str, str]] = {
    "a day": ("day", "UTC", "2026-11-30T12:00", "2026-11-30T00:00", "2026-12-01T00:00"),
    "its last second": ("day", "UTC", "2026-11-30T23:59", "2026-11-30T00:00", "2026-12-01T00:00"),
    "its first second": ("day", "UTC", "2026-12-01T00:00", "2026-12-01T00:00", "2026-12-02T00:00"),
    "a week from Monday": ("week", "UTC", "2026-11-29T12:00", "2026-11-23T00:00", "2026-11-30T00:00"),
    "a month": ("month", "UTC", "2026-12-31T12:00", "2026-12-01T00:00", "2027-01-01T00:00"),
    "February": ("month", "UTC", "2028-02-29T12:00", "2028-02-01T00:00", "2028-03-01T00:00"),
    "an hour": ("hour", "UTC", "2026-11-30T12:34", "2026-11-30T12:00", "2026-11-30T13:00"),
    "a day of 25 hours": ("day", "Europe/Berlin", "2026-10-25T12:00", "2026-10-25T00:00", "2026-10-26T00:00"),
    "a day of 23 hours": ("day", "Europe/Berlin", "2026-03-29T12:00", "2026-03-29T00:00", "2026-03-30T00:00"),
    "in India": ("day", "Asia/Kolkata", "2026-11-30T00:10", "2026-11-30T00:00", "2026-12-01T00:00"),
}


@pytest.mark.parametrize(("per", "zone", "now", "begins", "ends"), PERIODS.values(), ids=PERIODS)
def test_periods_are_those_of_the_calendar(per: Any, zone: str, now: str, begins: str, ends: str) -> None:
    place = ZoneInfo(zone)
    moment, begin, end = (datetime.fromisoformat(each).replace(tzinfo=place).timestamp() for each in (now, begins, ends))
    assert find_period(per, moment, place) == (begin, end)
