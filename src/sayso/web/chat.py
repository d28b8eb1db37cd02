"""Chat with the agents of an app. A conversation is a Session: its runs NAME.1, NAME.2, ... are the history, not what a browser sends."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sayso.agents import Agent
from sayso.agents.messages import Conversation, Message
from sayso.agents.sessions import AgentSession
from sayso.cli.display import describe_error, describe_input, read_text, to_plain
from sayso.tools.approval.cards import show_value
from sayso.tools.canonical import readable_json
from sayso.tools.errors import RunIdTaken, SaysoError
from sayso.workflows.durable.log_events import LogEvents
from sayso.workflows.events.call_events import ApprovalTaken
from sayso.workflows.events.event_types import AnyEvent, CallOpened, StageReached, TextPiece, TextRetracted, ThoughtPiece
from sayso.workflows.events.watched_execution import read_streamed

from .back_office import BackOffice, read_since, stream, until
from .conversations import CONVERSATION, find_conversations, read_number, read_offset, read_titles
from .doors import TurnedAway, read_json, read_text_field
from .story import Story

if TYPE_CHECKING:
    from starlette.requests import Request

    from sayso.workflows.durable.records import RunRow

    from .page_worker import LiveRuns
    from .people import Person

LOOK_SECONDS = 0.2
UNDER_WAY = ("new", "queued", "running")


class Chats:
    """Answers for the conversations of a page."""

    def __init__(self, office: BackOffice) -> None:
        self._office, self._engine = office, office.engine
        self.live: LiveRuns = office.live

    def routes(self) -> list[Route]:
        """Return the addresses that it answers."""
        return [
            Route("/api/agents", self.list_agents),
            Route("/api/chats", self.list_chats),
            Route("/api/chats/{name}", self.show_chat),
            Route("/api/chats/{name}/turns", self.say, methods=["POST"]),
            Route("/api/runs/{run}/live", self.follow),
            Route("/api/runs/{run}/stop", self.stop, methods=["POST"]),
        ]

    async def list_agents(self, request: Request) -> Response:
        """Answer with what can be talked with: the agents of the app, and the flows that take a text."""
        self._office.door.find_person(request)
        return JSONResponse({"agents": [self._describe_agent(name) for name in self.names]})

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of what can be talked with."""
        app = self._office.app
        agents = [name for name in app.names if isinstance(app.flow(name), Agent)]
        return (*agents, *(name for name in app.names if name not in agents and app.flow(name).input_type is str))

    def _describe_agent(self, name: str) -> dict[str, object]:
        flow = self._office.app.flow(name)
        tools = [{"name": tool.name, "effect": str(tool.effect), "description": tool.description} for tool in flow.own_tools()]
        return {"name": name, "kind": flow.kind, "tools": tools}

    def _find_talker(self, request: Request) -> Person:
        """Return who asks for their conversations; a link from a message opens one request, and none of these."""
        person = self._office.door.find_person(request)
        if person.only:
            raise TurnedAway(403, "You came by a link, which only decides one request.")
        return person

    async def list_chats(self, request: Request) -> Response:
        """Answer with a page of the conversations of the person, the one that changed last first; with `find`, of those that begin so."""
        person, query = self._find_talker(request), request.query_params
        words, offset = query.get("find", "").casefold().split(), read_offset(query)
        names = self.names
        chats = await self._engine.database.do(lambda session: find_conversations(session, person.name, names))
        found, total = await self._engine.database.do(lambda session: read_titles(session, chats, words, offset))
        return JSONResponse({"chats": found, "total": total})

    async def show_chat(self, request: Request) -> Response:
        """Answer with the turns of a conversation, or with those `after` a number."""
        person = self._find_talker(request)
        turns = await self._find_turns(person, request.path_params["name"])
        after = read_since((request.query_params.get("after"),)) or 0
        return JSONResponse({"turns": [await self._describe_turn(row) for row in turns if read_number(row.id) > after]})

    async def _describe_turn(self, row: RunRow) -> dict[str, object]:
        story = Story(row.id)
        items = [item for each in await self._engine.log(row.id) for item in story.take(each, row)]
        return {"run": row.id, "agent": row.flow, "question": show_value(_question_in(row)), "items": items, **describe_end(row, story)}

    async def _find_turns(self, person: Person, name: str) -> list[RunRow]:
        """Return the turns of a conversation of this person, oldest first; none of one that begins now."""
        turns = await self._engine.find_numbered(name)
        if any(row.for_user != person.name for row in turns) or not (turns or CONVERSATION.fullmatch(name)):
            raise TurnedAway(404, "There is no such conversation, or it is not yours.")
        return turns

    async def find_last_turn(self, person: Person, name: str) -> str:
        """Return the run of the last turn of a conversation. Raises TurnedAway where there is none."""
        if not (turns := await self._find_turns(person, name)):
            raise TurnedAway(404, "Nothing was said in this conversation so far.")
        return turns[-1].id

    async def say(self, request: Request) -> Response:
        """Take the next words of a person, and answer with the run that answers them. The same turn again is the same run."""
        person = self._office.door.check_change(request)
        if person.only:
            raise TurnedAway(403, "You came by a link, which only decides one request.")
        data = await read_json(request)
        text, agent = read_text_field(data, "text"), read_text_field(data, "agent", most=200)
        run_id = await self.begin_turn(person, request.path_params["name"], agent, text, data.get("turn"))
        return JSONResponse({"run": run_id})

    async def begin_turn(self, person: Person, name: str, agent: str, text: str, turn: object = None) -> str:
        """Submit the next turn of a conversation and return its run. The history is what the runs before say."""
        if agent not in self.names:
            raise TurnedAway(404, f"There is no agent {agent!r}. Agents: {', '.join(self.names) or 'none'}.")
        if not text.strip():
            raise TurnedAway(400, "Say something.")
        turns = await self._find_turns(person, name)
        following = read_number(turns[-1].id) + 1 if turns else 1
        number = following if turn is None else turn
        if not isinstance(number, int) or isinstance(number, bool) or not 1 <= number <= following:
            raise TurnedAway(409, f"The next turn of this conversation is {following}. Load it again.")
        if number == following and turns and turns[-1].state not in ("done", "failed", "cancelled"):
            raise TurnedAway(409, "The turn before has not ended. Wait for it, decide its requests, or stop it.")
        run_id, flow = f"{name}.{number}", self._office.app.flow(agent)
        value: Any = text
        if isinstance(flow, Agent):
            value = await flow.guard_input(Conversation(text, await self._find_history(flow, person, name) if number == following else ()))
        if number < following:
            return _check_same(turns, run_id, agent, value)
        self.live.expect(run_id)
        try:
            await self._engine.submit(flow, value, run_id=run_id, user=person.name)
        except RunIdTaken:
            raise TurnedAway(409, "This conversation was continued elsewhere, with other words. Load it again.") from None
        self._office.feed.poke()
        return run_id

    async def _find_history(self, agent: Agent[Any], person: Person, name: str) -> tuple[Message, ...]:
        """Return what was said so far; of a turn that failed or was stopped, what was asked and what was done."""
        return await agent.strip_opening(await AgentSession(self._engine, name, user=person.name).messages())

    async def stop(self, request: Request) -> Response:
        """Stop a run before its next step."""
        person = self._office.door.check_change(request)
        row = await self._office.find_run(person, request.path_params["run"])
        await self._engine.cancel(row.id)
        self._office.feed.poke()
        return JSONResponse({"run": row.id})

    async def follow(self, request: Request) -> Response:
        """Answer with what a run says and does from now on, as a stream, until it ends or waits."""
        person = self._office.door.find_person(request)
        row = await self._office.find_run(person, request.path_params["run"])
        since = read_since((request.headers.get("last-event-id"), request.query_params.get("since")))
        return stream(until(self._office.door.find_end(request), self._stream(row.id, since or 0)))

    async def _stream(self, run_id: str, since: int) -> AsyncGenerator[bytes, None]:
        at = since
        async for kind, data in self.events(run_id, since):
            at = max(at, data["items"][-1]["number"]) if kind == "items" else at
            yield f"id: {at}\nevent: {kind}\ndata: {json.dumps(data)}\n\n".encode()

    async def read_taken(self, run_id: str) -> tuple[int, dict[str, ApprovalTaken]]:
        """Return how many events of a run are stored (the number of the last one, for `events`), and its decisions by digest."""
        told = LogEvents(run_id)
        events = [event for each in await self._engine.log(run_id) for event in told.take(each)]
        return told.reader.number, {event.digest: event for event in events if isinstance(event, ApprovalTaken)}

    async def events(self, run_id: str, since: int = 0) -> AsyncIterator[tuple[str, dict[str, Any]]]:
        """Yield what happens in a run: "items" that were stored, "delta" for what is being written, and "end" last."""
        story, at = Story(run_id), 0
        with self.live.follow(run_id) as queue:
            while True:
                row = await self._engine.run(run_id)
                items = []
                for each in await self._engine.log(run_id, at):
                    at = each.number
                    items += [item for item in story.take(each, row) if item["number"] > since]
                if items:
                    yield "items", {"items": items}
                if row.state not in UNDER_WAY and at >= row.number:
                    self.live.forget(run_id)
                    yield "end", describe_end(row, story)
                    return
                for delta in await _gather(queue):
                    yield "delta", delta


