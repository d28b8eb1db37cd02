"""Fetching from a server that lies, drips, floods and loops. It is on loopback, and exactly its host and port are allowed."""

from __future__ import annotations

import asyncio
import gzip
import json
import re
import signal
import ssl
import subprocess
import sys
import zlib
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpcore2
import pytest

from sayso.agents import Agent, Reply, ScriptedModel, call
from sayso.tools import Approve, tool
from sayso.tools.errors import ToolError, UsageError
from sayso.tools.web.failed_connections import explain_connection
from sayso.tools.web.fetch import Web, parse_in_worker
from sayso.tools.web.page_errors import (
    ConnectionFailed,
    NotAPage,
    PageEmpty,
    PageError,
    PageScripted,
    PageStatus,
    PageTimeout,
    PageTooLarge,
    PageUnreadable,
    RobotsForbid,
    TooManyRedirects,
    UrlRefused,
)
from sayso.tools.web.parse import parse_page
from sayso.tools.web.snapshots import find_quote, load_snapshot
from sayso.tools.web.web_tools import fetch_page

from .pdf_files import encrypted, pdf_of

Write = Callable[[bytes], Awaitable[None]]
Answer = bytes | Callable[[Write], Awaitable[None]]
NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


@dataclass
class Server:
    """Answers each path with the next of its answers; the last one repeats. Remembers the requests."""

    answers: dict[str, list[Answer]] = field(default_factory=dict)
    requests: list[tuple[str, str]] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    port: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async def write(data: bytes) -> None:
            writer.write(data)
            await writer.drain()

        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            path = head.split(" ")[1]
            host = next(line.partition(": ")[2] for line in head.split("\r\n") if line.lower().startswith("host:"))
            self.requests.append((host, path))
            answers = self.answers.get(path, [reply("not here", "404 Not Found")])
            answer = answers.pop(0) if len(answers) > 1 else answers[0]
            await (write(answer) if isinstance(answer, bytes) else answer(write))
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client had enough
        finally:
            writer.close()

    def web(self, **options: Any) -> Web:
        async def resolve(host: str, port: int) -> list[tuple[str, int]]:
            return [("127.0.0.1", self.port)]

        async def wait(seconds: float) -> None:
            self.waits.append(seconds)

        async def parse(url: str, content_type: str, body: bytes) -> Mapping[str, Any]:
            return parse_page(url, content_type, b64encode(body).decode("ascii"))

        given = {"resolve": resolve, "wait": wait, "parse": parse, "allow": {("127.0.0.1", self.port)}, "now": lambda: NOON}
        return Web(**{**given, **options})


@asynccontextmanager
async def serving(**answers: Answer | list[Answer]) -> AsyncIterator[Server]:
    """A server on a free port; `page=` is what /page answers, `robots=` what /robots.txt does."""
    paths = {"/robots.txt" if name == "robots" else f"/{name}": given for name, given in answers.items()}
    server = Server({path: list(given) if isinstance(given, list) else [given] for path, given in paths.items()})
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    server.port = listening.sockets[0].getsockname()[1]
    async with listening:
        yield server


def reply(body: str | bytes = "", status: str = "200 OK", content_type: str = "text/html; charset=utf-8", **headers: str) -> bytes:
    """An HTTP response; header names with underscores for hyphens, an empty value leaves one out."""
    data = body.encode() if isinstance(body, str) else body
    fields = {"Content-Type": content_type, "Content-Length": str(len(data)), **{k.replace("_", "-"): v for k, v in headers.items()}}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items() if value)
    return f"HTTP/1.1 {status}\r\n{head}\r\n".encode("latin-1") + data


def forever(head: bytes, piece: bytes) -> Callable[[Write], Awaitable[None]]:
    """A response whose body has no end."""

    async def answer(write: Write) -> None:
        await write(head)
        while True:
            await write(piece)

    return answer


def silence(head: bytes = b"") -> Callable[[Write], Awaitable[None]]:
    """A response that stops in the middle and never goes on."""

    async def answer(write: Write) -> None:
        await write(head)
        await asyncio.Event().wait()

    return answer


