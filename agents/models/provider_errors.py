"""Errors of an endpoint as ModelErrors that say what to do. Pure; no message holds a key."""

from __future__ import annotations

import json
import os
import re
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from sayso.tools.errors import InputTooLong, ModelError, ToolsRefused
from sayso.tools.media import Media

from . import rate_limits
from .endpoint import Endpoint
from .rate_limits import LONGEST_WAIT_SECONDS

LOADING_SECONDS = 5.0
"""How long a model that loads is left alone, where nobody says how long that takes."""
_SHORTER = "Give it less (history, documents, tools), or a model or server with more context."
_OF_MEDIA = re.compile(
    r"image|multi-?modal|vision|audio|\bfiles?\b|\bpdf|document|mmproj|media|content\W+(?:must|should) be a (?:valid )?str|unknown variant",
    re.I,
)


@dataclass(frozen=True, slots=True)
class ErrorResponse:
    """An HTTP response that is not a reply: its status, its headers, its text."""

    status: int
    headers: Mapping[str, str]
    text: str


class RequestRefused(Exception):
    """The endpoint answered with an error: its request may be right without a field, else `explain_refusal` says what it means."""

    def __init__(self, answer: ErrorResponse) -> None:
        super().__init__(answer.status)
        self.answer = answer


class OtherProtocol(ModelError):
    """The endpoint says that it has not this protocol, or not for this model, or that another one is to be used."""


UNTRUSTED = "its certificate is not accepted"


def explain_refusal(at: Endpoint, answer: ErrorResponse, now: float) -> ModelError:
    """Return the error for an answer with a status of 400 or more."""
    message = quote_message(at, answer.text)
    where, status = at.shown_url, answer.status
    if status == 401:
        return ModelError(f"{where} refuses the key {at.key_from} (401){message} {at.key_advice}")
    if 300 <= status < 400:
        return explain_redirect(at, answer)
    if status in (400, 404) and wants_responses(answer.text):
        return OtherProtocol(f"{at.model!r} at {where} is not asked so over chat completions ({status}){message}")
    if status == 404 and re.search(r"support tool use", answer.text):  # OpenRouter says it so
        return explain_no_tools(at, status, message)
    if status == 404:
        path = urlsplit(at.url).path.rstrip("/")
        hint = "" if path.endswith("/v1") else f" Most base URLs end in /v1; this one is {where}."
        return ModelError(f"There is no model {at.model!r} at {where} (404){message}{hint}")
    if status == 402 or (status in (400, 403) and rate_limits.find_lasting_reason({}, message, now) == "credit"):
        return explain_no_credit(at, status, message)
    is_throttled = status in (400, 403) and rate_limits.is_throttled(answer.text)
    if status == 403 and not is_throttled:
        return ModelError(f"{where} does not let the key {at.key_from} use {at.model!r} (403){message}")
    if (status in (413, 429) or is_throttled) and (lasting := rate_limits.find_lasting_reason(answer.headers, answer.text, now)):
        return _explain_lasting_limit(at, status, lasting, message)
    if status in (408, 409, 425, 429, 498) or status >= 500 or is_throttled:
        return _explain_passing_limit(at, answer, message, now)
    if "content_filter" in answer.text or "content_policy" in answer.text or "content management policy" in answer.text:
        return ModelError(f"The content filter of {where} refuses the request ({status}){message}")
    if status == 413 or (status in (400, 422) and is_too_long_prompt(message)):
        return explain_too_long(at, answer, message)
    if (
        status in (400, 405, 422)
        and re.search(r"tools?\b|tool.choice|function.call", message, re.I)
        and re.search(r"support|requires", message)
    ):
        return explain_no_tools(at, status, message)
    return ModelError(f"{where} refuses the request for {at.model!r} ({status}){message}")


_TOO_LONG = re.compile(
    r"context.{0,30}(?:length|window|size|limit)|exceed\w*\W.{0,80}context|reduce (?:the length|your prompt|the prompt)|"
    r"range of input length|maximum (?:prompt|input) length|\binputs?\W? tokens? \+|"
    r"\b(?:prompt|input|messages?|conversation)\b.{0,60}\b(?:too (?:long|large)|exceed(?:s|ed)?|longer than)|"
    r"(?:too many|maximum(?: number of)?) (?:input |prompt )?tokens|上下文.{0,20}(?:超|过长)|超.{0,10}(?:上下文|长度)|超长",
    re.I | re.DOTALL,
)
# Or it counts tokens and names a limit, and does not speak of those of the reply, of a minute, or of a setting.
_TOKENS = re.compile(r"\b(?:(?:prompt|input)_)?tokens\b|\btoken (?:limit|count|length)|\bsequence length|max_(?:seq|model)_len", re.I)
_COMPARED = re.compile(
    r"exceed|(?:more|greater|less|longer|larger|fewer) than|too (?:many|long|large)|at most|not fit|\blimit|[<>≤]=? ?\d", re.I
)
_OTHER_TOKENS = re.compile(r"output|completion|generat|new[_ ]tokens|\bper\b|/ ?min|\brates?\b|budget|max_tokens|stop|bias|logprobs", re.I)


