"""Over which HTTP client an SDK goes, and which of our errors its own and those of the HTTP library are."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from functools import cache
from typing import TYPE_CHECKING

from sayso.tools.errors import ModelError

from . import provider_errors as errors
from .endpoint import Endpoint, get_tls_context
from .event_stream import AnswerTooLong
from .provider_errors import ErrorResponse, RequestRefused
from .requesting import share_in_loop

if TYPE_CHECKING:
    from types import ModuleType

    from httpx2 import AsyncClient


async def get_http_client(at: Endpoint, sdk: ModuleType) -> AsyncClient:
    """Return the HTTP client of `sdk` that the models of this event loop share. It needs no closing."""
    return await share_in_loop(_get_opener(sdk, is_local=at.is_local))


@cache
def _get_opener(sdk: ModuleType, *, is_local: bool) -> Callable[[], AbstractAsyncContextManager[AsyncClient]]:
    """Return what makes the client; the same function each time, for `share_in_loop`.

    A proxy for the web is no way to this machine, and httpx would take it. A redirect is not followed: it would carry the prompt to a host
    that nobody named.
    """
    return lambda: sdk.DefaultAsyncHttpxClient(verify=get_tls_context(), trust_env=not is_local, follow_redirects=False)


@contextmanager
def explain_failures(at: Endpoint, sdk: ModuleType, *, began: bool = False) -> Iterator[None]:
    """Raise what an SDK raises as ours: RequestRefused for an answer with an error status, ModelError for the rest.

    `sdk` is `anthropic`, or a module with errors of the same names. `began` says that the answer is being read.
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
        raise explain_connection(at, errors.find_reason(error, handled), began) from None
    except sdk.APIError as error:
        raise errors.explain_reported_error(at, error.body, error.message) from None
    except Exception as error:
        failure = find_failure(at, error, handled, began)
        if failure is None:
            raise
        raise failure from None


def find_failure(at: Endpoint, error: Exception, handled: BaseException | None, began: bool) -> ModelError | None:
    """Return as a ModelError what the HTTP library, or the reading of an answer, raised; None for any other error.

    `handled` is the exception that was being handled before, `began` says that the answer is being read.
    """
    if is_http_error(error, "ConnectTimeout"):
        return errors.explain_unreachable(at, "no connection in time")
    if is_http_error(error, "TimeoutException"):
        return errors.EndpointSilent(at)
    if is_http_error(error):
        return explain_connection(at, errors.find_reason(error, handled), began)
    if isinstance(error, AnswerTooLong):
        return ModelError(f"The answer of {at.model!r} at {at.shown_url} is not read: {error}.")
    if began and isinstance(error, (ValueError, RecursionError)):
        return errors.explain_break(at, f"a piece of it is not JSON ({error})")
    return None


def explain_connection(at: Endpoint, why: str, began: bool) -> ModelError:
    return errors.explain_break(at, why) if began else errors.explain_unreachable(at, why)


def is_http_error(error: Exception, name: str = "HTTPError") -> bool:
    """Tell whether an error is the HTTP library's own: SDKs let some of them through while an answer is read."""
    return any(kind.__name__ == name and kind.__module__.startswith("httpx") for kind in type(error).__mro__)


async def read_beginning(pieces: AsyncIterator[str], longest: int = 20_000) -> str:
    """Return the beginning of a text that comes in pieces."""
    text = ""
    async for piece in pieces:
        text += piece
        if len(text) > longest:
            break
    return text[:longest]
