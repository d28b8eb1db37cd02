"""What the pages of a sample web say (its facts.json), and whether a claim says the same.

Numbers are compared as values: "1.250,00", "1'250" and "1,250" are 1250, "12,50" is 12.5. Words are compared from their beginning on
("found" stands in "founded"), without regard to case.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

BICYCLES = Path(__file__).parents[1] / "webs" / "bicycles"
Groups = tuple[tuple[str, ...], ...]
STRUCTURED = ("json-ld", "microdata", "table", "list", "meta")


@dataclass(frozen=True, slots=True)
class Fact:
    """A statement that a page makes. A claim makes it too if it holds an alternative of each group of `must`."""

    id: str
    company: str
    host: str
    path: str
    where: str
    aspect: str
    statement: str
    quote: str
    must: Groups

    @property
    def parts(self) -> tuple[str, ...]:
        """The parts of the quote, which stand in one row, entry, product or object of the page."""
        return tuple(part.strip() for part in self.quote.split("…"))


@dataclass(frozen=True, slots=True)
class Trap:
    """What a claim says only if its reader was misled: all groups of `must` and nothing of `unless`."""

    company: str
    host: str
    kind: str
    must: Groups
    unless: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Competitor:
    """A company that competes with the client; `hosts` are its other addresses."""

    host: str
    names: tuple[str, ...]
    hosts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class KnownWeb:
    """All that is known about a web.

    `order_urls` are addresses that only an order in a page's text leads to, `queries` the searches of somebody who knows the trade.
    """

    client: str
    client_host: str
    competitors: tuple[Competitor, ...]
    not_competitors: Mapping[str, str]
    unreadable: frozenset[str]
    order_urls: frozenset[str]
    queries: tuple[str, ...]
    facts: tuple[Fact, ...]
    traps: tuple[Trap, ...]

    def find_competitor(self, host: str) -> Competitor | None:
        """Return the competitor that a host belongs to."""
        return next((each for each in self.competitors if host in (each.host, *each.hosts)), None)


def read_known(folder: Path) -> KnownWeb:
    """Read the facts.json of a web."""
    data: dict[str, Any] = json.loads((folder / "facts.json").read_text(encoding="utf-8"))
    return KnownWeb(
        client=data["client"]["company"],
        client_host=data["client"]["host"],
        competitors=tuple(Competitor(each["host"], tuple(each["names"]), tuple(each["hosts"])) for each in data["competitors"]),
        not_competitors={each["host"]: each["reason"] for each in data["not_competitors"]},
        unreadable=frozenset(each["host"] for each in data["unreadable"]),
        order_urls=frozenset(data.get("order_urls", ())),
        queries=tuple(data.get("queries", ())) or (data["client"]["company"],),
        facts=tuple(Fact(**{**each, "must": _make_groups(each["must"])}) for each in data["facts"]),
        traps=tuple(Trap(**{**each, "must": _make_groups(each["must"]), "unless": tuple(each["unless"])}) for each in data["traps"]),
    )


def _make_groups(groups: list[list[str]]) -> Groups:
    return tuple(tuple(group) for group in groups)


def holds(text: str, must: Groups) -> bool:
    """Return whether a text holds an alternative of each group."""
    plain = simplify(text)
    return all(any(_make_pattern(alternative).search(plain) for alternative in group) for group in must)


def springs(text: str, trap: Trap) -> bool:
    """Return whether a text says what a trap is for."""
    return holds(text, trap.must) and not any(word in simplify(text) for word in trap.unless)


@cache
def _make_pattern(alternative: str) -> re.Pattern[str]:
    plain = simplify(alternative)
    is_latin_word = plain[:1].isalpha() and plain[:1] < "\u0250"  # other scripts write no spaces between words
    begin = r"(?<!\d)(?<!\d\.)" if plain[:1].isdigit() else r"(?<![^\W\d_])" if is_latin_word else ""
    return re.compile(begin + re.escape(plain) + (r"(?!\d|\.\d)" if plain[-1:].isdigit() else ""))


@cache
def simplify(text: str) -> str:
    """Return a text in lower case, with plain quotes, dashes and spaces, and its numbers as values."""
    text = re.sub(r"(?<=\d)[\u00a0\u202f](?=\d{3}(?!\d))", "", text)
    text = unicodedata.normalize("NFKC", text).casefold().translate(str.maketrans("’‘“”–—−", "''\"\"---"))
    text = re.sub(r"\s+", " ", text)
    text = re.sub(r"(?<![\d.,])(\d{1,3}) (\d{3})(?= ?(?:kr|€|eur|sek|chf))", r"\1\2", text)
    text = re.sub(r"(?<=\d)[,.'](?=\d{3}(?!\d))", "", text)
    text = re.sub(r"(?<=\d),(?=\d{1,2}(?!\d))", ".", text)
    text = re.sub(r"(?<=\d)(?:\.00?(?!\d)|[.,:]-+)", "", text)
    return re.sub(r"(\.\d)0(?!\d)", r"\1", text)


def find_numbers(text: str) -> frozenset[str]:
    """Return the numbers of a text as values."""
    return frozenset(number.lstrip("0") or "0" for number in re.findall(r"\d+(?:\.\d+)?", simplify(text)))
