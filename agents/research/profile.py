"""What a research knows of its client: names, own domains, what it offers in weighted words, where it is."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from sayso.tools.truth.word_kinds import names_a_business
from sayso.tools.truth.words import tokenize

from .body_kinds import find_body_kinds
from .offer_roles import DESCRIBES, FOR_IT, OfferRole, find_roles
from .offer_words import (
    has_another_sense,
    is_activity,
    is_deed_for_hire,
    is_generic_place,
    is_offer,
    is_person,
    is_program,
    is_region,
    is_trade,
    is_way,
    may_be_deed,
)
from .own_names import cut_name, find_used_words, split_name
from .own_sites import find_own_domains, is_named, is_told_of
from .page_reading import FIRST_WORDS, is_home, read_field, read_offer, read_visible
from .page_terms import (
    OfferWord,
    alike,
    find_languages,
    find_places,
    find_rows,
    find_stem,
    find_terms,
    knows,
    read_term,
    split_phrase,
)
from .site_identity import find_site, spell_name, squash_letters
from .state import SearchHit, VisitedPage

MOST_TERMS = 24
TITLE, DESCRIPTION, QUERY, TYPE, ABOUT = 3.0, 3.0, 2.5, 3.0, 1.0
"""How much a word counts by where it stands; a word of a page's body counts up to BODY, by how often it stands there."""
BODY = 2.0
UNUSED, QUALITY, WAY = 0.3, 0.15, 0.6
"""What is left of the weight of a word that no other site uses, of one that names a quality, a measure or a deed, and no thing, and of one
that only says how things are sold: "delivery"."""
_SELLS = re.compile(
    r"\b(?:sells?|sold|sales?|selling|buy|verkauf\w*|kaufen|vend(?:ons|ent|re)|vente|verkoop\w*|vende\w*|venta)\b|販売", re.IGNORECASE
)
STRONG = 0.25
"""A word of at least this part of the heaviest word's weight says what the client does."""
LEADS = 0.75
"""Which part of the heaviest word's weight a word has that names the trade as well."""


_MAKING = frozenset(map(find_stem, "install manufacture construct".split()))
"""Who does this as well does more than rent out or repair."""


@dataclass(frozen=True, slots=True)
class Term:
    """A word of what the client offers, as a page has it, and how much it counts in the client's own words.

    `rarity` is 1 for a word that one other site has, and falls towards 0 for a word that all sites found have. `counts` is the role in
    which the client uses it: less than 1 where it only says for what or for whom something is. `english` is whether it is no word of
    another language: "same" is no seed. `noun` is whether the client's texts use a verb
    as a thing: "podcast hosting".
    """

    text: str
    weight: float
    rarity: float = 1.0
    counts: float = 1.0
    english: bool = False
    noun: bool = False
    learned: bool = False

    @property
    def word(self) -> OfferWord:
        """Return the word with what it is compared by."""
        return read_term(self.text, self.english)


