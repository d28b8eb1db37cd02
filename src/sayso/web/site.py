"""The page as an ASGI application: its files and its addresses."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sayso.console import find_user_name
from sayso.tools.approval.signing_keys import format_public_key
from sayso.tools.errors import RunError, UsageError
from sayso.tools.web import Web

from .agui import AgUi
from .back_office import BackOffice, read_since, stream  # first: it says what to install where something is missing
from .chat import Chats
from .doors import COOKIE, SealedHeaders, TurnedAway, answer_turned_away, check_same_origin, read_json, read_text_field
from .notices import Notice, Notifier, open_link
from .openapi import describe_api
from .people import ALL_RUNS, Person, SignIn, TrustedHeader
from .request_pages import RequestPages
from .run_pages import RunPages

if TYPE_CHECKING:
    from sayso.workflows import App

FILES = Path(__file__).parent / "page"
TYPES = {".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}


def asgi(
    app: App,
    *,
    database: str,
    people: Iterable[Person] = (),
    token: str | None = None,
    trusted_header: TrustedHeader | None = None,
    notify: Sequence[Notice] = (),
    page_url: str = "",
    works: bool = True,
    name: str = COOKIE,
) -> Starlette:
    """Return the page of an app as an ASGI application, to serve or to mount in your own.

    `people` may sign in; by default it is the user of this program, who may do everything. `token` makes their links: with the same one
    they stay good when the program starts again. `notify` says where a message goes for each request, with a link to `page_url`. `works`
    says that runs are executed here too; otherwise `sayso worker` does it. `name` is that of its cookie: two sites on one host need two.
    Raises UsageError where the database cannot be used.
    """
    known = tuple(people) or (Person(find_user_name(), frozenset({ALL_RUNS})),)
    office = BackOffice(app, database, SignIn(known, token), trusted_header, works=works, cookie=name)
    if notify:
        if not page_url:
            raise UsageError("notify= needs page_url=, the address of the page, for the links in its messages.")
        Notifier(office, notify, page_url, Web())
    return make_site(office)


def make_site(office: BackOffice) -> Starlette:
    """Return the page over what stands behind it."""
    return _Site(office).make()


class _Site:
    def __init__(self, office: BackOffice) -> None:
        self._office = office
        self._files = {path.name: path.read_bytes() for path in FILES.iterdir() if path.suffix in TYPES}

    def make(self) -> Starlette:
        """Return the application."""
        requests, chats = RequestPages(self._office), Chats(self._office)
        routes = [
            Route("/", self._send_page),
            Route("/files/{name}", self._send_file),
            Route("/api/me", self._tell_who),
            Route("/api/openapi.json", self._describe),
            Route("/api/sign-in", self._sign_in, methods=["POST"]),
            Route("/api/open-link", self._open_link, methods=["POST"]),
            Route("/api/sign-out", self._sign_out, methods=["POST"]),
            Route("/api/live", self._watch),
            *requests.routes(),
            *chats.routes(),
            *AgUi(self._office, chats, requests).routes(),
            *RunPages(self._office).routes(),
        ]
        handlers: Any = {
            TurnedAway: answer_turned_away,
            UsageError: _answer_error,
            RunError: _answer_error,
            RecursionError: _answer_too_deep,
            HTTPException: _answer_http_error,
        }
        middleware = [Middleware(SealedHeaders), Middleware(_Begins, office=self._office)]
        return Starlette(routes=routes, middleware=middleware, exception_handlers=handlers, lifespan=self._live)

    @asynccontextmanager
    async def _live(self, app: Starlette) -> AsyncIterator[None]:
        self._office.begin()
        try:
            yield
        finally:
            await self._office.end()

    async def _send_page(self, request: Request) -> Response:
        page = self._files["page.html"].replace(b"{version}", self.version.encode())
        return Response(page, media_type=TYPES[".html"], headers={"Cache-Control": "no-cache"})

    @property
    def version(self) -> str:
        """Return what changes when a file of the page does."""
        return hashlib.sha256(b"".join(self._files[name] for name in sorted(self._files))).hexdigest()[:12]

    async def _send_file(self, request: Request) -> Response:
        name = request.path_params["name"]
        if name not in self._files:
            raise TurnedAway(404, "There is no such file.")
        return Response(self._files[name], media_type=TYPES[Path(name).suffix], headers={"Cache-Control": "public, max-age=86400"})

    async def _describe(self, request: Request) -> Response:
        self._office.door.find_person(request)
        return JSONResponse(describe_api())

    async def _tell_who(self, request: Request) -> Response:
        person = self._office.door.find_person(request)
        return JSONResponse(
            {
                "name": person.name,
                "roles": sorted(person.roles),
                "only": person.only,
                "token": self._office.door.sign_in.change_token(person),
                "people": sorted(self._office.door.sign_in.people) if not person.only else [],
                "app": self._office.app.name,
                "place": self._office.engine.database.place if person.sees_all else "",
                "number": self._office.feed.number,
                "read_only": self._office.read_only,
                "has_session": self._office.door.cookie in request.cookies,
                "signing": self._find_signing(person),
            }
        )

    def _find_signing(self, person: Person) -> dict[str, str] | None:
        """Return the public key with which this person signs decisions, as text; None where decisions are not signed."""
        approvers = self._office.engine.approvers
        if approvers is None or person.name not in approvers.keys:
            return None
        return {"key": format_public_key(approvers.keys[person.name])}

    async def _sign_in(self, request: Request) -> Response:
        check_same_origin(request.headers)
        token = read_text_field(await read_json(request), "token", most=2000)
        person = self._office.door.sign_in.read_link_token(token)
        if person is None:
            raise TurnedAway(403, "This link signs nobody in. Open the link that was printed when the server was started last.")
        response = JSONResponse({"name": person.name})
        self.set_cookie(request, response, person)
        return response

    async def _open_link(self, request: Request) -> Response:
        check_same_origin(request.headers)
        person = await open_link(self._office, read_text_field(await read_json(request), "token", most=2000))
        response = JSONResponse({"name": person.name, "digest": person.only})
        self.set_cookie(request, response, person)
        return response

    def set_cookie(self, request: Request, response: Response, person: Person) -> None:
        """Sign a person in with the response."""
        response.set_cookie(
            self._office.door.cookie,
            self._office.door.sign_in.make_cookie(person),
            max_age=30 * 24 * 3600,
            path=request.scope.get("root_path") or "/",
            httponly=True,
            samesite="strict",
            secure=request.url.scheme == "https" or request.headers.get("origin", "").startswith("https://"),  # a proxy has HTTPS
        )

    async def _sign_out(self, request: Request) -> Response:
        self._office.door.check_change(request)
        await self._office.sign_out(request.cookies.get(self._office.door.cookie, ""))
        response = JSONResponse({})
        response.delete_cookie(self._office.door.cookie, path=request.scope.get("root_path") or "/")
        return response

    async def _watch(self, request: Request) -> Response:
        person = self._office.door.find_person(request)
        since = read_since((request.headers.get("last-event-id"), request.query_params.get("since")))
        return stream(self._office.feed.watch(person, since, self._office.door.find_end(request)))


def _answer_error(request: Request, error: Exception) -> Response:
    """Answer an error of Sayso's own with its sentence; the database may be away."""
    status = 503 if isinstance(error, RunError) else 400
    return JSONResponse({"error": str(error)}, status)


def _answer_too_deep(request: Request, error: Exception) -> Response:
    return JSONResponse({"error": "That is nested too deeply. Nothing was changed."}, 400)


def _answer_http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return JSONResponse({"error": f"There is nothing here: {error.detail}."}, error.status_code, headers=error.headers)


class _Begins:
    """Begins the work of a site with its first request: an application that mounts the page does not pass its start on."""

    def __init__(self, app: Any, office: BackOffice) -> None:
        self._app, self._office = app, office

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            self._office.begin()
            await self._office.learn_ended()
        await self._app(scope, receive, send)
