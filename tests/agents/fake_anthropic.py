"""Anthropic's Messages API on loopback: real HTTP, real events, no model. It refuses what the real one refuses, in the same words.

    with FakeAnthropic([Said([think("hm"), use("search", {"query": "x"})]), "Found."]) as server:
        ... server.base_url ... server.requests

The rules are those of Anthropic's documentation (API version 2026-10-21: "Claude API errors", "Handle tool calls", "Thinking", "Structured
outputs", "Prompt caching") and of refusals that people quote in public bug reports.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Any

from sayso.testing.anthropic_rules import Refusal, check_request, sign
from sayso.testing.loopback import LoopbackRequest, LoopbackServer

Json = dict[str, Any]


def think(text: str) -> Json:
    return {"type": "thinking", "thinking": text, "signature": sign(text)}


def redacted(data: str = "encrypted") -> Json:
    return {"type": "redacted_thinking", "data": data}


def text(words: str) -> Json:
    return {"type": "text", "text": words}


def use(name: str, input: object = None, id: str = "") -> Json:
    """A call; without an id it gets one of its own."""
    return {"type": "tool_use", "id": id, "name": name, "input": input or {}}


@dataclass(frozen=True)
class Said:
    """A reply: its content blocks, why it ended (as the blocks say, if that is empty; "none" is not to say why), its usage."""

    content: Sequence[Json]
    stop_reason: str = ""
    usage: Mapping[str, object] = field(default_factory=lambda: {"input_tokens": 100, "output_tokens": 10})
    breaks_after: int | None = None
    """How many events are sent before the connection is gone, None for all."""
    error: Json | None = None
    """What is reported in the middle of the reply, after `breaks_after` events."""
    stalls: bool = False
    """Nothing comes after `breaks_after` events, until the client goes away."""


@dataclass(frozen=True)
class Refused:
    """An answer that is an error."""

    status: int
    kind: str
    message: str = "no"
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Raw:
    """Any other answer with status 200."""

    content: str
    content_type: str = "text/event-stream"


Answer = str | Said | Refused | Raw
Line = Answer | Callable[[Json], Answer]


class FakeAnthropic:
    """The endpoint, as a context manager. `pieces` is how many characters an event carries; `official` turns the rules for models on."""

    def __init__(self, replies: Sequence[Line] = (), *, pieces: int = 7, named_events: bool = True, strict: bool = True) -> None:
        self.replies, self.pieces, self.named_events, self.strict = list(replies), pieces, named_events, strict
        self.requests: list[Json] = []
        """The bodies of the requests, also of those that were refused."""
        self.headers: list[dict[str, str]] = []
        self.refusals: list[str] = []
        """What was refused by the rules, in the words that the client got."""
        self.issued: dict[str, list[Json]] = {}
        """The blocks of each reply that had calls, by the ids of the calls."""
        self.hung_up = threading.Event()
        """Set when a client has left a reply that stalled."""
        self._given = self._ids = 0
        self._lock = threading.Lock()
        self._server = LoopbackServer(self._take)

    @property
    def base_url(self) -> str:
        return f"{self._server.url}"

    @property
    def provider(self) -> str:
        return "anthropic 127.0.0.1"

    def __enter__(self) -> FakeAnthropic:
        self._server.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self._server.close()

    def answer(self, body: Json, headers: dict[str, str]) -> Said | Refused | Raw:
        with self._lock:
            self.requests.append(body)
            self.headers.append(headers)
            if self.strict:
                try:
                    check_request(body, headers, self.issued)
                except Refusal as refusal:
                    self.refusals.append(str(refusal))
                    return Refused(refusal.status, refusal.kind, str(refusal))
            if self._given >= len(self.replies):
                return Refused(400, "invalid_request_error", f"The fake has {len(self.replies)} replies and was asked for one more.")
            line = self.replies[self._given]
            self._given += 1
            said = line(body) if callable(line) else line
            return self._issue(Said([text(said)]) if isinstance(said, str) else said)

    def _take(self, request: LoopbackRequest) -> None:
        if request.body is None or request.route != "/v1/messages":
            _refuse(request, Refused(404, "not_found_error", "Not Found"))
            return
        body = request.body
        match self.answer(body, request.lowered_headers):
            case Refused() as refused:
                _refuse(request, refused)
            case Raw(content, content_type):
                request.send(200, content.encode(), content_type)
            case Said() as said if body.get("stream") or said.stalls:
                self._stream(request, said)
            case Said() as said:
                stop = {"stop_reason": said.stop_reason or None, "stop_sequence": None, "usage": dict(said.usage)}
                message = {"id": "msg_1", "type": "message", "role": "assistant", "model": body["model"], "content": said.content}
                request.send(200, json.dumps({**message, **stop}).encode())

    def _stream(self, request: LoopbackRequest, said: Said) -> None:
        request.begin_stream()
        events = list(events_of(said, request.body["model"], self.pieces))[: said.breaks_after]
        if said.error is not None:
            events.append({"type": "error", "error": said.error})
        request.write(b"".join(self._write_event(event) for event in events))
        if said.stalls:
            request.wait_for_hang_up()
            self.hung_up.set()
        elif said.breaks_after is None or said.error is not None:
            request.end_stream()
        else:
            request.break_off()

    def _write_event(self, event: Json) -> bytes:
        name = f"event: {event['type']}\n" if self.named_events else ""
        return f"{name}data: {json.dumps(event, ensure_ascii=False)}\n\n".encode()

    def _issue(self, said: Said | Refused | Raw) -> Said | Refused | Raw:
        """Give the calls of a reply their ids, and remember its blocks."""
        if not isinstance(said, Said):
            return said
        blocks = [dict(block) for block in said.content]
        for block in blocks:
            if block["type"] == "tool_use" and not block["id"]:
                self._ids += 1
                block["id"] = f"toolu_{self._ids:02}"
        for block in blocks:
            if block["type"] == "tool_use":
                self.issued[block["id"]] = blocks
        calls = any(block["type"] == "tool_use" for block in blocks)
        reason = {"": "tool_use" if calls else "end_turn", "none": ""}.get(said.stop_reason, said.stop_reason)
        return replace(said, content=blocks, stop_reason=reason)


def _refuse(request: LoopbackRequest, refused: Refused) -> None:
    body = {"type": "error", "error": {"type": refused.kind, "message": refused.message}, "request_id": "req_1"}
    request.send(refused.status, json.dumps(body).encode(), headers=refused.headers)


def events_of(said: Said, model: str, pieces: int) -> Iterator[Json]:
    """A reply as the events in which it is streamed."""
    message = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
    }
    yield {"type": "message_start", "message": {**message, "usage": {**said.usage, "output_tokens": 1}}}
    yield {"type": "ping"}
    for index, block in enumerate(said.content):
        start, deltas = _take_apart(block, pieces)
        yield {"type": "content_block_start", "index": index, "content_block": start}
        for delta in deltas:
            yield {"type": "content_block_delta", "index": index, "delta": delta}
        yield {"type": "content_block_stop", "index": index}
    stop = {"stop_reason": said.stop_reason or None, "stop_sequence": None}
    yield {"type": "message_delta", "delta": stop, "usage": {"output_tokens": said.usage.get("output_tokens", 0)}}
    yield {"type": "message_stop"}


def _take_apart(block: Json, pieces: int) -> tuple[Json, list[Json]]:
    match block["type"]:
        case "text":
            return {**block, "text": ""}, [{"type": "text_delta", "text": part} for part in _cut(block["text"], pieces)]
        case "thinking":
            parts = [{"type": "thinking_delta", "thinking": part} for part in _cut(block["thinking"], pieces)]
            return {**block, "thinking": "", "signature": ""}, [*parts, {"type": "signature_delta", "signature": block["signature"]}]
        case "tool_use":
            written = block["input"] if isinstance(block["input"], str) else json.dumps(block["input"]) if block["input"] else ""
            parts = [{"type": "input_json_delta", "partial_json": part} for part in ["", *_cut(written, pieces)]]
            return {**block, "input": {}}, parts
    return block, []


def _cut(words: str, size: int) -> list[str]:
    return [words[start : start + size] for start in range(0, len(words), size)]
