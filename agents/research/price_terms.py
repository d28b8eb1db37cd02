"""The prices of a report that can be compared: of what, in which currency, for which period or amount."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from sayso.tools.quantities import Amount, Kind, find_amounts
from sayso.tools.truth.grammar import is_past, is_verb, may_be_verb
from sayso.tools.truth.words import is_light, tokenize

from . import aspects as known
from .aspects import count_cues
from .money_words import choose_mixed_signs, write_money
from .page_terms import knows
from .report_values import Claim, Competitor

PERIODS = frozenset("minute hour day night week weekend month quarter year".split())
SUBSCRIPTIONS = frozenset(("month", "quarter", "year"))
"""Periods of plans, which have names of their own and are compared by what they cost."""
_BUYERS = frozenset("user seat person member worker employee".split())
_HALF = re.compile(r"(?i:\b(?:half|halbe?[rns]?|demi|demie|media|medio|mezza)\b[\s-]*)|半")
_ASIDE = re.compile(r" ?\([^()]*\)")
_SIZES = frozenset(
    "single double triple large small medium regular classic special deluxe basic standard premium plus pro full mini".split()
)
"""Last words of names that are not what the thing is: "Tonkotsu Double"."""
_NOT = frozenset("no not nothing none never neither nobody".split())
_PAUSE = re.compile(r"[,;:()|\d]")
_LONGEST_THING, LONGEST_SAID, LONGEST_LEAD = 6, 3, 6
"""How many words the name of a thing has at most, and in a sentence; how many letters stand before a price that is all there is in a value:
"from $5"."""


@dataclass(frozen=True, slots=True)
class Price:
    """One price of a claim (by number).

    `said` is how the report writes it, `has_code` whether the page names its currency by the code. `thing` is the stem of what is sold,
    `shown` its word. `per` are the periods and amounts that it is for, by its own words and those of its label.
    """

    company: str
    claim: int
    value: Decimal
    unit: str
    per: tuple[str, ...]
    thing: str
    shown: str
    said: str
    has_code: bool

    @property
    def is_subscription(self) -> bool:
        """Return whether it is paid again and again, so that it compares with others whatever the plan is called."""
        return bool(SUBSCRIPTIONS.intersection(self.per))


def read_prices(columns: Sequence[Competitor]) -> Iterator[Price]:
    """Yield the prices of the columns' claims that can be compared; claims are numbered from 1 in the order of the columns."""
    told = [(column.name, claim) for column in columns for claim in column.claims]
    read = [[amount for amount in find_amounts(claim.value or claim.text) if amount.kind is Kind.MONEY] for _, claim in told]
    mixed = choose_mixed_signs(amount.unit for money in read for amount in money)
    for number, ((company, claim), money) in enumerate(zip(told, read, strict=True), 1):
        price = _read_price(company, number, claim, money, mixed)
        if price is not None:
            yield price


def _read_price(company: str, number: int, claim: Claim, money: Sequence[Amount], mixed: frozenset[str]) -> Price | None:
    """Return the one price of a claim; None where it has none or several, is no longer asked, or may be another one ("up to")."""
    if claim.old:
        return None
    if len(money) != 1 or money[0].old or money[0].bound in ("up to", "under", "about", "over") or money[0].value <= 0:
        return None
    label = f"{claim.subject}, {claim.name}" if claim.value else ""
    per = _join_periods(money[0], label)
    if claim.value:
        thing, shown = _find_thing(claim) if claim.subject or money[0].span[0] <= LONGEST_LEAD else ("", "")
    else:
        thing, shown = _find_said_thing(claim.text, money[0])
        if not thing and not (SUBSCRIPTIONS.intersection(per) and count_cues(claim.topic, known.PRICES)):
            return None  # the sentence does not say in one place what the price is of; what is paid each month compares all the same
    said = write_money(money[0].value, money[0].unit, mixed)
    return Price(company, number, money[0].value, money[0].unit, per, thing, shown, said, money[0].unit in (claim.value or claim.text))


def _join_periods(amount: Amount, label: str) -> tuple[str, ...]:
    """Return what an amount is for, by its own words and by its label: "CHF 27" in the column "half day" of the row "City bike"."""
    own = [each for each in amount.per if each != "price"]
    if any(_is_period(each) for each in own):
        return tuple(sorted({*own, *(each for each in read_label(label) if each in _BUYERS)}))
    return tuple(sorted({*own, *read_label(label)}))


@lru_cache(4096)
def read_label(label: str) -> tuple[str, ...]:
    """Return the periods, contents and buyers that a label names: "1 hour", "half day", "price per user", "12 oz", "Monat"."""
    found: list[str] = []
    measures = [amount for amount in find_amounts(label) if amount.kind is Kind.MEASURE]
    for amount in measures:
        found.append(amount.unit if amount.value == 1 else f"{amount.value.normalize():f} {amount.unit}")
    taken = {amount.unit for amount in measures}
    for match in re.finditer(r"[^\W\d_]+", label):
        for per in (each for price in find_amounts(f"1 EUR per {match[0]}") for each in price.per):
            if per in PERIODS - taken:
                found.append(f"half {per}" if _HALF.search(label[: match.start()]) else per)
            elif per in _BUYERS:
                found.append(per)
    return tuple(sorted(set(found)))


def _is_period(per: str) -> bool:
    return per.rpartition(" ")[2] in PERIODS


def _find_thing(claim: Claim) -> tuple[str, str]:
    """Return the stem and the word of what is priced: the last word of the claim's subject, or of its label where that is no price."""
    subject = _ASIDE.sub("", claim.subject).partition(" - ")[0].partition(",")[0]
    label = "" if count_cues(claim.name, known.PRICES) else claim.name
    for name in (subject, label):
        words = [word for word in tokenize(name) if word.text.isalpha() and len(word.text) > 1 and not is_light(word)]
        words = [word for word in words if not read_label(word.text)]
        if words and len(words) <= _LONGEST_THING and words[-1].text.casefold() not in _SIZES:
            return words[-1].stem, words[-1].text.casefold()
    return "", ""


def _find_said_thing(text: str, price: Amount) -> tuple[str, str]:
    """Return the stem and the word of what a short sentence prices: "Consultations from £48.", "A city bike costs €14 a day."

    The sentence is the thing, words that carry nothing or speak of prices, and the price; in any other one it may be of something else.
    """
    before = text[: price.span[0]]
    if text[price.span[1] :].strip(" .!") or _PAUSE.search(before):
        return "", ""
    words = list(tokenize(before))
    if price.bound and words and not is_light(words[-1]):
        words.pop()  # "from"
    cost = words.pop() if words and count_cues(words[-1].text, known.PRICES) else None  # "costs"
    told = [place for place, word in enumerate(words) if not is_light(word)]
    names = [words[place] for place in told]
    if not 0 < len(names) <= LONGEST_SAID or told[-1] - told[0] >= len(told) or not all(word.text.isalpha() for word in names):
        return "", ""
    name = names[-1].text.casefold()
    if any(word.text.casefold() in _NOT for word in words) or (cost is not None and cost.text == "cost" and not name.endswith("s")):
        return "", ""  # "No bag costs £5", "The boat cost £5"
    if may_be_verb(name) and any(word.text.endswith("s") for word in names[:-1]):
        return "", ""  # "Members save £10"
    if any(is_past(word) for word in words) or any(is_verb(words, place) or count_cues(words[place].text, known.PRICES) for place in told):
        return "", ""
    return (names[-1].stem, name) if knows(name) and name not in _SIZES and not read_label(name) else ("", "")
