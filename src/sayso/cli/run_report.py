"""The story of a run for people, from its log: who asked what, what the model said, what was approved by whom, what came of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from sayso.agents.messages import Reply
from sayso.console import card_lines
from sayso.tools.approval.cards import escape_lines, show_value
from sayso.tools.approval.requests import ApprovalRequest, Approve, Decision, Edit, Reject
from sayso.tools.calls import Outcome, ToolResult
from sayso.tools.canonical import readable_json
from sayso.workflows.runs.codec import NotJson, from_json
from sayso.workflows.runs.events import (
    ApprovalAsked,
    ApprovalDecided,
    ApproverFailed,
    BranchFailed,
    RoundEnded,
    StepFailed,
    StepRetried,
    StepStarted,
    WriteStarted,
)
from sayso.workflows.runs.journal import Failure
from sayso.workflows.runs.limits import NO_USAGE, Intent, Spent, Usage, gave_back, used_by

if TYPE_CHECKING:
    from sayso.workflows.durable.chain import Row

LONGEST = 300
OUTCOMES = {Outcome.DONE: "green", Outcome.UNKNOWN: "bold red", Outcome.FAILED: "red", Outcome.REJECTED: "yellow"}


class Line(NamedTuple):
    """One thing that happened: when (seconds since 1970), what kind of thing, the words (lines), and a colour."""

    at: float
    kind: str
    text: str
    style: str = ""


class RunStory:
    """Takes in the rows of a run's log as they come, and gives the lines that each is worth; `usage` is what was used so far."""

    def __init__(self, root: str) -> None:
        self.root = root
        self.usage: Usage = NO_USAGE
        self.decided: set[str] = set()
        self._begun: dict[tuple[str, str], float] = {}
        self._set_aside: dict[tuple[str, str], float] = {}
        self._carrier = ""
        self._failure = ""

    def take(self, row: Row) -> list[Line]:
        """The lines of one row."""
        try:
            value = readable(json.loads(row.value))
        except (ValueError, TypeError, KeyError, RecursionError):
            return [
                Line(
                    row.at,
                    "?",
                    f"row {row.number} ({row.kind} {show_value(row.name)}) cannot be read; see: sayso verify {self.root}",
                    "red",
                )
            ]
        match row.kind:
            case "started":
                return [Line(row.at, "asked", f"{show_value(row.name)}: {brief(asked(value), 2000)}", "bold")]
            case "begun":
                return self._begins(row, value)
            case "kept":
                return self._kept(row, value)
            case "event" | "told":
                return [Line(row.at, *told) for told in self._told(row, value)]
            case "ended":
                self._carrier = ""
                return [Line(row.at, row.name, "", "green" if row.name == "done" else "")]
        return []

    def _begins(self, row: Row, value: Any) -> list[Line]:
        by = show_value(value.get("by") or "?") if isinstance(value, Mapping) else "?"
        lines = []
        if self._carrier:
            lines.append(Line(row.at, "died", f"{self._carrier}, in the middle of it", "red"))
        self._carrier = by
        again = "" if row.name == "1" else f"again (execution {show_value(row.name)}) "
        return [*lines, Line(row.at, "carried", f"{again}by {by}", "dim")]

    def _kept(self, row: Row, value: Any) -> list[Line]:
        place = self._place(row.run, row.name)
        seconds = row.at - self._begun.pop((row.run, row.name), row.at)
        if isinstance(value, (Failure, Exception)):
            return []  # the event has told it
        self.usage += used_by(row.name, value)
        if isinstance(value, Intent):
            self._set_aside[row.run, row.name.removeprefix("intent:")] = value.cost_usd
        elif row.name.startswith("effect:") and gave_back(value):
            self.usage += Usage(spend_usd=-self._set_aside.get((row.run, row.name.removeprefix("effect:")), 0.0))
        if isinstance(value, Reply) and row.name.startswith("model:"):
            return [Line(row.at, "model", f"{place}: {_spent(value.usage, seconds)}: {_said(value)}", "cyan")]
        if row.name.startswith("wait:approve:"):
            digest = row.name.removeprefix("wait:approve:")
            return (
                [Line(row.at, "expired", f"request {show_value(digest[:12])}: nobody decided in time", "yellow")] if value is None else []
            )
        if row.name.startswith(("propose:", "intent:")):
            return []
        value = value.results if isinstance(value, Spent) else value
        results = value if isinstance(value, list) and value and all(isinstance(each, ToolResult) for each in value) else [value]
        kind = "receipt" if row.name.startswith("effect:") else "tool"
        if isinstance(results[0], ToolResult):
            return [Line(row.at, kind, f"{place}: {_came_to(result)}", OUTCOMES.get(result.outcome, "")) for result in results]
        return [Line(row.at, "step", f"{place}: {brief(plain_data(value))}", "")]

    def _told(self, row: Row, event: Any) -> list[tuple[str, str, str]]:
        match event:
            case StepStarted(run, name):
                self._begun[run, name] = row.at
            case ApprovalAsked(run, request):
                return [("asks", self._request(run, request), "yellow")]
            case ApprovalDecided(_, digest, decision):
                self.decided.add(digest)
                return [decided(digest, decision)]
            case ApproverFailed(_, digest, error):
                return [("approver", f"request {digest[:12]} stays open: {show_value(error)}", "red")]
            case WriteStarted(run, tool, key):
                return [("writes", f"{self._place(run, tool)}, key {show_value(key)[:16]}", "")]
            case StepRetried(run, name, attempt, wait, error):
                return [("retry", f"{self._place(run, name)}: try {attempt} in {wait:.1f} s, because of: {brief(error)}", "yellow")]
            case StepFailed(run, name, error):
                return self._failed(self._place(run, name), error)
            case BranchFailed(run, _, error):
                return self._failed(self._place(run), error)
            case RoundEnded(run, number):
                return [("round", f"{self._place(run)}: round {number} is over", "dim")]
        return []

    def _failed(self, place: str, error: str) -> list[tuple[str, str, str]]:
        if error == self._failure:  # it goes up the branches, and is told once
            return []
        self._failure = error
        return [("failed", f"{place}: {brief(error)}", "red")]

    def _request(self, run: str, request: ApprovalRequest) -> str:
        until = moment(request.expires_at)
        head = f"{self._place(run, request.position)}: request {request.digest[:12]}, open until {until}"
        return f"{head}{escape_lines(card_lines(request))}"

    def _place(self, run: str, name: str = "") -> str:
        below = run.removeprefix(self.root).lstrip("/")
        return show_value("/".join(part for part in (below, name) if part))


