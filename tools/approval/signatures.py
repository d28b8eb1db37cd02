"""Signed decisions: an Ed25519 statement of who decided what, when and from where, checked by the program that performs the write.

The statement is framed as DSSE does it: the signature covers a type of our own and the exact bytes of the payload, which are parsed only
after they were verified. The key comes from the application by the name in the payload; nothing in the statement chooses an algorithm.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, TypeVar

from ..canonical import Json, canonical_json, sha256, strict_json
from ..errors import UsageError
from .requests import CLOCKS_DIFFER_SECONDS, ApprovalRequest, Approve, Approver, Decision, Edit, Reject
from .signing_keys import KeySource, read_private_key, read_public_key

if TYPE_CHECKING:  # late, for load time: only who signs or checks loads the library
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

TYPE = "application/vnd.sayso.decision.v1+json"
FORM = "sayso-decision-v1"
VERDICTS: dict[type, str] = {Approve: "approve", Edit: "edit", Reject: "reject"}
LONGEST = 1_000_000
"""How many characters a statement may have: more is not even decoded."""

D = TypeVar("D", bound=Decision)


def sign(decision: D, request: ApprovalRequest, key: Ed25519PrivateKey | KeySource, *, by: str = "", at: float | None = None) -> D:
    """Return the decision with a signed statement that it is for exactly this request, as it was shown.

    `by` is the approver's name as the application knows it (default: the decision's own), `key` a private key or its file, `at` the time
    (seconds since 1970, default: now). Raises UsageError without a name, and for a key that cannot be used.
    """
    signed = replace(decision, by=by or decision.by)
    if not signed.by:
        raise UsageError("A signed decision needs the approver's name, as in App(approvers=...): sign(Approve(by='ada'), request, key).")
    stated = json.loads(canonical_json(_describe(signed, request) | {"at": time.time() if at is None else at}))
    payload = json.dumps(stated, separators=(",", ":")).encode()  # ASCII, whatever the arguments hold
    signature = read_private_key(key).sign(_frame(payload))
    return replace(signed, statement=".".join((FORM, _to_text(payload), _to_text(signature))))


def sign_with(approver: Approver, name: str, key: Ed25519PrivateKey | KeySource) -> Approver:
    """Return an approver that signs what another one decides: `approve=sign_with(terminal, "ada", Path("ada.key"))`."""
    private_key = read_private_key(key)

    async def approve(request: ApprovalRequest) -> Decision | None:
        decision = await approver(request)
        return None if decision is None else sign(decision, request, private_key, by=name)

    return approve


class Approvers:
    """The people whose decisions count, by name, each with their public key. They come from the application's code, never from a database.

    A key is text ("ed25519:...", PEM, or a line of OpenSSH), 32 raw bytes, or a file. Raises UsageError for what is none, for nobody, and
    for one key of two people: its owner alone could be both of them where two have to say yes.
    """

    def __init__(self, keys: Mapping[str, KeySource]) -> None:
        if not isinstance(keys, Mapping) or not keys or not all(isinstance(name, str) and name for name in keys):
            raise UsageError(f"approvers={keys!r} names nobody who could approve. Write approvers={{'ada': public_key}}, or leave it out.")
        self.keys: dict[str, bytes] = {name: read_public_key(key, f"The key of the approver {name!r}") for name, key in keys.items()}
        owners: dict[bytes, str] = {}
        for name, raw in self.keys.items():
            if (other := owners.setdefault(raw, name)) != name:
                raise UsageError(f"The approvers {other!r} and {name!r} have the same key. Each signs with their own: sayso keys new NAME.")

    def __repr__(self) -> str:
        return f"Approvers({', '.join(self.keys)})"

    def find_problem(self, decision: Decision, request: ApprovalRequest) -> str:
        """Return why the decision does not count for the request; empty if one of the approvers has signed exactly this."""
        if not decision.statement:
            return f"it is not signed (by {decision.by!r}); only signed decisions of {', '.join(self.keys)} count"
        try:
            payload, signature = _split(decision.statement)
            stated = _read(payload)
        except (ValueError, TypeError, RecursionError) as error:
            return f"its statement cannot be read: {error}"
        by, at = stated["by"], stated["at"]
        if by not in self.keys:
            return f"{by!r} is not among the approvers ({', '.join(self.keys)})"
        if not _verifies(self.keys[by], signature, payload):
            return f"the signature is not that of {by!r} over this statement"
        expected = _describe(decision, request)
        wrong = sorted(name for name in expected.keys() | stated.keys() - {"at"} if _differs(expected, stated, name))
        if wrong:
            return f"what {by!r} has signed is something else ({', '.join(wrong)})"
        if not request.proposed_at - CLOCKS_DIFFER_SECONDS <= at <= request.expires_at:
            return f"{by!r} has signed it {'after the request expired' if at > request.expires_at else 'long before it was asked'}"
        return ""


def _describe(decision: Decision, request: ApprovalRequest) -> dict[str, Json]:
    """Return what a statement must say of a decision on a request; `shown` stands for all that a person saw beside the call."""
    described: dict[str, Json] = {
        "digest": request.digest,
        "shown": sha256(request.card, [_drop_empty(asdict(each)) for each in request.shown], request.warnings),
        "verdict": VERDICTS[type(decision)],
        "by": decision.by,
        "place": decision.place,
    }
    if isinstance(decision, Edit):
        described["arguments"] = sha256(decision.arguments)  # not in the clear: one of them may be a secret
    elif isinstance(decision, Reject):
        described["reason"] = decision.reason
    return described


def _drop_empty(shown: dict[str, str]) -> dict[str, str]:
    return {name: text for name, text in shown.items() if text}  # a field that a newer Sayso adds is empty in old requests


def _differs(expected: Mapping[str, Json], stated: Mapping[str, Json], name: str) -> bool:
    return name not in expected or name not in stated or canonical_json(expected[name]) != canonical_json(stated[name])


def _frame(payload: bytes) -> bytes:
    """Return the bytes that are signed: DSSE's pre-authentication encoding of the type and the payload."""
    return b"DSSEv1 %d %s %d %s" % (len(TYPE), TYPE.encode(), len(payload), payload)


def _split(statement: str) -> tuple[bytes, bytes]:
    parts = statement[: LONGEST + 1].split(".")
    if len(statement) > LONGEST or len(parts) != 3 or parts[0] != FORM:
        raise ValueError(f"it is not of the form {FORM}.PAYLOAD.SIGNATURE")
    payload, signature = (_from_text(part) for part in parts[1:])
    if len(signature) != 64:
        raise ValueError(f"its signature has {len(signature)} bytes instead of 64")
    return payload, signature


def _read(payload: bytes) -> dict[str, Json]:
    stated = strict_json(payload.decode())
    if not isinstance(stated, dict) or not isinstance(stated.get("by"), str) or type(stated.get("at")) not in (int, float):
        raise ValueError("it does not say who decided and when")
    return stated


def _verifies(raw_key: bytes, signature: bytes, payload: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature  # late, for load time
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(raw_key).verify(signature, _frame(payload))
    except InvalidSignature:
        return False
    return True


def _to_text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _from_text(text: str) -> bytes:
    raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    if _to_text(raw) != text:  # one spelling only
        raise ValueError("it is not base64 as it should be")
    return raw


def describe_statement(statement: str) -> dict[str, Json]:
    """Return what a statement says, unverified: for people to read. Empty if it cannot be read."""
    try:
        stated: dict[str, Json] = json.loads(_split(statement)[0])
    except (ValueError, TypeError):
        return {}
    return stated if isinstance(stated, dict) else {}
