"""Conditions and restrictions of a statement: what limits the very fact stays."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ..quantities import Kind
from .figures import Figure, measure
from .grammar import OURS, PREPOSITIONS, PRONOUNS, is_past, is_verb
from .marks import Mark
from .matching import Match
from .reading import Reading, Segment, find_tense, show
from .verdict import Problem, ProblemKind
from .word_kinds import PRICE_WORDS, frames_of, is_subject_word, is_weak
from .words import Word, is_light, stem

_HARD = frozenset(
    "if unless when whenever provided without until till except excluding during before after once between only within".split()
)
_WHEN = frozenset("during before after once".split())
"""What only dates something that happened once."""
_SOFT = frozenset("for with in at on under over from of".split())
_PRICING = frozenset("for with on of".split())
_CLAUSAL = frozenset("if unless when whenever provided once".split())
_FREE = frozenset(map(stem, "free unlimited included all always only best first".split()))


def check_conditions(match: Match) -> Iterator[Problem]:
    """Check that what limits the very fact stays: "for orders over 50 EUR", "with annual billing", "if you order before noon".

    A place or purpose that is only told beside it may be left out, unless the quantity depends on it: of several prices each has its own.
    """
    openers = _find_openers(match)
    figured = {match.evidence.segment_of[match.evidence.figures[each].first] for each in match.figures.values()}
    for number, segment in enumerate(match.evidence.segments):
        if not _limits_home(match, number, segment):
            continue
        for first, end, opener in _find_phrases(match.evidence, segment):
            seasonal = _is_seasonal(match, first, end)
            if is_aside(match, first, end, opener):
                continue
            if (opener not in openers and not seasonal) or (
                opener not in _HARD - _WHEN
                and (_is_event(match, segment) or (figured and number not in figured and segment.verb is not None))
            ):
                continue
            said = [at for at in range(first, end) if match.evidence.is_content(at) and not is_weak(match.evidence.words[at])]
            left = [at for at in said if not match.says(at) and not is_subject_word(match, match.evidence.words[at])]
            figures = [at for at, each in enumerate(match.evidence.figures) if first <= each.first < end]
            framed = frozenset[str]().union(
                *(frames_of(each.kind, each.unit, each.per) for each in map(match.evidence.figures.__getitem__, figures))
            )
            left = [at for at in left if match.evidence.words[at].stem not in framed]
            missing = any(at not in match.figures.values() for at in figures)
            bare = not said and not any(match.says(at) for at in range(first, end)) and _limits_alone(match.evidence, opener, end)
            if opener in _CLAUSAL and len(left) < len(said) and not missing and _has_condition(match, first):
                continue  # said in other words: "should the mice reappear"
            if ((left and len(left) * 2 >= len(said)) or missing or bare) and not _is_plain_date(match, first, end, opener):
                yield Problem(ProblemKind.CONDITION, f"The passage limits this: “{show(match.evidence, first, end)}”. Keep it.")


_CONDITIONS = re.compile(
    r"\b(?:if|unless|when|whenever|provided|once|without|who(?:ever)?|in case|as (?:soon|long) as)\b|^should\b|[,;] should\b|^\w{3,}ing\b",
    re.IGNORECASE,
)


def _has_condition(match: Match, first: int) -> bool:
    """Return whether the sentence says on what it depends in words of its own: "if", "those who", "without waves"; of the same party."""
    sentence, evidence = match.sentence, match.evidence
    found = _CONDITIONS.search(sentence.text)
    rivals = sum(each.opener.lstrip(",;(") in _CLAUSAL for each in evidence.segments)
    if found is None or rivals > 1:
        return False
    mine = [word for word in sentence.words if word.start >= found.end()][:2]
    theirs = evidence.words[first + 1 : first + 3]
    return _is_ours(match, mine) == _is_ours(match, theirs)


def _is_ours(match: Match, words: Sequence[Word]) -> bool:
    """Return whether words speak of the one whose page it is."""
    return any(word.text.casefold() in OURS or (not is_light(word) and is_subject_word(match, word)) or word.stem in _US for word in words)


_US = frozenset(map(stem, "company firm business shop".split()))


def _limits_alone(evidence: Reading, opener: str, end: int) -> bool:
    """Return whether a phrase without words of its own limits: "unless it is", and "if everybody" before "who shares the room agrees"."""
    told_of = end < len(evidence.words) and evidence.words[end].text.casefold() in {"who", "which", "that", "whose"}
    return opener in {"except", "excluding", "unless"} or (opener in _CLAUSAL and told_of)


def is_aside(match: Match, first: int, end: int, opener: str) -> bool:
    """Return whether a phrase tells more and limits nothing: "at 7.4 %", "of spelt", "from Perth"."""
    evidence = match.evidence
    if first + 2 == end and evidence.words[first + 1].text.casefold().endswith(("self", "selves")):
        return True  # "for myself"
    if opener == "of" and [word.text.casefold() for word in evidence.words[first + 1 : end]] == ["age"]:
        return True  # "21 years of age"
    amounts = any(first < each.first < end and each.kind in {"money", "percent"} for each in evidence.figures)
    if opener == "at" and amounts:
        return True
    named = opener == "from" and first + 1 < end and evidence.is_name(first + 1) and "to" not in evidence.text.split()
    return named and not any(word.text.casefold() in {"deliver", "sent", "ship"} for word in evidence.words)


_ORDINALS = frozenset("first second third fourth last other alternate".split())


def check_lists(match: Match) -> Iterator[Problem]:
    """Refuse a number of all for a number of one: "310 cars in Ghent and Bruges" are not 310 in Bruges."""
    evidence = match.evidence
    for theirs in match.figures.values():
        figure = evidence.figures[theirs]
        number = evidence.segment_of[min(figure.first, len(evidence.words) - 1)]
        other = next(
            (each for each in evidence.figures if number + 1 < len(evidence.segments) and evidence.segments[number + 1].holds(each.first)),
            None,
        )
        if (
            other
            and evidence.segments[number + 1].opener.lstrip(",") == "or"
            and _are_two_limits(figure, other)
            and other not in _said(match)
        ):
            yield Problem(ProblemKind.CONDITION, f"The passage says {figure.shown} or {other.shown}: keep both.")
            return
        if figure.kind != Kind.COUNT or figure.per or number + 1 >= len(evidence.segments):
            continue
        last = evidence.segments[number + 1]
        names = [at for at in range(figure.end, last.end) if evidence.is_name(at) and not is_subject_word(match, evidence.words[at])]
        listed = last.opener == "and" and last.verb is None and any(last.holds(at) for at in names) and any(at < last.first for at in names)
        said = [at for at in names if match.says(at)]
        if listed and said and len(said) < len(names):
            yield Problem(
                ProblemKind.CONDITION, f"The passage says {figure.shown} of “{show(evidence, names[0], names[-1] + 1)}” together."
            )
            return


def _are_two_limits(figure: Figure, other: Figure) -> bool:
    """Return whether a length is limited twice, by time and by use: "four years, or 40,000 kilometres"."""
    one, two = measure(figure), measure(other)
    return one is not None and two is not None and one[0] != two[0] and {one[0], two[0]} & {"time", "months"} != set()


def _said(match: Match) -> list[Figure]:
    return [match.evidence.figures[each] for each in match.figures.values()]


_SEASONS = frozenset(
    """
    winter summer spring autumn january february march april may june july august september october november december
    monday mondays
    tuesday tuesdays wednesday wednesdays thursday thursdays friday fridays saturday saturdays sunday sundays weekday weekdays
    weekend weekends morning mornings afternoon afternoons evening evenings night nights holiday holidays season term christmas easter
    """.split()
)


def _is_seasonal(match: Match, first: int, end: int) -> bool:
    """Return whether a phrase says when something is so, again and again: "in winter", "on Sundays". A date in the past only dates it."""
    words = match.evidence.words[first:end]
    dated = any(figure.kind == "date" and first <= figure.first < end for figure in match.evidence.figures)
    return not dated and any(word.text.casefold() in _SEASONS and not (word.text == "May" or word.text == "may") for word in words)


def _find_openers(match: Match) -> frozenset[str]:
    """Return the words whose phrases limit what the sentence says."""
    evidence = match.evidence
    figures = [evidence.figures[each] for each in match.figures.values() if evidence.figures[each].kind in {"money", "percent", "measure"}]
    rivals = any(sum(other.kind == each.kind for other in evidence.figures) > 1 for each in figures)
    absolute = any(each.negative for each in match.sentence.segments) or any(_is_absolute(match, at) for at in match.used)
    only = any(match.is_home(first) for _, first, _ in evidence.find_marks(Mark.ONLY))
    if only:
        return _HARD | PREPOSITIONS
    if rivals or absolute:
        return _HARD | _SOFT
    return _HARD | _PRICING if figures else _HARD


def _is_event(match: Match, segment: Segment) -> bool:
    """Return whether a segment tells what once happened: leaving out where or from whom does not make it more."""
    tense = find_tense(match.evidence, segment)
    return tense == "past" and not segment.negative


def _is_absolute(match: Match, at: int) -> bool:
    segment = match.evidence.segments[match.evidence.segment_of[at]]
    if segment.verb is not None and at < segment.verb:
        return False
    return match.evidence.words[at].stem in _FREE or match.evidence.words[at].text.casefold().endswith("est")


def _limits_home(match: Match, number: int, segment: Segment) -> bool:
    """Return whether a segment says under what condition the sentence's fact holds: it holds it, or hangs on a segment that does."""
    if number in match.home:
        return True
    if number == 0 and 1 in match.home and segment.verb is None and match.evidence.words[segment.first].text.casefold() in PREPOSITIONS:
        return True  # "for Solo, breakfast costs £7"
    opener = segment.opener.lstrip(",;(")
    entry = any(segment.holds(each.first) and each.kind in {"money", "percent"} for each in match.evidence.figures) or any(
        word.stem in PRICE_WORDS for word in match.evidence.words[segment.first : segment.end]
    )
    if number - 1 in match.home and segment.verb is None and opener not in {"and", "or", "|", ";"} and not entry:
        first = match.evidence.words[segment.first].text.casefold()
        if first == "with" and any(segment.holds(each.first) for each in match.evidence.figures):
            return False  # "with a minimum of two hours" is a fact of its own
        return first in _HARD | {"with", "for", "on"} or (
            is_past(match.evidence.words[segment.first]) and is_verb(match.evidence.words, segment.first)
        )
    near = number - 1 in match.home or number + 1 in match.home
    return near and opener in {"if", "unless", "provided", "when", "whenever", "except", "excluding", "once"}


