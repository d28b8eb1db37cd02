"""OpenAI's Responses API on the wire: requests, refusals, what goes back with a turn, usage."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from sayso.tools.canonical import JsonObject
from sayso.workflows import Usage

from ..messages import ProviderData
from . import provider_errors as errors
from .endpoint import Endpoint
from .model import ModelRequest
from .provider_errors import ErrorResponse, OtherProtocol
from .reply_usage import read_responses_usage
from .requesting import LeftOut
from .responses_refusals import find_refused, has_no_responses
from .responses_request import build_body


class ResponsesWire:
    """How a model at an endpoint is asked over the Responses API."""

    path: str = "/responses"
    fields: tuple[str, ...] = ("output", "status")

    def __init__(self, at: Endpoint) -> None:
        self._at, self._provider = at, f"responses {urlsplit(at.url).netloc.rpartition('@')[2]}"

    def build(self, request: ModelRequest, left_out: frozenset[str]) -> JsonObject:
        """Return the body of a request, without what was left out."""
        return build_body(self._at.model, request, self._provider, left_out)

    def find_refused(self, answer: ErrorResponse, body: JsonObject) -> LeftOut | None:
        """Return what of a body a refusal is about. Raises OtherProtocol where there is no Responses API."""
        if has_no_responses(answer):
            why = errors.quote_message(self._at, answer.text)
            raise OtherProtocol(f"{self._at.model!r} at {self._at.shown_url} is not asked so over the Responses API ({answer.status}){why}")
        return find_refused(answer, body)

    def keep(self, kept: JsonObject, body: JsonObject) -> ProviderData | None:
        """Return what goes back with the turn. What the user has stored at the provider may go back by its ids alone."""
        if not kept:
            return None
        return ProviderData(self._provider, {**kept, "stored": True} if body.get("store") is True else kept)

    def count(self, usage: Mapping[str, object]) -> Usage:
        """Return what was used."""
        return read_responses_usage(self._at, usage)
