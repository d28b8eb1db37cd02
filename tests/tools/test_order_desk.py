"""The order desk: what can be ordered, what is asked, and that a key is taken once."""

from __future__ import annotations

import multiprocessing
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sayso.agents import Agent, Reply, ScriptedModel, call
from sayso.agents.models.model import ModelRequest
from sayso.tools import Approve, Decision, ToolContext, ToolError, UsageError
from sayso.tools.approval.cards import render_card
from sayso.tools.approval.requests import MODEL, ApprovalRequest
from sayso.tools.ordering.menu import HOUSE_MENU, Dish, Menu, Wish
from sayso.tools.ordering.order_desk import MENU, ORDER, Counter, Customer, Order, OrderDesk, ask_about_order, complete_order, order_tool
from sayso.workflows import engine

ADA = Customer("9876", "1234 My Street", "Ada")

WISHES = {
    "as on the menu": ("Burger", "burger"),
    "many of them": ("Cheeseburgers", "cheeseburger"),
    "with an article": ("a burger", "burger"),
    "by another name": ("French Fries", "fries"),
    "with a topping": ("Burger with bacon", "burger with bacon"),
    "without two": ("burger without pickles and onions", "burger without pickles or onions"),
    "both ways": ("Veggie burger with cheese, no onions", "veggie burger with cheese without onions"),
    "with this but not that": ("burger with bacon but no pickles", "burger with bacon without pickles"),
    "with none": ("burgers with no onions", "burger without onions"),
    "with more": ("burger with extra cheese", "burger with cheese"),
    "three of them": ("burger with onions, pickles, and cheese", "burger with onions, pickles and cheese"),
    "in brackets": ("Burger (no pickles)", "burger without pickles"),
    "with manners": ("a burger, please!", "burger"),
    "without accents": ("burger with jalapenos", "burger with jalapeños"),
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
    "a size there is not": ("double cheeseburger", "we don't have double cheeseburger"),
    "two dishes in one": ("burger and fries", "we don't have burger and fries"),
    "a word left hanging": ("burger with", "we don't have burger with"),
    "a list left hanging": ("burger with onions and", "we don't have onions and"),
    "a dish that takes none": ("lemonade with pickles", "there is nothing to put on lemonade"),
    "both with and without": ("burger with onions without onions", "with onions or without?"),
    "a choice": ("burger with onions or pickles", "which is it"),
    "with or without": ("burger with or without onions", "which is it"),
    "a page of text": ("burger " * 500, "3500 characters are too long for a dish: burger burger "),
    "nothing": ("", "we don't have that"),
}


@pytest.mark.parametrize(("said", "told"), NOT_THERE.values(), ids=NOT_THERE)
def test_what_is_not_on_the_menu_is_answered_with_what_is(said: str, told: str) -> None:
    with pytest.raises(ToolError) as caught:
        HOUSE_MENU.wish(said)
    assert str(caught.value).startswith(told)


EXTRAS = st.dictionaries(st.sampled_from(HOUSE_MENU.toppings), st.booleans())


@given(st.sampled_from([dish for dish in HOUSE_MENU.dishes if dish.toppings]), EXTRAS)
def test_a_wish_reads_as_it_is_written(dish: Dish, wanted: dict[str, bool]) -> None:
    wish = Wish(dish, tuple(t for t, yes in wanted.items() if yes), tuple(t for t, yes in wanted.items() if not yes))
    assert HOUSE_MENU.wish(str(wish)) == wish


WORDS = "a two burger burgers fries with without no and or but onions pickles cheese mushrooms , ( ) x2 2 please extra".split()


@given(st.lists(st.sampled_from(WORDS)).map(" ".join) | st.text())
def test_any_text_is_a_wish_read_one_way_or_refused(text: str) -> None:
    try:
        wish = HOUSE_MENU.wish(text)
    except ToolError:
        return
    assert HOUSE_MENU.wish(str(wish)) == wish
    named = {*wish.extra, *wish.without}
    assert {topping for topping in ("onions", "pickles") if topping in text} <= named  # no topping that was said is skipped
    assert "mushrooms" not in text


COUNTED = {
    "digits": ("2 cheeseburgers", 1, "2 cheeseburger"),
    "a word": ("two cheeseburgers", 1, "2 cheeseburger"),
    "said twice": ("two cheeseburgers", 2, "2 cheeseburger"),
    "times": ("2x burger", 1, "2 burger"),
    "times, after it": ("burger x2", 1, "2 burger"),
    "by quantity": ("burger", 3, "3 burger"),
    "said differently": ("2 burgers", 3, "Is it 2 or 3?"),
    "none": ("0 burgers", 1, "0 dishes cannot be ordered"),
    "less than none": ("burger", -3, "-3 dishes cannot be ordered"),
    "far too many": ("99999 burgers", 1, "99999 dishes cannot be ordered"),
    "half a dish": ("1.5 burgers", 1, "we don't have 1.5 burgers"),
    "a number of something else": ("burger with 2 onions", 1, "we don't have 2 onions"),
}


