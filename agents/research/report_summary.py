"""The summary of a report: what a reader should know first, in sentences that are built from checked claims and name them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from .price_chart import PriceComparison, compare_prices
from .report_values import ChangeKind, Claim, Competitor, KeyPoint, Point, ReportValues, SourceKind
from .site_identity import find_site

CLOSEST = 3
MOST_PRICES = 3
_OTHERS = {"competitors": "competitor", "market": "business", "topic": "page"}


def summarise(report: ReportValues) -> tuple[KeyPoint, ...]:
    """Return the sentences of the summary, the most important first.

    They count and compare what the claims say. Where nothing was found they say so, and not that there is none.
    """
    if not report.columns:
        return tuple(_tell_whom(report)) if report.stopped else ()
    return (
        *_tell_whom(report),
        *_tell_changes(report),
        *_tell_prices(report),
        *_tell_gaps(report),
        *_tell_contradictions(report),
        *_tell_limits(report),
    )


def find_untold_points(report: ReportValues) -> tuple[Point, ...]:
    """Return the sentences of the comparison without those on prices that the summary tells already, by half of their claims."""
    told = {number for point in report.summary if point.about == "prices" for number in point.claims}
    return tuple(point for point in report.comparison if not told or 2 * len(told.intersection(point.claims)) < len(point.claims))


def _tell_whom(report: ReportValues) -> Iterator[KeyPoint]:
    noun = _OTHERS.get(report.kind, "page")
    count = _count(len(report.competitors), noun) if report.competitors else f"No {noun}"
    of = {"competitors": f" of {report.company}", "market": f" in the market for {report.company}"}.get(
        report.kind, f" on {report.company}"
    )
    found = len(report.considered)
    told = f"{count}{of} {'was' if len(report.competitors) <= 1 else 'were'} read"
    told += f", of {_count(found, 'site')} that the searches found." if found > len(report.competitors) > 0 else "."
    scores = {find_site(each.url).domain: each.score for each in report.considered if each.competes}
    ranked = sorted(report.competitors, key=lambda column: -scores.get(find_site(column.url).domain, 0.0))
    names = [column.name for column in ranked[:CLOSEST] if scores.get(find_site(column.url).domain, 0.0) > 0]
    if report.kind == "competitors" and len(report.competitors) > CLOSEST and len(names) == CLOSEST:
        told += f" Closest to what {report.company} offers are {_join(names)}."
    yield KeyPoint("whom", told)


def _tell_changes(report: ReportValues) -> Iterator[KeyPoint]:
    if not report.changed_since:
        return
    counts = Counter(change.kind for change in report.changes)
    words = {
        ChangeKind.NEW_SITE: "new site",
        ChangeKind.GONE_SITE: "site that is gone",
        ChangeKind.CHANGED: "changed statement",
        ChangeKind.NEW: "new statement",
        ChangeKind.GONE: "statement that is no longer made",
        ChangeKind.UNREADABLE: "statement whose page can no longer be read",
    }
    parts = [_count(counts[kind], word) for kind, word in words.items() if counts[kind]]
    since = f"Since the report of {report.changed_since[:10]}"
    claims = tuple(change.claim for change in report.changes if change.kind is ChangeKind.CHANGED and change.claim)
    yield KeyPoint("changes", f"{since}: {_join(parts)}." if parts else f"{since} nothing has changed.", claims[:6])


def _tell_prices(report: ReportValues) -> Iterator[KeyPoint]:
    """Tell where the client's lowest price stands among the others', for what most sites name a price of."""
    compared = compare_prices(report.columns)
    client = report.client.name if report.client is not None else ""
    with_client = [each for each in compared if any(found.name == client for found in each.ranges)]
    plans = [each for each in compared if not each.thing]  # what things cost is in the comparison
    for each in (with_client or plans)[:MOST_PRICES]:
        numbers = tuple(found.lowest.claim for found in each.ranges)
        yield KeyPoint("prices", _compare_with_client(each, client) if each in with_client else _tell_range(each), numbers)


def _name_compared(compared: PriceComparison) -> str:
    per = f" per {' and '.join(compared.per)}" if compared.per else ""
    return f"for “{compared.thing}”{per}" if compared.thing else f"for a plan{per}"


def _tell_range(compared: PriceComparison) -> str:
    first, last = compared.ranges[0], compared.ranges[-1]
    return (
        f"Lowest prices {_name_compared(compared)}, in {compared.unit}: from {first.lowest.said} ({first.name}) to {last.lowest.said} "
        f"({last.name}), of {_count(len(compared.ranges), 'site')}."
    )


def _compare_with_client(compared: PriceComparison, client: str) -> str:
    own = next(found for found in compared.ranges if found.name == client)
    lower = sum(found.lowest.value < own.lowest.value for found in compared.ranges)
    higher = sum(found.lowest.value > own.lowest.value for found in compared.ranges)
    others = [found for found in compared.ranges if found is not own]
    listed = ", ".join(f"{found.name} {found.lowest.said}" for found in others[:4])
    more = f" and {len(others) - 4} more" if len(others) > 4 else ""
    place = "the lowest" if not lower and higher else "the highest" if lower and not higher else f"{lower} lower, {higher} higher"
    among = f"{place} of {len(compared.ranges)}" if place.startswith("the") else place
    return f"Lowest price {_name_compared(compared)}: {client} {own.lowest.said}, {among} ({listed}{more})."


def _tell_gaps(report: ReportValues) -> Iterator[KeyPoint]:
    """Tell what most others tell and the client's pages do not, what only the client tells, and what hardly anybody tells."""
    numbers = {id(claim): number for number, _, claim in report.number_claims()}
    told = {aspect: [(column, _first(column, aspect)) for column in report.competitors] for aspect in report.aspects}
    silent: list[str] = []
    claims: list[int] = []
    count = len(report.competitors)
    for aspect, pairs in told.items():
        known = [claim for _, claim in pairs if claim is not None]
        own = _first(report.client, aspect) if report.client is not None else None
        if report.client is not None and own is None and len(known) * 2 > count > 1:
            silent.append(f"{aspect} ({len(known)} of {count})")
            claims += [numbers[id(claim)] for claim in known[:2]]
    if silent and report.client is not None:
        yield KeyPoint(
            "gaps", f"Nothing was found on the pages of {report.client.name} about what most others tell: {_join(silent)}.", tuple(claims)
        )
    only = [
        (aspect, own)
        for aspect, pairs in told.items()
        if report.client is not None and count > 1 and (own := _first(report.client, aspect)) and not any(claim for _, claim in pairs)
    ]
    if only and report.client is not None:
        names = _join([aspect for aspect, _ in only])
        yield KeyPoint("gaps", f"Only {report.client.name} tells about {names}.", tuple(numbers[id(own)] for _, own in only))
    rare = [aspect for aspect, pairs in told.items() if count > 2 and sum(claim is not None for _, claim in pairs) * 4 < count]
    rare = [aspect for aspect in rare if aspect not in {each for each, _ in only}]
    if rare:
        yield KeyPoint("gaps", f"Little is known about {_join(rare)}: fewer than a quarter of the sites say anything.")


