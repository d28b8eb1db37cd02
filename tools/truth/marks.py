"""Words that turn, limit or frame what a text says: negations, quantifiers, plans, conditions, somebody's opinion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import cache
from importlib.resources import files

from .languages import find_language
from .words import Word, tokenize


class Mark(StrEnum):
    """What a word or phrase does to the statement that it stands in. The names are those of `tables/marks.txt`."""

    NOT = "not"
    WITHOUT = "without"
    EXCEPT = "except"
    REVERSE = "reverse"
    ALL = "all"
    ONLY = "only"
    MOST = "most"
    MANY = "many"
    SOME = "some"
    FEW = "few"
    NEARLY = "nearly"
    MAY = "may"
    PLAN = "plan"
    WILL = "will"
    SAID = "said"
    STALE = "stale"
    UNTIL = "until"
    IF = "if"


_HARMLESS = {
    ("not", "only"), ("not", "just"), ("no", "matter"), ("no", "doubt"), ("nothing", "but"), ("not", "more"), ("not", "less"),
    ("no", "more"), ("no", "less"), ("no", "later"), ("not", "later"), ("no", "fewer"), ("no", "earlier"), ("no", "problem"),
    ("at", "all"), ("first", "of"), ("after", "all"), ("all", "in"), ("all", "over"), ("all", "round"), ("all", "day"),
    ("all", "year"), ("all", "around"), ("each", "time"), ("no", "sooner"),
}  # fmt: skip
"""Two words that begin like a mark and are none: "not more than 5" is a bound."""
_BOUNDING = frozenset("exceed exceeds exceeding over under above below longer older younger".split())
_TIMES = frozenset(
    "day week month year hour minute night morning evening afternoon weekend quarter season time summer winter spring autumn "
    "monday tuesday wednesday thursday friday saturday sunday january february march april may june july august september october "
    "november december other two three four five six 2 3 4 5 6".split()
)


def find_marks(words: Sequence[Word], text: str) -> tuple[tuple[Mark, int, int], ...]:
    """Return the marks of a text with the first word of each and the one after its last."""
    found, at = list[tuple[Mark, int, int]](), 0
    folded = [word.text.casefold() for word in words]
    english = find_language(folded) in {"", "en"}
    while at < len(words):
        mark, length = _find_mark(folded, at, english)
        if mark is None or not _is_mark(mark, folded, at, words, text) or (mark in _PHRASED and _is_in_phrase(words, at)):
            at += 1
            continue
        if mark is Mark.WITHOUT and at + length < len(words) and _is_one_phrase(words, at, at + length):
            at += length  # "free of charge" is "free"
            continue
        found.append((mark, at, at + length))
        at += length
    return tuple(found)


def _find_mark(folded: Sequence[str], at: int, english: bool) -> tuple[Mark | None, int]:
    for phrase, mark, foreign in _read_marks().get(folded[at], ()):
        if not (foreign and english) and tuple(folded[at : at + len(phrase)]) == phrase:
            return mark, len(phrase)
    return None, 1


_PHRASED = frozenset({Mark.ALL, Mark.SOME, Mark.MAY, Mark.ONLY, Mark.STALE, Mark.WITHOUT, Mark.IF})


def find_idiom(words: Sequence[Word], at: int) -> frozenset[int]:
    """Return the senses that a word has only as a part of a phrase: those of "no" in "at no charge", which is "free"."""
    phrase = words[at].senses - tokenize(words[at].text)[0].senses
    near = [words[each].senses for each in (at - 1, at + 1) if 0 <= each < len(words)]
    return frozenset(sense for sense in phrase if any(sense in senses for senses in near))


def _is_one_phrase(words: Sequence[Word], first: int, last: int) -> bool:
    return not (words[first].senses & words[last].senses).isdisjoint(find_idiom(words, last))


def _is_in_phrase(words: Sequence[Word], at: int) -> bool:
    return bool(find_idiom(words, at))


def _is_mark(mark: Mark, folded: Sequence[str], at: int, words: Sequence[Word], text: str) -> bool:
    after = folded[at + 1] if at + 1 < len(folded) else ""
    before = folded[at - 1] if at else ""
    if (folded[at], after) in _HARMLESS or (before, folded[at]) in {("at", "all"), ("first", "of")}:
        return False
    match mark:
        case Mark.NOT:
            # "No. 4" and "No 4" are names; "ne" and "n" are French only.
            return (
                not (folded[at] == "non" and text[words[at].end : words[at].end + 1] == "-")
                and after not in _BOUNDING
                and not (
                    folded[at] == "no"
                    and after[:1].isdigit()
                    and (words[at].text == "No" or text[words[at].end : words[at].end + 1] == ".")
                )
                and (folded[at] not in {"ne", "n"} or "pas" in folded or "jamais" in folded)
            )
        case Mark.PLAN if folded[at] in {"plan", "plans"} and after == "for":  # "the Pro plan for 9 EUR"
            return not (at + 2 < len(folded) and folded[at + 2][:1].isdigit())
        case Mark.PLAN if folded[at] == "going":  # "going to the police"
            return at + 2 < len(folded) and folded[at + 2] not in {"the", "a", "an", "our", "your", "their"}
        case Mark.PLAN if folded[at] in {"want", "wants", "wish", "like"}:  # "if you want to"
            return before not in {"you", "who"}
        case Mark.MANY:
            return not (folded[at] == "many" and (before == "as" or after == "as"))
        case Mark.ONLY:
            return not after[:1].isdigit()
        case Mark.ALL:
            if folded[at] == "any" and (
                after in {"more", "longer"} or any(each in {"not", "no", "never", "nobody", "nothing", "without"} for each in folded[:at])
            ):
                return False
            if folded[at] in {"every", "each", "any"} and after in _TIMES:
                return False
            return not (folded[at] == "each" and (not after or before[:1].isdigit() or before == "for"))
        case Mark.WITHOUT if folded[at] == "out":
            return not (
                before[:1].isdigit() or before in {"made", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"}
            )
        case Mark.MOST:
            return before != "at"
        case Mark.SOME | Mark.FEW:
            return not after[:1].isdigit()  # "some 300 people" is a bound
        case Mark.MAY:
            # the month
            return not (folded[at] == "may" and ((words[at].text == "May" and (at > 0 or after[:1].isdigit())) or before[:1].isdigit()))
        case Mark.STALE:
            return not (folded[at] == "once" and after in {"a", "per", "every"}) and folded[at] not in {"old", "past", "earlier"}
        case Mark.REVERSE:
            if folded[at] in {"closed", "ended"}:  # "closed on Mondays" is no end
                return before not in {"is", "are", "be", "was", "were", "been", "and", ""} and after not in {
                    "on",
                    "every",
                    "from",
                    "between",
                }
            # "the bus stops here"
            return (
                not folded[at].startswith("stop")
                or after.endswith("ing")
                or (folded[at] == "stopped" and after not in {"at", "in", "on", "by"})
            )
        case Mark.UNTIL:
            return folded[at] != "through"
        case _:
            return True


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
