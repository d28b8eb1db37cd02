"""`sayso eval`: the cases of a file, executed on an agent, a workflow or a function, and judged."""

from __future__ import annotations

import asyncio
import fnmatch
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

from sayso.cli.load_object import load_subject
from sayso.cli.options import Exit, MaxCost, check_above_zero, read_whole
from sayso.cli.run_database import database_option
from sayso.cli.stopping import StopSignals
from sayso.console import escape_controls
from sayso.tools.errors import UsageError

if TYPE_CHECKING:
    from sayso.agents.evaluation import CaseResult, Evaluation
    from sayso.agents.evaluation.case_files import Suite

FOLDER = Path(".sayso")
"""Where evaluations are stored that name no database: in the folder in which the command is given."""

Cases = Annotated[Path, Parameter(help="A file of cases: .yaml, .yml or .json.")]
Subject = Annotated[str, Parameter(help="The agent, workflow or function to evaluate: module:name or path/to/file.py:name.")]
Only = Annotated[
    list[str] | None, Parameter(negative="", help="Only the cases of this name; * stands for anything. May be given more than once.")
]
Repeat = Annotated[int, Parameter(converter=read_whole, validator=Number(gte=1), help="How often to execute each case.")]
Beside = Annotated[int, Parameter(converter=read_whole, validator=Number(gte=1), help="How many cases to execute at the same time.")]
Timeout = Annotated[float | None, Parameter(validator=check_above_zero, help="How long the run of a case may take, in seconds.")]
Writes = Annotated[
    str,
    Parameter(
        help="What to do with writes: ask (leave them open), reject, pretend (say yes, perform nothing), perform (really perform them)."
    ),
]
JudgeModel = Annotated[str | None, Parameter(name="--judge", help="The model that judges scores which need one and name none.")]
Deps = Annotated[
    str | None,
    Parameter(help="The deps of the tools' ToolContext: module:name of a value, or of a function that makes one for each case."),
]
Baseline = Annotated[Path | None, Parameter(help="The JSON results of an earlier evaluation to compare with.")]
JsonFile = Annotated[Path | None, Parameter(help="Write the results to this file, as docs/evaluation.md describes.")]
HtmlFile = Annotated[Path | None, Parameter(help="Write the results to this file, as a page.")]
EvaluationStore = Annotated[
    str | None,
    Parameter(
        name="--database",
        help=f"Store the runs here: sqlite:///runs.db or postgresql://user@host/name. Default: {FOLDER}/evaluations.db",
    ),
]
Live = Annotated[
    bool,
    Parameter(
        negative="",
        help="Where a recorded run and the code differ, continue with the real model: it costs money, writes stay open, and your own steps "
        "are not done.",
    ),
]
Anew = Annotated[bool, Parameter(negative="", help="Execute all cases, even if an evaluation of the same cases was interrupted.")]


def eval(
    cases: Cases,
    subject: Subject,
    /,
    *,
    only: Only = None,
    repeat: Repeat = 1,
    concurrency: Beside = 4,
    max_cost: MaxCost = None,
    timeout: Timeout = None,
    writes: Writes = "ask",
    judge: JudgeModel = None,
    deps: Deps = None,
    baseline: Baseline = None,
    json: JsonFile = None,
    html: HtmlFile = None,
    database: EvaluationStore = None,
    live: Live = False,
    anew: Anew = False,
) -> int:
    """Execute the cases of a file on an agent, a workflow or a function, and show their scores.

    What is done is stored: after Ctrl-C, kill -9 or the end of the money the same command goes on, and does no case twice. Exit code 0 if
    all passed, 1 if something did not, was not run, or is worse than the baseline.
    """
    from sayso.agents.evaluation.case_files import read_suite  # late, for load time
    from sayso.agents.evaluation.stored_results import read_evaluation
    from sayso.workflows import Limits

    suite = choose_cases(read_suite(cases), only or ())
    suite = suite if judge is None else suite.use_judge(judge)
    loaded, made_deps = load_subject(subject), load_subject(deps, "deps") if deps is not None else None
    before = read_evaluation(baseline) if baseline is not None else None
    for target in filter(None, (json, html)):
        check_target(target)
    for note in suite.notes:
        print(escape_controls(note), file=sys.stderr)
    command = _Command(suite, loaded, before, json, html, len(suite.cases) * repeat)
    options = {"repeat": repeat, "concurrency": concurrency, "max_cost_usd": max_cost, "writes": writes, "deps": made_deps}
    options |= {"live": live, "anew": anew, "limits": None if timeout is None else Limits(seconds=timeout)}
    with StopSignals() as signals:
        return signals.run(command.execute(database or make_default_store(), options))


