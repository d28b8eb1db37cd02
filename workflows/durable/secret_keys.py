"""Encrypt the secrets that runs keep in a database, with keys from the environment (AES-256-GCM).

`SAYSO_SECRET_KEY` is one key, or several with commas between them: the first encrypts, all decrypt. So a key is exchanged by putting the
new one in front, and the old one is dropped when no run needs it any more.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from sayso.tools.approval.requests import ApprovalRequest, Edit
from sayso.tools.canonical import Json, JsonObject, canonical_json
from sayso.tools.definition.secret import HIDDEN, make_pattern, mask_json
from sayso.tools.errors import SecretLocked, UsageError
from sayso.tools.installing import build_install_command

from ..runs.codec import SEALED, SEALED_MARK
from ..runs.run_secrets import RunSecrets, find_edit_secrets, keep_real

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_VARIABLE = "SAYSO_SECRET_KEY"
SHORTEST_KEY = 32
MAKE_KEY = 'python -c "import secrets; print(secrets.token_urlsafe(32))"'
_WITH_NUMBERS = frozenset({"ToolCall", "ToolResult", "RaisedResult", "Edit"})
_FORM, _NONCE, _BLOCK = "aes1", 12, 64


class _Key(NamedTuple):
    id: str
    key: bytes


class KeyRing:
    """The keys of this program. Each thing that is encrypted names its key, and can be read at its own place only."""

    def __init__(self, keys: Iterable[str]) -> None:
        self.keys: list[_Key] = [_derive(each) for each in keys]

    def encrypt(self, value: Json, place: str) -> str:
        """Return the value as a text that tells nothing but which key opens it. Its length is rounded up, so that it does not either."""
        first, nonce = self.keys[0], os.urandom(_NONCE)
        plain = canonical_json(value).encode("utf-8", "surrogatepass")
        sealed = nonce + _cipher(first.key).encrypt(nonce, plain.ljust(-len(plain) % _BLOCK + len(plain)), place.encode())
        return f"{_FORM}.{first.id}.{base64.urlsafe_b64encode(sealed).decode()}"

    def decrypt(self, token: str, place: str) -> Json:
        """Return what was encrypted for this place. Raises SecretLocked, which names the key that is missing."""
        form, _, rest = token.partition(".")
        key_id, _, text = rest.partition(".")
        key = next((each.key for each in self.keys if each.id == key_id), None)
        if form != _FORM or key is None:
            raise SecretLocked(self._explain(form, key_id))
        try:
            sealed = base64.urlsafe_b64decode(text)
            plain = _cipher(key).decrypt(sealed[:_NONCE], sealed[_NONCE:], place.encode())
        except Exception:  # noqa: BLE001  cryptography's InvalidTag, without its import: whatever was changed, it is not what was stored
            raise SecretLocked(f"A secret of this run was changed in the database, or moved there from another call ({place}).") from None
        value: Json = json.loads(plain.decode("utf-8", "surrogatepass"))
        return value

    def _explain(self, form: str, key_id: str) -> str:
        if form != _FORM:
            return "A secret of this run was kept in the memory of a program that has ended, so it cannot be performed."
        have = f"this program has {', '.join(each.id for each in self.keys)}" if self.keys else f"{KEY_VARIABLE} is not set here"
        return (
            f"A secret of this run was encrypted with the key {key_id}, and {have}. Nothing was performed. Set {KEY_VARIABLE} to that key "
            "(several keys with commas between them) and resume the run."
        )


def _derive(text: str) -> _Key:
    key = hashlib.sha256(b"sayso secret key 1:" + text.encode()).digest()
    return _Key(hashlib.sha256(b"sayso key id:" + key).hexdigest()[:8], key)


def _cipher(key: bytes) -> AESGCM:
    try:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # late, for load time: few runs have secrets
    except ImportError:
        raise UsageError(f"Secrets in a database need an extra: {build_install_command('signed')}") from None
    return AESGCM(key)


def read_keys() -> KeyRing:
    """Return the keys from the environment, none where it names none. Raises UsageError for one that could be guessed."""
    keys = [each.strip() for each in os.environ.get(KEY_VARIABLE, "").split(",") if each.strip()]
    for number, key in enumerate(keys, 1):
        if len(key) < SHORTEST_KEY:
            which = f"key {number} of {KEY_VARIABLE}" if len(keys) > 1 else KEY_VARIABLE
            raise UsageError(f"{which} has {len(key)} characters, and a key needs at least {SHORTEST_KEY}. Make one: {MAKE_KEY}")
    return KeyRing(keys)


@dataclass(eq=False)
class SealedSecrets(RunSecrets):
    """The secrets of a run in a database: encrypted wherever they stand in what is stored, each with the text around it."""

    _root: str
    _stored: re.Pattern[str] | None = field(default=None, init=False)
    _sealed: dict[str, JsonObject] = field(default_factory=dict, init=False)
    """What was received is written as it was sent, so that `verify` can compare them."""

    @cached_property
    def _ring(self) -> KeyRing:
        return read_keys()

    def add(self, texts: Iterable[str], why: str) -> None:
        """Take in secrets. Raises UsageError without a key: they would stand in the database for all to read."""
        before, texts = self.texts, keep_real(texts)
        if not self._ring.keys and not before.issuperset(texts):
            raise UsageError(
                f"{why}, and a database has secrets only encrypted: set {KEY_VARIABLE} to a key of your own and start "
                f"again. Nothing was done, and the secret was not stored. Make a key: {MAKE_KEY}"
            )
        super().add(texts, why)
        if self.texts != before:
            self._stored = make_pattern(self.texts, shortest=1)

    def hide(self, value: Json, place: str) -> JsonObject:
        """Return what stands for a secret in the arguments of the call at this place."""
        return {HIDDEN: self._ring.encrypt(value, place)}

    def reveal(self, hidden: JsonObject, place: str) -> Json:
        """Return the secret that was hidden at this place. Raises SecretLocked without its key."""
        return self._ring.decrypt(str(hidden[HIDDEN]), place)

    def seal(self, value: Json) -> Json:
        """Return stored JSON in which each text that has a secret in it is encrypted, beside the same with stars.

        A number is one where it may be: in the arguments of a call, an edit, a result. A count of tokens may be equal to somebody's PIN.
        """
        return value if self._stored is None else self._seal(value, self._stored, with_numbers=False)

    def _seal(self, value: Json, pattern: re.Pattern[str], *, with_numbers: bool) -> Json:
        if isinstance(value, list):
            return [self._seal(item, pattern, with_numbers=with_numbers) for item in value]
        if isinstance(value, dict):
            with_numbers = with_numbers or value.get("$") in _WITH_NUMBERS
            is_typed_text = value.keys() == {"$", "="} and isinstance(value["="], str)
            if not is_typed_text and not any(pattern.search(key) for key in value):
                return {key: self._seal(item, pattern, with_numbers=with_numbers) for key, item in value.items()}
        elif not isinstance(value, str) and (isinstance(value, bool) or value is None or not with_numbers):
            return value
        written = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        if not pattern.search(written):
            return value
        if (sealed := self._sealed.get(canonical_json(value))) is None:
            among = sorted(each for each in self.texts if (found := make_pattern([each], shortest=1)) and found.search(written))
            token = self._ring.encrypt([value, among], self._root)
            sealed = {"$": SEALED, "=": {"token": token, "shown": mask_json(value, pattern)}}
            self._sealed[canonical_json(value)] = sealed
        return sealed

    def unseal(self, value: Json) -> Json:
        """Return stored JSON as it was, and take in the secrets in it. Raises SecretLocked without their key."""
        if isinstance(value, list):
            return [self.unseal(item) for item in value]
        if not isinstance(value, dict):
            return value
        if value.get("$") != SEALED:
            return {key: self.unseal(item) for key, item in value.items()}
        plain, among = self._ring.decrypt(value["="]["token"], self._root)
        self.add(among, "This run holds a secret")
        self._sealed.setdefault(canonical_json(plain), value)
        return plain


def seal_edit(root: str, request: ApprovalRequest, edit: Edit, written: str) -> str:
    """Return an edit as it is sent to a run: the secrets that a person has typed encrypted. Raises UsageError without a key."""
    if not (texts := find_edit_secrets(request, edit)):
        return written
    secrets = SealedSecrets(root)
    secrets.add(texts, f"{request.tool} takes a secret")
    return json.dumps(secrets.seal(json.loads(written)))


def unseal_text(root: str, text: str) -> Json:
    """Return what was stored of a run as JSON text, with its secrets in the open. Raises SecretLocked without their key."""
    value: Json = json.loads(text)
    return SealedSecrets(root).unseal(value) if SEALED_MARK in text else value
