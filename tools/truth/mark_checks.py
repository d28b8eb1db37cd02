"""Negations, quantifiers, plans, possibilities and opinions: what turns or frames a statement stays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .figure_checks import is_turned_bound
from .grammar import is_verb
from .lexicon import look_up
from .marks import Mark, find_idiom
from .matching import OUTSIDE, Match
from .reading import Reading, Segment, find_tense, show
from .verdict import Problem, ProblemKind
from .word_kinds import DEALS, is_subject_word
from .words import alike, stem, tokenize


def check_negation(match: Match) -> Iterator[Problem]:
    """Check that what is denied stays denied, and what is not stays so. A denied opposite affirms: "closed" is "does not open".

    What denies the whole clause ("not", "stopped", an opposite verb) is told from what denies one thing ("without a sticker"): both have
    to agree, unless what is denied is what the clause says ("comes without a lid" is "has no lid").
    """
    mine = _find_polarity(match.sentence, match.evidence, frozenset(range(len(match.sentence.segments))))
    theirs = _find_polarity(match.evidence, match.sentence, match.home)
    turned = [at for at in match.opposed if not _is_sign(match.sentence, at) and not _is_sign(match.evidence, match.pairs[at])]
    for at in turned:
        if (mine.clause or mine.thing) and match.sentence.words[at].stem in DEALS:  # who does not sell may not rent out either
            yield Problem(ProblemKind.NEGATION, f"The passage does not deny “{match.sentence.words[at].text}”.")
            return
    clauses = sum(not _is_attribute(match.sentence, at) for at in turned)
    things = len(turned) - clauses
    ours = _Polarity((mine.clause + clauses) % 2, (mine.thing + things) % 2, mine.object)
    if ours.clause == theirs.clause and ours.thing == theirs.thing:
        yield from _compare_parts(match)
        return
    if any(is_turned_bound(match, match.sentence.figures[one], match.evidence.figures[two]) for one, two in match.figures.items()):
        return
    if _limits_alike(match.sentence, match.evidence) or _limits_alike(match.evidence, match.sentence):
        return
    balanced = (ours.clause + ours.thing) % 2 == (theirs.clause + theirs.thing) % 2
    if balanced and (ours.object or theirs.object) and not things:
        return
    if turned and clauses:
        word, other = match.sentence.words[turned[0]], match.evidence.words[match.pairs[turned[0]]]
        yield Problem(ProblemKind.NEGATION, f"The passage says “{other.text}”, not “{word.text}”.")
    elif ours.clause or ours.thing:
        yield Problem(ProblemKind.NEGATION, f"The passage does not deny this: “{match.statement.text[:120]}”")
    else:
        yield Problem(ProblemKind.NEGATION, f"The passage denies this: “{match.statement.text[:120]}”")


def _limits_alike(one: Reading, other: Reading) -> bool:
    """Return whether one statement says with "only if" what the other says with "not unless"."""
    only = any(mark is Mark.ONLY for mark, _, _ in one.marks) and not any(each.negative for each in one.segments)
    hangs = {word.text.casefold() for word in one.words} & {"if", "when", "with", "after", "once", "by"}
    main = [each for each in other.segments if not _is_subordinate(other, each)]
    words = {word.text.casefold() for word in other.words}
    return only and bool(hangs) and any(each.negative for each in main) and bool(words & {"unless", "without", "until"})


def _compare_parts(match: Match) -> Iterator[Problem]:
    """Check: what one clause of a sentence affirms and another denies is so in the statement: "takes cash but no cards" has two sides."""
    sentence, evidence = match.sentence, match.evidence
    main = [each for each in sentence.segments if not _is_subordinate(sentence, each)]
    clauses = {each.clause: any(other.negative for other in main if other.clause == each.clause) for each in main}
    if len(set(clauses.values())) < 2 or match.opposed:
        return
    for clause, negative in clauses.items():
        at_places = [at for each in main if each.clause == clause for at in range(each.first, each.end)]
        places = [match.pairs[at] for at in at_places if match.pairs.get(at, OUTSIDE) >= 0 and sentence.is_content(at)]
        things = [place for place in places if not is_verb(evidence.words, place)]
        signs = {evidence.segments[evidence.segment_of[place]].negative for place in things[-1:]}
        if signs and negative not in signs:
            yield Problem(ProblemKind.NEGATION, f"Look what the passage denies: “{match.statement.text[:120]}”")
            return


@dataclass(frozen=True, slots=True)
class _Polarity:
    """How often a statement denies its clause and one of its things, odd or even, and whether that thing is what its verb says."""

    clause: int
    thing: int
    object: bool


def _find_polarity(reading: Reading, other: Reading, home: frozenset[int]) -> _Polarity:
    """Return what a statement denies. A word such as "refused" counts only if the other does not say it too."""
    segments = [each for number, each in enumerate(reading.segments) if number in home] or list(reading.segments)
    main = [each for each in segments if not _is_subordinate(reading, each)]
    clause = sum(each.negative for each in main)
    for mark, first, _ in reading.marks:
        if any(each.holds(first) for each in main) and _is_sign(reading, first, mark) and not _is_verbal_noun(reading, first):
            clause += not any(word.stem == reading.words[first].stem for word in other.words)
    runs = [at for at in sorted(reading.without) if at - 1 not in reading.without and any(each.holds(at) for each in segments)]
    first_verb = min((each.verb for each in main if each.verb is not None), default=-1)
    denied = sum(each.negative + (each.opener.lstrip(",;.(") == "unless") for each in segments if each not in main)
    return _Polarity(clause % 2, (len(runs) + denied) % 2, any(at > first_verb for at in runs))


def _is_sign(reading: Reading, at: int, mark: Mark | None = None) -> bool:
    """Return whether a word by itself turns what its clause says: "closed", "refused", "excluded"."""
    kinds = {each for each, first, end in reading.marks if first <= at < end} if mark is None else {mark}
    if mark is None and Mark.WITHOUT in kinds:
        return True
    return Mark.REVERSE in kinds or (Mark.EXCEPT in kinds and reading.words[at].text.casefold() in {"exclude", "excludes", "excluded"})


def _is_subordinate(reading: Reading, segment: Segment) -> bool:
    opener = segment.opener.lstrip(",;.(")
    if opener == "that":
        return segment.first > 0 and not is_verb(reading.words, segment.first - 1)
    return opener in _SUBORDINATE


_SUBORDINATE = frozenset("if unless when whenever provided where once until till because although though who which whose whom".split())


def _is_verbal_noun(reading: Reading, at: int) -> bool:
    return at > 0 and reading.words[at - 1].text.casefold() in {"the", "a", "bus", "tram"} and reading.words[at].text.startswith("stop")


def _is_attribute(reading: Reading, at: int) -> bool:
    """Return whether a word stands before a noun that it belongs to, or before the verb: "open studios", "unopened goods"."""
    if at + 1 < len(reading.words) and reading.is_content(at + 1) and not is_verb(reading.words, at) and not is_verb(reading.words, at + 1):
        return True
    if _is_subordinate(reading, reading.segments[reading.segment_of[at]]):
        return True
    verb = next((each.verb for each in reading.segments if each.verb is not None), None)
    return verb is not None and at < verb


def _is_said(reading: Reading, first: int, end: int, other: Reading) -> bool:
    """Return whether another reading has the words of a mark, or ones alike."""
    telling = [reading.words[at] for at in range(first, end) if reading.words[at].text.casefold() not in _PLAIN]
    if telling:
        near = [word for at, word in enumerate(other.words) if at in other.marked or (len(word.text) > 3 and not other.is_name(at))]
        return all(any(alike(word, each) for each in near) for word in telling)
    texts = [word.text.casefold() for word in reading.words[first:end]]
    others = [word.text.casefold() for word in other.words]
    return any(others[at : at + len(texts)] == texts for at in range(len(others)))


_PLAIN = frozenset("one of to in at a the it its is are being been be".split())
_ENTAILED = {
    Mark.ALL: {Mark.ALL},
    Mark.MOST: {Mark.MOST, Mark.ALL},
    Mark.MANY: {Mark.MANY, Mark.MOST, Mark.ALL},
    Mark.SOME: {Mark.SOME, Mark.MANY, Mark.MOST, Mark.ALL},
    Mark.FEW: {Mark.FEW},
    Mark.ONLY: {Mark.ONLY},
    Mark.NEARLY: {Mark.NEARLY},
}
_LIMITING = (Mark.MOST, Mark.MANY, Mark.SOME, Mark.FEW, Mark.NEARLY)


def check_quantifiers(match: Match) -> Iterator[Problem]:
    """No "all", "most" or "only" that the statement has not; no "most" or "some" left out."""
    theirs = {mark for mark, first, _ in match.evidence.marks if match.is_home(first)}
    mine = {mark for mark, _, _ in match.sentence.marks}
    for mark, first, end in match.sentence.find_marks(*_ENTAILED):
        definite = first > 0 and match.sentence.words[first - 1].text.casefold() == "the"
        if mark in {Mark.ONLY, Mark.SOME} and not definite and {first, end} & match.sentence.figured:
            continue  # "only nine", "half of the price"
        priced = mark is Mark.ALL and (
            any(match.evidence.figures[each].per for each in match.figures.values())
            or (match.figures and any(word.text.casefold() == "per" for word in match.evidence.words))
        )
        if not (priced and match.sentence.words[first].text.casefold() in {"each", "every"}) and not _is_entailed(
            match, mark, first, end, theirs
        ):
            yield Problem(ProblemKind.QUANTIFIER, f"The passage does not say “{show(match.sentence, first, end)}”.")
    yield from _check_always(match)
    for mark, first, end in match.evidence.find_marks(*_LIMITING):
        kept = any(mark in _ENTAILED.get(each, set()) for each in mine)
        if (
            match.is_home(first)
            and first not in match.evidence.figured
            and not kept
            and not _is_said(match.evidence, first, end, match.sentence)
        ):
            yield Problem(ProblemKind.QUANTIFIER, f"The passage says “{show(match.evidence, first, end)}”: keep it.")


def _is_entailed(match: Match, mark: Mark, first: int, end: int, theirs: set[Mark]) -> bool:
    """Return whether the statement has a quantifier that is as strong, of the same thing."""
    if mark is Mark.ONLY and any(
        each is Mark.IF or (each is Mark.EXCEPT and not _is_sign(match.evidence, at, each)) for each, at, _ in match.evidence.marks
    ):
        return True  # "only with" is "unless"
    if mark is Mark.MOST and any(word.text.casefold() in {"average", "typical"} for word in match.evidence.words):
        return True
    if mark is not Mark.ALL or match.sentence.words[first].text.casefold() in {"always", "both"}:
        return bool(theirs & _ENTAILED[mark]) or _is_said(match.sentence, first, end, match.evidence)
    if any(each is Mark.ONLY and match.is_home(start) and _is_last(match.evidence, stop) for each, start, stop in match.evidence.marks):
        return True  # "stored in Frankfurt only" is all of it
    counted = match.pairs.get(end)
    counted = None if counted == OUTSIDE else counted
    for each, start, stop in match.evidence.marks:
        if each is Mark.ALL and (
            counted is None or 0 <= counted - stop < 5 or match.evidence.words[start].text.casefold() in {"always", "both"}
        ):
            return True
    return any(
        alike(match.sentence.words[first], word) and (counted is None or 0 < counted - at < 5)
        for at, word in enumerate(match.evidence.words)
    )


_OFTEN = frozenset("daily weekly monthly hourly nightly always constantly permanently forever unlimited lifetime".split())


def _check_always(match: Match) -> Iterator[Problem]:
    """Refuse how often and how long where the passage does not say it: "daily", "all year", "around the clock", "unlimited"."""
    limitless = tokenize("unlimited")[0].senses
    mine = next((at for at, word in enumerate(match.sentence.words) if not limitless.isdisjoint(word.senses)), None)
    if mine is not None and all(limitless.isdisjoint(word.senses) for word in (*match.evidence.words, *match.context)):
        yield Problem(ProblemKind.QUANTIFIER, f"The passage does not say “{show(match.sentence, mine, mine + 1)}”.")
        return
    for at, word in enumerate(match.sentence.words):
        phrase = (
            find_idiom(match.sentence.words, at)
            if word.text.casefold() in {"all", "every", "round", "around", "year"}
            else frozenset[int]()
        )
        if (not phrase and word.text.casefold() not in _OFTEN) or at in match.sentence.figured:
            continue
        if any(alike(word, each) if not phrase else not phrase.isdisjoint(each.senses) for each in (*match.evidence.words, *match.context)):
            continue
        yield Problem(
            ProblemKind.QUANTIFIER,
            f"The passage does not say “{show(match.sentence, at, min(at + 2, len(match.sentence.words)) if phrase else at + 1)}”.",
        )
        return


def _is_last(reading: Reading, at: int) -> bool:
    return at >= len(reading.words) or at == reading.segments[reading.segment_of[at - 1]].end


_FRAMES: tuple[tuple[Mark, frozenset[Mark], ProblemKind], ...] = (
    (Mark.PLAN, frozenset({Mark.PLAN}), ProblemKind.MODALITY),
    (Mark.WILL, frozenset({Mark.WILL, Mark.PLAN}), ProblemKind.MODALITY),
    (Mark.MAY, frozenset({Mark.MAY}), ProblemKind.MODALITY),
    (Mark.SAID, frozenset({Mark.SAID}), ProblemKind.SOURCE),
    (Mark.STALE, frozenset({Mark.STALE, Mark.UNTIL}), ProblemKind.STALE),
    (Mark.UNTIL, frozenset({Mark.UNTIL, Mark.STALE}), ProblemKind.STALE),
)
_ABLE = frozenset("can able allow allowed permit permitted welcome possible may let lets enable enables".split())


def check_frames(match: Match) -> Iterator[Problem]:
    """Check that a plan stays a plan, a possibility a possibility, an opinion somebody's opinion, the past the past."""
    mine = {mark for mark, _, _ in match.sentence.marks}
    for frame, kept, kind in _FRAMES:
        for _, first, end in match.evidence.find_marks(frame):
            if (
                not _holds_over(match, frame, first, end)
                or mine & kept
                or (not _opens_source(match, first) and _is_said(match.evidence, first, end, match.sentence))
            ):
                continue
            words = show(match.evidence, first, end)
            if (frame is Mark.SAID and _names_source(match, first)) or (frame in {Mark.STALE, Mark.UNTIL} and _ends(match.sentence)):
                continue
            if frame is Mark.UNTIL and any(each.relation in {"to", "until", "till"} for each in match.sentence.figures):
                continue
            if frame is Mark.MAY and words.casefold() in {"can", "possible"}:
                continue  # what one can do, one does
            if frame is Mark.WILL and is_rule(match.evidence, first) and not tells_past(match.sentence):
                continue
            yield Problem(kind, f"The passage says “{words}”: keep it.")
    theirs = {mark for mark, first, _ in match.evidence.marks if _frames_home(match, first)}
    for frame, source in (
        (Mark.PLAN, {Mark.PLAN, Mark.WILL}),
        (Mark.SAID, {Mark.SAID}),
        (Mark.STALE, {Mark.STALE, Mark.UNTIL}),
        (Mark.MAY, {Mark.MAY}),
    ):
        for _, first, end in match.sentence.find_marks(frame):
            words = " ".join(word.text for word in match.sentence.words[first:end])
            if theirs & source or _is_said(match.sentence, first, end, match.evidence):
                continue
            if (frame is Mark.SAID and _names_source(match, None)) or (
                frame is Mark.STALE and (_ends(match.evidence) or Mark.REVERSE in theirs)
            ):
                continue
            if frame is Mark.MAY and words.casefold() in _ABLE:
                continue
            kind = ProblemKind.SOURCE if frame is Mark.SAID else ProblemKind.MODALITY if frame is not Mark.STALE else ProblemKind.STALE
            yield Problem(kind, f"The passage does not say “{words}”.")


