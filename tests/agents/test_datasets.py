"""Data for fine-tuning out of runs: what a row holds, what is left out, what never leaves, and that no split leaks."""

from __future__ import annotations

import asyncio
import json
import random
from pathlib import Path
from typing import Annotated, Any

import pytest

from sayso import Agent, ScriptedModel, Secret, engine, tool
from sayso.agents import Reply, call
from sayso.agents.evaluation import Suite, evaluate
from sayso.agents.evaluation.datasets import (
    Example,
    ExampleOrigin,
    LeftOut,
    find_records,
    make_dataset,
    make_examples,
    pair_liked,
    read_examples,
    read_shares,
    split_examples,
)
from sayso.agents.evaluation.values import Case, RunRecord
from sayso.agents.guards import PersonalData, WordList
from sayso.agents.messages import AssistantMessage, UserMessage
from sayso.tools import Approve, Decision, Edit, Reject, UsageError
from sayso.tools.errors import NothingFound

SENT: list[str] = []


@tool.write(card="To {to}: {text}")
async def send_mail(to: str, text: str) -> str:
    """Send a mail."""
    SENT.append(to)
    return "sent"


@tool.read(trust="tool", secrecy="public")
async def look_up(name: str) -> str:
    """Look up an address."""
    return f"{name.lower()}@example.org, +49 170 1234567"


@tool.read
async def diary(day: str) -> str:
    """Read the diary."""
    return "a private line"


async def _converse(where: str, run_id: str, asked: str, replies: list[Reply | str], decisions: list[Decision]) -> None:
    agent = Agent(ScriptedModel(*replies), name="mails", instructions="Be brief.", tools=[look_up, send_mail, diary])
    store = engine(f"sqlite:///{where}")
    result = await agent.run(asked, engine=store, run_id=run_id)
    for decision in decisions:
        result = await store.resume(run_id, {result.pending[0].digest: decision})
    store.close()


def mail_runs(folder: Path, *runs: tuple[str, str, list[Reply | str], list[Decision]]) -> list[RunRecord]:
    """Runs of an agent that looks addresses up and sends mails, as a database has them."""
    where = str(folder / "runs.db")

    async def run() -> list[RunRecord]:
        for each in runs:
            await _converse(where, *each)
        store = engine(f"sqlite:///{where}")
        found = await find_records(store)
        store.close()
        return [each for each in found if isinstance(each, RunRecord)]

    return asyncio.run(run())


MAIL = Reply(calls=(call("send_mail", to="ann@example.org", text="hi"),))
OTHER_MAIL = Reply(calls=(call("send_mail", to="ann@example.org", text="Dear Ann, how are you?"),))
LOOK = Reply(calls=(call("look_up", name="Ann"),))


def rows(text: str) -> list[dict[str, Any]]:
    """The rows of a file."""
    return [json.loads(line) for line in text.splitlines()]


def test_a_run_is_a_row_with_its_calls_results_and_the_schemas_of_its_tools(tmp_path: Path) -> None:
    records = mail_runs(tmp_path, ("r1", "Say hi to Ann", [LOOK, MAIL, "Done."], [Approve()]))
    made = make_dataset(make_examples(records, why="thumbs up"))
    (row,) = rows(made.files()["train.jsonl"])
    assert [message["role"] for message in row["messages"]] == ["system", "user", "assistant", "tool", "assistant", "tool", "assistant"]
    assert json.loads(row["messages"][4]["tool_calls"][0]["function"]["arguments"]) == {"to": "[e-mail address 1]", "text": "hi"}
    assert row["messages"][3]["content"] == "[e-mail address 1], [phone number 1]"
    assert {each["function"]["name"] for each in row["tools"]} == {"look_up", "send_mail", "diary"}
    (origin,) = rows(made.files()["provenance.jsonl"])
    assert (origin["source"], origin["line"], origin["messages"], origin["why"]) == ("r1", 1, [2, 6], "thumbs up")


