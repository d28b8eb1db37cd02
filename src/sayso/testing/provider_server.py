"""A loopback server that plays a provider: real HTTP, scripted replies, and the provider's own refusals."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

from sayso.agents import AnthropicMessages, OpenAIChat, OpenAIResponses
from sayso.agents.messages import Reply
from sayso.agents.models.model import Model

from . import replies
from .loopback import LoopbackRequest, LoopbackServer
from .played_providers import PROVIDERS, PlayedProtocol, PlayedProvider
from .rules import Body, Given

KEY = "test-key"
_ENDS = {PlayedProtocol.CHAT: "/chat/completions", PlayedProtocol.RESPONSES: "/responses", PlayedProtocol.ANTHROPIC: "/v1/messages"}
"""Where each protocol is asked, behind a provider's path."""


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
        self.provider: PlayedProvider = PROVIDERS[provider] if isinstance(provider, str) else provider
        self.lines: tuple[Line, ...] = lines
        self.repeat: bool = repeat
        self.requests: list[Body] = []
        """The bodies of the requests that were answered."""
        self.headers: list[Mapping[str, str]] = []
        """The headers of all requests, names in small letters."""
        self.refusals: list[str] = []
        """What was refused by a rule, in the provider's words."""
        self._given = Given()
        self._lock = threading.Lock()
        self._server = LoopbackServer(self._take)

    def __enter__(self) -> ProviderServer:
        self._server.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self._server.close()

    @property
    def base_url(self) -> str:
        """Return the address to give to a model."""
        return f"{self._server.url}{self.provider.path}"

    def model(self, **options: Any) -> Model:
        """Return a model that asks here: the class for the provider's protocol, with these options of its own. It waits for nothing."""
        kinds: Mapping[PlayedProtocol, Callable[..., Model]] = {
            PlayedProtocol.CHAT: OpenAIChat,
            PlayedProtocol.RESPONSES: OpenAIResponses,
            PlayedProtocol.ANTHROPIC: AnthropicMessages,
        }
        where = {"base_url": self.base_url, "api_key": KEY, "sleep": _wait_for_nothing}
        return kinds[self.provider.protocol](self.provider.model, **where, **options)

    def _take(self, request: LoopbackRequest) -> None:
        path, _, query = self.provider.path.partition("?")
        if request.body is None or request.route != path + _ENDS[self.provider.protocol] or query not in request.path:
            page = (self.provider.pages or {}).get(request.route)
            missing = {"error": {"message": f"no such page: {request.path}"}}
            request.send(404 if page is None else 200, json.dumps(missing if page is None else page).encode())
            return
        status, said, headers = self.answer(request.body, request.lowered_headers)
        if not isinstance(said, Events):
            request.send(status, json.dumps(said).encode(), headers=headers)
            return
        request.begin_stream()
        for event in said.events:
            name = f"event: {event['type']}\n" if "type" in event else ""
            request.write(f"{name}data: {json.dumps(event)}\n\n".encode())
        if self.provider.protocol is PlayedProtocol.CHAT:
            request.write(b"data: [DONE]\n\n")
        request.end_stream()

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
