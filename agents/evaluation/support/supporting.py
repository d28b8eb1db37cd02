"""Does any fact of a claim contradict or exceed its sources? Deterministic.

The truth gate (`sayso.tools.truth`) asks whether a passage states a sentence, and refuses what is not sure, because the page's own words
can stand in its place. A score has no such way out: to refuse a true answer is as wrong as to let a false one pass. So a claim is
supported here unless something speaks against it (a figure, name, unit, denial, role or limit that the sources do not have, or have of
something else), as long as enough of its words are theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from itertools import combinations

from sayso.tools.truth.folding import fold
from sayso.tools.truth.reading import read_statement

from .alignment import Alignment, ReadClaim, align, rank_statements, read_claim
from .claim_parts import drop_frame, split_claim
from .denials import check_amounts_in_words, check_denials, find_opposed
from .exchanged_facts import check_exchanged
from .figure_facts import check_figures, check_limits, check_unit_words
from .likeness import measure_likeness, says_opposite, weigh
from .near_quotes import check_near_quote, is_quote, measure_sameness
from .near_rivals import check_rivals
from .order_facts import check_clauses, check_comparisons
from .problems import SupportProblem
from .role_facts import check_descriptions, check_roles
from .slot_facts import check_slots
from .source_reading import SourceReading, join_names, tidy
from .word_facts import (
    check_described_things,
    check_meant_things,
    check_missing_names,
    check_mixed_names,
    check_objects,
    check_owners,
    check_replaced_words,
)


class Finding(StrEnum):
    """What is found of a claim in its sources."""

    SUPPORTED = "supported"
    CONTRADICTED = "contradicted"  # a fact of it disagrees with them, or is not there: a figure, name, denial, role
    NOT_SHOWN = "not shown"  # nothing disagrees, and too few of its words are theirs


CHECKS: tuple[Callable[[Alignment], Iterator[SupportProblem]], ...] = (
    check_missing_names,
    check_figures,
    check_mixed_names,
    check_unit_words,
    check_rivals,
    check_exchanged,
    check_descriptions,
    check_denials,
    check_described_things,
    check_meant_things,
    check_owners,
    check_replaced_words,
    check_roles,
    check_comparisons,
    check_clauses,
    check_amounts_in_words,
    check_objects,
    check_limits,
    check_slots,
    check_near_quote,
)
LEAST_SHARE = 0.5
"""How much of what a claim says has to be in its sources, in these or like words."""
_MOST_STATEMENTS = 3
_NEARLY_AS_GOOD = 0.75
_FIGURE, _OPPOSITE, _NEARLY = 0.9, 0.9, 0.05
_AS_MUCH = 0.05
_ORDER = 0.1
"""How much of a claim's strength the order of its words decides: two things that changed places are otherwise as in the source."""
_LONGEST_CLAIM = 1_500


@dataclass(frozen=True, slots=True)
class Support:
    """Whether sources support a claim.

    `share` is how much of its words they have, `problems` what speaks against it, `order` how much of the order of its words is theirs.
    """

    supported: bool
    problems: tuple[SupportProblem, ...] = ()
    share: float = 1.0
    order: float = 1.0

    @property
    def verdict(self) -> Finding:
        """Return whether a fact speaks against the claim, or too few of its words are in the sources to tell."""
        if self.supported:
            return Finding.SUPPORTED
        return Finding.CONTRADICTED if any(each.kind != "nothing" for each in self.problems) else Finding.NOT_SHOWN

    @property
    def strength(self) -> float:
        """Return how well the sources support a claim: above a half where they do, up to 1 for their own words in their order.

        The share of its words counts, halved for each fact that speaks against it, and a little the order in which they stand.
        """
        held = self.share * 0.5 ** len(self.problems) * (1 - _ORDER + _ORDER * self.order)
        return (1 + held) / 2 if self.supported else held / 2

    @property
    def reason(self) -> str:
        """Return why a claim is not supported, in a sentence; empty where it is."""
        if self.supported:
            return ""
        return self.problems[0].what if self.problems else f"The sources have only {self.share:.0%} of its words."


