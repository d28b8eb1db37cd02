"""Writing a research report: where it goes, and what is said about it."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from sayso.agents.research.report import Report, check_formats, make_slug
from sayso.cli.builtin_app import ResearchTask
from sayso.cli.options import Exit
from sayso.console import escape_controls
from sayso.tools.errors import RunError, UsageError

DEFAULT_FORMATS = "md,json,html"


def split_formats(words: str) -> tuple[str, ...]:
    """Return the formats of a report that were named with commas between them. Raises UsageError for an unknown one."""
    formats = tuple(word.strip().lower() for word in words.split(",") if word.strip())
    check_formats(formats)
    return formats


def find_report_path(out: Path, company: str) -> Path:
    """Return the path of the report, after trying to write there, so that nothing is spent on a report that cannot be stored.

    `out` is a folder, or a file ending in .md. Raises UsageError if report, JSON or snapshots cannot be written.
    """
    path = out if out.suffix.lower() in (".md", ".markdown") else out / f"{make_slug(company)}.md"
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
        folder = escape_controls(str(path.parent))
        print(f"sayso: the folder {folder} is not here; the report is written to the current one.", file=sys.stderr)
        path = Path(path.name)
    _write(report, path, task, quiet)
    if not report.competitors:
        raise RunError("No competitor was found that could be read. Try another --search or --model.")
    return Exit.OK


def save_partial_report(report: Report, task: ResearchTask, *, quiet: bool = False) -> None:
    """Write the report of a research that was stopped: beside a report that exists already, never over it."""
    path = Path(task.report)
    _write(report, path.with_stem(f"{path.stem}-stopped") if path.exists() else path, task, quiet)


def _write(report: Report, path: Path, task: ResearchTask, quiet: bool) -> None:
    """Write the report; print its path to standard output, and what it holds to standard error."""
    written = report.save(path, task.formats)
    count, claims = len(report.competitors), len(report.number_claims())
    of = f" of {task.competitors}" if count < task.competitors else ""
    if not quiet:
        print(f"{count}{of} competitors, {claims} claims, {len(report.sources)} pages read.", file=sys.stderr, flush=True)
    for page in report.failed_pages:
        print(escape_controls(f"Not read: {page.why}"), file=sys.stderr)
    if report.dropped_claims:
        print(f"Sentences dropped, as no page says them: {report.dropped_claims}", file=sys.stderr)
    print(written, flush=True)
