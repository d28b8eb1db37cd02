"""Who does what to whom, and what is compared with what."""

from __future__ import annotations

from collections.abc import Iterator

from .grammar import AUXILIARIES, BE, DETERMINERS, OURS, PREPOSITIONS, is_verb
from .homes import find_subject
from .lexicon import is_thing
from .matching import OUTSIDE, Match
from .reading import Reading, Segment
from .verdict import Problem, ProblemKind
from .word_kinds import BUSINESS, PRICE_WORDS, is_unit
from .word_pairs import CONVERSES, covers, is_superlative
from .words import Word, alike, is_light, stem


def check_roles(match: Match) -> Iterator[Problem]:
    """Check that who does what to whom stays: "A bought B" is not "B bought A", "from A to B" is not "from B to A"."""
    swapped = [at for at, place in _find_codes(match) if _find_conflict(match, at, place)]
    if len(swapped) > 1:
        yield Problem(ProblemKind.ROLE, "The passage has these two in each other's roles: look who does it to whom.")
        return
    swapped = []
    for at, pair in sorted(match.pairs.items()):
        if not match.sentence.is_content(at) or is_modifier(match.sentence, at) or is_unit(match.sentence.words[at]):
            continue
        place = _find_ours(match, match.sentence.words[at]) if pair == OUTSIDE else pair
        if place is None or is_verb(match.sentence.words, at) or is_verb(match.evidence.words, place):
            continue
        conflict = "sure" if _is_far(match, at) else _find_conflict(match, at, place)
        if conflict:
            swapped.append(at)
        if conflict == "sure" or len(swapped) > 1:
            yield Problem(ProblemKind.ROLE, f"The passage has “{match.sentence.words[at].text}” in another role: look who does it to whom.")
            return


def _find_codes(match: Match) -> Iterator[tuple[int, int]]:
    """Yield the places of names made of numbers, such as H-6 and H-7, in the sentence and in the statement."""
    for mine, theirs in match.figures.items():
        figure, other = match.sentence.figures[mine], match.evidence.figures[theirs]
        if (
            figure.kind in {"label", "plain", "count"}
            and figure.first < len(match.sentence.words)
            and other.first < len(match.evidence.words)
        ):
            before = match.sentence.words[figure.first - 1].text if figure.first else ""
            if figure.kind == "label" or before[:1].isupper():
                yield figure.first, other.first


def _is_far(match: Match, at: int) -> bool:
    """Return whether who does something stands apart from the noun that says it: of "its founder, Ann, to the Trust" not the Trust."""
    verbs = [
        each
        for each in range(len(match.sentence.words))
        if is_verb(match.sentence.words, each) and match.sentence.segment_of[each] == match.sentence.segment_of[at]
    ]
    for verb in verbs:
        place = match.pairs.get(verb, OUTSIDE)
        if place == OUTSIDE or is_verb(match.evidence.words, place) or not is_thing(match.evidence.words[place]):
            continue
        name = match.pairs.get(at, OUTSIDE)
        if name != OUTSIDE and match.sentence.is_name(at) and at < verb and abs(name - place) > 3:
            return True
    return False


def is_modifier(reading: Reading, at: int) -> bool:
    """Return whether another word of the same name or phrase follows: only the last has a role."""
    if reading.text[: reading.words[at].end].endswith("'s"):
        return True
    return (
        at + 1 < len(reading.words)
        and reading.is_content(at + 1)
        and reading.segment_of[at] == reading.segment_of[at + 1]
        and not is_verb(reading.words, at + 1)
    )


def _find_conflict(match: Match, at: int, place: int) -> str:
    """Return "sure" where a word has a role that it cannot have in the statement, "likely" where another word has to have changed too."""
    mine, theirs = find_role(match.sentence, at), find_role(match.evidence, place)
    pair = frozenset((mine, theirs))
    if (pair & _BESIDE and pair & {"agent", "topic", "patient"}) or pair in _AGAINST:
        return "sure"
    if pair in ({"from", "to"}, {"from", "into"}):
        return "sure" if _has_both(match.evidence, place) else ""
    verbs = _pair_verbs(match, at, place)
    if verbs == "exact" and "agent" in pair and pair & {"to", "from"}:
        return "sure"
    verbs = "same" if verbs == "exact" else verbs
    if verbs == "converse":
        return "sure" if pair == {"agent"} else ""
    if verbs != "same":
        return ""
    if pair == {"patient", "from"}:
        return "sure"
    return "likely" if pair == {"agent", "patient"} or ("agent" in pair and pair & (_OBLIQUE | {"of"})) else ""


