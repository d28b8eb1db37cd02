"""Proxies of the environment: a tunnel to the very address that was checked, or a refusal in words that names the variable."""

from __future__ import annotations

import asyncio
import ssl
from base64 import b64encode
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from sayso.tools.errors import UsageError
from sayso.tools.web import ConnectionFailed, UrlRefused, Web
from sayso.tools.web.parse import parse_page
from sayso.tools.web.proxies import find_proxy
from sayso.tools.web.transport import HttpTransport
from sayso.tools.web.urls import parse_url

PUBLIC = "93.184.215.14"
PAGE = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 37\r\n\r\n<title>Menu</title><p>A burger: $9.50"
MADE = b"HTTP/1.1 200 Connection established\r\n\r\n"


@dataclass
class Proxy:
    """A proxy on loopback that plays the servers behind it too: what it was asked, and what came through its tunnels."""

    answer: bytes = MADE
    page: bytes = PAGE
    port: int = 0
    tunnels: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    tls: ssl.SSLContext | None = None

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            self.tunnels.append((await reader.readuntil(b"\r\n\r\n")).decode())
            writer.write(self.answer)
            await writer.drain()
            if self.answer == MADE:
                if self.tls is not None:
                    await writer.start_tls(self.tls)
                self.requests.append((await reader.readuntil(b"\r\n\r\n")).decode())
                writer.write(self.page)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            pass  # the client had enough
        finally:
            writer.close()


@asynccontextmanager
async def proxying(**options: Any) -> AsyncIterator[Proxy]:
    proxy = Proxy(**options)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    async with server:
        yield proxy


def make_web(addresses: Mapping[str, str] | None = None, **options: Any) -> Web:
    async def resolve(host: str, port: int) -> list[tuple[str, int]]:
        known = {"shop.example": PUBLIC, "v6.example": "2606:4700::1111", "inner.example": "10.0.0.7"} if addresses is None else addresses
        return [(known[host], port)] if host in known else []

    async def parse(url: str, content_type: str, body: bytes) -> Mapping[str, Any]:
        return parse_page(url, content_type, b64encode(body).decode("ascii"))

    async def wait(seconds: float) -> None:
        pass

    return Web(**{"resolve": resolve, "parse": parse, "wait": wait, "robots": False, **options})


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "request_method"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


VARIABLES = {
    "in capitals": {"HTTP_PROXY": "http://127.0.0.1:{port}"},
    "in small letters": {"http_proxy": "http://127.0.0.1:{port}"},
    "for everything": {"ALL_PROXY": "http://127.0.0.1:{port}"},
    "without http://": {"HTTP_PROXY": "127.0.0.1:{port}"},
    "the small letters count": {"http_proxy": "http://127.0.0.1:{port}", "HTTP_PROXY": "http://127.0.0.1:1"},
    "other hosts are excepted": {"HTTP_PROXY": "http://127.0.0.1:{port}", "NO_PROXY": "localhost,other.example,op.example"},
}


