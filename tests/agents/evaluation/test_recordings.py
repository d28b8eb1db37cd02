"""From a run to a case: its recording is replayed over the present code, and nothing acts."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Annotated, Any

import pytest

from sayso import Agent, App, Approve, Edit, Limits, Reject, ScriptedModel, Secret, engine, parallel, sequential, tool
from sayso.agents import Reply, call
from sayso.agents.evaluation import (
    Case,
    RecordingError,
    make_case,
    make_recording,
    read_recording,
    replay_case,
    replay_recording,
    write_recording,
)
from sayso.agents.evaluation.credentials import CredentialMask
from sayso.agents.evaluation.recordings import find_place
from sayso.agents.windows import Window, summarise_oldest
from sayso.tools import Outcome
from sayso.tools.approval.grant import Grant
from sayso.tools.approval.requests import ApprovalRequest, Decision
from sayso.tools.errors import Cancelled, LimitReached, UsageError
from sayso.workflows import DurableEngine, MemoryEngine, Run
from sayso.workflows.runs.protocols import Engine

SCRIPT = (Reply(calls=(call("menu", kind="lunch"),)), Reply(calls=(call("order", item="burger", quantity=1),)), "That is all.")
ACTED: list[str] = []
"""What tools did: a replay adds nothing to it."""


@tool.write(card="Order {quantity} x {item}")
async def order(item: str, quantity: int) -> str:
    """Order food."""
    ACTED.append(f"ordered {quantity} x {item}")
    return f"{quantity} x {item} ordered"


@tool.read(trust="tool", secrecy="public")
async def menu(kind: str) -> str:
    """Return what there is to eat."""
    ACTED.append(f"read the {kind} menu")
    return f"{kind}: burger 5, fries 3"


def make_waiter(
    *script: Reply | str, instructions: str = "Take the order.", name: str = "waiter", tools: tuple[Any, ...] = (order, menu)
) -> Agent[str]:
    return Agent(ScriptedModel(*script), name=name, instructions=instructions, tools=tools)


async def approve(request: ApprovalRequest) -> Decision | None:
    return Approve(by="ada")


async def reject(request: ApprovalRequest) -> Decision | None:
    return Reject("too dear")


async def edit(request: ApprovalRequest) -> Decision | None:
    return Edit({"item": "burger", "quantity": 2}) if '"quantity":1' in request.arguments else Approve()


@pytest.fixture
async def runs(tmp_path: Path) -> AsyncIterator[DurableEngine]:
    """A database with a run in each state."""
    durable = DurableEngine(f"sqlite:///{tmp_path}/runs.db")
    for run_id, approver in {"done": approve, "rejected": reject, "edited": edit}.items():
        await make_waiter(*SCRIPT).run("One burger", approve=approver, engine=durable, run_id=run_id)
    await make_waiter(*SCRIPT).run("One burger", engine=durable, run_id="waiting")
    await make_waiter(*SCRIPT).run("One burger", engine=durable, run_id="cancelled")
    await durable.cancel("cancelled")
    with pytest.raises(LimitReached):
        await make_waiter(*SCRIPT).run("One burger", engine=durable, run_id="failed", limits=Limits(model_calls=1))
    ACTED.clear()
    yield durable
    durable.close()


async def record(runs: Engine, run_id: str, folder: Path) -> Case:
    path = write_recording(await make_recording(runs, run_id), folder / f"{run_id}.json")
    return make_case(read_recording(path), str(path))


STATES: dict[str, dict[str, Any]] = {
    # run: what its record says after a replay
    "done": {"text": "That is all.", "error": "", "finished": True, "outcome": Outcome.DONE, "decisions": ["approved"]},
    "rejected": {"text": "That is all.", "error": "", "finished": True, "outcome": Outcome.REJECTED, "decisions": ["rejected"]},
    "edited": {"text": "That is all.", "error": "", "finished": True, "outcome": Outcome.DONE, "decisions": ["edited", "approved"]},
    "waiting": {"text": "", "error": "", "finished": False, "outcome": None, "decisions": [""]},
    "cancelled": {"text": "", "error": "", "finished": False, "outcome": None, "decisions": [""]},
    "failed": {"text": "", "error": "Limit reached: model_calls = 1", "finished": False, "outcome": None, "decisions": []},
}


@pytest.mark.parametrize("run_id", STATES)
async def test_a_run_in_any_state_is_a_case_whose_replay_is_the_run(runs: DurableEngine, tmp_path: Path, run_id: str) -> None:
    case = await record(runs, run_id, tmp_path)
    assert (case.name, case.input) == (run_id, "One burger")
    replayed = await replay_case(case, make_waiter())
    assert replayed.difference is None
    assert not ACTED
    got, expected = replayed.record, STATES[run_id]
    assert (got.text, got.finished) == (expected["text"], expected["finished"])
    assert got.error.startswith(expected["error"])
    assert bool(got.error) is bool(expected["error"])
    assert [each.decision for each in got.approvals] == expected["decisions"]
    orders = [each.outcome for each in got.calls if each.tool == "order"]
    assert orders == ([] if run_id == "failed" else [expected["outcome"]])
    assert (got.run_id, got.flow, got.input) == (run_id, "waiter", "One burger")


async def test_what_is_replayed_has_the_record_of_the_run(runs: DurableEngine, tmp_path: Path) -> None:
    from sayso.agents.evaluation import find_record

    recorded = await find_record(runs, "done")
    replayed = (await replay_case(await record(runs, "done", tmp_path), make_waiter())).record
    names = [each.name for each in dataclasses.fields(recorded) if each.name != "seconds"]
    assert {name: getattr(replayed, name) for name in names} == {name: getattr(recorded, name) for name in names}
    assert replayed.seconds == pytest.approx(recorded.seconds, abs=0.001)


CHANGES: dict[str, tuple[Callable[[], Agent[str]], str]] = {
    "another prompt": (lambda: make_waiter(instructions="Take the order politely."), "+ system: Take the order politely."),
    "a tool is gone": (lambda: make_waiter(tools=(order,)), "- tool: "),
}


@pytest.mark.parametrize(("make", "shown"), CHANGES.values(), ids=CHANGES)
async def test_changed_code_is_stopped_where_it_differs_first(
    runs: DurableEngine, tmp_path: Path, make: Callable[[], Agent[str]], shown: str
) -> None:
    replayed = await replay_case(await record(runs, "done", tmp_path), make())
    assert replayed.stopped
    assert replayed.difference is not None
    assert (replayed.difference.number, replayed.difference.asked) == (1, "model:0")
    assert replayed.note.startswith("Not in the recording: done, step 1")
    assert shown in replayed.note
    assert (replayed.record.finished, replayed.record.text, replayed.record.calls) == (False, "", ())
    assert not ACTED


async def test_a_difference_in_the_middle_has_what_came_before(runs: DurableEngine, tmp_path: Path) -> None:
    @tool.read(name="menu", trust="tool", secrecy="public")
    async def dearer(kind: str) -> str:
        """Return what there is to eat."""
        raise AssertionError("no tool is called in a replay")

    same = await replay_case(await record(runs, "done", tmp_path), make_waiter(tools=(order, dearer)))
    assert same.difference is None, "what a tool would return now is not asked: the recording says what it returned"
    document = json.loads((tmp_path / "done.json").read_text(encoding="utf-8"))
    step = next(each for each in document["steps"] if each["step"] == "model:1")
    step["sent"]["messages"][0][1] += ", and soup"
    del document["sha256"]
    (tmp_path / "changed.json").write_text(json.dumps(document), encoding="utf-8")
    replayed = await replay_case(Case(name="c", input=None, recording=str(tmp_path / "changed.json")), make_waiter())
    assert replayed.difference is not None
    assert replayed.difference.number == 3
    assert [each.tool for each in replayed.record.calls] == ["menu"]


async def test_code_that_makes_something_else_of_the_same_steps_gives_the_new_output(tmp_path: Path) -> None:
    def make_flow(how: str) -> Any:
        async def ask(run: Run, question: str) -> str:
            said = await run.child("eater", make_waiter("burger", name="eater"), question)
            return how.format(said)

        return sequential(ask, name="lunch_flow")

    memory = MemoryEngine(strict=True)
    await make_flow("{}").run("What do you eat?", engine=memory, run_id="lunch")
    case = await record(memory, "lunch", tmp_path)
    replayed = await replay_case(case, make_flow("I eat: {}"))
    assert replayed.difference is not None
    assert replayed.difference.at_end
    assert not replayed.stopped
    assert (replayed.record.text, replayed.record.finished) == ("I eat: burger", True)


async def test_branches_are_recorded_with_their_places(tmp_path: Path) -> None:
    def make_flow(second: str = "Count.") -> Any:
        one = make_waiter("burger", name="one")
        two = make_waiter("two", name="two", instructions=second)
        return parallel(one, two, join=lambda one, two: f"{one} {two}", name="both")

    memory = MemoryEngine(strict=True)
    await make_flow().run("What and how many?", engine=memory, run_id="lunch")
    case = await record(memory, "lunch", tmp_path)
    assert (await replay_case(case, make_flow())).record.text == "burger two"
    replayed = await replay_case(case, make_flow("Count well."))
    assert replayed.difference is not None
    assert replayed.difference.run == "lunch/two.1"


# going on with the real model


async def test_live_goes_on_with_the_model_and_leaves_writes_pending(runs: DurableEngine, tmp_path: Path) -> None:
    case = await record(runs, "done", tmp_path)
    changed = make_waiter(*SCRIPT, instructions="Take the order politely.")
    replayed = await replay_case(case, changed, live=True)
    assert ACTED == ["read the lunch menu"]
    assert not replayed.record.finished
    assert [(each.tool, each.outcome) for each in replayed.record.calls] == [("menu", Outcome.DONE), ("order", None)]
    assert "1 write stays pending" in replayed.note


async def test_live_does_no_write_that_was_cut_off_or_granted(tmp_path: Path) -> None:
    @tool.write(card="Pay {amount}", idempotent=True)
    async def pay(amount: int) -> str:
        """Pay."""
        ACTED.append("paid")
        return "paid"

    ACTED.clear()
    script = Reply(calls=(call("pay", amount=5),)), "Paid."
    memory = MemoryEngine(strict=True)
    await Agent(ScriptedModel(*script), name="payer", tools=[pay]).run("Pay 5", approve=approve, engine=memory, run_id="pay")
    assert ACTED == ["paid"]
    recording = await make_recording(memory, "pay")
    cut = [entry for entry in recording.entries if not entry.name.startswith(("effect", "model:1"))]
    path = write_recording(dataclasses.replace(recording, entries=tuple(cut), state="interrupted", output=None), tmp_path / "cut.json")
    app = App(flows=[Agent(ScriptedModel(*script), name="payer", tools=[pay])], grants=[Grant(tool=pay)])
    replayed = await replay_case(Case(name="cut", input=None, recording=str(path)), app, live=True)
    assert ACTED == ["paid"], "approved once, and performed once"
    assert "effect:pay:0.0" in replayed.note
    anew = App(flows=[Agent(ScriptedModel(*script), name="payer", instructions="Pay.", tools=[pay])], grants=[Grant(tool=pay)])
    replayed = await replay_case(Case(name="cut", input=None, recording=str(path)), anew, live=True)
    assert ACTED == ["paid"], "a standing approval does not count in an evaluation"
    assert [each.outcome for each in replayed.record.calls] == [None]


async def test_live_does_no_step_of_an_application(tmp_path: Path) -> None:
    async def save(text: str) -> str:
        ACTED.append(f"saved {text}")
        return text

    def make_flow(instructions: str) -> Any:
        return sequential(make_waiter("soup", name="cook", instructions=instructions), save, name="cooking")

    memory = MemoryEngine(strict=True)
    await make_flow("Cook.").run("Cook", engine=memory, run_id="soup")
    ACTED.clear()
    replayed = await replay_case(await record(memory, "soup", tmp_path), make_flow("Cook well."), live=True)
    assert not ACTED
    assert "save" in replayed.note
    assert not replayed.record.finished


# secrets


async def test_secrets_and_keys_are_not_in_a_recording(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAYSO_SECRET_KEY", "k" * 40)
    monkeypatch.setenv("SHOP_API_KEY", "shop-4711-0815-secret")

    @tool.write(card="Log in as {user}")
    async def log_in(user: str, password: Annotated[str, Secret()]) -> str:
        """Log in."""
        return f"{user}: {password}, Bearer abcdefghijklmnopqrstuvwxyz, shop-4711-0815-secret, sk-proj-{'a1' * 20}"

    def make_desk() -> Agent[str]:
        script = Reply(calls=(call("log_in", user="ada", password="hunter2-correct-horse"),)), "You are logged in."
        return Agent(ScriptedModel(*script), name="desk", instructions="postgres://app:pa55word@db/app", tools=[log_in])

    for stored in (engine(f"sqlite:///{tmp_path}/runs.db"), MemoryEngine(strict=True)):
        await make_desk().run("Log me in", approve=approve, engine=stored, run_id="login")
        mask = CredentialMask()
        recording = await make_recording(stored, "login", mask=mask)
        text = write_recording(recording, tmp_path / "login.json").read_text(encoding="utf-8")
        for secret in ("hunter2", "abcdefghijklm", "4711", "a1a1", "pa55word"):
            assert secret not in text
        assert mask.found == 4
        monkeypatch.delenv("SAYSO_SECRET_KEY")
        assert (await replay_recording(read_recording(tmp_path / "login.json"), make_desk())).difference is None, "without any key"
        monkeypatch.setenv("SAYSO_SECRET_KEY", "k" * 40)


PLAIN_TEXTS = (
    "The postgres password is changeme.",
    "sk-learn is a library",
    "Basic training",
    "see https://example.org:8080/a@b",
    "eyJ is a prefix",
    "AKIA",
)


@pytest.mark.parametrize("text", PLAIN_TEXTS)
def test_ordinary_text_is_left_alone(text: str) -> None:
    assert CredentialMask({"DB_PASSWORD": "postgres", "MONKEY": "changeme", "EMPTY_KEY": ""}).mask(text) == text


# files that are no whole recording, or of something else


async def spoil(runs: DurableEngine, folder: Path, change: Callable[[str], str]) -> Path:
    path = write_recording(await make_recording(runs, "done"), folder / "done.json")
    path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")
    return path


def edit_document(**fields: object) -> Callable[[str], str]:
    def change(text: str) -> str:
        document = json.loads(text) | fields
        del document["sha256"]
        return json.dumps(document)

    return change


def drop_last_steps(text: str) -> str:
    document = json.loads(text)
    document["steps"] = document["steps"][:-2]
    return json.dumps(document)


SPOILT: dict[str, tuple[Callable[[str], str], str]] = {
    "cut in the middle": (lambda text: text[: len(text) // 2], r"done\.json:\d+: this is not a whole JSON document .*cut or changed"),
    "empty": (lambda text: "", "is empty"),
    "steps taken out": (drop_last_steps, "was changed after it was recorded: its sha256 does not fit"),
    "a word changed": (lambda text: text.replace("burger 5", "burger 6"), "was changed after it was recorded"),
    "a newer form": (edit_document(sayso_recording=2, sayso="9.0"), "has form 2, of Sayso 9.0; this version reads form 1"),
    "no form": (edit_document(sayso_recording="one"), "'one', and should be the number of its form"),
    "another JSON document": (lambda text: '{"cases": []}', "is not a recording"),
    "a list": (lambda text: "[1]", "is not a recording"),
    "no steps": (edit_document(steps=None), '"steps" is missing or no list'),
    "a step without a name": (edit_document(steps=[{"result": 1}]), 'step 0 of "steps" has no "step"'),
    "a state that is none": (edit_document(state="ok"), "\"state\" is 'ok'; a run is done, failed"),
    "waits of nothing": (edit_document(waits_for=[1]), '"waits_for" is not a list'),
}


@pytest.mark.parametrize(("change", "message"), SPOILT.values(), ids=SPOILT)
async def test_a_file_that_is_no_whole_recording_is_refused_by_name(
    runs: DurableEngine, tmp_path: Path, change: Callable[[str], str], message: str
) -> None:
    path = await spoil(runs, tmp_path, change)
    with pytest.raises(RecordingError, match=message) as raised:
        read_recording(path)
    assert str(path) in str(raised.value)


async def test_whoever_changes_a_recording_on_purpose_takes_its_hash_out(runs: DurableEngine, tmp_path: Path) -> None:
    path = await spoil(runs, tmp_path, lambda text: edit_document()(text.replace("burger 5", "burger 6")))
    replayed = await replay_recording(read_recording(path), make_waiter())
    assert replayed.difference is None, "what the tool returned and what the model was sent were changed alike"


OTHER_VERSIONS: dict[str, tuple[Callable[[str], str], str]] = {
    "a type that is gone": (lambda text: text.replace('"Reply"', '"gone_module:Reply"'), "which this program has not loaded"),
    "a type of a newer Sayso": (lambda text: text.replace('"Reply"', '"Reply9"'), "'Reply9', which this version of Sayso does not know"),
    "other fields": (lambda text: text.replace('"call_id"', '"call_number"'), "cannot be replayed by this version of the code"),
    "an input that is gone": (lambda text: text.replace('"Conversation"', '"gone:Conversation"'), "its input"),
}


@pytest.mark.parametrize(("change", "message"), OTHER_VERSIONS.values(), ids=OTHER_VERSIONS)
async def test_a_recording_of_another_version_says_what_cannot_be_read(
    runs: DurableEngine, tmp_path: Path, change: Callable[[str], str], message: str
) -> None:
    path = await spoil(runs, tmp_path, lambda text: edit_document()(change(text)))
    with pytest.raises(RecordingError, match=message):
        await replay_case(Case(name="c", input=None, recording=str(path)), make_waiter())


async def test_a_step_that_the_code_no_longer_has_is_the_first_difference(runs: DurableEngine, tmp_path: Path) -> None:
    path = await spoil(runs, tmp_path, lambda text: edit_document()(text.replace('"propose:order', '"suggest:order')))
    replayed = await replay_case(Case(name="c", input=None, recording=str(path)), make_waiter())
    assert str(replayed.difference) == "done, step 4: the journal has 'suggest:order:1.0', the code asks for 'propose:order:1.0'."


async def test_what_cannot_be_replayed_is_said(runs: DurableEngine, tmp_path: Path) -> None:
    case = await record(runs, "done", tmp_path)
    with pytest.raises(RecordingError, match=r"is of the flow 'waiter', and this is 'critic'\. Name the agent that it was recorded with"):
        await replay_case(case, make_waiter(name="critic"))
    with pytest.raises(RecordingError, match=r"which the app does not have\. Flows: critic"):
        await replay_case(case, App(flows=[make_waiter(name="critic")]))
    with pytest.raises(RecordingError, match="with an agent, a workflow or an app"):
        await replay_case(case, print)
    with pytest.raises(RecordingError, match="there is no such file"):
        await replay_case(dataclasses.replace(case, recording=str(tmp_path / "gone.json")), make_waiter())
    with pytest.raises(RecordingError, match="The input of case 'done' is not the one of its recording: 'Two burgers'"):
        await replay_case(dataclasses.replace(case, input="Two burgers"), make_waiter())


async def test_what_cannot_be_recorded_is_said(runs: DurableEngine) -> None:
    with pytest.raises(UsageError, match="brunch"):
        await make_recording(runs, "brunch")
    memory = MemoryEngine()
    await make_waiter("Hello.").run("Hello", engine=memory, run_id="hello")
    with pytest.raises(UsageError, match=r"was not stored as JSON, so it cannot be recorded\. Give it a strict engine"):
        await make_recording(memory, "hello")
    with pytest.raises(UsageError, match="no run 'brunch'"):
        await make_recording(memory, "brunch")
    with pytest.raises(UsageError, match="has no output to expect: it is waiting"):
        make_case(await make_recording(runs, "waiting"), "w.json", expected=True)


@pytest.mark.parametrize("run_id", ["é ü:1", "..", "r" * 250, "a b"])
async def test_any_run_id_has_a_file(tmp_path: Path, run_id: str) -> None:
    memory = MemoryEngine(strict=True)
    await make_waiter("Hello.").run("Hello", engine=memory, run_id=run_id)
    recording = await make_recording(memory, run_id)
    path = write_recording(recording, find_place(tmp_path, recording))
    assert read_recording(path).run_id == run_id
    assert find_place(tmp_path, recording) == path, "the same run has the same file"
    other = dataclasses.replace(recording, run_id=f"{run_id}!")
    assert find_place(tmp_path, other) not in (path, tmp_path)


async def test_an_app_replays_with_its_deps(tmp_path: Path) -> None:
    @tool.write(card=lambda shown, context: f"{shown['item']} for {context.deps}")
    async def note(item: str) -> str:
        """Note it."""
        return "noted"

    script = Reply(calls=(call("note", item="soup"),)), "Noted."
    made = Agent(ScriptedModel(*script), name="noter", tools=[note])
    durable = engine(f"sqlite:///{tmp_path}/runs.db", app=App(flows=[made], deps="ada"))
    await made.run("Note soup", engine=durable, run_id="note", deps="ada", approve=approve)
    case = await record(durable, "note", tmp_path)
    durable.close()
    app = App(flows=[Agent(ScriptedModel(), name="noter", tools=[note])], deps=lambda: "ada")
    assert (await replay_case(case, app)).record.text == "Noted."
    assert (await replay_case(case, app.flow("noter"), deps="ada")).record.approvals[0].card == "soup for ada"


# what an agent does beside its steps


async def test_what_was_summarised_on_the_way_is_no_difference(tmp_path: Path) -> None:
    @tool.read(trust="tool", secrecy="public")
    async def look_up(item: str) -> str:
        """Look an item up."""
        return f"{item}: {'words ' * 60}"

    def make_reader() -> Agent[str]:
        script = [Reply(calls=(call("look_up", item=str(number)),)) for number in range(30)]
        window = Window(tokens=2000, strategies=[summarise_oldest(ScriptedModel("Many were looked up.", repeat=True), tokens=100)])
        return Agent(ScriptedModel(*script, "Done."), name="reader", tools=[look_up], window=window, limits=Limits())

    memory = MemoryEngine(strict=True)
    await make_reader().run("Look all of them up.", engine=memory, run_id="long")
    assert any("summary:" in run for run in memory.executions["long"].journal.results)
    replayed = await replay_case(await record(memory, "long", tmp_path), make_reader())
    assert str(replayed.difference or "") == ""
    assert replayed.record.text == "Done."
    assert replayed.record.usage.model_calls > 31


async def test_a_cancelled_run_in_memory_is_a_case_too(tmp_path: Path) -> None:
    memory = MemoryEngine(strict=True)
    await make_waiter(*SCRIPT).run("One burger", engine=memory, run_id="stopped")
    await memory.cancel("stopped")
    with pytest.raises(Cancelled):
        await memory.resume("stopped", {})
    case = await record(memory, "stopped", tmp_path)
    replayed = await replay_case(case, make_waiter())
    assert (replayed.difference, replayed.note, replayed.record.error, replayed.record.finished) == (None, "", "", False)
