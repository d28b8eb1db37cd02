"""Versions side by side: a user is dealt one and keeps it, whatever becomes of the weights."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from sayso.tools import tool
from sayso.tools.approval.requests import Approve
from sayso.tools.errors import WorkflowError
from sayso.workflows import DurableEngine, engine, mermaid, sequential, split
from sayso.workflows.shapes.split import deal


async def plain(text: str) -> str:
    return f"plain {text}"


async def warm(text: str) -> str:
    return f"warm {text}"


USERS = [f"user {number}" for number in range(2000)]
VERSIONS: dict[str, Any] = {"plain": plain, "warm": warm}


async def version(flow: Any, home: Any, user: str | None) -> str:
    return str((await flow.run("x", engine=home, user=user)).output).split()[0]


async def test_a_user_gets_the_same_version_in_every_run(home: Any) -> None:
    flow = split("tone", VERSIONS)
    first = [await version(flow, home, user) for user in USERS[:12]]
    assert [await version(flow, home, user) for user in USERS[:12]] == first
    assert set(first) == {"plain", "warm"}


async def test_a_user_keeps_his_version_after_the_weights_changed(database_url: str) -> None:
    home = engine(database_url)
    before = split("tone", VERSIONS, weights={"plain": 9, "warm": 1})
    first = {user: await version(before, home, user) for user in USERS[:30]}
    after = split("tone", {"third": plain, **VERSIONS}, weights={"plain": 1, "warm": 9, "third": 50})
    assert {user: await version(after, home, user) for user in USERS[:30]} == first
    assert Counter([await version(after, home, user) for user in USERS[30:60]]) != Counter(first.values())
    stopped = split("tone", VERSIONS, weights={"plain": 1, "warm": 0})  # a weight of 0 takes a version from everybody
    assert {await version(stopped, home, user) for user in USERS[:30]} == {"plain"}
    home.close()


def test_weights_deal_their_shares_and_move_only_to_what_grew() -> None:
    before = [deal("tone", user, {"plain": 9, "warm": 1}) for user in USERS]
    after = [deal("tone", user, {"plain": 8, "warm": 2}) for user in USERS]
    assert before.count("warm") == pytest.approx(200, abs=40)
    assert after.count("warm") == pytest.approx(400, abs=55)
    moved = Counter((one, other) for one, other in zip(before, after, strict=True) if one != other)
    assert set(moved) == {("plain", "warm")}
    third = [deal("tone", user, {"new": 1, "warm": 1, "plain": 9}) for user in USERS]
    assert {other for one, other in zip(before, third, strict=True) if one != other} == {"new"}


def test_two_splits_do_not_deal_alike() -> None:
    pairs = Counter((deal("tone", user, {"a": 1, "b": 1}), deal("length", user, {"a": 1, "b": 1})) for user in USERS)
    assert min(pairs.values()) > 400


async def test_a_run_without_a_user_is_dealt_one_by_its_id(home: Any) -> None:
    flow = split("tone", VERSIONS)
    outputs = [(await flow.run("x", engine=home, run_id=f"r{number}")).output for number in range(12)]
    assert set(outputs) == {"plain x", "warm x"}
    assert (await split("tone", VERSIONS).run("x", user="user 3")).output == (await flow.run("x", engine=home, user="user 3")).output


async def test_a_paused_run_goes_on_with_its_version(database_url: str) -> None:
    @tool.write
    async def mail(to: str) -> str:
        """Send a mail."""
        return f"sent to {to}"

    home = DurableEngine(database_url)
    steps: dict[str, Any] = {"a": sequential(mail, name="same"), "b": sequential(warm, mail, name="same")}
    flow = split("order", steps, weights={"a": 1, "b": 0})
    paused = await flow.run("ada", engine=home, run_id="r1", user="ada")
    other = DurableEngine(database_url)
    changed = split("order", steps, weights={"a": 0, "b": 1})
    resumed = await changed.run("ada", engine=other, run_id="r1")
    done = await other.resume("r1", {request.digest: Approve() for request in resumed.pending})
    assert (len(paused.pending), done.output) == (1, "sent to ada")
    assert [(row.name, row.value) for row in await other.log("r1") if row.name.startswith("split:")] == [("split:order", '"a"')]
    home.close()
    other.close()


def test_it_can_be_drawn() -> None:
    assert "plain" in mermaid(split("tone", VERSIONS))


WRONG: dict[str, tuple[Any, Any, str]] = {
    "one version": ({"plain": plain}, None, "tone has nothing to split. Name at least two versions"),
    "a list": ([plain, warm], None, "tone has nothing to split"),
    "a number for a name": ({1: plain, 2: warm}, None, "tone has nothing to split"),
    "a slash": ({"a/b": plain, "c": warm}, None, "A version cannot be named 'a/b'"),
    "a weight missing": (VERSIONS, {"plain": 1}, "are not those of its versions. Give one for each of: plain, warm."),
    "a weight too many": (VERSIONS, {"plain": 1, "warm": 1, "cold": 1}, "are not those of its versions"),
    "below zero": (VERSIONS, {"plain": 1, "warm": -1}, "the weight of warm is -1. A weight is a number, not below zero"),
    "not a number": (VERSIONS, {"plain": 1, "warm": float("nan")}, "the weight of warm is nan"),
    "a text": (VERSIONS, {"plain": 1, "warm": "10%"}, "the weight of warm is '10%'"),
    "nothing for anybody": (VERSIONS, {"plain": 0, "warm": 0}, "no version has a weight above 0"),
}


@pytest.mark.parametrize(("versions", "weights", "why"), WRONG.values(), ids=WRONG)
def test_what_is_no_split_is_refused(versions: Any, weights: Any, why: str) -> None:
    with pytest.raises(WorkflowError) as caught:
        split("tone", versions, weights=weights)
    assert why in str(caught.value)
