"""The openai SDK at one endpoint: a client for each event loop, its answers as pieces of JSON."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Mapping
from typing import TYPE_CHECKING

from sayso.tools.canonical import JsonObject
from sayso.tools.errors import UsageError

from . import provider_errors as errors
from .endpoint import Endpoint
from .provider_sdks import explain_failures, get_http_client, read_beginning
from .turns import mend_text

if TYPE_CHECKING:
    from httpx2 import AsyncClient
    from openai import AsyncOpenAI, AsyncStream


class OpenAIClients:
    """The openai client of one endpoint, over the HTTP client that the models of an event loop share. It needs no closing.

    With `http_client` (of httpx2 or httpx) that one is used, and left open.
    """

    def __init__(self, at: Endpoint, http_client: AsyncClient | None = None) -> None:
        self._at, self._given = at, http_client
        self._last: tuple[AsyncClient, AsyncOpenAI] | None = None  # a new one asks the platform's name in a thread

    async def get(self) -> AsyncOpenAI:
        """Return the client for this event loop. It tries once."""
        import openai

        http_client = self._given if self._given is not None else await get_http_client(self._at, openai)
        last = self._last  # read once: another thread's event loop may put its own there
        if last is None or last[0] is not http_client:
            from .named_host_client import NamedHostClient  # late, for load time

            self._last = last = (http_client, NamedHostClient(self._at, http_client))
        return last[1]


async def post_for_pieces(
    at: Endpoint, client: AsyncOpenAI, path: str, body: JsonObject, headers: Mapping[str, str] | None = None
) -> AsyncStream[object]:
    """Send one request. The pieces come as plain JSON: what endpoints send is often not what openai's types say.

    Raises RequestRefused, ModelError.
    """
    import openai

    with explain_failures(at, openai):
        return await client.post(
            path,
            content=encode_body(body),
            cast_to=object,
            # A client of the user's own may follow redirects, and take the prompt along.
            options={"security": {"bearer_auth": True}, "headers": dict(headers or {}), "follow_redirects": False},
            stream=True,
            stream_cls=openai.AsyncStream[object],
        )


def encode_body(body: JsonObject) -> bytes:
    """Return a body as JSON, with a replacement character for each half of a surrogate pair: there is no UTF-8 for it.

    Raises UsageError for a value that is not JSON, which a user's `extra_body` may hold.
    """
    try:
        return _dump(body)
    except UnicodeEncodeError:
        return _dump(mend_text(body))


def _dump(body: object) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"), default=_convert_to_json).encode()


def _convert_to_json(value: object) -> object:
    """Return a value that json does not know as one that it does."""
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, (set, frozenset)):
        return sorted(value, key=str)
    dump = getattr(value, "model_dump", None)
    if callable(dump):
        return dump(mode="json", by_alias=True, exclude_unset=True)
    raise UsageError(f"{value!r} in a request to a model is not JSON. Look into extra_body=.")


async def read_pieces(at: Endpoint, stream: AsyncStream[object], *fields: str) -> AsyncGenerator[object]:
    """Yield the pieces of an answer; a whole answer has one of `fields`, and is one piece. The content type says which it is.

    Raises RequestRefused for an error in place of a reply, ModelError for whatever interrupts it.
    """
    import openai

    try:
        with explain_failures(at, openai, began=True):
            kind = stream.response.headers.get("content-type", "")
            if "html" in kind:
                raise errors.explain_wrong_answer(at, await read_beginning(stream.response.aiter_text()))
            if "event-stream" in kind:
                async for chunk in stream:
                    yield chunk
            else:
                for piece in parse_answer(at, (await stream.response.aread()).decode("utf-8", "replace"), *fields):
                    yield piece
    finally:
        await stream.close()


def parse_answer(at: Endpoint, text: str, *fields: str) -> list[object]:
    """Return the pieces of an answer that was read to its end: one reply, or the events of one under another content type.

    Raises RequestRefused, ModelError.
    """
    if not text.strip():
        raise errors.explain_break(at, "it is empty")
    bodies = _parse_json_lines(text)
    if not bodies and text.lstrip().startswith(("{", "data:")):  # nothing else says where an answer without a length ends
        raise errors.explain_break(at, "it ended in the middle of its JSON")
    for body in bodies:
        if isinstance(body, dict) and body.get("error"):
            raise errors.explain_reported_error(at, body["error"], text)
    if not any(isinstance(body, dict) and not body.keys().isdisjoint(fields) for body in bodies):
        raise errors.explain_wrong_answer(at, text)
    if len(bodies) == 1 and isinstance(bodies[0], dict) and not any(map(bodies[0].get, fields)):
        # While a model loads, some servers have no choices.
        raise errors.explain_break(at, "there is nothing in it")
    return bodies


def _parse_json_lines(text: str) -> list[object]:
    """Return the JSON of a text, or of each event or line of it; nothing where it is none of these."""
    try:
        return [json.loads(text)]
    except RecursionError:
        return [None]  # it is not cut off, and it is no reply
    except ValueError:
        lines = [line.removeprefix("data:").strip() for line in text.splitlines() if line.startswith(("data:", "{"))]
    try:
        return [json.loads(line) for line in lines if line != "[DONE]"]
    except (ValueError, RecursionError):
        return []
