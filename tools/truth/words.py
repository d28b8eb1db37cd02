"""The words of a text as the truth gate compares them: by stem, by what says the same, by what says the opposite."""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from zlib import crc32

from ..quick_init import fill_quickly
from .groups import NO_LINKS, Links, find_links
from .languages import find_language

_WORD = re.compile(r"[぀-ヿ㐀-鿿豈-\ufaff가-힣]|%|[^\W_぀-ヿ㐀-鿿豈-\ufaff가-힣]+(?:['’][^\W\d_]{1,3}\b)?")
_PLAIN_WORD = re.compile(r"%|[A-Za-z0-9]+(?:'[A-Za-z]{1,3}\b)?")
"""The same for a text of ASCII letters, in half the time."""
_NOT = re.compile(r"(\w+?)n['’]t", re.IGNORECASE)
_SHORT_VERBS = {"wo": "will", "ca": "can", "sha": "shall"}
_JOINED = re.compile(r"(\w+?)['’](re|ve|ll|m)", re.IGNORECASE)
_JOINED_VERBS = {"re": "are", "ve": "have", "ll": "will", "m": "am"}
_JOINED_IS = frozenset("it he she that there here what who where".split())
"""Words behind which an "'s" is a verb: "it's open"."""
_FAMILY = re.compile(r"(?:ation|ition|ment|ship|ance|ence|eri|iti|ist|ion|ing|al|or|er|iv|abl|ful|ness|li|i)$")
_FAMILY_LETTERS = 5
"""The fewest letters that are left when a derived word is taken for its root: founder is found, corner is not corn."""
_LONGEST = 100
_NO_SENSES: frozenset[int] = frozenset()


@fill_quickly
@dataclass(frozen=True, slots=True)
class Word:
    """A word of a text. `senses` are the groups of words alike that it belongs to, alone or as part of a phrase ("at no charge").

    `special` and `general` are the groups in which it is on the side of what may be called so ("dog") or of what that is called ("animal");
    `near` are those whose words may stand for each other where all around them agrees ("sit free", "travel free").
    """

    text: str
    stem: str
    start: int
    end: int
    senses: frozenset[int] = _NO_SENSES
    special: frozenset[int] = _NO_SENSES
    general: frozenset[int] = _NO_SENSES
    near: frozenset[int] = _NO_SENSES


@lru_cache(2_048)
def tokenize(text: str) -> tuple[Word, ...]:
    """Return the words of a text in order, with their places. "don't" is two words, and so is "plant-based"; "company's" is "company"."""
    plain = [(word, stem(word), start, end) for word, start, end in find_words(text)]
    links = _find_links([word for word, _, _, _ in plain], [stemmed for _, stemmed, _, _ in plain])
    return tuple(Word(*word) if found is NO_LINKS else Word(*word, *found) for word, found in zip(plain, links, strict=True))


def _find_links(texts: Sequence[str], stems: Sequence[str]) -> list[Links]:
    """Return the groups of each word, by the tables of English, and of the other languages if the text may be in one of them."""
    links = find_links(texts, stems)
    language = find_language(word.casefold() for word in texts)
    if language == "en" or (not language and (links.count(NO_LINKS) < len(links) or all(text.isdigit() for text in texts))):
        return links
    for other in STEMMED:  # a short text does not tell in which
        stemmed = [stem_in(other, word) for word in texts]
        links = [link.join(found) for link, found in zip(links, find_links(texts, stemmed), strict=True)]
        if other == language and STEMMED[other]:  # forms of one word are a group of their own
            links = [link.join(Links(frozenset([-crc32(root.encode())]))) for link, root in zip(links, stemmed, strict=True)]
    return links


def is_light(word: Word) -> bool:
    """Return whether a word carries no claim of its own, such as "the" or "available"."""
    return is_light_stem(word.text, word.stem)


@lru_cache(20_000)
def is_light_stem(text: str, stemmed: str) -> bool:
    """Return whether a word, given with its stem, carries no claim of its own."""
    text = text.casefold()
    # "production" has the stem of "product", and says more
    return text in _LINKING or (
        stemmed in _read_light() and (bool({text, text.removesuffix("s")} & _read_light_words()) or not _DERIVED.search(text))
    )


_LINKING = frozenset(["including"])
"""Prepositions that were verbs: what they link says what there is to say."""
_DERIVED = re.compile(r"(?:tion|tions|ment|ments|ness|or|ors|ist|ists|ship|al|ive)$")


def alike(a: Word, b: Word) -> bool:
    """Return whether two words say the same: one stem, or one group of words alike."""
    return a.stem == b.stem or (not a.senses.isdisjoint(b.senses) and not are_two_sides(a.text, b.text))


_DOER = re.compile(r"(\w{2,}?)(?:e?rs?|ors?|ees?)$", re.IGNORECASE)


@lru_cache(20_000)
def are_two_sides(one: str, other: str) -> bool:
    """Return whether one word names who does something and the other to whom it is done: employer and employee."""
    if one.lower().endswith(("ee", "ees")) == other.lower().endswith(("ee", "ees")):
        return False
    mine, theirs = _DOER.fullmatch(one), _DOER.fullmatch(other)
    return mine is not None and theirs is not None and mine[1].lower() == theirs[1].lower()


def opposite(a: Word, b: Word) -> bool:
    """Return whether two words cannot both be true of one thing: "opens" and "closes", "more" and "less"."""
    return b.stem in _read_opposites().get(a.stem, frozenset())


