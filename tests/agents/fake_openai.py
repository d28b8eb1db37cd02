"""An OpenAI-compatible endpoint on loopback that says what it was told to say: real HTTP, real SSE, no model.

    with FakeOpenAI([Reply("Hello"), HttpError(429, headers={"Retry-After": "1"}), lambda body: Reply(...)]) as server:
        ... server.base_url ... server.requests

Replies are given in the order in which requests arrive, each once; `repeat=True` goes on with the last one.
"""

from __future__ import annotations

import json
import re
import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

from sayso.agents.messages import Reply

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
        self.connections = 0
        """How many were opened."""
        self.asked = threading.Event()
        """Set when the first request has come."""
        self.hung_up = threading.Event()
        """Set when a client has left a reply that fell silent."""
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _Answering)
        self._server.fake = self
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def __enter__(self) -> FakeOpenAI:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.hang_up()
        self._server.server_close()

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


class _Server(ThreadingHTTPServer):
    fake: FakeOpenAI
    daemon_threads = False
    block_on_close = True
    request_queue_size = 256

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._connections: set[socket.socket] = set()

    def process_request(self, request: Any, client_address: Any) -> None:
        self._connections.add(request)
        self.fake.connections += 1
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass  # a client that goes away is part of the play

    def hang_up(self) -> None:
        """Ends what is still open, so that closing does not wait for clients that keep their connection."""
        for connection in list(self._connections):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                self._connections.discard(connection)


class _Answering(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # or small answers wait 40 ms for the client's acknowledgement
    server: _Server  # pyright: ignore[reportIncompatibleVariableOverride]

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def parse_request(self) -> bool:
        whole = super().parse_request()
        self.path = re.sub(r"^http://[^/]*", "", getattr(self, "path", ""))  # as a proxy is asked
        return whole

    def do_GET(self) -> None:
        self.server.fake.authorizations.append(self.headers.get("Authorization", ""))
        models = self.server.fake.models
        if self.path != "/v1/models":
            self._page("")
        elif isinstance(models, Raw):
            self._whole(200, models.content if isinstance(models.content, bytes) else models.content.encode(), models.content_type)
        else:
            data = [{"id": name, "object": "model"} for name in models]
            self._whole(200, json.dumps({"object": "list", "data": data}).encode(), "application/json")

    def do_POST(self) -> None:
        self.server.fake.authorizations.append(self.headers.get("Authorization", ""))
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path.partition("?")[0] != "/v1/chat/completions":
            self._page(f" {json.dumps(body)}")
            return
        self.server.fake.paths.append(self.path)
        self.server.fake.headers.append({name.lower(): value for name, value in self.headers.items()})
        match self.server.fake.next_said(body):
            case str(text):
                self._reply(Reply(text), body)
            case Reply() as reply:
                self._reply(reply, body)
            case HttpError() as error:
                self._whole(error.status, error.content, "application/json", error.headers)
            case Raw(content, content_type):
                self._whole(200, content if isinstance(content, bytes) else content.encode(), content_type)
            case BreaksOff(reply, events):
                self._begin()
                self._write(b"".join(list(self._sse(reply, body))[:events]))
                self.close_connection = True  # without the last chunk: broken, not ended
            case FallsSilent(reply, events):
                self._begin()
                self._write(b"".join(list(self._sse(reply, body))[:events]))
                self._wait_for_the_end()

    def _page(self, posted: str) -> None:
        path = self.path.partition("?")[0]
        self.server.fake.looked_at.append(f"{path}{posted}")
        page = self.server.fake.pages.get(path)
        if callable(page):
            page = page()
        if isinstance(page, HttpError):
            self._whole(page.status, page.content, "application/json", page.headers)
        elif page is None:
            self._whole(404, HttpError(404, f"no such page: {self.path}").content, "application/json")
        else:
            self._whole(200, json.dumps(page).encode(), "application/json")

    def _reply(self, reply: Reply, body: Body) -> None:
        if not body.get("stream"):
            self._whole(200, json.dumps(completion(reply, body)).encode(), "application/json")
            return
        self._begin()
        self._write(b"".join(self._sse(reply, body)))
        self.wfile.write(b"0\r\n\r\n")

    def _sse(self, reply: Reply, body: Body) -> Iterator[bytes]:
        for event in events_of(reply, body, self.server.fake.pieces):
            yield f"data: {json.dumps(event, ensure_ascii=False)}\n\n".encode()
        yield b"data: [DONE]\n\n"

    def _whole(self, status: int, content: bytes, content_type: str, headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": content_type, "Content-Length": str(len(content)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def _begin(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream; charset=utf-8")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def _write(self, content: bytes) -> None:
        size = self.server.fake.cut or len(content) or 1
        for start in range(0, len(content), size):
            piece = content[start : start + size]
            self.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")

    def _wait_for_the_end(self) -> None:
        self.close_connection = True
        self.connection.recv(1)
        self.server.fake.hung_up.set()


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