def choose_cases(suite: Suite, only: Sequence[str]) -> Suite:
    """Return the suite with the cases of these names. Raises UsageError where a name fits none."""
    for name in only:
        if not any(fnmatch.fnmatchcase(case.name, name) for case in suite.cases):
            names = ", ".join(case.name for case in suite.cases[:12]) + (" ..." if len(suite.cases) > 12 else "")
            raise UsageError(f"No case fits --only {name!r}. Cases of {suite.name}: {names or 'none'}.")
    if not only:
        return suite
    return replace(suite, cases=tuple(case for case in suite.cases if any(fnmatch.fnmatchcase(case.name, name) for name in only)))


class _Command:
    """Executes the evaluation and shows it: progress on standard error, the result on standard output."""

    def __init__(self, suite: Suite, subject: object, before: Evaluation | None, json: Path | None, html: Path | None, total: int) -> None:
        self.suite, self.subject, self.before, self.json, self.html, self.total = suite, subject, before, json, html, total
        self.results: list[CaseResult] = []
        self.code: int = Exit.FAILED

    async def execute(self, store: str | Path, options: dict[str, object]) -> int:
        from sayso.agents.evaluation import evaluate  # late, for load time

        try:
            evaluation = await evaluate(
                self.suite,
                self.subject,
                store=store,
                on_result=self._count,
                show=self._show,
                **options,  # type: ignore[arg-type]
            )
        except (KeyboardInterrupt, asyncio.CancelledError):
            self._clear()
            self._show_unfinished()
            print(f"{len(self.results)} of {self.total} done and stored: the same command continues.", file=sys.stderr, flush=True)
            raise
        if evaluation.not_run:
            print("Type the same command again to run the rest.", file=sys.stderr)
        return self.code

    def _count(self, result: CaseResult) -> None:
        self.results.append(result)
        if sys.stderr.isatty():
            print(f"\r{len(self.results)} of {self.total} done", end="", file=sys.stderr, flush=True)

    def _clear(self) -> None:
        if sys.stderr.isatty():
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)

    def _show_unfinished(self) -> None:
        """Print what is done of an evaluation that was interrupted, in the order of the file."""
        from sayso.agents.evaluation import Evaluation  # late, for load time
        from sayso.agents.evaluation.results_table import print_evaluation

        order = {case.name: index for index, case in enumerate(self.suite.cases)}
        done = sorted(self.results, key=lambda result: (order[result.case.name], result.repeat))
        if done:
            print_evaluation(Evaluation(id="", suite=self.suite.name, subject="", results=tuple(done)))

    def _show(self, evaluation: Evaluation) -> None:
        """Print the result and write its files. An evaluation is over only once this has returned."""
        from sayso.agents.evaluation.baselines import compare_with_baseline  # late, for load time
        from sayso.agents.evaluation.results_table import print_evaluation
        from sayso.agents.evaluation.stored_results import write_evaluation

        self._clear()
        comparison = compare_with_baseline(evaluation, self.before) if self.before is not None else None
        if self.json is not None:
            self.json.write_text(write_evaluation(evaluation), "utf-8")
        if self.html is not None:
            from sayso.agents.evaluation.html_report import write_evaluation_html  # late, for load time

            self.html.write_text(write_evaluation_html(evaluation), "utf-8")
        print_evaluation(evaluation, comparison)
        if any(not result.passed and result.record.run_id for result in evaluation.results):
            print(f"To see a run: sayso show RUN{database_option(evaluation.database)}")
        sys.stdout.flush()
        is_worse = comparison is not None and bool(comparison.worse)
        self.code = Exit.OK if evaluation.passed and not is_worse else Exit.FAILED


def check_target(target: Path) -> None:
    """Refuse a file that cannot be written before money is spent."""
    if target.is_dir():
        raise UsageError(f"{target} is a folder. Name a file in it.")
    if not target.parent.is_dir():
        raise UsageError(f"{target} cannot be written: there is no folder {target.parent}.")


def make_default_store() -> Path:
    """Return the file in which evaluations are stored here, in a folder that git leaves alone."""
    try:
        FOLDER.mkdir(exist_ok=True)
        (FOLDER / ".gitignore").write_text("*\n", "utf-8")
    except OSError as error:
        raise UsageError(f"Evaluations cannot be stored in {FOLDER.resolve()}: {error.strerror}. Give --database sqlite:///FILE.") from None
    return FOLDER / "evaluations.db"
