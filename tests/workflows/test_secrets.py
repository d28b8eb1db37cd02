"""A secret reaches the tool, and nobody and nothing else: not the card, the events, the messages of errors, nor the bytes of a database."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, Field, SecretBytes, SecretStr, StringConstraints

from sayso import Agent, ScriptedModel, engine, tool
from sayso.agents import Reply, call
from sayso.agents.guards import WordList
from sayso.agents.messages import NativeCall, ToolMessage
from sayso.agents.models.model import ModelRequest
from sayso.events import TextPiece, ThoughtPiece
from sayso.tools import Approve, Edit, Grant, Secret, SecretLocked, UsageError
from sayso.tools.approval.requests import ApprovalRequest
from sayso.tools.definition.secret import make_pattern, mask_text
from sayso.tools.definition.secret_stream import SecretStream
from sayso.workflows import DurableEngine, Run, Workflow

KEY = "correct-horse-battery-staple-0123456789"
OTHER = "tr0ub4dor-and-3-for-everybody-9876543210"
PASSWORD = 'hunter"2-ä'
DONE: list[Any] = []


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAYSO_SECRET_KEY", KEY)
    DONE.clear()


class Login(BaseModel):
    user: str
    password: SecretStr = Field(SecretStr(""), alias="pass")
    pin: Annotated[int, Secret()] = 0
    answers: list[Annotated[str, Secret()]] = []


@tool.write(card="Log in as {user} with {password}")
async def log_in(user: str, password: SecretStr) -> str:
    """Log in."""
    DONE.append((user, password.get_secret_value()))
    return f"{user} is in, with {password.get_secret_value()}"


@tool.write
async def mark(user: str, password: Annotated[str, Secret()]) -> str:
    """Log in."""
    DONE.append((user, password))
    return "in"


@tool.write
async def raw(data: SecretBytes) -> str:
    """Send."""
    DONE.append(data.get_secret_value())
    return "sent"


@tool.write
async def many(logins: dict[str, list[Login]]) -> str:
    """Log in often."""
    DONE.append([(each.password.get_secret_value(), each.pin, each.answers) for each in logins["all"]])
    return "in"


@tool.write
async def whole(login: Annotated[Login, Secret()], codes: Annotated[list[str], Secret()]) -> str:
    """Log in."""
    DONE.append((login.user, login.password.get_secret_value(), codes))
    return "in"


class Chain(BaseModel):
    pin: Annotated[str, Secret()]
    next: Chain | None = None


@tool.write
async def unlock(
    chain: Chain,
    named: dict[Annotated[str, StringConstraints(pattern="^a")], Annotated[str, Secret()]],
) -> str:
    """Unlock."""
    last = chain
    while last.next is not None:
        last = last.next
    DONE.append((last.pin, named["ada"]))
    return "in"


def nested(pin: str, depth: int) -> dict[str, Any]:
    return {"pin": "first-pin-0815", "next": nested(pin, depth - 1)} if depth else {"pin": pin}


SHAPES: dict[str, tuple[Any, dict[str, Any], Any, list[str]]] = {
    "SecretStr": (log_in, {"user": "ada", "password": PASSWORD}, ("ada", PASSWORD), [PASSWORD]),
    "an annotation": (mark, {"user": "ada", "password": PASSWORD}, ("ada", PASSWORD), [PASSWORD]),
    "SecretBytes": (raw, {"data": PASSWORD}, PASSWORD.encode(), [PASSWORD]),
    "a model and a list as a whole": (
        whole,
        {"login": {"user": "ada-the-user", "pass": PASSWORD}, "codes": ["code-one", "code-two"]},
        ("ada-the-user", PASSWORD, ["code-one", "code-two"]),
        ["ada-the-user", PASSWORD, "code-one", "code-two"],
    ),
    "places far inside, and behind patterns": (
        unlock,
        {"chain": nested("pin-4711-last", 30), "named": {"ada": PASSWORD}},
        ("pin-4711-last", PASSWORD),
        ["pin-4711-last", "first-pin-0815", PASSWORD],
    ),
    "fields of models in a dict": (
        many,
        {"logins": {"all": [{"user": "ada", "pass": PASSWORD, "pin": 471147, "answers": ["Fluffy-the-cat"]}]}},
        [(PASSWORD, 471147, ["Fluffy-the-cat"])],
        [PASSWORD, "471147", "Fluffy-the-cat"],
    ),
}


def agent(used: Any, arguments: Mapping[str, Any]) -> Agent[str]:
    wish = Reply(calls=(call(used.name, **arguments),), text=f"I call it with {arguments.get('password', 'it')}.")

    def says(request: ModelRequest) -> Reply | str:
        return "Done." if any(isinstance(each, ToolMessage) for each in request.messages) else wish

    return Agent(ScriptedModel(says, repeat=True), name="clerk", tools=[used])


def spellings(plain: str) -> set[str]:
    once = json.dumps(plain)[1:-1]
    return {plain, once, json.dumps(once)[1:-1], json.dumps(plain, ensure_ascii=False)[1:-1], repr(plain)[1:-1]}


def assert_hidden(text: str, among: list[str]) -> None:
    for plain in among:
        for each in spellings(plain):
            assert each not in text


async def read_whole(runs: DurableEngine) -> str:
    """Return all that a database of runs holds, as text."""
    tables = ("sayso_runs", "sayso_log", "sayso_inbox", "sayso_approvals")
    rows = await runs.database.do(lambda session: [row for table in tables for row in session.execute(f"SELECT * FROM {table}").fetchall()])
    return "\n".join(str(cell) for row in rows for cell in row)


@tool.write
async def keyed(user: str, doors: dict[Annotated[str, Secret()], int]) -> str:
    """Open."""
    raise AssertionError("nobody said yes")


async def test_a_secret_key_is_refused_by_name_and_stored_nowhere(tmp_path: Path) -> None:
    runs = engine(f"sqlite:///{tmp_path}/runs.db")
    with pytest.raises(UsageError, match="The tool keyed has a secret as the key of a dict, which cannot be hidden"):
        await agent(keyed, {"user": "ada", "doors": {PASSWORD: 1}}).run("x", engine=runs, run_id="r1")
    assert_hidden(await read_whole(runs), [PASSWORD])


@pytest.mark.parametrize(("used", "arguments", "received", "among"), SHAPES.values(), ids=SHAPES)
async def test_a_secret_that_a_model_wrote_reaches_the_tool_and_no_database(
    used: Any, arguments: dict[str, Any], received: Any, among: list[str], database_url: str
) -> None:
    runs = engine(database_url)
    assert isinstance(runs, DurableEngine)
    paused = await agent(used, arguments).run("log in", engine=runs, run_id="r1")
    (request,) = paused.pending
    assert_hidden(repr(request), among)
    assert "**********" in request.card
    assert_hidden(await read_whole(runs), among)
    runs.close()

    again = engine(database_url)  # another program, days later
    done = await agent(used, arguments).run("log in", engine=again, run_id="r1", approve=approve)
    assert (done.output, DONE) == ("Done.", [received])
    assert_hidden(await read_whole(again), among)
    events = [event async for event in again.follow_emitted("r1")]
    assert_hidden(repr(events), among)
    (message,) = [each for each in done.messages if isinstance(each, ToolMessage)]
    assert_hidden(repr(message), among)  # the tool repeated it
    again.close()
    if database_url.startswith("sqlite"):
        whole = b"".join(
            each.read_bytes() for each in Path(database_url.removeprefix("sqlite:///")).parent.glob("runs.db*") if each.is_file()
        )
        assert not any(each.encode() in whole for plain in among for each in spellings(plain))


async def approve(request: ApprovalRequest) -> Approve:
    return Approve(by="ada")


async def test_a_secret_that_the_program_binds_is_not_in_the_database(tmp_path: Path) -> None:
    runs = engine(f"sqlite:///{tmp_path}/runs.db")
    bound = log_in.using(password=SecretStr(PASSWORD))
    paused = await agent(bound, {"user": "ada"}).run("x", engine=runs, run_id="r1")
    assert (paused.pending[0].card, paused.pending[0].secrets) == ("Log in as ada with **********", ("password",))
    edited = await runs.resume("r1", {paused.pending[0].digest: Edit({**json.loads(paused.pending[0].arguments), "user": "eve"})})
    assert edited.pending[0].card == "Log in as eve with **********"
    runs.close()
    runs = engine(f"sqlite:///{tmp_path}/runs.db")
    done = await agent(bound, {"user": "ada"}).run("x", engine=runs, run_id="r1", approve=approve)
    assert (DONE, done.output) == ([("eve", PASSWORD)], "Done.")
    assert "eve is in, with **********" in repr(done.messages)
    assert_hidden(await read_whole(runs), [PASSWORD])
    runs.close()


NO_PASSWORD = SecretStr("")


class Vault:
    def __init__(self) -> None:
        self.password = SecretStr(PASSWORD)


@tool.write(prepare=lambda arguments, context: {"password": context.deps.password})
async def completed(user: str, password: SecretStr = NO_PASSWORD) -> str:
    """Log in."""
    DONE.append((user, password.get_secret_value()))
    raise RuntimeError(f"the server refused {password.get_secret_value()}")


async def test_a_secret_from_deps_is_hidden_in_the_words_of_the_failure_too(tmp_path: Path) -> None:
    runs = engine(f"sqlite:///{tmp_path}/runs.db")
    result = await agent(completed, {"user": "ada"}).run("x", engine=runs, run_id="r1", deps=Vault(), approve=approve)
    assert DONE == [("ada", PASSWORD)]
    assert "the server refused **********" in repr(result.messages)
    assert_hidden(await read_whole(runs), [PASSWORD])
    runs.close()


EDITS: dict[str, tuple[Any, Any]] = {
    "left hidden": (lambda frozen: frozen["password"], PASSWORD),
    "left as the stars that were shown": (lambda frozen: "**********", PASSWORD),
    "typed anew": (lambda frozen: "sesame-open-9", "sesame-open-9"),
}


@pytest.mark.parametrize("where", ["at once", "from another program"])
@pytest.mark.parametrize(("change", "performed"), EDITS.values(), ids=EDITS)
async def test_an_approver_edits_a_call_with_a_secret(change: Any, performed: str, where: str, database_url: str) -> None:
    runs, arguments = engine(database_url), {"user": "ada", "password": PASSWORD}
    assert isinstance(runs, DurableEngine)
    paused = await agent(log_in, arguments).run("x", engine=runs, run_id="r1")
    (first,) = paused.pending
    edit = Edit({"user": "eve", "password": change(json.loads(first.arguments))}, by="ada")
    if where == "at once":
        edited = await runs.resume("r1", {first.digest: edit})
    else:
        await runs.decide("r1", {first.digest: edit})
        assert_hidden(await read_whole(runs), [PASSWORD, performed])
        runs.close()
        runs = engine(database_url)
        edited = await agent(log_in, arguments).run("x", engine=runs, run_id="r1")
    assert edited.pending[0].card == "Log in as eve with **********"
    sources = {each.name: each.source for each in edited.pending[0].shown}
    assert (sources["password"] == "you wrote this") is (performed != PASSWORD)
    runs.close()
    runs = engine(database_url)
    await agent(log_in, arguments).run("x", engine=runs, run_id="r1", approve=approve)
    assert [("eve", performed)] == DONE
    assert_hidden(await read_whole(runs), [PASSWORD, performed])
    runs.close()


async def test_a_hidden_value_of_another_request_is_not_revealed() -> None:
    paused = await agent(log_in, {"user": "ada", "password": PASSWORD}).run("x")
    other = await agent(log_in, {"user": "bob", "password": "bobs-own-word"}).run("x")
    theirs = json.loads(other.pending[0].arguments)["password"]
    ended = await paused.resume({paused.pending[0].digest: Edit({"user": "ada", "password": theirs})})
    assert (DONE, ended.pending) == ([], ())
    assert "stands for a secret of another request" in repr(ended.messages)


STARS: dict[str, Any] = {"stars": "**********", "what stands for a secret": {"$secret": "memory.0"}}


@pytest.mark.parametrize("value", STARS.values(), ids=STARS)
async def test_stars_that_a_model_copies_are_no_secret(value: Any) -> None:
    ended = await agent(log_in, {"user": "ada", "password": value}).run("x", approve=approve)
    assert DONE == []
    assert "log_in was not called" in repr(ended.messages)


class TestKeys:
    """Without the right key nothing is performed, and the message names the key."""

    async def test_without_a_key_a_database_refuses_the_call_by_name(self, database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("SAYSO_SECRET_KEY")
        runs = engine(database_url)
        assert isinstance(runs, DurableEngine)
        with pytest.raises(UsageError, match="log_in takes a secret, and a database has secrets only encrypted: set SAYSO_SECRET_KEY"):
            await agent(log_in, {"user": "ada", "password": PASSWORD}).run("x", engine=runs, run_id="r1", approve=approve)
        assert DONE == []
        assert_hidden(await read_whole(runs), [PASSWORD])
        monkeypatch.setenv("SAYSO_SECRET_KEY", KEY)
        runs.close()
        runs = engine(database_url)
        done = await agent(log_in, {"user": "ada", "password": PASSWORD}).run("x", engine=runs, run_id="r1", approve=approve)
        assert (done.output, DONE) == ("Done.", [("ada", PASSWORD)])
        runs.close()

    @pytest.mark.parametrize("key", ["", OTHER])
    async def test_without_its_key_a_request_is_not_performed(self, key: str, database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
        bound = log_in.using(password=SecretStr(PASSWORD))  # nothing but the request has it
        runs = engine(database_url)
        paused = await agent(bound, {"user": "ada"}).run("x", engine=runs, run_id="r1")
        runs.close()
        monkeypatch.setenv("SAYSO_SECRET_KEY", key)
        runs = engine(database_url)
        with pytest.raises(SecretLocked, match=r"encrypted with the key \w{8}, and .*Set SAYSO_SECRET_KEY to that key"):
            await agent(bound, {"user": "ada"}).run("x", engine=runs, run_id="r1", approve=approve)
        runs.close()
        assert (DONE, len(paused.pending)) == ([], 1)
        monkeypatch.setenv("SAYSO_SECRET_KEY", f"{OTHER}, {KEY}")  # rotated: the new one in front, the old one for what it encrypted
        runs = engine(database_url)
        done = await agent(bound, {"user": "ada"}).run("x", engine=runs, run_id="r1", approve=approve)
        assert (done.output, DONE) == ("Done.", [("ada", PASSWORD)])
        runs.close()

    def test_a_key_that_could_be_guessed_is_refused(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SAYSO_SECRET_KEY", "secret")
        with pytest.raises(UsageError, match="SAYSO_SECRET_KEY has 6 characters, and a key needs at least 32"):
            agent(log_in, {"user": "a", "password": PASSWORD}).run_sync("x", engine=engine(f"sqlite:///{tmp_path}/runs.db"), run_id="r1")

    async def test_a_secret_that_was_put_into_another_call_is_not_performed(self, tmp_path: Path) -> None:
        """Somebody with access to the file cannot have the one password sent where the other was approved."""
        url = f"sqlite:///{tmp_path}/runs.db"
        runs = engine(url)
        for run, secret in (("r1", PASSWORD), ("r2", "bobs-own-word")):
            await agent(log_in.using(password=SecretStr(secret)), {"user": run}).run("x", engine=runs, run_id=run)
        runs.close()
        with closing(sqlite3.connect(tmp_path / "runs.db")) as file, file:
            (row,) = file.execute("SELECT value FROM sayso_log WHERE root = 'r2' AND kind = 'kept' AND name LIKE 'propose:%'").fetchone()
            theirs = re.findall(r"aes1\.[\w.=-]+", row)[0]
            rows = file.execute("SELECT number, value FROM sayso_log WHERE root = 'r1'").fetchall()
            for number, value in rows:
                changed = re.sub(r"aes1\.[\w.=-]+", theirs, value)
                file.execute("UPDATE sayso_log SET value = ? WHERE root = 'r1' AND number = ?", (changed, number))
        runs = engine(url)
        ended = await agent(log_in.using(password=SecretStr(PASSWORD)), {"user": "r1"}).run("x", engine=runs, run_id="r1", approve=approve)
        assert DONE == []
        assert "no longer the tool that was asked about" in repr(ended.messages)
        runs.close()


WRONG: dict[str, dict[str, Any]] = {
    "another argument": {"user": ["ada"], "password": PASSWORD},
    "the secret itself": {"user": "ada", "password": [PASSWORD]},
    "a name with a slip": {"user": "ada", "pasword": PASSWORD},
}


@pytest.mark.parametrize("arguments", WRONG.values(), ids=WRONG)
async def test_what_is_said_of_wrong_arguments_repeats_no_secret(arguments: dict[str, Any], tmp_path: Path) -> None:
    runs = engine(f"sqlite:///{tmp_path}/runs.db")
    ended = await agent(log_in, arguments).run("x", engine=runs, run_id="r1")
    (message,) = [each for each in ended.messages if isinstance(each, ToolMessage)]
    assert "log_in was not called" in message.results[0].text
    assert_hidden(repr(message), [PASSWORD])
    assert_hidden(await read_whole(runs), [PASSWORD])
    runs.close()


async def test_a_short_secret_cannot_be_guessed_from_what_is_stored(tmp_path: Path) -> None:
    """All that is stored differs from run to run, in length not at all: a digest of four digits could be tried ten thousand times."""
    seen = []
    for pin in ("1234", "98765432109876"):
        runs = engine(f"sqlite:///{tmp_path}/{pin[0]}.db")
        paused = await agent(mark.using(password=pin), {"user": "ada"}).run("x", engine=runs, run_id="r1")
        seen.append(paused.pending[0])
        runs.close()
    one, other = seen
    assert len(one.arguments) == len(other.arguments)
    again = engine(f"sqlite:///{tmp_path}/again.db")
    same = (await agent(mark.using(password="1234"), {"user": "ada"}).run("x", engine=again, run_id="r1")).pending[0]
    assert (one.card, one.run_id, one.position) == (same.card, same.run_id, same.position)
    assert one.key != same.key
    again.close()


@tool.read
async def look_up(user: str, token: SecretStr) -> str:
    """Look up."""
    DONE.append(token.get_secret_value())
    return f"looked with {token.get_secret_value()}"


async def test_a_read_gets_its_secret_and_the_model_does_not_see_it_again(tmp_path: Path) -> None:
    runs = engine(f"sqlite:///{tmp_path}/runs.db")
    result = await agent(look_up.using(token=SecretStr("tok-12345")), {"user": "ada"}).run("x", engine=runs, run_id="r1")
    assert DONE == ["tok-12345"]
    assert "looked with **********" in repr(result.messages)
    assert_hidden(await read_whole(runs), ["tok-12345"])
    runs.close()


@tool.write(card=lambda arguments: f"Send {arguments['token']}", caution=lambda arguments, context: f"Is {arguments['token']} fresh?")
async def send(token: Annotated[str, Secret()], to: str = "everybody") -> str:
    """Send."""
    DONE.append(token)
    return "sent"


async def test_the_card_quotes_no_sentence_with_a_secret_in_it() -> None:
    paused = await agent(send, {"token": "tok-12345", "to": "bob"}).run("Send tok-12345 to bob, please.")
    (request,) = paused.pending
    assert (request.card, "tok-12345" in repr(request)) == ("Send **********", False)
    assert "Is ********** fresh?" in request.warnings


FORMS: dict[str, str] = {
    "a call in the text": 'LOG_IN("ada", "sesame-open-9")',
    "a call with names": "log_in(user='ada', password='sesame-open-9')",
    "JSON in marks": '<tool_call>\n{"name": "log_in", "arguments": {"user": "ada", "password": "sesame-open-9"}}\n</tool_call>',
}


@pytest.mark.parametrize("text", FORMS.values(), ids=FORMS)
async def test_a_secret_in_a_call_that_is_written_as_text_is_hidden_too(text: str, tmp_path: Path) -> None:
    runs = engine(f"sqlite:///{tmp_path}/runs.db")
    clerk = Agent(ScriptedModel(text, "Done."), name="clerk", tools=[log_in], dialect="hermes" if "<tool_call>" in text else "call")
    events = [event async for event in clerk.stream_emitted("log in", engine=runs, run_id="r1", approve=approve)]
    assert DONE == [("ada", "sesame-open-9")]
    assert_hidden(repr(events[:-1]), ["sesame-open-9"])
    assert_hidden(await read_whole(runs), ["sesame-open-9"])
    runs.close()


SAID: dict[str, tuple[list[str], str]] = {
    "whole": (["sesame-open-9"], "it is sesame-open-9, and 123 is not 1234"),
    "in JSON": (['se"same\\open'], r'it is "se\"same\\open"'),
    "at the end": (["sesame-open-9"], "it is sesame-open-9"),
    "begun and left": (["sesame-open-9"], "it is sesame-open-8, sesame-open and sesame-ope"),
    "twice without a space": (["sesame-open-9"], "sesame-open-9sesame-open-9"),
    "one begins the other": (["sesame-open", "sesame-open-9"], "sesame-open-9 sesame-open sesame-op"),
    "one ends as the other begins": (["abcabcabd", "abdxyzuvw"], "abcabcabdxyzuvw abcabcabcabd"),
    "a short one as a word": (["1234"], "1234 51234 1234"),
    "a short one at the end": (["1234"], "the PIN is 1234"),
    "a short one that goes on": (["1234"], "12345 1234x x1234"),
    "one whose spelling in JSON begins where it ends": (["\\pin-4711\\"], "\\pin-4711\\" * 3),
    "none": ([], "nothing is hidden"),
}


@pytest.mark.parametrize(("secrets", "text"), SAID.values(), ids=SAID)
def test_a_secret_that_streams_is_hidden_at_any_cut(secrets: list[str], text: str) -> None:
    whole = mask_text(text, make_pattern(secrets))
    cuts = [(first, second) for first in range(len(text) + 1) for second in range(first, len(text) + 1)]
    for first, second in cuts:
        stream = SecretStream(frozenset(secrets))
        shown = [stream.feed(text[:first]), stream.feed(text[first:second]), stream.feed(text[second:]), stream.finish()]
        assert "".join(shown) == whole, (first, second)
    stream = SecretStream(frozenset(secrets))
    assert "".join([*map(stream.feed, text), stream.finish()]) == whole


@pytest.mark.parametrize("guards", [[], [WordList("badword", replace_with="...")]], ids=["unguarded", "guarded"])
@pytest.mark.parametrize("pieces", [1, 3, 1000])
async def test_a_model_that_says_a_secret_shows_stars_to_who_listens(pieces: int, guards: list[Any]) -> None:
    say = Reply("It was sesame-open-9, I think.", (), "The user's word is sesame-open-9.")
    wish = Reply(calls=(call("log_in", user="ada", password="sesame-open-9"),))
    model = ScriptedModel(wish, say, pieces=pieces)
    clerk = Agent(model, name="clerk", tools=[log_in], guards=guards)
    heard = [event async for event in clerk.run_events("log in", approve=approve)]
    assert "".join(event.text for event in heard if isinstance(event, TextPiece)) == "It was **********, I think."
    assert "".join(event.text for event in heard if isinstance(event, ThoughtPiece)) == "The user's word is **********."
    assert_hidden(repr(heard), ["sesame-open-9"])


WORDS = "with many words about other things that go on and on, so that the card has to cut them somewhere "
CUT: dict[str, tuple[str, str, str]] = {
    "said, with the cut in it": (f"Log in with sesame-open-9, {WORDS[:63]} as ada, {WORDS * 2}", "", "sesame-open-9"),
    "read, with the cut in it": ("Hi", f"Log in with sesame-open-9, {WORDS[:63]} as ada, {WORDS * 2}", "sesame-open-9"),
    "read, in lines of its own": ("Hi", "The words are open\n  sesame-9 for ada.", "open\n  sesame-9"),
    "read, longer than the card": ("Hi", f"{'sesame-9' * 500} is for ada.", "sesame-9" * 500),
    "a part of something longer": (f"Log in as ada-{'sesame-open-9' * 20}", "", "sesame-open-9" * 20),
}


@pytest.mark.parametrize(("said", "page", "secret"), CUT.values(), ids=CUT)
async def test_a_card_quotes_no_piece_of_a_secret(said: str, page: str, secret: str) -> None:
    @tool.read
    async def look() -> str:
        """Look."""
        return page

    model = ScriptedModel(Reply(calls=(call("look"),)), Reply(calls=(call("log_in", user="ada", password=secret),)))
    (request,) = (await Agent(model, name="clerk", tools=[look, log_in]).run(said)).pending
    shown = repr((request.shown, request.warnings))
    assert [each for each in ("sesame", "same-9", "open", "n-9,") if each in shown] == []
    assert "**********" in repr([each.quote + each.source for each in request.shown])


class Calling(Workflow[str, str]):
    async def execute(self, run: Run, value: str) -> str:
        return str(await run.call(log_in, user=value, password=SecretStr("sesame-open-9")))


async def test_workflow_code_calls_a_tool_with_a_secret(database_url: str) -> None:
    for approver in (None, approve):
        runs = engine(database_url)
        assert isinstance(runs, DurableEngine)
        result = await Calling("calling").run("ada", engine=runs, run_id="r1", approve=approver)
        assert_hidden(await read_whole(runs), ["sesame-open-9"])
        runs.close()
    assert (result.output, DONE) == ("ada is in, with **********", [("ada", "sesame-open-9")])


async def test_a_model_that_makes_up_a_secret_is_told_so_without_it() -> None:
    @tool.write(from_user=("password",))
    async def enter(password: Annotated[str, Secret()]) -> str:
        """Enter."""
        return "in"

    ended = await agent(enter, {"password": "sesame-open-9"}).run("Enter, please.")
    (message,) = [each for each in ended.messages if isinstance(each, ToolMessage)]
    assert_hidden(repr(message), ["sesame-open-9"])


async def test_a_grant_is_a_rule_on_the_secret_itself() -> None:
    grant = Grant(tool="log_in", arguments={"password": lambda password: password.get_secret_value() == "sesame-open-9"})
    await agent(log_in, {"user": "ada", "password": "sesame-open-9"}).run("Log in as ada.", grants=[grant])
    assert DONE == [("ada", "sesame-open-9")]


async def test_the_next_turn_hides_the_secrets_of_the_turn_before(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    first = await agent(log_in, {"user": "ada", "password": PASSWORD}).run("log in", approve=approve)  # in memory
    DONE.clear()
    runs = engine(database_url)
    assert isinstance(runs, DurableEngine)
    await agent(log_in, {}).run("and now?", history=first.messages, engine=runs, run_id="r2")
    second = await agent(log_in, {}).run("and now?", history=first.messages, engine=runs, run_id="r2")  # asked for again it is the same run
    assert (second.output, DONE) == ("Done.", [])
    assert PASSWORD in repr(second.messages)  # the model sees what it wrote
    assert_hidden(await read_whole(runs), [PASSWORD])
    assert (await runs.verify("r2")).problems == ()
    monkeypatch.delenv("SAYSO_SECRET_KEY")
    with pytest.raises(UsageError, match="The conversation that this run goes on with holds a secret"):
        await agent(log_in, {}).run("and now?", history=first.messages, engine=runs, run_id="r3")
    runs.close()


BROKEN: dict[str, Reply] = {
    "JSON that is cut off": Reply(calls=(NativeCall("c1", "log_in", '{"user": "ada", "password": "sesame-open-9'),)),
    "a text in the place of an object": Reply(calls=(call("many", logins='{"all": [{"user": "ada", "pass": "sesame-open-9"}]'),)),
    "two keys": Reply(calls=(NativeCall("c1", "log_in", '{"password": "sesame-open-9", "password": "sesame-open-9", "user": "ada"}'),)),
}


@pytest.mark.parametrize("reply", BROKEN.values(), ids=BROKEN)
async def test_a_call_that_cannot_be_read_is_hidden_whole(reply: Reply, tmp_path: Path) -> None:
    runs = engine(f"sqlite:///{tmp_path}/runs.db")
    ended = await Agent(ScriptedModel(reply, "Done."), name="clerk", tools=[log_in, many]).run(
        "x", engine=runs, run_id="r1", approve=approve
    )
    (message,) = [each for each in ended.messages if isinstance(each, ToolMessage)]
    assert DONE == []
    assert_hidden(repr(message), ["sesame-open-9"])
    assert_hidden(await read_whole(runs), ["sesame-open-9"])
    runs.close()


async def test_what_a_person_wrote_stays_theirs_when_the_run_is_resumed_for_a_second_edit(tmp_path: Path) -> None:
    url, arguments = f"sqlite:///{tmp_path}/runs.db", {"user": "ada", "password": PASSWORD}
    changes: list[dict[str, Any]] = [{"user": "eve"}, {"password": "sesame-open-9"}]
    shown: dict[str, str] = {}
    for change in (*changes, {}):
        runs = engine(url)
        paused = await agent(log_in, arguments).run("x", engine=runs, run_id="r1")
        (request,) = paused.pending
        shown = {each.name: each.source for each in request.shown}
        if change:
            await runs.decide("r1", {request.digest: Edit({**json.loads(request.arguments), **change}, by="ada")})
        runs.close()
    assert shown == {"password": "you wrote this", "user": "you wrote this"}
