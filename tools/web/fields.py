"""Facts that a page holds as data: whose they are, their label, their value, and the line of the page that says so."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

MAX_FIELDS = 2_000
MAX_DATA_CHARS = 200_000
MAX_SUBJECT, MAX_NAME, MAX_VALUE = 200, 120, 1_000
DATA_HEADING = "Data of the page:"
_MAX_LINE = 240
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
    section: str = ""
    """The heading or caption over it, if there is one: "Opening hours" over the label "Monday"."""


def render_data(fields: Iterable[Field], business: str = "") -> str:
    """Return the lines `Subject | name: value; name: value` of these fields. `business` names the ones without a subject."""
    return "\n".join(line for line, _ in _write_lines(fields, business))


def quote_data(fields: Iterable[Field], business: str = "") -> tuple[tuple[Field, ...], str]:
    """Return the fields with their quotes in the lines of `render_data`, and these lines."""
    written = list(_write_lines(fields, business))
    return tuple(field for _, quoted in written for field in quoted), "\n".join(line for line, _ in written)


def _write_lines(fields: Iterable[Field], business: str) -> Iterator[tuple[str, list[Field]]]:
    """Yield each line with its fields; a field's quote runs from the start of its line to its value."""
    by_subject: dict[str, list[Field]] = {}
    for field in fields:
        by_subject.setdefault(field.subject or business, []).append(field)
    left = MAX_DATA_CHARS
    for subject, group in by_subject.items():
        start = f"{subject} | " if subject else ""
        line, quoted = "", list[Field]()
        for field in group:
            said = f"{field.name}: ~~{field.value}~~" if field.old else f"{field.name}: {field.value}"
            if _BARE_NUMBER.fullmatch(field.value) and _CURRENCY.search(field.section):  # "All prices in Danish kroner (DKK)"
                said = f"{said} ({field.section})"
            if line and len(line) + len(said) > _MAX_LINE:
                yield line, quoted
                line, quoted = "", []
            left -= len(said) + (0 if line else len(start))
            if left < 0:
                break
            line = f"{line}; {said}" if line else start + said
            quoted.append(replace(field, quote=line))
        if line:
            yield line, quoted
