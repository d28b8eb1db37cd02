"""All hosts of the internet on loopback: every name resolves, every certificate is right, and what is asked is written down.

    with PretendInternet(hosts) as internet:
        told = internet.ask([{"name": "groq:m", "environment": {"GROQ_API_KEY": "k"}}])

Models are asked in a process of their own, whose sockets lead here; nothing of Sayso is changed in it.
"""

from __future__ import annotations

import asyncio
import datetime
import json
import os
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

PROMPT = "canary-PROMPT"


class Asked(NamedTuple):
    """One request: the host it was for, its path, its headers as one text, its body."""

    host: str
    path: str
    headers: str
    body: str


class PretendInternet:
    """The hosts, as a context manager. Each refuses each request, or sends it on to `redirect`."""

    def __init__(self, folder: Path, hosts: Iterable[str], redirect: str = "") -> None:
        self.asked: list[Asked] = []
        self.redirect = redirect
        self._authority = folder / "authority.pem"
        self._plain, self._secure = (_Server(("127.0.0.1", 0), _Refusing) for _ in range(2))
        self._plain.internet = self._secure.internet = self
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(write_certificate(folder, self._authority, sorted(set(hosts))))
        self._secure.socket = context.wrap_socket(self._secure.socket, server_side=True, do_handshake_on_connect=False)
        servers = (self._plain, self._secure)
        self._threads = [threading.Thread(target=each.serve_forever, kwargs={"poll_interval": 0.01}) for each in servers]

    def __enter__(self) -> PretendInternet:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        for server, thread in zip((self._plain, self._secure), self._threads, strict=True):
            server.shutdown()
            thread.join()
            server.server_close()

    def ask(self, questions: list[dict[str, Any]], environment: Mapping[str, str]) -> list[dict[str, Any]]:
        """Ask each model one thing. Each tells the hosts that were looked up, and the error that it raised."""
        clean = {name: value for name, value in os.environ.items() if "proxy" not in name.lower() and not name.endswith(("_KEY", "_TOKEN"))}
        ports = [str(self._plain.server_address[1]), str(self._secure.server_address[1])]
        done = subprocess.run(
            [sys.executable, __file__, *ports],
            input=json.dumps(questions),
            env={**clean, **environment, "SSL_CERT_FILE": str(self._authority)},
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.stderr == "", done.stderr
        told: list[dict[str, Any]] = json.loads(done.stdout)
        return told


class _Server(ThreadingHTTPServer):
    internet: PretendInternet
    request_queue_size = 256

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass  # a client that goes away, or takes no certificate, is part of the play


class _Refusing(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server  # pyright: ignore[reportIncompatibleVariableOverride]

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_GET(self) -> None:
        internet = self.server.internet
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        internet.asked.append(Asked(self.headers["Host"], self.path, str(self.headers), body))
        content = b'{"error": {"message": "no"}}'
        self.send_response(307 if internet.redirect else 400)
        if internet.redirect:
            self.send_header("Location", internet.redirect)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def do_POST(self) -> None:
        self.do_GET()


def write_certificate(folder: Path, authority: Path, hosts: list[str]) -> Path:
    """Write an authority, and a certificate of its making for all hosts with its key. Return the second."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    now = datetime.datetime.now(datetime.UTC)
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(2)]
    names = [x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]) for name in ("pretended authority", "all hosts")]

    def sign(which: int, extensions: list[x509.ExtensionType]) -> bytes:
        builder = x509.CertificateBuilder().subject_name(names[which]).issuer_name(names[0]).public_key(keys[which].public_key())
        builder = (
            builder.serial_number(which + 1).not_valid_before(now - datetime.timedelta(1)).not_valid_after(now + datetime.timedelta(1))
        )
        for extension in extensions:
            builder = builder.add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
        return builder.sign(keys[0], hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    identifier = x509.SubjectKeyIdentifier.from_public_key(keys[0].public_key())
    usage = x509.KeyUsage(True, False, False, False, False, True, True, False, False)
    authority.write_bytes(sign(0, [x509.BasicConstraints(ca=True, path_length=None), identifier, usage]))
    from_authority = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier)
    certificate = folder / "hosts.pem"
    key = keys[1].private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    certificate.write_bytes(sign(1, [x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts]), from_authority]) + key)
    return certificate


def _lead_sockets_here(plain: int, secure: int, looked_up: list[str]) -> None:
    """Make the sockets of this process lead to the two ports, and note each host that is looked up."""
    connect, look_up = socket.socket.connect, socket.getaddrinfo

    def connect_here(self: socket.socket, address: Any) -> None:
        connect(self, ("127.0.0.1", secure if address[1] == 443 else plain) if self.family == socket.AF_INET else address)

    def look_up_here(host: Any, port: Any, *arguments: Any, **options: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if name not in ("127.0.0.1", None):
            looked_up.append(name)
        return look_up("127.0.0.1", port, socket.AF_INET, socket.SOCK_STREAM)

    socket.socket.connect = connect_here  # type: ignore[method-assign, assignment]
    socket.getaddrinfo = look_up_here


async def _ask(question: dict[str, Any], looked_up: list[str]) -> dict[str, Any]:
    from sayso.agents import ModelRequest, UserMessage, model_from
    from sayso.tools.errors import SaysoError

    looked_up.clear()
    os.environ.update(question.get("environment", {}))
    told = ""
    try:
        model = model_from(question["name"], base_url=question.get("base_url"), api_key=question.get("api_key"))
        async for _ in model.stream(ModelRequest((UserMessage(PROMPT),))):
            pass
    except SaysoError as error:
        told = f"{type(error).__name__}: {error}"
    for name in question.get("environment", {}):
        del os.environ[name]
    return {"hosts": sorted(set(looked_up)), "told": told}


if __name__ == "__main__":
    hosts: list[str] = []
    _lead_sockets_here(int(sys.argv[1]), int(sys.argv[2]), hosts)
    # An event loop for each: the models of one share their connections, and a host is looked up once.
    print(json.dumps([asyncio.run(_ask(question, hosts)) for question in json.load(sys.stdin)]))
