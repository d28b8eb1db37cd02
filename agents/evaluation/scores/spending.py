"""Checks of what a run used: cost, tokens, turns, seconds. All of them are deterministic functions of the record."""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass

from sayso.tools.errors import UsageError

from ..values import CaseRun, RunRecord, ScoreResult
from .grading import decide, leave_out, set_name


@dataclass(frozen=True, slots=True)
class CostAtMost:
    """Tell whether the run's model calls cost at most that many US dollars. Deterministic: 1 or 0.

    Where models were asked, no cost was counted and no price is known of one of them, there is no value: free and unknown look alike. A
    model on your own machine has no price either; say `unpriced_is_free=True` where you know that its calls cost nothing.
    """

    usd: float
    unpriced_is_free: bool = False
    name: str = ""

    is_deterministic = True

    def __post_init__(self) -> None:
        _check_amount(self, "usd", self.usd)
        if not isinstance(self.unpriced_is_free, bool):
            raise UsageError(f"CostAtMost: unpriced_is_free={self.unpriced_is_free!r} is neither true nor false.")
        set_name(self, f"cost at most ${self.usd:g}")

    async def __call__(self, run: CaseRun) -> ScoreResult:
        """Return 1 where the run cost no more, 0 otherwise."""
        cost = run.record.usage.cost_usd
        unpriced = [] if self.unpriced_is_free or cost > self.usd else _find_unpriced(run.record)
        if unpriced:
            reason = (
                f"No price is known of {', '.join(unpriced)}, so the cost is not known. If it costs nothing, say unpriced_is_free=True."
            )
            return leave_out(self.name, reason, least=1)
        return decide(self.name, cost <= self.usd, f"The run cost ${cost:.6g}." if cost > self.usd else "")


@dataclass(frozen=True, slots=True)
class TokensAtMost:
    """Tell whether the run's models read and wrote at most that many tokens, in all. Deterministic: 1 or 0."""

    tokens: int
    name: str = ""

    is_deterministic = True

    def __post_init__(self) -> None:
        _check_amount(self, "tokens", self.tokens)
        set_name(self, f"at most {self.tokens:g} tokens")

    async def __call__(self, run: CaseRun) -> ScoreResult:
        """Return 1 where the run used no more, 0 otherwise."""
        used = run.record.usage.input_tokens + run.record.usage.output_tokens
        return decide(self.name, used <= self.tokens, f"The run used {used} tokens." if used > self.tokens else "")


@dataclass(frozen=True, slots=True)
class TurnsAtMost:
    """Tell whether a model was asked at most that many times. Deterministic: 1 or 0."""

    turns: int
    name: str = ""

    is_deterministic = True

    def __post_init__(self) -> None:
        _check_amount(self, "turns", self.turns)
        set_name(self, f"at most {self.turns:g} turns")

    async def __call__(self, run: CaseRun) -> ScoreResult:
        """Return 1 where the run took no more turns, 0 otherwise."""
        turns = run.record.turns
        return decide(self.name, turns <= self.turns, f"A model was asked {turns} times." if turns > self.turns else "")


@dataclass(frozen=True, slots=True)
class SecondsAtMost:
    """Tell whether the run took at most that many seconds, without the time that it waited for decisions.

    Deterministic for one record: 1 or 0. Two runs of one case take different times, and a replayed recording takes next to none.
    """

    seconds: float
    name: str = ""

    is_deterministic = True

    def __post_init__(self) -> None:
        _check_amount(self, "seconds", self.seconds)
        set_name(self, f"at most {self.seconds:g} seconds")

    async def __call__(self, run: CaseRun) -> ScoreResult:
        """Return 1 where the run was as fast, 0 otherwise."""
        seconds = run.record.seconds
        return decide(self.name, seconds <= self.seconds, f"The run took {seconds:.3g} seconds." if seconds > self.seconds else "")


def _find_unpriced(record: RunRecord) -> list[str]:
    """Return the models of a run whose price nobody knows, where the run has a model call."""
    from ...models.prices import price  # late, for load time

    if not record.usage.model_calls or record.usage.cost_usd:
        return []
    return [name for name in dict.fromkeys(record.models) if price(name, 1, 1) is None]


def _check_amount(score: object, option: str, amount: object) -> None:
    if isinstance(amount, bool) or not isinstance(amount, (int, float)) or not 0 <= amount < math.inf:
        raise UsageError(f"{type(score).__name__}: {option}={amount!r} is not a number from 0.")
    if amount > sys.float_info.max:
        raise UsageError(f"{type(score).__name__}: {option} is too large a number. Leave it out where there is no limit.")
