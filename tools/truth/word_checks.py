"""Words: what a sentence says that its statement does not, weighed."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from ..quantities import Kind
from .figures import Figure
from .grammar import AUXILIARIES, BE, PREPOSITIONS, is_verb
from .lexicon import excludes, is_thing, look_up, may_name_people, names_people
from .matching import OUTSIDE, PRECISE, Match, find_acronyms
from .reading import Reading, find_tense, is_header, show
from .verdict import Problem, ProblemKind
from .word_kinds import BUSINESS, MONEY, PRICE_WORDS, frames_of, is_subject_word, is_unit, is_weak
from .word_pairs import is_proper, is_superlative
from .words import Word, alike, opposite, stem, tokenize


def check_words(match: Match) -> Iterator[Problem]:
    """No word of the sentence contradicts the statement, and most of what it says is there.

    A word that the statement has not, and that no word like it, derived from it or less general stands for, is refused
    - if it is a name,
    - if it names another thing of the same kind (tea for coffee) or the opposite,
    - if another statement of the passage has it: two facts were mixed.
    Else it is weighed (a noun more than a verb), and the words that are there have to outweigh it.
    """
    left = [at for at in range(len(match.sentence.words)) if is_left(match, at)]
    yield from _check_most(match)
    for at in left:
        word = match.sentence.words[at]
        if is_superlative(word) and not (at > 1 and match.sentence.words[at - 2].text.casefold() == "at"):
            yield Problem(ProblemKind.COMPARISON, f"The passage does not say “{word.text}”.")
        elif _is_of_other(match, at):
            yield Problem(ProblemKind.PLACE, f"The passage says “{word.text}” of something else.")
        elif match.sentence.is_name(at) and not _is_common(match, at):
            yield Problem(ProblemKind.WORD, f"The passage does not say “{word.text}” of this.")
        elif any(opposite(word, each) for each in match.context):
            yield Problem(ProblemKind.WORD, f"What stands over it in the passage says the opposite of “{word.text}”.")
        elif not is_weak(word) and (other := _find_swapped(match, at) or _find_excluded(match, word)) is not None:
            yield Problem(ProblemKind.WORD, f"The passage says “{other.text}”, not “{word.text}”.")
    yield from _compare_verbs(match, left)
    yield from _check_names(match)
    yield from _check_scope(match, left)
    yield from _check_header(match)
    yield from _check_items(match, left)


def check_share(match: Match) -> Iterator[Problem]:
    """Every word that says something is carried by the statement: what is left are only words that frame it, and few of them.

    A verb of the writer's own may be put to a line or a row that has none, and one of buying to a price.
    """
    left = [at for at in range(len(match.sentence.words)) if is_left(match, at)]
    strong = [at for at in left if not _is_framing(match, at)]
    cost = _weigh_verb(match) + sum(_weigh_word(match.sentence.words[at], match.elsewhere - match.general) for at in left)
    if strong or (left and cost > _count_anchors(match)):
        shown = ", ".join(f"“{match.sentence.words[at].text}”" for at in strong or left)
        yield Problem(ProblemKind.WORD, f"The passage does not say {shown} of this.")


def _is_framing(match: Match, at: int) -> bool:
    word = match.sentence.words[at]
    if at and match.sentence.words[at - 1].text.casefold() in {"per", "each", "every"}:
        return False
    if is_weak(word) or word.stem in PRICE_WORDS:
        return True
    if any(
        word.stem in frames_of(each.kind, each.unit, each.per) for each in (match.evidence.figures[at] for at in match.figures.values())
    ):
        return True
    if match.sentence.language not in {"", "en"} or not is_verb(match.sentence.words, at):
        return False
    if word.stem in _TELLING and word.stem not in PRECISE and _has_plain_verbs(match) and not _denied(match, at):
        return True
    if word.stem in match.elsewhere:
        return False
    priced = any(match.evidence.figures[each].kind == MONEY for each in match.figures.values())
    return (priced and word.stem in _BUYING) or all(each.verb is None for each in match.evidence.segments)


_TELLING = frozenset(
    map(
        stem,
        "bear carry get receive take find lie stand sit run last reach belong span begin start open apply expect face see meet enjoy"
        " welcome".split(),
    )
)
"""Verbs with which a writer tells that something is, comes or is had. Others ("rent", "treat", "destroy") say what is done with it."""


def _has_plain_verbs(match: Match) -> bool:
    """Return whether a statement only is, has, costs or lists something: a verb of the writer's may tell it ("loss is your risk")."""
    evidence = match.evidence
    for number in match.home:
        segment = evidence.segments[number]
        for at in range(segment.first, segment.end):
            if is_verb(evidence.words, at) and evidence.words[at].stem not in _PLAIN_VERBS | PRICE_WORDS and at not in evidence.figured:
                return False
    return bool(match.home)