def test_for_trl_arguments_are_objects_and_tools_are_json_text(tmp_path: Path) -> None:
    records = mail_runs(tmp_path, ("r1", "Say hi to Ann", [LOOK, MAIL, "Done."], [Approve()]))
    (row,) = rows(make_dataset(make_examples(records), format="prompt-completion", reader="trl").files()["train.jsonl"])
    assert [message["role"] for message in row["prompt"]] == ["system", "user"]
    assert row["completion"][0]["tool_calls"][0]["function"]["arguments"] == {"name": "Ann"}
    assert row["completion"][1] == {"role": "tool", "name": "look_up", "content": "[e-mail address 1], [phone number 1]"}
    assert len(json.loads(row["tools"])) == 3


def test_a_call_is_learned_as_the_person_put_it_and_a_rejected_one_is_not_learned(tmp_path: Path) -> None:
    edit = Edit({"to": "ann@example.org", "text": "Hello Ann"})
    records = mail_runs(
        tmp_path,
        ("edited", "Say hi to Ann", [MAIL, "Done."], [edit, Approve()]),
        ("rejected", "Write to Ann, please", [MAIL, OTHER_MAIL, "It is sent."], [Reject("too short"), Approve()]),
    )
    edited, rejected = rows(make_dataset(make_examples(records)).files()["train.jsonl"])
    assert "Hello Ann" in edited["messages"][2]["tool_calls"][0]["function"]["arguments"]
    assert [message.get("weight", 1) for message in rejected["messages"] if message["role"] == "assistant"] == [0, 1, 1]
    with_reasons = make_dataset(make_examples(records), reader="trl")
    assert [(each.source, "rejected" in each.why) for each in with_reasons.left_out] == [("rejected", True)]


def test_what_the_application_filled_in_is_not_learned(tmp_path: Path) -> None:
    @tool.write(card="{item} to {address}", prepare=lambda arguments, _: {**arguments, "address": arguments["address"] or "1234 My Street"})
    async def order(item: str, quantity: int = 1, address: str = "") -> str:
        """Order."""
        return "ordered"

    async def run() -> list[RunRecord]:
        store = engine(f"sqlite:///{tmp_path / 'runs.db'}")
        model = ScriptedModel(Reply(calls=(call("order", item="fries"),)), "Done.")
        paused = await Agent(model, tools=[order]).run("Fries!", engine=store, run_id="r1")
        shown = json.loads(paused.pending[0].arguments)
        assert shown["address"] == "1234 My Street"
        paused = await store.resume("r1", {paused.pending[0].digest: Edit({**shown, "quantity": 2})})
        while paused.pending:
            paused = await store.resume("r1", {paused.pending[0].digest: Approve()})
        found = await find_records(store)
        store.close()
        return [each for each in found if isinstance(each, RunRecord)]

    (pair,) = make_examples(asyncio.run(run()), format="preference")
    assert isinstance(pair, Example)
    calls = [json.loads(side[0]["tool_calls"][0]["function"]["arguments"]) for side in (pair.answer, pair.rejected)]
    assert calls == [{"item": "fries", "quantity": 2}, {"item": "fries"}]


def test_a_call_that_was_written_as_text_is_not_learned_after_an_edit(tmp_path: Path) -> None:
    async def run() -> list[RunRecord | LeftOut]:
        store = engine(f"sqlite:///{tmp_path / 'runs.db'}")
        model = ScriptedModel('send_mail(to="ann@example.org", text="hi")', "Done.")
        agent = Agent(model, tools=[send_mail], dialect="call")
        paused = await agent.run("Say hi to ann@example.org", engine=store, run_id="r1")
        paused = await store.resume("r1", {paused.pending[0].digest: Edit({"to": "ann@example.org", "text": "Hello"})})
        while paused.pending:
            paused = await store.resume("r1", {paused.pending[0].digest: Approve()})
        found = await find_records(store)
        store.close()
        return found

    records = asyncio.run(run())
    (row,) = rows(make_dataset(make_examples(records)).files()["train.jsonl"])
    written = [message for message in row["messages"] if "send_mail(" in message["content"] and message["role"] == "assistant"]
    assert [message["weight"] for message in written] == [0] * len(written)
    (pair,) = make_examples(records, format="preference")
    assert isinstance(pair, LeftOut)
    assert "as text" in pair.why


