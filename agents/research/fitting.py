"""Which aspect a statement is about, and how much it says: by its words, its figures and what they count."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from functools import lru_cache

from sayso.tools.quantities import Amount, Kind, find_amounts, find_labels
from sayso.tools.quick_patterns import QuickPattern
from sayso.tools.truth.lexicon import names_people

from . import aspects as known
from .aspects import Aspect, count_cues, count_cues_of_each
from .offer_words import is_land, is_person
from .page_terms import find_terms, is_foreign
from .site_identity import squash_letters

_ENOUGH = 1.4
LONG_ITEM, LONGEST_ANSWER = 4, 40
"""An item of a list of more words that counts something is a term: "Two proofs of address for new customers"."""
DEFINES = QuickPattern(
    r"(?i:\b(?:is|are) (?:an?|the|one of)\b|\b(?:ist|sind) (?:eine?|der|die|das)\b|\best (?:une?|le|la)\b|\bes (?:una?|el|la)\b|です。?\Z)"
)
_WE_SELL = QuickPattern(
    r"(?i:\b(?:we|wir|nous|nosotros|wij|vi) (?:\w+ )?(?:sell|make|rent|hire|build|repair|offer|serve|bake|roast|stock|carry|design|"
    r"develop|produce|"
    r"provide|teach|clean|print|grow|brew|deliver|vermieten|verkaufen|verleihen|bieten|reparieren|backen|rösten|vendons|louons|proposons|"
    r"fabriquons|"
    r"vendemos|ofrecemos|verkopen|verhuren|säljer|hyr)\b|おこなって|販売)"
)
_TERM_LINE = re.compile(
    r"(?i:(?:no|free|without|unlimited|all|kein\w*|ohne|kostenlos\w*|gratis|sans|aucune?|gratuit\w*|sin|ningun\w*|ingen|inga|geen|"
    r"senza|nessun\w*|"
    r"libre|fri|gratuito)\b)"
)
_TERM = QuickPattern(
    r"(?i:\b(?:(?:do|does|can|may|must|have|has) not\b|(?:is|are) not (?:an?|the|open|for|in)\b|don['’]t|doesn['’]t|cannot|can['’]t|"
    r"ha(?:s|ve) no|take no|takes no|"
    r"accepts?|must|"
    r"need to|may|allow\w*|permit\w*|refuse\w*|only if|kein\w*|nicht|müssen|dürfen|ne \w+ pas|devez|pouvez|non accett\w+|mag niet|inte)\b)"
)
_ACCEPTED = QuickPattern(
    r"(?i:\b(?:are|is|be) (?:not |also |always |only )?(?:accepted|allowed|permitted|welcome|required|included|provided|forbidden|"
    r"prohibited|for free|available|possible|optional|extra|excluded|refundable|non-refundable)\b|"
    r"\b(?:included|available|compulsory|required|accepted) (?:in|on|for|at|with|from)\b|"
    r"\bcancel\w*\b.{0,40}\b(?:notice|any ?time)\b|"
    r"\b(?:prices?|rates?|fees?|charges?|amounts?|tariffs?) (?:\w+ )?(?:(?:do|does) not |don['’]t )?(?:ex|in)cludes?\b|"
    r"\b(?:ist|sind)\b[^.;]{0,40}\b(?:erlaubt|verboten|willkommen|inbegriffen|möglich|enthalten|inklusive|kündbar|verfügbar|"
    r"erforderlich)\b|\b\w+ kündbar\b|"
    r"\b(?:est|sont)\b[^.;]{0,30}\b(?:acceptée?s?|interdite?s?|comprise?s?|possibles?|incluse?s?|offerte?s?|obligatoires?|"
    r"disponibles?)\b|"
    r"\bno (?:cobramos|aceptamos|admitimos|ofrecemos|incluye|requiere)\b|\bsans (?:engagement|frais)\b|"
    r"\b(?:zijn|is|worden)\b[^.;]{0,30}\b(?:toegestaan|welkom|inbegrepen|verboden|mogelijk|verplicht|beschikbaar)\b|"
    r"\b(?:sono|è)\b[^.;]{0,30}\b(?:benvenut|ammess|compres|vietat|inclus|possibil|obbligatori|disponibil)\w+|"
    r"\b(?:son|están|está|es)\b[^.;]{0,30}\b(?:bienvenid|permitid|incluid|prohibid|admitid|posible|obligatori|disponible)\w*|"
    r"\b(?:är|er) (?:inte |ikke )?(?:tillåt|välkom|tillat|velkom|"
    r"inklud|ingår)\w*|"
    r"\b(?:pay|paid|paying|payments?|betalen|betala|zahlen|bezahlen|payer|pagare|pagar)\b.*\b(?:cash|cheques?|cards?|contant|pin|kort|bar|karte|carte|"
    r"contanti|efectivo)\b)|"
    r"ご利用いただけます|お支払い|禁止|可能です|できます"
)
_BILLED = QuickPattern(r"(?i:\bbilled (?:yearly|annually|monthly|quarterly|once)\b)")
_PRACTICE = re.compile(
    r"(?:[A-Z][\w'’-]+(?: [\w'’-]+){0,3} (?:is|are) (?:only |always |also |never |not )?[a-z]{2,}(?:ed|[aeo]wn|[ao]ught|ept|uilt|old) "
    r"(?:in|within|at|on|from|by|for|to|until|before|after|per|with|without)\b)"
)
"""What is done with a thing, in the present: "Data is stored in London", "Missed appointments are charged in full"."""
_NOT_SO = re.compile(r"(?:Not |\b(?:is|are) (?:not|never) (?:yet )?)(?:[a-z]{2,}(?:ed|ible|able)|fit)\b")
"""What does not hold for a thing: "Windows is not supported", "Not suitable for blood samples"."""
_RULE = QuickPattern(
    r"(?i:\b(?:will|can|cannot|can['’]t|may|must|should|shall|(?:is|are) to|needs? to|ha(?:ve|s) to) (?:(?:not|only|also|always|still) )*"
    r"be (?!able|happy|pleased|glad|sure|in touch)\w+|\b(?:is|are) (?:due|payable)\b|"
    r"^no \w+(?: \w+){0,3} (?:is|are|will be) (?:made|\w+ed)\b|"
    r"^no \w+(?: \w+){0,4} (?:allowed|accepted|given|available|permitted|required|needed|necessary|charged)\b)"
)
_NOT_THEN = QuickPattern(r"(?i:^(?:no|kein\w*|pas de|sin|geen|niente|nessun\w*|ingen|inga)\b|\b(?:not open|closed)\b)")
_SEASON = QuickPattern(
    r"(?i:\b(?:january|february|march|april|may(?= \d|\s?[-–])|june|july|august|september|october|november|december|januar|februar|märz|"
    r"mai|juni|juli|oktober|dezember|janvier|février|mars|avril|juin|juillet|août|septembre|octobre|novembre|décembre|enero|febrero|"
    r"marzo|abril|mayo|junio|julio|agosto|septiembre|octubre|noviembre|diciembre|gennaio|febbraio|aprile|maggio|giugno|luglio|"
    r"settembre|ottobre|dicembre|januari|februari|maart|mei|augustus|easter|ostern|pâques|pasen|pasqua)\b|\ball year\b|\byear[- ]round\b|"
    r"\bganzjährig|\btoute l['’]année\b|\btodo el año\b|\btutto l['’]anno\b|\bhele jaar\b|\båret runt\b|\bhele året\b)"
)
_BOUNDS = QuickPattern(
    r"(?i:\b(?:minimum|maximum|max\.|min\.|at least|at most|no more than|mindest\w*|höchstens|maximal|au moins|au plus|mínimo|máximo|"
    r"al menos|minimo|massimo|almeno|minimaal|maximaal|minst|högst|minimal)(?!\w))"
)
_WHO_MUST = re.compile(
    r"(?P<who>[A-ZÀ-Þ][\w'’-]+(?: [\w'’-]+){0,2}) (?:must|may (?:only|not)|cannot|can (?:only|not)|have to|need to|are required to) \w"
)
_THE_HOUSE = re.compile(
    r"(?i:(?:the|das|der|die|la|le|les|el|il|lo|de|het|each|every|jede[rs]?|chaque|cada|ogni|elk[e]?) [\w-]+ "
    r"(?:has|have|holds|seats|sleeps|takes|hat|haben|fasst|bietet|a|ont|compte|tiene|ha|heeft|har)\b)"
)
_CLOCK_WORD = QuickPattern(
    r"(?i:\b(?:noon|midday|midnight|mitternacht|mittags|midi|minuit|mediodía|medianoche|mezzanotte|middernacht|midnatt)\b|"
    r"\b\d{1,2} (?:o['’]clock|in the (?:morning|afternoon|evening)|at night)\b)"
)
_AWARD = QuickPattern(
    r"\b(?:[Aa]ward|[Pp]rize|[Mm]edal|[Pp]laque|[Tt]rophy|[Aa]uszeichnung|[Pp]rix de)(?:s|en)?\b|"
    r"\b(?:named|voted|called|chose|rated|judged)\b.{0,60}\b(?:[Bb]est|[Mm]ost|[Tt]op|of the [Yy]ear)\b"
)
_ASKED = re.compile(
    r"(?i:(?:is|are|do|does|can|could|may|must|will|where|which|what|when|how|who|ist|sind|kann|können|gibt|wo|wann|wie|welche|est-ce|où|"
    r"quand|quel\w*|combien|puis-je|hay|puedo|dónde|cuándo|cuánto|kan|heeft|waar|wanneer|hoe|welke|posso|dove|quando|quanto|qual\w*)"
    r"\b[^.!?]{4,120}\?) (?=\S)"
)
_SHOUTED = re.compile(r"\b[A-Z]{4,}\b")
_ASKED_WITHIN = re.compile(r"\w\? \S")
"""A question within a line is a customer's, with its answer, or a list of links: "Eat Find us Who? EAT."."""
_LEADER = re.compile(r"\.{4,}$|…\.$")
_TIP = re.compile(r"(?i:\W*(?:tip|hint|tipp|conseil|astuce|consejo|consiglio)s?\W{0,2}\d+\b)")
_IDIOM = QuickPattern(
    r"(?i:\b(?:made|cooked|built|baked|cut|welded|in|sewn|grilled) (?:to )?order\b|\bof course\b|\bat first\b|\bfirst of all\b|"
    r"\b[a-z]+-free\b|\byour first \w+|\bnever leaves?\b|"
    r"\babout (?!us\b)(?=\w)|\bfor (?:[\w-]+ ){0,3}people\b|\b(?:ssl|tls) certificates?\b)"
)
_NOT_A_PRICE = QuickPattern(
    r"(?i:\b(?:we|they|company|it) (?:pay|paid|pays|buy|bought|spend|spent|raised|donated?|gave|invested|"
    r"earned?|lost|made)\b|\bearns?\b|\bwages?\b|\bsalar(?:y|"
    r"ies)\b|\bpaid "
    r"to (?:our|its|the|staff|farmers|growers|suppliers)|\b(?:funding|investment|revenue|turnover|sales of|valued at|profit|loss|fine of|"
    r"umsatz|gehalt|"
    r"lohn|stundenlohn|chiffre d'affaires|salaire|facturación|salario)\b)"
)
_REDUCED = QuickPattern(
    r"(?i:\bno (?:[\w-]+ )?(?:fees?|charges?|deposit|minimum)\b|\b(?:are|is) included\b|\d ?(?:%|percent|per cent) (?:off|less|"
    r"cheaper)\b|\bsaves? \d|\brabatt|"
    r"\binbegriffen|\bcompris\b|\bréduction|\bdescuento|\bincluid[oa]s?\b|\bkorting|\bhalf[- ]price\b|\bfree\b|\bdiscount|\bgratis\b|"
    r"\bpays? half\b|\bkostenlos|\bgratuit|\bkostenfrei)|無料|割引"
)
_IN_A_PLACE = QuickPattern(
    r"(?i:\b(?:are|is|sind|ist|located|based|liegt|liegen|sont|est|situé\w*|están|está|situad\w+)) (?:all |alle )?(?i:(?:in|at|near|à|en|"
    r"im|am)(?: and (?:around|near))?) (?=(?:the |der |dem )?[A-ZÀ-Þ])(?!\w+(?:ung|heit|keit|schaft|tät|ion)\b)"
)
_WEEKDAY = QuickPattern(
    r"(?i:\b(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?s?\b|\bweekends?\b|\bdaily\b|\bmontags?|dienstags?|mittwochs?|"
    r"donnerstags?|"
    r"freitags?|samstags?|sonntags?|\btäglich\b|\b(?:mo|di|mi|do|fr|sa|so)\b(?=\s?[-–.:,])|lundi|mardi|mercredi|jeudi|vendredi|samedi|"
    r"dimanche|lunes|martes|"
    r"miércoles|jueves|viernes|sábado|domingo|(?:every|each) day|jeden tag|tous les jours|todos los días|tutti i giorni|alla dagar|"
    r"alle dagen|hver dag|maandag|zaterdag|zondag|måndag|lördag|söndag)|[月火水木金土日]曜"
)
_TELLING = frozenset([Kind.MONEY, Kind.PERCENT, Kind.TIME, Kind.MEASURE])
_WE = re.compile(
    r"(?i:\b(?:we|our|us|you|your|all our|every|each|wir|unsere?|sie|nous|nos|notre|vous|nosotros|nuestr\w+|tenemos|ofrecemos|somos|"
    r"noi|nostr\w+|siamo|abbiamo|offriamo|temos|oferecemos|nosso|nossa|wij|we|onze|ons|vi|vår\w?|våra)\b)"
)
_THERE_IS = re.compile(
    r"(?i:(?:there (?:is|are|was|were)|it (?:is|was|smells|sounds|looks)|es (?:gibt|ist|war|riecht)|il y a|c'est|hay)\b)"
)
_OF_US = QuickPattern(
    r"(?i:\b(?:\w+ of us|people work|work (?:here|with us|for us)|wir sind|arbeiten bei uns|nous sommes|somos|"
    r"employs?|mitarbeiter\w*|beschäftig\w+)\b)|従業員"
)
_TO_CUSTOMERS = QuickPattern(
    r"(?i:\b(?:you|your|yours|customers?|guests?|members?|memberships?|students?|children|kids|riders?|users?|everybody|sie|kunden|gäste|"
    r"kinder|vous|clients?|"
    r"usted|clientes|niños)\b)|お客様|会員"
)
_IN_PLACES = QuickPattern(
    r"\b(?:in|across|around|throughout|serving|covering|near|en|à|te|im Raum) (?=[A-ZÀ-Þ])"
    r"(?:[A-ZÀ-Þ][\w'’-]+(?: [A-ZÀ-Þ][\w'’-]+)?, )*[A-ZÀ-Þ][\w'’-]+(?: [A-ZÀ-Þ][\w'’-]+)?"
    r"(?:,? (?:and|und|et|y|e|en|och|og|&) )(?:(?:on|in) )?(?:the )?[A-ZÀ-Þ]"
)
"""Several names after "in": the towns that are served."""
_FIND_IN = re.compile(r"(?:[Ff]ind|[Vv]isit|[Ss]ee) (?:us|our|\d+|\w+ of our)\b.{0,40}\bin (?=[A-ZÀ-Þ])")
_LOWER = re.compile(r"\b[a-zà-þ]{2,}|[\u3040-\u309f]")
_CLOSED = QuickPattern(r"(?i:\b(?:closed|open all|round the clock|24 hours|geschlossen|fermé|cerrado|gesloten)\b)|定休|年中無休")
TOLD_AS_PAST = QuickPattern(
    r"\b(?:was|were|had|came|went|took|gave|got|bought|paid|said|told|left|brought|stood|sat|found|lost|kept|wore|rode|sang|\w{3,}ed|war|"
    r"waren|hatte\w*|"
    r"kam|ging|était|avait)\b"
)
_PARTICIPLE = QuickPattern(r"(?i:\b(?:is|are|be|been|being|has|have|gets?|as|not|a|the|well)(?: \w+)? \w+ed\b)")
_ROLE = QuickPattern(
    r"(?i:\b(?:managing director|director|manager|head of|run by|runs|is led|leads|ceo|president|chef|owner|founder|partner|"
    r"geschäftsführ\w+|inhaber\w*|"
    r"leitet|leiter\w*|chefin|dirig\w+|gérant\w*|patron\w*|gerente|dueñ\w+|director\w*|eigena\w+)\b)|社長|店主|代表"
)
_NEGATED = QuickPattern(r"(?i:\b(?:no|not|never|nothing|kein\w*|nicht|pas|ningun\w*|geen)\b)")
_WORD = re.compile(r"\w+")
_EAST = re.compile(r"[\u3040-\u9fff]")
_PROPER = re.compile(r"(?<=[a-z,]\s)[A-Z]\w+(?= [A-Z]|,|\.| and )")
_NAME = re.compile(r"(?<=[^.!?:]\s)[A-ZÀ-Þ][a-zà-þ]+")


