"""Settle what a model wrote from passages: each sentence gets the citation of the passage that states it, or is taken out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from .citations import NUMBERS, Citation, is_refusal, parse_numbers, resolve_citations
from .claims import MARKS, SENTENCE, Unstated, claims_nothing, is_answer_particle, mask_quotes
from .framing import find_unsaid
from .passages import Passage
from .picking import pick_sentence

_MARK = re.compile(rf"[\[【(]\s*(?:DOCS?|documents?|passages?|sources?)\s*{NUMBERS}\s*[\]】)]|\[\s*{NUMBERS}\s*\]", re.IGNORECASE)
_NAMED = re.compile(rf"\b(as|to|per|in|from|under|see|on|by)\s+(?={_MARK.pattern})", re.IGNORECASE)
"""A preposition before a citation: "according to [DOC 7]" names a document."""
_ITEM = re.compile(r"\s*(?:[-*•>]|\d{1,2}[.)])\s+")
_QUOTED_STOP = re.compile(r"[.!?][”\"»」](?=\s+[\W]*[A-ZÀ-Þ0-9]|\s*$)")
"""A stop in front of a closing quotation mark that ends the sentence around it as well: another one begins, or nothing does."""
LIKE_ENOUGH = 0.4
"""How much of a sentence that is taken out has to be in the one that is quoted in its place (0 to 1, rare words counting more)."""
UNKNOWN = "No passage says so."


class StatedSentence(NamedTuple):
    """A sentence that passages state, and the numbers of those that are cited for it. `instead` says that it is quoted for another one."""

    sentence: str
    numbers: tuple[int, ...]
    instead: bool = False


class Settled(NamedTuple):
    """An answer in which each sentence is stated by the passages it cites. `removed` are the sentences that none states.

    `refused` says that the answer was no more than that the documents do not say it.
    """

    text: str
    statements: tuple[StatedSentence, ...] = ()
    removed: tuple[Unstated, ...] = ()
    refused: bool = False


class _Piece(NamedTuple):
    """A sentence without its citations, and the numbers that it cites. `lead` is what stands before it in its line: the mark of a list."""

    text: str
    numbers: tuple[int, ...]
    lead: str
    line: int


def settle_answer(
    answer: str, passages: Iterable[Passage], write_mark: Callable[[int], str] | None = None, *, quote_for: str = ""
) -> Settled:
    """Return the answer with each sentence cited to a passage that states it, and without the sentences that none of them states.

    A citation that is missing is added, one of another passage is corrected. `write_mark` writes a citation, "[DOC 7]" unless it is given.
    With a question to `quote_for`, the sentence of the passages that is most like one that is taken out, and most about the question, is
    quoted in its place.
    """
    shown = {passage.number: passage for passage in passages}
    mark = write_mark or (lambda number: f"[DOC {number}]")
    titles = [name for passage in shown.values() for name in (passage.title, *passage.headings) if name]
    statements, removed, lines = list[StatedSentence](), list[Unstated](), dict[int, list[str]]()
    said, unsaid, particle = "", 0, ""
    for piece in _split_pieces(answer, shown):
        if is_refusal(piece.text):
            unsaid += 1
            continue
        if is_answer_particle(piece.text):
            particle = piece.text
            continue
        found = _find_statement(piece, said, shown)
        if isinstance(found, Unstated):
            removed.append(found)
            quoted = _quote_instead(piece, shown, quote_for) if quote_for else None
            found = quoted if quoted not in statements else None
            particle = ""
        if isinstance(found, StatedSentence):
            unsaid += bool(find_unsaid(piece.text, titles))
            statements.append(found)
            said = f"{found.sentence} {_cite(found.numbers)}"
            told = _place_marks(found.sentence, "".join(map(mark, found.numbers)))
            lines.setdefault(piece.line, [piece.lead] if piece.lead else []).append(f"{particle} {told}".strip())
        particle = ""
    text = _join_lines({number: _join(parts) for number, parts in sorted(lines.items())}, answer.strip().split("\n"))
    return Settled(text, tuple(statements), tuple(removed), refused=not removed and unsaid > 0 and unsaid >= len(statements))


def _join_lines(kept: Mapping[int, str], lines: Sequence[str]) -> str:
    """Join what is kept of the lines of an answer; paragraphs stay apart."""
    joined, before = "", -1
    for number, text in kept.items():
        is_new = any(not line.strip() for line in lines[before + 1 : number])
        joined += ("\n\n" if is_new else "\n") + text if joined else text
        before = number
    return joined


def _join(parts: Sequence[str]) -> str:
    lead = parts[0] if _ITEM.fullmatch(parts[0]) else ""
    return lead + " ".join(parts[1:] if lead else parts)


def _place_marks(sentence: str, marks: str) -> str:
    """Put the citations before the stop at the end of a sentence."""
    end = re.search(r"[.!]$", sentence)
    return f"{sentence[: end.start()]} {marks}{end[0]}" if end else f"{sentence} {marks}"


def _cite(numbers: Iterable[int]) -> str:
    return "".join(f"[DOC {number}]" for number in numbers)


def _find_statement(piece: _Piece, before: str, shown: dict[int, Passage]) -> StatedSentence | Unstated | None:
    """Return the sentence with the passages that state it, or why none does; None for one that claims nothing."""
    if claims_nothing(piece.text, shown.values()):
        return None
    cited = tuple(number for number in piece.numbers if number in shown)
    groups = [*((number,) for number in cited), *([cited] if len(cited) > 1 else [])]
    groups += [(number,) for number in shown if number not in cited]
    reason = ""
    for numbers in groups:
        problem = _find_problem(piece.text, numbers, before, shown)
        if problem is None:
            return StatedSentence(piece.text, numbers)
        reason = reason or problem
    return Unstated(piece.text, reason or UNKNOWN)


def _quote_instead(piece: _Piece, shown: Mapping[int, Passage], question: str) -> StatedSentence | None:
    """Return the sentence of the passages that says most of what this one does, in quotation marks."""
    cited = [shown[number] for number in piece.numbers if number in shown]
    for passages in filter(None, (cited, list(shown.values()))):
        picked = pick_sentence(f"{question} {piece.text}", passages)
        if picked is not None and picked.score >= LIKE_ENOUGH:
            return StatedSentence(f"“{picked.text}”", (picked.passage.number,), instead=True)
    return None


def _find_problem(sentence: str, numbers: tuple[int, ...], before: str, shown: dict[int, Passage]) -> str | None:
    """Return why these passages do not state a sentence, None if they do. `before` is the sentence before it with its citations."""
    own: tuple[Citation, ...] = ()
    for context in dict.fromkeys(("", before)):
        checked = resolve_citations(f"{context} {sentence} {_cite(numbers)}".strip(), shown.get)
        own = checked.citations[-len(numbers) :]
        if all(citation.holds for citation in own):
            return None
    quoted = next((f"No passage holds the words “{quote.text}”." for each in own for quote in each.quotes if not quote.span), "")
    return quoted or next((unstated.reason for each in own for unstated in each.unstated), "") or UNKNOWN


def _split_pieces(answer: str, shown: dict[int, Passage]) -> Iterator[_Piece]:
    """Yield the sentences of an answer with the numbers that each cites: they stand in it, behind it, or before the first one of a line."""
    pieces = list[_Piece]()
    for number, line in enumerate(answer.strip().split("\n")):
        item = _ITEM.match(line)
        lead, body = (item[0], line[item.end() :]) if item else ("", line)
        body = _NAMED.sub(r"\1 the passage ", body)
        marks = [(found.span(), tuple(parse_numbers(found[0]))) for found in _MARK.finditer(body) if _is_citation(found[0], shown)]
        bare = body
        for (start, end), _ in marks:
            bare = bare[:start] + " " * (end - start) + bare[end:]
        spans = list(_find_sentences(bare))
        leads = bool(marks) and not re.search(r"\w", bare[: marks[0][0][0]]) and bool(spans)
        cited: dict[int, tuple[int, ...]] = {}
        for (start, _), numbers in marks:
            at = _find_place(spans, start, leads=leads)
            if at is None and pieces:  # a line with no more than citations: they belong to what was said last
                pieces[-1] = pieces[-1]._replace(numbers=(*pieces[-1].numbers, *numbers))
            elif at is not None:
                cited[at] = (*cited.get(at, ()), *numbers)
        pieces += [
            _Piece(_tidy(bare[start:end]), tuple(dict.fromkeys(cited.get(at, ()))), lead if at == 0 else "", number)
            for at, (start, end) in enumerate(spans)
        ]
    return iter(pieces)


def _is_citation(mark: str, shown: dict[int, Passage]) -> bool:
    """Return whether a mark is a citation: it says so ("[DOC 3]"), or it is a number in brackets that a passage has."""
    return bool(re.search(r"[A-Za-z]", mark)) or all(number in shown for number in parse_numbers(mark))


def _find_sentences(line: str) -> Iterator[tuple[int, int]]:
    masked = list(mask_quotes(line))
    for end in _QUOTED_STOP.finditer(line):
        masked[end.start()] = end[0][0]
    for found in SENTENCE.finditer("".join(masked)):
        start = found.start() + len(line[slice(*found.span())]) - len(line[slice(*found.span())].lstrip(MARKS))
        if re.search(r"\w", line[start : found.end()]):
            yield start, found.end()


def _find_place(spans: Sequence[tuple[int, int]], mark: int, *, leads: bool) -> int | None:
    """Return the sentence that a citation belongs to: the one that it stands in or behind; where a line `leads` with them, the next."""
    if leads:
        return next((at for at, (_, end) in enumerate(spans) if mark < end), len(spans) - 1)
    return next((at for at in range(len(spans) - 1, -1, -1) if spans[at][0] <= mark), None)


def _tidy(sentence: str) -> str:
    return re.sub(r"\s+(?=[.,;:!?](?!\.))", "", " ".join(sentence.split())).strip(" ,;:*")