_CHANGES = frozenset(
    map(
        stem,
        """open launch add introduce start begin move build expand become release close hire recruit join acquire buy sell raise double
        publish host replace renovate relocate stop end found create develop invest grow increase rise fall cut reduce take merge switch
        convert extend enter leave retire appoint install train complete finish invite plan see return come roll bring""".split(),
    )
)
_WHENEVER = frozenset(
    """if when whenever unless once any each every all no daily weekly always usually mondays tuesdays wednesdays thursdays fridays
    saturdays sundays weekdays weekends you""".split()
)
_COMING = frozenset("soon next shortly later tomorrow eventually then future this".split())


def tells_past(reading: Reading) -> bool:
    """Return whether a sentence tells what was or has been done."""
    return any(find_tense(reading, segment) in {"past", "perfect"} for segment in reading.segments)


def is_rule(reading: Reading, at: int) -> bool:
    """Return whether "will" tells what happens each time and not what is to come: "you will be charged", "staff will greet you".

    A date makes it a plan, and so does a verb of change ("a shop will open"), unless it hangs on something ("if you cancel").
    """
    words = {word.text.casefold() for word in reading.words}
    if any(each.kind == "date" for each in reading.figures) or not words.isdisjoint(_COMING - {"this", "then"}):
        return False
    clause = reading.segments[reading.segment_of[at]].clause
    ends = [segment.end for segment in reading.segments if segment.clause == clause]
    verbs = {reading.words[each].stem for each in range(at + 1, min(at + 5, max(ends)))}
    return not words.isdisjoint(_WHENEVER) or verbs.isdisjoint(_CHANGES)


