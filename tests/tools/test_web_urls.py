"""Which URLs are visited, and which address a visit connects to."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sayso.tools.web.addresses import is_public
from sayso.tools.web.fetch import Web
from sayso.tools.web.page_errors import PageError, UrlRefused
from sayso.tools.web.transport import Response, Target
from sayso.tools.web.urls import parse_url

PUBLIC = "93.184.215.14"

PUBLIC_ADDRESSES = [
    "1.1.1.1",
    PUBLIC,
    "172.15.255.255",
    "172.32.0.1",
    "100.63.255.255",
    "2606:4700::1111",
    "2a00::1",
    "192.0.1.1",
    "223.255.255.255",
]
OTHER_ADDRESSES = [
    *("0.0.0.0", "10.0.0.1", "100.64.0.1", "100.127.255.255", "127.0.0.1", "127.255.255.255", "168.63.129.16", "169.254.169.254"),
    *("172.16.0.1", "172.31.255.255", "192.0.0.192", "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.51.100.1"),
    *("203.0.113.1", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255"),
    *("::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:93.184.215.14", "64:ff9b::7f00:1", "64:ff9b:1::1", "100::1", "2001::1"),
    *("2001:db8::1", "2001:10::1", "2001:20::1", "2002:7f00:1::", "3fff::1", "4000::1", "5f00::1", "fc00::1", "fd00:ec2::254", "fe80::1"),
    *("fe80::1%eth0", "2606:4700::1111%1", "fec0::1", "ff02::1", "", "example.org", "010.8.8.8", "1", "127.1", "0x7f.0.0.1", "1.1.1.1 "),
]

REFUSED = {
    "nothing": "",
    "blank before": " http://example.org/",
    "newline in the host": "http://exam\nple.org/",
    "tab in the scheme": "ht\ttp://example.org/",
    "null byte": "http://example.org/\x00",
    "zero width space": "http://exam\u200bple.org/",
    "bidi override": "http://example.org/\u202egnp.exe",
    "backslash host": "http:\\\\example.org\\",
    "backslash before @": "http://example.org\\@127.0.0.1/",
    "no host": "http:///etc/passwd",
    "no slashes": "http:example.org",
    "relative": "//example.org/",
    "only a path": "/etc/passwd",
    "file": "file:///etc/passwd",
    "ftp": "ftp://example.org/",
    "data": "data:text/html,hello",
    "javascript": "javascript:alert(1)",
    "dict": "dict://example.org:2628/d:x",
    "ldap": "ldap://example.org/",
    "jar": "jar:http://example.org!/x",
    "ws": "ws://example.org/",
    "user": "http://user@example.org/",
    "user and password": "http://user:pass@example.org/",
    "empty user": "http://@example.org/",
    "two ats": "http://a@b@example.org/",
    "encoded host": "http://%31%32%37.0.0.1/",
    "encoded slash host": "http://example.org%2f@127.0.0.1/",
    "loopback": "http://127.0.0.1/",
    "loopback with a dot": "http://127.0.0.1./",
    "decimal": "http://2130706433/",
    "octal": "http://0177.0.0.1/",
    "octal that looks public": "http://010.8.8.8/",
    "hex": "http://0x7f.0.0.1/",
    "one hex number": "http://0x7f000001/",
    "bare 0x": "http://example.0x/",
    "three parts": "http://127.0.1/",
    "two parts": "http://127.1/",
    "five parts": "http://1.1.1.1.1/",
    "too large part": "http://1.1.1.256/",
    "padded public": "http://1.1.1.01/",
    "numeric last label": "http://example.1/",
    "zero": "http://0/",
    "all zeros": "http://0.0.0.0/",
    "metadata": "http://169.254.169.254/latest/meta-data/",
    "cgnat metadata": "http://100.100.100.200/",
    "fullwidth digits": "http://１２７.0.0.1/",
    "circled digits": "http://①②⑦.0.0.1/",
    "ideographic stops": "http://127。0。0。1/",
    "halfwidth stop": "http://127｡0.0.1/",
    "fullwidth stop": "http://example．org/",
    "fullwidth slash": "http://example.org／@127.0.0.1/",
    "arabic digits": "http://١٢٧.٠.٠.١/",
    "long s": "http://localho\u017ft/",
    "kelvin sign": "http://example.\u212aom/",
    "soft hyphen": "http://exam\u00adple.org/",
    "ligature": "http://oﬃce.example/",
    "mixed scripts": "http://exаmple.org/",
    "mixed scripts as punycode": "http://xn--exmple-4nf.org/",
    "broken punycode": "http://xn--a.example/",
    "emoji": "http://💩.example/",
    "localhost": "http://localhost/",
    "localhost with a dot": "http://localhost./",
    "LOCALHOST": "http://LOCALHOST/",
    "under localhost": "http://app.localhost/",
    "single word": "http://intranet/",
    "local": "http://printer.local/",
    "internal": "http://metadata.google.internal/",
    "home": "http://router.home/",
    "home.arpa": "http://router.home.arpa/",
    "lan": "http://nas.lan/",
    "corp": "http://wiki.corp/",
    "onion": "http://expyuzz4wqqyqhjn.onion/",
    "empty label": "http://example..org/",
    "leading dot": "http://.example.org/",
    "only a dot": "http://./",
    "hyphen first": "http://-a.example/",
    "underscore": "http://a_b.example/",
    "long label": f"http://{'a' * 64}.example/",
    "long host": f"http://{'a.' * 130}example/",
    "long url": f"http://example.org/{'a' * 8200}",
    "port of ssh": "http://example.org:22/",
    "port of redis": "http://example.org:6379/",
    "port 0": "http://example.org:0/",
    "port 65616, which is 80 in 16 bits": "http://example.org:65616/",
    "empty port": "http://example.org:/",
    "signed port": "http://example.org:+80/",
    "padded port": "http://example.org:080/",
    "arabic port": "http://example.org:٨٠/",
    "two ports": "http://example.org:80:80/",
    "v6 loopback": "http://[::1]/",
    "v6 any": "http://[::]/",
    "v6 mapped": "http://[::ffff:7f00:1]/",
    "v6 compatible": "http://[::127.0.0.1]/",
    "v6 nat64": "http://[64:ff9b::7f00:1]/",
    "v6 6to4": "http://[2002:7f00:1::]/",
    "v6 teredo": "http://[2001:0:7f00:1::]/",
    "v6 link-local with a zone": "http://[fe80::1%25eth0]/",
    "v6 metadata": "http://[fd00:ec2::254]/",
    "v6 unclosed": "http://[::1/",
    "v6 with a tail": "http://[::1].example.org/",
    "v future": "http://[v1.x]/",
    "v4 in brackets": "http://[127.0.0.1]/",
    "markup": "http://exa<b>mple.org/",
}
ALLOWED = {
    "plain": ("https://example.org/", "https://example.org/"),
    "no path": ("http://example.org", "http://example.org/"),
    "upper case": ("HTTP://EXAMPLE.ORG/Path", "http://example.org/Path"),
    "root dot": ("http://example.org./", "http://example.org/"),
    "fragment": ("http://example.org/a#b", "http://example.org/a"),
    "query without a path": ("http://example.org?a=1", "http://example.org/?a=1"),
    "an address in the query": ("http://example.org/?u=http://127.0.0.1/", "http://example.org/?u=http://127.0.0.1/"),
    "an @ in the path": ("http://example.org/@name", "http://example.org/@name"),
    "an encoded path": ("http://example.org/a%20b", "http://example.org/a%20b"),
    "a path in another script": ("http://example.org/caf\u00e9?q=\u00fc", "http://example.org/caf%C3%A9?q=%C3%BC"),
    "the other default port": ("http://example.org:443/", "http://example.org:443/"),
    "its own port": ("https://example.org:443/", "https://example.org/"),
    "public address": ("http://93.184.215.14/", "http://93.184.215.14/"),
    "public v6": ("http://[2606:4700::1111]/", "http://[2606:4700::1111]/"),
    "v6 in long form": ("http://[2606:4700:0:0:0:0:0:1111]/", "http://[2606:4700::1111]/"),
    "international": ("http://b\u00fccher.example/", "http://xn--bcher-kva.example/"),
    "international, upper case": ("http://B\u00dcCHER.example/", "http://xn--bcher-kva.example/"),
    "one script that is not latin": ("http://\u043f\u0440\u0438\u043c\u0435\u0440.example/", "http://xn--e1afmkfd.example/"),
    "japanese mixes three": ("http://\u5bff\u53f8\u3059\u3057\u30b9\u30b7.example/", None),
    "name that begins like an address": ("http://127.0.0.1.example.org/", "http://127.0.0.1.example.org/"),
    "digits in a label": ("http://1.example.org/", "http://1.example.org/"),
    "two hyphens": ("http://r3---sn-abc.example.org/", "http://r3---sn-abc.example.org/"),
}


@dataclass
class FakeNet:
    """A resolver and a transport: answers from tables, and remembers where a visit would have connected to."""

    dns: Mapping[str, Sequence[Sequence[str]]] = field(default_factory=dict)
    redirects: Sequence[str] = ()
    connected: list[tuple[str, str, int]] = field(default_factory=list)
    asked: dict[str, int] = field(default_factory=dict)

    async def resolve(self, host: str, port: int) -> Sequence[tuple[str, int]]:
        answers = self.dns.get(host, [[PUBLIC]])
        turn = self.asked.get(host, 0)
        self.asked[host] = turn + 1
        return [(ip, port) for ip in answers[min(turn, len(answers) - 1)]]

    @asynccontextmanager
    async def open(self, target: Target) -> AsyncIterator[Response]:
        self.connected.append((str(target.url), target.ip, target.port))
        turn = sum(1 for url, _, _ in self.connected if not url.endswith("/robots.txt")) - 1
        if str(target.url).endswith("/robots.txt"):
            yield Response(404, [], _chunks(b""))
        elif turn < len(self.redirects):
            yield Response(302, [("Location", self.redirects[turn])], _chunks(b""))
        else:
            yield Response(200, [("Content-Type", "text/plain")], _chunks(b"hello"))


async def _chunks(body: bytes) -> AsyncIterator[bytes]:
    yield body


async def _visit(url: str, net: FakeNet, allow: tuple[tuple[str, int], ...] = (), robots: bool = False, cache: Path | None = None) -> str:
    web = Web(resolve=net.resolve, transport=net, allow=allow, robots=robots, cache=cache)
    try:
        await web.fetch(url)
    except PageError:
        return "deny"
    return "allow"


@pytest.mark.parametrize("ip", PUBLIC_ADDRESSES)
def test_a_public_address_is_public(ip: str) -> None:
    assert is_public(ip)


@pytest.mark.parametrize("ip", OTHER_ADDRESSES)
def test_any_other_address_is_not(ip: str) -> None:
    assert not is_public(ip)


@pytest.mark.parametrize("url", REFUSED.values(), ids=REFUSED)
async def test_a_hostile_url_connects_to_nothing(url: str) -> None:
    net = FakeNet()
    assert await _visit(url, net) == "deny"
    assert net.connected == []


@pytest.mark.parametrize(("url", "read_as"), ALLOWED.values(), ids=ALLOWED)
async def test_an_ordinary_url_is_visited_as_it_reads(url: str, read_as: str | None) -> None:
    net = FakeNet()
    assert await _visit(url, net) == "allow"
    assert read_as in (None, net.connected[0][0])


# (url, what names resolve to, redirects, verdict)
VISITS: dict[str, tuple[str, dict[str, list[list[str]]], list[str], str]] = {
    "all of 127/8": ("http://127.9.9.9/", {}, [], "deny"),
    "a private address": ("http://10.99.0.7/", {}, [], "deny"),
    "link-local": ("http://169.254.7.7/", {}, [], "deny"),
    "carrier-grade NAT": ("http://100.64.9.9/", {}, [], "deny"),
    "IPv4 in IPv6": ("http://[::ffff:10.0.0.3]/", {}, [], "deny"),
    "NAT64 of a private address": ("http://[64:ff9b::c0a8:5]/", {}, [], "deny"),
    "a unique local address": ("http://[fd99::7]/", {}, [], "deny"),
    "a name inside": ("http://in.example/", {"in.example": [["172.16.4.4"]]}, [], "deny"),
    "a port of a database": ("http://db.example:5432/", {}, [], "deny"),
    "a redirect to loopback": ("http://a.example/r", {}, ["http://127.3.3.3/"], "deny"),
    "a redirect to a name inside": ("http://a.example/r", {"in.example": [["10.1.1.1"]]}, ["http://in.example/"], "deny"),
    "an ordinary page": ("https://a.example/", {}, [], "allow"),
    "a public address": ("http://93.184.215.20/", {}, [], "allow"),
    "an address in the query only": ("https://a.example/?next=http://127.0.0.1/", {}, [], "allow"),
    "a name that begins like an address": ("https://127.0.0.1.a.example/", {}, [], "allow"),
    "a redirect to another page": ("https://a.example/", {}, ["https://b.example/c"], "allow"),
}


@pytest.mark.parametrize("robots", [False, True], ids=["plain", "with robots.txt"])
@pytest.mark.parametrize(("url", "names", "redirects", "verdict"), VISITS.values(), ids=VISITS)
async def test_a_visit_ends_the_same_whether_robots_txt_is_asked_first_or_not(
    url: str, names: dict[str, list[list[str]]], redirects: list[str], verdict: str, robots: bool
) -> None:
    net = FakeNet(names, redirects)
    assert await _visit(url, net, robots=robots) == verdict
    assert all(is_public(ip) for _, ip, _ in net.connected)


@pytest.mark.parametrize(("url", "names", "redirects", "verdict"), VISITS.values(), ids=VISITS)
async def test_a_visit_ends_the_same_the_second_time_out_of_the_cache(
    url: str, names: dict[str, list[list[str]]], redirects: list[str], verdict: str, tmp_path: Path
) -> None:
    net = FakeNet(names, redirects)
    for _ in range(2):
        assert await _visit(url, net, robots=False, cache=tmp_path / "c") == verdict
    if verdict == "allow":
        assert len(net.connected) == len(redirects) + 1
    assert all(is_public(ip) for _, ip, _ in net.connected)


@pytest.mark.parametrize("url", REFUSED.values(), ids=REFUSED)
def test_an_address_that_is_refused_is_shown_to_no_model_as_a_link(url: str) -> None:
    assert Web().tell_address(url) == ""


async def test_one_private_address_among_public_ones_refuses_the_host() -> None:
    net = FakeNet({"mixed.example": [[PUBLIC, "10.0.0.1"]]})
    assert await _visit("http://mixed.example/", net) == "deny"
    assert net.connected == []


async def test_a_private_host_is_refused_as_such_and_not_for_its_robots_txt() -> None:
    net = FakeNet({"inner.example": [["10.0.0.1"]]})
    with pytest.raises(UrlRefused, match=r"inner\.example/page is refused: inner\.example is at 10\.0\.0\.1"):
        await Web(resolve=net.resolve, transport=net).fetch("http://inner.example/page")


async def test_the_name_is_looked_up_once_and_the_checked_address_is_used() -> None:
    net = FakeNet({"two.example": [[PUBLIC], ["127.0.0.1"]]})
    assert await _visit("http://two.example/", net) == "allow"
    assert (net.connected, net.asked) == ([("http://two.example/", PUBLIC, 80)], {"two.example": 1})


REDIRECTS = {
    "to loopback": (["http://127.0.0.1/"], "deny"),
    "to metadata, late": (["http://b.example/", "/c", "http://169.254.169.254/"], "deny"),
    "to a private name": (["http://inner.example/"], "deny"),
    "to another scheme": (["file:///etc/passwd"], "deny"),
    "to another port": (["http://example.org:8080/"], "deny"),
    "from https to http": (["https://b.example/", "http://c.example/"], "deny"),
    "in a circle": (["/b", "/"], "deny"),
    "without end": ([f"/{n}" for n in range(50)], "deny"),
    "to a broken address": (["http://[::1"], "deny"),
    "with a blank": (["http://b.example/a b"], "deny"),
    "to a path": (["/b", "c?d"], "allow"),
    "without a scheme": (["//b.example/"], "allow"),
    "to https": (["https://example.org/"], "allow"),
}


@pytest.mark.parametrize(("redirects", "expected"), REDIRECTS.values(), ids=REDIRECTS)
async def test_every_redirect_is_checked_as_if_it_were_the_first_url(redirects: list[str], expected: str) -> None:
    net = FakeNet({"inner.example": [["192.168.0.1"]]}, redirects)
    assert await _visit("http://a.example/", net) == expected
    assert all(ip == PUBLIC for _, ip, _ in net.connected)
    assert len(net.connected) <= 12


ALLOWANCES = {
    "the exact address": ("http://127.0.0.1:8000/", (("127.0.0.1", 8000),), "allow"),
    "another port": ("http://127.0.0.1:8001/", (("127.0.0.1", 8000),), "deny"),
    "another address": ("http://127.0.0.2:8000/", (("127.0.0.1", 8000),), "deny"),
    "another spelling": ("http://127.1:8000/", (("127.0.0.1", 8000),), "deny"),
    "the exact name": ("http://localhost:8000/", (("localhost", 8000),), "allow"),
    "the name on another port": ("http://localhost/", (("localhost", 8000),), "deny"),
    "an allowed name that is elsewhere inside": ("http://inner.example:8000/", (("inner.example", 8000),), "deny"),
    "v6": ("http://[::1]:8000/", (("::1", 8000),), "allow"),
}


@pytest.mark.parametrize(("url", "allow", "expected"), ALLOWANCES.values(), ids=ALLOWANCES)
async def test_an_allowance_is_for_one_host_and_port(url: str, allow: tuple[tuple[str, int], ...], expected: str) -> None:
    net = FakeNet({"localhost": [["127.0.0.1"]], "inner.example": [["192.168.0.9"]]})
    assert await _visit(url, net, allow) == expected


async def test_a_sample_site_is_reached_under_its_own_name() -> None:
    async def resolve(host: str, port: int) -> Sequence[tuple[str, int]]:
        return [("127.0.0.1", 43121)]

    net = FakeNet()
    await Web(resolve=resolve, transport=net, allow=(("127.0.0.1", 43121),), robots=False).fetch("http://burgerhaus.example/menu")
    assert net.connected == [("http://burgerhaus.example/menu", "127.0.0.1", 43121)]


@given(st.text(max_size=60).map(lambda rest: f"http://{rest}"))
def test_whatever_is_accepted_is_plain_ascii_and_stable(text: str) -> None:
    try:
        url = parse_url(text)
    except UrlRefused:
        return
    assert str(url).isascii()
    assert parse_url(str(url)) == url


@given(st.ip_addresses(v=4).map(str), st.sampled_from(["", "/", "/a?b#c"]))
def test_an_accepted_address_reads_the_same_to_the_operating_system(ip: str, rest: str) -> None:
    url = parse_url(f"http://{ip}{rest}")
    assert socket.inet_ntoa(socket.inet_aton(url.host)) == url.host == ip
