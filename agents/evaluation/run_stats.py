"""Statistics of stored runs: how many, what they cost, how long they took, what people were asked and decided, errors, thumbs."""

from __future__ import annotations

import json
from array import array
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from math import ceil, inf
from typing import TYPE_CHECKING, Any, NamedTuple, TypedDict

from sayso.tools.errors import UsageError
from sayso.workflows.caps import PERIODS, Period, find_period, find_zone

from .evaluation_runs import FLOW, is_case_run, leave_out_evaluations
from .run_facts import refresh_facts
from .version_stats import SplitStats, VersionTally, compare_versions

if TYPE_CHECKING:
    from sayso.workflows import DurableEngine
    from sayso.workflows.durable.database import Session

MOST_PERIODS = 400
FIRST, LAST = 0.0, datetime(9999, 1, 1, tzinfo=UTC).timestamp()
"""Which times can be those of a run."""
DECIDED = {"approved": "approved", "executing": "approved", "done": "approved", "failed": "approved", "unknown": "approved"}
"""What was decided on a request, by the state it is in now. Others are named as they are; what is still open says so."""
_ENDED = ("done", "failed", "cancelled")


@dataclass(frozen=True, kw_only=True, slots=True)
class Figures:
    """What a group of runs came to.

    `seconds_*` are those in which a run was executed, without waiting for people; of runs that have ended. `asked` counts requests for
    approval; `decision_seconds_*` is how long those waited that were decided. `errors` are the kinds of errors of failed runs, the most
    frequent first. `up` and `down` count the thumbs that are their persons' last word.
    """

    runs: int
    users: int
    states: Mapping[str, int]
    cost_usd: float
    spend_usd: float
    input_tokens: int
    output_tokens: int
    model_calls: int
    tool_calls: int
    seconds_p50: float | None
    seconds_p95: float | None
    asked: int
    decisions: Mapping[str, int]
    decision_seconds_p50: float | None
    decision_seconds_p95: float | None
    errors: Mapping[str, int]
    up: int
    down: int


class PeriodFigures(NamedTuple):
    """The figures of the runs begun in one period: `begins` is its first day ("2026-11-30"; with the hour for an hour)."""

    begins: str
    figures: Figures


