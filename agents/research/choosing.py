"""The relevance gate: a candidate competes only where its own words, or words beside its name, show it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from sayso.tools.errors import NothingFound
from sayso.tools.truth.word_kinds import names_a_business
from sayso.tools.truth.words import tokenize

from .body_kinds import find_body_kind, find_body_kinds
from .offer_roles import DESCRIBES, FOR_IT, find_roles
from .offer_words import does_something, is_activity, is_deed, is_deed_for_hire, is_generic_place, is_offer, is_person, is_region, is_way
from .own_names import cut_name
from .page_kinds import find_closing, find_new_home, find_page_kind, is_no_evidence, sentences
from .page_reading import FIRST_WORDS, MOST_READ, find_front, find_owner_name, is_home, read_data, read_field, read_offer, read_visible
from .page_terms import alike, find_rows, find_stem, find_terms, is_foreign, knows, split_title
from .profile import STRONG, ClientProfile, Term
from .reasons import find_self_description, is_sentence, say_offer
from .report import Considered
from .shared_terms import Shared, find_shared_places, find_shared_terms
from .site_identity import begins_with_name, carries_name, find_site, squash_letters
from .site_kinds import SiteKind, find_hit_kind, is_comparison
from .site_names import find_business_name
from .state import SearchHit, VisitedPage, show_query

_SAYS_WHAT = re.compile(
    r"^(?:(?i:we|it|this|here)|(?!There |These |All |Each )(?:[A-ZÀ-Þ&][\w'’&.-]* ){1,5})(?:['’](?:re|s)|\s?\b(?:is|are|ist|sind|est|es)) "
    r"(?:(?:an?|the|one of|eine?|une?)\b|(?P<what>\w+))"
)
_RELATIVE = re.compile(r",? (?:that|which|who|where|whose) ")
ENOUGH = 0.7
ENOUGH_POINTS = 2
INFORMS = frozenset(
    (SiteKind.NEWS, SiteKind.REFERENCE, SiteKind.LIST, SiteKind.ABOUT, SiteKind.ASSOCIATION, SiteKind.NO_BUSINESS, SiteKind.FORUM)
)
"""What a topic is read about in as well."""
NOT_SHARED = Shared("", 0.0)
UNCLEAR, LITTLE = 0.01, 5
MANY, MIN_NAME, BEGIN, DATA_LINES, OFFER = 3, 4, 3, 8, 4
WHAT_IT_IS = {
    SiteKind.LIST: "A list or comparison of others.",
    SiteKind.DIRECTORY: "A place that lists what others offer.",
    SiteKind.ABOUT: "It writes about {company}.",
    SiteKind.NEWS: "An article, not the page of a business about itself.",
    SiteKind.REFERENCE: "A work of reference.",
    SiteKind.PLATFORM: "A platform on which others publish or sell.",
    SiteKind.JOBS: "Job offers.",
    SiteKind.SPONSORED: "A list that is paid for.",
    SiteKind.FORUM: "People who talk about businesses.",
    SiteKind.ASSOCIATION: "An association, not a business.",
    SiteKind.TRADE_ONLY: "It sells to businesses of the trade only.",
    SiteKind.NO_BUSINESS: "It does not say that it offers this itself.",
}


def require_known(profile: ClientProfile, queries: Sequence[str]) -> None:
    """Raise NothingFound where no result is about the client, so that nothing can be compared with it."""
    if profile.known and profile.terms:
        return
    searched = ", ".join(f"“{show_query(query)}”" for query in dict.fromkeys([profile.company, *queries]))
    raise NothingFound(
        f"Nothing was found about {show_query(profile.company)!r}. Searched for {searched}. "
        "Give the full name as its own pages write it, or its address, or another --search."
    )


def consider(profile: ClientProfile, hits: Sequence[SearchHit]) -> tuple[Considered, ...]:
    """Return every site among the results, once each, with the decision whether it competes; the closest competitors first."""
    by_domain: dict[str, list[SearchHit]] = {}
    for hit in hits:
        by_domain.setdefault(find_site(hit.url).domain, []).append(hit)
    names = {
        domain: find_business_name(group[0].title, find_site(group[0].url).label)
        for domain, group in by_domain.items()
        if domain not in profile.domains and not carries_name(find_site(group[0].url).label, profile.names)
    }
    judged = [judge_hits(profile, group, [name for other, name in names.items() if other != domain]) for domain, group in by_domain.items()]
    judged = [_look_beside(profile, each, hits) for each in judged]
    return tuple(_merge_twins(sorted(judged, key=lambda each: (not each.competes, -each.score))))


def _look_beside(profile: ClientProfile, considered: Considered, hits: Sequence[SearchHit]) -> Considered:
    """Return a site that says too little itself as a competitor where a comparison names it beside the client."""
    if considered.competes or considered.kind != SiteKind.UNRELATED or not considered.score or len(considered.name) < MIN_NAME:
        return considered
    both = [re.compile(rf"(?<!\w){re.escape(name)}(?!\w)") for name in (considered.name, profile.company)]
    for hit in hits:
        text = f"{hit.title}. {hit.snippet}"
        if find_site(hit.url).host != considered.host and is_comparison(text) and all(name.search(text) for name in both):
            reason = f"{find_site(hit.url).host} names it beside {profile.company}."
            return replace(considered, competes=True, kind=SiteKind.COMPETITOR, reason=reason, quote=hit.snippet, page=hit.url)
    return considered


def _merge_twins(considered: Sequence[Considered]) -> list[Considered]:
    """Return the sites with those of one name and one offer under two addresses once: roll-and-ride and rollandride."""
    kept: list[Considered] = []
    for each in considered:
        label = squash_letters(find_site(each.url).label)
        twin = next(
            (
                other
                for other in kept
                if (each.competes or each.kind == SiteKind.UNRELATED)
                and other.competes
                and squash_letters(find_site(other.url).label) == label
            ),
            None,
        )
        if twin is not None and len(label) >= MIN_NAME:
            each = replace(each, competes=False, kind=SiteKind.TWIN, reason=f"The same business as {twin.host}.", page=twin.url, score=0.0)
        kept.append(each)
    return sorted(kept, key=lambda each: not each.competes)


def judge_hits(profile: ClientProfile, hits: Sequence[SearchHit], others: Sequence[str] = ()) -> Considered:
    """Return what the results of one site show about it: the most favourable of them counts. `others` are the names of the other sites."""
    judged = [_judge_hit(profile, hit, others) for hit in hits]
    return min(judged, key=lambda each: (not each.competes, -each.score, len(each.url)))


def _judge_hit(profile: ClientProfile, hit: SearchHit, others: Sequence[str]) -> Considered:
    site = find_site(hit.url)
    name = find_business_name(hit.title, site.label)

    def refuse(kind: SiteKind, reason: str, quote: str = hit.title) -> Considered:
        return Considered(name, site.host, hit.url, False, reason, quote, hit.url, kind)

    if site.domain in profile.domains:
        return refuse(SiteKind.ITSELF, f"It is {profile.company} itself.")
    if profile.names and carries_name(site.label, profile.names):
        return refuse(SiteKind.NAMESAKE, f"It has the name of {profile.company}, and another offer.", hit.snippet)
    client = profile.company if profile.kind == "competitors" else ""
    found = find_hit_kind(client, profile.domains, hit)
    if found is not None and not (profile.kind == "topic" and found.kind in INFORMS):
        return refuse(found.kind, WHAT_IT_IS[found.kind].format(company=profile.company), found.quote)
    body = next((kind for name, kind in find_body_kinds(hit.title, hit.snippet).items() if name not in profile.bodies), None)
    if body is not None and profile.kind == "competitors":
        return refuse(body.kind, WHAT_IT_IS[body.kind].format(company=profile.company), hit.snippet)
    text = f"{hit.title}. {hit.snippet}"
    named = [other for other in others if _is_name(profile, other) and re.search(rf"(?<!\w){re.escape(other)}(?!\w)", text)]
    compares_itself = is_home(hit.url) and len(name) >= MIN_NAME and text.count(name) > 1 and not is_comparison(hit.title)
    if len(named) > 1 and profile.kind != "topic" and not compares_itself:
        return refuse(SiteKind.LIST, f"It writes about other businesses: {', '.join(named[:3])}.", hit.snippet)
    shared = find_shared_terms(profile, text)
    if not _is_same_offer(profile, shared, text) and _says_little(hit, name, shared):
        reason = "Its result says too little; its pages will show."
        return Considered(name, site.host, hit.url, True, reason, hit.title, hit.url, score=UNCLEAR)
    if not _is_same_offer(profile, shared, text):
        return replace(refuse(SiteKind.UNRELATED, _say_other_offer(profile, shared), hit.snippet), score=float(bool(shared)))
    places = list(find_shared_places(profile, text))
    score = sum(term.weight * term.rarity * found.counts for term, found in shared.items()) + len(places)
    return Considered(name, site.host, hit.url, True, say_offer(profile, shared, places), hit.snippet, hit.url, score=round(score, 3))


def _says_little(hit: SearchHit, name: str, shared: Mapping[Term, Shared]) -> bool:
    """Return whether a result does not say what the site is, so that nothing follows from it: its title has no more than the name.

    A page other than the home page, such as its rules, never says it; something of the same offer must stand there.
    """
    if not is_home(hit.url):
        return bool(shared)
    if _names_an_offer(hit.title, f"{name} {find_site(hit.url).label}"):
        return False
    words = {word.stem for word in find_terms(hit.snippet) if is_offer(word) and squash_letters(word.text) not in squash_letters(name)}
    return bool(shared) or len(words) < LITTLE or is_foreign(hit.snippet)


def _is_name(profile: ClientProfile, name: str) -> bool:
    """Return whether a name may be looked for in a text: it is long enough, and no word of the trade or of the language."""
    words = find_terms(name)
    if len(name) < MIN_NAME or any(alike(term.word, word) for word in words[:1] for term in profile.terms):
        return False
    return len(words) > 1 or not knows(name.casefold())


def _is_same_offer(profile: ClientProfile, shared: Mapping[Term, Shared], text: str) -> bool:
    """Return whether the shared words are enough: two of those that say most, or one of them and others of some weight."""
    if not profile.terms:
        return False
    top = profile.terms[0].weight
    strong = sum(found.counts for term, found in shared.items() if term.weight >= STRONG * top)
    heavy = sum(term.weight * found.counts for term, found in shared.items())
    if (
        measure_sameness(profile, text) >= ENOUGH_POINTS
        or strong >= 2
        or (strong >= 1 and sum(found.counts for found in shared.values()) >= 2 and heavy >= ENOUGH * top)
    ):
        return True
    if any(lead in shared and shared[lead].counts >= FOR_IT for lead in (*profile.leads, *profile.deeds)):
        return True  # its pages will show in which role
    return strong >= 1 and _is_in_another_language(profile, text)


def judge(profile: ClientProfile, considered: Considered, pages: Sequence[VisitedPage], others: Sequence[str] = ()) -> Considered:
    """Return the decision about a candidate after its pages were read: a namesake, a list or a moved site is found out here.

    `pages` has the page that was read first first. `others` are the hosts of the other candidates: who links to several of them is a list.
    The name, the host and the address of what is returned are those of the pages: a redirect may have led elsewhere. A site that a person
    gave stays; the reason says what speaks against it.
    """
    if not pages:
        return considered
    judged = _judge_pages(profile, considered, pages, others)
    if considered.kind != SiteKind.GIVEN or judged.competes:
        return judged
    return replace(judged, competes=True, kind=SiteKind.GIVEN, reason=f"You gave it, though: {judged.reason}")


def _judge_pages(profile: ClientProfile, considered: Considered, pages: Sequence[VisitedPage], others: Sequence[str]) -> Considered:
    first = pages[0]
    site = find_site(first.url)
    seen = replace(considered, name=find_owner_name(pages) or considered.name, host=site.host)
    if site.host != considered.host:
        seen = replace(seen, url=first.url)

    def refuse(kind: SiteKind, reason: str, quote: str) -> Considered:
        return replace(seen, competes=False, kind=kind, reason=reason, quote=quote[:300], page=first.url, score=0.0)

    if site.domain in profile.domains:
        return refuse(SiteKind.ITSELF, f"It is {profile.company} itself: {considered.host} leads to {site.host}.", first.title)
    new_home = find_new_home(pages)
    if new_home and find_site(new_home).domain != site.domain:
        return refuse(SiteKind.MOVED, f"It has moved to {find_site(new_home).host}.", first.title)
    if closed := find_closing(pages):
        return refuse(SiteKind.CLOSED, "It has closed.", closed)
    found = find_page_kind(pages, others, profile.names) or find_body_kind(pages, profile.bodies)
    if found is not None and not (profile.kind == "topic" and found.kind in INFORMS):
        return refuse(found.kind, WHAT_IT_IS[found.kind].format(company=profile.company), found.quote)
    is_named_so = profile.kind == "competitors" and begins_with_name(site.label, profile.company)
    if is_named_so and measure_sameness(profile, _read_headline(pages)) < 2 * ENOUGH_POINTS:
        return refuse(SiteKind.NAMESAKE, f"It has the name of {profile.company}, and another offer.", first.title)
    start = read_offer(find_front(pages), FIRST_WORDS)
    shared = find_shared_terms(profile, "\n".join((start, *(read_offer(page) for page in pages))))
    if not _is_confirmed(profile, pages, shared):
        return refuse(SiteKind.UNRELATED, _say_other_offer(profile, shared), _find_self_description(first))
    quote, page = find_self_description(profile, pages)
    places = list(find_shared_places(profile, start))
    score = sum(term.weight * term.rarity * each.counts for term, each in shared.items()) + len(places)
    reason = say_offer(profile, shared, places)
    if not quote:
        quote, page = (considered.quote, considered.page) if is_sentence(considered.quote) else (first.title, first.url)
    return replace(seen, competes=True, kind=SiteKind.COMPETITOR, reason=reason, quote=quote, page=page, score=round(score, 3))


def _is_confirmed(profile: ClientProfile, pages: Sequence[VisitedPage], shared: Mapping[Term, Shared]) -> bool:
    """Return whether a site offers the same by what it says of itself: title, description, kind and first sentences.

    A site that says of itself that it is something else does not, whatever its other pages speak of; one that says nothing of the kind
    there must say it more than once elsewhere.
    """
    if profile.kind == "topic":
        return any(profile.is_strong(term) for term in shared)
    start = read_offer(find_front(pages), FIRST_WORDS)
    told = find_shared_terms(profile, start)
    headline, identity = _read_headline(pages), _read_identity(pages)
    if (
        _names_other_service(profile, _read_label(find_front(pages)))
        and sum(_is_told(profile, lead, headline) for lead in profile.leads) < 2
    ):
        return False  # "legal-grade X and Y" is no lawyer
    if _has_half_the_name(profile, start) or _has_only_the_material(profile, identity):
        return False
    if _is_of_another_trade(profile, find_owner_name(pages), identity) or _only_teaches(profile, identity):
        return False
    others = [term for term in profile.terms if term not in profile.deeds and term.counts >= 1 and does_something(term.word)]
    is_told_otherwise = _is_in_another_language(profile, start)  # words for what is done may be in no table
    if profile.deeds and not is_told_otherwise and not any(told.get(deed, NOT_SHARED).counts >= 1 for deed in (*profile.deeds, *others)):
        return False
    name = find_owner_name(pages)
    points = measure_sameness(profile, identity)
    told_there = find_shared_terms(profile, identity)
    lets = any(is_deed_for_hire(term.word) and _is_told(profile, term, headline) for term in profile.terms[:OFFER])
    # who hires out storage sheds, or is a dog resort, may offer it all the same
    leads = [lead for lead in profile.leads if told_there.get(lead, NOT_SHARED).counts >= DESCRIBES]
    describes = bool(leads) and (lets or _is_establishment_for(leads, identity))
    if points or describes or not _names_an_offer(identity, name):
        points = max(points, measure_sameness(profile, headline))
    if is_told_otherwise and (points or sum(each.counts >= 1 for each in find_shared_terms(profile, headline).values()) > 1):
        return True  # other words of the offer may be in no table; two of the same customers or materials in the first lines are evidence
    if points >= ENOUGH_POINTS:
        return True
    full = [term for term, each in shared.items() if each.counts >= 1 and profile.is_strong(term)]
    said = [role for page in pages for role in find_roles(read_visible(page)[:MOST_READ]) if role.counts >= 1]
    repeated = [lead for lead in profile.leads if lead in full and sum(alike(role.word, lead.word) for role in said) > 1]
    if repeated and any(_is_told(profile, term, identity) for term in profile.terms[:OFFER] if profile.is_trade(term)):
        return True  # a boarding kennel, whose pages speak of dogs, competes with who boards dogs
    if _names_an_offer(headline, name):
        return False
    return len(full) >= MANY or (bool(repeated) and len(full) > 1)


def _is_of_another_trade(profile: ClientProfile, name: str, identity: str) -> bool:
    """Return whether a business calls itself by another trade, and not by the client's: vets offer physiotherapy to animals.

    A café that is "a small chain of burger restaurants" calls itself by both.
    """
    *_, last = find_terms(name) or (None,)
    if last is None or not last.concepts or is_generic_place(last) or not name.casefold().endswith(last.text.casefold()):
        return False
    if not (is_person(last) or names_a_business(tokenize(last.text)[0])):
        return False
    businesses = [lead for lead in profile.leads if names_a_business(tokenize(lead.text)[0])]
    if any(_is_told(profile, lead, identity) for lead in businesses) or _is_establishment_for(profile.leads, identity):
        return False
    own = {row for term in profile.terms for row, _ in term.word.concepts}
    words = find_terms(name)
    return own.isdisjoint(row for row, _ in last.concepts) and not any(alike(term.word, word) for term in profile.terms for word in words)


def _only_teaches(profile: ClientProfile, text: str) -> bool:
    """Return whether a text has the client's trade only as what courses, tours or jobs are about, and the client offers none of these."""
    if any(is_activity(term.word) and term.counts >= 1 for term in profile.terms):
        return False
    roles = [role for role in find_roles(text) if any(alike(role.word, lead.word) for lead in profile.leads)]
    teaches = [role for role in roles if role.head is not None and is_activity(role.head)]
    return bool(teaches) and not any(role.head is None and role.counts >= 1 for role in roles)


