"""A signed decision counts for exactly what was shown, by exactly who signed it; everything else is refused with its reason."""

from __future__ import annotations

import base64
import json
import os
import stat
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sayso.tools import ApprovalRequest, Approve, Decision, Edit, Reject, UsageError, approve_all, sign, sign_with, tool
from sayso.tools.approval.requests import propose
from sayso.tools.approval.signatures import TYPE, Approvers
from sayso.tools.approval.signing_keys import make_key_pair, read_private_key, read_public_key

ADA, BOB, EVE = (Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32) for number in (1, 2, 3))
PUBLIC = {"ada": ADA.public_key().public_bytes_raw(), "bob": BOB.public_key().public_bytes_raw()}
APPROVERS = Approvers(PUBLIC)
NOW = 1_700_000_000.0


@tool.write(card="Pay {dollars} to {to}")
async def pay(to: str, dollars: int) -> str:
    """Pays."""
    return "paid"


def request(nonce: str = "n1", sources: str = "you wrote this", **arguments: Any) -> ApprovalRequest:
    """A request that waits since NOW, for an hour."""
    given = {"to": "shop", "dollars": 5} | arguments
    named = dict.fromkeys(given, sources)
    return propose(pay, given, run_id="r1", position="pay.0", sources=named, nonce=nonce, now=NOW, expires_at=NOW + 3600)


ASKED = request()


def signed(decision: Any = None, asked: ApprovalRequest = ASKED, key: Any = ADA, by: str = "ada", at: float = NOW + 60) -> Any:
    """A decision by ada, a minute after the question."""
    return sign(Approve() if decision is None else decision, asked, key, by=by, at=at)


def restated(change: Callable[[dict[str, Any]], None], key: Any = ADA, kind: str = TYPE) -> Approve:
    """Ada's approval with another statement, signed all the same."""
    approval = signed()
    stated = json.loads(raw(approval.statement.split(".")[1]))
    change(stated)
    payload = json.dumps(stated).encode()
    signature = key.sign(b"DSSEv1 %d %s %d %s" % (len(kind), kind.encode(), len(payload), payload))
    return replace(approval, statement=".".join(("sayso-decision-v1", text(payload), text(signature))))


