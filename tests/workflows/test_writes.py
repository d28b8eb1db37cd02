"""A write, from proposal to proof: asked about once, performed from what was shown, once; told apart when something goes wrong."""

from __future__ import annotations

import asyncio
import threading
from contextlib import nullcontext
from typing import Any

import pytest

from sayso.tools import Approve, Decision, Edit, NotFinished, Outcome, Reject, Secrecy, ToolContext, ToolError, UsageError, tool
from sayso.tools.approval.requests import ApprovalRequest
from sayso.workflows import CallFailed, MemoryEngine, Run, engine, map_each, sequential
from sayso.workflows.runs.events import ApproverFailed
from sayso.workflows.runs.protocols import Scope

from .replays import everywhere, nothing_left_running, yes


class World:
    """What writes change: each effect with the key it was done with."""

    def __init__(self) -> None:
        self.effects: list[tuple[str, Any]] = []


@tool.write(card="Give {amount} to {to}")
async def give(to: str, amount: int, context: ToolContext[World]) -> str:
    """Gives money."""
    context.deps.effects.append((context.key, (to, amount)))
    return f"gave {amount} to {to}"


async def pay(run: Run, value: Any) -> Any:
    return await run.call(give, to="ada", amount=1)


FLOW = sequential(pay)


@pytest.mark.parametrize("strict", [False, True])
async def test_nothing_happens_before_a_yes_and_it_happens_once(strict: bool) -> None:
    world = World()
    paused = await FLOW.run("x", deps=world, engine=engine(strict=strict), run_id="r1")
    (request,) = paused.pending
    assert (request.card, world.effects) == ("Give 1 to ada", [])
    done = await paused.resume({request.digest: Approve()})
    assert (done.output, world.effects) == ("gave 1 to ada", [(request.key, ("ada", 1))])
    assert (await done.resume({})).output == "gave 1 to ada"
    assert len(world.effects) == 1


async def test_every_cut_of_its_journal_leads_to_the_same_end_where_the_key_is_honoured() -> None:
    seen: dict[str, str] = {}

    @tool.write(idempotent=True)
    async def put(text: str, context: ToolContext[None]) -> str:
        """Puts, each key once."""
        return seen.setdefault(context.key, text)

    async def code(run: Run, value: str) -> Any:
        return await run.call(put, text=value)

    assert await everywhere(sequential(code), "hello") == "hello"
    assert len(seen) == 1


async def answers_true(request: ApprovalRequest) -> Any:
    return True


async def breaks(request: ApprovalRequest) -> Any:
    raise RuntimeError("the window was closed")


UNANSWERED: dict[str, tuple[Any, str]] = {
    "a truth": (answers_true, r"The approver did not answer \(it returned True, which is not a decision\)"),
    "an error": (breaks, r"The approver did not answer \(RuntimeError: the window was closed\)"),
    "not async": (lambda request: True, r"The approver did not answer \(TypeError: "),
}


@pytest.mark.parametrize(("approve", "said"), UNANSWERED.values(), ids=UNANSWERED)
async def test_why_an_approver_did_not_answer_is_said_where_the_output_is_asked_for(approve: Any, said: str) -> None:
    result = await sequential(asked_first).run("ada", approve=approve)
    with pytest.raises(NotFinished, match=said):
        _ = result.output
    resumed = await result.resume({result.pending[0].digest: Approve()})
    assert resumed.output == "asked ada"


@tool.write
async def asked_first(to: str) -> str:
    """Asks."""
    return f"asked {to}"


@pytest.mark.parametrize("decisions", [[Approve()], Approve(), {3: Approve()}], ids=["a list", "a decision", "by number"])
async def test_decisions_that_are_not_by_digest_are_refused(decisions: Any, home: Any) -> None:
    result = await sequential(asked_first).run("ada", engine=home, run_id="r1")
    with pytest.raises(UsageError, match=r"does not map digests to decisions. Write a dict: \{request.digest: Approve\(\)\}"):
        await result.resume(decisions)


async def decided(decision: Decision | None) -> tuple[World, Any]:
    """What the world and the outcome are after this decision."""
    world = World()

    async def approve(request: ApprovalRequest) -> Decision | None:
        return decision

    try:
        result = await FLOW.run("x", deps=world, approve=approve)
    except CallFailed as error:
        return world, error.result.text
    return world, result.output if result.finished else "pending"


async def test_a_no_is_told_and_nothing_is_done() -> None:
    world, told = await decided(Reject("too much"))
    assert (world.effects, told) == ([], "The user said no: too much. Nothing was done.")


@pytest.mark.parametrize("answer", [None, "yes", True, 1], ids=repr)
async def test_what_is_no_decision_never_means_yes(answer: Any) -> None:
    world, told = await decided(answer)
    assert (world.effects, told) == ([], "pending")


