"""A passage as the statements that it makes: sentences, list items with their headings, table rows with their headers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from itertools import takewhile

from ..quantities.tables import MONTHS
from .folding import fold
from .rows import find_header, is_rows_of_its_own, name_cells, split_data, split_row

_SENTENCE_END = re.compile(r"(?:(?<=[.!?…])(?<!\.{4})(?<!\. \.)[\"')\]]*\s+(?=[\"'(\[~$€£¥]*[A-Z0-9À-ÞĀ-ſА-Я¿¡])|(?<=[。！？])[」』]?\s*)")
_ABBREVIATION = re.compile(
    r"(?:^|[\s(])(?:[A-Za-z]|[Dd]r|[Mm]rs?|[Mm]s|[Pp]rof|[Ss]t|[Nn]o|[Nn]r|[Aa]pprox|[Cc]a|[Vv]s|[Ii]nc|[Ll]td|[Cc]o|[Cc]orp|[Pp]p?|[Tt]el|[Ss]tr|"
    r"[Ee]st|[Ii]n[ck]l|[Ee]x[ck]l|[Ff]r|[Zz]zgl|[Gg]gf|[Ss]og|[Aa]bs|[Aa]prox|[Nn]úm|[Ee]nv|[Ee]\.g|[Ii]\.e|[Zz]\.B|P\.?O|bzw|usw|etc|[Mm]in|[Mm]ax|[Hh]rs?|[Jj]an|[Ff]eb|[Mm]ar|[Aa]pr|[Aa]ug|[Ss]ept?|[Oo]ct|[Nn]ov|[Dd]ec)\.$"
)
_UNIT_BEFORE = re.compile(r"\d\s?[A-Za-z]\.$")
_ITEM = re.compile(r"[ ]*(?:[-•·▪◦‣+]|\d{1,2}[.)]|[a-z]\))[ ]+(?=\S)")
_HEADING = re.compile(r"[ ]{0,3}#{1,6}[ ]+")
_RULE = re.compile(r"[ |:+=_-]*$")
_ENDED = re.compile(r"[.!?。！？…][\"')\]」』]*$")
_DIGIT = re.compile(r"\d")
_FIGURE = re.compile(r"[$€£¥]|\d[.,]\d|~~|\d\s*(?:EUR|USD|GBP|CHF|円)|(?:EUR|USD|GBP|CHF)\s*\d|^\d+$")
_DATA = "data of the page:"
_ORDINAL = re.compile(r"(?<!\d)\d{1,2}\.$")
_MONTH = re.compile(rf"(?i:(?:{'|'.join(name for name in MONTHS if len(name) > 2)})\b)")
_LONG_HEADING = 90
_LONGEST_STATEMENT = 3_000
_SHORT = 60


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

    def __hash__(self) -> int:
        """Hash the text and its place: statements are keys of caches."""
        return hash((self.text, self.span))


@dataclass(frozen=True, slots=True)
class _Line:
    text: str
    start: int
    heading: bool = False
    row: bool = False
    item: bool = False
    gap: bool = False  # an empty line before it

    @property
    def span(self) -> tuple[int, int]:
        return self.start, self.start + len(self.text)


@lru_cache(64)
def split_passage(passage: str) -> tuple[Statement, ...]:
    """Split a passage into its statements, in order."""
    folded = fold(passage)
    found = _join_answers(list(_find_statements(_join_wrapped(list(_read_lines(folded.text))))))
    return tuple(
        replace(
            each,
            span=(folded.find_place(each.span[0]), folded.find_place(each.span[1] - 1) + 1),
            before=found[at - 1].text if at else "",
            after=found[at + 1].text if at + 1 < len(found) else "",
        )
        for at, each in enumerate(found)
    )


def _join_answers(found: list[Statement]) -> list[Statement]:
    """Put a question over its answer: "How long are records kept?" over "Seven years."."""
    for at in range(1, len(found)):
        answered = found[at - 1].text.endswith("?") and not found[at].text.endswith("?")
        if answered and not re.match(r"(?:no|nein|non)\b", found[at].text, re.IGNORECASE):
            found[at] = replace(found[at], headings=(found[at - 1].text, *found[at].headings))
    return found


def split_sentences(text: str, start: int = 0) -> Iterator[tuple[str, int]]:
    """Yield the sentences of a paragraph, each with its place."""
    at = 0
    for found in _SENTENCE_END.finditer(text):
        before = text[max(0, found.start() - 12) : found.start()]
        if (_ABBREVIATION.search(before) and not _UNIT_BEFORE.search(before)) or found.end() >= len(text):
            continue
        if _ORDINAL.search(text[max(0, found.start() - 4) : found.start()]) and _MONTH.match(text, found.end()):
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
    in_data = False
    for line in lines:
        last = joined[-1] if joined else None
        in_data = in_data or line.text.casefold() == _DATA
        if (
            last
            and not in_data
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
    over = _Headings()
    at, in_data = 0, False
    while at < len(lines):
        line, span = lines[at], lines[at].span
        in_data = in_data or line.text.casefold() == _DATA
        if in_data and line.text.casefold() != _DATA:
            yield from (Statement(text, span, Form.ROW) for text in split_data(line.text))
        elif line.row:
            table = [line, *takewhile(lambda each: each.row and not each.gap, lines[at + 1 :])]
            yield from _read_table(table, over.texts)
            at += len(table) - 1
        elif _is_heading(lines, at):
            yield Statement(line.text, line.span, Form.LINE, over.texts)
            over.add(line, alone=at + 1 < len(lines) and lines[at + 1].gap)
        else:
            for sentence, start in split_sentences(line.text, line.start):
                form = Form.SENTENCE if _ENDED.search(sentence) else Form.LINE
                yield Statement(sentence, (start, start + len(sentence)), form, over.texts)
            over.leave()
        at += 1


class _Headings:
    """What stands over the lines that follow: the last marked heading, and the line just before."""

    def __init__(self) -> None:
        self.marked, self.block, self.local, self.labelled = "", "", "", False

    @property
    def texts(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(filter(None, (self.local, self.block, self.marked))))

    def add(self, line: _Line, *, alone: bool) -> None:
        if line.heading or line.text.endswith(":"):
            self.marked, self.block, self.local = line.text, "", ""
        elif line.gap:
            self.block, self.local, self.labelled = line.text, "", False
        else:
            # two labels in one block: "Free / 5 invoices / Plus / 6 EUR" has no heading
            self.block = "" if self.labelled else self.block
            self.local, self.labelled = line.text, True

    def leave(self) -> None:
        """Forget a label once its value is read: in "Espresso / 3 EUR / Latte / 4 EUR" each label has one."""
        self.local = ""


def _is_heading(lines: Sequence[_Line], at: int) -> bool:
    """Return whether a line stands over what follows: it is marked as a heading, or short, without figures and without a stop."""
    line = lines[at]
    if line.heading or line.text.endswith(":"):
        return len(line.text) < 200
    following = lines[at + 1] if at + 1 < len(lines) else None
    if following is None or line.item or len(line.text) > _LONG_HEADING or _ENDED.search(line.text):
        return False
    if following.gap and not line.gap and not (len(following.text) < _SHORT and _FIGURE.search(following.text)):
        return False
    return ": " not in line.text and not _FIGURE.search(line.text)


def _read_table(table: Sequence[_Line], over: tuple[str, ...]) -> Iterator[Statement]:
    rows = [split_row(line.text) for line in table]
    header, heads = find_header(rows)
    before: list[str] = []
    for at, (line, cells) in enumerate(zip(table, rows, strict=True)):
        if is_rows_of_its_own(cells) or (at == 0 and header and any(_FIGURE.search(cell) for cell in cells)):
            yield from (Statement(cell, line.span, Form.LINE, over) for cell in cells if cell)
        elif at >= heads:
            named = name_cells(cells, header, before)
            yield Statement(" | ".join(filter(None, named)), line.span, Form.ROW, (header[0], *over) if header and header[0] else over)
        before = cells if len(cells) >= len(before) else before