def _opens_source(match: Match, at: int) -> bool:
    return match.evidence.words[at].text.casefold() == "according"


_BY = frozenset("by to of at magazine".split())


def _names_source(match: Match, first: int | None) -> bool:
    """Return whether the sentence names whose words they are: "Ofsted gave it the mark Good" for "Ofsted rated it Good"."""
    evidence = match.evidence
    said = [at for mark, at, _ in evidence.marks if mark is Mark.SAID] if first is None else [first]
    for at in said:
        segment = evidence.segments[evidence.segment_of[at]]
        near = [
            each
            for each in range(segment.first, segment.end)
            if evidence.is_name(each)
            and (each > 0 or not look_up(evidence.words[each]))
            and not is_subject_word(match, evidence.words[each])
            and (each < at or (each < at + 5 and _BY & {evidence.words[before].text.casefold() for before in (each - 1, max(0, each - 2))}))
        ]
        if any(match.says(each) for each in near):
            return True
    return False


def _ends(reading: Reading) -> bool:
    """Return whether a statement says that something is over: "no longer", "not any more", "stopped"."""
    return any(segment.negative for segment in reading.segments) or any(mark in {Mark.REVERSE, Mark.STALE} for mark, _, _ in reading.marks)


def _holds_over(match: Match, frame: Mark, first: int, end: int) -> bool:
    if frame is Mark.UNTIL:
        bare = all(match.evidence.segments[each].verb is None for each in match.home)
        return (match.is_home(first) or (bare and _frames_home(match, first))) and _is_dated(match.evidence, end)
    if frame is Mark.STALE:
        adjective = match.evidence.words[first].text.casefold() in _FORMER
        return match.is_home(first) and (
            not adjective or any(at in match.used for at in range(end, min(end + 3, len(match.evidence.words))))
        )
    return _frames_home(match, first)


_FORMER = frozenset("former ex previous old ehemalige ehemaligen ehemaliger ancien ancienne".split())


def _is_dated(reading: Reading, at: int) -> bool:
    return any(figure.kind == "date" and at <= figure.first <= at + 2 for figure in reading.figures)


def _frames_home(match: Match, at: int) -> bool:
    """Return whether a word of the statement stands over what the sentence says: in its segment or its clause."""
    segments = match.evidence.segments
    clauses = {segments[each].clause for each in match.home}
    for each in reversed(segments):  # "they deny that it is in talks": what denies stands over what follows
        if each.clause in clauses and each.opener.lstrip(",") == "that" and each.clause:
            clauses.add(each.clause - 1)
    return match.is_home(at) or segments[match.evidence.segment_of[at]].clause in clauses
