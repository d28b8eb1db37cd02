"""Kinds of words that the checks treat alike: prices, units, businesses, and words that a writer only frames a statement with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

from ..quantities import Kind
from .matching import Match
from .words import Word, alike, is_light, read_lines, stem

MONEY = Kind.MONEY.value
PERIODS = frozenset(
    map(stem, "hour hourly day daily week weekly weekend month monthly quarter year yearly annual night nightly person user".split())
)
DEALS = frozenset(map(stem, "sell buy purchase acquire hire rent lend borrow import export win lose".split()))
"""Verbs that exclude each other, and of which the denial of one says nothing of the other."""
PRICE_WORDS = frozenset(map(stem, "cost costs price priced charge charged pay fee rate".split()))


BUSINESS = frozenset(
    map(
        stem,
        """bakery restaurant museum hotel gym school clinic practice insurer brewery roastery chain store shop firm agency studio bar
        pub café
        app platform software tool startup start-up group family maker manufacturer retailer house pension guesthouse bank club team site
        business company service system product programme""".split(),
    )
)


_ANY_BUSINESS = frozenset(
    map(
        stem,
        "company business firm house team group agency place service site organisation organization enterprise brand outfit".split(),
    )
)


def is_any_business(word: Word) -> bool:
    """Return whether a word may stand for any business: the company, the firm."""
    return word.stem in _ANY_BUSINESS


def is_subject_word(match: Match, word: Word) -> bool:
    """Return whether a word stands for the one whose page it is: a part of the name, or "the bakery" if the name has no such word."""
    if is_light(word):
        return True
    if word.text[:1].isupper() and any(word.stem == each.stem for each in match.subject):
        return True
    if any(alike(word, each) for each in match.subject) and (word.stem in BUSINESS or names_a_business(word)):
        return True
    if word.text[:1].isupper():
        return False
    if word.stem in _OWNERS and any(each.text.casefold() in {"i", "my", "me"} for each in match.evidence.words):
        return True  # who writes "I" on the page of a business owns it
    if word.stem in match.own or word.stem in _ANY_BUSINESS:
        return True
    business = word.stem in BUSINESS or (names_a_business(word) and word.text.casefold() not in _PARTS and not word.text.endswith("s"))
    return business and not any(each.stem in BUSINESS - _ANY_BUSINESS or names_a_business(each) for each in match.subject)


_OWNERS = frozenset(map(stem, "owner founder proprietor".split()))
_PARTS = frozenset(
    """
    market kiosk stall bookshop gallery restaurant coffeehouse teahouse tearoom brasserie canteen cafeteria pub lounge kitchen
    grill deli cellar spa sauna pool park playground garden greenhouse warehouse depot archive library theatre theater cinema chapel
    church laundry garage workshop plant factory mill farm stable stables station portal website network site location office
    branch outlet premises centre center headquarters department bureau union federation league guild association society trust fund
    foundation charity authority university college festival newspaper magazine lender exchange owner employer supplier vendor dealer
    merchant trader seller institute institution subsidiary partnership consortium franchise accountant lawyer solicitor adviser advisor
    architect auditor notary broker consultant translator carrier courier builder contractor developer carpenter plumber
    boathouse clubhouse marina taproom rink arena stadium surgery archive
    landlord practitioner therapist dentist orthodontist physiotherapist optometrist veterinarian vet photographer designer mechanic barber
    hairdresser tattooist tailor dressmaker jeweller jeweler goldsmith watchmaker optician chemist grocer butcher baker fishmonger florist
    stationer brewer roaster distiller winemaker cheesemonger chocolatier confectioner interpreter recruiter surveyor undertaker locksmith
    realtor bookkeeper roofer grower beekeeper repairer operator provider haulier shipper forwarder cobbler shoemaker saddlery milliner
    electrician concern works mine port band orchestra choir ensemble
    """.split()
)
"""Nouns of establishments that are more often a part or a neighbour of a business than the business itself."""


def names_a_business(word: Word) -> bool:
    """Return whether a word names a business, an establishment or an organisation: a clinic, studios, the orchard.

    The form counts and not the stem: an accountant is one, an account is not.
    """
    low = word.text.casefold()
    forms = {low, low.removesuffix("s"), low.removesuffix("es"), f"{low.removesuffix('ies')}y"}
    return not forms.isdisjoint(_read_businesses())


@cache
def _read_businesses() -> frozenset[str]:
    return frozenset(word for line in read_lines("businesses") for word in line.split())


def frames_of(kind: str, unit: str = "", per: Sequence[str] = ()) -> frozenset[str]:
    """Return the stems of words that only name what a figure's kind and unit tell: "weigh" of kilograms, "price" and "fee" of money.

    What the unit leaves open is none: 3 m are a length, a width or a depth.
    """
    name = f"count {stem(unit)}" if kind == Kind.COUNT.value else "/".join((unit, *per)) if kind == Kind.MEASURE.value else ""
    frames = _read_frames()
    return frames.get(kind, frozenset()) | frames.get(name, frozenset())


@cache
def _read_frames() -> Mapping[str, frozenset[str]]:
    """Return the framing words by a figure's kind ("money") or unit ("kg", "count employe")."""
    frames: dict[str, frozenset[str]] = {}
    for line in read_lines("frames"):
        heads, _, words = line.partition(":")
        stems = frozenset(map(stem, words.split()))
        first, *units = heads.split()
        names = [f"count {stem(each)}" for each in units] if first == Kind.COUNT and units else [first, *units]
        for name in names:
            frames[name] = frames.get(name, frozenset()) | stems
    return frames


@cache
def _unit_stems() -> frozenset[str]:
    return frozenset(
        map(stem, "second minute hour day week month year time euro dollar pound franc percent kilo gram litre metre mile".split())
    )


def is_unit(word: Word) -> bool:
    return word.stem in _unit_stems()


def is_weak(word: Word) -> bool:
    return word.stem in _read_weak()


@cache
def _read_weak() -> frozenset[str]:
    return frozenset(stem(word) for line in read_lines("weak") for word in line.split())
