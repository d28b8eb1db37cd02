"""With approvers configured only what one of them has signed is performed, whoever else can write the database and whatever they write."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sayso.tools import ApprovalRequest, Approve, Decision, Edit, Grant, Reject, ToolContext, UsageError, approve_all, sign, sign_with, tool
from sayso.workflows import App, CallFailed, Run, engine, sequential
from sayso.workflows.durable import records
from sayso.workflows.runs.codec import to_json

from .postgres_server import new_database
from .sql import change

ADA, BOB, EVE = (Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32) for number in (1, 2, 3))
KEYS = {"ada": ADA.public_key().public_bytes_raw(), "bob": BOB.public_key().public_bytes_raw()}
PAID: list[str] = []


@tool.write(idempotent=True)
async def pay(to: str, context: ToolContext[Any]) -> str:
    """Pays."""
    PAID.append(to)
    return f"paid {to}"


async def paying(run: Run, to: str) -> str:
    try:
        return str(await run.call(pay, to=to))
    except CallFailed as error:
        return error.result.text


FLOW = sequential(paying, name="paying")


@pytest.fixture(autouse=True)
def _nothing_paid() -> None:
    PAID.clear()


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    """An engine of each kind, on which ada and bob approve."""
    if request.param == "memory":
        yield engine(strict=True, approvers=KEYS)
        return
    url = f"sqlite:///{tmp_path}/runs.db" if request.param == "sqlite" else new_database(request.getfixturevalue("postgres"))
    with closing(engine(url, app=App([FLOW], approvers=KEYS))) as made:
        yield made


def signed(request: ApprovalRequest, decision: Any = None, key: Any = ADA, by: str = "ada") -> Any:
    return sign(Approve() if decision is None else decision, request, key, by=by)


async def test_a_signed_decision_is_performed_and_an_edit_is_asked_about_anew(home: Any) -> None:
    paused = await FLOW.run("shop", engine=home, run_id="r1")
    paused = await paused.resume({paused.pending[0].digest: signed(paused.pending[0], Edit({"to": "shop 2"}), BOB, "bob")})
    assert (PAID, json.loads(paused.pending[0].arguments)) == ([], {"to": "shop 2"})
    done = await paused.resume({paused.pending[0].digest: signed(paused.pending[0])})
    assert (done.output, PAID) == ("paid shop 2", ["shop 2"])


REFUSED: dict[str, tuple[Callable[[ApprovalRequest], Decision], str]] = {
    "unsigned": (lambda request: Approve(by="ada"), "is not signed"),
    "another key": (lambda request: signed(request, key=EVE), "not that of 'ada'"),
    "another name": (lambda request: signed(request, key=EVE, by="eve"), "not among the approvers"),
    "another verdict": (lambda request: Approve("ada", statement=signed(request, Reject()).statement), "verdict"),
    "another request": (lambda request: replace(signed(replace(request, digest="0" * 64))), "digest"),
    "cut off": (lambda request: replace(signed(request), statement=signed(request).statement[:-9]), "cannot be read"),
}


@pytest.mark.parametrize(("decide", "why"), REFUSED.values(), ids=REFUSED)
async def test_what_does_not_count_is_refused_and_takes_no_place(home: Any, decide: Any, why: str) -> None:
    paused = await FLOW.run("shop", engine=home, run_id="r1")
    (request,) = paused.pending
    with pytest.raises(UsageError, match=why):
        await paused.resume({request.digest: decide(request)})
    with pytest.raises(UsageError, match=why):
        await home.signal("r1", request.topic, decide(request))
    assert (await home.resume("r1", {})).pending == (request,)
    done = await home.resume("r1", {request.digest: signed(request)})
    assert (done.output, PAID) == ("paid shop", ["shop"])


async def test_an_approver_in_the_program_signs_too(home: Any) -> None:
    paused = await FLOW.run("shop", engine=home, run_id="r1", approve=approve_all)
    assert ("is not signed" in paused.unanswered, PAID) == (True, [])
    done = await FLOW.run("shop", engine=home, run_id="r1", approve=sign_with(approve_all, "ada", ADA))
    assert (done.output, PAID) == ("paid shop", ["shop"])


async def test_a_standing_approval_of_the_code_needs_no_signature(home: Any) -> None:
    done = await FLOW.run("shop", engine=home, run_id="r1", grants=[Grant(tool="pay")])
    assert (done.output, PAID) == ("paid shop", ["shop"])


# what somebody does who can write the database


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/runs.db" if request.param == "sqlite" else new_database(request.getfixturevalue("postgres"))


def log_row(url: str, run: str, name: str, value: object) -> None:
    """Add a result to the end of the log, with a chain that is right: there is no key."""
    from sayso.workflows.durable.chain import Row, link_rows

    ((number, head),) = change(url, "SELECT number, head FROM sayso_runs WHERE id = 'r1'")
    (row,) = link_rows(head, number, [Row(0, time.time(), run, "kept", name, json.dumps(to_json(value)))], None)
    columns = dict(zip(row._fields, row, strict=True))
    change(url, "INSERT INTO sayso_log VALUES ('r1', :number, :at, :run, :kind, :name, :value, :hash)", columns)
    change(url, "UPDATE sayso_runs SET number = :number, head = :hash WHERE id = 'r1'", columns)


def inbox_row(url: str, request: ApprovalRequest, decision: object, topic: str = "") -> None:
    values = {"run": request.run_id, "topic": topic or request.topic, "value": json.dumps(to_json(decision)), "at": time.time()}
    change(url, "INSERT INTO sayso_inbox (root, run, topic, value, at) VALUES ('r1', :run, :topic, :value, :at)", values)


YES = Approve(by="ada", at=time.time())


def insert_into_inbox(url: str, request: ApprovalRequest) -> None:
    inbox_row(url, request, YES)


def insert_and_mark(url: str, request: ApprovalRequest) -> None:
    inbox_row(url, request, YES)
    change(url, "UPDATE sayso_approvals SET state = 'approved', decided_by = 'ada', decided_at = 1")


def insert_ten(url: str, request: ApprovalRequest) -> None:
    for number in range(10):
        inbox_row(url, request, replace(YES, statement="x"), f"{request.topic}{records.MARK if number else ''}{number or ''}")


def insert_nonsense(url: str, request: ApprovalRequest) -> None:
    inbox_row(url, request, True)


def insert_what_cannot_be_read(url: str, request: ApprovalRequest) -> None:
    for number, value in enumerate(('{"$": "no.such:Thing", "=": 1}', "{", '{"$": "Approve", "=": {"no": 1}}', "[" * 100)):
        values = {"run": request.run_id, "topic": f"{request.topic}{records.MARK if number else ''}{number or ''}", "value": value}
        change(url, "INSERT INTO sayso_inbox (root, run, topic, value, at) VALUES ('r1', :run, :topic, :value, 1)", values)


def insert_someone_elses(url: str, request: ApprovalRequest) -> None:
    inbox_row(url, request, signed(request, key=EVE))


def insert_another_verdict(url: str, request: ApprovalRequest) -> None:
    inbox_row(url, request, replace(YES, statement=signed(request, Reject()).statement))


def insert_an_old_one(url: str, request: ApprovalRequest) -> None:
    inbox_row(url, request, signed(replace(request, digest="1" * 64)))


INSERTED = (
    insert_into_inbox,
    insert_and_mark,
    insert_ten,
    insert_nonsense,
    insert_what_cannot_be_read,
    insert_someone_elses,
    insert_another_verdict,
    insert_an_old_one,
)


@pytest.mark.parametrize("attack", INSERTED)
async def test_what_is_put_into_the_inbox_is_not_obeyed_and_blocks_nobody(url: str, attack: Any) -> None:
    with closing(engine(url, app=App([FLOW], approvers=KEYS))) as home:
        (request,) = (await FLOW.run("shop", engine=home, run_id="r1")).pending
        attack(url, request)
        again = await home.resume("r1", {})
        assert (again.pending, PAID) == ((request,), [])
        done = await home.resume("r1", {request.digest: signed(request)})
        assert (done.output, PAID) == ("paid shop", ["shop"])


def forge_wait(url: str, request: ApprovalRequest) -> None:
    log_row(url, request.run_id, f"wait:{request.topic}", YES)


def forge_wait_and_intent(url: str, request: ApprovalRequest) -> None:
    from sayso.workflows.runs.limits import Intent

    log_row(url, request.run_id, f"wait:{request.topic}", YES)
    log_row(url, request.run_id, "intent:pay.0", Intent("r1#1.1", 0.0))


def forge_grant(url: str, request: ApprovalRequest) -> None:
    """Make the stored ruling one of a standing approval."""
    change(url, "UPDATE sayso_log SET value = replace(value, '\"Ask\"', '\"Allow\"') WHERE name = 'propose:pay.0'")
    change(url, """UPDATE sayso_log SET value = replace(value, '{"warning": ""}', '{"until": null}') WHERE name = 'propose:pay.0'""")


def forge_grant_and_intent(url: str, request: ApprovalRequest) -> None:
    from sayso.workflows.runs.limits import Intent

    forge_grant(url, request)
    log_row(url, request.run_id, "intent:pay.0", Intent("r1#1.1", 0.0))


@pytest.mark.parametrize("attack", [forge_wait, forge_wait_and_intent, forge_grant, forge_grant_and_intent])
async def test_what_is_put_into_the_log_is_not_performed(url: str, attack: Any) -> None:
    with closing(engine(url, app=App([FLOW], approvers=KEYS))) as home:
        (request,) = (await FLOW.run("shop", engine=home, run_id="r1")).pending
        attack(url, request)
        done = await home.resume("r1", {})
        assert PAID == []
        assert any(words in done.output for words in ("does not count", "No standing approval covers"))


@tool.write(idempotent=True, approvals=2)
async def pay_together(to: str) -> str:
    """Pays."""
    PAID.append(to)
    return f"paid {to}"


async def paying_together(run: Run, to: str) -> str:
    try:
        return str(await run.call(pay_together, to=to))
    except CallFailed as error:
        return error.result.text


@pytest.mark.parametrize("is_forged", [True, False])
async def test_where_two_must_sign_the_first_yes_is_looked_at_again_too(url: str, is_forged: bool) -> None:
    flow = sequential(paying_together, name="together")
    with closing(engine(url, app=App([flow], approvers=KEYS))) as home:
        (first,) = (await flow.run("shop", engine=home, run_id="r1")).pending
        if is_forged:
            log_row(url, first.run_id, f"wait:{first.topic}", Approve(by="bob", at=time.time()))
            (second,) = (await home.resume("r1", {})).pending
        else:
            (second,) = (await home.resume("r1", {first.digest: signed(first, Approve(), BOB, "bob")})).pending
        done = await home.resume("r1", {second.digest: signed(second)})
        assert ([] if is_forged else ["shop"]) == PAID
        assert ("does not count: it is not signed (by 'bob')" in done.output) is is_forged


async def test_a_signature_of_an_approver_who_was_removed_does_not_count(url: str) -> None:
    with closing(engine(url, app=App([FLOW], approvers=KEYS))) as home:
        (request,) = (await FLOW.run("shop", engine=home, run_id="r1")).pending
        await home.decide("r1", {request.digest: signed(request, Approve(), BOB, "bob")})
    with closing(engine(url, app=App([FLOW], approvers={"ada": KEYS["ada"]}))) as home:
        assert ((await home.resume("r1", {})).pending, PAID) == ((request,), [])
        assert (await home.resume("r1", {request.digest: signed(request)})).output == "paid shop"


async def test_the_rows_of_a_run_copied_to_another_id_pay_nothing(url: str) -> None:
    with closing(engine(url, app=App([FLOW], approvers=KEYS))) as home:
        (request,) = (await FLOW.run("shop", engine=home, run_id="r1")).pending
        await home.decide("r1", {request.digest: signed(request)})
        columns = ", ".join(records.RunRow._fields[1:])
        change(url, f"INSERT INTO sayso_runs (id, {columns}) SELECT 'r2', {columns} FROM sayso_runs WHERE id = 'r1'")
        run = "replace(run, 'r1', 'r2')"
        change(url, f"INSERT INTO sayso_log SELECT 'r2', number, at, {run}, kind, name, value, hash FROM sayso_log WHERE root = 'r1'")
        change(url, f"INSERT INTO sayso_inbox (root, run, topic, value, at) SELECT 'r2', {run}, topic, value, at FROM sayso_inbox")
        assert ((await home.resume("r2", {})).pending, PAID) == ((request,), [])  # the decision is for a call of r1
    with closing(engine(url, app=App([FLOW]))) as home:  # without approvers too
        done = await home.resume("r2", {})
        assert ("no longer the tool that was asked about" in done.output, PAID) == (True, [])


async def test_a_decision_that_came_before_its_request_was_asked_again_is_found(url: str) -> None:
    """Decided while nobody executes the run, by two programs: the first that counts is taken, and the request says by whom."""
    with closing(engine(url, app=App([FLOW], approvers=KEYS))) as home:
        (request,) = (await FLOW.run("shop", engine=home, run_id="r1")).pending
        await home.decide("r1", {request.digest: signed(request, Reject("no"), BOB, "bob")})
        with pytest.raises(UsageError, match="no open request"):
            await home.decide("r1", {request.digest: signed(request)})
        assert ((await home.resume("r1", {})).output, PAID) == ("The user said no: no. Nothing was done.", [])
        assert [(each.state, each.decided_by) for each in await home.approvals("r1")] == [("rejected", "bob")]
        assert (await home.verify("r1")).problems == ()


async def test_approvers_that_an_engine_was_given_are_not_lost_by_another_app(url: str) -> None:
    with closing(engine(url, approvers=KEYS)) as home:
        assert engine(url, app=App([FLOW])) is home
        other = engine(url, app=App([FLOW], name="other"))
        assert [each.approvers is not None for each in (home, other, engine(url))] == [True, True, True]
        with pytest.raises(UsageError, match="different approvers"):
            engine(url, app=App([FLOW], approvers={"ada": KEYS["ada"]}))
        other.close()


async def test_each_agent_and_branch_of_a_run_needs_a_signature(home: Any) -> None:
    async def both(run: Run, to: str) -> list[str]:
        return [await run.child(name, paying, f"{to} {name}") for name in ("a", "b")]

    flow = sequential(both, name="both")
    paused = await flow.run("shop", engine=home, run_id="r1")
    paused = await paused.resume({request.digest: signed(request) for request in paused.pending})
    with pytest.raises(UsageError, match="is not signed"):
        await paused.resume({request.digest: Approve() for request in paused.pending})
    assert PAID == ["shop a"]
