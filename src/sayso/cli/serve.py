"""`sayso serve`: the page of an app: its inbox of approvals, chat, runs."""

from __future__ import annotations

import hashlib
import logging
import os
import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from ipaddress import ip_address
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

from sayso.cli.load_object import load_app
from sayso.cli.options import DATABASE_VARIABLE, DEFAULT_DATABASE, DatabaseUrl, Exit, read_whole
from sayso.cli.run_database import check_url, find_database_url
from sayso.tools.errors import RunError, UsageError

if TYPE_CHECKING:
    from starlette.applications import Starlette

    from sayso.web.back_office import BackOffice
    from sayso.web.people import SignIn, TrustedHeader
    from sayso.workflows import App

TOKEN_VARIABLE = "SAYSO_PAGE_TOKEN"
SHUTDOWN_SECONDS = 5


def serve(
    app: Annotated[str | None, Parameter(help="The app: module:app, or path/to/file.py:app. Default: Sayso's own.")] = None,
    *,
    database: DatabaseUrl = None,
    host: str = "127.0.0.1",
    port: Annotated[int, Parameter(converter=read_whole, validator=Number(gte=0, lte=65535))] = 8765,
    user: Annotated[list[str] | None, Parameter(negative="")] = None,
    trust_header: str | None = None,
    trust_from: Annotated[list[str] | None, Parameter(negative="")] = None,
    notify: Annotated[list[str] | None, Parameter(negative="")] = None,
    notify_allow: Annotated[list[str] | None, Parameter(negative="")] = None,
    page_url: str | None = None,
    work: bool = True,
) -> int:
    """Serve a page where people approve requests, chat with agents and look at runs.

    It prints a sign-in link for each person. It also executes the runs of the app, unless you pass --no-work.

    Parameters
    ----------
    host
        The address to listen on; 0.0.0.0 for all of this machine.
    port
        The port to listen on; 0 for any that is free.
    user
        A person who may sign in, with roles: --user ada:approver --user bob. May be given more than once. An approver sees the runs of
        everybody. Default: you, as an approver.
    trust_header
        The header in which a reverse proxy names the signed-in person, such as X-Forwarded-User.
    trust_from
        An address whose header to trust, such as 10.0.0.7. May be given more than once.
    notify
        A webhook, of Slack's form too, to notify of each request: --notify https://hooks.example/x, or --notify ada=https://...
        with a link that signs ada in for that request, once. May be given more than once.
    notify_allow
        A HOST:PORT to allow for webhooks although it is not public. May be given more than once.
    page_url
        The address of this page as others reach it, for links in messages. Default: the address it listens on.
    work
        Execute runs here. With --no-work, leave them to `sayso worker`.
    """
    loaded = load_app(app)
    url = check_url(find_database_url(database or os.environ.get(DATABASE_VARIABLE) or f"sqlite:///{DEFAULT_DATABASE}"), create=True)
    from sayso.cli.long_process import settle_garbage_collector  # late, for load time
    from sayso.web.site import make_site  # it says what to install where something is missing

    sign_in, trusted = _read_people(user or ()), read_trusted(trust_header, trust_from or ())
    with closing(listen(host, port)) as listening:
        bound = listening.getsockname()[1]
        with _open_office(loaded, url, sign_in, trusted, work, bound) as office:
            if notify:
                _notify(office, notify, notify_allow or (), page_url or f"http://{host}:{bound}")
            site = make_site(office)
            settle_garbage_collector()
            _print_links(sign_in, host, bound, office.engine.database.place)
            return serve_page(site, listening)


def _read_people(texts: Sequence[str]) -> SignIn:
    from sayso.console import find_user_name  # late, for load time
    from sayso.web.people import ALL_RUNS, Person, SignIn, read_people  # late, for load time

    people = read_people(texts) or (Person(find_user_name(), frozenset({ALL_RUNS})),)
    return SignIn(people, os.environ.get(TOKEN_VARIABLE))