async def _gather(queue: asyncio.Queue[object]) -> list[dict[str, Any]]:
    """Return what was written in the last moment; pieces of one text are one."""
    deltas: list[dict[str, Any]] = []
    try:
        event = await asyncio.wait_for(queue.get(), LOOK_SECONDS)
    except TimeoutError:
        return deltas
    while True:
        for delta in map(_to_delta, read_streamed(event, 0.0)):
            last = deltas[-1] if deltas else {}
            if delta.get("what") in ("text", "thought") and (last.get("what"), last.get("turn")) == (delta["what"], delta["turn"]):
                last["text"] += delta["text"]
            elif delta:
                deltas.append(delta)
        if queue.empty():
            return deltas
        event = queue.get_nowait()


def _to_delta(event: AnyEvent) -> dict[str, Any]:
    match event:
        case TextPiece():
            return {"what": "text", "run": event.run, "turn": event.turn, "text": event.text}
        case ThoughtPiece():
            return {"what": "thought", "run": event.run, "turn": event.turn, "text": event.text}
        case TextRetracted():
            return {"what": "withdrawn", "run": event.run, "turn": event.turn}
        case CallOpened():
            return {"what": "call", "run": event.run, "turn": event.turn, "tool": show_value(event.tool)}
        case StageReached():
            return {"what": "stage", "run": event.run, "text": show_value(event.detail or event.stage)}
        case _:
            return {}


