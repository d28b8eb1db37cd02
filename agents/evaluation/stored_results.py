"""Results of scores as JSON, as an evaluation stores them step by step, and whole evaluations as a documented JSON document."""

from __future__ import annotations

from sayso.tools.canonical import Json, JsonObject

from .values import ScoreResult


def write_score(result: ScoreResult) -> JsonObject:
    """Return the result of a score as JSON."""
    written: JsonObject = {"score": result.score, "value": result.value, "passed": result.passed, "reason": result.reason}
    if result.details:
        written["details"] = list(result.details)
    if result.cost_usd:
        written["cost_usd"] = result.cost_usd
    if result.expects_error:
        written["expects_error"] = True
    return written


def read_score(written: Json) -> ScoreResult:
    """Return the result of a score from its JSON."""
    return ScoreResult(**{**written, "details": tuple(written.get("details", ()))})
