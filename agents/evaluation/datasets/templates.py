"""Instruction templates: a prompt and its completion with slots, filled from the rows of a table."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from sayso.tools.errors import UsageError

from .example import Example, ExampleOrigin, text_example
from .separated import split_line
from .text_files import read_text, split_lines

_SLOT = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_NAME = re.compile(r"[^\W\d][\w -]*\Z")


class TableRow(NamedTuple):
    """A row of a table: the line on which it ends, and its texts by the names of the columns."""

    line: int
    values: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Template:
    """A prompt and a completion with slots, as `{text}`. A brace that is no slot is written twice.

    Both have a slot: a template without one would give the same example for every row. Raises UsageError; it names the template.
    """

    name: str
    prompt: str
    completion: str

    def __post_init__(self) -> None:
        for part, text in (("prompt", self.prompt), ("completion", self.completion)):
            if not self._find(part, text):
                raise UsageError(f"The {part} of the template {self.name!r} has no slot: {text[:60]!r}. Write one, such as {{text}}.")

    @property
    def slots(self) -> tuple[str, ...]:
        """Return the names of its slots, each once, in their order."""
        return tuple(dict.fromkeys([*self._find("prompt", self.prompt), *self._find("completion", self.completion)]))

    def fill(self, row: Mapping[str, object], place: str = "the row") -> tuple[str, str]:
        """Return the prompt and the completion for a row. Raises UsageError for a slot that the row has no text for."""
        values = {name: _to_text(row.get(name)) for name in self.slots}
        if missing := [name for name, text in values.items() if not text.strip()]:
            raise UsageError(
                f"{place} has nothing for the slot {{{missing[0]}}} of the template {self.name!r}. It has: {', '.join(row) or 'nothing'}."
            )
        return _fill(self.prompt, values), _fill(self.completion, values)

    def _find(self, part: str, text: str) -> list[str]:
        found: list[str] = []
        for match in _SLOT.finditer(text):
            if match[0] in ("{{", "}}"):
                continue
            if match[1] is None or not _NAME.match(match[1].strip()):
                raise UsageError(
                    f"The {part} of the template {self.name!r} has {match[0]!r}, which is not a slot. "
                    "Write {text}, or {{ and }} for braces."
                )
            found.append(match[1].strip())
        return found


TEMPLATES: Mapping[str, Template] = {
    template.name: template
    for template in (
        Template("classification", "Classify the following text as one of: {labels}.\n\nText: {text}\n\nClass:", "{label}"),
        Template("generation", "{instruction}\n\nInput: {text}\n\nOutput:", "{output}"),
        Template("summarisation", "Summarise the following text in {length}.\n\nText: {text}\n\nSummary:", "{summary}"),
    )
}
"""The templates that have a name: for classes, for texts that are written by an instruction, and for summaries."""


def read_template(name: str | Path) -> Template:
    """Return a template by its name, or from a file with "prompt ||| completion" in it, over one line or many.

    Raises UsageError for an unknown name, and for a file without the bars or without slots.
    """
    if (known := TEMPLATES.get(str(name))) is not None:
        return known
    if not Path(name).is_file():
        raise UsageError(f"There is no template {str(name)!r}, and no file of that name. Templates: {', '.join(TEMPLATES)}.")
    prompt, completion = split_line(read_text(name).strip(), str(name))
    return Template(str(name), prompt.rstrip("\n"), completion.lstrip("\n"))


def fill_template(template: Template, rows: Iterable[TableRow], source: str = "row") -> list[Example]:
    """Return an example for each row. Raises UsageError for a row that lacks a slot's text; it names the row by its line."""
    why = f"a row in the template {template.name!r}"
    return [
        text_example(*template.fill(row.values, f"{source}:{row.line}"), ExampleOrigin(f"{source}:{row.line}", "", why)) for row in rows
    ]


def read_table(path: str | Path) -> list[TableRow]:
    """Return the rows of a CSV file with names in its first line, or of a JSONL file with an object on each line.

    Raises UsageError, with the line, for a file that is neither.
    """
    text, suffix = read_text(path), Path(path).suffix.lower()
    if suffix in (".jsonl", ".ndjson"):
        return [TableRow(number, _read_row(line, f"{path}:{number}")) for number, line in split_lines(text)]
    if suffix not in (".csv", ".tsv"):
        raise UsageError(f"{path} is not a table. A template is filled from a .csv, .tsv or .jsonl file.")
    lines = csv.DictReader(io.StringIO(text, newline=""), delimiter="\t" if suffix == ".tsv" else ",", strict=True)
    rows: list[TableRow] = []
    try:
        for row in lines:
            if None in row or None in row.values():
                raise UsageError(f"{path}:{lines.line_num} has not as many columns as the first line.")
            rows.append(TableRow(lines.line_num, {str(name).strip(): value for name, value in row.items()}))
    except csv.Error as error:
        raise UsageError(f"{path}:{lines.line_num} is not CSV: {error}.") from None
    return rows


def _read_row(line: str, place: str) -> dict[str, object]:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise UsageError(f"{place} is not JSON: {error}.") from None
    if not isinstance(row, dict):
        raise UsageError(f"{place} is not a JSON object.")
    return row


def _fill(text: str, values: Mapping[str, str]) -> str:
    """Return a text with its slots filled, in one pass: braces in the values stay as they are."""
    return _SLOT.sub(lambda match: match[0][0] if match[1] is None else values[match[1].strip()], text)


def _to_text(value: object) -> str:
    if isinstance(value, (list, tuple)):
        return ", ".join(map(_to_text, value))
    return value if isinstance(value, str) else "" if value is None else json.dumps(value, ensure_ascii=False)
