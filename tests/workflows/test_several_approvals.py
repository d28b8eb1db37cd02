"""A write to which several people must say yes: each is asked with a card of their own, at every door."""

from __future__ import annotations

from typing import Any

import pytest

from sayso import engine, sequential, tool
from sayso.console import find_user_name, format_card
from sayso.tools.approval.grant import Grant
from sayso.tools.approval.requests import Approve, Decision, Edit, Reject
from sayso.tools.errors import UsageError
from sayso.workflows.calls.execute import CallFailed

PAID: list[int] = []


@tool.write(card="Pay {amount}", approvals=2)
async def pay(amount: int) -> str:
    """Pay."""
    PAID.append(amount)
    return f"paid {amount}"


STORIES: dict[str, tuple[list[Decision], list[int]]] = {
    "two people": ([Approve(by="ada"), Approve(by="bob")], [5]),
    "one person twice, then another": ([Approve(by="ada"), Approve(by="ada"), Approve(by="bob")], [5]),
    "one person, spelt otherwise": (
        [*(Approve(by=name) for name in ("ada", "Ada", " ADA ", "a\u200bda", "\uff41da", "ada\t")), Approve(by="bob")],
        [5],
    ),
    "somebody without a name": ([Approve(), Approve(by=" "), Approve(by="ada"), Approve(by="bob")], [5]),
    "the second says no": ([Approve(by="ada"), Reject(by="bob")], []),
    "an edit begins anew": ([Approve(by="ada"), Edit({"amount": 6}, by="bob"), Approve(by="ada"), Approve(by="bob")], [6]),
}


@pytest.mark.parametrize("url", ["", "sqlite"])
@pytest.mark.parametrize(("decisions", "paid"), STORIES.values(), ids=STORIES)
async def test_nothing_is_paid_before_enough_people_have_said_yes(
    tmp_path: Any, url: str, decisions: list[Decision], paid: list[int]
) -> None:
    PAID.clear()
    home = engine(f"sqlite:///{tmp_path}/runs.db") if url else engine(strict=True)
    flow = sequential(pay)
    result: Any = await flow.run(5, engine=home, run_id="r1")
    for number, decision in enumerate(decisions):
        assert (PAID, len(result.pending)) == ([], 1), number
        last = number == len(decisions) - 1
        if last and isinstance(decision, Reject):
            with pytest.raises(CallFailed):
                await result.resume({result.pending[0].digest: decision})
        else:
            result = await result.resume({result.pending[0].digest: decision})
    assert paid == PAID


async def test_a_standing_approval_and_an_approver_of_one_name_are_not_enough() -> None:
    PAID.clear()
    result = await sequential(pay).run(5, grants=[Grant(tool=pay)])
    assert [each.warnings[0] for each in result.pending] == ["2 people must say yes to this. Nobody has said yes so far."]

    async def ada(request: Any) -> Decision:
        return Approve(by="ada")

    with pytest.raises(CallFailed, match="too often"):
        await sequential(pay).run(5, approve=ada)
    assert PAID == []


@pytest.mark.parametrize("wrong", [{"approvals": 0}, {"approvals": True}, {"approvals": "2"}, {"roles": "treasurer"}])
def test_a_wrong_number_is_said_where_the_tool_is_made(wrong: dict[str, Any]) -> None:
    async def pay(amount: int) -> str:
        """Pay."""
        return ""

    with pytest.raises(UsageError, match="The tool pay has"):
        tool.write(**wrong)(pay)


async def test_a_card_says_at_every_door_whose_role_it_is_to_decide() -> None:
    @tool.write(card="Fire {name}?", roles=("boss", "board"))
    async def fire(name: str) -> str:
        """Fire somebody."""
        return ""

    (request,) = (await sequential(fire).run("Ada", engine=engine(strict=True))).pending
    assert request.roles == ("boss", "board")
    assert "! It is for somebody with the role boss or board to decide." in format_card(request)


def test_nobody_is_somebody_else_in_a_terminal_by_saying_so(monkeypatch: pytest.MonkeyPatch) -> None:
    name = find_user_name()
    for variable in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(variable, "bob")
    assert find_user_name() == name
