"""`sayso dataset`: data for fine-tuning from runs and files, and a check of files before they are uploaded."""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple

from cyclopts import Parameter
from cyclopts.validators import Number

from sayso.cli.options import DatabaseUrl, Exit, read_whole
from sayso.cli.run_database import open_engine
from sayso.console import escape_controls
from sayso.tools.errors import UsageError

if TYPE_CHECKING:
    from sayso.agents.evaluation import Score
    from sayso.agents.evaluation.datasets import Dataset, Example, FileCheck, LeftOut
    from sayso.agents.guards.spans import SpanGuard

_MOST_LINES, _MOST_FINDINGS, _MOST_REASONS = 5, 40, 8
_FILES = (".jsonl", ".ndjson", ".json", ".txt", ".csv", ".tsv")


Sources = Annotated[
    list[str] | None,
    Parameter(
        negative="",
        help='Ids of runs, names of conversations, or files (.jsonl, .txt with "prompt ||| completion" lines, .csv with --template). '
        "Default: all finished runs of the database.",
    ),
]
Out = Annotated[Path | None, Parameter(help="The folder for the files.")]
Format = Annotated[
    Literal["chat", "prompt-completion", "preference"],
    Parameter(help="What a row teaches: a conversation, a completion, or the better of two answers."),
]
Reader = Annotated[
    Literal["openai", "trl", "text"] | None,
    Parameter(
        name="--for",
        help='Its reader: openai (default), trl (also Axolotl, Unsloth, LLaMA-Factory), or text ("prompt ||| completion" lines).',
    ),
]
Flow = Annotated[str, Parameter(help="Only runs of this agent or workflow.")]
Thumb = Annotated[
    Literal["up", "down"] | None,
    Parameter(name="--feedback", help="Only runs with this thumb and no other (see: sayso feedback)."),
]
ScoreNames = Annotated[
    list[str] | None,
    Parameter(
        name="--score",
        negative="",
        help="Only runs that pass this score, as in a case file: faithfulness=0.9, max_turns=4, not_contains=sorry. May be repeated.",
    ),
]
Split = Annotated[str | None, Parameter(help="The shares of train, validation and test: 80/10/10, or 90/10 without a test.")]
Near = Annotated[
    float,
    Parameter(
        validator=Number(gt=0, lte=2),
        help="The similarity (0 to 1) from which two examples count as near duplicates; 2 removes only equal ones.",
    ),
]
TemplateName = Annotated[
    str | None,
    Parameter(
        name="--template",
        help="What to make of the rows of a table: classification, generation, summarisation, or a file with a prompt ||| completion "
        "with {slots}.",
    ),
]
Slots = Annotated[
    list[str] | None,
    Parameter(
        name="--slot", negative="", help='A slot of the template with one text in all rows, as labels="food, service". May be repeated.'
    ),
]
Escape = Annotated[bool, Parameter(negative="", help="Write and read a line break in lines of text as \\n, and bars with a backslash.")]
Remove = Annotated[list[str] | None, Parameter(negative="", help="A name or a word to replace as well. May be repeated.")]
KeepPersonalData = Annotated[
    bool, Parameter(negative="", help="Keep e-mail and IP addresses, phone numbers, card, account and personal numbers unchanged.")
]
IncludePrivate = Annotated[bool, Parameter(negative="", help="Include runs that have read private text.")]
MostRuns = Annotated[
    int, Parameter(name="--limit", converter=read_whole, validator=Number(gte=1), help="The most runs to look at, the latest first.")
]
Check = Annotated[
    bool,
    Parameter(negative="", help="Check files instead: each line against the documented format, and all files for shared conversations."),
]


