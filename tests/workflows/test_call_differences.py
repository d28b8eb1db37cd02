"""A replay compares the calls of now with those that people were asked about, and reads by workflow code with those that were made."""

from __future__ import annotations

import json
from collections.abc import Callable
from enum import StrEnum
from typing import Annotated, Any

import pytest

from sayso import Agent, Approve, Edit, ScriptedModel, Secret, engine, parallel, sequential, tool
from sayso.agents import Reply, call
from sayso.agents.evaluation import make_recording, replay_recording
from sayso.tools import ToolContext
from sayso.tools.approval.requests import ApprovalRequest, Decision
from sayso.workflows import Run
from sayso.workflows.runs.recording import parse_recording


class Size(StrEnum):
    SMALL = "small"
    LARGE = "large"


@tool.write(card="Mail {to}: {text}")
async def mail(to: str, text: str) -> str:
    """Send a mail."""
    return "sent"


@tool.write(name="mail", card="Mail {to}: {text} ({copies})")
async def mail_copies(to: str, text: str, copies: int = 1) -> str:
    """Send a mail."""
    return "sent"


@tool.write(name="mail", card="Send {text} to {to}")
async def mail_worded(to: str, text: str) -> str:
    """Send a mail."""
    return "sent"


@tool.write(name="mail", card="Mail {to}: {text}")
async def mail_rewritten(to: str, text: str) -> str:
    """Send a mail in another way."""
    return f"sent to {to}"


@tool.write(card="Pay {amount} in {size}")
async def pay(amount: float, size: Size = Size.SMALL) -> str:
    """Pay."""
    return "paid"


@tool.write(card="Log {user} in")
async def log_in(user: str, password: Annotated[str, Secret()]) -> str:
    """Log in."""
    return "in"


@tool.read(trust="tool")
async def look(question: str) -> str:
    """Look something up."""
    return "seen"


async def approve(request: ApprovalRequest) -> Decision | None:
    return Approve()


async def edit(request: ApprovalRequest) -> Decision | None:
    return Edit({"to": "ada", "text": "Dear Ada"}) if '"hi"' in request.arguments else Approve()


def code(*calls: tuple[Any, dict[str, object]]) -> Any:
    async def body(run: Run, value: str) -> str:
        for each, arguments in calls:
            await run.call(each, **arguments)
        return value

    return sequential(body, name="flow")


def agent(*tools: Any, **arguments: object) -> Any:
    name = tools[0].name
    return Agent(ScriptedModel(Reply(calls=(call(name, **arguments),)), "Done."), name="flow", tools=tools)


HI: dict[str, object] = {"to": "ada", "text": "hi"}
Made = Callable[[], Any]


@tool.write
async def note(title: str, about: str) -> str:
    """Note something; the question for a person is the call itself."""
    return "noted"


SAME: dict[str, tuple[Made, Made]] = {
    "the same call": (lambda: code((mail, HI)), lambda: code((mail, HI))),
    "bound instead of given": (lambda: code((mail, HI)), lambda: code((mail.using(to="ada"), {"text": "hi"}))),
    "arguments in another order": (lambda: code((mail, HI)), lambda: code((mail, {"text": "hi", "to": "ada"}))),
    "other code of the tool": (lambda: code((mail, HI)), lambda: code((mail_rewritten, HI))),
    "a default that is written out": (lambda: code((pay, {"amount": 1})), lambda: code((pay, {"amount": 1.0, "size": "small"}))),
    "a tool without a card": (lambda: code((note, {"title": "a", "about": "b"})), lambda: code((note, {"title": "a", "about": "b"}))),
    "a read": (lambda: code((look, {"question": "a"})), lambda: code((look, {"question": "a"}))),
}
DIFFERENT: dict[str, tuple[Made, Made, str]] = {
    "to somebody else": (
        lambda: code((mail, HI)),
        lambda: code((mail, {"to": "bob", "text": "hi"})),
        '- mail {"text": "hi", "to": "ada"}\n  + mail {"text": "hi", "to": "bob"}',
    ),
    "bound to somebody else": (
        lambda: code((mail.using(to="ada"), {"text": "hi"})),
        lambda: code((mail.using(to="bob"), {"text": "hi"})),
        "bob",
    ),
    "an argument more": (lambda: code((mail, HI)), lambda: code((mail_copies, HI)), '"copies": 1'),
    "another card": (lambda: code((mail, HI)), lambda: code((mail_worded, HI)), "- card: Mail ada: hi\n  + card: Send hi to ada"),
    "a larger amount": (lambda: code((pay, {"amount": 1})), lambda: code((pay, {"amount": 100})), '"amount": 100'),
    "another size": (lambda: code((pay, {"amount": 1})), lambda: code((pay, {"amount": 1, "size": "large"})), '"size": "large"'),
    "arguments that no longer fit": (lambda: code((mail, HI)), lambda: code((mail, {"to": "ada"})), "+ refused: "),
    "a read of something else": (
        lambda: code((look, {"question": "a"})),
        lambda: code((look, {"question": "b"})),
        '- look {"question": "a"}\n  + look {"question": "b"}',
    ),
    "the second of two alike": (
        lambda: code((mail, HI), (mail, {"to": "bob", "text": "hi"})),
        lambda: code((mail, HI), (mail, HI)),
        '- mail {"text": "hi", "to": "bob"}',
    ),
    "in a branch": (
        lambda: sequential(parallel(mail.using(to="ada"), mail.using(to="bob")), name="flow"),
        lambda: sequential(parallel(mail.using(to="ada"), mail.using(to="eve")), name="flow"),
        '"to": "eve"',
    ),
}


