"""What a model wrote from passages, settled: citations corrected, and taken out what no passage states."""

from __future__ import annotations

import pytest

from sayso.tools.documents import Passage
from sayso.tools.documents.picking import pick_answer
from sayso.tools.documents.settling import settle_answer

STAFF = Passage(
    7, "parking.md", "Parking policy", "## Staff\n\nStaff park in lot A with a permit. A permit costs 15 euros a month.", ("Staff",)
)
GUESTS = Passage(
    6,
    "parking.md",
    "Parking policy",
    "## Visitors\n\nVisitors park in lot B, free of charge. Visitors may park for up to ten hours.",
    ("Visitors",),
)
CARS = Passage(8, "parking.md", "Parking policy", "Charging is free for four hours. Dogs do not wait in cars.", ("Electric cars",))
PASSAGES = (STAFF, GUESTS, CARS)

KEPT = {
    "as it was written": ("A permit costs 15 euros a month [DOC 7].", "A permit costs 15 euros a month [DOC 7]."),
    "another passage's number": ("A permit costs 15 euros a month [DOC 6].", "A permit costs 15 euros a month [DOC 7]."),
    "a number that is not there": ("A permit costs 15 euros a month [DOC 99].", "A permit costs 15 euros a month [DOC 7]."),
    "no number": ("A permit costs 15 euros a month.", "A permit costs 15 euros a month [DOC 7]."),
    "a number without its letters": ("A permit costs 15 euros a month [7].", "A permit costs 15 euros a month [DOC 7]."),
    "a number in other words": ("A permit costs 15 euros a month (Document 7).", "A permit costs 15 euros a month [DOC 7]."),
    "a number after the stop": ("A permit costs 15 euros a month. [DOC 7]", "A permit costs 15 euros a month [DOC 7]."),
    "a number in front": ("[DOC 7]: A permit costs 15 euros a month.", "A permit costs 15 euros a month [DOC 7]."),
    "a number on a line of its own": ("A permit costs 15 euros a month.\n[DOC 7]", "A permit costs 15 euros a month [DOC 7]."),
    "words of a source": (
        "According to [DOC 7], a permit costs 15 euros a month.",
        "According to the passage, a permit costs 15 euros a month [DOC 7].",
    ),
    "a list": (
        "- Staff park in lot A with a permit\n- Visitors park in lot B\n- Charging is free for four hours",
        "- Staff park in lot A with a permit [DOC 7]\n- Visitors park in lot B [DOC 6]\n- Charging is free for four hours [DOC 8]",
    ),
    "a yes with what bears it out": ("Yes. Visitors park in lot B.", "Yes. Visitors park in lot B [DOC 6]."),
    "a quote": ("It says “Staff park in lot A with a permit”.", "It says “Staff park in lot A with a permit” [DOC 7]."),
    "paragraphs": (
        "Staff park in lot A with a permit.\n\nVisitors park in lot B.",
        "Staff park in lot A with a permit [DOC 7].\n\nVisitors park in lot B [DOC 6].",
    ),
    "quotes one after the other": (
        "“Staff park in lot A with a permit.” [DOC 6] “Visitors park in lot B, free of charge.” [DOC 6]",
        "“Staff park in lot A with a permit.” [DOC 7] “Visitors park in lot B, free of charge.” [DOC 6]",
    ),
    "small talk around it": ("Great question! Staff park in lot A with a permit.", "Staff park in lot A with a permit [DOC 7]."),
}


@pytest.mark.parametrize(("written", "settled"), KEPT.values(), ids=KEPT)
def test_what_a_passage_states_is_cited_to_that_passage(written: str, settled: str) -> None:
    told = settle_answer(written, PASSAGES)
    assert (told.text, told.removed, told.refused) == (settled, (), False)


DOGS = Passage(
    4,
    "dogs.md",
    "Dogs in the office",
    "## Permission\n\nA dog may come along if everybody who shares the room agrees in writing.",
    ("Permission",),
)


@pytest.mark.parametrize("written", ["You may bring your dog to the office.", "Dogs may come to the office.", "A dog may come along."])
def test_neither_a_heading_nor_half_a_condition_is_a_permission(written: str) -> None:
    assert settle_answer(written, [DOGS]).text == ""


REMOVED = {
    "a wrong number": "A permit costs 25 euros a month [DOC 7].",
    "a dropped not": "Dogs wait in cars [DOC 8].",
    "a not too much": "Visitors may not park for up to ten hours [DOC 6].",
    "a bound that is left out": "Visitors may park for ten hours and longer [DOC 6].",
    "what is said of somebody else": "Visitors park in lot A [DOC 6].",
    "two facts stitched together": "Visitors pay 15 euros a month [DOC 6][DOC 7].",
    "a quote that nobody wrote": "“Staff park in lot B with a permit” [DOC 7].",
    "what no passage has a word of": "The gate closes at eight.",
    "knowledge of its own": "The capital of France is Paris [DOC 7].",
}


@pytest.mark.parametrize("written", REMOVED.values(), ids=REMOVED)
def test_what_no_passage_states_is_taken_out_and_told(written: str) -> None:
    told = settle_answer(written, PASSAGES)
    assert (told.text, told.statements) == ("", ())
    assert [bool(removed.reason) for removed in told.removed] == [True]


