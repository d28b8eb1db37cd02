"""Which words of a client's offer a text has, and how much each counts in the role in which it stands there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from .offer_roles import DESCRIBES, FOR_IT, OfferRole, find_roles, is_about, read_clause, split_clauses
from .offer_words import is_activity, is_area, is_deed_for_hire, is_kind_of, is_offer, is_person, is_program, is_term_of_art, is_way
from .page_terms import OfferWord, alike, find_stem, find_terms, is_modifier, split_phrase
from .profile import STRONG, ClientProfile, Term, may_stand_alone


class Shared(NamedTuple):
    """A word of a text that is one of the client's offer, and how much it counts in the role in which it stands there."""

    text: str
    counts: float


class _Used(NamedTuple):
    """A word of a text, the words that it is made of, and its roles with the places where each stands first."""

    word: OfferWord
    parts: tuple[OfferWord, ...]
    roles: tuple[tuple[int, OfferRole], ...]


@lru_cache(256)
def _find_used(text: str, wanted: Sequence[OfferWord]) -> tuple[_Used, ...]:
    """Return the words of a text that offer the same as one of these, or have a part that does, once each: a page says them many times.

    Most clauses have none, and the roles of their words, which take long to tell, are not asked.
    """
    known: dict[OfferWord, bool] = {}
    roles: dict[OfferWord, dict[OfferRole, int]] = {}
    place = 0
    for clause in split_clauses(text):
        words = find_terms(clause)
        known |= {word: _is_one_of(word, wanted) for word in words if word not in known}
        for role in read_clause(clause) if any(known[word] for word in words) else ():
            if known[role.word]:
                roles.setdefault(role.word, {}).setdefault(role, place)
            place += 1
    return tuple(_Used(word, split_phrase(word), tuple((at, role) for role, at in places.items())) for word, places in roles.items())


def _is_one_of(word: OfferWord, wanted: Sequence[OfferWord]) -> bool:
    return any(alike(each, own) for own in (word, *split_phrase(word)) for each in wanted)


def find_shared_terms(profile: ClientProfile, text: str) -> Mapping[Term, Shared]:
    """Return the profile's terms that a text has, the heaviest first, each with the text's own word for it in its best role."""
    used = _find_used(text, tuple(dict.fromkeys(word for term in profile.terms for word in (term.word, *split_phrase(term.word)))))
    letting = [other.word for other in profile.terms if is_deed_for_hire(other.word)]
    found: dict[Term, Shared] = {}
    for term in profile.terms:
        if best := _find_best(profile, letting, term, term.word, used):
            found[term] = best
        elif parts := [_find_best(profile, letting, term, part, used) for part in split_phrase(term.word)]:
            told = [part for part in parts if part]
            if len(told) == len(parts) > 1 and not _is_of_others(split_phrase(term.word), find_roles(text)):
                found[term] = min(told, key=lambda part: part.counts)  # who tunes pianos offers piano tuning
        if (said := found.get(term)) and said.counts < 1 and (wider := _find_wider(split_phrase(term.word), find_roles(text))):
            found[term] = wider
    return found


def _find_wider(parts: Sequence[OfferWord], roles: Sequence[OfferRole]) -> Shared | None:
    """Return what a text does to a client's thing where that is the general word for it: who cleans chimneys sweeps them."""
    for role, after in pairwise(roles) if len(parts) > 1 else ():
        first, last = parts[-2:]
        if role.head is not None and alike(role.word, first) and is_kind_of(last.text, after.word.text):
            return Shared(f"{role.word.text} {after.word.text}", min(role.counts, after.counts))
    return None


def _is_of_others(parts: Sequence[OfferWord], roles: Sequence[OfferRole]) -> bool:
    """Return whether a text has the last word of a name only after other words: "golf lessons" beside a driving range."""
    *firsts, last = parts
    before = [
        roles[place - 1].word if place and roles[place - 1].head is not None and roles[place - 1].joined else None
        for place, role in enumerate(roles)
        if alike(role.word, last)
    ]
    return bool(before) and all(word is not None and not any(alike(word, first) for first in firsts) for word in before)


