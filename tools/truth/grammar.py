"""The small words of English, and which words are verbs where they stand."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache
from importlib.resources import files

from .lexicon import look_up_text
from .words import Word, stem

JOINING = frozenset("and or but while whereas although though plus yet nor however und oder aber sondern et ou mais y o pero".split())

CONTRAST = frozenset("but while whereas although though yet however aber sondern mais pero".split())

CONDITIONAL = frozenset("if unless when whenever provided where once until till except excluding".split())

RELATIVE = frozenset("who which that whose whom".split())

PREPOSITIONS = frozenset(
    """of in on at by for to into onto with off about between among through via across per during upon toward towards from under over above
    below behind before after since until till within without near around against despite than as like unlike inside outside beyond
        along behind except""".split()
)

DETERMINERS = frozenset("a an the this that these those my our your his her its their no some any each every all both another".split())

PRONOUNS = frozenset("it they he she we you i who which this these those that them us there one".split())

OURS = frozenset("we our us ours ourselves i my me wir unser unsere unseren uns nous notre nos nosotros nuestro nuestra nuestros".split())

AUXILIARIES = frozenset(
    "is are was were be been being am has have had having do does did will would can could may might must shall should".split()
)

BE = frozenset("is are was were be been being am gets get got".split())

_PRESENT = frozenset("is are am has does goes having being doing be people persons".split())

_PAST_AUXILIARIES = frozenset("was were had did".split())

SMALL = (
    PREPOSITIONS
    | PRONOUNS
    | OURS
    | AUXILIARIES
    | JOINING
    | CONDITIONAL
    | DETERMINERS
    | frozenset("not s also too so as then there".split())
)

GRAMMAR = SMALL
"""Words that only join others."""


def is_verb(words: Sequence[Word], at: int) -> bool:
    """Return whether a word is, by its form and its neighbours, a verb: "ships" in "it ships", not in "the ships"."""
    text = words[at].text
    if at > 0 and text[:1].isupper():
        return False
    low = text.casefold()
    if low in AUXILIARIES:
        return True
    if not (_has_verb_sense(low) or may_be_verb(low)):
        return False  # no dictionary knows it as one
    leading = words[at - 1].text.casefold() if at else ""
    if low in _ADVERBS or (low.endswith("s") and leading.isdigit() and not (at > 1 and words[at - 2].text[:1].isupper())):
        return False  # "15 shows"
    if not may_be_verb(low) and not (leading in _LEADING and _has_verb_sense(low)):
        return (_follows_name(words, at) or _is_second_verb(words, at)) and _has_verb_sense(low)
    before = words[at - 1].text.casefold() if at else ""
    after = words[at + 1].text.casefold() if at + 1 < len(words) else ""
    if before == "to":
        return True
    if before in DETERMINERS or before in PREPOSITIONS:
        return before == "that"
    if low.endswith(("ed", "ing")) or low.removeprefix("re") in _read_irregular_forms() or _is_only_verb(low):
        return True
    if before in PRONOUNS or before in AUXILIARIES or before in {"not", "also", "still", "now", "only", "currently"}:
        return True
    # a noun stands before a noun ("coffee beans"), a verb before an object, a number or a preposition
    if low.endswith("s") and (after in DETERMINERS or after[:1].isdigit()):
        return True
    if low.endswith("s"):
        return not (before.endswith("s") and _is_plural(before) and not words[at - 1].text[:1].isupper()) and (
            not after or after in DETERMINERS | PREPOSITIONS | PRONOUNS or after[:1].isdigit() or _is_object(words, at + 1)
        )
    if before in JOINING:
        return after[:1].isdigit() or after in DETERMINERS
    return before.endswith("s") and (after in DETERMINERS | PREPOSITIONS or _is_object(words, at + 1))


def _follows_name(words: Sequence[Word], at: int) -> bool:
    """Return whether a form in -s stands between a name and a number or determiner: "Brookside Mill grinds 90 tonnes"."""
    after = words[at + 1].text.casefold() if at + 1 < len(words) else ""
    if at > 0 and after in DETERMINERS and _is_plural(words[at - 1].text.casefold()) and words[at - 1].text.endswith("s"):
        return not words[at].text.endswith("s") and words[at].text.islower()  # "Members elect the chair"
    named = at > 0 and (words[at - 1].text[:1].isupper() or words[at - 1].text.casefold() in {"it", "he", "she"})
    if not named or not words[at].text.endswith("s") or words[at].text.endswith("ss"):
        return False
    if after in DETERMINERS or after[:1].isdigit():
        return True
    # "Orme Glass blows vases", not "Harbour Gym classes start"
    plain = after.isalpha() and after not in PREPOSITIONS | AUXILIARIES | JOINING and words[at + 1].text[:1].islower()
    return plain and not may_be_verb(after)


def _is_second_verb(words: Sequence[Word], at: int) -> bool:
    """Return whether a form in -s follows another one and "and", with its object: "gives up cannons and casts bells"."""
    if at < 3 or words[at - 1].text.casefold() != "and" or not words[at].text.endswith("s") or at + 1 >= len(words):
        return False
    after = words[at + 1].text.casefold()
    object_next = after not in PREPOSITIONS | AUXILIARIES | JOINING and not after.endswith("ly")
    return object_next and any(words[each].text.endswith("s") and is_verb(words, each) for each in range(1, at - 1))


@lru_cache(20_000)
def _is_only_verb(low: str) -> bool:
    """Return whether a word is a verb and nothing else: weigh, agree."""
    entries = look_up_text(low) if low.isalpha() else ()
    return bool(entries) and all(entry.senses and all(part == "v" for part, _ in entry.senses) for entry in entries)


_ADVERBS = frozenset("still just only even yet well now then there here once twice also too".split())
_LEADING = frozenset("can could may might must shall should will would to we you they i not cannot do does did".split())


@lru_cache(20_000)
def _has_verb_sense(low: str) -> bool:
    return low.isalpha() and any(part == "v" for entry in look_up_text(low) for part, _ in entry.senses)


@lru_cache(20_000)
def may_be_verb(low: str) -> bool:
    if stem(low) in _read_verbs() or (low.startswith("re") and low[2:] in _read_irregular_forms()):
        return True
    entries = look_up_text(low) if low.isalpha() else ()
    if low.endswith("ed") and any(part == "v" for entry in entries for part, _ in entry.senses):
        return True
    return bool(entries) and entries[-1].senses[:1] != () and entries[-1].senses[0][0] == "v"


@lru_cache(20_000)
def _is_plural(low: str) -> bool:
    """Return whether a word in -s is a plural: "shops", not "bus" or "glass"."""
    return not low.endswith("ss") and bool(look_up_text(low[:-1]) if low[:-1] else ())


def _is_object(words: Sequence[Word], at: int) -> bool:
    return at < len(words) and not is_verb_like_end(words, at)


def is_verb_like_end(words: Sequence[Word], at: int) -> bool:
    """Return whether the word is an auxiliary, so that what stands before it was a noun."""
    return words[at].text.casefold() in AUXILIARIES


@cache
def _read_table(name: str) -> str:
    return (files(__package__ or __name__) / "tables" / name).read_text(encoding="utf-8")


@cache
def _read_verbs() -> frozenset[str]:
    plain = (line for line in _read_table("verbs.txt").splitlines() if not line.startswith("#"))
    return frozenset(stem(word) for line in plain for word in line.split())


@cache
def _read_irregular_forms() -> frozenset[str]:
    lines = (line.split() for line in _read_table("irregular.txt").splitlines() if not line.startswith("#"))
    return frozenset(form for forms in lines if forms and stem(forms[0]) in _read_verbs() for form in forms[1:])


def is_past(word: Word) -> bool:
    """Return whether a verb's form is one of the past, or a participle."""
    low = word.text.casefold()
    if low in _PRESENT or low.endswith("ing"):
        return False
    return low in _PAST_AUXILIARIES or low.endswith("ed") or low.removeprefix("re") in _read_irregular_forms()


def is_object_next(words: Sequence[Word], at: int) -> bool:
    """Return whether a determiner or number follows, as after a verb: "and bought the plant"."""
    after = words[at + 1].text.casefold() if at + 1 < len(words) else ""
    return after in DETERMINERS | PREPOSITIONS | PRONOUNS or after[:1].isdigit()