def test_edits_and_replaced_rejections_are_pairs_and_other_decisions_are_unpaired(tmp_path: Path) -> None:
    records = mail_runs(
        tmp_path,
        ("edited", "Say hi to Ann", [MAIL, "Done."], [Edit({"to": "ann@example.org", "text": "Hello Ann"}), Approve()]),
        ("replaced", "Write to Ann, please", [MAIL, OTHER_MAIL, "It is sent."], [Reject("too short"), Approve()]),
        ("refused", "Mail to Ann", [MAIL, "Then not."], [Reject("never")]),
        ("approved", "Ann wants a mail", [MAIL, "Sent."], [Approve()]),
    )
    made = make_dataset(make_examples(records, format="preference"), format="preference", finders=[])
    pairs = rows(made.files()["train.jsonl"])
    texts = [
        [
            json.loads(row[side][0]["tool_calls"][0]["function"]["arguments"])["text"]
            for side in ("preferred_output", "non_preferred_output")
        ]
        for row in pairs
    ]
    assert texts == [["Hello Ann", "hi"], ["Dear Ann, how are you?", "hi"]]
    assert all("weight" not in message for row in pairs for message in row["input"]["messages"])
    assert [row["label"] for row in rows(made.files()["train.unpaired.jsonl"])] == [False, True]
    (first, *_) = rows(make_dataset(make_examples(records, format="preference"), format="preference", reader="trl").files()["train.jsonl"])
    assert first["rejected"][0]["tool_calls"][0]["function"]["arguments"]["text"] == "hi"


def test_runs_of_an_evaluation_are_left_out_unless_they_are_named(tmp_path: Path) -> None:
    async def run() -> tuple[list[RunRecord | LeftOut], list[RunRecord | LeftOut]]:
        store = engine(f"sqlite:///{tmp_path / 'runs.db'}")
        agent = Agent(ScriptedModel("Yes.", repeat=True), name="desk")
        await agent.run("Are you open?", engine=store, run_id="order-3")
        await agent.run("And on Sunday?", engine=store, run_id="order-3-1")
        await evaluate(Suite(name="s", cases=(Case(name="one", input="Parking?"),)), agent, store=store)
        every = await find_records(store)
        cases = [each.source for each in every if isinstance(each, LeftOut)]
        named = await find_records(store, cases)
        store.close()
        return every, named

    every, named = asyncio.run(run())
    assert [each.run_id for each in every if isinstance(each, RunRecord)] == ["order-3", "order-3-1"]
    assert [each.why for each in every if isinstance(each, LeftOut)] == ["it is of an evaluation"] * 2
    assert [type(each) for each in named] == [RunRecord, RunRecord]


def test_thumbs_up_and_down_on_the_same_question_are_a_pair() -> None:
    def answered(run_id: str, question: str, answer: str) -> RunRecord:
        return RunRecord(run_id=run_id, flow="a", input=question, messages=(UserMessage(question), AssistantMessage(answer)))

    found = pair_liked(
        [
            (answered("a", "Open on Sunday?", "Yes, from ten."), True, "right"),
            (answered("b", "Open on Sunday?", "I do not know."), False, ""),
            (answered("c", "Where are you?", "No idea."), False, "rude"),
        ]
    )
    pair, alone = found
    assert isinstance(pair, Example)
    assert isinstance(alone, Example)
    assert (pair.answer[0]["content"], pair.rejected[0]["content"]) == ("Yes, from ten.", "I do not know.")
    assert pair.origin.why == "thumbs up: right; run b got thumbs down"
    assert (alone.liked, alone.rejected) == (False, ())


def test_private_text_leaves_only_where_that_is_said(tmp_path: Path) -> None:
    records = mail_runs(tmp_path, ("r1", "What did I do?", [Reply(calls=(call("diary", day="Monday"),)), "You wrote a line."], []))
    with pytest.raises(NothingFound, match="private text"):
        make_dataset(make_examples(records))
    made = make_dataset(make_examples(records, private=True))
    assert "a private line" in made.files()["train.jsonl"]
    assert rows(made.files()["provenance.jsonl"])[0]["labels"] == ["private", "unvouched"]