def _pair_verbs(match: Match, at: int, place: int) -> str:
    """Return whether the verbs over two words are the same, look at one thing from both sides ("converse"), or neither."""
    mine = _find_clause_verbs(match.sentence, at)
    theirs = _find_clause_verbs(match.evidence, place)
    own, other = _find_segment_verbs(match.sentence, at), _find_segment_verbs(match.evidence, place)
    if own and other and any(word.stem == each.stem for word in own for each in other):
        mine, theirs = own, other
    if any(word.stem in PRICE_WORDS for word in (*mine, *theirs)):
        return ""
    if any((one.stem, other.stem) in CONVERSES for one in mine for other in theirs):
        return "converse"
    if any(one.stem == other.stem for one in mine for other in theirs):
        return "exact"
    return "same" if any(covers(one, other) or (one.stem, other.stem) in _RESULTS for one in mine for other in theirs) else ""


_RESULTS = frozenset((stem(one), stem(other)) for one in ("own", "have", "possess") for other in ("acquire", "buy", "purchase", "take"))
"""Whoever has acquired something owns it."""


def _find_clause_verbs(reading: Reading, at: int) -> list[Word]:
    clause = reading.segments[reading.segment_of[at]].clause
    places = [each for segment in reading.segments if segment.clause == clause for each in range(segment.first, segment.end)]
    return [
        reading.words[each]
        for each in places
        if is_verb(reading.words, each) and reading.words[each].text.casefold() not in AUXILIARIES | {"set"}
    ]


def _find_segment_verbs(reading: Reading, at: int) -> list[Word]:
    segment = reading.segments[reading.segment_of[at]]
    places = range(segment.first, segment.end)
    return [
        reading.words[each] for each in places if is_verb(reading.words, each) and reading.words[each].text.casefold() not in AUXILIARIES
    ]


_PARTICLES = frozenset("over up out off down".split())  # "took over"
_BESIDE = frozenset("behind than unlike except".split())
_AGAINST = frozenset(
    frozenset(pair.split())
    for pair in ("before after", "for against", "with without", "with against", "within beyond", "inside outside", "in outside")
)
_OBLIQUE = _BESIDE | frozenset("from to for over".split())


def _has_both(reading: Reading, at: int) -> bool:
    segment = reading.segments[reading.segment_of[at]]
    texts = {word.text.casefold() for word in reading.words[segment.first : segment.end]}
    return "from" in texts and bool(texts & {"to", "into"})


def _find_ours(match: Match, word: Word) -> int | None:
    """Return where the statement speaks of the one whose page it is: as "we", or as "the company" that it is about."""
    if not any(alike(word, each) for each in match.subject):
        return None
    evidence = match.evidence
    ours = next((at for at, each in enumerate(evidence.words) if each.text.casefold() in {"we", "us", "i"} and match.is_home(at)), None)
    if ours is not None:
        return ours
    topic = [at for each in match.home for at in find_subject(evidence, evidence.segments[each].clause)]
    return next((at for at in topic if evidence.words[at].stem in BUSINESS or evidence.words[at].text.casefold() == "it"), None)


def find_role(reading: Reading, at: int) -> str:
    """Return the role of a noun: "agent", "patient", "topic" (of "is"), or the preposition before it. Empty if it cannot be told."""
    number = reading.segment_of[at]
    segment = reading.segments[number]
    after = reading.words[at + 1].text.casefold() if at + 1 < segment.end else ""
    if after in {"we", "you", "they", "i"} or (
        number + 1 < len(reading.segments) and at + 1 == segment.end and reading.segments[number + 1].opener in {"that", "which", "who"}
    ):
        return ""  # "the bikes we sell"
    for before in range(at - 1, segment.first - 1, -1):
        low = reading.words[before].text.casefold()
        if low in DETERMINERS and before > segment.first and reading.words[before - 1].text.casefold() not in PREPOSITIONS:
            break
        if low in PREPOSITIONS and not (low in _PARTICLES and before > segment.first and is_verb(reading.words, before - 1)):
            return "agent" if low == "by" and (segment.passive or not is_light(reading.words[at])) else low
        if is_verb(reading.words, before) or (
            before in reading.figured and not any(each.end == before + 1 and each.kind != "date" for each in reading.figures)
        ):
            break
    if (
        number
        and segment.opener.lstrip(",") in {"and", "or", ","}
        and (segment.verb is None or at < segment.verb)
        and not segment.own_subject
    ):
        return ""
    if (
        number
        and segment.opener in {"and", "or"}
        and segment.verb is not None
        and at < segment.verb
        and reading.segments[number - 1].verb is None
    ):
        return ""  # "with scale and polish takes"
    verb, passive, holder = segment.verb, segment.passive, segment
    if verb is None:
        shared = next((each for each in reading.segments if each.clause == segment.clause and each.verb is not None), None)
        if shared is None or shared.verb is None:
            return ""
        verb, passive, holder = shared.verb, shared.passive, shared
    if _is_copula(reading, holder):
        return "topic" if at < verb else ""
    if at < verb:
        return "patient" if passive else "agent"
    return "" if passive else "patient"


