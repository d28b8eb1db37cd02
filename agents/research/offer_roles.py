"""In which role a word of the trade stands in a text: as what is offered, as who it is for, or denied.

An insurer of bicycles, a wholesaler for bicycle shops and a union of cyclists use the words of a bicycle shop. They offer something else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from sayso.tools.quick_patterns import QuickPattern
from sayso.tools.truth.languages import find_language
from sayso.tools.truth.word_kinds import names_a_business
from sayso.tools.truth.words import tokenize

from .offer_words import (
    does_something,
    is_accessory,
    is_activity,
    is_deed,
    is_generic_place,
    is_offer,
    is_person,
    is_program,
    is_region,
    is_way,
    may_be_deed,
)
from .page_terms import OfferWord, find_stem, find_terms, knows

OFFERED, FOR_IT, DESCRIBES, CUSTOMER, DENIED = 1.0, 0.5, 0.5, 0.25, 0.0
"""How much a word counts as an offer, by its role."""
_CLAUSE = re.compile(r"[.;!?。！？\n|•·]+(?=\s|$)|(?<=[。！？\n|;])|\s[–—]\s")
_FOR = re.compile(
    r"(?P<wide>[^\s。、]{2,12}(?:・[^\s。、]{2,8})*?)(?:向け|専用)|"
    r"\b(?:for|about|into|für|über|pour|para|per|voor|(?:to|with|from) (?:your|their))\s+"
    r"(?!sale\b|rent\b|hire\b|free\b|over\b|more\b|life\b|the (?:first|last)\b|[€$£]|"
    r"\d+\s?(?:%|€|\$|kr\b|\w*(?:day|week|month|year|minute|hour|people|person|player|guest)s?\b))(?P<for>.*?)"
    r"(?=\s(?:in|with|from|by|at|since|against|that|which|who|where|while|because|mit|aus|bei|seit|avec|chez|depuis|con|desde|met|bij)\s|$)",
    re.IGNORECASE,
)
_BUSINESSES = (
    r"(?:shops|stores|companies|businesses|firms|restaurants|cafés|cafes|bakeries|retailers|dealers|fleets|operators|providers|makers|"
    r"owners|brands|hotels|spaces|offices|studios|venues|centres|centers|halls|houses|cellars|farms|kitchens|gyms|salons|"
    r"clinics|schools|clubs|trade|industry|professionals|workshops|händler|geschäfte|läden|betriebe|werkstätten|firmen|"
    r"unternehmen|magasins|boutiques|entreprises|commerçants|tiendas|empresas|negozi|aziende|winkels|bedrijven|业者|事業者|業者)"
)
_SERVED = re.compile(rf"(?P<served>(?:(?!\b(?:our|own|we|chain|unsere?n?|nos|in|with)\b)[^.;:!?]){{0,90}}\b{_BUSINESSES})\b", re.IGNORECASE)
_BUSINESS = QuickPattern(rf"\b{_BUSINESSES}\b", re.IGNORECASE)
_SERVING = re.compile(
    r"\b(?:at|to|between|among|insures?|suppl(?:y|ies|iers?)|equips?|cleans?|advises?|represents?|supports?|helps?|lists?|"
    r"compares?|finances?|"
    r"covers?|connects?|syncs?|versichern|beliefern|reinigen|beliefert|versichert|berät|unterstützt|vertritt|reinigt|fournit|assure|nettoie|équipe|fournisseur|suministra|"
    r"asegura|limpia|equipa|levert aan|verzekert|forniamo|assicura)\b",
    re.IGNORECASE,
)
_WITH = QuickPattern(
    r"\b(?:supply|supplies|supplying|equip|equips|provide|provides|serve|serves|insure|insures|beliefern|beliefert|versichern|versichert)\s+"
    r"(?P<served>[^.;:!?]{3,60}?)\s+(?:with|against|from|mit|gegen)\b",
    re.IGNORECASE,
)
_LESS = re.compile(
    r"(?P<served>[^.;:!?,]{3,60}?) (?:get|gets|receive|receives|save|saves|enjoy|enjoys|pay|pays|erhalten|bekommen) "
    r"(?:up to |an? )?(?:\d+ ?%|discount|\d+ Prozent|\w+ Prozent|less\b|Rabatt)",
    re.IGNORECASE,
)
_NOT_PART = re.compile(
    r"(?P<what>[^.;:!?,]{3,60}?) (?:is|are) (?:not|no) (?:longer )?"
    r"(?:(?:a )?part of|among|offered|provided|available|included in our|something we|our )",
    re.IGNORECASE,
)
_DENIED = re.compile(
    r"\b(?:no|not|never|neither|nor|without|kein\w*|nicht|ohne|pas de|ni|sans|aucune?|sin|ningún|senza|geen|niet|zonder)\b"
    r"(?P<after>(?:\s+[^\W\d_]+){1,3})|(?P<before>\b[^\W\d_]+(?:\s+[^\W\d_]+)?)\s+(?:nothing|nichts|rien|nada|niente|niets)\b"
    r"|n['’]t(?P<dont>(?:\s+[^\W\d_]+){1,3})",
    re.IGNORECASE,
)

_OWNS = re.compile(
    r"(?:ha[sdv]|giv|run|own|operat|open|sell|sold|offer|mak|made|build|built|design|creat|provid|rent|hir|is\b|are\b|was|"
    r"were|be\b|been|serv|bak|roast|brew|cook|"
    r"deliver|stock|host|found|start|combin|repair|fix|find|book|visit|com|work|join|get|got|let|liv|eat|drink|buy|us|lov|"
    r"explor|discover|lov|know|believ|pour|ship|send|sent|bring|craft|do\b|does\b|speciali|deal|need|want|hav|put|produc|install|charg|cost)\w*",
    re.IGNORECASE,
)
_THEIRS = re.compile(
    r"\b(?:that|which|what|if|when|where|whether|because|unless|until|die|das|den|wenn|que|dont|si|die|dat|als) "
    r"(?:your|their|ihre?n?|votre|vos|su|uw) (?P<theirs>[^\W\d_]+)",
    re.IGNORECASE,
)
"""Who does something in a subordinate clause is not who offers: "a certificate that your insurer accepts"."""
_USED = re.compile(
    r"\b(?:how|why) (?:we|they|i) (?:use|chose|choose|bought|(?:switched|moved) to) (?P<used>[^.;:!?|–()]{3,60})", re.IGNORECASE
)
"""What a customer tells of, who offers something else."""
_ROLES = (
    (_FOR, ("for", "wide"), FOR_IT, ()),
    (_THEIRS, ("theirs",), CUSTOMER, ("your", "their", "ihr", "votre", "vos ", "su ", "uw ")),
    (_USED, ("used",), CUSTOMER, ("how ", "why ")),
    (_DENIED, ("after", "before", "dont"), DENIED, ()),
    (_LESS, ("served",), CUSTOMER, ("%", "discount", "prozent", "less", "rabatt")),
    (_NOT_PART, ("what",), DENIED, (" is no", " are no")),
)
"""Patterns with their groups, what words in these count, and what a clause must have, one of them: the last two begin at every place."""
_NEXT_WORDS = re.compile(r"['’]?s?((?:[ -][^\W\d_]{3,}){1,3})")
_PART_OF = re.compile(
    r"\b(?P<whole>[^\W\d_]{3,}) of (?P<part>(?:the |our |all )?[^.;:!?|–()]{3,60}?)"
    r"(?= (?:in|with|from|that|which|for|at|by) |[.;:!?|–()]|$)"
)
_PLACED = re.compile(
    r"\b(?:(?:on|at|near|beside|opposite|behind|above|inside) (?!our|sale|offer|request)|by (?=the )|in (?=an? )|"
    r"in (?=the (?:old|former)\b))(?P<place>(?:the |a |an |\d+ )?(?:(?:former|old|converted|restored|disused|listed) )?"
    r"[^\W\d_]+(?: [^\W\d_]+)?)"
)
_JOINED_TO = re.compile(
    r"\b(?:integrat\w+|works?|connects?|syncs?|compatible|plugs?|lässt sich|s['’]intègre\w*|werkt|funktioniert) (?:\w+ )?"
    r"(?:with|to|into|mit|avec|à|con|met) (?P<other>[^.;:!?|–()]{3,60})",
    re.IGNORECASE,
)
"""What an offer works together with is another one: "Integrates with payroll tools"."""
_HAS_ALSO = re.compile(
    r"\b(?P<whole>[^\W\d_]{3,}) (?:with|mit|avec|con|met|med) (?:(?:an?|our|its|eine[mnr]?|une?|een|en|ett) )?(?P<also>[^.;:!?|–()]{3,40})"
)
"""What comes with another offer: the farrier of "horse vets with a remedial farrier"."""
_LET = re.compile(r"\b(?:for|to) (?:hire|rent)\b", re.IGNORECASE)
_SUBJECT = re.compile(
    r"(?:(?:[Ww]e|[Tt]hey) (?=(?P<plain>[a-z]+) )|[A-ZÀ-Þ][\w'’-]*(?: (?:&|and|[A-ZÀ-Þ][\w'’-]*))* "
    r"(?=(?P<other>[a-z]+s) ))(?P<verb>[a-z]+) "
)
_ABOUT_OFFERS = re.compile(
    r"reviews?|news|jobs?|blog|guides?|articles?|comparison|awards?|podcasts?|newsletters?|magazine|journal|forum|festival|museum|"
    r"polic(?:y|ies)|laws?|directives?|statements?|regulations?|rights|rules",
    re.IGNORECASE,
)
_ROMANCE = frozenset(("fr", "es", "it", "pt"))
"""Languages in which no word describes the one after it: "impression offset" is printing."""
_LIST = re.compile(r"\s*(?:,|,?\s?and|or|&|/)\s*", re.IGNORECASE)


class OfferRole(NamedTuple):
    """A word, how much it counts as an offer where it stands, and the thing that it only describes: "table" of "coffee table".

    In "salsa and ballroom shoes" both words describe shoes, the first one if the second, `beside`, is of the same kind. `verb` is what is
    done to it, and `deed` is that where it is more than to sell, make or have it: "We clean solar panels". `opens` is
    whether no verb stands before it: "Hairdressers in Newport". `joined` is whether it stands right before its `head`.
    """

    word: OfferWord
    counts: float
    head: OfferWord | None = None
    beside: OfferWord | None = None
    deed: str = ""
    verb: str = ""
    opens: bool = True
    joined: bool = True


@lru_cache(1024)
def find_roles(text: str) -> tuple[OfferRole, ...]:
    """Return the words of a text with their roles, in order."""
    return tuple(role for clause in split_clauses(text) for role in read_clause(clause))


@lru_cache(2_048)
def read_clause(clause: str) -> tuple[OfferRole, ...]:
    """Return the words of a clause with their roles, in order: those that `find_terms` finds in it."""
    return tuple(_find_clause_roles(clause))


_TOWN = re.compile(r"(?<=[a-z]{3}) (?=[A-Z][a-z]+, [A-Z]{2}(?![\w.]))")


def split_clauses(text: str) -> list[str]:
    """Split a text at full stops, semicolons, dashes, bars and line ends, and before a town with its state: "Roof Repair Austin, TX"."""
    return [clause.strip() for clause in _CLAUSE.split(_TOWN.sub("; ", text)) if clause and clause.strip()]


def _weigh_letters(clause: str) -> list[float]:
    """Return for each letter of a clause how much of an offer its word is, by what stands around it."""
    weights: list[float] = [OFFERED] * len(clause)

    def lower(start: int, end: int, most: float) -> None:
        weights[start:end] = [min(most, each) for each in weights[start:end]]

    lowered = clause.casefold()
    for pattern, groups, weight, needed in _ROLES:
        matches = pattern.finditer(clause) if not needed or any(words in lowered for words in needed) else ()
        for start, end in (match.span(group) for match in matches for group in groups):
            if start >= 0:
                lower(start, end, weight)
    for match in _WITH.finditer(clause):
        weights[match.start("served") : match.end("served")] = [CUSTOMER] * len(match["served"])
    for match in _SERVED.finditer(clause) if _BUSINESS.search(clause) else ():  # it begins at every place of a clause
        start = _find_serving(clause, *match.span("served"))
        if start >= 0:
            lower(start, match.end(), CUSTOMER)
    for match in _PART_OF.finditer(clause):
        if _is_another_thing(match["whole"]):
            lower(*match.span("part"), DESCRIBES)
    for match in _JOINED_TO.finditer(clause):
        lower(*match.span("other"), CUSTOMER)
    for match in _HAS_ALSO.finditer(clause) if not _SUBJECT.match(clause) else ():
        whole = OfferWord(match["whole"], find_stem(match["whole"]))
        by_means_of = is_program(whole) or does_something(whole) or whole.text.endswith("ing")  # "cleaning with dry ice"
        if _is_another_thing(whole.text) and not by_means_of and _opens(clause[: match.start()]):
            lower(*match.span("also"), DESCRIBES)
    for match in _PLACED.finditer(clause):
        lower(*match.span("place"), DESCRIBES)
    return weights


def _find_clause_roles(clause: str) -> Iterator[OfferRole]:
    weights = _weigh_letters(clause)
    roles: list[tuple[int, int, OfferRole]] = []
    subject = _SUBJECT.match(clause)
    deed = subject["verb"] if subject and may_be_deed(subject["verb"]) and not _OWNS.fullmatch(subject["verb"]) else ""
    let = _LET.search(clause)
    leads = find_language(clause.casefold().split()) not in _ROMANCE
    at = 0
    for word in find_terms(clause):
        found = clause.find(word.text, at)
        if found < 0:  # the words are of the text's compatibility form: ｶﾌｪ is カフェ
            yield OfferRole(word, OFFERED)
            continue
        at = found + len(word.text)
        run = _find_run(clause, at) if leads else []
        weight = min(CUSTOMER, weights[found]) if _is_of_business(word, run) and _is_object(clause[:found]) else weights[found]
        is_after = subject is not None and found >= subject.end()
        verb = subject["verb"] if subject is not None and is_after else "hire" if let and found < let.start() else ""
        roles.append(
            (
                found,
                at,
                OfferRole(
                    word,
                    weight,
                    head := _find_head(run),
                    joined=head is None or not clause[at : max(at, clause.find(head.text, at))].strip(),
                    deed=deed if is_after else "",
                    verb=verb,
                    opens=not run and _opens(clause[:found]),
                ),
            )
        )
    for place in range(len(roles) - 2, -1, -1):
        (begin, end, role), (start, _, after) = roles[place : place + 2]
        if role.head is None and after.head is not None and _LIST.fullmatch(clause[end:start]):
            roles[place] = begin, end, role._replace(head=after.head, beside=after.beside or after.word)
    yield from (role for _, _, role in roles)


def _find_serving(clause: str, start: int, end: int) -> int:
    """Return the place from which on a clause names whom it serves: after a verb that offers something else ("insures"), or -1."""
    served = clause[start:end]
    if (match := next(_SERVING.finditer(served), None)) is not None:
        return start + match.end()
    for word in re.finditer(r"[^\W\d_]+", clause[:end]):
        if is_deed(word[0]) and word.end() < end and not _OWNS.fullmatch(word[0]):
            return word.end()
    return -1


def _is_object(before: str) -> bool:
    """Return whether what follows is served by what stands before: "We train bakers", but "Our bakers", "We are bakers"."""
    if re.search(r"\b(?:our|own)\s+(?:\w+\s+)?$", before, re.IGNORECASE):
        return False
    words = re.findall(r"[^\W\d_]+", before)
    if any(_SERVING.fullmatch(word) or _is_another_deed(word) for word in words):
        return True
    verb = _SUBJECT.match(before)  # "Smile House dentists": a name of several words has no verb in it
    return verb is not None and may_be_deed(verb["verb"]) and not _OWNS.fullmatch(verb["verb"])


def _is_of_business(word: OfferWord, run: Sequence[str]) -> bool:
    """Return whether a word names people or businesses, or describes some with the nouns after it: "bakers", "dental practices"."""
    return is_person(word) or any(text.endswith("s") and _names_a_business(text) for text in (word.text, *run))


@lru_cache(20_000)
def _names_a_business(text: str) -> bool:
    return any(names_a_business(token) for token in tokenize(text)[:1])


def _opens(before: str) -> bool:
    return not any(
        is_deed(word) or (word.endswith("s") and may_be_deed(word)) for word in re.findall(r"[^\W\d_]+", before) if word.islower()
    )


def _is_another_deed(word: str) -> bool:
    return is_deed(word) and not word.endswith("ing") and not _OWNS.fullmatch(word)


def _find_head(run: Sequence[str]) -> OfferWord | None:
    """Return the thing that the word before these nouns only describes: the last one of them, if that may be another offer."""
    if run and _is_about_offers(run[-1]):
        return OfferWord(run[-1], find_stem(run[-1]))
    return find_terms(run[-1])[0] if run and _is_another_thing(run[-1]) else None


def _find_run(clause: str, at: int) -> list[str]:
    """Return the nouns that follow a place directly, as those of "dental practice management software" do."""
    match = _NEXT_WORDS.match(clause, at)
    run: list[str] = []
    for text in match[1].replace("-", " ").split() if match else ():
        if _is_about_offers(text):
            run.append(text)
        if not _may_run_on(text):
            break
        run.append(text)
    return run


def is_about(word: OfferWord) -> bool:
    """Return whether a word names what is told or ruled about something, and not that itself: news, a guide, a policy."""
    return _is_about_offers(word.text)


@lru_cache(20_000)
def _is_about_offers(text: str) -> bool:
    return bool(_ABOUT_OFFERS.fullmatch(text)) or is_accessory(text)


@lru_cache(20_000)
def _may_run_on(text: str) -> bool:
    """Return whether a word is a noun of an offer, after which others may follow."""
    words = find_terms(text)
    is_verb = text.endswith("ed") or (is_deed(text) and not text.endswith("es"))
    return bool(words) and not is_verb and knows(text.casefold()) and is_offer(words[0])


@lru_cache(20_000)
def _is_another_thing(text: str) -> bool:
    """Return whether a noun may name an offer of its own, and not only the place, the way or the people of another one."""
    words = find_terms(text)
    if not words or not knows(text.casefold()) or not is_offer(words[0]) or is_region(words[0]):
        return False
    return is_activity(words[0]) or is_program(words[0]) or not (is_way(words[0]) or is_generic_place(words[0]))
