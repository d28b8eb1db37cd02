"""`sayso chat`: the food-order bot in the terminal. Each turn is a run: NAME.1, NAME.2, ... It orders only after a yes to the card."""

from __future__ import annotations

import asyncio
import secrets
import sys
from collections.abc import AsyncIterator
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from sayso.cli.chat_flow import CHAT, ChatTurn, find_bot, find_receipts, open_counter
from sayso.cli.display import describe_remark, read_text
from sayso.cli.load_object import load_app
from sayso.cli.options import NAME_A_MODEL, BaseUrl, Dialect, Exit, ModelName, StoreIn, resolve_model
from sayso.cli.resume import say_what_waits, stream_resumed
from sayso.cli.run_database import database_option, is_database_named, open_engine
from sayso.cli.run_models import portable_model
from sayso.console import escape_controls, print_card, read_lines, terminal
from sayso.tools.errors import Cancelled, RunError, RunIdTaken, UsageError
from sayso.workflows import RunResult
from sayso.workflows import engine as memory_engine
from sayso.workflows.events.event_types import AnyEvent, TextPiece, TextRetracted, ToolFinished

if TYPE_CHECKING:
    from sayso.agents import Message
    from sayso.workflows.durable.engine import DurableEngine
    from sayso.workflows.durable.records import RunRow


def chat(
    agent: str | None = None,
    *,
    model: ModelName = None,
    base_url: BaseUrl = None,
    dialect: Dialect = "auto",
    desk: Path = Path("orders.db"),
    customer: str = "9876",
    address: str = "1234 My Street",
    database: StoreIn = None,
    run_id: str | None = None,
) -> int:
    """Talk with your agent, or with the food bot if you name none. It asks you before it writes anything.

    Parameters
    ----------
    agent
        Your agent: module:name, or path/to/file.py:name. It has its own model; --model and similar options are for the food bot.
    desk
        The order book, an SQLite file.
    customer
        The number of the customer who is signed in.
    address
        Where that customer lives.
    run_id
        With --database: the conversation to continue, or the name of a new one.
    """
    _check_name(run_id)
    if agent is not None:
        return _chat_with(agent, model or base_url, run_id, database)
    chosen = resolve_model(model, base_url)
    if chosen is None:
        raise UsageError(f"chat needs a model. {NAME_A_MODEL}")
    settings = ChatTurn("", *portable_model(model, base_url, chosen.name), str(desk.absolute()), customer, address, dialect=dialect)
    stored = is_database_named(database, run_id)
    return asyncio.run(_chat(settings, chosen.name, run_id or f"chat-{secrets.token_hex(4)}", database, stored=stored))


def _chat_with(name: str, model: str | None, run_id: str | None, database: str | None) -> int:
    """Talk with an agent of the user's."""
    from sayso.cli.chat_with import chat_with  # late, for load time
    from sayso.cli.load_object import load_subject

    if model is not None:
        raise UsageError(f"{name} has a model of its own. --model and --base-url are for the food bot: sayso chat --model {model}")
    stored = is_database_named(database, run_id)
    return asyncio.run(chat_with(load_subject(name), run_id or f"chat-{secrets.token_hex(4)}", name, database, stored=stored))


def _check_name(run_id: str | None) -> None:
    """Raise UsageError for what cannot be the name of a conversation."""
    if run_id is not None and ("/" in run_id or not run_id):
        raise UsageError(
            f"A conversation cannot be named {run_id!r}: a slash separates a run from its children. Use some text without one."
        )


async def _chat(settings: ChatTurn, model: str, name: str, database: str | None, *, stored: bool) -> int:
    open_counter(settings)  # an order book that cannot be opened is reported before the first question
    option = database_option(database)
    async with open_engine(database, load_app(None), create=True) if stored else nullcontext() as engine:
        turns = await _find_turns(engine, name) if engine is not None else []
        if engine is not None:
            print(f"Talking with {escape_controls(model)}; Ctrl-D ends it.", file=sys.stderr)
            print(f"Continue it at any time: sayso chat --run-id {name}{option}", file=sys.stderr, flush=True)
        elif sys.stdin.isatty():
            print(f"Talking with {escape_controls(model)}. Ctrl-D ends it.", file=sys.stderr)
        return await _Conversation(name, settings, engine, option).hold(turns)


