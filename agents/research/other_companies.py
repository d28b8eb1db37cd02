"""What a site says of other companies is left out of its column: prices of a rival, of an advertiser, of the others in a table."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache

from sayso.tools.quick_patterns import QuickPattern
from sayso.tools.truth.lexicon import look_up
from sayso.tools.truth.words import tokenize

from .report_values import Claim, Withdrawn
from .sentence_words import has_money
from .sentences import find_stated
from .site_identity import find_site
from .site_kinds import SiteKind
from .site_names import squash_name
from .state import ResearchState, Visit, VisitedPage

REASON = "the page says it of another company"
SHORTEST_NAME, SHORTEST_WIDE, MOST_WORDS = 4, 3, 5
_US = frozenset(
    "us we our ours ourselves youwithus withus wir uns beiuns nous cheznous nosotros nuestro noi wij ons vi oss 当社 弊社 当店".split()
)
_PRONOUNS = frozenset("We They He She It You Who Nobody Everybody Er Sie Es Wir Il Elle On Nous".split())
_CAPITALS = re.compile(r"[A-ZÀ-Þ][\w'’-]*(?:\s(?:&|and|und|et|[a-zà-þ]{2,3}|[A-ZÀ-Þ][\w'’-]*))*")
_LEAD = re.compile(
    r"(?:(?:our|the|a|one|another|unser|unsere|der|die|das|notre|le|la|nuestro|el) )?"
    r"(?:(?:\w+ )?(?:competitor|rival|neighbou?r|sister (?:company|shop|brand)|mitbewerber\w*|konkurrent\w*|nachbar\w*|"
    r"concurrent\w*|voisin\w*|competidor\w*|vecino\w*),? )?(?:at|by|bei|chez|en|with|the|unlike|anders als|contrairement à) ?|",
    re.IGNORECASE,
)
_RIVALS = QuickPattern(
    r"(?i:\b(?:our|a|the|other|most|many|some|main|nearest|biggest|cheapest|local|leading) (?:\w+ )?(?:competitors?|rivals?|competition)\b"
    r"|^(?:competitors|rivals)\b|\b(?:mitbewerber\w*|konkurrenz|konkurrent\w*|wettbewerber\w*)\b|\b(?:nos|les|un|notre) concurrents?\b"
    r"|\bla (?:concurrence|competencia|concorrenza)\b|\b(?:nuestr|l|otr)[oa]s competidores\b|\bconcorrenti\b|\bconcurrent(?:en)?\b)"
    r"|他社|競合|同業"
)
_OTHERS = QuickPattern(
    r"(?i:\b(?:other|most|many|some|traditional|typical|ordinary|high[- ]street|big) (?!of\b)(?:[\w-]+ ){1,3}"
    r"(?:charge|ask|want|take|bill|quote|cost you|demand)s?\b"
    r"|\b(?:elsewhere|anderswo|andernorts|ailleurs|en otros sitios|altrove)\b(?! (?:in|en|im)\b)"
    r"|\bunlike\b|\b(?:industry|national|market|uk|us) average\b"
    r"|\bandere (?:\w+ )?(?:verlangen|berechnen|nehmen)\b|\bd'autres (?:\w+ )?(?:demandent|facturent)\b|\bin contrast to\b"
    r"|\bim gegensatz zu\b)"
)
_CHARGES = QuickPattern(
    r"([A-ZÀ-Þ][\w'’-]*(?: (?:&|and|und|et|[A-ZÀ-Þ][\w'’-]*))*) (?:charges?|charged|asks?|asked|wants?|wanted|bills?|billed|quotes?|quoted|"
    r"verlangt|verlangte|berechnet|nimmt|demande|facture|cobra|pide|rekent|vraagt)\b"
)
_BESIDE = QuickPattern(
    r"(?i:, (?:our|unser|notre|nuestro|il nostro) (?:\w+ )?(?:neighbou?r|competitor|rival|friends?|nachbar\w*|mitbewerber|voisin|vecino))"
)
_OTHERS_HEADING = re.compile(
    r"(?i:(?:our |unsere |nos |nuestros )?"
    r"(?:friends|partners?|sponsors?|supporters?|freunde|partner|sponsoren|partenaires|amis|socios|amigos)"
    r"(?: (?:and|&|und|et|y) \w+)?\W*|(?:advertisements?|anzeigen?|werbung|publicité|publicidad|sponsored|ads?|pr|広告)\b.{0,60}|"
    r".*\b(?:vs\.?|versus|compared (?:to|with)|alternatives? to)\b.*|(?:useful |external )?links\W*)"
)
_LIST_MARK = re.compile(r"^(?:[^:]{1,60}[:?] )?")


def leave_out_others(state: ResearchState) -> ResearchState:
    """Return the state without the claims that are about another company than the one on whose site they stand; each is told as dropped."""
    names = _collect_names(state)
    client = None if state.client is None else _filter_visit(state.client, names)
    return replace(state, client=client, visits=tuple(_filter_visit(visit, names) for visit in state.visits))


def _collect_names(state: ResearchState) -> tuple[tuple[str, str], ...]:
    """Return the names of all companies of the research with the domains that they are of, as addresses spell them: velobarn."""
    visits = state.visits if state.client is None else (state.client, *state.visits)
    named = [(visit.candidate.name, visit.candidate.url) for visit in visits]
    named += [(each.name, each.url) for each in state.candidates]
    named += [(each.name, each.url) for each in state.considered if each.kind != SiteKind.TWIN]
    return tuple((name, find_site(url).domain) for told, url in dict.fromkeys(named) for name in _spell(told, url))


@lru_cache(1_024)
def _spell(name: str, url: str) -> tuple[str, ...]:
    """Return a company's name as it may be written: whole, its first word where no dictionary has it, and as in its address.

    A name of one word that a dictionary has, "Sheds", is none by which a company is known again.
    """
    first = name.split()[0].strip(",.") if name.split() else ""
    short = first if len(first) > SHORTEST_NAME and not _is_a_word(first) else ""
    spelled = [squash_name(each) for each in (name, short, find_site(url).label) if len(each.split()) > 1 or not _is_a_word(each)]
    spelled += [name] if not name.isascii() else []
    return tuple(dict.fromkeys(each for each in spelled if len(each) >= (SHORTEST_NAME if each.isascii() else SHORTEST_WIDE)))


@lru_cache(4_096)
def _is_a_word(text: str) -> bool:
    return any(look_up(token) for token in tokenize(text.lower()))


def _filter_visit(visit: Visit, names: Sequence[tuple[str, str]]) -> Visit:
    domains = {find_site(url).domain for url in (visit.candidate.url, *(page.url for page in visit.pages))}
    own = {name for name, domain in names if domain in domains} | {squash_name(find_site(page.url).label) for page in visit.pages}
    others = frozenset(name for name, _ in names if not any(name in mine or mine in name for mine in own if mine))
    cells = [frozenset(_find_others_cells(page, own)) for page in visit.pages]
    headed = {number for number, page in enumerate(visit.pages) if _has_others_heading(page)}
    away = [claim for claim in visit.claims if _is_about_another(claim, others, own, cells, headed, visit)]
    if not away:
        return visit
    dropped = set(map(id, away))
    withdrawn = tuple(Withdrawn(visit.candidate.name, claim.text, REASON) for claim in away)
    claims = tuple(claim for claim in visit.claims if id(claim) not in dropped)
    return replace(visit, claims=claims, withdrawn=(*visit.withdrawn, *withdrawn), dropped=visit.dropped + len(away))


def _is_about_another(
    claim: Claim, others: frozenset[str], own: Collection[str], cells: Sequence[Collection[object]], headed: Collection[int], visit: Visit
) -> bool:
    if claim.written == "data" and (squash_cell(claim.subject), squash_cell(claim.name)) in cells[claim.source]:
        return True
    if _names_another_first(claim.text, others):
        return True
    if (  # whether it is a price is asked last: it takes longest
        is_price_of_others(claim.text, own)
        or _names_any(claim.text, others)
        or (
            claim.source in headed
            and claim.written != "data"
            and _stands_under_others(claim, visit.pages[claim.source], visit.candidate.name)
        )
    ):
        return has_money(claim.text) or (bool(_BESIDE.search(claim.text)) and not _begins_with_us(claim.text, own))
    return False


def is_price_of_others(text: str, own: Collection[str]) -> bool:
    """Return whether a text with a price says what rivals, others in general or another company charges. `own` are squashed names."""
    if _RIVALS.search(text) or _OTHERS.search(text) or _BESIDE.search(text):
        return True
    asks = _CHARGES.search(text)
    return asks is not None and _is_a_company(asks[1]) and squash_name(asks[1]) not in own


def _begins_with_us(text: str, own: Collection[str]) -> bool:
    first = squash_name(" ".join(text.split()[:MOST_WORDS]))
    return re.match(r"(?i:we|our|wir|unsere?|nous|notre|nosotros)\b", text) is not None or any(
        first.startswith(each) for each in own if each
    )


def _is_a_company(name: str) -> bool:
    """Return whether the subject of "charges" is a company: two words with capitals, or one that no dictionary has."""
    words = name.split()
    return (len(words) > 1 and words[0] not in _PRONOUNS) or (words[0] not in _PRONOUNS and not _is_a_word(words[0]))


def _names_another_first(text: str, others: Collection[str]) -> bool:
    """Return whether a text, or what stands behind its heading, begins with the name of another company."""
    body = text[len((_LIST_MARK.match(text) or [""])[0]) :]
    for part in dict.fromkeys((text, body)):
        rest = part[len((_LEAD.match(part) or [""])[0]) :]
        words = rest.split()[:MOST_WORDS]
        if any(_is_one_of(words[:count], others) for count in range(1, len(words) + 1)):
            return True
        if not rest.isascii() and any(rest.startswith(name) for name in others if not name.isascii()):
            return True
    return False


def _names_any(text: str, others: Collection[str]) -> bool:
    for run in _CAPITALS.findall(text):
        words = re.split(r"\s", re.sub(r"['’]s\b", "", run))
        for start in range(len(words)):
            for end in range(start + 1, min(len(words), start + MOST_WORDS) + 1):
                if _is_one_of(words[start:end], others):
                    return True
    return any(name in text for name in others if not name.isascii())


def _is_one_of(words: Sequence[str], names: Collection[str]) -> bool:
    """Return whether words are one of the names, each written as in a name: "Podcast Hosting", not "Podcast hosting"."""
    if not all(not word[:1].isalpha() or word[:1].isupper() or len(word) < SHORTEST_NAME for word in words):
        return False
    written = " ".join(words)
    return squash_name(written) in names or squash_name(re.sub("['’]s$", "", written)) in names


def squash_cell(text: str) -> str:
    """Return the words of a table's cell without what is written differently: spaces, marks, case."""
    return squash_name(text) if text.isascii() else "".join(text.split()).casefold()


