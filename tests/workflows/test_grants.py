"""Attack standing approvals: other tools of the same name, values that are nearly the same, rules that fail, grants that were withdrawn."""

from __future__ import annotations

import asyncio
import datetime
import enum
import subprocess
import sys
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, SecretStr

from sayso import Agent, App, ScriptedModel, parallel, sequential
from sayso.agents import Reply, call
from sayso.tools import Approve, Edit, Grant, Rules, ToolCall, ToolError, UsageError, tool
from sayso.tools.approval.policy import Allow, Ask, decide
from sayso.tools.effects import Labels
from sayso.workflows import CallFailed, Run, RunResult, engine
from sayso.workflows.runs.events import GrantsGiven, GrantUsed
from sayso.workflows.runs.execution import WITHDRAW

from ..cli.commands import sayso_here

SENT: list[tuple[str, object]] = []


@pytest.fixture(autouse=True)
def nothing_sent() -> None:
    SENT.clear()


@tool.write
async def mail(to: str, text: str = "hello") -> str:
    """Send an e-mail."""
    SENT.append(("mail", to))
    return f"sent to {to}"


def make_other_mail() -> Any:
    @tool.write(name="mail")
    async def other(to: str, text: str = "hello") -> str:
        """Send an e-mail."""
        SENT.append(("other mail", to))
        return f"sent to {to}"

    return other


OTHER = make_other_mail()


def sends(to: str = "ada", name: str = "clerk", tools: tuple[Any, ...] = (mail,), **options: Any) -> Agent[str]:
    return Agent(ScriptedModel(Reply(calls=(call("mail", to=to),)), "Done."), name=name, tools=list(tools), **options)


def asks_inside(inner: Agent[str], *tools: Any) -> Agent[str]:
    helper = inner.as_tool(name="helper", description="Helps.")
    return Agent(ScriptedModel(Reply(calls=(call("helper", task="write to ada"),)), "Done."), name="boss", tools=[helper, *tools])


async def outcome(flow: Any, *grants: Grant, **options: Any) -> tuple[list[tuple[str, object]], int]:
    SENT.clear()
    result = await flow.run("Write to ada", grants=grants, **options)
    return list(SENT), len(result.pending)


async def by_code(run: Run, value: str) -> Any:
    return await run.call(mail, to="ada")


async def by_code_and_agent(run: Run, value: str) -> Any:
    await run.call(mail, to="ada")
    return await run.child("agent", sends(tools=(OTHER,)), value)


async def two_by_code(run: Run, value: str) -> Any:
    await run.call(mail, to="ada")
    return await run.call(OTHER, to="ada")


MAILED, OTHER_MAILED = [("mail", "ada")], [("other mail", "ada")]
COVERED: dict[str, tuple[Any, Grant, tuple[Any, int]]] = {
    "the tool": (lambda: sends(), Grant(tool=mail), (MAILED, 0)),
    "its name": (lambda: sends(), Grant(tool="mail"), (MAILED, 0)),
    "the tool of an agent that is asked": (lambda: asks_inside(sends()), Grant(tool=mail), (MAILED, 0)),
    "another tool of that name, inside": (lambda: asks_inside(sends(tools=(OTHER,)), mail), Grant(tool=mail), ([], 1)),
    "another tool of that name, inside, by name": (lambda: asks_inside(sends(tools=(OTHER,)), mail), Grant(tool="mail"), ([], 1)),
    "the other one itself": (lambda: asks_inside(sends(tools=(OTHER,)), mail), Grant(tool=OTHER), (OTHER_MAILED, 0)),
    "two steps with one tool": (lambda: sequential(sends(), sends(name="again")), Grant(tool="mail"), (MAILED * 2, 0)),
    "workflow code": (lambda: sequential(by_code), Grant(tool=mail), (MAILED, 0)),
    "workflow code, by name": (lambda: sequential(by_code), Grant(tool="mail"), (MAILED, 0)),
    "an agent that workflow code asks": (lambda: sequential(by_code_and_agent), Grant(tool="mail"), (MAILED, 1)),
    "two tools that workflow code calls": (lambda: sequential(two_by_code), Grant(tool="mail"), (MAILED, 1)),
    "another bound to the granted person": (lambda: sends(tools=(mail.using(text="hi"),)), Grant(tool=mail.using(to="ada")), (MAILED, 0)),
    "bound to another person": (lambda: sends(), Grant(tool=mail.using(to="eve")), ([], 1)),
    "what the program bound": (lambda: sends(tools=(mail.using(text="hi"),)), Grant(tool=mail, arguments={"text": "hi"}), (MAILED, 0)),
    "other words than were bound": (lambda: sends(tools=(mail.using(text="hi"),)), Grant(tool=mail, arguments={"text": "ho"}), ([], 1)),
    "a default that was not written": (lambda: sends(), Grant(tool=mail, arguments={"text": "hello"}), (MAILED, 0)),
}


