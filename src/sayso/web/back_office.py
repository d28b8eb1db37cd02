"""What the parts of the page share: the app, the engine on its database, who is signed in, what changes, and the work on runs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Mapping
from contextlib import aclosing, suppress
from typing import TYPE_CHECKING, Any

from sayso.cli.edit import find_tool
from sayso.tools.errors import RunError, UsageError
from sayso.tools.installing import build_install_command
from sayso.workflows.durable.chain import ChainVerdict, verify_rows
from sayso.workflows.durable.engine import DurableEngine

try:
    from sse_starlette import EventSourceResponse
    from starlette.responses import Response
except ImportError as error:
    raise UsageError(f"The page needs starlette, uvicorn and sse-starlette. Install them: {build_install_command('web')}") from error

from .desk import ApprovalDesk, Arranged
from .doors import Door, TurnedAway
from .live import LiveFeed
from .page_worker import LiveRuns, PageWorker
from .people import COOKIE_SECONDS, Person, SignIn, TrustedHeader, find_cookie_id
from .request_cards import RequestLine, why_not

if TYPE_CHECKING:
    from sayso.tools.definition.tool import AnyTool
    from sayso.workflows import App
    from sayso.workflows.durable.records import RunRow

PING_SECONDS, SEND_SECONDS = 15, 20.0
"""How often a stream says that it is there, and after how long a page that does not read its stream is let go of."""


class BackOffice:
    """Stands behind one page. `works` says that it executes runs, `read_only` that nobody decides or says anything here.

    `export` is the document that is shown, where it is one.
    """

    def __init__(
        self,
        app: App,
        url: str,
        sign_in: SignIn,
        trusted: TrustedHeader | None = None,
        *,
        works: bool = True,
        read_only: bool = False,
        cookie: str,
        export: Mapping[str, Any] | None = None,
    ) -> None:
        self.app: App = app
        self.url: str = url
        self.read_only: bool = read_only
        self._export = export
        self.engine: DurableEngine = DurableEngine(url, app=app)
        self.desk: ApprovalDesk = ApprovalDesk(self.engine.database)
        self.door: Door = Door(sign_in, trusted, cookie, read_only)
        self.feed: LiveFeed = LiveFeed(self.engine, self.desk, self.find_tool, self.find_refusal)
        self.feed.on_sign_out.append(sign_in.end)
        self.live: LiveRuns = LiveRuns()
        self.worker: PageWorker | None = PageWorker(app, url, self.live) if works else None
        self.on_begin: list[Callable[[], Any]] = []
        self._tools: dict[tuple[str, str], AnyTool | None] = {}
        self._tasks: list[asyncio.Task[Any]] = []
        self._knows_ended = False

    def begin(self) -> None:
        """Begin to look and to work, once: at the start of the server, or with the first request where the page is mounted in another."""
        if not self._tasks:
            loop = asyncio.get_running_loop()
            self._tasks.append(loop.create_task(self.feed.run(), name="sayso:page"))
            self._tasks += [loop.create_task(work(), name="sayso:page") for work in self.on_begin]
            if self.worker is not None:
                self._tasks.append(loop.create_task(self.worker.work(), name="sayso:worker"))

    async def learn_ended(self) -> None:
        """Learn once, before the first answer, which sessions have ended. While the database is away, nothing can be done here."""
        if not self._knows_ended:
            with suppress(RunError, UsageError):
                self.door.sign_in.end(await self.desk.read_ended())
                self._knows_ended = True

    async def sign_out(self, cookie: str) -> None:
        """End the session of a cookie, on every server of this database: a copy of it signs nobody in."""
        person = self.door.sign_in.read_cookie(cookie)
        if person is not None:
            self.door.sign_in.end([find_cookie_id(cookie)])
            await self.desk.end_session(find_cookie_id(cookie), person.name, self.engine.clock(), COOKIE_SECONDS)
            self.feed.poke()

    async def end(self) -> None:
        """Put back what is executed here, and let go of the database."""
        if self.worker is not None and self._tasks:
            self.worker.stop()
            with suppress(Exception):
                await self._tasks[-1]
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.engine.close()

    def find_tool(self, line: RequestLine) -> AnyTool | None:
        """Return the tool of a request, where the app has it: that of its flow, for another may have one of the same name."""
        name = line.flow, line.tool
        if name not in self._tools:
            self._tools[name] = find_tool(line.tool, self.app, line.flow)
        return self._tools[name]

    def find_refusal(self, person: Person, line: RequestLine, arranged: Arranged) -> str:
        """Return why a person may not decide a request here; empty if they may."""
        refusal = why_not(person, line, arranged, self.find_tool(line))
        approvers = self.engine.approvers
        if refusal or approvers is None or person.name in approvers.keys:
            return refusal
        return f"Here only decisions count that are signed with the key of {' or '.join(approvers.keys)}."

    async def find_run(self, person: Person, run_id: str) -> RunRow:
        """Return a run that a person may see. Raises TurnedAway where there is none."""
        try:
            row = await self.engine.run(run_id)
        except UsageError:
            raise TurnedAway(404, "There is no such run.") from None
        if not (person.sees_all or (row.for_user == person.name and not person.only)):
            raise TurnedAway(404, "There is no such run, or it is not yours to see.")
        return row

    async def verify(self, row: RunRow) -> ChainVerdict:
        """Return what the log of a run proves. An export has only its chain, and what was found when it was made."""
        if self._export is None:
            return await self.engine.verify(row.id)
        verdict = verify_rows(await self.engine.log(row.id), row.number, row.head, self.engine.keys)
        found = tuple(str(problem) for problem in self._export.get("verify", {}).get("problems", ()))
        notes = ("This is an export: its chain was computed anew; what else was stored beside it was checked when it was made.",)
        return verdict._replace(problems=(*found, *verdict.problems), notes=notes)


async def until(is_over: Callable[[], bool], events: AsyncGenerator[bytes, None]) -> AsyncIterator[bytes]:
    """Yield these events, and none once it is over."""
    async with aclosing(events):
        async for event in events:
            if is_over():
                return
            yield event


def stream(events: AsyncIterator[bytes]) -> Response:
    """Return a response that sends events as they come. A page that does not read them is let go of."""
    return EventSourceResponse(events, ping=PING_SECONDS, send_timeout=SEND_SECONDS, headers={"X-Accel-Buffering": "no"})


def read_since(texts: Iterable[str | None]) -> int | None:
    """Return the first of these texts that is a number of an event; None where none is."""
    return next((int(text) for text in texts if text and text.isascii() and text.isdecimal() and len(text) < 20), None)