class AgentFigures(NamedTuple):
    """The figures of one agent or workflow, in all and by period. Periods without any of its runs are not in it."""

    agent: str
    figures: Figures
    periods: tuple[PeriodFigures, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class RunStats:
    """The statistics of the runs that were begun in a time. Periods are those of the calendar in `zone`, weeks begin on Monday.

    `periods` has those without runs between the first and the last; `splits` compares the versions of each split. `evaluations` says how
    many runs of evaluations are left out, `unreadable` how many whose rows are none of Sayso's.
    """

    per: Period
    zone: str
    total: Figures
    agents: tuple[AgentFigures, ...]
    periods: tuple[PeriodFigures, ...]
    splits: tuple[SplitStats, ...]
    evaluations: int = 0
    unreadable: int = 0


@dataclass(slots=True)
class _Tally:
    """Counts the runs of one group."""

    runs: int = 0
    users: set[str] = field(default_factory=set)
    states: Counter[str] = field(default_factory=Counter)
    sums: list[float] = field(default_factory=lambda: [0.0] * 6)
    seconds: array[float] = field(default_factory=lambda: array("d"))
    decisions: Counter[str] = field(default_factory=Counter)
    waits: array[float] = field(default_factory=lambda: array("d"))
    errors: Counter[str] = field(default_factory=Counter)
    thumbs: Counter[str] = field(default_factory=Counter)

    def close(self) -> Figures:
        """Return the figures."""
        cost, spend, tokens_in, tokens_out, model_calls, tool_calls = self.sums
        seconds, waits = sorted(self.seconds), sorted(self.waits)
        return Figures(
            runs=self.runs,
            users=len(self.users),
            states=_by_count(self.states),
            cost_usd=cost,
            spend_usd=spend,
            input_tokens=int(tokens_in),
            output_tokens=int(tokens_out),
            model_calls=int(model_calls),
            tool_calls=int(tool_calls),
            seconds_p50=find_percentile(seconds, 0.5),
            seconds_p95=find_percentile(seconds, 0.95),
            asked=self.decisions.total(),
            decisions=_by_count(self.decisions),
            decision_seconds_p50=find_percentile(waits, 0.5),
            decision_seconds_p95=find_percentile(waits, 0.95),
            errors=_by_count(self.errors),
            up=self.thumbs["up"],
            down=self.thumbs["down"],
        )


def _join(tallies: Iterable[_Tally]) -> _Tally:
    """Return several groups as one."""
    joined = _Tally()
    for each in tallies:
        joined.runs += each.runs
        joined.users |= each.users
        joined.sums = [total + value for total, value in zip(joined.sums, each.sums, strict=True)]
        joined.seconds.extend(each.seconds)
        joined.waits.extend(each.waits)
        for mine, theirs in (
            (joined.states, each.states),
            (joined.decisions, each.decisions),
            (joined.errors, each.errors),
            (joined.thumbs, each.thumbs),
        ):
            mine.update(theirs)
    return joined


def _by_count(counter: Counter[str]) -> dict[str, int]:
    return dict(sorted(counter.items(), key=lambda each: (-each[1], each[0])))


def find_percentile(ordered: Sequence[float], share: float) -> float | None:
    """Return the smallest value that at least this share of the ordered values does not exceed (nearest rank). None without values."""
    return ordered[max(0, ceil(share * len(ordered)) - 1)] if ordered else None


class _Run(NamedTuple):
    id: str
    flow: str
    user: str
    state: str
    at: float
    error: str | None
    seconds: float | None
    cost_usd: float | None
    spend_usd: float | None
    input_tokens: int | None
    output_tokens: int | None
    model_calls: int | None
    tool_calls: int | None
    versions: str | None


_SELECT = (
    "SELECT id, flow, for_user, state, created_at, substr(error, 1, 200), seconds, cost_usd, spend_usd, input_tokens, output_tokens, "
    "model_calls, tool_calls, versions FROM sayso_runs LEFT JOIN sayso_facts ON root = id"
)


class StatsOptions(TypedDict, total=False):
    """What `collect_stats` takes: `since` and `until` are seconds since 1970."""

    per: Period
    since: float | None
    until: float | None
    agent: str | None
    user: str | None
    zone: str


async def collect_stats(
    engine: DurableEngine,
    *,
    per: Period = "week",
    since: float | None = None,
    until: float | None = None,
    agent: str | None = None,
    user: str | None = None,
    zone: str = "UTC",
) -> RunStats:
    """Return the statistics of the runs of a database that were begun in a time (seconds since 1970), of an agent, of a user, or of all.

    A run counts in the period in which it was begun, with all that it cost and that people thought of it until now. Raises UsageError for
    a period or a time zone that there is not.
    """
    if per not in PERIODS:
        raise UsageError(f"per={per!r} is not a period. Periods: {', '.join(PERIODS)}.")
    place = find_zone(zone)
    first, last = FIRST if since is None else max(since, FIRST), LAST if until is None else min(until, LAST)
    if not first < last:
        raise UsageError("The time that is asked for ends before it begins. Give since= before until=.")
    await refresh_facts(engine, first, last)
    where = "created_at >= :since AND created_at < :until"
    values: dict[str, Any] = {"since": first, "until": last}
    for column, value in (("flow", agent), ("for_user", user)):
        if value is not None:
            where, values[column] = f"{where} AND {column} = :{column}", value

    def read(session: Session) -> _Collected:
        if not engine.database.is_sqlite:  # all of it as it is at one moment
            session.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        collected = _Collected(per, place, find_evaluations(session) if agent != FLOW else frozenset())
        collected.unreadable = count_timeless(session)
        for row in session.execute(f"{_SELECT} WHERE {where} ORDER BY created_at, id", values):
            collected.take_run(_Run(*row))
        requests = "SELECT root, sayso_approvals.state, asked_at, decided_at, expires_at FROM sayso_approvals JOIN sayso_runs ON id = root"
        for row in session.execute(f"{requests} WHERE {where}", values):
            collected.take_request(*row, now=engine.clock())
        return collected

    collected = await engine.database.do(read)
    for thumb in await engine.feedback():
        collected.take_thumb(thumb.run.partition("/")[0], thumb.verdict)
    return collected.close(zone)


class _Collected:
    """What was read so far, counted by agent and period."""

    def __init__(self, per: Period, place: tzinfo, evaluations: Set[str]) -> None:
        self.per: Period = per
        self.place, self.evaluations = place, evaluations
        self.left_out = self.unreadable = 0
        self.window = (inf, -inf)
        self.begins: list[float] = []  # of the periods, in order
        self.tallies: dict[tuple[str, float], _Tally] = {}
        self.cells: dict[str, _Tally] = {}  # of a run, by its id
        self.splits: dict[tuple[str, str], VersionTally] = {}
        self.chosen: dict[str, tuple[VersionTally, ...]] = {}  # by what is stored of a run's versions
        self.versions: dict[str, tuple[VersionTally, ...]] = {}

    def take_run(self, run: _Run) -> None:
        """Count a run; they come in the order in which they were begun."""
        if not all(isinstance(text, str) for text in run[:4]):
            self.unreadable += 1
            return
        if self.evaluations and (run.id in self.evaluations or is_case_run(run.id, self.evaluations)):
            self.left_out += 1
            return
        if not self.window[0] <= run.at < self.window[1]:
            self.window = find_period(self.per, run.at, self.place)
            self.begins.append(self.window[0])
        key = (run.flow, self.window[0])
        tally = self.tallies.get(key)
        if tally is None:
            tally = self.tallies[key] = _Tally()
        self.cells[run.id] = tally
        tally.runs += 1
        tally.states[run.state] += 1
        if run.seconds is not None:
            tally.sums = [total + (value or 0) for total, value in zip(tally.sums, run[7:13], strict=True)]
            if run.state in _ENDED:
                tally.seconds.append(run.seconds)
        if run.user:
            tally.users.add(run.user)
        if run.state == "failed":
            tally.errors[find_error_kind(run.error)] += 1
        if run.versions:
            self._take_versions(run, run.versions)

    def _take_versions(self, run: _Run, text: str) -> None:
        tallies = self.chosen.get(text)
        if tallies is None:
            pairs = [(split, str(version)) for split, version in json.loads(text).items()]
            tallies = self.chosen[text] = tuple(self.splits.setdefault(pair, VersionTally(pair[1])) for pair in pairs)
        self.versions[run.id] = tallies
        for tally in tallies:
            tally.take_run(run.id, run.user, run.state, run.cost_usd or 0.0, run.seconds)

    def take_request(self, root: str, state: str, asked_at: float, decided_at: float | None, expires_at: float, *, now: float) -> None:
        """Count a request for approval."""
        decision = DECIDED.get(state, state)
        if state in ("proposed", "closed"):
            decision = "expired" if expires_at <= now else "open" if state == "proposed" else "left open"
        tally = self.cells.get(root)
        if tally is None:
            return
        tally.decisions[decision] += 1
        if decided_at is not None:
            tally.waits.append(max(0.0, decided_at - asked_at))  # a clock may be set back
        for version in self.versions.get(root, ()):
            version.take_decision(root, decision)

    def take_thumb(self, root: str, verdict: str) -> None:
        """Count a thumb on a run."""
        if (tally := self.cells.get(root)) is not None:
            tally.thumbs[verdict] += 1
        for version in self.versions.get(root, ()):
            version.take_thumb(root, verdict)

    def close(self, zone: str) -> RunStats:
        """Return the statistics."""
        by_agent: dict[str, list[tuple[float, _Tally]]] = {}
        by_period: dict[float, list[_Tally]] = {}
        for (agent, begins), tally in self.tallies.items():
            by_agent.setdefault(agent, []).append((begins, tally))
            by_period.setdefault(begins, []).append(tally)
        agents = [
            AgentFigures(
                agent,
                _join(tally for _, tally in cells).close(),
                tuple(PeriodFigures(self._name(begins), tally.close()) for begins, tally in sorted(cells, key=lambda cell: cell[0])),
            )
            for agent, cells in by_agent.items()
        ]
        splits: dict[str, list[VersionTally]] = {}
        for (split, _), version in sorted(self.splits.items()):
            splits.setdefault(split, []).append(version)
        return RunStats(
            per=self.per,
            zone=zone,
            total=_join(self.tallies.values()).close(),
            agents=tuple(sorted(agents, key=lambda each: (-each.figures.runs, each.agent))),
            periods=tuple(PeriodFigures(self._name(each), _join(by_period.get(each, ())).close()) for each in self._list_periods()),
            splits=tuple(compare_versions(name, versions) for name, versions in splits.items()),
            evaluations=self.left_out,
            unreadable=self.unreadable,
        )

    def _list_periods(self) -> list[float]:
        """Return the begins of the periods from the first to the last; only those with runs where there are too many to show."""
        if not self.begins:
            return []
        begins, last = [self.begins[0]], self.begins[-1]
        while begins[-1] < last and len(begins) <= MOST_PERIODS:
            begins.append(find_period(self.per, begins[-1], self.place)[1])
        return begins if len(begins) <= MOST_PERIODS else self.begins[-MOST_PERIODS:]

    def _name(self, begins: float) -> str:
        moment = datetime.fromtimestamp(begins, self.place)
        return moment.strftime("%Y-%m-%d %H:00" if self.per == "hour" else "%Y-%m-%d")


class _StoredId(NamedTuple):
    id: str
    flow: str


def find_evaluations(session: Session) -> frozenset[str]:
    """Return the ids of the evaluations of a database: their cases are runs as well."""
    found = session.execute("SELECT id, flow FROM sayso_runs WHERE flow = :flow", {"flow": FLOW})
    rows = [_StoredId(*row) for row in found.fetchall()]
    return frozenset({row.id for row in rows} - {row.id for row in leave_out_evaluations(rows)[0]})


def count_timeless(session: Session) -> int:
    """Return how many runs there are of which nobody can say when they were begun."""
    found = session.execute(
        "SELECT COUNT(*) FROM sayso_runs WHERE NOT (created_at >= :first AND created_at < :last)", {"first": FIRST, "last": LAST}
    )
    return int(found.fetchone()[0])


def find_error_kind(text: str | None) -> str:
    """Return the kind of a stored error, by the beginning of its JSON: "ModelError", or the class of an application."""
    before, mark, after = (text or "").partition('{"$": "')
    return after.partition('"')[0].rpartition(":")[2] if mark and not before else "unknown"
