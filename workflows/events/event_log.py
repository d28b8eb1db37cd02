"""The logger `sayso`: one line for each event of a run, for programs that have set up logging. Silent for all others."""

from __future__ import annotations

import logging

from sayso.tools.approval.cards import show_value
from sayso.tools.canonical import Json, readable_json

from .event_types import (
    AnyEvent,
    ApprovalExpired,
    ApprovalRequested,
    ApprovalTaken,
    ApproverRaised,
    CallDenied,
    ChildBegan,
    ChildFinished,
    GrantApplied,
    HistoryTrimmed,
    LimitHit,
    ModelFailed,
    ModelReplied,
    ModelRequested,
    OwnEvent,
    RunBegan,
    RunFinished,
    RunPaused,
    StepFinished,
    ToolBegan,
    ToolFinished,
)

logger = logging.getLogger("sayso.events")
logger.addHandler(logging.NullHandler())  # a program that has set up no logging sees nothing
LONGEST = 200
"""Characters of what somebody wrote that stand in a line."""


def log_event(event: AnyEvent) -> None:
    """Write an event as one line: INFO for what happens, DEBUG for its parts, WARNING for what went wrong or is in doubt.

    The record has the event itself as `record.event`, and the run as `record.run`, for formatters of your own.
    """
    level = find_level(event)
    if logger.isEnabledFor(level):
        logger.log(level, "%s", describe_event(event), extra={"event": event, "run": event.run})


def find_level(event: AnyEvent) -> int:
    """Return how much an event matters."""
    match event:
        case ModelFailed() | ApproverRaised() | CallDenied() | LimitHit() | ApprovalExpired():
            return logging.WARNING
        case ToolFinished(outcome="failed" | "unknown") | RunFinished(state="failed" | "interrupted") | StepFinished(failed=True):
            return logging.WARNING
        case RunBegan() | RunPaused() | RunFinished() | ModelReplied() | ToolFinished() | ApprovalRequested() | ApprovalTaken():
            return logging.INFO
        case _:
            return logging.DEBUG if not isinstance(event, OwnEvent) else logging.INFO


def describe_event(event: AnyEvent) -> str:
    """Return an event in words, on one line, with every character visible."""
    place = f"{event.run} {event.position}".strip()
    return f"{show_value(place)}: {_describe(event)}"


def _describe(event: AnyEvent) -> str:
    match event:
        case RunBegan():
            again = f", execution {event.execution}" if event.execution > 1 else ""
            return f"{event.flow or 'run'} begins{again}" + (f" for {_cut(event.user)}" if event.user else "")
        case RunPaused():
            return f"waits for {len(event.waits_for)} decision{'s' * (len(event.waits_for) != 1)}"
        case RunFinished():
            cost = f", ${event.cost_usd:.4f}" if event.cost_usd else ""
            used = f"{event.model_calls} model calls, {event.tool_calls} tool calls{cost}"
            return f"{event.state} ({used})" + (f": {event.error_type}: {_cut(event.error)}" if event.error else "")
        case ChildBegan():
            return f"child {_cut(event.name)} begins"
        case ChildFinished():
            return f"child {_cut(event.name)} is over" + (f": {_cut(event.error)}" if event.error else "")
        case ModelRequested():
            return f"asks {_cut(event.model) or 'the model'}, {len(event.messages)} new messages"
        case ModelReplied():
            calls = f", {len(event.calls)} calls" if event.calls else ""
            cost = f", ${event.cost_usd:.4f}" if event.cost_usd else ""
            used = f"{event.input_tokens} tokens in, {event.output_tokens} out{cost}, {event.seconds:.2f} s"
            return f"{_cut(event.model) or 'the model'} replied ({used}{calls})"
        case ToolBegan():
            return f"{_cut(event.tool)} begins"
        case ToolFinished():
            return f"{_cut(event.tool)} {event.outcome} in {event.seconds:.2f} s" + (
                f": {_cut(event.result)}" if event.outcome in ("failed", "unknown") else ""
            )
        case ApprovalRequested():
            return f"asks for approval {event.request.digest[:12]}: {_cut(event.request.card)}"
        case ApprovalTaken():
            reason = f": {_cut(event.reason)}" if event.reason else ""
            return f"request {event.digest[:12]}: {event.decision} by {_cut(event.by) or 'somebody who gave no name'}{reason}"
        case GrantApplied():
            return f"{_cut(event.tool)} allowed by the standing approval {event.grant[:12]}"
        case CallDenied():
            return f"{_cut(event.tool)} denied: {_cut(event.reason)}"
        case HistoryTrimmed():
            return _cut(describe_trimming(event))
        case _:
            error = getattr(event, "error", "") or getattr(event, "why", "") or getattr(event, "detail", "")
            return name_event(event) + (f": {_cut(error)}" if error else "")


def describe_trimming(event: HistoryTrimmed) -> str:
    """Return in words what of a conversation is left out."""
    left = [f"{', '.join(places)} {how}" for places, how in ((event.dropped, "left out"), (event.shortened, "shortened")) if places]
    room = f"of {event.room:,} there is room for" + (f", by {event.counted_by}" if event.counted_by else "")
    return f"{event.model} is sent {event.tokens:,} tokens ({room}): {'; '.join(left)}. {event.problem}".strip()


def name_event(event: AnyEvent) -> str:
    """Return the name of an event in words: "child finished"; of a program's own event that of its class."""
    name = event.name if isinstance(event, OwnEvent) else type(event).__name__
    return "".join(f" {char.lower()}" if char.isupper() else char for char in name).strip()


def _cut(value: Json) -> str:
    """Return a value on one line with every character visible, cut where it is long."""
    text = show_value(" ".join((value if isinstance(value, str) else readable_json(value)).split()))
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} ..."
