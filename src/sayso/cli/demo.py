"""`sayso demo`: a research on the sample web that comes with Sayso."""

from __future__ import annotations

from pathlib import Path

from sayso.cli.options import BaseUrl, Competitors, Dialect, Formats, MaxCost, ModelName, Out, Quiet, resolve_model
from sayso.cli.report_file import DEFAULT_FORMATS, find_report_path, split_formats
from sayso.cli.research import ResearchRun
from sayso.cli.research_flow import ResearchTask
from sayso.cli.run_models import portable_model
from sayso.cli.stopping import StopSignals

COMPANY = "BettaBurgers"


def demo(
    *,
    out: Out = Path("reports"),
    format: Formats = DEFAULT_FORMATS,
    model: ModelName = None,
    base_url: BaseUrl = None,
    dialect: Dialect = "auto",
    competitors: Competitors = 9,
    max_cost: MaxCost = None,
    quiet: Quiet = False,
) -> int:
    """Research BettaBurgers on a small web of invented restaurant chains; needs no key and no internet.

    Parameters
    ----------
    competitors
        How many competitors.
    """
    with StopSignals() as signals:
        chosen = resolve_model(model, base_url, max_cost)
        formats = split_formats(format)
        path = find_report_path(out, COMPANY)
        name, url = portable_model(model, base_url, chosen.name) if chosen is not None else (None, None)
        task = ResearchTask(COMPANY, name, url, "sample", competitors, str(path), dialect, formats=formats, max_cost=max_cost)
        return signals.run(ResearchRun(task, chosen, quiet=quiet).execute())
