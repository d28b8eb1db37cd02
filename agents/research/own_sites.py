"""Which of the domains that were found are a company's own, and which texts name it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from .page_reading import FIRST_WORDS, is_home, read_offer
from .page_terms import OfferWord, alike, find_terms, split_title
from .site_identity import carries_name, find_site, squash_letters
from .state import SearchHit, VisitedPage

_SHORT = 2
_TOLD_OF = (
    r"(?:\bvs\.?|\bversus|\balternatives? to|\bcompetitors? of|\brivals? of|\bcompared (?:to|with)|\breviews? of|"
    r"\bswitch(?:ed|ing)? from) {name}"
    r"|{name}(?:'s|’s)? (?:vs\b|versus\b|alternatives?\b|competitors?\b|reviews?\b|pricing\b|plans\b)"
    r"|{name}(?: (?:is|are|was)|,) (?:an? |the |one of )?(?:[\w'’&-]+ ){{0,5}}"
    r"(?:company|business|firm|chain|brand|maker|shop|store|restaurant|provider|service|app|tool|software|platform|agency|studio|school|"
    r"clinic|practice|group|cooperative|co-op|manufacturer|supplier|retailer)s?\b"
    r"|{name} (?:sells?|offers?|makes?|serves?|rents?|hires? out|charges|costs|has (?:\d|more than|over)|provides?|delivers?|builds?|"
    r"competes?|employs?|raised [$€£¥]?\d+|(?:is|was|were|has been) (?:acquired|launched|incorporated|franchised))\b"
)


def find_own_domains(
    company: str, names: Sequence[str], hits: Sequence[SearchHit], pages: Sequence[VisitedPage] = (), queries: Sequence[str] = ()
) -> tuple[str, ...]:
    """Return the registrable domains that are the company's own: of those that carry its name, the first that was found, and its twins.

    A domain of the same name that shares no word with it is a namesake's (notion.so and notion.ie); where the plan's queries are known, the
    one that shares most with them and with the other results comes first.
    """
    if read := tuple(dict.fromkeys(find_site(page.url).domain for page in pages)):
        named = [domain for domain in _find_named_domains(company, names, hits) if domain not in read]
        words = {word for page in pages for word in find_terms(read_offer(page, FIRST_WORDS))}
        return (*read, *(domain for domain in named if _shares(words, _find_words(hits, domain))))
    named = _find_named_domains(company, names, hits)
    wanted = {word for query in queries for word in find_terms(query) if squash_letters(word.text) not in names}
    used = {domain: _find_words(hits, domain) for domain in named}
    rest = [set(find_terms(f"{hit.title} {hit.snippet}")) for hit in hits if find_site(hit.url).domain not in named]

    def count_support(domain: str) -> float:
        asked = sum(any(alike(word, other) for other in used[domain]) for word in wanted)
        return -asked / max(1, len(wanted)) - sum(_shares(used[domain], other) for other in rest) / max(1, len(rest))

    named.sort(key=lambda domain: (count_support(domain), find_site(domain).label not in names))
    return tuple(domain for domain in named if domain == named[0] or _shares(_find_words(hits, named[0]), _find_words(hits, domain)))


def _find_named_domains(company: str, names: Sequence[str], hits: Sequence[SearchHit]) -> list[str]:
    found: dict[str, None] = {}
    if "." in company and " " not in company and len(find_site(company).label) > 1:
        found[find_site(company).domain] = None  # the client was named by its address
        names = (*names, squash_letters(find_site(company).label))
    for hit in hits:
        site = find_site(hit.url)
        if (carries_name(site.label, names) and len(site.label) > 1) or (is_home(hit.url) and _is_titled(hit.title, names, site.label)):
            found[site.domain] = None
    return list(found)


def _find_words(hits: Sequence[SearchHit], domain: str) -> set[OfferWord]:
    return {word for hit in hits if find_site(hit.url).domain == domain for word in find_terms(f"{hit.title} {hit.snippet}")}


def _shares(first: Iterable[OfferWord], second: Iterable[OfferWord]) -> bool:
    others = list(second)
    return sum(any(alike(word, other) for other in others) for word in set(first)) > 1


def _is_titled(title: str, names: Sequence[str], label: str) -> bool:
    """Return whether a home page has the name as its title, or begins with it and has an address made of the name's parts."""
    first = squash_letters(re.split(r"[,|:;–—]|\s-\s", title, maxsplit=1)[0])
    if first in names and all(len(piece) > _SHORT and piece in first for piece in label.split("-")):
        return True  # "Elm Street Physiotherapy, Bath" at elmstreet-physio.example
    parts = [squash_letters(part) for part in split_title(title)]
    others = [part for part in parts if part not in names]
    return any(part in names for part in parts) and not any(part and (part in label or label in part) for part in others)


def is_told_of(company: str, hits: Sequence[SearchHit]) -> bool:
    """Return whether results that name a company speak of it as a business: they say what it is or does, or put it beside others.

    A founder, a street, a town or a supplier is named as well, on the pages of the businesses that they belong to.
    """
    name = rf"(?<!\w){re.escape(company.strip())}(?!\w)"
    told = re.compile(_TOLD_OF.format(name=name), re.IGNORECASE)
    if any(told.search(text) for hit in hits for text in (hit.title, hit.snippet)):
        return True
    own = squash_letters(company)
    titled = any(squash_letters(part) == own for hit in hits for part in split_title(hit.title))  # not "Bakery in Ulm"
    return titled and len({find_site(hit.url).domain for hit in hits}) > 1


def is_named(company: str, text: str, hits: Sequence[SearchHit] = ()) -> bool:
    """Return whether a text names a company: its name as a whole, written as a name.

    A name of one common word counts only as it is written with a capital, and only where no result writes it without one.
    """
    name = company.strip()
    if len(squash_letters(name)) < 2 or not any(sign.isalpha() for sign in name):
        return False
    if not re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text, re.IGNORECASE):
        return False
    if not name.isascii() or " " in name or not name.isalpha():
        return True
    written = re.compile(rf"(?<!\w){re.escape(name[:1].upper() + name[1:])}(?!\w)|(?<!\w){re.escape(name)}(?!\w)")
    common = re.compile(rf"(?<![\w.@/-]){re.escape(name.lower())}s?(?![\w-])(?!\.\w)")
    return bool(written.search(text)) and not any(common.search(f"{hit.title} {hit.snippet}") for hit in hits)