def test_secrets_of_a_call_never_leave(tmp_path: Path) -> None:
    function = {
        "name": "log_in",
        "parameters": {"type": "object", "properties": {"user": {"type": "string"}, "pin": {"type": "integer", "writeOnly": True}}},
    }
    arguments = json.dumps({"user": "ada", "pin": 471147})
    example = Example(
        prompt=({"role": "user", "content": "Log me in with 471147"},),
        answer=(
            {"role": "assistant", "tool_calls": [{"id": "a", "type": "function", "function": {"name": "log_in", "arguments": arguments}}]},
            {"role": "tool", "tool_call_id": "a", "content": '{"ok": true, "with": 471147}'},
            {"role": "assistant", "content": "You are in."},
        ),
        tools=({"type": "function", "function": function},),
        origin=ExampleOrigin("r1", "r1"),
    )
    text = "\n".join(make_dataset([example]).files().values())
    assert "471147" not in text
    assert '"ok\\": true' in text


def test_a_run_with_a_secret_in_memory_or_a_database_gives_it_to_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAYSO_SECRET_KEY", "k" * 43)

    @tool.read(trust="tool", secrecy="public")
    async def log_in(user: str, pin: Annotated[int, Secret()]) -> str:
        """Log in."""
        return f"in with {pin}"

    async def run() -> list[RunRecord]:
        store = engine(f"sqlite:///{tmp_path / 'runs.db'}")
        model = ScriptedModel(Reply(calls=(call("log_in", user="ada", pin=471147),)), "You are in.")
        await Agent(model, tools=[log_in]).run("Log me in", engine=store, run_id="r1")
        found = await find_records(store, ["r1"])
        store.close()
        return [each for each in found if isinstance(each, RunRecord)]

    made = make_dataset(make_examples(asyncio.run(run())))
    assert "471147" not in "\n".join(made.files().values())


def test_placeholders_are_the_same_within_a_conversation_and_names_may_be_given() -> None:
    def turn(number: int, text: str, answer: str, conversation: str) -> Example:
        message = {"role": "user", "content": text}
        return Example(
            prompt=(message,),
            answer=({"role": "assistant", "content": answer},),
            origin=ExampleOrigin(f"{conversation}.{number}", conversation),
        )

    examples = [
        turn(1, "Write to bob@example.org and ada@example.org", "Both got it.", "a"),
        turn(2, "And to ADA@example.org again, call 0170 1234567", "Ada Lovelace was written to.", "a"),
        turn(1, "Mail ada@example.org the bill of March", "Sent.", "b"),
    ]
    made = make_dataset(examples, finders=[WordList("Ada Lovelace", what="a name"), PersonalData()])
    texts = [row["messages"] for row in rows(made.files()["train.jsonl"])]
    assert [[message["content"] for message in row] for row in texts] == [
        ["Write to [e-mail address 1] and [e-mail address 2]", "Both got it."],
        ["And to [e-mail address 2] again, call [phone number 1]", "[name 1] was written to."],
        ["Mail [e-mail address 1] the bill of March", "Sent."],
    ]


CREDENTIALS = {
    "OpenAI": "sk-proj-abcdefghijklmnop1234567890ABCDEFGH",
    "GitHub": "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
    "AWS": "AKIAIOSFODNN7EXAMPLE",
    "Slack": "xoxb-123456789012-abcdefghijklmnop",
    "JSON web token": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abcDEFghiJKLmnoPQRstuVWXyz0123456789",
    "a bearer": "abcdef0123456789abcdef",
    "a private key": "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC",
    "in an address": "hunter2",
    "after a colon": "hunter3secret",
    "after a sign": "correcthorse",
    "in a query": "abc123def456ghi789",
    "a cookie": "9f8e7d6c5b4a3f2e1d0c",
    "JSON": "tr0ub4dor",
}
WRITTEN = """Use {OpenAI} or {GitHub}, {AWS}, {Slack}. {JSON web token}
Authorization: Bearer {a bearer}
-----BEGIN PRIVATE KEY-----
{a private key}
-----END PRIVATE KEY-----
postgresql://ada:{in an address}@db/prod
password: {after a colon} and pwd={after a sign}; https://host.example/path?token={in a query}
Set-Cookie: session={a cookie}
{{"api_key": "{JSON}"}}"""


