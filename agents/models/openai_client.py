"""Requests to an endpoint that speaks OpenAI's protocols: one HTTP client for each event loop, answers as pieces of JSON.

The openai SDK is not loaded for them: it takes longer to load than a first answer takes to come, and sends what the environment has for
OpenAI to whatever host it is given.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, contextmanager, suppress
from functools import cache, partial
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from sayso.tools.canonical import JsonObject
from sayso.tools.errors import UsageError

from . import provider_errors as errors
from .endpoint import Endpoint, check_proxies, get_tls_context
from .event_stream import read_event_data, read_whole
from .provider_errors import ErrorResponse, RequestRefused
from .provider_sdks import find_failure, read_beginning
from .request_urls import find_address
from .requesting import share_in_loop
from .turns import mend_text

if TYPE_CHECKING:
    from httpx2 import AsyncClient, Response

REST_SECONDS = 0.1
"""How long the rest of an answer after its last event is waited for, so that the next request has the connection."""

LONGEST_REFUSAL = 1_000_000
"""How many characters are read of an answer with an error status."""


class OpenAIClients:
    """The HTTP client that the models of an event loop share, or `http_client` (of httpx2 or httpx). It needs no closing."""

    def __init__(self, at: Endpoint, http_client: AsyncClient | None = None) -> None:
        self._at, self._given = at, http_client

    async def get(self) -> AsyncClient:
        """Return the client for this event loop."""
        return self._given if self._given is not None else await share_in_loop(_get_opener(is_local=self._at.is_local))


@cache
def _get_opener(*, is_local: bool) -> Callable[[], AbstractAsyncContextManager[AsyncClient]]:
    """Return what makes the client; the same function each time, for `share_in_loop`.

    A proxy for the web is no way to this machine, and httpx would take it. A redirect is not followed: it would carry the prompt to a host
    that nobody named.
    """
    import httpx2

    if not is_local:
        check_proxies()
    limits = httpx2.Limits(max_connections=1000, max_keepalive_connections=100)
    return partial(httpx2.AsyncClient, verify=get_tls_context(), trust_env=not is_local, follow_redirects=False, limits=limits)


async def post_for_pieces(
    at: Endpoint, client: AsyncClient, path: str, body: JsonObject, headers: Mapping[str, str] | None = None
) -> Response:
    """Send one request, once. The answer is open, to be read by `read_pieces`. Raises RequestRefused, ModelError."""
    base_url, query = find_address(at)
    seconds = at.timeout_seconds
    with _explain_failures(at):
        request = client.build_request(
            "POST",
            f"{base_url}{path}{'?' if query else ''}{urlencode(query)}",
            content=encode_body(body),
            headers=_build_headers(at, headers or {}),
            timeout=(min(10.0, seconds), seconds, seconds, seconds),  # to connect; between two bytes; for a connection to be free
        )
        # A client of the user's own may follow redirects, and take the prompt along.
        response = await client.send(request, stream=True, follow_redirects=False)
        if response.is_success:
            return response
        try:
            text = await read_beginning(response.aiter_text(), LONGEST_REFUSAL)
        finally:
            await response.aclose()
        raise RequestRefused(ErrorResponse(response.status_code, response.headers, text))


def _build_headers(at: Endpoint, own: Mapping[str, str]) -> dict[str, str]:
    """Return the headers of a request; `own` ones count, however they are written."""
    headers = {"accept": "application/json", "content-type": "application/json", "user-agent": "sayso"}
    return headers | {name.lower(): value for name, value in (at.headers | dict(own)).items()}


@contextmanager
def _explain_failures(at: Endpoint, *, began: bool = False) -> Iterator[None]:
    """Raise what the HTTP library raises as a ModelError. `began` says that the answer is being read."""
    handled = sys.exception()
    try:
        yield
    except Exception as error:
        failure = find_failure(at, error, handled, began)
        if failure is None:
            raise
        raise failure from None


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


async def read_pieces(at: Endpoint, response: Response, *fields: str) -> AsyncGenerator[object]:
    """Yield the pieces of an answer; a whole answer has one of `fields`, and is one piece. The content type says which it is.

    The pieces are plain JSON: what endpoints send is often not what OpenAI's types say. Raises RequestRefused for an error in place of a
    reply, ModelError for whatever interrupts it.
    """
    try:
        with _explain_failures(at, began=True):
            kind = response.headers.get("content-type", "")
            if "html" in kind:
                raise errors.explain_wrong_answer(at, await read_beginning(response.aiter_text()))
            if "event-stream" in kind:
                async for chunk in _read_events(at, response):
                    yield chunk
            else:
                for piece in parse_answer(at, (await read_whole(response.aiter_bytes())).decode("utf-8", "replace"), *fields):
                    yield piece
    finally:
        await response.aclose()


async def _read_events(at: Endpoint, response: Response) -> AsyncIterator[object]:
    chunks = response.aiter_bytes()
    async for data in read_event_data(chunks):
        if data.startswith("[DONE]"):
            with suppress(Exception):  # the answer is whole
                async with asyncio.timeout(REST_SECONDS):
                    async for _ in chunks:
                        pass
            return
        piece = json.loads(data)
        if isinstance(piece, dict) and (error := piece.get("error")):
            said = error.get("message") if isinstance(error, dict) else None
            raise errors.explain_reported_error(at, error, said if said and isinstance(said, str) else "it ended with an error")
        yield piece


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