_CONTRACT = QuickPattern(
    r"(?i:\b(?:trials?|(?:can be|to) (?:try|tried)|cancel(?:led)?|commitment|notice period|kündbar|kündig\w+|mindestlaufzeit|testphase|"
    r"engagement de \d+|sans engagement|résili\w+|prueba gratuita|permanencia|prova gratuita|disdetta|proefperiode|opzegtermijn|"
    r"bindningstid|okres próbny)\b)|最低利用期間|お試し|解約"
)
"""How long a contract lasts, how it ends, and how it may be tried."""


def fit(
    text: str,
    headings: Sequence[str],
    aspects: Sequence[Aspect],
    amounts: Sequence[Amount] | None = None,
    usual: Collection[str] = (),
    company: str = "",
) -> tuple[Aspect | None, float]:
    """Return the aspect that a statement is about, and how well it fits; None where it is about none of them.

    `usual` are the words that a site has everywhere: they say less about a statement than its other words. A sentence that begins with the
    name of the `company` says what that is or does, if nothing else.
    """
    read = find_amounts(text) if amounts is None else amounts
    over = " ".join(headings[:2])
    plain = _IDIOM.sub(" ", text)
    rare = " ".join(word for word in _WORD.findall(plain) if word.casefold().rstrip("s") not in usual) if usual else plain
    kinds = [amount.kind for amount in read if not amount.old]
    in_plain, in_rare, in_over = (count_cues_of_each(each, tuple(aspects)) for each in (plain, rare, over))
    offer = None if is_about(text, company) else find_offer(aspects)
    scored = [  # of two that fit as well, what is offered is the one that says less, unless it says what the business does
        (
            _score(plain, (min(3, found) + min(3, in_rare[place])) / 2, in_over[place], aspect, kinds),
            -place - len(aspects) * (aspect == offer),
            aspect,
        )
        for place, (aspect, found) in enumerate(zip(aspects, in_plain, strict=True))
    ]
    if is_about(text, company) and not read and len(_LOWER.findall(text)) > 1:
        scored = [(score + (2.5 if is_like(aspect, known.OFFER) else 0.0), place, aspect) for score, place, aspect in scored]
    best = max(scored, key=lambda each: each[:2], default=None)
    return (best[2], best[0]) if best and best[0] >= _ENOUGH else (None, 0.0)