def find_support(claim: str, sources: Sequence[str], *, given: str = "") -> Support:
    """Return whether sources support a claim, a sentence. `given` is what it may name without their doing so: the question, a title."""
    read_sources = _read_sources(tuple(sources), given)
    text = " ".join(fold(tidy(claim[:_LONGEST_CLAIM])).text.split())
    if not text or not read_sources.statements:
        return Support(False, (SupportProblem("nothing", "There is nothing to compare."),), 0.0)
    reading = read_statement(drop_frame(text, read_sources))
    if is_quote(reading, read_sources):
        return Support(True)
    parts = split_claim(reading)
    judged = [_judge_part(part, read_sources) for part in parts]
    problems = tuple(dict.fromkeys(problem for each in judged for problem in each.problems))
    share, order = min(each.share for each in judged), min(each.order for each in judged)
    return Support(all(each.supported for each in judged), problems, share, order)


def _judge_part(part: str, sources: SourceReading) -> Support:
    read = read_claim(read_statement(part), sources)
    if not read.places and not read.claim.figures:
        return Support(False, (SupportProblem("nothing", "The claim says nothing that could be checked."),), 0.0)
    ranked = rank_statements(read)
    best = ranked[0][0]
    # A figure may stand anywhere: the statement that has most of the claim's words is what it rests on.
    had = [_count_said(read, at) for at in range(len(read.tables))]
    near = [-at for rate, at in ranked if had[-at] == max(had) or rate >= _NEARLY_AS_GOOD * best]
    places = [at for at in near if had[at] >= max(had) - _NEARLY][:_MOST_STATEMENTS]
    same = [measure_sameness(read.claim, statement) for statement in sources.statements]
    if any(same):
        places = [same.index(max(same))]  # it is in this one's words
    tried = [_judge(align(read, at)) for at in places]
    most = max(each.share for each in tried)
    return min((each for each in tried if each.share >= most - _AS_MUCH), key=lambda each: (len(each.problems), -each.share))


def _count_said(read: ReadClaim, at: int) -> float:
    """Return how much of a claim a statement speaks of, in like words or in opposite ones."""
    table, statement, said = read.tables[at], read.sources.statements[at], _FIGURE * len(read.figures[at])
    runs = join_names(read.claim, read.names)
    taken = set[int]()  # one word of a statement says one of the claim
    for place in sorted(read.places, key=lambda each: -max(table[each]).likeness if each in table else 0):
        word = read.claim.words[place]
        weight = weigh(word) if place in read.words else 1 / next(len(run) for run in runs if place in run)
        free = [pair for pair in table.get(place, ()) if pair.place not in taken]
        if free:
            said += weight * max(free).likeness
            taken.add(max(free).place)
        elif place in read.words and any(says_opposite(word.text.casefold(), other.text.casefold()) for other in statement.words):
            said += weight * _OPPOSITE
    return said


@lru_cache(16)
def _read_sources(sources: tuple[str, ...], given: str) -> SourceReading:
    return SourceReading(sources, given)


def _judge(match: Alignment) -> Support:
    problems = tuple(dict.fromkeys(problem for check in CHECKS for problem in check(match)))
    share = _measure_share(match)
    if share < LEAST_SHARE and not problems:
        share = _measure_share(match, find_opposed(match))  # "forbidden" for "not allowed"
    return Support(not problems and share >= LEAST_SHARE, problems, share, _measure_order(match))


def _measure_order(match: Alignment) -> float:
    """Return the share of pairs of words and figures that stand in one order in the claim and in the statement: an exchange has fewer."""
    places = {at: pair.place for at, pair in match.pairs.items()}
    for number, others in match.read.figures[match.best].items():
        places[match.claim.figures[number].first] = match.evidence.figures[others[0]].first
    two = [(first, second) for (_, first), (_, second) in combinations(sorted(places.items()), 2)]
    return sum(first < second for first, second in two) / len(two) if two else 1.0


def _measure_share(match: Alignment, opposed: Collection[int] = ()) -> float:
    """Return how much of the claim's words, names and figures the sources have; those of another statement count less.

    `opposed` are words that deny the opposite of what the statement denies.
    """
    read, total, had = match.read, 0.0, 0.0
    for at in read.words:
        word = match.claim.words[at]
        weight = weigh(word)
        total += weight
        if at in opposed:
            had += weight * 0.8
        elif at in match.pairs:
            had += weight * min(1.0, match.pairs[at].likeness + 0.1)
        elif at in match.remote:
            had += weight * 0.8 * match.remote[at].pair.likeness
        elif any(measure_likeness(word.text, each.text) >= 0.8 for each in read.sources.given):
            had += 0.7 * weight
    total += len(read.names) + len(match.claim.figures)
    had += sum(1.0 if at in match.pairs else 0.7 if at in match.remote else 0.5 for at in read.names)
    had += sum(any(number in each for each in read.figures) for number in range(len(match.claim.figures)))
    return had / total if total else 1.0
