"""The prices that a report compares, by the words of the claims that say them."""

from __future__ import annotations

import pytest

from sayso.agents.research.price_terms import read_prices
from sayso.agents.research.report_values import Claim, Competitor

SAID: dict[str, tuple[str, str, tuple[str, ...]] | None] = {
    "Consultations from £48.": ("consultations", "£48", ()),
    "A city bike costs €14 a day.": ("bike", "€14", ("day",)),
    "Initial assessment £55.": ("assessment", "£55", ()),
    "Wedding packages from £1,450.": ("packages", "£1,450", ()),
    "Breakfast costs £12 per person.": ("breakfast", "£12", ("person",)),
    "Members save £10.": None,
    "You pay £10.": None,
    "No haircut costs £30.": None,
    "Nothing costs £5.": None,
    "A haircut was £30.": None,
    "The old price was £32 per hour.": None,
    "The boat cost £30,000.": None,
    "A haircut is not £30.": None,
    "A haircut will cost £30 from May.": None,
    "Two nights cost £90.": None,
    "Breakfast is £12 and lunch £15.": None,
    "Our team raised £500.": None,
    "Der Mindestauftragswert beträgt 35 €.": None,
}


@pytest.mark.parametrize(("text", "expected"), SAID.items(), ids=SAID)
def test_a_short_sentence_says_of_what_its_price_is(text: str, expected: tuple[str, str, tuple[str, ...]] | None) -> None:
    column = Competitor("Ada's", "http://ada.example/", "", (Claim("prices", text, text, 1),))
    found = [(price.shown, price.said, price.per) for price in read_prices((column,)) if price.thing]
    assert found == ([] if expected is None else [expected])


def test_a_sentence_and_a_table_compare() -> None:
    said = Competitor("Said", "http://said.example/", "", (Claim("prices", "Consultations from £48.", "Consultations from £48.", 1),))
    cell = Claim("prices", "Consultation, price: £44.", "Consultation | £44", 2, "data", "", "Consultation", "price", "£44")
    told = Competitor("Told", "http://told.example/", "", (cell,))
    assert len({price.thing for price in read_prices((said, told))}) == 1
