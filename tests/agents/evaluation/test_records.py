"""The record of a run: what a score, a statistic or a data set reads of it, wherever the run is stored."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import pytest

from sayso import Agent, Approve, Edit, Limits, Reject, ScriptedModel, Secret, engine, sequential, tool
from sayso.agents import Reply, call
from sayso.agents.evaluation import find_record, make_record
from sayso.agents.messages import NativeCall
from sayso.tools import Outcome, python_tool
from sayso.tools.approval.requests import ApprovalRequest, Approver, Decision
from sayso.tools.errors import LimitReached, UsageError
from sayso.workflows import DurableEngine, MemoryEngine, Run
from sayso.workflows.runs.protocols import Engine


@tool.write(card="Order {quantity} x {item}")
async def order(item: str, quantity: int) -> str:
    """Order food."""
    return f"{quantity} x {item} ordered"


@tool.read(trust="tool", secrecy="public")
async def menu(kind: str) -> str:
    """Return what there is to eat."""
    return f"{kind}: burger 5, fries 3"


SCRIPT = (
    Reply(calls=(call("menu", kind="lunch"), call("nosuch", a=1))),
    Reply(calls=(call("order", item="burger", quantity=1),)),
    "That is all.",
)
IN_TEXT = ('Let me look: menu(kind="lunch")', 'order(item="burger", quantity=1)', "That is all.")


def make_waiter(*script: Reply | str, name: str = "waiter") -> Agent[str]:
    return Agent(ScriptedModel(*(script or SCRIPT)), name=name, instructions="Take the order.", tools=[order, menu])


async def approve(request: ApprovalRequest) -> Decision | None:
    return Approve(by="ada")


async def reject(request: ApprovalRequest) -> Decision | None:
    return Reject("too dear")


async def edit(request: ApprovalRequest) -> Decision | None:
    return Edit({"item": "burger", "quantity": 2}) if '"quantity":1' in request.arguments else Approve()


async def never_answer(request: ApprovalRequest) -> Decision | None:
    return None


@pytest.fixture(params=["memory", "strict", "sqlite"])
def runs(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    if request.param == "sqlite":
        durable = DurableEngine(f"sqlite:///{tmp_path}/runs.db")
        yield durable
        durable.close()
    else:
        yield MemoryEngine(strict=request.param == "strict")


DECISIONS: dict[str, tuple[Approver, Outcome | None, list[tuple[str, str]]]] = {
    "approved": (approve, Outcome.DONE, [("approved", "")]),
    "rejected": (reject, Outcome.REJECTED, [("rejected", "too dear")]),
    "edited": (edit, Outcome.DONE, [("edited", ""), ("approved", "")]),
    "open": (never_answer, None, [("", "")]),
}


@pytest.mark.parametrize(("approver", "outcome", "decisions"), DECISIONS.values(), ids=DECISIONS)
async def test_a_record_has_all_calls_and_what_was_decided(
    runs: Engine, approver: Approver, outcome: Outcome | None, decisions: list[tuple[str, str]]
) -> None:
    await make_waiter().run("One burger", approve=approver, engine=runs, run_id="lunch")
    record = await find_record(runs, "lunch")
    assert (record.run_id, record.flow, record.input) == ("lunch", "waiter", "One burger")
    assert [(each.tool, each.outcome, each.id) for each in record.calls] == [
        ("menu", Outcome.DONE, "0.0"),
        ("nosuch", Outcome.FAILED, "0.1"),
        ("order", outcome, "1.0"),
    ]
    assert record.calls[-1].arguments == {"item": "burger", "quantity": 1}, "what the model wrote, whatever became of it"
    assert [(each.decision, each.reason) for each in record.approvals] == decisions
    assert record.approvals[0].edited == ({"item": "burger", "quantity": 2} if decisions[0][0] == "edited" else None)
    assert {each.call_id for each in record.approvals} == {"1.0"}
    assert record.finished is (outcome is not None)
    assert record.text == ("That is all." if outcome is not None else "")
    assert record.turns == (3 if outcome is not None else 2)


async def test_another_program_reads_the_same_of_a_run_that_waits(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/runs.db"
    for name, script in (("native", SCRIPT), ("text", IN_TEXT)):
        first = engine(url)
        agent = Agent(ScriptedModel(*script, takes_tools=name == "native"), name="waiter", tools=[order, menu])
        await agent.run("One burger", engine=first, run_id=name)
        first.close()
        second = engine(url)
        record = await find_record(second, name)
        second.close()
        assert [(each.tool, dict(each.arguments)) for each in record.calls if each.tool != "nosuch"] == [
            ("menu", {"kind": "lunch"}),
            ("order", {"item": "burger", "quantity": 1}),
        ]
        assert record.calls[-1].outcome is None
        assert record.models == ("scripted",)
        assert [type(each).__name__ for each in record.messages][-4:] == [
            "UserMessage",
            "AssistantMessage",
            "ToolMessage",
            "AssistantMessage",
        ]


async def test_a_run_that_failed_has_its_error_and_what_was_done_before(runs: Engine) -> None:
    with pytest.raises(LimitReached):
        await make_waiter().run("One burger", engine=runs, run_id="lunch", limits=Limits(model_calls=1))
    record = await find_record(runs, "lunch")
    assert record.error.startswith("Limit reached: model_calls = 1")
    assert (record.finished, record.output, record.usage.model_calls) == (False, None, 1)
    assert [each.tool for each in record.calls] == ["menu", "nosuch"]


async def test_calls_of_workflow_code_and_of_branches_are_in_it(runs: Engine) -> None:
    async def look(run: Run, kind: str) -> str:
        return str(await run.call(menu, kind=kind))

    flow = sequential(look, make_waiter("I take the burger.", name="eater"), name="lunch_flow")
    await flow.run("lunch", engine=runs, run_id="lunch")
    record = await find_record(runs, "lunch")
    assert [(each.tool, each.text) for each in record.calls] == [("menu", "lunch: burger 5, fries 3")]
    assert record.text == "I take the burger."
    assert [each.text for each in record.sources] == ["lunch: burger 5, fries 3"]


async def test_a_run_without_an_engine_is_known_by_its_transcript() -> None:
    result = await make_waiter().run("One burger", approve=approve)
    record = make_record(result, flow="waiter", input="One burger", seconds=1.5, first_token_seconds=0.25)
    assert [each.tool for each in record.calls] == ["menu", "nosuch", "order"]
    assert [each.id for each in record.sources] == ["menu:0.0", "order:1.0"]
    assert (record.flow, record.input, record.seconds, record.first_token_seconds) == ("waiter", "One burger", 1.5, 0.25)


async def test_the_calls_of_an_earlier_conversation_are_not_the_runs_own(runs: Engine) -> None:
    first = await make_waiter().run("One burger", approve=approve)
    await make_waiter("You are welcome.").run("Thanks", history=first.messages, engine=runs, run_id="thanks")
    record = await find_record(runs, "thanks")
    assert (record.calls, record.text) == ((), "You are welcome.")


async def test_secrets_stay_hidden(runs: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAYSO_SECRET_KEY", "k" * 40)

    @tool.write(card="Log in as {user}")
    async def log_in(user: str, password: Annotated[str, Secret()]) -> str:
        """Log in."""
        return f"{user} is logged in with {password}"

    script = Reply(calls=(call("log_in", user="ada", password="hunter2-correct-horse"),)), "You are logged in."
    agent = Agent(ScriptedModel(*script), name="desk", tools=[log_in])
    await agent.run("Log me in", approve=approve, engine=runs, run_id="login")
    record = await find_record(runs, "login")
    assert record.calls[0].tool == "log_in"
    assert "hunter2" not in repr(record)
    assert "hunter2" not in repr(record.messages)


async def test_what_is_stored_says_how_long_it_took_without_the_wait_for_people(tmp_path: Path) -> None:
    now = [1_800_000_000.0]

    def clock() -> float:
        now[0] += 0.125
        return now[0]

    async def think(request: ApprovalRequest) -> Decision | None:
        now[0] += 3600
        return Approve()

    durable = DurableEngine(f"sqlite:///{tmp_path}/runs.db", clock=clock)
    await make_waiter().run("One burger", approve=think, engine=durable, run_id="lunch")
    record = await find_record(durable, "lunch")
    durable.close()
    assert 1 < record.seconds < 60


async def test_a_run_that_does_not_exist_is_named(runs: Engine) -> None:
    with pytest.raises(UsageError, match="brunch"):
        await find_record(runs, "brunch")


async def test_a_run_is_read_whose_classes_are_not_loaded_here(tmp_path: Path) -> None:
    durable = engine(f"sqlite:///{tmp_path}/runs.db")
    await make_waiter().run("One burger", approve=approve, engine=durable, run_id="lunch")
    (row,) = await durable.runs()
    stored = json.loads(row.output or "")
    stored["value"] = {"$": "gone_module:Order", "=": {"item": "burger"}}
    durable.database.do_now(lambda session: session.execute("UPDATE sayso_runs SET output = :output", {"output": json.dumps(stored)}))
    record = await find_record(durable, "lunch")
    durable.close()
    assert record.output == {"item": "burger"}
    assert record.usage.model_calls == 3


PROGRAM = """
print(menu(kind="lunch"))
for item in ["burger", "fries"]:
    try:
        order(item=item, quantity=1)
    except PermissionError:
        pass
"""


async def test_the_calls_of_a_models_program_have_their_arguments_and_places(runs: Engine) -> None:
    async def no_fries(request: ApprovalRequest) -> Decision | None:
        return Reject("not today") if "fries" in request.card else Approve()

    asked = Reply(calls=(NativeCall("x", "PYTHON", json.dumps({"code": PROGRAM})),))
    agent = Agent(ScriptedModel(asked, "Ready."), name="coder", tools=[python_tool([menu, order])])
    await agent.run("Order both", approve=no_fries, engine=runs, run_id="code")
    record = await find_record(runs, "code")
    assert [(each.id, each.tool, each.arguments.get("kind") or each.arguments.get("item"), each.outcome) for each in record.calls[1:]] == [
        ("0.0.0", "menu", "lunch", Outcome.DONE),
        ("0.0.1", "order", "burger", Outcome.DONE),
        ("0.0.2", "order", "fries", Outcome.REJECTED),
    ]
    assert (record.calls[0].id, record.calls[0].tool, record.calls[0].outcome) == ("0.0", "PYTHON", Outcome.DONE)
    assert [(each.call_id, each.decision) for each in record.approvals] == [("0.0.1", "approved"), ("0.0.2", "rejected")]
