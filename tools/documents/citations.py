"""Citations of an answer: each `[DOC n]` with its passage, and whether the passage holds the words that the answer quotes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ..web.snapshots import find_quote
from .passages import NOT_IN_THE_DOCUMENTS, Passage
from .query_words import query_words

_NUMBERS = r"#?\s*\d{1,18}(?:\s*(?:,|;|&|and|-|–)?\s*(?:DOC\s*)?#?\d{1,18}){0,20}"
_CITATION = re.compile(rf"[\[【(]\s*DOCS?\s*{_NUMBERS}\s*[\]】)]", re.IGNORECASE)
_RANGE = re.compile(r"(\d+)\s*[-–]\s*(\d+)")
_QUOTES = re.compile(
    r"“([^“”]{1,2000})”|„([^„“”]{1,2000})[“”]|«([^«»]{1,2000})»|「([^「」]{1,2000})」|『([^『』]{1,2000})』"
    r"|(?<![\w\"])\"(?=\S)([^\"\n]{1,2000})\"(?!\w)"
)
_SAME = {**dict.fromkeys(map(ord, '"’‘“”„'), "'"), **dict.fromkeys(map(ord, "–—‐‑"), "-"), 0xA0: " "}
_MARKS = re.compile(
    r"(?<=[^\W\d_])\s*-+\s*(?=[^\W\d_])"  # in a word, or where a line broke it
    r"|!?\[(?=[^\[\]]{0,300}\]\()|\]\([^()\s]{0,500}\)"  # a link's text stays
    r"|(?<![\d*`])[*`]+|[*`]+(?![\d*`])|(?<!\w)_+|_+(?!\w)"
    r"|^[ \t]{0,3}(?:#{1,6}|>)[ \t]"
    r"|\xad",
    re.MULTILINE,
)
"""Characters that an honest quote may leave out: hyphens, and the marks of Markdown."""
_LEFT_OUT = re.compile(r"\s*\[?(?:\.\.\.|…)\]?\s*")
_SENTENCE_ENDS = re.compile(r"[.!?][”\"')\]]?\s|\n\s*\n")
MOST_OF_A_RANGE = 20
SUPPORT_LEAST = 0.25
SUPPORT_WORDS = 4
"""A claim of fewer words ("Yes, it is.") is not compared with its passage."""

Support = Callable[[str, tuple[int, ...]], float]
"""Returns the share (0 to 1) of a claim's words that the passages of those numbers hold together."""


class Quote(NamedTuple):
    """Words that an answer quotes, with their span in the passage's text; None if they are not in it."""

    text: str
    span: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class Citation:
    """One `[DOC n]` of an answer. `claim` is the text before it; `passage` is None if the number is unknown.

    `quotes` are the quoted words of the claim; `support` (0 to 1) is the share of its words that the cited passages hold.
    """

    number: int
    claim: str
    span: tuple[int, int]
    passage: Passage | None
    quotes: tuple[Quote, ...] = ()
    support: float = 1.0

    @property
    def holds(self) -> bool:
        """Return whether the passage holds every quoted word or, where nothing is quoted, enough of the claim's words."""
        if self.passage is None or any(quote.span is None for quote in self.quotes):
            return False
        return bool(self.quotes) or self.support >= SUPPORT_LEAST

    @property
    def file(self) -> str:
        """Return the cited file; empty if the number is unknown."""
        return self.passage.file if self.passage else ""

    @property
    def page(self) -> int:
        """Return the cited page, from 1; 0 in a file without pages."""
        return self.passage.page if self.passage else 0

    @property
    def link(self) -> str:
        """Return the link to the file; empty if the number is unknown."""
        return self.passage.link if self.passage else ""


@dataclass(frozen=True, slots=True)
class CitedAnswer:
    """An answer and its citations, in the order of the text."""

    text: str
    citations: tuple[Citation, ...]

    @property
    def problems(self) -> tuple[str, ...]:
        """Return a sentence for each citation that does not hold, and one if nothing is cited; nothing for "Not in the documents."."""
        return tuple(_find_problems(self.citations)) if self.citations or not _is_refusal(self.text) else ()

    @property
    def sources(self) -> tuple[Passage, ...]:
        """Return the cited passages, each once."""
        return tuple(dict.fromkeys(citation.passage for citation in self.citations if citation.passage))

    def __str__(self) -> str:
        lines = [f"[DOC {passage.number}] {passage.place}: {passage.link or passage.file}" for passage in self.sources]
        return "\n".join([self.text, *([""] if lines else []), *lines])


class _Group(NamedTuple):
    """Citations side by side, which belong to one claim: "[DOC 1] [DOC 4]"."""

    span: tuple[int, int]
    numbers: tuple[int, ...]


def resolve_citations(
    answer: str, passage: Callable[[int], Passage | None], among: Iterable[int] | None = None, support: Support | None = None
) -> CitedAnswer:
    """Resolve what an answer cites. A number that is not `among` the passages that were shown counts as unknown."""
    allowed = None if among is None else frozenset(among)
    groups = _find_groups(answer)
    quotes = _find_quotes(answer, groups)
    citations = list[Citation]()
    for place, (group, words) in enumerate(zip(groups, quotes, strict=True)):
        claim = _find_claim(answer, groups, place)
        known = {number: passage(number) if allowed is None or number in allowed else None for number in group.numbers}
        held = _measure_support(claim, tuple(number for number, at in known.items() if at), support)
        citations += _make_citations(group, claim, words, known, held)
    return CitedAnswer(answer, tuple(citations))


