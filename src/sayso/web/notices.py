"""Tell people where they are that a request waits: a message to a webhook, or to a Slack-compatible one, with a link to the card.

A message says who asks for what tool, and no value: what was read on the way may be private. A link decides nothing by itself.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from sayso.tools.canonical import sha256
from sayso.tools.errors import SaysoError, UsageError
from sayso.tools.web import Web

from .desk import NOTHING_ARRANGED, TOLD
from .doors import TurnedAway
from .people import Person
from .request_cards import RequestLine, may_see, why_not

if TYPE_CHECKING:
    from .back_office import BackOffice

log: logging.Logger = logging.getLogger(__name__)
TRIES, FIRST_PAUSE_SECONDS = 4, 2.0
MOST_WAITING = 10_000


@dataclass(frozen=True, slots=True)
class Notice:
    """Where messages go: to a URL, and for whom. For nobody in particular (a channel) the link asks to sign in."""

    url: str
    person: str = ""


def read_notices(texts: Iterable[str]) -> tuple[Notice, ...]:
    """Read from texts such as "https://hooks.slack.com/..." or "ada=https://...". Raises UsageError."""
    notices: list[Notice] = []
    for text in texts:
        before, equals, after = text.partition("=")
        named = bool(equals) and "://" not in before
        notice = Notice(after, before.strip()) if named else Notice(text)
        if not notice.url.startswith(("https://", "http://")):
            raise UsageError(f"--notify {text!r} has no URL. Write --notify https://hooks.example/..., or --notify NAME=https://...")
        notices.append(notice)
    return tuple(notices)


class Notifier:
    """Sends a message for each request that opens, and one when nobody decided in time; of several servers on a database one does."""

    def __init__(self, office: BackOffice, notices: Sequence[Notice], page_url: str, web: Web) -> None:
        people = office.door.sign_in.people
        for each in notices:
            if each.person and each.person not in people:
                raise UsageError(f"--notify names {each.person!r}, who cannot sign in. People: {', '.join(people)}.")
            if not web.tell_address(each.url):
                raise UsageError(f"{each.url!r} cannot be notified: messages go to public http and https addresses, or to those you allow.")
        self._office, self._notices, self._page, self._web = office, notices, page_url.rstrip("/"), web
        self._queue: asyncio.Queue[tuple[Notice, RequestLine, bool]] = asyncio.Queue(MOST_WAITING)
        office.feed.on_change.append(self._take)
        office.on_begin.append(self.run)

    def _take(self, opened: Sequence[RequestLine], ended: Sequence[RequestLine]) -> None:
        over = [line for line in ended if line.state == "expired"]
        for line, has_expired in [*((line, False) for line in opened), *((line, True) for line in over)]:
            for notice in self._notices:
                if not self._queue.full() and self._concerns(notice, line, has_expired):
                    self._queue.put_nowait((notice, line, has_expired))

    def _concerns(self, notice: Notice, line: RequestLine, has_expired: bool) -> bool:
        """Return whether a request is for the person of a notice to decide; one that expired concerns who might have."""
        if not notice.person:
            return True
        person, tool = self._office.door.sign_in.find(notice.person), self._office.find_tool(line)
        return may_see(person, line, NOTHING_ARRANGED, tool) and (has_expired or not why_not(person, line, NOTHING_ARRANGED, tool))

    async def run(self) -> None:
        """Send what is to be sent, until cancelled."""
        while True:
            notice, line, has_expired = await self._queue.get()
            try:
                await self._tell(notice, line, has_expired)
            except Exception as error:  # noqa: BLE001  whatever one message met, the next one is sent
                why = str(error).replace(notice.url, _host(notice)) if isinstance(error, SaysoError) else type(error).__name__
                log.warning("Nobody was told at %s that a request %s: %s", _host(notice), "expired" if has_expired else "waits", why)

    async def _tell(self, notice: Notice, line: RequestLine, has_expired: bool) -> None:
        what = f"{'expired' if has_expired else 'opened'}:{notice.person}:{sha256(notice.url)}"  # the URL is a password
        if not await self._office.desk.use_once(line.digest, what, "", self._office.engine.clock(), TOLD):
            return
        body = json.dumps(self.write(notice, line, has_expired)).encode()
        status = 0
        for tried in range(TRIES):
            response, _ = await self._web.ask(notice.url, method="POST", headers=(("Content-Type", "application/json"),), body=body)
            status = response.status
            if status < 300:
                return
            if status < 500 and status != 429:
                break
            await asyncio.sleep(FIRST_PAUSE_SECONDS * 2**tried)
        log.warning("%s answered %d, so nobody was told there of a request of %s.", _host(notice), status, line.flow)

    def write(self, notice: Notice, line: RequestLine, has_expired: bool) -> dict[str, object]:
        """Return a message: its text, as Slack takes it, and the same as data. It has no value of the call in it."""
        if has_expired:
            text = f"{line.flow} asked for {line.tool}, and nobody decided in time. Nothing was done."
            return {"text": text, "event": "request_expired", "request": line.digest, "run": line.root, "tool": line.tool}
        until = datetime.fromtimestamp(line.expires_at, UTC).strftime("%Y-%m-%d %H:%M UTC")
        link = self._make_link(notice, line)
        text = f"{line.flow} asks for {line.tool}, and waits for your decision until {until}: {link}"
        data = {"event": "request_opened", "request": line.digest, "run": line.root, "tool": line.tool, "expires_at": line.expires_at}
        return {"text": text, "link": link, **data}

    def _make_link(self, notice: Notice, line: RequestLine) -> str:
        if not notice.person:
            return f"{self._page}/#/inbox/{line.digest}"
        return f"{self._page}/#card={self._office.door.sign_in.card_link_token(line.digest, notice.person, line.expires_at)}"


def _host(notice: Notice) -> str:
    return urlsplit(notice.url).netloc.rpartition("@")[2]  # the rest of a webhook's address is its password


async def open_link(office: BackOffice, token: str) -> Person:
    """Return who is signed in by a link from a message, for its one request. Raises TurnedAway for a link that does not open any more."""
    link = office.door.sign_in.read_card_link(token)
    if link is None or link.name not in office.door.sign_in.people:
        raise TurnedAway(403, "This link opens nothing. It may have been cut off, or made by another server.")
    if link.expires_at <= office.engine.clock():
        raise TurnedAway(403, "This link has expired with its request. Nothing was done.")
    if not await office.desk.use_once(link.digest, link.number, link.name, office.engine.clock()):
        raise TurnedAway(403, "This link was used already: it opens its card once. Sign in to see the request.")
    return Person(link.name, office.door.sign_in.find(link.name).roles, link.digest)