def raw(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def text(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).decode().rstrip("=")


@pytest.mark.parametrize("decision", [Approve(), Approve(place="desk"), Reject("too dear"), Edit({"dollars": 4, "to": "\ud800 é"})])
def test_what_an_approver_has_signed_counts(decision: Any) -> None:
    assert APPROVERS.find_problem(signed(decision), ASKED) == ""
    assert APPROVERS.find_problem(replace(signed(decision), at=NOW + 61), ASKED) == ""  # when it came in is the engine's to say


def changed(**fields: Any) -> Approve:
    return replace(signed(), **fields)


def swapped(part: int, other: str) -> Approve:
    """Ada's approval with one part of another statement."""
    parts = signed().statement.split(".")
    parts[part] = other.split(".")[part]
    return changed(statement=".".join(parts))


STATEMENT = signed().statement
NOT_COUNTED: dict[str, tuple[Decision, str]] = {
    "unsigned": (Approve(by="ada"), "is not signed"),
    "another request, replayed": (signed(asked=request("n2")), "something else"),
    "other arguments, replayed": (signed(asked=request(dollars=500)), "something else"),
    "sources that were shown differently": (signed(asked=request(sources="from evil.example")), "shown"),
    "a warning that was taken off": (signed(asked=replace(ASKED, warnings=("look-alike letters",))), "shown"),
    "another verdict": (Reject(by="ada", statement=STATEMENT), "verdict"),
    "a yes under a signed no": (Approve(by="ada", statement=signed(Reject()).statement), "verdict"),
    "an edit with other arguments": (replace(signed(Edit({"dollars": 4})), arguments={"dollars": 400}), "arguments"),
    "an edit with 4.0 for 4": (replace(signed(Edit({"dollars": 4})), arguments={"dollars": 4.0}), "arguments"),
    "another reason": (replace(signed(Reject("no")), reason="yes"), "reason"),
    "another name over it": (changed(by="bob"), "by"),
    "another place": (changed(place="the bank"), "place"),
    "someone else's key": (signed(key=EVE), "not that of 'ada'"),
    "bob's key under ada's name": (signed(key=BOB), "not that of 'ada'"),
    "nobody we know": (signed(key=EVE, by="eve"), "not among the approvers"),
    "ada, spelled otherwise": (signed(by="Ada"), "not among the approvers"),
    "signed after the end": (signed(at=NOW + 3601), "after the request expired"),
    "signed long before": (signed(at=NOW - 200_000), "before it was asked"),
    "cut off": (changed(statement=STATEMENT[:-5]), "cannot be read"),
    "without its signature": (changed(statement=STATEMENT.rpartition(".")[0]), "cannot be read"),
    "an empty signature": (changed(statement=STATEMENT.rpartition(".")[0] + "."), "0 bytes"),
    "zeros for a signature": (changed(statement=f"{STATEMENT.rpartition('.')[0]}.{text(bytes(64))}"), "not that of"),
    "the signature of another statement": (swapped(2, signed(Reject()).statement), "not that of"),
    "the payload of another statement": (swapped(1, signed(at=NOW).statement), "not that of"),
    "another form": (changed(statement=STATEMENT.replace("v1", "v2", 1)), "not of the form"),
    "one more part": (changed(statement=f"{STATEMENT}.x"), "not of the form"),
    "padding": (changed(statement=f"{STATEMENT}=="), "cannot be read"),
    "a line break": (changed(statement=f"{STATEMENT}\n"), "cannot be read"),
    "ten million characters": (changed(statement=STATEMENT + "A" * 10_000_000), "not of the form"),
    "not JSON": (changed(statement=f"sayso-decision-v1.{text(b'yes')}.{text(bytes(64))}"), "cannot be read"),
    "deep JSON": (changed(statement=f"sayso-decision-v1.{text(b'[' * 100_000)}.{text(bytes(64))}"), "cannot be read"),
    "one field more": (restated(lambda stated: stated.update(alg="none")), "alg"),
    "one field less": (restated(lambda stated: stated.pop("digest")), "digest"),
    "no time": (restated(lambda stated: stated.update(at=None)), "who decided and when"),
    "true for a time": (restated(lambda stated: stated.update(at=True)), "who decided and when"),
    "a name that is not text": (restated(lambda stated: stated.update(by=["ada"])), "who decided and when"),
    "signed as another type": (restated(lambda stated: None, kind="application/json"), "not that of"),
}


@pytest.mark.parametrize(("decision", "why"), NOT_COUNTED.values(), ids=NOT_COUNTED)
def test_what_does_not_count(decision: Decision, why: str) -> None:
    assert why in APPROVERS.find_problem(decision, ASKED)


def test_a_key_given_twice_in_the_payload_does_not_count() -> None:
    approval = signed()
    payload = raw(approval.statement.split(".")[1]).replace(b'"by":"ada"', b'"by":"ada","by":"ada"')
    signature = ADA.sign(b"DSSEv1 %d %s %d %s" % (len(TYPE), TYPE.encode(), len(payload), payload))
    forged = replace(approval, statement=f"sayso-decision-v1.{text(payload)}.{text(signature)}")
    assert "twice" in APPROVERS.find_problem(forged, ASKED)


async def test_an_approver_signs_what_another_decides() -> None:
    decision = await sign_with(approve_all, "ada", ADA)(replace(ASKED, proposed_at=0.0, expires_at=1e12))
    assert decision is not None
    assert APPROVERS.find_problem(decision, replace(ASKED, proposed_at=0.0, expires_at=1e12)) == ""


OPENSSH = ADA.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
PEM = ADA.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
PRIVATE_PEM = ADA.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
OURS = f"ed25519:{base64.b64encode(PUBLIC['ada']).decode()}"
FORMS: dict[str, Any] = {
    "raw": PUBLIC["ada"],
    "ours": OURS,
    "ours with a name": f"{OURS} ada\n",
    "PEM": PEM,
    "PEM text": PEM.decode(),
    "OpenSSH": OPENSSH,
    "OpenSSH text": f"{OPENSSH.decode()} ada@desk",
}


@pytest.mark.parametrize("key", FORMS.values(), ids=FORMS)
def test_a_public_key_is_read_in_the_usual_forms(key: Any, tmp_path: Path) -> None:
    file = tmp_path / "ada.pub"
    file.write_bytes(key if isinstance(key, bytes) and len(key) != 32 else OURS.encode())
    assert [read_public_key(each) for each in (key, file, str(file))] == [PUBLIC["ada"]] * 3


P256 = ec.generate_private_key(ec.SECP256R1()).public_key()
NO_KEYS: dict[str, tuple[Any, str]] = {
    "a private key": (PRIVATE_PEM.decode(), "is a private key"),
    "zeros, under which a quarter of all statements verify": (bytes(32), "would fit every statement"),
    "the identity": (b"\x01" + bytes(31), "would fit every statement"),
    "the identity with its sign": (b"\x01" + bytes(30) + b"\x80", "would fit every statement"),
    "order 8": (bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"), "would fit every statement"),
    "not reduced": ((2**255 - 18).to_bytes(32, "little"), "would fit every statement"),
    "too short": (f"ed25519:{base64.b64encode(bytes(31)).decode()}", "32 bytes"),
    "another curve": (P256.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo), "Ed25519"),
    "words": ("ada's key", "cannot be read"),
    "nothing": ("", "cannot be read"),
    "a number": (7, "is a int"),
}


@pytest.mark.parametrize(("key", "why"), NO_KEYS.values(), ids=NO_KEYS)
def test_what_is_no_public_key_is_refused_by_name(key: Any, why: str) -> None:
    with pytest.raises(UsageError, match=why) as refused:
        Approvers({"ada": key})
    assert "'ada'" in str(refused.value)


@pytest.mark.parametrize("nobody", [{}, None, [], {"": OURS}, {7: OURS}])
def test_approvers_must_name_somebody(nobody: Any) -> None:
    with pytest.raises(UsageError, match="names nobody"):
        Approvers(nobody)


def test_one_key_is_not_two_people() -> None:
    with pytest.raises(UsageError, match="The approvers 'ada' and 'bob' have the same key"):
        Approvers({"ada": PUBLIC["ada"], "bob": PUBLIC["ada"]})


def test_a_key_pair_is_made_once_and_for_its_owner_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "ada.key"
    public = make_key_pair("ada", file, "a passphrase")
    assert (tmp_path / "ada.pub").read_text() == f"{public} ada\n"
    assert sys.platform == "win32" or stat.S_IMODE(file.stat().st_mode) == 0o600
    with pytest.raises(UsageError, match="never overwritten"):
        make_key_pair("ada", file)
    with pytest.raises(UsageError, match="there is no terminal to ask"):
        read_private_key(file)
    monkeypatch.setenv("SAYSO_KEY_PASSPHRASE", "another")
    with pytest.raises(UsageError, match="is the passphrase right"):
        read_private_key(file)
    monkeypatch.setenv("SAYSO_KEY_PASSPHRASE", "a passphrase")
    approval = sign(Approve(), ASKED, file, by="ada", at=NOW)
    assert Approvers({"ada": tmp_path / "ada.pub"}).find_problem(approval, ASKED) == ""


@pytest.mark.skipif(sys.platform == "win32", reason="modes are POSIX")
def test_a_private_key_that_others_may_read_is_not_used(tmp_path: Path) -> None:
    file = tmp_path / "ada.key"
    make_key_pair("ada", file)
    os.chmod(file, 0o640)  # noqa: PTH101
    with pytest.raises(UsageError, match="may be read by others"):
        sign(Approve(), ASKED, file, by="ada")


def test_a_signature_needs_a_name() -> None:
    with pytest.raises(UsageError, match="needs the approver's name"):
        sign(Approve(), ASKED, ADA)