CUT = Passage(
    9,
    "rules.md",
    "Rules",
    "Dogs do not wait in cars. It is not true that cats are allowed. Nobody at the help desk will ever ask for your password. "
    "Refunds are paid within 30 days, unless the receipt is missing. A permit costs 15 euros, and the first month is free. "
    "Employees are not paid for travel time. Lunch, which is vegetarian, is served at noon.",
)
CUT_OUT = {
    "a not under dots": "“Dogs ... wait in cars” [DOC 9].",
    "a denial before it": "“cats are allowed” [DOC 9].",
    "nobody before it": "“the help desk will ever ask for your password” [DOC 9].",
    "a condition behind it": "“Refunds are paid within 30 days” [DOC 9].",
    "two statements made one": "“A permit costs ... free” [DOC 9].",
    "a not before a part of a sentence": "“paid for travel time” [DOC 9].",
}


@pytest.mark.parametrize("written", CUT_OUT.values(), ids=CUT_OUT)
def test_a_quote_that_is_cut_out_of_what_turns_it_is_no_quote(written: str) -> None:
    assert settle_answer(written, [CUT]).text == ""


HONEST = ["“Lunch ... is served at noon” [DOC 9].", "“the first month is free” [DOC 9].", "It is “15 euros” [DOC 9]."]


@pytest.mark.parametrize("written", HONEST)
def test_a_quote_that_leaves_out_what_does_not_matter_is_one(written: str) -> None:
    assert settle_answer(written, [CUT]).text == written


def test_a_yes_goes_with_the_sentence_that_it_was_said_for() -> None:
    assert (
        settle_answer("Yes. Dogs may wait in cars. Staff park in lot A with a permit.", PASSAGES).text
        == "Staff park in lot A with a permit [DOC 7]."
    )


def test_the_mark_is_the_callers() -> None:
    assert (
        settle_answer("Staff park in lot A with a permit.", PASSAGES, lambda number: f"[{number}]").text
        == "Staff park in lot A with a permit [7]."
    )


@pytest.mark.parametrize("refusal", ["Not in the documents.", "not in the documents", "The documents do not say who cooks [DOC 7]."])
def test_a_refusal_is_told_from_an_answer(refusal: str) -> None:
    assert settle_answer(refusal, PASSAGES).refused


def test_the_passages_words_stand_in_the_place_of_what_is_taken_out() -> None:
    told = settle_answer(
        "Permits are 25 euros monthly [DOC 7]. Staff park in lot A with a permit.", PASSAGES, quote_for="What does a permit cost?"
    )
    assert told.text == "“A permit costs 15 euros a month.” [DOC 7] Staff park in lot A with a permit [DOC 7]."
    assert [removed.sentence for removed in told.removed] == ["Permits are 25 euros monthly."]


LEAVE = Passage(
    2,
    "leave.html",
    "Holidays and leave",
    "Everybody has 28 days of paid annual leave. Up to five days that are left over may be taken until the end of March.",
    ("Annual leave",),
)
LONG = Passage(
    3, "rules.md", "Rules", " ".join(f"Rule {at} is about matter {at}." for at in range(1, 9)) + " Doors close at 19:30.", ("Doors",)
)

PICKED = {
    "by its words": ("What does a permit cost?", ["A permit costs 15 euros a month."]),
    "a passage that is short, where no sentence is clearly it": (
        "What about visitors?",
        ["Visitors park in lot B, free of charge. Visitors may park for up to ten hours."],
    ),
    "by other words": ("Where do employees park?", ["Staff park in lot A with a permit."]),
    "a number of what is counted": ("How many days of vacation do I have?", ["Everybody has 28 days of paid annual leave."]),
    "a time": ("When do the doors close?", ["Doors close at 19:30."]),
    "nothing shared": ("Who cooks?", []),
}


@pytest.mark.parametrize(("question", "sentences"), PICKED.values(), ids=PICKED)
def test_the_sentences_that_answer_are_picked(question: str, sentences: list[str]) -> None:
    assert [picked.text for picked in pick_answer(question, (*PASSAGES, LEAVE, LONG))] == sentences


FAQ = {
    "in one line": "Who signs? The head. Where do visitors park? In lot B.",
    "in lines of their own": "Who signs?\nThe head.\n\nWhere do visitors park?\n\nIn lot B.",
    "as a list": "- Who signs?\n- The head.\n- Where do visitors park?\n- In lot B.",
    "in quotation marks": "“Who signs?”\nThe head.\n“Where do visitors park?”\nIn lot B.",
}


@pytest.mark.parametrize("text", FAQ.values(), ids=FAQ)
def test_a_question_in_a_passage_is_quoted_with_the_sentence_that_follows_it(text: str) -> None:
    (picked,) = pick_answer("Where do visitors park?", [Passage(1, "faq.md", "FAQ", text)])
    assert picked.text.replace("”", "").replace("“", "") == "Where do visitors park? In lot B."


def test_a_heading_that_asks_is_not_quoted() -> None:
    asked = "Where do visitors park?"
    assert [each.text for each in pick_answer(asked, [Passage(1, "faq.html", "FAQ", f"{asked}\nIn lot B.", (asked,))])] == ["In lot B."]
