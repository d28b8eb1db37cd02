"""OpenAI's Responses API on loopback: it says what it was told to say, and refuses what OpenAI refuses (`responses_rules.py`).

    with FakeResponses([[Thinks("Burgers?"), Calls("search", {"query": "burgers"})], "Here."]) as server:
        ... server.base_url ... server.requests

A turn is a list of items, a text (one message), a `Turn` with how it ends, an `HttpError`, or a function from the body to one of these.
They are given in the order in which good requests arrive, whole or streamed as asked; a request that breaks a rule takes no turn.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType

from sayso.testing.loopback import LoopbackRequest, LoopbackServer
from sayso.testing.responses_rules import REASONING_MODEL, Body, Broken, Issued, ResponsesRules, check_request

from .fake_openai import HttpError, Raw


@dataclass(frozen=True)
class Thinks:
    """A reasoning item: its summary (what may be shown of it)."""

    summary: str = ""


@dataclass(frozen=True)
class Says:
    """A message, or what of it is a refusal."""

    text: str
    phase: str | None = None
    refusal: bool = False


@dataclass(frozen=True)
class Calls:
    """A function call; arguments that are a text go out as they are."""

    name: str
    arguments: Mapping[str, object] | str = field(default_factory=dict)


Item = Thinks | Says | Calls


@dataclass(frozen=True)
class Turn:
    """A whole turn, and how it ends: completed, incomplete for a reason, failed with a code; or cut after so many events.

    What breaks off in a stream is streamed, however it was asked for.
    """

    items: Sequence[Item]
    incomplete: str = ""
    failed: tuple[str, str] | None = None
    error_event: tuple[str, str] | None = None
    events: int | None = None
    """How many events go out before the connection is gone, or before the error event."""
    usage: Mapping[str, object] = field(default_factory=lambda: {"input_tokens": 12, "output_tokens": 5, "total_tokens": 17})


Given = str | Sequence[Item] | Turn | HttpError | Raw
Line = Given | Callable[[Body], Given]


class FakeResponses:
    """The endpoint, as a context manager. `ignores_stream` plays a server that streams when it should not, and does not when it should."""

    def __init__(
        self,
        turns: Sequence[Line] = (),
        *,
        rules: ResponsesRules = REASONING_MODEL,
        path: str = "/v1",
        pieces: int = 7,
        ignores_stream: bool = False,
        pages: Mapping[str, HttpError] | None = None,
    ) -> None:
        self.turns, self.rules, self.path, self.pieces, self.ignores_stream = list(turns), rules, path, pieces, ignores_stream
        self.pages = pages or {}
        """What it says at other paths."""
        self.requests: list[Body] = []
        """The requests that were taken."""
        self.refused: list[Body] = []
        """The requests that broke a rule."""
        self.headers: list[Mapping[str, str]] = []
        self.paths: list[str] = []
        self.issued = Issued()
        self.count = 0
        self.lock = threading.Lock()
        self._server = LoopbackServer(self._take)

    @property
    def base_url(self) -> str:
        return f"{self._server.url}{self.path}"

    def __enter__(self) -> FakeResponses:
        self._server.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self._server.close()

    def forget_keys(self) -> None:
        """Play a key of another organisation: what was encrypted before can be read no more."""
        self.issued.encrypted.clear()

    def answer(self, body: Body) -> Turn | HttpError | Raw:
        """Return what is said to this request."""
        with self.lock:
            try:
                check_request(body, self.issued, self.rules)
            except Broken as broken:
                self.refused.append(body)
                return HttpError(broken.status, body=broken.body)
            at = len(self.requests)
            self.requests.append(body)
            line: Line = self.turns[at] if at < len(self.turns) else HttpError(400, "The fake endpoint has no more turns.")
        given = line(body) if callable(line) else line
        if isinstance(given, str):
            return Turn([Says(given)])
        return Turn(given) if isinstance(given, Sequence) else given

    def _take(self, request: LoopbackRequest) -> None:
        missing = HttpError(404, "no such page")
        if request.body is None:
            request.send(404, missing.content)
            return
        body = request.body
        self.headers.append(request.lowered_headers)
        self.paths.append(request.path)
        page = self.pages.get(request.path) or (missing if request.route != f"{self.path}/responses" else None)
        match page or self.answer(body):
            case HttpError() as error:
                request.send(error.status, error.content, headers=error.headers)
            case Raw() as raw:
                request.send(200, raw.encoded, raw.content_type)
            case turn:
                output = self.make_output(turn, body)
                breaks = turn.error_event or turn.events is not None
                if breaks or bool(body.get("stream")) is not self.ignores_stream:
                    _stream(request, turn, list(events_of(turn, output, body, self.pieces)))
                else:
                    request.send(200, json.dumps(whole_response(turn, output, body)).encode())

    def make_output(self, turn: Turn, body: Body) -> list[Body]:
        """Return the items of a turn as they are when they are done, and remember what was handed out."""
        output: list[Body] = []
        thought = ""
        for item in turn.items:
            with self.lock:
                self.count += 1
                number = self.count
            made = self._make_item(item, number, "reasoning.encrypted_content" in body.get("include", ()))
            if made["type"] == "reasoning":
                thought = made["id"]
                self.issued.encrypted[thought] = made.get("encrypted_content") or ""
            elif thought:
                self.issued.needs[made["id"]] = thought
            if body.get("store", True):
                self.issued.stored.add(made["id"])
            output.append(made)
        return output

    def _make_item(self, item: Item, number: int, encrypted: bool) -> Body:
        match item:
            case Thinks(summary):
                parts = [{"type": "summary_text", "text": summary}] if summary else []
                made: Body = {"id": f"rs_{number:04}", "type": "reasoning", "summary": parts}
                return made | ({"encrypted_content": f"gAAA{number:04}c90="} if encrypted else {})
            case Says(text, phase, refusal):
                content = (
                    {"type": "refusal", "refusal": text}
                    if refusal
                    else {"type": "output_text", "text": text, "annotations": [], "logprobs": []}
                )
                message = {"id": f"msg_{number:04}", "type": "message", "status": "completed", "role": "assistant", "content": [content]}
                return message | ({"phase": phase} if phase else {})
            case Calls(name, arguments):
                text = arguments if isinstance(arguments, str) else json.dumps(arguments)
                call = {"id": f"fc_{number:04}", "type": "function_call", "status": "completed"}
                return call | {"call_id": f"call_{number:04}xyz", "name": name, "arguments": text}


def _stream(request: LoopbackRequest, turn: Turn, events: list[Body]) -> None:
    request.begin_stream()
    events = events[: turn.events]
    if turn.error_event:
        code, message = turn.error_event
        events = [*events, {"type": "error", "code": code, "message": message, "param": None}]
    for number, event in enumerate(events):
        numbered = {**event, "sequence_number": number}
        request.write(f"event: {event['type']}\ndata: {json.dumps(numbered)}\n\n".encode())
    if turn.events is None or turn.error_event:
        request.end_stream()
    else:
        request.break_off()


def whole_response(turn: Turn, output: list[Body], body: Body, status: str = "") -> Body:
    """Return the response object, as it is at the end unless a `status` is given."""
    ended = "failed" if turn.failed else "incomplete" if turn.incomplete else "completed"
    done = not status
    return {
        "id": "resp_0001",
        "object": "response",
        "created_at": 1,
        "status": status or ended,
        "error": {"code": turn.failed[0], "message": turn.failed[1]} if turn.failed and done else None,
        "incomplete_details": {"reason": turn.incomplete} if turn.incomplete and done else None,
        "instructions": None,
        "model": body["model"],
        "output": output if done else [],
        "parallel_tool_calls": True,
        "usage": dict(turn.usage) if done and not turn.failed else None,
    }


def events_of(turn: Turn, output: list[Body], body: Body, pieces: int) -> Iterator[Body]:
    """Yield the events of a streamed response, without their numbers."""
    for name in ("created", "in_progress"):
        yield {"type": f"response.{name}", "response": whole_response(turn, output, body, "in_progress")}
    for index, item in enumerate(output):
        at = {"output_index": index, "item_id": item["id"]}
        yield {"type": "response.output_item.added", "output_index": index, "item": _begin_item(item)}
        yield from ({**event, **at} for event in _events_of_item(item, pieces))
        yield {"type": "response.output_item.done", "output_index": index, "item": item}
    end = "failed" if turn.failed else "incomplete" if turn.incomplete else "completed"
    yield {"type": f"response.{end}", "response": whole_response(turn, output, body)}


def _begin_item(item: Body) -> Body:
    begun: Body = {**item, "status": "in_progress"} if item["type"] != "reasoning" else {**item, "summary": []}
    if "encrypted_content" in item:
        begun["encrypted_content"] = "gAAAunfinished"  # what `added` has is not what has to go back
    empty: Body = {"message": {"content": []}, "function_call": {"arguments": ""}}.get(item["type"], {})
    return begun | empty


def _events_of_item(item: Body, pieces: int) -> Iterator[Body]:
    if item["type"] == "function_call":
        yield from ({"type": "response.function_call_arguments.delta", "delta": each} for each in _cut(item["arguments"], pieces))
        yield {"type": "response.function_call_arguments.done", "arguments": item["arguments"], "name": item["name"]}
    for index, part in enumerate(item["summary"] if item["type"] == "reasoning" else ()):
        yield {"type": "response.reasoning_summary_part.added", "summary_index": index, "part": {**part, "text": ""}}
        for each in _cut(part["text"], pieces):
            yield {"type": "response.reasoning_summary_text.delta", "summary_index": index, "delta": each}
        yield {"type": "response.reasoning_summary_text.done", "summary_index": index, "text": part["text"]}
        yield {"type": "response.reasoning_summary_part.done", "summary_index": index, "part": part}
    for index, part in enumerate(item["content"] if item["type"] == "message" else ()):
        kind = "refusal" if part["type"] == "refusal" else "text"
        prefix = "response.refusal" if kind == "refusal" else "response.output_text"
        yield {"type": "response.content_part.added", "content_index": index, "part": {**part, kind: ""}}
        for each in _cut(part[kind], pieces):
            yield {"type": f"{prefix}.delta", "content_index": index, "delta": each}
        yield {"type": f"{prefix}.done", "content_index": index, kind: part[kind]}
        yield {"type": "response.content_part.done", "content_index": index, "part": part}


def _cut(text: str, size: int) -> list[str]:
    return [text[start : start + size] for start in range(0, len(text), size)]
