"""What changes in the database, told to every open page. One look serves all of them, however many there are."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from sayso.tools.errors import RunError, UsageError
from sayso.workflows.durable.run_lists import STATES

from .desk import NOTHING_ARRANGED, ApprovalDesk, Arranged
from .request_cards import RequestLine, find_open, may_see, read_lines, to_line

if TYPE_CHECKING:
    from sayso.tools.definition.tool import AnyTool
    from sayso.workflows.durable.database import Session
    from sayso.workflows.durable.engine import DurableEngine

    from .people import Person

log: logging.Logger = logging.getLogger(__name__)
LOOK_SECONDS, SOONEST_SECONDS = 0.5, 0.2
"""How often the database is looked at, and how soon again after somebody here has changed something: what gathers is told together."""
MOST_REMEMBERED = 200
"""How many changes are kept for pages that were away: one that was away for longer reads everything anew."""
PAGE_RELOADS = b"event: reload\ndata: {}\n\n"


@dataclass(frozen=True, slots=True)
class FeedChange:
    """What changed between two looks, ready to be told: a page is told what its person may see; all pages of one person the same bytes."""

    number: int
    lines: Sequence[tuple[RequestLine, Arranged]]
    refusals: Callable[[Person, RequestLine, Arranged], str]
    is_visible: Callable[[Person, RequestLine, Arranged], bool]
    runs_changed: bool
    trouble: str | None
    _told: dict[Person, bytes] = field(default_factory=dict)

    def tell(self, person: Person) -> bytes:
        """Return the change as one event of the stream."""
        told = self._told.get(person)
        if told is None:
            lines = [
                to_line(line, arranged, self.refusals(person, line, arranged))
                for line, arranged in self.lines
                if self.is_visible(person, line, arranged)
            ]
            data = {"lines": lines, "runs": self.runs_changed, "trouble": self.trouble}
            told = self._told[person] = f"id: {self.number}\nevent: change\ndata: {json.dumps(data)}\n\n".encode()
        return told


class LiveFeed:
    """Looks at the database while somebody watches, and hands what changed to all who do.

    It keeps no queue for a page: each has its place in one short list. A page that reads slowly falls behind, is told to read everything
    anew, and costs no memory meanwhile.
    """

    def __init__(
        self,
        engine: DurableEngine,
        desk: ApprovalDesk,
        find_tool: Callable[[RequestLine], AnyTool | None],
        find_refusal: Callable[[Person, RequestLine, Arranged], str],
    ) -> None:
        self._engine, self._desk, self._find_tool, self._find_refusal = engine, desk, find_tool, find_refusal
        self._changes: deque[FeedChange] = deque(maxlen=MOST_REMEMBERED)
        self._number = int(time.time() * 1000)  # so that the numbers of a server before this one are older
        self._next: asyncio.Future[None] | None = None
        self._poked = asyncio.Event()
        self._open: dict[str, RequestLine] = {}
        self._arranged: dict[str, Arranged] = {}
        self._stamp = _Stamp(None, None, None, None)
        self._is_first = True
        self.trouble: str = ""
        self.watchers: int = 0
        self.on_change: list[Callable[[Sequence[RequestLine], Sequence[RequestLine]], None]] = []
        self.on_sign_out: list[Callable[[Sequence[str]], None]] = []

    @property
    def number(self) -> int:
        """Return the number of the last change."""
        return self._number

    def poke(self) -> None:
        """Look soon: somebody here has changed something."""
        self._poked.set()

    async def watch(self, person: Person, since: int | None, is_over: Callable[[], bool] = lambda: False) -> AsyncIterator[bytes]:
        """Yield what changes from now on, or after the change `since`, as events of a stream, until `is_over`."""
        self.watchers += 1
        self.poke()
        try:
            at = self._number if since is None else since
            yield b"retry: 1000\n\n"
            if self.trouble:
                yield _tell_trouble(self._number, self.trouble)
            while not is_over():
                if at < self._number and (at < self._oldest - 1 or at > self._number):
                    at = self._number
                    yield PAGE_RELOADS
                while at < self._number:
                    after = [change for change in self._changes if change.number > at]
                    at = self._number
                    yield b"".join(change.tell(person) for change in after)
                await self._wait()
        finally:
            self.watchers -= 1

    @property
    def _oldest(self) -> int:
        return self._changes[0].number if self._changes else self._number

    async def _wait(self) -> None:
        if self._next is None or self._next.done():
            self._next = asyncio.get_running_loop().create_future()
        await asyncio.shield(self._next)

    async def run(self) -> None:
        """Look again and again, until cancelled. A database that is away is told to all pages, and that it is back."""
        while True:
            try:
                await self._look()
                self._say_trouble("")
            except (RunError, UsageError) as error:
                self._say_trouble(str(error))
            await asyncio.sleep(SOONEST_SECONDS * (1 + self.watchers / 250))  # a thousand pages are told together, once a second
            with suppress(TimeoutError):
                await asyncio.wait_for(self._poked.wait(), LOOK_SECONDS - SOONEST_SECONDS)
            self._poked.clear()

    async def read_open(self, now: float) -> list[RequestLine]:
        """Return the open requests of all runs, the oldest first. Those that were told already are not read again: they do not change."""
        digests = await self._engine.database.do(lambda session: find_open(session, now))
        new = [digest for digest in digests if digest not in self._open]
        read = await self._engine.database.do(lambda session: read_lines(session, new, now)) if new else []
        known = {**self._open, **{line.digest: line for line in read if line.state == "proposed"}}
        return [known[digest] for digest in digests if digest in known]

    async def _look(self) -> None:
        await self._desk.prepare()
        now = self._engine.clock()
        stamp = await self._engine.database.do(lambda session: _read_stamp(session, now))
        if stamp == self._stamp and not self._is_first:
            return  # whatever happens to a request changes one of these
        if stamp.ended != self._stamp.ended:
            ended_sessions = await self._desk.read_ended()
            for take in self.on_sign_out:
                take(ended_sessions)
            self._wake()
        lines = {line.digest: line for line in await self.read_open(now)}
        arranged = (
            await self._desk.read(lines) if stamp.arranged != self._stamp.arranged or lines.keys() != self._open.keys() else self._arranged
        )
        gone = [digest for digest in self._open if digest not in lines]
        ended = await self._engine.database.do(lambda session: read_lines(session, gone, now)) if gone else []
        new = [line for digest, line in lines.items() if digest not in self._open]
        moved = [line for digest, line in lines.items() if digest in self._open and arranged.get(digest) != self._arranged.get(digest)]
        runs_changed = stamp.runs != self._stamp.runs or bool(new or ended)
        self._open, self._arranged, self._stamp = lines, arranged, stamp
        if self._is_first:
            self._is_first = False
        elif new or moved or ended or runs_changed:
            told = [(line, arranged.get(line.digest, NOTHING_ARRANGED)) for line in (*new, *moved, *ended)]
            self.add(told, runs_changed=runs_changed)
        if new or ended:
            for each in self.on_change:
                each(new, ended)

    @property
    def remembered(self) -> int:
        """Return how many changes are kept, for pages that were away."""
        return len(self._changes)

    def add(self, lines: Sequence[tuple[RequestLine, Arranged]], *, runs_changed: bool = False, trouble: str | None = None) -> None:
        """Tell a change to all who watch."""
        self._number += 1
        self._changes.append(FeedChange(self._number, lines, self._find_refusal, self.is_visible, runs_changed, trouble))
        self._wake()

    def _wake(self) -> None:
        if self._next is not None and not self._next.done():
            self._next.set_result(None)

    def _say_trouble(self, trouble: str) -> None:
        if trouble != self.trouble:
            self.trouble = trouble
            if trouble:
                log.warning("%s", trouble)
            self.add((), runs_changed=not trouble, trouble=trouble)

    def is_visible(self, person: Person, line: RequestLine, arranged: Arranged) -> bool:
        """Return whether a person is shown a request."""
        return may_see(person, line, arranged, self._find_tool(line))


class _Stamp(NamedTuple):
    """What changes in the database when something is to be told: of runs, of open requests, of what is arranged about them, of who left."""

    runs: object
    requests: object
    arranged: object
    ended: object


def _read_stamp(session: Session, now: float) -> _Stamp:
    each = (f"SELECT max(changed_at) AS latest FROM sayso_runs WHERE state = '{state}'" for state in STATES)  # each is one look at an index
    runs = session.execute(f"SELECT max(latest) FROM ({' UNION ALL '.join(each)}) AS states").fetchone()
    waiting = "SELECT count(*), max(asked_at), min(expires_at) FROM sayso_approvals WHERE state = 'proposed' AND expires_at > :now"
    requests = session.execute(waiting, {"now": now}).fetchone()
    arranged = session.execute("SELECT count(*), max(at) FROM sayso_desk WHERE kind IN ('claim', 'handed')").fetchone()
    ended = session.execute("SELECT count(*), max(at) FROM sayso_desk WHERE kind = 'ended'").fetchone()
    return _Stamp(tuple(runs), tuple(requests), tuple(arranged), tuple(ended))


def _tell_trouble(number: int, trouble: str) -> bytes:
    data: Mapping[str, object] = {"lines": [], "runs": False, "trouble": trouble}
    return f"id: {number}\nevent: change\ndata: {json.dumps(data)}\n\n".encode()
