"""A lexicon of English: which word says the same as another or less, and which two cannot both be meant. Out of WordNet 3.1.

Each line of tables/wordnet.txt is a word; its senses, the most frequent first, as numbers with the numbers of the more general senses above
them ("n:daa>57b>47c": a croissant is a roll is a bread); senses of words derived from it; opposites.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from .sorted_tables import find_line
from .words import Word, find_words, read_irregular, spell_american

CLOSE = 2
"""How many steps two things may be below what they both are, to count as things of one kind: a muffin and a croissant are."""
_ENDINGS = (("ies", "y"), ("ves", "f"), ("ses", "s"), ("es", "e"), ("es", ""), ("s", ""), ("ied", "y"), ("ed", "e"), ("ed", ""),
            ("ing", "e"), ("ing", ""), ("er", ""), ("er", "e"), ("est", ""), ("est", "e"))  # fmt: skip


@dataclass(frozen=True, slots=True)
class LexiconEntry:
    """A word of the lexicon. `senses` are by part of speech (n, v, a, r), each a chain from the sense itself to more general ones."""

    senses: tuple[tuple[str, tuple[str, ...]], ...]
    derived: frozenset[str]
    opposites: frozenset[str]

    @property
    def own(self) -> frozenset[str]:
        """Return the word's own senses."""
        return frozenset(chain[0] for _, chain in self.senses)


def look_up(word: Word) -> tuple[LexiconEntry, ...]:
    """Return the entries of a word: of the form as it stands, and of the words that it may be a form of. Empty for an unknown word."""
    return _look_up(word.text.lower())


def look_up_text(text: str) -> tuple[LexiconEntry, ...]:
    """Return the entries of the first word of a text. To `tokenize` a word finds what else it may say, which costs a hundred times that."""
    return next((_look_up(word.lower()) for word, _, _ in find_words(text)), ())


def has_entry(word: str) -> bool:
    """Return whether the lexicon has a form itself, and not only a word that it may be a form of."""
    return _read_entry(word) is not None


def says_no_more(general: Word, specific: Word) -> bool:
    """Return whether whoever says the second word could say the first: the same, derived from it, or more general (a pastry is food)."""
    for one in look_up(general):
        wanted = one.own | one.derived
        for other in look_up(specific):
            if wanted & (other.own | other.derived) or any(one.own & set(chain[1:]) for part, chain in other.senses):
                return True
    return False


_PERSON = frozenset("34 1kg ix 17d 16t".split())
"""The senses "person", "relative", "adult", "leader" and "skilled worker" of WordNet, by their numbers in the table.

Chains there are short: over "parent" they end with "relative".
"""


@lru_cache(20_000)
def names_people(word: str) -> bool:
    """Return whether a form is first of all a noun for people: patients, paddler; not "staff", and not who does some trade."""
    for form in (word, word.removesuffix("s"), word.removesuffix("es"), f"{word.removesuffix('ies')}y"):
        entry = _read_entry(form)
        if entry is not None:
            part, chain = entry.senses[0] if entry.senses else ("", ())
            return part == "n" and not _PERSON.isdisjoint(chain)
    return False


@lru_cache(20_000)
def may_name_people(word: str) -> bool:
    """Return whether any sense of a form is one of people: members, teachers."""
    forms = (word, word.removesuffix("s"), word.removesuffix("es"), f"{word.removesuffix('ies')}y")
    return any(part == "n" and not _PERSON.isdisjoint(chain) for entry in map(_read_entry, forms) if entry for part, chain in entry.senses)


def are_other_people(general: Word, specific: Word) -> bool:
    """Return whether two words name people whom nobody takes for each other: by what they mean first of all, a tenant is no owner."""
    if not (names_people(general.text.casefold()) and names_people(specific.text.casefold())):
        return False
    chains = [entry.senses[0][1] for entry in look_up(specific)[:1] if entry.senses]
    return not any(one.own & set(chain) for one in look_up(general)[:1] for chain in chains)


def share_sense(one: Word, other: Word) -> bool:
    """Return whether two words may say the same, or are derived from what does."""
    return any((ours.own | ours.derived) & (theirs.own | theirs.derived) for ours in look_up(one) for theirs in look_up(other))


def are_opposites(one: Word, other: Word) -> bool:
    """Return whether WordNet names one of two words as an opposite of the other."""
    return _are_opposites(one.text.lower(), other.text.lower())


@lru_cache(100_000)
def _are_opposites(one: str, other: str) -> bool:
    return any(not entry.opposites.isdisjoint(_forms(other)) for entry in _look_up(one)) or any(
        not entry.opposites.isdisjoint(_forms(one)) for entry in _look_up(other)
    )


def excludes(one: Word, other: Word) -> bool:
    """Return whether two words name opposites, or different things of one kind: a muffin is no croissant, whoever bought has not sold."""
    ours, theirs = look_up(one), look_up(other)
    if any(word in _forms(other.text.lower()) for entry in ours for word in entry.opposites):
        return True
    if says_no_more(one, other) or says_no_more(other, one):
        return False
    kinds = {(part, sense) for entry in ours for part, chain in entry.senses if part == "n" for sense in chain[1 : 1 + CLOSE]}
    return any((part, sense) in kinds for entry in theirs for part, chain in entry.senses for sense in chain[1 : 1 + CLOSE])


def is_thing(word: Word) -> bool:
    """Return whether a word is first of all a noun. An unknown word is one: it may be a name."""
    entries = look_up(word)
    return not entries or any(entry.senses and entry.senses[0][0] == "n" for entry in entries)


@lru_cache(20_000)
def _look_up(word: str) -> tuple[LexiconEntry, ...]:
    forms = (form for spelt in dict.fromkeys((word, spell_american(word))) for form in _forms(spelt))
    return tuple(dict.fromkeys(entry for form in forms if (entry := _read_entry(form)) is not None))


@lru_cache(20_000)
def _forms(word: str) -> tuple[str, ...]:
    """Return the words that this may be a form of, itself first, by WordNet's own rules of detachment (morphy)."""
    found = [word]
    if (irregular := read_irregular().get(word)) is not None:
        found.append(irregular)
    for ending, instead in _ENDINGS:
        if word.endswith(ending) and len(word) > len(ending) + 1:
            bare = word.removesuffix(ending)
            found.append(bare + instead)
            if not instead and len(bare) > 3 and bare[-1] == bare[-2]:
                found.append(bare[:-1])  # stopped
    return tuple(found)


def _read_entry(word: str) -> LexiconEntry | None:
    line = find_line("wordnet", word)
    if line is None:
        return None
    _, senses, derived, opposites = [*line.split("\t"), "", ""][:4]
    chains = [(part[0], tuple(sense.split(">"))) for part in senses.split() for sense in part[2:].split(",")]
    return LexiconEntry(tuple(chains), frozenset(filter(None, derived.split(","))), frozenset(filter(None, opposites.split(","))))
