"""Citations of an answer: each `[DOC n]` with its passage, and whether the passage holds the words that the answer quotes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from .claims import Unstated, find_unstated, split_claims
from .passages import NOT_IN_THE_DOCUMENTS, Passage
from .quoting import locate_quote

NUMBERS = r"#?\s*\d{1,18}(?:\s*(?:,|;|&|and|-|–)?\s*(?:DOC\s*)?#?\d{1,18}){0,20}"
_CITATION = re.compile(rf"[\[【(]\s*DOCS?\s*{NUMBERS}\s*[\]】)]", re.IGNORECASE)
_RANGE = re.compile(r"(\d+)\s*[-–]\s*(\d+)")
_QUOTES = re.compile(
    r"“([^“”]{1,2000})”|„([^„“”]{1,2000})[“”]|«([^«»]{1,2000})»|「([^「」]{1,2000})」|『([^『』]{1,2000})』"
    r"|(?<![\w\"])\"(?=\S)([^\"\n]{1,2000})\"(?!\w)"
)
_SENTENCE_ENDS = re.compile(r"[.!?][”\"')\]]?\s|\n\s*\n")
MOST_OF_A_RANGE = 20


class Quote(NamedTuple):
    """Words that an answer quotes, with their span in the passage's text; None if they are not in it."""

    text: str
    span: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class Citation:
    """One `[DOC n]` of an answer. `claim` is the text that it stands for; `passage` is None if the number is unknown.

    `quotes` are the quoted words of the claim; `unstated` are the sentences of the claim that no cited passage states.
    """

    number: int
    claim: str
    span: tuple[int, int]
    passage: Passage | None
    quotes: tuple[Quote, ...] = ()
    unstated: tuple[Unstated, ...] = ()

    @property
    def holds(self) -> bool:
        """Return whether the passage holds every quoted word, and the cited passages state every sentence of the claim."""
        return self.passage is not None and all(quote.span for quote in self.quotes) and not self.unstated

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
    uncited: tuple[Unstated, ...] = ()
    """The sentences after the last citation that no cited passage states."""

    @property
    def problems(self) -> tuple[str, ...]:
        """Return a sentence for each citation that does not hold, and one if nothing is cited; nothing for "Not in the documents."."""
        return tuple(_find_problems(self)) if self.citations or not is_refusal(self.text) else ()

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


def resolve_citations(answer: str, passage: Callable[[int], Passage | None], among: Iterable[int] | None = None) -> CitedAnswer:
    """Resolve what an answer cites. A number that is not `among` the passages that were shown counts as unknown."""
    allowed = None if among is None else frozenset(among)
    groups = _find_groups(answer)
    claims, rest = split_claims(answer, [group.span for group in groups])
    citations, shown, before = list[Citation](), dict[int, Passage](), ""
    for group, sentences, words in zip(groups, claims, _find_quotes(answer, groups), strict=True):
        known = {number: passage(number) if allowed is None or number in allowed else None for number in group.numbers}
        held = {number: at for number, at in known.items() if at}
        shown |= held
        citations += _make_citations(group, sentences, words, known, find_unstated(sentences, held.values(), before=before))
        before = sentences[-1] if sentences else before
    return CitedAnswer(answer, tuple(citations), find_unstated(rest, shown.values(), cited=False, before=before))


def _find_groups(answer: str) -> list[_Group]:
    groups = list[_Group]()
    for found in _CITATION.finditer(answer):
        numbers = tuple(parse_numbers(found[0]))
        if groups and not answer[groups[-1].span[1] : found.start()].strip(" ,;"):
            before = groups.pop()
            groups.append(_Group((before.span[0], found.end()), tuple(dict.fromkeys((*before.numbers, *numbers)))))
        else:
            groups.append(_Group(found.span(), numbers))
    return groups


def parse_numbers(citation: str) -> Iterator[int]:
    """Yield the numbers of a citation: 3, 5, 6 and 7 of "[DOC 3, 5-7]"."""
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


def _make_citations(
    group: _Group, sentences: Sequence[str], words: list[str], known: dict[int, Passage | None], unstated: tuple[Unstated, ...]
) -> Iterator[Citation]:
    claim = " ".join(sentences).strip(" ,;:.-*")
    spans = {number: [Quote(text, locate_quote(text, at.text) if at else None) for text in words] for number, at in known.items()}
    held = {quote.text for quotes in spans.values() for quote in quotes if quote.span}
    for number, passage in known.items():
        # When several passages are cited for one claim, a quote needs to be in one of them only.
        quotes = tuple(quote for quote in spans[number] if quote.span or quote.text not in held)
        yield Citation(number, claim, group.span, passage, quotes, unstated if passage else ())


def is_refusal(answer: str) -> bool:
    """Return whether an answer is no more than "Not in the documents."."""
    return answer.strip("\"'“”. \n").lower() == NOT_IN_THE_DOCUMENTS.rstrip(".").lower()


def _find_problems(answer: CitedAnswer) -> Iterator[str]:
    if not answer.citations:
        yield "The answer cites no passage."
    for citation in answer.citations:
        if citation.passage is None:
            yield f"[DOC {citation.number}] is not among the passages that were found."
        else:
            yield from (f"[DOC {citation.number}] does not hold the words “{quote.text}”." for quote in citation.quotes if not quote.span)
    # A sentence with several citations is told once, and not again where its quoted words are told already.
    told = [quote.text for citation in answer.citations for quote in citation.quotes if not quote.span]
    for span in dict.fromkeys(citation.span for citation in answer.citations):
        together = [citation for citation in answer.citations if citation.span == span and citation.passage]
        marks = ", ".join(f"[DOC {citation.number}]" for citation in together)
        says = "does not say" if len(together) == 1 else "do not say"
        for sentence, reason in together[0].unstated if together else ():
            if not any(text in sentence for text in told):
                yield f"{marks} {says} this: {_end(sentence)} {reason}".rstrip()
    yield from (f"No passage is cited for this: {_end(sentence)} {reason}".rstrip() for sentence, reason in answer.uncited)


def _end(sentence: str) -> str:
    return sentence if sentence.endswith((".", "!", "?", "。")) else f"{sentence}."
