"""Amounts, dates and labels of a text: what a person reads in it, in any currency, script and order."""

from __future__ import annotations

import time
from decimal import Decimal

import pytest

from sayso.tools.quantities import Kind, find_amounts, find_dates, find_labels, monthly_price, unit_price

PRICES = {
    "12,50 €": "12.50 EUR",
    "EUR 3.90": "3.90 EUR",
    "€ 1.250,00": "1250 EUR",
    "CHF 1'200.–": "1200 CHF",
    "¥1,150": "1150 JPY",
    "980円": "980 JPY",
    "1万2千円": "12000 JPY",
    "１，１５０円": "1150 JPY",
    "149 kr": "149 SEK",
    "149:-": "149 SEK",
    "US$12": "12 USD",
    "A$12.50": "12.50 AUD",
    "R$260,00": "260 BRL",
    "50p": "0.50 GBP",
    "99 cents": "0.99 USD",
    "45 euros": "45 EUR",
    "₹1,20,000": "120000 INR",
    "1 250 000 €": "1250000 EUR",
    "17\u202f940,00 руб": "17940 RUB",
    "$1.2 million": "1200000 USD",
    "$5m": "5000000 USD",
    "1,2 Mio. €": "1200000 EUR",
    "20 dollars and 43 cents": "20.43 USD",
    "zwölf Euro": "12 EUR",
    "from $9": "from 9 USD",
    "ab 9 €": "from 9 EUR",
    "à partir de 12 €": "from 12 EUR",
    "up to 30 zł": "up to 30 PLN",
    "2,000円から": "from 2000 JPY",
    "$5-10": "from 5 USD, up to 10 USD",
    "12,90 – 15,90 €": "from 12.90 EUR, up to 15.90 EUR",
    "$12.99/mo": "12.99 USD per month",
    "$8 per user per month, billed annually": "8 USD per month, user",
    "$96 billed yearly": "96 USD per year",
    "12 € pro Person und Nacht": "12 EUR per night, person",
    "3 € / 100 g": "3 EUR per 100 g",
    "月額980円": "980 JPY per month",
    "5 EUR/kg": "5 EUR per kg",
    "~~$20~~ $15": "old 20 USD, 15 USD",
    "10 € 8 €": "10 EUR, 8 EUR",
    "$10 $8": "10 USD, 8 USD",
    "All prices in Australian dollars: $15": "15 AUD",
}
OTHERS = {
    "twelve shops": "12 shop",
    "40 new shops in Berlin": "40 shop",
    "a dozen eggs": "12 egg",
    "half a million users": "500000 user",
    "5k followers": "5000 follower",
    "120店舗": "120 店舗",
    "100+ apps": "plus 100 app",
    "more than 40 countries": "over 40 country",
    "1,5 l": "1.5 l",
    "0,250 kg": "0.250 kg",
    "120 km/h": "120 km per hour",
    "-20 %": "-20 %",
    "12-month contract": "12 month",
    "from 5 to 9 people": "from 5 person, up to 9 person",
    "2 hours a week": "2 hour per week",
    "4,8 von 5 Sternen": "4.8 of 5",
    "Open 9:30 am to 6 pm": "9.5, 18",
    "Mo-Fr 9-18 Uhr": "9, 18",
    "18h30": "18.5",
    "founded in 1958 with 2000 employees": "1958, 2000 employee",
    "the 1990s": "1990 decade",
    "the 3rd floor": "3",
    "two and a half miles": "2.5 mi",
    "one of the oldest": "",
    "a one-off visit": "",
    "half past six in the morning": "6.5",
    "half past sıx in the morning": "6.5",  # Turkish small letters: patterns of both cases take them for "i"
    "at SİX in the evening": "18",
    "three quarters of an hour": "0.75 hour",
    "half an hour": "0.5 hour",
    "a day and a half": "1.5 day",
    "nine in ten": "90 %",
    "a third of them": "33.33 %",
    "8 at most": "up to 8",
    "under-fives": "under 5",
    "2.50 € per hour plus 0.29 € per km": "2.50 EUR per hour, 0.29 EUR per km",
    "R 145 and R 20": "145 ZAR, 20 ZAR",
    "Call +49 30 1234567 or (512) 555-0199": "",
    "12 Main Street, Austin, TX 78701": "",
    "Hauptstr. 5, 10115 Berlin": "",
    "Python v3.11.2 on H100, mp3 and www.shop24.example": "",
    "on 12 May 2024": "2024",
}


def _write(text: str) -> str:
    written = []
    for amount in find_amounts(text):
        per = f" per {', '.join(amount.per)}" if amount.per else ""
        parts = ("old" if amount.old else "", amount.bound, f"{amount.value.normalize():f}", amount.unit)
        written.append(" ".join(filter(None, parts)) + per)
    return ", ".join(written)


