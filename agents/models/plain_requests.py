"""Requests to an endpoint beside the model's own: its clients, and their failures as the errors that models raise."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sayso.tools.canonical import JsonObject

from . import provider_errors as errors
from .endpoint import Endpoint, get_tls_context

if TYPE_CHECKING:
    from httpx2 import AsyncClient, Client, Response


def open_client(at: Endpoint) -> Client:
    """Return a client for an endpoint, with its key."""
    import httpx2

    return httpx2.Client(**_choose_options(at, at.timeout_seconds))


def open_async_client(at: Endpoint, timeout_seconds: float) -> AsyncClient:
    """Return a client for an endpoint, with its key. It belongs to the event loop that it is used in."""
    import httpx2

    return httpx2.AsyncClient(**_choose_options(at, timeout_seconds))


def _choose_options(at: Endpoint, timeout_seconds: float) -> JsonObject:
    """Return what a client is made with. A proxy for the web is no way to this machine; a redirect would carry the key elsewhere."""
    return {"headers": at.headers, "timeout": timeout_seconds, "trust_env": not at.is_local, "verify": get_tls_context()}


@contextmanager
def explain_failures(at: Endpoint) -> Iterator[None]:
    """Raise what goes wrong on the way to an endpoint as a ModelError."""
    import httpx2

    handled = sys.exception()
    try:
        yield
    except httpx2.TimeoutException:
        raise errors.EndpointSilent(at) from None
    except httpx2.HTTPError as error:
        raise errors.explain_unreachable(at, errors.find_reason(error, handled)) from None


def require_success(at: Endpoint, answer: Response) -> None:
    """Raise the ModelError that a refusal means."""
    if not answer.is_success:
        raise errors.explain_refusal(at, errors.ErrorResponse(answer.status_code, answer.headers, answer.text), time.time())
