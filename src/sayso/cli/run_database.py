"""Which database of runs a command means, and opening it: what cannot be used is one sentence."""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from sayso.tools.errors import RunError, UsageError

if TYPE_CHECKING:
    from sayso.workflows import App
    from sayso.workflows.durable.engine import DurableEngine
    from sayso.workflows.durable.records import RunRow

VARIABLE = "SAYSO_DATABASE"
_PASSWORD = re.compile(r"(?<=://)([^/@]*?):[^/]*@|([?&]password=)[^&]*")
USUAL = "sayso.db"

DatabaseUrl = Annotated[
    str | None,
    Parameter(
        name="--database", help=f"sqlite:///runs.db or postgresql://user@host/name. Default: ${VARIABLE}, else {USUAL} if it is here."
    ),
]
AppPlace = Annotated[
    str | None, Parameter(name="--app", help="The code of the runs, as module:app. Default: Sayso's own research and chat.")
]


def database_url(given: str | None) -> str:
    """The database that is meant. UsageError where none is named and none lies here."""
    url = given or os.environ.get(VARIABLE)
    if url is None:
        if not Path(USUAL).exists():
            raise UsageError(f"Which database of runs? Give --database sqlite:///runs.db (or postgresql://...), or set {VARIABLE}.")
        return f"sqlite:///{USUAL}"
    if not url.startswith(("sqlite:", "postgresql:", "postgres:")):
        meant = f" For the file {url}: sqlite:///{url}" if "://" not in url else ""
        raise UsageError(f"{url!r} is no database URL. Write sqlite:///runs.db, or postgresql://user@host/name.{meant}")
    return url


@asynccontextmanager
async def opened(given: str | None, app: App | None = None, *, made: bool = False) -> AsyncIterator[DurableEngine]:
    """The engine on the database that is meant, closed afterwards; a file that is not there yet is made only if `made`.

    Raises UsageError for a URL or file that is none, and RunError for a database that cannot be used now.
    """
    from sayso.workflows import engine

    url = checked(database_url(given), made)
    try:
        found = engine(url, app=app)
    except UsageError as error:  # the URL is one: it is the database that is locked, full, away, or newer
        raise RunError(str(error)) from None
    try:
        yield found
    finally:
        found.close()


def checked(url: str, made: bool) -> str:
    """The URL, if a file that it names can be used; the file must be there unless it may be `made`. Nothing is changed."""
    if url.startswith("sqlite:"):
        from sayso.workflows.durable.database import path_of

        path = Path(path_of(url))
        if path.is_dir():
            raise UsageError(f"{path} is a folder. Name a file in it: --database sqlite:///{path}/runs.db")
        if not path.exists() and not made:
            raise UsageError(f"There is no run file {path}. Runs are kept there by the program that is started with that database.")
        if not path.parent.is_dir():
            raise UsageError(f"The run file cannot be made: there is no folder {path.parent}.")
        if path.exists():
            _look_at(path)
    return url


def _look_at(path: Path) -> None:
    """Look into a file without changing it: one that holds other things is left as it is."""
    from sayso.workflows.durable.database import sentence_of

    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=10)) as file:
            tables = {name for (name,) in file.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    except sqlite3.Error as error:
        raise RunError(f"The run file {path} cannot be read: {sentence_of(error)}") from None
    if tables and "sayso_about" not in tables:
        raise UsageError(f"{path} is an SQLite file, but it holds no runs of Sayso. Name another one; this one is left as it is.")


async def found(engine: DurableEngine, run_id: str) -> RunRow:
    """The run that is meant: by its id, a child's id, or the name of a conversation, whose latest turn it is. UsageError names others."""
    rows = await engine.runs()
    root = run_id.partition("/")[0]
    exact = [row for row in rows if row.id == root]
    if exact:
        return exact[0]
    turns = [row for row in rows if (number := row.id.removeprefix(f"{root}.")) != row.id and number.isdecimal()]
    if turns:
        return max(turns, key=lambda row: int(row.id.rpartition(".")[2]))
    if alike := [row.id for row in rows if root and row.id.startswith(root)]:
        more = f" and {len(alike) - 8} more" if len(alike) > 8 else ""
        raise UsageError(f"There is no run {root!r}. Runs that begin so: {', '.join(alike[:8])}{more}. Write the whole id.")
    return await engine.run(root)


def and_where(given: str | None) -> str:
    """What to add to a command so that it means the same database; a password is not repeated."""
    from sayso.workflows.durable.database import absolute

    return f" --database {_without_password(absolute(given))}" if given is not None else ""


def _without_password(url: str) -> str:
    return _PASSWORD.sub(lambda found: f"{found[1]}:PASSWORD@" if found[1] is not None else f"{found[2]}PASSWORD", url)


def and_code(row: RunRow, given: str | None = None) -> str:
    """What to add to a command that carries a run on, so that it finds the run's code."""
    return "" if row.app == "sayso" else f" --app {given or 'MODULE:app'}"
