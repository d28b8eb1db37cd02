"""What holds words together: relations such as "against" and "within", and the verb, person and clause that something belongs to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from .grammar import AUXILIARIES, is_verb
from .marks import Mark, find_idiom
from .matching import OUTSIDE, Match
from .reading import Reading, show
from .verdict import Problem, ProblemKind
from .word_kinds import PRICE_WORDS, is_subject_word, is_weak
from .words import alike, tokenize

_RELATIONS: dict[str, frozenset[str]] = {
    first: frozenset(words.split())
    for first, words in {
        "against": "against versus vs opposed",
        "without": "without no not none nothing free excluding excludes lacks non ohne never",
        "before": "before plus excluding until by prior advance earlier previous ahead preceding latest till",
        "after": "after behind valid take takes from since later following once when past afterwards onwards on",
        "within": "within in by up under inside later latest until less most maximum during before",
        "beyond": "beyond over outside more exceed exceeds exceeding past above further",
        "inside": "inside in within indoors indoor",
        "outside": "outside out outdoor outdoors front beyond except excluding other off",
        "unless": "unless except only without otherwise",
        "even": "even also including too",
        "despite": "despite although though even",
    }.items()
}


def check_relations(match: Match) -> Iterator[Problem]:
    """No small word that turns a relation is exchanged or added: "against", "without", "before", "after", "within", "unless", "even"."""
    theirs = {word.text.casefold() for word in (*match.evidence.words, *match.context)}
    mine = {word.text.casefold() for word in match.sentence.words}
    for place, word in enumerate(match.sentence.words):
        kin = _RELATIONS.get(word.text.casefold())
        if kin and find_idiom(match.sentence.words, place):
            continue  # "look after"
        if kin and kin.isdisjoint(theirs):
            yield Problem(ProblemKind.CONDITION, f"The passage does not say “{word.text}”.")
            return
    if "at any time" in match.sentence.text.casefold() and "time" not in theirs and theirs & {"within", "before", "after", "until"}:
        yield Problem(ProblemKind.CONDITION, "The passage does not say “at any time”.")
        return
    for at, word in enumerate(match.evidence.words):
        kin = _RELATIONS.get(word.text.casefold())
        if kin and match.is_home(at) and kin.isdisjoint(mine) and _says_object(match, at):
            yield Problem(ProblemKind.CONDITION, f"The passage says “{word.text}” of this: keep it.")
            return


def _says_object(match: Match, at: int) -> bool:
    evidence = match.evidence
    segment = evidence.segments[evidence.segment_of[at]]
    figures = {evidence.figures[each].first for each in match.figures.values()}
    return any(each in figures or (evidence.is_content(each) and match.says(each)) for each in range(at + 1, min(at + 5, segment.end)))


_DUTY = frozenset("must required require requires need needs needed obliged mandatory obligatory compulsory have has shall".split())
_NONE = frozenset("no nobody none not never only cannot".split())
_CHOICE = frozenset("may can could optional optionally".split())


def check_duties(match: Match) -> Iterator[Problem]:
    """Refuse what may be for what must be: "claims must be reported" is not "claims may be reported"."""
    evidence, sentence = match.evidence, match.sentence
    theirs = {word.text.casefold() for at, word in enumerate(evidence.words) if match.is_home(at)}
    mine = {word.text.casefold() for word in sentence.words}
    denied = (
        bool(mine & _NONE)
        or any(each.negative for each in sentence.segments)
        or any(evidence.segments[each].negative for each in match.home)
    )
    if not denied and "must" in theirs and not theirs & _CHOICE and mine & _CHOICE and not mine & _DUTY:
        yield Problem(ProblemKind.MODALITY, "The passage says “must”: this is a duty.")


_DAYS = {"working": "working", "business": "working", "work": "working", "calendar": "calendar", "school": "school", "bank": "working"}


def check_days(match: Match) -> Iterator[Problem]:
    """Working days are no calendar days."""
    for mine, theirs in match.figures.items():
        own = _find_days(match.sentence, match.sentence.figures[mine].first)
        other = _find_days(match.evidence, match.evidence.figures[theirs].first)
        if own != other:
            yield Problem(
                ProblemKind.UNIT, f"The passage says {match.evidence.figures[theirs].shown}, not {match.sentence.figures[mine].shown}."
            )


def _find_days(reading: Reading, first: int) -> str:
    near = [word.text.casefold() for word in reading.words[first : first + 6]]
    return next((_DAYS[word] for word, after in pairwise(near) if word in _DAYS and after in {"day", "days"}), "")


def is_act(reading: Reading, at: int) -> bool:
    """Return whether a word is a verb that says something, or a participle that is one."""
    if reading.words[at].text.casefold() in AUXILIARIES or at in reading.figured:
        return False
    low, before = reading.words[at].text.casefold(), reading.words[at - 1].text.casefold() if at else ""
    if low.endswith("ed") and (before in AUXILIARIES or before in _LINKS):
        return True
    return is_verb(reading.words, at) or any(mark is Mark.REVERSE and first == at for mark, first, _ in reading.marks)


_FINITE = frozenset("is are was were has have had".split())
_LINKS = frozenset("and or but not then also".split())


def find_verb_before(reading: Reading, at: int) -> int | None:
    """Return the nearest verb before a word in its clause."""
    clause = reading.segments[reading.segment_of[at]].clause
    for each in range(at - 1, -1, -1):
        if reading.segments[reading.segment_of[each]].clause != clause:
            return None
        if reading.words[each].text.casefold() in _FINITE:
            return None
        if is_act(reading, each) and not (
            reading.words[each].text.casefold().endswith("ing") and reading.words[each - 1].text.casefold() not in {"is", "are"}
        ):
            return each
    return None


_PART = re.compile(r"\bof (?:which|whom|them|these|those)\b|^(?:and )?(?:\d[\d.,]*|\w+) of the (?=\d|\w+ \w)", re.IGNORECASE)


def check_parts_of_figures(match: Match) -> Iterator[Problem]:
    """Check that a part is not the whole: of "3,100 bicycles, of which 1,900 had a motor" 1,900 were sold with a motor only."""
    evidence = match.evidence
    found = _PART.search(evidence.text)
    if not found or _PART.search(match.sentence.text):
        return
    first = next((at for at, word in enumerate(evidence.words) if word.start >= found.start()), len(evidence.words))
    number = evidence.segment_of[min(first, len(evidence.words) - 1)]
    segment = evidence.segments[number]
    end = find_span(evidence, first).stop
    figured = [each for each in evidence.figures if segment.first <= each.first < end and each.kind != "date"]
    inside = [each for each in match.figures.values() if segment.first <= evidence.figures[each].first < end]
    outside = [
        each
        for each in match.figures.values()
        if not segment.first <= evidence.figures[each].first < end and evidence.figures[each].kind != "date"
    ]
    said = [at for at in range(segment.first, end) if evidence.is_content(at) and at in match.used]
    if figured and ((inside and not said) or (outside and said and not inside)):
        yield Problem(ProblemKind.PLACE, f"The passage says “{show(evidence, segment.first, end)}” of a part only.")


def find_span(reading: Reading, at: int) -> range:
    """Return the places between two semicolons or full stops around a word."""
    at = min(at, len(reading.words) - 1)
    cuts = [0, *(each.first for each in reading.segments if each.opener[:1] in {";", "."}), len(reading.words)]
    return range(max(cut for cut in cuts if cut <= at), min(cut for cut in cuts if cut > at))


def check_synonyms(match: Match) -> Iterator[Problem]:
    """Refuse one word for another where the passage uses both: a "partner" is no "associate" where there are partners too."""
    for at, place in match.pairs.items():
        if place == OUTSIDE or not match.sentence.is_content(at) or at in match.opposed:
            continue
        word, other = match.sentence.words[at], match.evidence.words[place]
        if word.stem == other.stem or word.stem not in match.elsewhere or word.stem in PRICE_WORDS:
            continue
        verb = match.sentence.segments[match.sentence.segment_of[at]].verb
        if is_weak(word) and (verb is None or at > verb):
            continue
        own = is_subject_word(match, word) and (word.text[:1].isupper() or word.stem not in {each.stem for each in match.subject})
        if not is_verb(match.sentence.words, at) and not own:
            yield Problem(ProblemKind.WORD, f"The passage says “{other.text}”, not “{word.text}”.")
            return


_FOREIGN = frozenset(
    """
    unter über ab bis nur außer ohne wenn falls sofern soll sollen geplant voraussichtlich künftig früher vor nach nicht kein keine
    moins plus sauf seulement si prévu dès jusqu sans avant après pas solo hasta desde menos más sin excepto antes después no
    """.split()
)
_ASIAN = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")
_PIECE = re.compile(r"[、。,.!?！？\n;；「」()（）:：]")
_RUN = re.compile(r"[\u4e00-\u9fff\u30a0-\u30ff々]+|[0-9][0-9.,:]*|[A-Za-z]+")
_TURNS = (
    "ません|ない|なし|ず(?=に|$)",
    "予定|計画|見込|でしょう|かも",
    "まで",
    "から",
    "のみ|だけ|しか",
    "以上|超",
    "以下|未満|以内",
    "ました|った|でした",
    "より",
    "以外|除",
)


def _states(piece: str, part: str, named: set[str]) -> bool:
    """Return whether a clause of Japanese has all that another one says: its kanji, numbers and names, its limits and its negation."""
    runs = [each for each in _RUN.findall(part) if each not in named]
    turned = any(bool(re.search(each, part)) != bool(re.search(each, piece)) for each in _TURNS)
    return not turned and all(each in piece or _is_rephrased(each, piece) for each in runs)


def _is_rephrased(run: str, piece: str) -> bool:
    """Return whether a run of signs is said in other signs: each is there, or stands in a word alike."""
    ours, theirs = tokenize(run), tokenize(piece)
    return any(word.senses for word in ours) and all(any(alike(word, each) for each in theirs) for word in ours)


def check_foreign(match: Match) -> Iterator[Problem]:
    """In other languages every limiting word is kept, nothing is put together of two clauses, and in Japanese nothing is turned."""
    evidence, sentence = match.evidence, match.sentence
    if _ASIAN.search(sentence.text) and _ASIAN.search(evidence.text):
        pieces = _PIECE.split(evidence.text)
        named = {each.text for each in match.subject}
        if any(_states(each, sentence.text, named) for each in pieces):
            return
        wrong = next((part for part in _PIECE.split(sentence.text) if not any(_states(each, part, named) for each in pieces)), None)
        if wrong is not None:
            yield Problem(ProblemKind.WORD, f"The passage does not say “{wrong.strip()}” in one clause.")
        return
    if evidence.language in {"", "en"} or sentence.language in {"", "en"}:
        return
    mine = [word.text.casefold() for word in sentence.words]
    theirs = [word.text.casefold() for at, word in enumerate(evidence.words)]
    for at, word in enumerate(theirs):
        if word in _FOREIGN and match.is_home(at) and word not in mine:
            yield Problem(ProblemKind.CONDITION, f"The passage says “{evidence.words[at].text}”: keep it.")
            return
    for word in mine:
        if word in _FOREIGN and word not in theirs:
            yield Problem(ProblemKind.CONDITION, f"The passage does not say “{word}”.")
            return
    spans = {find_span(evidence, place) for at, place in match.pairs.items() if place >= 0 and sentence.is_content(at)}
    if len(spans) > 1 and not any(each.opener[:1] in {";", "."} for each in sentence.segments):
        yield Problem(ProblemKind.PLACE, "The passage says this in two sentences: it may not be of one thing.")
