"""`sayso compare`: the cases of a file on several models and prompts, side by side."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from sayso.cli.eval import (
    Anew,
    Beside,
    Cases,
    Deps,
    EvaluationStore,
    HtmlFile,
    JsonFile,
    Only,
    Repeat,
    Writes,
    check_target,
    choose_cases,
    make_default_store,
)
from sayso.cli.load_object import load_subject
from sayso.cli.options import BaseUrl, Exit, MaxCost, ModelNames, resolve_model
from sayso.cli.stopping import StopSignals
from sayso.console import escape_controls

if TYPE_CHECKING:
    from sayso.agents import Agent, Model
    from sayso.agents.evaluation import CaseResult, Comparison, Variant
    from sayso.agents.evaluation.suites import Suite


Compared = Annotated[str, Parameter(help="The agent: module:name or path/to/file.py:name. Without it, each model gets only the prompt.")]
Prompts = Annotated[
    list[str] | None,
    Parameter(
        name="--prompt",
        negative="",
        help="A file, or a text with a space in it, in place of the agent's instructions; own means its own instructions. May be given "
        "more than once.",
    ),
]


def compare(
    cases: Cases,
    agent: Compared = "",
    /,
    *,
    model: ModelNames = None,
    prompt: Prompts = None,
    base_url: BaseUrl = None,
    only: Only = None,
    repeat: Repeat = 1,
    concurrency: Beside = 1,
    max_cost: MaxCost = None,
    writes: Writes = "ask",
    deps: Deps = None,
    json: JsonFile = None,
    html: HtmlFile = None,
    database: EvaluationStore = None,
    anew: Anew = False,
) -> int:
    """Execute the cases of a file with several models and prompts, and show them side by side: quality, cost, times.

    The first model with the first prompt is the baseline. A difference is claimed only where its interval leaves out zero; otherwise it
    says how many cases it would need. What is done is stored: after Ctrl-C, kill -9 or the end of the money the same command goes on, and
    with one more --model only that one is executed. Side by side (--concurrency) runs wait for each other, and their times are longer.
    Exit code 0 when everything was executed, 1 if something was not, or every run of a model or prompt failed.
    """
    from sayso.agents.evaluation import read_suite  # late, for load time

    suite = choose_cases(read_suite(cases), only or ())
    loaded: Any = load_subject(agent) if agent else None
    for target in filter(None, (json, html)):
        check_target(target)
    for note in suite.notes:
        print(escape_controls(note), file=sys.stderr)
    models = _load_models(model or ([] if base_url is None else [""]), base_url, max_cost)
    command = _Command(suite, loaded, models, prompt or [], json, html)
    options = {
        "repeat": repeat,
        "concurrency": concurrency,
        "max_cost_usd": max_cost,
        "writes": writes,
        "deps": load_subject(deps, "deps") if deps is not None else None,
        "store": database or make_default_store(),
        "anew": anew,
    }
    with StopSignals() as signals:
        return signals.run(command.execute(options))


def _load_models(names: list[str], base_url: str | None, max_cost: float | None) -> dict[str, Model]:
    """Return the models by the names that tell them apart. Raises UsageError for one that is not known, and for one given twice."""
    from sayso.agents.evaluation.comparing import name_models  # late, for load time

    loaded = [resolve_model(name, base_url, max_cost) for name in names]
    found = [model for model in loaded if model is not None]  # a name is given for each
    labels = list(name_models([name or model.name for name, model in zip(names, found, strict=True)]))
    return dict(zip(labels, found, strict=True))


class _Command:
    """Executes the comparison and shows it: progress on standard error, the result on standard output."""

    def __init__(
        self, suite: Suite, agent: Agent[Any] | None, models: dict[str, Model], prompts: list[str], json: Path | None, html: Path | None
    ) -> None:
        self.suite, self.agent, self.models, self.prompts, self.json, self.html = suite, agent, models, prompts, json, html
        self.done = 0

    async def execute(self, options: dict[str, Any]) -> int:
        from sayso.agents.evaluation import compare  # late, for load time

        try:
            comparison = await compare(self.suite, self.agent, models=self.models, prompts=self.prompts, on_result=self._count, **options)
        except (KeyboardInterrupt, asyncio.CancelledError):
            self._clear()
            print(f"{self.done} runs are done and stored: the same command continues.", file=sys.stderr, flush=True)
            raise
        self._clear()
        return self._show(comparison)

    def _count(self, variant: Variant, result: CaseResult) -> None:
        self.done += 1
        if sys.stderr.isatty():
            print(
                f"\r\x1b[K{self.done} done, {escape_controls(variant.name)}: {escape_controls(result.case.name)}",
                end="",
                file=sys.stderr,
                flush=True,
            )

    def _clear(self) -> None:
        if sys.stderr.isatty():
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)

    def _show(self, comparison: Comparison) -> int:
        from sayso.agents.evaluation.comparison_table import print_comparison  # late, for load time

        if self.json is not None:
            from sayso.agents.evaluation.comparison_document import write_comparison  # late, for load time

            self.json.write_text(write_comparison(comparison), "utf-8")
        if self.html is not None:
            from sayso.agents.evaluation.comparison_page import write_comparison_html  # late, for load time

            self.html.write_text(write_comparison_html(comparison), "utf-8")
        print_comparison(comparison)
        sys.stdout.flush()
        if not comparison.complete:
            print("Type the same command again to execute the rest.", file=sys.stderr)
        return Exit.OK if comparison.complete and not comparison.silent_variants else Exit.FAILED