def read_trusted(header: str | None, addresses: Sequence[str]) -> TrustedHeader | None:
    """Return the header that a proxy at these addresses sends, None for none. Raises UsageError for one without the other."""
    from sayso.web.people import TrustedHeader  # late, for load time

    if (header is None) != (not addresses):
        raise UsageError("--trust-header and --trust-from belong together: a header means something only from an address that is named.")
    return TrustedHeader(header, frozenset(map(_read_address, addresses))) if header is not None else None


def _read_address(text: str) -> str:
    """Return an address as the system writes it. Raises UsageError for a name or a network, which no visitor ever comes from."""
    try:
        return str(ip_address(text))
    except ValueError:
        raise UsageError(f"--trust-from {text!r} is not an address, such as 10.0.0.7. Name each address of the proxy.") from None


@contextmanager
def _open_office(app: App, url: str, sign_in: SignIn, trusted: TrustedHeader | None, works: bool, port: int) -> Iterator[BackOffice]:
    from sayso.web.back_office import BackOffice  # late, for load time

    try:
        office = BackOffice(app, url, sign_in, trusted, works=works, cookie=make_cookie_name(url, port))
    except UsageError as error:  # the URL was checked: it is the database that is locked, full, not reachable, or newer
        raise RunError(str(error)) from None
    try:
        yield office
    finally:
        office.engine.close()


def _notify(office: BackOffice, texts: Sequence[str], allowed: Sequence[str], page_url: str) -> None:
    from sayso.tools.web import Web  # late, for load time
    from sayso.web.notices import Notifier, read_notices  # late, for load time

    Notifier(office, read_notices(texts), page_url, Web(allow=tuple(_read_host(each) for each in allowed)))


def _read_host(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal():
        raise UsageError(f"--notify-allow {text!r} is not a HOST:PORT, such as 127.0.0.1:9000.")
    return host, int(port)


def make_cookie_name(url: str, port: int) -> str:
    """Return a name for the cookie of a page: those of all ports of a host come together."""
    return f"sayso_{hashlib.sha256(f'{url}:{port}'.encode()).hexdigest()[:12]}"


def listen(host: str, port: int) -> socket.socket:
    """Return the socket to listen on. Raises RunError where the port is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(2048)
    except OSError as error:
        listening.close()
        raise RunError(
            f"The page cannot be served at {host}:{port}: {error.strerror or error}. Give another port, or --port 0 for any that is free."
        ) from None
    return listening


def _print_links(sign_in: SignIn, host: str, port: int, place: str) -> None:
    shown = {"0.0.0.0": socket.gethostname(), "::": socket.gethostname()}.get(host, f"[{host}]" if ":" in host else host)
    print(f"Sayso serves {place} at http://{shown}:{port}/", flush=True)
    for name in sign_in.people:
        print(f"  {name} signs in with: http://{shown}:{port}/#token={sign_in.link_token(name)}", flush=True)
    if os.environ.get(TOKEN_VARIABLE) is None:
        print(f"These links end with this server. Set {TOKEN_VARIABLE} to a secret of your own to keep them.", file=sys.stderr, flush=True)
    if host not in ("127.0.0.1", "localhost", "::1"):
        warning = "Others on the network can reach this page, and without HTTPS can listen in. Put a proxy with HTTPS before it."
        print(warning, file=sys.stderr, flush=True)


def serve_page(page: Starlette, listening: socket.socket) -> int:
    """Serve a page until it is stopped."""
    import uvicorn  # late, for load time

    config = uvicorn.Config(
        page,
        log_level="warning",
        access_log=False,
        proxy_headers=False,  # who asks is who is connected: no header says otherwise
        server_header=False,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
    )
    # A stream that the end of the server cuts off is no error.
    logging.getLogger("uvicorn.error").addFilter(lambda record: "without completing response" not in record.getMessage())
    uvicorn.Server(config).run(sockets=[listening])
    return Exit.OK
