"""Vetoes on what limits a whole statement: its condition, its source, the case in front of it, what is excepted, what a price is for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from .grammar import AUXILIARIES, BE, OURS, SMALL, is_past, is_verb
from .lexicon import look_up, may_name_people
from .marks import Mark
from .reading import Reading, Segment, show
from .statements import Statement
from .verdict import Problem, ProblemKind
from .word_kinds import is_weak
from .word_pairs import covers, may_stand_for
from .words import Word, alike, is_light, stem

_CONDITION = re.compile(
    r"\b(?:(?:only )?if|unless|(?:(?<=or )when|when(?:ever)?(?! \w+ing))|provid(?:ed|ing)(?: that| the| you| they| it)|"
    r"(?:as|so) long as|in case|on condition that|assuming|"
    r"(?<=prohibited )without|(?<=forbidden )without|(?<=banned )without)\b",
    re.IGNORECASE,
)

_CONDITIONAL = re.compile(
    r"\b(?:if|unless|when\w*|provid(?:ed|ing)|(?:as|so) long as|in case|once|without|who\w*|those|anyone|subject|depend\w*|"
    r"should|except|otherwise|condition\w*)\b|^\w{3,}ing\b",
    re.IGNORECASE,
)

_END = re.compile(r"[,;:.)]\s|[,;:.)]$")

_IDLE = frozenset("necessary possible needed wish like want prefer applicable any required available desired please".split())


def says(sentence: Reading, word: Word) -> bool:
    return any(alike(word, each) or covers(each, word) or may_stand_for(word, each) for each in sentence.words)


def _telling(reading: Reading, start: int, end: int) -> list[Word]:
    """Return the words between two places of the text that say something of their own."""
    return [
        word
        for at, word in enumerate(reading.words)
        if start <= word.start < end and not reading.is_small(at) and not is_light(word) and word.text.casefold() not in SMALL
    ]


def find_dropped_condition(
    sentence: Reading, evidence: Reading, owner: Sequence[Word], everything: Sequence[Statement]
) -> Iterator[Problem]:
    """Check that what holds under a condition is not told without one: "insured against theft provided that they are locked"."""
    if _CONDITIONAL.search(sentence.text):
        return  # it has one of its own, which the checks compare
    for found in _CONDITION.finditer(evidence.text):
        stop = _END.search(evidence.text, found.end())
        end = stop.start() if stop else len(evidence.text)
        main = next(
            (each for each in evidence.segments if each.verb is not None and not found.start() <= evidence.words[each.first].start < end),
            None,
        )
        if main is not None and _is_past(evidence, main):
            continue  # "when it opened" only dates what happened
        others = [word for word in evidence.words if not found.start() <= word.start < end]
        repeated = {word.text.casefold() for word in (*others, *owner)}
        telling = [
            word
            for at, word in enumerate(evidence.words)
            if found.end() <= word.start < end and word.text.casefold() not in SMALL | repeated
        ]
        free = [word for word in sentence.words if word.text.casefold() not in repeated]
        said = any(covers(each, word) or may_stand_for(word, each) for word in telling for each in free)
        if said or all(word.text.casefold() in _IDLE for word in telling):
            continue
        if _is_said_of_other(sentence, evidence, found.start(), end) or _is_of_next_deed(sentence, evidence, found.start()):
            continue
        yield Problem(ProblemKind.CONDITION, f"The passage says “{evidence.text[found.start() : end]}”: keep it.")
        return


def _is_of_next_deed(sentence: Reading, evidence: Reading, start: int) -> bool:
    """Return whether a condition is one of a second verb that the sentence does not tell: "is taken and returned when it is dry"."""
    before = [each for each in evidence.segments if evidence.words[each.first].start < start]
    if len(before) < 2 or before[-1].opener.lstrip(",") not in {"and", "but", ""}:
        return False
    words = evidence.words[before[-1].first : before[-1].end]
    return not any(alike(word, each) for word in words if word.text.casefold() not in SMALL for each in sentence.words)


def _is_past(evidence: Reading, segment: Segment) -> bool:
    return segment.verb is not None and segment.verb > segment.first and is_past(evidence.words[segment.verb])


def _is_said_of_other(sentence: Reading, evidence: Reading, start: int, end: int) -> bool:
    """Return whether the sentence is told between other semicolons or full stops than those of a condition."""
    first = max(evidence.text.rfind(mark, 0, start) for mark in ";.|")
    last = min((at for mark in ";.|" if (at := evidence.text.find(mark, end)) >= 0), default=len(evidence.text))
    told = [word for word in evidence.words if not is_light(word) and any(alike(word, each) for each in sentence.words)]
    return not any(first < word.start < last for word in told)


_CASE = re.compile(
    r"^(?:for|during|in|on|at|within|between|until|after|before|outside|under|from|over)\s(?P<case>[^,;:.]{3,90}),\s", re.IGNORECASE
)


def find_dropped_case(sentence: Reading, evidence: Reading, owner: Sequence[Word], everything: Sequence[Statement]) -> Iterator[Problem]:
    """Check that what holds in one case is not told of all: "for corporate stays, the price is subject to change"."""
    found = _CASE.search(evidence.text)
    if found is None or any(word.text.casefold() in OURS for word in evidence.words if word.start < found.end()):
        return
    main = next((each for each in evidence.segments if evidence.words[each.first].start >= found.end() - 1), None)
    if main is None or main.verb is None or _is_past(evidence, main):
        return
    rest = [word for word in evidence.words if word.start >= found.end()]
    telling = [
        word
        for word in _telling(evidence, found.start("case"), found.end("case"))
        if not is_weak(word) and not any(alike(word, each) for each in (*owner, *rest))
    ]
    told = [word for word in rest if not is_light(word) and any(alike(word, each) for each in sentence.words)]
    if telling and told and not any(says(sentence, word) for word in telling):
        yield Problem(ProblemKind.CONDITION, f"The passage says this “{found[0].rstrip(', ')}”: keep it.")


def find_dropped_source(sentence: Reading, evidence: Reading, owner: Sequence[Word], everything: Sequence[Statement]) -> Iterator[Problem]:
    """Check that somebody's word is not told as a fact: "the branch will survive, some councillors predicted"."""
    if len(evidence.segments) < 2 or evidence.segments[0].verb is None or any(sentence.find_marks(Mark.SAID)):
        return
    last = evidence.segments[-1]
    end = last.end - 1
    while end > last.first and evidence.words[end].text.casefold().endswith(("ly", "day")):
        end -= 1
    subject = [at for at in range(last.first, end) if not evidence.is_small(at)]
    source = (
        last.opener == ","
        and subject
        and is_past(evidence.words[end])
        and is_verb(evidence.words, end)
        and not any(evidence.words[at].text.casefold() in BE | {"has", "have", "had", "and"} for at in range(last.first, end))
        and not any(is_verb(evidence.words, at) for at in subject)
        and not any(last.holds(figure.first) for figure in evidence.figures)
    )
    if source and not any(alike(evidence.words[end], word) for word in sentence.words):
        yield Problem(ProblemKind.SOURCE, f"The passage says “{evidence.words[end].text}”: keep it.")


