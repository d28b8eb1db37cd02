"""More search queries out of a client's profile: its heaviest words in other pairs, and the same offer in other languages."""

from __future__ import annotations

from collections.abc import Sequence

from .offer_words import is_offer, is_way
from .page_terms import COMPOUNDING, ENGLISH, OfferWord, list_trade_words
from .profile import ClientProfile

MOST_QUERIES, MOST_WORDS, PAIRED = 14, 4, 4
HEAVY = 0.5
"""Which part of the heaviest weight a word has at least that is looked for in other languages: a page on security is no locksmith."""
USUAL = (1, 2, 3, 6, 5, 4, 8, 9, 10, 7)
"""The languages that are tried after those of the results: German, French, Spanish, Japanese, Dutch, Italian, then those of the North,
Polish and Portuguese."""


def more_queries(profile: ClientProfile, asked: Sequence[str]) -> tuple[str, ...]:
    """Return up to fourteen more queries for a client, the most promising first: none that was asked in these words.

    First what was learnt of competitors in other languages, then the heaviest words of its offer, then the same in the languages that the
    results are in, then other pairs of its words.
    """
    heaviest = max((term.weight for term in profile.terms if profile.is_trade(term)), default=0.0)
    light = {term.word for term in profile.terms if term.weight < HEAVY * heaviest}
    trade = [term.word for term in profile.terms if not term.learned and profile.is_trade(term) and not is_way(term.word)]
    words = (trade + [term.word for term in profile.terms if is_offer(term.word) and term.word not in trade])[:PAIRED]
    if not words:
        return ()
    learned = [term.text for term in profile.learned]
    tabled = [word for word in words if word.concepts]
    told = ([word for word in tabled if word not in light] or tabled)[:2]  # the table has no word for the others in any language
    plain = [word.text.lower() for word in words[:2]]  # a word that the table does not have is not left out for one that it has
    queries = [" ".join(_spell_alike(words[:2], ENGLISH) if words[0].concepts else plain)]
    for column in dict.fromkeys((*profile.languages, *USUAL)):
        translated = _spell_alike(told, column)
        if column in COMPOUNDING and len(told) > 1 and translated:
            first, second = (list_trade_words(word, column) for word in told)
            translated += [f"{first[0]}{second[0].lower()}"] if first and second and first != second else []
        if translated:
            queries.append(" ".join(dict.fromkeys(translated)))
    pairs = [f"{words[0].text} {other.text}".lower() for other in words[1:]]
    queries = [*queries[: 1 + len(profile.languages)], *pairs[:1], *queries[1 + len(profile.languages) :], *pairs[1:]]
    known = {frozenset(query.casefold().split()) for query in asked}
    return tuple(query for query in dict.fromkeys((*learned, *queries)) if frozenset(query.casefold().split()) not in known)[:MOST_QUERIES]


def _spell_alike(words: Sequence[OfferWord], column: int) -> list[str]:
    """Return the table's words of a language for these words, a few for each."""
    return list(dict.fromkeys(spelling for word in words for spelling in list_trade_words(word, column)[:MOST_WORDS]))