def _has_half_the_name(profile: ClientProfile, text: str) -> bool:
    """Return whether an English text has the last word of the client's trade and not the first: web hosting is no podcast hosting.

    A thing of which the client speaks more often than of its kind is one whatever its kind: benchtop centrifuges are centrifuges.
    """
    if is_foreign(text):
        return False
    leads = {term.word.stem: term for term in profile.leads}
    pairs = [(leads[first], leads[last]) for first, last in profile.compounds if first in leads and last in leads and first != last]
    pairs = [(first, last) for first, last in pairs if last.weight <= first.weight or does_something(last.word)]
    shared = find_shared_terms(profile, text)
    if profile.programs and profile.programs.isdisjoint(term.word.stem for term in shared):
        return True  # software for signage is none for anything else
    return any(last in shared and min(shared.get(each, NOT_SHARED).counts for each in (first, last)) < 1 for first, last in pairs)


def _has_only_the_material(profile: ClientProfile, text: str) -> bool:
    """Return whether an English text has what the client works with or on, and nothing that it does: who sells dry ice blasts nothing.

    A chimney sweep sweeps stoves; a shop for stoves does not.
    """
    if is_foreign(text):
        return False
    shared = {term.word.stem for term, each in find_shared_terms(profile, text).items() if each.counts >= 1 and profile.is_strong(term)}
    words = {find_stem(word) for word in re.findall(r"[^\W\d_]+", text.casefold())}
    if shared and shared <= profile.things and words.isdisjoint(deed for _, deed in profile.done):
        return True
    leads = {term.word.stem: term for term in profile.leads}
    pairs = [(leads[first], leads[last]) for first, last in profile.compounds if first in leads and last in leads and first != last]
    told = {term.word.stem: term for term, each in find_shared_terms(profile, text).items() if each.counts >= 1}
    deeds = {find_stem(word) for word in re.findall(r"[^\W\d_]+", text.casefold()) if is_deed(word)}
    if any(_is_doing(term) for term in told.values()) or not profile.verbs.isdisjoint(deeds):
        return False
    return any(first.word.stem in told and last.word.stem not in told and _is_doing(last) for first, last in pairs)


