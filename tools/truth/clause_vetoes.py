"""Vetoes on how a clause is built: its bounds, its "only", its duty, the ends of a range, "or" for "and", what it denies and of whom."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from ..quantities import Kind
from .equal_turns import put_equally
from .figures import Figure, measure
from .grammar import BE, DETERMINERS, PREPOSITIONS, is_past, is_verb, may_be_verb
from .plain_frames import Force, Frame, read_frame
from .reading import Reading, read_statement
from .statements import Statement
from .verdict import Problem, ProblemKind
from .word_pairs import CONVERSES, covers, may_stand_for
from .words import Word, alike, is_light, stem

_LOW = re.compile(r"\b(?:at least|minimum|min\.|smallest|lowest|least)\b", re.IGNORECASE)
_HIGH = re.compile(r"\b(?:at most|up to|maximum|max\.|largest|highest)\b", re.IGNORECASE)
_OPENS = frozenset(map(stem, "open start begin".split()))
_SHUTS = frozenset(map(stem, "close shut end finish stop".split()))


def find_other_bound(sentence: Reading, evidence: Reading, owner: Sequence[Word], everything: Sequence[Statement]) -> Iterator[Problem]:
    """Check that a minimum is not told as a maximum, nor the other way round."""
    said, found = put_equally(sentence.text), put_equally(evidence.text)
    if any(each.negative for each in (*sentence.segments, *evidence.segments)):
        return
    for mine, theirs in ((_LOW, _HIGH), (_HIGH, _LOW)):
        if (shown := mine.search(said)) and not theirs.search(said) and theirs.search(found) and not mine.search(found):
            yield Problem(ProblemKind.BOUND, f"The passage does not say “{shown[0]}” but the other bound.")
            return


def find_other_end(sentence: Reading, evidence: Reading, owner: Sequence[Word], everything: Sequence[Statement]) -> Iterator[Problem]:
    """Check that what closes at five does not open at five."""
    stems = {word.stem for word in sentence.words}
    if (stems & _OPENS and stems & _SHUTS) or not stems & (_OPENS | _SHUTS) or len(sentence.figures) != 1:
        return
    figure = sentence.figures[0]
    wrong = "end" if stems & _OPENS else "start"
    edges = {each.edge for each in evidence.figures if each.kind == figure.kind and each.value == figure.value}
    if figure.kind in {"time", "plain", "count"} and figure.edge in {"", "start", "end"} and edges == {wrong}:
        yield Problem(ProblemKind.BOUND, f"In the passage {figure.shown} is the {wrong}.")


def find_changed_force(sentence: Reading, evidence: Reading, owner: Sequence[Word], everything: Sequence[Statement]) -> Iterator[Problem]:
    """Check that what only some may do is no duty, and that "only" stays with its word: "only members may", "members may only"."""
    said, found = read_frame(put_equally(sentence.text)), read_frame(put_equally(evidence.text))
    if (
        _MUST.search(sentence.text)
        and said.force is Force.DUTY
        and not (said.denied or said.priced)
        and found.force is Force.FACT
        and not (_DEMANDS.search(evidence.text) or _is_order(evidence))
    ):
        yield Problem(ProblemKind.MODALITY, "The passage does not demand this.")
        return
    if said.force is Force.DUTY and found.force is Force.ADVICE and not said.denied and not said.priced:
        yield Problem(ProblemKind.MODALITY, "The passage advises this and does not demand it.")
        return
    if any(
        _NEED_NOT.search(one.source) and other.denied and other.force is Force.LEAVE and " without " not in other.source
        for one, other in ((said, found), (found, said))
    ):
        yield Problem(ProblemKind.MODALITY, "What one need not do is not what one may not do.")
    elif "only" in found.flags and "only" not in said.flags and found.force is Force.LEAVE and said.force is Force.DUTY:
        focus = find_focus(found)
        if focus and not any(alike(each, word) for each in focus[:1] for word in _after_duty(sentence)):
            yield Problem(ProblemKind.MODALITY, "The passage allows this and does not demand it.")
    elif "only" in found.flags and "only" in said.flags and len(sentence.segments) == 1:
        mine, theirs = find_focus(said), find_focus(found)
        if mine and theirs and not any(alike(one, other) for one in mine for other in theirs):
            yield Problem(ProblemKind.QUANTIFIER, f"The passage says “only” of “{theirs[0].text}”.")


_UNLESS = re.compile(
    r"\b(?:without|unless|except\w*|other than|apart from|until|only|but|excluding|if|when|save|outside|inside|beyond)\b", re.IGNORECASE
)


def find_granted_ban(sentence: Reading, evidence: Reading, owner: Sequence[Word], everything: Sequence[Statement]) -> Iterator[Problem]:
    """Check that nothing of a list that is banned is told as allowed: "no fireworks, firearms or weapons are permitted"."""
    said, found = read_frame(sentence.text), read_frame(evidence.text)
    granted = said.force is Force.LEAVE and not said.denied and not said.measures and found.force is Force.LEAVE and found.denied
    if granted and {each.clause for each in evidence.segments} == {0} and not _UNLESS.search(evidence.text):
        yield Problem(ProblemKind.NEGATION, "The passage does not allow this.")


_BUT = re.compile(
    r"\b(?:anything|everything|everyone|everybody|anyone|all|any \w+) (?:but|except) (?:for )?(?:the |an? )?(?P<what>[\w'-]+)",
    re.IGNORECASE,
)


def find_excepted(sentence: Reading, evidence: Reading, owner: Sequence[Word], everything: Sequence[Statement]) -> Iterator[Problem]:
    """Check that what is excepted is not told as included: "you can return anything but underwear"."""
    found = _BUT.search(evidence.text)
    if found is None or re.search(r"\b(?:but|except\w*)\b", sentence.text) or any(each.negative for each in sentence.segments):
        return
    if any(stem(found["what"]) == word.stem for word in sentence.words):
        yield Problem(ProblemKind.CONDITION, f"The passage says “{found[0]}”.")


def _is_order(evidence: Reading) -> bool:
    """Return whether a statement begins with a verb in its bare form: "Buy ten hours and pay for nine"."""
    first = evidence.words[0].text.casefold() if evidence.words else ""
    return may_be_verb(first) and not first.endswith(("s", "ed", "ing"))


_MUST = re.compile(r"\b(?:must|(?:have|has|need|needs|required|obliged) to)\b", re.IGNORECASE)
_DEMANDS = re.compile(
    r"\b(?:must|need\w*|requir\w+|have to|has to|oblig\w+|mandatory|compulsory|only|please|least|min|minimum|due|should|(?:are|is) to|"
    r"shall|necessary|"
    r"asked|expected|ensure|appointment|without|not|no|cannot|never|until|unless|subject|provided|if|sole|responsib\w+|rule|own)\b",
    re.IGNORECASE,
)
_NEED_NOT = re.compile(
    r"\b(?:do|does) not (?:need|have to)\b|\bneed not\b|\bnot (?:required|necessary|needed|mandatory|compulsory|obligatory)\b|\boptional\b",
    re.IGNORECASE,
)


def find_focus(frame: Frame) -> list[Word]:
    """Return the words that "only" limits: those behind it up to a preposition or verb, or those before it where it ends a phrase."""
    at = next((place for place, word in enumerate(frame.words) if word.text.casefold() in {"only", "exclusively", "solely"}), None)
    if at is None:
        return []
    if at + 1 < len(frame.words) and is_verb(frame.words, at + 1) and not (at == 0 and is_past(frame.words[1])):  # "only sealed bottles"
        return [word for word in frame.words[at + 1 :] if not is_light(word)]  # "we only bake with butter": any of it
    after = _take_phrase(frame, range(at + 1, len(frame.words)))
    return after or _take_phrase(frame, range(at - 1, -1, -1))


def _take_phrase(frame: Frame, places: range) -> list[Word]:
    found = list[Word]()
    for at in places:
        word = frame.words[at]
        low = word.text.casefold()
        if low in DETERMINERS or (low in PREPOSITIONS and not found):
            continue
        if low in PREPOSITIONS or low in BE or (found and is_verb(frame.words, at)):
            break
        found.append(word)
    return [word for word in found if not is_light(word)]


_DUTY = re.compile(r"\b(?:must|have to|has to|need to|needs to|required to|need|needs|requires?)\b", re.IGNORECASE)


def _after_duty(sentence: Reading) -> list[Word]:
    found = _DUTY.search(sentence.text)
    return [word for word in sentence.words if found is None or word.start >= found.end()]


_ONLY_LIST = re.compile(r"\bonly (?:\w+ ){0,4}?(?P<one>[a-z][\w-]+)(?:, [\w-]+)*,? (?:and|or) (?P<two>[a-z][\w-]+)", re.IGNORECASE)


def find_shortened_list(sentence: Reading, evidence: Reading, owner: Sequence[Word], everything: Sequence[Statement]) -> Iterator[Problem]:
    """Check that of "only adults and teenagers" none is left out, and that one of two things is not told as both."""
    said = sentence.text
    if (found := _ONLY_LIST.search(evidence.text)) and re.search(r"\b(?:only|exclusively|nobody|none|no one)\b", said, re.IGNORECASE):
        told = [any(alike(word, each) for each in sentence.words) for word in _find_words(evidence, found)]
        if any(told) and not all(told):
            yield Problem(ProblemKind.QUANTIFIER, f"The passage says “{found[0]}”: say it all.")
    if _is_of_choice(sentence, evidence):
        yield Problem(ProblemKind.QUANTIFIER, "The passage says “or”, not “and”.")


def _find_words(evidence: Reading, found: re.Match[str]) -> list[Word]:
    starts = {found.start("one"), found.start("two")}
    return [word for word in evidence.words if word.start in starts]


_CHOICE = re.compile(r"(?P<one>[\w'-]+) or (?:a |an |the |some )?(?P<two>[\w'-]+)", re.IGNORECASE)
_GIVEN = frozenset(map(stem, "include come receive get have contain choose offer serve give bring win cover consist".split()))


def _is_of_choice(sentence: Reading, evidence: Reading) -> bool:
    """Return whether the sentence gives both of what the statement gives one: "comes with soup or salad"."""
    frame = read_frame(evidence.text)
    if frame.force is not Force.FACT or frame.denied or not any(word.stem in _GIVEN for word in evidence.words):
        return False
    for found in _CHOICE.finditer(evidence.text):
        both = rf"\b{re.escape(found['one'])}\b[^.;]*\b(?:and|plus|as well as|both)\b[^.;]*\b{re.escape(found['two'])}\b"
        other = rf"\b{re.escape(found['two'])}\b[^.;]*\b(?:and|plus|as well as)\b[^.;]*\b{re.escape(found['one'])}\b"
        if re.search(f"{both}|{other}", sentence.text, re.IGNORECASE):
            return True
    return False


PRICED = frozenset(map(stem, "charge pay cost fee fine penalty surcharge owe bill levy deduct".split()))
"""Words that tell of a price that somebody pays."""


def find_denied_price(sentence: Reading, evidence: Reading, owner: Sequence[Word], everything: Sequence[Statement]) -> Iterator[Problem]:
    """Check that "costs nothing" denies a price and nothing else: returns that cost nothing are not returns that nobody accepts."""
    said, found = read_frame(put_equally(sentence.text)), read_frame(put_equally(evidence.text))
    priced = {word.stem for word in sentence.words} & PRICED
    if said.denied and not priced and read_frame(evidence.text).denied and not found.denied and len(evidence.segments) == 1:
        yield Problem(ProblemKind.NEGATION, "The passage denies only that it costs something.")


def tells(sentence: Reading, deed: Word) -> bool:
    """Return whether a sentence tells of a deed, from either of its two sides."""
    return any(alike(word, deed) or (word.stem, deed.stem) in CONVERSES for word in sentence.words)


_NOT_BUT = re.compile(r"\bnot (?P<one>[\w-]+),? but (?:is |are )?(?P<two>[\w-]+)(?=[,;.]|$)", re.IGNORECASE)


def find_denied_rest(sentence: Reading, evidence: Reading, owner: Sequence[Word], everything: Sequence[Statement]) -> Iterator[Problem]:
    """Check that "not" ends at "but": what is "not required but recommended" is recommended."""
    found = _NOT_BUT.search(evidence.text)
    if found and any(each.negative for each in sentence.segments):
        one, two = (next((word for word in evidence.words if word.start == found.start(name)), None) for name in ("one", "two"))
        if one and two and tells(sentence, two) and not tells(sentence, one):
            yield Problem(ProblemKind.NEGATION, f"The passage does not deny “{two.text}”.")


_WHO = re.compile(r"(?P<whom>[a-z][\w'-]+) (?:who|whose) (?P<which>[^,;.]+)")


def find_dropped_relative(
    sentence: Reading, evidence: Reading, owner: Sequence[Word], everything: Sequence[Statement]
) -> Iterator[Problem]:
    """Check that what holds for those who do something is not told of all of them: "free for members who book online"."""
    for found in _WHO.finditer(evidence.text):
        inside = [at for at, word in enumerate(evidence.words) if found.start("which") <= word.start < found.end()]
        whom = next((word for word in evidence.words if word.start == found.start("whom")), None)
        telling = [evidence.words[at] for at in inside if evidence.is_content(at)]
        if whom is None or not telling or not any(whom.stem == word.stem for word in sentence.words):
            continue
        if not any(alike(word, each) or may_stand_for(each, word) for word in telling for each in sentence.words):
            yield Problem(ProblemKind.CONDITION, f"The passage says “{found[0]}”, not all of them.")
            return


def find_dropped_limit(sentence: Reading, evidence: Reading, owner: Sequence[Word], everything: Sequence[Statement]) -> Iterator[Problem]:
    """Check that of two limits of different kinds, "four years, or 40,000 kilometres", none is left out."""
    said = {kind for each in sentence.figures if (kind := _find_kind(each))}
    if not said:
        return
    for whole in (read_statement(each.text) for each in everything if evidence.text in each.text and " or " in each.text):
        for one, two in pairwise(whole.figures):
            kinds = {_find_kind(one), _find_kind(two)}
            between = [word.text for word in whole.words[one.end : two.first]]  # "four years on batteries, or 40,000 kilometres"
            joined = "or" in between and len(between) < 6
            if joined and "" not in kinds and len(kinds) == 2 and len(said & kinds) == 1:
                yield Problem(ProblemKind.CONDITION, f"The passage says “{one.shown} or {two.shown}”.")
                return


def _find_kind(figure: Figure) -> str:
    measured = measure(figure)
    if measured is None:
        return figure.unit if figure.kind == Kind.MEASURE.value else ""
    return "time" if measured[0] == "months" else measured[0]


_NOT_WITHOUT = re.compile(r"\b(?:cannot|can not|can't|may not|must not) (?:be )?(?P<deed>\w+)\b[^,;.]*? without\b", re.IGNORECASE)
_MUST_DO = re.compile(r"\b(?:must|ha(?:s|ve) to|needs? to|shall) (?:be )?(?P<deed>\w+)", re.IGNORECASE)


def find_demanded_deed(sentence: Reading, evidence: Reading, owner: Sequence[Word], everything: Sequence[Statement]) -> Iterator[Problem]:
    """Check that what may not be done without something is no duty: guests who may not swim without a cap need not swim."""
    told, found = _MUST_DO.search(sentence.text), _NOT_WITHOUT.search(evidence.text)
    if told and found and stem(told["deed"].casefold()) == stem(found["deed"].casefold()):
        yield Problem(ProblemKind.MODALITY, f"The passage does not demand to “{told['deed']}”, but says with what.")


_WIDENING = frozenset("with for to as from into against by on in at during after before over under at".split())


def find_widened_denial(sentence: Reading, evidence: Reading, owner: Sequence[Word], everything: Sequence[Statement]) -> Iterator[Problem]:
    """Check that what is denied in part is not denied whole: what is never shared with advertisers may be shared with others."""
    if len(evidence.segments) != 1 or not evidence.segments[0].negative or not any(each.negative for each in sentence.segments):
        return
    verb = evidence.segments[0].verb
    for at in range((verb or 0) + 1, len(evidence.words) - 1):
        if evidence.words[at].text.casefold() not in _WIDENING:
            continue
        end = next(
            (each for each in range(at + 1, len(evidence.words)) if evidence.words[each].text.casefold() in PREPOSITIONS),
            len(evidence.words),
        )
        telling = [evidence.words[each] for each in range(at + 1, end) if not evidence.is_small(each) and each not in evidence.marked]
        said = any(alike(word, each) or covers(each, word) for word in telling for each in (*sentence.words, *owner))
        if telling and not said:
            part = f"{evidence.words[at].text} {telling[0].text}"
            yield Problem(ProblemKind.CONDITION, f"The passage denies this “{part}”, not altogether.")
            return


CLAUSE_VETOES = (
    find_other_bound,
    find_other_end,
    find_changed_force,
    find_granted_ban,
    find_excepted,
    find_shortened_list,
    find_denied_price,
    find_dropped_relative,
    find_dropped_limit,
    find_demanded_deed,
    find_denied_rest,
    find_widened_denial,
)
