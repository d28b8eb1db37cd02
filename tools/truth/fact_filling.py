"""What a fact leaves out because the one before it says it: a noun, a unit, an object, what stands before the verb."""

from __future__ import annotations

import re

from ..quantities import Kind
from .fact_parts import COUNTS, Fact, FactParts
from .grammar import PREPOSITIONS
from .reading import Segment

_TODAY = frozenset({"today", "now", "currently", "more", "then"})


def swap(parts: FactParts, last: Fact, first: int, each: Segment) -> str:
    """Return what follows the verb of a fact, with the words from a place on instead of those behind the same preposition."""
    low = parts.reading.words[first].text.casefold() if first < each.end else ""
    kept = parts.find_object(last, low) if low in PREPOSITIONS and parts.has_preposition(last, low, first) else ""
    return f"{kept} {parts.cut(first, each.end)}".strip() if first < each.end else last.rest


def fill_object(parts: FactParts, rest: str, last: Fact) -> str:
    """Return "engraves them in Kemble" with what the fact before names: "engraves vases in Kemble"."""
    words = parts.reading.words
    if rest.split()[:1] not in (["them"], ["it"]):
        return rest
    end = next((at for at in range(last.first, last.end) if words[at].text.casefold() in PREPOSITIONS), last.end)
    return f"{parts.cut(last.first, end)} {' '.join(rest.split()[1:])}".strip() if end > last.first else rest


def fill_one(parts: FactParts, subject: str, last: Fact | None) -> str:
    """Return "the one in Leith" with its noun: "the shop in Leith"."""
    found = re.match(r"(?:the )?(one|ones|others)\b", subject, re.IGNORECASE)
    if not found or last is None or not last.subject:
        return subject
    nouns = re.split(r"\b(?:in|on|of|at|for|with|from|to)\b", last.subject)[0].split()
    return f"{nouns[-1]} {subject[found.end() :].strip()}".strip() if nouns else subject


def fill_unit(parts: FactParts, text: str, each: Segment, last: Fact) -> str:
    """Return a bare number with the noun or unit of the one before: "keeps 340 today" of hives, "in eight" days."""
    bare = next((figure for figure in parts.reading.figures if each.holds(figure.first) and figure.kind == Kind.PLAIN), None)
    own = next(
        (
            figure
            for figure in parts.reading.figures
            if last.first <= figure.first < last.end and figure.kind in COUNTS and figure.end > figure.first
        ),
        None,
    )
    if bare is None:
        bare = next((figure for figure in parts.reading.figures if each.holds(figure.first) and figure.unit in _TODAY), None)
    if bare is None or own is None or own.kind == Kind.PLAIN:
        return text
    number = bare.shown.split()[0]
    after = parts.reading.words[bare.end].text.casefold() if bare.end < each.end else ""
    noun = re.sub(r"^\W*(?:\d[\d.,]*|\w+)\s*", "", own.shown, count=1)
    if not noun or (bare.kind == Kind.PLAIN and after and after not in PREPOSITIONS | _TODAY):
        return text
    return text.replace(number, f"{number} {noun}", 1) if noun not in bare.shown else text