def _first(column: Competitor, aspect: str) -> Claim | None:
    return next((claim for claim in column.claims if claim.topic == aspect and not claim.old), None)


def _tell_contradictions(report: ReportValues) -> Iterator[KeyPoint]:
    if report.contradictions:
        names = _join(list(dict.fromkeys(each.company for each in report.contradictions)))
        numbers = tuple(number for each in report.contradictions for number in each.claims)
        count = _count(len(report.contradictions), "contradiction")
        yield KeyPoint("contradictions", f"{count} on the pages of {names}: see both sides before you use these numbers.", numbers)


def _tell_limits(report: ReportValues) -> Iterator[KeyPoint]:
    parts = []
    if report.failed_pages:
        hosts = {find_site(page.url).host for page in report.failed_pages}
        parts.append(f"{_count(len(report.failed_pages), 'page')} of {_count(len(hosts), 'site')} could not be read")
    if report.left_out:
        parts.append(
            f"{_count(len(report.left_out), 'thing')} {'was' if len(report.left_out) == 1 else 'were'} left out as the research was stopped"
        )
    others = [source for source in report.sources if source.kind not in (SourceKind.OWN, SourceKind.UNKNOWN)]
    if others and len(others) < len(report.sources):
        kinds = Counter(source.kind.value for source in others)
        parts.append(
            f"{len(others)} of {_count(len(report.sources), 'page')} {'is' if len(others) == 1 else 'are'} not the sites’ own "
            f"({', '.join(f'{count} {kind}' for kind, count in kinds.most_common())})"
        )
    elif report.sources and not others and all(source.kind is SourceKind.OWN for source in report.sources):
        parts.append("all statements are what the businesses say of themselves")
    if parts:
        yield KeyPoint("limits", " ".join(f"{part[0].upper()}{part[1:]}." for part in parts))


def _count(number: int, noun: str) -> str:
    head, _, rest = noun.partition(" that ")
    if number != 1:
        head = f"{head[:-1]}ies" if head.endswith("y") else f"{head}es" if head.endswith("s") else f"{head}s"
        rest = rest.replace("is ", "are ", 1) if rest.startswith("is ") else rest
    return f"{number} {head}{f' that {rest}' if rest else ''}"


def _join(parts: Sequence[str]) -> str:
    """Return a list as it is said: "a, b and c"."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}" if parts else ""
