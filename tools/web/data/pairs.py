"""A label with its value, and whose it is: the page's, a product's, or what a heading or the label itself names."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from ..fields import Field
from .money import find_money

LABEL = re.compile(r"[-–—•*·▪●■►»✓✔]?\s*(?P<label>[^\s:：.!?;|][^:：.!?;|\n]{0,48}?)\s*(?:：\s*|:\s+)(?P<value>\S.*)", re.DOTALL)
# What a price is called is a label, never the name of a thing.
PRICE_LABEL = re.compile(
    r"""(?:(?:our|regular|list|unit|sale|total|monthly|yearly|annual|starting|current|new|old|normal|full|special|net|gross|base|retail|ticket)\s)?
    (?:prices?|costs?|fees?|rates?|rrp|msrp|preise?|kosten|gebühr|neupreis|verkaufspreis|grundpreis|stückpreis|normalpreis|prix|tarifs?|цена|стоимость|cijena|hinta|fiyat|giá|ár
    |precios?|tarifa|prezz[oi]|preços?|prij[sz](?:en)?|pris(?:er)?|cena|価格|料金|値段|税込価格|価格帯|月額|年額|价格|가격|요금)""",
    re.IGNORECASE | re.VERBOSE,
)
NO_NAME = re.compile(
    r"""(?:from|only|now|just|about|approx\.?|ca\.?|circa|up[ ]to|starting(?:[ ](?:at|from))?|for|at|was|save|ab|nur|jetzt|bis|von|statt
    |à[ ]partir[ ]de|dès|de|seulement|desde|solo|por|a[ ]partir[ ]de|da|vanaf|nu|från|fra|fr\.|sale|or|oder|ou|then|plus|and|und|je|per|more
    |buy|add[ ]to[ ]cart|~~[^~]*~~|incl\.?|inkl\.?|total|[\W\d_]*)""",
    re.IGNORECASE | re.VERBOSE,
)
SAVING = re.compile(r"(?i)\b(?:save|saving|off|discount|spare?n?|rabatt|économisez|ahorra)\b")


@dataclass(frozen=True, slots=True)
class Pair:
    """A label with its value, before it is known whose it is."""

    label: str
    value: str
    heading: str
    place: str = "list"
    is_price: bool = False
    of_heading: bool = False
    """Whether the heading is the name of the thing, as on a card."""
    old: bool = False
    has_colon: bool = False
    """Whether a colon stands between the two: more a label than a name."""


def make_pair(label: str, value: str, heading: str, place: str = "list", *, has_colon: bool = False) -> Pair:
    """Return a label and a value as a pair that knows whether the value is a price."""
    money = find_money(value)
    before = value[: money[0][0]].strip(" ~:(") if money else ""
    is_price = bool(money) and len(value) <= 80 and (not before or bool(NO_NAME.fullmatch(before))) and not SAVING.match(before)
    is_old = value.startswith("~~") and value.endswith("~~") and "~~" not in value[2:-2]
    return Pair(label, value.strip("~") if is_old else value, heading, place, is_price=is_price, old=is_old, has_colon=has_colon)


def settle_subjects(pairs: Sequence[Pair], product: str = "") -> list[Field]:
    """Return the fields of pairs: a label that repeats under several headings is a property of what the headings name."""
    under: defaultdict[str, set[str]] = defaultdict(set)
    for pair in pairs:
        under[pair.label.casefold()].add(pair.heading)
    prices = Counter(pair.heading for pair in pairs if pair.is_price)
    fields: list[Field] = []
    for pair in pairs:
        repeats = len(under[pair.label.casefold()] - {""}) > 1
        section = "" if pair.of_heading else pair.heading
        # The one price under a heading is the price of what the heading names: <h1>Coat</h1> <p>Today: 12 €</p>
        is_label = bool(PRICE_LABEL.fullmatch(pair.label)) or (pair.has_colon and prices[pair.heading] == 1 and bool(pair.heading))
        if pair.of_heading:
            subject, name = pair.heading, pair.label
        elif repeats and pair.heading:
            subject, name, section = pair.heading, pair.label, ""
        elif pair.is_price and is_label:
            subject, name, section = product or pair.heading, pair.label, ""
        elif pair.is_price:
            subject, name = pair.label, "price"
        else:
            subject, name = product, pair.label
        fields.append(Field(subject, name, pair.value, pair.place, old=pair.old, section=section))
    return list(dict.fromkeys(fields))
