"""Fetch a page: resolve its host once, check every address, connect to the checked one, and again for each redirect."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

from ..canonical import Json
from .addresses import is_loopback, is_public
from .body import Caps, check_headers, read_body
from .cache_folder import CacheFolder
from .fields import Field, mark_expired
from .host_turns import KNOWN_FOR, HostQueue, HostTurns, stop_clock
from .kinds import choose_parser, refuse_by_content, refuse_by_type
from .page_errors import (
    ConnectionFailed,
    PageEmpty,
    PageError,
    PageNotStored,
    PageScripted,
    PageStatus,
    PageTimeout,
    PageUnreadable,
    PageWall,
    RobotsForbid,
    TooManyRedirects,
    UrlRefused,
)
from .page_store import MISSING, PageStore, StoredResponse
from .pages import Link, Page
from .proxies import find_proxy
from .retries import MAX_WAIT_SECONDS, MayPass, parse_retry_after, try_twice
from .robots import MAX_ROBOTS_BYTES, Robots, parse_robots
from .snapshots import Snapshot, store_snapshot
from .transport import HttpTransport, Resolve, Response, Target, Transport, system_resolve
from .urls import Allowed, Url, parse_url

USER_AGENT = "Mozilla/5.0 (compatible; Sayso/0.1; reads pages for its user)"
ROBOTS_NAME = "Sayso"
ROBOTS_PATH = "/robots.txt"
MAX_ADDRESSES = 3
MAX_CRAWL_DELAY_SECONDS = 30.0
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_TRY_AGAIN = frozenset({429, 500, 502, 503, 504})
Parse = Callable[[str, str, bytes], Awaitable[Mapping[str, Json]]]
"""Parses a body: (url, content type, bytes) to the result of `parse_page`."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """The bytes of a page at the end of its redirects, unpacked and not yet parsed. `at` is when they were fetched, or found unchanged."""

    url: Url
    status: int
    content_type: str
    body: bytes
    at: datetime


async def parse_in_worker(url: str, content_type: str, body: bytes) -> Mapping[str, Json]:
    """Parse the page in a worker process: the process that connects never parses, the one that parses never connects."""
    from base64 import b64encode

    from ..sandbox import SandboxError, SandboxMissing, acall_sandboxed  # late, for load time

    encoded = b64encode(body).decode("ascii")
    try:
        parsed: Mapping[str, Json] = await acall_sandboxed(choose_parser(body), url, content_type, encoded, seconds=10, memory_mb=512)
    except SandboxMissing:
        raise  # it is the system that lacks something, not the page
    except SandboxError as error:
        raise PageUnreadable(url, str(error)) from error
    return parsed


@dataclass(frozen=True, kw_only=True, eq=False)
class Web:
    """Access to the web for a tool: public addresses, http and https, robots.txt honoured, time and size limited.

    `allow` names the exact (host, port) pairs that may be reached although they are not public, for tests and sample sites. With `hosts`,
    only these hosts and their subdomains are read, wherever a redirect leads. A host gets one request at a time, `pause_seconds` apart, or
    what its robots.txt asks for. Responses are kept under `cache`: for `cache_seconds` nobody is asked again, then only what has changed.
    """

    resolve: Resolve = system_resolve
    transport: Transport = field(default_factory=HttpTransport)
    parse: Parse = parse_in_worker
    allow: Allowed = ()
    hosts: Collection[str] = ()
    robots: bool = True
    user_agent: str = USER_AGENT
    connect_seconds: float = 10
    total_seconds: float = 20
    max_bytes: int = 5_000_000
    max_decoded: int = 10_000_000
    max_redirects: int = 10
    snapshots: Path | None = None
    pause_seconds: float = 0
    cache: Path | None = None
    cache_seconds: float = 86_400
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    wait: Callable[[float], Awaitable[object]] = asyncio.sleep
    turns: HostTurns = field(default_factory=HostTurns, repr=False)

    async def page(self, url: str) -> Page:
        """Fetch and parse a page: its text, links and data. Raises PageError, whose class and message say why it cannot be read."""
        fetched = await self.fetch(url)
        final_url = str(fetched.url)
        parsed = await self.parse(final_url, fetched.content_type, fetched.body)
        _refuse_unread(final_url, parsed)
        snapshot = Snapshot(
            url=url,
            final_url=final_url,
            fetched_at=fetched.at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            sha256=hashlib.sha256(fetched.body).hexdigest(),
            status=fetched.status,
            content_type=fetched.content_type,
            text=parsed.get("evidence") or parsed["text"],
        )
        if self.snapshots is not None:
            try:
                await asyncio.to_thread(store_snapshot, self.snapshots, snapshot, fetched.body)
            except OSError as error:
                raise PageNotStored(url, error.strerror or str(error)) from None
        return Page(
            url=url,
            final_url=final_url,
            title=parsed["title"],
            text=parsed["text"],
            links=tuple(Link(**link) for link in parsed["links"]),
            json_ld=tuple(parsed["json_ld"]),
            snapshot=snapshot,
            description=parsed["description"],
            language=parsed["language"],
            canonical=parsed.get("canonical", ""),
            published=parsed.get("published", ""),
            fields=mark_expired((Field(**field) for field in parsed.get("fields", ())), fetched.at.date().isoformat()),
        )

    async def fetch(self, url: str) -> Fetched:
        """Fetch the bytes of a page under every rule; `total_seconds` covers redirects, robots.txt and the second try, not the queue."""
        try:
            async with asyncio.timeout(self.total_seconds) as deadline:
                return await self._follow(self._parse(url), self._make_caps(), self.robots, deadline)
        except TimeoutError:
            raise PageTimeout(url, self.total_seconds) from None

    async def ask(
        self, url: str, *, method: str = "GET", headers: tuple[tuple[str, str], ...] = (), body: bytes = b""
    ) -> tuple[Response, bytes]:
        """Send one request to a service and return its response, whatever the status, with the unpacked body.

        The rules for addresses, size and time hold. No redirect is followed (a key must not travel), and robots.txt, which is for pages,
        is not asked. Raises PageError.
        """
        target = self._parse(url)
        try:
            async with asyncio.timeout(self.total_seconds), AsyncExitStack() as stack:
                response = await self._open(target, await self._resolve_checked(target), stack, method=method, headers=headers, body=body)
                check_headers(url, response, self._make_caps())
                return response, await read_body(url, response, self._make_caps())
        except MayPass as failure:
            raise failure.error from None
        except TimeoutError:
            raise PageTimeout(url, self.total_seconds) from None

    def only(self, url: str) -> Web:
        """Return the same web confined to the host of this URL, without its www., and its subdomains."""
        return replace(self, hosts=(parse_url(url, self.allow).host.removeprefix("www."),))

    def tell_address(self, url: str) -> str:
        """Return an address as it would be asked for; empty for one that is refused without a look at the network."""
        try:
            parsed = self._parse(url)
        except UrlRefused:
            return ""
        return "" if parsed.is_address and not self._may_connect(parsed, parsed.host, parsed.port) else str(parsed)

    def _parse(self, url: str) -> Url:
        parsed = parse_url(url, self.allow)
        if self.hosts and not any(parsed.host == host or parsed.host.endswith(f".{host}") for host in self.hosts):
            raise UrlRefused(str(parsed), f"only {' and '.join(sorted(self.hosts))} may be read here")
        return parsed

    def _find_pause(self, url: Url) -> float:
        """Return how long to wait between two pages of a host: what its robots.txt asks for, up to MAX_CRAWL_DELAY_SECONDS, or more."""
        robots = self.turns.find_rules(url.origin, self.now()) or Robots()
        return max(self.pause_seconds, min(robots.crawl_delay_seconds(ROBOTS_NAME), MAX_CRAWL_DELAY_SECONDS))

    def _make_caps(self) -> Caps:
        return Caps(max_bytes=self.max_bytes, max_decoded=self.max_decoded)

    async def _follow(self, url: Url, caps: Caps, robots: bool, deadline: asyncio.Timeout) -> Fetched:
        """Follow redirects to their end. Each hop is checked as if it were the first."""
        seen = [url]
        while True:
            try:
                if robots:
                    await self._check_robots(url, deadline)
                found = await try_twice(partial(self._request, url, caps, deadline), self.wait)
                if isinstance(found, Fetched):
                    return found
                url = self._next_hop(url, found, seen)
            except UrlRefused as refused:
                if len(seen) == 1 and refused.url == str(url):
                    raise
                raise UrlRefused(refused.url, f"{refused.rule} ({seen[0]} redirects there)") from refused
            seen.append(url)

    def _next_hop(self, url: Url, location: str, seen: list[Url]) -> Url:
        start = str(seen[0])
        try:
            target = self._parse(urljoin(str(url), location.partition("#")[0]))
        except ValueError:
            raise UrlRefused(location, "it is not a URL") from None
        if url.scheme == "https" and target.scheme == "http":
            raise UrlRefused(str(target), "that would leave https")
        if target in seen:
            raise TooManyRedirects(start, f"it redirects in a circle, back to {target}")
        if len(seen) > self.max_redirects:
            raise TooManyRedirects(start, f"it redirects more than {self.max_redirects} times")
        return target

    async def _check_robots(self, url: Url, deadline: asyncio.Timeout) -> None:
        """Raise RobotsForbid for a page that may not be read. Its own deadline waits meanwhile: a robots.txt has one of its own."""
        with stop_clock(deadline):
            async with self.turns.find(url.origin).robots:  # who comes meanwhile waits for this answer
                robots = self.turns.find_rules(url.origin, self.now())
                if robots is None:
                    robots = await self._read_robots(url)
                    self.turns.keep_rules(url.origin, robots, self.now())
        if not robots.allows(str(url), ROBOTS_NAME):
            raise RobotsForbid(str(url), robots.refusal or f"the robots.txt of {url.authority} asks programs not to read it")

    async def _read_robots(self, url: Url) -> Robots:
        """Read the robots.txt of this origin (RFC 9309). A missing file allows all; one that cannot be read forbids all for now."""
        caps = replace(self._make_caps(), max_bytes=MAX_ROBOTS_BYTES, max_decoded=MAX_ROBOTS_BYTES, cut=True)
        robots_url = replace(url, target=ROBOTS_PATH)
        try:
            async with asyncio.timeout(self.total_seconds / 2) as robots_deadline:
                fetched = await self._follow(robots_url, caps, robots=False, deadline=robots_deadline)
        except PageStatus as error:
            if 400 <= error.status < 500 and error.status != 429:
                return Robots()
            return Robots(refusal=f"the robots.txt of {url.authority} answered with status {error.status}")
        except ConnectionFailed:
            raise
        except UrlRefused as error:
            if error.url == str(robots_url):
                raise UrlRefused(str(url), error.rule) from error
            return Robots(refusal=f"the robots.txt of {url.authority} leads elsewhere: {error.rule}")
        except (PageError, TimeoutError) as error:
            reason = str(error) or f"no answer within {self.total_seconds / 2:g} s"
            return Robots(refusal=f"the robots.txt of {url.authority} could not be read: {reason.rstrip('.')}")
        return parse_robots(fetched.body)

    async def _request(self, url: Url, caps: Caps, deadline: asyncio.Timeout) -> Fetched | str:
        """Return a page, or the location of a redirect: from the cache while it is fresh, else by a request when the host has a turn."""
        store = PageStore(CacheFolder(self.cache)) if self.cache is not None else None
        kept = await self._find_kept(store, url, caps)
        if kept is not None and self._is_fresh(url, kept[0]):
            return _take_stored(url, *kept)
        async with self.turns.take(url.authority, self._find_pause(url), self.wait, deadline) as queue, AsyncExitStack() as stack:
            kept = await self._find_kept(store, url, caps)  # by now another reader may have fetched it
            if kept is not None and self._is_fresh(url, kept[0]):
                return _take_stored(url, *kept)
            if queue.closed_for > MAX_WAIT_SECONDS:
                raise PageStatus(str(url), queue.closed_with, f"it asks to come back in {queue.closed_for:.0f} s")
            if url.target != ROBOTS_PATH:  # no site counts it as a page
                stack.callback(queue.end)
            response = await self._open(
                url, await self._resolve_checked(url), stack, headers=kept[0].validators if kept is not None else ()
            )
            check_headers(str(url), response, caps)
            if response.status == 304 and kept is not None and store is not None:
                return _take_stored(url, await asyncio.to_thread(store.touch, *kept, self.now()), kept[1])
            is_missing = response.status in MISSING
            location, body = ("", b"") if is_missing else await self._read_response(url, response, caps, queue)
            now = self.now()
            if store is not None:
                await asyncio.to_thread(store.put, str(url), response, body, location=location, now=now)
        if is_missing:
            raise PageStatus(str(url), response.status)
        return location or Fetched(url, response.status, response.header("content-type")[:200], body, now)

    async def _find_kept(self, store: PageStore | None, url: Url, caps: Caps) -> tuple[StoredResponse, bytes] | None:
        """Return the response in the cache, if there is one that could be read now as well."""
        if store is None or (url.is_address and not self._may_connect(url, url.host, url.port)):
            return None
        kept = await asyncio.to_thread(store.find, str(url))
        return kept if kept is not None and len(kept[1]) <= caps.max_decoded else None

    def _is_fresh(self, url: Url, kept: StoredResponse) -> bool:
        longest = KNOWN_FOR.total_seconds() if url.target == ROBOTS_PATH else self.cache_seconds
        return kept.is_fresh(self.now(), min(self.cache_seconds, longest))

    async def _read_response(self, url: Url, response: Response, caps: Caps, queue: HostQueue) -> tuple[str, bytes]:
        """Return where a redirect leads, or the body of a page. Raises PageError for anything else."""
        if response.status in _REDIRECTS:
            return _read_location(url, response), b""
        if response.status != 200:
            raise self._make_status_error(url, response, queue)
        if not caps.cut:
            refuse_by_type(str(url), response, response.header("content-type")[:200])
        try:
            body = await read_body(str(url), response, caps)
        except ConnectionFailed as error:
            raise MayPass(error) from error
        if not caps.cut:
            refuse_by_content(str(url), body)
        return "", body

    async def _open(self, url: Url, addresses: list[tuple[str, int]], stack: AsyncExitStack, **request: Any) -> Response:
        """Open the response of the first address that answers, within `connect_seconds` for all of them."""
        failed: ConnectionFailed | None = None
        try:
            async with asyncio.timeout(self.connect_seconds):
                for ip, port in addresses:
                    target = Target(url, ip, port, self.user_agent, self.connect_seconds / len(addresses), **request)
                    try:
                        return await stack.enter_async_context(self.transport.open(target))
                    except ConnectionFailed as error:
                        failed = error
        except TimeoutError:
            proxy = find_proxy(url) if is_public(addresses[0][0]) else None
            raise PageTimeout(str(url), self.connect_seconds, f"to answer through {proxy}" if proxy else "to answer") from None
        raise MayPass(failed or ConnectionFailed(str(url), "it has no address"))

    async def _resolve_checked(self, url: Url) -> list[tuple[str, int]]:
        """Return the addresses of a host, resolved once. One that is not public refuses them all (DNS rebinding)."""
        found = [(url.host, url.port)] if url.is_address else list(await self.resolve(url.host, url.port))
        if not found:
            proxy = find_proxy(url)
            also = f"; names are looked up on this machine, before {proxy} is asked for a tunnel" if proxy is not None else ""
            raise ConnectionFailed(str(url), f"the name {url.host} is not known{also or ' (is this machine online?)'}")
        for ip, port in found:
            if not self._may_connect(url, ip, port):
                raise UrlRefused(str(url), f"{url.host} is at {ip}, which is not an address of the public internet")
        return found[:MAX_ADDRESSES]

    def _may_connect(self, url: Url, ip: str, port: int) -> bool:
        if (ip, port) in self.allow:
            return True
        if (url.host, url.port) in self.allow and is_loopback(ip):
            return True
        return port == url.port and is_public(ip)

    def _make_status_error(self, url: Url, response: Response, queue: HostQueue) -> Exception:
        status = response.status
        if status == 204:
            return PageEmpty(str(url))
        wait_seconds = parse_retry_after(response.header("retry-after"), self.now()) if status in (429, 503) else None
        note = f"it asks to come back in {wait_seconds:.0f} s" if wait_seconds else ""
        error = PageStatus(str(url), status, note)
        if wait_seconds is None:
            return MayPass(error) if status in _TRY_AGAIN else error
        queue.close_for(wait_seconds, status)  # whoever comes next waits for it in the queue, the second try as well
        return MayPass(error, 0.0) if wait_seconds <= MAX_WAIT_SECONDS else error


def _take_stored(url: Url, stored: StoredResponse, body: bytes) -> Fetched | str:
    if stored.status in MISSING:
        raise PageStatus(str(url), stored.status)
    return stored.location or Fetched(url, stored.status, stored.content_type, body, datetime.fromisoformat(stored.fetched_at))


def _refuse_unread(url: str, parsed: Mapping[str, Json]) -> None:
    """Raise the PageError of a page that arrived but has nothing to read."""
    if problem := parsed.get("problem"):
        raise PageUnreadable(url, problem)
    if wall := parsed.get("wall"):
        raise PageWall(url, wall)
    if not (parsed["text"] or parsed.get("evidence") or parsed["json_ld"]):
        raise PageScripted(url) if parsed.get("scripted") else PageEmpty(url)


def _read_location(url: Url, response: Response) -> str:
    found = [value for name, value in response.headers if name.lower() == "location"]
    if len(found) != 1:
        raise PageStatus(str(url), response.status, f"a redirect with {len(found) or 'no'} Location")
    try:
        # Headers arrive as Latin-1; many servers put UTF-8 there.
        return found[0].encode("latin-1").decode("utf-8").strip(" \t")
    except UnicodeError:
        return found[0].strip(" \t")
