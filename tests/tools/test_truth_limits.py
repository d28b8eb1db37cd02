"""What limits a whole statement stays: its condition, its case, its source, its bound, what its price is for, and whose it is."""

from __future__ import annotations

import pytest

from sayso.tools.truth import check_statement

REFUSED = (
    ("There is a first lesson at half price.", "Beginners: first lesson half price!"),
    ("A session costs £5.", "Seniors – £5 a session."),
    ("Lunch costs £12.", "Weekdays only: lunch for £12."),
    ("Strong glue is used for boots.", "We use stronger glue for boots."),
    ("Big dogs are walked alone.", "Bigger dogs are walked alone."),
    ("Bikes are insured against theft.", "Bikes are insured against theft provided that they are locked with our locks."),
    ("Additions can be made at any time.", "Additions can be made at any time provided the items are available."),
    ("The extra fee does not apply to vehicles on tow.", "The extra fee does not apply to vehicles on tow when they stay at the site."),
    ("The deposit will not be refunded.", "If a unit is found empty and the office was not told, the deposit will not be refunded."),
    ("Photography is prohibited.", "Photography: prohibited without written authorisation."),
    ("Late cancellations forfeit 100% of the bill.", "Late cancellations forfeit 100% of the bill unless a rain date is scheduled."),
    ("The price may change for early departures.", "For corporate stays, the price may change for early departures."),
    ("The branch will survive another year.", "The branch will survive another year, a number of councillors predicted."),
    ("If instructors cut a lesson short, pupils pay for all of it.", "If pupils cut a lesson short they pay for all of it."),
    ("Group bookings need one deposit for all sites.", "Group bookings need a deposit for each site."),
    ("A reservation online costs $8.50.", "$8.50 to change or cancel a reservation online."),
    ("Taxes are added to all prices.", "All prices include taxes."),
    ("The dog fee of $25 includes tax.", "The dog fee is $25 plus tax."),
    ("Payment is required at check-in.", "We require payment at check-out or before."),
    ("Re-test days are free.", "Re-test days are the same as the Free First Days, only that they are a charge of $20."),
    ("Children under eight must be at least 16 years old.", "Children under eight must be with a person aged at least 16 years."),
    ("The office is responsible for telling you of changes.", "You are responsible for telling the office of changes."),
    ("Discounts are only available on Saturdays.", "Discounts are only available on weekdays and Saturdays."),
    ("Sealed bottles are only permitted in exercise areas.", "Only sealed bottles are permitted in exercise areas."),
    ("Long-term memberships are non-refundable.", "Short-term memberships are non-refundable and non-transferable."),
    ("The maximum age at most locations is 21.", "The minimum age at most locations is 21."),
    ("We refund the amount plus any fees.", "We refund the amount, minus any fees."),
    ("Just under half of them agree.", "Just over half of them (53 percent) agree."),
    ("Brandt bought Ralston in 1997.", "Brandt bought Ralston's cereal business in 1997."),
    ("It was the first sewing machine.", "It was the first practical sewing machine for use at home."),
    ("French's bought Colman in 1926.", "In 1926, Colman, based in Norwich, bought French's."),
    ("Subscriptions cannot exceed the number of users.", "Users cannot exceed the number of subscriptions."),
    ("The café is open on Tuesdays.", "The café is open daily (excluding Tuesdays)."),
    ("The café is open on Tuesdays.", "The café is open every day except Tuesday."),
    ("Renters must show a photo ID or a credit card.", "Renters must show a photo ID and a credit card in their name."),
    ("Riders must come with a parent and a guardian.", "Riders must come with a parent, guardian, or responsible adult."),
    ("You call our staff to make a plan.", "Our staff will call you to make a plan."),
    ("Changes must be made a week before delivery.", "We recommend that you make changes a week before delivery."),
    ("Check-out is from 5 to 6 PM.", "Check-in (5-6 PM) & check-out (8-8:45 AM)"),
    ("Applications will be denied.", "Any application found to be fraudulent will be denied."),
    ("Orders are sent the same day.", "Orders placed before noon are sent the same day."),
    ("Hours change during holidays.", "Hours are subject to change during holidays."),
    ("Acme went public in 1962.", "1959: Acme goes public.\n1962: The stock of Acme gains a listing on the exchange."),
    ("The office advertises the unit for sale.", "The office has the option to advertise the unit for sale."),
)
STATED = (
    ("Students get 20% off all tickets.", "Students: 20% off all tickets."),
    ("Delivery costs £5.", "Delivery: £5."),
    ("A deposit of £50 is taken per boat.", "A deposit of £50 is taken per boat and returned when the boat comes back dry."),
    ("If you lock them, the bikes are insured.", "The bikes are insured if you lock them."),
    ("The inn opened in 1990.", "The inn opened in 1990, and guests have loved it ever since."),
    ("You may bring a dog.", "You may bring a dog if you like."),
    ("Group bookings need a deposit per site.", "Group bookings need a deposit for each site."),
    ("Taxes are included in all prices.", "All prices include taxes."),
    ("Check-out is at noon.", "Check-in is at 3 pm, check-out at noon."),
    ("Kessel sold the plant to Brandt.", "Brandt bought the plant from Kessel."),
    ("Brandt bought Ralston's cereal business.", "Brandt bought Ralston's cereal business in 1997."),
    ("Users cannot exceed subscriptions.", "Users cannot exceed subscriptions, as each covers one user."),
    ("The café is open daily except on Tuesdays.", "The café is open daily (excluding Tuesdays)."),
    ("Guide dogs stay free of charge.", "Pets stay for €15 a night, except guide dogs, which are free."),
    ("Groups have between 10 and 50 people.", "Groups have a minimum of 10 people and a maximum of 50 people."),
    ("The balance is due a week before delivery.", "The balance is paid one week prior to the delivery."),
    ("You call our staff to make a plan.", "You will call our staff to make a plan."),
    ("Orders placed before noon are sent the same day.", "Orders placed before noon are sent the same day."),
    ("Hours may change during holidays.", "Hours are subject to change during holidays."),
    ("You may pay by cash and card.", "You may pay by cash or card."),
    ("Renters must show an ID and a credit card.", "Renters must show an ID and a credit card."),
    ("It was the first practical machine.", "It was the first practical machine for use at home."),
)


@pytest.mark.parametrize(("sentence", "passage"), REFUSED)
def test_a_sentence_without_what_limits_it_is_refused(sentence: str, passage: str) -> None:
    assert not check_statement(sentence, passage).stated


@pytest.mark.parametrize(("sentence", "passage"), STATED)
def test_a_sentence_that_keeps_its_limits_is_stated(sentence: str, passage: str) -> None:
    assert check_statement(sentence, passage).problems == ()
