"""Words of a trade in other languages, learnt from competitors that were found in them: no table has the words of every trade."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from sayso.tools.web.data.postal_lines import find_postal_line

from .offer_roles import find_roles
from .offer_words import is_generic_place, is_region, is_way
from .page_reading import find_front, find_owner_name, read_field, read_offer, read_visible
from .page_terms import OfferWord, alike, find_places, find_terms, is_foreign, split_title
from .profile import LEADS, ClientProfile, Term
from .shared_terms import find_shared_terms
from .site_identity import find_site, squash_letters
from .state import Visit, VisitedPage

_PLACES = frozenset(("address", "area served", "serves"))
MOST_OF_A_SITE = 3
FEWEST = 2
"""How often a word of a site's title or description stands on its pages at least, if it is the word for its trade."""
SHORTEST = 5
"""How many letters such a word has at least, where words are made of letters."""


def learn_terms(profile: ClientProfile, visits: Sequence[Visit]) -> ClientProfile:
    """Return the profile with the words by which competitors in other languages than the client's say what they do."""
    learned: dict[str, Term] = {}
    weight = next((term.weight for term in profile.leads), 0.0) * LEADS
    for visit in visits if profile.kind == "competitors" and weight else ():
        if not visit.claims or not visit.pages or (visit.judged is not None and not visit.judged.competes):
            continue
        front = find_front(visit.pages)
        if is_foreign(f"{front.title} {read_visible(front)}") == is_foreign(f"{profile.own_words} {profile.offer}"):
            continue
        for word in _find_trade_words(visit.pages, front):
            if not any(alike(word, term.word) for term in profile.terms):
                learned.setdefault(word.stem, Term(word.text, weight, learned=True))
    return replace(profile, terms=(*profile.terms, *learned.values())) if learned else profile


def find_told(profile: ClientProfile, visits: Sequence[Visit]) -> list[Visit]:
    """Return the visits whose pages use one of the learnt words."""
    return [
        visit
        for visit in visits
        if any(term in find_shared_terms(profile, "\n".join(map(read_offer, visit.pages))) for term in profile.learned)
    ]


def _find_trade_words(pages: Sequence[VisitedPage], front: VisitedPage) -> list[OfferWord]:
    """Return the words of a site's title and description that its pages use most, without names and places."""
    parts = [set(split_title(page.title)) for page in pages]
    names = {part for title in parts for part in title if sum(part in each for each in parts) > 1}  # what all titles end with
    addresses = [field.value for page in pages for field in page.fields if field.name.casefold() in _PLACES]
    places = [place for page in pages for place in find_places(f"{page.title}. {read_visible(page)}")]
    addresses += [line for page in pages for line in read_visible(page).split("\n") if find_postal_line(re.split("[:：]", line)[-1])]
    named = " ".join((find_owner_name(pages), find_site(front.url).label, *names, *addresses, *places))
    own = squash_letters(named)
    told = [part for part in split_title(front.title) if part not in names and f"{part}は" not in front.text]  # who is spoken of
    text = ". ".join((*told, read_field(front, "description")))
    counts = Counter(word.stem for page in pages for word in find_terms(f"{page.title}\n{read_visible(page)}"))
    words = {word.stem: word for word in _list_offers(text) if squash_letters(word.text) not in own and word.text not in named}
    usual = sorted(words.values(), key=lambda word: -counts[word.stem])
    return [word for word in usual if counts[word.stem] >= FEWEST][:MOST_OF_A_SITE]


def _list_offers(text: str) -> Iterator[OfferWord]:
    for role in find_roles(text):
        word = role.word
        is_short = word.text.isascii() and len(word.text) < SHORTEST
        if role.counts >= 1 and not (is_short or is_way(word) or is_generic_place(word) or is_region(word)):
            yield word
