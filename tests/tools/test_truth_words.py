"""What counts as the same word, and what as its opposite."""

from __future__ import annotations

from pathlib import Path

import pytest

from sayso.tools.truth import words
from sayso.tools.truth.lexicon import excludes, look_up, says_no_more
from sayso.tools.truth.matching import differs_by_prefix
from sayso.tools.truth.word_kinds import frames_of, names_a_business
from sayso.tools.truth.words import Word, alike, is_light, opposite, stem, tokenize

SAME = {
    "endings": ("prices", "priced"),
    "an irregular verb": ("bought", "buying"),
    "an irregular plural": ("children", "child"),
    "a noun of a verb": ("founder", "founded"),
    "a noun of a long verb": ("installation", "installs"),
    "words alike": ("costs", "charges"),
    "a phrase for a word": ("free", "at no charge"),
    "a phrase for a phrase": ("24/7", "round the clock"),
    "a name in two spellings": ("centre", "center"),
    "a hyphen": ("plant-based", "vegan"),
    "an accent": ("cafe", "café"),
    "a possessive": ("company's", "company"),
}
DIFFERENT = {
    "a word inside another": ("corn", "corner"),
    "things of one trade": ("croissant", "muffin"),
    "better is not good": ("better", "good"),
    "member and user": ("subscriber", "visitor"),
    "selling is not repairing": ("sells", "repairs"),
}
OPPOSITE = {"verbs": ("opens", "closes"), "comparison": ("more", "fewer"), "a state": ("fresh", "frozen")}


def _any_alike(a: str, b: str) -> bool:
    return any(alike(left, right) for left in tokenize(a) for right in tokenize(b))


@pytest.mark.parametrize(("a", "b"), SAME.values(), ids=SAME)
def test_two_spellings_say_the_same(a: str, b: str) -> None:
    assert _any_alike(a, b)
    assert _any_alike(b, a)


@pytest.mark.parametrize(("a", "b"), DIFFERENT.values(), ids=DIFFERENT)
def test_two_words_do_not_say_the_same(a: str, b: str) -> None:
    assert not _any_alike(a, b)


@pytest.mark.parametrize(("a", "b"), OPPOSITE.values(), ids=OPPOSITE)
def test_opposites_are_opposites_both_ways(a: str, b: str) -> None:
    (left,), (right,) = tokenize(a), tokenize(b)
    assert opposite(left, right)
    assert opposite(right, left)


def test_a_text_is_cut_into_words_with_their_places() -> None:
    text = "We don't close: 東京 café’s 20 %"
    words = [(word.text, text[word.start : word.end]) for word in tokenize(text)]
    assert words == [
        ("We", "We"), ("do", "don't"), ("not", "don't"), ("close", "close"), ("東", "東"), ("京", "京"),
        ("café", "café’s"), ("20", "20"), ("%", "%"),
    ]  # fmt: skip


def test_framing_words_carry_no_claim() -> None:
    assert [word.text for word in tokenize("The company also offers repairs to its customers") if not is_light(word)] == ["repairs"]


def test_no_light_word_is_in_a_group_that_would_let_it_stand_for_a_claim() -> None:
    assert not [
        word for word in ("only", "all", "not", "free", "largest", "since", "sell", "own") if is_light(Word(word, stem(word), 0, 0))
    ]


NO_MORE = {
    "a more general word": ("food", "croissant"),
    "another word for it": ("motorbike", "motorcycle"),
    "a noun of the verb": ("acquisition", "acquired"),
    "a people and its country": ("Swedish", "Sweden"),
    "several of them": ("bikes", "bicycle"),
}
MORE = {"a more special word": ("croissant", "food"), "another thing": ("brewery", "bakery"), "another deed": ("repairs", "sells")}
EXCLUDED = {
    "things of one kind": ("oven", "stove"),
    "animals": ("dog", "cats"),
    "drinks": ("coffee", "tea"),
    "opposite deeds": ("buys", "sold"),
    "opposite measures": ("largest", "smallest"),
}
NOT_EXCLUDED = {
    "the same thing": ("warranty", "guarantee"),
    "things that go together": ("dinghy", "harbour"),
    "an unknown word": ("Klybeck", "street"),
}


