"""An HTTP server on loopback: each request goes to a function, which answers it whole, as a stream, or by breaking off."""

from __future__ import annotations

import json
import re
import socket
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class LoopbackServer(ThreadingHTTPServer):
    """A server on a free port of this machine, from `start` to `close`. `connections` counts those that were opened."""

    daemon_threads = False
    block_on_close = True
    request_queue_size = 256

    def __init__(self, answer: Callable[[LoopbackRequest], None]) -> None:
        super().__init__(("127.0.0.1", 0), LoopbackRequest)
        self.answer: Callable[[LoopbackRequest], None] = answer
        self.connections: int = 0
        self.url: str = f"http://127.0.0.1:{self.server_address[1]}"
        self._open: set[socket.socket] = set()
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01})

    def start(self) -> None:
        """Answer requests, in threads of its own."""
        self._thread.start()

    def close(self) -> None:
        """End what is still open, so that closing does not wait for clients that keep their connection, and give the port back."""
        self.shutdown()
        self._thread.join()
        for connection in list(self._open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self.server_close()

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        self.connections += 1
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass  # a client that goes away is part of the play


class LoopbackRequest(BaseHTTPRequestHandler):
    """A request and the ways to answer it. `body` is the JSON that was posted, None where nothing was."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # or small answers wait 40 ms for the client's acknowledgement
    server: LoopbackServer  # pyright: ignore[reportIncompatibleVariableOverride]
    body: Any = None

    @property
    def route(self) -> str:
        """Return the path that was asked for, without its query."""
        return self.path.partition("?")[0]

    @property
    def lowered_headers(self) -> dict[str, str]:
        """Return the headers of the request, by their names in small letters."""
        return {name.lower(): value for name, value in self.headers.items()}

    def send(self, status: int, content: bytes, content_type: str = "application/json", headers: Mapping[str, str] | None = None) -> None:
        """Send a whole answer."""
        self.send_response(status)
        for name, value in {"Content-Type": content_type, "Content-Length": str(len(content)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def begin_stream(self) -> None:
        """Begin an event stream."""
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream; charset=utf-8")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def write(self, content: bytes, cut: int = 0) -> None:
        """Send a piece of a stream, in network writes of `cut` bytes each; in one, if that is 0."""
        size = cut or len(content) or 1  # an empty chunk would be the end
        for start in range(0, len(content), size):
            piece = content[start : start + size]
            self.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")

    def end_stream(self) -> None:
        """End a stream as it should end."""
        self.wfile.write(b"0\r\n\r\n")

    def break_off(self) -> None:
        """Close the connection without the last chunk: the stream is broken, not ended."""
        self.close_connection = True

    def wait_for_hang_up(self) -> None:
        """Send nothing more, until the client goes away."""
        self.break_off()
        self.connection.recv(1)

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def parse_request(self) -> bool:
        whole = super().parse_request()
        self.path: str = re.sub(r"^http://[^/]*", "", getattr(self, "path", ""))  # as a proxy is asked
        return whole

    def do_GET(self) -> None:
        self.server.answer(self)

    def do_POST(self) -> None:
        self.body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.answer(self)
