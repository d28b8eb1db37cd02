"""What a person changes in a selection before the visits: candidates left out, sites of their own, other aspects."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from sayso.tools.errors import UsageError

from .report import Considered
from .site_identity import find_site
from .site_kinds import SiteKind
from .state import Candidate, Selection

GIVEN = "You gave it."


def leave_out(selection: Selection, numbers: Iterable[int]) -> Selection:
    """Return the selection without the candidates of these numbers, counted from 1. Raises UsageError for a number that is not there."""
    wanted = set(numbers)
    if unknown := sorted(number for number in wanted if not 1 <= number <= len(selection.candidates)):
        raise UsageError(f"There is no candidate {unknown[0]}. The numbers go from 1 to {len(selection.candidates)}.")
    gone = {find_site(selection.candidates[number - 1].url).domain for number in wanted}
    kept = tuple(candidate for candidate in selection.candidates if find_site(candidate.url).domain not in gone)
    considered = tuple(
        replace(each, competes=False, reason="You left it out.") if find_site(each.url).domain in gone else each
        for each in selection.considered
    )
    return replace(selection, candidates=kept, considered=considered)


def add_site(selection: Selection, url: str) -> Selection:
    """Return the selection with a site of the person's own as its first candidate. Raises UsageError for what is no address."""
    given = give_site(url)
    domain = find_site(given.url).domain
    others = [candidate for candidate in selection.candidates if find_site(candidate.url).domain != domain]
    considered = tuple(each for each in selection.considered if find_site(each.url).domain != domain)
    return replace(
        selection, candidates=(Candidate(given.name, given.url, given.reason), *others), considered=(given, *considered)
    )  # fmt: skip


def give_site(url: str) -> Considered:
    """Return a site that a person named: it is visited and kept whatever is found on it. Raises UsageError for what is no address."""
    address = url.strip() if "://" in url else f"https://{url.strip()}"
    site = find_site(address)
    if not address.startswith(("http://", "https://")) or "." not in site.host or " " in address:
        raise UsageError(f"{url!r} is not the address of a site. Write it as https://example.com.")
    return Considered(site.label.replace("-", " ").title(), site.host, address, True, GIVEN, kind=SiteKind.GIVEN, score=1000.0)
