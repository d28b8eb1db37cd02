"""The figures of a statement: amounts and dates, with the words that they stand in and how they are bounded."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from ..quantities import Amount, FoundDate, Kind, Label, find_amounts, find_dates, find_labels
from .lexicon import look_up_text
from .spoken import find_spoken
from .words import Word, read_irregular

_LOOSE = re.compile(r"[A-Za-z]*\d+(?:[.,:]\d+)*[A-Za-z]*")
_SINCE = frozenset("since seit depuis desde".split())
_EDGES = {
    "from": "start", "since": "start", "after": "start", "between": "start", "opens": "start", "open": "start",
    "starting": "start", "starts": "start", "until": "end", "till": "end", "to": "end", "before": "end", "through": "end",
    "by": "end", "closes": "end", "close": "end", "closing": "end",
}  # fmt: skip
_RANGE = re.compile(r"\s*(?:-+|–|—|to|until|till|through|bis|and)\s*(?:[$€£¥]\s*)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Figure:
    """An amount, a date or a bare number of a statement. `first` and `end` are places among its words; `nouns` those of what it counts."""

    shown: str  # as the text writes it
    kind: str  # Kind, or "date", or "label"
    value: Decimal | tuple[int, int | None, int | None] | str
    unit: str = ""
    per: tuple[str, ...] = ()
    bound: str = ""
    edge: str = ""  # "start" or "end" of a range
    relation: str = ""  # the preposition or verb before it
    old: bool = False
    first: int = 0
    end: int = 0
    nouns: frozenset[int] = frozenset()


_BASES: dict[str, tuple[str, int | str]] = {
    "second": ("time", 1), "minute": ("time", 60), "hour": ("time", 3600), "day": ("time", 86400), "week": ("time", 604800),
    "month": ("months", 1), "quarter": ("months", 3), "year": ("months", 12), "decade": ("months", 120), "century": ("months", 1200),
    "mg": ("mass", "0.001"), "g": ("mass", 1), "kg": ("mass", 1000), "t": ("mass", 1_000_000),
    "mm": ("length", 1), "cm": ("length", 10), "m": ("length", 1000), "km": ("length", 1_000_000),
    "ml": ("volume", 1), "cl": ("volume", 10), "dl": ("volume", 100), "l": ("volume", 1000),
    "kB": ("data", 1), "MB": ("data", 1000), "GB": ("data", 1_000_000), "TB": ("data", 1_000_000_000),
}  # fmt: skip
"""Units that one and the same amount may be given in: 36 months are three years."""


def measure(figure: Figure) -> tuple[str, Decimal] | None:
    """Return what a figure measures and how much of it, in one unit for each kind. None if it is no measure."""
    if not isinstance(figure.value, Decimal) or figure.unit not in _BASES:
        return None
    kind, factor = _BASES[figure.unit]
    return kind, figure.value * Decimal(factor)


def find_figures(text: str, words: Sequence[Word], context: str = "") -> tuple[Figure, ...]:
    """Return the figures of a text in order. A number that is in no amount or date is one too: it has to be in the passage as it is."""
    found = list[Figure]()
    taken = list[tuple[int, int]]()
    dates = find_dates(text)
    if _TIMELINE.match(text) and not any(each.span[0] == 0 for each in dates):  # "1846 Josiah Crane builds a mill"
        dates = (FoundDate(int(text[:4]), None, None, (0, 4)), *dates)
    labels = find_labels(text)
    amounts, spoken = find_amounts(text, context=context), tuple(find_spoken(text))
    # "$5 for every half hour" is a price before it is half an hour
    prices = [
        each
        for each in amounts
        if each.kind is Kind.MONEY
        and any(each.span[0] < other.span[0] < each.span[1] and _FOR_EACH.search(text[each.span[0] : other.span[0]]) for other in spoken)
    ]
    everything: list[Amount | FoundDate | Label] = [*dates, *_drop_times(labels), *prices, *spoken, *amounts]
    for each in everything:
        if isinstance(each, Amount) and (name := _find_name(each, text)) is not None:
            if not any(start < name[1] and name[0] < end for start, end in taken):
                found.append(_place(Figure(text[slice(*name)], "label", text[slice(*name)].casefold()), name, words))
                taken.append(name)
            continue
        if not any(start < each.span[1] and each.span[0] < end for start, end in taken):
            found.append(_make_figure(each, text, words))
            taken.append(each.span)
    for loose in _LOOSE.finditer(text):
        if not any(start < loose.end() and loose.start() < end for start, end in taken):
            many = re.fullmatch(r"(\d+)s", loose[0])  # "under-18s"
            bare = Figure(loose[0], Kind.PLAIN.value, Decimal(many[1])) if many else Figure(loose[0], "label", loose[0])
            found.append(_place(bare, loose.span(), words))
    return tuple(_mark_ranges(sorted(found, key=lambda each: each.first), text, words))


def _drop_times(labels: Sequence[Label]) -> Sequence[Label]:
    return [each for each in labels if not each.text.casefold().endswith((" may", " march")) or each.text[0].isdigit()]


_FOR_EACH = re.compile(r"/|\b(?:per|every|each|an?)\b")
_MIXED = re.compile(r"\w*")
_MODEL = re.compile(r"\b[A-Z][A-Za-z]{0,3}[0-9]*-$")
_TIMELINE = re.compile(r"(?:1[5-9]|20)\d\d (?=[A-ZÀ-Þ])")


def _find_name(amount: Amount, text: str) -> tuple[int, int] | None:
    """Return the span of a name that only holds a number: "300S", "the Orrin 300 costs"; None for an amount."""
    if amount.kind not in {Kind.COUNT, Kind.PLAIN} or amount.per:
        return None
    number = re.search(r"\d[\d.,]*\d|\d", text[slice(*amount.span)])
    if number is None:
        return None
    start, end = amount.span[0] + number.start(), amount.span[0] + number.end()
    while start and text[start - 1].isalnum():
        start -= 1
    if (model := _MODEL.search(text, 0, start)) is not None:  # "LX-40"
        return model.start(), end
    after = _MIXED.match(text, end)
    end = after.end() if after else end
    if re.fullmatch(r"(?=.*[A-Z])(?=.*\d)[A-Za-z0-9]+", text[start:end]) and not re.fullmatch(r"\d+[KMGB]?", text[start:end]):
        return start, end
    before, following = text[:start].split()[-1:], text[end:].split()[:1]
    named = bool(before) and before[0][:1].isupper() and len(text[:start].split()) > 1 and before[0].casefold() not in _NUMBERED
    return (start, end) if named and following and following[0] in _FINITE else None


_NUMBERED = frozenset(
    "the a an our over about only up to from with for at in than least most some under nearly almost around first all".split()
)
_FINITE = frozenset(
    "costs is has was weighs comes prints runs plays can will takes makes holds offers includes supports lasts uses manages, and".split()
)


def _make_figure(found: Amount | FoundDate | Label, text: str, words: Sequence[Word]) -> Figure:
    shown = " ".join(text[slice(*found.span)].replace("~~", "").split())
    match found:
        case FoundDate() if found.month is None and _counts(found, text):
            return _place(Figure(shown, Kind.COUNT.value, Decimal(found.year)), found.span, words)
        case FoundDate():
            return _place(Figure(shown, "date", (found.year, found.month, found.day)), found.span, words)
        case Label() if re.fullmatch(r"\d+ may", shown):  # "nobody under 18 may enter"
            number = shown.split()[0]
            return _place(Figure(number, Kind.PLAIN.value, Decimal(number)), (found.span[0], found.span[0] + len(number)), words)
        case Label():
            return _place(Figure(shown, "label", " ".join(found.text.casefold().split())), found.span, words)
        case Amount():
            if found.kind is Kind.YEAR and not found.unit and not _counts(found, text):
                return _place(Figure(shown, "date", (int(found.value), None, None)), found.span, words)
            counts_nothing = found.kind is Kind.COUNT and found.unit and (_is_only_verb(found.unit) or found.unit in _NO_NOUNS)
            counts_nothing = counts_nothing or (found.kind is Kind.COUNT and found.unit in read_irregular())
            kind, unit = (Kind.PLAIN, "") if counts_nothing else (found.kind, found.unit)
            figure = Figure(shown, kind.value, found.value, unit, found.per, found.bound, old=found.old)
            return _place(figure, found.span, words)


_NO_NOUNS = frozenset("since in on at from to for by until with and or is are as than per".split())


def _is_only_verb(noun: str) -> bool:
    entries = look_up_text(noun) if noun.isalpha() else ()
    return bool(entries) and all(entry.senses and entry.senses[0][0] == "v" for entry in entries)


def _counts(found: Amount | FoundDate, text: str) -> bool:
    """Return whether a number that could be a year counts something: "2018 riders", not "in 2018 prices"."""
    before = text[: found.span[0]].split()[-1:]
    after = re.match(r" ([a-z]+s)\b", text[found.span[1] :])
    if after is None:
        return False
    return not (before and before[0].casefold() in _DATING) and bool(look_up_text(after[1]))


_DATING = frozenset(
    "in since from by until till of before after during around about circa early late mid summer spring autumn winter".split()
)


def _place(figure: Figure, span: tuple[int, int], words: Sequence[Word]) -> Figure:
    inside = [at for at, word in enumerate(words) if word.start < span[1] and span[0] < word.end]
    first = inside[0] if inside else next((at for at, word in enumerate(words) if word.start >= span[0]), len(words))
    end = inside[-1] + 1 if inside else first
    before = words[first - 1].text.casefold() if first else ""
    within = words[first].text.casefold() if inside else ""
    relation = "since" if before in _SINCE or within in _SINCE else before
    counted = figure.kind == Kind.COUNT and len(inside) > 1
    nouns = frozenset(at for at in inside if counted and (at == inside[-1] or not _is_number(words[at])) and at != first)
    return replace(figure, first=first, end=end, relation=relation, edge=_EDGES.get(before, _EDGES.get(within, "")), nouns=nouns)


_NUMBER_WORDS = frozenset(
    """
    one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty
    thirty forty fifty sixty seventy eighty ninety hundred hundreds thousand thousands million dozen dozens half a an and over about
    around nearly almost some under more less than up to at least most only just roughly circa or fewer
    """.split()
)


def _is_number(word: Word) -> bool:
    return word.text[:1].isdigit() or word.text.casefold() in _NUMBER_WORDS


def _mark_ranges(found: Sequence[Figure], text: str, words: Sequence[Word]) -> Iterator[Figure]:
    """Yield the figures with the edges of ranges: "9-18", "from 5 to 7 EUR"."""
    edges = {at: each.edge for at, each in enumerate(found)}
    for at in range(len(found) - 1):
        left, right = found[at], found[at + 1]
        if left.end and right.first < len(words) and left.end <= right.first + 1:
            between = text[words[left.end - 1].end : words[right.first].start]
            joins = _RANGE.fullmatch(between)
            if joins and (between.strip().lower() != "and" or edges[at] == "start"):
                edges[at], edges[at + 1] = "start", "end"
    for at, each in enumerate(found):
        yield replace(each, edge=edges[at])
