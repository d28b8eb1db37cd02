"""The story of a run for the page, from its events: what was asked, what the model said and called, what came of it, who decided what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sayso.cli.display import TAKEN, describe_input, describe_remark, describe_taken
from sayso.tools.approval.cards import escape_lines, show_value
from sayso.tools.canonical import readable_json
from sayso.workflows.durable.log_events import LogEvents
from sayso.workflows.events.event_log import name_event
from sayso.workflows.events.event_types import (
    AnyEvent,
    ApprovalExpired,
    ApprovalRequested,
    ApprovalTaken,
    ApproverRaised,
    CallDenied,
    ChildFinished,
    GrantApplied,
    LabelsGained,
    LimitHit,
    ModelFailed,
    ModelReplied,
    OwnEvent,
    RoundFinished,
    RunBegan,
    RunFinished,
    RunPaused,
    SignalTaken,
    StepFinished,
    StepRepeated,
    TextGuarded,
    ToolBegan,
    ToolFinished,
)

if TYPE_CHECKING:
    from sayso.workflows.durable.chain import Row
    from sayso.workflows.durable.records import RunRow
    from sayso.workflows.runs.limits import Usage

LONGEST_TEXT = 20_000
Item = dict[str, Any]


class Story:
    """Takes the log of a run as it comes and returns items: plain data, each with a kind, and the number of its event, from 1."""

    def __init__(self, root: str) -> None:
        self.root = root
        self._told = LogEvents(root)
        self._owner = self._failure = ""

    @property
    def usage(self) -> Usage:
        """Return what was used so far."""
        return self._told.usage

    def take(self, row: Row, run: RunRow | None = None) -> list[Item]:
        """Return the items of the next row of the log; `run` is the run as it is now, for what it came to."""
        return [item for event in self._told.take(row, run) for item in self.tell(event)]

    def tell(self, event: AnyEvent) -> list[Item]:
        """Return the items of the next event."""
        place = show_value(event.run.removeprefix(self.root).lstrip("/"))
        return [{"number": (event.number or 0) + 1, "at": event.time, "place": place, **item} for item in self._tell(event)]

    def _tell(self, event: AnyEvent) -> list[Item]:
        match event:
            case RunBegan() | RunPaused() | RunFinished():
                return self._tell_execution(event)
            case ModelReplied():
                return [_tell_reply(event)]
            case ToolBegan(key=key) if key:
                return [{"kind": "writes", "tool": show_value(event.tool), "key": key[:16]}]
            case ToolFinished():
                return [_tell_result(event)]
            case StepFinished(failed=True) | ModelFailed() | ChildFinished():
                return self._tell_failure(event.error)
            case StepFinished():
                name, text = show_value(event.position), _cut(_to_text(event.output))
                return [{"kind": "step", "name": name, "text": text, "seconds": event.seconds}]
            case SignalTaken():
                return [{"kind": "step", "name": show_value(event.topic), "text": _cut(_to_text(event.value)), "seconds": 0.0}]
            case StepRepeated():
                why = {"attempt": event.attempt, "wait": event.wait_seconds, "text": _cut(event.error)}
                return [{"kind": "retry", "name": show_value(event.position), **why}]
            case RoundFinished():
                return [{"kind": "round", "round": event.round}]
            case _:
                return _tell_approval(event) or _tell_remark(event)

    def _tell_execution(self, event: RunBegan | RunPaused | RunFinished) -> list[Item]:
        if not isinstance(event, RunBegan):
            self._owner = ""
            return [{"kind": "ended", "state": event.state if isinstance(event, RunFinished) else "waiting"}]
        died = [{"kind": "died", "by": self._owner}] if self._owner else []  # that execution did not write its end
        self._owner = owner = show_value(event.by or "?")
        if event.execution > 1:
            return [*died, {"kind": "executed", "by": owner, "again": str(event.execution)}]
        return [*died, {"kind": "asked", "flow": show_value(event.flow), "text": _cut(describe_input(event.input))}]

    def _tell_failure(self, error: str) -> list[Item]:
        if error in ("", self._failure):  # it is raised through every branch above; one line is enough
            return []
        self._failure = error
        return [{"kind": "failed", "text": _cut(error)}]


def _tell_reply(event: ModelReplied) -> Item:
    text = _cut(event.text)
    return {
        "kind": "reply",
        "turn": str(event.turn),
        "text": text,
        **({"whole": event.text} if text != event.text else {}),  # AG-UI streams it as it was said, and tells it so again
        "thought": _cut(event.thoughts),
        "calls": [{"tool": show_value(each.tool), "arguments": _cut(each.arguments)} for each in event.calls],
        "model": show_value(event.model),
        "tokens_in": event.input_tokens,
        "tokens_out": event.output_tokens,
        "cached": event.cached_tokens,
        "cost_usd": event.cost_usd,
        "seconds": event.seconds,
        "first_token_seconds": event.first_token_seconds,
    }


def _tell_result(event: ToolFinished) -> Item:
    return {
        "kind": "receipt" if event.key else "result",
        "tool": show_value(event.tool),
        "call": event.call,
        "outcome": event.outcome,
        "text": _cut(_to_text(event.result)),
        "origin": show_value(event.origin),
        "trust": event.trust,
        "secrecy": event.secrecy,
    }


def _tell_approval(event: AnyEvent) -> list[Item]:
    match event:
        case ApprovalRequested():
            request = event.request
            return [{"kind": "card", "digest": request.digest, "tool": show_value(request.tool), "card": escape_lines(request.card)}]
        case ApprovalTaken():
            who = show_value(event.by or "somebody who gave no name")
            decided = {"digest": event.digest, "word": TAKEN[event.decision][0], "by": who, "where": show_value(event.place)}
            return [{"kind": "decided", **decided, "text": describe_taken(event)[1]}]
        case ApprovalExpired():
            return [{"kind": "expired", "digest": event.digest}]
        case ApproverRaised():
            text = f"An answer to the request {event.digest[:12]} does not count: {show_value(event.error)}"
            return [{"kind": "trouble", "text": text}]
        case GrantApplied():
            return [{"kind": "granted", "tool": show_value(event.tool), "grant": show_value(event.grant)[:12]}]
        case _:
            return []


def _tell_remark(event: AnyEvent) -> list[Item]:
    """Return what is said of a run beside what it does."""
    match event:
        case LimitHit():
            text = event.error
        case CallDenied():
            text = f"{event.tool} is not allowed: {event.reason}"
        case TextGuarded():
            text = f"{event.guard}: {event.place} {event.did}: {event.why}"
        case LabelsGained():
            text = f"Has read what is {' and '.join(name for name in ('untrusted', 'private', 'unvouched') if getattr(event, name))}."
        case OwnEvent(name="UnreadableRow"):
            return [{"kind": "trouble", "text": _cut(_to_text(event.value))}]
        case OwnEvent():
            text = f"{name_event(event)}: {_to_text(event.value)}"
        case _:
            text = describe_remark(event)
    return [{"kind": "note", "text": _cut(text)}] if text else []


def _to_text(value: object) -> str:
    return value if isinstance(value, str) else readable_json(value)


def _cut(text: str) -> str:
    """Return a text with every character visible; a very long one is cut, with its length."""
    shown = escape_lines(text[:LONGEST_TEXT])
    return shown if len(text) <= LONGEST_TEXT else f"{shown} ... ({len(text):,} characters)"
