"""Where examples come from: runs of a database by id or by selection, and files."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from sayso.tools.errors import NothingFound, UsageError

from ..run_records import find_record
from ..values import Case, CaseRun, RunRecord, Score
from .example import Example, LeftOut
from .preferences import find_pairs
from .row_reading import read_examples
from .run_examples import conversation_of, make_example
from .separated import read_separated
from .templates import TableRow, Template, fill_template, read_table
from .text_files import read_text

if TYPE_CHECKING:
    from sayso.workflows import DurableEngine
    from sayso.workflows.durable.records import RunRow

TABLES = (".csv", ".tsv")


async def find_records(engine: DurableEngine, runs: Iterable[str] = (), *, flow: str = "", limit: int = 1000) -> list[RunRecord]:
    """Return the records of these runs, or of all finished ones, the oldest first. A conversation's name stands for all its turns.

    `flow` keeps those of one agent or workflow. Raises UsageError for a run that is not there, NothingFound for an empty selection.
    """
    rows = await engine.runs(limit=limit) if not runs else [row for name in runs for row in await _find_rows(engine, name)]
    if not runs:
        rows = [row for row in rows if row.state == "done"]
    rows = sorted({row.id: row for row in rows if not flow or row.flow == flow}.values(), key=lambda row: (row.created_at, row.id))
    if not rows:
        raise NothingFound(f"The database has no finished run{f' of {flow!r}' if flow else ''} to make examples of.")
    return [await find_record(engine, row.id) for row in rows]


async def _find_rows(engine: DurableEngine, name: str) -> list[RunRow]:
    turns = [row for row in await engine.runs() if conversation_of(row.id) == name]
    return turns or [await engine.run(name)]


async def keep_good(records: Iterable[RunRecord], scores: Mapping[Score, float | None]) -> list[RunRecord | LeftOut]:
    """Return the records that each of these scores finds good, and what was left out.

    A score is passed from its least value on, or, where that is None, as it says itself.
    """
    kept: list[RunRecord | LeftOut] = []
    for record in records:
        why = ""
        for score, least in scores.items():
            result = await score(CaseRun(Case(name=record.run_id, input=record.input), record))
            is_good = result.passed if least is None else result.value is not None and result.value >= least
            if not is_good and not why:
                value = "no value" if result.value is None else f"{result.value:.2f}"
                why = f"its score {score.name} is {value}{f': {result.reason}' if result.reason else ''}"
        kept.append(LeftOut(record.run_id, why) if why else record)
    return kept


def make_examples(
    records: Iterable[RunRecord | LeftOut], *, format: str = "chat", why: str = "", private: bool = False
) -> list[Example | LeftOut]:
    """Return the examples that runs are in a format: a run as a whole, or what a person's decisions on its calls teach.

    `why` says why the runs were chosen. Without `private`, runs that have read private text are left out.
    """
    found: list[Example | LeftOut] = []
    for record in records:
        if isinstance(record, LeftOut):
            found.append(record)
        elif format == "preference":
            found += find_pairs(record, private=private) or [LeftOut(record.run_id, "nobody has decided on a call of it")]
        else:
            found.append(make_example(record, why or "a finished run", private=private))
    return found


def read_file(
    path: str | Path, *, template: Template | None = None, slots: Mapping[str, str] | None = None, escape: bool = False
) -> list[Example | LeftOut]:
    """Return the examples in a file: JSON lines, "prompt ||| completion" lines (.txt), or a table that fills a template.

    `slots` are those of the template that have the same text in all rows. Raises UsageError, with the line, for what cannot be read.
    """
    suffix = Path(path).suffix.lower()
    if template is not None:
        rows = [TableRow(row.line, {**row.values, **(slots or {})}) for row in read_table(path)]
        if not rows:
            raise UsageError(f"{path} has no rows.")
        return [*fill_template(template, rows, str(path))]
    if suffix in TABLES:
        raise UsageError(f"{path} is a table. Say what to make of its rows: --template classification, or a file with a template.")
    if suffix == ".txt":
        return [*read_separated(path, escape=escape)]
    if suffix == ".json":
        return _read_json(path)
    return [*read_examples(path)]


def _read_json(path: str | Path) -> list[Example | LeftOut]:
    """Return the example that a transcript is, as `messages.to_json` writes it, or the examples in a JSON list."""
    from ...messages import from_json  # late, for load time

    text = read_text(path)
    try:
        parsed = json.loads(text)
    except ValueError as error:
        raise UsageError(f"{path} is not JSON: {error}.") from None
    if isinstance(parsed, list) or "format" not in parsed:
        return [*read_examples(path)]
    try:
        messages = from_json(parsed)
    except UsageError as error:
        raise UsageError(f"{path}: {error}") from None
    return [make_example(RunRecord(run_id=str(path), flow="", input="", messages=messages), "a transcript in a file")]
