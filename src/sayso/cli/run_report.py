"""The report of a run, line by line from its events: what was asked, what the model said, who approved what, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sayso.cli.display import (
    describe_call,
    describe_remark,
    describe_taken,
    format_time,
    shorten,
)
from sayso.console import format_card
from sayso.tools.approval.cards import escape_lines, show_value
from sayso.tools.approval.requests import ApprovalRequest
from sayso.tools.calls import Outcome
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
    GrantsOpened,
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

OUTCOME_COLOURS = {Outcome.DONE: "green", Outcome.UNKNOWN: "bold red", Outcome.FAILED: "red", Outcome.REJECTED: "yellow"}
Words = tuple[str, str, str]
"""A word for what happened, the text, and a colour."""


class ReportLine(NamedTuple):
    """One thing that happened: when (seconds since 1970), a word for its kind, the text (lines), and a colour."""

    at: float
    kind: str
    text: str
    style: str = ""


class RunReport:
    """Takes the events of a run as they come and returns lines for each."""

    def __init__(self, root: str) -> None:
        self.root = root
        self.decided: set[str] = set()
        self.read_at: dict[str, float] = {}  # by digest: when the run last read a decision that does not count
        self._owner = ""  # the program that executes the run, as far as its events were read
        self._failure = ""

    def take(self, event: AnyEvent) -> list[ReportLine]:
        """Return the lines of the next event."""
        return [ReportLine(event.time, *words) for words in self._report(event)]

    def _report(self, event: AnyEvent) -> list[Words]:
        match event:
            case RunBegan() | RunPaused() | RunFinished():
                return self._report_execution(event)
            case ModelReplied() | ModelFailed() | ToolBegan() | ToolFinished() | CallDenied() | TextGuarded():
                return self._report_model(event)
            case StepFinished(failed=True) | ChildFinished():
                return self._report_failure(event) if event.error else []
            case StepFinished() | SignalTaken():
                value = event.output if isinstance(event, StepFinished) else event.value
                return [("step", f"{self._place(event)}: {shorten(value)}", "")]
            case StepRepeated():
                why = f"try {event.attempt} in {event.wait_seconds:.1f} s, because of: {shorten(event.error)}"
                return [("retry", f"{self._place(event)}: {why}", "yellow")]
            case LabelsGained():
                read = [name for name in ("untrusted", "private", "unvouched") if getattr(event, name)]
                return [("labels", f"{self._place(event) or 'the run'}: has read what is {' and '.join(read)}", "dim")]
            case RoundFinished():
                return [("round", f"{self._place(event)}: round {event.round} is over", "dim")]
            case LimitHit():
                return [("limit", shorten(event.error), "red")]
            case OwnEvent(name="UnreadableRow"):
                return [("?", shorten(event.value), "red")]
            case OwnEvent():
                return [("event", f"{name_event(event)}: {shorten(event.value)}", "")]
            case _:
                remark = describe_remark(event)
                return [("note", f"{self._place(event)}: {shorten(remark)}", "yellow")] if remark else self._report_approval(event)

    def _report_execution(self, event: RunBegan | RunPaused | RunFinished) -> list[Words]:
        if not isinstance(event, RunBegan):
            self._owner = ""
            state = event.state if isinstance(event, RunFinished) else "waiting"
            return [(state, "", "green" if state == "done" else "")]
        lines: list[Words] = []
        owner = show_value(event.by or "?")
        if self._owner:  # the execution before this one did not write its end
            lines.append(("died", f"{self._owner} stopped without ending the run", "red"))
        self._owner = owner
        again = "" if event.execution == 1 else f"again (execution {event.execution}) "
        return [*lines, ("executed", f"{again}by {owner}", "dim")]

    def _report_model(self, event: ModelReplied | ModelFailed | ToolBegan | ToolFinished | CallDenied | TextGuarded) -> list[Words]:
        place = self._place(event)
        match event:
            case ModelReplied():
                return [("model", f"{place}: {_format_cost(event)}: {_format_reply(event)}", "cyan")]
            case ModelFailed():
                return self._report_failure(event)
            case ToolBegan(key=""):
                return [("calls", f"{place}: {describe_call(event.tool, event.arguments)}", "")]
            case ToolBegan():
                return [("writes", f"{place}: {describe_call(event.tool, event.arguments)}, key {show_value(event.key)[:16]}", "")]
            case ToolFinished():
                kind = "receipt" if event.key else "tool"
                origin = f" [{show_value(event.origin)}]" if event.origin else ""
                colour = OUTCOME_COLOURS.get(Outcome(event.outcome), "")
                return [(kind, f"{place}: {event.outcome}{origin}: {shorten(event.result)}", colour)]
            case CallDenied():
                return [("denied", f"{place}: {shorten(event.reason)}", "yellow")]
            case TextGuarded():
                about = f"{show_value(event.place)}{f' of {show_value(event.tool)}' if event.tool else ''}"
                return [("guard", f"{place}: {show_value(event.guard)}: {about} {show_value(event.did)}: {shorten(event.why)}", "yellow")]

    def _report_approval(self, event: AnyEvent) -> list[Words]:
        match event:
            case ApprovalRequested():
                return [("asks", self._format_request(event, event.request), "yellow")]
            case ApprovalTaken():
                self.decided.add(event.digest)
                return [describe_taken(event)]
            case ApprovalExpired():
                return [("expired", f"request {show_value(event.digest[:12])}: nobody decided in time", "yellow")]
            case ApproverRaised():
                self.read_at[event.digest] = event.time
                return [("approver", f"request {event.digest[:12]} stays open: {show_value(event.error)}", "red")]
            case GrantsOpened():
                texts = [f"{identifier} {show_value(text)}" for identifier, text in event.grants]
                return [("grants", "\n".join(texts), "dim")] if texts else []
            case GrantApplied():
                by = f"by grant {show_value(event.grant)[:12]}, nobody was asked, key {show_value(event.key)[:16]}"
                return [("granted", f"{self._place(event)}: {by}", "yellow")]
            case _:
                return []

    def _report_failure(self, event: StepFinished | ChildFinished | ModelFailed) -> list[Words]:
        if event.error == self._failure:  # it is raised through every branch above; one line is enough
            return []
        self._failure = event.error
        return [("failed", f"{self._place(event)}: {shorten(event.error)}", "red")]

    def _format_request(self, event: AnyEvent, request: ApprovalRequest) -> str:
        until = format_time(request.expires_at)
        head = f"{self._place(event)}: request {request.digest[:12]}, open until {until}"
        return f"{head}{escape_lines(format_card(request))}"

    def _place(self, event: AnyEvent) -> str:
        below = event.run.removeprefix(self.root).lstrip("/")
        return show_value("/".join(part for part in (below, event.position) if part))


def _format_cost(reply: ModelReplied) -> str:
    cost = f", ${reply.cost_usd:.4f}" if reply.cost_usd else ""
    cached = f" ({reply.cached_tokens:,} cached)" if reply.cached_tokens else ""
    return f"{reply.input_tokens:,} tokens in{cached}, {reply.output_tokens:,} out{cost}, {reply.seconds:.1f} s"


def _format_reply(reply: ModelReplied) -> str:
    calls = [f"{call.tool}({call.arguments})" for call in reply.calls]
    return " | ".join(shorten(part) for part in (reply.text, *calls) if part) or "(nothing)"


def format_lines(lines: Sequence[ReportLine]) -> list[tuple[str, str]]:
    """Return lines as pairs of text and colour, the time in front and further lines of a text indented."""
    texts = []
    for line in lines:
        first, *rest = line.text.split("\n")
        texts.append((f"{format_time(line.at)}  {line.kind:<9} {first}".rstrip(), line.style))
        texts += [(f"{'':<21}{each}".rstrip(), line.style) for each in rest if each.strip()]
    return texts