async def test_an_approver_that_raises_leaves_it_pending_and_is_told() -> None:
    world = World()

    async def breaks(request: ApprovalRequest) -> Decision:
        raise RuntimeError("phone is off")

    events = [event async for event in FLOW.stream_emitted("x", deps=world, approve=breaks)]
    assert [event.error for event in events if isinstance(event, ApproverFailed)] == ["RuntimeError: phone is off"]
    assert (len(events[-1].result.pending), world.effects) == (1, [])


async def test_an_edit_is_shown_again_and_a_bad_edit_ends_it() -> None:
    world, cards = World(), list[str]()
    answers: list[Decision] = [Edit({"to": "bob", "amount": "2"}), Approve()]

    async def approve(request: ApprovalRequest) -> Decision:
        cards.append(request.card)
        return answers.pop(0)

    assert (await FLOW.run("x", deps=world, approve=approve)).output == "gave 2 to bob"
    assert (cards, len(world.effects)) == (["Give 1 to ada", "Give 2 to bob"], 1)
    world, told = await decided(Edit({"to": "bob"}))
    assert world.effects == []
    assert "'amount' is missing" in told


class Clock:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(("days", "happens"), [(6.9, 1), (7.1, 0)])
async def test_a_decision_counts_until_it_expires(days: float, happens: int) -> None:
    world, clock = World(), Clock()
    paused = await FLOW.run("x", deps=world, engine=MemoryEngine(clock=clock), run_id="r1")
    clock.now += days * 86400
    with nullcontext() if happens else pytest.raises(CallFailed, match="expired"):
        await paused.resume({paused.pending[0].digest: Approve(at=1001.0)})
    assert len(world.effects) == happens


async def test_fifty_decisions_at_once_make_one_effect() -> None:
    world, home = World(), engine()
    await home.start(FLOW.execute, "x", run_id="r1", scope=Scope(deps=world))
    for _ in range(10):
        await asyncio.sleep(0)
    (request,) = home._find("r1").pending.values()
    await asyncio.gather(*(home.signal(request.run_id, request.topic, Approve()) for _ in range(50)))
    assert (await home.result("r1"), len(world.effects)) == ("gave 1 to ada", 1)


async def test_what_is_performed_is_what_was_shown_even_if_the_arguments_change_meanwhile() -> None:
    performed: list[Any] = []
    order = {"items": ["burger"], "address": {"street": "1 Elm"}}

    @tool.write
    async def send(order: dict[str, Any]) -> str:
        """Sends."""
        performed.append(order)
        return "ok"

    async def tampers(request: ApprovalRequest) -> Decision:
        order["items"].append("50 burgers")  # type: ignore[attr-defined]
        thread = threading.Thread(target=lambda: order["address"].update(street="9 Attack"))  # type: ignore[attr-defined]
        thread.start()
        thread.join()
        return Approve()

    async def code(run: Run, value: Any) -> Any:
        return await run.call(send, order=order)

    await sequential(code).run("x", approve=tampers)
    assert performed == [{"items": ["burger"], "address": {"street": "1 Elm"}}]


async def test_questions_of_parallel_branches_come_one_at_a_time() -> None:
    world, open_now, most = World(), 0, 0

    async def approve(request: ApprovalRequest) -> Decision:
        nonlocal open_now, most
        open_now += 1
        most = max(most, open_now)
        await asyncio.sleep(0)
        open_now -= 1
        return Approve()

    await map_each(pay).run([1, 2, 3], deps=world, approve=approve)
    assert (len(world.effects), most) == (3, 1)


class Trouble:
    """A merchant that does the deed and then raises, as often as it is told to."""

    def __init__(self, times: int) -> None:
        self.times, self.keys, self.looked = times, list[str](), list[str]()

    def do(self, key: str) -> str:
        self.keys.append(key)
        if len(self.keys) <= self.times:
            raise ConnectionError("line is dead")
        return "done"


def troubled(merchant: Trouble, **options: Any) -> Any:
    """A flow that calls this merchant."""

    @tool.write(**options)
    async def act(context: ToolContext[None]) -> str:
        """Acts."""
        return merchant.do(context.key)

    async def code(run: Run, value: Any) -> Any:
        return await run.call(act)

    return sequential(code)


async def test_after_doubt_an_idempotent_write_is_repeated_with_the_same_key() -> None:
    merchant = Trouble(1)
    assert (await troubled(merchant, idempotent=True).run("x", approve=yes)).output == "done"
    assert len(merchant.keys) == 2
    assert len(set(merchant.keys)) == 1


