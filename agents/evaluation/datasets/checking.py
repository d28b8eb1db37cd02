"""Check a file of fine-tuning data before it is uploaded: each line against the documented rules of who reads it, and files for leaks."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from sayso.tools.errors import UsageError

from . import column_rules, openai_rules
from .duplicates import NEAR, normalise
from .example import Example, ExampleOrigin
from .json_rows import ONE_LIST, SPREAD, read_rows
from .personal_rows import find_personal_rows
from .problems import RowProblem, RowReport
from .row_reading import read_row
from .separated import BARS, split_line
from .splitting import group_examples
from .text_files import has_mark, read_text, split_lines

Row = Mapping[str, Any]


class RowKind(NamedTuple):
    """A kind of row: what it is called, who reads it, how it is checked, and how many of them a file needs."""

    name: str
    reader: str
    check: Callable[[Row, RowReport], object]
    fewest: int = 1


CHAT = RowKind("conversations for OpenAI", "openai", openai_rules.check_chat, openai_rules.FEWEST_ROWS)
PAIRS = RowKind("preference pairs for OpenAI", "openai", openai_rules.check_preference, openai_rules.FEWEST_ROWS)
COMPLETIONS = RowKind(
    "prompts with completions for OpenAI's older models", "openai", openai_rules.check_completion, openai_rules.FEWEST_ROWS
)
TRL_CHAT = RowKind("conversations for TRL", "trl", column_rules.check_trl_chat)
TRL_COMPLETIONS = RowKind("prompts with completions for TRL", "trl", column_rules.check_trl_completion)
TRL_PAIRS = RowKind("preference pairs for TRL", "trl", column_rules.check_trl_preference)
TEXTS = RowKind("texts for TRL", "trl", column_rules.check_text)
ALPACA = RowKind("instructions in Alpaca's columns, for open trainers", "trl", column_rules.check_alpaca)
SHAREGPT = RowKind("conversations in ShareGPT's columns, for open trainers", "trl", column_rules.check_sharegpt)
MARKED = RowProblem(1, "", "begins with a byte order mark, which some readers take for a letter", "Save it in UTF-8 without one.", False)
_OTHER_FILES = {
    "custom_id": "a request for OpenAI's Batch API, not an example to train on",
    "contents": "a row for Gemini (Vertex AI), not for OpenAI or TRL",
    "input_ids": "a row that is tokenised already",
    "reference_answer": "a row for reinforcement fine-tuning with a grader of your own",
}
_PROMPTS = ("prompt", "text", "question", "query", "input", "instruction", "request", "user", "source", "context", "q")
_COMPLETIONS = ("completion", "response", "answer", "output", "target", "assistant", "reply", "label", "a")


@dataclass(frozen=True, kw_only=True, slots=True)
class FileCheck:
    """What was found in a file: how many rows of which kind, and its problems."""

    path: str
    rows: int = 0
    kind: str = ""
    problems: tuple[RowProblem, ...] = ()

    @property
    def is_refused(self) -> bool:
        """Return whether anything in it would be refused."""
        return any(problem.refused for problem in self.problems)


def check_files(paths: Sequence[str | Path], *, reader: str = "") -> list[FileCheck]:
    """Check each file by itself, and all of them for conversations that are in two of them.

    `reader` is "openai" or "trl"; where it is "", each file is checked for the one that its rows are written for. Raises UsageError for a
    file that is not there or is no text.
    """
    if reader not in ("", "openai", "trl", "text"):
        raise UsageError(f"There is no reader {reader!r} of data sets. Readers: openai, trl, text.")
    texts = {str(path): read_text(path) for path in paths}
    leaks = _find_leaks(texts)
    checks: list[FileCheck] = []
    for path, text in texts.items():
        check = _check_file(path, text, reader)
        marks = [MARKED] if has_mark(path) else []
        checks.append(replace(check, problems=(*marks, *check.problems, *leaks.get(path, ()))))
    return checks


def group_problems(problems: Sequence[RowProblem]) -> list[tuple[RowProblem, list[int]]]:
    """Return each finding once, with the lines that have it. Numbers of places in lists do not tell them apart."""
    lines = defaultdict[tuple[str, ...], list[int]](list)
    first: dict[tuple[str, ...], RowProblem] = {}
    for problem in problems:
        key = ("".join(letter for letter in problem.place if not letter.isdigit()), problem.what, problem.do)
        first.setdefault(key, problem)
        lines[key].append(problem.line)
    return [(problem, sorted(set(lines[key]))) for key, problem in first.items()]


def find_kind(row: Row, reader: str) -> RowKind | None:
    """Return the kind of a row by its keys, and by whom it is for where several could be; None where no kind fits."""
    if {"preferred_output", "non_preferred_output"} & row.keys():
        return PAIRS
    if {"conversations", "chosen", "rejected"} <= row.keys() or "conversations" in row:
        return SHAREGPT
    if "instruction" in row:
        return ALPACA
    if {"chosen", "rejected"} & row.keys():
        return TRL_PAIRS
    if "completion" in row and "prompt" in row:
        plain = isinstance(row["prompt"], str) and set(row) == {"prompt", "completion"}
        return COMPLETIONS if reader == "openai" or (plain and not reader) else TRL_COMPLETIONS
    if "messages" in row:
        return TRL_CHAT if reader == "trl" or (not reader and _is_for_trl(row)) else CHAT
    return TEXTS if "text" in row and "label" not in row else None


def _is_for_trl(row: Row) -> bool:
    """Return whether a conversation is written as TRL reads it: arguments that are objects, or tools as JSON text."""
    messages = row["messages"] if isinstance(row["messages"], list) else []
    calls = [
        call for message in messages if isinstance(message, dict) for call in message.get("tool_calls") or () if isinstance(call, dict)
    ]
    objects = any(isinstance(call.get("function"), dict) and isinstance(call["function"].get("arguments"), dict) for call in calls)
    return isinstance(row.get("tools"), str) or "label" in row or objects


def _check_file(path: str, text: str, reader: str) -> FileCheck:
    if reader == "text" or Path(path).suffix.lower() == ".txt":
        return _check_lines(path, text)
    found = list[RowProblem]()
    rows = list(read_rows(text, found))
    kinds = Counter(kind for _, row in rows if (kind := find_kind(row, reader)) is not None)
    if not rows:
        found.append(RowProblem(0, "", "the file has no rows", "Write an object on each line."))
        return FileCheck(path=path, problems=tuple(found))
    chosen = kinds.most_common(1)[0][0] if kinds else None
    for line, row in rows:
        _check_row(line, row, chosen, reader, found)
    if chosen is not None:
        found += _check_whole(text, rows, chosen)
    if chosen is not None and chosen.reader != "openai":  # `datasets` loads these as it loads lines
        found = [each._replace(refused=False) if each.what.startswith((ONE_LIST, SPREAD)) else each for each in found]
    return FileCheck(path=path, rows=len(rows), kind=chosen.name if chosen is not None else "", problems=tuple(found))


def _check_row(line: int, row: Row, chosen: RowKind | None, reader: str, found: list[RowProblem]) -> None:
    kind, report = find_kind(row, reader), RowReport(line, found.append)
    if kind is None:
        report.refuse(*_explain_unknown(row))
        return
    if chosen is not None and kind is not chosen and kind.reader == chosen.reader:
        report.refuse("", f"is a row of {kind.name}, and most rows are {chosen.name}", "Keep one kind of row in a file.")
    elif reader == "openai" and kind.reader != "openai":
        report.refuse("", f"is a row of {kind.name}", "OpenAI takes messages, or input with preferred_output and non_preferred_output.")
    else:
        (chosen or kind).check(row, report)


def _explain_unknown(row: Row) -> tuple[str, str, str]:
    """Return where a row of no kind differs, what it is, and what to do: mostly a key has another name."""
    if other := next((what for key, what in _OTHER_FILES.items() if key in row), ""):
        return "", f"is {other}", 'Write {"messages": [...]}, or another documented format.'
    if "label" in row and "text" in row:
        return "", "has a text and its label", "Make examples of it: sayso dataset FILE --template classification --slot labels=..."
    asked = [key for key in row if str(key).lower() in _PROMPTS]
    answers = [key for key in row if str(key).lower() in _COMPLETIONS]
    if asked and answers:
        return "", f"has {asked[0]} and {answers[0]}", 'Call them "prompt" and "completion", or write {"messages": [...]}.'
    if asked and len(row) == 3:
        return "", f"has {', '.join(map(str, row))}", 'Call two answers "chosen" and "rejected", or one answer "completion".'
    keys = ", ".join(map(str, row))
    seen = (
        f" with {keys}"
        if len(keys) <= 60 and not any(letter.isdigit() for letter in keys)
        else f" with {len(row)} key{'s' * (len(row) != 1)}"
    )
    return "", f"is of no kind that is documented,{seen}", 'Write {"messages": [...]}, or another documented format.'


def _check_whole(text: str, rows: Sequence[tuple[int, Row]], kind: RowKind) -> Iterator[RowProblem]:
    if len(rows) < kind.fewest:
        yield RowProblem(
            0, "", f"has {len(rows)} row{'s' * (len(rows) != 1)}, and OpenAI takes no fewer than {kind.fewest}", "Add examples."
        )
    if kind.reader == "openai" and len(text.encode("utf-8", "replace")) > openai_rules.MOST_BYTES:
        yield RowProblem(0, "", "is larger than 512 MB", "Leave rows out, or upload it in parts.")
    if kind.reader == "trl":
        yield from column_rules.find_type_changes(rows)
        yield from column_rules.find_filled_tools(rows)
    yield from find_personal_rows(rows)
    seen = set[str]()
    for line, row in rows:
        key = normalise(json.dumps(row, ensure_ascii=False, sort_keys=True))
        if key in seen:
            yield RowProblem(line, "", "is the same as an earlier line", "Leave it out, unless it is to count twice.", False)
        seen.add(key)


def _check_lines(path: str, text: str) -> FileCheck:
    """Check a file of "prompt ||| completion" lines."""
    found, rows = list[RowProblem](), 0
    for number, line in split_lines(text):
        rows += 1
        try:
            sides = split_line(line, "the line")
        except UsageError as error:
            is_json = line.lstrip().startswith("{")
            do = "It is JSON: name the file .jsonl." if is_json else f"Write prompt {BARS} completion."
            found.append(RowProblem(number, "", str(error).removesuffix("."), do))
            continue
        for name, side in zip(("prompt", "completion"), sides, strict=True):
            if not side.strip():
                found.append(RowProblem(number, "", f"the {name} is empty", "Write it, or leave the line out."))
    if not rows:
        found.append(RowProblem(0, "", "the file has no lines", f"Write prompt {BARS} completion."))
    return FileCheck(path=path, rows=rows, kind=f"lines of prompt {BARS} completion", problems=tuple(found))


def _find_leaks(texts: Mapping[str, str]) -> dict[str, list[RowProblem]]:
    """Return, by file, the rows that are in another file too, or nearly, or continue a conversation of it."""
    if len(texts) < 2:
        return {}
    examples, places = list[Example](), list[tuple[str, int]]()
    for path, text in texts.items():
        for number, row in read_rows(text, []):
            try:
                examples.append(read_row(row, ExampleOrigin(f"{path}:{number}", "")))
            except (KeyError, TypeError, ValueError, AttributeError, IndexError):
                continue
            places.append((path, number))
    leaks = defaultdict[str, list[RowProblem]](list)
    for group in group_examples(examples, near=NEAR):
        first_path, first_line = places[group[0]]
        for place in group:
            path, line = places[place]
            if path != first_path:
                what = f"is of one conversation with {first_path}:{first_line}, or nearly the same"
                leaks[path].append(RowProblem(line, "", what, "Keep it in one of the two files: a test that has seen it measures nothing."))
    return leaks
