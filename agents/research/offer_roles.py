"""In which role a word of the trade stands in a text: as what is offered, as who it is for, or denied.

An insurer of bicycles, a wholesaler for bicycle shops and a union of cyclists use the words of a bicycle shop. They offer something else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from .page_terms import OfferWord, find_terms, is_activity, is_deed, is_product, is_way

OFFERED, FOR_IT, DESCRIBES, CUSTOMER, DENIED = 1.0, 0.5, 0.5, 0.25, 0.0
"""How much a word counts as an offer, by its role."""
_CLAUSE = re.compile(r"[.;!?。！？\n|•·]+(?=\s|$)|(?<=[。！？\n|;])|\s[–—]\s")
_FOR = re.compile(
    r"(?P<wide>[^\s。、]{2,12}(?:・[^\s。、]{2,8})*?)(?:向け|専用)|"
    r"\b(?:for|für|pour|para|per|voor|(?:to|into|with|from) (?:your|their))\s+"
    r"(?!sale\b|rent\b|hire\b|free\b|over\b|more\b|life\b|the (?:first|last)\b|\d)(?P<for>.*?)"
    r"(?=\s(?:in|with|from|by|at|since|against|that|which|who|where|while|because|mit|aus|bei|seit|avec|chez|depuis|con|desde|met|bij)\s|$)",
    re.IGNORECASE,
)
_BUSINESSES = (
    r"(?:shops|stores|companies|businesses|firms|restaurants|cafés|cafes|bakeries|retailers|dealers|fleets|operators|providers|makers|"
    r"owners|brands|hotels|spaces|offices|studios|venues|centres|centers|halls|houses|cellars|farms|kitchens|gyms|salons|"
    r"clinics|schools|clubs|trade|industry|professionals|workshops|händler|geschäfte|läden|betriebe|werkstätten|firmen|"
    r"unternehmen|magasins|boutiques|entreprises|commerçants|tiendas|empresas|negozi|aziende|winkels|bedrijven|业者|事業者|業者)"
)
_SERVED = re.compile(rf"(?P<served>(?:(?!\b(?:our|own|we|chain|unsere?n?|nos|in|with)\b)[^.;:!?]){{0,90}}\b{_BUSINESSES})\b", re.IGNORECASE)
_SERVING = re.compile(
    r"\b(?:at|to|between|among|insures?|suppl(?:y|ies|iers?)|equips?|cleans?|advises?|represents?|supports?|helps?|lists?|"
    r"compares?|finances?|"
    r"covers?|connects?|syncs?|versichern|beliefern|reinigen|beliefert|versichert|berät|unterstützt|vertritt|reinigt|fournit|assure|nettoie|équipe|fournisseur|suministra|"
    r"asegura|limpia|equipa|levert aan|verzekert|forniamo|assicura)\b",
    re.IGNORECASE,
)
_WITH = re.compile(
    r"\b(?:supply|supplies|supplying|equip|equips|provide|provides|serve|serves|insure|insures|beliefern|beliefert|versichern|versichert)\s+"
    r"(?P<served>[^.;:!?]{3,60}?)\s+(?:with|against|from|mit|gegen)\b",
    re.IGNORECASE,
)
_DENIED = re.compile(
    r"\b(?:no|not|never|neither|nor|without|kein\w*|nicht|ohne|pas de|ni|sans|aucune?|sin|ningún|senza|geen|niet|zonder)\b"
    r"(?P<after>(?:\s+[^\W\d_]+){1,3})|(?P<before>\b[^\W\d_]+(?:\s+[^\W\d_]+)?)\s+(?:nothing|nichts|rien|nada|niente|niets)\b"
    r"|n['’]t(?P<dont>(?:\s+[^\W\d_]+){1,3})",
    re.IGNORECASE,
)

_OWNS = re.compile(
    r"(?:ha[sdv]|run|own|operat|open|sell|sold|offer|mak|made|build|built|design|creat|provid|rent|hir|is\b|are\b|was|"
    r"were|be\b|been|serv|bak|roast|brew|cook|"
    r"deliver|stock|host|found|start|combin|repair|fix|find|book|visit|com|work|join|get|got|let|liv|eat|drink|buy|us|lov|"
    r"explor|discover)\w*",
    re.IGNORECASE,
)
_ROLES = ((_FOR, "for", FOR_IT), (_FOR, "wide", FOR_IT), (_DENIED, "after", DENIED), (_DENIED, "before", DENIED),
          (_DENIED, "dont", DENIED))  # fmt: skip
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
    for match in _WITH.finditer(clause):
        weights[match.start("served") : match.end("served")] = [CUSTOMER] * len(match["served"])
    for match in _SERVED.finditer(clause):
        start = _find_serving(clause, *match.span("served"))
        if start >= 0:
            weights[start : match.end()] = [min(CUSTOMER, each) for each in weights[start : match.end()]]
    at = 0
    for word in find_terms(clause):
        found = clause.find(word.text, at)
        if found < 0:  # the words are of the text's compatibility form: ｶﾌｪ is カフェ
            yield OfferRole(word, OFFERED)
            continue
        at = found + len(word.text)
        yield OfferRole(word, weights[found], _find_head(clause, at))


def _find_serving(clause: str, start: int, end: int) -> int:
    """Return the place from which on a clause names whom it serves: after a verb that offers something else ("insures"), or -1."""
    served = clause[start:end]
    if (match := next(_SERVING.finditer(served), None)) is not None:
        return start + match.end()
    for word in re.finditer(r"[^\W\d_]+", clause[:end]):
        if is_deed(word[0]) and word.end() < end and not _OWNS.fullmatch(word[0]):
            return word.end()
    return -1


def _find_head(clause: str, at: int) -> OfferWord | None:
    """Return the thing that the word before this place describes: the noun after it, if that is something to sell."""
    match = _NEXT_WORD.match(clause, at)
    words = find_terms(match[1]) if match else ()
    return words[0] if words and (is_activity(words[0]) or (not is_way(words[0]) and is_product(words[0]))) else None
