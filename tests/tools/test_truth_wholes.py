"""What holds of a kind, of several things together, or of one towards another is not said of all, of one, or the other way round."""

from __future__ import annotations

import pytest

from sayso.tools.truth import check_statement

REFUSED = (
    ("Bottles are forbidden.", "Glass bottles are forbidden."),
    ("Suitcases are prohibited.", "Large suitcases are prohibited."),
    ("Tenants cannot keep pets.", "Tenants cannot keep exotic pets."),
    ("Paint is prohibited.", "Gas bottles and liquid paint are prohibited."),
    ("Gas bottles are accepted.", "Gas bottles and liquid paint are prohibited."),
    ("Tyres are taken for £5 each.", "Car tyres are taken for £5 each."),
    ("A helmet costs $5.", "A helmet and gloves cost $5."),
    ("Gloves cost $5.", "A helmet and gloves cost $5."),
    ("Parking is £12 a night.", "Breakfast and parking cost £12 a night."),
    ("A locker is €8.", "Skates with a locker are €8."),
    ("Cake costs £6.50.", "Tea and cake: £6.50"),
    ("You pay 20 dollars for a rod.", "You pay 20 dollars for a rod and bait."),
    ("The trailer costs $400 a week.", "The boat plus trailer costs $400 a week."),
    ("The room is $900 a month.", "Room and board come to $900 a month."),
    ("Members can bring guests.", "Guests can bring members."),
    ("Visitors rate hosts.", "Hosts rate visitors."),
    ("The committee elects the members in April.", "Members elect the committee in April."),
    ("Volunteers are taught by students.", "Students are taught by volunteers."),
    ("Three coaches train two teams.", "Two coaches train three teams."),
    ("One ticket admits two children.", "Two tickets admit one child."),
    ("The owner pays for repairs.", "The tenant pays for repairs."),
    ("The owner must be present.", "A parent must be present."),
    ("Employers pay for the course.", "Staff pay for the course."),
    ("Employers pay for the course.", "Employees pay for the course."),
    ("Children over the age of 16 must be accompanied.", "Children under the age of 16 must be accompanied."),
    ("You get a refund within 14 days.", "You get a voucher within 14 days."),
    ("Lessons last a day.", "Lessons take 60 minutes."),
    ("Lessons last an hour.", "Lessons take at least 60 minutes."),
    ("A full refund is given.", "There is a 7-day cooling off period, in which a full refund is given."),
)
STATED = (
    ("Plastic bags are not accepted.", "We do not accept plastic bags."),
    ("Lessons last an hour.", "Lessons take 60 minutes."),
    ("Seniors pay $14 each.", "Adults and seniors pay $14 each."),
    ("Tents cost £18 each per night.", "Tents and caravans cost £18 each per night."),
    ("A helmet and gloves are $5.", "A helmet and gloves cost $5."),
    ("Drivers have to pay owners.", "Drivers must pay owners."),
    ("Volunteers teach students.", "Students are taught by volunteers."),
    ("The firm has 40 employees.", "The firm employs 40 people."),
)


@pytest.mark.parametrize(("sentence", "passage"), REFUSED)
def test_a_part_or_the_other_side_is_refused(sentence: str, passage: str) -> None:
    assert not check_statement(sentence, passage, subject="The Yard").stated


@pytest.mark.parametrize(("sentence", "passage"), STATED)
def test_what_keeps_the_whole_and_the_sides_is_stated(sentence: str, passage: str) -> None:
    assert check_statement(sentence, passage, subject="The Yard").problems == ()