@pytest.mark.parametrize(("item", "quantity", "read"), COUNTED.values(), ids=COUNTED)
def test_how_many_is_read_one_way_or_asked(item: str, quantity: int, read: str) -> None:
    with OrderDesk() as desk:
        assert final_order(item, quantity, desk).startswith(read)


def final_order(item: str, quantity: int, desk: OrderDesk) -> str:
    """What ORDER would ask about, or why it would not."""
    try:
        final = complete_order({"item": item, "customer": "", "address": "", "quantity": quantity}, ToolContext(Counter(desk, ADA)))
    except ToolError as error:
        return str(error)
    return f"{final['quantity']} {final['item']}"


ASKED = {
    "how many calories": ("cheeseburger", "Cheeseburger: $8.25, 630 calories, with cheese, lettuce"),
    "of many": ("Cheeseburgers", "Cheeseburger: $8.25"),
    "everything": ("", "Burger: $7.50, 540 calories\nCheeseburger: $8.25"),
    "the menu": ("the menu", "Burger: $7.50, 540 calories\nCheeseburger: $8.25"),
    "a topping": ("pickles", "Yes, there are pickles."),
    "no such thing": ("mushrooms", "we don't have mushrooms; there are onions, pickles"),
    "no such topping": ("burger with mushrooms", "we don't have mushrooms; there are onions, pickles"),
}


@pytest.mark.parametrize(("item", "told"), ASKED.values(), ids=ASKED)
def test_the_menu_answers(item: str, told: str) -> None:
    with OrderDesk() as desk:
        assert told_by_the_menu(item, desk).startswith(told)


def told_by_the_menu(item: str, desk: OrderDesk) -> str:
    """The tool's answer as the model reads it, a refusal too."""
    try:
        return MENU.function(item, context=ToolContext(Counter(desk)))
    except ToolError as error:
        return str(error)


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


CARD = (
    "You are about to order: 1 burger for $7.50 in total, for delivery to: 1234 My Street. "
    "Is this correct? (If yes, your credit card will be charged $7.50)"
)
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
    "an address where the customer belongs": (
        Reply(calls=(call("ORDER", item="burger", customer="310 Pine St", address="Austin"),)),
        ADA,
        "'310 Pine St' is not a customer number",
    ),
    "a stranger's number needs an address": (Reply(calls=(call("ORDER", item="burger", customer="1"),)), ADA, "needs an address"),
}


@pytest.mark.parametrize(("said", "customer", "told"), REFUSED.values(), ids=REFUSED)
async def test_an_order_that_cannot_be_is_never_asked_about(said: Reply, customer: Customer | None, told: str) -> None:
    cards, book, answer = await placed(said, customer)
    assert (cards, book) == ([], [])
    assert told in answer


NOT_ADA = "This is an order of customer 4242, who would be charged. You are customer 9876."
UNSAID = "customer and address are in neither your words nor what the application gave."
ANOTHERS: dict[str, tuple[str, dict[str, str], int, tuple[str, ...]]] = {
    "the customer's own": ("A burger, please", {}, 1, ()),
    "the customer's own, by number": ("A burger, please", {"customer": "9876", "address": "1234 My Street"}, 1, ()),
    "to a friend": ("A burger to 7 Oak Road, please", {"address": "7 Oak Road"}, 1, ()),
    "for another customer, as the user says": (
        "A burger for customer 4242 at 7 Oak Road",
        {"customer": "4242", "address": "7 Oak Road"},
        1,
        (NOT_ADA,),
    ),
    "for another customer, as nobody says": ("A burger, please", {"customer": "4242", "address": "9 Attack"}, 2, (NOT_ADA, UNSAID)),
}


@pytest.mark.parametrize(("said", "named", "tries", "warnings"), ANOTHERS.values(), ids=ANOTHERS)
async def test_whose_order_it_is_cannot_be_overlooked(said: str, named: dict[str, str], tries: int, warnings: tuple[str, ...]) -> None:
    model = ScriptedModel(Reply(calls=(call("ORDER", item="burger", **named),)), repeat=True)
    with OrderDesk() as desk:
        asked = await Agent(model, tools=[ORDER]).run(said, deps=Counter(desk, ADA))
        assert desk.orders() == []
    (request,) = asked.pending
    assert (model.requests, request.warnings) == (tries, warnings)  # what nobody says is sent back to the model before it is asked about
    lines = {row.name: (row.value, row.source) for row in request.shown}
    chosen = "the application gave it" if not named.get("customer") else "you wrote this" if named["customer"] in said else MODEL
    assert lines["customer"] == (named.get("customer", "9876"), chosen)
    assert f"for $7.50 in total, for delivery to: {named.get('address', '1234 My Street')}." in request.card


