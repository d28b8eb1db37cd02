"""In which role a word of the trade stands in a text: as what is offered, as who it is for, or denied.

An insurer of bicycles, a wholesaler for bicycle shops and a union of cyclists use the words of a bicycle shop. They offer something else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from .page_terms import OfferWord, find_stem, find_terms, is_product

OFFERED, FOR_IT, DESCRIBES, CUSTOMER, DENIED = 1.0, 0.5, 0.5, 0.25, 0.0
"""How much a word counts as an offer, by its role."""
_CLAUSE = re.compile(r"[.;!?。！？\n|•·]+(?=\s|$)|(?<=[。！？\n|;])|\s[–—]\s")
_FOR = re.compile(
    r"\b(?:for|für|pour|para|per|voor)\s+(?!sale\b|rent\b|hire\b|free\b|over\b|more\b|life\b|the (?:first|last)\b|\d)(?P<for>.*?)"
    r"(?=\s(?:in|with|from|by|at|since|against|that|which|who|where|while|because|mit|aus|bei|seit|avec|chez|depuis|con|desde|met|bij)\s|$)",
    re.IGNORECASE,
)
_BUSINESSES = (
    r"(?:shops|stores|companies|businesses|firms|restaurants|cafés|cafes|bakeries|retailers|dealers|fleets|operators|providers|makers|"
    r"owners|brands|hotels|schools|clubs|trade|industry|professionals|workshops|händler|geschäfte|läden|betriebe|werkstätten|firmen|"
    r"unternehmen|magasins|boutiques|entreprises|commerçants|tiendas|empresas|negozi|aziende|winkels|bedrijven|业者|事業者|業者)"
)
_SERVING = (
    r"(?:suppl(?:y|ies|ier to)|insures?|serves?|serving|helps?|supports?|equips?|advises?|represents?|connects?|lists?|compares?|finds?|"
    r"covers?|finances?|at|to|between|among|beliefert|versichert|berät|unterstützt|vertritt|für|fournit|assure|fournisseur|suministra|"
    r"asegura|levert aan|verzekert)"
)
_SERVED = re.compile(
    rf"\b{_SERVING}\b(?P<served>(?:(?!\b(?:our|own|we|chain|unsere?n?|nos)\b)[^.;:!?]){{0,90}}\b{_BUSINESSES})\b", re.IGNORECASE
)
_DENIED = re.compile(
    r"\b(?:no|not|never|neither|nor|without|kein\w*|nicht|ohne|pas de|ni|sans|aucune?|sin|ningún|senza|geen|niet|zonder)\b"
    r"(?P<after>(?:\s+[^\W\d_]+){1,3})|(?P<before>\b[^\W\d_]+(?:\s+[^\W\d_]+)?)\s+(?:nothing|nichts|rien|nada|niente|niets)\b"
    r"|n['’]t(?P<dont>(?:\s+[^\W\d_]+){1,3})",
    re.IGNORECASE,
)

_ROLES = ((_FOR, "for", FOR_IT), (_SERVED, "served", CUSTOMER), (_DENIED, "after", DENIED), (_DENIED, "before", DENIED),
          (_DENIED, "dont", DENIED))  # fmt: skip
_WAYS = frozenset(
    map(
        find_stem,
        """subscription membership rental hire sale lease leasing delivery service club class course lesson tour workshop set range
        collection plan package order booking experience platform tool system solution suite assortment selection specialty""".split(),
    )
)
"""Ways in which things are offered: an "e-bike subscription" is an offer of e-bikes."""
_NEXT_WORD = re.compile(r"\s([^\W\d_]{3,})")


class OfferRole(NamedTuple):
    """A word, how much it counts as an offer where it stands, and the thing that it only describes: "table" of "coffee table"."""

    word: OfferWord
    counts: float
    head: OfferWord | None = None


@lru_cache(1024)
def find_roles(text: str) -> tuple[OfferRole, ...]:
    """Return the words of a text with their roles, in order."""
    return tuple(role for clause in split_clauses(text) for role in _find_clause_roles(clause))


def split_clauses(text: str) -> list[str]:
    """Split a text at full stops, semicolons, dashes, bars and line ends."""
    return [clause.strip() for clause in _CLAUSE.split(text) if clause and clause.strip()]


def _find_clause_roles(clause: str) -> Iterator[OfferRole]:
    weights = [OFFERED] * len(clause)
    for pattern, group, weight in _ROLES:
        for match in pattern.finditer(clause):
            start, end = match.span(group)
            if start >= 0:
                weights[start:end] = [min(weight, each) for each in weights[start:end]]
    at = 0
    for word in find_terms(clause):
        found = clause.find(word.text, at)
        if found < 0:  # the words are of the text's compatibility form: ｶﾌｪ is カフェ
            yield OfferRole(word, OFFERED)
            continue
        at = found + len(word.text)
        yield OfferRole(word, weights[found], _find_head(clause, at))


def _find_head(clause: str, at: int) -> OfferWord | None:
    """Return the thing that the word before this place describes: the noun after it, if that is something to sell."""
    match = _NEXT_WORD.match(clause, at)
    words = find_terms(match[1]) if match else ()
    return words[0] if words and words[0].stem not in _WAYS and is_product(words[0]) else None
