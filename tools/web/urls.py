"""Parse a URL strictly (RFC 3986, IDNA 2008): what two programs could read differently is refused, never interpreted."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv6Address
from urllib.parse import quote

from .page_errors import UrlRefused

MAX_URL_BYTES = 8192
DEFAULT_PORTS = {"http": 80, "https": 443}

_SHAPE = re.compile(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<authority>[^/?#]*)(?P<path>[^?#]*)(?:\?(?P<query>[^#]*))?(?:#.*)?", re.DOTALL
)
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_NUMERIC = re.compile(r"[0-9]+|0x[0-9a-f]*")
_QUAD = re.compile(r"(?:(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])(?:\.(?!\Z)|\Z)){4}")
_INNER_NAMES = ("localhost", "local", "localdomain", "internal", "intranet", "private", "home", "home.arpa", "lan", "corp", "onion")
_DOTS = "。．｡"
# Marks, joiners and the kana sound mark belong to whatever script they stand in.
_SCRIPT_MIXES = (
    frozenset({"LATIN", "CJK", "HIRAGANA", "KATAKANA"}),
    frozenset({"LATIN", "CJK", "HANGUL"}),
    frozenset({"LATIN", "CJK", "BOPOMOFO"}),
)
_PATH_SAFE = "/:@!$&'()*+,;=~%-._[]|"
_QUERY_SAFE = _PATH_SAFE + "?"

Allowed = Collection[tuple[str, int]]
"""Exact (host, port) pairs that are permitted although they are not public."""


@dataclass(frozen=True, slots=True)
class Url:
    """A URL that passed every rule that needs no network. `host` is ASCII, without brackets."""

    scheme: str
    host: str
    port: int
    target: str
    is_address: bool = False

    @property
    def authority(self) -> str:
        """Return host and port as in the Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def origin(self) -> str:
        """Return scheme and authority: the scope of a robots.txt."""
        return f"{self.scheme}://{self.authority}"

    def __str__(self) -> str:
        return f"{self.origin}{self.target}"


def parse_url(text: str, allow: Allowed = ()) -> Url:
    """Parse a URL. Raises UrlRefused with the rule it breaks."""
    rule = _find_broken_rule(text)
    if rule:
        raise UrlRefused(text, rule)
    shape = _SHAPE.fullmatch(text)
    if shape is None:
        raise UrlRefused(text, "it is not a complete URL such as https://example.org/page")
    scheme = shape["scheme"].lower()
    if scheme not in DEFAULT_PORTS:
        raise UrlRefused(text, f"only http and https are read, not {scheme[:20]}")
    host_text, port_text = _split_authority(text, shape["authority"])
    port = _parse_port(text, port_text, DEFAULT_PORTS[scheme])
    host, is_address = _parse_host(text, host_text, port, allow)
    if port not in DEFAULT_PORTS.values() and (host, port) not in allow:
        raise UrlRefused(text, f"port {port} is not 80 or 443")
    target = quote(shape["path"] or "/", safe=_PATH_SAFE)
    if shape["query"] is not None:
        target += "?" + quote(shape["query"], safe=_QUERY_SAFE)
    return Url(scheme, host, port, target, is_address)


def _find_broken_rule(text: str) -> str:
    if not text:
        return "it is empty"
    if len(text) > MAX_URL_BYTES or len(text.encode("utf-8", "replace")) > MAX_URL_BYTES:
        return f"it is longer than {MAX_URL_BYTES} bytes"
    if "\\" in text:
        return "it has a backslash"
    for char in text:
        if char.isspace() or unicodedata.category(char) in ("Cc", "Cf", "Cs", "Cn", "Co", "Zs", "Zl", "Zp"):
            return f"it has a blank or an invisible character (U+{ord(char):04X})"
    return ""


