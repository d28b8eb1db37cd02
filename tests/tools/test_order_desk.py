"""The order desk: what can be ordered, what is asked, and that a key is taken once."""

from __future__ import annotations

import multiprocessing
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path

import pytest

from sayso.agents import Agent, Reply, ScriptedModel, call
from sayso.tools import Approve, Decision, ToolContext, ToolError
from sayso.tools.approvals import ApprovalRequest
from sayso.tools.menu import HOUSE_MENU
from sayso.tools.order_desk import MENU, ORDER, Counter, Customer, Order, OrderDesk, order_tool

ADA = Customer("9876", "1234 My Street", "Ada")

WISHES = {
    "as on the menu": ("Burger", "burger"),
    "many of them": ("Cheeseburgers", "cheeseburger"),
    "with an article": ("a burger", "burger"),
    "by another name": ("French Fries", "fries"),
    "with a topping": ("Burger with bacon", "burger with bacon"),
    "without two": ("burger without pickles and onions", "burger without pickles or onions"),
    "both ways": ("Veggie burger with cheese, no onions", "veggie burger with cheese without onions"),
}


@pytest.mark.parametrize(("said", "meant"), WISHES.values(), ids=WISHES)
def test_a_wish_is_read_as_it_is_meant(said: str, meant: str) -> None:
    wish = HOUSE_MENU.wish(said)
    assert str(wish) == meant
    assert HOUSE_MENU.wish(meant) == wish


NOT_THERE = {
    "no such dish": ("pizza", "we don't have pizza; there are "),
    "no such topping": ("burger with mushrooms", "we don't have mushrooms; there are onions, pickles"),
    "a close dish first": ("chesburger", "we don't have chesburger; there are cheeseburger"),
    "unknown words are not skipped": ("burger of the day", "we don't have burger of the day"),
    "nothing": ("", "we don't have that"),
}


@pytest.mark.parametrize(("said", "told"), NOT_THERE.values(), ids=NOT_THERE)
def test_what_is_not_on_the_menu_is_answered_with_what_is(said: str, told: str) -> None:
    with pytest.raises(ToolError) as caught:
        HOUSE_MENU.wish(said)
    assert str(caught.value).startswith(told)


def test_the_menu_answers_how_many_calories() -> None:
    with OrderDesk() as desk:
        context = ToolContext(Counter(desk))
        assert MENU.function("cheeseburger", context=context).startswith("Cheeseburger: $8.25, 630 calories")
        assert "Fries: $3.25, 380 calories" in MENU.function("", context=context)
        assert MENU.function("pickles", context=context) == "Yes, there are pickles."


async def placed(said: str | Reply, customer: Customer | None = ADA) -> tuple[list[str], list[Order], str]:
    """What the cards, the book and the answer are when the model says this and the customer says yes."""
    cards: list[str] = []

    async def yes(request: ApprovalRequest) -> Decision:
        cards.append(request.card)
        return Approve()

    with OrderDesk() as desk:
        model = ScriptedModel(said, lambda request: f"told: {request.messages[-1].results[0].text}")  # type: ignore[union-attr]
        result = await Agent(model, tools=[ORDER, MENU]).run("Send me a burger!", deps=Counter(desk, customer), approve=yes)
        return cards, desk.orders(), result.output


CARD = "You have ordered: 1 burger for delivery to: 1234 My Street. Is this correct? (If yes, your credit card will be charged)"
FORMS = {
    "the course's words": "ORDER(Burger, 9876, 1234 My Street) Ok, it's on the way!",
    "by keyword": 'ORDER(item="Burger", customer="9876", address="1234 My Street") Ok, it\'s on the way!',
    "the signed-in customer": "ORDER(Burger) Ok, it's on the way!",
    "native": Reply("Ok, it's on the way!", (call("ORDER", item="Burger", customer=9876, address="1234 My Street"),)),
    "native, signed in": Reply("Ok, it's on the way!", (call("ORDER", item="burgers"),)),
}


@pytest.mark.parametrize("said", FORMS.values(), ids=FORMS)
async def test_an_order_in_any_form_shows_the_same_card_and_is_placed_once(said: str | Reply) -> None:
    cards, book, answer = await placed(said)
    assert cards == [CARD]
    assert [(o.item, o.quantity, o.customer, o.address, o.total_usd) for o in book] == [
        ("burger", 1, "9876", "1234 My Street", Decimal("7.50"))
    ]
    assert answer == "Ok, it's on the way!"


REFUSED = {
    "not on the menu": (Reply(calls=(call("ORDER", item="burger with mushrooms"),)), ADA, "we don't have mushrooms; there are onions"),
    "nobody signed in": (Reply(calls=(call("ORDER", item="burger"),)), None, "customer number"),
    "a stranger's number needs an address": (Reply(calls=(call("ORDER", item="burger", customer="1"),)), ADA, "no address"),
}


@pytest.mark.parametrize(("said", "customer", "told"), REFUSED.values(), ids=REFUSED)
async def test_an_order_that_cannot_be_is_never_asked_about(said: Reply, customer: Customer | None, told: str) -> None:
    cards, book, answer = await placed(said, customer)
    assert (cards, book) == ([], [])
    assert told in answer


def test_a_key_is_taken_once_and_never_for_another_order() -> None:
    with OrderDesk() as desk:
        first = desk.place("k1", "burger", 1, "9876", "5 Elm")
        assert desk.place("k1", "Burgers", 1, "9876", "5 Elm") == first
        with pytest.raises(ToolError, match="used for another order"):
            desk.place("k1", "burger", 50, "9876", "5 Elm")
        assert desk.orders() == [first]


async def test_the_desk_tells_whether_a_key_was_placed() -> None:
    with OrderDesk() as desk:
        look_up = order_tool(desk).lookup
        assert await look_up("k1") is None
        desk.place("k1", "burger", 2, "9876", "5 Elm")
        assert await look_up("k1") == "Order 1 is placed: 2 burger, $15.00, to 5 Elm."


def _place_often(path: str) -> None:
    with OrderDesk(path) as desk:
        for number in range(20):
            desk.place(f"k{number}", "burger", 1, "9876", "5 Elm")


def test_processes_and_threads_that_race_place_each_key_once(tmp_path: Path) -> None:
    path = str(tmp_path / "orders.db")
    workers = [multiprocessing.get_context("spawn").Process(target=_place_often, args=(path,)) for _ in range(2)]
    for worker in workers:
        worker.start()
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(_place_often, [path] * 4))
    for worker in workers:
        worker.join()
        assert worker.exitcode == 0
        worker.close()
    book = sqlite3.connect(path)
    assert book.execute("SELECT count(*), count(DISTINCT key) FROM orders").fetchone() == (20, 20)
    book.close()
