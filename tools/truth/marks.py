"""Words that turn, limit or frame what a text says: negations, quantifiers, plans, conditions, somebody's opinion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files

from .languages import find_language
from .mark_exceptions import Mark as Mark
from .mark_exceptions import Place, is_mark
from .words import Word, tokenize


def find_marks(words: Sequence[Word], text: str) -> tuple[tuple[Mark, int, int], ...]:
    """Return the marks of a text with the first word of each and the one after its last."""
    found, at = list[tuple[Mark, int, int]](), 0
    folded = [word.text.casefold() for word in words]
    language = find_language(folded)
    english = language == "en" or (language == "" and _PLAIN_DENIALS.isdisjoint(folded))
    while at < len(words):
        mark, length = _find_mark(folded, at, english)
        if mark is None or not is_mark(mark, Place(folded, at, words, text)) or (mark in _PHRASED and _is_in_phrase(words, at, length)):
            at += 1
            continue
        if mark is Mark.WITHOUT and at + length < len(words) and _is_one_phrase(words, at, at + length):
            at += length  # "free of charge" is "free"
            continue
        if mark is Mark.WILL and folded[at] in {"wird", "werden"} and folded[-1].endswith("t"):
            at += length  # a German passive: "wird erstattet"
            continue
        found.append((mark, at, at + length))
        at += length
    return tuple(found)


_PLAIN_DENIALS = frozenset("nicht kein keine keinen ohne nur pas sans aucun aucune non nunca sólo".split())
"""Words of other languages that deny or limit, and that no English text has: a line may be too short to tell its language otherwise."""


def _find_mark(folded: Sequence[str], at: int, english: bool) -> tuple[Mark | None, int]:
    for phrase, mark, foreign in _read_marks().get(folded[at], ()):
        if not (foreign and english) and tuple(folded[at : at + len(phrase)]) == phrase:
            return mark, len(phrase)
    return None, 1


_PHRASED = frozenset({Mark.ALL, Mark.SOME, Mark.MAY, Mark.ONLY, Mark.WITHOUT, Mark.IF})


def find_idiom(words: Sequence[Word], at: int) -> frozenset[int]:
    """Return the senses that a word has only as a part of a phrase: those of "no" in "at no charge", which is "free"."""
    phrase = words[at].senses - tokenize(words[at].text)[0].senses
    near = [words[each].senses for each in (at - 1, at + 1) if 0 <= each < len(words)]
    return frozenset(sense for sense in phrase if any(sense in senses for senses in near))


def _is_one_phrase(words: Sequence[Word], first: int, last: int) -> bool:
    return not (words[first].senses & words[last].senses).isdisjoint(find_idiom(words, last))


def _is_in_phrase(words: Sequence[Word], at: int, length: int) -> bool:
    return not find_idiom(words, at).isdisjoint(words[at + length - 1].senses)


@cache
def _read_marks() -> Mapping[str, Sequence[tuple[tuple[str, ...], Mark, bool]]]:
    """Return the phrases of each mark by their first word, the longest first."""
    table: dict[str, list[tuple[tuple[str, ...], Mark, bool]]] = {}
    text = (files(__package__ or __name__) / "tables" / "marks.txt").read_text(encoding="utf-8")
    for line in text.splitlines():
        kind, _, phrases = line.partition(":")
        if kind in {each.value for each in Mark}:
            for phrase in phrases.split(","):
                foreign, phrase = phrase.strip().startswith("*"), phrase.strip().removeprefix("*")
                words = tuple(phrase.casefold().replace("-", " ").replace("'", " ").split())
                table.setdefault(words[0], []).append((words, Mark(kind), foreign))
    return {first: sorted(found, key=lambda each: -len(each[0])) for first, found in table.items()}
