"""Asking before a write: the request that a person sees, the decision they give, and the digest that ties one to the other."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Any, Protocol

from ..canonical import canonical_json, sha256
from ..definition.tool import Tool
from .cards import card_text, shown, texts
from .word_index import WordIndex

YOU = "you wrote this"
APPLICATION = "the application gave it"
MODEL = "the model chose it"


@dataclass(frozen=True, slots=True)
class Approve:
    """Yes, to exactly the call that was shown."""

    by: str = ""
    at: float | None = None
    place: str = ""


@dataclass(frozen=True, slots=True)
class Edit:
    """Not like this: with these arguments. They are checked and asked about anew."""

    arguments: Mapping[str, Any]
    by: str = ""
    at: float | None = None
    place: str = ""


@dataclass(frozen=True, slots=True)
class Reject:
    """No; the model is told the reason."""

    reason: str = ""
    by: str = ""
    at: float | None = None
    place: str = ""


Decision = Approve | Edit | Reject


@dataclass(frozen=True, slots=True)
class ShownArgument:
    """One argument as a person sees it: its value with every character visible, and where it comes from."""

    name: str
    value: str
    source: str


@dataclass(frozen=True, slots=True)
class ApprovalRequest:
    """One write that waits for a yes. All of it is stored when proposed and never computed again.

    `arguments` is the canonical JSON that will be performed; `card` and `shown` are made from it. `digest` covers the key, the tool's
    version and schema, the card, a nonce and the expiry: a decision for this digest is for this call and no other, once, until
    `expires_at` (seconds since 1970).
    """

    digest: str
    key: str
    run_id: str
    position: str
    tool: str
    tool_version: str
    schema_hash: str
    card: str
    arguments: str
    shown: tuple[ShownArgument, ...]
    warnings: tuple[str, ...]
    nonce: str
    proposed_at: float
    expires_at: float

    @property
    def topic(self) -> str:
        """Where the decision is to be sent: `engine.signal(run_id, topic, decision)`."""
        return f"approve:{self.digest}"


class Approver(Protocol):
    """Whoever answers: a terminal, a page, a message to a phone. None leaves the request pending; it never means yes."""

    async def __call__(self, request: ApprovalRequest, /) -> Decision | None: ...


@dataclass(frozen=True)
class Background:
    """What a card's sources are told from: the user's words, and the labelled texts that the run has read (origin, text)."""

    user_texts: tuple[str, ...] = ()
    read_texts: tuple[tuple[str, str], ...] = ()

    @cached_property
    def said(self) -> WordIndex:
        """The user's words."""
        return WordIndex(self.user_texts)

    @cached_property
    def read(self) -> WordIndex:
        """The texts that were read."""
        return WordIndex([text for _, text in self.read_texts])


def source_of(value: object, background: Background) -> str:
    """Where a value comes from, by literal match: the user's words first, then what was read, else the model made it up."""
    wanted = [text for text in texts(value) if text.strip()]
    if not wanted:
        return MODEL
    if all(any(True for _ in background.said.holding(text)) for text in wanted):
        return YOU
    found = [place for part in wanted for place in islice(background.read.holding(part), 1)]
    return f"from {shown(background.read_texts[min(found)][0])}" if found else MODEL


def idempotency_key(run_id: str, position: str, tool: str, arguments: str) -> str:
    """The same for the same call of the same run, before and after a crash; different for every other."""
    return sha256(run_id, position, tool, arguments)


def digest_of(key: str, tool_version: str, schema_hash: str, card: str, nonce: str, expires_at: float) -> str:
    """What a decision is given for."""
    return sha256(key, tool_version, schema_hash, card, nonce, expires_at)


def propose(
    tool: Tool[..., Any],
    arguments: Mapping[str, Any],
    *,
    run_id: str,
    position: str,
    sources: Mapping[str, str],
    nonce: str,
    now: float,
    expires_at: float,
    warnings: Sequence[str] = (),
) -> ApprovalRequest:
    """The request for a checked call; `sources` says of each argument where it comes from. Pure: chance and clock are handed in."""
    from .lookalikes import lookalikes  # which nobody needs who writes nothing

    frozen = canonical_json(arguments)
    exact: dict[str, Any] = json.loads(frozen)
    card = card_text(tool.card, tool.name, exact)
    key = idempotency_key(run_id, position, tool.name, frozen)
    schema_hash = sha256(tool.parameters)
    rows = tuple(ShownArgument(name, shown(value), sources[name]) for name, value in exact.items())
    alike = tuple(f"{name}: {warning}" for name, value in exact.items() if (warning := lookalikes(value)))
    stated = () if tool.effect_stated else (f"{tool.name} does not say what it does to the world, so it is treated as a write.",)
    return ApprovalRequest(
        digest=digest_of(key, tool.version, schema_hash, card, nonce, expires_at),
        key=key,
        run_id=run_id,
        position=position,
        tool=tool.name,
        tool_version=tool.version,
        schema_hash=schema_hash,
        card=card,
        arguments=frozen,
        shown=rows,
        warnings=(*stated, *warnings, *alike),
        nonce=nonce,
        proposed_at=now,
        expires_at=expires_at,
    )


def still_fits(request: ApprovalRequest, tool: Tool[..., Any]) -> bool:
    """Whether the tool is the one that was asked about, and the stored request is whole."""
    version = tool.version if "." in request.tool_version else tool.version_in_0_1_0
    expected = digest_of(request.key, version, sha256(tool.parameters), request.card, request.nonce, request.expires_at)
    key = idempotency_key(request.run_id, request.position, request.tool, request.arguments)
    return expected == request.digest and key == request.key and (request.tool, request.tool_version) == (tool.name, version)


async def approve_all(request: ApprovalRequest) -> Decision:
    """The approver that says yes to everything, for tests and closed worlds. It is named for what it does."""
    return Approve(by="approve_all")
