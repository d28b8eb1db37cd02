"""Vetoes on what belongs together: a price and its payer, a deed and its price or time, a share and its change, a doer and what is done."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from .clause_vetoes import PRICED, tells
from .grammar import BE, GRAMMAR, PREPOSITIONS, is_past, is_verb
from .lexicon import names_people
from .reading import Reading
from .statements import Statement
from .verdict import Problem, ProblemKind
from .words import Word, alike, is_light, stem, tokenize

_GETS = frozenset(map(stem, "get receive earn win save collect".split()))


def find_turned_payment(sentence: Reading, evidence: Reading, owner: Sequence[Word], everything: Sequence[Statement]) -> Iterator[Problem]:
    """Check that who is charged is not told to get the money."""
    if not any(each.kind == "money" for each in sentence.figures):
        return
    said, found = ({word.stem for word in reading.words} for reading in (sentence, evidence))
    gets = said & _GETS and not said & PRICED and not said & _BACK
    if gets and found & PRICED and not found & (_GETS | _BACK):
        yield Problem(ProblemKind.ROLE, "In the passage this is paid, not received.")


_BACK = frozenset(map(stem, "back refund discount off voucher credit reimburse return rebate less".split()))


def find_turned_names(sentence: Reading, evidence: Reading, owner: Sequence[Word], everything: Sequence[Statement]) -> Iterator[Problem]:
    """Check that a name does not change its side of a verb: "Ann Lee, a chef, runs the kitchen" is not "a chef runs Ann Lee"."""
    for segment in sentence.segments:
        if segment.verb is None or segment.passive:
            continue
        verb = sentence.words[segment.verb]
        there = next((at for at, word in enumerate(evidence.words) if word.stem == verb.stem and is_verb(evidence.words, at)), None)
        if there is None or evidence.segments[evidence.segment_of[there]].passive or verb.text.casefold() in BE:
            continue
        for at in range(segment.verb + 1, segment.end):
            near = sentence.words[at - 1].text.casefold()
            if not sentence.is_name(at) or near in PREPOSITIONS or sentence.is_name(at - 1):
                continue
            places = [each for each, word in enumerate(evidence.words) if word.text == sentence.words[at].text]
            if places and all(each < there for each in places) and places[0] == 0:
                yield Problem(ProblemKind.ROLE, f"In the passage “{sentence.words[at].text}” does this.")
                return


_BY = re.compile(r"\b(?P<deed>\w+(?:ed|en|wn|pt|ght|ade|un|old|aid|ept)) by (?:an? |the |our |its |their )?(?P<who>[\w'-]+)", re.IGNORECASE)


def find_turned_passive(sentence: Reading, evidence: Reading, owner: Sequence[Word], everything: Sequence[Statement]) -> Iterator[Problem]:
    """Check that what is done by somebody stays done by them: who must be accompanied by whom."""
    for mine in _BY.finditer(sentence.text):
        for theirs in _BY.finditer(evidence.text):
            if stem(mine["deed"]) == stem(theirs["deed"]) and mine["who"].casefold() != theirs["who"].casefold():
                swapped = re.search(rf"\b{re.escape(mine['who'])}\b", evidence.text[: theirs.start()], re.IGNORECASE)
                if swapped:
                    yield Problem(ProblemKind.ROLE, f"In the passage this is done by “{theirs['who']}”.")
                    return


_PAID = re.compile(
    r"(?P<who>[\w'-]+) (?:pays?|must pay|(?:is|are) charged) (?P<sum>\S*\d\S*)[^,;.]*? for (?:an? |the |their )?(?P<what>[\w'-]+)",
    re.IGNORECASE,
)


def find_turned_payer(sentence: Reading, evidence: Reading, owner: Sequence[Word], everything: Sequence[Statement]) -> Iterator[Problem]:
    """Check that who pays for whom stays: "members pay £5 for a guest" is not "guests pay £5 for a member"."""
    for mine in _PAID.finditer(sentence.text):
        for theirs in _PAID.finditer(evidence.text):
            if stem(mine["who"]) == stem(theirs["what"]) and stem(mine["what"]) == stem(theirs["who"]):
                yield Problem(ProblemKind.ROLE, f"In the passage “{theirs['who']}” pay this.")
                return


_FREE_FOR = re.compile(r"\bfree (?:of charge )?(?:for|to) (?:all |the |our )?(?P<whom>[\w'-]+)", re.IGNORECASE)


def find_priced_for_the_free(
    sentence: Reading, evidence: Reading, owner: Sequence[Word], everything: Sequence[Statement]
) -> Iterator[Problem]:
    """Check that no price is told of those for whom it is free: "free for customers, others pay £40"."""
    found = _FREE_FOR.search(evidence.text)
    if found is None or not any(each.kind == "money" for each in sentence.figures) or re.search(r"\bfree\b", sentence.text, re.IGNORECASE):
        return
    whom = next((word for word in evidence.words if word.start == found.start("whom")), None)
    again = whom is not None and sum(word.stem == whom.stem for word in evidence.words) > 1
    if whom is not None and not again and any(word.stem == whom.stem for word in sentence.words):
        yield Problem(ProblemKind.ROLE, f"The passage says that it is free for “{whom.text}”.")


_FREE = frozenset(map(stem, "free nothing none no charge cost pay fee price extra".split()))


def find_bare_price(sentence: Reading, evidence: Reading, owner: Sequence[Word], everything: Sequence[Statement]) -> Iterator[Problem]:
    """Check that "there is no charge" is not told where the passage says for what there is none."""
    told = [word for at, word in enumerate(sentence.words) if sentence.is_content(at)]
    if sentence.figures or not told or not all(word.stem in _FREE for word in told):
        return
    limit = re.search(r"\bfor (?:the |an? |your |our )?(?P<what>[^,;.]+)", evidence.text)
    if limit and any(
        not is_light(word) and word.stem not in _FREE for word in evidence.words if limit.start("what") <= word.start < limit.end()
    ):
        yield Problem(ProblemKind.CONDITION, f"The passage says “{limit[0]}”: say for what.")


_DEED_FOR = re.compile(r"(?P<deed>\w+) (?:for|at) (?P<sum>[$€£¥]?\d[\d.,]*\d|[$€£¥]?\d)")


def find_other_deed(sentence: Reading, evidence: Reading, owner: Sequence[Word], everything: Sequence[Statement]) -> Iterator[Problem]:
    """Check that of two deeds each keeps its price: of "rented for $10 or bought for $200" nothing is sold for $10."""
    deeds = [
        (word, found["sum"])
        for found in _DEED_FOR.finditer(evidence.text)
        for at, word in enumerate(evidence.words)
        if word.start == found.start("deed") and is_verb(evidence.words, at)
    ]
    for word, amount in deeds if len({amount for _, amount in deeds}) > 1 else ():
        if not re.search(rf"{re.escape(amount)}(?![\d])", sentence.text):
            continue
        others = [each for each, other in deeds if other != amount]
        if not tells(sentence, word) and any(tells(sentence, each) for each in others):
            yield Problem(ProblemKind.PLACE, f"The passage says {amount} of “{word.text}”.")
            return


_PER = re.compile(r"\bper (?P<unit>[a-z]+)\b", re.IGNORECASE)


def _find_units(evidence: Reading) -> list[Word]:
    """Return the words that may tell for what each is: those behind "per", "each", "a", "/", and adverbs such as "monthly"."""
    words = evidence.words
    before = ["", *(word.text.casefold() for word in words)]
    return [
        word
        for at, word in enumerate(words)
        if before[at] in {"per", "each", "every", "a", "an", "one", "by", "the"}
        or evidence.text[word.start - 1 : word.start] == "/"
        or word.text.endswith(("ly", "al"))
    ]


def find_other_unit(sentence: Reading, evidence: Reading, owner: Sequence[Word], everything: Sequence[Statement]) -> Iterator[Problem]:
    """Check that "per month" is not told as "per visit"."""
    theirs = [found["unit"] for found in _PER.finditer(evidence.text)]
    for found in _PER.finditer(sentence.text) if theirs else ():
        unit = next(word for word in sentence.words if word.start == found.start("unit"))
        if not any(alike(unit, word) and names_people(word.text) == names_people(unit.text) for word in _find_units(evidence)):
            yield Problem(ProblemKind.PERIOD, f"The passage says “per {theirs[0]}”, not “{found[0]}”.")
            return


_DEED_AT = re.compile(
    r"(?P<deed>\w+) (?P<link>before|after|by|within|until|from|at|in|on) (?P<time>(?:the )?"
    r"(?:noon|midnight|\w+day|[A-Z][a-z]+|\d[\d:.]*(?: ?\w+)?))"
)


def find_other_time(sentence: Reading, evidence: Reading, owner: Sequence[Word], everything: Sequence[Statement]) -> Iterator[Problem]:
    """Check that a time stays with its deed: orders placed before noon are not sent before noon."""
    theirs = [(found["deed"], found["link"], found["time"].casefold()) for found in _DEED_AT.finditer(evidence.text)]
    for found in _DEED_AT.finditer(sentence.text) if theirs else ():
        deed = next((at for at, word in enumerate(sentence.words) if word.start == found.start("deed")), None)
        if deed is None or not is_past(sentence.words[deed]):
            continue
        own = [each for each, link, time in theirs if (link, time) == (found["link"], found["time"].casefold())]
        verbs = [word for word in evidence.words if is_past(word) and word.text not in own]
        other = any(is_past(tokenize(each)[0]) for each in own) and not any(stem(each) == sentence.words[deed].stem for each in own)
        if other and any(word.stem == sentence.words[deed].stem for word in verbs):
            yield Problem(ProblemKind.PLACE, f"The passage says this of “{own[0]}”.")
            return


_CHANGE = r"(?:less|more|off|cheaper|dearer|extra|higher|lower|fewer|discount|reduction)"
_SHARE = re.compile(rf"(?P<share>\d+ ?(?:%|percent)|half|third|quarter|fifth|tenth) (?P<change>{_CHANGE})\b", re.IGNORECASE)
_CHANGED = re.compile(
    rf"\b(?:{_CHANGE}|sav\w+|discount\w*|reduc\w+|rebate|surcharge|add\w*|plus|minus|by|than|down|up|rais\w+|cut\w*|deduct\w*|drop\w*)\b",
    re.IGNORECASE,
)


def find_bare_share(sentence: Reading, evidence: Reading, owner: Sequence[Word], everything: Sequence[Statement]) -> Iterator[Problem]:
    """Check that who pays a third less is not told to pay a third."""
    for found in _SHARE.finditer(evidence.text):
        same = re.search(rf"\b{re.escape(found['share'])}(?!\w)", sentence.text, re.IGNORECASE)
        if same and not _CHANGED.search(sentence.text) and len(_SHARE.findall(evidence.text)) == evidence.text.count(found["share"]):
            yield Problem(ProblemKind.COMPARISON, f"The passage says “{found[0]}”.")
            return


_PART_OF = re.compile(
    r"\b(?P<part>half|most|all|some|none|many|few|a third|two thirds|a quarter|three quarters|\d+ ?%|\d+|one|two|three|four|five|six) of "
    r"(?:the |our |its |their |all )*(?P<what>[a-z][\w-]+)",
    re.IGNORECASE,
)


def find_other_part(sentence: Reading, evidence: Reading, owner: Sequence[Word], everything: Sequence[Statement]) -> Iterator[Problem]:
    """Check that half of one thing is not told as half of another."""
    theirs = {
        found["part"].casefold(): stem(found["what"])
        for found in _PART_OF.finditer(evidence.text)
        if found["what"].casefold() not in GRAMMAR  # "two of them"
    }
    for found in _PART_OF.finditer(sentence.text):
        other = theirs.get(found["part"].casefold())
        mine = stem(found["what"])
        if other is not None and other != mine and any(word.stem == mine for word in evidence.words):
            yield Problem(ProblemKind.ROLE, f"The passage says “{found['part']}” of something else.")
            return


BOND_VETOES = (
    find_turned_payment,
    find_turned_names,
    find_turned_passive,
    find_turned_payer,
    find_bare_price,
    find_priced_for_the_free,
    find_other_deed,
    find_other_unit,
    find_other_time,
    find_bare_share,
    find_other_part,
)
