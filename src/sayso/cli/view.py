"""`sayso view`: the page over a file, to be read only."""

from __future__ import annotations

import secrets
import tempfile
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

from sayso.cli.options import Exit, read_whole
from sayso.cli.serve import listen, make_cookie_name, serve_page
from sayso.console import find_user_name


def view(
    source: Annotated[str, Parameter(help="A database of runs (runs.db, or postgresql://...), or the output of `sayso export` in a file.")],
    *,
    port: Annotated[int, Parameter(converter=read_whole, validator=Number(gte=0, lte=65535))] = 0,
) -> int:
    """Show the runs of a database or a file on a read-only page, offline, for audits.

    A copy is shown, as it is when you begin, and what you name stays as it is. The page is for this machine alone.

    Parameters
    ----------
    port
        The port to listen on; 0 for any that is free.
    """
    from sayso.web.back_office import BackOffice  # it says what to install where something is missing
    from sayso.web.people import ALL_RUNS, Person, SignIn  # late, for load time
    from sayso.web.site import make_site  # late, for load time
    from sayso.web.viewing import copy_server, copy_to_view  # late, for load time
    from sayso.workflows import App  # late, for load time
    from sayso.workflows.durable.database import find_server  # late, for load time

    is_server = source.startswith(("postgresql:", "postgres:"))
    with tempfile.TemporaryDirectory(prefix="sayso-view-") as folder:
        if is_server:
            url, document, place = copy_server(source, Path(folder)), None, find_server(source)
        else:
            place = source.removeprefix("sqlite:///")
            url, document = copy_to_view(Path(place), Path(folder))
        listening = listen("127.0.0.1", port)
        bound = listening.getsockname()[1]
        sign_in = SignIn((Person(find_user_name(), frozenset({ALL_RUNS})),), secrets.token_urlsafe(32))
        office = BackOffice(App(), url, sign_in, works=False, read_only=True, cookie=make_cookie_name(url, bound), export=document)
        (name,) = sign_in.people
        print(f"Sayso shows {place}, read-only, at http://127.0.0.1:{bound}/#token={sign_in.link_token(name)}", flush=True)
        serve_page(make_site(office), listening)
    return Exit.OK
