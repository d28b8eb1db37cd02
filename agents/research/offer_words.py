"""Which words may name an offer, and which only say in what way, in what place or by whom something is offered."""

from __future__ import annotations

import re
from functools import cache, lru_cache

from sayso.tools.truth.lexicon import is_thing, look_up, look_up_text
from sayso.tools.truth.word_kinds import names_a_business
from sayso.tools.truth.words import stem, tokenize

from .page_terms import OfferWord, find_rows, find_stem, knows

_AGENT = re.compile(r"(?:[eo]r|ist|ian|ant|ee|eur|man|men|woman|women|wright|smith|vet|cook|folk|people)s?$")


def is_offer(word: OfferWord) -> bool:
    """Return whether a word may name a thing or trade. One that English knows as an adjective or a verb first is a quality: "fresh"."""
    if word.concepts or not word.text.isascii():
        return True
    token = tokenize(word.text)[0]
    return is_thing(token) and not any(_measures() & set(chain) for entry in look_up(token)[:1] for _, chain in entry.senses[:1])


@lru_cache(20_000)
def is_term_of_art(text: str) -> bool:
    """Return whether a word is one that English's lexicon does not know, and so hardly one of several trades: "whistleblowing"."""
    return text.isascii() and text.isalpha() and len(text) > 6 and not knows(text.casefold())


@lru_cache(20_000)
def is_deed(word: str) -> bool:
    """Return whether English knows a word as a verb first: "insulates"."""
    entries = look_up_text(word) if word.isascii() and word.isalpha() else ()
    return bool(entries) and bool(entries[0].senses) and entries[0].senses[0][0] == "v"


@lru_cache(20_000)
def may_be_deed(word: str) -> bool:
    """Return whether English knows a word as a verb among others: "We train bakers"."""
    entries = look_up_text(word) if word.isascii() and word.isalpha() else ()
    return any(part == "v" for entry in entries for part, _ in entry.senses)


@lru_cache(20_000)
def has_another_sense(word: str) -> bool:
    """Return whether English knows a word as something else than a verb: "fresh", but not "podcast", which it has as a verb alone."""
    entries = look_up_text(word) if word.isascii() and word.isalpha() else ()
    return any(part != "v" for entry in entries for part, _ in entry.senses)


_GOODS = frozenset(
    map(
        stem,
        """part supply insurance magazine newspaper event association union theft wholesale course training job skill consulting recruitment
        class lesson tour""".split(),
    )
)


WAYS = """software app website online studio lessons
subscription membership rental hire rent sale lease leasing delivery service club
workshop tuition training coaching instruction teaching set range collection plan
 package order booking experience platform tool system solution
suite assortment selection specialty"""


@lru_cache(20_000)
def is_trade(word: OfferWord) -> bool:
    """Return whether a word may name a trade alone: a thing or activity that is no way to sell and no kind of place."""
    return is_offer(word) and not is_way(word) and not is_generic_place(word)


@lru_cache(20_000)
def is_person(word: OfferWord) -> bool:
    """Return whether English knows a word first of all as somebody who does something: "climbers"."""
    entries = look_up_text(word.text) if word.text.isascii() and _AGENT.search(word.text) else ()
    chains = [chain for entry in entries for part, chain in entry.senses[:1] if part == "n"]
    return any(not _persons().isdisjoint(chain) for chain in chains)


@cache
def _persons() -> frozenset[str]:
    """Return the lexicon's general senses of people; its chains end after some steps."""
    return frozenset(look_up_text(word)[0].senses[0][1][0] for word in ("person", "adult", "worker", "professional"))


ACCESSORIES = "parts accessories supplies spares"
PROGRAMS = "software app platform tool website system"
PLACES = """shop store centre center company studio gym hall house space club firm agency office practice clinic surgery hospital business
chain group provider specialist team brand family home place outlet showroom network house pair people world maker range kind choice cup bag
piece set line expert boutique supplier care"""


def is_program(word: OfferWord) -> bool:
    """Return whether a word names a program, which is another offer than what it is for: "software" of "gym software"."""
    return word.stem in _read_stems(PROGRAMS)


def is_generic_place(word: OfferWord) -> bool:
    """Return whether a word says only in which place or by whom something is offered, in any trade: "shop", "studio", "team"."""
    if word.stem in _read_stems(PLACES):
        return word.text.casefold() not in ACCESSORIES.split()  # "pet supplies" are goods, a "pet supplier" is a business
    return word.stem != "room" and not word.concepts and _is_area(word.text)  # who sells sheds or kitchens has no other word for them


