"""Periods and bounds beside an amount: "per user per month", "/kg", "monatlich"; "from", "up to", "about", "100+"."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal

from .money import Signs, any_of
from .tables import ADVERBS, LIGHT_WORDS, PER_NOUNS, UNIT_SIGNS, UNIT_WORDS, read_table
from .units import singular

_S = r"[ \u00a0]?"
_LINKS = (
    "per|for each|for every|pro|je|par|por|al|alla|all'|à la|a la|pr\\.?|på|om|na|в|за|each|every|ogni|chaque|cada|jede[nrsm]?|voor|im|an?"
)
_PER = re.compile(
    rf"[ \u00a0]?[(,]?{_S}(?:and |und |et |y )?(?P<link>/|(?i:{_LINKS})(?:[ \u00a0]|(?<=[/']))|毎|每|1(?=[人日泊月]))[ \u00a0]?"
    rf"(?:(?P<size>\d{{1,4}}(?:[.,]\d{{1,2}})?){_S})?(?P<noun>[^\W\d_]{{1,20}}\.?(?:-?[²³23](?!\d))?)"
)
_PLAIN_LINKS = frozenset(["for each", "for every"]) | frozenset("per pro je par por each every ogni chaque cada a an pr pr. voor".split())
_PER_AND = re.compile(r"[ \u00a0](?:and|und|et|y|e|en)[ \u00a0](?P<noun>[^\W\d_]{1,20})")
_ADVERB = re.compile(rf"[ \u00a0]?[,(]?{_S}(?P<billed>(?i:(?:when )?(?:billed|paid|charged|payable)) )?(?i:(?P<adverb>{any_of(ADVERBS)}))")
_ADVERB_BEFORE = re.compile(
    r"(?:(?P<east>月額|年額|日額|時給|毎月|每月|毎年)[^\d\n]{0,6}|(?<!\w)(?i:(?P<adverb>monthly|annual|yearly|daily|weekly|hourly|nightly))"
    r"(?: [^\W\d_]{1,15}){1,2}(?: (?:of|is|are|from|at|costs?))*[:| ]{1,3})\Z"
)
_PERIOD_SIGNS = frozenset("額給月年:は、 ")
_EAST = re.compile(r"[\u3040-\u9fff]")
_BOUNDS: Mapping[str, str] = read_table(
    """
    from: from, starting at, starting from, starts at, start at, at least, minimum, min., minimum of, no less than,
    ab, mindestens, von,
    à partir de, dès, au moins, desde, a partir de, al menos, mínimo, a partire da, da, almeno, vanaf, minstens, från, fra, od, от
    up to: up to,
    never exceeds, does not exceed, not exceeding, never exceed, not exceed,
    at most, no more than, no longer than, not longer than, maximum, max., max, maximum of, not more than, as many as,
    bis zu, bis, höchstens, maximal, pas plus de, no más de, jusqu'à,
    jusqu'a, au plus, hasta, como máximo, fino a, al massimo, até, upp till, opp til, op til, tot, maximaal, do, до
    about: about, around, approximately, approx., approx, roughly, some, nearly, almost,
    circa, ca., ca, c., rund, etwa, ungefähr, zirka, gut,
    fast, knapp, environ, quelque, presque,
    alrededor de, unos, unas, aproximadamente, cerca de, casi, quasi, ongeveer, bijna, omkring, nästan,
    około, около, 約, 约, 大约, およそ, ≈
    over: over, older than, longer than,
    more than, above, in excess of, upwards of, über, mehr als, plus de, plus que, más de, higher than, greater than,
    oltre, più di, mais de, meer dan, mer än, mer enn,
    ponad, более, >, 超过
    under: under, younger than, shorter than,
    less than, fewer than, lower than, below, en-dessous de, en dessous de, unter, weniger als,
    moins de, menos de, meno di, minder dan, mindre än, poniżej, менее, <
    """
)
_BOUND_ENDS = tuple(sorted(_BOUNDS, key=len, reverse=True))
_FILLERS = (" the", " only", " just", " nur", " a", " an")
_BOUND_AFTER = re.compile(
    rf"{_S}(?P<plus>\+(?!\d)|plus\b(?! \w+ (?:fee|tax)| ?[\d$€£¥]))"
    rf"|{_S}(?P<or_more>(?:or|and|oder|ou|o|et|y|e|und) (?:more|up|above|over|longer|older|mehr|plus|más|più)\b"
    rf"|以上|から|起|〜(?!\d)|~(?![~\d]))"
    rf"|{_S}(?P<or_less>(?:or|and|oder) (?:less|fewer|under|shorter|younger|weniger)\b"
    rf"|,? (?:at (?:the )?most|maximum|max\.?|höchstens|au maximum|como máximo)(?!\w)|以下|まで|未満)"
)


def read_per(flat: str, start: int, end: int, signs: Signs) -> tuple[tuple[str, ...], int]:
    """Return the periods and units that an amount is for ("per user per month", "/kg", "monatlich"), and where they end."""
    per: list[str] = []
    while len(per) < 4 and (found := _read_one(flat, end, signs, bool(per))):
        per.append(found[0])
        end = found[1]
    if not per and _may_have_adverb(flat, start) and (before := _ADVERB_BEFORE.search(flat, max(0, start - 60), start)):
        per.append(ADVERBS.get((before["east"] or before["adverb"]).casefold(), "day"))
    return tuple(sorted(set(per))), end


def _read_one(flat: str, end: int, signs: Signs, is_second: bool) -> tuple[str, int] | None:
    if link := _PER.match(flat, end):
        noun = _per_noun(link, signs, flat)
        ends_sentence = link["noun"].endswith(".") and link["noun"] not in PER_NOUNS and link["noun"] not in UNIT_SIGNS
        return (noun, link.end() - ends_sentence) if noun else None
    if is_second and (more := _PER_AND.match(flat, end)) and (noun := _known_noun(more["noun"]) or ""):
        return noun, more.end()
    if (adverb := _ADVERB.match(flat, end)) and not (adverb["billed"] and is_second):
        return ADVERBS.get(adverb["adverb"]) or ADVERBS[adverb["adverb"].casefold()], adverb.end()
    return None


def _may_have_adverb(flat: str, start: int) -> bool:
    before = flat[max(0, start - 60) : start]
    return "ly " in before or "nnual" in before or before[-1:] in _PERIOD_SIGNS


def _known_noun(noun: str) -> str | None:
    bare = noun.rstrip(".")
    signs = UNIT_SIGNS.get(noun) or UNIT_SIGNS.get(bare)
    return signs or UNIT_WORDS.get(bare.casefold()) or PER_NOUNS.get(noun.casefold()) or PER_NOUNS.get(bare.casefold())


def _per_noun(found: re.Match[str], signs: Signs, flat: str) -> str:
    """Return what a price is for, or "" where the word after the link is no such thing ("5 € im Laden")."""
    link, noun = found["link"].strip().casefold(), found["noun"]
    bare = noun.rstrip(".")
    name = _known_noun(noun)
    if not name:
        if (
            bare.casefold() in LIGHT_WORDS
            or (link != "/" and link not in _PLAIN_LINKS)
            or (link == "a" and signs.language in ("es", "it", "pt"))
        ):
            return ""
        if link in ("a", "an", "por", "je", "par") and flat[found.end() : found.end() + 2].strip()[:1].isalnum():
            return ""
        name = singular(bare)
    size = (found["size"] or "1").replace(",", ".")
    return name if Decimal(size) == 1 else f"{size} {name}"


def read_bound(flat: str, start: int, end: int) -> tuple[str, int]:
    """Return the bound of an amount ("from", "up to", "about", "over", "under", "plus", or ""), and where the amount ends with it."""
    if after := _BOUND_AFTER.match(flat, end):
        return ("plus" if after["plus"] else "from" if after["or_more"] else "up to"), after.end()
    return _bound_before(flat, start), end


def _bound_before(flat: str, start: int) -> str:
    before = flat[max(0, start - 30) : start].casefold().rstrip(" \u00a0:").removesuffix("~~").rstrip()
    if before.endswith("~"):
        return "about"
    for _ in range(2):
        if before.endswith(_BOUND_ENDS):
            form = next(each for each in _BOUND_ENDS if before.endswith(each))
            earlier = before[: -len(form)][-1:]
            if not earlier.isalnum() or _EAST.match(form) or not form[0].isalpha():
                return _BOUNDS[form]
        if not before.endswith(_FILLERS):
            break
        before = before.rpartition(" ")[0].rstrip()
    return ""
