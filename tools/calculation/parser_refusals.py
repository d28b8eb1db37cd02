"""Say why a parser cannot read on: a name that is not known, a token that cannot stand there, too many parts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from .function_table import ALIASES, CONSTANTS, FUNCTIONS
from .refusal import ErrorCode, Refused
from .tokens import DIGITS
from .units import UNITS

MAX_NODES = 2_000
# What no expression has in it is said first: of open('x') the quote, not that there is no function open.
FOREIGN = frozenset("\"#&'.:;<>?@\\`{|}~") | frozenset(map(chr, range(32))) | {"\x7f"}

_BYTES = {"kb": "kB", "mb": "MB", "gb": "GB", "tb": "TB"}


class Reading(Protocol):
    """A parser, as far as it has come: the next token is number `at`."""

    @property
    def at(self) -> int: ...
    @property
    def tokens(self) -> Sequence[str]: ...
    @property
    def variables(self) -> Mapping[str, object]: ...
    @property
    def suggests(self) -> bool: ...


def report_foreign(token: str) -> Refused:
    """Return the refusal of a token that no expression has."""
    shown = token if token.isprintable() else f"U+{ord(token[0]):04X}"
    return Refused(f"{shown!r} is not part of an expression.", ErrorCode.SYNTAX_NOT_ALLOWED)


def report_too_many(parts: int) -> Refused:
    """Return the refusal of an expression with so many parts."""
    return Refused(f"The expression has {parts:,} parts; at most {MAX_NODES:,} are worked out.", ErrorCode.TOO_LARGE, 0)


def report_unknown(parser: Reading, name: str) -> Refused:
    """Return the refusal of a name that is not known, with what may have been meant."""
    lower = name.lower()
    if lower in FUNCTIONS or lower in ALIASES:
        return Refused(f"The function {name!r} needs its arguments in parentheses.", ErrorCode.SYNTAX_ERROR)
    if lower in ("inf", "infinity", "nan"):
        return Refused(f"{name!r} is not a number one can calculate with.", ErrorCode.UNKNOWN_NAME)
    if lower in _BYTES:
        return Refused(
            f"{name!r} can be {_BYTES[lower]} or {_BYTES[lower][0].upper()}bit; write {_BYTES[lower]} for bytes.", ErrorCode.UNKNOWN_NAME
        )
    if lower in ("today", "now", "tomorrow", "yesterday"):
        return Refused(f"The calculator has no clock: write {name!r} as a date, such as 2024-03-01.", ErrorCode.UNKNOWN_NAME)
    hint = f" Variables: {', '.join(sorted(parser.variables))}." if parser.variables else " For times write *." if lower == "x" else ""
    meant = suggest(parser, name, [*parser.variables, *FUNCTIONS, *ALIASES, *CONSTANTS, *UNITS])
    return Refused(f"The name {name!r} is not known.{meant}{hint}", ErrorCode.UNKNOWN_NAME)


def suggest(parser: Reading, name: str, known: Iterable[str]) -> str:
    """Return a question for what may have been meant by a name, or an empty text."""
    if not parser.suggests or len(name) < 3:
        return ""
    from difflib import get_close_matches  # late, for load time: only errors need it

    close = get_close_matches(name.lower(), [each for each in known if len(each) > 2 and each != name], 1, 0.75)
    return f" Did you mean {close[0]!r}?" if close else ""


def report_unexpected(parser: Reading) -> Refused:
    """Return the refusal of a token that cannot stand where it stands."""
    at = parser.at
    token, before = parser.tokens[at], parser.tokens[at - 1] if at else ""
    if not token:
        return Refused("The expression ends where a number should follow.", ErrorCode.SYNTAX_ERROR)
    if token in (")", "]"):
        return Refused(f"This {token!r} closes nothing, or nothing stands before it.", ErrorCode.SYNTAX_ERROR)
    if token[0] in DIGITS or (token[0] == "." and token != "."):
        adjacent = before[-1:].isalnum() or before[-1:] in (")", ".")
        is_group = len(token) == 3 and token.isdecimal() and len(before) <= 3 and before.isdecimal()  # 12 500
        one = f"; if they are one, write {before}{token}" if is_group else ""
        what = f"An operator is missing between two numbers{one}." if adjacent else f"{token!r} cannot stand here."
        return Refused(what, ErrorCode.SYNTAX_ERROR)
    if token == "=":
        return Refused("'=' is only for solve(left = right, x).", ErrorCode.SYNTAX_ERROR)
    if token in ("+", "-", "*", "/", "//", "^", "**", "%", "!", ","):
        return Refused(f"A number is missing before {token!r}.", ErrorCode.SYNTAX_ERROR)
    return report_foreign(token)