def _find_best(profile: ClientProfile, letting: Sequence[OfferWord], term: Term, word: OfferWord, used: Sequence[_Used]) -> Shared | None:
    """Return the word of a text that offers the same as a word of a term, in the role in which it counts most.

    Of equal ones the first counts, and one that is the word itself before one that has it as a part.
    """
    found: list[tuple[float, bool, int, str]] = []
    for each in used:
        if alike(word, each.word):
            found += ((_weigh_role(profile, letting, term, role), True, -place, each.word.text) for place, role in each.roles)
        elif any(alike(word, part) for part in each.parts):
            found += ((_weigh_part(profile, letting, term, role), False, -place, each.word.text) for place, role in each.roles)
    if not found:
        return None
    counts, _, _, text = max(found, key=lambda each: each[:3])
    return Shared(text, min(1.0, counts / term.counts))


def _weigh_part(profile: ClientProfile, letting: Sequence[OfferWord], term: Term, role: OfferRole) -> float:
    """Return how much a word counts that is a part of another name: "dog" of "dog boarding" in full only where the client boards, too."""
    *_, last = split_phrase(role.word)
    counts = _weigh_role(profile, letting, term, role)
    rows, others = ({row for row, _ in word.concepts} for word in (term.word, role.word))
    if rows and others and rows.isdisjoint(others):
        return min(counts, DESCRIBES)  # cloud storage is another trade than storage
    whole = alike(term.word, last) or any(alike(last, other.word) for other in profile.terms)
    return counts if whole else min(counts, DESCRIBES)


def _weigh_role(profile: ClientProfile, letting: Sequence[OfferWord], term: Term, role: OfferRole) -> float:
    """Return how much a word counts; one that only describes another product, which the client does not have, is half an offer."""
    top = profile.terms[0].weight
    listed = role.beside is None or any(alike(role.beside, other.word) and other.weight >= STRONG * top for other in profile.terms)
    lets = bool(role.verb) and any(alike(word, deed) for deed in letting for word in find_terms(role.verb))
    does = is_activity(role.word) or role.word.text.endswith("ing")
    named = does and role.joined and may_stand_alone(role)  # boarding kennels board; a lens laboratory makes lenses
    named = named and (role.head is None or is_activity(role.head) or not is_way(role.head))  # a driving range teaches no driving
    # A whistleblowing channel is one, whatever else a channel is; a lawyer for it, a course or a policy are not.
    art = role.joined and role.head is not None and is_term_of_art(role.word.text)
    named = named or (art and role.head is not None and not (is_person(role.head) or is_activity(role.head) or is_about(role.head)))
    # Whose customers are schools offers no courses itself: a course in microscopy is no microscope.
    describes = role.head is not None and not any(alike(role.head, other.word) for other in profile.terms if other.counts >= 1)
    describes = describes and (role.beside is None or is_offer(role.beside))  # "microscopes and prepared slides" are two things
    describes = describes and not (role.head is not None and role.head.text[:1].isupper() and is_area(role.head))  # the Translation Room
    if describes and listed and not lets and not named:
        return min(role.counts, DESCRIBES)
    if role.verb and not letting and any(is_deed_for_hire(word) for word in find_terms(role.verb)):
        return min(role.counts, DESCRIBES)  # who hires out booths for interpreters does not interpret
    if role.deed and find_stem(role.deed) not in profile.verbs:
        return min(role.counts, DESCRIBES)  # who cleans solar panels installs none
    opens = role.opens and not any(is_program(other.word) for other in profile.terms[:4])
    if is_person(role.word) and not is_person(term.word) and not opens:
        return min(role.counts, FOR_IT)  # a clinic that treats climbers is no place to climb
    if is_modifier(term.word, role.word):
        return min(role.counts, DESCRIBES)
    return role.counts


def find_shared_places(profile: ClientProfile, text: str) -> Iterator[str]:
    """Yield the profile's places that a text names."""
    for place in profile.places:
        if re.search(rf"(?<!\w){re.escape(place)}(?!\w)", text):
            yield place
