"""`sayso research` and `sayso demo`: progress on standard error, the report's path on standard output, nothing lost when it stops."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from sayso.agents.events import ModelRetried
from sayso.agents.report import Report, slug
from sayso.agents.research import WorkSoFar, report_so_far, research
from sayso.tools.errors import RunError, UsageError
from sayso.workflows import Limits, RunEnded
from sayso.workflows.events import Progress

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
    max_cost: float | None
    latest: WorkSoFar | None = field(default=None, init=False)

    async def carry_out(self) -> int:
        """Research, and write the report; when it is stopped, write what there is and pass the reason on."""
        path = report_path(self.out, self.company)
        who = self.model.name if self.model is not None else "no language model: sentences are quoted, not written"
        print(f"Researching the competitors of {self.company} ({who}) ...", file=sys.stderr)
        stopped = "interrupted"
        try:
            report = await self._researched(path)
        except RunError as error:
            stopped = str(error)
            raise
        else:
            stopped = ""
        finally:
            if stopped and self.latest is not None:
                self._finish(report_so_far(self.latest.work, self.model, stopped), path)
        return self._finish(report, path)

    async def _researched(self, path: Path) -> Report:
        limits = Limits(cost_usd=self.max_cost) if self.max_cost is not None else None
        report: Report | None = None
        stream = research.run_stream(
            self.company,
            model=self.model,
            competitors=self.competitors,
            search=self.search,
            snapshots=path.parent / "snapshots",
            limits=limits,
        )
        async for event in stream:
            match event:
                case Progress(_, stage, detail):
                    print(f"  {stage:<10} {detail}", file=sys.stderr, flush=True)
                case ModelRetried(_, attempt, wait, why):
                    print(f"  {'retry':<10} try {attempt} failed, again in {wait:.0f} s: {why}", file=sys.stderr, flush=True)
                case WorkSoFar():
                    self.latest = event
                case RunEnded(result):
                    report = result.output
        if report is None:
            raise RunError("The research ended without a report.")
        return report

    def _finish(self, report: Report, path: Path) -> int:
        written = report.save(path)
        claims = len(report.numbered_claims())
        print(f"{len(report.competitors)} competitors, {claims} claims, {len(report.sources)} pages read.", file=sys.stderr)
        for page in report.failed_pages:
            print(f"Not read: {page.why}", file=sys.stderr)
        if report.dropped_claims:
            print(f"Dropped for want of a quote: {report.dropped_claims}", file=sys.stderr)
        print(written)
        return 0


def report_path(out: Path, company: str) -> Path:
    """Where the report will be; tried before anything is spent. UsageError when it cannot be written."""
    path = out if out.suffix.lower() in (".md", ".markdown") else out / f"{slug(company)}.md"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8"):
            pass
        if not path.stat().st_size:
            path.unlink()
    except OSError as error:
        raise UsageError(f"The report cannot be written to {path}: {error.strerror or error}. Give another place with --out.") from None
    return path