def is_area(word: OfferWord) -> bool:
    """Return whether a word names a building or a part of one, and nothing that the table of trades has."""
    return not word.concepts and _is_area(word.text)


@lru_cache(20_000)
def _is_area(text: str) -> bool:
    """Return whether English knows a word as a building or a part of one, and of no business in particular: "shed", "nook", "booth"."""
    token = tokenize(text)[0] if text.isascii() and text.isalpha() else None
    if token is None or names_a_business(token):
        return False
    places = {look_up_text("room")[0].senses[0][1][1], look_up_text("building")[0].senses[0][1][0]}
    return any(not places.isdisjoint(chain) for entry in look_up(token) for part, chain in entry.senses[:2] if part == "n")


@cache
def _read_stems(words: str) -> frozenset[str]:
    return frozenset(map(find_stem, words.split()))


@lru_cache(20_000)
def is_accessory(text: str) -> bool:
    """Return whether a word names what belongs to a thing: "shed parts", "dog accessories"."""
    return find_stem(text) in _read_stems(ACCESSORIES)


def is_activity(word: OfferWord) -> bool:
    """Return whether a word says that something is taught or shown: courses of yoga, tours of breweries."""
    return word.stem in _GOODS and is_way(word)


@lru_cache(20_000)
def does_something(word: OfferWord) -> bool:
    """Return whether English knows the last part of a word as an activity first of all: "piano tuning", "catering"."""
    token = tokenize(re.split("[ -]", word.text)[-1])[0]
    activity = look_up_text("activity")[0].senses[0][1][0]
    return any(part == "n" and activity in chain for entry in look_up(token)[:1] for part, chain in entry.senses[:1])


@lru_cache(20_000)
def is_kind_of(deed: str, general: str) -> bool:
    """Return whether English knows what one word does as a kind of what the other one does: sweeping is cleaning."""
    one, other = ((entry.senses[:1] for entry in look_up(tokenize(word)[0])[:1]) for word in (f"{find_stem(deed)}ing", general))
    wanted = {chain[0] for senses in other for part, chain in senses if part == "n"}
    return any(part == "n" and not wanted.isdisjoint(chain[1:2]) for senses in one for part, chain in senses)


def is_deed_for_hire(word: OfferWord) -> bool:
    """Return whether a word says that something is let or mended, which is another trade than to sell it."""
    return word.stem in _read_deeds() or bool({row for row, _ in word.concepts} & (find_rows("rental") | find_rows("repair")))


@cache
def _read_deeds() -> frozenset[str]:
    return frozenset(map(find_stem, ("rental", "rent", "hire", "lease", "repair")))


def is_way(word: OfferWord) -> bool:
    """Return whether a word only says how things are offered: an "e-bike subscription" is an offer of e-bikes."""
    return word.stem in _read_ways() and word.text.casefold() not in _GOODS_ALIKE


_GOODS_ALIKE = frozenset(("book", "books"))
"""Goods with the stem of a way to sell: a booking."""


@cache
def _read_ways() -> frozenset[str]:
    return frozenset(find_stem(word) for word in WAYS.split()) | _GOODS & frozenset(map(stem, ("class", "lesson", "course", "tour")))


@cache
def _measures() -> frozenset[str]:
    """Return the lexicon's most general senses of times, units and numbers: "Monday", "dollar" and "nine" are no offer."""
    entries = (look_up_text(word)[0] for word in ("month", "dollar", "nine"))
    return frozenset(entry.senses[0][1][-1] for entry in entries)


@lru_cache(20_000)
def is_land(word: OfferWord) -> bool:
    """Return whether a word counts countries, towns or regions: "112 countries"."""
    entries = look_up_text(word.text.lower()) if word.text.isascii() and word.text.isalpha() else ()
    return any(not _regions().isdisjoint(chain) for entry in entries for part, chain in entry.senses[:1] if part == "n")


@lru_cache(20_000)
def is_region(word: OfferWord) -> bool:
    """Return whether English knows a word as a town, a country or a part of one: "Basel"."""
    entries = look_up_text(word.text) if word.text[:1].isupper() else ()
    return any(not _regions().isdisjoint(chain) for entry in entries for part, chain in entry.senses[:1] if part == "n")


@cache
def _regions() -> frozenset[str]:
    senses = (look_up_text(word)[0].senses[0][1][0] for word in ("city", "town", "country", "state", "island", "region", "district"))
    return frozenset(senses)
