"""Who calls over HTTP: people with a token each, or whom a reverse proxy has signed in. States, sessions and decisions are theirs alone."""

from __future__ import annotations

import hmac
import json
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from dataclasses import dataclass, field
from typing import Any

from mcp.server.auth.middleware.auth_context import AuthContextMiddleware
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import AccessToken
from mcp.server.context import ServerRequestContext
from starlette.datastructures import Headers

from sayso.tools.approval.requests import is_named
from sayso.web.desk import NOTHING_ARRANGED, ApprovalDesk
from sayso.web.people import Person, SignIn, TrustedHeader
from sayso.web.request_cards import find_agreed, find_alike, read_lines, why_not
from sayso.workflows import DurableEngine

Context = ServerRequestContext[Any, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ANYBODY = Person("")
"""Whoever may call where nobody is named."""
_KEY = "sayso.person"
_REFUSED = b"Send the token of this server, or your own: Authorization: Bearer ...\n"


@dataclass(frozen=True, slots=True)
class Callers:
    """Knows who may call: whoever has the one `token`; or, where people are named, they by their own tokens, and by a proxy's word."""

    token: str = field(default="", repr=False)
    sign_in: SignIn | None = None
    trusted: TrustedHeader | None = None

    @property
    def is_open(self) -> bool:
        """Return whether anybody who can connect may call."""
        return not self.token and self.sign_in is None

    def find(self, headers: Headers, address: str) -> Person | None:
        """Return who calls, None for whom nothing is done."""
        given = headers.getlist("authorization")
        bearer = given[0].partition(" ")[2].strip() if len(given) == 1 and given[0].lower().startswith("bearer ") else ""
        if self.sign_in is None:
            is_right = hmac.compare_digest(bearer.encode("utf-8", "replace"), self.token.encode())
            return ANYBODY if self.is_open or is_right else None
        if self.trusted is not None and (name := self.trusted.find_name(headers, address)):
            return self.sign_in.find(name)
        return self.sign_in.read_link_token(bearer) if bearer else None


class Door:
    """Lets requests through of those who may call, with who it is, and answers others with 401."""

    def __init__(self, app: Callable[[Message, Receive, Send], Awaitable[None]], callers: Callers) -> None:
        self._app, self._callers = AuthContextMiddleware(app), callers

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http":
            person = self._callers.find(Headers(scope=scope), (scope.get("client") or ("",))[0])
            if person is None:
                headers = [(b"www-authenticate", b"Bearer"), (b"content-type", b"text/plain")]
                await send({"type": "http.response.start", "status": 401, "headers": headers})
                await send({"type": "http.response.body", "body": _REFUSED})
                return
            if person.name:
                # So that the session of an older protocol is theirs alone, too: the protocol's package compares who began it.
                user = AuthenticatedUser(AccessToken(token="", client_id=person.name, scopes=[], subject=person.name))
                scope = {**scope, "user": user, _KEY: person}
        await self._app(scope, receive, send)


def find_person(ctx: Context) -> Person | None:
    """Return who makes this request, None where nobody is named: over standard input and output, or with the one token of all."""
    scope = getattr(ctx.request, "scope", None) or {}
    person = scope.get(_KEY)
    return person if isinstance(person, Person) else None


def bind_state(ctx: Context) -> str | None:
    """Return whom a sealed state belongs to: from anybody else it opens nothing."""
    person = find_person(ctx)
    return None if person is None else json.dumps(["sayso person", person.name])


async def find_refusal(engine: DurableEngine, person: Person, run_id: str, digests: Iterable[str]) -> str:
    """Return why a person may not decide these requests of a run; empty if they may. The rules are those of the page."""
    rows = await engine.approvals(run_id)
    still_open = [row for row in rows if row.digest in set(digests) and row.state == "proposed"]
    found = [row.digest for row in still_open]
    lines = {line.digest: line for line in await engine.database.do(lambda session: read_lines(session, found, engine.clock()))}
    arranged = await ApprovalDesk(engine.database).read(found)
    for row in still_open:
        if why := why_not(person, lines[row.digest], arranged.get(row.digest, NOTHING_ARRANGED), None):
            return why
        if is_named(person.name, find_agreed(find_alike(rows, row), row)):
            return "You have approved this already. Another person has to approve it too."
    return ""