def _is_doing(term: Term) -> bool:
    return term.word.text.casefold().endswith("ing") or does_something(term.word)


def measure_sameness(profile: ClientProfile, text: str) -> int:
    """Return how much of the client's offer a text has as an offer: two for a word that names the trade, one for another strong one.

    "bouldering gym" beside the client's "bouldering centres", and "English lessons" beside its "courses in English", are two.
    """
    if not profile.leads:
        return 0
    if profile.kind == "competitors":  # a namesake has the client's name, and nothing of its offer
        text = cut_name(text, profile.company)
    shared = find_shared_terms(profile, text)
    if 0 < shared.get(profile.leads[0], NOT_SHARED).counts < 1 and not any(
        shared.get(lead, NOT_SHARED).counts >= 1 for lead in profile.leads[1:]
    ):
        return 0  # who sells desks to coworking spaces is none
    full = [term for term, each in shared.items() if each.counts >= 1 and profile.is_strong(term)]
    worth: dict[str, int] = {}
    for term in full:  # one word is one point of evidence, whatever it is like
        said = shared[term].text.casefold()
        worth[said] = max(worth.get(said, 0), 2 if term in profile.leads else 1)
    points = sum(worth.values())
    does = any(shared.get(deed, NOT_SHARED).counts >= 1 for deed in profile.deeds)
    if not points or points + does >= ENOUGH_POINTS:
        return points + does
    rest = [term for term in shared if term not in full and shared[term].counts >= 1]
    ways = [term for term in rest if term.weight >= STRONG * profile.terms[0].weight and (is_way(term.word) or is_generic_place(term.word))]
    is_place = any(is_generic_place(term.word) for term in profile.terms) and any(is_generic_place(role.word) for role in find_roles(text))
    return points + bool(ways or is_place)


