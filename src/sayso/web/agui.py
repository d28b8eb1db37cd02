"""AG-UI 1.0: one turn of a conversation as a stream of that protocol's events, so that its front ends work with an app of Sayso.

The server's runs are the history: of what a client sends only the last words of the user and its answers to interrupts are taken. An
interrupt is a request for approval; its answer is a decision on exactly that card, and a changed argument comes back as a new one.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from sayso.cli.edit import find_tool
from sayso.tools.canonical import sha256
from sayso.tools.errors import UsageError
from sayso.tools.installing import build_install_command

try:
    from ag_ui import core
    from starlette.routing import Route
except ImportError as error:
    raise UsageError(f"The page needs starlette and ag-ui-protocol. Install them: {build_install_command('web')}") from error

from .back_office import stream, until
from .chat import Chats
from .conversations import CONVERSATION
from .doors import TurnedAway, read_json
from .request_cards import EDITED, describe_question, read_lines
from .request_pages import RequestPages

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from sayso.tools.approval.requests import ApprovalRequest
    from sayso.workflows.events.call_events import ApprovalTaken

    from .back_office import BackOffice
    from .people import Person
    from .request_cards import RequestLine

ANSWER = {
    "type": "object",
    "properties": {
        "approved": {"type": "boolean", "description": "Whether exactly this call may be performed."},
        "reason": {"type": "string", "description": "Why not; the model is told."},
        "changes": {"type": "object", "description": "Arguments to change: the changed call is a new request."},
        "statement": {"type": "string", "description": "The signed statement of who decides, where only signed decisions count."},
    },
}
APPROVAL, QUESTION = "approval", "question"


class AgUi:
    """Answers front ends that speak AG-UI."""

    def __init__(self, office: BackOffice, chats: Chats, requests: RequestPages) -> None:
        self._office, self._chats, self._requests = office, chats, requests

    def routes(self) -> list[Route]:
        """Return the addresses that it answers."""
        return [Route("/agui/{agent}", self.run, methods=["POST"])]

    async def run(self, request: Request) -> Response:
        """Take the user's last words, or the answers to interrupts, and answer with what comes of them as a stream.

        Without either, answer with the last turn from its beginning, for a client that has lost the stream of it.
        """
        person = self._office.door.check_change(request)
        if person.only:
            raise TurnedAway(403, "You came by a link, which only decides one request.")
        try:
            asked = core.RunAgentInput.model_validate(await read_json(request))
        except ValidationError as error:
            problem = error.errors()[0]
            raise TurnedAway(
                422, f"This is not a RunAgentInput of AG-UI: {'.'.join(map(str, problem['loc']))}: {problem['msg']}."
            ) from None
        name = find_conversation(person, asked.thread_id)
        if asked.resume:
            run_id, since = await self._resume(person, name, asked.resume)
        elif not asked.messages:
            run_id, since = await self._chats.find_last_turn(person, name), 0
        else:
            run_id, since = await self._chats.begin_turn(person, name, request.path_params["agent"], find_last_words(asked)), 0
        return stream(until(self._office.door.find_end(request), self._stream(asked, run_id, since)))

    async def _resume(self, person: Person, name: str, answers: list[core.ResumeEntry]) -> tuple[str, int]:
        """Hand in the answers to interrupts of a conversation; return its run, and how many of its events are known already."""
        digests = [answer.interrupt_id for answer in answers]
        now = self._office.engine.clock()
        lines = {line.digest: line for line in await self._office.engine.database.do(lambda session: read_lines(session, digests, now))}
        roots = {line.root for line in lines.values()}
        if len(digests) != len(set(digests)):
            raise TurnedAway(422, "An interrupt is answered twice here. Answer each once.")
        if len(lines) != len(digests) or len(roots) != 1 or not all(root.startswith(f"{name}.") for root in roots):
            raise TurnedAway(404, "There is no such interrupt in this conversation.")
        (run_id,) = roots
        await self._office.find_run(person, run_id)
        known, taken = await self._chats.read_taken(run_id)
        changes = [(answer.interrupt_id, *_read_answer(answer)) for answer in answers]  # all are understood before one is taken
        new = [each for each in changes if not _is_given(person, lines[each[0]], taken.get(each[0]), *each[1:])]
        for digest, what, data in new:
            await self._requests.change(person, digest, what, data)
        given = [taken[digest].number or 0 for digest, *_ in changes if digest in taken] if not new else []
        return run_id, min(given, default=known)  # who gives the same answers again gets all that came of them

    async def _stream(self, asked: core.RunAgentInput, run_id: str, since: int) -> AsyncGenerator[bytes, None]:
        writer = EventWriter(asked, run_id)
        yield _encode(writer.begin())
        async for kind, data in self._chats.events(run_id, since):
            interrupts = await self._find_interrupts(run_id) if kind == "end" and data["state"] == "waiting" else []
            for event in writer.write(kind, data, interrupts):
                yield _encode(event)

    async def _find_interrupts(self, run_id: str) -> list[core.Interrupt]:
        """Return what a run waits for."""
        flow = (await self._office.engine.run(run_id)).flow
        requests = await self._office.engine.requests(run_id)
        return [self._make_interrupt(request, flow) for request in requests]

    def _make_interrupt(self, request: ApprovalRequest, flow: str) -> core.Interrupt:
        question = describe_question(find_tool(request.tool, self._office.app, flow, request.tool_version), request)
        schema = ANSWER if question is None else {"type": "object", "properties": {"answer": question}, "required": ["answer"]}
        return core.Interrupt(
            id=request.digest,
            tool_call_id=_find_call(request),
            reason=APPROVAL if question is None else QUESTION,
            message=request.card,
            response_schema=schema,
            expires_at=datetime.fromtimestamp(request.expires_at, UTC).isoformat(),
            metadata={
                "tool": request.tool,
                "warnings": list(request.warnings),
                "shown": [{"name": each.name, "value": each.value, "source": each.origin} for each in request.shown],
            },
        )


def _find_call(request: ApprovalRequest) -> str | None:
    """Return the id under which the call of a request was told; None for a tool that is a step of a workflow."""
    _, colon, call = EDITED.sub("", request.position).rpartition(":")
    return f"{request.run_id}:{call}" if colon else None


class EventWriter:
    """Turns what happens in a run into events of AG-UI: every message and every thought that begins also ends."""

    def __init__(self, asked: core.RunAgentInput, run_id: str) -> None:
        self._thread, self._run, self._id = asked.thread_id, asked.run_id, run_id
        self._open: tuple[str, str] | None = None  # "text" or "thought", and the id of its message
        self._said = ""
        self._begun: set[str] = set()
        self._whole: set[str] = set()
        """The ids of messages that are told as they were stored: pieces of them that come later were told with that."""

    def begin(self) -> core.BaseEvent:
        """Return the first event."""
        return core.RunStartedEvent(
            thread_id=self._thread, run_id=self._run, protocol_version=core.PROTOCOL_VERSION, metadata={"saysoRun": self._id}
        )

    def write(self, kind: str, data: dict[str, Any], interrupts: list[core.Interrupt]) -> list[core.BaseEvent]:
        """Return the events for what happened."""
        match kind:
            case "delta":
                return self._write_delta(data)
            case "items":
                return [event for item in data["items"] for event in self._write_item(item)]
        return [*self._close(), *self._write_end(data, interrupts)]

    def _write_delta(self, delta: dict[str, Any]) -> list[core.BaseEvent]:
        if delta["what"] == "withdrawn":
            taken = self._open[1] if self._open is not None else ""
            self._said = ""
            self._begun.discard(taken)
            return [*self._close(), core.CustomEvent(name="text_retracted", value={"messageId": taken})]
        if delta["what"] not in ("text", "thought"):
            return []
        message = f"{delta['run']}:{delta['turn']}:{delta['what']}"
        events: list[core.BaseEvent] = []
        if message in self._whole:
            return []
        if self._open != (delta["what"], message):
            events = [*self._close(), *self._begin(delta["what"], message)]
        if delta["what"] == "text":
            self._said += delta["text"]
            return [*events, core.TextMessageContentEvent(message_id=message, delta=delta["text"])]
        return [*events, core.ReasoningMessageContentEvent(message_id=message, delta=delta["text"])]

    def _begin(self, what: str, message: str) -> list[core.BaseEvent]:
        self._open = what, message
        self._begun.add(message)
        if what == "text":
            self._said = ""
            return [core.TextMessageStartEvent(message_id=message, role="assistant")]
        return [core.ReasoningStartEvent(message_id=message), core.ReasoningMessageStartEvent(message_id=message, role="reasoning")]

    def _complete(self, message: str, text: str) -> list[core.BaseEvent]:
        """Return what is missing of a reply that is stored now: all of it where it was written before this stream began."""
        if message not in self._begun:
            events = [*self._close(), *(self._tell_whole(message, text) if text else [])]
            self._said = text
        elif self._open == ("text", message) and text.startswith(self._said):
            rest, self._said = text[len(self._said) :], text
            events = [*([core.TextMessageContentEvent(message_id=message, delta=rest)] if rest else []), *self._close()]
        else:
            return self._close()
        self._whole.add(message)
        return events

    def _tell_whole(self, message: str, text: str) -> list[core.BaseEvent]:
        return [*self._begin("text", message), core.TextMessageContentEvent(message_id=message, delta=text), *self._close()]

    def _close(self) -> list[core.BaseEvent]:
        if self._open is None:
            return []
        (what, message), self._open = self._open, None
        if what == "text":
            return [core.TextMessageEndEvent(message_id=message)]
        return [core.ReasoningMessageEndEvent(message_id=message), core.ReasoningEndEvent(message_id=message)]

    def _write_item(self, item: dict[str, Any]) -> list[core.BaseEvent]:
        place = "/".join(filter(None, (self._id, item["place"])))
        if item["kind"] == "reply":
            events = self._complete(f"{place}:{item['turn']}:text", item.get("whole", item["text"]))
            for index, call in enumerate(item["calls"]):
                name = f"{place}:{item['turn']}.{index}"
                events += [
                    core.ToolCallStartEvent(tool_call_id=name, tool_call_name=call["tool"]),
                    core.ToolCallArgsEvent(tool_call_id=name, delta=call["arguments"]),
                    core.ToolCallEndEvent(tool_call_id=name),
                ]
            return events
        if item["kind"] in ("result", "receipt"):
            name = f"{place}:{item['call']}"
            text = item["text"] if item["outcome"] == "done" else f"{item['outcome']}: {item['text']}"
            return [*self._close(), core.ToolCallResultEvent(message_id=f"{name}:result", tool_call_id=name, content=text, role="tool")]
        return []

    def _write_end(self, end: dict[str, Any], interrupts: list[core.Interrupt]) -> list[core.BaseEvent]:
        usage = [core.TokenUsage(input_tokens=end["tokens_in"], output_tokens=end["tokens_out"])] if end["tokens_in"] else None
        if end["state"] == "failed":
            return [core.RunErrorEvent(message=end.get("error", "The run has failed."), usage=usage)]
        outcome: Any = core.RunFinishedSuccessOutcome()
        events: list[core.BaseEvent] = []
        if interrupts:
            outcome = core.RunFinishedInterruptOutcome(interrupts=interrupts)
        elif end["state"] == "cancelled":
            outcome = core.RunFinishedCancelledOutcome()
        elif end.get("output") and end["output"].strip() != self._said.strip():  # what was not streamed is said whole
            events = self._tell_whole(f"{self._id}:output", end["output"])
        finished = core.RunFinishedEvent(thread_id=self._thread, run_id=self._run, outcome=outcome, result=end.get("output"), usage=usage)
        return [*events, finished]


def find_conversation(person: Person, thread: str) -> str:
    """Return the conversation that a thread of AG-UI is: its own name, or one that is made of it, for each person another."""
    if CONVERSATION.fullmatch(thread):
        return thread
    return f"chat-{sha256(person.name, thread)[:24]}"


def find_last_words(asked: core.RunAgentInput) -> str:
    """Return the last message, which must be the user's. All that a client says was said before is not looked at."""
    last = asked.messages[-1] if asked.messages else None
    if not isinstance(last, core.UserMessage):
        raise TurnedAway(422, "The last message must be the user's.")
    if isinstance(last.content, str):
        return last.content
    texts = [part.text for part in last.content if isinstance(part, core.TextPart)]
    if len(texts) != len(last.content):
        raise TurnedAway(422, "Only texts can be said here so far.")
    return "\n\n".join(texts)


