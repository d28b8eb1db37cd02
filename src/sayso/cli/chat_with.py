"""`sayso chat module:agent`: a conversation with an agent of one's own. It is a session: its turns are kept where a database is named."""

from __future__ import annotations

import sys
from contextlib import aclosing, nullcontext
from typing import TYPE_CHECKING, Any

from sayso.agents import Agent, Session
from sayso.cli.display import describe_call, describe_remark
from sayso.cli.options import Exit
from sayso.cli.resume import say_what_waits
from sayso.cli.run_database import database_option, open_engine
from sayso.console import escape_controls, print_card, read_lines, terminal
from sayso.tools.approval.cards import show_value
from sayso.tools.errors import NotFinished, SaysoError, UsageError
from sayso.workflows import App, RunResult
from sayso.workflows import engine as memory_engine
from sayso.workflows.events.event_types import (
    AnyEvent,
    ModelReplied,
    StageReached,
    TextPiece,
    TextRetracted,
    ToolBegan,
    ToolFinished,
)

if TYPE_CHECKING:
    from sayso.workflows import DurableEngine

LONGEST = 160
"""Characters of arguments and results that stand in a line."""


async def chat_with(subject: object, name: str, called: str, database: str | None, *, stored: bool) -> int:
    """Talk with an agent, or the one agent of an app, until the input ends. Return the exit code: 3 if something waits for a yes."""
    agent, app = find_agent(subject, called)
    async with open_engine(database, app, create=True) if stored else nullcontext() as kept:
        session = Session(kept or memory_engine(), name)
        if kept is not None:
            print(f"Continue it at any time: sayso chat {called} --run-id {name}{database_option(database)}", file=sys.stderr, flush=True)
        elif sys.stdin.isatty():
            print(f"Talking with {escape_controls(agent.name)}. Ctrl-D ends it.", file=sys.stderr)
        return await _Chat(agent, session, kept, database_option(database), app).hold()


def find_agent(subject: object, called: str) -> tuple[Agent[Any], App]:
    """Return the agent that is talked with, and the app that has it. Raises UsageError for anything else."""
    if isinstance(subject, Agent):
        return subject, App(agents=[subject], name=subject.name)
    if isinstance(subject, App):
        agents = [flow for name in subject.names if isinstance(flow := subject.flow(name), Agent)]
        if len(agents) == 1:
            return agents[0], subject
        names = ", ".join(each.name for each in agents) or "none"
        raise UsageError(f"{called} is an app with {len(agents)} agents ({names}), and one can be talked with. Name it: module:agent.")
    raise UsageError(
        f"{called} is {type(subject).__name__!r}, and one can talk with an agent. Name an object that is made by sayso.Agent(...)."
    )


class _Chat:
    """A conversation in the terminal."""

    def __init__(self, agent: Agent[Any], session: Session, kept: DurableEngine | None, option: str, app: App) -> None:
        self.agent, self.session, self.kept, self.option, self.app = agent, session, kept, option, app
        self.in_line = False
        self.code = Exit.OK

    async def hold(self) -> int:
        """Talk until the input ends. A turn that was left open is gone on with first."""
        if (result := await self._go_on()) is not None and result.pending:
            return self._say_waits(result)
        async for line in read_lines():
            result = await self._answer(line)
            if result is not None and result.pending:
                return self._say_waits(result)
        return self.code

    async def _go_on(self) -> RunResult[Any] | None:
        """Finish the last turn of a session that is taken up again, where it was left open."""
        turns = await self.session.turns()
        if not turns:
            return None
        try:
            result = await self.session.read()
        except NotFinished:
            result = None
        except Exception:  # noqa: BLE001  it ended early; the next turn is told of it
            return None
        if result is not None and result.finished:
            return None
        decided = {}
        for request in await self.session.pending():
            decision = await terminal(request)
            if decision is None:
                return result
            decided[request.digest] = decision
        result = await self.session.resume(decided)
        if result.finished:
            print(escape_controls(str(result.output)), flush=True)
        return result

    async def _answer(self, line: str) -> RunResult[Any] | None:
        """Print the answer to a line as it comes. Return the result, or None if the turn failed: then the conversation goes on."""
        self.code = Exit.FAILED
        shown = False
        try:
            async with aclosing(self.session.run_events(self.agent, line, approve=terminal)) as told:
                async for event in told:
                    shown = self.show(event) or shown
            result = await self.session.read()
        except SaysoError as error:
            self._end_line()
            print(f"sayso: {escape_controls(str(error))}", file=sys.stderr, flush=True)
            return None
        self._end_line()
        if result.finished and not shown:
            print(escape_controls(str(result.output)), flush=True)
        self.code = Exit.OK
        return result

    def show(self, event: AnyEvent) -> bool:
        """Show an event; return whether it was a piece of the answer that stands."""
        if isinstance(event, TextPiece) and event.parent == "":
            sys.stdout.write(escape_controls(event.text))
            sys.stdout.flush()
            self.in_line = True
            return True
        if isinstance(event, TextRetracted):
            self._end_line()
        elif line := describe(event):
            self._end_line()
            print(f"({line})", file=sys.stderr, flush=True)
        return False

    def _end_line(self) -> None:
        if self.in_line:
            print(flush=True)
        self.in_line = False

    def _say_waits(self, result: RunResult[Any]) -> int:
        if self.kept is not None:
            return say_what_waits(result.run_id, result.pending, self.option)
        for request in result.pending:
            print_card(request)
        print("sayso: this waits for your yes, which only a terminal can give. Nothing was done.", file=sys.stderr)
        return Exit.WAITS


def describe(event: AnyEvent) -> str:
    """Return what is said of an event beside the answer; "" for most."""
    match event:
        case ToolBegan():
            return describe_call(event.tool, event.arguments)
        case ToolFinished():
            said = f": {_shorten(event.result)}" if event.result not in (None, "") else ""
            return f"{show_value(event.tool)} {event.outcome}{said}"
        case StageReached():
            return _shorten(event.detail or event.stage)
        case ModelReplied(finish="length" | "content_filter"):
            return f"the reply ended with {event.finish}"
        case _:
            return _shorten(describe_remark(event))


def _shorten(value: object) -> str:
    text = show_value(" ".join(value.split()) if isinstance(value, str) else value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} ..."
