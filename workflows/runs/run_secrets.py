"""The secrets that a run has met: hidden in its requests, as stars in its results, and revealed to the tool that is performed."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable

from sayso.tools.approval.requests import ApprovalRequest, Edit
from sayso.tools.canonical import Json, JsonObject
from sayso.tools.definition.secret import HIDDEN, MASK, iter_leaves, make_pattern, map_hidden, mask_json, mask_text
from sayso.tools.errors import SecretLocked

HOLDS_A_SECRET = "The conversation that this run goes on with holds a secret"


class RunSecrets:
    """The secrets of a run in memory. What stands in their place names them, and is good for as long as the run is in this program.

    A run in a database has them encrypted instead: `SealedSecrets` (in durable/).
    """

    # Without an __init__: each run has one, and most never meet a secret.
    texts: frozenset[str] = frozenset()
    _pattern: re.Pattern[str] | None = None
    _plain: dict[str, Json] | None = None

    def add(self, texts: Iterable[str], why: str) -> None:
        """Take in secrets before anything with them is stored. Raises UsageError, which begins with `why`, where they could not be kept."""
        found = self.texts | keep_real(texts)
        if found != self.texts:
            self.texts, self._pattern = found, make_pattern(found)

    @property
    def pattern(self) -> re.Pattern[str] | None:
        """Return what finds the secrets in a text; None where there are none."""
        return self._pattern

    def mask(self, text: str) -> str:
        """Return a text for people and models: each secret in it as stars."""
        return mask_text(text, self._pattern)

    def mask_json(self, value: Json) -> Json:
        """Return JSON for people and models: each secret in it as stars."""
        return mask_json(value, self._pattern)

    def hide(self, value: Json, place: str) -> JsonObject:
        """Return what stands for a secret in the arguments of the call at this place. Nothing can be learnt from it."""
        token = f"memory.{os.urandom(16).hex()}"
        if self._plain is None:
            self._plain = {}
        self._plain[token + place] = value
        return {HIDDEN: token}

    def reveal(self, hidden: JsonObject, place: str) -> Json:
        """Return the secret that was hidden at this place. Raises SecretLocked where this program cannot."""
        token = str(hidden[HIDDEN])
        if self._plain is None or token + place not in self._plain:
            raise SecretLocked("A secret of this call was kept in the memory of a program that has ended, so it cannot be performed.")
        return self._plain[token + place]


def keep_real(texts: Iterable[str]) -> frozenset[str]:
    """Return the texts that tell something: not an empty one, nor the stars that stand for a secret."""
    return frozenset(texts) - {"", MASK}


def find_edit_secrets(request: ApprovalRequest, edit: Edit) -> frozenset[str]:
    """Return the texts and numbers that an edit gives for the secrets of a request; not what it leaves as it is."""
    before = json.loads(request.arguments)
    found: list[Json] = []
    for name in request.secrets:
        if name in edit.arguments:
            kept = set(map(str, iter_leaves(map_hidden(before.get(name), lambda _: MASK))))
            found += [leaf for leaf in iter_leaves(map_hidden(edit.arguments[name], lambda _: MASK)) if str(leaf) not in kept]
    return frozenset(str(each) for each in found if each != MASK)
