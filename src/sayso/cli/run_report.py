"""The report of a run, line by line from its log: what was asked, what the model said, who approved what, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from sayso.agents.messages import Reply
from sayso.cli.display import describe_call, describe_decision, describe_input, format_time, read_text, shorten, to_plain
from sayso.console import format_card
from sayso.tools.approval.cards import escape_lines, show_value
from sayso.tools.approval.requests import ApprovalRequest
from sayso.tools.calls import Outcome, ToolResult
from sayso.tools.effects import Labels
from sayso.workflows.runs.events import (
    ApprovalAsked,
    ApprovalDecided,
    ApproverFailed,
    BranchFailed,
    GrantsGiven,
    GrantUsed,
    RoundEnded,
    StepFailed,
    StepRetried,
    StepStarted,
    WriteStarted,
)
from sayso.workflows.runs.journal import Failure
from sayso.workflows.runs.limits import NO_USAGE, Intent, Spent, Usage, count_step, is_refunded

if TYPE_CHECKING:
    from sayso.workflows.durable.chain import Row

OUTCOME_COLOURS = {Outcome.DONE: "green", Outcome.UNKNOWN: "bold red", Outcome.FAILED: "red", Outcome.REJECTED: "yellow"}


class ReportLine(NamedTuple):
    """One thing that happened: when (seconds since 1970), a word for its kind, the text (lines), and a colour."""

    at: float
    kind: str
    text: str
    style: str = ""


class RunReport:
    """Takes the rows of a run's log as they come and returns lines for each; `usage` is what the run has used so far."""

    def __init__(self, root: str) -> None:
        self.root = root
        self.usage: Usage = NO_USAGE
        self.decided: set[str] = set()
        self.read_at: dict[str, float] = {}  # by digest: when the run last read a decision that does not count
        self._started_at: dict[tuple[str, str], float] = {}
        self._reserved_usd: dict[tuple[str, str], float] = {}
        self._owner = ""  # the program that executes the run, as far as the log was read
        self._failure = ""

    def take(self, row: Row) -> list[ReportLine]:
        """Return the lines of the next row."""
        try:
            value = read_text(row.value)
        except (ValueError, TypeError, KeyError, RecursionError):
            text = f"row {row.number} ({row.kind} {show_value(row.name)}) cannot be read; see: sayso verify {self.root}"
            return [ReportLine(row.at, "?", text, "red")]
        match row.kind:
            case "started":
                return [ReportLine(row.at, "asked", f"{show_value(row.name)}: {shorten(describe_input(value), 2000)}", "bold")]
            case "begun":
                return self._report_execution(row, value)
            case "sent":
                return self._report_calls(row, value)
            case "kept":
                return self._report_result(row, value)
            case "event" | "told":
                return [ReportLine(row.at, *line) for line in self._report_event(row, value)]
            case "ended":
                self._owner = ""
                return [ReportLine(row.at, row.name, "", "green" if row.name == "done" else "")]
        return []

    def _report_execution(self, row: Row, value: object) -> list[ReportLine]:
        owner = show_value(value.get("by") or "?") if isinstance(value, Mapping) else "?"
        lines = []
        if self._owner:  # the execution before this one did not write its end
            lines.append(ReportLine(row.at, "died", f"{self._owner} stopped without ending the run", "red"))
        self._owner = owner
        again = "" if row.name == "1" else f"again (execution {show_value(row.name)}) "
        return [*lines, ReportLine(row.at, "executed", f"{again}by {owner}", "dim")]

    def _report_calls(self, row: Row, value: object) -> list[ReportLine]:
        """Return a line for each call that a step of reads makes, in the words of `sayso chat`."""
        calls = value.get("calls", ()) if isinstance(value, Mapping) else ()
        place = self._place(row.run)
        words = [describe_call(str(each["tool"]), each["arguments"]) for each in calls if isinstance(each, Mapping)]
        return [ReportLine(row.at, "calls", f"{place}: {each}" if place else each) for each in words]

    def _report_result(self, row: Row, value: object) -> list[ReportLine]:
        place = self._place(row.run, row.name)
        seconds = row.at - self._started_at.pop((row.run, row.name), row.at)
        if isinstance(value, (Failure, Exception)):
            return []  # the event of the failure was reported
        if isinstance(value, Labels):
            read = [name for name in ("untrusted", "private", "unvouched") if getattr(value, name)]
            where = self._place(row.run, row.name.removeprefix("labels:")) or "the run"
            return [ReportLine(row.at, "labels", f"{where}: has read what is {' and '.join(read)}", "dim")]
        self._count(row, value)
        if isinstance(value, Reply) and row.name.startswith("model:"):
            return [ReportLine(row.at, "model", f"{place}: {_format_cost(value.usage, seconds)}: {_format_reply(value)}", "cyan")]
        if row.name.startswith("wait:approve:"):
            digest = row.name.removeprefix("wait:approve:")
            late = ReportLine(row.at, "expired", f"request {show_value(digest[:12])}: nobody decided in time", "yellow")
            return [late] if value is None else []
        if row.name.startswith(("propose:", "intent:")):
            return []
        value = value.results if isinstance(value, Spent) else value
        results = value if isinstance(value, list) else [value]
        calls = [each for each in results if isinstance(each, ToolResult)]
        if calls and len(calls) == len(results):
            kind = "receipt" if row.name.startswith("effect:") else "tool"
            return [ReportLine(row.at, kind, f"{place}: {_format_result(call)}", OUTCOME_COLOURS.get(call.outcome, "")) for call in calls]
        return [ReportLine(row.at, "step", f"{place}: {shorten(to_plain(value))}")]

    def _count(self, row: Row, value: object) -> None:
        """Add what a step used. Money is reserved with the intent of a write, and given back where nothing happened."""
        self.usage += count_step(row.name, value)
        if isinstance(value, Intent):
            self._reserved_usd[row.run, row.name.removeprefix("intent:")] = value.cost_usd
        elif row.name.startswith("effect:") and is_refunded(value):
            self.usage += Usage(spend_usd=-self._reserved_usd.get((row.run, row.name.removeprefix("effect:")), 0.0))

    def _report_event(self, row: Row, event: object) -> list[tuple[str, str, str]]:
        match event:
            case StepStarted(run, name):
                self._started_at[run, name] = row.at
            case ApprovalAsked(run, request):
                return [("asks", self._format_request(run, request), "yellow")]
            case ApprovalDecided(_, digest, decision):
                self.decided.add(digest)
                return [describe_decision(digest, decision)]
            case ApproverFailed(_, digest, error):
                self.read_at[digest] = row.at
                return [("approver", f"request {digest[:12]} stays open: {show_value(error)}", "red")]
            case GrantsGiven(_, grants):
                texts = [f"{each.id} {show_value(each.text)}" for each in grants]
                return [("grants", "\n".join(texts), "dim")] if texts else []
            case GrantUsed(run, grant, tool, key):
                return [
                    (
                        "granted",
                        f"{self._place(run, tool)}: by grant {show_value(grant)[:12]}, nobody was asked, key {show_value(key)[:16]}",
                        "yellow",
                    )
                ]
            case WriteStarted(run, tool, key):
                return [("writes", f"{self._place(run, tool)}, key {show_value(key)[:16]}", "")]
            case StepRetried(run, name, attempt, wait, error):
                return [("retry", f"{self._place(run, name)}: try {attempt} in {wait:.1f} s, because of: {shorten(error)}", "yellow")]
            case StepFailed(run, name, error):
                return self._report_failure(self._place(run, name), error)
            case BranchFailed(run, _, error):
                return self._report_failure(self._place(run), error)
            case RoundEnded(run, number):
                return [("round", f"{self._place(run)}: round {number} is over", "dim")]
        return []

    def _report_failure(self, place: str, error: str) -> list[tuple[str, str, str]]:
        if error == self._failure:  # it is raised through every branch above; one line is enough
            return []
        self._failure = error
        return [("failed", f"{place}: {shorten(error)}", "red")]

    def _format_request(self, run: str, request: ApprovalRequest) -> str:
        until = format_time(request.expires_at)
        head = f"{self._place(run, request.position)}: request {request.digest[:12]}, open until {until}"
        return f"{head}{escape_lines(format_card(request))}"

    def _place(self, run: str, name: str = "") -> str:
        below = run.removeprefix(self.root).lstrip("/")
        return show_value("/".join(part for part in (below, name) if part))


def _format_cost(usage: Usage, seconds: float) -> str:
    cost = f", ${usage.cost_usd:.4f}" if usage.cost_usd else ""
    return f"{usage.input_tokens:,} tokens in, {usage.output_tokens:,} out{cost}, {seconds:.1f} s"


def _format_reply(reply: Reply) -> str:
    calls = [f"{call.name}({call.arguments})" for call in reply.calls]
    return " | ".join(shorten(part) for part in (reply.text, *calls) if part) or "(nothing)"


def _format_result(result: ToolResult) -> str:
    origin = f" [{show_value(result.origin)}]" if result.origin else ""
    return f"{result.outcome}{origin}: {shorten(to_plain(result.content))}"


def format_lines(lines: Sequence[ReportLine]) -> list[tuple[str, str]]:
    """Return lines as pairs of text and colour, the time in front and further lines of a text indented."""
    texts = []
    for line in lines:
        first, *rest = line.text.split("\n")
        texts.append((f"{format_time(line.at)}  {line.kind:<9} {first}".rstrip(), line.style))
        texts += [(f"{'':<21}{each}".rstrip(), line.style) for each in rest if each.strip()]
    return texts
