"""The groups of words that may stand for each other: safe to use, and what programs read is what people wrote."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import combinations
from pathlib import Path

import pytest

from sayso.tools.truth.lexicon import excludes, look_up
from sayso.tools.truth.word_pairs import covers, may_stand_for
from sayso.tools.truth.words import STEMMED, Word, alike, opposite, tokenize

from .write_word_groups import TARGET, Cell, compile_groups, read_groups

NEAR_SYNONYMS = Path(__file__).parents[1] / "data" / "truth" / "near_synonyms.txt"
"""Pairs that WordNet takes for two things of one kind and that business prose uses for one: a shop is an outlet. Each read by hand."""


def _find_singles(cells: tuple[Cell, ...], side: str) -> Iterator[Word]:
    for cell in cells:
        words = tokenize(cell.phrase)
        if cell.side == side and len(words) == 1 and not cell.language:
            yield words[0]


def _find_english() -> Iterator[tuple[str, tuple[Cell, ...]]]:
    return ((place, cells) for place, cells in read_groups() if place.split(".")[0] not in STEMMED)


def test_what_programs_read_is_what_people_wrote() -> None:
    assert TARGET.read_text("utf-8") == compile_groups(), "run tests/tools/write_word_groups.py"


def test_no_group_says_two_opposites() -> None:
    wrong = [
        (place, one.text, other.text)
        for place, cells in read_groups()
        for side in "=>"
        for one, other in combinations(_find_singles(cells, side), 2)
        if opposite(one, other) or any(other.text in entry.opposites for entry in look_up(one))
    ]
    assert [each for each in wrong if {each[1], each[2]} - {"lie", "sit", "stand"}] == []


def test_no_general_word_is_the_opposite_of_a_special_one() -> None:
    assert [
        (place, one.text, other.text)
        for place, cells in read_groups()
        for one in _find_singles(cells, "<")
        for other in _find_singles(cells, ">")
        if opposite(one, other)
    ] == []


def test_no_group_joins_two_things_of_one_kind() -> None:
    known = {frozenset(line.split()) for line in NEAR_SYNONYMS.read_text("utf-8").splitlines() if line and not line.startswith("#")}
    found = {
        frozenset((one.text, other.text)): place
        for place, cells in _find_english()
        for one, other in combinations(_find_singles(cells, "="), 2)
        if excludes(one, other)
    }
    assert {" ".join(sorted(pair)): place for pair, place in found.items() if pair not in known} == {}
    assert [sorted(pair) for pair in known - found.keys()] == [], "no longer needed"


def test_no_word_is_both_the_special_and_the_general_one() -> None:
    ways = {
        (special.stem, general.stem): place
        for place, cells in _find_english()
        for special in _find_singles(cells, "<")
        for general in _find_singles(cells, ">")
    }
    assert [(place, pair) for pair, place in ways.items() if pair[::-1] in ways] == []


def test_every_group_has_two_members() -> None:
    assert [place for place, cells in read_groups() if len({(cell.phrase, cell.side) for cell in cells}) < 2] == []


def _any(check: Callable[[Word, Word], bool], a: str, b: str) -> bool:
    return any(check(one, other) for one in tokenize(a) for other in tokenize(b) if one.stem != other.stem)


SAME = [
    ("minimum order", "smallest order"), ("kinds", "varieties"), ("pensioners", "senior citizens"), ("last", "final"),
    ("grown-up", "adult"), ("set up", "founded"), ("hires out", "rents"), ("free of charge", "complimentary"), ("no charge", "at no cost"),
    ("located in", "can be found in"), ("by appointment", "must be booked"), ("staff", "employees"), ("co-op", "cooperative"),
    ("delivers within a week", "arrives in a week"), ("gluten-free", "without gluten"), ("closed", "shut"),
    ("handmade", "made by hand"), ("Der Eintritt ist gratis", "Das ist kostenlos"),
    ("L'entrée est offerte", "C'est gratuit"), ("La entrada es gratis", "Se entra sin cargo para los niños"),
    ("入館料です", "入場料です"),
]  # fmt: skip
DIFFERENT = [
    ("sells", "makes"), ("rent", "buy"), ("sell", "rent"), ("own", "run"), ("founder", "director"), ("free", "discounted"),
    ("minimum", "maximum"), ("first", "last"), ("at least", "at most"), ("lunch", "dinner"), ("daily", "weekly"), ("weekday", "weekend"),
    ("cedar", "plywood"), ("adult", "child"), ("included", "available"), ("month", "year"), ("open", "closed"), ("wash", "tow"),
    ("north", "south"), ("course", "lesson"), ("brothers", "sisters"), ("visitor", "participant"), ("by post", "by e-mail"),
    ("kaufen und mieten", "verkaufen und vermieten"), ("coffee", "tea"), ("half", "quarter"), ("employee", "customer"),
]  # fmt: skip
ONE_WAY = [("animal", "dog"), ("wood", "oak"), ("fruit", "pears"), ("siblings", "brothers"), ("cheese", "cheddar"), ("vehicle", "van"),
           ("vegetarian", "vegan"), ("metal", "steel"), ("bird", "owl")]  # fmt: skip
CONDITIONAL = [
    ("recharge the phone", "the phone is charged", True), ("recharge the phone", "entry is charged", False),
    ("an operation", "surgery for patients", True), ("the factory", "a house plant", False),
]  # fmt: skip


@pytest.mark.parametrize(("a", "b"), SAME)
def test_words_of_business_prose_that_say_the_same(a: str, b: str) -> None:
    assert _any(alike, a, b)
    assert _any(alike, b, a)


@pytest.mark.parametrize(("a", "b"), DIFFERENT)
def test_words_that_may_not_stand_for_each_other(a: str, b: str) -> None:
    assert not _any(alike, a, b)
    if len(a.split()) == len(b.split()) == 1:
        assert not _any(may_stand_for, a, b)
        assert not _any(may_stand_for, b, a)


@pytest.mark.parametrize(("general", "special"), ONE_WAY)
def test_a_general_word_may_stand_for_a_special_one_and_never_the_other_way(general: str, special: str) -> None:
    assert covers(*tokenize(general), *tokenize(special))
    assert not covers(*tokenize(special), *tokenize(general))


@pytest.mark.parametrize(("a", "b", "same"), CONDITIONAL)
def test_a_word_of_several_senses_counts_beside_its_partner(a: str, b: str, same: bool) -> None:
    assert _any(alike, a, b) is same
