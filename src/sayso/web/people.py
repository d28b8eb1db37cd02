"""Who is at the page: people and their roles, the links and cookies that sign them in, the token that every change carries."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from sayso.tools.approval.requests import is_named
from sayso.tools.errors import UsageError

ALL_RUNS = "approver"
"""The role of who sees the runs of everybody, and decides what no other role is asked for."""
COOKIE_SECONDS = 30 * 24 * 3600.0
LINK_COOKIE_SECONDS = 3600.0
SHORTEST_TOKEN = 16


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who is signed in. One who came by a link from a message may only decide the request `only`, by its digest."""

    name: str
    roles: frozenset[str] = frozenset()
    only: str = ""

    @property
    def sees_all(self) -> bool:
        """Return whether they see the runs of everybody."""
        return ALL_RUNS in self.roles and not self.only


def read_people(texts: Iterable[str]) -> tuple[Person, ...]:
    """Read people from texts such as "ada" or "bob:approver,finance". Raises UsageError."""
    people: dict[str, Person] = {}
    for text in texts:
        name, _, roles = text.partition(":")
        name = name.strip()
        if not name or not name.isprintable() or len(name) > 100:
            raise UsageError(f"{text!r} names nobody. Write --user NAME, or --user NAME:ROLE,ROLE, such as --user ada:{ALL_RUNS}.")
        if is_named(name, people):
            raise UsageError(
                f"{name!r} is named twice, perhaps in two spellings. Name each person once, with all roles: --user {name}:ROLE,ROLE."
            )
        people[name] = Person(name, frozenset(role.strip() for role in roles.split(",") if role.strip()))
    return tuple(people.values())


class SignIn:
    """Knows who may sign in. `secret` makes all links, cookies and tokens: with the same one they are good after it starts again."""

    def __init__(self, people: Iterable[Person], secret: str | None = None, *, clock: Callable[[], float] = time.time) -> None:
        if secret is not None and len(secret) < SHORTEST_TOKEN:
            raise UsageError(f"The sign-in token has {len(secret)} characters. Use at least {SHORTEST_TOKEN}, of chance.")
        self.people: dict[str, Person] = {person.name: person for person in people}
        self.clock = clock
        self._ended: set[str] = set()
        self._secret = hashlib.sha256((secret or secrets.token_urlsafe(32)).encode()).digest()

    def link_token(self, name: str) -> str:
        """Return what signs this person in: it stands in the link that is printed when the server starts."""
        return f"{_encode(name.encode())}.{self._sign('sign in', name)}"

    def read_link_token(self, token: str) -> Person | None:
        """Return whom the token of a link signs in, None for any other text."""
        encoded, _, signature = token.partition(".")
        name = _decode(encoded).decode("utf-8", "replace")
        return self.people.get(name) if self._fits(signature, "sign in", name) else None

    def make_cookie(self, person: Person) -> str:
        """Return a cookie for a person who has just signed in."""
        text = json.dumps([person.name, person.only, self.clock()])
        return f"{_encode(text.encode())}.{self._sign('cookie', text)}"

    def end(self, ids: Iterable[str]) -> None:
        """Let these cookies, by their ids, sign nobody in any more."""
        self._ended.update(ids)

    def is_ended(self, cookie: str) -> bool:
        """Return whether somebody signed out with this cookie, so that a copy of it is worth nothing."""
        return bool(self._ended) and find_cookie_id(cookie) in self._ended

    def read_cookie(self, cookie: str) -> Person | None:
        """Return whose cookie it is, None where it is nobody's, too old, or its owner signed out."""
        encoded, _, signature = cookie.partition(".")
        text = _decode(encoded).decode("utf-8", "replace")
        if not self._fits(signature, "cookie", text) or self.is_ended(cookie):
            return None
        name, only, at = json.loads(text)
        if self.clock() - at > (LINK_COOKIE_SECONDS if only else COOKIE_SECONDS):
            return None
        person = self.people.get(name)
        return Person(name, person.roles, only) if only and person is not None else person

    def find(self, name: str) -> Person:
        """Return the person of that name; one without roles where nobody was named so."""
        return self.people.get(name) or Person(name)

    def change_token(self, person: Person) -> str:
        """Return what each change by this person carries. No other site can read it."""
        return self._sign("change", f"{person.name}\n{person.only}")

    def card_link_token(self, digest: str, name: str, expires_at: float) -> str:
        """Return what opens one request for one person, once."""
        text = json.dumps([digest, name, expires_at, secrets.token_hex(8)])
        return f"{_encode(text.encode())}.{self._sign('card', text)}"

    def read_card_link(self, token: str) -> CardLink | None:
        """Return which request a link from a message opens, None if it is none of ours."""
        encoded, _, signature = token.partition(".")
        text = _decode(encoded).decode("utf-8", "replace")
        if not self._fits(signature, "card", text):
            return None
        digest, name, expires_at, number = json.loads(text)
        return CardLink(digest, name, expires_at, number)

    def _sign(self, use: str, text: str) -> str:
        return _encode(hmac.new(self._secret, f"{use}\0{text}".encode("utf-8", "surrogatepass"), hashlib.sha256).digest())

    def _fits(self, signature: str, use: str, text: str) -> bool:
        return hmac.compare_digest(signature.encode("utf-8", "replace"), self._sign(use, text).encode())


@dataclass(frozen=True, slots=True)
class CardLink:
    """What a link in a message says: which request, for whom, until when, and the number by which it is used once."""

    digest: str
    name: str
    expires_at: float
    number: str


@dataclass(frozen=True, slots=True)
class TrustedHeader:
    """A header in which a reverse proxy at one of `addresses` says who is signed in. From anybody else it means nothing."""

    header: str
    addresses: frozenset[str]

    def find_name(self, headers: Mapping[str, str], address: str) -> str:
        """Return who is signed in; empty where the header is not there, is there twice, or does not come from the proxy."""
        names = [value for name, value in headers.items() if name.lower() == self.header.lower()] if address in self.addresses else []
        name = names[0].strip() if len(names) == 1 else ""  # of two, one may be what the visitor has sent
        return name if name.isprintable() and len(name) <= 100 else ""


def find_cookie_id(cookie: str) -> str:
    """Return a name for a cookie that is none itself: what is stored when its owner signs out."""
    return hashlib.sha256(cookie.encode("utf-8", "replace")).hexdigest()


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _decode(text: str) -> bytes:
    """Return the bytes in a text as `_encode` writes it. Any other spelling holds none: a cookie that has ended would go on in it."""
    try:
        data = base64.urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    except ValueError:
        return b""
    return data if _encode(data) == text else b""
