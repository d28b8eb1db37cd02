"""Chat completions at one endpoint: how a reply is asked for, and what is read beside it."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from sayso.tools.canonical import JsonObject
from sayso.workflows import Usage

from ..messages import ProviderData
from .chat_request import build_body
from .endpoint import Endpoint
from .model import ModelRequest
from .provider_errors import ErrorResponse
from .refused_fields import find_refused
from .reply_usage import read_chat_usage
from .requesting import LeftOut


class ChatWire:
    """How chat completions are asked for."""

    path: str = "/chat/completions"
    fields: tuple[str, ...] = ("choices",)

    def __init__(self, at: Endpoint) -> None:
        self._at = at
        self._provider = f"chat {urlsplit(at.url).netloc.rpartition('@')[2]}"
        self._caches = at.host == "openrouter.ai" and at.model.startswith("anthropic/")

    def build(self, request: ModelRequest, left_out: frozenset[str]) -> JsonObject:
        """Return the body of a request, without what was left out."""
        return build_body(self._at.model, request, left_out, sent_to=self._provider, caches=self._caches)

    def find_refused(self, answer: ErrorResponse, body: JsonObject) -> LeftOut | None:
        """Return what of a body a refusal is about; None where nothing can be left out."""
        return find_refused(answer, body)

    def keep(self, kept: JsonObject, body: JsonObject) -> ProviderData | None:
        """Return what goes back with a turn."""
        return ProviderData(self._provider, kept) if kept else None

    def count(self, usage: Mapping[str, object]) -> Usage:
        """Return what was used, of what the endpoint counted."""
        return read_chat_usage(self._at, usage)
