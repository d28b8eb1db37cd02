"""`sayso replay` on both databases: the same, or the first difference; nothing is done, and the run stays as it was."""

from __future__ import annotations

import asyncio
from contextlib import redirect_stderr, redirect_stdout, suppress
from io import StringIO
from typing import Any

import pytest

from sayso.cli.main import run as sayso
from sayso.tools.errors import LimitReached, ToolError
from sayso.workflows import engine

from . import replayed_flows as flows
from .replays import yes


async def carried(url: str, flow: str, value: str, **options: Any) -> None:
    """The run "r1" of the app as it was, to its end or its pause."""
    home = engine(url, app=flows.SAME)
    with suppress(LimitReached, ToolError):
        await flows.SAME.flow(flow).run(value, engine=home, run_id="r1", deps="deps", **options)
    home.close()


def replayed(url: str, change: str, run: str = "r1") -> tuple[int, str]:
    """Exit code and words of a replay; it must have left no mark, and the run as it was."""
    before = standing(url)
    flows.MARKS.clear()
    code, said = told_by("replay", run, "--app", f"{flows.__name__}:{change}", "--database", url)
    assert (flows.MARKS, standing(url)) == ([], before)
    return code, said


def told_by(*arguments: str) -> tuple[int, str]:
    """Exit code and words of a command."""
    with redirect_stdout(StringIO()) as out, redirect_stderr(out):
        code = sayso(arguments)
    return code, out.getvalue()


def standing(url: str) -> Any:
    """All that the database has of the run."""

    async def looked() -> Any:
        home = engine(url)
        try:
            return await home.run("r1"), await home.log("r1"), await home.approvals("r1")
        finally:
            home.close()

    return asyncio.run(looked())


SAME_ERROR = "and the error that it ended with (HELLO is not to be had).\n"
THANKS = "  -     Ask nothing.\n  +     Ask nothing, and say thanks.\n"
RUNS: dict[str, tuple[str, Any, str, dict[str, tuple[int, str]]]] = {
    "steps": (
        "words",
        None,
        "done",
        {
            "SAME": (0, "same: run r1, 3 steps, and the output.\n"),
            "CODE": (1, "different: run r1, step 1.\n  the journal has    shout.0\n  the code asks for  whisper.0\n0 steps before it are"),
            "OUTPUT": (1, "different: run r1, after step 3.\n  the run   returned 'HELLO'\n  the code  returns 'HELLO!'\n"),
        },
    ),
    "a write": (
        "buying",
        yes,
        "done",
        {
            "SAME": (0, "same: run r1, 9 steps, and the output.\n"),
            "PROMPT": (
                1,
                f"step 1 of r1/buyer.1: the code sends the model something else at model:0.\n{THANKS}1 step before it is the same",
            ),
            "TOOLS": (1, '  - tool: {"function": {"description": "Orders.", "name": "order"'),
        },
    ),
    "an agent of an agent": (
        "asking",
        yes,
        "done",
        {"SAME": (0, "same: run r1, 12 steps, and the output.\n"), "PROMPT": (1, "r1/chief.1/helper:0.0: the code sends")},
    ),
    "a run that waits": (
        "asking",
        None,
        "waiting",
        {"SAME": (0, "beyond the journal, not done: r1/chief.1/helper:0.0: wait:approve:"), "PROMPT": (1, THANKS)},
    ),
    "a run that failed": ("failing", None, "failed", {"SAME": (0, SAME_ERROR), "CODE": (1, "the code asks for  whisper.0")}),
    "a run that reached a limit": (
        "limited",
        yes,
        "failed",
        {"SAME": (0, "3 steps, and the error that it ended with ("), "PROMPT": (1, THANKS)},
    ),
}


@pytest.mark.parametrize(("flow", "approve", "state", "changes"), RUNS.values(), ids=RUNS)
def test_the_first_difference_is_told_and_nothing_is_done(
    flow: str, approve: Any, state: str, changes: dict[str, tuple[int, str]], database_url: str
) -> None:
    asyncio.run(carried(database_url, flow, "hello", approve=approve))
    assert standing(database_url)[0].state == state
    for change, (code, told) in changes.items():
        given, said = replayed(database_url, change)
        assert (given, told in said) == (code, True), said


def test_a_cancelled_run_is_replayed_as_far_as_it_came(database_url: str) -> None:
    asyncio.run(carried(database_url, "buying", "hello"))
    assert told_by("cancel", "r1", "--database", database_url)[0] == 0
    given, said = replayed(database_url, "SAME")
    assert (given, "as far as it came; it is cancelled" in said) == (0, True), said
    assert replayed(database_url, "CODE")[0] == 1


def test_what_cannot_be_replayed_is_said(tmp_path: Any) -> None:
    url = f"sqlite:///{tmp_path}/runs.db"
    asyncio.run(carried(url, "words", "hello"))
    for run, change, told in (
        ("nobody", "SAME", "There is no run 'nobody'"),
        ("r1", "OTHER", "of the flow 'words', whose code is not known here"),
        ("r1", "NOTHING", "has no 'NOTHING'"),
    ):
        given, said = replayed(url, change, run)
        assert (given, told in said, said.count("\n")) == (2, True, 1), said
