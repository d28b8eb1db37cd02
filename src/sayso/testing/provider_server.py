"""A loopback server that plays a provider: real HTTP, scripted replies, and the provider's own refusals."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

from sayso.agents import AnthropicMessages, OpenAIChat, OpenAIResponses
from sayso.agents.messages import Reply
from sayso.agents.models.model import Model

from . import replies
from .played_providers import PROVIDERS, PlayedProtocol, PlayedProvider
from .rules import Body, Given

KEY = "test-key"


@dataclass(frozen=True, slots=True)
class RefusedRequest:
    """An answer that is a refusal, in the provider's form."""

    status: int
    message: str = "no"
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Events:
    """The events of a streamed answer."""

    events: Iterable[Body]


Line = str | Reply | RefusedRequest | Callable[[Body], "str | Reply | RefusedRequest"]


class ProviderServer:
    """A provider on loopback that gives these replies, and refuses what the provider refuses.

    `provider` is a name of `PROVIDERS`, or a PlayedProvider of yours. A line is a text, a Reply with calls, a refusal, or a function of the
    request's body. A request that breaks a rule is refused, takes no line, and stands in `refusals`.
    """

    def __init__(self, provider: str | PlayedProvider, *lines: Line, repeat: bool = False) -> None:
        self.provider = PROVIDERS[provider] if isinstance(provider, str) else provider
        self.lines, self.repeat = lines, repeat
        self.requests: list[Body] = []
        """The bodies of the requests that were answered."""
        self.headers: list[Mapping[str, str]] = []
        """The headers of all requests, names in small letters."""
        self.refusals: list[str] = []
        """What was refused by a rule, in the provider's words."""
        self._given = Given()
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _Answering)
        self._server.played = self
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    def __enter__(self) -> ProviderServer:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.hang_up()
        self._server.server_close()

    @property
    def base_url(self) -> str:
        """Return the address to give to a model."""
        return f"http://127.0.0.1:{self._server.server_address[1]}{self.provider.path}"

    def model(self, **options: Any) -> Model:
        """Return a model that asks here: the class for the provider's protocol, with these options of its own. It waits for nothing."""
        kinds: Mapping[PlayedProtocol, Callable[..., Model]] = {
            PlayedProtocol.CHAT: OpenAIChat,
            PlayedProtocol.RESPONSES: OpenAIResponses,
            PlayedProtocol.ANTHROPIC: AnthropicMessages,
        }
        where = {"base_url": self.base_url, "api_key": KEY, "sleep": _wait_for_nothing}
        return kinds[self.provider.protocol](self.provider.model, **where, **options)

    # ---- what is said to a request ----

    def answer(self, body: Body, headers: Mapping[str, str]) -> tuple[int, Body | Events, Mapping[str, str]]:
        """Return the status, the answer (whole, or the events of a stream), and its headers."""
        with self._lock:
            self.headers.append(headers)
            faults = (rule.find_fault(body, self._given, headers) for rule in self.provider.rules)
            if refusal := next(filter(None, faults), None):
                self.refusals.append(refusal)
                return 400, self._make_refusal(400, refusal), {}
            at = len(self.requests)
            self.requests.append(body)
            if at >= len(self.lines) and not (self.repeat and self.lines):
                return 400, self._make_refusal(400, f"The server has {len(self.lines)} replies and was asked for one more."), {}
            line = self.lines[min(at, len(self.lines) - 1)]
            said = line(body) if callable(line) else line
            if isinstance(said, RefusedRequest):
                return said.status, self._make_refusal(said.status, said.message), said.headers
            return 200, self._say(Reply(said) if isinstance(said, str) else said, at, body), {}

    def _make_refusal(self, status: int, message: str) -> Body:
        kind = {401: "authentication_error", 429: "rate_limit_error"}.get(status, "invalid_request_error" if status < 500 else "api_error")
        error = {"type": kind, "message": message}
        return (
            {"type": "error", "error": error} if self.provider.protocol is PlayedProtocol.ANTHROPIC else {"error": {**error, "code": None}}
        )

    def _say(self, reply: Reply, number: int, body: Body) -> Body | Events:
        streams = bool(body.get("stream"))
        match self.provider.protocol:
            case PlayedProtocol.CHAT:
                message = replies.make_chat_message(reply, number, leak=self.provider.leak)
                if self.provider.dress is not None:
                    self.provider.dress(message, reply, number)
                self._given.messages |= {call["id"]: message for call in message.get("tool_calls") or ()}
                if streams:
                    return Events(replies.make_chat_events(message, reply, body))
                return replies.make_chat_completion(message, reply, body)
            case PlayedProtocol.RESPONSES:
                output = replies.make_output(reply, number, encrypted="reasoning.encrypted_content" in body.get("include", ()))
                self._given.items.encrypted[output[0]["id"]] = output[0].get("encrypted_content") or ""
                self._given.items.needs |= {item["id"]: output[0]["id"] for item in output[1:]}
                if streams:
                    return Events(replies.make_response_events(output, reply, body))
                return replies.make_response(output, reply, body)
            case PlayedProtocol.ANTHROPIC:
                blocks = replies.make_blocks(reply, number)
                self._given.blocks |= {block["id"]: blocks for block in blocks if block["type"] == "tool_use"}
                if streams:
                    return Events(replies.make_anthropic_events(blocks, reply, body))
                return replies.make_anthropic_message(blocks, reply, body)


async def _wait_for_nothing(seconds: float) -> None:
    """Wait no time before a request is tried again."""


class _Server(ThreadingHTTPServer):
    played: ProviderServer
    daemon_threads = False
    block_on_close = True

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._connections: set[socket.socket] = set()

    def process_request(self, request: Any, client_address: Any) -> None:
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass  # a client that goes away is part of the play

    def hang_up(self) -> None:
        """End what is still open, so that closing does not wait for clients that keep their connection."""
        for connection in list(self._connections):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class _Answering(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # or small answers wait 40 ms for the client's acknowledgement
    server: _Server  # pyright: ignore[reportIncompatibleVariableOverride]

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_GET(self) -> None:
        self._send_page()

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        played = self.server.played
        path, _, query = played.provider.path.partition("?")
        ends = {PlayedProtocol.CHAT: "/chat/completions", PlayedProtocol.RESPONSES: "/responses", PlayedProtocol.ANTHROPIC: "/v1/messages"}
        asked, _, asked_query = self.path.partition("?")
        if asked != path + ends[played.provider.protocol] or query not in asked_query:
            self._send_page()
            return
        status, said, headers = played.answer(body, {name.lower(): value for name, value in self.headers.items()})
        if isinstance(said, Events):
            self._stream(said.events)
        else:
            self._send(status, said, headers)

    def _send_page(self) -> None:
        page = (self.server.played.provider.pages or {}).get(self.path.partition("?")[0])
        self._send(404, {"error": {"message": f"no such page: {self.path}"}}) if page is None else self._send(200, page)

    def _send(self, status: int, content: Body, headers: Mapping[str, str] | None = None) -> None:
        written = json.dumps(content).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(written)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(written)

    def _stream(self, events: Iterable[Body]) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream; charset=utf-8")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for event in events:
            name = f"event: {event['type']}\n" if "type" in event else ""
            self._write(f"{name}data: {json.dumps(event)}\n\n")
        if self.server.played.provider.protocol is PlayedProtocol.CHAT:
            self._write("data: [DONE]\n\n")
        self.wfile.write(b"0\r\n\r\n")

    def _write(self, text: str) -> None:
        content = text.encode()
        self.wfile.write(f"{len(content):x}\r\n".encode() + content + b"\r\n")
