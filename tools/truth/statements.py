"""A passage as the statements that it makes: sentences, list items with their headings, table rows with their headers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache

from .folding import fold

_SENTENCE_END = re.compile(r"(?:(?<=[.!?…])[\"')\]]*\s+(?=[\"'(\[~$€£¥]*[A-Z0-9À-ÞĀ-ſА-Я¿¡])|(?<=[。！？])[」』]?\s*)")
_ABBREVIATION = re.compile(
    r"(?:^|[\s(])(?:[A-Za-z]|[Dd]r|[Mm]rs?|[Mm]s|[Pp]rof|[Ss]t|[Nn]o|[Nn]r|[Aa]pprox|[Cc]a|[Vv]s|[Ii]nc|[Ll]td|[Cc]o|[Cc]orp|[Pp]p?|[Tt]el|[Ss]tr|"
    r"[Ee]st|[Ii]ncl|[Ee]xcl|[Ee]\.g|[Ii]\.e|[Zz]\.B|bzw|usw|etc|[Mm]in|[Mm]ax|[Hh]rs?|[Jj]an|[Ff]eb|[Mm]ar|[Aa]pr|[Aa]ug|[Ss]ept?|[Oo]ct|[Nn]ov|[Dd]ec)\.$"
)
_ITEM = re.compile(r"[ ]*(?:[-•·▪◦‣+]|\d{1,2}[.)]|[a-z]\))[ ]+(?=\S)")
_HEADING = re.compile(r"[ ]{0,3}#{1,6}[ ]+")
_RULE = re.compile(r"[ |:+=_-]*$")
_ENDED = re.compile(r"[.!?。！？…][\"')\]」』]*$")
_DIGIT = re.compile(r"\d")
_MARK_CELL = re.compile(r"(?:yes|no|ja|nein|oui|non|sí|✓|✔|✗|✘|×|x|-+|–|—|n/a|included|not included)?$", re.IGNORECASE)
_NO_CELL = re.compile(r"(?:no|nein|non|✗|✘|×|x|-+|–|—|n/a|not included|none|❌)$", re.IGNORECASE)
_LONG_HEADING = 90
_LONGEST_STATEMENT = 3_000
_MOST_HEADINGS = 3


class Form(StrEnum):
    """How a statement stands on its page."""

    SENTENCE = "sentence"
    LINE = "line"  # an item, a label with its value: no whole sentence
    ROW = "row"  # of a table; its text is "first cell | header = cell | header = cell"


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement of a passage. `span` is its place there, `headings` what stands over it, `before` and `after` its neighbours."""

    text: str
    span: tuple[int, int]
    form: Form
    headings: tuple[str, ...] = ()
    before: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class _Line:
    text: str
    start: int
    heading: bool = False
    row: bool = False
    item: bool = False
    gap: bool = False  # an empty line before it


@lru_cache(64)
def split_passage(passage: str) -> tuple[Statement, ...]:
    """Split a passage into its statements, in order."""
    folded = fold(passage)
    found = list(_find_statements(_join_wrapped(list(_read_lines(folded.text)))))
    return tuple(
        replace(
            each,
            span=(folded.find_place(each.span[0]), folded.find_place(each.span[1] - 1) + 1),
            before=found[at - 1].text if at else "",
            after=found[at + 1].text if at + 1 < len(found) else "",
        )
        for at, each in enumerate(found)
    )


def split_sentences(text: str, start: int = 0) -> Iterator[tuple[str, int]]:
    """Yield the sentences of a paragraph, each with its place."""
    at = 0
    for found in _SENTENCE_END.finditer(text):
        if _ABBREVIATION.search(text[max(0, found.start() - 12) : found.start()]) or found.end() >= len(text):
            continue
        yield text[at : found.start()].rstrip(), start + at
        at = found.end()
    if text[at:].strip():
        yield text[at:].rstrip(), start + at