_EACH = re.compile(r"\b(?:each|every|per|apiece)\b|\bfor (?:any|both)\b", re.IGNORECASE)

_TOGETHER = re.compile(r"\b(?:one|a single|a total|the total|in total|altogether|together|a joint|a common)\b", re.IGNORECASE)

_FOR_ALL = re.compile(r"\b(?:for|of|covers?|from) (?:all|both)\b|\b(?:in total|altogether|together|total)\b", re.IGNORECASE)


def find_joined_count(sentence: Reading, evidence: Reading, owner: Sequence[Word], everything: Sequence[Statement]) -> Iterator[Problem]:
    """Check that what each one has is not told as one for all: "a deposit for each site"."""
    each, together = _EACH.search(evidence.text), _FOR_ALL.search(sentence.text)
    if not (each and together and _TOGETHER.search(sentence.text)):
        return
    if not (_EACH.search(sentence.text) or _FOR_ALL.search(evidence.text)):
        yield Problem(ProblemKind.QUANTIFIER, f"The passage says “{each[0]}”, not “{together[0]}”.")


_FOR_DEED = re.compile(
    r"^\W*(?P<sum>[$€£¥]?\d[\d.,]*\S*(?: [a-z]+)?) (?:to|for) (?P<deeds>(?:[a-z]+(?:/| or | and ))*[a-z]+)(?P<rest> .*)?$", re.IGNORECASE
)