def _score(text: str, cues: float, over: int, aspect: Aspect, kinds: Sequence[Kind]) -> float:
    """Return how well a text fits an aspect of which it has so many cues, and what stands over it so many."""
    likes = _find_likes(aspect)
    score = 1.5 * cues + 0.7 * min(2, over)
    if _names_an_award(text):
        score += 4.0 if known.DIFFERENCE.name in likes else -2.0
    if known.PRICES.name in likes:
        if _NOT_A_PRICE.search(text):
            return score - 2.0
        reduced = is_reduced(text)
        bonus = (
            3.0
            if Kind.MONEY in kinds or (Kind.PERCENT in kinds and reduced)
            else 1.6
            if reduced
            else 1.0
            if Kind.PERCENT in kinds
            else -0.5
        )
        return score + bonus
    if known.HOURS.name in likes:
        clock = kinds.count(Kind.TIME) + len(_CLOCK_WORD.findall(text)) + (len(_SEASON.findall(text)) if cues >= 1 else 0)
        timed = 1.5 * min(2, clock) + (1.0 if names_a_day(text) else -0.5)
        if names_a_day(text) and _NOT_THEN.search(text):  # "No lessons on Sundays"
            timed += 1.0
        if timed < 0:
            return score + (0.0 if _CLOSED.search(text) else -1.5)
        return score + (timed if score or len(text) < 60 else timed / 2)
    if known.OFFER.name in likes:
        return score + (1.5 if DEFINES.search(text) else 0.0) + (2.0 if _WE_SELL.search(text) else 0.0)
    if known.COMPANY.name in likes:
        return score + (
            1.5
            if (Kind.YEAR in kinds and Kind.MONEY not in kinds)
            or _NOT_A_PRICE.search(text)
            or _names_a_role(text)
            or _OF_US.search(text)
            or (Kind.COUNT in kinds and _counts_its_people(text))
            else 0.0
        )
    if known.LOCATIONS.name in likes:
        timed = 1.5 if kinds.count(Kind.TIME) > 1 or (Kind.TIME in kinds and names_a_day(text)) else 0.0
        return (
            score
            + timed
            + (1.5 if find_labels(text) else 0.0)
            + (1.5 if _IN_A_PLACE.search(text) or _FIND_IN.search(text) or _IN_PLACES.search(text) else 0.0)
        )
    if known.SPECIFICATIONS.name in likes:
        return score + (1.0 if Kind.MEASURE in kinds and Kind.MONEY not in kinds else 0.0)
    return score