@pytest.mark.parametrize("finders", [None, []], ids=["with personal data", "without"])
def test_credentials_never_leave_even_where_personal_data_stays(finders: list[Any] | None) -> None:
    text = WRITTEN.format(**CREDENTIALS)
    made = make_dataset([text_example(text, f"I have {text}")], finders=finders)
    written = "\n".join(made.files().values())
    assert [name for name, value in CREDENTIALS.items() if value in written] == []
    assert made.replaced["secret"] >= 2 * len(CREDENTIALS) - 2


HARMLESS = (
    "The password: must be eight letters long.",
    "The secret: use more butter.",
    "Session 3: introduction at 12:30:45",
    "A token: a piece of a word",
    "std::vector and a::b, version 3.11.7",
    "Cookies: two of them",
    "127.0.0.1 and ::1 are your own machine",
)


@pytest.mark.parametrize("text", HARMLESS)
def test_words_that_only_sound_like_credentials_stay(text: str) -> None:
    (row,) = rows(make_dataset([text_example(text, "Yes.")]).files()["train.jsonl"])
    assert row["messages"][0]["content"] == text


def test_addresses_of_machines_are_personal_data() -> None:
    (row,) = rows(
        make_dataset([text_example("From 192.168.17.44 to 2001:db8::8a2e:370:7334, 192.168.17.44.", "Ok.")]).files()["train.jsonl"]
    )
    assert row["messages"][0]["content"] == "From [IP address 1] to [IP address 2], [IP address 1]."


def text_example(prompt: str, answer: str, source: str = "", conversation: str = "") -> Example:
    """An example of two texts."""
    made = ({"role": "user", "content": prompt},), ({"role": "assistant", "content": answer},)
    return Example(prompt=made[0], answer=made[1], origin=ExampleOrigin(source or prompt[:20], conversation))


def test_duplicates_are_left_out_and_named() -> None:
    long = "The delivery came late, the pizza was cold and nobody at the counter wanted to hear about it on this rainy evening in March"
    examples = [
        text_example("What is open?", "The shop.", "a"),
        text_example("WHAT  is open?", "the shop.", "b"),
        text_example(long, "complaint", "c"),
        text_example(f"{long} at all", "complaint", "d"),
        text_example("Where do I park my car?", "Behind the house.", "e"),
    ]
    made = make_dataset(examples)
    assert [each.origin.source for each in made.parts["train"]] == ["a", "c", "e"]
    assert made.left_out[0] == LeftOut("b", "it is the same as a")
    assert made.left_out[1].source == "d"
    assert "near duplicate of c" in made.left_out[1].why
    assert len(make_dataset(examples, near=2).parts["train"]) == 4


def test_turns_of_one_conversation_are_no_duplicates_of_each_other() -> None:
    spoken: list[dict[str, Any]] = []
    examples: list[Example] = []
    for number, (asked, told) in enumerate(zip("ABCDEFGH", ("one", "two", "three", "four", "five", "six", "seven", "eight"), strict=True)):
        words = " ".join(f"{asked}{place}" for place in range(12))
        question = {"role": "user", "content": f"Question {words}"}
        answer = {"role": "assistant", "content": f"It is {told}."}
        examples.append(Example(prompt=(*spoken, question), answer=(answer,), origin=ExampleOrigin(f"s.{number}", "s")))
        spoken += [question, answer]
    assert len(make_dataset(examples).parts["train"]) == 8


def many(count: int, seed: int = 7) -> list[Example]:
    """Examples of different words, three turns to a conversation."""
    chance = random.Random(seed)
    words = [f"word{number}" for number in range(2000)]
    return [
        text_example(
            " ".join(chance.sample(words, 20)), " ".join(chance.sample(words, 8)), f"c{number // 3}.{number % 3}", f"c{number // 3}"
        )
        for number in range(count)
    ]


def test_a_split_is_by_conversation_and_stays_when_rows_are_added() -> None:
    before = split_examples(many(300), (0.8, 0.1, 0.1)).parts
    after = split_examples(many(600), (0.8, 0.1, 0.1)).parts
    homes = [{each.origin.conversation for each in part} for part in before.values()]
    assert sum(map(len, homes)) == len(set.union(*homes))
    assert [round(len(part) / 300, 1) for part in before.values()] == [0.8, 0.1, 0.1]
    for name, part in before.items():
        assert {each.origin.source for each in part} <= {each.origin.source for each in after[name]}