def _read_answer(answer: core.ResumeEntry) -> tuple[str, dict[str, object]]:
    """Return an answer to an interrupt as a change of its request. Only a clear yes is one."""
    payload = dict(answer.payload) if isinstance(answer.payload, dict) else {}
    signed = {"statement": payload.pop("statement")} if "statement" in payload else {}
    if answer.status == "cancelled":
        return "reject", {"reason": "", **signed}
    if isinstance(payload.get("answer"), str) and set(payload) == {"answer"}:
        return "edit", {"changes": {"answer": payload["answer"]}, **signed}
    if "answer" in payload:
        raise TurnedAway(422, 'An answer to a question is {"answer": "..."}, and says nothing else beside it.')
    if changes := payload.get("changes"):
        if not isinstance(changes, dict):
            raise TurnedAway(422, "'changes' must be an object: each argument with its new value.")
        return "edit", {"changes": changes, **signed}
    if payload.get("approved") is True:
        return "approve", {"confirmed": True, **signed}
    if payload.get("approved") is False:
        return "reject", {"reason": payload.get("reason", ""), **signed}
    raise TurnedAway(
        422,
        'An answer says {"approved": true}, {"approved": false, "reason": "..."} or {"changes": {...}}, to a question {"answer": "..."}.',
    )


def _is_given(person: Person, line: RequestLine, taken: ApprovalTaken | None, what: str, data: dict[str, Any]) -> bool:
    """Return whether this person has given this very answer already: a client whose stream broke off sends it again."""
    if line.decided_by != person.name:
        return False
    if what == "edit":
        return taken is not None and taken.decision == "edit" and data["changes"].items() <= taken.arguments.items()
    if what == "reject":
        return line.state == "rejected"
    return line.state not in ("proposed", "rejected", "edited", "expired", "closed")


def _encode(event: core.BaseEvent) -> bytes:
    return f"data: {event.model_dump_json(by_alias=True)}\n\n".encode()