def describe_end(row: RunRow, story: Story) -> dict[str, Any]:
    """Return how a run stands: its state, what it has used, its output or error."""
    usage = story.usage
    end: dict[str, Any] = {
        "state": row.state,
        "created_at": row.created_at,
        "changed_at": row.changed_at,
        "tokens_in": usage.input_tokens,
        "tokens_out": usage.output_tokens,
        "cost_usd": usage.cost_usd,
        "spend_usd": usage.spend_usd,
        "model_calls": usage.model_calls,
        "tool_calls": usage.tool_calls,
    }
    if row.output is not None:
        try:
            stored = read_text(row.output)
            value = stored.get("value") if isinstance(stored, dict) else stored
            end["output"] = value if isinstance(value, str) else readable_json(to_plain(value))
            end["is_text"] = isinstance(value, str)
        except (SaysoError, ValueError, TypeError):
            end["error"] = "The output cannot be read here."
    if row.error is not None:
        try:
            end["error"] = describe_error(row.error)
        except (SaysoError, ValueError, TypeError):
            end["error"] = "The error cannot be read here."
    return end


def _check_same(turns: Sequence[RunRow], run_id: str, agent: str, value: object) -> str:
    """Return the run of an earlier turn that was said again, as after a lost connection. Raises TurnedAway for other words."""
    row = next((row for row in turns if row.id == run_id), None)
    if row is None or row.flow != agent or _question_in(row) != describe_input(value):
        raise TurnedAway(409, "This conversation was continued elsewhere, with other words. Load it again.")
    return run_id


def _question_in(row: RunRow) -> str:
    try:
        return describe_input(read_text(row.input))
    except (ValueError, TypeError, KeyError):
        return "(cannot be read here)"