@lru_cache(512)
def _names_an_award(text: str) -> bool:
    return bool(_AWARD.search(text))


def is_specific(own: str, amounts: Sequence[Amount], company: str, cues: float, usual: Collection[str] = ()) -> bool:
    """Return whether a sentence says something that could be wrong: it has a figure or a name, or says what the business is or does.

    "There is a kind of silence in our street" has the words of an aspect and no content.
    """
    if _TIP.match(own) or _LEADER.search(own) or len(_SHOUTED.findall(own)) > 1:
        return False
    if not amounts and _ASKED_WITHIN.search(own) and not is_answer(own):
        return False
    speaks = _speaks(own, company)
    if company and any(amount.kind is Kind.COUNT for amount in amounts) and squash_letters(company) in squash_letters(own):
        return True
    if _EAST.search(own) or is_reduced(own) or _CLOSED.search(own) or any(amount.kind in _TELLING for amount in amounts):
        return True
    if any(
        amount.kind is Kind.COUNT and (count_cues(amount.unit, known.LOCATIONS) or count_cues(amount.unit, known.COMPANY))
        for amount in amounts
    ):
        return cues >= 1.4
    if cues >= 1.4 and any(amount.kind is Kind.COUNT and counts_people(amount.unit) for amount in amounts):
        return True
    if not speaks and all(amount.kind in (Kind.COUNT, Kind.PLAIN) for amount in amounts) and _tells_a_story(own):
        return False
    if amounts and is_foreign(own) and cues >= 1.2:
        return True
    if cues >= _ENOUGH and _IN_PLACES.search(own) and not _tells_a_story(own):
        return True
    if cues >= _ENOUGH and _SEASON.search(own) and count_cues(own, known.HOURS):
        return True
    if (amounts and _BOUNDS.search(own) and not _tells_a_story(own)) or (names_a_day(own) and _NOT_THEN.search(own)):
        return True
    if amounts and names_a_day(own) and cues >= _ENOUGH:
        return True
    if cues >= _ENOUGH and len(_PROPER.findall(own)) > 1 and not _tells_a_story(own):
        return True  # "It connects to Square, Toast and Lightspeed"
    if amounts or _NAME.search(own):
        if len(own) < 60 and any(amount.kind is Kind.YEAR for amount in amounts) and cues >= 1.4:
            return True
        return speaks or cues >= 2.9 or _names_a_role(own) or any(word.casefold().rstrip("s") in usual for word in _WORD.findall(own))
    return not _THERE_IS.match(own) and cues >= (1.4 if speaks else 2.9)