def _find_others_cells(page: VisitedPage, own: Collection[str]) -> Iterator[tuple[str, str]]:
    """Yield subject and label of the fields that tell of others: columns beside one's own in a comparison, prices of partners."""

    def is_own(text: str) -> bool:
        squashed = squash_cell(text)
        return squashed in own or squashed in _US

    tables = [(squash_cell(field.subject), squash_cell(field.name), field) for field in page.fields]
    by_subject = {(field.section, name) for subject, name, field in tables if name and field.place == "table" and is_own(field.subject)}
    by_name = {(field.section, subject) for subject, name, field in tables if subject and field.place == "table" and is_own(field.name)}
    for subject, name, field in tables:
        in_column = field.place == "table" and (field.section, name) in by_subject and not is_own(field.subject)
        in_row = field.place == "table" and (field.section, subject) in by_name and not is_own(field.name)
        is_partners = bool(_OTHERS_HEADING.fullmatch(field.section.strip())) and has_money(field.value)
        if in_column or in_row or is_partners:
            yield subject, name


def _has_others_heading(page: VisitedPage) -> bool:
    return any(_OTHERS_HEADING.fullmatch(line.strip()) for line in page.text.splitlines() if len(line) <= 80)


def _stands_under_others(claim: Claim, page: VisitedPage, company: str) -> bool:
    """Return whether a claim stands under a heading that is about others: partners, an advertisement."""
    stated = find_stated(page.text, company, page.published, page.fetched_at)
    return any(
        _OTHERS_HEADING.fullmatch(each.headings[0].strip())
        for each in stated
        if each.headings and (each.quote == claim.quote or claim.quote in each.quote)
    )
