"""A model's endpoint with a certificate of your company's own: SSL_CERT_FILE, and what is said without it."""

from __future__ import annotations

import datetime
import json
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path

import pytest

from .commands import sayso

pytest.importorskip("cryptography")

ANSWER = json.dumps(
    {
        "id": "1",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Ready."}}],
    }
).encode()


class Endpoint(BaseHTTPRequestHandler):
    """Answers every question with one word."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self._send(200, ANSWER)

    def do_GET(self) -> None:
        self._send(404, b"{}")

    def _send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None: ...


def write_certificate(folder: Path) -> tuple[Path, Path]:
    """Write a certificate that vouches for itself, as a company's own may, and its key."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Company")])
    now = datetime.datetime.now(datetime.UTC)
    built = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate, private = folder / "company.pem", folder / "key.pem"
    certificate.write_bytes(built.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    return certificate, private


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """The URL of the endpoint and the file with its certificate."""
    certificate, private = write_certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, private)
    with ThreadingHTTPServer(("127.0.0.1", 0), Endpoint) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"https://127.0.0.1:{server.server_address[1]}/v1#m", certificate
        server.shutdown()


def test_ssl_cert_file_is_trusted_for_a_models_endpoint_and_only_that(served: tuple[str, Path], tmp_path: Path) -> None:
    url, certificate = served
    ask = ("doctor", "--model", url, "--search", "sample", "--seconds", 60)
    trusted = sayso(*ask, cwd=tmp_path, SSL_CERT_FILE=str(certificate))
    assert "answers 'Ready.'" in trusted.stdout
    assert trusted.returncode == 0, trusted.stdout
    others = sayso(*ask, cwd=tmp_path, SSL_CERT_FILE="", SSL_CERT_DIR="")
    assert others.returncode == 1
    told = " ".join(others.stdout.split())
    assert "its certificate is not accepted (self-signed certificate)" in told
    assert "set SSL_CERT_FILE to a file with its certificates." in told


BROKEN = {
    "no such file": ({"SSL_CERT_FILE": "/no/such.pem"}, "The certificates in SSL_CERT_FILE=/no/such.pem cannot be read"),
    "a SOCKS proxy": ({"ALL_PROXY": "socks5://127.0.0.1:9"}, "ALL_PROXY names a SOCKS proxy"),
}


@pytest.mark.parametrize(("variables", "told"), BROKEN.values(), ids=BROKEN)
def test_a_setting_that_cannot_be_used_is_named(variables: dict[str, str], told: str, tmp_path: Path) -> None:
    done = sayso("doctor", "--model", "openai:gpt-x", "--search", "sample", cwd=tmp_path, OPENAI_API_KEY="k", **variables)
    assert told in " ".join(done.stdout.split())