def _denied(match: Match, at: int) -> bool:
    return any(segment.negative for segment in match.sentence.segments) or any(segment.negative for segment in match.evidence.segments)


_PLAIN_VERBS = frozenset(map(stem, "be have come include get offer provide can may must will do available".split()))
_BUYING = frozenset(map(stem, "buy purchase book order hire rent get pay spend join".split()))
_OF_OTHERS = 2.0  # a noun that another statement of the passage has
_WEIGHTS = {"n": 1.2, "a": 1.0, "v": 0.7, "r": 0.4}


def is_left(match: Match, at: int) -> bool:
    word = match.sentence.words[at]
    if at in match.pairs or not match.sentence.is_content(at) or word.text.isdigit():
        return False
    if is_anybody(match, at):
        return False
    if word.stem in _ENTRY and word.stem not in match.elsewhere and _prices_people(match):
        return False
    if word.stem in _REDUCTION and any(
        match.evidence.words[each.end].text.casefold() == "off" for each in match.evidence.figures if each.end < len(match.evidence.words)
    ):
        return False
    if 1 < len(word.text) < 7 and word.text.isupper() and find_acronyms(match.sentence, match.evidence):
        return False
    if _is_particle(match.sentence, at):
        return False
    segment = match.sentence.segments[match.sentence.segment_of[at]]
    if is_subject_word(match, word) and (segment.verb is None or at < segment.verb):
        return False
    figures = [match.evidence.figures[each] for each in match.figures.values()]
    if any(each.kind == MONEY for each in figures) and word.stem in PRICE_WORDS and _is_price(match):
        return False
    if word.stem in _OPEN and _tells_hours(match):
        return False
    if any(each.kind == MONEY and each.value == 0 for each in match.evidence.figures) and any(
        alike(word, each) for each in tokenize("free")
    ):
        return False
    return not any(alike(word, each) for figure in figures for each in _unit_words(figure))


def _prices_people(match: Match) -> bool:
    """Return whether a statement tells what people pay and not what a thing costs: "pensioners 75 kr"."""
    evidence = match.evidence
    if not any(evidence.figures[each].kind == MONEY for each in match.figures.values()):
        return False
    things = [at for at in range(len(evidence.words)) if evidence.is_content(at) and match.is_home(at) and is_thing(evidence.words[at])]
    return bool(things) and all(names_people(evidence.words[at].text.casefold()) or evidence.words[at].stem in PRICE_WORDS for at in things)


_ENTRY = frozenset(map(stem, "admission entry entrance ticket fare".split()))
"""What a price without any name of its own is for."""
_REDUCTION = frozenset(map(stem, "discount reduction rebate".split()))
_ONE_OF_MANY = frozenset(["a", "an", "any", "each", "every", "no", "whichever", ""])


