"""No run that is begun while a case is executed performs a write, whatever code begins it and however it answers approvals."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sayso import Agent, App, Approve, ScriptedModel, sequential, tool
from sayso.agents import ModelRequest, Reply
from sayso.agents.evaluation import Case, CaseRun, ScoreResult, evaluate
from sayso.tools.approval.grant import Grant
from sayso.tools.approval.requests import ApprovalRequest
from sayso.tools.errors import ReplayError, RunError, UsageError
from sayso.workflows import RunEnded, Usage, engine

SENT: list[str] = []


@pytest.fixture(autouse=True)
def nothing_sent() -> None:
    SENT.clear()


@tool.write(card="E-mail to {to}")
async def mail(to: str) -> str:
    """Send an e-mail."""
    SENT.append(to)
    return "sent"


async def always(request: ApprovalRequest) -> Approve:
    return Approve(by="the agent's own approver")


def answer(request: ModelRequest) -> Reply:
    done = hasattr(request.messages[-1], "results")
    return Reply("Done, Ada." if done else 'mail(to="ada@example.org")', usage=Usage(10, 10, 0.25, 1))


def make_desk(**options: Any) -> Agent[str]:
    return Agent(ScriptedModel(answer, repeat=True), name="desk", tools=[mail], **options)


desk = make_desk(approve=always)
unsure = make_desk()


async def run_it(question: str) -> str:
    return (await desk.run(question)).output


async def run_with_a_grant(question: str) -> str:
    return (await unsure.run(question, grants=[Grant(tool="mail")])).output


async def approve_in_code(question: str) -> str:
    result = await unsure.run(question)
    if result.pending:
        result = await result.resume({each.digest: Approve() for each in result.pending})
    return result.output


async def stream_it(question: str) -> str:
    events: AsyncIterator[Any] = desk.stream_emitted(question)
    ended = [event async for event in events if isinstance(event, RunEnded)]
    return str(ended[0].result.output)


async def run_in_a_thread(question: str) -> str:
    return await asyncio.to_thread(lambda: desk.run_sync(question).output)


async def run_in_a_task(question: str) -> str:
    return await asyncio.create_task(run_it(question))


async def run_below(question: str) -> str:
    return await sequential(run_it)(question)


SUBJECTS: dict[str, Callable[[str], Awaitable[str]]] = {
    each.__name__: each for each in (run_it, run_with_a_grant, approve_in_code, stream_it, run_in_a_thread, run_in_a_task, run_below)
}


@pytest.mark.parametrize("subject", SUBJECTS.values(), ids=SUBJECTS)
async def test_a_function_that_runs_an_agent_writes_nothing_either(subject: Callable[[str], Awaitable[str]]) -> None:
    for writes, decision in (("ask", ""), ("reject", "rejected"), ("pretend", "approved")):
        result = (await evaluate([Case(name="a", input="mail Ada")], subject, writes=writes)).results[0]
        assert SENT == [], writes
        assert [(each.tool, each.arguments) for each in result.record.calls] == [("mail", {"to": "ada@example.org"})]
        if writes != "ask" or subject is not approve_in_code:  # which answers by itself, and is not believed
            assert [each.decision for each in result.record.approvals] == [decision]
    await evaluate([Case(name="a", input="mail Ada")], subject, writes="perform")
    assert SENT == ["ada@example.org"]


async def test_a_run_in_a_database_of_its_own_writes_nothing(tmp_path: Path) -> None:
    async def run_in_a_database(question: str) -> str:
        own = engine(f"sqlite:///{tmp_path}/own.db")
        try:
            return (await desk.run(question, engine=own, run_id="r1")).output
        finally:
            own.close()

    evaluation = await evaluate([Case(name="a", input="mail Ada")], run_in_a_database, writes="pretend")
    assert (evaluation.results[0].record.text, SENT) == ("Done, Ada.", [])


async def test_neither_scores_nor_what_makes_the_deps_write() -> None:
    @dataclass(frozen=True)
    class Mails:
        name: str = "mails"

        async def __call__(self, run: CaseRun) -> ScoreResult:
            await desk.run("mail Ada")
            return ScoreResult(score=self.name, value=1.0)

    def make_deps() -> object:
        asyncio.get_running_loop().create_task(desk.run("mail Ada"))
        return None

    async def wait(question: str) -> str:
        for _ in range(50):
            await asyncio.sleep(0)
        return question

    evaluation = await evaluate([Case(name="a", input="x")], wait, scores=[Mails()], deps=make_deps)
    assert (evaluation.passed, SENT) == (True, [])


async def test_what_runs_inside_cost_counts_and_is_remembered(tmp_path: Path) -> None:
    cases = [Case(name=str(number), input="mail Ada") for number in range(4)]
    evaluation = await evaluate(cases, run_it, writes="reject", max_cost_usd=1.1, concurrency=1, store=tmp_path / "runs.db")
    assert [each.cost_usd for each in evaluation.results] == [0.5, 0.5]
    assert len(evaluation.not_run) == 2
    again = await evaluate(cases, run_it, writes="reject", max_cost_usd=1.1, concurrency=1, store=tmp_path / "runs.db")
    assert [each.record.calls for each in again.results] == [each.record.calls for each in evaluation.results]
    assert [each.record.approvals for each in again.results] == [each.record.approvals for each in evaluation.results]
    assert [each.decision for result in again.results for each in result.record.approvals] == ["rejected", "rejected"]


async def test_a_pretended_approval_is_never_found_by_whoever_resumes_the_run(tmp_path: Path) -> None:
    """A run that was pretended and killed before its write is resumed in earnest: a person is asked."""
    store = engine(f"sqlite:///{tmp_path}/runs.db")

    def stop(request: ModelRequest) -> Reply:
        if hasattr(request.messages[-1], "results"):
            raise ValueError("the program ends here")
        return answer(request)

    agent = Agent(ScriptedModel(stop, repeat=True), name="desk", tools=[mail])
    evaluation = await evaluate([Case(name="a", input="mail Ada")], agent, writes="pretend", store=store)
    run_id = evaluation.results[0].record.run_id
    assert not any(entry.name.startswith("wait:approve") for entry in await store.read_journal(run_id))
    store.close()
    store = engine(f"sqlite:///{tmp_path}/runs.db", app=App(agents=[agent]))
    with pytest.raises(ReplayError, match="resumed with other code"):
        await store.resume(run_id, {})
    assert SENT == []
    store.close()


async def test_an_evaluation_inside_a_case_performs_no_more_than_the_case_may() -> None:
    async def evaluate_again(question: str) -> str:
        inner = await evaluate([Case(name="inner", input=question)], desk, writes="perform")
        return inner.results[0].record.text

    result = (await evaluate([Case(name="a", input="mail Ada")], evaluate_again)).results[0]
    assert (SENT, 'writes="perform" was given inside a case' in result.reason) == ([], True)


async def run_in_an_executor(question: str) -> str:
    return str(await asyncio.get_running_loop().run_in_executor(None, lambda: desk.run_sync(question).output))


async def run_in_an_engine_in_an_executor(question: str) -> str:
    return str(await asyncio.get_running_loop().run_in_executor(None, lambda: desk.run_sync(question, engine=engine()).output))


async def run_in_a_bare_thread(question: str) -> str:
    outputs: list[object] = []

    def work() -> None:
        try:
            outputs.append(asyncio.run(desk.run(question)).output)
        except RunError as error:
            outputs.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    await asyncio.to_thread(thread.join)
    if isinstance(outputs[0], RunError):
        raise outputs[0]
    return str(outputs[0])


@pytest.mark.parametrize("subject", [run_in_an_executor, run_in_an_engine_in_an_executor, run_in_a_bare_thread])
async def test_a_thread_that_does_not_know_its_case_may_not_write(subject: Callable[[str], Awaitable[str]]) -> None:
    for writes in ("ask", "reject", "pretend"):
        result = (await evaluate([Case(name="a", input="mail Ada")], subject, writes=writes)).results[0]
        assert (SENT, "Begin it with asyncio.to_thread(...)" in result.reason) == ([], True)
    await evaluate([Case(name="a", input="mail Ada")], subject, writes="perform")
    assert await asyncio.to_thread(lambda: desk.run_sync("mail Ada").output) == "Done, Ada."  # when no evaluation is under way
    assert SENT == ["ada@example.org"] * 2


async def test_a_run_of_this_program_that_is_no_case_writes_as_ever() -> None:
    async def read(question: str) -> str:
        await go_on.wait()
        return question

    go_on = asyncio.Event()
    evaluating = asyncio.create_task(evaluate([Case(name="a", input="x")], read))
    for _ in range(20):
        await asyncio.sleep(0)
    assert (await desk.run("mail Ada")).output == "Done, Ada."
    go_on.set()
    assert ((await evaluating).passed, SENT) == (True, ["ada@example.org"])


async def test_workers_of_an_app_never_go_on_with_a_case(tmp_path: Path) -> None:
    """A case that was killed is a run that nobody executes. A worker whose app has a grant would perform its write in earnest."""
    url = f"sqlite:///{tmp_path}/runs.db"
    store = engine(url, app=App(agents=[unsure], grants=[Grant(tool="mail")]))
    with pytest.raises(UsageError, match="its workers would perform the writes"):
        await evaluate([Case(name="a", input="mail Ada")], unsure, store=store)
    evaluation = await evaluate([Case(name="a", input="mail Ada")], unsure, store=url)
    rows = await store.runs()
    assert {row.id for row in rows} == {evaluation.id, f"{evaluation.id}-1"}
    assert {row.app for row in rows} == {""}  # no worker's
    store.close()
