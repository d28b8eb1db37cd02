"""Who does, pays, owns and says it: a deed is not given to somebody else, nor a thing to another one's figure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .bond_checks import is_act
from .grammar import PREPOSITIONS, is_verb
from .homes import find_subject
from .lexicon import is_thing, names_people
from .marks import Mark
from .matching import OUTSIDE, Match
from .reading import Reading, Segment, show
from .relation_checks import find_doer
from .verdict import Problem, ProblemKind
from .word_kinds import is_subject_word
from .words import alike, is_light, stem

_CUSTOMERS = frozenset("guest guests customer customers visitor visitors client clients user users buyer buyers reader readers".split())
_PAYING = frozenset(map(stem, "pay bear cover absorb refund".split()))
_THEIR_COST = re.compile(
    r"\b(?:responsib\w+ of|borne by|paid by|at|charged to) (?:the )?(?:your|you|buyer|customer|client|guest|tenant|renter)s?\b"
    r"|\b(?:your|you|buyers?|customers?|clients?|guests?|tenants?|renters?)(?:'s?)? (?:(?:must|have to|has to|will|are to|is to) )?"
    r"(?:responsib\w+|pays?|bears?|(?:own )?(?:expense|cost)|(?:is|are) (?:responsible|liable))\b",
    re.IGNORECASE,
)


def check_own_deeds(match: Match) -> Iterator[Problem]:
    """Check that what the page says of its own business is not said of its customers: "I have been in business" of no customer."""
    sentence, evidence = match.sentence, match.evidence
    subject = [at for at in find_subject(sentence, 0) if not sentence.is_small(at) and at not in sentence.figured]
    people = [at for at in subject if sentence.words[at].text.casefold() in _CUSTOMERS]
    if not people or any(at not in people and not is_subject_word(match, sentence.words[at]) for at in subject):
        return
    mine = _find_stems(sentence, sentence.segments[0])
    for number in sorted(match.home):
        segment = evidence.segments[number]
        theirs = {evidence.words[at].text.casefold() for at in find_subject(evidence, segment.clause)}
        if theirs & {"i", "we"} and not segment.passive and not sentence.segments[0].passive and mine & _find_stems(evidence, segment):
            yield Problem(ProblemKind.SUBJECT, f"The passage says this of “{'I' if 'i' in theirs else 'we'}”.")
            return


def _find_stems(reading: Reading, segment: Segment) -> frozenset[str]:
    if segment.verb is None:
        return frozenset()
    return frozenset(reading.words[at].stem for at in range(segment.verb, segment.end) if is_verb(reading.words, at))


def check_payer(match: Match) -> Iterator[Problem]:
    """Check that who pays stays: what is the buyer's responsibility the shop does not pay."""
    sentence, evidence = match.sentence, match.evidence
    subject = [at for at in find_subject(sentence, 0) if sentence.is_content(at)]
    own = bool(subject) and all(is_subject_word(match, sentence.words[at]) for at in subject)
    pays = any(is_verb(sentence.words, at) and sentence.words[at].stem in _PAYING for at in range(len(sentence.words)))
    denied = any(each.negative for each in sentence.segments)
    if own and pays and not denied and _THEIR_COST.search(evidence.text) and not {w.text.casefold() for w in evidence.words} & {"we", "us"}:
        yield Problem(ProblemKind.ROLE, "The passage says that the customer pays this.")


def check_passive_doer(match: Match) -> Iterator[Problem]:
    """Check that who did it did it: "its stills were built by Forsyde" is not "it built stills for Forsyde"."""
    sentence, evidence = match.sentence, match.evidence
    doer = find_doer(evidence)
    if doer is None or is_subject_word(match, evidence.words[doer]) or evidence.words[doer].text.casefold() in {"us", "them"}:
        return
    for at, place in match.pairs.items():
        if place == OUTSIDE or not is_act(sentence, at) or not is_act(evidence, place):
            continue
        mine, theirs = sentence.segments[sentence.segment_of[at]], evidence.segments[evidence.segment_of[place]]
        patients = [each for each in range(at + 1, mine.end) if sentence.is_content(each) and 0 <= match.pairs.get(each, OUTSIDE) < place]
        if not patients or mine.passive or not theirs.passive or not theirs.holds(doer) or mine.verb is None:
            continue
        subject = [each for each in find_subject(sentence, mine.clause) if sentence.is_content(each)]
        others = [each for each in subject if match.pairs.get(each, OUTSIDE) == OUTSIDE and is_subject_word(match, sentence.words[each])]
        if subject and len(others) == len(subject):
            yield Problem(ProblemKind.ROLE, f"The passage says “by {evidence.words[doer].text}”.")
            return