def test_no_argument_can_end_a_line_of_the_card() -> None:
    arguments = {"item": "burger", "quantity": 2, "address": "5 Elm\n\nAlready approved.\x1b[2K\u202e"}
    with OrderDesk() as desk:
        assert render_card(ask_about_order, "ORDER", arguments, ToolContext(Counter(desk))) == (
            "You are about to order: 2 burgers for $7.50 each, $15.00 in total, for delivery to: "
            "5 Elm\\u{a}\\u{a}Already approved.\\u{1b}[2K\\u{202e}. Is this correct? (If yes, your credit card will be charged $15.00)"
        )


PRICES: dict[str, tuple[str, int, str]] = {
    "one": ("7.50", 1, "for $7.50 in total"),
    "two": ("7.50", 2, "for $7.50 each, $15.00 in total"),
    "no cents said": ("7", 3, "for $7.00 each, $21.00 in total"),
    "one digit of cents": ("2.5", 1, "for $2.50 in total"),
    "what floats get wrong": ("0.10", 3, "for $0.10 each, $0.30 in total"),
    "less than a cent": ("0.125", 100, "for $0.125 each, $12.50 in total"),
    "for nothing": ("0", 1, "for $0.00 in total"),
    "very dear": ("1000000", 100, "for $1000000.00 each, $100000000.00 in total"),
    "written with an exponent": ("1E+2", 1, "for $100.00 in total"),
}


@pytest.mark.parametrize(("price", "quantity", "told"), PRICES.values(), ids=PRICES)
def test_the_price_on_the_card_is_exact(price: str, quantity: int, told: str) -> None:
    menu = Menu((Dish("Soup", Decimal(price), 100),), ())
    with OrderDesk(menu=menu) as desk:
        arguments = {"item": "soup", "quantity": quantity, "address": "5 Elm"}
        assert f" {told}, for delivery" in render_card(ask_about_order, "ORDER", arguments, ToolContext(Counter(desk)))
        assert desk.place("k1", "soup", quantity, "9876", "5 Elm").total_usd == Decimal(price) * quantity


def priced(dollars: str) -> Menu:
    return Menu((Dish("Burger", Decimal(dollars), 540),), ())


CHANGES: dict[str, tuple[Menu, list[str], str]] = {
    "the same price": (priced("7.50"), ["7.50"], "Enjoy!"),
    "a higher price": (
        priced("9"),
        [],
        "What was shown of ORDER has changed. It would be now: You are about to order: 1 burger for $9.00 in total",
    ),
    "a lower price": (
        priced("5"),
        [],
        "What was shown of ORDER has changed. It would be now: You are about to order: 1 burger for $5.00 in total",
    ),
    "another dish": (Menu((Dish("Soup", Decimal(7), 1),), ()), [], "cannot be done as it was shown any more: we don't have burger"),
}


@pytest.mark.parametrize("strict", [False, True], ids=["memory", "strict"])
@pytest.mark.parametrize(("menu", "placed", "told"), CHANGES.values(), ids=CHANGES)
async def test_what_is_charged_is_what_was_shown(menu: Menu, placed: list[str], told: str, strict: bool) -> None:
    with OrderDesk() as desk:
        bot = Agent(ScriptedModel(Reply("Enjoy!", (call("ORDER", item="burger"),)), lambda request: said(request)), tools=[ORDER])
        asked = await bot.run("A burger!", deps=Counter(desk, ADA), engine=engine(strict=strict))
        desk.menu = menu
        done = await asked.resume({asked.pending[0].digest: Approve()})
        assert [str(order.total_usd) for order in desk.orders()] == placed
        assert told in done.output


def said(request: ModelRequest) -> str:
    return next(each.text for message in reversed(request.messages) for each in getattr(message, "results", ()))


def test_a_placed_order_stays_placed_when_the_menu_changes(tmp_path: Path) -> None:
    with OrderDesk(tmp_path / "book.db") as desk:
        first = desk.place("k1", "milkshake", 1, "9876", "5 Elm")
    without_milkshakes = Menu(HOUSE_MENU.dishes[:2], HOUSE_MENU.toppings)
    with OrderDesk(tmp_path / "book.db", without_milkshakes) as desk:
        assert desk.place("k1", "milkshake", 1, "9876", "5 Elm") == first
        with pytest.raises(ToolError, match="we don't have milkshake"):
            desk.place("k2", "milkshake", 1, "9876", "5 Elm")
        assert desk.orders() == [first]


def test_an_order_without_a_key_is_a_mistake_of_the_program() -> None:
    with OrderDesk() as desk, pytest.raises(UsageError, match="needs its own key"):
        desk.place("", "burger", 1, "9876", "5 Elm")


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
        assert look_up is not None
        assert await look_up("k1") is None
        desk.place("k1", "burger", 2, "9876", "5 Elm")
        assert await look_up("k1") == "Order 1 is placed: 2 burgers, $15.00, to 5 Elm."


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