def is_too_long_prompt(text: str) -> bool:
    """Tell whether a refusal says that the prompt is longer than the model's context."""
    if _TOO_LONG.search(text):
        return True
    return bool(_TOKENS.search(text) and _COMPARED.search(text) and not _OTHER_TOKENS.search(text))


def explain_too_long(at: Endpoint, answer: ErrorResponse, message: str) -> InputTooLong:
    """Return the error for a prompt that is longer than the model's context, with the length that the refusal names."""
    from .refused_lengths import read_length  # late, for load time

    words = f"The prompt for {at.model!r} at {at.shown_url} is longer than its context ({answer.status}){message} {_SHORTER}"
    return InputTooLong(words, context_tokens=read_length(answer.text))


def wants_responses(text: str) -> bool:
    """Tell whether a refusal of chat completions says that the model is to be asked over the Responses API."""
    return bool(re.search(r"chat.?completions", text, re.I) and re.search(r"/responses\b|\bresponses api", text, re.I))


def explain_redirect(at: Endpoint, answer: ErrorResponse) -> ModelError:
    """Return the error for an endpoint that sends a request on. It is not followed: the key and the prompt are for this host."""
    to = next((value for name, value in answer.headers.items() if name.lower() == "location"), "")
    where = f" to {' '.join(to.split())[:200]}" if to else ""
    return ModelError(
        f"{at.shown_url} sends the request on{where} ({answer.status}). It was not sent there: "
        "the prompt and the key are for the host that you named. If that is the right address, give its base URL."
    )


def explain_refused_media(at: Endpoint, answer: ErrorResponse, media: Sequence[Media]) -> ModelError | None:
    """Return the error for a model that takes no images, audio or files of the request, by their names; None for another refusal."""
    if not media or answer.status not in (400, 404, 415, 422, 500, 501) or not _OF_MEDIA.search(answer.text):
        return None
    names = ", ".join(dict.fromkeys(str(each) for each in media))
    message = quote_message(at, answer.text)
    return ModelError(
        f"{at.model!r} at {at.shown_url} does not take {names} ({answer.status}){message} Ask another model, or leave it out."
    )


def explain_no_tools(at: Endpoint, status: int, message: str) -> ToolsRefused:
    """Return the error for a model that exists and cannot be given tools natively."""
    return ToolsRefused(
        f"{at.model!r} at {at.shown_url} takes no tools ({status}){message} With takes_tools=False calls are written as text."
    )


def explain_no_credit(at: Endpoint, status: int, message: str) -> ModelError:
    """Return the error for an account that has to pay first."""
    return ModelError(f"The account behind the key {at.key_from} has no credit left at {at.shown_url} ({status}){message}")


def _explain_lasting_limit(at: Endpoint, status: int, lasting: str, message: str) -> ModelError:
    """Return the error for a limit that waiting for a minute does not lift."""
    if lasting == "credit":
        return explain_no_credit(at, status, message)
    if lasting == "size":
        return ModelError(f"One request for {at.model!r} is larger than {at.shown_url} allows in a minute ({status}){message} {_SHORTER}")
    return ModelError(
        f"{at.shown_url} takes no more requests for {at.model!r} with the key {at.key_from}: "
        f"a quota of more than a minute (a day's, a month's) is used up, or there is none ({status}){message}"
    )


def _explain_passing_limit(at: Endpoint, answer: ErrorResponse, message: str, now: float) -> ModelError:
    if re.search(r"tools? param|jinja", message):  # llama.cpp says it with a 500
        return explain_no_tools(at, answer.status, message)
    what = "is asked too often" if answer.status in (400, 403, 429) else "has trouble"
    what = {408: "timed out", 409: "is at odds with another request"}.get(answer.status, what)
    limits = answer.headers if answer.status == 429 else {}  # other answers have headers of limits, too, that nobody has reached
    wait = rate_limits.find_wait(answer.headers, answer.text, limits, now)
    if wait is None and (estimated := re.search(r"estimated_time\W+(\d+(?:\.\d+)?)", answer.text)):  # Hugging Face, while it loads a model
        wait = float(estimated[1])
    asks = f" It asks to wait {wait:g} s." if wait else ""
    if rate_limits.is_too_long(wait):
        asks = f" It asks to wait {wait:g} s, more than the {LONGEST_WAIT_SECONDS:g} s that are waited for."
    if wait is None and re.search(r"\bloading\b", answer.text, re.I):
        wait = LOADING_SECONDS
    return ModelError(f"{at.shown_url} {what} ({answer.status}){message}{asks}", retryable=True, retry_after_seconds=wait)


def find_reason(error: BaseException, handled: BaseException | None) -> str:
    """Return the words of the innermost cause: "Connection refused", not "Connection error".

    `handled` is the exception that was being handled before the request began (`sys.exception()`). A run that is started in somebody's
    `except` has it as the context of all its errors, and it is no reason.
    """
    words, cause = str(error), error.__cause__ or error.__context__
    while cause is not None and cause is not handled:
        words = _describe_cause(cause) or words
        inner = cause.exceptions[0] if isinstance(cause, BaseExceptionGroup) else None
        cause = inner or cause.__cause__ or cause.__context__
    return words


