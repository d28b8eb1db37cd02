"""Runs under money caps: before each model call the most that it can cost is reserved, afterwards the rest is given back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol, cast

from ..caps import Cap, CapWindow, find_windows
from .execution import Execution
from .journaled_run import JournaledRun
from .limits import Usage
from .protocols import B, Scope, Ts


class Ledger(Protocol):
    """Counts what runs have used of their caps: in memory, or in the database that the programs share."""

    caps: Sequence[Cap]

    async def reserve(self, windows: Sequence[CapWindow], usd: float) -> None:
        """Count so much in all windows, or raise CapReached and count nothing: of two that ask at once one gets the last dollar."""
        ...

    async def give_back(self, windows: Sequence[CapWindow], usd: float) -> None:
        """Count so much less; below zero, more was used than was reserved."""
        ...


class MemoryLedger:
    """Counts in this program."""

    def __init__(self, caps: Sequence[Cap]) -> None:
        self.caps: Sequence[Cap] = caps
        self.used: dict[str, float] = dict[str, float]()

    def check_start(self, user: str, agent: str, now: float) -> None:
        """Raise CapReached for a run that has nothing left to spend."""
        for window in find_windows(self.caps, user, agent, now):
            window.check(self.used.get(window.key, 0.0), 0.0)

    async def reserve(self, windows: Sequence[CapWindow], usd: float) -> None:
        """Count so much in all windows, or raise CapReached and count nothing."""
        for window in windows:
            window.check(self.used.get(window.key, 0.0), usd)
        for key in {window.key for window in windows}:
            self.used[key] = self.used.get(key, 0.0) + usd

    async def give_back(self, windows: Sequence[CapWindow], usd: float) -> None:
        """Count so much less."""
        for key in {window.key for window in windows}:
            self.used[key] = self.used.get(key, 0.0) - usd


class CappedRun(JournaledRun):
    """A run whose model calls are counted against the caps of its engine.

    A call that is cancelled counts as its prompt: that is charged, and what was written by then nobody knows. What a program had reserved
    that was killed stays counted, until the caps are counted anew.
    """

    sent_usd: float
    most_usd: float

    __slots__ = ()  # `most_usd` and `sent_usd` have their place in JournaledRun: so another kind of run can be a capped one as well

    def __init__(self, execution: Execution, run_id: str, scope: Scope) -> None:
        super().__init__(execution, run_id, scope)
        self.most_usd = self.sent_usd = 0.0
        self.scope.meter.reserves = self.scope.meter.limits_cost = True  # each call says what it can cost, or that nobody knows

    def expect_cost(self, usd: float, sent_usd: float) -> None:
        """Take note of the most that the next model call can cost, and of what its prompt alone does."""
        self.most_usd, self.sent_usd = usd, sent_usd

    async def step(self, name: str, op: Callable[[*Ts], Awaitable[B]], *args: *Ts, preemptible: bool = False) -> B:
        """Do `op(*args)` once and store its result; a model call is paid for."""
        most, self.most_usd = self.most_usd, 0.0
        if not name.startswith("model:"):
            return await super().step(name, op, *args, preemptible=preemptible)

        async def pay() -> B:
            return await self._pay(most, op, *args)

        return await super().step(name, pay, preemptible=preemptible)

    @property
    def payer(self) -> Execution:
        """Return the execution whose user, flow and engine the model calls count for."""
        return self.execution

    async def _pay(self, most: float, call: Callable[[*Ts], Awaitable[B]], *args: *Ts) -> B:
        payer = self.payer
        ledger = find_ledger(payer)
        if ledger is None:  # the caps were taken away since the run was opened
            return await call(*args)
        windows = find_windows(ledger.caps, payer.user, payer.flow, payer.clock())
        if most:
            await ledger.reserve(windows, most)
        try:
            reply = await call(*args)
        except Exception:
            if most:
                await ledger.give_back(windows, most)
            raise
        except BaseException:  # cancelled: the task is gone soon, the writing of it ends all the same
            if most:
                await ledger.give_back(windows, most - min(most, self.sent_usd))
            raise
        usage = getattr(reply, "usage", None)
        used = usage.cost_usd if isinstance(usage, Usage) else most
        rest = most - used if used >= 0 else 0.0  # what is no number stays counted as reserved
        if most or rest:  # a model without a listed price may say itself what the call has cost
            await ledger.give_back(windows, rest)
        return reply


class HasLedger(Protocol):
    """An engine, as its capped runs see it."""

    ledger: Ledger | None


def find_ledger(execution: Execution) -> Ledger | None:
    """Return where what a run uses of its engine's caps is counted; None for an engine without caps."""
    return cast("HasLedger", execution.engine).ledger
