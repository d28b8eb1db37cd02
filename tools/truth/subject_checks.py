"""What a statement is about: a sentence has to be about the same."""

from __future__ import annotations

from collections.abc import Iterator

from ..quantities import Kind
from .figures import Figure
from .grammar import OURS, is_verb
from .homes import find_subject
from .languages import is_small
from .lexicon import is_thing
from .matching import OUTSIDE, Match, says_word
from .reading import read_statement
from .statements import Form
from .verdict import Problem, ProblemKind
from .word_checks import is_left
from .word_kinds import PERIODS, is_subject_word, is_weak
from .word_pairs import is_proper
from .words import alike, is_light


def check_subject(match: Match) -> Iterator[Problem]:
    """Check that what the statement is about is what the sentence is about: another name, row or kind of the same thing is refused."""
    evidence = match.evidence
    for places in dict.fromkeys(_find_topic(match, each) for each in sorted(match.home)):
        topic = [at for at in places if not is_subject_word(match, evidence.words[at]) and not is_weak(evidence.words[at])]
        left = [at for at in topic if not match.says(at) and not _is_name_part(match, at) and not _is_other_conjunct(match, at)]
        if not left or any(_is_said_whole(match, topic, segment) for segment in {evidence.segment_of[at] for at in topic}):
            continue
        if _is_other_name(match, left) or _has_contrast(match, topic, left) or (len(left) == len(topic) and not _is_replaced(match, left)):
            words = " ".join(evidence.words[at].text for at in left)
            yield Problem(ProblemKind.SUBJECT, f"The passage says this of “{words}”.")
    yield from _check_stranger(match)
    yield from _check_lone_name(match)
    yield from _check_antecedent(match)


def _check_stranger(match: Match) -> Iterator[Problem]:
    """Check: what the passage says of its own subject is not said of a name that it only mentions: "Beacon was spun off from Harlow"."""
    sentence, evidence = match.sentence, match.evidence
    for clause in sorted({segment.clause for segment in sentence.segments}):
        mine = [
            at
            for at in find_subject(sentence, clause)
            if sentence.is_name(at) and (at > 0 or is_proper(sentence, at)) and match.pairs.get(at, OUTSIDE) != OUTSIDE
        ]
        if not mine or find_subject(evidence, 0) == () or any(is_subject_word(match, sentence.words[at]) for at in mine):
            continue
        places = [match.pairs[at] for at in mine]
        topic = find_subject(evidence, evidence.segments[evidence.segment_of[places[0]]].clause)
        owned = any(
            evidence.words[at].text.casefold() in {"we", "i"} or (evidence.is_name(at) and is_subject_word(match, evidence.words[at]))
            for at in topic
        )
        before = next(
            (
                evidence.words[at].text.casefold()
                for at in range(min(places) - 1, -1, -1)
                if not evidence.is_name(at) and evidence.words[at].text.casefold() != "the"
            ),
            "",
        )
        if (
            owned
            and min(places) > max(topic, default=0)
            and before in _MENTIONING
            and not any(match.says(at) for at in topic if evidence.is_name(at))
        ):
            yield Problem(
                ProblemKind.SUBJECT, f"The passage only mentions “{sentence.words[mine[0]].text}”: it says this of somebody else."
            )
            return


def _check_lone_name(match: Match) -> Iterator[Problem]:
    """Check that a sentence that begins with a thing without an article tells of a name: "Notion has 14 shops" is not said of the page's
    "we".
    """
    sentence = match.sentence
    if not sentence.words or not is_left(match, 0) or sentence.segments[0].verb != 1 or is_weak(sentence.words[0]):
        return
    word = sentence.words[0]
    singular = word.text[:1].isupper() and not word.text.casefold().endswith("s") and not word.text.casefold().endswith("ing")
    topic = find_subject(match.evidence, 0)
    ours = any(match.evidence.words[at].text.casefold() == "we" or is_subject_word(match, match.evidence.words[at]) for at in topic)
    if singular and ours:
        yield Problem(ProblemKind.SUBJECT, f"The passage does not speak of “{word.text}”.")


_MENTIONING = frozenset("from to behind with than unlike for against like after before alongside".split())


def _is_other_name(match: Match, left: list[int]) -> bool:
    """Return whether what the sentence does not say of the topic is a name: of a person, a product, the row of a table."""
    evidence = match.evidence
    row = match.statement.form is Form.ROW
    return any(
        (
            evidence.is_name(at)
            and (at > 0 or row or (evidence.is_name(min(at + 1, len(evidence.words) - 1)) and at + 1 < len(evidence.words)))
        )
        or (at in evidence.figured and row)
        for at in left
    )


def _has_contrast(match: Match, topic: list[int], left: list[int]) -> bool:
    """Return whether what the sentence leaves out tells the topic from another of its kind in the passage: student and adult tickets."""
    evidence = match.evidence
    for at in left:
        if at in evidence.figured:
            if any(each.first <= at < each.end and each.kind == Kind.MEASURE for each in evidence.figures):
                return True
            continue
        if evidence.words[at].stem in PERIODS:
            return True  # "monthly billing"
        head = at + 1
        if head in topic and head not in left and not is_verb(evidence.words, at):
            own = evidence.words[at].stem
            return any(noun == evidence.words[head].stem and kind != own for kind, noun in match.kinds)
    return False


