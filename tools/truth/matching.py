"""A sentence beside one statement of the passage: which word and figure of the one is which of the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from ..quantities import Kind, find_amounts
from .figure_pairs import find_segment, find_segment_of, match_figures
from .grammar import OURS, PREPOSITIONS, PRONOUNS, is_verb
from .homes import choose, find_homes, find_subject, is_borrowed
from .lexicon import says_no_more
from .marks import Mark, find_idiom
from .reading import Reading, read_statement
from .statements import Form, Statement
from .word_pairs import covers, find_candidates, find_converse, is_proper, is_superlative, keep_names, keep_open, may_stand_for, says_of_all
from .words import Word, alike, is_light, opposite, snowball, stem, tokenize

OUTSIDE = -1
"""The place of a word that is not in the statement itself: it is in a heading, or names whose page it is."""


@dataclass(frozen=True, slots=True)
class Match:
    """A sentence beside a statement. `pairs` maps places of words of the sentence to places in the statement (OUTSIDE: beside it)."""

    sentence: Reading
    evidence: Reading
    statement: Statement
    subject: tuple[Word, ...]
    context: tuple[Word, ...]  # of headings and, where the statement leans on it, of the sentence before
    pairs: Mapping[int, int]
    figures: Mapping[int, int]  # numbers of figures
    opposed: frozenset[int]  # places in the sentence whose pair says the opposite
    astray: frozenset[int]  # places in the sentence whose pair belongs to something else
    home: frozenset[int]  # segments of the statement that say it
    elsewhere: frozenset[str] = frozenset()  # stems of the other statements of the passage
    kinds: frozenset[tuple[str, str]] = frozenset()  # words before nouns in the passage: ("student", "ticket")
    general: frozenset[str] = frozenset()  # stems that the passage uses of its subject or again and again
    names: frozenset[str] = frozenset()  # ordinary words that the passage writes as names: the covers "Basic" and "Plus"
    own: frozenset[str] = frozenset()  # stems of what the passage says that its subject is: "Suds is a laundrette"

    @property
    def currencies(self) -> frozenset[str]:
        """Return the currencies that stand over the statement: in its headings and headers."""
        over = " ".join((*self.statement.headings, self.statement.text))
        named = {word.text for word in tokenize(over) if len(word.text) == 3 and word.text.isupper()}
        return frozenset(named | {each.unit for each in find_amounts("1 " + " 1 ".join(over.split())) if each.kind is Kind.MONEY})

    @property
    def used(self) -> frozenset[int]:
        """Return the places of the statement that the sentence says."""
        return frozenset(self.pairs.values()) - {OUTSIDE}

    def says(self, at: int) -> bool:
        """Return whether the sentence says a word of the statement, in this or another word."""
        if at in self.used or at in find_acronyms(self.sentence, self.evidence):
            return True
        word = self.evidence.words[at]
        if at and self.evidence.is_name(at):
            return any(alike(word, each) for each in self.sentence.words)
        return says_word(self.sentence, word)

    def is_home(self, at: int) -> bool:
        """Return whether a word of the statement stands in a segment that the sentence is taken from."""
        return self.evidence.segment_of[at] in self.home


@lru_cache(512)
def find_acronyms(sentence: Reading, evidence: Reading) -> frozenset[int]:
    """Return the places of words of the statement that the sentence says by their first letters: SSO is "single sign-on"."""
    found = set[int]()
    initials = "".join(word.text[:1] for word in evidence.words).upper()
    for word in sentence.words:
        if 1 < len(word.text) < 7 and word.text.isupper() and (start := initials.find(word.text)) >= 0:
            found.update(range(start, start + len(word.text)))
    return frozenset(found)


def says_word(sentence: Reading, word: Word) -> bool:
    """Return whether a sentence has a word, or one alike."""
    return any(alike(word, each) for each in sentence.words) or any(
        covers(each, word)
        for at, each in enumerate(sentence.words)
        if at not in sentence.marked and at not in sentence.figured and not is_light(each)
    )


def match_statement(
    sentence: Reading,
    statement: Statement,
    subject: tuple[Word, ...],
    elsewhere: frozenset[str] = frozenset(),
    general: frozenset[str] = frozenset(),
    kinds: frozenset[tuple[str, str]] = frozenset(),
    names: frozenset[str] = frozenset(),
    own: frozenset[str] = frozenset(),
) -> Match:
    """Match a sentence with a statement as well as it can be."""
    evidence = read_statement(statement.text)
    sentence, evidence = _settle_idioms(sentence, evidence), _settle_idioms(evidence, sentence)
    figures = match_figures(sentence, evidence)
    candidates = {at: _find_places(sentence, at, evidence) for at in range(len(sentence.words)) if _counts(sentence, at)}
    homes = find_homes(sentence, evidence, figures, candidates)
    context = _find_context(statement, evidence)
    near = frozenset(range(len(evidence.words)))
    pairs, opposed, astray = dict[int, int](), set[int](), set[int]()
    for at, word in enumerate(sentence.words):
        # a word that the sentence has twice needs two places, else it stands for another one the second time
        taken = {pairs[each] for each in pairs if sentence.words[each].stem == word.stem and _is_form_of(sentence.words[each], word)}
        found = [each for each in keep_names(candidates.get(at, ()), sentence, at, evidence, subject) if each not in taken]
        place = choose(at, found, sentence, evidence, homes, figures)
        if place is not None:
            pairs[at] = place[0]
            astray.update({at} if place[1] else ())
        elif at in candidates and not is_subject_name(word, subject) and (against := _find_opposite(word, evidence, near)) is not None:
            pairs[at] = against
            opposed.add(at)
        elif at in candidates and (names_owner(word, subject) or any(covers(word, each) for each in context)):
            pairs[at] = OUTSIDE
        elif (at in candidates or is_light(word)) and (against := _find_opposite(word, evidence, near)) is not None:
            pairs[at] = against
            opposed.add(at)
    pairs |= _find_rephrased(sentence, evidence, {at: candidates[at] for at in candidates if at not in pairs}, pairs)
    borrowed = {at for at, place in pairs.items() if place >= 0 and is_borrowed(at, place, sentence, evidence, homes, figures)}
    home = _find_home(evidence, pairs, figures, borrowed | (astray if figures else set()))
    turned, strayed = frozenset(opposed), frozenset(astray)
    return Match(
        sentence, evidence, statement, subject, context, pairs, figures, turned, strayed, home, elsewhere, kinds, general, names, own
    )


def _is_form_of(one: Word, other: Word) -> bool:
    """Return whether two words are forms of one, such as "shop" and "shops", and not only derived: "member" and "membership"."""
    return snowball(one.text.casefold()) == snowball(other.text.casefold())


def _find_rephrased(sentence: Reading, evidence: Reading, left: Mapping[int, Sequence[int]], pairs: Mapping[int, int]) -> dict[int, int]:
    """Return places for the words that are left: a word of the statement that nothing says yet, and that they may be said for."""
    found, taken = dict[int, int](), set(pairs.values())
    for at in left:
        word = sentence.words[at]
        if not sentence.is_content(at) or (sentence.is_name(at) and at > 0) or is_superlative(word):
            continue
        verb = is_verb(sentence.words, at)
        if verb and word.stem in PRECISE:
            continue
        place = next(
            (
                each
                for each, other in enumerate(evidence.words)
                if each not in taken
                and evidence.is_content(each)
                and not (evidence.is_name(each) and each > 0)
                and verb == is_verb(evidence.words, each)
                and not any(other.stem == mine.stem for mine in sentence.words)
                and may_stand_for(word, other)
                and not says_of_all(sentence, at, other)
            ),
            None,
        )
        if place is not None:
            found[at] = place
            taken.add(place)
    return found


PRECISE = frozenset(map(stem, "sell buy bill purchase close stop open found start end move".split()))
"""Verbs that stand for no other one."""


def names_owner(word: Word, subject: Sequence[Word]) -> bool:
    """Return whether a word is one of the name of whose page it is or, in small letters, says the same as one."""
    return any(word.stem == each.stem or (word.text[:1].islower() and alike(word, each)) for each in subject)


def is_subject_name(word: Word, subject: Sequence[Word]) -> bool:
    """Return whether a word is a part of the name of whose page it is."""
    return word.text[:1].isupper() and any(word.stem == each.stem for each in subject)


def _find_places(sentence: Reading, at: int, evidence: Reading) -> Sequence[int]:
    """Return the places of the statement that may say a word: where it denies, also what is more general ("no pets" for "no dogs")."""
    word = sentence.words[at]
    found: Sequence[int] = find_candidates(word, evidence, sentence.language, is_proper(sentence, at), is_verb(sentence.words, at))
    if word.text.casefold() not in PREPOSITIONS and sentence.is_content(at):
        found = [
            each for each in found if evidence.words[each].text.casefold() not in PREPOSITIONS or evidence.words[each].stem == word.stem
        ]
    if not found and sentence.segments[sentence.segment_of[at]].negative:
        found = [each for each in range(len(evidence.words)) if evidence.is_content(each) and says_no_more(evidence.words[each], word)]
    if not found and (turned := find_converse(sentence, at, evidence)) is not None:
        found = [turned]
    return keep_open(found, sentence, at, evidence)


def _settle_idioms(reading: Reading, other: Reading) -> Reading:
    """Return the reading without the negations that are only a part of what the other says in one word: "at no charge" is "free"."""
    settled = {
        at
        for at, senses in reading.idioms
        if any(not senses.isdisjoint(word.senses) for word in other.words)
        and not any(
            not senses.isdisjoint(other.words[max(0, first - 1)].senses | other.words[first].senses) for _, first, _ in _denials(other)
        )
    }
    if not settled:
        return reading
    segments = tuple(replace(each, negative=each.negative != (sum(each.holds(at) for at in settled) % 2 == 1)) for each in reading.segments)
    return replace(reading, segments=segments)


def _denials(reading: Reading) -> Iterator[tuple[Mark, int, int]]:
    """Yield the marks that deny in a phrase that says itself what the other says: "comes without" for "not included"."""
    return reading.find_marks(Mark.WITHOUT)


def _find_home(evidence: Reading, pairs: Mapping[int, int], figures: Mapping[int, int], borrowed: set[int]) -> frozenset[int]:
    """Return the segments that say the sentence: those of its figures, and those of its words that have no other figure of the kind."""
    home = frozenset(find_segment_of(evidence, each) for each in figures.values())
    kinds = {evidence.figures[each].kind for each in figures.values()}
    rivals = {find_segment(evidence, each) for each in evidence.figures if each.kind in kinds} - home
    return home | {evidence.segment_of[place] for at, place in pairs.items() if place >= 0 and at not in borrowed} - rivals


def _counts(sentence: Reading, at: int) -> bool:
    return (
        sentence.is_content(at)
        or sentence.is_name(at)
        or (at not in sentence.figured and not is_light(sentence.words[at]) and at not in sentence.marked)
        or bool(is_light(sentence.words[at]) and find_idiom(sentence.words, at))
    )


def _find_opposite(word: Word, evidence: Reading, reach: frozenset[int]) -> int | None:
    return next(
        (
            at
            for at in sorted(reach)
            if evidence.words[at].stem != word.stem and (opposite(word, evidence.words[at]) or differs_by_prefix(word, evidence.words[at]))
        ),
        None,
    )


def differs_by_prefix(word: Word, other: Word) -> bool:
    """Return whether one word is the other with a prefix that denies it: heated and unheated."""
    one, two = word.text, other.text
    if one[-3:].casefold() != two[-3:].casefold():
        return False
    long, short = sorted((one.casefold(), two.casefold()), key=len, reverse=True)
    return len(short) > 3 and long.endswith(short[2:]) and any(long == prefix + short for prefix in _DENYING_PREFIXES)


_DENYING_PREFIXES = ("un", "in", "im", "non", "dis", "ir", "il")


def _find_context(statement: Statement, evidence: Reading) -> tuple[Word, ...]:
    """Return the words beside a statement that it takes its sense from."""
    found = [word for text in statement.headings for word in tokenize(text)]
    if leans_on_before(evidence, statement):
        before = read_statement(statement.before)
        named = {*find_subject(before, 0), *(at for figure in before.figures for at in figure.nouns)}
        found += [before.words[at] for at in sorted(named)]
    return tuple(word for word in found if not is_light(word))


def leans_on_before(evidence: Reading, statement: Statement) -> bool:
    """Return whether a statement speaks of what the sentence before it named: "It was founded in 1998", "Today there are six"."""
    if statement.form is Form.ROW or not statement.before:
        return False
    subject = [evidence.words[at].text.casefold() for at in find_subject(evidence, 0)]
    bare = any(figure.kind == Kind.PLAIN for figure in evidence.figures)
    return bare or bool(set(subject) & (PRONOUNS - OURS - {"you", "who", "which", "that", "there"})) or subject[:1] in (["both"], ["the"])
