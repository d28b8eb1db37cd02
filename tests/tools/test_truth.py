"""The truth gate: what a passage states, and what it does not."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sayso.tools.truth import ProblemKind, Verdict, check_statement

DATA = Path(__file__).parents[1] / "data"
ROWS = [json.loads(line) for line in (DATA / "careless_writer.jsonl").read_text(encoding="utf-8").splitlines()]
CASES = [json.loads(line) for line in (DATA / "truth_cases.jsonl").read_text(encoding="utf-8").splitlines()]
STATED = [(case["name"], sentence, case) for case in CASES for sentence in case["stated"]]
REFUSED = [(case["name"], sentence, case) for case in CASES for sentence in case["refused"]]
KEPT_LEAST = 17
"""How many of the 40 good rows keep their own words. The others are replaced by their quotes."""


def check_row(row: dict[str, str]) -> Verdict:
    """Check a row of the careless writer."""
    return check_statement(row["text"], row["passage"], quote=row["quote"], subject=row["subject"])


def test_no_false_sentence_of_a_careless_writer_is_stated() -> None:
    assert [row["text"] for row in ROWS if not row["stated"] and check_row(row).stated] == []


def test_most_good_sentences_of_a_careless_writer_keep_their_words() -> None:
    assert sum(check_row(row).stated for row in ROWS if row["stated"]) >= KEPT_LEAST


@pytest.mark.parametrize(("sentence", "case"), [each[1:] for each in STATED], ids=[f"{name}: {text}" for name, text, _ in STATED])
def test_a_sentence_in_other_words_is_stated(sentence: str, case: dict[str, str]) -> None:
    verdict = check_statement(sentence, case["passage"], subject=case["subject"])
    assert verdict.problems == ()
    assert verdict.evidence is not None


@pytest.mark.parametrize(("sentence", "case"), [each[1:] for each in REFUSED], ids=[f"{name}: {text}" for name, text, _ in REFUSED])
def test_a_sentence_that_says_something_else_is_refused(sentence: str, case: dict[str, str]) -> None:
    verdict = check_statement(sentence, case["passage"], subject=case["subject"])
    assert not verdict.stated
    assert verdict.problems


OWN_SENTENCES = {
    "English": ("A permit costs 15 EUR a month.", "Ada Quist has led the yard since 2014.", "Pets are not allowed."),
    "German": ("Das Tagesticket kostet 19,50 €.", "Hunde sind nicht erlaubt.", "Seit 2011 führt Ute Falk den Hof."),
    "French": (
        "La visite dure une heure et coûte 12 €.",
        "Les chiens ne sont pas admis.",
        "Fondée en 1987, la maison emploie 27 personnes.",
    ),
    "Japanese": ("駐車場は無料です。", "創業は1972年です。", "ペットは利用できません。"),
    "table": ("Plan | Price", "Pro | $20 per user"),
}


@pytest.mark.parametrize("sentences", OWN_SENTENCES.values(), ids=OWN_SENTENCES)
def test_a_sentence_of_the_passage_is_stated_whatever_its_white_space(sentences: tuple[str, ...]) -> None:
    passage = "\n".join(sentences)
    for sentence in sentences[-1:] if "|" in passage else sentences:
        verdict = check_statement(sentence.replace(" ", " \n "), passage)
        assert verdict.stated, sentence
        assert verdict.evidence
        assert passage[slice(*verdict.evidence)] == sentence


def corrupt(sentence: str) -> Iterator[str]:
    """Yield the sentence with one thing changed that makes it false."""
    for found in re.finditer(r"\d+", sentence):
        yield f"{sentence[: found.start()]}{int(found[0]) + 3}{sentence[found.end() :]}"
    changes = (
        ("$", "€"), ("€", "$"), (" euros", " dollars"), (" dollars", " euros"), (" francs", " pounds"), (" EUR", " USD"),
        ("NOK", "SEK"), (" per month", " per year"), (" a year", " a month"), (" an hour", " a day"),
        (" per night", " per week"), (" kg ", " g "), (" km", " miles"), (" is ", " is not "), (" are ", " are not "),
        (" has ", " has no "), (" was ", " was not "), (" cannot ", " can "), (" not ", " "), (" never ", " always "),
        ("No other ", "Every other "), (" at least ", " at most "), (" at most ", " at least "), (" up to ", " more than "),
        ("Most ", "All "), ("Some ", "All "), (" plans to bring out ", " has brought out "),
        (" aims to equip ", " has equipped "), (" before ", " after "), (" since ", " until "), (" opens ", " closes "),
        ("Every ", "Only "),
    )  # fmt: skip
    for old, new in changes:
        if old in sentence:
            yield sentence.replace(old, new, 1)


def test_a_stated_sentence_with_one_thing_changed_is_refused() -> None:
    kept = [
        (changed, case["passage"])
        for _, sentence, case in STATED
        for changed in corrupt(sentence)
        if check_statement(changed, case["passage"], subject=case["subject"]).stated
    ]
    assert kept == []


def test_a_name_that_is_not_there_is_refused() -> None:
    for _, sentence, case in STATED:
        if case["subject"] and sentence.startswith(f"{case['subject']} "):
            other = sentence.replace(case["subject"], "Harbour Cycles", 1)
            assert not check_statement(other, case["passage"], subject=case["subject"]).stated, other


PAYING = {
    "pay in a free lot": ("Visitors have to pay in lot B.", "Visitors park in lot B, free of charge."),
    "a fee for what is free": ("Delivery costs a fee.", "Delivery is free."),
    "pay for what is complimentary": ("Guests pay for breakfast.", "Breakfast is complimentary for guests."),
    "free with a price": ("The app is free.", "The app costs $3 a month."),
    "free over a fee": ("The sauna is free.", "A fee is charged for the sauna."),
    "a fee dropped its no": ("A fee is charged for late returns.", "No fee is charged for late returns."),
    "nothing over a price": ("Returns cost nothing.", "Returns cost 5 EUR."),
    "including for plus": ("An hour costs £19.50 including VAT.", "An hour costs £19.50 plus VAT."),
}


@pytest.mark.parametrize(("sentence", "passage"), PAYING.values(), ids=PAYING)
def test_free_is_not_for_money(sentence: str, passage: str) -> None:
    assert not check_statement(sentence, passage).stated


def test_a_struck_price_is_an_old_one() -> None:
    passage = "A drill costs ~~£80~~ £65."
    assert check_statement("A drill costs £65.", passage).stated
    assert ProblemKind.STALE in {problem.kind for problem in check_statement("A drill costs £80.", passage).problems}


def test_what_is_taken_back_in_the_next_sentence_is_not_stated() -> None:
    assert check_statement("Members train for free.", "Members can train for free.").stated
    assert not check_statement("Members train for free.", "Members can train for free. This offer ended in 2023.").stated


def test_a_problem_says_what_the_passage_has_instead() -> None:
    verdict = check_statement("A permit costs 50 EUR.", "A permit costs 15 EUR.")
    assert [str(problem) for problem in verdict.problems] == ["The passage says 15 EUR, not 50 EUR."]


def test_we_is_the_one_whose_page_it_is() -> None:
    passage = "We have 14 shops. Unlike Globex, we repair bicycles."
    assert check_statement("Acme has 14 shops.", passage, subject="Acme").stated
    assert not check_statement("Globex has 14 shops.", passage, subject="Acme").stated
    assert not check_statement("Globex repairs bicycles.", passage, subject="Acme").stated


def test_a_sentence_in_another_language_than_the_passage_is_refused() -> None:
    assert not check_statement("Acme has 40 shops in Leipzig.", "Acme hat 40 Filialen in Leipzig.", subject="Acme").stated


def test_a_quote_that_is_not_in_the_passage_supports_nothing() -> None:
    verdict = check_statement("A permit costs 15 EUR.", "A permit costs 15 EUR.", quote="Permits are free.")
    assert [problem.kind for problem in verdict.problems] == [ProblemKind.QUOTE]


@pytest.mark.parametrize("sentence", ["", "   ", "?!", "Is it free?", "It is.", "¶", "\u202e"])
def test_what_says_nothing_is_not_stated(sentence: str) -> None:
    assert not check_statement(sentence, "A permit costs 15 EUR.").stated


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=200), st.text(max_size=400))
def test_any_text_gets_a_verdict(sentence: str, passage: str) -> None:
    verdict = check_statement(sentence, passage, quote=passage[:20], subject=sentence[:10])
    assert verdict.stated == (not verdict.problems)


HOSTILE = {
    "bars": "|" * 20_000,
    "strikes": "~~a" * 10_000,
    "digits": "1 " * 10_000,
    "commas": "a," * 10_000,
    "negations": "not " * 5_000,
    "one long word": "a" * 50_000,
    "brackets": "[" * 5_000 + "](x)" * 2_000,
    "questions": "Is it? " * 3_000,
    "halves": "half a " * 5_000,
}


@pytest.mark.parametrize("passage", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_passage_is_read_in_seconds(passage: str) -> None:
    start = time.process_time()
    assert not check_statement("Acme has 14 shops and costs half a euro per user.", passage, subject="Acme").stated
    assert time.process_time() - start < 5


@pytest.mark.parametrize(
    ("sentence", "passage"),
    [
        ("The clinic treats cats.", "The clinic has two cats."),
        ("The hotel rents boats.", "The hotel has two boats for staff."),
        ("The shop destroys bikes.", "The shop has bikes."),
        ("The bank lends $500.", "The bank is $500."),
        ("People under 21 may enter.", "Not under 21."),
    ],
)
def test_a_deed_or_a_bound_of_the_writers_own_is_refused(sentence: str, passage: str) -> None:
    assert not check_statement(sentence, passage).stated


@pytest.mark.parametrize(
    ("sentence", "passage"),
    [
        ("Learners get a certificate.", "Teachers get a certificate."),
        ("Patients need an appointment.", "Members need an appointment."),
        ("Customers get a discount.", "Members get a discount."),
        ("Pilots need a licence.", "Nurses need a licence."),
    ],
)
def test_what_some_people_get_is_not_said_of_others(sentence: str, passage: str) -> None:
    assert not check_statement(sentence, passage, subject="The shop").stated


RIVALS = """Bright Bikes repairs bicycles in Leeds. We charge £85 for a full service. The Standard Service costs £60.
Our competitor Velo Barn charges £120 for a full service. Velo Barn opens at 9 am on Sundays. Unlike us, Spoke House sells used bikes.
Cycle Republic was bought by Halfords in 2016. Compared with Bright Bikes, Wheelio has four branches.
Unlike Velo Barn, we lend bikes. Our mechanic Maria Lopez trained in Ghent."""
OF_RIVALS = (
    "Bright Bikes charges £120 for a full service.",
    "A full service costs £120.",
    "Our competitor Velo Barn charges £120 for a full service.",
    "Velo Barn opens at 9 am on Sundays.",
    "Bright Bikes opens at 9 am on Sundays.",
    "Unlike us, Spoke House sells used bikes.",
    "Bright Bikes was bought by Halfords in 2016.",
    "Wheelio has four branches.",
)
OF_ITS_OWN = (
    "Bright Bikes charges £85 for a full service.",
    "The Standard Service costs £60.",
    "Unlike Velo Barn, we lend bikes.",
    "Our mechanic Maria Lopez trained in Ghent.",
)


@pytest.mark.parametrize("sentence", OF_RIVALS)
def test_what_a_page_says_of_a_rival_is_not_stated_of_its_owner(sentence: str) -> None:
    verdict = check_statement(sentence, RIVALS, subject="Bright Bikes")
    assert [each.kind for each in verdict.problems][:1] == [ProblemKind.SUBJECT]


@pytest.mark.parametrize("sentence", OF_ITS_OWN)
def test_what_a_page_says_of_its_owner_beside_rivals_is_stated(sentence: str) -> None:
    assert check_statement(sentence, RIVALS, subject="Bright Bikes").stated


def test_without_a_subject_a_sentence_about_a_rival_is_stated() -> None:
    assert check_statement("Velo Barn opens at 9 am on Sundays.", RIVALS).stated
