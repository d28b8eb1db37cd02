"""What all scores share: results with and without a limit, and whether a run has an answer that could be judged."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from sayso.tools.approval.cards import escape_invisible
from sayso.tools.canonical import readable_json, to_jsonable
from sayso.tools.errors import UsageError

from ..values import CaseRun, RunRecord, ScoreResult

T = TypeVar("T")
LONGEST_SHOWN = 200


def set_name(score: object, name: str) -> None:
    """Give a score the name that it has where the user gives it none."""
    if not isinstance(getattr(score, "name", None), str):
        raise UsageError(f"{type(score).__name__}: name={getattr(score, 'name', None)!r} is not text.")
    if not getattr(score, "name", ""):
        object.__setattr__(score, "name", shorten(name, 60))


def decide(name: str, passed: bool, reason: str = "", details: Iterable[str] = ()) -> ScoreResult:
    """Return the result of a check that holds or does not: 1 or 0."""
    return ScoreResult(score=name, value=1.0 if passed else 0.0, passed=passed, reason=clean(reason), details=tuple(map(clean, details)))


def measure(
    name: str, value: float, least: float | None, reason: str = "", details: Iterable[str] = (), cost_usd: float = 0.0
) -> ScoreResult:
    """Return the result of a score from 0 to 1, held against the least that it may be where there is such a limit."""
    # 0.1 added ten times is a little less than 1.
    passed = None if least is None else value >= least or math.isclose(value, least, rel_tol=1e-9)
    return ScoreResult(score=name, value=value, passed=passed, reason=clean(reason), details=tuple(map(clean, details)), cost_usd=cost_usd)


def leave_out(name: str, reason: str, least: float | None = None, details: Iterable[str] = (), cost_usd: float = 0.0) -> ScoreResult:
    """Return a result without a value. A limit that nothing shows to be kept is not kept."""
    passed = None if least is None else False
    return ScoreResult(score=name, value=None, passed=passed, reason=clean(reason), details=tuple(map(clean, details)), cost_usd=cost_usd)


def say_why_no_answer(record: RunRecord) -> str:
    """Return why a run has no answer that could be judged; empty where it has one."""
    if record.error:
        return f"The run failed: {shorten(record.error)}"
    if not record.finished:
        return "The run has no answer: it waits for a decision, or was cancelled."
    return ""


def read_question(run: CaseRun) -> str:
    """Return the input of a case as its question; empty where it is no text."""
    return run.case.input if isinstance(run.case.input, str) else ""


def check_least(score: object, least: float | None) -> None:
    """Raise UsageError where the least value of a score is no share."""
    if least is not None and (isinstance(least, bool) or not isinstance(least, (int, float)) or not 0 <= least <= 1):
        raise UsageError(f"{type(score).__name__}: least={least!r} is not a number from 0 to 1. Write least=0.9 for nine tenths.")


def check_text(score: object, option: str, value: object) -> None:
    """Raise UsageError where an option is not a text, or an empty one."""
    kind = type(score).__name__
    if not isinstance(value, str):
        hint = f" Put it in quotes: {option}={str(value)!r}." if isinstance(value, (int, float)) else ""
        raise UsageError(f"{kind}: {option}={value!r} is not text.{hint}")
    if not value:
        raise UsageError(f"{kind}: {option} is empty, which every text contains. Give at least one letter.")


def check_flag(score: object, **flags: object) -> None:
    """Raise UsageError where an option that is on or off is something else: the text "false" would count as on."""
    for option, value in flags.items():
        if not isinstance(value, bool):
            raise UsageError(f"{type(score).__name__}: {option}={value!r} is neither true nor false.")


def check_mapping(score: object, option: str, value: object) -> None:
    """Raise UsageError where an option is no mapping from names to values."""
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise UsageError(f"{type(score).__name__}: {option}={value!r} is not a mapping from names to values.")


def plain(text: str) -> str:
    """Return a text as it is compared: composed letters, one kind of line end, no white space around it."""
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n")).strip()


def shorten(text: str, most: int = LONGEST_SHOWN) -> str:
    """Return a text on one line for a message, cut where it is long."""
    line = clean(" ".join(text.split()))
    return line if len(line) <= most else f"{line[: most - 1]}…"


def clean(text: str) -> str:
    """Return a text as it may be printed: no control characters, and no halves of surrogate pairs, which nothing can write as UTF-8."""
    if text.isascii() and text.isprintable():
        return text
    return escape_invisible(text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace"))


def show(value: object) -> str:
    """Return a value as it may stand in a message."""
    try:
        return shorten(readable_json(to_jsonable(value)))
    except (TypeError, ValueError, RecursionError):
        return shorten(repr(value))


def to_json(value: object) -> Any:
    """Return a value as JSON. Raises UsageError for what cannot be written so."""
    try:
        return to_jsonable(value)
    except (TypeError, ValueError, RecursionError) as error:
        raise UsageError(f"{shorten(repr(value))} cannot be compared as JSON: {error}") from None