def find_other_purpose(sentence: Reading, evidence: Reading, owner: Sequence[Word], everything: Sequence[Statement]) -> Iterator[Problem]:
    """Check that a price stays with the deed that it is for: "$8.50 to change a reservation" is not the price of one."""
    found = _FOR_DEED.search(evidence.text)
    if found is None or " to " not in evidence.text[: found.start("deeds")]:
        return
    deeds = [word for word in evidence.words if found.start("deeds") <= word.start < found.end("deeds")]
    deeds = [word for word in deeds if word.text.casefold() not in {"or", "and"}]
    if deeds and not any(says(sentence, word) for word in deeds):
        yield Problem(ProblemKind.PLACE, f"The passage says {found['sum']} to “{found['deeds']}”.")


_INSIDE = re.compile(r"\b(?:includ(?:e|es|ed|ing)|inclusive|incl)\b", re.IGNORECASE)

_ON_TOP = re.compile(
    r"\b(?:added|adds?|plus|on top|extra|additional|additionally|exclud\w+|excl|exclusive|before|net of|separate(?:ly)?)\b|\+",
    re.IGNORECASE,
)


def find_turned_inclusion(
    sentence: Reading, evidence: Reading, owner: Sequence[Word], everything: Sequence[Statement]
) -> Iterator[Problem]:
    """Check that what a price includes is not told as added to it, nor the other way round."""
    if any(each.negative for each in (*sentence.segments, *evidence.segments)):
        return
    for mine, theirs in ((_INSIDE, _ON_TOP), (_ON_TOP, _INSIDE)):
        told, found = mine.search(sentence.text), theirs.search(evidence.text)
        if told and found and not theirs.search(sentence.text) and not mine.search(evidence.text):
            yield Problem(ProblemKind.PLACE, f"The passage says “{found[0]}”.")
            return


_CHOICE = re.compile(
    r"(?P<one>[\w-]+)(?:,(?: [\w-]+){1,3}){0,2},? (?P<join>and|or) (?:an? |the |their |its )?(?P<two>[\w-]+)(?: (?P<three>[\w-]+))?"
)

_DUTY = re.compile(r"\b(?:must|ha(?:s|ve) to|needs?|requir\w+|necessary|shall)\b", re.IGNORECASE)


def find_other_choice(sentence: Reading, evidence: Reading, owner: Sequence[Word], everything: Sequence[Statement]) -> Iterator[Problem]:
    """Check that of what is demanded "a card and a passport" is not "a card or a passport", nor the other way round."""
    if not _DUTY.search(sentence.text) or any(each.negative for each in (*sentence.segments, *evidence.segments)):
        return
    for mine in _CHOICE.finditer(sentence.text):
        for theirs in _CHOICE.finditer(evidence.text):
            listed = [word for word in evidence.words if theirs.start() <= word.start < theirs.end()]
            same = all(_is_listed(sentence, [mine.start(name) for name in names], listed) for names in (("one",), ("two", "three")))
            if same and mine["join"] != theirs["join"]:
                yield Problem(ProblemKind.QUANTIFIER, f"The passage says “{theirs['join']}”, not “{mine['join']}”.")
                return


def _is_listed(sentence: Reading, starts: Sequence[int], listed: Sequence[Word]) -> bool:
    return any(alike(word, each) for word in sentence.words if word.start in starts for each in listed)


def find_exempt(sentence: Reading, evidence: Reading, owner: Sequence[Word], everything: Sequence[Statement]) -> Iterator[Problem]:
    """Check that what is excepted is not told as included: "daily (excluding Tuesdays)" is not on Tuesdays."""
    marks = list(evidence.find_marks(Mark.EXCEPT))
    if not marks or any(sentence.find_marks(Mark.EXCEPT, Mark.WITHOUT, Mark.NOT, Mark.REVERSE)):
        return
    main = [each for each in evidence.segments if not any(each.holds(first) for _, first, _ in marks)]
    if any(each.negative for each in main) or any(evidence.find_marks(Mark.NOT, Mark.REVERSE)):
        return
    for at in sorted(evidence.without):
        word = evidence.words[at]
        again = any(each.stem == word.stem for other, each in enumerate(evidence.words) if other not in evidence.without)
        told = re.match(r"(?: [\w-]+){0,3},? (?:which|who|that|whose)\b", evidence.text[word.end :])  # "except dogs, which are free"
        if not again and not told and not is_light(word) and any(alike(word, each) for each in sentence.words):
            yield Problem(ProblemKind.CONDITION, f"The passage excepts “{word.text}”.")
            return


