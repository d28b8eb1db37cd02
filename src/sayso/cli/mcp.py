"""`sayso mcp`: serve an app over MCP, and decide which MCP servers are trusted."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

from sayso.cli.load_object import load_app
from sayso.cli.long_process import settle_garbage_collector
from sayso.cli.options import DatabaseUrl, Exit, read_whole
from sayso.cli.run_database import check_url, find_database_url
from sayso.tools.approval.cards import show_value
from sayso.tools.errors import RunError, UsageError
from sayso.tools.installing import build_install_command

if TYPE_CHECKING:
    from sayso.mcp_server.callers import Callers
    from sayso.mcp_server.serving import AppServer
    from sayso.tools.documents import Documents
    from sayso.workflows import App

Http = Annotated[bool, Parameter(negative="", help="Serve over streamable HTTP, not over standard input and output.")]
Port = Annotated[
    int, Parameter(converter=read_whole, validator=Number(gte=0, lte=65535), help="With --http: the port; 0 takes a free one.")
]
DocumentsIn = Annotated[Path | None, Parameter(help="A folder of documents, or one file, for clients to read and search.")]
IndexFile = Annotated[Path | None, Parameter(help="With --documents: a file that keeps the passages, so that only changed files are read.")]
Reports = Annotated[Path | None, Parameter(help="A folder of reports (.md, .json, .html, .csv) that clients may read.")]
User = Annotated[
    list[str] | None,
    Parameter(negative="", help="With --http: a person who may call, with roles: --user ada:approver. May be given more than once."),
]
TrustHeader = Annotated[str | None, Parameter(help="With --http: the header in which a reverse proxy names who is signed in.")]
TrustFrom = Annotated[
    list[str] | None, Parameter(negative="", help="The address of that proxy, such as 10.0.0.7. May be given more than once.")
]
StartsIn = Annotated[Path | None, Parameter(help="With show, trust and untrust: the folder in which the server's command starts.")]
MayRead = Annotated[list[Path] | None, Parameter(negative="", help="With show and trust: a file or folder that it may read; repeatable.")]
MayWrite = Annotated[list[Path] | None, Parameter(negative="", help="With show and trust: a file or folder that it may write; repeatable.")]
Wait = Annotated[float, Parameter(validator=Number(gte=0), help="How many seconds a call waits for a decision made elsewhere.")]


def mcp(
    app: Annotated[
        str | None, Parameter(help="The app: module:app, or path/to/file.py:app. Default: Sayso's own. Or: show, trust or untrust.")
    ] = None,
    server: Annotated[
        str | None, Parameter(help='With show, trust and untrust: the server, "uvx some-server", https://host/mcp, or an mcp.json.')
    ] = None,
    *,
    yes: Annotated[bool, Parameter(negative="", help="With trust: do not ask.")] = False,
    cwd: StartsIn = None,
    read: MayRead = None,
    write: MayWrite = None,
    http: Http = False,
    host: Annotated[str, Parameter(help="With --http: the address to listen on.")] = "127.0.0.1",
    port: Port = 8765,
    user: User = None,
    trust_header: TrustHeader = None,
    trust_from: TrustFrom = None,
    documents: DocumentsIn = None,
    index: IndexFile = None,
    reports: Reports = None,
    wait: Wait = 45.0,
    database: DatabaseUrl = None,
) -> int:
    """Serve an app's tools, agents and workflows to other programs over MCP.

    A call that changes something answers with its card and waits: for the client's person, or for whoever decides with `sayso approve`.
    `sayso mcp trust SERVER` pins what a server lists now: tools that it says only read are then not asked about, until one changes.
    """
    try:
        import mcp as package  # late: it is an extra
    except ImportError:
        raise UsageError(f"MCP needs an extra: {build_install_command('mcp')}") from None
    del package
    if app in ("show", "trust", "untrust"):
        from sayso.cli.mcp_pins import decide_on_server  # late, for load time

        return decide_on_server(app, server, yes=yes, cwd=cwd, read=read or (), write=write or ())
    if cwd or read or write:
        raise UsageError("--cwd, --read and --write say how a server starts: use them with show, trust or untrust.")
    if server is not None:
        raise UsageError(f"{app!r} takes no second argument. Write: sayso mcp trust {server!r}")
    if index is not None and documents is None:
        raise UsageError("--index is about documents: give --documents FOLDER as well.")
    if reports is not None and not reports.is_dir():
        raise UsageError(f"There is no folder {reports} of reports.")
    if (user or trust_header or trust_from) and not http:
        raise UsageError("--user, --trust-header and --trust-from say who calls over HTTP: add --http.")
    shown = None if documents is None else _read_documents(documents, index)
    served = _make_server(load_app(app), check_url(find_database_url(database), create=True), wait, shown, reports)
    callers = _read_callers(user or (), trust_header, trust_from or ()) if http else None
    settle_garbage_collector()
    with asyncio.Runner() as runner:
        runner.run(_serve_stdio(served) if callers is None else _serve(served, host, port, callers))
    return Exit.OK


def _make_server(app: App, url: str, wait_seconds: float, documents: Documents | None, reports: Path | None) -> AppServer:
    from sayso.mcp_server.resources import Resources  # late, for load time
    from sayso.mcp_server.serving import AppServer

    try:
        served = AppServer(app, url, wait_seconds=wait_seconds, resources=Resources(documents, reports))
    except UsageError:
        raise
    except OSError as error:
        raise RunError(f"The server cannot begin: {error}") from None
    _tell(f"Serving {', '.join(served.flows)} of the app {show_value(app.name)}; runs are kept in {served.engine.database.place}.")
    return served


def _read_callers(people: Sequence[str], header: str | None, addresses: Sequence[str]) -> Callers:
    from sayso.cli.serve import read_trusted  # late, for load time
    from sayso.mcp_server.http import read_callers
    from sayso.web.people import read_people

    return read_callers(read_people(people), read_trusted(header, addresses))


def _read_documents(folder: Path, index: Path | None) -> Documents:
    from sayso.tools.documents import Documents  # late, for load time

    return Documents.of_folder(folder, index=index or ":memory:", on_progress=_tell)


def _tell(line: str) -> None:
    """Print on standard error: standard output is the protocol's."""
    print(line, file=sys.stderr, flush=True)


async def _serve_stdio(served: AppServer) -> None:
    from mcp.server.stdio import stdio_server  # late, for load time

    for number in (signal.SIGTERM, signal.SIGINT):
        # A thread waits for standard input, and cannot be woken: what was under way is given back by whoever finds this process dead.
        signal.signal(number, lambda caught, frame: os._exit(128 + caught))
    async with served.working(), stdio_server() as (reading, writing):
        await served.server.run(reading, writing, served.server.create_initialization_options())


async def _serve(served: AppServer, host: str, port: int, callers: Callers) -> None:
    from sayso.mcp_server.http import TOKEN_VARIABLE, serve_http  # late, for load time

    shown = f"[{host}]" if ":" in host else host

    def tell_start(real: int) -> None:
        _tell(f"Listening on http://{shown}:{real}/mcp")
        if callers.sign_in is None:
            return
        for name in callers.sign_in.people:
            _tell(f"  {name} sends: Authorization: Bearer {callers.sign_in.link_token(name)}")
        if callers.sign_in.people and TOKEN_VARIABLE not in os.environ:
            _tell(f"These tokens end with this server. Set {TOKEN_VARIABLE} to a secret of your own to keep them.")

    async with served.working():
        await serve_http(served, host, port, tell_start, callers)