@dataclass
class _Conversation:
    """A conversation: what is the same in all its turns, and the messages so far. Its turns are stored if there is an engine for that."""

    name: str
    settings: ChatTurn
    stored: DurableEngine | None
    database: str
    history: tuple[Message, ...] = ()
    code: int = Exit.OK

    def __post_init__(self) -> None:
        self.engine = self.stored or memory_engine()

    async def hold(self, turns: list[RunRow]) -> int:
        """Talk until the input ends, after the stored turns. Return the exit code: 3 if an order waits, 1 if the last turn failed."""
        number = _number_of(turns[-1]) if turns else 0
        if self.stored is not None and turns:
            pending = await self._recall(self.stored, turns)
            if pending is not None:
                return self._say_waits(pending)
        async for line in read_lines():
            number += 1
            turn = replace(self.settings, text=line, history=self.history)
            run_id = f"{self.name}.{number}"
            try:
                stream = CHAT.run_events(turn, deps=open_counter(turn), approve=terminal, engine=self.engine, run_id=run_id)
                result = await self._print_turn(run_id, stream)
            except RunIdTaken:
                raise RunError(
                    f"The conversation {self.name} was continued in another terminal; your last words were not sent. Say it there."
                ) from None
            if result is not None and result.pending:
                return self._say_waits(result)
        return self.code

    async def _recall(self, engine: DurableEngine, turns: list[RunRow]) -> RunResult[str] | None:
        """Take up the messages of the stored turns, and resume the last one if it has not ended. Return its result if it waits."""
        for row in turns:
            if row.state == "done":
                self.history = await self._messages_of(await engine.read_result(row))
        last = turns[-1]
        if last.state in ("done", "failed", "cancelled"):
            return None
        print(f"you> {escape_controls(_question_in(last))}", file=sys.stderr, flush=True)
        result = await self._print_turn(last.id, stream_resumed(engine, last, terminal))
        return result if result is not None and result.pending else None

    async def _print_turn(self, run_id: str, events: AsyncIterator[AnyEvent]) -> RunResult[str] | None:
        """Print a turn as it comes and keep its messages. Return its result, or None if it failed: then the conversation goes on."""
        self.code = Exit.FAILED
        try:
            settled = await _print_answer(events)
            result: RunResult[str] = await self.engine.read_turn(run_id)
        except Cancelled:
            print(f"sayso: run {run_id} was cancelled.", file=sys.stderr, flush=True)
            return None
        except RunError as error:
            print(f"sayso: {escape_controls(str(error))}", file=sys.stderr, flush=True)
            return None
        self.code = Exit.OK
        for receipt in find_receipts(self.settings, settled):
            print(escape_controls(receipt), flush=True)
        if not result.pending:
            self.history = await self._messages_of(result)
        return result

    async def _messages_of(self, result: RunResult[str]) -> tuple[Message, ...]:
        """Return the conversation without its opening (instructions, examples), which each turn has itself."""
        return await find_bot(self.settings).strip_opening(result.messages)

    def _say_waits(self, result: RunResult[str]) -> int:
        if self.stored is not None:
            return say_what_waits(result.run_id, result.pending, self.database)
        for request in result.pending:
            print_card(request)
        print("sayso: this waits for your yes, which only a terminal can give. Nothing was ordered.", file=sys.stderr)
        return Exit.WAITS


async def _find_turns(engine: DurableEngine, name: str) -> list[RunRow]:
    """Return the stored turns of a conversation, oldest first. Raises UsageError if the name is that of another run."""
    if await engine.find(name) is not None:
        raise UsageError(f"{name} is a run and not a conversation. A conversation is named without the number of its turn.")
    return [row for row in await engine.find_numbered(name) if row.flow == CHAT.name]


def _number_of(row: RunRow) -> int:
    return int(row.id.rpartition(".")[2])


def _question_in(row: RunRow) -> str:
    """Return what the customer said in a stored turn."""
    return str(getattr(read_text(row.input), "text", ""))


async def _print_answer(events: AsyncIterator[AnyEvent]) -> list[ToolFinished]:
    """Print the text of a turn as it is streamed, and return how its calls ended."""
    settled: list[ToolFinished] = []
    in_line = False
    async for event in events:
        if isinstance(event, TextPiece):
            sys.stdout.write(escape_controls(event.text))
            sys.stdout.flush()
            in_line = True
        elif isinstance(event, TextRetracted) and in_line:
            sys.stdout.write("\n")
            in_line = False
        elif isinstance(event, ToolFinished):
            settled.append(event)
        elif remark := describe_remark(event):
            print(f"({remark})", file=sys.stderr, flush=True)
    if in_line:
        print(flush=True)
    return settled