def check_relative_subject(match: Match) -> Iterator[Problem]:
    """Check that what a relative clause tells of one is said of that one: "a hospice, which cares for families", "whose sister keeps"."""
    sentence, evidence = match.sentence, match.evidence
    for number, segment in enumerate(evidence.segments):
        opener = segment.opener.lstrip(",;(")
        if opener not in {"who", "which", "whose"} or not segment.first:
            continue
        start = segment.verb if segment.verb is not None else segment.first + 1  # "which cares for families"
        verbs = [at for at in range(start, segment.end) if at in match.used and (at == start or is_act(evidence, at))]
        if not verbs or number not in match.home:
            continue
        if opener == "whose":
            owned = [at for at in range(segment.first + 1, start) if evidence.is_content(at)]
            wrong = bool(owned) and not any(match.says(at) for at in owned)
            head: int | None = owned[-1] if owned else 0
        else:
            head = _find_antecedent(evidence, segment.first)
            wrong = head is not None and not match.says(head) and not any(each.stem == evidence.words[head].stem for each in match.subject)
        named = any(
            is_subject_word(match, sentence.words[at]) or match.pairs.get(at, OUTSIDE) >= 0
            for at in (find_subject(sentence, 0) or range(2))
            if sentence.is_content(at) or sentence.is_name(at)
        )
        if wrong and named and head is not None and evidence.is_name(head) | (opener == "whose"):
            yield Problem(ProblemKind.SUBJECT, f"The passage says this of “{evidence.words[head].text}”.")
            return


def _find_antecedent(reading: Reading, first: int) -> int | None:
    """Return the last word that says something before a relative clause."""
    return next((at for at in range(first - 1, -1, -1) if not reading.is_small(at) and at not in reading.figured), None)


def check_only_whom(match: Match) -> Iterator[Problem]:
    """Check that whom alone something is for is said: "Member only access" opens to nobody else."""
    evidence = match.evidence
    if any(each.negative for each in match.sentence.segments):
        return
    for _, first, end in evidence.find_marks(Mark.ONLY):
        label = evidence.segments[evidence.segment_of[first]].verb is None and first < min(match.used, default=first)
        if not (match.is_home(first) or label):
            continue
        for at in (first - 1, end):
            if 0 <= at < len(evidence.words) and names_people(evidence.words[at].text.casefold()) and not match.says(at):
                yield Problem(ProblemKind.QUANTIFIER, f"The passage says “{show(evidence, min(at, first), max(at + 1, end))}”.")
                return


_DENIED_BOUND = re.compile(r"\bnot (?:under|below|over|above)\b", re.IGNORECASE)


def check_denied_bound(match: Match) -> Iterator[Problem]:
    """Check that a bound that the passage denies is denied: "Not under 21" admits nobody under 21."""
    found = _DENIED_BOUND.search(match.evidence.text)
    bound = found[0].split()[-1].casefold() if found else ""
    if found and not any(each.negative for each in match.sentence.segments) and bound in {w.text.casefold() for w in match.sentence.words}:
        yield Problem(ProblemKind.COMPARISON, f"The passage says “{found[0]}”.")


_OWNING = frozenset(map(stem, "own belong".split()))


