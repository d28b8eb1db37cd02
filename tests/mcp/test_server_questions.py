"""What a server asks in the middle of a call waits where approvals wait, over restarts, and what it is told is done once."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import mcp_types as types
import pytest

from sayso import Agent, Approve, Edit, Reject, ScriptedModel, engine, mcp, tool
from sayso.agents.messages import Conversation, ToolMessage
from sayso.tools import ApprovalRequest, Decision, Outcome, ToolContext, ToolResult
from sayso.tools.mcp import Pins
from sayso.tools.mcp.errors import CallLost
from sayso.tools.mcp.server_questions import ServerQuestions
from sayso.tools.tool_questions import Asking, ToolQuestion
from sayso.workflows.runs.protocols import Provenance, Scope

from .test_hostile_servers import hostile

HOTEL = Path(__file__).with_name("hotel.py")
TOLD = "(While it worked, hotel.py asked for a form; {}.)"


def guest(notes: Path, *lines: str) -> Agent[str]:
    servers = mcp([sys.executable, str(HOTEL), str(notes)], pins=notes / "pins.json")
    return Agent(ScriptedModel(*lines, "Over."), tools=[servers], name="guest")


def read(notes: Path, what: str) -> list[str]:
    return (notes / what).read_text().split("\n")[:-1] if (notes / what).exists() else []


def result_of(run: Any) -> ToolResult:
    (result,) = [result for message in run.messages if isinstance(message, ToolMessage) for result in message.results]
    return result


ANSWERS: dict[str, tuple[Decision, list[str], str]] = {
    "filled in": (Edit({"room": "blue"}, by="ada"), ["blue"], f"booked\n{TOLD.format('it was answered')}"),
    "a yes that fills nothing in": (
        Approve(by="ada"),
        [],
        f"not booked: cancel\n{TOLD.format('room was not filled in, so it was cancelled')}",
    ),
    "declined": (Reject("no", by="ada"), [], f"not booked: decline\n{TOLD.format('it was declined')}"),
}


@pytest.mark.parametrize(("decision", "booked", "told"), ANSWERS.values(), ids=ANSWERS)
async def test_a_question_in_the_middle_of_a_call_is_answered_in_another_program(
    decision: Decision, booked: list[str], told: str, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path}/runs.db"
    first = engine(url)
    waiting = await guest(tmp_path, "book()").run("go", engine=first, run_id="r1")
    await first.decide("r1", {waiting.pending[0].digest: Approve(by="ada")})
    asked = await guest(tmp_path).run("go", engine=first, run_id="r1")
    first.close()
    (request,) = asked.pending
    assert request.card == "The MCP server hotel.py asks you:\n> Which room?"
    assert read(tmp_path, "called") == ["None"]
    second = engine(url)
    await second.decide("r1", {request.digest: decision})
    for _ in range(2):
        done = await guest(tmp_path).run("go", engine=second, run_id="r1")
        assert (done.output, result_of(done).text) == ("Over.", told)
    second.close()
    assert (read(tmp_path, "called"), read(tmp_path, "booked")) == (["None", "room 1"], booked)


@pytest.mark.parametrize("effect", ["read", "write"])
async def test_a_question_in_the_middle_of_a_call_is_for_those_who_may_decide_on_its_tool(effect: Any) -> None:
    async def perform(arguments: Any, context: ToolContext[object]) -> str | Asking:
        which = ToolQuestion("which", "Which till?", {"till": "left"}, "the bank", "bank", "asks")
        return "open" if context.answers else Asking((which,), {})

    bank = tool.from_schema(
        perform, name="open_till", schema={"type": "object"}, effect=effect, roles=("treasurer",), requires_approval=True
    )
    waiting = await Agent(ScriptedModel("open_till()", "Over."), tools=[bank]).run("go")
    assert waiting.pending[0].roles == ("treasurer",)
    asked = await waiting.resume({waiting.pending[0].digest: Approve(by="carol")})
    assert [(request.card, request.roles) for request in asked.pending] == [("Which till?", ("treasurer",))]
    assert (await asked.resume({asked.pending[0].digest: Edit({"till": "right"}, by="carol")})).output == "Over."


async def test_a_pinned_read_that_asks_goes_on_with_the_answer(tmp_path: Path) -> None:
    (tmp_path / "pins").mkdir()
    servers, pins = hostile("elicits", tmp_path), Pins(tmp_path / "pins.json")
    ((spec, tools, _),) = await servers.list_all()
    pins.pin(spec.pinned_as, tools, "ada")

    async def fill_in(request: ApprovalRequest) -> Edit:
        assert request.tool == "mcp_question"
        return Edit({"account": "savings"}, by="ada")

    run = await Agent(ScriptedModel("delete_all()", "Over."), tools=[servers]).run("go", approve=fill_in)
    assert '"content": {"account": "savings"}' in result_of(run).text


async def test_an_older_server_is_told_at_once_where_nobody_is_there_to_answer(tmp_path: Path) -> None:
    waiting = await Agent(ScriptedModel("delete_all()", "Over."), tools=[hostile("elicits", tmp_path)]).run("go")
    done = await waiting.resume({waiting.pending[0].digest: Approve(by="ada")})
    assert (result_of(done).outcome, result_of(done).text.partition("\n")[2]) == (
        Outcome.DONE,
        "(While it worked, hostile.py asked for a form; nobody was there to answer.)",
    )


async def test_an_older_server_that_has_ended_before_the_answer_leaves_a_doubt(tmp_path: Path) -> None:
    async def only_calls(request: ApprovalRequest) -> Approve | None:
        return Approve(by="ada") if request.tool == "delete_all" else None

    waiting = await Agent(ScriptedModel("delete_all()", "Over."), tools=[hostile("elicits", tmp_path)]).run("go", approve=only_calls)
    (request,) = waiting.pending
    assert request.card.startswith("The MCP server hostile.py asks you:")
    done = await waiting.resume({request.digest: Edit({"account": "savings"}, by="ada")})
    assert (done.output, result_of(done).outcome) == ("Over.", Outcome.UNKNOWN)
    assert "was ended before the answer came" in result_of(done).text


LONG = {
    "an address behind a long message": types.ElicitRequest(
        params=types.ElicitRequestURLParams(message="m" * 20_000, url="https://evil.example/", elicitation_id="1")
    ),
    "a long prompt": types.CreateMessageRequest(
        params=types.CreateMessageRequestParams(
            messages=[types.SamplingMessage(role="user", content=types.TextContent(text="p" * 20_001))], max_tokens=5
        )
    ),
    "a form of many fields": types.ElicitRequest(
        params=types.ElicitRequestFormParams(
            message="?", requested_schema={"type": "object", "properties": {str(number): {"type": "string"} for number in range(9_000)}}
        )
    ),
}


@pytest.mark.parametrize("request_", LONG.values(), ids=LONG)
def test_a_question_that_cannot_be_shown_whole_is_not_asked(request_: types.InputRequest) -> None:
    async def sample(prompt: str) -> str:
        raise AssertionError(prompt)

    with pytest.raises(CallLost, match="characters; at most 20,000 are shown"):
        ServerQuestions("far", "far", sample).write("0", request_)


async def test_wherever_a_run_is_cut_off_what_was_answered_is_done_once_at_most(tmp_path: Path) -> None:
    async def answer(request: ApprovalRequest) -> Decision:
        return Edit({"room": "blue"}, by="ada") if request.tool == "mcp_question" else Approve(by="ada")

    home = engine(strict=True)
    await guest(tmp_path, "book()").run("go", approve=answer, engine=home, run_id="r1")
    entries = home.journal("r1")
    names = [entry.name for entry in entries]
    outcomes = {}
    for cut in range(names.index("intent:book:0.0"), len(names) + 1):
        before = len(read(tmp_path, "booked"))
        lines = () if "model:0" in names[:cut] else ("book()",)
        execution = engine(strict=True).restore(
            guest(tmp_path, *lines).execute, Conversation("go"), "r1", entries[:cut], lambda: Scope(answer, provenance=Provenance(["go"]))
        )
        result = await execution.execute(suspends=True)
        assert result.output == "Over."
        last = names[cut - 1] if cut else ""
        outcomes[last] = (len(read(tmp_path, "booked")) - before, result_of(result).outcome)
    assert outcomes["effect:book:0.0"] == (1, Outcome.DONE)
    assert outcomes["until:book:0.0.ask0"] == (0, Outcome.UNKNOWN)
    assert outcomes["effect:book:0.0.ask0"] == (0, Outcome.DONE)
    assert all(count <= 1 for count, _ in outcomes.values())