async def record(flow: Any, approver: Any = approve) -> Any:
    stored = engine(strict=True)
    await flow.run("hi", engine=stored, run_id="r", approve=approver)
    return await make_recording(stored, "r")


@pytest.mark.parametrize(("then", "now"), SAME.values(), ids=SAME)
async def test_a_call_that_means_the_same_is_the_same(then: Made, now: Made) -> None:
    replayed = await replay_recording(await record(then()), now())
    assert str(replayed.difference or "") == ""


@pytest.mark.parametrize(("then", "now", "shown"), DIFFERENT.values(), ids=DIFFERENT)
async def test_another_call_is_a_difference(then: Made, now: Made, shown: str) -> None:
    replayed = await replay_recording(await record(then()), now())
    assert replayed.difference is not None
    assert "the code makes another call" in str(replayed.difference)
    assert shown in str(replayed.difference)


async def test_writes_in_another_order_are_other_steps() -> None:
    recording = await record(code((mail, HI), (pay, {"amount": 1})))
    replayed = await replay_recording(recording, code((pay, {"amount": 1}), (mail, HI)))
    assert str(replayed.difference) == "r/body.0, step 1: the journal has 'propose:mail.0', the code asks for 'propose:pay.0'."


async def test_an_edited_call_is_compared_with_what_the_person_wanted() -> None:
    recording = await record(code((mail, HI)), edit)
    assert (await replay_recording(recording, code((mail, HI)))).difference is None
    replayed = await replay_recording(recording, code((mail, {"to": "bob", "text": "hi"})))
    assert '"to": "bob"' in str(replayed.difference)


async def test_a_reply_that_was_changed_by_hand_does_not_fit_the_request() -> None:
    text = json.dumps((await record(agent(pay, amount=1))).to_dict())
    document = json.loads(text.replace(r"{\"amount\": 1}", r"{\"amount\": 99}"))
    del document["sha256"]
    replayed = await replay_recording(parse_recording(json.dumps(document), "r.json"), agent(pay, amount=1))
    assert '- pay {"amount": 1.0, "size": "small"}\n  + pay {"amount": 99.0, "size": "small"}' in str(replayed.difference)


async def test_secrets_are_not_compared_and_not_shown() -> None:
    recording = await record(agent(log_in, user="ada", password="hunter2-battery"))
    assert (await replay_recording(recording, agent(log_in, user="ada", password="other-horse"))).difference is None
    assert "hunter2" not in json.dumps(recording.to_dict())


async def test_a_secret_whose_stars_do_not_fit_is_not_a_difference() -> None:
    @tool.write(card="Open")
    async def unlock(pin: Annotated[int, Secret()]) -> str:
        """Unlock."""
        return "open"

    recording = await record(agent(unlock, pin=471147))
    assert "471147" not in json.dumps(recording.to_dict())
    assert (await replay_recording(recording, agent(unlock, pin=471147))).difference is None
    written = Agent(ScriptedModel("unlock(pin=471147)", "Done.", takes_tools=False), name="flow", tools=[unlock])
    assert (await replay_recording(await record(written), written)).difference is None


async def test_an_edit_that_repeats_what_is_bound_is_the_same() -> None:
    async def repeat(request: ApprovalRequest) -> Decision | None:
        return Edit({"to": "ada", "text": "bye"}) if '"hi"' in request.arguments else Approve()

    recording = await record(code((mail.using(to="ada"), {"text": "hi"})), repeat)
    assert (await replay_recording(recording, code((mail.using(to="ada"), {"text": "hi"})))).difference is None


async def test_what_the_application_completes_is_not_asked_for_again() -> None:
    asked: list[object] = []

    def complete(arguments: Any, context: ToolContext[Any]) -> dict[str, object]:
        asked.append(arguments)
        return {"to": f"{arguments['to']}@example.org"}

    @tool.write(name="mail", card="Mail {to}: {text}", prepare=complete)
    async def prepared(to: str, text: str) -> str:
        """Send a mail."""
        return "sent"

    recording = await record(code((prepared, HI)))
    asked.clear()
    assert (await replay_recording(recording, code((prepared, HI)))).difference is None
    assert asked == []
