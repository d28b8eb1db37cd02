"""What a research may use: money, pages, time. Whatever would use more is refused at its place, and the research goes on to its report.

A refusal is stored where it happened, so that a run that is resumed or replayed goes the same way.
"""

from __future__ import annotations

import math
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from sayso.tools.errors import LimitReached, RunError, ToolError, UsageError
from sayso.workflows import Limits, Run
from sayso.workflows.runs.timing import in_time

from .page_tools import Pages

if TYPE_CHECKING:
    from sayso.tools.web import Page, Search, SearchResult

    from ..agent import Agent

T = TypeVar("T")
NOTHING_BEFORE = "Nothing was found before that."
KEPT_BACK, MOST_KEPT_BACK = 0.15, 90.0
"""The part of the time, and the most seconds of it, that are kept back for the comparison where a model writes it."""


class BudgetEnded(RunError):
    """The budget of a research does not allow what comes next; the message says what is used up, as a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What a research may use: US dollars for model calls, pages of sites that are asked for, minutes. None is as much as it takes.

    Minutes count from the start of the program that executes the research; a stored one that is resumed has them anew.
    """

    max_cost: float | None = None
    max_pages: int | None = None
    minutes: float | None = None

    def __post_init__(self) -> None:
        for name in ("max_cost", "minutes"):
            _check_number(name, getattr(self, name))
        if self.max_pages is not None and (type(self.max_pages) is not int or self.max_pages < 1):
            raise UsageError(f"max_pages={self.max_pages!r}: give a whole number of pages, at least 1; None is as many as it takes.")

    @property
    def time_is_over(self) -> str:
        """Return the sentence that its time is over."""
        return f"The {_count(self.minutes or 0, 'minute')} that it had {'was' if self.minutes == 1 else 'were'} over."

    @property
    def pages_are_read(self) -> str:
        """Return the sentence that its pages are used up."""
        return f"The {_count(self.max_pages or 0, 'page')} that it may ask for {'was' if self.max_pages == 1 else 'were'} used up."

    def explain(self, error: LimitReached) -> str | None:
        """Return the sentence for a limit that was reached; None if it is not one of this budget's."""
        if error.limit == "seconds" and self.minutes is not None:
            return self.time_is_over
        if error.limit == "cost_usd" and self.max_cost is not None and error.allowed == self.max_cost:
            return f"The next model call could bring the cost to {error.seen:.3g} US dollars, and {self.max_cost:g} are allowed."
        return None

    def merge_limits(self, limits: Limits | None) -> Limits | None:
        """Return the limits of a run with the budget's money: what the caller's own limits say holds as well."""
        if self.max_cost is None:
            return limits
        given = limits or Limits()
        return replace(given, cost_usd=self.max_cost if given.cost_usd is None else min(self.max_cost, given.cost_usd))


def _check_number(name: str, number: float | None) -> None:
    if number is None:
        return
    if isinstance(number, bool) or not isinstance(number, (int, float)) or not math.isfinite(number) or number <= 0:
        raise UsageError(f"{name}={number!r}: give a number above zero; None is as much as it takes.")


def _count(number: float, noun: str) -> str:
    return f"{number:g} {noun}{'' if number == 1 else 's'}"


NO_BUDGET = Budget()