@pytest.mark.parametrize(("flow", "grant", "ended"), COVERED.values(), ids=COVERED)
async def test_a_grant_is_for_one_tool_whatever_others_are_called(flow: Any, grant: Grant, ended: Any) -> None:
    assert await outcome(flow(), grant) == ended
    assert await outcome(flow(), grant, engine=engine(strict=True)) == ended


async def test_a_tool_with_other_code_under_the_same_function_is_another_one() -> None:
    granted = Grant(tool=mail)
    assert granted.covers(ToolCall("0.0", "mail", {"to": "ada"}), 0.0, mail)
    for other in (OTHER, tool.write(name="mail", description="Sends.", card="Hi")(mail.function)):
        assert not granted.covers(ToolCall("0.0", "mail", {"to": "ada"}), 0.0, other)


REFUSED: dict[str, tuple[Any, Any, str]] = {
    "no such tool": (sends(), lambda: Grant(tool="mial"), r"Grant\(tool='mial'\): there is no such tool. Tools: mail."),
    "a tool that it has not": (sends(), lambda: Grant(tool=tool.write(name="pay")(mail.function)), "there is no such tool. Tools: mail."),
    "another of that name": (sends(), lambda: Grant(tool=OTHER), "the run has another tool of that name, with other code"),
    "only an agent inside has it": (asks_inside(sends()), lambda: Grant(tool="mail"), "only an agent inside has a tool of that name"),
    "two have it": (parallel(sends(), sends(name="b", tools=(OTHER,))), lambda: Grant(tool="mail"), "2 different tools have that name"),
    "no such argument": (
        sends(),
        lambda: Grant(tool=mail, arguments={"too": 1}),
        r"a rule on 'too', which is not an argument of it: to, text",
    ),
    "no such argument, by name": (sends(), lambda: Grant(tool="mail", arguments={"too": 1}), "a rule on 'too'"),
    "a function": (sends(), lambda: Grant(tool=mail.function), "takes a tool, or the name of one"),  # type: ignore[arg-type]
    "an end that is none": (sends(), lambda: Grant(tool=mail, until=float("nan")), "has until=nan"),
    "an end in words": (sends(), lambda: Grant(tool=mail, until="tomorrow"), "has until='tomorrow'"),  # type: ignore[arg-type]
    "rules that are none": (sends(), lambda: Grant(tool=mail, arguments=["to"]), "Write a dict of rules"),  # type: ignore[arg-type]
    "no grant": (sends(), lambda: "mail", "is not a Grant"),
}