def _is_copula(reading: Reading, segment: Segment) -> bool:
    return (
        segment.verb is not None
        and reading.words[segment.verb].text.casefold() in BE
        and not segment.passive
        and not any(reading.words[at].text.casefold() == "than" for at in range(segment.first, segment.end))
        and not any(reading.words[at].text.casefold().endswith("ing") for at in range(segment.verb + 1, min(segment.verb + 3, segment.end)))
    )


def check_comparison(match: Match) -> Iterator[Problem]:
    """ "Second largest" is not "largest", "50 EUR cheaper" is not "50 EUR"."""
    words = match.evidence.words
    than = next((at for at, word in enumerate(match.sentence.words) if word.text.casefold() == "than"), None)
    if (
        than is not None
        and than + 1 not in match.sentence.figured
        and not any(match.is_home(at) and at not in match.evidence.figured and _compares(match.evidence, at) for at in range(len(words)))
    ):
        yield Problem(ProblemKind.COMPARISON, "The passage does not compare this.")
    yield from _compare_sides(match)
    for at in sorted(match.used):
        before = words[at - 1] if at else None
        if words[at].text.casefold().endswith("est") and before and before.text.casefold() in _RANKS and not match.says(at - 1):
            yield Problem(ProblemKind.COMPARISON, f"The passage says “{before.text} {words[at].text}”.")
        if (
            before
            and before.text.casefold() in {"more", "less", "most", "least"}
            and not match.says(at - 1)
            and not words[at].text[:1].isdigit()
        ):
            yield Problem(ProblemKind.COMPARISON, f"The passage says “{before.text} {words[at].text}”.")
    for theirs in match.figures.values():
        end = match.evidence.figures[theirs].end
        if end < len(words) and _is_comparative(words[end]) and not match.says(end) and not _says_way(match, words[end]):
            yield Problem(ProblemKind.COMPARISON, f"The passage says “{match.evidence.figures[theirs].shown} {words[end].text}”.")


def _compares(reading: Reading, at: int) -> bool:
    low = reading.words[at].text.casefold()
    return (
        low in {"than", "as", "more", "less", "fewer", "twice", "times", "unlike", "only", "before", "instead"}
        or is_superlative(reading.words[at])
        or _is_comparative(reading.words[at])
    )


def _compare_sides(match: Match) -> Iterator[Problem]:
    """Check that what stands after "than" stays there: "A lasts longer than B" is not "B lasts longer than A"."""
    mine = next((at for at, word in enumerate(match.sentence.words) if word.text.casefold() == "than"), None)
    theirs = next((at for at, word in enumerate(match.evidence.words) if word.text.casefold() == "than" and match.is_home(at)), None)
    if mine is None or theirs is None or match.opposed or theirs + 1 in match.evidence.figured:
        return
    for at, place in match.pairs.items():
        if place == OUTSIDE:
            swapped = at > mine and any(word.text.casefold() in OURS for word in match.evidence.words[:theirs])
        else:
            swapped = (
                match.sentence.is_content(at)
                and match.evidence.segment_of[place] == match.evidence.segment_of[theirs]
                and (at > mine) != (place > theirs)
            )
        if swapped and match.sentence.segment_of[at] == match.sentence.segment_of[mine]:
            yield Problem(ProblemKind.ROLE, f"In the passage “{match.sentence.words[at].text}” is on the other side of the comparison.")
            return


_UP = frozenset("more dearer higher extra larger longer above over bigger greater".split())
_DOWN = frozenset("less cheaper lower fewer off discount reduction smaller below under shorter".split())


def _says_way(match: Match, word: Word) -> bool:
    """Return whether the sentence compares in the same direction: "a fifth more" for "20 % dearer"."""
    texts = {each.text.casefold() for each in match.sentence.words}
    return any(word.text.casefold() in way and texts & way for way in (_UP, _DOWN))


_RANKS = frozenset("second third fourth fifth next among joint 2nd 3rd".split())


def _is_comparative(word: Word) -> bool:
    low = word.text.casefold()
    if low in {
        "other",
        "over",
        "under",
        "after",
        "number",
        "either",
        "whether",
        "member",
        "order",
        "customer",
        "quarter",
        "summer",
        "winter",
        "per",
    }:
        return False
    return low in {"more", "less", "fewer", "off", "extra", "discount"} or (
        low.endswith("er") and stem(low.removesuffix("er")) != stem(low) and len(low) > 4
    )
