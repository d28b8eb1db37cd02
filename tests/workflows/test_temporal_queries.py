"""What a program makes of the answers of a server: from a copy of a run that has missed an update, of a run that is ending."""

from __future__ import annotations

import re
from collections.abc import Coroutine
from types import SimpleNamespace
from typing import Any, TypeVar

import pytest

pytest.importorskip("temporalio")

from temporalio.client import (
    WorkflowExecutionStatus,
    WorkflowQueryFailedError,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from sayso.tools.errors import RunError, UsageError
from sayso.workflows.durable.database import DatabaseLost
from sayso.workflows.temporal.temporal_server import ENDED_MEANWHILE, STALE_TRIES, TemporalServer

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


class Answers:
    """What a server answers to updates, one after the other, and what it says of the run when it is asked."""

    def __init__(self, *answers: Exception | str, about: Exception | WorkflowExecutionStatus) -> None:
        self.answers, self.about = list(answers), about

    async def execute_update(self, name: str, asked: object, *, id: str | None) -> str:
        if isinstance(answer := self.answers.pop(0), Exception):
            raise answer
        return answer

    async def describe(self) -> SimpleNamespace:
        if isinstance(self.about, Exception):
            raise self.about
        return SimpleNamespace(status=self.about)


class Server(TemporalServer):
    """A server whose programs are these."""

    def __init__(self, programs: Programs | Answers) -> None:
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


def refuse(status: RPCStatusCode, words: str) -> RPCError:
    return RPCError(words, status, b"")


def fail(words: str, type: str | None = None) -> WorkflowUpdateFailedError:
    return WorkflowUpdateFailedError(ApplicationError(words, type=type))


RUNNING, ENDED = WorkflowExecutionStatus.RUNNING, WorkflowExecutionStatus.COMPLETED
UNKNOWN = refuse(RPCStatusCode.NOT_FOUND, "workflow not found for ID: r1")
NO_NAMESPACE = refuse(RPCStatusCode.NOT_FOUND, "Namespace default is not found.")
# In the words of temporalio/temporal: service/history/consts/const.go, workflow/update/errors_failures.go, registry.go, and of its gRPC.
ANSWERS: dict[str, tuple[Answers, str | Exception | None]] = {
    "ended": (Answers(refuse(RPCStatusCode.NOT_FOUND, "workflow execution already completed"), about=ENDED), None),
    "ending": (Answers(refuse(RPCStatusCode.NOT_FOUND, "update aborted by closing workflow"), about=ENDED), None),
    "ended after it was taken": (
        Answers(fail("Workflow Update failed because the Workflow completed before the Update completed.", ENDED_MEANWHILE), about=ENDED),
        None,
    ),
    "a failure that only sounds so": (Answers(fail("the order was completed"), about=RUNNING), DatabaseLost("refused: the order was")),
    "ended, and goes on in another workflow": (
        Answers(refuse(RPCStatusCode.NOT_FOUND, "workflow execution already completed"), "done", about=RUNNING),
        "done",
    ),
    "never was": (Answers(UNKNOWN, about=UNKNOWN), UsageError("There is no run 'r1' in 127.0.0.1:1/default")),
    "begun a moment later": (Answers(UNKNOWN, "done", about=RUNNING), "done"),
    "no such namespace": (Answers(NO_NAMESPACE, about=NO_NAMESPACE), UsageError("There is no namespace 'default' on 127.0.0.1:1")),
    "away when asked again": (
        Answers(UNKNOWN, about=refuse(RPCStatusCode.UNAVAILABLE, "connection refused")),
        DatabaseLost("could not be used: connection refused"),
    ),
    "a connection that broke": (Answers(WorkflowUpdateRPCTimeoutOrCancelledError(), about=RUNNING), DatabaseLost("did not answer")),
    "aborted": (Answers(refuse(RPCStatusCode.ABORTED, "workflow update was aborted"), about=RUNNING), DatabaseLost("was aborted")),
    "closing": (Answers(refuse(RPCStatusCode.RESOURCE_EXHAUSTED, "workflow is closing"), about=RUNNING), DatabaseLost("is closing")),
    "a busy server": (
        Answers(refuse(RPCStatusCode.RESOURCE_EXHAUSTED, "namespace rate limit exceeded"), about=RUNNING),
        DatabaseLost("rate limit"),
    ),
    "a task that fails": (
        Answers(refuse(RPCStatusCode.FAILED_PRECONDITION, "Workflow Task in failed state."), about=RUNNING),
        DatabaseLost("in failed state"),
    ),
    "too large": (
        Answers(refuse(RPCStatusCode.INVALID_ARGUMENT, "Blob data size exceeds limit."), about=RUNNING),
        RunError("does not take this: Blob data size exceeds limit"),
    ),
    "much too large": (
        Answers(refuse(RPCStatusCode.RESOURCE_EXHAUSTED, "grpc: received message larger than max (5 vs. 4)"), about=RUNNING),
        RunError("does not take this: grpc: received message larger"),
    ),
}


@pytest.mark.parametrize(("answers", "means"), ANSWERS.values(), ids=ANSWERS)
async def test_an_answer_of_the_server_is_given_its_meaning(answers: Answers, means: str | Exception | None) -> None:
    server = Server(answers)
    if not isinstance(means, Exception):
        assert await server.update("r1", "claim", {}) == means
        return
    with pytest.raises(type(means), match=re.escape(str(means))) as raised:
        await server.update("r1", "claim", {})
    assert type(raised.value) is type(means)


async def test_an_answer_of_a_server_that_is_asked_for_anything_else_has_the_same_meaning() -> None:
    async def fails(_client: object) -> None:
        raise NO_NAMESPACE

    with pytest.raises(UsageError, match="There is no namespace 'default'"):
        await Server(Programs()).ask(fails)
