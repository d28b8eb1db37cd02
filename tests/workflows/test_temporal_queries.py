"""What a program makes of the answers of a server: from a copy of a run that has missed an update, of a run that is ending."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, TypeVar

import pytest

pytest.importorskip("temporalio")

from temporalio.client import WorkflowQueryFailedError
from temporalio.service import RPCError, RPCStatusCode

from sayso.tools.errors import UsageError
from sayso.workflows.durable.database import DatabaseLost
from sayso.workflows.temporal.temporal_server import STALE_TRIES, TemporalServer

T = TypeVar("T")
STALE = "[TMPRL1100] Nondeterminism error: No command scheduled for event HistoryEvent(id: 54, WorkflowExecutionUpdateAccepted)"


async def hold(run_id: str, attempt: int) -> None:
    raise AssertionError(run_id, attempt)


class Programs:
    """The programs that a server may have answer: each refuses with its words, and where there are none left, one answers."""

    def __init__(self, *refusals: str) -> None:
        self.refusals = list(refusals)

    async def query(self, name: str, *, args: object) -> str:
        if self.refusals:
            raise WorkflowQueryFailedError(self.refusals.pop(0))
        return f"answered {name}"

    async def execute_update(self, name: str, asked: object, *, id: str | None) -> str:
        raise RPCError(self.refusals.pop(0), RPCStatusCode.NOT_FOUND, b"")

    async def describe(self) -> None:
        if self.refusals:
            raise RPCError(self.refusals.pop(0), RPCStatusCode.NOT_FOUND, b"")


class Server(TemporalServer):
    """A server whose programs are these."""

    def __init__(self, programs: Programs) -> None:
        super().__init__("temporal://127.0.0.1:1", hold, "queue")
        self.programs = programs

    async def connect(self) -> Any:
        return None

    async def call(self, work: Coroutine[Any, Any, T]) -> T:
        return await work

    def _find(self, client: Any, run_id: str) -> Any:
        return self.programs


@pytest.mark.parametrize("copies", range(STALE_TRIES))
async def test_a_query_that_met_stale_copies_is_asked_again(copies: int) -> None:
    assert await Server(Programs(*[STALE] * copies)).query("r1", "row") == "answered row"


@pytest.mark.parametrize("refusals", [[STALE] * STALE_TRIES, ["Query 'row' is not known"]], ids=["always stale", "another refusal"])
async def test_a_query_that_is_refused_all_the_same_is_told(refusals: list[str]) -> None:
    programs = Programs(*refusals, "nobody asks for this")
    with pytest.raises(DatabaseLost, match="refused"):
        await Server(programs).query("r1", "row")
    assert programs.refusals == ["nobody asks for this"]


@pytest.mark.parametrize("words", ["workflow execution already completed", "workflow update was aborted by closing workflow"])
async def test_an_update_finds_that_the_run_is_over_in_whatever_words_the_server_says_so(words: str) -> None:
    assert await Server(Programs(words)).update("r1", "claim", {}) is None


async def test_an_update_of_a_run_that_never_was_is_told() -> None:
    unknown = "workflow not found for ID: r1"
    with pytest.raises(UsageError, match=r"There is no run 'r1' in 127\.0\.0\.1:1/default"):
        await Server(Programs(unknown, unknown)).update("r1", "claim", {})
