"""`sayso worker`: execute the runs of an app until stopped."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from sayso.cli.load_object import load_app
from sayso.cli.long_process import settle_garbage_collector
from sayso.cli.options import DatabaseUrl, Exit
from sayso.cli.run_database import check_url, find_database_url
from sayso.tools.approval.cards import show_value
from sayso.tools.errors import RunError, UsageError

if TYPE_CHECKING:
    from sayso.workflows import App, TemporalWorker, Worker


def worker(
    app: Annotated[str | None, Parameter(help="The app: module:app, or path/to/file.py:app. Default: Sayso's own.")] = None,
    *,
    database: DatabaseUrl = None,
) -> int:
    """Execute the runs of an app until stopped.

    SIGTERM or Ctrl-C stops it: the runs that it executes then go back to the other workers.
    """
    loaded = load_app(app)
    url = check_url(find_database_url(database), create=True)
    return asyncio.run(_work(loaded, url))


async def _work(app: App, url: str) -> int:
    try:
        running = _make_worker(app, url)
        name = running.engine.store.register()
    except UsageError as error:  # the URL was checked: it is the database that is locked, full, not reachable, or newer
        raise RunError(str(error)) from None
    _stop_on_signals(running)  # before the line below, which tells a supervisor that signals are handled
    settle_garbage_collector()
    flows, place = ", ".join(app.names), running.engine.database.place
    print(f"Worker {name} executes the runs of the app {show_value(app.name)} ({flows}) in {place}.", flush=True)
    await running.work()
    print(f"Worker {name} has stopped.", flush=True)
    return Exit.OK


def _make_worker(app: App, url: str) -> Worker | TemporalWorker:
    if url.startswith("temporal:"):
        from sayso.workflows import TemporalWorker  # late, for load time

        return TemporalWorker(app, url)
    from sayso.workflows import Worker  # late, for load time

    return Worker(app, url)


def _stop_on_signals(running: Worker | TemporalWorker) -> None:
    """Stop on the first signal once the runs are handed back; on the second one at once."""
    loop = asyncio.get_running_loop()

    def stop(number: signal.Signals) -> None:
        print("Stopping once the current runs are handed back. Another signal stops at once.", file=sys.stderr, flush=True)
        running.stop()
        for each in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(each)
            signal.signal(each, lambda *_: os._exit(128 + number))

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop, number)
