"""Sayso's own app: research and chat as flows that any program with Sayso can execute.

All that a flow needs elsewhere is in its input: which model, where to search, which order book. Keys are not stored: they come from the
environment of the program that executes the run.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sayso.cli.chat_flow import CHAT, ChatTurn, open_counter
from sayso.cli.research_flow import RESEARCH, RESEARCH_GRANTS
from sayso.tools.ordering.order_desk import Counter, Customer, OrderDesk
from sayso.workflows import App, Workflow

if TYPE_CHECKING:
    from sayso.workflows.runs.protocols import Scope

APP_NAME = "sayso"  # stored with every run


class BuiltinApp(App):
    """Research and chat, with an order desk for each turn of a chat."""

    def scope(self, flow: Workflow[Any, Any], value: object, limits: str, *, acts: bool = True) -> Callable[[], Scope]:
        """Return what makes the scope of a run. In a replay a chat has a desk in memory: the order book must not be opened, or created."""
        fresh = super().scope(flow, value, limits)
        if not isinstance(value, ChatTurn):
            return fresh

        def with_counter() -> Scope:
            scope = fresh()
            scope.deps = open_counter(value) if acts else Counter(OrderDesk(), Customer(value.customer, value.address))
            return scope

        return with_counter


def builtin_app() -> App:
    """Return Sayso's own app."""
    return BuiltinApp((RESEARCH, CHAT), name=APP_NAME, grants=RESEARCH_GRANTS)
