"""Split a document's text into passages: sections by heading or page, and in each pieces that end where a reader would pause."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

PASSAGE_CHARS = 1200
"""The most characters of a passage: about 200 words."""
_PAUSES = tuple(
    re.compile(pattern)
    for pattern in (
        r"\n[ \t]*\n",  # a paragraph ends
        r"\n",
        r"[.!?…。！？][\"'”’»)\]]{0,3}(?:\s|(?<=[。！？]))",
        r"[;:,][ \t]|\s",
    )
)
_FENCE = re.compile(r"[ ]{0,3}(`{3,}|~{3,})")
_ATX = re.compile(r"[ ]{0,3}(#{1,6})(?:[ \t]+(.*?))?(?:[ \t]+#+)?[ \t]*$")
_SETEXT = re.compile(r"[ ]{0,3}(=+|-{2,})[ \t]*$")
_LIST_OR_QUOTE = re.compile(r"\s*(?:[-*+>|#]|\d+[.)])(?:\s|$)")
LONGEST_HEADING = 200


class Heading(NamedTuple):
    """A heading at a span of the text; `level` 1 is the highest."""

    start: int
    end: int
    level: int
    text: str


class TextSection(NamedTuple):
    """A span of the text with one context: the headings above it, or its page (from 1; 0 in a text without pages)."""

    start: int
    end: int
    headings: tuple[str, ...] = ()
    page: int = 0


class Cut(NamedTuple):
    """A passage: its span in the text, and its context."""

    start: int
    end: int
    headings: tuple[str, ...] = ()
    page: int = 0


def split_passages(text: str, sections: Sequence[TextSection], most_chars: int = PASSAGE_CHARS) -> Iterator[Cut]:
    """Yield the passages of a text, in order. Only white space lies between them."""
    for section in sections:
        for start, end in split_pieces(text, section.start, section.end, most_chars):
            yield Cut(start, end, section.headings, section.page)


def split_pieces(text: str, start: int, end: int, most_chars: int) -> Iterator[tuple[int, int]]:
    """Yield spans of at most `most_chars` that cover all of text[start:end] but white space."""
    while True:
        start, end = _trim(text, start, end)
        rest = end - start
        if rest <= most_chars:
            if rest:
                yield start, end
            return
        # A rest shorter than two passages becomes two halves, so that no crumb is left over.
        limit = most_chars if rest >= 2 * most_chars else (rest + most_chars) // 2 - most_chars // 4
        cut = _find_pause(text, start, min(start + max(limit, 1), start + most_chars))
        piece_start, piece_end = _trim(text, start, cut)
        if piece_end > piece_start:
            yield piece_start, piece_end
        start = cut


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end


def _find_pause(text: str, start: int, limit: int) -> int:
    """Return where to end a piece: at the last paragraph, line, sentence or word before the limit, but not in its first half."""
    least = start + (limit - start) // 2
    for pause in _PAUSES:
        last = None
        for last in pause.finditer(text, least, limit):  # noqa: B007 - the last one counts
            pass
        if last is not None and last.end() > start:
            return last.end()
    return limit


def split_by_heading(text: str, headings: Sequence[Heading]) -> list[TextSection]:
    """Return the sections of a text: each starts at its heading and has the higher ones above it as context.

    A heading with only the next heading below it belongs to that one's section: alone it would answer no question.
    """
    sections, above = list[TextSection](), list[Heading]()
    start = body = 0
    for heading in headings:
        if text[body : heading.start].strip():
            sections.append(TextSection(start, heading.start, tuple(each.text for each in above)))
            start = heading.start
        above = [*(each for each in above if each.level < heading.level), heading]
        body = heading.end
    return [*sections, TextSection(start, len(text), tuple(each.text for each in above))]


def find_markdown_headings(text: str) -> list[Heading]:
    """Return the headings of a Markdown text (ATX and setext, CommonMark 0.31); text in code fences does not count."""
    found, fence, at = list[Heading](), "", 0
    before, before_at = "", 0
    for line in text.splitlines(keepends=True):
        bare = line.rstrip("\r\n")
        mark = _FENCE.match(bare)
        if fence:
            if mark and mark[1].startswith(fence) and not bare.strip().strip(fence[0]):
                fence = ""
            before = ""
        elif mark:
            fence, before = mark[1], ""
        else:
            heading = _parse_heading(bare, at, before, before_at)
            if heading is not None:
                found.append(heading)
            before, before_at = ("" if heading else bare), at
        at += len(line)
    return found


def _parse_heading(line: str, at: int, before: str, before_at: int) -> Heading | None:
    if len(line) > LONGEST_HEADING:
        return None
    if atx := _ATX.match(line):
        return Heading(at, at + len(line), len(atx[1]), strip_heading(atx[2] or ""))
    underline = _SETEXT.match(line)
    if underline and before.strip() and len(before) <= LONGEST_HEADING and not _LIST_OR_QUOTE.match(before):
        return Heading(before_at, at + len(line), 1 if underline[1][0] == "=" else 2, strip_heading(before))
    return None


def strip_heading(text: str) -> str:
    """Return a heading without emphasis, code marks, links and an anchor ({#id}) behind it."""
    text = re.sub(r"\[([^\[\]]*)\]\([^()]*\)", r"\1", text)
    text = re.sub(r"\s*\{#[^{}]*\}\s*$", "", text)
    return " ".join(re.sub(r"[*`]+|\b_+|_+\b", "", text).split())
