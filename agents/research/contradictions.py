"""Claims of one site that give different amounts of one thing: two prices of one plan, two numbers of shops."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from decimal import Decimal

from sayso.tools.quantities import Amount, Kind, find_amounts

from .holding import is_stale
from .ranking import contradicts
from .report_values import Claim, Competitor, Contradiction, Source

_COMPARED = frozenset((Kind.MONEY, Kind.PERCENT, Kind.MEASURE, Kind.COUNT, Kind.YEAR))
_MOST = 4
"""Of more values than these one label says too little to tell whether they contradict each other."""


def find_contradictions(columns: Sequence[Competitor], sources: Sequence[Source], today: str) -> tuple[Contradiction, ...]:
    """Return the contradictions in the columns' claims, which are numbered from 1 in their order. `today` is the date of the report.

    Two claims contradict each other where they have one subject and one name, and one amount each of one kind, unit and period, with
    different values. On one page they may not stand under two headings: tables of several things have labels in common. A claim that no
    longer holds, a sentence too, is told with the newer one that overrules it.
    """
    dates = {source.number: source.published for source in sources}
    found: list[Contradiction] = []
    number = 0
    for column in columns:
        numbered = {number + place: claim for place, claim in enumerate(column.claims, 1)}
        number += len(column.claims)
        labelled = list(_find_in(column.name, numbered, dates, today))
        found += labelled
        found += _find_overruled(column.name, numbered, {each for contradiction in labelled for each in contradiction.claims})
    return tuple(found)


def _find_in(company: str, claims: Mapping[int, Claim], dates: Mapping[int, str], today: str) -> Iterator[Contradiction]:
    groups: dict[tuple[str, ...], list[int]] = {}
    for number, claim in claims.items():
        amount = _find_amount(claim)
        if amount is not None:
            key = (_fold(claim.subject), _fold(claim.name), amount.kind, amount.unit, amount.bound, *amount.per)
            groups.setdefault(key, []).append(number)
    for numbers in groups.values():
        chosen = _choose_differing(numbers, claims)
        if len(chosen) > 1:
            first = claims[chosen[0]]
            what = ", ".join(filter(None, (first.subject, first.name)))
            stale = tuple(number for number in chosen if _is_stale(number, chosen, claims, dates, today))
            yield Contradiction(company, what, tuple(chosen), stale)


def _find_overruled(company: str, claims: Mapping[int, Claim], told: Collection[int]) -> Iterator[Contradiction]:
    """Yield each claim that no longer holds beside the newer one that says so, in sentences too."""
    for number, claim in claims.items():
        if claim.old and number not in told:
            newer = (each for each, other in claims.items() if not other.old and contradicts(claim, other, company))
            if (by := next(newer, None)) is not None:
                yield Contradiction(
                    company, ", ".join(filter(None, (claims[by].subject, claims[by].name))) or claim.topic, (by, number), (number,)
                )


def _find_amount(claim: Claim) -> Amount | None:
    """Return the amount of a labelled value; None for one with several, and for a sentence, whose label is unknown."""
    if not claim.value or not (claim.subject or claim.name):
        return None
    amounts = [amount for amount in find_amounts(claim.value) if amount.kind in _COMPARED]
    return amounts[0] if len(amounts) == 1 and not amounts[0].old else None


def _choose_differing(numbers: Sequence[int], claims: Mapping[int, Claim]) -> list[int]:
    """Return a claim for each value of one label, the first of each; none where no two of them contradict each other."""
    by_value: dict[Decimal, int] = {}
    for number in numbers:
        amount = _find_amount(claims[number])
        if amount is not None:
            by_value.setdefault(amount.value, number)
    chosen = list(by_value.values())
    if not 1 < len(chosen) <= _MOST or all(claims[number].old for number in chosen):
        return []
    pairs = [(one, other) for place, one in enumerate(chosen) for other in chosen[place + 1 :]]
    return chosen if all(_may_contradict(claims[one], claims[other]) for one, other in pairs) else []


def _may_contradict(one: Claim, other: Claim) -> bool:
    """Return whether two claims of one label are about one thing: on two pages, or not under two headings of one, and both said today.

    A price struck through beside the new one is no contradiction: the page says itself which holds.
    """
    if one.source != other.source:
        return True
    headings = {_read_heading(one), _read_heading(other)} - {""}
    return len(headings) < 2 and not one.old and not other.old


def _read_heading(claim: Claim) -> str:
    """Return what a claim from data has in its text besides subject, name and value: the heading of its table."""
    rest = claim.text
    for part in filter(None, (claim.value, claim.subject, claim.name)):
        rest = rest.replace(part, "", 1)
    return _fold(rest.strip(" ,:.()"))


def _is_stale(number: int, chosen: Sequence[int], claims: Mapping[int, Claim], dates: Mapping[int, str], today: str) -> bool:
    """Return whether a claim no longer holds, or is of long ago or of an earlier date than another of the chosen ones."""

    def find_date(each: int) -> str:
        return claims[each].dated or dates.get(claims[each].source, "")

    dated = find_date(number)
    newer = any(dated and find_date(other)[: len(dated)] > dated for other in chosen)
    return claims[number].old or newer or is_stale(dated, today)


def _fold(text: str) -> str:
    return " ".join(text.casefold().split())
