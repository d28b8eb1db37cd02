"""Vetoes on what limits a whole statement: its condition, its source, the case in front of it, what a price is for, and who it is of."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from .grammar import AUXILIARIES, BE, OURS, PREPOSITIONS, SMALL, is_past, is_verb
from .lexicon import are_opposites, names_people
from .marks import Mark
from .reading import Reading, Segment, read_statement
from .statements import Form, Statement
from .verdict import Problem, ProblemKind
from .word_kinds import is_weak
from .word_pairs import CONVERSES, covers, may_stand_for
from .words import Word, alike, is_light, opposite, read_irregular, stem

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


def _says(sentence: Reading, word: Word) -> bool:
    return any(alike(word, each) or covers(each, word) or may_stand_for(word, each) for each in sentence.words)


def _is_person(word: Word) -> bool:
    low = word.text.casefold()
    return names_people(read_irregular().get(low, low))


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
    if telling and told and not any(_says(sentence, word) for word in telling):
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


_SHE = frozenset("they he she it".split())


def find_split_party(sentence: Reading, evidence: Reading, owner: Sequence[Word], everything: Sequence[Statement]) -> Iterator[Problem]:
    """Check that one who does two things does not become two: "if pupils leave early they pay" is not "if teachers leave, pupils pay"."""
    heads = [head for each in sentence.segments if (head := _find_head(sentence, each)) and _is_person(head)]
    theirs = [word for word in evidence.words if _is_person(word) or word.text.casefold() in {"you", "we", "i", "us", "our", "your"}]
    for one in heads:
        if not theirs or any(one.stem == word.stem for word in owner) or any(may_stand_for(one, word) for word in theirs):
            continue
        rivals = [each for each in heads if each.stem != one.stem and any(may_stand_for(each, word) for word in theirs)]
        if rivals:
            yield Problem(ProblemKind.ROLE, f"The passage does not say this of “{one.text}”.")
            return


def _find_head(reading: Reading, segment: Segment) -> Word | None:
    """Return the last word of a segment's subject."""
    if segment.verb is None:
        return None
    at = next(
        (each for each in range(segment.first + 1, segment.verb) if reading.words[each].text.casefold() in PREPOSITIONS), segment.verb
    )
    return next(
        (
            reading.words[each]
            for each in range(at - 1, segment.first - 1, -1)
            if reading.is_content(each) and not is_weak(reading.words[each])
        ),
        None,
    )


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
    if deeds and not any(_says(sentence, word) for word in deeds):
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


_PARTICLES = frozenset("in out off up down on over away back".split())
_JOINED_VERB = re.compile(
    r"\b(?P<verb>[a-z]{3,})(?:-|(?<=e) |(?<=k) |(?<=g) |(?<=p) |(?<=y) |(?<=n) )(?P<way>in|out|off|up|down|over|away)\b", re.IGNORECASE
)


def find_other_particle(sentence: Reading, evidence: Reading, owner: Sequence[Word], everything: Sequence[Statement]) -> Iterator[Problem]:
    """Check that check-out is not told as check-in."""
    theirs: dict[str, set[str]] = {}
    for found in _JOINED_VERB.finditer(evidence.text):
        theirs.setdefault(stem(found["verb"].casefold()), set()).add(found["way"].casefold())
    for found in _JOINED_VERB.finditer(sentence.text):
        ways = theirs.get(stem(found["verb"].casefold()))
        if ways and found["way"].casefold() not in ways:
            yield Problem(ProblemKind.WORD, f"The passage does not say “{found[0]}”.")
            return


def find_attributed_state(
    sentence: Reading, evidence: Reading, owner: Sequence[Word], everything: Sequence[Statement]
) -> Iterator[Problem]:
    """Check that what only names another thing is no state: test days like the "Free First Days" are not free."""
    last = len(sentence.words) - 1
    if last < 1 or len(sentence.segments) != 1 or sentence.words[last - 1].text.casefold() not in BE:
        return
    state = sentence.words[last]
    places = [at for at, word in enumerate(evidence.words) if word.stem == state.stem]
    attributes = [
        at
        for at in places
        if at + 1 < len(evidence.words)
        and evidence.words[at].text[:1].isupper()
        and evidence.words[at + 1].text[:1].isupper()
        and not (at and evidence.words[at - 1].text.casefold() in BE)
    ]
    if places and attributes == places:
        after = evidence.words[places[0] + 1]
        yield Problem(ProblemKind.PLACE, f"The passage says “{state.text}” of “{after.text}”.")


_AGED = re.compile(
    r"(?P<who>[a-z]+),? (?:who (?:is|are) )?(?:aged|of|over|under|younger than|older than)(?: (?:at least|over|under|the age of|age))* \d+",
    re.IGNORECASE,
)


