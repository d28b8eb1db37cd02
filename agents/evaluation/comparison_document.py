"""A comparison as a JSON document."""

from __future__ import annotations

import json

from sayso.tools.canonical import Json, JsonObject

from .comparison import COST, Comparison, MeasureRow
from .comparison_text import list_findings, list_notes
from .statistics import Interval, PairedDifference

FORMAT = 1


def write_comparison(comparison: Comparison) -> str:
    """Return a comparison as JSON: variants, measures with intervals and differences from the first variant, and what it shows in words.

    Shares are from 0 to 1, costs are US dollars a case, times are seconds; null is unknown.
    """
    written: JsonObject = {
        "format": FORMAT,
        "suite": comparison.suite,
        "subject": comparison.subject,
        "cases": comparison.cases,
        "repeat": comparison.repeat,
        "concurrency": comparison.concurrency,
        "complete": comparison.complete,
        "confidence_of_each_difference": comparison.confidence,
        "variants": [_describe_variant(comparison, place) for place in range(len(comparison.variants))],
        "measures": [_describe_row(comparison, row) for row in comparison.rows],
        "findings": list(list_findings(comparison)),
        "notes": list(list_notes(comparison)),
    }
    return json.dumps(written, ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def _describe_variant(comparison: Comparison, place: int) -> JsonObject:
    variant, evaluation, changes = comparison.variants[place], comparison.evaluations[place], comparison.changes[place]
    is_known = next(row.intervals[place] for row in comparison.rows if row.measure == COST) is not None
    return {
        "name": variant.name,
        "model": variant.model,
        "prompt": variant.prompt,
        "evaluation": evaluation.id,
        "runs": len(evaluation.results),
        "errors": sum(bool(result.record.error) for result in evaluation.results),
        "not_run": len(evaluation.not_run),
        "cost_usd": evaluation.cost_usd if is_known else None,
        "fixed": list(changes.fixed),
        "broken": list(changes.broken),
        "cases": [
            {"case": result.case.name, "repeat": result.repeat, "status": str(result.status), "run": result.record.run_id}
            for result in evaluation.results
        ],
    }


def _describe_row(comparison: Comparison, row: MeasureRow) -> JsonObject:
    names = [variant.name for variant in comparison.variants]
    return {
        "measure": row.measure.name,
        "unit": str(row.measure.unit),
        "more_is_better": row.measure.more_is_better,
        "variants": {name: _describe_interval(interval) for name, interval in zip(names, row.intervals, strict=True)},
        "differences": {name: _describe_interval(each) for name, each in list(zip(names, row.differences, strict=True))[1:]},
    }


def _describe_interval(interval: Interval | PairedDifference | None) -> Json:
    if interval is None:
        return None
    described = interval._asdict()
    return described | {"seen": interval.seen} if isinstance(interval, PairedDifference) else described
