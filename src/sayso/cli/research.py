"""`sayso research` and `sayso demo`: progress on standard error, the report's path on standard output, nothing lost when it stops."""

from __future__ import annotations

import sys
import tempfile
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from sayso.agents.research.report import Report, make_slug
from sayso.agents.research.run import make_partial_report, research
from sayso.agents.research.state import WorkSoFar
from sayso.cli.main import Exit, words_for
from sayso.cli.progress import ProgressTree
from sayso.console import plain
from sayso.tools.errors import RunError, UsageError
from sayso.workflows import Limits, RunEnded

if TYPE_CHECKING:
    from sayso.agents import Model


@dataclass
class Research:
    """One research from the command line."""

    company: str
    model: Model | None
    search: str | None
    competitors: int
    out: Path
    max_cost: float | None = None
    quiet: bool = False
    dialect: str = "auto"
    latest: WorkSoFar | None = field(default=None, init=False)

    async def execute(self) -> int:
        """Research, and write the report; when it is stopped, write what there is and pass the reason on."""
        path = report_path(self.out, self.company)
        who = self.model.name if self.model is not None else "no language model: sentences are quoted, not written"
        self._say(f"Researching the competitors of {self.company} ({who}) ...")
        try:
            report = await self._researched(path)
        except BaseException as error:  # Ctrl-C as well: whatever stops it, what was done is kept, and the error goes on
            if self.latest is not None:
                so_far = make_partial_report(self.latest.work, self.model, words_for(error))
                write_report(so_far, apart(path), self.competitors, self.quiet)
            raise
        return say_report(report, path, self.competitors, self.quiet)

    async def _researched(self, path: Path) -> Report:
        limits = Limits(cost_usd=self.max_cost) if self.max_cost is not None else None
        report: Report | None = None
        stream = research.run_stream(
            self.company,
            model=self.model,
            dialect=self.dialect,
            competitors=self.competitors,
            search=self.search,
            snapshots=path.parent / "snapshots",
            limits=limits,
        )
        with nullcontext() if self.quiet else ProgressTree(self.company, staying=("plan",)) as tree:
            async for event in stream:
                if tree is not None:
                    tree.take(event)
                match event:
                    case WorkSoFar():
                        self.latest = event
                    case RunEnded(result):
                        report = result.output
        if report is None:
            raise RunError("The research ended without a report.")
        return report

    def _say(self, text: str) -> None:
        if not self.quiet:
            print(plain(text), file=sys.stderr, flush=True)


def write_report(report: Report, path: Path, wanted: int, quiet: bool) -> None:
    """Write the report; what it holds is said on standard error, where it is on standard output."""
    written = report.save(path)
    found, claims = len(report.competitors), len(report.number_claims())
    of = f" of {wanted}" if found < wanted else ""
    if not quiet:
        print(f"{found}{of} competitors, {claims} claims, {len(report.sources)} pages read.", file=sys.stderr, flush=True)
    for page in report.failed_pages:
        print(plain(f"Not read: {page.why}"), file=sys.stderr)
    if report.dropped_claims:
        print(f"Dropped for want of a quote: {report.dropped_claims}", file=sys.stderr)
    print(written, flush=True)


def say_report(report: Report, path: Path, wanted: int, quiet: bool) -> int:
    """Write a finished report. RunError if it found nobody."""
    write_report(report, path, wanted, quiet)
    if not report.competitors:
        raise RunError("No competitor was found that could be read. Try another --search or --model.")
    return Exit.OK


def report_path(out: Path, company: str) -> Path:
    """Where the report will be; tried before anything is spent. UsageError when it cannot be written."""
    path = out if out.suffix.lower() in (".md", ".markdown") else out / f"{make_slug(company)}.md"
    snapshots = path.parent / "snapshots"
    place = path.parent
    try:
        place.mkdir(parents=True, exist_ok=True)
        for place in (path, path.with_suffix(".json")):
            with place.open("a", encoding="utf-8"):
                pass
            if not place.stat().st_size:
                place.unlink()
        place = snapshots
        place.mkdir(exist_ok=True)
        tempfile.TemporaryFile(dir=snapshots).close()
    except OSError as error:
        raise UsageError(f"The report cannot be written to {place}: {error.strerror or error}. Give another place with --out.") from None
    return path


def apart(path: Path) -> Path:
    """Where half a report goes: beside one that is there already, never over it."""
    return path.with_stem(f"{path.stem}-stopped") if path.exists() else path
