"""Sayso's own app: research and chat as flows that any program with Sayso can execute.

All that a flow needs elsewhere is in its input: which model, where to search, which order book. Keys are not stored: they come from the
environment of the program that executes the run.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from sayso.agents import Agent
from sayso.agents.agent import AGENT_LIMITS
from sayso.agents.messages import Conversation, Message
from sayso.agents.models.named import LOCAL, is_local_name
from sayso.agents.models.names import split_prefix
from sayso.agents.research.budget import Budget, open_in_time
from sayso.agents.research.pipeline import CONCURRENCY, CompetitorResearch, Kind
from sayso.agents.research.report import Report
from sayso.agents.research.run import choose_model
from sayso.agents.research.sources import CACHE_AGE, open_sources
from sayso.cli.options import DEFAULT_MODEL, choose_model_name
from sayso.cli.order_bot import TOOLS, open_desk, order_bot
from sayso.tools import Tool
from sayso.tools.approval.grant import Grant
from sayso.tools.calls import Outcome
from sayso.tools.errors import RunError
from sayso.tools.ordering.order_desk import ORDER, Counter, Customer, OrderDesk, receipt
from sayso.workflows import App, Run, Workflow
from sayso.workflows.events.event_types import ToolFinished

if TYPE_CHECKING:
    from sayso.agents import Model
    from sayso.agents.models.model import Delta, ModelRequest
    from sayso.tools.web import Search, SearchResult, Web
    from sayso.workflows.runs.protocols import Scope

APP_NAME = "sayso"  # stored with every run
RESEARCH_GRANTS = (Grant(tool="search"), Grant(tool="visit"))


@dataclass(frozen=True, slots=True)
class ChatTurn:
    """One turn of a conversation: what the customer says after `history`, to which model, over which order book (an absolute path)."""

    text: str
    model: str | None
    base_url: str | None
    desk: str
    customer: str
    address: str
    history: tuple[Message, ...] = ()
    dialect: str = "auto"


@dataclass(frozen=True, slots=True)
class ResearchTask:
    """One research: of what, how many competitors, by which model, where to search, and where the report goes (an absolute path).

    With `choose` a person is shown the candidates before the visits.
    """

    company: str
    model: str | None
    base_url: str | None
    search: str | None
    competitors: int
    report: str
    dialect: str = "auto"
    kind: Kind = "competitors"
    rounds: int = 2
    pages: int = 6
    sites: tuple[str, ...] = ()
    choose: bool = False
    formats: tuple[str, ...] = ("md", "json")
    max_cost: float | None = None
    max_pages: int | None = None
    minutes: float | None = None
    concurrency: int = CONCURRENCY
    second_opinion: bool = False
    cache_age: str = CACHE_AGE
    again: str = ""

    @property
    def budget(self) -> Budget:
        """Return what the research may use."""
        return Budget(max_cost=self.max_cost, max_pages=self.max_pages, minutes=self.minutes)

    def make_research(self, model: Model, search: Search, web: Web, began: float | None = None) -> CompetitorResearch:
        """Return the research that the task asks for; a person who wants to choose does so in this terminal."""
        from sayso.cli.choose import choose_on_terminal  # late, for load time

        return CompetitorResearch(
            model,
            search,
            web,
            competitors=self.competitors,
            kind=self.kind,
            rounds=self.rounds,
            pages=self.pages,
            sites=self.sites,
            choose=choose_on_terminal if self.choose else None,
            dialect=self.dialect,
            budget=self.budget,
            concurrency=self.concurrency,
            second_opinion=self.second_opinion,
            began=began,
            again=self.again or None,
        )


class ChatFlow(Workflow[ChatTurn, str]):
    """A turn of the order bot."""

    input_type = ChatTurn
    tools: ClassVar[Mapping[str, Tool[..., Any]]] = {tool.name: tool for tool in TOOLS}

    def __init__(self) -> None:
        super().__init__("chat", AGENT_LIMITS)

    async def execute(self, run: Run, value: ChatTurn) -> str:
        """Answer what the customer said."""
        bot = find_bot(value) if run.is_live else order_bot(replay_model(value.model), value.dialect)
        return await bot.execute(run, Conversation(value.text, value.history))

    def find_user_texts(self, value: ChatTurn) -> Iterable[str]:
        """Return what the customer said, now and before."""
        return Conversation(value.text, value.history).user_texts


class ResearchFlow(Workflow[ResearchTask, Report]):
    """The competitor research; by `model` where one is given, else by the model that the task names."""

    input_type = ResearchTask

    def __init__(self, model: Model | None = None) -> None:
        super().__init__("research")
        self._model = model

    async def execute(self, run: Run, value: ResearchTask) -> Report:
        """Research with the task's model and in its sources."""
        names_model = bool(value.model or value.base_url)
        if not run.is_live:
            from sayso.tools.web import Web  # late, for load time

            reader = replay_model(value.model) if names_model else choose_model(None)
            return await value.make_research(reader, refuse_search, Web()).execute(run, value.company)
        model = self._model or choose_model(find_model(value.model, value.base_url) if names_model else None)
        began, snapshots = time.monotonic(), Path(value.report).parent / "snapshots"
        async with open_in_time(open_sources(value.search, None, snapshots, value.cache_age), value.budget) as (search, web):
            return await value.make_research(model, search, web, began).execute(run, value.company)

    def find_user_texts(self, value: ResearchTask) -> Iterable[str]:
        """Return the company's name."""
        return (value.company,)


