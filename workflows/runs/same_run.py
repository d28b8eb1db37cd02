"""Tell whether a run that is asked for again is the same run: one id, one flow, one input."""

from __future__ import annotations

import json
from typing import NamedTuple

from sayso.tools.canonical import Json, canonical_json, readable_json
from sayso.tools.errors import RunIdTaken, SaysoError, UsageError

from .codec import from_json, to_json

SHOWN = 60
"""How many characters of an input a message shows."""


class Asked(NamedTuple):
    """What a run was asked for with: the name of its flow, its input as JSON text (or as it is where it is none), and whose run it is."""

    flow: str
    input: object
    user: str = ""


def check_same_run(run_id: str, before: Asked, now: Asked) -> None:
    """Raise RunIdTaken where a run id is asked for again with another flow or another input."""
    if before.flow != now.flow:
        raise RunIdTaken(
            f"Run {run_id!r} is one of the flow {before.flow!r}, and was asked for as one of {now.flow!r}. Give another run_id."
        )
    if not _is_same_input(before.input, now.input):
        was, is_now = _find_difference(before.input, now.input)
        raise RunIdTaken(
            f"Run {run_id!r} was started with another input: {was}, and now {is_now}. "
            "A run id stands for one run: give another run_id, or the input it was started with."
        )
    check_same_user(run_id, before.user, now.user)


def check_same_user(run_id: str, before: str, now: str) -> None:
    """Raise RunIdTaken where a run is asked for again for somebody else; whoever names nobody may ask for it."""
    if now and now != before:
        whose = f"is of the user {before!r}" if before else "was started for no user"
        raise RunIdTaken(f"Run {run_id!r} {whose}, and was asked for with user={now!r}. Give another run_id.")


def check_user(user: object) -> str:
    """Return whose run it is to be. Raises UsageError for what cannot name a user: it is stored, and money is counted by it."""
    if not isinstance(user, str) or not user.strip():
        raise UsageError(f"user={user!r} is not a user's id. Give a text, or leave user= out.")
    if "\0" in user or any("\ud800" <= char <= "\udfff" for char in user):
        raise UsageError(f"user={user!r} cannot be stored: it has a character that cannot be stored (NUL, or half of a surrogate pair).")
    return user


def _is_same_input(before: object, now: object) -> bool:
    """Return whether two inputs are the same as JSON, or are so once today's code has read the earlier one: a model may have new fields."""
    if before is now:
        return True
    if not isinstance(before, str) or not isinstance(now, str):
        return _is_equal(before, now)
    wanted = canonical_json(json.loads(now))
    if canonical_json(json.loads(before)) == wanted:
        return True
    try:
        return canonical_json(to_json(from_json(json.loads(before)))) == wanted
    except (SaysoError, ValueError, TypeError, KeyError, AttributeError):
        return False


def _is_equal(before: object, now: object) -> bool:
    try:
        return bool(before == now)
    except Exception:  # noqa: BLE001  a value's own comparison, which may give an array or raise anything
        return False


def _find_difference(before: object, now: object) -> tuple[str, str]:
    """Return the first part in which two inputs differ, as short texts."""
    if not isinstance(before, str) or not isinstance(now, str):
        return _shorten(repr(before)), _shorten(repr(now))
    was, is_now = json.loads(before), json.loads(now)
    while (pair := _find_different_part(was, is_now)) is not None:
        was, is_now = pair
    same = 0
    if isinstance(was, str) and isinstance(is_now, str):  # of two long texts, where they begin to differ
        differs = next(
            (index for index, pair in enumerate(zip(was, is_now, strict=False)) if pair[0] != pair[1]), min(len(was), len(is_now))
        )
        same = max(0, differs - SHOWN // 2)
        was, is_now = was[same:], is_now[same:]
    left_out = "..." if same else ""
    return left_out + _shorten(readable_json(was)), left_out + _shorten(readable_json(is_now))


def _find_different_part(before: Json, now: Json) -> tuple[Json, Json] | None:
    if isinstance(before, dict) and isinstance(now, dict) and before.keys() == now.keys():
        pairs = [(before[key], now[key]) for key in before]
    elif isinstance(before, list) and isinstance(now, list) and len(before) == len(now):
        pairs = list(zip(before, now, strict=True))
    else:
        return None
    return next((pair for pair in pairs if canonical_json(pair[0]) != canonical_json(pair[1])), None)


def _shorten(text: str) -> str:
    text = text.encode("utf-8", "backslashreplace").decode()  # half a character cannot be printed
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."