@pytest.mark.parametrize("variables", VARIABLES.values(), ids=VARIABLES)
async def test_a_page_comes_through_a_tunnel_to_the_address_that_was_checked(
    variables: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with proxying() as proxy:
        for name, value in variables.items():
            monkeypatch.setenv(name, value.format(port=proxy.port))
        assert (await make_web().page("http://shop.example/menu")).text == "A burger: $9.50"
        await make_web().page("http://v6.example/")
    assert [tunnel.split("\r\n")[0] for tunnel in proxy.tunnels] == [
        f"CONNECT {PUBLIC}:80 HTTP/1.1",
        "CONNECT [2606:4700::1111]:80 HTTP/1.1",
    ]
    assert proxy.requests[0].startswith("GET /menu HTTP/1.1\r\nHost: shop.example\r\n")
    assert "shop.example" not in proxy.tunnels[0], "the proxy has no name to look up"


async def test_the_other_end_of_the_tunnel_has_to_prove_the_hosts_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    own, names = make_certificate(tmp_path, "shop.example"), list[str | None]()
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(own)
    server.sni_callback = lambda _, name, __: names.append(name)
    trusting = HttpTransport(ssl.create_default_context(cafile=own))
    async with proxying(tls=server) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
        assert (await make_web(transport=trusting).page("https://shop.example/")).title == "Menu"
        assert (proxy.tunnels[0].split("\r\n")[0], names) == (f"CONNECT {PUBLIC}:443 HTTP/1.1", ["shop.example"])
        with pytest.raises(ConnectionFailed, match=r"(?i)certificate"):
            await make_web({"other.example": PUBLIC}, transport=trusting).page("https://other.example/")


def make_certificate(folder: Path, host: str) -> Path:
    from datetime import UTC, datetime, timedelta

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now - timedelta(1), now + timedelta(1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = folder / "own.pem"
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file.write_bytes(secret + certificate.public_bytes(pem))
    return file


DIRECTLY = {
    "the host is excepted": {"NO_PROXY": "shop.example"},
    "its domain is": {"NO_PROXY": "a.example, .example"},
    "its domain is, with a star": {"NO_PROXY": "*.EXAMPLE"},
    "its port is": {"NO_PROXY": "shop.example:80"},
    "everything is": {"no_proxy": "*"},
    "its domain is, after a space": {"NO_PROXY": "a.example shop.example."},
    "its address is written out": {"NO_PROXY": "http://shop.example/"},
    "the small variable is empty": {"http_proxy": ""},
    "a visitor's Proxy header, in a CGI program": {"REQUEST_METHOD": "GET"},
    "only the other scheme has one": {"HTTPS_PROXY": "http://127.0.0.1:9", "HTTP_PROXY": ""},
}


@pytest.mark.parametrize("variables", DIRECTLY.values(), ids=DIRECTLY)
def test_a_host_that_is_excepted_is_asked_directly(variables: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    assert find_proxy(parse_url("http://shop.example/")) is not None
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert find_proxy(parse_url("http://shop.example/")) is None


async def test_what_is_on_this_machine_by_permission_is_never_asked_for_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    async with proxying() as proxy, proxying(answer=PAGE) as site:
        monkeypatch.setenv("ALL_PROXY", f"http://127.0.0.1:{proxy.port}")
        assert (await make_web(allow={("127.0.0.1", site.port)}).page(f"http://127.0.0.1:{site.port}/")).title == "Menu"
    assert (proxy.tunnels, len(site.tunnels)) == ([], 1)


REFUSED_URLS = ("http://10.0.0.7/", "http://inner.example/", "http://169.254.169.254/latest", "http://localhost/", "http://127.1/")


@pytest.mark.parametrize("url", REFUSED_URLS)
async def test_a_proxy_is_no_way_round_the_rules_of_addresses(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with proxying() as proxy:
        monkeypatch.setenv("ALL_PROXY", f"http://127.0.0.1:{proxy.port}")
        with pytest.raises(UrlRefused):
            await make_web().page(url)
    assert proxy.tunnels == []


async def test_a_redirect_through_a_proxy_is_checked_as_any_other(monkeypatch: pytest.MonkeyPatch) -> None:
    moved = b"HTTP/1.1 302 Found\r\nLocation: http://inner.example/\r\nContent-Length: 0\r\n\r\n"
    async with proxying(page=moved) as proxy:
        monkeypatch.setenv("ALL_PROXY", f"http://127.0.0.1:{proxy.port}")
        with pytest.raises(UrlRefused, match=r"inner\.example is at 10\.0\.0\.7"):
            await make_web().page("http://shop.example/")
    assert len(proxy.tunnels) == 1


FAILURES: dict[str, tuple[bytes, str]] = {
    "tunnels are forbidden": (b"HTTP/1.1 403 Forbidden\r\n\r\n", r"makes no tunnel to 93.184.215.14:80.*\(status 403\)"),
    "no method of that name": (b"HTTP/1.0 405 Not Allowed\r\n\r\n", r"\(status 405\)"),
    "it wants a password": (
        b"HTTP/1.1 407 Auth\r\nProxy-Authenticate: Basic\r\n\r\n",
        "a user name and password: write HTTP_PROXY as http://name:",
    ),
    "no HTTP": (b"220 mail.example ESMTP\r\n\r\n", "no HTTP answer"),
    "it hangs up": (b"", "no HTTP answer"),
    "half an answer": (b"HTTP/1.1 200 OK\r\nX: ", r"makes no tunnel"),
    "an answer without end": (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 10_000, "makes no tunnel"),
    "words before the tunnel": (b"HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\n\r\n<p>no", "makes no tunnel"),
}


@pytest.mark.parametrize(("answer", "words"), FAILURES.values(), ids=FAILURES)
async def test_a_proxy_that_refuses_is_named_by_its_variable(answer: bytes, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with proxying(answer=answer) as proxy:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{proxy.port}")
        with pytest.raises(ConnectionFailed, match=rf"the proxy of HTTP_PROXY \(127.0.0.1:{proxy.port}\) .*{words}"):
            await make_web().page("http://shop.example/")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with pytest.raises(ConnectionFailed, match=r"the proxy of http_proxy \(127.0.0.1:9\) was not reached"):
        await make_web().page("http://shop.example/")


async def test_a_password_goes_to_the_proxy_and_into_no_message(monkeypatch: pytest.MonkeyPatch) -> None:
    async with proxying(answer=b"HTTP/1.1 407 Auth\r\n\r\n") as proxy:
        monkeypatch.setenv("HTTP_PROXY", f"http://ada:s%40cret@127.0.0.1:{proxy.port}")
        with pytest.raises(ConnectionFailed, match="refuses the user name and password") as failed:
            await make_web().page("http://shop.example/")
    assert b64encode(b"ada:s@cret").decode() in proxy.tunnels[0]
    assert "cret" not in str(failed.value)


OTHER_KINDS = {
    "socks5://127.0.0.1:1080": "names a proxy that is spoken to by socks5",
    "socks5h://user:secret@127.0.0.1:1080": "names a proxy that is spoken to by socks5h",
    "https://proxy.example": "names a proxy that is spoken to by https",
    "http://": "is not the address of a proxy",
    "http://proxy.example:no": "is not the address of a proxy",
    "http://[::1": "is not the address of a proxy",
    "http://proxy.example:0": "is not the address of a proxy",
    "http:/proxy.example:3128": "is not the address of a proxy",
    "'http://proxy.example:3128'": "is not the address of a proxy",
    "http://ada:12/secret@proxy.example:3128": "is not the address of a proxy",
}


@pytest.mark.parametrize(("value", "words"), OTHER_KINDS.items())
async def test_a_proxy_of_another_kind_is_refused_and_never_passed_by(value: str, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", value)
    with pytest.raises(UsageError, match=f"ALL_PROXY {words}") as refused:
        await make_web().page("http://shop.example/")
    assert "secret" not in str(refused.value)


EXCEPTED = [  # as curl and requests answer
    ("http://93.184.215.14/", "10.0.0.0/8 93.184.0.0/16", True),
    ("http://93.184.215.14/", "93.184.215.0/24", True),
    ("http://93.184.215.14/", "93.184.214.0/24,93.184.215.1,215.14,93.184.*", False),
    ("http://[2606:4700::1111]/", "2606:4700::/32", True),
    ("http://[2606:4700::1111]/", "[2606:4700:0::1111]:80", True),
    ("http://[2606:4700::1111]/", "[2606:4700::1111]:443", False),
    ("http://shop.example/", "hop.example,shop.example:8080,93.184.215.14,0.0.0.0/0,.,**", False),
    ("http://xn--bcher-kva.example/", "bücher.example", True),
]


@pytest.mark.parametrize(("url", "no_proxy", "directly"), EXCEPTED)
def test_networks_and_addresses_are_excepted(url: str, no_proxy: str, directly: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", " http://[::1]:3128/ ")
    monkeypatch.setenv("NO_PROXY", no_proxy)
    found = find_proxy(parse_url(url))
    assert (found is None, found and str(found)) == (directly, None if directly else "the proxy of ALL_PROXY ([::1]:3128)")


async def test_a_name_that_is_not_known_here_is_not_asked_of_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    async with proxying() as proxy:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{proxy.port}")
        with pytest.raises(ConnectionFailed, match=r"nowhere.example is not known; names are looked up on this machine, before the proxy"):
            await make_web().page("http://nowhere.example/")
    assert proxy.tunnels == []