def find_other_age(sentence: Reading, evidence: Reading, owner: Sequence[Word], everything: Sequence[Statement]) -> Iterator[Problem]:
    """Check that the age of one is not told of another: children "accompanied by a person aged at least 16" are not 16."""
    for figure in sentence.figures:
        mine = [word for word in sentence.words[: figure.first] if _is_person(word)][-1:]
        theirs = [
            word
            for found in _AGED.finditer(evidence.text)
            if str(figure.value) in found[0].split()[-1]
            for word in evidence.words
            if word.start == found.start("who") and _is_person(word)
        ]
        if mine and theirs and not any(alike(mine[0], word) for word in theirs) and any(alike(mine[0], word) for word in evidence.words):
            yield Problem(ProblemKind.SUBJECT, f"The passage says {figure.shown} of “{theirs[0].text}”.")
            return


def find_turned_address(sentence: Reading, evidence: Reading, owner: Sequence[Word], everything: Sequence[Statement]) -> Iterator[Problem]:
    """Check that what "you" do to somebody is not told as done to you: "you inform the office" is not "the office informs you"."""
    first = sentence.segments[0]
    theirs = evidence.segments[0]
    if first.verb is None or theirs.verb is None or first.passive != theirs.passive:
        return
    who = evidence.words[theirs.first].text.casefold()
    head = _find_head(sentence, first)
    if who not in {"you", "we", "they"} or theirs.verb > theirs.first + 2 or head is None or any(head.stem == each.stem for each in owner):
        return
    turned = any(word.text.casefold() == who for word in sentence.words[first.verb :]) or (
        who == "we" and any(word.text.casefold() in OURS for word in sentence.words[first.verb :])
    )
    places = [at for at, word in enumerate(evidence.words) if word.stem == head.stem]
    same = any(
        word.stem == sentence.words[at].stem for at in range(first.verb, first.end) if sentence.is_content(at) for word in evidence.words
    )
    if turned and same and places and all(at > theirs.verb for at in places):
        yield Problem(ProblemKind.ROLE, f"The passage says this of “{who}”.")


_BOUNDING = (
    ("minimum", "maximum"), ("min", "max"), ("plus", "minus"), ("over", "under"), ("above", "below"), ("before", "after"),
    ("smallest", "largest"), ("lowest", "highest"), ("earliest", "latest"), ("youngest", "oldest"), ("first", "last"), ("with", "without"),
)  # fmt: skip
_OTHER_BOUND = {one: other for pair in _BOUNDING for one, other in (pair, pair[::-1])}


def find_turned_word(sentence: Reading, evidence: Reading, owner: Sequence[Word], everything: Sequence[Statement]) -> Iterator[Problem]:
    """Check that no word stands where the passage has its opposite: short-term for long-term, plus for minus."""
    if any(evidence.find_marks(Mark.EXCEPT, Mark.REVERSE)):
        return  # "closed except on Sundays"
    mine, theirs = {word.text.casefold() for word in sentence.words}, {word.text.casefold() for word in evidence.words}
    for at, word in enumerate(sentence.words):
        low = word.text.casefold()
        if low in theirs or any(word.stem == each.stem for each in evidence.words):
            continue
        turned = next((each for each in evidence.words if _is_turned(word, each) and each.text.casefold() not in mine), None)
        if turned is None or _is_denied(sentence, at) != _is_denied(evidence, evidence.words.index(turned)):
            continue
        if not _is_said_apart(sentence, evidence, at, turned):
            yield Problem(ProblemKind.WORD, f"The passage says “{turned.text}”, not “{word.text}”.")
            return


def _is_turned(word: Word, other: Word) -> bool:
    one, two = word.text.casefold(), other.text.casefold()
    return _OTHER_BOUND.get(one) == two or (
        not alike(word, other)
        and (word.stem, other.stem) not in CONVERSES
        and one not in SMALL
        and two not in SMALL
        and are_opposites(word, other)
        and opposite(word, other)
    )


def _is_denied(reading: Reading, at: int) -> bool:
    return reading.segments[reading.segment_of[at]].negative


def _is_said_apart(sentence: Reading, evidence: Reading, at: int, turned: Word) -> bool:
    """Return whether what stands beside two opposites differs: a bound of another figure, a word of another thing."""
    near = [
        each for each in sentence.words[max(0, at - 2) : at + 3] if each.text.casefold() not in SMALL and each is not sentence.words[at]
    ]
    place = evidence.words.index(turned)
    there = evidence.words[max(0, place - 2) : place + 3]
    return not any(alike(one, other) for one in near for other in there)


_OWNED = re.compile(r"(?P<name>[A-Z][\w-]+)['’]s (?P<what>(?:[a-z][\w-]+ ?)+)")


