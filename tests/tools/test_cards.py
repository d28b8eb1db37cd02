"""What a person reads before saying yes: nothing in a value is obeyed by a screen, hidden, or taken for the card itself."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sayso.agents import Agent, Reply, ScriptedModel, call
from sayso.console import format_card
from sayso.tools import UsageError, tool
from sayso.tools.approval.cards import LONGEST_SHOWN, QUOTE, render_card, show_value, warn_of_lookalikes
from sayso.tools.approval.requests import MODEL, YOU, ApprovalRequest, ShownArgument
from sayso.workflows import RunResult

texts = st.text(alphabet=st.one_of(st.sampled_from('\\"u{}a0 \n\u202e'), st.characters()), max_size=40)


@given(texts, texts)
def test_different_texts_look_different_on_their_line(one: str, other: str) -> None:
    assert (show_value(one, in_quotes=True) == show_value(other, in_quotes=True)) == (one == other)


@given(st.one_of(texts, st.text(min_size=LONGEST_SHOWN - 5, max_size=LONGEST_SHOWN + 5)))
def test_a_value_is_one_line_that_shows_itself_and_is_the_same_when_shown_again(text: str) -> None:
    line = show_value(text)
    assert line.isprintable()
    assert len(line) <= LONGEST_SHOWN
    assert show_value(line) == line


@given(texts)
def test_no_text_ends_its_own_quotation(text: str) -> None:
    inside = show_value(text, in_quotes=True)[1:-1]
    assert '"' not in inside.replace("\\\\", "").replace('\\"', "")


def request(arguments: dict[str, object], warnings: tuple[str, ...] = ()) -> ApprovalRequest:
    card = render_card("E-mail to {to}: {text}", "mail", arguments)
    rows = tuple(ShownArgument(name, show_value(value), MODEL if name == "text" else YOU) for name, value in arguments.items())
    return ApprovalRequest("d", "k", "r1", "mail.0", "mail", "2.v", "s", card, json.dumps(arguments), rows, warnings, "n", 0.0, 1.0)


FAKES = {
    "a line of its own": 'hi\n    to   = "bob@example.org"   (you wrote this)',
    "the end of its line": 'hi"   (you wrote this)',
    "spaces up to the next line": "hi" + " " * 180 + 'to   = "bob@example.org"   (you wrote this)',
    "another question": "hi\r\n\r\nApprove? [y/N] y",
    "a warning taken back": "hi\n  ! This is safe.",
}


@pytest.mark.parametrize("text", FAKES.values(), ids=FAKES)
def test_a_value_that_copies_the_card_stays_between_its_quotation_marks(text: str) -> None:
    first, second, *rows = format_card(request({"text": text, "to": "ada@example.org"})).split("\n")
    assert (first, second.startswith("  E-mail to ada@example.org: hi")) == ("", True)
    assert rows == [
        f"    text = {show_value(text, in_quotes=True)}   (the model chose it)",
        '    to   = "ada@example.org"   (you wrote this)',
    ]
    assert " " * 17 not in "".join(rows)


@pytest.mark.parametrize("kept", range(900, 990, 3))
def test_a_long_text_that_is_cut_within_an_escape_does_not_end_its_quotation(kept: int) -> None:
    for text in (f"{'x' * 2500}{'q' + QUOTE * 9}, amount=1, note={QUOTE}{'b' * kept}", f"{'a' * kept}{QUOTE * 9}{'a' * 2500}"):
        inside = show_value(text, in_quotes=True)[1:-1]
        assert QUOTE not in re.sub(r"\\.", "", inside), inside


def test_a_name_that_a_server_made_up_looks_like_one() -> None:
    assert render_card(None, "pay", {"amount=1, to": "ada", "user-id": 2}) == 'pay("amount=1, to"="ada", user-id=2)'


def test_what_a_terminal_shows_of_an_ordinary_mail() -> None:
    assert format_card(request({"text": "It's 5 o'clock, \"sharp\".", "to": "ada@example.org"}, ("careful",))) == (
        "\n"
        "  E-mail to ada@example.org: It's 5 o'clock, \"sharp\".\n"
        '    text = "It\'s 5 o\'clock, \\"sharp\\"."   (the model chose it)\n'
        '    to   = "ada@example.org"   (you wrote this)\n'
        "  ! careful"
    )


def test_a_long_value_says_how_long_it_is_and_its_hash() -> None:
    text = "a" * 300_000 + "pay eve" + "b" * 300_000
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    for line in (
        show_value(text),
        show_value(text, in_quotes=True),
        render_card("Send {text}", "send", {"text": text}),
        render_card(None, "send", {"text": text}),
    ):
        assert f" [... 600007 characters in all, sha256 {digest} ...] " in line
        assert len(line) < LONGEST_SHOWN + 20


def test_ten_thousand_keys_are_one_line() -> None:
    line = show_value({f"key{number}": number for number in range(10_000)})
    assert (line.isprintable(), len(line) <= LONGEST_SHOWN, "characters in all" in line) == (True, True, True)


def test_a_function_that_writes_the_card_is_handed_texts_that_cannot_add_a_line_however_deep() -> None:
    order = {"note\n": ["x\nTotal: $0", {"deep": "\x1b[2J"}]}
    assert render_card(lambda given: f"Order {given['order']}\nTotal: $8", "order", {"order": order}).split("\n") == [
        "Order {'note\\\\u{a}': ['x\\\\u{a}Total: $0', {'deep': '\\\\u{1b}[2J'}]}",
        "Total: $8",
    ]


ALIKE: dict[str, tuple[object, str | None]] = {
    "plain": ("ada@example.org", None),
    "another alphabet": ("Привет, мир", None),
    "two alphabets in two words": ("Ada Лавлейс", None),
    "accents": ("naïve café, 5 €", None),
    "one letter of another alphabet": ("pаypal", "pаypal mixes letters of Cyrillic and Latin that look alike"),
    "all letters of another alphabet": ("рауса", "рауса is written in Cyrillic letters that look like Latin ones"),
    "a host": ("https://münchen.de/x", "https://münchen.de/x is the host xn--mnchen-3ya.de"),
    "a host that looks like another": (
        "eve@аррӏе.com",
        "eve@аррӏе.com mixes letters of Cyrillic and Latin that look alike and is the host xn--80ak6aa92e.com",
    ),
    "deep inside": ({"to": [{"name": "раураl"}]}, "раураl mixes letters of Cyrillic and Latin that look alike"),
    "behind others": (" ".join(f"a{letter}" for letter in "абвгдежз"), "and 3 more such words"),
}


@pytest.mark.parametrize(("value", "told"), ALIKE.values(), ids=ALIKE)
def test_letters_that_look_like_others_are_named(value: object, told: str | None) -> None:
    said = warn_of_lookalikes(value)
    assert said == told or (told is not None and said is not None and said.endswith(told))


async def later(*given: object) -> str:
    return "Pay 1"


NO_CARDS: dict[str, tuple[dict[str, Any], str]] = {
    "a card that says nothing": (
        {"card": lambda given: None},
        "The tool pay has card=, which returned NoneType; it returns the text that a person reads.",
    ),
    "a card that is a number": (
        {"card": lambda given: 5},
        "The tool pay has card=, which returned int; it returns the text that a person reads.",
    ),
    "an async card": ({"card": later}, "The tool pay has a function that is async as card=. Write def, without async."),
    "a card of another argument": (
        {"card": "Pay {sum}"},
        "The tool pay has card='Pay {sum}', which cannot be filled in (KeyError: 'sum'). "
        "Its arguments are amount, each a text on the card. "
        "Write card= as a function of the arguments for anything else.",
    ),
    "an async caution": ({"caution": later}, "The tool pay has a function that is async as caution=. Write def, without async."),
    "a caution that is a list": (
        {"caution": lambda given, context: ["much"]},
        "The tool pay has caution=, which returned list; it returns the text that a person reads.",
    ),
}


@pytest.mark.parametrize(("options", "told"), NO_CARDS.values(), ids=NO_CARDS)
async def test_nobody_is_asked_with_a_card_that_is_no_text(options: dict[str, Any], told: str) -> None:
    with pytest.raises(UsageError) as refused:
        await pays(**options)
    assert str(refused.value) == told


async def test_a_caution_that_returns_nothing_warns_of_nothing() -> None:
    assert (await pays(caution=lambda given, context: None)).pending[0].warnings == ()


async def pays(**options: Any) -> RunResult[str]:
    @tool.write(**options)
    async def pay(amount: int) -> str:
        """Pay."""
        raise AssertionError("nobody said yes")

    return await Agent(ScriptedModel(Reply(calls=(call("pay", amount=1),))), tools=[pay]).run("Pay 1")
