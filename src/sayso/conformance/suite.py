"""Run a parser over the rows, over whole texts and over texts in pieces, and count what it reads right."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sayso.tools.errors import UsageError

from .conformance_rows import KINDS, ConformanceRow
from .parsers import CallReader, read_answer

_MOST_SHOWN = 300  # characters of a text


@dataclass(slots=True)
class ParserScore:
    """What one parser reads right. `right` and `total` are by form, way of reading ("whole" or "in pieces") and kind of row."""

    name: str
    right: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    total: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)

    @property
    def ways(self) -> list[str]:
        """Return the ways in which it was asked to read."""
        return list(dict.fromkeys(way for _, way, _ in self.total))

    def is_right(self) -> bool:
        """Tell whether every row that it took was read right."""
        return self.right == self.total


# What tokenizers have as one token, and servers hand on as one: a stream never cuts it.
_TOKENS = re.compile(r"(<[|｜][^<>\n]{1,60}[|｜]>|\[/?[A-Z_]{3,30}\]|</?(?:tool_call|think|[a-z]+:tool_call)>)")


def cut_text(row: ConformanceRow) -> list[str]:
    """Return the row's text in pieces, the same ones each time: special tokens whole, the rest in pieces of one to six characters."""
    chance, pieces = random.Random(row.id), list[str]()
    for number, part in enumerate(_TOKENS.split(row.text)):
        at = 0
        while at < len(part):
            size = len(part) if number % 2 else chance.randint(1, 6)
            pieces.append(part[at : at + size])
            at += size
    return pieces


def run_suite(name: str, parser: CallReader, rows: Iterable[ConformanceRow]) -> ParserScore:
    """Put a parser to the test. It raises NotImplementedError, or returns NotImplemented, for rows of a form that it does not read.

    Raises UsageError where it has no answer for any row, as a function has that takes other arguments.
    """
    score = ParserScore(name)
    unanswered: list[str] = []
    for row in rows:
        for way, answer in _ask(parser, row):
            if answer is NotImplemented:
                continue
            score.total[row.form, way, row.kind] += 1
            wrong, no_answer = _find_fault(row, answer)
            unanswered += [no_answer] if no_answer else []
            score.right[row.form, way, row.kind] += not wrong
            if wrong:
                score.failures.append(f"{name}, {way}, {row.id}: {wrong}\n    {row.text[:_MOST_SHOWN]!r}")
    if len(unanswered) == score.total.total() and any(kind != "problem" for _, _, kind in score.total):
        raise UsageError(
            f"{name} has no answer for any of {len(unanswered)} texts: {unanswered[0]}. A parser takes (text, tools), returns calls."
        )
    score.right = Counter({key: score.right[key] for key in score.total})
    return score


def _ask(parser: CallReader, row: ConformanceRow) -> Iterator[tuple[str, Any]]:
    """Yield the answers of a parser by way of reading; of one that raises, the exception."""
    yield "whole", _try(lambda: parser.read(row.text, row.tools, row.form))
    if parser.reads_pieces:
        yield "in pieces", _try(lambda: parser.read_pieces(cut_text(row), row.tools, row.form))


def _try(ask: Any) -> Any:
    try:
        return ask()
    except NotImplementedError:
        return NotImplemented
    except ImportError as error:  # then it reads no row at all
        raise UsageError(f"The parser cannot run: {error}. Install what it needs beside Sayso.") from None
    except UsageError:
        raise
    except Exception as error:  # noqa: BLE001  it is somebody else's parser, and what it raises is its answer
        return error


def _find_fault(row: ConformanceRow, answer: object) -> tuple[str, str]:
    """Return what is wrong with an answer, and why there is none. Both are empty where it is right.

    An exception is one way to say that a call cannot be read: it is right for a problem.
    """
    try:
        read = read_answer(answer) if not isinstance(answer, Exception) else None
    except ValueError as error:
        read, answer = None, str(error)
    if read is None:
        no_answer = f"it raised {answer!r}" if isinstance(answer, Exception) else str(answer)
        return "" if row.kind == "problem" else no_answer, no_answer
    return _compare_calls(row, read), ""


def _compare_calls(row: ConformanceRow, read: Sequence[tuple[str, Mapping[str, Any]]]) -> str:
    if row.kind != "call":
        return f"it read {_show(read)}, and there is no call: this is a {row.kind}" if read else ""
    wanted = [(name, dict(arguments)) for name, arguments in row.calls]
    same = len(read) == len(wanted) and all(
        one[0] == other[0] and is_same(one[1], other[1]) for one, other in zip(read, wanted, strict=True)
    )
    return "" if same else f"it read {_show(read)}, not {_show(wanted)}"


def is_same(one: Any, other: Any) -> bool:
    """Tell whether two values are the same JSON: 2 and 2.0 are one number, 1 and true are not one value."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(is_same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(is_same, one, other))
    return bool(one == other) and (isinstance(one, bool) == isinstance(other, bool))


def _show(calls: Sequence[tuple[str, Mapping[str, Any]]]) -> str:
    return ", ".join(f"{name}({dict(arguments)})" for name, arguments in calls)[:_MOST_SHOWN] or "no call"


def write_table(scores: Sequence[ParserScore]) -> str:
    """Return the table of format x parser in Markdown: of calls, problems and mentions, how many are right of how many."""
    columns = [(score, way) for score in scores for way in score.ways]
    forms = sorted({form for score in scores for form, _, _ in score.total})
    lines = [["form", *(f"{score.name}, {way}" for score, way in columns)]]
    lines += [[form, *(_write_cell(score, way, form) for score, way in columns)] for form in forms]
    lines.append(["all", *(_write_cell(score, way) for score, way in columns)])
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    rows = [f"| {' | '.join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))} |" for line in lines]
    legend = "Right of all: calls, problems, mentions. A dash: the parser does not read this form, or there are no such rows."
    return "\n".join([rows[0], f"| {' | '.join('-' * width for width in widths)} |", *rows[1:], "", legend])


def _write_cell(score: ParserScore, way: str, form: str = "") -> str:
    keys = [key for key in score.total if key[1] == way and form in ("", key[0])]
    kinds = [[key for key in keys if key[2] == kind] for kind in KINDS]
    counts = [f"{sum(score.right[key] for key in each)}/{sum(score.total[key] for key in each)}" if each else "-" for each in kinds]
    return " ".join(counts) if keys else "-"
