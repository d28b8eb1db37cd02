"""Approvals: the request that a person sees before a write, the decision they give, and the digest that ties one to the other."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Protocol, TypeGuard

from ..canonical import Json, canonical_json, sha256
from ..definition.secret import HIDDEN, Hide, map_hidden, refuse_secret, show_mask
from ..definition.tool import AnyTool
from .cards import iter_texts, render_card, show_value, warn_of_lookalikes

YOU = "you wrote this"
APPLICATION = "the application gave it"
MODEL = "the model chose it"


@dataclass(frozen=True, slots=True)
class Approve:
    """Yes, to exactly the call that was shown. `statement` is what its approver signed (see `sign`)."""

    by: str = ""
    at: float | None = None
    place: str = ""
    statement: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Edit:
    """Not like this: with these arguments. They are checked and asked about anew."""

    arguments: Mapping[str, object]
    by: str = ""
    at: float | None = None
    place: str = ""
    statement: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Reject:
    """No; the model is told the reason."""

    reason: str = ""
    by: str = ""
    at: float | None = None
    place: str = ""
    statement: str = field(default="", repr=False)


Decision = Approve | Edit | Reject


@dataclass(frozen=True, slots=True)
class ShownArgument:
    """One argument as a person sees it: its value with every character visible, and its source."""

    name: str
    value: str
    source: str


@dataclass(frozen=True, slots=True)
class ApprovalRequest:
    """One write that waits for approval. All of it is stored when proposed and never computed again.

    `arguments` is the canonical JSON that will be performed, a secret in it as `{"$secret": ...}`; `card` and `shown` are made from it, a
    secret in them as stars. `digest` covers the key, the tool's
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
        """Return the topic to which a decision is sent: `engine.signal(run_id, topic, decision)`."""
        return f"approve:{self.digest}"


def is_decision(answer: object) -> TypeGuard[Decision]:
    """Return whether an answer is a decision, made of what decisions are made of."""
    if isinstance(answer, Edit):
        fits = isinstance(answer.arguments, Mapping) and all(isinstance(name, str) for name in answer.arguments)
    else:
        fits = isinstance(answer, Approve) or (isinstance(answer, Reject) and isinstance(answer.reason, str))
    return fits and isinstance(answer, Approve | Edit | Reject) and isinstance(answer.by, str) and isinstance(answer.place, str)


class Approver(Protocol):
    """Answers requests: a terminal, a web page, a message to a phone. None leaves the request pending; it never means yes.

    Nor does anything else that it does: raise, be cancelled, return something that is no decision. It is cancelled when the request is
    answered elsewhere, expires, or the run ends.
    """

    async def __call__(self, request: ApprovalRequest, /) -> Decision | None: ...


_WORD = re.compile(r"\w+")
_SAME_LETTER = {ord("ı"): "i", ord("İ"): "i"}  # `re.IGNORECASE` matches them with i, casefold does not
_LONG = 200
CLOCKS_DIFFER_SECONDS = 24 * 3600.0
"""How far the clocks of two machines may be apart (one may keep a wrong time zone); one set back further than that is noticed."""


class WordIndex:
    """Texts by their words: a search looks only at the texts that hold its rarest word, so it costs the same however many there are."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = texts
        self._holders: dict[str, list[int]] | None = None  # made by the first search; most runs need none

    def find(self, wanted: str) -> Iterable[int]:
        """Yield the numbers of the texts that hold `wanted` word for word, in any case and spacing."""
        if self._holders is None:
            self._holders = {}
            for number, text in enumerate(self._texts):
                for word in set(_find_words(text)):
                    self._holders.setdefault(word, []).append(number)
        is_long = len(wanted) > _LONG  # long enough to be nobody else's words by chance, even where it begins inside a word
        words = _find_words(wanted)[1:-1] if is_long else _find_words(wanted)
        candidates = min((self._holders.get(word, []) for word in words), key=len, default=range(len(self._texts)))
        if is_long:
            part = " ".join(wanted.casefold().split())
            return (number for number in candidates if part in " ".join(self._texts[number].casefold().split()))
        pattern = re.compile(r"(?<!\w)" + r"\s+".join(re.escape(part) for part in wanted.split()) + r"(?!\w)", re.IGNORECASE)
        return (number for number in candidates if pattern.search(self._texts[number]))


def _find_words(text: str) -> list[str]:
    return _WORD.findall(text.translate(_SAME_LETTER).casefold())


class Background:
    """The texts in which the sources of arguments are looked for: the user's words, and what the run has read, as (origin, text)."""

    __slots__ = ("read", "read_texts", "said", "user_texts")

    def __init__(self, user_texts: tuple[str, ...] = (), read_texts: tuple[tuple[str, str], ...] = ()) -> None:
        self.user_texts, self.read_texts = user_texts, read_texts
        self.said, self.read = WordIndex(user_texts), WordIndex([text for _, text in read_texts])


