"""What a person changes in a selection before the visits: candidates left out, sites of their own, other aspects."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from urllib.parse import urlsplit

from sayso.tools.errors import UsageError

from .report import Considered
from .site_identity import find_site
from .site_kinds import SiteKind
from .state import Candidate, Selection

GIVEN = "You gave it."
LEFT_OUT = "You left it out."
_ITEM = re.compile(r",|;|\s+(?=[+-]\S)|(?<=\d)\s+(?=\d)")
_RANGE = re.compile(r"(\d+)(?:\s*[-–]\s*(\d+))?")


def change_selection(selection: Selection, line: str) -> Selection:
    """Return the selection as a typed line changes it. Raises UsageError for what is no change.

    "2, 5-7" leaves candidates out, by their numbers before the change; "+example.com" adds a site, "-prices" drops an aspect, "+delivery"
    adds one.
    """
    numbers: list[int] = []
    for item in filter(None, (part.strip() for part in _ITEM.split(line))):
        if match := _RANGE.fullmatch(item):
            numbers += range(int(match[1]), int(match[2] or match[1]) + 1)
    changed = leave_out(selection, numbers)
    for item in filter(None, (part.strip() for part in _ITEM.split(line))):
        sign, name = item[0], " ".join(item[1:].split())
        if _RANGE.fullmatch(item):
            continue
        if sign not in "+-" or not name:
            raise UsageError(f"{item!r} is not a change. Write numbers to leave out, +example.com to add a site, +aspect or -aspect.")
        if sign == "-":
            changed = drop_aspect(changed, name)
        elif "://" in name or re.fullmatch(r"[\w-]+(?:\.[\w-]+)+(?:[/:?]\S*)?", name):
            changed = add_site(changed, name)
        elif name.casefold() not in map(str.casefold, changed.aspects):
            changed = replace(changed, aspects=(*changed.aspects, name))
    return changed


def leave_out(selection: Selection, numbers: Iterable[int]) -> Selection:
    """Return the selection without the candidates of these numbers, counted from 1. Raises UsageError for a number that is not there."""
    wanted = set(numbers)
    if unknown := sorted(number for number in wanted if not 1 <= number <= len(selection.candidates)):
        raise UsageError(f"There is no candidate {unknown[0]}. The numbers go from 1 to {len(selection.candidates)}.")
    gone = {find_site(selection.candidates[number - 1].url).domain for number in wanted}
    kept = tuple(candidate for candidate in selection.candidates if find_site(candidate.url).domain not in gone)
    considered = tuple(
        replace(each, competes=False, reason=LEFT_OUT) if find_site(each.url).domain in gone else each for each in selection.considered
    )
    return replace(selection, candidates=kept, considered=considered)


def add_site(selection: Selection, url: str) -> Selection:
    """Return the selection with a site of the person's own as its first candidate. Raises UsageError for what is no address."""
    given = give_site(url)
    domain = find_site(given.url).domain
    found = next((each for each in selection.considered if find_site(each.url).domain == domain), None)
    if found is not None and "://" not in url:
        given = replace(given, name=found.name, url=found.url)  # how it is reached is known
    others = [candidate for candidate in selection.candidates if find_site(candidate.url).domain != domain]
    considered = tuple(each for each in selection.considered if find_site(each.url).domain != domain)
    candidates = (Candidate(given.name, given.url, given.reason), *others)
    return replace(selection, candidates=candidates, considered=(given, *considered))


def give_site(url: str) -> Considered:
    """Return a site that a person named: it is visited and kept whatever is found on it. Raises UsageError for what is no address."""
    address = url.strip() if "://" in url else f"https://{url.strip()}"
    site = find_site(address)
    try:
        parts = urlsplit(address)
        is_one = parts.scheme in ("http", "https") and parts.username is None and parts.port != 0 and " " not in address
    except ValueError:  # no port, or half an IPv6 address
        is_one = False
    if not is_one or "." not in site.host:
        raise UsageError(f"{url!r} is not the address of a site. Write it as https://example.com.")
    return Considered(site.label.replace("-", " ").title(), site.host, address, True, GIVEN, kind=SiteKind.GIVEN, score=1000.0)


def drop_aspect(selection: Selection, name: str) -> Selection:
    """Return the selection without an aspect, which may be named by its beginning. Raises UsageError where none or several are meant."""
    wanted = name.casefold()
    meant = [each for each in selection.aspects if each.casefold() == wanted] or [
        each for each in selection.aspects if each.casefold().startswith(wanted)
    ]
    if len(meant) != 1:
        raise UsageError(f"{name!r} names {'no' if not meant else 'more than one'} aspect. Aspects: {', '.join(selection.aspects)}.")
    return replace(selection, aspects=tuple(each for each in selection.aspects if each != meant[0]))


def find_address(company: str) -> str:
    """Return the address of a site by which a company was named ("smashwick.example"), "" for a name."""
    if re.fullmatch(r"https?://\S+|[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}/?", company, re.IGNORECASE) is None or not find_site(company).domain:
        return ""
    return company if "://" in company else f"https://{company}"