def is_anybody(match: Match, at: int) -> bool:
    """Return whether a word only says for whom a statement about everybody holds: "patients need an appointment", "each learner".

    It does where neither the passage has such people nor this statement others of whom it tells.
    """
    word, sentence, evidence = match.sentence.words[at], match.sentence, match.evidence
    low = word.text.casefold()
    before = sentence.words[at - 1].text.casefold() if at else ""
    if not names_people(low) or (at and word.text[:1].isupper()) or word.stem in match.elsewhere:
        return False
    if not (low.endswith("s") and before not in {"the", "its", "their", "our"}) and before not in _ONE_OF_MANY:
        return False
    return not any(
        evidence.is_content(place) and place not in match.used and (may_name_people(each.text.casefold()) or _acts(evidence, place))
        for place, each in enumerate(evidence.words)
    )


def _acts(reading: Reading, at: int) -> bool:
    """Return whether a word is a noun in front of its verb: whoever "get breakfast" tells of in "staff get breakfast"."""
    following = reading.words[at + 1 : at + 2]
    return bool(following) and is_thing(reading.words[at]) and (is_verb(reading.words, at + 1) or following[0].text.casefold() in _GETTING)


_GETTING = AUXILIARIES | {"get", "gets"}


_PARTICLES = frozenset("up out off over down away back in on".split())


def _is_particle(sentence: Reading, at: int) -> bool:
    """Return whether a word only belongs to a verb or a denial: "set up", "not any more"."""
    low, before = sentence.words[at].text.casefold(), sentence.words[at - 1].text.casefold() if at else ""
    if low in _NOBODY or (before == "any" and low in {"more", "longer"}):
        return True
    return low in _PARTICLES and at > 0 and any(is_verb(sentence.words, each) for each in range(max(0, at - 4), at))


_NOBODY = frozenset("nobody nothing anybody anyone anything everybody everyone somebody someone whoever".split())


def _check_items(match: Match, left: list[int]) -> Iterator[Problem]:
    """Check that nothing is added to a list: "cards, cash and cheques" is not said where only cards and cash are."""
    sentence = match.sentence
    for segment in sentence.segments:
        places = range(segment.first, segment.end)
        content = [at for at in places if sentence.is_content(at)]
        plain = segment.verb is None and not any(sentence.words[at].text.casefold() in PREPOSITIONS for at in places)
        if (
            segment.opener in {"and", "or", ",", ",and", ",or"}
            and plain
            and content
            and all(at in left and is_thing(sentence.words[at]) for at in content)
        ) and not any(is_weak(sentence.words[at]) for at in content):
            yield Problem(ProblemKind.WORD, f"The passage does not say “{sentence.words[content[-1]].text}” of this.")
            return


def _check_most(match: Match) -> Iterator[Problem]:
    if any(is_superlative(each) for each in match.evidence.words):
        return
    for before, word in pairwise(match.sentence.words):
        if word.text.casefold() in {"least", "most"} and before.text.casefold() == "the":
            yield Problem(ProblemKind.COMPARISON, f"The passage does not say “the {word.text}”.")
            return


def _is_of_other(match: Match, at: int) -> bool:
    """Return whether the passage has a word as what another statement is about, and the sentence puts it in the place of this one's."""
    word = match.sentence.words[at]
    if word.stem not in match.elsewhere or word.stem in BUSINESS | PRICE_WORDS or is_weak(word) or is_unit(word):
        return False
    if match.sentence.is_name(at) and not _is_common(match, at):
        return True
    segment = match.sentence.segments[match.sentence.segment_of[at]]
    subject = segment.verb is not None and at < segment.verb and not is_verb(match.sentence.words, at) and is_thing(word)
    return subject and word.stem not in match.general


def _check_names(match: Match) -> Iterator[Problem]:
    """Check that the parts of a name stand together: "Lena Brandt" is not in "Otto Brandt; his granddaughter Lena"."""
    sentence = match.sentence
    for at in range(len(sentence.words) - 1):
        one, two = match.pairs.get(at, OUTSIDE), match.pairs.get(at + 1, OUTSIDE)
        joined = not sentence.text[sentence.words[at].end : sentence.words[at + 1].start].strip()
        if sentence.is_name(at) and sentence.is_name(at + 1) and joined and OUTSIDE not in {one, two} and abs(two - one) > 3:
            together = any(
                alike(sentence.words[at], match.evidence.words[each]) and alike(sentence.words[at + 1], match.evidence.words[other])
                for each in range(len(match.evidence.words))
                for other in range(each + 1, min(each + 4, len(match.evidence.words)))
            )
            if not together:
                yield Problem(ProblemKind.WORD, f"The passage does not have the name “{show(sentence, at, at + 2)}”.")
                return


