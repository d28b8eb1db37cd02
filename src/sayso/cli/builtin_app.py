"""Sayso's own app: research and chat as flows that any program with Sayso can carry on.

What a flow needs to be carried on elsewhere is its input: which model, which places, which order book. Keys are not: they come from the
environment of whoever carries it.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from sayso.agents import Agent
from sayso.agents.agent import AGENT_LIMITS
from sayso.agents.messages import Conversation, Message, UserMessage
from sayso.agents.models.named import LOCAL, is_local_name
from sayso.agents.research.pipeline import CompetitorResearch
from sayso.agents.research.report import Report
from sayso.agents.research.run import choose_model
from sayso.agents.research.sources import open_sources
from sayso.cli.chat import TOOLS, opened_desk, order_bot
from sayso.tools import Tool
from sayso.tools.approval.policy import Grant
from sayso.tools.errors import RunError
from sayso.tools.ordering.order_desk import Counter, Customer, OrderDesk
from sayso.workflows import App, Run, Workflow

if TYPE_CHECKING:
    from sayso.agents import Model
    from sayso.agents.models.model import Delta, ModelRequest
    from sayso.tools.web import SearchResult
    from sayso.workflows.runs.protocols import Scope

NAME = "sayso"
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
    """One research: whose competitors, how many, by which model, where to look, and where the report goes (absolute paths)."""

    company: str
    model: str | None
    base_url: str | None
    search: str | None
    competitors: int
    report: str
    dialect: str = "auto"


class ChatFlow(Workflow[ChatTurn, str]):
    """A turn of the order bot."""

    takes = ChatTurn
    tools: ClassVar[Mapping[str, Tool[..., Any]]] = {tool.name: tool for tool in TOOLS}

    def __init__(self) -> None:
        super().__init__("chat", AGENT_LIMITS)

    async def execute(self, run: Run, value: ChatTurn) -> str:
        """Answer what the customer said."""
        conversation = Conversation(value.text, value.history)
        if not run.is_live:
            return await order_bot(unasked(value.model), value.dialect).execute(run, conversation)
        return await asked_bot(value.model, value.base_url, value.dialect).execute(run, conversation)

    def find_user_texts(self, value: ChatTurn) -> Iterable[str]:
        """What the customer said, now and before."""
        return [*(message.text for message in value.history if isinstance(message, UserMessage)), value.text]


class ResearchFlow(Workflow[ResearchTask, Report]):
    """The competitor research."""

    takes = ResearchTask

    def __init__(self) -> None:
        super().__init__("research")

    async def execute(self, run: Run, value: ResearchTask) -> Report:
        """Research with the model and in the places that the task names."""
        named = bool(value.model or value.base_url)
        if not run.is_live:
            reader = unasked(value.model) if named else choose_model(None)
            from sayso.tools.web import Web

            unseen = CompetitorResearch(reader, nowhere, Web(), competitors=value.competitors, dialect=value.dialect)
            return await unseen.execute(run, value.company)
        model = choose_model(asked_model(value.model, value.base_url) if named else None)
        async with open_sources(value.search, None, Path(value.report).parent / "snapshots") as (search, web):
            return await CompetitorResearch(model, search, web, competitors=value.competitors, dialect=value.dialect).execute(
                run, value.company
            )

    def find_user_texts(self, value: ResearchTask) -> Iterable[str]:
        """The company's name."""
        return (value.company,)


class Unasked:
    """A model's name in a replay, where no model is asked: no key is needed, and no endpoint."""

    takes_tools = True

    def __init__(self, name: str) -> None:
        self.name = name

    def stream(self, request: ModelRequest) -> AsyncGenerator[Delta]:
        """Never called: a replay does not act."""
        raise RunError(f"The model {self.name} was asked in a replay.")


def unasked(name: str | None) -> Model:
    """The model of that name, not asked: one on this machine as it is, for nothing is loaded before it is asked."""
    return asked_model(name, None) if name is not None and name.startswith("local:") else Unasked(name or "")


async def nowhere(query: str, limit: int) -> Sequence[SearchResult]:
    """A search in a replay, where nothing is searched."""
    raise RunError(f"{query!r} was searched for in a replay.")


class _BuiltIn(App):
    """The app, with an order desk for each chat."""

    def scope(self, flow: Workflow[Any, Any], value: Any, limits: str, *, acts: bool = True) -> Callable[[], Scope]:
        fresh = super().scope(flow, value, limits)

        def with_a_counter() -> Scope:
            scope = fresh()
            if isinstance(value, ChatTurn):
                # A replay must not open the order book, let alone make one: a desk of its own in memory has the same menu.
                scope.deps = counter(value) if acts else Counter(OrderDesk(), Customer(value.customer, value.address))
            return scope

        return with_a_counter


CHAT, RESEARCH = ChatFlow(), ResearchFlow()


def builtin_app() -> App:
    """Sayso's own app."""
    return _BuiltIn((RESEARCH, CHAT), name=NAME, grants=RESEARCH_GRANTS)


def counter(turn: ChatTurn) -> Counter:
    """The order desk as the turn's tools find it."""
    return Counter(_desk(turn.desk), Customer(turn.customer, turn.address))


@cache
def _desk(path: str) -> OrderDesk:
    return opened_desk(Path(path))


@cache
def asked_bot(model: str | None, base_url: str | None, dialect: str) -> Agent[str]:
    """The order bot over that model; what it has found out about the model's endpoint holds for all turns."""
    return order_bot(asked_model(model, base_url), dialect)


def model_place(model: str | None, base_url: str | None, name: str) -> tuple[str, str | None]:
    """What to keep of a model that was found: its name and endpoint, so that nobody has to be asked for them again."""
    if model is not None and is_local_name(model, base_url):
        path = Path(model.removeprefix(LOCAL)).expanduser()
        return f"{LOCAL}{path.absolute()}" if path.is_file() else model, None  # who carries it on may be in another folder
    if model is not None and "://" in model:
        return name, model.partition("#")[0]
    return name, base_url


def asked_model(model: str | None, base_url: str | None) -> Model:
    """The model that a run was started with. UsageError where it cannot be asked from here."""
    from sayso.agents import model_from
    from sayso.cli.main import DEFAULT_MODEL

    return model_from(model or ("" if base_url else DEFAULT_MODEL), base_url=base_url)
