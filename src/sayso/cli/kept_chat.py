"""`sayso chat --database`: a conversation that outlives its program. Each turn is a run, `NAME.1`, `NAME.2`, ..."""

from __future__ import annotations

import json
import secrets
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sayso.cli.builtin_app import CHAT, ChatTurn, asked_bot, builtin_app, counter
from sayso.cli.chat import answered, opened_desk, said_lines
from sayso.cli.resume import carried_on, say_waits
from sayso.cli.run_database import and_where, opened
from sayso.cli.run_report import readable
from sayso.console import plain, terminal
from sayso.tools.errors import Cancelled, RunError, UsageError
from sayso.workflows import RunResult

if TYPE_CHECKING:
    from sayso.agents import Message, Model
    from sayso.workflows.durable.engine import DurableEngine
    from sayso.workflows.durable.records import RunRow


@dataclass(frozen=True)
class Talk:
    """A conversation: its name, where it is kept, and what each of its turns needs."""

    name: str
    database: str | None
    settings: ChatTurn

    def turn(self, line: str, history: tuple[Message, ...]) -> ChatTurn:
        """What the next turn is given."""
        return replace(self.settings, text=line, history=history)


async def converse_kept(model: Model, settings: ChatTurn, database: str | None, name: str | None) -> int:
    """Talk until the input ends; what was said before under the same name is known, and what was under way goes on."""
    if name is not None and ("/" in name or not name):
        raise UsageError(f"{name!r} is no name for a conversation: a slash separates a run from its children.")
    opened_desk(Path(settings.desk)).close()  # what is wrong with the book is said before anything is asked
    talk = Talk(name or f"chat-{secrets.token_hex(4)}", database, settings)
    async with opened(database, builtin_app(), made=True) as engine:
        turns = await turns_of(engine, talk.name)
        where = and_where(database)
        print(f"Talking with {plain(model.name)}; Ctrl-D ends it.", file=sys.stderr)
        print(f"Go on with it at any time: sayso chat --run-id {talk.name}{where}", file=sys.stderr, flush=True)
        return await _talk(engine, talk, turns, where)


async def turns_of(engine: DurableEngine, name: str) -> list[RunRow]:
    """The turns of a conversation, oldest first. UsageError where the name is that of another run."""
    rows = [row for row in await engine.runs(limit=100_000) if row.id == name or row.id.startswith(f"{name}.")]
    if any(row.id == name for row in rows):
        raise UsageError(f"{name} is a run, and no conversation. A conversation is named without the number of its turn.")
    turns = [row for row in rows if row.id.removeprefix(f"{name}.").isdecimal() and row.flow == CHAT.name]
    return sorted(turns, key=_number)


def _number(row: RunRow) -> int:
    return int(row.id.rpartition(".")[2])


async def _talk(engine: DurableEngine, talk: Talk, turns: list[RunRow], where: str) -> int:
    history: tuple[Message, ...] = ()
    for row in turns:
        if row.state == "done":
            history = await said_in(talk, (await engine.ended(row)).messages)
    number = _number(turns[-1]) if turns else 0
    code = 0
    if turns and turns[-1].state not in ("done", "failed", "cancelled"):
        print(f"you> {plain(asked_in(turns[-1]))}", file=sys.stderr, flush=True)
        result = await _carried(engine, turns[-1])
        if result is not None and result.pending:
            return say_waits(result.run_id, result.pending, where)
        history = history if result is None else await said_in(talk, result.messages)
        code = 1 if result is None else 0
    async for line in said_lines():
        number += 1
        result = await _answered(engine, talk, f"{talk.name}.{number}", line, history)
        code = 1 if result is None else 0
        if result is None:
            continue
        if result.pending:
            return say_waits(result.run_id, result.pending, where)
        history = await said_in(talk, result.messages)
    return code


async def _carried(engine: DurableEngine, row: RunRow) -> RunResult[Any] | None:
    """The turn that was under way, carried on; None where it failed."""
    return await _told(row.id, carried_on(engine, row, terminal))


async def _answered(engine: DurableEngine, talk: Talk, run_id: str, line: str, history: tuple[Message, ...]) -> RunResult[Any] | None:
    """A new turn; None where it failed."""
    turn = talk.turn(line, history)
    stream = CHAT.run_stream(turn, deps=counter(turn), approve=terminal, engine=engine, run_id=run_id)
    result = await _told(run_id, stream)
    if asked_in(await engine.run(run_id)) != line:
        raise RunError(f"The conversation {talk.name} is going on in another terminal too; what you said last was not heard. Say it there.")
    return result


async def _told(run_id: str, events: Any) -> RunResult[Any] | None:
    try:
        return await answered(events)
    except Cancelled:
        print(f"sayso: run {run_id} was cancelled.", file=sys.stderr, flush=True)
    except RunError as error:
        print(f"sayso: {plain(str(error))}", file=sys.stderr, flush=True)
    return None


async def said_in(talk: Talk, messages: tuple[Message, ...]) -> tuple[Message, ...]:
    """A conversation without its opening, which each turn has itself."""
    return await asked_bot(talk.settings.model, talk.settings.base_url, talk.settings.dialect).strip_opening(messages)


def asked_in(row: RunRow) -> str:
    """What the customer said in a turn."""
    return str(getattr(readable(json.loads(row.input)), "text", ""))