def dataset(
    runs: Sources = None,
    /,
    *,
    out: Out = None,
    format: Format = "chat",
    reader: Reader = None,
    flow: Flow = "",
    feedback: Thumb = None,
    scores: ScoreNames = None,
    split: Split = None,
    near: Near = 0.8,
    template: TemplateName = None,
    slots: Slots = None,
    escape: Escape = False,
    remove: Remove = None,
    keep_personal_data: KeepPersonalData = False,
    include_private: IncludePrivate = False,
    limit: MostRuns = 1000,
    check: Check = False,
    as_json: Annotated[bool, Parameter(name="--json", negative="", help="Print one JSON document.")] = False,
    database: DatabaseUrl = None,
) -> int:
    """Make fine-tuning data from runs and files, or check files before you upload them.

    Personal data is replaced, duplicates are left out, and no conversation is in two splits. Exit code 1 if a checked file would be
    refused, 4 if no example is left.
    """
    if check:
        return _check(runs or [], reader or "", as_json)
    if out is None:
        raise UsageError("Say where to write the data set: --out FOLDER. To check files: sayso dataset --check FILE.")
    if out.suffix in (".jsonl", ".json", ".txt", ".csv"):
        raise UsageError(f"--out names a folder, for train.jsonl and what else belongs to the data set, and {out} looks like a file.")
    from sayso.agents.evaluation.datasets import make_dataset, read_shares  # late, for load time

    names, files = _tell_apart(runs or [])
    shares = read_shares(split) if split is not None else (1.0,)
    examples: list[Example | LeftOut] = []
    for path in files:
        examples += _read_file(path, template, slots or [], escape)
    if names or not files:
        chosen = _Chosen(names, flow, feedback or "", [_read_score(each) for each in scores or ()], limit)
        examples += asyncio.run(_find_examples(database, chosen, format, include_private))
    made = make_dataset(
        examples, format=format, reader=reader or "openai", shares=shares, near=near, finders=_find_finders(remove, keep_personal_data),
        escape=escape,
    )  # fmt: skip
    paths = made.write(out)
    _print_made(made, paths, as_json)
    return Exit.OK