@lru_cache(2_048)
def _counts_its_people(text: str) -> bool:
    """Return whether a text begins with how many people of a trade there are: "Nine farriers, one telephone number"."""
    first = next((amount for amount in find_amounts(text) if amount.kind is Kind.COUNT), None)
    if first is None or first.span[0] > len("We are three") or _TO_CUSTOMERS.search(text):
        return False
    *_, who = find_terms(first.unit) or (None,)
    return who is not None and is_person(who) and not names_people(who.text.casefold())


@lru_cache(2_048)
def counts_people(unit: str) -> bool:
    """Return whether a unit names people or countries: "41,000 podcasters in 112 countries"."""
    return any(is_person(word) or is_land(word) for word in find_terms(unit)[-1:])


def _speaks(own: str, company: str) -> bool:
    """Return whether a sentence is about the business: "we", its name, "The house has 530 rooms"."""
    return bool(_WE.search(own[:40]) or _THE_HOUSE.match(own)) or is_about(own, company)


def _tells_a_story(own: str) -> bool:
    """Return whether a sentence is in the past tense: "Two nuns needed a mudguard before the rain"."""
    beginning = " ".join(_PARTICIPLE.sub(" ", own).split()[:6])
    return bool(TOLD_AS_PAST.search(beginning)) and not _ROLE.search(own)