@dataclass(frozen=True, slots=True)
class ClientProfile:
    """The client of a research, or its market or topic (`kind`), as far as the search and the pages read so far show it.

    `names` are the spellings of its name in addresses, `domains` are its own, `beside` are names that others put beside it ("X vs Y").
    `own_words` is a sentence of its own about itself. Where `known` is False, nothing was found that is surely about it. `languages` are
    the columns of tables/trades.txt whose words the results use, the most used first. `sells` is whether its own pages speak of selling,
    `verbs` are the stems of the words in its texts that may say what it does, `bodies` the kinds of body_kinds.py that it is itself.
    `compounds` are the stems of words that stand together there: podcast, hosting. `done` are the stems of a thing and of what is done to
    it, where it is not sold: stoves, sweep.
    """

    company: str
    kind: str = "competitors"
    names: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    terms: tuple[Term, ...] = ()
    places: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    own_words: str = ""
    known: bool = False
    languages: tuple[int, ...] = ()
    sells: bool = False
    verbs: frozenset[str] = frozenset()
    bodies: tuple[str, ...] = ()
    compounds: tuple[tuple[str, str], ...] = ()
    done: tuple[tuple[str, str], ...] = ()

    @property
    def leads(self) -> tuple[Term, ...]:
        """Return the words that name the trade: the heaviest that are neither a way to sell nor a kind of place, and those nearly as
        heavy.
        """
        things = [term for term in self.terms if self.is_trade(term)] or [term for term in self.terms if is_offer(term.word)]
        heavy = [term for term in things if term.weight >= LEADS * things[0].weight]
        heavy = [term for term in heavy if term.word.stem not in self.things] or heavy
        programs = [term for term in heavy if term.word.stem in self.programs]
        return tuple([*programs, *(term for term in heavy if term.learned and term not in programs)] if programs else heavy)

    @property
    def things(self) -> frozenset[str]:
        """Return the stems of what the client's trade is done to: the stoves of a chimney sweep."""
        trade = {part.stem for term in self.terms if self.is_trade(term) for part in split_phrase(term.word)}
        return frozenset(thing for thing, deed in self.done if deed in trade)

    @property
    def programs(self) -> frozenset[str]:
        """Return the stems of what the client's software is, where that has a name: who sells signage software speaks most of screens."""
        own = {term.word.stem for term in self.terms}
        return frozenset(first for first, last in self.compounds if first in own and is_program(OfferWord(last, last)))

    def is_trade(self, term: Term) -> bool:
        """Return whether a word may name the trade: no way to sell and no kind of place. Who sells no software may sell tools."""
        if is_program(term.word) and not any(is_program(other.word) for other in self.terms if other is not term):
            return True
        if term.noun:
            return not (is_way(term.word) or is_generic_place(term.word))
        return is_trade(term.word)

    def is_strong(self, term: Term) -> bool:
        """Return whether a word says what the client does: it is heavy, may name the trade, and does not only say for whom that is."""
        return term.weight >= STRONG * self.terms[0].weight and term.counts >= 1 and self.is_trade(term)

    @property
    def deeds(self) -> tuple[Term, ...]:
        """Return the words that say that the client rents out or repairs its goods, if they weigh as much as the goods and it sells
        none.
        """
        if self.sells or not _MAKING.isdisjoint(self.verbs):
            return ()
        top = self.terms[0].weight if self.terms else 0.0
        return tuple(term for term in self.terms if term.weight >= LEADS * top and is_deed_for_hire(term.word))

    @property
    def learned(self) -> tuple[Term, ...]:
        """Return the words of other languages that competitors use for the trade."""
        return tuple(term for term in self.terms if term.learned)

    @property
    def offer(self) -> str:
        """Return the words that say most about the offer, for people: "bicycles, rental, repairs"."""
        return ", ".join(term.text for term in self.terms[:4])


def make_profile(
    company: str,
    hits: Sequence[SearchHit],
    pages: Sequence[VisitedPage] = (),
    *,
    queries: Sequence[str] = (),
    kind: str = "competitors",
) -> ClientProfile:
    """Return what the search results, the client's own pages and the plan's queries show about a company, a market or a topic.

    `hits` are all results of all queries, with those for the company's name first.
    """
    if kind != "competitors":
        return _make_topic_profile(company, hits, queries, kind)
    names = spell_name(company)
    domains = find_own_domains(company, names, hits, pages, queries)
    own = [hit for hit in hits if find_site(hit.url).domain in domains]
    about = [hit for hit in hits if hit not in own and is_named(company, f"{hit.title} {hit.snippet}", hits)]
    places = _find_own_places(own, pages)
    told = [*(hit.snippet for hit in own or about), *(read_visible(page) for page in pages)]
    parts = frozenset(split_name(company))
    used = (_common_words(told) - parts) | find_used_words((cut_name(text, company) for text in told), parts)
    others = [hit for hit in hits if hit not in own]
    counts = _weigh_client(own, about, pages, queries, company)
    terms = counts.pick(names, company, places, others, used)
    if kept := _find_trade_in_name(company, terms):
        counts = _weigh_client(own, about, pages, queries, company, kept)
        terms = counts.pick(names, company, places, others, used)
    known = bool(own or pages or (about and is_told_of(company, about)))
    types = tuple(dict.fromkeys(value for page in pages if (value := read_field(page, "type"))))
    beside, own_words = _find_beside(company, about), _find_own_words(own, pages)
    return ClientProfile(
        company,
        kind,
        names,
        domains,
        terms,
        places,
        types,
        beside,
        own_words,
        known,
        find_languages(f"{hit.title} {hit.snippet}" for hit in hits),
        any(_SELLS.search(text) for text in (*(hit.snippet for hit in own), *(read_offer(page) for page in pages))),
        frozenset(find_stem(word) for word in used if may_be_deed(word)),
        _find_bodies(own, pages),
        tuple(counts.compounds),
        tuple(counts.done),
    )


