"""The openai SDK (or one made like it) at one endpoint: a client, what it raises as our errors, its answers as JSON pieces."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sayso.tools.canonical import JsonObject
from sayso.tools.errors import ModelError, UsageError

from . import provider_errors as errors
from .endpoint import Endpoint, get_tls_context
from .provider_errors import ErrorResponse, RequestRefused
from .requesting import share_in_loop
from .turns import mend_text

if TYPE_CHECKING:
    from types import ModuleType

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
        make = _make_http_client if self._at.is_local else _make_http_client_with_proxy
        http_client = self._given if self._given is not None else await share_in_loop(make)
        last = self._last  # read once: another thread's event loop may put its own there
        if last is None or last[0] is not http_client:
            from .named_host_client import NamedHostClient  # late, for load time

            self._last = last = (http_client, NamedHostClient(self._at, http_client))
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
        raise errors.EndpointSilent(at) from None
    except sdk.APIConnectionError as error:
        raise _explain_connection(at, errors.find_reason(error, handled), began) from None
    except sdk.APIError as error:
        raise errors.explain_reported_error(at, error.body, error.message) from None
    except Exception as error:
        if began and _is_http_error(error, "TimeoutException"):
            raise errors.EndpointSilent(at) from None
        if _is_http_error(error):
            raise _explain_connection(at, errors.find_reason(error, handled), began) from None
        if began and isinstance(error, (ValueError, RecursionError)):
            raise errors.explain_break(at, f"a piece of it is not JSON ({error})") from None
        raise


def _explain_connection(at: Endpoint, why: str, began: bool) -> ModelError:
    return errors.explain_break(at, why) if began else errors.explain_unreachable(at, why)


def _is_http_error(error: Exception, name: str = "HTTPError") -> bool:
    """Tell whether an error is the HTTP library's own: SDKs let some of them through while an answer is read."""
    return any(kind.__name__ == name and kind.__module__.startswith("httpx") for kind in type(error).__mro__)


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
    except (ValueError, RecursionError):
        lines = [line.removeprefix("data:").strip() for line in text.splitlines() if line.startswith(("data:", "{"))]
    try:
        return [json.loads(line) for line in lines if line != "[DONE]"]
    except (ValueError, RecursionError):
        return []


async def read_beginning(pieces: AsyncIterator[str], longest: int = 20_000) -> str:
    """Return the beginning of a text that comes in pieces."""
    text = ""
    async for piece in pieces:
        text += piece
        if len(text) > longest:
            break
    return text[:longest]
