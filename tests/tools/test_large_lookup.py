"""A search in a large index reads a bounded number of texts of a common word, and finds what reading them all would find."""

from __future__ import annotations

import random

import pytest

from sayso.tools.documents import IndexEntry, PassageIndex
from sayso.tools.documents.asking import read_question
from sayso.tools.documents.large_lookup import LargeLookUp
from sayso.tools.documents.synonyms import Synonyms
from sayso.tools.documents.word_scores import WeighedWord, find_best, weigh

COMMON = "parking staff order price contract refund office monthly".split()
RARE = [f"word{number}" for number in range(400)]
TEXTS = 6_000
QUESTIONS = [
    "Is there parking for staff?",
    "What is the price of a contract for parking?",
    "Can staff get a refund for word17?",
    "Does word3 or word399 cost a monthly price in the office?",
    "parking",
    "order price contract refund",
    "word5",
]


def make_text(chance: random.Random) -> str:
    """A text of common words and rare ones."""
    rare = chance.choices(RARE, weights=[1 / (at + 1) for at in range(len(RARE))], k=6)
    return " ".join([*(word for word in COMMON if chance.random() < 0.25), *rare, f"number{chance.randint(1, 10**9)}"])


@pytest.fixture(scope="module")
def index() -> PassageIndex:
    chance = random.Random(7)
    made = PassageIndex()
    made.add_all(IndexEntry(make_text(chance), at) for at in range(TEXTS))
    return made


def weighed(index: PassageIndex, question: str, most: int) -> list[WeighedWord]:
    """The words of a question, of which none is read of more than `most` texts."""
    asked = read_question(question, Synonyms(()))
    look_up = LargeLookUp(index.db, len(index), asked, 0.5, most)
    return [weigh(each, len(index), look_up, lambda _: None) for each in asked]


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_best_texts_are_those_that_reading_all_would_find(index: PassageIndex, question: str) -> None:
    bounded, whole = weighed(index, question, 1_000), weighed(index, question, 10**9)
    assert [each.weight for each in bounded] == [each.weight for each in whole]
    found, expected = find_best(bounded, 5), find_best(whole, 5)
    assert [number for number, _ in found] == [number for number, _ in expected]
    assert [score for _, score in found] == pytest.approx([score for _, score in expected])


def test_of_many_common_words_one_of_the_best_is_found(index: PassageIndex) -> None:
    question = "order price contract refund office monthly parking staff"
    (found,), (expected,) = (find_best(weighed(index, question, most), 1) for most in (1_000, 10**9))
    assert found[1] > 0.85 * expected[1]


def test_of_common_words_a_bounded_number_of_texts_is_read(index: PassageIndex) -> None:
    question = "Is there parking for staff with a monthly price?"
    read = sum(len(each.scores) for each in weighed(index, question, 1_000))
    assert read < sum(len(each.scores) for each in weighed(index, question, 10**9))
    assert max(len(each.scores) for each in weighed(index, "parking staff", 1_000)) < 1_400
