"""The secrets that a run has met: hidden in its requests, as stars in its results, and revealed to the tool that is performed."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable

from sayso.tools.canonical import Json, JsonObject
from sayso.tools.definition.secret import HIDDEN, make_pattern, mask_json, mask_text
from sayso.tools.errors import SecretLocked


class RunSecrets:
    """The secrets of a run in memory. What stands in their place names them, and is good for as long as the run is in this program.

    A run in a database has them encrypted instead: `SealedSecrets` (in durable/).
    """

    __slots__ = ("_pattern", "_plain", "texts")

    def __init__(self) -> None:
        self.texts: frozenset[str] = frozenset()
        self._plain: dict[str, Json] = {}
        self._pattern: re.Pattern[str] | None = None

    def add(self, texts: Iterable[str], tool: str) -> None:
        """Take in the secrets of a call of `tool`, before anything of it is stored. Raises UsageError where they could not be kept."""
        found = self.texts.union(texts)
        if found != self.texts:
            self.texts, self._pattern = found, make_pattern(found)

    def mask(self, text: str) -> str:
        """Return a text for people and models: each secret in it as stars."""
        return mask_text(text, self._pattern)

    def mask_json(self, value: Json) -> Json:
        """Return JSON for people and models: each secret in it as stars."""
        return mask_json(value, self._pattern)

    def hide(self, value: Json, place: str) -> JsonObject:
        """Return what stands for a secret in the arguments of the call at this place. Nothing can be learnt from it."""
        token = f"memory.{secrets.token_hex(16)}"
        self._plain[token + place] = value
        return {HIDDEN: token}

    def reveal(self, hidden: JsonObject, place: str) -> Json:
        """Return the secret that was hidden at this place. Raises SecretLocked where this program cannot."""
        token = str(hidden[HIDDEN])
        if token + place not in self._plain:
            raise SecretLocked("A secret of this call was kept in the memory of a program that has ended, so it cannot be performed.")
        return self._plain[token + place]