def is_about(own: str, company: str) -> bool:
    """Return whether a sentence begins with the name of the business."""
    name = squash_letters(company)
    return bool(name) and name.removeprefix("the") in squash_letters(own[: len(company) + 8])


def find_condition(
    own: str, amounts: Sequence[Amount], usual: Collection[str], aspects: Sequence[Aspect], company: str = ""
) -> Aspect | None:
    """Return the aspect of a condition that has the words of none: "Memberships run for at least three months". None if it is none."""
    if _CONTRACT.search(own) and (terms := _find_like(aspects, known.ORDERING, known.DELIVERY, known.PRICES)):
        return terms
    if states_a_term(own, company) or is_answer(own):
        terms = _find_like(aspects, known.ORDERING, known.DELIVERY) if _TO_CUSTOMERS.search(own) else None
        return terms or find_offer(aspects)
    if not amounts or _tells_a_story(own):
        return None
    is_measured = any(amount.kind in (Kind.MONEY, Kind.PERCENT, Kind.MEASURE) for amount in amounts) or bool(_BOUNDS.search(own))
    speaks = _speaks(own, company)
    if (
        not is_measured
        and not speaks
        and not is_foreign(own)
        and not any(word.casefold().rstrip("s") in usual for word in _WORD.findall(own))
    ):
        return None
    if _TO_CUSTOMERS.search(own) and (terms := _find_like(aspects, known.ORDERING, known.DELIVERY)):
        return terms
    return find_offer(aspects)


