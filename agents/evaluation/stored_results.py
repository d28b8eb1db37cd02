"""Results as JSON: of a score, as an evaluation stores it, and of a whole evaluation, as the document that docs/evaluation.md describes."""

from __future__ import annotations

import json
from pathlib import Path

from sayso.tools.canonical import Json, JsonObject
from sayso.tools.errors import UsageError

from .record_json import read_record, to_plain, write_record
from .statistics import bootstrap_interval
from .suite_results import CaseResult, CaseStatus, Evaluation, NotRun, ScoreSummary
from .values import Case, ScoreResult

FORMAT = "sayso-evaluation/1"


def write_score(result: ScoreResult) -> JsonObject:
    """Return the result of a score as JSON."""
    written: JsonObject = {"score": result.score, "value": result.value, "passed": result.passed, "reason": result.reason}
    if result.details:
        written["details"] = list(result.details)
    if result.cost_usd:
        written["cost_usd"] = result.cost_usd
    if result.kind:
        written["kind"] = result.kind
    if result.expects_error:
        written["expects_error"] = True
    return written


def read_score(written: Json) -> ScoreResult:
    """Return the result of a score from its JSON."""
    return ScoreResult(**{**written, "details": tuple(written.get("details", ()))})


def write_evaluation(evaluation: Evaluation) -> str:
    """Return an evaluation as a JSON document, the same for the same evaluation."""
    document: JsonObject = {
        "format": FORMAT,
        "evaluation": evaluation.id,
        "suite": evaluation.suite,
        "subject": evaluation.subject,
        "repeat": evaluation.repeat,
        "passed": evaluation.passed,
        "counts": {**{str(status): evaluation.count(status) for status in CaseStatus}, "not_run": len(evaluation.not_run)},
        "cost_usd": evaluation.cost_usd,
        "scores": [_write_summary(evaluation, each) for each in evaluation.summaries],
        "results": [_write_result(each) for each in evaluation.results],
        "not_run": [
            {"case": each.case.name, "place": each.case.place, "repeat": each.repeat, "reason": each.reason} for each in evaluation.not_run
        ],
    }
    text = json.dumps(document, ensure_ascii=False, indent=2)
    return text.encode("utf-8", "backslashreplace").decode() + "\n"  # half a character that a model wrote is no text, but "\\ud83d" is JSON


def _write_summary(evaluation: Evaluation, summary: ScoreSummary) -> JsonObject:
    values = evaluation.values_of(summary.score)
    interval = bootstrap_interval(values) if any(values) else None
    return {
        "score": summary.score,
        "mean": summary.mean,
        "low": interval.low if interval is not None else None,
        "high": interval.high if interval is not None else None,
        "values": len(summary.values),
        "passed": summary.passed,
        "failed": summary.failed,
        "of": summary.of,
    }


def _write_result(result: CaseResult) -> JsonObject:
    return {
        "case": result.case.name,
        "place": result.case.place,
        "recording": result.case.recording,
        "repeat": result.repeat,
        "status": str(result.status),
        "reason": result.reason,
        "difference": result.difference,
        "scores": [write_score(each) for each in result.scores],
        "input": to_plain(result.case.input),
        "expected": to_plain(result.case.expected),
        **write_record(result.record),
    }


def read_evaluation(path: str | Path) -> Evaluation:
    """Return the evaluation of a JSON document, for a table or a comparison: its cases have no scores of their own to ask again.

    Raises UsageError for a file that is none, or of a version that is not known here.
    """
    path = Path(path)
    try:
        document: Json = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise UsageError(f"The results {path} cannot be read: {error.strerror or error}.") from None
    except ValueError as error:
        raise UsageError(f"{path} holds no results of an evaluation: it is not JSON ({error}).") from None
    found = document.get("format") if isinstance(document, dict) else None
    if found != FORMAT:
        what = f"it is of the format {found!r}, and this version of Sayso reads {FORMAT!r}" if found else f'it has no "format": "{FORMAT}"'
        raise UsageError(f"{path} holds no results of an evaluation: {what}. Write some with: sayso eval ... --json {path.name}")
    try:
        return Evaluation(
            id=document["evaluation"],
            suite=document["suite"],
            subject=document["subject"],
            results=tuple(_read_result(each) for each in document["results"]),
            not_run=tuple(
                NotRun(Case(name=each["case"], input=None, place=each["place"]), each["repeat"], each["reason"])
                for each in document["not_run"]
            ),
            repeat=document["repeat"],
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UsageError(f"{path} holds no complete results of an evaluation: {type(error).__name__}: {error}.") from None


def _read_result(written: Json) -> CaseResult:
    return CaseResult(
        case=Case(
            name=written["case"],
            input=written["input"],
            expected=written["expected"],
            recording=written["recording"],
            place=written["place"],
        ),
        repeat=written["repeat"],
        difference=written["difference"],
        scores=tuple(read_score(each) for each in written["scores"]),
        record=read_record(written),
    )
