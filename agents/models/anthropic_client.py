"""The anthropic SDK at one endpoint: where it is and which key it gets, a client for each event loop, answers as pieces of JSON."""

from __future__ import annotations

import json
import os
import re
from collections.abc import AsyncGenerator, Mapping
from typing import TYPE_CHECKING

from sayso.tools.canonical import JsonObject
from sayso.tools.errors import ModelError, UsageError
from sayso.tools.installing import build_install_command

from . import provider_errors as errors
from .endpoint import Endpoint, find_endpoint
from .event_stream import read_whole
from .hosts import parse_host_port, read_url_variable
from .provider_errors import ErrorResponse, RequestRefused
from .provider_sdks import explain_failures, get_http_client, read_beginning
from .providers import Provider, get_prefixes

if TYPE_CHECKING:
    from anthropic import AsyncAnthropic, AsyncStream, Omit
    from httpx2 import AsyncClient

_STATUSES = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "api_error": 500,
    "timeout_error": 504,
    "overloaded_error": 529,
}
"""The status of each kind of error: one that is reported in the middle of a reply has none of its own."""


def require_anthropic() -> None:
    """Raise UsageError where the anthropic SDK is not installed."""
    from importlib.util import find_spec

    if find_spec("anthropic") is None:
        raise UsageError(f"A model of Anthropic's needs their SDK: {build_install_command('anthropic')}")


def find_anthropic_endpoint(model: str, base_url: str | None, api_key: str | None, timeout_seconds: float) -> Endpoint:
    """Return where to ask and with which key: as given, else as ANTHROPIC_BASE_URL and ANTHROPIC_API_KEY say. Raises UsageError."""
    url = base_url or read_url_variable(_get_provider()) or _get_provider().url
    return find_endpoint(model, re.sub(r"/messages/?$", "", url.strip()), api_key, timeout_seconds)


def _get_provider() -> Provider:
    return get_prefixes()["anthropic"]


def _is_in_environment(at: Endpoint) -> bool:
    """Tell whether what the environment holds for Anthropic is meant for this host."""
    named = read_url_variable(_get_provider())
    return parse_host_port(named) == at.origin if named else at.provider is _get_provider()


class AnthropicClients:
    """The SDK's client of one endpoint, over an HTTP client that the models of an event loop share. It needs no closing."""

    def __init__(self, at: Endpoint, http_client: AsyncClient | None = None) -> None:
        self._at, self._given = at, http_client
        self._last: tuple[AsyncClient, AsyncAnthropic] | None = None

    async def get(self) -> AsyncAnthropic:
        """Return the client for this event loop. It tries once."""
        import anthropic

        at = self._at
        http_client = self._given if self._given is not None else await get_http_client(at, anthropic)
        last = self._last  # read once: another thread's event loop may put its own there
        if last is None or last[0] is not http_client:
            timeout = anthropic.Timeout(at.timeout_seconds, connect=min(10.0, at.timeout_seconds))
            url = re.sub(r"/v1/?$", "", at.url)  # the SDK adds it
            client = anthropic.AsyncAnthropic(api_key=at.key, base_url=url, max_retries=0, timeout=timeout, http_client=http_client)
            self._last = last = (http_client, client)
        return last[1]


async def post_message(at: Endpoint, client: AsyncAnthropic, body: JsonObject, headers: Mapping[str, str]) -> AsyncStream[object]:
    """Send one request. Raises RequestRefused, ModelError."""
    import anthropic

    sent: dict[str, str | Omit] = {**_build_headers(at), **headers}
    with explain_failures(at, anthropic):
        return await client.post(
            "/v1/messages",
            body=body,
            cast_to=object,
            options={"headers": sent, "follow_redirects": False},  # a client of the user's own may, and take the prompt along
            stream=True,
            stream_cls=anthropic.AsyncStream[object],
        )


def _build_headers(at: Endpoint) -> dict[str, str | Omit]:
    """Return the headers for this host: the SDK would send those that the environment has for another, and proxies read the older key's."""
    from anthropic import Omit

    headers: dict[str, str | Omit] = {}
    if not _is_in_environment(at):
        for line in os.environ.get("ANTHROPIC_CUSTOM_HEADERS", "").splitlines():
            name, colon, _ = line.partition(":")
            if colon and name.strip():
                headers[name.strip()] = Omit()
    if at.provider is not _get_provider():
        headers["x-api-key"] = at.key
    return headers


async def read_messages(at: Endpoint, stream: AsyncStream[object]) -> AsyncGenerator[object]:
    """Yield the events of an answer; a whole answer is one piece. The content type says which it is, not the request.

    Raises RequestRefused for an error in place of a reply or in the middle of it, ModelError for whatever interrupts it.
    """
    import anthropic

    try:
        with explain_failures(at, anthropic, began=True):
            kind = stream.response.headers.get("content-type", "")
            if "html" in kind:
                raise _explain_wrong_answer(at, await read_beginning(stream.response.aiter_text()))
            if "json" in kind and "event-stream" not in kind:
                yield _parse_whole(at, (await read_whole(stream.response.aiter_bytes())).decode("utf-8", "replace"))
                return
            # The SDK's own reader drops events that have no name, as some servers send them.
            async for event in anthropic.AsyncStream.raw_events(stream.response):
                if event.data and event.data != "[DONE]":
                    yield _check_event(json.loads(event.data))
    finally:
        await stream.close()


def _parse_whole(at: Endpoint, text: str) -> object:
    """Parse a message that was not streamed; one without any content is a message, too. Raises RequestRefused, ModelError."""
    try:
        message = _check_event(json.loads(text))
    except ValueError:
        raise _explain_wrong_answer(at, text) from None
    if not (isinstance(message, Mapping) and isinstance(message.get("content"), list)):
        raise _explain_wrong_answer(at, text)
    return message


def _explain_wrong_answer(at: Endpoint, text: str) -> ModelError:
    return errors.explain_wrong_answer(at, text, "a message", "an API like Anthropic's")


def _check_event(event: object) -> object:
    """Return the event. Raises RequestRefused for one that reports an error."""
    if isinstance(event, Mapping) and (event.get("type") == "error" or event.get("error")):
        error = event.get("error")
        status = _STATUSES.get(str(error.get("type")) if isinstance(error, Mapping) else "", 500)
        raise RequestRefused(ErrorResponse(status, {}, json.dumps(event, ensure_ascii=False)))
    return event