def _tell_apart(names: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the ids of runs, and the files: what is there as a file, or ends as one does."""
    if databases := [name for name in names if Path(name).suffix.lower() in (".db", ".sqlite", ".sqlite3")]:
        raise UsageError(f"{databases[0]} is a database. Name it with --database sqlite:///{databases[0]}, and its runs by their ids.")
    files = [name for name in names if Path(name).suffix.lower() in _FILES or Path(name).is_file()]
    return [name for name in names if name not in files], files


def _read_file(path: str, template: str | None, slots: Sequence[str], escape: bool) -> Sequence[Example | LeftOut]:
    from sayso.agents.evaluation.datasets import read_file, read_template  # late, for load time

    if slots and template is None:
        raise UsageError("--slot fills a slot of a template. Name it: --template classification.")
    pairs = [each.partition("=") for each in slots]
    if wrong := [name for name, sign, _ in pairs if not sign]:
        raise UsageError(f"--slot {wrong[0]} has no text. Write --slot NAME=TEXT.")
    read = read_template(template) if template is not None else None
    filled = {name: text for name, _, text in pairs}
    if read is not None and (unknown := sorted(filled.keys() - set(read.slots))):
        raise UsageError(f"The template {read.name!r} has no slot {unknown[0]!r}. Its slots: {', '.join(read.slots)}.")
    return read_file(path, template=read, slots=filled, escape=escape)


class _Chosen(NamedTuple):
    """Which runs are taken."""

    names: Sequence[str]
    flow: str
    feedback: str
    scores: Sequence[Score]
    limit: int


def _read_score(written: str) -> Score:
    """Return a score by its name and the value of its main option: "faithfulness=0.9"."""
    from sayso.agents.evaluation import make_score  # late, for load time
    from sayso.agents.evaluation.score_names import find_score

    name, sign, text = written.partition("=")
    try:
        entry = find_score(name)
        value: object = text
        with suppress(ValueError):
            value = text if entry is not None and entry.is_text else float(text)
        return make_score(name, {entry.main: value} if entry is not None and sign else {})
    except UsageError as error:
        raise UsageError(f"--score {written}: {error}") from None


async def _find_examples(database: str | None, chosen: _Chosen, format: str, private: bool) -> Sequence[Example | LeftOut]:
    from sayso.agents.evaluation.datasets import find_records, find_thumbs, keep_good, make_examples  # late, for load time

    async with open_engine(database) as engine:
        records = await find_records(engine, chosen.names, flow=chosen.flow, feedback=chosen.feedback, limit=chosen.limit)
        thumbs = await find_thumbs(engine)
    good = await keep_good(records, chosen.scores)
    why = ", ".join(f"“{score.name}”" for score in chosen.scores)
    return make_examples(good, format=format, why=f"it passes {why}" if why else "", thumbs=thumbs, private=private)


def _find_finders(remove: Sequence[str] | None, keep: bool) -> list[SpanGuard]:
    from sayso.agents.evaluation.datasets import NetworkAddresses  # late, for load time
    from sayso.agents.guards import PersonalData, WordList

    words: list[SpanGuard] = [WordList(*remove, what="a name")] if remove else []
    return words if keep else [*words, PersonalData(), NetworkAddresses()]


# ---- what is printed ----


def _print_made(made: Dataset, paths: Sequence[Path], as_json: bool) -> None:
    if as_json:
        print(json.dumps({"files": [str(path) for path in paths], **made.describe()}, indent=2, ensure_ascii=False))
        return
    for path in paths:
        rows = {
            f"{name}{more}": len(found) for part, more in ((made.parts, ""), (made.unpaired, ".unpaired")) for name, found in part.items()
        }
        count = rows.get(path.name.rpartition(".")[0])
        print(f"{path}{f'  {count} row' + 's' * (count != 1) if count is not None else ''}")
    if made.replaced:
        print(f"Replaced: {', '.join(f'{what} ({count})' for what, count in made.replaced.items())}.", file=sys.stderr)
    print("Names, postal addresses and dates of birth are not looked for: read the rows, and name them with --remove.", file=sys.stderr)
    reasons = Counter(each.why for each in made.left_out)
    for why, count in reasons.most_common(_MOST_REASONS):
        print(escape_controls(f"Left out: {count}, since {why}"), file=sys.stderr)
    if len(reasons) > _MOST_REASONS:
        print(f"Left out for {len(reasons) - _MOST_REASONS} more reasons: see dataset.json.", file=sys.stderr)
    for note in made.notes:
        print(f"Note: {note}", file=sys.stderr)


def _check(files: Sequence[str], reader: str, as_json: bool) -> int:
    from sayso.agents.evaluation.datasets import check_files  # late, for load time

    if not files:
        raise UsageError("No file was named. Write: sayso dataset --check train.jsonl")
    checks = check_files(files, reader=reader)
    if as_json:
        print(json.dumps([_describe(each) for each in checks], indent=2, ensure_ascii=False))
    else:
        for each in checks:
            _print_check(each)
    return Exit.FAILED if any(each.is_refused for each in checks) else Exit.OK


def _describe(check: FileCheck) -> dict[str, object]:
    return {
        "file": check.path,
        "rows": check.rows,
        "kind": check.kind,
        "refused": check.is_refused,
        "problems": [problem._asdict() for problem in check.problems],
    }


def _print_check(check: FileCheck) -> None:
    from sayso.agents.evaluation.datasets.checking import group_problems  # late, for load time

    found = group_problems(check.problems)
    for problem, lines in found[:_MOST_FINDINGS]:
        where = f":{problem.line}" if problem.line else ""
        more = f" (and {_list_lines(lines[1:])})" if len(lines) > 1 else ""
        place = f"{problem.place} " if problem.place else ""
        print(escape_controls(f"{check.path}{where}: {'' if problem.refused else 'warning: '}{place}{problem.what}{more}. {problem.do}"))
    if len(found) > _MOST_FINDINGS:
        print(f"{check.path}: {len(found) - _MOST_FINDINGS} more kinds of findings; --json has all.")
    refused = sum(problem.refused for problem, _ in found)
    verdict = f"{refused} problem{'s' * (refused != 1)}" if refused else "nothing that is refused"
    warnings = f", {len(found) - refused} warning{'s' * (len(found) - refused != 1)}" if len(found) > refused else ""
    print(f"{check.path}: {check.rows} row{'s' * (check.rows != 1)}{f' of {check.kind}' if check.kind else ''}, {verdict}{warnings}.")


def _list_lines(lines: Sequence[int]) -> str:
    shown = ", ".join(map(str, lines[:_MOST_LINES]))
    return f"line{'s' * (len(lines) != 1)} {shown}" + (f" and {len(lines) - _MOST_LINES} more" if len(lines) > _MOST_LINES else "")
