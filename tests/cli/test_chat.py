"""`sayso chat`: against a real HTTP endpoint, through a pipe and in a terminal."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import termios
from collections.abc import Iterator, Sequence
from pathlib import Path

import pexpect
import pytest

from sayso.agents import Reply, call
from sayso.cli.options import resolve_model
from sayso.cli.run_models import find_model, portable_model

from ..agents.fake_openai import FakeOpenAI, FallsSilent, HttpError, Line
from .commands import environment, in_a_terminal, listens_to_ctrl_c, sayso_here

WRITTEN = "ORDER(Burger, 9876, 1234 My Street) Ok, it's on the way!"
ORDERED = Reply("Ok, it's on the way!", (call("ORDER", item="Burger", customer="9876", address="1234 My Street"),))
NATIVE = Reply(calls=(call("ORDER", item="Burger"),))
CARD = (
    "You are about to order: 1 burger for $7.50 in total, for delivery to: 1234 My Street. "
    "Is this correct? (If yes, your credit card will be charged $7.50)"
)


def book(folder: Path) -> list[tuple[str, str]]:
    """What was ordered."""
    with sqlite3.connect(folder / "orders.db") as database:
        rows = database.execute("SELECT item, address FROM orders").fetchall()
    database.close()
    return rows


REFUSAL = HttpError(400, "fake does not support tools")


@pytest.mark.parametrize("replies", [[REFUSAL, WRITTEN], [NATIVE, "ok"]], ids=["written", "native"])
def test_without_a_terminal_an_order_waits_and_a_yes_in_the_pipe_does_not_count(replies: Sequence[Line], tmp_path: Path) -> None:
    with FakeOpenAI(replies) as endpoint:
        ran = sayso_here("chat", "--base-url", endpoint.base_url, cwd=tmp_path, text="Send me a burger!\ny\nyes\n")
    assert (ran.returncode, ran.stdout.splitlines()[0]) == (3, CARD)
    assert book(tmp_path) == []


@pytest.mark.parametrize("stored", [[], ["--run-id", "c", "--database", "sqlite:///runs.db"]], ids=["in memory", "stored"])
def test_without_a_terminal_the_card_is_printed_whole_with_its_warnings(stored: list[str], tmp_path: Path) -> None:
    order = Reply(calls=(call("ORDER", item="burger", customer="4242", address="9 Attаck"),))
    with FakeOpenAI([order, order]) as endpoint:
        ran = sayso_here("chat", "--base-url", endpoint.base_url, *stored, cwd=tmp_path, text="Send me a burger!\n")
    lines = ran.stdout.splitlines()
    assert (ran.returncode, lines[0].startswith("You are about to order: 1 burger for $7.50 in total, for delivery to: 9 Attаck.")) == (
        3,
        True,
    )
    assert [line.split(" = ")[0].strip() for line in lines if " = " in line] == ["address", "customer", "item", "quantity"]
    warnings = "\n".join(line for line in lines if line.startswith("! "))
    for part in ("This is an order of customer 4242", "neither your words nor", "address: Attаck mixes letters of Cyrillic and Latin"):
        assert part in warnings
    assert book(tmp_path) == []


def test_a_calculation_streams_in_as_its_value(tmp_path: Path) -> None:
    with FakeOpenAI(["After 8 years you would have CALCULATOR(100 * 1.05^8) dollars."]) as endpoint:
        ran = sayso_here("chat", "--base-url", endpoint.base_url, cwd=tmp_path, text="And in the bank?\n")
    assert (ran.returncode, ran.stdout) == (0, "After 8 years you would have 147.75 dollars.\n")


def test_a_menu_question_goes_to_the_menu_and_the_conversation_is_remembered(tmp_path: Path) -> None:
    with FakeOpenAI([Reply(calls=(call("MENU", item="cheeseburger"),)), "630 calories.", "You are welcome."]) as endpoint:
        ran = sayso_here("chat", "--base-url", endpoint.base_url, cwd=tmp_path, text="How many calories in the cheeseburger?\nThanks!\n")
    assert (ran.returncode, ran.stdout) == (0, "630 calories.\nYou are welcome.\n")
    shown = [message for message in endpoint.requests[1]["messages"] if message["role"] == "tool"]
    assert "630 calories" in shown[-1]["content"]
    last = [message["content"] for message in endpoint.requests[2]["messages"] if message["role"] == "user"]
    assert last.count("How many calories in the cheeseburger?") == 1
    assert last[-1] == "Thanks!"


SCENES = {
    "yes": (["y"], [("burger", "1234 My Street")], "on the way"),
    "no": (["n"], [], "Nothing"),
    "only enter": ([""], [], "Nothing"),
    "something else": (["sure thing"], [], "Nothing"),
    "view, then yes": (["v", "yes"], [("burger", "1234 My Street")], "on the way"),
}


def test_a_model_with_native_tools_that_only_mentions_an_order_orders_nothing(tmp_path: Path) -> None:
    with FakeOpenAI(["To order, I would call ORDER(Burger, 9876, 1234 My Street). Shall I?"]) as endpoint:
        ran = sayso_here("chat", "--base-url", endpoint.base_url, cwd=tmp_path, text="What would you do?\n")
    assert (ran.returncode, ran.stdout) == (0, "To order, I would call ORDER(Burger, 9876, 1234 My Street). Shall I?\n")
    assert book(tmp_path) == []


@pytest.fixture
def endpoint() -> Iterator[FakeOpenAI]:
    """A model that orders and, when refused, says so."""
    with FakeOpenAI([ORDERED, "Nothing was ordered."]) as fake:
        yield fake


def chatting(endpoint: FakeOpenAI, folder: Path) -> pexpect.spawn[str]:
    """`sayso chat` in a terminal, at its first question."""
    child = in_a_terminal("chat", "--base-url", endpoint.base_url, cwd=folder)
    child.expect_exact("you> ")
    return child


@pytest.mark.parametrize(("answers", "ordered", "said"), SCENES.values(), ids=SCENES)
def test_in_a_terminal_only_a_yes_to_the_card_orders(
    answers: list[str], ordered: list[tuple[str, str]], said: str, endpoint: FakeOpenAI, tmp_path: Path
) -> None:
    child = chatting(endpoint, tmp_path)
    child.sendline("Send me a burger!")
    child.expect_exact(CARD)
    for answer in answers:
        child.expect_exact("Approve? [y/N, v to view all] ")
        assert book(tmp_path) == []
        child.sendline(answer)
    child.expect(said)
    if ordered:
        child.expect_exact("Order 1 is placed: 1 burger, $7.50, to 1234 My Street.")
    child.expect_exact("you> ")
    child.sendeof()
    child.expect(pexpect.EOF)
    child.close()
    assert (child.exitstatus, book(tmp_path)) == (0, ordered)


def test_a_yes_typed_ahead_does_not_count(endpoint: FakeOpenAI, tmp_path: Path) -> None:
    child = chatting(endpoint, tmp_path)
    child.send("Send me a burger!\ny\ny\n")
    child.expect_exact("Approve? [y/N, v to view all] ")
    child.sendline("n")
    child.expect("Nothing was ordered")
    child.sendeof()
    child.expect(pexpect.EOF)
    child.close()
    assert book(tmp_path) == []


def test_a_yes_typed_ahead_does_not_count_where_the_terminal_hands_over_every_key_at_once(endpoint: FakeOpenAI, tmp_path: Path) -> None:
    child = chatting(endpoint, tmp_path)
    modes = termios.tcgetattr(child.child_fd)
    modes[3] &= ~termios.ICANON
    modes[6][termios.VMIN], modes[6][termios.VTIME] = 1, 0
    termios.tcsetattr(child.child_fd, termios.TCSANOW, modes)
    child.send("Send me a burger!\ny\ny\n")
    child.expect_exact("Approve? [y/N, v to view all] ")
    child.sendline("n")
    child.expect("Nothing was ordered")
    child.expect_exact("you> ")
    child.sendline("quit")
    child.expect(pexpect.EOF)
    child.close()
    assert (child.exitstatus, book(tmp_path)) == (0, [])


def test_a_yes_without_enter_is_no_answer_and_the_order_waits(endpoint: FakeOpenAI, tmp_path: Path) -> None:
    child = chatting(endpoint, tmp_path)
    child.sendline("Send me a burger!")
    child.expect_exact("Approve? [y/N, v to view all] ")
    child.send("y")
    child.sendeof()  # hands over what was typed so far
    child.sendeof()  # ends the input
    child.expect(pexpect.EOF)
    child.close()
    assert (child.exitstatus, book(tmp_path)) == (3, [])


def test_ctrl_c_at_the_question_orders_nothing(endpoint: FakeOpenAI, tmp_path: Path) -> None:
    child = chatting(endpoint, tmp_path)
    child.sendline("Send me a burger!")
    child.expect_exact("Approve? [y/N, v to view all] ")
    child.sendintr()
    child.expect(pexpect.EOF)
    child.close()
    assert (child.exitstatus, book(tmp_path)) == (130, [])


FAILURES = {
    "a wrong key": ([HttpError(401, body='{"error": {"message": "Incorrect API key"}}')], "401|key"),
    "an unknown tool": ([Reply(calls=(call("teleport", to="Mars"),)), "I cannot do that."], None),
    "bad arguments": ([Reply(calls=(call("ORDER", dish="Burger"),)), "I cannot do that."], None),
}


@pytest.mark.parametrize(("replies", "told"), FAILURES.values(), ids=FAILURES)
def test_what_goes_wrong_is_said_clearly(replies: list[object], told: str | None, tmp_path: Path) -> None:
    with FakeOpenAI(replies) as endpoint:  # type: ignore[arg-type]
        ran = sayso_here("chat", "--base-url", endpoint.base_url, cwd=tmp_path, text="Hello\n")
    if told is None:
        assert (ran.returncode, ran.stdout) == (0, "I cannot do that.\n")
    else:
        assert ran.returncode == 1
        assert any(word in ran.stderr for word in told.split("|"))
        assert "Traceback" not in ran.stderr
    assert book(tmp_path) == []


def test_a_rate_limit_is_told_and_waited_out(tmp_path: Path) -> None:
    with FakeOpenAI([HttpError(429, headers={"Retry-After": "0"}), "Hello!"]) as endpoint:
        ran = sayso_here("chat", "--base-url", endpoint.base_url, cwd=tmp_path, text="Hi\n")
    assert (ran.returncode, ran.stdout) == (0, "Hello!\n")
    assert "try 1 failed" in ran.stderr


def test_a_turn_that_failed_does_not_end_the_conversation(tmp_path: Path) -> None:
    with FakeOpenAI([HttpError(401, "bad key"), "Hello!"]) as endpoint:
        ran = sayso_here("chat", "--base-url", endpoint.base_url, cwd=tmp_path, text="Hi\nHi again\n")
    assert (ran.returncode, ran.stdout) == (0, "Hello!\n")
    assert "401" in ran.stderr


COMMANDS_IN_TEXT = "Hi\x1b[2J\x1b]0;mine\x07 \u202eyes\u202c 👩‍🍳\r\nbye"


@pytest.mark.parametrize("said", [COMMANDS_IN_TEXT, HttpError(401, COMMANDS_IN_TEXT)], ids=["in a reply", "in an error"])
def test_what_a_model_says_cannot_command_the_terminal(said: str | HttpError, tmp_path: Path) -> None:
    with FakeOpenAI([said]) as endpoint:
        ran = sayso_here("chat", "--base-url", endpoint.base_url, cwd=tmp_path, text="Hi\n")
    shown = ran.stdout + ran.stderr
    assert "Hi\\u{1b}[2J\\u{1b}]0;mine\\u{7} \\u{202e}yes\\u{202c} 👩‍🍳" in shown
    assert not {"\x1b", "\x07", "\u202e", "\r"} & set(shown)


@pytest.mark.parametrize("reply", ["Hello!", FallsSilent()], ids=["at the prompt", "while the model is silent"])
def test_ctrl_c_ends_a_chat_whose_input_is_a_pipe(reply: str | FallsSilent, tmp_path: Path) -> None:
    reading, writing = os.pipe()
    with FakeOpenAI([reply]) as endpoint:
        command = [sys.executable, "-m", "sayso", "chat", "--base-url", endpoint.base_url]
        with subprocess.Popen(
            command,
            cwd=tmp_path,
            env=environment(),
            text=True,
            stdin=reading,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            preexec_fn=listens_to_ctrl_c,
        ) as process:
            os.close(reading)
            os.write(writing, b"Hi\n")
            assert process.stdout is not None
            if isinstance(reply, str):
                assert process.stdout.readline() == "Hello!\n"
            else:
                assert endpoint.asked.wait(120)
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=120)
        os.close(writing)
    assert (process.returncode, out, err) == (130, "", "sayso: interrupted\n")


def test_a_model_that_never_stops_calling_is_stopped(tmp_path: Path) -> None:
    with FakeOpenAI([Reply(calls=(call("MENU"),))], repeat=True) as endpoint:
        ran = sayso_here("chat", "--base-url", endpoint.base_url, cwd=tmp_path, text="Hi\n")
    assert ran.returncode == 1
    assert "Limit reached: model_calls = 20" in ran.stderr


def test_an_endpoint_that_is_not_there_is_named(tmp_path: Path) -> None:
    with FakeOpenAI([]) as gone:
        address = gone.base_url
    ran = sayso_here("chat", "--base-url", address, "--model", "fake", cwd=tmp_path, text="Hi\n")
    assert ran.returncode == 1
    assert address in ran.stderr
    assert "Traceback" not in ran.stderr


def test_without_a_model_chat_says_what_to_give(tmp_path: Path) -> None:
    ran = sayso_here("chat", cwd=tmp_path)
    assert ran.returncode == 2
    assert "chat needs a model" in ran.stderr


def test_an_order_book_that_cannot_be_opened_is_wrong_usage(tmp_path: Path) -> None:
    with FakeOpenAI(["Hi"]) as endpoint:
        ran = sayso_here("chat", "--base-url", endpoint.base_url, "--desk", tmp_path, cwd=tmp_path, text="Hi\n")
    assert ran.returncode == 2
    assert "--desk" in ran.stderr


STORED_MODELS = {
    "a provider's": ("ollama:qwen3", None, ("ollama:qwen3", None)),
    "under another prefix": ("Kimi: kimi-k2-thinking", None, ("moonshot:kimi-k2-thinking", None)),
    "a name that its provider has": ("gpt-5-mini", None, ("gpt-5-mini", None)),
    "an endpoint's": ("http://localhost:1/v1#qwen3", None, ("qwen3", "http://localhost:1/v1")),
    "an endpoint's, with a prefix in it": ("http://localhost:1/v1#ollama:qwen3", None, ("http://localhost:1/v1#ollama:qwen3", None)),
    "in two": ("qwen3", "http://localhost:1/v1", ("qwen3", "http://localhost:1/v1")),
    "a provider's at another address": ("ollama:qwen3", "http://gpu:11434", ("ollama:qwen3", "http://gpu:11434")),
    "the environment's": (None, None, ("groq:m", None)),
}


@pytest.mark.parametrize(("model", "base_url", "stored"), STORED_MODELS.values(), ids=STORED_MODELS)
def test_the_model_of_a_stored_chat_is_found_again(
    model: str | None, base_url: str | None, stored: tuple[str, str | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("OPENAI_API_KEY", "GROQ_API_KEY", "MOONSHOT_API_KEY"):
        monkeypatch.setenv(variable, "k")
    for variable in ("OPENAI_BASE_URL", "OLLAMA_HOST"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("SAYSO_MODEL", "groq:m")
    chosen = resolve_model(model, base_url)
    assert chosen is not None
    assert portable_model(model, base_url, chosen.name) == stored
    assert repr(find_model(*stored)) == repr(chosen)
