"""Code that a model wrote calls tools: each of these calls is ruled on and asked about like one of the model's own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sayso import Agent, Approve, Reject, ScriptedModel, tool
from sayso.agents import Reply
from sayso.agents.messages import NativeCall, ToolMessage
from sayso.tools import ApprovalRequest, Decision, UsageError, calculator, python_tool
from sayso.tools.effects import Trust
from sayso.workflows import engine


class Post:
    """A post office that remembers."""

    def __init__(self) -> None:
        self.sent: list[str] = []

    def tool(self) -> Any:
        @tool.write(name="mail", card="Mail to {to}: {text}")
        async def mail(to: str, text: str) -> str:
            """Send a mail."""
            self.sent.append(f"{to}: {text}")
            return f"sent to {to}"

        return mail


@tool.egress
async def page(url: str) -> str:
    """Read a page."""
    return f"the text of {url}"


BILLS = """
for name in ["ada", "bob"]:
    try:
        print(mail(name, text="You owe " + CALCULATOR("19/2")))
    except PermissionError as no:
        print("refused:", no)
"done"
"""


def agent(code: str, *tools: Any) -> Agent[str]:
    asked = Reply(calls=(NativeCall("x", "PYTHON", json.dumps({"code": code})),))
    return Agent(ScriptedModel(asked, Reply("Ready.")), tools=[python_tool(tools)])


def told(result: Any) -> str:
    return next(message.results[0].text for message in result.messages if isinstance(message, ToolMessage))


async def only_ada(request: ApprovalRequest) -> Decision:
    return Approve() if "ada" in request.card else Reject("not him")


async def test_a_write_in_the_middle_of_code_is_asked_about() -> None:
    post = Post()
    result = await agent(BILLS, post.tool(), calculator).run("send the bills", approve=only_ada)
    assert post.sent == ["ada: You owe 9.5"]
    assert told(result) == "sent to ada\nrefused: The user said no: not him. Nothing was done.\nValue: 'done'"


@pytest.mark.parametrize("kept", ["in memory", "in a file"])
async def test_code_waits_for_answers_and_does_nothing_twice(kept: str, tmp_path: Path) -> None:
    post = Post()
    runs = engine(strict=True) if kept == "in memory" else engine(f"sqlite:///{tmp_path}/runs.db")
    result = await agent(BILLS, post.tool(), calculator).run("send the bills", engine=runs)
    asked = []
    while result.pending:
        (request,) = result.pending
        asked.append((request.card, list(post.sent)))
        result = await result.resume({request.digest: Approve()})
    ada, bob = "ada: You owe 9.5", "bob: You owe 9.5"
    assert asked == [(f"Mail to {ada}", []), (f"Mail to {bob}", [ada])]
    assert (result.output, post.sent) == ("Ready.", [ada, bob])


WRONG = {
    "an argument too many": ("CALCULATOR('1', '2')", "TypeError: CALCULATOR() takes 1 arguments, not 2"),
    "a missing one": ("CALCULATOR()", "RuntimeError: CALCULATOR was not called: 'expression' is missing."),
    "one that is not JSON": ("CALCULATOR({1, 2})", "RuntimeError: CALCULATOR was not called"),
    "what the tool refuses": ("CALCULATOR('1/0')", "RuntimeError: "),
    "a function that is not there": ("search('x')", "NameError: name 'search' is not defined"),
}


@pytest.mark.parametrize(("code", "says"), WRONG.values(), ids=WRONG)
async def test_a_wrong_call_is_an_error_in_the_code(code: str, says: str) -> None:
    result = await agent(code, calculator).run("go")
    assert told(result).startswith(f"Error: {says}")


async def test_what_code_read_from_outside_stays_untrusted() -> None:
    result = await agent("page('https://example.org')[:8]", page).run("read it", approve=only_ada)
    assert not result.pending
    (message,) = [message for message in result.messages if isinstance(message, ToolMessage)]
    assert (message.results[0].content, message.results[0].trust) == ("Value: 'the text'", Trust.UNTRUSTED)


async def test_a_loop_that_never_ends_between_two_calls_is_stopped() -> None:
    result = await agent("CALCULATOR('1')\nwhile True: pass", calculator).run("go")
    assert told(result).startswith("Error: TimeoutError")


def test_a_tool_that_calls_tools_needs_a_run() -> None:
    with pytest.raises(UsageError, match="calls other tools"):
        python_tool([calculator])(code="1")  # pyright: ignore[reportUnusedCoroutine]  it raises before there is one
