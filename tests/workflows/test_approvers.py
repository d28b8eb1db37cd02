"""Attack the approver: however it ends, it never means yes, and the run it was asked by ends or pauses."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from sayso.tools import Approve, Edit, Reject, tool
from sayso.tools.approval.requests import ApprovalRequest
from sayso.tools.errors import Cancelled
from sayso.workflows import engine, parallel, sequential
from sayso.workflows.runs.events import ApproverFailed

SENT: list[str] = []


@pytest.fixture(autouse=True)
def nothing_sent() -> None:
    SENT.clear()


@tool.write
async def send(to: str) -> str:
    """Send a letter."""
    SENT.append(to)
    return f"sent to {to}"


LETTER = sequential(send, name="letter")


class OwnEnd(BaseException):
    """A library's own way to end."""


def raises(error: BaseException) -> Callable[[ApprovalRequest], Any]:
    async def approve(request: ApprovalRequest) -> None:
        raise error

    return approve


def returns(answer: Any) -> Callable[[ApprovalRequest], Any]:
    async def approve(request: ApprovalRequest) -> Any:
        return answer

    return approve


async def cancels_itself(request: ApprovalRequest) -> None:
    task = asyncio.current_task()
    assert task is not None
    task.cancel()
    await asyncio.sleep(0)


async def awaits_what_was_cancelled(request: ApprovalRequest) -> None:
    asking = asyncio.get_running_loop().create_task(asyncio.sleep(3600))
    asyncio.get_running_loop().call_soon(asking.cancel)
    await asking


async def is_timed_out(request: ApprovalRequest) -> None:
    async with asyncio.timeout(0):
        await asyncio.sleep(3600)


def answers_at_once(request: ApprovalRequest) -> Approve:
    return Approve()


async def yields(request: ApprovalRequest) -> AsyncIterator[Approve]:
    yield Approve()


class Unspeakable:
    def __repr__(self) -> str:
        raise RuntimeError("no words")


NOT_ANSWERED: dict[str, tuple[Any, str]] = {
    "a cancellation": (raises(asyncio.CancelledError()), "it was cancelled"),
    "cancels itself": (cancels_itself, "it was cancelled"),
    "awaits what was cancelled": (awaits_what_was_cancelled, "it was cancelled"),
    "its own timeout": (is_timed_out, "TimeoutError"),
    "the end of a generator": (raises(GeneratorExit()), "GeneratorExit"),
    "an end of its own": (raises(OwnEnd("over")), "OwnEnd: over"),
    "a group": (raises(ExceptionGroup("two", [ValueError(1)])), "ExceptionGroup: two"),
    "a group that ends programs": (raises(BaseExceptionGroup("two", [KeyboardInterrupt()])), "BaseExceptionGroup: two"),
    "a group of cancellations": (raises(BaseExceptionGroup("two", [asyncio.CancelledError()])), "BaseExceptionGroup: two"),
    "the end of an iterator": (raises(StopIteration(Approve())), "RuntimeError"),
    "an error of async iteration": (raises(StopAsyncIteration()), "StopAsyncIteration"),
    "no memory": (raises(MemoryError()), "MemoryError"),
    "not async": (answers_at_once, "it is not async"),
    "a generator": (yields, "it is not async"),
    "a word": (returns("yes"), "it returned 'yes', which is not a decision"),
    "a truth": (returns(True), "it returned True, which is not a decision"),
    "the class of a decision": (returns(Approve), "which is not a decision"),
    "a decision in a list": (returns([Approve()]), "which is not a decision"),
    "what has no words": (returns(Unspeakable()), "RuntimeError: no words"),
    "an edit of nothing": (returns(Edit(None)), "which is not a decision"),  # type: ignore[arg-type]
    "an edit of no names": (returns(Edit({1: "ada"})), "which is not a decision"),  # type: ignore[dict-item]
    "a no without words": (returns(Reject(b"no")), "which is not a decision"),  # type: ignore[arg-type]
    "a yes by nobody": (returns(Approve(by=None)), "which is not a decision"),  # type: ignore[arg-type]
}


