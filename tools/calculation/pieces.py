"""The tokens of a sum as it is written, and where each stands in the text."""

from __future__ import annotations

from .refusal import CalculationError, ErrorCode
from .tokens import is_glued_at


class Pieces:
    """The tokens of a text, with empty ones at the end, and where each begins. A token made of another one has its place."""

    __slots__ = ("starts", "text", "tokens")

    def __init__(self, text: str) -> None:
        self.text: str = text
        self.tokens: list[str] = []
        self.starts: list[int] = []

    def add(self, token: str, start: int) -> None:
        """Add a token that begins at `start`."""
        self.tokens.append(token)
        self.starts.append(start)

    def is_glued(self, at: int) -> bool:
        """Return whether token number `at` directly follows the one before it, without a space."""
        return is_glued_at(self.text, self.starts[at])

    def refuse(self, at: int, reason: str, code: ErrorCode = ErrorCode.AMBIGUOUS) -> CalculationError:
        """Return the error of what begins at a character of the text."""
        return CalculationError(self.text, at, reason, code)