@pytest.mark.parametrize(("flow", "grant", "told"), REFUSED.values(), ids=REFUSED)
async def test_a_grant_that_can_never_be_meant_is_refused_before_anything_happens(flow: Any, grant: Any, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        await flow.run("Write to ada", grants=[grant()])


@pytest.mark.parametrize("grants", [Grant(tool=mail), "mail", 1], ids=["one", "a name", "a number"])
async def test_what_is_no_list_of_grants_is_refused(grants: Any) -> None:
    with pytest.raises(UsageError, match=r"is not a list of grants\. Write grants=\[Grant\(tool=mail\)\]"):
        await sends().run("Write to ada", grants=grants)


def test_an_app_with_a_grant_for_a_tool_that_is_not_there_is_refused() -> None:
    with pytest.raises(UsageError, match="there is no such tool"):
        App(agents=[sends()], grants=[Grant(tool="pay")])
    assert App(agents=[sends(), sends("bob", "other", tools=(make_other_mail(),))], grants=[Grant(tool=mail)])


# values


class Size(enum.StrEnum):
    SMALL = "s"


class Order(BaseModel):
    item: str
    count: int = 1


@dataclass(frozen=True)
class Point:
    x: float


DAY = datetime.date(2026, 11, 29)
VALUES: dict[str, tuple[object, object, bool]] = {
    "the same": (1, 1, True),
    "a fraction": (1, 1.0, False),
    "a whole number": (1.0, 1, False),
    "a truth": (1, True, False),
    "a number for a truth": (True, 1, False),
    "a falsehood for zero": (0, False, False),
    "zero for minus zero": (0.0, -0.0, False),
    "a text": (1, "1", False),
    "a truth in words": (True, "True", False),
    "nothing": (None, None, True),
    "nothing in words": (None, "None", False),
    "nothing for empty": ("", None, False),
    "other case": ("Ada", "ada", False),
    "a space more": ("ada", "ada ", False),
    "a letter that looks the same": ("ada", "аda", False),
    "another composition": ("é", "e\u0301", False),
    "a list": ([1, [2]], [1, [2]], True),
    "a list with a fraction": ([1, [2]], [1, [2.0]], False),
    "a longer list": ([1], [1, 2], False),
    "a tuple is a list": ((1, 2), [1, 2], True),
    "an object": ({"a": 1, "b": [True]}, {"b": [True], "a": 1}, True),
    "an object with a truth": ({"a": 1}, {"a": True}, False),
    "an object with more": ({"a": 1}, {"a": 1, "b": 2}, False),
    "a decimal": (Decimal("1.50"), Decimal("1.50"), True),
    "a decimal with other digits": (Decimal("1.5"), Decimal("1.50"), False),
    "a day": (DAY, DAY, True),
    "a moment of that day": (DAY, datetime.datetime(2026, 11, 29), False),
    "an enum": (Size.SMALL, Size.SMALL, True),
    "a model": (Order(item="burger"), Order(item="burger"), True),
    "another model": (Order(item="burger"), Order(item="burger", count=2), False),
    "a dataclass": (Point(1.0), Point(1.0), True),
    "what JSON cannot hold": (object(), "ada", False),
    "not a number": (float("nan"), 1.0, False),
    "a function": (lambda value: value == "ada", "ada", True),
    "a function that says no": (lambda value: value == "bob", "ada", False),
    "a function that says something true": (lambda value: "yes", "ada", False),
    "a function that says 1": (lambda value: 1, "ada", False),
    "a function that says nothing": (lambda value: None, "ada", False),
    "a class": (str, "ada", False),
}


async def says_later(value: object) -> bool:
    return True


def fails(value: Any) -> bool:
    raise KeyError(value)


def alters(value: list[int]) -> bool:
    value.append(5)
    return True


@pytest.mark.parametrize(("rule", "value", "covered"), VALUES.values(), ids=VALUES)
def test_a_value_fits_a_rule_only_if_it_is_that_value(rule: object, value: object, covered: bool) -> None:
    grant = Grant(tool=mail, arguments={"to": rule})
    assert grant.covers(ToolCall("0.0", "mail", {"to": value}), 0.0, mail) is covered


def is_cut_off(value: Any) -> bool:
    raise asyncio.CancelledError


@pytest.mark.parametrize("rule", [says_later, fails, is_cut_off])
def test_a_rule_that_fails_or_answers_later_covers_nothing(rule: Any) -> None:
    assert not Grant(tool=mail, arguments={"to": rule}).covers(ToolCall("0.0", "mail", {"to": "ada"}), 0.0, mail)


def test_a_rule_cannot_change_what_it_looks_at() -> None:
    value = [1]
    assert Grant(tool=mail, arguments={"to": alters}).covers(ToolCall("0.0", "mail", {"to": value}), 0.0, mail)
    assert value == [1]


def test_what_its_giver_changes_later_changes_no_grant() -> None:
    people, rules = ["ada"], dict[str, object]()
    rules["to"] = people
    grant = Grant(tool=mail, arguments=rules)
    before = grant.id
    people.append("eve")
    rules["to"] = "eve"
    assert not grant.covers(ToolCall("0.0", "mail", {"to": ["ada", "eve"]}), 0.0, mail)
    assert not grant.covers(ToolCall("0.0", "mail", {"to": "eve"}), 0.0, mail)
    assert (grant.covers(ToolCall("0.0", "mail", {"to": ["ada"]}), 0.0, mail), grant.id) == (True, before)


def test_a_grant_says_what_it_covers_and_no_secret() -> None:
    grant = Grant(tool=mail, arguments={"to": SecretStr("hunter2"), "text": lambda text: True})
    assert str(grant) == 'mail(to = "********", text by <lambda>)'
    assert grant.covers(ToolCall("0.0", "mail", {"to": SecretStr("hunter2"), "text": "x"}), 0.0, mail)
    assert not grant.covers(ToolCall("0.0", "mail", {"to": SecretStr("hunter3"), "text": "x"}), 0.0, mail)


# in the log, and withdrawn


async def test_what_a_grant_was_used_for_is_told_and_can_be_listed(home: Any) -> None:
    flow = sequential(sends(), sends("bob", name="again"))
    grants = [Grant(tool=mail, arguments={"to": "ada"}), Grant(tool="mail", arguments={"to": lambda to: to == "eve"}, until=4e9)]
    result = await flow.run("Write to ada", grants=grants, engine=home, run_id="r1")
    assert (SENT, len(result.pending)) == ([("mail", "ada")], 1)
    listed = await home.grants("r1")
    assert [(each.grant.text, each.grant.until, each.uses, each.withdrawn_by) for each in listed] == [
        ('mail(to = "ada")', None, 1, None),
        ("mail(to by <lambda>)", 4e9, 0, None),
    ]
    assert {each.grant.version for each in listed} == {mail.version}
    events = [event async for event in home.follow_emitted("r1")]
    assert [event.grants for event in events if isinstance(event, GrantsGiven)] == [tuple(each.grant for each in listed)]
    (used,) = (event for event in events if isinstance(event, GrantUsed))
    assert (used.grant, used.tool) == (grants[0].id, "mail")
    await result.resume({result.pending[0].digest: Approve()})
    assert [each.uses for each in await home.grants("r1")] == [1, 0]


async def test_a_withdrawn_grant_covers_no_write_that_is_begun_later(home: Any) -> None:
    grant = Grant(tool=mail)

    async def code(run: Run, value: str) -> str:
        await run.call(mail, to="ada")
        await run.step("withdraw", withdraw)
        await run.call(mail, to="bob")
        return "done"

    async def withdraw() -> None:
        await home.withdraw("r1", grant, by="grace")

    result = await sequential(code).run("x", grants=[grant], engine=home, run_id="r1")
    assert (SENT, [request.card for request in result.pending]) == ([("mail", "ada")], ['mail(text="hello", to="bob")'])
    (listed,) = await home.grants("r1")
    assert (listed.uses, listed.withdrawn_by) == (1, "grace")


async def test_a_grant_that_is_withdrawn_between_the_ruling_and_the_write_begins_nothing() -> None:
    home = engine(strict=True)

    def withdraw(arguments: Any, context: Any) -> str:
        home.executions["r1"].send("r1", f"{WITHDRAW}{grant.id}", {"by": "grace"})  # what is said on the card comes after the ruling
        return ""

    careful = tool.write(name="mail", caution=withdraw)(mail.function)
    grant = Grant(tool=careful)
    result = await sends(tools=(careful,)).run("Write to ada", grants=[grant], engine=home, run_id="r1")
    told = [each.text for message in result.messages for each in getattr(message, "results", ())]
    assert (SENT, told) == ([], ["The standing approval that allowed mail was withdrawn, so nothing was done."])


async def test_who_withdraws_a_grant_that_is_not_there_is_told_which_there_are(home: Any) -> None:
    result: RunResult[str] = await sends("bob").run("x", grants=[Grant(tool=mail, arguments={"to": "ada"})], engine=home, run_id="r1")
    assert result.pending
    with pytest.raises(UsageError, match=r"Run r1 has no grant 'ffff'. Grants: [0-9a-f]{12} mail\(to = \"ada\"\)"):
        await home.withdraw("r1", "ffff")
    with pytest.raises(UsageError, match="has no grant ''"):
        await home.withdraw("r1", "")
    await home.withdraw("r1", Grant(tool="mail", arguments={"to": "ada"}))


def test_the_command_line_lists_the_grants_of_a_run_tells_their_uses_and_withdraws_one(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/runs.db"
    home = engine(url)
    flow = sequential(sends(), sends("bob", name="again"))
    asyncio.run(flow.run("Write", grants=[Grant(tool=mail, arguments={"to": "ada"})], engine=home, run_id="r1"))
    home.close()
    listed = sayso_here("grants", "r1", "--database", url, cwd=tmp_path).stdout
    grant = Grant(tool=mail, arguments={"to": "ada"}).id
    assert listed == f'{grant}  mail(to = "ada"), until the run ends, used once\n'
    told = sayso_here("show", "r1", "--database", url, cwd=tmp_path).stdout
    assert f'grants    {grant} mail(to = "ada")' in told
    assert f"granted   again.1/mail:1.0: by grant {grant}" not in told
    assert f"by grant {grant}, nobody was asked, key " in told
    withdrawn = sayso_here("grants", "r1", "--withdraw", grant[:4], "--database", url, cwd=tmp_path).stdout
    assert withdrawn.startswith(f'{grant}  mail(to = "ada"), until the run ends, used once, withdrawn by ')
    assert sayso_here("grants", "r1", "--withdraw", "zzz", "--database", url, cwd=tmp_path).returncode == 2


# `requires_approval=` as a function


@tool.write(requires_approval=lambda arguments: arguments["amount"] > 100)
async def pay(to: str, amount: int) -> str:
    """Pay."""
    SENT.append((to, amount))
    return "paid"


def pays(amount: int) -> Agent[str]:
    return Agent(ScriptedModel(Reply(calls=(call("pay", to="ada", amount=amount),)), "Done."), tools=[pay])


@pytest.mark.parametrize(
    ("amount", "grants", "asked"), [(50, (), 1), (50, (Grant(tool=pay),), 0), (100, (Grant(tool=pay),), 0), (101, (Grant(tool=pay),), 1)]
)
async def test_above_a_hundred_dollars_it_asks_whatever_is_granted(amount: int, grants: tuple[Grant, ...], asked: int) -> None:
    result = await pays(amount).run("Pay", grants=grants)
    assert (len(result.pending), len(SENT)) == (asked, 1 - asked)


async def test_an_edit_is_ruled_on_by_what_it_says() -> None:
    result = await pays(500).run("Pay", grants=[Grant(tool=pay)])
    edited = await result.resume({result.pending[0].digest: Edit({"to": "ada", "amount": 50})})
    assert (SENT, edited.pending) == ([("ada", 50)], ())
    again = await pays(500).run("Pay", grants=[Grant(tool=pay)])
    edited = await again.resume({again.pending[0].digest: Edit({"to": "ada", "amount": 499})})
    assert (SENT, len(edited.pending)) == ([("ada", 50)], 1)


BAD_ANSWERS: dict[str, Any] = {
    "raises": lambda arguments: arguments["no such"],
    "says nothing": lambda arguments: None,
    "says 0": lambda arguments: 0,
    "says an empty text": lambda arguments: "",
    "says true": lambda arguments: True,
    "answers later": says_later,
    "takes nothing": lambda: False,
    "changes the arguments": lambda arguments: arguments.update(n=0),
}


@pytest.mark.parametrize("effect", [tool.pure, tool.read, tool.egress, tool.write])
@pytest.mark.parametrize("rule", BAD_ANSWERS.values(), ids=BAD_ANSWERS)
def test_whatever_the_function_says_but_no_means_that_a_person_is_asked(effect: Any, rule: Any) -> None:
    @effect(requires_approval=rule)
    def act(n: int) -> int:
        """Act."""
        return n

    arguments = {"n": 5}
    assert isinstance(decide(ToolCall("0.0", "act", arguments), act, Labels(), Rules(grants=(Grant(tool=act),))), Ask)
    assert arguments == {"n": 5}


async def test_a_read_asks_where_its_function_says_so_and_only_there() -> None:
    @tool.read(requires_approval=lambda arguments: arguments["day"] != "today", secrecy="public")  # type: ignore[typeddict-item]
    async def look(day: str) -> str:
        """Look."""
        return f"nothing {day}"

    assert isinstance(decide(ToolCall("0.0", "look", {"day": "today"}), look, Labels(), Rules()), Allow)
    for day, asked in (("today", 0), ("tomorrow", 1)):
        result = await Agent(ScriptedModel(Reply(calls=(call("look", day=day),)), "Done."), tools=[look]).run("Look")
        assert len(result.pending) == asked
    with pytest.raises(UsageError, match="asks before it acts"):
        _ = look("today")


def test_what_is_neither_a_truth_nor_a_function_is_refused() -> None:
    with pytest.raises(UsageError, match="has requires_approval='always'"):

        @tool.write(requires_approval="always")  # type: ignore[typeddict-item]
        async def act(n: int) -> None:
            """Act."""


# from another program


ELSEWHERE = """
import asyncio, sys
from sayso.workflows import engine
async def main():
    home = engine(sys.argv[1])
    (listed,) = await home.grants("r1")
    await home.withdraw("r1", listed.grant.id, by="ops")
    home.close()
asyncio.run(main())
"""


async def test_a_grant_withdrawn_by_another_program_covers_nothing_from_that_moment(database_url: str) -> None:
    home = engine(database_url)

    async def code(run: Run, value: str) -> str:
        await run.call(mail, to="ada")
        await run.step("elsewhere", elsewhere)
        with pytest.raises((ToolError, CallFailed)):
            await run.call(mail, to="bob")
        return "done"

    async def elsewhere() -> int:
        program = await asyncio.create_subprocess_exec(sys.executable, "-c", ELSEWHERE, database_url, stderr=subprocess.PIPE)
        _, problem = await program.communicate()
        assert program.returncode == 0, problem.decode()
        return 0

    result = await sequential(code).run("x", grants=[Grant(tool=mail)], engine=home, run_id="r1")
    assert (SENT, [request.card for request in result.pending]) == ([("mail", "ada")], ['mail(text="hello", to="bob")'])
    home.close()
