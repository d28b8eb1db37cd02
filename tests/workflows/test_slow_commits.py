"""A run pauses when all of its branches wait, not when the database is slow to take what some of them have stored."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sayso import Approve, map_each, parallel, sequential, tool
from sayso.workflows import DurableEngine, engine
from sayso.workflows.runs import inbox


@tool.write(card="Mail to {to}")
async def mail(to: str) -> str:
    """Send a mail."""
    return f"sent to {to}"


async def read(value: str) -> str:
    return value


@pytest.fixture
def home(database_url: str, monkeypatch: pytest.MonkeyPatch) -> DurableEngine:
    """An engine for which every commit takes longer than a run is given whose branches do nothing."""
    monkeypatch.setattr(inbox, "HELD_BACK_SECONDS", 0.0)
    made = engine(database_url)
    assert isinstance(made, DurableEngine)
    return made


async def test_every_request_of_many_branches_is_pending(home: DurableEngine) -> None:
    result = await map_each(mail, name="mails").run([f"ada{at}" for at in range(60)], engine=home)
    assert len(result.pending) == len(await home.requests()) == 60
    done = await result.resume({each.digest: Approve() for each in result.pending})
    assert done.output == [f"sent to ada{at}" for at in range(60)]
    home.close()


async def test_a_branch_goes_on_while_another_waits_for_a_person(home: DurableEngine) -> None:
    done: list[str] = []

    def note(name: str) -> Callable[[str], object]:
        async def noted(value: str) -> str:
            done.append(name)
            return value

        noted.__name__ = name
        return noted

    steps = [note(f"step{at}") for at in range(20)]
    result = await parallel(mail, sequential(*steps, name="work"), name="both").run("ada", engine=home)  # type: ignore[arg-type]
    assert (len(result.pending), done) == (1, [f"step{at}" for at in range(20)])
    home.close()
