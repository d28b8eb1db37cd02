"""Claims from what a page holds as data: price tables, menus, opening hours, addresses, founding dates, each as a sentence of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from sayso.tools.quantities import Kind, find_amounts
from sayso.tools.quantities.number_words import guess_language
from sayso.tools.truth.words import is_light, tokenize
from sayso.tools.web import find_quote
from sayso.tools.web.fields import Field

from . import aspects as known
from .aspect_forms import settle_aspect
from .aspects import Aspect, count_cues
from .fitting import find_offer, fit, is_like, is_specific, names_a_day
from .offer_words import is_person, is_region
from .orders import is_order
from .page_reading import DATA_MARK, is_home
from .page_terms import find_terms
from .report_values import Claim
from .sentence_words import has_money
from .sentences import find_stated, split_sentences
from .site_identity import squash_letters

if TYPE_CHECKING:
    from .state import VisitedPage

MOST = 300
_LONGEST_VALUE = 300
_LONGEST_ANSWER = 160
MIN_WORDS = 4
RANGE = 2
"""How many prices a value without the name of a thing has to have: "from 9 to 79 USD" is what a site's offers cost."""
LONGEST_LABEL, LONGEST_TOLD, LONGEST_SELF = 5, 20, 200
_NOT_A_FACT = re.compile(
    r"(?i:(?:@?id|(?:page )?@?type|name|legal name|alternate name|url|web ?site|image|logo|photo|thumbnail.*|same as|sku|gtin\d*|ean|mpn|"
    r"isbn|"
    r"product id|identifier|"
    r"position|item|item list.*|list item|breadcrumb.*|best rating|worst rating|price currency|price valid until|valid (?:from|through)|"
    r"date (?:modified|published|"
    r"created)|in language|language|locale|site name|keywords?|title|headline|author|publisher|main entity.*|potential action|context|"
    r"has map|latitude|"
    r"longitude|geo|item condition|availability|telephone|phone|fax.*|e-?mail|contact.*|color scheme|theme color|viewport|generator|"
    r"robots|application (?:sub ?)?category|og .*|twitter .*|canonical|page|width|"
    r"height|encoding.*|page type|more about.*|read more|see also|default title|default)\Z)"
)
_TECHNICAL = re.compile(
    r"(?i:https?://|www\.|^[\w.-]+@[\w.-]+$|^\{|^\[|^#[0-9a-f]{3,8}$|^(?:true|false|null|none)$|^[a-z0-9_]+_[a-z0-9_]+$|\.(?:png|jpe?g|"
    r"svg|webp)\b)"
)
_COOKIES = re.compile(
    r"(?i:cookie|consent|_ga\b|session id|speicherdauer|\banbieter\b|\b(?:cookie-?)?laufzeit\b|\btracking (?:id|pixel|code)\b)"
)
_CUT_SENTENCE = re.compile(
    r"(?i:\b(?:is|are|costs?|will cost|for|at|from|be|pay|pays|only|just|to|and|or|under|over|of|kostet|kosten|ist|sind|ab|für|nur|coûte|"
    r"coûtent|est|cuesta|"
    r"cuestan|es|kost|kostar)\Z|, (?:it|they|you|we|es|sie) )"
)
_CHOOSE = frozenset("pick choose see compare our select find all simple list wähle unsere alle choisissez nos todos nuestros".split())
_DOMAIN = re.compile(r"(?i:(?:[a-z0-9-]+\.)+[a-z]{2,10}\Z)")
_POINTS = re.compile(
    r"(?i:(?:where (?:to|we)|how (?:to|we|(?-i:[A-Z])\w*)|addresses of|list of|find (?:your|our|the)|see (?:our|the)|read|meet|"
    r"discover|all about|"
    r"everything about)\b)"
)
_MARKS = frozenset("yes no ✓ ✔ ✗ ✘ ja nein oui non sí si sim não nee nej".split())
_PLAIN_LABELS = {
    "serves cuisine": "cuisine",
    "accepts reservations": "takes reservations",
    "knows about": "fields",
    "area served": "serves",
    "duration of warranty": "warranty",
}
_NUTRITION = re.compile(r"(?i:(?:energy|calories|kcal|kj|fat.*|protein.*|carbohydrates?.*|sugars?|salt|sodium|fibre|fiber)\Z)")
_PLACE_OR_HOURS = re.compile(r"(?i:(?:address|area served|opening hours|price range|founders?|founding location)\Z)")
_WITHOUT_PRICE = re.compile(r"(?i:\b(?:free|included|none|half|gratis|kostenlos|inklusive|inbegriffen|gratuit|compris|incluido)\b|無料|✓)")
_PROSE = re.compile(
    r"(?i:(?:.* (?:text|notes?|description|tagline)|description|abstract|text|article body|review body|slogan|"
    r"disambiguating description|about|notes?|tagline|claim|intro|summary|"
    r"lead|body|content|paragraph|sub ?title|subline|info|blurb)\Z)"
)
_FOOTNOTE = re.compile(r"(?<=[\w€£$¥])\s?[*†‡]+$")
_ENERGY = re.compile(r"(?i:\d+ ?(?:kcal|kj|cal|calories)\.?)")
_FORMER = re.compile(
    r"(?i:was|were|before|old(?: price)?|former(?:ly)?|previous(?:ly| price)?|list price|rrp|msrp|uvp|statt|vorher|bisher|früher|"
    r"alter preis|avant|ancien prix|prix barré|antes|precio anterior|prima|prezzo pieno|eerder|tidigare|før)|定価|通常価格|旧価格"
)
"""Columns of a table with prices that another column has newer ones for."""
_DAYS = {day[:3]: day for day in ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")}
_SHORT_DAY = re.compile(rf"\b(?:{'|'.join(_DAYS)})\b")
_HOURS = re.compile(r"(?i:opening hours|hours|öffnungszeiten|horaires)")
_SELF = re.compile(r"(?i:(?:description|slogan|disambiguating description|about|tagline|claim|intro|summary)\Z)")
"""Data by which a site says what it is, often without a verb: "Coffee roaster with a tasting room in Duluth"."""
_OF_THE_PAGE = re.compile(
    r"(?i:(?:written by|author|(?:est\w*\.? )?reading time|time to read|geschätzte lesezeit|lesedauer|verfasst von)\Z)"
)
_LABELS: tuple[tuple[str, tuple[Aspect, ...]], ...] = (
    (
        "founding date|founded|founder|employees|number of employees|owner|parent organization|ceo|gegründet|gründung|inhaber|"
        "geschäftsführ|mitarbeiter|"
        "fondé|création|salarié|fundad|empleados|opgericht|創業|設立|代表",
        (known.COMPANY,),
    ),
    (
        "opening hours|hours|open|opens|closes|geopend|geöffnet|aperto|ouvert|öppet|"
        "öffnungszeit|horaire|horario|openingstijd|öppettid|営業時間|定休日|(?:mon|tues|wednes|thurs|fri|"
        "satur|sun)day|"
        "(?:mon|diens|donners|frei|sams|sonn)tag|mittwoch|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche",
        (known.HOURS, known.LOCATIONS),
    ),
    (
        "address|location|branch|street|locality|region|country|area served|postal|telephone|phone|e-?mail$|adresse|anschrift|standort|"
        "telefon|dirección|city|headquarters?|head office|seat|sitz|hauptsitz|siège|sede|"
        "adres|住所|所在地|本社|電話",
        (known.LOCATIONS, known.COMPANY),
    ),
    (
        "price range|price|fee|cost|deposit|preis|kosten|gebühr|kaution|anzahlung|acompte|arrhes|anticipo|aanbetaling|caparra|"
        "prix|tarif|precio|tarifa|prijs|pris|料金|価格",
        (known.PRICES,),
    ),
    (
        "payment|currencies accepted|zahlung|paiement|pago|支払|accepts reservations|delivery|shipping|liefer|livraison|envío|return|"
        "rückgabe",
        (known.ORDERING, known.DELIVERY, known.OFFER),
    ),
    ("warranty|guarantee|garantie|garantía|保証", (known.WARRANTY, known.DIFFERENCE)),
    ("aggregate rating|rating|review count|award|certification|auszeichnung", (known.DIFFERENCE,)),
    ("operating system|platform|integrations?", (known.PLATFORMS, known.OFFER)),
    ("serves cuisine|cuisine|menu|product|service|offer|application category|angebot|sortiment|knows about", (known.OFFER,)),
    (
        "weight|width|height|depth|size|material|colou?r|range|battery|power|capacity|gewicht|größe|reichweite|akku|leistung|poids|重量",
        (known.SPECIFICATIONS, known.OFFER),
    ),
)
"""Labels that fields have, with the aspects that they are about: the first of these that the research asks for."""


def claim_fields(pages: Sequence[VisitedPage], company: str, aspects: Sequence[Aspect]) -> tuple[Claim, ...]:
    """Return a claim for each fact that the pages hold as data and that is about one of the aspects. `source` is an index into `pages`."""
    claims: dict[tuple[str, str, str], Claim] = {}
    for source, page in enumerate(pages):
        priced_now = {
            (field.section, field.subject) for field in page.fields if not _FORMER.fullmatch(field.name) and has_money(field.value)
        }
        towns = {field.section for field in page.fields if field.section and any(map(is_region, find_terms(field.name)))}
        for field in page.fields:
            if _FORMER.fullmatch(field.name) and (field.section, field.subject) in priced_now:
                continue
            if _PROSE.match(field.name):
                for said in _claim_prose(field, company, aspects, source, page):
                    claims.setdefault(("", "", said.text.casefold()), said)
                continue
            for name, value in _read_values(field):
                key = (field.subject.casefold(), name.casefold(), value.casefold())
                if key in claims:
                    continue
                claim = _make_claim(field, name, value, company, aspects, source, page)
                if claim is not None:
                    claims[key] = _move_to_places(claim, aspects) if field.section in towns and name.istitle() else claim
    return tuple(_drop_repeated(list(claims.values())))[:MOST]


def _move_to_places(claim: Claim, aspects: Sequence[Aspect]) -> Claim:
    """Return what stands beside the name of a town, in a list of towns, as a claim about places, if its words are about nothing else."""
    offer, places = find_offer(aspects), _like(aspects, known.LOCATIONS)
    return replace(claim, topic=places.name) if places is not None and offer is not None and claim.topic == offer.name else claim


def _drop_repeated(claims: Sequence[Claim]) -> Iterator[Claim]:
    """Yield the claims without those whose times of day rows of a table tell as well, and without lists of what other claims tell of."""
    subjects = {squash_letters(claim.subject) for claim in claims if claim.subject}
    for claim in claims:
        parts = [squash_letters(part) for part in claim.value.split(",")]
        if not claim.subject and len(parts) > 1 and all(part in subjects for part in parts):
            continue
        mine = _read_times(claim.value)
        of_it = [other for other in claims if other is not claim and (other.subject, other.name) == (claim.subject, claim.name)]
        if any(len(other.value) > len(claim.value) and f", {claim.value}," in f", {other.value}," for other in of_it):
            continue  # an entry of a list that is told whole
        rows = [
            other
            for other in claims
            if other is not claim and other.topic == claim.topic and other.subject == claim.subject and other.source == claim.source
        ]
        told = [time for other in rows if names_a_day(other.name) for time in _read_times(other.value)]
        if _HOURS.fullmatch(claim.name) and mine and mine <= set(told):
            continue
        yield claim


def _read_times(text: str) -> set[Decimal]:
    return {amount.value for amount in find_amounts(text) if amount.kind is Kind.TIME}


def _claim_prose(field: Field, company: str, aspects: Sequence[Aspect], source: int, page: VisitedPage) -> Iterator[Claim]:
    """Yield a claim for each sentence of a description that is about an aspect."""
    subject = "" if squash_letters(field.subject) == squash_letters(company) else field.subject
    if _POINTS.match(field.value):
        return
    told = tuple(find_stated(field.value, company))
    if not told and _says_what_it_is(field, field.value, bool(find_amounts(field.value)), subject) and not field.old:
        text = " ".join(field.value.split())
        amounts = find_amounts(text)
        aspect = fit(text, (), aspects, amounts, company=company)[0] or find_offer(aspects)
        aspect = settle_aspect(text, amounts, aspect, aspects, company)
        if aspect is not None and len(text) <= LONGEST_SELF:
            text = text if text.endswith((".", "!", "。")) else f"{text}."
            yield Claim(aspect.name, text, field.quote, source, "data", page.published[:10], "", field.name, field.value)
    for stated in told:
        aspect, fits = fit(stated.own, (field.subject,), aspects, stated.amounts, company=company)
        aspect = settle_aspect(stated.own, stated.amounts, aspect, aspects, company)
        says = aspect is not None and is_specific(stated.own, stated.amounts, company, fits)
        if not says and _says_what_it_is(field, stated.own, bool(stated.amounts), subject):
            aspect, says = settle_aspect(stated.own, stated.amounts, find_offer(aspects), aspects, company), True
        if aspect is not None and says and not field.old and find_quote(stated.quote, page.text):
            text = (
                f"{subject}: {stated.text}"
                if subject and not squash_letters(stated.text).startswith(squash_letters(subject))
                else stated.text
            )
            yield Claim(aspect.name, text, stated.quote, source, "data", page.published[:10], subject, field.name, stated.text)


def _says_what_it_is(field: Field, text: str, has_amounts: bool, subject: str) -> bool:
    """Return whether a sentence of a site's data about itself is worth a claim though it has the words of no aspect."""
    if len(text.split()) < MIN_WORDS or _POINTS.match(text) or is_order(text) or _COOKIES.search(text):
        return False
    if subject:
        return field.place != "meta" and (has_amounts or squash_letters(subject) in squash_letters(text))
    if field.place == "meta":
        return has_amounts
    return bool(_SELF.match(field.name)) or field.place == "scripts"


def _read_values(field: Field) -> Iterator[tuple[str, str]]:
    """Yield the name and value of a field as a person reads them; nothing where a field says nothing to a person."""
    name = " ".join(field.name.split()).strip(" :：")
    value = _FOOTNOTE.sub("", " ".join(field.value.split()).strip())
    if field.old or not value or len(value) > _LONGEST_VALUE or _NOT_A_FACT.match(name):
        return
    if _TECHNICAL.search(value) or _COOKIES.search(f"{field.section} {field.subject} {name}") or is_order(value) or is_order(field.subject):
        return
    amounts = find_amounts(value)
    if field.place == "meta" and not amounts and not field.subject and not _PLACE_OR_HOURS.match(name):
        return
    if _OF_THE_PAGE.match(name):
        return
    if count_cues(name, known.PRICES) and not amounts and not _WITHOUT_PRICE.search(value) and value not in ("yes", "no"):
        return  # a link to the prices
    if _WAS.match(value) or (count_cues(name, known.PRICES) and _SIGNS.fullmatch(value)):
        return  # "was £9" is what it does not cost, and "$$" no price
    if _NUTRITION.match(name) or squash_letters(value) == squash_letters(field.subject):
        return
    if _ENERGY.fullmatch(value) or value in ("-", "–", "—", "/", "?", "n/a", "N/A"):
        return
    yield name, value


_WAS = re.compile(r"(?i:(?:was|were|statt|früher|avant|antes|prima) [^\d]{0,6}\d[\d.,]*\W*\Z)")
_SIGNS = re.compile(r"[$€£¥\s]+")
_MANY = 1_000_000
"""From this on a sum is no price of a shop: "Insurance: £10m public liability"."""
_OPENED, _CLOSED = re.compile(r"[“„«]"), re.compile(r"[”»]|“\s*$")
_OF_ALL = re.compile(r"(?i:\b(?:for|of|in|at) (?:all|every|each)\b|\bfür alle\b|\bpour tous\b|\bpara todos\b)")


def _make_claim(
    field: Field, name: str, value: str, company: str, aspects: Sequence[Aspect], source: int, page: VisitedPage
) -> Claim | None:
    subject = " ".join(field.subject.split()).strip(" :：")
    if squash_letters(subject) == squash_letters(company) or _OF_ALL.search(name):
        subject = ""  # what is for all restaurants is not for those under a heading only
    if _OPENED.search(f"{subject} {name}") and not _CLOSED.search(f"{subject} {name}"):
        return None  # cut out of what somebody else is quoted with
    if subject.casefold() in ("default", "default title") or _DOMAIN.match(value):
        return None
    if any(amount.kind is Kind.MONEY for amount in find_amounts(name)) or _POINTS.match(f"{name} {value}"):
        return None
    if field.place == "table" and subject and squash_letters(name) == squash_letters(company):
        name = ""  # its own column in a table that compares companies
    label, name = name, _PLAIN_LABELS.get(name.casefold(), name)
    if (
        squash_letters(company) in (squash_letters(value), squash_letters(name))
        or (not subject and name.casefold() == "price" and sum(each.kind is Kind.MONEY for each in find_amounts(value)) < RANGE)
        or _is_prose(field, page)
    ):
        return None
    aspect = _find_aspect(subject, label, value, field.section, aspects)
    if aspect is None and (_is_told(field, name, value) or name.endswith(("?", "？"))):
        aspect = find_offer(aspects)
    if aspect is None or not (subject or name):
        return None
    if aspect in (find_offer(aspects), _like(aspects, known.HOURS)) and not (
        subject and name
    ):  # "Jobs finished: 1,800", "Skostredet: Mon–Fri 7–18"
        label = name or subject
        line = f"{label[:1].upper()}{label[1:]}: {value}"
        aspect = settle_aspect(line, find_amounts(line), aspect, aspects, company) or aspect
    section = (
        ""
        if _OF_ALL.search(name)
        or squash_letters(field.section) == squash_letters(company)
        or _adds_nothing(field.section)
        or _is_over_all(field.section, page)
        else field.section
    )
    question = next((each for each in (name, subject) if each.endswith(("?", "？"))), "")
    if question:  # of its answer the sentences that say something are found as sentences
        short = len(value) <= _LONGEST_ANSWER and len(split_sentences(value)) == 1 and (find_amounts(value) or not _is_visible(value, page))
        return Claim(aspect.name, f"{question} {value}", field.quote, source, "data", page.published[:10], "", "", value) if short else None
    text = write_field(subject, name, value, section, is_german=guess_language(page.text[:3000]) == "de")
    return Claim(aspect.name, text, field.quote, source, "data", page.published[:10], subject, name, value)


def _is_told(field: Field, name: str, value: str) -> bool:
    """Return whether a label and its value tell something though they have the words of no aspect: "Notice period: one month"."""
    labelled = bool(name) and len(name.split()) <= LONGEST_LABEL and any(letter.isalpha() for letter in name)
    return (
        labelled
        and len(value.split()) <= LONGEST_TOLD
        and any(letter.isalnum() for letter in value)
        and (field.place != "meta" or bool(field.subject))
    )


def _is_visible(value: str, page: VisitedPage) -> bool:
    """Return whether a page shows a text to people, so that its sentences are found as sentences."""
    return find_quote(value, page.text.partition(DATA_MARK)[0]) is not None


def _is_over_all(section: str, page: VisitedPage) -> bool:
    """Return whether a heading is the name of the whole site: over all data of its home page, and in its title."""
    if not section or not is_home(page.url) or squash_letters(section) not in squash_letters(page.title):
        return False
    return all(field.section in ("", section) for field in page.fields)


def _adds_nothing(section: str) -> bool:
    """Return whether a heading says no more than that prices or places follow: "Our prices", "Pick a plan", "Nine shops in six towns"."""
    if any(amount.kind is Kind.COUNT for amount in find_amounts(section)):
        return True
    words = [word for word in tokenize(section) if not is_light(word) and word.text.casefold() not in _CHOOSE]
    return all(count_cues(word.text, known.PRICES) for word in words)


def _is_prose(field: Field, page: VisitedPage) -> bool:
    """Return whether a "label" is the beginning of a sentence that ends with the value: "The car park has 20 places and costs 5 €."."""
    if field.place != "table" and _CUT_SENTENCE.search(field.subject) and f"{field.subject}\n" not in page.text:
        return True
    if field.place != "list" or len(field.subject.split()) < 5:
        return False
    span = find_quote(field.quote, page.text)
    return span is not None and page.text[span[1] : span[1] + 1] in (".", "!", "。")


def write_field(subject: str, name: str, value: str, section: str = "", *, is_german: bool = False) -> str:
    """Return a field as a sentence that makes sense alone: "City bike, rental price: 12.50 EUR a day." """
    section = " ".join(section.split()).strip(" :：")
    if _HOURS.fullmatch(name):
        value = _SHORT_DAY.sub(lambda day: _DAYS[day[0]], value)
    label = name if is_german or name.isupper() or not name.isascii() or any(letter.isupper() for letter in name[1:]) else name.lower()
    if subject:
        over = f" ({section})" if section and section.casefold() not in f"{subject} {name}".casefold() and len(section) < 80 else ""
        start = f"{subject}{over}, {label}" if label else f"{subject}{over}"
    else:
        start = f"{section}, {name}" if section and section.casefold() not in name.casefold() and len(section) < 80 else name
        start = start[:1].upper() + start[1:]
    stop = "" if value.endswith((".", "!", "。")) else "。" if "\u3040" <= value[-1] <= "\u9fff" else "."
    return f"{start}: {value}{stop}"


def _find_aspect(subject: str, name: str, value: str, section: str, aspects: Sequence[Aspect]) -> Aspect | None:
    """Return the aspect that a field is about: by its label, else by what stands over it and what kind of value it has."""
    amounts = find_amounts(value)
    label = f"{name} {section}"
    is_bare = bool(amounts) and all(amount.kind is Kind.PLAIN for amount in amounts)
    # "Espresso 3.20" stands under prices, "E-mail accounts 25" beside them.
    is_sum = is_bare and bool(re.search(r"\d[.,]\d\d(?!\d)", value)) and count_cues(section, known.PRICES) > 0
    # "Rate limit: 120 requests per minute" is no price.
    counts = bool(amounts) and all(amount.kind in (Kind.COUNT, Kind.MEASURE) for amount in amounts)
    is_priced = bool(amounts) and not counts and (count_cues(name, known.PRICES) > 0 or is_sum)
    is_company = (not subject and _counts_people(name, value)) or any(
        amount.kind is Kind.MONEY and amount.value >= _MANY for amount in amounts
    )
    if is_company and not count_cues(name, known.PRICES) and (company := _like(aspects, known.COMPANY)):
        return company
    if (is_priced or any(amount.kind is Kind.MONEY for amount in amounts)) and (prices := _like(aspects, known.PRICES)):
        return prices
    timed = sum(amount.kind is Kind.TIME for amount in amounts)
    if (timed > 1 or (names_a_day(f"{subject} {name}") and (timed or (len(value) < 12 and not amounts)))) and (
        hours := _like(aspects, known.HOURS, known.LOCATIONS)
    ):
        return hours
    if is_mark := value in _MARKS:  # "Phone support: yes" names no place, "Free parking: yes" no price
        aspects = [each for each in aspects if not any(is_like(each, other) for other in (known.PRICES, known.COMPANY))]
    for words, built_in in _LABELS:
        if is_mark and known.LOCATIONS in built_in:
            continue
        if re.search(rf"(?i:(?<!\w)(?:{words}))", name) and (found := _like(aspects, *built_in)):
            return found
    if re.fullmatch(r"(?i:(?:free|gratis|kostenlos|gratuit|included|inklusive)\b.{0,40}|無料)", value) and (
        prices := _like(aspects, known.PRICES)
    ):
        return prices
    best, _ = fit(name, (label,), aspects, amounts)
    if best is None and not subject:
        best, _ = fit(f"{name} {value}", (label,), aspects, amounts)
    if best is not None:
        return best
    if subject:
        return _like(aspects, known.SPECIFICATIONS, known.OFFER)
    return None


def _counts_people(label: str, value: str) -> bool:
    """Return whether a label is people, and its value no more than how many there are: "Operators: 14"."""
    words = find_terms(label)
    plural = label.casefold().endswith("s")
    return len(words) == 1 == len(label.split()) and plural and is_person(words[0]) and bool(re.fullmatch(r"\d{1,4}", value))


def _like(aspects: Sequence[Aspect], *built_in: Aspect) -> Aspect | None:
    return next((aspect for each in built_in for aspect in aspects if is_like(aspect, each)), None)