def _describe_cause(error: BaseException) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"{UNTRUSTED} ({error.verify_message})"
    if isinstance(error, ssl.SSLError):  # its number is one of OpenSSL's, not of the operating system's
        return f"no secure connection ({(error.reason or str(error)).replace('_', ' ').lower()})"
    # asyncio writes the address where the reason should be, so the reason is looked up by its number; name lookups count below zero.
    if isinstance(error, OSError) and error.errno is not None and error.errno > 0:
        return os.strerror(error.errno)
    return getattr(error, "strerror", None) or str(error)


def explain_unreachable(at: Endpoint, why: str) -> ModelError:
    """Return the error for a connection that failed: nobody listens there, or the name is unknown."""
    hint = "Is the server running?" if at.is_local else "Is the address right, and the network up?"
    if why.startswith(UNTRUSTED):
        hint = "If your company's proxy or a server of yours signed it, set SSL_CERT_FILE to a file with its certificates."
    return ModelError(f"{at.shown_url} cannot be reached{_end_sentence(why)} {hint}", retryable=True)


class EndpointSilent(ModelError):
    """An endpoint accepted a request and sent nothing. Not retried: what took that long once takes it twice."""

    def __init__(self, at: Endpoint) -> None:
        super().__init__(f"{at.shown_url} sent nothing for {at.timeout_seconds:g} s. If {at.model!r} needs longer, give timeout_seconds=.")


def explain_break(at: Endpoint, why: str) -> ModelError:
    """Return the error for an answer that began and did not end."""
    return ModelError(f"The answer of {at.model!r} at {at.shown_url} broke off{_end_sentence(why)}", retryable=True)


def explain_reported_error(at: Endpoint, error: object, text: str) -> RequestRefused | ModelError:
    """Return the error for an error body that came with status 200 in place of a reply. Some endpoints give a status as its code."""
    code = error.get("code") if isinstance(error, Mapping) else None
    body = json.dumps(error, default=str, ensure_ascii=False)
    if re.fullmatch(r"[45]\d\d", str(code)):
        return RequestRefused(ErrorResponse(int(str(code)), {}, body))
    if re.search(r"rate_limit|quota|too_many_requests|RESOURCE_EXHAUSTED|throttl", body, re.I):  # the same, with a name for its code
        return RequestRefused(ErrorResponse(429, {}, body))
    kind = f"{code} {error.get('type')}" if isinstance(error, Mapping) else ""
    if re.search(r"invalid_(?!response)|unsupported|not_found|policy|context_length|_too_|mismatch|image|permission|authentication", kind):
        return RequestRefused(ErrorResponse(400, {}, body))
    return explain_break(at, quote_message(at, text).strip(": ."))


def explain_wrong_answer(at: Endpoint, text: str, expected: str = "a chat completion", api: str = "an OpenAI-compatible API") -> ModelError:
    """Return the error for an answer that is not what was `expected` of such an `api`: a web page, an empty body, broken JSON."""
    what = "a web page" if re.match(r"\s*<(!doctype|html|\?xml)", text, re.I) else f"something that is not {expected}"
    message = quote_message(at, text)
    return ModelError(f"{at.shown_url} answered with {what}{message} Is it the base URL of {api} (.../v1)?")


def explain_filter(at: Endpoint) -> ModelError:
    """Return the error for a reply that the endpoint's content filter stopped before its first word."""
    return ModelError(f"The content filter of {at.shown_url} stopped the reply of {at.model!r}. Word the request differently.")


def quote_message(at: Endpoint, text: str) -> str:
    """Return the endpoint's own message as the rest of a sentence: taken out of the JSON, without the key, on one line."""
    try:
        found = _find_message(json.loads(text))
    except (ValueError, RecursionError):
        found = re.sub(r"(?is)<(script|style).*?</\1>|<[^>]*>", " ", text)
    found = " ".join(found.split())
    if len(at.key) >= 8:
        found = found.replace(at.key, "***")
    found = re.sub(r"\bsk-[\w*.-]{3,}", "sk-***", found)
    return _end_sentence(found if len(found) <= 500 else found[:499] + "…")


def _find_message(body: object) -> str:
    """Return the designated message of an error body; the whole body where there is none."""
    match body:
        case [Mapping() as first, *_]:  # Google's
            return _find_message(first)
        case {"error": {"message": str(message), "metadata": {"raw": str(raw)}}}:  # OpenRouter's, of another provider
            return f"{message.rstrip('.')}: {raw}"
        case {"error": {"message": str(message)}} if message.lstrip().startswith("{"):  # a gateway's, around another's
            try:
                return _find_message(json.loads(message))
            except ValueError:
                return message
        case {"error": {"message": str(message)}} | {"error": str(message)} | {"message": str(message)} | {"detail": str(message)}:
            return message
        case str():
            return body
    return json.dumps(body, ensure_ascii=False)


def _end_sentence(words: str) -> str:
    words = words.strip()
    if not words:
        return "."
    return f": {words}" if words[-1] in ".!?…" else f": {words}."
