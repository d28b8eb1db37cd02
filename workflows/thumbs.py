"""What people think of runs: a thumb with a note, kept beside the journal. Several people may differ; of each the last word counts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple

from sayso.tools.errors import UsageError

Verdict = Literal["up", "down", "withdrawn"]
VERDICTS: tuple[Verdict, ...] = ("up", "down", "withdrawn")


class Feedback(NamedTuple):
    """One thumb: `verdict` is "up", "down" or "withdrawn", `by` is who gave it ("" for nobody known), `at` seconds since 1970."""

    run: str
    by: str
    verdict: Verdict
    note: str
    at: float


def make_feedback(run_id: str, good: bool | None, note: str, by: str, now: float) -> Feedback:
    """Return the feedback to store; None for `good` withdraws. Raises UsageError for text that cannot be stored."""
    verdict: Verdict = "withdrawn" if good is None else "up" if good else "down"
    if not isinstance(run_id, str):
        raise UsageError(f"{run_id!r} is not a run id, which is a text.")
    return Feedback(run_id, check_text(by, "by"), verdict, check_text(note, "note"), now)


def check_thumb(good: object) -> bool:
    """Return whether it is a thumb up. Raises UsageError for what is no thumb: the text "down" would count as true."""
    if not isinstance(good, bool):
        raise UsageError(f"good={good!r} is not a thumb. Write True for a thumb up, False for a thumb down.")
    return good


def check_text(text: str, name: str) -> str:
    """Return a text without blanks around it. Raises UsageError for what is none, or cannot be stored."""
    if not isinstance(text, str):
        raise UsageError(f"{name}={text!r} is not a text.")
    if "\0" in text or any("\ud800" <= char <= "\udfff" for char in text):
        raise UsageError(
            f"{name}={text[:60]!r} cannot be stored: it has a character that cannot be stored (NUL, or half of a surrogate pair)."
        )
    return text.strip()


def find_last_words(history: Iterable[Feedback]) -> tuple[Feedback, ...]:
    """Return what counts of all that was given, in the order of its giving: of each person and run the last, if it was not withdrawn."""
    last: dict[tuple[str, str], Feedback] = {}
    for each in history:
        last.pop((each.run, each.by), None)
        last[each.run, each.by] = each
    return tuple(each for each in last.values() if each.verdict != "withdrawn")


def find_withdrawable(history: Iterable[Feedback], run_id: str, by: str) -> Feedback:
    """Return the thumb of a person that counts. Raises UsageError where there is none to withdraw."""
    counting = [each for each in find_last_words(history) if each.run == run_id]
    for each in counting:
        if each.by == by:
            return each
    names = ", ".join(repr(each.by) for each in counting) or "nobody"
    raise UsageError(f"{by!r} has given no feedback on run {run_id!r} that could be withdrawn. There is some by: {names}.")