def _check_scope(match: Match, left: list[int]) -> Iterator[Problem]:
    """Check that what is the most is so among what the statement says: "our best-selling printer" is not that of the world."""
    for at in match.pairs:
        if not is_superlative(match.sentence.words[at]):
            continue
        after = next(
            (each for each in left if each > at and match.sentence.words[each - 1].text.casefold() in {"in", "of", "the", "on", "among"}),
            None,
        )
        if after is not None:
            yield Problem(
                ProblemKind.COMPARISON,
                f"The passage does not say “{match.sentence.words[at].text}” of “{match.sentence.words[after].text}”.",
            )


_OPEN = frozenset(map(stem, "open opening hours opens".split()))
_DAYS = frozenset(
    """
        monday tuesday wednesday thursday friday saturday sunday mon tue wed thu fri sat sun mo tu we th fr sa su
        weekdays weekends daily
    """.split()
)


def _tells_hours(match: Match) -> bool:
    """Return whether a line is one of opening hours: days and times, and no verb."""
    evidence = match.evidence
    if any(segment.verb is not None for segment in evidence.segments):
        return False
    days = any(word.text.casefold() in _DAYS for word in evidence.words)
    return days or sum(figure.kind == Kind.TIME for figure in evidence.figures) > 1


def _is_common(match: Match, at: int) -> bool:
    """Return whether a word is written large only because it begins the sentence."""
    word = match.sentence.words[at]
    return at == 0 and not is_proper(match.sentence, at) and (bool(look_up(word)) or is_weak(word))


def _find_excluded(match: Match, word: Word) -> Word | None:
    """Return the word of the statement that the sentence's word was put for, and that it cannot mean."""
    for at, each in enumerate(match.evidence.words):
        if match.is_home(at) and match.evidence.is_content(at) and not is_weak(each) and not match.says(at) and excludes(word, each):
            return each
    return None


def _find_swapped(match: Match, at: int) -> Word | None:
    """Return the word of the statement in whose place a word stands: of "violin lessons" for "piano lessons" the piano."""
    place = match.pairs.get(at + 1, OUTSIDE)
    if (
        place < 1
        or at in match.sentence.marked
        or is_verb(match.evidence.words, place)
        or match.evidence.segment_of[place - 1] != match.evidence.segment_of[place]
    ):
        return None
    other = match.evidence.words[place - 1]
    verb = is_verb(match.evidence.words, place - 1) and not other.text.casefold().endswith(("ed", "ing"))
    told = match.evidence.is_content(place - 1) and not match.says(place - 1) and not verb
    return other if told and not is_weak(other) and not match.evidence.text[other.end : match.evidence.words[place].start].strip() else None


def _weigh_word(word: Word, elsewhere: frozenset[str]) -> float:
    if is_weak(word) or word.stem in PRICE_WORDS:
        return 0.25
    if word.stem in elsewhere and is_thing(word):
        return _OF_OTHERS
    entries = look_up(word)
    return _WEIGHTS.get(entries[0].senses[0][0], 1.0) if entries and entries[0].senses else 1.2


