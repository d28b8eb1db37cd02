"""Which database of runs a command means, and opening it: what cannot be used is one sentence."""

from __future__ import annotations

import os
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
        if made:
            _has_folder(url)
        else:
            _look_at(url)
    return url


def _look_at(url: str) -> None:
    """Look into a file without changing it: one that holds no runs is left as it is."""
    from sayso.workflows.durable.database import path_of

    path = Path(path_of(url))
    if not path.exists():
        raise UsageError(f"There is no run file {path}. Runs are kept there by the program that is started with that database.")
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=10)) as file:
            tables = {name for (name,) in file.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    except sqlite3.Error as error:
        raise RunError(f"The run file {path} cannot be read: {error}.") from None
    if tables and "sayso_about" not in tables:
        raise UsageError(f"{path} is an SQLite file, but it holds no runs of Sayso.")


def _has_folder(url: str) -> None:
    from sayso.workflows.durable.database import path_of

    folder = Path(path_of(url)).parent
    if not folder.is_dir():
        raise UsageError(f"The run file cannot be made: there is no folder {folder}.")


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
    return await engine.run(root)


def and_where(given: str | None) -> str:
    """What to add to a command so that it means the same database."""
    from sayso.workflows.durable.database import absolute

    return f" --database {absolute(given)}" if given is not None else ""