class ReplayModel:
    """A model's name for a replay, where no model is asked: it needs no key and no endpoint."""

    takes_tools = True

    def __init__(self, name: str) -> None:
        self.name = name

    def stream(self, request: ModelRequest) -> AsyncGenerator[Delta]:
        """Refuse: a replay does not act."""
        raise RunError(f"The model {self.name} was asked in a replay.")


def replay_model(name: str | None) -> Model:
    """Return a model of that name that is never asked. One on this machine is returned as it is: it is loaded when it is asked."""
    return find_model(name, None) if name is not None and name.startswith(LOCAL) else ReplayModel(name or "")


async def refuse_search(query: str, limit: int) -> Sequence[SearchResult]:
    """Refuse: a replay does not search."""
    raise RunError(f"{query!r} was searched for in a replay.")


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


CHAT, RESEARCH = ChatFlow(), ResearchFlow()


def builtin_app() -> App:
    """Return Sayso's own app."""
    return BuiltinApp((RESEARCH, CHAT), name=APP_NAME, grants=RESEARCH_GRANTS)


def open_counter(turn: ChatTurn) -> Counter:
    """Return what a turn's tools need: its order desk, and the customer who is signed in."""
    return Counter(_open_desk(turn.desk), Customer(turn.customer, turn.address))


def find_receipts(turn: ChatTurn, settled: Iterable[ToolFinished]) -> list[str]:
    """Return the receipts, with their numbers, of the orders that a turn has placed."""
    desk = open_counter(turn).desk
    orders = (desk.find(each.key) for each in settled if each.tool == ORDER.name and each.outcome == Outcome.DONE)
    return [receipt(order) for order in orders if order is not None]


@cache
def _open_desk(path: str) -> OrderDesk:
    return open_desk(Path(path))


def find_bot(turn: ChatTurn) -> Agent[str]:
    """Return the order bot over the turn's model. It is one object for all turns: what it learns about the endpoint is not asked again."""
    return _find_bot(turn.model, turn.base_url, turn.dialect)


@cache
def _find_bot(model: str | None, base_url: str | None, dialect: str) -> Agent[str]:
    return order_bot(find_model(model, base_url), dialect)


def portable_model(model: str | None, base_url: str | None, name: str) -> tuple[str, str | None]:
    """Return the name and the endpoint to store of the model `name` that was found for `model` and `base_url`.

    They mean the same model in another folder, and no endpoint has to be asked again which model it has.
    """
    named = choose_model_name(model, base_url) or ""
    if is_local_name(named, base_url):
        path = Path(named.removeprefix(LOCAL)).expanduser()
        return f"{LOCAL}{path.absolute()}" if path.is_file() else named, None
    if "://" in named:
        url = named.partition("#")[0]
        return (f"{url}#{name}", None) if split_prefix(name)[0] else (name, url)
    provider, _ = split_prefix(named)
    return f"{provider.prefix}:{name}" if provider else name, base_url


def find_model(model: str | None, base_url: str | None) -> Model:
    """Return the model that a run was started with. Raises UsageError if it cannot be asked from here."""
    from sayso.agents import model_from  # late, for load time

    return model_from(model or ("" if base_url else DEFAULT_MODEL), base_url=base_url)