def _split_authority(text: str, authority: str) -> tuple[str, str | None]:
    if not authority:
        raise UrlRefused(text, "it has no host")
    if "@" in authority:
        raise UrlRefused(text, "it has a user name before the host (@)")
    if "%" in authority:
        raise UrlRefused(text, "its host is percent-encoded or has a zone (%)")
    if authority.startswith("["):
        host, closed, rest = authority[1:].partition("]")
        if not closed or (rest and not rest.startswith(":")):
            raise UrlRefused(text, "its host has unbalanced brackets")
        return f"[{host}]", rest[1:] if rest else None
    host, colon, port = authority.partition(":")
    return host, port if colon else None


def _parse_port(text: str, port: str | None, default: int) -> int:
    if port is None:
        return default
    if not re.fullmatch(r"[1-9][0-9]{0,4}", port) or int(port) > 65535:
        raise UrlRefused(text, f"its port {port[:20]!r} is not a number from 1 to 65535")
    return int(port)


def _parse_host(text: str, host: str, port: int, allow: Allowed) -> tuple[str, bool]:
    """Return the host in canonical ASCII, and whether it is an address."""
    if host.startswith("["):
        return _parse_ipv6(text, host[1:-1]), True
    name = _to_ascii_host(text, host)
    labels = name.split(".")
    if _NUMERIC.fullmatch(labels[-1]):
        if host != name or not _QUAD.fullmatch(name):
            raise UrlRefused(text, "its host is a number that is not written as four plain parts (such as 93.184.215.14)")
        return name, True
    if (name, port) in allow:
        return name, False
    if len(labels) == 1:
        raise UrlRefused(text, "its host is a single word, not a public name")
    for suffix in _INNER_NAMES:
        if name.endswith("." + suffix):
            raise UrlRefused(text, f"names ending in .{suffix} are not public")
    return name, False


def _parse_ipv6(text: str, host: str) -> str:
    try:
        return str(IPv6Address(host))
    except (AddressValueError, ValueError):
        raise UrlRefused(text, "the address in brackets is not an IPv6 address") from None


def _to_ascii_host(text: str, host: str) -> str:
    if any(dot in host for dot in _DOTS):
        raise UrlRefused(text, "its host has a character that some programs read as a dot")
    if not host.isascii():
        host = _fold(text, host)
    name = host.lower().removesuffix(".")
    ascii_labels = [_to_ascii_label(text, label) for label in name.split(".")]
    name = ".".join(ascii_labels)
    if len(name) > 253:
        raise UrlRefused(text, "its host is longer than 253 characters")
    return name


def _fold(text: str, host: str) -> str:
    for form in (host, host.lower()):
        # Circled digits, fullwidth letters, the long s and the Kelvin sign all turn into plain ASCII in some resolvers.
        if unicodedata.normalize("NFKC", form) != form:
            raise UrlRefused(text, "its host has a character that stands for another one")
    if any(unicodedata.category(char).startswith("N") and not char.isascii() for char in host):
        raise UrlRefused(text, "its host has digits of another script")
    return host.lower()


def _to_ascii_label(text: str, label: str) -> str:
    if not label:
        raise UrlRefused(text, "its host has an empty part")
    if not label.isascii() or label.startswith("xn--"):
        label = _to_punycode(text, label)
    if not _LABEL.fullmatch(label):
        raise UrlRefused(text, f"its host part {label[:63]!r} is not made of letters, digits and inner hyphens (1 to 63)")
    return label


def _to_punycode(text: str, label: str) -> str:
    import idna

    try:
        ascii_label = idna.alabel(label).decode("ascii")
        readable = idna.ulabel(ascii_label)
    except (idna.IDNAError, UnicodeError):
        raise UrlRefused(text, f"its host part {ascii(label[:63])[1:-1]!r} is not a valid international name") from None
    scripts = {script for char in readable if (script := _find_script(char))}
    if len(scripts) > 1 and not any(scripts <= mix for mix in _SCRIPT_MIXES):
        raise UrlRefused(text, f"its host mixes scripts ({', '.join(sorted(scripts)).lower()})")
    return ascii_label


def _find_script(char: str) -> str:
    if not unicodedata.category(char).startswith("L") or char in "ー々":
        return ""
    return unicodedata.name(char, "UNKNOWN").split(" ")[0].split("-")[0]