def _compare_verbs(match: Match, left: list[int]) -> Iterator[Problem]:
    """Check that what happens stays: where the sentence does not say the statement's verb, it has no other one of its own ("has" for
    "closed").
    """
    for number in sorted(match.home):
        verb = match.evidence.segments[number].verb
        if verb is None or not _tells(match, number) or (word := _find_main_verb(match, number)) is None or match.says(word):
            continue
        if (
            match.evidence.words[word].stem in PRICE_WORDS
            or is_weak(match.evidence.words[word])
            or any(alike(match.evidence.words[word], each) for each in tokenize("have exist"))
        ):
            continue
        strong = [at for at in left if is_verb(match.sentence.words, at) and not is_weak(match.sentence.words[at])]
        content = [at for at in match.pairs if is_verb(match.sentence.words, at) and match.sentence.is_content(at)]
        replaced = [at for at in left if not match.sentence.is_name(at) and not is_weak(match.sentence.words[at])]
        changed = find_tense(match.evidence, match.evidence.segments[number]) in {"past", "future"} and any(
            find_tense(match.sentence, each) == "present" for each in match.sentence.segments
        )
        if (not content and not replaced and changed) or any(
            _is_against(match.sentence.words[at], match.evidence.words[word]) for at in strong
        ):
            yield Problem(ProblemKind.WORD, f"The passage says “{match.evidence.words[word].text}”: the sentence says something else.")
            return


def _weigh_verb(match: Match) -> float:
    """Return the weight of the statement's own verb, where the sentence tells the rest without it."""
    for number in match.home:
        word = _find_main_verb(match, number) if match.evidence.segments[number].verb is not None and _tells(match, number) else None
        if (
            word is not None
            and not match.says(word)
            and not is_weak(match.evidence.words[word])
            and match.evidence.words[word].stem not in PRICE_WORDS
        ):
            return 0.7
    return 0.0


def _check_header(match: Match) -> Iterator[Problem]:
    """Check that the header that a figure stands under is said: of "bikes in fleet = 350" the bikes."""
    evidence = match.evidence
    for number in sorted(
        {evidence.segment_of[min(evidence.figures[each].first, len(evidence.words) - 1)] for each in match.figures.values()}
    ):
        segment = evidence.segments[number]
        header = [at for at in range(segment.first, segment.end) if is_header(evidence.text, evidence.words[at].start)]
        named = [
            at
            for at in header
            if evidence.is_content(at) and evidence.words[at].stem not in PRICE_WORDS and not is_weak(evidence.words[at])
        ]
        left = [at for at in named if not match.says(at)]
        if left and len(left) * 2 > len(named):
            yield Problem(ProblemKind.PLACE, f"In the passage this stands under “{show(evidence, header[0], header[-1] + 1)}”.")


def _is_against(word: Word, other: Word) -> bool:
    return opposite(word, other) or excludes(word, other)


def _tells(match: Match, number: int) -> bool:
    """Return whether the sentence takes more from a segment than what it is about."""
    segment = match.evidence.segments[number]
    verb = segment.verb or segment.first
    figures = {match.evidence.figures[each].first for each in match.figures.values()}
    return any(segment.first <= at < segment.end and at > verb for at in match.used | figures)


def _find_main_verb(match: Match, number: int) -> int | None:
    segment = match.evidence.segments[number]
    verbs = [at for at in range(segment.verb or segment.first, segment.end) if is_verb(match.evidence.words, at)]
    return next((at for at in verbs if match.evidence.is_content(at)), None)


def _count_anchors(match: Match) -> float:
    return len(match.used) + 1.5 * len(match.figures) - 0.5 + 0.5 * any(place == OUTSIDE for place in match.pairs.values())


def _unit_words(figure: Figure) -> tuple[Word, ...]:
    return tuple(word for text in (figure.unit, *figure.per) for word in tokenize(text))


def _is_price(match: Match) -> bool:
    """Return whether an amount of money is what something costs: it follows "is", "for", "at", or stands beside a label."""
    for theirs in match.figures.values():
        figure = match.evidence.figures[theirs]
        segment = match.evidence.segments[match.evidence.segment_of[figure.first]]
        before = match.evidence.words[figure.first - 1].text.casefold() if figure.first > segment.first else ""
        if figure.kind == MONEY and (segment.verb is None or before in BE | {"for", "at", "from", "only", "about", "just"}):
            return True
    return False