def find_source(value: object, background: Background) -> str:
    """Return where a value comes from, by literal match: the user's words first, then the texts that were read, else the model's choice."""
    wanted = [text for text in iter_texts(value) if text.strip()]
    if not wanted:
        return MODEL
    if all(any(True for _ in background.said.find(text)) for text in wanted):
        return YOU
    found = [number for part in wanted for number in islice(background.read.find(part), 1)]
    return f"from {show_value(background.read_texts[min(found)][0])}" if found else MODEL


def idempotency_key(run_id: str, position: str, tool: str, arguments: str) -> str:
    """Return the key of a call: the same before and after a crash, different for every other call and run."""
    return sha256(run_id, position, tool, arguments)


def compute_digest(key: str, tool_version: str, schema_hash: str, card: str, nonce: str, expires_at: float) -> str:
    """Return the digest that a decision is given for: SHA-256 over all that a person was shown, and a nonce."""
    return sha256(key, tool_version, schema_hash, card, nonce, expires_at)


def propose(
    tool: AnyTool,
    arguments: Mapping[str, object],
    *,
    run_id: str,
    position: str,
    sources: Mapping[str, str],
    nonce: str,
    now: float,
    expires_at: float,
    warnings: Sequence[str] = (),
    hide: Hide = refuse_secret,
) -> ApprovalRequest:
    """Build the request for a checked call; `sources` names the source of each argument. Nonce and clock are handed in.

    `hide` returns what stands for a secret in the stored arguments; on the card it is stars.
    """
    frozen = canonical_json(tool.freeze(arguments, hide))
    exact = read_shown(frozen)
    card = render_card(tool.card, tool.name, exact)
    key = idempotency_key(run_id, position, tool.name, frozen)
    schema_hash = sha256(tool.parameters)
    rows = tuple(ShownArgument(name, show_value(value), sources[name]) for name, value in exact.items())
    alike = tuple(f"{name}: {warning}" for name, value in exact.items() if (warning := warn_of_lookalikes(value)))
    stated = () if tool.effect_stated else (f"{tool.name} does not say what it does to the world, so it is treated as a write.",)
    return ApprovalRequest(
        digest=compute_digest(key, tool.version, schema_hash, card, nonce, expires_at),
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


def read_shown(frozen: str) -> dict[str, Json]:
    """Return the arguments of a request as people are shown them: each secret as stars."""
    arguments: dict[str, Json] = json.loads(frozen)
    return {name: map_hidden(value, show_mask) for name, value in arguments.items()} if f'"{HIDDEN}":' in frozen else arguments


def matches_tool(request: ApprovalRequest, tool: AnyTool) -> bool:
    """Return whether the tool is the one that was asked about, in the same version, and the stored request was not altered."""
    expected = compute_digest(request.key, tool.version, sha256(tool.parameters), request.card, request.nonce, request.expires_at)
    key = idempotency_key(request.run_id, request.position, request.tool, request.arguments)
    return expected == request.digest and key == request.key and (request.tool, request.tool_version) == (tool.name, tool.version)


async def approve_all(request: ApprovalRequest) -> Decision:
    """Approve everything: an approver for tests and closed worlds."""
    return Approve(by="approve_all")
