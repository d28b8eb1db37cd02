"""A host on loopback that counts: what it was asked, with which conditions, and how many requests it had at once."""

from __future__ import annotations

import threading
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from sayso.tools.web import Web
from sayso.tools.web.parse import parse_page

PAGE = "<title>Menu</title><p>A burger costs $9.50."


@dataclass
class Host:
    """What a host answers: `pages` by path, `page` for every other, 301 to /new for /old, 404 below /gone. And what it saw.

    The first `busy` requests for pages are answered with 503, and `retry_after`.
    """

    robots: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    page: str = PAGE
    pages: Mapping[str, str] = field(default_factory=dict)
    holds_seconds: float = 0.0
    """How long a request is held at most, until another one comes at the same time: with it, two at once are always seen."""
    robots_seconds: float = 0.0
    robots_status: int = 200
    busy: int = 0
    retry_after: str = ""
    port: int = 0
    asked: list[str] = field(default_factory=list)
    conditions: list[str] = field(default_factory=list)
    most_at_once: int = 0
    waits: list[float] = field(default_factory=list)
    now: datetime = datetime(2026, 11, 29, tzinfo=UTC)

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def web(self, **options: Any) -> Web:
        async def wait(seconds: float) -> None:
            self.waits.append(seconds)

        given: dict[str, Any] = {"allow": {("127.0.0.1", self.port)}, "wait": wait, "now": lambda: self.now}
        return Web(**{**given, **options})

    def answer(self, path: str, condition: str) -> tuple[int, Mapping[str, str], bytes]:
        """The status, the headers and the body for a request."""
        if path == "/robots.txt":
            return self.robots_status if self.robots else 404, {}, self.robots.encode()
        if self.busy > 0:
            self.busy -= 1
            return 503, {"retry-after": self.retry_after}, b"busy"
        if path == "/old":
            return 301, {"location": "/new"}, b""
        if path.startswith("/gone"):
            return 404, self.headers, b"not here"
        if condition and condition in self.headers.values():
            return 304, self.headers, b""
        return 200, self.headers, self.pages.get(path, self.page).encode()


@contextmanager
def serving(host: Host) -> Iterator[Host]:
    """Serve a host on a free port of loopback until the block ends."""
    lock, crowded = threading.Lock(), threading.Event()
    open_now = 0

    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            nonlocal open_now
            condition = self.headers.get("If-None-Match") or self.headers.get("If-Modified-Since") or ""
            with lock:
                host.asked.append(self.path)
                host.conditions.append(condition)
                open_now += 1
                host.most_at_once = max(host.most_at_once, open_now)
                if open_now > 1:
                    crowded.set()
            if host.holds_seconds:
                crowded.wait(host.holds_seconds)
            if self.path == "/robots.txt" and host.robots_seconds:
                threading.Event().wait(host.robots_seconds)
            status, headers, content = host.answer(self.path, condition)
            self.send_response(status)
            for name, value in {"content-type": "text/html; charset=utf-8", **headers}.items():
                self.send_header(name, value)
            if status != 304:
                self.send_header("content-length", str(len(content)))
            with lock:
                open_now -= 1  # before the last byte, of body or head: whoever reads it may come again at once
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None: ...

    class Server(ThreadingHTTPServer):
        request_queue_size = 64

    with Server(("127.0.0.1", 0), Answering) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        host.port = int(server.server_address[1])
        yield host
        server.shutdown()
        thread.join()


async def parse_here(url: str, content_type: str, body: bytes) -> Mapping[str, Any]:
    """Parse a page in this process, without a worker and its deadline."""
    return parse_page(url, content_type, b64encode(body).decode("ascii"))
