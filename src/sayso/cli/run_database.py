"""Finding and opening the database of runs that a command means, and the run in it."""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from sayso.cli.options import DATABASE_VARIABLE, DEFAULT_DATABASE
from sayso.tools.errors import RunError, UsageError

if TYPE_CHECKING:
    from sayso.workflows import App
    from sayso.workflows.durable.engine import DurableEngine
    from sayso.workflows.durable.records import RunRow

_PASSWORD = re.compile(r"(?<=://)([^/@]*?):[^/]*@|([?&]password=)[^&]*")


def find_database_url(option: str | None) -> str:
    """Return the URL of the database: the option, else the environment's, else the default file. Raises UsageError if there is none."""
    url = option or os.environ.get(DATABASE_VARIABLE)
    if url is None:
        if not Path(DEFAULT_DATABASE).exists():
            raise UsageError(
                f"No database of runs was named. Give --database sqlite:///runs.db (or postgresql://...), or set {DATABASE_VARIABLE}."
            )
        return f"sqlite:///{DEFAULT_DATABASE}"
    if not url.startswith(("sqlite:", "postgresql:", "postgres:")):
        meant = f" For the file {url}: sqlite:///{url}" if "://" not in url else ""
        raise UsageError(f"{url!r} is not a database URL. Write sqlite:///runs.db, or postgresql://user@host/name.{meant}")
    return url


def is_database_named(database: str | None, run_id: str | None) -> bool:
    """Return whether a run is to be stored. Raises UsageError for a run id without a database."""
    if database is not None or os.environ.get(DATABASE_VARIABLE):
        return True
    if run_id is not None:
        raise UsageError(f"--run-id names a run that is stored. Say where, with --database sqlite:///runs.db (or set {DATABASE_VARIABLE}).")
    return False


@asynccontextmanager
async def open_engine(option: str | None, app: App | None = None, *, create: bool = False) -> AsyncIterator[DurableEngine]:
    """Open the engine on the database that is meant, and close it afterwards. A missing file is created only with `create`.

    Raises UsageError for a wrong URL or file, and RunError for a database that cannot be used now.
    """
    from sayso.workflows import engine  # late, for load time

    url = check_url(find_database_url(option), create)
    try:
        durable = engine(url, app=app)
    except UsageError as error:  # the URL was checked: it is the database that is locked, full, not reachable, or newer
        raise RunError(str(error)) from None
    try:
        yield durable
    finally:
        durable.close()


def check_url(url: str, create: bool) -> str:
    """Return the URL if its file can be used. The file must exist unless it may be created. Changes nothing."""
    if url.startswith("sqlite:"):
        from sayso.workflows.durable.database import find_path  # late, for load time

        path = Path(find_path(url))
        if path.is_dir():
            raise UsageError(f"{path} is a folder. Name a file in it: --database sqlite:///{path}/runs.db")
        if not path.exists() and not create:
            raise UsageError(f"There is no run file {path}. It is created by the program that starts a run with this database.")
        if not path.parent.is_dir():
            raise UsageError(f"The run file cannot be created: there is no folder {path.parent}.")
        if path.exists():
            _check_file(path)
    return url


def _check_file(path: Path) -> None:
    """Refuse a file that is not a run file. It is opened read-only: a file of another program stays as it is."""
    from sayso.workflows.durable.database import explain_error  # late, for load time

    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=10)) as file:
            tables = {name for (name,) in file.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    except sqlite3.Error as error:
        raise RunError(f"The run file {path} cannot be read: {explain_error(error)}") from None
    if tables and "sayso_about" not in tables:
        raise UsageError(f"{path} is an SQLite file that holds no runs of Sayso. Name another file; this one was not changed.")


async def find_run(engine: DurableEngine, run_id: str) -> RunRow:
    """Return the run of that id or of that child's id, or the latest turn of the conversation of that name.

    Raises UsageError, with the runs that begin like it, if there is none.
    """
    root = run_id.partition("/")[0]
    with suppress(UsageError):
        return await engine.run(root)  # however many runs have changed since
    if turns := await engine.find_numbered(root):
        return turns[-1]
    rows = await engine.runs()
    if alike := [row.id for row in rows if root and row.id.startswith(root)]:
        more = f" and {len(alike) - 8} more" if len(alike) > 8 else ""
        raise UsageError(f"There is no run {root!r}. Runs that begin like it: {', '.join(alike[:8])}{more}. Write the whole id.")
    return await engine.run(root)


def database_option(option: str | None) -> str:
    """Return what to add to a command so that it means the same database: " --database URL", without a password."""
    from sayso.workflows.durable.database import normalise_url  # late, for load time

    return f" --database {_hide_password(normalise_url(option))}" if option is not None else ""


def _hide_password(url: str) -> str:
    return _PASSWORD.sub(lambda match: f"{match[1]}:PASSWORD@" if match[1] is not None else f"{match[2]}PASSWORD", url)


def app_option(row: RunRow, app: str | None = None) -> str:
    """Return what to add to a command that resumes a run so that it finds the run's code: " --app MODULE:app"."""
    return "" if row.app == "sayso" else f" --app {app or 'MODULE:app'}"
