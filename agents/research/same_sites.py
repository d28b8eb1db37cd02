"""Which sites are of one business: by domain, contacts, sentences, or name and place."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from .page_kinds import sentences
from .page_reading import FIRST_WORDS, find_owner_name
from .page_terms import find_places
from .site_identity import find_site, squash_letters
from .state import VisitedPage

LONG_SENTENCE, COPIED = 30, 0.6
"""Two sites with more than this part of their long sentences in common are one business."""
_PHONE = re.compile(r"(?:\+\d|\b(?:tel|phone|telefon|téléphone|call|电话|電話)\W{0,3}\+?[\d(])[\d\s()/.-]{6,18}\d", re.IGNORECASE)
_DIGITS = re.compile(r"[\d(][\d\s()/.-]{6,18}\d")
"""What each telephone number has, and few pages that have none."""
_MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")


class SiteMarks(NamedTuple):
    """By what a business is known: the domains, telephone numbers and addresses of mail, long sentences and names of its pages."""

    pages: Sequence[VisitedPage]
    domains: frozenset[str]
    contacts: frozenset[str]
    sentences: frozenset[str]
    names: frozenset[str]


def find_marks(pages: Sequence[VisitedPage]) -> SiteMarks:
    """Return by what the business of a site is known."""
    said = frozenset(each for page in pages for each in sentences(page.text) if len(each) > LONG_SENTENCE)
    names = {squash_letters(find_owner_name(pages)), squash_letters(find_site(pages[0].url).label)} if pages else set()
    return SiteMarks(pages, frozenset(_find_domains(pages)), frozenset(_find_contacts(pages)), said, frozenset(names))


def have_same_marks(one: SiteMarks, other: SiteMarks) -> bool:
    """Return whether two sites are of one business.

    It is one where they are of one domain, before or after redirects, or one names the other as its own address; where they share a
    telephone number or address of mail; where they have one name and a link, a place or half of their sentences in common.
    """
    if not one.pages or not other.pages:
        return False
    if one.domains & other.domains or one.contacts & other.contacts:
        return True
    shared = len(one.sentences & other.sentences)
    common = shared / max(1, min(len(one.sentences), len(other.sentences)))
    if common >= COPIED and shared > 2:
        return True
    if not one.names & other.names:
        return False
    links = [{find_site(url).domain for page in each.pages for url, _ in page.links} for each in (one, other)]
    linked = find_site(one.pages[0].url).domain in links[1] or find_site(other.pages[0].url).domain in links[0]
    places = [{place for page in each.pages for place in find_places(f"{page.title}. {page.text[:FIRST_WORDS]}")} for each in (one, other)]
    return linked or bool(places[0] & places[1]) or common >= COPIED / 2


def _find_domains(pages: Sequence[VisitedPage]) -> set[str]:
    addresses = (address for page in pages for address in (page.url, page.asked, page.canonical) if address)
    return {find_site(address).domain for address in addresses} - {""}


def _find_contacts(pages: Sequence[VisitedPage]) -> set[str]:
    """Return the telephone numbers and addresses of mail on the pages, in one form."""
    text = "\n".join(page.text for page in pages)
    phones = {re.sub(r"\D", "", match[0])[-8:] for match in _PHONE.finditer(text)} if _DIGITS.search(text) else set()
    lines = [line for line in text.split("\n") if "@" in line]
    return {phone for phone in phones if len(phone) == 8} | {match[0].casefold() for line in lines for match in _MAIL.finditer(line)}