def _weigh_client(
    own: Sequence[SearchHit],
    about: Sequence[SearchHit],
    pages: Sequence[VisitedPage],
    queries: Sequence[str],
    company: str,
    kept: Collection[str] = (),
) -> _Weights:
    """Return the words of a client's own results and pages, of what others say where it has none, and of the queries.

    Of its name only the words `kept` count.
    """
    counts = _Weights(company, kept)
    for hit in own:
        counts.add(hit.title, (TITLE if is_home(hit.url) else ABOUT) / max(1, len(own)) ** 0.5)  # "Delivery | Thornapple" is no offer
        counts.add(hit.snippet, DESCRIPTION / max(1, len(own)) ** 0.5)
    for page in pages:
        counts.add(page.title, (TITLE if is_home(page.url) else ABOUT) / len(pages) ** 0.5)
        counts.add_often(read_visible(page), BODY / len(pages) ** 0.5)
    for page in pages[:1]:
        for field, weight in (("description", DESCRIPTION), ("type", TYPE), ("serves cuisine", TYPE)):
            counts.add(read_field(page, field), weight)
        counts.add(read_visible(page)[:FIRST_WORDS], 1.0)
    for hit in () if own or pages else about:  # who has no site is known by what others say
        counts.add(f"{hit.title}. {hit.snippet}", ABOUT / len(about) ** 0.5)
    counts.ask(dict.fromkeys(queries), QUERY)
    return counts


def _find_trade_in_name(company: str, terms: Sequence[Term]) -> frozenset[str]:
    """Return the words of a name that say what its owner does by what is said beside it: "Vets" where that is veterinary care.

    Where nothing beside it names a trade, the name does: "Blue Bottle Coffee".
    """
    words = {word: each for word in split_name(company) for each in find_terms(word)}
    profile = ClientProfile(company, terms=tuple(terms))
    strong = [term for term in terms if profile.is_strong(term)]
    names_it = not any(lead.word.concepts for lead in profile.leads) if terms else True
    return frozenset(
        word
        for word, each in words.items()
        if any(alike(each, term.word) for term in strong) or (names_it and each.concepts and is_trade(each))
    )