def readable(data: Any) -> Any:
    """A value of the log; one of a type that is not known here as its bare data."""
    try:
        return from_json(data)
    except (NotJson, ValueError, TypeError, KeyError, AttributeError):
        return bare(data)


def bare(data: Any) -> Any:
    """JSON of the log without the names of types."""
    if isinstance(data, list):
        return [bare(item) for item in data]
    if not isinstance(data, dict):
        return data
    if data.keys() == {"$", "="}:
        return bare(data["="])
    return {key: bare(item) for key, item in data.items()}


def plain_data(value: Any) -> Any:
    """A value that was read, as data that can be shown."""
    from sayso.workflows.runs.codec import to_json

    try:
        return bare(to_json(value))
    except NotJson:
        return repr(value)


def asked(value: Any) -> str:
    """What a run was asked, as far as it is words."""
    data = plain_data(value)
    if isinstance(data, dict):
        for name in ("text", "company"):
            if isinstance(data.get(name), str):
                return str(data[name])
    return data if isinstance(data, str) else readable_json(data)


def brief(value: Any, longest: int = LONGEST) -> str:
    """A value on one line, with every character visible, cut where it is long."""
    text = escape_lines(" ".join((value if isinstance(value, str) else readable_json(value)).split()))
    return text if len(text) <= longest else f"{text[:longest]} ... ({len(text)} characters)"


def decided(digest: str, decision: Decision) -> tuple[str, str, str]:
    """Who decided what, when, from where."""
    where = f" ({show_value(decision.place)})" if decision.place else ""
    when = f" at {moment(decision.at)}" if decision.at is not None else ""
    by = f"request {digest[:12]}, by {show_value(decision.by or 'somebody who gave no name')}{where}{when}"
    match decision:
        case Approve():
            return "approved", by, "green"
        case Edit(arguments):
            return "edited", f"{by}, to {brief(plain_data(dict(arguments)), 2000)}", "yellow"
        case Reject(reason):
            return "rejected", f"{by}{': ' + brief(reason, 2000) if reason else ''}", "yellow"


def moment(at: float) -> str:
    """A time as people here read it."""
    try:
        return datetime.fromtimestamp(at).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    except (ValueError, OverflowError, OSError):
        return f"{at:g} seconds since 1970"


def money(usage: Usage) -> str:
    """What was used, in words."""
    parts = [f"{usage.model_calls} model call{'s' * (usage.model_calls != 1)}"] if usage.model_calls else []
    if usage.input_tokens or usage.output_tokens:
        parts.append(f"{usage.input_tokens:,} tokens in, {usage.output_tokens:,} out")
    if usage.cost_usd:
        parts.append(f"${usage.cost_usd:.4f}")
    if usage.tool_calls:
        parts.append(f"{usage.tool_calls} tool call{'s' * (usage.tool_calls != 1)}")
    if usage.spend_usd:
        parts.append(f"${usage.spend_usd:.2f} spent by tools")
    return ", ".join(parts) or "nothing used"


def _spent(usage: Usage, seconds: float) -> str:
    cost = f", ${usage.cost_usd:.4f}" if usage.cost_usd else ""
    return f"{usage.input_tokens:,} tokens in, {usage.output_tokens:,} out{cost}, {seconds:.1f} s"


def _said(reply: Reply) -> str:
    calls = [f"{call.name}({call.arguments})" for call in reply.calls]
    return " | ".join(brief(part) for part in (reply.text, *calls) if part) or "(nothing)"


def _came_to(result: ToolResult) -> str:
    origin = f" [{show_value(result.origin)}]" if result.origin else ""
    return f"{result.outcome}{origin}: {brief(plain_data(result.content))}"


def line_texts(lines: Sequence[Line], day: Callable[[float], str] = moment) -> list[tuple[str, str]]:
    """Lines as text and colour, the time in front."""
    texts = []
    for line in lines:
        first, *rest = line.text.split("\n")
        texts.append((f"{day(line.at)}  {line.kind:<9} {first}".rstrip(), line.style))
        texts += [(f"{'':<21}{each}".rstrip(), line.style) for each in rest if each.strip()]
    return texts
