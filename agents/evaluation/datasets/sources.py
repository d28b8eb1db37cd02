"""Where examples come from: runs of a database by id or by selection, and files."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from sayso.tools.errors import NothingFound, UsageError

from ..evaluation_runs import leave_out_evaluations
from ..run_records import find_record
from ..values import Case, CaseRun, RunRecord, Score, ScoreResult
from .example import Example, LeftOut
from .preferences import find_pairs, pair_liked
from .row_reading import read_examples
from .run_examples import make_example
from .separated import read_separated
from .templates import TableRow, Template, fill_template, read_table
from .text_files import read_text

if TYPE_CHECKING:
    from sayso.workflows import DurableEngine
    from sayso.workflows.durable.records import RunRow
    from sayso.workflows.thumbs import Feedback

TABLES = (".csv", ".tsv")
MOST_RUNS = 1_000_000
"""How many runs of a database are looked through for evaluations."""


class Thumbs(NamedTuple):
    """What people think of a run: `liked` is None where they differ. `note` is what they wrote."""

    liked: bool | None
    note: str

    @property
    def why(self) -> str:
        """Return it in words, as the reason why a run was chosen."""
        said = {True: "thumbs up", False: "thumbs down", None: "thumbs up and down"}[self.liked]
        return f"{said}: {self.note}" if self.note else said


async def find_records(
    engine: DurableEngine, runs: Iterable[str] = (), *, flow: str = "", feedback: str = "", limit: int = 1000
) -> list[RunRecord | LeftOut]:
    """Return the records of these runs, or of all finished ones, the oldest first. A conversation's name stands for all its turns.

    `flow` keeps those of one agent or workflow, `feedback` those of which everybody who gave a thumb gave this one ("up" or "down"). Of all
    finished ones those of evaluations are left out: a model is not trained on what judges it.
    Raises UsageError for a run that is not there, NothingFound for an empty selection.
    """
    if feedback not in ("", "up", "down"):
        raise UsageError(f"feedback={feedback!r} is not a thumb. Write up or down.")
    names = list(runs)
    if names:
        rows, users = [row for name in names for row in await _find_rows(engine, name)], None
    else:
        every = await engine.runs(limit=MOST_RUNS)
        rows, users = [row for row in every if row.state == "done"][:limit], {row.id for row in leave_out_evaluations(every)[0]}
    thumbs = await find_thumbs(engine) if feedback else {}
    wanted = feedback == "up"
    kept = {row.id: row for row in rows if (not flow or row.flow == flow) and (not feedback or _is_liked(thumbs, row.id) is wanted)}
    if not kept:
        what = f"{f' of {flow!r}' if flow else ''}{f' with thumbs {feedback}' if feedback else ''}"
        raise NothingFound(f"There is no {'such ' if names else 'finished '}run{what} to make examples of.")
    rows = sorted(kept.values(), key=lambda row: (row.created_at, row.id))
    return [
        await find_record(engine, row.id) if users is None or row.id in users else LeftOut(row.id, "it is of an evaluation") for row in rows
    ]


async def find_thumbs(engine: DurableEngine) -> dict[str, Thumbs]:
    """Return what people think of the runs of a database, by the run's id. The last word of each person counts."""
    given: dict[str, list[Feedback]] = {}
    for each in await engine.feedback():
        if "/" not in each.run:
            given.setdefault(each.run, []).append(each)
    found: dict[str, Thumbs] = {}
    for run, thumbs in given.items():
        verdicts = {each.verdict == "up" for each in thumbs}
        found[run] = Thumbs(verdicts.pop() if len(verdicts) == 1 else None, "; ".join(each.note for each in thumbs if each.note))
    return found


def _is_liked(thumbs: Mapping[str, Thumbs], run_id: str) -> bool | None:
    return thumbs[run_id].liked if run_id in thumbs else None


async def _find_rows(engine: DurableEngine, name: str) -> list[RunRow]:
    turns = await engine.find_numbered(name)
    return turns or [await engine.run(name)]


async def keep_good(records: Iterable[RunRecord | LeftOut], scores: Sequence[Score]) -> list[RunRecord | LeftOut]:
    """Return the records that pass each of these scores, and what was left out, with the score that it did not pass.

    A score that sets no limit passes none: `Faithfulness(least=0.9)`, and not `Faithfulness()`.
    """
    kept: list[RunRecord | LeftOut] = []
    for record in records:
        if isinstance(record, LeftOut):
            kept.append(record)
            continue
        run = CaseRun(Case(name=record.run_id, input=record.input), record)
        results = [await score(run) for score in scores]
        missed = next((result for result in results if not result.passed), None)
        kept.append(record if missed is None else LeftOut(record.run_id, _describe_missed(missed)))
    return kept


def _describe_missed(result: ScoreResult) -> str:
    value = "it has no value" if result.value is None else f"{result.value:.2f}"
    limit = ", and no limit" if result.passed is None and result.value is not None else ""
    reason = f": {result.reason}".removesuffix(".") if result.reason else ""
    return f"it does not pass the score “{result.score}” ({value}{limit}{reason})"


def make_examples(
    records: Iterable[RunRecord | LeftOut],
    *,
    format: str = "chat",
    why: str = "",
    thumbs: Mapping[str, Thumbs] | None = None,
    private: bool = False,
) -> list[Example | LeftOut]:
    """Return the examples that runs are in a format: a run as a whole, or what people's decisions on its calls teach.

    With `thumbs` the runs of the format preference that answer the same question are pairs as well: one that was liked beside one that was
    not. `why` says why the runs were chosen. Without `private`, runs that have read private text are left out.
    """
    found: list[Example | LeftOut] = []
    known = thumbs or {}
    judged: list[tuple[RunRecord, bool, str]] = []
    for record in records:
        if isinstance(record, LeftOut):
            found.append(record)
        elif format != "preference":
            reason = known[record.run_id].why if record.run_id in known else ""
            found.append(make_example(record, "; ".join(filter(None, (why, reason))) or "a finished run", private=private))
        else:
            liked = _is_liked(known, record.run_id)
            judged += [(record, liked, known[record.run_id].note)] if liked is not None else []
            pairs = find_pairs(record, private=private)
            found += pairs or (
                [] if liked is not None else [LeftOut(record.run_id, "nobody has decided on a call of it, or given a thumb")]
            )
    return [*found, *pair_liked(judged, private=private)]


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