def find_dropped_participle(
    sentence: Reading, evidence: Reading, owner: Sequence[Word], everything: Sequence[Statement]
) -> Iterator[Problem]:
    """Check that what holds for things of a kind is not told of all: "applications found to be fraudulent will be denied"."""
    for segment in evidence.segments:
        for at in range(segment.first + 1, segment.verb or 0):
            noun, word = evidence.words[at - 1], evidence.words[at]
            if not (is_past(word) and is_verb(evidence.words, at)) or word.text.casefold() in AUXILIARIES or evidence.is_small(at - 1):
                continue
            telling = [each for each in evidence.words[at : segment.verb] if each.text.casefold() not in SMALL and not is_light(each)]
            told = any(alike(noun, each) for each in sentence.words)
            if told and telling and not any(says(sentence, each) for each in telling):
                yield Problem(ProblemKind.CONDITION, f"The passage says this of those “{show(evidence, at, segment.verb or at + 1)}”.")
                return


_SUBJECT_TO = re.compile(r"\bsubject to (?P<what>[a-z]+)", re.IGNORECASE)
_MAYBE = re.compile(r"\b(?:subject|may|might|can|could|possib\w+|depend\w*|sometimes|vary|varies|if)\b", re.IGNORECASE)


def find_dropped_reserve(sentence: Reading, evidence: Reading, owner: Sequence[Word], everything: Sequence[Statement]) -> Iterator[Problem]:
    """Check that what is "subject to change" is not told to change."""
    found = _SUBJECT_TO.search(evidence.text)
    if found and not _MAYBE.search(sentence.text) and any(word.stem == stem(found["what"]) for word in sentence.words):
        yield Problem(ProblemKind.MODALITY, f"The passage says “{found[0]}”: keep it.")


_LABEL = re.compile(r"^(?P<whom>[^:–—.!?]{2,40}?)(?::|\s[–—])\s")


def find_dropped_label(sentence: Reading, evidence: Reading, owner: Sequence[Word], everything: Sequence[Statement]) -> Iterator[Problem]:
    """Check that whom a line names in front of its colon is named: "beginners: first lesson half price" is not for all."""
    if (found := _LABEL.match(evidence.text)) is None:
        return
    label = [at for at, word in enumerate(evidence.words) if word.end <= found.end("whom") and not evidence.is_small(at)]
    limits = any(evidence.words[at].text.casefold() == "only" or may_name_people(evidence.words[at].text.casefold()) for at in label)
    said = any(
        alike(evidence.words[at], word) or may_stand_for(evidence.words[at], word) for at in label for word in (*sentence.words, *owner)
    )
    if limits and not said:
        yield Problem(ProblemKind.CONDITION, f"The passage says this of “{found['whom']}”.")


def find_dropped_comparison(
    sentence: Reading, evidence: Reading, owner: Sequence[Word], everything: Sequence[Statement]
) -> Iterator[Problem]:
    """Check that what is more so than something else is not told to be so: "a stronger glue" is not "a strong glue"."""
    for word in sentence.words:
        low = word.text.casefold()
        more = {f"{low}er", f"{low}r", f"{low}{low[-1:]}er", f"{low[:-1]}ier"}
        if len(low) < 3 or any(each.text.casefold() == low for each in evidence.words):
            continue
        found = next(
            (each for at, each in enumerate(evidence.words) if each.text.casefold() in more and at + 2 not in evidence.figured), None
        )
        if found is not None and any(part in "ar" for entry in look_up(word) for part, _ in entry.senses):
            yield Problem(ProblemKind.COMPARISON, f"The passage says “{found.text}”.")
            return


LIMIT_VETOES = (
    find_dropped_label,
    find_dropped_comparison,
    find_dropped_condition,
    find_dropped_case,
    find_dropped_participle,
    find_dropped_reserve,
    find_dropped_source,
    find_joined_count,
    find_other_purpose,
    find_turned_inclusion,
    find_other_choice,
    find_exempt,
)