@pytest.mark.parametrize(("approve", "told"), NOT_ANSWERED.values(), ids=NOT_ANSWERED)
async def test_whatever_an_approver_does_but_decide_leaves_the_request_open(approve: Any, told: str) -> None:
    home = engine(strict=True)
    stream = LETTER.stream_emitted("ada", approve=approve, engine=home, run_id="r1")
    async with asyncio.timeout(120):
        events = [event async for event in stream]
    assert [event.error for event in events if isinstance(event, ApproverFailed)] == [events[-1].result.unanswered]
    assert told in events[-1].result.unanswered
    assert SENT == []
    (request,) = events[-1].result.pending
    assert (await home.resume("r1", {request.digest: Approve()})).output == "sent to ada"


async def test_a_stored_run_waits_too_when_its_approver_is_cancelled(tmp_path: Path) -> None:
    async with asyncio.timeout(120):
        result = await LETTER.run("ada", approve=cancels_itself, engine=engine(f"sqlite:///{tmp_path}/runs.db"), run_id="r1")
        assert (SENT, result.unanswered) == ([], "it was cancelled")
        assert (await result.resume({result.pending[0].digest: Approve()})).output == "sent to ada"


async def test_an_edit_that_cannot_be_stored_decides_nothing(tmp_path: Path) -> None:
    home = engine(f"sqlite:///{tmp_path}/runs.db")
    async with asyncio.timeout(120):
        result = await LETTER.run("ada", approve=returns(Edit({"to": object()})), engine=home, run_id="r1")
    assert (SENT, len(result.pending)) == ([], 1)
    assert "object" in result.unanswered


@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt()], ids=repr)
def test_an_approver_that_ends_the_program_ends_it_and_the_run_waits(error: BaseException, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/runs.db"
    with pytest.raises(type(error)):
        asyncio.run(LETTER.run("ada", approve=raises(error), engine=engine(url), run_id="r1"))

    async def go_on() -> str:
        paused = await LETTER.run("ada", engine=engine(url), run_id="r1")
        assert SENT == []
        return (await paused.resume({paused.pending[0].digest: Approve()})).output

    assert asyncio.run(go_on()) == "sent to ada"


async def test_an_approver_may_answer_by_the_engine_and_resume_the_run_itself() -> None:
    """It waits for the very run that waits for it: its question is answered, so the next one is asked."""
    home = engine()

    async def approve(request: ApprovalRequest) -> None:
        await home.resume("r1", {request.digest: Approve()})

    async with asyncio.timeout(120):
        result = await sequential(LETTER, sequential(send, name="again"), name="two").run("ada", approve=approve, engine=home, run_id="r1")
    assert result.output == "sent to sent to ada"


async def test_a_question_that_is_answered_elsewhere_is_asked_no_more() -> None:
    home, asked, told_off = engine(), list[str](), list[str]()

    async def approve(request: ApprovalRequest) -> Approve | None:
        asked.append(request.arguments)
        if len(asked) > 1:
            return Approve()
        asyncio.get_running_loop().create_task(home.signal(request.run_id, request.topic, Reject("not her")))
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            told_off.append(request.arguments)
            raise
        return Approve()

    both = parallel(sequential(send, name="one"), sequential(send, name="other"), name="both")
    async with asyncio.timeout(120):
        with pytest.raises(Exception, match="not her"):
            await both.run("ada", approve=approve, engine=home, run_id="r1")
    assert told_off == ['{"to":"ada"}']
    assert len(SENT) <= 1  # the other one was approved, the first was not


async def test_cancelling_the_run_ends_its_question_and_is_not_swallowed() -> None:
    home, ended = engine(), list[str]()

    async def approve(request: ApprovalRequest) -> Approve:
        await home.cancel("r1")
        try:
            await asyncio.sleep(3600)
        finally:
            ended.append("asked no more")
        return Approve()

    async with asyncio.timeout(120):
        with pytest.raises(Cancelled):
            await LETTER.run("ada", approve=approve, engine=home, run_id="r1")
    assert (SENT, ended) == ([], ["asked no more"])


async def test_cancelling_the_caller_is_not_swallowed_while_the_approver_ends() -> None:
    asked = asyncio.Event()

    async def holds_on(request: ApprovalRequest) -> Approve:
        asked.set()
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(3600)
        await asyncio.sleep(3600)  # one cancellation was not enough
        return Approve()

    running = asyncio.get_running_loop().create_task(LETTER.run("ada", approve=holds_on))
    await asked.wait()
    running.cancel()
    await asyncio.sleep(0)
    running.cancel()
    async with asyncio.timeout(120):
        with pytest.raises(asyncio.CancelledError):
            await running
    assert SENT == []
