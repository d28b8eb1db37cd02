"""The openai SDK (or one made like it) at one endpoint: a client, what it raises as our errors, its answers as JSON pieces."""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sayso.tools.canonical import JsonObject
from sayso.tools.errors import ModelError

from . import openai_errors as errors
from .endpoint import Endpoint, get_tls_context
from .openai_errors import ErrorResponse, RequestRefused
from .requesting import share_in_loop

if TYPE_CHECKING:
    from types import ModuleType

    from httpx2 import AsyncClient
    from openai import AsyncOpenAI, AsyncStream


class OpenAIClients:
    """The openai client of one endpoint, over the HTTP client that the models of an event loop share. It needs no closing."""

    def __init__(self, at: Endpoint) -> None:
        self._at = at
        self._last: tuple[AsyncClient, AsyncOpenAI] | None = None  # a new one asks the platform's name in a thread

    async def get(self) -> AsyncOpenAI:
        """Return the client for this event loop. It tries once."""
        at, last = self._at, self._last
        http_client = await share_in_loop(_make_http_client if at.is_local else _make_http_client_with_proxy)
        if last is None or last[0] is not http_client:
            from .named_host_client import NamedHostClient  # late, for load time

            self._last = last = (http_client, NamedHostClient(at, http_client))
        return last[1]


def _make_http_client() -> AsyncClient:
    """Return the HTTP client for this machine: a proxy for the web is no way to it, and httpx would take it.

    A redirect is not followed: it would carry the prompt to a host that nobody named.
    """
    import openai

    return openai.DefaultAsyncHttpxClient(verify=get_tls_context(), trust_env=False, follow_redirects=False)


def _make_http_client_with_proxy() -> AsyncClient:
    import openai

    return openai.DefaultAsyncHttpxClient(verify=get_tls_context(), follow_redirects=False)


@contextmanager
def explain_failures(at: Endpoint, sdk: ModuleType, *, began: bool = False) -> Iterator[None]:
    """Raise what an SDK raises as ours: RequestRefused for an answer with an error status, ModelError for the rest.

    `sdk` is `openai`, or a module with errors of the same names. `began` says that the answer is being read.
    """
    handled = sys.exception()
    try:
        yield
    except sdk.APIStatusError as error:
        raise RequestRefused(ErrorResponse(error.status_code, error.response.headers, error.response.text)) from None
    except sdk.APITimeoutError as error:
        if type(error.__cause__).__name__ == "ConnectTimeout":  # httpx2's, or httpx's
            raise errors.explain_unreachable(at, "no connection in time") from None
        raise errors.explain_silence(at) from None
    except sdk.APIConnectionError as error:
        raise _explain_connection(at, errors.find_reason(error, handled), began) from None
    except sdk.APIError as error:
        raise errors.explain_reported_error(at, error.body, error.message) from None
    except Exception as error:
        if _is_http_error(error):
            raise _explain_connection(at, errors.find_reason(error, handled), began) from None
        if began and isinstance(error, (ValueError, RecursionError)):
            raise errors.explain_break(at, f"a piece of it is not JSON ({error})") from None
        raise


def _explain_connection(at: Endpoint, why: str, began: bool) -> ModelError:
    return errors.explain_break(at, why) if began else errors.explain_unreachable(at, why)


def _is_http_error(error: Exception) -> bool:
    """Tell whether an error is the HTTP library's own: SDKs let some of them through while an answer is read."""
    return any(kind.__name__ == "HTTPError" and kind.__module__.startswith("httpx") for kind in type(error).__mro__)


async def post_for_pieces(at: Endpoint, client: AsyncOpenAI, path: str, body: JsonObject) -> AsyncStream[object]:
    """Send one request. The pieces come as plain JSON: what endpoints send is often not what openai's types say.

    Raises RequestRefused, ModelError.
    """
    import openai

    with explain_failures(at, openai):
        return await client.post(
            path,
            body=body,
            cast_to=object,
            options={"security": {"bearer_auth": True}},
            stream=True,
            stream_cls=openai.AsyncStream[object],
        )


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
            if "json" in kind and "event-stream" not in kind and "ndjson" not in kind:
                yield parse_whole_answer(at, (await stream.response.aread()).decode("utf-8", "replace"), *fields)
                return
            async for chunk in stream:
                yield chunk
    finally:
        await stream.close()


def parse_whole_answer(at: Endpoint, text: str, *fields: str) -> object:
    """Parse an answer that was not streamed. Raises RequestRefused, ModelError."""
    import json

    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        raise errors.explain_wrong_answer(at, text) from None
    if isinstance(body, dict) and body.get("error"):
        raise errors.explain_reported_error(at, body["error"], text)
    if not (isinstance(body, dict) and any(map(body.get, fields))):
        raise errors.explain_wrong_answer(at, text)
    return body


async def read_beginning(pieces: AsyncIterator[str], longest: int = 20_000) -> str:
    text = ""
    async for piece in pieces:
        text += piece
        if len(text) > longest:
            break
    return text[:longest]