def find_owned_part(sentence: Reading, evidence: Reading, owner: Sequence[Word], everything: Sequence[Statement]) -> Iterator[Problem]:
    """Check that what is told of a thing of somebody is not told of them: who buys "Ralston's cereal business" does not buy Ralston."""
    for found in _OWNED.finditer(evidence.text):
        name = found["name"]
        bare = re.findall(rf"\b{re.escape(name)}\b(?!['’])", evidence.text)
        if bare or not re.search(rf"\b{re.escape(name)}\b(?!['’])", sentence.text) or any(name == word.text for word in owner):
            continue
        things = [word for word in evidence.words if found.start("what") <= word.start < found.end() and not is_light(word)]
        if things and not any(_says(sentence, word) for word in things[:3]):
            yield Problem(ProblemKind.PLACE, f"The passage says this of “{found[0].strip()}”.")
            return


_RANK = re.compile(r"\b(?:first|only|last|[a-z]{2,}est|most|best|worst)\b", re.IGNORECASE)


def find_widened_rank(sentence: Reading, evidence: Reading, owner: Sequence[Word], everything: Sequence[Statement]) -> Iterator[Problem]:
    """Check that the first of a kind is not told as the first of all: "the first practical sewing machine"."""
    for found in _RANK.finditer(sentence.text):
        rank = next(word for word in sentence.words if word.start <= found.start() < word.end)
        after = sentence.words[sentence.words.index(rank) + 1 : sentence.words.index(rank) + 2]
        place = next((at for at, word in enumerate(evidence.words) if word.text.casefold() == rank.text.casefold()), None)
        if place is None or not after or (is_verb(sentence.words, sentence.words.index(after[0])) and not after[0].text.endswith("ing")):
            continue
        at = place + 1
        while at < len(evidence.words) and evidence.is_content(at):
            if any(alike(evidence.words[at], word) for word in after):
                break
            if not _says(sentence, evidence.words[at]) and any(alike(after[0], word) for word in evidence.words[at + 1 : at + 4]):
                yield Problem(ProblemKind.COMPARISON, f"The passage says “{rank.text} {evidence.words[at].text}”.")
                return
            at += 1


def find_turned_sides(sentence: Reading, evidence: Reading, owner: Sequence[Word], everything: Sequence[Statement]) -> Iterator[Problem]:
    """Check that two names or things keep their sides of a verb: who bought whom, what may not exceed what."""
    for segment in sentence.segments:
        verb = _find_deed(sentence, segment)
        if verb is None or segment.passive:
            continue
        place = next((at for at, word in enumerate(evidence.words) if _is_same_deed(sentence.words[verb], evidence, at)), None)
        if place is None:
            continue
        before, after = (
            {sentence.words[at].stem for at in places if not sentence.is_small(at)}
            for places in (range(segment.first, verb), range(verb + 1, segment.end))
        )
        end = evidence.segments[evidence.segment_of[place]].end
        left, right = ({word.stem for word in words} for words in (evidence.words[:place], evidence.words[place + 1 : end]))
        before, after = before - after, after - before
        if before and before <= right - left and after & (left - right):
            yield Problem(ProblemKind.ROLE, f"In the passage “{sentence.words[verb].text}” is said the other way round.")
            return


def _find_deed(reading: Reading, segment: Segment) -> int | None:
    places = range(segment.verb, segment.end) if segment.verb is not None else range(0)
    return next((at for at in places if is_verb(reading.words, at) and reading.words[at].text.casefold() not in AUXILIARIES), None)


def _is_same_deed(deed: Word, evidence: Reading, at: int) -> bool:
    """Return whether the word at a place is the same verb, and something does it."""
    active = not any(each.text.casefold() in BE for each in evidence.words[max(0, at - 2) : at])
    return active and evidence.words[at].stem == deed.stem and is_verb(evidence.words, at)


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


def find_said_otherwise(sentence: Reading, evidence: Reading, owner: Sequence[Word], everything: Sequence[Statement]) -> Iterator[Problem]:
    """Check that no other statement says the same in the same words with another figure: "1959: it goes public"."""
    told = [word for at, word in enumerate(sentence.words) if sentence.is_content(at) and not any(word.stem == each.stem for each in owner)]
    own = {word.stem for word in evidence.words}
    missing = [word for word in told if word.stem not in own]
    if not missing or len(told) < 2 or len(sentence.figures) != 1:
        return
    mine = sentence.figures[0]
    for other in everything:
        if other.form is Form.ROW or other.text in evidence.text or evidence.text in other.text:
            continue
        reading = read_statement(other.text)
        theirs = [each for each in reading.figures if each.kind == mine.kind]
        stems = {word.stem for word in reading.words}
        if theirs and all(word.stem in stems for word in told) and not any(each.value == mine.value for each in theirs):
            yield Problem(ProblemKind.NUMBER, f"The passage says {theirs[0].shown} of this.")
            return


LIMIT_VETOES = (
    find_turned_word,
    find_owned_part,
    find_widened_rank,
    find_turned_sides,
    find_other_choice,
    find_exempt,
    find_said_otherwise,
    find_dropped_condition,
    find_dropped_case,
    find_dropped_source,
    find_split_party,
    find_joined_count,
    find_other_purpose,
    find_turned_inclusion,
    find_other_particle,
    find_attributed_state,
    find_other_age,
    find_turned_address,
)
