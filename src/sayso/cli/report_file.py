"""Writing a research report: where it goes, and what is said about it."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from sayso.agents.research.report import SNAPSHOTS, Report, check_formats, make_slug
from sayso.agents.research.report_changes import describe_change
from sayso.agents.research.report_saving import copy_snapshots
from sayso.agents.research.state import count_words
from sayso.cli.options import Exit
from sayso.console import escape_controls
from sayso.tools.errors import RunError, UsageError

if TYPE_CHECKING:
    from sayso.cli.research_flow import ResearchTask

DEFAULT_FORMATS = "md,json,html"
ENDINGS = (".md", ".markdown", ".json", ".html", ".htm", ".csv")
"""What a file ends in that `--out` may name."""
MOST_NAMED = 6
"""How many of what was left out are named; the report has all."""
MOST_CHANGES = 20
"""How many changes the terminal shows; the report has all."""
SITES = {"competitors": ("competitor", "competitors"), "market": ("business", "businesses"), "topic": ("site", "sites")}
GIVE_ANOTHER = "Give another place with --out."


def split_formats(words: str) -> tuple[str, ...]:
    """Return the formats of a report that were named with commas between them. Raises UsageError for an unknown one."""
    formats = tuple(word.strip().lower() for word in words.split(",") if word.strip())
    check_formats(formats)
    return formats


def find_report_path(out: Path, company: str) -> Path:
    """Return the path of the report, after trying to write there, so that nothing is spent on a report that cannot be stored.

    `out` is a folder, or a file in one of the formats, beside which the others go. Raises UsageError if report, JSON or snapshots cannot be
    written.
    """
    ending = out.suffix.lower()
    if ending not in ENDINGS or out.is_dir():
        path = out / f"{make_slug(company)}.md"
    else:
        path = out if ending in (".md", ".markdown") else out.with_suffix(".md")
    snapshots = path.parent / "snapshots"
    tried = path.parent
    made: list[Path] = []
    try:
        made = [folder for folder in (snapshots, tried, *tried.parents) if not folder.exists()]
        tried.mkdir(parents=True, exist_ok=True)
        for tried in (path, path.with_suffix(".json")):
            is_new = not tried.exists()
            with tried.open("a", encoding="utf-8"):
                pass
            if is_new:
                tried.unlink()
        tried = snapshots
        tried.mkdir(exist_ok=True)
        tempfile.TemporaryFile(dir=snapshots).close()
        _remove_empty(made)  # a research that finds nothing leaves nothing behind
    except OSError as error:
        raise UsageError(f"The report cannot be written to {tried}: {error.strerror or error}. Give another place with --out.") from None
    return path


def _remove_empty(folders: Iterable[Path]) -> None:
    """Remove these folders, the innermost first, as far as they are empty."""
    for folder in folders:
        with suppress(OSError):
            folder.rmdir()


def save_finished_report(report: Report, task: ResearchTask, *, quiet: bool = False) -> int:
    """Write the report of a finished research where its task says. Raises RunError if no competitor was found."""
    path = Path(task.report)
    if not path.parent.is_dir() and path.is_absolute():  # the run was started in a folder that is gone, or on another machine
        say(f"sayso: the folder {path.parent} is not here; the report is written to the current one.")
        path = Path(path.name)
    written = _write(report, path, task.formats)
    _tell(report, task, quiet)
    print(written, flush=True)
    if not report.competitors and not report.stopped:
        raise RunError("No competitor was found that could be read. Try another --search or --model.")
    return Exit.OK


def save_partial_report(report: Report, task: ResearchTask, *, quiet: bool = False) -> None:
    """Write the report of a research that was stopped: beside a report that exists already, never over it."""
    path = Path(task.report)
    written = _write(report, path.with_stem(f"{path.stem}-stopped") if path.exists() else path, task.formats)
    _tell(report, task, quiet)
    with suppress(OSError):  # whoever reads it may be gone
        print(written, flush=True)


def say(text: str) -> None:
    """Print a line on standard error, if there is still somebody who reads it."""
    with suppress(OSError):
        print(escape_controls(text), file=sys.stderr, flush=True)


def _write(report: Report, path: Path, formats: Sequence[str]) -> Path | str:
    """Write the report and return its path. Where that fails it is written to another place with its pages, else returned as Markdown."""
    try:
        return report.save(path, formats)
    except UsageError as error:
        say(f"sayso: {str(error).removesuffix(GIVE_ANOTHER).strip()}")
    for place in (Path.cwd(), Path(tempfile.gettempdir())):
        folder = place / f"sayso-{make_slug(report.company)}-{os.getpid()}"
        try:
            copy_snapshots(report.sources, path.parent / SNAPSHOTS, folder / SNAPSHOTS)
            written = report.save(folder / path.name, formats)
        except UsageError:
            shutil.rmtree(folder, ignore_errors=True)
        else:
            say(f"It is written to {folder} instead.")
            return written
    say("There is no other place for it either, so here it is:")
    return report.markdown()


def _tell(report: Report, task: ResearchTask, quiet: bool) -> None:
    """Say on standard error what the report holds, why it ends early, and what was left out."""
    count, claims = len(report.competitors), len(report.number_claims())
    of = f" of {task.competitors}" if count < task.competitors else ""
    if report.stopped:
        say(f"Stopped early: {report.stopped} {_name_option(report.stopped, task)}".rstrip())
    unvisited = [each.name for each in report.left_out if each.what == "site"]
    if unvisited:
        say(f"Not visited: {_list(unvisited, ', ')}.")
    others = [each for each in report.left_out if each.what != "site"]
    for why in dict.fromkeys(each.why for each in others):
        names = _list([each.name for each in others if each.why == why], "; ")
        say(f"Left out: {names}." + (f" {why}" if why != report.stopped else ""))
    if not quiet:
        one, many = SITES[report.kind]
        sites = f"{count}{of} {one if count == 1 and not of else many}"
        say(f"{sites}, {count_words(claims, 'claim')}, {count_words(len(report.sources), 'page')} read.")
    _tell_changes(report)
    for page in report.failed_pages:
        say(f"Not read: {page.why}")
    if report.dropped_claims:
        say(f"Sentences dropped, as no page says them: {report.dropped_claims}")


def _list(names: Sequence[str], between: str) -> str:
    more = len(names) - MOST_NAMED
    return between.join([*names[:MOST_NAMED], *([f"and {more} more"] if more > 0 else [])])


def _tell_changes(report: Report) -> None:
    """Say what changed since the earlier report, if there is one."""
    if not report.changed_since:
        return
    say(
        f"Since the report of {report.changed_since[:10]}:" if report.changes else f"Nothing has changed since {report.changed_since[:10]}."
    )
    for change in report.changes[:MOST_CHANGES]:
        say(f"  {describe_change(change)}")
    if len(report.changes) > MOST_CHANGES:
        say(f"  and {len(report.changes) - MOST_CHANGES} more, in the report.")


def _name_option(why: str, task: ResearchTask) -> str:
    """Return how to allow more, if it was the budget that ended the research."""
    budget = task.budget
    if budget.minutes is not None and why == budget.time_is_over:
        return "Allow more with --minutes."
    if budget.max_pages is not None and why == budget.pages_are_read:
        return "Allow more with --max-pages."
    return "Allow more with --max-cost." if budget.max_cost is not None and "could bring the cost" in why else ""
