"""People say what they think of runs: thumbs with notes, of each person the last counts, and the journal stays as it was."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from sayso.tools.errors import RunError, RunIdTaken, UsageError
from sayso.workflows import App, engine, sequential


async def cook(dish: str) -> str:
    return f"{dish}, cooked"


kitchen = sequential(cook, name="kitchen")


def words(feedback: Any) -> list[tuple[str, str, str]]:
    return [(each.by, each.verdict, each.note) for each in feedback]


async def test_of_each_person_the_last_thumb_counts_and_all_are_kept(home: Any) -> None:
    await kitchen.run("pasta", engine=home, run_id="r1")
    await home.give_feedback("r1", True, by="ada")
    await home.give_feedback("r1", False, note="My pasta was cold", by="bob")
    await home.give_feedback("r1", False, note="It was, I looked", by="ada")
    assert words(await home.feedback("r1")) == [("bob", "down", "My pasta was cold"), ("ada", "down", "It was, I looked")]
    await home.withdraw_feedback("r1", by="bob")
    assert words(await home.feedback("r1")) == [("ada", "down", "It was, I looked")]
    assert [verdict for _, verdict, _ in words(await home.feedback("r1", history=True))] == ["up", "down", "down", "withdrawn"]


async def test_a_thumb_without_a_name_is_from_the_user_of_the_run(home: Any) -> None:
    await kitchen.run("pasta", engine=home, run_id="r1", user="ada")
    await kitchen.run("pasta", engine=home, run_id="r2")
    assert (await home.give_feedback("r1", True)).by == "ada"
    assert (await home.give_feedback("r2", True)).by == ""
    assert [(each.run, each.by) for each in await home.feedback()] == [("r1", "ada"), ("r2", "")]


REFUSED: dict[str, tuple[Callable[[Any], Awaitable[object]], str]] = {
    "an unknown run": (lambda home: home.give_feedback("r9", True, by="ada"), "no run 'r9'"),
    "a run id that is none": (lambda home: home.give_feedback(5, True, by="ada"), "5 is not a run id"),
    "a text for a thumb": (lambda home: home.give_feedback("r1", "down", by="ada"), "good='down' is not a thumb"),
    "a number for a thumb": (lambda home: home.give_feedback("r1", 1, by="ada"), "good=1 is not a thumb"),
    "a note that is not text": (lambda home: home.give_feedback("r1", True, note=5, by="ada"), "note=5 is not a text"),
    "half a character": (lambda home: home.give_feedback("r1", True, note="a\ud800", by="ada"), "cannot be stored"),
    "NUL in a name": (lambda home: home.give_feedback("r1", True, by="a\0"), "cannot be stored"),
    "withdrawing what nobody gave": (lambda home: home.withdraw_feedback("r1", by="ada"), "'ada' has given no feedback on run 'r1'"),
    "no user": (lambda home: kitchen.run("x", engine=home, user=" "), "user=' ' is not a user's id"),
    "a user that is not text": (
        lambda home: kitchen.run("x", engine=home, user=5),  # pyright: ignore[reportArgumentType]
        "user=5 is not a user's id",
    ),
}


@pytest.mark.parametrize(("ask", "why"), REFUSED.values(), ids=REFUSED)
async def test_what_is_no_feedback_is_refused_by_name(home: Any, ask: Callable[[Any], Awaitable[object]], why: str) -> None:
    await kitchen.run("pasta", engine=home, run_id="r1")
    with pytest.raises(UsageError, match=why.replace("(", r"\(")):
        await ask(home)


async def test_a_run_id_of_another_user_is_taken(home: Any) -> None:
    await kitchen.run("pasta", engine=home, run_id="r1", user="ada")
    assert (await kitchen.run("pasta", engine=home, run_id="r1")).output == "pasta, cooked"  # whoever names nobody may ask
    with pytest.raises(RunIdTaken, match="of the user 'ada'"):
        await kitchen.run("pasta", engine=home, run_id="r1", user="bob")


async def test_runs_are_found_by_what_people_think_of_them_now(database_url: str) -> None:
    home = engine(database_url)
    for run, user in (("r1", "ada"), ("r2", "bob"), ("r3", "ada")):
        await kitchen.run("pasta", engine=home, run_id=run, user=user)
    await home.give_feedback("r1", False, by="ada")
    await home.give_feedback("r1", True, by="bob")  # people may differ
    await home.give_feedback("r2", False, by="bob")
    await home.give_feedback("r2", True, by="bob")
    await home.give_feedback("r3", False, by="ada")
    await home.withdraw_feedback("r3", by="ada")

    async def found(**which: Any) -> list[str]:
        return sorted(row.id for row in await home.runs("done", **which))

    assert [await found(feedback="down"), await found(feedback="up"), await found(user="ada")] == [["r1"], ["r1", "r2"], ["r1", "r3"]]
    assert await found(feedback="down", user="bob") == []
    with pytest.raises(UsageError, match="feedback='bad' selects no runs"):
        await home.runs(feedback="bad")  # type: ignore[arg-type]
    home.close()


async def test_people_who_speak_at_once_are_all_heard_and_the_chain_holds(database_url: str) -> None:
    home = engine(database_url)
    await kitchen.run("pasta", engine=home, run_id="r1", user="ada")
    before = await home.verify("r1")
    others = [engine(database_url), home]
    await asyncio.gather(*(others[n % 2].give_feedback("r1", n % 3 == 0, by=f"guest {n}") for n in range(20)))
    assert len(await home.feedback("r1")) == 20
    assert await home.verify("r1") == before
    assert not before.problems
    home.close()


async def test_a_child_has_thumbs_of_its_own(database_url: str) -> None:
    home = engine(database_url)
    await sequential(kitchen, name="menu").run("pasta", engine=home, run_id="r1")
    await home.give_feedback("r1/kitchen.0", False, by="ada")
    assert [each.run for each in await home.feedback("r1")] == ["r1/kitchen.0"]
    with pytest.raises(UsageError, match=r"has no child 'r1/grill\.0'"):
        await home.give_feedback("r1/grill.0", False, by="ada")
    home.close()


async def test_a_queued_run_keeps_its_user_and_a_change_of_it_is_found(database_url: str) -> None:
    home = engine(database_url, app=App(flows=[kitchen]))
    await home.submit("kitchen", "pasta", run_id="r1", user="ada")
    with pytest.raises(RunIdTaken, match="of the user 'ada'"):
        await home.submit("kitchen", "pasta", run_id="r1", user="bob")
    await home.resume("r1", {})
    assert (await home.run("r1")).for_user == "ada"
    await home.database.do(lambda session: session.execute("UPDATE sayso_runs SET for_user = 'bob' WHERE id = 'r1'"))
    assert (await home.verify("r1")).problems == ("the user that is stored with the run is not the one it was started for.",)
    home.close()


async def test_a_clock_that_goes_back_does_not_make_an_old_thumb_count(database_url: str) -> None:
    home = engine(database_url)
    await kitchen.run("pasta", engine=home, run_id="r1")
    await home.give_feedback("r1", True, by="ada")
    home.clock = lambda: 5.0
    await home.give_feedback("r1", False, by="ada")
    assert words(await home.feedback("r1")) == [("ada", "down", "")]
    home.close()


FORGED: dict[str, tuple[str, str]] = {
    "another verdict": ("UPDATE sayso_feedback SET verdict = 'up' WHERE number = 2", "thumb 2 does not count: it was changed."),
    "another note": ("UPDATE sayso_feedback SET note = 'fine' WHERE number = 1", "thumb 1 does not count: it was changed."),
    "one that is gone": ("DELETE FROM sayso_feedback WHERE number = 1", "thumb 1 was removed."),
    "no verdict": (
        "UPDATE sayso_feedback SET verdict = 'sideways' WHERE number = 2",
        "thumb 2 does not count: its verdict is 'sideways', and not one of up, down, withdrawn.",
    ),
    "one without a hash": ("UPDATE sayso_feedback SET hash = NULL WHERE number = 1", "it has no hash, so it was not written by Sayso"),
}


@pytest.mark.parametrize(("change", "problem"), FORGED.values(), ids=FORGED)
async def test_a_thumb_that_was_changed_is_found(database_url: str, change: str, problem: str) -> None:
    home = engine(database_url)
    await kitchen.run("pasta", engine=home, run_id="r1")
    await home.give_feedback("r1", True, note="good", by="ada")
    await home.give_feedback("r1", False, by="bob")
    assert not (await home.verify("r1")).problems
    await home.database.do(lambda session: session.execute(change))
    (found,) = (await home.verify("r1")).problems
    assert problem in found
    home.close()


async def test_a_row_that_is_no_thumb_is_refused_by_name(tmp_path: Path) -> None:
    home = engine(f"sqlite:///{tmp_path}/runs.db")
    await kitchen.run("pasta", engine=home, run_id="r1")
    await home.give_feedback("r1", True, by="ada")
    for change in ("verdict = 'sideways'", "verdict = 'up', at = 'yesterday'", "at = 5, note = x'00ff'"):
        await home.database.do(lambda session, change=change: session.execute(f"UPDATE sayso_feedback SET {change}"))
        with pytest.raises(RunError, match="Thumb 1 of run r1 cannot be read"):
            await home.feedback("r1")
    home.close()


async def test_with_a_key_a_thumb_of_a_program_without_it_does_not_count(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAYSO_JOURNAL_KEY", "a secret of 32 characters or more")
    home = engine(database_url)
    await kitchen.run("pasta", engine=home, run_id="r1")
    await home.give_feedback("r1", True, by="ada")
    forge = "INSERT INTO sayso_feedback (root, number, run, given_by, verdict, note, at) VALUES ('r1', 2, 'r1', 'ada', 'down', '', 5)"
    await home.database.do(lambda session: session.execute(forge))
    assert words(await home.feedback("r1")) == [("ada", "up", "")]
    assert await home.runs(feedback="down") == []
    assert (await home.verify("r1")).problems == ("thumb 2 does not count: it has no hash, so it was not written by Sayso.",)
    home.close()
