"""What every request passes: the headers that keep a page to itself, who is signed in, and whether a change comes from our own page."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from sayso.cli.display import shorten
from sayso.tools.canonical import strict_json

from .people import Person, SignIn, TrustedHeader

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

COOKIE = "sayso_session"
CHANGE_HEADER = "x-sayso-token"
MOST_BODY_BYTES = 2_000_000
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


class TurnedAway(Exception):
    """A request that is answered with a sentence and a status."""

    def __init__(self, status: int, message: str, **facts: object) -> None:
        self.status: int = status
        self.message: str = message
        self.facts: dict[str, object] = facts
        super().__init__(message)


def answer_turned_away(request: Request, error: Exception) -> Response:
    """Answer a refused request with its sentence."""
    assert isinstance(error, TurnedAway)
    return JSONResponse({"error": error.message, **error.facts}, error.status)


class SealedHeaders:
    """Puts the headers of HEADERS on every response. Answers of the API are never stored by a browser."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_sealed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await self._app(scope, receive, send_sealed)


class Door:
    """Knows who made a request, and refuses changes that do not come from our own page."""

    def __init__(self, sign_in: SignIn, trusted: TrustedHeader | None, cookie: str, read_only: bool = False) -> None:
        self.sign_in: SignIn = sign_in
        self.trusted: TrustedHeader | None = trusted
        self.cookie: str = cookie
        self.read_only: bool = read_only

    def find_person(self, request: Request) -> Person:
        """Return who made the request. Raises TurnedAway where nobody is signed in."""
        if self.trusted is not None:
            name = self.trusted.find_name(request.headers, request.client.host if request.client else "")
            if name:
                return self.sign_in.find(name)
        if (bearer := self._find_bearer(request)) is not None:
            return bearer
        person = self.sign_in.read_cookie(request.cookies.get(self.cookie, ""))
        if person is None:
            raise TurnedAway(401, "You are not signed in. Open the link that was printed when the server was started.")
        return person

    def _find_bearer(self, request: Request) -> Person | None:
        """Return whom the token of a link signs in that a program sends as `Authorization: Bearer TOKEN`."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        return self.sign_in.read_link_token(token.strip()) if scheme.lower() == "bearer" else None

    def find_end(self, request: Request) -> Callable[[], bool]:
        """Return what says whether the session of a request has ended since: a stream that it began ends then, too."""
        cookie = request.cookies.get(self.cookie, "")
        return lambda: self.sign_in.is_ended(cookie)

    def check_change(self, request: Request) -> Person:
        """Return who makes a change. Raises TurnedAway for one from another site, or without the token of our own page."""
        if self.read_only:
            raise TurnedAway(403, "This page is read-only: nothing can be changed here.")
        if (person := self._find_bearer(request)) is not None:
            return person  # no browser sends that by itself
        check_same_origin(request.headers)
        person = self.find_person(request)
        given = request.headers.get(CHANGE_HEADER, "")
        if not hmac.compare_digest(given.encode("utf-8", "replace"), self.sign_in.change_token(person).encode()):
            raise TurnedAway(403, "This change does not come from the page. Load the page again.")
        return person


def check_same_origin(headers: Headers) -> None:
    """Raise TurnedAway for a request that a page of another site has made."""
    site = headers.get("sec-fetch-site", "same-origin")
    origin = headers.get("origin")
    host = headers.get("host", "")
    is_other = site not in ("same-origin", "none") or (origin is not None and origin.partition("://")[2] != host)
    if is_other:
        raise TurnedAway(403, "This change comes from another site, so it was refused.")


async def read_json(request: Request) -> dict[str, object]:
    """Return the body of a change as a JSON object. Raises TurnedAway for anything else, and for one that is too long."""
    if not request.headers.get("content-type", "").startswith("application/json"):
        raise TurnedAway(415, "Send JSON: Content-Type: application/json.")
    body = bytearray()
    try:
        async for part in request.stream():
            body += part
            if len(body) > MOST_BODY_BYTES:
                raise TurnedAway(413, f"That is too long: more than {MOST_BODY_BYTES:,} bytes.")
    except ClientDisconnect:
        raise TurnedAway(400, "The connection ended in the middle of the body.") from None
    try:
        data = strict_json(body.decode())
    except ValueError as error:
        raise TurnedAway(400, f"The body is not JSON: {shorten(str(error), 200)}.") from None
    if not isinstance(data, dict):
        raise TurnedAway(400, "The body is not a JSON object.")
    return data


def read_text_field(data: Mapping[str, object], name: str, *, most: int = 100_000, required: bool = True) -> str:
    """Return a text in the body of a change. Raises TurnedAway where it is none."""
    value = data.get(name, None if required else "")
    if not isinstance(value, str) or len(value) > most or any("\ud800" <= char <= "\udfff" for char in value):
        raise TurnedAway(400, f"{name!r} must be a text of at most {most:,} characters.")
    return value
