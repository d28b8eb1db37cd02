"""The money that an evaluation may cost, runs and scores together."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sayso.tools.errors import LimitReached, UsageError
from sayso.workflows import Limits
from sayso.workflows.runs.limits import Meter

from .subjects import AnyWorkflow

if TYPE_CHECKING:
    from sayso.workflows.runs.journal import Entry

    from ..models.model import Model


class Money:
    """Counts what an evaluation costs, and refuses model calls that could bring it above `most_usd`; None means no limit.

    `meter` is the parent of the meters of all runs: what a call may cost is reserved before it is made, so runs side by side cannot spend
    the last dollar twice.
    """

    def __init__(self, most_usd: float | None = None) -> None:
        if most_usd is not None and not (isinstance(most_usd, (int, float)) and most_usd > 0):
            raise UsageError(f"max_cost_usd={most_usd!r}: give an amount above zero, in US dollars; None means no limit.")
        self.most_usd = most_usd
        self.meter: Meter = Meter(None if most_usd is None else Limits(cost_usd=most_usd))

    @property
    def is_spent(self) -> bool:
        """Return whether nothing is left."""
        return self.most_usd is not None and self.meter.cost_usd >= self.most_usd - 1e-9

    @property
    def why(self) -> str:
        """Return, as a sentence, that a case is not executed because of the money."""
        return f"The next model call could bring the cost above {self.most_usd:g} US dollars; {self.meter.cost_usd:.4g} are spent."

    def check(self) -> None:
        """Raise LimitReached where nothing is left."""
        if self.most_usd is not None and self.is_spent:
            raise LimitReached("cost_usd", self.most_usd, self.meter.cost_usd, " US dollars")

    def has_refused(self, error: object) -> bool:
        """Return whether a run ended because the evaluation's money would have been exceeded, not a limit of its own."""
        return isinstance(error, LimitReached) and error.limit == "cost_usd" and error.allowed == self.most_usd

    def count(self, cost_usd: float) -> None:
        """Count what was spent elsewhere: by a score, or by an earlier program."""
        self.meter.cost_usd += cost_usd

    def check_prices(self, subject: AnyWorkflow) -> None:
        """Raise UsageError where the price of a model is unknown, so that the limit could not be kept."""
        if self.most_usd is None:
            return
        from .run_records import iter_agents  # late, for load time

        for agent in iter_agents(subject):
            if (unpriced := find_unpriced(agent.model)) is not None:
                raise UsageError(f"No price is known for {unpriced}, so a cost limit cannot work. Leave it out, or use another model.")


def find_unpriced(model: Model) -> str | None:
    """Return the name of a model whose calls cost an unknown amount; None for one with a price, or that costs nothing."""
    from ..models.hosts import is_local_url  # late, for load time
    from ..models.prices import price

    base_url: str | None = getattr(model, "base_url", None)
    is_free = base_url is None or is_local_url(base_url)
    return None if is_free or price(model.name, 1, 1, base_url=base_url) is not None else model.name


def sum_stored_costs(journal: tuple[Entry, ...]) -> float:
    """Return what the results in the journal of an evaluation have cost."""
    total = 0.0
    for entry in journal:
        stored = json.loads(entry.value) if isinstance(entry.value, str) else entry.value
        for each in stored if isinstance(stored, list) else [stored]:
            if isinstance(each, dict):
                total += each.get("cost_usd", 0.0)
    return total
