"""False sentences over true quotes: what a careless writer makes of a known fact, one change at a time."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from known_facts import Fact, KnownWeb, find_numbers, holds

PERIODS = {
    "a day": "an hour", "per day": "per hour", "an hour": "a day", "per hour": "per day", "a month": "a week", "per month": "per week",
    "a week": "a month", "per year": "per month", "pro Tag": "pro Stunde", "per dag": "per uur", "la journée": "l'heure",
}  # fmt: skip
CONDITIONS = (
    r"\bfrom (?=[A-Z]{0,3}[$€£¥])", r"\bup to ", r"\bab (?=\d)", r"\bà partir de ", r",? (?:if|when|until|except|for at least) [^,.]+",
    r", or [^.]+",
)  # fmt: skip
CHANGES = {
    "plan for fact": ((r"\bwill (?:open|be open)\b", "has opened"), (r"\bplans to open\b", "opened"), (r"\bwill add\b", "has added")),
    "negation": (
        (r"\bis included\b|\bare included\b", "are not included"), (r"\bcosts\b", "does not cost"), (r"\bhas\b", "does not have"),
        (r"\bis open\b", "is not open"), (r"\bsells\b", "does not sell"), (r"\bcan be\b", "cannot be"), (r"\bis free\b", "is not free"),
        (r"\bdoes not deliver\b", "does deliver"),
    ),
    "quantifier": ((r"\bany\b", "no"), (r"\bevery\b", "no")),
    "superlative": ((r"\bis an? (?=\w)", "is the largest "), (r"\bcosts (?=\S*\d)", "costs the least of all, ")),
    "since": ((r"\b(founded|started|opened|began|dreamt up .*) in (\d{4})", r"\1 before \2"), (r"\bsince (\d{4})", r"until \1")),
}  # fmt: skip


def make_false(fact: Fact, known: KnownWeb) -> Iterator[tuple[str, str]]:
    """Yield (kind, sentence) for what a careless writer may say instead of a fact; never what another fact says."""
    same = [other for other in known.facts if other.company == fact.company]
    for kind, make in MAKERS.items():
        for text in make(fact, same, known):
            told = " ".join(text.split())
            if told != fact.statement and not any(holds(told, other.must) for other in same if kind == "number"):
                yield kind, told
                break  # one of a kind is enough


def _other_number(fact: Fact, same: Sequence[Fact], known: KnownWeb) -> Iterator[str]:
    own = find_numbers(fact.statement)
    for other in same:
        if other.path != fact.path or other.where != fact.where:
            continue
        for number in re.findall(r"\d[\d.,:]*\d|\d", other.statement):
            if not find_numbers(number) & own:
                yield re.sub(r"\d[\d.,:]*\d|\d", number, fact.statement, count=1)


def _other_currency(fact: Fact, same: Sequence[Fact], known: KnownWeb) -> Iterator[str]:
    for sign, other in (
        ("€", "£"),
        ("$", "€"),
        ("£", "$"),
        ("CHF", "EUR"),
        ("EUR", "CHF"),
        ("kr", "€"),
        ("円", "ドル"),
        ("¥", "$"),
        ("DKK", "EUR"),
    ):
        if sign in fact.statement:
            yield fact.statement.replace(sign, other)


def _other_company(fact: Fact, same: Sequence[Fact], known: KnownWeb) -> Iterator[str]:
    if fact.company in fact.statement:
        at = [each.host for each in known.competitors].index(fact.host) if known.find_competitor(fact.host) else 0
        yield fact.statement.replace(fact.company, known.competitors[(at + 1) % len(known.competitors)].names[0])


def _other_period(fact: Fact, same: Sequence[Fact], known: KnownWeb) -> Iterator[str]:
    for period, other in PERIODS.items():
        if re.search(rf"\b{period}\b", fact.statement):
            yield re.sub(rf"\b{period}\b", other, fact.statement)


def _no_condition(fact: Fact, same: Sequence[Fact], known: KnownWeb) -> Iterator[str]:
    for condition in CONDITIONS:
        if re.search(condition, fact.statement):
            yield re.sub(condition, " " if condition.startswith(r"\b") else "", fact.statement)


def _changed(kind: str) -> Callable[[Fact, Sequence[Fact], KnownWeb], Iterator[str]]:
    def make(fact: Fact, same: Sequence[Fact], known: KnownWeb) -> Iterator[str]:
        for words, others in CHANGES[kind]:
            if re.search(words, fact.statement):
                yield re.sub(words, others, fact.statement, count=1)

    return make


MAKERS: dict[str, Callable[[Fact, Sequence[Fact], KnownWeb], Iterator[str]]] = {
    "number": _other_number,
    "currency": _other_currency,
    "company": _other_company,
    "period": _other_period,
    "condition": _no_condition,
    **{kind: _changed(kind) for kind in CHANGES},
}
