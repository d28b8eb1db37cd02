"""Which words and phrases may stand for each other, by the tables in tables/alike/ (its README tells how they are written).

They are read out of tables/groups.txt, which tests/tools/write_word_groups.py makes of them: a line for each first word of a phrase.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

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

    side: Side
    group: int
    rest: tuple[str, ...] = ()
    part: str = ""
    partners: frozenset[str] = frozenset()
    barred: frozenset[str] = frozenset()
    forms: tuple[str, ...] = ()
    told: tuple[int, ...] = ()


Links = dict[Side, set[int]]


def find_links(texts: Sequence[str], stems: Sequence[str]) -> list[Links]:
    """Return the groups of each word of a text. The words of a phrase belong to the phrase's groups."""
    links: list[Links] = [{} for _ in stems]
    everything = frozenset(stems)
    for start, stemmed in enumerate(stems):
        plain, others = _read_members(stemmed)
        for side, group in plain:
            links[start].setdefault(side, set()).add(group)
        second = stems[start + 1] if start + 1 < len(stems) else ""
        for member in others:
            if (not member.rest or member.rest[0] == second) and _fits(member, start, texts, stems, everything):
                for at in member.told or range(1 + len(member.rest)):
                    links[start + at].setdefault(member.side, set()).add(member.group)
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


@lru_cache(20_000)
def _read_members(stemmed: str) -> tuple[tuple[tuple[Side, int], ...], tuple[Member, ...]]:
    """Return the groups that a word belongs to wherever it stands, and the members that depend on what stands around it."""
    line = find_line("groups", stemmed)
    members = [_parse_member(cell) for cell in line.split("\t")[1:]] if line is not None else []
    plain = [each for each in members if each == Member(each.side, each.group, told=each.told) and each.told in ((), (0,))]
    return tuple((each.side, each.group) for each in plain), tuple(each for each in members if each not in plain)


def _parse_member(cell: str) -> Member:
    head, rest, part, partners, forms, told = [*cell.split("|"), "", "", "", "", ""][:6]
    stems = partners.split()
    return Member(
        Side(head[0]),
        int(head[1:]),
        tuple(rest.split()),
        part,
        frozenset(each for each in stems if not each.startswith("-")),
        frozenset(each[1:] for each in stems if each.startswith("-")),
        tuple(form.removesuffix("*") for form in forms.split()),
        tuple(map(int, told.split())),
    )