class _Weights:
    """The words of texts with the weight that each collected, and the best role in which it stood.

    Of a company's name only the words `kept` count.
    """

    def __init__(self, company: str = "", kept: Collection[str] = ()) -> None:
        self.company, self.kept = company, kept
        self.weights: defaultdict[str, float] = defaultdict(float)
        self.roles: defaultdict[str, float] = defaultdict(float)
        self.words: dict[str, OfferWord] = {}
        self.asked: defaultdict[str, float] = defaultdict(float)
        self.nouns: set[str] = set()
        self.compounds: dict[tuple[str, str], None] = {}
        self.done: dict[tuple[str, str], None] = {}

    def ask(self, queries: Iterable[str], weight: float) -> None:
        """Give each word of the queries the weight once, however many languages they are in."""
        for word in {word.stem: word for word in find_terms(cut_name(". ".join(queries), self.company, self.kept))}.values():
            self.asked[word.stem] = weight
            self.words.setdefault(word.stem, word)
            self.weights[word.stem] += 0.0
            self.roles[word.stem] = max(self.roles[word.stem], 1.0)

    def add(self, text: str, weight: float) -> None:
        """Give each word of the text the weight once."""
        best = sorted(
            find_roles(cut_name(text, self.company, self.kept)), key=lambda role: role.counts if may_stand_alone(role) else DESCRIBES
        )
        self.compounds.update(
            {(role.word.stem, role.head.stem): None for role in best if role.head is not None and role.joined and role.beside is None}
        )
        we_do = [
            role for role in best if role.counts >= 1 and role.deed and not role.deed.endswith("s")
        ]  # "Thornapple Sheds" sheds nothing
        self.done.update({(role.word.stem, find_stem(role.deed)): None for role in we_do})
        self.nouns.update(role.word.stem for role in best if role.head is not None and role.joined and not _is_form(role.word.text))
        for stemmed, role in {role.word.stem: role for role in best}.items():
            self.weights[stemmed] += weight
            self.roles[stemmed] = max(self.roles[stemmed], role.counts if may_stand_alone(role) else min(DESCRIBES, role.counts))
            self.words.setdefault(stemmed, role.word)

    def add_often(self, text: str, most: float) -> None:
        """Give the words of a long text up to `most`, by how often they stand in it."""
        words = find_terms(cut_name(text, self.company, self.kept))
        counts = Counter(word.stem for word in words)
        top = max(counts.values(), default=1)
        for word in words:
            self.words.setdefault(word.stem, word)
        for stemmed, count in counts.items():
            if count > 1:
                self.weights[stemmed] += most * count / top
                self.roles[stemmed] = max(self.roles[stemmed], FOR_IT)

    def pick(
        self, names: Sequence[str], company: str, places: Sequence[str], others: Sequence[SearchHit], small: Collection[str] = ()
    ) -> tuple[Term, ...]:
        """Return the heaviest words that are neither the name nor a place; words that no other site uses count little.

        A word of the name is one of the offer only where the client's own texts use it as a common word (`small`), or others do.
        """
        left_out = {word.stem for place in places for word in find_terms(place)}
        texts: defaultdict[str, set[OfferWord]] = defaultdict(set)
        for hit in others:
            texts[find_site(hit.url).domain].update(find_terms(cut_name(f"{hit.title} {hit.snippet}", self.company, self.kept)))
        common = set(small)
        spread = Counter(
            each.text.casefold()
            for words in texts.values()
            for each in {word.stem: word for word in sorted(words, key=lambda word: word.text)}.values()
        )
        trades = {each.text.casefold() for words in texts.values() for each in words if each.concepts}
        common |= {text for text, sites in spread.items() if sites > 1 and text in trades}  # German writes all nouns with a capital
        whole, parts = ({word.casefold() for word in words} for words in (re.findall(r"[^\W\d_]+", company), split_name(company)))
        terms = []
        for stemmed, word in self.words.items():
            lower = word.text.casefold()
            is_own = whole == {lower} or (lower in whole | parts and lower not in common and lower not in self.kept)
            is_name = word.text[:1].isupper() and word.text.isascii() and not (lower in common or knows(lower) or word.concepts)
            if is_own or is_name or stemmed in left_out or is_region(word) or squash_letters(word.text) in names:
                self.weights.pop(stemmed, None)
        for stemmed, weight in self._merge_alike():
            word = self.words[stemmed]
            used = sum(any(alike(word, other) for other in words) for words in texts.values())
            rarity = math.log(1 + len(texts) / used) / math.log(1 + len(texts)) if used else 0.1
            noun = stemmed in self.nouns and not is_offer(word) and not has_another_sense(word.text)
            weight *= (1.0 if used else UNUSED) * (
                QUALITY if not (noun or is_offer(word)) else WAY if is_way(word) and not is_deed_for_hire(word) else 1.0
            )
            english = not word.concepts and knows(word.text.casefold())
            terms.append(Term(word.text, round(weight, 3), round(rarity, 3), self.roles[stemmed] or 1.0, english, noun))
        terms.sort(key=lambda term: (-term.weight, term.text))
        return tuple(terms[:MOST_TERMS])

    def _merge_alike(self) -> Iterator[tuple[str, float]]:
        """Yield the words with their weights, the heaviest first; a bike and a bicycle are one word with the weight of both."""
        left = sorted(self.weights, key=lambda stemmed: -self.weights[stemmed])
        while left:
            first, *rest = left
            same = [stemmed for stemmed in rest if alike(self.words[first], self.words[stemmed])]
            group = (first, *same)
            self.roles[first] = max(self.roles[each] for each in group)
            # Who says "self storage" says "storage" as well: that is no second word for it.
            wholes = [each for each in group if not any(each != other and each in other.split() for other in group)]
            parts = [each for each in group if not any(each != other and other in each.split() for other in group)]
            weight = max(sum(self.weights[each] for each in some) for some in (wholes, parts))
            yield first, weight + max(self.asked[each] for each in group)
            left = [stemmed for stemmed in rest if stemmed not in same]


