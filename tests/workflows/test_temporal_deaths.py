"""What the keeper of a run on Temporal makes of programs that are lost with it. Kills with a real server: test_kill_matrix.py."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

pytest.importorskip("temporalio")

from sayso.workflows.durable import records
from sayso.workflows.durable.chain import START, Row
from sayso.workflows.durable.log_writes import RunEnd
from sayso.workflows.durable.records import RunRow
from sayso.workflows.temporal.keeper import MOST_UPDATES, RunKeeper


class Keeper(RunKeeper):
    """A keeper outside a server, whose run no replay of older code has touched."""

    def __init__(self) -> None:
        row = RunRow("r1", "flow", "app", "1", "null", records.QUEUED, 0, None, 0, START, 0, 0, None, None, None)
        super().__init__({"row": row, "log": [], "inbox": [], "approvals": {}, "queue": "app", "lease_seconds": 1})

    @property
    def server(self) -> Any:
        """Itself, as what a server calls: Temporal's decorators hide from a type checker that an update can be called directly."""
        return self

    def is_since(self, change: str) -> bool:
        return True

    async def begin(self) -> None:
        claimed = await self.server.claim({"attempt": self.row.attempt, "owner": "a program", "limits": None, "queue": "", "now": 1})
        assert claimed["claimed"]

    async def store(self, ending: RunEnd | None = None, **stored: str) -> bool:
        row = self.row
        rows = [list(Row(0, 2, "r1", "kept", name.replace("_", ":"), value)) for name, value in stored.items()]
        added: dict[str, Any] = {"attempt": row.attempt, "owner": row.owner, "before": row.number, "rows": rows, "requests": [], "now": 2}
        held: bool = (await self.server.add({**added, "ending": None if ending is None else ending._asdict()}))["held"]
        return held

    async def pause(self, state: str) -> None:
        assert await self.store(RunEnd(state))

    async def lose_programs(self, number: int) -> None:
        for _ in range(number):
            await self.begin()
            self._release(self.row.attempt)


async def test_a_run_that_waits_for_weeks_over_many_lost_programs_is_not_interrupted() -> None:
    keeper = Keeper()
    for _ in range(30):  # each is woken, lost with a program, and waits again: nothing is stored meanwhile
        await keeper.lose_programs(1)
        await keeper.begin()
        await keeper.pause(records.WAITING)
        await keeper.server.send({"row": ["r1", "r1", f"news {keeper.row.attempt}", "1", 3, None]})
    assert (keeper.row.state, keeper.row.error) == (records.QUEUED, None)


async def test_runs_that_were_lost_together_part() -> None:
    """A step takes 30 seconds, and the run that kills does so at once: of 99 neighbours few are under way then again, and none for long."""
    keepers = [Keeper() for _ in range(100)]
    killer, *neighbours = keepers
    beside = [float(len(neighbours))]
    for deaths in range(1, records.MOST_DEATHS):
        for keeper in keepers:
            keeper.deaths = deaths
        begins = {keeper: keeper.find_pause(Random(number)) for number, keeper in enumerate(keepers)}
        neighbours = [each for each in neighbours if begins[killer] - 30 <= begins[each] <= begins[killer]]
        beside.append(len(neighbours))
    assert (beside[2], beside[-1]) == (99, 0)


async def test_a_run_that_was_left_says_why_until_somebody_resumes_or_cancels_it() -> None:
    keeper = Keeper()
    await keeper.lose_programs(records.MOST_DEATHS)
    assert (keeper.row.state, keeper.row.error) == (records.INTERRUPTED, records.say_given_up())
    await keeper.begin()
    assert (keeper.row.state, keeper.row.error) == (records.RUNNING, None)
    keeper._release(keeper.row.attempt)
    await keeper.server.cancel(5)
    assert (keeper.row.state, keeper.row.error) == (records.CANCELLED, None)


async def test_a_run_that_has_stored_as_much_as_a_server_takes_goes_on_in_another_workflow_but_for_a_write_under_way() -> None:
    keeper = Keeper()
    keeper.updates = MOST_UPDATES - 2
    await keeper.begin()
    held = [await keeper.store(intent_pay='{"=": ["r1#1.1"]}'), await keeper.store(look="1"), await keeper.store(effect_pay='"paid"')]
    assert (held, keeper.row.state, [row.name for row in keeper.log[2:]]) == (
        [True, True, False], records.QUEUED, ["intent:pay", "look", "effect:pay"],
    )  # fmt: skip
    assert keeper._has_to_end()