def _find_claim(answer: str, groups: list[_Group], place: int) -> str:
    """Return the text before the citation, back to the one before it; if that is empty ("[DOC 1]: ..."), the text after it."""
    before = answer[groups[place - 1].span[1] if place else 0 : groups[place].span[0]]
    after = answer[groups[place].span[1] : groups[place + 1].span[0] if place + 1 < len(groups) else len(answer)]
    return next((claim for text in (before, after) if (claim := " ".join(text.split()).strip(" ,;:.-*"))), "")


def _measure_support(claim: str, numbers: tuple[int, ...], support: Support | None) -> float:
    if support is None or not numbers or len(query_words(claim)) < SUPPORT_WORDS:
        return 1.0
    last = re.split(r"[.!?]\s", claim)[-1]  # what comes before it may be small talk
    return max(support(text, numbers) for text in {claim, last if len(query_words(last)) >= SUPPORT_WORDS else claim})


def _find_groups(answer: str) -> list[_Group]:
    groups = list[_Group]()
    for found in _CITATION.finditer(answer):
        numbers = tuple(_parse_numbers(found[0]))
        if groups and not answer[groups[-1].span[1] : found.start()].strip(" ,;"):
            before = groups.pop()
            groups.append(_Group((before.span[0], found.end()), tuple(dict.fromkeys((*before.numbers, *numbers)))))
        else:
            groups.append(_Group(found.span(), numbers))
    return groups


def _parse_numbers(citation: str) -> Iterator[int]:
    spread = _RANGE.sub(lambda found: " ".join(map(str, _expand_range(int(found[1]), int(found[2])))), citation)
    yield from dict.fromkeys(int(number) for number in re.findall(r"\d+", spread))


def _expand_range(first: int, last: int) -> Iterable[int]:
    return range(first, last + 1) if first <= last < first + MOST_OF_A_RANGE else (first, last)


def _find_quotes(answer: str, groups: list[_Group]) -> list[list[str]]:
    """Return the quoted words of each group of citations."""
    quotes: list[list[str]] = [[] for _ in groups]
    for found in _QUOTES.finditer(answer):
        text = next(each for each in found.groups() if each is not None).strip()
        if groups and re.search(r"\w", text):
            quotes[_find_group(answer, found.span(), groups)].append(text)
    return quotes


def _find_group(answer: str, quote: tuple[int, int], groups: list[_Group]) -> int:
    """Return the citation after the quote (“...” [DOC 1]), or, if a sentence ends between them, the one before (As [DOC 1] says, “...”)."""
    after = next((place for place, group in enumerate(groups) if group.span[0] >= quote[1]), None)
    before = len(groups) - 1 if after is None else after - 1
    if after is None or before < 0:
        return before if after is None else after
    same_sentence = not _SENTENCE_ENDS.search(answer, quote[1], groups[after].span[0])
    continues = not _SENTENCE_ENDS.search(answer, groups[before].span[1], quote[0])
    return after if same_sentence or not continues else before


def _make_citations(group: _Group, claim: str, words: list[str], known: dict[int, Passage | None], support: float) -> Iterator[Citation]:
    spans = {number: [Quote(text, locate_quote(text, at.text) if at else None) for text in words] for number, at in known.items()}
    held = {quote.text for quotes in spans.values() for quote in quotes if quote.span}
    for number, passage in known.items():
        # When several passages are cited for one claim, a quote needs to be in one of them only.
        quotes = tuple(quote for quote in spans[number] if quote.span or quote.text not in held)
        yield Citation(number, claim, group.span, passage, quotes, support)


def locate_quote(quote: str, text: str) -> tuple[int, int] | None:
    """Return the span of quoted words in a text, None if they are not in it; "..." in a quote leaves words out.

    White space, typographic marks, hyphens, the marks of Markdown, the case of letters and the stop at the end do not matter.
    """
    return _locate(quote, text, _fold_letters) or _locate(quote, text, _strip_marks)


def _locate(quote: str, text: str, fold: Callable[[str], _Letters]) -> tuple[int, int] | None:
    letters, at, start = fold(text), 0, None
    for part in filter(str.strip, _LEFT_OUT.split(quote)):
        span = _locate_part(fold(part).text, letters.text[at:])
        if span is None:
            return None
        start = at + span[0] if start is None else start
        at += span[1]
    return None if start is None else (letters.places[start], letters.places[at - 1] + 1)


def _locate_part(part: str, text: str) -> tuple[int, int] | None:
    return find_quote(part, text) or find_quote(part.rstrip(".,;:!? "), text)


class _Letters(NamedTuple):
    """A text as it is compared, and the position of each of its letters in the original text."""

    text: str
    places: Sequence[int]


def _fold_letters(text: str) -> _Letters:
    # Letter by letter, so that positions stay the same: "İ".lower() has two letters.
    same = "".join(lower if len(lower := letter.lower()) == 1 else letter for letter in text.translate(_SAME))
    return _Letters(same, range(len(same)))


def _strip_marks(text: str) -> _Letters:
    plain = _fold_letters(text).text.replace("|", " ")
    places, at = list[int](), 0
    for mark in _MARKS.finditer(plain):
        places += range(at, mark.start())
        at = mark.end()
    places += range(at, len(plain))
    return _Letters("".join(plain[place] for place in places), places)


def _is_refusal(answer: str) -> bool:
    return answer.strip("\"'“”. \n").lower() == NOT_IN_THE_DOCUMENTS.rstrip(".").lower()


def _find_problems(citations: tuple[Citation, ...]) -> Iterator[str]:
    if not citations:
        yield "The answer cites no passage."
    for citation in citations:
        if citation.passage is None:
            yield f"[DOC {citation.number}] is not among the passages that were found."
            continue
        for quote in citation.quotes:
            if quote.span is None:
                yield f"[DOC {citation.number}] does not hold the words “{quote.text}”."
        if not citation.quotes and not citation.holds:
            yield f"[DOC {citation.number}] hardly supports this: {citation.claim}"
