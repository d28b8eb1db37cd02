"""Checks of what a run did: calls made and not made, approvals asked and how they were decided. All of them are deterministic."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sayso.tools.calls import Outcome
from sayso.tools.errors import UsageError

from ..values import ApprovalRecord, CallRecord, CaseRun, RunRecord, ScoreResult
from .grading import check_flag, check_mapping, check_text, decide, set_name, show, to_json
from .json_differences import STRICT, JsonRules, is_equal

_MADE = frozenset({Outcome.DONE, Outcome.FAILED, Outcome.UNKNOWN})
_SUBSET = JsonRules(subset=True)
DECISIONS = ("approved", "edited", "rejected", "open")


@dataclass(frozen=True, slots=True)
class CallMade:
    """Tell whether the run made a call of a tool. Deterministic: 1 or 0.

    A call is made when it was executed, also if it failed or nobody knows how it ended; one that was rejected, or that waits for a
    decision, was only proposed. `arguments` are those that the call must have, as JSON values; it may have others, unless `exact=True`.
    `times` is how often exactly; without it, at least once.
    """

    tool: str
    arguments: Mapping[str, object] | None = None
    times: int | None = None
    exact: bool = False
    name: str = ""

    is_deterministic = True

    def __post_init__(self) -> None:
        _check_call(self, self.tool, self.arguments)
        _check_times(self, self.times)
        check_flag(self, exact=self.exact)
        set_name(self, f"calls {_show_call(self.tool, self.arguments)}{'' if self.times is None else f', {self.times} times'}")

    async def __call__(self, run: CaseRun) -> ScoreResult:
        """Return 1 where the call was made, 0 otherwise."""
        made = [call for call in run.record.calls if call.outcome in _MADE]
        fits = sum(_fits(call.tool, call.arguments, self.tool, self.arguments, self.exact) for call in made)
        if fits >= 1 if self.times is None else fits == self.times:
            return decide(self.name, True)
        wanted = "at least once" if self.times is None else f"{self.times} times"
        reason = f"{_show_call(self.tool, self.arguments)} was to be called {wanted}, and was called {fits} times."
        return decide(self.name, False, reason, _list_calls(run.record.calls))


@dataclass(frozen=True, slots=True)
class CallNotMade:
    """Tell whether the run made no call of a tool; without a tool, none at all. Deterministic: 1 or 0.

    Without `arguments` no call of the tool may be made; with them, none that has these. With `proposed=True` the model must not have asked
    for it either: a call that was rejected, or that waits for a decision, fails too. What is a call that was made is said at `CallMade`.
    """

    tool: str = ""
    arguments: Mapping[str, object] | None = None
    proposed: bool = False
    name: str = ""

    is_deterministic = True

    def __post_init__(self) -> None:
        if self.tool or self.arguments:
            _check_call(self, self.tool, self.arguments)
        check_flag(self, proposed=self.proposed)
        set_name(self, f"does not call {_show_call(self.tool, self.arguments)}" if self.tool else "calls no tool")

    async def __call__(self, run: CaseRun) -> ScoreResult:
        """Return 1 where no such call was made, 0 otherwise."""
        counted = [call for call in run.record.calls if self.proposed or call.outcome in _MADE]
        found = [call for call in counted if _fits(call.tool, call.arguments, self.tool, self.arguments)]
        did = "was called, or proposed" if self.proposed else "was called"
        return decide(self.name, not found, f"{found[0].tool} {did}." if found else "", _list_calls(found))


@dataclass(frozen=True, slots=True)
class PersonAsked:
    """Tell whether a person was asked about a call of a tool, and what was decided. Deterministic: 1 or 0.

    `arguments` are those that the card was shown for (it may have others). `decision` is "approved", "edited", "rejected" or "open" (nobody
    has decided yet); without it any will do. `times` is how often exactly; without it, at least once.
    """

    tool: str
    arguments: Mapping[str, object] | None = None
    decision: str = ""
    times: int | None = None
    name: str = ""

    is_deterministic = True

    def __post_init__(self) -> None:
        _check_call(self, self.tool, self.arguments)
        _check_times(self, self.times)
        if self.decision not in ("", *DECISIONS):
            raise UsageError(f"PersonAsked: decision={self.decision!r} is not one of {', '.join(map(repr, DECISIONS))}.")
        set_name(self, f"asks for {_show_call(self.tool, self.arguments)}{f' ({self.decision})' if self.decision else ''}")

    async def __call__(self, run: CaseRun) -> ScoreResult:
        """Return 1 where the approval was asked, 0 otherwise."""
        fits = [each for each in _find_approvals(run.record, self.tool, self.arguments) if self.decision in ("", _name_decision(each))]
        if len(fits) >= 1 if self.times is None else len(fits) == self.times:
            return decide(self.name, True)
        wanted = "at least once" if self.times is None else f"{self.times} times"
        reason = f"A person was to be asked {wanted} about {_show_call(self.tool, self.arguments)}"
        reason += f" and to have {self.decision} it" if self.decision in ("approved", "edited", "rejected") else ""
        return decide(self.name, False, f"{reason}; that was so {len(fits)} times.", _list_approvals(run.record.approvals))


@dataclass(frozen=True, slots=True)
class PersonNotAsked:
    """Tell whether nobody was asked about a tool; without a tool, whether nobody was asked about anything. Deterministic: 1 or 0."""

    tool: str = ""
    arguments: Mapping[str, object] | None = None
    name: str = ""

    is_deterministic = True

    def __post_init__(self) -> None:
        if self.tool or self.arguments:
            _check_call(self, self.tool, self.arguments)
        set_name(self, f"asks nobody about {_show_call(self.tool, self.arguments)}" if self.tool else "asks nobody")

    async def __call__(self, run: CaseRun) -> ScoreResult:
        """Return 1 where nobody was asked, 0 otherwise."""
        found = _find_approvals(run.record, self.tool, self.arguments) if self.tool else list(run.record.approvals)
        return decide(self.name, not found, f"A person was asked {len(found)} times." if found else "", _list_approvals(found))


def _fits(tool: str, arguments: Mapping[str, object], wanted: str, needed: Mapping[str, object] | None, exact: bool = False) -> bool:
    if wanted and tool != wanted:
        return False
    return needed is None or is_equal(to_json(needed), to_json(arguments), STRICT if exact else _SUBSET)


def _find_approvals(record: RunRecord, tool: str, arguments: Mapping[str, object] | None) -> list[ApprovalRecord]:
    return [each for each in record.approvals if _fits(each.tool, each.arguments, tool, arguments)]


def _name_decision(approval: ApprovalRecord) -> str:
    return approval.decision or "open"


def _show_call(tool: str, arguments: Mapping[str, Any] | None) -> str:
    return f"{tool}({', '.join(f'{key}={show(value)}' for key, value in arguments.items())})" if arguments else tool


def _list_calls(calls: Iterable[CallRecord]) -> list[str]:
    lines = Counter(f"{_show_call(call.tool, call.arguments)}: {call.outcome or 'waits for a decision'}" for call in calls)
    return [line if count == 1 else f"{line} ({count} times)" for line, count in lines.items()]


def _list_approvals(approvals: Iterable[ApprovalRecord]) -> list[str]:
    return [f"{_show_call(each.tool, each.arguments)}: {_name_decision(each)}" for each in approvals]


def _check_call(score: object, tool: object, arguments: object) -> None:
    check_text(score, "tool", tool)
    if arguments is not None:
        check_mapping(score, "arguments", arguments)
        to_json(arguments)


def _check_times(score: object, times: object) -> None:
    if times is not None and (isinstance(times, bool) or not isinstance(times, int) or times < 1):
        raise UsageError(
            f"{type(score).__name__}: times={times!r} is not a whole number from 1. For a call that must not be made: CallNotMade."
        )
