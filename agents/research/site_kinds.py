"""What a site is, by the form of its results and pages: a business, or something that only writes about businesses."""

from __future__ import annotations

from enum import StrEnum


class SiteKind(StrEnum):
    """What a site that was found is to the client."""

    COMPETITOR = "competitor"
    ITSELF = "itself"
    NAMESAKE = "namesake"
    LIST = "list"
    DIRECTORY = "directory"
    NEWS = "news"
    REFERENCE = "reference"
    PLATFORM = "platform"
    JOBS = "jobs"
    CLOSED = "closed"
    MOVED = "moved"
    UNRELATED = "unrelated"
    UNREAD = "unread"
    GIVEN = "given"


PLATFORMS: dict[SiteKind, frozenset[str]] = {
    SiteKind.REFERENCE: frozenset(
        "wikipedia wikimedia wiktionary wikidata fandom britannica merriam-webster dictionary thesaurus collinsdictionary dict leo linguee "
        "crunchbase pitchbook owler zoominfo craft cbinsights bloomberg dnb northdata companieshouse glassdoor kununu similarweb semrush "
        "tracxn growjo comparably rocketreach imdb genius discogs".split()
    ),
    SiteKind.DIRECTORY: frozenset(
        "g2 capterra getapp softwareadvice trustradius trustpilot alternativeto slant producthunt sourceforge saashub yelp tripadvisor "
        "yellowpages gelbeseiten pagesjaunes pagesdor goldenpages 11880 golocal opentable thefork foursquare zagat timeout rankings "
        "ekomi idealo geizhals pricespy check24 finder nerdwallet tabelog gurunavi hotpepper kakaku meinestadt "
        "werkenntdenbesten cylex hotfrog kompass europages wlw provenexpert omr".split()
    ),
    SiteKind.PLATFORM: frozenset(
        "facebook instagram linkedin twitter x youtube tiktok pinterest reddit quora medium tumblr vimeo threads mastodon xing discord "
        "telegram whatsapp stackoverflow stackexchange github gitlab amazon ebay etsy aliexpress alibaba temu walmart target apple google "
        "play microsoft apps rakuten otto kleinanzeigen craigslist gumtree marktplaats leboncoin bol zalando ubereats doordash deliveroo "
        "lieferando slideshare scribd".split()
    ),
    SiteKind.JOBS: frozenset("indeed stepstone monster ziprecruiter jobs joblift greenhouse lever workable".split()),
    SiteKind.NEWS: frozenset(
        "techcrunch theverge wired forbes reuters bbc cnn nytimes theguardian guardian cnet pcmag techradar zdnet businessinsider "
        "handelsblatt spiegel heise golem faz zeit lemonde lefigaro lesechos elpais nikkei asahi cnbc wsj ft economist axios engadget "
        "mashable fastcompany inc entrepreneur prnewswire businesswire globenewswire statista".split()
    ),
}
"""The best known places that write about businesses, by the label of their domain. A hint: a client of the same kind competes with them."""