def _is_told(profile: ClientProfile, term: Term, text: str) -> bool:
    return find_shared_terms(profile, text).get(term, NOT_SHARED).counts >= 1


def _names_an_offer(text: str, name: str) -> bool:
    """Return whether a text names anything that could be offered, besides the name of the one that offers it."""
    own = squash_letters(name)
    return any(
        is_offer(word)
        and not (is_way(word) or is_generic_place(word) or is_region(word))
        and knows(word.text.casefold())
        and (squash_letters(word.text) not in own or (bool(word.concepts) and word.text.casefold().endswith("s")))
        for word in find_terms(text)
    )


def _names_other_service(profile: ClientProfile, label: str) -> bool:
    """Return whether a site calls itself an insurer or a lawyer, who serve every trade, and the client is none."""
    rows = find_rows("insurance") | find_rows("lawyer")
    own = {row for term in profile.terms if term.counts >= 1 for row, _ in term.word.concepts}
    return any(role.counts >= 1 and row in rows - own for role in find_roles(label) for row, _ in role.word.concepts)


def _is_in_another_language(profile: ClientProfile, text: str) -> bool:
    """Return whether only one of the client's own words and a text is English."""
    return is_foreign(text) != is_foreign(f"{profile.own_words} {profile.offer}")


def _read_headline(pages: Sequence[VisitedPage]) -> str:
    """Return title, description and kind of a site, and its first sentences."""
    first = find_front(pages)
    told = [each for each in sentences(read_visible(first)[:FIRST_WORDS]) if not is_no_evidence(each)]
    # The first line of a page is often its navigation: the first whole sentences say what the site is.
    begins = [each for each in told if _is_whole(each)] or told[:DATA_LINES]
    lines = (_read_label(first), *begins[:BEGIN], read_data(first))
    return "\n".join(lines)


