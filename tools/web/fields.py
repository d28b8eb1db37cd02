"""Facts that a page holds as data: whose they are, their label, their value, and the line of the page that says so."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

MAX_FIELDS = 2_000
MAX_DATA_CHARS = 200_000
MAX_SUBJECT, MAX_NAME, MAX_VALUE = 200, 120, 1_000
DATA_HEADING = "Data of the page:"
_OF_PAGE = frozenset(("type", "page type", "name", "site name"))
_BARE_NUMBER = re.compile(r"[\d.,' ]+")
_CURRENCY = re.compile(
    r"[$€£¥￥₹₩₽]|\b(?:EUR|USD|GBP|CHF|JPY|SEK|NOK|DKK|PLN|CZK|HUF|CAD|AUD|NZD|INR|euros?|kroner|kronor|pounds?|dollars?|francs?|franken)\b|円",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Field:
    """One fact of a page, as data. `quote` stands in the evidence text of the page; it is empty only while fields are being collected."""

    subject: str
    """What it is about: "Espresso 250 g", "Pro plan". Empty: the business or the page itself."""
    name: str
    """The label as the page has it: "Price", "Öffnungszeiten"; names of schema.org in words: "opening hours"."""
    value: str
    """As the page writes it: "12,50 €", "Mo-Fr 9-18 Uhr"; for data with its unit: "12.50 EUR"."""
    place: str
    """Where it stands: "json-ld", "microdata", "table", "list", "meta" or "scripts"."""
    quote: str = ""
    old: bool = False
    """Whether the page itself takes it back: struck through, or valid until a day that is past."""
    until: str = ""
    """The day until which the page says that it holds, as "2026-12-31"; empty if it does not say."""
    section: str = ""
    """The heading or caption over it, if there is one: "Opening hours" over the label "Monday"."""


def mark_expired(fields: Iterable[Field], today: str) -> tuple[Field, ...]:
    """Return the fields with those marked old whose last day lies before `today`, an ISO date."""
    return tuple(replace(field, old=True) if field.until and field.until < today[:10] else field for field in fields)


def render_data(fields: Iterable[Field], business: str = "") -> str:
    """Return a line `Subject | name: value` for each field. `business` names the ones without a subject."""
    return quote_data(fields, business)[1]


def quote_data(fields: Iterable[Field], business: str = "") -> tuple[tuple[Field, ...], str]:
    """Return the fields with the lines of `render_data` that say them as quotes, and these lines; fields of one subject together."""
    by_subject: dict[tuple[bool, str], list[Field]] = {}
    for field in fields:
        # What a page says of itself comes last: it is no fact for a report.
        by_subject.setdefault((field.name in _OF_PAGE, field.subject or business), []).append(field)
    left = MAX_DATA_CHARS
    quoted: list[Field] = []
    for (_, subject), group in sorted(by_subject.items(), key=lambda item: item[0][0]):
        for field in group:
            value = f"~~{field.value}~~" if field.old else field.value
            said = f"{field.name}: {value}" if field.name else value
            line = f"{subject} | {said}" if subject else said
            line = f"{line} (until {field.until})" if field.until else line
            if _BARE_NUMBER.fullmatch(field.value) and _CURRENCY.search(field.section):  # "All prices in Danish kroner (DKK)"
                line = f"{line} ({field.section})"
            left -= len(line) + 1
            if left < 0:
                break
            quoted.append(replace(field, quote=line))
    return tuple(quoted), "\n".join(dict.fromkeys(field.quote for field in quoted))
