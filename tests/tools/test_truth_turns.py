"""Sentences in another turn than their passage: prices, notice, refunds, hours, duties; and twins of them that say something else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sayso.tools.truth import check_statement
from sayso.tools.truth.equal_turns import put_equally

FILE = Path(__file__).parents[1] / "data" / "truth_turns.jsonl"
CASES = [json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines()]


def is_stated(sentence: str, passage: str) -> bool:
    """Check a sentence about the company whose page the passage is."""
    return check_statement(sentence, passage, subject="Acme").stated


def test_a_sentence_in_another_turn_is_stated() -> None:
    assert [(case["passage"], each) for case in CASES for each in case["stated"] if not is_stated(each, case["passage"])] == []


def test_a_sentence_that_turns_the_sense_is_refused() -> None:
    assert [(case["passage"], each) for case in CASES for each in case["refused"] if is_stated(each, case["passage"])] == []


EQUAL = {
    "a refund": ("Customers get their money back.", "Customers receive the full money back."),
    "no refund": ("Tickets are non-refundable.", "Tickets are not paid back."),
    "who pays": ("You pay €12 for a day ticket.", "A day ticket costs €12."),
    "the price of": ("The price of a day ticket is €12.", "A day ticket costs €12."),
    "off": ("Repairs are discounted by 20%.", "Repairs is 20% off."),
    "at most": ("No more than three loaves are sold.", "A maximum of three loaves are sold."),
    "at least": ("Orders of £50 or more are sent.", "Orders of at least £50 are sent."),
    "notice": ("Give 24 hours' notice.", "Give 24 hours in advance."),
    "days": ("Open Mon-Thu.", "Open Monday-Thursday."),
    "a rule in the future": ("Any refund will be credited to your card.", "Any refund are credited to your card."),
    "people": ("Children under 12 pay half.", "Under-12s pay half."),
}


@pytest.mark.parametrize(("one", "other"), EQUAL.values(), ids=EQUAL)
def test_equal_turns_meet_in_one_wording(one: str, other: str) -> None:
    assert put_equally(one).casefold() == put_equally(other).casefold()


def test_a_plan_stays_one() -> None:
    assert put_equally("A new pool will be built for all guests.") == "A new pool will be built for all guests."