def test_near_duplicates_and_continued_conversations_stay_together() -> None:
    for seed in range(20):
        examples = many(60, seed)
        asked = examples[0].prompt[0]["content"]
        twin = text_example(f"{asked} please", "something else entirely", "twin", "of its own")
        longer = Example(
            prompt=(*examples[10].prompt, *examples[10].answer, {"role": "user", "content": "And then?"}),
            answer=({"role": "assistant", "content": "Then it ends."},),
            origin=ExampleOrigin("longer", ""),
        )
        parts = split_examples([*examples, twin, longer], (0.5, 0.5), seed=str(seed)).parts
        where = {each.origin.source: name for name, part in parts.items() for each in part}
        assert where["twin"] == where["c0.0"]
        assert where["longer"] == where["c3.1"]


def windowed(kept: int, changed: bool = False) -> list[Example]:
    """Runs of thirty conversations with ids of their own, of which a program sends only the latest messages."""
    chance = random.Random(5)
    words = [f"word{number}" for number in range(3000)]
    examples: list[Example] = []
    for talk in range(30):
        spoken: list[dict[str, Any]] = []
        for turn in range(5):
            asked = {"role": "user", "content": f"talk{talk} " + " ".join(chance.sample(words, 12))}
            told = {"role": "assistant", "content": "It is " + " ".join(chance.sample(words, 12))}
            prompt = [{**each, "content": f"  {each['content'].upper()}\n"} if changed else each for each in spoken[-kept:]]
            examples.append(
                Example(prompt=(*prompt, asked), answer=(told,), origin=ExampleOrigin(f"run{talk * 5 + turn}", f"run{talk * 5 + turn}"))
            )
            spoken += [asked, told]
    return examples


@pytest.mark.parametrize(("kept", "changed"), [(2, False), (3, False), (4, True)])
def test_a_conversation_of_which_only_the_latest_turns_are_sent_is_one(kept: int, changed: bool) -> None:
    homes: dict[str, set[str]] = {}
    for name, part in split_examples(windowed(kept, changed), (0.7, 0.15, 0.15)).parts.items():
        for each in part:
            homes.setdefault(str(each.prompt[-1]["content"]).split()[0], set()).add(name)
    assert {talk: names for talk, names in homes.items() if len(names) > 1} == {}


def test_a_greeting_and_an_excuse_that_many_share_make_no_conversation_of_them() -> None:
    greeting = ({"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Hello! How can I help you today?"})
    examples = [
        Example(
            prompt=(*greeting, *each.prompt),
            answer=({"role": "assistant", "content": "Sorry, please ask me about insurance."},),
            origin=each.origin,
        )
        for each in many(90)
    ]
    assert all(split_examples(examples, (0.6, 0.2, 0.2)).parts.values())
    assert split_examples(examples, (0.6, 0.2, 0.2)).notes == ()


def test_a_template_around_different_texts_makes_them_no_duplicates() -> None:
    rule = " ".join(f"rule{number}" for number in range(150))
    examples = [text_example(f"{rule} Text: {each.prompt[0]['content'][:60]}", f"class {number}") for number, each in enumerate(many(40))]
    assert len(make_dataset(examples, shares=(0.5, 0.5)).parts["train"]) > 5


def test_a_split_that_would_leak_is_refused_and_an_empty_one_is_mended_and_told() -> None:
    one = [text_example(f"Question {number}", f"Answer {number}", f"s.{number}", "s") for number in range(12)]
    with pytest.raises(UsageError, match="cannot be split into train, validation, test without a leak: they are 1 group"):
        split_examples(one, (0.8, 0.1, 0.1))
    few = [text_example(f"Question of {word}", f"Answer {word}", word, word) for word in ("salt", "sand", "snow", "soap")]
    split = split_examples(few, (0.98, 0.01, 0.01))
    assert all(split.parts.values())
    assert any("would have been empty" in note for note in split.notes)