def _is_other_conjunct(match: Match, at: int) -> bool:
    """Return whether the sentence names another of the things that are said together: "dogs" of "dogs and cats"."""
    evidence = match.evidence
    number = evidence.segment_of[at]
    for other in (number - 1, number + 1):
        if not 0 <= other < len(evidence.segments) or evidence.segments[max(number, other)].opener.lstrip(",") not in {"and", "or"}:
            continue
        left, right = evidence.segments[min(number, other)], evidence.segments[max(number, other)]
        if (
            left.verb is None
            and left.clause == right.clause
            and any(
                match.says(each)
                for each in range(evidence.segments[other].first, evidence.segments[other].end)
                if evidence.is_content(each)
            )
        ):
            return True
    return False


def _is_replaced(match: Match, left: list[int]) -> bool:
    """Return whether the sentence may name by its own words what the statement is about: it has as many nouns that are in neither."""
    if any((match.evidence.is_name(at) and at > 0) or at in match.evidence.figured for at in left):
        return False
    if any(word.text.casefold() in _ANYBODY for word in match.sentence.words):
        return True
    own = [
        at
        for at in range(len(match.sentence.words))
        if is_left(match, at) and (is_thing(match.sentence.words[at]) or match.sentence.words[at].text.casefold().endswith("ing"))
    ]
    runs = sum(at - 1 not in left for at in left)
    return len(own) >= runs


_ANYBODY = frozenset("nobody anybody anyone everybody everyone whoever somebody someone those nothing".split())


def _is_said_whole(match: Match, topic: list[int], segment: int) -> bool:
    """Return whether the sentence says all of one of several names of the topic: of "its best title, Salt Roads," the second."""
    part = [at for at in topic if match.evidence.segment_of[at] == segment]
    return (
        len({match.evidence.segment_of[at] for at in topic}) > 1
        and any(match.evidence.is_name(at) for at in part)
        and all(match.says(at) for at in part if match.evidence.is_name(at))
    )


def _is_name_part(match: Match, at: int) -> bool:
    """Return whether the sentence says another part of the same name: "Dr Quist" of "Dr Amara Quist"."""
    evidence = match.evidence
    if at + 1 < len(evidence.words) and not evidence.is_name(at) and evidence.is_name(at + 1) and match.says(at + 1):
        return True  # "his daughter Faye Pettibone"
    return (
        evidence.is_name(at)
        and any(
            0 <= each < len(evidence.words)
            and evidence.is_name(each)
            and any(evidence.words[each].stem == mine.stem for mine in match.sentence.words)  # Cycle Republic is not Bright Bikes
            and not evidence.text[evidence.words[min(at, each)].end : evidence.words[max(at, each)].start].strip()
            for each in (at - 1, at + 1)
        )
    )


def _said_figures(match: Match) -> list[Figure]:
    return [match.evidence.figures[each] for each in match.figures.values()] + [
        each for each in match.evidence.figures if each.kind == "date"
    ]


def _find_topic(match: Match, number: int) -> tuple[int, ...]:
    """Return the words that a segment is about: those before its verb or, without a verb, before its amount or after its label."""
    evidence = match.evidence
    segment = evidence.segments[number]
    if segment.own_subject and segment.verb is None and " = " not in evidence.text:
        amount = min((figure.first for figure in evidence.figures if segment.holds(figure.first)), default=segment.end)
        places: tuple[int, ...] = tuple(range(segment.first, amount))
    else:
        places = find_subject(evidence, segment.clause)
    if any(evidence.words[at].text.casefold() in {"we", "i", "you", "they", "it", "he", "she"} for at in places):
        return ()
    if not places and len(evidence.segments) > 1 and evidence.segments[1].opener in {"|", ":"}:
        places = tuple(range(evidence.segments[0].first, evidence.segments[0].end))
    return tuple(at for at in places if _is_topical(match, at))


_TITLES = frozenset("dr mr mrs ms prof st".split())


def _is_topical(match: Match, at: int) -> bool:
    evidence = match.evidence
    if at in evidence.figured:
        return not any(figure.first <= at < figure.end for figure in _said_figures(match))
    if is_small(evidence.words[at].text.casefold(), evidence.language):
        return False  # "Depuis 2019"
    segment = evidence.segments[evidence.segment_of[at]]
    if segment.verb is None and not is_thing(evidence.words[at]) and not evidence.is_name(at):
        return False  # "valid for six months"
    low = evidence.words[at].text.casefold()
    return evidence.is_content(at) and low not in _TITLES and not low.endswith("ly") and low != "non" and at not in evidence.struck


def _check_antecedent(match: Match) -> Iterator[Problem]:
    """ "It" is what the sentence before named."""
    evidence = match.evidence
    for clause in sorted({evidence.segments[each].clause for each in match.home}):
        subject = {evidence.words[at].text.casefold() for at in find_subject(evidence, clause)}
        if subject & {"he", "she"} and _names_subject(match):
            yield Problem(ProblemKind.SUBJECT, "The passage says this of a person.")
        if subject & {"it", "they", "its", "their", "he", "she"} and clause == 0 and match.statement.before:
            yield from _compare_antecedent(match)


def _names_subject(match: Match) -> bool:
    return any(
        place == OUTSIDE and any(alike(match.sentence.words[at], each) for each in match.subject) for at, place in match.pairs.items()
    )


def _compare_antecedent(match: Match) -> Iterator[Problem]:
    before = read_statement(match.statement.before)
    if any(word.text.casefold() in OURS for word in before.words):
        return
    named = [at for at in find_subject(before, 0) if before.is_name(at) and not is_light(before.words[at]) and not before.is_small(at)]
    other = [at for at in named if not is_subject_word(match, before.words[at]) and not says_word(match.sentence, before.words[at])]
    if named and len(other) == len(named):
        words = " ".join(before.words[at].text for at in other)
        yield Problem(ProblemKind.SUBJECT, f"The passage says this of “{words}”, named in the sentence before.")
