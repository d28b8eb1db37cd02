"""`sayso worker` and `sayso start`: carrying the runs of an app, and handing them in."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import signal
import sys
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from sayso.cli.load_app import app_named
from sayso.cli.main import Exit
from sayso.cli.run_database import DatabaseUrl, and_where, checked, database_url, opened
from sayso.tools.approval.cards import show_value
from sayso.tools.errors import RunError, UsageError

if TYPE_CHECKING:
    from sayso.workflows import App, Worker, Workflow

AppName = Annotated[str, Parameter(help="The code: module:app.")]


def worker(
    app: Annotated[str | None, Parameter(help="The code: module:app. Default: Sayso's own.")] = None, *, database: DatabaseUrl = None
) -> int:
    """Carry the runs of an app until SIGTERM or Ctrl-C: then what is under way goes back to the others."""
    code = app_named(app)
    url = checked(database_url(database), made=True)
    return asyncio.run(_worked(code, url))


async def _worked(app: App, url: str) -> int:
    from sayso.workflows import Worker

    try:
        working = Worker(app, url)
    except UsageError as error:  # the URL is one: it is the database that is locked, full, away, or newer
        raise RunError(str(error)) from None
    name = working.engine.store.register()
    print(
        f"Worker {name} carries the runs of {show_value(app.name)} ({', '.join(app.names)}) in {working.engine.database.place}.", flush=True
    )
    _stop_on_signals(working)
    await working.work()
    print(f"Worker {name} has stopped.", flush=True)
    return Exit.OK


def _stop_on_signals(working: Worker) -> None:
    """The first signal stops when what is under way has been put back; the second one stops at once."""
    loop = asyncio.get_running_loop()

    def stop(number: signal.Signals) -> None:
        print("Stopping when what is under way has been put back; once more stops at once.", file=sys.stderr, flush=True)
        working.stop()
        for each in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(each)
            signal.signal(each, lambda *_: os._exit(128 + number))

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop, number)


def start(
    app: AppName,
    flow: str,
    value: str,
    *,
    run_id: str | None = None,
    database: DatabaseUrl = None,
) -> int:
    """Hand a run to the workers of an app, and print its id. The same --run-id again does nothing.

    Parameters
    ----------
    flow
        The flow's name in the app.
    value
        What it is to work on: text, or JSON where the flow takes something else.
    run_id
        The run's id; a new one if it is left out.
    """
    if run_id is not None and (not run_id or "/" in run_id):
        raise UsageError(f"{run_id!r} is no run id: a slash separates a run from its children.")
    code = app_named(app)
    name = run_id or f"{flow}-{secrets.token_hex(4)}"
    given = value_for(code.flow(flow), value)

    async def started() -> int:
        async with opened(database, code, made=True) as engine:
            await engine.submit(flow, given, run_id=name)
            row = await engine.run(name)
            if row.flow != flow:
                raise UsageError(f"There is a run {name} of the flow {row.flow!r} already. Give another --run-id.")
            print(name, flush=True)
            print(f"It is {row.state}. See it with: sayso show {name} --follow{and_where(database)}", file=sys.stderr)
        return Exit.OK

    return asyncio.run(started())


def value_for(flow: Workflow[Any, Any], text: str) -> Any:
    """What was typed, as the flow takes it: its first step's type, where that is said. UsageError for what does not fit."""
    takes = flow.input_type
    if takes is str or flow.kind == "agent":
        return text
    if takes is None:  # it does not say: what is plainly JSON is JSON
        return _as_json(text) if text.lstrip()[:1] in ("{", "[") else text
    from pydantic import TypeAdapter, ValidationError

    try:
        return TypeAdapter(takes).validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        raise UsageError(
            f"{flow.name} takes {getattr(takes, '__name__', takes)}, and {show_value(text)[:80]} is none: {first['msg']}."
        ) from None


def _as_json(text: str) -> Any:
    """The text as JSON, or as itself."""
    try:
        return json.loads(text)
    except ValueError:
        return text
