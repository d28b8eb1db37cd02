"""A turn of the order bot, as a flow that any program with Sayso can execute: the model and the order book stand in its input."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from sayso.agents import Agent
from sayso.agents.agent import AGENT_LIMITS
from sayso.agents.messages import Conversation, Message
from sayso.cli.order_bot import TOOLS, open_desk, order_bot
from sayso.cli.run_models import find_model, replay_model
from sayso.tools import Tool
from sayso.tools.calls import Outcome
from sayso.tools.ordering.order_desk import ORDER, Counter, Customer, OrderDesk, receipt
from sayso.workflows import Run, Workflow

if TYPE_CHECKING:
    from sayso.workflows.events.event_types import ToolFinished


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


CHAT = ChatFlow()


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
