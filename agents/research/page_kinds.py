"""What a site turns out to be once its pages were read: a list, a directory, news, a shop that has closed or moved, or a business."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from sayso.tools.quick_patterns import QuickPattern
from sayso.tools.truth.word_kinds import names_a_business
from sayso.tools.truth.words import tokenize

from .page_reading import FIRST_WORDS, MOST_READ, find_front, read_visible
from .site_identity import find_site, squash_letters
from .site_kinds import KindFound, SiteKind
from .state import VisitedPage

_SENTENCE = re.compile(r"(?<=[.!?。！？])\s+|\n+|(?<=[。！？])")
_COUNTS = re.compile(r"\b[A-ZÀ-Þ][\w'’ -]{1,30}\((?:\d{1,3}(?:[.,]\d{3})*|\d+)\)")
_RATINGS = re.compile(
    r"\b\d{1,2}(?:[.,]\d)?\s?/\s?(?:5|10)\b|★|\brating:? \d|\b\d(?:[.,]\d)? (?:out of|von|sur|de) (?:5|10)\b", re.IGNORECASE
)
_NUMBERED = re.compile(r"^(?:#|No\. ?)?(?P<number>\d{1,2})[.):]\s+\S", re.MULTILINE)
_LISTED = re.compile(
    r"\b(?:claim (?:your|this) (?:listing|business|profile|page)|(?:is this your|own an?|run an?) (?:\w+|\w+ \w+)\? (?:add|list|"
    r"claim|register)|"
    r"is this your (?:\w+|\w+ \w+)\?|"
    r"add your (?:business|company|listing|profile|"
    r"venue|club|school|shop|site)|featured listing|"
    r"list your [\w ]{2,20} (?:for|here|now|with)|listings? (?:are|costs?)|jetzt eintragen|eintrag kostenlos|"
    r"ajoutez votre|inscrivez votre)\b"
    r"|掲載(?:店|依頼|無料)",
    re.IGNORECASE,
)
"""What only a directory says."""
_LISTING = re.compile(
    r"\b(?:find (?:an?|your|the (?:best|right|perfect)) [\w ]{2,30} (?:near|in your|by)|own an? [\w ]{2,30}\?|submit (?:a|your) \w+|"
    r"advertise with us|browse by|añade tu)\b",
    re.IGNORECASE,
)
"""What directories say, and some businesses."""
_PAID = re.compile(
    r"\b(?:advertis(?:ing|er) disclosure|affiliate|sponsored|paid (?:placement|partnership|listings?)|pay us|"
    r"we (?:may )?(?:earn|receive) (?:a |an )?"
    r"(?:commission|compensation)|anzeige|advertorial|werbung|provision|contenu sponsorisé|publicité|publicidad|"
    r"sponsorizzat\w+|gesponsord)\b|広告|PR記事",
    re.IGNORECASE,
)
_NEWS = re.compile(
    r"\b(?:newspaper|newsroom|editor-in-chief|correspondent|reporters?|subscribe to read|free articles? left|corrections:|breaking news|"
    r"letters to the editor|zeitung|redaktion|impressum der redaktion|journal|rédaction|periódico|redacción|giornale|"
    r"redazione|krant|redactie)\b|"
    r"新聞|編集部",
    re.IGNORECASE,
)
_REFERENCE = re.compile(
    r"\b(?:encyclop\w+|enzyklopädie|enciclopedia|dictionary|from \w+pedia|\w+pedia\b|\w*wiki)\b|百科|辞典", re.IGNORECASE
)
_FORUM = re.compile(r"\b(?:forum|thread|moderator|posts?: \d+|joined: |reply to this|log in to reply|upvotes?)\b|掲示板", re.IGNORECASE)
_ASSOCIATION = re.compile(
    r"\b(?:we are|is|are) (?:an? |the )?(?:\w+ ){0,3}(?:association|charity|non-?profit|union of|campaign|lobby|federation|trade body)\b|"
    r"\b(?:wir sind|ist) (?:ein|der|eine) (?:\w+ )?(?:verband|verein|interessenvertretung)\b|\bassociation (?:de|des)\b",
    re.IGNORECASE,
)
_REPRESENTS = QuickPattern(
    r"\b(?:represents?|speaks? (?:up )?for|(?:the|a) voice (?:of|for)|on behalf of|lobb(?:y|ies) for|"
    r"brings? together|unites?|(?:association|federation|union|"
    r"guild|league|alliance|society|council|chamber) (?:of|for))\s(?P<whom>(?:[\w,.’'-]+ ?){1,7})",
    re.IGNORECASE,
)
_NO_BUSINESS = re.compile(
    r"\b(?:does not|do not|doesn['’]t|don['’]t) (?:itself |ourselves )?(?:operate|run|"
    r"own) (?:any )?(?:\w+ )?(?:restaurants|shops|stores|hotels|"
    r"businesses|spaces|\w+s)\b|\bwe sell nothing\b|\b(?:betreibt|verkauft|vermietet) (?:selbst )?(?:keine?|nichts)\b|"
    r"\bne vend(?:ons)? rien\b",
    re.IGNORECASE,
)
_JOBS = re.compile(
    r"\b(?:jobs\b(?! done)|job board|careers|vacancies|stellenangebote|stellenmarkt|offres d['’]emploi|empleos?|lavoro|vacatures)\b|求人",
    re.IGNORECASE,
)
_TRADE_ONLY = re.compile(
    r"\b(?:trade (?:accounts? |customers )?only|to the trade only|no private customers|wholesale only|"
    r"only sell to (?:shops|retailers|businesses)|"
    r"nur (?:für|an) (?:händler|gewerbetreibende|wiederverkäufer)|réservé aux professionnels|solo mayoristas)\b|業者専用|卸売専門",
    re.IGNORECASE,
)
_BYLINE = re.compile(
    r"^(?:By|Von|Par|Por|Di|Door) [A-ZÀ-Þ][\w'’-]+ [A-ZÀ-Þ][\w'’-]+|\b(?:staff writer|last edited|edited on|published on|updated on)\b",
    re.MULTILINE,
)
_DATED_BYLINE = re.compile(
    r"^(?:By|Von|Par|Por|Di|Door) [A-ZÀ-Þ][\w'’-]+(?: [A-ZÀ-Þ][\w'’-]+){1,2}\s*[,.|·–—-]\s*(?:\w+ (?:on )?)?"
    r"(?:\d{1,2}\.? \w{3,}\.? (?:19|20)\d\d|\w{3,9} \d{1,2}, (?:19|20)\d\d)",
    re.MULTILINE,
)
"""Who signs a text and dates it writes an article, however often it says "we"."""
_CLOSED = re.compile(
    r"\b(?:permanently closed|closed (?:for good|forever|its doors|our doors|down)|has closed\b(?! its \w+ (?:branch|shop|"
    r"store))|ceased trading|out of business|"
    r"gone into (?:administration|liquidation)|insolven\w+|bankrupt\w*|dauerhaft geschlossen|endgültig geschlossen|"
    r"für immer geschlossen|geschäftsaufgabe|"
    r"définitivement fermée?|fermeture définitive|fermé définitivement|cessation d['’]activité|"
    r"cerrad[oa] (?:definitivamente|permanentemente)|"
    r"chiuso definitivamente|definitief gesloten|failliet)\b|閉店(?:しました|いたしました|のお知らせ)|廃業",
    re.IGNORECASE,
)
_BRANCH = re.compile(r"\b(?:branch|filiale|zweigstelle|succursale|sucursal|filial)\b|支店", re.IGNORECASE)
_MOVED = re.compile(
    r"\b(?:(?:we(?:['’]ve| have)?|site|page|shop|has|have) (?:now )?moved|new (?:address|home|website|site)|umgezogen|"
    r"neue (?:adresse|website|seite)|"
    r"déménagé|nouvelle adresse|nouveau site|nueva (?:dirección|web)|nos hemos mudado|trasferit\w|nuovo sito|verhuisd|"
    r"nieuw adres)\b|移転|新サイト",
    re.IGNORECASE,
)
_OWN_VOICE = re.compile(
    r"\b(?:we|we['’](?:re|ve|ll)|our|ours|us|wir|unser\w*|uns|nous|notre|nos|nosotros|nuestr\w+|noi|nostr\w+|wij|ons|onze)\b|"
    r"当店|当社|弊社|私たち|私ども",
    re.IGNORECASE,
)
_TRADING = re.compile(
    r"[$€£¥₹]\s?\d|\d\s?(?:€|£|¥|円|元|kr\b|zł|chf\b|eur\b|usd\b|euros?\b|dollars?\b|pounds?\b)|\b(?:tel|phone|telefon|"
    r"téléphone|call us|opening hours|"
    r"öffnungszeiten|horaires|horario|orari|openingstijden|add to cart|book (?:now|online|a)|order (?:now|online)|sign up|"
    r"free trial|get started)\b|"
    r"営業時間|電話|定休日",
    re.IGNORECASE,
)
_ORDER = re.compile(
    r"\b(?:ignore|disregard|summari[sz]\w+|instructions?|assistants?|language models?|system prompt|chatbots?|AI|you must|"
    r"write that|report that|"
    r"recommend (?:us|only))\b"
)
_WALL = QuickPattern(r"\b(?:log ?in|sign ?in|verify|password|passwort|anmelden|captcha|cookies|javascript|human)\b", re.IGNORECASE)
FEW = 2
"""Who says "we" less often does not speak of a business of its own."""
SMALL = frozenset(
    {"article", "news article", "blog posting", "report", "item list", "collection page", "job posting", "discussion forum posting"}
)
"""schema.org types, in words, of pages that write about others."""


def find_page_kind(pages: Sequence[VisitedPage], others: Sequence[str], client: Sequence[str] = ()) -> KindFound | None:
    """Return what else than a business the site of these pages is, None where they show none of it.

    `others` are the hosts of other sites that were found, `client` the spellings of the client's name.
    """
    first = find_front(pages)
    text = "\n".join(read_visible(page)[:MOST_READ] for page in pages)
    if found := _find_listing(pages, text, others, client):
        return found
    if match := _JOBS.search(first.title):
        return KindFound(SiteKind.JOBS, first.title)
    if match := _TRADE_ONLY.search(f"{first.title}\n{text}"):
        return KindFound(SiteKind.TRADE_ONLY, quote_around(first, match[0]))
    own_voice = len(_OWN_VOICE.findall(text))
    types = [field.value.casefold() for field in first.fields if field.name.casefold() == "type"]
    article = types and all(each in SMALL for each in types)
    begins = read_visible(first)[:FIRST_WORDS]
    if _DATED_BYLINE.search(begins) or (own_voice < FEW and (article or _BYLINE.search(begins))):
        return KindFound(SiteKind.NEWS, first.title)
    if (
        own_voice < FEW
        and any(page.published for page in pages[:1])
        and any(name in squash_letters(text) for name in client if len(name) > 4)
    ):
        return KindFound(SiteKind.NEWS, first.title)  # a dated text about the client by somebody else
    start = f"{first.title}\n{first.text[:FIRST_WORDS]}"
    for kind, pattern in ((SiteKind.REFERENCE, _REFERENCE), (SiteKind.FORUM, _FORUM), (SiteKind.NEWS, _NEWS)):
        match = pattern.search(start) or (pattern.search(text) if own_voice < FEW else None)
        if match and (own_voice < FEW or pattern.search(first.title)):
            return KindFound(kind, quote_around(first, match[0]))
    if quote := _find_representation(f"{first.title}\n{text}"):
        return KindFound(SiteKind.ASSOCIATION, quote)
    for kind, pattern in ((SiteKind.ASSOCIATION, _ASSOCIATION), (SiteKind.NO_BUSINESS, _NO_BUSINESS)):
        if match := pattern.search(text):
            return KindFound(kind, quote_around(first, match[0]))
    if own_voice < FEW and (first.title.rstrip().endswith("?") or re.search(r"\?\s+[|–-]", first.title)):
        return KindFound(SiteKind.FORUM, first.title)
    if first.title.isascii() and not first.fields and not own_voice and not _TRADING.search(text) and not _names_itself(first, text):
        return KindFound(SiteKind.NO_BUSINESS, next(iter(sentences(first.text)), first.title))
    return None


def _find_representation(text: str) -> str:
    """Return the sentence by which a site says that it speaks for businesses or people of a trade, "" without one."""
    for sentence in sentences(text):
        match = _REPRESENTS.search(sentence)
        words = tokenize(match["whom"]) if match else ()
        if any(word.text.endswith("s") and (names_a_business(word) or word.text.endswith("ers")) for word in words):
            return sentence[:300]
    return ""


def find_closing(pages: Sequence[VisitedPage]) -> str:
    """Return the sentence by which a business says that it has closed, "" without one. One of its branches may close."""
    start = f"{pages[0].title}\n{pages[0].text[:600]}"
    closed = (sentence for sentence in sentences(start) if _CLOSED.search(sentence) and not _BRANCH.search(sentence))
    return next((sentence for sentence in closed if not _ORDER.search(sentence)), "")


def find_new_home(pages: Sequence[VisitedPage]) -> str:
    """Return the address to which a site has moved: where a redirect led, or the one link of a page that says so. "" if it has not."""
    first = pages[0]
    if first.asked and find_site(first.asked).domain != find_site(first.url).domain:
        return first.url
    away = dict.fromkeys(url for url, _ in first.links if find_site(url).domain not in ("", find_site(first.url).domain))
    domains = {find_site(url).domain for url in away}
    if len(domains) == 1 and len(first.text) < 800 and _MOVED.search(f"{first.title}\n{first.text}"):
        return next(iter(away))
    return ""


def sentences(text: str) -> Iterator[str]:
    """Yield the sentences of a text as they stand there; a line end ends one."""
    for part in _SENTENCE.split(text):
        if part and part.strip():
            yield part.strip()


def quote_around(page: VisitedPage, words: str) -> str:
    """Return the sentence of a page that has these words, the words themselves where none has."""
    return next((sentence for sentence in sentences(page.text) if words in sentence), words)[:300]


def is_no_evidence(sentence: str) -> bool:
    """Return whether a sentence is no evidence: it may be meant for a program that reads the page, or belongs to a wall before it."""
    return bool(_ORDER.search(sentence) or _WALL.search(sentence))


def _find_listing(pages: Sequence[VisitedPage], text: str, others: Sequence[str], client: Sequence[str]) -> KindFound | None:
    first = pages[0]
    own = find_site(first.url).domain
    linked = {find_site(url).domain for page in pages for url, _ in page.links} - {own, ""}
    known = {find_site(host).domain for host in others} - {own}
    squashed = squash_letters(text)
    named = [
        name
        for name in dict.fromkeys([*(squash_letters(find_site(host).label) for host in sorted(known)), *client])
        if len(name) > 4 and name in squashed
    ]
    sponsored = sum("sponsored" in rel or "ugc" in rel for page in pages for rel in page.rels)
    if len(linked & known) > 1:
        return KindFound(SiteKind.LIST, f"links to {', '.join(sorted(linked & known)[:3])}")
    if (match := _PAID.search(text)) and (len(named) > 1 or sponsored or len(linked) > 2):
        return KindFound(SiteKind.SPONSORED, quote_around(first, match[0]))
    if sponsored > 1:
        return KindFound(SiteKind.SPONSORED, f"{sponsored} of its links are marked as sponsored")
    if match := _LISTED.search(text):
        return KindFound(SiteKind.DIRECTORY, quote_around(first, match[0]))
    entries = len(_COUNTS.findall(text)) > 2 or bool(named) or len(linked) > 2 or len(_find_entries(pages)) > 3
    if entries and (match := _LISTING.search(text)):
        return KindFound(SiteKind.DIRECTORY, quote_around(first, match[0]))
    numbers = {int(match["number"]) for match in _NUMBERED.finditer(first.text)}
    if len(_RATINGS.findall(first.text)) > 2 and ({1, 2, 3} <= numbers or len(named) > 1):
        return KindFound(SiteKind.LIST, quote_around(first, _RATINGS.findall(first.text)[0]))
    begins = squash_letters(read_visible(find_front(pages))[:FIRST_WORDS])
    if len(named) > 2 or (any(name in begins for name in client) and sum(name in begins for name in named) > 1):
        return KindFound(SiteKind.LIST, f"names {', '.join(named[:3])}")
    return None


def _find_entries(pages: Sequence[VisitedPage]) -> list[str]:
    """Return the links to entries of one kind: /listing/a, /listing/b, /listing/c."""
    folders: dict[str, list[str]] = {}
    for url, _ in pages[0].links:
        folder = urlsplit(url).path.rpartition("/")[0]
        if re.search(r"list|director|biz|business|company|companies|profil|eintrag|firma|annuaire|shops?$", folder):
            folders.setdefault(folder, []).append(url)
    return max(folders.values(), key=len, default=[])


def _names_itself(page: VisitedPage, text: str) -> bool:
    """Return whether the owner of a site stands in its text or title: "Cargoline is a shop"."""
    label = find_site(page.url).label
    title = squash_letters(page.title)
    return squash_letters(label) in squash_letters(text) or any(len(part) > 3 and part in title for part in label.split("-"))