@lru_cache(50_000)
def stem(word: str) -> str:
    """Return the stem of an English word: "founder", "founded" and "founding" are one. Other words are cut by the same rules.

    By the Snowball stemmer (Porter 2, https://snowballstem.org), with irregular forms before and endings that derive a noun after it.
    """
    word = _fold(word)
    if not word.isalpha() or not word.isascii():
        return word
    stemmed = snowball(spell_american(read_irregular().get(word, word)))
    root = _FAMILY.sub("", stemmed)
    return root if len(root) >= _FAMILY_LETTERS else stemmed


_SPELLINGS = tuple(
    (re.compile(pattern), instead)
    for pattern, instead in (
        (r"(?<=\w{3})is(e|ed|es|ing|er|ers|ation|ations)$", r"iz\1"),  # organise
        (r"(?<=\w{3})our(s|ed|ing|ful|ite|ites|al|hood)?$", r"or\1"),  # colour, neighbourhood
        (r"(?<=\w{2})tre(s?)$", r"ter\1"),  # centre
        (r"(?<=\w{4})ogue(s?)$", r"og\1"),  # catalogue
        (r"(?<=\w{4})ll(ed|ing|er|ers)$", r"l\1"),  # cancelled
        (r"(?<=^lic|^def|^off)ence(s?)$", r"ense\1"),
        (r"^programme(s?)$", r"program\1"),
        (r"^(jewel|travel|enrol|fulfil|instal)l?(ment|ery|s)$", r"\1\2"),
    )
)


def spell_american(word: str) -> str:
    """Return a word as Americans spell it, so that "organisation" and "organization" have one stem. Other words may be spelt oddly."""
    for pattern, instead in _SPELLINGS:
        word = pattern.sub(instead, word)
    return word


def find_words(text: str) -> Iterator[tuple[str, int, int]]:
    """Yield the words of a text with their places, as `tokenize` cuts them."""
    for found in (_PLAIN_WORD if text.isascii() else _WORD).finditer(text):
        word = found[0][:_LONGEST]
        if word.isalnum() and word.lower() != "cannot":
            yield word, found.start(), found.end()
        elif shortened := _NOT.fullmatch(word):
            yield _SHORT_VERBS.get(shortened[1].lower(), shortened[1]), found.start(), found.end()
            yield "not", found.start(), found.end()
        elif word.lower() == "cannot":
            yield "can", found.start(), found.end()
            yield "not", found.start(), found.end()
        elif joined := _JOINED.fullmatch(word):
            yield joined[1], found.start(), found.end()
            yield _JOINED_VERBS[joined[2].lower()], found.start(), found.end()
        elif word[-1:] in "sS" and re.split(r"['’]", word)[0].lower() in _JOINED_IS:
            yield re.split(r"['’]", word)[0], found.start(), found.end()
            yield "is", found.start(), found.end()
        else:
            yield re.split(r"['’]", word)[0] or word, found.start(), found.end()


def _fold(word: str) -> str:
    decomposed = unicodedata.normalize("NFKD", word.casefold())
    return unicodedata.normalize("NFC", "".join(letter for letter in decomposed if not "\u0300" <= letter <= "\u036f"))


STEMMED = {"de": "german", "fr": "french", "es": "spanish", "ja": ""}
"""Languages with groups of their own, and the names of their stemmers. Japanese has none: each sign is a word."""


@lru_cache(20_000)
def stem_in(language: str, word: str) -> str:
    """Return the stem of a word in another language than English, marked by the language: "kostet" and "kosten" are "de:kost"."""
    folded = _fold(word)
    if STEMMED[language] and folded.isalpha():
        folded = snowball(folded, STEMMED[language])
    if language == "de" and len(root := _GERMAN.sub("", folded)) >= 4:
        folded = root
    return f"{language}:{folded}"


_GERMAN = re.compile(r"(?:e?ten?|e?st|e?t)$")
"""Endings of verbs that the German stemmer leaves: kostet, kosteten."""


_STEMMERS = threading.local()


def snowball(word: str, language: str = "english") -> str:
    """Return the stem of a word in lower case by the Snowball stemmer of that name."""
    from snowballstemmer import stemmer  # late, for load time

    if not hasattr(_STEMMERS, language):
        setattr(_STEMMERS, language, stemmer(language))  # it keeps the word it works on: one for each thread
    return str(getattr(_STEMMERS, language).stemWord(word))


def read_lines(name: str) -> Iterator[str]:
    """Yield the lines of a table that say something."""
    for line in (files(__package__ or __name__) / "tables" / f"{name}.txt").read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            yield line


def _read_phrases(cell: str) -> Iterator[tuple[str, ...]]:
    for phrase in cell.split(","):
        if stems := tuple(stem(word) for word, _, _ in find_words(phrase)):
            yield stems


@cache
def _read_opposites() -> Mapping[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for line in read_lines("opposites"):
        left, _, right = line.partition("|")
        sides = [{phrase[0] for phrase in _read_phrases(side) if len(phrase) == 1} for side in (left, right)]
        for one, other in (sides, sides[::-1]):
            for word in one:
                found.setdefault(word, set()).update(other - one)
    return {word: frozenset(others) for word, others in found.items()}


@cache
def read_irregular() -> Mapping[str, str]:
    """Return the word of each form that no ending tells: bought is buy."""
    return {form: forms[0] for line in read_lines("irregular") if (forms := line.split()) for form in forms[1:]}


@cache
def _read_light_words() -> frozenset[str]:
    return frozenset(word for line in read_lines("light") for word in line.split())


@cache
def _read_light() -> frozenset[str]:
    return frozenset(stem(word) for line in read_lines("light") for word in line.split())
