"""One request to an endpoint over the openai SDK and its answer, whole or in pieces: what every protocol of such an endpoint shares."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from sayso.tools.canonical import JsonObject
from sayso.tools.errors import ModelError
from sayso.workflows import Usage

from ..messages import NativeCall, ProviderData, Reply
from . import openai_errors as errors
from .endpoint import Endpoint
from .model import CallDelta, Delta, Finished, ModelRequest, ReasoningDelta, TextDelta
from .openai_client import OpenAIClients, post_for_pieces, read_pieces
from .openai_errors import ErrorResponse, RequestRefused
from .reply_deltas import ReplyDeltas
from .requesting import LeftOut, Requester
from .turns import mend_text


class Wire(Protocol):
    """How one protocol asks for a reply and reads what came with it. A whole answer has one of `fields`."""

    path: str
    fields: tuple[str, ...]

    def build(self, request: ModelRequest, left_out: frozenset[str]) -> JsonObject:
        """Return the body of a request, without what was left out."""
        ...

    def find_refused(self, answer: ErrorResponse, body: JsonObject) -> LeftOut | None:
        """Return what of a body a refusal is about; None where nothing can be left out. Raises OtherProtocol."""
        ...

    def keep(self, kept: JsonObject, body: JsonObject) -> ProviderData | None:
        """Return what goes back with a turn, of what came with it and the body that asked for it."""
        ...

    def count(self, usage: Mapping[str, object]) -> Usage:
        """Return what was used, of what the endpoint counted."""
        ...


class OtherProtocol(ModelError):
    """The endpoint says that it has not this protocol, or not for this model."""


@dataclass(frozen=True, slots=True)
class _Opened:
    """An answer that was read up to its first deltas, and the body that it answers."""

    first: list[Delta]
    pieces: AsyncGenerator[object]
    reader: ReplyDeltas
    body: JsonObject


@dataclass(frozen=True, slots=True, eq=False)
class Exchange:
    """Asks an endpoint over one protocol."""

    at: Endpoint
    wire: Wire
    clients: OpenAIClients
    requester: Requester

    async def stream(self, request: ModelRequest) -> AsyncGenerator[Delta]:
        """Yield the reply, piece by piece. Up to its first delta it is asked for again where that helps. Raises ModelError."""
        opened = await self.requester.ask(request, partial(self._build, request, stream=True), self._open)
        async with aclosing(opened.pieces):
            for delta in opened.first:
                yield delta
            try:
                async for piece in opened.pieces:
                    for delta in opened.reader.feed(piece):
                        yield delta
                finished = self._finish(opened.reader, opened.body)
            except RequestRefused as error:
                raise errors.explain_refusal(self.at, error.answer, time.time()) from None
            for delta in opened.reader.end():
                yield delta
            yield finished

    async def complete(self, request: ModelRequest) -> Reply:
        """Return the whole reply. Nobody hears it before its end, so it is asked for again wherever it breaks off. Raises ModelError."""
        return await self.requester.ask(request, partial(self._build, request, stream=False), self._fetch)

    def _build(self, request: ModelRequest, left_out: frozenset[str], *, stream: bool) -> JsonObject:
        body = self.wire.build(request, left_out)
        return {**body, "stream": True} if stream else body

    async def _fetch(self, body: JsonObject) -> Reply:
        """Send one request and read the whole answer."""
        reader = ReplyDeltas()
        async with aclosing(await self._send(body)) as pieces:
            async for piece in pieces:
                reader.feed(piece)
        end = self._finish(reader, body)
        reply = reader.reply
        return Reply(reply.text, reader.calls, reply.reasoning, end.usage, end.reason, end.provider_data)

    async def _open(self, body: JsonObject) -> _Opened:
        """Send one request and read the answer up to its first deltas: later they have been shown, and nothing may be tried again."""
        reader, pieces = ReplyDeltas(), await self._send(body)
        try:
            async for piece in pieces:
                if first := reader.feed(piece):
                    return _Opened(first, pieces, reader, body)
            self._finish(reader, body)
        except BaseException:
            await pieces.aclose()
            raise
        return _Opened([], pieces, reader, body)

    async def _send(self, body: JsonObject) -> AsyncGenerator[object]:
        client = await self.clients.get()
        try:
            stream = await post_for_pieces(self.at, client, self.wire.path, body)
        except UnicodeEncodeError:  # half of a surrogate pair somewhere: rare, and a look at every text costs more than the request
            mended = mend_text(body)
            assert isinstance(mended, dict)
            stream = await post_for_pieces(self.at, client, self.wire.path, mended)
        return read_pieces(self.at, stream, *self.wire.fields)

    def _finish(self, reader: ReplyDeltas, body: JsonObject) -> Finished:
        """Return the end of a reply. Raises RequestRefused for an error that came in its place, ModelError where it has no end."""
        reply = reader.reply
        if reply.error or reply.finish == "error":
            error = reply.error or "it ended with an error that says nothing more"
            text = error if isinstance(error, str) else json.dumps({"error": error}, default=str)
            raise errors.explain_reported_error(self.at, error, text)
        if not reply.finish:
            raise errors.explain_break(
                self.at, "it ended without a finish reason" if reply.has_content else "it ended before its first word"
            )
        return Finished(reply.finish, self.wire.count(reply.usage), self.wire.keep(reply.kept, body))


async def collect_reply(deltas: AsyncGenerator[Delta]) -> Reply:
    """Return the sum of a reply's deltas."""
    text: list[str] = []
    reasoning: list[str] = []
    calls: list[NativeCall] = []
    async with aclosing(deltas):
        async for delta in deltas:
            match delta:
                case TextDelta(piece):
                    text.append(piece)
                case ReasoningDelta(piece):
                    reasoning.append(piece)
                case CallDelta(index, call_id, name, arguments) if index == len(calls):
                    calls.append(NativeCall(call_id, name, arguments))
                case CallDelta(index, arguments=arguments):
                    calls[index] = calls[index]._replace(arguments=calls[index].arguments + arguments)
                case Finished(reason, usage, provider_data):
                    return Reply("".join(text), tuple(calls), "".join(reasoning), usage, reason, provider_data)
    raise AssertionError("a reply has an end")