@pytest.mark.parametrize(("general", "specific"), NO_MORE.values(), ids=NO_MORE)
def test_a_word_that_says_no_more_than_another(general: str, specific: str) -> None:
    assert says_no_more(*tokenize(general), *tokenize(specific))


@pytest.mark.parametrize(("general", "specific"), MORE.values(), ids=MORE)
def test_a_word_that_says_more_than_another(general: str, specific: str) -> None:
    assert not says_no_more(*tokenize(general), *tokenize(specific))


@pytest.mark.parametrize(("one", "other"), EXCLUDED.values(), ids=EXCLUDED)
def test_words_that_cannot_both_be_meant(one: str, other: str) -> None:
    assert excludes(*tokenize(one), *tokenize(other))


@pytest.mark.parametrize(("one", "other"), NOT_EXCLUDED.values(), ids=NOT_EXCLUDED)
def test_words_that_can_both_be_meant(one: str, other: str) -> None:
    assert not excludes(*tokenize(one), *tokenize(other))


def test_every_line_of_the_lexicon_is_found() -> None:
    table = (Path(words.__file__).parent / "tables" / "wordnet.txt").read_text("ascii").splitlines()
    sample = [line.split("\t")[0] for line in table[::97]]
    assert [word for word in (table[0].split("\t")[0], *sample, table[-1].split("\t")[0]) if not look_up(*tokenize(word))] == []
    assert look_up(Word("zzzzz", "zzzzz", 0, 5)) == ()


@pytest.mark.parametrize("word", ["clinic", "Studios", "orchard", "bakery", "bakeries", "laboratory", "firm", "charity", "café", "winery"])
def test_a_noun_that_may_stand_for_the_business(word: str) -> None:
    assert names_a_business(*tokenize(word))


@pytest.mark.parametrize("word", ["account", "bread", "members", "founded", "supplies", "prints", "ticket", "found", "weekend", "engineer"])
def test_a_word_that_does_not_stand_for_the_business(word: str) -> None:
    assert not names_a_business(*tokenize(word))


@pytest.mark.parametrize(
    ("word", "kind", "unit"),
    [("weighs", "measure", "kg"), ("fee", "money", "EUR"), ("workforce", "count", "employee"), ("lasts", "measure", "minute")],
)
def test_a_word_that_only_names_what_a_unit_tells(word: str, kind: str, unit: str) -> None:
    assert stem(word) in frames_of(kind, unit)


@pytest.mark.parametrize(
    ("word", "kind", "unit"), [("wide", "measure", "m"), ("discount", "money", "EUR"), ("visitor", "count", "employee")]
)
def test_a_word_that_says_more_than_the_unit(word: str, kind: str, unit: str) -> None:
    assert stem(word) not in frames_of(kind, unit)


def test_a_speed_is_told_by_both_its_units() -> None:
    assert stem("speed") in frames_of("measure", "km", ("hour",))
    assert stem("speed") not in frames_of("measure", "km")


@pytest.mark.parametrize(("word", "denied"), [("unheated", "heated"), ("impossible", "possible"), ("paid", "unpaid")])
def test_a_word_denies_another_by_its_beginning(word: str, denied: str) -> None:
    assert differs_by_prefix(*tokenize(f"{word} {denied}"))


@pytest.mark.parametrize(
    ("word", "other"), [("unit", "it"), ("under", "der"), ("include", "clue"), ("united", "ted"), ("heated", "heated")]
)
def test_a_word_that_only_looks_denied(word: str, other: str) -> None:
    assert not differs_by_prefix(*tokenize(f"{word} {other}"))