SHARES = {
    "percent": ("80/10/10", (0.8, 0.1, 0.1)),
    "parts of one": ("0.9/0.1", (0.9, 0.1)),
    "commas": ("70,30", (0.7, 0.3)),
    "no validation": ("90/0/10", (0.9, 0.0, 0.1)),
}


@pytest.mark.parametrize(("text", "shares"), SHARES.values(), ids=SHARES)
def test_shares_are_read(text: str, shares: tuple[float, ...]) -> None:
    assert read_shares(text) == pytest.approx(shares)


WRONG_SHARES = {
    "too little": ("80/10", "add up to 90, and not to 100"),
    "too much": ("80/30", "add up to 110"),
    "words": ("most/rest", "are not shares"),
    "four": ("70/10/10/10", "are not shares"),
    "nothing to train on": ("0/100", "leave nothing to train on"),
    "negative": ("110/-10", "are not shares"),
    "one": ("0.5", "add up to 0.5, and not to 1"),
    "nan": ("nan/10", "are not shares"),
}


@pytest.mark.parametrize(("text", "message"), WRONG_SHARES.values(), ids=WRONG_SHARES)
def test_shares_that_do_not_add_up_are_refused(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        read_shares(text)


def test_runs_that_teach_nothing_are_left_out_with_the_reason() -> None:
    base: dict[str, Any] = {"flow": "a", "input": "x"}
    records = [
        RunRecord(run_id="paused", finished=False, **base),
        RunRecord(run_id="failed", error="The model is down.", **base),
        RunRecord(run_id="empty", **base),
        RunRecord(run_id="other version", messages=({"text": "old"},), **base),
        RunRecord(run_id="no schema", messages=(UserMessage("x"), AssistantMessage("", (_call(),), native=True)), **base),
        RunRecord(run_id="cut", messages=(UserMessage("x"),), **base),
    ]
    why = {each.source: each.why for each in make_examples(records) if isinstance(each, LeftOut)}
    assert {name: text[:24] for name, text in why.items()} == {
        "paused": "it is not finished",
        "failed": "it failed: The model is ",
        "empty": "it has no text to learn ",
        "other version": "another version of Sayso",
        "no schema": "the schema of send_mail,",
        "cut": "it has no answer of the ",
    }
    with pytest.raises(NothingFound, match="No example is left for the data set"):
        make_dataset(make_examples(records))


def _call() -> Any:
    from sayso.tools import ToolCall

    return ToolCall("0.0", "send_mail", {})


def test_a_folder_of_others_is_not_overwritten_and_an_earlier_data_set_goes_away(tmp_path: Path) -> None:
    made = make_dataset(many(60), shares=(0.8, 0.1, 0.1))
    made.write(tmp_path / "new")
    assert {path.name for path in (tmp_path / "new").iterdir()} == {
        "train.jsonl", "validation.jsonl", "test.jsonl", "provenance.jsonl", "dataset.json",
    }  # fmt: skip
    make_dataset(many(60)).write(tmp_path / "new")
    assert not (tmp_path / "new" / "test.jsonl").exists()
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "train.jsonl").write_text("mine")
    with pytest.raises(UsageError, match="holds no data set of Sayso"):
        made.write(tmp_path / "other")
    assert (tmp_path / "other" / "train.jsonl").read_text() == "mine"


@pytest.mark.parametrize(("format", "reader"), [("chat", "openai"), ("chat", "trl"), ("prompt-completion", "trl"), ("preference", "trl")])
def test_what_is_written_is_read_back(format: str, reader: str, tmp_path: Path) -> None:
    records = mail_runs(
        tmp_path,
        ("r1", "Say hi to Ann", [LOOK, MAIL, "Done."], [Approve()]),
        ("r2", "Write to Ann, please", [MAIL, "Sent."], [Edit({"to": "bob@example.org", "text": "Hello Bob"}), Approve()]),
    )
    made = make_dataset(make_examples(records, format=format), format=format, reader=reader)
    made.write(tmp_path / "out")
    again = make_dataset(read_examples(tmp_path / "out" / "train.jsonl"), format=format, reader=reader)
    assert again.files()["train.jsonl"] == made.files()["train.jsonl"]