def _find_phrases(reading: Reading, segment: Segment) -> Iterator[tuple[int, int, str]]:
    """Yield the phrases of a segment that a preposition or conjunction opens, each with its opener."""
    opener = segment.opener.lstrip(",;(")
    start, name = (segment.first, opener) if opener in _HARD else (None, "")
    for at in range(segment.first, segment.end):
        low = reading.words[at].text.casefold()
        if at == segment.first and start is not None:
            continue
        if (
            low in PREPOSITIONS
            or low in _HARD
            or (
                is_past(reading.words[at])
                and is_verb(reading.words, at)
                and at == segment.first
                and segment.first > 0
                and segment.verb is None
            )
        ):
            if start is not None and (name in _CLAUSAL or (name in _HARD and reading.words[start + 1].text.casefold() in PRONOUNS)):
                continue
            if start is not None:
                yield start, at, name
            start, name = at, low if low in _HARD or low in PREPOSITIONS else "with"
        elif (
            start is not None
            and not (name in _CLAUSAL or reading.words[start + 1].text.casefold() in PRONOUNS)
            and is_verb(reading.words, at)
        ):
            yield start, at, name
            start = None
    if start is not None:
        yield start, segment.end, name


def _is_plain_date(match: Match, first: int, end: int, opener: str) -> bool:
    """Return whether a phrase only dates what happened: "in 1998"."""
    return opener in {"in", "on"} and any(figure.kind == "date" and first <= figure.first < end for figure in match.evidence.figures)


def check_modifiers(match: Match) -> Iterator[Problem]:
    """Check that what is denied or counted of one kind is not denied or counted of all: "no unpaid leave" is not "no leave"."""
    denied = any(match.evidence.segments[each].negative for each in match.home)
    for at in sorted(match.used):
        before = at - 1
        rank = match.evidence.words[before].text.casefold() if before >= 0 else ""
        if rank in _ORDINALS and match.evidence.words[at].text[:1].isupper() and not match.says(before):
            yield Problem(ProblemKind.CONDITION, f"The passage says “{show(match.evidence, before, at + 1)}”.")
            continue
        if (
            not (denied and before >= 0 and match.evidence.is_content(before))
            or match.evidence.segment_of[before] != match.evidence.segment_of[at]
        ):
            continue
        if (
            is_verb(match.evidence.words, at)
            or is_verb(match.evidence.words, before)
            or match.says(before)
            or is_subject_word(match, match.evidence.words[before])
        ):
            continue
        yield Problem(
            ProblemKind.CONDITION,
            f"The passage says “{show(match.evidence, before, at + 1)}”, not all “{match.evidence.words[at].text}”.",
        )