@lru_cache(4_096)  # for each question about a page, and for the page
def states_a_term(own: str, company: str = "", *, is_line: bool = False) -> bool:
    """Return whether a text permits, denies, demands or includes something, though no figure stands in it.

    Of a sentence the business or its customer has to be the subject: "We have no room for boats", "Cards are accepted". An item of a
    list needs none: "No deposit and no admin fee", "Free use of carts".
    """
    if (_states_a_rule(own) or _BILLED.search(own)) and not is_line:
        return True
    if _tells_a_story(own):
        return False
    if is_line:
        counted = any(amount.kind is not Kind.PLAIN for amount in find_amounts(own)) and len(_LOWER.findall(own)) > LONG_ITEM - 1
        return bool(_TERM_LINE.match(own) or _ACCEPTED.search(own) or counted) and 2 < len(own.split()) <= 16
    if _PRACTICE.match(own) or _NOT_SO.search(own):
        return True
    speaks = _speaks(own, company)
    return bool(_ACCEPTED.search(own)) or (speaks and bool(_TERM.search(own)))


def _states_a_rule(own: str) -> bool:
    """Return whether a sentence rules what is done for customers, or what these do: "Fees are to be paid in full", "Owners must ..."."""
    denies = own[:3].casefold() == "no "
    # The pattern begins at every word: most sentences have none of these.
    rules = (denies or " be " in own or " due" in own or " payable" in own) and bool(_RULE.search(own))
    if rules and (denies or any(count_cues(own, each) for each in (known.PRICES, known.ORDERING, known.DELIVERY))):
        return True
    who = _WHO_MUST.match(own)
    return who is not None and any(is_person(word) for word in find_terms(who["who"]))


