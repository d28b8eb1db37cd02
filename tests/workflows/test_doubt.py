"""Writes in doubt and at the edges: what went wrong inside them, what changed under them, what was decided about them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import pytest

from sayso.tools import Approve, Decision, Edit, Grant, Outcome, Secrecy, ToolContext, ToolError, Trust, tool
from sayso.tools.approval.requests import ApprovalRequest
from sayso.tools.calls import Content
from sayso.workflows import CallFailed, Limits, Run, engine, map_each, parallel, sequential
from sayso.workflows.runs.events import ApprovalAsked, ApprovalDecided, WriteSettled, WriteStarted
from sayso.workflows.runs.protocols import Scope

from .replays import everywhere, nothing_left_running, yes
from .small_steps import HeldWrite


def calling(tool: Any, **arguments: Any) -> Any:
    """A flow that calls this tool."""

    async def code(run: Run, value: Any) -> Any:
        return await run.call(tool, **arguments)

    return sequential(code)


async def outcome(flow: Any, **options: Any) -> str:
    """How the call ended, in words."""
    try:
        result = await flow.run("x", **{"approve": yes, **options})
    except CallFailed as error:
        return f"{error.result.outcome}: {error.result.text}"
    except ToolError as error:
        return f"failed: {error}"
    return f"done: {result.output}" if result.finished else f"pending: {len(result.pending)}"


RAISED: dict[str, tuple[BaseException, str]] = {
    "a timeout of its own": (TimeoutError("socket"), "unknown: It is not known whether act happened (TimeoutError: socket)"),
    "a cancellation of its own": (
        asyncio.CancelledError(),
        "unknown: It is not known whether act happened (something inside it was cancelled)",
    ),
    "a bug": (KeyError("x"), "unknown: It is not known whether act happened (KeyError: 'x')"),
    "a refusal": (ToolError("sold out"), "failed: sold out"),
}


@pytest.mark.parametrize(("error", "told"), RAISED.values(), ids=RAISED)
@pytest.mark.parametrize("strict", [False, True])
async def test_only_a_tool_error_is_a_no(error: BaseException, told: str, strict: bool) -> None:
    @tool.write
    async def act() -> str:
        """Acts."""
        raise error

    assert (await outcome(calling(act), engine=engine(strict=strict))).startswith(told)
    await nothing_left_running()


@pytest.mark.parametrize("options", [{"idempotent": True}, {"timeout_seconds": 0.01, "idempotent": True}], ids=str)
async def test_an_idempotent_write_that_times_out_is_tried_once_more_with_its_key(options: dict[str, Any]) -> None:
    keys: list[str] = []

    @tool.write(**options)
    async def act(context: ToolContext[None]) -> str:
        """Acts."""
        keys.append(context.key)
        if len(keys) == 1:
            if "timeout_seconds" in options:
                await asyncio.Event().wait()
            raise TimeoutError
        return "acted"

    assert await outcome(calling(act)) == "done: acted"
    assert len(keys) == 2
    assert len(set(keys)) == 1


async def test_a_look_up_and_a_person_are_given_the_key_even_where_the_tool_does_not_ask_for_it() -> None:
    looked: list[str] = []

    async def lookup(key: str) -> str | None:
        looked.append(key)
        raise ConnectionError("no line")

    @tool.write(lookup=lookup)
    async def act() -> str:
        """Acts."""
        raise OSError("broken pipe")

    home = engine()
    told = await outcome(calling(act), engine=home, run_id="r1")
    started = [event for event in [e async for e in home.follow_emitted("r1")] if isinstance(event, WriteStarted)]
    assert looked == [started[0].key]
    assert f"key {looked[0][:16]}" in told
    assert "looking it up failed too (ConnectionError: no line)" in told


LOOKED_UP: dict[str, tuple[str | None, float | None, int, str]] = {
    "found": ("receipt 7", None, 0, "done: receipt 7"),
    "not found": (None, 0.0, 1, "done: acted"),
    "not found, and it may come later": (None, None, 0, "unknown: It is not known whether act happened"),
}


@pytest.mark.parametrize(("found", "settles", "times", "told"), LOOKED_UP.values(), ids=LOOKED_UP)
async def test_a_write_that_was_cut_off_is_looked_up_before_anything_else(
    found: str | None, settles: float | None, times: int, told: str
) -> None:
    done: list[str] = []

    async def lookup(key: str) -> str | None:
        return found

    @tool.write(lookup=lookup, settles_within_seconds=settles)
    async def act(context: ToolContext[None]) -> str:
        """Acts."""
        done.append(context.key)
        return "acted"

    kept = await kept_of(calling(act), until="intent:")
    done.clear()
    assert ((await carried(calling(act), kept)).startswith(told), len(done)) == (True, times)


async def kept_of(flow: Any, until: str) -> list[Any]:
    """The journal of a finished run, cut off after the entry whose name begins so."""
    home = engine(strict=True)
    await flow.run("x", engine=home, run_id="r1", approve=yes)
    entries = list(home.journal("r1"))
    last = max(index for index, entry in enumerate(entries) if entry.name.startswith(until))
    return entries[: last + 1]


async def carried(flow: Any, kept: list[Any]) -> str:
    """How a run with this journal ends."""
    root = engine(strict=True).restore(flow.execute, "x", "r1", kept, lambda: Scope(approve=yes))
    try:
        return f"done: {(await root.execute(suspends=True)).output}"
    except CallFailed as error:
        return f"{error.result.outcome}: {error.result.text}"


CHANGED: dict[str, tuple[str, str, int]] = {
    "before the question": ("", "done: second", 1),
    "after the question": ("propose:", "rejected: act is no longer the tool that was asked about", 0),
    "after the answer": ("wait:", "rejected: act is no longer the tool that was asked about", 0),
    "after the intent": ("intent:", "unknown: It is not known whether act happened", 0),
    "after the effect": ("effect:", "done: first", 0),
}


@pytest.mark.parametrize(("until", "told", "times"), CHANGED.values(), ids=CHANGED)
async def test_a_tool_that_changed_meanwhile_is_not_the_one_that_was_approved(until: str, told: str, times: int) -> None:
    done: list[str] = []

    def version(card: str) -> Any:
        @tool.write(card=card, idempotent=True)
        async def act() -> str:
            """Acts."""
            done.append(card)
            return card

        return calling(act)

    kept = await kept_of(version("first"), until) if until else []
    done.clear()
    assert (await carried(version("second"), kept)).startswith(told)
    assert len(done) == times


async def test_writes_side_by_side_go_on_from_every_cut() -> None:
    world: dict[str, str] = {}

    @tool.write(idempotent=True)
    async def put(text: str, context: ToolContext[None]) -> str:
        """Puts, each key once."""
        return world.setdefault(context.key, text)

    async def code(run: Run, value: str) -> Any:
        return await run.call(put, text=value), await run.call(put, text=value + "!")

    assert await everywhere(parallel(code, put, sequential(list_of, map_each(code))), "ab") == (
        ("ab", "ab!"),
        "ab",
        [("a", "a!"), ("b", "b!")],
    )
    assert sorted(world.values()) == ["a", "a!", "ab", "ab", "ab!", "b", "b!"]


async def list_of(text: str) -> list[str]:
    return list(text)


async def test_an_edit_is_a_new_request_from_every_cut() -> None:
    world: dict[str, str] = {}

    @tool.write(idempotent=True)
    async def put(text: str, context: ToolContext[None]) -> str:
        """Puts."""
        return world.setdefault(context.key, text)

    async def better(request: ApprovalRequest) -> Decision:
        return Approve() if "better" in request.card else Edit({"text": "better"})

    home = engine(strict=True)
    assert (await calling(put, text="good").run("x", engine=home, run_id="r1", approve=better)).output == "better"
    entries = home.journal("r1")
    for cut in range(len(entries) + 1):
        root = engine(strict=True).restore(calling(put, text="good").execute, "x", "r1", entries[:cut], lambda: Scope(approve=better))
        assert (await root.execute(suspends=True)).output == "better"
    assert list(world.values()) == ["better"]


async def test_who_edits_for_ever_is_not_asked_for_ever() -> None:
    asked: list[str] = []

    @tool.write
    async def act(text: str) -> str:
        """Acts."""
        return text

    async def never_content(request: ApprovalRequest) -> Decision:
        asked.append(request.digest)
        return Edit({"text": f"{len(asked)}"})

    assert (
        await outcome(calling(act, text="0"), approve=never_content)
        == "rejected: The request was edited or asked about too often. Nothing was done."
    )
    assert len(set(asked)) == len(asked) == 20


async def test_what_the_application_knows_is_in_the_card_and_called_so() -> None:
    def at_home(arguments: Mapping[str, Any], context: ToolContext[Any]) -> dict[str, Any]:
        if context.deps is None:
            raise ToolError("nobody is signed in")
        return {"address": context.deps}

    @tool.write(card="Send {item} to {address}", prepare=at_home)
    async def send(item: str, address: str = "") -> str:
        """Sends."""
        return f"sent {item} to {address}"

    paused = await calling(send, item="burger").run("x", deps="1 Elm Street")
    (request,) = paused.pending
    assert request.card == "Send burger to 1 Elm Street"
    assert {row.name: row.source for row in request.shown}["address"] == "the application gave it"
    assert (await paused.resume({request.digest: Approve()})).output == "sent burger to 1 Elm Street"
    assert await outcome(calling(send, item="burger")) == "failed: nobody is signed in"


async def test_bad_arguments_are_no_question() -> None:
    @tool.write
    async def act(number: int) -> str:
        """Acts."""
        return str(number)

    asked: list[ApprovalRequest] = []

    async def approve(request: ApprovalRequest) -> Decision:
        asked.append(request)
        return Approve()

    for arguments in ({}, {"number": "many"}, {"number": 1, "other": 2}):
        assert (await outcome(calling(act, **arguments), approve=approve)).startswith("failed: ")
    assert asked == []


async def test_a_read_may_ask_and_is_done_once() -> None:
    done: list[str] = []

    @tool.read(requires_approval=True)
    async def diary() -> str:
        """Reads the diary."""
        done.append("read")
        return "secret"

    paused = await calling(diary).run("x")
    assert (len(paused.pending), done) == (1, [])
    assert (await paused.resume({paused.pending[0].digest: Approve()})).output == "secret"
    assert done == ["read"]


def grant_for(person: str) -> tuple[Grant, ...]:
    return (Grant(tool="give", arguments={"to": person}),)


@tool.write(card="Give {amount} to {to}")
async def give(to: str, amount: int) -> str:
    """Gives money."""
    return f"gave {amount} to {to}"


def reading(trust: Trust | None, secrecy: Secrecy | None) -> Any:
    """A flow that reads a page and then gives money to whom it names."""

    @tool.read
    async def page() -> Content:
        """Reads a page."""
        return Content("ada", origin="https://example.org", trust=trust, secrecy=secrecy)

    async def code(run: Run, value: Any) -> Any:
        to: Any = await run.call(page)
        return await run.call(give, to=to, amount=1)

    return sequential(code)


COVERED: dict[str, tuple[Any, str, str]] = {
    "covered": (calling(give, to="ada", amount=1), "ada", "done: gave 1 to ada"),
    "another person": (calling(give, to="bob", amount=1), "ada", "pending: 1"),
    "from a trusted page": (reading(Trust.USER, Secrecy.PUBLIC), "ada", "done: gave 1 to ada"),
    "a stranger's page names the person": (reading(Trust.UNTRUSTED, Secrecy.PUBLIC), "ada", "pending: 1"),
    "after something private": (reading(Trust.USER, Secrecy.PRIVATE), "ada", "pending: 1"),
}


@pytest.mark.parametrize(("flow", "person", "told"), COVERED.values(), ids=COVERED)
async def test_a_standing_approval_covers_what_it_says_and_no_more(flow: Any, person: str, told: str) -> None:
    assert await outcome(flow, approve=None, grants=grant_for(person)) == told


async def test_the_story_of_a_write_is_told_in_order() -> None:
    home = engine()
    await calling(give, to="ada", amount=1).run("x", engine=home, run_id="r1", approve=yes)
    kinds = (ApprovalAsked, ApprovalDecided, WriteStarted, WriteSettled)
    told: list[Any] = [event async for event in home.follow_emitted("r1") if isinstance(event, kinds)]
    assert [type(event) for event in told] == list(kinds)
    assert told[-1].outcome is Outcome.DONE
    assert told[2].key == told[3].key == told[0].request.key


async def test_a_failing_branch_does_not_break_off_a_write_of_its_neighbour() -> None:
    held = HeldWrite()

    async def breaks(value: Any) -> Any:
        await held.begun.wait()
        asyncio.get_running_loop().call_soon(held.may_end.set)
        raise ValueError("broken")

    home = engine(strict=True)
    with pytest.raises(ValueError, match="broken"):
        await parallel(held.act, breaks).run(  # pyright: ignore[reportArgumentType]
            "x", engine=home, run_id="r1", approve=yes
        )
    assert held.done == ["acted"]
    assert "effect:act" in [entry.name for entry in home.journal("r1")]
    await nothing_left_running()


@pytest.mark.parametrize("result", [Outcome.DONE, Outcome.FAILED, Outcome.UNKNOWN], ids=str)
async def test_money_comes_back_only_where_it_is_known_that_nothing_happened(result: Outcome) -> None:
    @tool.write(cost_usd=2.0)
    async def act() -> str:
        """Acts."""
        match result:
            case Outcome.FAILED:
                raise ToolError("no")
            case Outcome.UNKNOWN:
                raise OSError("who knows")
        return "done"

    async def code(run: Run, value: Any) -> Any:
        with suppress(ToolError, CallFailed):
            await run.call(act)
        return run.scope.meter.usage.spend_usd

    spent = (await sequential(code).run("x", approve=yes, limits=Limits(spend_usd=5))).output
    assert spent == (0.0 if result is Outcome.FAILED else 2.0)


async def test_a_card_says_whose_page_a_value_is_from() -> None:
    (request,) = (await reading(Trust.UNTRUSTED, None).run("x")).pending
    reading_it = "the workflow gave it, after reading https://example.org"
    assert {row.name: row.source for row in request.shown} == {"to": "from https://example.org", "amount": reading_it}
