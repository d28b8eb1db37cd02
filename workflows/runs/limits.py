"""Limit what a run may use, and count it for every branch below."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import NamedTuple

from sayso.tools.calls import Outcome, ToolResult
from sayso.tools.errors import LimitReached, UsageError


class Usage(NamedTuple):
    """What was used: tokens in and out, US dollars where the price is known, calls, and money that tools spent.

    `cached_tokens` are those of the input that the provider had cached, `reasoning_tokens` those of the output that were thought.
    """

    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float = 0.0
    model_calls: int = 0
    tool_calls: int = 0
    spend_usd: float = 0.0
    cached_tokens: int = 0
    reasoning_tokens: int = 0

    def __add__(self, other: Usage) -> Usage:  # type: ignore[override]  # sums, where a tuple would be joined
        return Usage(
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
            self.cost_usd + other.cost_usd,
            self.model_calls + other.model_calls,
            self.tool_calls + other.tool_calls,
            self.spend_usd + other.spend_usd,
            self.cached_tokens + other.cached_tokens,
            self.reasoning_tokens + other.reasoning_tokens,
        )


NO_USAGE = Usage()


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """What a run and everything inside it may use; None means unlimited. `cost_usd` is for models, `spend_usd` is what tools spend."""

    model_calls: int | None = None
    tool_calls: int | None = None
    tokens: int | None = None
    cost_usd: float | None = None
    spend_usd: float | None = None
    seconds: float | None = None

    def __post_init__(self) -> None:
        for name in self.__slots__:
            allowed = getattr(self, name)
            if allowed is not None and not (isinstance(allowed, (int, float)) and allowed >= 0):
                raise UsageError(f"Limits({name}={allowed!r}): a limit is a number, not below zero; None means unlimited.")

    def make_timeout_error(self) -> LimitReached:
        """Return the error of a run whose seconds are over."""
        seconds = self.seconds or 0.0
        return LimitReached("seconds", seconds, seconds, " s")


class Intent(NamedTuple):
    """Stored before a write: which attempt is about to perform it (none: it may not be, and `why`), and the money set aside for it.

    The money is stored with the intent so that a resumed run knows what its branches have spent before any of them spends more.
    """

    attempt: str
    cost_usd: float
    why: str = ""


class Spent(NamedTuple):
    """Stored of reads that cost something: their results, and what was paid for those that brought any."""

    results: list[ToolResult]
    cost_usd: float


_UNUSED = (False, False, False, 0, 0, 0, 0, 0, 0, 0.0, 0.0, 0.0, None)
"""What a meter begins with: one unpacking in place of thirteen assignments, for every run has one."""


class Meter:
    """Counts what a run and its children use, and refuses what would go over. A child's meter also counts on its parent's.

    The largest price of a model call is reserved before it starts and replaced by the real one after it, so that two branches
    cannot both take the last dollar.

    `is_replaying` is given to the meter of a run that is being replayed: what the journal holds was counted before the run went on, and is
    not counted again. Were it counted as it is replayed, a branch that comes first could take what a branch after it has used already.
    """

    limits_cost: bool
    reserves: bool
    skipped: bool  # the model call under way is a replayed one
    model_calls: int
    tool_calls: int
    input_tokens: int
    output_tokens: int
    cached_tokens: int
    reasoning_tokens: int
    cost_usd: float
    spend_usd: float
    dearest_usd: float  # the most that a model call has cost which was not known before it
    first_cost: asyncio.Event | None  # of the topmost meter: set when the first call whose price is not listed has told its cost

    __slots__ = (
        "cached_tokens",
        "cost_usd",
        "dearest_usd",
        "first_cost",
        "input_tokens",
        "is_replaying",
        "limits",
        "limits_cost",
        "model_calls",
        "output_tokens",
        "parent",
        "reasoning_tokens",
        "reserves",
        "skipped",
        "spend_usd",
        "tool_calls",
    )

    def __init__(self, limits: Limits | None = None, parent: Meter | None = None, is_replaying: Callable[[], bool] | None = None) -> None:
        self.limits: Limits | None = limits
        self.parent: Meter | None = parent
        self.is_replaying: Callable[[], bool] | None = is_replaying
        (
            self.limits_cost,
            self.reserves,
            self.skipped,
            self.model_calls,
            self.tool_calls,
            self.input_tokens,
            self.output_tokens,
            self.cached_tokens,
            self.reasoning_tokens,
            self.cost_usd,
            self.spend_usd,
            self.dearest_usd,
            self.first_cost,
        ) = _UNUSED
        if parent is not None:
            self.limits_cost, self.reserves = parent.limits_cost, parent.reserves
        if limits is not None and (limits.cost_usd is not None or limits.tokens is not None):
            self.reserves, self.limits_cost = True, self.limits_cost or limits.cost_usd is not None

    @property
    def usage(self) -> Usage:
        """Return what was used so far, reservations included."""
        return Usage(
            self.input_tokens,
            self.output_tokens,
            self.cost_usd,
            self.model_calls,
            self.tool_calls,
            self.spend_usd,
            self.cached_tokens,
            self.reasoning_tokens,
        )

    def begin_with(self, used: Usage) -> None:
        """Start from what earlier executions of the run have used; the meters above have counted it themselves."""
        self.input_tokens, self.output_tokens, self.cost_usd = used.input_tokens, used.output_tokens, used.cost_usd
        self.model_calls, self.tool_calls, self.spend_usd = used.model_calls, used.tool_calls, used.spend_usd
        self.cached_tokens, self.reasoning_tokens = used.cached_tokens, used.reasoning_tokens

    def begin_model_call(self, reserved: Usage | None = None) -> None:
        """Count one model call and reserve what it may cost. Raises LimitReached and counts nothing if a limit is in the way."""
        if self.is_replaying is not None:
            self.skipped = self.is_replaying()
            if self.skipped:
                return
        meter: Meter | None = self
        while meter is not None:
            limits = meter.limits
            if limits is not None:
                most = limits.model_calls
                if most is not None and meter.model_calls >= most - 1:
                    _check("model_calls", most, meter.model_calls + 1)
                if meter.reserves:
                    meter._check_reserve(limits, reserved or NO_USAGE)
            meter = meter.parent
        meter = self
        while meter is not None:
            meter.model_calls += 1
            if reserved:
                meter.input_tokens += reserved.input_tokens
                meter.output_tokens += reserved.output_tokens
                meter.cost_usd += reserved.cost_usd
            meter = meter.parent

    def _check_reserve(self, limits: Limits, reserved: Usage) -> None:
        if limits.tokens is not None:
            tokens = max(reserved.input_tokens + reserved.output_tokens, 1)
            _check("tokens", limits.tokens, self.input_tokens + self.output_tokens + tokens, reserved.output_tokens)
        if limits.cost_usd is not None:
            _check("cost_usd", limits.cost_usd, self.cost_usd + reserved.cost_usd, reserved.output_tokens)

    def end_model_call(self, used: Usage, reserved: Usage | None = None) -> None:
        """Replace the reservation by what the call really used."""
        before = reserved or NO_USAGE
        if used is before or self.skipped:
            return
        meter: Meter | None = self
        while meter is not None:
            meter.input_tokens += used.input_tokens - before.input_tokens
            meter.output_tokens += used.output_tokens - before.output_tokens
            meter.cost_usd += used.cost_usd - before.cost_usd
            meter.cached_tokens += used.cached_tokens
            meter.reasoning_tokens += used.reasoning_tokens
            if used.cost_usd > max(before.cost_usd, meter.dearest_usd):
                meter.dearest_usd = used.cost_usd
            meter = meter.parent

    def find_dearest_call(self) -> float:
        """Return the most that a call without a listed price has cost so far, here or in a run above, in US dollars."""
        return self.dearest_usd if self.parent is None else max(self.dearest_usd, self.parent.find_dearest_call())

    async def await_first_cost(self) -> asyncio.Event | None:
        """Wait for the call that is the first to tell what calls cost, where no price is listed: side by side they could exceed any limit.

        Returns an event to the call that is the first itself, which sets it when it has told its cost, or removes it when it has failed.
        """
        top = self
        while top.parent is not None:
            top = top.parent
        while (first := top.first_cost) is not None:
            await first.wait()
            if top.first_cost is first:
                return None
        top.first_cost = asyncio.Event()
        return top.first_cost

    def end_first_cost(self, first: asyncio.Event, *, told: bool) -> None:
        """Let those go on that wait for the first cost; if it was not told, one of them is the first now."""
        top = self
        while top.parent is not None:
            top = top.parent
        if not told:
            top.first_cost = None
        first.set()

    def count_tool_calls(self, number: int) -> None:
        """Count tool calls that are about to start. Raises LimitReached and counts nothing if they are too many."""
        if self.is_replaying is not None and self.is_replaying():
            return
        meter: Meter | None = self
        while meter is not None:
            if meter.limits is not None and meter.limits.tool_calls is not None:
                _check("tool_calls", meter.limits.tool_calls, meter.tool_calls + number)
            meter = meter.parent
        meter = self
        while meter is not None:
            meter.tool_calls += number
            meter = meter.parent

    def spend(self, amount_usd: float) -> None:
        """Reserve money that a tool is about to spend. Raises LimitReached and reserves nothing if it is too much."""
        meter: Meter | None = self
        while meter is not None:
            if meter.limits is not None and meter.limits.spend_usd is not None:
                _check("spend_usd", meter.limits.spend_usd, meter.spend_usd + amount_usd)
            meter = meter.parent
        self.refund(-amount_usd)

    def refund(self, amount_usd: float) -> None:
        """Return money that was reserved and not spent."""
        meter: Meter | None = self
        while meter is not None:
            meter.spend_usd -= amount_usd
            meter = meter.parent


def limits_text(limits: Limits | None) -> str:
    """Return limits as JSON, as they are stored with a run."""
    return json.dumps(None if limits is None else {name: value for name, value in asdict(limits).items() if value is not None})


def limits_from(text: str) -> Limits | None:
    """Return limits from the JSON that is stored with a run."""
    stored = json.loads(text)
    return None if stored is None else Limits(**stored)


def results_of(value: object) -> list[ToolResult]:
    """Return the results that a step of reads has stored: one, several, or with what was paid for them."""
    stored = value.results if isinstance(value, Spent) else value
    results = stored if isinstance(stored, (list, tuple)) else [stored]
    return [result for result in results if isinstance(result, ToolResult)]


def count_step(name: str, value: object) -> Usage:
    """Return what a stored step has used: a model's reply, the results of tools, or the money set aside with an intent."""
    if isinstance(value, Intent):
        return Usage(tool_calls=1, spend_usd=value.cost_usd)
    if isinstance(value, Spent):
        return Usage(tool_calls=len(value.results), spend_usd=value.cost_usd)
    if name.startswith("model:") and isinstance(usage := getattr(value, "usage", None), Usage):
        return usage._replace(model_calls=1)
    if name.startswith(("read:", "reads:")):  # one result, or those of several calls together
        results = value if isinstance(value, list) else [value]
        return Usage(tool_calls=sum(isinstance(result, ToolResult) for result in results))
    return NO_USAGE


def count_steps(results: Mapping[str, object]) -> Usage:
    """Return what the stored steps of one run have used. Money set aside for a write that did not happen was given back."""
    total = NO_USAGE
    for name, value in results.items():
        total += count_step(name, value)
        if isinstance(value, Intent) and value.cost_usd and is_refunded(results.get(f"effect:{name.removeprefix('intent:')}")):
            total += Usage(spend_usd=-value.cost_usd)
    return total


def is_refunded(effect: object) -> bool:
    """Return whether it is known of a write that nothing happened, so that its money was given back."""
    return isinstance(effect, ToolResult) and effect.outcome in (Outcome.FAILED, Outcome.REJECTED)


def _check(limit: str, allowed: float, seen: float, reply_tokens: int = 0) -> None:
    # A dollar is not a binary fraction: ten dimes must make one.
    if seen > allowed + 1e-9:
        raise LimitReached(limit, allowed, seen, reply_tokens=reply_tokens)
