"""Which words and phrases may stand for each other, by the tables in tables/alike/ (its README tells how they are written).

They are read out of tables/groups.txt, which tests/tools/write_word_groups.py makes of them: a line for each first word of a phrase.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from .sorted_tables import find_line


class Side(StrEnum):
    """How a word belongs to a group: it says the same as the others, it is the more special or the more general, or it only may."""

    SAME = "="
    SPECIAL = "<"
    GENERAL = ">"
    NEAR = "~"


@dataclass(frozen=True, slots=True)
class Member:
    """A phrase of a group, from its second word on.

    `forms` are the words that have to be written so (empty: any form). `part` is the part of speech that it has to be (n, v; empty: any).
    `partners` are stems one of which the text has to have, `barred` those that it may not have. `told` are the words that say what the
    group says (empty: all): of "on Sundays" the second, and of "day pass", which says "day ticket", the second too.
    """

    links: Links
    rest: tuple[str, ...] = ()
    part: str = ""
    partners: frozenset[str] = frozenset()
    barred: frozenset[str] = frozenset()
    forms: tuple[str, ...] = ()
    told: tuple[int, ...] = ()


class Links(NamedTuple):
    """The groups of a word, by how it belongs to them: one field for each side, in their order."""

    same: frozenset[int] = frozenset()
    special: frozenset[int] = frozenset()
    general: frozenset[int] = frozenset()
    near: frozenset[int] = frozenset()

    def join(self, other: Links) -> Links:
        """Return the groups of both."""
        return Links(*(mine | its for mine, its in zip(self, other, strict=True)))


NO_LINKS = Links()


def find_links(texts: Sequence[str], stems: Sequence[str]) -> list[Links]:
    """Return the groups of each word of a text. The words of a phrase belong to the phrase's groups."""
    words = [_read_members(stemmed) for stemmed in stems]
    links = [word.wherever for word in words]
    everything = frozenset(stems)
    for start, word in enumerate(words):
        second = stems[start + 1] if start + 1 < len(stems) else ""
        for member in (*word.alone, *word.phrases.get(second, ())):
            if _fits(member, start, texts, stems, everything):
                for at in member.told or range(1 + len(member.rest)):
                    links[start + at] = links[start + at].join(member.links)
    return links


def _fits(member: Member, start: int, texts: Sequence[str], stems: Sequence[str], everything: frozenset[str]) -> bool:
    end = start + 1 + len(member.rest)
    return (
        tuple(stems[start + 1 : end]) == member.rest
        and all(not form or form == texts[start + at].casefold() for at, form in enumerate(member.forms))
        and (not member.partners or not member.partners.isdisjoint(everything))
        and member.barred.isdisjoint(everything)
        and (not member.part or _may_be(member.part, texts, start))
    )


_BEFORE_VERBS = frozenset("to will can must may should would could shall cannot not we they you i he she it who also please".split())
_BEFORE_NOUNS = frozenset("the a an our your their its his her this these no any each every per of in for with by from on at under".split())


def _may_be(part: str, texts: Sequence[str], at: int) -> bool:
    """Return whether a word may be a noun or a verb, by what stands before it and by its ending."""
    before = texts[at - 1].casefold() if at else ""
    if part == "v":
        return before not in _BEFORE_NOUNS or texts[at].casefold().endswith("ing")
    return before not in _BEFORE_VERBS and not texts[at].casefold().endswith("ing")


class _Members(NamedTuple):
    """What a word belongs to: the groups wherever it stands, the members of one word that may fit, and the phrases by their second word."""

    wherever: Links
    alone: Sequence[Member]
    phrases: Mapping[str, Sequence[Member]]


@lru_cache(20_000)
def _read_members(stemmed: str) -> _Members:
    line = find_line("groups", stemmed)
    wherever = NO_LINKS
    alone: list[Member] = []
    phrases: dict[str, list[Member]] = {}
    for member in map(_parse_member, line.split("\t")[1:] if line is not None else ()):
        if member == Member(member.links, told=member.told) and member.told in ((), (0,)):
            wherever = wherever.join(member.links)
        elif member.rest:
            phrases.setdefault(member.rest[0], []).append(member)
        else:
            alone.append(member)
    return _Members(wherever, alone, phrases)


def _parse_member(cell: str) -> Member:
    head, rest, part, partners, forms, told = [*cell.split("|"), "", "", "", "", ""][:6]
    stems = partners.split()
    return Member(
        Links(*(frozenset([int(head[1:])] if side == head[0] else ()) for side in Side)),
        tuple(rest.split()),
        part,
        frozenset(each for each in stems if not each.startswith("-")),
        frozenset(each[1:] for each in stems if each.startswith("-")),
        tuple(form.removesuffix("*") for form in forms.split()),
        tuple(map(int, told.split())),
    )
