"""A report as CSV, and what changed from one report to the next."""

from __future__ import annotations

import csv
from dataclasses import replace
from decimal import Decimal
from io import StringIO

import pytest

from sayso.agents.research.money_words import find_mixed_signs, write_money
from sayso.agents.research.report import Claim, Competitor, Report, Source
from sayso.agents.research.report_changes import describe_change, find_changes
from sayso.agents.research.report_csv import write_csv

SMASH = Competitor(
    "Smashwick",
    "http://smashwick.example/",
    "",
    (
        Claim("prices", "Double Smash, price: $7.95", "Double Smash | $7.95", 1, "data", "2026-05", "Double Smash", "price", "$7.95"),
        Claim("locations", "Smashwick is a smash burger chain with 27 restaurants in five states.", "27 restaurants", 1),
        Claim("ordering", "=HYPERLINK(1)", "=HYPERLINK(1)", 1),
    ),
)
REPORT = Report(
    company="Betta",
    made_at="2026-11-29T10:00:00Z",
    written_by="x",
    plan=(),
    queries=(),
    competitors=(SMASH,),
    comparison=(),
    sources=(Source(1, "http://smashwick.example/menu", "Menu", "2026-11-29T09:00:00Z", "a" * 64, "s"),),
    failed_pages=(),
    aspects=("prices", "locations", "ordering", "company"),
    client=Competitor("Betta", "http://betta.example/", "", ()),
)


def test_csv_has_a_row_for_each_claim_and_each_unknown() -> None:
    rows = list(csv.DictReader(StringIO(write_csv(REPORT))))
    assert [(row["site"], row["is client"], row["aspect"], row["claim"], row["value"]) for row in rows] == [
        ("Betta", "yes", "prices", "unknown", ""),
        ("Betta", "yes", "locations", "unknown", ""),
        ("Betta", "yes", "ordering", "unknown", ""),
        ("Betta", "yes", "company", "unknown", ""),
        ("Smashwick", "no", "prices", "Double Smash, price: $7.95", "$7.95"),
        ("Smashwick", "no", "locations", "Smashwick is a smash burger chain with 27 restaurants in five states.", ""),
        ("Smashwick", "no", "ordering", "'=HYPERLINK(1)", ""),
        ("Smashwick", "no", "company", "unknown", ""),
    ]
    assert (rows[4]["page"], rows[4]["dated"], rows[4]["quote"]) == ("http://smashwick.example/menu", "2026-05", "Double Smash | $7.95")


def test_what_changed_is_told_value_by_value_and_sentence_by_sentence() -> None:
    price, places, ordering = SMASH.claims
    later = Competitor(
        "Smashwick Burgers",
        "https://www.smashwick.example/",
        "",
        (
            replace(price, text="Double Smash, price: $8.25", value="$8.25"),
            replace(places, text="Smashwick is a smash burger chain with 31 restaurants in six states."),
            Claim("company", "Smashwick was founded in 2016.", "founded in 2016", 1),
        ),
    )
    tidebun = Competitor("Tidebun", "http://tidebun.example/", "", ())
    assert list(map(describe_change, find_changes(REPORT, replace(REPORT, competitors=(later, tidebun))))) == [
        "Tidebun was not in the earlier report.",
        "Smashwick Burgers, prices: Double Smash, price: $7.95 → Double Smash, price: $8.25",
        "Smashwick Burgers, locations: Smashwick is a smash burger chain with 27 restaurants in five states. → "
        "Smashwick is a smash burger chain with 31 restaurants in six states.",
        f"Smashwick Burgers, ordering: no longer said: {ordering.text}",
        "Smashwick Burgers, company: new: Smashwick was founded in 2016.",
    ]
    assert find_changes(REPORT, REPORT) == ()
    gone = find_changes(REPORT, replace(REPORT, competitors=()))
    assert list(map(describe_change, gone)) == ["Smashwick is no longer in the report. The searches did not find it this time."]


MONEY = {
    "€19": ("19.00", "EUR", ""),
    "$3.75": ("3.75", "USD", ""),
    "3.75 USD": ("3.75", "USD", "$"),
    "1,250 kr": ("1250", "SEK", ""),
    "27 CHF": ("27", "CHF", ""),
    "¥1,800": ("1800", "JPY", ""),
    "$0.005": ("0.005", "USD", ""),
}


@pytest.mark.parametrize(("written", "money"), MONEY.items(), ids=MONEY)
def test_one_currency_has_one_notation(written: str, money: tuple[str, str, str]) -> None:
    value, unit, mixed = money
    assert write_money(Decimal(value), unit, frozenset(filter(None, [mixed]))) == written


def test_a_sign_of_two_currencies_is_written_as_their_codes() -> None:
    told = [Claim("prices", f"A burger costs {price}.", price, 1) for price in ("$7.95", "C$9.50", "£6")]
    assert find_mixed_signs(told) == {"$"}
    assert find_mixed_signs(told[::2]) == frozenset()
