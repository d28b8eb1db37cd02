"""The story of a run, from the rows of its log: what was asked, what the model said and called, what came of it, who decided what."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sayso.agents.messages import Reply
from sayso.cli.display import describe_decision, describe_input, read_text, to_plain
from sayso.tools.approval.cards import escape_lines, show_value
from sayso.tools.calls import ToolResult
from sayso.tools.canonical import readable_json
from sayso.workflows.runs.events import (
    ApprovalAsked,
    ApprovalDecided,
    ApproverFailed,
    BranchFailed,
    GrantUsed,
    RoundEnded,
    StepFailed,
    StepRetried,
    StepStarted,
    WriteSettled,
    WriteStarted,
)
from sayso.workflows.runs.journal import Failure
from sayso.workflows.runs.limits import NO_USAGE, Intent, Spent, Usage, count_step

if TYPE_CHECKING:
    from sayso.workflows.durable.chain import Row

LONGEST_TEXT = 20_000
Item = dict[str, Any]


class Story:
    """Takes the rows of a log as they come and returns items: plain data, each with a kind. `usage` is what was used so far."""

    def __init__(self, root: str) -> None:
        self.root = root
        self.usage: Usage = NO_USAGE
        self._started_at: dict[tuple[str, str], float] = {}
        self._calls: dict[str, str] = {}
        self._owner = self._failure = ""

    def take(self, row: Row) -> list[Item]:
        """Return the items of the next row."""
        try:
            value = read_text(row.value)
        except (ValueError, TypeError, KeyError, RecursionError):
            text = f"Row {row.number} cannot be read. See: sayso verify {self.root}"
            return [{"kind": "trouble", "text": text, "number": row.number, "at": row.at}]
        items = self._take(row, value)
        place = row.run.removeprefix(self.root).lstrip("/")
        return [{"number": row.number, "at": row.at, "place": show_value(place), **item} for item in items]

    def _take(self, row: Row, value: object) -> list[Item]:
        match row.kind:
            case "started":
                return [{"kind": "asked", "flow": show_value(row.name), "text": _cut(describe_input(value))}]
            case "begun":
                return self._take_execution(row, value)
            case "kept":
                return self._take_result(row, value)
            case "event" | "told":
                return self._take_event(row, value)
            case "ended":
                self._owner = ""
                return [{"kind": "ended", "state": row.name}]
        return []

    def _take_execution(self, row: Row, value: object) -> list[Item]:
        owner = show_value(value.get("by") or "?") if isinstance(value, Mapping) else "?"
        died = [{"kind": "died", "by": self._owner}] if self._owner else []  # that execution did not write its end
        self._owner = owner
        return [*died, *([{"kind": "executed", "by": owner, "again": row.name}] if row.name != "1" else [])]

    def _take_result(self, row: Row, value: object) -> list[Item]:
        seconds = row.at - self._started_at.pop((row.run, row.name), row.at)
        if isinstance(value, (Failure, Exception)) or row.name.startswith(("propose:", "labels:")):
            return []
        self.usage += count_step(row.name, value)
        if isinstance(value, Reply):
            return [self._tell_reply(row, value, seconds)]
        if row.name.startswith("wait:approve:"):
            return [{"kind": "expired", "digest": row.name.removeprefix("wait:approve:")}] if value is None else []
        if isinstance(value, Intent) or row.name.startswith(("intent:", "wait:")):
            return []
        value = value.results if isinstance(value, Spent) else value
        results = value if isinstance(value, list) else [value]
        calls = [each for each in results if isinstance(each, ToolResult)]
        if calls and len(calls) == len(results):
            return [self._tell_result(each, row.name.startswith("effect:")) for each in calls]
        return [{"kind": "step", "name": show_value(row.name), "text": _cut(_to_text(value)), "seconds": seconds}]

    def _tell_reply(self, row: Row, reply: Reply, seconds: float) -> Item:
        usage = reply.usage
        turn = row.name.partition(":")[2]
        calls = [{"tool": show_value(each.name), "arguments": _cut(each.arguments)} for each in reply.calls]
        return {
            "kind": "reply",
            "turn": turn,
            "text": _cut(reply.text),
            "thought": _cut(reply.reasoning),
            "calls": calls,
            "tokens_in": usage.input_tokens,
            "tokens_out": usage.output_tokens,
            "cost_usd": usage.cost_usd,
            "seconds": seconds,
        }

    def _tell_result(self, result: ToolResult, is_write: bool) -> Item:
        return {
            "kind": "receipt" if is_write else "result",
            "call": result.call_id,
            "outcome": str(result.outcome),
            "text": _cut(_to_text(result.content)),
            "origin": show_value(result.origin),
            "trust": str(result.trust),
            "secrecy": str(result.secrecy),
        }

    def _take_event(self, row: Row, event: object) -> list[Item]:
        match event:
            case StepStarted(run, name):
                self._started_at[run, name] = row.at
            case ApprovalAsked(_, request):
                return [{"kind": "card", "digest": request.digest, "tool": request.tool, "card": request.card}]
            case ApprovalDecided(_, digest, decision):
                word, text, _ = describe_decision(digest, decision)
                who = show_value(decision.by or "somebody who gave no name")
                return [{"kind": "decided", "digest": digest, "word": word, "by": who, "where": show_value(decision.place), "text": text}]
            case ApproverFailed(_, digest, error):
                return [{"kind": "trouble", "text": f"An answer to the request {digest[:12]} does not count: {show_value(error)}"}]
            case GrantUsed(_, grant, tool, _):
                return [{"kind": "granted", "tool": show_value(tool), "grant": show_value(grant)[:12]}]
            case WriteStarted(_, tool, key):
                return [{"kind": "writes", "tool": show_value(tool), "key": key[:16]}]
            case WriteSettled(_, tool, key, outcome):
                return [{"kind": "settled", "tool": show_value(tool), "key": key[:16], "outcome": str(outcome)}]
            case StepRetried(_, name, attempt, wait, error):
                return [{"kind": "retry", "name": show_value(name), "attempt": attempt, "wait": wait, "text": _cut(error)}]
            case StepFailed(_, _, error) | BranchFailed(_, _, error) if error != self._failure:
                self._failure = error  # it is raised through every branch above; one line is enough
                return [{"kind": "failed", "text": _cut(error)}]
            case RoundEnded(_, number):
                return [{"kind": "round", "round": number}]
        return []


def _to_text(value: object) -> str:
    return value if isinstance(value, str) else readable_json(to_plain(value))


def _cut(text: str) -> str:
    """Return a text with every character visible; a very long one is cut, with its length."""
    shown = escape_lines(text[:LONGEST_TEXT])
    return shown if len(text) <= LONGEST_TEXT else f"{shown} ... ({len(text):,} characters)"
