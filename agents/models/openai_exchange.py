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
from sayso.workflows import Usage

from ..messages import ProviderData, Reply
from . import provider_errors as errors
from .endpoint import Endpoint
from .model import Delta, Finished, ModelRequest
from .openai_client import OpenAIClients, post_for_pieces, read_pieces
from .provider_errors import ErrorResponse, RequestRefused
from .reply_deltas import ReplyDeltas
from .requesting import WHOLE, LeftOut, Requester


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
        headers = request.sampling.extra_headers
        opened = await self.requester.ask(request, partial(self._build, request, stream=True), lambda body: self._open(body, headers))
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

    async def complete(self, request: ModelRequest, *, whole: bool = True) -> Reply:
        """Return the whole reply. Nobody hears it before its end, so it is asked for again wherever it breaks off. Raises ModelError.

        It is asked for `whole`, or as a stream that is collected here. A whole reply that is silent for too long is asked for once more, as
        a stream, and so are all after it: the longest silence that is waited for is not the length of a reply.
        """
        headers = request.sampling.extra_headers
        return await self.requester.ask(request, partial(self._build, request, stream=not whole), lambda body: self._fetch(body, headers))

    def _build(self, request: ModelRequest, left_out: frozenset[str], *, stream: bool) -> JsonObject:
        body = self.wire.build(request, left_out)
        if "stream" not in left_out and (stream or WHOLE in left_out):
            return {**body, "stream": True}
        return {name: value for name, value in body.items() if name != "stream_options"}

    async def _fetch(self, body: JsonObject, headers: Mapping[str, str] | None) -> Reply:
        """Send one request and read the whole answer."""
        reader = ReplyDeltas()
        try:
            async with aclosing(await self._send(body, headers)) as pieces:
                async for piece in pieces:
                    reader.reply.feed(piece)
        except errors.EndpointSilent:
            if body.get("stream"):
                raise
            raise RequestRefused(ErrorResponse(408, {}, "")) from None
        end = self._finish(reader, body)
        reply = reader.reply
        return Reply(reply.text, reader.calls, reply.reasoning, end.usage, end.reason, end.provider_data)

    async def _open(self, body: JsonObject, headers: Mapping[str, str] | None) -> _Opened:
        """Send one request and read the answer up to its first deltas: later they have been shown, and nothing may be tried again."""
        reader, pieces = ReplyDeltas(), await self._send(body, headers)
        try:
            async for piece in pieces:
                if first := reader.feed(piece):
                    return _Opened(first, pieces, reader, body)
            self._finish(reader, body)
        except BaseException:
            await pieces.aclose()
            raise
        return _Opened([], pieces, reader, body)

    async def _send(self, body: JsonObject, headers: Mapping[str, str] | None) -> AsyncGenerator[object]:
        client = await self.clients.get()
        return read_pieces(self.at, await post_for_pieces(self.at, client, self.wire.path, body, headers), *self.wire.fields)

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
        if reply.finish == "content_filter" and not reply.has_content:
            raise errors.explain_filter(self.at)
        return Finished(reply.finish, self.wire.count(reply.usage), self.wire.keep(reply.kept, body))
