"""How near two words are in meaning, whether one says the opposite of the other, and how much a word says. Pure."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from sayso.tools.documents.neighbours import find_neighbours, find_rarity
from sayso.tools.truth.lexicon import are_opposites, look_up, says_no_more, share_sense
from sayso.tools.truth.word_kinds import is_weak
from sayso.tools.truth.word_pairs import may_stand_for
from sayso.tools.truth.words import Word, alike, opposite, stem, tokenize

_DENYING = re.compile(r"^(?:un|in|im|ir|il|non|dis|de(?=[a-z]{7}))(?=[a-z]{4})")
_SURE_PREFIXES = frozenset({"un", "non", "dis", "de"})
"""Those with which nearly every word is denied; "imprison" does not deny "prison"."""
_LEAST_LIKENESS = 0.35
_MOST_LIKENESS = 0.7
_SHARED_LETTERS = 5
_ENDINGS_OF_PEOPLES = frozenset(
    ["", *"n an ian ish ese ic i s e a y ia land ly lic ean ans ians man men ch d en".split()]
)  # fmt: skip
_PEOPLES = {
    "france": "french", "germany": "german", "spain": "spanish", "britain": "british", "england": "english", "netherlands": "dutch",
    "wales": "welsh", "scotland": "scottish", "ireland": "irish", "poland": "polish", "greece": "greek", "denmark": "danish",
    "sweden": "swedish", "finland": "finnish", "turkey": "turkish", "switzerland": "swiss", "norway": "norwegian", "europe": "european",
}  # fmt: skip


def first_word(text: str) -> Word | None:
    """Return the first word of a text, None where it has none."""
    return next(iter(tokenize(text)), None)


@lru_cache(100_000)
def measure_likeness(one: str, other: str) -> float:
    """Return how well a word says what another says: 1 the same, above 0.7 by the tables, below by how they are used, 0 not at all."""
    a, b = one.casefold(), other.casefold()
    if a == b:
        return 1.0
    word, known = first_word(one), first_word(other)
    if word is None or known is None:
        return 0.0
    if word.stem == known.stem:
        return 1.0
    if says_opposite(a, b):
        return 0.0
    if alike(word, known):
        return 1.0
    if share_sense(word, known):
        return 0.9
    if says_no_more(word, known) or may_stand_for(word, known):
        return 0.8
    if says_no_more(known, word) or (min(len(a), len(b)) > _SHARED_LETTERS and a[:_SHARED_LETTERS] == b[:_SHARED_LETTERS]):
        return _MOST_LIKENESS
    use = max(_find_use(a, b), _find_use(b, a))
    return min(_MOST_LIKENESS, use) if use >= _LEAST_LIKENESS else 0.0


def _find_use(one: str, other: str) -> float:
    wanted = stem(other)
    return max((each.weight for each in find_neighbours(one) if stem(each.word) == wanted), default=0.0)


@lru_cache(100_000)
def measure_name_likeness(one: str, other: str) -> float:
    """Return whether two words are one name: 1 the same, 0.9 a country and its people, 0.8 by the tables, 0 other names."""
    a, b = _fold(one), _fold(other)
    if a == b or (stem(a) == stem(b) and not (one.isupper() and other.isupper())):
        return 1.0
    if one.isupper() and len(one) > 1 and not other.isupper():  # "TV" for "television"
        return 0.8 if measure_likeness(one, other) >= 0.9 else 0.0
    if not other[:1].isupper() or one.isupper() != other.isupper():
        return 0.0
    if one.isupper() and len(one) > 1:
        return 0.0  # "XLVII" is no "XLVIII"
    if len(a) > _SHARED_LETTERS - 1 and b.startswith(a) and len(b) - len(a) > 2:
        return 0.8  # "Blues" for a "Bluesband"
    same = next((at for at, (left, right) in enumerate(zip(a, b, strict=False)) if left != right), min(len(a), len(b)))
    if same >= 4 and max(len(a), len(b)) - same <= 4 and {a[same:], b[same:]} <= _ENDINGS_OF_PEOPLES:
        return 0.9
    if _PEOPLES.get(a) == b or _PEOPLES.get(b) == a:
        return 0.9
    word, known = first_word(one), first_word(other)
    if word is None or known is None:
        return 0.0
    is_one = not word.senses.isdisjoint(known.senses) or (share_sense(word, known) and a[:3] == b[:3])
    return 0.8 if is_one else 0.0


def is_same_name(one: str, other: str) -> bool:
    """Return whether two words are one name."""
    return measure_name_likeness(one, other) > 0


def _fold(text: str) -> str:
    return "".join(letter for letter in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(letter))


@lru_cache(100_000)
def denies(one: str, other: str) -> bool:
    """Return whether one of two words is the other with a prefix that denies it: "unsuccessful"."""
    for word, plain in ((one, other), (other, one)):
        found = _DENYING.match(word)
        if found and stem(word[found.end() :]) == stem(plain):
            return found[0] in _SURE_PREFIXES or are_opposites(tokenize(word)[0], tokenize(plain)[0])
    return False


def has_denying_prefix(word: str) -> bool:
    """Return whether a word is another one of the lexicon with a prefix that denies it."""
    found, whole = _DENYING.match(word.casefold()), first_word(word)
    rest = first_word(word.casefold()[found.end() :]) if found else None
    if found is None or rest is None or whole is None:
        return False
    return (found[0] in {"un", "non"} and bool(look_up(rest))) or are_opposites(whole, rest)


@lru_cache(100_000)
def says_opposite(one: str, other: str) -> bool:
    """Return whether two words cannot both be true of one thing. Words of different kinds are no opposites: "cheap" and "the cost"."""
    word, known = first_word(one), first_word(other)
    if word is None or known is None:
        return False
    if denies(one, other) or are_opposites(word, known):
        return True
    ours, theirs = find_parts_of_speech(word), find_parts_of_speech(known)
    return opposite(word, known) and (not ours or not theirs or not ours.isdisjoint(theirs))


def find_parts_of_speech(word: Word) -> frozenset[str]:
    """Return the parts of speech of a word's most frequent senses: n, v, a, r. Empty for an unknown word."""
    return frozenset(part for entry in look_up(word) for part, _ in entry.senses[:3])


def weigh(word: Word) -> float:
    """Return how much a word says: a common one less than a rare one, one that only frames others least."""
    return 0.25 if is_weak(word) else 0.35 + 0.65 * find_rarity(word.text.casefold())


def is_compared(word: Word) -> bool:
    """Return whether a word is an adjective that compares: "longer"."""
    low = word.text.casefold()
    base = first_word(low[:-2]) if low.endswith("er") and len(low) > 4 else None
    return base is not None and "a" in find_parts_of_speech(base)
