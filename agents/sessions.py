"""A conversation that is kept: each turn is a run of the engine, and begins with what was said in the turns before."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, Unpack

from sayso.tools.approval.requests import ApprovalRequest, Decision
from sayso.tools.calls import Outcome
from sayso.tools.canonical import readable_json
from sayso.tools.effects import CLEAN, LABELS, Labels, Secrecy, Trust
from sayso.tools.errors import NotFinished, RunIdTaken, UsageError
from sayso.workflows import Engine, RunOptions, RunResult
from sayso.workflows.events.event_types import AnyEvent, RunBegan, RunFinished, ToolBegan, ToolFinished
from sayso.workflows.runs.memory_engine import check_run_id

from .messages import AssistantMessage, Message, UserMessage

if TYPE_CHECKING:
    from .agent import Agent

Out = TypeVar("Out")
EARLY = "(This turn ended early{why}. {done})"
"""What stands in the history in the place of an answer that never came."""


class KeepsTurns(Engine, Protocol):
    """An engine that finds the turns of a conversation again."""

    async def find_turns(self, name: str) -> Mapping[str, str]:
        """Return the ids of the runs name.1, name.2, ... in their order, and whose run each is."""
        ...

    async def read_turn(self, run_id: str) -> RunResult[Any]:
        """Return what a run came to, or what it waits for. Raises what it raised, NotFinished where it is under way or was cut off."""
        ...


class AgentSession:
    """A conversation with an agent, kept by an engine: `Session(engine, "ada-1")`.

    The turns are the runs "ada-1.1", "ada-1.2", ...; another program that opens the same session goes on where it was left. What counts is
    what the engine has, never what a client sends. Of a turn that ended early (a limit, an error, a stop) the next one is told what was
    asked and which calls were made, so that nothing is done twice. How much of a long conversation is sent, the agent's `window` says.
    """

    def __init__(self, engine: KeepsTurns, id: str, *, user: str | None = None) -> None:
        check_run_id(id)
        if not hasattr(engine, "find_turns"):
            raise UsageError(f"{engine!r} keeps no sessions. Write Session(sayso.engine(...), {id!r}).")
        self.engine: KeepsTurns = engine
        self.id: str = id
        self.user: str | None = user

    def __repr__(self) -> str:
        return f"Session({self.id!r})"

    async def turns(self) -> list[str]:
        """Return the ids of the runs so far, oldest first: `engine.events(run_id)` tells what happened in one.

        Raises UsageError where the session has a user and a turn is another's: an id that a client sent may be anybody's.
        """
        return await self._find_turns(self.user)

    async def _find_turns(self, user: str | None) -> list[str]:
        found = await self.engine.find_turns(self.id)
        if user is not None and any(whose != user for whose in found.values()):
            raise UsageError(f"Session {self.id!r} is not one of the user {user!r}. Give each user's sessions ids of their own.")
        return list(found)

    async def messages(self) -> tuple[Message, ...]:
        """Return the conversation so far, for `history=`: of the turns that are over."""
        early: list[str] = []
        said: tuple[Message, ...] = ()
        for run_id in reversed(await self.turns()):
            try:
                result = await self.engine.read_turn(run_id)
            except NotFinished:
                continue
            except Exception:  # noqa: BLE001  whatever ended it: what it did is told
                early.append(run_id)
                continue
            if result.finished:
                said = result.messages
                break
        for run_id in reversed(early):
            said = (*said, *await self._tell_early(run_id))
        return said

    async def pending(self) -> tuple[ApprovalRequest, ...]:
        """Return the requests that the last turn waits for."""
        turns = await self.turns()
        if not turns:
            return ()
        try:
            return (await self.engine.read_turn(turns[-1])).pending
        except Exception:  # noqa: BLE001  it ended early, so nothing of it waits
            return ()

    async def run(self, agent: Agent[Out], value: object, **options: Unpack[RunOptions]) -> RunResult[Out]:
        """Answer what the user says now, after all that was said before. The options are those of `agent.run`.

        Raises UsageError while the last turn waits for a decision or is under way.
        """
        run_id, history = await self._begin(options)
        try:
            return await agent.run(value, history=history, **self._complete(run_id, options))
        except RunIdTaken:
            raise self._is_busy(run_id) from None

    async def run_events(self, agent: Agent[Any], value: object, **options: Unpack[RunOptions]) -> AsyncGenerator[AnyEvent, None]:
        """Answer as `run` does, and yield the events as they happen: see sayso.events. `read()` has the result afterwards."""
        run_id, history = await self._begin(options)
        try:
            async with aclosing(agent.run_events(value, history=history, **self._complete(run_id, options))) as told:
                async for event in told:
                    yield event
        except RunIdTaken:
            raise self._is_busy(run_id) from None

    async def read(self) -> RunResult[Any]:
        """Return what the last turn came to, or waits for. Raises what it raised; UsageError where nothing was said yet."""
        turns = await self.turns()
        if not turns:
            raise UsageError(f"Session {self.id!r} has no turns yet. Write: await session.run(agent, 'Hello').")
        return await self.engine.read_turn(turns[-1])

    async def resume(self, decisions: Mapping[str, Decision] | None = None) -> RunResult[Any]:
        """Hand in decisions on what the last turn waits for, by digest, and execute it to its end or its next pause.

        A turn that was cut off goes on. In another program the engine needs the app that has the agent: engine(url, app=...).
        """
        turns = await self.turns()
        if not turns:
            raise UsageError(f"Session {self.id!r} has no turns yet, so there is nothing to resume.")
        return await self.engine.resume(turns[-1], decisions or {})

    async def _begin(self, options: RunOptions) -> tuple[str, tuple[Message, ...]]:
        """Return the id of the next turn, and what was said before. Raises UsageError where the last one is not over, or another user's."""
        turns = await self._find_turns(options.get("user") if self.user is None else self.user)
        if turns:
            await self._check_over(turns[-1])
        number = int(turns[-1].rpartition(".")[2]) + 1 if turns else 1
        return f"{self.id}.{number}", await self.messages()

    async def _check_over(self, run_id: str) -> None:
        try:
            result = await self.engine.read_turn(run_id)
        except NotFinished:
            raise UsageError(
                f"The last turn of session {self.id!r}, run {run_id}, is still running or was interrupted. Finish it first: "
                "await session.resume()."
            ) from None
        except Exception:  # noqa: BLE001  it is over: how, the history tells
            return
        if not result.finished:
            raise UsageError(
                f"The last turn of session {self.id!r} waits: {'; '.join(each.summary for each in result.pending)} "
                "Decide first: await session.resume({request.digest: Approve()}) for each of await session.pending()."
            )

    def _complete(self, run_id: str, options: RunOptions) -> RunOptions:
        for name in ("engine", "run_id"):
            if options.get(name) is not None:
                raise UsageError(f"A turn of session {self.id!r} has the session's own {name}; leave {name}= out.")
        completed: RunOptions = {**options, "engine": self.engine, "run_id": run_id}
        if self.user is not None:
            completed["user"] = self.user
        return completed

    def _is_busy(self, run_id: str) -> UsageError:
        return UsageError(
            f"Session {self.id!r} was continued elsewhere at the same moment, by run {run_id}. Read it, then send your message again."
        )

    async def _tell_early(self, run_id: str) -> Sequence[Message]:
        """Return what was asked in a turn that ended early, and a note in the place of the answer: which calls were made."""
        asked: UserMessage | None = None
        why, labels = "", CLEAN
        given, made = dict[tuple[str, str], ToolBegan](), list[str]()
        async for event in self.engine.events(run_id):
            match event:
                case RunBegan() if isinstance(event.input, dict):
                    asked = _read_question(event.input)
                    labels = labels.union(asked.labels or CLEAN)
                case ToolBegan():
                    given[event.run, event.call] = event
                case ToolFinished():
                    began = given.pop((event.run, event.call), None)
                    given_to = f" with {readable_json(began.arguments)}" if began else ""  # what was refused did not begin
                    made.append(f"{event.tool}{given_to} ended {event.outcome}")
                    labels = labels.union(_labels_of(event))
                case RunFinished():
                    why = f": {event.state}, {event.error_type}".removesuffix(", ") if event.state != "done" else ""
                case _:
                    pass
        made += [f"{began.tool} with {readable_json(began.arguments)} ended {Outcome.UNKNOWN}" for began in given.values()]
        # Not as NAME(...): what a model repeats of it must not read as a call.
        done = f"What was done in it: {'; '.join(made)}" if made else "Nothing was done in it"
        note = EARLY.format(why=why, done=f"{done}.")
        known = None if labels is CLEAN else labels
        if asked is None or not (asked.text or made):
            return ()
        return asked._replace(text=asked.text or "(no words)", labels=known), AssistantMessage(note, labels=known)


def _read_question(given: Mapping[str, Any]) -> UserMessage:
    """Return what was asked, as an event has it: with what is known of the texts in it, and which of them the user said. Media by name."""
    labels, said = given.get("labels"), given.get("said")
    text = "\n\n".join(map(str, given.get("parts", ()))) or str(given.get("text", ""))
    return UserMessage(text, labels=Labels(**labels) if labels else None, said=None if said is None else tuple(map(str, said)))


def _labels_of(event: ToolFinished) -> Labels:
    trust = Trust(event.trust) if event.trust else None
    return LABELS[trust, Secrecy(event.secrecy or Secrecy.PRIVATE)]


Session = AgentSession  # the class has the longer name, for a database has sessions too
