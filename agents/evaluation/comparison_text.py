"""A comparison in words: which variant is better at what, claimed only where the interval carries it; and its numbers as text."""

from __future__ import annotations

from collections.abc import Iterator
from math import floor, log10

from .comparison import COST, FIRST_TOKEN, SPEED, Comparison, Measure, MeasureRow, Unit
from .statistics import Interval, PairedDifference
from .suite_results import CaseStatus

UNKNOWN = "unknown"
MOST_NAMED = 8


def list_findings(comparison: Comparison) -> tuple[str, ...]:
    """Return what the comparison shows as sentences: for each variant what is better and what worse than in the first, and why not more."""
    silent = comparison.silent_variants
    found = [f"Every run of {variant.name} failed, so nothing is said of it. The first: {error}" for variant, error in silent]
    unheard = {variant for variant, _ in silent}
    for place in range(1, len(comparison.variants)):
        if unheard & {comparison.variants[0], comparison.variants[place]}:
            continue
        found.append(_summarise(comparison, place))
        found += [_describe_difference(comparison, row, place) for row in comparison.rows if not _is_left_out(row, place)]
        found += _describe_changes(comparison, place)
    return tuple(found)


def list_notes(comparison: Comparison) -> tuple[str, ...]:
    """Return what a reader must know of the numbers: failed runs, cases that were not executed, what is unknown, and how sure they are."""
    return tuple(_iter_notes(comparison))


def format_value(value: float, unit: Unit) -> str:
    """Return a number of a measure: 63 %, $0.0012, 1.4 s, 52.0."""
    match unit:
        case Unit.SHARE:
            return f"{value * 100:.0f} %"
        case Unit.USD:
            return f"${value:.2g}" if 0 < abs(value) < 1 else f"${value:.2f}"
        case Unit.SECONDS:
            return f"{value:.{_decimals(value)}f} s"
        case Unit.TOKENS_PER_SECOND:
            return f"{value:.{_decimals(value)}f}"


def format_interval(interval: Interval | None, unit: Unit) -> str:
    """Return a mean with its interval: 63 % (45 to 79)."""
    if interval is None:
        return UNKNOWN
    mean = format_value(interval.mean, unit)
    if interval.low is None or interval.high is None:
        return mean
    return f"{mean} ({_bare(interval.low, unit)} to {_bare(interval.high, unit)})"


def format_difference(difference: PairedDifference | None, unit: Unit) -> str:
    """Return a difference with its interval: +23 (+4 to +42). Shares differ in points of a hundred."""
    if difference is None:
        return UNKNOWN
    mean = _signed(difference.mean, unit)
    if difference.low is None or difference.high is None:
        return mean
    return f"{mean} ({_signed(difference.low, unit)} to {_signed(difference.high, unit)})"


def _bare(value: float, unit: Unit) -> str:
    return format_value(value, unit).removesuffix(" %").removesuffix(" s")


def _signed(value: float, unit: Unit) -> str:
    shown = _bare(abs(value), unit)
    return f"{'−' if value < 0 else '+'}{shown}" if any(digit in shown for digit in "123456789") else shown


def _decimals(value: float) -> int:
    """Return how many decimals show two digits that count, and none from 10 on."""
    return 0 if value == 0 else min(6, max(0, 1 - floor(log10(abs(value)))))


def _summarise(comparison: Comparison, place: int) -> str:
    first, other = comparison.variants[0].name, comparison.variants[place].name
    better, worse, unseen = list[str](), list[str](), list[str]()
    for row in comparison.rows:
        difference = row.differences[place]
        if difference is not None and not _is_left_out(row, place):
            wins = (difference.mean > 0) == row.measure.more_is_better
            (unseen if not difference.seen else better if wins else worse).append(row.measure.name)
    parts = [f"{name} is better at {_join(names)}" for name, names in ((other, better), (first, worse)) if names]
    if unseen:
        parts.append(f"{other} and {first} show no difference in {_join(unseen)}")
    return "; ".join(parts) + "." if parts else f"Nothing of {other} and {first} can be compared."


def _is_left_out(row: MeasureRow, place: int) -> bool:
    """Tell whether there is nothing to say of a measure: neither side costs anything, or neither has a time."""
    first, other = row.intervals[0], row.intervals[place]
    if row.measure == COST and first is not None and other is not None:
        return first.mean == other.mean == 0
    return first is None and other is None