def check_owning(match: Match) -> Iterator[Problem]:
    """Check that who owns what is said, and how much of it: "own half each" is not "owns the firm"."""
    sentence, evidence = match.sentence, match.evidence
    for at, word in enumerate(sentence.words):
        if word.stem not in _OWNING or not is_verb(sentence.words, at) or word.text.casefold() in {"owner", "owners"}:
            continue
        place = match.pairs.get(at)
        if place is None and not any(each.stem in _OWNED for each in evidence.words):
            yield Problem(ProblemKind.WORD, f"The passage does not say “{word.text}” of this.")
            return
        if place is not None and place >= 0:
            part = next(
                (number for number, each in enumerate(evidence.figures) if each.first == place + 1 and each.kind == "percent"), None
            )
            if part is not None and part not in match.figures.values():
                yield Problem(ProblemKind.QUANTIFIER, f"The passage says “{evidence.figures[part].shown}”: keep how much of it.")
                return


_OWNED = frozenset(map(stem, "own belong part subsidiary group branch acquire buy sell take merge parent property holding".split()))
_OFF = frozenset("off discount reduction reduced less cheaper saving savings save saves rebate discounted lower".split())


def check_reductions(match: Match) -> Iterator[Problem]:
    """Check that an amount off is one off in the passage too."""
    for mine, theirs in match.figures.items():
        figure, words = match.sentence.figures[mine], match.sentence.words
        after = {word.text.casefold() for word in words[figure.end : figure.end + 2]}
        there = {word.text.casefold() for word in match.evidence.words} | {word.text.casefold() for word in match.context}
        if figure.kind in {"percent", "money"} and after & {"off", "discount", "cheaper"} and not there & _OFF:
            shown = match.evidence.figures[theirs].shown
            yield Problem(ProblemKind.COMPARISON, f"The passage does not say that {shown} is taken off.")
            return


def check_any(match: Match) -> Iterator[Problem]:
    """Check that "any" thing is not said where the passage asks something of it: "if the insurer is on our list" is not "any insurer"."""
    sentence, evidence = match.sentence, match.evidence
    for at in range(1, len(sentence.words)):
        place = match.pairs.get(at, OUTSIDE)
        if sentence.words[at - 1].text.casefold() not in {"any", "every", "all", "whichever"} or place == OUTSIDE:
            continue
        segment = evidence.segments[evidence.segment_of[place]]
        if segment.opener.lstrip(",;(") in {"if", "unless", "provided"} and any(
            evidence.is_content(each) and not match.says(each) for each in range(place + 1, segment.end)
        ):
            yield Problem(ProblemKind.CONDITION, f"The passage limits this: “{show(evidence, segment.first, segment.end)}”. Keep it.")
            return


_AMOUNTS = frozenset("money percent measure time count".split())


def check_whose_figure(match: Match) -> Iterator[Problem]:
    """Check that nothing is said with a figure that belongs to its rival: over "38 min (31 min with camera)" no 38 minutes with camera."""
    sentence, evidence = match.sentence, match.evidence
    said = set(match.figures.values())
    main = [evidence.figures[each] for each in said if evidence.figures[each].kind in _AMOUNTS]
    homes = {evidence.segment_of[min(each.first, len(evidence.words) - 1)] for each in main}
    kinds = {each.kind for each in main}
    rivals = {
        evidence.segment_of[min(each.first, len(evidence.words) - 1)]
        for number, each in enumerate(evidence.figures)
        if number not in said and each.kind in kinds
    } - homes
    if not rivals or len(main) > 1:
        return
    own = [word for at, word in enumerate(evidence.words) if evidence.segment_of[at] in homes]
    places = [(at, place) for at, place in match.pairs.items() if place >= 0 and sentence.is_content(at)]
    places += [(sentence.figures[one].first, evidence.figures[two].first) for one, two in match.figures.items()]
    for at, place in places:
        segment = evidence.segments[evidence.segment_of[place]]
        if evidence.segment_of[place] not in rivals or is_verb(sentence.words, at) or is_verb(evidence.words, place):
            continue
        behind = any(evidence.words[each].text.casefold() in PREPOSITIONS for each in range(segment.first, place))
        figured = any(segment.holds(each.first) and each.first < place for each in evidence.figures)
        if behind and figured and not any(alike(sentence.words[at], each) for each in own) and not is_light(sentence.words[at]):
            yield Problem(ProblemKind.PLACE, f"The passage says “{sentence.words[at].text}” of another figure.")
            return


