"""What a statement is about by its form, whatever words it has: an address, opening hours, who uses it, what is kept of a sale."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from sayso.tools.quantities import Amount, Kind
from sayso.tools.quick_patterns import QuickPattern
from sayso.tools.web.data.postal_lines import find_postal_line

from . import aspects as known
from .aspects import Aspect
from .fitting import find_offer, is_like, is_reduced, names_a_day
from .sentence_words import find_content

FEW_WORDS, NEAR_BEGIN = 3, 30
_RANGE = re.compile(
    r"\b\d{1,2}(?:[:.h]\d\d)?\s?(?:[ap]\.?m\.?|uhr|h)?\s?(?:[-–—]|to|bis|till|until|à|a|tot)\s?\d{1,2}(?!\d)", re.IGNORECASE
)
_USE = re.compile(
    r"(?i:\b(?:use|uses|run on|rely on|trust|bill with|work with|clock in with|are on|[a-z]+ (?:with|through)|"
    r"joined|signed up|have chosen|host with|book with|"
    r"nutzen|vertrauen|arbeiten mit|utilisent|font confiance|usan|confían|utilizzano|gebruiken)\b)"
)
_TEAM = QuickPattern(
    r"(?i:\b(?:team of|team von|équipe de|equipo de)\s\d|\bwe are (?:a team of )?\d+\b(?! (?:years|miles|minutes|km))|"
    r"\b\d+ (?:\w+ )?(?:people|employees|staff|colleagues) (?:work|at|in our))|\d+\s?[名人](?:です|が在籍|体制)"
)
_KEEPS = QuickPattern(r"(?i:\b(?:we|it) (?:keep|keeps|take|takes|charge|charges|deduct)\b|\bcommission\b|\bprovision\b)")
_PAYS = QuickPattern(
    r"(?i:\b(?:accepts?|takes?|pay(?:ment)? (?:by|with|in)|zahlung|zahlen|acceptons|aceptamos|accettiamo)\b.{0,40}"
    r"\b(?:cards?|cash|cheques?|checks?|bank transfer|paypal|invoice|karte\w*|bar|rechnung|cartes?|espèces|chèques?|tarjetas?|efectivo|"
    r"carte|contanti)\b)|(?:現金|クレジットカード)"
)
_BEGAN = QuickPattern(
    r"(?:(?:[A-ZÀ-Þ][\w'’-]+ )+(?:and|und|et|y) )?(?:[A-ZÀ-Þ][\w'’-]+ )+"
    r"(?:founded|started|established|launched|opened (?:the|their|its|his|her) first|gründete|a fondé|fundó|fondò)\b"
    r"|\b(?:was|were|wurde|a été|fue) (?:founded|established|gegründet|fondée?|fundad[oa])\b|\bgegründet\b"
)
_DELIVERS = QuickPattern(r"(?i:\b(?:delivery is|deliver(?:s|ed|y) (?:by|within|to)|lieferung|livraison)\b)")
_TERMS_OF_PRICE = QuickPattern(
    r"(?i:^(?:all |our )?(?:prices|fees|rates) (?:include|exclude|are|is)\b|\btips?\b|"
    r"\b(?:vat|service charge)(?: of \d+ ?%)? (?:is|included)\b"
    r"|^(?:alle )?preise (?:inkl|verstehen|enthalten)|^prix (?:ttc|net)|\btrinkgeld\b|\bpourboire\b)|税込|税別"
)
_STREET_ONLY = re.compile(r"\W*\d+[a-z]? (?:[A-ZÀ-Þ][\w'’.-]* ?){1,4}(?:,\s*[A-ZÀ-Þ][\w'’. -]*){1,3}\W*")
_US = re.compile(r"\b(?:it|us|our|uns|unsere?|nous|nos|notre|nosotros|noi|ons|onze)\b")
_HAS_CUSTOMERS = QuickPattern(
    r"(?i:\b(?:has|have|serves?|zählt|betreut|compte|tiene|conta|telt)\b.{0,20}\d[\d.,]*\+? (?:\w+ )?"
    r"(?:customers|clients|users|subscribers|member\w*(?: \w+)?|kunden|nutzer|utilisateurs|clientes|usuarios|clienti|klanten))"
)
_FOR_YEARS = QuickPattern(
    r"(?i:\b(?:has|have|been)\b.*\bfor (?:more than |over )?\d+ years\b|\bseit (?:über )?\d+ jahren\b|\bdepuis (?:plus de )?\d+ ans\b)"
)
_HAS_PLACES = QuickPattern(
    r"\b(?:has|have|runs?|operates?) (?:[\w-]+ ){1,4}in [A-ZÀ-Þ][\w'’-]+(?:, [A-ZÀ-Þ][\w'’-]+)*,? (?:and|&) [A-ZÀ-Þ][\w'’-]+"
)
_SPENDS = QuickPattern(r"(?i:\b(?:guest|customer|client|visitor|member|diner|shopper)s? [^.;]{0,30}\bspends?\b)")
_OWNS = QuickPattern(
    r"(?i:\b(?:owns?|owned by|belongs? to) (?:(?:the|this|our|its|a|every|all(?: the)?) )?"
    r"(?:company|business|firm|workers|staff|employees|family|restaurants?|shops?|stores?)\b)"
)
_STAFF = QuickPattern(
    r"(?:Our|Many|Most|All|Half)(?: (?:of )?(?:our|the))? [a-z-]+s\b[^.;]{0,30}\b(?:trained|stay|stays|come back|work here|work with us)\b"
)
_ACCREDITED = QuickPattern(
    r"(?i:\b(?:accredited|licensed|certified|registered|approved) (?:by|with|practice|member)\b|\b[A-Z]{3,6} accredited\b)"
)


def settle_aspect(
    own: str, amounts: Sequence[Amount], aspect: Aspect | None, aspects: Sequence[Aspect], company: str = ""
) -> Aspect | None:
    """Return the aspect that a statement is about by its form, else the one that its words were found to be about.

    None where it is only an address, or only hours, and nothing of the kind is asked.
    """
    kinds = [amount.kind for amount in amounts if not amount.old]
    if is_only_address(own, company):
        return _find_like(aspects, known.LOCATIONS, known.COMPANY)
    if aspect is not None and _SPENDS.search(own):
        return _find_like(aspects, known.CUSTOMERS, known.COMPANY)
    if aspect is None or Kind.MONEY in kinds:
        return aspect
    if is_reduced(own) and (is_like(aspect, known.PRICES) or is_like(aspect, known.HOURS)):  # hours of a discount
        return _find_like(aspects, known.PRICES) or aspect
    if names_a_day(own) and (Kind.TIME in kinds or _RANGE.search(own)):
        hours = _find_like(aspects, known.HOURS, known.LOCATIONS)
        if hours is not None or len(find_content(own)) <= FEW_WORDS:
            return hours
    if any(amount.kind is Kind.YEAR for amount in amounts) and _BEGAN.search(own):
        return _find_like(aspects, known.COMPANY) or aspect
    if is_like(aspect, known.LOCATIONS) and _DELIVERS.search(own):
        return _find_like(aspects, known.ORDERING, known.DELIVERY) or aspect
    for says, about in _FORMS:
        if says(own, amounts, company) and (found := _find_like(aspects, *about)):
            return found
    if aspect == find_offer(aspects):
        for pattern, about in _OF_AN_OFFER:
            if pattern.search(own) and (found := _find_like(aspects, *about)):
                return found
    return aspect


def _counts_users(own: str, amounts: Sequence[Amount], company: str) -> bool:
    """Return whether a text says how many use it: "6,900 studios run on Timbrella", "It has 1,750 members"."""
    if _HAS_CUSTOMERS.search(own):
        return True
    first = next((amount for amount in amounts if amount.kind is Kind.COUNT), None)
    if first is None or first.span[0] > NEAR_BEGIN or not _USE.search(own[first.span[1] :]):
        return False
    name = company.split()[0] if company else ""
    return bool(_US.search(own[first.span[1] :])) or (len(name) > FEW_WORDS and name in own)


def _says_who_owns(own: str, amounts: Sequence[Amount], company: str) -> bool:
    return bool(_OWNS.search(own))


def _counts_staff(own: str, amounts: Sequence[Amount], company: str) -> bool:
    return bool(_TEAM.search(own))


def _keeps_a_share(own: str, amounts: Sequence[Amount], company: str) -> bool:
    return any(amount.kind is Kind.PERCENT for amount in amounts) and bool(_KEEPS.search(own))


_Says = Callable[[str, Sequence[Amount], str], bool]
_FORMS: tuple[tuple[_Says, tuple[Aspect, ...]], ...] = (
    (_counts_users, (known.CUSTOMERS, known.COMPANY)),
    (_counts_staff, (known.COMPANY,)),
    (_says_who_owns, (known.COMPANY,)),
    (_keeps_a_share, (known.PRICES,)),
)
_OF_AN_OFFER: tuple[tuple[QuickPattern, tuple[Aspect, ...]], ...] = (
    (_TERMS_OF_PRICE, (known.PRICES,)),
    (_PAYS, (known.ORDERING, known.DELIVERY, known.PRICES)),
    (_ACCREDITED, (known.QUALIFICATIONS, known.DIFFERENCE)),
    (_FOR_YEARS, (known.COMPANY,)),
    (_STAFF, (known.COMPANY,)),
    (_HAS_PLACES, (known.LOCATIONS,)),
)


def is_only_address(own: str, company: str = "") -> bool:
    """Return whether a text is an address, with no more beside it than a name, a telephone number or a word such as "Address"."""
    address = find_postal_line(own.rstrip("."))
    if not address:  # without a postcode it may stand behind the name alone
        name, comma, rest = own.partition(", ")
        own_name = company.split()[0] if company else "\0"
        return bool(comma) and own_name in name and bool(_STREET_ONLY.fullmatch(rest))
    rest = own.replace(address, " ").replace(company, " ")
    return len(find_content(rest)) <= FEW_WORDS and not names_a_day(rest)


def _find_like(aspects: Sequence[Aspect], *built_in: Aspect) -> Aspect | None:
    return next((aspect for each in built_in for aspect in aspects if is_like(aspect, each)), None)