def bomb(size: int) -> bytes:
    return gzip.compress(b"\0" * size)


def flood(count: int, length: int) -> bytes:
    return reply("<p>hello", **{f"X_{n}": "a" * length for n in range(count)})


HTML = "<html><head><title>Burgerhaus</title></head><body><h1>Menu</h1><p>Classic burger $8.50</p></body></html>"
NO_LENGTH = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n"
BIG = b"x" * 64_000

FAILURES: dict[str, tuple[Answer, type[PageError], str]] = {
    "a picture": (reply(b"\x89PNG....", content_type="image/png"), NotAPage, "of type image/png"),
    "a picture without a type": (reply(b"\x89PNG....", content_type=""), NotAPage, "a PNG picture"),
    "binary data": (reply(b"\x01\x00\x00\x00\x00"), NotAPage, "binary data"),
    "50 MB, said beforehand": (reply(Content_Length="52428800"), PageTooLarge, "it has 52.4 MB, 5.0 MB are read"),
    "more than said": (forever(NO_LENGTH, BIG), PageTooLarge, "more than 5.0 MB"),
    "endless chunks": (forever(CHUNKED, b"fa00\r\n" + BIG + b"\r\n"), PageTooLarge, "more than 5.0 MB"),
    "a gzip bomb": (reply(bomb(20_000_000), Content_Encoding="gzip"), PageTooLarge, "more than 200 times"),
    "a deflate bomb": (reply(zlib.compress(b"\0" * 20_000_000), Content_Encoding="deflate"), PageTooLarge, "more than 200 times"),
    "packed twice": (reply(gzip.compress(bomb(20_000_000)), Content_Encoding="gzip, gzip"), NotAPage, "which was not asked for"),
    "packed by a header twice": (
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Encoding: gzip\r\nContent-Length: 0\r\n\r\n",
        NotAPage,
        "which was not asked for",
    ),
    "packed in an unknown way": (reply("hello", Content_Encoding="br"), NotAPage, "packed as 'br'"),
    "no gzip although it says so": (reply("hello", Content_Encoding="gzip"), ConnectionFailed, "damaged"),
    "half a gzip": (reply(gzip.compress(HTML.encode())[:-20], Content_Encoding="gzip"), ConnectionFailed, "ends early"),
    "101 headers": (flood(101, 1), PageTooLarge, "headers"),
    "64 KB of headers": (flood(9, 8_000), PageTooLarge, "its headers have"),
    "endless headers": (forever(b"HTTP/1.1 200 OK\r\n", b"X-A: " + b"a" * 1000 + b"\r\n"), ConnectionFailed, "is not HTTP"),
    "shorter than said": (reply("<p>hello", Content_Length="4000"), ConnectionFailed, "in the middle of its answer"),
    "two lengths": (
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 5\r\n\r\nhello",
        ConnectionFailed,
        "is not HTTP",
    ),
    "no HTTP at all": (b"220 mail.example ESMTP\r\n", ConnectionFailed, "without an answer"),
    "nothing": (b"", ConnectionFailed, "it closed the connection without an answer"),
    "no body": (reply(""), PageEmpty, "no text"),
    "only scripts": (reply("<script>document.write('hello')</script><!-- hello -->"), PageScripted, "is drawn by scripts"),
    "204": (reply("", "204 No Content"), PageEmpty, "no text"),
    "404": (reply("no", "404 Not Found"), PageStatus, "status 404"),
    "403": (reply("no", "403 Forbidden"), PageStatus, "status 403"),
    "300 without a choice": (reply("no", "300 Multiple Choices"), PageStatus, "status 300"),
    "a redirect to nowhere": (reply("no", "302 Found"), PageStatus, "no Location"),
    "a redirect to itself": (reply("", "302 Found", Location="/page"), TooManyRedirects, "in a circle"),
    "a redirect to loopback": (
        reply("", "302 Found", Location="http://127.0.0.1/"),
        UrlRefused,
        "http://shop.example/page redirects there",
    ),
    "a redirect to metadata": (reply("", "302 Found", Location="http://169.254.169.254/x"), UrlRefused, "169.254.169.254"),
    "a redirect to a file": (reply("", "302 Found", Location="file:///etc/passwd"), UrlRefused, "only http and https"),
}


