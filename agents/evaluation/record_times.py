"""Measure how long a stored run took, without the time in which it only waited for decisions."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING

from sayso.workflows.runs.events import ApprovalAsked, StepEnded, StepFailed, StepStarted
from sayso.workflows.runs.stored_types import tag_of

if TYPE_CHECKING:
    from sayso.workflows.durable.chain import Row

_STARTED, _ASKED = tag_of(StepStarted), tag_of(ApprovalAsked)
_OVER = {tag_of(StepEnded), tag_of(StepFailed)}


def measure_seconds(log: Iterable[Row]) -> float:
    """Return the seconds in which a run was executed: all executions together, less the time with nothing to do but to wait for people."""
    seconds, at = 0.0, 0.0
    executes, busy, asked = False, 0, set[str]()
    for row in log:
        if executes and not (asked and busy == 0):
            seconds += max(0.0, row.at - at)  # a clock may be set back
        at = row.at
        if row.kind in ("begun", "ended"):
            executes, busy = row.kind == "begun", 0
        elif row.name == _STARTED:
            busy += 1
        elif row.name in _OVER:
            busy = max(0, busy - 1)
        elif row.name == _ASKED:
            asked.add(_find_digest(row.value))
        elif row.kind == "kept" and row.name.startswith("wait:approve:"):
            asked.discard(row.name.removeprefix("wait:approve:"))
    return seconds


def _find_digest(text: str) -> str:
    """Return the digest of the request in a stored event; "" for one that cannot be read."""
    try:
        request = json.loads(text)["="][1]["="]
        return str(request["digest"])
    except (ValueError, TypeError, KeyError, IndexError):
        return ""
