"""Hide secrets in a text that streams, however it is cut into pieces."""

from __future__ import annotations

from collections.abc import Set

from .secret import MASK, SHORTEST_MASKED, iter_spellings, make_pattern


class SecretStream:
    """Hides these secrets in a text that comes in pieces: what comes out is, put together, what `mask_text` makes of the whole.

    Only an end that may be the beginning of a secret is held back.
    """

    __slots__ = ("_before", "_held", "_longest", "_pattern", "_spellings")

    def __init__(self, secrets: Set[str]) -> None:
        self._pattern = make_pattern(secrets)
        self._spellings = tuple({each for secret in secrets if len(secret) >= SHORTEST_MASKED for each in iter_spellings(secret)})
        self._longest = max(map(len, self._spellings), default=0)
        self._held = self._before = ""  # `_before` is the last character that was let out: it says where a word begins

    def feed(self, piece: str) -> str:
        """Take in a piece, and return what is certain."""
        text = self._held + piece
        return self._let_out(text, self._find_open(text))

    def finish(self) -> str:
        """Return the rest."""
        return self._let_out(self._held, len(self._held))

    def drop(self) -> None:
        """Forget what is held back: the text was withdrawn."""
        self._held = self._before = ""

    def _find_open(self, text: str) -> int:
        """Return where the end begins that more text may make a secret, or of which it decides whether a word ends there."""
        first = max(0, len(text) - self._longest)
        return next((at for at in range(first, len(text)) if any(each.startswith(text[at:]) for each in self._spellings)), len(text))

    def _let_out(self, text: str, end: int) -> str:
        out, at, start = "", 0, len(self._before)
        # From `start` on: what was let out counts as what stands before a word, and is no part of another secret.
        for found in self._pattern.finditer(self._before + text, start) if self._pattern is not None else ():
            begins, ends = found.start() - start, found.end() - start
            if ends > end:
                end = min(end, max(begins, at))  # one that is not certain, or has begun, comes out whole
                break
            out += text[at:begins] + MASK
            at = ends
        out += text[at:end]
        if end:
            self._before = text[end - 1]
        self._held = text[end:]
        return out
