"""The models that pydantic-ai can ask (Bedrock, Vertex, Gemini's own API, Mistral, Groq, Cohere, ...) as Models of ours."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, aclosing, contextmanager
from dataclasses import dataclass, field, replace
from functools import cache, partial
from typing import TYPE_CHECKING, TypeVar, cast
from urllib.parse import urlsplit

from sayso.tools.canonical import JsonObject
from sayso.tools.errors import ModelError, RunError, ToolsRefused, UsageError
from sayso.tools.installing import build_install_command

from ..messages import Reply, Sampling
from . import provider_errors as errors
from .bridge_messages import OUR_NAMES, BridgedRequest, build_bridged, find_not_taken, read_response
from .endpoint import Endpoint
from .hosts import is_openai_host
from .model import CallDelta, Delta, Downgraded, Finished, ModelRequest, ReasoningDelta, Retrying, TextDelta
from .provider_errors import ErrorResponse, RequestRefused
from .requesting import LeftOut, Requester, share_in_loop

if TYPE_CHECKING:
    from pydantic_ai.models import Model as TheirModel
    from pydantic_ai.models import StreamedResponse
    from pydantic_ai.settings import ModelSettings

T = TypeVar("T")


@dataclass(slots=True)
class _Opened:
    """A reply that was read up to its first deltas."""

    first: list[Delta]
    pieces: AsyncGenerator[list[Delta]]
    ended: list[Reply] = field(default_factory=list)


class PydanticAI:
    """A model that pydantic-ai asks: by its name there ("bedrock:...", "google-cloud:...", "mistral:..."), or an object of its Model.

    Keys and addresses are those that pydantic-ai finds for the provider, or that the object was made with. What came with a turn (thinking,
    signatures, ids) is kept as pydantic-ai has it, and goes back to the same provider. `timeout_seconds` is for one request,
    where the provider's SDK takes it (Bedrock's has one of its own).
    """

    def __init__(
        self,
        model: str | TheirModel,
        *,
        sampling: Sampling | None = None,
        timeout_seconds: float = 300,
        max_tries: int = 4,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        on_retry: Callable[[Retrying], None] | None = None,
    ) -> None:
        self.sampling: Sampling = sampling or Sampling()
        self._given, self._timeout_seconds = model, timeout_seconds
        theirs = make_their_model(model)
        self._open = _get_opener(model) if isinstance(model, str) else lambda: theirs
        self.name: str = theirs.model_name
        self.base_url: str | None = theirs.base_url
        self.takes_tools: bool = bool(theirs.profile.get("supports_tools", True))
        self._holds_schema = bool(theirs.profile.get("supports_json_schema_output", False))
        url = theirs.base_url if theirs.base_url and urlsplit(theirs.base_url).hostname else f"https://{theirs.system}"
        self._at = Endpoint(self.name, url, "", f"that pydantic-ai has for {theirs.system}", timeout_seconds)
        self._provider = f"pydantic-ai {theirs.system} {urlsplit(url).hostname}"
        self._not_taken = frozenset(theirs.unsupported_settings)
        self._requester = Requester(self._at, _find_refused, max_tries, sleep, on_retry, self._not_taken)
        self._told: set[str] = set()

    def __repr__(self) -> str:
        return f"PydanticAI({self._given!r})"

    async def stream(self, request: ModelRequest) -> AsyncGenerator[Delta]:
        """Yield the reply, piece by piece."""
        opened = await self._ask(request, self._open_reply)
        async with aclosing(opened.pieces):
            for delta in opened.first:
                yield delta
            try:
                async for deltas in opened.pieces:
                    for delta in deltas:
                        yield delta
            except RequestRefused as error:
                raise errors.explain_refusal(self._at, error.answer, time.time()) from None
        reply = opened.ended[0]
        for index, call in enumerate(reply.calls):
            yield CallDelta(index, call.id, call.name, call.arguments)
        yield Finished(reply.finish, reply.usage, reply.provider_data)

    async def complete(self, request: ModelRequest) -> Reply:
        """Return the whole reply."""
        return await self._ask(request, self._read_reply)

    async def _ask(self, request: ModelRequest, attempt: Callable[[ModelRequest, JsonObject], Awaitable[T]]) -> T:
        request = replace(request, sampling=self.sampling.override(request.sampling))
        try:
            answer = await self._requester.ask(request, partial(self._build, request), partial(attempt, request))
        except ToolsRefused:
            self.takes_tools = False
            raise
        for name in find_not_taken(request.sampling, self._not_taken) - self._told:
            if request.notify is not None:
                self._told.add(name)
                request.notify(Downgraded(name, f"{self.name} does not take it"))
        return answer

    def _build(self, request: ModelRequest, without: frozenset[str]) -> JsonObject:
        """Return what can be left out of the request: its settings, and a schema as `format`."""
        built = self._bridge(request, without)
        return {**built.settings, "without": without} | ({"format": True} if built.parameters.output_object else {})

    def _bridge(self, request: ModelRequest, without: frozenset[str]) -> BridgedRequest:
        return build_bridged(request, self._provider, without, holds_schema=self._holds_schema)

    async def _get_model(self) -> TheirModel:
        """Return the model for this event loop: its connections belong to the loop in which they were opened."""
        return await share_in_loop(self._open)

    async def _read_reply(self, request: ModelRequest, body: JsonObject) -> Reply:
        from pydantic_ai.direct import model_request

        built, model = self._bridge(request, body["without"]), await self._get_model()
        with self._explain_failures():
            response = await model_request(
                model, built.messages, model_settings=self._time(built.settings), model_request_parameters=built.parameters
            )
        return read_response(response, self._provider)

    async def _open_reply(self, request: ModelRequest, body: JsonObject) -> _Opened:
        """Ask, and read the reply up to its first deltas: later they have been shown, and nothing may be tried again."""
        ended: list[Reply] = []
        pieces = self._read_pieces(self._bridge(request, body["without"]), await self._get_model(), ended)
        try:
            async for deltas in pieces:
                if deltas:
                    return _Opened(deltas, pieces, ended)
        except BaseException:
            await pieces.aclose()
            raise
        return _Opened([], pieces, ended)

    async def _read_pieces(self, built: BridgedRequest, model: TheirModel, ended: list[Reply]) -> AsyncGenerator[list[Delta]]:
        """Yield the deltas of each event, and put the whole reply into `ended`."""
        from pydantic_ai.direct import model_request_stream

        with self._explain_failures():
            async with model_request_stream(
                model, built.messages, model_settings=self._time(built.settings), model_request_parameters=built.parameters
            ) as streamed:
                async for event in streamed:
                    yield _read_event(event)
                ended.append(self._read_end(streamed))

    def _read_end(self, streamed: StreamedResponse) -> Reply:
        return read_response(streamed.get(), self._provider)

    def _time(self, settings: JsonObject) -> ModelSettings:
        times = {} if "timeout" in self._not_taken else {"timeout": self._timeout_seconds}
        return cast("ModelSettings", settings | times)

    @contextmanager
    def _explain_failures(self) -> Iterator[None]:
        """Raise what pydantic-ai, or an SDK behind it, raises as ours."""
        from pydantic_ai import exceptions as theirs

        try:
            yield
        except theirs.ModelHTTPError as error:
            body = error.body if isinstance(error.body, str) else json.dumps(error.body or error.message, default=str, ensure_ascii=False)
            raise RequestRefused(ErrorResponse(error.status_code, _read_headers(error), body)) from None
        except theirs.ModelTimeoutError:
            raise errors.EndpointSilent(self._at) from None
        except theirs.ModelConnectionError as error:
            raise errors.explain_unreachable(self._at, errors.find_reason(error, None)) from None
        except theirs.ModelAPIError as error:
            raise ModelError(f"{self._at.shown_url} failed: {error}", retryable=error.retry_after is not None) from None
        except theirs.UserError as error:
            if re.search(r"\btools?\b.{0,40}not support|not support.{0,40}\btools?\b", str(error), re.I):
                raise errors.explain_no_tools(self._at, 400, f": {error}") from None
            raise UsageError(f"pydantic-ai refuses the request for {self.name!r}: {error}") from None
        except theirs.AgentRunError as error:
            raise errors.explain_break(self._at, str(error)) from None
        except (RunError, UsageError, RequestRefused):
            raise
        except Exception as error:  # noqa: BLE001  # the SDKs of all providers raise what they like: missing credentials, DNS, ...
            raise ModelError(f"{self.name!r} at {self._at.shown_url} could not be asked: {type(error).__name__}: {error}") from None


def make_their_model(model: str | TheirModel) -> TheirModel:
    """Return pydantic-ai's model. Raises UsageError where it, the provider's package or a key is missing."""
    try:
        from pydantic_ai.exceptions import UserError
        from pydantic_ai.models import infer_model
    except ImportError:
        raise UsageError(f"This model is asked through pydantic-ai: {build_install_command('pydantic-ai')}") from None
    try:
        theirs = infer_model(model)
    except ImportError as error:
        raise UsageError(f"{model!r} needs a package of its provider's. {error}") from None
    except (UserError, ValueError) as error:
        raise UsageError(f"{model!r} cannot be asked through pydantic-ai: {error}") from None
    if isinstance(model, str):
        _forget_openai(getattr(theirs, "client", None))
    return theirs


def _forget_openai(client: object) -> None:
    """Take from an openai client for another host what the environment has for OpenAI: it would send it to that host."""
    from openai import AsyncOpenAI

    from .foreign_host_client import ForeignHostClient  # late, for load time

    if not isinstance(client, AsyncOpenAI) or is_openai_host(client.base_url.host):
        return
    client.__class__ = ForeignHostClient  # pydantic-ai copies it for each request, and a copy is of the same class


@cache
def _get_opener(name: str) -> Callable[[], AbstractAsyncContextManager[TheirModel]]:
    """Return what opens the model of that name; the same function each time, for `share_in_loop`."""
    return lambda: make_their_model(name)


def _read_event(event: object) -> list[Delta]:
    """Return the deltas of an event. Calls come at the end, when their arguments are whole."""
    from pydantic_ai.messages import PartDeltaEvent, PartStartEvent, TextPart, TextPartDelta, ThinkingPart, ThinkingPartDelta

    match event:
        case PartStartEvent(part=TextPart(content=words)) | PartDeltaEvent(delta=TextPartDelta(content_delta=words)) if words:
            return [TextDelta(words)]
        case PartStartEvent(part=ThinkingPart(content=words)) | PartDeltaEvent(delta=ThinkingPartDelta(content_delta=words)) if words:
            return [ReasoningDelta(words)]
    return []


def _read_headers(error: object) -> dict[str, str]:
    """Return the headers of an answer, with the wait that pydantic-ai found elsewhere in it."""
    headers, wait = getattr(error, "headers", None) or {}, getattr(error, "retry_after", None)
    return {"retry-after": f"{wait:g}", **headers} if wait is not None else headers


def _find_refused(answer: ErrorResponse, body: JsonObject) -> LeftOut | None:
    """Return which setting a refusal is about."""
    if answer.status not in (400, 422):
        return None
    words = {name: name for name in body} | {
        "stop_sequences": r"stop[_ ]?sequences?|\bstop\b",
        "thinking": r"thinking|reasoning",
        "format": r"response.?(format|schema)|json.?schema|output_config|structured output",
        "cache": r"cache|cachePoint",
        "max_tokens": r"(?!)",  # without it a provider's own default counts, and that is another reply
        "max_retries": r"(?!)",
        "without": r"(?!)",
        "extra_body": r"(?!)",
        "extra_headers": r"(?!)",
    }
    text = re.sub(r"([a-z])([A-Z])", r"\1_\2", answer.text).lower()  # topP, stopSequences
    named = [(found.start(), name) for name in body if (found := re.search(words[name], text, re.I))]
    if not named:
        return None
    name = min(named)[1]
    return LeftOut(frozenset({name}), "structured output" if name == "format" else OUR_NAMES.get(name, name))