async def test_after_doubt_a_write_with_a_lookup_is_looked_up_and_never_repeated_while_its_program_lives() -> None:
    async def lookup_of(merchant: Trouble, found: str | None) -> Any:
        async def lookup(key: str) -> str | None:
            merchant.looked.append(key)
            return found

        return await troubled(merchant, lookup=lookup, settles_within_seconds=0.0).run("x", approve=yes)

    merchant = Trouble(1)
    assert (await lookup_of(merchant, "found it")).output == "found it"
    assert merchant.looked == merchant.keys
    merchant = Trouble(1)
    with pytest.raises(CallFailed, match="what had begun it may still act"):
        await lookup_of(merchant, None)
    assert merchant.looked == merchant.keys


UNKNOWN: dict[str, dict[str, Any]] = {"neither": {}, "idempotent, and it fails again": {"idempotent": True}}


@pytest.mark.parametrize("options", UNKNOWN.values(), ids=UNKNOWN)
async def test_what_cannot_be_known_is_said_and_never_repeated_by_itself(options: dict[str, Any]) -> None:
    merchant = Trouble(9)
    with pytest.raises(CallFailed) as caught:
        await troubled(merchant, **options).run("x", approve=yes)
    assert caught.value.result.outcome is Outcome.UNKNOWN
    assert "line is dead" in caught.value.result.text
    assert len(merchant.keys) == (2 if options else 1)


async def test_only_a_tool_error_means_that_nothing_happened() -> None:
    @tool.write
    async def refuses() -> str:
        """Refuses."""
        raise ToolError("sold out")

    async def code(run: Run, value: Any) -> Any:
        return await run.call(refuses)

    with pytest.raises(ToolError, match="sold out"):
        await sequential(code).run("x", approve=yes)


async def test_a_write_that_gives_no_answer_in_time_is_unknown() -> None:
    @tool.write(timeout_seconds=0.01)
    async def hangs() -> str:
        """Hangs."""
        await asyncio.Event().wait()
        return "never"

    async def code(run: Run, value: Any) -> Any:
        return await run.call(hangs)

    with pytest.raises(CallFailed, match=r"no answer within 0\.01 s"):
        await sequential(code).run("x", approve=yes)
    await nothing_left_running()


async def test_a_started_write_is_finished_before_a_cancellation_goes_on() -> None:
    begun, may_end, ended = asyncio.Event(), asyncio.Event(), list[str]()

    @tool.write
    async def slow(context: ToolContext[None]) -> str:
        """Slow."""
        begun.set()
        await may_end.wait()
        ended.append(context.key)
        return "done"

    async def code(run: Run, value: Any) -> Any:
        await run.call(slow)
        ended.append("went on")

    home = engine(strict=True)
    task = asyncio.ensure_future(sequential(code).run("x", approve=yes, engine=home, run_id="r1"))
    await begun.wait()
    task.cancel()
    task.cancel()
    await asyncio.sleep(0)
    may_end.set()
    await asyncio.wait({task})
    assert task.cancelled()
    assert len(ended) == 1
    assert home.journal("r1")[-1].name == "effect:slow.0"
    await nothing_left_running()


CUT: dict[str, tuple[dict[str, Any], int, str]] = {
    "idempotent": ({"idempotent": True}, 1, "done"),
    "neither": ({}, 0, "cut off"),
}


@pytest.mark.parametrize(("options", "calls", "told"), CUT.values(), ids=CUT)
async def test_a_write_that_was_cut_off_after_its_intent_is_not_simply_done_again(options: dict[str, Any], calls: int, told: str) -> None:
    home = engine(strict=True)
    await troubled(Trouble(0), **options).run("x", approve=yes, engine=home, run_id="r1")
    kept = [entry for entry in home.journal("r1") if not entry.name.startswith("effect:")]
    merchant = Trouble(0)
    root = engine(strict=True).restore(troubled(merchant, **options).execute, "x", "r1", kept, lambda: Scope(approve=yes))
    try:
        outcome = str((await root.execute(suspends=True)).output)
    except CallFailed as error:
        outcome = error.result.text
    assert len(merchant.keys) == calls
    assert told in outcome


async def test_a_bare_tool_is_a_write_and_says_so_on_its_card() -> None:
    @tool
    async def something() -> str:
        """Does something."""
        return "x"

    async def code(run: Run, value: Any) -> Any:
        return await run.call(something)

    paused = await sequential(code).run("x")
    assert "does not say what it does to the world" in paused.pending[0].warnings[0]


async def test_private_text_makes_egress_ask() -> None:
    @tool.read(secrecy=Secrecy.PRIVATE)
    def diary() -> str:
        """Reads the diary."""
        return "secret"

    @tool.egress
    async def search(query: str) -> str:
        """Searches."""
        return f"a stranger's page on {query}"

    async def code(run: Run, value: Any) -> Any:
        await run.call(search, query="weather")
        secret = await run.call(diary)
        return await run.call(search, query=secret)

    paused = await sequential(code).run("x")
    assert [request.card for request in paused.pending] == ['search(query="secret")']
