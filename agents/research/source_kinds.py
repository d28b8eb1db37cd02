"""Who speaks on a page that was read: the business itself, or the press, a directory, somebody who is paid for it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from .page_kinds import find_page_kind
from .report_values import SourceKind
from .site_identity import find_site
from .site_kinds import SiteKind, find_known_place

if TYPE_CHECKING:
    from .state import Visit, VisitedPage

_KINDS: Mapping[SiteKind, SourceKind] = {
    SiteKind.NEWS: SourceKind.PRESS,
    SiteKind.LIST: SourceKind.DIRECTORY,
    SiteKind.DIRECTORY: SourceKind.DIRECTORY,
    SiteKind.SPONSORED: SourceKind.PAID,
    SiteKind.REFERENCE: SourceKind.REFERENCE,
    SiteKind.FORUM: SourceKind.FORUM,
}
_AD_CLICK = re.compile(
    r"[?&](?:gclid|gbraid|wbraid|msclkid|dclid|utm_medium=(?:cpc|ppc|paid\w*|display|affiliate)\b|aff(?:iliate)?_?id=)", re.I
)
"""What an address has that was reached through an advertisement, or for which somebody gets a share."""


def find_source_kind(page: VisitedPage, visit: Visit, kind: str) -> SourceKind:
    """Return who speaks on a page of a visit in a research of that kind ("competitors", "market", "topic").

    A page of the site whose business is described is its own. What another page is, its address, its links and its text show: "sponsored"
    links and words, ratings of several businesses, an encyclopedia's or newspaper's own words. Without any of these a business speaks.
    """
    if page.asked and _AD_CLICK.search(page.asked) and find_site(page.url).domain != find_site(visit.candidate.url).domain:
        return SourceKind.PAID
    given = visit.judged is not None and visit.judged.kind == SiteKind.GIVEN
    own = {find_site(visit.candidate.url).domain, find_site(visit.pages[0].url).domain}
    if kind != "topic" and not given and find_site(page.url).domain in own:
        return SourceKind.OWN
    known = find_known_place(find_site(page.url))
    if known is not None:
        return _KINDS.get(known, SourceKind.OTHER)
    found = find_page_kind((page,), ())
    return SourceKind.OWN if found is None else _KINDS.get(found.kind, SourceKind.OTHER)


def settle_kinds(kinds: Mapping[str, tuple[str, SourceKind]]) -> dict[str, SourceKind]:
    """Return the kinds of pages, each given with its address: a page that shows nothing of it is what the others of its site show."""
    sites = {find_site(url).domain: kind for url, kind in kinds.values() if kind not in (SourceKind.OWN, SourceKind.OTHER)}
    return {name: sites.get(find_site(url).domain, kind) if kind is SourceKind.OWN else kind for name, (url, kind) in kinds.items()}
