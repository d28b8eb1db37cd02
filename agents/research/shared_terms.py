"""Which words of a client's offer a text has, and how much each counts in the role in which it stands there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from .offer_roles import DESCRIBES, FOR_IT, OfferRole, find_roles
from .offer_words import is_activity, is_area, is_deed_for_hire, is_person, is_program
from .page_terms import OfferWord, alike, find_stem, find_terms, is_modifier, split_phrase
from .profile import STRONG, ClientProfile, Term, may_stand_alone


class Shared(NamedTuple):
    """A word of a text that is one of the client's offer, and how much it counts in the role in which it stands there."""

    text: str
    counts: float


def find_shared_terms(profile: ClientProfile, text: str) -> Mapping[Term, Shared]:
    """Return the profile's terms that a text has, the heaviest first, each with the text's own word for it in its best role."""
    roles = find_roles(text)
    found: dict[Term, Shared] = {}
    for term in profile.terms:
        if best := _find_best(profile, term, term.word, roles):
            found[term] = best
        elif parts := [_find_best(profile, term, part, roles) for part in split_phrase(term.word)]:
            told = [part for part in parts if part]
            if len(told) == len(parts) > 1 and not _is_of_others(split_phrase(term.word), roles):  # who tunes pianos offers piano tuning
                found[term] = min(told, key=lambda part: part.counts)
    return found


def _is_of_others(parts: Sequence[OfferWord], roles: Sequence[OfferRole]) -> bool:
    """Return whether a text has the last word of a name only after other words: "golf lessons" beside a driving range."""
    *firsts, last = parts
    before = [
        roles[place - 1].word if place and roles[place - 1].head is not None and roles[place - 1].joined else None
        for place, role in enumerate(roles)
        if alike(role.word, last)
    ]
    return bool(before) and all(word is not None and not any(alike(word, first) for first in firsts) for word in before)


def _find_best(profile: ClientProfile, term: Term, word: OfferWord, roles: Sequence[OfferRole]) -> Shared | None:
    """Return the word of a text that offers the same as a word of a term, in the role in which it counts most."""
    same = [(_weigh_role(profile, term, role), role) for role in roles if alike(word, role.word)]
    same += [(_weigh_part(profile, term, role), role) for role in roles if split_phrase(role.word) and _has_part(word, role)]
    if not same:
        return None
    counts, best = max(same, key=lambda each: each[0])
    return Shared(best.word.text, min(1.0, counts / term.counts))


def _has_part(word: OfferWord, role: OfferRole) -> bool:
    return not alike(word, role.word) and any(alike(word, part) for part in split_phrase(role.word))


def _weigh_part(profile: ClientProfile, term: Term, role: OfferRole) -> float:
    """Return how much a word counts that is a part of another name: "dog" of "dog boarding" in full only where the client boards, too."""
    *_, last = split_phrase(role.word)
    counts = _weigh_role(profile, term, role)
    rows, others = ({row for row, _ in word.concepts} for word in (term.word, role.word))
    if rows and others and rows.isdisjoint(others):
        return min(counts, DESCRIBES)  # cloud storage is another trade than storage
    whole = alike(term.word, last) or any(alike(last, other.word) for other in profile.terms)
    return counts if whole else min(counts, DESCRIBES)


def _weigh_role(profile: ClientProfile, term: Term, role: OfferRole) -> float:
    """Return how much a word counts; one that only describes another product, which the client does not have, is half an offer."""
    top = profile.terms[0].weight
    listed = role.beside is None or any(alike(role.beside, other.word) and other.weight >= STRONG * top for other in profile.terms)
    letting = [other.word for other in profile.terms if is_deed_for_hire(other.word)]
    lets = bool(role.verb) and any(alike(word, deed) for deed in letting for word in find_terms(role.verb))
    does = is_activity(role.word) or role.word.text.endswith("ing")
    named = does and role.joined and may_stand_alone(role)  # boarding kennels board; a lens laboratory makes lenses
    describes = role.head is not None and not any(alike(role.head, other.word) for other in profile.terms)
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
