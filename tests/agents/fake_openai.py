"""An OpenAI-compatible endpoint on loopback that says what it was told to say: real HTTP, real SSE, no model.

    with FakeOpenAI([Reply("Hello"), HttpError(429, headers={"Retry-After": "1"}), lambda body: Reply(...)]) as server:
        ... server.base_url ... server.requests

Replies are given in the order in which requests arrive, each once; `repeat=True` goes on with the last one.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

from sayso.agents.messages import Reply
from sayso.testing.loopback import LoopbackRequest, LoopbackServer

Body = dict[str, Any]


@dataclass(frozen=True)
class HttpError:
    """A refusal: its status, its message (or a whole body), its headers."""

    status: int
    message: str = "no"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: object = None

    @property
    def content(self) -> bytes:
        body = {"error": {"message": self.message, "type": "error", "code": None}} if self.body is None else self.body
        return (body if isinstance(body, str) else json.dumps(body)).encode()


@dataclass(frozen=True)
class Raw:
    """Any answer with status 200: a web page, half of a JSON text, an event stream written by hand."""

    content: str | bytes
    content_type: str = "text/event-stream"

    @property
    def encoded(self) -> bytes:
        return self.content.encode() if isinstance(self.content, str) else self.content


@dataclass(frozen=True)
class BreaksOff:
    """The first events of a reply, and then the connection is gone."""

    reply: Reply
    events: int


@dataclass(frozen=True)
class FallsSilent:
    """The first events of a reply, and then nothing until the client goes away."""

    reply: Reply = field(default_factory=Reply)
    events: int = 0


Said = str | Reply | HttpError | Raw | BreaksOff | FallsSilent
Line = Said | Callable[[Body], Said]


class FakeOpenAI:
    """The endpoint, as a context manager. `pieces` is how many characters an event carries, `cut` how many bytes a network write has."""

    def __init__(
        self,
        replies: Sequence[Line] = (),
        *,
        repeat: bool = False,
        pieces: int = 7,
        cut: int = 0,
        models: Sequence[str] | Raw = ("fake",),
        pages: Mapping[str, object] | None = None,
    ) -> None:
        self.replies, self.repeat, self.pieces, self.cut, self.models = list(replies), repeat, pieces, cut, models
        self.pages = pages or {}
        """What else it answers, by path (as llama.cpp's "/props"): JSON, a refusal, or a function that returns either."""
        self.requests: list[Body] = []
        self.looked_at: list[str] = []
        """The other paths that were asked for, with what was posted there."""
        self.authorizations: list[str] = []
        self.paths: list[str] = []
        """The address of each request for a reply, with its query."""
        self.headers: list[Mapping[str, str]] = []
        """The headers of each request for a reply, by their names in small letters."""
        self.asked = threading.Event()
        """Set when the first request has come."""
        self.hung_up = threading.Event()
        """Set when a client has left a reply that fell silent."""
        self._lock = threading.Lock()
        self._server = LoopbackServer(self._take)

    @property
    def base_url(self) -> str:
        return f"{self._server.url}/v1"

    @property
    def connections(self) -> int:
        """How many were opened."""
        return self._server.connections

    def __enter__(self) -> FakeOpenAI:
        self._server.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self._server.close()

    def next_said(self, body: Body) -> Said:
        """What is said to this request."""
        with self._lock:
            at = len(self.requests)
            self.requests.append(body)
        self.asked.set()
        if at >= len(self.replies):
            if not (self.repeat and self.replies):
                return HttpError(400, f"The fake endpoint has {len(self.replies)} replies and was asked for one more.")
            at = len(self.replies) - 1
        line = self.replies[at]
        return line(body) if callable(line) else line

    def _take(self, request: LoopbackRequest) -> None:
        self.authorizations.append(request.headers.get("Authorization", ""))
        body = request.body
        if body is None:
            self._send_page(request)
        elif request.route != "/v1/chat/completions":
            self._send_page(request, f" {json.dumps(body)}")
        else:
            self.paths.append(request.path)
            self.headers.append(request.lowered_headers)
            self._say(request, self.next_said(body))

    def _send_page(self, request: LoopbackRequest, posted: str = "") -> None:
        if request.path == "/v1/models":
            if isinstance(self.models, Raw):
                request.send(200, self.models.encoded, self.models.content_type)
            else:
                data = [{"id": name, "object": "model"} for name in self.models]
                request.send(200, json.dumps({"object": "list", "data": data}).encode())
            return
        self.looked_at.append(f"{request.route}{posted}")
        page = self.pages.get(request.route, HttpError(404, f"no such page: {request.path}"))
        if callable(page):
            page = page()
        if isinstance(page, HttpError):
            request.send(page.status, page.content, headers=page.headers)
        else:
            request.send(200, json.dumps(page).encode())

    def _say(self, request: LoopbackRequest, said: Said) -> None:
        match said:
            case str(text):
                self._say(request, Reply(text))
            case Reply() as reply if not request.body.get("stream"):
                request.send(200, json.dumps(completion(reply, request.body)).encode())
            case Reply() as reply:
                self._stream(request, reply)
                request.end_stream()
            case HttpError() as error:
                request.send(error.status, error.content, headers=error.headers)
            case Raw() as raw:
                request.send(200, raw.encoded, raw.content_type)
            case BreaksOff(reply, events):
                self._stream(request, reply, events)
                request.break_off()
            case FallsSilent(reply, events):
                self._stream(request, reply, events)
                request.wait_for_hang_up()
                self.hung_up.set()

    def _stream(self, request: LoopbackRequest, reply: Reply, events: int | None = None) -> None:
        """Send the first events of a reply, or all."""
        request.begin_stream()
        sent = [json.dumps(event, ensure_ascii=False) for event in events_of(reply, request.body, self.pieces)]
        request.write("".join(f"data: {event}\n\n" for event in [*sent, "[DONE]"][:events]).encode(), self.cut)


def events_of(reply: Reply, body: Body, pieces: int = 7) -> Iterator[Body]:
    """A reply as the JSON of its events; the pieces of several native calls come interleaved."""
    yield _event(body, {"role": "assistant", "content": ""})
    for piece in _cut(reply.reasoning, pieces):
        yield _event(body, {"reasoning_content": piece})
    for piece in _cut(reply.text, pieces):
        yield _event(body, {"content": piece})
    for index, call in enumerate(reply.calls):
        begun = {"index": index, "id": call.id or f"call_{index}", "type": "function", "function": {"name": call.name, "arguments": ""}}
        yield _event(body, {"tool_calls": [begun]})
    waiting = {index: _cut(call.arguments, pieces) for index, call in enumerate(reply.calls)}
    while waiting := {index: rest for index, rest in waiting.items() if rest}:
        for index, rest in waiting.items():
            yield _event(body, {"tool_calls": [{"index": index, "function": {"arguments": rest.pop(0)}}]})
    yield _event(body, {}, finish=_finish(reply))
    if (body.get("stream_options") or {}).get("include_usage"):
        yield {**_event(body, {}), "choices": [], "usage": _usage(reply)}


def completion(reply: Reply, body: Body) -> Body:
    """A reply as the JSON of an answer that is not streamed."""
    message: Body = {"role": "assistant", "content": reply.text or None}
    if reply.calls:
        message["tool_calls"] = [
            {"id": call.id or f"call_{index}", "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
            for index, call in enumerate(reply.calls)
        ]
    choices = [{"index": 0, "message": message, "finish_reason": _finish(reply)}]
    return {"id": "chatcmpl-fake", "object": "chat.completion", "model": body.get("model"), "choices": choices, "usage": _usage(reply)}


def _event(body: Body, delta: Body, finish: str | None = None) -> Body:
    choices = [{"index": 0, "delta": delta, "finish_reason": finish}]
    return {"id": "chatcmpl-fake", "object": "chat.completion.chunk", "created": 0, "model": body.get("model"), "choices": choices}


def _finish(reply: Reply) -> str:
    return "tool_calls" if reply.calls and reply.finish == "stop" else reply.finish


def _usage(reply: Reply) -> Body:
    sent, written = reply.usage.input_tokens, reply.usage.output_tokens
    return {"prompt_tokens": sent, "completion_tokens": written, "total_tokens": sent + written}


def _cut(text: str, size: int) -> list[str]:
    return [text[start : start + size] for start in range(0, len(text), size)]
