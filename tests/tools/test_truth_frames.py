"""A sentence that says what its passage says in another frame is stated; one whose frame differs in one part is not."""

from __future__ import annotations

import pytest

from sayso.tools.truth import check_statement

SAME = (
    ("Nobody younger than 21 can check in.", "Guests must be 21 years of age or older to check in."),
    ("Animals cannot be brought along.", "Pets are not allowed."),
    ("You may not set off fireworks.", "Fireworks are prohibited."),
    ("The goods you keep there are not insured.", "We don't carry insurance on your goods."),
    ("Customers can ring the company around the clock.", "Phone support is there 24/7; you can ring the company 24/7."),
    ("You lose the deposit if you cancel under three days before.", "Cancellations less than 72 hours in advance forfeit your deposit."),
    ("Men have to be lighter than 230 lbs.", "Male participants must weigh less than 230 lbs."),
    ("Cards and cash are fine.", "Cards and cash are accepted."),
    ("Adults are taught on weekday mornings.", "I teach adults on weekday mornings and children after school."),
)  # fmt: skip
OTHER = (
    ("Guests must arrive before noon.", "Guests must leave before noon."),
    ("Guests have to leave after noon.", "Guests must leave before noon."),
    ("Those under 18 can join.", "You must be 18 or older to join."),
    ("You must be at least 12 to enter.", "Anyone under 12 can enter free."),
    ("You must not bring a towel.", "You need not bring a towel."),
    ("You need not bring a towel.", "You must not bring a towel."),
    ("A helmet is required.", "A helmet is recommended."),
    ("Photos are forbidden.", "Photos with flash are forbidden."),
    ("Tickets can only be bought online.", "Tickets can be bought online."),
    ("Orders over $50 ship free.", "Orders under $50 ship free."),
    ("You can cancel until two days after booking.", "You can cancel up to 2 days before booking."),
    ("Guests get breakfast.", "Staff get breakfast."),
    ("Teachers get a certificate.", "Learners get a certificate."),
    ("Visitors may use the sauna.", "Members may use the sauna."),
    ("The customer pays for repairs.", "We pay for repairs."),
    ("Children are taught on weekday mornings.", "I teach adults on weekday mornings and children after school."),
    ("Minors can be tattooed.", "Nobody under 18 is tattooed."),
    ("Cars are left at the garage's risk.", "Cars are left at the owner's own risk."),
    ("Results are sent by e-mail within eight days.", "Results are sent by post within eight days."),
    ("Tramco gave up buses.", "Tramco gives up trams and runs buses only."),
)


@pytest.mark.parametrize(("sentence", "passage"), SAME)
def test_the_same_frame_in_other_words_is_stated(sentence: str, passage: str) -> None:
    assert check_statement(sentence, passage, subject="Harbour Place").problems == ()


@pytest.mark.parametrize(("sentence", "passage"), OTHER)
def test_a_frame_that_differs_in_one_part_is_refused(sentence: str, passage: str) -> None:
    assert not check_statement(sentence, passage, subject="Harbour Place").stated
