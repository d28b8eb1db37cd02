"""What a statement is about by its form, whatever words it has: an address, opening hours, who uses it, what is kept of a sale."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from sayso.tools.quantities import Amount, Kind
from sayso.tools.quick_patterns import QuickPattern, QuickPatterns
from sayso.tools.web.data.postal_lines import find_postal_line

from . import aspects as known
from .aspects import Aspect, count_cues
from .fitting import DEFINES, find_offer, is_about, is_like, is_reduced, names_a_day
from .offer_words import is_generic_place, is_person
from .page_terms import find_terms
from .sentence_words import find_content

FEW_WORDS, NEAR_BEGIN = 3, 30
_RANGE = re.compile(
    r"\b\d{1,2}(?:[:.h]\d\d)?\s?(?:[ap]\.?m\.?|uhr|h)?\s?(?:[-–—]|to|bis|till|until|à|a|tot)\s?\d{1,2}(?!\d)", re.IGNORECASE
)
_USE = re.compile(
    r"(?i:\b(?:use|uses|runs? (?:[a-z]+ ){0,4}on|rely on|trust|bill with|work with|clock in with|are on|[a-z]+ (?:with|through)|"
    r"joined|signed up|have chosen|host with|book with|"
    r"nutzen|vertrauen|arbeiten mit|"
    r"(?:mit|avec|con|met) (?:uns|nous|nosotros|ons)|utilisent|font confiance|usan|confían|utilizzano|gebruiken)\b)"
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
    r"(?i:\b(?:accredited|licensed|certified|registered|approved|recogni[sz]ed) (?:by|with|practice|member)\b|\b[A-Z]{3,6} accredited\b)"
)
_DURATION = (
    r"(?:\d+|an?|one|two|three|four|five|six|seven|ten|zwei|drei|vier|deux|trois|dos|tres)[- ]?(?:working |business )?"
    r"(?:minutes?|hours?|days?|weeks?|months?|stunden?|tagen?|wochen?|monaten?|heures?|jours?|semaines?|mois|horas?|días?|semanas?|meses|"
    r"uur|dagen|weken|timmar|dagar|veckor|ore|giorni|settimane)"
)
_DEADLINE = QuickPattern(
    rf"(?i:\b(?:within|in under|innerhalb(?: von)?|binnen|sous|dans les|dentro de|en menos de|entro|inom) (?:\w+ )?{_DURATION}\b"
    rf"|{_DURATION}['’]? (?:notice|before|beforehand|ahead|in advance|vorher|vor|avant|à l['’]avance|antes|van tevoren|i förväg|prima)\b"
    rf"|^(?:waiting (?:list|time)|wartezeit|warteliste|délai|lead time)\b.*{_DURATION})|\d+(?:日|週間|時間)(?:以内|前まで)"
)
"""By when something is done or has to be: what is dealt with a customer, and no hours of a shop."""
_DONE_BY = QuickPattern(
    r"(?i:\b(?:before|by|until|bis|vor|avant|antes de las)\b[^.;]{0,20}\d.{0,30}\b"
    r"(?:ready|sent|ships?|shipped|dispatched|delivered|collected|same day|next day|am selben tag|am nächsten tag|le jour même)\b)"
)
_MEANS = (
    r"(?:(?:credit |debit |bank |gift )?cards?|cash|cheques?|checks|bank transfer|direct debit|paypal|invoice|instal\w*|karte\w*|"
    r"überweisung|rechnung|ratenzahlung|barzahlung|bargeld|chèques?|espèces|virement|carte bancaire|tarjetas?|efectivo|transferencia|"
    r"cheques|contanti|assegni|bonifico|contant|overschrijving|swish|faktura)"
)
_BY_MEANS = QuickPattern(
    rf"(?i:(?:\bby|\bper|\bmit|\bpar|\bcon|\bvia) (?:\w+ )?{_MEANS}\b.*(?:\b(?:or|and|oder|und|ou|et|o|y|of|en)\b|\bwithin\b)"
    rf"|\b{_MEANS}\b[^.;]{{0,40}}\b(?:accepted|taken|possible|required|needed|welcome|möglich|akzeptiert|acceptée?s?|possible|"
    rf"aceptad[oa]s?|posible|accettat\w+|mogelijk)\b|\b(?:accepts?|takes?|no) {_MEANS}\b)"
)
_PAYERS = QuickPattern(r"(?:We|we|Wir|Nous) (?:accept|take|akzeptieren|acceptons) (?:[A-ZÀ-Þ][\w&'’-]+ ?){1,3}(?:,| and | und | et )")
"""Insurers who pay for it: "We accept Blue Cross, Aetna and Medicare"."""
_RUN_BY = QuickPattern(
    r"\b(?:run|owned|led|managed|headed|founded|started|geführt|gegründet|dirigée?|gérée?|fondée?) (?:by|von|par) "
    r"(?:[a-z-]+ ){0,2}[A-ZÀ-Þ][a-zà-þ]+"
)
_COUNTED_LINE = re.compile(r"(?P<what>[A-ZÀ-Þ][\w-]+s) (?:[a-z]{2,}(?:ed|pt|ilt|ught|own)|so far)\b[^:]{0,20}: [\d.,]+ ?\+?\W*")
"""What a business has done so far, as a figure: "Patients treated: 12,000+"."""
_STAFF_LINE = re.compile(r"(?P<who>[A-ZÀ-Þ][\w-]+s): \d{1,4}\W*")
_USED_BY = QuickPattern(
    r"(?i:\b(?:used|trusted|chosen|genutzt|utilisée?|usad[oa]) (?:by|von|par|por) (?:more than |over |über |plus de )?\d)"
)
_FOR_SO_MANY = QuickPattern(
    r"(?i:\b(?:for|für|pour|para|voor) (?:more than |over |über |plus de |más de )?\d{1,3}(?:[.,]\d{3})+ (?:\w+ )?\w+s?\W*\Z)"
)
"""For how many: "makes invoices for 90,000 freelancers"."""
_OF_A_PLACE = re.compile(
    r"(?:The|Our|Each|Every|Both|All(?: our)?|An?|Unsere?|Jede[rs]?|Notre|Chaque|Nuestr[oa]|Cada) (?P<place>(?:[\w'’&-]+ ){1,3}?)"
    r"(?:(?:in|at|on|by) (?:the|our) [\w-]+ )?(?:has|have|seats?|sleeps?|holds?|opened|fits|hat|haben|bietet|a|ont|tiene|tienen) (?=.*\d)"
)
_PLACES_IN = re.compile(
    r"\b(?:\d+|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve) (?:[a-z-]+ )?(?P<place>[a-zà-þ]+) (?:in|on|across|around) "
    r"(?:the )?[A-ZÀ-Þ]"
)
_SPOTS = frozenset("café cafe bar site yard outlet filiale boutique studio salon station school warehouse".split())
"""Places of business that no search for an address names."""
_THE_FIRST = re.compile(r"(?:The|Our|Die|Unser|Le|La|Notre) (?:very )?(?:first|erste[rs]?|première?|premier)\b")
_DOES_FOR_YOU = re.compile(r"\W*(?P<verb>[a-z]+s) (?:\w+ )?(?:your?\b|you\b)|\W*(?:is|are) [A-Z]?[\w’'-]+(?: [\w’'-]+)? \w+ers?\b")
"""After its name, what a business is or does: "Owedly writes your invoices", "Back Forty Barns are Amish shed builders"."""


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
    if aspect is None and _counts_users(own, amounts, company):
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
    if is_like(aspect, known.HOURS) and (_DEADLINE.search(own) or _DONE_BY.search(own)) and not _RANGE.search(own):
        return _find_like(aspects, known.ORDERING, known.DELIVERY) or find_offer(aspects) or aspect
    if not is_like(aspect, known.OFFER) and is_about(own, company) and _says_what_it_does(own, company, aspect):
        return find_offer(aspects) or aspect
    if any(is_like(aspect, each) for each in _OF_PLACES) and not names_a_day(own) and _tells_of_a_place(own, aspect):
        return _find_like(aspects, known.LOCATIONS) or aspect
    if is_like(aspect, known.LOCATIONS) and Kind.YEAR in kinds and _THE_FIRST.match(own):
        return _find_like(aspects, known.COMPANY) or aspect
    for says, about in _FORMS:
        if says(own, amounts, company) and (found := _find_like(aspects, *about)):
            return found
    if aspect == find_offer(aspects) and _ANY_OF_AN_OFFER.may_match(own):
        for pattern, about in _OF_AN_OFFER:
            if pattern.search(own) and not (pattern is _RUN_BY and DEFINES.search(own)) and (found := _find_like(aspects, *about)):
                return found
    return aspect


def _counts_users(own: str, amounts: Sequence[Amount], company: str) -> bool:
    """Return whether a text says how many use it: "6,900 studios run on Timbrella", "It has 1,750 members"."""
    if _HAS_CUSTOMERS.search(own):
        return True
    if _FOR_SO_MANY.search(own):
        return True
    first = next((amount for amount in amounts if amount.kind is Kind.COUNT), None)
    if first is None or first.span[0] > NEAR_BEGIN or not _USE.search(own[first.span[1] :]):
        return False
    return bool(_US.search(own[first.span[1] :])) or any(len(name) > FEW_WORDS and name in own for name in company.split())


def _says_what_it_does(own: str, company: str, aspect: Aspect) -> bool:
    """Return whether a sentence says what a business is or does for its customer, unless that is what the aspect is about."""
    if not any(is_like(aspect, each) for each in (known.ORDERING, known.DELIVERY, known.PLATFORMS)):
        return False
    rest = own[len(company) :] if own.startswith(company) else own.partition(" ")[2]
    found = _DOES_FOR_YOU.match(rest)
    return found is not None and not (found["verb"] and count_cues(found["verb"], aspect))


def _tells_of_a_place(own: str, aspect: Aspect) -> bool:
    """Return whether a sentence tells what one of the places of a business has, or in which towns several are."""
    subject = _OF_A_PLACE.match(own)
    if subject is not None and not own.startswith("The house ") and _is_place(subject["place"].split()[-1]):
        return True
    found = _PLACES_IN.search(own) if is_like(aspect, known.COMPANY) else None
    return found is not None and _is_place(found["place"]) and not _BEGAN.search(own)


def _is_place(word: str) -> bool:
    """Return whether a word is one for a place of business: "restaurants", "bar"."""
    singular = word.casefold().removesuffix("s")
    return singular in _SPOTS or count_cues(word, known.LOCATIONS) > 0 or any(is_generic_place(term) for term in find_terms(singular))


def _counts_what_was_done(own: str, amounts: Sequence[Amount], company: str) -> bool:
    return bool(_COUNTED_LINE.fullmatch(own) or _USED_BY.search(own))


def _counts_a_staff(own: str, amounts: Sequence[Amount], company: str) -> bool:
    line = _STAFF_LINE.fullmatch(own)
    return line is not None and any(is_person(word) for word in find_terms(line["who"])) and not _IS_CUSTOMER.match(line["who"])


def _says_who_owns(own: str, amounts: Sequence[Amount], company: str) -> bool:
    return bool(_OWNS.search(own))


def _counts_staff(own: str, amounts: Sequence[Amount], company: str) -> bool:
    return bool(_TEAM.search(own))


def _keeps_a_share(own: str, amounts: Sequence[Amount], company: str) -> bool:
    return any(amount.kind is Kind.PERCENT for amount in amounts) and bool(_KEEPS.search(own))


_Says = Callable[[str, Sequence[Amount], str], bool]
_IS_CUSTOMER = re.compile(
    r"(?i:customers?|clients?|users?|members?|guests?|patients?|pupils?|students?|listeners?|subscribers?|followers?)\Z"
)
_OF_PLACES = (known.OFFER, known.COMPANY, known.ORDERING, known.HOURS)
_FORMS: tuple[tuple[_Says, tuple[Aspect, ...]], ...] = (
    (_counts_users, (known.CUSTOMERS, known.COMPANY)),
    (_counts_what_was_done, (known.CUSTOMERS, known.COMPANY)),
    (_counts_a_staff, (known.COMPANY,)),
    (_counts_staff, (known.COMPANY,)),
    (_says_who_owns, (known.COMPANY,)),
    (_keeps_a_share, (known.PRICES,)),
)
_OF_AN_OFFER: tuple[tuple[QuickPattern, tuple[Aspect, ...]], ...] = (
    (_TERMS_OF_PRICE, (known.PRICES,)),
    (_PAYS, (known.ORDERING, known.DELIVERY, known.PRICES)),
    (_BY_MEANS, (known.ORDERING, known.DELIVERY, known.PRICES)),
    (_PAYERS, (known.ORDERING, known.PRICES)),
    (_DEADLINE, (known.ORDERING, known.DELIVERY)),
    (_ACCREDITED, (known.QUALIFICATIONS, known.DIFFERENCE)),
    (_FOR_YEARS, (known.COMPANY,)),
    (_STAFF, (known.COMPANY,)),
    (_RUN_BY, (known.COMPANY,)),
    (_HAS_PLACES, (known.LOCATIONS,)),
)
_ANY_OF_AN_OFFER = QuickPatterns(*(pattern for pattern, _ in _OF_AN_OFFER))


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
