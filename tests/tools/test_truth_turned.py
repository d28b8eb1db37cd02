"""A statement in other turns: one thing of a list, what is excepted, a denied bound, a ban, a price each, a quality."""

from __future__ import annotations

import pytest

from sayso.tools.truth import check_statement

REFUSED = (
    ("The deposit can be refunded.", "Client is required to put down a non-refundable deposit.", "Ink"),
    ("The deposit cannot be refunded.", "A refundable deposit of $20 is required upon arrival.", "Ink"),
    ("The fee cannot be refunded.", "A non-refundable deposit and a fee are required.", "Ink"),
    ("The bike can be washed.", "It comes with a washable filter.", "Bike"),
    ("The battery cannot be removed.", "It has a removable battery.", "Bike"),
    ("The second shop in Leeds opened in 2019.", "The second shop, in York, opened in 2019.", "Brew"),
    ("Nobody under 21 can rent a kayak.", "You must be 18yrs old or older to rent a kayak.", "Kayaks"),
    ("Buses run to Hull.", "Buses run from York, Hull and Ripon to Leeds.", "Buses"),
    ("Buses run from Leeds.", "Buses run from York, Hull and Ripon to Leeds.", "Buses"),
    ("It ships to Austria.", "It ships to Germany, but not to Austria.", "Ferrolite"),
    ("It has shops in Italy.", "It ships to Germany, Austria and Italy.", "Ferrolite"),
    ("Tea comes from Assam.", "Tea comes from Ceylon, coffee from Assam.", "Shop"),
    ("The show is for adults.", "The show is for children, adults pay double.", "Shop"),
    ("Guide dogs are not allowed.", "Dogs are not allowed except guide dogs.", "Inn"),
    ("Dogs are allowed.", "Dogs are not allowed except guide dogs.", "Inn"),
    ("Dogs are not allowed.", "Dogs are not allowed except guide dogs.", "Inn"),
    ("Juice is allowed.", "No drinks are allowed except water.", "Pool"),
    ("Guide dogs are free.", "Dogs are not allowed except guide dogs.", "Inn"),
    ("The shop is closed on Sundays.", "The shop is closed except on Sundays.", "Shop"),
    ("The shop is open on Mondays.", "The shop is open daily except on Mondays.", "Shop"),
    ("Sheds may be taller than 2.5 m.", "Sheds must not be taller than 2.5 m.", "Site"),
    ("Sheds must be at least 2.5 m tall.", "Sheds must not be taller than 2.5 m.", "Site"),
    ("Sheds must be 2.5 m tall.", "Sheds must not be taller than 2.5 m.", "Site"),
    ("Bags must weigh at least 20 kg.", "Bags must not weigh more than 20 kg.", "Bus"),
    ("Bags may weigh up to 25 kg.", "Bags may not weigh more than 20 kg.", "Bus"),
    ("An hour costs $20.", "$20 per person per hour.", "Range"),
    ("An hour costs the group $20.", "$20 per person per hour.", "Range"),
    ("Each team pays $20 an hour.", "$20 per person per hour.", "Range"),
    ("Returns are accepted within 30 days of delivery.", "Returns are accepted within 30 days from the date of purchase.", "Shop"),
    ("Alcohol is not banned.", "No alcohol is permitted.", "Pool"),
    ("Alcohol is permitted.", "No alcohol is permitted.", "Pool"),
    ("Alcohol is banned.", "No alcohol without food.", "Pool"),
    ("There is a bus every quarter of an hour.", "The bus runs every 25 minutes.", "Bus"),
    ("Collecting a pet after midnight costs an extra day.", "Pets collected after 12 noon cost an extra day.", "Kennel"),
    ("Collecting a pet before midday costs an extra day.", "Pets collected after 12 noon cost an extra day.", "Kennel"),
    ("Bags may weigh up to 20 kg.", "Bags must not weigh 20 kg.", "Bus"),
    ("Deposits are forbidden.", "No deposit.", "Bus"),
)
STATED = (
    ("The deposit cannot be refunded.", "Client is required to put down a non-refundable deposit when scheduling an appointment.", "Ink"),
    ("The deposit is not refundable.", "A non-refundable deposit is required.", "Ink"),
    ("The deposit can be refunded.", "A refundable deposit of $20 is required upon arrival.", "Ink"),
    ("The battery can be removed.", "It has a removable battery.", "Bike"),
    ("The filter can be washed.", "It comes with a washable filter.", "Bike"),
    ("A fourth shop in Mâcon closed after two years.", "A fourth shop, in Mâcon, closed after two years.", "Moutarderie"),
    ("The second shop in York opened in 2019.", "The second shop, in York, opened in 2019.", "Brew"),
    ("Nobody under 18 can rent a kayak.", "You must be 18yrs old or older to rent a kayak.", "Kayaks"),
    ("The museum has works by Degas.", "The museum has works by Monet, Manet and Degas.", "The museum"),
    ("It ships to Austria.", "It ships to Germany, Austria and Italy.", "Ferrolite"),
    ("You can pay with cheques.", "You can pay with cash, cheques or cards.", "Shop"),
    ("There are courses for teachers.", "There are courses for parents, teachers and nurses.", "School"),
    ("Assistance dogs are permitted.", "Dogs are not permitted except for assistance dogs.", "Inn"),
    ("Guide dogs are allowed.", "No dogs are allowed except guide dogs.", "Inn"),
    ("Guide dogs are allowed.", "Dogs are not allowed, with the exception of guide dogs.", "Inn"),
    ("Water is allowed.", "No drinks are allowed except water.", "Pool"),
    ("The shop is open on Sundays.", "The shop is closed except on Sundays.", "Shop"),
    ("Sheds may be up to 2.5 m tall.", "Sheds must not be taller than 2.5 m.", "Site"),
    ("Bags may weigh up to 20 kg.", "Bags may not weigh more than 20 kg.", "Bus"),
    ("Bags may weigh at most 20 kg.", "Bags must not weigh more than 20 kg.", "Bus"),
    ("An hour costs each player $20.", "$20 per person per hour.", "Range"),
    ("Each guest pays $20 an hour.", "$20 per person per hour.", "Range"),
    ("A voucher is valid for a year from its issue.", "Vouchers are valid for 12 months from the date of issue.", "Inn"),
    ("Refunds are made within 14 days of delivery.", "Refunds are made within 14 days of the date of delivery.", "Shop"),
    ("Returns are accepted within 30 days of purchase.", "Returns are accepted within 30 days from the date of purchase.", "Shop"),
    ("Alcohol is banned.", "No alcoholic beverages permitted.", "Pool"),
    ("Alcohol is forbidden.", "No alcohol is permitted.", "Pool"),
    ("Smoking is banned.", "No smoking.", "Pool"),
    ("There is a bus every quarter of an hour.", "The bus runs every 15 minutes.", "Bus"),
    ("The bus runs every half hour.", "The bus runs every 30 minutes.", "Bus"),
    ("Alcohol is banned on the terrace.", "No alcohol is permitted on the terrace.", "Pool"),
    ("Swimming is forbidden.", "No swimming.", "Pool"),
)


@pytest.mark.parametrize(("sentence", "passage", "subject"), REFUSED)
def test_another_thing_bound_or_ban_is_refused(sentence: str, passage: str, subject: str) -> None:
    assert not check_statement(sentence, passage, subject=subject).stated


@pytest.mark.parametrize(("sentence", "passage", "subject"), STATED)
def test_what_another_turn_says_is_stated(sentence: str, passage: str, subject: str) -> None:
    assert check_statement(sentence, passage, subject=subject).problems == ()
