"""Why an expression has no answer: a code, a position and a sentence."""

from __future__ import annotations

from enum import StrEnum

from ..errors import ToolError

SHOWN_CHARACTERS = 60  # a caret is only found again in a line that fits a screen


class ErrorCode(StrEnum):
    """The kinds of refusal, for programs. The sentence is for people and models."""

    SYNTAX_NOT_ALLOWED = "syntax_not_allowed"
    SYNTAX_ERROR = "syntax_error"
    UNKNOWN_NAME = "unknown_name"
    UNKNOWN_FUNCTION = "unknown_function"
    AMBIGUOUS = "ambiguous"
    MATH_DOMAIN = "math_domain"
    TOO_LARGE = "too_large"
    LABELS = "labels"
    UNDECIDED = "undecided"


class CalculationError(ToolError):
    """An expression was refused. `reason` is a sentence, `position` the character that it is about (from 0), `code` its kind."""

    def __init__(self, expression: object, position: int, reason: str, code: ErrorCode = ErrorCode.SYNTAX_ERROR) -> None:
        self.expression: object = expression
        self.position: int = position
        self.reason: str = reason
        self.code: ErrorCode = code
        super().__init__(f"{reason}\n{_mark_position(expression, position)}" if isinstance(expression, str) and expression else reason)

    def __reduce__(self) -> tuple[type[CalculationError], tuple[object, int, str, ErrorCode]]:
        return type(self), (self.expression, self.position, self.reason, self.code)


class Refused(Exception):
    """A refusal before the text that it points into is known. `at` is the number of the token, or None for the current one."""

    def __init__(self, reason: str, code: ErrorCode, at: int | None = None) -> None:
        self.reason: str = reason
        self.code: ErrorCode = code
        self.at: int | None = at
        super().__init__(reason)


class NotRational(Exception):
    """The value exists and is not a rational number that could be written out. The symbolic part has to find it."""


def _mark_position(expression: str, position: int) -> str:
    """Return the expression with a caret under the position, cut to a window."""
    start = max(0, min(position - SHOWN_CHARACTERS // 2, len(expression) - SHOWN_CHARACTERS))
    window = expression[start : start + SHOWN_CHARACTERS]
    # One dot for each character that does not print, so that the caret stays under its position.
    shown = "".join(character if character.isprintable() else "·" for character in window)
    before = "…" if start else ""
    after = "…" if start + SHOWN_CHARACTERS < len(expression) else ""
    return f"  {before}{shown}{after}\n  {' ' * (len(before) + position - start)}^"