def _plain(expected: str) -> str:
    return ", ".join(
        " ".join(f"{Decimal(word).normalize():f}" if word[-1].isdigit() else word for word in part.split()) for part in expected.split(", ")
    )


@pytest.mark.parametrize(("text", "expected"), (PRICES | OTHERS).items(), ids=PRICES | OTHERS)
def test_an_amount_is_read_as_a_person_reads_it(text: str, expected: str) -> None:
    assert _write(text) == (_plain(expected) if expected else "")


def test_the_span_of_an_amount_is_its_wording() -> None:
    text = "Kaffee kostet ab 12,50 € pro Person."
    assert [text[slice(*amount.span)] for amount in find_amounts(text)] == ["12,50 € pro Person"]


def test_the_kinds_are_told_apart() -> None:
    kinds = [amount.kind for amount in find_amounts("$5, 20 %, 3 kg, 40 shops, 1958, 9:30, 2nd; 7.")]
    assert kinds == [Kind.MONEY, Kind.PERCENT, Kind.MEASURE, Kind.COUNT, Kind.YEAR, Kind.TIME, Kind.ORDINAL, Kind.PLAIN]


def test_a_sentence_is_read_with_the_signs_of_its_text() -> None:
    [price] = find_amounts("A bag costs $15.", context="All prices in Canadian dollars.")
    assert price.unit == "CAD"


DATES = {
    "12 May 2024": [(2024, 5, 12)],
    "2024-05-12": [(2024, 5, 12)],
    "12.05.2024": [(2024, 5, 12)],
    "May 12, 2024": [(2024, 5, 12)],
    "3. Mai 2024": [(2024, 5, 3)],
    "3 de mayo de 2024": [(2024, 5, 3)],
    "Mai 2024": [(2024, 5, None)],
    "2024年5月12日": [(2024, 5, 12)],
    "spring 2027": [(2027, None, None)],
    "since 1958 and until 2024": [(1958, None, None), (2024, None, None)],
    "03/04/2024": [(2024, None, None)],
    "13/04/2024": [(2024, 4, 13)],
    "2000 employees": [],
}


@pytest.mark.parametrize(("text", "expected"), DATES.items(), ids=DATES)
def test_a_date_is_as_exact_as_its_text(text: str, expected: list[tuple[int, int | None, int | None]]) -> None:
    assert [(date.year, date.month, date.day) for date in find_dates(text)] == expected


LABELS = {
    "Call +49 30 1234567": ["+49 30 1234567"],
    "12 Main Street": ["12 Main Street"],
    "10115 Berlin": ["10115"],
    "version 3.2.1": ["version 3.2.1"],
    "open until 5 May": ["5 May"],
    "A bag costs $15.60.": [],
}


@pytest.mark.parametrize(("text", "expected"), LABELS.items(), ids=LABELS)
def test_a_number_that_only_names_something_is_a_label(text: str, expected: list[str]) -> None:
    found = [label.text for label in find_labels(text)]
    assert len(found) == len(expected)
    assert all(part in label for part, label in zip(expected, found, strict=True))


def test_prices_are_compared_by_month_and_by_kilogram() -> None:
    [yearly] = find_amounts("$96 per user per year")
    [bag, content] = find_amounts("12 € for 250 g")
    [hundred] = find_amounts("3 € / 100 g")
    monthly, by_weight, by_kilogram = monthly_price(yearly), unit_price(bag, content), unit_price(hundred)
    assert monthly
    assert (monthly.value, monthly.per) == (8, ("month", "user"))
    assert by_weight
    assert (by_weight.value, by_weight.per) == (48, ("kg",))
    assert by_kilogram
    assert (by_kilogram.value, by_kilogram.per) == (30, ("kg",))
    assert monthly_price(bag) is None
    assert unit_price(yearly) is None


HOSTILE = [
    "1" * 20_000,
    "1," * 10_000,
    "1-" * 10_000,
    "$" * 20_000,
    "a.b@" * 5_000,
    "one " * 5_000,
    "~~" * 10_000,
    "+1 2 " * 4_000,
    "一" * 20_000,
]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: text[:6])
def test_a_hostile_text_takes_time_in_proportion(text: str) -> None:
    def measure_once(part: str) -> float:
        started = time.process_time()
        find_amounts(part)
        return time.process_time() - started

    def measure(part: str) -> float:
        return min(measure_once(part + " " * spaces) for spaces in range(3))  # one may meet the collector; what was read before is kept

    find_amounts(text[:100])
    half, whole = measure(text[: len(text) // 2]), measure(text)
    assert whole < 4 * half + 0.2