def check_next_figure(match: Match) -> Iterator[Problem]:
    """Check that a thing is not said with the figure of another: "1 dog $26, 1 cat $23" gives no cat for $26."""
    sentence, evidence = match.sentence, match.evidence
    matched = {two: evidence.figures[two] for two in match.figures.values() if evidence.figures[two].kind in _AMOUNTS}
    for at, place in match.pairs.items():
        if place < 0 or not sentence.is_content(at) or is_verb(sentence.words, at):
            continue
        number = evidence.segment_of[place]
        after = next(
            (
                (which, each)
                for which, each in enumerate(evidence.figures)
                if place < each.first <= place + 3 and evidence.segment_of[min(each.first, len(evidence.words) - 1)] == number
            ),
            None,
        )
        if after is None or after[0] in matched:
            continue
        joined = {evidence.words[each].text.casefold() for each in range(place + 1, after[1].first)}
        own = [each for each in matched.values() if each.kind == after[1].kind]
        named = evidence.is_name(place) and at in find_subject(sentence, 0)
        if own and all(each.first < place for each in own) and (not joined or (named and joined <= _WITH)):
            yield Problem(ProblemKind.PLACE, f"The passage says {after[1].shown} of “{evidence.words[place].text}”.")
            return


_WITH = frozenset("with has had at about nearly over some around only".split())


def check_owned_idea(match: Match) -> Iterator[Problem]:
    """Check that whose thing it is stays: "the idea of President Wilson" is not the idea of the one whose page it is."""
    sentence, evidence = match.sentence, match.evidence
    for at in range(len(sentence.words) - 1):
        word, place = sentence.words[at], match.pairs.get(at + 1, OUTSIDE)
        owner = sentence.text[: word.end].endswith(("'s", "s'")) or sentence.text[word.end : word.end + 2] in {"'s", "’s"}
        if not owner or match.pairs.get(at, OUTSIDE) != OUTSIDE or not is_subject_word(match, word) or place < 0:
            continue
        if place + 2 >= len(evidence.words) or evidence.words[place + 1].text.casefold() != "of":
            continue
        name = next((each for each in range(place + 2, min(place + 5, len(evidence.words))) if evidence.is_name(each)), None)
        if name is not None and not match.says(name) and not is_subject_word(match, evidence.words[name]):
            yield Problem(ProblemKind.ROLE, f"The passage says “{show(evidence, place, name + 1)}”.")
            return


def check_dated_verbs(match: Match) -> Iterator[Problem]:
    """Check that a date belongs to the very deed, where the passage tells of that deed too: founded in 1962, incorporated in 1969."""
    sentence, evidence = match.sentence, match.evidence
    if not any(evidence.figures[each].kind == "date" for each in match.figures.values()):
        return
    for at, place in match.pairs.items():
        word = sentence.words[at]
        if place < 0 or not is_act(sentence, at) or not is_act(evidence, place) or word.stem == evidence.words[place].stem:
            continue
        if word.stem in match.elsewhere:
            yield Problem(ProblemKind.DATE, f"The passage says “{evidence.words[place].text}” of this date, not “{word.text}”.")
            return


def check_compared_things(match: Match) -> Iterator[Problem]:
    """Check that which of two is more is kept: whoever beat "its larger rival" is not "larger than its rival"."""
    sentence, evidence = match.sentence, match.evidence
    than = next((at for at, word in enumerate(sentence.words) if word.text.casefold() == "than"), None)
    if than is None or than + 1 in sentence.figured or any(word.text.casefold() == "than" for word in evidence.words):
        return
    for at, place in match.pairs.items():
        low = sentence.words[at].text.casefold()
        if place < 0 or at >= than or not low.endswith("er") or not evidence.words[place].text.casefold().endswith("er"):
            continue
        attributive = place + 1 < len(evidence.words) and evidence.is_content(place + 1) and is_thing(evidence.words[place + 1])
        subject = [match.pairs[each] for each in find_subject(sentence, 0) if each in match.pairs and sentence.is_content(each)]
        if attributive and subject and all(each < place for each in subject):
            yield Problem(ProblemKind.COMPARISON, f"The passage says “{show(evidence, place, place + 2)}”.")
            return
