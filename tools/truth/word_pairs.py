"""Which words of a statement may stand for a word of a sentence: the same, alike, derived, more special, or seen from the other side."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from .grammar import AUXILIARIES, DETERMINERS, is_verb
from .lexicon import are_other_people, look_up_text, may_name_people, names_people, says_no_more, share_sense
from .reading import Reading
from .words import Word, alike, are_two_sides, is_light, opposite, stem, tokenize

_SUPERLATIVES = frozenset("best worst most least top leading unique unrivalled unbeatable foremost number-one premier ultimate".split())


def is_superlative(word: Word) -> bool:
    """Return whether a word says that something is more than all others: "largest", "best", "leading"."""
    low = word.text.casefold()
    if low in _SUPERLATIVES:
        return True
    root = low.removesuffix("est")
    bases = (root, f"{root}e", root[:-1] if root[-2:-1] == root[-1:] else root, f"{root[:-1]}y")
    return (
        low.endswith("est")
        and len(root) > 2
        and any(part in "ar" for base in bases for entry in look_up_text(base) for part, _ in entry.senses)
    )


def covers(general: Word, specific: Word) -> bool:
    """Return whether a word may be said where the passage has the other: the same, one alike, one derived or more general."""
    return alike(general, specific) or not general.general.isdisjoint(specific.special) or _covers_text(general.text, specific.text)


def may_stand_for(word: Word, other: Word) -> bool:
    """Return whether a word is a fair rephrasing of another where all around them agrees: in "last wash" for "final wash" and much more.

    It says the same or less, or both stand in one group of such words ("children travel free" for "children sit free").
    Whoever asks has to compare the negations.
    """
    if covers(word, other):
        return True
    are_people = names_people(word.text.casefold()) and may_name_people(
        other.text.casefold()
    )  # learners are no teachers, in whatever group
    return not are_people and not word.near.isdisjoint(other.near)


_ANIMAL = stem("animal")
"""WordNet calls people animals."""


@lru_cache(100_000)
def _covers_text(general: str, specific: str) -> bool:
    one, other = tokenize(general)[:1], tokenize(specific)[:1]
    if are_two_sides(general, specific) or (one and other and are_other_people(one[0], other[0])):
        return False
    if not one or not other or one[0].stem == _ANIMAL or (one[0].stem in _HOLLOW and not share_sense(one[0], other[0])):
        return False
    return _is_compound(one[0], other[0]) or says_no_more(one[0], other[0])


_HOLLOW = frozenset(map(stem, "make do have get take give go move change act cause put set let keep hold bring turn work run".split()))
"""Verbs that WordNet puts over half of all others: whoever sells does not make."""


def _is_compound(general: Word, specific: Word) -> bool:
    short, long = general.stem, specific.stem
    return len(short) > 3 and short != "less" and len(long) > len(short) + 2 and long.endswith(short) and specific.text[:1].islower()


def find_candidates(word: Word, evidence: Reading, language: str, name: bool, verb: bool) -> list[int]:
    low = word.text.casefold()
    open_places = [
        at
        for at in range(len(evidence.words))
        if at not in evidence.struck and (low in AUXILIARIES or evidence.words[at].text.casefold() not in AUXILIARIES - {"have", "has"})
    ]
    same = [at for at in open_places if evidence.words[at].stem == word.stem]
    if len(word.text) == 1 and word.text.isupper():
        return [at for at in same if evidence.words[at].text == word.text]  # lot A is not "a lot"
    near = same + [at for at in open_places if at not in same and alike(word, evidence.words[at])]
    if name:
        return same + [at for at in near if at not in same and evidence.words[at].text[:1].isupper()]
    if is_superlative(word):
        return [at for at in open_places if is_superlative(evidence.words[at]) and (at in near or _share_degree(word, evidence.words[at]))]
    if not near and language not in {"", "en"}:
        near = [at for at in open_places if _share_root(word, evidence.words[at])]
    if near or any(opposite(word, evidence.words[at]) for at in open_places):
        return near
    return [
        at
        for at in open_places
        if evidence.is_content(at)
        and covers(word, evidence.words[at])
        and (verb == is_verb(evidence.words, at) or word.stem[:4] == evidence.words[at].stem[:4] or evidence.language not in {"", "en"})
    ]


def _share_degree(word: Word, other: Word) -> bool:
    """Return whether two superlatives say the same: "fastest" and "quickest"."""
    one, two = (tokenize(each.text.casefold().removesuffix("est"))[:1] for each in (word, other))
    return bool(one and two) and word.text.casefold().endswith("est") and alike(one[0], two[0])


def is_proper(sentence: Reading, at: int) -> bool:
    """Return whether a word belongs to a name of several words: "Roll & Ride", "Harbour Cycles"."""
    if not sentence.words[at].text[:1].isupper() or is_light(sentence.words[at]):
        return False
    near = [each for each in (at - 1, at + 1) if 0 <= each < len(sentence.words)]
    return any(
        sentence.words[each].text[:1].isupper()
        and not is_light(sentence.words[each])
        and sentence.text[sentence.words[min(at, each)].end : sentence.words[max(at, each)].start].strip() in {"", "&", "-"}
        for each in near
    )


def _share_root(word: Word, other: Word) -> bool:
    """Return whether two words of a language without a stemmer here are forms of one: "repariert", "reparieren"."""
    one, two = word.text.casefold(), other.text.casefold()
    same = next((at for at, (left, right) in enumerate(zip(one, two, strict=False)) if left != right), min(len(one), len(two)))
    return same >= 4 and max(len(one), len(two)) - same <= 3


def keep_open(found: Sequence[int], sentence: Reading, at: int, evidence: Reading) -> Sequence[int]:
    """Return the places for a word without those that cannot be meant.

    A place whose own word the sentence has too is its place: of "free of charge" the "charge" is its "charge". And what is said of all of a
    kind is not said by what is said of some: "pets are welcome" not by "dogs are welcome", though a dog is a pet.
    """
    word = sentence.words[at]
    found = [place for place in found if not says_of_all(sentence, at, evidence.words[place])]
    stems = {each.stem for each in sentence.words}
    left = [place for place in found if evidence.words[place].stem == word.stem or evidence.words[place].stem not in stems]
    return left or found


def says_of_all(sentence: Reading, at: int, other: Word) -> bool:
    """Return whether a word says of all of a kind what another says of some: it is broader, what its clause is about, and not narrowed."""
    word, segment = sentence.words[at], sentence.segments[sentence.segment_of[at]]
    before = sentence.words[at - 1].text.casefold() if at > segment.first else ""
    if segment.verb is None or at >= segment.verb or before not in _GENERIC or is_verb(sentence.words, at):
        return False
    if any(sentence.is_content(each) for each in range(at + 1, segment.verb)):
        return False  # "wooden chairs": chairs are what it is about
    if word.stem == other.stem or alike(word, other) or share_sense(word, other):
        return False
    return not word.general.isdisjoint(other.special) or says_no_more(word, other)


_GENERIC = frozenset(["", "all", "no", "any", "every", "each", "most"])


def keep_names(found: Sequence[int], sentence: Reading, at: int, evidence: Reading, subject: Sequence[Word]) -> Sequence[int]:
    """Return the places for a word; only those of names if the word is a part of the name of whose page it is."""
    if (
        at == 0
        and not (len(sentence.words) > 1 and sentence.is_name(1))
        and any(evidence.words[place].text[:1].islower() for place in found)
    ):
        return found  # a word that is written large only because it begins the sentence
    if sentence.is_name(at) and any(sentence.words[at].stem == each.stem for each in subject):
        return [place for place in found if evidence.is_name(place)]
    return found


_CONVERSE = (
    ("own", "belong"), ("buy", "sell"), ("acquire", "sell"), ("purchase", "sell"), ("lend", "borrow"), ("employ", "work"),
    ("pay", "charge"), ("pay", "receive"), ("give", "receive"), ("include", "belong"), ("teach", "learn"), ("lead", "follow"),
    ("pay", "cost"), ("visit", "welcome"), ("award", "win"), ("award", "receive"), ("rent", "let"), ("come", "welcome"),
    ("give", "get"), ("spend", "cost"), ("earn", "pay"), ("have", "belong"), ("provide", "receive"), ("supply", "receive"),
    ("hand", "take"), ("hand", "receive"), ("raise", "give"), ("raise", "invest"), ("donate", "receive"), ("grant", "receive"),
    ("send", "receive"), ("deliver", "receive"), ("ship", "receive"), ("invest", "receive"), ("fund", "receive"), ("refund", "receive"),
    ("teach", "attend"), ("train", "learn"), ("host", "attend"), ("hold", "attend"), ("admit", "enter"), ("admit", "visit"),
    ("provide", "get"), ("supply", "get"), ("deliver", "get"), ("send", "get"), ("grant", "get"), ("refund", "get"), ("lend", "get"),
    ("hire", "join"), ("employ", "join"), ("treat", "visit"), ("serve", "eat"), ("borrow", "get"),
)  # fmt: skip


CONVERSES = frozenset((stem(left), stem(right)) for pair in _CONVERSE for left, right in (pair, pair[::-1]))
"""Verbs that look at one thing from its two sides: whoever buys is sold to."""


def find_converse(sentence: Reading, at: int, evidence: Reading) -> int | None:
    word = sentence.words[at]
    if at and sentence.words[at - 1].text.casefold() in DETERMINERS:
        return None  # "a refund" is no deed: who gets a voucher gets none
    places = (place for place, each in enumerate(evidence.words) if (word.stem, each.stem) in CONVERSES)
    return next((each for each in places if not names_people(evidence.words[each].text.casefold())), None)  # who teaches is not who learns
