"""Who signs out is signed out everywhere: in each copy of the cookie, however it is spelled, and in each stream that it has begun."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request

import sayso
from sayso.web.back_office import BackOffice
from sayso.web.chat import Chats
from sayso.web.people import Person, SignIn
from sayso.workflows import App, sequential

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
SPELLINGS: dict[str, Callable[[str, str], str]] = {
    "as it is": lambda text, signature: f"{text}.{signature}",
    "with a sign that is none": lambda text, signature: f"!{text}.{signature}",
    "with signs in between": lambda text, signature: f"{text[:8]}!*{text[8:]}.{signature}",
    "padded": lambda text, signature: f"{text}==.{signature}",
    "with other last bits": lambda text, signature: f"{text[:-1]}{LETTERS[LETTERS.index(text[-1]) ^ 1]}.{signature}",
    "with more after it": lambda text, signature: f"{text}.{signature}.",
}


@sayso.tool.write(card="Ship parcel {number}")
async def ship(number: int) -> str:
    """Ship a parcel."""
    return f"Parcel {number} is on its way."


ADA = Person("ada", frozenset({"approver"}))
FLOW = sequential(ship, name="shipping")


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[BackOffice]:
    sign_in = SignIn([ADA], clock=lambda: 1000.0)
    made = BackOffice(App(flows=[FLOW]), f"sqlite:///{tmp_path}/runs.db", sign_in, works=False, cookie="c")
    yield made
    await made.end()


async def test_no_spelling_of_a_cookie_outlives_its_session(office: BackOffice) -> None:
    sign_in, (text, _, signature) = office.door.sign_in, office.door.sign_in.make_cookie(ADA).partition(".")
    assert len(text) % 4 == 2, "the last letter has bits to spare"
    assert sign_in.read_cookie(f"{text}.{signature}") == ADA
    await office.sign_out(f"{text}.{signature}")
    assert {how: sign_in.read_cookie(spell(text, signature)) for how, spell in SPELLINGS.items()} == dict.fromkeys(SPELLINGS)


async def test_a_stream_of_a_run_ends_with_the_session_that_began_it(office: BackOffice) -> None:
    await FLOW.run(7, engine=office.engine, run_id="one")
    cookie = office.door.sign_in.make_cookie(ADA)
    scope = {"type": "http", "headers": [(b"cookie", f"c={cookie}".encode())], "query_string": b"", "path_params": {"run": "one"}}
    told: Any = await Chats(office).follow(Request(scope))
    assert b"event: items" in await anext(told.body_iterator)
    await office.sign_out(cookie)
    assert [event async for event in told.body_iterator] == []
