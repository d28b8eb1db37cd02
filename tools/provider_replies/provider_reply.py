"""Read a provider's own message, whole or in pieces, whichever protocol it speaks: text, reasoning, calls, and what has to go back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import ClassVar, Protocol

from ..canonical import JsonObject
from .anthropic_reply import AnthropicReply
from .chat_reply import ChatReply
from .gemini_reply import GeminiReply
from .reply_state import ProviderCall, ReplyEvent, ReplyState, as_mapping
from .responses_reply import ResponsesReply


class _ProtocolReply(Protocol):
    """Reads the pieces of one protocol into a ReplyState."""

    protocol: ClassVar[str]

    @property
    def kept(self) -> JsonObject: ...
    def reads(self, piece: Mapping[str, object]) -> bool: ...
    def feed(self, piece: Mapping[str, object]) -> None: ...


# In this order: an Anthropic message has `content` as a chat message has.
_PROTOCOLS = (ResponsesReply, GeminiReply, AnthropicReply, ChatReply)
_OTHERS = ("user", "system", "developer", "tool", "function")


class ProviderReply:
    """Reads one reply of a provider: chat completions (Ollama's too), Responses, Anthropic's, Gemini's; whole, or however it is cut.

    `feed` returns what is certain so far, with `tells_arguments` also each piece of a call's arguments. Afterwards `calls` are the calls in
    the provider's own field, `finish` is how the reply ended ("stop", "length", "tool_calls", "content_filter", "error", else the
    provider's own word; empty where nobody said), `usage` what the provider counted, `error` what it reports in place of a reply (or of
    the rest of one), and `kept` what it wants back with the turn:

    - chat: {"message": {...}, "calls": [{...}, ...]}, the fields of the message and of each call that are not understood;
    - responses: {"output": [...]}, the items;
    - anthropic: {"content": [...]}, the blocks with their signatures;
    - gemini: {"parts": [...]}, the parts with theirs.

    A piece that is of none of these is `unread`, where nothing else was read.
    """

    __slots__ = ("_reader", "_state", "_unread")

    def __init__(self, *, tells_arguments: bool = False) -> None:
        self._state = ReplyState(tells_arguments=tells_arguments)
        self._reader: _ProtocolReply | None = None
        self._unread = ""

    @property
    def protocol(self) -> str:
        """Return "chat", "responses", "anthropic" or "gemini"; empty before the first piece of one."""
        return self._reader.protocol if self._reader is not None else ""

    @property
    def calls(self) -> list[ProviderCall]:
        """Return the calls in the order in which they began."""
        return self._state.calls

    @property
    def text(self) -> str:
        """Return the text so far."""
        return "".join(self._state.text)

    @property
    def reasoning(self) -> str:
        """Return the reasoning so far."""
        return "".join(self._state.reasoning)

    @property
    def finish(self) -> str:
        """Return how the reply ended; empty where nobody said."""
        state = self._state
        return "tool_calls" if state.finish == "stop" and state.calls else state.finish

    @property
    def usage(self) -> Mapping[str, object]:
        """Return the provider's own counts."""
        return self._state.usage

    @property
    def error(self) -> object:
        """Return the error that the provider reports, as it came; None where there is none."""
        return self._state.error

    @property
    def has_content(self) -> bool:
        """Tell whether there is any text, reasoning or call."""
        return bool(self._state.text or self._state.reasoning or self._state.calls)

    @property
    def kept(self) -> JsonObject:
        """Return what has to go back with the turn, as JSON; empty where there is nothing."""
        return self._reader.kept if self._reader is not None else {}

    @property
    def unread(self) -> str:
        """Return the first piece that could not be read, where no message was found at all; else nothing."""
        return "" if self._state.understood or self._state.error else self._unread

    def feed(self, piece: object) -> list[ReplyEvent]:
        """Return what is certain after this piece: a JSON object, a list of them, or an object of a provider's library."""
        if piece and isinstance(piece, (list, tuple)):
            return [event for each in piece for event in self.feed(each)]
        state, data = self._state, as_mapping(piece)
        if error := _find_error(data):
            state.error = state.error or error
        reader = self._find_reader(data)
        if reader is not None:
            reader.feed(data)
        if not state.understood and not self._unread:
            self._unread = json.dumps(data or piece, ensure_ascii=False, default=str)[:200]
        events, state.events = state.events, []
        return events

    def _find_reader(self, data: Mapping[str, object]) -> _ProtocolReply | None:
        if self._reader is not None and self._reader.reads(data):
            return self._reader
        if data.get("role") in _OTHERS:
            return None  # not a model's message: what stands in it was not written by one
        for kind in _PROTOCOLS:
            if kind.reads(data):
                reader: _ProtocolReply = kind(self._state)
                self._reader = self._reader or reader
                return reader
        return None


def _find_error(data: Mapping[str, object]) -> object:
    """Return the error that a piece reports: {"error": ...}, {"type": "error", ...}, {"object": "error", ...}, MiniMax's base_resp."""
    if error := data.get("error"):
        return error
    if "base_resp" in data:
        status = as_mapping(data["base_resp"])
        return {"code": status["status_code"], "message": status.get("status_msg")} if status.get("status_code") else None
    return data if "error" in (data.get("type"), data.get("object")) else None
