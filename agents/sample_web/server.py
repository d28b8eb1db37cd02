"""The sample web over real HTTP: every site on one loopback port, chosen by the Host header."""

from __future__ import annotations

import socket
import sys
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingTCPServer

from .sites import BEHAVIOUR, ORDINARY, Behaviour, content_type, folder, hosts, pages

LOOPBACK = "127.0.0.1"
IDLE_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class SampleWeb:
    """A running sample web: what a `Web` needs to reach it, and nothing else, by the hosts' own names."""

    port: int
    hosts: tuple[str, ...]

    @property
    def allow(self) -> frozenset[tuple[str, int]]:
        """Return the one address, not public, that may be connected to."""
        return frozenset({(LOOPBACK, self.port)})

    async def resolve(self, host: str, port: int) -> list[tuple[str, int]]:
        """Return where a host is; a host that is not of the sample web has no address."""
        return [(LOOPBACK, self.port)] if host in self.hosts else []


@contextmanager
def serve(files: Mapping[tuple[str, str], SiteResponse] | None = None) -> Iterator[SampleWeb]:
    """Serve the sample web, or these files by (host, path), until the block ends. No thread and no connection is left then."""
    site = Site(load()) if files is None else Site(files, {})
    server = _Server(site)
    # A short poll: it is what closing waits for.
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), name="sample-web", daemon=True)
    thread.start()
    try:
        yield SampleWeb(int(server.server_address[1]), hosts() if files is None else tuple(sorted({host for host, _ in files})))
    finally:
        server.shutdown()
        thread.join()
        server.hang_up()
        server.server_close()


@dataclass(frozen=True, slots=True)
class SiteResponse:
    """What is sent back for one request."""

    status: HTTPStatus
    headers: Mapping[str, str]
    body: bytes


def load() -> dict[tuple[str, str], SiteResponse]:
    """Return every file as the answer to its (host, path). A path that is not among them cannot be asked for, however it is spelt."""
    files: dict[tuple[str, str], SiteResponse] = {}
    for url, path in pages():
        host, target = path.parent.name, "/" + url.split("/", 3)[3]
        files[host, target] = SiteResponse(HTTPStatus.OK, {"Content-Type": content_type(url)}, path.read_bytes())
        files[host, f"/{path.name}"] = SiteResponse(HTTPStatus.MOVED_PERMANENTLY, {"Location": target}, b"")
    for path in folder().glob("*/robots.txt"):
        headers = {"Content-Type": "text/plain; charset=utf-8"}
        files[path.parent.name, "/robots.txt"] = SiteResponse(HTTPStatus.OK, headers, path.read_bytes())
    return files


@dataclass(frozen=True, slots=True)
class Site:
    """Decides the answer to a request. It remembers only how often a busy host has been asked."""

    files: Mapping[tuple[str, str], SiteResponse]
    behaviour: Mapping[str, Behaviour] = field(default_factory=lambda: BEHAVIOUR)
    _asked: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, host: str, path: str) -> SiteResponse:
        """Return the answer for a path on a host."""
        if not any(host == known for known, _ in self.files):
            return _make_page(HTTPStatus.MISDIRECTED_REQUEST, "No site of this name is served here.")
        behaviour = self.behaviour.get(host, ORDINARY)
        if path != "/robots.txt" and behaviour.broken:
            return _make_page(HTTPStatus.INTERNAL_SERVER_ERROR, "The kitchen is on fire. We are looking into it.")
        if path != "/robots.txt" and self._busy(host, behaviour):
            return _make_page(HTTPStatus.SERVICE_UNAVAILABLE, "Too many guests at once. Please try again.", {"Retry-After": "0"})
        return self.files.get((host, path)) or _make_page(HTTPStatus.NOT_FOUND, "There is no such page. Try the home page.")

    def _busy(self, host: str, behaviour: Behaviour) -> bool:
        if not behaviour.busy_answers:
            return False
        with self._lock:
            self._asked[host] += 1
            return self._asked[host] <= behaviour.busy_answers


def _make_page(status: HTTPStatus, words: str, headers: Mapping[str, str] | None = None) -> SiteResponse:
    title = f"{status.value} {status.phrase}"
    body = (
        f'<!DOCTYPE html>\n<html lang="en">\n<head><title>{title}</title></head>\n<body><h1>{title}</h1>\n<p>{words}</p></body>\n</html>\n'
    )
    return SiteResponse(status, {"Content-Type": "text/html; charset=utf-8", **(headers or {})}, body.encode())


class _Server(ThreadingTCPServer):
    """Not http.server's own class: that one looks up its own name when it starts, which can take seconds without a network."""

    allow_reuse_address = True
    daemon_threads = False  # so that closing waits for them
    request_queue_size = 128

    def __init__(self, site: Site) -> None:
        self.site = site
        self._open: set[socket.socket] = set()
        super().__init__((LOOPBACK, 0), _Request)

    def get_request(self) -> tuple[socket.socket, object]:
        connection, address = super().get_request()
        self._open.add(connection)
        return connection, address

    def shutdown_request(self, request: socket.socket | tuple[bytes, socket.socket]) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        """End connections that clients keep open, so that no thread waits for their next request."""
        for connection in list(self._open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: socket.socket | tuple[bytes, socket.socket], client_address: object) -> None:
        # A client that goes away in the middle is no news; anything else is a bug and is shown.
        if not isinstance(sys.exception(), (ConnectionError, TimeoutError)):
            super().handle_error(request, client_address)


class _Request(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "SampleWeb"
    sys_version = ""
    timeout = IDLE_SECONDS

    def do_GET(self) -> None:
        self._send(with_body=True)

    def do_HEAD(self) -> None:
        self._send(with_body=False)

    def _send(self, *, with_body: bool) -> None:
        assert isinstance(self.server, _Server)
        host = self.headers.get("Host", "").partition(":")[0].lower()
        answer = self.server.site.answer(host, self.path.partition("?")[0])
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if with_body:
            self.wfile.write(answer.body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the terminal belongs to whoever runs the demo."""