def _read_lines(text: str) -> Iterator[_Line]:
    start, gap = 0, True
    for line in text.split("\n"):
        bare = line.strip()
        if not bare or (_RULE.fullmatch(bare) and len(bare) > 2):
            gap = gap or not bare
        else:
            offset = start + len(line) - len(line.lstrip())
            heading, item = _HEADING.match(line), _ITEM.match(line)
            marker = heading or (item if not _DIGIT.match(bare) or (item and item[0].strip()[-1:] in ".)") else None)
            if marker:
                offset, bare = start + marker.end(), line[marker.end() :].strip()
            yield _Line(bare, offset, bool(heading), " | " in line or line.lstrip().startswith("|"), bool(item), gap)
            gap = False
        start += len(line) + 1


def _join_wrapped(lines: Sequence[_Line]) -> list[_Line]:
    """Join lines that are one paragraph, broken for a column's width."""
    joined = list[_Line]()
    for line in lines:
        last = joined[-1] if joined else None
        if (
            last
            and not (line.gap or line.row or line.item or line.heading or last.row or last.heading)
            and _continues(last.text, line.text)
        ):
            joined[-1] = replace(last, text=last.text + " " * (line.start - last.start - len(last.text)) + line.text)
        else:
            joined.append(line)
    return joined


def _continues(last: str, line: str) -> bool:
    if _ENDED.search(last) or last.endswith(":") or len(last) > _LONGEST_STATEMENT:
        return False
    return (
        (line[:1].islower() and len(last) > 20)
        or last.endswith((",", " and", " or", " the", " of", " a"))
        or (len(last) > 60 and line[:1].islower())
    )


def _find_statements(lines: Sequence[_Line]) -> Iterator[Statement]:
    headings, header = list[str](), list[str]()
    last_heading_at = -2
    for at, line in enumerate(lines):
        if line.row:
            if not (at and lines[at - 1].row) or (line.gap and header):
                header = _find_header(lines, at)
                if header:
                    continue
            yield _make_row(line, header, headings)
            continue
        header = []
        if _is_heading(lines, at):
            follows = last_heading_at == at - 1
            headings = ([line.text, *headings] if follows and not line.heading else [line.text])[:_MOST_HEADINGS]
            last_heading_at = at
            yield Statement(line.text, (line.start, line.start + len(line.text)), Form.LINE, tuple(headings[1:]))
            continue
        for sentence, start in split_sentences(line.text, line.start):
            form = Form.SENTENCE if _ENDED.search(sentence) else Form.LINE
            yield Statement(sentence, (start, start + len(sentence)), form, tuple(headings))


def _is_heading(lines: Sequence[_Line], at: int) -> bool:
    """Return whether a line stands over what follows: it is marked as a heading, or short, without figures and without a stop."""
    line = lines[at]
    if line.heading or line.text.endswith(":"):
        return len(line.text) < 200
    following = lines[at + 1] if at + 1 < len(lines) else None
    if following is None or (following.gap and not line.gap) or line.item or len(line.text) > _LONG_HEADING or _ENDED.search(line.text):
        return False
    return ": " not in line.text and not re.search(r"[$€£¥]|\d[.,]\d|~~", line.text)


def _find_header(lines: Sequence[_Line], at: int) -> list[str]:
    """Return the header cells of a table that begins here; none if its first row is one of data."""
    cells = _split_row(lines[at].text)
    rows = list[list[str]]()
    for line in lines[at + 1 :]:
        if not line.row:
            break
        rows.append(_split_row(line.text))
    if not rows or any(_DIGIT.search(cell) and not re.fullmatch(r"(?:19|20)\d\d", cell) for cell in cells):
        return []
    valued = [cell for row in rows for cell in row[1:]]
    return cells if any(_DIGIT.search(cell) or _MARK_CELL.fullmatch(cell) for cell in valued) or not cells[0] else []


def _split_row(line: str) -> list[str]:
    return (
        [cell.strip() for cell in line.strip().strip("|").split("|")]
        if line.strip().startswith("|")
        else [cell.strip() for cell in line.split("|")]
    )


def _make_row(line: _Line, header: Sequence[str], headings: Sequence[str]) -> Statement:
    cells = _split_row(line.text)
    named = [
        f"{header[at]} = {'no' if _NO_CELL.fullmatch(cell) else cell}" if at < len(header) and header[at] and at else cell
        for at, cell in enumerate(cells)
    ]
    return Statement(
        " | ".join(filter(None, named)),
        (line.start, line.start + len(line.text)),
        Form.ROW,
        ((header[0],) if header and header[0] else ()) + tuple(headings),
    )