class BudgetWatch:
    """Watches a budget while a research is executed: counts its time, and asks models no more than it allows.

    `writes` says that a model writes the comparison, for which some of the time is kept back. The time counts from `began` on, or from
    when the research is executed.
    """

    def __init__(
        self, budget: Budget, *, writes: bool = False, began: float | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.budget: Budget = budget
        self._clock = clock
        self._seconds = None if budget.minutes is None else budget.minutes * 60
        self._kept_back = min(KEPT_BACK * (self._seconds or 0.0), MOST_KEPT_BACK) if writes else 0.0
        self._is_begun, self._began = began is not None, clock() if began is None else began

    def begin(self) -> None:
        """Count the time from now on, if it does not count from earlier on."""
        if not self._is_begun:
            self._began = self._clock()

    @contextmanager
    def pause(self) -> Iterator[None]:
        """Count no time: a person is asked."""
        before = self._clock()
        try:
            yield
        finally:
            self._began += self._clock() - before

    def measure_left(self, *, to_write: bool = False) -> float | None:
        """Return the seconds that are left to find something, or `to_write` the comparison; None without an end."""
        if self._seconds is None:
            return None
        return self._began + self._seconds - (0.0 if to_write else self._kept_back) - self._clock()

    async def ask(self, run: Run, name: str, agent: Agent[T], question: str, *, to_write: bool = False) -> T:
        """Ask an agent as the child `name` of the run. Raises BudgetEnded if the budget does not allow it, or did not when it was asked."""
        refused, why = f"refused:{name}", ""
        if not run.replays(refused):
            try:
                limits = self._limit(agent.limits, to_write) if run.is_live else None
                answer: T = await run.child(name, agent, question, limits=limits)
            except LimitReached as error:
                if (explained := self.budget.explain(error)) is None:
                    raise
                why = explained
            else:
                return answer
        raise BudgetEnded(await run.step(refused, _keep, why))

    def _limit(self, limits: Limits | None, to_write: bool) -> Limits | None:
        left = self.measure_left(to_write=to_write)
        if left is None:
            return None  # the agent's own
        if left <= 0:
            raise LimitReached("seconds", self._seconds or 0.0, self._seconds or 0.0, " s")
        return replace(limits or Limits(), seconds=left)

    def is_refusal(self, error: ToolError) -> bool:
        """Return whether a tool was not used because the time is over."""
        return self._seconds is not None and self.budget.time_is_over in str(error)

    def guard_search(self, search: Search) -> Search:
        """Return the search, which is broken off when the time is over."""
        if self._seconds is None:
            return search

        async def search_in_time(query: str, limit: int) -> Sequence[SearchResult]:
            return await self.do_in_time(lambda: search(query, limit))

        return search_in_time

    def guard_pages(self, pages: Pages) -> Pages:
        """Return the web, whose pages are broken off when the time is over."""
        return pages if self._seconds is None else _PagesInTime(pages, self)

    async def do_in_time(self, begin: Callable[[], Awaitable[T]]) -> T:
        """Return what the work returns, which is broken off when the time is over: ToolError."""
        left = self.measure_left()
        if left is not None and left <= 0:
            raise self._make_refusal()
        return await in_time(begin(), left, self._make_refusal)

    def _make_refusal(self) -> ToolError:
        return ToolError(self.budget.time_is_over)


class _PagesInTime:
    """Pages that are broken off when the time of a watch is over."""

    def __init__(self, pages: Pages, watch: BudgetWatch) -> None:
        self._pages, self._watch = pages, watch

    async def page(self, url: str) -> Page:
        """Read a page."""
        return await self._watch.do_in_time(lambda: self._pages.page(url))


@asynccontextmanager
async def open_in_time(opening: AbstractAsyncContextManager[T], budget: Budget) -> AsyncIterator[T]:
    """Enter a context, which must be done within the budget's minutes. Raises BudgetEnded."""
    seconds = None if budget.minutes is None else budget.minutes * 60
    async with AsyncExitStack() as stack:
        opened = await in_time(stack.enter_async_context(opening), seconds, lambda: BudgetEnded(f"{budget.time_is_over} {NOTHING_BEFORE}"))
        yield opened


async def _keep(why: str) -> str:
    """Return why something was refused, for the journal."""
    return why


def share_pages(left: int | None, sites: int) -> list[int | None]:
    """Return how many pages of each site may be asked for: as many of each, and the first ones get what is over.

    Where fewer pages than sites are left, the list is as long as there are pages.
    """
    if left is None:
        return [None] * sites
    each, over = divmod(max(0, left), sites) if sites else (0, 0)
    shares: list[int | None] = [each + (place < over) for place in range(sites)]
    return [share for share in shares if share]
