"""What a site is, by the form of its results and pages: a business, or something that only writes about businesses."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from .page_terms import split_title
from .site_identity import SiteIdentity, find_site, squash_letters
from .state import SearchHit


class SiteKind(StrEnum):
    """What a site that was found is to the client."""

    COMPETITOR = "competitor"
    ITSELF = "itself"
    NAMESAKE = "namesake"
    LIST = "list"
    DIRECTORY = "directory"
    ABOUT = "about the client"
    NEWS = "news"
    REFERENCE = "reference"
    PLATFORM = "platform"
    JOBS = "jobs"
    SPONSORED = "sponsored"
    FORUM = "forum"
    ASSOCIATION = "association"
    TRADE_ONLY = "trade only"
    NO_BUSINESS = "no business"
    CLOSED = "closed"
    MOVED = "moved"
    TWIN = "twin"
    UNRELATED = "unrelated"
    GIVEN = "given"


class KindFound(NamedTuple):
    """A kind, and the words or address that show it."""

    kind: SiteKind
    quote: str


KNOWN_PLACES: dict[SiteKind, frozenset[str]] = {
    SiteKind.REFERENCE: frozenset(
        """
        wikipedia wikimedia wiktionary wikidata fandom britannica merriam-webster dictionary thesaurus collinsdictionary leo linguee
        crunchbase pitchbook owler zoominfo craft.co cbinsights dnb northdata comparably similarweb semrush tracxn growjo
        imdb genius discogs
        """.split()
    ),
    SiteKind.DIRECTORY: frozenset(
        """
        g2 capterra getapp softwareadvice trustradius trustpilot alternativeto slant producthunt sourceforge saashub yelp tripadvisor
        yellowpages gelbeseiten pagesjaunes pagesdor goldenpages 11880 golocal opentable thefork foursquare zagat ekomi idealo geizhals
        pricespy check24 verivox nerdwallet tabelog gurunavi hotpepper kakaku meinestadt cylex hotfrog kompass europages provenexpert omr
        gartner feefo sitejabber clutch goodfirms stackshare
        """.split()
    ),
    SiteKind.PLATFORM: frozenset(
        """
        facebook instagram linkedin twitter x youtube tiktok pinterest reddit quora medium tumblr vimeo threads xing discord telegram
        stackoverflow stackexchange github gitlab amazon ebay etsy aliexpress alibaba temu rakuten craigslist gumtree marktplaats leboncoin
        kleinanzeigen ubereats doordash deliveroo lieferando grubhub justeat slideshare scribd issuu apps.apple.com play.google.com
        maps.google.com sites.google.com apps.microsoft.com
        """.split()
    ),
    SiteKind.JOBS: frozenset("indeed glassdoor kununu stepstone monster ziprecruiter greenhouse lever workable".split()),
}
"""The best known places that write about businesses, by the label of their domain. A hint: a client of the same kind competes with them."""
_COUNTED = re.compile(
    r"\b(?:top|die|the|les|los|las|i|le|de)?\s*(?:\d{1,3}|five|ten|seven|fünf|zehn|sieben|dix|cinq|diez|cinco|dieci|"
    r"cinque|tien|vijf)\+?\s+"
    r"(?:\w+\s+){0,2}?(?:best|top|great|free|amazing|beste[nrs]?|tolle|meilleure?s?|mejores|migliori|alternativ\w+|apps?|tools?|brands?|"
    r"ways|reasons|resources|competitors)\b|\btop\s*-?\s*\d+|\bcompare \d+|\d+\s*選|ランキング|おすすめ",
    re.IGNORECASE,
)
_OUTLETS = re.compile(
    r"\b(?:\d{1,3}|five|ten|seven|fünf|zehn|sieben|dix|diez|dieci|tien)\s+(?:\w+\s+){0,2}?(?:shops|places|restaurants)\b", re.IGNORECASE
)
"""A list of so many, or how many its owner has."""
_RANKED = re.compile(
    r"\b(?:best|top|cheapest|beste[nrs]?|meilleure?s?|mejores|migliori)\b(?=.*\b(?:20\d\d|near me|in \w+|for \w+|of \w+|im vergleich|"
    r"reviews?|ranked|tested|compared|according|brands?|apps|tools|services|alternatives|shops|restaurants|\w+s)\b)|"
    r"\b(?:ranked|rated|reviewed|tested|compared|compare|vergleich|vergleichen|testsieger|comparatif|comparateur|comparativa|confronto|"
    r"we tried|we tested|buyer'?s guides?|buying guide|round-?up|比較|口コミ)\b",
    re.IGNORECASE,
)
_ALTERNATIVES = re.compile(
    r"\b(?:alternatives|competitors|alternativen|konkurrenten|concurrents|alternativas|competidores|similar (?:to|sites|apps)|"
    r"apps like|sites like|companies like|vs\.?|versus)\b",
    re.IGNORECASE,
)
_SINGLE_ALTERNATIVE = re.compile(
    r"\b(?:alternative|alternativa|alternativ|vs\.?|versus|switch from|compared to|migrate from)\b", re.IGNORECASE
)
_REVIEWER = re.compile(
    r"\b(?:we|our (?:experts|editors|team|testers))(?:'ve| have)? (?:tested|tried|compared|reviewed|ranked|rated|picked)|"
    r"\bwir haben \d* ?\w* ?(?:verglichen|getestet)|\bnous avons (?:testé|comparé)|\b(?:reviews|ratings) (?:of|from|for)\b|"
    r"\bcompare \w+ (?:with|and|,)|\b(?:read|see|what) \w* ?(?:reviews|employees|customers (?:say|have))|"
    r"\btop (?:competitors|alternatives)\b|\bcompetitors (?:are|include)\b|\bbest alternatives\b|\bcrowd-?sourced\b",
    re.IGNORECASE,
)
_DEALS = re.compile(
    r"\b(?:for sale|results for|free delivery on eligible|best deals on|top-angebote|sponsored|anzeige|advertorial|affiliate|coupons?|"
    r"discount codes?|gutscheine?|promo codes?)\b",
    re.IGNORECASE,
)
_ARTICLE_PATH = re.compile(
    r"/(?:blog|blogs|news|article|articles|story|stories|magazin|magazine|guides?|advice|features|press|actualites?|noticias|ratgeber|"
    r"reviews?|picks|best|top|compare|alternatives?|competitors|wiki|forum|thread|questions?|watch|comments|jobs?|"
    r"careers?|stellenangebote|"
    r"20\d\d/\d\d?|20\d\d)(?:/|$)|[/-](?:alternatives|competitors)/?$",
    re.IGNORECASE,
)
_JOBS_TITLE = re.compile(
    r"\b(?:jobs? at|working at|careers? at|salar(?:y|ies)|stellenangebote|karriere bei|offres d'emploi)\b", re.IGNORECASE
)
LONG_SLUG = 4
"""A path part of this many words is the title of an article."""


def is_comparison(text: str) -> bool:
    """Return whether a text compares or lists alternatives."""
    return bool(_ALTERNATIVES.search(text) or _SINGLE_ALTERNATIVE.search(text) or _RANKED.search(text) or _REVIEWER.search(text))


def find_known_place(site: SiteIdentity, own: Sequence[str] = ()) -> SiteKind | None:
    """Return the kind of a well-known place, None for others, and where the client (its domains: `own`) is such a place itself."""
    for kind, places in KNOWN_PLACES.items():
        if site.label in places or site.host in places:
            mine = any(find_site(domain).label in places for domain in own)
            return None if mine else kind
    return None


def find_hit_kind(company: str, own: Sequence[str], hit: SearchHit) -> KindFound | None:
    """Return what else than a business's own page a search result is, None where nothing says so.

    By its form: what the title counts, ranks or compares, whose name stands in it, the address's path, who speaks in the snippet.
    """
    site = find_site(hit.url)
    if (known := find_known_place(site, own)) is not None:
        return KindFound(known, hit.title)
    path = unquote(urlsplit(hit.url).path).lower()
    titled = _names_owner(hit.title, site)
    names_client = bool(company) and bool(re.search(rf"(?<!\w){re.escape(company)}(?!\w)", hit.title, re.IGNORECASE))
    if _JOBS_TITLE.search(hit.title) or re.search(r"/(?:jobs?|careers?|stellenangebote)(?:/|$)", path):
        return KindFound(SiteKind.JOBS, hit.title)
    if _offers_itself_instead(company, hit, site):
        return None
    if _COUNTED.search(hit.title) or _ALTERNATIVES.search(hit.title) or _REVIEWER.search(f"{hit.title}. {hit.snippet}"):
        return KindFound(SiteKind.LIST, hit.title)
    is_owners = titled and not path.strip("/")
    if (_RANKED.search(hit.title) or _OUTLETS.search(hit.title)) and not is_owners:
        return KindFound(SiteKind.LIST, hit.title)
    if (match := _DEALS.search(f"{hit.title} | {hit.snippet}")) or re.search(r"[?&](?:q|k|query|search|s)=", hit.url):
        return KindFound(SiteKind.DIRECTORY, hit.snippet if match else hit.url)
    if names_client:
        return KindFound(SiteKind.ABOUT, hit.title)
    if _ARTICLE_PATH.search(path) or any(part.count("-") >= LONG_SLUG - 1 for part in path.split("/")):
        return KindFound(SiteKind.NEWS, hit.title)
    return None


def _names_owner(title: str, site: SiteIdentity) -> bool:
    """Return whether a part of a title is the name of the site's owner."""
    label = squash_letters(site.label)
    parts = [squash_letters(part) for part in split_title(title)]
    return any(part and (part == label or label in part or (len(part) > 3 and part in label)) for part in parts)


def _offers_itself_instead(company: str, hit: SearchHit, site: SiteIdentity) -> bool:
    """Return whether a business's own page offers it in the client's place: "Notion alternative: Nuclino", "ClickUp vs Notion | ClickUp".

    The title has the owner's name as the other side, and names one alternative, not several.
    """
    label = squash_letters(site.label)
    if not company or not _SINGLE_ALTERNATIVE.search(hit.title) or label not in squash_letters(hit.title):
        return False
    plural = re.search(r"\b(?:alternatives|competitors|alternativen|alternativas)\b", hit.title, re.IGNORECASE)
    return not plural and not _COUNTED.search(hit.title)