def _read_identity(pages: Sequence[VisitedPage]) -> str:
    """Return the title, description and kind of a site, and the sentences that say what it is: "We are a veterinary practice"."""
    first = find_front(pages)
    told = [each for each in sentences(read_visible(first)[:MOST_READ]) if _says_what(each) and not is_no_evidence(each)]
    told = [_RELATIVE.split(each)[0] for each in told[:BEGIN]]
    lines = [each for each in sentences(read_visible(first)) if not is_no_evidence(each)]
    if not any(map(_is_whole, lines)):  # a name over labels and values says there what it is
        told = lines[:DATA_LINES]
    return "\n".join((_read_label(first), *told, read_data(first)))


def _read_label(page: VisitedPage) -> str:
    """Return the title, description and kind of a page."""
    return "\n".join((_leave_out_name(page), read_field(page, "description"), read_field(page, "type")))


def _leave_out_name(page: VisitedPage) -> str:
    """Return the title of a page without the name of the site, where the rest says what that is: "The Shed – theatre and music"."""
    label = squash_letters(find_site(page.url).label)
    parts = split_title(page.title)
    rest = [part for part in parts if squash_letters(part) not in label]
    if _names_an_offer(" – ".join(rest), ""):
        return " – ".join(rest)
    return page.title if rest or " " in page.title.strip() else ""