@pytest.mark.parametrize(("answer", "kind", "words"), FAILURES.values(), ids=FAILURES)
async def test_a_page_that_cannot_be_read_says_why(answer: Answer, kind: type[PageError], words: str) -> None:
    async with serving(page=answer) as server:
        with pytest.raises(kind) as caught:
            await server.web(robots=False).page("http://shop.example/page")
    assert type(caught.value) is kind
    assert words in str(caught.value)
    assert isinstance(caught.value, ToolError)


SLOW: dict[str, Answer] = {
    "nothing comes": silence(),
    "half the headers": silence(b"HTTP/1.1 200 OK\r\nContent-"),
    "half the body": silence(NO_LENGTH + b"<p>hel"),
    "one hint after the other": forever(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n"),
}


@pytest.mark.parametrize("answer", SLOW.values(), ids=SLOW)
async def test_a_page_that_never_ends_is_given_up(answer: Answer) -> None:
    async with serving(page=answer) as server:
        with pytest.raises(PageTimeout):
            await server.web(robots=False, connect_seconds=0.05, total_seconds=0.1).page("http://shop.example/page")


async def test_a_page_is_read_under_its_own_name_and_kept(tmp_path: Path) -> None:
    async with serving(page=reply(HTML)) as server:
        page = await server.web(snapshots=tmp_path).page("http://shop.example/page")
        assert server.requests == [("shop.example", "/robots.txt"), ("shop.example", "/page")]
    assert (page.title, page.final_url, page.snapshot.fetched_at) == ("Burgerhaus", "http://shop.example/page", "2026-05-04T12:00:00.000Z")
    assert find_quote("Classic  burger\n$8.50", page.text) is not None
    stored = load_snapshot(tmp_path / f"{page.snapshot.name}.json")
    assert stored == page.snapshot
    assert (tmp_path / f"{page.snapshot.name}.body").read_bytes() == HTML.encode()


DOCUMENTS = {
    # name: the answer, words of its evidence, and its fields as (subject, name, value)
    "a price list as PDF": (
        reply(pdf_of(["Prices 2026\nCity bike A$28\nTrailer A$20\nA deposit of A$150 is taken."]), content_type="application/pdf"),
        "A deposit of A$150 is taken.",
        [("City bike", "price", "A$28"), ("Trailer", "price", "A$20")],
    ),
    "products as JSON": (
        reply('{"products": [{"name": "City bike", "price": "28.00", "about": "Seven gears."}]}', content_type="application/json"),
        "products about: Seven gears.",
        [("City bike", "price", "28.00"), ("City bike", "about", "Seven gears.")],
    ),
}


@pytest.mark.parametrize(("answer", "words", "fields"), DOCUMENTS.values(), ids=DOCUMENTS)
async def test_a_document_is_a_page(answer: bytes, words: str, fields: list[tuple[str, str, str]]) -> None:
    async with serving(page=answer) as server:
        page = await server.web(parse=parse_in_worker).page("http://shop.example/page")
    assert words in page.snapshot.text
    assert [(field.subject, field.name, field.value) for field in page.fields] == fields
    assert all(find_quote(field.quote, page.snapshot.text) for field in page.fields)


UNREADABLE = {
    "a damaged PDF": (reply(b"%PDF-1.7 ...", content_type="application/pdf"), "it is a damaged PDF"),
    "a PDF that says it is HTML": (reply(b"%PDF-1.7 ..."), "it is a damaged PDF"),
    "a PDF of pictures": (reply(pdf_of([""]), content_type="application/pdf"), "no text that can be read"),
    "an encrypted PDF": (reply(encrypted(pdf_of(["Secret"]), "p")), "it needs a password"),
    "JSON that is none": (reply(b"{oops", content_type="application/json"), "it is not JSON"),
    "JSON without end": (reply(b"[" * 100_000, content_type="application/json"), "it is not JSON"),
}


@pytest.mark.parametrize(("answer", "why"), UNREADABLE.values(), ids=UNREADABLE)
async def test_a_document_that_cannot_be_read_says_why(answer: bytes, why: str) -> None:
    async with serving(page=answer) as server:
        with pytest.raises(PageUnreadable, match=why):
            await server.web(parse=parse_in_worker).page("http://shop.example/page")


async def test_a_changed_snapshot_is_not_loaded(tmp_path: Path) -> None:
    async with serving(page=reply(HTML)) as server:
        page = await server.web(snapshots=tmp_path).page("http://shop.example/page")
    (tmp_path / f"{page.snapshot.name}.body").write_bytes(b"something else")
    with pytest.raises(UsageError, match="does not match its bytes"):
        load_snapshot(tmp_path / f"{page.snapshot.name}.json")


PACKED = {
    "gzip": (gzip.compress(HTML.encode()), "gzip"),
    "x-gzip, upper case": (gzip.compress(HTML.encode()), "X-GZIP"),
    "deflate": (zlib.compress(HTML.encode()), "deflate"),
    "deflate without its header": (zlib.compress(HTML.encode(), wbits=-15), "deflate"),
    "gzip with something after it": (gzip.compress(HTML.encode()) + b"\0\0\0", "gzip"),
    "identity": (HTML.encode(), "identity"),
}


@pytest.mark.parametrize(("body", "encoding"), PACKED.values(), ids=PACKED)
async def test_packed_pages_are_unpacked(body: bytes, encoding: str) -> None:
    async with serving(page=reply(body, Content_Encoding=encoding)) as server:
        assert (await server.web(robots=False).page("http://shop.example/page")).title == "Burgerhaus"


async def test_a_bomb_is_stopped_before_it_is_unpacked_in_full() -> None:
    async with serving(page=reply(bomb(3_000_000_000 // 100), Content_Encoding="gzip")) as server:
        with pytest.raises(PageTooLarge):
            await server.web(robots=False, max_decoded=100_000).page("http://shop.example/page")


BUSY = reply("busy", "503 Service Unavailable")
SECOND_TRIES: dict[str, tuple[list[Answer], list[float]]] = {
    "503, then the page": ([BUSY, reply(HTML)], [0.5]),
    "500, then the page": ([reply("oops", "500 Error"), reply(HTML)], [0.5]),
    "503 with two seconds": ([reply("busy", "503 Busy", Retry_After="2"), reply(HTML)], [2.0]),
    "503 until a date": ([reply("busy", "503 Busy", Retry_After="Mon, 04 May 2026 12:00:03 GMT"), reply(HTML)], [3.0]),
    "503 until yesterday": ([reply("busy", "503 Busy", Retry_After="Sun, 03 May 2026 12:00:00 GMT"), reply(HTML)], []),
    "503 with nonsense": ([reply("busy", "503 Busy", Retry_After="soon"), reply(HTML)], [0.5]),
    "429 with one second": ([reply("slow", "429 Too Many", Retry_After="1"), reply(HTML)], [1.0]),
    "a broken connection": ([b"", reply(HTML)], [0.5]),
    "a body that broke off": ([reply("<p>half", Content_Length="4000"), reply(HTML)], [0.5]),
}


@pytest.mark.parametrize(("answers", "waits"), SECOND_TRIES.values(), ids=SECOND_TRIES)
async def test_a_server_that_stumbles_is_asked_twice(answers: list[Answer], waits: list[float]) -> None:
    async with serving(page=answers) as server:
        page = await server.web(robots=False).page("http://shop.example/page")
        assert page.title == "Burgerhaus"
        assert server.waits == pytest.approx(waits, abs=0.2)


ONE_TRY = {
    "a long wait": (reply("busy", "503 Busy", Retry_After="3600"), "come back in 3600 s"),
    "not found": (reply("no", "404 Not Found"), "404"),
    "not implemented": (reply("no", "501 Not Implemented"), "501"),
}


@pytest.mark.parametrize(("answer", "words"), ONE_TRY.values(), ids=ONE_TRY)
async def test_what_will_not_pass_is_asked_once(answer: Answer, words: str) -> None:
    async with serving(page=answer) as server:
        with pytest.raises(PageStatus, match=words):
            await server.web(robots=False).page("http://shop.example/page")
        assert (len(server.requests), server.waits) == (1, [])


async def test_there_is_no_third_try() -> None:
    async with serving(page=BUSY) as server:
        with pytest.raises(PageStatus, match="503"):
            await server.web(robots=False).page("http://shop.example/page")
        assert len(server.requests) == 2


async def test_nobody_there_is_a_failed_connection() -> None:
    async with serving() as server:
        pass
    with pytest.raises(ConnectionFailed, match="no connection"):
        await server.web().page("http://shop.example/page")


def broken(words: str, verify_code: int = 0) -> Exception:
    """Return a failed connection beneath which OpenSSL says this."""
    failed = httpcore2.ConnectError(words)
    failed.__cause__ = ssl.SSLCertVerificationError(1, words) if verify_code else ssl.SSLError(1, words)
    if isinstance(failed.__cause__, ssl.SSLCertVerificationError):
        failed.__cause__.verify_code = verify_code
    return failed


SAID = {
    "self-signed": (
        broken("[SSL: CERTIFICATE_VERIFY_FAILED] self-signed certificate (_ssl.c:1006)", 18),
        "is not trusted here; if your company",
    ),
    "of nobody that is known": (broken("unable to get local issuer certificate", 20), "set SSL_CERT_FILE"),
    "expired": (broken("certificate has expired", 10), "its certificate has expired$"),
    "of tomorrow": (broken("certificate is not yet valid", 9), "is not valid yet .is this machine's clock right"),
    "another host's": (broken("Hostname mismatch", 62), "its certificate is for another host than shop.example$"),
    "no TLS there": (broken("[SSL: WRONG_VERSION_NUMBER] wrong version number (_ssl.c:1006)"), "it does not speak TLS there"),
    "old TLS": (broken("[SSL: TLSV1_ALERT_PROTOCOL_VERSION] tlsv1 alert protocol version"), "no longer safe$"),
    "an alert": (broken("[SSL: SSLV3_ALERT_HANDSHAKE_FAILURE] sslv3 alert handshake failure"), "it refuses the TLS handshake$"),
    "half a handshake": (broken("EOF occurred in violation of protocol (_ssl.c:1006)"), "it broke off the TLS handshake$"),
    "no answer": (
        httpcore2.RemoteProtocolError("Server disconnected without sending a response."),
        "it closed the connection without an answer$",
    ),
    "no words": (httpcore2.ReadError(""), "the connection broke off$"),
}


@pytest.mark.parametrize(("error", "words"), SAID.values(), ids=SAID)
def test_a_failed_connection_is_said_in_our_words(error: Exception, words: str) -> None:
    said = explain_connection(error, "shop.example")
    assert re.search(words, said)
    assert not re.search(r"_ssl|\[SSL", said)


async def test_an_unknown_name_is_a_failed_connection() -> None:
    async def resolve(host: str, port: int) -> list[tuple[str, int]]:
        return []

    with pytest.raises(ConnectionFailed, match=r"the name shop\.example is not known"):
        await Web(resolve=resolve).page("http://shop.example/page")


async def test_the_next_address_is_tried_when_the_first_is_dead() -> None:
    async with serving() as dead:
        pass
    async with serving(page=reply(HTML)) as server:

        async def resolve(host: str, port: int) -> list[tuple[str, int]]:
            return [("127.0.0.1", dead.port), ("127.0.0.1", server.port)]

        allow = {("127.0.0.1", dead.port), ("127.0.0.1", server.port)}
        page = await server.web(resolve=resolve, allow=allow, robots=False).page("http://shop.example/page")
    assert page.title == "Burgerhaus"


NOT_FOR_US = "User-agent: *\nDisallow: /private\n"
ROBOTS: dict[str, tuple[Answer, str, str]] = {
    "forbidden": (reply("User-agent: *\nDisallow: /page", content_type="text/plain"), "deny", "asks programs not to read it"),
    "forbidden for us": (reply("User-agent: Sayso\nDisallow: /\n\nUser-agent: *\nAllow: /"), "deny", "asks programs not"),
    "forbidden for others": (reply("User-agent: OtherBot\nDisallow: /"), "allow", ""),
    "another path": (reply("User-agent: *\nDisallow: /private"), "allow", ""),
    "an exception": (reply("User-agent: *\nDisallow: /\nAllow: /page"), "allow", ""),
    "with a BOM": (reply("\ufeffUser-agent: *\nDisallow: /"), "deny", "asks programs not"),
    "missing": (reply("no", "404 Not Found"), "allow", ""),
    "forbidden itself": (reply("no", "403 Forbidden"), "allow", ""),
    "a server error": (reply("no", "500 Error"), "deny", "answered with status 500"),
    "an HTML page": (reply("<html><p>Welcome!</html>"), "allow", ""),
    "a picture": (reply(b"\x89PNG\0\0\0\0", content_type="image/png"), "allow", ""),
    "silence": (silence(), "deny", "took longer than"),
    "a redirect to loopback": (reply("", "302 Found", Location="http://127.0.0.1/robots.txt"), "deny", "leads elsewhere"),
    "redirects in a circle": (reply("", "302 Found", Location="/robots.txt"), "deny", "could not be read"),
    "50 MB": (reply(b"User-agent: *\nDisallow: /page\n" + b"#" * 600_000), "deny", "asks programs not"),
    "many stars": (reply("User-agent: *\n" + f"Disallow: /{'*a' * 200}b\n" * 1000), "allow", ""),
}


@pytest.mark.parametrize(("robots", "verdict", "words"), ROBOTS.values(), ids=ROBOTS)
async def test_robots_txt_is_honoured(robots: Answer, verdict: str, words: str) -> None:
    async with serving(page=reply(HTML), robots=robots) as server:
        web = server.web(connect_seconds=0.3 if "longer" in words else 60, total_seconds=100)
        if verdict == "allow":
            assert (await web.page("http://shop.example/page")).title == "Burgerhaus"
            return
        with pytest.raises(RobotsForbid, match=words):
            await web.page("http://shop.example/page")
        assert ("shop.example", "/page") not in server.requests


async def test_robots_txt_is_read_once_for_a_site_and_again_for_another() -> None:
    async with serving(page=reply(HTML), robots=reply(NOT_FOR_US)) as server:
        web = server.web()
        for url in ("http://a.example/page", "http://a.example/page", "http://b.example/page"):
            await web.page(url)
        assert [host for host, path in server.requests if path == "/robots.txt"] == ["a.example", "b.example"]


async def test_a_redirect_to_another_site_asks_that_sites_robots_txt() -> None:
    answers: dict[str, Answer | list[Answer]] = {
        "page": reply("", "301 Moved", Location="http://b.example/private/x"),
        "robots": reply(NOT_FOR_US),
        "private/x": reply(HTML),
    }
    async with serving(**answers) as server:
        with pytest.raises(RobotsForbid, match=r"b\.example"):
            await server.web().page("http://a.example/page")
        assert ("b.example", "/private/x") not in server.requests


async def test_one_deadline_covers_robots_redirects_and_the_second_try() -> None:
    async def long_wait(seconds: float) -> None:
        await asyncio.Event().wait()

    async with serving(page=BUSY, robots=reply("")) as server:
        with pytest.raises(PageTimeout):
            await server.web(total_seconds=0.2, wait=long_wait).page("http://shop.example/page")


CHARSETS: dict[str, tuple[bytes, str, str]] = {
    "utf-8": ("Käse für 3 €".encode(), "text/html; charset=utf-8", "Käse für 3 €"),
    "latin-1, named": ("Käse für drei".encode("latin-1"), "text/html; charset=ISO-8859-1", "Käse für drei"),
    "latin-1 that is windows": ("Käse 3 € “fein”".encode("cp1252"), "text/html; charset=iso-8859-1", "Käse 3 € “fein”"),
    "English without a charset": ("It’s “the best” café – from £5.".encode("cp1252"), "text/html", "It’s “the best” café – from £5."),
    "Danish without a charset": (
        "Æblekage, prøv den! Åbent nu.".encode("cp1252"),
        "text/html",
        "Æblekage, prøv den! Åbent nu.",
    ),
    "Czech without a charset": (
        "Otevřeno denně od 9 do 18 hodin. Vstupné 120 Kč, děti zdarma. Přijďte k nám, těšíme se.".encode("cp1250"),
        "text/html",
        "Otevřeno denně od 9 do 18 hodin. Vstupné 120 Kč, děti zdarma. Přijďte k nám, těšíme se.",
    ),
    "latin-1 in a meta": (b"<meta charset='iso-8859-1'>" + "Käse".encode("latin-1"), "text/html", "Käse"),
    "utf-8 that says latin-1": ("Käse für 3 €".encode(), "text/html; charset=iso-8859-1", "Käse für 3 €"),
    "latin-1 that says utf-8": ("Käse für drei Gäste".encode("latin-1"), "text/html; charset=utf-8", "Käse für drei Gäste"),
    "ascii that says utf-16": (b"plain words", "text/html; charset=utf-16", "plain words"),
    "utf-16 with a BOM": ("Käse".encode("utf-16"), "text/html", "Käse"),
    "a BOM against the header": (b"\xef\xbb\xbf" + "Käse".encode(), "text/html; charset=koi8-r", "Käse"),
    "shift-jis": ("寿司とラーメン".encode("cp932"), "text/html; charset=Shift_JIS", "寿司とラーメン"),
    "gbk": ("汉堡包和薯条".encode("gbk"), "text/html; charset=gb2312", "汉堡包和薯条"),
    "koi8": ("бургер и картошка".encode("koi8-r"), "text/html; charset=koi8-r", "бургер и картошка"),
    "an unknown charset": ("Käse".encode(), "text/html; charset=klingon", "Käse"),
    "a codec that is no charset": ("Käse".encode(), "text/html; charset=rot13", "Käse"),
    "utf-7": (b"+ADw-script+AD4-", "text/html; charset=utf-7", "+ADw-script+AD4-"),
    "a quoted charset": ("Käse".encode("latin-1"), 'text/html; charset="latin1"', "Käse"),
    "broken utf-8": (b"good words \xff\xfe\xfd and more", "text/html; charset=utf-8", "good words"),
}


@pytest.mark.parametrize(("body", "content_type", "text"), CHARSETS.values(), ids=CHARSETS)
def test_bytes_are_read_as_what_they_are(body: bytes, content_type: str, text: str) -> None:
    assert text in parse_page("http://shop.example/", content_type, b64encode(b"<p>" + body).decode())["text"]


async def test_control_bidi_and_tag_characters_are_gone_everywhere() -> None:
    nasty = "\u202eevil\u2066\u200b\x1b[31m\x85\U000e0041\U000e0042\ufeff"
    data = json.dumps({"@type": "Restaurant", "name": f"A{nasty}B"}, ensure_ascii=False)
    html = f'<title>T{nasty}</title><script type="application/ld+json">{data}</script><p>P{nasty}</p><a href="/x">L{nasty}</a>'
    async with serving(page=reply(html)) as server:
        page = await server.web(robots=False).page("http://shop.example/page")
    assert (page.title, page.text, page.links[0].text) == ("Tevil[31m", "Pevil[31m\n\nLevil[31m", "Levil[31m")
    assert page.json_ld[0]["name"] == "Aevil[31mB"


QUOTES = {
    "as it stands": ("fresh beef", (4, 14)),
    "over a line break": ("beef every\n day", (10, 25)),
    "with blanks around": ("  We  ", (0, 2)),
    "other words": ("frozen beef", None),
    "other case": ("We FRESH", None),
    "special characters": ("(really.*)", (26, 36)),
    "nothing": (" \n", None),
}


@pytest.mark.parametrize(("quote", "span"), QUOTES.values(), ids=QUOTES)
def test_a_quote_is_found_whatever_the_white_space(quote: str, span: tuple[int, int] | None) -> None:
    assert find_quote(quote, "We  fresh beef\nevery  day (really.*)") == span


HOPS: dict[str, tuple[str, tuple[str, ...], str | None]] = {
    "to itself": ("http://shop.example/news", ("shop.example",), None),
    "to a host below it": ("http://www.shop.example/news", ("shop.example",), None),
    "to another host": ("http://evil.example/news?q=4711", ("shop.example",), "evil.example"),
    "to a host that begins or ends like it": ("http://evilshop.example/news", ("shop.example",), "evilshop.example"),
    "to another host that may be read": ("http://news.example/news", ("shop.example", "news.example"), None),
}


@pytest.mark.parametrize(("place", "hosts", "refused"), HOPS.values(), ids=HOPS)
async def test_a_web_of_some_hosts_follows_no_redirect_out_of_them(place: str, hosts: tuple[str, ...], refused: str | None) -> None:
    path = place.split("/", 3)[3].partition("?")[0]
    async with serving(**{"page": reply("", "302 Found", Location=place), path: reply("<p>News of the day</p>")}) as server:
        reading = server.web(hosts=hosts, robots=False).page("http://shop.example/page")
        if refused is None:
            assert (await reading).text == "News of the day"
            return
        with pytest.raises(UrlRefused, match=r"only shop\.example may be read here \(http://shop.example/page redirects there\)"):
            await reading
    assert {host for host, _ in server.requests} == {"shop.example"}


async def test_a_yes_to_an_address_is_no_yes_to_where_it_redirects() -> None:
    @tool.read
    async def diary() -> str:
        """Reads the diary."""
        return "4711"

    url = "http://shop.example/page"
    model = ScriptedModel(
        Reply(calls=(call("diary"),)),
        Reply(calls=(call("read_page", url=f"{url}?q=4711"),)),
        lambda request: request.messages[-1].results[0].text,  # type: ignore[union-attr]
    )
    async with serving(**{"page?q=4711": reply("", "302 Found", Location="http://evil.example/?q=4711")}) as server:
        asked = await Agent(model, tools=[diary, fetch_page(server.web(robots=False))]).run("What is new?")
        (request,) = asked.pending
        assert request.card == f"read_page(url={url}?q=4711)"
        done = await asked.resume({request.digest: Approve()})
    assert "evil.example/?q=4711 is refused: only shop.example may be read here" in done.output
    assert {host for host, _ in server.requests} == {"shop.example"}


KILLED_WHILE_IT_STORES = """
import os, pathlib, signal, sys
from sayso.tools.web.snapshots import Snapshot, store_snapshot

os.fchmod = lambda *_: os.kill(os.getpid(), signal.SIGKILL)  # the bytes are written, the file has no name yet
at = "https://a.example/"
store_snapshot(pathlib.Path(sys.argv[1]), Snapshot(at, at, "2026-12-01T00:00:00Z", "00", 200, "text/html", "Soup"), b"<p>Soup" * 100_000)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has files without a name")
def test_a_program_killed_while_it_stores_a_page_leaves_no_half_file(tmp_path: Path) -> None:
    ended = subprocess.run([sys.executable, "-c", KILLED_WHILE_IT_STORES, tmp_path], check=False)
    assert (ended.returncode, list(tmp_path.iterdir())) == (-signal.SIGKILL, [])