def _is_form(text: str) -> bool:
    """Return whether a word is a form of a verb that describes what follows: "baked goods", "lasting finish"."""
    return text.casefold().endswith(("ed", "ing"))


def may_stand_alone(role: OfferRole) -> bool:
    """Return whether a word that describes another one names the offer all the same: "dance school", but not "tent pitch"."""
    head = role.head
    return (
        head is None
        or role.beside is not None
        or is_activity(head)
        or is_program(head)
        or is_person(head)
        or (names_a_business(tokenize(head.text)[0]) and not find_rows("plant") & {row for row, _ in head.concepts})  # "climbing plants"
    )


def _common_words(texts: Iterable[str]) -> set[str]:
    """Return the words that texts write in small letters: common words, not names."""
    return {word for text in texts for word in re.findall(r"(?<!\w)[a-zà-ÿ]+(?!\w)", text)}


def _find_bodies(own: Sequence[SearchHit], pages: Sequence[VisitedPage]) -> tuple[str, ...]:
    """Return the kinds of bodies that the client is itself: who teaches competes with schools."""
    told = [(hit.title, hit.snippet) for hit in own] + [(page.title, read_visible(page)) for page in pages]
    return tuple(dict.fromkeys(name for title, text in told for name in find_body_kinds(title, text)))


def _find_own_places(own: Sequence[SearchHit], pages: Sequence[VisitedPage]) -> tuple[str, ...]:
    found: Counter[str] = Counter()
    for page in pages:
        for name in ("address locality", "address region"):
            if value := read_field(page, name):
                found[value] += 3
        found.update(find_places(f"{page.title}. {read_field(page, 'description')}. {page.text[:FIRST_WORDS]}"))
    for hit in own:
        found.update(find_places(f"{hit.title}. {hit.snippet}"))
    return tuple(name for name, _ in found.most_common(6))


def _find_beside(company: str, about: Sequence[SearchHit]) -> tuple[str, ...]:
    """Return the names that results put beside the company's: "Notion vs Coda", "Coda, an alternative to Notion"."""
    name = re.escape(company)
    word = r"((?:[A-Z][\w.&'-]*)(?:\s[A-Z][\w.&'-]*){0,2})"
    found: dict[str, None] = {}
    for hit in about:
        for text in (hit.title, hit.snippet):
            for match in re.finditer(rf"{name}\s+(?:vs\.?|versus|or|and)\s+{word}|{word}\s+(?:vs\.?|versus|or|and)\s+{name}(?!\w)", text):
                found[squash_letters(match[1] or match[2])] = None
    return tuple(found)


def _find_own_words(own: Sequence[SearchHit], pages: Sequence[VisitedPage]) -> str:
    described = [read_field(page, "description") for page in pages] + [hit.snippet for hit in own] + [page.title for page in pages]
    return next((text for text in described if len(text) > 20), "")


def _make_topic_profile(topic: str, hits: Sequence[SearchHit], queries: Sequence[str], kind: str) -> ClientProfile:
    """Return the profile of a market or topic: its own words count most, then those of the queries."""
    counts = _Weights()
    counts.add(topic, 2 * TITLE)
    for query in dict.fromkeys(queries):
        counts.add(query, QUERY)
    places = tuple(find_places(topic))
    terms = counts.pick((), "", places, hits)
    shared = any(alike(term.word, word) for hit in hits for word in find_terms(f"{hit.title} {hit.snippet}") for term in terms[:4])
    return ClientProfile(
        topic,
        kind,
        (),
        (),
        terms,
        places,
        own_words=topic,
        known=shared,
        languages=find_languages(f"{hit.title} {hit.snippet}" for hit in hits),
    )