def _is_establishment_for(leads: Sequence[Term], text: str) -> bool:
    """Return whether a text names an establishment by one of these words: a dog resort."""
    roles = [role for role in find_roles(text) if role.counts >= 1 and any(alike(role.word, lead.word) for lead in leads)]
    heads = [role.head for role in roles if role.head is not None]
    return any(names_a_business(tokenize(head.text)[0]) for head in heads)


def _says_what(sentence: str) -> bool:
    """Return whether a sentence says what its subject is: "We are dentists", but not "We are closed"."""
    match = _SAYS_WHAT.search(sentence)
    if match is None or match["what"] is None:
        return match is not None
    word = match["what"].casefold()
    return not knows(word) or (not is_deed(word) and not word.endswith("ed") and any(map(is_offer, find_terms(word))))


def _is_whole(line: str) -> bool:
    """Return whether a line is a whole sentence."""
    return len(line.split()) > 3 and line.endswith((".", "!", "。"))


def _find_self_description(page: VisitedPage) -> str:
    description = read_field(page, "description")
    return next((each for each in sentences(read_visible(page)) if len(each) > 30 and not is_no_evidence(each)), description or page.title)


def _say_other_offer(profile: ClientProfile, shared: Mapping[Term, Shared]) -> str:
    said = f", only “{next(iter(shared.values())).text}”" if shared else ""
    return f"It does not offer what {profile.company} offers ({profile.offer}){said}."
