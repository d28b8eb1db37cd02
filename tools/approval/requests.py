"""Approvals: the request that a person sees before a write, the decision they give, and the digest that ties one to the other."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeGuard

from ..canonical import Json, canonical_json, sha256
from ..definition.secret import HIDDEN_MARK, Hide, map_hidden, refuse_secret, show_mask
from ..definition.tool import AnyTool, ToolContext
from .cards import PUNYCODE, render_card, show_value, warn_of_direction, warn_of_lookalikes

YOU = "you wrote this"
APPLICATION = "the application gave it"
MODEL = "the model chose it"
WORKFLOW = "the workflow gave it"
CLOCKS_DIFFER_SECONDS = 24 * 3600.0
"""How far the clocks of two machines may be apart (one may keep a wrong time zone); one set back further than that is noticed."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Who filled a call's arguments in, a model or workflow code; which a person `edited`; which of them the model made up.

    `agreed` are those who have said yes so far, where several must.
    """

    chooser: str = MODEL
    edited: frozenset[str] = frozenset()
    unsourced: tuple[str, ...] = ()
    agreed: tuple[str, ...] = ()


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
    """One argument as a person sees it: its value with every character visible, and its source.

    `quote` is the sentence in which the user wrote it in this turn, or in which it was read, in quotation marks.
    """

    name: str
    value: str
    source: str
    quote: str = ""

    @property
    def origin(self) -> str:
        """Return the source as a card shows it: with the sentence, where there is one."""
        return f"{self.source}: {self.quote}" if self.quote else self.source


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
    secrets: tuple[str, ...] = ()
    """The arguments in which secrets may stand, hidden or not given."""
    roles: tuple[str, ...] = ()
    """Of which roles whoever decides on the page must have one; empty for none."""

    @property
    def summary(self) -> str:
        """Return the card with its warnings on one line, for lists and messages."""
        return " ! ".join((" ".join(self.card.split("\n")), *self.warnings))

    def _repr_html_(self) -> str:
        """Return the card as a notebook shows it."""
        from .card_html import write_card  # late, for load time

        return write_card(self, read_shown(self.arguments))

    def _repr_markdown_(self) -> str:
        """Return the card as Markdown, for what shows no HTML."""
        from .card_html import write_card_markdown  # late, for load time

        return write_card_markdown(self)

    @property
    def topic(self) -> str:
        """Return the topic to which a decision is sent: `engine.signal(run_id, topic, decision)`."""
        return f"approve:{self.digest}"


def is_named(name: str, others: Iterable[str]) -> bool:
    """Return whether a name is one of these, however it is spelt: in other case or width, with spaces or what nobody sees."""
    return _fold(name) in map(_fold, others)


def _fold(name: str) -> str:
    import unicodedata  # late, for load time: few writes ask several people

    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    return "".join(char for char in folded if unicodedata.category(char)[0] not in "CZ")


def is_decision(answer: object) -> TypeGuard[Decision]:
    """Return whether an answer is a decision, made of what decisions are made of."""
    if isinstance(answer, Edit):
        fits = isinstance(answer.arguments, Mapping) and all(isinstance(name, str) for name in answer.arguments)
    else:
        fits = isinstance(answer, Approve) or (isinstance(answer, Reject) and isinstance(answer.reason, str))
    return (
        fits
        and isinstance(answer, Approve | Edit | Reject)
        and all(isinstance(text, str) for text in (answer.by, answer.place, answer.statement))
    )


class Approver(Protocol):
    """Answers requests: a terminal, a web page, a message to a phone. None leaves the request pending; it never means yes.

    Nor does anything else that it does: raise, be cancelled, return something that is no decision. It is cancelled when the request is
    answered elsewhere, expires, or the run ends.
    """

    async def __call__(self, request: ApprovalRequest, /) -> Decision | None: ...


def idempotency_key(run_id: str, position: str, tool: str, arguments: str) -> str:
    """Return the key of a call: the same before and after a crash, different for every other call and run."""
    return sha256(run_id, position, tool, arguments)


def compute_digest(key: str, tool_version: str, schema_hash: str, card: str, nonce: str, expires_at: float) -> str:
    """Return the digest that a decision is given for: SHA-256 over all that a person was shown, and a nonce."""
    return sha256(key, tool_version, schema_hash, card, nonce, expires_at)


NO_QUOTES: Mapping[str, str] = {}


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
    quotes: Mapping[str, str] = NO_QUOTES,
    hide: Hide = refuse_secret,
    context: ToolContext[Any] | None = None,
) -> ApprovalRequest:
    """Build the request for a checked call; `sources` names the source of each argument, `quotes` the sentences in which the user wrote it.

    Nonce and clock are handed in. `hide` returns what stands for a secret in the stored arguments; on the card it is stars. `context` is
    for a card that looks something up.
    """
    frozen = canonical_json(tool.freeze(arguments, hide))
    exact = read_shown(frozen)
    card = render_card(tool.card, tool.name, exact, context)
    key = idempotency_key(run_id, position, tool.name, frozen)
    schema_hash = sha256(tool.parameters)
    rows = tuple(ShownArgument(name, show_value(value), sources[name], quotes.get(name, "")) for name, value in exact.items())
    alike: list[str] = []
    if not frozen.isascii() or PUNYCODE in frozen.lower():  # nothing else can look like something else
        alike = [f"{name}: {warning}" for name, value in exact.items() if (warning := warn_of_lookalikes(value))]
    turned = () if card.isascii() else warn_of_direction(card, exact)
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
        warnings=(*stated, *warnings, *alike, *turned),
        nonce=nonce,
        proposed_at=now,
        expires_at=expires_at,
        secrets=tool.secret_names,
        roles=tuple(tool.roles),
    )


def read_shown(frozen: str) -> dict[str, Json]:
    """Return the arguments of a request as people are shown them: each secret as stars."""
    arguments: dict[str, Json] = json.loads(frozen)
    return {name: map_hidden(value, show_mask) for name, value in arguments.items()} if HIDDEN_MARK in frozen else arguments


def matches_tool(request: ApprovalRequest, tool: AnyTool) -> bool:
    """Return whether the tool is the one that was asked about, in the same version, and the stored request was not altered."""
    version = tool.version_2 if request.tool_version.startswith("2.") else tool.version
    expected = compute_digest(request.key, version, sha256(tool.parameters), request.card, request.nonce, request.expires_at)
    key = idempotency_key(request.run_id, request.position, request.tool, request.arguments)
    return expected == request.digest and key == request.key and (request.tool, request.tool_version) == (tool.name, version)


async def approve_all(request: ApprovalRequest) -> Decision:
    """Approve everything: an approver for tests and closed worlds."""
    return Approve(by="approve_all")
