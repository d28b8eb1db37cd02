"""How many of the expected tool calls a run made: as the Berkeley leaderboard counts them, and as RAGAS does. Deterministic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from sayso.tools.errors import UsageError

from ..values import CallRecord, CaseRun, ScoreResult
from .grading import check_flag, check_least, check_mapping, measure, set_name, show, to_json
from .json_differences import find_differences, is_equal, pair_items

Counting = Literal["bfcl", "ragas"]


class ExpectedCall(NamedTuple):
    """A call that a run is to make: the tool, and exactly these arguments."""

    tool: str
    arguments: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class ToolCallAccuracy:
    """Measure whether a run proposed exactly the expected tool calls. Deterministic.

    `expected` are the calls: `{"tool": "search", "arguments": {"query": "burgers"}}` each, in a list. All calls that the model asked for
    count, those that a person rejected as well: it is the model that is judged. Arguments are compared as JSON values, nested ones too.

    `counting="bfcl"` is the accuracy of the Berkeley Function-Calling Leaderboard (Patil et al. 2024, AST evaluation): 1 if there are as
    many calls as expected and each expected one has a call of its own with the same tool and the same arguments, in any order, and 0
    otherwise. `ordered=True` wants them in order. BFCL's lists of allowed values are not read: write the value that is right.

    `counting="ragas"` is RAGAS' ToolCallAccuracy with exact arguments: 0 unless the tools come in the expected order (in any order with
    `ordered=False`); then the mean over the expected calls of the share of their arguments that have the expected value. Two empty lists
    are 1. RAGAS compares arguments as texts; here 1 equals 1.0, and the order of keys does not matter.
    """

    expected: Sequence[Any]
    counting: Counting = "bfcl"
    ordered: bool | None = None
    least: float | None = 1.0
    name: str = ""

    is_deterministic = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "expected", _read_expected(self.expected))
        if self.counting not in ("bfcl", "ragas"):
            raise UsageError(f"ToolCallAccuracy: counting={self.counting!r} is neither 'bfcl' nor 'ragas'.")
        if self.ordered is not None:
            check_flag(self, ordered=self.ordered)
        check_least(self, self.least)
        set_name(self, "tool call accuracy" if self.counting == "bfcl" else "tool call accuracy (ragas)")

    async def __call__(self, run: CaseRun) -> ScoreResult:
        """Return the share of the expected calls that the run proposed, as the chosen way of counting has it."""
        ordered = self.counting == "ragas" if self.ordered is None else self.ordered
        expected: list[ExpectedCall] = list(self.expected)
        calls = run.record.calls
        value, problems = (_count_as_bfcl if self.counting == "bfcl" else _count_as_ragas)(expected, calls, ordered)
        return measure(self.name, value, self.least, problems[0] if problems else "", problems[1:])


def _count_as_bfcl(expected: list[ExpectedCall], calls: Sequence[CallRecord], ordered: bool) -> tuple[float, list[str]]:
    if ordered:
        paired = [at if at < len(calls) and _is_same(each, calls[at]) else None for at, each in enumerate(expected)]
    else:
        paired = pair_items([[at for at, call in enumerate(calls) if _is_same(each, call)] for each in expected])
    problems = [_explain_missing(each, calls) for each, at in zip(expected, paired, strict=True) if at is None]
    taken = {at for at in paired if at is not None}
    problems += [f"Not expected: {_show(call.tool, call.arguments)}." for at, call in enumerate(calls) if at not in taken]
    return (0.0 if problems else 1.0), problems


def _count_as_ragas(expected: list[ExpectedCall], calls: Sequence[CallRecord], ordered: bool) -> tuple[float, list[str]]:
    wanted, made = [each.tool for each in expected], [call.tool for call in calls]
    if (wanted != made) if ordered else (sorted(wanted) != sorted(made)):
        return 0.0, [f"Expected the tools {', '.join(wanted) or 'none'}; the run has {', '.join(made) or 'none'}."]
    if not expected:
        return 1.0, []
    left, total, problems = list(calls), 0.0, list[str]()
    for each in expected:
        best = max((call for call in left if call.tool == each.tool), key=lambda call: _share(each, call))
        left.remove(best)
        total += _share(each, best)
        problems += list(find_differences(to_json(each.arguments), to_json(best.arguments), path=each.tool))
    return total / len(expected), problems


def _share(expected: ExpectedCall, call: CallRecord) -> float:
    """Return the share of the expected arguments that a call has."""
    if not expected.arguments:
        return 1.0 if not call.arguments else 0.0
    same = [
        name in call.arguments and is_equal(to_json(value), to_json(call.arguments[name])) for name, value in expected.arguments.items()
    ]
    return sum(same) / len(same)


def _is_same(expected: ExpectedCall, call: CallRecord) -> bool:
    return expected.tool == call.tool and is_equal(to_json(expected.arguments), to_json(call.arguments))


def _explain_missing(expected: ExpectedCall, calls: Sequence[CallRecord]) -> str:
    """Return why an expected call is not there: by the nearest call of that tool, where there is one."""
    nearest = min(
        (list(find_differences(to_json(expected.arguments), to_json(call.arguments))) for call in calls if call.tool == expected.tool),
        key=len,
        default=[],
    )
    why = f" {nearest[0]}" if nearest else ""
    return f"Expected and not there: {_show(expected.tool, expected.arguments)}.{why}"


def _show(tool: str, arguments: Mapping[str, object]) -> str:
    return f"{tool}({', '.join(f'{key}={show(value)}' for key, value in arguments.items())})"


def _read_expected(expected: object) -> tuple[ExpectedCall, ...]:
    """Return the calls of a list. Raises UsageError that names the item which is none."""
    if isinstance(expected, (str, bytes, Mapping)) or not isinstance(expected, Sequence):
        raise UsageError(
            f"ToolCallAccuracy: expected={show(expected)} is not a list of calls like {{'tool': 'search', 'arguments': {{}}}}."
        )
    calls = list[ExpectedCall]()
    for at, item in enumerate(expected):
        if isinstance(item, Mapping) and set(item) <= {"tool", "arguments"} and isinstance(item.get("tool"), str) and item["tool"]:
            tool, arguments = item["tool"], item.get("arguments") or {}
        elif isinstance(item, tuple) and len(item) == 2 and isinstance(item[0], str):
            tool, arguments = item
        else:
            raise UsageError(f"ToolCallAccuracy: item {at} of expected is {show(item)}. Write {{'tool': 'search', 'arguments': {{}}}}.")
        check_mapping(ToolCallAccuracy, f"arguments of item {at}", arguments)
        to_json(arguments)
        calls.append(ExpectedCall(tool, arguments))
    return tuple(calls)