def is_answer(own: str) -> bool:
    """Return whether a text is a customer's question with its answer: "Do you pick up? Yes, within 10 miles"."""
    found = _ASKED.match(own)
    return found is not None and 2 <= len(own[found.end() :].split()) <= LONGEST_ANSWER


def _find_like(aspects: Sequence[Aspect], *built_in: Aspect) -> Aspect | None:
    return next((aspect for each in built_in for aspect in aspects if is_like(aspect, each)), None)


def find_offer(aspects: Sequence[Aspect]) -> Aspect | None:
    """Return the aspect of what is offered, or of what a topic is."""
    return next((aspect for built_in in (known.OFFER, known.DEFINITION) for aspect in aspects if is_like(aspect, built_in)), None)


def _names_a_role(text: str) -> bool:
    return bool(_ROLE.search(text)) and bool(_NAME.search(text) or _EAST.search(text))


@lru_cache(256)
def _find_likes(aspect: Aspect) -> frozenset[str]:
    """Return the names of the built-in aspects that an aspect asks the same as."""
    asked = (known.DIFFERENCE, known.PRICES, known.HOURS, known.OFFER, known.COMPANY, known.LOCATIONS, known.SPECIFICATIONS)
    return frozenset(each.name for each in asked if is_like(aspect, each))


@lru_cache(256)
def is_like(aspect: Aspect, built_in: Aspect) -> bool:
    """Return whether an aspect asks what a built-in one asks: it is that one, or its name has a cue of that one."""
    return aspect.name == built_in.name or (
        not any(aspect in each for each in known.SETS.values()) and count_cues(aspect.name, built_in) > 0
    )


@lru_cache(2_048)
def is_reduced(text: str) -> bool:
    """Return whether a text says that something costs less, or nothing."""
    return bool(_REDUCED.search(text))


@lru_cache(2_048)
def names_a_day(text: str) -> bool:
    """Return whether a text names a day of the week."""
    return bool(_WEEKDAY.search(text))


def rate(text: str, amounts: Sequence[Amount]) -> float:
    """Return how much a statement says: figures and names count, length and negation cost."""
    figures = min(3, len(amounts))
    names = min(2, len(_NAME.findall(text)))
    negated = 1.0 if not figures and _NEGATED.search(text) and not names_a_day(text) else 0.0  # but "No lessons on Sundays"
    defines = 1.0 if DEFINES.search(text[:90]) else 0.0
    return figures + 0.5 * names + defines - negated - len(text) / 400