def _describe_difference(comparison: Comparison, row: MeasureRow, place: int) -> str:
    first, other = comparison.variants[0].name, comparison.variants[place].name
    unit, difference, name = row.measure.unit, row.differences[place], row.measure.name
    if difference is None:
        lacking = [each for each, interval in ((first, row.intervals[0]), (other, row.intervals[place])) if interval is None]
        apart = f"no case of {other} began within ten minutes of that of {first}, and the machine may have been busier"
        return f"{_capital(name)}: unknown for {_join(lacking)}." if lacking else f"{_capital(name)}: not compared, for {apart}."
    shown = f"{_points(format_difference(difference, unit), unit)} for {other}"
    cases = f"{difference.cases} case{'s' * (difference.cases != 1)}"
    if difference.low is None:
        return f"{_capital(name)}: {shown} over {cases}, too few to tell whether that is chance."
    if difference.seen:
        return f"{_capital(name)}: {shown} over {cases}."
    if difference.needed is None:
        return f"{_capital(name)}: no difference in any of {cases}; the true one may be {_points(_range(difference, unit), unit)}."
    needed = f"about {_round(difference.needed):,} cases would be needed to see one of this size"
    return f"{_capital(name)}: no difference seen: {shown} over {cases}; {needed}."


def _range(difference: PairedDifference, unit: Unit) -> str:
    return f"{_signed(difference.low or 0.0, unit)} to {_signed(difference.high or 0.0, unit)}"


def _points(text: str, unit: Unit) -> str:
    return f"{text} {'points' if unit is Unit.SHARE else 's'}" if unit in (Unit.SHARE, Unit.SECONDS) else text


def _describe_changes(comparison: Comparison, place: int) -> Iterator[str]:
    changes, first = comparison.changes[place], comparison.variants[0].name
    name = comparison.variants[place].name
    yield f"Passed by {name} and not by {first}: {_name_some(changes.fixed)}."
    yield f"Passed by {first} and not by {name}: {_name_some(changes.broken)}."


def _iter_notes(comparison: Comparison) -> Iterator[str]:
    for variant, evaluation in zip(comparison.variants, comparison.evaluations, strict=True):
        errors = [result.record.error for result in evaluation.results if result.status is CaseStatus.ERROR]
        if errors:
            runs = f"{len(errors)} of {len(evaluation.results)} runs"
            yield f"{variant.name}: {runs} failed; they count as not passed, and not in cost and times. The first: {errors[0]}"
        if unjudged := evaluation.count(CaseStatus.UNJUDGED):
            yield f"{variant.name}: {unjudged} of {len(evaluation.results)} runs are not judged, and count nowhere."
        if evaluation.not_run:
            yield f"{variant.name}: {len(evaluation.not_run)} runs were not executed: {evaluation.not_run[0].reason}"
        if not variant.is_priced:
            yield f"{variant.name}: the price of {variant.model} is unknown, and so is what it costs."
    yield from _note_unknown(comparison)
    yield from _note_times(comparison)
    if comparison.cases == 1:
        yield "One case is an anecdote: it shows how a comparison looks, and nothing about the variants."
    each = f"{comparison.confidence * 100:.3g}"
    together = "" if each == "95" else f" (those in quality together with 95 %, each with {each} %)"
    yield f"In brackets: where the true value lies with 95 %. Differences are paired by case{together}."


REASONS = {
    COST: "cost is unknown, for tokens were not counted",
    FIRST_TOKEN: "time to the first token is unknown, for the replies came in one piece",
    SPEED: "tokens a second are unknown, for the replies came in one piece or their tokens were not counted",
}


def _note_unknown(comparison: Comparison) -> Iterator[str]:
    silent = {variant for variant, _ in comparison.silent_variants}
    for row in comparison.rows:
        without = [
            variant.name
            for variant, interval in zip(comparison.variants, row.intervals, strict=True)
            if interval is None and variant not in silent and (variant.is_priced or row.measure != COST)
        ]
        if without and row.measure in REASONS:
            yield f"{_join(without)}: {REASONS[row.measure]}."


def _note_times(comparison: Comparison) -> Iterator[str]:
    cases = "that of the first case" if comparison.concurrency == 1 else f"those of the first {comparison.concurrency} cases"
    yield f"Times are without {cases}, where the program loads its parts and a server its model."
    if comparison.concurrency > 1:
        yield f"Times are those of {comparison.concurrency} runs at once: each may have waited for the others."


def _name_some(names: tuple[str, ...]) -> str:
    if not names:
        return "none"
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _join(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _capital(name: str) -> str:
    return name[:1].upper() + name[1:]


def _round(number: int) -> int:
    """Return the number with two digits that count: what follows from an estimate is one."""
    step: int = 10 ** max(0, len(str(number)) - 2)
    return -(-number // step) * step


def describe_unit(measure: Measure) -> str:
    """Return a measure's name with what it is counted in, for the head of a row."""
    return {COST: "cost (US dollars a case)", SPEED: "tokens a second (after the first)", FIRST_TOKEN: "time to the first token"}.get(
        measure, measure.name
    )
