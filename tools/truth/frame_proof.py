"""Whether the frame of a statement says all that the frame of a sentence says, and nothing that limits it is lost."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from .grammar import CONDITIONAL, DETERMINERS, OURS, PREPOSITIONS, is_verb
from .lexicon import are_opposites, names_people
from .matching import PRECISE, differs_by_prefix
from .plain_frames import BaseFigure, Force, Frame, read_frame
from .word_kinds import DEALS, frames_of, is_any_business, is_weak
from .word_pairs import covers, may_stand_for
from .words import Word, alike, is_light, opposite, stem, tokenize

_ANYBODY = frozenset(
    map(
        stem,
        "you everyone everybody anyone person people individual participant patron guest customer client visitor user whoever "
        "patient".split(),
    )
)
_TAIL = re.compile(
    r",? \b(?:because|since it|since this|as it|as this|so that|in order to|for your (?:convenience|safety|own \w+)|"
    r"to (?:allow|ensure|make|secure|help|enable|avoid|hold|reserve|keep|protect|guarantee))\b.*$",
    re.IGNORECASE,
)
_JOINED = re.compile(r"\b(?:and|or)\b|&|/", re.IGNORECASE)
_LISTED = re.compile(r",|;|/|\band\b|\bor\b|&|\bas well as\b", re.IGNORECASE)


_FREED = frozenset(
    {
        ("only", "found"),
        ("all", "found"),
        ("inside", "said"),
        ("inside", "found"),
        ("extra", "found"),
        ("until", "said"),
        ("until", "found"),
    }
)
"""Flags that one side may have alone: what is only so is so, what holds of all holds."""
_ENDING = frozenset(map(stem, "stop end close cease discontinue shut drop abandon".split()))
_IF = re.compile(
    r"\b(?:if|unless|provided|as long as|when|where|once|whoever|subject to|depending|upon|with less than|with more than)\b", re.IGNORECASE
)
_MAYBE = re.compile(r"\b(?:may|might|could)\b", re.IGNORECASE)
_CHARGED = re.compile(r"\b(?:fees?|charges?|charged|surcharge|extra|plus|additional)\b|\+", re.IGNORECASE)
_WHERE = frozenset("in at of near outside within around for on".split())
_LOADED = frozenset(map(stem, "ask request want wish plan hope need expect receive choose stand limit owner".split()))
"""Words that weigh little where words are counted, and change what a frame says."""


@dataclass(frozen=True, slots=True)
class Passage:
    """What the passage lends a statement: whose it is, what it calls its owner, its headings, ordinary words that are names in it."""

    owner: tuple[Word, ...] = ()
    own: frozenset[str] = frozenset()
    context: tuple[Word, ...] = ()
    names: frozenset[str] = frozenset()
    elsewhere: frozenset[str] = frozenset()  # stems of its other statements


def says_as_much(sentence: str, statement: str, passage: Passage) -> list[str]:
    """Return why a statement does not say what a sentence says; empty where it does."""
    tries = dict.fromkeys((statement, _TAIL.sub("", statement)))
    return min((list(_find_gaps(read_frame(sentence), read_frame(each), passage)) for each in tries), key=len)


def _find_gaps(said: Frame, found: Frame, passage: Passage) -> Iterator[str]:
    pairs, flips = _pair_words(said, found), 0
    verbless = not any(_is_verb(found, at) for at in range(len(found.words)))
    for at in said.content:
        word = said.words[at]
        if at in pairs:
            continue
        if said.denied and not found.denied and (place := _find_opposite(word, found)) is not None:
            pairs[at] = place
            flips += 1
        elif (_is_framing(word, said, found, passage) and not (is_weak(word) and word.stem in passage.elsewhere)) or any(
            alike(word, each) or covers(word, each) for each in passage.context
        ):
            continue
        elif not (verbless and _is_verb(said, at) and word.stem not in PRECISE and not said.denied):
            yield f"word {word.text}"
    lost = [
        at
        for at in found.content
        if at not in pairs.values()
        and not _is_framing(found.words[at], found, said, passage)
        and not any(found.words[at].stem == each.stem for each in said.words)
        and not _is_listed(found, at, pairs)
        and not _is_part_of_name(found, at, pairs)
    ]
    if said.denied and not found.denied and not flips and any(found.words[at].stem in _ENDING for at in lost):
        flips += 1
        lost = [at for at in lost if found.words[at].stem not in _ENDING]
    if _has_other_words(said, found, pairs):
        yield "words"
    yield from (f"lost {found.words[at].text}" for at in lost)
    yield from _compare_forces(said, found, flips)
    missing, other = _find_left(said, found)
    yield from (f"measure {each.value} {each.bound} {each.kind}" for each in missing)
    yield from (f"other {each.value} {each.kind}" for each in other)
    yield from _compare_flags(said, found)
    if not _keeps_conditions(said, found, pairs):
        yield "condition"
    if _has_other_doer(said, found):
        yield "doer"
    if not _keeps_order(said, found, pairs):
        yield "order"


def _has_other_words(said: Frame, found: Frame, pairs: Mapping[int, int]) -> bool:
    """Return whether both have a word of little weight that the other does not say: "results are sent" is not "bills are sent"."""
    prices = frames_of("money") if said.priced and found.priced else frozenset[str]()
    mine, theirs = (
        [
            frame.words[at]
            for at in frame.content
            if at not in used and is_weak(frame.words[at]) and not is_light(frame.words[at]) and frame.words[at].stem not in prices
        ]
        for frame, used in ((said, pairs.keys()), (found, pairs.values()))
    )
    return bool(mine and theirs) and not any(may_stand_for(one, other) for one in mine for other in theirs)


def _has_other_doer(said: Frame, found: Frame) -> bool:
    """Return whether "we" do something in the statement that the sentence says of customers: "we pay for repairs"."""
    mine, theirs = (_find_opening(each) for each in (said, found))
    ours = any(word in OURS for word in theirs)
    theirs_alone = any(stem(word) in _ANYBODY for word in theirs) and not any(stem(word) in _ANYBODY or names_people(word) for word in mine)
    return (ours and any(stem(word) in _ANYBODY for word in mine)) or (theirs_alone and any(word in _US for word in mine))


def _find_opening(frame: Frame) -> list[str]:
    """Return the first words before the verb, up to the first that says something."""
    verb = next((at for at in range(len(frame.words)) if _is_verb(frame, at)), 0)
    first = next((at for at in range(verb) if frame.words[at].text.casefold() not in DETERMINERS), 0)
    return [word.text.casefold() for word in frame.words[first : min(first + 1, verb)]]


_US = frozenset("company firm business shop".split())


def _is_verb(frame: Frame, at: int) -> bool:
    return is_verb(frame.words, at)


def _pair_words(said: Frame, found: Frame) -> dict[int, int]:
    """Return the place in the statement of each word that it says: first those of the same stem, those that may stand for others last."""
    pairs = dict[int, int]()
    for test in (_is_same_word, _is_alike, _is_covered, _is_rephrased):
        for at in said.content:
            if at not in pairs and (said.words[at].stem not in PRECISE or test in {_is_same_word, _is_alike}):
                taken = set(pairs.values())
                free = (each for each in found.content if each not in taken and not _excludes(said.words[at], found.words[each]))
                place = next((each for each in free if test(said, at, found.words[each])), None)
                if place is not None:
                    pairs[at] = place
    return pairs


def _is_same_word(said: Frame, at: int, other: Word) -> bool:
    return said.words[at].stem == other.stem


def _is_alike(said: Frame, at: int, other: Word) -> bool:
    return not _is_name(said, at) and alike(said.words[at], other)


def _is_covered(said: Frame, at: int, other: Word) -> bool:
    if _is_name(said, at) or other.text[:1].isupper() or _is_subject(said, at):
        return False
    return covers(other, said.words[at]) if said.denied else covers(said.words[at], other)


def _is_rephrased(said: Frame, at: int, other: Word) -> bool:
    word = said.words[at]
    fair = not _is_name(said, at) and may_stand_for(word, other)
    return fair and (alike(word, other) or not _is_subject(said, at) or not covers(word, other))


def _is_name(frame: Frame, at: int) -> bool:
    return frame.words[at].text[:1].isupper() and at > 0


def _is_subject(said: Frame, at: int) -> bool:
    """Return whether a word stands before the verb of what is not denied: "brioche is baked with butter" does not say that bread is."""
    return not said.denied and not any(_is_verb(said, each) for each in range(at))


def _excludes(word: Word, other: Word) -> bool:
    return word.stem != other.stem and (opposite(word, other) or are_opposites(word, other) or differs_by_prefix(word, other))


def _find_opposite(word: Word, found: Frame) -> int | None:
    if word.stem in DEALS:  # who does not sell may not rent out either
        return None
    return next((at for at in found.content if opposite(word, found.words[at]) or differs_by_prefix(word, found.words[at])), None)


def _is_framing(word: Word, frame: Frame, other: Frame, passage: Passage) -> bool:
    """Return whether a word of one frame says nothing that the other would have to say."""
    if any(word.stem == each.stem for each in passage.owner):
        return True
    if word.stem in _LOADED or word.text in passage.names or (word.text[:1].isupper() and word.start > 0):
        return False
    if (
        is_light(word)
        or is_weak(word)
        or word.stem in _ANYBODY
        or (word.text.islower() and (word.stem in passage.own or is_any_business(word)))
    ):
        return True
    if frame.priced or other.priced:
        return word.stem in frames_of("money")
    return any(word.stem in frames_of(unit) for each in (frame, other) for unit in each.units)


def _compare_forces(said: Frame, found: Frame, flips: int) -> Iterator[str]:
    if abs(said.denials - found.denials) > 1 or said.denied != (found.denied if flips % 2 == 0 else not found.denied):
        yield "denied"
    pair = (said.force, found.force)
    if said.force is found.force or (pair == (Force.LEAVE, Force.FACT) and not said.denied) or flips:
        return
    priced = said.priced and found.priced and not said.denied
    if priced and pair in {(Force.FACT, Force.DUTY), (Force.DUTY, Force.FACT)}:
        return
    if priced and pair == (Force.FACT, Force.LEAVE) and _CHARGED.search(found.text) and not _MAYBE.search(found.source):
        return
    if pair == (Force.LEAVE, Force.DUTY) and not said.denied and "only" in said.flags and _is_demanded(said, found):
        return
    if pair == (Force.DUTY, Force.FACT) and re.search(r"\bmin(?:imum|\.)", found.source, re.IGNORECASE):
        return
    yield f"force {said.force} {found.force}"


def _is_demanded(said: Frame, found: Frame) -> bool:
    """Return whether what is "only" allowed is what the duty demands: "can apply only online" of "applications must be made online"."""
    at = next((place for place, word in enumerate(said.words) if word.text.casefold() == "only"), len(said.words))
    focus = next((word for word in said.words[at + 1 :] if word.text.casefold() not in PREPOSITIONS | DETERMINERS), None)
    demanded = re.search(r"\b(?:must|have to|has to)\b(?P<what>.*)", found.source, re.IGNORECASE)
    last = [word for word in tokenize(demanded["what"]) if not is_light(word) and not is_weak(word)][-1:] if demanded else []
    return focus is not None and any(alike(focus, word) for word in last)


def _compare_flags(said: Frame, found: Frame) -> Iterator[str]:
    for flag in said.flags ^ found.flags:
        side = "said" if flag in said.flags else "found"
        if flag == "only" and side == "said" and found.force is Force.DUTY and said.force is Force.LEAVE:
            continue  # what is only allowed so is demanded: see _is_demanded
        if flag == "extra" and side == "said" and _CHARGED.search(found.text):
            continue
        if flag == "all" and side == "said" and (found.force in {Force.DUTY} or found.denied):
            continue
        if (flag, side) not in _FREED:
            yield f"flag {flag}"


def _keeps_conditions(said: Frame, found: Frame, pairs: Mapping[int, int]) -> bool:
    """Return whether the sentence says something of each condition of the statement."""
    used = {found.words[place].start for place in pairs.values()}
    for each in _IF.finditer(found.text):
        end = next((stop.start() for stop in re.finditer(r"[,;.]", found.text) if stop.start() > each.start()), len(found.text))
        if not any(each.start() <= start < end for start in used):
            return False
    return bool(_IF.search(found.text)) or not re.search(r"\b(?:unless|until)\b", said.text, re.IGNORECASE) or "until" in found.flags


def _keeps_order(said: Frame, found: Frame, pairs: Mapping[int, int]) -> bool:
    """Return whether names and people stand in one order, and what is before or after what."""
    places = [
        pairs[at]
        for at in sorted(pairs)
        if (said.words[at].text[:1].isupper() or names_people(said.words[at].text.casefold()))
        and not (at and said.words[at - 1].text.casefold() in _WHERE and found.words[pairs[at] - 1].text.casefold() in _WHERE)
    ]
    ordered = [pairs[at] for at in sorted(pairs)] if {"before", "after"} & said.flags and not said.measures else places
    return ordered == sorted(ordered)


def _find_left(said: Frame, found: Frame) -> tuple[list[BaseFigure], list[BaseFigure]]:
    left, missing = list(found.measures), list[BaseFigure]()
    for each in said.measures:
        hit = next((other for other in left if _is_same(each, other)), None)
        if hit is None:
            missing.append(each)
        else:
            left.remove(hit)
    return missing, left


def _is_same(mine: BaseFigure, other: BaseFigure) -> bool:
    return (
        mine.value == other.value
        and mine.bound == other.bound
        and mine.kind == other.kind
        and all(any(_is_one_unit(one, each) for one in mine.per) for each in other.per)
    )


def _is_one_unit(one: str, other: str) -> bool:
    ours, theirs = tokenize(one), tokenize(other)
    return one == other or (bool(ours and theirs) and (alike(ours[0], theirs[0]) or {ours[0].stem, theirs[0].stem} <= _ANYBODY))


def _is_listed(found: Frame, at: int, pairs: Mapping[int, int]) -> bool:
    """Return whether a word stands alone among things that are listed: "shoes, glasses and badges must be removed"."""
    if found.denied and re.search(r"\bneither\b", found.text):
        return False
    parts = _cut_list(found.text)
    used = [found.words[place].start for place in pairs.values()]
    alone = [_is_item(found, part, used) for part in parts]
    here = next((number for number, (start, end) in enumerate(parts) if start <= found.words[at].start < end), None)
    if here is None:
        return False
    if not alone[here]:
        return _is_beside_item(found, at, parts[here], used)
    left, right = here, here
    while left > 0 and alone[left]:
        left -= 1
    while right + 1 < len(parts) and alone[right]:
        right += 1
    said = [each for each in (left, right) if any(parts[each][0] <= start < parts[each][1] for start in used)]
    # "Joan Calder, a former teacher, runs the mill" is no list
    return any(_JOINED.search(found.text[parts[min(each, here)][0] : parts[max(each, here)][1]]) for each in said)


def _is_item(found: Frame, part: tuple[int, int], used: Sequence[int]) -> bool:
    """Return whether a part between commas is a thing and nothing more, and is not said."""
    words = [word.text.casefold() for word in found.words if part[0] <= word.start < part[1]]
    return (
        0 < len(words) < 4
        and not any(word in PREPOSITIONS | CONDITIONAL | {"not"} for word in words)
        and not any(part[0] <= start < part[1] for start in used)
    )


def _is_beside_item(found: Frame, at: int, part: tuple[int, int], used: Sequence[int]) -> bool:
    """Return whether a word is the last thing of a list and begins the rest of the clause: "bottles or containers are not permitted"."""
    first = next(number for number, word in enumerate(found.words) if word.start >= part[0])
    return (
        first == at > 0
        and found.words[at - 1].text.casefold() in {"or", "and"}
        and any(found.words[at - 2].start == start for start in used)
    )


def _cut_list(text: str) -> list[tuple[int, int]]:
    cuts = [0, *(place for each in _LISTED.finditer(text) for place in each.span()), len(text)]
    return [(start, end) for start, end in zip(cuts[::2], cuts[1::2], strict=True) if text[start:end].strip()]


def _is_part_of_name(found: Frame, at: int, pairs: Mapping[int, int]) -> bool:
    """Return whether a word is a part of a name of which the sentence says another part, or names somebody whom it says by kin."""
    if not found.words[at].text[:1].isupper() or at == 0:
        return False
    return any(
        near in pairs.values() and (found.words[near].text[:1].isupper() or names_people(found.words[near].text.casefold()))
        for near in (at - 1, at + 1)
    )
