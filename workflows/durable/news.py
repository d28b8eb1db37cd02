"""Hand to the runs that are executed here what others send to them: one look at the database serves all runs of a program.

On Postgres a program that executes runs also listens (LISTEN), and is told at once that something was sent or queued. Nothing relies on
it: a pooler may swallow it, so a look is taken from time to time all the same.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
import select
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Protocol
from weakref import WeakKeyDictionary

from sayso.tools.errors import UsageError

from . import records
from .database import Connection, Database, DatabaseLost, Session
from .lease import Lease
from .records import InboxRow

log: logging.Logger = logging.getLogger(__name__)
POLL_SECONDS = 0.2
CHANNEL = "sayso_news"
LISTEN_AGAIN_SECONDS = 5.0
"""How soon a listener that has lost its connection tries again."""


class Receiver(Protocol):
    """The execution of a claimed run, as it is told what was sent to it."""

    @property
    def claim(self) -> tuple[str, int]:
        """Return the run's id and the attempt that claimed it."""
        ...

    def count_received(self) -> int:
        """Return of how many values the execution knows."""
        ...

    def receive_news(self, rows: list[InboxRow]) -> None:
        """Receive what is in the inbox of the run."""
        ...

    def end_lost(self) -> None:
        """End what waits here for a run that somebody else has by now."""
        ...


class News:
    """What is sent to the runs of this program. Each event loop that executes some has one task that looks for it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._receivers: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[tuple[str, int], Receiver]] = WeakKeyDictionary()
        self._looking: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Task[None]] = WeakKeyDictionary()

    def watch(self, receiver: Receiver, lease: Lease) -> None:
        """Hand news to an execution of this event loop, until `leave`."""
        loop = asyncio.get_running_loop()
        receivers = self._receivers.setdefault(loop, {})
        receivers[receiver.claim] = receiver
        if len(receivers) == 1:  # in a context of its own: it is no part of the run that is the first
            self._looking[loop] = loop.create_task(self._look(receivers, lease), context=contextvars.Context())

    def leave(self, receiver: Receiver) -> None:
        """Hand no more news to an execution."""
        loop = asyncio.get_running_loop()
        receivers = self._receivers[loop]
        receivers.pop(receiver.claim, None)
        if not receivers and (looking := self._looking.pop(loop, None)) is not None:
            looking.cancel()

    async def _look(self, receivers: dict[tuple[str, int], Receiver], lease: Lease) -> None:
        while True:
            await asyncio.sleep(POLL_SECONDS)
            for claim in lease.lost & receivers.keys():
                receivers[claim].end_lost()
            with suppress(DatabaseLost, UsageError):  # it may be back the next time; until then nobody can send anything
                await self._find_news(receivers, lease.owner)

    async def _find_news(self, receivers: dict[tuple[str, int], Receiver], owner: str) -> None:
        here = {receiver.claim[0]: receiver for receiver in receivers.values()}
        known = {run_id: receiver.count_received() for run_id, receiver in here.items()}

        def find(session: Session) -> dict[str, list[InboxRow]]:
            sent = records.count_sent(session, owner)
            return {root: records.inbox_rows(session, root) for root, count in sent.items() if count > known.get(root, count)}

        for root, rows in (await self._database.do(find)).items():
            if here[root].claim not in receivers:  # it has ended meanwhile
                continue
            try:
                here[root].receive_news(rows)
            except Exception as error:  # noqa: BLE001  what cannot be read keeps nothing from the other runs
                log.warning("What was sent to run %s cannot be read: %s", root, error)


class Listener:
    """Listens on Postgres in a thread of its own, and calls `hear` for each piece of news; after `end` no more."""

    def __init__(self, url: str, hear: Callable[[], None]) -> None:
        self._connection, self._hear = Connection(url), hear
        self._ending, self._ended = socket.socketpair()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="sayso-listener", daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Stop listening."""
        self._over.set()
        self._ending.close()
        self._thread.join()

    def _listen(self) -> None:
        while not self._over.is_set():
            try:
                raw = self._connection.open()
                raw.execute(f"LISTEN {CHANNEL}")
                self._hear()  # what was sent until now was not heard
                while not self._over.is_set():
                    ready, _, _ = select.select([raw.pgconn.socket, self._ended], [], [])
                    if raw.pgconn.socket in ready:
                        raw.pgconn.consume_input()
                        if _take_all(raw):
                            self._hear()
            except Exception as error:  # noqa: BLE001  whatever it was: what it does not hear is found by looking
                log.debug("News are not heard, and are looked for: %s", self._connection.translate(error))
                self._connection.close()
                self._over.wait(LISTEN_AGAIN_SECONDS)
        self._connection.close()
        self._ended.close()


def _take_all(raw: Any) -> bool:
    heard = False
    while raw.pgconn.notifies() is not None:
        heard = True
    return heard
